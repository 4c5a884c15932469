"""Which production sites does a supplier's list name, and may we take them in?"""

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import streamlit as st

from components import data, importing, mapping
from components.links import link
from components.messages import done, plain, problem
from components.session import Session, require_editor, require_session
from components.sharing import share_form
from quorum.charts import OUTLINES
from quorum.countries import display_name, read_outlines
from quorum.importers import sites as importer
from quorum.importers.reading import Outcome, Table
from quorum.language import _, ngettext
from quorum.site_lists import earlier_imports
from quorum.store import StoreError

KEY = "import-sites"
SHOWN = {
    "row": _("Row"), "name": _("Name"), "address": _("Address"), "country_name": _("Country"),
    "sector": _("Sector"), "os_id": _("OS ID"), "workers_max": _("Workers, at most"),
}  # fmt: skip


def conclusion(session: Session, answer: dict[str, Any]) -> None:
    """What the last import did, and what may follow."""
    stored = ngettext("{n} site is stored", "{n} sites are stored", answer["imported"])
    sentence = _("{sites} as “{title}”. Only your organisation sees them until you share the list.")
    sites = stored.format(n=f"{answer['imported']:,}")
    done(sentence.format(sites=sites, title=answer["title"]))
    with st.container(horizontal=True, vertical_alignment="center"):
        link("sites", _("See the sites of this list"), list=answer["site_list_id"])
        importing.start_over(KEY)
    st.subheader(_("Share this list"))
    share_form(session, "site_list", [answer["site_list_id"]], answer["title"], f"{KEY}-share")


def details(session: Session) -> dict[str, Any]:
    """Whose list it is, what it is called, who published it, of which day it is."""
    suppliers = data.suppliers(session)
    labels = {
        one["id"]: _("{name} ({country})").format(
            name=one["name"], country=display_name(one["country"])
        )
        if one["country"]
        else one["name"]
        for one in suppliers.select("id", "name", "country").iter_rows(named=True)
    }
    ids = list(labels)
    meant = st.query_params.get("supplier")  # a link from the supplier's profile names it
    supplier_id = st.selectbox(
        _("Supplier whose list this is (required)"), ids,
        index=ids.index(meant) if meant in labels else None,
        format_func=lambda one: labels.get(one, ""), key=f"{KEY}-supplier",
        placeholder=_("Search the register"),
    )  # fmt: skip
    link("suppliers", _("Not in the register? Add the supplier there first"))
    name = importing.file_name(KEY)
    title, published, as_of = st.columns([3, 3, 2])
    return {
        "supplier_id": supplier_id,
        "title": title.text_input(
            _("Title (required)"), Path(name).stem.replace("_", " ")[:200], max_chars=200,
            key=f"{KEY}-title-{name}",
        ).strip(),
        "source": published.text_input(
            _("Source"), max_chars=500, key=f"{KEY}-source",
            placeholder=_("Who published it, or handed it over"),
        ).strip(),
        "as_of": as_of.date_input(
            _("Date of the list (required)"), None, min_value=date(1990, 1, 1),
            max_value=date.today(), format="YYYY-MM-DD", key=f"{KEY}-as-of-{name}",
        ),
    }  # fmt: skip


def read(session: Session, table: Table, columns: dict[str, str | None]) -> Outcome:
    outlines = read_outlines(json.loads(OUTLINES.read_text(encoding="utf-8")))
    found = importer.read_sites(table, columns, data.sites(session), outlines)
    names = {code: display_name(code) for code in found.accepted["country"].unique()}
    named = found.accepted.with_columns(
        country_name=pl.col("country").replace_strict(names, return_dtype=pl.String)
    )
    return Outcome(named, found.mended, found.rejected, found.notes)


def warn_of_repeats(session: Session, accepted: pl.DataFrame, about: dict[str, Any]) -> None:
    """Says which lists this one probably repeats; it may still be imported."""
    found = earlier_imports(
        accepted, data.sites(session), data.site_lists(session),
        supplier_id=about["supplier_id"], title=about["title"], as_of=about["as_of"],
    )  # fmt: skip
    for one in found.iter_rows(named=True):
        sentence = (
            _("The list “{title}” of {day} ({organisation}) has exactly the same sites.")
            if one["same_content"]
            else _("“{title}” of {day} ({organisation}) is there already for this supplier.")
        )
        about_it = sentence.format(
            title=one["title"], day=one["as_of"], organisation=one["organisation"]
        )
        st.warning(plain(about_it + " " + _("Import it again only if that is meant.")))


def store(session: Session, submit: str, outcome: Outcome, about: dict[str, Any]) -> None:
    """All accepted rows in one call: all are stored, or none."""
    try:
        with st.spinner(_("Storing {n} sites…").format(n=f"{outcome.accepted.height:,}")):
            answer = data.call(
                session, "import_site_list", key=submit, file_name=importing.file_name(KEY),
                rows=outcome.accepted.select(importer.COLUMNS).to_dicts(), **about,
            )  # fmt: skip
    except StoreError as refusal:
        problem(str(refusal))
    else:
        importing.conclude(KEY, {**answer, "title": about["title"]})


def main() -> None:
    session = require_session()
    st.title(_("Import a site list"))
    st.markdown(_("A supplier's list of production sites, as it was published or handed over."))
    require_editor(session)
    answer = importing.concluded(KEY)
    if answer is not None:
        conclusion(session, answer)
        return
    st.subheader(_("1. The file"))
    table = importing.uploaded_table(KEY)
    if table is None:
        st.caption(
            _("The example is Open Supply Hub's template; lists in other shapes work as well.")
        )
        st.download_button(
            _("Example file (xlsx)"), lambda: importer.template("xlsx"), "site-list-example.xlsx",
            on_click="ignore", key=f"{KEY}-template",
        )  # fmt: skip
        return
    st.subheader(_("2. What it is"))
    about = details(session)
    columns = mapping.columns(table, importer.FIELDS, KEY)
    st.subheader(_("3. What will be stored"))
    inputs = (table, tuple(columns.items()), session.version)
    outcome = importing.kept(KEY, "outcome", inputs, lambda: read(session, table, columns))
    importing.preview(outcome, SHOWN, KEY, table)
    warn_of_repeats(session, outcome.accepted, about)
    missing = not (about["supplier_id"] and about["title"] and about["as_of"])
    if missing:
        st.info(_("Choose the supplier, a title and the date of the list to store it."))
    label = ngettext("Store {n} site", "Store {n} sites", outcome.accepted.height)
    submit = importing.commit(
        label.format(n=f"{outcome.accepted.height:,}"), KEY,
        (inputs[:2], tuple(about.values())), disabled=missing or outcome.accepted.is_empty(),
    )  # fmt: skip
    if submit:
        store(session, submit, outcome, about)


main()
