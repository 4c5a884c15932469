"""Importing production-site lists: the hub's rules, kindly read, and every refusal explained."""

import csv
from pathlib import Path

import polars as pl
import pytest

from quorum.countries import read_outlines
from quorum.importers.mapping import guess
from quorum.importers.reading import Outcome, Table, read_table
from quorum.importers.sites import (
    COLUMNS,
    FIELDS,
    os_id_is_valid,
    read_sites,
    template,
    workers,
)
from quorum.store.relations import RELATIONS

FIXTURES = Path(__file__).parent / "fixtures"
REAL = Path(__file__).parents[1].parent / "shared" / "data" / "sites"

# Two square countries: BE from 0 to 10 degrees both ways, CN from 40 to 50 north, 100 to 110 east.
SQUARES = {
    "type": "FeatureCollection",
    "features": [
        {
            "properties": {"code": code},
            "geometry": {
                "type": "Polygon",
                "coordinates": [
                    [[x, y], [x + 10, y], [x + 10, y + 10], [x, y + 10], [x, y]],
                ],
            },
        }
        for code, x, y in (("BE", 0, 0), ("CN", 100, 40))
    ],
}

OUTLINES = read_outlines(SQUARES)


def imported(table: Table, **more: object) -> Outcome:
    mapping = guess(table.frame.columns[:-1], [field.name for field in FIELDS])
    return read_sites(table, mapping, **more)


def list_of(*rows: dict[str, str], **more: object) -> Outcome:
    """An import of rows that are fine but for what is given."""
    full = [
        {"country": "BE", "name": f"Works {n}", "address": f"{n} Road"} | row
        for n, row in enumerate(rows, start=1)
    ]
    columns = list(dict.fromkeys(name for row in full for name in row))
    frame = pl.DataFrame([{c: row.get(c) for c in columns} for row in full]).with_columns(
        pl.int_range(2, pl.len() + 2, dtype=pl.Int64).alias("__row__")
    )
    return imported(Table(frame), **more)


# Real lists


def real(name: str) -> bytes:
    if not REAL.is_dir():
        pytest.skip("the real lists (../shared/data/sites) are not on this machine")
    return (REAL / name).read_bytes()


@pytest.mark.parametrize(
    ("name", "accepted", "mended", "repeats"),
    [
        # mended: rows whose country is written Korea, Czech, Turkey, UAE or Slovak Republic
        ("electronics_brand_2012.csv", 802, 41, {}),
        ("electronics_brand_2013.csv", 802, 38, {}),
        ("electronics_brand_2014.csv", 759, 39, {}),
        ("electronics_brand_2015.csv", 777, 32, {}),
        # row 83 repeats row 3 but for a stray symbol behind the address
        ("osh_list_2.csv", 79, 0, {53: 37, 61: 45, 72: 43, 83: 3}),
        ("osh_list_3.csv", 19, 1, {}),
        ("osh_list_4.csv", 81, 4, {}),
        ("osh_list_5.csv", 64, 0, {}),
        ("osh_list_6.csv", 44, 1, {}),
        ("osh_list_7.csv", 30, 0, {}),
        ("osh_list_8.csv", 61, 0, {}),
        ("osh_list_9.csv", 34, 0, {}),
    ],
)
def test_real_lists_are_read_whole(
    name: str, accepted: int, mended: int, repeats: dict[int, int]
) -> None:
    content = real(name)
    outcome = imported(read_table(name, content))
    assert outcome.accepted.height == accepted
    assert outcome.mended.height == mended
    assert dict(outcome.rejected.select("row", "reason").iter_rows()) == {
        row: f"Same as row {first}: country, name and address." for row, first in repeats.items()
    }
    assert outcome.notes == ()
    # Nothing is lost on the way: what the csv module reads is accepted or rejected.
    records = list(csv.DictReader(content.decode().splitlines()))
    assert accepted + len(repeats) == len(records)
    spelling = {"Korea", "Czech", "Turkey", "UAE", "Slovak Republic"}
    assert mended == sum(record["country"] in spelling for record in records)
    assert outcome.accepted["country"].str.contains("^[A-Z]{2}$").all()


# The hub's rules, row by row


@pytest.fixture(scope="module")
def faults() -> Outcome:
    name = "sites_with_faults.csv"
    return imported(read_table(name, (FIXTURES / name).read_bytes()))


