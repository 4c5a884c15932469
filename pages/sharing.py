"""What do we share, with whom, and until when?"""

from datetime import date

import polars as pl
import streamlit as st

from components import contributions, data, messages, sharing
from components.downloads import downloads
from components.session import Session, require_session
from components.tables import table
from quorum.exports.tables import About
from quorum.language import _


def columns() -> dict[str, str]:
    return {
        "until": _("Until"),
        "what": _("What"),
        "level_name": _("Level"),
        "title": _("Which"),
        "consortium": _("With"),
        "legal_basis": _("Legal basis"),
        "shared_on": _("Shared on"),
    }


def figures(session: Session, receipts: pl.DataFrame) -> None:
    living = receipts.filter("living")
    with st.container(horizontal=True):
        st.metric(_("Receipts in force"), living.height, width=150)
        st.metric(_("Contributions shared"), data.cached(session, sharing.shared_count), width=150)
        st.metric(_("Ending within 30 days"), living["ends_soon"].sum(), width=150)


def filtered(receipts: pl.DataFrame) -> pl.DataFrame:
    states = {"living": _("In force"), "ended": _("Ended"), "all": _("All")}
    # Not a segmented control: the chosen part of one stays below 4.5:1 on the dark page.
    state = st.radio(
        _("Receipts"), list(states), format_func=lambda one: states[one], horizontal=True,
        key="sharing_state", bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    if state == "all":
        return receipts
    return receipts.filter(pl.col("living") == (state == "living"))


def details(session: Session, row: dict[str, object]) -> None:
    with st.container(border=True):
        sharing.receipt(row)
        sharing.revoke(session, row, f"sharing-{row['id']}")
        relation = str(row["relation"])
        found = contributions.covered(session, str(row["id"]), relation)
        if found.is_empty():
            st.caption(_("What it covered is not in the store any more."))
        else:
            table(found, contributions.covered_columns(relation), "sharing-covered")


session = require_session()
st.title(_("Sharing"))
st.markdown(_("What do we share, with whom, and until when?"))
receipts = sharing.receipts_of(session).with_columns(shared_on=pl.col("created_at").dt.date())
if receipts.is_empty():
    messages.empty(
        _("You share nothing yet"),
        _(
            "All that your organisation enters is private until it is shared. Each time something "
            "is shared, a receipt will stand here: what, with whom, why, and until when."
        ),
    )
else:
    figures(session, receipts)
    shown = filtered(receipts)
    if shown.is_empty():
        st.caption(_("No receipt is like that."))
    else:
        st.caption(_("Select a row to see what it covers, and to end it."))
        dated = {**columns(), "shared_on": contributions.day_column(columns()["shared_on"])}
        chosen = table(shown, dated, "sharing-receipts", id_column="id")
        if chosen:
            details(session, shown.row(by_predicate=pl.col("id") == chosen, named=True))
    who = session.principal
    about = About(
        _("Sharing receipts of {organisation}").format(organisation=who.organisation),
        f"{who.name}, {who.organisation}", date.today(), st.context.url or "",
    )  # fmt: skip
    downloads(receipts, about, "sharing", columns())

if session.principal.may_edit:
    st.subheader(_("Share more"))
    contributions.share_more(session)
messages.foot([_("Receipts of your own organisation")], method=None)
