"""What papers have in common: made once as content, then as docx (to work on) and pdf (to file).

Content is plain data, all of it text: what people wrote is never read as markup, and nothing in a
file leads outside. The same content gives the same bytes, on any day.
"""

import io
import json
import re
import zipfile
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import typst
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"
PAGE = Path(__file__).with_name("documents.typ")
# What XML cannot hold, and what turns text around on paper.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_PACKED = (1980, 1, 1, 0, 0, 0)  # the day that a zip file knows as its first


def clean(text: str) -> str:
    """Text from people as one line that both kinds of file can hold."""
    return " ".join(_UNPRINTABLE.sub("", text).split())


def file_name(title: str, made_on: date, extension: str, otherwise: str) -> str:
    """For example `briefing-aurora-2026-03-01.pdf`: safe on every file system."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60].strip("-")
    return f"{words or otherwise}-{made_on.isoformat()}.{extension}"


def to_pdf(template: Path, content: Mapping[str, Any]) -> bytes:
    """The content on A4 pages. It has `title` and `foot`, and what the template asks for."""
    return bytes(
        typst.compile(
            PAGE.read_bytes() + template.read_bytes(),
            format="pdf",
            sys_inputs={"content": json.dumps(content)},
        )
    )


def new_document(title: str, author: str, foot: str) -> Any:
    """An empty A4 document of python-docx."""
    document = Document()
    document.core_properties.title = title[:255]
    document.core_properties.author = author[:255]
    document.core_properties.comments = ""
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(20)
    document.styles["Normal"].font.name = "Arial"
    document.styles["Normal"].font.size = Pt(10)
    page.footer.paragraphs[0].text = foot
    return document


def add_table(
    document: Any,
    headers: Sequence[str],
    rows: Sequence[Sequence[str | Sequence[str]]],
    widths: Sequence[int],
    *,
    bold: Collection[int] = (0,),
    right: Collection[int] = (),
) -> Any:
    """A table with one paragraph per sentence of a cell. widths: mm; bold, right: columns."""
    table = document.add_table(rows=1, cols=len(headers), style="Table Grid")
    for cell, header in zip(table.rows[0].cells, headers, strict=True):
        cell.paragraphs[0].add_run(header).bold = True
    for row in rows:
        for number, (cell, value) in enumerate(zip(table.add_row().cells, row, strict=True)):
            sentences = [value] if isinstance(value, str) else list(value) or [""]
            cell.paragraphs[0].add_run(sentences[0]).bold = number in bold or None
            for sentence in sentences[1:]:
                cell.add_paragraph(sentence)
    set_widths(table, widths)
    for number in right:
        for cell in table.columns[number].cells:
            cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    return table


def set_widths(table: Any, widths: Sequence[int]) -> None:
    """widths: mm. Word reads them off the cells, other programs off the columns."""
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
        for cell in column.cells:
            cell.width = Mm(width)


def keep_whole(table: Any) -> None:
    """No row is parted by the end of a page, and each page repeats the header."""
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def number_pages(document: Any) -> None:
    """Page and number of pages, at the end of the foot line."""
    line = document.sections[0].footer.paragraphs[0]
    line.add_run("\u2003")
    _add_field(line, "PAGE")
    line.add_run(" / ")
    _add_field(line, "NUMPAGES")


def _add_field(line: Any, what: str) -> None:
    """A figure that the reader's program works out; until then it reads 1."""
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), what)
    shown = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = "1"
    shown.append(text)
    field.append(shown)
    line._p.append(field)


def saved(document: Any, made_on: date) -> bytes:
    """The docx file; the moment at which it was packed is not in it."""
    noon = datetime.combine(made_on, time(12))
    document.core_properties.created = document.core_properties.modified = noon
    buffer, packed = io.BytesIO(), io.BytesIO()
    document.save(buffer)
    with zipfile.ZipFile(buffer) as made, zipfile.ZipFile(packed, "w") as again:
        for name in made.namelist():
            entry = zipfile.ZipInfo(name, _PACKED)
            entry.compress_type = zipfile.ZIP_DEFLATED
            again.writestr(entry, made.read(name))
    return packed.getvalue()
