"""What do raters think of this initiative, why, and who belongs to it?"""

from typing import Any

import polars as pl
import streamlit as st

from components import (
    certificates,
    data,
    edits,
    filters,
    initiatives,
    initiatives_forms,
    maps,
    sharing,
)
from components.links import link, web
from components.messages import empty, foot, plain
from components.session import Session, require_session
from components.tables import table
from quorum.definitions.rubrics import initiative_kinds
from quorum.language import _

MOST_SAID = 3  # of the differences, the widest; the table has them all
VIEWS = {"ratings": _("Ratings and reasons"), "time": _("Over time"), "members": _("Who belongs")}


def handed_over(session: Session) -> None:
    """What a link from another page asks for becomes the choice, and leaves the address."""
    if (option := st.query_params.pop("rubric", None)) in initiatives.rubric_options(session):
        st.session_state["initiative_rubric"] = option
    if criterion := st.query_params.pop("criterion", None):
        st.session_state["initiative_criterion"] = criterion
        st.session_state["initiative_view"] = "ratings"


def about(session: Session, row: dict[str, Any]) -> None:
    kind = initiative_kinds()[row["kind"]]
    whose = _("Published") if row["published"] else row["organisation"] or _("another member")
    st.subheader(plain(row["full_name"]))
    st.caption(plain(f"{kind} · {whose}"))
    if row["description"]:
        st.markdown(plain(row["description"]))
    if row["website"]:
        # Not in the caption, whose pale text would take the link below 4.5:1.
        st.markdown(web(row["website"]))
    if row["published"]:
        return
    sharing.whose_mark(session, row, "initiative", f"initiative-{row['key']}")
    if row["mine"] and session.principal.may_edit:
        initiatives_forms.folded([(_("Correct, share or delete"), "initiative_own", own)], session)


def own(session: Session) -> None:
    key = st.session_state["initiative_key"]
    row = data.initiatives(session).row(by_predicate=pl.col("key") == key, named=True)
    initiatives_forms.correct_initiative(session, row)
    sharing.share_form(session, "initiative", [row["id"]], row["name"], f"share-{key}")
    if st.button(_("Delete this initiative"), key=f"delete-{key}"):
        edits.deleted(
            session, "initiative", row["id"],
            _(
                "It cannot be deleted while it is shared, rated or linked. End the sharing and "
                "delete those first."
            ),
        )  # fmt: skip


def sources(session: Session, key: str, option: str) -> list[str]:
    """Whose ratings of this initiative there are."""
    return data.cached(session, initiatives.sources, option, (key,))


def ratings(session: Session, key: str, option: str) -> None:
    rubric = initiatives.rubric_of(session, option)
    with filters.row():
        criterion = filters.choice(_("Criterion"), rubric.labels, "initiative_criterion")
        old = st.toggle(_("Earlier ratings too"), key="initiative_history", bind="query-params")
    differing = data.cached(session, initiatives.disagreements, option, 1.0).filter(initiative=key)
    if criterion:
        differing = differing.filter(criterion=criterion)
    for row in differing.head(MOST_SAID).iter_rows(named=True):
        said = _("{low:g} by {lowest}; {high:g} by {highest}").format(**row)
        st.markdown(f"{plain(row['sentence'])} {plain(said)}.")
    found = data.cached(session, initiatives.history, option, key, criterion, old)
    columns: dict[str, Any] = {
        "rater": _("Rater"), "label": _("Criterion"),
        "value": st.column_config.NumberColumn(_("Stars"), format="%.1f"),
        "word": _("State"), "rated_on": initiatives.day_column(_("Rated on")),
        "rationale": _("Why"), "links": _("Evidence"),
    }  # fmt: skip
    # What is the same in every row, and addresses, only widen the table; the reader can show them.
    hidden = [
        name
        for name, idle in (("label", criterion), ("word", not old), ("links", True))
        if idle
    ]  # fmt: skip
    title = _("Ratings of {name}").format(name=data.initiative_names(session)[key])
    rows = found.with_row_index("number").with_columns(pl.col("number").cast(pl.String))
    chosen = initiatives.shown_table(
        session, rows, columns, title, "ratings", sources(session, key, option),
        id_column="number", hidden=tuple(hidden),
    )  # fmt: skip
    if chosen is None:
        st.caption(_("Select a row to read all of it, with its evidence."))
    elif int(chosen) < found.height:
        reason(session, found.row(int(chosen), named=True))


