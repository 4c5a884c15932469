"""A question to a dataset: as the query of a link, checked, answered in polars, drawn.

A question names a dataset, up to two dimensions (`by`), measures (`show`), filters and a chart.
Everything of it fits into a link, and everything in a link may be wrong: `read_query` says what it
could not read, `check` what does not go together, and `answer` what the data do not hold.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode

import plotly.graph_objects as go
import polars as pl

from quorum import charts
from quorum.countries import display_name
from quorum.definitions.datasets import CHARTS, ROWS, Column, Dataset
from quorum.language import _, ngettext
from quorum.scoring import band_name

PERIODS = {"year": "1y", "quarter": "1q", "month": "1mo"}
MOST_DIMENSIONS = 2
MOST_MEASURES = 8
MOST_VALUES = 200  # of one filter
LONGEST = 4_000  # characters of a stored question
OTHER = "\x1fother"  # stands for the categories that a chart has no room for
ADDITIVE = ("sum", ROWS)  # parts of these add up to the whole
# How many categories a chart holds: of its first and of its second dimension.
ROOM: dict[str, tuple[int, int]] = {
    "bar": (20, 6),
    "line": (2_000, 5),
    "scatter": (100_000, 4),
    "box": (20, 0),
    "heatmap": (24, 10),
    "treemap": (12, 8),
    "radar": (12, 4),
    "map": (300, 0),
    "table": (1_000, 1_000),
}


@dataclass(frozen=True)
class Measure:
    """A column and what is made of its values in each group; `rows` alone counts the rows."""

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


class Answer(NamedTuple):
    """`frame`: by1, by2 (raw values, OTHER for the rest) and show1, show2, ... in the order in
    which they are drawn; for a box also low, q1, median, q3, high, count. `notes`: what is left
    out, in sentences. `problem`: why there is no answer, else empty."""

    frame: pl.DataFrame
    notes: tuple[str, ...] = ()
    problem: str = ""


# Question <-> link --------------------------------------------------------------------------------


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
            ).format(code=_cut(code), known=known)
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
                found.append(Measure(ROWS))
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
                _("“{text}” is no date: write it like 2026-03-31.").format(text=_cut(text))
            )
            return None

    def one_of(self, code: str, known: Sequence[str], what: str) -> str:
        if code in known:
            return code
        self.problems.append(
            _("The link asks for the {what} “{code}”, which is not there.").format(
                what=what, code=_cut(code)
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
                ).format(code=_cut(code), dataset=self.dataset.label)
            )
        return found


def to_text(question: Question) -> str:
    """The question as it is stored: the query of its link."""
    return urlencode(to_query(question), doseq=True)


def from_text(text: str) -> dict[str, list[str]]:
    """The query that was stored; `read_query` says what of it is still there."""
    return parse_qs(text, keep_blank_values=True)


def start(dataset: Dataset) -> Question:
    """The first chart of a dataset."""
    query = {"data": (dataset.code,), **dataset.start}
    question, problems = read_query(query, {dataset.code: dataset})
    assert question is not None and not problems, problems  # a test asks this of every file
    return question


def settled(question: Question, dataset: Dataset, frame: pl.DataFrame) -> Question:
    """The question with one unit chosen, the most frequent, where amounts would mix several."""
    for unit in open_units(question, dataset):
        usual = (
            frame[unit].drop_nulls().value_counts().sort("count", unit, descending=[True, False])
        )
        if usual.height:
            question = question.with_only(unit, (str(usual[unit][0]),))
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
    return replace(question, by=tuple(dict.fromkeys(code for code in by if code)))


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


def open_units(question: Question, dataset: Dataset) -> list[str]:
    """Columns of units, such as the currency, that the question neither splits nor filters by."""
    return [
        unit
        for unit in _units(question, dataset)
        if unit not in question.by and not question.values(unit)
    ]


# What goes together -------------------------------------------------------------------------------


def chart_of(question: Question, dataset: Dataset) -> str:
    """The chart that is drawn: the chosen one, or else the suggested."""
    return question.chart or suggest_chart(question, dataset)


def suggest_chart(question: Question, dataset: Dataset) -> str:
    """A chart that suits these dimensions and measures; always one that `check` lets pass, as
    long as the picks themselves are right."""
    first, second = _dimensions(question, dataset)
    wishes = ["bar"]
    if len(question.show) == 2:
        wishes = ["scatter"]
    elif len(question.show) > 2:
        wishes = ["radar"]
    elif first is None:
        wishes = ["bar"]
    elif first.kind in ("day", "year"):
        banded = second is not None and second.kind == "band"
        wishes = ["bar", "line"] if banded else ["line", "bar"]
    elif second is not None:
        ordered = second.ordered and question.show[0].column == ROWS
        wishes = ["bar", "heatmap"] if ordered else ["heatmap", "bar"]
    right = possible_charts(question, dataset)
    return next((wish for wish in wishes if wish in right), "table")


def possible_charts(question: Question, dataset: Dataset) -> list[str]:
    """The charts that these picks can be shown in."""
    return [chart for chart in CHARTS if not _check_chart(replace(question, chart=chart), dataset)]


def check(question: Question, dataset: Dataset) -> list[str]:
    """A sentence about each thing that does not go together, with what to do. Empty: draw it."""
    return [
        *_check_dimensions(question, dataset),
        *_check_measures(question, dataset),
        *_check_filters(question, dataset),
        *_check_units(question, dataset),
        *(_check_chart(question, dataset) if question.chart else ()),
    ]


def _check_dimensions(question: Question, dataset: Dataset) -> list[str]:
    return [
        _("{label} is an amount, no dimension: choose it as what to show.").format(
            label=dataset.columns[code].label
        )
        for code in question.by
        if not dataset.columns[code].dimension
    ]


def _check_measures(question: Question, dataset: Dataset) -> list[str]:
    sentences = []
    for measure in question.show:
        if measure.column == ROWS:
            continue
        column = dataset.columns[measure.column]
        if measure.aggregation in column.aggregations:
            continue
        if not column.aggregations:
            sentences.append(
                _("{label} cannot be counted or added: choose it as a dimension.").format(
                    label=column.label
                )
            )
        else:
            sentences.append(
                _("{label} has no {aggregation} that makes sense. Choose: {known}.").format(
                    label=column.label,
                    aggregation=aggregation_word(measure.aggregation).lower(),
                    known=", ".join(aggregation_word(a).lower() for a in column.aggregations),
                )
            )
    return sentences


def _check_filters(question: Question, dataset: Dataset) -> list[str]:
    sentences = [
        _("{label} is a date: filter it by first and last day.").format(
            label=dataset.columns[code].label
        )
        for code, __ in question.only
        if dataset.columns[code].kind == "day"
    ]
    for code, first, last in question.days:
        label = dataset.columns[code].label
        if dataset.columns[code].kind != "day":
            sentences.append(_("{label} is no date: filter it by its values.").format(label=label))
        elif first and last and first > last:
            sentences.append(
                _("{label}: the first day, {first}, is after the last, {last}.").format(
                    label=label, first=first.isoformat(), last=last.isoformat()
                )
            )
    return sentences


def _check_units(question: Question, dataset: Dataset) -> list[str]:
    sentences = []
    for unit in _units(question, dataset):
        label = dataset.columns[unit].label
        if unit not in question.by and len(question.values(unit)) != 1:
            sentences.append(
                _(
                    "Amounts that differ in {unit} are never added up. Filter on one {unit}, or "
                    "make {unit} a dimension."
                ).format(unit=_low(label))
            )
    return sentences


def _check_chart(question: Question, dataset: Dataset) -> list[str]:
    chart, shown = question.chart, len(question.show)
    first, second = _dimensions(question, dataset)
    rules: list[tuple[bool, str]] = []
    if chart != "table":
        rules.append(
            (
                any(
                    unit in question.by and len(question.values(unit)) != 1
                    for unit in _units(question, dataset)
                ),
                _(
                    "Amounts in several units have no common axis. Filter on one of them, or take "
                    "the table."
                ),
            )
        )
    if chart in ("bar", "line", "heatmap", "treemap", "map", "box"):
        rules.append((shown > 1, _("This chart shows one measure: take the others away.")))
    if chart in ("box", "map"):
        rules.append(
            (second is not None, _("This chart has room for one dimension: take one away."))
        )
    match chart:
        case "line":
            rules += [
                (
                    first is None or first.kind not in ("day", "year", "whole", "number"),
                    _("A line needs a date, a year or a number as its first dimension."),
                ),
            ]
        case "scatter":
            rules += [
                (shown != 2, _("A scatter plot needs two measures: one along, one up.")),
                (first is None, _("A scatter plot needs a dimension: what a dot stands for.")),
            ]
        case "box":
            rules.append(
                (
                    not _is_amount(question.show[0], dataset),
                    _("A box shows how amounts are spread: choose an amount, not a count."),
                )
            )
        case "heatmap":
            rules.append((second is None, _("A heatmap needs two dimensions.")))
        case "treemap":
            rules += [
                (first is None, _("A treemap needs a dimension: what an area stands for.")),
                (
                    question.show[0].aggregation not in ("sum", ""),
                    _("Areas add up, and only counts of rows and sums do: choose one of them."),
                ),
            ]
        case "radar":
            rules += _radar_rules(question, dataset)
        case "map":
            rules.append(
                (
                    first is None or first.kind != "country",
                    _("A map needs a country as its dimension."),
                )
            )
    return [sentence for broken, sentence in rules if broken]


def _radar_rules(question: Question, dataset: Dataset) -> list[tuple[bool, str]]:
    shown = len(question.show)
    first, second = _dimensions(question, dataset)
    units = {unit_of(measure, question, dataset) for measure in question.show}
    return [
        (
            shown == 1 and first is None,
            _("A radar needs a dimension for its axes, or three measures."),
        ),
        (shown == 2, _("A radar needs one measure, or at least three: each is an axis.")),
        (
            shown > 2 and len(units) > 1,
            _("The axes of a radar need the same unit: choose measures that share one."),
        ),
        (
            shown > 2 and second is not None,
            _("With several measures a radar has room for one dimension: take one away."),
        ),
    ]


def _units(question: Question, dataset: Dataset) -> list[str]:
    """Columns that name the unit of a measure in the question, such as the currency."""
    found = (
        dataset.columns[measure.column].unit_from
        for measure in question.show
        if measure.column != ROWS and measure.aggregation != "distinct"
    )
    return list(dict.fromkeys(unit for unit in found if unit))


def _dimensions(question: Question, dataset: Dataset) -> tuple[Column | None, Column | None]:
    columns = [dataset.columns[code] for code in question.by]
    return (columns[0] if columns else None), (columns[1] if len(columns) > 1 else None)


def _is_amount(measure: Measure, dataset: Dataset) -> bool:
    return measure.column != ROWS and measure.aggregation != "distinct"


# Words --------------------------------------------------------------------------------------------


def aggregation_word(code: str) -> str:
    words = {
        "": _("Number"), "sum": _("Total"), "mean": _("Mean"), "median": _("Median"),
        "lowest": _("Lowest"), "highest": _("Highest"),
        "spread": _("Spread (highest less lowest)"), "distinct": _("Number of different ones"),
    }  # fmt: skip
    return words.get(code, code)


def chart_word(code: str) -> str:
    words = {
        "bar": _("Bars"), "line": _("Lines"), "scatter": _("Scatter plot"), "box": _("Box plot"),
        "heatmap": _("Heatmap"), "treemap": _("Treemap"), "radar": _("Radar"), "map": _("Map"),
        "table": _("Table"),
    }  # fmt: skip
    return words[code]


def period_word(code: str) -> str:
    return {"year": _("Year"), "quarter": _("Quarter"), "month": _("Month")}[code]


def measure_label(measure: Measure, dataset: Dataset) -> str:
    """For example "Total spend"; without the unit."""
    if measure.column == ROWS:
        return _("Number of {rows}").format(rows=_low(dataset.rows))
    column = dataset.columns[measure.column]
    if measure.aggregation == "distinct":
        return _("Number of different {things}").format(things=column.plural)
    words = {
        "sum": _("Total {label}"), "mean": _("Mean {label}"), "median": _("Median {label}"),
        "lowest": _("Lowest {label}"), "highest": _("Highest {label}"),
        "spread": _("Spread of {label}"),
    }  # fmt: skip
    return words.get(measure.aggregation, "{label}").format(label=_low(column.label))


def _low(label: str) -> str:
    """A label in the middle of a sentence; what starts like OS ID stays."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def unit_of(measure: Measure, question: Question, dataset: Dataset) -> str:
    """What the figures are in, such as "EUR" or "points"; empty for counts."""
    if not _is_amount(measure, dataset):
        return ""
    column = dataset.columns[measure.column]
    if column.unit_from:
        chosen = question.values(column.unit_from)
        return chosen[0] if len(chosen) == 1 else ""
    return "" if _low(column.unit) == _low(column.label) else column.unit


