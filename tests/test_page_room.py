"""The live room: what each side sees and does there, and that no text is lost or stored twice."""

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from components import data
from components.dialogues import closing_words
from components.room import NEWEST
from quorum.store import Unavailable
from tests.conftest import World
from tests.test_dialogue_store import ask, note, plan
from tests.test_page_dialogues import choose, errors, seated, texts

Opener = Callable[..., AppTest]


def drawn(app: AppTest) -> str:
    """What the screen shows besides forms."""
    return "\n".join(one.proto.body for one in app.get("html"))


def opened(world: World, **plan_with: Any) -> tuple[str, str, list[str]]:
    """An event that is live in its first stage, where a question is on: event, question, stages."""
    event = plan(world, world.supplier(), **plan_with)
    north = world["north admin"].store
    question = ask(north, event, "Who makes the notebooks?")
    north.call("open_dialogue", {"dialogue_id": event})
    stages = north.rows("dialogue_stage", order=("position",))["id"].to_list()
    move(world, event, stages[0], question)
    return event, question, stages


def move(world: World, event: str, stage: str | None, question: str | None = None) -> None:
    world["north admin"].store.call(
        "go_to", {"dialogue_id": event, "stage_id": stage, "question_id": question}
    )


def sit(world: World, event: str, *actors: str) -> None:
    for actor in actors:
        world[actor].store.call("take_seat", {"dialogue_id": event})


def notes(world: World) -> list[tuple[str, str]]:
    return world.owner("select text, audience from quorum.dialogue_note order by noted_at, text")


def write(app: AppTest, text: str, **more: Any) -> AppTest:
    app.text_area(key="room-note").set_value(text)
    for key, value in more.items():
        app.radio(key=f"room-{key}").set_value(value)
    return app.button(key="room-add").click().run()


def keys(app: AppTest) -> set[str]:
    return {one.key for one in [*app.button, *app.text_area, *app.radio] if one.key}


# Who comes in -------------------------------------------------------------------------------------


@pytest.mark.parametrize("actor", ["west admin", "east admin"])
def test_nobody_outside_comes_in(world: World, open_page: Opener, actor: str) -> None:
    event, *__ = opened(world)
    app = open_page(actor, "room", dialogue=event)
    assert errors(app) == ["There is no such event, or you do not take part in it."]
    assert "notebooks" not in drawn(app)


def test_without_an_event_in_the_address_it_offers_those_that_are_on(
    world: World, open_page: Opener
) -> None:
    app = open_page("south admin", "room")
    assert "No event is on or ahead" in texts(app)
    opened(world, title="Autumn dialogue")
    app = open_page("south admin", "room")
    assert [one.proto.label for one in app.get("page_link")] == ["Go into Autumn dialogue"]


def test_a_viewer_reads_and_does_nothing_else(world: World, open_page: Opener) -> None:
    event, *__ = opened(world)
    note(world["north admin"].store, event, "They listed 14 sites.")
    app = open_page("north viewer", "room", dialogue=event)
    assert not app.exception
    assert "Who makes the notebooks?" in drawn(app)
    assert "Editors and admins of your organisation can take a seat." in texts(app)
    assert keys(app) <= {"sign_out"}


def test_an_editor_takes_a_seat_and_writes(world: World, open_page: Opener) -> None:
    event, *__ = opened(world)
    app = open_page("south admin", "room", dialogue=event)
    assert "room-note" not in keys(app)
    assert "1 person takes part" in drawn(app)
    app = app.button(key="room-seat").click().run()
    assert {"room-note", "room-add", "room-audience"} <= keys(app)
    assert "2 people take part" in drawn(app)
    assert not {"room-next-stage", "room-close-now"} & keys(app)


def test_the_host_opens_a_planned_event(world: World, open_page: Opener) -> None:
    event = plan(world, world.supplier())
    app = open_page("north admin", "room", dialogue=event)
    assert "Has not begun yet" in drawn(app)
    assert "room-note" not in keys(app)
    app = app.button(key="room-open").click().run()
    assert "Open; no stage has begun" in drawn(app)
    assert "room-note" in keys(app)


# What is read -------------------------------------------------------------------------------------


