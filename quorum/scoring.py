"""From answers to points, bands and the consortium's picture (manual, Annex 2a and 2b).

A score is worked out from answers and the version of the questionnaire each time it is shown, and
never stored. Where a printed figure is lost and more than one is possible (see the definition
file), a score has two ends: the columns without and with `_high`. Every function takes and gives
polars frames; drafts may come in too, whoever wants final assessments only filters first.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from string import Formatter

import polars as pl

from quorum.definitions import BAND_ORDER, Block, Points, Questionnaire, questionnaires
from quorum.language import _, ngettext

# Two rounds of a yearly questionnaire may be missed; after that an assessment tells of the past.
STALE_AFTER_DAYS = 730

_RANKS = {band: rank for rank, band in enumerate(BAND_ORDER)}
_EACH = ("supplier_id", "organisation_id")


def band_name(band: str | None) -> str:
    """What people read for a band; an assessment without an answer has none."""
    names = {"low": _("Low"), "medium": _("Medium"), "high": _("High")}
    return _("Not assessed") if band is None else names[band]


def band_words(low: str | None, high: str | None) -> str:
    """A band, or the two that a range leaves open."""
    if low == high:
        return band_name(low)
    return _("{low} or {high}").format(low=band_name(low), high=band_name(high))


def points_words(low: int | None, high: int | None) -> str:
    """Points, or the range of them; nothing where there is no answer."""
    if low is None or low == high:
        return "" if low is None else str(low)
    return _("{low} to {high}").format(low=low, high=high)


def dimension_names() -> dict[str, str]:
    """Code and name of every dimension that any questionnaire has, in the order of the file."""
    return {one.code: one.text for version in questionnaires() for one in version.dimensions}


# Checking answers


def check_answers(
    questionnaire: Questionnaire, codes: Iterable[str], complete: bool = False
) -> list[str]:
    """Sentences about what contradicts itself in `codes`; `complete` also asks for an answer each.

    An empty list means that the answers may be stored: as a draft, or, if `complete`, for good.
    """
    chosen = set(codes)
    unknown = sorted(chosen - {answer.code for answer in questionnaire.answers})
    return [
        *(_unknown_answer(questionnaire, code) for code in unknown),
        *(
            sentence
            for block in questionnaire.blocks
            if (sentence := _check_block(block, chosen, complete))
        ),
    ]


def _unknown_answer(questionnaire: Questionnaire, code: str) -> str:
    return _(
        "The answer “{code}” is not part of the questionnaire “{questionnaire}”: take it away, "
        "or choose the version it belongs to."
    ).format(code=code, questionnaire=questionnaire.id)


def _check_block(block: Block, codes: set[str], complete: bool) -> str | None:
    chosen = [answer for answer in block.answers if answer.code in codes]
    none = next((answer for answer in chosen if answer.none), None)
    if complete and not chosen:
        return _("“{block}” has no answer yet: choose one.").format(block=block.text)
    if block.rule == "one" and len(chosen) > 1:
        return _("“{block}” takes one answer, and {number} are chosen: keep one.").format(
            block=block.text, number=len(chosen)
        )
    if none and len(chosen) > 1:
        others = ", ".join(f"“{answer.label}”" for answer in chosen if answer is not none)
        return _(
            "“{none}” cannot stand beside {others} under “{block}”: keep it alone, or take it away."
        ).format(none=none.label, others=others, block=block.text)
    return None


# Scores


def scores(assessments: pl.DataFrame) -> pl.DataFrame:
    """`assessments` (relation "assessment", any row order and extra columns) with their scores.

    Added: for each dimension `{d}_points`, `{d}_points_high` (whole points, the range that lost
    figures leave), `{d}_band`, `{d}_band_high` (low, medium, high); `overall`, `overall_high` (the
    lowest band); `doubt` (why a score is a range) and `gap_note` (a score the source has no band
    for), sentences or null. Caps apply to both ends. A dimension without any answer is null, and
    so is the overall of a draft that leaves one unanswered: no answer is not 0 points. In a draft
    with two answers where one is allowed the better one counts. Answers and versions that no
    definition knows count for nothing.
    """
    rows = assessments.with_row_index("__row__")
    dimensions = _score_dimensions(_score_blocks(_chosen(rows)))
    scored = rows
    for part in (_wide(dimensions), _overall(dimensions), _doubts(dimensions), _gaps(dimensions)):
        scored = scored.join(part, on="__row__", how="left", maintain_order="left")
    return scored.drop("__row__")


def _chosen(rows: pl.DataFrame) -> pl.DataFrame:
    """One line per row and chosen answer, each answer once."""
    return (
        rows.select(
            "__row__",
            pl.col("questionnaire").cast(pl.String),
            pl.col("respondent_kind").cast(pl.String).fill_null("other"),
            pl.col("answers").cast(pl.List(pl.String)).alias("code"),
        )
        .explode("code")
        .unique()
        .join(_answers(), on=["questionnaire", "respondent_kind", "code"])
    )


def _score_blocks(chosen: pl.DataFrame) -> pl.DataFrame:
    def counted(points: str) -> pl.Expr:
        best, total = pl.col(points).max(), pl.col(points).sum()
        added = pl.when(pl.col("rule").first() == "one").then(best).otherwise(total)
        return pl.min_horizontal(added, pl.col("cap").first()).alias(points)

    lost = pl.col("points_high") > pl.col("points")
    return chosen.group_by("__row__", "questionnaire", "dimension", "block").agg(
        counted("points"),
        counted("points_high"),
        pl.col("label").filter(lost).sort_by(pl.col("position").filter(lost)).alias("lost"),
    )


def _score_dimensions(blocks: pl.DataFrame) -> pl.DataFrame:
    """One line per row and answered dimension: points, their bands as ranks, both ends."""
    bands = _bands()
    high = bands.select("questionnaire", "dimension", points_high="points", rank_high="rank")
    return (
        blocks.group_by("__row__", "questionnaire", "dimension")
        .agg(pl.col("points", "points_high").sum(), pl.col("lost").list.explode())
        .join(bands, on=["questionnaire", "dimension", "points"])
        .join(high, on=["questionnaire", "dimension", "points_high"])
    )


def _wide(dimensions: pl.DataFrame) -> pl.DataFrame:
    def of(dimension: str, column: str) -> pl.Expr:
        return pl.col(column).filter(pl.col("dimension") == dimension).first()

    return dimensions.group_by("__row__").agg(
        expression
        for name in dimension_names()
        for expression in (
            of(name, "points").alias(f"{name}_points"),
            of(name, "points_high").alias(f"{name}_points_high"),
            _band(of(name, "rank")).alias(f"{name}_band"),
            _band(of(name, "rank_high")).alias(f"{name}_band_high"),
        )
    )


def _overall(dimensions: pl.DataFrame) -> pl.DataFrame:
    answered = pl.len() == pl.col("dimension_count").first()
    return dimensions.group_by("__row__").agg(
        _band(pl.when(answered).then(pl.col("rank").min())).alias("overall"),
        _band(pl.when(answered).then(pl.col("rank_high").min())).alias("overall_high"),
    )


def _doubts(dimensions: pl.DataFrame) -> pl.DataFrame:
    parts = {
        "dimension": pl.col("dimension").replace_strict(dimension_names(), default=None),
        "low": pl.col("points"),
        "high": pl.col("points_high"),
        "band": _name(pl.col("rank")),
        "band_high": _name(pl.col("rank_high")),
        "answers": pl.col("lost").list.join("”, “"),
    }
    moved = _("{dimension} is {low} to {high} points, and so {band} or {band_high}: ")
    kept = _("{dimension} is {low} to {high} points, {band} either way: ")
    why = _("the printed copy of the source has lost the points for “{answers}”.")
    return (
        dimensions.filter(pl.col("points") < pl.col("points_high"))
        .with_columns(
            doubt=pl.when(pl.col("rank") < pl.col("rank_high"))
            .then(_sentence(moved + why, parts))
            .otherwise(_sentence(kept + why, parts))
        )
        .group_by("__row__", maintain_order=True)
        .agg(pl.col("doubt").str.join(" "))
    )


def _gaps(dimensions: pl.DataFrame) -> pl.DataFrame:
    return (
        dimensions.filter(pl.col("gap_note").is_not_null())
        .group_by("__row__", maintain_order=True)
        .agg(pl.col("gap_note").str.join(" "))
    )


def _sentence(template: str, parts: dict[str, pl.Expr]) -> pl.Expr:
    """A translated `template` filled in for all rows at once."""
    pieces: list[pl.Expr] = []
    for literal, field, *_rest in Formatter().parse(template):
        pieces.append(pl.lit(literal))
        if field is not None:
            pieces.append(parts[field])
    return pl.concat_str(pieces)


def _band(rank: pl.Expr) -> pl.Expr:
    return rank.replace_strict(dict(enumerate(BAND_ORDER)), default=None, return_dtype=pl.String)


def _name(rank: pl.Expr) -> pl.Expr:
    names = dict(enumerate(map(band_name, BAND_ORDER)))
    return rank.replace_strict(names, default=None, return_dtype=pl.String)


def _rank(band: str) -> pl.Expr:
    return pl.col(band).replace_strict(_RANKS, default=None, return_dtype=pl.Int64)


def _answers() -> pl.DataFrame:
    """What each answer is worth, per version and kind of respondent."""
    texts = ("questionnaire", "respondent_kind", "block", "dimension", "rule", "code", "label")
    numbers = ("position", "cap", "points", "points_high")
    lines = [
        {
            "questionnaire": version.id,
            "respondent_kind": kind,
            "block": block.code,
            "dimension": block.dimension,
            "rule": block.rule,
            "cap": block.cap,
            "code": answer.code,
            "label": answer.label,
            "position": version.answers.index(answer),
            "points": points.low,
            "points_high": points.high,
        }
        for version in questionnaires()
        for block in version.blocks
        for answer in block.answers
        for kind, points in answer.points.items()
    ]
    return pl.DataFrame(
        lines, schema=dict.fromkeys(texts, pl.String) | dict.fromkeys(numbers, pl.Int64)
    )


def _bands() -> pl.DataFrame:
    """The rank of the band of every number of points that a dimension can have."""
    lines = [
        {
            "questionnaire": version.id,
            "dimension": dimension.code,
            "points": points,
            "rank": _RANKS[dimension.band(points).code],
            "gap_note": dimension.gap_note(points),
            "dimension_count": len(version.dimensions),
        }
        for version in questionnaires()
        for dimension in version.dimensions
        for points in range(_most_points(version, dimension.code) + 1)
    ]
    texts = ("questionnaire", "dimension", "gap_note")
    numbers = ("points", "rank", "dimension_count")
    return pl.DataFrame(
        lines, schema=dict.fromkeys(texts, pl.String) | dict.fromkeys(numbers, pl.Int64)
    )


def _most_points(version: Questionnaire, dimension: str) -> int:
    return max(version.most_points(dimension, kind.code) for kind in version.respondent_kinds)


# Over time and between members


def latest(scored: pl.DataFrame, by: Sequence[str] = _EACH) -> pl.DataFrame:
    """The newest assessment per `by`, ordered by it; on the same day the one entered last."""
    order = [name for name in ("assessed_on", "created_at", "id") if name in scored.columns]
    return (
        scored.sort(*order, nulls_last=False)
        .unique(subset=list(by), keep="last", maintain_order=True)
        .sort(*by, maintain_order=True)
    )


def trend(scored: pl.DataFrame) -> pl.DataFrame:
    """One row per supplier, organisation and day, ordered; `overall_before` is the one before."""
    return latest(scored, by=(*_EACH, "assessed_on")).with_columns(
        overall_before=pl.col("overall").shift().over(*_EACH)
    )


def disagreement(scored: pl.DataFrame) -> pl.DataFrame:
    """How far members' latest assessments of the same supplier lie apart.

    supplier_id, organisations (how many assessed), overall_lowest, overall_highest (bands); for
    each dimension `{d}_lowest`, `{d}_highest`, `{d}_spread` in points; `answers_differing`: codes
    that some of the organisations that used the same version chose, and others did not. The low
    ends are compared: a lost figure of the source is no disagreement between members.
    """
    newest = latest(scored)
    spread = newest.group_by("supplier_id").agg(
        pl.col("organisation_id").n_unique().cast(pl.Int64).alias("organisations"),
        _band(_rank("overall").min()).alias("overall_lowest"),
        _band(_rank("overall").max()).alias("overall_highest"),
        *(
            expression
            for name in dimension_names()
            for points in [pl.col(f"{name}_points")]
            for expression in (
                points.min().alias(f"{name}_lowest"),
                points.max().alias(f"{name}_highest"),
                (points.max() - points.min()).alias(f"{name}_spread"),
            )
        ),
    )
    return (
        spread.join(_differing(newest), on="supplier_id", how="left")
        .with_columns(pl.col("answers_differing").fill_null(pl.lit([], pl.List(pl.String))))
        .sort("supplier_id")
    )


def _differing(newest: pl.DataFrame) -> pl.DataFrame:
    order = _answers().select("questionnaire", "code", "position").unique()
    same = ["supplier_id", "questionnaire"]
    return (
        newest.select(
            *same,
            pl.len().over(same).alias("asked"),
            pl.col("answers").cast(pl.List(pl.String)).list.unique().alias("code"),
        )
        .explode("code")
        .group_by(*same, "code")
        .agg(pl.len().alias("chosen"), pl.col("asked").first())
        .filter(pl.col("chosen") < pl.col("asked"))
        .join(order, on=["questionnaire", "code"])
        .sort("supplier_id", "questionnaire", "position")
        .group_by("supplier_id", maintain_order=True)
        .agg(pl.col("code").unique(maintain_order=True).alias("answers_differing"))
    )


def overall_of_consortium(scored: pl.DataFrame) -> pl.DataFrame:
    """The consortium's picture of each supplier, out of each member's latest assessment.

    supplier_id, assessors (how many organisations), assessed_on (newest day); `overall` to
    `overall_high` and for each dimension `{d}_band` to `{d}_band_high`: from the lowest to the
    highest band that any member's assessment, with its own range, allows.
    """
    ends = ["overall", *(f"{name}_band" for name in dimension_names())]
    return (
        latest(scored)
        .group_by("supplier_id")
        .agg(
            pl.col("organisation_id").n_unique().cast(pl.Int64).alias("assessors"),
            pl.col("assessed_on").max(),
            *(_band(_rank(end).min()).alias(end) for end in ends),
            *(_band(_rank(f"{end}_high").max()).alias(f"{end}_high") for end in ends),
        )
        .sort("supplier_id")
    )


def freshness(
    as_of_date: date, assessed_on: date | None, stale_after_days: int = STALE_AFTER_DAYS
) -> str:
    """The word assessed; stale if more than `stale_after_days` have passed; never for no day."""
    if assessed_on is None:
        return "never"
    oldest = as_of_date - timedelta(days=stale_after_days)
    return "stale" if assessed_on < oldest else "assessed"


def coverage(
    suppliers: pl.DataFrame,
    assessments: pl.DataFrame,
    today: date,
    stale_after_days: int = STALE_AFTER_DAYS,
) -> pl.DataFrame:
    """Per supplier: supplier_id, assessed_on (newest day), coverage (assessed, stale, never).

    `suppliers` as in the relation, in its order; assessments of other suppliers are left out.
    """
    oldest = today - timedelta(days=stale_after_days)
    newest = assessments.group_by("supplier_id").agg(pl.col("assessed_on").max())
    return (
        suppliers.select(supplier_id="id")
        .join(newest, on="supplier_id", how="left", maintain_order="left")
        .with_columns(
            coverage=pl.when(pl.col("assessed_on").is_null())
            .then(pl.lit("never"))
            .when(pl.col("assessed_on") < oldest)
            .then(pl.lit("stale"))
            .otherwise(pl.lit("assessed"))
        )
    )


# Following the sum


def explain(
    questionnaire: Questionnaire, respondent_kind: str, codes: Iterable[str]
) -> pl.DataFrame:
    """One line per chosen answer, and one (code null) wherever a cap or the rule takes points off.

    dimension, block (codes), block_text, code, text, points, points_high, note. The points of a
    dimension's lines add up to its score, at both ends.
    """
    chosen = set(codes)
    lines = [
        line
        for block in questionnaire.blocks
        for line in _explain_block(block, respondent_kind, chosen)
    ]
    texts = ("dimension", "block", "block_text", "code", "text")
    return pl.DataFrame(
        lines,
        schema={
            **dict.fromkeys(texts, pl.String),
            "points": pl.Int64,
            "points_high": pl.Int64,
            "note": pl.String,
        },
        orient="row",
    )


Line = tuple[str, str, str, str | None, str, int, int, str | None]


def _explain_block(block: Block, kind: str, chosen: set[str]) -> list[Line]:
    place = (block.dimension, block.code, block.text)
    counted = [(one, one.points[kind]) for one in block.answers if one.code in chosen]
    lines: list[Line] = [
        (*place, answer.code, answer.text, points.low, points.high, _points_note(points))
        for answer, points in counted
    ]
    low = _excess(block, [points.low for _answer, points in counted])
    high = _excess(block, [points.high for _answer, points in counted])
    if high:
        lines.append((*place, None, _limit(block), -low, -high, None))
    return lines


def _excess(block: Block, points: list[int]) -> int:
    """What the block's rule and cap take off the sum of `points`."""
    kept = max(points, default=0) if block.rule == "one" else sum(points)
    return sum(points) - (kept if block.cap is None else min(kept, block.cap))


def _limit(block: Block) -> str:
    if block.rule == "one":
        return _("One answer counts here: the one with the most points")
    cap = block.cap or 0
    return ngettext(
        "At most {cap} point counts here", "At most {cap} points count here", cap
    ).format(cap=cap)


def _points_note(points: Points) -> str | None:
    if points.high > points.low:
        return _(
            "The printed copy of the source has lost this figure: {low} to {high} points are "
            "possible."
        ).format(low=points.low, high=points.high)
    if points.certainty == "likely":
        return _("The printed copy of the source has lost this figure; this is the likely one.")
    if points.certainty == "sure":
        return _("The printed copy of the source has lost this figure; nothing else fits there.")
    return None
