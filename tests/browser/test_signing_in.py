"""From the first screen to signed out everywhere, in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import Server, choose, field_named, go, settled, sign_in

pytestmark = pytest.mark.browser
NewBrowser = Callable[..., BrowserContext]


def test_an_empty_store_begins_with_its_first_organisation_and_keeps_it_over_a_restart(
    new_browser: NewBrowser, empty: Server
) -> None:
    context = new_browser()
    page = go(context.new_page(), empty)
    field_named(page, "Name of your organisation").fill("City of Brunna")
    choose(page, "Country", "Sweden")
    field_named(page, "Your name").fill("Ann Holm")
    field_named(page, "Your e-mail address").fill("ann@brunna.example")
    page.get_by_role("textbox", name="Choose a password").fill("lakes and light in June")
    page.get_by_role("button", name="Create organisation").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()

    page.reload()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    other_tab = go(context.new_page(), empty)
    expect(other_tab.get_by_role("button", name="Sign out")).to_be_visible()

    empty.stop()
    empty.start()
    expect(go(page, empty).get_by_role("button", name="Sign out")).to_be_visible()

    stranger = go(new_browser().new_page(), empty)
    expect(stranger.get_by_text("One-click")).to_have_count(0)
    field_named(stranger, "E-mail address").fill("ann@brunna.example")
    stranger.get_by_role("textbox", name="Password").fill("not this one")
    stranger.get_by_role("button", name="Sign in").click()
    expect(stranger.get_by_text("do not belong together")).to_be_visible()


def test_a_deep_link_leads_back_to_its_page_after_sign_in(
    new_browser: NewBrowser, demo: Server
) -> None:
    page = sign_in(new_browser(), demo, "admin", "sites")
    expect(page.get_by_role("heading", level=1)).to_have_text("Production sites")
    assert page.url == f"{demo.url}/sites"


def test_signing_out_everywhere_ends_the_other_browser_within_seconds(
    new_browser: NewBrowser, demo: Server
) -> None:
    here = sign_in(new_browser(), demo, "viewer", "account")
    there = sign_in(new_browser(), demo, "viewer")
    here.get_by_role("button", name="Sign out everywhere").click()
    expect(field_named(settled(here), "E-mail address")).to_be_visible()
    expect(field_named(there, "E-mail address")).to_be_visible(timeout=15_000)
