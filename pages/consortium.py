"""Who is in the consortium, and what does each member bring?"""

from datetime import date

import polars as pl
import streamlit as st

from components import consortium as about_consortium
from components import data, messages, sharing
from components.contributions import day_column
from components.downloads import downloads
from components.edits import edit
from components.entrance import ROLES
from components.messages import plain
from components.session import Session, require_session
from components.tables import table
from quorum.exports.tables import About
from quorum.language import _
from quorum.store import Consortium


def chosen_consortium(session: Session) -> Consortium:
    """The one that the page shows; several are told apart by the address."""
    known = {one.id: one for one in session.principal.consortia}
    if len(known) == 1:
        return next(iter(known.values()))
    names = data.consortium_names(session)
    chosen = st.selectbox(
        _("Consortium"), list(known), format_func=lambda one: names.get(one, ""),
        key="consortium_id", bind="query-params",
    )  # fmt: skip
    return known.get(chosen) or next(iter(known.values()))


def members(session: Session, consortium: Consortium, coordinates: bool) -> None:
    found = about_consortium.members(session, consortium.id).with_columns(
        role_name=pl.col("role").replace_strict(ROLES, return_dtype=pl.String)
    )
    columns = about_consortium.member_columns()
    st.subheader(_("Members ({n})").format(n=found.height))
    if coordinates:
        st.caption(_("Select another member to change its role or to remove it."))
    shown = {**columns, "since": day_column(columns["since"])}
    chosen = table(found, shown, "members", id_column="membership_id" if coordinates else None)
    row = found.filter(pl.col("membership_id") == (chosen or ""), ~pl.col("mine"))
    if not row.is_empty():
        about_consortium.member_actions(session, consortium, row.row(0, named=True))
    st.caption(
        _(
            "Counted is what you may see, your own as far as it is shared here. A size class is "
            "one supplier in one year of which the amount is not shared."
        )
    )
    who = session.principal
    title = _("Members of {consortium}").format(consortium=consortium.name)
    about = About(title, f"{who.name}, {who.organisation}", date.today(), st.context.url or "")
    downloads(found, about, "members", columns)


session = require_session()
data.ahead(
    session, "consortium", "organisation", "membership", "invitation", "assessment", "site_list",
    "spend", "spend_bands",
)  # fmt: skip
if not session.principal.consortia:
    st.title(_("Consortium"))
    messages.empty(
        _("Your organisation is in no consortium"),
        _(
            "Here will stand who is in it and what each member brings. Found one and invite "
            "others, or open the invitation link that a coordinator sends you."
        ),
    )
    about_consortium.found_one(session)
    st.stop()

consortium = chosen_consortium(session)
coordinates = consortium.role == "coordinator" and session.principal.is_admin
details = data.rows(session, "consortium", "name").row(
    by_predicate=pl.col("id") == consortium.id, named=True
)
st.title(plain(consortium.name))
st.markdown(_("Who is in the consortium, and what does each member bring?"))
if details["purpose"]:
    st.markdown(plain(details["purpose"]))
if coordinates:
    labels = {"name": _("Name"), "purpose": _("Purpose")}
    edit(
        session,
        "consortium",
        details,
        labels,
        about_consortium.name_and_purpose,
        f"edit-{consortium.id}",
    )
members(session, consortium, coordinates)
if coordinates:
    about_consortium.coordination(session, consortium)
former = about_consortium.former_members(session, consortium.id)
if not former.is_empty():
    with st.expander(_("Former members ({n})").format(n=former.height)):
        since, until = day_column(_("From")), day_column(_("To"))
        columns = {"organisation": _("Organisation"), "since": since, "until": until}
        table(former, columns, "former-members")
if session.principal.is_admin:
    with st.expander(_("Leave the consortium")):
        living = sharing.receipts_of(session).filter(
            "living", pl.col("consortium_id") == consortium.id
        )
        about_consortium.leave(session, consortium, living.height)
    with st.expander(_("Found another consortium")):
        about_consortium.found_one(session)
messages.foot([_("Memberships, and what members share here")])
