"""The forms in the room of a live event: to lead it, to take notes, to write down commitments.

The forms for writing lie in a fragment of their own, which nothing redraws but its own buttons:
what somebody is typing stays theirs. A text stays in its form until the store has answered.
"""

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

import streamlit as st

from components import data, dialogues_papers, dialogues_rule, messages
from components.dialogues import closing_words
from components.messages import plain
from components.room import Held, all_notes, all_questions, among_buyers, kept, plan_of
from components.session import Session
from quorum import dialogues
from quorum.language import _
from quorum.store import Row, StoreError

_NOTE, _AUDIENCE = "room-note", "room-audience"
_DRAFT, _SENT, _EMPTIED = "room-draft", "room-sent", "room-emptied"
_WROTE, _AWAY = "room-wrote", "room-away"
_CORRECT, _CLASH = "room-correct", "room-clash"
_PROMISE, _PROMISED = "room-promise", "room-promise-stored"
_SAID = "room-said"  # where, and what was refused there
_NAMED = "room-named"  # the text of which was said that it names somebody

# Leading ------------------------------------------------------------------------------------------


def lead(session: Session, here: Held) -> None:
    """Buttons of hosts and facilitators. The same elements in the same order at every look, so that
    a list that somebody has opened stays open."""
    room = here.room
    if room["state"] == "planned":
        st.button(
            _("Open the event"), type="primary", key="room-open", on_click=act,
            args=(session, "open_dialogue"), kwargs={"dialogue_id": here.dialogue_id},
        )  # fmt: skip
    elif room["state"] == "live":
        _lead_live(session, here)
    tell("lead")


def _lead_live(session: Session, here: Held) -> None:
    room, plan = here.room, plan_of(here)
    question = room["question"]
    others = [q for q in room["questions"] if q["id"] != (question or {}).get("id")]
    # What was put to the room once does not come up again by itself: "Go to" brings it back.
    most_wanted = next((q for q in others if q["state"] == "open"), None)
    stages = list(plan.stages)
    place = stages.index(room["stage_id"]) if room["stage_id"] in stages else -1
    following = stages[place + 1] if place + 1 < len(stages) else None
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            _("Next stage"), key="room-next-stage", disabled=following is None,
            help=plain(plan.stages[following]["title"]) if following else None,
            on_click=_go, args=(session, here.dialogue_id, following, None),
        )  # fmt: skip
        st.button(
            _("Next question"), key="room-next-question", disabled=most_wanted is None,
            help=plain(most_wanted["text"]) if most_wanted else None,
            on_click=_go,
            args=(
                session, here.dialogue_id, room["stage_id"],
                most_wanted["id"] if most_wanted else None,
            ),
        )  # fmt: skip
        answered = question is None or question["state"] == "answered"
        st.button(
            _("Mark as answered"), key="room-answered", disabled=answered,
            on_click=act, args=(session, "set_question_state"),
            kwargs={"id": question["id"], "state": "answered"} if question else None,
        )  # fmt: skip
        with st.popover(_("Go to"), key="room-goto"):
            _choose(session, here, others)
        close = st.popover(_("Close the event"), key="room-close", on_change="rerun")
        if close.open:
            with close:
                _close(session, here)


def _choose(session: Session, here: Held, listed: list[Row]) -> None:
    plan = plan_of(here)
    st.selectbox(
        _("Stage"), list(plan.stages), index=None, key="room-stage",
        format_func=lambda one: plan.stages[one]["title"] if one in plan.stages else "",
    )  # fmt: skip
    st.button(
        _("Begin this stage"), key="room-go-stage",
        on_click=_go_chosen, args=(session, here, "room-stage"),
    )  # fmt: skip
    words = ""
    if here.room["waiting"] > len(listed):
        words = st.text_input(_("Words of a question further down"), key="room-words").strip()
    texts = {q["id"]: q["text"] for q in (_with_words(session, here, words) if words else listed)}
    st.selectbox(
        _("Question"), list(texts), index=None, key="room-question",
        format_func=lambda one: texts.get(one, ""),
    )  # fmt: skip
    st.button(
        _("Put it to the room"), key="room-go-question",
        on_click=_go_chosen, args=(session, here, "room-question"),
    )  # fmt: skip


