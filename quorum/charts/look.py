"""The one look of all figures: colours, sizes, words beside rows, and how a figure is finished."""

import html
import textwrap
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import plotly.graph_objects as go
import polars as pl

from quorum.language import _

Theme = Literal["light", "dark"]
INK: dict[Theme, str] = {"light": "#2a3638", "dark": "#cfd8da"}
PAGE: dict[Theme, str] = {"light": "#ffffff", "dark": "#11181a"}
FONT = "IBM Plex Sans, sans-serif"
CONFIG: dict[str, Any] = {"displayModeBar": False, "displaylogo": False, "responsive": True}
MAP_CONFIG: dict[str, Any] = {
    "displayModeBar": True,
    "displaylogo": False,
    "responsive": True,
    "modeBarButtons": [["zoomIn2d", "zoomOut2d", "resetScale2d"]],
}

BANDS = ("low", "medium", "high")
# One hue, from light to dark: the order holds in greyscale. Every mark has EDGE around it, which
# keeps 3:1 to a white and to a black page.
BAND_FILL = {"low": "#bfe0df", "medium": "#5aa9ab", "high": "#0f5e63"}
BAND_TEXT = {"low": "#0b2225", "medium": "#0b2225", "high": "#ffffff"}
EDGE = "#2b8a8f"
CLEAR = "rgba(0,0,0,0)"
QUIET = "rgba(120,140,145,0.45)"
# Okabe and Ito's colours that keep 3:1 on white and on black; symbols tell the rest apart.
LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star", "hexagon")
GLYPHS = "●■◆▲✚✖★⬢"

ROW = 60  # pixels for a name, the bar below it, and air
BAR = 0.44  # of a row
LOWER = 0.14  # how far below the middle of its row a bar lies, to leave room for the name
LETTER = 7.6  # pixels, about, of a character at 14 pixels
LONGEST_LABEL = 20  # characters of a name beside a row; all of it stands in the hover text
DRAWN_SITES = 2000  # more places than that are drawn as one mark per neighbourhood


class Zones(NamedTuple):
    """Where the bands of one dimension begin, and how many points there can be."""

    medium: float
    high: float
    most: float


def band_word(band: str | None) -> str:
    words = {"low": _("Low"), "medium": _("Medium"), "high": _("High"), None: _("Not assessed")}
    return words[band]


def themed(figure: go.Figure, theme: Theme = "light") -> go.Figure:
    """A copy with text that is read at 4.5:1 or more on a page of that theme."""
    copy = go.Figure(figure).update_layout(
        font_color=INK[theme],
        hoverlabel={"bgcolor": PAGE[theme], "bordercolor": QUIET, "font": {"color": INK[theme]}},
    )
    # Inside a bar without a fill plotly would guess, and guesses for a white page.
    for bar in copy.select_traces({"type": "bar"}):
        if bar.marker.color == CLEAR:
            bar.insidetextfont.color = INK[theme]
    return copy


def finished(
    figure: go.Figure,
    rows: int,
    alt: str,
    unit: str,
    source: str,
    *,
    row: int = ROW,
    top: int = 4,
    axis: int = 0,
    left: int = 0,
    right: int = 8,
    legend: bool = False,
    free: bool = False,
) -> go.Figure:
    """The figure with type, margins and alternative text, and what stands below it: what is drawn
    in which unit, and where it comes from. That is text of the page, which wraps as the page does.

    Heights and widths are in pixels: `row` for each of `rows`, `top` above and `axis` below them,
    `left` and `right` beside them. `free` leaves panning and zooming on.
    """
    above = top + (38 if legend else 0)
    below = axis + 8
    figure.update_layout(
        template="none",
        height=above + max(rows, 1) * row + below,
        margin={"l": left, "r": right, "t": above, "b": below, "pad": 0},
        font={"family": FONT, "size": 14},
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        hovermode="closest",
        hoverlabel={"font": {"family": FONT, "size": 14}, "align": "left"},
        legend={
            "orientation": "h", "x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom",
            "traceorder": "normal", "itemclick": False, "itemdoubleclick": False,
            "indentation": -8, "bgcolor": CLEAR,
        },
        showlegend=legend,
        meta={"alt": alt, "foot": f"{unit} {source}"},
    )  # fmt: skip
    if not free:
        figure.update_layout(dragmode=False)
    calm = {"automargin": False, "gridcolor": QUIET, "zeroline": False, "fixedrange": not free}
    figure.update_xaxes(calm)
    figure.update_yaxes(calm)
    return figure


def listed(unit: str, names: Sequence[str], texts: Sequence[str]) -> str:
    """A text alternative: what is shown, and the first ten values."""
    pairs = [f"{name}: {text}" for name, text in zip(names[:10], texts[:10], strict=True)]
    more = _(" and {n} more").format(n=len(names) - 10) if len(names) > 10 else ""
    return f"{unit} {'; '.join(pairs)}{more}."


