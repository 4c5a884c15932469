"""The page of known risks: recording one, filters, correcting, sharing; and the profile's part."""

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import World
from tests.test_page_dialogues import button, buttons, choose, errors, field, texts

Opener = Callable[..., AppTest]


def recorded(world: World, actor: str, supplier: str | None, **columns: Any) -> str:
    made = str(uuid.uuid4())
    row = {
        "id": made, "supplier_id": supplier, "country": "VN", "kind": "wages",
        "text": "Paid a month late", "source": "Audit", "seen_on": "2026-05-04", **columns,
    }  # fmt: skip
    world[actor].store.insert("risk", row)
    return made


def choice(app: AppTest, label: str) -> Any:
    """The field of the form, not the filter of the same name."""
    return next(
        one for one in app.selectbox
        if one.label == label and not (one.key or "").startswith("risks_")
    )  # fmt: skip


@pytest.mark.parametrize("actor", ["north admin", "north viewer", "east admin"])
def test_an_empty_page_says_what_will_stand_there(open_page: Opener, actor: str) -> None:
    app = open_page(actor, "risks")
    assert not app.exception
    assert "No risk is recorded yet" in texts(app)
    assert "Nothing recorded is not the same as no risk." in texts(app)
    assert bool(app.expander) == (actor != "north viewer")


def test_without_signing_in_nothing_is_shown(open_page: Opener) -> None:
    app = open_page(None, "risks")
    assert not app.metric and not app.dataframe


@pytest.mark.both_doors
def test_an_editor_records_what_is_known(world: World, open_page: Opener) -> None:
    aurora = world.supplier("Aurora")
    app = choose(open_page("north editor", "risks"), risks_adding=True)
    app = button(app, "Record it").click().run()
    assert errors(app) == [
        "Say where: choose the supplier, or a country if it concerns everybody who produces there.",
        "Choose what kind of risk it is.",
        "Write down what is known, in 3 characters at least.",
        "Name the source: who says so, such as a report, an audit or a newspaper.",
        "Give the date of the source: not later than today.",
    ]
    choice(app, "Supplier").set_value(aurora)
    choice(app, "Country").set_value("VN")
    choice(app, "Kind of risk").set_value("forced_labour")
    choice(app, "Stage").set_value("assembly")
    field(app, "What is known").set_value("Passports are kept")
    field(app, "Source: who says so").set_value("Report of a union")
    field(app, "Web address of the source").set_value("https://example.org/report")
    next(iter(app.date_input)).set_value(date(2026, 5, 1))
    app = button(app, "Record it").click().run()
    assert not errors(app)
    assert "Only your organisation sees it until you share it." in texts(app)
    row = world["north viewer"].store.rows("risk").row(0, named=True)
    assert (row["supplier_id"], row["country"], row["kind"], row["stage"]) == (
        aurora, "VN", "forced_labour", "assembly",
    )  # fmt: skip
    assert (row["source"], row["seen_on"]) == ("Report of a union", date(2026, 5, 1))
    assert world["south admin"].store.rows("risk").is_empty()


def test_a_risk_of_a_country_needs_no_supplier(world: World, open_page: Opener) -> None:
    recorded(world, "north admin", None, country="PL")
    app = open_page("north viewer", "risks")
    assert app.dataframe[0].value["where"].to_list() == ["Poland, whoever produces there"]
    assert {one.label: one.value for one in app.metric}["Suppliers"] == "0"


def test_the_newest_source_stands_first_and_filters_narrow(world: World, open_page: Opener) -> None:
    aurora, birch = world.supplier("Aurora"), world.supplier("Birch")
    recorded(world, "north admin", aurora, seen_on="2025-01-01", text="Old")
    recorded(world, "north admin", birch, kind="child_labour", country="CN", text="New")
    theirs = recorded(world, "south admin", aurora, country=None, text="Theirs",
                      seen_on="2024-01-01")  # fmt: skip
    world.share("south admin", "risk", [theirs])

    def shown(**query: str) -> list[str]:
        app = open_page("north viewer", "risks", **query)
        return app.dataframe[0].value["text"].to_list() if app.dataframe else []

    assert shown() == ["New", "Old", "Theirs"]
    assert shown(supplier=aurora) == ["Old", "Theirs"]
    assert shown(risks_kind="Child labour") == ["New"]
    assert shown(risks_country="Vietnam") == ["Old"]
    assert shown(risks_by="Shared with us") == ["Theirs"]
    assert shown(risks_by="Ours") == ["New", "Old"]
    nothing = open_page("north viewer", "risks", supplier=birch, risks_by="Shared with us")
    assert "Nothing fits these filters. Nothing recorded is not the same" in texts(nothing)


def test_a_link_for_a_supplier_without_a_risk_fills_the_form(
    world: World, open_page: Opener
) -> None:
    birch = world.supplier("Birch")
    recorded(world, "north admin", world.supplier("Aurora"))
    app = choose(open_page("north editor", "risks", supplier=birch), risks_adding=True)
    assert choice(app, "Supplier").value == birch


