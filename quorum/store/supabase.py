"""The door to Supabase: the same verbs over HTTP, as the member whose token it carries.

One client for each session, never shared, and never a key that passes the policies. What PostgREST
and the gateway before it answer becomes the exceptions and sentences of the embedded door.
"""

import functools
import io
import json
import logging
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol, cast
from urllib.parse import quote

import httpx
import polars as pl
from postgrest import SyncPostgrestClient

from quorum.language import _
from quorum.store import (
    AlreadyThere,
    Invalid,
    NotAllowed,
    Refused,
    Row,
    SignedOut,
    Unavailable,
    explain_nothing,
    refusals,
)
from quorum.store.relations import FUNCTIONS, MOMENT, RELATIONS, SAID, VALUES, writable
from quorum.store.values import plain

log = logging.getLogger("quorum.store")

# Given "", the token to use; given a token that was refused, a fresh one, or "" when there is none.
AccessToken = Callable[[str], str]

Condition = tuple[str, str, str]  # column, operator, value

_PAUSES = (0.2, 0.8)  # seconds before the second and the third try
_TIMEOUT = httpx.Timeout(60, connect=5)
_ADDRESS = 4000  # characters of an address that a list of wanted values may fill
# Columns that tell rows apart and have an index in this order. Elsewhere: organisation_id and id.
_KEYS: dict[str, tuple[str, ...]] = {
    "membership": ("id",),
    "invitation": ("id",),
    "organisation_role": ("organisation_id", "person_id"),
    "assessment_contact": ("organisation_id", "assessment_id"),
    "sharing_item": ("organisation_id", "sharing_id", "item_id"),
    "dialogue_host": ("organisation_id", "dialogue_id"),
    "dialogue_supplier": ("dialogue_id", "supplier_id"),
    "spend_band": ("low",),
    "spend_bands": ("organisation_id", "supplier_id", "year", "currency"),
    "shared_through": ("relation", "organisation_id", "item_id", "consortium_id"),
    "chart_consortia": ("organisation_id", "item_id", "consortium_id"),
}
# Columns of jsonb, which both doors hand out, and take, as text.
JSON_COLUMNS = {
    ("assessment", "evidence"),
    ("rubric", "criteria"),
    ("initiative_rating", "scores"),
}
# Functions that may be asked again when the answer was lost: they only read, or take a key under
# which they act once.
_READING = {
    "whoami", "pulse", "look", "invitation_for", "schema_number", "store_is_empty", "web_session",
    "read_together", "has_password", "close_web_session", "close_my_web_sessions", "end_renewal",
    "dialogue_notes", "dialogue_times", *SAID, *FUNCTIONS,
}  # fmt: skip
_ONCE = {"key", "sharing_id"}
# What a page, a supervisor and `check` ask before anything else: a store that takes longer over it
# than this does not answer.
_FIRST = {"look", "pulse", "schema_number", "store_is_empty", "web_session"}
_FIRST_TIMEOUT = httpx.Timeout(10, connect=5)

_TOGETHER = 5000  # rows of a relation that may come along with others
_MOMENT = 10.0  # seconds that they serve: the run of a page that asked for them
_MANY = 8  # pages, from which on they are asked for in parallel
# Identifiers are random, so quarters of their range are quarters of the rows.
_QUARTERS = [f"{i:x}0000000-0000-0000-0000-000000000000" for i in (0, 4, 8, 12)]
_SHARES: list[list[Condition]] = [
    [("id", "gte", low), *([("id", "lt", high)] if high else [])]
    for low, high in zip(_QUARTERS, [*_QUARTERS[1:], ""], strict=True)
]
_BOUNDS = {condition for share in _SHARES for condition in share}


@dataclass
class _Ahead:
    """What was fetched before it is read: whole relations, and by function of `SAID` the event and
    the answer, which serves one call: whatever that call has seen before, this is all of it."""

    until: float = 0.0
    frames: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    told: dict[str, tuple[Any, Any]] = field(default_factory=dict)

    def frame(self, relation: str) -> pl.DataFrame | None:
        return self.frames.get(relation) if time.monotonic() < self.until else None

    def answer(self, function: str, given: Row) -> Any:
        dialogue_id, answer = self.told.pop(function, (None, None))
        fits = dialogue_id == given.get("dialogue_id") and time.monotonic() < self.until
        return answer if fits else None


class _Request(Protocol):
    """A request as the client of PostgREST has built it."""

    headers: httpx.Headers

    def send(self, additional_headers: httpx.Headers) -> httpx.Response: ...


