"""The pages of dialogues: what hosts, other members, viewers and guests see and do there."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from components.dialogues import closing_words, when
from quorum.exports.calendar import dialogue_to_ics
from quorum.store import NotAllowed, Row
from tests.conftest import Actor, World, select_row
from tests.test_dialogue_store import ask, guest, note, plan

Opener = Callable[..., AppTest]


def texts(app: AppTest) -> str:
    found = [*app.markdown, *app.caption, *app.warning, *app.info, *app.error, *app.success,
             *app.subheader, *app.title]  # fmt: skip
    return "\n".join(one.value.replace("\\", "").replace("\u2060", "") for one in found)


def errors(app: AppTest) -> list[str]:
    return [one.value.replace("\\", "").replace("\u2060", "") for one in app.error]


def buttons(app: AppTest) -> list[str]:
    return [one.label.replace("\\", "") for one in app.button]


def button(app: AppTest, label: str) -> Any:
    return next(one for one in app.button if one.label.replace("\\", "") == label)


def field(app: AppTest, label: str) -> Any:
    """The first text field or area of this label."""
    return next(one for one in [*app.text_input, *app.text_area] if one.label == label)


def choose(app: AppTest, **state: object) -> AppTest:
    """The page with these choices made in its widgets."""
    for key, value in state.items():
        app.session_state[key.replace("__", "-")] = value
    return app.run()


def part(app: AppTest, name: str) -> AppTest:
    """Another part of the event's page."""
    return app.radio(key="dialogue_part").set_value(name).run()


def seated(world: World, event: str, supplier: str, name: str = "rep") -> str:
    """Somebody of the supplier who came by a link, as an actor."""
    store = guest(world, event, supplier, name)
    email = f"{name}@example.org"
    user = world.owner("select id::text from auth.users where email = %s", email)[0][0]
    world.actors[name] = Actor(user, email, "", store)
    return name


@pytest.mark.parametrize("actor", ["north admin", "north viewer", "west admin", "east admin"])
@pytest.mark.parametrize("page", ["dialogues", "dialogue"])
def test_without_an_event_the_pages_say_what_will_stand_there(
    open_page: Opener, page: str, actor: str
) -> None:
    app = open_page(actor, page)
    assert not app.exception
    assert "No event is planned yet" in texts(app)


@pytest.mark.parametrize("page", ["dialogues", "dialogue"])
def test_without_signing_in_nothing_is_shown(open_page: Opener, page: str) -> None:
    app = open_page(None, page)
    assert not app.metric and not app.dataframe


# Planning -----------------------------------------------------------------------------------------


def planning(open_page: Opener, actor: str = "north editor") -> AppTest:
    """The form for a new event, open."""
    app = open_page(actor, "dialogues")
    app.session_state["dialogues_plan"] = True
    return app.run()


@pytest.mark.both_doors
def test_an_editor_plans_an_event_from_a_template(world: World, open_page: Opener) -> None:
    aurora = world.supplier("Aurora")
    app = planning(open_page)
    app.multiselect(key="plan-chosen").set_value([aurora])
    field(app, "Title").set_value("Round two")
    app.run()
    app = button(app, "Plan the event").click().run()
    assert not errors(app) and not app.exception
    found = world["south admin"].store.rows("dialogue").row(0, named=True)
    assert found["title"] == "Round two"
    stages = world["south admin"].store.rows("dialogue_stage", order=("position",))
    assert stages["title"][0] == "Introduction and baseline"
    lasts = (found["ends_at"] - found["starts_at"]).total_seconds() / 60
    assert lasts == stages["minutes"].sum()


def test_an_event_without_supplier_or_title_is_not_planned(world: World, open_page: Opener) -> None:
    world.supplier("Aurora")
    app = button(planning(open_page), "Plan the event").click().run()
    assert errors(app) == [
        "Give the dialogue a title.", "Choose at least one supplier to talk with.",
    ]  # fmt: skip
    assert world["north admin"].store.rows("dialogue").is_empty()


def test_a_time_that_the_clocks_skip_is_refused_and_one_they_double_is_asked(
    world: World, open_page: Opener
) -> None:
    world.supplier("Aurora")
    app = planning(open_page)
    app.selectbox(key="plan-zone").set_value("Europe/Brussels")
    app.date_input(key="plan-day").set_value(date(2027, 3, 28))
    app.time_input(key="plan-clock").set_value(time(2, 30))
    app = app.run()
    assert any("clocks go forward" in one for one in errors(app))
    app.date_input(key="plan-day").set_value(date(2027, 10, 31))
    app = app.run()
    asked = app.radio(key="plan-which")
    assert "it is 02:30 twice" in asked.label.replace("\\", "").replace("\u2060", "")
    app = button(app, "Plan the event").click().run()
    assert "Choose a time that exists, above." in errors(app)


def test_a_viewer_plans_nothing(world: World, open_page: Opener) -> None:
    app = open_page("north viewer", "dialogues")
    assert "An editor or admin of your organisation can plan an event." in texts(app)
    assert not app.expander


# One event ----------------------------------------------------------------------------------------


def test_everybody_of_the_consortium_sees_the_agenda_and_only_hosts_change_it(
    world: World, open_page: Opener
) -> None:
    event = plan(world, world.supplier())
    for actor, changes in (("north editor", True), ("north viewer", False), ("south admin", False)):
        app = open_page(actor, "dialogue", dialogue=event)
        assert not app.exception
        assert app.dataframe[0].value["title"].to_list() == ["Baseline", "Among buyers"]
        assert app.dataframe[0].value["time"].to_list() == ["09:00 – 09:30", "09:30 – 09:50"]
        assert ("Change title, aim, place, link or votes" in buttons(app)) == changes
        assert ("Open the event" in buttons(app)) == changes


