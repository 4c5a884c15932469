"""The "or equivalent" note as docx (to work on) and pdf (to file).

Names and reasons come from people: in both files they are text and nothing else.
"""

import io
import json
import re
from pathlib import Path
from typing import Any

import typst
from docx import Document
from docx.shared import Mm, Pt

from quorum.initiatives import Note
from quorum.language import _

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"
TEMPLATE = Path(__file__).with_name("equivalence.typ")
# What XML cannot hold, and what turns text around on paper.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
)


def file_name(note: Note, extension: str) -> str:
    """For example `equivalent-evidence-rba-epeat-2026-03-01.pdf`: safe on every file system."""
    words = re.sub(r"[^a-z0-9]+", "-", note.title.lower()).strip("-")[:60].strip("-")
    return f"{words or 'note'}-{note.made_on.isoformat()}.{extension}"


def to_pdf(note: Note) -> bytes:
    """The note on A4 pages."""
    return bytes(
        typst.compile(
            TEMPLATE.read_bytes(), format="pdf", sys_inputs={"note": json.dumps(_content(note))}
        )
    )


def to_docx(note: Note) -> bytes:
    """The note as a document to work on."""
    content = _content(note)
    document = Document()
    document.core_properties.title = content["title"][:255]
    document.core_properties.author = content["author"][:255]
    document.core_properties.comments = ""
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(20)
    document.styles["Normal"].font.name = "Arial"
    document.styles["Normal"].font.size = Pt(10)
    document.add_heading(content["title"], level=1)
    if content["subject"]:
        document.add_paragraph(f"{content['subject_label']}: {content['subject']}")
    document.add_paragraph(content["reading"])
    document.add_paragraph().add_run(content["result"]).bold = True
    _add_table(document, content)
    document.add_heading(content["ask_title"], level=2)
    if not content["asks"]:
        document.add_paragraph(content["nothing_to_ask"])
    for one in content["asks"]:
        line = document.add_paragraph(style="List Number")
        line.add_run(f"{one['criterion']}. ").bold = True
        line.add_run(f"{one['ask']} ({one['of_whom']})")
    document.add_heading(content["source_title"], level=2)
    for source in content["sources"]:
        document.add_paragraph(source, style="List Bullet")
    page.footer.paragraphs[0].text = content["foot"]
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _add_table(document: Any, content: dict[str, Any]) -> None:
    table = document.add_table(rows=1, cols=3, style="Table Grid")
    for cell, header in zip(table.rows[0].cells, content["headers"], strict=True):
        cell.paragraphs[0].add_run(header).bold = True
    for row in content["rows"]:
        cells = table.add_row().cells
        cells[0].paragraphs[0].add_run(row["criterion"]).bold = True
        cells[1].text = row["verdict"]
        cells[2].text = row["evidence"][0] if row["evidence"] else ""
        for sentence in row["evidence"][1:]:
            cells[2].add_paragraph(sentence)
    for column, width in zip(table.columns, (32, 30, 108), strict=True):
        for cell in column.cells:
            cell.width = Mm(width)


def _content(note: Note) -> dict[str, Any]:
    """Every text of the note, once for both files."""
    return {
        "title": _clean(note.title),
        "author": _clean(note.author),
        "subject": _clean(note.subject),
        "subject_label": _("For"),
        "reading": note.reading,
        "result": note.result,
        "headers": [_("Criterion"), _("Verdict"), _("Evidence: stars, raters, dates")],
        "rows": [
            {
                "criterion": _clean(verdict.criterion),
                "verdict": verdict.word,
                "evidence": [_clean(one.sentence) for one in verdict.evidence],
            }
            for verdict in note.verdicts
        ],
        "ask_title": _("What remains to be asked"),
        "nothing_to_ask": _("Nothing: every criterion is covered."),
        "asks": [
            {
                "criterion": _clean(verdict.criterion),
                "ask": _clean(verdict.ask),
                "of_whom": _clean(verdict.of_whom),
            }
            for verdict in note.verdicts
            if verdict.ask
        ],
        "source_title": _("Sources"),
        "sources": [
            _clean(_("Rubric: {rubric}").format(rubric=note.rubric)),
            *map(_clean, note.sources),
        ],
        "foot": _clean(
            _("Made by {author} on {day} with Quorum").format(
                author=note.author, day=note.made_on.isoformat()
            )
        ),
    }


def _clean(text: str) -> str:
    return " ".join(_UNPRINTABLE.sub("", text).split())