def _with_words(session: Session, here: Held, words: str) -> list[Row]:
    """Of all questions of the boards, those with these words: the room is told the first only."""
    return [
        q for q in _or_say_why(lambda: all_questions(session, here))
        if q["merged_into"] is None and q["state"] in ("open", "asked") and _says(q, words)
    ]  # fmt: skip


def _or_say_why(asked: Callable[[], list[Row]]) -> list[Row]:
    try:
        return asked()
    except StoreError as refusal:
        messages.problem(str(refusal))
        return []


def _says(said: Row, words: str) -> bool:
    return words.casefold() in said["text"].casefold()


def _close(session: Session, here: Held) -> None:
    for sentence in closing_words(plan_of(here).event["chatham"]):
        st.markdown(plain(sentence))
    if plan_of(here).event["chatham"]:
        _named_before_closing(session, here)
    st.button(
        _("Close it now"), type="primary", key="room-close-now", on_click=act,
        args=(session, "close_dialogue"), kwargs={"dialogue_id": here.dialogue_id},
    )  # fmt: skip


def _named_before_closing(session: Session, here: Held) -> None:
    try:
        found = kept(
            here, "named",
            lambda: dialogues_papers.named_in_minutes(
                session, plan_of(here).event, {"questions": all_questions(session, here)}
            ),
        )  # fmt: skip
    except StoreError as refusal:
        messages.problem(str(refusal))
        return
    dialogues_papers.show_named(found)


def _go(session: Session, dialogue_id: str, stage_id: str | None, question_id: str | None) -> None:
    act(session, "go_to", dialogue_id=dialogue_id, stage_id=stage_id, question_id=question_id)


def _go_chosen(session: Session, here: Held, key: str) -> None:
    chosen = st.session_state.get(key)
    if chosen is None:
        return
    stage_id = chosen if key == "room-stage" else here.room["stage_id"]
    _go(session, here.dialogue_id, stage_id, chosen if key == "room-question" else None)


def act(session: Session, function: str, **arguments: Any) -> None:
    """A write of somebody who leads; a refusal is said beside the buttons."""
    st.session_state.pop(_SAID, None)
    try:
        data.call(session, function, **arguments)
    except StoreError as refusal:
        st.session_state[_SAID] = ("lead", str(refusal))


def tell(where: str = "lead") -> None:
    """What was refused here, until the next try."""
    said = st.session_state.get(_SAID)
    if said is not None and said[0] == where:
        messages.problem(said[1])


# Taking notes -------------------------------------------------------------------------------------


def writes(here: Held) -> bool:
    """Whether the form for notes stands. Where it stood once it stays: somebody may have a text in
    it that was not stored."""
    if here.room["seat"] is not None and here.room["state"] == "live":
        st.session_state[_WROTE] = True
    return bool(st.session_state.get(_WROTE))


@st.fragment(key="room-writing")
def writing(session: Session, here: Held) -> None:
    """The forms. Nothing but their own buttons and a new frame of the page draws them again."""
    buyer = (here.room["seat"] or {}).get("side") == "buyer"
    live = here.room["state"] == "live"
    _forget_stored()
    # What stands in a form is not known here before it is sent: only the writer can say that
    # nothing does.
    with st.container():
        if live or not st.session_state.get(_AWAY):
            _note_form(session, here, buyer)
    tell("note")
    # Whoever is correcting or promising something at this moment goes on after the close.
    with st.container():
        if live or st.session_state.get(_CORRECT):
            _correcting(session, here)
        if not live and not st.session_state.get(_AWAY):
            _after_the_close()
    if buyer:
        with st.expander(_("Write down a commitment"), key="room-commitment"):
            _promising(session, here)


