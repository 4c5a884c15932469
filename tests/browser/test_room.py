"""A whole event in four browsers at once: the host, another member, a reseller's guest and a
supplier's. Once with names and once under the Chatham House Rule."""

import signal
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, WebSocketRoute, expect
from streamlit.proto.BackMsg_pb2 import BackMsg

from quorum.store import Store
from quorum.store.accounts import Accounts
from quorum.store.embedded import Engine
from tests.browser.conftest import (
    Server,
    field_named,
    go,
    make_demo,
    running,
    settled,
    sign_in,
)

pytestmark = pytest.mark.browser
NewBrowser = Callable[..., BrowserContext]

FOLLOWS = 20_000  # how soon is measured by benchmarks/live_event.py, not here
STAGES = [
    {"title": "Where we stand", "purpose": "", "minutes": 30, "audience": "all"},
    {"title": "Among buyers", "purpose": "", "minutes": 10, "audience": "buyers"},
]
GUESTS = {"reseller": "Rosa Ibarra", "supplier": "Sam Okafor"}
QUESTIONS = ["Which sites make our notebooks?", "When will you publish wages?"]


@dataclass
class Event:
    """An event of the demo consortium that is planned, and what its host may do in the store."""

    host: Store
    id: str
    supplier_id: str

    def path(self) -> str:
        return f"room?dialogue={self.id}"

    def link(self, side: str) -> str:
        """Where a guest comes in."""
        token = self.host.call(
            "invite_to_dialogue",
            {"dialogue_id": self.id, "side": side, "supplier_id": self.supplier_id, "note": "",
             "days": 7},
        )  # fmt: skip
        return f"join?token={token}"

    def notes(self) -> list[str]:
        found = self.host.call("dialogue_notes", {"dialogue_id": self.id})
        return sorted(note["text"] for note in found)


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo of its own: events that were held here stay in it."""
    return make_demo(tmp_path_factory.mktemp("room") / "store")


@pytest.fixture(scope="module")
def demo(demo_folder: Path) -> Iterator[Server]:
    with running(demo_folder) as server:
        yield server


@pytest.fixture
def planned(demo: Server) -> Iterator[Callable[..., Event]]:
    """`planned(chatham=True)`: an event of Brynhavn's, with two questions."""
    engine = Engine(demo.store)
    host_id = next(m.user_id for m in Accounts(engine).demo_members() if m.name == "Mette Sandvang")
    host = engine.store({"sub": host_id, "role": "authenticated"})

    def made(chatham: bool = False) -> Event:
        supplier_id = host.rows("supplier", order=("name",), limit=1)["id"][0]
        dialogue_id = host.call(
            "plan_dialogue",
            {"key": str(uuid.uuid4()), "consortium_id": host.call("whoami")["consortia"][0]["id"],
             "title": "Autumn dialogue", "aim": "", "starts_at": "2026-11-10T09:00:00+01:00",
             "ends_at": "2026-11-10T12:00:00+01:00", "time_zone": "Europe/Copenhagen",
             "place": "", "link": None, "chatham": chatham, "votes_each": 3,
             "suppliers": [supplier_id], "stages": STAGES},
        )  # fmt: skip
        for text in QUESTIONS:
            identifier = str(uuid.uuid4())
            host.call(
                "ask_question",
                {"dialogue_id": dialogue_id, "id": identifier, "board": "shared",
                 "stage_id": None, "supplier_id": None, "topic": "", "text": text},
            )  # fmt: skip
            if text == QUESTIONS[0]:
                host.call("vote", {"question_id": identifier, "wanted": True})
        return Event(host, dialogue_id, supplier_id)

    yield made
    engine.close()


def come_as_guest(context: BrowserContext, server: Server, event: Event, side: str) -> Page:
    """Somebody who follows a link, says who they are, and goes into the room."""
    page = go(context.new_page(), server, event.link(side))
    if side != "supplier":
        field_named(page, "Your organisation or company").fill("Brightbox Resale")
    field_named(page, "Your name").fill(GUESTS[side])
    field_named(page, "Your e-mail address").fill(f"{uuid.uuid4().hex}@example.org")
    field_named(page, "Choose a password").fill("lakes and light in June")
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()
    return go(page, server, event.path())


def note_field(page: Page) -> Locator:
    return field_named(page, "Note")


def begin(page: Page, text: str) -> None:
    """Types without sending."""
    note_field(page).press_sequentially(text)


def send(page: Page) -> None:
    note_field(page).press("Control+Enter")


def shown(page: Page, text: str) -> Locator:
    """A piece of what the room shows; forms are not in it."""
    return page.get_by_test_id("stHtml").get_by_text(text)


def everybody_sees(pages: list[Page], text: str) -> None:
    for page in pages:
        expect(shown(page, text).first).to_be_visible(timeout=FOLLOWS)


