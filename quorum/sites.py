"""Which rows of different lists are one and the same production site, and what changed.

Two rows are one site when they carry the same OS ID, or when country, name and address are the
same but for case, accents and punctuation. Nothing is guessed: "Acme Ltd" and "Acme Limited" at
one address are two sites here.
"""

import unicodedata
from hashlib import blake2b

import polars as pl

# Letters that Unicode does not take apart into a plain letter and a mark.
_LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)


def place_key(frame: pl.DataFrame) -> pl.Series:
    """32 hexadecimal digits for each row's normalised country, name and address.

    frame: name, address, country (alpha-2), text. The same text gives the same key on any machine
    and in any version; rows that differ in case, accents, punctuation or blanks only share a key.
    """
    text = pl.concat_str(
        [normalised(pl.col(column).fill_null("")) for column in ("country", "name", "address")],
        separator="\x1f",
    )
    keys = [_digest(value) for value in frame.select(text.alias("text"))["text"]]
    return pl.Series("place_key", keys, dtype=pl.String)


def normalised(text: pl.Expr) -> pl.Expr:
    """Lower case, no accents, one space where punctuation or blanks were."""
    # Most rows are ASCII, and stay in polars; the others take a walk through unicodedata.
    plain = (
        pl.when(text.str.contains(r"^[\x00-\x7f]*$"))
        .then(text.str.to_lowercase())
        .otherwise(text.map_batches(_without_accents, return_dtype=pl.String))
    )
    return plain.str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()


def identify(sites: pl.DataFrame) -> pl.DataFrame:
    """The rows with a `site_id`: rows with the same OS ID or the same place key are one site.

    sites: os_id, place_key (text). Sameness carries on from row to row: if A and B share an OS ID
    and B and C a place, all three are one site. The id is the site's first OS ID in alphabetical
    order, or else its place key; it does not depend on the order of the rows.
    """
    leaders = _leaders(
        sites.select("os_id", "place_key").drop_nulls().unique().sort("os_id", "place_key")
    )
    named = pl.DataFrame(
        {"node": list(leaders), "site_id": list(leaders.values())},
        schema={"node": pl.String, "site_id": pl.String},
    )
    return (
        sites.drop("site_id", strict=False)
        .with_columns(pl.coalesce("os_id", "place_key").alias("node"))
        .join(named, on="node", how="left", maintain_order="left")
        .with_columns(pl.coalesce("site_id", "node").alias("site_id"))
        .drop("node")
    )


def distinct_sites(sites: pl.DataFrame, lists: pl.DataFrame | None = None) -> pl.DataFrame:
    """One row per site: what is best known about it, and how many know it.

    sites: rows of production_site, of any owners. lists: rows of site_list (id, as_of), for dates.
    Returns site_id, name, address, country, latitude, longitude, os_id, sector, organisations,
    suppliers, lists, rows (counts) and newest (Date), sorted by country and name. Each text is
    that of the newest list that has one; a point is taken whole from one row.
    """
    dates = (
        lists.select(pl.col("id").alias("site_list_id"), "as_of")
        if lists is not None
        else pl.DataFrame(schema={"site_list_id": pl.String, "as_of": pl.Date})
    )
    filled = pl.sum_horizontal(pl.col(sites.columns).is_not_null())
    point = pl.col("latitude").is_not_null() & pl.col("longitude").is_not_null()

    def first(column: str) -> pl.Expr:
        return pl.col(column).drop_nulls().first()

    return (
        identify(sites)
        .with_columns(filled.alias("filled"))
        .join(dates, on="site_list_id", how="left")
        .sort(
            ["as_of", "filled", "name", "address", "place_key"],
            descending=[True, True, False, False, False],
            nulls_last=True,
        )
        .group_by("site_id", maintain_order=True)
        .agg(
            first("name"),
            first("address"),
            first("country"),
            pl.col("latitude", "longitude").filter(point).first(),
            first("os_id"),
            first("sector"),
            pl.col("organisation_id").n_unique().cast(pl.Int64).alias("organisations"),
            pl.col("supplier_id").drop_nulls().n_unique().cast(pl.Int64).alias("suppliers"),
            pl.col("site_list_id").n_unique().cast(pl.Int64).alias("lists"),
            pl.len().cast(pl.Int64).alias("rows"),
            pl.col("as_of").max().alias("newest"),
        )
        .sort("country", "name", "site_id", nulls_last=True)
    )


def changes(older: pl.DataFrame, newer: pl.DataFrame) -> pl.DataFrame:
    """What happened to each site between two lists: added, dropped or kept.

    older, newer: name, address, country, os_id, place_key. Returns change, site_id, name, address,
    country: one row per site, as the newer list has it where it is there; added sites first.
    """
    columns = ["name", "address", "country", "os_id", "place_key"]
    both = identify(
        pl.concat(
            [
                newer.select(columns).with_columns(pl.lit(True).alias("new")),
                older.select(columns).with_columns(pl.lit(False).alias("new")),
            ]
        )
    )
    kinds = pl.Enum(["added", "dropped", "kept"])
    return (
        both.group_by("site_id", maintain_order=True)
        .agg(
            pl.when(pl.col("new").all())
            .then(pl.lit("added"))
            .when(~pl.col("new").any())
            .then(pl.lit("dropped"))
            .otherwise(pl.lit("kept"))
            .first()
            .alias("change"),
            pl.col("name", "address", "country").first(),
        )
        .select(pl.col("change").cast(kinds), "site_id", "name", "address", "country")
        .sort("change", "country", "name", "address", "site_id", nulls_last=True)
        .with_columns(pl.col("change").cast(pl.String))
    )


def _leaders(pairs: pl.DataFrame) -> dict[str, str]:
    """The smallest OS ID that each OS ID and place key is connected with (union-find)."""
    above: dict[str, str] = {}

    def leader(node: str) -> str:
        while (up := above.setdefault(node, node)) != node:
            above[node] = above[up]
            node = above[node]
        return node

    identifiers = set(pairs["os_id"])
    for os_id, key in pairs.iter_rows():
        # OS IDs start with capital letters, place keys are lower-case hexadecimal or digits: an
        # OS ID always leads, and among OS IDs the first in the alphabet.
        one, two = leader(os_id), leader(key)
        low, high = sorted((one, two), key=lambda node: (node not in identifiers, node))
        above[high] = low
    return {node: leader(node) for node in list(above)}


def _without_accents(texts: pl.Series) -> pl.Series:
    """Folded letters for the rows that are not ASCII; the others are not looked at."""
    folded = [
        text
        if text is None or text.isascii()
        else "".join(
            letter
            for letter in unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
            if not unicodedata.combining(letter)
        )
        for text in texts
    ]
    return pl.Series(texts.name, folded, dtype=pl.String)


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()
