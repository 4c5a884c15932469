"""Entries of the register: adding, editing, merging, with what can go wrong in words."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import polars as pl
import streamlit as st

from components import data, messages
from components.edits import Form, edit_with
from components.links import link
from components.messages import plain
from components.session import Session
from components.tables import table
from quorum import suppliers
from quorum.countries import all_countries, display_name
from quorum.language import _
from quorum.store import AlreadyThere, Row, StoreError


def labels() -> dict[str, str]:
    """Columns of the register for people."""
    return {
        "name": _("Name"),
        "kind": _("Kind"),
        "country": _("Country"),
        **suppliers.identifier_names(),
        "website": _("Website"),
        "parent_id": _("Parent brand or group"),
    }


# Fields -------------------------------------------------------------------------------------------


def _fields(session: Session, row: Row, key: str) -> dict[str, Any]:
    """The fields of an entry, filled from `row`; what was typed, by column."""
    names = labels()
    kinds = suppliers.kind_names()
    countries = {code: display_name(code) for code in all_countries()}
    parents = dict(data.suppliers(session).select("id", "name").iter_rows())
    parents.pop(str(row.get("id")), None)
    left, right = st.columns(2)
    with left:
        typed: dict[str, Any] = {
            "name": st.text_input(
                _("Name (required)"), row.get("name") or "", max_chars=200, key=f"{key}-name"
            ),
            "kind": _choice(_("Kind (required)"), kinds, row.get("kind"), f"{key}-kind"),
            "country": _choice(names["country"], countries, row.get("country"), f"{key}-country"),
            "parent_id": _choice(
                names["parent_id"], parents, row.get("parent_id"), f"{key}-parent"
            ),
        }
    hints = {
        "lei": _("20 letters and digits"),
        "vat": _("With the letters of its country, such as NL"),
        "registry_number": _("With its register, such as NL-KVK-12345678"),
        "website": "https://",
    }
    with right:
        for column, hint in hints.items():
            typed[column] = st.text_input(
                names[column], row.get(column) or "", placeholder=hint, key=f"{key}-{column}"
            )
    return typed


def _choice(label: str, options: Mapping[str, str], chosen: object, key: str) -> str | None:
    codes = sorted(options, key=lambda one: options[one].casefold())
    index = codes.index(str(chosen)) if chosen in options else None
    return st.selectbox(
        label, codes, index=index, format_func=lambda one: options.get(one, ""), key=key,
        placeholder=_("Choose"),
    )  # fmt: skip


def _checked(session: Session, typed: Row, own_id: str | None) -> dict[str, Any] | None:
    """The row as it would be stored, or None after saying what is wrong with it."""
    identifiers = suppliers.check_identifiers({c: typed[c] for c in suppliers.IDENTIFIERS})
    row = {
        **typed,
        "name": " ".join(str(typed["name"]).split()),
        "website": str(typed["website"]).strip() or None,
        **{column: checked.value for column, checked in identifiers.items()},
    }
    problems = [checked.problem for checked in identifiers.values() if checked.problem]
    if not row["name"]:
        problems.insert(0, _("The name is missing. Write the name the supplier trades under."))
    if not row["kind"]:
        problems.append(_("Choose what kind of supplier it is."))
    if row["website"] and not str(row["website"]).startswith(("https://", "http://")):
        problems.append(_("The website must begin with https:// or http://."))
    problems += suppliers.clashes(data.register(session), row, own_id)
    for sentence in problems:
        messages.problem(sentence)
    return None if problems else row


# Adding -------------------------------------------------------------------------------------------


def add(session: Session, key: str = "supplier-add") -> None:
    """The form for a new entry; entries with names like it are shown before it is stored."""
    said = st.session_state.pop(f"{key}-done", None)
    if said:
        messages.done(_("“{name}” is in the register.").format(name=said[1]))
        link("supplier", _("Open its profile"), supplier=said[0])
    new_id = st.session_state.setdefault(f"{key}-id", str(uuid4()))
    with st.form(f"{key}-{new_id}"):
        typed = _fields(session, {}, f"{key}-{new_id}")
        asked = st.form_submit_button(_("Add to the register"), type="primary", key=f"{key}-submit")
    if asked:
        st.session_state[f"{key}-row"] = _checked(session, typed, None)
    row = st.session_state.get(f"{key}-row")
    if row is None:
        return
    alike = suppliers.similar(row["name"], data.suppliers(session))
    if alike.is_empty():
        _store(session, new_id, row, key)
        return
    st.warning(_("The register has entries with names like this one. Is it one of them?"))
    for one in alike.iter_rows(named=True):
        country = display_name(one["country"]) if one["country"] else _("country not known")
        link("supplier", f"{one['name']}, {country}", supplier=one["id"])
    if st.button(
        _("None of them: add “{name}”").format(name=plain(row["name"])), key=f"{key}-sure"
    ):
        _store(session, new_id, row, key)


def _store(session: Session, new_id: str, row: Row, key: str) -> None:
    try:
        data.insert(session, "supplier", {"id": new_id, **row})
    except AlreadyThere:
        # A repeated submit, or a colleague who was faster with the same number.
        stored = data.fresh(session, "supplier", {"id": new_id})
        if stored.is_empty():
            _checked(session, {**row, "website": row["website"] or ""}, None)
            messages.problem(
                _("A colleague has just entered one of these numbers. Look for it in the register.")
            )
            return
    except StoreError as refusal:
        messages.problem(str(refusal))
        return
    for name in (f"{key}-id", f"{key}-row"):
        st.session_state.pop(name, None)
    st.session_state[f"{key}-done"] = (new_id, row["name"])
    st.rerun()


# Editing ------------------------------------------------------------------------------------------


def edit(session: Session, row: Row) -> None:
    """A button that opens the form of an entry; a colleague's faster edit is shown beside it."""
    key = f"supplier-edit-{row['id']}"

    def words(entry: Row) -> Row:
        names = dict(data.register(session).select("id", "name").iter_rows())
        return {**entry, "parent_id": names.get(str(entry["parent_id"]))}

    form = Form(
        "supplier",
        labels(),
        inputs=lambda seen: _fields(session, seen, key),
        checked=lambda typed: _checked(session, typed, str(row["id"])),
        words=words,
        taken=_("A colleague has just entered one of these numbers. Reload the page to see where."),
    )
    edit_with(session, row, form, key, _("Edit this entry"))


