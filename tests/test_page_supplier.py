"""A supplier's profile: by link, in each role, with and without data, with a conflict."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import World

Open = Callable[..., AppTest]

LOW = ["tier1_only", "risks_unfamiliar", "policy_none", "actions_none"]
HIGH = ["end_to_end", "risks_good", "policy_due_diligence", "code_verification", "initiatives",
        "complaints_procedure"]  # fmt: skip


def said(page: AppTest) -> str:
    parts = [*page.markdown, *page.caption, *page.error, *page.info, *page.warning, *page.success]
    return "\n".join(one.value.replace("\\", "").replace("\u2060", "") for one in parts)


def figures(page: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in page.metric}


def tables(page: AppTest) -> list[pl.DataFrame]:
    return [pl.from_pandas(one.value) for one in page.dataframe]


def table_with(page: AppTest, *columns: str) -> pl.DataFrame:
    return next(t for t in tables(page) if set(columns) <= set(t.columns))


def press(page: AppTest, label: str) -> AppTest:
    found = [b for b in page.button if b.label.replace("\\", "") == label]
    return found[0].click().run()


# By link


def test_a_profile_opens_by_link(open_page: Open, world: World) -> None:
    supplier = world.supplier("Aurora", vat="DE999999995", website="https://aurora.example")
    page = open_page("north viewer", "supplier", supplier=supplier)
    assert not page.exception
    assert page.title[0].value == "Aurora"
    assert "Brand · Sweden" in said(page)
    assert "VAT number: DE999999995 · https://aurora.example" in said(page)


def test_without_a_supplier_one_is_chosen(open_page: Open, world: World) -> None:
    supplier = world.supplier("Aurora")
    page = open_page("north viewer", "supplier")
    page = page.selectbox(key="supplier_choose").select(supplier).run()
    assert page.title[0].value == "Aurora"


@pytest.mark.parametrize("address", ["nonsense", "11111111-1111-4111-8111-111111111111"])
def test_an_unknown_address_is_said_plainly(open_page: Open, address: str) -> None:
    page = open_page("north viewer", "supplier", supplier=address)
    assert not page.exception
    assert "No supplier has this address." in said(page)


def test_the_link_of_a_merged_entry_shows_the_one_that_stands_for_it(
    open_page: Open, world: World
) -> None:
    kept, merged = world.supplier("Aurora"), world.supplier("Aurora AB")
    world.assessment("north admin", merged, LOW)
    world["north admin"].store.call(
        "merge_suppliers", {"kept": kept, "merged": merged, "reason": ""}
    )
    page = open_page("north viewer", "supplier", supplier=merged)
    assert page.title[0].value == "Aurora"
    assert "“Aurora AB” was merged into “Aurora”, which is shown here." in said(page)
    assert "Also entered as: Aurora AB" in said(page)
    assert figures(page)["Overall level"] == "Low"


def test_a_parent_and_its_parts_are_links(open_page: Open, world: World) -> None:
    brand = world.supplier("Aurora")
    part = world.supplier("Aurora East", parent_id=brand, kind="manufacturer")
    page = open_page("north viewer", "supplier", supplier=part)
    labels = [x.proto.label.replace("\\", "") for x in page.main.get("page_link")]
    assert "Part of Aurora" in labels
    page = open_page("north viewer", "supplier", supplier=brand)
    labels = [x.proto.label.replace("\\", "") for x in page.main.get("page_link")]
    assert "Part of it: Aurora East" in labels


# Sections


def test_sections_without_data_say_so_and_lead_on(open_page: Open, world: World) -> None:
    page = open_page("north editor", "supplier", supplier=world.supplier("Aurora"))
    assert not page.exception
    for sentence in (
        "No assessment of it yet that you see", "No production site of it is known yet",
        "No spend with it is seen", "Nobody is seen to work with it",
    ):  # fmt: skip
        assert sentence in said(page)
    labels = [x.proto.label for x in page.main.get("page_link")]
    assert labels[:4] == [
        "Answer the questionnaire for it", "Import a site list", "Record a risk", "Import spend",
    ]  # fmt: skip


def test_a_viewer_is_offered_no_change(open_page: Open, world: World) -> None:
    page = open_page("north viewer", "supplier", supplier=world.supplier("Aurora"))
    labels = [x.proto.label for x in page.main.get("page_link")]
    assert "Answer the questionnaire for it" not in labels
    assert "Edit this entry" not in [b.label for b in page.button]


def test_what_members_share_is_put_together(open_page: Open, world: World) -> None:
    supplier = world.supplier("Aurora")
    item = world.assessment("south admin", supplier, HIGH)
    world.share("south admin", "assessment", [item])
    world.assessment("north admin", supplier, LOW)
    world.share("south admin", "site_list", [world.site_list("south admin", supplier, ["A", "B"])])
    world.site_list("north admin", supplier, ["A"])
    world.spend("north admin", supplier, {2025: 2_000.0})
    lines = world.spend("south admin", supplier, {2025: 30_000.0})
    world.share("south admin", "spend", lines, level="band")
    page = open_page("north viewer", "supplier", supplier=supplier)
    assert not page.exception
    assert figures(page) == {
        "Overall level": "Low to High",
        "Members seen with it": "2",
        "Production sites": "2",
        "Our spend 2025, EUR": "2,000",
    }
    money = table_with(page, "own", "low", "high")
    assert money.select("own", "low", "high", "members").rows() == [(2000, 12000, 52000, 2)]
    working = table_with(page, "spend", "listed_on")
    assert working.select("organisation", "spend", "level").rows() == [
        ("North", "Each line", "Low"),
        ("South", "Size class of each year", "High"),
    ]
    assert "assessed it, as of 2026-06-01" in table_with(page, "what")["what"].to_list()


@pytest.mark.parametrize("actor", ["north admin", "west admin", "east admin"])
def test_what_is_not_shared_is_on_nobody_elses_profile(
    open_page: Open, world: World, actor: str
) -> None:
    supplier = world.supplier("Aurora")
    world.assessment("south admin", supplier, LOW)
    world.site_list("south admin", supplier, ["A"])
    lines = world.spend("south admin", supplier, {2025: 30_000.0})
    world.share("south admin", "spend", lines, level="aggregate")
    page = open_page(actor, "supplier", supplier=supplier)
    assert figures(page) == {
        "Overall level": "–", "Members seen with it": "0", "Production sites": "0",
    }  # fmt: skip
    assert tables(page) == []
    assert "South" not in said(page)


def test_ones_own_trail_stands_under_what_changed(open_page: Open, world: World) -> None:
    supplier = world.supplier("Aurora")
    world["north admin"].store.update("supplier", {"country": "DK"}, {"id": supplier})
    page = open_page("north viewer", "supplier", supplier=supplier)
    changes = table_with(page, "who", "what")
    assert changes.select("who", "what").rows() == [
        ("north admin", "changed a supplier (country): Aurora")
    ]
    other = open_page("south admin", "supplier", supplier=supplier)
    assert "Nothing has changed that you can see." in said(other)


# Editing


def test_an_editor_corrects_an_entry(open_page: Open, world: World) -> None:
    supplier = world.supplier("Aurora")
    page = open_page("north editor", "supplier", supplier=supplier)
    page = press(page, "Edit this entry")
    page.text_input(key=f"supplier-edit-{supplier}-name").set_value("Aurora Devices")
    page = press(page, "Save")
    assert not page.exception
    assert page.title[0].value == "Aurora Devices"
    assert world.owner("select name, version from supplier") == [("Aurora Devices", 2)]


def test_an_edit_with_a_number_of_another_entry_is_refused(open_page: Open, world: World) -> None:
    world.supplier("Birch", vat="DE999999995")
    supplier = world.supplier("Aurora")
    page = press(open_page("north editor", "supplier", supplier=supplier), "Edit this entry")
    page.text_input(key=f"supplier-edit-{supplier}-vat").set_value("DE999999995")
    page = press(page, "Save")
    assert "Another entry has this VAT number: “Birch”." in said(page)


@pytest.mark.parametrize(
    ("choice", "kept"), [("Save my version", "Mine"), ("Keep the stored version", "Theirs")]
)
def test_two_edits_at_once_stand_side_by_side(
    open_page: Open, world: World, choice: str, kept: str
) -> None:
    supplier = world.supplier("Aurora")
    page = press(open_page("north editor", "supplier", supplier=supplier), "Edit this entry")
    world["south admin"].store.update("supplier", {"name": "Theirs"}, {"id": supplier}, version=1)
    page.text_input(key=f"supplier-edit-{supplier}-name").set_value("Mine")
    page = press(page, "Save")
    assert "saved this record while you were editing it" in said(page)
    assert world.owner("select name from supplier") == [("Theirs",)]
    page = press(page, choice)
    assert not page.exception
    assert world.owner("select name from supplier") == [(kept,)]


# Turnover


def turnover_page(open_page: Open, actor: str, supplier: str) -> AppTest:
    page = open_page(actor, "supplier", supplier=supplier)
    page.session_state["supplier_turnover"] = True
    return page.run()


def field(page: AppTest, kind: str, label: str) -> Any:
    return next(x for x in getattr(page, kind) if x.label == label)


def test_an_editor_adds_a_turnover_with_its_source(open_page: Open, world: World) -> None:
    supplier = world.supplier("Aurora")
    page = turnover_page(open_page, "north editor", supplier)
    field(page, "number_input", "Year (required)").set_value(2025)
    field(page, "number_input", "Turnover in whole units (required)").set_value(5_000_000.0)
    field(page, "text_input", "Source (required)").set_value("Annual report 2025")
    page = press(page, "Add this turnover")
    assert not page.exception
    assert "2025: 5,000,000 EUR (Annual report 2025)" in said(page)
    assert world.owner("select year, amount, currency from supplier_turnover") == [
        (2025, 5_000_000, "EUR")
    ]


def test_a_turnover_without_a_source_is_refused(open_page: Open, world: World) -> None:
    page = turnover_page(open_page, "north editor", world.supplier("Aurora"))
    page = press(page, "Add this turnover")
    assert "Year, turnover and source are required." in said(page)


def test_a_viewer_reads_turnover_and_changes_nothing(open_page: Open, world: World) -> None:
    supplier = world.supplier("Aurora")
    world["north admin"].store.insert(
        "supplier_turnover",
        {
            "supplier_id": supplier, "year": 2024, "amount": 10, "currency": "EUR",
            "source": "Report",
        },
    )  # fmt: skip
    page = turnover_page(open_page, "north viewer", supplier)
    assert "2024: 10 EUR (Report)" in said(page)
    assert "Add this turnover" not in [b.label for b in page.button]
