"""What did we pay which supplier in which year?"""

from datetime import date
from typing import Any

import polars as pl
import streamlit as st

from components import data, importing, mapping
from components.links import link
from components.messages import done, plain, problem
from components.session import Session, require_editor, require_session
from components.sharing import share_form
from quorum.importers import spend as importer
from quorum.importers.reading import Outcome, Table
from quorum.language import _, ngettext
from quorum.store import StoreError

KEY = "import-spend"
STORED = ["supplier_id", "year", "amount", "currency", "category", "contract_reference",
          "contract_end"]  # fmt: skip
ASKED = 30  # names at once
SHOWN = {
    "row": _("Row"), "supplier": _("Supplier in the file"), "register": _("In the register"),
    "year": st.column_config.NumberColumn(_("Year"), format="%d"),
    "amount": st.column_config.NumberColumn(_("Amount"), format="localized"),
    "currency": _("Currency"), "category": _("Category"),
    "contract_reference": _("Contract reference"), "contract_end": _("Contract end"),
}  # fmt: skip


def conclusion(session: Session, answer: dict[str, Any]) -> None:
    """What the last import did, and what may follow."""
    stored = ngettext(
        "{n} line of spend is stored. Only your organisation sees it until you share it.",
        "{n} lines of spend are stored. Only your organisation sees them until you share them.",
        answer["imported"],
    )
    done(stored.format(n=f"{answer['imported']:,}"))
    with st.container(horizontal=True, vertical_alignment="center"):
        link("leverage", _("See your figures"))
        importing.start_over(KEY)
    st.subheader(_("Share these lines"))
    lines = data.spend(session).filter(pl.col("import_id") == answer["import_id"])
    title = _("Spend from {file}").format(file=answer["file_name"])
    share_form(session, "spend", lines["id"].to_list(), title, f"{KEY}-share")


def defaults() -> tuple[str | None, int | None]:
    """Currency and year for rows that have none of their own."""
    currency, year = st.columns(2)
    return (
        currency.selectbox(
            _("Currency, where a row has none"), sorted(importer.currencies()), index=None,
            placeholder=_("None"), key=f"{KEY}-currency",
        ),
        year.selectbox(
            _("Year, where a row has neither year nor date"),
            list(range(date.today().year + 1, importer.FIRST_YEAR - 1, -1)), index=None,
            placeholder=_("None"), key=f"{KEY}-year",
        ),
    )  # fmt: skip


def confirmed(session: Session, names: list[str]) -> dict[str, str]:
    """Name in the file -> supplier, for names that the register does not have: the person says."""
    if not names:
        return {}
    suppliers = data.suppliers(session)
    known = dict(suppliers.select("id", "name").rows())
    st.markdown(
        plain(
            ngettext(
                "{n} supplier of the file is not in the register under that name. Say who is "
                "meant; lines of a supplier that you leave out are not stored.",
                "{n} suppliers of the file are not in the register under those names. Say who is "
                "meant; lines of suppliers that you leave out are not stored.",
                len(names),
            ).format(n=len(names))
        )
    )
    near = importing.kept(
        KEY,
        "suggestions",
        (tuple(names), session.version),
        lambda: importer.suggest_suppliers(names[:ASKED], data.register(session)),
    )
    chosen = {}
    with st.container(horizontal=True):
        for name, supplier_id, suggestion in near.select(
            "name", "supplier_id", "suggestion"
        ).iter_rows():
            chosen[name] = st.selectbox(
                plain(name),
                sorted(known, key=lambda one: (one != supplier_id, known[one].casefold())),
                index=None,
                format_func=lambda one: known.get(one, ""),
                placeholder=_("Perhaps {name}").format(name=suggestion) if suggestion else "–",
                key=f"{KEY}-named-{name}",
                width=252,
            )
    if len(names) > ASKED:
        more = _("These are the {n} with the most lines; add the others to the register.")
        st.caption(more.format(n=ASKED))
    link("suppliers", _("Not in the register? Add the supplier there first"))
    return {name: one for name, one in chosen.items() if one}


def read(
    session: Session, table: Table, columns: dict[str, str | None], currency: str | None,
    year: int | None,
) -> Outcome:  # fmt: skip
    return importer.read_spend(table, columns, data.register(session), currency, year)


def linked(session: Session, accepted: pl.DataFrame, chosen: dict[str, str]) -> pl.DataFrame:
    """The rows with the suppliers that the person chose, and their names in the register."""
    names = dict(data.suppliers(session).select("id", "name").rows())
    said = pl.col("supplier").replace_strict(chosen, default=None, return_dtype=pl.String)
    return accepted.with_columns(supplier_id=pl.coalesce("supplier_id", said)).with_columns(
        register=pl.col("supplier_id").replace_strict(names, default=None, return_dtype=pl.String)
    )


def store(session: Session, submit: str, rows: pl.DataFrame) -> None:
    """All lines in one call: all are stored, or none."""
    name = importing.file_name(KEY)
    lines = rows.select(STORED).with_columns(pl.col("contract_end").cast(pl.String)).to_dicts()
    try:
        with st.spinner(_("Storing {n} lines…").format(n=f"{rows.height:,}")):
            answer = data.call(session, "import_spend", key=submit, file_name=name, rows=lines)
    except StoreError as refusal:
        problem(str(refusal))
    else:
        importing.conclude(KEY, {**answer, "file_name": name})


def main() -> None:
    session = require_session()
    st.title(_("Import spend"))
    st.markdown(_("What did we pay which supplier in which year?"))
    require_editor(session)
    answer = importing.concluded(KEY)
    if answer is not None:
        conclusion(session, answer)
        return
    st.subheader(_("1. The file"))
    table = importing.uploaded_table(KEY)
    if table is None:
        st.caption(_("An export of your financial system: one row per supplier, order or invoice."))
        st.download_button(
            _("Example file (xlsx)"), lambda: importer.template("xlsx"), "spend-example.xlsx",
            on_click="ignore", key=f"{KEY}-template",
        )  # fmt: skip
        return
    st.subheader(_("2. What it holds"))
    columns = mapping.columns(table, importer.FIELDS, KEY)
    currency, year = defaults()
    inputs = (table, tuple(columns.items()), currency, year)
    outcome = importing.kept(
        KEY, "outcome", (*inputs, session.version),
        lambda: read(session, table, columns, currency, year),
    )  # fmt: skip
    unknown = outcome.accepted.filter(pl.col("supplier_id").is_null())["supplier"]
    most_first = unknown.value_counts().sort("count", "supplier", descending=[True, False])
    chosen = confirmed(session, most_first["supplier"].to_list())
    st.subheader(_("3. What will be stored"))
    rows = linked(session, outcome.accepted, chosen)
    ready = rows.filter(pl.col("supplier_id").is_not_null())
    importing.preview(Outcome(rows, outcome.mended, outcome.rejected, outcome.notes), SHOWN, KEY,
                      table)  # fmt: skip
    left = rows.height - ready.height
    if left:
        st.warning(
            ngettext(
                "{n} line is left out, because its supplier is not known yet.",
                "{n} lines are left out, because their suppliers are not known yet.",
                left,
            ).format(n=f"{left:,}")
        )
    label = ngettext("Store {n} line", "Store {n} lines", ready.height)
    submit = importing.commit(
        label.format(n=f"{ready.height:,}"), KEY, (*inputs, tuple(sorted(chosen.items()))),
        disabled=ready.is_empty(),
    )  # fmt: skip
    if submit:
        store(session, submit, ready)


main()
