"""Signing in through a Supabase-compatible server, in a real browser."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import ROOT, Server, field_named, go, settled
from tests.browser.test_initiatives import rate, share
from tests.conftest import PASSWORD, World, emptied, small_world
from tests.supabase_server import PUBLISHABLE_KEY, SupabaseServer

pytestmark = pytest.mark.browser
NewBrowser = Callable[..., BrowserContext]
NEW = "lakes and light in June"


@dataclass
class Hosted(Server):
    """The product, set up for a project of Supabase."""

    project: str = ""

    def start(self) -> None:
        settings = {k: v for k, v in os.environ.items() if k != "QUORUM_STORE"}
        settings |= {"SUPABASE_URL": self.project, "SUPABASE_PUBLISHABLE_KEY": PUBLISHABLE_KEY}
        with self.store.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "streamlit_app.py",
                 "--server.port", str(self.port)],
                cwd=ROOT, env=settings, stdout=log, stderr=log,
            )  # fmt: skip
        until = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:  # noqa: S310
                    assert answer.status == 200
                    return
            except OSError:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise
                time.sleep(0.2)


@pytest.fixture
def hosted(supabase: SupabaseServer, tmp_path: Path) -> Iterator[Hosted]:
    server = Hosted(tmp_path / "server.log", project=supabase.url)
    server.start()
    yield server
    server.stop(signal.SIGTERM)


def signed_in(page: Page) -> None:
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()


def test_an_invited_colleague_signs_up_and_in_and_out_everywhere(
    supabase: SupabaseServer, hosted: Hosted, new_browser: NewBrowser
) -> None:
    world = small_world(emptied(supabase))
    token = world["north admin"].store.call(
        "invite_colleague", {"role": "viewer", "note": "", "days": 7}
    )
    here = go(new_browser().new_page(), hosted, f"join?token={token}")
    field_named(here, "Your name").fill("Bo Lind")
    field_named(here, "Your e-mail address").fill("bo@example.org")
    here.get_by_role("textbox", name="Choose a password").fill(NEW)
    here.get_by_role("button", name="Join").click()
    signed_in(here)
    here.reload()
    signed_in(here)

    there = go(new_browser().new_page(), hosted, "account")
    field_named(there, "E-mail address").fill("bo@example.org")
    there.get_by_role("textbox", name="Password").fill(NEW)
    there.get_by_role("button", name="Sign in", exact=True).click()
    signed_in(there)
    settled(there).get_by_role("button", name="Sign out everywhere").click()
    expect(field_named(settled(there), "E-mail address")).to_be_visible()
    expect(field_named(here, "E-mail address")).to_be_visible(timeout=15_000)


def by_password(new_browser: NewBrowser, hosted: Hosted, world: World, actor: str) -> Page:
    page = go(new_browser().new_page(), hosted)
    field_named(page, "E-mail address").fill(world[actor].email)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    signed_in(page)
    return settled(page)


def test_a_rating_is_given_and_shared_and_seen_by_members_only(
    supabase: SupabaseServer, hosted: Hosted, new_browser: NewBrowser
) -> None:
    world = small_world(emptied(supabase))
    editor = by_password(new_browser, hosted, world, "north editor")
    rate(editor, hosted, "3.5", "Workers told us so.")
    member = by_password(new_browser, hosted, world, "south admin")
    outsider = by_password(new_browser, hosted, world, "east admin")
    unrated = "Nobody whose ratings you see has rated it under this rubric."
    expect(go(member, hosted, "initiative?initiative=jac").get_by_text(unrated)).to_be_visible()
    share(editor)
    go(member, hosted, "initiative?initiative=jac")
    expect(member.get_by_role("button", name="Download")).to_be_visible()
    expect(member.get_by_text(unrated)).to_have_count(0)
    expect(go(outsider, hosted, "initiative?initiative=jac").get_by_text(unrated)).to_be_visible()
