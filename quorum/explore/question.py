"""A question to a dataset: what it is made of, how a pick changes it, and how a link carries it.

Everything of a question fits into a link, and everything in a link may be wrong: `read_query` says
what it could not read.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlencode

import polars as pl

from quorum.definitions.datasets import (
    CHARTS,
    DATES,
    ROWS,
    Column,
    Dataset,
    ReadyMade,
    datasets,
)
from quorum.language import _

PERIODS = {"year": "1y", "quarter": "1q", "month": "1mo"}
MOST_DIMENSIONS = 2
MOST_MEASURES = 8
MOST_VALUES = 200  # of one filter
LONGEST = 4_000  # characters of a stored question
SHARE = "share"  # what is made of rows: each part's percentage of its bar
OTHER = "\x1fother"  # stands for the categories that a chart has no room for


@dataclass(frozen=True)
class Measure:
    """A column and what is made of its values in each group; `rows` alone counts the rows, and
    `rows.share` says how many of a hundred rows of the first dimension are in each part."""

    column: str
    aggregation: str = ""

    @property
    def code(self) -> str:
        return f"{self.column}.{self.aggregation}" if self.aggregation else self.column


@dataclass(frozen=True)
class Question:
    """What somebody wants to see; hashable, so that it can be part of a cache's key.

    `only`: per column the values that are kept, as texts ("" is what is not known); `days`: per
    column of dates the first and the last day, or None; `chart` "" leaves it to suggest_chart.
    """

    dataset: str
    by: tuple[str, ...] = ()
    show: tuple[Measure, ...] = (Measure(ROWS),)
    per: str = "year"
    only: tuple[tuple[str, tuple[str, ...]], ...] = ()
    days: tuple[tuple[str, date | None, date | None], ...] = ()
    chart: str = ""

    def values(self, column: str) -> tuple[str, ...]:
        return dict(self.only).get(column, ())

    def with_only(self, column: str, values: Iterable[str]) -> "Question":
        """The question with this filter instead of the one it had."""
        kept = [(name, chosen) for name, chosen in self.only if name != column]
        wanted = tuple(values)
        return replace(self, only=tuple([*kept, (column, wanted)] if wanted else kept))


# A question and its link --------------------------------------------------------------------------


def to_query(question: Question) -> dict[str, list[str]]:
    """The question as the query of a link: only what differs from the default is in it."""
    query: dict[str, list[str]] = {"data": [question.dataset]}
    if question.by:
        query["by"] = list(question.by)
    query["show"] = [measure.code for measure in question.show]
    if question.per != "year":
        query["per"] = [question.per]
    for column, values in question.only:
        query[f"only_{column}"] = list(values)
    for column, first, last in question.days:
        if first:
            query[f"from_{column}"] = [first.isoformat()]
        if last:
            query[f"to_{column}"] = [last.isoformat()]
    if question.chart:
        query["chart"] = [question.chart]
    return query


def read_query(
    query: Mapping[str, Sequence[str]], datasets: Mapping[str, Dataset]
) -> tuple[Question | None, list[str]]:
    """The question in a link, and a sentence about each part that could not be read.

    None: the link names no dataset, or one that is not there. Parts that are not understood are
    left out of the question; parameters of others (such as `saved`) are not looked at.
    """
    code = _first(query, "data")
    if not code:
        return None, []
    if code not in datasets:
        known = ", ".join(one.label for one in datasets.values())
        return None, [
            _(
                "The link asks for the dataset “{code}”, which is not there or not any more. "
                "There are: {known}. Choose one of them."
            ).format(code=cut(code), known=known)
        ]
    reader = _Reader(datasets[code])
    question = Question(
        dataset=code,
        by=reader.dimensions(query.get("by", ())),
        show=reader.measures(query.get("show", (ROWS,))),
        per=reader.one_of(_first(query, "per") or "year", tuple(PERIODS), _("period")),
        only=reader.only(query),
        days=reader.days(query),
        chart=reader.one_of(_first(query, "chart"), ("", *CHARTS), _("chart")),
    )
    return question, reader.problems


@dataclass
class _Reader:
    """Reads the parts of a link, and keeps a sentence about each that is wrong."""

    dataset: Dataset
    problems: list[str] = field(default_factory=list)

    def dimensions(self, codes: Sequence[str]) -> tuple[str, ...]:
        known = [code for code in dict.fromkeys(codes) if self.column(code)]
        if len(known) > MOST_DIMENSIONS:
            self.problems.append(
                _("A chart has at most two dimensions: {left} are left out.").format(
                    left=", ".join(self.dataset.columns[code].label for code in known[2:])
                )
            )
        return tuple(known[:MOST_DIMENSIONS])

    def measures(self, codes: Sequence[str]) -> tuple[Measure, ...]:
        found = []
        for code in dict.fromkeys(codes):
            measure = _from_code(code)
            if measure.column == ROWS:
                found.append(measure if measure.aggregation == SHARE else Measure(ROWS))
            elif self.column(measure.column):
                found.append(measure)
        return tuple(found[:MOST_MEASURES]) or (Measure(ROWS),)

    def only(self, query: Mapping[str, Sequence[str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return tuple(
            (key.removeprefix("only_"), tuple(dict.fromkeys(values))[:MOST_VALUES])
            for key, values in query.items()
            if key.startswith("only_") and values and self.column(key.removeprefix("only_"))
        )

    def days(
        self, query: Mapping[str, Sequence[str]]
    ) -> tuple[tuple[str, date | None, date | None], ...]:
        columns = dict.fromkeys(
            key.split("_", 1)[1] for key in query if re.match(r"(from|to)_.", key)
        )
        found = []
        for column in columns:
            if self.column(column):
                first = self.day(_first(query, f"from_{column}"))
                last = self.day(_first(query, f"to_{column}"))
                if first or last:
                    found.append((column, first, last))
        return tuple(found)

    def day(self, text: str) -> date | None:
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            self.problems.append(
                _("“{text}” is no date: write it like 2026-03-31.").format(text=cut(text))
            )
            return None

    def one_of(self, code: str, known: Sequence[str], what: str) -> str:
        if code in known:
            return code
        self.problems.append(
            _("The link asks for the {what} “{code}”, which is not there.").format(
                what=what, code=cut(code)
            )
        )
        return known[0]

    def column(self, code: str) -> Column | None:
        found = self.dataset.columns.get(code)
        if found is None:
            self.problems.append(
                _(
                    "The link asks for “{code}” of {dataset}, which is not there or not any more: "
                    "it is left out."
                ).format(code=cut(code), dataset=self.dataset.label)
            )
        return found


def to_text(question: Question) -> str:
    """The question as it is stored: the query of its link."""
    return urlencode(to_query(question), doseq=True)


def from_text(text: str) -> dict[str, list[str]]:
    """The query that was stored; `read_query` says what of it is still there."""
    return parse_qs(text, keep_blank_values=True)


def _first(query: Mapping[str, Sequence[str]], key: str) -> str:
    values = query.get(key) or ("",)
    return values[0]


def cut(text: str, letters: int = 40) -> str:
    """So much of a text from a link as a sentence holds."""
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= letters else one_line[: letters - 1] + "…"


# A question and what is picked --------------------------------------------------------------------


def start(dataset: Dataset) -> Question:
    """The first chart of a dataset."""
    query = {"data": (dataset.code,), **dataset.start}
    question, problems = read_query(query, {dataset.code: dataset})
    assert question is not None and not problems, problems  # a test asks this of every file
    return question


def settled(question: Question, dataset: Dataset, frame: pl.DataFrame) -> Question:
    """The question with one unit chosen where amounts would mix several: the most frequent in the
    member's own rows (`mine`), or else in all."""
    for unit in open_units(question, dataset):
        own = frame.filter("mine") if "mine" in frame.columns else frame.clear()
        for rows in (own, frame):
            usual = (
                rows[unit].drop_nulls().value_counts().sort("count", unit, descending=[True, False])
            )
            if usual.height:
                question = question.with_only(unit, (str(usual[unit][0]),))
                break
    return question


