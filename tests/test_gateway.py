"""What the Supabase door makes of a bad connection, and how few requests it sends."""

import http.client
import json
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import polars as pl
import pytest

from quorum.store import AlreadyThere, NotAllowed, Refused, StoreError, Unavailable
from quorum.store import supabase as door
from quorum.store.supabase import SupabaseStore
from quorum.store.supabase_accounts import SupabaseAccounts
from tests.conftest import World, emptied, small_world
from tests.supabase_server import PUBLISHABLE_KEY, SupabaseServer

Fault = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Passes requests on to the server, except that the next faults happen first."""

    protocol_version = "HTTP/1.1"
    faults: list[Fault]
    behind: str
    seen: list[str]

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def pass_on(self) -> tuple[int, list[tuple[str, str]], bytes]:
        length = int(self.headers.get("content-length", 0))
        connection = http.client.HTTPConnection(self.behind)
        headers = {k: v for k, v in self.headers.items() if k.lower() != "accept-encoding"}
        connection.request(self.command, self.path, self.rfile.read(length), headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        drop = ("transfer-encoding", "content-length", "connection", "keep-alive")
        return answer.status, [h for h in answer.getheaders() if h[0].lower() not in drop], body

    def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)

    def do_GET(self) -> None:
        self.seen.append(f"{self.command} {self.path.split('?')[0].removeprefix('/rest/v1/')}")
        if self.faults:
            self.faults.pop(0)(self)
        else:
            self.answer(*self.pass_on())

    do_POST = do_PATCH = do_DELETE = do_GET

    def log_message(self, *_anything: Any) -> None:
        pass


def hang_up_before(handler: Handler) -> None:
    """The request is lost on its way."""
    handler.rfile.read(int(handler.headers.get("content-length", 0)))
    handler.close_connection = True


def hang_up_after(handler: Handler) -> None:
    """The request is carried out, its answer is lost."""
    handler.pass_on()
    handler.close_connection = True


def answering(status: int, body: str, kind: str = "application/json") -> Fault:
    def fault(handler: Handler) -> None:
        handler.rfile.read(int(handler.headers.get("content-length", 0)))
        handler.answer(status, [("Content-Type", kind)], body.encode())

    return fault


class Gateway:
    """Stands between the store and the server."""

    def __init__(self, server: SupabaseServer) -> None:
        self.faults: list[Fault] = []
        self.seen: list[str] = []
        behind = server.url.removeprefix("http://")
        kind = type(
            "Scripted", (Handler,), {"faults": self.faults, "behind": behind, "seen": self.seen}
        )
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), kind)
        self.http.block_on_close = False
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,))
        self.thread.start()

    def close(self) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture(scope="module")
def small(supabase: SupabaseServer) -> Iterator[World]:
    yield small_world(emptied(supabase))
    supabase.hang_up()


@pytest.fixture
def gateway(supabase: SupabaseServer) -> Iterator[Gateway]:
    made = Gateway(supabase)
    yield made
    made.close()


@pytest.fixture
def store(
    small: World, supabase: SupabaseServer, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SupabaseStore]:
    """North's admin, through the gateway."""
    monkeypatch.setattr(door, "_PAUSES", (0.01, 0.01))
    token = supabase.token({"sub": small["north admin"].id})
    made = supabase.opened_with(lambda _refused: token, url=gateway.url)
    yield made
    made.close()


def entry(**columns: Any) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "name": "Aurora", "kind": "brand", **columns}


BUSY = answering(503, "<html>busy</html>", "text/html")


# Tried again, or not ------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [hang_up_before, hang_up_after, BUSY])
def test_a_read_is_tried_three_times(store: SupabaseStore, gateway: Gateway, fault: Fault) -> None:
    gateway.faults += [fault, fault]
    assert store.rows("organisation", order=["name"])["name"].to_list() == ["North", "South"]
    assert gateway.seen == ["GET organisation"] * 3


def test_a_read_that_gets_no_answer_at_all_says_so(store: SupabaseStore, gateway: Gateway) -> None:
    gateway.faults += [hang_up_before] * 3
    with pytest.raises(Unavailable, match=r"^The database does not answer\. Try again in a moment"):
        store.rows("organisation")


