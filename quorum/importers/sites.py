"""Production-site lists: the Open Supply Hub template and whatever looks like it.

The rules are those of the hub's contribution template (formats.md); where the hub refuses what can
be read without doubt, it is read here, and the preview says what was mended.
"""

import re
from collections.abc import Mapping

import polars as pl
from stdnum import lei

from quorum.countries import Outlines, display_name, nearest, outside, recognise
from quorum.importers.examples import Kind, example_file
from quorum.importers.findings import Findings, by_value, raw_rows
from quorum.importers.mapping import Field
from quorum.importers.reading import Outcome, Table, first_rows
from quorum.language import _, ngettext
from quorum.sites import identify, place_key
from quorum.store.relations import RELATIONS

# Characters: the hub's limit for the first two, the store's for the others.
LONGEST = {
    "name": 200, "address": 200, "sector": 500, "sector_product_type": 500, "product_type": 500,
    "facility_type": 500, "facility_type_processing_type": 500, "processing_type": 500,
    "parent_company": 500, "native_language_name": 500, "rba_id": 50, "isic_4": 50,
}  # fmt: skip

FIELDS: tuple[Field, ...] = (
    Field("country", _("Country"), _("A name in any language of the EU, or an ISO code."), True),
    Field("name", _("Name"), _("What the site is called, at most 200 characters."), True),
    Field("address", _("Address"), _("As full as possible, at most 200 characters."), True),
    Field(
        "sector_product_type",
        _("Sector or product type"),
        _("What is made for; several values parted by | or a comma."),
    ),
    Field(
        "facility_type_processing_type",
        _("Facility or processing type"),
        _("What happens at the site; several values parted by | or a comma."),
    ),
    Field("number_of_workers", _("Number of workers"), _("A number or a range, such as 100-250.")),
    Field("parent_company", _("Parent company"), _("The group that the site belongs to.")),
    Field("lat", _("Latitude"), _("Decimal degrees between -90 and 90.")),
    Field("lng", _("Longitude"), _("Decimal degrees between -180 and 180.")),
    Field("sector", _("Sector"), _("When it stands apart from the product type.")),
    Field("product_type", _("Product type"), _("When it stands apart from the sector.")),
    Field("facility_type", _("Facility type"), _("When it stands apart from the processing type.")),
    Field("processing_type", _("Processing type"), _("When it stands apart.")),
    Field("native_language_name", _("Name in the local language"), _("In any script.")),
    Field("parent_company_os_id", _("Parent company's OS ID"), _("Checked, but not kept.")),
    Field("duns_id", _("DUNS number"), _("Nine digits.")),
    Field("lei_id", _("LEI"), _("20 characters, the last two are check digits.")),
    Field("rba_id", _("RBA ID"), _("The site's number with the Responsible Business Alliance.")),
    Field("isic_4", _("ISIC code"), _("Industry code, revision 4.")),
    Field("os_id", _("OS ID"), _("15 characters, given out by Open Supply Hub.")),
)
_NAMES = [field.name for field in FIELDS]
_REQUIRED = [field.name for field in FIELDS if field.required]
_ALL = list(RELATIONS["production_site"])
COLUMNS = _ALL[_ALL.index("name") : _ALL.index("place_key") + 1]

_SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
_OS_ID = re.compile(rf"[A-Z]{{2}}[0-9]{{7}}[{_SYMBOLS}]{{6}}")
_NUMBER = re.compile(r"(\d{1,3}(?:[,.'’ \u00a0\u202f]\d{3})+(?!\d)|\d+)(?:[.,]\d{1,2}(?!\d))?")
_MOST_WORKERS = 10_000_000


def read_sites(
    table: Table,
    mapping: Mapping[str, str | None],
    known: pl.DataFrame | None = None,
    outlines: Outlines | None = None,
) -> Outcome:
    """A table's rows as production sites.

    mapping: template field (FIELDS) -> column of the table. known: rows of production_site that
    the organisation sees already (os_id, place_key). outlines: `countries.read_outlines`; without
    them points are not compared with their country. The accepted rows have the columns COLUMNS,
    ready for production_site, and `row`.
    """
    findings = Findings(mapping)
    if findings.miss(FIELDS):
        return findings.outcome(pl.DataFrame(schema=_schema()), COLUMNS)
    rows = raw_rows(table, mapping, _NAMES)
    _check_texts(rows, findings)
    rows = _with_country(rows, findings)
    rows = _with_point(rows, findings, outlines)
    rows = _with_identifiers(rows, findings)
    rows = _with_workers(rows, findings)
    rows = _with_kinds(rows)
    rows = rows.with_columns(place_key(rows.with_columns(pl.col("alpha_2").alias("country"))))
    _reject_repeats(rows, findings)
    accepted = rows.drop("country", "lat", "lng").rename({"alpha_2": "country"})
    _note_known(accepted, known, findings)
    findings.note_line_breaks(table)
    findings.note_unread(table)
    return findings.outcome(_typed(accepted), COLUMNS)


