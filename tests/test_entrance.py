"""Signing in, the first organisation, and what a session can stand."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
import streamlit as st
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.testing.v1 import AppTest

from quorum.store import Refused, Unavailable
from quorum.store.accounts import Accounts, Session
from quorum.store.embedded import Engine
from tests.conftest import PASSWORD, ROOT, World

Open = Callable[..., AppTest]
WRONG = "This address and password do not belong together. Check both."
NEW = "lakes and light in June"


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cookies as a browser has them that has loaded the page once."""
    monkeypatch.setattr(
        "components.session.cookies",
        lambda: {
            "quorum_session": st.session_state.get("test_cookie", ""),
            "quorum_browser": "this browser",
        },
    )


def shell(token: str = "") -> AppTest:
    app = AppTest.from_file(str(ROOT / "components" / "shell.py"), default_timeout=30)
    app.session_state["test_cookie"] = token
    return app.run()


def field(page: AppTest, label: str) -> Any:
    return next(f for f in (*page.text_input, *page.selectbox) if f.label == label)


def press(page: AppTest, label: str) -> AppTest:
    return next(b for b in page.button if b.label == label).click().run()


def sign_in(page: AppTest, email: str, password: str) -> AppTest:
    field(page, "E-mail address").set_value(email)
    field(page, "Password").set_value(password)
    return press(page, "Sign in")


def left_for(page: AppTest) -> tuple[str, str]:
    """The one-time code with which the page leaves, and the page it is to come back to."""
    found = re.search(r"replace\('/session/([\w-]+)\?to=([^']*)'\)", page.get("html")[0].proto.body)
    assert found, page.get("html")
    return found[1], unquote(found[2])


def session_of(world: World, actor: str) -> Session:
    found = Accounts(world.engine).session(world.token(actor))
    assert found is not None
    return found


# The form -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("browser")
def test_the_right_password_leads_to_the_page_that_was_asked_for(
    world: World,
) -> None:
    page = sign_in(shell(), world["south admin"].email, PASSWORD)
    code, back = left_for(page)
    token = Accounts(world.engine).open_session(code, "this browser")
    assert token is not None
    assert back == ""
    assert [t.value for t in shell(token).sidebar.caption] == ["south admin · South"]


@pytest.mark.usefixtures("browser")
def test_an_unknown_address_and_a_wrong_password_get_the_same_sentence(world: World) -> None:
    known = sign_in(shell(), world["south admin"].email, "not this one")
    unknown = sign_in(shell(), "nobody@example.org", "not this one")
    assert [e.value for e in known.error] == [e.value for e in unknown.error]
    assert known.error[0].value.replace("\\", "") == WRONG


def test_without_cookies_nobody_is_signed_in(open_page: Open, world: World) -> None:
    page = sign_in(open_page(None), world["south admin"].email, PASSWORD)
    assert page.error[0].value.startswith("Your browser keeps no cookies")
    assert not page.get("html")


def test_five_failures_close_an_address_for_a_quarter_of_an_hour(world: World) -> None:
    accounts, email = Accounts(world.engine), world["south admin"].email
    for _attempt in range(5):
        with pytest.raises(Refused, match="do not belong together"):
            accounts.sign_in(email.upper(), "not this one")
    with pytest.raises(Refused, match="Too many attempts"):
        accounts.sign_in(email, PASSWORD)
    assert accounts.sign_in(world["north admin"].email, PASSWORD) == world["north admin"].id
    world.owner("update auth.failed_sign_ins set at = at - interval '15 minutes'")
    assert accounts.sign_in(email, PASSWORD) == world["south admin"].id


def test_an_unknown_address_is_closed_in_the_same_way(world: World) -> None:
    accounts = Accounts(world.engine)
    for _attempt in range(5):
        with pytest.raises(Refused, match="do not belong together"):
            accounts.sign_in("nobody@example.org", "not this one")
    with pytest.raises(Refused, match="Too many attempts"):
        accounts.sign_in("nobody@example.org", "not this one")


def test_demo_members_exist_only_in_a_demo_store(world: World) -> None:
    accounts = Accounts(world.engine)
    assert accounts.demo_members() == []
    with pytest.raises(Refused, match="only in a demo store"):
        accounts.sign_in_demo(world["north admin"].id)
    world.owner("update auth.store set demo = true")
    assert len(accounts.demo_members()) == 6
    assert accounts.sign_in_demo(world["north admin"].id) == world["north admin"].id


def test_members_of_a_demo_see_on_every_page_that_it_is_one(open_page: Open, world: World) -> None:
    def said(page: AppTest) -> bool:
        return "Demo: all of it is fictional." in [one.value for one in page.sidebar.caption]

    assert not said(open_page("north viewer"))
    world.owner("update auth.store set demo = true")
    assert said(open_page("north viewer")) and said(open_page("north viewer", "suppliers"))


# The code between form and cookie -----------------------------------------------------------------


def test_a_code_works_once(world: World) -> None:
    accounts = Accounts(world.engine)
    code = accounts.open_code(world["south admin"].id, "mine")
    assert accounts.open_session(code, "mine") is not None
    assert accounts.open_session(code, "mine") is None


