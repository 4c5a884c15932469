"""The answer to a question: rows in, groups out, no more of them than its chart has room for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple

import polars as pl

from quorum import charts
from quorum.definitions.datasets import DATES, ROWS, Dataset
from quorum.explore.question import OTHER, PERIODS, SHARE, Measure, Question, units
from quorum.explore.rules import chart_of
from quorum.explore.words import filters, lowered, unit_of
from quorum.language import _, ngettext

ADDITIVE = ("sum", ROWS, SHARE)  # parts of these add up to the whole
COUNTS = ("", SHARE, "distinct")  # of these, what is not there is zero
# How many categories a chart holds: of its first and of its second dimension.
ROOM: dict[str, tuple[int, int]] = {
    "bar": (20, 6),
    "line": (2_000, 5),
    "scatter": (100_000, 4),
    "box": (20, 0),
    "heatmap": (24, 10),
    "treemap": (7, 3),
    "radar": (12, 4),
    "map": (300, 0),
    "table": (1_000, 1_000),
}


class Answer(NamedTuple):
    """`frame`: by1, by2 (raw values, OTHER for the rest) and show1, show2, ... in the order in
    which they are drawn; for a box also low, q1, median, q3, high, count. `notes`: what is left
    out, in sentences. `problem`: why there is no answer, else empty. `first`, `last`: days or years
    of the rows behind it. `units`: units, such as currencies, whose rows are left out. `crowded`:
    most of it has no place in the chart, and is better seen in the table."""

    frame: pl.DataFrame
    notes: tuple[str, ...] = ()
    problem: str = ""
    first: date | int | None = None
    last: date | int | None = None
    units: tuple[str, ...] = ()
    crowded: bool = False


@dataclass
class _Said:
    """What there is to say about an answer, gathered on the way."""

    notes: list[str] = field(default_factory=list)
    crowded: bool = False

    def lost(self, groups: int) -> None:
        if groups:
            self.notes.append(
                ngettext(
                    "{n} group is in the files but not drawn: it has no value to draw.",
                    "{n} groups are in the files but not drawn: they have no value to draw.",
                    groups,
                ).format(n=f"{groups:,}")
            )


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
    needed = _needed(question, dataset)
    if dataset.dated in schema:
        needed.append(pl.col(dataset.dated).alias("dated"))
    for n, code in enumerate(question.by, start=1):
        if (place := dataset.columns[code].place) in schema:
            needed.append(pl.col(place).alias(f"place{n}"))
    rows = _narrowed(frame.lazy(), question, schema).select(needed).collect()
    if problem := _nothing(rows, question, dataset):
        return Answer(rows.clear(), problem=problem)
    found = (
        _boxes(rows, question, dataset)
        if chart == "box"
        else _grouped(rows, question, dataset, chart)
    )
    if found.problem:
        return found
    dated: Any = rows["dated"] if "dated" in rows.columns else pl.Series([None])
    note, units_left = _left_out(frame.lazy(), question, dataset, schema)
    return found._replace(
        notes=found.notes + note, units=units_left, first=dated.min(), last=dated.max()
    )


def _grouped(rows: pl.DataFrame, question: Question, dataset: Dataset, chart: str) -> Answer:
    places = _places(rows, question, chart)
    rows, counted = _compact(rows, question)
    measures = [_measured(n, m) for n, m in enumerate(counted, start=1)]
    said = _Said()
    orders: dict[str, list[Any]] = {}
    if chart not in ("table", "scatter"):
        for n in range(1, len(question.by) + 1):
            rows, order = _made_to_fit(rows, n, chart, question, dataset, said, counted)
            known = places.get(n, {})
            orders[f"by{n}"] = sorted(order, key=lambda value: known.get(value, len(known)))
    groups = [f"by{n}" for n in range(1, len(question.by) + 1)]
    grouped = rows.group_by(groups).agg(measures) if groups else rows.select(measures)
    if chart == "scatter" and len(groups) == 2:
        grouped = _few_series(grouped, said)
    drawn = _without_gaps(grouped, chart, question, said)
    if drawn.is_empty():
        return Answer(drawn, problem=_no_value(question, dataset))
    drawn = _shares(_filled(drawn, orders, chart, question, dataset), question)
    drawn = _sorted(drawn, groups, orders, question, dataset)
    return Answer(drawn, tuple(said.notes), crowded=said.crowded)


def _places(rows: pl.DataFrame, question: Question, chart: str) -> dict[int, dict[Any, int]]:
    """Of the dimensions whose own order the chart keeps: value -> place in it."""
    kept = {"radar": (1, 2), "heatmap": (2,)}.get(chart, ())
    return {
        n: dict(rows.group_by(f"by{n}").agg(pl.col(f"place{n}").min()).drop_nulls().iter_rows())
        for n in range(1, len(question.by) + 1)
        if n in kept and f"place{n}" in rows.columns
    }


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
        SHARE: pl.len().cast(pl.Int64),  # the whole is known when all of its parts are
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


def _left_out(
    frame: pl.LazyFrame, question: Question, dataset: Dataset, schema: Mapping[str, Any]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A sentence about rows in other units than the chosen one, and those units."""
    chosen = [unit for unit in units(question, dataset) if len(question.values(unit)) == 1]
    if not chosen:
        return (), ()
    unit = chosen[0]
    others = _narrowed(frame, question.with_only(unit, ()), schema).filter(
        pl.col(unit) != question.values(unit)[0]
    )
    who = "organisation" if "organisation" in schema else unit
    found = (
        others.group_by(unit)
        .agg(pl.len().alias("rows"), pl.col(who).drop_nulls().unique().sort().alias("who"))
        .sort("rows", unit, descending=[True, False])
        .collect()
    )
    if found.is_empty():
        return (), ()
    named = [
        f"{one[unit]} ({_few(one['who'])})" if who != unit else one[unit]
        for one in found.iter_rows(named=True)
    ]
    note = _("Left out: {rows} in {units}.").format(
        rows=lowered(dataset.rows), units=_few(named, 6)
    )
    return (note,), tuple(found[unit].to_list())