@pytest.mark.parametrize("fault", [hang_up_before, hang_up_after])
def test_a_row_with_an_identifier_is_added_once(
    store: SupabaseStore, gateway: Gateway, small: World, fault: Fault
) -> None:
    row = entry()
    gateway.faults.append(fault)
    store.insert("supplier", row)
    assert small.owner("select count(*) from supplier where id = %s", row["id"]) == [(1,)]
    with pytest.raises(AlreadyThere):
        store.insert("supplier", row)


def test_a_row_of_somebody_elses_is_not_taken_for_ours(
    store: SupabaseStore, gateway: Gateway
) -> None:
    lei = "5493001KJTIIGC8Y1R12"
    store.insert("supplier", entry(lei=lei))
    gateway.faults.append(hang_up_before)
    with pytest.raises(AlreadyThere):
        store.insert("supplier", entry(lei=lei))


@pytest.mark.parametrize("fault", [hang_up_before, hang_up_after, BUSY])
def test_an_import_with_a_key_is_stored_once(
    store: SupabaseStore, gateway: Gateway, small: World, fault: Fault
) -> None:
    row = {"supplier_id": small.supplier(), "year": 2025, "amount": 1, "currency": "EUR"}
    given = {"key": str(uuid.uuid4()), "file_name": "f.csv", "rows": [row]}
    gateway.faults += [fault, fault]
    answer = store.call("import_spend", given)
    found = small.owner("select count(*) from spend where import_id = %s", answer["import_id"])
    assert found == [(1,)]
    assert gateway.seen == ["POST rpc/import_spend"] * 3


@pytest.mark.parametrize("fault", [hang_up_before, hang_up_after])
def test_a_receipt_is_revoked_though_the_answer_was_lost(
    store: SupabaseStore, gateway: Gateway, small: World, fault: Fault
) -> None:
    lines = small.spend("north admin", small.supplier(), {2025: 1.0})
    sharing = small.share("north admin", "spend", lines)
    gateway.faults.append(fault)
    store.call("revoke_sharing", {"sharing_id": sharing})
    found = small.owner("select ended_because from sharing where id = %s", sharing)
    assert found == [("revoked",)]
    assert gateway.seen == ["POST rpc/revoke_sharing"] * 2


@pytest.mark.parametrize("fault", [hang_up_before, hang_up_after])
def test_what_could_happen_twice_is_sent_once(
    store: SupabaseStore, gateway: Gateway, small: World, fault: Fault
) -> None:
    supplier = entry()
    store.insert("supplier", supplier)
    del gateway.seen[:]
    for write in (
        lambda: store.insert("supplier", {"name": "Without identifier", "kind": "brand"}),
        lambda: store.update("supplier", {"name": "B"}, {"id": supplier["id"]}, version=1),
        lambda: store.delete("spend_import", {"id": str(uuid.uuid4())}),
        lambda: store.call("invite_colleague", {"role": "viewer", "note": "", "days": 7}),
    ):
        gateway.faults.append(fault)
        with pytest.raises(Unavailable, match=r"^The connection broke before the answer came\."):
            write()
    assert len(gateway.seen) == 4
    stored = small.owner("select version from supplier where id = %s", supplier["id"])
    assert stored == [(2 if fault is hang_up_after else 1,)]


def test_nothing_listens(supabase: SupabaseServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "_PAUSES", (0.01, 0.01))
    store = supabase.opened_with(lambda _refused: "", url="http://127.0.0.1:9")
    for ask in (
        lambda: store.rows("organisation"),
        lambda: store.delete("spend_import", {"id": str(uuid.uuid4())}),
    ):
        with pytest.raises(Unavailable, match=r"^The database does not answer\."):
            ask()
    assert store.requests == 6


# Not what was asked for ---------------------------------------------------------------------------

MISSING = '{"code":"PGRST205","message":"Could not find the table in the schema cache"}'
BEHIND = '{"code":"PGRST125","message":"Invalid path specified in request URL"}'
OLDER = '{"code":"PGRST202","message":"Could not find the function in the schema cache"}'


