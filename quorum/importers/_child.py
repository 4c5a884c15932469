"""Opens one workbook, away from the server: run as a script by `reading.py`, never imported by it.

A workbook can be made to take gigabytes or minutes to open, and the library that opens it is
native code. So it is opened here, in a process with limits on memory and processor time, with
almost no environment, which can be killed without anybody else noticing. For a fast start this
file imports nothing of quorum; it speaks in codes, and `reading.py` turns them into sentences.

In: the workbook on stdin; its name of the sheet to read, if any, as JSON in the first argument.
Out: one line of JSON, then, when all is well, the sheet's cells as an Arrow IPC file: text
columns, no header, first row = row 1 of the sheet.
"""

import io
import json
import re
import resource
import sys
import zipfile
from typing import Any
from xml.etree import ElementTree

MEMORY = 280 * 2**20  # 100,000 rows of 8 columns take 200
SECONDS = 6
ROWS = 100_000
COLUMNS = 200
CELL = 5_000
SPARE_ROWS = 1_000  # titles and blank rows above the header
PIECE = 2**20
LONGEST_ROW = 8 * PIECE
PART = 4 * 2**20  # a workbook's own table of contents is never larger

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}sheet"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
# Strict Open XML, which a few offices write, has other names for the same things.
STRICT_SHEET = "{http://purl.oclc.org/ooxml/spreadsheetml/main}sheet"
STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"

# A cell with a formula whose result was never stored; PRE stands for the elements' prefix.
WITHOUT_VALUE = (
    rb'<PREc\b[^>]*?\br="([A-Z]+[0-9]+)"[^>]*>\s*'
    rb"(?:<PREf\b[^>]*/>|<PREf\b[^>]*>[^<]*</PREf>)"
    rb"\s*(?:<PREv\s*/>|<PREv>\s*</PREv>)?\s*</PREc>"
)


class Refused(Exception):
    """A code that `reading.py` has a sentence for, with the facts that the sentence needs."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.answer = {"problem": code, **facts}


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def part(book: zipfile.ZipFile, name: str) -> ElementTree.Element:
    """A small part of the workbook as XML; entities are refused, no workbook needs them."""
    with book.open(name) as stream:
        text = stream.read(PART + 1)
    if len(text) > PART or b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise Refused("damaged")
    return ElementTree.fromstring(text)  # noqa: S314


def sheets_of(book: zipfile.ZipFile) -> list[dict[str, str]]:
    """The sheets in order: name, state (visible, hidden, veryHidden) and part name."""
    targets = {
        relation.get("Id"): relation.get("Target", "")
        for relation in part(book, "xl/_rels/workbook.xml.rels")
    }
    sheets = []
    for element in part(book, "xl/workbook.xml").iter():
        if element.tag in (SHEET, STRICT_SHEET):
            target = targets.get(element.get(RELATION) or element.get(STRICT_RELATION), "")
            path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            sheets.append(
                {
                    "name": element.get("name", ""),
                    "state": element.get("state", "visible"),
                    "part": path,
                }
            )
    return [sheet for sheet in sheets if "worksheets" in sheet["part"]]


def look_through(book: zipfile.ZipFile, name: str) -> dict[str, Any]:
    """Count what the sheet holds by streaming it once, before anything allocates for its cells.

    Rows count when a cell in them has a value: sheets formatted down to the last row are common.
    """
    rows = formulas = 0
    uncomputed: list[str] = []
    with book.open(name) as stream:
        rest = stream.read(PIECE)
        found = re.search(rb"<(\w+:)?sheetData", rest)
        # A few programs write every element with a prefix: <x:row>, <x:c>, <x:v>.
        prefix = (found and found[1]) or b""
        row, value, inline = b"<%brow" % prefix, b"<%bv" % prefix, b"<%bis>" % prefix
        formula, merge = b"<%bf" % prefix, b"<%bmergeCell " % prefix
        without_value = re.compile(WITHOUT_VALUE.replace(b"PRE", prefix))
        while piece := stream.read(PIECE):
            *done, rest = (rest + piece).split(row)
            if len(rest) > LONGEST_ROW:
                raise Refused("long")
            for text in done:
                rows += value in text or inline in text
                if formula in text:
                    formulas += text.count(formula)
                    uncomputed += [cell.decode() for cell in without_value.findall(text)]
            if rows > ROWS + SPARE_ROWS:
                raise Refused("rows")
    formulas += rest.count(formula)
    uncomputed += [cell.decode() for cell in without_value.findall(rest)]
    return {
        "merged": rest.count(merge),
        "formulas": formulas,
        "uncomputed": len(uncomputed),
        "first_uncomputed": uncomputed[:3],
    }


def longest_text(book: zipfile.ZipFile) -> None:
    """Refuse shared texts that are long: each cell that points to one gets its own copy."""
    if "xl/sharedStrings.xml" not in book.namelist():
        return
    rest = b""
    with book.open("xl/sharedStrings.xml") as stream:
        while piece := stream.read(PIECE):
            *done, rest = (rest + piece).split(b"</si>")
            if max(map(len, done), default=0) > 20 * CELL or len(rest) > 2 * PIECE:
                raise Refused("long")


def cells_of(content: bytes, sheet: str) -> bytes:
    import fastexcel
    import polars as pl

    loaded = fastexcel.read_excel(content).load_sheet(
        sheet, header_row=None, skip_rows=0, dtypes="string"
    )
    if loaded.height == 0:
        raise Refused("empty")
    cells = pl.DataFrame(loaded)
    filled = [column for column in cells.columns if cells[column].null_count() < cells.height]
    if len(filled) > COLUMNS:
        raise Refused("columns")
    buffer = io.BytesIO()
    cells.write_ipc(buffer)
    return buffer.getvalue()


def answer(content: bytes, wanted: str | None) -> tuple[dict[str, Any], bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheets = sheets_of(book)
        names = [sheet["name"] for sheet in sheets]
        if not sheets:
            raise Refused("empty")
        if wanted is not None and wanted not in names:
            raise Refused("sheet", sheets=names)
        visible = [sheet for sheet in sheets if sheet["state"] == "visible"] or sheets
        chosen = visible[0] if wanted is None else sheets[names.index(wanted)]
        found = look_through(book, chosen["part"])
        longest_text(book)
    hidden = [sheet["name"] for sheet in sheets if sheet["state"] != "visible"]
    facts = {"sheet": chosen["name"], "sheets": names, "hidden": hidden, **found}
    return facts, cells_of(content, chosen["name"])


def main() -> None:
    limit()
    content = sys.stdin.buffer.read()
    cells = b""
    try:
        facts, cells = answer(content, json.loads(sys.argv[1]))
    except Refused as refused:
        facts = refused.answer
    except MemoryError:
        facts = {"problem": "memory"}
    except Exception as error:  # whatever is wrong with it, it is the file that is wrong
        facts = {"problem": "damaged", "error": type(error).__name__}
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + cells)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
