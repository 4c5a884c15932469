"""Builders for any answer of quorum/explore.

Frames come worded, in the order in which they are drawn: by1 (text), by2 (text, where there is a
second dimension), show1 (value).
"""

import textwrap
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import ceil, floor, log10
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl

from quorum.charts import labels, look
from quorum.charts.look import (
    BAND_FILL,
    BANDS,
    BAR,
    CLEAR,
    DRAWN_SITES,
    EDGE,
    GLYPHS,
    INK,
    LETTER,
    LINES,
    LOWER,
    QUIET,
    ROW,
    SYMBOLS,
    band_word,
)
from quorum.language import _

DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
# All of Okabe and Ito's colours that stand out; where they meet, text or symbols tell them apart.
GREY = "#8a9699"
CATEGORIES = (*LINES, "#56b4e9", "#e69f00", GREY)
AREAS = (*LINES, "#56b4e9", "#e69f00", "#f0e442")  # the seven that are no grey
NAMED = 30  # no more dots than that carry their names
# The hue of the bands in more steps, light to dark.
SHADES = ("#eaf5f5", "#bfe0df", "#7dbdbf", "#3f9195", "#0f5e63")


def category_bars(
    frame: pl.DataFrame,
    unit: str,
    source: str,
    *,
    stacked: bool = True,
    banded: bool = False,
    shares: bool = False,
) -> go.Figure:
    """Horizontal bars in the frame's order, each with its value.

    `frame`: by1, show1 and perhaps by2. With by2 the parts are stacked where they add up, else
    drawn one below the other. `banded`: by2 is a band's code. `shares`: the values are percentages
    of their bar, which has n, a further column.
    """
    if "by2" not in frame.columns:
        return _single_bars(frame, unit, source)
    if (stacked or shares) and look.smallest(frame["show1"]) >= 0:
        return _stacked_bars(frame, unit, source, banded, shares)
    return _grouped_bars(frame, unit, source, banded)


def _single_bars(frame: pl.DataFrame, unit: str, source: str) -> go.Figure:
    names = frame["by1"].to_list()
    texts = [look.number(value) for value in frame["show1"]]
    figure = look.value_bars(names, frame["show1"], texts)
    figure.update_xaxes(visible=False, range=_reach(frame["show1"], texts))
    alt = look.listed(unit, names, texts)
    return look.finished(figure, len(names), alt, unit, source, row=_row(len(names)))


def _stacked_bars(
    frame: pl.DataFrame, unit: str, source: str, banded: bool, shares: bool
) -> go.Figure:
    labels, series = _in_order(frame, "by1"), _in_order(frame, "by2", banded)
    totals = dict(frame.group_by("by1").agg(pl.col("show1").sum()).iter_rows())
    top = max(totals.values(), default=1) or 1
    figure = go.Figure()
    for index, name in enumerate(series):
        part = frame.filter(pl.col("by2") == name)
        fill = _series_fill(index, name, banded)
        word = look.safe(band_word(name) if banded and name in BANDS else name)
        texts = [f"{value:.0f} %" if shares else look.compact(value) for value in part["show1"]]
        roomy = [
            len(text) * LETTER < 320 * value / top
            for text, value in zip(texts, part["show1"], strict=True)
        ]
        figure.add_bar(
            name=word,
            orientation="h",
            y=look.positions(part["by1"], labels) + LOWER,
            width=BAR,
            x=part["show1"].to_numpy(),
            text=[text if fits else "" for text, fits in zip(texts, roomy, strict=True)],
            marker=fill,
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            insidetextfont={"color": _text_on(fill["color"])},
            customdata=[look.number(value) + (" %" if shares else "") for value in part["show1"]],
            hovertext=[look.safe(label) for label in part["by1"]],
            hovertemplate=f"%{{hovertext}}<br>{word}: %{{customdata}}<extra></extra>",
        )
    sums = [look.number(totals[label]) for label in labels]
    said = sums
    if shares:  # the parts are what there is to say; their sum is always the same
        n = dict(frame.select("by1", "n").iter_rows())
        sums = [f"n = {n[label]:,}" for label in labels]
        said = [_shares_in_words(frame.filter(by1=label), series, banded) for label in labels]
        unit = _("{unit} n: how many a bar is parted from.").format(unit=unit)
    figure.add_scatter(
        x=np.array([totals[label] for label in labels], dtype=float),
        y=np.arange(len(labels)) + LOWER, mode="text", text=[f" {text}" for text in sums],
        textposition="middle right", hoverinfo="skip", showlegend=False, cliponaxis=False,
    )  # fmt: skip
    figure.update_layout(barmode="stack")
    look.named_rows(figure, labels)
    figure.update_xaxes(visible=False, range=_reach(pl.Series(list(totals.values())), sums))
    return look.finished(
        figure, len(labels), look.listed(unit, labels, said), unit, source, legend=True,
        row=_row(len(labels)),
        top=4 + _legend_room([band_word(s) if banded and s in BANDS else s for s in series]),
    )  # fmt: skip


