"""Editing one record: the form, and what happens when a colleague was faster."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from components import data, messages
from components.session import Session
from quorum.language import _
from quorum.store import AlreadyThere, Conflict, NotAllowed, Row, StoreError


@dataclass(frozen=True)
class Form:
    """How one kind of record is edited.

    `labels`: column -> label, for a conflict. `inputs` draws the fields, filled from the record as
    it was when the form was opened, and gives what was typed; `checked` makes the new values of
    that, by column, or says what is wrong and gives None; `words` gives a record's values as people
    read them, for a conflict. `taken`: the sentence for a value that may be there only once.
    """

    relation: str
    labels: Mapping[str, str]
    inputs: Callable[[Row], dict[str, Any]]
    checked: Callable[[dict[str, Any]], Row | None] = lambda typed: typed
    words: Callable[[Row], Row] = dict
    taken: str = ""


def edit(
    session: Session,
    relation: str,
    row: Row,
    labels: Mapping[str, str],
    inputs: Callable[[Row], dict[str, Any]],
    key: str,
    label: str = "",
    words: Callable[[Row], Row] = dict,
) -> None:
    """`edit_with` for a record whose fields give what is stored."""
    edit_with(session, row, Form(relation, labels, inputs, words=words), key, label)


def edit_with(session: Session, row: Row, form: Form, key: str, label: str = "") -> None:
    """A button (with `label`) that opens the form of the record `row`, which has id and version."""
    seen = st.session_state.get(f"{key}-seen")
    if seen is None:
        st.button(
            label or _("Edit"), key=f"{key}-edit", on_click=_keep, args=(f"{key}-seen", dict(row))
        )
        return
    clash = st.session_state.get(f"{key}-clash")
    if clash is not None:
        _settle(session, form, clash, key)
        return
    with st.form(f"{key}-form"):
        typed = form.inputs(seen)
        with st.container(horizontal=True):
            save = st.form_submit_button(_("Save"), type="primary", key=f"{key}-save")
            cancel = st.form_submit_button(_("Cancel"), key=f"{key}-cancel")
    if cancel:
        _close(key)
    if save:
        values = form.checked(typed)
        if values is not None:
            _save(session, form, values, seen, key)


def recorded(session: Session, relation: str, values: Row, key: str) -> None:
    """Stores a new record of the organisation's own, once however often the form is sent, and draws
    the page anew; or says why not. Its identifier lies under `key`-id, and what the form says next
    under `key`-said."""
    try:
        data.insert(session, relation, {"id": st.session_state[f"{key}-id"], **values})
    except AlreadyThere:
        pass  # the same submit, repeated
    except StoreError as refusal:
        messages.problem(str(refusal))
        return
    del st.session_state[f"{key}-id"]
    st.session_state[f"{key}-said"] = _(
        "Recorded. Only your organisation sees it until you share it."
    )
    st.rerun()


def deleted(session: Session, relation: str, identifier: str, why_not: str) -> None:
    """Deletes one of the organisation's own rows, or says why it stays: `why_not` where the store
    refuses, and for anything else, such as a store that does not answer, its own sentence."""
    try:
        data.delete(session, relation, {"id": identifier})
    except NotAllowed:
        messages.problem(why_not)
    except StoreError as failure:
        messages.problem(str(failure))
    else:
        st.rerun()


def _save(session: Session, form: Form, values: Row, seen: Row, key: str) -> None:
    try:
        data.update(session, form.relation, values, {"id": seen["id"]}, version=seen["version"])
    except Conflict as conflict:
        _keep(f"{key}-clash", (dict(values), conflict.theirs))
        st.rerun()
    except AlreadyThere as refusal:
        messages.problem(form.taken or str(refusal))
    except StoreError as refusal:
        messages.problem(str(refusal))
    else:
        _close(key)


def _settle(session: Session, form: Form, clash: tuple[Row, Row], key: str) -> None:
    mine, theirs = clash
    worded = [form.words(row) for row in (mine, theirs)]
    sides = [{label: row[column] for column, label in form.labels.items()} for row in worded]
    choice = messages.conflict(sides[0], sides[1], _("Somebody else"), key)
    if choice is None:
        return
    _keep(f"{key}-clash", None)
    if choice == "mine":
        _save(session, form, mine, theirs, key)
    else:
        _close(key)


def _keep(name: str, value: Any) -> None:
    st.session_state[name] = value


def _close(key: str) -> None:
    _keep(f"{key}-seen", None)
    st.rerun()
