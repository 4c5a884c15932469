"""Reading uploaded files: what people really send, and what nobody should."""

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorum.importers import reading
from quorum.importers.mapping import guess
from quorum.importers.reading import Table, UnreadableFile, read_table
from tests import hostile

PLAIN = [("Würth Werk", "DE", 2), ("Fábrica", "ES", 3)]
TEXT = "name,country\nWürth Werk,DE\nFábrica,ES\n"


def rows(table: Table) -> list[tuple[object, ...]]:
    return table.frame.rows()


def refusal(content: bytes, name: str = "list.csv", sheet: str | None = None) -> str:
    with pytest.raises(UnreadableFile) as refused:
        read_table(name, content, sheet)
    return str(refused.value)


# CSV


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_read_with_and_without_a_byte_order_mark(encoding: str) -> None:
    table = read_table("list.csv", TEXT.encode(encoding))
    assert table.frame.columns == ["name", "country", "__row__"]
    assert rows(table) == PLAIN


def test_western_european_text_is_read_and_said() -> None:
    table = read_table("list.csv", TEXT.encode("cp1252"))
    assert rows(table) == PLAIN
    assert "line 2 is not UTF-8" in table.mended[0]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator_is_found(delimiter: str) -> None:
    table = read_table("list.csv", TEXT.replace(",", delimiter).encode())
    assert rows(table) == PLAIN
    assert len(table.mended) == (delimiter != ",")


def test_excels_separator_line_is_not_a_row_of_data() -> None:
    table = read_table("list.csv", b"sep=;\r\nname;country\r\nWorks;NL\r\n")
    assert rows(table) == [("Works", "NL", 3)]


def test_decimal_commas_do_not_pass_for_separators() -> None:
    table = read_table("spend.csv", b"supplier;amount\nNordlicht;1,50\nAurora;2,75\n")
    assert rows(table) == [("Nordlicht", "1,50", 2), ("Aurora", "2,75", 3)]


def test_line_breaks_in_quotes_stay_in_their_cell_and_rows_count_as_in_a_spreadsheet() -> None:
    table = read_table("list.csv", b'name,address\n"Works","1 Road\nTown"\n"Plant","2 Road"\n')
    assert rows(table) == [("Works", "1 Road\nTown", 2), ("Plant", "2 Road", 3)]


def test_carriage_returns_alone_end_rows_too() -> None:
    assert rows(read_table("list.csv", b"name,country\rWorks,NL\r")) == [("Works", "NL", 2)]


def test_trailing_commas_make_no_columns() -> None:
    table = read_table("list.csv", b"name,country,,,\nWorks,NL,,,\nPlant,BE,,,\n")
    assert table.frame.columns == ["name", "country", "__row__"]
    assert table.mended == ()


def test_cells_are_stripped_and_blank_cells_are_null() -> None:
    table = read_table("list.csv", "name , country\n\u00a0Works\u200b ,  \n".encode())
    assert table.frame.columns == ["name", "country", "__row__"]
    assert rows(table) == [("Works", None, 2)]


def test_blank_rows_are_left_out_but_counted() -> None:
    table = read_table("list.csv", b"\n\nname,country\n\nWorks,NL\n,\nPlant,BE\n")
    assert rows(table) == [("Works", "NL", 5), ("Plant", "BE", 7)]


def test_titles_above_the_header_are_left_out_and_said() -> None:
    content = b"Site list 2025\nPrepared by:,purchasing\n\nname,country,address\nWorks,NL,1 Road\n"
    table = read_table("list.csv", content)
    assert table.frame.columns == ["name", "country", "address", "__row__"]
    assert rows(table) == [("Works", "NL", "1 Road", 5)]
    assert table.mended == (
        "The header was found in row 4; the rows above it are left out as titles.",
    )


