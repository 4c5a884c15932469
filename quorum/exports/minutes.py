"""The minutes of a dialogue as docx (to work on) and as Markdown (to paste anywhere).

What people wrote is text in both: in Markdown its marks are escaped.
"""

import re
from collections.abc import Iterable

from quorum.exports import documents
from quorum.exports.documents import DOCX, clean
from quorum.minutes import Minutes

__all__ = ["DOCX", "MARKDOWN", "file_name", "to_docx", "to_markdown"]
MARKDOWN = "text/markdown"
_MARKS = re.compile(r"([\\`*_\[\]<>#|~]|!(?=\[)|^[-+](?= )|(?<=\d)[.)](?= ))")


def file_name(minutes: Minutes, extension: str) -> str:
    """For example `minutes-round-two-2026-03-01.docx`: safe on every file system."""
    return documents.file_name(minutes.title, minutes.made_on, extension, otherwise="minutes")


def to_docx(minutes: Minutes) -> bytes:
    """The minutes as a document to work on."""
    document = documents.new_document(
        clean(minutes.title), clean(minutes.author), clean(minutes.foot)
    )
    document.add_heading(clean(minutes.title), level=1)
    for fact in minutes.facts:
        document.add_paragraph(clean(fact))
    for section in minutes.sections:
        document.add_heading(clean(section.title), level=2)
        style = "List Bullet" if section.table is None else "Normal"
        for paragraph in section.paragraphs:
            document.add_paragraph(clean(paragraph), style=style)
        if section.table is not None:
            rows = [[clean(cell) for cell in row] for row in section.table.rows]
            documents.keep_whole(
                documents.add_table(
                    document, section.table.headers, rows, section.table.widths, bold=()
                )
            )
    documents.number_pages(document)
    return documents.saved(document, minutes.made_on)


def to_markdown(minutes: Minutes) -> bytes:
    """The minutes as Markdown, in UTF-8."""
    lines = [f"# {_text(minutes.title)}", ""]
    for fact in minutes.facts:
        lines += [_text(fact), ""]
    for section in minutes.sections:
        lines += [f"## {_text(section.title)}", ""]
        if section.table is None:
            lines += [f"- {_text(one)}" for one in section.paragraphs]
        else:
            lines += [line for one in section.paragraphs for line in (_text(one), "")]
            lines.append(_row(section.table.headers))
            lines.append(_row("---" for __ in section.table.headers))
            lines += [_row(row) for row in section.table.rows]
        lines.append("")
    lines.append(_text(minutes.foot))
    return ("\n".join(lines) + "\n").encode()


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(_text(cell) for cell in cells)} |"


def _text(text: str) -> str:
    return _MARKS.sub(r"\\\1", clean(text))
