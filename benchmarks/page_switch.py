"""How long people wait for a page, against an empty Streamlit page.

    .venv/bin/python -m benchmarks.page_switch [rounds]

Two real servers in one run: Quorum with the demo store, and beside it an unmodified Streamlit app
of two empty pages with Streamlit's default settings. Over the websocket, as a browser does it:
every page is opened once, then run again and again, taking turns with the empty page, with pauses
so that each run asks the store whether something changed. In chromium: the first paint in a new
browser, and a switch between two pages, the first time (the browser fetches what draws tables and
charts) and afterwards. The bar: the fullest page's warm rerun takes at most 1.5 times that of the
empty page.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection

from benchmarks.serving import ROOT, bare, make_demo, quorum, tab
from quorum.store.accounts import Accounts
from quorum.store.embedded import Engine
from tests.browser.conftest import CHROMIUM_ARGUMENTS

BAR = 1.5
Times = tuple[float, float, float]  # seconds: first run, warm, the empty page
PAGES = sorted(p.stem for p in (ROOT / "pages").glob("*.py") if p.stem not in ("join", "overview"))
EMPTY = """
import streamlit as st
st.navigation([
    st.Page(lambda: st.title("One"), title="First", url_path="one", default=True),
    st.Page(lambda: st.title("Two"), title="Second", url_path="two"),
]).run()
"""


def compare(
    ours: ClientConnection, theirs: ClientConnection, page: str, query: str, rounds: int
) -> Times:
    """Seconds of the page's first run, of its warm reruns, and of the empty page's meanwhile."""
    request, empty = BackMsg(), BackMsg()
    request.rerun_script.query_string = query
    request.rerun_script.page_name = page
    empty.rerun_script.query_string = ""
    first = one_run(ours, request)
    one_run(theirs, empty)
    warm, idle = [], []
    for _round in range(rounds):
        time.sleep(0.6)
        warm.append(one_run(ours, request))
        idle.append(one_run(theirs, empty))
    # The lower quartile: a machine that is busy with something else only ever adds.
    return first, statistics.quantiles(warm)[0], statistics.quantiles(idle)[0]


def one_run(opened: ClientConnection, request: BackMsg) -> float:
    start = time.perf_counter()
    opened.send(request.SerializeToString())
    while True:
        message = ForwardMsg()
        message.ParseFromString(opened.recv())
        if message.WhichOneof("type") == "script_finished":
            assert message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY, message
            return time.perf_counter() - start


def slowest(names: Iterable[str], compared: Callable[[str, int], Times], rounds: int) -> float:
    """Compares and prints every page; how many times the slowest takes the empty page's time, found
    by looking at the three slowest again for longer."""
    ratios: dict[str, float] = {}

    def measure(name: str, rounds: int) -> None:
        first, warm, empty = compared(name, rounds)
        ratios[name] = warm / empty
        print(
            f"{name}: first {first * 1000:.0f} ms, warm {warm * 1000:.0f} ms,"
            f" empty {empty * 1000:.0f} ms: x {ratios[name]:.2f}",
            flush=True,
        )

    for name in names:
        measure(name, rounds)
    again = sorted(ratios, key=ratios.__getitem__)[-3:]
    ratios.clear()
    print("the three slowest again, at length")
    for name in again:
        measure(name, 3 * rounds)
    worst = max(ratios, key=ratios.__getitem__)
    print(f"slowest, {worst}: x {ratios[worst]:.2f} (bar {BAR})")
    return ratios[worst]


def in_browser(
    browser: Any, address: str, links: tuple[str, str], cookie: str, rounds: int
) -> dict[str, float]:
    """Seconds to the first heading in a new browser, and from one page to the next."""
    paints, first, later = [], [], []
    for _round in range(rounds):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        if cookie:
            name, value = cookie.split("=", 1)
            context.add_cookies([{"name": name, "value": value, "url": f"http://{address}"}])
        page = context.new_page()
        start = time.perf_counter()
        page.goto(f"http://{address}/")
        heading = page.locator("[data-testid=stMain] h1").first
        heading.wait_for()
        paints.append(time.perf_counter() - start)
        page.wait_for_timeout(1500)
        for turn, link in enumerate(links * 3):
            before = heading.inner_text()
            start = time.perf_counter()
            page.locator("[data-testid=stSidebarNavLink]", has_text=link).click()
            page.wait_for_function(
                "before => { const h = document.querySelector('[data-testid=stMain] h1');"
                " return h && h.innerText != before }",
                arg=before,
            )
            (first if turn < len(links) else later).append(time.perf_counter() - start)
            page.wait_for_timeout(1500)
        context.close()
    times = {"first paint": paints, "first page switch": first, "later page switch": later}
    return {name: statistics.median(found) for name, found in times.items()}


def demo_store(folder: Path) -> tuple[str, str]:
    """A demo store; an admin's cookie and a supplier of which much is known."""
    make_demo(folder)
    engine = Engine(folder)
    accounts = Accounts(engine)
    member = next(m for m in accounts.demo_members() if m.role == "admin")
    token = accounts.open_session(accounts.open_code(member.user_id, "benchmark"), "benchmark")
    store = engine.store({"sub": member.user_id, "role": "authenticated"})
    known = store.rows("assessment")["supplier_id"].value_counts(sort=True)
    engine.close()
    return f"quorum_session={token}", known["supplier_id"][0]


def main(rounds: int) -> bool:
    with tempfile.TemporaryDirectory(prefix="quorum") as root:
        store = Path(root) / "store"
        cookie, supplier = demo_store(store)
        with quorum(store) as ours, bare(EMPTY, Path(root)) as theirs:

            def compared(name: str, rounds: int) -> Times:
                query = f"supplier={supplier}" if name in ("supplier", "assess") else ""
                path = "" if name == "overview" else name
                with tab(ours.address, cookie) as page, tab(theirs.address) as empty:
                    return compare(page, empty, path, query, rounds)

            worst = slowest(["overview", *PAGES], compared, rounds)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path="/usr/bin/chromium", args=CHROMIUM_ARGUMENTS
                )
                mine = in_browser(browser, ours.address, ("Register", "Overview"), cookie, 3)
                empty = in_browser(browser, theirs.address, ("Second", "First"), "", 3)
                browser.close()
        Engine(store)._server.stop()
    for name in mine:
        ratio = mine[name] / empty[name]
        print(f"{name} {mine[name]:.2f} s, empty {empty[name]:.2f} s: x {ratio:.2f}")
    return worst > BAR


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10))
