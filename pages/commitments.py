"""Which promises of suppliers are overdue, which are due next, and how many were kept?"""

from typing import Any

import polars as pl
import streamlit as st

from components import commitments, data, dialogues, dialogues_rule, filters
from components.initiatives import shown_table, view
from components.links import link
from components.messages import empty, foot
from components.session import Session, require_session
from components.tables import remembered
from quorum import dialogues as domain
from quorum.language import _


def handed_over(session: Session) -> None:
    """What a link asks for becomes the choice, and leaves the address."""
    if not {"dialogue", "supplier"}.isdisjoint(st.query_params):
        put_away()
    wanted = st.query_params.pop("commitment", None)
    known = data.commitments(session)["id"].to_list()
    if wanted in known:
        st.session_state["commitment_asked"] = wanted
        st.session_state["commitments_group"] = "all"
        st.session_state.pop("commitments_view", None)


def figures(found: pl.DataFrame) -> None:
    counts = dict(found["standing"].value_counts().iter_rows())
    rate = domain.progress(found, ())["rate"][0]
    with st.container(horizontal=True):
        st.metric(_("Overdue"), counts.get("overdue", 0), width=125)
        st.metric(_("Due in 14 days"), counts.get("soon", 0), width=125)
        still = sum(counts.get(one, 0) for one in commitments.GROUPS["open"])
        st.metric(_("Open in all"), still, width=125)
        st.metric(
            _("Verified of all made"), "–" if rate is None else f"{rate:.0%}", width=165,
            help=_("What was dropped or put off stays in the count."),
        )  # fmt: skip


def chosen_ones(session: Session) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The commitments that fit the filters: of any standing, and of the standing chosen."""
    found = commitments.standing(session)
    names = {
        column: dict(found.select(column, name).drop_nulls().unique().sort(name).iter_rows())
        for column, name in (
            ("dialogue_id", "dialogue"), ("supplier_id", "supplier"), ("owner_id", "owner"),
        )
    }  # fmt: skip
    with filters.row():
        wanted = {
            "dialogue_id": filters.choice(
                _("Event"), names["dialogue_id"], "commitments_event", arrives_as="dialogue",
                least=2,
            ),
            "supplier_id": filters.choice(
                _("Supplier"), names["supplier_id"], "commitments_supplier", arrives_as="supplier",
                least=2,
            ),
            "owner_id": filters.choice(
                _("Followed up by"), names["owner_id"], "commitments_owner", least=2
            ),
            "state": filters.choice(_("State"), domain.state_names(), "commitments_state"),
        }  # fmt: skip
    for column, value in wanted.items():
        found = found.filter(pl.col(column) == value) if value else found
    group = view(commitments.group_names(), "commitments_group")
    # Whoever chooses what to see wants to see it, and no longer the one that is open.
    choices = (group, *wanted.values())
    if st.session_state.setdefault("commitments_view", choices) != choices:
        st.session_state["commitments_view"] = choices
        put_away()
    return found, found.filter(pl.col("standing").is_in(commitments.GROUPS[group]))


def put_away() -> None:
    st.session_state.pop("commitment_asked", None)


def listed(session: Session, found: pl.DataFrame, shown: pl.DataFrame) -> None:
    """The table, or in its place the commitment that was opened: below the table it would be out of
    sight. One that was just settled has left the table, and is still the one to look at."""
    row = remembered(found, None, "commitment_asked")
    if row is not None:
        st.button(_("All commitments"), icon=":material/arrow_back:", on_click=put_away)
        commitments.details(session, row)
    elif shown.is_empty():
        st.info(
            _("Nothing here is overdue, due soon or waiting to be verified.")
            if st.session_state.get("commitments_group") == "attention"
            else _("Nothing fits these filters.")
        )
    else:
        if chosen := in_table(session, shown):
            st.session_state["commitment_asked"] = chosen
            st.rerun()
        st.caption(_("Select a row to see what became of it and to report on it."))


def in_table(session: Session, shown: pl.DataFrame) -> str | None:
    columns: dict[str, Any] = commitments.columns(session)
    file = dialogues_rule.commitments_for_files(session, shown)
    chosen = shown_table(
        session, shown, columns, _("Commitments of suppliers"), "commitments", id_column="id",
        file=file,
    )  # fmt: skip
    commitments.to_calendar(file, "commitments")
    return chosen


def main() -> None:
    session = require_session(guests=True)
    data.ahead(session, *dialogues.RELATIONS, "commitment_report", "membership", "dialogue_seat")
    st.title(_("Commitments"))
    st.markdown(_("Which promises are overdue, which are due next, and how many were kept?"))
    handed_over(session)
    if data.commitments(session).is_empty():
        empty(
            _("No supplier has promised anything yet"),
            _(
                "Here will stand what suppliers promised in dialogues: by when, who follows it "
                "up, how far it is, and what shows that it was done."
            ),
        )
        link("dialogues", _("Look at the dialogues"))
        return
    found, shown = chosen_ones(session)
    figures(found)
    listed(session, found, shown)
    fold = st.expander(
        _("How many were kept, by supplier and event"), key="commitments_progress",
        on_change="rerun",
    )  # fmt: skip
    if fold.open:
        with fold:
            commitments.progress(session, found)
    foot(
        [_("What was promised in dialogues, and what was reported on it")],
        withheld=None
        if data.dialogues(session)["consortium"].drop_nulls().len()
        else _("commitments of other suppliers"),
    )


main()
