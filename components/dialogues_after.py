"""What came of a dialogue: its notes, its questions by votes, what was promised."""

import polars as pl
import streamlit as st

from components import commitments, data, dialogues, dialogues_board, dialogues_rule
from components.links import link
from components.messages import plain, plain_lines
from components.session import Session
from quorum import dialogues as domain
from quorum.language import _
from quorum.store import Row


def record(session: Session, row: Row, now: Row) -> None:
    """The part "What came of it"."""
    _promises(session, row, now)
    st.markdown(f"**{_('Notes')}**")
    notes = data.ask(session, "dialogue_notes", dialogue_id=row["id"])
    _notes(session, row, notes)
    if dialogues.is_over(row):
        st.markdown(f"**{_('Questions by votes')}**")
        dialogues_board.read_only(session, row, now)
    if row["state"] == "closed" and dialogues.is_buyer(session, row) and session.principal.may_edit:
        link("dialogues", _("Plan the next event with these suppliers"), after=row["id"])


def _promises(session: Session, row: Row, now: Row) -> None:
    st.markdown(f"**{_('Commitments')}**")
    found = commitments.standing(session).filter(pl.col("dialogue_id") == row["id"])
    if found.is_empty():
        st.caption(_("Nothing has been written down yet that a supplier promised."))
    else:
        columns = commitments.columns(session)
        del columns["dialogue"]
        dialogues_rule.event_table(
            session, row, found, columns, _("Commitments of {title}").format(title=row["title"]),
            f"promises-{row['id']}",
        )  # fmt: skip
        link("commitments", _("Follow them up"), dialogue=row["id"])
    seat = now["seat"]
    if seat is not None and seat["side"] == "buyer" and row["state"] in ("live", "closed"):
        fold = st.expander(_("Add a commitment"), key=f"promising-{row['id']}", on_change="rerun")
        if fold.open:
            with fold:
                commitments.capture_form(session, row)


def _notes(session: Session, row: Row, notes: list[Row]) -> None:
    if not notes:
        st.caption(_("No note was taken."))
        return
    stages = dialogues.stages(session, row["id"])
    places: list[tuple[str | None, str]] = [
        (one["id"], one["title"]) for one in stages.iter_rows(named=True)
    ]
    known = {place for place, __ in places}
    sides = dialogues.who(session, row["id"])
    for place, title in [*places, (None, _("Without a stage"))]:
        here = [
            note for note in notes
            if note["stage_id"] == place or (place is None and note["stage_id"] not in known)
        ]  # fmt: skip
        if not here:
            continue
        with st.expander(f"{plain(title)} ({len(here)})", key=f"notes-{row['id']}-{place}"):
            for note in here:
                signed = domain.signed(note, sides)
                by = f" *{plain(signed)}*" if signed else ""
                mark = f" :gray-badge[{plain(_('Buyers only'))}]"
                buyers = mark if note["audience"] == "buyers" else ""
                st.markdown(f"{plain_lines(note['text'])}{by}{buyers}")
