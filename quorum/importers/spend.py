"""Spend from a financial system, as CSV or XLSX: one row per supplier, order or invoice.

Amounts and dates are read as the whole column writes them ("1.234" is a thousand in one file and
one and a bit in another); where a column does not settle it, the notes say how it was read.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from babel import Locale
from babel.core import get_global
from rapidfuzz import fuzz, process, utils

from quorum.importers.examples import Kind, example_file
from quorum.importers.findings import Findings, by_value, raw_rows
from quorum.importers.mapping import Field, folded
from quorum.importers.reading import Outcome, Table, first_rows
from quorum.language import _, ngettext
from quorum.store.relations import RELATIONS

LARGEST_AMOUNT = Decimal(10) ** 13  # what numeric(15, 2) holds
FIRST_YEAR, LAST_YEAR = 1990, 2100
SUGGESTED_FROM = 80  # rapidfuzz score, 0-100; the person confirms each suggestion

FIELDS: tuple[Field, ...] = (
    Field("supplier", _("Supplier"), _("The name as your books have it."), True),
    Field("amount", _("Amount"), _("Without VAT if you can; credit notes are negative."), True),
    Field("currency", _("Currency"), _("ISO code such as EUR; or choose one for the whole file.")),
    Field("year", _("Year"), _("Calendar or financial year; or a date instead.")),
    Field("date", _("Date"), _("Of the invoice or booking; gives the year when there is none.")),
    Field("category", _("Category"), _("What was bought, in your words or as CPV code.")),
    Field("contract_reference", _("Contract reference"), _("Your number of the contract.")),
    Field("contract_end", _("Contract end"), _("The date on which the contract ends.")),
    Field(
        "supplier_identifier",
        _("Supplier identifier"),
        _("LEI, VAT or registry number: finds the supplier without doubt."),
    ),
)
_NAMES = [field.name for field in FIELDS]
COLUMNS = ["supplier", "supplier_id", "year", "amount", "currency", "category",
           "contract_reference", "contract_end"]  # fmt: skip
LONGEST = {"supplier": 200, "category": 200, "contract_reference": 200}

_SPACES = "\u00a0\u202f\u2009 "
_APOSTROPHES = "'’"
_DAY_FIRST, _MONTH_FIRST = "day first", "month first"
_EXCEL_EPOCH = date(1899, 12, 30)
_MONTHS = {month[:3].casefold(): number for number, month in
           Locale("en").months["format"]["wide"].items()}  # fmt: skip


def read_spend(
    table: Table,
    mapping: Mapping[str, str | None],
    suppliers: pl.DataFrame,
    default_currency: str | None = None,
    default_year: int | None = None,
) -> Outcome:
    """A table's rows as spend.

    mapping: field (FIELDS) -> column of the table. suppliers: the register (id, name, lei, vat,
    registry_number, merged_into). The defaults stand in where a row has no currency, year or date
    of its own. Accepted: row, COLUMNS; supplier_id is null where the register has no supplier, or
    several, of exactly that name or identifier.
    """
    findings = Findings(mapping)
    if findings.miss(FIELDS):
        return findings.outcome(pl.DataFrame(schema=_schema()), COLUMNS)
    rows = raw_rows(table, mapping, _NAMES)
    _check_texts(rows, findings)
    rows = _with_amount(rows, findings)
    rows = _with_currency(rows, findings, default_currency)
    rows = _with_dates(rows, findings)
    rows = _with_year(rows, findings, default_year)
    rows = _with_supplier(rows, suppliers, findings)
    _note_repeats(rows, findings)
    findings.note_line_breaks(table)
    findings.note_unread(table)
    read = ("amount", "currency", "year", "contract_end")
    rows = rows.drop(read).rename({f"{name}_read": name for name in read})
    return findings.outcome(_typed(rows), COLUMNS)


def suggest_suppliers(names: list[str], suppliers: pl.DataFrame) -> pl.DataFrame:
    """For names that the register does not have: the supplier that is probably meant.

    Returns name, supplier_id, suggestion (the register's name) and score (80-100), one row per
    distinct name; the last three are null where nothing is near. Never applied without a person.
    """
    current = suppliers.filter(pl.col("merged_into").is_null()).sort("name", "id")
    known = current["name"].to_list()
    identifiers = current["id"].to_list()
    found = []
    for name in dict.fromkeys(names):
        best = process.extractOne(
            name, known, scorer=fuzz.WRatio, processor=utils.default_process,
            score_cutoff=SUGGESTED_FROM,
        )  # fmt: skip
        found.append(
            (name, identifiers[best[2]], best[0], round(best[1], 1))
            if best
            else (name, None, None, None)
        )
    schema = {"name": pl.String, "supplier_id": pl.String, "suggestion": pl.String,
              "score": pl.Float64}  # fmt: skip
    return pl.DataFrame(found, schema=schema, orient="row")


def template(kind: Kind = "csv") -> bytes:
    """A file to start from: the columns, and three rows of fictional suppliers."""
    columns = _NAMES[:3] + _NAMES[4:8]
    examples = [
        ["Example Computers", "125000.00", "EUR", "2025-03-14", "Laptops", "C-2023-017",
         "2027-12-31"],
        ["Example Computers", "-1250.50", "EUR", "2025-04-02", "Laptops", "C-2023-017",
         "2027-12-31"],
        ["Example Network Services", "48200.00", "EUR", "2025-06-30", "Network equipment", "", ""],
    ]  # fmt: skip
    return example_file(kind, _("Spend"), columns, examples, money=("amount",))


def _schema() -> dict[str, pl.DataType]:
    spend = RELATIONS["spend"]
    own = {"row": pl.Int64(), "supplier": pl.String()}
    return own | {name: spend[name] for name in COLUMNS if name in spend}


def _typed(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(pl.col(name).cast(dtype) for name, dtype in _schema().items())


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("spend.toml").read_text(encoding="utf-8"))


def _check_texts(rows: pl.DataFrame, findings: Findings) -> None:
    for name in ("supplier", "amount"):
        findings.reject(
            rows, pl.col(name).is_null(), name, _("It is empty."),
            _("Fill it in, or leave the row out."),
        )  # fmt: skip
    findings.reject_longer(rows, LONGEST)
    sums = {folded(word) for word in _data()["sums"]["words"]}
    is_sum = by_value(rows["supplier"], lambda name: folded(name) in sums, pl.Boolean)
    findings.reject(
        rows.with_columns(is_sum.alias("is_sum")), pl.col("is_sum"), "supplier",
        _("The row looks like a sum of others, which would count the spend twice."),
        _("Leave the row out; if a supplier is really called so, write its full legal name."),
    )  # fmt: skip


# Amounts


# A point may stand before the digits in an abbreviation, as in "Fr. 100".
_AMOUNT = re.compile(
    r"(?P<before>(?:[^\d.,]|(?<=[^\W\d])\.)*?)"
    rf"(?P<digits>[.,]?\d[\d.,{_SPACES}{_APOSTROPHES}]*?(?:[eE][+-]?\d{{1,3}})?)"
    r"(?P<behind>(?:[^\d.,]\D*)?)"
)


@dataclass(frozen=True)
class Amount:
    """An amount as written: sign, digits with their separators, and what stands beside it."""

    negative: bool
    digits: str
    mark: str


def take_apart(text: str) -> Amount | None:
    """Sign, digits and currency mark of an amount; None when it is no amount.

    Negative: a minus before or behind (also the typographic one), or brackets around.
    """
    rest = text.strip().replace("−", "-").replace("–", "-")
    rest = re.sub(r"(?<=\d)[.,]\s*[-=]{1,2}$", "", rest)  # "1.250,-" has no cents, and is no credit
    found = _AMOUNT.fullmatch(rest)
    if not found:
        return None
    marks = f"{found['before']} {found['behind']}"
    bracketed = "(" in found["before"] and ")" in found["behind"]
    if marks.count("-") + bracketed > 1:
        return None
    mark = re.sub(r"[-+()]", " ", marks) if bracketed else re.sub(r"[-+]", " ", marks)
    return Amount(
        negative=bracketed or "-" in marks,
        digits=found["digits"].rstrip(_SPACES),
        mark=" ".join(mark.split()),
    )


def decimal_mark(digits: str) -> str | None:
    """Which of point and comma must be the decimal mark here: itself, or "" when none can be known.

    None when the digits are not grouped as any convention does. "1,234" leaves it open.
    """
    compact = re.sub(rf"[{_SPACES}{_APOSTROPHES}]", "", digits)
    points, commas = compact.count("."), compact.count(",")
    if "e" in compact.lower():
        return "." if commas == 0 else ","
    if points and commas:
        last = "." if compact.rindex(".") > compact.rindex(",") else ","
        return last if compact.count(last) == 1 else None
    if points > 1:
        return ","
    if commas > 1:
        return "."
    if points or commas:
        mark = "." if points else ","
        whole, part = compact.split(mark)
        grouped = len(part) == 3 and 1 <= len(whole) <= 3 and whole.strip("0") != ""
        return "" if grouped and compact == digits else mark
    return ""


def value_of(amount: Amount, mark: str) -> Decimal | None:
    """The amount as a number if `mark` is the decimal mark; None if its grouping contradicts."""
    other = "," if mark == "." else "."
    group = rf"[{re.escape(other)}{_SPACES}{_APOSTROPHES}]"
    pattern = (
        rf"(?:\d{{1,3}}(?:{group}\d{{2,3}})*{group}\d{{3}}|\d+|)"
        rf"(?:{re.escape(mark)}\d*)?(?:[eE][+-]?\d+)?"
    )
    if not re.fullmatch(pattern, amount.digits):
        return None
    plain = re.sub(group, "", amount.digits).replace(mark, ".")
    value = Decimal(plain)
    # Compared before rounding: 1E+99999 is legal text, and slow to write out.
    if value.adjusted() > 15:
        return LARGEST_AMOUNT
    cents = value.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return -cents if amount.negative else cents


def _with_amount(rows: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    """Adds amount_read and mark (what stood beside the digits)."""
    texts = rows["amount"].drop_nulls().unique().to_list()
    parts = {text: take_apart(text) for text in texts}
    marks = {
        text: decimal_mark(amount.digits) for text, amount in parts.items() if amount is not None
    }
    certain = {mark for mark in marks.values() if mark}
    column = certain.pop() if len(certain) == 1 else None
    both = len(certain) > 1

    def read(text: str) -> float | None:
        amount = parts[text]
        if amount is None or (both and not marks[text] and re.search(r"[.,]", amount.digits)):
            return None
        # Nothing in the column says otherwise: "1.234" and "1,234" are thousands.
        usual = "," if "." in amount.digits else "."
        value = value_of(amount, marks[text] or column or usual)
        return None if value is None else float(value)

    def beside(text: str) -> str | None:
        amount = parts[text]
        return amount.mark if amount and amount.mark else None

    rows = rows.with_columns(
        by_value(rows["amount"], read, pl.Float64).alias("amount_read"),
        by_value(rows["amount"], beside, pl.String).alias("mark"),
    )
    unclear = [text for text, mark in marks.items() if mark == "" and re.search(r"[.,]", text)]
    findings.reject(
        rows,
        pl.col("amount").is_not_null() & pl.col("amount_read").is_null(),
        "amount",
        pl.when(pl.col("amount").is_in(unclear if both else []))
        .then(
            pl.lit(
                _("The column has both decimal points and decimal commas; this could be either.")
            )
        )
        .otherwise(pl.lit(_("It is not an amount."))),
        _("Write digits with one decimal mark, such as 1234.50."),
    )
    findings.reject(
        rows,
        pl.col("amount_read").abs() >= float(LARGEST_AMOUNT),
        "amount",
        _("It is ten million millions or more."),
        _("Correct it; amounts are in whole units of the currency, not cents."),
    )
    if unclear and not column and not both:
        findings.notes.append(
            _('Amounts such as "{example}" were read as thousands, not as decimals.').format(
                example=min(unclear)
            )
        )
    fine = pl.col("amount").str.contains(r"[.,]\d{3,}\D*$") & (
        pl.col("amount_read") != pl.col("amount_read").round(0)
    )
    rounded = rows.filter(fine).height
    if rounded:
        findings.notes.append(
            ngettext(
                "{count} amount had more than two decimals and was rounded to cents.",
                "{count} amounts had more than two decimals and were rounded to cents.",
                rounded,
            ).format(count=rounded)
        )
    return rows


# Currencies


@cache
def currencies() -> frozenset[str]:
    """The ISO 4217 codes in use today in some country (CLDR, through babel)."""
    return frozenset(
        str(code)
        for uses in get_global("territory_currencies").values()
        for code, _start, end, tender in uses
        if end is None and tender
    )


def _with_currency(rows: pl.DataFrame, findings: Findings, default: str | None) -> pl.DataFrame:
    """Adds currency_read: the currency column's, else the sign beside the amount, else default."""
    pairs = rows.select("currency", "mark").unique()
    answers = [_currency(own, mark, default) for own, mark in pairs.iter_rows()]
    pairs = pairs.with_columns(
        pl.Series("currency_read", [answer[0] for answer in answers], dtype=pl.String),
        pl.Series("fault", [answer[1] for answer in answers], dtype=pl.String),
    )
    rows = rows.join(
        pairs, on=["currency", "mark"], how="left", nulls_equal=True, maintain_order="left"
    )
    faulty = pl.col("fault").is_not_null()
    advice = _("Write the ISO code, such as EUR, or choose one currency for the whole file.")
    in_column = faulty & pl.col("currency").is_not_null()
    findings.reject(rows, in_column, "currency", pl.col("fault"), advice)
    findings.reject(
        rows,
        faulty & pl.col("currency").is_null() & pl.col("amount_read").is_not_null(),
        "amount",
        pl.col("fault"),
        advice,
    )
    return rows.drop("fault")


def _currency(
    own: str | None, mark: str | None, default: str | None
) -> tuple[str | None, str | None]:
    """The currency and, when there is none, what is wrong."""
    beside = _meant(mark) if mark else None
    if beside == ():
        return None, _('"{mark}" beside the amount is no currency that is known here.').format(
            mark=mark
        )
    stated = _meant(own) if own else None
    if own and not stated:
        return None, _("It is no currency of today (ISO 4217).")
    if stated and len(stated) > 1 and default not in stated:
        return None, _("Several currencies are written so.")
    chosen = (default if default in (stated or ()) else stated[0]) if stated else None
    if chosen and beside and chosen not in beside:
        return None, _('The amount says "{mark}", the currency column something else.').format(
            mark=mark
        )
    if chosen:
        return chosen, None
    if beside:
        if default in beside:
            return default, None
        return (
            (beside[0], None)
            if len(beside) == 1
            else (None, _("Several currencies are written so."))
        )
    if default:
        return default, None
    return None, _("The row has no currency.")


def _meant(text: str) -> tuple[str, ...]:
    """The currencies that a code or a sign can mean; empty when none."""
    code = text.strip(" .").upper()
    if code in currencies():
        return (code,)
    signs = {sign.casefold(): tuple(codes) for sign, codes in _data()["signs"].items()}
    return signs.get(text.strip().casefold(), ())


# Dates and years


def _with_dates(rows: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    """Adds date_read and contract_end_read (Date)."""
    for name in ("date", "contract_end"):
        texts = rows[name].drop_nulls().unique().to_list()
        order, conflict = _order(texts)
        if name == "date" and conflict:
            order, conflict = _DAY_FIRST, False  # only its year is used, which is the same
        read = by_value(rows[name], lambda text, order=order: read_date(text, order), pl.Date)  # type: ignore[misc]
        rows = rows.with_columns(read.alias(f"{name}_read"))
        findings.reject(
            rows,
            pl.col(name).is_not_null() & pl.col(f"{name}_read").is_null(),
            name,
            _("It is not a date, or could be two different ones.")
            if conflict
            else _("It is not a date."),
            _("Write it as year-month-day, such as 2026-03-31."),
        )
        undecided = [t for t in texts if _numbers(t) and _either(t)]
        if undecided and order is not None and not _evidence(texts):
            findings.notes.append(
                _(
                    'Dates such as "{example}" in column "{column}" were read as day, month, '
                    "year; nothing in the column says otherwise."
                ).format(example=min(undecided), column=findings.heading(name))
            )
        elif undecided and order == _MONTH_FIRST:
            findings.notes.append(
                _(
                    'Dates in column "{column}" were read as month, day, year, because some have '
                    "a second number above 12."
                ).format(column=findings.heading(name))
            )
    return rows


_NUMERIC_DATE = re.compile(r"(\d{1,2})[./\- ](\d{1,2})[./\- ](\d{4}|\d{2})(?:[ T]\d.*)?")


def _numbers(text: str) -> tuple[int, int, int] | None:
    found = _NUMERIC_DATE.fullmatch(text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def _either(text: str) -> bool:
    """Could the text be day-month and month-day, and are they different days?"""
    numbers = _numbers(text)
    return numbers is not None and max(numbers[:2]) <= 12 and numbers[0] != numbers[1]


def _evidence(texts: list[str]) -> set[str]:
    found = set()
    for text in texts:
        if numbers := _numbers(text):
            if numbers[0] > 12:
                found.add(_DAY_FIRST)
            elif numbers[1] > 12:
                found.add(_MONTH_FIRST)
    return found


def _order(texts: list[str]) -> tuple[str | None, bool]:
    """Which comes first in this column's dates, and whether the column contradicts itself."""
    evidence = _evidence(texts)
    if len(evidence) > 1:
        return None, True
    # Without evidence day first, as everywhere in Europe; the notes say so.
    return (evidence.pop() if evidence else _DAY_FIRST), False


def read_date(text: str, order: str | None = _DAY_FIRST) -> date | None:
    """A date as ISO, d/m/y or m/d/y (by `order`; None: only where it can be one), 20260331,
    "31 Mar 2026" or Excel's count of days; None when it is none of these.
    """
    try:
        if found := re.fullmatch(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T]\d.*)?", text):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := re.fullmatch(r"((?:19|20)\d\d)(\d\d)(\d\d)", text):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := re.fullmatch(r"([2-7]\d{4})(?:\.\d+)?", text):
            return _EXCEL_EPOCH + timedelta(days=int(found[1]))
        if found := re.fullmatch(r"(\d{1,2})\.?[ -]([A-Za-z]{3})[a-z]*\.?,?[ -](\d{4}|\d\d)", text):
            month = _MONTHS.get(found[2].casefold())
            return date(_full_year(int(found[3])), month, int(found[1])) if month else None
        if numbers := _numbers(text):
            first, second, year = numbers[0], numbers[1], _full_year(numbers[2])
            if order is None and _either(text):
                return None
            if second > 12 or (order == _MONTH_FIRST and first <= 12):
                first, second = second, first
            return date(year, second, first)
    except ValueError:
        return None
    return None


def _full_year(year: int) -> int:
    if year >= 100:
        return year
    return 2000 + year if year < 90 else 1900 + year


def _with_year(rows: pl.DataFrame, findings: Findings, default: int | None) -> pl.DataFrame:
    """Adds year_read: the year column's, else the date's, else the default."""
    # Also 2025.0, FY2025 and the financial year 2024/25, which counts as the year it begins in.
    pattern = r"(?i)^(?:FY|CY)?\s*([0-9]{4})(?:\.0+|\s*[/-]\s*(?:[0-9]{2}|[0-9]{4}))?$"
    own = rows["year"].str.extract(pattern)
    dated = read_date  # a column called "year" sometimes holds dates
    whole = by_value(rows["year"], lambda text: (d := dated(text)) and d.year, pl.Int64)
    rows = rows.with_columns(own.cast(pl.Int64).fill_null(whole).alias("own"))
    findings.reject(
        rows,
        pl.col("year").is_not_null() & pl.col("own").is_null(),
        "year",
        _("It is not a year."),
        _("Write four digits, such as 2025."),
    )
    year = pl.coalesce("own", pl.col("date_read").dt.year(), pl.lit(default, pl.Int64))
    rows = rows.with_columns(year.cast(pl.Int64).alias("year_read"))
    missing = pl.col("year_read").is_null() & pl.col("year").is_null() & pl.col("date").is_null()
    findings.reject(
        rows,
        missing,
        "year",
        _("The row has neither a year nor a date."),
        _("Fill in one of them, or choose one year for the whole file."),
    )
    findings.reject(
        rows,
        ~pl.col("year_read").is_between(FIRST_YEAR, LAST_YEAR),
        "year",
        pl.format(_("The year {} cannot be right."), "year_read"),
        _("Correct the year or the date; years from 1990 on can be stored."),
    )
    differ = rows.filter(pl.col("own") != pl.col("date_read").dt.year())["row"].to_list()
    if differ:
        findings.notes.append(
            ngettext(
                "In row {rows} year and date differ; the year is used.",
                "In rows {rows} year and date differ; the year is used.",
                len(differ),
            ).format(rows=first_rows(differ))
        )
    return rows.drop("own")


# Suppliers


def _with_supplier(rows: pl.DataFrame, suppliers: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    """Adds supplier_id where name or identifier match exactly one supplier of the register."""
    by_identifier, by_name = _register(suppliers)

    def find(supplier: str | None, identifier: str | None) -> str | None:
        for text in (identifier, supplier):
            if text and len(found := by_identifier.get(_identifier(text), set())) == 1:
                return next(iter(found))
        found = by_name.get(_name(supplier), set()) if supplier else set()
        return next(iter(found)) if len(found) == 1 else None

    pairs = rows.select("supplier", "supplier_identifier").unique()
    pairs = pairs.with_columns(
        pl.Series("supplier_id", [find(*pair) for pair in pairs.iter_rows()], dtype=pl.String)
    )
    several = sorted(
        name for name in pairs["supplier"].drop_nulls().unique()
        if len(by_name.get(_name(name), ())) > 1
    )  # fmt: skip
    if several:
        findings.notes.append(
            _("The register has several suppliers of one name, choose yourself: {names}.").format(
                names=", ".join(several[:5])
            )
        )
    return rows.join(
        pairs, on=["supplier", "supplier_identifier"], how="left", nulls_equal=True,
        maintain_order="left",
    )  # fmt: skip


def _register(suppliers: pl.DataFrame) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Identifier -> ids and name -> ids; a supplier that was merged stands for the one kept."""
    merged = dict(suppliers.select("id", "merged_into").drop_nulls().iter_rows())
    by_identifier: dict[str, set[str]] = {}
    by_name: dict[str, set[str]] = {}
    columns = ["id", "name", "lei", "vat", "registry_number"]
    for own, name, *identifiers in suppliers.select(columns).iter_rows():
        kept = own
        for _step in range(len(merged)):
            kept = merged.get(kept, kept)
        by_name.setdefault(_name(name), set()).add(kept)
        for identifier in filter(None, identifiers):
            by_identifier.setdefault(_identifier(identifier), set()).add(kept)
    return by_identifier, by_name


def _name(text: str) -> str:
    return " ".join(text.casefold().split())


def _identifier(text: str) -> str:
    return re.sub(r"[\s.\-/]", "", text).upper()


def _note_repeats(rows: pl.DataFrame, findings: Findings) -> None:
    """Rows that repeat another exactly are kept: two equal orders are common. The notes say so."""
    again = rows.filter(~pl.struct(_NAMES).is_first_distinct())["row"].to_list()
    if again:
        findings.notes.append(
            ngettext(
                "Row {rows} repeats an earlier row exactly. It is counted: leave it out if it is "
                "the same payment.",
                "Rows {rows} repeat earlier rows exactly. They are counted: leave them out if they "
                "are the same payments.",
                len(again),
            ).format(rows=first_rows(again))
        )
