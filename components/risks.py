"""Known risks on pages: how they read, the form, and what can be done with one's own."""

from datetime import date
from typing import Any
from uuid import uuid4

import polars as pl
import streamlit as st

from components import data, dialogues, edits, filters, sharing
from components.messages import done, plain, problem
from components.session import Session
from quorum.countries import by_name
from quorum.language import _
from quorum.risks import (
    ANY_STAGE,
    kind_explanations,
    kind_names,
    problems_of_risk,
    stage_names,
    worded,
)
from quorum.store import Row

KEY = "risk-new"


def risks(session: Session) -> pl.DataFrame:
    """Those that the member sees, with words for people, the newest source first."""
    return data.cached(session, _risks)


def _risks(session: Session) -> pl.DataFrame:
    return worded(sharing.whose_words(session, data.risks(session)))


def columns() -> dict[str, Any]:
    return {
        "seen_on": dialogues.day_column(_("Source of")),
        "where": st.column_config.TextColumn(_("Where"), width=200),
        "kind_name": _("Kind"),
        "text": st.column_config.TextColumn(_("What is known"), width=300),
        "source": st.column_config.TextColumn(_("Source"), width=200),
        "stage_name": _("Stage"),
        "organisation": _("Recorded by"),
        "whose": _("Who sees it"),
    }


# Forms --------------------------------------------------------------------------------------------


def _where(session: Session, seen: Row, key: str) -> dict[str, str | None]:
    """The fields for supplier and country."""
    suppliers = filters.told_apart(dict(data.suppliers(session).select("id", "name").iter_rows()))
    countries = by_name()
    with filters.row():
        supplier = st.selectbox(
            _("Supplier"), list(suppliers), key=f"{key}-supplier",
            placeholder=_("All there"),
            index=list(suppliers).index(seen["supplier_id"])
            if seen["supplier_id"] in suppliers else None,
            format_func=lambda one: suppliers.get(one, ""),
        )  # fmt: skip
        country = st.selectbox(
            _("Country"), list(countries), key=f"{key}-country",
            placeholder=_("Not known"),
            index=list(countries).index(seen["country"]) if seen["country"] in countries else None,
            format_func=lambda one: countries.get(one, ""),
        )  # fmt: skip
    return {"supplier_id": supplier, "country": country}


def _what(seen: Row, key: str) -> dict[str, Any]:
    """The fields for what is known."""
    kinds, stages = kind_names(), stage_names()
    meaning = "\n".join(f"- **{kinds[one]}**: {text}" for one, text in kind_explanations().items())
    with filters.row():
        kind = st.selectbox(
            _("Kind of risk"), list(kinds), placeholder=_("One of seven"), help=meaning,
            index=list(kinds).index(seen["kind"]) if seen["kind"] in kinds else None,
            format_func=lambda one: kinds[one], key=f"{key}-kind",
        )  # fmt: skip
        stage = st.selectbox(
            _("Stage"), list(stages), list(stages).index(seen["stage"]),
            format_func=lambda one: stages[one], key=f"{key}-stage",
        )  # fmt: skip
    text = st.text_area(
        _("What is known"), seen["text"], max_chars=1000, height=80, key=f"{key}-text",
        placeholder=_("What was found, about whom, and how sure it is. Name no worker."),
    ).strip()  # fmt: skip
    return {"kind": kind, "stage": stage, "text": text}


def _who_says(seen: Row, key: str) -> dict[str, Any]:
    """The fields for the source."""
    with filters.row():
        source = st.text_input(
            _("Source: who says so"), seen["source"], max_chars=300, key=f"{key}-source",
            placeholder=_("Audit of 2026, report of a union, newspaper"),
        ).strip()  # fmt: skip
        seen_on = st.date_input(
            _("Date of the source"), seen["seen_on"], format="YYYY-MM-DD", key=f"{key}-on",
            min_value=date(2000, 1, 1),
        )  # fmt: skip
    address = st.text_input(
        _("Web address of the source"), seen["link"] or "", max_chars=500, key=f"{key}-link",
        placeholder="https://",
    ).strip()  # fmt: skip
    return {"source": source, "link": address or None, "seen_on": seen_on}


