"""How long a member waits for a page that they have not opened yet, behind each of the two doors.

    .venv/bin/python -m benchmarks.cold_page [rounds]

The demo store twice: embedded, and copied into a Supabase-compatible server on the same machine and
the same PostgreSQL, each with an app process of its own. Over the websocket, as a browser does it:
each round opens a new tab at each page, by turns behind either door; nothing is remembered from
another tab. The bar: through the Supabase door a page takes at most twice as long. The network
between app and store, which the test server does not have, comes on top: three ways there and back.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.page_switch import PAGES, demo_store
from benchmarks.serving import ROOT, App, quorum, served, tab
from quorum.store.copying import copy_to
from quorum.store.embedded import Engine
from quorum.store.supabase_accounts import Identity, Tokens
from tests.supabase_server import PUBLISHABLE_KEY, SupabaseServer

BAR = 2.0


def hosted(project: SupabaseServer) -> dict[str, str]:
    """What the app is set up with for a project."""
    return {"SUPABASE_URL": project.url, "SUPABASE_PUBLISHABLE_KEY": PUBLISHABLE_KEY}


def cookie_of(project: SupabaseServer, user_id: str) -> str:
    """A session of somebody who signed in to the project."""
    proof = Identity(Tokens(user_id, project.token({"sub": user_id}), "no refresh token"))
    code = project.accounts.open_code(proof, "benchmark")
    return f"quorum_session={project.accounts.open_session(code, 'benchmark')}"


def first_run(app: App, cookie: str, page: str, query: str) -> tuple[float, int]:
    """Seconds from asking for a page in a new tab to the end of its script, and how many elements
    it has."""
    request = BackMsg()
    request.rerun_script.query_string = query
    request.rerun_script.page_name = page
    elements = 0
    with tab(app.address, cookie) as opened:
        start = time.perf_counter()
        opened.send(request.SerializeToString())
        while True:
            message = ForwardMsg()
            message.ParseFromString(opened.recv())
            elements += message.WhichOneof("type") == "delta"
            if message.WhichOneof("type") == "script_finished":
                assert message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY, message
                return time.perf_counter() - start, elements


def compare(
    apps: tuple[App, App], cookies: tuple[str, str], page: str, query: str, rounds: int
) -> tuple[float, float]:
    """Seconds behind either door, taken in turns: the lower quartile, because a busy machine only
    ever adds."""
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(-2, rounds):
        seen = []
        for app, cookie, taken in zip(apps, cookies, times, strict=True):
            seconds, elements = first_run(app, cookie, page, query)
            seen.append(elements)
            if turn >= 0:  # before that the process imports what the page needs
                taken.append(seconds)
        # Beside every page the embedded store says that it is a demo.
        assert seen[0] - 1 == seen[1], f"{page}: not the same page behind both doors"
    return statistics.quantiles(times[0])[0], statistics.quantiles(times[1])[0]


def main(rounds: int) -> bool:
    with tempfile.TemporaryDirectory(prefix="quorum") as root:
        store = Path(root) / "store"
        cookie, supplier = demo_store(store)
        engine = Engine(store)
        project = SupabaseServer(engine).start()
        copy_to(engine, project.owner_address)
        with engine.connection() as db:
            (admin, _name, role, *_rest) = next(
                m for m in db.execute("select * from auth.demo_members()") if m[2] == "admin"
            )
        assert role == "admin"
        ratios: dict[str, float] = {}
        with (
            quorum(store) as near,
            served("streamlit_app.py", ROOT, **hosted(project)) as far,
        ):
            there = cookie_of(project, admin)
            for name in ["overview", *PAGES]:
                query = f"supplier={supplier}" if name in ("supplier", "assess") else ""
                page = "" if name == "overview" else name
                embedded, http = compare((near, far), (cookie, there), page, query, rounds)
                ratios[name] = http / embedded
                print(
                    f"{name}: {http * 1000:.0f} ms, embedded {embedded * 1000:.0f} ms:"
                    f" x {ratios[name]:.2f}"
                )
        project.close()
        engine.close()
    typical, worst = statistics.median(ratios.values()), max(ratios, key=ratios.__getitem__)
    print(f"median x {typical:.2f}, worst {worst} x {ratios[worst]:.2f} (bar {BAR})")
    return ratios[worst] > BAR


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 7))
