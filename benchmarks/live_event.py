"""Sixty people in one live event, over real websockets, on one server.

    .venv/bin/python -m benchmarks.live_event [minutes]

A demo store, an event with thirty-two people of member organisations and twenty-eight guests, and
Quorum as it is served. Each person is a websocket that does what a browser does: it runs the page,
then its fragment whenever the server's timer says so, and writes a note every thirty seconds on
average, as a submit of the form. The host goes on to the next question once a minute.

Measured: the time from sending a note until each of the other screens that are to show it has it;
processor time of the app and of PostgreSQL as a share of one core; and whether every note that was
acknowledged lies in the store once. The peer is sixty sessions of an empty Streamlit fragment with
the same timer, for a minute, afterwards in the same run. The bars: 95 of 100 changes
reach a screen within 3 s, app and PostgreSQL together stay under 60 % of one core, and no write
is lost.
"""

import asyncio
import os
import random
import re
import statistics
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.serving import bare, make_demo, quorum
from quorum.store import Store
from quorum.store.accounts import Accounts
from quorum.store.embedded import Engine

BUYERS, GUESTS = 32, 28
EVERY = 30.0  # seconds between two notes of one person, on average
LOOKS = 2.4  # seconds between two looks of the peer: as components.room.EVERY
BESIDE = 60.0  # seconds that the peer runs
LATE, BUSY = 3.0, 0.6
WORDS = (
    "They list the sites of final assembly and will add those of components once the owners agree "
    "to be named; wages are checked in two of them, by an auditor whom they pay themselves."
)
TOKEN = re.compile(r"\bn\d+x\d+\b")
EMPTY = f"""
import streamlit as st
@st.fragment(run_every={LOOKS})
def empty():
    pass
empty()
"""


# The event ----------------------------------------------------------------------------------------


@dataclass
class Event:
    dialogue_id: str
    stage_id: str
    questions: list[str]
    host: Store
    cookies: list[str]


def demo_store(folder: Path) -> Event:
    """A demo store with an event that sixty people attend; the first is its host."""
    make_demo(folder)
    engine = Engine(folder)
    try:
        return _event(engine, Accounts(engine))
    finally:
        engine.pool.close()


def _event(engine: Engine, accounts: Accounts) -> Event:
    first = accounts.demo_members()[0].user_id
    host = engine.store({"sub": first, "role": "authenticated"})
    suppliers = host.rows("supplier", order=("name",), limit=2)["id"].to_list()
    dialogue_id = host.call(
        "plan_dialogue",
        {"key": str(uuid.uuid4()), "consortium_id": host.call("whoami")["consortia"][0]["id"],
         "title": "Sixty people", "aim": "", "starts_at": "2026-11-10T09:00:00+01:00",
         "ends_at": "2026-11-10T12:00:00+01:00", "time_zone": "Europe/Stockholm", "place": "",
         "link": None, "chatham": False, "votes_each": 3, "suppliers": suppliers,
         "stages": [{"title": "All of it", "purpose": "", "minutes": 120, "audience": "all"}]},
    )  # fmt: skip
    questions = [str(uuid.uuid4()) for _question in range(30)]
    for number, one in enumerate(questions):
        host.call(
            "ask_question",
            {"dialogue_id": dialogue_id, "id": one, "board": "shared", "stage_id": None,
             "supplier_id": None, "topic": "Sites", "text": f"Question {number}: who makes it?"},
        )  # fmt: skip
    people = [first]
    with psycopg.connect(engine.owner_address, autocommit=True) as owner:
        organisations = host.rows("membership", filters={"left_at": None})["organisation_id"]
        while len(people) < BUYERS:
            people.append(_person(owner))
            owner.execute(
                "insert into organisation_role (organisation_id, person_id, role)"
                " values (%s, %s, 'editor')",
                (organisations[len(people) % len(organisations)], people[-1]),
            )
        guests = [_person(owner) for _guest in range(GUESTS)]
    for person in people[1:]:
        store = engine.store({"sub": person, "role": "authenticated"})
        store.call("take_seat", {"dialogue_id": dialogue_id})
    for person in guests:
        token = host.call(
            "invite_to_dialogue",
            {"dialogue_id": dialogue_id, "side": "supplier", "supplier_id": suppliers[0],
             "note": "", "days": 7},
        )  # fmt: skip
        engine.store({"sub": person, "role": "authenticated"}).call(
            "redeem_invitation",
            {"token": token, "person_name": "Guest", "email": f"{person}@example.org",
             "organisation_name": "", "country": "", "kind": ""},
        )  # fmt: skip
    host.call("open_dialogue", {"dialogue_id": dialogue_id})
    stage_id = host.rows("dialogue_stage", filters={"dialogue_id": dialogue_id})["id"][0]
    host.call(
        "go_to",
        {"dialogue_id": dialogue_id, "stage_id": stage_id, "question_id": questions[0]},
    )
    cookies = []
    for person in [*people, *guests]:
        token = accounts.open_session(accounts.open_code(person, "benchmark"), "benchmark")
        cookies.append(f"quorum_session={token}")
    return Event(dialogue_id, stage_id, questions, host, cookies)