@dataclass
class _Doubt:
    """Given along with a request that may be repeated; afterwards it says whether one that got no
    answer may have arrived. `reads`: it changes nothing, so that whoever waited for it in vain is
    told, and does not wait again."""

    reads: bool = False
    lost: bool = False


class SupabaseStore:
    """The verbs of `quorum.store.Store` for one member, over HTTP."""

    def __init__(self, url: str, publishable_key: str, access_token: AccessToken) -> None:
        """`url` and `publishable_key` as the project's page shows them. Nothing is sent yet."""
        self._access_token = access_token
        self._host = httpx.URL(url).host
        self._http = httpx.Client(
            timeout=_TIMEOUT,
            verify=certificates(),
            limits=httpx.Limits(max_connections=8, keepalive_expiry=30),
            event_hooks={"request": [_hurry]},
        )
        # A tab that is closed tells nobody: its connections go with the last reference.
        weakref.finalize(self, self._http.close).atexit = False
        self._client = SyncPostgrestClient(
            f"{url.rstrip('/')}/rest/v1",
            headers={"apikey": publishable_key, "Accept-Encoding": "gzip"},
            http_client=self._http,
            retry_enabled=False,  # ours tell what may be repeated
        )
        self._lock = threading.Lock()
        self._ahead = _Ahead()
        self.requests = 0  # sent so far: a page costs few, and a test counts them

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    # Reading --------------------------------------------------------------------------------------

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
        key = key_of(relation)
        held = self._ahead.frame(relation)
        if held is not None and (filters is None or _comparable(schema, filters)):
            found = _sorted(_matching(held, filters or {}), [*order, *key])
            return found.head(found.height if limit is None else limit).select(*chosen)
        # Rows are told apart by their key and put in order here, the same way for any database.
        wanted = {**chosen, **{n: schema[n] for n in [*key, *(o.lstrip("-") for o in order)]}}
        if _asks_for_nothing(filters or {}) or limit == 0:
            return pl.DataFrame(schema=chosen)

        parts = _parts(filters or {})

        def asked(conditions: Sequence[Condition]) -> Any:
            columns = _columns(relation, wanted)
            return _filtered(self._client.from_(relation).select(*columns), conditions)

        if limit is not None and len(parts) == 1:
            first = asked(parts[0])
            for name in [*order, *key]:
                first = first.order(name.lstrip("-"), desc=name.startswith("-"))
            frame, total = self._page(first.limit(limit).request, wanted, count=True)
            if frame.height == min(limit, total):
                return frame.select(*chosen)
        pages = [page for part in parts for page in self._pages(asked, part, wanted, key)]
        found = _sorted(pl.concat(pages), order)
        return found.head(found.height if limit is None else limit).select(*chosen)

    def ahead(self, relations: Sequence[str], asked: Mapping[str, Row] | None = None) -> None:
        """Fetches all of it in one request. What is read of it in the next moment is answered from
        that; large relations, and what the store refuses, are left to be asked for."""
        known = {**VALUES, **FUNCTIONS, **RELATIONS}
        schemas = {name: known[name] for name in relations}
        calls = {name: plain(given) for name, given in (asked or {}).items()}
        wanted = {**{name: list(schema) for name, schema in schemas.items()}, **calls}
        found = self.call("read_together", {"wanted": wanted, "most": _TOGETHER})
        if not isinstance(found, dict) or not found.keys() >= wanted.keys():
            raise Unavailable(something_else())
        here = {name: answer for name, answer in found.items() if answer is not None}
        self._ahead = _Ahead(
            time.monotonic() + _MOMENT,
            {n: _frame(json.dumps(here[n]).encode(), schemas[n]) for n in schemas if n in here},
            {n: (given["dialogue_id"], here[n]) for n, given in calls.items() if n in here},
        )

    def _pages(
        self,
        asked: Callable[[Sequence[Condition]], Any],
        part: Sequence[Condition],
        schema: Mapping[str, pl.DataType],
        key: Sequence[str],
    ) -> Iterable[pl.DataFrame]:
        """All rows of one part, in pages as long as the server lets them be (1,000 on Supabase).

        The server cuts silently: the first answer tells by its count whether it did, and so how
        long a page is. Where many follow they are asked for in several ranges at once.
        """
        first, total = self._page(_ordered(asked(part), key), schema, count=True)
        if first.height >= total:
            return [first]
        longest = first.height
        if total < _MANY * longest or key[-1] != "id":
            following = _after(first, key)
            return [first, *self._following(asked, part, schema, key, longest, following)]

        def share(bounds: list[Condition]) -> list[pl.DataFrame]:
            return list(self._following(asked, part, schema, key, longest, [bounds]))

        with ThreadPoolExecutor(len(_SHARES)) as pool:
            return [page for pages in pool.map(share, _SHARES) for page in pages]

    def _following(
        self,
        asked: Callable[[Sequence[Condition]], Any],
        part: Sequence[Condition],
        schema: Mapping[str, pl.DataType],
        key: Sequence[str],
        longest: int,
        ranges: list[list[Condition]],
    ) -> Iterator[pl.DataFrame]:
        """The rows of these ranges of the key. A page begins after the last row of the one before,
        so that no row is lost or twice while others come and go."""
        within = [c for c in ranges[0] if c in _BOUNDS]
        while ranges:
            page = asked([*part, *ranges.pop(0)])
            frame, _total = self._page(_ordered(page, key), schema, count=False)
            yield frame
            if frame.height >= longest:
                ranges = [[*within, *following] for following in _after(frame, key)]

    def _page(
        self, request: _Request, schema: Mapping[str, pl.DataType], *, count: bool
    ) -> tuple[pl.DataFrame, int]:
        """One page, and with `count` how many rows there are in all: the server counts them anew
        each time, so that is asked once."""
        if count:
            request.headers["Prefer"] = "count=exact"
        response = self._send(request, _Doubt(reads=True))
        frame = _frame(response.content, schema)
        total = response.headers.get("content-range", "").rpartition("/")[2]
        return frame, int(total) if total.isdigit() else frame.height

    # Writing --------------------------------------------------------------------------------------

    def insert(self, relation: str, row: Row) -> None:
        self._ahead = _Ahead()
        request = self._client.from_(relation).insert(_body(relation, row), returning=_MINIMAL)
        doubt = _Doubt() if "id" in row else None
        try:
            if self._send(request.request, doubt).status_code != 201:
                raise Unavailable(something_else())
        except AlreadyThere:
            # Our own row, whose acknowledgement was lost?
            if not doubt or not doubt.lost or not self._is_there(relation, row["id"]):
                raise

    def _is_there(self, relation: str, identifier: str) -> bool:
        return self.rows(relation, ["id"], {"id": identifier}, limit=1).height == 1

    def update(self, relation: str, values: Row, filters: Row, version: int | None = None) -> None:
        seen = filters if version is None else {**filters, "version": version}
        touched = 0
        if not _asks_for_nothing(filters):
            body = _body(relation, values)
            request = self._client.from_(relation).update(body, returning=_MINIMAL, count=_EXACT)
            touched = self._touched(request, seen)
        if touched == 0:
            explain_nothing(self, relation, filters, version)

    def delete(self, relation: str, filters: Row) -> None:
        request = self._client.from_(relation).delete(returning=_MINIMAL, count=_EXACT)
        if _asks_for_nothing(filters) or self._touched(request, filters) == 0:
            raise NotAllowed(_("You may not delete this, or it is not there any more."))

    def _touched(self, asked: Any, filters: Row) -> int:
        """Sends an update or a delete; how many rows it found. What a policy hides is no error."""
        self._ahead = _Ahead()
        conditions = [_condition(name, value) for name, value in filters.items()]
        response = self._send(_filtered(asked, conditions).request, None)
        count = response.headers.get("content-range", "").rpartition("/")[2]
        if not count.isdigit():
            raise Unavailable(something_else())
        return int(count)

    def call(self, function: str, arguments: Row | None = None) -> Any:
        given = {name: plain(value) for name, value in (arguments or {}).items()}
        held = self._ahead.frame(function) if not given else None
        if held is not None:
            return held.item() if function in VALUES else held
        if function in SAID and (told := self._ahead.answer(function, given)) is not None:
            return told
        if function not in _READING:
            self._ahead = _Ahead()
        repeatable = function in _READING or bool(_ONCE & given.keys())
        schema = FUNCTIONS.get(function)
        if schema is None:
            request = self._client.rpc(function, given).request
            doubt = _Doubt(reads=function in _READING) if repeatable else None
            answer = _value(self._send(request, doubt))
            if function == "look" and _version(answer) != given["seen"]:
                self._ahead = _Ahead()  # something has changed since it was fetched
            return answer

        def asked(conditions: Sequence[Condition]) -> Any:
            columns = _columns(function, schema)
            return _filtered(self._client.rpc(function, given).select(*columns), conditions)

        return pl.concat(self._pages(asked, [], schema, key_of(function)))

    # Sending --------------------------------------------------------------------------------------

    def _send(self, request: _Request, doubt: _Doubt | None) -> httpx.Response:
        """The good answer, or one of our exceptions. An expired token is replaced once. Without
        `doubt` nothing is sent again that may have arrived."""
        token = self._access_token("")
        renewed = False
        pauses = list(_PAUSES)
        while True:
            request.headers.pop("Authorization", None)
            if token:
                request.headers["Authorization"] = f"Bearer {token}"
            try:
                return self._once(request)
            except _TokenRefused as refused:
                if not token:  # then it was the key that was taken for one
                    raise Unavailable(wrong_key()) from refused
                fresh = "" if renewed else self._access_token(token)
                if fresh in ("", token):
                    raise SignedOut(_signed_out()) from refused
                token, renewed = fresh, True
            except _Unanswered as silence:
                if silence.arrived and doubt is None:
                    raise Unavailable(_unknown()) from silence
                if not pauses or (silence.late and doubt is not None and doubt.reads):
                    raise Unavailable(silence.sentence or refusals.silence()) from silence
                if doubt is not None:
                    doubt.lost = doubt.lost or silence.arrived
                time.sleep(pauses.pop(0))

    def _once(self, request: _Request) -> httpx.Response:
        with self._lock:
            self.requests += 1
        try:
            response = request.send(httpx.Headers())
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            log.warning("no connection: %s", error)
            raise _Unanswered(arrived=False, sentence=_why_not(error, self._host)) from error
        except httpx.TransportError as error:
            log.warning("connection lost: %r", error)
            late = isinstance(error, httpx.ReadTimeout)
            raise _Unanswered(arrived=True, late=late) from error
        except httpx.HTTPError as error:  # compressed otherwise than it says, or led in a circle
            log.error("unexpected answer: %r", error)
            raise Unavailable(something_else()) from error
        except (httpx.InvalidURL, UnicodeError, ValueError) as error:
            log.info("cannot be sent: %s", error)
            raise Invalid(refusals.misfit()) from error
        if response.is_success and (not response.content or _is_json(response)):
            return response
        raise _problem(response)