def _shares_in_words(bar: pl.DataFrame, series: Sequence[str], banded: bool) -> str:
    """For example "Low 80 %, High 20 % (n = 15)"."""
    parts = dict(bar.select("by2", "show1").iter_rows())
    words = [
        f"{band_word(name) if banded and name in BANDS else name} {parts[name]:.0f} %"
        for name in series
        if parts.get(name)
    ]
    return f"{', '.join(words)} (n = {bar['n'][0]:,})"


def _grouped_bars(frame: pl.DataFrame, unit: str, source: str, banded: bool) -> go.Figure:
    """One bar below the other: parts that do not add up."""
    labels, series = _in_order(frame, "by1"), _in_order(frame, "by2", banded)
    height = 28 + 24 * len(series)  # pixels of a row
    figure = go.Figure()
    for index, name in enumerate(series):
        part = frame.filter(pl.col("by2") == name)
        word = band_word(name) if banded and name in BANDS else name
        texts = [
            f"{look.safe(look.short(word, 14))} {look.number(value)}" for value in part["show1"]
        ]
        figure.add_bar(
            name=look.safe(word),
            orientation="h",
            y=look.positions(part["by1"], labels) - 0.5 + (28 + 24 * index + 10) / height,
            width=18 / height,
            x=part["show1"].to_numpy(),
            text=texts,
            textposition="outside",
            cliponaxis=False,
            marker=_series_fill(index, name, banded),
            hovertext=[f"{look.safe(label)}<br>{look.safe(word)}" for label in part["by1"]],
            hovertemplate="%{hovertext}: %{x:,.2~f}<extra></extra>",
        )
    figure.update_layout(barmode="overlay")
    look.named_rows(figure, labels)
    figure.update_xaxes(visible=False, range=_reach(frame["show1"], ["x" * 22]))
    pairs = [f"{a}, {b}" for a, b in frame.select("by1", "by2").iter_rows()]
    alt = look.listed(unit, pairs, [look.number(value) for value in frame["show1"]])
    return look.finished(figure, len(labels), alt, unit, source, row=height)


