"""Assessments out of a spreadsheet: the template, kind reading, and rows that are refused."""

import io
import json
from datetime import date
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from quorum.definitions import current
from quorum.importers.assessment_sheet import example_supplier, template
from quorum.importers.assessments import read_assessments
from quorum.importers.reading import Outcome, Table, read_table

SUPPLIERS = pl.DataFrame(
    [
        ("s1", "Fjord Computing", "0000FJORDCOMPUTING01", None),
        ("s2", "Lumen Resale", None, None),
        ("s3", "Fjord Komputing", None, "s1"),
        ("s4", "Twin Devices", None, None),
        ("s5", "Twin Devices", None, None),
        ("s6", "Oak Servers", "0000OAKSERVERS000002", None),
    ],
    schema=["id", "name", "lei", "merged_into"],
    orient="row",
)
TODAY = date(2026, 1, 1)
MINIMUM = {
    "Direct suppliers only": "x",
    "Risks: not familiar": "x",
    "Nothing in writing": "x",
    "No steps yet": "x",
}
MINIMUM_CODES = ["tier1_only", "risks_unfamiliar", "policy_none", "actions_none"]
ROW = {
    "Supplier": "Fjord Computing",
    "Kind of respondent": "Reseller",
    "Company name": "Fjord Computing",
    "Date": "2025-03-31",
    **MINIMUM,
}


def table(*rows: dict[str, str | None]) -> Table:
    """A table as the reader hands it over, rows numbered from 2."""
    headers = list(dict.fromkeys(name for row in rows for name in row))
    frame = pl.DataFrame(
        [{name: row.get(name) for name in headers} for row in rows],
        schema=dict.fromkeys(headers, pl.String),
    ).with_columns(pl.int_range(2, pl.len() + 2, dtype=pl.Int64).alias("__row__"))
    return Table(frame=frame, sheet=None, sheets=(), mended=())


def read(*rows: dict[str, str | None]) -> Outcome:
    return read_assessments(table(*rows), SUPPLIERS, current(), TODAY)


def only(outcome: Outcome) -> dict[str, Any]:
    """The one row that was accepted."""
    assert outcome.rejected.rows() == []
    assert outcome.accepted.height == 1
    return outcome.accepted.row(0, named=True)


def reason(outcome: Outcome) -> str:
    """The one reason for which the only row was refused."""
    assert outcome.accepted.height == 0
    assert outcome.rejected.height == 1
    return str(outcome.rejected["reason"][0])


# The template


def filled_in(rows: list[dict[str, str]]) -> bytes:
    """The template as a person sends it back: the same headers and example, with `rows` below."""
    empty = read_table("template.xlsx", template()).frame
    headers = [name for name in empty.columns if name != "__row__"]
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet("Assessments")
        sheet.write_row(0, 0, headers)
        sheet.write_row(1, 0, [empty[name][0] or "" for name in headers])
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        for number, row in enumerate(rows, start=2):
            for name, value in row.items():
                if name == "Date":
                    sheet.write_datetime(
                        number, headers.index(name), date.fromisoformat(value), day
                    )
                else:
                    sheet.write(number, headers.index(name), value)
        workbook.add_worksheet("How to fill this in")
    return file.getvalue()


def test_the_template_has_a_column_for_every_answer_and_one_example_row() -> None:
    sheet = read_table("template.xlsx", template())
    assert sheet.sheet == "Assessments"
    assert sheet.sheets == ("Assessments", "How to fill this in")
    assert sheet.frame.columns == [
        "Supplier", "LEI", "Kind of respondent", "Company name", "Contact", "Date",
        *(answer.label for answer in current().answers),
        "Other actions", "Link to evidence", "__row__",
    ]  # fmt: skip
    assert sheet.frame["Supplier"].to_list() == [example_supplier()]


def test_an_empty_template_imports_nothing_and_refuses_nothing() -> None:
    outcome = read_assessments(read_table("t.xlsx", template()), SUPPLIERS, current(), TODAY)
    assert (outcome.accepted.height, outcome.rejected.height) == (0, 0)
    assert outcome.notes == ("The example row was skipped.",)


