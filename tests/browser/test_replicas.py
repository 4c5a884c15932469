"""Two servers of the product on one Supabase-compatible store, as behind a proxy that shares out
the members."""

import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from quorum.store.backup import broken_rules
from tests.browser.conftest import choose, field_named, go, settled, type_date
from tests.browser.test_supabase import Hosted, signed_in
from tests.conftest import PASSWORD, World, emptied, small_world
from tests.supabase_server import SupabaseServer

pytestmark = pytest.mark.browser
NewBrowser = Callable[..., BrowserContext]

SITES = 40
LIST = "name,address,country\n" + "".join(
    f"Works {n},Lindenweg {n} Halle,Germany\n" for n in range(1, SITES + 1)
)
_GATE = 4711


@pytest.fixture
def world(supabase: SupabaseServer) -> Iterator[World]:
    yield small_world(emptied(supabase))
    supabase.hang_up()


@pytest.fixture
def replicas(supabase: SupabaseServer, tmp_path: Path) -> Iterator[list[Hosted]]:
    made = [Hosted(tmp_path / name, project=supabase.url) for name in ("one", "two")]
    for replica in made:
        replica.start()
    yield made
    for replica in made:
        if replica.process is not None and replica.process.poll() is None:
            replica.stop()


def sign_in(context: BrowserContext, replica: Hosted, world: World, actor: str, path: str) -> Page:
    page = go(context.new_page(), replica, path)
    field_named(page, "E-mail address").fill(world[actor].email)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    signed_in(page)
    return settled(page)


@contextmanager
def held_up(world: World) -> Iterator[Callable[[], None]]:
    """Whoever stores sites waits inside their transaction. Call what is given to await somebody
    there; they go on at the end."""
    with psycopg.connect(world.engine.owner_address, autocommit=True) as gate:
        gate.execute(
            "create function public.wait_at_the_gate() returns trigger language plpgsql as"
            f" $$ begin perform pg_advisory_xact_lock_shared({_GATE}); return null; end $$;"
            "create trigger gate after insert on production_site"
            " for each statement execute function wait_at_the_gate()"
        )
        gate.execute("select pg_advisory_lock(%s)", [_GATE])

        def somebody_waits() -> None:
            while not gate.execute(
                "select from pg_locks where locktype = 'advisory' and objid = %s and not granted",
                [_GATE],
            ).fetchall():
                time.sleep(0.05)

        try:
            yield somebody_waits
        finally:
            gate.execute("select pg_advisory_unlock(%s)", [_GATE])
            # Granted again when the transaction that waited has ended, one way or the other.
            gate.execute("select pg_advisory_lock(%s)", [_GATE])
            gate.execute("drop function public.wait_at_the_gate cascade")


def test_what_one_replica_writes_the_other_shows_within_five_seconds(
    world: World, replicas: list[Hosted], new_browser: NewBrowser
) -> None:
    supplier = world.supplier("Aurora Devices")
    path = f"supplier?supplier={supplier}"
    here = sign_in(new_browser(), replicas[0], world, "north admin", path)
    there = sign_in(new_browser(), replicas[1], world, "south admin", path)
    expect(there.get_by_role("heading", level=1)).to_have_text("Aurora Devices")
    here.get_by_role("button", name="Edit this entry").click()
    here.get_by_role("textbox", name=re.compile("^Name")).first.fill("Borealis Devices")
    here.get_by_role("button", name="Save", exact=True).click()
    expect(here.get_by_role("heading", level=1)).to_have_text("Borealis Devices")
    expect(there.get_by_role("heading", level=1)).to_have_text("Borealis Devices", timeout=5_000)


def test_a_replica_killed_in_the_middle_of_an_import_leaves_nothing_half_written(
    world: World, replicas: list[Hosted], new_browser: NewBrowser
) -> None:
    world.supplier("Aurora Devices")
    context = new_browser()
    page = sign_in(context, replicas[0], world, "north editor", "import_sites")
    page.locator("input[type=file]").set_input_files(
        {"name": "sites.csv", "mimeType": "text/csv", "buffer": LIST.encode()}
    )
    settled(page)
    choose(page, "Supplier whose list this is (required)", "Aurora")
    settled(page)
    type_date(page, "Date of the list (required)", "2026-10-01")
    with held_up(world) as somebody_waits:
        page.get_by_role("button", name=re.compile(f"^Store {SITES} sites$")).click()
        somebody_waits()
        replicas[0].stop(signal.SIGKILL)
        assert world.owner("select count(*) from site_list") == [(0,)]  # nobody sees half of it
    lists = world.owner("select row_count from site_list")
    sites = world.owner("select count(*) from production_site")
    assert (lists, sites) in [([], [(0,)]), ([(SITES,)], [(SITES,)])]
    assert broken_rules(world.engine) == []

    # The other replica goes on with the same cookie.
    other = go(context.new_page(), replicas[1], "sites")
    signed_in(other)
    shown = other.get_by_text("No production site yet") if not lists else other.get_by_text("Sites")
    expect(shown.first).to_be_visible()