def test_the_screen_shows_stage_time_question_notes_and_commitments(
    world: World, open_page: Opener
) -> None:
    event, question, stages = opened(world)
    north = world["north admin"].store
    ask(north, event, "When will you publish wages?")
    note(north, event, "They listed 14 sites.", stage_id=stages[0])
    supplier = north.rows("dialogue_supplier")["supplier_id"][0]
    north.call(
        "capture_commitment",
        {"id": question, "dialogue_id": event, "supplier_id": supplier, "text": "Publish all sites",
         "owner_id": world["south admin"].organisation_id, "due_on": "2027-03-01"},
    )  # fmt: skip
    seen = drawn(open_page("south admin", "room", dialogue=event))
    for words in (
        "Stage 1 of 2: Baseline", "left", "Who makes the notebooks?",
        "When will you publish wages?", "0 votes", "They listed 14 sites.", "north admin",
        "Publish all sites", "Aurora Devices · until 2027-03-01 · South",
    ):  # fmt: skip
        assert words in seen


def test_a_stage_that_is_over_time_says_so(world: World, open_page: Opener) -> None:
    event, *__ = opened(world)
    world.owner(
        "update quorum.dialogue_room set stage_began_at = now() - interval '33 minutes 20 seconds'"
    )
    assert "3 minutes over" in drawn(open_page("north viewer", "room", dialogue=event))


def test_text_of_people_is_shown_as_it_is(world: World, open_page: Opener) -> None:
    event, __, stages = opened(world, title="<b>Title</b>")
    north = world["north admin"].store
    bad = '<img src=x onerror="alert(1)"> [a](javascript:b) **c**'
    note(north, event, bad, stage_id=stages[0])
    move(world, event, stages[0], ask(north, event, f"Q {bad}", topic="<i>topic</i>"))
    seen = drawn(open_page("south admin", "room", dialogue=event))
    wall = drawn(open_page("south admin", "room", dialogue=event, view="projector"))
    for html in (seen, wall):
        assert "<img" not in html
        assert "<i>" not in html
        assert "&lt;img src=x" in html


def test_the_wall_shows_stage_time_and_question_and_no_name(
    world: World, open_page: Opener
) -> None:
    event, __, stages = opened(world)
    note(world["north admin"].store, event, "They listed 14 sites.", stage_id=stages[0])
    app = open_page("south admin", "room", dialogue=event, view="projector")
    seen = drawn(app)
    assert "Stage 1 of 2: Baseline" in seen
    assert "Who makes the notebooks?" in seen
    assert "left" in seen
    assert "north admin" not in seen
    assert "14 sites" not in seen
    assert keys(app) == set()
    assert not app.sidebar.caption


def wall(open_page: Opener, event: str, actor: str = "north admin") -> str:
    return drawn(open_page(actor, "room", dialogue=event, view="projector"))


def promise(world: World, event: str, text: str, due_on: str) -> None:
    north = world["north admin"].store
    supplier = north.rows("dialogue_supplier", filters={"dialogue_id": event})["supplier_id"][0]
    north.call(
        "capture_commitment",
        {"id": str(uuid.uuid4()), "dialogue_id": event, "supplier_id": supplier, "text": text,
         "owner_id": world["south admin"].organisation_id, "due_on": due_on},
    )  # fmt: skip


def test_before_it_is_opened_the_wall_says_what_with_whom_and_when(
    world: World, open_page: Opener
) -> None:
    event = plan(world, world.supplier(), title="Autumn dialogue")
    seen = wall(open_page, event)
    for words in ("Has not begun yet", "Autumn dialogue", "with Aurora Devices",
                  "Tue 2026-11-10, 09:00 to 12:00"):  # fmt: skip
        assert words in seen
    assert "North" not in seen and "north admin" not in seen
    world["north admin"].store.call("open_dialogue", {"dialogue_id": event})
    seen = wall(open_page, event)
    assert "Open; no stage has begun" in seen and "Autumn dialogue" in seen


def test_between_questions_the_wall_says_what_the_stage_is_for(
    world: World, open_page: Opener
) -> None:
    event, __, stages = opened(world)
    move(world, event, stages[0])
    seen = wall(open_page, event)
    for words in ("Stage 1 of 2<", ">Baseline<", ">Where we stand<", "left"):
        assert words in seen


