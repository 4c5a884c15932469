"""Local accounts of the embedded store: passwords (argon2id), sessions, demo members.

Only hashes reach the database: of the password, of the session's token, of the sign-in code. On
Supabase the same questions go to Supabase Auth.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bcrypt
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from quorum.language import _
from quorum.store import Refused, Store
from quorum.store.embedded import Engine, _plain_errors

SESSION_DAYS = 30
CODE_SECONDS = 60
SHORTEST_PASSWORD = 10
_BCRYPT = "$2"

_hasher = PasswordHasher()
# Verified when there is no account, so that an unknown address takes as long as a wrong password.
_nobody = _hasher.hash(secrets.token_hex(16))
# The same for passwords that came along from Supabase, which are hashed its way (copying.py).
_nobody_bcrypt = "$2b$10$BBBCtrG.Occ9DEGmDrjzPe9VLf2Dyq/wZNSUzd4VqIBGeRy2IC6eK"


@dataclass(frozen=True)
class DemoMember:
    user_id: str
    name: str
    role: str
    organisation: str
    country: str
    kind: str


@dataclass(frozen=True)
class Session:
    """An open session: the claims under which its member's queries run."""

    id: str
    user_id: str

    @property
    def claims(self) -> dict[str, Any]:
        return {"sub": self.user_id, "role": "authenticated", "session_id": self.id}


class CodeSent(Exception):
    """The account waits for the code that was sent to its address. The text says so."""


class Accounts:
    """Sign-in for one embedded store. `supabase_accounts.py` answers the same for Supabase."""

    sends_codes = False  # it has no way to send e-mail
    takes_identities = True

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def _ask(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        with _plain_errors(), self._engine.connection() as db:
            return db.execute(question, values).fetchall()

    def is_empty(self) -> bool:
        """Whether the store waits for its first organisation."""
        return bool(self._ask("select auth.is_empty()")[0][0])

    def demo_members(self) -> list[DemoMember]:
        """Who can be signed in with one click; nobody unless the store is a demo."""
        return [DemoMember(*row) for row in self._ask("select * from auth.demo_members()")]

    def invitation_for(self, token: str) -> dict[str, Any] | None:
        """What a link is for, or None for any link that does not work."""
        with _plain_errors(), self._engine.connection() as db:
            db.execute("select set_config('role', 'anon', true)")
            found = db.execute("select public.invitation_for(%s)", (token,)).fetchone()
        return json.loads(found[0]) if found and found[0] else None

    def sign_in(self, email: str, password: str) -> str:
        """The user's id. Raises Refused with one sentence for every wrong pair."""
        user_id, stored, locked = self._ask("select * from auth.account(%s)", email.strip())[0]
        if locked:
            raise Refused(too_many_attempts())
        if not _matches(stored, password):
            self._ask("select auth.note_failure(%s)", email.strip())
            raise Refused(wrong_pair())
        if stored.startswith(_BCRYPT):
            self._hash_anew(str(user_id), password)
        return str(user_id)

    def _hash_anew(self, user_id: str, password: str) -> None:
        """A password that came along from Supabase is kept our way from its first use on."""
        with self._as_member(Session("", user_id)) as db:
            db.execute("select auth.change_my_password(%s, null)", (_hasher.hash(password),))

    def sign_in_demo(self, user_id: str) -> str:
        """A demo member's id, checked against the store. Raises Refused in any other store."""
        if user_id not in {m.user_id for m in self.demo_members()}:
            raise Refused(_("One-click sign-in exists only in a demo store."))
        return user_id

    def create(self, email: str, password: str, token: str = "") -> str:
        """A new account: with a usable invitation, or as the first of an empty store."""
        address = check_address(email)
        check_password(password, address)
        return self._created(address, _hasher.hash(password), token)

    def _created(self, address: str, password_hash: str | None, token: str) -> str:
        try:
            created = self._ask(
                "select auth.create_account(%s, %s, %s)", address, password_hash, token
            )
        except Refused as refusal:
            known = {"invitation": link_not_valid(), "address": already_there()}
            raise Refused(known.get(str(refusal), str(refusal))) from refusal
        return str(created[0][0])

    def confirm(self, email: str, code: str) -> str:
        """Never asked: this store takes a new account's address as it is."""
        raise Refused(_no_mail())

    def send_code(self, email: str) -> None:
        """Raises Refused: see `sends_codes`."""
        raise Refused(_no_mail())

    def sign_in_with_code(self, email: str, code: str) -> str:
        """Raises Refused: see `sends_codes`."""
        raise Refused(_no_mail())

    def send_reset(self, email: str) -> None:
        """Raises Refused: see `sends_codes`."""
        raise Refused(_no_mail())

    def reset(self, email: str, code: str, new: str) -> str:
        """Raises Refused: see `sends_codes`."""
        raise Refused(_no_mail())

    def sign_in_with_identity(
        self, claims: Mapping[str, Any], identity_token: str, token: str = ""
    ) -> str:
        """The account with the address that the identity provider has verified; with a usable
        invitation a new one. Raises Refused. `claims`: those of the checked identity token."""
        address = str(claims.get("email") or "").strip().lower()
        if not address or claims.get("email_verified") is not True:
            raise Refused(
                _(
                    "Your organisation's sign-in names no verified e-mail address. Use a password, "
                    "or ask whoever looks after it."
                )
            )
        user_id, _password, _locked = self._ask("select * from auth.account(%s)", address)[0]
        if user_id is not None:
            return str(user_id)
        if not token and not self.is_empty():
            raise Refused(
                _("There is no account with your address. Open the link of an invitation first.")
            )
        return self._created(check_address(address), None, token)

    def open_code(self, user_id: str, browser: str) -> str:
        """A one-time code that this browser can swap for a session within a minute."""
        code = secrets.token_urlsafe(32)
        self._ask(
            "select auth.open_code(%s, %s, %s, %s)",
            user_id, _hash(code), _hash(browser), CODE_SECONDS,
        )  # fmt: skip
        return code

    def open_session(self, code: str, browser: str) -> str | None:
        """The cookie's token for a good code; None for any other."""
        token = secrets.token_urlsafe(32)
        opened = self._ask(
            "select auth.open_session(%s, %s, %s, %s)",
            _hash(code), _hash(browser), _hash(token), SESSION_DAYS,
        )  # fmt: skip
        return token if opened[0][0] else None

    def session(self, token: str) -> Session | None:
        """The session of a cookie, while it lasts."""
        found = self._ask("select * from auth.session(%s)", _hash(token))
        return Session(*found[0]) if found else None

    def store(self, session: Session) -> Store:
        """The store as the session's member sees it."""
        return self._engine.store(session.claims)

    def store_of(self, user_id: str) -> Store:
        """The store for an account that has no session yet."""
        return self._engine.store({"sub": user_id, "role": "authenticated"})

    def look(self, store: Store, session: Session, seen: str | None) -> Any:
        """Is the session open, and what has changed since the version `seen`? See sql/0010."""
        return store.call("look", {"session": None, "seen": seen})

    def close_session(self, token: str) -> None:
        """Signs this browser out."""
        self._ask("select auth.close_session(%s)", _hash(token))

    def close_all(self, session: Session) -> None:
        """Signs the member out everywhere."""
        with self._as_member(session) as db:
            db.execute("select auth.close_my_sessions()")

    def change_password(self, session: Session, old: str, new: str) -> None:
        """Sets a new password and ends the member's other sessions."""
        with self._as_member(session) as db:
            stored = db.execute("select auth.my_password()").fetchone()
            if not stored or not _matches(stored[0], old):
                raise Refused(_("The present password is not right."))
            check_password(new, "")
            db.execute(
                "select auth.change_my_password(%s, %s::uuid)", (_hasher.hash(new), session.id)
            )

    def _as_member(self, session: Session) -> Any:
        return self._engine.store(session.claims)._transaction()


def check_address(email: str) -> str:
    """The address as accounts keep it. Raises Refused for one that is none."""
    address = email.strip().lower()
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address) or len(address) > 200:
        raise Refused(_("The e-mail address is not complete. Write it as name@example.org."))
    return address


