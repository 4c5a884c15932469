"""Who may do what in a dialogue, beyond the cells of test_access.py: guests, seats, hosts, links,
votes, and what happens when many do it at once."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import polars as pl
import pytest

from quorum.store import Invalid, NotAllowed, Refused, Store, StoreError
from quorum.store.relations import RELATIONS
from tests.conftest import World
from tests.test_dialogue_store import ask, guest, invite, note, plan, sit_down, stranger

NOT_VALID = "This link is not valid any more. Ask whoever sent it for a new one."
CLOSED = "This event is closed. What you wrote was not stored: copy it if you need it."
NO_EDITOR = "Only an admin or editor of your organisation may do this."
NO_EVENT = "There is no such event, or you do not take part in it."


class Room:
    """A live event of North's with two suppliers; South sits in it, and somebody of the first."""

    def __init__(self, world: World, **changes: Any) -> None:
        self.world = world
        self.supplier, self.other = world.supplier("Aurora"), world.supplier("Borealis")
        self.event = plan(world, self.supplier, suppliers=[self.supplier, self.other], **changes)
        self.north, self.south = world["north admin"].store, world["south admin"].store
        self.south.call("take_seat", {"dialogue_id": self.event})
        self.rep = guest(world, self.event, self.supplier)
        self.lead("open_dialogue")
        stages = self.north.rows("dialogue_stage", order=("position",))["id"].to_list()
        self.open_stage, self.buyers_stage = stages

    def lead(self, function: str, **arguments: Any) -> Any:
        return self.north.call(function, {"dialogue_id": self.event, **arguments})

    def board(self, store: Store) -> dict[str, Any]:
        found = store.call("dialogue_board", {"dialogue_id": self.event, "seen": None})
        return {question["id"]: question for question in found["questions"]}

    def notes(self, store: Store) -> dict[str, Any]:
        found = store.call("dialogue_notes", {"dialogue_id": self.event})
        return {note["id"]: note for note in found}

    def promise(self, store: Store | None = None, **changes: Any) -> str:
        """A commitment of the guest's supplier that South follows up."""
        arguments = {
            "id": str(uuid.uuid4()), "dialogue_id": self.event, "supplier_id": self.supplier,
            "owner_id": self.world["south admin"].organisation_id, "text": "Publish all sites",
            "due_on": "2027-03-01", **changes,
        }  # fmt: skip
        (store or self.south).call("capture_commitment", arguments)
        return str(arguments["id"])

    def seat(self, name: str) -> str:
        seats = self.north.rows("dialogue_seat", filters={"dialogue_id": self.event})
        return str(seats.row(by_predicate=pl.col("name") == name, named=True)["id"])

    def take_off(self, name: str) -> None:
        self.north.call(
            "set_seat", {"seat_id": self.seat(name), "role": "participant", "active": False}
        )


@pytest.fixture
def room(world: World) -> Room:
    return Room(world)


def report(store: Store, commitment: str, version: int, state: str, **changes: Any) -> Any:
    return store.call(
        "report_commitment",
        {"id": str(uuid.uuid4()), "commitment_id": commitment, "version": version, "state": state,
         "note": "Seen on their page", "evidence": None, "due_on": None, **changes},
    )  # fmt: skip


def edit(store: Store, question: str, version: int, text: str = "And where?") -> Any:
    return store.call(
        "edit_question",
        {"id": question, "version": version, "stage_id": None, "supplier_id": None, "topic": "",
         "text": text},
    )  # fmt: skip


def vote(store: Store, question: str, wanted: bool = True) -> int:
    return int(store.call("vote", {"question_id": question, "wanted": wanted})["left"])


def colleague(world: World, name: str, organisation: str = "south") -> Store:
    """One more editor of a member."""
    where = world[f"{organisation} admin"].organisation_id
    return world.person(name, where, "editor").store


def outcome(action: Callable[[], Any]) -> str:
    """What was said: nothing when it was done."""
    try:
        action()
    except StoreError as error:
        return str(error)
    return ""


def at_once(actions: list[Callable[[], Any]]) -> list[str]:
    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(outcome, actions))


# Guests -------------------------------------------------------------------------------------------


def test_a_guest_sees_their_event_and_nothing_else_of_anything(room: Room) -> None:
    world = room.world
    world.share("south admin", "assessment", [world.assessment("south admin", room.supplier, [])])
    world.share("south admin", "site_list", [world.site_list("south admin", room.supplier, ["W"])])
    world.share("south admin", "spend", world.spend("south admin", room.supplier, {2025: 1.0}))
    world.supplier("Elsewhere Devices")
    plan(world, room.supplier, title="Another one")
    hidden = room.promise(supplier_id=room.other)
    report(room.south, hidden, 1, "behind")
    shown = room.promise()
    seen = {relation: room.rep.rows(relation) for relation in RELATIONS}
    assert {relation for relation, rows in seen.items() if rows.height} == {
        "person", "organisation", "supplier", "dialogue", "dialogue_host", "dialogue_supplier",
        "dialogue_stage", "dialogue_seat", "commitment",
    }  # fmt: skip
    assert seen["dialogue"]["id"].to_list() == [room.event]
    assert seen["dialogue_stage"]["id"].to_list() == [room.open_stage]
    assert set(seen["supplier"]["name"]) == {"Aurora", "Borealis"}
    assert set(seen["organisation"]["name"]) == {"North", "South"}  # who invites, who follows up
    assert seen["commitment"]["id"].to_list() == [shown]
    assert seen["person"]["name"].to_list() == ["Rep"]
    for function in ("spend_bands", "shared_through", "chart_consortia"):
        assert room.rep.call(function).is_empty()
    assert room.rep.call("whoami").keys() == {"person", "guest"}