def _column(owner: psycopg.Connection[Any], statement: str) -> list[str]:
    return [str(row[0]) for row in owner.execute(statement)]


def _person(owner: psycopg.Connection[Any]) -> str:
    person = str(uuid.uuid4())
    owner.execute(
        "insert into auth.users (id, email) values (%s, %s)", (person, f"{person}@example.org")
    )
    owner.execute(
        "insert into person (id, name, email) values (%s, 'Typing Person', %s)",
        (person, f"{person}@example.org"),
    )
    return person


# A browser, without the browser -------------------------------------------------------------------


@dataclass
class Run:
    """What all tabs of one run see. Notes by token: when sent, when first seen by whom."""

    sent: dict[str, float] = field(default_factory=dict)
    seen: dict[tuple[str, int], float] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    looks: int = 0
    received: int = 0
    typing: bool = True
    ended: bool = False


class Tab:
    """One person's tab: answers the server's timers, and types."""

    def __init__(self, number: int, run: Run, opened: ClientConnection, query: str) -> None:
        self.number, self.run, self.opened, self.query = number, run, opened, query
        self.here = BackMsg().rerun_script
        self.here.query_string = query
        self.timer: tuple[str, float] | None = None
        self.note = self.submit = self.writing = ""
        self.text: tuple[str, str] | None = None  # what stands in the form
        self.audience: tuple[str, str] | None = None  # the buyers' choice of who reads a note
        self.waits = ""  # the token of a note without an answer
        self.known: set[str] = set()

    async def begin(self, page: str) -> None:
        self.here.page_name = page
        await self._send(self.here)
        while self.timer is None or (page and not self.submit):
            self._read(await self.opened.recv())
        self.here.page_name = ""

    async def _send(self, request: Any) -> None:
        message = BackMsg()
        message.rerun_script.CopyFrom(request)
        await self.opened.send(message.SerializeToString())

    async def listen(self) -> None:
        async for message in self.opened:
            self._read(message)

    async def look(self) -> None:
        """Runs the fragment whenever its timer is due, as the browser does."""
        assert self.timer is not None
        await asyncio.sleep(random.random() * self.timer[1])
        while not self.run.ended:
            request = self._fragment(self.timer[0])
            request.is_auto_rerun = True
            await self._send(request)
            self.run.looks += 1
            await asyncio.sleep(self.timer[1])

    def _fragment(self, fragment_id: str) -> Any:
        request = BackMsg().rerun_script
        request.CopyFrom(self.here)
        request.fragment_id = fragment_id
        for widget in filter(None, (self.text, self.audience)):
            state = request.widget_states.widgets.add()
            state.id, state.string_value = widget
        return request

    async def type(self, every: float) -> None:
        count = 0
        while True:
            await asyncio.sleep(random.expovariate(1 / every))
            if not self.run.typing:
                return
            if self.waits:
                continue
            count += 1
            self.waits = f"n{self.number}x{count}"
            self.text = (self.note, f"{self.waits} {WORDS}")
            request = self._fragment(self.writing)
            press = request.widget_states.widgets.add()
            press.id, press.trigger_value = self.submit, True
            self.run.sent[self.waits] = time.perf_counter()
            await self._send(request)

    def _read(self, raw: bytes) -> None:
        message = ForwardMsg()
        message.ParseFromString(raw)
        self.run.received += len(raw)
        kind = message.WhichOneof("type")
        if kind == "auto_rerun":
            self.timer = (message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "new_session":
            self.here.page_script_hash = message.new_session.page_script_hash
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._element(message.delta.new_element, message.delta.fragment_id)

    def _element(self, element: Any, fragment_id: str) -> None:
        kind = element.WhichOneof("type")
        if kind == "html":
            now = time.perf_counter()
            for token in set(TOKEN.findall(element.html.body)) - self.known:
                self.known.add(token)
                self.run.seen[token, self.number] = now
        elif kind == "text_area" and element.text_area.label == "Note":
            self.note, self.writing = element.text_area.id, fragment_id
            # The form is empty again: the store has the note.
            if self.waits and element.text_area.set_value and not element.text_area.value:
                self.run.acknowledged.add(self.waits)
                self.waits = ""
                self.text = (self.note, "")
        elif kind == "radio":
            self.audience = (element.radio.id, element.radio.options[0])
        elif kind == "button" and element.button.label == "Add note":
            self.submit = element.button.id


async def attend(
    address: str, cookies: list[str], page: str, query: str, seconds: float, meter: "Meter",
    lead: Any = None,
) -> Run:  # fmt: skip
    """Everybody in the room for a while."""
    run = Run()
    tabs = []
    for number, cookie in enumerate(cookies):
        opened = await connect(
            f"ws://{address}/_stcore/stream", origin=f"http://{address}", max_size=None,
            subprotocols=["streamlit"], additional_headers={"Cookie": cookie},
        )  # fmt: skip
        tabs.append(Tab(number, run, opened, query))
        await tabs[-1].begin(page)
    listening = [asyncio.create_task(tab.listen()) for tab in tabs]
    working = [asyncio.create_task(tab.look()) for tab in tabs]
    await asyncio.sleep(5)
    meter.begin()
    if page:
        working += [asyncio.create_task(tab.type(EVERY)) for tab in tabs]
        working.append(asyncio.create_task(lead(run)))
    begun = run.looks, run.received
    await asyncio.sleep(seconds)
    run.looks, run.received = run.looks - begun[0], run.received - begun[1]
    meter.end()
    run.typing = False
    if page:
        await asyncio.sleep(6)  # what was sent last still arrives
    run.ended = True
    for tab in tabs:
        await tab.opened.close()
    await asyncio.gather(*listening, return_exceptions=True)
    for task in working:
        task.cancel()
    return run


# Measuring ----------------------------------------------------------------------------------------


class Meter:
    """Processor seconds of the app, of PostgreSQL and of this process, between begin and end."""

    def __init__(self, app: psutil.Process, database: psutil.Process | None) -> None:
        self.app, self.database = app, database

    def _now(self) -> tuple[float, float, float, float]:
        database = 0.0
        if self.database is not None:
            for one in [self.database, *self.database.children()]:
                try:
                    spent = one.cpu_times()
                except psutil.NoSuchProcess:
                    continue
                database += spent.user + spent.system
                if one is self.database:  # with those that have ended
                    database += spent.children_user + spent.children_system
        app, own = self.app.cpu_times(), time.process_time()
        return time.perf_counter(), app.user + app.system, database, own

    def begin(self) -> None:
        self._begun = self._now()

    def end(self) -> None:
        clock, app, database, own = (
            b - a for a, b in zip(self._begun, self._now(), strict=True)
        )  # fmt: skip
        self.app_share, self.database_share, self.own_share = (
            app / clock, database / clock, own / clock,
        )  # fmt: skip


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main(minutes: float) -> bool:
    with tempfile.TemporaryDirectory(prefix="quorum") as root:
        folder = Path(root) / "store"
        event = demo_store(folder)
        record = (folder / "postgres" / "postmaster.pid").read_text(encoding="utf-8")
        database = psutil.Process(int(record.split("\n")[0]))
        engine = Engine(folder)
        host = engine.store(
            {"sub": Accounts(engine).demo_members()[0].user_id, "role": "authenticated"}
        )

        async def lead(run: Run) -> None:
            for question in event.questions[1:] * 10:
                await asyncio.sleep(60)
                if run.ended:
                    return
                arguments = {"dialogue_id": event.dialogue_id, "stage_id": event.stage_id}
                await asyncio.to_thread(host.call, "go_to", {**arguments, "question_id": question})

        with quorum(folder) as app:
            meter = Meter(psutil.Process(app.pid), database)
            run = asyncio.run(
                attend(
                    app.address, event.cookies, "room", f"dialogue={event.dialogue_id}",
                    minutes * 60, meter, lead,
                )
            )  # fmt: skip
        with psycopg.connect(engine.owner_address) as owner:
            stored = _column(owner, "select text from quorum.dialogue_note")
        engine.close()
        with bare(EMPTY, Path(root)) as app:
            peer = Meter(psutil.Process(app.pid), None)
            empty = asyncio.run(
                attend(app.address, [""] * len(event.cookies), "", "", BESIDE, peer)
            )
        Engine(folder)._server.stop()
    return report(run, meter, empty, peer, stored, minutes)


def report(
    run: Run, meter: Meter, empty: Run, peer: Meter, stored: list[str], minutes: float
) -> bool:
    tabs = BUYERS + GUESTS
    waits = []
    missed = 0
    for token in run.acknowledged:
        for number in range(tabs):
            if token.startswith(f"n{number}x"):
                continue
            at = run.seen.get((token, number))
            if at is None:
                missed += 1
            else:
                waits.append(at - run.sent[token])
    counts = [sum(text.startswith(f"{token} ") for text in stored) for token in run.acknowledged]
    lost, twice = counts.count(0), sum(count > 1 for count in counts)
    late = percentile(waits, 0.95)
    busy = meter.app_share + meter.database_share
    per_look = meter.app_share * minutes * 60 / run.looks * 1000
    empty_look = peer.app_share * BESIDE / empty.looks * 1000
    print(f"{tabs} people, {minutes:g} minutes, load of the machine {os.getloadavg()[1]:.1f}")
    print(
        f"notes: {len(run.sent)} sent, {len(run.acknowledged)} acknowledged, {lost} lost,"
        f" {twice} stored twice, {len(stored)} in the store"
    )
    print(
        f"change to screen: median {statistics.median(waits):.2f} s, 95 of 100 {late:.2f} s,"
        f" longest {max(waits):.2f} s, {missed} never (bar {LATE:g} s)"
    )
    print(
        f"of one core: app {meter.app_share:.0%}, PostgreSQL {meter.database_share:.0%},"
        f" together {busy:.0%} (bar {BUSY:.0%}); these sixty clients {meter.own_share:.0%}"
    )
    size = run.received / run.looks / 1024
    print(
        f"a look: {per_look:.1f} ms of the app, {size:.0f} KB; an empty fragment"
        f" {empty_look:.1f} ms, {peer.app_share:.0%} of one core: x {per_look / empty_look:.2f}"
    )
    return late > LATE or busy > BUSY or bool(lost) or bool(twice) or bool(missed)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 2))
