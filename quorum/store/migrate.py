"""Brings a store's schema up to this code, one file of `sql/` at a time.

A file and the record that it ran share one transaction, so a runner killed at any statement leaves
a store from which the next run goes on.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from quorum.language import _
from quorum.store import NotAllowed, Refused, StoreError, Unavailable

SQL = Path(__file__).parents[2] / "sql"

_RECORD = """
create schema if not exists quorum;
create table if not exists quorum.migration (
  number integer primary key,
  name text not null,
  checksum text not null,
  applied_at timestamptz not null default now()
);
alter table quorum.migration enable row level security;
alter table quorum.migration force row level security;
comment on table quorum.migration is 'Which files of sql/ this store has run.';
comment on column quorum.migration.number is 'Number of the file.';
comment on column quorum.migration.name is 'Name of the file.';
comment on column quorum.migration.checksum is 'SHA-256 of the file as it ran.';
comment on column quorum.migration.applied_at is 'When.';
"""


class SchemaMismatch(Exception):
    """The store and the code do not belong together; the text says what to do."""


@dataclass(frozen=True)
class Migration:
    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrations(folder: Path = SQL) -> list[Migration]:
    """The numbered files, in order. Raises SchemaMismatch when a number is missing or twice."""
    found = [
        Migration(int(match[1]), path.name, path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.sql"))
        if (match := re.match(r"(\d{4})_", path.name))
    ]
    if [m.number for m in found] != list(range(1, len(found) + 1)):
        raise SchemaMismatch(_("The files in sql/ are not numbered 1, 2, 3 without a gap."))
    return found


@dataclass(frozen=True)
class Check:
    """A rule of sql/checks.sql: any row that `query` gives is a failure."""

    number: int
    slug: str
    rule: str
    query: str


def checks(folder: Path = SQL) -> list[Check]:
    """The rules that every store keeps, in order."""
    text = (folder / "checks.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- (\d\d) (\w+): ", text, flags=re.MULTILINE)[1:]
    found = []
    for number, slug, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        rule, query = re.split(r"\n(?=select|with)", body, maxsplit=1)
        query = query.strip().rstrip(";")
        found.append(Check(int(number), slug, rule.replace("\n--", ""), query))
    return found


def migrate(address: str, *, shim: bool, folder: Path = SQL) -> list[str]:
    """Runs what the store has not run yet; returns the names of the files that ran.

    `address` is the owner's connection string; `shim` adds what Supabase would provide. Raises
    SchemaMismatch for a store newer than this code, or one whose files were changed afterwards;
    Refused and NotAllowed where Supabase should have provided it and did not, before anything is
    written; StoreError for a file that did not run, with its name.
    """
    known = migrations(folder)
    # The files speak to the operator only when something is wrong.
    with psycopg.connect(address, autocommit=True, options="-c client_min_messages=warning") as db:
        db.execute("select pg_advisory_lock(hashtext('quorum.migrate'))")
        if not shim:
            check_project(db)
        with _named("create schema quorum"), db.transaction():
            db.execute(_RECORD)
        done: dict[int, str] = dict(
            db.execute("select number, checksum from quorum.migration").fetchall()
        )
        check_record(known, done)
        if shim:
            with _named("sql/shim.sql"), db.transaction():
                db.execute(statements((folder / "shim.sql").read_text(encoding="utf-8")))
        waiting = [m for m in known if m.number not in done]
        for migration in waiting:
            with _named(f"sql/{migration.name}"), db.transaction():
                db.execute(statements(migration.text))
                db.execute(
                    "insert into quorum.migration (number, name, checksum) values (%s, %s, %s)",
                    (migration.number, migration.name, migration.checksum),
                )
    return [m.name for m in waiting]


@contextmanager
def _named(what: str) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise StoreError(
            _(
                "{what} could not be run in this database: {reason}. What ran before it stays; "
                "the next run goes on from there."
            ).format(what=what, reason=error.diag.message_primary or error)
        ) from error


def check_project(db: psycopg.Connection[Any]) -> None:
    """Raises NotAllowed unless the database's owner asks, Refused unless it is that of a Supabase
    project."""
    found = db.execute("select rolsuper or rolbypassrls from pg_roles where rolname = current_user")
    if not found.fetchall()[0][0]:
        raise NotAllowed(no_owner())
    there = db.execute(
        "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = 'auth' and c.relname in ('users', 'identities') and c.relkind = 'r'"
    )
    if there.fetchall()[0][0] != 2:
        raise Refused(
            _("This database has no accounts of Supabase Auth. Is it that of a Supabase project?")
        )


def no_owner() -> str:
    return _(
        "This user may not read and write past the policies. Use the connection string of the "
        "database's owner, `postgres` on Supabase."
    )


@contextmanager
def owner_connection(address: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the database's owner, in no transaction yet. Raises Unavailable when there is
    no database at `address`, a URL or connection string as PostgreSQL takes it, and Refused for an
    empty one, at which the driver would look for a database of this machine's."""
    if not address.strip():
        raise Refused(_("The address is empty. Is the variable set that should hold it?"))
    try:
        # What stands between us and a hosted database may not keep prepared statements.
        db = psycopg.connect(address, autocommit=True, connect_timeout=15, prepare_threshold=None)
    except psycopg.OperationalError as error:
        raise Unavailable(
            _("No database answers at this address. Check host, port, user and password.")
        ) from error
    except psycopg.ProgrammingError as error:
        raise Unavailable(
            _(
                "This is not the address of a database. Copy the connection string that Supabase "
                "shows under Connect, which begins with postgresql://."
            )
        ) from error
    with db:
        yield db


def check_record(known: list[Migration], done: dict[int, str]) -> None:
    """Raises SchemaMismatch for files that this code does not know, or knows otherwise. `done`:
    number and checksum of those that ran."""
    newest = max(done, default=0)
    if newest > len(known):
        raise SchemaMismatch(
            _(
                "This store was made by a newer Quorum (schema {store}, this code knows {code}). "
                "Update the code; nothing was changed."
            ).format(store=newest, code=len(known))
        )
    for migration in known:
        if done.get(migration.number, migration.checksum) != migration.checksum:
            raise SchemaMismatch(
                _(
                    "The file {name} was changed after this store ran it. Put it back as it was "
                    "and write a new file for the change; nothing was changed."
                ).format(name=migration.name)
            )


def statements(text: str) -> sql.SQL:
    """The file as it stands: it is ours, and takes no parameters."""
    return sql.SQL(text)
