"""What is being asked, said and promised at this moment?"""

import polars as pl
import streamlit as st

from components import data, room_screens
from components.dialogues import RELATIONS as OF_DIALOGUES
from components.links import link, page_path
from components.messages import empty, problem
from components.session import Session, require_session
from quorum.language import _


def choose(session: Session) -> None:
    """Without an event in the address: those that are on, and those ahead."""
    st.title(_("Live"))
    st.markdown(_("What is being asked, said and promised at this moment?"))
    ahead = data.dialogues(session).filter(pl.col("state").is_in(["planned", "live"]))
    if ahead.is_empty():
        empty(
            _("No event is on or ahead"),
            _("Here you follow an event while it is held: questions, notes and commitments."),
            _("All events"),
            page_path("dialogues"),
        )
        return
    for row in ahead.sort("state", "starts_at").iter_rows(named=True):
        words = _("Go into {title}") if row["state"] == "live" else _("Look into {title}")
        link("room", words.format(title=row["title"]), dialogue=row["id"])


def main() -> None:
    session = require_session(guests=True)
    chosen = st.query_params.get("dialogue", "")
    data.ahead(
        session, *OF_DIALOGUES, "dialogue_stage", "dialogue_seat",
        said="dialogue_room", dialogue_id=chosen,
    )  # fmt: skip
    if not chosen:
        choose(session)
    elif data.dialogues(session).filter(id=chosen).is_empty():
        problem(_("There is no such event, or you do not take part in it."))
        link("dialogues", _("All events"))
    elif st.query_params.get("view") == "projector":
        room_screens.show_on_the_wall(session, chosen)
    else:
        room_screens.show(session, chosen)


main()
