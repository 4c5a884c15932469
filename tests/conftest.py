"""What tests share: one embedded store, emptied between tests, and a small world of named actors.

The world: North coordinates the consortium, South is a member, West was removed from it, East is
outside. North has an admin, an editor and a viewer; the others an admin each.
"""

import os
import re
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from quorum.__main__ import main
from quorum.store import Store, door
from quorum.store.accounts import Accounts
from quorum.store.embedded import Engine
from quorum.store.supabase_accounts import Identity, Tokens
from tests.supabase_server import HERE, PUBLISHABLE_KEY, SupabaseServer

ROOT = Path(__file__).parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"
PASSWORD = "a few plain words"


@contextmanager
def new_folder() -> Iterator[Path]:
    """A folder for a store. Not pytest's: that is closed to other users whenever a pytest starts,
    and where root runs the tests, PostgreSQL runs as another user."""
    with tempfile.TemporaryDirectory(prefix="quorum", ignore_cleanup_errors=True) as made:
        yield Path(made).resolve()


@pytest.fixture
def store_folder() -> Iterator[Path]:
    """A folder for a store of the test's own."""
    with new_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """A running store for the whole test process. Use `store` or `world`, which empty it first."""
    with new_folder() as folder:
        yield from _engine(folder)


def _engine(folder: Path) -> Iterator[Engine]:
    os.environ["QUORUM_STORE"] = str(folder)
    running = Engine(folder, connections=24)
    door._engines[folder.resolve()] = running
    # Nothing here has to outlive a power cut; tests/test_durability.py has stores of its own.
    for statement in ("alter system set fsync = off", "select pg_reload_conf()"):
        _owner(running).execute(statement)
    yield running
    close_owners()
    running.close()


class _Lent:
    """A running store for one command, which closes what it opens: this one stays open."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def close(self) -> None:
        """Not yet."""


@dataclass
class Said:
    """What a command answered."""

    returncode: int
    stdout: str
    stderr: str


Command = Callable[..., Said]


@pytest.fixture
def command(
    engine: Engine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    """`command("check", "--store", folder)`: as `python -m quorum`, without the seconds that a
    process of its own takes to begin."""

    def opened(folder: Path) -> Any:
        return _Lent(engine) if folder.resolve() == engine.folder else Engine(folder)

    monkeypatch.setattr("quorum.__main__.Engine", opened)

    def run(*arguments: str | Path) -> Said:
        capsys.readouterr()
        code = main([str(one) for one in arguments])
        return Said(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def supabase(engine: Engine) -> Iterator[SupabaseServer]:
    """A Supabase-compatible server for the whole test process, over the same PostgreSQL."""
    if not (HERE / "node_modules").exists():
        pytest.skip("tests/supabase/node_modules is missing: `make test` installs it")
    running = SupabaseServer(engine).start()
    yield running
    running.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whatever is marked `both_doors` runs behind each of them."""
    if "which_door" in metafunc.fixturenames and metafunc.definition.get_closest_marker(
        "both_doors"
    ):
        metafunc.parametrize("which_door", ["embedded", "supabase"], indirect=True)


@pytest.fixture
def which_door(request: pytest.FixtureRequest) -> str:
    """The door behind which the test's store lies."""
    return str(getattr(request, "param", "embedded"))