def _hurry(request: httpx.Request) -> None:
    if request.url.path.rpartition("/")[2] in _FIRST:
        request.extensions["timeout"] = _FIRST_TIMEOUT.as_dict()


_EXACT: Any = "exact"
_MINIMAL: Any = "minimal"


@functools.cache
def certificates() -> ssl.SSLContext:
    """Takes a while to load, and holds nothing of a member."""
    return httpx.create_ssl_context()


# Values -------------------------------------------------------------------------------------------


def _asks_for_nothing(filters: Row) -> bool:
    """Whether a list of wanted values is empty: no row can match, so nothing need be sent."""
    lists = (v for v in filters.values() if isinstance(v, (list, tuple, set, frozenset)))
    return any(all(v is None for v in values) for values in lists)


def _condition(name: str, value: Any) -> Condition:
    """In PostgREST's notation. A single value is a list of one: only there can text be quoted, and
    nothing in it be taken for more than text."""
    if value is None or isinstance(value, bool):
        return name, "is", "null" if value is None else _text(value)
    several = isinstance(value, (list, tuple, set, frozenset))
    values = [_text(v) for v in (value if several else [value]) if v is not None]
    return name, "in", f"({','.join(map(_quoted, values))})"


def _parts(filters: Row) -> list[list[Condition]]:
    """The conditions; several times with a share of the values each, where a list is too long for
    an address (gateways take about 8,000 characters)."""
    given = dict(filters)
    lists = {n: v for n, v in given.items() if isinstance(v, (list, tuple, set, frozenset))}
    longest = max(lists, key=lambda n: len(lists[n]), default="")
    shares: list[list[Any]] = [[]]
    size = 0
    for value in dict.fromkeys(lists.get(longest, ())):
        size += len(quote(_text(value))) + 7
        if size > _ADDRESS:
            shares.append([])
            size = 0
        shares[-1].append(value)
    if len(shares) == 1:
        return [[_condition(n, v) for n, v in given.items()]]
    return [[_condition(n, v) for n, v in {**given, longest: share}.items()] for share in shares]


