"""The minutes of a dialogue: what each reader finds in them, and what the rule keeps out."""

import io
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from docx import Document

from quorum.exports.minutes import file_name, to_docx, to_markdown
from quorum.minutes import Minutes, minutes
from quorum.store.relations import RELATIONS

STAGES = pl.DataFrame(
    [
        {"id": "s1", "dialogue_id": "d", "position": 1, "title": "Plenary", "purpose": "",
         "minutes": 30, "audience": "all", "version": 1},
        {"id": "s2", "dialogue_id": "d", "position": 2, "title": "Among buyers", "purpose": "",
         "minutes": 30, "audience": "buyers", "version": 1},
    ],
    schema=RELATIONS["dialogue_stage"],
)  # fmt: skip
SEATS = pl.DataFrame(
    [{"id": "1", "dialogue_id": "d", "side": "buyer", "role": "speaker", "supplier_id": None,
      "name": "Ada Lind", "affiliation": "North", "active": True}],
    schema=RELATIONS["dialogue_seat"],
)  # fmt: skip
COMMITMENTS = pl.DataFrame(
    [{"id": "c", "dialogue_id": "d", "supplier_id": "a", "owner_id": "n", "text": "Publish sites",
      "first_due_on": date(2027, 1, 1), "due_on": date(2027, 1, 1), "state": "verified",
      "version": 1, "created_at": datetime(2026, 11, 10, tzinfo=UTC)}],
    schema=RELATIONS["commitment"],
).with_columns(supplier=pl.lit("Aurora"), owner=pl.lit("North"))  # fmt: skip


def said(note_id: str, text: str, stage: str | None, audience: str = "shared") -> dict[str, Any]:
    return {"id": note_id, "text": text, "stage_id": stage, "question_id": None,
            "audience": audience, "author": "Ada Lind", "affiliation": "North"}  # fmt: skip


def question(text: str, **changes: Any) -> dict[str, Any]:
    return {"id": text, "text": text, "board": "shared", "stage_id": None, "supplier_id": None,
            "topic": "", "merged_into": None, "state": "open", "votes": 0, **changes}  # fmt: skip


NOTES = [
    said("n1", "They will publish *everything*", "s1"),
    said("n2", "We hold back", "s2", "buyers"),
    said("n3", "A late remark", None),
]
QUESTIONS = [
    question("Who?", votes=1),
    question("Where?", votes=4),
    question("How hard?", board="buyers"),
    question("Same", merged_into="Who?"),
]


def made(reader: Any = "buyers", chatham: bool = False, left_out: int = 0) -> Minutes:
    dialogue = {"id": "d", "title": "Round two", "aim": "", "place": "Ghent", "chatham": chatham}
    return minutes(
        dialogue, "Tue 2026-11-10, 09:00 to 12:00", STAGES, NOTES, QUESTIONS, COMMITMENTS,
        SEATS, {"a": "Aurora"}, consortium="Buyers", author="Ada Lind, North",
        made_on=date(2026, 11, 11), reader=reader, left_out=left_out,
    )  # fmt: skip


def test_notes_stand_by_stage_and_questions_by_votes() -> None:
    text = to_markdown(made()).decode()
    titles = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert titles == ["Participants", "Plenary", "Among buyers", "Without a stage", "Questions",
                      "Commitments"]  # fmt: skip
    assert text.index("Where?") < text.index("Who?")
    assert "Same" not in text
    assert "- They will publish \\*everything\\* (Ada Lind)" in text
    assert "1 of 1 commitment is verified." in text


def test_the_room_reads_nothing_of_the_buyers() -> None:
    text = to_markdown(made("room")).decode()
    for hidden in ("We hold back", "How hard?", "Among buyers"):
        assert hidden not in text


@pytest.mark.parametrize("reader", ["buyers", "room"])
def test_under_the_chatham_house_rule_nobody_is_named(reader: str) -> None:
    paper = made(reader, chatham=True)
    text = to_markdown(paper).decode() + "".join(
        one.text for one in Document(io.BytesIO(to_docx(paper))).paragraphs
    )
    assert "Ada" not in text and "North" not in text
    assert "They will publish *everything*" in paper.written.values()


def test_every_text_that_is_printed_is_checked() -> None:
    written = set(made().written.values())
    assert {"A late remark", "We hold back", "Who?", "How hard?", "Publish sites"} <= written


def test_what_was_left_out_is_said() -> None:
    assert "2 texts were left out, because they named somebody." in made(left_out=2).facts


def test_the_document_holds_notes_and_tables() -> None:
    document = Document(io.BytesIO(to_docx(made())))
    assert "They will publish *everything* (Ada Lind)" in [p.text for p in document.paragraphs]
    assert document.tables[1].rows[1].cells[1].text == "Where?"
    assert file_name(made(), "docx") == "minutes-round-two-2026-11-11.docx"
