"""Signing in through a Supabase-compatible server, in a real browser."""

import json
import os
import re
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from quorum.store.embedded import Engine
from tests.browser.conftest import Server, choose, field_named, go, settled
from tests.browser.test_initiatives import rate, share
from tests.conftest import PASSWORD, World, emptied, small_world
from tests.supabase_server import PUBLISHABLE_KEY, SupabaseServer

pytestmark = pytest.mark.browser
NewBrowser = Callable[..., BrowserContext]
NEW = "lakes and light in June"


@dataclass
class Hosted(Server):
    """The product, set up for a project of Supabase."""

    project: str = ""

    @property
    def environment(self) -> dict[str, str]:
        settings = {k: v for k, v in os.environ.items() if k != "QUORUM_STORE"}
        return {
            **settings, "SUPABASE_URL": self.project, "SUPABASE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
        }  # fmt: skip


@pytest.fixture
def hosted(supabase: SupabaseServer, tmp_path: Path) -> Iterator[Hosted]:
    server = Hosted(tmp_path / "server", project=supabase.url)
    server.start()
    yield server
    server.stop(signal.SIGTERM)


def signed_in(page: Page) -> None:
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()


def test_an_invited_colleague_signs_up_and_in_and_out_everywhere(
    supabase: SupabaseServer, hosted: Hosted, new_browser: NewBrowser
) -> None:
    world = small_world(emptied(supabase))
    token = world["north admin"].store.call(
        "invite_colleague", {"role": "viewer", "note": "", "days": 7}
    )
    here = go(new_browser().new_page(), hosted, f"join?token={token}")
    field_named(here, "Your name").fill("Bo Lind")
    field_named(here, "Your e-mail address").fill("bo@example.org")
    here.get_by_role("textbox", name="Choose a password").fill(NEW)
    here.get_by_role("button", name="Join").click()
    signed_in(here)
    here.reload()
    signed_in(here)

    there = go(new_browser().new_page(), hosted, "account")
    field_named(there, "E-mail address").fill("bo@example.org")
    there.get_by_role("textbox", name="Password").fill(NEW)
    there.get_by_role("button", name="Sign in", exact=True).click()
    signed_in(there)
    settled(there).get_by_role("button", name="Sign out everywhere").click()
    expect(field_named(settled(there), "E-mail address")).to_be_visible()
    expect(field_named(here, "E-mail address")).to_be_visible(timeout=15_000)


def by_password(new_browser: NewBrowser, hosted: Hosted, world: World, actor: str) -> Page:
    page = go(new_browser().new_page(), hosted)
    field_named(page, "E-mail address").fill(world[actor].email)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    signed_in(page)
    return settled(page)


def test_a_rating_is_given_and_shared_and_seen_by_members_only(
    supabase: SupabaseServer, hosted: Hosted, new_browser: NewBrowser
) -> None:
    world = small_world(emptied(supabase))
    editor = by_password(new_browser, hosted, world, "north editor")
    rate(editor, hosted, "3.5", "Workers told us so.")
    member = by_password(new_browser, hosted, world, "south admin")
    outsider = by_password(new_browser, hosted, world, "east admin")
    unrated = "Nobody whose ratings you see has rated it under this rubric."
    expect(go(member, hosted, "initiative?initiative=jac").get_by_text(unrated)).to_be_visible()
    share(editor)
    go(member, hosted, "initiative?initiative=jac")
    expect(member.get_by_role("button", name="Download")).to_be_visible()
    expect(member.get_by_text(unrated)).to_have_count(0)
    expect(go(outsider, hosted, "initiative?initiative=jac").get_by_text(unrated)).to_be_visible()


def test_an_installation_is_set_up_by_secrets_alone(
    supabase: SupabaseServer, tmp_path: Path
) -> None:
    """As on Community Cloud, where there is no environment to set."""

    class Bare(Hosted):
        @property
        def environment(self) -> dict[str, str]:
            return {k: v for k, v in os.environ.items() if k != "QUORUM_STORE"}

    small_world(emptied(supabase))
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(
        f'SUPABASE_URL = "{supabase.url}"\nSUPABASE_PUBLISHABLE_KEY = "{PUBLISHABLE_KEY}"\n',
        encoding="utf-8",
    )
    app = Bare(tmp_path / "server", arguments=("--secrets.files", str(secrets)))
    app.start()
    with urllib.request.urlopen(f"{app.url}/healthz") as answer:  # noqa: S310
        assert json.load(answer) == {"status": "ok", "empty": False}
    app.stop()


