"""Which store is opened, and what somebody reads whose settings or project do not fit."""

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import jwt
import pytest
from streamlit.testing.v1 import AppTest

from quorum.__main__ import main
from quorum.store import StoreError, Unavailable, door
from quorum.store.accounts import Accounts
from quorum.store.embedded import Engine
from quorum.store.migrate import SQL, migrate
from quorum.store.supabase import SupabaseStore, _TokenRefused, _Unanswered, something_else
from quorum.store.supabase_accounts import SupabaseAccounts
from tests.conftest import ROOT
from tests.supabase_server import PUBLISHABLE_KEY, SupabaseServer

SETTINGS = ("QUORUM_STORE", "SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_PROVIDER")


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., None]]:
    """`settings(url, key)`: what the installation is set up for. At first: nothing."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    before = set(door._projects)

    def given(url: str = "", key: str = PUBLISHABLE_KEY) -> None:
        monkeypatch.setenv("SUPABASE_URL", url)
        monkeypatch.setenv("SUPABASE_PUBLISHABLE_KEY", key)

    yield given
    for project in set(door._projects) - before:
        door._projects.pop(project).anonymous.close()


# Which store --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("settings")
def test_without_settings_the_embedded_store_is_opened() -> None:
    assert door.project() is None


def test_the_environment_names_a_project(settings: Callable[..., None]) -> None:
    settings("https://name.supabase.co/")
    assert door.project() == door.Project("https://name.supabase.co", PUBLISHABLE_KEY)
    assert isinstance(door.accounts(), SupabaseAccounts)


@pytest.mark.usefixtures("settings")
def test_the_secrets_file_names_a_project(tmp_path: Path) -> None:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text(
        '[supabase]\nurl = "https://a.supabase.co"\npublishable_key = "k"\nprovider = "azure"\n'
    )
    assert door.project() == door.Project("https://a.supabase.co", "k", "azure")


def test_an_older_projects_public_key_is_taken(settings: Callable[..., None]) -> None:
    key = jwt.encode({"role": "anon"}, "x" * 40)
    settings("https://name.supabase.co", key)
    assert door.project() == door.Project("https://name.supabase.co", key)


def test_a_folder_that_is_named_goes_before_a_project(
    settings: Callable[..., None], engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings("https://name.supabase.co")
    monkeypatch.setenv("QUORUM_STORE", str(engine.folder))
    assert isinstance(door.accounts(), Accounts)


@pytest.mark.parametrize(
    ("url", "key", "says"),
    [
        ("name.supabase.co", "k", "The address of the Supabase project is missing or not whole"),
        ("", "k", "The address of the Supabase project is missing or not whole"),
        ("https://a.supabase.co/rest/v1", "k", "or something stands behind it. Set SUPABASE_URL"),
        ("https://a.supabase.co/rest/v1/", "k", "or something stands behind it. Set SUPABASE_URL"),
        ("https://name.supabase.co", "“k”", "holds a character that no key has"),
        ("https://name.supabase.co", "k k", "holds a character that no key has"),
        ("https://name.supabase.co", "", "The publishable key of the Supabase project is missing"),
        ("https://name.supabase.co", "sb_secret_1", "This is the secret key"),
        (
            "https://name.supabase.co",
            jwt.encode({"role": "service_role"}, "x" * 40),
            "This is the secret key",
        ),
    ],
)
def test_settings_that_are_not_whole_say_what_is_missing(
    settings: Callable[..., None], url: str, key: str, says: str
) -> None:
    settings(url, key)
    with pytest.raises(StoreError, match=says):
        door.project()


@pytest.mark.usefixtures("settings")
def test_a_secrets_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text("[supabase\n")
    with pytest.raises(StoreError, match=r"secrets\.toml cannot be read"):
        door.project()


# Projects that cannot be used: the same sentence on the screen and in the terminal -------------


def both_say(capsys: pytest.CaptureFixture[str]) -> str:
    """What `check` says, once the first page has been seen to say the same."""
    assert main(["check"]) == 1
    said = capsys.readouterr().err.strip()
    page = AppTest.from_file(str(ROOT / "components" / "shell.py"), default_timeout=30).run()
    assert not page.exception
    shown = [e.value.replace("\\", "").replace("\u2060", "") for e in page.error]
    assert shown == [said]
    return said


@contextmanager
def answering(status: int, kind: str, body: bytes) -> Iterator[str]:
    """Something at the store's address that is not Supabase."""

    class Something(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Something)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_no_connection(settings: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    settings("http://127.0.0.1:9")
    assert both_say(capsys).startswith("The database does not answer.")


def test_a_name_that_no_server_has(
    settings: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown(*_arguments: object, **_named: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    settings("https://nmae.supabase.co")
    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", unknown)
        said = both_say(capsys)
    assert said.startswith("There is no server with the name nmae.supabase.co. Check the address")


def test_a_server_that_speaks_no_tls(
    settings: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(200, "application/json", b"{}") as url:
        settings(url.replace("http:", "https:"))
        assert both_say(capsys).startswith("Something other than Supabase answers")


def test_a_check_is_one_sentence_and_no_line_of_a_log(
    settings: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As in a process of its own, where nothing has set up logging yet."""
    monkeypatch.setattr(logging.root, "handlers", [])
    monkeypatch.setattr(logging.root, "level", logging.WARNING)
    monkeypatch.setattr("quorum.store.supabase._PAUSES", ())
    settings("http://127.0.0.1:9")
    assert main(["check"]) == 1
    said = "The database does not answer. Try again in a moment; nothing was lost.\n"
    assert capsys.readouterr() == ("", said)


def test_a_wrong_key(
    settings: Callable[..., None], supabase: SupabaseServer, capsys: pytest.CaptureFixture[str]
) -> None:
    settings(supabase.url, "sb_publishable_of_another_project")
    assert both_say(capsys).startswith("Supabase refuses the key of this installation.")


@pytest.mark.parametrize("status", [200, 403, 404])
def test_a_proxy_that_answers_with_a_page_of_its_own(
    settings: Callable[..., None], capsys: pytest.CaptureFixture[str], status: int
) -> None:
    with answering(status, "text/html", b"<html><h1>Sign in to this network</h1></html>") as url:
        settings(url)
        assert both_say(capsys).startswith("Something other than Supabase answers")


def test_a_wrong_address_that_answers_in_json(
    settings: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(404, "application/json", b'{"error": "requested path is invalid"}') as url:
        settings(url)
        assert both_say(capsys).startswith("Something other than Supabase answers")


def test_a_project_without_our_schema(
    settings: Callable[..., None], engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    server = SupabaseServer(engine).start(migrated=False)
    try:
        settings(server.url)
        said = both_say(capsys)
    finally:
        server.close()
    assert said.startswith("This Supabase project does not hold the tables")
    assert "python -m quorum migrate" in said


@pytest.mark.parametrize(
    ("change", "says"),
    [(-1, "This Supabase project is at schema"), (1, "migrated by a newer Quorum")],
)
def test_an_older_and_a_newer_schema(
    settings: Callable[..., None],
    supabase: SupabaseServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: int,
    says: str,
) -> None:
    from quorum.store import supabase_accounts

    known = supabase_accounts.migrations()
    settings(supabase.url)
    monkeypatch.setattr(
        supabase_accounts, "migrations", lambda: [*known, *known][: len(known) - change]
    )
    door._projects.pop(door.Project(supabase.url, PUBLISHABLE_KEY), None)
    assert says in both_say(capsys)


def test_a_project_that_fits(
    settings: Callable[..., None], supabase: SupabaseServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert migrate(supabase.owner_address, shim=False, folder=SQL) == []
    settings(supabase.url)
    assert main(["check"]) == 0
    assert "answers and fits this code" in capsys.readouterr().out


# While somebody is at work ------------------------------------------------------------------------


@pytest.fixture
def which_door() -> str:
    return "supabase"


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        (_Unanswered(arrived=False), "The database does not answer."),
        (Unavailable(something_else()), "Something other than Supabase answers"),
        (_TokenRefused(), "Supabase refuses the key of this installation."),
    ],
)
@pytest.mark.parametrize("page", ["overview", "suppliers", "account"])
def test_a_store_that_goes_away_ends_in_a_sentence_on_the_page(
    open_page: Callable[..., AppTest],
    monkeypatch: pytest.MonkeyPatch,
    problem: Exception,
    says: str,
    page: str,
) -> None:
    app = open_page("north admin", page)
    app.session_state["_quorum_session"].stale()

    def fails(*_arguments: object) -> None:
        raise problem

    with monkeypatch.context() as patch:
        patch.setattr(SupabaseStore, "_once", fails)
        patch.setattr("quorum.store.supabase._PAUSES", ())
        app.run()
    assert not app.exception
    shown = [e.value.replace("\\", "") for e in (*app.error, *app.info)]
    assert any(one.startswith(says) for one in shown), shown
