"""Many assessments at once: the spreadsheet that people fill in, and how it is read back.

One row per supplier, one column per answer of the questionnaire, marked with an x. What each
column asks stands in its comment and on the sheet "How to fill this in".
"""

import io
import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import date

import polars as pl
import xlsxwriter

from quorum.definitions import Answer, Block, Questionnaire, current
from quorum.importers.mapping import folded
from quorum.importers.reading import Outcome, Table
from quorum.language import _, ngettext
from quorum.scoring import check_answers

# fmt: off
YES = {
    "x", "✓", "✔", "☑", "☒", "√", "1", "1.0", "y", "yes", "true", "j", "ja", "wahr", "waar",
    "oui", "vrai", "si", "sì", "sí", "sim", "tak",
}
NO = {
    "-", "–", "—", "0", "0.0", "n", "no", "false", "nee", "onwaar", "nein", "falsch", "non",
    "faux", "nej", "nie", "n/a",
}
# fmt: on
FIRST_YEAR = 2000  # an older date is a slip of the pen: the questionnaire is of 2025

_TEMPLATE_ROWS = 1000
_NAMED_IN_NOTES = 10
_ACCEPTED: dict[str, pl.DataType] = {
    "row": pl.Int64(),
    "supplier": pl.String(),
    "supplier_id": pl.String(),
    "respondent_kind": pl.String(),
    "company_name": pl.String(),
    "contact": pl.String(),
    "assessed_on": pl.Date(),
    "answers": pl.List(pl.String()),
    "other_actions": pl.String(),
    "evidence": pl.String(),
}
_MENDED: dict[str, pl.DataType] = {
    "row": pl.Int64(),
    **dict.fromkeys(("column", "before", "after", "why"), pl.String()),
}
_REJECTED: dict[str, pl.DataType] = {
    "row": pl.Int64(),
    **dict.fromkeys(("column", "value", "reason", "remedy"), pl.String()),
}


def _headers() -> dict[str, str]:
    """The columns beside the answers: field and header, in the order of the template."""
    return {
        "supplier": _("Supplier"),
        "lei": _("LEI"),
        "respondent_kind": _("Kind of respondent"),
        "company_name": _("Company name"),
        "contact": _("Contact"),
        "assessed_on": _("Date"),
        "other_actions": _("Other actions"),
        "evidence_link": _("Link to evidence"),
    }


_ALSO = {
    "supplier": ("supplier name",),
    "respondent_kind": ("respondent kind", "kind"),
    "assessed_on": ("assessed on", "date of assessment"),
    "evidence_link": ("evidence",),
}


def example_supplier() -> str:
    """What stands in the first cell of the example row, which is never imported."""
    return _("EXAMPLE (this row is not imported)")


# Reading


def read_assessments(
    table: Table,
    suppliers: pl.DataFrame,
    questionnaire: Questionnaire,
    today: date | None = None,
) -> Outcome:
    """Complete assessments out of a filled-in template.

    `suppliers`: id, name, lei, and merged_into if there is one. A supplier is found by LEI or by
    its whole name, whatever the case; `supplier_id` is null, and the notes name the supplier, when
    it is not found or LEI and name disagree. Accepted: row, supplier (as written), supplier_id,
    respondent_kind, company_name, contact, assessed_on, answers, other_actions, evidence (JSON
    text: answer code -> note, link). Rows that contradict themselves or leave a block unanswered
    are rejected, and, if `today` is given, dates after it.
    """
    columns = _find_columns(table.frame, questionnaire)
    if faults := list(_missing_columns(columns, questionnaire)):
        return _outcome(pl.DataFrame(schema=_ACCEPTED), [], faults, ())
    rows, notes = _rows(table.frame, columns)
    headers = _headers() | columns
    rows = _match(rows, suppliers)
    rows = _dates(_kinds(rows, questionnaire))
    marks = _marks(table.frame, columns, questionnaire).join(rows, on="row", how="semi")
    rows = _answers(rows, marks, questionnaire)
    rejected = [
        *_unreadable_fields(rows, headers, today),
        *_unreadable_marks(marks),
        *_contradictions(rows, marks, questionnaire),
    ]
    mended = _mended(rows, headers)
    rows = _evidence(_filled(rows), marks, questionnaire)
    notes += [
        *_column_notes(table.frame, columns, questionnaire),
        *_supplier_notes(rows),
        *_twice(rows),
    ]
    return _outcome(rows, mended, rejected, tuple(notes))