# Codes by e-mail ----------------------------------------------------------------------------------


def sent(project: SupabaseServer, before: int) -> str:
    """The code of the newest e-mail; the server writes e-mails to its log. Waits until there are
    more than `before`."""
    until = time.monotonic() + 20
    while len(found := codes(project)) <= before:
        assert time.monotonic() < until, "no e-mail was sent"
        time.sleep(0.05)
    return found[-1]


def codes(project: SupabaseServer) -> list[str]:
    return re.findall(r"code(?: is)?: (\d{6})", project.printed())


def way(page: Page, name: str) -> Page:
    """Another way of signing in."""
    page.get_by_role("button", name=name).click()
    expect(page.get_by_role("button", name="Send a code")).to_be_visible()
    return settled(page)


def test_a_code_by_e_mail_signs_in(
    supabase: SupabaseServer, hosted: Hosted, new_browser: NewBrowser
) -> None:
    world = small_world(emptied(supabase))
    page = way(go(new_browser().new_page(), hosted), "Sign in with a code by e-mail")
    before = len(codes(supabase))
    field_named(page, "E-mail address").fill(world["south admin"].email)
    page.get_by_role("button", name="Send a code").click()
    expect(page.get_by_text("an e-mail with a code is on its way")).to_be_visible()
    code = sent(supabase, before)
    field_named(page, "Code from the e-mail").fill(f"{(int(code) + 1) % 1_000_000:06d}")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("This code does not work")).to_be_visible()
    field_named(page, "Code from the e-mail").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()
    signed_in(page)
    expect(page.get_by_text("south admin · South")).to_be_visible()


def test_a_forgotten_password_is_set_anew(
    supabase: SupabaseServer, hosted: Hosted, new_browser: NewBrowser
) -> None:
    world = small_world(emptied(supabase))
    email = world["south admin"].email
    page = way(go(new_browser().new_page(), hosted), "Forgot your password")
    before = len(codes(supabase))
    field_named(page, "E-mail address").fill(email)
    page.get_by_role("button", name="Send a code").click()
    field_named(page, "Code from the e-mail").fill(sent(supabase, before))
    page.get_by_role("textbox", name="New password").fill("short")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_text("The password is too short")).to_be_visible()
    page.get_by_role("textbox", name="New password").fill(NEW)
    page.get_by_role("button", name="Set the password").click()
    signed_in(page)
    other = go(new_browser().new_page(), hosted)
    field_named(other, "E-mail address").fill(email)
    other.get_by_role("textbox", name="Password").fill(NEW)
    other.get_by_role("button", name="Sign in", exact=True).click()
    signed_in(other)


def test_where_addresses_are_confirmed_the_first_admin_enters_a_code(
    engine: Engine, new_browser: NewBrowser, tmp_path: Path
) -> None:
    project = SupabaseServer(engine, confirms=True).start()
    app = Hosted(tmp_path / "server", project=project.url)
    app.start()
    try:
        page = go(new_browser().new_page(), app)
        field_named(page, "Name of your organisation").fill("City of Brunna")
        choose(page, "Country", "Sweden")
        field_named(page, "Your name").fill("Ann Holm")
        field_named(page, "Your e-mail address").fill("ann@brunna.example")
        page.get_by_role("textbox", name="Choose a password").fill(NEW)
        page.get_by_role("button", name="Create organisation").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Confirm your address")
        field_named(page, "Code from the e-mail").fill(sent(project, 0))
        page.get_by_role("button", name="Confirm", exact=True).click()
        signed_in(page)
        expect(page.get_by_text("Ann Holm · City of Brunna")).to_be_visible()
    finally:
        app.stop()
        project.close()
