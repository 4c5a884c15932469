"""A question, its parts and its values in words."""

from datetime import date
from typing import Any

import polars as pl

from quorum import charts
from quorum.countries import display_name
from quorum.definitions.datasets import ROWS, Column, Dataset
from quorum.explore.question import OTHER, SHARE, Measure, Question, is_amount
from quorum.language import _
from quorum.scoring import band_name


def aggregation_word(code: str) -> str:
    words = {
        "": _("Number"), "sum": _("Total"), "mean": _("Mean"), "median": _("Median"),
        "lowest": _("Lowest"), "highest": _("Highest"),
        SHARE: _("Share of each bar, %"),
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
    if measure.aggregation == SHARE:
        return _("Share of {rows}").format(rows=lowered(dataset.rows))
    if measure.column == ROWS:
        return _("Number of {rows}").format(rows=lowered(dataset.rows))
    column = dataset.columns[measure.column]
    if measure.aggregation == "distinct":
        return _("Number of different {things}").format(things=column.plural)
    words = {
        "sum": _("Total {label}"), "mean": _("Mean {label}"), "median": _("Median {label}"),
        "lowest": _("Lowest {label}"), "highest": _("Highest {label}"),
        "spread": _("Spread of {label}"),
    }  # fmt: skip
    return words.get(measure.aggregation, "{label}").format(label=lowered(column.label))


def lowered(label: str) -> str:
    """A label in the middle of a sentence; what starts like OS ID stays."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def unit_of(measure: Measure, question: Question, dataset: Dataset) -> str:
    """What the figures are in, such as "EUR" or "points"; empty for counts."""
    if measure.aggregation == SHARE:
        return "%"
    if not is_amount(measure, dataset):
        return ""
    column = dataset.columns[measure.column]
    if column.unit_from:
        chosen = question.values(column.unit_from)
        return chosen[0] if len(chosen) == 1 else ""
    return "" if lowered(column.unit) == lowered(column.label) else column.unit


def labels(question: Question, dataset: Dataset) -> dict[str, str]:
    """Column of an answer -> header, with its unit."""
    heads = {f"by{n}": dataset.columns[code].label for n, code in enumerate(question.by, start=1)}
    for n, measure in enumerate(question.show, start=1):
        unit = unit_of(measure, question, dataset)
        label = measure_label(measure, dataset)
        heads[f"show{n}"] = f"{label} ({unit})" if unit else label
    if any(measure.aggregation == SHARE for measure in question.show):
        heads["n"] = _("Out of (n)")
    return heads


def heads(frame: pl.DataFrame, question: Question, dataset: Dataset) -> dict[str, str]:
    """As `labels`, for a table: a count of rows that is one in each of them says nothing."""
    found = labels(question, dataset)
    for n, measure in enumerate(question.show, start=1):
        idle = measure == Measure(ROWS) and question.by and frame.height > 1
        if idle and (frame[f"show{n}"] == 1).all():
            del found[f"show{n}"]
    return found


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


def dates(first: date | int | None, last: date | int | None, dataset: Dataset, today: date) -> str:
    """Of when the rows behind an answer are; rows that have no date are as they stand today."""
    if not dataset.dated:
        return _("As of {day}.").format(day=today.isoformat())
    if first is None or last is None:
        return ""
    if first == last:
        return _("Data of {day}.").format(day=first)
    return _("Data of {first} to {last}.").format(first=first, last=last)


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