def _note_form(session: Session, here: Held, buyer: bool) -> None:
    open_to_all = here.room["state"] == "live" and not here.room["among_buyers"]
    with st.form("room-note-form", border=False, enter_to_submit=True):
        st.text_area(
            _("Note"), key=_NOTE, max_chars=4000, height=96,
            placeholder=_("What was said; Ctrl+Enter adds it"),
        )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="center"):
            st.form_submit_button(
                _("Add note"), type="primary", key="room-add", disabled=not open_to_all,
                on_click=_send, args=(session, here),
            )  # fmt: skip
            if buyer:
                _audience(here)


def _after_the_close() -> None:
    st.caption(_("No note is stored here any more. Copy what stands in the form if you need it."))
    st.button(_("Put the form away"), key="room-put-away", on_click=_put_away)


def _put_away() -> None:
    st.session_state[_AWAY] = True
    st.session_state.pop(_SAID, None)


def _audience(here: Held) -> None:
    """Who reads the note. After a stage among buyers it stays with them until the writer says
    otherwise: what was begun there must not go to everybody by surprise."""
    among = among_buyers(here)
    if among:
        st.session_state[_AUDIENCE] = "buyers"
    names = {"shared": _("Everybody in the event"), "buyers": _("Buyers only")}
    st.radio(
        _("Who reads it"), list(names), key=_AUDIENCE, format_func=names.__getitem__,
        horizontal=True, disabled=among, label_visibility="collapsed",
    )  # fmt: skip


def _forget_stored() -> None:
    """Empties the form of a text that is stored: after it was sent, and also when the answer was
    lost on the way and the browser brings the text back with the connection."""
    sent = st.session_state.get(_SENT)
    if sent is not None and st.session_state.get(_NOTE, "").strip() == sent:
        st.session_state[_NOTE] = ""
        st.session_state[_EMPTIED] = True


def arrived() -> None:
    """Once the browser has the empty form, the same words are a note of their own. Asked at every
    look, which brings along what stands in the browser; not at the one that empties the form."""
    if st.session_state.pop(_EMPTIED, False):
        return
    if _SENT in st.session_state and not st.session_state.get(_NOTE):
        del st.session_state[_SENT]
        st.session_state.pop(_DRAFT, None)


def _identifier(draft: tuple[Any, ...], key: str) -> str:
    """One per text: sent again, it is the same row."""
    known = st.session_state.get(key)
    if known is None or known[0] != draft:
        known = st.session_state[key] = (draft, str(uuid.uuid4()))
    return str(known[1])


def _send(session: Session, here: Held) -> None:
    text = str(st.session_state[_NOTE]).strip()
    if not text:
        return
    room = here.room
    guest = (room["seat"] or {}).get("side") != "buyer"
    # Where a buyer's choice has not arrived, the narrower one.
    audience = "shared" if guest else st.session_state.get(_AUDIENCE) or "buyers"
    draft = (text, audience, room["stage_id"])
    st.session_state.pop(_SENT, None)
    st.session_state.pop(_SAID, None)
    if _names_somebody(session, here, _("the note"), text, "note"):
        return
    try:
        data.call(
            session, "write_note", dialogue_id=here.dialogue_id, id=_identifier(draft, _DRAFT),
            stage_id=room["stage_id"], question_id=(room["question"] or {}).get("id"),
            audience=audience, text=text, version=None,
        )  # fmt: skip
    except StoreError as refusal:
        st.session_state[_SAID] = ("note", str(refusal))
        return
    st.session_state[_SENT] = text
    st.rerun(["room-writing", "room-screen"])


