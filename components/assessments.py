"""Assessments as a picture: the least ready suppliers, and how members see one supplier."""

from datetime import date
from typing import Any, cast

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from components import data, filters, maps, messages
from components.downloads import downloads
from components.links import go as leave
from components.links import link
from components.messages import plain
from components.session import Session
from components.sharing import whose_words
from components.tables import table
from quorum import charts, readiness, scoring
from quorum.definitions import BAND_ORDER, current, questionnaires
from quorum.importers.assessment_sheet import template
from quorum.language import _, ngettext

DRAWN = 12  # suppliers in the chart until all are asked for


# Reading ------------------------------------------------------------------------------------------


def _named(session: Session) -> pl.DataFrame:
    """All finished assessments of a questionnaire we know, each with the names of its supplier and
    organisation."""
    known = pl.col("questionnaire").is_in([version.id for version in questionnaires()])
    return (
        data.assessments(session)
        .filter(known)
        .with_columns(
            pl.col("supplier").fill_null(_("Unknown supplier")),
            pl.col("organisation").fill_null(_("Another member")),
        )
    )


def _picture(session: Session) -> pl.DataFrame:
    return whose_words(session, readiness.picture(data.cached(session, _named), date.today()))


def picture(session: Session) -> pl.DataFrame:
    """readiness.picture of all that the member may see, with `whose` (the mark in words)."""
    return data.cached(session, _picture)


def _source(rows: pl.DataFrame) -> str:
    """The line under a figure."""
    return _(
        "Members' assessments, newest of {day}. Questions and points: Annex 2a and 2b."
    ).format(day=_newest(rows))


def _newest(rows: pl.DataFrame) -> date | None:
    return cast("date | None", rows["assessed_on"].max())


# Drafts -------------------------------------------------------------------------------------------


def drafts(session: Session) -> None:
    """What the member's organisation has begun and not finished, the latest on top."""
    begun = data.drafts(session).sort("updated_at", descending=True)
    if begun.is_empty():
        return
    with st.container(border=True, gap="xsmall"):
        count = ngettext(
            "{n} draft to finish, with the day it was last saved",
            "{n} drafts to finish, with the day each was last saved",
            begun.height,
        )
        st.markdown("**" + count.format(n=begun.height) + "**")
        for row in begun.head(8).iter_rows(named=True):
            link(
                "assess",
                _("{day}: {supplier}").format(
                    supplier=row["supplier"] or _("Unknown supplier"),
                    day=row["updated_at"].date(),
                ),
                assessment=row["id"],
            )
        if begun.height > 8:
            st.caption(_("and {n} more").format(n=begun.height - 8))


# Filters ------------------------------------------------------------------------------------------


def choose(session: Session) -> dict[str, Any]:
    """One row of filters: keyword arguments of readiness.chosen."""
    everything = picture(session)
    suppliers = everything.select("supplier_id", "supplier").unique().sort("supplier")
    members = everything.select("organisation_id", "organisation").unique().sort("organisation")
    with filters.row():
        return {
            "consortium": filters.choice(
                _("Shared with"), data.consortium_names(session), "ready_consortium",
                arrives_as="consortium",
            ),
            "supplier": filters.choice(
                _("Supplier"), dict(suppliers.iter_rows()), "ready_supplier", arrives_as="supplier"
            ),
            "organisation": filters.choice(
                _("Assessed by"), dict(members.iter_rows()), "ready_organisation",
                arrives_as="organisation",
            ),
            "overall": filters.choice(
                _("Overall level"), {band: scoring.band_name(band) for band in BAND_ORDER},
                "ready_level",
            ),
            "fresh": filters.choice(_("Age"), readiness.freshness_words(), "ready_age"),
            "mine": st.toggle(_("Ours only"), key="ready_ours", bind="query-params"),
        }  # fmt: skip


def _chosen(session: Session, wanted: tuple[tuple[str, Any], ...]) -> pl.DataFrame:
    return readiness.chosen(picture(session), **dict(wanted))


