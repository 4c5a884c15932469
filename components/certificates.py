"""Which suppliers and sites belong to an initiative or hold its certificate: tables and forms."""

from datetime import date
from typing import Any

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from components import data, edits, filters, sharing
from components.initiatives import day_column
from components.initiatives_forms import again, minted, say_stored, stored
from components.messages import problem
from components.session import Session
from quorum import charts, initiatives
from quorum.language import _
from quorum.store import Row

# What the page is made of, for `data.ahead`.
RELATIONS = (
    "supplier", "organisation", "initiative", "initiative_link", "assessment", "site_list", "spend",
    "sharing", "sharing_item",
)  # fmt: skip


# Records and coverage -----------------------------------------------------------------------------


def links(session: Session) -> pl.DataFrame:
    """Memberships and certificates with words for people."""
    names = data.initiative_names(session)
    kinds = {"certificate": _("Certificate"), "member": _("Member")}
    found = initiatives.with_state(data.initiative_links(session), date.today())
    return sharing.whose_words(session, found).with_columns(
        name=pl.col("initiative").replace_strict(
            names, default=_("An initiative not shared with you"), return_dtype=pl.String
        ),
        kind=pl.col("standing").replace_strict(kinds, return_dtype=pl.String),
        word=pl.col("state").replace_strict(initiatives.state_names(), return_dtype=pl.String),
    )


def link_columns() -> dict[str, Any]:
    return {
        "supplier": _("Supplier"), "site_name": _("Site"), "name": _("Initiative"),
        "organisation": _("Recorded by"), "word": _("State"),
        "valid_until": day_column(_("Valid until")), "days_left": _("Days left"),
        "kind": _("Standing"), "level": _("Level"), "scope": _("Scope"),
        "source": _("Source"), "whose": _("Who sees it"),
    }  # fmt: skip


def base(session: Session) -> pl.DataFrame:
    """The supply base: suppliers (id, name) on which there is any contribution that the member
    sees; the whole register while there is none."""
    known: set[str] = set()
    for frame in (
        data.assessments(session), data.site_lists(session), data.spend(session),
        data.initiative_links(session),
    ):  # fmt: skip
        known |= set(frame["supplier_id"].drop_nulls())
    living = data.suppliers(session).select("id", "name")
    return living.filter(pl.col("id").is_in(list(known))) if known else living


def coverage(session: Session) -> pl.DataFrame:
    names = data.initiative_names(session)
    found = initiatives.coverage(
        data.initiative_links(session), data.cached(session, base)["id"].to_list(), date.today()
    )
    return found.with_columns(
        name=pl.col("initiative").replace_strict(names, default="?", return_dtype=pl.String),
        percent=pl.col("share") * 100,
    )


def coverage_figure(session: Session) -> go.Figure:
    found = data.cached(session, coverage)
    return charts.initiative_coverage(
        found, dict(found.select("initiative", "name").rows()),
        data.cached(session, base).height,
        _("Memberships and certificates that you see, {day}.").format(day=date.today()),
    )  # fmt: skip


def uncovered(session: Session) -> pl.DataFrame:
    return initiatives.uncovered(
        data.cached(session, base), data.initiative_links(session), date.today()
    )


# Forms --------------------------------------------------------------------------------------------


