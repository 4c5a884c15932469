"""Make the files in static/ again: fonts, country outlines, icon. Run by hand; output is committed.

    python scripts/make_static.py

Needs npm for two packages, fetched by name and version: `world-atlas` (Natural Earth's countries
as TopoJSON) and `@fontsource/ibm-plex-sans`. See docs/decisions/0002-fonts-and-outlines.md.
"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from math import cos, pi, radians, sin
from pathlib import Path
from typing import Any

import numpy as np
from babel import Locale
from babel.core import get_global
from numpy.typing import NDArray
from PIL import Image, ImageDraw

PACKAGES = {"world-atlas": "2.0.2", "@fontsource/ibm-plex-sans": "5.3.0"}
STATIC = Path(__file__).parents[1] / "static"
TOLERANCE = 0.1  # degrees a simplified border may stray: about a pixel on a world map
SMALLEST = 0.08  # square degrees below which an island is left out, unless it is all there is
# Natural Earth's places without a number in ISO 3166-1.
UNNUMBERED = {"Kosovo": "XK", "Somaliland": "SO", "N. Cyprus": "CY"}
LEFT_OUT = {"Antarctica", "Indian Ocean Ter."}

Ring = NDArray[np.float64]  # closed: (n, 2) of longitude, latitude; the last point is the first
Polygon = list[Ring]  # outer ring first, then holes


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        wanted = [f"{name}@{version}" for name, version in PACKAGES.items()]
        subprocess.run(
            ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *wanted],
            cwd=folder,
            check=True,
        )
        packages = Path(folder) / "node_modules"
        copy_fonts(packages / "@fontsource" / "ibm-plex-sans")
        write_outlines(packages / "world-atlas")
    draw_icon()


def copy_fonts(package: Path) -> None:
    target = STATIC / "fonts"
    target.mkdir(parents=True, exist_ok=True)
    for subset in ("latin", "latin-ext"):
        for weight in (400, 500, 600):
            name = f"ibm-plex-sans-{subset}-{weight}-normal.woff2"
            shutil.copyfile(package / "files" / name, target / name)
    shutil.copyfile(package / "LICENSE", target / "LICENSE-OFL.txt")


# Country outlines


def write_outlines(package: Path) -> None:
    topology = json.loads((package / "countries-50m.json").read_text())
    arcs = [simplified(arc) for arc in decoded_arcs(topology)]
    english = Locale("en").territories
    countries: dict[str, list[Polygon]] = {}
    for geometry in topology["objects"]["countries"]["geometries"]:
        name = geometry["properties"]["name"]
        if name not in LEFT_OUT:
            code = alpha_2(geometry.get("id"), name)
            countries.setdefault(code, []).extend(polygons(geometry, arcs))
    features = []
    for code, parts in sorted(countries.items()):
        kept = without_specks([piece for part in parts for piece in cut_at_antimeridian(part)])
        features.append(
            {
                "type": "Feature",
                "properties": {
                    "code": code or None,
                    "name": english.get(code),
                    "centre": [round(x, 2) for x in inner_point(max(kept, key=area))],
                },
                "geometry": {
                    "type": "MultiPolygon",
                    "coordinates": [[rounded(ring) for ring in part] for part in kept],
                },
            }
        )
    text = json.dumps(
        {"type": "FeatureCollection", "features": features},
        separators=(",", ":"),
        ensure_ascii=False,
    )
    (STATIC / "countries.geojson").write_text(text + "\n", encoding="utf-8")
    shutil.copyfile(package / "LICENSE", STATIC / "LICENSE-world-atlas.txt")


def alpha_2(number: str | None, name: str) -> str:
    """ISO 3166-1 alpha-2; empty for the one disputed area that no code belongs to."""
    if number is None:
        return UNNUMBERED.get(name, "")
    (code,) = get_global("territory_aliases")[number]
    return str(code)


def decoded_arcs(topology: dict[str, Any]) -> Iterator[Ring]:
    """The arcs in degrees (TopoJSON stores whole-number steps from point to point)."""
    scale = np.array(topology["transform"]["scale"])
    start = np.array(topology["transform"]["translate"])
    for arc in topology["arcs"]:
        yield np.cumsum(np.array(arc, dtype=float), axis=0) * scale + start


def simplified(line: Ring) -> Ring:
    """Douglas-Peucker. Neighbours share arcs, so their common border stays common."""
    if len(line) < 4:
        return line
    # Small islands and city states keep their shape.
    tolerance = min(TOLERANCE, float(np.ptp(line, axis=0).max()) / 10)
    keep = np.zeros(len(line), dtype=bool)
    # A closed arc has no length between its ends: split it at the point farthest from them.
    middle = int(np.hypot(*(line - line[0]).T).argmax())
    keep[[0, middle, -1]] = True
    spans = [(0, middle), (middle, len(line) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        base = line[last] - line[first]
        away = line[first + 1 : last] - line[first]
        length = np.hypot(*base)
        if length == 0:
            distance = np.hypot(*away.T)
        else:
            distance = np.abs(base[0] * away[:, 1] - base[1] * away[:, 0]) / length
        farthest = first + 1 + int(distance.argmax())
        if distance.max() > tolerance:
            keep[farthest] = True
            spans += [(first, farthest), (farthest, last)]
    return line[keep]


def polygons(geometry: dict[str, Any], arcs: list[Ring]) -> list[Polygon]:
    parts = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
    found = []
    for part in parts:
        rings = [joined(indexes, arcs) for indexes in part]
        if len(rings[0]) >= 4:
            found.append([ring for ring in rings if len(ring) >= 4])
    return found


def joined(indexes: list[int], arcs: list[Ring]) -> Ring:
    """One ring out of its arcs; `~i` is arc i walked backwards."""
    pieces = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indexes]
    return np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])])


def cut_at_antimeridian(polygon: Polygon) -> list[Polygon]:
    """The polygon as it is, or in two where it crosses 180 degrees (Russia, Fiji)."""
    whole = [unwrapped(ring) for ring in polygon]
    low, high = whole[0][:, 0].min(), whole[0][:, 0].max()
    if low >= -180 and high <= 180:
        return [whole]
    shift = -360 if high > 180 else 360
    edge = 180 if high > 180 else -180
    here = [clipped(ring, edge, keep_below=high > 180) for ring in whole]
    over = [clipped(ring, edge, keep_below=high <= 180) for ring in whole]
    there = [ring + np.array([shift, 0]) for ring in over]
    return [
        [ring for ring in part if len(ring) >= 4] for part in (here, there) if len(part[0]) >= 4
    ]


def unwrapped(ring: Ring) -> Ring:
    """The ring without jumps from one end of the world to the other."""
    turns = np.cumsum(-np.round(np.diff(ring[:, 0], prepend=ring[0, 0]) / 360))
    return ring + np.stack([360 * turns, np.zeros(len(ring))], axis=1)


def clipped(ring: Ring, edge: float, *, keep_below: bool) -> Ring:
    """The part of the ring on one side of a meridian (Sutherland-Hodgman)."""
    sign = 1 if keep_below else -1
    points: list[Ring] = []
    for a, b in pairwise(ring):
        a_in, b_in = sign * a[0] <= sign * edge, sign * b[0] <= sign * edge
        if a_in:
            points.append(a)
        if a_in != b_in:
            points.append(a + (b - a) * (edge - a[0]) / (b[0] - a[0]))
    return np.array([*points, points[0]]) if points else np.empty((0, 2))


def without_specks(parts: list[Polygon]) -> list[Polygon]:
    largest = max(parts, key=area)
    return [part for part in parts if part is largest or area(part) >= SMALLEST]


def area(polygon: Polygon) -> float:
    return abs(signed_area(polygon[0]))


def signed_area(ring: Ring) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2)


def rounded(ring: Ring) -> list[list[float]]:
    """To about a kilometre, and turned round: GeoJSON walks outer rings counterclockwise."""
    points = [[round(float(x), 2), round(float(y), 2)] for x, y in ring[::-1]]
    return [p for i, p in enumerate(points) if i == 0 or p != points[i - 1]]


def inner_point(polygon: Polygon) -> tuple[float, float]:
    """A point well inside the outline: of a grid, the one farthest from any border."""
    outline = polygon[0]
    (west, south), (east, north) = outline.min(axis=0), outline.max(axis=0)
    grid = np.stack(
        np.meshgrid(np.linspace(west, east, 62)[1:-1], np.linspace(south, north, 62)[1:-1]), axis=-1
    ).reshape(-1, 2)
    inside = grid[contains(outline, grid)]
    if not len(inside):
        return tuple(outline[:-1].mean(axis=0))
    start, end = outline[:-1], outline[1:]
    side = end - start
    square = np.maximum((side**2).sum(axis=1), 1e-12)
    along = ((inside[:, None] - start) * side).sum(axis=2) / square
    nearest = start + np.clip(along, 0, 1)[..., None] * side
    narrow = np.array([cos(radians((south + north) / 2)), 1])  # a degree east is shorter
    distance = np.hypot(*np.moveaxis((inside[:, None] - nearest) * narrow, -1, 0)).min(axis=1)
    return tuple(inside[distance.argmax()])


def contains(ring: Ring, points: Ring) -> NDArray[np.bool_]:
    x, y = points[:, :1], points[:, 1:]
    (ax, ay), (bx, by) = ring[:-1].T, ring[1:].T
    crosses = (ay > y) != (by > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = x < (bx - ax) * (y - ay) / (by - ay) + ax
    inside: NDArray[np.bool_] = (crosses & left).sum(axis=1) % 2 == 1
    return inside


# The mark: a round table with five seats, three of them taken, which is a quorum of five.

TAKEN, FREE = "#0d5c66", "#8fbcc1"
SEATS, GAP, RADIUS, WIDTH = 5, 16, 24.0, 11.0  # the gap in degrees, lengths on a field of 64


def draw_icon() -> None:
    seats = []
    for seat in range(SEATS):
        start = -90 + seat * 360 / SEATS + GAP / 2
        end = start + 360 / SEATS - GAP
        seats.append((start, end, TAKEN if seat < 3 else FREE))
    (STATIC / "icon.svg").write_text(icon_svg(seats), encoding="utf-8")
    scale = 16
    image = Image.new("RGBA", (64 * scale, 64 * scale), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    outer = RADIUS + WIDTH / 2
    box = tuple(scale * (32 + side * outer) for side in (-1, -1, 1, 1))
    for start, end, colour in seats:
        pen.arc(box, start, end, fill=colour, width=round(WIDTH * scale))
    image.resize((128, 128), Image.Resampling.LANCZOS).save(STATIC / "icon.png", optimize=True)


def icon_svg(seats: list[tuple[float, float, str]]) -> str:
    lines = []
    for start, end, colour in seats:
        (x1, y1), (x2, y2) = (
            (32 + RADIUS * cos(a * pi / 180), 32 + RADIUS * sin(a * pi / 180)) for a in (start, end)
        )
        lines.append(
            f'  <path d="M{x1:.2f} {y1:.2f}A{RADIUS:g} {RADIUS:g} 0 0 1 {x2:.2f} {y2:.2f}"'
            f' stroke="{colour}"/>'
        )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" role="img"'
        ' aria-label="Quorum">\n'
        f' <g fill="none" stroke-width="{WIDTH:g}">\n' + "\n".join(lines) + "\n </g>\n</svg>\n"
    )


if __name__ == "__main__":
    main()
