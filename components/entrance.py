"""What somebody sees who is not signed in: sign-in, an invitation, an empty store's first form."""

import os
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

import streamlit as st

from components import data, messages
from components.links import go, link
from components.messages import plain
from components.session import (
    BROWSER_COOKIE,
    Session,
    accounts,
    cookie,
    leave_for,
    place,
    sign_out,
    why_ended,
)
from quorum.countries import by_name
from quorum.language import _
from quorum.store import Row, StoreError
from quorum.store.accounts import CodeSent, check_address

JUST_BACK_SECONDS = 120
# In the session's state: the way of signing in, where a code was sent, a new account to confirm.
_WAY, _SENT, _WAITING = "_quorum_way", "_quorum_sent", "_quorum_waiting"

ROLES = {
    "admin": _("admin"),
    "editor": _("editor"),
    "viewer": _("viewer"),
    "coordinator": _("coordinator"),
    "member": _("member"),
    "supplier": _("guest of a supplier"),
    "reseller": _("guest of a reseller"),
    "guest": _("guest"),
}


def organisation_kinds() -> dict[str, str]:
    """The kinds of public buyer, for people."""
    return {
        "city": _("City or municipality"),
        "region": _("Region or county"),
        "hospital": _("Hospital or health service"),
        "ministry": _("Ministry"),
        "agency": _("Agency"),
        "purchasing_body": _("Central purchasing body"),
        "university": _("University or school"),
        "other": _("Other public buyer"),
    }


def show(session: Session | None, url_path: str) -> None:
    """The right form for whoever is here; nothing of the store's content."""
    _column, middle, _rest = st.columns([1, 2, 1])
    with middle:
        token = st.query_params.get("token", "") if url_path == "join" else ""
        if session is not None:
            _without_organisation(session, token)
        elif _WAITING in st.session_state:
            _confirm()
        elif accounts().is_empty():
            _found_organisation()
        elif token:
            _invitation(token)
        else:
            _sign_in(url_path)


def _enter(user_id: str, path: str) -> None:
    """From a checked identity to the cookie."""
    if not cookie(BROWSER_COOKIE):
        messages.problem(
            _(
                "Your browser keeps no cookies for this address, so you cannot stay signed in. "
                "Allow cookies for it and load the page again."
            )
        )
        return
    code = accounts().open_code(user_id, cookie(BROWSER_COOKIE))
    leave_for(code, quote(path, safe=""))


def _here(url_path: str) -> str:
    """The page that was asked for, with what it was asked to show."""
    query = "&".join(
        f"{quote(k)}={quote(v)}" for k in st.query_params for v in st.query_params.get_all(k)
    )
    return f"{url_path}?{query}" if query else url_path


# Sign-in ------------------------------------------------------------------------------------------


def _sign_in(url_path: str) -> None:
    st.title("Quorum")
    st.write(_("Public buyers pool what they know about their suppliers, and act on it together."))
    ended = why_ended()
    if ended:
        st.info(ended)
    by = {"code": _by_code, "reset": _by_reset}.get(st.session_state.get(_WAY, ""), _by_password)
    by(url_path)
    _other_ways()
    _by_identity(url_path, "")
    _demo_members(url_path)
    st.caption(
        _(
            "No account? Quorum is joined by invitation: ask an admin of your organisation, or the "
            "coordinator of your consortium, for a link."
        )
    )


def _try(path: str, ask: Callable[..., str], *answers: str) -> None:
    """Enters as whoever `ask(*answers)` names, or says why not."""
    try:
        user_id = ask(*answers)
    except StoreError as refusal:
        messages.problem(str(refusal))
    else:
        _enter(user_id, path)


def _by_password(url_path: str) -> None:
    with st.form("sign_in", border=False):
        email = st.text_input(_("E-mail address"), autocomplete="username")
        password = st.text_input(_("Password"), type="password", autocomplete="current-password")
        asked = st.form_submit_button(_("Sign in"), type="primary", width="stretch")
    if asked:
        _try(_here(url_path), accounts().sign_in, email, password)


def _by_code(url_path: str) -> None:
    sent = _sent_to(accounts().send_code)
    if not sent:
        return
    with st.form("enter_code", border=False):
        code = _code_field()
        asked = st.form_submit_button(_("Sign in"), type="primary", width="stretch")
    if asked:
        _try(_here(url_path), accounts().sign_in_with_code, sent, code)


def _by_reset(url_path: str) -> None:
    sent = _sent_to(accounts().send_reset)
    if not sent:
        return
    with st.form("reset", border=False):
        code = _code_field()
        new = st.text_input(_("New password"), type="password", autocomplete="new-password")
        asked = st.form_submit_button(_("Set the password"), type="primary", width="stretch")
    if asked:
        _try(_here(url_path), accounts().reset, sent, code, new)


