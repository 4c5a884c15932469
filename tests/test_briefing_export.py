"""The two files of a briefing: complete, harmless, the same each time, and silent where they must
be."""

import io
import re
import zipfile
from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from docx import Document
from pypdf import PdfReader

from quorum.briefing import READERS, Briefing, Table, briefing
from quorum.exports.briefing import file_name, to_docx, to_pdf
from tests.test_briefing import (
    CANARY,
    HIGH,
    LOW,
    MEDIUM,
    NAMES,
    a_list,
    assessments,
    contributed,
    dialogue,
    frame,
    full,
    plant,
    promise,
    question,
    risks,
    ruled,
    sites,
    sources,
    spend,
    stage,
)

HOSTILE = '=HYPERLINK("http://x") <b>#eval("1")</b> *x* \x00\u202eabc'


def in_docx(content: bytes) -> str:
    """All text of all parts, markup taken away."""
    with zipfile.ZipFile(io.BytesIO(content)) as made:
        parts = [made.read(name).decode(errors="replace") for name in made.namelist()]
    return re.sub(r"<[^>]+>", " ", "\n".join(parts))


def in_pdf(content: bytes) -> str:
    """The text of the pages and what the file says about itself."""
    read = PdfReader(io.BytesIO(content))
    pages = [page.extract_text() for page in read.pages]
    return "\n".join([*pages, *map(str, (read.metadata or {}).values())])


def pages(content: bytes) -> int:
    return len(PdfReader(io.BytesIO(content)).pages)


def both(made: Briefing) -> list[str]:
    return [in_docx(to_docx(made)), in_pdf(to_pdf(made))]


def flat(text: str) -> str:
    return re.sub(r"\s+", "", text)


# What must not be in them


@pytest.mark.parametrize("reader", READERS)
def test_nothing_hidden_is_in_either_file(reader):
    plain, planted = briefing(full(), reader), briefing(plant(full()), reader)
    for text in both(planted):
        assert CANARY not in text and "77,123" not in text and "77123" not in text
    # Not even a different byte: how much is hidden does not show either.
    assert to_docx(planted) == to_docx(plain)
    assert to_pdf(planted) == to_pdf(plain)


def test_a_canary_that_may_be_seen_is_found_in_both_files():
    """The search above can find what it looks for."""
    made = briefing(full(questions=[question(f"{CANARY}?")]), "room")
    assert all(CANARY in text for text in both(made))


def test_the_rooms_files_hold_nothing_that_a_member_brought_in():
    known = full(
        site_lists=a_list(CANARY, source=CANARY),
        production_sites=sites((CANARY, "VN", CANARY)),
        spend=spend(("south", 77_123.0), ("north", 77_123.0)),
        initiative_links=contributed(
            "initiative_link",
            {"initiative": "rba", "standing": "member", "level": CANARY,
             "organisation_id": "south"},
        ),
        leverage_use=contributed(
            "leverage_use",
            {"organisation_id": "south", "asked_on": date(2025, 5, 5), "asked": CANARY,
             "jointly": False, "outcome": "none_yet"},
        ),
        risks=risks(("south", "VN", CANARY), source=CANARY),
        questions=[
            question(f"{CANARY}?", board="buyers"), question(f"{CANARY}?", stage_id=CANARY),
        ],
        stages=frame("dialogue_stage", stage(CANARY, 1, "buyers")),
    )  # fmt: skip
    for text in both(briefing(known, "room")):
        assert CANARY not in text and "77,123" not in text and "Vietnam" not in text
        assert "1,000,000 EUR" in text  # published turnover is for everybody
    for text in both(briefing(known, "buyers")):
        assert CANARY in text


@pytest.mark.parametrize("reader", READERS)
def test_under_the_chatham_house_rule_no_name_is_in_either_file(reader):
    # Whoever assessed or listed is no participant: only what was said and promised is bare.
    bare = ruled(
        assessments=assessments(), site_lists=a_list().clear(),
        leverage_use=contributed("leverage_use"),
    )  # fmt: skip
    for text in both(briefing(bare, reader)):
        assert not [name for name in ("Ada", *NAMES.values()) if name in text]


# What they hold


def test_both_files_say_the_same():
    made = briefing(full(), "buyers")
    docx, pdf = (flat(text) for text in both(made))
    for one in made.sections:
        assert flat(one.title) in docx and flat(one.title) in pdf
        for block in one.blocks:
            if isinstance(block, Table):
                for cell in (cell for row in block.rows for cell in row):
                    assert flat(cell) in docx and flat(cell) in pdf


def test_a_table_of_the_docx_has_its_widths_its_header_and_whole_rows():
    document = Document(io.BytesIO(to_docx(briefing(full(), "buyers"))))
    tables = [one for one in document.tables if one.style.name == "Table Grid"][1:]
    assert len(tables) == 12
    for table in tables:
        assert sum(cell.width.mm for cell in table.rows[0].cells) == pytest.approx(170, abs=1)
        assert "tblHeader" in table.rows[0]._tr.xml
        assert all("cantSplit" in row._tr.xml for row in table.rows)