def test_outside_the_consortium_there_is_no_such_event(world: World, open_page: Opener) -> None:
    event = plan(world, world.supplier())
    app = open_page("east admin", "dialogue", dialogue=event)
    assert "No event has this address" in texts(app)


def test_a_stage_is_added_at_the_end(world: World, open_page: Opener) -> None:
    event = plan(world, world.supplier())
    app = open_page("north editor", "dialogue", dialogue=event)
    app.session_state[f"agenda-{event}-adding"] = True
    app.run()
    field(app, "Title of the stage").set_value("Closing round")
    app = button(app, "Add at the end").click().run()
    assert app.dataframe[0].value["title"].to_list()[-1] == "Closing round"


@pytest.mark.both_doors
def test_two_hosts_who_change_one_event_see_both_versions(world: World, open_page: Opener) -> None:
    event = plan(world, world.supplier())
    app = open_page("north editor", "dialogue", dialogue=event)
    app = button(app, "Change title, aim, place, link or votes").click().run()
    world["north admin"].store.update("dialogue", {"aim": "Sites"}, {"id": event}, 1)
    field(app, "Aim").set_value("Wages")
    app = button(app, "Save").click().run()
    assert "compare the two versions" in texts(app)
    app = button(app, "Save my version").click().run()
    assert world["south admin"].store.rows("dialogue")["aim"].to_list() == ["Wages"]


def test_closing_asks_once_and_says_what_is_destroyed(world: World, open_page: Opener) -> None:
    event = plan(world, world.supplier(), chatham=True)
    app = open_page("north editor", "dialogue", dialogue=event)
    app = button(app, "Open the event").click().run()
    app = button(app, "Close the event").click().run()
    assert " ".join(closing_words(chatham=True)) in texts(app)
    assert world["north admin"].store.rows("dialogue")["state"].to_list() == ["live"]
    app = button(app, "Close it now").click().run()
    assert not errors(app)
    assert world["north admin"].store.rows("dialogue")["state"].to_list() == ["closed"]


def test_one_joins_the_video_meeting_until_the_event_is_over(
    world: World, open_page: Opener
) -> None:
    event = plan(world, world.supplier(), link="https://example.org/meet")
    store = world["north admin"].store

    def links() -> list[str]:
        app = open_page("south admin", "dialogue", dialogue=event)
        return [one.proto.label for one in app.get("link_button")]

    assert links() == ["Join the video meeting"]
    store.call("open_dialogue", {"dialogue_id": event})
    assert links() == ["Join the video meeting"]
    store.call("close_dialogue", {"dialogue_id": event})
    assert links() == []


def test_what_decides_stands_first_in_the_tables(world: World, open_page: Opener) -> None:
    plan(world, world.supplier())
    app = planning(open_page)
    events, candidates, *_rest = (list(one.value.columns) for one in app.dataframe)
    assert events == [
        "title", "when_words", "state_name", "made", "verified", "still_open", "suppliers",
    ]  # fmt: skip
    assert candidates == [
        "supplier", "members", "level", "still_open", "overdue", "contracts", "next_end",
        "assessed_on",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("here", "zone"),
    [("", True), ("Europe/Lisbon", True), ("Europe/Brussels", False), ("Nowhere/Land", True)],
)
def test_the_time_zone_is_named_where_the_readers_clocks_differ(here: str, zone: bool) -> None:
    event = {
        "starts_at": datetime(2026, 11, 10, 8, tzinfo=UTC),
        "ends_at": datetime(2026, 11, 10, 11, tzinfo=UTC), "time_zone": "Europe/Stockholm",
    }  # fmt: skip
    named = ", Europe/Stockholm" if zone else ""
    assert when(event, here) == f"Tue 2026-11-10, 09:00 to 12:00{named}"


def test_what_a_selected_stage_is_for_is_shown_whole(world: World, open_page: Opener) -> None:
    purpose = "Go through the commitments, one after the other, and say what shows it. " * 3
    stages = [{"title": "Baseline", "purpose": purpose, "minutes": 30, "audience": "all"}]
    event = plan(world, world.supplier(), stages=stages)
    app = open_page("north editor", "dialogue", dialogue=event)
    assert purpose.strip() not in texts(app)
    assert purpose.strip() in texts(select_row(app, f"agenda-{event}", 0))
    app = select_row(open_page("north viewer", "dialogue", dialogue=event), f"agenda-{event}", 0)
    assert purpose.strip() in texts(app)
    assert "Move up" not in buttons(app)


def test_aims_and_questions_keep_their_lines(world: World, open_page: Opener) -> None:
    event = plan(world, world.supplier(), aim="Sites\nWages")
    ask(world["north admin"].store, event, "Which sites?\nAnd since when?")
    app = open_page("south admin", "dialogue", dialogue=event)
    assert "Sites  \nWages" in texts(app)
    assert "Which sites?  \nAnd since when?" in texts(part(app, "questions"))


# Changing an event --------------------------------------------------------------------------------


def unfolded(world: World, open_page: Opener, event: str, what: str) -> AppTest:
    """The event's page as a host sees it, with one of the ways to change it open."""
    return choose(
        open_page("north editor", "dialogue", dialogue=event), **{f"{what}-{event}": True}
    )


