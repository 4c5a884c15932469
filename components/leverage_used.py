"""Uses of leverage: who asked what of which supplier, and what came of it."""

from datetime import date
from typing import Any
from uuid import uuid4

import polars as pl
import streamlit as st

from components import data, dialogues, edits, filters, sharing
from components.messages import done, plain, problem
from components.session import Session
from quorum.language import _
from quorum.store import Row

KEY = "leverage-new"
NO_OUTCOME = "none_yet"


def channel_names() -> dict[str, str]:
    return {
        "meeting": _("Meeting"),
        "letter": _("Letter"),
        "tender": _("Tender"),
        "contract": _("Contract"),
        "dialogue": _("Joint dialogue"),
        "other": _("Other"),
    }


def outcome_names() -> dict[str, str]:
    return {
        NO_OUTCOME: _("None known yet"),
        "refused": _("Refused"),
        "promised": _("Promised"),
        "partly": _("Partly done"),
        "done": _("Done"),
    }


def uses(session: Session) -> pl.DataFrame:
    """Those that the member sees, with words for people, the latest first."""
    return data.cached(session, _uses)


def _uses(session: Session) -> pl.DataFrame:
    titles = dict(data.dialogues(session).select("id", "title").iter_rows())
    return sharing.whose_words(session, data.leverage_uses(session)).with_columns(
        channel_name=pl.col("channel").replace_strict(channel_names(), return_dtype=pl.String),
        outcome_name=pl.col("outcome").replace_strict(outcome_names(), return_dtype=pl.String),
        how=pl.when("jointly").then(pl.lit(_("Jointly"))).otherwise(pl.lit(_("Alone"))),
        dialogue=pl.col("dialogue_id").replace_strict(titles, default=None, return_dtype=pl.String),
    )


def columns() -> dict[str, Any]:
    return {
        "asked_on": dialogues.day_column(_("Asked on")),
        "supplier": _("Supplier"),
        "asked": st.column_config.TextColumn(_("What was asked"), width=260),
        "organisation": _("By"),
        "how": _("Alone or jointly"),
        "together_with": _("Together with"),
        "channel_name": _("Through"),
        "outcome_name": _("What came of it"),
        "outcome_text": st.column_config.TextColumn(_("In words"), width="medium"),
        "outcome_on": dialogues.day_column(_("Known on")),
        "whose": _("Who sees it"),
    }


# Forms --------------------------------------------------------------------------------------------


def problems(values: Row, today: date) -> list[str]:
    """What is wrong with a use of leverage that a person entered, a sentence each."""
    said = []
    if not values["supplier_id"]:
        said.append(_("Choose the supplier."))
    if len("".join(values["asked"].split())) < 3:
        said.append(_("Write down what was asked."))
    if values["asked_on"] is None or values["asked_on"] > today:
        said.append(_("Say on which day it was asked: not later than today."))
    if values["outcome"] == NO_OUTCOME:
        if values["outcome_text"]:
            said.append(_("Choose what came of it, since you describe it."))
    elif values["outcome_on"] is None:
        said.append(_("Say since when you know what came of it."))
    elif values["asked_on"] and values["outcome_on"] < values["asked_on"]:
        said.append(_("What came of it is dated before it was asked. Check both days."))
    return said


def _fields(session: Session, seen: Row, key: str) -> dict[str, Any]:
    """The fields, filled from `seen`; their values by column."""
    suppliers = filters.told_apart(dict(data.suppliers(session).select("id", "name").iter_rows()))
    channels, outcomes = channel_names(), outcome_names()
    events = dict(data.dialogues(session).select("id", "title").iter_rows())
    supplier = st.selectbox(
        _("Supplier"), list(suppliers), placeholder=_("Search the register"),
        index=list(suppliers).index(seen["supplier_id"])
        if seen["supplier_id"] in suppliers else None,
        format_func=lambda one: suppliers.get(one, ""), key=f"{key}-supplier",
    )  # fmt: skip
    asked = st.text_area(
        _("What was asked"), seen["asked"], max_chars=1000, height=80, key=f"{key}-asked"
    ).strip()
    with filters.row():
        asked_on = st.date_input(
            _("Asked on"), seen["asked_on"], format="YYYY-MM-DD", key=f"{key}-on",
            min_value=date(2000, 1, 1),
        )  # fmt: skip
        channel = st.selectbox(
            _("Through"), list(channels), list(channels).index(seen["channel"]),
            format_func=lambda one: channels[one], key=f"{key}-channel",
        )  # fmt: skip
        event = st.selectbox(
            _("In which dialogue"), list(events), placeholder=_("In none"),
            index=list(events).index(seen["dialogue_id"])
            if seen["dialogue_id"] in events else None,
            format_func=lambda one: events.get(one, ""), key=f"{key}-dialogue",
        )  # fmt: skip
    together = st.text_input(
        _("Together with (leave empty if you asked alone)"), seen["together_with"], max_chars=500,
        key=f"{key}-with",
    ).strip()  # fmt: skip
    jointly = st.checkbox(_("Asked jointly"), seen["jointly"], key=f"{key}-jointly")
    with filters.row():
        outcome = st.selectbox(
            _("What came of it"), list(outcomes), list(outcomes).index(seen["outcome"]),
            format_func=lambda one: outcomes[one], key=f"{key}-outcome",
        )  # fmt: skip
        outcome_on = st.date_input(
            _("Known on"), seen["outcome_on"], format="YYYY-MM-DD", key=f"{key}-known",
            min_value=date(2000, 1, 1),
        )  # fmt: skip
    outcome_text = st.text_area(
        _("In words"), seen["outcome_text"], max_chars=1000, height=80, key=f"{key}-words"
    ).strip()
    return {
        "supplier_id": supplier, "asked_on": asked_on, "asked": asked, "channel": channel,
        "jointly": jointly or bool(together), "together_with": together, "dialogue_id": event,
        "outcome": outcome, "outcome_text": outcome_text,
        "outcome_on": None if outcome == NO_OUTCOME else outcome_on,
    }  # fmt: skip


