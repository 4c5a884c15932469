"""How many stars does this initiative deserve, and why?"""

from datetime import date

import streamlit as st

from components import data, filters, initiatives, initiatives_forms
from components.links import link
from components.messages import done, empty, foot, plain
from components.session import Session, require_editor, require_session
from quorum.definitions.rubrics import in_use
from quorum.language import _


def stored(session: Session) -> bool:
    """After a rating was stored: what happened, and sharing it. Whether this was so."""
    made = st.session_state.get("rate-done")
    if made is None:
        return False
    found = data.rows(session, "initiative_rating").filter(id=made)
    if found.is_empty():
        del st.session_state["rate-done"]
        return False
    row = found.row(0, named=True)
    name = data.initiative_names(session).get(row["initiative"], "?")
    said = _("Your rating of {name} is stored. Only your organisation sees it until you share it.")
    done(said.format(name=name))
    if row["supersedes"]:
        st.caption(
            _("The earlier rating stays in the history; where it is shared, it stays shared.")
        )
    title = _("{initiative}, {day}").format(initiative=name, day=row["rated_on"])
    initiatives_forms.share_again(session, "initiative_rating", made, title)
    link("initiative", _("See all its ratings"), initiative=row["initiative"])
    if st.button(_("Rate another initiative"), key="rate-again"):
        del st.session_state["rate-done"]
        st.rerun()
    return True


def main() -> None:
    session = require_session()
    data.ahead(session, "initiative", "rubric", "initiative_rating")
    st.title(_("Rate an initiative"))
    st.markdown(_("How many stars does it deserve, and why?"))
    require_editor(session)
    if stored(session):
        return
    if (handed := st.query_params.pop("rubric", None)) in initiatives.rubric_options(session):
        st.session_state["rate_rubric"] = handed
    with filters.row():
        key = filters.choice(
            _("Initiative"), data.initiative_names(session), "rate_key", arrives_as="initiative"
        )
        option = initiatives.rubric_choice(session, "rate_rubric")
    rubric = initiatives.rubric_of(session, option)
    if rubric not in in_use([rubric], date.today()):
        st.warning(plain(_("This edition is not in use today: date the rating accordingly.")))
    if key is None:
        empty(
            _("Choose an initiative"),
            _("Then rate what you can judge, from 0 to 4 in half steps, each with its reason."),
        )
        link("initiatives", _("See what is unrated or due again"))
        return
    known = data.cached(session, initiatives.own_rating, option, key)
    if known:
        day = next(iter(known.values()))["rated_on"]
        st.info(
            plain(
                _(
                    "This revises your organisation's rating of {day}, which stays in the history."
                ).format(day=day)
            )
        )
    initiatives_forms.rating_form(session, key, rubric, known)
    foot([rubric.source] if rubric.source else [])


main()
