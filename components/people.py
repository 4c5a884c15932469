"""The people of an organisation and their roles."""

import polars as pl
import streamlit as st

from components import data, messages
from components.entrance import ROLES
from components.messages import plain
from components.session import Session
from quorum.language import _
from quorum.store import Row, StoreError


def role_meanings() -> dict[str, str]:
    """What each role lets people do."""
    return {
        "viewer": _("Reads all that the organisation sees."),
        "editor": _("Also enters and imports data, and shares it."),
        "admin": _("Also invites people and decides on consortia."),
    }


def colleagues(session: Session) -> pl.DataFrame:
    """person_id, name, email, role, role_name, since (Date), version (of the role); by name."""
    named = data.rows(session, "person", "name").select("name", "email", person_id="id")
    return (
        data.rows(session, "organisation_role")
        .join(named, on="person_id", how="left")
        .with_columns(
            since=pl.col("since").dt.date(),
            role_name=pl.col("role").replace_strict(ROLES, return_dtype=pl.String),
        )
        .sort("name", "email")
    )


def columns() -> dict[str, str]:
    return {
        "name": _("Name"),
        "role_name": _("Role"),
        "email": _("E-mail address"),
        "since": _("Since"),
    }


def actions(session: Session, row: Row) -> None:
    """For an admin: a colleague's role, and letting them go. `row`: of `colleagues`."""
    me = row["person_id"] == session.principal.person_id
    key = f"person-{row['person_id']}"
    with st.container(border=True):
        st.markdown(f"**{plain(row['name'])}**" + (f" {_('(you)')}" if me else ""))
        with st.form(f"{key}-form", border=False):
            meanings = role_meanings()
            role = st.radio(
                _("Role"), list(meanings), index=list(meanings).index(row["role"]),
                format_func=lambda code: ROLES[code].capitalize(),
                captions=list(meanings.values()), key=f"{key}-role-{row['role']}",
            )  # fmt: skip
            save = st.form_submit_button(_("Save the role"), key=f"{key}-save")
        sure = st.checkbox(
            _("Let go: sees nothing of this organisation any more. What they entered stays."),
            key=f"{key}-sure",
        )
        gone = st.button(_("Let go"), key=f"{key}-go", disabled=not sure)
    which = {"organisation_id": row["organisation_id"], "person_id": row["person_id"]}
    try:
        if save:
            data.update(session, "organisation_role", {"role": role}, which, row["version"])
        elif gone:
            data.delete(session, "organisation_role", which)
    except StoreError as refusal:
        messages.problem(str(refusal))
    else:
        if save or gone:
            st.rerun()
