"""Which suppliers do we and others deal with, and which need attention?"""

import polars as pl
import streamlit as st

from components import data, filters, picture, suppliers
from components.downloads import downloads
from components.links import go
from components.messages import empty, foot
from components.session import Session, require_session
from components.tables import table
from quorum import overview
from quorum.language import _, ngettext
from quorum.suppliers import kind_names, searched


def register(session: Session) -> pl.DataFrame:
    """The living entries with words for people, what needs attention first."""
    rows = overview.register_rows(picture.picture(session), picture.shared(session))
    return rows.with_columns(
        kind_name=pl.col("kind").replace_strict(kind_names(), return_dtype=pl.String),
        country_name=picture.country_names(rows["country"]),
    )


def found(session: Session, words: str, kind: str | None, country: str | None) -> pl.DataFrame:
    rows = data.cached(session, register)
    if kind:
        rows = rows.filter(pl.col("kind") == kind)
    if country:
        rows = rows.filter(pl.col("country") == country)
    return searched(rows, words, data.register(session)) if words else rows


def asked(session: Session) -> dict[str, tuple[str, str | None]]:
    """The filters: label -> what was chosen, as text for a download, by name."""
    rows = data.cached(session, register)
    countries = rows.select("country", "country_name").unique().drop_nulls().sort("country_name")
    with filters.row():
        words = st.text_input(
            _("Search"), key="suppliers_search", bind="query-params", width=240,
            placeholder=_("Part of a name, or a number"),
        ).strip()  # fmt: skip
        kind = filters.choice(_("Kind"), kind_names(), "suppliers_kind")
        country = filters.choice(_("Country"), dict(countries.iter_rows()), "suppliers_country")
    return {
        "words": (_("Search"), words),
        "kind": (_("Kind"), kind),
        "country": (_("Country"), country),
    }


def show(session: Session) -> None:
    chosen = asked(session)
    values = {name: value for name, (_label, value) in chosen.items()}
    rows = data.cached(session, found, *values.values())
    every = data.cached(session, register).height
    count = ngettext("{n} of {all} supplier", "{n} of {all} suppliers", every)
    st.caption(
        count.format(n=f"{rows.height:,}", all=f"{every:,}")
        + _(", those that need attention first. Select a row to open the profile.")
    )
    if rows.is_empty():
        st.info(_("No entry fits. Take a filter away, or add the supplier below."))
        return
    columns = suppliers.register_columns()
    opened = table(rows, columns, "suppliers", id_column="id", hidden=suppliers.HIDDEN,
                   height=460 if rows.height > 12 else None)  # fmt: skip
    if opened:
        go("supplier", supplier=opened)
    texts = {name: one if isinstance(one, str) else one["label"] for name, one in columns.items()}
    about = filters.about(session, _("Suppliers"), dict(chosen.values()), [])
    downloads(rows, about, "suppliers", texts)


def main() -> None:
    session = require_session()
    data.ahead(session, "assessment", "site_list", "spend", "spend_bands")
    st.title(_("Register of suppliers"))
    st.markdown(_("Which suppliers do we deal with, and which of them need attention?"))
    if data.suppliers(session).is_empty():
        empty(
            _("The register is empty"),
            _(
                "Here stand the brands, manufacturers and resellers that members deal with: name, "
                "numbers, parent brand, and what needs attention. All members read the same "
                "register; it does not tell who buys from whom."
            ),
        )
    else:
        show(session)
    if session.principal.may_edit:
        for title, name, part in (
            (_("Add a supplier"), "suppliers_adding", suppliers.add),
            (_("Merge entries that are the same supplier"), "suppliers_merging", suppliers.merge),
        ):
            fold = st.expander(title, key=name, on_change="rerun")
            if fold.open:
                with fold:
                    part(session)
    foot(
        [_("The register that all members keep together"), _("levels: see Assessments")],
        withheld=_("who buys from whom, unless it was shared with you"),
    )


main()
