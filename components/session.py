"""Who is looking at this page, asked again at every run.

The browser holds a cookie; the database knows its session. A page that is reached without the
shell asks here as well, so no page shows data to nobody.
"""

import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import streamlit as st

from quorum.language import _
from quorum.store import Consortium, Principal, SignedOut, Store, door
from quorum.store.accounts import SESSION_DAYS
from quorum.store.door import Door
from quorum.store.door import Session as Ticket

log = logging.getLogger("quorum.session")

COOKIE = "quorum_session"
BROWSER_COOKIE = "quorum_browser"
# Within one run the shell, the page and its fragments ask; the database need not hear each of them.
_FRESH_SECONDS = 0.5
_KEY = "_quorum_session"
_ENDED = "_quorum_ended"


@dataclass
class Session:
    """A signed-in member in this browser tab.

    `version` changes whenever something that the member may see has changed: it is part of every
    cache key.
    """

    token: str
    ticket: Ticket
    principal: Principal
    store: Store
    version: str
    checked: float

    def stale(self) -> None:
        """After a write: ask for the version again at the next look."""
        self.checked = 0.0


def cookie(name: str) -> str:
    """A cookie of the browser that shows this page; empty when it has none."""
    return cookies().get(name, "")


def cookies() -> dict[str, str]:
    """The browser's cookies. A test without a browser puts its own function here."""
    found = st.context.cookies
    return dict(found) if isinstance(found, Mapping) else {}


def current_session() -> Session | None:
    """The member, or None. Their membership and role are read from the database, not remembered."""
    try:
        return _current(cookie(COOKIE))
    except SignedOut as reason:
        ended(reason)
        return None


def _current(token: str) -> Session | None:
    held = cast("Session | None", st.session_state.get(_KEY))
    if held is not None and held.token != token:
        _forget()
        held = None
    if not token:
        return None
    if held is None:
        held = _begin(token)
        if held is None:
            return None
        st.session_state[_KEY] = held
        return held
    if time.monotonic() - held.checked < _FRESH_SECONDS:
        return held
    return _look_again(held)


def ended(reason: SignedOut) -> None:
    """The sign-in ended while somebody was at work: what is held goes, and the form says why."""
    _forget()
    st.session_state[_ENDED] = str(reason)


def why_ended() -> str:
    """The sentence for somebody whose sign-in has just ended; empty for anybody else."""
    return str(st.session_state.pop(_ENDED, ""))


def require_session(*, guests: bool = False) -> Session:
    """The member; a page without one ends here. First line of every page. With `guests`, the page
    also serves those who came by a link into an event."""
    session = current_session()
    if session is None:
        st.info(_("Sign in to see this page."))
        st.stop()
    if session.principal.guest and not guests:
        st.info(_("This page is for members. You see the events to which you were invited."))
        st.stop()
    return session


def require_editor(session: Session) -> None:
    """Ends the page for a viewer, with what they can do instead."""
    if not session.principal.may_edit:
        st.info(_("You can read here. An editor or admin of your organisation can add and change."))
        st.stop()


def accounts() -> Door:
    """Sign-in, for the pages that somebody sees who is not signed in."""
    return door.accounts()


def place(user_id: str, function: str, arguments: Mapping[str, Any]) -> None:
    """Calls a function of the store for an account that has no session yet. Raises Refused."""
    door.accounts().store_of(user_id).call(function, arguments)


def leave_for(code: str, path: str) -> None:
    """Takes the browser through the route that sets the cookie, and back to `path`."""
    _leave(f"/session/{code}?to={path}")


def sign_out(session: Session) -> None:
    """Ends this browser's session and leaves the page."""
    door.accounts().close_session(session.token)
    _forget()
    _leave("/session/end")


def sign_out_everywhere(session: Session) -> None:
    """Ends all of the member's sessions and leaves the page."""
    door.accounts().close_all(session.ticket)
    _forget()
    _leave("/session/end")


def change_password(session: Session, old: str, new: str) -> None:
    """Sets a new password and ends the member's other sessions. Raises Refused."""
    door.accounts().change_password(session.ticket, old, new)


def _leave(path: str) -> None:
    # `path` is made of our own code and an encoded page name: nothing a person wrote gets in here.
    st.html(f"<script>window.location.replace('{path}')</script>", unsafe_allow_javascript=True)
    st.stop()


def _begin(token: str) -> Session | None:
    ticket = door.accounts().session(token)
    if ticket is None:
        return None
    store = door.store_for(ticket)
    found = door.accounts().look(store, ticket, None)
    if not found["signed_in"]:
        return None
    who = _principal(found["who"], ticket)
    return Session(token, ticket, who, store, found["version"], time.monotonic())


def _look_again(held: Session) -> Session | None:
    found = door.accounts().look(held.store, held.ticket, held.version)
    if not found["signed_in"]:
        _forget()
        return None
    if found["version"] != held.version:
        held.version = found["version"]
        held.principal = _principal(found["who"], held.ticket, held.principal.ticket)
    held.checked = time.monotonic()
    return held


def _principal(who: Mapping[str, Any], ticket: Ticket, token: str = "") -> Principal:
    person = who.get("person", {})
    organisation = who.get("organisation", {})
    return Principal(
        person_id=ticket.user_id,
        name=person.get("name", ""),
        email=person.get("email", ""),
        organisation_id=organisation.get("id", ""),
        organisation=organisation.get("name", ""),
        role=who.get("role", ""),
        consortia=tuple(Consortium(**c) for c in who.get("consortia", [])),
        ticket=token or secrets.token_hex(16),
        guest=bool(who.get("guest")),
    )


def _forget() -> None:
    """Nothing of one member stays for the next who signs in in this tab."""
    for key in list(st.session_state):
        del st.session_state[key]


__all__ = [
    "BROWSER_COOKIE",
    "COOKIE",
    "SESSION_DAYS",
    "Session",
    "accounts",
    "change_password",
    "cookie",
    "current_session",
    "ended",
    "leave_for",
    "place",
    "require_editor",
    "require_session",
    "sign_out",
    "sign_out_everywhere",
    "why_ended",
]
