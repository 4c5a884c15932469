"""The minutes of a dialogue: what each reader finds in them, and what the rule keeps out."""

import io
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from docx import Document

from quorum.chatham import names_in
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
SEAT = {"id": "1", "dialogue_id": "d", "side": "buyer", "role": "speaker", "supplier_id": None,
        "name": "Ada Lind", "affiliation": "North", "active": True}  # fmt: skip


def seats(*rows: dict[str, Any]) -> pl.DataFrame:
    """Ada Lind, a buyer, and whoever sits beside her."""
    return pl.DataFrame(
        [SEAT, *({**SEAT, "id": str(n), **row} for n, row in enumerate(rows, 2))],
        schema=RELATIONS["dialogue_seat"],
    )


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


def made(
    reader: Any = "buyers", chatham: bool = False, left_out: int = 0, **parts: Any
) -> Minutes:  # fmt: skip
    dialogue = {"id": "d", "title": "Round two", "aim": "", "place": "Ghent", "chatham": chatham}
    known = {
        "stages": STAGES, "notes": NOTES, "questions": QUESTIONS, "commitments": COMMITMENTS,
        "seats": seats(), "suppliers": {"a": "Aurora"}, **parts,
    }  # fmt: skip
    return minutes(
        dialogue, "Tue 2026-11-10, 09:00 to 12:00", **known, consortium="Buyers",
        author="Ada Lind, North", made_on=date(2026, 11, 11), reader=reader, left_out=left_out,
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


@pytest.mark.parametrize("seated", [True, False])
def test_a_note_of_a_guest_says_on_whose_side_they_spoke(seated: bool) -> None:
    rep = {"side": "supplier", "name": "Rep", "affiliation": "North", "active": seated}
    noted = [said("n1", "We publish", "s1"), {**said("n2", "Yes", "s1"), "author": "Rep"}]
    paper = made(seats=seats(rep), notes=noted)
    section = next(one for one in paper.sections if one.title == "Plenary")
    assert section.paragraphs == ("We publish (Ada Lind)", "Yes (Rep, supplier)")


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


def answer(**changes: Any) -> Minutes:
    """A note that answers a question which names somebody, and the question."""
    asked = question("Why does Ada Lind refuse?", id="q", **changes)
    noted = {**said("n", "They said no.", "s1"), "question_id": "q"}
    return made(chatham=True, questions=[asked, question("Why?", id="z")], notes=[noted])


def named_at(paper: Minutes) -> list[str]:
    """The places where Ada Lind is named."""
    return [one.place for one in names_in(paper.written, ["Ada Lind"], ["North"])]


def test_a_dropped_question_is_checked_where_a_note_answers_it() -> None:
    paper = answer(state="dropped")
    assert "On “Why does Ada Lind refuse?”: They said no." in paper.sections[0].paragraphs
    assert named_at(paper) == ["question 1 (“Why does Ada Lind refuse?”)"]


def test_a_note_on_a_merged_question_answers_the_one_that_stays() -> None:
    paper = answer(merged_into="z")
    assert paper.sections[0].paragraphs == ("On “Why?”: They said no.",)
    assert named_at(paper) == []


def test_a_question_that_was_dropped_without_an_answer_is_not_in_the_way() -> None:
    gone = question("Why does Ada Lind refuse?", state="dropped")
    assert named_at(made(chatham=True, questions=[gone])) == []


def test_a_topic_that_somebody_made_up_is_checked() -> None:
    paper = made(chatham=True, questions=[question("Why?", topic="Asked by Ada Lind")])
    assert named_at(paper) == ["the topic of question 1 (“Why?”)"]


@pytest.mark.parametrize(
    ("guests", "suppliers", "all_see"),
    [
        ([], ["a"], True),
        ([{"side": "supplier", "supplier_id": "a"}, {"side": "reseller", "supplier_id": "a"}],
         ["a"], True),
        ([{"side": "supplier", "supplier_id": "a"}], ["a", "b"], False),
        ([{"side": "supplier", "supplier_id": "a"}, {"side": "guest"}], ["a"], False),
        ([{"side": "guest", "active": False}], ["a"], True),
    ],
)  # fmt: skip
def test_the_room_reads_commitments_only_if_everybody_in_it_may_see_them(
    guests: list[dict[str, Any]], suppliers: list[str], all_see: bool
) -> None:
    paper = made("room", seats=seats(*guests), suppliers={one: one.title() for one in suppliers})
    last = paper.sections[-1]
    assert (last.title, last.table is not None) == ("Commitments", all_see)
    assert ("Publish sites" in to_markdown(paper).decode()) == all_see
    assert ("Publish sites" in paper.written.values()) == all_see
    if not all_see:
        assert last.paragraphs == (
            "Left out: commitments are seen by the buyers and by the people of the supplier that "
            "made them, and not everybody in the room is one of these.",
        )


def test_that_commitments_are_left_out_does_not_say_whether_there_are_any() -> None:
    two = {"a": "Aurora", "b": "Birch"}
    without = made("room", suppliers=two, commitments=COMMITMENTS.clear())
    assert made("room", suppliers=two) == without


def test_the_buyers_read_the_commitments_of_all_suppliers() -> None:
    paper = made(seats=seats({"side": "guest"}), suppliers={"a": "Aurora", "b": "Birch"})
    assert "Publish sites" in to_markdown(paper).decode()


def test_what_was_left_out_is_said() -> None:
    assert "2 texts were left out, because they named somebody." in made(left_out=2).facts


def test_the_document_holds_notes_and_tables() -> None:
    document = Document(io.BytesIO(to_docx(made())))
    assert "They will publish *everything* (Ada Lind)" in [p.text for p in document.paragraphs]
    assert document.tables[1].rows[1].cells[1].text == "Where?"
    assert file_name(made(), "docx") == "minutes-round-two-2026-11-11.docx"
