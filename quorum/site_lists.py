"""Production sites of many lists, as one picture: which fit a question, and who names them."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import polars as pl

from quorum.sites import distinct_sites, normalised

OURS, THEIRS = "ours", "theirs"
_DETAILS = [
    "sector", "product_type", "facility_type", "processing_type", "parent_company",
    "native_language_name", "workers_min", "workers_max", "duns_id", "lei_id", "rba_id", "isic_4",
]  # fmt: skip


class Figures(NamedTuple):
    sites: int
    countries: int
    suppliers: int
    lists: int


def namings(identified: pl.DataFrame) -> pl.DataFrame:
    """Who names which site: the few columns that `matching` looks at.

    identified: rows of `quorum.sites.identify`, with `mine`. Returns site_id, supplier_id, country,
    organisation_id, site_list_id, mine, and text: normalised name, address, local name and OS ID.
    """
    text = normalised(
        pl.concat_str("name", "address", "native_language_name", "os_id", separator=" ",
                      ignore_nulls=True)
    )  # fmt: skip
    return identified.select(
        "site_id", "supplier_id", "country", "organisation_id", "site_list_id", "mine", text=text
    )


def matching(
    named: pl.DataFrame,
    *,
    supplier_id: str | None = None,
    country: str | None = None,
    organisation: str | None = None,
    site_list_id: str | None = None,
    words: str = "",
) -> pl.DataFrame:
    """All rows of each site of which at least one row fits: a site is shown whole or not at all.

    named: of `namings`. organisation: an identifier, OURS or THEIRS. words: all of them must stand
    in the text, in any order and whatever their case and accents.
    """
    equal = {"supplier_id": supplier_id, "country": country, "site_list_id": site_list_id}
    wanted = [pl.col(column) == value for column, value in equal.items() if value]
    if organisation:
        whose = {OURS: pl.col("mine"), THEIRS: ~pl.col("mine")}
        wanted.append(whose.get(organisation, pl.col("organisation_id") == organisation))
    if words:
        asked = pl.select(normalised(pl.lit(words))).item().split()
        wanted += [pl.col("text").str.contains(word, literal=True) for word in asked]
    return named.join(named.filter(wanted), on="site_id", how="semi") if wanted else named


def picture(identified: pl.DataFrame, lists: pl.DataFrame) -> pl.DataFrame:
    """One row per site: what `distinct_sites` gives, and who names it.

    identified: rows of `quorum.sites.identify` with `supplier`, `organisation`, `mine`. lists: rows
    of site_list (id, as_of). Adds the other columns of production_site (of the newest list that has
    a value), supplier_names and organisation_names (sorted lists of text), mine (whether the
    organisation itself names it) and shared_with (consortia: those of its own rows where it has
    any, else those through which colleagues' rows are seen). Sites that several suppliers and
    organisations share come first: there members can act together.
    """
    dates = lists.select(site_list_id="id", as_of="as_of")
    own = pl.when(pl.col("mine").any()).then(pl.col("mine")).otherwise(pl.lit(True))
    who = (
        identified.join(dates, on="site_list_id", how="left", maintain_order="left")
        .sort("as_of", "id", descending=[True, False], nulls_last=True)
        .group_by("site_id", maintain_order=True)
        .agg(
            *(pl.col(name).drop_nulls().first() for name in _DETAILS),
            supplier_names=pl.col("supplier").drop_nulls().unique().sort(),
            organisation_names=pl.col("organisation").drop_nulls().unique().sort(),
            mine=pl.col("mine").any(),
            shared_with=pl.col("shared_with").filter(own).list.explode().drop_nulls().unique(),
        )
    )
    found = distinct_sites(identified, lists).drop(_DETAILS, strict=False)
    return found.join(who, on="site_id", how="left", maintain_order="left").sort(
        "suppliers", "organisations", "lists", "country", "name", "site_id",
        descending=[True, True, True, False, False, False], nulls_last=True,
    )  # fmt: skip


@dataclass(frozen=True)
class View:
    """What one choice of filters shows: small, so that a page shown again has little to unpack."""

    first: pl.DataFrame  # the rows of `picture` that go to the browser
    counts: Figures
    newest: date | None  # the day of the newest list that names one of the sites


def figures(named: pl.DataFrame) -> Figures:
    """Of the rows of `matching`."""
    columns = ("site_id", "country", "supplier_id", "site_list_id")
    return Figures(*(named[column].n_unique() for column in columns))


def earlier_imports(
    accepted: pl.DataFrame,
    sites: pl.DataFrame,
    lists: pl.DataFrame,
    *,
    supplier_id: str | None,
    title: str,
    as_of: date | None,
) -> pl.DataFrame:
    """Lists that the rows about to be imported probably repeat: id, same_content.

    A list is named when it has the same supplier, title and date, or when it consists of exactly
    the same places. sites, lists: what the member sees.
    """

    def content(places: pl.Expr) -> pl.Expr:
        return places.unique().sort().str.join(" ")

    imported = accepted.select(content(pl.col("place_key"))).item() if accepted.height else None
    same = (
        sites.group_by("site_list_id")
        .agg(places=content(pl.col("place_key")))
        .filter(pl.col("places").eq_missing(pl.lit(imported, pl.String)))["site_list_id"]
        .to_list()
    )
    named = (
        pl.col("supplier_id").eq_missing(supplier_id)
        & (pl.col("title").str.to_lowercase() == title.strip().lower())
        & pl.col("as_of").eq_missing(pl.lit(as_of, pl.Date))
    )
    return lists.with_columns(same_content=pl.col("id").is_in(same)).filter(
        named | pl.col("same_content")
    )
