"""The briefing on one supplier as docx (to work on) and pdf (to print)."""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor

from quorum.briefing import Block, Briefing, Table, Text, Trend
from quorum.exports import documents
from quorum.exports.documents import DOCX, PDF, clean
from quorum.language import _

__all__ = ["DOCX", "PDF", "file_name", "to_docx", "to_pdf"]
TEMPLATE = Path(__file__).with_name("briefing.typ")
_INK = RGBColor(0x1D, 0x2B, 0x2D)
_GREY = RGBColor(0x55, 0x63, 0x66)


def file_name(briefing: Briefing, extension: str) -> str:
    """For example `briefing-aurora-2026-03-01.pdf`: safe on every file system."""
    return documents.file_name(briefing.title, briefing.made_on, extension, otherwise="briefing")


def to_pdf(briefing: Briefing) -> bytes:
    """The briefing on A4 pages."""
    return documents.to_pdf(TEMPLATE, _content(briefing))


def to_docx(briefing: Briefing) -> bytes:
    """The same words as a document; a drawing is left to the table beside it."""
    content = _content(briefing)
    document = documents.new_document(content["title"], content["author"], content["foot"])
    _set_type(document)
    document.add_heading(content["title"], level=1)
    document.add_paragraph().add_run(content["readers"]).bold = True
    facts = [(label, value) for label, value in content["facts"]]
    _add_plain_table(document, facts, (30, 140))
    figures = [[label for label, _value in content["figures"]],
               [value for _label, value in content["figures"]]]  # fmt: skip
    document.add_paragraph()
    _add_figures(document, figures)
    for section in content["sections"]:
        document.add_heading(section["title"], level=2)
        for block, following in pairwise([*section["blocks"], None]):
            _add_block(document, block, following)
    head = document.sections[0].header.paragraphs[0]
    head.text = content["head"]
    for line in (head, document.sections[0].footer.paragraphs[0]):
        line.style.font.size = Pt(8.5)
    documents.number_pages(document)
    return documents.saved(document, briefing.made_on)


# docx ---------------------------------------------------------------------------------------------


def _set_type(document: Any) -> None:
    """One family; headings in ink, kept with what follows them."""
    for name, size in (("Normal", 10), ("Heading 1", 17), ("Heading 2", 12)):
        style = document.styles[name]
        style.font.name, style.font.size = "Arial", Pt(size)
        fonts = style.element.rPr.rFonts
        for kind in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{kind}"), None)
        # Without it Word sets Arabic and Hebrew in another family than the rest.
        fonts.set(qn("w:cs"), "Arial")
        if name != "Normal":
            style.font.color.rgb = _INK
            style.paragraph_format.space_before = Pt(14)
            style.paragraph_format.space_after = Pt(4)
    document.styles["Normal"].paragraph_format.space_after = Pt(4)


def _add_block(document: Any, block: dict[str, Any], following: dict[str, Any] | None) -> None:
    if block["kind"] == "table":
        table = documents.add_table(
            document, block["headers"], block["rows"], block["widths"],
            bold=block["bold"], right=block["right"],
        )  # fmt: skip
        _tighten(table)
        documents.keep_whole(table)
        _space_after(document)
    elif block["kind"] == "text":
        line = document.add_paragraph(style="List Bullet" if block["item"] else None)
        if following and (block["item"] or following["kind"] == "table"):
            line.paragraph_format.keep_with_next = True
        run = line.add_run(block["text"])
        if block["small"]:
            run.font.size, run.font.color.rgb = Pt(8.5), _GREY


def _add_plain_table(document: Any, rows: list[tuple[str, str]], widths: tuple[int, int]) -> None:
    """Facts: a label and what it says, without lines."""
    table = document.add_table(rows=0, cols=2)
    for label, value in rows:
        cells = table.add_row().cells
        cells[0].paragraphs[0].add_run(label).font.color.rgb = _GREY
        cells[1].text = value
    documents.set_widths(table, widths)
    _tighten(table, Pt(9.5))