def test_a_header_in_an_unknown_language_is_the_first_full_row() -> None:
    table = read_table("list.csv", b"Zoznam\nalfa,beta,gama\n1,2,3\n4,5,6\n")
    assert table.frame.columns == ["alfa", "beta", "gama", "__row__"]


def test_short_rows_are_filled_up_and_long_rows_keep_their_extra_cells() -> None:
    table = read_table("list.csv", b"name,country\nWorks\nPlant,BE,extra\nMill,FR\n")
    assert table.frame.columns == ["name", "country", "Column 3", "__row__"]
    assert rows(table) == [
        ("Works", None, None, 2),
        ("Plant", "BE", "extra", 3),
        ("Mill", "FR", None, 4),
    ]
    assert table.mended[0] == "A column without a heading is called Column 3."
    assert table.mended[1].startswith("Row 3 has more values than the header has names.")


def test_headings_that_come_twice_are_numbered() -> None:
    table = read_table("list.csv", b"name,name,__row__\na,b,c\n")
    assert table.frame.columns == ["name", "name (2)", "__row__ (2)", "__row__"]
    assert "name (2), __row__ (2)" in table.mended[0]


def test_text_that_looks_like_a_formula_stays_text() -> None:
    table = read_table("list.csv", b"name,country\n=1+1,NL\n@SUM(A1),NL\n+1,NL\n-1,NL\n")
    assert table.frame["name"].to_list() == ["=1+1", "@SUM(A1)", "+1", "-1"]


def test_stray_control_characters_are_read_as_spaces_and_said() -> None:
    table = read_table("list.csv", b"name,country\nWorks\x0bTwo,NL\n")
    assert rows(table) == [("Works Two", "NL", 2)]
    assert table.mended == ("1 control character was read as a space.",)


def test_nul_bytes_are_refused_with_their_line() -> None:
    assert "the first in line 2" in refusal(b"name,country\nWo\0rks,NL\n" * 20)


def test_a_quotation_mark_that_is_never_closed_is_refused_with_the_place() -> None:
    content = b'name,country\nWorks,NL\n"Plant,BE\n' + b"Mill,FR\n" * 1_000
    assert refusal(content).startswith("Row 3, column 1 of list.csv holds more than 5,000")


@pytest.mark.parametrize("content", [b"", b" \r\n ", b"name,country\n", b"name,country\n,\n"])
def test_a_file_without_rows_is_refused(content: bytes) -> None:
    assert "list.csv" in refusal(content)


def test_a_csv_file_may_have_as_many_rows_as_the_limit_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 200)
    assert read_table("list.csv", hostile.tall_csv(200)).frame.height == 200
    for number in (201, 1_000):
        assert "more than 200 rows" in refusal(hostile.tall_csv(number))


@pytest.mark.parametrize("number", [200_000, 1_000_000])
def test_very_many_rows_are_refused(number: int) -> None:
    assert "more than 100,000 rows" in refusal(hostile.tall_csv(number))


def test_too_many_columns_are_refused_with_their_row() -> None:
    assert refusal(b"a" + b",a" * 200 + b"\n1\n").startswith("Row 1 of list.csv has more than 200")


def test_a_file_over_ten_megabytes_is_refused() -> None:
    assert "10 MB at most" in refusal(b"x" * (10 * 2**20 + 1))


# Other kinds of file, whatever they are called


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (hostile.PDF, "a PDF document"),
        (hostile.PNG, "a picture"),
        (hostile.OLD_XLS, "an old Office version"),
        (hostile.LOCKED_XLSX, "protected with a password"),
        (hostile.WEB_PAGE, "a web page"),
        (b'{"releases": []}', "a JSON file"),
        (b"<?xml version='1.0'?><a/>", "an XML file"),
        (bytes(range(1, 256)) * 9, "not readable as text"),
    ],
)
@pytest.mark.parametrize("name", ["list.xlsx", "list.csv"])
def test_other_kinds_are_told_by_their_content(content: bytes, kind: str, name: str) -> None:
    assert kind in refusal(content, name)


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        ("content.xml", "an OpenDocument file"),
        ("word/document.xml", "a Word document"),
        ("xl/workbook.bin", "a binary workbook"),
        ("readme.txt", "a compressed archive"),
    ],
)
def test_other_archives_are_told_by_their_parts(part: str, kind: str) -> None:
    assert kind in refusal(hostile.archive({part: "x"}), "list.xlsx")


