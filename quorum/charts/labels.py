"""Names beside marks, where no other name and no other mark stands, on the narrowest screen."""

from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

NARROW = 342  # pixels that a figure is wide on a phone
WIDE = 850  # and on a desk
LETTER = 7.2  # pixels, about, of a character at 13 pixels
LINE = 17  # pixels that a name is high


class Mark(NamedTuple):
    """Pixels from the left and from the foot of the figure, half of its width, and its name; with
    an empty name it only stands in the way of others."""

    x: float
    y: float
    radius: float
    name: str


Box = tuple[float, float, float, float]  # left, right, foot, top


class Layout(NamedTuple):
    """Marks where they stand in a figure of this size; the first of them are those with names, in
    the same order in each layout of a figure."""

    marks: Sequence[Mark]
    width: float
    height: float


def beside(*layouts: Layout) -> list[dict[str, Any] | None]:
    """Where the name of each mark stands, as settings of a plotly annotation; None where there is
    no room. A place has room in every layout. Earlier marks choose first."""
    placed: list[list[Box]] = [[] for __ in layouts]
    found: list[dict[str, Any] | None] = []
    for index in range(min(len(layout.marks) for layout in layouts)):
        each = [_sides(layout.marks[index]) for layout in layouts]
        free = next(
            (
                side
                for side in zip(*each, strict=True)
                if all(
                    _room(box, layout, index, names)
                    for (box, __), layout, names in zip(side, layouts, placed, strict=True)
                )
            ),
            None,
        )
        if free:
            for names, (box, __) in zip(placed, free, strict=True):
                names.append(box)
        found.append(free[0][1] if free else None)
    return found


def _room(box: Box, layout: Layout, index: int, names: Sequence[Box]) -> bool:
    inside = box[0] >= 0 and box[1] <= layout.width and box[2] >= 0 and box[3] <= layout.height
    others = (_around(mark) for place, mark in enumerate(layout.marks) if place != index)
    return inside and not any(_meet(box, other) for other in chain(names, others))


def _around(mark: Mark) -> Box:
    return (mark.x - mark.radius, mark.x + mark.radius, mark.y - mark.radius, mark.y + mark.radius)


def _sides(mark: Mark) -> list[tuple[Box, dict[str, Any]]]:
    if not mark.name:
        return []
    wide, off, half = len(mark.name) * LETTER, mark.radius + 3, LINE / 2
    left, right, foot, top = mark.x - off, mark.x + off, mark.y - off, mark.y + off
    return [
        ((right, right + wide, mark.y - half, mark.y + half), _at("left", "middle", off, 0)),
        ((left - wide, left, mark.y - half, mark.y + half), _at("right", "middle", -off, 0)),
        ((mark.x - wide / 2, mark.x + wide / 2, top, top + LINE), _at("center", "bottom", 0, off)),
        ((mark.x - wide / 2, mark.x + wide / 2, foot - LINE, foot), _at("center", "top", 0, -off)),
    ]


def _at(xanchor: str, yanchor: str, xshift: float, yshift: float) -> dict[str, Any]:
    return {
        "xanchor": xanchor, "yanchor": yanchor, "xshift": xshift, "yshift": yshift,
        "showarrow": False, "borderpad": 0, "font": {"size": 13},
    }  # fmt: skip


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]
