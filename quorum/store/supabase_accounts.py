"""Sign-in through Supabase Auth, asked the same questions as the local accounts of `accounts.py`.

The browser's cookie is the only key to a session: two values are made from it, a name under which
the store keeps what Supabase Auth handed out, and the key that seals it. The store sees the name
alone. Any replica that gets the cookie can therefore go on with the session, and of all that find
its access token expired one renews it.
"""

import base64
import json
import logging
import random
import re
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from supabase_auth import SyncGoTrueClient
from supabase_auth.errors import (
    AuthApiError,
    AuthError,
    AuthRetryableError,
    AuthUnknownError,
    AuthWeakPasswordError,
)
from supabase_auth.helpers import decode_jwt
from supabase_auth.types import AuthResponse

from quorum.language import _
from quorum.store import Refused, Store, StoreError, Unavailable
from quorum.store.accounts import (
    CODE_SECONDS,
    SESSION_DAYS,
    CodeSent,
    DemoMember,
    already_there,
    check_address,
    check_password,
    link_not_valid,
    too_many_attempts,
    wrong_pair,
)
from quorum.store.migrate import SchemaMismatch, migrations
from quorum.store.refusals import silence
from quorum.store.supabase import (
    SupabaseStore,
    certificates,
    something_else,
    wrong_key,
)

log = logging.getLogger("quorum.store")

Kind = TypeVar("Kind")

_SOON = 60  # seconds: a token that ends within them is renewed before it serves for several steps
# A renewal that was not answered by then is somebody else's to try.
_RENEWAL_SECONDS = 15
_TIMEOUT = httpx.Timeout(10, connect=5)
# What Supabase Auth says of a session that cannot go on. Anything else that refuses a renewal (its
# limit for one address, a firewall) may be over in a minute.
_ENDED = {
    "refresh_token_not_found", "refresh_token_already_used", "session_not_found",
    "session_expired", "user_not_found", "user_banned",
}  # fmt: skip


@dataclass(frozen=True)
class Tokens:
    """What Supabase Auth hands out at sign-in and at each renewal."""

    user_id: str
    access: str
    refresh: str


class Identity(str):
    """A user's id, with the tokens that prove it."""

    tokens: Tokens

    def __new__(cls, tokens: Tokens) -> "Identity":
        made = super().__new__(cls, tokens.user_id)
        made.tokens = tokens
        return made


@dataclass
class SupabaseSession:
    """An open session. It belongs to one browser tab; other tabs and replicas have their own."""

    accounts: "SupabaseAccounts"
    cookie: str
    tokens: Tokens
    version: int
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def user_id(self) -> str:
        return self.tokens.user_id

    @property
    def name(self) -> str:
        """Under which the store keeps the session."""
        return _name(self.cookie)

    def access_token(self, refused: str) -> str:
        """The token to use; given one that the store refused, another, or "" when there is none.

        Raises Unavailable when it cannot be renewed at the moment.
        """
        if not refused:
            return self.tokens.access
        with self._lock:
            if self.tokens.access == refused:
                self.accounts.renew(self)
            return "" if self.tokens.access == refused else self.tokens.access


