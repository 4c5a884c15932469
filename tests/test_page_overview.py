"""The overview, as each role sees it."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import World

pytestmark = pytest.mark.both_doors
Open = Callable[..., AppTest]

LOW = ["tier1_only", "risks_unfamiliar", "policy_none", "actions_none"]
HIGH = ["end_to_end", "risks_good", "policy_due_diligence", "code_verification", "initiatives",
        "complaints_procedure"]  # fmt: skip


def texts(page: AppTest) -> list[str]:
    parts = (*page.main.markdown, *page.main.caption, *page.main.subheader)
    return [part.value.replace("\\", "").replace("\u2060", "") for part in parts]


def links(page: AppTest) -> list[str]:
    return [one.proto.label.replace("\\", "") for one in page.main.get("page_link")]


def figures(page: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in page.metric}


def test_who_is_not_signed_in_sees_no_figures(open_page: Open) -> None:
    page = open_page(None)
    assert not page.metric
    assert not page.dataframe


def test_a_new_organisation_learns_what_will_stand_here_and_what_to_do_first(
    open_page: Open,
) -> None:
    page = open_page("east admin")
    assert not page.exception
    assert "**The shared picture of your suppliers will stand here**" in texts(page)
    assert links(page) == [
        "Open the register", "Begin a questionnaire", "Choose a site list",
        "Choose a file of spend", "Look at consortia",
    ]  # fmt: skip


def test_a_viewer_of_a_new_organisation_is_offered_no_action(open_page: Open) -> None:
    page = open_page("north viewer")
    assert "First steps" in texts(page)
    assert links(page) == []


def test_members_see_what_they_know_together(open_page: Open, world: World) -> None:
    aurora, birch = world.supplier("Aurora"), world.supplier("Birch")
    world.supplier("Nobody's")
    item = world.assessment("south admin", aurora, LOW)
    world.share("south admin", "assessment", [item])
    world.assessment("north admin", aurora, HIGH)
    world.spend("north admin", birch, {2025: 100.0})
    page = open_page("north admin")
    assert not page.exception
    assert figures(page) == {
        "Suppliers we work with": "2",
        "Seen by several": "1",
        "Assessed in two years": "1",
        "Assessed differently": "1",
    }
    table = pl.from_pandas(page.dataframe[0].value)
    assert table.select("supplier", "members", "buyers", "level").rows() == [
        ("Aurora", 2, 0, "Low to High"),
        ("Birch", 1, 1, None),
    ]


def test_what_is_not_shared_is_in_no_figure_of_a_colleague(open_page: Open, world: World) -> None:
    world.assessment("south admin", world.supplier("Aurora"), LOW)
    page = open_page("north admin")
    assert "**The shared picture of your suppliers will stand here**" in texts(page)


@pytest.mark.parametrize("actor", ["west admin", "east admin"])
def test_who_is_not_in_the_consortium_sees_nothing_of_it(
    open_page: Open, world: World, actor: str
) -> None:
    item = world.assessment("south admin", world.supplier("Aurora"), LOW)
    world.share("south admin", "assessment", [item])
    page = open_page(actor)
    assert "**The shared picture of your suppliers will stand here**" in texts(page)


def test_an_editor_is_led_to_the_supplier_that_nobody_assessed(
    open_page: Open, world: World
) -> None:
    supplier = world.supplier("Aurora")
    world.spend("north editor", supplier, {2025: 100.0})
    page = open_page("north editor")
    assert "You buy from Aurora, and see no assessment of it." in texts(page)
    action = next(x for x in page.main.get("page_link") if x.proto.label == "Assess this supplier")
    assert action.proto.query_string == f"supplier={supplier}"


def test_a_viewer_sees_what_they_can_do_and_nothing_else(open_page: Open, world: World) -> None:
    aurora = world.supplier("Aurora")
    world.share("south admin", "assessment", [world.assessment("south admin", aurora, LOW)])
    world.assessment("north admin", aurora, HIGH)
    world.spend("north admin", world.supplier("Birch"), {2025: 100.0})
    page = open_page("north viewer")
    assert "Members assess Aurora differently." in texts(page)
    assert not [text for text in texts(page) if "no assessment" in text]
    assert "Assess this supplier" not in links(page)


def test_a_filter_shows_the_picture_of_one_consortium(open_page: Open, world: World) -> None:
    second = world["south admin"].store.call(
        "create_consortium",
        {"key": "11111111-1111-4111-8111-111111111111", "name": "Second", "purpose": ""},
    )
    world.owner(
        "insert into membership (consortium_id, organisation_id, role) values (%s, %s, 'member')",
        second, world["north admin"].organisation_id,
    )  # fmt: skip
    one, two = world.supplier("Aurora"), world.supplier("Birch")
    world.share("south admin", "assessment", [world.assessment("south admin", one, LOW)])
    item = world.assessment("south admin", two, LOW)
    world.share("south admin", "assessment", [item], consortium_id=second)
    page = open_page("north admin")
    assert figures(page)["Suppliers we work with"] == "2"
    page = page.selectbox(key="overview_consortium").select(second).run()
    assert not page.exception
    assert pl.from_pandas(page.dataframe[0].value)["supplier"].to_list() == ["Birch"]


def test_a_row_opens_the_profile(
    open_page: Open, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    supplier = world.supplier("Aurora")
    world.assessment("north admin", supplier, LOW)
    # Once with the real table, so that no module keeps the one below.
    open_page("north admin", "supplier", supplier=supplier)
    page = open_page("north admin")

    def clicked(frame: pl.DataFrame, *_a: Any, id_column: str | None = None, **_k: Any) -> Any:
        return frame[id_column][0] if id_column == "supplier_id" else None

    monkeypatch.setattr("components.tables.table", clicked)
    page.run()
    assert not page.exception
    assert page.title[0].value == "Aurora"
