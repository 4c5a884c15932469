"""Which suppliers and production sites belong to which initiative, or hold which certificate."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl

from quorum.countries import recognise
from quorum.importers import spend
from quorum.importers.examples import Kind, example_file
from quorum.importers.findings import Findings, by_value, raw_rows
from quorum.importers.mapping import Field, folded
from quorum.importers.reading import Outcome, Table, first_rows
from quorum.language import _, ngettext
from quorum.sites import place_key
from quorum.store.relations import RELATIONS

FIELDS: tuple[Field, ...] = (
    Field("supplier", _("Supplier"), _("Its name as it stands in the register."), True),
    Field("supplier_identifier", _("Supplier's identifier"), _("LEI, VAT or register number.")),
    Field("initiative", _("Initiative"), _("Its name as on the page Initiatives."), True),
    Field("site", _("Production site"), _("Empty where the supplier itself is meant.")),
    Field("address", _("Site's address"), _("As full as possible.")),
    Field("country", _("Site's country"), _("A name or an ISO code; needed for a site.")),
    Field("standing", _("Member or certificate"), _("Empty: as is usual for the initiative.")),
    Field("level", _("Level"), _("Such as Gold, or full member.")),
    Field("scope", _("Scope"), _("What it covers: products, activities.")),
    Field("valid_from", _("Valid from"), _("A date.")),
    Field("valid_until", _("Valid until"), _("A date; empty where none is stated.")),
    Field("source", _("Source"), _("Where it was found; the page can give one for all rows.")),
    Field("link", _("Link"), _("Address of the source, beginning with https://.")),
)
_NAMES = [field.name for field in FIELDS]
_REQUIRED = [field.name for field in FIELDS if field.required]
COLUMNS = [
    "initiative", "supplier_id", "site_name", "site_address", "site_country", "place_key",
    "standing", "level", "scope", "valid_from", "valid_until", "source", "link",
]  # fmt: skip
SHOWN = ["initiative_name", "supplier"]
LONGEST = {"site": 200, "address": 200, "level": 200, "scope": 500, "source": 500, "link": 500}
_FIRST_YEAR, _LAST_YEAR = 1990, 2099
_CERTIFICATES = {
    "certificate", "certified", "certification", "label", "ecolabel", "certificaat", "zertifikat",
    "certificat",
}  # fmt: skip
_MEMBERS = {"member", "membership", "participant", "affiliate", "lid", "mitglied", "membre"}


def read_links(
    table: Table,
    mapping: Mapping[str, str | None],
    suppliers: pl.DataFrame,
    initiatives: pl.DataFrame,
    today: date,
    default_source: str = "",
) -> Outcome:
    """A table's rows as links.

    mapping: field (FIELDS) -> column of the table. suppliers: the register, as read_spend takes it.
    initiatives: key, name, full_name, kind, also (list of other names). Accepted: row, COLUMNS as
    in the relation initiative_link, and the names SHOWN. What has expired is accepted, and named.
    """
    findings = Findings(mapping)
    if findings.miss(FIELDS):
        return findings.outcome(pl.DataFrame(schema=_schema()), [*COLUMNS, *SHOWN])
    rows = raw_rows(table, mapping, _NAMES)
    _check_texts(rows, findings)
    rows = _with_supplier(rows, suppliers, findings)
    rows = _with_initiative(rows, initiatives, findings)
    rows = _with_site(rows, findings)
    rows = _with_standing(rows, findings)
    rows = _with_days(rows, findings)
    rows = _with_source(rows, default_source, findings)
    _reject_repeats(rows, findings)
    _note_expired(rows, today, findings)
    findings.note_line_breaks(table)
    findings.note_unread(table)
    return findings.outcome(_typed(rows), [*COLUMNS, *SHOWN])


def template(kind: Kind = "xlsx") -> bytes:
    """A file to start from: the columns, and two rows of fictional suppliers."""
    columns = [f.name for f in FIELDS if f.name != "supplier_identifier"]
    until = (date.today() + timedelta(days=365)).isoformat()
    examples = [
        ["Example Devices", "TCO Certified", "", "", "", "certificate", "", "14-inch notebooks",
         "2026-01-15", until, "Public list of certified products", "https://example.org/list"],
        ["Example Devices", "RBA", "Example Assembly Works", "12 Example Street, Eindhoven", "NL",
         "member", "Full member", "", "", "", "Supplier's annual report", ""],
    ]  # fmt: skip
    return example_file(kind, _("Memberships"), columns, examples)


def _schema() -> dict[str, pl.DataType]:
    known = RELATIONS["initiative_link"]
    return {
        "row": pl.Int64(), **{name: known[name] for name in COLUMNS},
        **dict.fromkeys(SHOWN, pl.String()),
    }  # fmt: skip


def _typed(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(pl.col(name).cast(kind) for name, kind in _schema().items())


def _check_texts(rows: pl.DataFrame, findings: Findings) -> None:
    for field in _REQUIRED:
        findings.reject(
            rows, pl.col(field).is_null(), field, _("It is empty."), _("Fill it in.")
        )  # fmt: skip
    findings.reject_longer(rows, LONGEST)
    findings.reject(
        rows,
        ~pl.col("link").str.contains(r"^https?://[^\s]+$"),
        "link",
        _("It is not a link."),
        _("Begin with https:// and leave out spaces, or empty the cell."),
    )


def _with_supplier(rows: pl.DataFrame, suppliers: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    rows = spend._with_supplier(rows, suppliers, findings)
    findings.reject(
        rows,
        pl.col("supplier").is_not_null() & pl.col("supplier_id").is_null(),
        "supplier",
        _("The register has no supplier, or several, of exactly this name."),
        _("Write the name as it stands in the register, or add the supplier there first."),
    )
    return rows


def _with_initiative(
    rows: pl.DataFrame, initiatives: pl.DataFrame, findings: Findings
) -> pl.DataFrame:
    keys: dict[str, set[str]] = {}
    for key, name, full, also in initiatives.select("key", "name", "full_name", "also").iter_rows():
        for text in {name, full, key, *(also or ())}:
            keys.setdefault(folded(text), set()).add(key)

    def find(text: str) -> str | None:
        found = keys.get(folded(text), set())
        return next(iter(found)) if len(found) == 1 else None

    known = ", ".join(initiatives["name"].head(12))
    rows = rows.with_columns(by_value(rows["initiative"], find, pl.String).alias("key"))
    findings.reject(
        rows,
        pl.col("initiative").is_not_null() & pl.col("key").is_null(),
        "initiative",
        _("No initiative, or more than one, is called so."),
        _("Use one of the names on the page Initiatives ({names}), or add it there first.").format(
            names=known
        ),
    )
    named = initiatives.select("key", "kind", initiative_name="name")
    return rows.drop("initiative").join(
        named, on="key", how="left", maintain_order="left"
    ).rename({"key": "initiative"})  # fmt: skip


def _with_site(rows: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    """Adds site_name, site_address, site_country and place_key; null for the supplier itself."""

    def code(text: str) -> str | None:
        found = recognise(text)
        return found.alpha_2 if found else None

    rows = rows.with_columns(by_value(rows["country"], code, pl.String).alias("site_country"))
    findings.reject(
        rows,
        pl.col("site").is_not_null() & pl.col("country").is_null(),
        "country",
        _("A site without its country cannot be told from others."),
        _("Add the country, or leave out the site if the supplier itself is meant."),
    )
    findings.reject(
        rows,
        pl.col("site").is_not_null() & pl.col("country").is_not_null()
        & pl.col("site_country").is_null(),
        "country",
        _("No country, or more than one, is called so."),
        _("Write the country's English name or its ISO code, such as NL."),
    )  # fmt: skip
    is_site = pl.col("site").is_not_null() & pl.col("site_country").is_not_null()
    keys = place_key(rows.select(name="site", address="address", country="site_country"))
    return rows.with_columns(keys).with_columns(
        place_key=pl.when(is_site).then("place_key"),
        site_name=pl.when(is_site).then("site"),
        site_address=pl.when(is_site).then("address"),
        site_country=pl.when(is_site).then("site_country"),
    )


def _with_standing(rows: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    def read(text: str) -> str | None:
        words = set(folded(text).split())
        if words & _CERTIFICATES:
            return "certificate"
        return "member" if words & _MEMBERS else None

    rows = rows.with_columns(by_value(rows["standing"], read, pl.String).alias("read"))
    findings.reject(
        rows,
        pl.col("standing").is_not_null() & pl.col("read").is_null(),
        "standing",
        _("It says neither that it is a member nor that it holds a certificate."),
        _("Write member or certificate, or leave it empty."),
    )
    usual = pl.when(pl.col("kind") == "certification").then(pl.lit("certificate"))
    return rows.with_columns(
        standing=pl.coalesce("read", usual.otherwise(pl.lit("member")))
    )  # fmt: skip


def _with_days(rows: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    for name in ("valid_from", "valid_until"):
        order, conflict = spend._order(rows[name].drop_nulls().unique().to_list())

        def read(text: str, order: str | None = order) -> date | None:
            day = spend.read_date(text, order)
            return day if day and _FIRST_YEAR <= day.year <= _LAST_YEAR else None

        rows = rows.with_columns(by_value(rows[name], read, pl.Date).alias(f"{name}_read"))
        findings.reject(
            rows,
            pl.col(name).is_not_null() & pl.col(f"{name}_read").is_null(),
            name,
            _("It is not a date, or could be two different ones.")
            if conflict
            else _("It is not a date."),
            _("Write it as year-month-day, such as 2026-03-31."),
        )
    findings.reject(
        rows,
        pl.col("valid_until_read") < pl.col("valid_from_read"),
        "valid_until",
        pl.format(_("It ends before it begins, on {}."), pl.col("valid_from_read")),
        _("Check the two dates."),
    )
    return rows.drop("valid_from", "valid_until").rename(
        {"valid_from_read": "valid_from", "valid_until_read": "valid_until"}
    )


def _with_source(rows: pl.DataFrame, default: str, findings: Findings) -> pl.DataFrame:
    given = pl.lit(default.strip() or None, pl.String)
    rows = rows.with_columns(source=pl.coalesce("source", given))
    findings.reject(
        rows,
        pl.col("source").str.len_chars().fill_null(0) < 2,
        "source",
        _("It does not say where this was found."),
        _("Fill in the source, or name one for all rows above."),
    )
    return rows


def _reject_repeats(rows: pl.DataFrame, findings: Findings) -> None:
    """Of rows that say the same of the same, the first is kept."""
    same = ["initiative", "supplier_id", "place_key", "standing", "level", "scope", "valid_from",
            "valid_until"]  # fmt: skip
    refused = findings.rejected_rows().implode()
    fine = rows.filter(~pl.col("row").is_in(refused)).with_columns(
        first=pl.col("row").first().over(same)
    )
    findings.reject(
        fine,
        pl.col("row") != pl.col("first"),
        "supplier",
        pl.format(_("Same as row {}."), "first"),
        _("Nothing, the first row is kept."),
    )


def _note_expired(rows: pl.DataFrame, today: date, findings: Findings) -> None:
    refused = findings.rejected_rows().implode()
    expired: list[Any] = rows.filter(
        pl.col("valid_until") < today, ~pl.col("row").is_in(refused)
    )["row"].to_list()  # fmt: skip
    if expired:
        findings.notes.append(
            ngettext(
                "Row {rows} has expired. It is stored as a record of the past and covers nothing.",
                "Rows {rows} have expired. They are stored as records of the past and cover "
                "nothing.",
                len(expired),
            ).format(rows=first_rows(expired))
        )