@pytest.mark.both_doors
def test_one_is_corrected(world: World, open_page: Opener) -> None:
    made = recorded(world, "north admin", world.supplier("Aurora"))
    app = choose(open_page("north admin", "risks"), risks_asked=made)
    app = button(app, "Edit").click().run()
    choice(app, "Country").set_value("CN")
    field(app, "What is known").set_value("Paid in time now")
    app = button(app, "Save").click().run()
    assert not errors(app)
    stored = world["north admin"].store.rows("risk").row(0, named=True)
    assert (stored["country"], stored["text"], stored["version"]) == ("CN", "Paid in time now", 2)


def test_two_who_edit_one_record_see_both_versions(world: World, open_page: Opener) -> None:
    made = recorded(world, "north admin", world.supplier("Aurora"))
    app = choose(open_page("north admin", "risks"), risks_asked=made)
    app = button(app, "Edit").click().run()
    world["north editor"].store.update("risk", {"kind": "child_labour"}, {"id": made}, 1)
    field(app, "What is known").set_value("Not paid at all")
    app = button(app, "Save").click().run()
    assert "compare the two versions" in texts(app)
    assert "Child labour" in str(app.table[0].value)
    button(app, "Keep the stored version").click().run()
    stored = world["north admin"].store.rows("risk").row(0, named=True)
    assert (stored["kind"], stored["text"]) == ("child_labour", "Paid a month late")


def test_colleagues_of_the_consortium_see_what_is_shared(world: World, open_page: Opener) -> None:
    made = recorded(world, "north admin", world.supplier("Aurora"))
    recorded(world, "north admin", world.supplier("Birch"))
    world.share("north admin", "risk", [made])
    app = choose(open_page("south admin", "risks"), risks_asked=made)
    assert app.dataframe[0].value["where"].to_list() == ["Aurora, Vietnam"]
    assert "Source: Audit, 2026-05-04" in texts(app)
    assert "Edit" not in buttons(app)
    assert open_page("east admin", "risks").dataframe == []


def test_one_is_shared_from_the_page(world: World, open_page: Opener) -> None:
    made = recorded(world, "north admin", world.supplier("Aurora"))
    app = choose(open_page("north admin", "risks"), risks_asked=made, **{f"risk-{made}-own": True})
    basis = next(one for one in app.selectbox if one.label.startswith("Legal basis"))
    basis.set_value(basis.options[0])
    app = button(app, "Share with Nordic ICT buyers").click().run()
    assert not errors(app)
    assert world["south admin"].store.rows("risk")["id"].to_list() == [made]


def test_what_is_shared_is_not_deleted(world: World, open_page: Opener) -> None:
    made = recorded(world, "north admin", world.supplier("Aurora"))
    receipt = world.share("north admin", "risk", [made])
    app = choose(open_page("north editor", "risks"), risks_asked=made, **{f"risk-{made}-own": True})
    app = button(app, "Delete this record").click().run()
    assert "It is shared: end the sharing first, then delete it." in errors(app)
    world["north admin"].store.call("revoke_sharing", {"sharing_id": receipt})
    app = button(app, "Delete this record").click().run()
    assert "No risk is recorded yet" in texts(app)


def test_texts_of_people_are_shown_as_they_are(world: World, open_page: Opener) -> None:
    made = recorded(
        world, "north admin", None, text="![x](http://x) **bold**", source=":tada: [a](b)"
    )
    app = choose(open_page("north viewer", "risks"), risks_asked=made)
    told = "\n".join(one.value for one in app.markdown)
    assert "**bold**" not in told and "](" not in told and ":tada:" not in told


# Elsewhere


def test_the_profile_has_those_of_the_supplier_and_of_its_countries(
    world: World, open_page: Opener
) -> None:
    aurora, birch = world.supplier("Aurora"), world.supplier("Birch")
    world.site_list("north admin", aurora, ["Works"])  # in China
    recorded(world, "north admin", None, country="CN", text="In its country")
    recorded(world, "north admin", None, country="PL", text="Elsewhere")
    recorded(world, "north admin", aurora, text="Its own", seen_on="2020-01-01")
    recorded(world, "north admin", birch, country="CN", text="Of another")
    app = open_page("north viewer", "supplier", supplier=aurora)
    found = next(
        one.value for one in app.dataframe if "kind_name" in one.value and "text" in one.value
    )
    assert found["text"].to_list() == ["Its own", "In its country"]
    assert found["source"].to_list() == ["Audit", "Audit"]


def test_the_profile_says_when_nothing_is_recorded(world: World, open_page: Opener) -> None:
    app = open_page("north viewer", "supplier", supplier=world.supplier("Aurora"))
    assert (
        "No risk is recorded at it, or in a country where its known sites are. Nothing recorded is "
        "not the same as no risk."
    ) in texts(app)


def test_known_risks_can_be_explored(world: World, open_page: Opener) -> None:
    recorded(world, "north admin", world.supplier("Aurora"))
    recorded(world, "north admin", None)
    app = open_page("north viewer", "explore", data="risks")
    assert not app.exception and not app.error
    assert len(app.get("plotly_chart")) == 1


def test_they_are_among_what_can_be_shared(world: World, open_page: Opener) -> None:
    recorded(world, "north admin", world.supplier("Aurora"))
    app = choose(open_page("north admin", "sharing"), share_more="risk")
    chosen = next(one for one in app.multiselect if one.key == "share_risk_items")
    assert chosen.options == ["Aurora, Vietnam, 2026-05-04: Inadequate wages"]
