"""What does this supplier know, promise and do? The questionnaire, filled in step by step."""

import streamlit as st

from components import assessments, data, messages, questionnaire
from components.links import link
from components.session import require_editor, require_session
from quorum.language import _

session = require_session()
data.ahead(session, "assessment", "assessment_contact")
question = _("What does this supplier know, promise and do about human rights in its chain?")
assessment_id = st.query_params.get("assessment")
if assessment_id is None:
    st.title(_("Answer the questionnaire"))
    st.markdown(question)
    require_editor(session)
    assessments.drafts(session)
    questionnaire.begin(session, st.query_params.get("supplier"))
    st.stop()

stored = questionnaire.read(session, assessment_id)
if stored is None:
    st.title(_("Assessment"))
    messages.problem(
        _("This assessment is not there, or not shared with you. Ask whoever sent you the link.")
    )
    link("assessments", _("All assessments that you may see"))
    st.stop()

mine = stored.row["organisation_id"] == session.principal.organisation_id
may_edit = mine and session.principal.may_edit
edits = may_edit and (stored.row["status"] == "draft" or questionnaire.correcting(stored))
st.title(_("Answer the questionnaire") if edits else _("Assessment"))
st.markdown(question)
if edits:
    questionnaire.edit(session, stored)
else:
    questionnaire.show(session, stored)
