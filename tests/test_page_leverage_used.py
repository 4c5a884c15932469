"""The page of leverage used: recording it, what came of it, sharing it."""

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import World
from tests.test_page_dialogues import button, buttons, choose, errors, field, texts

Opener = Callable[..., AppTest]


def used(world: World, actor: str, supplier: str, **columns: Any) -> str:
    made = str(uuid.uuid4())
    row = {
        "id": made, "supplier_id": supplier, "asked_on": "2026-05-04", "asked": "A list of sites",
        "channel": "letter", "jointly": False, "together_with": "", "dialogue_id": None,
        "outcome": "none_yet", "outcome_text": "", "outcome_on": None, **columns,
    }  # fmt: skip
    world[actor].store.insert("leverage_use", row)
    return made


@pytest.mark.parametrize("actor", ["north admin", "north viewer", "east admin"])
def test_an_empty_page_says_what_will_stand_there(open_page: Opener, actor: str) -> None:
    app = open_page(actor, "leverage_used")
    assert not app.exception
    assert "Nothing is recorded yet" in texts(app)
    assert bool(app.expander) == (actor != "north viewer")


def test_without_signing_in_nothing_is_shown(open_page: Opener) -> None:
    app = open_page(None, "leverage_used")
    assert not app.metric and not app.dataframe


def test_an_editor_records_what_was_asked(world: World, open_page: Opener) -> None:
    aurora = world.supplier("Aurora")
    app = choose(open_page("north editor", "leverage_used"), leverage_adding=True)
    app = button(app, "Record it").click().run()
    assert errors(app) == ["Choose the supplier.", "Write down what was asked."]
    next(one for one in app.selectbox if one.label == "Supplier").set_value(aurora)
    field(app, "What was asked").set_value("A list of sites")
    field(app, "Together with (leave empty if you asked alone)").set_value("South")
    app = button(app, "Record it").click().run()
    assert not errors(app)
    assert "Only your organisation sees it until you share it." in texts(app)
    row = world["north viewer"].store.rows("leverage_use").row(0, named=True)
    assert (row["jointly"], row["together_with"], row["asked_on"]) == (True, "South", date.today())
    assert world["south admin"].store.rows("leverage_use").is_empty()


@pytest.mark.both_doors
def test_what_came_of_it_is_dated(world: World, open_page: Opener) -> None:
    aurora = world.supplier("Aurora")
    made = used(world, "north admin", aurora)
    app = choose(open_page("north admin", "leverage_used"), leverage_asked=made)
    app = button(app, "Edit").click().run()
    outcome = next(
        one for one in app.selectbox
        if one.label == "What came of it" and one.key != "leverage_outcome"
    )  # fmt: skip
    outcome.set_value("promised")
    next(one for one in app.date_input if one.label == "Known on").set_value(date(2026, 6, 1))
    app = button(app, "Save").click().run()
    assert not errors(app)
    stored = world["north admin"].store.rows("leverage_use").row(0, named=True)
    assert (stored["outcome"], stored["outcome_on"]) == ("promised", date(2026, 6, 1))


def test_two_who_edit_one_record_see_both_versions(world: World, open_page: Opener) -> None:
    made = used(world, "north admin", world.supplier("Aurora"))
    app = choose(open_page("north admin", "leverage_used"), leverage_asked=made)
    app = button(app, "Edit").click().run()
    world["north editor"].store.update("leverage_use", {"asked": "An audit"}, {"id": made}, 1)
    field(app, "What was asked").set_value("Wages")
    app = button(app, "Save").click().run()
    assert "compare the two versions" in texts(app)
    button(app, "Keep the stored version").click().run()
    assert world["north admin"].store.rows("leverage_use")["asked"].to_list() == ["An audit"]


def test_colleagues_of_the_consortium_see_what_is_shared(world: World, open_page: Opener) -> None:
    made = used(world, "north admin", world.supplier("Aurora"))
    used(world, "north admin", world.supplier("Birch"))
    world.share("north admin", "leverage_use", [made])
    app = choose(open_page("south admin", "leverage_used"), leverage_asked=made)
    assert app.dataframe[0].value["supplier"].to_list() == ["Aurora"]
    assert "Edit" not in buttons(app)
    assert open_page("east admin", "leverage_used").dataframe == []


def test_what_is_shared_is_not_deleted(world: World, open_page: Opener) -> None:
    made = used(world, "north admin", world.supplier("Aurora"))
    receipt = world.share("north admin", "leverage_use", [made])
    app = choose(
        open_page("north editor", "leverage_used"), leverage_asked=made,
        **{f"use-{made}-own": True},
    )  # fmt: skip
    app = button(app, "Delete this record").click().run()
    assert "It is shared: end the sharing first, then delete it." in errors(app)
    world["north admin"].store.call("revoke_sharing", {"sharing_id": receipt})
    app = button(app, "Delete this record").click().run()
    assert "Nothing is recorded yet" in texts(app)