@pytest.mark.parametrize(
    ("fault", "kind", "sentence"),
    [
        (answering(200, "<html>Sign in</html>", "text/html"), Unavailable, "Something other than"),
        (answering(302, "", "text/html"), Unavailable, "Something other than Supabase answers"),
        (answering(404, "Not found", "text/plain"), Unavailable, "Something other than Supabase"),
        (answering(403, "<html>no</html>", "text/html"), Unavailable, "Something other than"),
        (answering(500, "oops", "text/plain"), Unavailable, "Something other than Supabase"),
        (answering(401, '{"message":"Invalid API key"}'), Unavailable, "refuses the key of this"),
        (answering(404, MISSING), Unavailable, "does not hold the tables that this version needs"),
        (answering(404, OLDER), Unavailable, "does not hold the tables that this version needs"),
        (answering(413, "too large", "text/plain"), Refused, "more than the store takes at once"),
        (answering(500, '{"code":"57014","message":"timeout"}'), Unavailable, "does not answer"),
        (answering(500, '{"code":"XX000","message":"secret"}'), StoreError, "in the server's log"),
    ],
)
def test_each_wrong_answer_has_its_sentence(
    store: SupabaseStore, gateway: Gateway, fault: Fault, kind: type[StoreError], sentence: str
) -> None:
    for ask in (
        lambda: store.rows("organisation"),
        lambda: store.call("whoami"),
        lambda: store.insert("supplier", entry()),
        lambda: store.update("supplier", {"name": "B"}, {"id": str(uuid.uuid4())}),
        lambda: store.delete("spend_import", {"id": str(uuid.uuid4())}),
    ):
        gateway.faults.append(fault)
        with pytest.raises(kind, match=sentence) as raised:
            ask()
        assert type(raised.value) is kind
        assert "secret" not in str(raised.value)


def test_something_behind_the_address_is_told_apart(store: SupabaseStore, gateway: Gateway) -> None:
    gateway.faults.append(answering(404, BEHIND))
    with pytest.raises(Unavailable, match=r"not whole, or something stands behind it\."):
        store.rows("organisation")


def packed_otherwise(handler: Handler) -> None:
    """Says that it is compressed, and is not."""
    handler.rfile.read(int(handler.headers.get("content-length", 0)))
    headers = [("Content-Type", "text/html"), ("Content-Encoding", "gzip")]
    handler.answer(200, headers, b"<html>Sign in to this network</html>")