def _outcome(
    rows: pl.DataFrame,
    mended: list[pl.DataFrame],
    rejected: list[pl.DataFrame],
    notes: tuple[str, ...],
) -> Outcome:
    faults = pl.concat([pl.DataFrame(schema=_REJECTED), *rejected]).sort("row", maintain_order=True)
    changes = pl.concat([pl.DataFrame(schema=_MENDED), *mended]).sort("row", maintain_order=True)
    accepted = rows.join(faults, on="row", how="anti", maintain_order="left")
    return Outcome(
        accepted=accepted.select(pl.col(name).cast(kind) for name, kind in _ACCEPTED.items()),
        mended=changes.join(faults, on="row", how="anti", maintain_order="left"),
        rejected=faults,
        notes=notes,
    )


def _find_columns(frame: pl.DataFrame, questionnaire: Questionnaire) -> dict[str, str]:
    """Field or answer code -> header in the file, for all that the file has."""
    present = {folded(header): header for header in reversed(frame.columns) if header != "__row__"}
    names = {field: (header, field, *_ALSO.get(field, ())) for field, header in _headers().items()}
    names |= {
        answer.code: (answer.label, answer.code, answer.label_source)
        for answer in questionnaire.answers
    }
    return {
        code: present[folded(name)]
        for code, known in names.items()
        for name in reversed(known)
        if folded(name) in present
    }


def _missing_columns(
    columns: dict[str, str], questionnaire: Questionnaire
) -> Iterable[pl.DataFrame]:
    headers = _headers()
    remedy = _("Copy your rows into the template, which has all columns, and import that.")
    if "supplier" not in columns and "lei" not in columns:
        yield _fault_of_file(headers["supplier"], _("No column names the supplier."), remedy)
    for field in ("respondent_kind", "assessed_on"):
        if field not in columns:
            reason = _("The sheet has no column “{column}”.").format(column=headers[field])
            yield _fault_of_file(headers[field], reason, remedy)
    if not any(answer.code in columns for answer in questionnaire.answers):
        reason = _("No column is named after an answer of the questionnaire “{title}”.")
        yield _fault_of_file(None, reason.format(title=questionnaire.title), remedy)


def _fault_of_file(column: str | None, reason: str, remedy: str) -> pl.DataFrame:
    return pl.DataFrame([(None, column, None, reason, remedy)], schema=_REJECTED, orient="row")


def _rows(frame: pl.DataFrame, columns: dict[str, str]) -> tuple[pl.DataFrame, list[str]]:
    """The fields of all rows that hold an assessment: neither blank nor the example."""
    blank = pl.all_horizontal(pl.col(*columns.values()).is_null())
    first = pl.col(columns.get("supplier", columns.get("lei", "")))
    example = first.str.to_lowercase().eq_missing(pl.lit(example_supplier().lower()))
    notes = []
    if frame.select(example.any()).item():
        notes.append(_("The example row was skipped."))
    rows = frame.filter(~blank & ~example).select(
        pl.col("__row__").cast(pl.Int64).alias("row"),
        *(
            (pl.col(columns[field]) if field in columns else pl.lit(None, pl.String)).alias(field)
            for field in _headers()
        ),
    )
    return rows, notes


# Suppliers


def _match(rows: pl.DataFrame, suppliers: pl.DataFrame) -> pl.DataFrame:
    """Adds supplier_id, disagree (LEI and name point elsewhere) and name_on_register."""
    register = _register(suppliers)
    by_name = _unambiguous(register, "name_key").rename({"id": "id_by_name"})
    by_lei = _unambiguous(register, "lei_key").rename({"id": "id_by_lei"})
    leis = by_lei.select(id_by_name="id_by_lei", lei_of_name="lei_key").unique("id_by_name")
    names = suppliers.select(supplier_id="id", name_on_register="name").unique("supplier_id")
    other_supplier = pl.col("id_by_name") != pl.col("id_by_lei")
    other_lei = pl.col("id_by_lei").is_null() & (pl.col("lei_key") != pl.col("lei_of_name"))
    return (
        rows.with_columns(name_key=_name_key("supplier"), lei_key=_lei_key("lei"))
        .join(by_name, on="name_key", how="left", maintain_order="left")
        .join(by_lei, on="lei_key", how="left", maintain_order="left")
        .join(leis, on="id_by_name", how="left", maintain_order="left")
        .with_columns(disagree=(other_supplier | other_lei).fill_null(False))
        .with_columns(
            supplier_id=pl.when(~pl.col("disagree")).then(pl.coalesce("id_by_lei", "id_by_name"))
        )
        .join(names, on="supplier_id", how="left", maintain_order="left")
    )