def template(kind: Kind = "csv") -> bytes:
    """The hub's template with three fictional sites, as a file to start from."""
    columns = _NAMES[:9]
    examples = [
        ["Netherlands", "Example Assembly Works", "12 Example Street, 5611 AA Eindhoven",
         "Electronics|Computers", "Assembly", "100-250", "Example Holding", "51.4416", "5.4697"],
        ["PL", "Example Cable Factory", "3 Example Road, 50-001 Wroclaw",
         "Electronics", "Cable making", "80", "", "", ""],
        ["VNM", "Example Board Plant", "Lot 7, Example Industrial Park, Bac Ninh",
         "Electronics", "Circuit boards", "1,200", "Example Holding", "21.1861", "106.0763"],
    ]  # fmt: skip
    return example_file(kind, _("Production sites"), columns, examples)


def os_id_is_valid(os_id: str) -> bool:
    """Fifteen characters, the last of which is Crockford's symbol for the sum of the others:
    both letters by their code point, the rest by their place in the alphabet, modulo 32.
    """
    if not _OS_ID.fullmatch(os_id):
        return False
    letters = ord(os_id[0]) + ord(os_id[1])
    return _SYMBOLS[(letters + sum(map(_SYMBOLS.index, os_id[2:14]))) % 32] == os_id[14]


def workers(text: str) -> tuple[int, int] | None:
    """The smallest and the largest number in a text: "1,200 to 1,500" is (1200, 1500)."""
    numbers = [int(re.sub(r"\D", "", found)) for found in _NUMBER.findall(text)]
    numbers = [number for number in numbers if number <= _MOST_WORKERS]
    return (min(numbers), max(numbers)) if numbers else None


def _schema() -> dict[str, pl.DataType]:
    return {"row": pl.Int64()} | {name: RELATIONS["production_site"][name] for name in COLUMNS}