def test_a_guest_reads_nothing_of_what_is_said_among_buyers(room: Room) -> None:
    private = ask(room.south, room.event, "How hard do we push?", board="buyers")
    among_us = str(uuid.uuid4())
    note(room.south, room.event, "They will give in.", id=among_us, audience="buyers")
    answering = str(uuid.uuid4())
    note(room.south, room.event, "Said to all.", id=answering, question_id=private)
    assert room.board(room.rep) == {}
    assert set(room.notes(room.rep)) == {answering}
    assert room.notes(room.rep)[answering]["question_id"] is None  # not even that it is there
    assert room.notes(room.south)[answering]["question_id"] == private
    room.lead("go_to", stage_id=room.buyers_stage, question_id=private)
    told = room.rep.call("dialogue_room", {"dialogue_id": room.event, "seen": None})
    assert (told["stage_id"], told["question"], told["among_buyers"]) == (None, None, True)
    assert private not in str(told) and "push" not in str(told) and "give in" not in str(told)
    with pytest.raises(NotAllowed):
        ask(room.rep, room.event, board="buyers")
    with pytest.raises(NotAllowed):
        note(room.rep, room.event, audience="buyers")


@pytest.mark.both_doors
@pytest.mark.parametrize("function", ["dialogue_board", "dialogue_room"])
def test_what_is_fetched_together_of_an_event_is_what_each_may_be_told(
    room: Room, function: str
) -> None:
    ask(room.north, room.event, "How hard do we push?", board="buyers")
    ask(room.north, room.event)
    note(room.north, room.event, "Among us", audience="buyers")
    asked = {"dialogue_id": room.event, "seen": None}
    wanted = {function: asked, "supplier": ["name"]}
    for store in (room.north, room.south, room.rep):
        found = store.call("read_together", {"wanted": wanted, "most": 10})
        alone = store.call(function, asked)
        assert {**found[function], "now": ""} == {**alone, "now": ""}
        seen = {function: {**asked, "seen": alone["counter"]}}
        found = store.call("read_together", {"wanted": seen, "most": 10})[function]
        assert found.keys() - {"now"} == {"counter"}
    for outside in ("west admin", "east admin"):
        store = room.world[outside].store
        assert store.call("read_together", {"wanted": wanted, "most": 10})[function] is None
        with pytest.raises(StoreError, match=NO_EVENT):
            store.call(function, asked)


@pytest.mark.both_doors
@pytest.mark.parametrize(
    "wanted",
    [
        {"dialogue_room": {}}, {"dialogue_room": {"dialogue_id": "x", "seen": None}},
        {"dialogue_board": {"dialogue_id": None}}, {"dialogue_notes": {"dialogue_id": "event"}},
        {"close_dialogue": {"dialogue_id": "event"}}, {"whoami": {}}, {"spend": {"id": "x"}},
    ],
    ids=str,
)  # fmt: skip
def test_nothing_else_is_done_together(room: Room, wanted: dict[str, dict[str, Any]]) -> None:
    asked = {
        name: {k: room.event if v == "event" else v for k, v in given.items()}
        for name, given in wanted.items()
    }
    found = room.north.call("read_together", {"wanted": asked, "most": 10})
    assert found == dict.fromkeys(wanted)
    assert room.north.rows("dialogue")["state"].to_list() == ["live"]


def test_a_guest_without_a_supplier_sees_no_commitment(room: Room) -> None:
    room.promise()
    _person, store = stranger(room.world, "visitor")
    sit_down(store, invite(room.world, room.event), "visitor")
    assert store.rows("commitment").is_empty()
    assert set(store.rows("organisation")["name"]) == {"North"}
    told = store.call("dialogue_room", {"dialogue_id": room.event, "seen": None})
    assert told["commitments"] == []


def test_who_is_taken_off_the_list_sees_nothing_from_then_on(room: Room) -> None:
    room.promise()
    question = ask(room.rep, room.event)
    room.take_off("Rep")
    assert not any(room.rep.rows(r).height for r in RELATIONS if r != "person")
    assert room.rep.call("whoami") == {}
    for action in (
        lambda: room.board(room.rep), lambda: room.notes(room.rep),
        lambda: ask(room.rep, room.event), lambda: note(room.rep, room.event),
        lambda: room.rep.call("leave_seat", {"dialogue_id": room.event}),
        lambda: room.rep.call("take_seat", {"dialogue_id": room.event}),
    ):  # fmt: skip
        assert outcome(action) in (NO_EVENT, NO_EDITOR)
    with pytest.raises(NotAllowed, match="not there any more"):
        vote(room.rep, question)


