"""Figures and maps on a page.

Always with `theme=None`: Streamlit's own chart theme writes its labels in a grey that stays below
4.5:1 on white. The text colour comes from the theme that the browser reported with this run; after
a switch of theme in an open page it is right again at the next click.
"""

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from components import data
from components.messages import plain
from components.session import Session
from quorum import charts


def show(figure: go.Figure, key: str, *, selectable: bool = False) -> str | None:
    """The figure; where it is `selectable`, the `customdata` of the mark that was clicked."""
    return _drawn(figure, key, charts.CONFIG, selectable=selectable)


def site_map(frame: pl.DataFrame, source: str, key: str, *, selectable: bool = False) -> str | None:
    """Production sites on a map; where it is `selectable`, the id of the site that was clicked."""
    return _drawn(charts.site_map(frame, source), key, charts.MAP_CONFIG, selectable=selectable)


def draw(
    session: Session,
    key: str,
    make: Callable[..., go.Figure],
    *arguments: Any,
    config: dict[str, Any] = charts.CONFIG,
    selectable: bool = False,
) -> str | None:
    """The figure or map `make(session, *arguments)`, remembered as data.cached does, with its
    theme: the quickest way to show one. `config`: charts.MAP_CONFIG for a map."""
    figure = _Finished(data.drawn(session, make, _theme(), *arguments))
    return _placed(figure, figure.finished["layout"]["meta"], key, config, selectable)


class _Finished(go.Figure):  # type: ignore[misc]  # plotly has no types
    """A figure whose JSON is known. Streamlit asks a figure for that and nothing else; made of a
    mere dict it would check each part of it again."""

    finished: dict[str, Any]

    def __init__(self, finished: dict[str, Any]) -> None:
        # go.Figure's own would build all its parts, and refuses attributes that it does not know.
        object.__setattr__(self, "finished", finished)

    def to_dict(self) -> dict[str, Any]:
        return self.finished


def _theme() -> charts.Theme:
    return "dark" if st.context.theme.type == "dark" else "light"


def _drawn(figure: go.Figure, key: str, config: dict[str, Any], *, selectable: bool) -> str | None:
    themed = charts.themed(figure, _theme())
    return _placed(themed, figure.layout.meta, key, config, selectable)


def _placed(
    figure: go.Figure, said: dict[str, str], key: str, config: dict[str, Any], selectable: bool
) -> str | None:
    settings: dict[str, Any] = {"theme": None, "config": config, "key": key, "alt": said["alt"]}
    if selectable:
        settings |= {"on_select": "rerun", "selection_mode": "points"}
    with st.container(gap="xsmall"):
        chosen = st.plotly_chart(figure, **settings)
        st.caption(plain(said["foot"]))
    if not selectable:
        return None
    points = chosen["selection"]["points"]
    custom = points[0].get("customdata") if points else None
    if isinstance(custom, list):
        custom = custom[0] if custom else None
    return str(custom) if custom else None
