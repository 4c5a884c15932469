"""Site lists: whose they are, correcting and deleting one's own, and what changed between two."""

from typing import Any

import polars as pl
import streamlit as st

from components import data, edits, filters
from components.downloads import downloads
from components.links import link
from components.messages import done, plain, problem
from components.session import Session
from components.sharing import share_form, whose_mark, whose_words
from components.tables import table
from quorum import sites
from quorum.countries import display_name
from quorum.language import _, ngettext
from quorum.store import Row, StoreError

_WORDS = {"added": _("Added"), "dropped": _("Dropped"), "kept": _("Kept")}


def label(one: dict[str, Any]) -> str:
    """A list in one line."""
    return _("{title}, {day}, {organisation}").format(
        title=one["title"], day=one["as_of"], organisation=one["organisation"]
    )


def said_about(session: Session, rows: pl.DataFrame) -> None:
    """Who says what about one site, and when. rows: its rows of production_site."""
    lists = data.site_lists(session).select(site_list_id="id", title="title", as_of="as_of",
                                            source="source")  # fmt: skip
    known = rows.join(lists, on="site_list_id", how="left").sort("as_of", descending=True)
    newest = known.row(0, named=True)
    st.subheader(plain(newest["name"]))
    columns = {
        "as_of": st.column_config.DateColumn(_("List of")), "title": _("List"),
        "supplier": _("Supplier"), "organisation": _("Brought in by"), "name": _("Name there"),
        "address": _("Address there"), "sector": _("Sector"), "product_type": _("Product type"),
        "facility_type": _("Facility type"), "processing_type": _("Processing type"),
        "workers_max": _("Workers, at most"), "parent_company": _("Parent company"),
        "os_id": _("OS ID"), "source": _("Source"), "whose": _("Who sees it"),
    }  # fmt: skip
    found = whose_words(session, known)
    told = {name: text for name, text in columns.items() if found[name].null_count() < len(found)}
    table(found, told, "site-said")
    with st.container(horizontal=True):
        named = found.select("supplier_id", "supplier").unique(maintain_order=True)
        for supplier_id, name in named.iter_rows():
            link("supplier", _("Profile of {name}").format(name=name), supplier=supplier_id)


def manage(session: Session) -> None:
    """All lists that the member sees; one's own can be corrected, shared and deleted."""
    lists = whose_words(session, data.site_lists(session))
    columns = {
        "title": _("List"), "supplier": _("Supplier"),
        "as_of": st.column_config.DateColumn(_("Date")), "row_count": _("Sites"),
        "organisation": _("Brought in by"), "whose": _("Who sees it"), "source": _("Source"),
    }  # fmt: skip
    chosen = table(lists, columns, "site-lists", id_column="id")
    link("import_sites", _("Import a list"))
    if chosen is None:
        st.caption(_("Choose a list in the table to correct, share or delete it."))
        return
    one = lists.row(by_predicate=pl.col("id") == chosen, named=True)
    st.subheader(plain(label(one)))
    whose_mark(session, one, "site_list", f"list-{chosen}")
    if not one["mine"]:
        st.caption(_("Only the organisation that brought it in can change it."))
    elif session.principal.may_edit:
        _correct(session, one)
        _delete(session, one)
        with st.expander(_("Share this list")):
            share_form(session, "site_list", [chosen], label(one), f"share-{chosen}")


def _correct(session: Session, one: dict[str, Any]) -> None:
    labels = {"title": _("Title"), "source": _("Source"), "as_of": _("Date")}
    form = edits.Form("site_list", labels, _fields, _checked)
    edits.edit_with(session, one, form, f"list-{one['id']}", _("Change title, source or date"))


def _fields(seen: Row) -> dict[str, Any]:
    key = f"list-{seen['id']}-{seen['version']}"
    return {
        "title": st.text_input(_("Title"), seen["title"], max_chars=200, key=f"{key}-t").strip(),
        "source": st.text_input(_("Source"), seen["source"], max_chars=500, key=f"{key}-s").strip(),
        "as_of": st.date_input(_("Date"), seen["as_of"], format="YYYY-MM-DD", key=f"{key}-d"),
    }


