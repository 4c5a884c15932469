"""What somebody sees who is not signed in: sign-in, an invitation, or an empty store's first form."""

import os
from operator import itemgetter
from urllib.parse import quote

import streamlit as st

from components.messages import plain
from components.session import (
    BROWSER_COOKIE,
    Session,
    cookie,
    leave_for,
    sign_out,
)
from quorum.countries import all_countries, display_name
from quorum.language import _
from quorum.store import Row, StoreError, door

ROLES = {
    "admin": _("admin"),
    "editor": _("editor"),
    "viewer": _("viewer"),
    "coordinator": _("coordinator"),
    "member": _("member"),
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
        accounts = door.accounts()
        if session is not None:
            _without_organisation(session, token)
        elif accounts.is_empty():
            _found_organisation()
        elif token:
            _invitation(token)
        else:
            _sign_in(url_path)


def _enter(user_id: str, path: str) -> None:
    """From a checked identity to the cookie."""
    code = door.accounts().open_code(user_id, cookie(BROWSER_COOKIE))
    leave_for(code, quote(path, safe=""))


def _here(url_path: str) -> str:
    """The page that was asked for, with what it was asked to show."""
    query = "&".join(f"{quote(k)}={quote(v)}" for k, v in st.query_params.items())
    return f"{url_path}?{query}" if query else url_path


# Sign-in ------------------------------------------------------------------------------------------


def _sign_in(url_path: str) -> None:
    st.title("Quorum")
    st.write(_("Public buyers pool what they know about their suppliers, and act on it together."))
    with st.form("sign_in", border=False):
        email = st.text_input(_("E-mail address"), autocomplete="username")
        password = st.text_input(_("Password"), type="password", autocomplete="current-password")
        asked = st.form_submit_button(_("Sign in"), type="primary", width="stretch")
    if asked:
        try:
            user_id = door.accounts().sign_in(email, password)
        except StoreError as refusal:
            st.error(str(refusal))
        else:
            _enter(user_id, _here(url_path))
    _demo_members(url_path)
    st.caption(
        _(
            "No account? Quorum is joined by invitation: ask an admin of your organisation, or the "
            "coordinator of your consortium, for a link."
        )
    )


def _demo_members(url_path: str) -> None:
    members = door.accounts().demo_members()
    if not members:
        return
    st.subheader(_("Demo: step in as"))
    st.caption(_("All organisations, people and suppliers of the demo are fictional."))
    columns = st.columns(2)
    for number, member in enumerate(members):
        label = f"**{plain(member.organisation)}**  \n{plain(member.name)}, {ROLES[member.role]}"
        if columns[number % 2].button(label, key=f"demo_{member.user_id}", width="stretch"):
            _enter(door.accounts().sign_in_demo(member.user_id), _here(url_path))


# New accounts -------------------------------------------------------------------------------------


def _person_fields() -> tuple[str, str, str]:
    name = st.text_input(_("Your name"), autocomplete="name")
    email = st.text_input(_("Your e-mail address"), autocomplete="username")
    password = st.text_input(
        _("Choose a password"),
        type="password",
        autocomplete="new-password",
        help=_("At least 10 characters; a few words that you remember are best."),
    )
    return name, email, password


def _organisation_fields() -> dict[str, str]:
    countries = dict(sorted(((c, display_name(c)) for c in all_countries()), key=itemgetter(1)))
    kinds = organisation_kinds()
    name = st.text_input(_("Name of your organisation"), autocomplete="organization")
    country = st.selectbox(
        _("Country"), list(countries), format_func=countries.__getitem__, index=None
    )
    kind = st.selectbox(_("Kind of organisation"), list(kinds), format_func=kinds.__getitem__)
    return {"organisation_name": name, "country": country or "", "kind": kind or ""}


def _missing(name: str, organisation: Row | None) -> str | None:
    """The first thing that a form still lacks, as a sentence."""
    if not name.strip():
        return _("Your name is missing: colleagues see it beside what you do.")
    if organisation is not None and len(str(organisation["organisation_name"]).strip()) < 2:
        return _("The name of your organisation is missing.")
    if organisation is not None and not organisation["country"]:
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
    link = door.accounts().invitation_for(token)
    if link is None:
        st.title(_("This link is not valid any more"))
        st.write(_("Links work once and for a limited time. Ask whoever sent it for a new one."))
        st.page_link("pages/overview.py", label=_("Go to sign-in"))
        return
    st.title(_("You are invited"))
    st.write(invitation_sentence(link))
    new, known = st.tabs([_("I am new here"), _("I have an account")])
    with new, st.form("join", border=False):
        organisation = _organisation_fields() if link["consortium"] else None
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
            try:
                user_id = door.accounts().sign_in(known_email, known_password)
            except StoreError as refusal:
                st.error(str(refusal))
            else:
                _enter(user_id, f"join?token={quote(token)}")


def invitation_sentence(link: Row) -> str:
    """What a link is for."""
    if link["consortium"]:
        return _(
            "{organisation} invites your organisation into the consortium {consortium}."
        ).format(organisation=plain(link["organisation"]), consortium=plain(link["consortium"]))
    return _("{organisation} invites you as {role}.").format(
        organisation=plain(link["organisation"]), role=ROLES[link["role"]]
    )


def _create(name: str, email: str, password: str, token: str, organisation: Row | None) -> None:
    lacking = _missing(name, organisation)
    if lacking:
        st.error(lacking)
        return
    try:
        user_id = door.accounts().create(email, password, token)
        _join(user_id, name, email, token, organisation)
    except StoreError as refusal:
        st.error(str(refusal))
    else:
        _enter(user_id, "")


def _join(user_id: str, name: str, email: str, token: str, organisation: Row | None) -> None:
    """Places a new account: in the organisation it founds, or where its invitation leads."""
    store = door.engine().store({"sub": user_id, "role": "authenticated"})
    details = dict(organisation or {"organisation_name": "", "country": "", "kind": ""})
    if token:
        store.call(
            "redeem_invitation", {"token": token, "person_name": name, "email": email, **details}
        )
    else:
        store.call("found_organisation", {"person_name": name, "email": email, **details})


# An account that belongs to no organisation (yet, or any more) --------------------------------------


def _without_organisation(session: Session, token: str) -> None:
    st.title(_("You do not belong to an organisation"))
    empty = door.accounts().is_empty()
    link = door.accounts().invitation_for(token) if token else None
    if link is not None:
        st.write(invitation_sentence(link))
    elif not empty:
        st.write(
            _("Ask an admin of your organisation for a new invitation, then open its link here.")
        )
    if link is not None or empty:
        with st.form("place", border=False):
            name = st.text_input(_("Your name"), value=session.principal.name)
            email = st.text_input(_("Your e-mail address"), value=session.principal.email)
            organisation = _organisation_fields() if link is None or link["consortium"] else None
            asked = st.form_submit_button(_("Join") if link else _("Create organisation"))
        if asked:
            lacking = _missing(name, organisation)
            if lacking:
                st.error(lacking)
                return
            try:
                _join(session.ticket.user_id, name, email, token, organisation)
            except StoreError as refusal:
                st.error(str(refusal))
            else:
                session.stale()
                st.query_params.clear()
                st.rerun()
    if st.button(_("Sign out"), key="leave"):
        sign_out(session)


def invitation_link(token: str) -> str:
    """The address that an invited person opens."""
    base = os.environ.get("QUORUM_URL") or st.context.url or ""
    root = base.split("?")[0].rsplit("/", 1)[0]
    return f"{root}/join?token={token}"
