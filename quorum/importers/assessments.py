"""Many assessments at once, read from the spreadsheet of quorum.importers.assessment_sheet.

One row per supplier, one column per answer of the questionnaire, marked with an x.
"""

import json
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from stdnum import lei

from quorum.answering import is_web_address
from quorum.definitions import Questionnaire
from quorum.importers.assessment_sheet import FIRST_YEAR, example_supplier, headers
from quorum.importers.findings import Findings
from quorum.importers.mapping import folded
from quorum.importers.reading import Outcome, Table
from quorum.language import _, ngettext
from quorum.scoring import check_answers

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
_COLUMNS = [name for name in _ACCEPTED if name != "row"]


@cache
def _words() -> dict[str, Any]:
    """What people write in the sheet: see the comments in the file."""
    path = Path(__file__).with_name("assessments.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


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
    findings = Findings(headers() | columns)
    if faults := list(_missing_columns(columns, questionnaire)):
        for fault in faults:
            findings.reject_file(*fault)
        return findings.outcome(pl.DataFrame(schema=_ACCEPTED), _COLUMNS)
    rows = _rows(table.frame, columns, findings)
    rows = _match(rows, suppliers)
    rows = _dates(_kinds(rows, questionnaire))
    marks = _marks(table.frame, columns, questionnaire).join(rows, on="row", how="semi")
    rows = _answers(rows, marks, questionnaire)
    _check_fields(rows, findings, today)
    findings.reject_longer(rows, _words()["longest"])
    _check_marks(marks, findings)
    _check_answers(rows, marks, questionnaire, findings)
    _mend(rows, findings)
    rows = _evidence(_filled(rows), marks, questionnaire)
    findings.notes += [
        *_column_notes(table.frame, columns, questionnaire),
        *_supplier_notes(rows),
        *_twice(rows),
    ]
    typed = rows.select(pl.col(name).cast(kind) for name, kind in _ACCEPTED.items())
    return findings.outcome(typed, _COLUMNS)


def _find_columns(frame: pl.DataFrame, questionnaire: Questionnaire) -> dict[str, str]:
    """Field or answer code -> header in the file, for all that the file has."""
    also = _words()["headers"]
    present = {folded(header): header for header in reversed(frame.columns) if header != "__row__"}
    names = {field: (header, field, *also.get(field, ())) for field, header in headers().items()}
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
) -> Iterable[tuple[str | None, str, str]]:
    """Column, reason and remedy of all that the sheet lacks to be read at all."""
    names = headers()
    remedy = _("Copy your rows into the template, which has all columns, and import that.")
    if "supplier" not in columns and "lei" not in columns:
        yield names["supplier"], _("No column names the supplier."), remedy
    for field in ("respondent_kind", "assessed_on"):
        if field not in columns:
            reason = _("The sheet has no column “{column}”.").format(column=names[field])
            yield names[field], reason, remedy
    if not any(answer.code in columns for answer in questionnaire.answers):
        reason = _("No column is named after an answer of the questionnaire “{title}”.")
        yield None, reason.format(title=questionnaire.title), remedy


def _rows(frame: pl.DataFrame, columns: dict[str, str], findings: Findings) -> pl.DataFrame:
    """The fields of all rows that hold an assessment: neither blank nor the example."""
    blank = pl.all_horizontal(pl.col(*columns.values()).is_null())
    first = pl.col(columns.get("supplier", columns.get("lei", "")))
    example = first.str.to_lowercase().eq_missing(pl.lit(example_supplier().lower()))
    if frame.select(example.any()).item():
        findings.notes.append(_("The example row was skipped."))
    return frame.filter(~blank & ~example).select(
        pl.col("__row__").cast(pl.Int64).alias("row"),
        *(
            (pl.col(columns[field]) if field in columns else pl.lit(None, pl.String)).alias(field)
            for field in headers()
        ),
    )


# Suppliers


def _match(rows: pl.DataFrame, suppliers: pl.DataFrame) -> pl.DataFrame:
    """Adds supplier_id, disagree (LEI and name point elsewhere), name_on_register and lei_wrong
    (not in the register, and its check digits do not fit)."""
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
        .with_columns(lei_wrong=pl.col("id_by_lei").is_null() & ~_is_lei("lei_key"))
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


def _is_lei(column: str) -> pl.Expr:
    """Whether length, characters and check digits fit (ISO 17442); null stays null."""
    return pl.col(column).map_elements(lei.is_valid, return_dtype=pl.Boolean)


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


def _check_fields(rows: pl.DataFrame, findings: Findings, today: date | None) -> None:
    """Refuses rows whose supplier, kind or date is missing or cannot be read."""
    findings.reject(
        rows, pl.col("supplier").is_null() & pl.col("supplier_id").is_null(), "supplier",
        _("The row does not say which supplier it is about."),
        _("Write the supplier's name, or the LEI of a supplier in the register."),
    )  # fmt: skip
    findings.reject(
        rows, pl.col("lei_wrong"), "lei",
        _("This is no LEI: it has 20 letters and digits, and its check digits must fit."),
        _("Correct the typing error, or leave the cell empty and write the supplier's name."),
    )  # fmt: skip
    _check_kinds(rows, findings)
    written, day = pl.col("assessed_on"), pl.col("day")
    iso = _("Write the day as year-month-day, for example 2025-03-31.")
    for bad, reason in (
        (written.is_null(), _("The date of the answers is missing.")),
        (
            written.is_not_null() & day.is_null(),
            _("This is not a date that can be read in one way."),
        ),
        (
            day.dt.year() < FIRST_YEAR,
            _("The date lies before {year}.").format(year=FIRST_YEAR),
        ),
    ):
        findings.reject(rows, bad, "assessed_on", reason, iso)
    findings.reject(
        rows, pl.lit(False) if today is None else day > today, "assessed_on",
        _("The date lies in the future."), _("Write the day on which the supplier answered."),
    )  # fmt: skip


