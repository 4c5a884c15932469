"""Servers to measure, and a browser tab without the browser."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class App:
    """A running server of the product, or of something else that Streamlit serves."""

    address: str
    pid: int


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_demo(folder: Path) -> None:
    command = [sys.executable, "-m", "quorum", "demo", "--store", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def served(script: str, folder: Path, **environment: str) -> Iterator[App]:
    """`streamlit run`, until it answers. Of the product's settings only those given count."""
    port = free_port()
    settings = {k: v for k, v in os.environ.items() if not k.startswith(("QUORUM_", "SUPABASE_"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port),
         "--server.headless", "true"],
        cwd=folder, env={**settings, **environment},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"127.0.0.1:{port}"
    try:
        while True:
            try:
                with urllib.request.urlopen(f"http://{address}/_stcore/health", timeout=5):
                    break
            except OSError:
                assert process.poll() is None, "the server ended"
                time.sleep(0.2)
        yield App(address, process.pid)
    finally:
        process.terminate()
        process.wait(30)


def quorum(store: Path) -> AbstractContextManager[App]:
    """The product on an embedded store."""
    return served("streamlit_app.py", ROOT, QUORUM_STORE=str(store))


def bare(script: str, root: Path) -> AbstractContextManager[App]:
    """An app of one script in a folder of its own below `root`, with Streamlit's defaults."""
    folder = root / "bare"
    folder.mkdir()
    (folder / "bare.py").write_text(script, encoding="utf-8")
    return served("bare.py", folder)


@contextmanager
def tab(address: str, cookie: str = "") -> Iterator[ClientConnection]:
    """A browser tab, without the browser."""
    with connect(
        f"ws://{address}/_stcore/stream", origin=f"http://{address}", max_size=None,
        subprotocols=["streamlit"], additional_headers={"Cookie": cookie},
    ) as opened:  # fmt: skip
        yield opened
