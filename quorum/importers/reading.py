"""Reads a file that somebody uploaded, CSV or XLSX, into a table of text.

Kind to what people really send (formats.md: byte order marks, UTF-16, Latin-1, semicolons, titles
above the header, trailing commas), and on its guard against what they should not (threats.md:
upload bombs, forged types). What a file is, is told by its content, never by its name.
"""

import csv
import io
import json
import os
import re
import subprocess
import sys
import threading
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

import polars as pl

from quorum.importers.mapping import is_heading
from quorum.language import _, ngettext

MEGABYTE = 2**20
LARGEST_FILE = 10 * MEGABYTE
MOST_ROWS = 100_000
MOST_COLUMNS = 200
LONGEST_CELL = 5_000

MOST_PARTS = 2_000
LARGEST_UNPACKED = 400 * MEGABYTE
LARGEST_RATIO = 150  # spreadsheets shrink 5 to 30 times, and rows of one value up to about 100
RATIO_COUNTS_FROM = 20 * MEGABYTE

SECONDS = 5
_CHILD = Path(__file__).with_name("_child.py")
# Two workbooks at a time: each may take a few hundred megabytes while it is open.
_turns = threading.BoundedSemaphore(2)

_ROW = "__row__"
_DELIMITERS = ",;\t|"
_INVISIBLE = "[\x00\u200b\u200e\u200f\u2060\ufeff]"
_HEADER_WITHIN = 50  # rows
_CELLS_AT_ONCE = 200_000  # as Python texts they take ten times the memory of a column


class UnreadableFile(Exception):
    """The file cannot be read at all; the text says what is wrong, where, and what to do."""


