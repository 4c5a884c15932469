"""The one way to take a table along: xlsx or csv, made when it is asked for."""

from collections.abc import Callable, Mapping

import polars as pl
import streamlit as st

from quorum.exports.tables import (
    CSV,
    XLSX,
    About,
    file_name,
    to_csv,
    to_osh_template,
    to_xlsx,
)
from quorum.language import _

Rows = pl.DataFrame | Callable[[], pl.DataFrame]


def downloads(
    frame: Rows,
    about: About,
    key: str,
    labels: Mapping[str, str] | None = None,
    *,
    sites: Rows | None = None,
) -> None:
    """A small menu. `labels`: column -> header; only these columns are written.

    `sites`: production sites of the same view, which adds Open Supply Hub's template. A function
    in place of a frame is asked for it at the click, so that a page need not hold all rows.
    """
    with st.popover(_("Download"), key=f"{key}-download"):
        st.download_button(
            _("Excel file (xlsx)"),
            lambda: to_xlsx(_made(frame), about, labels),
            file_name=file_name(about, "xlsx"),
            mime=XLSX,
            key=f"{key}-xlsx",
            on_click="ignore",
            width="stretch",
        )
        st.download_button(
            _("Plain table (csv)"),
            lambda: to_csv(_made(frame), about, labels),
            file_name=file_name(about, "csv"),
            mime=CSV,
            key=f"{key}-csv",
            on_click="ignore",
            width="stretch",
        )
        if sites is not None:
            st.download_button(
                _("Open Supply Hub template (xlsx)"),
                lambda: to_osh_template(_made(sites), about),
                file_name=file_name(about, "osh.xlsx"),
                mime=XLSX,
                key=f"{key}-osh",
                on_click="ignore",
                width="stretch",
            )


def _made(rows: Rows) -> pl.DataFrame:
    return rows if isinstance(rows, pl.DataFrame) else rows()
