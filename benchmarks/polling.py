"""What do 50 members cost who have a page open and do nothing, through the Supabase door?

    .venv/bin/python -m benchmarks.polling [members] [seconds]

Each member is a person of their own with a session of their own and a tab on the overview, which
asks the store every four seconds whether something has changed. The tabs are websockets that answer
the app's timers as Streamlit's frontend does. Beside it, as many tabs on an empty Streamlit page
with an empty fragment of the same timer. Compared is the processor time of the two app processes
over a minute each. The bar: fewer than half a core.
"""

import asyncio
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from benchmarks.cold_page import cookie_of, hosted
from benchmarks.serving import ROOT, App, bare, served
from quorum.store.embedded import Engine
from tests.conftest import World, close_owners, small_world
from tests.supabase_server import SupabaseServer

BAR = 0.5
EMPTY = """
import streamlit as st

@st.fragment(run_every=4)
def nothing():
    pass

st.title("Empty")
nothing()
"""


class Tab:
    """A browser tab without the browser: runs the page, then its timers until the end."""

    def __init__(self, app: App, cookie: str) -> None:
        self.app, self.cookie = app, cookie
        self.runs = 0
        self.drawn = asyncio.Event()

    async def live(self) -> None:
        """Until it is cancelled."""
        async with connect(
            f"ws://{self.app.address}/_stcore/stream", origin=f"http://{self.app.address}",
            max_size=None, open_timeout=60, ping_interval=None, subprotocols=["streamlit"],
            additional_headers={"Cookie": self.cookie},
        ) as opened:  # fmt: skip
            first = BackMsg()
            first.rerun_script.query_string = ""
            await opened.send(first.SerializeToString())
            timers: dict[str, asyncio.Task[None]] = {}
            page = ""
            async for data in opened:
                message = ForwardMsg()
                message.ParseFromString(data)
                kind = message.WhichOneof("type")
                if kind == "new_session":
                    page = message.new_session.page_script_hash
                elif kind == "auto_rerun" and message.auto_rerun.fragment_id not in timers:
                    asked = BackMsg()
                    asked.rerun_script.fragment_id = message.auto_rerun.fragment_id
                    asked.rerun_script.is_auto_rerun = True
                    asked.rerun_script.page_script_hash = page
                    timers[message.auto_rerun.fragment_id] = asyncio.create_task(
                        self._every(opened, message.auto_rerun.interval, asked.SerializeToString())
                    )
                elif kind == "script_finished":
                    self.runs += 1
                    self.drawn.set()

    async def _every(self, opened: object, seconds: float, asked: bytes) -> None:
        with suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(seconds)
                await opened.send(asked)


def spent(app: App) -> float:
    """Seconds of processor time of the app and what it started."""
    process = psutil.Process(app.pid)
    every = [process, *process.children(recursive=True)]
    return sum(t.user + t.system for t in (one.cpu_times() for one in every))


async def watch(app: App, cookies: list[str], seconds: float) -> tuple[float, float]:
    """Share of a core that the app needs while all its tabs are open, and the polls that it answers
    in a second."""
    tabs = [Tab(app, one) for one in cookies]
    living = []
    for tab in tabs:
        living.append(asyncio.create_task(tab.live()))
        drawn = asyncio.create_task(tab.drawn.wait())
        await asyncio.wait([living[-1], drawn], return_when=asyncio.FIRST_COMPLETED, timeout=60)
        assert drawn.done(), living[-1]
    await asyncio.sleep(5)  # until every timer has gone off once
    before, start, runs = spent(app), time.perf_counter(), sum(tab.runs for tab in tabs)
    await asyncio.sleep(seconds)
    passed = time.perf_counter() - start
    share = (spent(app) - before) / passed
    polls = (sum(tab.runs for tab in tabs) - runs) / passed
    assert all(not task.done() for task in living), "a tab was closed"
    for task in living:
        task.cancel()
    await asyncio.gather(*living, return_exceptions=True)
    return share, polls


def answered(world: World) -> int:
    """How many transactions the store has seen."""
    question = "select xact_commit from pg_stat_database where datname = current_database()"
    return int(world.owner(question)[0][0])


def members(world: World, count: int) -> list[str]:
    """Cookies of new colleagues of one organisation, which has a few things to show."""
    supplier = world.supplier()
    world.assessment("north admin", supplier, ["a"])
    world.spend("north admin", supplier, {2025: 1.0})
    organisation = world["north admin"].organisation_id
    people = [world.person(f"member {n}", organisation, "viewer") for n in range(count)]
    return [cookie_of(world.engine, one.id) for one in people]


def main(count: int, seconds: float) -> bool:
    with tempfile.TemporaryDirectory(prefix="quorum") as root:
        engine = Engine(Path(root) / "store", connections=4)
        project = SupabaseServer(engine).start()
        world = small_world(project)
        cookies = members(world, count)
        project.hang_up()
        known = answered(world)
        with served("streamlit_app.py", ROOT, **hosted(project)) as app:
            share, polls = asyncio.run(watch(app, cookies, seconds))
        assert polls > 0.9 * count / 4, f"only {polls:.1f} polls a second: the machine is too busy"
        assert answered(world) - known > 0.9 * count * seconds / 4, "the store was not asked"
        with bare(EMPTY, Path(root)) as app:
            empty, looks = asyncio.run(watch(app, [""] * count, seconds))
        close_owners()
        project.close()
        engine.close()
    one, other = (1000 * s / p for s, p in ((share, polls), (empty, looks)))
    print(f"{count} members: {share:.2f} of a core (bar {BAR}), {polls:.1f} polls a second")
    print(
        f"a poll {one:.1f} ms of processor time, on an empty page {other:.1f}: x {one / other:.2f}"
    )
    return share > BAR


if __name__ == "__main__":
    given = [float(one) for one in sys.argv[1:]]
    sys.exit(main(int(given[0]) if given else 50, given[1] if len(given) > 1 else 60))