def test_what_buyers_discuss_among_themselves_is_on_no_wall(
    world: World, open_page: Opener
) -> None:
    event, __, stages = opened(world)
    hidden = ask(world["north admin"].store, event, "How hard do we push?", board="buyers")
    move(world, event, stages[1], hidden)
    seen = wall(open_page, event)
    assert "The buyers are among themselves for a while." in seen
    for words in ("Among buyers", "How hard do we push?", "left"):
        assert words not in seen
    # nor is what they ask on their own board, while everybody is in the room
    move(world, event, stages[0], hidden)
    seen = wall(open_page, event)
    assert "Baseline" in seen and "How hard do we push?" not in seen
    assert "How hard do we push?" in drawn(open_page("north admin", "room", dialogue=event))


def test_an_answered_question_stays_on_the_wall(world: World, open_page: Opener) -> None:
    event, question, __ = opened(world)
    world["north admin"].store.call("set_question_state", {"id": question, "state": "answered"})
    assert "Who makes the notebooks?" in wall(open_page, event)


def test_after_the_close_the_wall_shows_what_was_promised(world: World, open_page: Opener) -> None:
    event, *__ = opened(world, title="Autumn dialogue")
    promise(world, event, "Publish <b>wages</b>", "2027-06-01")
    promise(world, event, "Publish all sites", "2027-03-01")
    world["north admin"].store.call("close_dialogue", {"dialogue_id": event})
    seen = wall(open_page, event)
    for words in ("Autumn dialogue", "Thank you for taking part.", "2 commitments were written",
                  "Publish &lt;b&gt;wages&lt;/b&gt;",
                  "Aurora Devices · until 2027-06-01"):  # fmt: skip
        assert words in seen
    assert seen.index("Publish all sites") < seen.index("wages")
    assert "South" not in seen  # who follows it up


def test_of_many_commitments_the_wall_shows_the_first_and_how_many_more(
    world: World, open_page: Opener
) -> None:
    event, *__ = opened(world)
    for n in range(1, 10):
        promise(world, event, f"Promise {n}", f"2027-03-0{n}")
    world["north admin"].store.call("close_dialogue", {"dialogue_id": event})
    seen = wall(open_page, event)
    assert "Promise 1" in seen and "Promise 9" not in seen
    assert f"and {9 - seen.count('Promise ')} more" in seen


def test_on_the_wall_no_supplier_reads_what_another_one_promised(
    world: World, open_page: Opener
) -> None:
    aurora, birch = world.supplier("Aurora"), world.supplier("Birch")
    event = plan(world, aurora, suppliers=[aurora, birch])
    rep = seated(world, event, birch)
    world["north admin"].store.call("open_dialogue", {"dialogue_id": event})
    world["north admin"].store.call("close_dialogue", {"dialogue_id": event})
    before = wall(open_page, event)
    assert "each supplier what it promised" in before
    promise(world, event, "Publish all sites", "2027-03-01")
    assert wall(open_page, event) == wall(open_page, event, rep) == before


def test_under_the_rule_nothing_new_on_the_wall_names_a_person_or_a_member(
    world: World, open_page: Opener
) -> None:
    event, __, stages = opened(
        world, title="What South wants", chatham=True,
        stages=[{"title": "Baseline", "purpose": "As South said", "minutes": 9, "audience": "all"}],
    )  # fmt: skip
    sit(world, event, "south admin")
    move(world, event, None)
    assert "South" not in wall(open_page, event)
    move(world, event, stages[0])
    assert "South" not in wall(open_page, event)
    promise(world, event, "Publish all sites", "2027-03-01")
    promise(world, event, "Send South the list", "2027-04-01")
    world["north admin"].store.call("close_dialogue", {"dialogue_id": event})
    seen = wall(open_page, event)
    assert "South" not in seen
    for words in ("2 commitments", "Publish all sites", "and 1 more"):
        assert words in seen


def test_under_the_chatham_house_rule_there_is_no_name_beside_anything(
    world: World, open_page: Opener
) -> None:
    event, __, stages = opened(world, chatham=True)
    sit(world, event, "south admin")
    note(world["south admin"].store, event, "They listed 14 sites.", stage_id=stages[0])
    app = open_page("north admin", "room", dialogue=event)
    assert "They listed 14 sites." in drawn(app)
    for name in ("south admin", "north admin", "South", "North"):
        assert name not in drawn(app)
    assert "Chatham House Rule" in texts(app)
    assert "each single vote are destroyed" in texts(choose(app, **{"room-close": True}))


