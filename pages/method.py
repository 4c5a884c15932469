"""How does Quorum come to what it shows, and what does it not know?"""

import streamlit as st

from components import method
from components.session import require_session
from quorum import definitions
from quorum.language import _

session = require_session()
st.title(_("Method and sources"))
st.markdown(_("How does Quorum come to what it shows, and what does it not know?"))
current = definitions.current()
method.questionnaire(current)
method.bands(current)
method.levels()
method.sites_and_leverage(session)
method.unknown()
method.sources(current)
