"""What a briefing is made of, and how its words are kept short."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from unicodedata import east_asian_width

from quorum.language import _, ngettext

MOST_QUESTIONS = 20  # of the shared board; of the buyers' board MOST_ROWS
MOST_ROWS = 8  # of a table: a briefing has two to four pages
LONGEST = 400  # letters of what people wrote: a question is read out, so it is rarely cut
PROMISE = 200  # letters of a commitment
USUAL = 140  # letters of a question: so many pages were counted with


@dataclass(frozen=True)
class Text:
    """small: how to read what stands above. item: one of a list."""

    text: str
    small: bool = False
    item: bool = False


@dataclass(frozen=True)
class Table:
    """widths: parts of the page's width. right: columns of numbers. bold: columns of names."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]
    right: tuple[int, ...] = ()
    bold: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Trend:
    """Overall levels over time: (day, lowest, highest) with 0 low, 1 medium, 2 high.

    The table that follows says the same: where nothing can be drawn, nothing is lost.
    """

    marks: tuple[tuple[date, int, int], ...]
    levels: tuple[str, ...]
    caption: str


Block = Text | Table | Trend


@dataclass(frozen=True)
class Section:
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Briefing:
    """The whole paper. facts, figures: label and value. kept_back: see `Cut`."""

    title: str
    readers: str
    facts: tuple[tuple[str, str], ...]
    figures: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    author: str
    foot: str
    made_on: date
    kept_back: tuple[str, ...]
    written: Mapping[str, str]
    """Place -> what people wrote for the dialogue, as printed: for `quorum.chatham.names_in`."""
    said_in: Mapping[str, str]
    """Of these, promises and uses of leverage: place -> the dialogue that they come from."""


# Words --------------------------------------------------------------------------------------------


def more(count: int, shown: int = MOST_ROWS) -> list[Text]:
    n = count - shown
    return [Text(ngettext("{n} more.", "{n} more.", n).format(n=n), small=True)] if n > 0 else []


def short(text: str, most: int = LONGEST) -> str:
    """One line of at most `most` letters; Chinese, Japanese and Korean ones are as wide as two."""
    line = " ".join(text.split())
    ends = accumulate(2 if east_asian_width(letter) in "WF" else 1 for letter in line)
    fitting = sum(end <= most for end in ends)
    return line if fitting == len(line) else line[: fitting - 1].rstrip() + "…"


def percent(part: int, whole: int) -> str:
    """A share in percent; what is not all and not nothing never reads 100 % or 0 %."""
    if not whole:
        return "–"
    share = 100 * part / whole
    if 0 < share < 1:
        return _("under 1 %")
    if 99 < share < 100:
        return _("over 99 %")
    return f"{share:.0f} %"


def percent_range(low: float | None, high: float | None) -> str:
    if low is None:
        return "–"
    ends = [f"{100 * end:.1f} %" for end in (low, high) if end is not None]
    if high is None:
        return _("at least {low}").format(low=ends[0])
    return ends[0] if ends[0] == ends[1] else _("{low} to {high}").format(low=ends[0], high=ends[1])


def money(amount: float) -> str:
    return f"{amount:,.0f}"
