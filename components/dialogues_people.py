"""Who takes part in a dialogue: seats, who invites, and links for guests."""

import polars as pl
import streamlit as st

from components import data, dialogues, invitations
from components.messages import plain
from components.session import Session
from components.tables import table
from quorum import dialogues as domain
from quorum.language import _
from quorum.store import Row


def people(session: Session, row: Row, now: Row) -> None:
    """The part "Participants". `now`: of dialogues_board.board."""
    _own_seat(session, row, now)
    seats = dialogues.seats(session, row["id"])
    runs = dialogues.hosts(session, row) and not dialogues.is_over(row)
    if seats.is_empty():
        st.info(
            _("Under the Chatham House Rule only those in the room see who takes part.")
            if row["chatham"]
            else _("Nobody has taken a seat yet.")
        )
    else:
        _seats(session, row, seats, runs)
    if dialogues.is_buyer(session, row):
        _hosts(session, row, runs)
    follows = row["state"] == "closed" and dialogues.hosts(session, row)
    if runs or follows:
        title = _("Invite guests") if runs else _("Invite people of a supplier to follow up")
        fold = st.expander(title, key=f"guests-{row['id']}", on_change="rerun")
        if fold.open:
            with fold:
                _guests(session, row)


def _own_seat(session: Session, row: Row, now: Row) -> None:
    if dialogues.is_over(row):
        return
    if now["seat"] is not None:
        role = dialogues.role_names()[now["seat"]["role"]]
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(plain(_("You have a seat: {role}.").format(role=role.lower())))
            if st.button(_("Leave the event"), key=f"leave-{row['id']}"):
                dialogues.do(session, "leave_seat", dialogue_id=row["id"])
    elif dialogues.may_sit_down(session, row):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(_("You have no seat yet: whoever asks, votes or takes notes needs one."))
            dialogues.take_a_seat(session, row, f"seat-{row['id']}")
    elif dialogues.is_buyer(session, row):
        st.caption(_("You can read here. An editor or admin of your organisation can take a seat."))


def _seats(session: Session, row: Row, seats: pl.DataFrame, runs: bool) -> None:
    suppliers = dialogues.supplier_names(session, row["id"], as_entered=True)
    shown = seats.with_columns(
        role_name=pl.col("role").replace_strict(dialogues.role_names(), return_dtype=pl.String),
        side_name=pl.col("side").replace_strict(domain.side_names(), return_dtype=pl.String),
        supplier=pl.col("supplier_id").replace_strict(
            suppliers, default=None, return_dtype=pl.String
        ),
    )
    columns = {
        "name": _("Name"), "affiliation": _("Organisation"), "side_name": _("Side"),
        "role_name": _("Role"), "supplier": _("Speaks for"),
    }  # fmt: skip
    chosen = table(shown, columns, f"seats-{row['id']}", id_column="id" if runs else None)
    selected = seats.filter(pl.col("id") == (chosen or ""))
    if selected.height:
        _seat(session, selected.row(0, named=True))
    elif runs:
        st.caption(_("Select a participant to give a role or to take somebody off the list."))


def _seat(session: Session, seat: Row) -> None:
    roles = dialogues.role_names()
    if seat["side"] != "buyer":
        del roles["facilitator"]
    key = f"seat-{seat['id']}"
    with st.container(border=True, gap="small"):
        st.markdown(f"**{plain(seat['name'])}**")
        role = st.radio(
            _("Role"), list(roles), list(roles).index(seat["role"]) if seat["role"] in roles else 0,
            format_func=lambda one: roles[one], horizontal=True, key=f"{key}-role",
        )  # fmt: skip
        with st.container(horizontal=True):
            if st.button(_("Give this role"), key=f"{key}-give", disabled=role == seat["role"]):
                dialogues.do(session, "set_seat", seat_id=seat["id"], role=role, active=True)
            if st.button(_("Take off the list"), key=f"{key}-off"):
                dialogues.do(
                    session, "set_seat", seat_id=seat["id"], role=seat["role"], active=False
                )


def _hosts(session: Session, row: Row, runs: bool) -> None:
    inviting = dialogues.host_names(session, row["id"])
    st.markdown(f"**{_('Who invites')}**  \n{plain(', '.join(inviting.values()))}")
    if not runs:
        return
    members = data.rows(session, "membership").filter(
        pl.col("consortium_id") == row["consortium_id"], pl.col("left_at").is_null()
    )["organisation_id"]
    names = data.organisation_names(session)
    others = {one: names[one] for one in members if one in names and one not in inviting}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if others:
            added = st.selectbox(
                _("Another organisation that invites"), list(others), index=None,
                format_func=lambda one: others.get(one, ""), key=f"host-{row['id']}",
                placeholder=_("Choose a member"),
            )  # fmt: skip
            if st.button(_("Add it"), key=f"host-{row['id']}-add", disabled=added is None):
                dialogues.do(session, "add_host", dialogue_id=row["id"], organisation_id=added)
        if len(inviting) > 1 and st.button(_("Invite no longer"), key=f"host-{row['id']}-leave"):
            dialogues.do(session, "leave_host", dialogue_id=row["id"])


def _guests(session: Session, row: Row) -> None:
    """Links for people of suppliers and resellers, who see this event only; once it is over, for
    those who report on what their company promised."""
    suppliers = dialogues.supplier_names(session, row["id"], as_entered=True)
    chosen: list[str | None] = []

    def which() -> None:
        supplier = st.selectbox(
            _("For which supplier"), list(suppliers), index=0 if len(suppliers) == 1 else None,
            format_func=lambda one: suppliers.get(one, ""), key=f"guest-{row['id']}-supplier",
            placeholder=_("Choose the supplier"),
            help=_("Not asked for a guest who is of neither a supplier nor a reseller."),
        )  # fmt: skip
        chosen.append(supplier)

    roles = {
        "supplier": _("Sees this event, writes on the shared board, and reports on what its "
                      "company promised."),
        "reseller": _("Sees this event and writes on the shared board."),
        "guest": _("The same, for nobody in particular: a speaker, or an organisation that "
                   "speaks for workers."),
    }  # fmt: skip
    if dialogues.is_over(row):
        roles = {
            "supplier": _("Sees what its company promised, and reports on it; nothing else of the "
                          "event.")
        }  # fmt: skip
    invitations.invite(
        roles,
        lambda role, note, days: data.call(
            session, "invite_to_dialogue", dialogue_id=row["id"], side=role,
            supplier_id=chosen[0] if role != "guest" else None, note=note, days=days,
        ),
        _("Make a link"),
        f"guest-{row['id']}",
        which,
    )  # fmt: skip
    st.markdown(f"**{_('Open invitations')}**")
    invitations.open_invitations(
        session, None, f"guests-{row['id']}", dialogue_id=row["id"], suppliers=suppliers
    )
