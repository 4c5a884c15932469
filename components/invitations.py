"""Links that invite: making one, showing it once, taking it back."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

import polars as pl
import streamlit as st

from components import data, messages
from components.entrance import ROLES, invitation_link
from components.messages import plain
from components.session import Session
from quorum.language import _
from quorum.store import StoreError

MOST_DAYS = 30  # the store cuts longer ones


def invite(
    roles: Mapping[str, str], make: Callable[[str, str, int], str], label: str, key: str
) -> None:
    """The form for a link, and the link it made.

    `roles`: code -> what it lets people do; `make(role, note, days)` gives the token.
    """
    _made(key)
    with st.form(f"{key}-form", clear_on_submit=True):
        role = st.radio(
            _("Role"), list(roles), format_func=lambda code: ROLES[code].capitalize(),
            captions=list(roles.values()), key=f"{key}-role",
        )  # fmt: skip
        note = st.text_input(
            _("Whom it is for"),
            max_chars=200,
            help=_("A note for you and your colleagues; whoever opens the link does not see it."),
            key=f"{key}-note",
        )
        days = st.number_input(
            _("Valid for (days)"), min_value=1, max_value=MOST_DAYS, value=14, key=f"{key}-days"
        )
        asked = st.form_submit_button(label, type="primary", key=f"{key}-make")
    if not asked:
        return
    try:
        token = make(role or "", note, int(days))
    except StoreError as refusal:
        messages.problem(str(refusal))
    else:
        ends = date.today() + timedelta(days=int(days))
        st.session_state[f"{key}-link"] = (token, note, ends)
        st.rerun()


def _made(key: str) -> None:
    """The link just made. It is not stored anywhere, so it cannot be shown a second time."""
    made = st.session_state.get(f"{key}-link")
    if made is None:
        return
    token, note, ends = made
    with st.container(border=True, gap="small"):
        text = _("Send this link to {name}.") if note else _("Send this link.")
        once = _("It works once, until {day}, and is shown only now.")
        st.markdown(plain(f"{text} {once}".format(name=note, day=ends.isoformat())))
        st.code(invitation_link(token), language=None, wrap_lines=True)
        if st.button(_("I have copied it"), key=f"{key}-copied"):
            del st.session_state[f"{key}-link"]
            st.rerun()


def pending(
    session: Session, consortium_id: str | None, dialogue_id: str | None = None
) -> pl.DataFrame:
    """Open invitations into a consortium, or into an event, or (with neither) of colleagues; the
    next to end first."""
    found = data.rows(session, "invitation", "expires_at")
    return found.filter(
        pl.col("consortium_id").eq_missing(pl.lit(consortium_id, pl.String)),
        pl.col("dialogue_id").eq_missing(pl.lit(dialogue_id, pl.String)),
        pl.col("used_at").is_null(),
        pl.col("revoked_at").is_null(),
        pl.col("expires_at") > datetime.now(UTC),
    )


def open_invitations(
    session: Session, consortium_id: str | None, key: str, dialogue_id: str | None = None
) -> None:
    """The links that still work, each with a button that takes it back."""
    found = pending(session, consortium_id, dialogue_id)
    if found.is_empty():
        st.caption(_("No invitation is open."))
    for row in found.iter_rows(named=True):
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            note = row["note"] or _("without a note")
            until = _("until {day}").format(day=row["expires_at"].date().isoformat())
            st.markdown(plain(f"{note}, {ROLES[row['role']]}, {until}"), width="stretch")
            if st.button(_("Take back"), key=f"{key}-revoke-{row['id']}"):
                _take_back(session, row["id"])


def _take_back(session: Session, invitation_id: str) -> None:
    try:
        data.call(session, "revoke_invitation", invitation_id=invitation_id)
    except StoreError as refusal:
        messages.problem(str(refusal))
    else:
        st.rerun()