def _register(suppliers: pl.DataFrame) -> pl.DataFrame:
    """id of the supplier that remains after merges, with each name and LEI it is known by."""
    merged: dict[str, str] = {}
    if "merged_into" in suppliers.columns:
        pairs = suppliers.filter(pl.col("merged_into").is_not_null())
        merged = dict(pairs.select("id", "merged_into").iter_rows())

    def remaining(id: str) -> str:
        for _step in merged:  # at most as many steps as merges, even in a circle
            id = merged.get(id, id)
        return id

    ids = suppliers["id"].to_list()
    return suppliers.select(
        pl.Series("id", [remaining(id) for id in ids] if merged else ids, pl.String),
        _name_key("name").alias("name_key"),
        _lei_key("lei").alias("lei_key"),
    )


def _unambiguous(register: pl.DataFrame, key: str) -> pl.DataFrame:
    return (
        register.drop_nulls(key)
        .group_by(key)
        .agg(pl.col("id").unique())
        .filter(pl.col("id").list.len() == 1)
        .select(key, pl.col("id").list.first())
    )


def _name_key(column: str) -> pl.Expr:
    return (
        pl.col(column).cast(pl.String).str.to_lowercase().str.strip_chars()
        .str.replace_all(r"\s+", " ")
    )  # fmt: skip


def _lei_key(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String).str.to_uppercase().str.replace_all(r"\s+", "")


# Kinds of respondent and dates


def _kinds(rows: pl.DataFrame, questionnaire: Questionnaire) -> pl.DataFrame:
    """Adds kind (a code, or null) and kind_ambiguous."""
    known = {
        folded(word): kind.code
        for kind in questionnaire.respondent_kinds
        for word in (kind.code, kind.text_source, kind.text, *kind.also)
    }
    ambiguous = {folded(word) for word in questionnaire.ambiguous_kinds}
    written = rows["respondent_kind"].drop_nulls().unique().to_list()
    return rows.with_columns(
        kind=pl.col("respondent_kind").replace_strict(
            {word: known.get(folded(word)) for word in written},
            default=None,
            return_dtype=pl.String,
        ),
        kind_ambiguous=pl.col("respondent_kind").is_in(
            [word for word in written if folded(word) in ambiguous]
        ),
    )


