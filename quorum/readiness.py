"""Which suppliers are least ready: scored assessments, arranged for tables and charts.

`scored`: what quorum.scoring.scores gives, with supplier and organisation (names) beside their
identifiers. Least ready comes first everywhere: the lowest overall level, then the lowest bands,
then the fewest points.
"""

from collections.abc import Callable, Sequence
from datetime import date

import polars as pl

from quorum.charts import Zones
from quorum.definitions import BAND_ORDER, current, questionnaire
from quorum.language import _
from quorum.scoring import (
    band_words,
    dimension_names,
    explain,
    freshness,
    latest,
    points_words,
    trend,
)

_RANKS = {band: rank for rank, band in enumerate(BAND_ORDER)}


def freshness_words() -> dict[str, str]:
    """How old an assessment is, code to words."""
    return {"assessed": _("Current"), "stale": _("Stale")}


def picture(scored: pl.DataFrame, today: date) -> pl.DataFrame:
    """The newest assessment of each supplier by each organisation, least ready first.

    Added: freshness (assessed, stale), `overall_words`, and `{d}_words` for each dimension, such as
    "Low or Medium, 3 to 4".
    """
    newest = latest(scored)
    days = newest["assessed_on"].to_list()
    return newest.with_columns(
        pl.Series("freshness", [freshness(today, day) for day in days], pl.String),
        _series("overall_words", newest, ("overall", "overall_high"), band_words),
        *(
            _series(
                f"{name}_words",
                newest,
                (f"{name}_band", f"{name}_band_high", f"{name}_points", f"{name}_points_high"),
                _in_words,
            )
            for name in dimension_names()
        ),
    ).sort(*_least_ready(), "supplier", "organisation", nulls_last=True)


def _series(
    name: str, frame: pl.DataFrame, columns: Sequence[str], words: Callable[..., str]
) -> pl.Series:
    return pl.Series(name, [words(*row) for row in frame.select(columns).iter_rows()], pl.String)


def _in_words(low: str | None, high: str | None, points: int | None, most: int | None) -> str:
    return ", ".join(filter(None, (band_words(low, high), points_words(points, most))))


def _least_ready() -> list[pl.Expr]:
    bands = [_rank(f"{name}_band") for name in dimension_names()]
    points = [pl.col(f"{name}_points") for name in dimension_names()]
    return [_rank("overall"), pl.sum_horizontal(bands), pl.sum_horizontal(points)]


def _rank(band: str) -> pl.Expr:
    return pl.col(band).replace_strict(_RANKS, default=None, return_dtype=pl.Int64)


def chosen(
    picture: pl.DataFrame,
    *,
    consortium: str | None = None,
    supplier: str | None = None,
    organisation: str | None = None,
    overall: str | None = None,
    fresh: str | None = None,
    mine: bool = False,
) -> pl.DataFrame:
    """The rows of a `picture` that all filters let through; None lets everything through.

    A range counts for both of its bands: who looks for Low must not miss "Low or Medium".
    """
    wanted = [
        None if consortium is None else pl.col("shared_with").list.contains(consortium),
        None if supplier is None else pl.col("supplier_id") == supplier,
        None if organisation is None else pl.col("organisation_id") == organisation,
        None
        if overall is None
        else (pl.col("overall") == overall) | (pl.col("overall_high") == overall),
        None if fresh is None else pl.col("freshness") == fresh,
        pl.col("mine") if mine else None,
    ]
    return picture.filter(*(one for one in wanted if one is not None))


def counts(picture: pl.DataFrame) -> dict[str, int]:
    """Of suppliers: assessed, low (the newest assessment is Low, or may be), stale, differing
    (members' overall levels lie apart)."""
    newest = latest(picture, by=("supplier_id",))
    apart = picture.group_by("supplier_id").agg(pl.col("overall").n_unique())
    return {
        "assessed": newest.height,
        "low": newest.filter(pl.col("overall") == "low").height,
        "stale": newest.filter(pl.col("freshness") == "stale").height,
        "differing": apart.filter(pl.col("overall") > 1).height,
    }


# For charts


def matrix(picture: pl.DataFrame, most: int | None = None) -> pl.DataFrame:
    """For charts.band_matrix: each supplier's newest assessment, one row per dimension.

    `most`: only so many suppliers, the least ready ones.
    """
    newest = latest(picture, by=("supplier_id",)).sort(
        *_least_ready(), "supplier", "supplier_id", nulls_last=True
    )
    return _long(newest.head(most) if most else newest)


