"""An answer as a figure, and the question as its title."""

import plotly.graph_objects as go
import polars as pl

from quorum import charts
from quorum.definitions.datasets import ROWS, Dataset
from quorum.explore.answers import ADDITIVE
from quorum.explore.question import OTHER, SHARE, Question, cut, dimensions
from quorum.explore.rules import chart_of
from quorum.explore.words import filters, labels, lowered, measure_label, unit_of, word, worded
from quorum.language import _


def title(question: Question, dataset: Dataset) -> str:
    """The question in words: "Spend, total (EUR) by supplier and year"."""
    heads = labels(question, dataset)
    named = [heads[f"show{n}"] for n in range(1, len(question.show) + 1)]
    shown = _(" and ").join([named[0], *map(lowered, named[1:])])
    if chart_of(question, dataset) == "box":
        unit = unit_of(question.show[0], question, dataset)
        label = dataset.columns[question.show[0].column].label
        shown = f"{label} ({unit})" if unit else label
    if not question.by:
        return shown
    by = _(" and ").join(lowered(dataset.columns[code].label) for code in question.by)
    return _("{shown} by {by}").format(shown=shown, by=by)


def full_title(question: Question, dataset: Dataset) -> str:
    """The title with its filters: a name for a question that stands beside others."""
    chosen = "; ".join(
        f"{name}: {cut(value, 60)}" for name, value in filters(question, dataset).items()
    )
    named = title(question, dataset)
    return _("{title}, only {filters}").format(title=named, filters=chosen) if chosen else named


def figure(
    frame: pl.DataFrame, question: Question, dataset: Dataset, dates: str = ""
) -> go.Figure | None:
    """The answer as a figure in the one look; None for a table, which is not drawn. `dates`: a
    sentence that says of when its data are."""
    chart = chart_of(question, dataset)
    if chart == "table":
        return None
    first, second = dimensions(question, dataset)
    heads = labels(question, dataset)
    unit = _("{title}.").format(title=title(question, dataset))
    source = _("Source: {source}.").format(source=dataset.source)
    if dates:
        source = f"{source} {dates}"
    if chosen := filters(question, dataset):
        source = _("Only {filters}. {source}").format(
            filters="; ".join(f"{name}: {cut(value, 60)}" for name, value in chosen.items()),
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
            shares=question.show[0].aggregation == SHARE,
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
        quiet = tuple(word(value, dataset.columns[question.by[0]]) for value in (OTHER, None))
        return charts.areas(words, unit, source, quiet)
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