def _dates(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds day (a date, or null) and day_why: how it was read, where a person could differ."""
    text = pl.col("assessed_on").str.replace(r"[ T]\d{1,2}:\d{2}.*$", "")
    parts = text.str.extract_groups(r"^(\d{1,2})[./-](\d{1,2})[./-](\d{4})$")
    day_first = pl.concat_str(parts.struct.unnest(), separator="-")
    year_first = text.str.replace_all(r"[./]", "-")
    serial = text.str.extract(r"^(\d{5})(?:\.0*)?$").cast(pl.Int32)
    swappable = (parts.struct["2"].cast(pl.Int32) <= 12) & (parts.struct["1"].cast(pl.Int32) <= 12)
    return rows.with_columns(
        day=pl.coalesce(
            pl.when(year_first.str.contains(r"^\d{4}-\d{1,2}-\d{1,2}$"))
            .then(year_first)
            .str.to_date("%Y-%m-%d", strict=False),
            day_first.str.to_date("%d-%m-%Y", strict=False),
            pl.lit(date(1899, 12, 30)) + pl.duration(days=serial),
        ),
        day_why=pl.when(serial.is_not_null())
        .then(pl.lit(_("The number that Excel keeps for a date.")))
        .when(swappable & (parts.struct["1"] != parts.struct["2"]))
        .then(pl.lit(_("Read as day, month, year."))),
    )


def _unreadable_fields(
    rows: pl.DataFrame, headers: dict[str, str], today: date | None
) -> Iterable[pl.DataFrame]:
    def faults(field: str, bad: pl.Expr, reason: str, remedy: str) -> pl.DataFrame:
        return _faults(rows.filter(bad), pl.lit(headers[field]), pl.col(field), reason, remedy)

    yield faults(
        "supplier",
        pl.col("supplier").is_null() & pl.col("supplier_id").is_null(),
        _("The row does not say which supplier it is about."),
        _("Write the supplier's name, or the LEI of a supplier in the register."),
    )
    kind = pl.col("respondent_kind")
    choose = _("Choose “Brand or manufacturer”, “Reseller” or “Other” from the list in the cell.")
    yield faults(
        "respondent_kind",
        kind.is_null(),
        _("The kind of respondent is missing, and points depend on it."),
        choose,
    )
    yield faults(
        "respondent_kind",
        pl.col("kind_ambiguous"),
        _("This can be a reseller or another kind of respondent, and points depend on it."),
        choose,
    )
    yield faults(
        "respondent_kind",
        kind.is_not_null() & pl.col("kind").is_null() & ~pl.col("kind_ambiguous"),
        _("This is no kind of respondent that the questionnaire knows."),
        choose,
    )
    iso = _("Write the day as year-month-day, for example 2025-03-31.")
    yield faults(
        "assessed_on",
        pl.col("assessed_on").is_null(),
        _("The date of the answers is missing."),
        iso,
    )
    yield faults(
        "assessed_on",
        pl.col("assessed_on").is_not_null() & pl.col("day").is_null(),
        _("This is not a date that can be read in one way."),
        iso,
    )
    yield faults(
        "assessed_on",
        pl.col("day").dt.year() < FIRST_YEAR,
        _("The date lies before {year}.").format(year=FIRST_YEAR),
        iso,
    )
    yield faults(
        "assessed_on",
        pl.lit(False) if today is None else pl.col("day") > today,
        _("The date lies in the future."),
        _("Write the day on which the supplier answered."),
    )


def _faults(
    rows: pl.DataFrame, column: pl.Expr, value: pl.Expr, reason: str | pl.Expr, remedy: str
) -> pl.DataFrame:
    return rows.select(
        "row",
        column.alias("column"),
        value.alias("value"),
        (pl.lit(reason) if isinstance(reason, str) else reason).alias("reason"),
        pl.lit(remedy).alias("remedy"),
    )


# Answers


def _marks(
    frame: pl.DataFrame, columns: dict[str, str], questionnaire: Questionnaire
) -> pl.DataFrame:
    """One line per cell that is filled in an answer's column.

    row, header, value, code, position, chosen, unreadable, note (names written instead of an x).
    """
    answers = pl.DataFrame(
        [
            (columns[answer.code], answer.code, position, answer.names)
            for position, answer in enumerate(questionnaire.answers)
            if answer.code in columns
        ],
        schema={"header": pl.String, "code": pl.String, "position": pl.Int64, "names": pl.Boolean},
        orient="row",
    )
    word = pl.col("value").str.to_lowercase()
    yes, no = word.is_in(list(YES)), word.is_in(list(NO))
    return (
        frame.select(pl.col("__row__").cast(pl.Int64).alias("row"), *answers["header"])
        .unpivot(index="row", variable_name="header", value_name="value")
        .drop_nulls("value")
        .join(answers, on="header", maintain_order="left")
        .with_columns(
            chosen=yes | (pl.col("names") & ~no),
            unreadable=~yes & ~no & ~pl.col("names"),
            note=pl.when(pl.col("names") & ~yes & ~no).then("value"),
        )
        .sort("row", "position")
    )


def _unreadable_marks(marks: pl.DataFrame) -> Iterable[pl.DataFrame]:
    yield _faults(
        marks.filter("unreadable"),
        pl.col("header"),
        pl.col("value"),
        _("This is neither a mark nor an empty cell."),
        _("Write x if the answer applies, and leave the cell empty if it does not."),
    )


def _answers(rows: pl.DataFrame, marks: pl.DataFrame, questionnaire: Questionnaire) -> pl.DataFrame:
    """Adds answers: the codes that are chosen, in the order of the questionnaire."""
    chosen = marks.filter("chosen").group_by("row", maintain_order=True).agg(answers="code")
    return rows.join(chosen, on="row", how="left", maintain_order="left").with_columns(
        pl.col("answers").fill_null(pl.lit([], pl.List(pl.String)))
    )


def _contradictions(
    rows: pl.DataFrame, marks: pl.DataFrame, questionnaire: Questionnaire
) -> Iterable[pl.DataFrame]:
    # A mark that cannot be read is told once, not again as a block without an answer.
    readable = rows.join(marks.filter("unreadable"), on="row", how="anti", maintain_order="left")
    labels = {answer.code: answer.label for answer in questionnaire.answers}
    sentences = [
        (codes, ", ".join(labels[code] for code in codes), sentence)
        for codes in readable["answers"].unique().to_list()
        for sentence in check_answers(questionnaire, codes, complete=True)
    ]
    found = pl.DataFrame(
        sentences,
        schema={"answers": pl.List(pl.String), "value": pl.String, "reason": pl.String},
        orient="row",
    )
    yield _faults(
        readable.join(found, on="answers", maintain_order="left"),
        pl.lit(_("Answers")),
        pl.col("value"),
        pl.col("reason"),
        _("Correct the marks of this row and import it again."),
    )


# What is filled in, and evidence


def _filled(rows: pl.DataFrame) -> pl.DataFrame:
    supplier = pl.coalesce("supplier", "name_on_register")
    return rows.with_columns(
        supplier=supplier,
        company_name=pl.coalesce(pl.col("company_name"), supplier),
        respondent_kind=pl.col("kind"),
        assessed_on=pl.col("day"),
    )


def _mended(rows: pl.DataFrame, headers: dict[str, str]) -> list[pl.DataFrame]:
    def changes(field: str, where: pl.Expr, after: pl.Expr, why: str | pl.Expr) -> pl.DataFrame:
        return rows.filter(where).select(
            "row",
            pl.lit(headers[field]).alias("column"),
            pl.col(field).alias("before"),
            after.alias("after"),
            (pl.lit(why) if isinstance(why, str) else why).alias("why"),
        )

    named = pl.coalesce("supplier", "name_on_register")
    link = pl.col("evidence_link")
    return [
        changes(
            "supplier",
            pl.col("supplier").is_null() & pl.col("name_on_register").is_not_null(),
            pl.col("name_on_register"),
            _("The register's name for this LEI."),
        ),
        changes(
            "company_name",
            pl.col("company_name").is_null() & named.is_not_null(),
            named,
            _("Left empty: the supplier itself is taken as the respondent."),
        ),
        changes(
            "assessed_on",
            pl.col("day").is_not_null() & pl.col("day_why").is_not_null(),
            pl.col("day").dt.to_string("%Y-%m-%d"),
            pl.col("day_why"),
        ),
        changes(
            "evidence_link",
            link.is_not_null() & (_link() != link),
            _link(),
            _("A web address begins with https://."),
        ),
        changes(
            "evidence_link",
            link.is_not_null() & _link().is_null(),
            link,
            _("Not a web address: kept as a note on the evidence."),
        ),
    ]


def _link() -> pl.Expr:
    """The web address in the cell, or null; nothing but http and https may become a link."""
    text = pl.col("evidence_link")
    return (
        pl.when(text.str.contains(r"^(?i)https?://\S+$"))
        .then(text)
        .when(text.str.contains(r"^(?i)www\.\S+$"))
        .then(pl.concat_str(pl.lit("https://"), text))
    )


def _evidence(
    rows: pl.DataFrame, marks: pl.DataFrame, questionnaire: Questionnaire
) -> pl.DataFrame:
    """Adds evidence: the names as notes, the row's link at every answer that claims something."""
    nones = {answer.code for answer in questionnaire.answers if answer.none}
    notes: dict[int, dict[str, str]] = defaultdict(dict)
    for row, code, note in marks.drop_nulls("note").select("row", "code", "note").iter_rows():
        notes[row][code] = note
    fields = rows.select("row", "answers", pl.col("evidence_link"), _link().alias("link"))
    return rows.with_columns(
        pl.Series(
            "evidence",
            [
                _evidence_of(
                    [code for code in codes if code not in nones] or codes,
                    notes.get(row, {}),
                    "" if link else written or "",
                    link or "",
                )
                for row, codes, written, link in fields.iter_rows()
            ],
            pl.String,
        )
    )


def _evidence_of(codes: list[str], names: dict[str, str], remark: str, link: str) -> str:
    evidence = {
        code: {"note": " · ".join(filter(None, (names.get(code), remark))), "link": link}
        for code in codes
        if link or remark or code in names
    }
    return json.dumps(evidence, ensure_ascii=False)


# Sentences about the whole file


def _column_notes(
    frame: pl.DataFrame, columns: dict[str, str], questionnaire: Questionnaire
) -> Iterable[str]:
    unused = [name for name in frame.columns if name not in {"__row__", *columns.values()}]
    if unused:
        yield _("Columns that were not used: {columns}.").format(columns=_some(unused))
    absent = [answer.label for answer in questionnaire.answers if answer.code not in columns]
    if absent:
        yield _("Answers without a column, taken as not chosen: {answers}.").format(
            answers=_some(absent)
        )


def _supplier_notes(rows: pl.DataFrame) -> Iterable[str]:
    named = pl.col("supplier").is_not_null()
    unknown = rows.filter(named & pl.col("supplier_id").is_null() & ~pl.col("disagree"))
    if names := unknown["supplier"].unique(maintain_order=True).to_list():
        yield ngettext(
            "{number} supplier is not in the register by this name or LEI: {names}. "
            "Choose which supplier is meant.",
            "{number} suppliers are not in the register by this name or LEI: {names}. "
            "Choose which supplier is meant by each.",
            len(names),
        ).format(number=len(names), names=_some(names))
    if (
        names := rows.filter(named & pl.col("disagree"))["supplier"]
        .unique(maintain_order=True)
        .to_list()
    ):
        yield _(
            "Name and LEI do not belong to the same supplier: {names}. Choose which one is meant."
        ).format(names=_some(names))


def _twice(rows: pl.DataFrame) -> Iterable[str]:
    key = [pl.coalesce("supplier_id", "name_key"), pl.col("assessed_on")]
    again = rows.filter(pl.struct(key).is_duplicated() & pl.col("assessed_on").is_not_null())
    if names := again["supplier"].drop_nulls().unique(maintain_order=True).to_list():
        yield _("More than one row for the same supplier and day: {names}.").format(
            names=_some(names)
        )


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:_NAMED_IN_NOTES])
    more = len(names) - _NAMED_IN_NOTES
    return shown if more <= 0 else _("{names} and {more} more").format(names=shown, more=more)