@dataclass(frozen=True, eq=False)  # the same table is the same object: frames have no equality
class Table:
    """A file as a table of text.

    frame: one String column per column of the file (stripped, null when empty, headers as in the
    file and made unique), and `__row__` Int64, the row's number in the file, 1 = first row.
    mended: sentences on what was mended while reading.
    """

    frame: pl.DataFrame
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What became of a table's rows, before anything is stored.

    accepted: typed rows, with `row` Int64.
    mended: row Int64, column, before, after, why.
    rejected: row Int64 (null for a fault of the whole file), column, value, reason, remedy; a row
    with several faults has several lines.
    notes: sentences about the whole file.
    """

    accepted: pl.DataFrame
    mended: pl.DataFrame
    rejected: pl.DataFrame
    notes: tuple[str, ...] = ()


def read_table(name: str, content: bytes, sheet: str | None = None) -> Table:
    """The table in an uploaded CSV or XLSX file; `sheet` names one of the workbook's sheets.

    Raises UnreadableFile.
    """
    if not content.strip():
        raise UnreadableFile(
            _("{name} is empty. Save the list again and choose the new file.").format(name=name)
        )
    if len(content) > LARGEST_FILE:
        raise UnreadableFile(
            _(
                "{name} has {size:.1f} MB; a file may have {limit} MB at most. "
                "Split the list into several files, or leave out columns that are not needed."
            ).format(name=name, size=len(content) / MEGABYTE, limit=LARGEST_FILE // MEGABYTE)
        )
    _refuse_other_kinds(name, content)
    if content.startswith(b"PK"):
        return _read_workbook(name, content, sheet)
    return _read_csv(name, content)


# What kind of file is it?


def _kinds() -> list[tuple[bytes, str]]:
    picture = _("a picture")
    archive = _("a compressed archive")
    return [
        (b"%PDF", _("a PDF document")),
        (b"\x89PNG", picture),
        (b"\xff\xd8\xff", picture),
        (b"GIF8", picture),
        (b"{\\rtf", _("a text document (RTF)")),
        (b"\x1f\x8b", archive),
        (b"7z\xbc\xaf", archive),
        (b"Rar!", archive),
        (b"BZh", archive),
        (b"SQLite format 3", _("a database")),
        (b"PAR1", _("a Parquet file")),
    ]


def _refuse_other_kinds(name: str, content: bytes) -> None:
    start = content[:400].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    kind = next((kind for magic, kind in _kinds() if content.startswith(magic)), None)
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<meta")):
        kind = _("a web page")
    elif start.startswith(b"<?xml"):
        kind = _("an XML file")
    elif start.startswith((b"{", b"[{")) and content.rstrip().endswith((b"}", b"]")):
        kind = _("a JSON file")
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise UnreadableFile(
                _(
                    "{name} is protected with a password, so it cannot be opened here. "
                    "Save a copy without the password and choose that."
                ).format(name=name)
            )
        kind = _("a file of an old Office version (.xls or .doc)")
    if kind:
        raise _not_a_table(name, kind)


def _not_a_table(name: str, kind: str) -> UnreadableFile:
    return UnreadableFile(
        _(
            "{name} is {kind}, whatever its name says. Open it in a spreadsheet program, "
            "save the table as Excel workbook (.xlsx) or CSV, and choose that file."
        ).format(name=name, kind=kind)
    )


# CSV


def _read_csv(name: str, content: bytes) -> Table:
    text, mended = _decoded(name, content)
    text, delimiter = _delimiter(text)
    if delimiter != ",":
        mended.append(
            _("Read with {delimiter} between the columns.").format(
                delimiter={";": _("semicolons"), "\t": _("tabs"), "|": _("vertical bars")}[
                    delimiter
                ]
            )
        )
    grid = _records(name, text, delimiter)
    header = _header_row(grid.cells)
    table = _table(name, grid, header, mended)
    return Table(table.frame, mended=(*table.mended, *_longer_rows(grid, header)))


def _decoded(name: str, content: bytes) -> tuple[str, list[str]]:
    """The file's text, by its byte order mark, else UTF-8, else Windows-1252; refuses NULs."""
    encoding = _unicode_encoding(content)
    mended = []
    if encoding.startswith("utf-16"):
        mended.append(_("Read as UTF-16 text."))
    elif b"\0" in content:
        raise UnreadableFile(
            _(
                "{name} contains NUL characters (the first in line {line}), which text never has: "
                "the file is damaged or is not a table. Save it again as CSV UTF-8 or .xlsx."
            ).format(name=name, line=content.count(b"\n", 0, content.index(b"\0")) + 1)
        )
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding.startswith("utf-16"):
            raise _not_a_table(name, _("not readable as text")) from error
        # Five byte values mean nothing in Windows-1252; Latin-1 takes them as control characters.
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            text = content.decode("latin-1")
        line = content.count(b"\n", 0, error.start) + 1
        mended.append(
            _(
                "Read as Western European text (Windows-1252), because line {line} is not UTF-8. "
                "Check names with accents; if they look wrong, save the file as CSV UTF-8."
            ).format(line=line)
        )
    if "\0" in text:
        raise UnreadableFile(
            _("{name} contains NUL characters. Save it again as CSV UTF-8 or .xlsx.").format(
                name=name
            )
        )
    controls = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
    text, count = controls.subn(" ", text)
    if count > max(10, len(text) // 200):
        raise _not_a_table(name, _("not readable as text"))
    if count:
        mended.append(
            ngettext(
                "{count} control character was read as a space.",
                "{count} control characters were read as spaces.",
                count,
            ).format(count=count)
        )
    return text, mended


def _unicode_encoding(content: bytes) -> str:
    if content.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    # UTF-16 without a mark: in Western text every second byte is zero.
    sample = content[:4_000]
    odd, even = sample[1::2].count(0), sample[::2].count(0)
    if odd > 0.4 * len(sample[1::2]) and even < 0.05 * len(sample):
        return "utf-16-le"
    if even > 0.4 * len(sample[::2]) and odd < 0.05 * len(sample):
        return "utf-16-be"
    return "utf-8"


def _delimiter(text: str) -> tuple[str, str]:
    """The text without Excel's `sep=` line, and the separator that splits most rows alike."""
    if stated := re.match(r"sep=([,;\t|])\r?\n", text, re.IGNORECASE):
        # An empty row stays in its place, so that row numbers are those that a person sees.
        return text[stated.end() - 1 :], stated[1]
    sample = text[:200_000]

    def merit(delimiter: str) -> tuple[float, int]:
        try:
            records = list(
                islice(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), 100)
            )
        except csv.Error:
            return 0, 0
        widths = Counter(len(record) for record in records if any(map(str.strip, record)))
        if not widths:
            return 0, 0
        width, alike = max(widths.items(), key=lambda item: (item[1], item[0]))
        return (round(alike / widths.total(), 1), width) if width > 1 else (0, 1)

    return text, max(_DELIMITERS, key=merit)