def over_time(scored: pl.DataFrame, supplier_id: str) -> pl.DataFrame:
    """For charts.trend: every assessment of one supplier, one row per dimension."""
    days = trend(scored.filter(pl.col("supplier_id") == supplier_id))
    return _long(days).drop_nulls("points").rename({"assessed_on": "date"})


def side_by_side(scored: pl.DataFrame, supplier_id: str) -> pl.DataFrame:
    """For charts.assessor_comparison: each member's newest assessment of one supplier."""
    newest = latest(scored.filter(pl.col("supplier_id") == supplier_id))
    return _long(newest).drop_nulls("points")


def _long(scored: pl.DataFrame) -> pl.DataFrame:
    kept = ("supplier_id", "supplier", "organisation", "assessed_on")
    parts = ("points", "points_high", "band", "band_high")
    frames = [
        scored.select(
            *kept, pl.lit(text).alias("dimension"), *(pl.col(f"{name}_{p}").alias(p) for p in parts)
        )
        for name, text in dimension_names().items()
    ]
    return pl.concat(frames)


def zones() -> dict[str, Zones]:
    """Dimension as people read it -> where its bands begin, for the current questionnaire."""
    version = current()
    return {
        dimension.text: Zones(
            dimension.bands[1].first,
            dimension.bands[2].first,
            max(version.most_points(dimension.code, one.code) for one in version.respondent_kinds),
        )
        for dimension in version.dimensions
    }


# Answer by answer


def answers_side_by_side(scored: pl.DataFrame, supplier_id: str) -> pl.DataFrame:
    """The answers on which members' newest assessments of one supplier differ.

    block, answer (texts), and per organisation (by name) "yes" or "no". Assessments of another
    version of the questionnaire than the newest one are left out: their answers cannot be compared.
    """
    newest = latest(scored.filter(pl.col("supplier_id") == supplier_id))
    if newest.is_empty():
        return pl.DataFrame(schema={"block": pl.String, "answer": pl.String})
    version = questionnaire(newest.sort("assessed_on")["questionnaire"][-1])
    same = newest.filter(pl.col("questionnaire") == version.id).sort("organisation")
    said = {
        name: set(answers) for name, answers in same.select("organisation", "answers").iter_rows()
    }
    lines = [
        {
            "block": block.text,
            "answer": answer.text,
            **{name: _("yes") if answer.code in codes else _("no") for name, codes in said.items()},
        }
        for block in version.blocks
        for answer in block.answers
        if len({answer.code in codes for codes in said.values()}) > 1
    ]
    names = ("block", "answer", *said)
    return pl.DataFrame(lines, schema=dict.fromkeys(names, pl.String))


def sum_of(version: str, respondent_kind: str, answers: Sequence[str]) -> pl.DataFrame:
    """How one assessment's points come about: dimension, block, answer, points, note (texts)."""
    lines = explain(questionnaire(version), respondent_kind, answers)
    return lines.select(
        dimension=pl.col("dimension").replace_strict(dimension_names(), return_dtype=pl.String),
        block="block_text",
        answer="text",
        points=_series("points", lines, ("points", "points_high"), points_words),
        note="note",
    )


def all_answers(scored: pl.DataFrame) -> pl.DataFrame:
    """For files: one row per assessment, and one column per answer (its label) with an x."""
    versions = [questionnaire(id) for id in scored["questionnaire"].unique().sort().to_list()]
    labels = {one.code: one.label for version in versions for one in version.answers}
    return scored.select(
        pl.col("supplier").alias(_("Supplier")),
        pl.col("organisation").alias(_("Assessed by")),
        pl.col("assessed_on").alias(_("Date")),
        pl.col("company_name").alias(_("Company that answered")),
        pl.col("respondent_kind").alias(_("Kind of respondent")),
        pl.col("questionnaire").alias(_("Questionnaire")),
        *(
            expression
            for name, text in dimension_names().items()
            for expression in (
                pl.col(f"{name}_points").alias(_("{dimension}, points").format(dimension=text)),
                pl.col(f"{name}_points_high").alias(
                    _("{dimension}, points at most").format(dimension=text)
                ),
                pl.col(f"{name}_band").alias(_("{dimension}, band").format(dimension=text)),
                pl.col(f"{name}_band_high").alias(
                    _("{dimension}, band at most").format(dimension=text)
                ),
            )
        ),
        pl.col("overall").alias(_("Overall")),
        pl.col("overall_high").alias(_("Overall at most")),
        *(
            pl.when(pl.col("answers").list.contains(code)).then(pl.lit("x")).alias(label)
            for code, label in labels.items()
        ),
        pl.col("other_actions").alias(_("Other actions")),
        pl.col("evidence").alias(_("Evidence")),
    )