def link_form(session: Session) -> None:
    """The form for one membership or certificate."""
    key = "certificate-new"
    say_stored(key)
    names = data.initiative_names(session)
    suppliers = filters.told_apart(dict(data.suppliers(session).select("id", "name").rows()))
    kinds = link_kinds()
    whose = st.selectbox(
        _("Supplier"), list(suppliers), index=None, key=f"{key}-supplier",
        format_func=lambda one: suppliers.get(one, ""), placeholder=_("Search the register"),
    )  # fmt: skip
    places = _places(session, whose)
    with st.form(key):
        site = st.selectbox(
            _("Production site"), list(places), index=None, key=f"{key}-site-{whose}",
            format_func=lambda one: places[one]["label"], placeholder=_("The supplier itself"),
        )  # fmt: skip
        initiative = st.selectbox(
            _("Initiative"), list(names), index=None, format_func=lambda one: names.get(one, ""),
            key=f"{key}-initiative",
        )  # fmt: skip
        standing = st.radio(
            _("Standing"), list(kinds), format_func=lambda one: kinds[one], horizontal=True,
            key=f"{key}-standing",
        )  # fmt: skip
        level = st.text_input(_("Level"), max_chars=200, key=f"{key}-level",
                              placeholder=_("Such as Gold, or full member"))  # fmt: skip
        scope = st.text_input(_("Scope"), max_chars=500, key=f"{key}-scope",
                              placeholder=_("What it covers: products, activities"))  # fmt: skip
        start, end = st.columns(2)
        valid_from = start.date_input(_("Valid from"), None, min_value=date(1990, 1, 1),
                                      format="YYYY-MM-DD", key=f"{key}-from")  # fmt: skip
        valid_until = end.date_input(_("Valid until"), None, min_value=date(1990, 1, 1),
                                     format="YYYY-MM-DD", key=f"{key}-until")  # fmt: skip
        source = st.text_input(_("Source"), max_chars=500, key=f"{key}-source",
                               placeholder=_("Where you found it"))  # fmt: skip
        address = st.text_input(_("Link to the source"), max_chars=500, key=f"{key}-link",
                                placeholder="https://")  # fmt: skip
        past = st.checkbox(_("It has expired, and is meant as a record of the past"),
                           key=f"{key}-past")  # fmt: skip
        sent = st.form_submit_button(_("Record it"), type="primary")
    if not sent:
        return
    row = {
        "initiative": initiative, "supplier_id": whose, "standing": standing,
        "level": level.strip() or None, "scope": scope.strip() or None, "valid_from": valid_from,
        "valid_until": valid_until, "source": source.strip(), "link": address.strip() or None,
    }  # fmt: skip
    faults = initiatives.problems_of_link({**row, "expired_is_meant": past}, date.today())
    for sentence in faults:
        problem(sentence)
    if faults:
        return
    place = places[site]["row"] if site else {}
    if stored(session, "initiative_link", {"id": minted(key), **row, **place}, key):
        again(key, _("Recorded. Only your organisation sees it until you share it."))


def _places(session: Session, supplier_id: str | None) -> dict[str, dict[str, Any]]:
    """The supplier's known production sites by place: label and the columns of a link."""
    if supplier_id is None:
        return {}
    found = (
        data.sites(session).filter(supplier_id=supplier_id)
        .unique("place_key", maintain_order=True).sort("name")
    )  # fmt: skip
    return {
        row["place_key"]: {
            "label": f"{row['name']} ({row['country']})",
            "row": {
                "site_name": row["name"], "site_address": row["address"],
                "site_country": row["country"], "place_key": row["place_key"],
            },
        }
        for row in found.iter_rows(named=True)
    }  # fmt: skip


def correct_link(session: Session, row: dict[str, Any]) -> None:
    """The button and form for a membership or certificate that the organisation recorded."""
    key, kinds = f"link-{row['id']}", link_kinds()

    def inputs(row: Row) -> dict[str, Any]:
        def text(column: str, label: str, most: int) -> str | None:
            value = st.text_input(label, row[column] or "", max_chars=most, key=f"{key}-{column}")
            return value.strip() or None

        def day(column: str, label: str) -> date | None:
            chosen = st.date_input(
                label, row[column], min_value=date(1990, 1, 1), format="YYYY-MM-DD",
                key=f"{key}-{column}",
            )  # fmt: skip
            return chosen if isinstance(chosen, date) else None

        return {
            "standing": st.radio(
                _("Standing"), list(kinds), list(kinds).index(row["standing"]), horizontal=True,
                format_func=lambda one: kinds[one], key=f"{key}-standing",
            ),
            "level": text("level", _("Level"), 200), "scope": text("scope", _("Scope"), 500),
            "valid_from": day("valid_from", _("Valid from")),
            "valid_until": day("valid_until", _("Valid until")),
            "source": text("source", _("Source"), 500) or "",
            "link": text("link", _("Link to the source"), 500),
        }  # fmt: skip

    def words(row: Row) -> Row:
        return {**row, "standing": kinds[row["standing"]]}

    labels = {
        "standing": _("Standing"), "level": _("Level"), "scope": _("Scope"),
        "valid_from": _("Valid from"), "valid_until": _("Valid until"), "source": _("Source"),
        "link": _("Link to the source"),
    }  # fmt: skip
    edits.edit(session, "initiative_link", row, labels, inputs, key, _("Correct it"), words)


def link_kinds() -> dict[str, str]:
    return {"certificate": _("Holds its certificate"), "member": _("Is a member")}
