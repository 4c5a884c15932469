"""Editing one record: the form, and what happens when a colleague was faster."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from components import data, messages
from components.session import Session
from quorum.language import _
from quorum.store import Conflict, Row, StoreError


def edit(
    session: Session,
    relation: str,
    row: Row,
    labels: Mapping[str, str],
    inputs: Callable[[Row], dict[str, Any]],
    key: str,
    label: str = "",
    words: Callable[[str, Any], object] = lambda column, value: value,
) -> None:
    """A button that opens a form for the record `row`, which has id and version.

    `inputs` draws the fields, filled from the record as it was when the form was opened, and gives
    the new values by column; `labels`: column -> label, for a conflict; `label`: of the button;
    `words(column, value)`: a value as people read it, for a conflict.
    """
    seen = st.session_state.get(f"{key}-seen")
    if seen is None:
        st.button(
            label or _("Edit"), key=f"{key}-edit", on_click=_keep, args=(f"{key}-seen", dict(row))
        )
        return
    clash = st.session_state.get(f"{key}-clash")
    if clash is not None:
        _settle(session, relation, labels, clash, key, words)
        return
    with st.form(f"{key}-form"):
        values = inputs(seen)
        with st.container(horizontal=True):
            save = st.form_submit_button(_("Save"), type="primary", key=f"{key}-save")
            cancel = st.form_submit_button(_("Cancel"), key=f"{key}-cancel")
    if cancel:
        _close(key)
    if save:
        _save(session, relation, values, seen, key)


def _save(session: Session, relation: str, values: Row, seen: Row, key: str) -> None:
    try:
        data.update(session, relation, values, {"id": seen["id"]}, version=seen["version"])
    except Conflict as conflict:
        _keep(f"{key}-clash", (dict(values), conflict.theirs))
        st.rerun()
    except StoreError as refusal:
        messages.problem(str(refusal))
    else:
        _close(key)


def _settle(
    session: Session,
    relation: str,
    labels: Mapping[str, str],
    clash: tuple[Row, Row],
    key: str,
    words: Callable[[str, Any], object],
) -> None:
    mine, theirs = clash
    choice = messages.conflict(
        {label: words(column, mine[column]) for column, label in labels.items()},
        {label: words(column, theirs[column]) for column, label in labels.items()},
        _("Somebody else"),
        key,
    )
    if choice is None:
        return
    _keep(f"{key}-clash", None)
    if choice == "mine":
        _save(session, relation, mine, theirs, key)
    else:
        _close(key)


def _keep(name: str, value: Any) -> None:
    st.session_state[name] = value


def _close(key: str) -> None:
    _keep(f"{key}-seen", None)
    st.rerun()
