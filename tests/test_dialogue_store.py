"""Dialogues through the verbs of both doors: what each side does, and what it is refused."""

import uuid
from typing import Any

import pytest

from quorum.store import NotAllowed, Refused, Store
from tests.conftest import World

STAGES = [
    {"title": "Baseline", "purpose": "Where we stand", "minutes": 30, "audience": "all"},
    {"title": "Among buyers", "purpose": "", "minutes": 20, "audience": "buyers"},
]


def plan(world: World, supplier_id: str, actor: str = "north admin", **changes: Any) -> str:
    """An event of the consortium with one supplier; its identifier."""
    arguments = {
        "key": str(uuid.uuid4()), "consortium_id": world.consortium_id, "title": "Dialogue",
        "aim": "", "starts_at": "2026-11-10T09:00:00+01:00", "ends_at": "2026-11-10T12:00:00+01:00",
        "time_zone": "Europe/Stockholm", "place": "Stockholm", "link": None, "chatham": False,
        "votes_each": 2, "suppliers": [supplier_id], "stages": STAGES, **changes,
    }  # fmt: skip
    return str(world[actor].store.call("plan_dialogue", arguments))


def ask(store: Store, dialogue_id: str, text: str = "Who makes it?", **changes: Any) -> str:
    """A question on the shared board; its identifier."""
    question = {
        "dialogue_id": dialogue_id, "id": str(uuid.uuid4()), "board": "shared", "stage_id": None,
        "supplier_id": None, "topic": "", "text": text, **changes,
    }  # fmt: skip
    store.call("ask_question", question)
    return str(question["id"])


def note(store: Store, dialogue_id: str, text: str = "They listed sites.", **changes: Any) -> Any:
    """A new note, or a change to one; what the store answers."""
    return store.call(
        "write_note",
        {
            "dialogue_id": dialogue_id, "id": str(uuid.uuid4()), "stage_id": None,
            "question_id": None, "audience": "shared", "text": text, "version": None, **changes,
        },
    )  # fmt: skip


def invite(world: World, dialogue_id: str, actor: str = "north admin", **changes: Any) -> str:
    """A link into the event, for a guest of nobody's unless the changes say whose."""
    arguments = {
        "dialogue_id": dialogue_id, "side": "guest", "supplier_id": None, "note": "", "days": 7,
        **changes,
    }  # fmt: skip
    return str(world[actor].store.call("invite_to_dialogue", arguments))


def stranger(world: World, name: str) -> tuple[str, Store]:
    """Somebody with an account and nothing else: who it is, and what they reach."""
    found = world.owner(
        "insert into auth.users (id, email) values (gen_random_uuid(), %s) returning id::text",
        f"{name}@example.org",
    )
    return found[0][0], world.engine.store({"sub": found[0][0], "role": "authenticated"})


def sit_down(store: Store, token: str, name: str = "rep", company: str = "Aurora") -> None:
    """Takes the seat that the link gives."""
    store.call(
        "redeem_invitation",
        {"token": token, "person_name": name.title(), "email": f"{name}@example.org",
         "organisation_name": company, "country": "", "kind": ""},
    )  # fmt: skip


def guest(world: World, dialogue_id: str, supplier_id: str, name: str = "rep") -> Store:
    """Somebody of the supplier who came by a link."""
    token = invite(world, dialogue_id, side="supplier", supplier_id=supplier_id)
    _person, store = stranger(world, name)
    sit_down(store, token, name)
    return store


