"""The steps of importing assessments: which supplier is meant, what repeats, what it did."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import streamlit as st

from components import data, importing
from components.links import link
from components.messages import done, plain, problem
from components.questionnaire import supplier_names
from components.session import Session
from components.sharing import share_form
from quorum.definitions import current
from quorum.importers.assessment_sheet import template
from quorum.importers.assessments import read_assessments
from quorum.importers.reading import Outcome, Table
from quorum.importers.spend import suggest_suppliers
from quorum.language import _, ngettext
from quorum.store import StoreError

KEY = "import-assessments"
_LISTED = 20  # assessments that the result links to
_LEAVE_OUT = "leave out"


def hand_out() -> None:
    """The spreadsheet to fill in."""
    st.markdown(
        _(
            "Fill in the spreadsheet, one row per supplier, and hand it back here. Each column is "
            "an answer of the questionnaire; what it asks stands in the column's comment. You can "
            "also send it to suppliers or colleagues and put their rows together."
        )
    )
    st.download_button(
        _("Download the spreadsheet"), template, file_name="assessments.xlsx",
        on_click="ignore", key=f"{KEY}-template",
    )  # fmt: skip


def read(session: Session, table: Table) -> Outcome:
    """What the file says, read anew when the register has changed."""
    # The table stays the same object as long as the file does.
    inputs = (id(table), session.version, date.today())
    return importing.kept(
        KEY, "outcome", inputs,
        lambda: read_assessments(table, data.register(session), current(), date.today()),
    )  # fmt: skip


def choose_suppliers(session: Session, accepted: pl.DataFrame) -> pl.DataFrame:
    """Asks which supplier is meant where the register has none by that name or LEI.

    The accepted rows with what was chosen as supplier_id, without the rows that were left out; a
    supplier that is still open is null.
    """
    open_names = accepted.filter(pl.col("supplier_id").is_null())["supplier"].unique().sort()
    if open_names.is_empty():
        return accepted
    st.subheader(_("Which supplier is meant?"), anchor=False)
    st.markdown(
        _(
            "These names are not in the register. Choose the entry that is meant. If there is "
            "none, add it to the register in another tab of your browser: this page follows."
        )
    )
    link("suppliers", _("Add a supplier to the register"))
    suggestions = suggest_suppliers(open_names.to_list(), data.suppliers(session))
    names = supplier_names(session)
    chosen = {row["name"]: _ask(names, row) for row in suggestions.iter_rows(named=True)}
    left_out = [name for name, id in chosen.items() if id == _LEAVE_OUT]
    known = {name: id for name, id in chosen.items() if id not in (None, _LEAVE_OUT)}
    unmatched = pl.col("supplier_id").is_null()
    return accepted.filter(~(unmatched & pl.col("supplier").is_in(left_out))).with_columns(
        supplier_id=pl.coalesce(
            "supplier_id",
            pl.col("supplier").replace_strict(known, default=None, return_dtype=pl.String),
        )
    )


def _ask(names: dict[str, str], row: dict[str, Any]) -> str | None:
    """The entry for one name of the file; the one that is most like it stands first."""
    first = [row["supplier_id"]] if row["supplier_id"] in names else []
    options = [*first, _LEAVE_OUT, *(one for one in names if one not in first)]
    words = names | {_LEAVE_OUT: _("Leave these rows out")}
    hint = _("Perhaps {name}").format(name=row["suggestion"]) if first else _("Choose the supplier")
    entry: str | None = st.selectbox(
        plain(row["name"]), options, index=None, format_func=lambda one: words.get(one, ""),
        placeholder=hint, key=f"{KEY}-supplier-{row['name']}",
    )  # fmt: skip
    return entry


def warn_of_repeats(session: Session, rows: pl.DataFrame) -> None:
    """Says which of the rows the organisation has assessed on that day already."""
    mine = data.assessments(session).filter("mine").select("supplier_id", "assessed_on").unique()
    again = rows.join(mine, on=["supplier_id", "assessed_on"], how="semi")
    if again.is_empty():
        return
    sentence = ngettext(
        "Your organisation has already assessed {names} on the same day. Importing adds a second "
        "assessment; to correct the first one, open it instead.",
        "Your organisation has already assessed {names} on the same days. Importing adds second "
        "assessments; to correct the first ones, open them instead.",
        again.height,
    )
    st.warning(plain(sentence.format(names=", ".join(again["supplier"].unique().sort()[:10]))))


def preview(outcome: Outcome, table: Table) -> None:
    """What would be imported, with answers and kinds as people read them."""
    labels = {answer.code: answer.label for answer in current().answers}
    kinds = {kind.code: kind.text for kind in current().respondent_kinds}
    readable = outcome.accepted.with_columns(
        pl.col("answers").list.eval(pl.element().replace_strict(labels, return_dtype=pl.String)),
        pl.col("respondent_kind").replace_strict(kinds, return_dtype=pl.String),
    )
    columns = {
        "row": _("Row"),
        "supplier": _("Supplier"),
        "respondent_kind": _("Kind of respondent"),
        "company_name": _("Company that answered"),
        "assessed_on": st.column_config.DateColumn(_("Date"), format="YYYY-MM-DD"),
        "answers": _("Answers"),
        "contact": _("Contact (never shared)"),
        "other_actions": _("Other actions"),
    }
    shown = replace(outcome, accepted=readable)
    importing.preview(shown, columns, KEY, table)


def store(session: Session, submit: str, rows: pl.DataFrame) -> None:
    """All rows in one call: all are stored, or none."""
    try:
        answer = data.call(session, "import_assessments", key=submit, rows=payload(rows))
    except StoreError as refusal:
        problem(str(refusal))
    else:
        importing.conclude(KEY, answer)


def payload(rows: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows as the store's function import_assessments takes them."""
    columns = (
        "supplier_id", "respondent_kind", "company_name", "contact", "assessed_on", "answers",
        "other_actions", "evidence",
    )  # fmt: skip
    return [
        {
            **row,
            "questionnaire": current().id,
            "assessed_on": row["assessed_on"].isoformat(),
            "evidence": json.loads(row["evidence"] or "{}"),
            "status": "final",
        }
        for row in rows.select(columns).iter_rows(named=True)
    ]


def conclusion(session: Session, answer: dict[str, Any]) -> None:
    """What the last import did, and what may follow."""
    stored = ngettext(
        "{n} assessment is stored. Only your organisation sees it until you share it.",
        "{n} assessments are stored. Only your organisation sees them until you share them.",
        answer["imported"],
    )
    done(stored.format(n=f"{answer['imported']:,}"))
    found = data.assessments(session).filter(pl.col("id").is_in(answer["items"])).sort("supplier")
    for row in found.head(_LISTED).iter_rows(named=True):
        label = _("{supplier}, {day}").format(supplier=row["supplier"], day=row["assessed_on"])
        link("assess", label, assessment=row["id"])
    with st.container(horizontal=True):
        link("assessments", _("All assessments"))
        importing.start_over(KEY)
    st.subheader(_("Share them"), anchor=False)
    names = found["supplier"].unique().sort().to_list()
    title = _("Assessments of {suppliers}").format(suppliers=", ".join(names[:8]))
    if len(names) > 8:
        title = _("{title} and {n} more").format(title=title, n=len(names) - 8)
    share_form(session, "assessment", answer["items"], title, f"{KEY}-share")
