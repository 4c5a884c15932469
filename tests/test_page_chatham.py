"""What can be taken along from an event under the Chatham House Rule, page by page."""

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import World
from tests.test_dialogue_store import ask, note, plan
from tests.test_page_dialogues import (
    as_stored,
    button,
    choose,
    downloads,
    errors,
    field,
    held,
    part,
    planning,
    texts,
)  # fmt: skip
from tests.test_page_leverage_used import used
from tests.test_page_room import correcting, note_id, notes, write

Opener = Callable[..., AppTest]
Files = dict[str, Callable[[], bytes]]
WORDING = "Promised under the Chatham House Rule; the wording is left out."


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Files:
    """The files that a page offers, by the key of their button."""
    made: Files = {}

    def kept(label: str, content: Callable[[], bytes], **settings: Any) -> None:
        made[settings["key"]] = content

    monkeypatch.setattr("streamlit.download_button", kept)
    return made


def lines(content: bytes) -> list[str]:
    """The rows of a csv, without its header."""
    return content.decode("utf-8-sig").splitlines()[1:]


def unfolded(content: bytes) -> str:
    return content.decode().replace("\r\n ", "")


def promise(world: World, event: str, supplier: str, text: str, owner: str = "south admin") -> None:
    world["north admin"].store.call(
        "capture_commitment",
        {"id": str(uuid.uuid4()), "dialogue_id": event, "supplier_id": supplier, "text": text,
         "owner_id": world[owner].organisation_id, "due_on": "2027-03-01"},
    )  # fmt: skip


def closed(world: World, supplier: str, *promises: str, **changes: Any) -> str:
    """An event of which North sat in the room, and South did not."""
    event = held(world, supplier, **{"chatham": True, **changes})
    ask(world["north admin"].store, event, "Why does South refuse?")
    for text in promises:
        promise(world, event, supplier, text)
    world["north admin"].store.call("close_dialogue", {"dialogue_id": event})
    return event


# What came of it ----------------------------------------------------------------------------------


@pytest.mark.parametrize("actor", ["north admin", "north viewer"])
def test_tables_of_an_event_under_the_rule_have_no_file(
    world: World, open_page: Opener, actor: str
) -> None:
    event = closed(world, world.supplier("Aurora"), "Told to South")
    app = open_page(actor, "dialogue", dialogue=event)
    assert not app.exception
    shown = [one.value["text"].to_list() for one in app.dataframe]
    assert shown == [["Told to South"], ["Why does South refuse?"]]
    assert downloads(app) == []
    assert texts(app).count("there is no file of this table") == 2


def test_without_the_rule_they_have(world: World, open_page: Opener, files: Files) -> None:
    event = closed(world, world.supplier("Aurora"), "Told to South", chatham=False)
    app = open_page("north viewer", "dialogue", dialogue=event)
    assert "there is no file of this table" not in texts(app)
    assert lines(files[f"asked-{event}-csv"]()) == ["0,Why does South refuse?,Open,,,,Shared board"]


# Commitments and uses of leverage -----------------------------------------------------------------


def test_a_list_of_commitments_leaves_without_names(
    world: World, open_page: Opener, files: Files
) -> None:
    aurora = world.supplier("Aurora")
    closed(world, aurora, "Told to South", "Publish all sites", title="Ruled")
    closed(world, aurora, "Told to South as well", title="Open", chatham=False)

    def listed(actor: str) -> set[tuple[str, ...]]:
        app = open_page(actor, "commitments")
        assert not app.exception
        assert app.dataframe[0].value["owner"].to_list() == ["South"] * 3
        assert "Told to South" in app.dataframe[0].value["text"].to_list()
        rows = [one.split(",") for one in lines(files["commitments-csv"]())]
        return {(row[1], *row[5:7]) for row in rows}  # promised, followed up by, in

    said_openly = ("Told to South as well", "South", "Open")
    assert listed("north admin") == {
        said_openly, (WORDING, "", "Ruled"), ("Publish all sites", "", "Ruled"),
    }  # fmt: skip
    # Who was not in the room cannot check, and takes no wording along.
    assert listed("north viewer") == {said_openly, (WORDING, "", "Ruled")}
    assert "Told to South as well" in unfolded(files["commitments-ics"]())
    assert "Publish" not in unfolded(files["commitments-ics"]())
    assert unfolded(files["commitments-ics"]()).count(f"DESCRIPTION:{WORDING[:8]}") == 2


