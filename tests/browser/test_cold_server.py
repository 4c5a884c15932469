"""A server that has shown nobody anything yet: what does a stranger get out of it?"""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, WebSocket
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from quorum.store.embedded import Engine
from tests.browser.conftest import ROOT, Server, running
from tests.conftest import World, new_folder, small_world
from tests.test_two_members import MEMBERS, fill

pytestmark = pytest.mark.browser
NewBrowser = Callable[..., BrowserContext]

PAGES = ["", *sorted(path.stem for path in (ROOT / "pages").glob("*.py"))]
# What a stranger may not learn: what members wrote, who they are, whom they deal with.
CANARIES = [*MEMBERS.values(), "CANARYSUPPLIER", "north.admin@", "Nordic ICT buyers", "7654321"]


@pytest.fixture(scope="module")
def store() -> Iterator[World]:
    with new_folder() as folder:
        engine = Engine(folder / "store")
        world = small_world(engine)
        supplier = world.supplier("CANARYSUPPLIER")
        for actor, word in MEMBERS.items():
            fill(world, actor, word, supplier)
        yield world
        engine.close()


@pytest.fixture(scope="module")
def server(store: World) -> Iterator[Server]:
    with running(store.engine.folder) as started:
        yield started


def frames(context: BrowserContext, server: Server, path: str) -> bytes:
    """Everything that arrives over the websocket when a browser opens an address."""
    received: list[bytes] = []

    def listen(opened: WebSocket) -> None:
        opened.on(
            "framereceived",
            lambda frame: received.append(frame if isinstance(frame, bytes) else frame.encode()),
        )

    page = context.new_page()
    page.on("websocket", listen)
    page.goto(f"{server.url}/{path}")
    page.wait_for_function(
        "document.querySelector('[data-testid=stApp]')"
        "?.getAttribute('data-test-script-state') == 'notRunning'"
        " && document.body.innerText.trim().length > 0"
    )
    page.wait_for_timeout(500)
    page.close()
    return b"\0".join(received)


def found(sent: bytes) -> list[str]:
    return [word for word in CANARIES if word.encode() in sent]


@pytest.mark.parametrize("name", ["sites", "supplier"])
def test_the_first_deep_link_without_a_cookie_gets_no_data(
    store: World, new_browser: NewBrowser, name: str
) -> None:
    with running(store.engine.folder) as cold:
        sent = frames(new_browser(), cold, name)
    assert b"Sign in" in sent
    assert found(sent) == []


def test_no_page_gives_data_to_nobody(server: Server, new_browser: NewBrowser) -> None:
    context = new_browser()
    sent = {name: frames(context, server, name) for name in PAGES}
    assert {name: found(part) for name, part in sent.items()} == {name: [] for name in PAGES}
    assert all(b"Sign in" in part for part in sent.values())


@pytest.mark.parametrize("token", ["x" * 43, "' or true --"])
def test_a_made_up_cookie_gets_no_data(server: Server, new_browser: NewBrowser, token: str) -> None:
    context = new_browser()
    context.add_cookies([{"name": "quorum_session", "value": token, "url": server.url}])
    sent = frames(context, server, "sites")
    assert b"Sign in" in sent
    assert found(sent) == []


def test_a_members_cookie_gets_that_members_data(
    store: World, server: Server, new_browser: NewBrowser
) -> None:
    """Else the tests above would prove nothing."""
    context = new_browser()
    context.add_cookies(
        [{"name": "quorum_session", "value": store.token("north admin"), "url": server.url}]
    )
    sent = frames(context, server, "sites")
    assert {"CANARYNORTH", "CANARYSUPPLIER"} <= set(found(sent))
    assert "CANARYSOUTH" not in found(sent)


# Who asks, and under which name -------------------------------------------------------------------


def opens(server: Server, host: str, origin: str | None) -> bool:
    """Whether the websocket opens for a browser that came by this name, from this page."""
    raw = socket.create_connection(("127.0.0.1", server.port))
    address = f"ws://{host}:{server.port}/_stcore/stream"
    try:
        with connect(address, sock=raw, origin=origin, subprotocols=["streamlit"]):
            return True
    except InvalidStatus as refused:
        assert refused.response.status_code in (400, 403)
        return False


def test_the_websocket_opens_for_our_own_page(server: Server) -> None:
    assert opens(server, "127.0.0.1", server.url)
    assert opens(server, "localhost", f"http://localhost:{server.port}")


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "https://evil.example:443", "null", "http://127.0.0.1.evil.example"]
)  # fmt: skip
def test_a_foreign_page_does_not_open_the_websocket(server: Server, origin: str) -> None:
    assert not opens(server, "127.0.0.1", origin)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "quorum"])
def test_a_name_that_is_not_ours_does_not_open_the_websocket(server: Server, host: str) -> None:
    """DNS that was rebound to this machine."""
    assert not opens(server, host, f"http://{host}:{server.port}")


def answer(server: Server, request: str) -> str:
    """The raw answer to a raw request."""
    with socket.create_connection(("127.0.0.1", server.port)) as raw:
        raw.sendall(request.replace("\n", "\r\n").encode())
        raw.settimeout(20)
        received = b""
        while part := raw.recv(65536):
            received += part
        return received.decode(errors="replace")


@pytest.mark.parametrize("host", ["127.0.0.1", "evil.example"])
def test_what_the_server_says_of_itself_holds_no_data(server: Server, host: str) -> None:
    """Streamlit's bare page goes out under any name; data travels by the websocket alone."""
    for path in ("/", "/healthz", "/_stcore/health", "/_stcore/host-config", "/_stcore/metrics"):
        said = answer(server, f"GET {path} HTTP/1.1\nHost: {host}\nConnection: close\n\n")
        assert found(said.encode()) == []


def test_no_source_or_store_is_served(server: Server, store: World) -> None:
    for path in (
        "/app/static/../streamlit_app.py", "/app/static/%2e%2e/sql/shim.sql", "/sql/shim.sql",
        "/app/static/..%2fquorum%2fdemo.py", "/.quorum/demo/postgres/PG_VERSION",
    ):  # fmt: skip
        said = answer(server, f"GET {path} HTTP/1.1\nHost: 127.0.0.1\nConnection: close\n\n")
        body = said.partition("\r\n\r\n")[2]
        assert "create table" not in body
        assert "import " not in body or "<!doctype html>" in body.lower()


def test_the_store_is_not_under_the_served_folder() -> None:
    assert not list((ROOT / "static").rglob("PG_VERSION"))
    assert Path(ROOT / ".gitignore").read_text(encoding="utf-8").splitlines().count(".quorum/") == 1