def test_a_workbook_is_read_even_when_it_is_called_csv() -> None:
    content = hostile.workbook({"A": [["name", "country"], ["Works", "NL"]]})
    assert rows(read_table("list.csv", content)) == [("Works", "NL", 2)]


# XLSX


def test_numbers_dates_and_truth_values_become_text() -> None:
    content = hostile.workbook(
        {
            "A": [
                ["supplier", "amount", "date", "x1", "x2"],
                ["007", 1234.5, datetime(2025, 3, 31), True, datetime(2025, 3, 31, 12, 30)],
                ["8", 100.0, datetime(2025, 4, 1), False, 0.1 + 0.2],
            ]
        }
    )
    assert rows(read_table("spend.xlsx", content)) == [
        ("007", "1234.5", "2025-03-31", "true", "2025-03-31 12:30:00", 2),
        ("8", "100", "2025-04-01", "false", "0.3", 3),
    ]


def test_rows_of_a_sheet_keep_their_numbers_below_blank_rows_and_titles() -> None:
    content = hostile.workbook({"A": [[], ["List"], [], ["name", "country"], [], ["Works", "NL"]]})
    table = read_table("list.xlsx", content)
    assert rows(table) == [("Works", "NL", 6)]
    assert "row 4" in table.mended[0]


def test_the_first_visible_sheet_is_read_and_the_others_are_named() -> None:
    sheets = {n: [["name", "country"], [n, "NL"]] for n in ("Secret", "Sites", "Old")}
    content = hostile.workbook(sheets, hidden=["Secret"])
    table = read_table("list.xlsx", content)
    assert (table.sheet, table.sheets) == ("Sites", ("Secret", "Sites", "Old"))
    assert rows(table) == [("Sites", "NL", 2)]
    assert table.mended == (
        'Read sheet "Sites"; not read: Old.',
        "The workbook has a hidden sheet: Secret. Hidden sheets are read only when chosen.",
    )
    assert rows(read_table("list.xlsx", content, sheet="Secret")) == [("Secret", "NL", 2)]


def test_a_sheet_that_is_not_there_is_refused_with_those_that_are() -> None:
    content = hostile.workbook({"One": [["name"], ["x"]], "Two": []})
    assert refusal(content, "list.xlsx", "Three") == (
        'list.xlsx has no sheet "Three". It has: One, Two.'
    )


def test_merged_cells_are_read_in_their_first_cell_and_said() -> None:
    content = hostile.workbook(
        {"A": [["name", "country"], ["", "NL"], ["", "BE"]]}, merged=["A2:A3"]
    )
    table = read_table("list.xlsx", content)
    assert rows(table) == [("merged", "NL", 2), (None, "BE", 3)]
    assert table.mended == (
        "The sheet has 1 merged area; its value is read in its first cell only.",
    )


def test_formulas_are_read_by_their_stored_result_and_those_without_one_are_named() -> None:
    table = read_table("list.xlsx", hostile.uncomputed_formulas())
    assert rows(table) == [("Works", "NL", 2), ("Plant", None, 3)]
    assert table.mended[0].startswith("The sheet has 2 formulas;")
    assert table.mended[1].startswith("1 formula has no stored result and is read as empty (B3).")


def test_a_sheet_formatted_down_to_the_last_row_is_read() -> None:
    text = '<row r="{0}"><c r="A{0}" t="inlineStr"><is><t>{1}</t></is></c></row>'
    blank = (f'<row r="{n}"><c r="A{n}" s="0"/></row>' for n in range(3, 200_000))
    content = hostile.raw_workbook(
        hostile.sheet_xml([text.format(1, "name"), text.format(2, "Works"), *blank])
    )
    assert rows(read_table("list.xlsx", content)) == [("Works", 2)]


