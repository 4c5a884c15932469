"""Names beside marks, where no other name and no other mark stands, on the narrowest screen."""

from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

NARROW = 342  # pixels that a figure is wide on a phone
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


def beside(marks: Sequence[Mark], width: float, height: float) -> list[dict[str, Any] | None]:
    """Where the name of each mark stands, as settings of a plotly annotation; None where there is
    no room. Earlier marks choose first."""
    placed: list[Box] = []
    found: list[dict[str, Any] | None] = []
    for index, mark in enumerate(marks):
        others = [_around(other) for place, other in enumerate(marks) if place != index]
        sides = _sides(mark) if mark.name else []
        free = next(
            (
                (box, settings)
                for box, settings in sides
                if box[0] >= 0 and box[1] <= width and box[2] >= 0 and box[3] <= height
                and not any(_meet(box, other) for other in chain(placed, others))
            ),
            None,
        )  # fmt: skip
        if free:
            placed.append(free[0])
        found.append(free[1] if free else None)
    return found


def _around(mark: Mark) -> Box:
    return (mark.x - mark.radius, mark.x + mark.radius, mark.y - mark.radius, mark.y + mark.radius)


def _sides(mark: Mark) -> list[tuple[Box, dict[str, Any]]]:
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
