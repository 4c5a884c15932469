"""Which risks do we know of where our suppliers produce?"""

from datetime import date

import polars as pl
import streamlit as st

from components import data, filters, risks
from components.initiatives import shown_table
from components.messages import empty, foot
from components.session import Session, require_session
from quorum.language import _
from quorum.risks import kind_names, nothing_known, source
from quorum.site_lists import OURS, THEIRS


def figures(found: pl.DataFrame) -> None:
    with st.container(horizontal=True):
        st.metric(_("Known risks"), found.height, width=150)
        st.metric(_("Suppliers"), found["supplier_id"].drop_nulls().n_unique(), width=150)
        st.metric(_("Countries"), found["country"].drop_nulls().n_unique(), width=150)
        newest = found["seen_on"].max()
        st.metric(_("Newest source"), str(newest) if newest else "–", width=190)


def _named(found: pl.DataFrame, code: str, name: str) -> dict[str, str]:
    """Those that occur, code to name, by name."""
    return dict(found.select(code, name).drop_nulls().unique().sort(name).iter_rows())


def chosen_ones(session: Session) -> pl.DataFrame:
    found = risks.risks(session)
    occurring = set(found["kind"])
    kinds = {code: name for code, name in kind_names().items() if code in occurring}
    owners = _named(found, "organisation_id", "organisation")
    with filters.row():
        wanted = {
            "kind": filters.choice(_("Kind of risk"), kinds, "risks_kind"),
            "country": filters.choice(
                _("Country"), _named(found, "country", "country_name"), "risks_country"
            ),
            "supplier_id": filters.choice(
                _("Supplier"), _named(found, "supplier_id", "supplier"), "risks_supplier",
                arrives_as="supplier",
            ),
        }  # fmt: skip
        whose = filters.choice(
            _("Recorded by"), {OURS: _("Ours"), THEIRS: _("Shared with us"), **owners}, "risks_by"
        )
    for column, value in wanted.items():
        found = found.filter(pl.col(column) == value) if value else found
    if whose:
        sides = {OURS: pl.col("mine"), THEIRS: ~pl.col("mine")}
        found = found.filter(sides.get(whose, pl.col("organisation_id") == whose))
    return found


def listed(session: Session, found: pl.DataFrame) -> None:
    if found.is_empty():
        st.info(f"{_('Nothing fits these filters.')} {nothing_known()}")
        return
    chosen = shown_table(session, found, risks.columns(), _("Known risks"), "risks", id_column="id")
    if chosen:
        st.session_state["risks_asked"] = chosen
    row = found.filter(pl.col("id") == st.session_state.get("risks_asked", ""))
    if row.height:
        risks.details(session, row.row(0, named=True))
    else:
        st.caption(_("Select a row to read all of it, to edit or to share it."))


def main() -> None:
    session = require_session()
    data.ahead(session, "risk")
    st.title(_("Known risks"))
    st.markdown(_("Which risks do we know of where our suppliers produce?"))
    if data.risks(session).is_empty():
        empty(
            _("No risk is recorded yet"),
            _(
                "Here will stand what members know of risks to workers and neighbours: at a "
                "supplier, or in a country whoever produces there; who says so, and since when."
            )
            + f" {nothing_known()}",
        )
    else:
        found = chosen_ones(session)
        figures(found)
        listed(session, found)
    if session.principal.may_edit:
        fold = st.expander(_("Record a risk"), key="risks_adding", on_change="rerun")
        if fold.open:
            with fold:
                risks.add(session)
    foot(
        [
            _("Records of your organisation and those shared with you"),
            _("kinds and stages: {source}").format(source=source()),
        ],
        date.today(),
        withheld=_("records that other members have not shared with you"),
    )


main()