def _few(names: Sequence[str], most: int = 3) -> str:
    if len(names) <= most:
        return ", ".join(names)
    return _("{names} and {n} more").format(names=", ".join(names[:most]), n=len(names) - most)


# Why there is no answer ---------------------------------------------------------------------------


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


# What a chart has room for ------------------------------------------------------------------------


def _made_to_fit(
    rows: pl.DataFrame,
    n: int,
    chart: str,
    question: Question,
    dataset: Dataset,
    said: _Said,
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
            said.notes.append(
                _("Shown are the last {most} of {all} values of {label}.").format(
                    most=most, all=f"{len(ordered):,}", label=lowered(column.label)
                )
            )
            ordered = ordered[-most:]
            rows = rows.filter(pl.col(name).is_in(ordered) | pl.col(name).is_null())
        return rows, ordered
    if column.kind == "band":
        known = [band for band in charts.BANDS if band in set(totals[name])]
        return rows, known + sorted(set(totals[name]) - set(known))
    totals = totals.sort("show1", name, descending=[True, False], nulls_last=True)
    ordered, valued = totals[name].to_list(), totals.height - totals["show1"].null_count()
    if valued <= most:
        return rows, ordered
    kept, rest = ordered[:most], valued - most
    is_kept, is_known = pl.col(name).is_in(kept), pl.col(name).is_not_null()
    adds_up = (measure.aggregation or ROWS) in (*ADDITIVE, "distinct") and chart != "map"
    if not adds_up:
        said.notes.append(
            _("{label}: the {most} highest of {all}. The files hold all of them.").format(
                label=column.label, most=most, all=f"{valued:,}"
            )
        )
        said.lost(len(ordered) - valued)
        return rows.filter(is_kept | ~is_known), kept
    other = rows.filter(~is_kept & is_known).select(_measured(1, counted[0])).item() or 0
    part_of_bars = n == 2 and chart in ("bar", "treemap")
    if measure.aggregation != SHARE and not part_of_bars and other > totals["show1"][:most].sum():
        said.crowded = True
        said.notes.append(
            _(
                "{label}: the {most} largest of {all} are drawn. The other {rest} make {value} "
                "together, more than those, and are left out: see all in the table, or filter."
            ).format(
                label=column.label, most=most, all=f"{valued:,}", rest=f"{rest:,}",
                value=f"{charts.number(other)} {unit_of(measure, question, dataset)}".strip(),
            )
        )  # fmt: skip
        return rows.filter(is_kept | ~is_known), kept
    said.notes.append(
        ngettext(
            "{label}: the {most} largest are named; {rest} more is in “Other”.",
            "{label}: the {most} largest are named; {rest} more are in “Other”.",
            rest,
        ).format(label=column.label, most=most, rest=f"{rest:,}")
    )
    named = pl.when(is_kept | ~is_known).then(pl.col(name)).otherwise(pl.lit(OTHER))
    return rows.with_columns(named.alias(name)), [*kept, OTHER]


def _few_series(grouped: pl.DataFrame, said: _Said) -> pl.DataFrame:
    most = ROOM["scatter"][1]
    series = grouped["by2"].drop_nulls().value_counts(sort=True)
    if series.height <= most:
        return grouped
    said.notes.append(
        _("Only the {most} largest groups have a colour of their own.").format(most=most)
    )
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


def _without_gaps(frame: pl.DataFrame, chart: str, question: Question, said: _Said) -> pl.DataFrame:
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
    said.lost(frame.height - kept.height)
    return kept


def _filled(
    frame: pl.DataFrame,
    orders: dict[str, list[Any]],
    chart: str,
    question: Question,
    dataset: Dataset,
) -> pl.DataFrame:
    """With the periods and combinations that no row is in: of counts they are zero; of anything
    else they are nothing, which breaks a line. Their order goes into `orders`."""
    counts = [
        f"show{n}"
        for n, measure in enumerate(question.show, start=1)
        if measure.aggregation in COUNTS
    ]
    if chart not in ("bar", "line", "heatmap", "radar") or not question.by:
        return frame
    dated = dataset.columns[question.by[0]].kind in DATES
    if not counts and not (chart == "line" and dated):
        return frame
    every = frame.select("by1").unique(maintain_order=True)
    # Where nothing is, there are no parts of it.
    if dated and (chart == "line" or question.show[0].aggregation != SHARE):
        orders["by1"] = _periods(orders["by1"], chart, question)
        periods = pl.Series("by1", orders["by1"], dtype=frame.schema["by1"])
        every = pl.concat([periods.to_frame(), every]).unique(maintain_order=True)
    if "by2" in frame.columns:
        every = every.join(frame.select("by2").unique(maintain_order=True), how="cross")
    groups = every.columns
    filled = every.join(frame, on=groups, how="left", nulls_equal=True, maintain_order="left")
    return filled.with_columns(pl.col(counts).fill_null(0))


def _periods(days: list[Any], chart: str, question: Question) -> list[Any]:
    """All periods from the first to the last, unless the chart has no room for those."""
    if len(days) < 2:
        return days
    if isinstance(days[0], date):
        every = pl.date_range(days[0], days[-1], PERIODS[question.per], eager=True).to_list()
    elif days[-1] - days[0] < ROOM[chart][0]:
        every = list(range(days[0], days[-1] + 1))
    else:
        return days
    return every if len(every) <= ROOM[chart][0] else days


def _shares(frame: pl.DataFrame, question: Question) -> pl.DataFrame:
    """Counts as percentages of their bar, where shares are asked for, with the bar's `n`."""
    whole = [f"show{n}" for n, m in enumerate(question.show, start=1) if m.aggregation == SHARE]
    for name in whole:
        n = pl.col(name).sum().over("by1")
        frame = frame.with_columns(
            pl.when(n > 0).then(pl.col(name) * 100 / n).alias(name), n.alias("n")
        )
    return frame


def _boxes(rows: pl.DataFrame, question: Question, dataset: Dataset) -> Answer:
    """The distribution of the rows' values in each group."""
    said = _Said()
    groups = [f"by{n}" for n in range(1, len(question.by) + 1)]
    orders: dict[str, list[Any]] = {}
    if groups:
        by_median = replace(question, show=(replace(question.show[0], aggregation="median"),))
        rows, orders["by1"] = _made_to_fit(rows, 1, "box", by_median, dataset, said, by_median.show)
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
    said.lost(grouped.height - ordered.height)
    return Answer(ordered, tuple(said.notes))
