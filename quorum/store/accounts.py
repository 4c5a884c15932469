"""Local accounts of the embedded store: passwords (argon2id), sessions, demo members.

Only hashes reach the database: of the password, of the session's token, of the sign-in code. On
Supabase the same questions go to Supabase Auth.
"""

import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from quorum.language import _
from quorum.store import Refused
from quorum.store.embedded import Engine, _plain_errors

SESSION_DAYS = 30
CODE_SECONDS = 60
SHORTEST_PASSWORD = 10

_hasher = PasswordHasher()
# Verified when there is no account, so that an unknown address takes as long as a wrong password.
_nobody = _hasher.hash(secrets.token_hex(16))


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


class Accounts:
    """Sign-in for one embedded store."""

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
            raise Refused(
                _("Too many attempts for this address. Wait a quarter of an hour and try again.")
            )
        if not _matches(stored or _nobody, password) or stored is None:
            self._ask("select auth.note_failure(%s)", email.strip())
            raise Refused(_("This address and password do not belong together. Check both."))
        return str(user_id)

    def sign_in_demo(self, user_id: str) -> str:
        """A demo member's id, checked against the store. Raises Refused in any other store."""
        if user_id not in {m.user_id for m in self.demo_members()}:
            raise Refused(_("One-click sign-in exists only in a demo store."))
        return user_id

    def create(self, email: str, password: str, token: str = "") -> str:
        """A new account: with a usable invitation, or as the first of an empty store."""
        address = email.strip().lower()
        if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address) or len(address) > 200:
            raise Refused(_("The e-mail address is not complete. Write it as name@example.org."))
        check_password(password, address)
        try:
            created = self._ask(
                "select auth.create_account(%s, %s, %s)", address, _hasher.hash(password), token
            )
        except Refused as refusal:
            raise Refused(
                {
                    "invitation": _(
                        "This link is not valid any more. Ask whoever sent it for a new one."
                    ),
                    "address": _("There is an account with this address. Sign in with it instead."),
                }.get(str(refusal), str(refusal))
            ) from refusal
        return str(created[0][0])

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

    def close_session(self, token: str) -> None:
        """Signs this browser out."""
        self._ask("select auth.close_session(%s)", _hash(token))

    def close_all(self, session: Session) -> None:
        """Signs the member out everywhere."""
        with self._as_member(session) as db:
            db.execute("select auth.close_my_sessions()")

    def has_password(self, session: Session) -> bool:
        """Whether the member has one; members of the demo step in without."""
        with self._as_member(session) as db:
            stored = db.execute("select auth.my_password()").fetchone()
        return bool(stored and stored[0])

    def change_password(self, session: Session, old: str, new: str) -> None:
        """Sets a new password and ends the member's other sessions."""
        with self._as_member(session) as db:
            stored = db.execute("select auth.my_password()").fetchone()
            if not stored or not stored[0] or not _matches(stored[0], old):
                raise Refused(_("The present password is not right."))
            check_password(new, "")
            db.execute(
                "select auth.change_my_password(%s, %s::uuid)", (_hasher.hash(new), session.id)
            )

    def _as_member(self, session: Session) -> Any:
        return self._engine.store(session.claims)._transaction()


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


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _hash(text: str) -> bytes:
    """Tokens and codes are 256 random bits: a plain hash is enough, and can be looked up."""
    return hashlib.sha256(text.encode()).digest()
