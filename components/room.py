"""The room of a live event: what this tab saw of it last, and the pieces that screens show.

A screen asks the store every few seconds with the counter it saw last. It draws few elements, each
made of one piece of HTML: sixty screens do this at once. What is said in a room is never cached:
a tab holds what it shows, and nothing else does.

Text of people goes through `html.escape` here, as it does through `plain` where Markdown is read.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any, TypeVar

import polars as pl
import streamlit as st

from components import data
from components.dialogues import earlier_open, who
from components.session import Session, current_session
from quorum import dialogues
from quorum.definitions.dialogues import topic_name
from quorum.language import _, ngettext
from quorum.store import Row, StoreError, Unavailable

EVERY = 2.4  # seconds between two looks of a screen; a change is to be everywhere within three
SIGNED_IN = 4.0  # seconds between two looks whether the sign-in holds and the plan has changed

T = TypeVar("T")

# Whatever this tab keeps of a room is named like that: it goes when another room is entered.
_PREFIX = "room-"
_HELD = "room-held"
_DRAWING = "room-drawing"

LARGE = (
    "font-size:clamp(1.5rem,3vw,2.25rem);font-weight:600;line-height:1.25;margin:.25rem 0;"
    "overflow-wrap:anywhere"
)
HEAD = "font-size:1rem;font-weight:600;margin:0 0 .5rem;padding:0"
# Said once for a list, not in each of two hundred lines that go to sixty screens.
LIST = (
    "margin:0 0 1.5rem;padding:0;list-style:none;display:grid;gap:.75rem;white-space:pre-line;"
    "overflow-wrap:anywhere"
)
NEWEST = 50  # notes of a stage that the store tells a room: dialogue_room()
NEXT = 8  # questions that are shown beside the one that is being answered
NOTHING = "<span></span>"  # what a place is written with that stays empty
SMALL = "font-size:.875rem;opacity:.8;margin:0"


@dataclass
class Plan:
    """What does not change while people talk. stages: by identifier, in order; sides: of
    dialogues.sides, where names are kept; earlier: what the suppliers promised in earlier events
    and is still open."""

    event: Row
    stages: dict[str, Row]
    suppliers: dict[str, str]
    organisations: dict[str, str]
    sides: dict[tuple[str, str], str]
    earlier: Sequence[Row]


@dataclass
class Held:
    """What this tab saw last of a room, and how the notes in it look."""

    dialogue_id: str
    room: dict[str, Any] = field(default_factory=dict)
    plan: Plan | None = None
    version: str = ""  # of the plan
    looked: float = 0.0  # at the sign-in
    lines: dict[tuple[str, int], str] = field(default_factory=dict)
    parts: dict[str, Any] = field(default_factory=dict)  # what `kept` holds
    silent: str = ""  # why the store did not answer the last time
    shared: set[str] = field(default_factory=set)  # questions that are; they stay so


# Looking ------------------------------------------------------------------------------------------


def held(dialogue_id: str) -> Held:
    """What this tab holds of the room; nothing when it comes from another one."""
    found = st.session_state.get(_HELD)
    if found is None or found.dialogue_id != dialogue_id:
        for key in [key for key in st.session_state if str(key).startswith(_PREFIX)]:
            del st.session_state[key]
        found = st.session_state[_HELD] = Held(dialogue_id)
    return found


def look(session: Session, here: Held) -> None:
    """Brings `here` up to date. Raises StoreError."""
    answer = data.ask(
        session, "dialogue_room", dialogue_id=here.dialogue_id, seen=here.room.get("counter")
    )
    here.silent = ""
    if "state" in answer:
        here.room = dict(answer)
        here.parts = {}
        known = {(note["id"], note["version"]) for note in answer["notes"]}
        here.lines = {key: line for key, line in here.lines.items() if key in known}
    else:
        here.room |= {"now": answer["now"]}
    if here.plan is None or here.version != session.version:
        here.plan, here.version = _plan(session, here.dialogue_id), session.version
        # A note may have come before it was known on whose side its author is.
        here.parts, here.lines = {}, {}


def _plan(session: Session, dialogue_id: str) -> Plan:
    event = data.dialogues(session).row(by_predicate=pl.col("id") == dialogue_id, named=True)
    stages = data.rows(session, "dialogue_stage", "position", "id").filter(dialogue_id=dialogue_id)
    suppliers = data.dialogue_suppliers(session).filter(dialogue_id=dialogue_id)
    return Plan(
        event,
        {row["id"]: row for row in stages.iter_rows(named=True)},
        dict(suppliers.select("entered_id", "supplier").iter_rows()),
        data.organisation_names(session),
        {} if event["chatham"] else who(session, dialogue_id),
        earlier_open(session, event).to_dicts(),
    )


def all_questions(session: Session, here: Held) -> list[Row]:
    """The questions of the boards: the room itself is told the first only. Raises StoreError."""

    def asked() -> list[Row]:
        told = data.ask(session, "dialogue_board", dialogue_id=here.dialogue_id, seen=None)
        return list(told["questions"])

    return kept(here, "all questions", asked)


def all_notes(session: Session, here: Held) -> list[Row]:
    """The notes of all stages: the room itself is told the newest of one. Raises StoreError."""

    def asked() -> list[Row]:
        return list(data.ask(session, "dialogue_notes", dialogue_id=here.dialogue_id))

    return kept(here, "all notes", asked)


def plan_of(here: Held) -> Plan:
    assert here.plan is not None, "look() comes first"
    return here.plan


def _frame(here: Held) -> tuple[Any, ...]:
    """What decides which forms there are: when it changes, the page is made anew."""
    room, stage = here.room, stage_of(here)
    seat = room["seat"] or {}
    return (
        room["state"], room["leads"], room["among_buyers"], seat.get("side"), seat.get("role"),
        stage is not None and stage["audience"],
        plan_of(here).event["chatham"], tuple(plan_of(here).suppliers),
    )  # fmt: skip


def stage_of(here: Held) -> Row | None:
    """The stage that is on, as far as the reader may see it."""
    return plan_of(here).stages.get(here.room["stage_id"] or "")


def _follow(session: Session, here: Held) -> bool:
    """Whether the sign-in still holds; asked now and then. Raises StoreError."""
    if time.monotonic() - here.looked < SIGNED_IN:
        return True
    here.looked = time.monotonic()
    session.stale()
    return current_session() is session


def among_buyers(here: Held) -> bool:
    """Whether a stage is on that guests do not see."""
    stage = stage_of(here)
    return stage is not None and stage["audience"] == "buyers"


def draw(fragment: Callable[..., None], *arguments: Any) -> None:
    """Draws a screen in the run of the page, which it must not start anew."""
    st.session_state[_DRAWING] = True
    try:
        fragment(*arguments)
    finally:
        st.session_state[_DRAWING] = False


def arrive(session: Session, dialogue_id: str) -> Held:
    """The room for the run of a page. Raises StoreError; of a store that does not answer only where
    nothing was seen of the room yet."""
    here = held(dialogue_id)
    here.looked = time.monotonic()
    try:
        look(session, here)
    except Unavailable as silence:
        if here.plan is None:
            raise
        here.silent = str(silence)
    return here


def refresh(session: Session, here: Held) -> None:
    """One look of a screen; starts the page anew when its frame has changed."""
    if st.session_state.get(_DRAWING):
        return
    before = _frame(here)
    try:
        theirs = _follow(session, here)
        if theirs:
            look(session, here)
            if (stage_id := here.room["stage_id"]) and stage_id not in plan_of(here).stages:
                here.looked = 0.0  # a stage that was added a moment ago: the plan is older
                theirs = _follow(session, here)
                look(session, here)
    except Unavailable as silence:
        here.silent = str(silence)
        return
    except StoreError:  # the event or the sign-in is not theirs any more: the page says which
        st.session_state.pop(_HELD, None)
        theirs = False
    if not theirs or _frame(here) != before:
        st.rerun()


# What is read -------------------------------------------------------------------------------------


def clock(here: Held) -> str:
    """How long the stage still lasts, or by how much it is over; empty before one began."""
    stage, began = stage_of(here), here.room["stage_began_at"]
    if stage is None or began is None or here.room["state"] != "live":
        return ""
    left = dialogues.time_left(
        stage["minutes"], datetime.fromisoformat(began), datetime.fromisoformat(here.room["now"])
    )
    words = dialogues.time_left_words(left)
    return _("{time} left").format(time=words) if left is not None and left > -60 else words


def stage_words(here: Held) -> str:
    """For example `Stage 2 of 5: Baseline`, or why there is none."""
    room, stage = here.room, stage_of(here)
    if room["state"] == "planned":
        return _("Has not begun yet")
    if room["state"] == "closed":
        return _("Closed")
    if room["state"] == "cancelled":
        return _("Cancelled")
    if room["among_buyers"]:
        return apart_words()
    if stage is None:
        return _("Open; no stage has begun")
    return _("{stage}: {title}").format(stage=stage_number(here), title=stage["title"])


def stage_number(here: Held) -> str:
    """For example `Stage 2 of 5`."""
    stages = list(plan_of(here).stages)
    number = stages.index(here.room["stage_id"]) + 1
    return _("Stage {number} of {count}").format(number=number, count=len(stages))


def apart_words() -> str:
    """What whoever is no buyer is told while a stage of the buyers is on."""
    return _("The buyers are among themselves for a while. You will see here when they are back.")


def status(here: Held) -> str:
    people = here.room["people"]
    parts = [f"<strong>{escape(stage_words(here))}</strong>"]
    if here.room["state"] == "live" and among_buyers(here):
        parts.append(escape(_("buyers only")))
    if words := clock(here):
        parts.append(f"<strong>{escape(words)}</strong>")
    parts.append(
        escape(ngettext("{n} person takes part", "{n} people take part", people).format(n=people))
    )
    silent = f"<p>{escape(here.silent)}</p>" if here.silent else ""
    return f'<p style="margin:0">{" · ".join(parts)}</p>{silent}'


def question(here: Held) -> str:
    """The question that is being answered, large."""
    asked = here.room["question"]
    if asked is None:
        if here.room["state"] != "live" or here.room["among_buyers"]:
            return NOTHING
        return f'<p style="{SMALL}">{escape(_("No question has been put to the room."))}</p>'
    about = [
        plan_of(here).suppliers.get(asked["supplier_id"] or "", ""),
        topic_name(asked["topic"]),
    ]
    if asked["state"] == "answered":
        about.append(_("answered"))
    small = escape(" · ".join(word for word in about if word))
    return (
        f'<div aria-live="polite"><p style="{LARGE}">{escape(asked["text"])}</p>'
        f'<p style="{SMALL}">{small}</p></div>'
    )


def notes(here: Held) -> str:
    """All notes of the stage as one list."""
    room = here.room
    if room["state"] == "planned" or room["among_buyers"]:
        return NOTHING
    lines = here.lines
    shown = []
    for note in room["notes"]:
        key = (note["id"], note["version"])
        if key not in lines:
            lines[key] = _note(note, plan_of(here))
        shown.append(lines[key])
    said = ""
    if not shown and room["state"] == "live":
        said = _("What is said is written down here, by everybody at once.")
    elif not shown:
        said = _("None was written down.")
    elif plan_of(here).event["chatham"]:
        said = _("In no order: nothing here tells who wrote what, or when.")
    if len(shown) >= NEWEST:
        earlier = _(
            "These are the newest {n}. All of them stand on the page of the event, under “What "
            "came of it”."
        ).format(n=NEWEST)
        said = f"{said} {earlier}".strip()
    return _list(_("Notes of this stage") if room["stage_id"] else _("Notes"), said, shown)


def _note(note: Row, plan: Plan) -> str:
    return item(
        note["text"],
        dialogues.signed(note, plan.sides),
        _("buyers only") if note["audience"] == "buyers" else "",
        _("corrected") if note["version"] > 1 else "",
    )


def beside(here: Held) -> str:
    """The next questions by votes, and what was promised."""
    room, plan = here.room, plan_of(here)
    current = (room["question"] or {}).get("id")
    listed = [q for q in room["questions"] if q["id"] != current]
    asked = [item(q["text"], *_about_question(q, plan)) for q in listed[:NEXT]]
    asked += rest(room["waiting"] - len(asked))
    promised = [item(one["text"], *_about_promise(one, plan)) for one in room["commitments"]]
    parts = []
    if room["state"] in ("planned", "live"):
        parts.append(_list(_("Next questions"), "" if asked else _("None waits."), asked))
    nothing = "" if promised else _("None written down yet.")
    parts.append(_list(_("Commitments"), nothing, promised))
    if plan.earlier:
        parts.append(_list(_("Still open from earlier events"), "", _earlier(plan)))
    return "".join(parts)


def _earlier(plan: Plan) -> list[str]:
    """What was promised before and is to be gone through; the most overdue first."""
    standing = dialogues.standing_names()
    shown = [
        item(one["text"], one["supplier"], standing[one["standing"]],
              _("until {day}").format(day=one["due_on"]))
        for one in plan.earlier[:NEXT]
    ]  # fmt: skip
    return [*shown, *rest(len(plan.earlier) - NEXT)]


def rest(n: int) -> list[str]:
    """The last line of a list that shows its first items only."""
    return [item("", ngettext("and {n} more", "and {n} more", n).format(n=n))] if n > 0 else []


def _list(title: str, said: str, items: list[str]) -> str:
    below = f'<p style="{SMALL};margin-bottom:.75rem">{escape(said)}</p>' if said else ""
    listed = f'<ul style="{LIST}">{"".join(items)}</ul>' if items else ""
    return f'<h2 style="{HEAD}">{escape(title)}</h2>{below}{listed}'


def item(text: str, *about: str) -> str:
    small = escape(" · ".join(word for word in about if word))
    below = f'<small style="font-size:.875em">{small}</small>' if small else ""
    return f"<li>{escape(text)}{'<br>' if text and small else ''}{below}</li>"


def _about_question(asked: Row, plan: Plan) -> list[str]:
    votes = asked["votes"]
    return [
        ngettext("{n} vote", "{n} votes", votes).format(n=votes),
        _("asked already") if asked["state"] == "asked" else "",
        plan.suppliers.get(asked["supplier_id"] or "", ""),
        topic_name(asked["topic"]),
        _("buyers only") if asked["board"] == "buyers" else "",
    ]


def _about_promise(promise: Row, plan: Plan) -> list[str]:
    return [
        plan.suppliers.get(promise["supplier_id"], ""),
        _("until {day}").format(day=promise["due_on"]),
        plan.organisations.get(promise["owner_id"], ""),
    ]


def part(here: Held, make: Callable[..., str], *arguments: Any) -> str:
    """A piece of the screen, `make(here, *arguments)`, made once for each state of the room."""
    return kept(here, make.__name__, lambda: make(here, *arguments))


def kept(here: Held, name: str, make: Callable[[], T]) -> T:
    """What is made once for each state of the room, under a name of its own."""
    if name not in here.parts:
        here.parts[name] = make()
    found: T = here.parts[name]
    return found