def as_stored(world: World, event: str) -> Row:
    return world["south admin"].store.rows("dialogue", filters={"id": event}).row(0, named=True)


@pytest.mark.both_doors
def test_stages_are_moved_changed_and_removed(world: World, open_page: Opener) -> None:
    event = plan(world, world.supplier())
    app = open_page("north editor", "dialogue", dialogue=event)
    assert "Move up" not in buttons(app)
    app = select_row(app, f"agenda-{event}", 0)
    assert button(app, "Move up").disabled
    app = button(app, "Move down").click().run()

    def titles() -> list[str]:
        found = world["south admin"].store.rows("dialogue_stage", order=("position",))
        return found["title"].to_list()

    assert titles() == ["Among buyers", "Baseline"]
    app = select_row(app, f"agenda-{event}", 0)
    app = button(app, "Change this stage").click().run()
    field(app, "Title of the stage").set_value("Only us")
    app = button(app, "Save").click().run()
    assert titles() == ["Only us", "Baseline"]
    app = button(select_row(app, f"agenda-{event}", 0), "Remove").click().run()
    assert not errors(app)
    assert titles() == ["Baseline"]


def test_of_two_hosts_who_move_stages_at_once_the_second_is_told(
    world: World, open_page: Opener
) -> None:
    event = plan(world, world.supplier())
    app = select_row(open_page("north editor", "dialogue", dialogue=event), f"agenda-{event}", 0)
    colleague = world["north admin"].store
    baseline = colleague.rows("dialogue_stage", order=("position",)).row(0, named=True)
    colleague.update("dialogue_stage", {"minutes": 45}, {"id": baseline["id"]}, baseline["version"])
    app = button(app, "Move down").click().run()
    told = any("A colleague changed the agenda" in one for one in errors(app))
    found = colleague.rows("dialogue_stage", order=("position",))["title"].to_list()
    assert told or found == ["Among buyers", "Baseline"]  # the page may have seen it before
    assert colleague.rows("dialogue_stage", filters={"id": baseline["id"]})["minutes"][0] == 45


def test_an_event_is_moved_to_another_time(world: World, open_page: Opener) -> None:
    event = plan(world, world.supplier())
    app = open_page("north editor", "dialogue", dialogue=event)
    app = button(app, "Move it to another time").click().run()
    app.date_input(key=f"move-{event}-1-day").set_value(date(2027, 3, 28))
    app.time_input(key=f"move-{event}-1-clock").set_value(time(2, 30))
    app.selectbox(key=f"move-{event}-1-zone").set_value("Europe/Brussels")
    app = button(app, "Save").click().run()
    assert any("clocks go forward" in one for one in errors(app))
    app.date_input(key=f"move-{event}-1-day").set_value(date(2027, 10, 31))
    app = button(app, "Save").click().run()
    app.radio(key=f"move-{event}-1-which").set_value("second")
    app = button(app, "Save").click().run()
    assert not errors(app)
    now = as_stored(world, event)
    assert now["starts_at"] == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    assert now["ends_at"] - now["starts_at"] == timedelta(hours=3)
    assert now["time_zone"] == "Europe/Brussels"


@pytest.mark.both_doors
@pytest.mark.parametrize("mine", [True, False])
def test_of_two_hosts_who_move_an_event_the_second_chooses_between_both_times(
    world: World, open_page: Opener, mine: bool
) -> None:
    event = plan(world, world.supplier())
    app = open_page("north editor", "dialogue", dialogue=event)
    app = button(app, "Move it to another time").click().run()
    june = {"starts_at": "2027-06-01T07:00:00+00:00", "ends_at": "2027-06-01T10:00:00+00:00"}
    world["north admin"].store.update("dialogue", june, {"id": event}, 1)
    app.run()  # the page knows of it before the button is pressed
    app.date_input(key=f"move-{event}-1-day").set_value(date(2027, 5, 4))
    app = button(app, "Save").click().run()
    assert "compare the two versions" in texts(app)
    words = [one.replace("\\", "").replace("\u2060", "") for one in app.table[0].value.iloc[0]]
    assert words == [
        "When", "Tue 2027-05-04, 09:00 to 12:00, Europe/Stockholm",
        "Tue 2027-06-01, 09:00 to 12:00, Europe/Stockholm",
    ]  # fmt: skip
    choice = "Save my version" if mine else "Keep the stored version"
    app = button(app, choice).click().run()
    assert as_stored(world, event)["starts_at"].month == (5 if mine else 6)


def test_an_event_gets_other_suppliers_and_keeps_one(world: World, open_page: Opener) -> None:
    aurora, borealis = world.supplier("Aurora"), world.supplier("Borealis")
    event = plan(world, aurora)
    app = unfolded(world, open_page, event, "suppliers")
    chosen = app.multiselect(key=f"others-{event}-chosen")
    assert chosen.value == [aurora]
    app = chosen.set_value([borealis]).run()
    app = button(app, "Store these suppliers").click().run()
    assert not errors(app)
    assert "with Borealis" in texts(app)
    app = app.multiselect(key=f"others-{event}-chosen").set_value([]).run()
    app = button(app, "Store these suppliers").click().run()
    assert len(errors(app)) == 1
    stored = world["south admin"].store.rows("dialogue_supplier")["supplier_id"].to_list()
    assert stored == [borealis]


