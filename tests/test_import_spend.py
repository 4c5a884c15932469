"""Importing spend from financial systems: amounts, currencies, dates and suppliers as written."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from quorum.importers.mapping import guess
from quorum.importers.reading import Outcome, Table, read_table
from quorum.importers.spend import (
    COLUMNS,
    FIELDS,
    currencies,
    decimal_mark,
    read_date,
    read_spend,
    suggest_suppliers,
    take_apart,
    template,
    value_of,
)
from quorum.store.relations import RELATIONS

FIXTURES = Path(__file__).parent / "fixtures"

SUPPLIERS = pl.DataFrame(
    [
        ("n", "Nordlicht Systems", "529900EXAMPLE0000170", None, "HRB 1", None),
        ("a", "Aurora Devices", None, "NL123456782B90", None, None),
        ("old", "Aurora Computers", None, None, None, "a"),
        ("t1", "Twin Devices", None, None, None, None),
        ("t2", "TWIN DEVICES", None, None, None, None),
    ],
    schema=dict.fromkeys(("id", "name", "lei", "vat", "registry_number", "merged_into"), pl.String),
    orient="row",
)


def imported(table: Table, currency: str | None = None, year: int | None = None) -> Outcome:
    mapping = guess(table.frame.columns[:-1], [field.name for field in FIELDS])
    return read_spend(table, mapping, SUPPLIERS, currency, year)


def rows_of(*rows: dict[str, str], currency: str | None = "EUR", year: int = 2025) -> Outcome:
    """An import of rows that are fine but for what is given."""
    full = [{"supplier": f"Supplier {n}", "amount": "1"} | row for n, row in enumerate(rows)]
    columns = list(dict.fromkeys(name for row in full for name in row))
    frame = pl.DataFrame([{c: row.get(c) for c in columns} for row in full]).with_columns(
        pl.int_range(2, pl.len() + 2, dtype=pl.Int64).alias("__row__")
    )
    return imported(Table(frame), currency, year)


def amounts(*texts: str) -> list[float | None]:
    return rows_of(*({"amount": text} for text in texts)).accepted["amount"].to_list()


# A whole file


@pytest.fixture(scope="module")
def dutch() -> Outcome:
    table = read_table("spend_nl.csv", (FIXTURES / "spend_nl.csv").read_bytes())
    return imported(table, currency="EUR")


def test_a_dutch_export_is_read(dutch: Outcome) -> None:
    assert dutch.accepted.columns == ["row", *COLUMNS]
    assert dutch.accepted.rows() == [
        (3, "Nordlicht Systems", "n", 2025, 1234.5, "EUR", "Laptops", "C-1", date(2026, 12, 31)),
        (4, "aurora devices", "a", 2025, -200.0, "EUR", "Laptops", "C-1", date(2027, 2, 1)),
        (5, "Aurora Devices B.V.", "a", 2025, 12000.0, "EUR", "Servers", None, None),
        (6, "Onbekende Leverancier", None, 2025, -1500.75, "EUR", None, None, None),
    ]


def test_each_fault_is_refused_with_row_column_value_reason_and_remedy(dutch: Outcome) -> None:
    assert dutch.rejected.select("row", "column", "value", "reason").rows() == [
        (
            7,
            "Leverancier",
            "Totaal",
            "The row looks like a sum of others, which would count the spend twice.",
        ),
        (7, "year", None, "The row has neither a year nor a date."),
        (8, "Bedrag", "veel", "It is not an amount."),
        (9, "Factuurdatum", "31-02-2025", "It is not a date."),
        (10, "Leverancier", None, "It is empty."),
        (11, "Bedrag", "$ 9,00", "Several currencies are written so."),
        (12, "year", None, "The row has neither a year nor a date."),
    ]
    assert dutch.rejected["remedy"].str.len_chars().min() > 10


def test_accepted_rows_have_the_stores_types(dutch: Outcome) -> None:
    schema = dict(dutch.accepted.drop("row", "supplier").schema)
    assert schema == {name: RELATIONS["spend"][name] for name in COLUMNS if name != "supplier"}


# Amounts


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1234.5", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1 234 567,8", "1234567.80"),
        ("1\u202f234,50", "1234.50"),
        ("1\u00a0234,50 €", "1234.50"),
        ("12'345.60", "12345.60"),
        ("12’345", "12345.00"),
        ("12,34,567.00", "1234567.00"),
        ("1.234.567", "1234567.00"),
        ("(5.00)", "-5.00"),
        ("EUR (1 234,56)", "-1234.56"),
        ("-€ 5", "-5.00"),
        ("€ -5", "-5.00"),
        ("5,10-", "-5.10"),
        ("−7", "-7.00"),
        ("1.250,-", "1250.00"),
        ("Fr. 100", "100.00"),
        ("1.5E+06", "1500000.00"),
        ("0.125", "0.13"),
        ("0", "0.00"),
        (".5", "0.50"),
    ],
)
def test_amounts_are_read_as_they_are_written(text: str, value: str) -> None:
    amount = take_apart(text)
    assert amount is not None
    mark = decimal_mark(amount.digits)
    assert mark is not None
    assert value_of(amount, mark or ("," if "." in amount.digits else ".")) == Decimal(value)


@pytest.mark.parametrize("text", ["abc", "--5", "-(5)", "1,2,3", "12.34.56", "5 + 6", "1.2.3,4,5"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    outcome = rows_of({"amount": text})
    assert outcome.rejected.select("column", "value", "reason").rows() == [
        ("amount", text, "It is not an amount.")
    ]


def test_three_digits_behind_a_point_are_thousands_unless_the_column_says_otherwise() -> None:
    outcome = rows_of({"amount": "1.234"}, {"amount": "2.000"})
    assert outcome.accepted["amount"].to_list() == [1234.0, 2000.0]
    assert outcome.notes == ('Amounts such as "1.234" were read as thousands, not as decimals.',)
    assert amounts("1.234", "5,50") == [1234.0, 5.5]
    assert amounts("1.234", "5.50") == [1.23, 5.5]
    assert amounts("1,234", "5.50") == [1234.0, 5.5]


def test_a_column_that_contradicts_itself_gives_up_only_what_is_unclear() -> None:
    outcome = rows_of({"amount": "1.234"}, {"amount": "5,50"}, {"amount": "5.50"}, {"amount": "7"})
    assert outcome.accepted["amount"].to_list() == [5.5, 5.5, 7.0]
    assert outcome.rejected.select("row", "value").rows() == [(2, "1.234")]
    assert "could be either" in outcome.rejected["reason"][0]


def test_more_than_two_decimals_are_rounded_to_cents_and_said() -> None:
    outcome = rows_of({"amount": "10.005"}, {"amount": "3.14159"}, {"amount": "2.5"})
    assert outcome.accepted["amount"].to_list() == [10.01, 3.14, 2.5]
    assert outcome.notes == ("2 amounts had more than two decimals and were rounded to cents.",)


def test_amounts_beyond_what_the_store_holds_are_refused() -> None:
    assert amounts("9999999999999.99") == [9999999999999.99]
    for text in ("10000000000000", "-1E+13", "1e999"):
        assert rows_of({"amount": text}).rejected["column"].to_list() == ["amount"]


# Currencies


@pytest.mark.parametrize(
    ("row", "default", "currency"),
    [
        ({"currency": "sek"}, "EUR", "SEK"),
        ({"amount": "£5"}, "EUR", "GBP"),
        ({"amount": "5 kr", "currency": "NOK"}, None, "NOK"),
        ({"amount": "5 kr"}, "DKK", "DKK"),
        ({"amount": "$5"}, "CAD", "CAD"),
        ({"amount": "USD 5"}, None, "USD"),
        ({"currency": "€"}, None, "EUR"),
        ({}, "PLN", "PLN"),
    ],
)
def test_the_currency_is_the_columns_else_the_signs_else_the_one_chosen(
    row: dict[str, str], default: str | None, currency: str
) -> None:
    assert rows_of(row, currency=default).accepted["currency"].to_list() == [currency]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({}, "amount"),
        ({"currency": "XXQ"}, "currency"),
        ({"currency": "DEM"}, "currency"),
        ({"amount": "€5", "currency": "USD"}, "currency"),
        ({"amount": "5 kr"}, "amount"),
        ({"amount": "5 %"}, "amount"),
    ],
)
def test_a_row_whose_currency_is_missing_unknown_or_contradicted_is_refused(
    row: dict[str, str], column: str
) -> None:
    outcome = rows_of(row, currency=None)
    assert outcome.accepted.height == 0
    assert outcome.rejected["column"].to_list() == [column]


def test_only_currencies_of_today_are_known() -> None:
    assert {"EUR", "SEK", "JPY", "USD"} <= currencies()
    assert not {"DEM", "HRK", "XXX"} & currencies()


# Dates and years


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-03-31", date(2025, 3, 31)),
        ("2025-03-31 12:30:00", date(2025, 3, 31)),
        ("31/3/2025", date(2025, 3, 31)),
        ("31.03.25", date(2025, 3, 31)),
        ("03/31/2025", date(2025, 3, 31)),
        ("20250331", date(2025, 3, 31)),
        ("31 Mar 2025", date(2025, 3, 31)),
        ("31-Mar-25", date(2025, 3, 31)),
        ("45747", date(2025, 3, 31)),
        ("04/05/2025", date(2025, 5, 4)),
        ("31/02/2025", None),
        ("soon", None),
        ("2025", None),
    ],
)
def test_dates_are_read_in_the_usual_ways(text: str, day: date | None) -> None:
    assert read_date(text) == day


def ends(*texts: str) -> Outcome:
    return rows_of(*({"contract_end": text} for text in texts))


def test_which_of_day_and_month_comes_first_is_decided_over_the_column() -> None:
    assert ends("04/05/2025", "31/12/2025").accepted["contract_end"].to_list() == [
        date(2025, 5, 4), date(2025, 12, 31),
    ]  # fmt: skip
    american = ends("04/05/2025", "12/31/2025")
    assert american.accepted["contract_end"].to_list() == [date(2025, 4, 5), date(2025, 12, 31)]
    assert "month, day, year" in american.notes[0]


def test_dates_that_nothing_decides_are_read_day_first_and_said() -> None:
    outcome = ends("04/05/2025", "06/07/2025")
    assert outcome.accepted["contract_end"].to_list() == [date(2025, 5, 4), date(2025, 7, 6)]
    assert 'such as "04/05/2025" in column "contract_end"' in outcome.notes[0]


def test_in_a_column_that_contradicts_itself_unclear_dates_are_refused() -> None:
    outcome = ends("04/05/2025", "31/12/2025", "12/31/2025", "05/05/2025")
    assert outcome.rejected.select("row", "value").rows() == [(2, "04/05/2025")]
    assert outcome.accepted["contract_end"].to_list() == [
        date(2025, 12, 31), date(2025, 12, 31), date(2025, 5, 5),
    ]  # fmt: skip


def test_the_year_is_the_columns_else_the_dates_else_the_one_chosen() -> None:
    outcome = rows_of(
        {"year": "2023", "date": "2024-01-05"},
        {"date": "2024-01-05"},
        {"year": "FY2022"},
        {"year": "2021/22"},
        {"year": "2020.0"},
        {},
        year=2019,
    )
    assert outcome.accepted["year"].to_list() == [2023, 2024, 2022, 2021, 2020, 2019]
    assert outcome.notes == ("In row 2 year and date differ; the year is used.",)


@pytest.mark.parametrize("text", ["last", "1789", "2525", "25"])
def test_years_that_cannot_be_are_refused(text: str) -> None:
    assert rows_of({"year": text}).rejected["column"].to_list() == ["year"]


# Suppliers


@pytest.mark.parametrize(
    ("row", "supplier"),
    [
        ({"supplier": "nordlicht  SYSTEMS"}, "n"),
        ({"supplier": "529900EXAMPLE0000170"}, "n"),
        ({"supplier": "Whatever", "supplier_identifier": "hrb1"}, "n"),
        ({"supplier": "Whatever", "supplier_identifier": "NL 1234.56.782.B90"}, "a"),
        ({"supplier": "Aurora Computers"}, "a"),
        ({"supplier": "Aurora Devices BV"}, None),
        ({"supplier": "Twin Devices"}, None),
    ],
)
def test_a_supplier_is_linked_only_when_name_or_identifier_is_the_same(
    row: dict[str, str], supplier: str | None
) -> None:
    assert rows_of(row).accepted["supplier_id"].to_list() == [supplier]


def test_several_suppliers_of_one_name_are_said() -> None:
    assert "Twin Devices" in rows_of({"supplier": "Twin Devices"}).notes[0]


def test_suppliers_are_suggested_but_never_those_that_were_merged() -> None:
    names = ["Aurora Devices BV", "Nordlict Systems", "Zebra", "Zebra"]
    suggested = suggest_suppliers(names, SUPPLIERS)
    assert suggested.select("name", "supplier_id", "suggestion").rows() == [
        ("Aurora Devices BV", "a", "Aurora Devices"),
        ("Nordlict Systems", "n", "Nordlicht Systems"),
        ("Zebra", None, None),
    ]
    assert suggested["score"].to_list()[0] == 95.0
    assert suggest_suppliers([], SUPPLIERS).height == 0


# The file as a whole


def test_rows_that_repeat_another_are_kept_and_said() -> None:
    outcome = rows_of({"supplier": "Same"}, {"supplier": "Same"})
    assert outcome.accepted.height == 2
    assert outcome.notes[0].startswith("Row 3 repeats an earlier row exactly.")


def test_a_required_field_without_a_column_is_one_finding_for_the_file() -> None:
    outcome = imported(read_table("spend.csv", b"supplier,year\nNordlicht,2025\n"))
    assert outcome.accepted.height == 0
    assert outcome.rejected.select("row", "column").rows() == [(None, "Amount")]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_template_that_is_handed_out_can_be_read_back(kind: str) -> None:
    outcome = imported(read_table(f"spend.{kind}", template(kind)))
    assert outcome.accepted.select("year", "amount", "contract_end").rows() == [
        (2025, 125000.0, date(2027, 12, 31)),
        (2025, -1250.5, date(2027, 12, 31)),
        (2025, 48200.0, None),
    ]
    assert outcome.rejected.height == 0
    assert outcome.notes == ()
