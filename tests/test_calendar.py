"""Dialogues and due dates as iCalendar files: read back as a calendar would read them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorum.clocks import UnknownZone
from quorum.exports.calendar import commitments_to_ics, dialogue_to_ics, file_name
from quorum.store.relations import RELATIONS

NOW = datetime(2026, 7, 1, 8, 30, 15, 999, tzinfo=UTC)
PAGE = "https://quorum.example/dialogue?dialogue=d1"
PLANNED = {
    "id": "d1", "title": "Joint; dialogue, with \\ brands", "aim": "To agree,\nat last",
    "starts_at": datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    "ends_at": datetime(2026, 10, 25, 2, 0, tzinfo=UTC),
    "time_zone": "Europe/Brussels", "place": "Hall 2; Aarlund", "link": "https://meet.example/x",
    "chatham": False, "state": "planned", "version": 3,
}  # fmt: skip


def frame(relation: str, *rows: Mapping[str, object], **extra: pl.DataType) -> pl.DataFrame:
    schema = RELATIONS[relation] | extra
    return pl.DataFrame([{**dict.fromkeys(schema), **row} for row in rows], schema=schema)


STAGES = frame(
    "dialogue_stage",
    {"id": "a", "position": 1, "title": "Drafting", "minutes": 30, "audience": "buyers"},
    {"id": "b", "position": 2, "title": "Plenary", "minutes": 60, "audience": "all"},
)


def ics(stages: pl.DataFrame = STAGES, for_buyers: bool = True, **changed: Any) -> bytes:
    return dialogue_to_ics(
        PLANNED | changed, stages, for_buyers=for_buyers, page=PAGE, made_at=NOW,
        suppliers=["Dellum", "Nordlys"], hosts=["City of Aarlund"],
    )  # fmt: skip


def read(content: bytes) -> Any:
    (found,) = icalendar.Calendar.from_ical(content).walk("VEVENT")
    return found


def test_an_event_has_its_times_in_utc_and_names_its_zone() -> None:
    found = read(ics())
    assert (found.start, found.end) == (PLANNED["starts_at"], PLANNED["ends_at"])
    text = ics().decode()
    assert "DTSTART:20261025T003000Z" in text
    assert "DTEND:20261025T020000Z" in text
    assert "X-WR-TIMEZONE:Europe/Brussels" in text


def test_an_event_says_what_where_and_when() -> None:
    found = read(ics())
    assert found["summary"] == "Joint; dialogue, with \\ brands"
    assert found["location"] == "Hall 2; Aarlund"
    assert found["url"] == PAGE
    assert found["description"] == (
        "To agree,\nat last\n\n"
        "Suppliers: Dellum, Nordlys\nInvited by: City of Aarlund\n\n"
        "Join: https://meet.example/x\n\n"
        "Agenda (times of Europe/Brussels)\n"
        "02:30 CEST to 02:00 CET: Drafting\n02:00 CET to 03:00 CET: Plenary\n\n" + PAGE
    )


def test_stages_among_buyers_are_named_to_buyers_only() -> None:
    described = read(ics(for_buyers=False))["description"]
    assert "Drafting" not in described
    assert "02:00 CET to 03:00 CET: Plenary" in described


def test_the_same_event_replaces_itself_in_a_calendar() -> None:
    first, second = read(ics()), read(ics(version=4, title="Other"))
    assert first["uid"] == second["uid"] == "dialogue-d1@quorum"
    assert (first["sequence"], second["sequence"]) == (3, 4)
    assert first["dtstamp"].dt == NOW.replace(microsecond=0)
    assert ics() == ics()


def test_a_cancelled_event_is_cancelled_in_the_calendar() -> None:
    assert read(ics())["status"] == "CONFIRMED"
    assert read(ics(state="cancelled"))["status"] == "CANCELLED"


def test_the_files_are_confidential() -> None:
    assert read(ics())["class"] == "CONFIDENTIAL"


def test_under_the_chatham_house_rule_nobody_is_named() -> None:
    content = ics(chatham=True)
    described = read(content)["description"]
    assert "City of Aarlund" not in described
    assert "held under the Chatham House Rule" in described
    assert not {"ATTENDEE", "ORGANIZER", "CONTACT"} & set(read(content))


def test_no_file_names_a_person() -> None:
    assert not {"ATTENDEE", "ORGANIZER", "CONTACT"} & set(read(ics()))


def test_an_event_without_place_agenda_or_aim() -> None:
    found = read(
        dialogue_to_ics(
            PLANNED | {"place": "", "link": None, "aim": ""}, frame("dialogue_stage"),
            for_buyers=True, page="", made_at=NOW,
        )
    )  # fmt: skip
    assert "location" not in found
    assert "url" not in found
    assert found["description"] == ""


def test_a_link_stands_for_a_missing_place_and_a_bad_one_for_nothing() -> None:
    assert read(ics(place=" "))["location"] == "https://meet.example/x"
    assert "location" not in read(ics(place="", link="javascript:alert(1)"))


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownZone):
        ics(time_zone="Mars/Olympus")


@settings(deadline=None)
@given(st.text(min_size=1), st.text(), st.text())
def test_whatever_people_write_stays_inside_its_line(title: str, aim: str, place: str) -> None:
    evil = "\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nATTENDEE:mailto:x@y.example\r\n"
    content = ics(title=title + evil, aim=aim + evil, place=evil + place)
    found = read(content)  # one event still
    assert "ATTENDEE" not in found
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert content.endswith(b"END:VCALENDAR\r\n")


def test_a_page_with_a_line_break_is_no_address() -> None:
    content = dialogue_to_ics(
        PLANNED, STAGES, for_buyers=True, page="https://x.example\r\nATTENDEE:y", made_at=NOW
    )
    assert "url" not in read(content)
    assert "ATTENDEE" not in read(content)


# What is due


def commitments(*rows: Mapping[str, object]) -> pl.DataFrame:
    plain = {
        "id": "c", "supplier": "Dellum", "text": "Publish,\nthe list", "state": "open",
        "due_on": date(2026, 12, 31), "version": 2,
    }  # fmt: skip
    return frame("commitment", *({**plain, **row} for row in rows), supplier=pl.String())


def test_a_commitment_is_a_whole_day_with_two_reminders() -> None:
    found = read(commitments_to_ics(commitments({}), page=PAGE, made_at=NOW))
    assert (found.start, found.end) == (date(2026, 12, 31), date(2027, 1, 1))
    assert found["summary"] == "Due: Dellum: Publish, the list"
    assert (found["uid"], found["sequence"]) == ("commitment-c@quorum", 2)
    assert (found["transp"], found["class"]) == ("TRANSPARENT", "CONFIDENTIAL")
    alarms = found.walk("VALARM")
    assert [alarm["action"] for alarm in alarms] == ["DISPLAY", "DISPLAY"]
    midnight = datetime(2026, 12, 31)
    assert [midnight + alarm["trigger"].dt for alarm in alarms] == [
        datetime(2026, 12, 17, 9), datetime(2026, 12, 30, 9),
    ]  # fmt: skip


def test_what_waits_for_no_day_is_left_out() -> None:
    made = commitments(
        {"id": "late", "due_on": date(2026, 1, 1), "state": "behind"},
        {"id": "done", "state": "done"},
        {"id": "verified", "state": "verified"},
        {"id": "dropped", "state": "dropped"},
        {"id": "undated", "due_on": None},
        {"id": "track", "state": "on_track", "supplier": None},
    )
    found = icalendar.Calendar.from_ical(commitments_to_ics(made, page="", made_at=NOW))
    assert [one["uid"] for one in found.walk("VEVENT")] == [
        "commitment-late@quorum", "commitment-track@quorum",
    ]  # fmt: skip


def test_a_long_promise_has_a_short_title_and_stands_whole_below() -> None:
    promise = "very " * 99 + "long"
    found = read(commitments_to_ics(commitments({"text": promise}), page="", made_at=NOW))
    assert len(found["summary"]) == 200
    assert found["summary"].endswith("…")
    assert found["description"] == promise


def test_nothing_due_is_an_empty_calendar() -> None:
    content = commitments_to_ics(commitments(), page="", made_at=NOW)
    assert icalendar.Calendar.from_ical(content).walk("VEVENT") == []


def test_a_file_is_named_after_its_title_and_day() -> None:
    assert file_name("Joint dialogue: brands", NOW) == "joint-dialogue-brands-2026-07-01.ics"
    assert file_name("Βία", NOW + timedelta(days=1)) == "dialogue-2026-07-02.ics"