def _sent_to(send: Callable[[str], None]) -> str:
    """Asks for an address and sends a code there; the address, once that was done."""
    with st.form("send", border=False):
        email = st.text_input(_("E-mail address"), autocomplete="username").strip()
        asked = st.form_submit_button(_("Send a code"), width="stretch")
    if asked:
        try:
            check_address(email)
            send(email)
        except StoreError as refusal:
            messages.problem(str(refusal))
        else:
            st.session_state[_SENT] = email
    sent = str(st.session_state.get(_SENT, ""))
    if sent:
        st.info(
            plain(
                _(
                    "If there is an account with {address}, an e-mail with a code is on its way."
                ).format(address=sent)
            )
        )
    return sent


def _code_field() -> str:
    return st.text_input(_("Code from the e-mail"), autocomplete="one-time-code", max_chars=20)


def _other_ways() -> None:
    if not accounts().sends_codes:
        return
    ways = {
        "": _("Sign in with your password"),
        "code": _("Sign in with a code by e-mail"),
        "reset": _("Forgot your password"),
    }
    with st.container(horizontal=True):
        for way, label in ways.items():
            if way != st.session_state.get(_WAY, ""):
                st.button(label, type="tertiary", key=f"way_{way}", on_click=_go_by, args=(way,))


def _go_by(way: str) -> None:
    st.session_state.pop(_SENT, None)
    st.session_state[_WAY] = way


# The organisation's own sign-in -------------------------------------------------------------------


def _identity_provider() -> bool:
    """Whether `[auth]` in .streamlit/secrets.toml names one."""
    return bool(st.secrets.load_if_toml_exists()) and "auth" in st.secrets


def _by_identity(url_path: str, token: str) -> None:
    """A button that leads to the identity provider, or what follows on the way back."""
    if not accounts().takes_identities or not _identity_provider():
        return
    if not st.user.is_logged_in:
        if st.button(_("Sign in through your organisation"), key="identity", width="stretch"):
            st.login()
        return
    claims = dict(st.user.to_dict())
    # Just back from there somebody need not press again. Later only a click says that they want in:
    # what the provider once said must not undo a sign-out.
    just_back = time.time() - float(str(claims.get("iat") or 0)) < JUST_BACK_SECONDS
    label = _("Continue as {address}").format(address=plain(claims.get("email") or "?"))
    if st.button(label, key="identity", width="stretch") or just_back:
        path = f"join?token={quote(token)}" if token else _here(url_path)
        _try(path, lambda: accounts().sign_in_with_identity(claims, _identity_token(), token))
    if st.button(_("Somebody else"), key="other_identity", type="tertiary"):
        st.logout()


def _identity_token() -> str:
    return str(st.user.tokens.get("id") or "")


def _demo_members(url_path: str) -> None:
    members = accounts().demo_members()
    if not members:
        return
    st.subheader(_("Demo: step in as"))
    st.caption(_("All organisations, people and suppliers of the demo are fictional."))
    columns = st.columns(2)
    for number, member in enumerate(members):
        label = f"**{plain(member.organisation)}**  \n{plain(member.name)}, {ROLES[member.role]}"
        if columns[number % 2].button(label, key=f"demo_{member.user_id}", width="stretch"):
            _enter(accounts().sign_in_demo(member.user_id), _here(url_path))


# New accounts -------------------------------------------------------------------------------------


def _person_fields() -> tuple[str, str, str]:
    name = st.text_input(_("Your name"), autocomplete="name", max_chars=200)
    email = st.text_input(_("Your e-mail address"), autocomplete="username")
    password = st.text_input(
        _("Choose a password"),
        type="password",
        autocomplete="new-password",
        help=_("At least 10 characters; a few words that you remember are best."),
    )
    return name, email, password


def _organisation_fields() -> dict[str, str]:
    countries = by_name()
    kinds = organisation_kinds()
    name = st.text_input(_("Name of your organisation"), autocomplete="organization", max_chars=200)
    country = st.selectbox(
        _("Country"), list(countries), format_func=countries.__getitem__, index=None
    )
    kind = st.selectbox(_("Kind of organisation"), list(kinds), format_func=kinds.__getitem__)
    return {"organisation_name": name, "country": country or "", "kind": kind or ""}


