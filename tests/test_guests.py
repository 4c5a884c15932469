"""Coming into an event by a link, and what the product is for somebody who came that way."""

import uuid
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from quorum.store import Refused
from quorum.store.accounts import Accounts
from tests.conftest import PASSWORD, ROOT, World
from tests.test_dialogue_store import ask, guest, invite, plan, sit_down, stranger
from tests.test_entrance import browser, field, left_for, press, shell, sign_in

Open = Callable[..., AppTest]
MEMBERS_ONLY = sorted(
    path.stem
    for path in (ROOT / "pages").glob("*.py")
    if path.stem
    not in ("account", "commitments", "dialogue", "dialogues", "join", "overview", "room")
)
__all__ = ["browser"]  # a fixture, used by name


@pytest.fixture
def rep(world: World) -> World:
    """The small world with an event, and `rep`, who sits in it for a supplier."""
    supplier = world.supplier()
    store = guest(world, plan(world, supplier), supplier)
    found = world.owner("select id::text, email from person where name = 'Rep'")[0]
    world.actors["rep"] = type(world["north admin"])(found[0], found[1], "", store)
    return world


def test_a_link_into_an_event_asks_for_a_name_and_a_company_and_nothing_more(
    open_page: Open, browser: None, world: World
) -> None:
    supplier = world.supplier()
    token = invite(world, plan(world, supplier), side="supplier", supplier_id=supplier)
    page = open_page(None, "join", token=token)
    assert page.markdown[0].value.startswith(
        "North invites you to the event **Dialogue**, as guest of a supplier."
    )
    assert "Country" not in [s.label for s in page.selectbox]
    assert field(page, "Your organisation or company").value == "Aurora Devices"
    for label, text in {
        "Your name": "Ida Berg",
        "Your e-mail address": "ida@example.org",
        "Choose a password": "lakes and light in June",
    }.items():
        field(page, label).set_value(text)
    page = press(page, "Join")
    session = Accounts(world.engine).open_session(left_for(page)[0], "this browser")
    assert session is not None
    app = shell(session)
    assert [c.value for c in app.sidebar.caption] == ["Ida Berg · guest"]
    assert not app.exception
    seat = world.owner("select name, affiliation, side from dialogue_seat where side <> 'buyer'")
    assert seat == [("Ida Berg", "Aurora Devices", "supplier")]


def arriving(page: AppTest, affiliation: str) -> AppTest:
    """The form of a link filled in and sent."""
    for label, text in {
        "Your organisation or company": affiliation,
        "Your name": "Rolf Reseller",
        "Your e-mail address": "rolf@example.org",
        "Choose a password": "lakes and light in June",
    }.items():
        field(page, label).set_value(text)
    return press(page, "Join")


def test_a_reseller_says_of_which_company_they_are_and_is_not_of_the_supplier(
    open_page: Open, browser: None, world: World
) -> None:
    supplier = world.supplier()
    token = invite(world, plan(world, supplier), side="reseller", supplier_id=supplier)
    page = open_page(None, "join", token=token)
    assert field(page, "Your organisation or company").value == ""
    page = arriving(page, "")
    assert "The name of your organisation is missing." in page.error[0].value.replace("\\", "")
    arriving(page, "Techshop")
    seat = world.owner("select name, affiliation, side from dialogue_seat where side <> 'buyer'")
    assert seat == [("Rolf Reseller", "Techshop", "reseller")]


def test_the_store_gives_no_reseller_the_name_of_the_supplier(both: World) -> None:
    supplier = both.supplier("Aurora")
    event = plan(both, supplier)
    for side, company in (("reseller", ""), ("guest", " ")):
        of = supplier if side == "reseller" else None
        _person, store = stranger(both, side)
        with pytest.raises(Refused, match="Write the name of your own organisation"):
            sit_down(store, invite(both, event, side=side, supplier_id=of), side, company)
    _person, store = stranger(both, "rep")
    sit_down(store, invite(both, event, side="supplier", supplier_id=supplier), "rep", "")
    seats = both.owner("select side, affiliation from dialogue_seat where side <> 'buyer'")
    assert seats == [("supplier", "Aurora")]


def test_a_guest_who_comes_again_as_a_reseller_says_of_which_company(
    rep: World, open_page: Open
) -> None:
    supplier = rep.supplier("Birch")
    event = plan(rep, supplier, title="Second")
    token = invite(rep, event, side="reseller", supplier_id=supplier)
    page = open_page("rep", "join", token=token)
    assert field(page, "Your organisation or company").value == ""
    field(page, "Your organisation or company").set_value("Techshop")
    page = press(page, "Take the seat")
    assert [one.value for one in page.title] == ["Dialogues with suppliers"]
    seats = rep.owner(
        "select affiliation, side from dialogue_seat where dialogue_id = %s and side <> 'buyer'",
        event,
    )
    assert seats == [("Techshop", "reseller")]