def _records(name: str, text: str, delimiter: str) -> "_Grid":
    """The rows that are not blank, and their numbers in the file (blank rows count there)."""
    numbers: list[int] = []
    rows: list[list[str]] = []
    done: list[pl.DataFrame] = []
    number = size = 0
    try:
        for number, record in enumerate(
            csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), start=1
        ):
            while record and not record[-1]:
                record.pop()
            if not record:
                continue
            numbers.append(number)
            rows.append(record)
            if len(numbers) > MOST_ROWS + _HEADER_WITHIN:
                raise _too_many_rows(name)
            if len(record) > MOST_COLUMNS:
                raise _too_many_columns(name, row=number)
            size += len(record)
            if size > _CELLS_AT_ONCE:
                done.append(_columns(rows))
                rows, size = [], 0
    except csv.Error as error:
        raise UnreadableFile(
            _(
                "Row {row} of {name} cannot be read: probably a quotation mark is opened there and "
                "never closed. Correct the row and choose the file again."
            ).format(row=number + 1, name=name)
        ) from error
    cells = pl.concat([*done, _columns(rows)], how="diagonal")
    return _Grid(cells, pl.Series(numbers, dtype=pl.Int64))


def _columns(rows: list[list[str]]) -> pl.DataFrame:
    return _clean(
        pl.DataFrame(
            {
                f"column_{n}": pl.Series(values, dtype=pl.String)
                for n, values in enumerate(zip_longest(*rows), start=1)
            }
        )
    )


def _longer_rows(grid: "_Grid", header: int) -> Iterable[str]:
    """A sentence on rows longer than the header (shorter ones only lack empty cells)."""
    headings = grid.cells.row(header)
    width = max(n for n, heading in enumerate(headings, start=1) if heading is not None)
    beyond = grid.cells.columns[width:]
    if not beyond:
        return
    longer = grid.cells.select(pl.any_horizontal(pl.col(beyond).is_not_null())).to_series()
    rows = grid.numbers.filter(longer).filter(grid.numbers.filter(longer) > grid.numbers[header])
    if len(rows):
        yield ngettext(
            "Row {rows} has more values than the header has names. The extra values are kept in "
            "columns of their own: check that nothing has slipped sideways.",
            "Rows {rows} have more values than the header has names. The extra values are kept in "
            "columns of their own: check that nothing has slipped sideways.",
            len(rows),
        ).format(rows=first_rows(rows.to_list()))


# XLSX


def _read_workbook(name: str, content: bytes, sheet: str | None) -> Table:
    _refuse_bombs(name, content)
    facts, cells = _open_in_child(name, content, sheet)
    mended = list(_about_workbook(facts, sheet))
    frame = _clean(pl.read_ipc(cells))
    numbers = pl.int_range(1, frame.height + 1, dtype=pl.Int64, eager=True)
    grid = _Grid(frame, numbers)
    table = _table(name, grid, _header_row(frame), mended, _cell_reference)
    return Table(table.frame, facts["sheet"], tuple(facts["sheets"]), table.mended)


