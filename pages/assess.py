"""What does this supplier know, promise and do? The questionnaire, filled in step by step."""

import streamlit as st

from components import messages, questionnaire
from components.links import link
from components.session import require_editor, require_session
from quorum.language import _

session = require_session()
st.title(_("Answer the questionnaire"))
st.markdown(_("What does this supplier know, promise and do about human rights in its chain?"))
assessment_id = st.query_params.get("assessment")
if assessment_id is None:
    require_editor(session)
    questionnaire.begin(session, st.query_params.get("supplier"))
    st.stop()

stored = questionnaire.read(session, assessment_id)
if stored is None:
    messages.problem(
        _("This assessment is not there, or not shared with you. Ask whoever sent you the link.")
    )
    link("assessments", _("All assessments that you may see"))
    st.stop()

mine = stored.row["organisation_id"] == session.principal.organisation_id
may_edit = mine and session.principal.may_edit
if may_edit and (stored.row["status"] == "draft" or questionnaire.correcting(stored)):
    questionnaire.edit(session, stored)
else:
    questionnaire.show(session, stored)