# Merging ------------------------------------------------------------------------------------------


def _pairs(session: Session) -> pl.DataFrame:
    merges = data.rows(session, "supplier_merge")
    return suppliers.suggested_pairs(data.suppliers(session), merges)


def merge(session: Session, key: str = "supplier-merge") -> None:
    """Suggested pairs, the form that merges two entries, and the merges that can be undone."""
    said = st.session_state.pop(f"{key}-done", None)
    if said:
        messages.done(said)
    pairs = data.cached(session, _pairs).with_row_index("pair")
    if pairs.is_empty():
        st.caption(_("No two names in the register look like the same supplier."))
    else:
        st.caption(_("These names are alike. Select a row to merge the two."))
        chosen = table(
            pairs, {"one": _("Entry"), "other": _("Perhaps the same"),
                    "score": st.column_config.NumberColumn(_("Likeness, of 100"), format="%d")},
            f"{key}-pairs", id_column="pair",
        )  # fmt: skip
        if chosen is not None:
            pair = pairs.row(int(chosen), named=True)
            if st.session_state.get(f"{key}-chosen") != (pair["one_id"], pair["other_id"]):
                st.session_state[f"{key}-chosen"] = (pair["one_id"], pair["other_id"])
                st.session_state[f"{key}-kept"] = pair["one_id"]
                st.session_state[f"{key}-merged"] = pair["other_id"]
    _merge_form(session, key)
    _undo(session, key)