def press(page: Page, label: str) -> None:
    """Presses a button once it stands still: what has just been opened slides into place, on a busy
    machine for seconds, and a button that moves between down and up takes no click."""
    button = page.get_by_role("button", name=label)
    before = None
    while (now := button.bounding_box()) != before:
        before = now
        page.wait_for_timeout(500)
    button.click()


@pytest.mark.parametrize("chatham", [False, True], ids=["named", "chatham"])
def test_an_event_is_held_in_four_browsers(
    new_browser: NewBrowser, demo: Server, planned: Callable[..., Event], chatham: bool
) -> None:
    event = planned(chatham)
    host = sign_in(new_browser(), demo, "Mette Sandvang", event.path())
    member = sign_in(new_browser(), demo, "Chiara Montevago", event.path())
    reseller = come_as_guest(new_browser(), demo, event, "reseller")
    supplier = come_as_guest(new_browser(width=390), demo, event, "supplier")
    pages = [host, member, reseller, supplier]
    everybody_sees(pages, "Has not begun yet")
    member.get_by_role("button", name="Take a seat").click()
    everybody_sees(pages, "4 people take part")

    # opened, first stage, first question: everybody's screen follows
    host.get_by_role("button", name="Open the event").click()
    everybody_sees(pages, "Open; no stage has begun")
    host.get_by_role("button", name="Next stage").click()
    everybody_sees(pages[:2], "Stage 1 of 2: Where we stand")
    everybody_sees(pages[2:], "Stage 1 of 1: Where we stand")  # theirs has no stage of buyers
    host.get_by_role("button", name="Next question").click()
    for page in pages:
        large = page.locator("[aria-live=polite]")
        expect(large).to_contain_text(QUESTIONS[0], timeout=FOLLOWS)

    # all type at once, the last characters while others' notes arrive; none overwrites another's
    said = [f"What {who} heard" for who in ("the host", "the member", "the reseller", "they")]
    for page, text in zip(pages, said, strict=True):
        expect(note_field(page)).to_be_visible()
        begin(page, text[:-3])
    for page, text in zip(pages, said, strict=True):
        begin(page, text[-3:])
        send(page)
    for text in said:
        everybody_sees(pages, text)
    for page in pages:
        expect(note_field(page)).to_have_value("")
    assert event.notes() == sorted(said)
    for page in pages:
        if chatham:
            for name in ("Mette Sandvang", "Chiara Montevago", *GUESTS.values()):
                expect(shown(page, name)).to_have_count(0)
        else:
            expect(shown(page, "Chiara Montevago").first).to_be_visible()

    # under the rule nobody is named by accident
    if chatham:
        begin(member, "Rosa Ibarra said no")
        send(member)
        expect(member.get_by_text("names a participant")).to_be_visible(timeout=FOLLOWS)
        expect(note_field(member)).to_have_value("Rosa Ibarra said no")
        note_field(member).fill("")
        assert event.notes() == sorted(said)

    # what buyers write among themselves, guests do not see
    member.get_by_text("Buyers only").click()
    begin(member, "They are weak on wages")
    send(member)
    everybody_sees(pages[:2], "They are weak on wages")
    host.get_by_role("button", name="Next stage").click()
    everybody_sees(pages[:2], "Stage 2 of 2: Among buyers")
    everybody_sees(pages[2:], "The buyers are among themselves for a while.")
    for page in pages[2:]:
        expect(page.get_by_text("weak on wages")).to_have_count(0)

    # a commitment without a day is refused, with one everybody whom it concerns sees it
    member.get_by_text("Write down a commitment").click()
    # The field for the date is fetched when it is first shown.
    expect(member.get_by_role("spinbutton", name="year, Due date")).to_be_visible()
    field_named(member, "What was promised").fill("Publish all sites")
    press(member, "Write it down")
    expect(member.get_by_text("Say by which day")).to_be_visible(timeout=FOLLOWS)
    expect(field_named(member, "What was promised")).to_have_value("Publish all sites")

    # closing while somebody types: the sentence, and the text is still there
    begin(member, "Half a thou")
    host.get_by_role("button", name="Close the event").click()
    expect(host.get_by_text("It cannot be opened again.")).to_be_visible()
    destroyed = host.get_by_text("each single vote are destroyed")
    expect(destroyed).to_have_count(1 if chatham else 0)
    host.get_by_role("button", name="Close it now").click()
    for page in pages:
        expect(page.get_by_text("This event is closed.")).to_be_visible(timeout=FOLLOWS)
    expect(note_field(member)).to_have_value("Half a thou")
    expect(note_field(member)).to_be_editable()
    expect(field_named(member, "What was promised")).to_have_value("Publish all sites")
    expect(member.get_by_text("No note is stored here any more.")).to_be_visible()
    assert event.notes() == sorted([*said, "They are weak on wages"])