def test_the_docx_has_page_numbers_and_says_who_made_it_for_whom():
    document = Document(io.BytesIO(to_docx(briefing(full(), "buyers"))))
    part = document.sections[0]
    foot = part.footer.paragraphs[0]
    assert foot.text.startswith("Made by Ada, City of North for Nordic circle on 2026-03-02")
    assert 'w:instr="PAGE"' in foot._p.xml and 'w:instr="NUMPAGES"' in foot._p.xml
    assert part.header.paragraphs[0].text == (
        "Briefing: Aurora · For the members of Nordic circle only"
    )


def test_the_same_content_gives_the_same_bytes():
    made = briefing(full(), "buyers")
    assert to_docx(made) == to_docx(made)
    assert to_pdf(made) == to_pdf(made)
    later = briefing(replace(full(), made_on=date(2026, 3, 3)), "buyers")
    assert to_docx(later) != to_docx(made)


def test_markup_formulas_and_control_characters_stay_text():
    made = briefing(
        full(
            supplier={"id": "aurora", "name": HOSTILE, "kind": "brand", "country": None},
            questions=[question(HOSTILE, affiliation=HOSTILE)],
            dialogue=dialogue(title=HOSTILE, place=HOSTILE),
        ),
        "buyers",
    )
    document = Document(io.BytesIO(to_docx(made)))
    assert '=HYPERLINK("http://x") <b>#eval("1")</b> *x* abc' in [
        cell.text for table in document.tables for row in table.rows for cell in row.cells
    ]
    assert not [one for one in document.part.rels.values() if one.is_external]
    assert '#eval("1")' in in_pdf(to_pdf(made))


# Two to four pages


def test_an_ordinary_briefing_has_two_or_three_pages():
    assert pages(to_pdf(briefing(full(), "buyers"))) in (2, 3)


def test_a_large_consortium_fills_no_more_than_four_pages():
    many = {f"m{n}": f"Municipality of {n}" for n in range(60)}
    wordy = "Which of the sites that you named last year did you visit, and what came of it? " * 9
    known = full(
        organisations=NAMES | many,
        stages=frame("dialogue_stage", *(stage(f"Stage {n}", n) for n in range(6))),
        assessments=assessments(
            *((f"m{n}", f"202{n % 3 + 3}-0{n % 9 + 1}-11", [LOW, MEDIUM, HIGH][n % 3])
              for n in range(40))
        ),
        risks=risks(
            *((f"m{n}", "CN", wordy) for n in range(12)), stage="raw_materials",
            kind="health_safety", source=wordy, organisation="Municipality of many",
        ),
        production_sites=sites(
            *((f"Plant {n}", ["CN", "VN", "PL", "MX", "IN", "TH", "CZ", "ID", "JP", "KR"][n % 10],
               f"Road {n}") for n in range(5_000))
        ),
        spend=pl.concat([spend((f"m{n}", 1e5 * n + 1), id=str(n)) for n in range(60)]),
        questions=[question(f"{n}: {wordy}", votes=n) for n in range(500)],
        commitments=frame("commitment", *(promise(f"{n}: {wordy}") for n in range(40))),
    )  # fmt: skip
    made = to_pdf(briefing(known, "buyers"))
    assert pages(made) <= 4
    assert "493 more." in in_pdf(made) and "5,000 sites in 10 countries" in in_pdf(made)


def test_a_word_longer_than_its_column_is_parted():
    content = to_pdf(briefing(full(questions=[question("W" * 140)]), "room"))
    lines = [line for page in PdfReader(io.BytesIO(content)).pages
             for line in page.extract_text().splitlines() if "WWW" in line]  # fmt: skip
    assert len(lines) > 1


def test_letters_without_a_font_are_owned_up_to():
    """A sign of a script that hardly any font has; those of Europe every server has."""
    note = "this server has no font for them"
    strange = {"id": "aurora", "name": "Aurora \U0001d800", "kind": "brand", "country": None}
    assert flat(note) in flat(in_pdf(to_pdf(briefing(full(supplier=strange), "room"))))
    plain = {**strange, "name": "Łódź Ελλάς София Ångström"}
    text = flat(in_pdf(to_pdf(briefing(full(supplier=plain), "room"))))
    assert flat("Łódź Ελλάς София Ångström") in text and flat(note) not in text


@pytest.mark.parametrize("name", ["אורורה תעשיות", "شركة الأورورا", "株式会社オーロラ"])
def test_names_in_other_scripts_reach_the_docx_whole(name):
    supplier = {"id": "aurora", "name": name, "kind": "brand", "country": None}
    made = briefing(full(supplier=supplier), "room")
    assert name in in_docx(to_docx(made)) and to_pdf(made).startswith(b"%PDF-")
    assert file_name(made, "pdf") == "briefing-2026-03-02.pdf"


def test_an_empty_briefing_is_one_page():
    assert pages(to_pdf(briefing(sources(), "buyers"))) == 1


def test_the_name_of_the_file_is_safe():
    supplier = {"id": "aurora", "name": "../../etc/passwd " * 20, "kind": "brand", "country": None}
    made = file_name(briefing(full(supplier=supplier), "room"), "docx")
    assert made.startswith("briefing-etc-passwd") and "/" not in made and len(made) < 100