def test_whose_organisation_has_left_sees_nothing_from_then_on(room: Room) -> None:
    question = ask(room.south, room.event)
    assert room.south.rows("dialogue").height == 1
    room.south.call("leave_consortium", {"consortium_id": room.world.consortium_id})
    for relation in ("dialogue", "dialogue_seat", "dialogue_stage", "commitment"):
        assert room.south.rows(relation).is_empty()
    assert outcome(lambda: room.board(room.south)) == NO_EVENT
    assert outcome(lambda: ask(room.south, room.event)) == NO_EVENT
    assert outcome(lambda: vote(room.south, question)) == "This question is not there any more."


def test_a_supplier_that_is_taken_out_takes_its_people_along(room: Room) -> None:
    link = invite(room.world, room.event, side="supplier", supplier_id=room.supplier)
    room.lead("set_dialogue_suppliers", suppliers=[room.other])
    assert outcome(lambda: room.board(room.rep)) == NO_EVENT
    assert outcome(lambda: sit_down(stranger(room.world, "late")[1], link)) == NOT_VALID


def test_a_supplier_with_a_commitment_stays_and_one_at_least_is_left(room: Room) -> None:
    room.promise()
    with pytest.raises(Refused, match="stays in it"):
        room.lead("set_dialogue_suppliers", suppliers=[room.other])
    with pytest.raises(Refused, match="at least one supplier"):
        room.lead("set_dialogue_suppliers", suppliers=[])
    with pytest.raises(Refused, match="at least one supplier"):
        plan(room.world, room.supplier, suppliers=[])


# Seats and roles ----------------------------------------------------------------------------------


def test_a_viewer_takes_no_seat_and_reads_on(room: Room) -> None:
    viewer = room.world["north viewer"].store
    with pytest.raises(NotAllowed):
        viewer.call("take_seat", {"dialogue_id": room.event})
    assert room.board(viewer) == {}


def test_who_becomes_a_viewer_loses_the_seat(room: Room) -> None:
    store = colleague(room.world, "bo")
    store.call("take_seat", {"dialogue_id": room.event})
    room.world.owner("update organisation_role set role = 'viewer' where person_id = %s",
                     room.world["bo"].id)  # fmt: skip
    with pytest.raises(NotAllowed, match="Take a seat"):
        ask(store, room.event)


def test_without_a_seat_nothing_is_written(room: Room) -> None:
    editor, question = room.world["north editor"].store, ask(room.south, room.event)
    made = str(uuid.uuid4())
    note(room.south, room.event, id=made)
    for write in (
        lambda: ask(editor, room.event), lambda: edit(editor, question, 1),
        lambda: vote(editor, question), lambda: note(editor, room.event),
        lambda: note(editor, room.event, id=made, version=1),
        lambda: editor.call("strike_note", {"id": made, "version": 1}),
        lambda: room.promise(editor),
    ):  # fmt: skip
        assert outcome(write) == "Take a seat in this event first."
    editor.call("take_seat", {"dialogue_id": room.event})
    assert vote(editor, question) == 1


def test_hosts_and_facilitators_lead_and_other_members_do_not(room: Room) -> None:
    question = ask(room.south, room.event)
    leading = {
        "go_to": {"dialogue_id": room.event, "stage_id": None, "question_id": question},
        "set_question_state": {"id": question, "state": "answered"},
        "merge_questions": {"kept": question, "merged": [ask(room.rep, room.event)]},
    }
    hosting: dict[str, dict[str, Any]] = {
        "set_chatham": {"dialogue_id": room.event, "chatham": True},
        "set_seat": {"seat_id": room.seat("Rep"), "role": "speaker", "active": True},
        "add_host": {"dialogue_id": room.event,
                     "organisation_id": room.world["south admin"].organisation_id},
    }  # fmt: skip
    for function, arguments in {**leading, **hosting}.items():
        for store in (room.south, room.rep):
            with pytest.raises(NotAllowed):
                store.call(function, arguments)
    room.north.call(
        "set_seat", {"seat_id": room.seat("south admin"), "role": "facilitator", "active": True}
    )
    for function, arguments in leading.items():
        room.south.call(function, arguments)
    for function, arguments in hosting.items():
        with pytest.raises(NotAllowed):
            room.south.call(function, arguments)
    with pytest.raises(NotAllowed):
        invite(room.world, room.event, "south admin")
    room.south.call("close_dialogue", {"dialogue_id": room.event})


def test_a_guest_never_leads(room: Room) -> None:
    with pytest.raises(Refused, match="somebody of a member organisation"):
        room.north.call(
            "set_seat", {"seat_id": room.seat("Rep"), "role": "facilitator", "active": True}
        )
    # South's admin leads, leaves the consortium, and comes back as a guest.
    room.north.call(
        "set_seat", {"seat_id": room.seat("south admin"), "role": "facilitator", "active": True}
    )
    room.south.call("leave_consortium", {"consortium_id": room.world.consortium_id})
    sit_down(room.south, invite(room.world, room.event))
    assert ask(room.south, room.event)
    with pytest.raises(NotAllowed, match="facilitators"):
        room.south.call("close_dialogue", {"dialogue_id": room.event})