def test_the_example_would_be_accepted_if_it_were_a_supplier() -> None:
    sheet = read_table("t.xlsx", template())
    frame = sheet.frame.with_columns(Supplier=pl.lit("Lumen Resale"))
    assert only(read_assessments(Table(frame), SUPPLIERS, current(), TODAY))["supplier_id"] == "s2"


def test_a_filled_in_template_comes_back_as_it_was_meant() -> None:
    content = filled_in(
        [
            {
                "Supplier": "Fjord Computing",
                "LEI": "0000FJORDCOMPUTING01",
                "Kind of respondent": "Brand or manufacturer",
                "Company name": "Fjord Computing AS",
                "Contact": "Kari",
                "Date": "2025-03-31",
                "Main raw materials": "x",
                "Risks: fair grasp": "x",
                "General commitment": "x",
                "Joint initiatives": "x",
                "Other actions": "Buys less",
                "Link to evidence": "https://fjord.example/report",
            },
            {
                "Supplier": "lumen resale",
                "Kind of respondent": "Reseller",
                "Date": "2025-04-01",
                **MINIMUM,
            },
        ]
    )
    outcome = read_assessments(read_table("back.xlsx", content), SUPPLIERS, current(), TODAY)
    first, second = outcome.accepted.rows(named=True)
    evidence = json.loads(first.pop("evidence"))
    assert first == {
        "row": 3,
        "supplier": "Fjord Computing",
        "supplier_id": "s1",
        "respondent_kind": "manufacturer",
        "company_name": "Fjord Computing AS",
        "contact": "Kari",
        "assessed_on": date(2025, 3, 31),
        "answers": ["raw_materials", "risks_fair", "policy_basic", "initiatives"],
        "other_actions": "Buys less",
    }
    link = {"note": "", "link": "https://fjord.example/report"}
    assert evidence == dict.fromkeys(first["answers"], link)
    assert (second["row"], second["supplier_id"], second["respondent_kind"]) == (
        4,
        "s2",
        "reseller",
    )
    assert second["answers"] == MINIMUM_CODES
    assert outcome.rejected.height == 0


# Kind reading


@pytest.mark.parametrize("mark", ["x", "X", "yes", "Ja", "OUI", "1", "true", "✓", "☑"])
def test_many_marks_mean_chosen(mark: str) -> None:
    row = only(read(ROW | {"Nothing in writing": None, "General commitment": mark}))
    assert row["answers"] == ["tier1_only", "risks_unfamiliar", "policy_basic", "actions_none"]


@pytest.mark.parametrize("mark", ["no", "Nee", "0", "-", "false", "n/a"])
def test_many_marks_mean_not_chosen(mark: str) -> None:
    assert only(read(ROW | {"General commitment": mark}))["answers"] == MINIMUM_CODES


@pytest.mark.parametrize(
    "written",
    ["2025-03-04", "04/03/2025", "4.3.2025", "04-03-2025", "2025/03/04", "2025-03-04 00:00:00",
     "2025-03-04T00:00:00", "45720", "45720.0"],
)  # fmt: skip
def test_dates_are_read_in_many_forms(written: str) -> None:
    assert only(read(ROW | {"Date": written}))["assessed_on"] == date(2025, 3, 4)


def test_a_date_that_could_be_read_otherwise_is_shown_as_mended() -> None:
    assert read(ROW | {"Date": "04/03/2025"}).mended.rows() == [
        (2, "Date", "04/03/2025", "2025-03-04", "Read as day, month, year.")
    ]


@pytest.mark.parametrize("written", ["2025-03-31", "31/03/2025", "31.03.2025", "03/03/2025"])
def test_a_date_that_has_one_meaning_is_not_mended(written: str) -> None:
    assert read(ROW | {"Date": written}).mended.height == 0


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("Brand or manufacturer", "manufacturer"),
        ("BRAND", "manufacturer"),
        ("producer", "manufacturer"),
        ("Brand / Manufacturer", "manufacturer"),
        ("reseller", "reseller"),
        ("Händler", "reseller"),
        ("other", "other"),
    ],
)
def test_kinds_of_respondent_are_read_in_many_words(written: str, kind: str) -> None:
    assert only(read(ROW | {"Kind of respondent": written}))["respondent_kind"] == kind


