"""What was acknowledged is there, whoever was killed; and nobody else on the machine gets in."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from quorum.store import Store
from quorum.store.embedded import Engine
from tests.conftest import ROOT, World

Opened = Callable[[Path], Engine]

# Stores suppliers without end and says so of each, after the store has acknowledged it.
WRITER = """
import sys, uuid
from pathlib import Path
from quorum.store import StoreError
from quorum.store.embedded import Engine

store = Engine(Path(sys.argv[1])).store({"sub": sys.argv[2]})
while True:
    supplier = str(uuid.uuid4())
    try:
        store.insert("supplier", {"id": supplier, "name": "S", "kind": "brand"})
    except StoreError:
        print("failed", flush=True)
    else:
        print(supplier, flush=True)
"""


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Opens a store of the test's own, and stops its server in the end whatever happened."""
    engines = []

    def at(folder: Path) -> Engine:
        engines.append(Engine(folder))
        return engines[-1]

    yield at
    for engine in engines:
        engine.pool.close()
    engines[-1]._server.stop()


def editor(engine: Engine) -> str:
    """An editor of a new organisation; the claims' subject."""
    world = World(engine)
    return world.person(f"editor {uuid.uuid4()}", world.organisation("North"), "editor").id


def postmaster(folder: Path) -> int:
    return int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def acknowledged(writer: "subprocess.Popen[str]", count: int) -> list[str]:
    """The next `count` acknowledged writes."""
    assert writer.stdout is not None
    found = []
    while len(found) < count:
        line = writer.stdout.readline().strip()
        assert line, "the writer ended"
        if line != "failed":
            found.append(line)
    return found


def stored(store: Store) -> set[str]:
    return set(store.rows("supplier", ["id"])["id"])


@pytest.mark.parametrize("victim", ["writer", "database"])
def test_no_acknowledged_write_is_lost_when_something_is_killed(
    store_folder: Path, opened: Opened, victim: str
) -> None:
    engine = opened(store_folder)
    person = editor(engine)
    store = engine.store({"sub": person})
    for _round in range(2):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(store_folder), person],
            stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        noted = acknowledged(writer, 20)
        if victim == "database":
            os.kill(postmaster(store_folder), signal.SIGKILL)
            noted += acknowledged(writer, 5)  # it goes on with the database that it started again
        writer.kill()
        rest, _ = writer.communicate()
        noted += [line for line in rest.split("\n")[:-1] if line != "failed"]
        assert set(noted) <= stored(store)


def test_a_dead_server_is_started_again_for_the_next_request(
    store_folder: Path, opened: Opened
) -> None:
    engine = opened(store_folder)
    store = engine.store({"sub": editor(engine)})
    store.insert("supplier", {"name": "Aurora", "kind": "brand"})
    children = psutil.Process(postmaster(store_folder)).children()
    os.kill(postmaster(store_folder), signal.SIGKILL)
    # They go when they notice that their parent is dead; until then one could still answer.
    _gone, alive = psutil.wait_procs(children, timeout=20)
    assert not alive
    assert store.rows("supplier", ["name"])["name"].to_list() == ["Aurora"]


def test_a_stopped_store_opens_with_all_it_had(store_folder: Path, opened: Opened) -> None:
    engine = opened(store_folder)
    person = editor(engine)
    engine.store({"sub": person}).insert("supplier", {"name": "Aurora", "kind": "brand"})
    engine.close()
    again = opened(store_folder).store({"sub": person})
    assert again.rows("supplier", ["name"])["name"].to_list() == ["Aurora"]


@pytest.mark.parametrize("holder", ["a stranger", "a dead process that nobody collected"])
def test_a_record_of_a_server_that_is_not_there_stops_nobody(
    store_folder: Path, opened: Opened, holder: str
) -> None:
    """As after a power cut: the number of the server that was belongs to somebody else."""
    engine = opened(store_folder)
    person, pid = editor(engine), postmaster(store_folder)
    file = store_folder / "postgres" / "postmaster.pid"
    record = file.read_text(encoding="utf-8")
    engine.close()
    dead = subprocess.Popen(["true"])
    while holder != "a stranger" and psutil.Process(dead.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    number = os.getpid() if holder == "a stranger" else dead.pid
    file.write_text(record.replace(str(pid), str(number), 1), encoding="utf-8")
    assert opened(store_folder).store({"sub": person}).rows("supplier").is_empty()
    dead.wait()


def test_a_store_whose_first_start_was_killed_opens_all_the_same(
    store_folder: Path, opened: Opened
) -> None:
    program = "import sys; from pathlib import Path; from quorum.store.embedded import Engine\n"
    program += "Engine(Path(sys.argv[1]))"
    starting = subprocess.Popen([sys.executable, "-c", program, str(store_folder)], cwd=ROOT)
    while not list(store_folder.glob("postgres.new.*/base")):
        assert starting.poll() is None
        time.sleep(0.01)
    starting.kill()
    starting.wait()
    assert editor(opened(store_folder))


# Other users of the machine -----------------------------------------------------------------------

LONG = Path("a folder whose name is long enough that a socket in it would not work") / ("x" * 60)


@pytest.fixture(params=["short", "long"])
def running(request: pytest.FixtureRequest, store_folder: Path, opened: Opened) -> Engine:
    return opened(store_folder / ("s" if request.param == "short" else LONG))


def socket_path(engine: Engine) -> Path:
    found = engine._server.get_postmaster_info().socket_path
    assert found is not None
    return Path(found)


def test_socket_and_folders_are_their_owners_alone(running: Engine) -> None:
    path = socket_path(running)
    for closed in (running.folder / "postgres", path.parent, path):
        assert stat.S_IMODE(closed.stat().st_mode) & 0o077 == 0, closed


def test_another_user_of_the_machine_does_not_reach_the_database(running: Engine) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can try as another user")
    path = str(socket_path(running))
    assert connects(path, as_user=0)
    assert not connects(path, as_user=65534)  # nobody


def connects(path: str, as_user: int) -> bool:
    """Whether a process of that user gets through to the socket."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads are of no account here
        child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(as_user, as_user, as_user)
            os.setresuid(as_user, as_user, as_user)
            socket.socket(socket.AF_UNIX).connect(path)
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_the_database_listens_on_no_network_address(running: Engine) -> None:
    assert World(running).owner("show listen_addresses") == [("",)]
