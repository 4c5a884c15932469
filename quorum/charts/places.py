"""Maps on plain country outlines: no tile, and no request to anywhere."""

import json
from collections.abc import Sequence
from functools import lru_cache
from math import cos, radians
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
import polars as pl

from quorum.charts import labels, look
from quorum.charts.look import BAND_FILL, BAND_TEXT, CLEAR, DRAWN_SITES, EDGE, QUIET
from quorum.language import _, ngettext

OUTLINES = Path(__file__).parents[2] / "static" / "countries.geojson"
HEIGHT = 380  # pixels
NAMED = 5  # countries that carry their names
LAND = "rgba(120,140,145,0.30)"
SEA = "rgba(120,140,145,0.07)"


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
    view = _extent(
        np.concatenate([placed["longitude"].to_numpy(), ring_x]),
        np.concatenate([placed["latitude"].to_numpy(), ring_y]),
    )
    figure = _land(world)
    marks = _neighbourhoods(placed, cell=view.width / 120)
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
            look.safe(row["name"])
            if row["count"] == 1
            else ngettext("{n} site near here", "{n} sites near here", row["count"]).format(
                n=row["count"]
            )
            for row in marks.iter_rows(named=True)
        ],
        hovertext=[look.safe(world.names.get(code, code)) for code in marks["country"]],
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
                n=count, country=look.safe(world.names[code])
            )
            for code, count in rings.iter_rows()
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    countries = frame["country"].value_counts(sort=True)
    most = ", ".join(
        f"{world.names.get(code, code)} {count}" for code, count in countries.head(3).iter_rows()
    )
    alt = _("Map of {sites} production sites in {countries} countries; most in {most}.").format(
        sites=frame.height, countries=countries.height, most=most
    )
    unit = _("A dot is a site, a ring counts sites whose position is unknown.")
    return _view(figure, view, alt, unit, source)


def country_map(
    frame: pl.DataFrame, unit: str, source: str, outlines: Path = OUTLINES
) -> go.Figure:
    """A circle for each country, its area as large as the value; the largest carry it as text, and
    the five largest their names.

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
    view = _extent(x, y)
    figure = _land(world)
    texts = _apart(x, y, sizes, [look.compact(value) for value in values], view.width)
    figure.add_scatter(
        x=x, y=y, mode="markers+text",
        marker={"size": sizes, "color": BAND_FILL["low"], "opacity": 0.9,
                "line": {"color": EDGE, "width": 1.5}},
        text=texts,
        textfont={"color": BAND_TEXT["low"], "size": 13},
        hovertext=[
            f"{look.safe(name)}: {look.number(value)}"
            for name, value in zip(placed["by1"], values, strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip
    names = placed["by1"].head(NAMED).to_list()
    on_a_desk = _marks(x, y, sizes, names, view, labels.WIDE)
    # On a phone small circles lie so close that only names are kept apart.
    on_a_phone = on_a_desk._replace(
        marks=_marks(x, y, sizes, names, view, labels.NARROW).marks[:NAMED], width=labels.NARROW
    )
    for name, settings, across, up in zip(
        names, labels.beside(on_a_phone, on_a_desk), x, y, strict=False
    ):
        if settings:
            figure.add_annotation(x=across, y=up, text=look.safe(look.short(name)), **settings)
    ordered = frame.sort("show1", descending=True)
    alt = look.listed(unit, ordered["by1"].to_list(), [look.number(v) for v in ordered["show1"]])
    if placed.height:
        # Some of those names have no room on the map.
        largest = zip(names, map(look.number, values), strict=False)
        unit = _("{unit} The area of a circle is its figure; the largest: {largest}.").format(
            unit=unit, largest=", ".join(f"{name} {value}" for name, value in largest)
        )
    return _view(figure, view, alt, unit, source)


def _marks(
    x: Any, y: Any, sizes: Any, names: Sequence[str], view: "_Extent", width: float
) -> labels.Layout:
    """Circles where they stand in a figure of that width, the first of them with names."""
    scale = min(width / view.width, HEIGHT / (view.north - view.south) / view.stretch)
    middle_x, middle_y = (view.west + view.east) / 2, (view.south + view.north) / 2
    marks = [
        labels.Mark(
            width / 2 + (across - middle_x) * scale,
            HEIGHT / 2 + (up - middle_y) * scale * view.stretch,
            size / 2,
            look.short(names[place]) if place < len(names) else "",
        )
        for place, (across, up, size) in enumerate(zip(x, y, sizes, strict=True))
    ]
    return labels.Layout(marks, width, HEIGHT)


class _World(NamedTuple):
    x: Any  # all outlines in one line, parted by NaN
    y: Any
    centres: dict[str, tuple[float, float]]  # longitude, latitude well inside each country
    names: dict[str, str]


class _Extent(NamedTuple):
    """What a view shows, in degrees."""

    west: float
    east: float
    south: float
    north: float

    @property
    def width(self) -> float:
        return self.east - self.west

    @property
    def stretch(self) -> float:
        """Degrees of longitude shrink towards the poles: true to shape in the middle."""
        return 1 / cos(radians(min(abs(self.south + self.north) / 2, 60)))


def _land(world: _World) -> go.Figure:
    """A figure with nothing but the outlines."""
    figure = go.Figure()
    figure.add_scatter(
        x=world.x, y=world.y, mode="lines", fill="toself", fillcolor=LAND,
        line={"color": QUIET, "width": 0.6}, hoverinfo="skip", connectgaps=False,
    )  # fmt: skip
    return figure


def _view(figure: go.Figure, view: _Extent, alt: str, unit: str, source: str) -> go.Figure:
    """The finished map of this part of the world, which can be moved and enlarged."""
    figure.update_layout(dragmode="pan", modebar={"bgcolor": CLEAR, "color": EDGE})
    figure.update_xaxes(visible=False, range=[view.west, view.east], constrain="range")
    figure.update_yaxes(
        visible=False, range=[view.south, view.north], scaleanchor="x", constrain="range",
        scaleratio=view.stretch,
    )  # fmt: skip
    ground = _("Outlines: Natural Earth, which takes no side in a dispute over a border.")
    finished = look.finished(figure, 1, alt, unit, f"{source} {ground}", row=HEIGHT, free=True)
    return finished.update_layout(plot_bgcolor=SEA, modebar_activecolor=EDGE)


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


def _extent(x: Any, y: Any) -> _Extent:
    """West, east, south, north of the view: the points with air around them, or the world."""
    if not len(x) or np.ptp(x) > 150:
        return _Extent(-170.0, 180.0, -56.0, 78.0)
    air = max(float(np.ptp(x)), float(np.ptp(y)), 12.0) * 0.12
    middle_x, middle_y = (x.min() + x.max()) / 2, (y.min() + y.max()) / 2
    half_x = max(float(np.ptp(x)) / 2, 8.0) + air
    half_y = max(float(np.ptp(y)) / 2, 5.0) + air
    return _Extent(middle_x - half_x, middle_x + half_x, middle_y - half_y, middle_y + half_y)


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
