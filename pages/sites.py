"""Where do our shared suppliers produce?"""

from datetime import date
from typing import cast

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from components import data, filters, site_lists
from components.downloads import downloads
from components.links import link, page_path
from components.maps import draw
from components.messages import empty, foot
from components.session import Session, require_session
from components.sharing import whose_words
from components.tables import table
from quorum import charts
from quorum.importers.sites import template
from quorum.language import _, ngettext
from quorum.site_lists import OURS, THEIRS, View, figures, matching, namings, picture
from quorum.sites import identify

SHOWN = 1000  # rows that go to the browser; downloads hold all
LABELS = {
    "name": _("Name"), "country_name": _("Country"), "address": _("Address"),
    "suppliers_text": _("Suppliers"), "organisations_text": _("Brought in by"),
    "lists": _("Lists that name it"), "newest": _("Newest list"), "whose": _("Who sees it"),
    "sector": _("Sector"), "os_id": _("OS ID"),
}  # fmt: skip
COLUMNS = LABELS | {
    "address": st.column_config.TextColumn(LABELS["address"], width=220),
    "newest": st.column_config.DateColumn(LABELS["newest"]),
}


def identified(session: Session) -> pl.DataFrame:
    return identify(data.sites(session))


def named(session: Session) -> pl.DataFrame:
    return namings(data.cached(session, identified))


def pictured(session: Session) -> pl.DataFrame:
    """One row per site, with names and marks in words."""
    found = picture(data.cached(session, identified), data.site_lists(session))
    return whose_words(session, found).with_columns(
        country_name=site_lists.named_countries(found["country"]),
        suppliers_text=pl.col("supplier_names").list.join(", "),
        organisations_text=pl.col("organisation_names").list.join(", "),
    )


def countries(session: Session) -> dict[str, str]:
    """Code to name of the countries in which there is a site."""
    known = data.cached(session, pictured).select("country", "country_name").unique()
    return dict(known.sort("country_name").rows())


def found(session: Session, *asked: str | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The sites that fit, and the rows that name them."""
    supplier_id, country, organisation, site_list_id, words = asked
    known = data.cached(session, named)
    rows = matching(
        known, supplier_id=supplier_id, country=country,
        organisation=organisation, site_list_id=site_list_id, words=words or "",
    )  # fmt: skip
    sites = data.cached(session, pictured)
    if rows is not known:
        sites = sites.join(rows, on="site_id", how="semi", maintain_order="left")
    return sites, rows


def view(session: Session, *asked: str | None) -> View:
    sites, rows = found(session, *asked)
    return View(sites.head(SHOWN), figures(rows), cast("date | None", sites["newest"].max()))


def map_of(session: Session, *asked: str | None) -> go.Figure:
    sites, _rows = found(session, *asked)
    source = _("Lists of production sites, as members brought them in.")
    return charts.site_map(sites.select("name", "country", "latitude", "longitude", id="site_id"),
                           source)  # fmt: skip


def options(session: Session) -> tuple[tuple[str, str, dict[str, str]], ...]:
    """The filters: name, label, value -> value in words."""
    lists = data.site_lists(session)
    suppliers = dict(lists.select("supplier_id", "supplier").unique().sort("supplier").rows())
    owners = dict(
        lists.select("organisation_id", "organisation").unique().sort("organisation").rows()
    )
    whose = {OURS: _("Ours"), THEIRS: _("Shared with us"), **owners}
    titles = {one["id"]: site_lists.label(one) for one in lists.iter_rows(named=True)}
    return (
        ("supplier", _("Supplier"), suppliers),
        ("country", _("Country"), countries(session)),
        ("organisation", _("Brought in by"), whose),
        ("list", _("List"), titles),
    )


def asked(session: Session) -> dict[str, tuple[str, str | None, str | None]]:
    """The filters: name -> label, chosen value, chosen value in words."""
    answers = {}
    with filters.row():
        for name, label, values in data.cached(session, options):
            chosen = filters.choice(label, values, f"sites_{name}", arrives_as=name)
            answers[name] = (label, chosen, values.get(chosen or ""))
        words = filters.search(_("Search"), "sites_search")
    answers["search"] = (_("Search"), words, words)
    return answers


def show(session: Session) -> None:
    choices = asked(session)
    key = tuple(value for _label, value, _words in choices.values())
    seen = data.cached(session, view, *key)
    counts = seen.counts
    filters.figures(
        (
            (_("Sites"), f"{counts.sites:,}"),
            (_("Countries"), f"{counts.countries:,}"),
            (_("Suppliers"), f"{counts.suppliers:,}"),
            (_("Lists"), f"{counts.lists:,}"),
        )
    )
    if seen.first.is_empty():
        st.info(_("No site fits these filters. Clear one of them to see more."))
        return
    on_map = draw(session, "sites-map", map_of, *key, config=charts.MAP_CONFIG, selectable=True)
    height = 420 if counts.sites > 10 else None
    in_table = table(seen.first, COLUMNS, "sites", id_column="site_id", height=height,
                     hidden=("sector", "os_id"))  # fmt: skip
    if counts.sites > SHOWN:
        st.caption(
            _("The first {n} of {all} sites. Filter to see others; downloads hold all.").format(
                n=f"{SHOWN:,}", all=f"{counts.sites:,}"
            )
        )
    wording = ngettext(
        "{n} list, the newest of {day}", "{n} lists, the newest of {day}", counts.lists
    )
    source = wording.format(n=f"{counts.lists:,}", day=seen.newest)
    words = {label: text for label, _value, text in choices.values()}

    def every() -> pl.DataFrame:
        return found(session, *key)[0]

    downloads(every, filters.about(session, _("Production sites"), words, [source]), "sites",
              LABELS, sites=every)  # fmt: skip
    chosen = in_table or on_map
    if chosen:
        all_rows = data.cached(session, identified)
        site_lists.said_about(session, all_rows.filter(pl.col("site_id") == chosen))
    foot([source], withheld=_("lists that other members have not shared with you"))
    link("method", _("How rows are told to be one site"))


def main() -> None:
    session = require_session()
    data.ahead(session, "site_list", "production_site")
    st.title(_("Production sites"))
    st.markdown(_("Where do our shared suppliers produce?"))
    site_lists.said_deleted()
    if data.site_lists(session).is_empty():
        empty(
            _("No production site yet"),
            _(
                "Here stand the sites that suppliers' published lists name, on a map and in a "
                "table, with who brought them in. Import a list, or ask a member to share one."
            ),
            _("Import a site list"),
            page_path("import_sites"),
            (_("Example file (xlsx)"), "site-list-example.xlsx", template("xlsx")),
        )
        return
    show(session)
    for title, name, part in (
        (_("Site lists"), "sites_lists", site_lists.manage),
        (_("What changed between two lists"), "sites_changes", site_lists.compare),
    ):
        fold = st.expander(title, key=name, bind="query-params")
        if fold.open:
            with fold:
                part(session)


main()
