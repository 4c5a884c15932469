"""Which dialogues with suppliers are coming, and what did the earlier ones lead to?"""

from typing import Any

import polars as pl
import streamlit as st

from components import data, dialogues
from components.dialogues_plan import KEY, plan_form
from components.initiatives import shown_table, view
from components.links import link
from components.messages import empty, foot
from components.session import Session, require_session
from quorum.definitions.dialogues import definition
from quorum.language import _

FOLLOW_UP = "follow_up"  # the template that is proposed for the next event
VIEWS = {"ahead": _("Coming and under way"), "past": _("Held or cancelled")}


def figures(session: Session, found: pl.DataFrame) -> None:
    made, verified = int(found["made"].sum()), int(found["verified"].sum())
    with st.container(horizontal=True):
        coming = found.filter(pl.col("state").is_in(["planned", "live"])).height
        st.metric(_("Coming or under way"), coming, width=180)
        st.metric(_("Held"), found.filter(state="closed").height, width=160)
        st.metric(_("Commitments made"), made, width=180)
        st.metric(_("Verified of all made"), f"{verified / made:.0%}" if made else "–", width=180)


def events(session: Session, found: pl.DataFrame) -> None:
    which = view(VIEWS, "dialogues_view")
    if which == "ahead":
        shown = found.filter(pl.col("state").is_in(["planned", "live"])).sort(
            pl.col("state") != "live", "starts_at"
        )
    else:
        shown = found.filter(pl.col("state").is_in(["closed", "cancelled"])).sort(
            "starts_at", descending=True
        )
    if shown.is_empty():
        st.info(_("No event is planned.") if which == "ahead" else _("No event has been held yet."))
        return
    columns: dict[str, Any] = {
        "title": st.column_config.TextColumn(_("Event"), width=200),
        "when_words": st.column_config.TextColumn(_("When"), width=_wide(shown["when_words"])),
        "state_name": st.column_config.TextColumn(_("State"), width=85),
        "made": st.column_config.NumberColumn(_("Made"), help=_("Commitments"), width=60),
        "verified": st.column_config.NumberColumn(
            _("Verified"), help=_("Of the commitments"), width=75
        ),
        "still_open": st.column_config.NumberColumn(
            _("Open"), help=_("Of the commitments"), width=60
        ),
        "suppliers": _("Suppliers"),
    }
    if len(session.principal.consortia) > 1:
        columns["consortium"] = _("Consortium")
    chosen = shown_table(
        session, shown, columns, _("Dialogues with suppliers"), f"events-{which}", id_column="id"
    )
    if chosen:
        dialogues.open_event(chosen)
    st.caption(_("Select a row to open the event."))


def _wide(words: pl.Series) -> int:
    """Room for the longest, in pixels: with a time zone, or without."""
    longest: Any = words.str.len_chars().max()
    return 215 if longest <= len("Tue 2026-11-10, 09:00 to 12:00") else 310


def plan_next(session: Session) -> None:
    """What the link "Plan the next one" hands over becomes the choice, and leaves the address."""
    after = st.query_params.pop("after", None)
    if after is None:
        return
    living = set(data.suppliers(session)["id"])
    st.session_state[f"{KEY}-chosen"] = [
        one for one in dialogues.supplier_names(session, after) if one in living
    ]
    if any(one.code == FOLLOW_UP for one in definition().templates):
        st.session_state[f"{KEY}-template"] = FOLLOW_UP
    st.session_state["dialogues_plan"] = True


def main() -> None:
    session = require_session(guests=True)
    data.ahead(session, *dialogues.RELATIONS)
    st.title(_("Dialogues with suppliers"))
    st.markdown(_("Which dialogues are coming, and what did the earlier ones lead to?"))
    found = dialogues.listing(session)
    member = bool(session.principal.consortia)
    if found.is_empty() and session.principal.guest:
        st.info(_("You were invited to report on what your company promised in an earlier event."))
        link("commitments", _("See what was promised"))
    elif found.is_empty():
        empty(
            _("No event is planned yet"),
            _(
                "Here will stand the events in which members meet suppliers together: what is "
                "asked, what is answered, what is promised, and what becomes of it."
            ),
        )
    else:
        figures(session, found)
        events(session, found)
    if member and session.principal.may_edit:
        plan_next(session)
        fold = st.expander(_("Plan an event"), key="dialogues_plan", on_change="rerun")
        if fold.open:
            with fold:
                plan_form(session)
    elif session.principal.organisation_id and not member:
        st.caption(_("Events belong to a consortium, and your organisation is in none."))
        link("consortium", _("Look at consortia"))
    elif session.principal.organisation_id:
        st.caption(_("An editor or admin of your organisation can plan an event."))
    foot([_("Events of your consortia, and those to which you were invited")])


main()