def test_a_use_of_leverage_in_such_an_event_leaves_without_names(
    world: World, open_page: Opener, files: Files
) -> None:
    aurora = world.supplier("Aurora")
    event = closed(world, aurora)
    asked = {"channel": "dialogue", "dialogue_id": event, "jointly": True, "together_with": "South"}
    used(world, "north admin", aurora, asked="A list, for South", asked_on="2026-05-05", **asked)
    used(world, "north admin", aurora, asked="More audits", asked_on="2026-05-04", **asked)
    used(world, "north admin", aurora, asked="By letter to South", asked_on="2026-05-03")
    app = open_page("north admin", "leverage_used")
    assert not app.exception
    assert app.dataframe[0].value["asked"][0] == "A list, for South"
    assert [one.split(",")[2:6] for one in lines(files["leverage-used-csv"]())] == [
        ["Asked under the Chatham House Rule; the wording is left out.", "", "Jointly", ""],
        ["More audits", "", "Jointly", ""],
        ["By letter to South", "North", "Alone", '""'],
    ]


def test_what_is_explored_says_of_such_an_event_neither_who_follows_up_nor_who_asked(
    world: World, open_page: Opener, files: Files
) -> None:
    aurora = world.supplier("Aurora")
    for title, chatham in (("Ruled", True), ("Open", False)):
        event = closed(world, aurora, "Publish all sites", title=title, chatham=chatham)
        used(world, "north admin", aurora, channel="dialogue", dialogue_id=event)
    for dataset, who, name in (
        ("commitments", "owner", "South"), ("leverage_use", "organisation", "North"),
    ):  # fmt: skip
        files.clear()
        app = open_page("north admin", "explore", data=dataset, by=who, show="rows")
        assert not app.exception
        told = next(make() for key, make in files.items() if key.endswith("-csv"))
        assert set(lines(told)) == {"Not known", name}


# Papers -------------------------------------------------------------------------------------------


def briefings(app: AppTest) -> list[str]:
    return [one for one in downloads(app) if "Briefing" in one]


def test_what_was_promised_under_the_rule_is_checked_in_the_briefing_of_the_next_event(
    world: World, open_page: Opener
) -> None:
    aurora = world.supplier("Aurora")
    closed(world, aurora, "Publish all sites", "Told to South", title="Round one")
    event = plan(world, aurora, title="Round two")
    app = part(open_page("north admin", "dialogue", dialogue=event), "papers")
    assert any("this cannot be exported" in one for one in errors(app))
    assert "“South” in open commitment 2 names an organisation in the room." in texts(app)
    assert briefings(app) == []
    app = app.checkbox(key=f"briefing-{event}-{aurora}-buyers-out").check().run()
    assert briefings(app) == ["Briefing to print (pdf)", "Briefing to work on (docx)"]


