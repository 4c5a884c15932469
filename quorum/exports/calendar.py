"""A dialogue, or what is due, as an iCalendar file (RFC 5545) for whatever calendar people use.

Times are written in UTC, so that no calendar has to guess which 02:30 is meant where clocks change;
the zone is named beside them, and the agenda says what its clocks show. The files name no person,
and under the Chatham House Rule no organisation that invites either; what people wrote is left out
by the caller where it names somebody. All are marked confidential.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import icalendar
import polars as pl

from quorum import clocks, dialogues
from quorum.exports import documents
from quorum.exports.documents import clean
from quorum.initiatives import is_link
from quorum.language import _

ICS = "text/calendar"
PRODUCT = "-//Quorum//Joint supplier dialogues//EN"
# All-day events begin at midnight: nine in the morning of the day so many days before.
REMINDERS = tuple(timedelta(days=-days, hours=9) for days in (14, 1))


def file_name(title: str, made_on: datetime) -> str:
    """For example `joint-dialogue-2026-03-01.ics`: safe on every file system."""
    return documents.file_name(title, made_on.date(), "ics", otherwise="dialogue")


def dialogue_to_ics(
    dialogue: Mapping[str, Any],
    stages: pl.DataFrame,
    *,
    for_buyers: bool,
    page: str,
    made_at: datetime,
    suppliers: Iterable[str] = (),
    hosts: Iterable[str] = (),
) -> bytes:
    """One event. dialogue: a row of the relation; stages: all of its stages, so that the times fit.

    for_buyers: whether the stages among buyers are named; to others they are a gap in the agenda.
    page: the address of the dialogue in the product, or empty. suppliers, hosts: names; hosts are
    left out under the Chatham House Rule. made_at: now, aware. The same dialogue has the same UID
    each time, and its version as SEQUENCE, so that a calendar replaces what it has.
    Raises clocks.UnknownZone.
    """
    zone = dialogue["time_zone"]
    agenda = dialogues.agenda(stages, dialogue["starts_at"], zone)
    if not for_buyers:
        agenda = agenda.filter(pl.col("audience") != "buyers")
    place, link = (dialogue["place"] or "").strip(), dialogue["link"] or ""
    link = link if is_link(link) else ""
    made = _event(f"dialogue-{dialogue['id']}", dialogue["version"], made_at, page)
    made.add("summary", clean(dialogue["title"]))
    made.add("dtstart", clocks.local(dialogue["starts_at"], "UTC"))
    made.add("dtend", clocks.local(dialogue["ends_at"], "UTC"))
    made.add("status", "CANCELLED" if dialogue["state"] == "cancelled" else "CONFIRMED")
    if place or link:
        made.add("location", clean(place or link))
    invited = _joined(_("Suppliers: {names}"), suppliers)
    inviting = "" if dialogue["chatham"] else _joined(_("Invited by: {names}"), hosts)
    rule = _(
        "This dialogue is held under the Chatham House Rule: what is said may be used, who said it "
        "is not revealed."
    )
    paragraphs = [
        (dialogue["aim"] or "").strip(),
        "\n".join(filter(None, (invited, inviting))),
        _("Join: {link}").format(link=link) if link else "",
        _agenda(agenda, zone),
        rule if dialogue["chatham"] else "",
        page,
    ]
    made.add("description", _paragraphs(paragraphs))
    calendar = _calendar(dialogue["title"])
    calendar.add("x-wr-timezone", zone)
    calendar.add_component(made)
    return bytes(calendar.to_ical())


def commitments_to_ics(commitments: pl.DataFrame, *, page: str, made_at: datetime) -> bytes:
    """What is due, a day each, with reminders at nine on the day 14 days and 1 day before.

    commitments: with `supplier` (name). What is done, verified, dropped or without a date has no
    day to wait for, and is left out. page: their address in the product, or empty.
    """
    calendar = _calendar(_("Commitments of suppliers"))
    due = commitments.filter(
        pl.col("state").is_in(dialogues.TO_DO), pl.col("due_on").is_not_null()
    ).sort("due_on", "id")
    for one in due.iter_rows(named=True):
        promise = " ".join(one["text"].split())
        summary = _("Due: {supplier}: {promise}").format(
            supplier=one["supplier"] or _("a supplier"), promise=promise
        )
        made = _event(f"commitment-{one['id']}", one["version"], made_at, page)
        made.add("summary", clean(summary if len(summary) <= 200 else f"{summary[:199]}…"))
        made.add("dtstart", one["due_on"])
        made.add("dtend", one["due_on"] + timedelta(days=1))
        made.add("transp", "TRANSPARENT")  # a day with a due date is still free
        made.add("description", _paragraphs([promise, page]))
        for trigger in REMINDERS:
            made.add_component(_reminder(trigger, summary))
        calendar.add_component(made)
    return bytes(calendar.to_ical())


def _calendar(name: str) -> icalendar.Calendar:
    calendar = icalendar.Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", clean(name))
    return calendar


def _event(uid: str, version: int | None, made_at: datetime, page: str) -> icalendar.Event:
    made = icalendar.Event()
    made.add("uid", f"{uid}@quorum")
    made.add("sequence", version or 0)
    made.add("dtstamp", clocks.local(made_at, "UTC").replace(microsecond=0))
    made.add("class", "CONFIDENTIAL")
    if is_link(page):
        made.add("url", page)
    return made


def _reminder(trigger: timedelta, words: str) -> icalendar.Alarm:
    alarm = icalendar.Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", trigger)
    alarm.add("description", clean(words))
    return alarm


def _agenda(agenda: pl.DataFrame, zone: str) -> str:
    """A line per stage, and whose clocks the times are."""
    if agenda.is_empty():
        return ""
    lines = [
        _("{begins} to {ends}: {title}").format(begins=begins, ends=ends, title=title)
        for begins, ends, title in agenda.select("begins", "ends", "title").iter_rows()
    ]
    return "\n".join([_("Agenda (times of {zone})").format(zone=zone), *lines])


def _paragraphs(texts: Iterable[str]) -> str:
    cleaned = ("\n".join(map(clean, text.splitlines())) for text in texts)
    return "\n\n".join(text for text in cleaned if text)


def _joined(template: str, names: Iterable[str]) -> str:
    joined = ", ".join(names)
    return template.format(names=joined) if joined else ""