def _refuse_bombs(name: str, content: bytes) -> None:
    """Judge the archive by its table of contents, before anything in it is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
        raise _damaged(name) from error
    names = {part.filename for part in parts}
    unpacked = sum(part.file_size for part in parts)
    if "xl/workbook.xml" not in names:
        raise _not_a_table(name, _kind_of_archive(names))
    if len(parts) > MOST_PARTS:
        raise UnreadableFile(
            _(
                "{name} consists of {count:,} parts, far more than a table needs, so it was not "
                "opened. Copy the table alone into a new workbook, or save it as CSV."
            ).format(name=name, count=len(parts))
        )
    if any(part.flag_bits & 1 for part in parts):
        raise UnreadableFile(
            _("{name} is protected with a password. Save a copy without it.").format(name=name)
        )
    ratio = unpacked / len(content)
    if unpacked > LARGEST_UNPACKED or (unpacked > RATIO_COUNTS_FROM and ratio > LARGEST_RATIO):
        raise UnreadableFile(
            _(
                "{name} would unpack to {size:.0f} MB from {packed:.1f} MB, far more than a list "
                "of sites or spend needs, so it was not opened. Copy the table alone into a new "
                "workbook, or save it as CSV."
            ).format(name=name, size=unpacked / MEGABYTE, packed=len(content) / MEGABYTE)
        )


def _kind_of_archive(names: set[str]) -> str:
    if "xl/workbook.bin" in names:
        return _("a binary workbook (.xlsb)")
    if "content.xml" in names:
        return _("an OpenDocument file (.ods or .odt)")
    if "word/document.xml" in names:
        return _("a Word document")
    if "ppt/presentation.xml" in names:
        return _("a presentation")
    return _("a compressed archive")


def _open_in_child(name: str, content: bytes, sheet: str | None) -> tuple[dict[str, Any], bytes]:
    """What the child process found: facts about the workbook, and its cells as Arrow IPC."""
    kept = {"PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR"}
    environment = {key: value for key, value in os.environ.items() if key in kept}
    environment["POLARS_MAX_THREADS"] = "1"
    with _turns:
        try:
            child = subprocess.run(
                [sys.executable, "-I", str(_CHILD), json.dumps(sheet)],
                input=content,
                capture_output=True,
                timeout=SECONDS,
                env=environment,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise _too_much(name) from error
    line, _newline, cells = child.stdout.partition(b"\n")
    if child.returncode != 0 or not line:
        raise _too_much(name)
    facts: dict[str, Any] = json.loads(line)
    if "problem" in facts:
        raise _refusal(name, sheet, facts)
    return facts, cells


def _refusal(name: str, sheet: str | None, facts: dict[str, Any]) -> UnreadableFile:
    match facts["problem"]:
        case "rows":
            return _too_many_rows(name)
        case "columns":
            return _too_many_columns(name, row=None)
        case "long":
            return _too_long(name, None)
        case "empty":
            return _no_rows(name)
        case "memory":
            return _too_much(name)
        case "sheet":
            return UnreadableFile(
                _('{name} has no sheet "{sheet}". It has: {sheets}.').format(
                    name=name, sheet=sheet, sheets=", ".join(facts["sheets"])
                )
            )
        case _:
            return _damaged(name)


def _about_workbook(facts: dict[str, Any], wanted: str | None) -> Iterable[str]:
    others = [sheet for sheet in facts["sheets"] if sheet not in (facts["sheet"], *facts["hidden"])]
    if others and wanted is None:
        yield _('Read sheet "{sheet}"; not read: {others}.').format(
            sheet=facts["sheet"], others=", ".join(others)
        )
    if facts["hidden"]:
        yield ngettext(
            "The workbook has a hidden sheet: {hidden}. Hidden sheets are read only when chosen.",
            "The workbook has hidden sheets: {hidden}. Hidden sheets are read only when chosen.",
            len(facts["hidden"]),
        ).format(hidden=", ".join(facts["hidden"]))
    if facts["merged"]:
        yield ngettext(
            "The sheet has {count} merged area; its value is read in its first cell only.",
            "The sheet has {count} merged areas; each value is read in its first cell only.",
            facts["merged"],
        ).format(count=facts["merged"])
    if facts["formulas"]:
        yield ngettext(
            "The sheet has {count} formula; the result that was stored with it is read.",
            "The sheet has {count} formulas; the results that were stored with them are read.",
            facts["formulas"],
        ).format(count=facts["formulas"])
    if facts["uncomputed"]:
        yield ngettext(
            "{count} formula has no stored result and is read as empty ({cells}). "
            "Open the file in a spreadsheet program, save it, and choose it again.",
            "{count} formulas have no stored result and are read as empty ({cells}). "
            "Open the file in a spreadsheet program, save it, and choose it again.",
            facts["uncomputed"],
        ).format(count=facts["uncomputed"], cells=", ".join(facts["first_uncomputed"]))


# From cells to a table


@dataclass(frozen=True)
class _Grid:
    """The cells of a file before it is known which row is the header, and the rows' numbers."""

    cells: pl.DataFrame
    numbers: pl.Series


