"""A consortium: who is in it, what each member brings, and what a coordinator may change."""

from typing import Any
from uuid import uuid4

import polars as pl
import streamlit as st

from components import data, invitations, messages
from components.entrance import ROLES
from components.messages import plain
from components.session import Session
from quorum.language import _
from quorum.store import Consortium, Row, StoreError

# Reading ------------------------------------------------------------------------------------------


def members(session: Session, consortium_id: str) -> pl.DataFrame:
    """Present members by role and name, with what the reader may see of each one's contributions.

    membership_id, organisation_id, organisation, country, role, since (Date), mine; counts:
    assessments, sites, spend_lines (shared as records), size_classes (supplier and year).
    """
    return data.cached(session, _members, consortium_id)


def _members(session: Session, consortium_id: str) -> pl.DataFrame:
    present = _memberships(session, consortium_id).filter(pl.col("left_at").is_null())
    me = session.principal.organisation_id
    frame = present.select(
        "organisation_id", "organisation", "country", "role",
        membership_id="id", since=pl.col("joined_at").dt.date(),
        mine=pl.col("organisation_id") == me,
    )  # fmt: skip
    for counts in _contributions(session, consortium_id):
        frame = frame.join(counts, on="organisation_id", how="left", maintain_order="left")
    return frame.with_columns(
        pl.col("assessments", "sites", "spend_lines", "size_classes").fill_null(0).cast(pl.Int64)
    ).sort("role", "organisation")


def _memberships(session: Session, consortium_id: str) -> pl.DataFrame:
    named = data.organisations(session).select("country", organisation_id="id", organisation="name")
    return (
        data.rows(session, "membership", "joined_at")
        .filter(pl.col("consortium_id") == consortium_id)
        .join(named, on="organisation_id", how="left", maintain_order="left")
        .with_columns(pl.col("organisation").fill_null(_("An organisation that has left")))
    )


def _contributions(session: Session, consortium_id: str) -> list[pl.DataFrame]:
    here = pl.col("shared_with").list.contains(consortium_id)
    by = "organisation_id"
    spend = data.spend(session)
    own_classes = spend.filter("mine", pl.col("banded_with").list.contains(consortium_id))
    classes = pl.concat(
        [
            frame.select(by, "supplier_id", "year", "currency").unique()
            for frame in (own_classes, data.spend_bands(session))
        ]
    )
    return [
        data.assessments(session).filter(here).group_by(by).agg(assessments=pl.len()),
        data.site_lists(session).filter(here).group_by(by).agg(sites=pl.col("row_count").sum()),
        spend.filter(here).group_by(by).agg(spend_lines=pl.len()),
        classes.group_by(by).agg(size_classes=pl.len()),
    ]


def former_members(session: Session, consortium_id: str) -> pl.DataFrame:
    """Memberships that have ended, the latest first: organisation, from, to (Date)."""
    ended = _memberships(session, consortium_id).filter(pl.col("left_at").is_not_null())
    return ended.select(
        "organisation",
        since=pl.col("joined_at").dt.date(),
        until=pl.col("left_at").dt.date(),
    ).sort("until", descending=True)


def member_columns() -> dict[str, str]:
    """Labels for the columns of `members`, with `role_name` for people."""
    return {
        "organisation": _("Organisation"),
        "country": _("Country"),
        "role_name": _("Role"),
        "since": _("Since"),
        "assessments": _("Assessments"),
        "sites": _("Sites"),
        "spend_lines": _("Spend lines"),
        "size_classes": _("Spend size classes"),
    }


# Founding, renaming, inviting ---------------------------------------------------------------------


def name_and_purpose(seen: Row) -> dict[str, Any]:
    """The fields of a consortium, filled from `seen`; their values by column."""
    return {
        "name": st.text_input(_("Name"), value=seen["name"], max_chars=200).strip(),
        "purpose": st.text_area(_("Purpose"), value=seen["purpose"], max_chars=2000).strip(),
    }


def found_one(session: Session) -> None:
    """The form for a new consortium, for admins."""
    if not session.principal.is_admin:
        st.caption(_("An admin of your organisation can found a consortium."))
        return
    key = st.session_state.setdefault("found-consortium-key", str(uuid4()))
    with st.form("found-consortium"):
        values = name_and_purpose({"name": "", "purpose": ""})
        asked = st.form_submit_button(_("Found the consortium"), type="primary")
    if not asked:
        return
    if len(values["name"]) < 2:
        messages.problem(_("The name of the consortium is missing."))
        return
    try:
        founded = data.call(session, "create_consortium", key=key, **values)
    except StoreError as refusal:
        messages.problem(str(refusal))
    else:
        del st.session_state["found-consortium-key"]
        st.session_state["consortium_id"] = founded
        st.rerun()


def coordination(session: Session, consortium: Consortium) -> None:
    """For a coordinator's admin: links that invite organisations, made and taken back."""
    with st.expander(_("Invite an organisation")):
        invitations.invite(
            {
                "member": _("Sees what is shared, and shares."),
                "coordinator": _("Also invites and removes members, and renames the consortium."),
            },
            lambda role, note, days: data.call(
                session, "invite_organisation",
                consortium_id=consortium.id, role=role, note=note, days=days,
            ),
            _("Make a link"),
            f"invite-{consortium.id}",
        )  # fmt: skip
        st.markdown(f"**{_('Open invitations')}**")
        invitations.open_invitations(session, consortium.id, "open")


# What a coordinator may change --------------------------------------------------------------------


def member_actions(session: Session, consortium: Consortium, row: Row) -> None:
    """For a coordinator's admin: another member's role, and its removal."""
    name, key = row["organisation"], f"member-{row['membership_id']}"
    with st.container(border=True):
        st.markdown(f"**{plain(name)}**, {ROLES[row['role']]}")
        other = "member" if row["role"] == "coordinator" else "coordinator"
        label = {
            "coordinator": _("Make coordinator"),
            "member": _("Make plain member"),
        }[other]
        if st.button(label, key=f"{key}-role"):
            _do(session, "set_membership_role", membership_id=row["membership_id"], role=other)
        sure = st.checkbox(
            plain(
                _(
                    "Remove {organisation} from {consortium}: it sees nothing of the consortium "
                    "any more, and all that it shares here ends at once."
                ).format(organisation=name, consortium=consortium.name)
            ),
            key=f"{key}-sure",
        )
        if st.button(_("Remove"), key=f"{key}-remove", disabled=not sure):
            _do(
                session, "remove_member", consortium_id=consortium.id,
                organisation_id=row["organisation_id"],
            )  # fmt: skip


def leave(session: Session, consortium: Consortium, receipts: int) -> None:
    """Leaving, with what it means; asks for a tick first. `receipts`: how many it ends."""
    st.markdown(
        plain(
            _(
                "If your organisation leaves {consortium}, all that it shares with it ends at once "
                "({n} receipts in force), and you see nothing of what its members share there. "
                "What you entered stays with you. Only an invitation brings you back."
            ).format(consortium=consortium.name, n=receipts)
        )
    )
    sure = st.checkbox(_("I understand that all sharing with it ends."), key="leave-sure")
    label = _("Leave {consortium}").format(consortium=plain(consortium.name))
    if st.button(label, key="leave-button", disabled=not sure):
        _do(session, "leave_consortium", consortium_id=consortium.id)


def _do(session: Session, function: str, **arguments: Any) -> None:
    try:
        data.call(session, function, **arguments)
    except StoreError as refusal:
        messages.problem(str(refusal))
    else:
        st.rerun()