def test_who_is_taken_off_comes_back_without_the_role(room: Room) -> None:
    seat = {"seat_id": room.seat("south admin"), "role": "facilitator", "active": True}
    room.north.call("set_seat", seat)
    room.take_off("south admin")
    room.south.call("take_seat", {"dialogue_id": room.event})
    with pytest.raises(NotAllowed, match="facilitators"):
        room.south.call("close_dialogue", {"dialogue_id": room.event})


def test_a_host_that_steps_back_hosts_no_more_and_one_host_is_left(room: Room) -> None:
    with pytest.raises(Refused, match="only organisation that invites"):
        room.lead("leave_host")
    room.lead("add_host", organisation_id=room.world["south admin"].organisation_id)
    link = invite(room.world, room.event)
    room.lead("leave_host")
    with pytest.raises(NotAllowed):
        invite(room.world, room.event)
    assert outcome(lambda: sit_down(stranger(room.world, "late")[1], link)) == NOT_VALID
    assert invite(room.world, room.event, "south admin")


def test_only_members_become_hosts(room: Room) -> None:
    for outsider in ("east admin", "west admin"):
        with pytest.raises(Refused, match="Only members of the consortium"):
            room.lead("add_host", organisation_id=room.world[outsider].organisation_id)


def test_where_all_hosts_have_left_a_coordinator_closes_the_event(world: World) -> None:
    event = plan(world, world.supplier(), actor="south admin", chatham=True)
    north = world["north admin"].store
    with pytest.raises(NotAllowed):
        north.call("close_dialogue", {"dialogue_id": event})
    world["south admin"].store.call("leave_consortium", {"consortium_id": world.consortium_id})
    with pytest.raises(NotAllowed):
        world["north viewer"].store.call("close_dialogue", {"dialogue_id": event})
    north.call("close_dialogue", {"dialogue_id": event})
    assert north.rows("dialogue")["state"].to_list() == ["closed"]


# Links --------------------------------------------------------------------------------------------


def test_of_twenty_who_use_one_link_at_once_exactly_one_sits_down(room: Room) -> None:
    link = invite(room.world, room.event)
    racers = [stranger(room.world, f"racer{n}")[1] for n in range(20)]
    said = at_once([lambda store=store: sit_down(store, link) for store in racers])
    assert sorted(said) == ["", *[NOT_VALID] * 19]
    assert sum(store.rows("dialogue").height for store in racers) == 1


@pytest.mark.parametrize(
    "why", ["used", "expired", "revoked", "closed", "cancelled", "the host left"]
)
def test_a_link_that_does_not_work_never_says_why(world: World, why: str) -> None:
    event = plan(world, world.supplier())
    north, south = world["north admin"].store, world["south admin"]
    north.call("add_host", {"dialogue_id": event, "organisation_id": south.organisation_id})
    link = invite(world, event, "south admin")
    match why:
        case "used":
            sit_down(stranger(world, "first")[1], link)
        case "expired":
            world.owner("update invitation set expires_at = now()")
        case "revoked":
            found = south.store.rows("invitation")["id"][0]
            south.store.call("revoke_invitation", {"invitation_id": found})
        case "closed":
            north.call("close_dialogue", {"dialogue_id": event})
        case "cancelled":
            north.call("cancel_dialogue", {"dialogue_id": event})
        case "the host left":
            south.store.call("leave_consortium", {"consortium_id": world.consortium_id})
    late = stranger(world, "late")[1]
    assert outcome(lambda: sit_down(late, link)) == NOT_VALID
    assert late.call("invitation_for", {"token": link}) is None
    assert late.rows("dialogue").is_empty()


def test_a_member_of_the_consortium_does_not_use_up_a_guests_link(room: Room) -> None:
    link = invite(room.world, room.event)
    for actor in ("south admin", "north viewer"):
        with pytest.raises(Refused, match="take a seat there"):
            sit_down(room.world[actor].store, link)
    sit_down(stranger(room.world, "guest")[1], link)


def test_who_has_an_account_elsewhere_comes_as_a_guest_and_stays_what_they_are(room: Room) -> None:
    east = room.world["east admin"]
    sit_down(east.store, invite(room.world, room.event), "east")
    assert east.store.rows("dialogue")["id"].to_list() == [room.event]
    assert east.store.call("whoami")["organisation"]["name"] == "East"
    assert east.store.rows("dialogue_stage")["id"].to_list() == [room.open_stage]
    assert set(east.store.rows("organisation")["name"]) == {"East", "North"}
    with pytest.raises(NotAllowed):
        ask(east.store, room.event, board="buyers")
    with pytest.raises(NotAllowed):
        east.store.insert(
            "leverage_use",
            {"id": str(uuid.uuid4()), "supplier_id": room.supplier, "asked_on": "2026-11-10",
             "asked": "For all sites", "channel": "dialogue", "jointly": True,
             "dialogue_id": room.event},
        )  # fmt: skip


