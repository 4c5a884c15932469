"""Memberships and certificates out of a file."""

from datetime import date

import polars as pl

from quorum.importers.initiative_links import FIELDS, read_links, template
from quorum.importers.mapping import guess
from quorum.importers.reading import read_table
from quorum.sites import place_key

TODAY = date(2026, 6, 1)
SUPPLIERS = pl.DataFrame(
    [
        {"id": "s1", "name": "Aurora Devices", "lei": None, "vat": None},
        {"id": "s2", "name": "Birch Networks", "lei": None, "vat": "SE123456789001"},
    ],
    schema={"id": pl.String, "name": pl.String, "lei": pl.String, "vat": pl.String},
).with_columns(
    registry_number=pl.lit(None, pl.String), merged_into=pl.lit(None, pl.String)
)  # fmt: skip
INITIATIVES = pl.DataFrame(
    [
        ("rba", "RBA", "Responsible Business Alliance", "industry", []),
        ("tco-certified", "TCO Certified", "TCO Certified", "certification", ["TCO"]),
    ],
    schema={
        "key": pl.String, "name": pl.String, "full_name": pl.String, "kind": pl.String,
        "also": pl.List(pl.String),
    },
    orient="row",
)  # fmt: skip
HEADER = "Supplier,Initiative,Site,Address,Country,Standing,Level,Valid from,Valid until,Source,URL"


def outcome(*rows: str, source: str = ""):
    table = read_table("links.csv", "\n".join([HEADER, *rows]).encode())
    columns = [name for name in table.frame.columns if name != "__row__"]
    mapping = guess(columns, [field.name for field in FIELDS])
    return read_links(table, mapping, SUPPLIERS, INITIATIVES, TODAY, source)


def reasons(found) -> list[str]:
    return found.rejected["reason"].to_list()


def test_a_certificate_of_a_supplier_is_read():
    found = outcome("Aurora Devices,tco,,,,,Gold,2026-01-01,2027-01-01,Public list,https://a.org/x")
    assert found.accepted.row(0, named=True) == {
        "row": 2, "initiative": "tco-certified", "supplier_id": "s1", "site_name": None,
        "site_address": None, "site_country": None, "place_key": None, "standing": "certificate",
        "level": "Gold", "scope": None, "valid_from": date(2026, 1, 1),
        "valid_until": date(2027, 1, 1), "source": "Public list", "link": "https://a.org/x",
        "initiative_name": "TCO Certified", "supplier": "Aurora Devices",
    }  # fmt: skip


def test_a_site_is_known_by_its_place():
    found = outcome(
        "Birch Networks,Responsible Business Alliance,Plant 1,Road 2,Vietnam,member,,,,Report,"
    )
    row = found.accepted.row(0, named=True)
    key = place_key(pl.DataFrame({"name": ["Plant 1"], "address": ["Road 2"], "country": ["VN"]}))
    assert (row["site_name"], row["site_country"], row["place_key"]) == ("Plant 1", "VN", key[0])
    assert (row["initiative"], row["standing"]) == ("rba", "member")


def test_an_unknown_supplier_is_refused_with_the_remedy():
    found = outcome("Nobody,RBA,,,,,,,,Report,")
    assert reasons(found) == ["The register has no supplier, or several, of exactly this name."]
    assert found.accepted.is_empty()


def test_an_unknown_initiative_is_refused_and_the_known_are_named():
    found = outcome("Aurora Devices,Seal of Trust,,,,,,,,Report,")
    assert reasons(found) == ["No initiative, or more than one, is called so."]
    assert "RBA, TCO Certified" in found.rejected["remedy"][0]


def test_an_expired_certificate_is_kept_as_the_past_and_said_to_be():
    found = outcome("Aurora Devices,TCO,,,,,,2024-01-01,2025-01-01,List,")
    assert found.accepted.height == 1
    assert found.notes[0] == (
        "Row 2 has expired. It is stored as a record of the past and covers nothing."
    )


def test_what_ends_before_it_begins_is_refused():
    found = outcome("Aurora Devices,TCO,,,,,,2026-05-01,2026-01-01,List,")
    assert reasons(found) == ["It ends before it begins, on 2026-05-01."]


def test_a_site_without_country_is_refused():
    found = outcome("Aurora Devices,RBA,Plant 1,,,,,,,List,")
    assert reasons(found) == ["A site without its country cannot be told from others."]


def test_a_row_without_source_takes_the_one_for_all_rows_or_is_refused():
    row = "Aurora Devices,RBA,,,,,,,,,"
    assert reasons(outcome(row)) == ["It does not say where this was found."]
    assert outcome(row, source="Annual report").accepted["source"].to_list() == ["Annual report"]


def test_a_repeated_row_is_kept_once():
    row = "Aurora Devices,RBA,,,,,,,,List,"
    found = outcome(row, row)
    assert found.accepted["row"].to_list() == [2]
    assert reasons(found) == ["Same as row 2."]


def test_what_is_no_date_no_link_and_no_standing_is_said_cell_by_cell():
    found = outcome("Aurora Devices,RBA,,,,friend,,soon,,List,a.org")
    assert set(reasons(found)) == {
        "It is not a date.", "It is not a link.",
        "It says neither that it is a member nor that it holds a certificate.",
    }  # fmt: skip


def test_markup_and_formulas_in_texts_stay_text():
    found = outcome('Aurora Devices,RBA,,,,,<b>x</b>,,,"=HYPERLINK(""a"")",')
    assert found.accepted.select("level", "source").row(0) == ("<b>x</b>", '=HYPERLINK("a")')


def test_the_template_is_read_by_the_importer_itself():
    table = read_table("example.xlsx", template())
    columns = [name for name in table.frame.columns if name != "__row__"]
    mapping = guess(columns, [field.name for field in FIELDS])
    assert [f for f, column in mapping.items() if column is None] == ["supplier_identifier"]
    found = read_links(table, mapping, SUPPLIERS, INITIATIVES, TODAY)
    assert set(reasons(found)) == {
        "The register has no supplier, or several, of exactly this name."
    }


def test_a_file_without_the_required_columns_says_which():
    table = read_table("x.csv", b"Colour,Size\nred,1")
    found = read_links(table, dict.fromkeys(f.name for f in FIELDS), SUPPLIERS, INITIATIVES, TODAY)
    assert found.rejected["column"].to_list() == ["Supplier", "Initiative"]