def rows(session: Session, wanted: dict[str, Any]) -> pl.DataFrame:
    """The picture's rows that the filters let through."""
    return data.cached(session, _chosen, tuple(wanted.items()))


# Everybody ----------------------------------------------------------------------------------------


def figures(found: pl.DataFrame) -> None:
    """Four counts of suppliers."""
    counted = readiness.counts(found)
    labels = {
        "assessed": _("Suppliers assessed"),
        "low": _("Low overall"),
        "stale": _("Over two years old"),
        "differing": _("Members disagree on"),
    }
    with st.container(horizontal=True):
        for name, label in labels.items():
            st.metric(label, counted[name], width=150)


def _matrix(session: Session, wanted: tuple[tuple[str, Any], ...], most: int | None) -> go.Figure:
    found = _chosen(session, wanted)
    return charts.band_matrix(readiness.matrix(found, most), _source(found))


def matrix(session: Session, wanted: dict[str, Any], found: pl.DataFrame) -> None:
    """Bands of each supplier's newest assessment; a click opens the supplier's profile."""
    suppliers = found["supplier_id"].n_unique()
    st.subheader(_("The least ready suppliers"), anchor=False)
    st.caption(
        _(
            "Each supplier's newest assessment that fits the filters. A click opens the "
            "supplier's profile."
        )
    )
    everyone = suppliers <= DRAWN or st.toggle(
        _("Show all {n} suppliers").format(n=suppliers), key="ready_all", bind="query-params"
    )
    most = None if everyone else DRAWN
    clicked = maps.draw(
        session, "ready-matrix", _matrix, tuple(wanted.items()), most, selectable=True
    )
    if clicked:
        leave("supplier", supplier=clicked)


def listed(session: Session, found: pl.DataFrame, wanted: dict[str, Any]) -> None:
    """Every assessment in view, the least ready first; a click on a row opens it."""
    st.subheader(_("Every member's newest assessment"), anchor=False)
    st.caption(_("The least ready first. Select a row to open the assessment with its answers."))
    words = readiness.freshness_words()
    shown = found.with_columns(age=pl.col("freshness").replace_strict(words, default=None))
    columns: dict[str, Any] = {
        "supplier": _("Supplier"),
        "organisation": _("Assessed by"),
        "assessed_on": st.column_config.DateColumn(_("Date"), format="YYYY-MM-DD"),
        "overall_words": _("Overall level"),
        **{
            f"{name}_words": _("{dimension} (band, points)").format(dimension=text)
            for name, text in scoring.dimension_names().items()
        },
        "whose": _("Whose"),
        "age": _("Age"),
        "doubt": _("Why a range"),
    }
    height = 38 + 35 * min(shown.height, 12)
    opened = table(shown, columns, "ready-table", id_column="id", height=height, hidden=("doubt",))
    if opened:
        leave("assess", assessment=opened)
    _take_along(session, found, wanted)


def _take_along(session: Session, found: pl.DataFrame, wanted: dict[str, Any]) -> None:
    names = {
        _("Shared with"): data.consortium_names(session).get(wanted["consortium"] or ""),
        _("Supplier"): found["supplier"][0] if wanted["supplier"] else None,
        _("Assessed by"): found["organisation"][0] if wanted["organisation"] else None,
        _("Overall level"): scoring.band_name(wanted["overall"]) if wanted["overall"] else None,
        _("Age"): readiness.freshness_words().get(wanted["fresh"] or ""),
        _("Ours only"): _("yes") if wanted["mine"] else None,
    }
    about = filters.about(session, _("Assessments"), names, [current().source, _source(found)])
    downloads(readiness.all_answers(found), about, "ready")


# One supplier -------------------------------------------------------------------------------------