def test_links_are_for_someone_of_a_supplier_in_the_event(room: Room) -> None:
    outside = room.world.supplier("Elsewhere Devices")
    for changes, sentence in (
        ({"side": "buyer"}, "a supplier, a reseller, or neither"),
        ({"side": None}, "a supplier, a reseller, or neither"),
        ({"side": "supplier"}, "Choose the supplier"),
        ({"side": "supplier", "supplier_id": outside}, "not in the event"),
    ):
        with pytest.raises(Refused, match=sentence):
            invite(room.world, room.event, **changes)


# Hidden and absent --------------------------------------------------------------------------------


def test_what_is_hidden_and_what_is_absent_are_refused_alike(room: Room) -> None:
    """For somebody outside, and for a guest who asks for what is the buyers'."""
    private = ask(room.south, room.event, board="buyers")
    among_us, promise = str(uuid.uuid4()), room.promise(supplier_id=room.other)
    note(room.south, room.event, id=among_us, audience="buyers")
    east, nothing = room.world["east admin"].store, str(uuid.uuid4())
    for store in (east, room.rep):
        for hidden, action in (
            (private, lambda i, s=store: edit(s, i, 1)),
            (private, lambda i, s=store: vote(s, i)),
            (private, lambda i, s=store: s.call("set_question_state", {"id": i, "state": "open"})),
            (private, lambda i, s=store: s.call("merge_questions", {"kept": i, "merged": [i]})),
            (among_us, lambda i, s=store: s.call("strike_note", {"id": i, "version": 1})),
            (promise, lambda i, s=store: report(s, i, 1, "done")),
            (promise, lambda i, s=store: s.call(
                "hand_over_commitment",
                {"commitment_id": i, "owner_id": room.world["south admin"].organisation_id})),
        ):  # fmt: skip
            said = [outcome(lambda i=i, a=action: a(i)) for i in (hidden, nothing)]
            assert said[0] == said[1] != ""
    # A change to a hidden note, a hidden stage, a hidden question to answer.
    for hidden in (among_us, nothing):
        assert note(room.rep, room.event, id=hidden, version=1) == {
            "conflict": {"text": "", "version": None}
        }
    for changes in ("stage_id", room.buyers_stage), ("question_id", private):
        name, hidden = changes
        said = [outcome(lambda i=i, n=name: note(room.rep, room.event, **{n: i}))
                for i in (hidden, nothing)]  # fmt: skip
        assert said[0] == said[1] != ""
    for function in ("dialogue_board", "dialogue_room"):
        said = [outcome(lambda i=i, f=function: east.call(f, {"dialogue_id": i, "seen": None}))
                for i in (room.event, nothing)]  # fmt: skip
        assert said == [NO_EVENT, NO_EVENT]


def test_one_identifier_in_two_events_shows_neither_the_others_words(room: Room) -> None:
    question, made = ask(room.south, room.event, "Who makes it?"), str(uuid.uuid4())
    note(room.south, room.event, "They listed sites.", id=made)
    east = room.world["east admin"].store
    elsewhere = east.call(
        "create_consortium", {"key": str(uuid.uuid4()), "name": "Elsewhere", "purpose": ""}
    )
    event = plan(room.world, room.supplier, actor="east admin", consortium_id=elsewhere)
    east.call("open_dialogue", {"dialogue_id": event})
    ask(east, event, "Mine?", id=question)
    assert note(east, event, "Mine.", id=made) == {"version": 1}
    assert note(east, event, "Mine.", id=made, version=1) == {
        "conflict": {"text": "", "version": None}
    }
    assert east.call("dialogue_notes", {"dialogue_id": event}) == []
    assert room.board(room.south)[question]["text"] == "Who makes it?"
    assert room.notes(room.south)[made]["text"] == "They listed sites."


def test_a_note_answers_a_question_of_its_own_event_only(room: Room) -> None:
    other = plan(room.world, room.supplier, actor="south admin")
    question = ask(room.south, other)
    with pytest.raises(NotAllowed, match="not there any more"):
        note(room.south, room.event, question_id=question)


# Votes --------------------------------------------------------------------------------------------


def test_twenty_votes_at_once_of_one_person_stay_within_the_limit(both: World) -> None:
    room = Room(both, votes_each=3)
    questions = [ask(room.south, room.event, f"Question {n}?") for n in range(20)]
    mine = {"sub": both["south admin"].id, "role": "authenticated"}
    stores = [both.engine.store(mine) for _question in questions]
    said = at_once([lambda s=s, q=q: vote(s, q) for s, q in zip(stores, questions, strict=True)])
    refusal = "You have given all your 3 votes on this board. Take one back first."
    assert sorted(said) == ["", "", "", *[refusal] * 17]
    assert sum(q["votes"] for q in room.board(room.rep).values()) == 3


