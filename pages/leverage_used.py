"""Who asked what of which supplier, and what came of it?"""

from datetime import date

import polars as pl
import streamlit as st

from components import data, dialogues_rule, filters, leverage_used
from components.initiatives import shown_table
from components.messages import empty, foot
from components.session import Session, require_session
from components.tables import remembered
from quorum.language import _


def figures(found: pl.DataFrame) -> None:
    with st.container(horizontal=True):
        st.metric(_("Times leverage was used"), found.height, width=190)
        st.metric(_("Jointly"), int(found["jointly"].sum()), width=150)
        some = found.filter(pl.col("outcome").is_in(["partly", "done"])).height
        st.metric(_("Done, wholly or partly"), some, width=190)
        st.metric(_("Nothing known yet"), found.filter(outcome="none_yet").height, width=170)


def chosen_ones(session: Session) -> pl.DataFrame:
    found = leverage_used.uses(session)
    with filters.row():
        wanted = {
            "supplier_id": filters.choice(
                _("Supplier"),
                dict(found.select("supplier_id", "supplier").drop_nulls().unique()
                     .sort("supplier").iter_rows()),
                "leverage_supplier", arrives_as="supplier",
            ),
            "organisation_id": filters.choice(
                _("By"),
                dict(found.select("organisation_id", "organisation").drop_nulls().unique()
                     .sort("organisation").iter_rows()),
                "leverage_by",
            ),
            "outcome": filters.choice(
                _("What came of it"), leverage_used.outcome_names(), "leverage_outcome"
            ),
        }  # fmt: skip
    for column, value in wanted.items():
        found = found.filter(pl.col(column) == value) if value else found
    return found


def listed(session: Session, found: pl.DataFrame) -> None:
    if found.is_empty():
        st.info(_("Nothing fits these filters."))
        return
    chosen = shown_table(
        session, found, leverage_used.columns(), _("Leverage used"), "leverage-used",
        id_column="id", file=dialogues_rule.uses_for_files(session, found),
    )  # fmt: skip
    row = remembered(found, chosen, "leverage_asked")
    if row is not None:
        leverage_used.details(session, row)
    else:
        st.caption(_("Select a row to read all of it, to edit or to share it."))


def main() -> None:
    session = require_session()
    data.ahead(
        session, "supplier", "organisation", "leverage_use", "dialogue", "dialogue_host",
        "dialogue_supplier", "dialogue_seat", "membership", "sharing", "sharing_item",
    )  # fmt: skip
    st.title(_("Leverage used"))
    st.markdown(_("Who asked what of which supplier, alone or jointly, and what came of it?"))
    if data.leverage_uses(session).is_empty():
        empty(
            _("Nothing is recorded yet"),
            _(
                "Here will stand what members asked of suppliers in meetings, letters, tenders and "
                "contracts, and what came of it: so that the next one to ask knows."
            ),
        )
    else:
        found = chosen_ones(session)
        figures(found)
        listed(session, found)
    if session.principal.may_edit:
        fold = st.expander(_("Record a use of leverage"), key="leverage_adding", on_change="rerun")
        if fold.open:
            with fold:
                leverage_used.add(session)
    foot(
        [_("Records of your organisation and those shared with you")], date.today(),
        withheld=_("records that other members have not shared with you"),
    )  # fmt: skip


main()