def changed(question: Question, dataset: Dataset, part: str, value: Any) -> Question:
    """The question after one pick. `part`: by1, by2, measure (a column), aggregation, more (codes
    of further measures), per, chart, `only_<column>` (texts) or `days_<column>` (two dates)."""
    by = [*question.by, None, None][:2]
    first, *further = question.show
    match part.split("_", 1):
        case ["by1"]:
            by[0] = value
        case ["by2"]:
            by[1] = value
        case ["measure"]:
            return replace(question, show=_unique(_measure_of(value, first, dataset), *further))
        case ["aggregation"]:
            return replace(question, show=_unique(replace(first, aggregation=value), *further))
        case ["more"]:
            return replace(question, show=_unique(first, *map(_from_code, value)))
        case ["per"]:
            return replace(question, per=value)
        case ["chart"]:
            return replace(question, chart=value)
        case ["only", column]:
            return question.with_only(column, value)
        case ["days", column]:
            kept = tuple(entry for entry in question.days if entry[0] != column)
            wanted = ((column, value[0], value[1]),) if any(value) else ()
            return replace(question, days=kept + wanted)
    chosen = tuple(dict.fromkeys(code for code in by if code))
    return _shared_out(replace(question, by=chosen), dataset)


def _shared_out(question: Question, dataset: Dataset) -> Question:
    """Counts of bands over time as shares: years with more rows would have more of every band.
    Without parts there are no shares."""
    first, second = dimensions(question, dataset)
    if second is None:
        shown = [Measure(ROWS) if one.aggregation == SHARE else one for one in question.show]
        return replace(question, show=_unique(*shown))
    banded = first is not None and first.kind in DATES and second.kind == "band"
    if banded and question.show == (Measure(ROWS),):
        return replace(question, show=(Measure(ROWS, SHARE),))
    return question


