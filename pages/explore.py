"""What do our data say? Pick what to see, and how."""

import streamlit as st

from components import data, explore
from components.messages import foot, plain, problem
from components.session import require_session
from quorum.definitions.datasets import datasets
from quorum.explore import check
from quorum.language import _

session = require_session()
# A saved chart's link does not say what it is about.
asked = [] if "saved" in st.query_params else [st.query_params.get("data", next(iter(datasets())))]
data.ahead(session, "saved_chart", *explore.reads(*asked))
st.title(_("Explore"))
st.markdown(_("What do our data say? Pick what to see; the chart follows."))
explore.said_saved()
first_time = explore.nothing_asked()
question, problems, saved = explore.from_address(session)
dataset = datasets()[question.dataset]
for sentence in problems:
    problem(sentence)
if saved:
    st.markdown(plain(explore.opened_words(session, saved)))
explore.starting_points(question, folded=not first_time)
explore.heading(question)
explore.picks(session, question)
if wrong := check(question, dataset):
    explore.explained(question, wrong)
else:
    found = explore.show(session, question, "explore")
    explore.left_out(question, found)
    if not found.problem:
        with st.container(horizontal=True):
            explore.files(session, question, found, "explore")
            explore.save_form(session, question, saved)
        explore.as_table(question, found, "explore-same")
    foot(
        [f"{dataset.source}. {explore.dates(found, dataset)}".strip()],
        withheld=_("what other members have not shared with you"),
    )
st.caption(plain(dataset.about))
