"""The page of commitments: what each side sees, reports and is refused."""

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import World, select_row
from tests.test_dialogue_store import plan
from tests.test_page_dialogues import button, buttons, choose, errors, field, seated, texts

Opener = Callable[..., AppTest]


def event(world: World, supplier: str, **changes: Any) -> str:
    """An event that is under way."""
    made = plan(world, supplier, starts_at=f"{date.today()}T09:00:00+01:00",
                ends_at=f"{date.today()}T12:00:00+01:00", **changes)  # fmt: skip
    world["north admin"].store.call("open_dialogue", {"dialogue_id": made})
    return made


def promise(
    world: World, dialogue_id: str, supplier: str, owner: str = "south admin", days: int = 30,
    text: str = "Publish all sites",
) -> str:  # fmt: skip
    """A commitment due in so many days from now; with negative days the clock is turned back."""
    made = str(uuid.uuid4())
    world["north admin"].store.call(
        "capture_commitment",
        {"id": made, "dialogue_id": dialogue_id, "supplier_id": supplier, "text": text,
         "owner_id": world[owner].organisation_id,
         "due_on": date.today() + timedelta(days=max(days, 1))},
    )  # fmt: skip
    if days < 1:
        world.owner(
            "update commitment set due_on = current_date + %s, first_due_on = current_date + %s"
            " where id = %s",
            days, days, made,
        )  # fmt: skip
    return made


def metrics(app: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in app.metric}


@pytest.mark.parametrize("actor", ["north admin", "north viewer", "east admin"])
def test_without_commitments_the_page_says_what_will_stand_there(
    open_page: Opener, actor: str
) -> None:
    app = open_page(actor, "commitments")
    assert not app.exception
    assert "No supplier has promised anything yet" in texts(app)


def test_without_signing_in_nothing_is_shown(open_page: Opener) -> None:
    app = open_page(None, "commitments")
    assert not app.metric and not app.dataframe


def test_what_is_overdue_comes_first_and_settled_ones_stand_apart(
    world: World, open_page: Opener
) -> None:
    aurora = world.supplier("Aurora")
    made = event(world, aurora)
    promise(world, made, aurora, days=40, text="Later")
    promise(world, made, aurora, days=3, text="Soon")
    promise(world, made, aurora, days=-3, text="Overdue")
    app = open_page("north viewer", "commitments")
    assert metrics(app) == {
        "Overdue": "1", "Due in 14 days": "1", "Open in all": "3",
        "Verified of all made": "0%",
    }  # fmt: skip
    assert app.dataframe[0].value["text"].to_list() == ["Overdue", "Soon", "Later"]
    app = choose(app, commitments_group="attention")
    assert app.dataframe[0].value["text"].to_list() == ["Overdue", "Soon"]
    app = choose(app, commitments_group="settled")
    assert "Nothing fits these filters." in texts(app)


@pytest.mark.both_doors
def test_the_owner_reports_and_verifies_with_what_shows_it(world: World, open_page: Opener) -> None:
    aurora = world.supplier("Aurora")
    made = promise(world, event(world, aurora), aurora, "north admin")
    app = open_page("north editor", "commitments", commitment=made)
    stated = next(one for one in app.radio if one.label == "How does it stand?")
    stated.set_value("verified")
    app = button(app, "Report").click().run()
    assert errors(app) == ["Say what shows that it was done: a note or a link."]
    field(app, "What was done, or why not").set_value("The list is online.")
    app = button(app, "Report").click().run()
    assert "Reported." in texts(app)
    assert metrics(app)["Verified of all made"] == "100%"
    assert app.dataframe[-1].value["note"].to_list() == ["The list is online."]


def test_whoever_neither_follows_it_up_nor_invited_only_reads(
    world: World, open_page: Opener
) -> None:
    aurora = world.supplier("Aurora")
    made = promise(world, event(world, aurora), aurora, "north admin")
    for actor in ("south admin", "north viewer"):
        app = open_page(actor, "commitments", commitment=made)
        assert "Publish all sites" in texts(app)
        assert "Report" not in buttons(app) and "Hand it over" not in buttons(app)


@pytest.mark.both_doors
def test_a_report_on_what_somebody_else_reported_on_shows_both(
    world: World, open_page: Opener
) -> None:
    aurora = world.supplier("Aurora")
    made = promise(world, event(world, aurora), aurora, "north admin")
    app = open_page("north admin", "commitments", commitment=made)
    world["north editor"].store.call(
        "report_commitment",
        {"id": str(uuid.uuid4()), "commitment_id": made, "version": 1, "state": "behind",
         "note": "Late again", "evidence": None, "due_on": None},
    )  # fmt: skip
    next(one for one in app.radio if one.label == "How does it stand?").set_value("done")
    field(app, "What was done, or why not").set_value("Online")
    app = button(app, "Report").click().run()
    assert "compare the two versions" in texts(app)
    app = button(app, "Save my version").click().run()
    assert world["north admin"].store.rows("commitment")["state"].to_list() == ["done"]


