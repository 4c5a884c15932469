"""Opens the store that the installation is set up for, once a process.

The door holds no member's data: a pool of connections, and how to ask it as somebody.
"""

import os
import threading
from pathlib import Path

from quorum.store.accounts import Accounts
from quorum.store.embedded import Engine

_lock = threading.Lock()
_engines: dict[Path, Engine] = {}


def folder() -> Path:
    """Where the embedded store lies: QUORUM_STORE, or `.quorum/demo` beside the code."""
    default = Path(__file__).parents[2] / ".quorum" / "demo"
    return Path(os.environ.get("QUORUM_STORE") or default).expanduser().resolve()


def engine() -> Engine:
    """The running store. Raises SchemaMismatch, Unavailable."""
    place = folder()
    with _lock:
        if place not in _engines:
            _engines[place] = Engine(place)
        return _engines[place]


def accounts() -> Accounts:
    """Sign-in for that store."""
    return Accounts(engine())