def test_the_rule_is_chosen_until_something_is_written(world: World, open_page: Opener) -> None:
    event = plan(world, world.supplier())
    app = unfolded(world, open_page, event, "chatham")
    app = button(app, "Hold it under this rule").click().run()
    assert as_stored(world, event)["chatham"]
    app = button(app, "Hold it without the rule").click().run()
    assert not as_stored(world, event)["chatham"]
    ask(world["north admin"].store, event)
    app = button(app, "Hold it under this rule").click().run()
    assert any("Plan a new event for another rule." in one for one in errors(app))
    assert not as_stored(world, event)["chatham"]


def test_cancelling_asks_once(world: World, open_page: Opener) -> None:
    event = plan(world, world.supplier())
    app = open_page("north editor", "dialogue", dialogue=event)
    app = button(app, "Cancel the event").click().run()
    app = button(app, "Leave it as it is").click().run()
    assert "Cancel it now" not in buttons(app)
    app = button(app, "Cancel the event").click().run()
    assert as_stored(world, event)["state"] == "planned"
    app = button(app, "Cancel it now").click().run()
    assert not errors(app)
    assert as_stored(world, event)["state"] == "cancelled"
    assert "Cancel the event" not in buttons(app)


# Questions ----------------------------------------------------------------------------------------


@pytest.mark.both_doors
def test_a_member_takes_a_seat_asks_and_votes(world: World, open_page: Opener) -> None:
    event = plan(world, world.supplier())
    app = part(open_page("south admin", "dialogue", dialogue=event), "questions")
    assert "Take a seat (under Participants) to write and to vote." in texts(app)
    app = part(app, "people")
    app = button(app, "Take a seat").click().run()
    app = part(app, "questions")
    field(app, "Question").set_value("Which sites are on the list?")
    app = button(app, "Add to the shared board").click().run()
    assert "Which sites are on the list?" in texts(app)
    assert "you have 2 of 2 votes left on this board" in texts(app)
    app = button(app, "Vote").click().run()
    assert "you have 1 of 2 votes left on this board" in texts(app)
    assert field(app, "Question").value == ""
    app = button(app, "Take my vote back").click().run()
    assert "you have 2 of 2 votes left on this board" in texts(app)


def test_nobody_votes_past_the_limit(world: World, open_page: Opener) -> None:
    event = plan(world, world.supplier(), votes_each=1)
    ask(world["north admin"].store, event, "One question")
    ask(world["north admin"].store, event, "Another question")
    app = part(open_page("north admin", "dialogue", dialogue=event), "questions")
    app = button(app, "Vote").click().run()
    assert [one.disabled for one in app.button if one.label == "Vote"] == [True]


def test_a_viewer_reads_the_boards_and_writes_nothing(world: World, open_page: Opener) -> None:
    event = plan(world, world.supplier())
    ask(world["north admin"].store, event, "Who makes it?", board="buyers")
    app = part(open_page("north viewer", "dialogue", dialogue=event), "questions")
    app = app.radio(key="dialogue_board").set_value("buyers").run()
    assert "Who makes it?" in texts(app)
    assert not {"Vote", "Edit", "Add to the buyers' board"} & set(buttons(app))


def test_an_edited_question_that_somebody_else_changed_is_shown_in_both_versions(
    world: World, open_page: Opener
) -> None:
    event = plan(world, world.supplier())
    question = ask(world["north admin"].store, event)
    app = part(open_page("north admin", "dialogue", dialogue=event), "questions")
    app = button(app, "Edit").click().run()
    changed = {"id": question, "version": 1, "stage_id": None, "supplier_id": None, "topic": "",
               "text": "Who makes them?"}  # fmt: skip
    world["north admin"].store.call("edit_question", changed)
    next(one for one in app.text_area if one.value == "Who makes it?").set_value("Who sews it?")
    app = button(app, "Save").click().run()
    assert "compare the two versions" in texts(app)
    app = button(app, "Keep the stored version").click().run()
    assert "Who makes them?" in texts(app) and "Who sews it?" not in texts(app)


def test_the_same_questions_are_put_together(world: World, open_page: Opener) -> None:
    event = plan(world, world.supplier())
    kept, other = (ask(world["north admin"].store, event, one) for one in ("Who?", "By whom?"))
    app = part(open_page("north admin", "dialogue", dialogue=event), "questions")
    app = choose(app, **{"board-merge": True})
    app = app.multiselect(key="merge-shared").set_value([kept, other]).run()
    app = button(app, "Put them together").click().run()
    assert "stands for 1 more" in texts(app)
    assert "By whom?" not in texts(app)


def test_five_hundred_questions_are_shown_by_the_page(world: World, open_page: Opener) -> None:
    event = plan(world, world.supplier())
    world.owner(
        "insert into quorum.dialogue_question (id, dialogue_id, chatham, board, text)"
        " select gen_random_uuid(), %s, false, 'shared', 'Question number ' || n"
        " from generate_series(1, 500) n",
        event,
    )
    app = part(open_page("north admin", "dialogue", dialogue=event), "questions")
    assert "500 questions" in texts(app)
    assert len([one for one in app.button if one.label == "Vote"]) == 15
    assert app.number_input(key="board-page-shared").max == 34
    app = field(app, "Words").set_value("number 77").run()
    assert "5 questions " in texts(app)


