"""The screens of a live event: everybody's, and the one on the wall.

What changes while people talk is drawn by one fragment that looks every few seconds. It writes into
places beside the forms, never around them.
"""

from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components import data, dialogues, dialogues_rule, room, room_forms
from components.links import link
from components.messages import plain
from components.room import EVERY, Held
from components.session import Session
from quorum import dialogues as domain
from quorum import minutes
from quorum.language import _, ngettext
from quorum.receipts import listed
from quorum.store import Row, StoreError

# Of the wall: what stands above and below the large text, and a list there.
BESIDE = "font-size:clamp(1.25rem,2.6vw,3rem);line-height:1.35;margin:0"
SEVERAL = "font-size:clamp(1rem,1.9vw,2.25rem);line-height:1.35;margin-top:2vh"
LINES, PER_LINE = 8, 90  # that a list has room for, and characters in one of them
LONGEST, LONGEST_PURPOSE = PER_LINE * (LINES - 1), 300  # characters of one item, of a purpose


@st.fragment(run_every=EVERY, key="room-screen")
def screen(session: Session, here: Held, places: Mapping[str, DeltaGenerator]) -> None:
    """Everybody's screen. `places`: where notes, and questions and commitments, are drawn."""
    room.refresh(session, here)
    room_forms.arrived()
    st.html(f"{room.status(here)}{room.part(here, room.question)}")
    if here.room["leads"]:
        room_forms.lead(session, here)
    places["notes"].html(room.part(here, room.notes))
    places["beside"].html(room.part(here, room.beside))


# On the wall --------------------------------------------------------------------------------------


@st.fragment(run_every=EVERY, key="room-projector")
def projector(session: Session, here: Held) -> None:
    """For a screen on the wall, which guests see too: no name of anybody, and nothing of the
    buyers' own."""
    room.refresh(session, here)
    try:
        piece = room.part(here, wall, session)
    except StoreError as silence:
        piece, here.silent = "", str(silence)
    time = "" if room.among_buyers(here) else room.clock(here)
    st.html(
        '<div style="min-height:80vh;display:flex;flex-direction:column;'
        f'justify-content:space-between;gap:4vh;overflow-wrap:anywhere">{piece}'
        '<p style="font-size:clamp(2rem,6vw,7rem);font-variant-numeric:tabular-nums;margin:0">'
        f"{escape(here.silent or time)}</p></div>"
    )


def wall(here: Held, session: Session) -> str:
    """What stands on the wall in this state of the room, but for the time. Raises StoreError."""
    state, stage = here.room["state"], room.stage_of(here)
    if state == "closed":
        return _over_on_the_wall(here, session)
    if state == "live" and (here.room["among_buyers"] or room.among_buyers(here)):
        return _on_the_wall(_title(here, session), room.apart_words())
    if state == "live" and (asked := _shared_question(here, session)):
        return _on_the_wall(room.stage_words(here), asked)
    if state == "live" and stage is not None:
        purpose = _unnamed(here, session, {"": stage["purpose"]}).get("", "")
        below = domain.shortened(purpose, LONGEST_PURPOSE)
        return _on_the_wall(room.stage_number(here), stage["title"], below)
    plan = room.plan_of(here)
    names = list(dict.fromkeys(plan.suppliers.values()))  # two entries may have been merged
    lines = [_("with {suppliers}").format(suppliers=listed(names, 8))]
    if state == "planned":
        lines.append(dialogues.when(plan.event, st.context.timezone or ""))
    return _on_the_wall(room.stage_words(here), _title(here, session), "\n".join(lines))


def _on_the_wall(top: str, large: str, below: str = "", items: Sequence[str] = ()) -> str:
    """items: of room.item."""
    # Long texts get smaller, so that all of one stays on the wall, and so does what heads a list.
    short = len(large) <= 120 and not items
    size = "clamp(2rem,6.5vw,7.5rem)" if short else "clamp(1.5rem,4vw,4.5rem)"
    under = f'<p style="{BESIDE};margin-top:3vh;white-space:pre-line">{escape(below)}</p>'
    several = f'<ul style="{room.LIST};{SEVERAL}">{"".join(items)}</ul>'
    return (
        f'<p style="{BESIDE}">{escape(top)}</p><div aria-live="polite">'
        f'<p style="font-size:{size};font-weight:600;line-height:1.15;margin:0">{escape(large)}</p>'
        f"{under if below else ''}{several if items else ''}</div>"
    )