# Guests -------------------------------------------------------------------------------------------


def test_a_guest_writes_and_sees_nothing_of_the_buyers(world: World, open_page: Opener) -> None:
    event, __, stages = opened(world)
    north = world["north admin"].store
    supplier = north.rows("dialogue_supplier")["supplier_id"][0]
    ask(north, event, "How hard do we push?", board="buyers")
    note(north, event, "They are weak on wages.", audience="buyers", stage_id=stages[0])
    app = open_page(seated(world, event, supplier), "room", dialogue=event)
    assert not app.exception
    assert not {"room-audience", "room-promise-add"} & keys(app)
    for hidden in ("How hard do we push?", "weak on wages", "uyers only"):
        assert hidden not in drawn(app)
    app = write(app, "We will send the list.")
    assert ("We will send the list.", "shared") in notes(world)


def test_beside_a_note_stands_on_whose_side_a_guest_speaks(world: World, open_page: Opener) -> None:
    event, __, stages = opened(world)
    store = world["north admin"].store
    supplier = store.rows("dialogue_supplier")["supplier_id"][0]
    note(store, event, "They listed 14 sites.", stage_id=stages[0])
    app = open_page("south admin", "room", dialogue=event)
    assert "north admin, North" in drawn(app)
    # somebody comes by a link and writes before this screen has looked who is there
    rep = seated(world, event, supplier)
    note(world[rep].store, event, "We will send the list.", stage_id=stages[0])
    app = app.run()
    assert "Rep, Aurora<" in drawn(app)
    app.session_state["_quorum_session"].stale()
    app = app.run()
    assert "Rep, Aurora (supplier)<" in drawn(app)
    assert "north admin, North<" in drawn(app)
    assert "Rep, Aurora (supplier)" in drawn(open_page(rep, "room", dialogue=event))


def test_during_a_stage_of_buyers_a_guest_is_told_so(world: World, open_page: Opener) -> None:
    event, __, stages = opened(world)
    supplier = world["north admin"].store.rows("dialogue_supplier")["supplier_id"][0]
    actor = seated(world, event, supplier)
    note(world["north admin"].store, event, "Said before", stage_id=None)
    move(world, event, stages[1])
    note(world["north admin"].store, event, "Between us", audience="buyers", stage_id=stages[1])
    app = open_page(actor, "room", dialogue=event)
    assert "The buyers are among themselves for a while." in drawn(app)
    assert "Among buyers" not in drawn(app)
    assert "Between us" not in drawn(app)
    assert app.button(key="room-add").disabled
    assert "Among buyers" not in drawn(open_page(actor, "room", dialogue=event, view="projector"))


def test_what_is_written_among_buyers_stays_with_them_until_somebody_says_otherwise(
    world: World, open_page: Opener
) -> None:
    event, __, stages = opened(world)
    move(world, event, stages[1])
    app = open_page("north admin", "room", dialogue=event)
    assert app.radio(key="room-audience").disabled
    app = write(app, "We push hard.")
    move(world, event, stages[0])
    app = write(app.run(), "Begun among us")
    assert notes(world) == [("We push hard.", "buyers"), ("Begun among us", "buyers")]
    write(app, "For all", audience="shared")
    assert notes(world)[2] == ("For all", "shared")


# Writing ------------------------------------------------------------------------------------------


def test_a_note_is_stored_in_its_stage_under_its_question_and_the_form_is_empty(
    world: World, open_page: Opener
) -> None:
    event, question, stages = opened(world)
    app = write(open_page("north admin", "room", dialogue=event), "  They listed 14 sites.\nTwo. ")
    app.run()
    stored = world.owner("select text, stage_id::text, question_id::text from quorum.dialogue_note")
    assert stored == [("They listed 14 sites.\nTwo.", stages[0], question)]
    assert app.text_area(key="room-note").value == ""
    assert "They listed 14 sites." in drawn(app)


def test_the_same_words_can_be_written_again(world: World, open_page: Opener) -> None:
    event, *__ = opened(world)
    app = write(open_page("north admin", "room", dialogue=event), "Agreed.").run().run()
    write(app, "Agreed.")
    assert notes(world) == [("Agreed.", "shared"), ("Agreed.", "shared")]