def add(session: Session) -> None:
    """The form for a new one."""
    if said := st.session_state.pop(f"{KEY}-said", None):
        done(said)
    nonce = st.session_state.setdefault(f"{KEY}-id", str(uuid4()))
    blank = {
        "supplier_id": st.session_state.get(f"{KEY}-supplier"), "asked": "",
        "asked_on": date.today(), "channel": "meeting", "jointly": False, "together_with": "",
        "dialogue_id": None, "outcome": NO_OUTCOME, "outcome_text": "", "outcome_on": None,
    }  # fmt: skip
    with st.form(f"{KEY}-{nonce}", border=False):
        values = _fields(session, blank, f"{KEY}-{nonce}")
        sent = st.form_submit_button(_("Record it"), type="primary")
    if sent and _checked(values) is not None:
        edits.recorded(session, "leverage_use", values, KEY)


def labels() -> dict[str, str]:
    """Of the columns that a person edits, for a conflict."""
    return {
        "supplier_id": _("Supplier"), "asked_on": _("Asked on"), "asked": _("What was asked"),
        "channel": _("Through"), "jointly": _("Asked jointly"),
        "together_with": _("Together with"), "dialogue_id": _("In which dialogue"),
        "outcome": _("What came of it"), "outcome_text": _("In words"),
        "outcome_on": _("Known on"),
    }  # fmt: skip


def details(session: Session, row: Row) -> None:
    """One of them in full; one's own can be edited, shared and deleted."""
    key = f"use-{row['id']}"
    with st.container(border=True, gap="small"):
        st.markdown(f"**{plain(row['supplier'] or '?')}**  \n{plain(row['asked'])}")
        parts = [
            dialogues.day_words(row["asked_on"]), row["organisation"] or _("another member"),
            row["channel_name"], row["dialogue"],
            _("together with {names}").format(names=row["together_with"])
            if row["together_with"] else row["how"],
        ]  # fmt: skip
        st.caption(plain(" · ".join(filter(None, parts))))
        came = row["outcome_name"]
        if row["outcome_on"]:
            came += f", {row['outcome_on']}"
        said = _("What came of it: {outcome}.").format(outcome=came)
        st.markdown(plain(f"{said} {row['outcome_text']}"))
        sharing.whose_mark(session, row, "leverage_use", key)
        if not (row["mine"] and session.principal.may_edit):
            return

        form = edits.Form(
            "leverage_use",
            labels(),
            inputs=lambda seen: _fields(session, seen, f"{key}-{seen['version']}"),
            checked=_checked,
            words=lambda seen: _worded(session, seen),
        )
        edits.edit_with(session, row, form, key)
        title = f"{row['supplier']}, {row['asked_on']}"
        fold = st.expander(_("Share or delete"), key=f"{key}-own", on_change="rerun")
        if fold.open:
            with fold:
                sharing.share_form(session, "leverage_use", [row["id"]], title, f"share-{key}")
                _delete(session, row, key)


def _delete(session: Session, row: Row, key: str) -> None:
    if not st.button(_("Delete this record"), key=f"{key}-delete"):
        return
    shared = _("It is shared: end the sharing first, then delete it.")
    edits.deleted(session, "leverage_use", row["id"], shared)


def _checked(values: dict[str, Any]) -> dict[str, Any] | None:
    said = problems(values, date.today())
    for sentence in said:
        problem(sentence)
    return None if said else values


def _worded(session: Session, row: Row) -> Row:
    """The row with names where it has identifiers and codes."""
    names: dict[str, dict[str, str]] = {
        "supplier_id": dict(data.suppliers(session).select("id", "name").iter_rows()),
        "dialogue_id": dict(data.dialogues(session).select("id", "title").iter_rows()),
        "channel": channel_names(),
        "outcome": outcome_names(),
    }
    return {**row, **{column: known.get(row[column]) for column, known in names.items()}}
