"""A table as a file: the content once, then xlsx, csv, or Open Supply Hub's list of sites.

No cell is ever a formula: text that starts like one is written as text. An xlsx carries a second
sheet that says what the file is; a csv stays a pure table, which machines can read, and its name
carries title and date.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from math import isfinite
from typing import Any

import polars as pl
import xlsxwriter

from quorum.language import _

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
MOST_ROWS = 1_048_575  # of an xlsx sheet, its header not counted
LONGEST_CELL = 32_767  # characters
WIDEST_COLUMN = 60  # characters
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv"

# Column of production_site -> column of Open Supply Hub's contribution template. Sector and types
# are kept apart (the template takes both forms): joined they could not be told apart again.
OSH_COLUMNS = {
    "country": "country",
    "name": "name",
    "address": "address",
    "sector": "sector",
    "product_type": "product_type",
    "facility_type": "facility_type",
    "processing_type": "processing_type",
    "number_of_workers": "number_of_workers",
    "parent_company": "parent_company",
    "latitude": "lat",
    "longitude": "lng",
    "native_language_name": "native_language_name",
    "os_id": "os_id",
    "lei_id": "lei_id",
    "duns_id": "duns_id",
    "rba_id": "rba_id",
    "isic_4": "isic_4",
}
OSH_REQUIRED = ("country", "name", "address")


@dataclass(frozen=True)
class About:
    """What a file says about itself."""

    title: str
    author: str  # the person and organisation that downloaded it
    made_on: date
    link: str  # the view in the product that the file shows
    filters: Mapping[str, str] = field(default_factory=dict)  # label -> what was chosen
    sources: Sequence[str] = ()  # one line each, with the date of the data


class TooManyRows(ValueError):
    """The frame has more rows than a sheet can hold; the message says what to do."""


def file_name(about: About, extension: str) -> str:
    """For example `sites-of-lumenta-2026-03-01.xlsx`: safe on every file system."""
    words = re.sub(r"[^a-z0-9]+", "-", about.title.lower()).strip("-")[:60].strip("-")
    return f"{words or 'quorum'}-{about.made_on.isoformat()}.{extension}"


def to_csv(frame: pl.DataFrame, about: About, labels: Mapping[str, str] | None = None) -> bytes:
    """UTF-8 with a byte order mark, comma, CRLF, one header row.

    `labels`: column -> header, unit included; only these columns are written, in this order.
    Text that starts like a formula gets a leading apostrophe; numbers stay numbers.
    """
    chosen = _flat(_chosen(frame, labels))
    starts = pl.col(pl.String).str.slice(0, 1).is_in(list(FORMULA_STARTS))
    guarded = chosen.with_columns(
        pl.when(starts).then("'" + pl.col(pl.String)).otherwise(pl.col(pl.String)).name.keep()
    )
    headers = {name: f"'{name}" for name in guarded.columns if name.startswith(FORMULA_STARTS)}
    return (
        guarded.rename(headers)
        .write_csv(include_bom=True, line_terminator="\r\n", datetime_format="%Y-%m-%dT%H:%M:%SZ")
        .encode()
    )


def to_xlsx(frame: pl.DataFrame, about: About, labels: Mapping[str, str] | None = None) -> bytes:
    """A sheet with the table and one about the file.

    `labels`: column -> header, unit included; only these columns are written, in this order.
    Dates are dates, numbers numbers; moments are in UTC. Raises TooManyRows.
    """
    return _workbook(_chosen(frame, labels), about)


def to_osh_template(sites: pl.DataFrame, about: About) -> bytes:
    """Production sites as an xlsx in Open Supply Hub's contribution template.

    `sites`: columns as in the relation production_site. Optional columns that are wholly empty
    are left out. It is an xlsx because there a name or address that starts like a formula can be
    text without a mark that the hub would take for part of it.
    """
    low, high = pl.col("workers_min"), pl.col("workers_max")
    table = sites.with_columns(
        pl.when(low == high)
        .then(low.cast(pl.String))
        .when(low.is_not_null() & high.is_not_null())
        .then(pl.format("{}-{}", low, high))
        .otherwise(pl.coalesce(low, high).cast(pl.String))
        .alias("number_of_workers")
    ).select(pl.col(ours).alias(theirs) for ours, theirs in OSH_COLUMNS.items())
    kept = [
        column
        for column in table.columns
        if column in OSH_REQUIRED or table[column].null_count() < table.height
    ]
    return _workbook(table.select(kept), about)


def _chosen(frame: pl.DataFrame, labels: Mapping[str, str] | None) -> pl.DataFrame:
    if labels is None:
        return frame
    return frame.select(pl.col(column).alias(label) for column, label in labels.items())


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Lists as one text, parted as Open Supply Hub parts them."""
    lists = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List)]
    return frame.with_columns(pl.col(lists).cast(pl.List(pl.String)).list.join(" | "))


