"""A dialogue in real browsers: planned, asked, voted on, closed and followed up; a guest of the
supplier comes by a link, and the next event begins with what is still open."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import (
    Server,
    choose,
    field_named,
    go,
    settled,
    sign_in,
    type_date,
)

pytestmark = pytest.mark.browser
NewBrowser = Callable[..., BrowserContext]

SUPPLIER = "Avelune Computing"
PROMISE = "Publish the list of final assembly sites"


def part(page: Page, name: str) -> None:
    """Another part of the event's page."""
    page.get_by_role("radiogroup").first.get_by_text(name, exact=True).click()
    settled(page)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()
    settled(page)


def plan(page: Page, server: Server, title: str, template: str) -> str:
    """Plans an event with SUPPLIER; the address of its page."""
    go(page, server, "dialogues")
    page.get_by_text("Plan an event", exact=True).click()
    settled(page)
    choose(page, "Suppliers to invite", SUPPLIER)
    settled(page)
    page.keyboard.press("Escape")
    choose(page, "Template", template)
    settled(page)
    field_named(page, "Title").fill(title)
    field_named(page, "Title").press("Tab")
    settled(page)
    press(page, "Plan the event")
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    settled(page)
    return page.url.partition(f"{server.url}/")[2]


def ask(page: Page, text: str) -> None:
    part(page, "Questions")
    if not field_named(page, "Question").is_visible():
        page.get_by_text("Write a question", exact=True).click()
        settled(page)
    field_named(page, "Question").fill(text)
    press(page, "Add to the shared board")
    expect(page.get_by_text(text).first).to_be_visible()


def link_for_a_guest(page: Page) -> str:
    part(page, "Participants")
    page.get_by_text("Invite guests", exact=True).click()
    settled(page)
    press(page, "Make a link")
    return page.get_by_test_id("stCode").inner_text().strip()


def come_as_guest(page: Page, link: str) -> None:
    page.goto(link)
    field_named(page, "Your name").fill("Ana Avel")
    field_named(page, "Your e-mail address").fill("ana@example.org")
    field_named(page, "Choose a password").fill("a few plain words here")
    page.get_by_role("button", name=re.compile("^(Join|Create|Take|Come)")).first.click()
    expect(page.get_by_role("heading", name="Dialogues with suppliers")).to_be_visible()
    settled(page)


def test_a_dialogue_from_the_plan_to_the_next_one(
    own_demo: Server, new_browser: NewBrowser
) -> None:
    host = sign_in(new_browser(), own_demo, "Mette Sandvang")
    event = plan(host, own_demo, "First dialogue", "Follow-up dialogue, two hours")
    link = link_for_a_guest(host)

    other = sign_in(new_browser(color_scheme="dark"), own_demo, "Chiara Montevago", event)
    part(other, "Participants")
    press(other, "Take a seat")
    ask(other, "Which sites assemble the devices we buy?")

    guest = new_browser(width=390).new_page()
    come_as_guest(guest, link)
    go(guest, own_demo, event)
    part(guest, "Questions")
    press(guest, "Vote")
    expect(guest.get_by_text("you have 2 of 3 votes left")).to_be_visible()
    expect(guest.get_by_text("Buyers' board")).to_have_count(0)

    # What the others do appears by itself, and takes nothing away from who is typing.
    part(host, "Questions")
    host.get_by_text("Write a question", exact=True).click()
    field_named(host, "Question").press_sequentially("Half a sen")
    press(other, "Vote")
    expect(host.get_by_text("2 votes · Chiara Montevago")).to_be_visible()
    field_named(host, "Question").press_sequentially("tence")
    expect(field_named(host, "Question")).to_have_value("Half a sentence")

    press(host, "Open the event")
    press(host, "Open it now")
    part(host, "What came of it")
    host.get_by_text("Add a commitment", exact=True).click()
    settled(host)
    field_named(host, "What was promised").fill(PROMISE)
    type_date(host, "By which day", str(date.today() + timedelta(days=180)))
    press(host, "Add the commitment")
    press(host, "Close the event")
    press(host, "Close it now")
    expect(host.get_by_text("Held", exact=True)).to_be_visible()

    # The supplier says how far it is; the buyer that follows it up sees it.
    promises = event.replace("dialogue?", "commitments?")
    go(guest, own_demo, promises)
    tick_first_row(guest)
    guest.get_by_text("Done, not verified", exact=True).click()
    press(guest, "Report")
    expect(guest.get_by_text("Reported.")).to_be_visible()
    go(host, own_demo, promises)
    tick_first_row(host)
    host.get_by_role("radiogroup", name="How does it stand?").get_by_text("On track").click()
    field_named(host, "What was done, or why not").fill("The list lacks two sites.")
    press(host, "Report")
    expect(host.get_by_text("Reported.")).to_be_visible()

    plan(host, own_demo, "Second dialogue", "Joint dialogue, one day")
    expect(host.get_by_text(re.compile(r"\d+ commitments? of earlier events"))).to_be_visible()
    expect(host.get_by_text("The agenda begins with it.")).to_be_visible()


def tick_first_row(page: Page) -> None:
    """Selects the first row of the first table on the page."""
    place = page.get_by_test_id("stDataFrame").first.bounding_box()
    assert place is not None
    page.mouse.click(place["x"] + 18, place["y"] + 54)
    settled(page)
