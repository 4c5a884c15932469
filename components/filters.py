"""Filters in one row, each bound to the address: every view is a link, and back goes back.

The names in the address are the page's own (`sites_country`, not `country`): a name that a filter
is bound to cannot be handed to another page.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import date
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAPIException

from components.session import Session
from quorum.exports.tables import About
from quorum.language import _


def row() -> AbstractContextManager[Any]:
    """The row that filters stand in: `with filters.row(): ...`; it wraps on small screens."""
    return st.container(horizontal=True, vertical_alignment="bottom")


def choice(
    label: str, options: Mapping[str, str], key: str, *, arrives_as: str | None = None,
    least: int = 0,
) -> str | None:  # fmt: skip
    """One of `options` (identifier -> name), or None for all of them.

    `arrives_as`: the name under which a link from another page hands over an identifier, such as
    `supplier`; it becomes the choice and leaves the address. `least`: with fewer options nothing is
    asked, and all of them are meant.
    """
    names = told_apart(options)
    if len(names) < least:
        if arrives_as:
            st.query_params.pop(arrives_as, None)
        return None
    if arrives_as and (handed := st.query_params.get(arrives_as)):
        del st.query_params[arrives_as]
        if handed in names:
            st.session_state[key] = handed
            # Into the address as well, so that a reload keeps it. Where a filter of this name was
            # shown before in this tab, Streamlit keeps the address itself and refuses.
            with suppress(StreamlitAPIException):
                st.query_params[key] = names[handed]
    return st.selectbox(
        label,
        list(names),
        index=None,
        format_func=lambda option: names.get(option, str(option)),
        placeholder=_("All"),
        key=key,
        bind="query-params",
        width="stretch",
    )


def search(label: str, key: str) -> str:
    """Words that are looked for; empty when none are."""
    return str(
        st.text_input(label, key=key, bind="query-params", placeholder=_("Name or address")) or ""
    ).strip()


def about(
    session: Session, title: str, filters: Mapping[str, str | None], sources: Sequence[str]
) -> About:
    """What a file of this view says about itself. `filters`: label -> what was chosen, or None."""
    who = session.principal
    return About(
        title, f"{who.name}, {who.organisation}", date.today(), st.context.url or "",
        {label: chosen for label, chosen in filters.items() if chosen}, sources,
    )  # fmt: skip


def figures(values: Iterable[tuple[str, str]]) -> None:
    """A few figures in a row: label, value."""
    with st.container(horizontal=True):
        for label, value in values:
            st.metric(label, value, width="stretch")


def told_apart(options: Mapping[str, str]) -> dict[str, str]:
    """The same options; names that occur more than once carry the start of their identifier."""
    seen = Counter(options.values())
    return {
        option: f"{name} ({option[:8]})" if seen[name] > 1 else name
        for option, name in options.items()
    }
