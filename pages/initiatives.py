"""How far do initiatives protect workers, as their raters see it, and do raters agree?"""

import polars as pl
import streamlit as st

from components import data, filters, initiatives, maps
from components import initiatives_forms as forms
from components.links import go, link
from components.messages import empty, foot, plain
from components.session import Session, require_session
from quorum.language import _

VIEWS = {
    "compare": _("All initiatives"),
    "radar": _("Two to four"),
    "differ": _("Where raters differ"),
    "due": _("To be rated"),
}
NOTHING = {
    "all": _("Nobody has rated under this rubric yet"),
    "published": _("The published table has no ratings under this rubric"),
    "ours": _("Your organisation has rated nothing under this rubric yet"),
}
MOST_TOLD = 5  # reasons above the table; where there are more, the table has a column for them
SHOWN = ("rba", "tco-certified", "epeat")


def figures(session: Session, option: str, whose: str) -> None:
    standings = data.cached(session, initiatives.standings, option, whose)
    widest = data.cached(session, initiatives.disagreements, option, 0.5, whose)
    with st.container(horizontal=True):
        st.metric(_("Initiatives"), standings.height, width=160)
        rated = standings.filter(state="current").height + standings.filter(state="due").height
        st.metric(_("Rated"), rated, width=160)
        waiting = standings.height - standings.filter(state="current").height
        st.metric(_("Unrated or due again"), waiting, width=160)
        spread = f"{widest['spread'][0]:g}" if widest.height else "–"
        st.metric(_("Widest range, stars"), spread, width=160)


def sources(
    session: Session, option: str, whose: str, keys: tuple[str, ...] | None = None
) -> list[str]:
    return data.cached(session, initiatives.sources, option, keys, 4, whose)


def said(session: Session, option: str, whose: str) -> dict[str, str]:
    """For files: what was chosen above."""
    return {
        _("Rubric"): initiatives.rubric_options(session)[option],
        _("Whose ratings"): initiatives.whose_names()[whose],
    }


def compare(session: Session, option: str, whose: str) -> None:
    st.caption(_("Select a square to open the initiative and read why."))
    chosen = maps.draw(
        session, f"matrix-{option}-{whose}", initiatives.matrix, option, whose, selectable=True
    )
    if chosen:
        key, criterion = chosen.split("|")
        go("initiative", initiative=key, criterion=criterion, rubric=option)
    with st.expander(_("The figures as a table")):
        rubric = initiatives.rubric_of(session, option)
        initiatives.shown_table(
            session, data.cached(session, initiatives.wide, option, whose),
            initiatives.wide_columns(rubric), _("Initiatives compared"), "compare",
            sources(session, option, whose), chosen_filters=said(session, option, whose),
        )  # fmt: skip


def radar(session: Session, option: str, whose: str) -> None:
    names = filters.told_apart(data.initiative_names(session))
    chosen = st.multiselect(
        _("Initiatives, two to four"), list(names), default=[key for key in SHOWN if key in names],
        format_func=lambda one: names.get(one, ""), max_selections=4, key="initiatives_chosen",
        bind="query-params",
    )  # fmt: skip
    chosen = [key for key in chosen if key in names]
    if len(chosen) < 2:
        st.info(_("Choose at least two initiatives to compare them."))
        return
    maps.draw(session, "radar-chart", initiatives.radar, option, tuple(chosen), whose)
    with st.expander(_("The figures as a table")):
        rows = data.cached(session, initiatives.wide, option, whose)
        initiatives.shown_table(
            session, rows.filter(rows["key"].is_in(chosen)),
            initiatives.wide_columns(initiatives.rubric_of(session, option)),
            _("Initiatives compared"), "radar",
            sources(session, option, whose, tuple(chosen)),
            chosen_filters=said(session, option, whose),
        )  # fmt: skip


