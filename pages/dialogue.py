"""What is planned, asked and promised in this event?"""

import streamlit as st

from components import data, dialogues, dialogues_board, dialogues_plan
from components.dialogues_after import record
from components.dialogues_papers import named_in_minutes, papers, show_named
from components.dialogues_people import people
from components.initiatives import view
from components.links import go, link
from components.messages import empty, foot, plain
from components.session import Session, require_session
from quorum.language import _
from quorum.store import Row


def parts(row: Row) -> dict[str, str]:
    """The parts of the page by their name in the address; what came of it leads once it is over."""
    known = {
        "agenda": _("Agenda"),
        "questions": _("Questions"),
        "people": _("Participants"),
        "record": _("What came of it"),
        "papers": _("Papers"),
    }
    if row["state"] not in ("live", "closed"):
        del known["record"]
    if row["state"] == "closed":
        known = {"record": known["record"], **known}
    return known


def agenda(session: Session, row: Row, now: Row) -> None:
    dialogues_plan.begin_with_open(session, row)
    st.markdown(f"**{_('Agenda')}**")
    dialogues_plan.agenda(session, row)
    if dialogues.hosts(session, row) and not dialogues.is_over(row):
        st.markdown(f"**{_('The event itself')}**")
        dialogues_plan.change(session, row)


def choose(session: Session) -> None:
    found = dialogues.listing(session)
    st.title(_("Event"))
    if found.is_empty():
        empty(
            _("No event is planned yet"),
            _("Here stand agenda, questions, participants and commitments of one event."),
        )
        link("dialogues", _("All events"))
        return
    names = dict(found.select("id", "title").iter_rows())
    chosen = st.selectbox(
        _("Choose an event"), list(names), index=None, key="dialogue_choose",
        format_func=lambda one: names.get(one, ""), placeholder=_("Part of its title"),
    )  # fmt: skip
    if chosen:
        go("dialogue", dialogue=chosen)


def main() -> None:
    session = require_session(guests=True)
    data.ahead(
        session, *dialogues.RELATIONS, "dialogue_stage", "dialogue_seat", "membership",
        said="dialogue_board", dialogue_id=st.query_params.get("dialogue", ""),
    )  # fmt: skip
    row = dialogues.asked_for(session)
    if row is None:
        choose(session)
        return
    now = dialogues_board.board(session, row["id"])
    row = {**row, "state": now["state"]}
    st.title(plain(row["title"]))
    dialogues.heading(session, row)
    dialogues.course(
        session, row, bool(now["leads"]),
        lambda: show_named(named_in_minutes(session, row, now)) if row["chatham"] else None,
    )  # fmt: skip
    shown = view(parts(row), "dialogue_part")
    {
        "agenda": agenda,
        "questions": dialogues_board.boards,
        "people": people,
        "record": record,
        "papers": papers,
    }[shown](session, row, now)
    dialogues_board.watched(row["id"])
    foot(
        [_("What members and guests of this event wrote")],
        withheld=_("what only buyers see, and what other suppliers promised")
        if not dialogues.is_buyer(session, row)
        else None,
    )


main()