def test_a_code_works_only_in_the_browser_that_asked_and_is_spent_by_another(
    world: World,
) -> None:
    accounts = Accounts(world.engine)
    code = accounts.open_code(world["south admin"].id, "mine")
    assert accounts.open_session(code, "another") is None
    assert accounts.open_session(code, "mine") is None


def test_a_code_works_for_a_minute(world: World) -> None:
    accounts = Accounts(world.engine)
    code = accounts.open_code(world["south admin"].id, "mine")
    world.owner("update auth.sign_in_codes set expires_at = expires_at - interval '60 seconds'")
    assert accounts.open_session(code, "mine") is None


def test_codes_and_cookies_are_stored_as_hashes_only(world: World) -> None:
    accounts = Accounts(world.engine)
    code = accounts.open_code(world["south admin"].id, "mine")
    token = world.token("south admin")
    stored = world.owner(
        "select (select string_agg(c::text, ' ') from auth.sign_in_codes c)"
        " || (select string_agg(s::text, ' ') from auth.sessions s)"
    )[0][0]
    assert code not in stored
    assert token not in stored


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example", "../x", "sites%0d%0ax", "/\\evil", "sites/x"]
)
def test_sign_in_comes_back_to_a_page_of_the_product_and_nowhere_else(to: str) -> None:
    from streamlit_app import local_path

    assert local_path(to) == "/"


def test_sign_in_comes_back_with_what_the_page_was_asked_to_show() -> None:
    from streamlit_app import local_path

    assert local_path("supplier?supplier=1-2") == "/supplier?supplier=1-2"
    assert local_path("audit?period=Last%2030%20days") == "/audit?period=Last%2030%20days"
    assert local_path("audit?x=\r\nSet-Cookie: a") == "/audit?x=%0D%0ASet-Cookie%3A%20a"


def test_the_first_page_can_be_asked_for_by_its_name() -> None:
    from starlette.requests import Request

    from streamlit_app import first_page

    scope = {"type": "http", "path": "/overview", "query_string": b"a=1&b=2", "headers": []}
    scope["server"] = ("127.0.0.1", 80)
    answer = first_page(Request(scope))
    assert (answer.status_code, answer.headers["location"]) == (303, "/?a=1&b=2")


def test_a_stranger_is_not_told_why_the_store_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from starlette.requests import Request

    from streamlit_app import health

    def fails() -> None:
        raise Unavailable("The database in /srv/quorum could not be started.")

    monkeypatch.setattr("quorum.store.door.accounts", fails)
    answer = health(Request({"type": "http"}))
    assert (answer.status_code, bytes(answer.body)) == (503, b'{"status":"unavailable"}')
    assert "The database in /srv/quorum could not be started." in caplog.text


def test_a_look_of_the_screen_takes_no_press_along() -> None:
    from streamlit_app import without_presses

    def message(auto: bool, *states: tuple[str, object]) -> BackMsg:
        made = BackMsg()
        made.rerun_script.is_auto_rerun = auto
        made.rerun_script.fragment_id = "looks"
        for n, (kind, value) in enumerate(states):
            state = made.rerun_script.widget_states.widgets.add(id=f"widget {n}")
            if kind == "chat_input_value":
                state.chat_input_value.data = str(value)
            elif kind == "string_trigger_value":
                state.string_trigger_value.data = str(value)
            else:
                setattr(state, kind, value)
        return made

    typed = ("string_value", "half a thou")
    presses = [
        ("trigger_value", True), ("string_trigger_value", "chosen"),
        ("json_trigger_value", "[1]"), ("chat_input_value", "said"),
    ]  # fmt: skip
    look = message(True, typed, *presses).SerializeToString()
    assert BackMsg.FromString(without_presses(look)) == message(True, typed)
    press = message(False, typed, *presses)
    for other in (press, message(True, typed), BackMsg(app_heartbeat=True)):
        assert without_presses(other.SerializeToString()) == other.SerializeToString()
    assert without_presses(b"\xff no message") == b"\xff no message"


# Sessions -----------------------------------------------------------------------------------------


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(world: World) -> None:
    accounts = Accounts(world.engine)
    here, elsewhere = world.token("south admin"), world.token("south admin")
    other_person = world.token("north admin")
    mine = accounts.session(here)
    assert mine is not None
    accounts.change_password(mine, PASSWORD, NEW)
    assert accounts.session(here) is not None
    assert accounts.session(elsewhere) is None
    assert accounts.session(other_person) is not None
    with pytest.raises(Refused):
        accounts.sign_in(world["south admin"].email, PASSWORD)
    assert accounts.sign_in(world["south admin"].email, NEW) == world["south admin"].id


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("not this one", NEW, "The present password is not right"),
        (PASSWORD, "short", "too short"),
        ("", NEW, "The present password is not right"),
    ],
)
def test_a_password_is_not_changed_without_the_old_one_or_to_a_weak_one(
    world: World, old: str, new: str, says: str
) -> None:
    accounts, mine = Accounts(world.engine), session_of(world, "south admin")
    with pytest.raises(Refused, match=says):
        accounts.change_password(mine, old, new)
    assert accounts.sign_in(world["south admin"].email, PASSWORD) == world["south admin"].id


