"""The real server and a real browser. Every request that a page makes is watched: none may leave
the machine."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOCAL = {"127.0.0.1", "localhost", ""}

expect.set_options(timeout=20_000)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """`streamlit run` on a loopback port, with a store of its own."""

    store: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    arguments: tuple[str, ...] = ()  # more of them for `streamlit run`

    @property
    def environment(self) -> dict[str, str]:
        """What the server is set up with."""
        return {**os.environ, "QUORUM_STORE": str(self.store)}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with (self.store.parent / f"{self.store.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "streamlit_app.py",
                 "--server.port", str(self.port), *self.arguments],
                cwd=ROOT, env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip
        until = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:  # noqa: S310
                    if answer.status == 200:
                        return
            except OSError:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise
                time.sleep(0.2)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(30)


@contextmanager
def running(store: Path) -> Iterator[Server]:
    server = Server(store)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def make_demo(folder: Path) -> Path:
    command = [sys.executable, "-m", "quorum", "demo", "--store", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the demo consortium."""
    return make_demo(tmp_path_factory.mktemp("demo") / "store")


@pytest.fixture(scope="session")
def demo(demo_folder: Path) -> Iterator[Server]:
    """The product with the demo consortium, for tests that leave it as good as they found it."""
    with running(demo_folder) as server:
        yield server


@pytest.fixture
def own_demo(tmp_path: Path) -> Iterator[Server]:
    """A demo consortium of the test's own, for one that leaves it changed."""
    with running(make_demo(tmp_path / "store")) as server:
        yield server


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Server]:
    """The product with an empty store."""
    with running(tmp_path / "store") as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = next(
        (p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n))),
        None,
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def new_browser(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """`new_browser(width=390, color_scheme="dark")`: somebody's browser, with no cookies. At the
    end every address that any of its pages asked for must have been on this machine."""
    contexts: list[BrowserContext] = []
    asked: set[str] = set()

    def opened(width: int = 1280, height: int = 900, **options: object) -> BrowserContext:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, accept_downloads=True, **options
        )
        context.on("request", lambda request: asked.add(urlsplit(request.url).hostname or ""))
        contexts.append(context)
        return context

    yield opened
    for context in contexts:
        context.close()
    assert asked <= LOCAL, f"a page asked {asked - LOCAL}"


def settled(page: Page) -> Page:
    """The page once its script has run to the end."""
    page.wait_for_selector("[data-testid=stApp]", timeout=30_000)
    page.wait_for_function(
        "document.querySelector('[data-testid=stApp]')"
        ".getAttribute('data-test-script-state') == 'notRunning'",
        timeout=30_000,
    )
    page.wait_for_timeout(300)
    return page


def go(page: Page, server: Server, path: str = "") -> Page:
    page.goto(f"{server.url}/{path}")
    # Before its first run a page is also "not running".
    expect(page.get_by_role("heading", level=1).first).to_be_visible(timeout=30_000)
    return settled(page)


def sign_in(context: BrowserContext, server: Server, member: str, path: str = "") -> Page:
    """One click on a demo member whose button names `member`; ends on `path`."""
    page = go(context.new_page(), server, path)
    page.get_by_role("button", name=member).first.click()
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()
    return settled(page)


def field_named(page: Page | Locator, label: str) -> Locator:
    return page.get_by_role("textbox", name=label, exact=True)


def choose(page: Page, label: str, option: str) -> None:
    """Picks an option of a select box by typing it."""
    page.get_by_role("combobox", name=label).click()
    page.keyboard.type(option)
    page.get_by_role("option", name=option).first.click()


def type_date(page: Page, label: str, day: str) -> None:
    """Types an ISO date into a date field, part by part."""
    page.get_by_role("spinbutton", name=f"year, {label}").click()
    for part in day.split("-"):
        page.keyboard.type(part)
    # The calendar stands open over the page until it is left; only then is the date taken.
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    settled(page)


def figure(page: Page, label: str) -> int:
    """The number that the page shows under a label."""
    shown = page.get_by_test_id("stMetric").filter(has_text=label)
    expect(shown).to_be_visible()
    return int(shown.get_by_test_id("stMetricValue").inner_text().replace(",", ""))