def _clean(cells: pl.DataFrame) -> pl.DataFrame:
    """Every cell stripped, without invisible characters or midnights; empty text is null."""
    text = pl.all().cast(pl.String).str.replace_all(_INVISIBLE, "").str.strip_chars()
    text = text.str.replace(r"^(\d{4}-\d\d-\d\d) 00:00:00$", "$1")
    return cells.select(text).select(pl.when(pl.all() != "").then(pl.all()))


def _header_row(cells: pl.DataFrame) -> int:
    """The header's index: the first row of known headings, else the first row that is as full as
    the rows usually are (titles and remarks above the header fill a cell or two).
    """
    top = cells.head(_HEADER_WITHIN).rows()
    for index, row in enumerate(top):
        # Each text once: a column of marks repeats "x", which also heads columns of longitudes.
        known = [is_heading(cell) for cell in set(row) if cell]
        if sum(known) >= 2 and sum(known) >= 0.5 * len(known):
            return index
    filled = [sum(cell is not None for cell in row) for row in top]
    usual = sorted(count for count in filled if count)
    enough = 0.6 * usual[len(usual) // 2] if usual else 0
    return next((n for n, count in enumerate(filled) if count and count >= enough), 0)


def _cell_reference(row: int, column: int) -> str:
    """A cell as spreadsheets call it, such as B7; both numbers count from 1."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def _table(
    name: str,
    grid: _Grid,
    header: int,
    mended: list[str],
    place: Callable[[int, int], str] | None = None,
) -> Table:
    _refuse_long_cells(name, grid, place)
    cells = grid.cells
    body = cells.with_columns(grid.numbers.alias(_ROW)).slice(header + 1)
    body = body.filter(pl.any_horizontal(pl.exclude(_ROW).is_not_null()))
    if body.height == 0:
        raise _no_rows(name)
    if body.height > MOST_ROWS:
        raise _too_many_rows(name)
    headings = cells.row(header) if cells.width else ()
    kept = [
        (column, heading)
        for column, heading in zip(cells.columns, headings, strict=True)
        if heading is not None or body[column].null_count() < body.height
    ]
    if len(kept) > MOST_COLUMNS:
        raise _too_many_columns(name, row=grid.numbers[header])
    names = _unique([heading or _unnamed(column, cells) for column, heading in kept])
    body = body.select(
        *(
            pl.col(column).alias(heading)
            for (column, _heading), heading in zip(kept, names, strict=True)
        ),
        pl.col(_ROW),
    )
    return Table(body, mended=(*mended, *_about_header(grid, header, kept, names)))


def _unnamed(column: str, cells: pl.DataFrame) -> str:
    return _("Column {number}").format(number=cells.columns.index(column) + 1)


def _unique(names: list[str]) -> list[str]:
    """Headings on one line, with (2), (3)... behind those that come again."""
    taken = {_ROW}
    unique = []
    for name in (" ".join(name.split()) for name in names):
        candidate, number = name, 1
        while candidate in taken:
            number += 1
            candidate = f"{name} ({number})"
        taken.add(candidate)
        unique.append(candidate)
    return unique


def _about_header(
    grid: _Grid, header: int, kept: list[tuple[str, str | None]], names: list[str]
) -> Iterable[str]:
    if grid.cells.head(header).select(pl.any_horizontal(pl.all().is_not_null()).any()).item():
        yield _(
            "The header was found in row {row}; the rows above it are left out as titles."
        ).format(row=grid.numbers[header])
    unnamed = [name for (_column, heading), name in zip(kept, names, strict=True) if not heading]
    if unnamed:
        yield ngettext(
            "A column without a heading is called {columns}.",
            "Columns without a heading are called {columns}.",
            len(unnamed),
        ).format(columns=", ".join(unnamed))
    again = [
        name
        for (_column, heading), name in zip(kept, names, strict=True)
        if heading and " ".join(heading.split()) != name
    ]
    if again:
        yield _("Headings that come more than once were numbered: {columns}.").format(
            columns=", ".join(again)
        )


def _refuse_long_cells(name: str, grid: _Grid, place: Callable[[int, int], str] | None) -> None:
    for number, column in enumerate(grid.cells.columns, start=1):
        lengths = grid.cells[column].str.len_chars()
        longest = lengths.max()
        if isinstance(longest, int) and longest > LONGEST_CELL:
            row = grid.numbers[lengths.arg_max() or 0]
            where = (
                _("Cell {cell}").format(cell=place(row, number))
                if place
                else _("Row {row}, column {column}").format(row=row, column=number)
            )
            raise _too_long(name, where)


def first_rows(rows: list[int], most: int = 5) -> str:
    """The first few row numbers for a sentence: "3, 8, 12 and 40 more"."""
    shown = ", ".join(map(str, rows[:most]))
    if len(rows) <= most:
        return shown
    return _("{shown} and {count} more").format(shown=shown, count=len(rows) - most)


# Sentences of refusal that several paths share


def _damaged(name: str) -> UnreadableFile:
    return UnreadableFile(
        _(
            "{name} looks like an Excel workbook but cannot be opened: it is damaged or "
            "incomplete. Open it in a spreadsheet program, save it again as .xlsx, and choose "
            "the new file."
        ).format(name=name)
    )


def _too_much(name: str) -> UnreadableFile:
    return UnreadableFile(
        _(
            "{name} needs more memory or time to open than a list may take. It may have cells "
            "filled far to the right or far down. Copy the table alone into a new workbook, or "
            "save it as CSV."
        ).format(name=name)
    )


def _too_many_rows(name: str) -> UnreadableFile:
    return UnreadableFile(
        _(
            "{name} has more than {limit:,} rows, the most that one file may have. "
            "Split it into several files."
        ).format(name=name, limit=MOST_ROWS)
    )


def _too_many_columns(name: str, row: int | None) -> UnreadableFile:
    where = _("Row {row} of {name}").format(row=row, name=name) if row else name
    return UnreadableFile(
        _(
            "{where} has more than {limit} columns. Keep only the columns that the list needs; "
            "if it should have fewer, check which character separates the columns."
        ).format(where=where, limit=MOST_COLUMNS)
    )


def _too_long(name: str, where: str | None) -> UnreadableFile:
    return UnreadableFile(
        _(
            "{where} of {name} holds more than {limit:,} characters, more than a cell may. "
            "Shorten it; if it should be short, a quotation mark before it may not be closed."
        ).format(where=where or _("A cell"), name=name, limit=LONGEST_CELL)
    )


def _no_rows(name: str) -> UnreadableFile:
    return UnreadableFile(
        _(
            "{name} has no rows below the header. Fill in at least one row, or choose another "
            "file or sheet."
        ).format(name=name)
    )