def test_a_press_counts_once_though_a_look_took_it_along(
    new_browser: NewBrowser, demo: Server, planned: Callable[..., Event]
) -> None:
    """What a busy browser does when a look comes due at the moment of a press: it sends the look
    with the press in it, then the press."""
    event = planned()
    event.host.call("open_dialogue", {"dialogue_id": event.id})
    context = new_browser()
    follow: list[Callable[[], None]] = []

    def between(browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()

        def pass_on(sent: str | bytes) -> None:
            message = BackMsg()
            message.ParseFromString(sent if isinstance(sent, bytes) else sent.encode())
            request = message.rerun_script
            if not any(one.trigger_value for one in request.widget_states.widgets):
                server.send(sent)
                return
            request.is_auto_rerun = True
            server.send(message.SerializeToString())
            follow.append(lambda: server.send(sent))

        browser.on_message(pass_on)

    host = sign_in(context, demo, "Mette Sandvang", event.path())
    host.close()
    context.route_web_socket("**/_stcore/stream", between)
    host = go(context.new_page(), demo, event.path())
    host.get_by_role("button", name="Next stage").click()
    host.wait_for_timeout(3_000)
    (press,) = follow
    press()
    everybody_sees([host], "Stage 1 of 2")
    host.wait_for_timeout(3_000)
    expect(shown(host, "Stage 1 of 2").first).to_be_visible()


def test_two_who_correct_one_note_at_once_see_both_versions(
    new_browser: NewBrowser, demo: Server, planned: Callable[..., Event]
) -> None:
    event = planned()
    event.host.call("open_dialogue", {"dialogue_id": event.id})
    host = sign_in(new_browser(), demo, "Mette Sandvang", event.path())
    member = sign_in(new_browser(), demo, "Chiara Montevago", event.path())
    member.get_by_role("button", name="Take a seat").click()
    begin(host, "They listed 14 sites")
    send(host)
    for page in (host, member):
        everybody_sees([page], "They listed 14 sites")
        settled(go(page, demo, event.path()))
        page.get_by_role("button", name="Correct a note").click()
        page.get_by_role("combobox", name="Which note").click()
        page.get_by_role("option", name="They listed 14 sites").click()
        expect(field_named(page, "Corrected note")).to_have_value("They listed 14 sites")
    for page, number in ((host, "15"), (member, "16")):
        field_named(page, "Corrected note").fill(f"They listed {number} sites")
        page.get_by_role("button", name="Save", exact=True).click()
        if page is host:
            everybody_sees([member], "They listed 15 sites")
    table = member.get_by_test_id("stTable")
    expect(table).to_contain_text("They listed 15 sites")
    expect(table).to_contain_text("They listed 16 sites")
    assert event.notes() == ["They listed 15 sites"]
    member.get_by_role("button", name="Save my version").click()
    everybody_sees([host, member], "They listed 16 sites")


def test_a_lost_connection_loses_nothing(
    new_browser: NewBrowser, demo_folder: Path, tmp_path: Path, planned: Callable[..., Event]
) -> None:
    event = planned()
    event.host.call("open_dialogue", {"dialogue_id": event.id})
    server = Server(demo_folder)
    server.start()
    try:
        host = sign_in(new_browser(), server, "Mette Sandvang", event.path())
        begin(host, "Written before the line broke")
        server.stop(signal.SIGKILL)
        expect(note_field(host)).to_be_disabled()
        server.start()
        expect(note_field(host)).to_be_enabled(timeout=60_000)
        settled(host)
        expect(note_field(host)).to_have_value("Written before the line broke")
        send(host)
        expect(shown(host, "Written before the line broke")).to_be_visible()
        expect(note_field(host)).to_have_value("")
        assert event.notes() == ["Written before the line broke"]
    finally:
        server.stop()


def test_the_wall_shows_the_question_and_nothing_else(
    new_browser: NewBrowser, demo: Server, planned: Callable[..., Event]
) -> None:
    event = planned()
    event.host.call("open_dialogue", {"dialogue_id": event.id})
    host = sign_in(new_browser(), demo, "Mette Sandvang", event.path())
    wall = host.context.new_page()
    wall.set_viewport_size({"width": 1920, "height": 1080})
    wall.goto(f"{demo.url}/{event.path()}&view=projector")
    everybody_sees([wall], "Open; no stage has begun")
    host.get_by_role("button", name="Next stage").click()
    expect(host.get_by_role("button", name="Next question")).to_be_enabled()
    everybody_sees([wall], "Where we stand")
    host.get_by_role("button", name="Next question").click()
    everybody_sees([wall], QUESTIONS[0])
    everybody_sees([wall], "Stage 1 of 2: Where we stand")
    large = shown(wall, QUESTIONS[0])
    assert float(large.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")) > 80
    expect(wall.get_by_test_id("stSidebar")).to_have_count(0)
    expect(wall.get_by_role("button")).to_have_count(0)
    assert wall.evaluate("document.documentElement.scrollHeight <= innerHeight")