@pytest.fixture
def behind(
    which_door: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """The empty store of the test, an Engine or a SupabaseServer; the app is set up for it."""
    server = request.getfixturevalue("engine" if which_door == "embedded" else "supabase")
    if isinstance(server, SupabaseServer):
        monkeypatch.delenv("QUORUM_STORE")
        monkeypatch.setenv("SUPABASE_URL", server.url)
        monkeypatch.setenv("SUPABASE_PUBLISHABLE_KEY", PUBLISHABLE_KEY)
    yield emptied(server)
    if isinstance(server, SupabaseServer):
        server.hang_up()


@pytest.fixture(params=["embedded", "supabase"])
def both(request: pytest.FixtureRequest) -> Iterator["World"]:
    """The small world behind each of the two doors in turn."""
    server = request.getfixturevalue("engine" if request.param == "embedded" else "supabase")
    yield small_world(emptied(server))
    if isinstance(server, SupabaseServer):
        server.hang_up()


_owners: dict[str, psycopg.Connection[Any]] = {}


def _owner(engine: Any) -> psycopg.Connection[Any]:
    """One connection of the owner's: a new one for each statement is half of a test's time."""
    address = engine.owner_address
    if address not in _owners or _owners[address].closed:
        _owners[address] = psycopg.connect(address, autocommit=True)
    return _owners[address]


def close_owners() -> None:
    """Lets go of the owner's connections."""
    while _owners:
        _owners.popitem()[1].close()


def emptied(engine: Any) -> Any:
    """The store without anything in it."""
    db = _owner(engine)
    with db.transaction():
        # The audit trail refuses to be emptied; replication mode is the owner's way past it.
        db.execute("set local session_replication_role = replica")
        tables = db.execute(
            "select string_agg(format('%I.%I', schemaname, tablename), ', ') from pg_tables"
            " where schemaname in ('public', 'quorum', 'auth')"
            " and tablename not in ('migration', 'spend_band', 'store')"
        ).fetchone()
        db.execute(f"truncate {tables[0]} cascade")
        if db.execute("select to_regclass('auth.store')").fetchone()[0]:
            db.execute("update auth.store set demo = false")
    return engine


@pytest.fixture
def store(behind: Any) -> Any:
    """The store, empty."""
    return behind


@dataclass
class Actor:
    """A person who signed in, and what the store lets them do."""

    id: str
    email: str
    organisation_id: str
    store: Store


@dataclass
class World:
    engine: Any  # an Engine, or a SupabaseServer
    consortium_id: str = ""
    actors: dict[str, Actor] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Actor:
        return self.actors[name]

    def owner(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Runs a statement as the owner, past every policy: to look behind the scenes."""
        with _owner(self.engine).transaction():
            done = _owner(self.engine).execute(statement, values)
            return done.fetchall() if done.description else []

    def person(self, name: str, organisation_id: str, role: str) -> Actor:
        """A new person with an account (password PASSWORD) and a role."""
        email = f"{name.replace(' ', '.')}@example.org"
        found = self.owner(
            "insert into auth.users (id, email, encrypted_password)"
            " values (gen_random_uuid(), %s, %s) returning id::text",
            email,
            HASHED if isinstance(self.engine, SupabaseServer) else _password_hash(),
        )
        user_id = found[0][0]
        if isinstance(self.engine, SupabaseServer):
            self.owner("update auth.users set email_confirmed_at = now()")
        self.owner("insert into person (id, name, email) values (%s, %s, %s)", user_id, name, email)
        self.owner(
            "insert into organisation_role (organisation_id, person_id, role) values (%s, %s, %s)",
            organisation_id, user_id, role,
        )  # fmt: skip
        claims = {"sub": user_id, "role": "authenticated"}
        actor = Actor(user_id, email, organisation_id, self.engine.store(claims))
        self.actors[name] = actor
        return actor

    def organisation(self, name: str, country: str = "SE", kind: str = "city") -> str:
        found = self.owner(
            "insert into organisation (name, country, kind) values (%s, %s, %s) returning id::text",
            name, country, kind,
        )  # fmt: skip
        return str(found[0][0])

    def supplier(self, name: str = "Aurora Devices", **columns: Any) -> str:
        """A supplier in the register."""
        supplier_id = str(uuid.uuid4())
        row = {"id": supplier_id, "name": name, "kind": "brand", "country": "SE", **columns}
        names = ", ".join(row)
        marks = ", ".join(["%s"] * len(row))
        self.owner(f"insert into supplier ({names}) values ({marks})", *row.values())
        return supplier_id

    def assessment(self, actor: str, supplier_id: str, answers: list[str], **columns: Any) -> str:
        """A finished assessment of the actor's organisation."""
        assessment_id = str(uuid.uuid4())
        self[actor].store.insert(
            "assessment",
            {
                "id": assessment_id, "supplier_id": supplier_id,
                "questionnaire": "ict-human-rights-2025", "respondent_kind": "manufacturer",
                "assessed_on": "2026-06-01", "status": "final", "answers": answers, **columns,
            },
        )  # fmt: skip
        return assessment_id

    def site_list(self, actor: str, supplier_id: str, names: list[str], **arguments: Any) -> str:
        """An imported site list of the actor's organisation."""
        rows = [
            {"name": n, "address": f"{n} road 1", "country": "CN", "place_key": f"{i:032d}"}
            for i, n in enumerate(names)
        ]
        answer = self[actor].store.call(
            "import_site_list",
            {
                "key": str(uuid.uuid4()), "supplier_id": supplier_id, "title": "List",
                "source": "Published", "as_of": "2026-01-01", "file_name": "list.csv",
                "rows": rows, **arguments,
            },
        )  # fmt: skip
        return str(answer["site_list_id"])

    def spend(self, actor: str, supplier_id: str, amounts: dict[int, float]) -> list[str]:
        """Spend lines of the actor's organisation in EUR, one per year; their identifiers."""
        answer = self[actor].store.call(
            "import_spend",
            {
                "key": str(uuid.uuid4()),
                "file_name": "spend.csv",
                "rows": [
                    {"supplier_id": supplier_id, "year": y, "amount": a, "currency": "EUR"}
                    for y, a in amounts.items()
                ],
            },
        )
        lines = self[actor].store.rows("spend", filters={"import_id": answer["import_id"]})
        return lines["id"].to_list()

    def share(self, actor: str, relation: str, items: list[str], **arguments: Any) -> str:
        """A receipt: shared with the consortium, by default as records until 2030."""
        sharing_id = str(uuid.uuid4())
        self[actor].store.call(
            "share",
            {
                "sharing_id": sharing_id, "relation": relation, "items": items,
                "consortium_id": self.consortium_id, "level": "record",
                "legal_basis": "Consortium agreement", "ends_on": "2030-01-01", "title": "",
                **arguments,
            },
        )  # fmt: skip
        return sharing_id

    @property
    def accounts(self) -> door.Door:
        """Sign-in for this store."""
        if isinstance(self.engine, SupabaseServer):
            return self.engine.accounts
        return Accounts(self.engine)

    @property
    def sessions(self) -> str:
        """The table of sessions that cookies lead to."""
        return "quorum.web_session" if isinstance(self.engine, SupabaseServer) else "auth.sessions"

    def identity(self, actor: str) -> str:
        """The actor as they come from a sign-in form."""
        user_id = self[actor].id
        if isinstance(self.engine, SupabaseServer):
            access = self.engine.token({"sub": user_id})
            return Identity(Tokens(user_id, access, "no refresh token"))
        return user_id

    def token(self, actor: str) -> str:
        """A session cookie of the actor."""
        code = self.accounts.open_code(self.identity(actor), "test browser")
        token = self.accounts.open_session(code, "test browser")
        assert token is not None
        return token


# PASSWORD as Supabase Auth hashes it.
HASHED = "$2b$10$/2qh91OGQHwJ9trLClNTeOepCeuR.QjsXfAKjqqGW3UOw/y1Q1Az2"
_hashed: list[str] = []


def _password_hash() -> str:
    """Hashing is slow on purpose: once is enough."""
    if not _hashed:
        from argon2 import PasswordHasher

        _hashed.append(PasswordHasher().hash(PASSWORD))
    return _hashed[0]


def small_world(store: Any) -> World:
    """The actors in a store that was empty."""
    made = World(store)
    found = made.owner(
        "insert into consortium (name, purpose) values ('Nordic ICT buyers', '') returning id::text"
    )
    made.consortium_id = found[0][0]
    for name in ("north", "south", "west", "east"):
        organisation = made.organisation(name.title())
        for role in ("admin", "editor", "viewer") if name == "north" else ("admin",):
            made.person(f"{name} {role}", organisation, role)
        if name != "east":
            made.owner(
                "insert into membership (consortium_id, organisation_id, role, left_at)"
                " values (%s, %s, %s, case when %s then now() end)",
                made.consortium_id, organisation,
                "coordinator" if name == "north" else "member", name == "west",
            )  # fmt: skip
    return made


@pytest.fixture
def world(behind: Any) -> World:
    """The named actors: `north admin`, `north editor`, `north viewer`, `south admin`,
    `west admin` (removed from the consortium), `east admin` (outside)."""
    return small_world(behind)


@pytest.fixture
def open_page(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """`open_page("north admin", "suppliers", supplier="...")`: the page as that actor sees it, run
    once inside the shell. `actor=None`: not signed in."""

    # There is no browser: each AppTest keeps its cookie in its own session state.
    monkeypatch.setattr(
        "components.session.cookies",
        lambda: {"quorum_session": st.session_state.get("test_cookie", "")},
    )

    def opened(actor: str | None, name: str = "overview", **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "components" / "shell.py"), default_timeout=30)
        if actor is not None:
            app.session_state["test_cookie"] = world.token(actor)
        app.run()
        if name != "overview":
            app.switch_page(f"../pages/{name}.py")
        for key, value in query.items():
            app.query_params[key] = value
        return app.run()

    return opened


def select_row(app: AppTest, key: str, row: int) -> AppTest:
    """The page with a row of a table selected, whatever rows that table has."""
    found = (re.search(rf"{key}-[0-9a-f]{{8}}$", one.proto.id) for one in app.dataframe)
    known = next(one for one in found if one)
    app.session_state[known[0]] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    return app.run()