def test_signing_out_everywhere_ends_all_of_ones_sessions_and_nobody_elses(world: World) -> None:
    accounts = Accounts(world.engine)
    tokens = [world.token("south admin") for _ in range(3)]
    others = world.token("north admin")
    mine = accounts.session(tokens[0])
    assert mine is not None
    accounts.close_all(mine)
    assert [accounts.session(token) for token in tokens] == [None, None, None]
    assert accounts.session(others) is not None


def test_signing_out_here_leaves_the_other_browser_signed_in(world: World) -> None:
    accounts = Accounts(world.engine)
    here, there = world.token("south admin"), world.token("south admin")
    accounts.close_session(here)
    assert accounts.session(here) is None
    assert accounts.session(there) is not None


def test_a_session_ends_after_its_days(world: World) -> None:
    token = world.token("south admin")
    world.owner("update auth.sessions set not_after = now()")
    assert Accounts(world.engine).session(token) is None


# New accounts -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("browser")
def test_an_empty_store_begins_with_its_first_organisation(store: Engine) -> None:
    page = shell()
    assert [t.value for t in page.title] == ["Set up Quorum"]
    page = press(page, "Create organisation")
    assert [e.value.replace("\\", "") for e in page.error] == [
        "Your name is missing: colleagues see it beside what you do."
    ]
    for label, text in {
        "Name of your organisation": "City of Brunna",
        "Country": "SE",
        "Your name": "Ann Holm",
        "Your e-mail address": "ann@brunna.example",
        "Choose a password": NEW,
    }.items():
        field(page, label).set_value(text)
    page = press(page, "Create organisation")
    token = Accounts(store).open_session(left_for(page)[0], "this browser")
    assert token is not None
    assert [c.value for c in shell(token).sidebar.caption] == ["Ann Holm · City of Brunna"]


@pytest.mark.usefixtures("browser")
def test_an_account_whose_organisation_could_not_be_made_gets_the_form_again(
    store: Engine,
) -> None:
    accounts = Accounts(store)
    user = accounts.create("ann@brunna.example", NEW)
    token = accounts.open_session(accounts.open_code(user, "this browser"), "this browser")
    assert token is not None
    page = shell(token)
    assert [t.value for t in page.title] == ["You do not belong to an organisation"]
    for label, text in {
        "Name of your organisation": "City of Brunna",
        "Country": "SE",
        "Your name": "Ann Holm",
        "Your e-mail address": "ann@brunna.example",
    }.items():
        field(page, label).set_value(text)
    page = press(page, "Create organisation")
    assert [c.value for c in page.sidebar.caption] == ["Ann Holm · City of Brunna"]


def test_without_an_invitation_there_are_no_accounts(world: World) -> None:
    with pytest.raises(Refused, match="not valid any more"):
        Accounts(world.engine).create("bo@example.org", NEW)


@pytest.mark.parametrize("address", ["bo", "bo@example", "bo bo@example.org", "@example.org", ""])
def test_an_address_that_is_none_is_refused(store: Engine, address: str) -> None:
    with pytest.raises(Refused, match="not complete"):
        Accounts(store).create(address, NEW)


def test_an_invited_colleague_makes_an_account_and_is_in(
    open_page: Open, browser: None, world: World
) -> None:
    token = world["north admin"].store.call(
        "invite_colleague", {"role": "viewer", "note": "", "days": 7}
    )
    page = open_page(None, "join", token=token)
    assert "North invites you as viewer." in [m.value for m in page.markdown]
    assert "Country" not in [s.label for s in page.selectbox]
    for label, text in {
        "Your name": "Bo Lind",
        "Your e-mail address": "bo@example.org",
        "Choose a password": NEW,
    }.items():
        field(page, label).set_value(text)
    page = press(page, "Join")
    session = Accounts(world.engine).open_session(left_for(page)[0], "this browser")
    assert session is not None
    assert [c.value for c in shell(session).sidebar.caption] == ["Bo Lind · North"]


def test_who_has_an_account_signs_in_and_comes_back_to_the_invitation(
    open_page: Open, browser: None, world: World
) -> None:
    arguments = {"consortium_id": world.consortium_id, "role": "member", "note": "", "days": 7}
    token = world["north admin"].store.call("invite_organisation", arguments)
    page = sign_in(open_page(None, "join", token=token), world["east admin"].email, PASSWORD)
    assert left_for(page)[1] == f"join?token={token}"


def test_who_was_let_go_is_told_what_to_do(open_page: Open, world: World) -> None:
    page = open_page("north viewer")
    world.owner("delete from organisation_role where role = 'viewer'")
    page.session_state["_quorum_session"].stale()
    page.run()
    assert [t.value for t in page.title] == ["You do not belong to an organisation"]
    assert [b.label for b in page.button] == ["Sign out"]