# The template


def template(questionnaire: Questionnaire | None = None) -> bytes:
    """An xlsx workbook to fill in: sheets "Assessments" (with an example) and how to fill it in."""
    questionnaire = questionnaire or current()
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False}) as workbook:
        _assessment_sheet(workbook, questionnaire)
        _help_sheet(workbook, questionnaire)
    return file.getvalue()


def _assessment_sheet(workbook: xlsxwriter.Workbook, questionnaire: Questionnaire) -> None:
    sheet = workbook.add_worksheet(_("Assessments"))
    fields = _template_columns(questionnaire)
    header = {"bold": True, "text_wrap": True, "valign": "bottom", "bottom": 1}
    # Two greys in turn show which answers belong to one question.
    shades = [
        workbook.add_format(header | {"bg_color": colour}) for colour in ("#EDEDED", "#DADADA")
    ]
    day = workbook.add_format({"num_format": "yyyy-mm-dd"})
    example = workbook.add_format({"italic": True, "font_color": "#595959"})
    blocks = [None, *questionnaire.blocks]
    for column, (key, text, block, comment) in enumerate(fields):
        sheet.write_string(0, column, text, shades[blocks.index(block) % 2])
        sheet.write_comment(0, column, comment, {"x_scale": 2, "y_scale": 1.5})
        sheet.set_column(column, column, 12 if block else 22, day if key == "assessed_on" else None)
        _validate(sheet, column, key, questionnaire)
    for column, text in enumerate(_example(fields, questionnaire)):
        sheet.write_string(1, column, text, example)
    sheet.set_row(0, 64)
    sheet.freeze_panes(1, 1)


