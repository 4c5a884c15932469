"""Which suppliers are least ready: what each member sees of it, filters, comparison, files."""

from collections.abc import Callable
from datetime import date

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from quorum.charts import Zones
from quorum.readiness import (
    all_answers,
    answers_side_by_side,
    chosen,
    counts,
    matrix,
    over_time,
    picture,
    side_by_side,
    sum_of,
    zones,
)
from quorum.scoring import scores
from tests.conftest import World

Open = Callable[..., AppTest]

LOW = ["tier1_only", "risks_unfamiliar", "policy_none", "actions_none"]
MEDIUM = ["raw_materials", "risks_fair", "policy_detailed", "code_verification", "dedicated_staff"]
HIGH = ["end_to_end", "risks_good", "policy_due_diligence", "code_verification", "initiatives",
        "complaints_procedure"]  # fmt: skip
# Awareness 1 + (2 to 3) points: Low or Medium.
DOUBTFUL = ["raw_materials", "raw_material_suppliers", "risks_unfamiliar", *MEDIUM[2:]]
TODAY = date(2026, 7, 1)


def assessed(*rows: tuple[str, str, str, list[str]], **columns: object) -> pl.DataFrame:
    """Scored assessments: supplier, organisation, day, answers; identifiers are the names."""
    return scores(
        pl.DataFrame(
            [
                {
                    "id": f"{n}", "supplier_id": supplier, "supplier": supplier,
                    "organisation_id": organisation, "organisation": organisation,
                    "questionnaire": "ict-human-rights-2025", "respondent_kind": "manufacturer",
                    "assessed_on": date.fromisoformat(day), "answers": answers,
                    "mine": organisation == "North", "shared_with": ["c"], "company_name": "",
                    "other_actions": "", "evidence": "{}", **columns,
                }
                for n, (supplier, organisation, day, answers) in enumerate(rows)
            ]
        )
    )  # fmt: skip


SOME = assessed(
    ("Aurora", "North", "2024-01-01", LOW),
    ("Aurora", "North", "2026-01-01", MEDIUM),
    ("Aurora", "South", "2026-02-01", HIGH),
    ("Birch", "South", "2023-01-01", LOW),
    ("Cedar", "North", "2026-03-01", DOUBTFUL),
)


def said(page: AppTest) -> str:
    parts = [*page.markdown, *page.caption, *page.error, *page.info, *page.title, *page.subheader]
    return "\n".join(one.value.replace("\\", "").replace("\u2060", "") for one in parts)


# The picture


def test_the_least_ready_come_first_and_only_the_newest_of_each_member_counts() -> None:
    found = picture(SOME, TODAY)
    assert found.select("supplier", "organisation", "overall_words").rows() == [
        ("Birch", "South", "Low"),
        ("Cedar", "North", "Low or Medium"),
        ("Aurora", "North", "Medium"),
        ("Aurora", "South", "High"),
    ]
    assert found["freshness"].to_list() == ["stale", "assessed", "assessed", "assessed"]
    assert found["awareness_words"].to_list() == [
        "Low, 0", "Low or Medium, 3 to 4", "Medium, 4", "High, 10",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("filters", "suppliers"),
    [
        ({}, ["Birch", "Cedar", "Aurora", "Aurora"]),
        ({"supplier": "Birch"}, ["Birch"]),
        ({"organisation": "South"}, ["Birch", "Aurora"]),
        ({"overall": "low"}, ["Birch", "Cedar"]),
        ({"overall": "medium"}, ["Cedar", "Aurora"]),
        ({"fresh": "stale"}, ["Birch"]),
        ({"mine": True}, ["Cedar", "Aurora"]),
        ({"consortium": "c"}, ["Birch", "Cedar", "Aurora", "Aurora"]),
        ({"consortium": "d"}, []),
    ],
)
def test_a_filter_lets_through_what_it_names(
    filters: dict[str, object], suppliers: list[str]
) -> None:
    assert chosen(picture(SOME, TODAY), **filters)["supplier"].to_list() == suppliers


def test_suppliers_are_counted_by_their_newest_assessment() -> None:
    assert counts(picture(SOME, TODAY)) == {"assessed": 3, "low": 2, "stale": 1, "differing": 1}


def test_the_matrix_has_each_suppliers_newest_assessment_and_can_be_cut() -> None:
    everybody = matrix(picture(SOME, TODAY))
    assert everybody.filter(dimension="Policies").select("supplier", "points").rows() == [
        ("Birch", 0), ("Cedar", 4), ("Aurora", 7),
    ]  # fmt: skip
    assert matrix(picture(SOME, TODAY), most=1)["supplier"].unique().to_list() == ["Birch"]


def test_the_trend_has_every_day_of_one_supplier() -> None:
    days = over_time(SOME, "Aurora").filter(dimension="Awareness")
    assert days.select("organisation", "date", "points").rows() == [
        ("North", date(2024, 1, 1), 0),
        ("North", date(2026, 1, 1), 4),
        ("South", date(2026, 2, 1), 10),
    ]


def test_the_comparison_has_each_members_newest_assessment_of_one_supplier() -> None:
    found = side_by_side(SOME, "Aurora").filter(dimension="Actions")
    assert found.select("organisation", "points").rows() == [("North", 4), ("South", 8)]