def _names_somebody(session: Session, here: Held, place: str, text: str, where: str) -> bool:
    """Whether the writer is asked first, beside the form `where`: once for each text."""
    key = f"{_NAMED}-{where}"
    try:
        said = dialogues_rule.before_storing(session, plan_of(here).event, {place: text}, key)
    except StoreError as refusal:
        said = str(refusal)
    if said:
        st.session_state[_SAID] = (where, said)
    return bool(said)


# Correcting a note --------------------------------------------------------------------------------


def _correcting(session: Session, here: Held) -> None:
    """Choose a note, change or strike it. Of two who change it at once, nobody is overwritten."""
    seen = st.session_state.get(_CORRECT)
    if seen is None:
        st.button(_("Correct a note"), key="room-correct-open", on_click=_open_correction)
        return
    if (clash := st.session_state.get(_CLASH)) is not None:
        _settle(session, here, clash)
        return
    if not seen:
        words = st.text_input(_("Words of an earlier note"), key="room-note-words").strip()
        listed = _notes_with(session, here, words) if words else here.room["notes"]
        notes = {note["id"]: note for note in listed}
        st.selectbox(
            _("Which note"), list(notes), index=None, key="room-pick",
            format_func=lambda one: notes[one]["text"] if one in notes else "",
            on_change=_pick, args=(notes,),
        )  # fmt: skip
        st.button(_("Cancel"), key="room-correct-cancel", on_click=_end_correction)
        return
    with st.form("room-correct-form"):
        st.text_area(_("Corrected note"), key="room-corrected", max_chars=4000)
        with st.container(horizontal=True):
            st.form_submit_button(
                _("Save"), type="primary", key="room-correct-save",
                on_click=_save, args=(session, here),
            )  # fmt: skip
            if _may_strike(here, seen):
                st.form_submit_button(
                    _("Strike it"), key="room-strike", on_click=_strike, args=(session,)
                )
            st.form_submit_button(_("Cancel"), key="room-correct-end", on_click=_end_correction)
    tell("correct")


def _may_strike(here: Held, note: Row) -> bool:
    seat = here.room["seat"] or {}
    return bool(here.room["leads"] or seat.get("role") == "note_taker" or note["own"])


def _open_correction() -> None:
    st.session_state[_CORRECT] = {}


def _notes_with(session: Session, here: Held, words: str) -> list[Row]:
    """Of all notes of the event, those with these words: the room shows the newest of one stage."""
    return [note for note in _or_say_why(lambda: all_notes(session, here)) if _says(note, words)]


def _pick(notes: dict[str, Row]) -> None:
    note = notes.get(st.session_state.get("room-pick", ""))
    if note is not None:
        st.session_state[_CORRECT] = dict(note)
        st.session_state["room-corrected"] = note["text"]


def _end_correction() -> None:
    for key in (_CORRECT, _CLASH, "room-pick", "room-corrected", "room-note-words"):
        st.session_state.pop(key, None)


def _save(session: Session, here: Held) -> None:
    text = str(st.session_state["room-corrected"]).strip()
    if _names_somebody(session, here, _("the note"), text, "correct"):
        return
    _store(session, here, text, st.session_state[_CORRECT]["version"])


def _store(session: Session, here: Held, text: str, version: int | None) -> None:
    seen = st.session_state[_CORRECT]
    st.session_state.pop(_SAID, None)
    try:
        answer = data.call(
            session, "write_note", dialogue_id=here.dialogue_id, id=seen["id"],
            stage_id=seen["stage_id"], question_id=seen["question_id"], audience=seen["audience"],
            text=text, version=version,
        )  # fmt: skip
    except StoreError as refusal:
        st.session_state[_SAID] = ("correct", str(refusal))
        return
    _answered(answer, text)


def _answered(answer: Row, mine: str) -> None:
    if (theirs := answer.get("conflict")) is None:
        _end_correction()
        st.rerun(["room-writing", "room-screen"])
    st.session_state[_CLASH] = (mine, theirs)