def reason(session: Session, row: dict[str, Any]) -> None:
    """One rating in full; one's own can be shared from here."""
    with st.container(border=True):
        st.markdown(
            f"**{plain(row['rater'])}, {plain(row['label'])}: {row['value']:g}**  \n"
            f"{plain(row['rationale'])}"
        )
        for one in row["evidence"]:
            st.markdown(web(one))
        stored = data.with_sharing(
            session,
            "initiative_rating",
            data.rows(session, "initiative_rating").filter(id=row["rating_id"]),
        )
        if stored.height:
            sharing.whose_mark(
                session, stored.row(0, named=True), "initiative_rating", f"r-{row['rating_id']}"
            )
        if row["mine"] and session.principal.may_edit:
            title = _("{initiative}, {day}").format(
                initiative=data.initiative_names(session)[row["initiative"]], day=row["rated_on"]
            )
            sharing.share_form(
                session, "initiative_rating", [row["rating_id"]], title, f"s-{row['rating_id']}"
            )
            if st.button(_("Take this rating back"), key=f"back-{row['rating_id']}"):
                edits.deleted(
                    session, "initiative_rating", row["rating_id"],
                    _(
                        "A rating stays while it is shared, and once it was revised. End its "
                        "sharing first."
                    ),
                )  # fmt: skip


def over_time(session: Session, key: str, option: str) -> None:
    maps.draw(session, "trend", initiatives.trend, option, key)
    with st.expander(_("The figures as a table")):
        columns = {
            "day": initiatives.day_column(_("Day")), "label": _("Criterion"),
            "median": _("Median, stars"),
            "low": _("Lowest"), "high": _("Highest"), "raters": _("Raters"),
        }  # fmt: skip
        found = data.cached(session, initiatives.over_time, option, key)
        title = _("{name} over time").format(name=data.initiative_names(session)[key])
        said = sources(session, key, option)
        initiatives.shown_table(session, found, columns, title, "over-time", said)


def members(session: Session, key: str) -> None:
    found = data.cached(session, certificates.links).filter(initiative=key)
    if found.is_empty():
        st.info(_("No supplier or site is recorded for this initiative."))
        link("certificates", _("Record who belongs"))
        return
    columns = {k: v for k, v in certificates.link_columns().items() if k != "name"}
    table(found.sort("state", "valid_until"), columns, "members")


def main() -> None:
    session = require_session()
    data.ahead(session, *initiatives.RELATIONS)
    st.title(_("Initiative profile"))
    st.markdown(_("What do raters think of this initiative, why, and who belongs to it?"))
    handed_over(session)
    names = data.initiative_names(session)
    with filters.row():
        key = filters.choice(
            _("Initiative"), names, "initiative_key", arrives_as="initiative"
        )  # fmt: skip
        option = initiatives.rubric_choice(session, "initiative_rubric")
    if key is None or key not in names:
        empty(
            _("Choose an initiative"),
            _("Here stand its ratings with their reasons, their history, and who belongs to it."),
        )
        link("initiatives", _("Compare all initiatives"))
        return
    row = data.initiatives(session).row(by_predicate=pl.col("key") == key, named=True)
    about(session, row)
    link("rate", _("Rate it, or revise your rating"), initiative=key, rubric=option)
    view = initiatives.view(VIEWS, "initiative_view")
    if view == "members":
        members(session, key)
    elif not initiatives.is_rated(session, option, key):
        st.info(_("Nobody whose ratings you see has rated it under this rubric."))
    elif view == "time":
        over_time(session, key, option)
    else:
        ratings(session, key, option)
    foot(
        sources(session, key, option),
        withheld=_("ratings that other members have not shared with you"),
    )


main()
