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


def test_a_click_is_not_lost_when_a_colleague_changes_something_at_that_moment(
    open_page: Open, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page("north admin", "organisation")
    next(b for b in page.main.button if b.label == "Edit").click().run()
    next(t for t in page.text_input if t.label == "Name").set_value("Mine")
    # The counter is asked at every look, and the first look of the run is still the old one.
    answers = iter(["old"])
    held = page.session_state["_quorum_session"]
    asked = held.store.call

    def called(function: str, arguments: object = None) -> object:
        answer = asked(function, arguments)
        return {**answer, "version": next(answers, "new")} if function == "pulse" else answer

    monkeypatch.setattr(held.store, "call", called)
    monkeypatch.setattr("components.session._FRESH_SECONDS", 0)
    next(b for b in page.main.button if b.label == "Save").click().run()
    assert world.owner("select count(*) from organisation where name = 'Mine'") == [(1,)]