def _strike(session: Session) -> None:
    seen = st.session_state[_CORRECT]
    st.session_state.pop(_SAID, None)
    try:
        answer = data.call(session, "strike_note", id=seen["id"], version=seen["version"])
    except StoreError as refusal:
        st.session_state[_SAID] = ("correct", str(refusal))
        return
    _answered(answer, "")


def _settle(session: Session, here: Held, clash: tuple[str, Row]) -> None:
    """Mine and what is stored now, side by side."""
    mine, theirs = clash
    if theirs["version"] is None:
        st.warning(
            _("Somebody struck this note meanwhile. Your version is below: copy it, or add it.")
        )
        st.code(mine, language=None, wrap_lines=True)
        with st.container(horizontal=True):
            st.button(
                _("Add it as a new note"), key="room-add-struck",
                on_click=_store, args=(session, here, mine, None),
            )  # fmt: skip
            st.button(_("Leave it struck"), key="room-leave-struck", on_click=_end_correction)
        return
    label = _("Note")
    choice = messages.conflict(
        {label: mine or _("(struck)")}, {label: theirs["text"]}, _("Somebody else"), "room-clash"
    )
    if choice is None:
        return
    st.session_state[_CLASH] = None
    if choice == "theirs":
        _end_correction()
    elif mine:
        _store(session, here, mine, theirs["version"])
    else:
        st.session_state[_CORRECT] = {**st.session_state[_CORRECT], "version": theirs["version"]}
        _strike(session)
    st.rerun(scope="fragment")


# Writing down a commitment ------------------------------------------------------------------------


def _promising(session: Session, here: Held) -> None:
    plan = plan_of(here)
    own = session.principal.organisation_id
    if own in plan.organisations:
        st.session_state.setdefault("room-owner", own)
    if st.session_state.get(_PROMISED) == str(st.session_state.get("room-promised", "")).strip():
        st.session_state["room-promised"] = ""
        st.session_state["room-due"] = None
    with st.form("room-promise-form", border=False):
        st.text_area(_("What was promised"), key="room-promised", max_chars=1000, height=68)
        who, when = st.columns(2)
        with who:
            st.selectbox(
                _("Supplier that promised it"), list(plan.suppliers),
                index=0 if len(plan.suppliers) == 1 else None, key="room-supplier",
                format_func=plan.suppliers.__getitem__,
            )  # fmt: skip
            st.selectbox(
                _("Organisation that follows it up"), list(plan.organisations), index=None,
                key="room-owner", format_func=plan.organisations.__getitem__,
            )  # fmt: skip
        # Beside the others: it is fetched when it is first shown, and below them it would push the
        # button away from under the pointer.
        when.date_input(_("Due date"), value=None, key="room-due", format="YYYY-MM-DD")
        st.form_submit_button(
            _("Write it down"), type="primary", key="room-promise-add",
            on_click=_promise, args=(session, here),
        )  # fmt: skip
    tell("promise")


def _promise(session: Session, here: Held) -> None:
    given = {
        "supplier_id": st.session_state["room-supplier"],
        "owner_id": st.session_state["room-owner"],
        "text": str(st.session_state["room-promised"]).strip(),
        "due_on": st.session_state["room-due"],
    }
    st.session_state.pop(_SAID, None)
    if wrong := dialogues.problems_of_commitment(**given, today=date.today()):
        st.session_state[_SAID] = ("promise", "  \n".join(wrong))
        return
    if _names_somebody(session, here, _("the commitment"), given["text"], "promise"):
        return
    try:
        data.call(
            session, "capture_commitment", dialogue_id=here.dialogue_id,
            id=_identifier(tuple(given.values()), _PROMISE), **given,
        )  # fmt: skip
    except StoreError as refusal:
        st.session_state[_SAID] = ("promise", str(refusal))
        return
    st.session_state[_PROMISED] = given["text"]
    st.rerun(["room-writing", "room-screen"])
