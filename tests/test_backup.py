"""A backup holds every row; a restored store is the same store, rules and all."""

import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from quorum.store import Refused, Unavailable
from quorum.store.backup import back_up, broken_rules, restore
from quorum.store.embedded import PROGRAMS, Engine
from tests.conftest import ROOT, Command, World, emptied, new_folder, small_world
from tests.test_dialogue_store import ask, plan
from tests.test_migrate import schema


@pytest.fixture(scope="module")
def filled(engine: Engine) -> World:
    """Contributions of two organisations, one of them shared; a session; awkward text; a dialogue
    on whose board North has voted."""
    world = small_world(emptied(engine))
    supplier = world.supplier("Aurora\n\\.\nDevices\t'\"")
    item = world.assessment("south admin", supplier, ["a"], other_actions="COPY public.x (y)\n\\.")
    world.assessment("east admin", supplier, [])
    world.site_list("north editor", supplier, ["Works", "Mill"])
    world.spend("south admin", supplier, {2024: 1.0, 2025: 9_999_999_999_999.99})
    world.share("south admin", "assessment", [item])
    world.token("north admin")
    question = ask(world["north admin"].store, plan(world, supplier, chatham=True, votes_each=1))
    world["north admin"].store.call("vote", {"question_id": question, "wanted": True})
    return world


def contents(address: str) -> dict[str, list[str]]:
    """Every row of every table, as text."""
    with psycopg.connect(address) as db:
        tables = db.execute(
            "select schemaname || '.' || tablename from pg_tables"
            " where schemaname in ('public', 'quorum', 'auth')"
            " and tablename not in ('sessions', 'sign_in_codes', 'failed_sign_ins',"
            " 'dialogue_key', 'dialogue_ballot')"
        ).fetchall()
        return {
            name: sorted(row for (row,) in db.execute(f"select t::text from {name} t"))
            for (name,) in tables
        }