def _checked(typed: dict[str, Any]) -> Row | None:
    if typed["title"] and typed["as_of"]:
        return typed
    problem(_("A list needs a title and a date. Fill them in and save again."))
    return None


def _delete(session: Session, one: dict[str, Any]) -> None:
    if one["shared_with"]:
        st.caption(_("A shared list cannot be deleted. End its sharing first."))
        return
    with st.popover(_("Delete this list"), key=f"delete-{one['id']}"):
        st.markdown(
            plain(
                ngettext(
                    "Its {n} site goes with it. This cannot be undone.",
                    "Its {n} sites go with it. This cannot be undone.",
                    one["row_count"],
                ).format(n=f"{one['row_count']:,}")
            )
        )
        if st.button(_("Delete it now"), key=f"delete-{one['id']}-sure", type="primary"):
            try:
                data.delete(session, "site_list", {"id": one["id"]})
            except StoreError as refusal:
                problem(str(refusal))
            else:
                st.session_state["site-list-deleted"] = label(one)
                st.rerun()


def said_deleted() -> None:
    """Once, after a list was deleted."""
    gone = st.session_state.pop("site-list-deleted", None)
    if gone:
        done(_("Deleted: {what}.").format(what=gone))


def compare(session: Session) -> None:
    """What happened between two lists of the same supplier."""
    lists = data.site_lists(session)
    several = lists.filter(pl.len().over("supplier_id") > 1)
    if several.is_empty():
        st.caption(_("As soon as there are two lists of one supplier, this shows what changed."))
        return
    suppliers = dict(several.select("supplier_id", "supplier").unique().sort("supplier").rows())
    with filters.row():
        supplier_id = st.selectbox(
            _("Supplier"), list(suppliers), format_func=lambda one: suppliers.get(one, ""),
            key="changes-supplier", width=240,
        )  # fmt: skip
        offered = several.filter(pl.col("supplier_id") == supplier_id)
        names = {one["id"]: label(one) for one in offered.iter_rows(named=True)}
        newer, older = (
            st.selectbox(
                text, list(names), index=place, format_func=lambda one: names.get(one, ""),
                key=f"changes-{place}-{supplier_id}", width=340,
            )
            for place, text in enumerate((_("Newer list"), _("Older list")))
        )  # fmt: skip
    if newer == older:
        st.info(_("Choose two different lists."))
        return
    found = data.cached(session, _changes, older, newer)
    counts = {kind: int((found["change"] == kind).sum()) for kind in _WORDS}
    st.markdown(
        plain(
            _("{added} added, {dropped} dropped, {kept} kept.").format(
                **{kind: f"{count:,}" for kind, count in counts.items()}
            )
        )
    )
    columns = {"change_word": _("Change"), "name": _("Name"), "address": _("Address"),
               "country_name": _("Country")}  # fmt: skip
    shown = found.filter(pl.col("change") != "kept")
    table(shown.head(1000), columns, "changes", height=420 if shown.height > 10 else None)
    if shown.height > 1000:
        st.caption(_("The first 1,000 changes; the download has all."))
    title = _("Changes in the sites of {name}").format(name=suppliers[supplier_id])
    sources = [names[older], names[newer]]
    downloads(found, filters.about(session, title, {}, sources), "changes", columns)
    st.caption(
        _("A site that moved, or is written in another way, counts as one dropped and one added.")
    )


def _changes(session: Session, older: str, newer: str) -> pl.DataFrame:
    rows = data.sites(session)
    found = sites.changes(
        rows.filter(pl.col("site_list_id") == older), rows.filter(pl.col("site_list_id") == newer)
    )
    return found.with_columns(
        change_word=pl.col("change").replace_strict(_WORDS, return_dtype=pl.String),
        country_name=named_countries(found["country"]),
    )


def named_countries(codes: pl.Series) -> pl.Series:
    """The names of countries for people."""
    names = {code: display_name(code) for code in codes.drop_nulls().unique()}
    return codes.replace_strict(names, return_dtype=pl.String, default=None)