def test_each_fault_is_refused_with_row_column_value_reason_and_remedy(faults: Outcome) -> None:
    empty = "It is empty."
    country = "No country, or more than one, is called so."
    assert faults.rejected.select("row", "column", "value", "reason").rows() == [
        (3, "Country", None, empty),
        (4, "Name", None, empty),
        (5, "Address", None, empty),
        (6, "Name", "---", "It has no letter or digit."),
        (7, "Address", "...", "It has no letter or digit."),
        (8, "Country", "Atlantis", country),
        (9, "Country", "Bangladseh", country),
        (10, "Country", "Congo", country),
        (11, "lat", "north", "It is not a number of degrees."),
        (12, "lat", "95", "It lies outside -90 to 90 degrees."),
        (12, "lng", "200", "It lies outside -180 to 180 degrees."),
        (13, "duns_id", "12345678", "A DUNS number has nine digits."),
        (
            13,
            "lei_id",
            "529900EXAMPLE0000171",
            "It is not an LEI: 20 characters whose last two confirm the others (ISO 17442).",
        ),
        (
            13,
            "os_id",
            "CN2019303BQ3FZ9",
            "It is not an OS ID: 15 characters whose last one confirms the others.",
        ),
        (14, "Name", "GOOD WORKS", "Same as row 2: country, name and address."),
        (15, "Name", "Other Spelling", "Same as row 2: it has the same OS ID."),
    ]
    assert faults.rejected["remedy"].str.len_chars().min() > 10
    assert faults.rejected.row(5)[4].startswith("Write the country's English name")
    assert faults.rejected.row(6)[4].startswith("Is Bangladesh meant?")
    assert faults.rejected.row(7)[4].startswith("Is Congo - Kinshasa or Congo - Brazzaville meant?")


def test_what_is_mended_says_before_after_and_why(faults: Outcome) -> None:
    assert faults.mended.rows() == [
        (2, "lat", "51,44", "51.44", "A decimal comma was read as a point."),
        (
            2,
            "duns_id",
            "15-048-3782",
            "150483782",
            "Written in capitals, without spaces, points and hyphens.",
        ),
        (16, "Country", "UAE", "AE", "Read as United Arab Emirates."),
        (16, "lat", "25.2", "", "A point needs both lat and lng; it is left out."),
        (16, "Number of workers", "many", "", "It holds no usable number, so it is left out."),
    ]


def test_accepted_rows_are_typed_and_ready_for_the_store(faults: Outcome) -> None:
    assert faults.accepted.columns == ["row", *COLUMNS]
    assert dict(faults.accepted.drop("row").schema) == {
        name: RELATIONS["production_site"][name] for name in COLUMNS
    }
    row = faults.accepted.row(0, named=True)
    assert len(row.pop("place_key")) == 32
    assert {name: value for name, value in row.items() if value is not None} == {
        "row": 2,
        "name": "Good Works",
        "address": "1 Canal Street Eindhoven",
        "country": "NL",
        "latitude": 51.44,
        "longitude": 5.47,
        "os_id": "CN2019303BQ3FZP",
        "sector": "Electronics|Cables",
        "workers_min": 100,
        "workers_max": 250,
        "duns_id": "150483782",
        "lei_id": "529900EXAMPLE0000170",
    }
    assert faults.accepted["row"].to_list() == [2, 16]


def test_name_and_address_may_have_200_characters_and_no_more() -> None:
    outcome = list_of({"name": "x" * 200}, {"name": "x" * 201}, {"address": "é" * 201})
    assert outcome.accepted["row"].to_list() == [2]
    assert outcome.rejected.select("row", "column", "reason").rows() == [
        (3, "name", "It has 201 characters; 200 are allowed."),
        (4, "address", "It has 201 characters; 200 are allowed."),
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("NL", "NL"),
        ("nld", "NL"),
        ("USA", "US"),
        ("U.S.A.", "US"),
        ("VIET NAM", "VN"),
        ("Vietnam", "VN"),
        ("Korea, Republic of", "KR"),
        ("Hong Kong", "HK"),
        ("P.R. China", "CN"),
        ("Tschechien", "CZ"),
        ("Γερμανία", "DE"),
        ("Франция", "FR"),
        ("Ireland, Republic of", "IE"),
        ("The Netherlands", "NL"),
        ("Türkiye", "TR"),
        ("Côte d’Ivoire", "CI"),
        ("UK", "GB"),
    ],
)
def test_countries_are_understood_as_people_write_them(text: str, code: str) -> None:
    assert list_of({"country": text}).accepted["country"].to_list() == [code]


def test_a_list_of_unknown_countries_only_is_refused_row_by_row() -> None:
    outcome = list_of({"country": "Atlantis"}, {"country": "Utopia"})
    assert outcome.accepted.height == 0
    assert outcome.rejected["value"].to_list() == ["Atlantis", "Utopia"]


@pytest.mark.parametrize("text", ["52° 22' N", "٥٢", "1e1", "NaN", "1.2.3", "5234"])
def test_only_decimal_degrees_are_a_point(text: str) -> None:
    outcome = list_of({"lat": text, "lng": "5"})
    assert outcome.rejected.select("column", "value").rows() == [("lat", text)]


def test_swapped_coordinates_are_turned_when_only_that_can_be_right() -> None:
    outcome = list_of({"country": "CN", "lat": "105", "lng": "45"})
    assert outcome.accepted.select("latitude", "longitude").rows() == [(45.0, 105.0)]
    assert outcome.mended.rows() == [
        (2, "lat", "105.0, 45.0", "45.0, 105.0", "lat and lng had changed places.")
    ]


