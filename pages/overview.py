"""What do we know together about our suppliers, and what needs me?"""

import streamlit as st

from components import data, filters, picture
from components.downloads import downloads
from components.links import go, link
from components.maps import draw
from components.messages import empty, foot, plain
from components.session import Session, require_session
from components.tables import table
from quorum import overview
from quorum.language import _

SHOWN = 10  # suppliers on this page; the register holds all


def chosen_consortium(session: Session) -> str | None:
    names = data.consortium_names(session)
    if len(names) < 2:
        return None
    with filters.row():
        return filters.choice(_("Consortium"), names, "overview_consortium")


def figures(session: Session, consortium_id: str | None) -> None:
    known = picture.shared(session, consortium_id)
    counts = overview.coverage_counts(known)
    with st.container(horizontal=True):
        st.metric(_("Suppliers we work with"), known.height, width=165)
        st.metric(_("Seen by several"), known.filter(known["members"] > 1).height, width=165)
        st.metric(_("Assessed in two years"), counts["assessed"], width=165)
        st.metric(_("Assessed differently"), int(known["differ"].sum()), width=165)


def needs(session: Session, consortium_id: str | None) -> None:
    st.subheader(_("What needs you"))
    waiting = picture.waiting(session, consortium_id)
    if not waiting:
        st.markdown(_("Nothing at the moment."))
    for need in waiting:
        with st.container(border=True, gap="xsmall"):
            st.markdown(plain(need.text))
            link(need.page, need.action, **need.query)


def maturity(session: Session, consortium_id: str | None) -> None:
    st.subheader(_("How well we know them"))
    draw(session, "overview-coverage", picture.coverage_figure, consortium_id)
    st.subheader(_("How ready they are"))
    draw(session, "overview-bands", picture.bands_figure, consortium_id)


def most_shared(session: Session, consortium_id: str | None) -> None:
    known = picture.shared(session, consortium_id)
    st.subheader(_("Suppliers that most of us work with"))
    columns = picture.columns_of_shared()
    chosen = table(known.head(SHOWN), columns, "overview-shared", id_column="supplier_id",
                   hidden=("kind_name", "country_name", "lists"))  # fmt: skip
    if chosen:
        go("supplier", supplier=chosen)
    with st.container(horizontal=True):
        link("suppliers", _("All suppliers in the register"))
        about = filters.about(session, _("Suppliers that we work with"), {}, [])
        labels = {
            name: one if isinstance(one, str) else one["label"] for name, one in columns.items()
        }
        downloads(known, about, "overview", labels)


def first_steps(session: Session) -> None:
    """What a new organisation has not done yet."""
    steps = overview.first_steps(picture.picture(session), session.principal)
    if all(step.done for step in steps):
        return
    st.subheader(_("First steps"))
    for number, step in enumerate(steps, start=1):
        with st.container(border=True, gap="xsmall"):
            done = f" :gray-badge[{_('Done')}]" if step.done else ""
            st.markdown(f"**{number}. {plain(step.text)}**{done}")
            st.markdown(plain(step.why))
            if not step.done and overview.may_act(step, session.principal):
                link(step.page, step.action)


def main() -> None:
    session = require_session()
    data.ahead(session, *picture.RELATIONS)
    st.title(_("Overview"))
    st.markdown(_("What do we know together about our suppliers, and what needs me?"))
    if picture.shared(session).is_empty():
        empty(
            _("The shared picture of your suppliers will stand here"),
            _("What members know of the same suppliers, what is missing, and what waits for you."),
        )
        first_steps(session)
        return
    consortium_id = chosen_consortium(session)
    figures(session, consortium_id)
    left, right = st.columns([2, 3], gap="large")
    with left:
        needs(session, consortium_id)
        first_steps(session)
    with right:
        maturity(session, consortium_id)
    most_shared(session, consortium_id)
    foot(
        [picture.source(session, consortium_id).removeprefix(_("Source: "))],
        withheld=_("what members have not shared with you, and spend shared for totals only"),
    )
    link("method", _("How points, bands and levels come about"))


main()