def test_a_vote_counts_once_and_can_be_taken_back(room: Room) -> None:
    question = ask(room.south, room.event)
    assert [vote(room.south, question), vote(room.south, question)] == [1, 1]
    assert room.board(room.rep)[question]["votes"] == 1
    assert [vote(room.south, question, False), vote(room.south, question, False)] == [2, 2]
    assert room.board(room.rep)[question]["votes"] == 0


def test_each_board_has_votes_of_its_own(room: Room) -> None:
    shared, private = ask(room.south, room.event), ask(room.south, room.event, board="buyers")
    assert (vote(room.south, shared), vote(room.south, private)) == (1, 1)


def test_merging_gives_back_the_second_vote_of_whoever_cast_two(room: Room) -> None:
    first, second = ask(room.south, room.event), ask(room.south, room.event)
    for question in (first, second):
        vote(room.south, question)
    vote(room.rep, second)
    room.north.call("merge_questions", {"kept": first, "merged": [second]})
    board = room.board(room.south)
    assert (board[first]["votes"], board[second]["merged_into"]) == (2, first)
    assert vote(room.south, ask(room.south, room.event)) == 0
    with pytest.raises(Refused, match="merged or dropped"):
        vote(room.rep, second)
    for kept, merged in ((second, [first]), (first, [second]), (first, [first]), (first, [])):
        with pytest.raises(Refused):
            room.north.call("merge_questions", {"kept": kept, "merged": merged})


def test_a_dropped_question_takes_no_vote_and_gives_back_those_it_has(room: Room) -> None:
    question = ask(room.south, room.event)
    assert vote(room.south, question) == 1
    room.north.call("set_question_state", {"id": question, "state": "dropped"})
    with pytest.raises(Refused, match="merged or dropped"):
        vote(room.rep, question)
    assert vote(room.south, question, False) == 2


# Repeats and conflicts ----------------------------------------------------------------------------


def test_a_repeated_submit_is_stored_once(room: Room) -> None:
    made = [str(uuid.uuid4()) for _n in range(4)]
    key = str(uuid.uuid4())
    for _turn in range(2):
        ask(room.south, room.event, id=made[0])
        assert note(room.south, room.event, id=made[1]) == {"version": 1}
        room.promise(id=made[2])
        assert report(room.south, made[2], 1, "behind", id=made[3]) == {"version": 2}
        assert plan(room.world, room.supplier, key=key) == plan(room.world, room.supplier, key=key)
        room.south.call("take_seat", {"dialogue_id": room.event})
    assert (len(room.board(room.south)), len(room.notes(room.south))) == (1, 1)
    assert room.south.rows("commitment_report").height == room.south.rows("commitment").height == 1
    assert room.south.rows("dialogue").height == 2


def test_of_two_who_change_one_question_or_note_the_second_is_told_what_the_first_wrote(
    room: Room,
) -> None:
    question, made = ask(room.south, room.event), str(uuid.uuid4())
    note(room.rep, room.event, id=made)
    assert edit(room.south, question, 1) == {"version": 2}
    told = edit(room.north, question, 1, "Mine instead?")["conflict"]
    assert (told["text"], told["version"]) == ("And where?", 2)
    assert note(room.south, room.event, "Better.", id=made, version=1) == {"version": 2}
    assert note(room.north, room.event, "Mine.", id=made, version=1) == {
        "conflict": {"text": "Better.", "version": 2}
    }
    assert room.north.call("strike_note", {"id": made, "version": 1}) == {
        "conflict": {"text": "Better.", "version": 2}
    }
    assert room.north.call("strike_note", {"id": made, "version": 2}) == {}
    assert note(room.south, room.event, "Gone.", id=made, version=2) == {
        "conflict": {"text": "", "version": None}
    }


def test_a_question_with_an_author_is_changed_by_them_and_those_who_lead(room: Room) -> None:
    question = ask(room.rep, room.event)
    with pytest.raises(NotAllowed, match="Only who asked"):
        edit(room.south, question, 1)
    assert edit(room.rep, question, 1) == {"version": 2}
    assert edit(room.north, question, 2) == {"version": 3}


def test_words_that_are_too_short_or_too_long_are_refused_with_a_sentence(room: Room) -> None:
    for text in ("", "  ", "Eh", "x" * 1001):
        with pytest.raises(Refused, match="3 to 1,000 characters"):
            ask(room.south, room.event, text)
    for text in ("", " ", "x" * 4001):
        with pytest.raises(Refused, match="1 to 4,000 characters"):
            note(room.south, room.event, text)


# All at once --------------------------------------------------------------------------------------


