"""What does the consortium know about its suppliers, and what needs me?"""

import streamlit as st

from components import data
from components.session import require_session
from quorum.language import _

session = require_session()
st.title(_("Overview"))
st.dataframe(data.suppliers(session))
