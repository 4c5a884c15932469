"""Frame in, plotly figure out: one look for every chart, on screen and in exported files.

A builder does not know whether its figure will stand on a light or a dark page: marks are
mid-tones that stand out on both, and `themed` gives the text its colour at the end ("light" also
for files and print). Names stand above their bars, so that a figure works at 390 pixels as well.

What a figure shows in words, for those who do not see it, is `figure.layout.meta["alt"]`.
Texts in frames may come from people: all of them go through `_safe`.
"""

import html
import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise
from math import ceil, cos, floor, log10, radians
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import plotly.graph_objects as go
import polars as pl

from quorum.language import _, ngettext

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
OUTLINES = Path(__file__).parents[1] / "static" / "countries.geojson"

BANDS = ("low", "medium", "high")
# One hue, from light to dark: the order holds in greyscale. Every mark has EDGE around it, which
# keeps 3:1 to a white and to a black page.
BAND_FILL = {"low": "#bfe0df", "medium": "#5aa9ab", "high": "#0f5e63"}
BAND_TEXT = {"low": "#0b2225", "medium": "#0b2225", "high": "#ffffff"}
EDGE = "#2b8a8f"
CLEAR = "rgba(0,0,0,0)"
QUIET = "rgba(120,140,145,0.45)"
LAND = "rgba(120,140,145,0.30)"
SEA = "rgba(120,140,145,0.07)"
# Okabe and Ito's colours that keep 3:1 on white and on black; symbols tell the rest apart.
LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star", "hexagon")
GLYPHS = "●■◆▲✚✖★⬢"
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
# All of Okabe and Ito's colours that stand out; where they meet, text or symbols tell them apart.
CATEGORIES = (*LINES, "#56b4e9", "#e69f00", "#8a9699")
# The hue of the bands in more steps, light to dark.
SHADES = ("#eaf5f5", "#bfe0df", "#7dbdbf", "#3f9195", "#0f5e63")

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


def bands_by_dimension(frame: pl.DataFrame, source: str) -> go.Figure:
    """How many suppliers are in each band, one bar per dimension.

    `frame`: dimension (as people read it), band (low, medium, high, or null where not assessed),
    suppliers (count). Dimensions keep the order in which they come.
    """
    dimensions = frame["dimension"].unique(maintain_order=True).to_list()
    total = dict(frame.group_by("dimension").agg(pl.col("suppliers").sum()).iter_rows())
    figure = go.Figure()
    crowded = False
    for band in (*BANDS, None):
        chosen = frame.filter(pl.col("band").eq_missing(pl.lit(band, dtype=pl.String)))
        chosen = chosen.filter(pl.col("suppliers") > 0)
        if chosen.is_empty():
            continue
        texts = []
        for dimension, count in chosen.select("dimension", "suppliers").iter_rows():
            roomy = count / total[dimension] >= (0.3 if band is None else 0.2)
            crowded = crowded or not roomy
            texts.append(f"{band_word(band)} {count}" if roomy else str(count))
        figure.add_bar(
            name=band_word(band),
            orientation="h",
            y=_positions(chosen["dimension"], dimensions) + LOWER,
            width=BAR,
            x=chosen["suppliers"].to_numpy(),
            text=texts,
            marker=_fill(band),
            **_inside(band),
            hovertemplate="%{text}<extra></extra>",
        )
    figure.update_layout(barmode="stack")
    _named_rows(figure, dimensions)
    figure.update_xaxes(visible=False, range=[0, 1.003 * max(total.values(), default=1)])
    alt = "; ".join(
        _("{dimension}: {counts}").format(
            dimension=dimension,
            counts=", ".join(
                f"{band_word(band)} {count}"
                for band, count in frame.filter(pl.col("dimension") == dimension)
                .select("band", "suppliers")
                .iter_rows()
            ),
        )
        for dimension in dimensions
    )
    unit = _("Number of suppliers in each band.")
    return _finished(figure, len(dimensions), alt, unit, source, legend=crowded)


def band_matrix(frame: pl.DataFrame, source: str) -> go.Figure:
    """Suppliers by dimensions, the least ready on top; a click selects the supplier.

    `frame`: supplier_id, supplier (name), dimension (as people read it), points, points_high,
    band, band_high (all four null where not assessed). Where the two bands differ, a
    reconstructed value decides between them: the cell is hatched and names both.
    `customdata` is the supplier's id.
    """
    dimensions = frame["dimension"].unique(maintain_order=True).to_list()
    ranks = {band: rank for rank, band in enumerate(BANDS)}
    order = (
        frame.with_columns(rank=pl.col("band").replace_strict(ranks, default=3))
        .group_by("supplier_id", "supplier")
        .agg(
            lowest=pl.col("rank").min(),
            sum=pl.col("rank").sum(),
            points=pl.col("points").sum(),
        )
        .sort("lowest", "sum", "points", "supplier", "supplier_id")
    )
    ids = order["supplier_id"].to_list()
    figure = go.Figure()
    for band in (*BANDS, None):
        for sure in (True, False):
            same = pl.col("band").eq_missing(pl.col("band_high"))
            chosen = frame.filter(
                pl.col("band").eq_missing(pl.lit(band, dtype=pl.String)), same if sure else ~same
            )
            if chosen.is_empty():
                continue
            figure.add_bar(
                orientation="h",
                y=_positions(chosen["supplier_id"], ids),
                x=np.full(chosen.height, 0.96),
                base=_positions(chosen["dimension"], dimensions) - 0.48,
                width=0.84,
                text=[_cell(row) for row in chosen.iter_rows(named=True)],
                customdata=chosen["supplier_id"].to_list(),
                hovertext=[
                    f"{_safe(row['supplier'])}<br>{_safe(row['dimension'])}: {_cell(row)}"
                    for row in chosen.iter_rows(named=True)
                ],
                hovertemplate="%{hovertext}<extra></extra>",
                marker=_fill(band) if sure else _fill(band, hatched_with=chosen["band_high"][0]),
                **_inside(band, size=13),
            )
    figure.update_layout(barmode="overlay")
    left = _side_labels(figure, [_two_lines(name) for name in order["supplier"]], letters=16)
    figure.update_xaxes(
        side="top",
        tickangle=0,
        tickvals=np.arange(len(dimensions)),
        ticktext=[_safe(dimension) for dimension in dimensions],
        range=[-0.5, len(dimensions) - 0.5],
        showgrid=False,
    )
    weakest = [" ".join(name.split()) for name in order["supplier"].head(3)]
    alt = _("Bands of {count} suppliers by dimension. Least ready: {names}.").format(
        count=len(ids), names=", ".join(weakest)
    )
    unit = _("Band and points. Hatched: a reconstructed value decides between two bands.")
    return _finished(figure, len(ids), alt, unit, source, row=44, top=30, left=left)


def trend(frame: pl.DataFrame, zones: Mapping[str, Zones], source: str) -> go.Figure:
    """Points over time, one panel per dimension, one line per assessing organisation.

    `frame`: date, dimension (as people read it), points, points_high, organisation (name).
    `zones`: by dimension, where its bands begin; their order is that of the panels.
    """
    names = sorted(frame["organisation"].unique().to_list())
    figure = go.Figure()
    figure.set_subplots(rows=len(zones), cols=1, shared_xaxes=True, vertical_spacing=0.09)
    first, last = _padded(frame["date"])
    for number, (dimension, zone) in enumerate(zones.items(), start=1):
        panel = frame.filter(pl.col("dimension") == dimension).sort("date")
        _draw_zones(figure, zone, number)
        for name in names:
            line = panel.filter(pl.col("organisation") == name)
            index = names.index(name)
            middle = (line["points"] + line["points_high"]).to_numpy() / 2
            figure.add_scatter(
                x=line["date"].to_numpy(),
                y=middle,
                mode="lines+markers",
                line={"color": LINES[index % len(LINES)], "width": 2},
                marker={"symbol": SYMBOLS[index % len(SYMBOLS)], "size": 8},
                error_y={
                    "array": line["points_high"].to_numpy() - middle,
                    "thickness": 2,
                    "width": 5,
                },
                text=[
                    f"{_safe(name)}<br>{_range(low, high)}"
                    for low, high in line.select("points", "points_high").iter_rows()
                ],
                hovertemplate="%{text}<br>%{x|%d %b %Y}<extra></extra>",
                row=number,
                col=1,
            )
        for value, label in _last_labels(panel, names, zone.most):
            figure.add_annotation(
                x=1, xref="x domain", xanchor="left", xshift=4, y=value, yref=_axis("y", number),
                text=label, showarrow=False, align="left",
            )  # fmt: skip
        figure.add_annotation(
            x=0, xref="x domain", xanchor="left", y=1, yref=f"{_axis('y', number)} domain",
            yanchor="bottom", text=f"<b>{_safe(dimension)}</b>", showarrow=False,
        )  # fmt: skip
        figure.update_yaxes(
            range=[0, zone.most], tickvals=[0, zone.medium, zone.high, zone.most],
            showgrid=False, row=number, col=1,
        )  # fmt: skip
    figure.update_xaxes(
        range=[first, last], showgrid=False, nticks=4, tickangle=0, tickformat="%b\n%Y"
    )
    alt = _("Points over time by dimension, as assessed by {names}.").format(names=", ".join(names))
    unit = _("Points; shaded: Low, Medium, High. An upright bar is the range of a reconstruction.")
    right = 26 + round(LETTER * min(max(map(len, names), default=0), 16))
    return _finished(
        figure, len(zones), alt, unit, source, row=170, top=28, axis=42, left=28, right=right
    )


