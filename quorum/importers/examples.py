"""Files to start from: the columns of an import, and a few fictional rows."""

import io
from collections.abc import Sequence
from typing import Literal

import polars as pl
import xlsxwriter

Kind = Literal["csv", "xlsx"]


def example_file(
    kind: Kind,
    sheet_name: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    money: Sequence[str] = (),
) -> bytes:
    """`rows` under `columns`, as CSV that Excel opens or as a workbook of one sheet. In a workbook
    the columns `money` hold numbers; everything else is text."""
    if kind == "csv":
        frame = pl.DataFrame(rows, schema=list(columns), orient="row")
        return frame.with_columns(pl.all().replace("", None)).write_csv(include_bom=True).encode()
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet(sheet_name)
        sheet.write_row(0, 0, columns, book.add_format({"bold": True}))
        amount = book.add_format({"num_format": "#,##0.00"})
        for number, row in enumerate(rows, start=1):
            for place, (column, text) in enumerate(zip(columns, row, strict=True)):
                if column in money:
                    sheet.write_number(number, place, float(text), amount)
                else:
                    sheet.write_string(number, place, text)
        sheet.freeze_panes(1, 0)
        sheet.autofit()
    return buffer.getvalue()
