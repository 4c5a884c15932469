"""Signing in through the organisation's identity provider, behind both doors."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Server, field_named, go, settled
from tests.browser.test_supabase import Hosted, signed_in
from tests.conftest import World, emptied, small_world
from tests.identity_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    IdentityProvider,
    running_provider,
)

pytestmark = pytest.mark.browser
NewBrowser = Callable[..., BrowserContext]

SECRETS = """
[auth]
redirect_uri = "{here}/oauth2callback"
cookie_secret = "a secret of the tests, forty letters long"
client_id = "{client_id}"
client_secret = "{client_secret}"
server_metadata_url = "{provider}/.well-known/openid-configuration"
expose_tokens = "id"
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    with running_provider() as running:
        yield running


@pytest.fixture(params=["embedded", "supabase"])
def place(
    request: pytest.FixtureRequest, provider: IdentityProvider, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[World, Server]]:  # fmt: skip
    """The small world and the app before it, set up for the provider."""
    if request.param == "embedded":
        engine = request.getfixturevalue("engine")
        world = small_world(emptied(engine))
        app = Server(engine.folder)
    else:
        project = request.getfixturevalue("supabase")
        world = small_world(emptied(project))
        project.trust(provider.url, CLIENT_ID)
        monkeypatch.setenv("SUPABASE_PROVIDER", "keycloak")
        app = Hosted(tmp_path / "server", project=project.url)
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(
        SECRETS.format(
            here=app.url, provider=provider.url, client_id=CLIENT_ID, client_secret=CLIENT_SECRET
        ),
        encoding="utf-8",
    )
    app.arguments = ("--secrets.files", str(secrets))
    app.start()
    yield world, app
    app.stop()
    if isinstance(app, Hosted):
        world.engine.hang_up()


def through(page: Page, app: Server, provider: IdentityProvider, **person: Any) -> Page:
    """Presses the button, as whom the provider knows."""
    provider.person = person
    go(page, app)
    page.get_by_role("button", name="Sign in through your organisation").click()
    page.wait_for_url(f"{app.url}/")
    return settled(page)


def test_whom_the_organisation_names_is_in(
    place: tuple[World, Server], provider: IdentityProvider, new_browser: NewBrowser
) -> None:
    world, app = place
    page = new_browser().new_page()
    through(page, app, provider, email=world["south admin"].email, email_verified=True)
    signed_in(page)
    expect(page.get_by_text("south admin · South")).to_be_visible()
    page.reload()
    signed_in(page)
    # What the provider once said does not undo a sign-out.
    page.get_by_role("button", name="Sign out", exact=True).click()
    again = page.get_by_role("button", name="Sign in through your organisation")
    expect(again).to_be_visible()


def test_whom_nobody_knows_or_vouches_for_is_told_what_to_do(
    place: tuple[World, Server], provider: IdentityProvider, new_browser: NewBrowser
) -> None:
    world, app = place
    page = new_browser().new_page()
    known = world["south admin"].email
    through(page, app, provider, email=known, email_verified=False)
    expect(page.get_by_test_id("stAlert").first).to_be_visible()
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_have_count(0)
    if not isinstance(app, Hosted):
        expect(page.get_by_text("names no verified e-mail address")).to_be_visible()
        stranger = new_browser().new_page()
        through(stranger, app, provider, email="nobody@example.org", email_verified=True)
        expect(stranger.get_by_text("no account with your address")).to_be_visible()


def test_an_invited_colleague_joins_through_the_organisation(
    place: tuple[World, Server], provider: IdentityProvider, new_browser: NewBrowser
) -> None:
    world, app = place
    token = world["north admin"].store.call(
        "invite_colleague", {"role": "viewer", "note": "", "days": 7}
    )
    page = new_browser().new_page()
    through(page, app, provider, email="bo@example.org", email_verified=True)
    # On the way back the browser gets its cookie: to leave earlier would be to lose it.
    told = page.get_by_text("no account with your address")
    expect(told.or_(page.get_by_text("new invitation, then open its link"))).to_be_visible()
    go(page, app, f"join?token={token}")
    expect(page.get_by_text("North invites you as viewer.")).to_be_visible()
    field_named(page, "Your name").fill("Bo Lind")
    field_named(page, "Your e-mail address").fill("bo@example.org")
    page.get_by_role("button", name="Join", exact=True).click()
    expect(page.get_by_text("Bo Lind · North")).to_be_visible()
