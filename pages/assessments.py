"""Which of our shared suppliers are least ready?"""

import streamlit as st

from components import assessments, data
from components.links import link
from components.session import require_session
from quorum.language import _

session = require_session()
data.ahead(session, "assessment")
st.title(_("Assessments"))
st.markdown(_("Which of our shared suppliers are least ready?"))
assessments.drafts(session)
if assessments.picture(session).is_empty():
    assessments.nothing_yet(session)
    st.stop()

wanted = assessments.choose(session)
found = assessments.rows(session, wanted)
if found.is_empty():
    st.markdown(_("No assessment fits all of these filters. Take one of them away."))
    st.stop()
if wanted["supplier"]:
    assessments.one_supplier(session, wanted["supplier"])
else:
    assessments.figures(found)
    assessments.matrix(session, wanted, found)
assessments.listed(session, found, wanted)
if not wanted["supplier"]:
    st.caption(_("Choose a supplier above to compare members' assessments and see its trend."))
if session.principal.may_edit:
    with st.container(horizontal=True):
        link("assess", _("Answer the questionnaire"))
        link("import_assessments", _("Import many assessments"))
assessments.foot(found)