def _add_figures(document: Any, rows: list[list[str]]) -> None:
    """Three or four figures side by side, each under its name."""
    labels, values = rows
    table = document.add_table(rows=2, cols=len(labels), style="Table Grid")
    for cell, label in zip(table.rows[0].cells, labels, strict=True):
        cell.text = label
    _tighten(table)
    for cell, value in zip(table.rows[1].cells, values, strict=True):
        run = cell.paragraphs[0].add_run(value)
        run.bold, run.font.size = True, Pt(12)


def _tighten(table: Any, size: Any = None) -> None:
    """Small type and no air under the last line of a cell; widths are those that were set."""
    table.autofit = False
    for row in table.rows:
        for cell in row.cells:
            for line in cell.paragraphs:
                line.paragraph_format.space_after = Pt(1)
                for run in line.runs:
                    run.font.size = size or Pt(8.5)


def _space_after(document: Any) -> None:
    """Word sets a table close upon the next paragraph."""
    line = document.add_paragraph()
    line.paragraph_format.space_after = Pt(0)
    line.add_run().font.size = Pt(4)
    line.paragraph_format.line_spacing = Pt(6)
    line.alignment = WD_ALIGN_PARAGRAPH.LEFT


# Content ------------------------------------------------------------------------------------------


def _content(briefing: Briefing) -> dict[str, Any]:
    """Every text of the briefing, once for both files."""
    content: dict[str, Any] = {
        "title": clean(briefing.title),
        "author": clean(briefing.author),
        "readers": clean(briefing.readers),
        "head": clean(
            _("{title} · {readers}").format(title=briefing.title, readers=briefing.readers)
        ),
        "foot": clean(briefing.foot),
        "facts": [[clean(part) for part in fact] for fact in briefing.facts],
        "figures": [[clean(part) for part in figure] for figure in briefing.figures],
        "sections": [
            {"title": clean(section.title), "blocks": [_block(block) for block in section.blocks]}
            for section in briefing.sections
        ],
    }
    content["rare"] = _rare(content)
    content["rare_note"] = _(
        "Some letters could not be printed: this server has no font for them. The Word file (docx) "
        "holds them."
    )
    return content


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Text):
        return {"kind": "text", "text": clean(block.text), "small": block.small,
                "item": block.item}  # fmt: skip
    if isinstance(block, Table):
        return {
            "kind": "table",
            "headers": [clean(header) for header in block.headers],
            "rows": [[clean(cell) for cell in row] for row in block.rows],
            "widths": list(block.widths),
            "right": list(block.right),
            "bold": list(block.bold),
        }
    return _trend(block)


def _trend(trend: Trend) -> dict[str, Any]:
    """Marks as parts of the drawing's width; those that would cover each other are stacked."""
    first = min(day for day, _low, _high in trend.marks)
    last = max(day for day, _low, _high in trend.marks)
    length = max((last - first).days, 1)
    taken: Counter[tuple[int, int, int]] = Counter()
    marks = []
    for day, low, high in trend.marks:
        x = (day - first).days / length
        place = (round(x * 80), low, high)
        marks.append({"x": x, "low": low, "high": high, "lift": taken[place]})
        taken[place] += 1
    years = [date(year, 1, 1) for year in range(first.year + 1, last.year + 1)]
    return {
        "kind": "trend",
        "marks": marks,
        "levels": [clean(level) for level in trend.levels],
        "caption": clean(trend.caption),
        "ends": [first.isoformat(), last.isoformat()],
        "years": [{"x": (day - first).days / length, "label": str(day.year)} for day in years],
    }


def _rare(content: dict[str, Any]) -> list[str]:
    """The letters beyond Latin, Greek and Cyrillic, for which a server may have no font."""
    letters = {letter for text in _texts(content) for letter in text if ord(letter) > 0x58F}
    return sorted(one for one in letters if unicodedata.category(one)[0] in "LNS")


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
