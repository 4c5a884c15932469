"""What an importer finds while it reads rows, told with the headings of the person's own file."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from quorum.importers.mapping import Field
from quorum.importers.reading import Outcome, Table
from quorum.language import _, ngettext

MENDED = {
    "row": pl.Int64, "column": pl.String, "before": pl.String, "after": pl.String, "why": pl.String,
}  # fmt: skip
REJECTED = {
    "row": pl.Int64, "column": pl.String, "value": pl.String, "reason": pl.String,
    "remedy": pl.String,
}  # fmt: skip


def raw_rows(table: Table, mapping: Mapping[str, str | None], fields: list[str]) -> pl.DataFrame:
    """`row` and one text column per field; all null where no column holds the field."""
    columns = [
        pl.lit(None, pl.String).alias(field)
        if mapping.get(field) is None
        else pl.col(str(mapping[field])).str.replace_all(r"\s+", " ").alias(field)
        for field in fields
    ]
    return table.frame.select(pl.col("__row__").alias("row"), *columns)


def by_value(
    column: pl.Series, function: Callable[[str], Any], dtype: pl.DataType | type[pl.DataType]
) -> pl.Series:
    """`function` of each text, called once for each distinct one; null stays null."""
    distinct = column.drop_nulls().unique()
    answers = pl.DataFrame(
        {"text": distinct, "answer": pl.Series([function(text) for text in distinct], dtype=dtype)}
    )
    joined = (
        column.alias("text").to_frame().join(answers, on="text", how="left", maintain_order="left")
    )
    return joined["answer"].alias(column.name)


class Findings:
    """The mended and the rejected cells of one file.

    mapping: field -> the file's column, so that people read the headings of their own file.
    """

    def __init__(self, mapping: Mapping[str, str | None]) -> None:
        self._mapping = mapping
        self._mended: list[pl.DataFrame] = [pl.DataFrame(schema=MENDED)]
        self._rejected: list[pl.DataFrame] = [pl.DataFrame(schema=REJECTED)]
        self.notes: list[str] = []

    def reject(
        self,
        rows: pl.DataFrame,
        where: pl.Expr,
        field: str,
        reason: str | pl.Expr,
        remedy: str | pl.Expr,
    ) -> None:
        """The rows `where` holds are refused for what stands in `field` (a text column of rows)."""
        self._rejected.append(
            rows.filter(where).select(
                "row",
                pl.lit(self.heading(field)).alias("column"),
                pl.col(field).cast(pl.String).alias("value"),
                _text(reason).alias("reason"),
                _text(remedy).alias("remedy"),
            )
        )

    def mend(
        self,
        rows: pl.DataFrame,
        where: pl.Expr,
        field: str,
        before: str | pl.Expr,
        after: str | pl.Expr,
        why: str | pl.Expr,
    ) -> None:
        """In the rows `where` holds, `after` is read for `before` (names of columns, or texts)."""
        self._mended.append(
            rows.filter(where).select(
                "row",
                pl.lit(self.heading(field)).alias("column"),
                (pl.col(before) if isinstance(before, str) else before)
                .cast(pl.String)
                .alias("before"),
                (pl.col(after) if isinstance(after, str) else after).cast(pl.String).alias("after"),
                _text(why).alias("why"),
            )
        )

    def reject_longer(self, rows: pl.DataFrame, longest: Mapping[str, int]) -> None:
        """Texts of more characters than their field may have."""
        for field, limit in longest.items():
            length = pl.col(field).str.len_chars()
            self.reject(
                rows,
                length > limit,
                field,
                pl.format(_("It has {} characters; {} are allowed."), length, limit),
                _("Shorten it."),
            )

    def rejected_rows(self) -> pl.Series:
        return pl.concat(self._rejected)["row"].unique()

    def outcome(self, rows: pl.DataFrame, columns: list[str]) -> Outcome:
        """The rows that nothing was found against; a row that is refused is not also mended."""
        refused = self.rejected_rows().implode()
        return Outcome(
            rows.filter(~pl.col("row").is_in(refused)).select("row", *columns),
            pl.concat(self._mended)
            .filter(~pl.col("row").is_in(refused))
            .sort("row", maintain_order=True),
            pl.concat(self._rejected).sort("row", maintain_order=True),
            tuple(self.notes),
        )

    def reject_file(self, column: str | None, reason: str, remedy: str) -> None:
        """A fault of the whole file: one finding, not one per row."""
        line = (None, column, None, reason, remedy)
        self._rejected.append(pl.DataFrame([line], schema=REJECTED, orient="row"))

    def miss(self, fields: Sequence[Field]) -> bool:
        """Whether a required field is held by no column; each is a finding of the whole file."""
        missing = [
            field for field in fields if field.required and not self._mapping.get(field.name)
        ]
        for field in missing:
            remedy = _("Choose the column that holds it, or add one to the file: {field}.")
            self.reject_file(
                field.label,
                _("No column of the file is chosen for it."),
                remedy.format(field=field.name),
            )
        return bool(missing)

    def note_unread(self, table: Table) -> None:
        used = set(self._mapping.values())
        unread = [name for name in table.frame.columns if name not in used and name != "__row__"]
        if unread:
            self.notes.append(
                ngettext(
                    "Column not read: {columns}.", "Columns not read: {columns}.", len(unread)
                ).format(columns=", ".join(unread))
            )

    def note_line_breaks(self, table: Table) -> None:
        used = [column for column in self._mapping.values() if column]
        count = sum(int(table.frame[column].str.contains(r"[\r\n]").sum()) for column in used)
        if count:
            self.notes.append(
                ngettext(
                    "{count} cell had line breaks, which are read as spaces.",
                    "{count} cells had line breaks, which are read as spaces.",
                    count,
                ).format(count=count)
            )

    def heading(self, field: str) -> str:
        return self._mapping.get(field) or field


def _text(text: str | pl.Expr) -> pl.Expr:
    return pl.lit(text) if isinstance(text, str) else text