def _details(invitation: Row) -> Row | None:
    """What a link asks for besides the person: the organisation that joins, or whose guest."""
    if invitation["consortium"]:
        return _organisation_fields()
    if not invitation.get("dialogue"):
        return None
    affiliation = st.text_input(
        _("Your organisation or company"),
        # Whoever comes for a supplier is of it; resellers and guests are of a company of their own.
        value=invitation.get("supplier", "") if invitation["role"] == "supplier" else "",
        autocomplete="organization",
        max_chars=200,
        help=_("The others in the event see it beside your name."),
    )
    return {"organisation_name": affiliation}


def _missing(name: str, organisation: Row | None) -> str | None:
    """The first thing that a form still lacks, as a sentence."""
    if not name.strip():
        return _("Your name is missing: colleagues see it beside what you do.")
    if organisation is not None and len(str(organisation["organisation_name"]).strip()) < 2:
        return _("The name of your organisation is missing.")
    if organisation is not None and not organisation.get("country", "none asked"):
        return _("Choose your organisation's country.")
    return None


def _found_organisation() -> None:
    st.title(_("Set up Quorum"))
    st.write(
        _(
            "This store is empty. Create the first organisation and its admin; you can invite "
            "colleagues and other organisations afterwards."
        )
    )
    with st.form("found", border=False):
        organisation = _organisation_fields()
        name, email, password = _person_fields()
        asked = st.form_submit_button(_("Create organisation"), type="primary", width="stretch")
    if asked:
        _create(name, email, password, "", organisation)


def _invitation(token: str) -> None:
    invitation = accounts().invitation_for(token)
    if invitation is None:
        _not_valid()
        link("overview", _("Go to sign-in"))
        return
    st.title(_("You are invited"))
    st.markdown(invitation_sentence(invitation))
    new, known = st.tabs([_("I am new here"), _("I have an account")])
    with new, st.form("join", border=False):
        organisation = _details(invitation)
        name, email, password = _person_fields()
        asked = st.form_submit_button(_("Join"), type="primary", width="stretch")
    if asked:
        _create(name, email, password, token, organisation)
    with known, st.form("sign_in_to_join", border=False):
        known_email = st.text_input(_("E-mail address"), autocomplete="username")
        known_password = st.text_input(
            _("Password"), type="password", autocomplete="current-password"
        )
        if st.form_submit_button(_("Sign in"), width="stretch"):
            _try(f"join?token={quote(token)}", accounts().sign_in, known_email, known_password)
    _by_identity("join", token)


def _not_valid() -> None:
    """One answer for a link that is wrong, late, used or taken back."""
    st.title(_("This link is not valid any more"))
    st.markdown(_("Links work once and for a limited time. Ask whoever sent it for a new one."))


def invitation_sentence(invitation: Row) -> str:
    """What a link is for, as Markdown. `invitation`: organisation, consortium, role; into an event
    also dialogue (its title), supplier."""
    organisation, role = plain(invitation["organisation"]), ROLES[invitation["role"]]
    if invitation.get("dialogue"):
        return _(
            "{organisation} invites you to the event **{event}**, as {role}. You will see this "
            "event and nothing else of what the buyers keep here."
        ).format(organisation=organisation, event=plain(invitation["dialogue"]), role=role)
    if invitation["consortium"]:
        return _(
            "{organisation} invites your organisation into the consortium {consortium}, as {role}."
        ).format(organisation=organisation, consortium=plain(invitation["consortium"]), role=role)
    return _("{organisation} invites you as {role}.").format(organisation=organisation, role=role)


def _create(name: str, email: str, password: str, token: str, organisation: Row | None) -> None:
    lacking = _missing(name, organisation)
    if lacking:
        messages.problem(lacking)
        return
    try:
        user_id = accounts().create(email, password, token)
    except CodeSent as sent:
        st.session_state[_WAITING] = (str(sent), name, email, token, organisation)
        st.rerun()
    except StoreError as refusal:
        messages.problem(str(refusal))
        return
    _arrive(user_id, name, email, token, organisation)


def _confirm() -> None:
    """The new account's address has to be confirmed before it can join."""
    sentence, name, email, token, organisation = st.session_state[_WAITING]
    st.title(_("Confirm your address"))
    st.markdown(plain(sentence))
    with st.form("confirm", border=False):
        code = _code_field()
        asked = st.form_submit_button(_("Confirm"), type="primary", width="stretch")
    if st.button(_("Start again"), type="tertiary", key="start_again"):
        del st.session_state[_WAITING]
        st.rerun()
    if not asked:
        return
    try:
        user_id = accounts().confirm(email, code)
    except StoreError as refusal:
        messages.problem(str(refusal))
    else:
        _arrive(user_id, name, email, token, organisation)