def _over_on_the_wall(here: Held, session: Session) -> str:
    plan, promised = room.plan_of(here), here.room["commitments"]
    large, title = _("Thank you for taking part."), _title(here, session)
    seats = data.rows(session, "dialogue_seat").filter(dialogue_id=here.dialogue_id)
    # A guest sees what the own company promised: on the wall stands what all of them may see.
    if not minutes.all_see_promises(plan.suppliers, seats):
        below = _(
            "What was promised is followed up in Quorum: the buyers see all of it there, and each "
            "supplier what it promised."
        )
        return _on_the_wall(title, large, below)
    if not promised:
        return _on_the_wall(title, large, _("No commitment was written down."))
    count = ngettext(
        "{n} commitment was written down:", "{n} commitments were written down:", len(promised)
    ).format(n=len(promised))
    said = _unnamed(here, session, {one["id"]: one["text"] for one in promised})
    # By due date, as they are followed up: in which order they were made is not told.
    shown = _fitting(
        sorted(
            (one for one in promised if one["id"] in said),
            key=lambda one: (one["due_on"], one["text"]),
        )
    )
    items = [
        room.item(
            domain.shortened(one["text"], LONGEST), plan.suppliers.get(one["supplier_id"], ""),
            _("until {day}").format(day=one["due_on"]),
        )
        for one in shown
    ]  # fmt: skip
    return _on_the_wall(title, large, count, [*items, *room.rest(len(promised) - len(shown))])


def _fitting(promised: Sequence[Row]) -> Sequence[Row]:
    """The first of them, as many as the wall has lines for; one at least."""
    lines = 0
    for n, one in enumerate(promised):
        lines += 2 + min(len(one["text"]), LONGEST) // PER_LINE
        if lines > LINES and n:
            return promised[:n]
    return promised


def _shared_question(here: Held, session: Session) -> str:
    """The question that is being answered, if everybody in the event may read it."""
    asked = here.room["question"]
    if asked is None:
        return ""
    here.shared |= {one["id"] for one in here.room["questions"] if one["board"] == "shared"}
    if asked["id"] not in here.shared:  # the room is told the first ones only
        every = room.all_questions(session, here)
        here.shared |= {one["id"] for one in every if one["board"] == "shared"}
    return str(asked["text"]) if asked["id"] in here.shared else ""


def _unnamed(here: Held, session: Session, texts: Mapping[str, str]) -> dict[str, str]:
    """Key -> text; under the Chatham House Rule only those that name nobody."""
    event = room.plan_of(here).event
    named = dialogues_rule.cannot_leave(session, event, texts) if event["chatham"] else set()
    return {key: text for key, text in texts.items() if key not in named}


def _title(here: Held, session: Session) -> str:
    said = _unnamed(here, session, {"title": room.plan_of(here).event["title"]})
    return said.get("title", _("A dialogue with suppliers"))


# The page -----------------------------------------------------------------------------------------


def show(session: Session, dialogue_id: str) -> None:
    """The room, for whoever may see it."""
    here = room.arrive(session, dialogue_id)
    event = room.plan_of(here).event
    st.title(plain(event["title"]))
    if event["chatham"]:
        st.caption(
            _("Chatham House Rule: no person and no organisation is kept with what is said here.")
        )
    # These containers are always there: a form that moves loses what somebody is typing into it.
    with st.container():
        _over(here, dialogue_id)
    left, right = st.columns([2, 1], gap="large")
    with left:
        top = st.container()
        with st.container():
            _seat(session, here)
        with st.container():
            if room_forms.writes(here):
                room_forms.writing(session, here)
        notes = st.container()
    with top:
        room.draw(screen, session, here, {"notes": notes, "beside": right.container()})
    with st.container(horizontal=True):
        link("room", _("View for the projector"), dialogue=dialogue_id, view="projector")
        link("dialogue", _("Plan and preparation"), dialogue=dialogue_id)


def show_on_the_wall(session: Session, dialogue_id: str) -> None:
    """The room as the projector shows it."""
    here = room.arrive(session, dialogue_id)
    room.draw(projector, session, here)


def _over(here: Held, dialogue_id: str) -> None:
    if here.room["state"] == "closed":
        st.info(_("This event is closed. What was promised is followed up with the commitments."))
        link("commitments", _("Follow up the commitments"), dialogue=dialogue_id)
    elif here.room["state"] == "cancelled":
        st.info(_("This event was cancelled."))


def _seat(session: Session, here: Held) -> None:
    """For somebody without a seat: what they can do."""
    if here.room["seat"] is not None or here.room["state"] not in ("planned", "live"):
        return
    if session.principal.guest:
        st.info(_("You have no seat in this event any more. You can read here."))
    elif not session.principal.may_edit:
        st.info(_("You can read here. Editors and admins of your organisation can take a seat."))
    else:
        st.markdown(_("Whoever has a seat asks, votes and takes notes."))
        if st.button(_("Take a seat"), type="primary", key="room-seat"):
            room_forms.act(session, "take_seat", dialogue_id=here.dialogue_id)
            st.rerun()
        room_forms.tell()
