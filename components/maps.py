"""Figures and maps on a page.

Always with `theme="streamlit"`: it gives text the colour of the theme that is shown at this
moment, also right after a switch, when the server does not know about it yet. Marks have colours
that work on both (quorum/charts.py).
"""

from typing import Any

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from quorum import charts


def show(figure: go.Figure, key: str, *, selectable: bool = False) -> str | None:
    """The figure; where it is `selectable`, the `customdata` of the mark that was clicked."""
    return _drawn(figure, key, charts.CONFIG, selectable=selectable)


def site_map(frame: pl.DataFrame, source: str, key: str, *, selectable: bool = False) -> str | None:
    """Production sites on a map; where it is `selectable`, the id of the site that was clicked."""
    return _drawn(charts.site_map(frame, source), key, charts.MAP_CONFIG, selectable=selectable)


def _drawn(figure: go.Figure, key: str, config: dict[str, Any], *, selectable: bool) -> str | None:
    settings: dict[str, Any] = {
        "theme": "streamlit",
        "config": config,
        "key": key,
        "alt": figure.layout.meta["alt"],
    }
    if not selectable:
        st.plotly_chart(figure, **settings)
        return None
    chosen = st.plotly_chart(figure, **settings, on_select="rerun", selection_mode="points")
    points = chosen["selection"]["points"]
    custom = points[0].get("customdata") if points else None
    if isinstance(custom, list):
        custom = custom[0] if custom else None
    return str(custom) if custom else None