class SupabaseAccounts:
    """Sign-in for one Supabase project."""

    sends_codes = True

    def __init__(self, url: str, publishable_key: str, provider: str = "") -> None:
        """`provider`: what Supabase calls the identity provider of `st.login`, if there is one."""
        self._url = url.rstrip("/")
        self._key = publishable_key
        self._provider = provider
        # Asks as nobody in particular, so it may serve everybody.
        self.anonymous = SupabaseStore(self._url, self._key, lambda _refused: "")
        self._fits = False

    @property
    def takes_identities(self) -> bool:
        """Whether somebody can come in through the organisation's identity provider."""
        return bool(self._provider)

    # Before there is a member ---------------------------------------------------------------------

    def check(self) -> None:
        """Raises SchemaMismatch, or Unavailable with the reason why the project cannot be used."""
        if self._fits:
            return
        there, known = _expected(int, self.anonymous.call("schema_number")), len(migrations())
        if there > known:
            raise SchemaMismatch(
                _(
                    "This Supabase project was migrated by a newer Quorum (schema {store}, this "
                    "code knows {code}). Update the code; nothing was changed."
                ).format(store=there, code=known)
            )
        if there < known:
            raise SchemaMismatch(
                _(
                    "This Supabase project is at schema {store}; this code needs {code}. Run "
                    "`python -m quorum migrate --address` on it."
                ).format(store=there, code=known)
            )
        self._fits = True

    def is_empty(self) -> bool:
        """Whether the store waits for its first organisation."""
        self.check()
        return _expected(bool, self.anonymous.call("store_is_empty"))

    def demo_members(self) -> list[DemoMember]:
        """Nobody: the demo is of the embedded store."""
        return []

    def sign_in_demo(self, user_id: str) -> str:
        """Raises Refused."""
        raise Refused(_("One-click sign-in exists only in a demo store."))

    def invitation_for(self, token: str) -> dict[str, Any] | None:
        """What a link is for, or None for any link that does not work."""
        found = self.anonymous.call("invitation_for", {"token": token})
        return None if found is None else _expected(dict, found)

    def sign_in(self, email: str, password: str) -> str:
        """Raises Refused with one sentence for every wrong pair."""
        with self._auth() as auth:
            found = auth.sign_in_with_password({"email": email.strip(), "password": password})
        return _identity(found)

    def create(self, email: str, password: str, token: str = "") -> str:
        """A new account: with a usable invitation, or as the first of an empty store. Raises
        Refused, and CodeSent where Supabase wants the address confirmed first."""
        address = check_address(email)
        check_password(password, address)
        if not (self.invitation_for(token) if token else self.is_empty()):
            raise Refused(link_not_valid())
        with self._auth() as auth:
            found = auth.sign_up({"email": address, "password": password})
        if found.session is None:
            # For a known address Supabase makes up an account that has no way to sign in.
            if found.user is not None and not found.user.identities:
                raise Refused(already_there())
            raise CodeSent(_("We have sent you an e-mail with a code. Enter it here."))
        return _identity(found)

    def send_code(self, email: str) -> None:
        """Sends a one-time code, if there is an account with the address."""
        with self._auth(quiet=True) as auth:
            auth.sign_in_with_otp(
                {"email": email.strip(), "options": {"should_create_user": False}}
            )

    def sign_in_with_code(self, email: str, code: str) -> str:
        """Raises Refused for a code that is wrong, spent or late."""
        return self._verified(email, code, "email")

    def confirm(self, email: str, code: str) -> str:
        """The new account whose address the code confirms. Raises Refused."""
        return self._verified(email, code, "signup")

    def send_reset(self, email: str) -> None:
        """Sends a code with which the password can be set anew, if there is such an account."""
        with self._auth(quiet=True) as auth:
            auth.reset_password_for_email(email.strip())

    def reset(self, email: str, code: str, new: str) -> str:
        """Sets the password anew and signs out everywhere else. Raises Refused."""
        check_password(new, email.strip().lower())
        identity = self._verified(email, code, "recovery")
        self._set_password(identity.tokens, new)
        self._sign_out(identity.tokens.access, "others")
        self._member(identity.tokens).call("close_my_web_sessions", {"keep": ""})
        return identity

    def _verified(self, email: str, code: str, kind: Any) -> Identity:
        wrong = _("This code does not work. It may be late or used: ask for a new one.")
        with self._auth(wrong) as auth:
            found = auth.verify_otp({"email": email.strip(), "token": code.strip(), "type": kind})
        return _identity(found)

    def sign_in_with_identity(
        self, claims: Mapping[str, Any], identity_token: str, token: str = ""
    ) -> str:
        """Exchanges the token of the organisation's identity provider. Raises Refused."""
        if not identity_token:
            raise Refused(
                _(
                    "Sign-in through your organisation is not set up completely: "
                    'expose_tokens = "id" is missing in the settings.'
                )
            )
        wrong = _("Your organisation's sign-in was not accepted. Try again, or use a password.")
        with self._auth(wrong) as auth:
            found = auth.sign_in_with_id_token(
                {"provider": self._provider, "token": identity_token}  # type: ignore[typeddict-item]
            )
        return _identity(found)

    # From the form to the cookie ------------------------------------------------------------------

    def open_code(self, user_id: str, browser: str) -> str:
        """A one-time code that this browser can swap for a session within a minute."""
        assert isinstance(user_id, Identity)
        code = secrets.token_urlsafe(32)
        both = f"{code}.{browser}"
        self._member(user_id.tokens).call(
            "open_sign_in_code",
            {"name": _name(both), "sealed": seal(both, user_id.tokens), "seconds": CODE_SECONDS},
        )
        return code

    def open_session(self, code: str, browser: str) -> str | None:
        """The cookie's value for a good code; None for any other."""
        both = f"{code}.{browser}"
        sealed = self.anonymous.call("spend_sign_in_code", {"name": _name(both)})
        tokens = None if sealed is None else unseal(both, _expected(str, sealed))
        if tokens is None:
            return None
        cookie = secrets.token_urlsafe(32)
        self._member(tokens).call(
            "open_web_session",
            {"name": _name(cookie), "sealed": seal(cookie, tokens), "days": SESSION_DAYS},
        )
        return cookie

    def session(self, cookie: str) -> SupabaseSession | None:
        """The session of a cookie, while it lasts."""
        found = self._kept(cookie)
        return found and SupabaseSession(self, cookie, *found)

    def _kept(self, cookie: str) -> tuple[Tokens, int] | None:
        found = self.anonymous.call("web_session", {"name": _name(cookie)})
        if found is None:
            return None
        sealed, version = (_expected(dict, found).get(name) for name in ("sealed", "version"))
        tokens = unseal(cookie, _expected(str, sealed))
        return (tokens, _expected(int, version)) if tokens else None

    def store(self, session: SupabaseSession) -> SupabaseStore:
        """The store as the session's member sees it."""
        return SupabaseStore(self._url, self._key, session.access_token)

    def store_of(self, user_id: str) -> SupabaseStore:
        """The store for an account that has no session yet."""
        assert isinstance(user_id, Identity)
        return self._member(user_id.tokens)

    def _member(self, tokens: Tokens) -> SupabaseStore:
        return SupabaseStore(self._url, self._key, lambda refused: "" if refused else tokens.access)

    def look(self, store: Store, session: SupabaseSession, seen: str | None) -> Any:
        """Is the session open, and what has changed since the version `seen`? See sql/0010."""
        return store.call("look", {"session": session.name, "seen": seen})

    # While it lasts -------------------------------------------------------------------------------

    def renew(self, session: SupabaseSession) -> None:
        """Gives the session tokens that are newer than its own; leaves it as it is when it has
        ended. However many ask, in however many replicas, one renews and the others read."""
        expired = session.tokens.access
        until = time.monotonic() + 2 * _RENEWAL_SECONDS
        while time.monotonic() < until:
            kept = self._kept(session.cookie)
            if kept is None:
                return
            session.tokens, session.version = kept
            if session.tokens.access != expired:
                return
            if self._may_renew(session):
                self._renewed(session)
                return
            # Spread, so that those who wait do not ask all at once.
            time.sleep(random.uniform(0.05, 0.3))  # noqa: S311
        raise Unavailable(silence())

    def _may_renew(self, session: SupabaseSession) -> bool:
        return _expected(
            bool,
            self.anonymous.call(
                "begin_renewal",
                {"name": session.name, "version": session.version, "seconds": _RENEWAL_SECONDS},
            ),
        )

    def _renewed(self, session: SupabaseSession) -> None:
        try:
            with self._auth() as auth:
                fresh = _identity(auth.refresh_session(session.tokens.refresh)).tokens
        except StoreError as problem:
            if _has_ended(problem):
                self.anonymous.call("close_web_session", {"name": session.name})
                return
            with suppress(StoreError):  # the lease ends by itself as well
                self._keep(session, None)
            raise Unavailable(_for_now(problem)) from problem
        if self._keep(session, seal(session.cookie, fresh)):
            session.tokens, session.version = fresh, session.version + 1
        elif kept := self._kept(session.cookie):
            # Ours, when the answer was lost and the door asked again.
            session.tokens, session.version = kept

    def _keep(self, session: SupabaseSession, sealed: str | None) -> bool:
        return _expected(
            bool,
            self.anonymous.call(
                "end_renewal",
                {"name": session.name, "version": session.version, "sealed": sealed},
            ),
        )

    def close_session(self, cookie: str) -> None:
        """Signs this browser out."""
        kept = self._kept(cookie)
        self.anonymous.call("close_web_session", {"name": _name(cookie)})
        if kept:
            self._sign_out(kept[0].access, "local")

    def close_all(self, session: SupabaseSession) -> None:
        """Signs the member out everywhere."""
        self.store(session).call("close_my_web_sessions", {"keep": ""})
        self._sign_out(session.tokens.access, "global")

    def _sign_out(self, access: str, scope: Any) -> None:
        """Tells Supabase Auth. The session is closed already, so its tokens are in nobody's hands
        if this does not arrive."""
        try:
            with self._auth() as auth:
                auth.admin.sign_out(access, scope)
        except StoreError as reason:
            log.warning("not signed out at Supabase Auth: %s", reason)

    def change_password(self, session: SupabaseSession, old: str, new: str) -> None:
        """Sets a new password and ends the member's other sessions."""
        email = self._address(session)
        with self._auth(_("The present password is not right.")) as auth:
            checked = _identity(auth.sign_in_with_password({"email": email, "password": old}))
        self._sign_out(checked.tokens.access, "local")
        check_password(new, email)
        # Supabase Auth ends all sessions but the one that sets the password: that has to be this.
        self._set_password(session.tokens, new)
        self.store(session).call("close_my_web_sessions", {"keep": session.name})
        self._sign_out(session.tokens.access, "others")

    def _address(self, session: SupabaseSession) -> str:
        """The address that the member signs in with. Afterwards the session's token is good for a
        while: the client would otherwise renew it by itself, and nobody would know the new one."""
        self.store(session).call("pulse")  # renews the token if it must
        if _seconds_left(session.tokens.access) < _SOON:
            session.access_token(session.tokens.access)
        with self._auth() as auth:
            found = auth.get_user(session.tokens.access)
        return (found and found.user.email) or ""

    def _set_password(self, tokens: Tokens, new: str) -> None:
        with self._auth() as auth:
            auth.set_session(tokens.access, tokens.refresh)
            auth.update_user({"password": new})

    @contextmanager
    def _auth(self, wrong: str = "", *, quiet: bool = False) -> Iterator[SyncGoTrueClient]:
        """A client of Supabase Auth for one question, so that it remembers nobody. `wrong`: what a
        refused pair or code is told; `quiet`: nothing tells a known address from an unknown one."""
        # Loading certificates takes longer than the question.
        with httpx.Client(timeout=_TIMEOUT, verify=certificates()) as http:
            client = SyncGoTrueClient(
                url=f"{self._url}/auth/v1",
                headers={"apikey": self._key},
                auto_refresh_token=False,
                persist_session=False,
                http_client=http,
            )
            try:
                yield client
            except (AuthError, httpx.HTTPError, ValueError) as error:
                problem = _problem(error, wrong or wrong_pair())
                if not (quiet and isinstance(problem, Refused) and _tells_who(error)):
                    raise problem from error


