"""How much of a supplier's business the members are, together.

Added up are two displays only (disclosure.md, Rules 1 and Display): lines shared as records, to the
cent, and colleagues' yearly totals as size classes, [low, high). What members share as "aggregate
only" is in none of these frames, so every figure here is a lower view of the whole.

How sure a figure is: `own` and `exact` are as exact as the books they come from. The true total of
the lines and classes counted lies in [low, high); it is wider the more members share classes. A
colleague whose yearly total is negative has no class and is missing. Different currencies and
different years are never added, and nothing is converted.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

_CELL = ["supplier_id", "year", "currency"]

COLLECTIVE: dict[str, pl.DataType] = {
    "supplier_id": pl.String(), "year": pl.Int64(), "currency": pl.String(),
    "own": pl.Float64(), "exact": pl.Float64(), "band_low": pl.Float64(), "band_high": pl.Float64(),
    "low": pl.Float64(), "high": pl.Float64(),
    "members": pl.Int64(), "organisations": pl.List(pl.String()),
    "turnover": pl.Float64(), "turnover_currency": pl.String(), "turnover_source": pl.String(),
    "turnover_year": pl.Int64(),
    "own_share": pl.Float64(), "exact_share": pl.Float64(), "share_low": pl.Float64(),
    "share_high": pl.Float64(),
}  # fmt: skip


@dataclass(frozen=True)
class Summary:
    """The organisation's own figures in a few numbers; `own`: currency -> total, never added."""

    own: dict[str, float]
    suppliers: int
    years: tuple[int, ...]


def own_by_year(spend: pl.DataFrame, organisation_id: str) -> pl.DataFrame:
    """The organisation's own totals: supplier_id, supplier, year, currency, own.

    spend: lines with organisation_id, supplier_id, supplier (name), year, amount, currency. Credit
    notes are in; a total may be negative. Newest year first, then the largest total.
    """
    return (
        spend.filter(pl.col("organisation_id") == organisation_id)
        .group_by("supplier_id", "supplier", "year", "currency")
        .agg(own=_total("amount"))
        .sort("year", "own", "supplier", "currency", descending=[True, True, False, False])
    )


def collective(
    spend: pl.DataFrame, bands: pl.DataFrame, turnover: pl.DataFrame, organisation_id: str
) -> pl.DataFrame:
    """What the members buy from each supplier in each year and currency, with columns COLLECTIVE.

    spend: the organisation's own lines and those that colleagues share as records, each line once
    (organisation_id, supplier_id, year, amount, currency). bands: colleagues' yearly totals as
    classes (organisation_id, supplier_id, year, currency, low, high; high null for the open-ended
    class). turnover: supplier_id, year, amount, currency, source.

    exact is own plus colleagues' records; low and high add the classes, and high is null where a
    class is open-ended. organisations (identifiers) and members (their number, own included) tell
    who is in the cell: who shares some lines as records and others as a class counts in both sums
    and is one member.

    turnover is the supplier's figure of the same year and currency, else the nearest one known
    (same year first, then the newest), to be shown as not comparable: the shares, fractions of
    turnover, are null unless year and currency are the same. Where a merge of two entries left two
    figures for a year, the larger counts, so that no share is overstated.
    """
    own = pl.col("organisation_id") == organisation_id
    lines = spend.group_by(_CELL).agg(
        own=pl.col("amount").filter(own).sum().round(2),
        exact=_total("amount"),
        by_record=pl.col("organisation_id").unique(),
    )
    classes = (
        bands.filter(~own)
        .group_by(_CELL)
        .agg(
            band_low=_total("low"),
            band_high=pl.when(pl.col("high").is_null().any()).then(None).otherwise(_total("high")),
            by_class=pl.col("organisation_id").unique(),
        )
    )
    # Which cells have no class at all must stay apart from those whose class is open-ended.
    joined = lines.join(classes, on=_CELL, how="full", coalesce=True)
    without = pl.col("by_class").is_null()
    nobody = pl.lit([], dtype=pl.List(pl.String()))
    cells = joined.with_columns(
        pl.col("own", "exact", "band_low").fill_null(0.0),
        band_high=pl.when(without).then(0.0).otherwise("band_high"),
        organisations=pl.concat_list(
            pl.coalesce("by_record", nobody), pl.coalesce("by_class", nobody)
        )
        .list.unique()
        .list.sort(),
    ).with_columns(
        low=(pl.col("exact") + pl.col("band_low")).round(2),
        high=(pl.col("exact") + pl.col("band_high")).round(2),
        members=pl.col("organisations").list.len().cast(pl.Int64),
    )
    return (
        _with_shares(_with_turnover(cells, turnover))
        .select(pl.col(name).cast(dtype) for name, dtype in COLLECTIVE.items())
        .sort(
            ["year", "share_high", "low", "supplier_id", "currency"],
            descending=[True, True, True, False, False],
            nulls_last=True,
        )
    )


def summary(own: pl.DataFrame) -> Summary:
    """own: rows of `own_by_year`, of the years that are to be summed up."""
    totals = own.group_by("currency").agg(own=_total("own")).sort("own", descending=True)
    return Summary(
        own=dict(totals.iter_rows()),
        suppliers=own["supplier_id"].n_unique(),
        years=tuple(own["year"].unique().sort(descending=True)),
    )


def contracts_ahead(spend: pl.DataFrame, today: date) -> pl.DataFrame:
    """Contracts that end today or later, the next one first: when leverage is highest.

    spend: the organisation's own lines and those shared as records. Returns supplier_id, supplier,
    organisation_id, organisation, contract_reference, contract_end: one row per contract and end,
    however many lines name it.
    """
    return (
        spend.filter(pl.col("contract_end") >= today)
        .select(
            "supplier_id", "supplier", "organisation_id", "organisation", "contract_reference",
            "contract_end",
        )
        .unique()
        .sort("contract_end", "supplier", "organisation", "contract_reference", nulls_last=True)
    )  # fmt: skip


def _total(column: str) -> pl.Expr:
    # Amounts have two decimals; rounding keeps sums of doubles to the cent.
    return pl.col(column).sum().round(2)


def _with_turnover(cells: pl.DataFrame, turnover: pl.DataFrame) -> pl.DataFrame:
    """Each cell with the one turnover figure that comes nearest to its year and currency."""
    figures = turnover.select(
        "supplier_id", turnover="amount", turnover_currency="currency", turnover_source="source",
        turnover_year="year",
    )  # fmt: skip
    nearest = (
        cells.select(_CELL)
        .join(figures, on="supplier_id")
        .with_columns(same_year=pl.col("year") == pl.col("turnover_year"))
        .with_columns(
            same=pl.col("same_year") & (pl.col("currency") == pl.col("turnover_currency"))
        )
        .sort(["same", "same_year", "turnover_year", "turnover", "turnover_source"],
              descending=[True, True, True, True, False])
        .unique(_CELL, keep="first", maintain_order=True)
        .drop("same_year")
    )  # fmt: skip
    return cells.join(nearest, on=_CELL, how="left")


def _with_shares(cells: pl.DataFrame) -> pl.DataFrame:
    whole = pl.when(pl.col("same") & (pl.col("turnover") > 0)).then("turnover")
    return cells.with_columns(
        own_share=pl.col("own") / whole,
        exact_share=pl.col("exact") / whole,
        share_low=pl.col("low") / whole,
        share_high=pl.col("high") / whole,
    )
