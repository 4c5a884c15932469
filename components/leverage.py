"""The files of spend that an organisation brought in, and suppliers' published turnover."""

import uuid
from datetime import date
from typing import Any

import polars as pl
import streamlit as st

from components import data
from components.links import link
from components.messages import plain, problem
from components.session import Session
from components.sharing import share_form
from components.tables import table
from quorum.importers.spend import FIRST_YEAR, currencies
from quorum.language import _, ngettext
from quorum.store import AlreadyThere, StoreError

_SHARED = ("shared_with", "banded_with", "aggregated_with")
MOST = 1e13  # what the store holds


def files(session: Session) -> None:
    """The organisation's files: what is shared of each; share more, or delete one."""
    lines = data.spend(session).filter("mine")
    shared = pl.any_horizontal(pl.col(column).list.len() > 0 for column in _SHARED)
    counts = lines.group_by(id="import_id").agg(shared=shared.sum().cast(pl.Int64))
    found = (
        data.rows(session, "spend_import", "-created_at")
        .join(counts, on="id", how="left", maintain_order="left")
        .with_columns(pl.col("shared").fill_null(0), day=pl.col("created_at").dt.date())
    )
    if found.is_empty():
        st.caption(_("Your organisation has not imported any spend yet."))
        link("import_spend", _("Import spend"))
        return
    columns = {
        "file_name": _("File"), "day": st.column_config.DateColumn(_("Imported on")),
        "row_count": _("Lines"), "shared": _("Lines shared"),
    }  # fmt: skip
    chosen = table(found, columns, "spend-files", id_column="id")
    link("import_spend", _("Import spend"))
    if chosen is None:
        st.caption(_("Choose a file in the table to share or delete it."))
        return
    one = found.row(by_predicate=pl.col("id") == chosen, named=True)
    st.subheader(plain(one["file_name"]))
    if not session.principal.may_edit:
        return
    _delete(session, one)
    with st.expander(_("Share these lines")):
        title = _("Spend from {file}").format(file=one["file_name"])
        items = lines.filter(pl.col("import_id") == chosen)["id"].to_list()
        share_form(session, "spend", items, title, f"share-{chosen}")


def _delete(session: Session, one: dict[str, Any]) -> None:
    if one["shared"]:
        st.caption(_("Some of it is shared: end that sharing before you delete the file."))
        return
    with st.popover(_("Delete this file"), key=f"delete-{one['id']}"):
        lost = ngettext(
            "Its {n} line goes with it. This cannot be undone.",
            "Its {n} lines go with it. This cannot be undone.",
            one["row_count"],
        )
        st.markdown(lost.format(n=f"{one['row_count']:,}"))
        if st.button(_("Delete it now"), key=f"delete-{one['id']}-sure", type="primary"):
            _gone(session, "spend_import", one["id"])


def _gone(session: Session, relation: str, item: str) -> None:
    try:
        data.delete(session, relation, {"id": item})
    except StoreError as refusal:
        problem(str(refusal))
    else:
        st.rerun()


def turnovers(session: Session) -> None:
    """Published turnover of suppliers, and the form that adds a figure."""
    names = dict(data.suppliers(session).select("id", "name").rows())
    found = data.turnover(session).with_columns(
        supplier=pl.col("supplier_id").replace_strict(names, default=None, return_dtype=pl.String)
    )
    if found.is_empty():
        st.caption(_("No turnover is known yet. With one, spend becomes a share."))
    else:
        columns = {
            "supplier": _("Supplier"),
            "year": st.column_config.NumberColumn(_("Year"), format="%d"),
            "amount": st.column_config.NumberColumn(_("Turnover"), format="localized"),
            "currency": _("Currency"), "source": _("Source"),
            "link": st.column_config.TextColumn(_("Where to read it")),
        }  # fmt: skip
        chosen = table(found, columns, "turnovers", id_column="id")
        if chosen and session.principal.may_edit:
            with st.popover(_("Remove this figure"), key=f"remove-{chosen}"):
                st.markdown(_("It is removed for all members."))
                if st.button(_("Remove it now"), key=f"remove-{chosen}-sure", type="primary"):
                    _gone(session, "supplier_turnover", chosen)
    if session.principal.may_edit:
        _add(session, names)


def _add(session: Session, names: dict[str, str]) -> None:
    """A new figure; it is seen by all members, so it needs a published source."""
    number = st.session_state.setdefault("turnover-form", 0)
    with st.form(f"turnover-{number}"):
        st.markdown(f"**{_('Add a turnover')}**")
        with st.container(horizontal=True):
            values: dict[str, Any] = {
                "supplier_id": st.selectbox(
                    _("Supplier (required)"), list(names), index=None,
                    format_func=lambda one: names.get(one, ""), width=260,
                ),
                "year": st.number_input(
                    _("Year (required)"), FIRST_YEAR, date.today().year, None, step=1, width=140
                ),
                "amount": st.number_input(
                    _("Turnover in whole units (required)"), 0.0, MOST - 1, None, step=1.0,
                    format="%.0f", width=260,
                ),
                "currency": st.selectbox(
                    _("Currency (required)"), sorted(currencies()), index=None, width=150
                ),
            }  # fmt: skip
        values["source"] = st.text_input(
            _("Source (required)"), max_chars=300, placeholder=_("Annual report 2025, page 12")
        ).strip()
        address = st.text_input(_("Web address of the source"), max_chars=500).strip()
        asked = st.form_submit_button(_("Add this turnover"))
    if not asked:
        return
    fault = _fault(values, address)
    if fault:
        problem(fault)
        return
    minted = st.session_state.setdefault(f"turnover-{number}-id", str(uuid.uuid4()))
    try:
        data.insert(session, "supplier_turnover", {"id": minted, "link": address or None, **values})
    except AlreadyThere:
        problem(
            _("There is a turnover of {supplier} for {year} already. Remove it first.").format(
                supplier=names[values["supplier_id"]], year=values["year"]
            )
        )
    except StoreError as refusal:
        problem(str(refusal))
    else:
        st.session_state["turnover-form"] = number + 1
        st.rerun()


def _fault(values: dict[str, Any], address: str) -> str | None:
    """What is missing or wrong in the form, as a sentence."""
    labels = {
        "supplier_id": _("the supplier"), "year": _("the year"), "amount": _("the turnover"),
        "currency": _("the currency"), "source": _("the source"),
    }  # fmt: skip
    missing = [label for name, label in labels.items() if not values[name]]
    if missing:
        return _("Still missing: {what}. Fill it in and add again.").format(what=", ".join(missing))
    if len(values["source"]) < 2:
        return _("Name the source in at least two letters.")
    if address and not address.lower().startswith(("http://", "https://")):
        return _("The web address must start with https:// or http://. Correct it and add again.")
    return None
