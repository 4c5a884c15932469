"""The page of production sites: who sees which, filters, lists, and what changed."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import World, select_row

Opener = Callable[..., AppTest]


def metrics(app: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in app.metric}


def texts(app: AppTest) -> str:
    found = [*app.markdown, *app.caption, *app.warning, *app.info, *app.error, *app.success]
    return "\n".join(one.value.replace("\\", "") for one in found)


@pytest.fixture
def two_lists(world: World) -> dict[str, str]:
    """North's private list of Aurora and South's shared list of Borealis; "Ash" is in both."""
    aurora, borealis = world.supplier("Aurora Devices"), world.supplier("Borealis Computing")
    north = world.site_list("north editor", aurora, ["Ash", "Birch"], title="Aurora 2026")
    south = world.site_list("south admin", borealis, ["Ash", "Cedar"], title="Borealis 2026")
    # place_key is counted from the top: Birch and Cedar need keys of their own.
    world.owner("update production_site set place_key = %s where name = 'Cedar'", "c" * 32)
    world.share("south admin", "site_list", [south])
    return {"aurora": aurora, "borealis": borealis, "north": north, "south": south}


def test_without_lists_the_page_teaches(open_page: Opener) -> None:
    app = open_page("north viewer", "sites")
    assert "No production site yet" in texts(app)
    assert not app.exception


def test_own_and_shared_lists_are_one_picture(two_lists: dict[str, str], open_page: Opener) -> None:
    app = open_page("north viewer", "sites")
    assert metrics(app) == {"Sites": "3", "Countries": "1", "Suppliers": "2", "Lists": "2"}
    shown = app.dataframe[0].value
    assert shown["name"].to_list() == ["Ash", "Birch", "Cedar"]
    assert shown["organisations_text"].to_list() == ["North, South", "North", "South"]
    assert shown["whose"].to_list() == [
        "Private", "Private", "Shared with Nordic ICT buyers",
    ]  # fmt: skip


def test_a_private_list_is_not_seen_by_a_fellow_member(
    two_lists: dict[str, str], open_page: Opener
) -> None:
    app = open_page("south admin", "sites")
    assert app.dataframe[0].value["name"].to_list() == ["Ash", "Cedar"]
    assert app.dataframe[0].value["suppliers_text"].to_list() == ["Borealis Computing"] * 2


@pytest.mark.parametrize("actor", ["west admin", "east admin"])
def test_who_is_not_in_the_consortium_sees_nothing(
    two_lists: dict[str, str], open_page: Opener, actor: str
) -> None:
    app = open_page(actor, "sites")
    assert "No production site yet" in texts(app)
    assert "Cedar" not in texts(app)


def test_a_link_from_another_page_chooses_the_supplier(
    two_lists: dict[str, str], open_page: Opener
) -> None:
    app = open_page("north viewer", "sites", supplier=two_lists["borealis"])
    assert app.selectbox(key="sites_supplier").value == two_lists["borealis"]
    assert metrics(app)["Sites"] == "2"


def test_a_link_to_a_supplier_without_sites_shows_all(
    two_lists: dict[str, str], open_page: Opener
) -> None:
    app = open_page("north viewer", "sites", supplier=str(uuid.uuid4()))
    assert metrics(app)["Sites"] == "3"


@pytest.mark.parametrize(("whose", "names"), [("ours", ["Ash", "Birch"]),
                                              ("theirs", ["Ash", "Cedar"])])  # fmt: skip
def test_ours_and_theirs_can_be_told_apart(
    two_lists: dict[str, str], open_page: Opener, whose: str, names: list[str]
) -> None:
    app = open_page("north viewer", "sites")
    app.selectbox(key="sites_organisation").set_value(whose).run()
    assert app.dataframe[0].value["name"].to_list() == names


def test_search_finds_words_in_any_case(two_lists: dict[str, str], open_page: Opener) -> None:
    app = open_page("north viewer", "sites")
    app.text_input(key="sites_search").set_value("ROAD birch").run()
    assert app.dataframe[0].value["name"].to_list() == ["Birch"]


def test_filters_that_fit_nothing_say_so(two_lists: dict[str, str], open_page: Opener) -> None:
    app = open_page("north viewer", "sites")
    app.text_input(key="sites_search").set_value("nowhere").run()
    assert "No site fits these filters." in texts(app)


def test_the_lists_that_a_member_sees_say_whose_they_are(
    two_lists: dict[str, str], open_page: Opener
) -> None:
    app = open_page("north viewer", "sites", sites_lists="true")
    shown = app.dataframe[1].value
    assert sorted(zip(shown["title"], shown["organisation"], shown["whose"], strict=True)) == [
        ("Aurora 2026", "North", "Private"),
        ("Borealis 2026", "South", "Shared with Nordic ICT buyers"),
    ]


def button(app: AppTest, label: str) -> Any:
    return next(one for one in app.button if one.label == label)


@pytest.mark.both_doors
def test_a_list_is_corrected_by_its_organisation_and_a_faster_colleague_is_not_overwritten(
    two_lists: dict[str, str], world: World, open_page: Opener
) -> None:
    app = open_page("north editor", "sites", sites_lists="true")
    place = app.dataframe[1].value["title"].to_list().index("Aurora 2026")
    app = select_row(app, "site-lists", place)
    app = button(app, "Change title, source or date").click().run()
    key = f"list-{two_lists['north']}-1"
    app.text_input(key=f"{key}-t").set_value(" ")
    app = button(app, "Save").click().run()
    assert "A list needs a title and a date. Fill them in and save again." in texts(app)
    mine = {"id": two_lists["north"]}
    world["north admin"].store.update("site_list", {"source": "Annual report"}, mine, 1)
    app.text_input(key=f"{key}-t").set_value("Aurora, spring")
    app = button(app, "Save").click().run()
    assert "compare the two versions" in texts(app)
    app = button(app, "Save my version").click().run()
    assert not app.error
    found = world["north admin"].store.rows("site_list", filters=mine).row(0, named=True)
    assert found["title"] == "Aurora, spring"


def test_what_changed_between_two_lists_of_one_supplier(world: World, open_page: Opener) -> None:
    aurora = world.supplier("Aurora Devices")
    world.site_list("north editor", aurora, ["Ash", "Birch"], title="Old", as_of="2025-01-01")
    new = world.site_list("north editor", aurora, ["Ash", "Cedar"], title="New")
    world.owner(
        "update production_site set place_key = %s where site_list_id = %s and name = 'Cedar'",
        "c" * 32, new,
    )  # fmt: skip
    app = open_page("north viewer", "sites", sites_changes="true")
    assert "1 added, 1 dropped, 1 kept." in texts(app)
    shown = app.dataframe[1].value
    assert list(zip(shown["change_word"], shown["name"], strict=True)) == [
        ("Added", "Cedar"), ("Dropped", "Birch"),
    ]  # fmt: skip