def _arrive(user_id: str, name: str, email: str, token: str, organisation: Row | None) -> None:
    try:
        place(user_id, *_joining(name, email, token, organisation))
    except StoreError:
        # The account stands: signed in, it is shown the form for those without an organisation.
        _enter(user_id, f"join?token={quote(token)}" if token else "")
    else:
        _enter(user_id, "")


def _joining(
    name: str, email: str, token: str, organisation: Row | None
) -> tuple[str, dict[str, Any]]:
    """What places a new account, in the organisation it founds or where its invitation leads: a
    function of the store, and its arguments."""
    details = {"organisation_name": "", "country": "", "kind": "", **(organisation or {})}
    person = {"person_name": name, "email": email}
    if token:
        return "redeem_invitation", {"token": token, **person, **details}
    return "found_organisation", {**person, **details}


# An account that belongs to no organisation (yet, or any more) ------------------------------------


def _without_organisation(session: Session, token: str) -> None:
    st.title(_("You do not belong to an organisation"))
    empty = accounts().is_empty()
    invitation = accounts().invitation_for(token) if token else None
    if invitation is not None:
        st.markdown(invitation_sentence(invitation))
    elif empty:
        st.markdown(
            _("This store is empty. Create its first organisation, of which you are admin.")
        )
    else:
        st.markdown(
            _("Ask an admin of your organisation for a new invitation, then open its link here.")
        )
    if invitation is not None or empty:
        _place_form(session, token if invitation else "", invitation)
    if st.button(_("Sign out"), key="leave"):
        sign_out(session)


def _place_form(session: Session, token: str, invitation: Row | None) -> None:
    with st.form("place", border=False):
        organisation = _organisation_fields() if invitation is None else _details(invitation)
        name = st.text_input(_("Your name"), value=session.principal.name, max_chars=200)
        email = st.text_input(_("Your e-mail address"), value=session.principal.email)
        into_event = bool(invitation and invitation.get("dialogue"))
        join = _("Take the seat") if into_event and session.principal.guest else _("Join")
        asked = st.form_submit_button(
            join if invitation else _("Create organisation"), type="primary"
        )
    if not asked:
        return
    lacking = _missing(name, organisation)
    if lacking:
        messages.problem(lacking)
        return
    try:
        function, arguments = _joining(name, email, token, organisation)
        data.call(session, function, **arguments)
    except StoreError as refusal:
        messages.problem(str(refusal))
    else:
        session.stale()
        if invitation and invitation.get("dialogue") and session.principal.guest:
            go("dialogues")
        st.query_params.clear()
        st.rerun()


# A link that somebody opens who is signed in and has an organisation ------------------------------


def answer_invitation(session: Session, token: str) -> None:
    """Says what the link is for. Only the button accepts: mail scanners open links too."""
    who = session.principal
    invitation = accounts().invitation_for(token) if token else None
    if invitation is None:
        _not_valid()
        return
    st.title(_("You are invited"))
    st.markdown(invitation_sentence(invitation))
    consortium = invitation["consortium"]
    if invitation.get("dialogue") and not who.guest:
        if st.button(_("Take the seat"), type="primary", key="accept"):
            _accept(session, token, "dialogues")
    elif who.guest:
        _place_form(session, token, invitation)
    elif not consortium:
        st.markdown(
            plain(
                _(
                    "Your account belongs to {organisation} already. To work for another one, sign "
                    "out and open the link again with another e-mail address."
                ).format(organisation=who.organisation)
            )
        )
    elif not who.is_admin:
        st.markdown(
            plain(
                _("An admin of {organisation} can accept this. Send them the link.").format(
                    organisation=who.organisation
                )
            )
        )
    else:
        st.caption(
            _(
                "Its members then see that you are one of them. Of what you have entered they see "
                "nothing until you share it."
            )
        )
        label = _("Join {consortium} with {organisation}").format(
            consortium=plain(consortium), organisation=plain(who.organisation)
        )
        if st.button(label, type="primary", key="accept"):
            _accept(session, token, "consortium")


def _accept(session: Session, token: str, then: str) -> None:
    nothing = dict.fromkeys(("person_name", "email", "country", "kind"), "")
    try:
        data.call(
            session, "redeem_invitation",
            token=token, organisation_name=session.principal.organisation, **nothing,
        )  # fmt: skip
    except StoreError as refusal:
        messages.problem(str(refusal))
    else:
        go(then)


def invitation_link(token: str) -> str:
    """The address that an invited person opens."""
    base = os.environ.get("QUORUM_URL", "").rstrip("/")
    if not base:
        here = urlsplit(st.context.url or "")
        base = f"{here.scheme}://{here.netloc}" if here.netloc else ""
    return f"{base}/join?token={token}"
