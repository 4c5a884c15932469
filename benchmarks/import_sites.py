"""A list of 20,000 production sites, from the uploaded file to the store.

    .venv/bin/python -m benchmarks.import_sites [rows]

Ours is what the import page does: read the xlsx in a child process, map the columns, check and mend
every row for the preview, store it in one call as a member, with policies and audit. The peer is
the plainest loader there is, in the same run: `csv.DictReader` over the same rows and psycopg's
`executemany` as the store's owner, without a check or a preview. Bar: at most 15 s, and 400 MB for
the process and for its child.
"""

import csv
import io
import json
import resource
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import psycopg
import xlsxwriter

from quorum.charts import OUTLINES
from quorum.countries import display_name, read_outlines
from quorum.importers import sites
from quorum.importers.mapping import guess
from quorum.importers.reading import read_table
from quorum.store.embedded import Engine

SECONDS, MEGABYTES = 15, 400
COLUMNS = [
    "country",
    "name",
    "address",
    "lat",
    "lng",
    "sector",
    "number_of_workers",
    "product_type",
]
CENTRES = {
    "China": (31.2, 121.4), "Viet Nam": (21.0, 105.8), "Malaysia": (3.1, 101.7),
    "Mexico": (20.7, -103.3), "Poland": (52.2, 21.0), "India": (12.97, 77.6),
}  # fmt: skip


def listed(count: int) -> list[dict[str, Any]]:
    """Rows as a careful publisher writes them; one in a hundred has a country nobody knows."""
    countries = list(CENTRES)
    rows = []
    for n in range(count):
        country = countries[n % len(countries)]
        latitude, longitude = CENTRES[country]
        rows.append(
            {
                "country": "Atlantis" if n % 100 == 99 else country,
                "name": f"Precision Works {n} Co., Ltd.",
                "address": f"{n} Industrial Road, District {n % 37}",
                "lat": round(latitude + (n % 89) / 1000, 5),
                "lng": round(longitude + (n % 97) / 1000, 5),
                "sector": "Electronics",
                "number_of_workers": f"{n % 900 + 50}-{n % 900 + 500}",
                "product_type": "Laptops|Monitors",
            }
        )
    return rows


def as_xlsx(rows: list[dict[str, Any]]) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, COLUMNS)
        for n, row in enumerate(rows, 1):
            sheet.write_row(n, 0, [row[c] for c in COLUMNS])
    return file.getvalue()


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def ours(engine: Engine, person: str, supplier: str, content: bytes) -> tuple[float, float, int]:
    """Seconds until the preview stands and until all is stored, and how many were."""
    store = engine.store({"sub": person, "role": "authenticated"})
    start = time.perf_counter()
    table = read_table("list.xlsx", content)
    columns = guess(table.frame.columns, [field.name for field in sites.FIELDS])
    outlines = read_outlines(json.loads(OUTLINES.read_text(encoding="utf-8")))
    outcome = sites.read_sites(table, columns, store.rows("production_site"), outlines)
    previewed = time.perf_counter() - start
    answer = store.call(
        "import_site_list",
        {
            "key": str(uuid.uuid4()), "supplier_id": supplier, "title": "List", "source": "",
            "as_of": "2026-01-01", "file_name": "list.xlsx",
            "rows": outcome.accepted.select(sites.COLUMNS).to_dicts(),
        },
    )  # fmt: skip
    return previewed, time.perf_counter() - start, answer["imported"]


def plainest(engine: Engine, content: bytes) -> float:
    start = time.perf_counter()
    codes = {display_name(code): code for code in ("CN", "VN", "MY", "MX", "PL", "IN")}
    rows = [
        (r["name"], r["address"], codes.get(r["country"], "ZZ"), float(r["lat"]), float(r["lng"]),
         r["sector"], r["number_of_workers"], r["product_type"])
        for r in csv.DictReader(io.StringIO(content.decode()))
    ]  # fmt: skip
    with psycopg.connect(engine.owner_address) as db:
        db.execute(
            "create table plain (name text, address text, country text, latitude float,"
            " longitude float, sector text, workers text, product_type text)"
        )
        with db.cursor() as cursor:
            cursor.executemany("insert into plain values (%s, %s, %s, %s, %s, %s, %s, %s)", rows)
    return time.perf_counter() - start


def a_member(engine: Engine) -> tuple[str, str]:
    """An editor and a supplier."""
    person, supplier = str(uuid.uuid4()), str(uuid.uuid4())
    with psycopg.connect(engine.owner_address) as db:
        db.execute("insert into person (id, name, email) values (%s, 'M', 'm@e.org')", [person])
        db.execute(
            "with o as (insert into organisation (name, country, kind)"
            " values ('North', 'SE', 'city') returning id)"
            " insert into organisation_role (organisation_id, person_id, role)"
            " select id, %s, 'editor' from o",
            [person],
        )
        db.execute(
            "insert into supplier (id, name, kind) values (%s, 'Aurora', 'brand')", [supplier]
        )
    return person, supplier


def megabytes(who: int) -> float:
    return resource.getrusage(who).ru_maxrss / 1024


def main(count: int) -> bool:
    rows = listed(count)
    workbook, text = as_xlsx(rows), as_csv(rows)
    del rows
    with tempfile.TemporaryDirectory(prefix="quorum") as folder:
        engine = Engine(Path(folder) / "store")
        try:
            person, supplier = a_member(engine)
            previewed, took, stored = ours(engine, person, supplier, workbook)
            own, child = megabytes(resource.RUSAGE_SELF), megabytes(resource.RUSAGE_CHILDREN)
            other = plainest(engine, text)
        finally:
            engine.close()
    print(
        f"{count} rows, {stored} stored: preview after {previewed:.1f} s, stored after {took:.1f} s"
        f" (bar {SECONDS} s); plainest loader {other:.1f} s: x {took / other:.1f}"
    )
    print(f"peak {own:.0f} MB, its largest child {child:.0f} MB (bar {MEGABYTES} MB)")
    return took > SECONDS or max(own, child) > MEGABYTES


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))
