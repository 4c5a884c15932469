"""The consortium page, as coordinators, members and outsiders see it."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import World

Open = Callable[..., AppTest]


def texts(page: AppTest) -> list[str]:
    parts = (*page.main.markdown, *page.main.caption, *page.main.error, *page.main.warning)
    return [part.value.replace("\\", "") for part in parts]


def buttons(page: AppTest) -> list[str]:
    return [b.label.replace("\\", "") for b in page.main.button]


def press(page: AppTest, label: str) -> AppTest:
    return next(b for b in page.main.button if b.label.replace("\\", "") == label).click().run()


def field(page: AppTest, label: str) -> Any:
    return next(f for f in (*page.text_input, *page.text_area) if f.label == label)


def select_row(page: AppTest, monkeypatch: pytest.MonkeyPatch, organisation_id: str) -> AppTest:
    """The table answers as if the row of this organisation had been clicked."""

    def clicked(frame: pl.DataFrame, *_a: Any, id_column: str | None = None, **_k: Any) -> Any:
        if id_column is None:
            return None
        return frame.filter(pl.col("organisation_id") == organisation_id)[id_column][0]

    monkeypatch.setattr("components.tables.table", clicked)
    return page.run()


def members(page: AppTest) -> dict[str, tuple[Any, ...]]:
    frame = pl.from_pandas(page.dataframe[0].value)
    counts = ("role_name", "assessments", "sites", "spend_lines", "size_classes")
    return {
        row["organisation"]: tuple(row[c] for c in counts) for row in frame.iter_rows(named=True)
    }


# Who is in it -------------------------------------------------------------------------------------


def test_each_members_contributions_are_counted_as_far_as_the_reader_may_see_them(
    open_page: Open, world: World
) -> None:
    supplier = world.supplier()
    shared = world.assessment("south admin", supplier, ["policy_basic"])
    world.assessment("south admin", supplier, ["policy_basic"])
    world.share("south admin", "assessment", [shared])
    world.share("south admin", "site_list", [world.site_list("south admin", supplier, ["A", "B"])])
    lines = world.spend("south admin", supplier, {2023: 1_000, 2024: 2_000, 2025: 3_000})
    world.share("south admin", "spend", lines[:1])
    world.share("south admin", "spend", lines[1:2], level="band")
    world.share("south admin", "spend", lines[2:], level="aggregate")
    expected = {
        "North": ("coordinator", 0, 0, 0, 0),
        "South": ("member", 1, 2, 1, 1),
    }
    # The owner counts what it shares here as the others do.
    assert members(open_page("north viewer", "consortium")) == expected
    assert members(open_page("south admin", "consortium")) == expected


def test_former_members_are_listed_without_what_they_brought(open_page: Open, world: World) -> None:
    page = open_page("north viewer", "consortium")
    assert not page.exception
    assert [e.label for e in page.main.expander] == ["Former members (1)"]


@pytest.mark.parametrize("actor", ["west admin", "east admin"])
def test_outsiders_and_removed_members_see_none_of_it(open_page: Open, actor: str) -> None:
    page = open_page(actor, "consortium")
    assert not page.exception
    assert "**Your organisation is in no consortium**" in texts(page)
    assert "Nordic" not in str([texts(page), [t.value for t in page.title]])
    assert not page.dataframe


def test_only_a_coordinators_admin_is_offered_changes(open_page: Open) -> None:
    assert buttons(open_page("north viewer", "consortium")) == []
    assert buttons(open_page("north editor", "consortium")) == []
    south = buttons(open_page("south admin", "consortium"))
    assert south == ["Leave Nordic ICT buyers", "Found the consortium"]
    assert {"Edit", "Make a link"} <= set(buttons(open_page("north admin", "consortium")))


# Founding and renaming ----------------------------------------------------------------------------


def test_an_admin_founds_a_consortium_and_coordinates_it(open_page: Open, world: World) -> None:
    page = open_page("east admin", "consortium")
    field(page, "Name").set_value("Island buyers")
    page = press(page, "Found the consortium")
    assert [t.value for t in page.title] == ["Island buyers"]
    assert members(page) == {"East": ("coordinator", 0, 0, 0, 0)}


def test_a_consortium_needs_a_name(open_page: Open) -> None:
    page = press(open_page("east admin", "consortium"), "Found the consortium")
    assert "The name of the consortium is missing." in texts(page)


def test_renaming_shows_the_new_name(open_page: Open, world: World) -> None:
    page = press(open_page("north admin", "consortium"), "Edit")
    field(page, "Name").set_value("Nordic buyers of devices")
    page = press(page, "Save")
    assert [t.value for t in page.title] == ["Nordic buyers of devices"]


def test_who_renames_what_somebody_else_just_renamed_sees_both_and_chooses(
    open_page: Open, world: World
) -> None:
    page = press(open_page("north admin", "consortium"), "Edit")
    world.owner("update consortium set name = 'Theirs'")
    field(page, "Name").set_value("Mine")
    page = press(page, "Save")
    assert world.owner("select name from consortium") == [("Theirs",)]
    assert any("Nothing is overwritten" in text for text in texts(page))
    page = press(page, "Save my version")
    assert world.owner("select name from consortium") == [("Mine",)]
    assert [t.value for t in page.title] == ["Mine"]


def test_keeping_the_stored_version_overwrites_nothing(open_page: Open, world: World) -> None:
    page = press(open_page("north admin", "consortium"), "Edit")
    world.owner("update consortium set name = 'Theirs'")
    field(page, "Name").set_value("Mine")
    page = press(press(page, "Save"), "Keep the stored version")
    assert [t.value for t in page.title] == ["Theirs"]


# Inviting -----------------------------------------------------------------------------------------


def test_a_link_is_shown_once_and_then_only_its_note(open_page: Open, world: World) -> None:
    page = open_page("north admin", "consortium")
    field(page, "Whom it is for").set_value("Harbour City")
    page = press(page, "Make a link")
    assert len(page.code) == 1
    token = page.code[0].value.rsplit("=", 1)[1]
    assert len(token) == 64
    assert any(
        text.startswith("Send this link to Harbour City (member). It works once")
        for text in texts(page)
    )
    page = press(page, "I have copied it")
    assert not page.code
    assert token not in str(texts(page))
    assert any(text.startswith("Harbour City, member, until") for text in texts(page))


def test_a_link_can_be_taken_back(open_page: Open, world: World) -> None:
    arguments = {"consortium_id": world.consortium_id, "role": "member", "note": "", "days": 7}
    world["north admin"].store.call("invite_organisation", arguments)
    page = press(open_page("north admin", "consortium"), "Take back")
    assert "No invitation is open." in texts(page)
    assert world.owner("select revoked_at is not null from invitation") == [(True,)]


# Roles, removal, leaving --------------------------------------------------------------------------


def test_a_coordinator_changes_a_role_and_removes_after_a_tick(
    open_page: Open, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    south = world["south admin"].organisation_id
    page = select_row(open_page("north admin", "consortium"), monkeypatch, south)
    page = press(page, "Make coordinator")
    assert world["south admin"].store.call("whoami")["consortia"][0]["role"] == "coordinator"
    remove = next(b for b in page.main.button if b.label == "Remove")
    assert remove.disabled
    tick = next(c for c in page.main.checkbox if c.label.startswith("Remove South from Nordic"))
    page = press(tick.check().run(), "Remove")
    assert world["south admin"].store.call("whoami")["consortia"] == []


def test_the_only_coordinator_is_told_why_it_cannot_leave(open_page: Open) -> None:
    page = open_page("north admin", "consortium")
    page = press(page.checkbox(key="leave-sure").check().run(), "Leave Nordic ICT buyers")
    assert "This is the only coordinator. Make another member coordinator first." in texts(page)


def test_a_member_leaves_after_a_tick_and_is_shown_the_empty_page(
    open_page: Open, world: World
) -> None:
    item = world.assessment("south admin", world.supplier(), ["policy_basic"])
    world.share("south admin", "assessment", [item])
    page = open_page("south admin", "consortium")
    assert any("ends at once (1 receipts in force)" in text for text in texts(page))
    assert next(b for b in page.main.button if b.label.startswith("Leave")).disabled
    page = press(page.checkbox(key="leave-sure").check().run(), "Leave Nordic ICT buyers")
    assert "**Your organisation is in no consortium**" in texts(page)
    assert world["north admin"].store.rows("assessment").is_empty()


def test_names_are_shown_as_they_are_written(open_page: Open, world: World) -> None:
    world.owner("update consortium set name = '**Bold** [x](http://evil.example) :tada:'")
    page = open_page("north admin", "consortium")
    assert not page.exception
    assert page.title[0].value.startswith("\\*\\*Bold\\*\\* \\[x\\]\\(http")
