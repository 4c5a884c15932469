"""What an operator does from a terminal: `python -m quorum migrate | demo | check | backup |
restore | copy`.

Every command takes `--store FOLDER`; without it, QUORUM_STORE or the demo's folder. `check` without
it looks at the Supabase project where the settings name one. What looks at a store makes none.
"""

import argparse
import logging
import sys
from collections.abc import Callable
from pathlib import Path

from quorum.language import _
from quorum.store import Refused, StoreError, door
from quorum.store.backup import back_up, broken_rules, restore
from quorum.store.copying import check_target, copy_from, copy_to
from quorum.store.embedded import Engine, holds_store
from quorum.store.migrate import SchemaMismatch, migrate, migrations, owner_connection


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; 0 when it did what was asked, 1 with a sentence on standard error."""
    asked = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], None] = asked.command
    # A check is one sentence, whatever the store has to say beside it.
    level = logging.CRITICAL if command is _check else logging.WARNING
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")
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
        ("copy", _copy, _("copy a store into a Supabase project's database, or back")),
    ):
        one = commands.add_parser(name, help=about)
        if name in ("backup", "restore"):
            one.add_argument("file", type=Path, help=_("file of the backup"))
        # Without a folder it is what the app would open, which need not be one.
        default = None if name in ("check", "backup", "copy") else door.folder()
        one.add_argument("--store", type=Path, default=default, help=_("folder of the store"))
        if name == "migrate":
            one.add_argument(
                "--address",
                help=_("connection string of the owner of a Supabase project's database, instead"),
            )
        if name == "copy":
            way = one.add_mutually_exclusive_group(required=True)
            about_address = _("connection string of the owner of the project's database")
            way.add_argument("--to", metavar="ADDRESS", help=about_address)
            way.add_argument("--from", metavar="ADDRESS", dest="source", help=about_address)
        one.set_defaults(command=command)
    return parser


def _migrate(asked: argparse.Namespace) -> None:
    if asked.address is not None:
        with owner_connection(asked.address) as db:  # says what is wrong with the address
            migrate(asked.address, shim=False)
            db.execute("notify pgrst, 'reload schema'")  # what answers over HTTP shall know it
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
    folder = _source(asked)
    engine = Engine(folder)
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
            folder=folder, n=len(migrations())
        )
    )


def _source(asked: argparse.Namespace) -> Path:
    """The folder of a store that is there. Raises Refused when there is none."""
    if asked.store is None and door.project() is not None:
        raise Refused(
            _(
                "The settings name a Supabase project and no folder. Say which with --store; a "
                "project is copied into one with `python -m quorum copy --store FOLDER --from "
                "ADDRESS`."
            )
        )
    folder: Path = asked.store or door.folder()
    if not holds_store(folder):
        raise Refused(_("There is no store in {folder}. Check the path.").format(folder=folder))
    return folder


def _backup(asked: argparse.Namespace) -> None:
    engine = Engine(_source(asked))
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


def _copy(asked: argparse.Namespace) -> None:
    if asked.to is not None:
        folder = _source(asked)
        check_target(asked.to)  # before a server is started
        engine = Engine(folder)
        try:
            done = copy_to(engine, asked.to)
        finally:
            engine.close()
    else:
        done = copy_from(asked.source, lambda: Engine(asked.store or door.folder()))
    print(
        _(
            "Copied, and each compared: {rows} rows of {tables} tables; accounts: {accounts}. "
            "Policies, grants and functions are the same."
        ).format(rows=done.rows, tables=done.tables, accounts=done.accounts)
    )
    without = done.accounts - done.passwords
    if without and asked.to:
        print(
            _(
                "Without a password that could be carried over: {n}. These people set a new one "
                'with "Forgot your password".'
            ).format(n=without)
        )
    elif without:
        print(
            _(
                "Without a password that could be carried over: {n}. This store sends no e-mail: "
                "these people come in through your organisation's sign-in."
            ).format(n=without)
        )
    if done.left:
        print(_("Left out, because they have no e-mail address: {n}.").format(n=done.left))
    print(_("Everybody signs in again."))


if __name__ == "__main__":
    sys.exit(main())
