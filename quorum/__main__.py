"""What an operator does from a terminal: `python -m quorum migrate | demo | check | backup |
restore`.

Every command takes `--store FOLDER`; without it, QUORUM_STORE or the demo's folder. `check` without
it looks at the Supabase project where the settings name one.
"""

import argparse
import logging
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg

from quorum.language import _
from quorum.store import StoreError, Unavailable, door
from quorum.store.backup import back_up, broken_rules, restore
from quorum.store.embedded import Engine
from quorum.store.migrate import SchemaMismatch, migrate, migrations


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; 0 when it did what was asked, 1 with a sentence on standard error."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    asked = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], None] = asked.command
    try:
        command(asked)
    except (StoreError, SchemaMismatch, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m quorum", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, command, about in (
        ("migrate", _migrate, _("bring the store's schema up to this code")),
        ("demo", _demo, _("make a demo store with fictional members, or leave it as it is")),
        ("check", _check, _("say whether the store answers, fits this code and is in order")),
        ("backup", _backup, _("write the whole store into a new file")),
        ("restore", _restore, _("make a store in a new folder out of a backup")),
    ):
        one = commands.add_parser(name, help=about)
        if name in ("backup", "restore"):
            one.add_argument("file", type=Path, help=_("file of the backup"))
        # A check without a folder looks at what the app would open.
        default = None if name == "check" else door.folder()
        one.add_argument("--store", type=Path, default=default, help=_("folder of the store"))
        if name == "migrate":
            one.add_argument(
                "--address",
                help=_("connection string of the owner of a Supabase project's database, instead"),
            )
        one.set_defaults(command=command)
    return parser


def _migrate(asked: argparse.Namespace) -> None:
    if asked.address:
        try:
            migrate(asked.address, shim=False)
        except psycopg.OperationalError as error:
            raise Unavailable(
                _("No database answers at this address. Check host, port, user and password.")
            ) from error
        print(_("The project's database is at schema {n}.").format(n=len(migrations())))
        return
    engine = Engine(asked.store)
    engine.close()
    print(
        _("The store in {folder} is at schema {n}.").format(folder=asked.store, n=len(migrations()))
    )


def _demo(asked: argparse.Namespace) -> None:
    from quorum import demo

    engine = Engine(asked.store)
    try:
        made = demo.ensure(engine)
    finally:
        engine.close()
    said = _("Demo store made in {folder}.") if made else _("Demo store in {folder}.")
    print(said.format(folder=asked.store))


def _check(asked: argparse.Namespace) -> None:
    project = door.project() if asked.store is None else None
    if project is not None:
        door.accounts().is_empty()
        print(
            _("The Supabase project at {url} answers and fits this code (schema {n}).").format(
                url=project.url, n=len(migrations())
            )
        )
        return
    asked.store = asked.store or door.folder()
    engine = Engine(asked.store)
    try:
        with engine.connection() as connection:
            connection.execute("select 1")
        broken = broken_rules(engine)
    finally:
        engine.close()
    if broken:
        raise StoreError(
            "\n".join(
                _("{n} x broken: {rule}").format(n=times, rule=rule) for rule, times in broken
            )
        )
    print(
        _("The store in {folder} answers, fits this code (schema {n}) and is in order.").format(
            folder=asked.store, n=len(migrations())
        )
    )


def _backup(asked: argparse.Namespace) -> None:
    engine = Engine(asked.store)
    try:
        held = back_up(engine, asked.file)
    finally:
        engine.close()
    print(
        _("{file} holds {rows} rows of {tables} tables, each counted.").format(
            file=asked.file, rows=sum(held.values()), tables=len(held)
        )
    )


def _restore(asked: argparse.Namespace) -> None:
    held = restore(asked.file, asked.store)
    print(
        _(
            "The store in {folder} holds the {rows} rows of {file}. Everybody signs in again."
        ).format(folder=asked.store, rows=sum(held.values()), file=asked.file)
    )


if __name__ == "__main__":
    sys.exit(main())