@pytest.mark.parametrize("board", ["buyers", "shared"])
def test_a_suggested_question_is_added_to_a_board_by_one_click(
    world: World, open_page: Opener, board: str
) -> None:
    event = plan(world, world.supplier("Aurora"))
    app = part(open_page("north admin", "dialogue", dialogue=event), "questions")
    app = choose(app, **{"board-suggest": True})
    assert "No list of its production sites is visible." in texts(app)
    suggested = next(
        one for one in app.button if re.fullmatch(f"suggest-.*-{board}", one.key or "")
    )
    app = suggested.click().run()
    now = world["north admin"].store.call("dialogue_board", {"dialogue_id": event, "seen": None})
    assert [(one["board"], one["topic"]) for one in now["questions"]] == [(board, "transparency")]
    assert "No list of its production sites is visible." not in texts(app)


def test_who_leads_puts_a_question_of_the_buyers_on_the_shared_board(
    world: World, open_page: Opener
) -> None:
    event = plan(world, world.supplier())
    world["south admin"].store.call("take_seat", {"dialogue_id": event})
    asked = ask(world["south admin"].store, event, "Who audits the sites?", board="buyers")
    for actor, may in (("south admin", False), ("north admin", True)):
        app = part(open_page(actor, "dialogue", dialogue=event), "questions")
        app = app.radio(key="dialogue_board").set_value("buyers").run()
        assert (f"q-{asked}-shared" in {one.key for one in app.button}) == may
    app = app.button(key=f"q-{asked}-shared").click().run()
    board = world["south admin"].store.call("dialogue_board", {"dialogue_id": event, "seen": None})
    assert [(q["board"], q["author"]) for q in board["questions"]] == [("shared", "north admin")]


def test_after_the_event_its_hosts_invite_people_of_a_supplier_to_follow_up(
    world: World, open_page: Opener
) -> None:
    event = plan(world, world.supplier("Aurora"))
    world["north admin"].store.call("close_dialogue", {"dialogue_id": event})
    other = part(open_page("south admin", "dialogue", dialogue=event), "people")
    assert "Invite people of a supplier to follow up" not in [one.label for one in other.expander]
    app = part(open_page("north admin", "dialogue", dialogue=event), "people")
    app = choose(app, **{f"guests-{event}": True})
    assert app.radio(key=f"guest-{event}-role").options == ["Guest of a supplier"]
    button(app, "Make a link").click().run()
    found = world.owner("select role, dialogue_id::text from invitation where used_at is null")
    assert found == [("supplier", event)]


def test_what_was_typed_while_the_event_closed_can_be_copied(
    world: World, open_page: Opener
) -> None:
    event = plan(world, world.supplier())
    app = part(open_page("north admin", "dialogue", dialogue=event), "questions")
    world["north admin"].store.call("close_dialogue", {"dialogue_id": event})
    field(app, "Question").set_value("Too late?")
    app = button(app, "Add to the shared board").click().run()
    assert "You cannot write here any more." in texts(app)
    assert field(app, "Question").value == "Too late?"


# Participants -------------------------------------------------------------------------------------


def test_hosts_invite_guests_by_a_link_that_is_shown_once(world: World, open_page: Opener) -> None:
    event = plan(world, world.supplier("Aurora"))
    app = part(open_page("north editor", "dialogue", dialogue=event), "people")
    app = choose(app, **{f"guests-{event}": True})
    app = button(app, "Make a link").click().run()
    assert "/join?token=" in app.code[0].value
    app = button(app, "I have copied it").click().run()
    assert not app.code
    app = button(app, "Take back").click().run()
    assert "No invitation is open." in texts(app)


def test_a_second_link_leaves_the_first_until_each_is_copied(
    world: World, open_page: Opener
) -> None:
    aurora, birch = world.supplier("Aurora"), world.supplier("Birch")
    event = plan(world, aurora, suppliers=[aurora, birch])
    app = part(open_page("north editor", "dialogue", dialogue=event), "people")
    app = choose(app, **{f"guests-{event}": True})
    asked = app.selectbox(key=f"guest-{event}-supplier")
    assert (asked.value, asked.placeholder) == (None, "Choose the supplier")
    app = button(app, "Make a link").click().run()
    assert errors(app) == ["Choose the supplier for whom the guest speaks."]
    app.selectbox(key=f"guest-{event}-supplier").set_value(birch)
    field(app, "Whom it is for").set_value("Ana")
    app = button(app, "Make a link").click().run()
    app.radio(key=f"guest-{event}-role").set_value("guest")
    app.selectbox(key=f"guest-{event}-supplier").set_value(aurora)
    app = button(app, "Make a link").click().run()
    first, second = (one.value for one in app.code)
    assert first != second
    assert "Send this link to Ana (guest of a supplier)." in texts(app)
    assert "Ana, guest of a supplier, Birch, until" in texts(app)
    assert "without a note, guest, until" in texts(app)
    app = button(app, "I have copied it").click().run()
    assert [one.value for one in app.code] == [second]
    app = button(app, "I have copied it").click().run()
    assert not app.code


def test_only_hosts_invite_and_give_roles(world: World, open_page: Opener) -> None:
    event = plan(world, world.supplier())
    app = part(open_page("south admin", "dialogue", dialogue=event), "people")
    assert f"guests-{event}" not in [one.key for one in app.expander]
    assert app.dataframe[0].value["role_name"].to_list() == ["Facilitator"]