def test_who_was_not_in_that_room_hands_on_none_of_its_wording(
    world: World, open_page: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    monkeypatch.setattr("components.dialogues_papers._files", lambda paper, key: made.append(paper))
    aurora = world.supplier("Aurora")
    closed(world, aurora, "Publish all sites", title="Round one")
    event = plan(world, aurora, title="Round two")
    part(open_page("north admin", "dialogue", dialogue=event), "papers")
    assert list(made.pop().written.values())[-1:] == ["Publish all sites"]
    app = part(open_page("south admin", "dialogue", dialogue=event), "papers")
    assert "What was promised or asked in “Round one” stands in it" in texts(app)
    assert made == []
    app.checkbox(key=f"briefing-{event}-{aurora}-buyers-out").check().run()
    assert list(made.pop().written.values())[-1:] == [WORDING]


def test_a_briefing_is_made_without_plan_and_questions_that_name_somebody(
    world: World, open_page: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    monkeypatch.setattr("components.dialogues_papers._files", lambda paper, key: made.append(paper))
    aurora = world.supplier("Aurora")
    stages = [
        {"title": title, "purpose": purpose, "minutes": 30, "audience": "all"}
        for title, purpose in (("Where we stand", "As South sees it"), ("Said by South", "Wages"))
    ]
    plan_of = {"title": "Told to South", "place": "At the office of South", "stages": stages}
    event = plan(world, aurora, chatham=True, **plan_of)
    north = world["north admin"].store
    ask(north, event, "Why does South pay more?")
    ask(north, event, "Who makes it?", topic="What South asks")
    app = part(open_page("north admin", "dialogue", dialogue=event), "papers")
    assert "“South” in the place names an organisation in the room." in texts(app)
    assert made == []
    app.checkbox(key=f"briefing-{event}-{aurora}-buyers-out").check().run()
    written = made.pop().written
    assert not any("South" in text for text in written.values())
    assert written["the title"] == "A dialogue with suppliers"
    assert written["the place"] == ""
    assert written["stage 1 of the agenda"] == "Where we stand. "
    assert written["stage 2 of the agenda"] == "A stage of the agenda. Wages"
    assert [text for place, text in written.items() if place.startswith("question")] == [
        "Who makes it?"
    ]


def test_minutes_leave_without_the_place_and_the_topic_that_name_somebody(
    world: World, open_page: Opener, files: Files
) -> None:
    aurora = world.supplier("Aurora")
    event = held(world, aurora, chatham=True, place="At the office of South")
    store = world["north admin"].store
    ask(store, event, "Who makes it?", topic="Asked by South")
    note(store, event, "They told South in May.", audience="buyers")
    store.call("close_dialogue", {"dialogue_id": event})
    for reader, n in (("buyers", "3 texts were"), ("room", "2 texts were")):
        app = part(open_page("north admin", "dialogue", dialogue=event), "papers")
        choose(app, **{f"minutes-{event}-reader": reader})
        assert f"minutes-{event}-{reader}-md" not in files
        app.checkbox(key=f"minutes-{event}-{reader}-out").check().run()
        paper = files[f"minutes-{event}-{reader}-md"]().decode()
        assert f"{n} left out" in paper  # what is among buyers the room does not count either
        assert "Who makes it?" in paper and "South" not in paper


def test_the_calendar_has_nothing_that_names_somebody_or_cannot_be_checked(
    world: World, open_page: Opener, files: Files
) -> None:
    event = plan(world, world.supplier("Aurora"), chatham=True, title="Round two",
                 aim="As South proposed", place="Room four")  # fmt: skip
    app = part(open_page("north admin", "dialogue", dialogue=event), "papers")
    told = unfolded(files[f"ics-{event}"]())
    assert "cannot be checked without a seat: the aim." in texts(app)
    assert "South" not in told
    assert "SUMMARY:Round two" in told and "LOCATION:Room four" in told and "Baseline" in told
    app = part(open_page("south admin", "dialogue", dialogue=event), "papers")
    told = unfolded(files[f"ics-{event}"]())
    assert "without a seat: the title, the aim, the place, titles of the agenda." in texts(app)
    assert "SUMMARY:A dialogue with suppliers" in told and "Suppliers: Aurora" in told
    assert not any(one in told for one in ("Round two", "South", "Room four", "Baseline"))
    assert date(2026, 11, 10).strftime("DTSTART:%Y%m%dT080000Z") in told


# Before it is stored ------------------------------------------------------------------------------


def asked_of(app: AppTest, written: str, place: str) -> bool:
    """Whether the page asks about this word, and says what to do."""
    said = " ".join(errors(app))
    return f"“{written}” in {place} names" in said and "send it once more as it is" in said


def test_a_note_that_names_somebody_is_stored_when_it_is_sent_again(
    world: World, open_page: Opener
) -> None:
    event = held(world, world.supplier("Aurora"), chatham=True)
    app = open_page("north admin", "room", dialogue=event)
    app = write(app, "They sell most to South.", audience="shared")
    assert asked_of(app, "South", "the note")
    assert notes(world) == []
    assert app.text_area(key="room-note").value == "They sell most to South."
    app = write(app, "They sell most to one member.")
    assert not errors(app)
    assert [text for text, __ in notes(world)] == ["They sell most to one member."]
    app = write(app.run(), "They named the ship South.")
    assert asked_of(app, "South", "the note")
    app = write(app, "They named the ship South.")
    assert not errors(app)
    assert len(notes(world)) == 2


def test_without_the_rule_names_are_written_as_they_are(world: World, open_page: Opener) -> None:
    event = held(world, world.supplier("Aurora"))
    app = write(open_page("north admin", "room", dialogue=event), "They sell most to South.")
    assert not errors(app)
    assert len(notes(world)) == 1


def test_a_corrected_note_and_a_commitment_that_name_somebody_are_asked_about(
    world: World, open_page: Opener
) -> None:
    event = held(world, world.supplier("Aurora"), chatham=True)
    note(world["north admin"].store, event, "They listed 14 sites.")
    app = correcting(open_page("north admin", "room", dialogue=event), note_id(world))
    app.text_area(key="room-corrected").set_value("They listed 14 sites for South.")
    app = app.button(key="room-correct-save").click().run()
    assert asked_of(app, "South", "the note")
    assert [text for text, __ in notes(world)] == ["They listed 14 sites."]
    app = app.button(key="room-correct-save").click().run()
    assert [text for text, __ in notes(world)] == ["They listed 14 sites for South."]
    app.text_area(key="room-promised").set_value("To tell South more")
    app.date_input(key="room-due").set_value(date.today())
    app = app.button(key="room-promise-add").click().run()
    assert asked_of(app, "South", "the commitment")
    assert world.owner("select count(*) from commitment") == [(0,)]
    app = app.button(key="room-promise-add").click().run()
    assert world.owner("select text from commitment") == [("To tell South more",)]


def test_a_question_that_names_somebody_is_asked_about(world: World, open_page: Opener) -> None:
    event = plan(world, world.supplier("Aurora"), chatham=True)
    app = part(open_page("north admin", "dialogue", dialogue=event), "questions")
    field(app, "Question").set_value("Why does South pay more?")
    app = button(app, "Add to the shared board").click().run()
    assert asked_of(app, "South", "the question")
    assert "No question stands here yet." in texts(app)
    field(app, "Question").set_value("Why do some pay more?")
    app = button(app, "Add to the shared board").click().run()
    assert not errors(app)
    app = button(app, "Edit").click().run()
    edited = next(one for one in app.text_area if one.value == "Why do some pay more?")
    edited.set_value("Why does South pay more?")
    app = button(app, "Save").click().run()
    assert asked_of(app, "South", "the question")
    app = button(app, "Save").click().run()
    assert not errors(app)
    assert "Why does South pay more?" in texts(app)


def test_a_commitment_added_afterwards_that_names_somebody_is_asked_about(
    world: World, open_page: Opener
) -> None:
    event = closed(world, world.supplier("Aurora"))
    app = choose(
        open_page("north admin", "dialogue", dialogue=event), **{f"promising-{event}": True}
    )
    field(app, "What was promised").set_value("To tell South more")
    next(one for one in app.date_input if one.label == "By which day").set_value(date.today())
    app = button(app, "Add the commitment").click().run()
    assert asked_of(app, "South", "the commitment")
    app = button(app, "Add the commitment").click().run()
    assert not errors(app)
    assert app.dataframe[0].value["text"].to_list() == ["To tell South more"]


def test_a_plan_under_the_rule_that_names_somebody_is_asked_about(
    world: World, open_page: Opener
) -> None:
    aurora = world.supplier("Aurora")
    app = planning(open_page)
    app.multiselect(key="plan-chosen").set_value([aurora])
    app.toggle(key="plan-chatham").set_value(True)
    for label, typed in (("Title", "Round two"), ("Place", "Office of South")):
        field(app, label).set_value(typed)
    app = button(app.run(), "Plan the event").click().run()
    assert asked_of(app, "South", "the place")
    assert world["north admin"].store.rows("dialogue").is_empty()
    app = button(app, "Plan the event").click().run()
    assert world["north admin"].store.rows("dialogue")["place"].to_list() == ["Office of South"]


def test_changes_to_event_and_agenda_that_name_somebody_are_asked_about(
    world: World, open_page: Opener
) -> None:
    event = plan(world, world.supplier("Aurora"), chatham=True)
    app = open_page("north admin", "dialogue", dialogue=event)
    app = button(app, "Change title, aim, place, link or votes").click().run()
    field(app, "Aim").set_value("To learn from South")
    app = app.button(key=f"dialogue-{event}-save").click().run()
    assert asked_of(app, "South", "the aim")
    app = app.button(key=f"dialogue-{event}-save").click().run()
    assert as_stored(world, event)["aim"] == "To learn from South"
    app = choose(app, **{f"agenda-{event}-adding": True})
    field(app, "Title of the stage").set_value("Welcome by South")
    app = button(app, "Add at the end").click().run()
    assert asked_of(app, "South", "the title of the stage")
    app = button(app, "Add at the end").click().run()
    stages = world["north admin"].store.rows("dialogue_stage")
    assert "Welcome by South" in stages["title"].to_list()


def test_before_the_rule_is_chosen_it_is_said_what_names_somebody(
    world: World, open_page: Opener
) -> None:
    event = plan(world, world.supplier("Aurora"), place="Office of South")
    app = choose(open_page("north admin", "dialogue", dialogue=event), **{f"chatham-{event}": True})
    assert "“South” in the place names an organisation in the room." in texts(app)
    button(app, "Hold it under this rule").click().run()
    assert as_stored(world, event)["chatham"]


@pytest.mark.parametrize("chatham", [True, False])
def test_before_an_event_under_the_rule_is_closed_it_is_said_what_names_somebody(
    world: World, open_page: Opener, chatham: bool
) -> None:
    event = held(world, world.supplier("Aurora"), chatham=chatham)
    north = world["north admin"].store
    note(north, event, "They sell most to South.")
    ask(north, event, "Who makes it?")
    for page, keys in (("room", {"room-close": True}), ("dialogue", {})):
        app = choose(open_page("north admin", page, dialogue=event), **keys)
        if page == "dialogue":
            app = button(app, "Close the event").click().run()
        assert not app.exception
        assert "It cannot be opened again." in texts(app)
        assert ("1 place names somebody." in texts(app)) == chatham
        assert ("“South” in note 1" in texts(app)) == chatham


def test_what_was_promised_under_the_rule_suggests_no_question_that_names_somebody(
    world: World, open_page: Opener
) -> None:
    aurora = world.supplier("Aurora")
    closed(world, aurora, "Told to South", "Publish all sites")
    event = plan(world, aurora)
    world["south admin"].store.call("take_seat", {"dialogue_id": event})

    def suggested(actor: str) -> str:
        app = part(open_page(actor, "dialogue", dialogue=event), "questions")
        return texts(choose(app, **{"board-suggest": True}))

    assert "“Publish all sites”" in suggested("north admin")
    assert "Told to South" not in suggested("north admin")
    # Who was not in that room cannot check it.
    assert "“Publish all sites”" not in suggested("south admin")


def test_a_suggested_question_that_names_somebody_is_asked_about(
    world: World, open_page: Opener
) -> None:
    aurora = world.supplier("Aurora")
    closed(world, aurora, "Told to South", chatham=False)
    event = plan(world, aurora, chatham=True)
    app = part(open_page("north admin", "dialogue", dialogue=event), "questions")
    app = choose(app, **{"board-suggest": True})
    key = f"suggest-promised:{aurora}:{commitment(world)}-buyers"
    app = app.button(key=key).click().run()
    assert asked_of(app, "South", "the question")
    assert world.owner("select count(*) from quorum.dialogue_question") == [(1,)]
    app = app.button(key=key).click().run()
    assert not errors(app)
    assert world.owner("select count(*) from quorum.dialogue_question") == [(2,)]


def commitment(world: World) -> str:
    return str(world.owner("select id::text from commitment")[0][0])
