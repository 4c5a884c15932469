"""The audit page: the organisation's own trail, newest first."""

from collections.abc import Callable

import polars as pl
import psycopg
import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import World

Open = Callable[..., AppTest]


def acts(page: AppTest) -> list[str]:
    frame = pl.from_pandas(page.dataframe[0].value)
    return [f"{who} {what}" for who, what in frame.select("who", "what").iter_rows()]


@pytest.fixture
def quiet(world: World) -> World:
    """The world without the events that its making left."""
    with psycopg.connect(world.engine.owner_address) as db:
        db.execute("set session_replication_role = replica")
        db.execute("delete from audit_event")
    return world


def test_acts_are_told_newest_first_with_names(open_page: Open, quiet: World) -> None:
    supplier = quiet.supplier("Aurora")
    item = quiet.assessment("north editor", supplier, ["policy_basic"])
    quiet.share("north admin", "assessment", [item], title="Aurora this year")
    page = open_page("north viewer", "audit")
    assert not page.exception
    assert acts(page) == [
        "north admin shared 1 assessment with Nordic ICT buyers (record): Aurora this year",
        "north editor added an assessment: Aurora, 2026-06-01",
    ]


def test_nobody_reads_the_trail_of_another_organisation(open_page: Open, quiet: World) -> None:
    item = quiet.assessment("north editor", quiet.supplier(), ["policy_basic"])
    quiet.share("north admin", "assessment", [item])
    page = open_page("south admin", "audit")
    assert not page.exception
    assert not page.dataframe
    assert any("No event is like that" in m.value for m in page.main.markdown)


def test_the_trail_is_narrowed_by_person_and_kind(open_page: Open, quiet: World) -> None:
    supplier = quiet.supplier("Aurora")
    quiet.assessment("north editor", supplier, ["policy_basic"])
    quiet.spend("north admin", supplier, {2024: 1, 2025: 2})
    page = open_page("north viewer", "audit")
    person = quiet["north editor"].id
    page = page.selectbox(key="audit_person").set_value(person).run()
    assert acts(page) == ["north editor added an assessment: Aurora, 2026-06-01"]
    page = page.selectbox(key="audit_person").set_value(None).run()
    page = page.selectbox(key="audit_kind").set_value("spend").run()
    assert acts(page) == ["north admin added 2 spend lines"]


def test_a_kind_does_not_take_a_sharing_for_an_edit(open_page: Open, quiet: World) -> None:
    item = quiet.assessment("north editor", quiet.supplier("Aurora"), ["policy_basic"])
    quiet.share("north admin", "assessment", [item])
    page = open_page("north viewer", "audit")
    page = page.selectbox(key="audit_kind").set_value("assessments").run()
    assert acts(page) == ["north editor added an assessment: Aurora, 2026-06-01"]


def test_a_period_leaves_out_what_is_older(open_page: Open, quiet: World) -> None:
    quiet.owner(
        "insert into audit_event (organisation_id, at, person_id, action, relation)"
        " values (%s, now() - interval '8 days', %s, 'insert', 'site_list'),"
        " (%s, now() - interval '6 days', %s, 'insert', 'supplier')",
        *[quiet["north admin"].organisation_id, quiet["north admin"].id] * 2,
    )
    page = open_page("north viewer", "audit")
    assert len(acts(page)) == 2
    page = page.selectbox(key="audit_period").set_value("7").run()
    assert acts(page) == ["north admin added a supplier"]


def test_of_a_long_trail_the_newest_are_read_and_older_ones_on_demand(
    open_page: Open, quiet: World
) -> None:
    quiet.owner(
        "insert into audit_event (organisation_id, at, person_id, action, relation)"
        " select %s, now() - make_interval(mins => n), %s, 'insert', 'supplier'"
        " from generate_series(1, 500) n",
        quiet["north admin"].organisation_id, quiet["north admin"].id,
    )  # fmt: skip
    page = open_page("north viewer", "audit")
    assert len(acts(page)) == 199
    assert any(c.value.startswith("There are older events") for c in page.main.caption)
    page = page.selectbox(key="audit_limit").set_value(2000).run()
    assert len(acts(page)) == 500
    assert not any(c.value.startswith("There are older events") for c in page.main.caption)
