"""Figures of amounts and of shares in a turnover."""

import numpy as np
import plotly.graph_objects as go
import polars as pl

from quorum.charts import look
from quorum.charts.look import BAR, LOWER
from quorum.language import _


def bars(frame: pl.DataFrame, label: str, value: str, unit: str, source: str) -> go.Figure:
    """Horizontal bars, the longest on top, each with its value.

    `label` and `value` name the columns; `unit` is a sentence for the line below the bars.
    """
    ordered = frame.drop_nulls(value).sort(value, label, descending=[True, False])
    names = ordered[label].to_list()
    texts = [look.number(number) for number in ordered[value]]
    figure = look.value_bars(names, ordered[value], texts)
    top = look.largest(ordered[value]) or 1
    figure.update_xaxes(visible=False, range=[0, top * 1.28])
    pairs = zip(names, texts, strict=True)
    alt = "; ".join(f"{name}: {text}" for name, text in list(pairs)[:10])
    return look.finished(figure, len(names), alt, unit, source)


def share_ranges(frame: pl.DataFrame, source: str) -> go.Figure:
    """What share of each supplier's turnover the members buy, as a range.

    `frame`: label (supplier or year), low, high (percent of turnover), exact (percent that rests
    on figures shared exactly, at most low). Solid up to `exact`, lighter up to `low`, hatched up
    to `high`. Rows keep the order in which they come.
    """
    labels = frame["label"].to_list()
    y = np.arange(len(labels)) + LOWER
    low, high, exact = (frame[name].to_numpy() for name in ("low", "high", "exact"))
    words = [
        f"{_percent(a)} – {_percent(b)}" if a != b else _percent(a)
        for a, b in zip(low, high, strict=True)
    ]
    figure = go.Figure()
    parts = (
        (_("Exact figures"), np.zeros(len(y)), exact, look.band_fill("high")),
        (_("At least, from bands"), exact, low - exact, look.band_fill("medium")),
        (_("At most"), low, high - low, look.band_fill(None, hatched_with="medium")),
    )
    for name, base, width, fill in parts:
        figure.add_bar(
            name=name, orientation="h", y=y, base=base, x=width, marker=fill, width=BAR,
            hovertext=[f"{look.safe(a)}: {b}" for a, b in zip(labels, words, strict=True)],
            hovertemplate="%{hovertext}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    figure.add_scatter(
        x=high, y=y, mode="text", text=[f" {text}" for text in words],
        textposition="middle right", hoverinfo="skip", showlegend=False, cliponaxis=False,
    )  # fmt: skip
    look.named_rows(figure, labels)
    top = float(high.max()) if len(high) else 1.0
    figure.update_xaxes(visible=False, range=[0, top * 1.45])
    figure.update_layout(barmode="overlay")
    alt = "; ".join(f"{a}: {b}" for a, b in zip(labels, words, strict=True))
    unit = _("Percent of the supplier's turnover.")
    return look.finished(figure, len(labels), alt, unit, source, legend=True)


def _percent(value: float) -> str:
    """Two significant digits are what such a share can carry."""
    if value == 0:
        return "0 %"
    return f"{value:.2g} %" if value < 10 else f"{value:.0f} %"
