"""Signing in, and what the shell shows to whom."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import World

pytestmark = pytest.mark.both_doors

Open = Callable[..., AppTest]


def test_nobody_sees_only_the_sign_in_form(open_page: Open) -> None:
    page = open_page(None)
    assert [t.label for t in page.text_input] == ["E-mail address", "Password"]
    assert not page.exception


def test_a_member_sees_the_overview(open_page: Open) -> None:
    page = open_page("north viewer")
    assert [t.value for t in page.title] == ["Overview"]
    assert not page.exception


def test_a_session_that_ended_elsewhere_shows_the_sign_in_form(
    open_page: Open, world: World
) -> None:
    page = open_page("north viewer")
    world.owner(f"delete from {world.sessions}")
    page.session_state["_quorum_session"].stale()
    page.run()
    assert [t.label for t in page.text_input] == ["E-mail address", "Password"]
