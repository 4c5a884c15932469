"""Scores of the 2025 questionnaire: points, caps, bands, ranges, and members' differing views."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorum.definitions import current
from quorum.scoring import (
    band_name,
    check_answers,
    coverage,
    dimension_names,
    disagreement,
    explain,
    freshness,
    latest,
    overall_of_consortium,
    scores,
    trend,
)
from quorum.store.relations import RELATIONS
from tests.test_questionnaire import NAME, POINTS

DIMENSIONS = {
    "awareness_transparency": "awareness",
    "awareness_risks": "awareness",
    "policies": "policies",
    "actions": "actions",
}
TODAY = date(2026, 1, 1)
MINIMUM = ["tier1_only", "risks_unfamiliar", "policy_none", "actions_none"]


def assessments(*rows: dict[str, Any]) -> pl.DataFrame:
    """Rows of the relation; what a test does not say is filled in."""
    usual = {
        "questionnaire": NAME,
        "respondent_kind": "manufacturer",
        "organisation_id": "city",
        "supplier_id": "fjord",
        "assessed_on": TODAY,
        "status": "final",
        "answers": MINIMUM,
    }
    return pl.DataFrame(
        [usual | {"id": f"a{number}"} | row for number, row in enumerate(rows)],
        schema=RELATIONS["assessment"],
    )


def score(*codes: str, kind: str = "manufacturer") -> dict[str, Any]:
    return scores(assessments({"answers": list(codes), "respondent_kind": kind})).row(0, named=True)


def points(codes: str, kind: str = "manufacturer") -> dict[str, Any]:
    scored = score(*codes.split(), kind=kind)
    return {name: scored[f"{name}_points"] for name in dimension_names()}


# Points and caps


@pytest.mark.parametrize(("block", "code", "manufacturer", "reseller"), POINTS)
def test_each_answer_alone_scores_its_points(
    block: str, code: str, manufacturer: int, reseller: int
) -> None:
    dimension = DIMENSIONS[block]
    assert score(code, kind="manufacturer")[f"{dimension}_points"] == manufacturer
    assert score(code, kind="other")[f"{dimension}_points"] == manufacturer
    assert score(code, kind="reseller")[f"{dimension}_points"] == reseller


def test_the_points_of_a_block_are_added() -> None:
    assert points("key_component_makers raw_materials supply_chain_mapping")["awareness"] == 3


def test_awareness_adds_transparency_and_risks() -> None:
    assert points("key_component_makers risks_fair")["awareness"] == 4


@pytest.mark.parametrize("kind", ["manufacturer", "reseller", "other"])
def test_transparency_is_capped_at_five(kind: str) -> None:
    codes = "key_component_makers raw_materials raw_material_suppliers supply_chain_mapping"
    assert points(codes, kind)["awareness"] == 5
    assert points(f"{codes} end_to_end", kind)["awareness"] == 5
    assert points(f"{codes} end_to_end risks_good", kind)["awareness"] == 10


@pytest.mark.parametrize("kind", ["manufacturer", "reseller", "other"])
def test_policies_are_capped_at_ten(kind: str) -> None:
    assert points("policy_basic policy_due_diligence", kind)["policies"] == 9
    assert points("policy_detailed policy_due_diligence", kind)["policies"] == 10
    assert points("policy_basic policy_detailed policy_due_diligence", kind)["policies"] == 10


@pytest.mark.parametrize(("kind", "most"), [("manufacturer", 14), ("reseller", 15), ("other", 14)])
def test_actions_have_no_cap(kind: str, most: int) -> None:
    codes = (
        "code_verification complaints_procedure digital_tools dedicated_staff initiatives "
        "stakeholder_consultation"
    )
    assert points(codes, kind)["actions"] == most


def test_an_answer_named_twice_counts_once() -> None:
    assert points("policy_basic policy_basic")["policies"] == 2


def test_in_a_draft_with_two_answers_where_one_is_allowed_the_better_counts() -> None:
    assert points("risks_cursory risks_fair")["awareness"] == 3


def test_an_answer_of_no_questionnaire_counts_for_nothing() -> None:
    assert points("policy_basic policy_of_another_version")["policies"] == 2


def test_a_missing_kind_of_respondent_scores_as_other() -> None:
    scored = scores(assessments({"answers": ["dedicated_staff"], "respondent_kind": None}))
    assert scored["actions_points"].to_list() == [1]


# Bands


@pytest.mark.parametrize(
    ("codes", "kind", "dimension", "expected", "band"),
    [
        ("key_component_makers raw_materials risks_cursory", "manufacturer", "awareness", 3, "low"),
        ("risks_fair key_component_makers", "manufacturer", "awareness", 4, "medium"),
        ("risks_good raw_materials", "manufacturer", "awareness", 6, "medium"),
        ("risks_good raw_materials key_component_makers", "manufacturer", "awareness", 7, "high"),
        ("raw_materials assembly_locations", "reseller", "awareness", 3, "low"),
        ("raw_materials key_component_makers", "reseller", "awareness", 4, "medium"),
        ("risks_good assembly_locations", "reseller", "awareness", 6, "medium"),
        ("risks_good raw_materials", "reseller", "awareness", 7, "high"),
        ("policy_basic", "manufacturer", "policies", 2, "low"),
        ("policy_detailed", "manufacturer", "policies", 4, "medium"),
        ("policy_basic policy_detailed", "reseller", "policies", 6, "medium"),
        ("policy_due_diligence", "reseller", "policies", 7, "high"),
        ("code_verification", "manufacturer", "actions", 3, "low"),
        ("code_verification dedicated_staff", "manufacturer", "actions", 4, "medium"),
        ("code_verification initiatives", "manufacturer", "actions", 6, "medium"),
        ("code_verification initiatives dedicated_staff", "manufacturer", "actions", 7, "high"),
        ("initiatives", "reseller", "actions", 3, "low"),
        ("dedicated_staff digital_tools", "reseller", "actions", 4, "medium"),
        ("dedicated_staff digital_tools complaints_procedure", "reseller", "actions", 6, "medium"),
        ("initiatives digital_tools dedicated_staff", "reseller", "actions", 7, "high"),
    ],
)
def test_a_band_begins_at_its_edge(
    codes: str, kind: str, dimension: str, expected: int, band: str
) -> None:
    scored = score(*codes.split(), kind=kind)
    assert (scored[f"{dimension}_points"], scored[f"{dimension}_band"]) == (expected, band)


def test_actions_at_three_are_low_and_say_that_the_source_has_no_band() -> None:
    scored = score("code_verification")
    assert scored["actions_band"] == scored["actions_band_high"] == "low"
    assert "3 points for actions no band" in scored["gap_note"]
    assert scored["doubt"] is None


def test_actions_beside_three_have_no_note() -> None:
    assert score("complaints_procedure")["gap_note"] is None
    assert score("code_verification", "dedicated_staff")["gap_note"] is None


def test_the_overall_level_is_the_lowest_band() -> None:
    scored = score("risks_good", "end_to_end", "policy_due_diligence", "code_verification")
    assert scored["awareness_band"] == scored["policies_band"] == "high"
    assert scored["overall"] == scored["overall_high"] == "low"


def test_all_none_answers_are_low_and_not_missing() -> None:
    scored = score(*MINIMUM)
    assert [scored[f"{name}_points"] for name in dimension_names()] == [0, 0, 0]
    assert scored["overall"] == "low"


def test_a_draft_shows_what_is_answered_and_no_overall_level_yet() -> None:
    scored = score("policy_due_diligence")
    assert (scored["policies_points"], scored["policies_band"]) == (7, "high")
    assert scored["awareness_points"] is None
    assert scored["awareness_band"] is None
    assert scored["overall"] is None


def test_bands_have_names_for_people() -> None:
    assert [band_name(band) for band in ("low", "medium", "high", None)] == [
        "Low",
        "Medium",
        "High",
        "Not assessed",
    ]


# Ranges


def test_a_range_that_moves_a_band_shows_both_and_says_why() -> None:
    scored = score(
        "raw_material_suppliers", "risks_cursory", "policy_due_diligence", "initiatives",
        "dedicated_staff",
    )  # fmt: skip
    assert (scored["awareness_points"], scored["awareness_points_high"]) == (3, 4)
    assert (scored["awareness_band"], scored["awareness_band_high"]) == ("low", "medium")
    assert (scored["overall"], scored["overall_high"]) == ("low", "medium")
    assert scored["doubt"] == (
        "Awareness is 3 to 4 points, and so Low or Medium: the printed copy of the source has "
        "lost the points for “Raw-material suppliers”."
    )


def test_a_range_can_move_medium_to_high() -> None:
    scored = score("raw_material_suppliers", "raw_materials", "risks_fair")
    assert (scored["awareness_points"], scored["awareness_points_high"]) == (6, 7)
    assert (scored["awareness_band"], scored["awareness_band_high"]) == ("medium", "high")


def test_a_range_within_a_band_leaves_the_band() -> None:
    scored = score("raw_material_suppliers", "risks_fair", "policy_none", "actions_none")
    assert (scored["awareness_points"], scored["awareness_points_high"]) == (5, 6)
    assert scored["awareness_band"] == scored["awareness_band_high"] == "medium"
    assert scored["doubt"] == (
        "Awareness is 5 to 6 points, Medium either way: the printed copy of the source has "
        "lost the points for “Raw-material suppliers”."
    )


def test_a_moved_band_leaves_the_overall_level_if_another_dimension_is_lower() -> None:
    scored = score("raw_material_suppliers", "risks_cursory", "policy_none", "actions_none")
    assert scored["awareness_band_high"] == "medium"
    assert scored["overall"] == scored["overall_high"] == "low"


def test_a_range_that_the_cap_swallows_is_none() -> None:
    scored = score("raw_material_suppliers", "end_to_end")
    assert (scored["awareness_points"], scored["awareness_points_high"]) == (5, 5)
    assert scored["doubt"] is None


def test_the_cap_can_shorten_a_range_to_its_low_end() -> None:
    below = score("raw_material_suppliers", "key_component_makers", "raw_materials")
    at = score(
        "raw_material_suppliers", "key_component_makers", "raw_materials", "supply_chain_mapping"
    )
    assert (below["awareness_points"], below["awareness_points_high"]) == (4, 5)
    assert (at["awareness_points"], at["awareness_points_high"]) == (5, 5)


def test_resellers_have_no_range() -> None:
    scored = score("raw_material_suppliers", kind="reseller")
    assert scored["awareness_points"] == scored["awareness_points_high"] == 3
    assert scored["doubt"] is None


# Properties, and frames of any shape

CLAIMS = [answer.code for answer in current().answers if not answer.none]
KINDS = ["manufacturer", "reseller", "other"]


@settings(deadline=None, max_examples=60)
@given(st.sets(st.sampled_from(CLAIMS)), st.sampled_from(CLAIMS), st.sampled_from(KINDS))
def test_another_claim_never_lowers_a_score(codes: set[str], more: str, kind: str) -> None:
    before, after = score(*codes, kind=kind), score(*codes, more, kind=kind)
    for name in dimension_names():
        for end in ("points", "points_high"):
            assert (after[f"{name}_{end}"] or 0) >= (before[f"{name}_{end}"] or 0)


@settings(deadline=None, max_examples=60)
@given(
    st.sets(st.sampled_from([answer.code for answer in current().answers])), st.sampled_from(KINDS)
)
def test_a_score_stays_within_its_limits_and_its_ends_in_order(codes: set[str], kind: str) -> None:
    scored = score(*codes, kind=kind)
    for name in dimension_names():
        low, high = scored[f"{name}_points"] or 0, scored[f"{name}_points_high"] or 0
        assert 0 <= low <= high <= current().most_points(name, kind)


@settings(deadline=None, max_examples=60)
@given(
    st.sets(st.sampled_from([answer.code for answer in current().answers])), st.sampled_from(KINDS)
)
def test_the_lines_of_the_explanation_add_up_to_the_score(codes: set[str], kind: str) -> None:
    scored = score(*codes, kind=kind)
    lines = explain(current(), kind, codes)
    for name in dimension_names():
        sums = lines.filter(pl.col("dimension") == name)
        assert sums["points"].sum() == (scored[f"{name}_points"] or 0)
        assert sums["points_high"].sum() == (scored[f"{name}_points_high"] or 0)


def test_no_assessments_give_no_scores_in_the_same_columns() -> None:
    none = scores(assessments())
    assert none.height == 0
    assert none.schema == scores(assessments({})).schema


def test_rows_keep_their_order_and_extra_columns() -> None:
    frame = assessments({"answers": ["policy_basic"]}, {"answers": []}, {}).with_columns(
        row=pl.Series([7, 8, 9])
    )
    scored = scores(frame)
    assert scored.select(frame.columns).equals(frame)
    assert scored["policies_points"].to_list() == [2, None, 0]


def test_an_assessment_by_a_questionnaire_nobody_knows_has_no_score() -> None:
    scored = scores(assessments({"questionnaire": "ict-1999"}, {}))
    assert scored["overall"].to_list() == [None, "low"]


def test_a_hundred_thousand_assessments_are_scored() -> None:
    one = assessments({"answers": ["policy_basic"]})
    assert scores(one[[0] * 100_000])["policies_points"].sum() == 200_000


# Contradictions


def test_answers_without_contradiction_pass() -> None:
    assert check_answers(current(), MINIMUM, complete=True) == []


def test_a_none_answer_excludes_the_others_of_its_block() -> None:
    assert check_answers(current(), ["policy_none", "policy_basic", "policy_detailed"]) == [
        "“Nothing in writing” cannot stand beside “General commitment”, “Commitment to named "
        "standards” under “Commitments in writing”: keep it alone, or take it away."
    ]


def test_a_none_answer_goes_with_answers_of_other_blocks() -> None:
    assert check_answers(current(), ["policy_none", "initiatives"]) == []


def test_one_answer_only_where_one_is_asked() -> None:
    assert check_answers(current(), ["risks_fair", "risks_good"]) == [
        "“Grasp of the risks” takes one answer, and 2 are chosen: keep one."
    ]


def test_an_unknown_answer_is_named() -> None:
    assert check_answers(current(), ["policy_of_another_version"]) == [
        "The answer “policy_of_another_version” is not part of the questionnaire "
        f"“{NAME}”: take it away, or choose the version it belongs to."
    ]


def test_a_draft_may_leave_a_block_unanswered() -> None:
    assert check_answers(current(), ["policy_basic"], complete=False) == []


def test_a_complete_questionnaire_answers_each_block() -> None:
    assert check_answers(current(), ["risks_good", "policy_basic"], complete=True) == [
        "“Sight of the supply chain” has no answer yet: choose one.",
        "“Steps taken” has no answer yet: choose one.",
    ]


# Over time and between members


def test_the_latest_assessment_per_supplier_and_organisation_counts() -> None:
    frame = assessments(
        {"assessed_on": date(2025, 3, 1)},
        {"assessed_on": date(2025, 9, 1)},
        {"assessed_on": date(2024, 1, 1), "organisation_id": "hospital"},
    )
    assert latest(scores(frame))["id"].to_list() == ["a1", "a2"]
    assert latest(scores(frame), by=["supplier_id"])["id"].to_list() == ["a1"]


def test_a_trend_has_one_row_a_day_with_the_level_before() -> None:
    better = ["end_to_end", "risks_good", "policy_due_diligence", "initiatives", "digital_tools"]
    frame = assessments(
        {"assessed_on": date(2025, 9, 1), "answers": better},
        {"assessed_on": date(2024, 9, 1)},
        {"assessed_on": date(2024, 9, 1), "organisation_id": "hospital"},
    )
    assert trend(scores(frame)).select(
        "organisation_id", "assessed_on", "overall", "overall_before"
    ).rows() == [
        ("city", date(2024, 9, 1), "low", None),
        ("city", date(2025, 9, 1), "medium", "low"),
        ("hospital", date(2024, 9, 1), "low", None),
    ]


TWO_VIEWS = [
    {
        "organisation_id": "city",
        "answers": ["raw_materials", "risks_good", "policy_due_diligence", "initiatives"],
    },
    {
        "organisation_id": "hospital",
        "answers": [
            "raw_materials", "risks_good", "policy_detailed", "initiatives", "dedicated_staff",
        ],
    },
]  # fmt: skip


def test_disagreement_gives_the_spread_and_the_answers_that_differ() -> None:
    row = disagreement(scores(assessments(*TWO_VIEWS))).row(0, named=True)
    assert row["organisations"] == 2
    assert (row["overall_lowest"], row["overall_highest"]) == ("low", "medium")
    assert (row["awareness_lowest"], row["awareness_highest"], row["awareness_spread"]) == (6, 6, 0)
    assert (row["policies_lowest"], row["policies_highest"], row["policies_spread"]) == (4, 7, 3)
    assert row["answers_differing"] == [
        "policy_detailed",
        "policy_due_diligence",
        "dedicated_staff",
    ]


def test_one_organisation_does_not_disagree_with_itself() -> None:
    frame = assessments({"assessed_on": date(2024, 1, 1), "answers": ["policy_basic"]}, {})
    row = disagreement(scores(frame)).row(0, named=True)
    assert (row["organisations"], row["answers_differing"]) == (1, [])


def test_answers_of_different_versions_are_not_compared() -> None:
    frame = assessments(
        {"organisation_id": "city"}, {"organisation_id": "hospital", "questionnaire": "ict-1999"}
    )
    assert disagreement(scores(frame))["answers_differing"].to_list() == [[]]


def test_the_consortiums_picture_runs_from_the_lowest_to_the_highest_band() -> None:
    older = date(2025, 6, 1)
    frame = assessments(TWO_VIEWS[0] | {"assessed_on": older}, TWO_VIEWS[1])
    row = overall_of_consortium(scores(frame)).row(0, named=True)
    assert (row["assessors"], row["assessed_on"]) == (2, TODAY)
    assert (row["overall"], row["overall_high"]) == ("low", "medium")
    assert (row["policies_band"], row["policies_band_high"]) == ("medium", "high")
    assert (row["awareness_band"], row["awareness_band_high"]) == ("medium", "medium")


def test_the_consortiums_picture_of_one_member_keeps_that_members_range() -> None:
    codes = ["raw_material_suppliers", "risks_cursory", "policy_due_diligence", "initiatives"]
    frame = assessments({"answers": [*codes, "dedicated_staff"]})
    row = overall_of_consortium(scores(frame)).row(0, named=True)
    assert (row["assessors"], row["overall"], row["overall_high"]) == (1, "low", "medium")


@pytest.mark.parametrize("view", [latest, trend, disagreement, overall_of_consortium])
def test_views_of_no_assessments_are_empty(view: Any) -> None:
    assert view(scores(assessments())).height == 0


@pytest.mark.parametrize(
    ("assessed_on", "expected"),
    [
        (date(2024, 1, 2), "assessed"),  # 730 days before
        (date(2024, 1, 1), "stale"),  # 731 days before
        (TODAY, "assessed"),
        (None, "never"),
    ],
)
def test_an_assessment_is_stale_after_two_years(assessed_on: date | None, expected: str) -> None:
    assert freshness(TODAY, assessed_on) == expected
    frame = assessments(*([] if assessed_on is None else [{"assessed_on": assessed_on}]))
    suppliers = pl.DataFrame({"id": ["fjord"]})
    assert coverage(suppliers, frame, TODAY)["coverage"].to_list() == [expected]


def test_coverage_takes_the_newest_assessment_and_keeps_the_order_of_suppliers() -> None:
    frame = assessments(
        {"assessed_on": date(2020, 1, 1)},
        {},
        {"supplier_id": "elm", "assessed_on": date(2020, 1, 1)},
    )
    suppliers = pl.DataFrame({"id": ["oak", "fjord", "elm"]})
    assert coverage(suppliers, frame, TODAY).rows() == [
        ("oak", None, "never"),
        ("fjord", TODAY, "assessed"),
        ("elm", date(2020, 1, 1), "stale"),
    ]


# Explanation


def test_an_explanation_has_a_line_per_answer_and_one_for_the_cap() -> None:
    lines = explain(current(), "manufacturer", ["end_to_end", "raw_material_suppliers"])
    assert lines.select("code", "points", "points_high").rows() == [
        ("raw_material_suppliers", 2, 3),
        ("end_to_end", 5, 5),
        (None, -2, -3),
    ]
    assert lines["text"][2] == "At most 5 points count here"
    assert lines["note"].to_list() == [
        "The printed copy of the source has lost this figure: 2 to 3 points are possible.",
        "The printed copy of the source has lost this figure; this is the likely one.",
        None,
    ]


def test_printed_figures_are_explained_without_a_note() -> None:
    lines = explain(current(), "reseller", ["policy_basic", "tier1_only"])
    assert lines.select("block", "code", "note").rows() == [
        (
            "awareness_transparency",
            "tier1_only",
            "The printed copy of the source has lost this figure; nothing else fits there.",
        ),
        ("policies", "policy_basic", None),
    ]