def labels(question: Question, dataset: Dataset) -> dict[str, str]:
    """Column of an answer -> header, with its unit."""
    heads = {f"by{n}": dataset.columns[code].label for n, code in enumerate(question.by, start=1)}
    for n, measure in enumerate(question.show, start=1):
        unit = unit_of(measure, question, dataset)
        label = measure_label(measure, dataset)
        heads[f"show{n}"] = f"{label} ({unit})" if unit else label
    return heads


def title(question: Question, dataset: Dataset) -> str:
    """The question in words: "Spend, total (EUR) by supplier and year"."""
    heads = labels(question, dataset)
    named = [heads[f"show{n}"] for n in range(1, len(question.show) + 1)]
    shown = _(" and ").join([named[0], *map(_low, named[1:])])
    if chart_of(question, dataset) == "box":
        unit = unit_of(question.show[0], question, dataset)
        label = dataset.columns[question.show[0].column].label
        shown = f"{label} ({unit})" if unit else label
    if not question.by:
        return shown
    by = _(" and ").join(_low(dataset.columns[code].label) for code in question.by)
    return _("{shown} by {by}").format(shown=shown, by=by)


def filters(question: Question, dataset: Dataset) -> dict[str, str]:
    """Label of each filter -> what was chosen, for people."""
    found = {
        dataset.columns[code].label: ", ".join(
            word(value or None, dataset.columns[code]) for value in values
        )
        for code, values in question.only
    }
    for code, first, last in question.days:
        found[dataset.columns[code].label] = f"{first or '…'} – {last or '…'}"
    return found


