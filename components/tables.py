"""Tables for work: sorted rows, numbers to the right, a click on a row opens it."""

from collections.abc import Mapping
from typing import Any
from zlib import crc32

import polars as pl
import streamlit as st

from quorum.language import _
from quorum.store import Row


def table(
    frame: pl.DataFrame,
    columns: Mapping[str, Any],
    key: str,
    *,
    id_column: str | None = None,
    height: int | None = None,
    hidden: tuple[str, ...] = (),
    alt: str | None = None,
) -> str | None:
    """The frame as a table; with `id_column` the id of the row that is selected, else None.

    `columns`: column -> label (unit included) or st.column_config; only these reach the browser,
    in this order, so identifiers stay on the server. `hidden`: those of them that start out
    hidden, and that the reader can show. Rows keep the frame's order: sort it by what needs
    attention.
    """
    settings: dict[str, Any] = {
        "data": frame.select(list(columns)),
        "column_config": dict(columns),
        "column_order": [column for column in columns if column not in hidden],
        "hide_index": True,
        "height": height or "auto",
        "placeholder": "–",
        "alt": alt or _("Table of {n} rows").format(n=frame.height),
    }
    if id_column is None:
        st.dataframe(**settings, key=key)
        return None
    ids = frame[id_column].to_list()
    # Streamlit remembers a selection by row number: other rows need another table.
    rows = crc32("\n".join(map(str, ids)).encode())
    chosen = st.dataframe(
        **settings,
        key=f"{key}-{rows:08x}",
        on_select="rerun",
        selection_mode="single-row",
        lazy=False,
    )
    selected = chosen["selection"]["rows"]
    return str(ids[selected[0]]) if selected and selected[0] < len(ids) else None


def remembered(found: pl.DataFrame, chosen: str | None, key: str) -> Row | None:
    """The row of `found` that was selected last, also when the table does not show it any more."""
    if chosen:
        st.session_state[key] = chosen
    row = found.filter(pl.col("id") == st.session_state.get(key, ""))
    return row.row(0, named=True) if row.height else None
