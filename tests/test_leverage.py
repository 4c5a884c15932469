"""Leverage, on figures that can be added up by hand."""

from datetime import date

import polars as pl

from quorum.leverage import (
    COLLECTIVE,
    Summary,
    collective,
    contracts_ahead,
    own_by_year,
    summary,
)

LINE = {
    "organisation_id": pl.String, "supplier_id": pl.String, "supplier": pl.String,
    "year": pl.Int64, "amount": pl.Float64, "currency": pl.String,
}  # fmt: skip
BAND = {
    "organisation_id": pl.String, "supplier_id": pl.String, "year": pl.Int64,
    "currency": pl.String, "low": pl.Float64, "high": pl.Float64,
}  # fmt: skip
TURNOVER = {
    "supplier_id": pl.String, "year": pl.Int64, "amount": pl.Float64, "currency": pl.String,
    "source": pl.String,
}  # fmt: skip


def lines(*rows: tuple[str, str, int, float, str]) -> pl.DataFrame:
    """organisation, supplier, year, amount, currency."""
    full = [(who, what, what.title(), year, amount, unit) for who, what, year, amount, unit in rows]
    return pl.DataFrame(full, schema=LINE, orient="row")


def bands(*rows: tuple[str, str, int, str, float, float | None]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=BAND, orient="row")


def turnover(*rows: tuple[str, int, float, str, str]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=TURNOVER, orient="row")


def test_own_totals_stand_per_supplier_year_and_currency_with_credit_notes_taken_off() -> None:
    spend = lines(
        ("north", "aurora", 2024, 100.10, "EUR"), ("north", "aurora", 2024, -30.05, "EUR"),
        ("north", "aurora", 2024, 7, "SEK"), ("north", "borealis", 2025, 5, "EUR"),
        ("south", "aurora", 2024, 1000, "EUR"),
    )  # fmt: skip
    assert own_by_year(spend, "north").rows() == [
        ("borealis", "Borealis", 2025, "EUR", 5.0),
        ("aurora", "Aurora", 2024, "EUR", 70.05),
        ("aurora", "Aurora", 2024, "SEK", 7.0),
    ]


def test_a_total_may_be_negative() -> None:
    spend = lines(("north", "aurora", 2024, 10, "EUR"), ("north", "aurora", 2024, -25.5, "EUR"))
    found = collective(spend, bands(), turnover(("aurora", 2024, 100, "EUR", "Report")), "north")
    assert found.select("own", "low", "high", "own_share", "share_high").row(0) == (
        -15.5, -15.5, -15.5, -0.155, -0.155,
    )  # fmt: skip


def test_own_lines_records_and_classes_add_up_to_a_range() -> None:
    spend = lines(("north", "aurora", 2024, 1000, "EUR"), ("south", "aurora", 2024, 500, "EUR"))
    classes = bands(
        ("west", "aurora", 2024, "EUR", 10_000, 50_000),
        ("east", "aurora", 2024, "EUR", 0, 10_000),
    )
    known = turnover(("aurora", 2024, 200_000, "EUR", "Annual report 2024"))
    found = collective(spend, classes, known, "north")
    assert found.rows(named=True) == [
        {
            "supplier_id": "aurora", "year": 2024, "currency": "EUR",
            "own": 1000.0, "exact": 1500.0, "band_low": 10_000.0, "band_high": 60_000.0,
            "low": 11_500.0, "high": 61_500.0,
            "members": 4, "organisations": ["east", "north", "south", "west"],
            "turnover": 200_000.0, "turnover_currency": "EUR",
            "turnover_source": "Annual report 2024", "turnover_year": 2024,
            "own_share": 0.005, "exact_share": 0.0075, "share_low": 0.0575, "share_high": 0.3075,
        }
    ]  # fmt: skip


def test_an_open_ended_class_leaves_the_upper_end_open() -> None:
    classes = bands(
        ("south", "aurora", 2024, "EUR", 25_000_000, None),
        ("west", "aurora", 2024, "EUR", 0, 10_000),
    )
    known = turnover(("aurora", 2024, 100_000_000, "EUR", "Report"))
    found = collective(lines(), classes, known, "north")
    assert found.select("band_low", "band_high", "low", "high", "share_low", "share_high").row(
        0
    ) == (25_000_000.0, None, 25_000_000.0, None, 0.25, None)


def test_own_figures_alone_are_a_range_of_one_point() -> None:
    found = collective(lines(("north", "aurora", 2024, 8, "EUR")), bands(), turnover(), "north")
    assert found.select("own", "exact", "band_low", "band_high", "low", "high", "members").row(
        0
    ) == (8.0, 8.0, 0.0, 0.0, 8.0, 8.0, 1)