def word(value: Any, column: Column, per: str = "year") -> str:
    """One value of a dimension as people read it."""
    if value is None:
        return _("Not known")
    if value == OTHER:
        return _("Other")
    match column.kind:
        case "country":
            return display_name(str(value))
        case "band":
            return band_name(value) if value in charts.BANDS else str(value)
        case "flag":
            return _("Yes") if value == "yes" else _("No")
        case "day" if isinstance(value, date):
            return _day(value, per)
    return str(value)


def _day(value: date, per: str) -> str:
    if per == "year":
        return str(value.year)
    if per == "quarter":
        return _("{year} Q{quarter}").format(year=value.year, quarter=(value.month + 2) // 3)
    return f"{value.year}-{value.month:02d}"


def worded(frame: pl.DataFrame, question: Question, dataset: Dataset) -> pl.DataFrame:
    """An answer whose dimensions are text for people."""
    columns = []
    for n, code in enumerate(question.by, start=1):
        column = dataset.columns[code]
        if column.kind in ("text",):  # most values by far, and nearly all of them stay
            columns.append(
                pl.when(pl.col(f"by{n}") == OTHER)
                .then(pl.lit(_("Other")))
                .otherwise(pl.col(f"by{n}").fill_null(_("Not known")))
                .alias(f"by{n}")
            )
            continue
        found = frame[f"by{n}"].unique().to_list()
        words = [word(value, column, question.per) for value in found]
        lookup = pl.DataFrame(
            {f"by{n}": pl.Series(found, dtype=frame.schema[f"by{n}"]), f"word{n}": words}
        )
        frame = (
            frame.join(lookup, on=f"by{n}", how="left", nulls_equal=True, maintain_order="left")
            .drop(f"by{n}")
            .rename({f"word{n}": f"by{n}"})
        )
    order = [name for name in ("by1", "by2") if name in frame.columns]
    return frame.with_columns(columns).select(*order, pl.exclude("by1", "by2"))


def options(frame: pl.DataFrame, column: str, most: int = 300) -> list[str]:
    """What a filter offers: values of a column as `Question.only` has them, the most frequent
    first; "" is what is not known."""
    counted = (
        frame.lazy()
        .group_by(_as_text(column, frame.schema[column]).alias("value"))
        .len("rows")
        .sort("rows", "value", descending=[True, False])
        .head(most)
        .collect()
    )
    return counted["value"].to_list()


# The answer ---------------------------------------------------------------------------------------


def answer(
    frame: pl.DataFrame | pl.LazyFrame, question: Question, dataset: Dataset, *, whole: bool = False
) -> Answer:
    """The question's groups, from rows of the dataset; `question` has passed `check`.

    A chart holds so many categories; of the rest, sums and counts go into "Other", the remaining
    aggregations leave it out and say so. `whole` keeps every group, for a file.
    """
    chart = "table" if whole else chart_of(question, dataset)
    schema = frame.collect_schema()
    if missing := [code for code in _columns(question, dataset) if code not in schema]:
        return Answer(
            pl.DataFrame(),
            problem=_("The data have no column {names}: ask whoever runs Quorum.").format(
                names=", ".join(missing)
            ),
        )
    rows = _narrowed(frame.lazy(), question, schema).select(_needed(question, dataset)).collect()
    if problem := _nothing(rows, question, dataset):
        return Answer(rows.clear(), problem=problem)
    if chart == "box":
        return _boxes(rows, question, dataset)
    rows, counted = _compact(rows, question)
    measures = [_measured(n, m) for n, m in enumerate(counted, start=1)]
    notes: list[str] = []
    orders: dict[str, list[Any]] = {}
    if chart not in ("table", "scatter"):
        for n in range(1, len(question.by) + 1):
            rows, orders[f"by{n}"] = _made_to_fit(rows, n, chart, question, dataset, notes, counted)
    groups = [f"by{n}" for n in range(1, len(question.by) + 1)]
    grouped = rows.group_by(groups).agg(measures) if groups else rows.select(measures)
    if chart == "scatter" and len(groups) == 2:
        grouped = _few_series(grouped, notes)
    first_of_all = _sorted(grouped, groups, orders, question, dataset)
    drawn = _without_gaps(first_of_all, chart, question, dataset, notes)
    if drawn.is_empty():
        return Answer(drawn, problem=_no_value(question, dataset))
    return Answer(drawn, tuple(notes))


def _columns(question: Question, dataset: Dataset) -> list[str]:
    used = [*question.by, *(code for code, __ in question.only), *(c for c, *__ in question.days)]
    for measure in question.show:
        if measure.column != ROWS:
            column = dataset.columns[measure.column]
            counted = measure.aggregation == "distinct" and column.key
            used.append(column.key if counted else column.code)
    return list(dict.fromkeys(used))


def _as_text(column: str, kind: pl.DataType) -> pl.Expr:
    """A column as the texts that filters use."""
    text = pl.col(column).cast(pl.String)
    if kind == pl.Boolean:
        text = text.replace({"true": "yes", "false": "no"})
    return text.fill_null("")


def _narrowed(rows: pl.LazyFrame, question: Question, schema: Mapping[str, Any]) -> pl.LazyFrame:
    for code, values in question.only:
        rows = rows.filter(_as_text(code, schema[code]).is_in(list(values)))
    for code, first, last in question.days:
        if first:
            rows = rows.filter(pl.col(code) >= first)
        if last:
            rows = rows.filter(pl.col(code) <= last)
    return rows


def _needed(question: Question, dataset: Dataset) -> list[pl.Expr]:
    """by1, by2 and the columns of the measures as value1, value2, ..."""
    found = []
    for n, code in enumerate(question.by, start=1):
        column = dataset.columns[code]
        value = pl.col(code)
        match column.kind:
            case "day":
                value = value.dt.truncate(PERIODS[question.per])
            case "flag":
                value = _as_text(code, pl.Boolean()).replace("", None)
            case "text" | "country" | "band":
                # A name that is empty is a name that is not known.
                value = value.cast(pl.String).replace("", None)
        found.append(value.alias(f"by{n}"))
    for n, measure in enumerate(question.show, start=1):
        if measure.column == ROWS:
            found.append(pl.lit(1, pl.Int8).alias(f"value{n}"))
        elif measure.aggregation == "distinct":
            column = dataset.columns[measure.column]
            found.append(pl.col(column.key or column.code).alias(f"value{n}"))
        else:
            found.append(pl.col(measure.column).cast(pl.Float64).alias(f"value{n}"))
    # A literal alone has one row, whatever the frame has.
    return [*found, pl.first().is_null().alias("row")]


def _compact(rows: pl.DataFrame, question: Question) -> tuple[pl.DataFrame, tuple[Measure, ...]]:
    """Sums and counts of each group once, from which all further sums are made; other measures
    need the rows themselves. Also how the measures are aggregated from here on."""
    if not all((measure.aggregation or ROWS) in ADDITIVE for measure in question.show):
        return rows, question.show
    groups = [f"by{n}" for n in range(1, len(question.by) + 1)]
    sums = [
        _measured(n, measure).alias(f"value{n}") for n, measure in enumerate(question.show, start=1)
    ]
    made = rows.group_by(groups).agg(sums) if groups else rows.select(sums)
    return made, tuple(Measure(measure.column, "sum") for measure in question.show)


def _measured(number: int, measure: Measure) -> pl.Expr:
    value = pl.col(f"value{number}")
    made = {
        "": pl.len().cast(pl.Int64),
        # The sum of nothing is no amount, not zero.
        "sum": pl.when(value.count() > 0).then(value.sum()),
        "mean": value.mean(),
        "median": value.median(),
        "lowest": value.min(),
        "highest": value.max(),
        # One value alone neither agrees nor differs.
        "spread": pl.when(value.count() > 1).then(value.max() - value.min()),
        "distinct": value.drop_nulls().n_unique().cast(pl.Int64),
    }
    return made[measure.aggregation].alias(f"show{number}")


def _nothing(rows: pl.DataFrame, question: Question, dataset: Dataset) -> str:
    """Why these rows cannot answer, or empty."""
    if rows.is_empty():
        if question.only or question.days:
            chosen = "; ".join(f"{k}: {v}" for k, v in filters(question, dataset).items())
            return _(
                "No row that you may see fits the filters ({filters}). Take one away, or ask who "
                "owns the data to share it."
            ).format(filters=chosen)
        return _("There is nothing here yet that you may see.")
    empty = [
        dataset.columns[code].label
        for n, code in enumerate(question.by, start=1)
        if rows[f"by{n}"].null_count() == rows.height
    ]
    if empty:
        return _(
            "{names} is not known in any of the {rows} rows that you may see: choose another "
            "dimension."
        ).format(names=_(" and ").join(empty), rows=f"{rows.height:,}")
    without = [
        measure
        for n, measure in enumerate(question.show, start=1)
        if measure.column != ROWS and rows[f"value{n}"].null_count() == rows.height
    ]
    return _no_value(question, dataset) if len(without) == len(question.show) else ""


def _no_value(question: Question, dataset: Dataset) -> str:
    if all(measure.aggregation == "spread" for measure in question.show):
        return _("A spread takes two values, and no group that you may see has two.")
    return _("No row that you may see has a value for {names}: choose another measure.").format(
        names=_(" and ").join(
            dataset.columns[m.column].label for m in question.show if m.column != ROWS
        )
        or dataset.rows
    )


def _made_to_fit(
    rows: pl.DataFrame,
    n: int,
    chart: str,
    question: Question,
    dataset: Dataset,
    notes: list[str],
    counted: Sequence[Measure],
) -> tuple[pl.DataFrame, list[Any]]:
    """The rows with no more categories than the chart holds, and the order of those."""
    name, column = f"by{n}", dataset.columns[question.by[n - 1]]
    most, measure = ROOM[chart][n - 1], question.show[0]
    if chart == "radar" and len(question.show) > 2:
        most = ROOM[chart][1]  # the measures are the axes, the dimension names the shapes
    if measure.aggregation == "spread" and len(question.by) == 2:  # of its cells, the widest
        cells = rows.group_by("by1", "by2").agg(_measured(1, counted[0]))
        totals = cells.group_by(name).agg(pl.col("show1").max()).drop_nulls(name)
    else:
        totals = rows.group_by(name).agg(_measured(1, counted[0])).drop_nulls(name)
    if column.ordered and column.kind != "band":
        ordered = totals.sort(name)[name].to_list()
        if len(ordered) > most:
            notes.append(
                _("Shown are the last {most} of {all} values of {label}.").format(
                    most=most, all=f"{len(ordered):,}", label=_low(column.label)
                )
            )
            ordered = ordered[-most:]
            rows = rows.filter(pl.col(name).is_in(ordered) | pl.col(name).is_null())
        return rows, ordered
    if column.kind == "band":
        known = [band for band in charts.BANDS if band in set(totals[name])]
        return rows, known + sorted(set(totals[name]) - set(known))
    ordered = totals.sort("show1", name, descending=[True, False], nulls_last=True)[name].to_list()
    if len(ordered) <= most:
        return rows, ordered
    kept, rest = ordered[:most], len(ordered) - most
    adds_up = (measure.aggregation or ROWS) in (*ADDITIVE, "distinct") and chart != "map"
    if adds_up:
        notes.append(
            ngettext(
                "{label}: the {most} largest by name, {rest} more as “Other”.",
                "{label}: the {most} largest by name, {rest} more as “Other”.",
                rest,
            ).format(label=column.label, most=most, rest=f"{rest:,}")
        )
        return rows.with_columns(
            pl.when(pl.col(name).is_in(kept) | pl.col(name).is_null())
            .then(pl.col(name))
            .otherwise(pl.lit(OTHER))
            .alias(name)
        ), [*kept, OTHER]
    notes.append(
        _("{label}: the {most} highest of {all}. The files hold all of them.").format(
            label=column.label, most=most, all=f"{len(ordered):,}"
        )
    )
    return rows.filter(pl.col(name).is_in(kept) | pl.col(name).is_null()), kept


def _few_series(grouped: pl.DataFrame, notes: list[str]) -> pl.DataFrame:
    most = ROOM["scatter"][1]
    series = grouped["by2"].drop_nulls().value_counts(sort=True)
    if series.height <= most:
        return grouped
    notes.append(_("Only the {most} largest groups have a colour of their own.").format(most=most))
    kept = series.head(most)["by2"].cast(pl.String).to_list()
    text = pl.col("by2").cast(pl.String)
    named = pl.when(text.is_in(kept) | text.is_null()).then(text).otherwise(pl.lit(OTHER))
    return grouped.with_columns(named.alias("by2"))


def _sorted(
    grouped: pl.DataFrame,
    groups: list[str],
    orders: Mapping[str, list[Any]],
    question: Question,
    dataset: Dataset,
) -> pl.DataFrame:
    """In the order of each dimension, what is not known after it, "Other" at the end."""
    if not groups:
        return grouped
    if not orders:  # a table or dots: by date or number, else the largest first
        first = dataset.columns[question.by[0]]
        keys = groups if first.ordered and first.kind != "band" else ["show1", *groups]
        return grouped.sort(
            keys, descending=[key == "show1" for key in keys], nulls_last=True, maintain_order=True
        )
    ranks = []
    for name, order in orders.items():
        places = {value: place for place, value in enumerate(order) if value != OTHER}
        rank = pl.col(name).replace_strict(
            list(places) or [None],
            list(places.values()) or [0],
            default=len(order) + 1,
            return_dtype=pl.Int64,
        )
        rank = pl.when(pl.col(name).is_null()).then(len(order)).otherwise(rank)
        ranks.append(rank.alias(f"{name}_rank"))
    by = [f"{name}_rank" for name in orders]
    return grouped.with_columns(ranks).sort(by).drop(by)


def _without_gaps(
    frame: pl.DataFrame, chart: str, question: Question, dataset: Dataset, notes: list[str]
) -> pl.DataFrame:
    """What the chart can draw: no data is not zero, and is not drawn as zero."""
    if chart == "table":
        return frame
    shown = [f"show{n}" for n in range(1, len(question.show) + 1)]
    needed = shown if chart == "scatter" else shown[:1]
    kept = frame.drop_nulls(needed) if len(shown) < 3 else frame
    places = [c for c in ("by1",) if chart in ("line", "map") and c in frame.columns]
    kept = kept.drop_nulls(places)
    if chart == "treemap":
        kept = kept.filter(pl.col("show1") > 0)
    if lost := frame.height - kept.height:
        notes.append(
            ngettext(
                "{n} group is in the files but not drawn: it has no value to draw.",
                "{n} groups are in the files but not drawn: they have no value to draw.",
                lost,
            ).format(n=f"{lost:,}")
        )
    return kept


def _boxes(rows: pl.DataFrame, question: Question, dataset: Dataset) -> Answer:
    """The distribution of the rows' values in each group."""
    notes: list[str] = []
    groups = [f"by{n}" for n in range(1, len(question.by) + 1)]
    orders: dict[str, list[Any]] = {}
    if groups:
        by_median = replace(question, show=(replace(question.show[0], aggregation="median"),))
        rows, orders["by1"] = _made_to_fit(
            rows, 1, "box", by_median, dataset, notes, by_median.show
        )
    value = pl.col("value1")
    made = [
        value.quantile(0.05, "nearest").alias("low"),
        value.quantile(0.25, "linear").alias("q1"),
        value.median().alias("median"),
        value.quantile(0.75, "linear").alias("q3"),
        value.quantile(0.95, "nearest").alias("high"),
        value.count().cast(pl.Int64).alias("count"),
        value.median().alias("show1"),
    ]
    grouped = rows.group_by(groups).agg(made) if groups else rows.select(made)
    ordered = _sorted(grouped, groups, orders, question, dataset).drop_nulls("median")
    return Answer(ordered, tuple(notes))


# The figure ---------------------------------------------------------------------------------------


def figure(frame: pl.DataFrame, question: Question, dataset: Dataset) -> go.Figure | None:
    """The answer as a figure in the one look; None for a table, which is not drawn."""
    chart = chart_of(question, dataset)
    if chart == "table":
        return None
    first, second = _dimensions(question, dataset)
    heads = labels(question, dataset)
    unit = _("{title}.").format(title=title(question, dataset))
    source = _("Source: {source}.").format(source=dataset.source)
    if chosen := filters(question, dataset):
        source = _("Only {filters}. {source}").format(
            filters="; ".join(f"{name}: {_cut(value, 60)}" for name, value in chosen.items()),
            source=source,
        )
    words = worded(frame, question, dataset)
    if first is None:
        words = words.with_columns(by1=pl.lit(_("All")))
    banded = second is not None and second.kind == "band"
    if chart == "bar":
        if banded:  # the builder colours bands by their code
            words = words.with_columns(by2=frame["by2"])
        return charts.category_bars(
            words, unit, source,
            stacked=(question.show[0].aggregation or ROWS) in ADDITIVE, banded=banded,
        )  # fmt: skip
    if chart == "line":
        assert first is not None
        return charts.lines(
            words.with_columns(x=frame["by1"], word="by1"), unit, source, banded=banded
        )
    if chart == "scatter":
        return charts.dots(words, heads["show1"], heads["show2"], unit, source)
    if chart == "box":
        return charts.boxes(words, unit, source)
    if chart == "heatmap":
        return charts.squares(words, unit, source)
    if chart == "treemap":
        return charts.areas(words, unit, source)
    if chart == "radar":
        return charts.radar(_radar_frame(words, question, dataset), unit, source)
    return charts.country_map(words.with_columns(code=frame["by1"]), unit, source)


def _radar_frame(words: pl.DataFrame, question: Question, dataset: Dataset) -> pl.DataFrame:
    """axis, series, value: measures as axes where there are several."""
    if len(question.show) == 1:
        series = pl.col("by2") if "by2" in words.columns else pl.lit("")
        return words.select(axis="by1", series=series, value="show1")
    heads = {
        f"show{n}": measure_label(measure, dataset) for n, measure in enumerate(question.show, 1)
    }
    named = [dataset.columns[m.column].label for m in question.show if m.column != ROWS]
    if len(set(named)) == len(heads):  # the same aggregation of each: the column says enough
        heads = dict(zip(heads, named, strict=True))
    return (
        words.unpivot(list(heads), index="by1", variable_name="axis", value_name="value")
        .with_columns(pl.col("axis").replace(heads))
        .select("axis", series="by1", value="value")
    )


def _first(query: Mapping[str, Sequence[str]], key: str) -> str:
    values = query.get(key) or ("",)
    return values[0]


def _cut(text: str, letters: int = 40) -> str:
    """So much of a text from a link as a sentence holds."""
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= letters else one_line[: letters - 1] + "…"
