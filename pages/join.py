"""What is this invitation link for, and do we accept it?"""

import streamlit as st

from components import entrance
from components.session import require_session

session = require_session(guests=True)
entrance.answer_invitation(session, st.query_params.get("token", ""))