_Column = tuple[str, str, Block | None, str]


def _template_columns(questionnaire: Questionnaire) -> list[_Column]:
    """Field or answer code, header, block and comment of every column, left to right."""
    comments = _field_help(questionnaire)
    fields: list[_Column] = [
        (field, header, None, comments[field]) for field, header in _headers().items()
    ]
    answers: list[_Column] = [
        (answer.code, answer.label, block, f"{block.text}\n{answer.text} {answer.help}")
        for block in questionnaire.blocks
        for answer in block.answers
    ]
    last = [field for field in fields if field[0] in ("other_actions", "evidence_link")]
    return [*(field for field in fields if field not in last), *answers, *last]


def _field_help(questionnaire: Questionnaire) -> dict[str, str]:
    kinds = ", ".join(f"“{kind.text}”" for kind in questionnaire.respondent_kinds)
    return {
        "supplier": _("The supplier's name as in the register. Needed, unless the LEI is given."),
        "lei": _("Legal Entity Identifier, 20 letters and digits. It is surer than the name."),
        "respondent_kind": _("Who answered: {kinds}. Needed: points depend on it.").format(
            kinds=kinds
        ),
        "company_name": _("The company that answered. Left empty, the supplier itself."),
        "contact": _("Who answered there. Only your own organisation sees it."),
        "assessed_on": _("The day of the answers, as year-month-day. Needed."),
        "other_actions": f"{questionnaire.open_question.text} {questionnaire.open_question.help}",
        "evidence_link": _("A web address that supports the answers of this row."),
    }