def _expected(kind: type[Kind], answer: Any) -> Kind:
    """The answer, if it is of this kind. Raises Unavailable: something else answered."""
    if isinstance(answer, kind):
        return answer
    raise Unavailable(something_else())


def _seconds_left(access: str) -> float:
    """How long an access token is good for by this machine's clock."""
    return float(decode_jwt(access)["payload"].get("exp", 0)) - time.time()


def _identity(found: AuthResponse) -> Identity:
    if found.session is None:
        raise Unavailable(something_else())
    session = found.session
    return Identity(Tokens(session.user.id, session.access_token, session.refresh_token))


# What the cookie opens ----------------------------------------------------------------------------


def _made_from(secret: str, purpose: bytes) -> bytes:
    """Secrets are 256 random bits: nothing is gained by making this slow."""
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"quorum " + purpose).derive(secret.encode())


def _name(secret: str) -> str:
    return base64.urlsafe_b64encode(_made_from(secret, b"name")).decode()


def seal(secret: str, tokens: Tokens) -> str:
    """The tokens as only the holder of `secret` can read and make them (AES-256-GCM)."""
    nonce = secrets.token_bytes(12)
    text = json.dumps([tokens.user_id, tokens.access, tokens.refresh]).encode()
    closed = AESGCM(_made_from(secret, b"key")).encrypt(nonce, text, None)
    return base64.b64encode(nonce + closed).decode()