def test_a_host_gives_a_role_and_takes_somebody_off_the_list(
    world: World, open_page: Opener
) -> None:
    event = plan(world, world.supplier())
    world["south admin"].store.call("take_seat", {"dialogue_id": event})

    question = "select id::text, name, role, active from dialogue_seat where person_id = %s"

    def seat() -> tuple[Any, ...]:
        return world.owner(question, world["south admin"].id)[0]

    identifier, name, *_rest = seat()
    app = part(open_page("north editor", "dialogue", dialogue=event), "people")
    names = app.dataframe[0].value["role_name"].to_list()
    app = select_row(app, f"seats-{event}", names.index("Participant"))
    app = app.radio(key=f"seat-{identifier}-role").set_value("facilitator").run()
    app = button(app, "Give this role").click().run()
    assert not errors(app)
    assert seat()[2:] == ("facilitator", True)
    assert app.dataframe[0].value["role_name"].to_list() == ["Facilitator", "Facilitator"]
    theirs = app.dataframe[0].value["name"].to_list().index(name)
    app = button(select_row(app, f"seats-{event}", theirs), "Take off the list").click().run()
    assert not errors(app)
    assert seat()[2:] == ("participant", False)


def test_another_organisation_invites_too_and_no_longer(world: World, open_page: Opener) -> None:
    event = plan(world, world.supplier())
    app = part(open_page("north editor", "dialogue", dialogue=event), "people")
    assert "Invite no longer" not in buttons(app)
    south = world["south admin"].organisation_id
    app = app.selectbox(key=f"host-{event}").set_value(south).run()
    app = button(app, "Add it").click().run()
    assert not errors(app)
    app = part(open_page("south admin", "dialogue", dialogue=event), "people")
    app = button(app, "Invite no longer").click().run()
    assert not errors(app)
    hosts = world["north admin"].store.rows("dialogue_host")["organisation_id"].to_list()
    assert hosts == [world["north admin"].organisation_id]


def test_under_the_chatham_house_rule_only_the_room_sees_who_is_there(
    world: World, open_page: Opener
) -> None:
    event = plan(world, world.supplier(), chatham=True)
    app = part(open_page("south admin", "dialogue", dialogue=event), "people")
    assert "only those in the room see who takes part" in texts(app)
    assert not app.dataframe
    app = button(app, "Take a seat").click().run()
    assert app.dataframe[0].value["affiliation"].to_list() == ["North", "South"]


# Guests -------------------------------------------------------------------------------------------


@pytest.mark.both_doors
def test_a_guest_sees_the_event_without_the_buyers_part(world: World, open_page: Opener) -> None:
    supplier = world.supplier()
    event = plan(world, supplier)
    ask(world["north admin"].store, event, "How hard do we push?", board="buyers")
    ask(world["north admin"].store, event, "Who makes it?")
    rep = seated(world, event, supplier)
    app = open_page(rep, "dialogue", dialogue=event)
    assert not app.exception
    assert app.dataframe[0].value["title"].to_list() == ["Baseline"]
    app = part(app, "questions")
    assert "Who makes it?" in texts(app) and "How hard do we push?" not in texts(app)
    assert not [one for one in app.radio if one.key == "dialogue_board"]
    field(app, "Question").set_value("What do you need from us?")
    app = button(app, "Add to the shared board").click().run()
    assert "What do you need from us?" in texts(app)
    app = part(app, "people")
    assert not app.exception
    assert "Rep" in app.dataframe[0].value["name"].to_list()


def with_gap(world: World, supplier: str) -> str:
    """An event in which buyers meet among themselves twice before the plenary, and at the end."""
    stages = [
        {"title": title, "purpose": f"About {title}", "minutes": minutes, "audience": audience}
        for title, minutes, audience in (
            ("Welcome", 30, "all"), ("Tactics", 20, "buyers"), ("Volumes", 25, "buyers"),
            ("Plenary", 45, "all"), ("Looking back", 15, "buyers"),
        )
    ]  # fmt: skip
    return plan(world, supplier, stages=stages)


@pytest.mark.both_doors
def test_a_guest_learns_when_their_stages_begin_and_of_the_others_nothing_but_the_gap(
    world: World, open_page: Opener
) -> None:
    supplier = world.supplier()
    event = with_gap(world, supplier)
    rep = seated(world, event, supplier)
    app = open_page(rep, "dialogue", dialogue=event)
    assert not app.exception
    assert app.dataframe[0].value[["time", "title", "who"]].to_numpy().tolist() == [
        ["09:00 – 09:30", "Welcome", "Everybody"],
        ["09:30 – 10:15", "Buyers among themselves", "Buyers only"],
        ["10:15 – 11:00", "Plenary", "Everybody"],
    ]
    told = world[rep].store.call("dialogue_times", {"dialogue_id": event})
    own = world[rep].store.rows("dialogue_stage", order=("position",))["id"].to_list()
    assert told == [
        {"id": own[0], "minutes": 30}, {"id": None, "minutes": 45}, {"id": own[1], "minutes": 45},
    ]  # fmt: skip
    with pytest.raises(NotAllowed):
        world["east admin"].store.call("dialogue_times", {"dialogue_id": event})


