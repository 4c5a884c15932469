"""The "or equivalent" note as docx (to work on) and pdf (to file).

Names and reasons come from people: in both files they are text and nothing else.
"""

from pathlib import Path
from typing import Any

from quorum.exports import documents
from quorum.exports.documents import DOCX, PDF, clean
from quorum.initiatives import Note
from quorum.language import _

__all__ = ["DOCX", "PDF", "file_name", "to_docx", "to_pdf"]
TEMPLATE = Path(__file__).with_name("equivalence.typ")


def file_name(note: Note, extension: str) -> str:
    """For example `equivalent-evidence-rba-epeat-2026-03-01.pdf`: safe on every file system."""
    return documents.file_name(note.title, note.made_on, extension, otherwise="note")


def to_pdf(note: Note) -> bytes:
    """The note on A4 pages."""
    return documents.to_pdf(TEMPLATE, _content(note))


def to_docx(note: Note) -> bytes:
    """The note as a document to work on."""
    content = _content(note)
    document = documents.new_document(content["title"], content["author"], content["foot"])
    document.add_heading(content["title"], level=1)
    if content["subject"]:
        document.add_paragraph(f"{content['subject_label']}: {content['subject']}")
    for lead in content["leads"]:
        line = document.add_paragraph(style="List Bullet")
        line.add_run(f"{lead['initiative']}: ").bold = True
        line.add_run(lead["said"])
    document.add_paragraph(content["reading"])
    rows = [[row["criterion"], row["verdict"], row["evidence"]] for row in content["rows"]]
    documents.add_table(document, content["headers"], rows, (32, 30, 108))
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
    return documents.saved(document, note.made_on)


def _content(note: Note) -> dict[str, Any]:
    """Every text of the note, once for both files."""
    return {
        "title": clean(note.title),
        "author": clean(note.author),
        "subject": clean(note.subject),
        "subject_label": _("For"),
        "leads": [
            {"initiative": clean(one.initiative), "said": clean(one.sentence)} for one in note.leads
        ],
        "reading": f"{note.result} {note.reading}" if len(note.accepted) > 1 else note.reading,
        "headers": [_("Criterion"), _("Verdict"), _("Evidence: stars, raters, dates")],
        "rows": [
            {
                "criterion": clean(verdict.criterion),
                "verdict": clean(verdict.word),
                "evidence": [clean(one.sentence) for one in verdict.evidence],
            }
            for verdict in note.verdicts
        ],
        "ask_title": _("What remains to be asked"),
        "nothing_to_ask": _("Nothing: every criterion is covered."),
        "asks": [
            {
                "criterion": clean(verdict.criterion),
                "ask": clean(verdict.ask),
                "of_whom": clean(verdict.of_whom),
            }
            for verdict in note.verdicts
            if verdict.ask
        ],
        "source_title": _("Sources"),
        "sources": [
            clean(_("Rubric: {rubric}").format(rubric=note.rubric)),
            *map(clean, note.sources),
        ],
        "foot": clean(
            _("Made by {author} on {day} with Quorum").format(
                author=note.author, day=note.made_on.isoformat()
            )
        ),
    }
