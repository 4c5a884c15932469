"""Who am I here, and where am I signed in?"""

from typing import Any

import polars as pl
import streamlit as st

from components import data, messages
from components.edits import edit
from components.entrance import ROLES
from components.messages import plain
from components.session import (
    SESSION_DAYS,
    Session,
    change_password,
    require_session,
    sign_out,
    sign_out_everywhere,
)
from quorum.language import _
from quorum.store import Row, StoreError


def name_input(seen: Row) -> dict[str, Any]:
    name = st.text_input(_("Your name"), value=seen["name"], max_chars=200, autocomplete="name")
    return {"name": name.strip()}


def password(session: Session) -> None:
    st.subheader(_("Password"))
    if not data.has_password(session):
        st.markdown(_("You stepped into the demo without a password, so there is none to change."))
        return
    with st.form("password", clear_on_submit=True):
        old = st.text_input(_("Present password"), type="password", autocomplete="current-password")
        new = st.text_input(
            _("New password"), type="password", autocomplete="new-password",
            help=_("At least 10 characters; a few words that you remember are best."),
        )  # fmt: skip
        again = st.text_input(_("New password again"), type="password", autocomplete="new-password")
        asked = st.form_submit_button(_("Change the password"), type="primary")
    if not asked:
        return
    if new != again:
        messages.problem(_("The two new passwords are not the same. Nothing was changed."))
        return
    try:
        change_password(session, old, new)
    except StoreError as refusal:
        messages.problem(str(refusal))
    else:
        messages.done(_("The password is changed. You are signed out in all other browsers."))


session = require_session(guests=True)
data.ahead(session, "person", "has_password")
who = session.principal
st.title(_("Your account"))
st.markdown(_("Who am I here, and where am I signed in?"))
st.markdown(f"**{plain(who.name)}**, {plain(who.email)}")
if who.guest:
    st.markdown(_("Guest: you see the events to which you were invited."))
else:
    st.markdown(
        plain(
            _("{role} of {organisation}").format(
                role=ROLES[who.role].capitalize(), organisation=who.organisation
            )
        )
    )
me = data.rows(session, "person", "name").row(
    by_predicate=pl.col("id") == who.person_id, named=True
)
edit(session, "person", me, {"name": _("Your name")}, name_input, "account", _("Change your name"))
password(session)
st.subheader(_("Signed in"))
st.markdown(
    _(
        "A browser stays signed in for {n} days. On a machine that others use, sign out when you "
        "leave."
    ).format(n=SESSION_DAYS)
)
with st.container(horizontal=True):
    if st.button(_("Sign out here"), key="account-sign-out"):
        sign_out(session)
    if st.button(_("Sign out everywhere"), key="account-sign-out-everywhere"):
        sign_out_everywhere(session)