def compact(value: float) -> str:
    """Few characters, for inside a mark: 950, 12.4k, 3.1M."""
    size = abs(value)
    for limit, divisor, letter in ((1e9, 1e9, "bn"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if size >= limit:
            scaled = value / divisor
            return f"{scaled:,.0f}{letter}" if abs(scaled) >= 100 else f"{scaled:.3g}{letter}"
    return number(value)


def named_rows(figure: go.Figure, labels: Sequence[str]) -> None:
    """One row per label, the first on top, each with its label above the bar. Positions are
    numbers: a name that looks like a number or a date, or occurs twice, stays what it is."""
    names = [
        {
            "text": safe(short(label, 44)), "showarrow": False,
            "x": 0, "xref": "paper", "xanchor": "left", "y": place - 0.5, "yanchor": "top",
        }
        for place, label in enumerate(labels)
    ]  # fmt: skip
    # All at once: adding one by one checks all that are there again and again.
    figure.update_layout(annotations=[*figure.layout.annotations, *names])
    figure.update_yaxes(visible=False, range=[len(labels) - 0.5, -0.5])


def value_bars(names: Sequence[str], values: pl.Series, texts: Sequence[str]) -> go.Figure:
    """A bar for each name, the first on top, with its name above and its text behind it."""
    figure = go.Figure()
    figure.add_bar(
        orientation="h",
        y=np.arange(len(names)) + LOWER,
        x=values.to_numpy(),
        text=texts,
        textposition="outside",
        cliponaxis=False,
        width=BAR,
        marker={"color": EDGE},
        hovertext=[safe(name) for name in names],
        hovertemplate="%{hovertext}: %{text}<extra></extra>",
    )
    named_rows(figure, names)
    return figure


def panel_title(figure: go.Figure, panel: int, text: str) -> None:
    """What a panel of several is about, above it. Panels count from 1."""
    figure.add_annotation(
        x=0, xref="x domain", xanchor="left", y=1, yref=f"{axis_name('y', panel)} domain",
        yanchor="bottom", text=f"<b>{safe(text)}</b>", showarrow=False,
    )  # fmt: skip


def side_labels(figure: go.Figure, labels: Sequence[str], letters: int) -> int:
    """One row per label, its label on the left, escaped before; the width they take in pixels."""
    figure.update_yaxes(
        tickvals=np.arange(len(labels)),
        ticktext=list(labels),
        range=[len(labels) - 0.5, -0.5],
        showgrid=False,
        ticklabelstandoff=6,
    )
    return round(letters * LETTER) + 8


def two_lines(name: str) -> str:
    lines = textwrap.wrap(" ".join(name.split()), 16, max_lines=2, placeholder="…")
    return "<br>".join(safe(line) for line in lines)


def positions(values: pl.Series, order: Sequence[str]) -> Any:
    place = {value: index for index, value in enumerate(order)}
    return np.array([place[value] for value in values], dtype=float)


def band_fill(band: str | None, *, hatched_with: str | None = None) -> dict[str, Any]:
    fill: dict[str, Any] = {
        "color": BAND_FILL[band] if band else CLEAR,
        "line": {"color": EDGE, "width": 1},
    }
    if hatched_with:
        fill["pattern"] = {
            "shape": "/",
            "size": 7,
            "solidity": 0.3,
            "bgcolor": BAND_FILL[band] if band else CLEAR,
            "fgcolor": BAND_FILL[hatched_with],
            "fillmode": "overlay",
        }
    return fill


def smallest(values: pl.Series) -> float:
    """Zero where there is none."""
    found: Any = values.min()
    return float(found or 0)


def largest(values: pl.Series) -> float:
    """Zero where there is none."""
    found: Any = values.max()
    return float(found or 0)


def number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def short(name: str, letters: int = LONGEST_LABEL) -> str:
    return name if len(name) <= letters else name[: letters - 1].rstrip() + "…"


def safe(text: str) -> str:
    """Text that plotly shows as it is: it reads `<b>`, `<a href>` and entities in any text."""
    return html.escape(" ".join(str(text).split()), quote=False)


def axis_name(letter: str, number: int) -> str:
    return letter if number == 1 else f"{letter}{number}"


def padded(dates: pl.Series) -> tuple[Any, Any]:
    """The first and last date with air on both sides: more on the left, where bands are named."""
    if dates.is_empty():
        return None, None
    days: Any = np.array([dates.min(), dates.max()], dtype="datetime64[D]")
    span = max(int((days[1] - days[0]).astype(int)), 60)
    return days[0] - span // 3, days[1] + span // 25