def test_closing_while_somebody_types_keeps_their_text(world: World, open_page: Opener) -> None:
    event, *__ = opened(world)
    sit(world, event, "south admin")
    app = open_page("south admin", "room", dialogue=event)
    world["north admin"].store.call("close_dialogue", {"dialogue_id": event})
    app = write(app, "Half a thought")
    assert errors(app) == [
        "This event is closed. What you wrote was not stored: copy it if you need it."
    ]
    assert app.text_area(key="room-note").value == "Half a thought"
    app.run()
    assert app.text_area(key="room-note").value == "Half a thought"
    assert app.button(key="room-add").disabled
    assert notes(world) == []
    app = app.button(key="room-put-away").click().run()
    assert not {"room-note", "room-put-away"} & keys(app)
    assert errors(app) == []
    assert "No note is stored here any more" not in texts(app)
    assert "room-promise-add" in keys(app)  # commitments can still be added


def test_a_note_whose_answer_was_lost_is_stored_once(
    world: World, open_page: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, *__ = opened(world)
    app = open_page("north admin", "room", dialogue=event)
    call = data.call

    def cut_off(*arguments: Any, **more: Any) -> Any:
        call(*arguments, **more)
        raise Unavailable("The database does not answer.")

    monkeypatch.setattr(data, "call", cut_off)
    app = write(app, "They listed 14 sites.")
    assert errors(app) == ["The database does not answer."]
    assert app.text_area(key="room-note").value == "They listed 14 sites."
    monkeypatch.setattr(data, "call", call)
    app = app.button(key="room-add").click().run().run()
    assert notes(world) == [("They listed 14 sites.", "shared")]
    assert errors(app) == []
    assert app.text_area(key="room-note").value == ""


def test_a_store_that_does_not_answer_leaves_the_screen_as_it_was(
    world: World, open_page: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, *__ = opened(world)
    app = open_page("north admin", "room", dialogue=event)

    def silent(*arguments: Any, **more: Any) -> Any:
        raise Unavailable("The database does not answer.")

    monkeypatch.setattr(data, "ask", silent)
    app.run()
    assert not app.exception
    assert "Who makes the notebooks?" in drawn(app)
    assert "The database does not answer." in drawn(app)
    assert "room-note" in keys(app)


def test_a_text_that_comes_back_with_the_connection_is_stored_once(
    world: World, open_page: Opener
) -> None:
    event, *__ = opened(world)
    app = write(open_page("north admin", "room", dialogue=event), "They listed 14 sites.")
    # The browser did not hear that the form is empty: it sends its text again with the next run.
    app.session_state["room-note"] = "They listed 14 sites."
    app = app.run()
    assert app.text_area(key="room-note").value == ""
    write(app, "They listed 14 sites.")
    assert notes(world) == [("They listed 14 sites.", "shared")]


# Correcting ---------------------------------------------------------------------------------------


def correcting(app: AppTest, note_id: str) -> AppTest:
    app = app.button(key="room-correct-open").click().run()
    return app.selectbox(key="room-pick").set_value(note_id).run()


def note_id(world: World) -> str:
    return str(world.owner("select id::text from quorum.dialogue_note")[0][0])


def test_the_room_shows_the_newest_notes_and_earlier_ones_are_corrected_by_their_words(
    world: World, open_page: Opener
) -> None:
    event, __, stages = opened(world)
    north = world["north admin"].store
    note(north, event, "They listed 14 sites.", stage_id=stages[0])
    first = note_id(world)
    told = "These are the newest 50."
    assert told not in drawn(open_page("north admin", "room", dialogue=event))
    for n in range(NEWEST):
        note(north, event, f"Said in place {n}.", stage_id=stages[0])
    app = open_page("north admin", "room", dialogue=event)
    assert told in drawn(app) and "Said in place 0." in drawn(app)
    assert "They listed 14 sites." not in drawn(app)
    app = app.button(key="room-correct-open").click().run()
    assert len(app.selectbox(key="room-pick").options) == NEWEST
    app = app.text_input(key="room-note-words").set_value("LISTED").run()
    earlier = app.selectbox(key="room-pick")
    assert earlier.options == ["They listed 14 sites."]
    app = earlier.set_value(first).run()
    app.text_area(key="room-corrected").set_value("They listed 16 sites.")
    app = app.button(key="room-correct-save").click().run()
    assert not errors(app)
    assert ("They listed 16 sites.", "shared") in notes(world)
    assert ("They listed 14 sites.", "shared") not in notes(world)


def test_closing_while_somebody_corrects_keeps_their_text(world: World, open_page: Opener) -> None:
    event, __, stages = opened(world)
    north = world["north admin"].store
    note(north, event, "They listed 14 sites.", stage_id=stages[0])
    app = correcting(open_page("north admin", "room", dialogue=event), note_id(world))
    app.text_area(key="room-corrected").set_value("They listed 16 sites.")
    north.call("close_dialogue", {"dialogue_id": event})
    app = app.button(key="room-correct-save").click().run()
    assert len(errors(app)) == 1
    assert app.text_area(key="room-corrected").value == "They listed 16 sites."


def test_of_two_who_correct_one_note_nobody_is_overwritten(world: World, open_page: Opener) -> None:
    event, __, stages = opened(world)
    sit(world, event, "south admin")
    north = world["north admin"].store
    note(north, event, "They listed 14 sites.", stage_id=stages[0])
    app = correcting(open_page("south admin", "room", dialogue=event), note_id(world))
    note(north, event, "They listed 15 sites.", id=note_id(world), version=1)
    app.text_area(key="room-corrected").set_value("They listed 16 sites.")
    app = app.button(key="room-correct-save").click().run()
    assert notes(world) == [("They listed 15 sites.", "shared")]
    table = app.table[0].value.astype(str).to_string().replace("\\", "")
    assert "They listed 15 sites." in table
    assert "They listed 16 sites." in table
    app = app.button(key="room-clash-mine").click().run()
    assert notes(world) == [("They listed 16 sites.", "shared")]


def test_a_note_that_was_struck_meanwhile_is_not_lost(world: World, open_page: Opener) -> None:
    event, __, stages = opened(world)
    sit(world, event, "south admin")
    north = world["north admin"].store
    note(north, event, "They listed 14 sites.", stage_id=stages[0])
    app = correcting(open_page("south admin", "room", dialogue=event), note_id(world))
    north.call("strike_note", {"id": note_id(world), "version": 1})
    app.text_area(key="room-corrected").set_value("They listed 16 sites.")
    app = app.button(key="room-correct-save").click().run()
    assert [one.value for one in app.code] == ["They listed 16 sites."]
    app.button(key="room-add-struck").click().run()
    assert notes(world) == [("They listed 16 sites.", "shared")]


def test_who_leads_strikes_a_note_and_others_only_their_own(
    world: World, open_page: Opener
) -> None:
    event, __, stages = opened(world)
    sit(world, event, "south admin")
    note(world["north admin"].store, event, "They listed 14 sites.", stage_id=stages[0])
    app = correcting(open_page("south admin", "room", dialogue=event), note_id(world))
    assert "room-strike" not in keys(app)
    app = correcting(open_page("north admin", "room", dialogue=event), note_id(world))
    app.button(key="room-strike").click().run()
    assert notes(world) == []


# Commitments --------------------------------------------------------------------------------------


def test_a_commitment_needs_a_day(world: World, open_page: Opener) -> None:
    event, *__ = opened(world)
    sit(world, event, "south admin")
    app = open_page("south admin", "room", dialogue=event)
    app.text_area(key="room-promised").set_value("Publish all sites")
    app = app.button(key="room-promise-add").click().run()
    assert errors(app) == ["Say by which day: a commitment without a date is never overdue."]
    assert app.text_area(key="room-promised").value == "Publish all sites"
    due = date.today() + timedelta(days=90)
    app.date_input(key="room-due").set_value(due)
    app = app.button(key="room-promise-add").click().run().run()
    stored = world["south admin"].store.rows("commitment")
    assert stored.select("text", "owner_id").row(0) == (
        "Publish all sites", world["south admin"].organisation_id,
    )  # fmt: skip
    assert str(stored["due_on"][0]) == str(due)
    assert "Publish all sites" in drawn(app)
    assert app.text_area(key="room-promised").value == ""


# Leading ------------------------------------------------------------------------------------------


def test_who_leads_goes_from_question_to_question_and_stage_to_stage(
    world: World, open_page: Opener
) -> None:
    event, *__ = opened(world)
    ask(world["north admin"].store, event, "When will you publish wages?")
    app = open_page("north admin", "room", dialogue=event)
    app = app.button(key="room-answered").click().run()
    assert "answered" in drawn(app)
    app = app.button(key="room-next-question").click().run()
    assert drawn(app).index("When will you publish wages?") < drawn(app).index("Next questions")
    assert "Who makes the notebooks?" not in drawn(app)
    app = app.button(key="room-next-stage").click().run()
    assert "Stage 2 of 2: Among buyers" in drawn(app)
    assert app.button(key="room-next-stage").disabled


def test_what_was_put_to_the_room_does_not_come_up_again_by_itself(
    world: World, open_page: Opener
) -> None:
    event, *__ = opened(world)
    for text in ("When will you publish wages?", "Who audits the sites?"):
        ask(world["north admin"].store, event, text)
    app = open_page("north admin", "room", dialogue=event)
    shown = []
    for _turn in range(2):
        app = app.button(key="room-next-question").click().run()
        shown.append(drawn(app).split("</p>")[1].split(">")[-1])
    assert sorted(shown) == ["Who audits the sites?", "When will you publish wages?"][::-1]
    assert app.button(key="room-next-question").disabled
    assert drawn(app).count("asked already") == 2


def test_of_many_questions_the_rest_is_counted_and_found_by_its_words(
    world: World, open_page: Opener
) -> None:
    event, *__ = opened(world)
    world.owner(
        "insert into quorum.dialogue_question (id, dialogue_id, chatham, board, text)"
        " select gen_random_uuid(), %s, false, 'shared', 'Question number ' || n"
        " from generate_series(1, 100) n",
        event,
    )
    app = open_page("north admin", "room", dialogue=event)
    assert "and 92 more" in drawn(app)
    assert len(app.selectbox(key="room-question").options) == 30
    app = app.text_input(key="room-words").set_value("NUMBER 77").run()
    assert app.selectbox(key="room-question").options == ["Question number 77"]
    found = "select id::text from quorum.dialogue_question where text = 'Question number 77'"
    app.selectbox(key="room-question").set_value(world.owner(found)[0][0])
    app = app.button(key="room-go-question").click().run()
    assert drawn(app).index("Question number 77") < drawn(app).index("Next questions")


def test_the_room_shows_what_is_still_open_from_earlier_events(
    world: World, open_page: Opener
) -> None:
    supplier = world.supplier()
    before = plan(world, supplier)
    north, south = world["north admin"].store, world["south admin"].store
    north.call("open_dialogue", {"dialogue_id": before})
    for text, due in (("Publish all sites", "2026-11-11"), ("Train buyers", "2030-01-01")):
        north.call(
            "capture_commitment",
            {"id": str(uuid.uuid4()), "dialogue_id": before, "supplier_id": supplier,
             "owner_id": world["north admin"].organisation_id, "text": text, "due_on": due},
        )  # fmt: skip
    event = plan(world, supplier)
    south.call("take_seat", {"dialogue_id": event})
    shown = drawn(open_page("south admin", "room", dialogue=event))
    still = shown[shown.index("Still open from earlier events") :]
    assert still.index("Publish all sites") < still.index("Overdue") < still.index("Train buyers")


def test_who_leads_goes_to_any_stage_and_question(world: World, open_page: Opener) -> None:
    event, __, stages = opened(world)
    wages = ask(world["north admin"].store, event, "When will you publish wages?")
    app = open_page("north admin", "room", dialogue=event)
    app.selectbox(key="room-question").set_value(wages)
    app = app.button(key="room-go-question").click().run()
    assert drawn(app).index("When will you publish wages?") < drawn(app).index("Next questions")
    app.selectbox(key="room-stage").set_value(stages[1])
    app = app.button(key="room-go-stage").click().run()
    assert "Stage 2 of 2" in drawn(app)


def test_who_leads_closes_the_event(world: World, open_page: Opener) -> None:
    event, *__ = opened(world)
    app = choose(open_page("north admin", "room", dialogue=event), **{"room-close": True})
    said = " ".join(closing_words(chatham=False))
    assert "Commitments can still be added and followed up." in said
    assert "\n".join(closing_words(chatham=False)) in texts(app)
    app = app.button(key="room-close-now").click().run()
    assert world.owner("select state from dialogue") == [("closed",)]
    assert "This event is closed." in texts(app.run())
    fresh = open_page("north admin", "room", dialogue=event)
    assert "room-note" not in keys(fresh)
    assert not fresh.exception