@pytest.fixture(scope="module")
def backup(filled: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("backups") / "backup"
    back_up(filled.engine, file)
    return file


@pytest.fixture(scope="module")
def restored(backup: Path) -> Iterator[Engine]:
    with new_folder() as folder:
        restore(backup, folder)
        engine = Engine(folder)
        yield engine
        engine.close()


def test_a_backup_holds_every_row_and_only_its_owner_reads_it(
    filled: World, tmp_path: Path
) -> None:
    held = back_up(filled.engine, tmp_path / "backup")
    assert held["public.production_site"] == 2
    assert held["public.assessment"] == 2  # of two organisations: no policy hid one
    assert held["auth.users"] == 6
    assert "auth.sessions" not in held
    assert held["quorum.dialogue_question"] == 1
    assert stat.S_IMODE((tmp_path / "backup").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["backup"]


def test_a_restored_store_equals_its_source_with_policies_and_grants(
    filled: World, restored: Engine
) -> None:
    assert contents(restored.owner_address) == contents(filled.engine.owner_address)
    # The order in which rights were granted is nobody's business.
    before, after = (
        sorted(re.sub(r"--.*", "", schema(e.owner_address, e)).split(";\n"))
        for e in (filled.engine, restored)
    )
    assert after == before
    assert "CREATE POLICY" in " ".join(after)
    assert "GRANT SELECT" in " ".join(after)
    assert broken_rules(restored) == []


def test_members_of_a_restored_store_see_what_they_saw(filled: World, restored: Engine) -> None:
    for actor in filled.actors.values():
        claims = {"sub": actor.id, "role": "authenticated"}
        again = restored.store(claims)
        for relation in ("assessment", "site_list", "spend", "sharing", "audit_event"):
            seen = actor.store.rows(relation, order=["id"])
            assert again.rows(relation, order=["id"]).equals(seen)


def test_after_a_restore_everybody_signs_in_again(restored: Engine) -> None:
    with psycopg.connect(restored.owner_address) as db:
        assert db.execute("select count(*) from auth.sessions").fetchone() == (0,)
        assert db.execute("select count(*) from auth.users").fetchone() == (6,)


def test_a_backup_cannot_tell_who_voted_and_votes_of_open_dialogues_are_cast_again(
    filled: World, restored: Engine, backup: Path
) -> None:
    (key, pseudonym) = filled.owner("select key, pseudonym from quorum.dialogue_key, "
                                    "quorum.dialogue_ballot")[0]  # fmt: skip
    with psycopg.connect(restored.owner_address) as db:
        assert db.execute("select count(*) from quorum.dialogue_key").fetchone() == (0,)
        assert db.execute("select count(*) from quorum.dialogue_ballot").fetchone() == (0,)
    plain = subprocess.run(
        [PROGRAMS / "pg_restore", "--file=-", backup],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert key.hex() not in plain and pseudonym.hex() not in plain
    question = filled.owner("select id::text from quorum.dialogue_question")[0][0]
    for actor in ("north admin", "north editor"):
        again = restored.store({"sub": filled[actor].id, "role": "authenticated"})
        again.call("take_seat", {"dialogue_id": _dialogue(filled)})
        assert again.call("vote", {"question_id": question, "wanted": True}) == {"left": 0}


def _dialogue(world: World) -> str:
    return str(world.owner("select id from dialogue")[0][0])


def test_a_store_is_not_restored_over(restored: Engine, backup: Path) -> None:
    before = contents(restored.owner_address)
    refused = quorum("restore", str(backup), "--store", str(restored.folder))
    assert refused.returncode == 1
    assert "There is a store in" in refused.stderr
    assert contents(restored.owner_address) == before


def test_a_file_is_not_written_over(filled: World, tmp_path: Path) -> None:
    (tmp_path / "backup").write_text("last year's", encoding="utf-8")
    with pytest.raises(Refused, match="exists already"):
        back_up(filled.engine, tmp_path / "backup")
    assert (tmp_path / "backup").read_text(encoding="utf-8") == "last year's"


def test_a_backup_that_misses_rows_is_not_kept(
    filled: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quorum.store.backup._rows_in", lambda *_: {"public.assessment": 1})
    with pytest.raises(Unavailable, match="does not hold every row"):
        back_up(filled.engine, tmp_path / "backup")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["cut", "something else", "absent"])
def test_a_damaged_backup_makes_no_store(backup: Path, tmp_path: Path, damage: str) -> None:
    file = tmp_path / "backup"
    if damage != "absent":
        whole = backup.read_bytes()
        file.write_bytes(whole[: len(whole) // 2] if damage == "cut" else b"PK" + whole)
    with pytest.raises((Refused, Unavailable)):
        restore(file, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_broken_rules_are_named(filled: World) -> None:
    filled.owner("update production_site set shared_until = current_date")
    assert broken_rules(filled.engine) == [("a site is seen by whoever sees its list", 1)]
    filled.owner("update production_site set shared_until = null")


# From a terminal ----------------------------------------------------------------------------------


def quorum(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """A command in a process of its own, beside the app that has the store open."""
    return subprocess.run(
        [sys.executable, "-m", "quorum", *arguments], capture_output=True, text=True, cwd=ROOT
    )


def test_the_commands_say_what_they_did(
    filled: World, command: Command, tmp_path: Path, store_folder: Path
) -> None:
    source, file, copy = str(filled.engine.folder), str(tmp_path / "backup"), str(store_folder)
    made = command("backup", file, "--store", source)
    assert re.fullmatch(rf"{file} holds \d+ rows of \d+ tables, each counted.\n", made.stdout)
    again = command("backup", file, "--store", source)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == f"{file} exists already. Choose another name.\n"
    assert "Everybody signs in again." in command("restore", file, "--store", copy).stdout
    assert command("check", "--store", copy).stdout.endswith("and is in order.\n")


def test_a_check_that_fails_says_which_rule(filled: World, command: Command) -> None:
    filled.owner("alter table spend no force row level security")
    try:
        checked = command("check", "--store", filled.engine.folder)
    finally:
        filled.owner("alter table spend force row level security")
    assert checked.returncode == 1
    assert checked.stderr == (
        "1 x broken: every table has row level security, enabled and forced\n"
    )


@pytest.mark.parametrize("words", [("backup", "file"), ("check",), ("copy", "--to", "postgresql:")])
def test_what_looks_at_a_store_makes_none(
    command: Command, tmp_path: Path, words: tuple[str, ...]
) -> None:
    given = [str(tmp_path / word) if word == "file" else word for word in words]
    said = command(*given, "--store", tmp_path / "typo")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr == f"There is no store in {tmp_path / 'typo'}. Check the path.\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [("backup", "file"), ("copy", "--to", "postgresql:")])
def test_a_project_is_not_taken_for_a_folder(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.delenv("QUORUM_STORE")
    monkeypatch.setenv("SUPABASE_URL", "https://name.supabase.co")
    monkeypatch.setenv("SUPABASE_PUBLISHABLE_KEY", "k")
    said = command(*(str(tmp_path / word) if word == "file" else word for word in words))
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("The settings name a Supabase project and no folder.")
    assert "copy --store FOLDER --from ADDRESS" in said.stderr
    assert list(tmp_path.iterdir()) == []