def test_beside_the_name_of_a_guest_stands_their_side(rep: World, open_page: Open) -> None:
    event = rep["rep"].store.rows("dialogue")["id"][0]
    ask(rep["rep"].store, event, "What do you need?")
    ask(rep["north admin"].store, event, "Who makes it?")
    page = open_page("south admin", "dialogue", dialogue=event)
    page = page.radio(key="dialogue_part").set_value("questions").run()
    said = [one.value.replace("\\", "") for one in page.caption]
    assert "0 votes · Rep, Aurora (supplier)" in said
    assert "0 votes · north admin, North" in said


def test_who_has_an_account_elsewhere_takes_the_seat_with_a_button(
    open_page: Open, browser: None, world: World
) -> None:
    supplier = world.supplier()
    token = invite(world, plan(world, supplier), side="guest")
    page = sign_in(open_page(None, "join", token=token), world["east admin"].email, PASSWORD)
    assert left_for(page)[1] == f"join?token={token}"
    page = open_page("east admin", "join", token=token)
    press(page, "Take the seat")
    seat = world.owner("select name, affiliation, side from dialogue_seat where side <> 'buyer'")
    assert seat == [("east admin", "East", "guest")]
    assert world["east admin"].store.rows("dialogue").height == 1


def test_a_member_of_the_consortium_is_sent_to_the_event(open_page: Open, world: World) -> None:
    token = invite(world, plan(world, world.supplier()), side="guest")
    page = press(open_page("south admin", "join", token=token), "Take the seat")
    assert "Your organisation is in this consortium" in page.error[0].value


@pytest.mark.parametrize("name", MEMBERS_ONLY)
def test_a_page_for_members_shows_a_guest_nothing(rep: World, name: str) -> None:
    # As on a server where the page runs without the shell.
    token = rep.token("rep")
    page = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=30)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("components.session.cookies", lambda: {"quorum_session": token})
        page.run()
    assert [i.value for i in page.info] == [
        "This page is for members. You see the events to which you were invited."
    ]
    assert not page.exception
    assert not page.title


def test_a_guest_has_an_account_page(rep: World, open_page: Open) -> None:
    page = open_page("rep", "account")
    assert not page.exception
    assert "Guest: you see the events to which you were invited." in [
        m.value for m in page.markdown
    ]


def test_who_is_taken_off_the_list_is_out_at_the_next_run(rep: World, open_page: Open) -> None:
    page = open_page("rep", "account")
    rep.owner("update dialogue_seat set active = false where side = 'supplier'")
    page.session_state["_quorum_session"].stale()
    page.run()
    assert [t.value for t in page.title] == ["You do not belong to an organisation"]


def test_a_guest_can_be_invited_into_an_organisation(rep: World, open_page: Open) -> None:
    token = rep["north admin"].store.call(
        "invite_colleague", {"role": "viewer", "note": "", "days": 7}
    )
    page = open_page("rep", "join", token=token)
    assert "North invites you as viewer." in [m.value for m in page.markdown]
    press(page, "Join")
    assert rep["rep"].store.rows("organisation")["name"].to_list() == ["North", "South"]


def test_who_comes_after_the_event_finds_what_was_promised(open_page: Open, world: World) -> None:
    supplier = world.supplier("Aurora")
    event = plan(world, supplier, title="Spring dialogue")
    north = world["north admin"].store
    north.call("open_dialogue", {"dialogue_id": event})
    north.call(
        "capture_commitment",
        {"id": str(uuid.uuid4()), "dialogue_id": event, "supplier_id": supplier,
         "owner_id": world["north admin"].organisation_id, "text": "Publish all sites",
         "due_on": "2030-01-01"},
    )  # fmt: skip
    north.call("close_dialogue", {"dialogue_id": event})
    store = guest(world, event, supplier, "late")
    found = world.owner("select id::text, email from person where name = 'Late'")[0]
    world.actors["late"] = type(world["north admin"])(found[0], found[1], "", store)
    events = open_page("late", "dialogues")
    assert "what your company promised in an earlier event" in events.info[0].value
    page = open_page("late", "commitments")
    assert not page.exception
    shown = page.dataframe[0].value
    assert shown["dialogue"].to_list() == ["An earlier event"]
    assert "Spring dialogue" not in str(shown)