def test_names_written_instead_of_an_x_choose_the_answer_and_become_its_note() -> None:
    row = only(read(ROW | {"No steps yet": None, "Joint initiatives": "TCO Certified"}))
    assert row["answers"][-1] == "initiatives"
    assert json.loads(row["evidence"]) == {"initiatives": {"note": "TCO Certified", "link": ""}}


def test_headers_may_be_codes_and_differ_in_case() -> None:
    row = {name.upper(): value for name, value in ROW.items() if name != "No steps yet"}
    assert only(read(row | {"actions_none": "x"}))["answers"] == MINIMUM_CODES


def test_a_missing_company_name_is_the_suppliers_and_is_shown_as_mended() -> None:
    outcome = read(ROW | {"Company name": None})
    assert only(outcome)["company_name"] == "Fjord Computing"
    assert outcome.mended.select("column", "before", "after").rows() == [
        ("Company name", None, "Fjord Computing")
    ]


def test_blank_rows_are_passed_over() -> None:
    assert only(read(dict.fromkeys(ROW), ROW))["row"] == 3


# Evidence


def test_a_link_stands_at_each_answer_that_claims_something() -> None:
    link = {"Link to evidence": "https://fjord.example", "Nothing in writing": None}
    row = only(read(ROW | link | {"General commitment": "x"}))
    assert json.loads(row["evidence"]) == {
        code: {"note": "", "link": "https://fjord.example"}
        for code in ["risks_unfamiliar", "policy_basic"]
    }


def test_a_web_address_without_its_beginning_is_mended() -> None:
    outcome = read(ROW | {"Link to evidence": "www.fjord.example/report"})
    assert outcome.mended["after"].to_list() == ["https://www.fjord.example/report"]


@pytest.mark.parametrize("written", ["javascript:alert(1)", "report.pdf", "https://a b"])
def test_what_is_no_web_address_is_kept_as_a_note_and_never_as_a_link(written: str) -> None:
    outcome = read(ROW | {"Link to evidence": written})
    evidence = json.loads(only(outcome)["evidence"])
    assert set(map(tuple, (one.items() for one in evidence.values()))) == {
        (("note", written), ("link", ""))
    }
    assert outcome.mended["why"].to_list() == ["Not a web address: kept as a note on the evidence."]


def test_a_row_without_evidence_has_an_empty_record() -> None:
    assert only(read(ROW))["evidence"] == "{}"


# Suppliers


@pytest.mark.parametrize(
    ("name", "lei", "expected"),
    [
        ("Fjord Computing", None, "s1"),
        (" FJORD  computing", None, "s1"),
        ("Fjord Komputing", None, "s1"),  # merged into s1
        ("Anything", "0000fjordcomp utiNG01", "s1"),
        ("Fjord", None, None),
        ("Twin Devices", None, None),  # two of that name
        ("Lumen Resale", "0000FJORDCOMPUTING01", None),  # the LEI of another
        ("Oak Servers", "5299NOBODYATALL00003", None),  # not the LEI on record
        ("Lumen Resale", "5299NOBODYATALL00003", "s2"),  # none on record
    ],
)
def test_suppliers_are_found_by_lei_or_whole_name(
    name: str, lei: str | None, expected: str | None
) -> None:
    row = only(read(ROW | {"Supplier": name, "LEI": lei}))
    assert (row["supplier"], row["supplier_id"]) == (name, expected)


def test_suppliers_that_are_not_found_are_named() -> None:
    outcome = read(ROW | {"Supplier": "Elm"}, ROW | {"Supplier": "Ash"}, ROW)
    assert outcome.accepted["supplier_id"].to_list() == [None, None, "s1"]
    assert any(
        note.startswith("2 suppliers are not in the register by this name or LEI: Elm, Ash.")
        for note in outcome.notes
    )


def test_name_and_lei_of_different_suppliers_are_named() -> None:
    outcome = read(ROW | {"Supplier": "Lumen Resale", "LEI": "0000FJORDCOMPUTING01"})
    assert any(
        note.startswith("Name and LEI do not belong to the same supplier: Lumen Resale.")
        for note in outcome.notes
    )


