"""Which risks do we know of where our suppliers produce?"""

from datetime import date

import polars as pl
import streamlit as st

from components import data, filters, risks
from components.initiatives import shown_table
from components.messages import empty, foot
from components.session import Session, require_session
from components.tables import remembered
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


def asked(session: Session, found: pl.DataFrame) -> list[pl.Expr]:
    """The filters in their row, and what each wants of a risk."""
    occurring = set(found["kind"])
    kinds = {code: name for code, name in kind_names().items() if code in occurring}
    countries = _named(found, "country", "country_name")
    # All of them: of a supplier without a risk the page says so, and offers to record one.
    suppliers = dict(data.suppliers(session).select("id", "name").iter_rows())
    owners = _named(found, "organisation_id", "organisation")
    whose = {OURS: _("Ours"), THEIRS: _("Shared with us"), **owners}
    with filters.row():
        equal = {
            "kind": filters.choice(_("Kind of risk"), kinds, "risks_kind"),
            "country": filters.choice(_("Country"), countries, "risks_country"),
            "supplier_id": filters.choice(
                _("Supplier"), suppliers, "risks_supplier", arrives_as="supplier"
            ),
        }
        owner = filters.choice(_("Recorded by"), whose, "risks_by")
    wanted = [pl.col(column) == value for column, value in equal.items() if value]
    if owner:
        sides = {OURS: pl.col("mine"), THEIRS: ~pl.col("mine")}
        wanted.append(sides.get(owner, pl.col("organisation_id") == owner))
    return wanted


def listed(session: Session, found: pl.DataFrame) -> None:
    if found.is_empty():
        st.info(f"{_('Nothing fits these filters.')} {nothing_known()}")
        return
    chosen = shown_table(session, found, risks.columns(), _("Known risks"), "risks", id_column="id")
    row = remembered(found, chosen, "risks_asked")
    if row is not None:
        risks.details(session, row)
    else:
        st.caption(_("Select a row to read all of it, to edit or to share it."))


def main() -> None:
    session = require_session()
    data.ahead(session, "risk")
    st.title(_("Known risks"))
    st.markdown(_("Which risks do we know of where our suppliers produce?"))
    if data.risks(session).is_empty():
        what = _(
            "Here will stand what members know of risks to workers and neighbours: at a supplier, "
            "or in a country whoever produces there; who says so, and since when."
        )
        empty(_("No risk is recorded yet"), f"{what} {nothing_known()}")
    else:
        known = risks.risks(session)
        wanted = asked(session, known)
        found = known.filter(wanted) if wanted else known
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