def before_after(frame: pl.DataFrame, source: str) -> go.Figure:
    """What was known before and what after each of some events, one group per thing measured.

    `frame`: part (what is measured), label (the event), words (both values), before and after
    (null: unknown), most (where the row ends, in the same unit), sure (false: not of one source).
    Rows are drawn as they come. Every row begins at zero.
    """
    figure = go.Figure()
    tall, said = 0, []
    for part in frame["part"].unique(maintain_order=True):
        _beside(figure, f"<b>{_safe(part)}</b>", tall, 0.0)
        tall += 1
        for row in frame.filter(pl.col("part") == part).iter_rows(named=True):
            _beside(figure, _safe(f"{_short(row['label'], 22)}: {row['words']}"), tall, -0.24)
            _ring_and_dot(figure, row, tall + 0.24)
            said.append(f"{part}, {row['label']}: {row['words']}")
            tall += 1
    figure.update_xaxes(range=[-0.03, 1.03], visible=False)
    figure.update_yaxes(range=[tall - 0.5, -0.5], visible=False)
    unit = _(
        "Ring: before; dot: after. Every line begins at zero. Broken: not of one source, to be "
        "compared with care."
    )
    return _finished(figure, tall, "; ".join(said), unit, source, row=48)


def _ring_and_dot(figure: go.Figure, row: Mapping[str, Any], place: float) -> None:
    most = row["most"] or 1
    ends = [None if row[end] is None else row[end] / most for end in ("before", "after")]
    hover = {"hovertext": _safe(row["words"]), "hovertemplate": "%{hovertext}<extra></extra>"}
    figure.add_shape(
        type="line", x0=0, x1=1, y0=place, y1=place, line={"color": QUIET, "width": 1},
        layer="below",
    )  # fmt: skip
    if None not in ends:
        figure.add_shape(
            type="line", x0=ends[0], x1=ends[1], y0=place, y1=place, layer="below",
            line={"color": EDGE, "width": 4, "dash": "solid" if row["sure"] else "dot"},
        )  # fmt: skip
    # The ring is wider than the dot: where nothing moved, both are seen.
    for end, symbol, size in ((ends[0], "circle-open", 17), (ends[1], "circle", 9)):
        if end is not None:
            figure.add_scatter(
                x=[end], y=[place], mode="markers", cliponaxis=False, **hover,
                marker={
                    "symbol": symbol, "size": size, "color": EDGE,
                    "line": {"color": EDGE, "width": 2},
                },
            )  # fmt: skip


def _beside(figure: go.Figure, text: str, place: float, higher: float) -> None:
    """A line of text that begins where the rows do."""
    figure.add_annotation(
        x=0, xref="paper", xanchor="left", y=place + higher, yref="y", yanchor="middle",
        text=text, showarrow=False, align="left",
    )  # fmt: skip


def assessor_comparison(frame: pl.DataFrame, zones: Mapping[str, Zones], source: str) -> go.Figure:
    """How members' assessments of one supplier differ: a dot for each, by dimension.

    `frame`: organisation (name), dimension (as people read it), points, points_high.
    `zones`: by dimension, where its bands begin; their order is that of the groups.
    """
    labels: list[str] = []
    figure = go.Figure()
    spreads: list[str] = []
    for dimension, zone in zones.items():
        group = frame.filter(pl.col("dimension") == dimension).sort("points", "organisation")
        if group.is_empty():
            continue
        labels.append(f"<b>{_safe(dimension)}</b>")
        rows = np.arange(len(labels), len(labels) + group.height)
        labels += [_safe(_short(name)) for name in group["organisation"]]
        for start in (zone.medium, zone.high):
            figure.add_shape(
                type="rect", x0=start, x1=zone.most, y0=rows[0] - 0.5, y1=rows[-1] + 0.5,
                fillcolor="rgba(43,138,143,0.16)", line_width=0, layer="below",
            )  # fmt: skip
        for low, high, row in zip(group["points"], group["points_high"], rows, strict=True):
            if low != high:
                figure.add_shape(
                    type="line", x0=low, x1=high, y0=row, y1=row, line={"color": EDGE, "width": 6}
                )
        figure.add_scatter(
            x=group["points"].to_numpy(),
            y=rows,
            mode="markers",
            marker={"size": 12, "color": EDGE},
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=group["points_high"].to_numpy(),
            y=rows,
            mode="markers+text",
            marker={"size": 12, "color": EDGE},
            text=[
                f" {_words(low, high, zone)} {_range(low, high)}"
                for low, high in group.select("points", "points_high").iter_rows()
            ],
            textposition="middle right",
            hovertext=[_safe(name) for name in group["organisation"]],
            hovertemplate="%{hovertext}:%{text}<extra></extra>",
            cliponaxis=False,
        )
        spreads.append(
            _("{dimension} from {low} to {high}").format(
                dimension=dimension, low=group["points"].min(), high=group["points_high"].max()
            )
        )
    left = _side_labels(figure, labels, letters=LONGEST_LABEL)
    most = max((zone.most for zone in zones.values()), default=10)
    figure.update_xaxes(
        range=[-0.4, 1.45 * most], showgrid=False, tickangle=0, tickvals=np.arange(0, most + 1, 5)
    )
    alt = _("Points that members gave: {spreads}.").format(spreads="; ".join(spreads))
    unit = _("Points; shaded from where Medium and where High begins.")
    return _finished(figure, len(labels), alt, unit, source, row=28, axis=26, left=left)


def coverage_bar(assessed: int, stale: int, never: int, source: str) -> go.Figure:
    """How many suppliers have a current assessment, only an old one, or none."""
    parts = (
        (_("Assessed"), assessed, _fill("high"), BAND_TEXT["high"]),
        (_("Stale"), stale, _fill("low", hatched_with="medium"), BAND_TEXT["low"]),
        (_("Never"), never, _fill(None), None),
    )
    total = max(assessed + stale + never, 1)
    crowded = any(0 < count / total < 0.24 for __, count, *__rest in parts)
    figure = go.Figure()
    for word, count, fill, colour in parts:
        figure.add_bar(
            name=f"{word} {count}",
            orientation="h",
            y=[0],
            x=np.array([count]),
            text=[f"{word} {count}" if count / total >= 0.24 else f"{count or ''}"],
            marker=fill,
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            insidetextfont={"color": colour} if colour else {},
            hovertemplate="%{fullData.name}<extra></extra>",
        )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(visible=False, range=[0, 1.003 * total])
    figure.update_yaxes(visible=False, range=[0.42, -0.42])
    alt = _("{assessed} assessed, {stale} stale, {never} never assessed.").format(
        assessed=assessed, stale=stale, never=never
    )
    unit = _("Number of suppliers.")
    return _finished(figure, 1, alt, unit, source, legend=crowded, row=40)


def bars(frame: pl.DataFrame, label: str, value: str, unit: str, source: str) -> go.Figure:
    """Horizontal bars, the longest on top, each with its value.

    `label` and `value` name the columns; `unit` is a sentence for the line below the bars.
    """
    ordered = frame.drop_nulls(value).sort(value, label, descending=[True, False])
    names = ordered[label].to_list()
    texts = [_number(number) for number in ordered[value]]
    figure = go.Figure()
    figure.add_bar(
        orientation="h",
        y=np.arange(len(names)) + LOWER,
        x=ordered[value].to_numpy(),
        text=texts,
        textposition="outside",
        cliponaxis=False,
        width=BAR,
        marker={"color": EDGE},
        hovertext=[_safe(name) for name in names],
        hovertemplate="%{hovertext}: %{text}<extra></extra>",
    )
    _named_rows(figure, names)
    top = float(ordered[value].max() or 1)  # type: ignore[arg-type]
    figure.update_xaxes(visible=False, range=[0, top * 1.28])
    pairs = zip(names, texts, strict=True)
    alt = "; ".join(f"{name}: {text}" for name, text in list(pairs)[:10])
    return _finished(figure, len(names), alt, unit, source)


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
        (_("Exact figures"), np.zeros(len(y)), exact, _fill("high")),
        (_("At least, from bands"), exact, low - exact, _fill("medium")),
        (_("At most"), low, high - low, _fill(None, hatched_with="medium")),
    )
    for name, base, width, fill in parts:
        figure.add_bar(
            name=name, orientation="h", y=y, base=base, x=width, marker=fill, width=BAR,
            hovertext=[f"{_safe(a)}: {b}" for a, b in zip(labels, words, strict=True)],
            hovertemplate="%{hovertext}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    figure.add_scatter(
        x=high, y=y, mode="text", text=[f" {text}" for text in words],
        textposition="middle right", hoverinfo="skip", showlegend=False, cliponaxis=False,
    )  # fmt: skip
    _named_rows(figure, labels)
    top = float(high.max()) if len(high) else 1.0
    figure.update_xaxes(visible=False, range=[0, top * 1.45])
    figure.update_layout(barmode="overlay")
    alt = "; ".join(f"{a}: {b}" for a, b in zip(labels, words, strict=True))
    unit = _("Percent of the supplier's turnover.")
    return _finished(figure, len(labels), alt, unit, source, legend=True)