def differ(session: Session, option: str, whose: str) -> None:
    least = st.select_slider(
        _("Show differences from"), [0.5, 1.0, 1.5, 2.0, 2.5, 3.0], 1.0, key="initiatives_least",
        format_func=lambda one: f"{one:g}", bind="query-params", width=320,
        help=_("Stars between the lowest and the highest rating."),
    )  # fmt: skip
    found = data.cached(session, initiatives.disagreements, option, float(least), whose)
    if found.is_empty():
        st.info(
            _("No raters differ that far. It takes two raters to differ: rate one yourself.")
            if whose == "all"
            else _("It takes two raters to differ: choose all ratings that you may see.")
        )
        return
    for row in found.head(5).iter_rows(named=True):
        by = _("{low:g} by {lowest}; {high:g} by {highest}").format(**row)
        st.markdown(f"**{plain(row['name'])}.** {plain(row['sentence'])} {plain(by)}.")
    st.caption(_("Select a row to read why."))
    columns = {
        "name": _("Initiative"), "label": _("Criterion"), "spread": _("Range, stars"),
        "low": _("Lowest"), "lowest": _("Lowest by"), "high": _("Highest"),
        "highest": _("Highest by"),
    }  # fmt: skip
    chosen = initiatives.shown_table(
        session, found, columns, _("Where raters differ"), "differ",
        sources(session, option, whose), chosen_filters=said(session, option, whose),
        id_column="id",
    )  # fmt: skip
    if chosen:
        key, criterion = chosen.split("|")
        go("initiative", initiative=key, criterion=criterion, rubric=option)


def reasons(waiting: pl.DataFrame) -> bool:
    """Why each is to be rated, as sentences; whether all are told."""
    for (_state, why), alike in waiting.filter(state="unrated").group_by("state", "why"):
        names = ", ".join(alike["name"])
        st.markdown(f"**{plain(names)}.** {plain(why)}")
    again = waiting.filter(state="due")
    for row in again.head(MOST_TOLD).iter_rows(named=True):
        st.markdown(f"**{plain(row['name'])}.** {plain(row['why'])}")
    return again.height <= MOST_TOLD


def due(session: Session, option: str, whose: str) -> None:
    found = data.cached(session, initiatives.standings, option, whose)
    waiting = found.filter(found["state"] != "current")
    if waiting.is_empty():
        st.info(_("Every initiative has a rating that is less than two years old."))
        return
    told = reasons(waiting)
    st.caption(
        _("Select a row to rate the initiative.")
        if session.principal.may_edit
        else _("Select a row to open the initiative.")
    )
    columns = {
        "name": _("Initiative"), "word": _("State"),
        "newest": initiatives.day_column(_("Newest rating")), "why": _("Why"),
    }  # fmt: skip
    hidden = ("why",) if told else ()
    chosen = initiatives.shown_table(
        session, waiting, columns, _("Initiatives to be rated"), "due",
        sources(session, option, whose), chosen_filters=said(session, option, whose),
        id_column="initiative", hidden=hidden,
    )  # fmt: skip
    if chosen:
        go("rate" if session.principal.may_edit else "initiative", initiative=chosen, rubric=option)


def main() -> None:
    session = require_session()
    data.ahead(session, *initiatives.RELATIONS)
    st.title(_("Initiatives compared"))
    st.markdown(_("How far do initiatives protect workers, and do those who rate them agree?"))
    with filters.row():
        option = initiatives.rubric_choice(session, "initiatives_rubric")
        whose = initiatives.whose_choice("initiatives_whose")
        link("rate", _("Rate an initiative"), rubric=option)
    figures(session, option, whose)
    view = initiatives.view(VIEWS, "initiatives_view")
    if view != "due" and data.cached(session, initiatives.summary, option, whose).is_empty():
        empty(
            NOTHING[whose],
            _("Here the initiatives will stand beside each other, criterion by criterion."),
        )
        link("rate", _("Give the first rating"), rubric=option)
    else:
        {"compare": compare, "radar": radar, "differ": differ, "due": due}[view](
            session, option, whose
        )
    if session.principal.may_edit:
        forms.folded(
            [
                (_("Add an initiative"), "initiatives_adding", forms.add_initiative),
                (_("Add a rubric"), "initiatives_rubric_new", forms.add_rubric),
                (
                    _("Rubrics of your organisation"),
                    "initiatives_mine",
                    forms.my_rubrics,
                ),
            ],
            session,
        )
    withheld = _("ratings that other members have not shared with you") if whose == "all" else None
    foot(sources(session, option, whose), withheld=withheld)


main()
