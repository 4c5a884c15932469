"""What guests may notice of an event, whose words are whose, and what stays after the event."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from quorum.store import Invalid, NotAllowed, Refused, Store
from quorum.store.embedded import _with_user
from tests.conftest import World
from tests.test_dialogue_access import Room, colleague, outcome, report, vote
from tests.test_dialogue_store import ask, guest, invite, note, plan, stranger

FAR = "The event lies before the year 2000 or after 2099. Check both dates."
OVER = "This event is over: its agenda and its hosts stay as they were."


@pytest.fixture
def room(world: World) -> Room:
    return Room(world)


# What guests notice -------------------------------------------------------------------------------


def noticed(room: Room, store: Store) -> tuple[Any, ...]:
    """Everything that moves when somebody looks whether there is anything new."""
    asked = {"dialogue_id": room.event, "seen": None}
    return (
        store.call("dialogue_board", asked)["counter"],
        store.call("dialogue_room", asked)["counter"],
        store.call("pulse")["version"],
    )


def hidden_from_guests(room: Room) -> dict[str, Callable[[], Any]]:
    """What happens among buyers, and with the other supplier."""
    private = ask(room.south, room.event, "How hard do we push?", board="buyers")
    among_us = str(uuid.uuid4())
    note(room.south, room.event, "They will give in.", id=among_us, audience="buyers")
    promised = room.promise(supplier_id=room.other)
    room.lead("go_to", stage_id=room.buyers_stage, question_id=None)
    stage = {
        "id": str(uuid.uuid4()), "dialogue_id": room.event, "position": 9, "title": "Next steps",
        "purpose": "", "minutes": 5, "audience": "buyers",
    }  # fmt: skip
    return {
        "ask": lambda: ask(room.south, room.event, "And then?", board="buyers"),
        "vote": lambda: vote(room.south, private),
        "take back": lambda: vote(room.south, private, False),
        "note": lambda: note(room.south, room.event, "Now.", audience="buyers"),
        "correct": lambda: note(room.south, room.event, "They gave in.", id=among_us, version=1),
        "strike": lambda: room.north.call("strike_note", {"id": among_us, "version": 2}),
        "put to the buyers": lambda: room.lead(
            "go_to", stage_id=room.buyers_stage, question_id=private
        ),
        "drop": lambda: room.north.call("set_question_state", {"id": private, "state": "dropped"}),
        "promise": lambda: room.promise(supplier_id=room.other),
        "report": lambda: report(room.south, promised, 1, "behind"),
        "plan a stage": lambda: room.north.insert("dialogue_stage", stage),
        "change a stage": lambda: room.north.update(
            "dialogue_stage", {"minutes": 6}, {"id": stage["id"]}
        ),
    }


def test_no_counter_of_a_guest_moves_with_what_they_may_not_see(room: Room) -> None:
    for what, act in hidden_from_guests(room).items():
        before, buyers = noticed(room, room.rep), noticed(room, room.north)
        act()
        assert noticed(room, room.rep) == before, what
        assert noticed(room, room.north) != buyers, what  # a guest alone is told nothing


def shown_to_guests(room: Room) -> dict[str, Callable[[], Any]]:
    shared = ask(room.south, room.event)
    said = str(uuid.uuid4())
    note(room.south, room.event, id=said)
    promised = room.promise()
    go_to = {"stage_id": room.open_stage, "question_id": None}
    return {
        "ask": lambda: ask(room.south, room.event, "And then?"),
        "vote": lambda: vote(room.south, shared),
        "take back": lambda: vote(room.south, shared, False),
        "note": lambda: note(room.south, room.event, "Now."),
        "correct": lambda: note(room.south, room.event, "They did.", id=said, version=1),
        "strike": lambda: room.north.call("strike_note", {"id": said, "version": 2}),
        "begin a stage": lambda: room.lead("go_to", **go_to),
        "put a question": lambda: room.lead("go_to", **go_to | {"question_id": shared}),
        "among buyers": lambda: room.lead("go_to", stage_id=room.buyers_stage, question_id=None),
        "promise": lambda: room.promise(),
        "report": lambda: report(room.south, promised, 1, "behind"),
        "a seat": lambda: room.north.call(
            "set_seat", {"seat_id": room.seat("Rep"), "role": "speaker", "active": True}
        ),
        "a stage": lambda: room.north.update(
            "dialogue_stage", {"minutes": 7}, {"id": room.open_stage}
        ),
        "open a stage": lambda: room.north.update(
            "dialogue_stage", {"audience": "all"}, {"id": room.buyers_stage}
        ),
        "the plan": lambda: room.north.update("dialogue", {"place": "Oslo"}, {"id": room.event}, 2),
        "close": lambda: room.lead("close_dialogue"),
    }  # fmt: skip


def test_a_guests_screen_follows_everything_that_they_see(room: Room) -> None:
    for what, act in shown_to_guests(room).items():
        before = noticed(room, room.rep)[:2]
        act()
        assert noticed(room, room.rep)[0] > before[0], what
        assert noticed(room, room.rep)[1] > before[1], what


def test_a_guests_pages_follow_their_own_suppliers_commitments(room: Room) -> None:
    other = guest(room.world, room.event, room.other, "other")
    before = {store: store.call("pulse")["version"] for store in (room.rep, other)}
    promised = room.promise()
    after = {store: store.call("pulse")["version"] for store in (room.rep, other)}
    assert after[room.rep] != before[room.rep]
    assert after[other] == before[other]
    room.lead("close_dialogue")
    closed = {store: store.call("pulse")["version"] for store in (room.rep, other)}
    report(room.south, promised, 1, "behind")
    assert room.rep.call("pulse")["version"] != closed[room.rep]
    assert other.call("pulse")["version"] == closed[other]


@pytest.mark.both_doors
def test_a_guest_with_nothing_new_is_sent_nothing(room: Room) -> None:
    for function in ("dialogue_board", "dialogue_room"):
        seen = room.rep.call(function, {"dialogue_id": room.event, "seen": None})["counter"]
        ask(room.south, room.event, "Among us?", board="buyers")
        told = room.rep.call(function, {"dialogue_id": room.event, "seen": seen})
        assert told.keys() - {"now"} == {"counter"}


def test_a_stage_of_the_buyers_is_none_to_a_guest(room: Room) -> None:
    question = ask(room.south, room.event, stage_id=room.buyers_stage)
    said = str(uuid.uuid4())
    note(room.south, room.event, id=said, stage_id=room.buyers_stage)
    assert room.board(room.rep)[question]["stage_id"] is None
    assert room.notes(room.rep)[said]["stage_id"] is None
    assert room.board(room.south)[question]["stage_id"] == room.buyers_stage
    assert room.notes(room.south)[said]["stage_id"] == room.buyers_stage


# From the buyers' board to the shared one ---------------------------------------------------------


def share(store: Store, question: str) -> None:
    store.call("share_question", {"id": question})


@pytest.mark.both_doors
def test_a_question_of_the_buyers_is_shared_without_its_author_and_votes(room: Room) -> None:
    question = ask(room.south, room.event, "How hard do we push?", board="buyers")
    vote(room.south, question)
    for store in (room.south, room.rep):
        with pytest.raises(NotAllowed):
            share(store, question)
    share(room.north, question)
    share(room.north, question)  # once more is nothing
    told = room.board(room.rep)[question]
    assert (told["board"], told["votes"], told["author"]) == ("shared", 0, "north admin")
    assert room.south.call("dialogue_board", {"dialogue_id": room.event, "seen": None})["left"] == {
        "buyers": 2, "shared": 2,
    }  # fmt: skip


def test_a_question_that_is_not_the_rooms_is_not_shared(room: Room) -> None:
    hidden = ask(room.south, room.event, board="buyers", stage_id=room.buyers_stage)
    kept, merged = (ask(room.south, room.event, board="buyers") for _n in range(2))
    room.north.call("merge_questions", {"kept": kept, "merged": [merged]})
    with pytest.raises(Refused, match="for a stage of the buyers"):
        share(room.north, hidden)
    with pytest.raises(Refused, match="merged into another one"):
        share(room.north, merged)
    room.lead("close_dialogue")
    with pytest.raises(Refused, match="This event is closed"):
        share(room.north, kept)
    assert room.board(room.rep) == {}


def test_a_shared_question_has_no_author_under_the_chatham_house_rule(world: World) -> None:
    room = Room(world, chatham=True)
    question = ask(room.south, room.event, board="buyers")
    share(room.north, question)
    told = room.board(room.rep)[question]
    assert (told["author"], told["affiliation"], told["own"]) == (None, None, False)


# Whose words --------------------------------------------------------------------------------------


@pytest.mark.both_doors
def test_a_note_carries_the_name_of_whoever_wrote_it_as_it_stands(room: Room) -> None:
    said = str(uuid.uuid4())
    note(room.south, room.event, "We saw no list.", id=said)
    note(room.south, room.event, "We saw no list of sites.", id=said, version=1)
    assert room.notes(room.north)[said]["author"] == "south admin"
    note(room.rep, room.event, "South thinks Aurora is perfect.", id=said, version=2)
    told = room.notes(room.north)[said]
    assert (told["author"], told["affiliation"]) == ("Rep", "Aurora")
    # Whose it is now may strike it, and who wrote it first no more.
    with pytest.raises(NotAllowed):
        room.south.call("strike_note", {"id": said, "version": 3})
    assert room.rep.call("strike_note", {"id": said, "version": 3}) == {}


def test_under_the_chatham_house_rule_a_corrected_note_has_no_author(world: World) -> None:
    room = Room(world, chatham=True)
    said = str(uuid.uuid4())
    note(room.south, room.event, id=said)
    note(room.rep, room.event, "Better.", id=said, version=1)
    assert world.owner("select author, affiliation, person_id from quorum.dialogue_note") == [
        (None, None, None)
    ]


@pytest.mark.both_doors
@pytest.mark.parametrize("name", ["South", " south "])
def test_a_guest_does_not_speak_for_a_member(room: Room, name: str) -> None:
    link = invite(room.world, room.event)
    _person, store = stranger(room.world, "visitor")
    with pytest.raises(Refused, match="does not speak for a member of the consortium"):
        store.call("redeem_invitation", as_guest(link, organisation_name=name))
    store.call("redeem_invitation", as_guest(link, organisation_name="Southwind"))
    seats = room.north.rows("dialogue_seat", filters={"name": "Visitor"})
    assert seats["affiliation"].to_list() == ["Southwind"]


def as_guest(link: str, **changes: Any) -> dict[str, Any]:
    return {
        "token": link, "person_name": "Visitor", "email": "", "organisation_name": "Quill",
        "country": "", "kind": "", **changes,
    }  # fmt: skip


@pytest.mark.both_doors
def test_a_persons_address_is_the_one_they_signed_in_with(room: Room) -> None:
    person, store = stranger(room.world, "visitor")
    link = invite(room.world, room.event)
    store.call("redeem_invitation", as_guest(link, email="south.admin@example.org"))
    (known,) = room.world.owner("select email from auth.users where id = %s", person)
    assert room.world.owner("select email from person where id = %s", person) == [known]


def leading(room: Room) -> Store:
    """Bo of South, who leads the event."""
    world = room.world
    store = colleague(world, "bo")
    store.call("take_seat", {"dialogue_id": room.event})
    room.north.call("set_seat", {"seat_id": room.seat("bo"), "role": "facilitator", "active": True})
    return store


def changes_to_north(room: Room) -> None:
    room.world.owner("delete from organisation_role where person_id = %s", room.world["bo"].id)
    room.world.owner(
        "insert into organisation_role (organisation_id, person_id, role)"
        " values (%s, %s, 'editor')",
        room.world["north admin"].organisation_id, room.world["bo"].id,
    )  # fmt: skip


def test_a_role_in_an_event_ends_with_the_employment(room: Room) -> None:
    bo = leading(room)
    changes_to_north(room)
    with pytest.raises(NotAllowed, match="Take a seat"):
        ask(bo, room.event)
    bo.call("take_seat", {"dialogue_id": room.event})
    seats = room.north.rows("dialogue_seat", filters={"name": "bo"})
    assert seats.select("affiliation", "role").row(0) == ("North", "participant")


def test_who_was_in_an_event_that_is_over_stays_on_its_list(room: Room) -> None:
    leading(room)
    room.lead("close_dialogue")
    changes_to_north(room)
    seats = room.north.rows("dialogue_seat", filters={"name": "bo"})
    assert seats.select("affiliation", "role", "active").row(0) == ("South", "facilitator", True)


# What an event may become -------------------------------------------------------------------------


@pytest.mark.both_doors
@pytest.mark.parametrize(
    ("starts_at", "ends_at"),
    [
        ("290000-01-01T09:00:00Z", "290000-01-01T10:00:00Z"),
        ("2099-12-31T20:00:00Z", "2100-01-01T00:00:00Z"),
        ("1999-12-31T23:59:00Z", "2000-01-01T10:00:00Z"),
        ("0001-01-01T01:00:00Z", "0001-01-01T02:00:00Z"),
    ],
)
def test_an_event_lies_in_our_time(room: Room, starts_at: str, ends_at: str) -> None:
    with pytest.raises(Refused) as refused:
        plan(room.world, room.supplier, starts_at=starts_at, ends_at=ends_at)
    assert str(refused.value) == FAR
    moved = {"starts_at": starts_at, "ends_at": ends_at}
    with pytest.raises(Refused) as refused:
        room.north.update("dialogue", moved, {"id": room.event}, 2)
    assert str(refused.value) == FAR
    assert room.south.rows("dialogue").height == 1


@pytest.mark.both_doors
@pytest.mark.parametrize("end", ["close_dialogue", "cancel_dialogue"])
def test_the_agenda_of_an_event_that_is_over_stays_as_it_was(world: World, end: str) -> None:
    event = plan(world, world.supplier())
    north = world["north admin"].store
    stages = north.rows("dialogue_stage", order=("position",))
    north.call(end, {"dialogue_id": event})
    first = stages["id"][0]
    new = {**stages.row(0, named=True), "id": str(uuid.uuid4())}
    del new["version"]
    for change in (
        lambda: north.update("dialogue_stage", {"audience": "all"}, {"id": stages["id"][1]}),
        lambda: north.delete("dialogue_stage", {"id": first}),
        lambda: north.insert("dialogue_stage", new),
        lambda: north.call(
            "add_host",
            {"dialogue_id": event, "organisation_id": world["south admin"].organisation_id},
        ),
    ):
        assert outcome(change) == OVER
    assert north.rows("dialogue_stage", order=("position",)).equals(stages)
    assert north.rows("dialogue_host").height == 1


def test_an_agenda_that_is_changed_while_the_event_is_closed_waits_and_is_refused(
    room: Room,
) -> None:
    said: list[str] = []
    with as_member(room.world, "north admin") as db:
        db.execute("select close_dialogue(%s)", (room.event,))
        late = threading.Thread(
            target=lambda: said.append(
                outcome(lambda: room.north.delete("dialogue_stage", {"id": room.open_stage}))
            )
        )
        late.start()
        time.sleep(0.5)
        assert late.is_alive()
        db.commit()
        late.join()
    assert said == [OVER]


@contextmanager
def as_member(world: World, actor: str) -> Iterator[psycopg.Connection[Any]]:
    """A transaction of a member that is still open."""
    with psycopg.connect(_with_user(world.engine.owner_address, "authenticator")) as db:
        db.execute(
            "select set_config('role', 'authenticated', true),"
            " set_config('request.jwt.claims', jsonb_build_object('sub', %s::text)::text, true)",
            (world[actor].id,),
        )
        yield db


# After a consortium was left ----------------------------------------------------------------------


def test_who_has_left_still_corrects_what_they_asked_in_an_event(room: Room) -> None:
    made = str(uuid.uuid4())
    room.south.insert(
        "leverage_use",
        {"id": made, "supplier_id": room.supplier, "asked_on": "2026-03-01", "asked": "Site list",
         "channel": "dialogue", "jointly": False, "dialogue_id": room.event},
    )  # fmt: skip
    elsewhere = plan(room.world, room.supplier)
    room.south.call("leave_consortium", {"consortium_id": room.world.consortium_id})
    done = {"outcome": "done", "outcome_on": "2026-04-01"}
    room.south.update("leverage_use", done, {"id": made}, 1)
    with pytest.raises(NotAllowed, match="There is no such event"):
        room.south.update("leverage_use", {"dialogue_id": elsewhere}, {"id": made}, 2)
    row = room.south.rows("leverage_use").row(0, named=True)
    assert (row["outcome"], row["dialogue_id"]) == ("done", room.event)


def test_a_chart_that_is_shared_while_its_owner_is_removed_is_not_left_behind(
    world: World,
) -> None:
    chart, south = str(uuid.uuid4()), world["south admin"]
    south.store.insert(
        "saved_chart", {"id": chart, "name": "Sites", "question": "data=sites", "pinned": True}
    )
    remove = {"consortium_id": world.consortium_id, "organisation_id": south.organisation_id}
    with as_member(world, "south admin") as db:
        db.execute(
            "update saved_chart set shared_with = array[%s]::uuid[] where id = %s",
            (world.consortium_id, chart),
        )
        removal = threading.Thread(
            target=lambda: world["north admin"].store.call("remove_member", remove)
        )
        removal.start()
        time.sleep(0.5)
        assert removal.is_alive()
        db.commit()
        removal.join()
    assert world["north admin"].store.rows("saved_chart").is_empty()
    with pytest.raises((NotAllowed, Invalid)):
        south.store.update("saved_chart", {"shared_with": [world.consortium_id]}, {"id": chart})


# Following up for a supplier ----------------------------------------------------------------------


def follower(room: Room, name: str = "late", **changes: Any) -> Store:
    """Somebody of the first supplier who came by a link after the event."""
    link = invite(room.world, room.event, side="supplier", supplier_id=room.supplier, **changes)
    _person, store = stranger(room.world, name)
    store.call("redeem_invitation", as_guest(link))
    return store


@pytest.mark.both_doors
def test_who_comes_after_the_event_reports_and_sees_nothing_else_of_it(room: Room) -> None:
    ask(room.south, room.event)
    note(room.south, room.event)
    promised, hidden = room.promise(), room.promise(supplier_id=room.other)
    room.lead("close_dialogue")
    late = follower(room)
    assert late.call("whoami").keys() == {"person", "guest"}
    assert late.rows("commitment")["id"].to_list() == [promised]
    report(late, promised, 1, "done")
    assert late.rows("commitment_report")["state"].to_list() == ["done"]
    with pytest.raises(NotAllowed):
        report(late, hidden, 1, "done")
    with pytest.raises(Refused, match="on track, behind, or done"):
        report(late, promised, 2, "verified")
    for relation in ("dialogue", "dialogue_seat", "dialogue_stage", "dialogue_host"):
        assert late.rows(relation).is_empty()
    assert late.rows("supplier")["name"].to_list() == ["Aurora"]
    assert late.rows("organisation")["name"].to_list() == ["South"]  # who follows up
    for function in ("dialogue_board", "dialogue_room", "dialogue_notes"):
        asked = {"dialogue_id": room.event} | ({"seen": None} if function[-1] != "s" else {})
        with pytest.raises(NotAllowed):
            late.call(function, asked)


def test_into_an_event_that_is_over_only_a_suppliers_people_are_invited(room: Room) -> None:
    room.lead("close_dialogue")
    for side, supplier in (("reseller", room.supplier), ("guest", None)):
        with pytest.raises(Refused, match="Only people of its suppliers"):
            invite(room.world, room.event, side=side, supplier_id=supplier)
    cancelled = plan(room.world, room.supplier)
    room.north.call("cancel_dialogue", {"dialogue_id": cancelled})
    with pytest.raises(Refused, match="This event is over"):
        invite(room.world, cancelled, side="supplier", supplier_id=room.supplier)
    with pytest.raises(NotAllowed):
        invite(room.world, room.event, "south admin", side="supplier", supplier_id=room.supplier)


def test_who_was_in_the_room_stays_in_it_with_a_second_link(room: Room) -> None:
    room.lead("close_dialogue")
    link = invite(room.world, room.event, side="supplier", supplier_id=room.supplier)
    room.rep.call("redeem_invitation", as_guest(link))
    assert room.rep.rows("dialogue").height == 1


def test_who_was_sent_away_from_a_room_does_not_come_back_into_it_by_following_up(
    room: Room,
) -> None:
    room.take_off("Rep")
    room.lead("close_dialogue")
    link = invite(room.world, room.event, side="supplier", supplier_id=room.supplier)
    room.rep.call("redeem_invitation", as_guest(link))
    assert room.rep.call("whoami").keys() == {"person", "guest"}
    assert room.rep.rows("dialogue").is_empty() and room.rep.rows("dialogue_seat").is_empty()


def test_a_suppliers_people_report_on_earlier_events_of_the_same_consortium(world: World) -> None:
    before = Room(world)
    promised, hidden = before.promise(), before.promise(supplier_id=before.other)
    before.lead("close_dialogue")
    event = plan(world, before.supplier)
    rep = guest(world, event, before.supplier, "next")
    _person, reseller = stranger(world, "reseller")
    link = invite(world, event, side="reseller", supplier_id=before.supplier)
    reseller.call("redeem_invitation", as_guest(link))
    assert rep.rows("commitment")["id"].to_list() == [promised] != [hidden]
    report(rep, promised, 1, "behind")
    assert rep.rows("dialogue")["id"].to_list() == [event]
    assert reseller.rows("commitment").is_empty()  # a reseller speaks for itself
    world.owner("update dialogue_seat set active = false where dialogue_id = %s", event)
    assert rep.rows("commitment").is_empty()
