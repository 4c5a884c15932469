"""What suppliers promised: how it stands, reporting on it, handing it over, adding to it."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import polars as pl
import streamlit as st

from components import data, dialogues, dialogues_rule, messages
from components.initiatives import shown_table
from components.messages import done, plain, problem
from components.session import Session
from components.tables import table
from quorum import dialogues as domain
from quorum.exports import calendar
from quorum.initiatives import is_link
from quorum.language import _, ngettext
from quorum.store import Row, StoreError

GROUPS: dict[str, tuple[str, ...]] = {
    "open": ("overdue", "soon", "ahead", "undated", "to_verify"),
    "attention": ("overdue", "soon", "to_verify"),
    "settled": ("verified", "dropped"),
    "all": domain.STANDINGS,
}


def group_names() -> dict[str, str]:
    return {
        "open": _("All open"),
        "attention": _("Needs attention"),
        "settled": _("Settled"),
        "all": _("All"),
    }


# Reading ------------------------------------------------------------------------------------------


def standing(session: Session) -> pl.DataFrame:
    """Every commitment that is seen, with standing, days_left and moved_days, and the standing in
    words; overdue ones first, then by due date."""
    return data.cached(session, _standing)


def _standing(session: Session) -> pl.DataFrame:
    found = domain.standing(data.commitments(session), date.today())
    order = {name: place for place, name in enumerate(domain.STANDINGS)}
    return found.with_columns(
        word=pl.col("standing").replace_strict(domain.standing_names(), return_dtype=pl.String),
    ).sort(
        pl.col("standing").replace_strict(order, return_dtype=pl.Int64), "due_on", "supplier", "id"
    )


def columns(session: Session) -> dict[str, Any]:
    """What was promised comes first: a small screen shows no more than two or three columns."""
    known: dict[str, Any] = {
        "word": _("Standing"),
        "text": st.column_config.TextColumn(_("Promised"), width=260),
        "due_on": dialogues.day_column(_("Due")),
        "days_left": st.column_config.NumberColumn(
            _("Days left"), help=_("Negative once the day has passed")
        ),
        "supplier": _("Supplier"),
        "owner": _("Followed up by"),
        "dialogue": _("In"),
        "moved_days": st.column_config.NumberColumn(
            _("Put off, days"), help=_("By how much the date was moved since it was promised")
        ),
    }
    if session.principal.guest:  # who mostly sees one supplier, and may not see who follows it up
        found = standing(session)
        for column in ("supplier", "owner"):
            if found[column].n_unique() <= 1:
                del known[column]
    return known


def progress(session: Session, found: pl.DataFrame) -> None:
    """The rate per supplier and event, with what it counts."""
    if found.is_empty():
        return
    total = domain.progress(found, ()).row(0, named=True)
    st.markdown(
        plain(
            ngettext(
                "{verified} of {n} commitment ever made is verified: {rate:.0%}. What was "
                "dropped or put off stays in the count.",
                "{verified} of {n} commitments ever made are verified: {rate:.0%}. What was "
                "dropped or put off stays in the count.",
                total["made"],
            ).format(verified=total["verified"], n=total["made"], rate=total["rate"])
        )
    )
    names = found.select("supplier_id", "dialogue_id", "supplier", "dialogue").unique()
    rates = (
        domain.progress(found, ("supplier_id", "dialogue_id"))
        .join(names, on=["supplier_id", "dialogue_id"])
        .with_columns(percent=pl.col("rate") * 100)
        .sort("rate", "supplier", "dialogue")
    )
    words = domain.state_names()
    shown: dict[str, Any] = {
        "supplier": _("Supplier"), "dialogue": _("Event"), "made": _("Made"),
        "percent": st.column_config.NumberColumn(_("Verified, %"), format="%.0f"),
        **{state: words[state] for state in domain.STATES},
    }  # fmt: skip
    shown_table(session, rates, shown, _("Progress of commitments"), "progress")


def to_calendar(found: pl.DataFrame, key: str) -> None:
    """The due dates of what is still to be done, with reminders, for any calendar."""
    page = st.context.url or ""
    st.download_button(
        _("Due dates for my calendar (ics)"),
        lambda: calendar.commitments_to_ics(found, page=page, made_at=datetime.now(UTC)),
        file_name=calendar.file_name(_("Commitments"), datetime.now(UTC)),
        mime=calendar.ICS, on_click="ignore", key=f"{key}-ics",
    )  # fmt: skip


# One commitment -----------------------------------------------------------------------------------


def may_report(session: Session, row: Row) -> bool:
    """Whether the person may say how it stands: of the owner, of the hosts, or of the supplier."""
    event = _event(session, row["dialogue_id"])
    if event is None or not dialogues.is_buyer(session, event):
        return True  # a guest sees what their own supplier promised, and nothing else
    return session.principal.may_edit and bool(row["mine"] or event["hosted"])


def _event(session: Session, dialogue_id: str) -> Row | None:
    found = data.dialogues(session).filter(pl.col("id") == dialogue_id)
    return found.row(0, named=True) if found.height else None


def details(session: Session, row: Row) -> None:
    """One commitment: what it is, how it came here, reporting on it, handing it over."""
    event = _event(session, row["dialogue_id"])
    buyer = event is not None and dialogues.is_buyer(session, event)
    with st.container(border=True, gap="small"):
        st.markdown(f"**{plain(row['supplier'] or '?')}**  \n{plain(row['text'])}")
        due = _("Due {day}").format(day=dialogues.day_words(row["due_on"]))
        if row["moved_days"]:
            due += _(", first promised for {day}").format(day=row["first_due_on"])
        owner = _("followed up by {owner}").format(owner=row["owner"] or _("another member"))
        st.caption(plain(f"{row['word']} · {due} · {owner} · {row['dialogue']}"))
        history(session, row["id"])
        if not may_report(session, row):
            st.caption(
                plain(
                    _("Editors of {owner} and of the organisations that invited report on it.")
                    .format(owner=row["owner"] or _("its owner"))
                )
            )  # fmt: skip
            return
        _report_form(session, row, buyer)
        if buyer and event is not None:
            _hand_over(session, row, event)


def history(session: Session, commitment_id: str) -> None:
    """What was reported, the latest first."""
    found = data.rows(session, "commitment_report", "-created_at").filter(
        pl.col("commitment_id") == commitment_id
    )
    if found.is_empty():
        st.caption(_("Nobody has reported on it yet."))
        return
    sides = {"buyer": _("A buyer"), "supplier": _("The supplier")}
    shown = found.with_columns(
        day=pl.col("created_at").dt.date(),
        word=pl.col("state").replace_strict(domain.state_names(), return_dtype=pl.String),
        who=pl.coalesce("author", pl.col("side").replace_strict(sides, return_dtype=pl.String)),
    )
    columns = {
        "day": dialogues.day_column(_("Reported on")), "word": _("State"),
        "note": st.column_config.TextColumn(_("Note"), width="large"),
        "evidence": st.column_config.LinkColumn(_("Evidence")),
        "due_on": dialogues.day_column(_("New due date")), "who": _("By"),
    }  # fmt: skip
    table(shown, columns, f"reports-{commitment_id}")


def _states(row: Row, buyer: bool) -> dict[str, str]:
    names = domain.state_names()
    if buyer:
        return names
    return {state: names[state] for state in ("on_track", "behind", "done")}


def _report_form(session: Session, row: Row, buyer: bool) -> None:
    key = f"report-{row['id']}"
    if said := st.session_state.pop(f"{key}-said", None):
        done(said)
    if not buyer and row["state"] in ("verified", "dropped"):
        st.caption(_("It is settled. Ask whoever follows it up to open it again."))
        return
    clash = st.session_state.get(f"{key}-clash")
    if clash is not None:
        _settle(session, row, clash, key)
        return
    names = _states(row, buyer)
    nonce = st.session_state.setdefault(f"{key}-id", str(uuid4()))
    # What somebody reports meanwhile is a conflict, although the page shows it already.
    seen: Any = st.session_state.setdefault(f"{key}-{nonce}-seen", row["version"])
    with st.form(f"{key}-{nonce}", border=False):
        state = st.radio(
            _("How does it stand?"), list(names), format_func=lambda one: names[one],
            index=list(names).index(row["state"]) if row["state"] in names else None,
            horizontal=True, key=f"{key}-{nonce}-state",
        )  # fmt: skip
        note = st.text_area(
            _("What was done, or why not"), max_chars=2000, height=80, key=f"{key}-{nonce}-note"
        )
        evidence = st.text_input(
            _("Link to what shows it"), max_chars=500, placeholder="https://",
            key=f"{key}-{nonce}-evidence",
        ).strip()  # fmt: skip
        due_on = None
        if buyer:
            due_on = st.date_input(
                _("New due date, if it moves"), None, format="YYYY-MM-DD",
                min_value=date(2000, 1, 1), max_value=date(2100, 1, 1), key=f"{key}-{nonce}-due",
            )  # fmt: skip
        sent = st.form_submit_button(_("Report"), type="primary")
    if not sent:
        return
    if evidence and not is_link(evidence):
        problem(_("The link does not begin with https://, or has spaces in it."))
        return
    values = {"state": state, "note": note.strip(), "evidence": evidence or None, "due_on": due_on}
    _report(session, row, values, seen, key)


def _report(session: Session, row: Row, values: dict[str, Any], version: int, key: str) -> None:
    try:
        answer = data.call(
            session, "report_commitment", id=st.session_state[f"{key}-id"],
            commitment_id=row["id"], version=version, **values,
        )  # fmt: skip
    except StoreError as refusal:
        problem(str(refusal))
        return
    if "conflict" in answer:
        st.session_state[f"{key}-clash"] = (values, answer["conflict"])
    else:
        st.session_state.pop(f"{key}-id", None)
        st.session_state[f"{key}-said"] = _("Reported.")
    st.rerun()


def _settle(session: Session, row: Row, clash: tuple[Row, Row], key: str) -> None:
    """Somebody reported at the same time: both stand side by side, and a person decides."""
    mine, theirs = clash
    names = domain.state_names()
    last = data.fresh(
        session, "commitment_report", {"commitment_id": row["id"]}, order=("-created_at",), limit=1
    )
    choice = messages.conflict(
        {
            _("State"): names.get(mine["state"], ""), _("Note"): mine["note"],
            _("Due date"): str(mine["due_on"] or row["due_on"]),
        },
        {
            _("State"): names[theirs["state"]], _("Note"): last["note"][0] if last.height else "",
            _("Due date"): str(theirs["due_on"]),
        },
        last["author"][0] if last.height and last["author"][0] else _("Somebody else"),
        key,
    )  # fmt: skip
    if choice is None:
        return
    del st.session_state[f"{key}-clash"]
    if choice == "mine":
        _report(session, row, dict(mine), theirs["version"], key)
    else:
        st.session_state.pop(f"{key}-id", None)
        st.rerun()


def _hand_over(session: Session, row: Row, event: Row) -> None:
    members = member_names(session, event)
    members.pop(row["owner_id"], None)
    if not members:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key = f"hand-{row['id']}"
        other = st.selectbox(
            _("Somebody else follows it up"), list(members), index=None, key=key,
            format_func=lambda one: members.get(one, ""), placeholder=_("Choose a member"),
        )  # fmt: skip
        if st.button(_("Hand it over"), key=f"{key}-send", disabled=other is None):
            dialogues.do(session, "hand_over_commitment", commitment_id=row["id"], owner_id=other)


def member_names(session: Session, event: Row) -> dict[str, str]:
    """The organisations that may follow something up: present members, by name."""
    members = data.rows(session, "membership").filter(
        pl.col("consortium_id") == event["consortium_id"], pl.col("left_at").is_null()
    )["organisation_id"]
    names = data.organisation_names(session)
    return dict(
        sorted(((one, names[one]) for one in members if one in names), key=lambda item: item[1])
    )


# A new one ----------------------------------------------------------------------------------------


def capture_form(session: Session, event: Row) -> None:
    """Writing down what a supplier promised in the event, during it or after."""
    key = f"promise-{event['id']}"
    if said := st.session_state.pop(f"{key}-said", None):
        done(said)
    nonce = st.session_state.setdefault(f"{key}-id", str(uuid4()))
    suppliers = dialogues.supplier_names(session, event["id"], as_entered=True)
    members = member_names(session, event)
    own = session.principal.organisation_id
    with st.form(f"{key}-{nonce}", border=False):
        supplier = st.selectbox(
            _("Who promised it"), list(suppliers), index=0 if len(suppliers) == 1 else None,
            format_func=lambda one: suppliers.get(one, ""), key=f"{key}-{nonce}-supplier",
        )  # fmt: skip
        text = st.text_area(
            _("What was promised"), max_chars=1000, height=80, key=f"{key}-{nonce}-text"
        )
        owner = st.selectbox(
            _("Who follows it up"), list(members), key=f"{key}-{nonce}-owner",
            index=list(members).index(own) if own in members else None,
            format_func=lambda one: members.get(one, ""),
        )  # fmt: skip
        due_on = st.date_input(
            _("By which day"), None, format="YYYY-MM-DD", key=f"{key}-{nonce}-due",
            min_value=date(2000, 1, 1), max_value=date(2100, 1, 1),
        )  # fmt: skip
        sent = st.form_submit_button(_("Add the commitment"), type="primary")
    if not sent:
        return
    said = domain.problems_of_commitment(text, supplier, owner, due_on, date.today())
    for sentence in said:
        problem(sentence)
    texts = {_("the commitment"): text.strip()}
    if said or dialogues_rule.asks_first(session, event, texts, f"{key}-named"):
        return
    try:
        data.call(
            session, "capture_commitment", id=nonce, dialogue_id=event["id"],
            supplier_id=supplier, owner_id=owner, text=text.strip(), due_on=due_on,
        )  # fmt: skip
    except StoreError as refusal:
        problem(str(refusal))
        return
    del st.session_state[f"{key}-id"]
    st.session_state[f"{key}-said"] = _("Added.")
    st.rerun()