def test_a_colleague_alone_leaves_own_at_zero_and_is_the_only_member() -> None:
    found = collective(lines(("south", "aurora", 2024, 8, "EUR")), bands(), turnover(), "north")
    assert found.select("own", "exact", "low", "high", "organisations").row(0) == (
        0.0, 8.0, 8.0, 8.0, ["south"],
    )  # fmt: skip


def test_who_shares_lines_and_a_class_counts_in_both_sums_and_once_as_member() -> None:
    found = collective(
        lines(("south", "aurora", 2024, 300, "EUR")),
        bands(("south", "aurora", 2024, "EUR", 10_000, 50_000)),
        turnover(),
        "north",
    )
    assert found.select("exact", "low", "high", "members").row(0) == (300.0, 10_300.0, 50_300.0, 1)


def test_ones_own_class_never_counts_beside_ones_own_lines() -> None:
    found = collective(
        lines(("north", "aurora", 2024, 300, "EUR")),
        bands(("north", "aurora", 2024, "EUR", 0, 10_000)),
        turnover(),
        "north",
    )
    assert found.select("low", "high", "members").row(0) == (300.0, 300.0, 1)


def test_currencies_and_years_are_kept_apart() -> None:
    spend = lines(
        ("north", "aurora", 2024, 1, "EUR"), ("north", "aurora", 2024, 2, "SEK"),
        ("north", "aurora", 2023, 4, "EUR"),
    )  # fmt: skip
    found = collective(spend, bands(), turnover(), "north")
    assert found.select("year", "currency", "low").rows() == [
        (2024, "SEK", 2.0), (2024, "EUR", 1.0), (2023, "EUR", 4.0),
    ]  # fmt: skip


def test_without_turnover_there_is_no_share() -> None:
    found = collective(lines(("north", "aurora", 2024, 8, "EUR")), bands(), turnover(), "north")
    assert found.select("turnover", "own_share", "share_low", "share_high").row(0) == (None,) * 4


def test_turnover_in_another_currency_is_named_but_no_share_is_taken_of_it() -> None:
    known = turnover(("aurora", 2024, 100, "USD", "Report"), ("aurora", 2025, 90, "EUR", "Report"))
    found = collective(lines(("north", "aurora", 2024, 8, "EUR")), bands(), known, "north")
    assert found.select("turnover", "turnover_currency", "turnover_year", "share_low").row(0) == (
        100.0, "USD", 2024, None,
    )  # fmt: skip


def test_turnover_of_another_year_is_named_but_no_share_is_taken_of_it() -> None:
    known = turnover(("aurora", 2022, 80, "EUR", "Old"), ("aurora", 2023, 90, "EUR", "Report"))
    found = collective(lines(("north", "aurora", 2024, 8, "EUR")), bands(), known, "north")
    assert found.select("turnover", "turnover_year", "own_share").row(0) == (90.0, 2023, None)


def test_of_two_turnovers_that_a_merge_left_the_larger_counts() -> None:
    known = turnover(("aurora", 2024, 50, "EUR", "One"), ("aurora", 2024, 100, "EUR", "Two"))
    found = collective(lines(("north", "aurora", 2024, 8, "EUR")), bands(), known, "north")
    assert found.select("turnover_source", "own_share").rows() == [("Two", 0.08)]


def test_nothing_shared_and_nothing_own_is_an_empty_frame_of_the_same_shape() -> None:
    found = collective(lines(), bands(), turnover(("aurora", 2024, 50, "EUR", "One")), "north")
    assert found.is_empty()
    assert dict(found.schema) == COLLECTIVE


def test_the_summary_keeps_currencies_apart_and_counts_a_supplier_once() -> None:
    spend = lines(
        ("north", "aurora", 2024, 10, "EUR"), ("north", "aurora", 2023, 5, "EUR"),
        ("north", "borealis", 2024, 7, "SEK"), ("south", "borealis", 2022, 7, "SEK"),
    )  # fmt: skip
    own = own_by_year(spend, "north")
    assert summary(own) == Summary({"EUR": 15.0, "SEK": 7.0}, 2, (2024, 2023))


def test_each_contract_ahead_stands_once_however_many_lines_name_it() -> None:
    ends = pl.Series([date(2027, 1, 1), date(2027, 1, 1), date(2026, 1, 1), None, date(2026, 6, 1)])
    spend = pl.DataFrame(
        {
            "supplier_id": "aurora", "supplier": "Aurora", "organisation_id": "north",
            "organisation": "North", "contract_reference": ["A", "A", "B", "C", None],
            "contract_end": ends,
        }
    )  # fmt: skip
    found = contracts_ahead(spend, date(2026, 5, 1))
    assert found.select("contract_reference", "contract_end").rows() == [
        (None, date(2026, 6, 1)), ("A", date(2027, 1, 1)),
    ]  # fmt: skip