def _check_kinds(rows: pl.DataFrame, findings: Findings) -> None:
    written, ambiguous = pl.col("respondent_kind"), pl.col("kind_ambiguous")
    choose = _("Choose “Brand or manufacturer”, “Reseller” or “Other” from the list in the cell.")
    for bad, reason in (
        (written.is_null(), _("The kind of respondent is missing, and points depend on it.")),
        (
            ambiguous,
            _("This can be a reseller or another kind of respondent, and points depend on it."),
        ),
        (
            written.is_not_null() & pl.col("kind").is_null() & ~ambiguous,
            _("This is no kind of respondent that the questionnaire knows."),
        ),
    ):
        findings.reject(rows, bad, "respondent_kind", reason, choose)


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
    yes, no = word.is_in(_words()["yes"]), word.is_in(_words()["no"])
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


def _check_marks(marks: pl.DataFrame, findings: Findings) -> None:
    unreadable = marks.filter("unreadable")
    for header in unreadable["header"].unique(maintain_order=True):
        findings.reject(
            unreadable.rename({"value": str(header)}), pl.col("header") == header, str(header),
            _("This is neither a mark nor an empty cell."),
            _("Write x if the answer applies, and leave the cell empty if it does not."),
        )  # fmt: skip


def _answers(rows: pl.DataFrame, marks: pl.DataFrame, questionnaire: Questionnaire) -> pl.DataFrame:
    """Adds answers: the codes that are chosen, in the order of the questionnaire."""
    chosen = marks.filter("chosen").group_by("row", maintain_order=True).agg(answers="code")
    return rows.join(chosen, on="row", how="left", maintain_order="left").with_columns(
        pl.col("answers").fill_null(pl.lit([], pl.List(pl.String)))
    )


def _check_answers(
    rows: pl.DataFrame, marks: pl.DataFrame, questionnaire: Questionnaire, findings: Findings
) -> None:
    # A mark that cannot be read is told once, not again as a block without an answer.
    readable = rows.join(marks.filter("unreadable"), on="row", how="anti", maintain_order="left")
    column = _("Answers")
    labels = {answer.code: answer.label for answer in questionnaire.answers}
    sentences = [
        (codes, ", ".join(labels[code] for code in codes), sentence)
        for codes in readable["answers"].unique().to_list()
        for sentence in check_answers(questionnaire, codes, complete=True)
    ]
    found = pl.DataFrame(
        sentences,
        schema={"answers": pl.List(pl.String), column: pl.String, "reason": pl.String},
        orient="row",
    )
    findings.reject(
        readable.join(found, on="answers", maintain_order="left"), pl.lit(True), column,
        pl.col("reason"), _("Correct the marks of this row and import it again."),
    )  # fmt: skip


# What is filled in, and evidence


def _filled(rows: pl.DataFrame) -> pl.DataFrame:
    supplier = pl.coalesce("supplier", "name_on_register")
    return rows.with_columns(
        supplier=supplier,
        company_name=pl.coalesce(pl.col("company_name"), supplier),
        respondent_kind=pl.col("kind"),
        assessed_on=pl.col("day"),
    )


def _mend(rows: pl.DataFrame, findings: Findings) -> None:
    named = pl.coalesce("supplier", "name_on_register")
    link = pl.col("evidence_link")
    for field, where, after, why in (
        (
            "supplier",
            pl.col("supplier").is_null() & pl.col("name_on_register").is_not_null(),
            pl.col("name_on_register"),
            _("The register's name for this LEI."),
        ),
        (
            "company_name",
            pl.col("company_name").is_null() & named.is_not_null(),
            named,
            _("Left empty: the supplier itself is taken as the respondent."),
        ),
        (
            "assessed_on",
            pl.col("day").is_not_null() & pl.col("day_why").is_not_null(),
            pl.col("day").dt.to_string("%Y-%m-%d"),
            pl.col("day_why"),
        ),
        (
            "evidence_link",
            link.is_not_null() & (_link() != link),
            _link(),
            _("A web address begins with https://."),
        ),
        (
            "evidence_link",
            link.is_not_null() & _link().is_null(),
            link,
            _("Not a web address: kept as a note on the evidence."),
        ),
    ):
        findings.mend(rows, where, field, field, after, why)


def _link() -> pl.Expr:
    """The web address in the cell, or null; nothing but http and https may become a link."""
    text = pl.col("evidence_link")
    whole = (
        pl.when(text.str.contains(r"^(?i)www\.")).then(pl.lit("https://") + text).otherwise(text)
    )
    return pl.when(whole.map_elements(is_web_address, return_dtype=pl.Boolean)).then(whole)


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
