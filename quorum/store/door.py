"""Opens the store that the installation is set up for, once a process.

QUORUM_STORE names a folder for the embedded store. Without it SUPABASE_URL and
SUPABASE_PUBLISHABLE_KEY, or `[supabase]` in `.streamlit/secrets.toml`, name a project of Supabase;
without those as well it is the folder of the demo. The door holds no member's data.
"""

import base64
import json
import os
import threading
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx

from quorum.language import _
from quorum.store import Store, StoreError
from quorum.store.accounts import Accounts, DemoMember
from quorum.store.embedded import Engine
from quorum.store.supabase import wrong_address
from quorum.store.supabase_accounts import SupabaseAccounts

_lock = threading.Lock()
_engines: dict[Path, Engine] = {}
_projects: dict["Project", SupabaseAccounts] = {}


class Session(Protocol):
    """An open session, of either door."""

    @property
    def user_id(self) -> str: ...


class Door(Protocol):
    """What sign-in asks, whichever door it is. `accounts.Accounts` says what each answers.

    A user's id that sign-in gives is a str; it is handed on as it is, because it may carry proof.
    """

    sends_codes: bool

    @property
    def takes_identities(self) -> bool: ...
    def is_empty(self) -> bool: ...
    def demo_members(self) -> list[DemoMember]: ...
    def invitation_for(self, token: str) -> dict[str, Any] | None: ...
    def sign_in(self, email: str, password: str) -> str: ...
    def sign_in_demo(self, user_id: str) -> str: ...
    def sign_in_with_identity(
        self, claims: Mapping[str, Any], identity_token: str, token: str = ""
    ) -> str: ...
    def create(self, email: str, password: str, token: str = "") -> str: ...
    def confirm(self, email: str, code: str) -> str: ...
    def send_code(self, email: str) -> None: ...
    def sign_in_with_code(self, email: str, code: str) -> str: ...
    def send_reset(self, email: str) -> None: ...
    def reset(self, email: str, code: str, new: str) -> str: ...
    def open_code(self, user_id: str, browser: str) -> str: ...
    def open_session(self, code: str, browser: str) -> str | None: ...
    def session(self, token: str) -> Any | None: ...
    def store(self, session: Any) -> Store: ...
    def store_of(self, user_id: str) -> Store: ...
    def look(self, store: Store, session: Any, seen: str | None) -> Any: ...
    def close_session(self, token: str) -> None: ...
    def close_all(self, session: Any) -> None: ...
    def change_password(self, session: Any, old: str, new: str) -> None: ...


@dataclass(frozen=True)
class Project:
    """A Supabase project, as its settings page shows it."""

    url: str
    publishable_key: str
    provider: str = ""  # what Supabase calls the identity provider of `[auth]`


def project() -> Project | None:
    """The project that is set up; None for the embedded store. Raises StoreError for settings that
    are not whole."""
    if os.environ.get("QUORUM_STORE"):
        return None
    written = _secrets()
    url = (os.environ.get("SUPABASE_URL") or str(written.get("url", ""))).strip().rstrip("/")
    key = (
        os.environ.get("SUPABASE_PUBLISHABLE_KEY") or str(written.get("publishable_key", ""))
    ).strip()
    if not url and not key:
        return None
    _check(url, key)
    provider = os.environ.get("SUPABASE_PROVIDER") or str(written.get("provider", ""))
    return Project(url, key, provider)


def _check(url: str, key: str) -> None:
    try:
        place = httpx.URL(url)
    except httpx.InvalidURL:
        place = httpx.URL("")
    # Nothing behind it: what Supabase calls the URL of its Data API ends in /rest/v1.
    whole = place.scheme in ("http", "https") and place.host and place.path == "/"
    if not whole or place.query or place.fragment:
        raise StoreError(wrong_address())
    if not key:
        raise StoreError(
            _(
                "The publishable key of the Supabase project is missing. Set "
                "SUPABASE_PUBLISHABLE_KEY, or publishable_key under [supabase] in "
                ".streamlit/secrets.toml."
            )
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise StoreError(
            _(
                "The publishable key of the Supabase project holds a character that no key has, "
                "such as a quotation mark from a text. Copy the key alone."
            )
        )
    if key.startswith("sb_secret_") or _role_in(key) == "service_role":
        raise StoreError(
            _(
                "This is the secret key of the Supabase project, which passes all policies. Put "
                "the publishable key there instead, and replace the secret one in Supabase."
            )
        )


def _role_in(key: str) -> str:
    """The role of an older project's key, which is a token that says it; empty for any other."""
    try:
        body = key.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError):
        return ""
    return str(claims.get("role", "")) if isinstance(claims, dict) else ""


def _secrets() -> Mapping[str, Any]:
    """`[supabase]` of the files that Streamlit reads: the project's, then the user's."""
    for place in (Path.cwd(), Path(__file__).parents[2], Path.home()):
        file = place / ".streamlit" / "secrets.toml"
        try:
            written = tomllib.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            raise StoreError(
                _("{file} cannot be read: {reason}. Correct it and start again.").format(
                    file=".streamlit/secrets.toml", reason=error
                )
            ) from error
        if isinstance(written.get("supabase"), dict):
            return dict(written["supabase"])
    return {}


def folder() -> Path:
    """Where the embedded store lies: QUORUM_STORE, or `.quorum/demo` beside the code."""
    default = Path(__file__).parents[2] / ".quorum" / "demo"
    return Path(os.environ.get("QUORUM_STORE") or default).expanduser().resolve()


def engine() -> Engine:
    """The running embedded store. Raises SchemaMismatch, Unavailable."""
    place = folder()
    with _lock:
        if place not in _engines:
            _engines[place] = Engine(place)
        return _engines[place]


def accounts() -> Door:
    """Sign-in for the store. Raises StoreError, SchemaMismatch."""
    chosen = project()
    if chosen is None:
        return Accounts(engine())
    with _lock:
        if chosen not in _projects:
            _projects[chosen] = SupabaseAccounts(
                chosen.url, chosen.publishable_key, chosen.provider
            )
        return _projects[chosen]


def store_for(session: Session) -> Store:
    """The store as the session's member sees it."""
    return accounts().store(session)