def _merge_form(session: Session, key: str) -> None:
    living = data.suppliers(session)
    with st.form(f"{key}-form"):
        names = {
            row["id"]: f"{row['name']} ({row['country']})" if row["country"] else row["name"]
            for row in living.iter_rows(named=True)
        }
        left, right = st.columns(2)
        for column, name, label in (
            (left, "kept", _("Keep this entry")), (right, "merged", _("Merge this one into it")),
        ):  # fmt: skip
            with column:
                st.selectbox(
                    label, list(names), index=None, key=f"{key}-{name}",
                    format_func=lambda one: names.get(one, ""), placeholder=_("Choose"),
                )  # fmt: skip
        reason = st.text_input(
            _("Why they are the same"), max_chars=500, key=f"{key}-reason",
            placeholder=_("Same VAT number on two invoices"),
        )  # fmt: skip
        asked = st.form_submit_button(_("Merge"), key=f"{key}-submit")
    st.caption(
        _(
            "Nothing is moved or lost: what was entered for either stands under the kept entry, "
            "for all members, until the merge is undone."
        )
    )
    if not asked:
        return
    kept, merged = (st.session_state[f"{key}-{name}"] for name in ("kept", "merged"))
    if not kept or not merged or kept == merged:
        messages.problem(_("Choose two different entries: one to keep and one to merge into it."))
        return
    try:
        data.call(session, "merge_suppliers", kept=kept, merged=merged, reason=reason)
    except StoreError as refusal:
        messages.problem(str(refusal))
        return
    st.session_state[f"{key}-done"] = _("“{merged}” now stands under “{kept}”.").format(
        merged=names[merged], kept=names[kept]
    )
    for name in ("kept", "merged", "reason", "chosen"):
        st.session_state.pop(f"{key}-{name}", None)
    st.rerun()


def merges(session: Session) -> pl.DataFrame:
    """Merges in force: id, kept, merged (names), kept_id, reason."""
    names = data.register(session).select("id", "name")
    return (
        data.rows(session, "supplier_merge")
        .filter(~pl.col("undone"))
        .join(names.rename({"id": "kept_id", "name": "kept"}), on="kept_id")
        .join(names.rename({"id": "merged_id", "name": "merged"}), on="merged_id")
        .sort("kept", "merged")
    )


def _undo(session: Session, key: str) -> None:
    done = merges(session)
    if done.is_empty():
        return
    st.markdown(f"**{_('Merged entries')}**")
    for row in done.iter_rows(named=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            because = f": {row['reason']}" if row["reason"] else ""
            text = _("{merged} stands under {kept}{because}")
            st.markdown(
                plain(text.format(merged=row["merged"], kept=row["kept"], because=because)),
                width="stretch",
            )
            if st.button(_("Undo"), key=f"{key}-undo-{row['id']}"):
                try:
                    data.call(session, "undo_merge", merge_id=row["id"])
                except StoreError as refusal:
                    messages.problem(str(refusal))
                else:
                    said = _("“{merged}” is an entry of its own again.")
                    st.session_state[f"{key}-done"] = said.format(merged=row["merged"])
                    st.rerun()


# The register as a table --------------------------------------------------------------------------


def register_columns() -> dict[str, Any]:
    """Columns of the register's table, and those of them that start out hidden."""
    return {
        "name": _("Supplier"),
        "attention": _("Needs attention"),
        "level": st.column_config.TextColumn(_("Overall level"), width=140),
        "assessed_on": st.column_config.DateColumn(_("Assessed on")),
        "members": st.column_config.NumberColumn(_("Members seen with it")),
        "kind_name": _("Kind"),
        "country_name": _("Country"),
        "parent": _("Parent"),
        "lei": _("LEI"),
        "vat": _("VAT number"),
        "registry_number": _("Registry number"),
        "website": _("Website"),
    }


HIDDEN = ("lei", "vat", "registry_number", "website")
