"""The account page: name, password, signing out."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import PASSWORD, World

pytestmark = pytest.mark.both_doors

Open = Callable[..., AppTest]
NEW = "lakes and light in June"


def texts(page: AppTest) -> list[str]:
    parts = (*page.main.markdown, *page.main.error, *page.main.success)
    return [part.value.replace("\\", "") for part in parts]


def press(page: AppTest, label: str) -> AppTest:
    return next(b for b in page.main.button if b.label == label).click().run()


def field(page: AppTest, label: str) -> Any:
    return next(f for f in page.text_input if f.label == label)


def change(page: AppTest, old: str, new: str, again: str) -> AppTest:
    field(page, "Present password").set_value(old)
    field(page, "New password").set_value(new)
    field(page, "New password again").set_value(again)
    return press(page, "Change the password")


def test_everybody_sees_their_own_account(open_page: Open) -> None:
    page = open_page("north viewer", "account")
    assert not page.exception
    assert "**north viewer**, north.\u2060viewer@example.org".replace("\u2060", "") in [
        text.replace("\u2060", "") for text in texts(page)
    ]
    assert "Viewer of North" in texts(page)


def test_a_new_name_is_seen_at_once(open_page: Open) -> None:
    page = press(open_page("north viewer", "account"), "Change your name")
    field(page, "Your name").set_value("Vera Nord")
    page = press(page, "Save")
    assert [c.value for c in page.sidebar.caption] == ["Vera Nord · North"]


def test_a_name_cannot_be_empty(open_page: Open, world: World) -> None:
    page = press(open_page("north viewer", "account"), "Change your name")
    field(page, "Your name").set_value(" ")
    page = press(page, "Save")
    assert "A value does not fit. Check the form and try again." in texts(page)


def test_the_password_is_changed_and_the_session_stays(open_page: Open, world: World) -> None:
    page = change(open_page("north viewer", "account"), PASSWORD, NEW, NEW)
    assert "The password is changed. You are signed out in all other browsers." in texts(page)
    assert [t.value for t in page.run().title] == ["Your account"]
    email = world["north viewer"].email
    assert world.accounts.sign_in(email, NEW) == world["north viewer"].id


def test_two_different_new_passwords_change_nothing(open_page: Open, world: World) -> None:
    page = change(open_page("north viewer", "account"), PASSWORD, NEW, f"{NEW}!")
    assert "The two new passwords are not the same. Nothing was changed." in texts(page)
    email = world["north viewer"].email
    assert world.accounts.sign_in(email, PASSWORD) == world["north viewer"].id


def test_a_wrong_present_password_changes_nothing(open_page: Open) -> None:
    page = change(open_page("north viewer", "account"), "not this one", NEW, NEW)
    assert "The present password is not right." in texts(page)


def test_who_has_no_password_is_told_so(open_page: Open, world: World) -> None:
    world.owner("update auth.users set encrypted_password = null")
    page = open_page("north viewer", "account")
    sentence = "You stepped into the demo without a password, so there is none to change."
    assert sentence in texts(page)
    assert not page.text_input


def test_signing_out_everywhere_ends_every_session(open_page: Open, world: World) -> None:
    other = world.token("north viewer")
    press(open_page("north viewer", "account"), "Sign out everywhere")
    assert world.accounts.session(other) is None
    assert world.owner(f"select count(*) from {world.sessions}") == [(0,)]


def test_signing_out_here_keeps_the_other_browser(open_page: Open, world: World) -> None:
    other = world.token("north viewer")
    press(open_page("north viewer", "account"), "Sign out here")
    assert world.accounts.session(other) is not None
    assert world.owner(f"select count(*) from {world.sessions}") == [(1,)]


def test_a_browser_that_was_signed_out_elsewhere_shows_the_sign_in_form(
    open_page: Open, world: World
) -> None:
    page = open_page("north viewer", "account")
    press(open_page("north viewer", "account"), "Sign out everywhere")
    page.session_state["_quorum_session"].stale()
    page.run()
    assert [t.label for t in page.text_input] == ["E-mail address", "Password"]