def test_closing_while_twenty_write_loses_nothing_that_was_acknowledged(both: World) -> None:
    room = Room(both, chatham=True, votes_each=20)
    question = ask(room.south, room.event)
    made = [str(uuid.uuid4()) for _n in range(20)]
    stores = [
        both.engine.store({"sub": both["south admin"].id, "role": "authenticated"}) for _n in made
    ]
    actions: list[Callable[[], Any]] = [
        (lambda s=s, i=i: note(s, room.event, id=i)) if n % 2
        else (lambda s=s, i=i: ask(s, room.event, id=i))
        for n, (s, i) in enumerate(zip(stores, made, strict=True))
    ]  # fmt: skip
    actions.insert(10, lambda: room.lead("close_dialogue"))
    actions.append(lambda: vote(room.rep, question))
    said = at_once(actions)
    assert said.pop(10) == ""
    voted = said.pop()
    assert set(said) | {voted} <= {"", CLOSED}
    there = {**room.notes(room.south), **room.board(room.south)}
    assert {i for i, words in zip(made, said, strict=True) if not words} == set(there) - {question}
    assert room.board(room.south)[question]["votes"] == (voted == "")
    assert both.owner("select count(*) from quorum.dialogue_ballot") == [(0,)]
    assert both.owner("select count(*) from quorum.dialogue_key") == [(0,)]


def test_many_kinds_of_writes_at_once_never_block_each_other(world: World) -> None:
    """Counted by the server itself: no deadlock that it had to resolve."""
    room = Room(world, votes_each=20)
    questions = [ask(room.south, room.event, f"Question {n}?") for n in range(4)]
    editors = [colleague(world, f"editor {n}", ("north", "south")[n % 2]) for n in range(4)]
    for store in editors:
        store.call("take_seat", {"dialogue_id": room.event})
    items = [world.assessment("south admin", room.supplier, []) for _n in range(6)]
    links = [invite(world, room.event) for _n in range(6)]
    guests = [stranger(world, f"guest {n}")[1] for n in range(6)]
    before = _deadlocks(world)
    actions: list[Callable[[], Any]] = []
    for n in range(6):
        store, question = editors[n % 4], questions[n % 4]
        actions += [
            lambda q=question: room.lead("go_to", stage_id=None, question_id=q),
            lambda s=store: note(s, room.event),
            lambda s=store: ask(s, room.event),
            lambda s=store, q=question: vote(s, q),
            lambda s=store: s.call("take_seat", {"dialogue_id": room.event}),
            lambda g=guests[n], k=links[n]: sit_down(g, k),
            lambda i=items[n]: world.share("south admin", "assessment", [i]),
            lambda: room.promise(),
            lambda n=n: room.north.insert(
                "dialogue_stage",
                {"dialogue_id": room.event, "position": n, "title": "More", "minutes": 5,
                 "audience": "all"},
            ),
        ]  # fmt: skip
    actions.append(
        lambda: room.north.call("merge_questions", {"kept": questions[0], "merged": questions[3:]})
    )
    actions.append(lambda: room.lead("close_dialogue"))
    said = at_once(actions)
    allowed = (
        "", CLOSED, NOT_VALID, "This question was merged or dropped meanwhile.",
        "This question is not on the board any more. Choose another.",
    )  # fmt: skip
    assert set(said) <= set(allowed)
    assert said[-1] == ""
    assert _deadlocks(world) == before


def _deadlocks(world: World) -> Any:
    """What the database has counted, up to now."""
    world.owner("select pg_stat_force_next_flush()")
    return world.owner("select deadlocks from pg_stat_database where datname = current_database()")


# Following up -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"due_on": None}, "Give the commitment a due date"),
        ({"due_on": "2026-11-08"}, "not within ten years after the event"),
        ({"due_on": "2037-01-01"}, "not within ten years after the event"),
        ({"supplier_id": None}, "Choose the supplier"),
        ({"supplier_id": "outside"}, "not in the event"),
        ({"owner_id": None}, "Choose the member organisation"),
        ({"owner_id": "outside"}, "Choose the member organisation"),
        ({"text": " x "}, "3 to 1,000 characters"),
    ],
    ids=str,
)
def test_a_commitment_that_cannot_be_followed_up_is_refused(
    room: Room, changes: dict[str, Any], sentence: str
) -> None:
    if changes.get("supplier_id"):
        changes = {"supplier_id": room.world.supplier("Elsewhere Devices")}
    if changes.get("owner_id"):
        changes = {"owner_id": room.world["west admin"].organisation_id}
    with pytest.raises(Refused, match=sentence):
        room.promise(**changes)


def test_commitments_are_written_down_by_buyers_once_the_event_is_live(room: Room) -> None:
    with pytest.raises(NotAllowed, match="by the buyers"):
        room.promise(room.rep)
    with pytest.raises(Refused, match="in the event or after it"):
        room.promise(room.north, dialogue_id=plan(room.world, room.supplier))
    room.lead("close_dialogue")
    assert room.promise()


