"""What do we know about this supplier, and how much do we matter to it?"""

from typing import Any

import polars as pl
import streamlit as st

from components import data, profile
from components.dialogues import RELATIONS as OF_DIALOGUES
from components.links import go, link
from components.messages import foot, plain
from components.session import Session, require_session
from quorum.language import _


def asked_for(session: Session) -> dict[str, Any] | None:
    """The entry that the address names, or the one that stands for it since a merge."""
    wanted = st.query_params.get("supplier")
    register = data.register(session)
    named = register.filter(pl.col("id") == wanted) if wanted else register.head(0)
    if named.is_empty():
        if wanted:
            st.warning(_("No supplier has this address. It may be incomplete: copy it again."))
        return None
    kept = register.filter(pl.col("id") == named["kept_id"][0]).row(0, named=True)
    if kept["id"] != wanted:
        sentence = _("“{merged}” was merged into “{kept}”, which is shown here.")
        st.info(plain(sentence.format(merged=named["name"][0], kept=kept["name"])))
    return kept


def choose(session: Session) -> None:
    names = dict(data.suppliers(session).select("id", "name").iter_rows())
    chosen = st.selectbox(
        _("Choose a supplier"), list(names), index=None, key="supplier_choose",
        format_func=lambda one: names.get(one, ""), placeholder=_("Part of its name"),
    )  # fmt: skip
    if chosen:
        go("supplier", supplier=chosen)
    link("suppliers", _("Look for it in the register"))


def show(session: Session, row: dict[str, Any]) -> None:
    supplier_id = row["id"]
    st.title(plain(row["name"]))
    st.markdown(_("What do we know about this supplier, and how much do we matter to it?"))
    profile.header(session, row)
    profile.figures(session, supplier_id)
    for title, part in (
        (_("Maturity"), profile.maturity),
        (_("Production sites"), profile.production_sites),
        (_("Known risks"), profile.known_risks),
        (_("Leverage"), profile.buying),
        (_("Dialogues and leverage used"), profile.looking_back),
        (_("Who works with it"), profile.members),
        (_("What changed lately"), profile.lately),
    ):
        st.subheader(title)
        part(session, supplier_id)
    fold = st.expander(_("Turnover"), key="supplier_turnover", on_change="rerun")
    if fold.open:
        with fold:
            profile.turnover(session, supplier_id)
    foot(
        [_("Your own contributions and what members share with you"),
         _("the register that all members keep together")],
        withheld=_("what members have not shared with you, and spend shared for totals only"),
    )  # fmt: skip
    link("method", _("How points, bands and ranges come about"))


def main() -> None:
    session = require_session()
    data.ahead(
        session, "assessment", "site_list", "production_site", "spend", "spend_bands",
        "supplier_turnover", "audit_event", "person", "leverage_use", "commitment_report",
        "risk",
        *OF_DIALOGUES,
    )  # fmt: skip
    row = asked_for(session)
    if row is None:
        st.title(_("Supplier profile"))
        choose(session)
        return
    show(session, row)


main()
