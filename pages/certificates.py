"""Which of our suppliers and their sites belong to an initiative, and what runs out next?"""

from datetime import date
from typing import Any

import polars as pl
import streamlit as st

from components import (
    certificates,
    data,
    edits,
    filters,
    importing,
    initiatives,
    initiatives_forms,
    mapping,
    maps,
    sharing,
)
from components.links import go
from components.messages import done, empty, foot, problem
from components.session import Session, require_session
from quorum import initiatives as domain
from quorum.importers import initiative_links as importer
from quorum.importers.reading import Outcome, Table
from quorum.language import _, ngettext
from quorum.store import StoreError

KEY = "import-links"
VIEWS = {
    "coverage": _("Coverage"),
    "ahead": _("Running out"),
    "without": _("Without any"),
    "all": _("All records"),
}


def figures(session: Session) -> None:
    known = data.cached(session, certificates.base).height
    without = data.cached(session, certificates.uncovered).height
    ahead = domain.expiries(data.cached(session, certificates.links), date.today()).height
    with st.container(horizontal=True):
        st.metric(
            _("Suppliers"), known, width=160,
            help=_("On which there is any contribution that you see."),
        )  # fmt: skip
        st.metric(_("With at least one"), known - without, width=160)
        st.metric(_("Without any"), without, width=160)
        st.metric(_("Running out in 180 days"), ahead, width=160)


def coverage(session: Session) -> None:
    found = data.cached(session, certificates.coverage)
    if found.is_empty():
        st.info(_("Nothing that is recorded is valid today."))
        return
    maps.draw(session, "coverage", certificates.coverage_figure)
    with st.expander(_("The figures as a table")):
        columns = {
            "name": _("Initiative"), "suppliers": _("Suppliers"),
            "percent": st.column_config.NumberColumn(_("Share, %"), format="%.0f"),
            "sites": _("Sites"),
        }  # fmt: skip
        initiatives.shown_table(session, found, columns, _("Coverage by initiative"), "covered")


def ahead(session: Session) -> None:
    links = data.cached(session, certificates.links)
    found = domain.expiries(links, date.today())
    expired = links.filter(state="expired").sort("valid_until", descending=True)
    if found.is_empty() and expired.is_empty():
        st.info(_("Nothing runs out within 180 days, and nothing has."))
        return
    rows = pl.concat([found, expired])
    initiatives.shown_table(
        session, rows, certificates.link_columns(), _("Memberships that run out"), "ahead"
    )


def without(session: Session) -> None:
    found = data.cached(session, certificates.uncovered)
    if found.is_empty():
        st.info(_("Every supplier has at least one."))
        return
    columns = {"name": _("Supplier"), "last_until": initiatives.day_column(_("Last one ended"))}
    chosen = initiatives.shown_table(
        session, found, columns, _("Suppliers without membership or certificate"), "without",
        id_column="id",
    )  # fmt: skip
    if chosen:
        go("supplier", supplier=chosen)


def every(session: Session) -> None:
    links = data.cached(session, certificates.links)
    with filters.row():
        key = filters.choice(
            _("Initiative"), data.initiative_names(session), "certificates_initiative"
        )
        state = filters.choice(_("State"), domain.state_names(), "certificates_state")
    for column, value in (("initiative", key), ("state", state)):
        links = links.filter(pl.col(column) == value) if value else links
    chosen = initiatives.shown_table(
        session, links.sort("supplier", "name"), certificates.link_columns(),
        _("Memberships and certificates"), "links", id_column="id",
    )  # fmt: skip
    row = links.filter(id=chosen or "").row(0, named=True) if chosen else None
    if row is None:
        st.caption(_("Select a row to correct, share or delete it."))
    elif row["mine"]:
        own(session, row)
    else:
        sharing.whose_mark(session, row, "initiative_link", f"link-{row['id']}")


def own(session: Session, row: dict[str, Any]) -> None:
    sharing.whose_mark(session, row, "initiative_link", f"link-{row['id']}")
    title = f"{row['supplier']}, {row['name']}"
    sharing.share_form(session, "initiative_link", [row["id"]], title, f"share-{row['id']}")
    if not session.principal.may_edit:
        return
    certificates.correct_link(session, row)
    if st.button(_("Delete this record"), key=f"del-{row['id']}"):
        why_not = _("It is shared: end the sharing first, then delete it.")
        edits.deleted(session, "initiative_link", row["id"], why_not)


def from_file(session: Session) -> None:
    if (answer := importing.concluded(KEY)) is not None:
        stored = ngettext("{n} record is stored.", "{n} records are stored.", answer["imported"])
        done(stored.format(n=answer["imported"]) + " " + _("Only your organisation sees them."))
        importing.start_over(KEY)
        title = _("Memberships and certificates from a file")
        sharing.share_form(session, "initiative_link", answer["items"], title, f"{KEY}-share")
        return
    table = importing.uploaded_table(KEY)
    if table is None:
        st.download_button(
            _("Example file (xlsx)"), importer.template, "memberships-example.xlsx",
            on_click="ignore", key=f"{KEY}-template",
        )  # fmt: skip
        return
    source = st.text_input(_("Source of all rows without one"), key=f"{KEY}-source")
    columns = mapping.columns(table, importer.FIELDS, KEY)
    inputs = (table, tuple(columns.items()), source, session.version)
    outcome = importing.kept(KEY, "outcome", inputs, lambda: read(session, table, columns, source))
    shown = {"row": _("Row"), **{k: v for k, v in certificates.link_columns().items()
             if k in ("supplier", "site_name", "level", "valid_until", "source")}}  # fmt: skip
    importing.preview(outcome, {**shown, "initiative_name": _("Initiative")}, KEY, table)
    label = ngettext("Store {n} record", "Store {n} records", outcome.accepted.height)
    submit = importing.commit(
        label.format(n=f"{outcome.accepted.height:,}"), KEY, inputs[:3],
        disabled=outcome.accepted.is_empty(),
    )  # fmt: skip
    if submit:
        store(session, submit, outcome)


def read(session: Session, table: Table, columns: dict[str, str | None], source: str) -> Outcome:
    return importer.read_links(
        table, columns, data.register(session), data.initiatives(session), date.today(), source
    )


def store(session: Session, submit: str, outcome: Outcome) -> None:
    try:
        answer = data.call(
            session, "import_initiative_links", key=submit,
            rows=outcome.accepted.select(importer.COLUMNS).to_dicts(),
        )  # fmt: skip
    except StoreError as refusal:
        problem(str(refusal))
    else:
        importing.conclude(KEY, answer)


def main() -> None:
    session = require_session()
    data.ahead(session, *certificates.RELATIONS)
    st.title(_("Members and certificates"))
    st.markdown(
        _("Which suppliers and sites belong to an initiative or hold its certificate, until when?")
    )
    if data.initiative_links(session).is_empty():
        empty(
            _("Nothing is recorded yet"),
            _(
                "Here will stand which suppliers and production sites belong to which initiative, "
                "at which level, for what and until when; and which suppliers have none."
            ),
        )
    else:
        figures(session)
        view = initiatives.view(VIEWS, "certificates_view")
        {"coverage": coverage, "ahead": ahead, "without": without, "all": every}[view](session)
    if session.principal.may_edit:
        initiatives_forms.folded(
            [
                (_("Record one"), "certificates_adding", certificates.link_form),
                (_("Take many from a file"), "certificates_file", from_file),
            ],
            session,
        )
    foot(
        [_("Records of your organisation and those shared with you")], date.today(),
        withheld=_("records that other members have not shared with you"),
    )  # fmt: skip


main()
