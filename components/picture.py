"""The shared picture of suppliers, as several pages show it: what it rests on, and its figures."""

from datetime import date
from typing import Any

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from components import data
from components.session import Session
from quorum import charts, dialogues, overview
from quorum.countries import display_name
from quorum.language import _
from quorum.overview import Need, Picture
from quorum.scoring import band_name
from quorum.suppliers import kind_names

# What a picture and its needs are made of, for `data.ahead`.
RELATIONS = (
    "supplier", "organisation", "assessment", "spend", "spend_bands", "site_list", "sharing",
    "invitation", "membership", "sharing_item", "dialogue", "dialogue_host", "commitment",
)  # fmt: skip


def picture(session: Session, consortium_id: str | None = None) -> Picture:
    """What the member sees of all suppliers; with `consortium_id` as that consortium makes it."""
    whole = Picture(
        data.suppliers(session),
        data.assessments(session),
        data.spend(session),
        data.spend_bands(session),
        data.site_lists(session),
        session.principal.organisation_id,
        date.today(),
    )
    if consortium_id is None:
        return whole
    return overview.within(whole, consortium_id, _members(session, consortium_id))


def _members(session: Session, consortium_id: str) -> list[str]:
    found = data.rows(session, "membership").filter(
        pl.col("left_at").is_null(), pl.col("consortium_id") == consortium_id
    )
    return found["organisation_id"].to_list()


def shared(session: Session, consortium_id: str | None = None) -> pl.DataFrame:
    """overview.shared_suppliers with kind, country, coverage and level in words."""
    return data.cached(session, _shared, consortium_id)


def _shared(session: Session, consortium_id: str | None) -> pl.DataFrame:
    found = overview.shared_suppliers(picture(session, consortium_id))
    return found.with_columns(
        kind_name=pl.col("kind").replace_strict(kind_names(), default=None, return_dtype=pl.String),
        country_name=country_names(found["country"]),
        coverage_name=coverage_words(pl.col("coverage")),
        level=level_words(),
    )


def waiting(session: Session, consortium_id: str | None = None) -> list[Need]:
    """What waits for the member's organisation, as far as the member can do something about it."""
    found = data.cached(session, _needs, consortium_id)
    return [need for need in found if overview.may_act(need, session.principal)]


def _needs(session: Session, consortium_id: str | None) -> list[Need]:
    events, promised = data.dialogues(session), data.commitments(session)
    if consortium_id is not None:
        here = pl.col("consortium_id") == consortium_id
        events, promised = events.filter(here), promised.filter(here)
    invitations = data.rows(session, "invitation").filter(pl.col("dialogue_id").is_null())
    return [
        *dialogues.inbox(promised, events, session.principal.organisation_id, date.today()),
        *overview.needs(
            picture(session, consortium_id),
            data.drafts(session),
            data.rows(session, "sharing"),
            invitations,
        ),
    ]


def source(session: Session, consortium_id: str | None = None) -> str:
    """Whose contributions the figures rest on, for a chart's source line."""
    names = data.consortium_names(session)
    own = session.principal.organisation
    if not names:
        return _("Source: {organisation}.").format(organisation=own)
    chosen = [names[consortium_id]] if consortium_id in names else list(names.values())
    return _("Source: {organisation}, and what members of {names} share with it.").format(
        organisation=own, names=_(" and ").join(chosen)
    )


def coverage_figure(session: Session, consortium_id: str | None) -> go.Figure:
    counts = overview.coverage_counts(shared(session, consortium_id))
    return charts.coverage_bar(
        counts["assessed"], counts["stale"], counts["never"], source(session, consortium_id)
    )


def bands_figure(session: Session, consortium_id: str | None) -> go.Figure:
    frame = overview.bands_across(picture(session, consortium_id), shared(session, consortium_id))
    return charts.bands_by_dimension(frame, source(session, consortium_id))


# Words --------------------------------------------------------------------------------------------


def country_names(codes: pl.Series) -> pl.Series:
    """Countries as people call them; null stays null."""
    names = {code: display_name(code) for code in codes.drop_nulls().unique()}
    return codes.replace_strict(names, default=None, return_dtype=pl.String)


def coverage_words(column: pl.Expr) -> pl.Expr:
    names = {"assessed": _("Assessed"), "stale": _("Stale"), "never": _("No assessment")}
    return column.replace_strict(names, default=None, return_dtype=pl.String)


def level_words() -> pl.Expr:
    """The overall level, or from which to which, of columns overall and overall_high."""
    names = {band: band_name(band) for band in ("low", "medium", "high")}
    low, high = (
        pl.col(end).replace_strict(names, default=None, return_dtype=pl.String)
        for end in ("overall", "overall_high")
    )
    return (
        pl.when(pl.col("overall") == pl.col("overall_high"))
        .then(low)
        .otherwise(pl.format(_("{} to {}"), low, high))
    )


def columns_of_shared() -> dict[str, Any]:
    """The columns of `shared` for tables."""
    return {
        "supplier": _("Supplier"),
        "members": st.column_config.NumberColumn(_("Members"), help=_("Seen to work with it")),
        "buyers": st.column_config.NumberColumn(_("Buy from it")),
        "level": st.column_config.TextColumn(_("Overall level"), width=140),
        "coverage_name": _("Assessment"),
        "assessed_on": st.column_config.DateColumn(_("Assessed on")),
        "kind_name": _("Kind"),
        "country_name": _("Country"),
        "lists": st.column_config.NumberColumn(_("Members with site lists")),
    }