def test_a_workbook_without_rows_is_refused() -> None:
    assert "has no rows" in refusal(hostile.workbook({"A": []}), "list.xlsx")
    assert "has no rows" in refusal(hostile.workbook({"A": [["name", "country"]]}), "list.xlsx")


def test_a_workbook_of_a_million_rows_is_refused() -> None:
    assert "more than 100,000 rows" in refusal(hostile.tall_workbook(1_000_000), "list.xlsx")


def test_too_many_columns_in_a_workbook_are_refused() -> None:
    content = hostile.workbook({"A": [[f"c{n}" for n in range(201)], list(range(201))]})
    assert "more than 200 columns" in refusal(content, "list.xlsx")


def test_a_long_cell_is_refused_with_its_place() -> None:
    content = hostile.workbook({"A": [["name", "country"], ["Works", "x" * 5_001]]})
    assert refusal(content, "list.xlsx").startswith("Cell B2 of list.xlsx holds more than 5,000")


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (hostile.zip_bomb, "would unpack to 57 MB from 0.3 MB"),
        (hostile.lying_zip_bomb, "damaged or incomplete"),
        (hostile.many_parts, "consists of 2,505 parts"),
        (hostile.entity_bomb, "damaged or incomplete"),
        (hostile.far_apart, "more memory or time"),
        (lambda: hostile.long_shared_text(3_000_000, 10), "more than 5,000 characters"),
        (lambda: hostile.long_shared_text(4_900, 100_000), "more memory or time"),
        (lambda: hostile.raw_workbook("no sheet"), "damaged or incomplete"),
        (lambda: hostile.workbook({"A": [["name"], ["x"]]})[:-400], "damaged or incomplete"),
        (lambda: b"PK\x03\x04" + b"x" * 400, "damaged or incomplete"),
    ],
)
def test_bombs_and_ruins_are_refused_with_a_sentence(build, sentence: str) -> None:
    assert sentence in refusal(build(), "list.xlsx")


def test_a_workbook_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SECONDS", 0.001)
    content = hostile.workbook({"A": [["name"], ["Works"]]})
    assert "more memory or time" in refusal(content, "list.xlsx")


@given(content=st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_table_or_a_sentence(content: bytes) -> None:
    try:
        table = read_table("upload", content)
    except UnreadableFile as refused:
        assert str(refused).endswith(".")
    else:
        assert table.frame.height > 0


# Which column is which


def test_columns_are_guessed_by_their_names_in_several_languages() -> None:
    fields = ["name", "country", "address", "number_of_workers", "os_id"]
    assert guess(["Naam", "Land", "Adres", "Aantal werknemers"], fields) == {
        "name": "Naam",
        "country": "Land",
        "address": "Adres",
        "number_of_workers": "Aantal werknemers",
        "os_id": None,
    }
    assert guess(["Name des Standorts", "Straße"], fields)["address"] == "Straße"
    assert guess(["NOM DU SITE", "Pays"], fields)["name"] == "NOM DU SITE"


def test_the_more_telling_column_wins() -> None:
    guessed = guess(["supplier_name", "facility_name"], ["name"])
    assert guessed == {"name": "facility_name"}


def test_a_typing_error_in_a_heading_is_forgiven_but_another_word_is_not() -> None:
    assert guess(["Adress of factory", "Countrry"], ["country"]) == {"country": "Countrry"}
    assert guess(["county"], ["country"])["country"] is None
    assert guess(["Remarks"], ["country", "name"]) == {"country": None, "name": None}


def test_no_column_is_guessed_for_two_fields() -> None:
    guessed = guess(["amount"], ["amount", "currency", "year"])
    assert guessed == {"amount": "amount", "currency": None, "year": None}
