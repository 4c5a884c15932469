"""A hundred kills under a writer: is every acknowledged write still there?

    .venv/bin/python -m benchmarks.kills [kills]

By turns the writing process and the database are killed with SIGKILL while writes go on; the store
is opened again each time and compared with what the writer was told. The peer is the promise
itself: of the acknowledged writes, the share that is there; it has to be 1. Beside it, how long the
store was away.
"""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.serving import ROOT
from quorum.store.embedded import Engine
from tests.test_durability import WRITER, acknowledged, editor, postmaster, stored


def main(kills: int) -> bool:
    noted: list[str] = []
    away = []
    with tempfile.TemporaryDirectory(prefix="quorum") as root:
        folder = Path(root)
        engine = Engine(folder)
        person = editor(engine)
        for turn in range(kills):
            writer = subprocess.Popen(
                [sys.executable, "-c", WRITER, str(folder), person],
                stdout=subprocess.PIPE, text=True, cwd=ROOT,
            )  # fmt: skip
            noted += acknowledged(writer, 20 + turn % 7)
            if turn % 2:
                os.kill(postmaster(folder), signal.SIGKILL)
                start = time.perf_counter()
                noted += acknowledged(writer, 1)
                away.append(time.perf_counter() - start)
            writer.kill()
            rest, _ = writer.communicate()
            noted += [line for line in rest.split("\n")[:-1] if line != "failed"]
        there = stored(engine.store({"sub": person}))
        engine._server.stop()
    kept = sum(one in there for one in noted)
    print(f"{kills} kills, {len(noted)} acknowledged writes, {kept} there: {kept / len(noted):.6f}")
    if away:
        print(f"after a kill of the database a write succeeds in {statistics.median(away):.1f} s")
    return kept != len(noted)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
