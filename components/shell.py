"""The frame around every page: sign-in first, then navigation, then the page."""

import logging
import sys
from pathlib import Path
from typing import Literal

import streamlit as st

# The served script's folder is first on the path; the packages lie beside it.
ROOT = Path(__file__).parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from components import entrance  # noqa: E402
from components.messages import plain, problem  # noqa: E402
from components.session import Session, accounts, current_session, ended, sign_out  # noqa: E402
from quorum.language import _  # noqa: E402
from quorum.store import SignedOut, StoreError  # noqa: E402
from quorum.store.migrate import SchemaMismatch  # noqa: E402

log = logging.getLogger("quorum.shell")

_DRAWING = "_quorum_drawing"
_DEMO = "_quorum_demo"


def page(
    name: str,
    title: str,
    *,
    default: bool = False,
    visibility: Literal["visible", "hidden"] = "visible",
) -> st.Page:
    path = ROOT / "pages" / f"{name}.py"
    return st.Page(path, title=title, url_path=name, default=default, visibility=visibility)


def pages() -> dict[str, list[st.Page]]:
    """The pages by section. Every one is declared at every run, so that each can be linked to."""
    return {
        "": [page("overview", _("Overview"), default=True)],
        _("Suppliers"): [
            page("suppliers", _("Register")),
            page("supplier", _("Supplier profile")),
            page("assessments", _("Assessments")),
            page("sites", _("Production sites")),
            page("risks", _("Known risks")),
            page("leverage", _("Leverage")),
        ],
        _("Explore"): [
            page("explore", _("Explore")),
            page("board", _("Board")),
        ],
        _("Add data"): [
            page("assess", _("Answer the questionnaire")),
            page("import_assessments", _("Import assessments")),
            page("import_sites", _("Import a site list")),
            page("import_spend", _("Import spend")),
        ],
        _("Initiatives"): [
            page("initiatives", _("Compare initiatives")),
            page("initiative", _("Initiative profile")),
            page("rate", _("Rate an initiative")),
            page("certificates", _("Members and certificates")),
            page("equivalence", _("Equivalent evidence")),
        ],
        _("Dialogues"): [
            page("dialogues", _("Events")),
            page("dialogue", _("Event")),
            page("room", _("Live")),
            page("commitments", _("Commitments")),
            page("leverage_used", _("Leverage used")),
        ],
        _("Sharing and people"): [
            page("sharing", _("Sharing")),
            page("consortium", _("Consortium")),
            page("organisation", _("Organisation")),
            page("audit", _("Audit trail")),
            page("account", _("Your account")),
        ],
        _("About"): [
            page("method", _("Method and sources")),
            page("join", _("Invitation"), visibility="hidden"),
        ],
    }


def guest_pages() -> dict[str, list[st.Page]]:
    """What somebody finds who came by a link into an event."""
    return {
        _("Dialogues"): [
            page("dialogues", _("Events"), default=True),
            page("dialogue", _("Event")),
            page("room", _("Live")),
            page("commitments", _("Commitments")),
        ],
        _("You"): [
            page("account", _("Your account")),
            page("join", _("Invitation"), visibility="hidden"),
        ],
    }


@st.fragment(run_every=4)
def follow(seen: str) -> None:
    """Reruns the page when a colleague's change is seen in the counter.

    Never in the run that draws the page: starting that one anew would lose the click it is for.
    """
    if st.session_state.get(_DRAWING):
        return
    session = current_session()
    if session is None or session.version != seen:
        st.rerun()


def _is_demo() -> bool:
    """Whether the store is one of the demo; asked once for each tab."""
    if _DEMO not in st.session_state:
        st.session_state[_DEMO] = bool(accounts().demo_members())
    return bool(st.session_state[_DEMO])


def frame(session: Session, name: str) -> None:
    """Who is signed in, and the way out."""
    with st.sidebar:
        who = session.principal
        where = _("guest") if who.guest else who.organisation
        st.caption(f"{plain(who.name)} · {plain(where)}")
        if _is_demo():
            st.caption(_("Demo: all of it is fictional."))
        if st.button(_("Sign out"), key="sign_out", width="stretch"):
            sign_out(session)
        if name == "room" and "dialogue" in st.query_params:
            return  # the room of an event looks for itself, and oftener
        st.session_state[_DRAWING] = True
        follow(session.version)
        st.session_state[_DRAWING] = False


def main() -> None:
    st.set_page_config(
        page_title="Quorum", page_icon=str(ROOT / "static" / "icon.png"), layout="wide"
    )
    try:
        show()
    except SignedOut as reason:
        ended(reason)
        st.rerun()
    except (StoreError, SchemaMismatch) as reason:
        # Whatever a page did not expect of the store still ends in a sentence.
        log.exception("the store refused while a page was made")
        problem(str(reason))


def show() -> None:
    """The sign-in form or the page, whichever is due."""
    session = current_session()
    if session is None or not (session.principal.organisation_id or session.principal.guest):
        # Declared but hidden: a deep link stays in the address bar until after sign-in.
        here = st.navigation(pages(), position="hidden")
        entrance.show(session, here.url_path)
        return
    known = guest_pages() if session.principal.guest else pages()
    if st.query_params.get("view") == "projector":
        # On the wall of a room there is nothing but what it is there for.
        st.navigation(known, position="hidden").run()
        return
    st.logo(str(ROOT / "static" / "icon.svg"), size="large")
    here = st.navigation(known, expanded=True)
    frame(session, here.url_path)
    here.run()


main()