def unseal(secret: str, sealed: str) -> Tokens | None:
    """The tokens, or None when `secret` is not theirs or somebody changed them."""
    try:
        raw = base64.b64decode(sealed, validate=True)
        opened = AESGCM(_made_from(secret, b"key")).decrypt(raw[:12], raw[12:], None)
        return Tokens(*json.loads(opened))
    except (InvalidTag, ValueError, TypeError):
        log.warning("a session in the store cannot be opened by its cookie")
        return None


# Errors -------------------------------------------------------------------------------------------


def _tells_who(error: Exception) -> bool:
    """Whether the answer depends on the address: signed up or not, or written to just now."""
    return isinstance(error, AuthApiError) and error.code in (
        "otp_disabled", "user_not_found", "signup_disabled", "over_email_send_rate_limit",
    )  # fmt: skip


def _has_ended(problem: StoreError) -> bool:
    """Whether a refused renewal says that the session is over, for good."""
    error = problem.__cause__
    return isinstance(error, AuthApiError) and error.code in _ENDED


def _for_now(problem: StoreError) -> str:
    return str(problem) if isinstance(problem, Unavailable) else silence()


def _problem(error: Exception, wrong: str) -> StoreError:
    """What Supabase Auth answered, as one of our exceptions with the local accounts' sentence."""
    match error:
        case AuthWeakPasswordError():
            return Refused(_("This password is too easy to guess. Choose another one."))
        case AuthRetryableError() | httpx.HTTPError():
            log.warning("Supabase Auth does not answer: %r", error)
            return Unavailable(silence())
        case AuthApiError():
            return _refusal(error, wrong)
        case AuthUnknownError():
            log.error("unexpected answer of Supabase Auth: %r", error)
            return Unavailable(something_else())
        case AuthError():
            log.info("Supabase Auth refused: %s", error)
            return Refused(wrong)
    log.error("unexpected answer of Supabase Auth: %r", error)
    return Unavailable(something_else())


def _refusal(error: AuthApiError, wrong: str) -> StoreError:
    log.info("Supabase Auth refused %s: %s", error.code, error.message)
    match error.code:
        case "user_already_exists" | "email_exists":
            return Refused(already_there())
        case "same_password":
            return Refused(_("Choose a password that differs from the present one."))
        case "reauthentication_needed":
            return Refused(_("Sign out and in again, then set the new password."))
        case "over_request_rate_limit" | "over_email_send_rate_limit":
            return Refused(too_many_attempts())
        case "email_not_confirmed":
            return Refused(_("Confirm your address first: we have sent you an e-mail."))
        case "validation_failed" | "email_address_invalid":
            return Refused(wrong)
        case "signup_disabled" | "email_provider_disabled" | "provider_disabled":
            return Refused(
                _("This way of signing in is switched off in the settings of Supabase Auth.")
            )
    if error.status == 429:
        return Refused(too_many_attempts())
    if error.status >= 500:
        return Unavailable(silence())
    if re.search(r"api.?key", error.message, re.IGNORECASE):
        return Unavailable(wrong_key())
    return Refused(wrong)
