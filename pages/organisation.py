"""Who are we here, and who of us may do what?"""

from typing import Any

import polars as pl
import streamlit as st

from components import data, invitations, messages, people
from components.contributions import day_column
from components.edits import edit
from components.entrance import organisation_kinds
from components.messages import plain
from components.session import Session, require_session
from components.tables import table
from quorum.countries import all_countries, display_name
from quorum.language import _
from quorum.store import Row


def details_inputs(seen: Row) -> dict[str, Any]:
    countries = {code: display_name(code) for code in all_countries()}
    by_name = sorted(countries, key=lambda code: countries[code])
    kinds = organisation_kinds()
    return {
        "name": st.text_input(_("Name"), value=seen["name"], max_chars=200).strip(),
        "country": st.selectbox(
            _("Country"), by_name, index=by_name.index(seen["country"]),
            format_func=lambda code: countries.get(code, code),
        ),
        "kind": st.selectbox(
            _("Kind of organisation"), list(kinds), index=list(kinds).index(seen["kind"]),
            format_func=lambda kind: kinds.get(kind, kind),
        ),
    }  # fmt: skip


def details(session: Session) -> None:
    row = data.organisations(session).row(
        by_predicate=pl.col("id") == session.principal.organisation_id, named=True
    )
    st.title(plain(row["name"]))
    st.markdown(_("Who are we here, and who of us may do what?"))
    st.markdown(plain(f"{organisation_kinds()[row['kind']]}, {display_name(row['country'])}"))
    if session.principal.is_admin:
        labels = {"name": _("Name"), "country": _("Country"), "kind": _("Kind of organisation")}
        edit(session, "organisation", row, labels, details_inputs, "organisation")


def colleagues(session: Session) -> None:
    found = people.colleagues(session)
    st.subheader(_("People ({n})").format(n=found.height))
    admin = session.principal.is_admin
    if admin:
        st.caption(_("Select somebody to change their role or to let them go."))
    columns = {**people.columns(), "since": day_column(_("Since"))}
    chosen = table(found, columns, "colleagues", id_column="person_id" if admin else None)
    row = found.filter(pl.col("person_id") == (chosen or ""))
    if not row.is_empty():
        people.actions(session, row.row(0, named=True))


session = require_session()
data.ahead(session, "organisation", "person", "organisation_role", "invitation")
details(session)
colleagues(session)
if session.principal.is_admin:
    with st.expander(_("Invite a colleague")):
        invitations.invite(
            people.role_meanings(),
            lambda role, note, days: data.call(
                session, "invite_colleague", role=role, note=note, days=days
            ),
            _("Make a link"),
            "invite-colleague",
        )
        st.markdown(f"**{_('Open invitations')}**")
        invitations.open_invitations(session, None, "open-colleagues")
else:
    st.caption(_("An admin of your organisation can invite colleagues and change roles."))
messages.foot([_("Accounts and roles of your own organisation")])