def _workbook(frame: pl.DataFrame, about: About) -> bytes:
    if frame.height > MOST_ROWS:
        raise TooManyRows(
            _("A sheet holds {most:,} rows, this table has {rows:,}: take the csv.").format(
                most=MOST_ROWS, rows=frame.height
            )
        )
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    _write_table(book, book.add_worksheet(_("Table")), _flat(frame))
    _write_about(book, book.add_worksheet(_("About this file")), frame.height, about)
    book.set_properties({"title": about.title, "author": about.author, "comments": about.link})
    book.close()
    return buffer.getvalue()


def _write_table(book: Any, sheet: Any, frame: pl.DataFrame) -> None:
    header = book.add_format(
        {
            "bold": True, "text_wrap": True, "valign": "top", "bottom": 1,
            "bg_color": "#0d5c66", "font_color": "#ffffff", "quote_prefix": True,
        }
    )  # fmt: skip
    formats = {
        "text": book.add_format({"valign": "top"}),
        "guarded": book.add_format({"valign": "top", "quote_prefix": True}),
        "date": book.add_format({"valign": "top", "num_format": "yyyy-mm-dd"}),
        "moment": book.add_format({"valign": "top", "num_format": "yyyy-mm-dd hh:mm"}),
        "whole": book.add_format({"valign": "top", "num_format": "#,##0"}),
        "number": book.add_format({"valign": "top", "num_format": "#,##0.00####"}),
        "plain": book.add_format({"valign": "top", "num_format": "0"}),
    }
    for column, (name, values) in enumerate(zip(frame.columns, frame, strict=True)):
        sheet.write_string(0, column, name, header)
        kind = _kind(name, values.dtype)
        for row, value in enumerate(values, start=1):
            _write_cell(sheet, row, column, value, kind, formats)
        sheet.set_column(column, column, _width(name, values))
    sheet.freeze_panes(1, 0)
    if frame.width:
        sheet.autofilter(0, 0, frame.height, frame.width - 1)


def _kind(name: str, dtype: pl.DataType) -> str:
    if dtype == pl.Date:
        return "date"
    if isinstance(dtype, pl.Datetime):
        return "moment"
    if dtype.is_integer():
        # A year with a thousands separator is no year.
        return "plain" if name.strip().lower() in {"year", _("Year").lower()} else "whole"
    return "number" if dtype.is_numeric() else "text"


def _write_cell(
    sheet: Any, row: int, column: int, value: Any, kind: str, formats: Mapping[str, Any]
) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value, formats["text"])
    elif isinstance(value, datetime):
        sheet.write_datetime(row, column, value.replace(tzinfo=None), formats[kind])
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, formats[kind])
    elif kind in {"whole", "number", "plain"} and isfinite(value):
        sheet.write_number(row, column, value, formats[kind])
    else:
        text = str(value)[:LONGEST_CELL]
        starts = text.startswith(FORMULA_STARTS)
        sheet.write_string(row, column, text, formats["guarded" if starts else "text"])


def _width(name: str, values: pl.Series) -> int:
    """Wide enough for nearly all cells; the few longest are cut off rather than the screen."""
    lengths = values.cast(pl.String, strict=False).str.len_chars().drop_nulls()
    usual = int(lengths.quantile(0.95, "higher") or 0) if len(lengths) else 0
    return min(max(usual, min(len(name), 24), 8) + 3, WIDEST_COLUMN)


def _write_about(book: Any, sheet: Any, rows: int, about: About) -> None:
    bold = book.add_format({"bold": True, "valign": "top"})
    text = book.add_format({"text_wrap": True, "valign": "top", "quote_prefix": True})
    lines = [
        (_("Title"), about.title),
        (_("Rows"), f"{rows:,}"),
        *((_("Filter: {name}").format(name=name), value) for name, value in about.filters.items()),
        *([] if about.filters else [(_("Filters"), _("none"))]),
        (_("Made by"), about.author),
        (_("Made on"), about.made_on.isoformat()),
        (_("Link"), about.link),
        *((_("Source"), source) for source in about.sources),
    ]
    for row, (label, value) in enumerate(lines):
        sheet.write_string(row, 0, label, bold)
        sheet.write_string(row, 1, value, text)
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 80)
