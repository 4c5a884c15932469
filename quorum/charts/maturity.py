"""Figures of assessments: bands, points over time, what members say of one supplier."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl

from quorum.charts import look
from quorum.charts.look import (
    BAND_TEXT,
    BANDS,
    BAR,
    EDGE,
    GLYPHS,
    LETTER,
    LINES,
    LONGEST_LABEL,
    LOWER,
    QUIET,
    SYMBOLS,
    Zones,
    band_word,
)
from quorum.language import _


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
            y=look.positions(chosen["dimension"], dimensions) + LOWER,
            width=BAR,
            x=chosen["suppliers"].to_numpy(),
            text=texts,
            marker=look.band_fill(band),
            **_inside(band),
            hovertemplate="%{text}<extra></extra>",
        )
    figure.update_layout(barmode="stack")
    look.named_rows(figure, dimensions)
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
    return look.finished(figure, len(dimensions), alt, unit, source, legend=crowded)


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
                y=look.positions(chosen["supplier_id"], ids),
                x=np.full(chosen.height, 0.96),
                base=look.positions(chosen["dimension"], dimensions) - 0.48,
                width=0.84,
                text=[_cell(row) for row in chosen.iter_rows(named=True)],
                customdata=chosen["supplier_id"].to_list(),
                hovertext=[
                    f"{look.safe(row['supplier'])}<br>{look.safe(row['dimension'])}: {_cell(row)}"
                    for row in chosen.iter_rows(named=True)
                ],
                hovertemplate="%{hovertext}<extra></extra>",
                marker=look.band_fill(band)
                if sure
                else look.band_fill(band, hatched_with=chosen["band_high"][0]),
                **_inside(band, size=13),
            )
    figure.update_layout(barmode="overlay")
    left = look.side_labels(
        figure, [look.two_lines(name) for name in order["supplier"]], letters=16
    )
    figure.update_xaxes(
        side="top",
        tickangle=0,
        tickvals=np.arange(len(dimensions)),
        ticktext=[look.safe(dimension) for dimension in dimensions],
        range=[-0.5, len(dimensions) - 0.5],
        showgrid=False,
    )
    weakest = [" ".join(name.split()) for name in order["supplier"].head(3)]
    alt = _("Bands of {count} suppliers by dimension. Least ready: {names}.").format(
        count=len(ids), names=", ".join(weakest)
    )
    unit = _("Band and points. Hatched: a reconstructed value decides between two bands.")
    return look.finished(figure, len(ids), alt, unit, source, row=44, top=30, left=left)


def trend(frame: pl.DataFrame, zones: Mapping[str, Zones], source: str) -> go.Figure:
    """Points over time, one panel per dimension, one line per assessing organisation.

    `frame`: date, dimension (as people read it), points, points_high, organisation (name).
    `zones`: by dimension, where its bands begin; their order is that of the panels.
    """
    names = sorted(frame["organisation"].unique().to_list())
    figure = go.Figure()
    figure.set_subplots(rows=len(zones), cols=1, shared_xaxes=True, vertical_spacing=0.09)
    first, last = look.padded(frame["date"])
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
                    f"{look.safe(name)}<br>{_range(low, high)}"
                    for low, high in line.select("points", "points_high").iter_rows()
                ],
                hovertemplate="%{text}<br>%{x|%d %b %Y}<extra></extra>",
                row=number,
                col=1,
            )
        for value, label in _last_labels(panel, names, zone.most):
            figure.add_annotation(
                x=1, xref="x domain", xanchor="left", xshift=4, y=value,
                yref=look.axis_name("y", number), text=label, showarrow=False, align="left",
            )  # fmt: skip
        look.panel_title(figure, number, dimension)
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
    return look.finished(
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
        _beside(figure, f"<b>{look.safe(part)}</b>", tall, 0.0)
        tall += 1
        for row in frame.filter(pl.col("part") == part).iter_rows(named=True):
            _beside(
                figure, look.safe(f"{look.short(row['label'], 22)}: {row['words']}"), tall, -0.24
            )
            _ring_and_dot(figure, row, tall + 0.24)
            said.append(f"{part}, {row['label']}: {row['words']}")
            tall += 1
    figure.update_xaxes(range=[-0.03, 1.03], visible=False)
    figure.update_yaxes(range=[tall - 0.5, -0.5], visible=False)
    unit = _(
        "Ring: before; dot: after. Every line begins at zero. Broken: not of one source, to be "
        "compared with care."
    )
    return look.finished(figure, tall, "; ".join(said), unit, source, row=48)


def _ring_and_dot(figure: go.Figure, row: Mapping[str, Any], place: float) -> None:
    most = row["most"] or 1
    ends = [None if row[end] is None else row[end] / most for end in ("before", "after")]
    hover = {"hovertext": look.safe(row["words"]), "hovertemplate": "%{hovertext}<extra></extra>"}
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
        labels.append(f"<b>{look.safe(dimension)}</b>")
        rows = np.arange(len(labels), len(labels) + group.height)
        labels += [look.safe(look.short(name)) for name in group["organisation"]]
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
            hovertext=[look.safe(name) for name in group["organisation"]],
            hovertemplate="%{hovertext}:%{text}<extra></extra>",
            cliponaxis=False,
        )
        spreads.append(
            _("{dimension} from {low} to {high}").format(
                dimension=dimension, low=group["points"].min(), high=group["points_high"].max()
            )
        )
    left = look.side_labels(figure, labels, letters=LONGEST_LABEL)
    most = max((zone.most for zone in zones.values()), default=10)
    figure.update_xaxes(
        range=[-0.4, 1.45 * most], showgrid=False, tickangle=0, tickvals=np.arange(0, most + 1, 5)
    )
    alt = _("Points that members gave: {spreads}.").format(spreads="; ".join(spreads))
    unit = _("Points; shaded from where Medium and where High begins.")
    return look.finished(figure, len(labels), alt, unit, source, row=28, axis=26, left=left)


def coverage_bar(assessed: int, stale: int, never: int, source: str) -> go.Figure:
    """How many suppliers have a current assessment, only an old one, or none."""
    parts = (
        (_("Assessed"), assessed, look.band_fill("high"), BAND_TEXT["high"]),
        (_("Stale"), stale, look.band_fill("low", hatched_with="medium"), BAND_TEXT["low"]),
        (_("Never"), never, look.band_fill(None), None),
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
    return look.finished(figure, 1, alt, unit, source, legend=crowded, row=40)


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
    return look.number(low) if low == high else f"{look.number(low)}–{look.number(high)}"


def _draw_zones(figure: go.Figure, zone: Zones, panel: int) -> None:
    steps = (("low", 0.0, zone.medium), ("medium", zone.medium, zone.high))
    for (band, start, end), shade in zip(
        (*steps, ("high", zone.high, zone.most)), (0.0, 0.12, 0.24), strict=True
    ):
        figure.add_shape(
            type="rect", x0=0, x1=1, xref="x domain", y0=start, y1=end,
            yref=look.axis_name("y", panel), fillcolor=f"rgba(43,138,143,{shade})", line_width=0,
            layer="below",
        )  # fmt: skip
        figure.add_annotation(
            x=0, xref="x domain", xanchor="left", xshift=4, y=(start + end) / 2,
            yref=look.axis_name("y", panel), text=band_word(band), showarrow=False,
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
        yield place, f"{glyph}</span> {look.safe(look.short(name, 16))}"
