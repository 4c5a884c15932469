"""What goes together in a question: which charts can show it, and what to do where none can."""

from dataclasses import replace

from quorum.definitions.datasets import CHARTS, ROWS, Dataset
from quorum.explore.question import SHARE, Question, dimensions, is_amount, units
from quorum.explore.words import aggregation_word, lowered, unit_of
from quorum.language import _


def chart_of(question: Question, dataset: Dataset) -> str:
    """The chart that is drawn: the chosen one, or else the suggested."""
    return question.chart or suggest_chart(question, dataset)


def suggest_chart(question: Question, dataset: Dataset) -> str:
    """A chart that suits these dimensions and measures; always one that `check` lets pass, as
    long as the picks themselves are right."""
    first, second = dimensions(question, dataset)
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
            if measure.aggregation == SHARE and len(question.by) < 2:
                sentences.append(
                    _("Shares need two dimensions: the bars, and the parts of each bar.")
                )
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
    for unit in units(question, dataset):
        label = dataset.columns[unit].label
        if unit not in question.by and len(question.values(unit)) != 1:
            sentences.append(
                _(
                    "Amounts that differ in {unit} are never added up. Filter on one {unit}, or "
                    "make {unit} a dimension."
                ).format(unit=lowered(label))
            )
    return sentences


def _check_chart(question: Question, dataset: Dataset) -> list[str]:
    chart, shown = question.chart, len(question.show)
    first, second = dimensions(question, dataset)
    rules: list[tuple[bool, str]] = []
    if chart != "table":
        rules.append(
            (
                any(
                    unit in question.by and len(question.values(unit)) != 1
                    for unit in units(question, dataset)
                ),
                _(
                    "Amounts in several units have no common axis. Filter on one of them, or take "
                    "the table."
                ),
            )
        )
    if chart in ("bar", "line", "heatmap", "treemap", "map", "box"):
        rules.append((shown > 1, _("This chart shows one measure: take the others away.")))
    if chart not in ("bar", "line", "heatmap", "table"):
        rules.append(
            (
                any(measure.aggregation == SHARE for measure in question.show),
                _("Shares are shown as bars, lines, a heatmap or a table: choose one of them."),
            )
        )
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
                    not is_amount(question.show[0], dataset),
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
    first, second = dimensions(question, dataset)
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
