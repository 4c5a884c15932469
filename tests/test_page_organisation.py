"""The organisation's page: details, people, invitations of colleagues."""

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
    return [b.label for b in page.main.button]


def press(page: AppTest, label: str) -> AppTest:
    return next(b for b in page.main.button if b.label == label).click().run()


def field(page: AppTest, label: str) -> Any:
    return next(f for f in (*page.text_input, *page.selectbox) if f.label == label)


def select_person(page: AppTest, monkeypatch: pytest.MonkeyPatch, person_id: str) -> AppTest:
    """The table answers as if the row of this person had been clicked."""

    def clicked(frame: pl.DataFrame, *_a: Any, id_column: str | None = None, **_k: Any) -> Any:
        known = id_column is not None and person_id in frame[id_column].to_list()
        return person_id if known else None

    monkeypatch.setattr("components.tables.table", clicked)
    return page.run()


def people(page: AppTest) -> list[tuple[str, str]]:
    return pl.from_pandas(page.dataframe[0].value).select("name", "role_name").rows()


def test_everybody_sees_the_details_and_colleagues(open_page: Open) -> None:
    page = open_page("north viewer", "organisation")
    assert not page.exception
    assert [t.value for t in page.title] == ["North"]
    assert "City or municipality, Sweden" in texts(page)
    assert people(page) == [
        ("north admin", "admin"),
        ("north editor", "editor"),
        ("north viewer", "viewer"),
    ]


@pytest.mark.parametrize("actor", ["north viewer", "north editor"])
def test_only_admins_are_offered_changes(open_page: Open, actor: str) -> None:
    page = open_page(actor, "organisation")
    assert buttons(page) == []
    assert "An admin of your organisation can invite colleagues and change roles." in texts(page)


def test_nobody_sees_the_people_of_another_organisation(open_page: Open) -> None:
    page = open_page("south admin", "organisation")
    assert people(page) == [("south admin", "admin")]
    assert "north" not in str(texts(page))


def test_an_admin_edits_the_details(open_page: Open, world: World) -> None:
    page = press(open_page("north admin", "organisation"), "Edit")
    field(page, "Name").set_value("North Shore")
    field(page, "Country").set_value("NO")
    page = press(page, "Save")
    assert [t.value for t in page.title] == ["North Shore"]
    assert "City or municipality, Norway" in texts(page)


def test_an_edit_that_a_colleague_overtook_is_shown_side_by_side(
    open_page: Open, world: World
) -> None:
    page = press(open_page("north admin", "organisation"), "Edit")
    world.owner("update organisation set name = 'Theirs' where name = 'North'")
    field(page, "Name").set_value("Mine")
    page = press(page, "Save")
    assert any("Nothing is overwritten" in text for text in texts(page))
    assert world.owner("select count(*) from organisation where name = 'Theirs'") == [(1,)]
    page = press(page, "Keep the stored version")
    assert [t.value for t in page.title] == ["Theirs"]


def test_cancelling_an_edit_changes_nothing(open_page: Open) -> None:
    page = press(open_page("north admin", "organisation"), "Edit")
    field(page, "Name").set_value("Mine")
    page = press(page, "Cancel")
    assert [t.value for t in page.title] == ["North"]
    assert "Edit" in buttons(page)


def test_an_admin_changes_a_colleagues_role(
    open_page: Open, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = world["north viewer"]
    page = select_person(open_page("north admin", "organisation"), monkeypatch, viewer.id)
    page.radio(key=f"person-{viewer.id}-role-viewer").set_value("editor")
    page = press(page, "Save the role")
    assert viewer.store.call("whoami")["role"] == "editor"


def test_letting_go_asks_for_a_tick_first(
    open_page: Open, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = world["north viewer"]
    page = select_person(open_page("north admin", "organisation"), monkeypatch, viewer.id)
    assert next(b for b in page.main.button if b.label == "Let go").disabled
    page = page.checkbox(key=f"person-{viewer.id}-sure").check().run()
    press(page, "Let go")
    assert viewer.store.call("whoami") == {}


def test_the_only_admin_is_told_why_they_stay(
    open_page: Open, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = world["north admin"]
    page = select_person(open_page("north admin", "organisation"), monkeypatch, admin.id)
    page.radio(key=f"person-{admin.id}-role-admin").set_value("viewer")
    page = press(page, "Save the role")
    assert "This is the only admin. Make a colleague admin first." in texts(page)
    assert admin.store.call("whoami")["role"] == "admin"


def test_a_colleague_is_invited_by_a_link_shown_once(open_page: Open, world: World) -> None:
    page = open_page("north admin", "organisation")
    field(page, "Whom it is for").set_value("Bo")
    page = press(page, "Make a link")
    assert len(page.code[0].value.rsplit("=", 1)[1]) == 64
    assert world.owner("select role, note from invitation") == [("viewer", "Bo")]
    page = press(press(page, "I have copied it"), "Take back")
    assert not page.code
    assert "No invitation is open." in texts(page)


def test_a_link_leads_to_the_address_that_the_installation_is_known_by(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUORUM_URL", "https://quorum.example.org")
    page = press(open_page("north admin", "organisation"), "Make a link")
    assert page.code[0].value.startswith("https://quorum.example.org/join?token=")
