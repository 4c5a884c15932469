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
    roles: Mapping[str, str],
    make: Callable[[str, str, int], str],
    label: str,
    key: str,
    below_role: Callable[[], None] = lambda: None,
) -> None:
    """The form for a link, and the links it made.

    `roles`: code -> what it lets people do; `make(role, note, days)` gives the token; `below_role`
    draws what else the form asks.
    """
    _made(key)
    with st.form(f"{key}-form", clear_on_submit=True):
        role = st.radio(
            _("Role"), list(roles), format_func=lambda code: ROLES[code].capitalize(),
            captions=list(roles.values()), key=f"{key}-role",
        )  # fmt: skip
        below_role()
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
        waiting = st.session_state.get(f"{key}-links", [])
        st.session_state[f"{key}-links"] = [*waiting, (token, role or "", note, ends)]
        st.rerun()


def _made(key: str) -> None:
    """The links just made, each until it is copied: none is stored anywhere, so none can be shown
    a second time."""
    waiting = st.session_state.get(f"{key}-links", [])
    for number, (token, role, note, ends) in enumerate(waiting):
        with st.container(border=True, gap="small"):
            text = (
                _("Send this link to {name} ({role}).") if note else _("Send this link ({role}).")
            )
            once = _("It works once, until {day}, and is shown only now.")
            said = f"{text} {once}".format(name=note, role=ROLES[role], day=ends.isoformat())
            st.markdown(plain(said))
            st.code(invitation_link(token), language=None, wrap_lines=True)
            if st.button(_("I have copied it"), key=f"{key}-copied-{token}"):
                st.session_state[f"{key}-links"] = waiting[:number] + waiting[number + 1 :]
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
    session: Session,
    consortium_id: str | None,
    key: str,
    dialogue_id: str | None = None,
    suppliers: Mapping[str, str] | None = None,
) -> None:
    """The links that still work, each with a button that takes it back. `suppliers`: names of those
    whose people links invite."""
    found = pending(session, consortium_id, dialogue_id)
    if found.is_empty():
        st.caption(_("No invitation is open."))
    for row in found.iter_rows(named=True):
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            note = row["note"] or _("without a note")
            until = _("until {day}").format(day=row["expires_at"].date().isoformat())
            of = (suppliers or {}).get(row["supplier_id"] or "")
            said = ", ".join(filter(None, (note, ROLES[row["role"]], of, until)))
            st.markdown(plain(said), width="stretch")
            if st.button(_("Take back"), key=f"{key}-revoke-{row['id']}"):
                _take_back(session, row["id"])


def _take_back(session: Session, invitation_id: str) -> None:
    try:
        data.call(session, "revoke_invitation", invitation_id=invitation_id)
    except StoreError as refusal:
        messages.problem(str(refusal))
    else:
        st.rerun()
