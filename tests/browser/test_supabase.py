"""Signing in through a Supabase-compatible server, in a real browser."""

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Server, field_named, go, settled
from tests.conftest import emptied, small_world
from tests.supabase_server import PUBLISHABLE_KEY, SupabaseServer

pytestmark = pytest.mark.browser
NewBrowser = Callable[..., BrowserContext]
NEW = "lakes and light in June"


@dataclass
class Hosted(Server):
    """The product, set up for a project of Supabase."""

    project: str = ""

    @property
    def environment(self) -> dict[str, str]:
        settings = {k: v for k, v in os.environ.items() if k != "QUORUM_STORE"}
        return {
            **settings, "SUPABASE_URL": self.project, "SUPABASE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
        }  # fmt: skip


@pytest.fixture
def hosted(supabase: SupabaseServer, tmp_path: Path) -> Iterator[Hosted]:
    server = Hosted(tmp_path / "server", project=supabase.url)
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