def test_answers_on_which_members_differ_stand_side_by_side() -> None:
    lines = answers_side_by_side(SOME, "Aurora")
    assert lines.columns == ["block", "answer", "North", "South"]
    staff = lines.filter(pl.col("answer").str.starts_with("Has people whose job"))
    assert staff.select("North", "South").rows() == [("yes", "no")]
    assert lines.filter(pl.col("answer").str.starts_with("Checks whether")).is_empty()


def test_the_sum_shows_what_a_cap_takes_off() -> None:
    lines = sum_of(
        "ict-human-rights-2025", "manufacturer", ["policy_detailed", "policy_due_diligence"]
    )
    assert lines.select("points", "answer")[-1].rows() == [("-1", "At most 10 points count here")]


def test_zones_are_those_of_the_questionnaire() -> None:
    assert zones() == {
        "Awareness": Zones(4, 7, 10), "Policies": Zones(4, 7, 10), "Actions": Zones(4, 7, 15),
    }  # fmt: skip


def test_a_file_has_a_column_for_every_answer() -> None:
    table = all_answers(SOME.filter(supplier="Cedar"))
    row = table.row(0, named=True)
    assert (row["Main raw materials"], row["Nothing in writing"]) == ("x", None)
    assert (row["Awareness, points"], row["Awareness, points at most"]) == (3, 4)
    assert "contact" not in " ".join(table.columns).lower()


# The page


def test_an_empty_page_teaches_and_offers_the_spreadsheet(open_page: Open) -> None:
    page = open_page("north editor", "assessments")
    assert "No assessment yet" in said(page)
    assert not page.exception


def test_the_page_shows_what_is_shared_and_names_what_is_withheld(
    open_page: Open, world: World
) -> None:
    shared = world.assessment("south admin", world.supplier("Birch"), LOW)
    world.share("south admin", "assessment", [shared])
    world.assessment("south admin", world.supplier("Canary"), LOW)
    page = open_page("north viewer", "assessments")
    assert not page.exception
    assert [(one.label, one.value) for one in page.metric][:2] == [
        ("Suppliers assessed", "1"), ("Low overall", "1"),
    ]  # fmt: skip
    frame = page.dataframe[0].value
    assert frame["supplier"].tolist() == ["Birch"]
    assert frame["overall_words"].tolist() == ["Low"]
    assert frame["whose"].tolist() == ["Shared with Nordic ICT buyers"]
    assert "Canary" not in said(page)
    assert "assessments that members have not shared with you" in said(page)


@pytest.mark.parametrize("actor", ["west admin", "east admin"])
def test_outside_the_consortium_nothing_is_seen(open_page: Open, world: World, actor: str) -> None:
    shared = world.assessment("south admin", world.supplier("Canary"), LOW)
    world.share("south admin", "assessment", [shared])
    page = open_page(actor, "assessments")
    assert "No assessment yet" in said(page)
    assert "Canary" not in said(page)


def test_a_link_with_a_supplier_compares_the_members(open_page: Open, world: World) -> None:
    supplier = world.supplier("Aurora *Devices*")
    mine = world.assessment("north editor", supplier, LOW)
    theirs = world.assessment("south admin", supplier, MEDIUM)
    world.share("south admin", "assessment", [theirs])
    page = open_page("north editor", "assessments", supplier=supplier)
    assert not page.exception
    assert "Aurora *Devices*: how members see it" in said(page)
    assert "They differ on 9 answers:" in said(page)
    assert page.dataframe[0].value.columns.tolist() == ["block", "answer", "North", "South"]
    assert "Each member assessed it once so far." in said(page)
    assert mine


def test_a_second_round_draws_the_trend(open_page: Open, world: World) -> None:
    supplier = world.supplier()
    world.assessment("north editor", supplier, LOW, assessed_on="2025-01-01")
    world.assessment("north editor", supplier, MEDIUM)
    page = open_page("north editor", "assessments", supplier=supplier)
    assert not page.exception
    assert "One member has assessed it: there is nothing to compare yet." in said(page)
    assert "Each member assessed it once so far." not in said(page)


def test_filters_that_fit_nothing_say_so(open_page: Open, world: World) -> None:
    world.assessment("north editor", world.supplier(), LOW)
    page = open_page("north editor", "assessments")
    page.selectbox(key="ready_level").set_value("high").run()
    assert "No assessment fits all of these filters." in said(page)


def test_drafts_of_the_own_organisation_stand_on_top(open_page: Open, world: World) -> None:
    supplier = world.supplier("Elm")
    world.assessment("north editor", supplier, [], status="draft")
    assert "1 draft to finish" in said(open_page("north viewer", "assessments"))
    assert "1 draft to finish" not in said(open_page("south admin", "assessments"))


def test_a_supplier_that_was_merged_stands_under_the_kept_entry(
    open_page: Open, world: World
) -> None:
    kept, merged = world.supplier("Kept"), world.supplier("Merged")
    world.assessment("north editor", merged, LOW)
    world["north admin"].store.call(
        "merge_suppliers", {"kept": kept, "merged": merged, "reason": "twice"}
    )
    page = open_page("north editor", "assessments")
    assert page.dataframe[0].value["supplier"].tolist() == ["Kept"]