def test_the_supplier_says_how_far_it_is_and_the_owner_verifies(room: Room) -> None:
    promise = room.promise()
    assert report(room.rep, promise, 1, "done") == {"version": 2}
    for state in ("verified", "dropped", "open"):
        with pytest.raises(Refused, match="verifies or drops"):
            report(room.rep, promise, 2, state)
    with pytest.raises(Refused, match="moves its date"):
        report(room.rep, promise, 2, "behind", due_on="2028-01-01")
    with pytest.raises(Refused, match="what shows that it was done"):
        report(room.south, promise, 2, "verified", note="")
    with pytest.raises(Refused, match="why"):
        report(room.south, promise, 2, "dropped", note="")
    assert report(room.south, promise, 1, "verified")["conflict"]["version"] == 2
    assert report(room.south, promise, 2, "verified", due_on="2027-04-01") == {"version": 3}
    with pytest.raises(Refused, match="settled already"):
        report(room.rep, promise, 3, "done")
    found = room.rep.rows("commitment_report", order=("created_at",))
    assert found.select("state", "side", "author").rows() == [
        ("done", "supplier", "Rep, Aurora"), ("verified", "buyer", "south admin, South"),
    ]  # fmt: skip
    kept = room.rep.rows("commitment").row(0, named=True)
    assert (str(kept["first_due_on"]), str(kept["due_on"])) == ("2027-03-01", "2027-04-01")


def test_others_neither_report_nor_hand_over(room: Room) -> None:
    promise = room.promise(owner_id=room.world["north admin"].organisation_id)
    reseller = stranger(room.world, "dealer")[1]
    sit_down(reseller, invite(room.world, room.event, side="reseller"), "dealer")
    for store in (room.south, room.world["north viewer"].store, reseller):
        with pytest.raises(NotAllowed):
            report(store, promise, 1, "done")
        with pytest.raises(NotAllowed):
            store.call(
                "hand_over_commitment",
                {"commitment_id": promise, "owner_id": room.world["south admin"].organisation_id},
            )
    room.north.call(
        "hand_over_commitment",
        {"commitment_id": promise, "owner_id": room.world["south admin"].organisation_id},
    )
    assert report(room.south, promise, 2, "behind") == {"version": 3}


def test_a_report_under_the_rule_names_nobody(world: World) -> None:
    room = Room(world, chatham=True)
    report(room.rep, room.promise(), 1, "done")
    assert room.south.rows("commitment_report")["author"].to_list() == [None]


def test_of_twenty_reports_on_one_version_one_is_stored(room: Room) -> None:
    promise = room.promise()
    said = []

    def tell() -> None:
        said.append(report(room.south, promise, 1, "behind"))

    at_once([tell] * 20)
    assert sum(answer == {"version": 2} for answer in said) == 1
    assert {answer["conflict"]["version"] for answer in said if "conflict" in answer} == {2}
    assert room.south.rows("commitment_report").height == 1


# The rule, and the plan ---------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["question", "note", "commitment"])
def test_the_rule_stands_once_something_was_written(room: Room, what: str) -> None:
    room.lead("set_chatham", chatham=True)
    room.lead("set_chatham", chatham=False)
    {"question": lambda: ask(room.south, room.event), "note": lambda: note(room.south, room.event),
     "commitment": room.promise}[what]()  # fmt: skip
    with pytest.raises(Refused, match="written already"):
        room.lead("set_chatham", chatham=True)


def test_under_the_rule_those_outside_the_room_do_not_see_who_is_in_it(world: World) -> None:
    room = Room(world, chatham=True)
    for store in (room.north, room.south, room.rep):
        assert store.rows("dialogue_seat").height == 3
    editor = world["north editor"].store
    assert editor.rows("dialogue_seat").is_empty()
    editor.call("take_seat", {"dialogue_id": room.event})
    assert editor.rows("dialogue_seat").height == 4
    editor.call("leave_seat", {"dialogue_id": room.event})
    assert editor.rows("dialogue_seat").is_empty()


@pytest.mark.parametrize(
    "changes",
    [
        {"ends_at": "2026-11-10T09:00:00+01:00"}, {"title": " "}, {"link": "javascript:alert(1)"},
        {"time_zone": "'; drop table dialogue"}, {"votes_each": 0},
        {"ends_at": "2027-11-10T09:00:00+01:00"},
    ],
    ids=str,
)  # fmt: skip
def test_a_plan_that_does_not_hold_is_not_stored(world: World, changes: dict[str, Any]) -> None:
    with pytest.raises((Refused, Invalid)):
        plan(world, world.supplier(), **changes)
    assert world["north admin"].store.rows("dialogue").is_empty()


def test_a_closed_event_stays_as_it_is(room: Room) -> None:
    question = ask(room.south, room.event)
    room.lead("close_dialogue")
    for action in (
        lambda: ask(room.south, room.event), lambda: edit(room.south, question, 1),
        lambda: vote(room.rep, question), lambda: note(room.south, room.event),
        lambda: room.lead("go_to", stage_id=None, question_id=None),
        lambda: room.lead("set_chatham", chatham=True),
        lambda: room.lead("set_dialogue_suppliers", suppliers=[room.supplier]),
        lambda: room.south.call("take_seat", {"dialogue_id": room.event}),
    ):  # fmt: skip
        assert outcome(action) == CLOSED
    assert outcome(lambda: room.lead("open_dialogue")) == "This event is open or over already."
    assert outcome(lambda: room.lead("close_dialogue")) == "This event is over already."
    with pytest.raises(NotAllowed):
        room.north.update("dialogue", {"title": "Other"}, {"id": room.event})
