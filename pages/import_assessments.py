"""Many assessments at once, from the spreadsheet that the product hands out."""

import streamlit as st

from components import assessment_import as step
from components import importing
from components.session import require_editor, require_session
from quorum.language import _, ngettext

session = require_session()
st.title(_("Import assessments"))
st.markdown(_("What have many suppliers answered?"))
require_editor(session)
if answer := importing.concluded(step.KEY):
    step.conclusion(session, answer)
    st.stop()

step.hand_out()
table = importing.uploaded_table(step.KEY)
if table is None:
    st.stop()
outcome = step.read(session, table)
step.preview(outcome, table)
if outcome.accepted.is_empty():
    st.stop()
rows = step.choose_suppliers(session, outcome.accepted)
undecided = rows["supplier_id"].null_count()
step.warn_of_repeats(session, rows)
if undecided:
    st.caption(_("Choose the supplier of every row first."))
label = ngettext("Import {n} assessment", "Import {n} assessments", rows.height)
submit = importing.commit(
    label.format(n=f"{rows.height:,}"), step.KEY, (id(table), tuple(rows["supplier_id"])),
    disabled=bool(undecided) or rows.is_empty(),
)  # fmt: skip
if submit:
    step.store(session, submit, rows)