def test_coordinates_are_turned_when_only_so_they_lie_in_their_country() -> None:
    outcome = list_of({"country": "CN", "lat": "45", "lng": "85"}, outlines=OUTLINES)
    assert outcome.mended.height == 0
    north = {"type": "Feature", "properties": {"code": "NO"}, "geometry": {"type": "Polygon",
             "coordinates": [[[5, 60], [15, 60], [15, 70], [5, 70], [5, 60]]]}}  # fmt: skip
    outlines = read_outlines({"features": [north]})
    outcome = list_of({"country": "NO", "lat": "10", "lng": "65"}, outlines=outlines)
    assert outcome.accepted.select("latitude", "longitude").rows() == [(65.0, 10.0)]
    assert outcome.mended["why"].to_list() == ["lat and lng had changed places."]
    assert outcome.notes == ()


def test_points_are_compared_with_their_country() -> None:
    outcome = list_of(
        {"lat": "5", "lng": "6"},
        {"lat": "45", "lng": "6"},
        {"lat": "10.1", "lng": "6"},
        {"country": "CN", "lat": "45", "lng": "105"},
        {"country": "FR", "lat": "5", "lng": "6"},
        outlines=OUTLINES,
    )
    assert outcome.accepted.height == 5
    assert outcome.notes == (
        "1 point lies outside its country (row 3). It is kept as it is: check the country, lat "
        "and lng.",
    )


def test_the_ocean_off_africa_is_no_place() -> None:
    outcome = list_of({"lat": "0", "lng": "0"})
    assert outcome.accepted["latitude"].to_list() == [None]
    assert outcome.mended["before"].to_list() == ["0, 0"]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("250", (250, 250)),
        ("100-250", (100, 250)),
        ("1,200 to 1.500", (1200, 1500)),
        ("about 1 200", (1200, 1200)),
        ("300.0", (300, 300)),
        ("men 40, women 60", (40, 60)),
        ("1000+", (1000, 1000)),
        ("many", None),
        ("99999999999", None),
    ],
)
def test_any_numbers_of_workers_give_a_smallest_and_a_largest(
    text: str, numbers: tuple[int, int] | None
) -> None:
    assert workers(text) == numbers


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("CN2019303BQ3FZP", True),
        ("CN2021250D1DTN7", True),
        ("CN2021250D1DTN8", False),
        ("NC2021250D1DTN7", True),  # the rule adds the letters up, so it cannot tell their order
        ("CN2021250D1DTN", False),
        ("CN2021250D1DTI7", False),
        ("cn2021250d1dtn7", False),
        ("", False),
    ],
)
def test_the_last_character_of_an_os_id_confirms_the_others(text: str, valid: bool) -> None:
    assert os_id_is_valid(text) is valid


def test_double_columns_are_read_as_sector_and_facility_type() -> None:
    outcome = list_of(
        {
            "sector_product_type": "Electronics, Cables",
            "sector": "Cables",
            "facility_type_processing_type": "Assembly|",
            "processing_type": "Moulding",
        }
    )
    kinds = outcome.accepted.select("sector", "product_type", "facility_type", "processing_type")
    assert kinds.row(0) == ("Cables|Electronics", None, "Assembly", "Moulding")


def test_sites_that_are_on_a_visible_list_already_are_counted() -> None:
    known = list_of({}, {}).accepted
    assert list_of({}, {}, {}, known=known).notes == (
        "2 of the sites are already on lists that you can see.",
    )


def test_columns_that_are_not_read_and_line_breaks_are_noted() -> None:
    outcome = list_of({"address": "1 Road\nTown", "remarks": "none"})
    assert outcome.accepted["address"].to_list() == ["1 Road Town"]
    assert outcome.notes == (
        "1 cell had line breaks, which are read as spaces.",
        "Column not read: remarks.",
    )


def test_a_required_field_without_a_column_is_one_finding_for_the_file() -> None:
    table = read_table("list.csv", b"name,country\nWorks,NL\n")
    outcome = imported(table)
    assert outcome.accepted.height == 0
    assert outcome.accepted.columns == ["row", *COLUMNS]
    assert outcome.rejected.select("row", "column", "value").rows() == [(None, "Address", None)]


def test_text_that_looks_like_a_formula_is_kept_as_text() -> None:
    outcome = list_of({"name": "=HYPERLINK(1)"}, {"name": "+Plus Works"})
    assert outcome.accepted["name"].to_list() == ["=HYPERLINK(1)", "+Plus Works"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_template_that_is_handed_out_can_be_read_back(kind: str) -> None:
    outcome = imported(read_table(f"template.{kind}", template(kind)))
    assert outcome.accepted["country"].to_list() == ["NL", "PL", "VN"]
    assert outcome.rejected.height == 0
    assert outcome.notes == ()