@pytest.mark.parametrize(
    "fault",
    [
        packed_otherwise,
        answering(200, ""),
        answering(200, '{"ok":true}'),
        answering(200, '[{"id":"00000000-'),
        answering(200, '{"version":'),
        answering(200, '"fine"'),
    ],
)
def test_what_is_no_answer_of_ours_has_the_same_sentence_everywhere(
    store: SupabaseStore, gateway: Gateway, fault: Fault
) -> None:
    accounts = SupabaseAccounts(gateway.url, PUBLISHABLE_KEY)
    try:
        for ask in (
            lambda: store.rows("organisation"),
            lambda: store.call("shared_through"),
            lambda: store.call("look", {"session": None, "seen": None}),
            lambda: store.ahead(["organisation"]) or store.rows("organisation"),  # type: ignore[func-returns-value]
            lambda: store.insert("supplier", entry()),
            lambda: store.delete("spend_import", {"id": str(uuid.uuid4())}),
            accounts.check,
            lambda: accounts.session("a cookie"),
        ):
            gateway.faults.append(fault)
            with pytest.raises(Unavailable, match=r"^Something other than Supabase answers at the"):
                ask()
            del gateway.faults[:]
    finally:
        accounts.anonymous.close()


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes what it is asked, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize("function", ["look", "pulse", "schema_number", "store_is_empty"])
def test_what_a_page_asks_first_waits_ten_seconds_and_once(
    supabase: SupabaseServer, silent: str, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    assert door._FIRST_TIMEOUT.read == 10
    monkeypatch.setattr(door, "_FIRST_TIMEOUT", httpx.Timeout(0.2))
    store = supabase.opened_with(lambda _refused: "", url=silent)
    with pytest.raises(Unavailable, match=r"^The database does not answer\."):
        store.call(function, {"session": None, "seen": None} if function == "look" else None)
    assert store.requests == 1


def test_a_read_that_was_waited_for_in_vain_is_not_waited_for_again(
    supabase: SupabaseServer, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "_TIMEOUT", httpx.Timeout(0.2))
    monkeypatch.setattr(door, "_PAUSES", (0.01, 0.01))
    store = supabase.opened_with(lambda _refused: "", url=silent)
    with pytest.raises(Unavailable, match=r"^The database does not answer\."):
        store.rows("organisation")
    assert store.requests == 1
    with pytest.raises(Unavailable, match=r"^The database does not answer\."):
        store.call("import_spend", {"key": str(uuid.uuid4()), "file_name": "f", "rows": []})
    assert store.requests == 4  # an import with a key is stored once, however often it is sent


def test_a_project_without_our_schema_says_so(engine: Any) -> None:
    empty = SupabaseServer(engine).start(migrated=False)
    try:
        for relation in ("organisation", "spend"):
            with pytest.raises(Unavailable, match="Run `python -m quorum migrate --address` on it"):
                empty.store({"sub": str(uuid.uuid4())}).rows(relation)
        with pytest.raises(Unavailable, match="Run `python -m quorum migrate --address` on it"):
            empty.store({"sub": str(uuid.uuid4())}).call("pulse")
    finally:
        empty.close()


def test_a_read_that_breaks_between_two_pages_goes_on(
    store: SupabaseStore, gateway: Gateway, small: World
) -> None:
    before = store.rows("supplier").height
    small.owner(
        "insert into supplier (name, kind) select 'S' || i, 'brand' from generate_series(1, 2500) i"
    )

    def passing(handler: Handler) -> None:
        handler.answer(*handler.pass_on())

    gateway.faults += [passing, hang_up_after, passing, BUSY]
    found = store.rows("supplier", ["id"])
    assert found.height == found["id"].n_unique() == before + 2500
    small.owner("delete from supplier where name like 'S%%'")


# How many -----------------------------------------------------------------------------------------


def test_requests_are_counted(store: SupabaseStore, gateway: Gateway) -> None:
    store.call("pulse")
    assert store.requests == 1
    store.rows("organisation")
    store.rows("site_list", ["id", "title"], {"title": "none"}, ["title"], 5)
    assert store.requests == 3
    with pytest.raises(NotAllowed):
        store.delete("spend_import", {"id": str(uuid.uuid4())})
    assert store.requests == len(gateway.seen) == 4


def test_a_question_with_an_empty_answer_is_not_sent(store: SupabaseStore) -> None:
    assert store.rows("supplier", filters={"id": []}).is_empty()
    assert store.rows("supplier", limit=0).is_empty()
    assert store.requests == 0


def test_a_relation_of_2500_rows_costs_three_requests_and_looks_behind_the_last(
    store: SupabaseStore, small: World
) -> None:
    small.owner("delete from supplier where not exists (select from spend s"
                " where s.supplier_id = supplier.id)")  # fmt: skip
    there = store.rows("supplier").height
    small.owner(
        "insert into supplier (name, kind) select 'S' || i, 'brand' from generate_series(1, %s) i",
        2500 - there,
    )
    store.requests = 0
    assert store.rows("supplier").height == 2500
    assert store.requests == 3
    small.owner("delete from supplier where name like 'S%%'")


ROWS = [
    {"name": "first", "count": 1, "day": "2026-01-01"},
    {"name": None, "count": None, "day": None},
    {"name": "last", "count": 3, "day": None},
]
SCHEMA = {"name": pl.String(), "count": pl.Int64(), "day": pl.Date()}


@pytest.mark.parametrize("between", ["},{", "}, \n {", "}, {"])
@pytest.mark.parametrize(
    "text", ["plain", "},{", "}, \n {", '"},{"', '{"count":9},{"count":9}', "\\", "a\nb", ""]
)
def test_rows_are_read_alike_however_the_server_joins_them(between: str, text: str) -> None:
    rows = [*ROWS, {**ROWS[0], "name": text}]
    one_a_line = [json.dumps(row, separators=(",", ":")) for row in rows]
    body = "[" + between[1:-1].join(one_a_line) + "]"
    assert json.loads(body) == rows
    expected = [None if r["day"] is None else date(2026, 1, 1) for r in rows]
    found = door._frame(body.encode(), SCHEMA)
    assert found["name"].to_list() == [row["name"] for row in rows]
    assert found["count"].to_list() == [row["count"] for row in rows]
    assert found["day"].to_list() == expected