def _measure_of(column: str, before: Measure, dataset: Dataset) -> Measure:
    if column == ROWS:
        return Measure(ROWS)
    known = dataset.columns[column].aggregations
    return Measure(column, before.aggregation if before.aggregation in known else known[0])


def _unique(*measures: Measure) -> tuple[Measure, ...]:
    return tuple(dict.fromkeys(measures))[:MOST_MEASURES]


def _from_code(code: str) -> Measure:
    column, __, aggregation = code.partition(".")
    return Measure(column, aggregation)


def measures(dataset: Dataset) -> list[Measure]:
    """Everything that a dataset can show."""
    return [
        Measure(ROWS),
        *(Measure(column.code, one) for column in dataset.measures for one in column.aggregations),
    ]


# What a question is about -------------------------------------------------------------------------


def open_units(question: Question, dataset: Dataset) -> list[str]:
    """Columns of units, such as the currency, that the question neither splits nor filters by."""
    return [
        unit
        for unit in units(question, dataset)
        if unit not in question.by and not question.values(unit)
    ]


def units(question: Question, dataset: Dataset) -> list[str]:
    """Columns that name the unit of a measure in the question, such as the currency."""
    found = (
        dataset.columns[measure.column].unit_from
        for measure in question.show
        if measure.column != ROWS and measure.aggregation != "distinct"
    )
    return list(dict.fromkeys(unit for unit in found if unit))


def dimensions(question: Question, dataset: Dataset) -> tuple[Column | None, Column | None]:
    columns = [dataset.columns[code] for code in question.by]
    return (columns[0] if columns else None), (columns[1] if len(columns) > 1 else None)


def asks(question: Question, one: ReadyMade) -> bool:
    """Whether this is the ready-made question, in whichever currency it was settled."""
    code = _first(one.query, "data")
    if question.dataset != code:
        return False
    ready, __ = read_query(one.query, datasets())
    assert ready is not None  # a test reads every one of them
    for unit in open_units(ready, datasets()[code]):
        question = question.with_only(unit, ())
    return replace(question, only=_any_order(question)) == replace(ready, only=_any_order(ready))


def _any_order(question: Question) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(sorted((column, tuple(sorted(values))) for column, values in question.only))


def is_amount(measure: Measure, dataset: Dataset) -> bool:
    return measure.column != ROWS and measure.aggregation != "distinct"