def one_supplier(session: Session, supplier_id: str) -> None:
    """How members' newest assessments of it differ, how each sum comes about, and the trend."""
    newest = picture(session).filter(pl.col("supplier_id") == supplier_id).sort("organisation")
    name = newest["supplier"][0]
    st.subheader(plain(_("{supplier}: how members see it").format(supplier=name)), anchor=False)
    maps.draw(session, "ready-comparison", _comparison, supplier_id)
    _differences(session, supplier_id, newest)
    _sums(session, newest)
    st.subheader(plain(_("{supplier}: over time").format(supplier=name)), anchor=False)
    days = data.cached(session, _named).filter(pl.col("supplier_id") == supplier_id)
    if days.height > newest.height:
        maps.draw(session, "ready-trend", _trend, supplier_id)
    else:
        st.markdown(
            _("Each member assessed it once so far. A second round will draw the trend here.")
        )


def _comparison(session: Session, supplier_id: str) -> go.Figure:
    frame = readiness.side_by_side(_named(session), supplier_id)
    return charts.assessor_comparison(frame, readiness.zones(), _source(frame))


def _trend(session: Session, supplier_id: str) -> go.Figure:
    frame = readiness.over_time(_named(session), supplier_id)
    source = _source(frame.rename({"date": "assessed_on"}))
    return charts.trend(frame, readiness.zones(), source)


def _answers(session: Session, supplier_id: str) -> pl.DataFrame:
    return readiness.answers_side_by_side(_named(session), supplier_id)


def _differences(session: Session, supplier_id: str, newest: pl.DataFrame) -> None:
    if newest.height == 1:
        st.markdown(_("One member has assessed it: there is nothing to compare yet."))
        return
    lines = data.cached(session, _answers, supplier_id)
    if lines.is_empty():
        st.markdown(_("The members chose the same answers."))
        return
    count = ngettext(
        "They differ on {n} answer:", "They differ on {n} answers:", lines.height
    ).format(n=lines.height)
    st.markdown(count)
    labels = {"block": _("Question"), "answer": _("Answer")}
    members = {name: name for name in lines.columns if name not in labels}
    table(lines, labels | members, "ready-differences")


def _sum(_session: Session, version: str, kind: str, *answers: str) -> pl.DataFrame:
    return readiness.sum_of(version, kind, answers)


def _sums(session: Session, newest: pl.DataFrame) -> None:
    for row in newest.iter_rows(named=True):
        heading = _("How the points of {organisation} come about").format(
            organisation=row["organisation"]
        )
        fold = st.expander(plain(heading), key=f"ready-fold-{row['id']}", on_change="rerun")
        if not fold.open:
            continue
        with fold:
            lines = data.cached(
                session, _sum, row["questionnaire"], row["respondent_kind"], *row["answers"]
            )
            columns = {
                "dimension": _("Dimension"), "block": _("Question"), "answer": _("Answer"),
                "points": _("Points"), "note": _("Note"),
            }  # fmt: skip
            table(lines, columns, f"ready-sum-{row['id']}")
            for sentence in (row["doubt"], row["gap_note"]):
                if sentence:
                    st.caption(plain(sentence))
            link("assess", _("Open this assessment"), assessment=row["id"])


# Nobody yet, and the foot -------------------------------------------------------------------------


def nothing_yet(session: Session) -> None:
    """What will stand here, and how it gets here."""
    messages.empty(
        _("No assessment yet"),
        _(
            "Here your suppliers will stand, the least ready on top: what each knows of its supply "
            "chain, what it has promised, and what it does. Answer the questionnaire for one "
            "supplier, or import many from the spreadsheet. Fellow members' assessments appear "
            "once they share them."
        ),
        example_file=(_("Download the spreadsheet"), "assessments.xlsx", template()),
    )
    if session.principal.may_edit:
        link("assess", _("Answer the questionnaire for a supplier"))
        link("import_assessments", _("Import many assessments"))


def foot(found: pl.DataFrame) -> None:
    messages.foot(
        [current().source],
        _newest(found),
        _(
            "assessments that members have not shared with you, and everybody's contacts and "
            "internal notes"
        ),
    )
    link("method", _("How points and bands are worked out, and where the source has gaps"))