def lines(frame: pl.DataFrame, unit: str, source: str, *, banded: bool = False) -> go.Figure:
    """One line per series along dates or numbers; its name stands where it ends. A null breaks it.

    `frame`: x (date or number), word (x as people read it), show1 and perhaps by2.
    """
    series = _in_order(frame, "by2", banded) if "by2" in frame.columns else [""]
    figure = go.Figure()
    ends = []
    broken = False
    for index, name in enumerate(series):
        line = frame.filter(pl.col("by2") == name) if name else frame
        known = line.drop_nulls("show1")["x"]
        if known.is_empty():
            continue
        line = line.filter(pl.col("x").is_between(known.min(), known.max())).sort("x")
        broken = broken or line["show1"].null_count() > 0
        values = line["show1"].cast(pl.Float64).to_numpy()
        few = len(values) <= 60
        figure.add_scatter(
            x=line["x"].to_numpy(),
            y=values,
            # Between two breaks a point has no line.
            mode="lines+markers" if few or line["show1"].null_count() else "lines",
            line={"color": _colour(index), "width": 2, "dash": DASHES[index % len(DASHES)]},
            marker={"symbol": SYMBOLS[index % len(SYMBOLS)], "size": 8},
            hovertext=[look.safe(word) for word in line["word"]] if few else None,
            hovertemplate=(f"{look.safe(name)}<br>" if name else "")
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
            text=f"{glyph} {look.two_lines(name)}", showarrow=False, align="left",
        )  # fmt: skip
    ticks = frame.select("x", "word").unique("x").sort("x")
    step = -(-ticks.height // 5)
    ticks = ticks.gather_every(max(step, 1))
    figure.update_xaxes(
        tickvals=ticks["x"].to_numpy(), ticktext=[look.safe(word) for word in ticks["word"]],
        showgrid=False, tickangle=0,
    )  # fmt: skip
    figure.update_yaxes(range=[low, high], **_ticks(low, high))
    names = [name for __, name, ___ in ends]
    last = [look.number(value) for value, __, ___ in ends]
    words = frame.sort("x")["word"]
    span = _("{unit} From {first} to {last}").format(
        unit=unit, first=words[0] if len(words) else "", last=words[-1] if len(words) else ""
    )
    right = 8 if names in ([""], []) else 30 + round(LETTER * min(max(map(len, names)), 16))
    left = 12 + round(LETTER * max(map(len, _ticks(low, high)["ticktext"])))
    alt = look.listed(f"{span}.", [name or _("Last value") for name in names], last)
    if broken:
        unit = _("{unit} Where a line breaks, there are no data.").format(unit=unit)
    return look.finished(
        figure, 1, alt, unit, source, row=260, top=10 + tall // 2, axis=26, left=left, right=right
    )


def dots(frame: pl.DataFrame, along: str, up: str, unit: str, source: str) -> go.Figure:
    """A dot per row; rows at one place are one ring with their number. Up to NAMED dots carry their
    names where those fit, of more only the outermost.

    `frame`: by1 (name), show1 (along), show2 (up) and perhaps by2 (colour and symbol). `along`,
    `up`: what the axes show, with unit. More than DRAWN_SITES dots are drawn without names.
    """
    series = _in_order(frame, "by2") if "by2" in frame.columns else [""]
    many = frame.height > DRAWN_SITES
    figure = go.Figure()
    for index, name in enumerate(series):
        part = frame.filter(pl.col("by2") == name) if name else frame
        colour = EDGE if series == [""] else _colour(index)
        if many:
            # Seven digits are more than a screen can show of so many.
            x, y = (part[one].cast(pl.Float32).to_numpy() for one in ("show1", "show2"))
            figure.add_scattergl(
                name=look.safe(name), x=x, y=y, mode="markers",
                marker={"size": 5, "opacity": 0.5, "color": colour,
                        "symbol": SYMBOLS[index % len(SYMBOLS)]},
                hovertemplate="%{x:,.2~f} · %{y:,.2~f}<extra></extra>",
            )  # fmt: skip
        else:
            _gathered_dots(figure, _gathered(part), name, colour, index)
    (low_x, high_x), (low_y, high_y) = _aired(frame["show1"]), _aired(frame["show2"])
    left = 16 + round(LETTER * max(3, *map(len, _ticks(low_y, high_y)["ticktext"])))
    spots = _gathered(frame.head(0) if many else frame)
    if spots.height > NAMED:  # then the outermost, and dots may lie below their names
        ends = [
            spots.sort("show1").tail(1),
            spots.sort("show2").tail(1),
            spots.sort("show2").head(1),
        ]
        spots = pl.concat(ends).unique(["show1", "show2"], maintain_order=True)
    wide = labels.NARROW - left - 12
    marks = [
        labels.Mark(
            (x - low_x) / (high_x - low_x) * wide,
            (y - low_y) / (high_y - low_y) * 300,
            _size(count) / 2,
            name,
        )
        for x, y, name, count in spots.select("show1", "show2", "name", "count").iter_rows()
    ]
    places = spots.select("show1", "show2", "name").iter_rows()
    for (x, y, name), settings in zip(
        places, labels.beside(labels.Layout(marks, wide, 300)), strict=True
    ):
        if settings:
            figure.add_annotation(x=x, y=y, text=look.safe(name), **settings)
    figure.add_annotation(
        x=0, xref="paper", xanchor="left", xshift=-40, y=1, yref="paper", yanchor="bottom",
        yshift=4, text=f"↑ {look.safe(look.short(up, 44))}", showarrow=False,
    )  # fmt: skip
    figure.add_annotation(
        x=1, xref="paper", xanchor="right", y=0, yref="paper", yanchor="top", yshift=-24,
        text=f"{look.safe(look.short(along, 44))} →", showarrow=False,
    )  # fmt: skip
    figure.update_xaxes(range=[low_x, high_x], tickangle=0, **_ticks(low_x, high_x))
    figure.update_yaxes(range=[low_y, high_y], **_ticks(low_y, high_y))
    alt = _("{unit} {n} dots; along: {along} from {low_x} to {high_x}; up: {up} from {low_y} to "
            "{high_y}.").format(
        unit=unit, n=f"{frame.height:,}", along=along, up=up,
        low_x=_end(frame["show1"].min()), high_x=_end(frame["show1"].max()),
        low_y=_end(frame["show2"].min()), high_y=_end(frame["show2"].max()),
    )  # fmt: skip
    if not many and frame.select("show1", "show2").is_duplicated().any():
        unit = _("{unit} A ring with a number: so many at one place.").format(unit=unit)
    legend = series != [""]
    finished = look.finished(
        figure, 1, alt, unit, source, row=300, axis=50, left=left, right=12, legend=legend,
        top=28 + (_legend_room(series) if legend else 0),
    )  # fmt: skip
    # Above the name of the axis.
    return finished.update_layout(legend={"y": 1 + 28 / 300}) if legend else finished


def _gathered(frame: pl.DataFrame) -> pl.DataFrame:
    """show1, show2, names (all of a place), count and name: what stands beside the place."""
    first = pl.col("names").list.first()
    cut = pl.when(first.str.len_chars() > 16).then(first.str.slice(0, 15) + "…").otherwise(first)
    return (
        frame.group_by("show1", "show2", maintain_order=True)
        .agg(pl.col("by1").alias("names"), pl.len().cast(pl.Int64).alias("count"))
        .with_columns(
            pl.when(pl.col("count") == 1)
            .then(cut)
            .otherwise(pl.format(_("{} and {} more"), cut, pl.col("count") - 1))
            .alias("name")
        )
    )


def _size(count: int) -> float:
    """Pixels across: room for the number where there is one."""
    return 10 if count == 1 else 16 + 4 * log10(count) * 2


def _gathered_dots(
    figure: go.Figure, places: pl.DataFrame, name: str, colour: str, index: int
) -> None:
    counts = places["count"].to_list()
    figure.add_scatter(
        name=look.safe(name),
        x=places["show1"].cast(pl.Float64).to_numpy(),
        y=places["show2"].cast(pl.Float64).to_numpy(),
        mode="markers+text",
        text=[str(count) if count > 1 else "" for count in counts],
        textfont={"size": 13},
        marker={
            "size": [_size(count) for count in counts],
            "color": [colour if count == 1 else CLEAR for count in counts],
            "symbol": SYMBOLS[index % len(SYMBOLS)],
            "line": {"color": colour, "width": [0 if count == 1 else 2 for count in counts]},
        },
        hovertext=[
            "<br>".join([*map(look.safe, names[:8]), *(["…"] if len(names) > 8 else [])])
            for names in places["names"]
        ],
        hovertemplate="%{hovertext}<br>%{x:,.2~f} · %{y:,.2~f}<extra></extra>",
    )


def boxes(frame: pl.DataFrame, unit: str, source: str) -> go.Figure:
    """How values are spread in each group.

    `frame`: by1, low, q1, median, q3, high (values), count (of values). The box is the middle
    half, the line in it the median; the thin line holds nine tenths of the values.
    """
    names = [
        _("{name}: median {median}, n = {count}").format(
            name=look.short(row["by1"], 22),
            median=look.number(row["median"]),
            count=f"{row['count']:,}",
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
        orientation="h", y=y, base=q1, x=q3 - q1, width=BAR, marker=look.band_fill("medium"),
        hovertext=[
            f"{look.safe(name)}<br>{look.number(start)} – {look.number(end)}"
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
            x=ends, y=y, mode="text", text=[f" {look.number(end)} " for end in ends],
            textposition=side, hoverinfo="skip", cliponaxis=False,
        )  # fmt: skip
    look.named_rows(figure, names)
    most, least = float(max(high, default=1)), float(min(low, default=0))
    air = (most - least or 1) * 0.22
    figure.update_xaxes(visible=False, range=[least - air, most + air])
    figure.update_layout(barmode="overlay")
    ranges = [f"{look.number(a)} – {look.number(b)}" for a, b in zip(q1, q3, strict=True)]
    alt = look.listed(unit, names, [_("middle half {range}").format(range=r) for r in ranges])
    meaning = _("Box: the middle half; thick line: the median; thin line: nine tenths.")
    return look.finished(figure, len(names), alt, f"{unit} {meaning}", source)


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
            text=[look.compact(value) for value in chosen], textposition="inside", textangle=0,
            insidetextanchor="middle",
            insidetextfont={"color": _text_on(SHADES[level]), "size": 13},
            hovertext=[
                f"{look.safe(rows[a])}<br>{look.safe(columns[b])}: {look.number(value)}"
                for a, b, value in zip(y, x, chosen, strict=True)
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        )  # fmt: skip
    y, x = np.nonzero(np.isnan(values))
    if len(y):
        figure.add_scatter(
            x=x, y=y, mode="text", text=["–"] * len(y), cliponaxis=False,
            hovertext=[f"{look.safe(rows[a])}<br>{look.safe(columns[b])}: {_('no data')}"
                       for a, b in zip(y, x, strict=True)],
            hovertemplate="%{hovertext}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(barmode="overlay")
    left = look.side_labels(figure, [look.two_lines(name) for name in rows], letters=16)
    upright = len(columns) > 4
    figure.update_xaxes(
        side="top",
        tickangle=-90 if upright else 0,
        tickvals=np.arange(len(columns)),
        ticktext=[
            look.safe(look.short(name, 16)) if upright else look.two_lines(name) for name in columns
        ],
        range=[-0.5, len(columns) - 0.5],
        showgrid=False,
    )
    longest = max((min(len(name), 16) for name in columns), default=0)
    top = 14 + round(longest * LETTER) if upright else 44
    ordered = frame.drop_nulls("show1").sort("show1", descending=True)
    alt = look.listed(
        unit, [f"{a}, {b}" for a, b in ordered.select("by1", "by2").iter_rows()],
        [look.number(value) for value in ordered["show1"]],
    )  # fmt: skip
    unit = _("{unit} A dash: no data.").format(unit=unit) if len(y) else unit
    return look.finished(figure, len(rows), alt, unit, source, row=44, top=top, left=left)


def areas(frame: pl.DataFrame, unit: str, source: str, quiet: Sequence[str] = ()) -> go.Figure:
    """A treemap: areas as large as their values, parts within their group.

    `frame`: by1, show1 (above 0) and perhaps by2. `quiet`: names of groups that are grey, because
    they are no group of their own, such as "Other".
    """
    groups = _in_order(frame, "by1")
    totals = dict(frame.group_by("by1").agg(pl.col("show1").sum()).iter_rows())
    ids = [f"g{place}" for place in range(len(groups))]
    whole = [*groups]  # names for the hover text, where there is room for all of them
    parents, values = [""] * len(groups), [float(totals[name]) for name in groups]
    nested = "by2" in frame.columns
    hues = iter(AREAS * len(groups))
    colours = [
        GREY if name in quiet else next(hues) if nested else BAND_FILL["medium"] for name in groups
    ]
    if nested:
        place_of = {name: place for place, name in enumerate(groups)}
        for number, (one, other, value) in enumerate(
            frame.select("by1", "by2", "show1").iter_rows()
        ):
            ids.append(f"p{number}")
            whole.append(other)
            parents.append(f"g{place_of[one]}")
            values.append(float(value))
            colours.append(colours[place_of[one]])
    figure = go.Figure()
    figure.add_treemap(
        ids=ids, parents=parents, values=np.array(values), branchvalues="total",
        # A heading of parts is one line; an area of its own has room for three.
        labels=[
            look.safe(look.short(name, 24)) if nested and not parent else _three_lines(name)
            for name, parent in zip(whole, parents, strict=True)
        ],
        text=[look.compact(value) for value in values], texttemplate="%{label}<br>%{text}",
        hovertext=[
            f"{look.safe(name)}: {look.number(value)}"
            for name, value in zip(whole, values, strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        marker={"colors": colours, "line": {"color": "#ffffff", "width": 1}, "pad": {"t": 24}},
        textfont={"color": [_text_on(colour) for colour in colours]},
        pathbar={"visible": False}, tiling={"pad": 2}, sort=True, root={"color": CLEAR},
    )  # fmt: skip
    # A name that would be smaller than that is in the hover text and the table only.
    figure.update_layout(uniformtext={"minsize": 12, "mode": "hide"})
    alt = look.listed(unit, groups, [look.number(totals[name]) for name in groups])
    small = _("Areas too small for a name are in the table.")
    return look.finished(figure, 1, alt, f"{unit} {small}", source, row=560)


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
            name=look.safe(look.short(name, 24)) or None,
            r=np.append(values, values[:1]),
            theta=np.append(np.arange(len(axes)), 0) * 360 / max(len(axes), 1),
            mode="lines+markers",
            line={"color": _colour(index), "width": 2, "dash": DASHES[index % len(DASHES)]},
            marker={"symbol": SYMBOLS[index % len(SYMBOLS)], "size": 9},
            hovertext=[look.safe(axis) for axis in [*axes, *axes[:1]]],
            hovertemplate="%{hovertext}: %{r:,.2~f}<extra></extra>",
        )
    top = look.largest(frame["value"]) or 1
    figure.update_layout(
        polar={
            "bgcolor": CLEAR,
            "radialaxis": {
                "range": [0, top * 1.08],
                "gridcolor": QUIET, "linecolor": QUIET, "nticks": 4, "angle": 90,
                "tickangle": 90, "tickformat": ",.3~g",
            },
            "angularaxis": {
                "tickvals": np.arange(len(axes)) * 360 / max(len(axes), 1),
                "ticktext": [look.two_lines(axis) for axis in axes],
                "gridcolor": QUIET, "linecolor": QUIET, "rotation": 90, "direction": "clockwise",
            },
            "domain": {"x": [0.26, 0.74], "y": [0.06, 0.88]},  # the rest is for names of axes
        }
    )  # fmt: skip
    pairs = frame.drop_nulls("value")
    named = [f"{a}, {s}" if s else a for a, s in pairs.select("axis", "series").iter_rows()]
    alt = look.listed(unit, named, [look.number(value) for value in pairs["value"]])
    legend = series != [""]
    finished = look.finished(
        figure, 1, alt, unit, source, row=340, axis=4, legend=legend,
        top=24 * (len(series) - 1) if legend else 0,
    )  # fmt: skip
    # One below the other, from the left edge: side by side they would run into the axis on top.
    return finished.update_layout(legend={"orientation": "v", "indentation": 0})


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
        return look.band_fill(name if name in BANDS else None)
    return {"color": _colour(index), "line": {"color": "#ffffff", "width": 1}}


def _text_on(colour: str) -> str:
    """Dark or light, whichever is read better on that fill."""
    if not colour.startswith("#"):
        return INK["light"]
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#ffffff" if 1.05 / (light + 0.05) > (light + 0.05) / 0.0565 else "#051517"


def _steps(low: float, high: float) -> list[tuple[float, float]]:
    edges = np.linspace(low, high if high > low else low + 1, len(SHADES) + 1)
    return [(float(a), float(b)) for a, b in pairwise(edges)]


def _reach(values: pl.Series, texts: Sequence[str]) -> list[float]:
    """An axis from 0 with room for the text behind the longest bar, in 390 pixels as well."""
    top = max(look.largest(values), 0.0)
    low = min(look.smallest(values), 0.0)
    room = (max(map(len, texts), default=4) + 1) * LETTER / 340
    span = (top - low or 1) / max(1 - min(room, 0.6), 0.2)
    if not low:
        return [0.0, span]
    return [low - (span - (top - low)), top + (span - (top - low))]


def _y_range(values: pl.Series) -> tuple[float, float]:
    """An axis with air above; from 0, unless the values are far from it."""
    low = look.smallest(values)
    high = look.largest(values)
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
    return look.compact(value) if abs(value) >= 10 or value == round(value) else f"{value:.3g}"


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


def _end(value: Any) -> str:
    return look.number(float(value or 0))


def _legend_room(names: Sequence[str]) -> int:
    """Pixels that a legend takes at 390 pixels beyond its first line."""
    letters = sum(min(len(name), 24) + 6 for name in names)
    return 21 * int(letters * LETTER / 360)


def _three_lines(name: str) -> str:
    lines = textwrap.wrap(" ".join(name.split()), 14, max_lines=3, placeholder="…")
    return "<br>".join(look.safe(line) for line in lines)