def _validate(
    sheet: xlsxwriter.worksheet.Worksheet, column: int, key: str, questionnaire: Questionnaire
) -> None:
    rule: dict[str, object] | None = None
    if key == "respondent_kind":
        kinds = [kind.text for kind in questionnaire.respondent_kinds]
        rule = {"validate": "list", "source": kinds}
    elif key == "assessed_on":
        rule = {
            "validate": "date",
            "criteria": ">=",
            "value": date(FIRST_YEAR, 1, 1),
            "error_message": _("Write a day, for example 2025-03-31."),
        }
    elif answer := _answer(questionnaire, key):
        # Where names are asked they may stand in place of the x.
        rule = {"validate": "list", "source": ["x"], "show_error": not answer.names}
    if rule:
        sheet.data_validation(2, column, _TEMPLATE_ROWS, column, rule)


def _answer(questionnaire: Questionnaire, code: str) -> Answer | None:
    return next((answer for answer in questionnaire.answers if answer.code == code), None)


def _example(fields: list[_Column], questionnaire: Questionnaire) -> list[str]:
    values = {
        "supplier": example_supplier(),
        "respondent_kind": questionnaire.respondent_kinds[0].text,
        "company_name": _("Northwind Devices"),
        "contact": "sourcing@northwind.example",
        "assessed_on": "2025-03-31",
        "evidence_link": "https://northwind.example/report",
    }
    # The second answer of each block: the first one is often "nothing".
    marks = {block.answers[1].code: "x" for block in questionnaire.blocks}
    return [(values | marks).get(key, "") for key, *_rest in fields]


def _help_sheet(workbook: xlsxwriter.Workbook, questionnaire: Questionnaire) -> None:
    sheet = workbook.add_worksheet(_("How to fill this in"))
    bold = workbook.add_format({"bold": True})
    wrap = workbook.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 30, wrap)
    sheet.set_column(1, 1, 100, wrap)
    lines: list[tuple[str, str]] = [
        (questionnaire.title, ""),
        ("", _("Source: {source}").format(source=questionnaire.source)),
        ("", _("One row per supplier. Write x in the column of each answer that applies.")),
        ("", _("Keep the first row as it is. The example in row 2 is skipped; you may delete it.")),
        ("", ""),
        *((text, _field_help(questionnaire)[field]) for field, text in _headers().items()),
    ]
    for block in questionnaire.blocks:
        lines += [("", ""), (block.text, block.help)]
        lines += [(answer.label, _answer_help(answer)) for answer in block.answers]
    headings = {questionnaire.title, *(block.text for block in questionnaire.blocks)}
    for row, (left, right) in enumerate(lines):
        sheet.write_string(row, 0, left, bold if left in headings else wrap)
        sheet.write_string(row, 1, right, wrap)


def _answer_help(answer: Answer) -> str:
    names = _("You may write the names in the cell instead of an x.") if answer.names else ""
    return " ".join(filter(None, (answer.text, answer.help, names)))