def test_an_lei_alone_is_enough() -> None:
    outcome = read(ROW | {"Supplier": None, "LEI": "0000FJORDCOMPUTING01"})
    assert only(outcome)["supplier"] == "Fjord Computing"
    assert outcome.mended["why"].to_list() == ["The register's name for this LEI."]


def test_two_rows_for_one_supplier_and_day_are_pointed_out() -> None:
    assert (
        "More than one row for the same supplier and day: Fjord Computing." in read(ROW, ROW).notes
    )


# Refused


@pytest.mark.parametrize(
    ("change", "column", "sentence"),
    [
        ({"Supplier": None}, "Supplier", "The row does not say which supplier it is about."),
        ({"Kind of respondent": None}, "Kind of respondent", "The kind of respondent is missing"),
        ({"Kind of respondent": "Distributor"}, "Kind of respondent", "This can be a reseller or"),
        ({"Kind of respondent": "bank"}, "Kind of respondent", "This is no kind of respondent"),
        ({"Date": None}, "Date", "The date of the answers is missing."),
        ({"LEI": "5299NOBODYATALL00004"}, "LEI", "This is no LEI"),
        ({"LEI": "5299"}, "LEI", "This is no LEI"),
        ({"Contact": "x" * 501}, "Contact", "It has 501 characters; 500 are allowed."),
        ({"Date": "spring"}, "Date", "This is not a date"),
        ({"Date": "12/31/2025"}, "Date", "This is not a date"),
        ({"Date": "31.02.2025"}, "Date", "This is not a date"),
        ({"Date": "01/02/25"}, "Date", "This is not a date"),
        ({"Date": "1925-01-01"}, "Date", "The date lies before 2000."),
        ({"Date": "2026-01-02"}, "Date", "The date lies in the future."),
        ({"Nothing in writing": "maybe"}, "Nothing in writing", "This is neither a mark nor"),
        ({"General commitment": "x"}, "Answers", "“Nothing in writing” cannot stand beside"),
        ({"Risks: good grasp": "x"}, "Answers", "“Grasp of the risks” takes one answer, and 2"),
        ({"No steps yet": None}, "Answers", "“Steps taken” has no answer yet: choose one."),
    ],
)  # fmt: skip
def test_a_row_is_refused_with_the_reason(
    change: dict[str, str | None], column: str, sentence: str
) -> None:
    outcome = read(ROW | change)
    assert reason(outcome).startswith(sentence)
    assert outcome.rejected["row"].to_list() == [2]
    assert outcome.rejected["column"].to_list() == [column]
    assert outcome.rejected["remedy"].null_count() == 0


def test_a_refusal_shows_the_value_as_written() -> None:
    assert read(ROW | {"Date": "spring"}).rejected["value"].to_list() == ["spring"]


def test_a_row_with_two_faults_has_two_lines_and_good_rows_are_kept() -> None:
    outcome = read(ROW | {"Date": None, "Kind of respondent": None}, ROW)
    assert outcome.rejected["row"].to_list() == [2, 2]
    assert outcome.accepted["row"].to_list() == [3]


def test_a_sheet_without_the_columns_that_are_needed_is_refused_as_a_whole() -> None:
    outcome = read({"Colour": "red"})
    assert outcome.accepted.height == 0
    assert outcome.rejected["row"].to_list() == [None] * 4
    assert outcome.rejected["column"].to_list() == ["Supplier", "Kind of respondent", "Date", None]


def test_columns_that_are_not_used_and_answers_without_a_column_are_named() -> None:
    notes = read(ROW | {"Colour": "red"}).notes
    assert notes[0] == "Columns that were not used: Colour."
    assert notes[1].startswith("Answers without a column, taken as not chosen: Assembly sites, ")
    assert notes[1].endswith(" and 8 more.")


def test_a_table_without_rows_gives_an_empty_outcome_of_the_same_columns() -> None:
    empty = read_assessments(Table(table(ROW).frame.clear()), SUPPLIERS, current(), TODAY)
    assert empty.accepted.schema == read(ROW).accepted.schema
    assert empty.rejected.height == 0


def test_a_register_without_suppliers_finds_none() -> None:
    nobody = read_assessments(table(ROW), SUPPLIERS.clear(), current(), TODAY)
    assert only(nobody)["supplier_id"] is None