def wrong_pair() -> str:
    """One answer for an unknown address and a wrong password."""
    return _("This address and password do not belong together. Check both.")


def too_many_attempts() -> str:
    """For an address that somebody keeps trying."""
    return _("Too many attempts for this address. Wait a quarter of an hour and try again.")


def link_not_valid() -> str:
    """One answer for a link that is wrong, late, used or taken back."""
    return _("This link is not valid any more. Ask whoever sent it for a new one.")


def already_there() -> str:
    """For a new account with a known address."""
    return _("There is an account with this address. Sign in with it instead.")


def _no_mail() -> str:
    return _("This store sends no e-mail. Sign in with your password.")


def check_password(password: str, email: str) -> None:
    """Raises Refused for a password that is too short, or the address itself."""
    if len(password) < SHORTEST_PASSWORD:
        raise Refused(
            _(
                "The password is too short: use at least {n} characters, a few words are fine."
            ).format(n=SHORTEST_PASSWORD)
        )
    if len(password) > 1000 or password.lower() == email:
        raise Refused(_("Choose another password."))


def _matches(stored: str | None, password: str) -> bool:
    """Takes as long for an account of either kind as for none."""
    ours, theirs = stored or _nobody, _nobody_bcrypt
    if ours.startswith(_BCRYPT):
        ours, theirs = _nobody, ours
    right = [_is_argon2(ours, password), _is_bcrypt(theirs, password)]
    return stored is not None and right[stored.startswith(_BCRYPT)]


def _is_argon2(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _is_bcrypt(stored: str, password: str) -> bool:
    # It reads 72 bytes at most, and Supabase takes no longer password.
    given = password.encode()
    try:
        return bcrypt.checkpw(given[:72], stored.encode()) and len(given) <= 72
    except ValueError:
        return False


def _hash(text: str) -> bytes:
    """Tokens and codes are 256 random bits: a plain hash is enough, and can be looked up."""
    return hashlib.sha256(text.encode()).digest()