def _fields(session: Session, seen: Row, key: str) -> dict[str, Any]:
    """The fields, filled from `seen`; their values by column."""
    return {**_where(session, seen, key), **_what(seen, key), **_who_says(seen, key)}


def add(session: Session) -> None:
    """The form for a new one."""
    if said := st.session_state.pop(f"{KEY}-said", None):
        done(said)
    nonce = st.session_state.setdefault(f"{KEY}-id", str(uuid4()))
    blank = {
        # Whichever supplier the page looks at, or was asked for while there was nothing to filter.
        "supplier_id": st.session_state.get("risks_supplier") or st.query_params.get("supplier"),
        "country": st.session_state.get("risks_country"), "kind": None, "stage": ANY_STAGE,
        "text": "", "source": "", "link": None, "seen_on": None,
    }  # fmt: skip
    with st.form(f"{KEY}-{nonce}", border=False):
        values = _fields(session, blank, f"{KEY}-{nonce}")
        sent = st.form_submit_button(_("Record it"), type="primary")
    if sent and _checked(values) is not None:
        edits.recorded(session, "risk", values, KEY)


def _checked(values: dict[str, Any]) -> dict[str, Any] | None:
    said = problems_of_risk(values, date.today())
    for sentence in said:
        problem(sentence)
    return None if said else values


def labels() -> dict[str, str]:
    """Of the columns that a person edits, for a conflict."""
    return {
        "supplier_id": _("Supplier"), "country": _("Country"), "kind": _("Kind of risk"),
        "stage": _("Stage"), "text": _("What is known"), "source": _("Source: who says so"),
        "link": _("Web address of the source"), "seen_on": _("Date of the source"),
    }  # fmt: skip


# One of them --------------------------------------------------------------------------------------


def details(session: Session, row: Row) -> None:
    """One of them in full; one's own can be edited, shared and deleted."""
    key = f"risk-{row['id']}"
    with st.container(border=True, gap="small"):
        st.markdown(f"**{plain(row['kind_name'])}: {plain(row['where'])}**  \n{plain(row['text'])}")
        st.markdown(plain(_("Source: {source}").format(source=_cited(row))))
        parts = [row["stage_name"], row["organisation"] or _("another member")]
        st.caption(plain(" · ".join(filter(None, parts))))
        sharing.whose_mark(session, row, "risk", key)
        if row["mine"] and session.principal.may_edit:
            _own(session, row, key)


def _cited(row: Row) -> str:
    """Who says so, of when, and where it can be read: as text, because a person typed the link."""
    return ", ".join(filter(None, (row["source"], str(row["seen_on"]), row["link"])))


def _own(session: Session, row: Row, key: str) -> None:
    form = edits.Form(
        "risk",
        labels(),
        inputs=lambda seen: _fields(session, seen, f"{key}-{seen['version']}"),
        checked=_checked,
        words=lambda seen: _worded(session, seen),
    )
    edits.edit_with(session, row, form, key)
    fold = st.expander(_("Share or delete"), key=f"{key}-own", on_change="rerun")
    if fold.open:
        with fold:
            title = f"{row['kind_name']}, {row['where']}"
            sharing.share_form(session, "risk", [row["id"]], title, f"share-{key}")
            _delete(session, row, key)


def _delete(session: Session, row: Row, key: str) -> None:
    if not st.button(_("Delete this record"), key=f"{key}-delete"):
        return
    shared = _("It is shared: end the sharing first, then delete it.")
    edits.deleted(session, "risk", row["id"], shared)


def _worded(session: Session, row: Row) -> Row:
    """The row with names where it has identifiers and codes."""
    names: dict[str, dict[str, str]] = {
        "supplier_id": dict(data.suppliers(session).select("id", "name").iter_rows()),
        "country": by_name(),
        "kind": kind_names(),
        "stage": stage_names(),
    }
    return {**row, **{column: known.get(row[column]) for column, known in names.items()}}
