"""The screens of a live event: everybody's, and the one on the wall.

What changes while people talk is drawn by one fragment that looks every two seconds. It writes into
places beside the forms, never around them.
"""

from collections.abc import Mapping
from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components import room, room_forms
from components.links import link
from components.messages import plain
from components.room import EVERY, Held
from components.session import Session
from quorum.language import _


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


@st.fragment(run_every=EVERY, key="room-projector")
def projector(session: Session, here: Held) -> None:
    """For a screen on the wall: stage, time and question, and no name of anybody."""
    room.refresh(session, here)
    question = here.room["question"]
    text = question["text"] if question else ""
    # Long questions get smaller, so that all of one stays on the wall.
    size = "clamp(2rem,6.5vw,7.5rem)" if len(text) <= 120 else "clamp(1.5rem,4vw,4.5rem)"
    st.html(
        '<div style="min-height:80vh;display:flex;flex-direction:column;'
        'justify-content:space-between;gap:4vh">'
        '<p style="font-size:clamp(1.25rem,2.6vw,3rem);margin:0">'
        f"{escape(room.stage_words(here))}</p>"
        f'<p aria-live="polite" style="font-size:{size};font-weight:600;line-height:1.15;margin:0;'
        f'overflow-wrap:anywhere">{escape(text)}</p>'
        '<p style="font-size:clamp(2rem,6vw,7rem);font-variant-numeric:tabular-nums;margin:0">'
        f"{escape(here.silent or room.clock(here))}</p></div>"
    )


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