def site_map(frame: pl.DataFrame, source: str, outlines: Path = OUTLINES) -> go.Figure:
    """Production sites on country outlines, with no tile and no request to anywhere.

    `frame`: id, name, country (alpha-2), latitude, longitude (degrees, null where unknown).
    Sites without a position are one ring per country that holds their number. More than
    DRAWN_SITES places are drawn as one mark per neighbourhood. `customdata` is the site's id
    where the mark is a single site, else null.
    """
    world = _world(str(outlines))
    placed = frame.drop_nulls(["latitude", "longitude"])
    unplaced = frame.filter(pl.col("latitude").is_null() | pl.col("longitude").is_null())
    rings = (
        unplaced.group_by("country")
        .len("count")
        .filter(pl.col("country").is_in(list(world.centres)))
        .sort("country")
    )
    ring_x = np.array([world.centres[code][0] for code in rings["country"]])
    ring_y = np.array([world.centres[code][1] for code in rings["country"]])
    west, east, south, north = _extent(
        np.concatenate([placed["longitude"].to_numpy(), ring_x]),
        np.concatenate([placed["latitude"].to_numpy(), ring_y]),
    )
    figure = go.Figure()
    figure.add_scatter(
        x=world.x, y=world.y, mode="lines", fill="toself", fillcolor=LAND,
        line={"color": QUIET, "width": 0.6}, hoverinfo="skip", connectgaps=False,
    )  # fmt: skip
    marks = _neighbourhoods(placed, cell=(east - west) / 120)
    figure.add_scatter(
        x=marks["longitude"].to_numpy(),
        y=marks["latitude"].to_numpy(),
        mode="markers",
        marker={
            "size": np.minimum(7 + 3 * np.sqrt(marks["count"].to_numpy() - 1.0), 28),
            "color": EDGE,
            "opacity": 0.8,
            "line": {"color": "rgba(255,255,255,0.6)", "width": 0.6},
        },
        customdata=marks["id"].to_list(),
        text=[
            _safe(row["name"])
            if row["count"] == 1
            else ngettext("{n} site near here", "{n} sites near here", row["count"]).format(
                n=row["count"]
            )
            for row in marks.iter_rows(named=True)
        ],
        hovertext=[_safe(world.names.get(code, code)) for code in marks["country"]],
        hovertemplate="%{text}<br>%{hovertext}<extra></extra>",
    )
    figure.add_scatter(
        x=ring_x,
        y=ring_y,
        mode="markers+text",
        marker={
            "size": 18 + 5 * np.log10(np.maximum(rings["count"].to_numpy(), 1)),
            "color": BAND_FILL["low"],
            "opacity": 1,
            "line": {"color": EDGE, "width": 1.5},
        },
        textfont={"color": BAND_TEXT["low"], "size": 13},
        text=[str(count) for count in rings["count"]],
        hovertext=[
            _("{n} in {country}, position unknown").format(
                n=count, country=_safe(world.names[code])
            )
            for code, count in rings.iter_rows()
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    figure.update_layout(dragmode="pan", modebar={"bgcolor": CLEAR, "color": EDGE})
    figure.update_xaxes(visible=False, range=[west, east], constrain="range")
    figure.update_yaxes(
        visible=False, range=[south, north], scaleanchor="x", constrain="range",
        # Degrees of longitude shrink towards the poles: true to shape in the middle of the view.
        scaleratio=1 / cos(radians(min(abs(south + north) / 2, 60))),
    )  # fmt: skip
    countries = frame["country"].value_counts(sort=True)
    most = ", ".join(
        f"{world.names.get(code, code)} {count}" for code, count in countries.head(3).iter_rows()
    )
    alt = _("Map of {sites} production sites in {countries} countries; most in {most}.").format(
        sites=frame.height, countries=countries.height, most=most
    )
    unit = _("A dot is a site, a ring counts sites whose position is unknown.")
    ground = _("Outlines: Natural Earth, which takes no side in a dispute over a border.")
    finished = _finished(figure, 1, alt, unit, f"{source} {ground}", row=380, free=True)
    return finished.update_layout(plot_bgcolor=SEA, modebar_activecolor=EDGE)


# Builders for any answer (quorum/explore.py). Frames come worded, in the order in which they are
# drawn: by1 (text), by2 (text, where there is a second dimension), show1 (value).


def category_bars(
    frame: pl.DataFrame, unit: str, source: str, *, stacked: bool = True, banded: bool = False
) -> go.Figure:
    """Horizontal bars in the frame's order, each with its value.

    `frame`: by1, show1 and perhaps by2. With by2 the parts are stacked where they add up, else
    drawn one below the other. `banded`: by2 is a band's code.
    """
    if "by2" not in frame.columns:
        return _single_bars(frame, unit, source)
    if stacked and (frame["show1"].min() or 0) >= 0:  # type: ignore[operator]
        return _stacked_bars(frame, unit, source, banded)
    return _grouped_bars(frame, unit, source, banded)


def _single_bars(frame: pl.DataFrame, unit: str, source: str) -> go.Figure:
    names = frame["by1"].to_list()
    texts = [_number(value) for value in frame["show1"]]
    figure = go.Figure()
    figure.add_bar(
        orientation="h",
        y=np.arange(len(names)) + LOWER,
        x=frame["show1"].to_numpy(),
        text=texts,
        textposition="outside",
        cliponaxis=False,
        width=BAR,
        marker={"color": EDGE},
        hovertext=[_safe(name) for name in names],
        hovertemplate="%{hovertext}: %{text}<extra></extra>",
    )
    _named_rows(figure, names)
    figure.update_xaxes(visible=False, range=_reach(frame["show1"], texts))
    alt = _listed(unit, names, texts)
    return _finished(figure, len(names), alt, unit, source, row=_row(len(names)))


def _stacked_bars(frame: pl.DataFrame, unit: str, source: str, banded: bool) -> go.Figure:
    labels, series = _in_order(frame, "by1"), _in_order(frame, "by2", banded)
    totals = dict(frame.group_by("by1").agg(pl.col("show1").sum()).iter_rows())
    top = max(totals.values(), default=1) or 1
    figure = go.Figure()
    for index, name in enumerate(series):
        part = frame.filter(pl.col("by2") == name)
        fill = _series_fill(index, name, banded)
        word = _safe(band_word(name) if banded and name in BANDS else name)
        texts = [_compact(value) for value in part["show1"]]
        roomy = [
            len(text) * LETTER < 320 * value / top
            for text, value in zip(texts, part["show1"], strict=True)
        ]
        figure.add_bar(
            name=word,
            orientation="h",
            y=_positions(part["by1"], labels) + LOWER,
            width=BAR,
            x=part["show1"].to_numpy(),
            text=[text if fits else "" for text, fits in zip(texts, roomy, strict=True)],
            marker=fill,
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            insidetextfont={"color": _text_on(fill["color"])},
            customdata=[_number(value) for value in part["show1"]],
            hovertext=[_safe(label) for label in part["by1"]],
            hovertemplate=f"%{{hovertext}}<br>{word}: %{{customdata}}<extra></extra>",
        )
    sums = [_number(totals[label]) for label in labels]
    figure.add_scatter(
        x=np.array([totals[label] for label in labels], dtype=float),
        y=np.arange(len(labels)) + LOWER, mode="text", text=[f" {text}" for text in sums],
        textposition="middle right", hoverinfo="skip", showlegend=False, cliponaxis=False,
    )  # fmt: skip
    figure.update_layout(barmode="stack")
    _named_rows(figure, labels)
    figure.update_xaxes(visible=False, range=_reach(pl.Series(list(totals.values())), sums))
    return _finished(
        figure, len(labels), _listed(unit, labels, sums), unit, source, legend=True,
        row=_row(len(labels)),
        top=4 + _legend_room([band_word(s) if banded and s in BANDS else s for s in series]),
    )  # fmt: skip


def _grouped_bars(frame: pl.DataFrame, unit: str, source: str, banded: bool) -> go.Figure:
    """One bar below the other: parts that do not add up."""
    labels, series = _in_order(frame, "by1"), _in_order(frame, "by2", banded)
    height = 28 + 24 * len(series)  # pixels of a row
    figure = go.Figure()
    for index, name in enumerate(series):
        part = frame.filter(pl.col("by2") == name)
        word = band_word(name) if banded and name in BANDS else name
        texts = [f"{_safe(_short(word, 14))} {_number(value)}" for value in part["show1"]]
        figure.add_bar(
            name=_safe(word),
            orientation="h",
            y=_positions(part["by1"], labels) - 0.5 + (28 + 24 * index + 10) / height,
            width=18 / height,
            x=part["show1"].to_numpy(),
            text=texts,
            textposition="outside",
            cliponaxis=False,
            marker=_series_fill(index, name, banded),
            hovertext=[f"{_safe(label)}<br>{_safe(word)}" for label in part["by1"]],
            hovertemplate="%{hovertext}: %{x:,.2~f}<extra></extra>",
        )
    figure.update_layout(barmode="overlay")
    _named_rows(figure, labels)
    figure.update_xaxes(visible=False, range=_reach(frame["show1"], ["x" * 22]))
    pairs = [f"{a}, {b}" for a, b in frame.select("by1", "by2").iter_rows()]
    alt = _listed(unit, pairs, [_number(value) for value in frame["show1"]])
    return _finished(figure, len(labels), alt, unit, source, row=height)


def lines(frame: pl.DataFrame, unit: str, source: str, *, banded: bool = False) -> go.Figure:
    """One line per series along dates or numbers; its name stands where it ends.

    `frame`: x (date or number), word (x as people read it), show1 and perhaps by2.
    """
    series = _in_order(frame, "by2", banded) if "by2" in frame.columns else [""]
    figure = go.Figure()
    ends = []
    for index, name in enumerate(series):
        line = frame.filter(pl.col("by2") == name) if name else frame
        line = line.drop_nulls("show1").sort("x")
        if line.is_empty():
            continue
        values = line["show1"].cast(pl.Float64).to_numpy()
        few = len(values) <= 60
        figure.add_scatter(
            x=line["x"].to_numpy(),
            y=values,
            mode="lines+markers" if few else "lines",
            line={"color": _colour(index), "width": 2, "dash": DASHES[index % len(DASHES)]},
            marker={"symbol": SYMBOLS[index % len(SYMBOLS)], "size": 8},
            hovertext=[_safe(word) for word in line["word"]] if few else None,
            hovertemplate=(f"{_safe(name)}<br>" if name else "")
            + ("%{hovertext}: " if few else "")
            + "%{y:,.2~f}<extra></extra>",
        )
        ends.append((float(values[-1]), name, index))
    low, high = _y_range(frame["show1"])
    tall = 19 if all(len(name) <= 16 for __, name, ___ in ends) else 38  # of a name, in pixels
    for place, name, index in _parted(ends, (high - low) * tall / 260, high):
        glyph = f'<span style="color:{_colour(index)}">{GLYPHS[index % len(GLYPHS)]}</span>'
        figure.add_annotation(
            x=1, xref="paper", xanchor="left", xshift=6, y=place, yanchor="middle",
            text=f"{glyph} {_two_lines(name)}", showarrow=False, align="left",
        )  # fmt: skip
    ticks = frame.select("x", "word").unique("x").sort("x")
    step = -(-ticks.height // 5)
    ticks = ticks.gather_every(max(step, 1))
    figure.update_xaxes(
        tickvals=ticks["x"].to_numpy(), ticktext=[_safe(word) for word in ticks["word"]],
        showgrid=False, tickangle=0,
    )  # fmt: skip
    figure.update_yaxes(range=[low, high], **_ticks(low, high))
    names = [name for __, name, ___ in ends]
    last = [_number(value) for value, __, ___ in ends]
    words = frame.sort("x")["word"]
    span = _("{unit} From {first} to {last}").format(
        unit=unit, first=words[0] if len(words) else "", last=words[-1] if len(words) else ""
    )
    right = 8 if names in ([""], []) else 30 + round(LETTER * min(max(map(len, names)), 16))
    left = 12 + round(LETTER * max(map(len, _ticks(low, high)["ticktext"])))
    alt = _listed(f"{span}.", [name or _("Last value") for name in names], last)
    return _finished(figure, 1, alt, unit, source, row=260, top=10, axis=26, left=left, right=right)


def dots(frame: pl.DataFrame, along: str, up: str, unit: str, source: str) -> go.Figure:
    """A dot per row; the outermost carry their names.

    `frame`: by1 (name), show1 (along), show2 (up) and perhaps by2 (colour and symbol). `along`,
    `up`: what the axes show, with unit. More than DRAWN_SITES dots are drawn without names.
    """
    series = _in_order(frame, "by2") if "by2" in frame.columns else [""]
    many = frame.height > DRAWN_SITES
    figure = go.Figure()
    for index, name in enumerate(series):
        part = frame.filter(pl.col("by2") == name) if name else frame
        settings: dict[str, Any] = {
            "name": _safe(name),
            # Seven digits are more than a screen can show of so many.
            "x": part["show1"].cast(pl.Float32 if many else pl.Float64).to_numpy(),
            "y": part["show2"].cast(pl.Float32 if many else pl.Float64).to_numpy(),
            "mode": "markers",
            "marker": {
                "size": 5 if many else 10,
                "opacity": 0.5 if many else 0.8,
                "color": EDGE if series == [""] else _colour(index),
                "symbol": SYMBOLS[index % len(SYMBOLS)],
            },
            "hovertemplate": "%{x:,.2~f} · %{y:,.2~f}<extra></extra>",
        }
        if many:
            figure.add_scattergl(**settings)
        else:
            settings["hovertext"] = [_safe(label) for label in part["by1"]]
            settings["hovertemplate"] = f"%{{hovertext}}<br>{settings['hovertemplate']}"
            figure.add_scatter(**settings)
    (low_x, high_x), (low_y, high_y) = _aired(frame["show1"]), _aired(frame["show2"])
    outermost = pl.concat(
        [frame.sort("show1").tail(1), frame.sort("show2").tail(1), frame.sort("show2").head(1)]
    ).unique(maintain_order=True)
    named: list[tuple[float, float]] = []
    for name, x, y in outermost.select("by1", "show1", "show2").iter_rows():
        # Two names at one place would cover each other; both stand in the table.
        if any(abs(y - other) < (high_y - low_y) * 0.08 for __, other in named):
            continue
        named.append((x, y))
        rightmost = x > (low_x + high_x) / 2
        figure.add_annotation(
            x=x, y=y, text=_safe(_short(name)), showarrow=False,
            xanchor="right" if rightmost else "left", xshift=-8 if rightmost else 8,
        )  # fmt: skip
    figure.add_annotation(
        x=0, xref="paper", xanchor="left", xshift=-40, y=1, yref="paper", yanchor="bottom",
        yshift=4, text=f"↑ {_safe(_short(up, 44))}", showarrow=False,
    )  # fmt: skip
    figure.add_annotation(
        x=1, xref="paper", xanchor="right", y=0, yref="paper", yanchor="top", yshift=-24,
        text=f"{_safe(_short(along, 44))} →", showarrow=False,
    )  # fmt: skip
    figure.update_xaxes(range=[low_x, high_x], tickangle=0, **_ticks(low_x, high_x))
    figure.update_yaxes(range=[low_y, high_y], **_ticks(low_y, high_y))
    left = 16 + round(LETTER * max(3, *map(len, _ticks(low_y, high_y)["ticktext"])))
    alt = _("{unit} {n} dots; along: {along} from {low_x} to {high_x}; up: {up} from {low_y} to "
            "{high_y}.").format(
        unit=unit, n=f"{frame.height:,}", along=along, up=up,
        low_x=_end(frame["show1"].min()), high_x=_end(frame["show1"].max()),
        low_y=_end(frame["show2"].min()), high_y=_end(frame["show2"].max()),
    )  # fmt: skip
    legend = series != [""]
    return _finished(
        figure, 1, alt, unit, source, row=300, axis=50, left=left, right=12, legend=legend,
        top=28 + (_legend_room(series) if legend else 0),
    )  # fmt: skip


def boxes(frame: pl.DataFrame, unit: str, source: str) -> go.Figure:
    """How values are spread in each group.

    `frame`: by1, low, q1, median, q3, high (values), count (of values). The box is the middle
    half, the line in it the median; the thin line holds nine tenths of the values.
    """
    names = [
        _("{name}: median {median}, n = {count}").format(
            name=_short(row["by1"], 22), median=_number(row["median"]), count=f"{row['count']:,}"
        )
        for row in frame.iter_rows(named=True)
    ]
    y = np.arange(len(names)) + LOWER
    low, q1, middle, q3, high = (
        frame[name].to_numpy() for name in ("low", "q1", "median", "q3", "high")
    )
    figure = go.Figure()
    gap = np.full(len(y), np.nan)
    figure.add_scatter(
        x=np.column_stack([low, high, gap]).ravel(), y=np.column_stack([y, y, gap]).ravel(),
        mode="lines", line={"color": EDGE, "width": 2}, hoverinfo="skip",
    )  # fmt: skip
    figure.add_bar(
        orientation="h", y=y, base=q1, x=q3 - q1, width=BAR, marker=_fill("medium"),
        hovertext=[
            f"{_safe(name)}<br>{_number(start)} – {_number(end)}"
            for name, start, end in zip(names, q1, q3, strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=np.column_stack([middle, middle, gap]).ravel(),
        y=np.column_stack([y - BAR / 2, y + BAR / 2, gap]).ravel(),
        mode="lines", line={"color": BAND_FILL["high"], "width": 4}, hoverinfo="skip",
    )  # fmt: skip
    for ends, side in ((low, "middle left"), (high, "middle right")):
        figure.add_scatter(
            x=ends, y=y, mode="text", text=[f" {_number(end)} " for end in ends],
            textposition=side, hoverinfo="skip", cliponaxis=False,
        )  # fmt: skip
    _named_rows(figure, names)
    most, least = float(max(high, default=1)), float(min(low, default=0))
    air = (most - least or 1) * 0.22
    figure.update_xaxes(visible=False, range=[least - air, most + air])
    figure.update_layout(barmode="overlay")
    ranges = [f"{_number(a)} – {_number(b)}" for a, b in zip(q1, q3, strict=True)]
    alt = _listed(unit, names, [_("middle half {range}").format(range=r) for r in ranges])
    meaning = _("Box: the middle half; thick line: the median; thin line: nine tenths.")
    return _finished(figure, len(names), alt, f"{unit} {meaning}", source)


def squares(frame: pl.DataFrame, unit: str, source: str) -> go.Figure:
    """A table of squares, the darker the higher the value that stands in it.

    `frame`: by1 (rows), by2 (columns), show1 (null or no row: nothing known, an empty square).
    """
    rows, columns = _in_order(frame, "by1"), _in_order(frame, "by2")
    values = np.full((len(rows), len(columns)), np.nan)
    row_of = {name: place for place, name in enumerate(rows)}
    column_of = {name: place for place, name in enumerate(columns)}
    for one, other, value in frame.select("by1", "by2", "show1").iter_rows():
        values[row_of[one], column_of[other]] = np.nan if value is None else value
    known = values[~np.isnan(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    if low > 0 and low < high * 0.5:
        low = 0.0
    figure = go.Figure()
    for level, (start, end) in enumerate(_steps(low, high)):
        # One trace per shade, so that the text in a square has the colour that its fill needs.
        inside = (values >= start) & ((values < end) | (level == len(SHADES) - 1))
        if not inside.any():
            continue
        y, x = np.nonzero(inside)
        chosen = values[inside]
        figure.add_bar(
            orientation="h", y=y, x=np.full(len(y), 0.94), base=x - 0.47, width=0.88,
            marker={"color": SHADES[level], "line": {"color": EDGE, "width": 1}},
            text=[_compact(value) for value in chosen], textposition="inside", textangle=0,
            insidetextanchor="middle",
            insidetextfont={"color": _text_on(SHADES[level]), "size": 13},
            hovertext=[
                f"{_safe(rows[a])}<br>{_safe(columns[b])}: {_number(value)}"
                for a, b, value in zip(y, x, chosen, strict=True)
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        )  # fmt: skip
    y, x = np.nonzero(np.isnan(values))
    if len(y):
        figure.add_scatter(
            x=x, y=y, mode="text", text=["–"] * len(y), cliponaxis=False,
            hovertext=[f"{_safe(rows[a])}<br>{_safe(columns[b])}: {_('no data')}"
                       for a, b in zip(y, x, strict=True)],
            hovertemplate="%{hovertext}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(barmode="overlay")
    left = _side_labels(figure, [_two_lines(name) for name in rows], letters=16)
    upright = len(columns) > 4
    figure.update_xaxes(
        side="top",
        tickangle=-90 if upright else 0,
        tickvals=np.arange(len(columns)),
        ticktext=[_safe(_short(name, 16)) if upright else _two_lines(name) for name in columns],
        range=[-0.5, len(columns) - 0.5],
        showgrid=False,
    )
    longest = max((min(len(name), 16) for name in columns), default=0)
    top = 14 + round(longest * LETTER) if upright else 44
    ordered = frame.drop_nulls("show1").sort("show1", descending=True)
    alt = _listed(
        unit, [f"{a}, {b}" for a, b in ordered.select("by1", "by2").iter_rows()],
        [_number(value) for value in ordered["show1"]],
    )  # fmt: skip
    unit = _("{unit} A dash: no data.").format(unit=unit) if len(y) else unit
    return _finished(figure, len(rows), alt, unit, source, row=44, top=top, left=left)


def areas(frame: pl.DataFrame, unit: str, source: str) -> go.Figure:
    """A treemap: areas as large as their values, parts within their group.

    `frame`: by1, show1 (above 0) and perhaps by2.
    """
    groups = _in_order(frame, "by1")
    totals = dict(frame.group_by("by1").agg(pl.col("show1").sum()).iter_rows())
    ids = [f"g{place}" for place in range(len(groups))]
    whole = [*groups]  # names for the hover text, where there is room for all of them
    parents, values = [""] * len(groups), [float(totals[name]) for name in groups]
    nested = "by2" in frame.columns
    colours = [_colour(place) if nested else BAND_FILL["medium"] for place in range(len(groups))]
    if nested:
        place_of = {name: place for place, name in enumerate(groups)}
        for number, (one, other, value) in enumerate(
            frame.select("by1", "by2", "show1").iter_rows()
        ):
            ids.append(f"p{number}")
            whole.append(other)
            parents.append(f"g{place_of[one]}")
            values.append(float(value))
            colours.append(_colour(place_of[one]))
    figure = go.Figure()
    figure.add_treemap(
        ids=ids, parents=parents, values=np.array(values), branchvalues="total",
        # A heading of parts is one line; an area of its own has room for three.
        labels=[
            _safe(_short(name, 24)) if nested and not parent else _three_lines(name)
            for name, parent in zip(whole, parents, strict=True)
        ],
        text=[_compact(value) for value in values], texttemplate="%{label}<br>%{text}",
        hovertext=[
            f"{_safe(name)}: {_number(value)}" for name, value in zip(whole, values, strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        marker={"colors": colours, "line": {"color": "#ffffff", "width": 1}, "pad": {"t": 24}},
        textfont={"color": [_text_on(colour) for colour in colours]},
        pathbar={"visible": False}, tiling={"pad": 2}, sort=True, root={"color": CLEAR},
    )  # fmt: skip
    # A name that would be smaller than that is in the hover text and the table only.
    figure.update_layout(uniformtext={"minsize": 12, "mode": "hide"})
    alt = _listed(unit, groups, [_number(totals[name]) for name in groups])
    small = _("Areas too small for a name are in the table.")
    return _finished(figure, 1, alt, f"{unit} {small}", source, row=420)


def radar(frame: pl.DataFrame, unit: str, source: str) -> go.Figure:
    """Up to four shapes on the same axes.

    `frame`: axis, series ("" where there is one shape), value (null: that corner is left out).
    """
    axes, series = _in_order(frame, "axis"), _in_order(frame, "series")
    figure = go.Figure()
    for index, name in enumerate(series):
        found = dict(frame.filter(pl.col("series") == name).select("axis", "value").iter_rows())
        values = np.array([np.nan if found.get(a) is None else found[a] for a in axes], float)
        figure.add_scatterpolar(
            name=_safe(_short(name, 24)) or None,
            r=np.append(values, values[:1]),
            theta=np.append(np.arange(len(axes)), 0) * 360 / max(len(axes), 1),
            mode="lines+markers",
            line={"color": _colour(index), "width": 2, "dash": DASHES[index % len(DASHES)]},
            marker={"symbol": SYMBOLS[index % len(SYMBOLS)], "size": 9},
            hovertext=[_safe(axis) for axis in [*axes, *axes[:1]]],
            hovertemplate="%{hovertext}: %{r:,.2~f}<extra></extra>",
        )
    top = frame["value"].max() or 1
    figure.update_layout(
        polar={
            "bgcolor": CLEAR,
            "radialaxis": {
                "range": [0, float(top) * 1.08],  # type: ignore[arg-type]
                "gridcolor": QUIET, "linecolor": QUIET, "nticks": 4, "angle": 90,
                "tickangle": 90, "tickformat": ",.3~g",
            },
            "angularaxis": {
                "tickvals": np.arange(len(axes)) * 360 / max(len(axes), 1),
                "ticktext": [_two_lines(axis) for axis in axes],
                "gridcolor": QUIET, "linecolor": QUIET, "rotation": 90, "direction": "clockwise",
            },
            "domain": {"x": [0.26, 0.74], "y": [0.06, 0.88]},  # the rest is for names of axes
        }
    )  # fmt: skip
    pairs = frame.drop_nulls("value")
    named = [f"{a}, {s}" if s else a for a, s in pairs.select("axis", "series").iter_rows()]
    alt = _listed(unit, named, [_number(value) for value in pairs["value"]])
    legend = series != [""]
    finished = _finished(
        figure, 1, alt, unit, source, row=340, axis=4, legend=legend,
        top=24 * (len(series) - 1) if legend else 0,
    )  # fmt: skip
    # One below the other, from the left edge: side by side they would run into the axis on top.
    return finished.update_layout(legend={"orientation": "v", "indentation": 0})


def country_map(
    frame: pl.DataFrame, unit: str, source: str, outlines: Path = OUTLINES
) -> go.Figure:
    """A circle for each country, its area as large as the value; the largest carry it as text.

    `frame`: code (alpha-2), by1 (the country's name), show1. Countries that the outlines do not
    have are in the text alternative only.
    """
    world = _world(str(outlines))
    placed = frame.filter(pl.col("code").is_in(list(world.centres))).sort("show1", descending=True)
    x = np.array([world.centres[code][0] for code in placed["code"]])
    y = np.array([world.centres[code][1] for code in placed["code"]])
    values = placed["show1"].cast(pl.Float64).to_numpy()
    top = max(float(values.max()), 1e-9) if len(values) else 1.0
    sizes = np.maximum(46 * np.sqrt(np.maximum(values, 0) / top), 7)
    west, east, south, north = _extent(x, y)
    figure = go.Figure()
    figure.add_scatter(
        x=world.x, y=world.y, mode="lines", fill="toself", fillcolor=LAND,
        line={"color": QUIET, "width": 0.6}, hoverinfo="skip", connectgaps=False,
    )  # fmt: skip
    figure.add_scatter(
        x=x, y=y, mode="markers+text",
        marker={"size": sizes, "color": BAND_FILL["low"], "opacity": 0.9,
                "line": {"color": EDGE, "width": 1.5}},
        text=_apart(x, y, sizes, [_compact(value) for value in values], east - west),
        textfont={"color": BAND_TEXT["low"], "size": 13},
        hovertext=[
            f"{_safe(name)}: {_number(value)}"
            for name, value in zip(placed["by1"], values, strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip
    figure.update_layout(dragmode="pan", modebar={"bgcolor": CLEAR, "color": EDGE})
    figure.update_xaxes(visible=False, range=[west, east], constrain="range")
    figure.update_yaxes(
        visible=False, range=[south, north], scaleanchor="x", constrain="range",
        scaleratio=1 / cos(radians(min(abs(south + north) / 2, 60))),
    )  # fmt: skip
    ordered = frame.sort("show1", descending=True)
    alt = _listed(unit, ordered["by1"].to_list(), [_number(v) for v in ordered["show1"]])
    ground = _("Outlines: Natural Earth, which takes no side in a dispute over a border.")
    finished = _finished(figure, 1, alt, unit, f"{source} {ground}", row=380, free=True)
    return finished.update_layout(plot_bgcolor=SEA, modebar_activecolor=EDGE)


# The one look


def _finished(
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


def _in_order(frame: pl.DataFrame, column: str, banded: bool = False) -> list[str]:
    """The different values as they come; bands always from low to high."""
    found: list[str] = frame[column].unique(maintain_order=True).to_list()
    if not banded:
        return found
    return [b for b in BANDS if b in found] + [other for other in found if other not in BANDS]


def _colour(index: int) -> str:
    return CATEGORIES[index % len(CATEGORIES)]


def _series_fill(index: int, name: str, banded: bool) -> dict[str, Any]:
    if banded:
        return _fill(name if name in BANDS else None)
    return {"color": _colour(index), "line": {"color": "#ffffff", "width": 1}}


def _text_on(colour: str) -> str:
    """Dark or light, whichever is read better on that fill."""
    if not colour.startswith("#"):
        return INK["light"]
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#ffffff" if 1.05 / (light + 0.05) > (light + 0.05) / 0.0615 else "#0b2225"


def _steps(low: float, high: float) -> list[tuple[float, float]]:
    edges = np.linspace(low, high if high > low else low + 1, len(SHADES) + 1)
    return [(float(a), float(b)) for a, b in pairwise(edges)]


def _reach(values: pl.Series, texts: Sequence[str]) -> list[float]:
    """An axis from 0 with room for the text behind the longest bar, in 390 pixels as well."""
    top = max(float(values.max() or 0), 0.0)  # type: ignore[arg-type]
    low = min(float(values.min() or 0), 0.0)  # type: ignore[arg-type]
    room = (max(map(len, texts), default=4) + 1) * LETTER / 340
    span = (top - low or 1) / max(1 - min(room, 0.6), 0.2)
    if not low:
        return [0.0, span]
    return [low - (span - (top - low)), top + (span - (top - low))]


def _y_range(values: pl.Series) -> tuple[float, float]:
    """An axis with air above; from 0, unless the values are far from it."""
    low = float(values.min() or 0)  # type: ignore[arg-type]
    high = float(values.max() or 0)  # type: ignore[arg-type]
    if 0 <= low < high * 0.6 or low == high > 0:
        low = 0.0
    air = (high - low or 1) * 0.08
    return (low if low == 0 else low - air), high + air


def _ticks(low: float, high: float) -> dict[str, Any]:
    """About four round numbers between the ends, in few characters."""
    span = high - low or 1.0
    size = 10 ** floor(log10(span / 4))
    step = next(m * size for m in (1, 2, 2.5, 5, 10) if m * size >= span / 4.5)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    values = [round(step * place, 10) for place in range(first, last + 1)]
    return {"tickvals": values, "ticktext": [_fine(value) for value in values]}


def _fine(value: float) -> str:
    return _compact(value) if abs(value) >= 10 or value == round(value) else f"{value:.3g}"


def _aired(values: pl.Series) -> tuple[float, float]:
    """As `_y_range`, with air for half a dot at the foot as well."""
    low, high = _y_range(values)
    return low - (high - low) * 0.04, high


def _parted(
    ends: Sequence[tuple[float, str, int]], room: float, top: float
) -> Iterable[tuple[float, str, int]]:
    """Names moved apart where lines end closer to each other than a line of text is high."""
    ordered = sorted((end for end in ends if end[1]), key=lambda end: end[:2])
    places: list[float] = []
    for end, _name, _index in ordered:
        places.append(max(end, places[-1] + room) if places else end)
    for index in reversed(range(len(places))):
        places[index] = min(places[index], top)
        top = places[index] - room
    for place, (_end_of_line, name, index) in zip(places, ordered, strict=True):
        yield place, name, index


def _row(rows: int) -> int:
    """Pixels of a row: many rows stand closer."""
    return ROW if rows <= 8 else 46


def _apart(x: Any, y: Any, sizes: Any, texts: Sequence[str], width: float) -> list[str]:
    """The texts of circles that hold one, unless a larger circle's text stands in the way."""
    placed: list[tuple[float, float]] = []
    kept = []
    for across, up, size, text in zip(x, y, sizes, texts, strict=True):
        free = all(abs(across - a) > width * 0.07 or abs(up - b) > width * 0.05 for a, b in placed)
        if size >= 24 and free:
            placed.append((across, up))
            kept.append(text)
        else:
            kept.append("")
    return kept


def _end(value: Any) -> str:
    return _number(float(value or 0))


def _legend_room(names: Sequence[str]) -> int:
    """Pixels that a legend takes at 390 pixels beyond its first line."""
    letters = sum(min(len(name), 24) + 6 for name in names)
    return 21 * int(letters * LETTER / 360)


def _listed(unit: str, names: Sequence[str], texts: Sequence[str]) -> str:
    """A text alternative: what is shown, and the first ten values."""
    pairs = [f"{name}: {text}" for name, text in zip(names[:10], texts[:10], strict=True)]
    more = _(" and {n} more").format(n=len(names) - 10) if len(names) > 10 else ""
    return f"{unit} {'; '.join(pairs)}{more}."


def _compact(value: float) -> str:
    """Few characters, for inside a mark: 950, 12.4k, 3.1M."""
    size = abs(value)
    for limit, divisor, letter in ((1e9, 1e9, "bn"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if size >= limit:
            scaled = value / divisor
            return f"{scaled:,.0f}{letter}" if abs(scaled) >= 100 else f"{scaled:.3g}{letter}"
    return _number(value)


def _named_rows(figure: go.Figure, labels: Sequence[str]) -> None:
    """One row per label, the first on top, each with its label above the bar. Positions are
    numbers: a name that looks like a number or a date, or occurs twice, stays what it is."""
    names = [
        {
            "text": _safe(_short(label, 44)), "showarrow": False,
            "x": 0, "xref": "paper", "xanchor": "left", "y": place - 0.5, "yanchor": "top",
        }
        for place, label in enumerate(labels)
    ]  # fmt: skip
    # All at once: adding one by one checks all that are there again and again.
    figure.update_layout(annotations=[*figure.layout.annotations, *names])
    figure.update_yaxes(visible=False, range=[len(labels) - 0.5, -0.5])


def _side_labels(figure: go.Figure, labels: Sequence[str], letters: int) -> int:
    """One row per label, its label on the left, escaped before; the width they take in pixels."""
    figure.update_yaxes(
        tickvals=np.arange(len(labels)),
        ticktext=list(labels),
        range=[len(labels) - 0.5, -0.5],
        showgrid=False,
        ticklabelstandoff=6,
    )
    return round(letters * LETTER) + 8


def _two_lines(name: str) -> str:
    lines = textwrap.wrap(" ".join(name.split()), 16, max_lines=2, placeholder="…")
    return "<br>".join(_safe(line) for line in lines)


def _three_lines(name: str) -> str:
    lines = textwrap.wrap(" ".join(name.split()), 14, max_lines=3, placeholder="…")
    return "<br>".join(_safe(line) for line in lines)


def _positions(values: pl.Series, order: Sequence[str]) -> Any:
    place = {value: index for index, value in enumerate(order)}
    return np.array([place[value] for value in values], dtype=float)


def _fill(band: str | None, *, hatched_with: str | None = None) -> dict[str, Any]:
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


def _inside(band: str | None, size: int = 14) -> dict[str, Any]:
    """Text in the middle of a bar, dark or light as its fill needs; the page's own on no fill."""
    return {
        "textposition": "inside",
        "insidetextanchor": "middle",
        "textangle": 0,
        "insidetextfont": {"size": size} | ({"color": BAND_TEXT[band]} if band else {}),
    }


def _cell(row: Mapping[str, Any]) -> str:
    if row["band"] is None:
        return band_word(None).replace(" ", "<br>")
    points = _range(row["points"], row["points_high"])
    if row["band"] == row["band_high"]:
        return f"{band_word(row['band'])} {points}"
    return f"{band_word(row['band'])}–{band_word(row['band_high'])}<br>{points}"


def _words(low: float, high: float, zone: Zones) -> str:
    words = [
        band_word("high" if end >= zone.high else "medium" if end >= zone.medium else "low")
        for end in (low, high)
    ]
    return words[0] if words[0] == words[1] else "–".join(words)


def _range(low: float, high: float) -> str:
    return _number(low) if low == high else f"{_number(low)}–{_number(high)}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def _percent(value: float) -> str:
    """Two significant digits are what such a share can carry."""
    if value == 0:
        return "0 %"
    return f"{value:.2g} %" if value < 10 else f"{value:.0f} %"


def _short(name: str, letters: int = LONGEST_LABEL) -> str:
    return name if len(name) <= letters else name[: letters - 1].rstrip() + "…"


def _safe(text: str) -> str:
    """Text that plotly shows as it is: it reads `<b>`, `<a href>` and entities in any text."""
    return html.escape(" ".join(str(text).split()), quote=False)


def _axis(letter: str, number: int) -> str:
    return letter if number == 1 else f"{letter}{number}"


def _draw_zones(figure: go.Figure, zone: Zones, panel: int) -> None:
    steps = (("low", 0.0, zone.medium), ("medium", zone.medium, zone.high))
    for (band, start, end), shade in zip(
        (*steps, ("high", zone.high, zone.most)), (0.0, 0.12, 0.24), strict=True
    ):
        figure.add_shape(
            type="rect", x0=0, x1=1, xref="x domain", y0=start, y1=end, yref=_axis("y", panel),
            fillcolor=f"rgba(43,138,143,{shade})", line_width=0, layer="below",
        )  # fmt: skip
        figure.add_annotation(
            x=0, xref="x domain", xanchor="left", xshift=4, y=(start + end) / 2,
            yref=_axis("y", panel), text=band_word(band), showarrow=False,
        )  # fmt: skip


def _last_labels(
    panel: pl.DataFrame, names: Sequence[str], most: float
) -> Iterable[tuple[float, str]]:
    """Where the name of each line stands, and the name with its symbol.

    Names stand where their lines end, moved apart where those are closer than a line of text.
    """
    ends = (
        panel.sort("date")
        .group_by("organisation")
        .agg(((pl.col("points") + pl.col("points_high")) / 2).last().alias("end"))
        .sort("end", "organisation")
    )
    room = min(most * 17 / 140, most / max(ends.height - 1, 1))  # 140 pixels: a panel's height
    places: list[float] = []
    for end in ends["end"]:
        places.append(max(end, places[-1] + room) if places else end)
    top = most
    for index in reversed(range(len(places))):
        places[index] = min(places[index], top)
        top = places[index] - room
    for place, name in zip(places, ends["organisation"], strict=True):
        index = names.index(name)
        glyph = f'<span style="color:{LINES[index % len(LINES)]}">{GLYPHS[index % len(GLYPHS)]}'
        yield place, f"{glyph}</span> {_safe(_short(name, 16))}"


def _padded(dates: pl.Series) -> tuple[Any, Any]:
    """The first and last date with air on both sides: more on the left, where bands are named."""
    if dates.is_empty():
        return None, None
    days: Any = np.array([dates.min(), dates.max()], dtype="datetime64[D]")
    span = max(int((days[1] - days[0]).astype(int)), 60)
    return days[0] - span // 3, days[1] + span // 25


class _World(NamedTuple):
    x: Any  # all outlines in one line, parted by NaN
    y: Any
    centres: dict[str, tuple[float, float]]  # longitude, latitude well inside each country
    names: dict[str, str]


@lru_cache(maxsize=2)
def _world(path: str) -> _World:
    features = json.loads(Path(path).read_text(encoding="utf-8"))["features"]
    gap = np.array([[np.nan, np.nan]])
    pieces = [
        piece
        for feature in features
        for polygon in feature["geometry"]["coordinates"]
        for ring in polygon
        for piece in (np.array(ring), gap)
    ]
    x, y = np.concatenate(pieces).astype(np.float32).T.copy()
    named = [feature["properties"] for feature in features if feature["properties"]["code"]]
    return _World(
        x,
        y,
        {properties["code"]: tuple(properties["centre"]) for properties in named},
        {properties["code"]: properties["name"] for properties in named},
    )


def _extent(x: Any, y: Any) -> tuple[float, float, float, float]:
    """West, east, south, north of the view: the points with air around them, or the world."""
    if not len(x) or np.ptp(x) > 150:
        return -170.0, 180.0, -56.0, 78.0
    air = max(float(np.ptp(x)), float(np.ptp(y)), 12.0) * 0.12
    middle_x, middle_y = (x.min() + x.max()) / 2, (y.min() + y.max()) / 2
    half_x = max(float(np.ptp(x)) / 2, 8.0) + air
    half_y = max(float(np.ptp(y)) / 2, 5.0) + air
    return middle_x - half_x, middle_x + half_x, middle_y - half_y, middle_y + half_y


def _neighbourhoods(placed: pl.DataFrame, cell: float) -> pl.DataFrame:
    """Marks to draw: id (null for several sites), name, country, latitude, longitude, count."""
    spots = ["latitude", "longitude"]
    if placed.select(spots).n_unique() <= DRAWN_SITES:
        keys = [pl.col(spot).round(4).alias(f"{spot}_key") for spot in spots]
    else:
        keys = [(pl.col(spot) / cell).round().alias(f"{spot}_key") for spot in spots]
    return (
        placed.with_columns(keys)
        .group_by("latitude_key", "longitude_key", maintain_order=True)
        .agg(
            pl.when(pl.len() == 1).then(pl.col("id").first()).alias("id"),
            pl.col("name").first(),
            pl.col("country").first(),
            pl.col("latitude").mean(),
            pl.col("longitude").mean(),
            pl.len().alias("count"),
        )
    )


# Initiatives: stars out of 4

MOST_STARS = 4
_STAR_FILL = (
    "#eaf5f5", "#d6ebeb", "#bfe0df", "#a0d0d0", "#7dbdbf", "#5aa9ab", "#287b81", "#17666d",
    "#0f5e63",
)  # fmt: skip  # from 0 to 4 in half steps: one hue, and the order holds in greyscale
_WHITE_FROM = 3.0  # stars, from which text on the fill is white


def star_fill(value: float) -> str:
    """The colour of so many stars; a median between two half steps has that of the lower."""
    return _STAR_FILL[min(int(value * 2), 8)]


def star_text(value: float) -> str:
    return "#ffffff" if int(value * 2) / 2 >= _WHITE_FROM else "#0b2225"


def rating_matrix(
    frame: pl.DataFrame, names: Mapping[str, str], labels: Mapping[str, str], source: str
) -> go.Figure:
    """Initiatives by criteria; a click selects the initiative.

    `frame`: initiative (key), criterion (code), median, low, high (stars), raters (count).
    `names`: key -> name, `labels`: code -> label, both in the order in which they stand; an
    initiative without a row is drawn as not rated. `customdata` is `key|code`.
    """
    keys, codes = list(names), list(labels)
    known = {
        (row["initiative"], row["criterion"]): row
        for row in frame.filter(
            pl.col("initiative").is_in(keys), pl.col("criterion").is_in(codes)
        ).iter_rows(named=True)
    }
    cells = [(key, code, known.get((key, code))) for key in keys for code in codes]
    x = np.array([codes.index(code) for __, code, __row in cells], dtype=float)
    y = np.array([keys.index(key) for key, __, __row in cells], dtype=float)
    hover = [
        f"{_safe(names[key])}<br>{_safe(labels[code])}: {_safe(_rating_words(row))}"
        for key, code, row in cells
    ]
    figure = go.Figure()
    figure.add_scatter(
        x=x, y=y - 0.14, mode="markers+text",
        marker={
            "symbol": "square", "size": 38,
            "color": [star_fill(row["median"]) if row else CLEAR for *__, row in cells],
            "line": {"color": [EDGE if row else QUIET for *__, row in cells], "width": 1},
        },
        text=[
            f"{_stars(row['median'])}<br>({row['raters']})" if row else "–" for *__, row in cells
        ],
        textposition="middle center",
        textfont={
            "color": [star_text(row["median"]) if row else EDGE for *__, row in cells], "size": 13,
        },
        customdata=[f"{key}|{code}" for key, code, __ in cells],
        selected={"marker": {"opacity": 1}}, unselected={"marker": {"opacity": 1}},
        hovertext=hover, hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=x, y=y + 0.32, mode="text", text=[_spread(row) for *__, row in cells],
        # At 390 pixels a column is as wide as "0.5–2.5" in this size.
        textposition="middle center", textfont={"size": 11}, hoverinfo="skip",
    )  # fmt: skip
    left = _side_labels(figure, [_two_lines(name) for name in names.values()], letters=13)
    figure.update_xaxes(
        side="top", tickangle=-65, tickvals=np.arange(len(codes)),
        ticktext=[_safe(_short(label, 14)) for label in labels.values()],
        range=[-0.5, len(codes) - 0.5], showgrid=False,
    )  # fmt: skip
    rated = {key for key, __ in known}
    best = frame.group_by("initiative").agg(pl.col("median").mean()).sort("median", "initiative")
    highest = [names[key] for key in reversed(best["initiative"].to_list()) if key in names][:3]
    alt = _("Stars of {rated} rated initiatives by criterion, {unrated} unrated.").format(
        rated=len(rated), unrated=len(keys) - len(rated)
    )
    if highest:
        alt += " " + _("Highest on average: {names}.").format(names=", ".join(highest))
    unit = _(
        "Stars out of 4: the median, in brackets how many rated, and below it the range where "
        "they differ."
    )
    return _finished(figure, len(keys), alt, unit, source, row=66, top=100, left=left, right=36)


def rating_radar(
    frame: pl.DataFrame, names: Mapping[str, str], labels: Mapping[str, str], source: str
) -> go.Figure:
    """Two to four initiatives on all criteria, one outline each.

    `frame` as in `rating_matrix`. A criterion that nobody rated leaves a gap in the outline.
    """
    codes = list(labels)
    found = {
        (row["initiative"], row["criterion"]): row["median"] for row in frame.iter_rows(named=True)
    }
    figure = go.Figure()
    said = []
    for index, (key, name) in enumerate(names.items()):
        values = [found.get((key, code)) for code in codes]
        figure.add_scatterpolar(
            name=f"{_safe(_short(name, 24))}",
            r=[*values, values[0]],
            theta=[*range(len(codes)), 0],
            mode="lines+markers",
            line={
                "color": LINES[index % len(LINES)],
                "width": 2,
                "dash": ("solid", "dash", "dot", "dashdot")[index % 4],
            },
            marker={"symbol": SYMBOLS[index % len(SYMBOLS)], "size": 9},
            connectgaps=False,
            hovertext=[
                f"{_safe(name)}<br>{_safe(labels[code])}: "
                f"{_('not rated') if found.get((key, code)) is None else _stars(found[key, code])}"
                for code in (*codes, codes[0])
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        )
        said.append(
            f"{name}: "
            + ", ".join(
                f"{labels[code]} {_('not rated') if value is None else _stars(value)}"
                for code, value in zip(codes, values, strict=True)
            )
        )
    step = 360 / max(len(codes), 1)
    for trace in figure.data:
        trace.theta = [step * place for place in trace.theta]
    figure.update_polars(
        bgcolor=CLEAR,
        radialaxis={
            "range": [0, MOST_STARS], "tickvals": [1, 2, 3, 4], "angle": 90, "tickangle": 90,
            "gridcolor": QUIET, "linecolor": QUIET,
        },
        angularaxis={
            "tickvals": [step * place for place in range(len(codes))],
            "ticktext": [_safe(_short(label, 14)) for label in labels.values()],
            "rotation": 90, "direction": "clockwise", "gridcolor": QUIET, "linecolor": QUIET,
        },
        domain={"x": [0.24, 0.76], "y": [0.08, 0.92]},
    )  # fmt: skip
    unit = _("Stars out of 4, the median of the ratings seen.")
    finished = _finished(figure, 1, "; ".join(said), unit, source, row=340, top=30, legend=True)
    return finished.update_layout(
        margin_t=30 + 30 * len(names), legend={"orientation": "v", "indentation": 0}
    )


def rating_trend(
    frame: pl.DataFrame, labels: Mapping[str, str], until: date, source: str
) -> go.Figure:
    """How the stars of one initiative changed, one panel per criterion.

    `frame`: criterion (code), day, median, low, high (stars), raters. A median holds until the
    next day on which something changed, the last one `until`; the shade is the range of the
    raters.
    """
    figure = go.Figure()
    figure.set_subplots(rows=len(labels), cols=1, shared_xaxes=True, vertical_spacing=0.06)
    first, last = _padded(pl.concat([frame["day"], pl.Series([until])]))
    said = []
    for number, (code, label) in enumerate(labels.items(), start=1):
        panel = frame.filter(pl.col("criterion") == code).sort("day")
        held = pl.concat([panel, panel.tail(1).with_columns(day=pl.lit(until))])
        for end, fill in (("low", None), ("high", "tonexty")):
            figure.add_scatter(
                x=held["day"].to_numpy(), y=held[end].to_numpy(), mode="lines", hoverinfo="skip",
                fill=fill,
                line={"shape": "hv", "width": 0, "color": EDGE},
                fillcolor="rgba(43,138,143,0.22)", row=number, col=1,
            )  # fmt: skip
        figure.add_scatter(
            x=held["day"].to_numpy(), y=held["median"].to_numpy(), mode="lines",
            line={"shape": "hv", "color": EDGE, "width": 2}, hoverinfo="skip", row=number, col=1,
        )  # fmt: skip
        figure.add_scatter(
            x=panel["day"].to_numpy(), y=panel["median"].to_numpy(), mode="markers",
            marker={"size": 8, "color": EDGE},
            text=[_safe(_rating_words(row)) for row in panel.iter_rows(named=True)],
            hovertemplate="%{text}<br>%{x|%d %b %Y}<extra></extra>", row=number, col=1,
        )  # fmt: skip
        if panel.height:
            latest = panel.row(-1, named=True)
            figure.add_annotation(
                x=1, xref="x domain", xanchor="left", xshift=4, y=latest["median"],
                yref=_axis("y", number), text=_stars(latest["median"]), showarrow=False,
            )  # fmt: skip
            start = panel.row(0, named=True)
            said.append(
                _("{criterion} from {first} on {day} to {last} on {end}").format(
                    criterion=label, first=_stars(start["median"]), day=start["day"],
                    last=_stars(latest["median"]), end=latest["day"],
                )
            )  # fmt: skip
        figure.add_annotation(
            x=0, xref="x domain", xanchor="left", y=1, yref=f"{_axis('y', number)} domain",
            yanchor="bottom", text=f"<b>{_safe(label)}</b>", showarrow=False,
        )  # fmt: skip
        figure.update_yaxes(
            range=[-0.2, MOST_STARS + 0.2], tickvals=[0, 2, 4], row=number, col=1,
        )  # fmt: skip
    figure.update_xaxes(
        range=[first, last], showgrid=False, nticks=4, tickangle=0, tickformat="%b\n%Y"
    )
    unit = _("Stars out of 4: the median, and shaded the range of the raters.")
    return _finished(
        figure, len(labels), "; ".join(said), unit, source, row=104, top=28, axis=42, left=20,
        right=36,
    )  # fmt: skip


def initiative_coverage(
    frame: pl.DataFrame, names: Mapping[str, str], base: int, source: str
) -> go.Figure:
    """How many suppliers of the base belong to each initiative or hold its certificate.

    `frame`: initiative (key), suppliers, sites (counts), the widest first. `base`: how many
    suppliers there are.
    """
    labels = [names.get(key, key) for key in frame["initiative"]]
    words = [
        _("{n} of {base}").format(n=suppliers, base=base)
        + ("" if not sites else ngettext(", {n} site", ", {n} sites", sites).format(n=f"{sites:,}"))
        for suppliers, sites in frame.select("suppliers", "sites").iter_rows()
    ]
    counts = frame["suppliers"].to_numpy()
    y = np.arange(len(labels)) + LOWER
    figure = go.Figure()
    figure.add_bar(
        orientation="h", x=counts, y=y, width=BAR, marker=_fill("medium"), hoverinfo="skip"
    )
    figure.add_scatter(
        x=counts, y=y, mode="text", text=[f" {text}" for text in words],
        textposition="middle right", hoverinfo="skip", cliponaxis=False,
    )  # fmt: skip
    _named_rows(figure, labels)
    figure.update_xaxes(visible=False, range=[0, 1.5 * max(base, 1)])
    alt = "; ".join(f"{a}: {b}" for a, b in zip(labels, words, strict=True))
    unit = _("Suppliers with a valid membership or certificate, themselves or through a site.")
    return _finished(figure, len(labels), alt, unit, source)


def _stars(value: float) -> str:
    """For example 2, 2.5 or, a median between half steps, 2.25."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _spread(row: Mapping[str, Any] | None) -> str:
    if row is None or row["low"] == row["high"]:
        return ""
    return f"{_stars(row['low'])}–{_stars(row['high'])}"


def _rating_words(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return _("not rated")
    raters = ngettext("{n} rater", "{n} raters", row["raters"]).format(n=row["raters"])
    if row["low"] == row["high"]:
        return f"{_stars(row['median'])}, {raters}"
    return _("{median}, from {low} to {high}, {raters}").format(
        median=_stars(row["median"]), low=_stars(row["low"]), high=_stars(row["high"]),
        raters=raters,
    )  # fmt: skip
