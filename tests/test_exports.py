import io
from datetime import UTC, date, datetime

import fastexcel
import polars as pl
import pytest

from quorum.exports import tables
from quorum.exports.tables import About, file_name, to_csv, to_osh_template, to_xlsx

ABOUT = About(
    title="Suppliers: least ready",
    author="Ines Vidal, City of Aarlund",
    made_on=date(2026, 3, 1),
    link="https://quorum.example/suppliers?band=low",
    filters={"Band": "=Low"},
    sources=["Assessments, March 2026"],
)
STARTS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"]


def cells(content: bytes, sheet: int = 0) -> list[tuple]:
    reader = fastexcel.read_excel(content)
    loaded = reader.load_sheet(sheet, header_row=None, dtypes="string")
    return loaded.to_polars().rows()


def package(content: bytes, name: str) -> str:
    import zipfile

    return zipfile.ZipFile(io.BytesIO(content)).read(name).decode()


def test_a_file_is_named_after_its_title_and_date():
    assert file_name(ABOUT, "xlsx") == "suppliers-least-ready-2026-03-01.xlsx"


def test_a_title_without_latin_letters_still_gives_a_name():
    assert file_name(About("Βία", "", date(2026, 3, 1), ""), "csv") == "quorum-2026-03-01.csv"


def test_csv_is_a_pure_table_with_mark_and_crlf():
    frame = pl.DataFrame(
        {"name": ["Łódź, A"], "spend": [-1.5], "on": [date(2026, 1, 2)], "id": "x"}
    )
    labels = {"name": "Supplier", "on": "Assessed on", "spend": "Spend (EUR)"}
    assert (
        to_csv(frame, ABOUT, labels)
        == ("\ufeffSupplier,Assessed on,Spend (EUR)\r\n" + '"Łódź, A",2026-01-02,-1.5\r\n').encode()
    )


@pytest.mark.parametrize("text", STARTS)
def test_text_that_starts_like_a_formula_is_defused_in_csv(text):
    content = to_csv(pl.DataFrame({"name": [text, "Lumenta"]}), ABOUT).decode("utf-8-sig")
    first = content.split("\r\n", 1)[1].lstrip('"')
    assert first.startswith("'" + text[0])
    assert content.rstrip().endswith("Lumenta")


def test_a_header_that_starts_like_a_formula_is_defused_too():
    assert to_csv(pl.DataFrame({"n": [1]}), ABOUT, {"n": "=cmd"}).startswith(b"\xef\xbb\xbf'=cmd")


def test_lists_are_parted_as_open_supply_hub_parts_them():
    frame = pl.DataFrame({"tags": [["a", "b"], []]})
    assert to_csv(frame, ABOUT).decode("utf-8-sig") == 'tags\r\na | b\r\n""\r\n'


def test_a_moment_is_written_in_utc():
    frame = pl.DataFrame({"at": [datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)]})
    assert b"2026-01-02T03:04:05Z" in to_csv(frame, ABOUT)


@pytest.mark.parametrize("text", STARTS)
def test_no_cell_of_an_xlsx_is_a_formula(text):
    content = to_xlsx(pl.DataFrame({"name": [text]}), ABOUT, {"name": text.strip()})
    assert "<f>" not in package(content, "xl/worksheets/sheet1.xml")
    assert "<f>" not in package(content, "xl/worksheets/sheet2.xml")
    assert cells(content)[1][0].strip() == text.strip()


def test_an_xlsx_keeps_numbers_dates_and_gaps():
    frame = pl.DataFrame(
        {"spend": [-1234.5, None, float("nan")], "on": [date(2026, 1, 2)] * 3, "ok": [True] * 3}
    )
    sheet = fastexcel.read_excel(to_xlsx(frame, ABOUT, {"spend": "Spend (EUR)", "on": "On"}))
    read = sheet.load_sheet(0, schema_sample_rows=1).to_polars()
    assert read.columns == ["Spend (EUR)", "On"]
    assert read["Spend (EUR)"][0] == -1234.5
    assert read["Spend (EUR)"][1] is None
    assert str(read["On"][0])[:10] == "2026-01-02"


def test_an_xlsx_has_a_frozen_header_and_a_filter():
    xml = package(to_xlsx(pl.DataFrame({"a": [1], "b": [2]}), ABOUT), "xl/worksheets/sheet1.xml")
    assert 'state="frozen"' in xml
    assert '<autoFilter ref="A1:B2"/>' in xml


def test_a_year_has_no_thousands_separator():
    formats = package(to_xlsx(pl.DataFrame({"Year": [2026]}), ABOUT), "xl/styles.xml")
    assert 'numFmtId="1"' in formats  # Excel's own number for "0"


def test_the_second_sheet_says_what_the_file_is():
    assert cells(to_xlsx(pl.DataFrame({"a": [1, 2]}), ABOUT), 1) == [
        ("Title", "Suppliers: least ready"),
        ("Rows", "2"),
        ("Filter: Band", "=Low"),
        ("Made by", "Ines Vidal, City of Aarlund"),
        ("Made on", "2026-03-01"),
        ("Link", "https://quorum.example/suppliers?band=low"),
        ("Source", "Assessments, March 2026"),
    ]


def test_no_filter_is_said_as_well():
    about = About("All", "Ines", date(2026, 3, 1), "")
    assert ("Filters", "none") in cells(to_xlsx(pl.DataFrame({"a": [1]}), about), 1)


def test_a_table_without_rows_is_still_a_file():
    content = to_xlsx(pl.DataFrame(schema={"name": pl.String, "spend": pl.Float64}), ABOUT)
    assert cells(content) == [("name", "spend")]


def test_more_rows_than_a_sheet_holds_are_refused_with_a_way_out(monkeypatch):
    monkeypatch.setattr(tables, "MOST_ROWS", 1)
    with pytest.raises(tables.TooManyRows, match="holds 1 rows, this table has 2: take the csv"):
        to_xlsx(pl.DataFrame({"a": [1, 2]}), ABOUT)


def test_sites_come_back_in_open_supply_hubs_template():
    sites = pl.DataFrame(
        {
            "country": ["VN", "MY", "CZ", "TW"],
            "name": ["=North works", "South", "East", "West"],
            "address": ["-1 Road", "2 Road", "3 Road", "4 Road"],
            "latitude": [21.5, None, None, None],
            "longitude": [105.25, None, None, None],
            "workers_min": [10, 20, None, 5],
            "workers_max": [10, 50, None, None],
            **{
                name: pl.Series([None] * 4, dtype=pl.String)
                for name in (
                    "sector", "product_type", "facility_type", "processing_type",
                    "parent_company", "native_language_name", "os_id", "lei_id", "duns_id",
                    "rba_id", "isic_4",
                )
            },
        }
    )  # fmt: skip
    assert cells(to_osh_template(sites, ABOUT)) == [
        ("country", "name", "address", "number_of_workers", "lat", "lng"),
        ("VN", "=North works", "-1 Road", "10", "21.5", "105.25"),
        ("MY", "South", "2 Road", "20-50", None, None),
        ("CZ", "East", "3 Road", None, None, None),
        ("TW", "West", "4 Road", "5", None, None),
    ]