def _after(frame: pl.DataFrame, key: Sequence[str]) -> list[list[Condition]]:
    """What comes after the last row, as ranges of the key that an index gives one by one: the rest
    of this owner's rows, then those of the owners behind."""
    last = frame.select(key).row(-1)
    return [
        [
            *((name, "eq", _text(v)) for name, v in zip(key[:i], last, strict=False)),
            (key[i], "gt", _text(last[i])),
        ]
        for i in reversed(range(len(key)))
    ]


def _ordered(asked: Any, key: Sequence[str]) -> _Request:
    for name in key:
        asked = asked.order(name)
    return cast(_Request, asked.request)


def _filtered(asked: Any, conditions: Sequence[Condition]) -> Any:
    for name, operator, value in conditions:
        asked = asked.filter(name, operator, value)
    return asked


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _text(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime() | date():
            return value.isoformat()
        case _:
            return str(value)


def _body(relation: str, row: Row) -> dict[str, Any]:
    """A row as JSON takes it. Text for a column of jsonb is JSON already."""
    unknown = set(row) - writable(relation)
    if unknown:
        raise KeyError(f"{relation} has no column {', '.join(sorted(unknown))}")
    return {
        name: _json(value) if (relation, name) in JSON_COLUMNS else plain(value)
        for name, value in row.items()
    }


def _json(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else plain(value)
    except ValueError as error:
        raise Invalid(refusals.misfit()) from error


# Frames -------------------------------------------------------------------------------------------


def key_of(relation: str) -> tuple[str, ...]:
    """The columns that tell the rows of a relation, or of a function's table, apart."""
    schema = RELATIONS.get(relation, {})
    return _KEYS.get(relation) or tuple(n for n in ("organisation_id", "id") if n in schema)


def _columns(relation: str, schema: Mapping[str, pl.DataType]) -> list[str]:
    """The columns as the frame takes them: some servers write numeric as text, others as number."""
    return [
        f"{name}::text"
        if (relation, name) in JSON_COLUMNS
        else f"{name}::float8"
        if kind == pl.Float64
        else name
        for name, kind in schema.items()
    ]


def _value(response: httpx.Response) -> Any:
    """The answer of a function that returns one value, or nothing. Raises Unavailable for what no
    function of ours returns."""
    if response.status_code == 204:
        return None
    try:
        return json.loads(response.content)
    except ValueError as error:
        log.error("unexpected answer: %.200r", response.content)
        raise Unavailable(something_else()) from error


def _version(looked: Any) -> Any:
    """The counter in the answer of look()."""
    if not isinstance(looked, dict) or "version" not in looked:
        raise Unavailable(something_else())
    return looked["version"]


def _frame(body: bytes, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """The rows of one answer. Raises Unavailable for one that holds no rows of ours."""
    try:
        if body.lstrip()[:1] == b"[":
            return _rows(body, schema)
    except (pl.exceptions.PolarsError, ValueError) as error:
        log.error("unexpected answer: %s", error)
        raise Unavailable(something_else()) from error
    raise Unavailable(something_else())


def _rows(body: bytes, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Moments may come in ISO 8601 or in PostgreSQL's own form."""
    wire = {name: pl.String() if kind == MOMENT else kind for name, kind in schema.items()}
    if body.strip() == b"[]":
        return pl.DataFrame(schema=dict(schema))
    return _read(body, wire).with_columns(
        pl.col(name)
        .str.replace(" ", "T", literal=True)
        .str.replace(r"([+-]\d\d)$", "$1:00")
        .str.to_datetime("%+", time_unit="us", time_zone="UTC")
        for name, kind in schema.items()
        if kind == MOMENT
    )


def _read(body: bytes, wire: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """The rows as they came. A row a line is read several times faster than an array; where a text
    holds what stands between two rows, a line would end inside it, and the array is read."""
    for between in (b"}, \n {", b"},{"):  # PostgREST's, and that of servers which write it shorter
        if between in body:
            lines = body.strip()[1:-1].replace(between, b"}\n{")
            with suppress(pl.exceptions.ComputeError):
                return pl.read_ndjson(io.BytesIO(lines), schema=dict(wire))
            break
    return pl.read_json(io.BytesIO(body), schema=dict(wire))


def _comparable(schema: Mapping[str, pl.DataType], filters: Row) -> bool:
    """Whether text says if two values of these columns are the same, as it does in the database."""
    return all(schema[n] in (pl.String, pl.Boolean, pl.Int64, pl.Date) for n in filters)


def _matching(frame: pl.DataFrame, filters: Row) -> pl.DataFrame:
    """The rows that the database would have chosen."""
    for name, value in filters.items():
        if value is None:
            frame = frame.filter(pl.col(name).is_null())
        else:
            several = isinstance(value, (list, tuple, set, frozenset))
            wanted = [_text(v) for v in (value if several else [value]) if v is not None]
            frame = frame.filter(pl.col(name).cast(pl.String()).is_in(wanted))
    return frame


def _sorted(frame: pl.DataFrame, order: Sequence[str]) -> pl.DataFrame:
    """As PostgreSQL orders: null counts as greater than anything."""
    if not order:
        return frame
    descending = [name.startswith("-") for name in order]
    return frame.sort(
        [name.lstrip("-") for name in order],
        descending=descending,
        nulls_last=[not d for d in descending],
        maintain_order=True,
    )


# Answers that are errors --------------------------------------------------------------------------


class _TokenRefused(Exception):
    """The access token has expired or is not this project's."""


class _Unanswered(Exception):
    """No answer, or one that says to come again. `arrived`: it may have been carried out; `late`:
    it was waited for as long as we wait; `sentence`: what somebody reads when it does not help to
    ask again."""

    def __init__(self, *, arrived: bool, late: bool = False, sentence: str = "") -> None:
        super().__init__()
        self.arrived = arrived
        self.late = late
        self.sentence = sentence


def _why_not(error: BaseException | None, host: str) -> str:
    """What to do about an address at which nothing can answer; empty where it may later."""
    while error is not None:
        if isinstance(error, socket.gaierror):
            return _(
                "There is no server with the name {host}. Check the address of the Supabase "
                "project in the settings, and whether this machine is connected."
            ).format(host=host)
        if isinstance(error, ssl.SSLError):
            return something_else()
        error = error.__cause__ or error.__context__
    return ""


def _unknown() -> str:
    return _(
        "The connection broke before the answer came. Reload the page to see whether this was "
        "stored, before you try again."
    )


def _signed_out() -> str:
    return _("Your sign-in has ended. Sign in again.")


def wrong_address() -> str:
    return _(
        "The address of the Supabase project is missing or not whole, or something stands behind "
        "it. Set SUPABASE_URL, or url under [supabase] in .streamlit/secrets.toml, as in "
        "https://name.supabase.co."
    )


def something_else() -> str:
    return _(
        "Something other than Supabase answers at the store's address: a proxy, a sign-in page of "
        "the network, or another site. Check the address in the settings."
    )


def wrong_key() -> str:
    return _(
        "Supabase refuses the key of this installation. Copy the publishable key of the project "
        "into the settings again."
    )


def _is_json(response: httpx.Response) -> bool:
    return "json" in response.headers.get("content-type", "")


def _problem(response: httpx.Response) -> Exception:
    """The exception for an answer that is not what was asked for."""
    error = _error_of(response)
    code = str(error.get("code") or "")
    message = str(error.get("message") or "")
    if code:
        return _by_code(code, message)
    if response.status_code in (408, 429, 502, 503, 504) or response.status_code >= 520:
        log.warning("the gateway answers %s", response.status_code)
        return _Unanswered(arrived=response.status_code != 429)
    if response.status_code == 401 and error:
        log.error("the key was refused: %s", message)
        return Unavailable(wrong_key())
    if response.status_code in (413, 414, 431):
        return Refused(
            _(
                "This is more than the store takes at once. Divide it and try again; nothing "
                "was stored."
            )
        )
    log.error("unexpected answer %s: %.200s", response.status_code, response.text)
    return Unavailable(something_else())


def _error_of(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json() if _is_json(response) else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _by_code(code: str, message: str) -> Exception:
    """PostgREST's own codes, ours (sql/0001: Q0001 to Q0004), or PostgreSQL's."""
    log.info("refused %s: %s", code, message)
    match code:
        case "PGRST301" | "PGRST302" | "PGRST303":
            return _TokenRefused(message)
        # No connection to the database, or two writers waited for each other: nothing was stored.
        case "PGRST000" | "PGRST001" | "PGRST002" | "PGRST003" | "40001" | "40P01":
            return _Unanswered(arrived=False)
        case "PGRST125":  # there is something behind the address, such as a second /rest/v1
            return Unavailable(wrong_address())
        case "PGRST106" | "PGRST202" | "PGRST204" | "PGRST205" | "42P01" | "42703" | "42883":
            log.error("not our schema: %s", message)
            return Unavailable(
                _(
                    "This Supabase project does not hold the tables that this version needs. Run "
                    "`python -m quorum migrate --address` on it, then try again."
                )
            )
    return refusals.of(code, message)
