"""Figures and maps on a page.

Always with `theme=None`: Streamlit's own chart theme writes its labels in a grey that stays below
4.5:1 on white. The text colour comes from the theme that the browser reported with this run; after
a switch of theme in an open page it is right again at the next click.
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


def drawn_map(figure: go.Figure, key: str, *, selectable: bool = False) -> str | None:
    """As `site_map`, of a figure of charts.site_map that was made before (data.cached)."""
    return _drawn(figure, key, charts.MAP_CONFIG, selectable=selectable)


def _drawn(figure: go.Figure, key: str, config: dict[str, Any], *, selectable: bool) -> str | None:
    settings: dict[str, Any] = {
        "theme": None,
        "config": config,
        "key": key,
        "alt": figure.layout.meta["alt"],
    }
    figure = charts.themed(figure, "dark" if st.context.theme.type == "dark" else "light")
    if not selectable:
        st.plotly_chart(figure, **settings)
        return None
    chosen = st.plotly_chart(figure, **settings, on_select="rerun", selection_mode="points")
    points = chosen["selection"]["points"]
    custom = points[0].get("customdata") if points else None
    if isinstance(custom, list):
        custom = custom[0] if custom else None
    return str(custom) if custom else None