def _typed(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(pl.col(name).cast(dtype) for name, dtype in _schema().items())


def _check_texts(rows: pl.DataFrame, findings: Findings) -> None:
    for name in _REQUIRED:
        findings.reject(
            rows,
            pl.col(name).is_null(),
            name,
            _("It is empty."),
            _("Fill it in; country, name and address are needed for every site."),
        )
    findings.reject_longer(rows, LONGEST)
    for name in ("name", "address"):
        findings.reject(
            rows,
            ~pl.col(name).str.contains(r"[\p{L}\p{N}]"),
            name,
            _("It has no letter or digit."),
            _("Write the real text, or leave the row out."),
        )


def _with_country(rows: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    """Adds alpha_2, from whatever the row calls its country."""
    texts = rows["country"].drop_nulls().unique().to_list()
    found = [recognise(text) for text in texts]
    countries = pl.DataFrame(
        {
            "country": texts,
            "alpha_2": [country and country.alpha_2 for country in found],
            "exact": [country and country.exact for country in found],
            "full": [country and display_name(country.alpha_2) for country in found],
            "meant": [
                None if country else nearest(text)
                for text, country in zip(texts, found, strict=True)
            ],
        },
        schema={
            "country": pl.String,
            "alpha_2": pl.String,
            "exact": pl.Boolean,
            "full": pl.String,
            "meant": pl.String,
        },
    )
    rows = rows.join(countries, on="country", how="left", maintain_order="left")
    findings.mend(
        rows,
        ~pl.col("exact"),
        "country",
        "country",
        "alpha_2",
        pl.format(_("Read as {}."), pl.col("full")),
    )
    advice = _("Write the country's English name or its ISO code, such as NL.")
    findings.reject(
        rows,
        pl.col("country").is_not_null() & pl.col("alpha_2").is_null(),
        "country",
        _("No country, or more than one, is called so."),
        pl.when(pl.col("meant").is_null())
        .then(pl.lit(advice))
        .otherwise(pl.format(_("Is {} meant? {}"), pl.col("meant"), pl.lit(advice))),
    )
    return rows.drop("exact", "full", "meant")


def _with_point(rows: pl.DataFrame, findings: Findings, outlines: Outlines | None) -> pl.DataFrame:
    """Adds latitude and longitude: both or neither."""
    for name in ("lat", "lng"):
        text = pl.col(name).str.replace(",", ".", literal=True)
        degrees = pl.when(text.str.contains(r"^[+-]?[0-9]{1,3}(\.[0-9]*)?$")).then(text)
        rows = rows.with_columns(degrees.cast(pl.Float64).alias(f"{name}_number"))
        findings.reject(
            rows,
            pl.col(name).is_not_null() & pl.col(f"{name}_number").is_null(),
            name,
            _("It is not a number of degrees."),
            _("Write decimal degrees, such as 52.3702 (not degrees and minutes)."),
        )
        findings.mend(
            rows,
            pl.col(name).str.contains(",", literal=True) & pl.col(f"{name}_number").is_not_null(),
            name,
            name,
            f"{name}_number",
            _("A decimal comma was read as a point."),
        )
    rows = rows.rename({"lat_number": "latitude", "lng_number": "longitude"})
    rows = _without_half_points(rows, findings)
    rows = _unswapped(rows, findings, outlines)
    for name, number, limit in (("lat", "latitude", 90), ("lng", "longitude", 180)):
        findings.reject(
            rows,
            pl.col(number).abs() > limit,
            name,
            _("It lies outside -{limit} to {limit} degrees.").format(limit=limit),
            _("Correct it, or leave lat and lng empty."),
        )
    if outlines is not None:
        _note_outside(rows, outlines, findings)
    return rows


def _without_half_points(rows: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    latitude, longitude = pl.col("latitude"), pl.col("longitude")
    nowhere = (latitude == 0) & (longitude == 0)
    findings.mend(
        rows, nowhere, "lat", pl.lit("0, 0"), pl.lit(""),
        _("0, 0 lies in the ocean and mostly stands for unknown; the point is left out."),
    )  # fmt: skip
    for name, other in (("lat", "lng"), ("lng", "lat")):
        findings.mend(
            rows, pl.col(name).is_not_null() & pl.col(other).is_null(), name, name, pl.lit(""),
            _("A point needs both lat and lng; it is left out."),
        )  # fmt: skip
    half = latitude.is_null() | longitude.is_null() | nowhere
    return rows.with_columns(
        pl.when(~half).then(latitude).alias("latitude"),
        pl.when(~half).then(longitude).alias("longitude"),
    )


def _unswapped(rows: pl.DataFrame, findings: Findings, outlines: Outlines | None) -> pl.DataFrame:
    """Latitude and longitude changed places where they can only be right that way round."""
    latitude, longitude = pl.col("latitude"), pl.col("longitude")
    fits = (latitude.abs() <= 180) & (longitude.abs() <= 90)
    swapped = rows.select((latitude.abs() > 90) & fits).to_series()
    if outlines is not None:
        country = pl.col("alpha_2").alias("country")
        turned = rows.select(country, longitude.alias("latitude"), latitude.alias("longitude"))
        straight = rows.select(country, latitude, longitude)
        swapped = swapped | (
            outside(straight, outlines) & ~outside(turned, outlines) & rows.select(fits).to_series()
        ).fill_null(value=False)
    rows = rows.with_columns(swapped.fill_null(value=False).alias("swapped"))
    point = pl.format("{}, {}", latitude, longitude)
    rows_turned = rows.with_columns(
        pl.when("swapped").then(longitude).otherwise(latitude).alias("latitude"),
        pl.when("swapped").then(latitude).otherwise(longitude).alias("longitude"),
    )
    findings.mend(
        rows.with_columns(rows_turned.select(point.alias("turned")).to_series()),
        pl.col("swapped"), "lat", point, "turned",
        _("lat and lng had changed places."),
    )  # fmt: skip
    return rows_turned.drop("swapped")


def _note_outside(rows: pl.DataFrame, outlines: Outlines, findings: Findings) -> None:
    sites = rows.select(pl.col("alpha_2").alias("country"), "latitude", "longitude")
    numbers = rows.filter(outside(sites, outlines))["row"].to_list()
    if numbers:
        findings.notes.append(
            ngettext(
                "{count} point lies outside its country (row {rows}). It is kept as it is: check "
                "the country, lat and lng.",
                "{count} points lie outside their country (rows {rows}). They are kept as they "
                "are: check the country, lat and lng.",
                len(numbers),
            ).format(count=len(numbers), rows=first_rows(numbers))
        )


def _with_identifiers(rows: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    tidy = pl.col("duns_id", "lei_id", "os_id", "parent_company_os_id")
    tidied = rows.select(tidy.str.replace_all(r"[\s.-]", "").str.to_uppercase())
    checks = {
        "duns_id": (
            tidied["duns_id"].str.contains(r"^[0-9]{9}$"),
            _("A DUNS number has nine digits."),
            _("Check it; if a spreadsheet dropped a zero in front, format the column as text."),
        ),
        "lei_id": (
            by_value(tidied["lei_id"], lambda text: bool(lei.is_valid(text)), pl.Boolean),
            _("It is not an LEI: 20 characters whose last two confirm the others (ISO 17442)."),
            _("Look it up in the GLEIF register, or leave it empty."),
        ),
    } | {
        name: (
            by_value(tidied[name], os_id_is_valid, pl.Boolean),
            _("It is not an OS ID: 15 characters whose last one confirms the others."),
            _("Copy it again from Open Supply Hub, or leave it empty."),
        )
        for name in ("os_id", "parent_company_os_id")
    }
    for name, (valid, reason, remedy) in checks.items():
        seen = rows.select("row", name, valid.alias("valid"), tidied[name].alias("tidy"))
        findings.reject(seen, ~pl.col("valid"), name, reason, remedy)
        findings.mend(
            seen, pl.col("valid") & (pl.col(name) != pl.col("tidy")), name, name, "tidy",
            _("Written in capitals, without spaces, points and hyphens."),
        )  # fmt: skip
    if tidied["parent_company_os_id"].count():
        findings.notes.append(_("The parent companies' OS IDs were checked, but are not kept."))
    return rows.with_columns(tidied)


def _with_workers(rows: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    """Adds workers_min and workers_max; a text without a number says nothing, so it is dropped."""
    pair = pl.List(pl.Int64)
    numbers = by_value(
        rows["number_of_workers"], lambda text: list(workers(text) or ()) or None, pair
    )
    rows = rows.with_columns(
        numbers.list.get(0).alias("workers_min"), numbers.list.get(1).alias("workers_max")
    )
    findings.mend(
        rows,
        pl.col("number_of_workers").is_not_null() & pl.col("workers_min").is_null(),
        "number_of_workers", "number_of_workers", pl.lit(""),
        _("It holds no usable number, so it is left out."),
    )  # fmt: skip
    return rows


def _with_kinds(rows: pl.DataFrame) -> pl.DataFrame:
    """Sector, product, facility and processing types and ISIC codes as lists joined by |.

    The template's two double columns cannot be told apart without the hub's own taxonomy: they
    are read as sector and as facility type.
    """

    def values(*names: str) -> pl.Expr:
        return (
            pl.concat_str(names, separator="|", ignore_nulls=True)
            .str.split("|")
            .list.eval(pl.element().str.strip_chars().filter(pl.element().str.strip_chars() != ""))
            .list.unique(maintain_order=True)
            .list.join("|")
        )

    kinds = {
        "sector": ("sector", "sector_product_type"),
        "product_type": ("product_type",),
        "facility_type": ("facility_type", "facility_type_processing_type"),
        "processing_type": ("processing_type",),
        "isic_4": ("isic_4",),
    }
    used = sorted({name for names in kinds.values() for name in names})
    rows = rows.with_columns(pl.col(used).str.replace_all(",", "|", literal=True))
    joined = rows.select(values(*names).alias(kind) for kind, names in kinds.items())
    return rows.with_columns(joined.select(pl.when(pl.all() != "").then(pl.all())))


def _reject_repeats(rows: pl.DataFrame, findings: Findings) -> None:
    """Of rows that are one site, the first is kept and the others name it."""
    refused = findings.rejected_rows().implode()
    fine = identify(rows.filter(~pl.col("row").is_in(refused)))
    repeats = fine.with_columns(
        pl.col("row").first().over("site_id").alias("first"),
        (pl.col("place_key") == pl.col("place_key").first().over("site_id")).alias("same_place"),
    )
    findings.reject(
        repeats,
        pl.col("row") != pl.col("first"),
        "name",
        pl.when("same_place")
        .then(pl.format(_("Same as row {}: country, name and address."), "first"))
        .otherwise(pl.format(_("Same as row {}: it has the same OS ID."), "first")),
        _("Nothing, the first row is kept. If these are two sites, let name or address say so."),
    )


def _note_known(rows: pl.DataFrame, known: pl.DataFrame | None, findings: Findings) -> None:
    if known is None or known.height == 0:
        return
    accepted = rows.filter(~pl.col("row").is_in(findings.rejected_rows().implode()))
    count = accepted.filter(
        pl.col("place_key").is_in(known["place_key"].drop_nulls().unique().implode())
        | pl.col("os_id").is_in(known["os_id"].drop_nulls().unique().implode())
    ).height
    if count:
        findings.notes.append(
            ngettext(
                "{count} of the sites is already on a list that you can see.",
                "{count} of the sites are already on lists that you can see.",
                count,
            ).format(count=count)
        )
