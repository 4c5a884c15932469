"""100,000 rows into polars: the Supabase door against psycopg, at large pages and at 1,000 rows.

`python -m benchmarks.http_read [rounds]` prints ratios of medians, taken in turns on one machine.
The bars: at most 3 with large pages, at most 6 at 1,000 rows a page.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import psycopg
from psycopg.types.numeric import FloatLoader
from psycopg.types.string import TextLoader

from quorum.store.embedded import Engine
from quorum.store.relations import RELATIONS
from tests.conftest import World, close_owners, small_world
from tests.supabase_server import SupabaseServer

ROWS = 100_000
COLUMNS = ("id", "supplier_id", "year", "amount", "currency", "category", "contract_reference",
           "created_at")  # fmt: skip


def fill(world: World) -> None:
    """Spend lines of one organisation."""
    owner = world["north admin"].organisation_id
    (import_id,) = world.owner(
        "insert into spend_import (organisation_id, row_count) values (%s, %s) returning id",
        owner, ROWS,
    )[0]  # fmt: skip
    world.owner(
        "insert into spend (organisation_id, import_id, supplier_id, year, amount, currency,"
        " category, contract_reference)"
        " select %s, %s, %s, 2000 + i %% 25, i * 1.37, 'EUR', 'category ' || i %% 50,"
        " case when i %% 3 = 0 then 'contract ' || i end from generate_series(1, %s) i",
        owner, import_id, world.supplier(), ROWS,
    )  # fmt: skip
    world.owner("analyze")


def by_psycopg(world: World) -> pl.DataFrame:
    """The same question on a connection of its own, with the same role and claims."""
    schema = {name: RELATIONS["spend"][name] for name in COLUMNS}
    with psycopg.connect(world.engine.owner_address) as db:
        db.adapters.register_loader("uuid", TextLoader)
        db.adapters.register_loader("numeric", FloatLoader)
        db.execute(
            "select set_config('role', 'authenticated', true),"
            " set_config('request.jwt.claim.sub', %s, true)", (world["north admin"].id,),
        )  # fmt: skip
        found = db.execute(f"select {', '.join(COLUMNS)} from public.spend").fetchall()
    return pl.DataFrame(found, schema=schema, orient="row")


def by_http(world: World) -> pl.DataFrame:
    return world["north admin"].store.rows("spend", COLUMNS)


def seconds(read: Callable[[World], pl.DataFrame], world: World) -> float:
    before = time.perf_counter()
    assert read(world).height == ROWS
    return time.perf_counter() - before


def main(rounds: int = 5) -> None:
    """Prints the two ratios."""
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(Path(folder) / "store")
        for page in (ROWS + 1, 1000):
            server = SupabaseServer(engine, page_rows=page).start()
            world = small_world(server)
            fill(world)
            seconds(by_psycopg, world), seconds(by_http, world)  # warm
            times = [(seconds(by_psycopg, world), seconds(by_http, world)) for _ in range(rounds)]
            plain, http = (statistics.median(column) for column in zip(*times, strict=True))
            print(
                f"{page:>7} rows a page: {http / plain:.1f} x psycopg"
                f" ({http:.2f} s against {plain:.2f} s)"
            )
            server.close()
        close_owners()
        engine.close()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
