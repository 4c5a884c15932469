"""Which charts do we keep an eye on?"""

import streamlit as st

from components import data, explore
from components.links import link, page_path
from components.messages import empty, plain, problem
from components.session import require_session
from quorum.definitions.datasets import datasets
from quorum.explore import check
from quorum.language import _
from quorum.store import Row


def chart(saved: Row) -> None:
    """One chart with the answer of the reader's own rights, or why there is none."""
    question, unread = explore.question_of(saved)
    for sentence in unread:
        problem(sentence)
    if question is not None and not unread:
        wrong = check(question, datasets()[question.dataset])
        for sentence in wrong:
            st.info(plain(sentence))
        if not wrong:
            explore.show(session, question, f"board-{saved['id']}")


def heading(saved: Row) -> None:
    owner = saved["organisation"] or _("a former member")
    st.markdown(f"**{plain(saved['name'])}** {explore.whose(session, saved)}")
    if not saved["mine"]:
        st.caption(plain(_("Saved by {owner}.").format(owner=owner)))


session = require_session()
data.ahead(session, "saved_chart", *explore.reads())
st.title(_("Board"))
st.markdown(_("Which charts do we keep an eye on?"))
if refusal := st.session_state.pop("board-problem", None):
    problem(refusal)
charts = explore.saved_charts(session)
if charts.is_empty():
    empty(
        _("No saved chart yet"),
        _("Here stand the charts that your organisation saves, and those shared with it."),
        _("Explore the data"),
        page_path("explore"),
    )
    st.stop()
st.caption(_("Each chart is answered with your own rights: others may see other figures."))
pinned = charts.filter("pinned")
columns = st.columns(2)
for place, saved in enumerate(pinned.iter_rows(named=True)):
    with columns[place % 2].container(border=True):
        heading(saved)
        chart(saved)
        link("explore", _("Open"), saved=saved["id"])
if pinned.is_empty():
    st.info(_("Nothing is pinned. Pin a chart below, and it is drawn here."))
st.subheader(explore.counted(charts.height))
for saved in charts.iter_rows(named=True):
    with st.container(border=True):
        heading(saved)
        link("explore", _("Open"), saved=saved["id"])
        if saved["mine"] and session.principal.may_edit:
            explore.manage(session, saved)
