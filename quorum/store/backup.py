"""Backup and restore of the embedded store, and a look at its health.

A backup is PostgreSQL's own dump, made by the store's owner, so that no policy hides a row from it.
Rows are counted in the same snapshot and compared with what the file holds: a backup that lacks one
is refused, not kept. Sign-in sessions stay out: after a restore everybody signs in again. So do
the votes of dialogues that are open, with the key to who cast them: it is destroyed when a dialogue
is closed, and a backup would keep it (docs/decisions/0007). After a restore they are cast again.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from quorum.language import _
from quorum.store import Refused, Unavailable
from quorum.store.embedded import PROGRAMS, Engine, start_server
from quorum.store.migrate import SQL, checks, migrate, statements

# Who voted for what in open dialogues, and the key to it: only where closing one destroys them.
OPEN_VOTES = ("quorum.dialogue_key", "quorum.dialogue_ballot")
_LEFT_OUT = ("auth.sessions", "auth.sign_in_codes", "auth.failed_sign_ins", *OPEN_VOTES)

Counts = dict[str, int]


def back_up(engine: Engine, file: Path) -> Counts:
    """Writes the whole store into a new file, readable by its owner alone; returns rows per table.

    Raises Refused when the file exists, Unavailable when the dump fails or does not hold every row.
    """
    if file.exists():
        raise Refused(_("{file} exists already. Choose another name.").format(file=file))
    partial = file.with_name(f".{file.name}.partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    try:
        with psycopg.connect(engine.owner_address) as db:
            db.execute("set transaction isolation level repeatable read, read only")
            snapshot = _one(db, "select pg_export_snapshot()")
            _run(
                "pg_dump", "--format=custom", f"--snapshot={snapshot}", "--file", partial,
                *(f"--exclude-table-data={name}" for name in _LEFT_OUT),
                "--dbname", engine.owner_address,
            )  # fmt: skip
            there = _count(db)
        held = _rows_in(partial)
        if held != {name: n for name, n in there.items() if name not in _LEFT_OUT}:
            raise Unavailable(_("The backup does not hold every row. Nothing was kept; try again."))
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.rename(file)
    finally:
        partial.unlink(missing_ok=True)
    return held


def restore(file: Path, folder: Path) -> Counts:
    """Makes a store out of a backup in a folder that holds none; returns rows per table.

    All or nothing, and counted afterwards. Raises Refused when there is a store in the folder
    already or the file is no backup, SchemaMismatch when the backup is newer than this code.
    """
    if not file.is_file():
        raise Refused(_("There is no file {file}.").format(file=file))
    held = _rows_in(file)
    engine = _Bare(folder)
    try:
        with psycopg.connect(engine.owner_address, autocommit=True) as db:
            if _one(db, "select exists (select from pg_tables where schemaname in"
                        " ('public', 'quorum', 'auth'))"):  # fmt: skip
                raise Refused(
                    _("There is a store in {folder} already. Restore into a new folder.").format(
                        folder=folder
                    )
                )
            with db.transaction():
                # The roles are the server's, not the dump's; what else the shim makes is in both.
                db.execute(statements((SQL / "shim.sql").read_text(encoding="utf-8")))
                db.execute("drop schema auth cascade")
            _run(
                "pg_restore", "--single-transaction", "--exit-on-error",
                "--dbname", engine.owner_address, file,
            )  # fmt: skip
            there = _count(db)
        if held != {name: n for name, n in there.items() if name not in _LEFT_OUT}:
            raise Unavailable(_("The store does not hold every row of the backup."))
        migrate(engine.owner_address, shim=True)
    finally:
        engine.close()
    return held


def broken_rules(engine: Engine) -> list[tuple[str, int]]:
    """The rules of sql/checks.sql that this store breaks: what each says, and how often."""
    with psycopg.connect(engine.owner_address) as db:
        found = [(check.rule, db.execute(statements(check.query)).rowcount) for check in checks()]
    return [(rule, times) for rule, times in found if times]


class _Bare:
    """The server of a folder, without our schema."""

    def __init__(self, folder: Path) -> None:
        self._server = start_server(folder.expanduser().resolve())
        self.owner_address: str = self._server.get_uri()

    def close(self) -> None:
        self._server.cleanup()


def _run(program: str, *arguments: str | Path) -> None:
    with _output(program, *arguments) as lines:
        for _line in lines:
            pass


@contextmanager
def _output(program: str, *arguments: str | Path) -> Iterator[Iterator[bytes]]:
    """A program of PostgreSQL's and what it writes. Raises Unavailable with its own words."""
    with subprocess.Popen(
        [PROGRAMS / program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None and running.stderr is not None
        yield iter(running.stdout)
        said = running.stderr.read().decode(errors="replace").strip()
    if running.returncode:
        raise Unavailable(_("{program} failed: {said}").format(program=program, said=said))


def _rows_in(file: Path) -> Counts:
    """How many rows of each table a dump holds. Read from end to end: a damaged one shows."""
    counts: Counts = {}
    table = ""
    with _output("pg_restore", "--data-only", "--file=-", file) as lines:
        for line in lines:
            if table:
                if line == b"\\.\n":
                    table = ""
                else:
                    counts[table] += 1
            elif found := re.match(rb"COPY (\w+\.\w+) \(", line):
                table = found[1].decode()
                counts[table] = 0
    return counts


def _count(db: psycopg.Connection[Any]) -> Counts:
    """How many rows each table holds, past every policy."""
    db.execute("set row_security = off")
    found = db.execute(
        "select schemaname, tablename from pg_tables"
        " where schemaname in ('public', 'quorum', 'auth')"
    ).fetchall()
    return {
        f"{schema}.{name}": _one(
            db, sql.SQL("select count(*) from {}").format(sql.Identifier(schema, name))
        )
        for schema, name in found
    }


def _one(db: psycopg.Connection[Any], query: Any) -> Any:
    answer = db.execute(query).fetchone()
    assert answer is not None
    return answer[0]