def test_a_whole_event(both: World) -> None:
    supplier = both.supplier()
    event = plan(both, supplier)
    north, south = both["north admin"].store, both["south admin"].store
    assert north.rows("dialogue_stage", order=("position",))["title"].to_list() == [
        "Baseline", "Among buyers",
    ]  # fmt: skip
    south.call("take_seat", {"dialogue_id": event})
    rep = guest(both, event, supplier)
    first, second = ask(north, event), ask(rep, event, "What do you need from us?")
    private = ask(south, event, "How hard do we push?", board="buyers")
    rep.call("vote", {"question_id": first, "wanted": True})
    assert south.call("vote", {"question_id": first, "wanted": True}) == {"left": 1}
    assert {q["id"] for q in rep.call("dialogue_board", {"dialogue_id": event, "seen": None})[
        "questions"]} == {first, second}  # fmt: skip
    board = north.call("dialogue_board", {"dialogue_id": event, "seen": None})
    assert next((q["id"], q["votes"], q["mine"]) for q in board["questions"]) == (first, 2, False)
    assert private in {q["id"] for q in board["questions"]}
    assert north.call("dialogue_board", {"dialogue_id": event, "seen": board["counter"]}) == {
        "counter": board["counter"]
    }
    with pytest.raises(Refused, match="live"):
        note(south, event)
    north.call("open_dialogue", {"dialogue_id": event})
    stage = north.rows("dialogue_stage", order=("position",))["id"][0]
    north.call("go_to", {"dialogue_id": event, "stage_id": stage, "question_id": first})
    made = str(uuid.uuid4())
    assert note(south, event, id=made, stage_id=stage) == {"version": 1}
    assert note(rep, event, "They published a list.", id=made, version=1) == {"version": 2}
    assert note(south, event, "Late", id=made, version=1) == {
        "conflict": {"text": "They published a list.", "version": 2}
    }
    room = rep.call("dialogue_room", {"dialogue_id": event, "seen": None})
    assert room["question"]["id"] == first
    assert [n["text"] for n in room["notes"]] == ["They published a list."]
    assert room["people"] == 3
    promise = str(uuid.uuid4())
    south.call(
        "capture_commitment",
        {"id": promise, "dialogue_id": event, "supplier_id": supplier, "text": "Publish all sites",
         "owner_id": both["south admin"].organisation_id, "due_on": "2027-03-01"},
    )  # fmt: skip
    north.call("close_dialogue", {"dialogue_id": event})
    with pytest.raises(Refused, match="closed"):
        note(south, event)
    report = {
        "id": str(uuid.uuid4()), "commitment_id": promise, "version": 1, "state": "done",
        "note": "Published", "evidence": "https://example.org/sites", "due_on": None,
    }  # fmt: skip
    assert rep.call("report_commitment", report) == {"version": 2}
    with pytest.raises(Refused, match="verifies"):
        rep.call("report_commitment", {**report, "id": str(uuid.uuid4()), "state": "verified"})
    verified = {**report, "id": str(uuid.uuid4()), "version": 2, "state": "verified"}
    assert south.call("report_commitment", verified) == {"version": 3}
    assert rep.rows("commitment")["state"].to_list() == ["verified"]
    assert rep.rows("supplier")["id"].to_list() == [supplier]
    board = north.call("dialogue_board", {"dialogue_id": event, "seen": None})
    assert next((q["id"], q["votes"], q["mine"]) for q in board["questions"]) == (first, 2, False)


def test_nobody_outside_sees_an_event(both: World) -> None:
    event = plan(both, both.supplier())
    for outsider in ("east admin", "west admin"):
        store = both[outsider].store
        assert store.rows("dialogue").is_empty()
        assert store.rows("dialogue_seat").is_empty()
        for function in ("dialogue_board", "dialogue_room"):
            with pytest.raises(NotAllowed):
                store.call(function, {"dialogue_id": event, "seen": None})


def test_a_room_without_times_still_shows_the_newest_notes(world: World) -> None:
    event = plan(world, world.supplier(), chatham=True)
    store = world["north admin"].store
    store.call("open_dialogue", {"dialogue_id": event})
    for number in range(55):
        note(store, event, f"Note {number}")
    room = store.call("dialogue_room", {"dialogue_id": event, "seen": None})
    shown = {int(one["text"].removeprefix("Note ")) for one in room["notes"]}
    assert shown == set(range(5, 55))
    assert [one["id"] for one in room["notes"]] == sorted(one["id"] for one in room["notes"])


@pytest.mark.parametrize("chatham", [False, True])
def test_all_notes_come_with_what_it_takes_to_correct_them(both: World, chatham: bool) -> None:
    event = plan(both, both.supplier(), chatham=chatham)
    north, south = both["north admin"].store, both["south admin"].store
    north.call("open_dialogue", {"dialogue_id": event})
    south.call("take_seat", {"dialogue_id": event})
    mine = str(uuid.uuid4())
    note(north, event, "They listed 14 sites.", id=mine)
    note(north, event, "They listed 16 sites.", id=mine, version=1)
    for store, own in ((north, not chatham), (south, False)):
        (told,) = store.call("dialogue_notes", {"dialogue_id": event})
        assert (told["text"], told["version"]) == ("They listed 16 sites.", 2)
        assert told["own"] == own


def test_who_has_no_seat_is_given_none(both: World) -> None:
    event = plan(both, both.supplier())
    for function in ("dialogue_board", "dialogue_room"):
        found = both["south admin"].store.call(function, {"dialogue_id": event, "seen": None})
        assert found["seat"] is None