def test_a_commitment_is_handed_over(world: World, open_page: Opener) -> None:
    aurora = world.supplier("Aurora")
    made = promise(world, event(world, aurora), aurora, "north admin")
    app = open_page("north editor", "commitments", commitment=made)
    app.selectbox(key=f"hand-{made}").set_value(world["south admin"].organisation_id).run()
    app = button(app, "Hand it over").click().run()
    assert not errors(app)
    owner = world["north admin"].store.rows("commitment")["owner_id"].to_list()
    assert owner == [world["south admin"].organisation_id]


@pytest.mark.both_doors
def test_the_supplier_reports_through_its_link_and_verifies_nothing(
    world: World, open_page: Opener
) -> None:
    aurora, birch = world.supplier("Aurora"), world.supplier("Birch")
    made = event(world, aurora, suppliers=[aurora, birch])
    kept = promise(world, made, aurora)
    promise(world, made, birch, text="Of another company")
    app = open_page(seated(world, made, aurora), "commitments")
    assert not app.exception
    assert app.dataframe[0].value["text"].to_list() == ["Publish all sites"]
    app.query_params["commitment"] = kept
    app = app.run()
    stated = next(one for one in app.radio if one.label == "How does it stand?")
    assert stated.options == ["On track", "Behind", "Done, not verified"]
    stated.set_value("done")
    app = button(app, "Report").click().run()
    assert not errors(app)
    assert world["south admin"].store.rows("commitment", filters={"id": kept})[
        "state"].to_list() == ["done"]  # fmt: skip


def test_progress_counts_what_was_dropped(world: World, open_page: Opener) -> None:
    aurora = world.supplier("Aurora")
    made = event(world, aurora)
    for state in ("verified", "dropped"):
        item = promise(world, made, aurora, "north admin")
        world["north admin"].store.call(
            "report_commitment",
            {"id": str(uuid.uuid4()), "commitment_id": item, "version": 1, "state": state,
             "note": "So it is", "evidence": None, "due_on": None},
        )  # fmt: skip
    app = choose(open_page("south admin", "commitments"), commitments_progress=True)
    assert "1 of 2 commitments ever made are verified: 50%" in texts(app)
    assert app.dataframe[-1].value["percent"].to_list() == [50.0]


def test_what_was_promised_stands_beside_its_standing(world: World, open_page: Opener) -> None:
    aurora = world.supplier("Aurora")
    made = event(world, aurora)
    promise(world, made, aurora)
    member = open_page("south admin", "commitments")
    assert list(member.dataframe[0].value.columns) == [
        "word", "text", "due_on", "days_left", "supplier", "owner", "dialogue", "moved_days",
    ]  # fmt: skip
    guest = open_page(seated(world, made, aurora), "commitments")
    assert list(guest.dataframe[0].value.columns) == [
        "word", "text", "due_on", "days_left", "dialogue", "moved_days",
    ]  # fmt: skip


def test_a_selected_commitment_opens_where_the_table_stood(world: World, open_page: Opener) -> None:
    aurora = world.supplier("Aurora")
    made = event(world, aurora)
    promise(world, made, aurora, days=3, text="Soon")
    promise(world, made, aurora, days=40, text="Later")
    app = select_row(open_page("north admin", "commitments"), "commitments", 1)
    assert not app.dataframe and "Later" in texts(app)
    app = button(app, "All commitments").click().run()
    assert app.dataframe[0].value["text"].to_list() == ["Soon", "Later"]
    assert "Report" not in buttons(app)


def test_whoever_filters_sees_the_table_again(world: World, open_page: Opener) -> None:
    aurora = world.supplier("Aurora")
    made = promise(world, event(world, aurora), aurora)
    app = open_page("north admin", "commitments", commitment=made)
    assert not app.dataframe
    app = choose(app, commitments_group="open")
    assert app.dataframe[0].value["text"].to_list() == ["Publish all sites"]


def test_a_filter_with_one_option_is_not_shown_and_a_link_to_it_works(
    world: World, open_page: Opener
) -> None:
    aurora, birch = world.supplier("Aurora"), world.supplier("Birch")
    made = event(world, aurora, suppliers=[aurora, birch])
    promise(world, made, aurora)
    app = open_page("north admin", "commitments", dialogue=made, supplier=aurora)
    assert [one.label for one in app.selectbox] == ["State"]
    assert app.dataframe[0].value["text"].to_list() == ["Publish all sites"]
    assert not {"dialogue", "supplier"} & set(app.query_params)
    promise(world, made, birch, text="Of Birch")
    app = open_page("north admin", "commitments", dialogue=made, supplier=birch)
    assert [one.label for one in app.selectbox] == ["Supplier", "State"]
    assert app.dataframe[0].value["text"].to_list() == ["Of Birch"]
