"""The register: finding, adding and merging, in each role."""

from collections.abc import Callable

import polars as pl
import psycopg
from streamlit.testing.v1 import AppTest

from tests.conftest import World

Open = Callable[..., AppTest]


def said(page: AppTest) -> str:
    parts = [*page.markdown, *page.caption, *page.error, *page.info, *page.success, *page.warning]
    return "\n".join(one.value.replace("\\", "").replace("\u2060", "") for one in parts)


def names(page: AppTest) -> list[str]:
    return list(pl.from_pandas(page.dataframe[0].value)["name"]) if page.dataframe else []


def opened(open_page: Open, actor: str, fold: str) -> AppTest:
    page = open_page(actor, "suppliers")
    page.session_state[fold] = True
    return page.run()


def labelled(elements: object, label: str) -> object:
    return next(e for e in elements if e.label.replace("\\", "") == label)


def add(page: AppTest, name: str, **texts: str) -> AppTest:
    """Fills the form in and sends it."""
    labelled(page.text_input, "Name (required)").set_value(name)
    labelled(page.selectbox, "Kind (required)").select("brand")
    for label, text in texts.items():
        labelled(page.text_input, label.replace("_", " ")).set_value(text)
    return press(page, "Add to the register")


def press(page: AppTest, label: str) -> AppTest:
    return labelled(page.button, label).click().run()


# Finding


def test_an_empty_register_says_what_will_stand_here(open_page: Open) -> None:
    page = open_page("north viewer", "suppliers")
    assert not page.exception
    assert "**The register is empty**" in said(page)
    assert not page.expander


def test_what_needs_attention_stands_first(open_page: Open, world: World) -> None:
    world.supplier("Aurora")
    world.spend("north admin", world.supplier("Birch"), {2025: 10.0})
    page = open_page("north viewer", "suppliers")
    assert names(page) == ["Birch", "Aurora"]
    assert not page.expander


def test_spend_that_is_not_shared_does_not_order_a_colleagues_register(
    open_page: Open, world: World
) -> None:
    world.supplier("Aurora")
    world.spend("north admin", world.supplier("Birch"), {2025: 10.0})
    page = open_page("south admin", "suppliers")
    assert names(page) == ["Aurora", "Birch"]
    assert page.dataframe[0].value["attention"].isna().all()


def test_the_search_finds_parts_of_names_and_numbers(open_page: Open, world: World) -> None:
    world.supplier("Aurora Devices", vat="DE999999995")
    world.supplier("Birch")
    page = open_page("north admin", "suppliers", suppliers_search="devi")
    assert names(page) == ["Aurora Devices"]
    page.text_input(key="suppliers_search").set_value("9999").run()
    assert names(page) == ["Aurora Devices"]
    page.text_input(key="suppliers_search").set_value("nothing like it").run()
    assert "No entry fits." in said(page)


def test_filters_by_kind_and_country_are_in_the_address(open_page: Open, world: World) -> None:
    world.supplier("Aurora", kind="brand", country="SE")
    world.supplier("Birch", kind="reseller", country="DK")
    assert names(open_page("north admin", "suppliers", suppliers_kind="Reseller")) == ["Birch"]
    assert names(open_page("north admin", "suppliers", suppliers_country="Sweden")) == ["Aurora"]


# Adding


def test_an_editor_adds_a_supplier_with_its_numbers(open_page: Open, world: World) -> None:
    page = opened(open_page, "north editor", "suppliers_adding")
    page = add(page, "  Aurora   Devices ", VAT_number="de 999 999 995")
    assert not page.exception
    assert "“Aurora Devices” is in the register." in said(page)
    stored = world.owner("select name, kind, vat, country from supplier")
    assert stored == [("Aurora Devices", "brand", "DE999999995", None)]


def test_a_wrong_number_is_said_and_nothing_is_stored(open_page: Open, world: World) -> None:
    page = opened(open_page, "north editor", "suppliers_adding")
    page = add(page, "Aurora", VAT_number="DE999999994", LEI="123")
    assert "check digit" in said(page)
    assert "An LEI has 18 letters or digits" in said(page)
    assert world.owner("select count(*) from supplier") == [(0,)]


def test_a_name_and_a_kind_are_required(open_page: Open, world: World) -> None:
    page = opened(open_page, "north editor", "suppliers_adding")
    page = press(page, "Add to the register")
    assert "The name is missing." in said(page)
    assert "Choose what kind of supplier it is." in said(page)
    assert world.owner("select count(*) from supplier") == [(0,)]


def test_a_number_that_another_entry_has_names_that_entry(open_page: Open, world: World) -> None:
    world.supplier("Birch", vat="DE999999995")
    page = opened(open_page, "north editor", "suppliers_adding")
    page = add(page, "Aurora", VAT_number="DE999999995")
    assert "Another entry has this VAT number: “Birch”." in said(page)
    assert world.owner("select count(*) from supplier") == [(1,)]


def test_names_alike_are_shown_before_anything_is_stored(open_page: Open, world: World) -> None:
    world.supplier("Aurora Devices AB")
    page = opened(open_page, "north editor", "suppliers_adding")
    page = add(page, "Aurora Devices")
    assert "Is it one of them?" in said(page)
    assert world.owner("select count(*) from supplier") == [(1,)]
    page = press(page, "None of them: add “Aurora Devices”")
    assert not page.exception
    assert world.owner("select count(*) from supplier") == [(2,)]


# Merging


def merging(page: AppTest, kept: str, merged: str) -> AppTest:
    page.selectbox(key="supplier-merge-kept").select(kept)
    page.selectbox(key="supplier-merge-merged").select(merged)
    return press(page, "Merge")


def test_two_entries_are_merged_and_the_merge_is_undone(open_page: Open, world: World) -> None:
    kept, merged = world.supplier("Aurora"), world.supplier("Aurora AB")
    page = opened(open_page, "north editor", "suppliers_merging")
    assert pl.from_pandas(page.dataframe[1].value).height == 1
    page = merging(page, kept, merged)
    assert not page.exception
    assert "“Aurora AB (SE)” now stands under “Aurora (SE)”." in said(page)
    assert names(page) == ["Aurora"]
    page = press(page, "Undo")
    assert not page.exception
    assert world.owner("select count(*) from supplier where merged_into is not null") == [(0,)]


def test_an_entry_is_not_merged_with_itself(open_page: Open, world: World) -> None:
    one = world.supplier("Aurora")
    page = opened(open_page, "north editor", "suppliers_merging")
    page = merging(page, one, one)
    assert "Choose two different entries" in said(page)


def test_a_merge_that_a_colleague_was_faster_with_is_refused(open_page: Open, world: World) -> None:
    kept, merged = world.supplier("Aurora"), world.supplier("Aurora AB")
    page = opened(open_page, "north editor", "suppliers_merging")
    page.selectbox(key="supplier-merge-kept").select(kept)
    page.selectbox(key="supplier-merge-merged").select(merged)
    # Past the counter, so that this tab does not know yet.
    with psycopg.connect(world.engine.owner_address) as db:
        db.execute("set session_replication_role = replica")
        db.execute("update supplier set merged_into = %s where id = %s", (kept, merged))
    page = press(page, "Merge")
    assert "neither of them merged already" in said(page)
