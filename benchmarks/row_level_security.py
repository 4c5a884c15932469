"""What row level security costs: 1,000,000 production sites of 200 organisations in 20 consortia.

    .venv/bin/python -m benchmarks.row_level_security [rows]

A member reads a page of 100 sites in name order, and counts sites by country. The peer is the
store's owner, whom no policy binds, asking for the very rows that the member may see: the same
condition, written into the query with the identifiers filled in. Both in one run, taking turns;
the ratio is that of the medians. Bar: page at most 1.5 (aim 1.3), aggregate at most 1.6.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from quorum.store.embedded import Engine, _with_user

ORGANISATIONS = 200
CONSORTIA = 20
LISTS = 10  # per organisation; six of them are shared with its consortium

FILL = """
insert into supplier (id, name, kind) values ('00000000-0000-0000-0000-000000000001', 'S', 'brand');
insert into organisation (id, name, country, kind)
  select md5('o' || o)::uuid, 'Organisation ' || o, 'SE', 'city'
  from generate_series(1, {organisations}) o;
insert into consortium (id, name)
  select md5('c' || c)::uuid, 'Consortium ' || c from generate_series(0, {consortia} - 1) c;
insert into membership (consortium_id, organisation_id, role)
  select md5('c' || o % {consortia})::uuid, md5('o' || o)::uuid, 'member'
  from generate_series(1, {organisations}) o;
insert into person (id, name, email) values (md5('p')::uuid, 'Member', 'member@example.org');
insert into organisation_role (organisation_id, person_id, role)
  values (md5('o1')::uuid, md5('p')::uuid, 'viewer');
insert into site_list (id, organisation_id, supplier_id, title, as_of, row_count)
  select md5('l' || o || '.' || l)::uuid, md5('o' || o)::uuid,
    '00000000-0000-0000-0000-000000000001', 'List', '2026-01-01', 1
  from generate_series(1, {organisations}) o, generate_series(0, {lists} - 1) l;
insert into production_site (organisation_id, site_list_id, supplier_id, name, address, country,
    place_key, shared_with, shared_until)
  select md5('o' || o)::uuid, md5('l' || o || '.' || l)::uuid,
    '00000000-0000-0000-0000-000000000001', 'Works ' || md5(n::text), 'Road ' || n,
    (array['CN', 'VN', 'MY', 'MX', 'PL', 'IN', 'TW', 'TH'])[1 + (n / 7) % 8], md5(n::text),
    case when l < 6 then array[md5('c' || o % {consortia})::uuid] else '{{}}' end,
    case when l < 6 then current_date + 365 end
  from (
    select n, 1 + n % {organisations} as o, (n / {organisations}) % {lists} as l
    from generate_series(1, {rows}) n
  ) s;
"""

QUERIES = {
    "page": "select id, name, address, country from production_site{} order by name, id limit 100",
    "aggregate": "select country, count(*) from production_site{} group by country order by 1",
}
# The policy's own condition, with the answers of its helpers filled in.
CONDITION = """ where organisation_id = md5('o1')::uuid
    or (shared_with && array[md5('c1')::uuid] and shared_until >= current_date)"""


def fill(engine: Engine, rows: int) -> None:
    with psycopg.connect(engine.owner_address, autocommit=True) as db:
        db.execute("set session_replication_role = replica")  # no audit trail of a benchmark
        db.execute(
            FILL.format(rows=rows, organisations=ORGANISATIONS, consortia=CONSORTIA, lists=LISTS)
        )
        db.execute("vacuum analyze")


def as_member(db: psycopg.Connection[Any]) -> None:
    db.execute(
        "select set_config('role', 'authenticated', false),"
        " set_config('request.jwt.claims',"
        " json_build_object('sub', md5('p')::uuid, 'role', 'authenticated')::text, false)"
    )


def seconds(db: psycopg.Connection[Any], query: str) -> tuple[float, list[Any]]:
    start = time.perf_counter()
    found = db.execute(query).fetchall()
    return time.perf_counter() - start, found


def main(rows: int) -> int:
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(Path(folder) / "store")
        try:
            fill(engine, rows)
            app = _with_user(engine.owner_address, "authenticator")
            with (
                psycopg.connect(app, autocommit=True) as member,
                psycopg.connect(engine.owner_address, autocommit=True) as owner,
            ):
                as_member(member)
                for name, bar in (("page", 1.5), ("aggregate", 1.6)):
                    missed += compare(member, owner, name, bar)
        finally:
            engine.close()
    return missed


def compare(
    member: psycopg.Connection[Any], owner: psycopg.Connection[Any], name: str, bar: float
) -> bool:
    """Prints one line; true when the bar is missed."""
    mine, same, everything = [], [], []
    for _turn in range(21 if name == "page" else 9):
        with_policy, found = seconds(member, QUERIES[name].format(""))
        without, expected = seconds(owner, QUERIES[name].format(CONDITION))
        assert found == expected, "the member and the owner were not asked for the same rows"
        mine.append(with_policy)
        same.append(without)
        everything.append(seconds(owner, QUERIES[name].format(""))[0])
    a, b, c = (statistics.median(times[1:]) for times in (mine, same, everything))
    print(
        f"{name}: {a * 1000:.2f} ms under row level security, {b * 1000:.2f} ms the same rows"
        f" without: x {a / b:.2f} (bar {bar}); all rows without: {c * 1000:.2f} ms"
    )
    if "--explain" in sys.argv:
        for db, condition in ((member, ""), (owner, CONDITION)):
            plan = db.execute("explain (analyze, buffers) " + QUERIES[name].format(condition))
            print("\n".join(line for (line,) in plan.fetchall()))
    return a / b > bar


if __name__ == "__main__":
    sys.exit(main(int(next((a for a in sys.argv[1:] if a.isdigit()), "1000000"))))
