"""One supplier as the member sees it: who works with it, and what has changed lately.

Pure. Frames are those of `quorum.overview.Picture`; organisations: identifier -> name.
"""

from collections.abc import Mapping

import polars as pl

from quorum import scoring
from quorum.language import _
from quorum.overview import Picture

WORKING: dict[str, pl.DataType] = {
    "organisation_id": pl.String(), "organisation": pl.String(), "spend": pl.String(),
    "years": pl.String(), "assessed_on": pl.Date(), "overall": pl.String(),
    "overall_high": pl.String(), "lists": pl.Int64(), "listed_on": pl.Date(),
}  # fmt: skip
CHANGES: dict[str, pl.DataType] = {
    "day": pl.Date(), "who": pl.String(), "what": pl.String(),
}  # fmt: skip


def of(picture: Picture, supplier_id: str) -> Picture:
    """The picture of this one supplier."""
    this = pl.col("supplier_id") == supplier_id
    return Picture(
        picture.suppliers.filter(pl.col("id") == supplier_id),
        picture.assessments.filter(this),
        picture.spend.filter(this),
        picture.bands.filter(this),
        picture.lists.filter(this),
        picture.organisation_id,
        picture.today,
    )


def working_with(picture: Picture, organisations: Mapping[str, str]) -> pl.DataFrame:
    """Who is seen to work with the supplier, and how, with columns WORKING; we come first.

    picture: of one supplier. spend: "lines" where we see each line, "class" where only the size
    class of a year, null where nothing. assessed_on, overall, overall_high: of the latest
    assessment. lists: how many site lists; listed_on: the newest of them.
    """
    kinds = pl.concat(
        [
            picture.bands.select("organisation_id", "year", spend=pl.lit("class")),
            picture.spend.select("organisation_id", "year", spend=pl.lit("lines")),
        ]
    )
    first, last = pl.col("year").min(), pl.col("year").max()
    bought = kinds.group_by("organisation_id").agg(
        # In the alphabet "lines" comes after "class", and tells more.
        pl.col("spend").max(),
        years=pl.when(first == last)
        .then(first.cast(pl.String))
        .otherwise(pl.format(_("{} to {}"), first, last)),
    )
    newest = scoring.latest(picture.assessments).select(
        "organisation_id", "assessed_on", "overall", "overall_high"
    )
    listed = picture.lists.group_by("organisation_id").agg(
        lists=pl.len(), listed_on=pl.col("as_of").max()
    )
    everybody = pl.concat([f.select("organisation_id") for f in (bought, newest, listed)]).unique()
    joined = everybody
    for part in (bought, newest, listed):
        joined = joined.join(part, on="organisation_id", how="left")
    return (
        joined.with_columns(
            organisation=pl.col("organisation_id").replace_strict(
                dict(organisations), default=_("Another member"), return_dtype=pl.String
            ),
            ours=pl.col("organisation_id") == picture.organisation_id,
        )
        .sort("ours", "organisation", descending=[True, False])
        .select(pl.col(name).cast(dtype) for name, dtype in WORKING.items())
    )


def shared_lately(picture: Picture, organisations: Mapping[str, str]) -> pl.DataFrame:
    """What others have brought in about the supplier, as far as it is shared: CHANGES, the newest
    first. What one's own organisation did stands in its audit trail."""
    others = pl.col("organisation_id") != picture.organisation_id
    moments: list[tuple[pl.DataFrame, str, pl.Expr]] = [
        (
            picture.assessments,
            "updated_at",
            pl.format(_("assessed it, as of {}"), pl.col("assessed_on")),
        ),
        (picture.lists, "created_at", pl.format(_("brought in the site list “{}”"), "title")),
        (
            picture.spend.unique(["organisation_id", "import_id", "year"]),
            "created_at",
            pl.format(_("brought in spend of {}"), "year"),
        ),
    ]
    found = [
        frame.filter(others).select(
            day=pl.col(moment).dt.date(),
            who=pl.col("organisation_id").replace_strict(
                dict(organisations), default=_("Another member"), return_dtype=pl.String
            ),
            what=what,
        )
        for frame, moment, what in moments
    ]
    return (
        pl.concat(found)
        .cast(pl.Schema(CHANGES))
        .sort("day", "who", "what", descending=[True, False, False])
    )