def test_a_guests_calendar_has_the_times_of_their_own_stages(
    world: World, open_page: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    supplier = world.supplier()
    event = with_gap(world, supplier)
    rep = seated(world, event, supplier)
    made: list[str] = []

    def kept(row: Row, stages: pl.DataFrame, **more: Any) -> bytes:
        made.append(dialogue_to_ics(row, stages, **more).decode().replace("\r\n ", ""))
        return b""

    monkeypatch.setattr("quorum.exports.calendar.dialogue_to_ics", kept)
    monkeypatch.setattr(
        "streamlit.download_button", lambda label, content, **more: content() and False
    )
    part(open_page(rep, "dialogue", dialogue=event), "papers")
    assert "09:00 to 09:30: Welcome" in made[0]
    assert "10:15 to 11:00: Plenary" in made[0]
    assert "Tactics" not in made[0] and "among themselves" not in made[0]


def test_a_guest_finds_their_events_and_plans_none(world: World, open_page: Opener) -> None:
    supplier = world.supplier()
    event = plan(world, supplier)
    plan(world, supplier, title="Without the guest")
    app = open_page(seated(world, event, supplier), "dialogues")
    assert not app.exception
    assert app.dataframe[0].value["title"].to_list() == ["Dialogue"]
    assert not app.expander


# Papers, and what came of it ----------------------------------------------------------------------


def downloads(app: AppTest) -> list[str]:
    return [one.proto.label for one in app.get("download_button")]


def held(world: World, supplier: str, **changes: Any) -> str:
    """An event that is under way, with a note."""
    event = plan(world, supplier, **changes)
    world["north admin"].store.call("open_dialogue", {"dialogue_id": event})
    return event


def test_everybody_takes_the_event_into_their_calendar(world: World, open_page: Opener) -> None:
    supplier = world.supplier()
    event = plan(world, supplier)
    for actor in ("north viewer", "south admin", seated(world, event, supplier)):
        app = part(open_page(actor, "dialogue", dialogue=event), "papers")
        assert not app.exception
        assert "For my calendar (ics)" in downloads(app)
        assert ("Briefing to print (pdf)" in downloads(app)) == (actor != "rep")


def test_under_the_chatham_house_rule_no_paper_leaves_with_a_name_in_it(
    world: World, open_page: Opener
) -> None:
    event = held(world, world.supplier("Aurora"), chatham=True)
    ask(world["north admin"].store, event, "Does South know?")
    app = part(open_page("north admin", "dialogue", dialogue=event), "papers")
    assert any("this cannot be exported" in one for one in errors(app))
    assert "“South” in question 1" in texts(app)
    assert not [one for one in downloads(app) if "Minutes" in one or "Briefing" in one]


@pytest.mark.parametrize("actor", ["south admin", "north viewer"])
def test_under_the_rule_whoever_has_no_seat_can_take_one_where_the_papers_are(
    world: World, open_page: Opener, actor: str
) -> None:
    event = plan(world, world.supplier("Aurora"), chatham=True)
    app = part(open_page(actor, "dialogue", dialogue=event), "papers")
    assert "only somebody with a seat can export this" in texts(app)
    assert not [one for one in downloads(app) if "Briefing" in one]
    assert ("Take a seat" in buttons(app)) == (actor == "south admin")
    if actor == "south admin":
        app = button(app, "Take a seat").click().run()
        assert not errors(app)
        assert "Briefing to print (pdf)" in downloads(app)


def test_after_the_event_what_names_somebody_can_be_left_out_of_the_minutes(
    world: World, open_page: Opener
) -> None:
    event = held(world, world.supplier("Aurora"), chatham=True)
    store = world["north admin"].store
    note(store, event, "They told South in May.")
    note(store, event, "They will publish the list.")
    store.call("close_dialogue", {"dialogue_id": event})
    app = part(open_page("north admin", "dialogue", dialogue=event), "papers")
    assert "“South” in note" in texts(app)
    assert "Minutes (docx)" not in downloads(app)
    app = app.checkbox(key=f"minutes-{event}-buyers-out").check().run()
    assert "Minutes (docx)" in downloads(app)


def test_under_the_rule_papers_without_names_leave(world: World, open_page: Opener) -> None:
    event = held(world, world.supplier("Aurora"), chatham=True)
    note(world["north admin"].store, event, "They will publish the list.")
    app = part(open_page("north admin", "dialogue", dialogue=event), "papers")
    assert not errors(app)
    assert {"Minutes (docx)", "Briefing to print (pdf)"} <= set(downloads(app))


def test_afterwards_there_are_notes_questions_and_commitments(
    world: World, open_page: Opener
) -> None:
    event = held(world, world.supplier("Aurora"))
    store = world["north admin"].store
    note(store, event, "They will publish the list.")
    store.call("vote", {"question_id": ask(store, event, "Who makes it?"), "wanted": True})
    store.call("close_dialogue", {"dialogue_id": event})
    app = open_page("south admin", "dialogue", dialogue=event)
    assert "They will publish the list." in texts(app)
    assert app.dataframe[0].value["votes"].to_list() == [1]
    assert f"promising-{event}" not in [one.key for one in app.expander]  # without a seat


def test_afterwards_a_note_says_on_whose_side_a_guest_spoke(
    world: World, open_page: Opener
) -> None:
    supplier = world.supplier("Aurora")
    event = held(world, supplier)
    note(world["north admin"].store, event, "They will publish the list.")
    note(world[seated(world, event, supplier)].store, event, "We will publish the list.")
    app = part(open_page("south admin", "dialogue", dialogue=event), "record")
    assert "We will publish the list. *Rep, Aurora (supplier)*" in texts(app)
    assert "They will publish the list. *north admin, North*" in texts(app)


@pytest.mark.both_doors
def test_what_was_promised_is_added_after_the_event(world: World, open_page: Opener) -> None:
    event = held(world, world.supplier("Aurora"))
    world["north admin"].store.call("close_dialogue", {"dialogue_id": event})
    app = open_page("north admin", "dialogue", dialogue=event)
    app = choose(app, **{f"promising-{event}": True})
    app = button(app, "Add the commitment").click().run()
    assert errors(app) == [
        "Write down what was promised.",
        "Say by which day: a commitment without a date is never overdue.",
    ]
    field(app, "What was promised").set_value("Publish all sites")
    due = date.today() + timedelta(days=180)
    next(one for one in app.date_input if one.label == "By which day").set_value(due)
    app = button(app, "Add the commitment").click().run()
    assert not errors(app)
    assert app.dataframe[0].value["text"].to_list() == ["Publish all sites"]


def test_the_next_event_begins_with_what_is_still_open(world: World, open_page: Opener) -> None:
    supplier = world.supplier("Aurora")
    first = held(world, supplier)
    world["north admin"].store.call(
        "capture_commitment",
        {"id": "11111111-1111-4111-8111-111111111111", "dialogue_id": first, "text": "Publish it",
         "supplier_id": supplier, "owner_id": world["south admin"].organisation_id,
         "due_on": "2027-03-01"},
    )  # fmt: skip
    second = plan(world, supplier, title="Second")
    app = open_page("south admin", "dialogue", dialogue=second)
    assert "1 commitment of earlier events is still open" in texts(app)
    assert "Begin the agenda with it" not in buttons(app)
    app = open_page("north editor", "dialogue", dialogue=second)
    app = button(app, "Begin the agenda with it").click().run()
    assert not errors(app)
    assert app.dataframe[1].value["title"].to_list()[0] == "What is still open"
    assert "The agenda begins with it." in texts(app)
    app = planning(open_page)
    app = app.multiselect(key="plan-chosen").set_value([supplier]).run()
    titles = [one.value["title"].to_list() for one in app.dataframe if "title" in one.value]
    assert titles[-1][0] == "What is still open"


def test_the_next_event_is_planned_with_the_same_suppliers(world: World, open_page: Opener) -> None:
    supplier = world.supplier("Aurora")
    event = held(world, supplier)
    app = open_page("north editor", "dialogues", after=event)
    assert app.multiselect(key="plan-chosen").value == [supplier]
    assert app.selectbox(key="plan-template").value == "follow_up"
    assert "after" not in app.query_params


# Elsewhere ----------------------------------------------------------------------------------------


def promised(world: World, supplier: str, days: int) -> str:
    """A commitment due so many days from now that North follows up, of an event on 2026-03-02."""
    event = held(world, supplier, starts_at="2026-03-02T09:00:00Z", ends_at="2026-03-02T12:00:00Z")
    item = "22222222-2222-4222-8222-222222222222"
    world["north admin"].store.call(
        "capture_commitment",
        {"id": item, "dialogue_id": event, "text": "Publish it", "supplier_id": supplier,
         "owner_id": world["north admin"].organisation_id,
         "due_on": date.today() + timedelta(days=days)},
    )  # fmt: skip
    return item


def test_the_overview_says_which_commitments_are_due(world: World, open_page: Opener) -> None:
    supplier = world.supplier("Aurora")
    world.assessment("north admin", supplier, ["policy_none"])
    promised(world, supplier, 5)
    app = open_page("north editor")
    assert "1 commitment that you follow up is due by" in texts(app)
    assert "“Dialogue” ended on 2026-03-02 and is still open. Close it:" in texts(app)
    others = texts(open_page("south admin"))
    assert "that you follow up" not in others and "“Dialogue”" not in others


def test_the_profile_tells_what_moved_after_a_dialogue_and_that_it_proves_nothing(
    world: World, open_page: Opener
) -> None:
    supplier = world.supplier("Aurora")
    low = ["tier1_only", "risks_unfamiliar", "policy_none", "actions_none"]
    high = ["end_to_end", "risks_good", "policy_due_diligence", "code_verification",
            "initiatives", "complaints_procedure"]  # fmt: skip
    world.assessment("north admin", supplier, low, assessed_on="2026-01-01")
    world.assessment("north admin", supplier, high, assessed_on="2026-06-01")
    promised(world, supplier, 5)
    app = open_page("north viewer", "supplier", supplier=supplier)
    assert not app.exception
    assert "no proof that it came because of the dialogue" in texts(app)
    moved = next(
        one.value for one in app.dataframe if "points" in one.value and "kept" in one.value
    )
    assert moved["level"].to_list() == ["Low → High"]
    assert moved["sites"].to_list() == ["unknown → unknown"]
    assert moved["kept"].to_list() == ["0 of 1 verified"]
    drawn = next(one for one in app.get("plotly_chart") if "Commitments verified" in one.proto.alt)
    assert "Points in all dimensions, 2026-03-02 Dialogue: 0 → 25 (Low → High)" in drawn.proto.alt
    assert "Production sites listed, 2026-03-02 Dialogue: unknown → unknown" in drawn.proto.alt
    kinds = next(one.value for one in app.dataframe if "kind_name" in one.value)["kind_name"]
    assert kinds.to_list() == ["Commitment made", "Dialogue"]


@pytest.mark.parametrize("dataset", ["dialogues", "commitments", "leverage_use"])
def test_dialogues_can_be_explored(world: World, open_page: Opener, dataset: str) -> None:
    promised(world, world.supplier("Aurora"), 5)
    store = world["south admin"].store
    supplier = world.owner("select id::text from supplier")[0][0]
    store.insert(
        "leverage_use",
        {"id": "33333333-3333-4333-8333-333333333333", "supplier_id": supplier, "asked": "Sites",
         "asked_on": "2026-05-04", "channel": "letter", "jointly": False},
    )  # fmt: skip
    app = open_page("south admin", "explore", data=dataset)
    assert not app.exception and not app.error
    assert len(app.get("plotly_chart")) == 1
