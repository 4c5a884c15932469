"""Ratings compared, what is due, change over time, and who belongs to what."""

import json
import re
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from quorum import charts, initiatives
from quorum.definitions.rubrics import Due, code_of, from_row, published, rubrics
from quorum.initiatives import (
    RATINGS,
    coverage,
    current,
    disagreements,
    expiries,
    history,
    long_ratings,
    months_before,
    over_time,
    problems_of_link,
    problems_of_rating,
    published_ratings,
    standings,
    summary,
    uncovered,
    with_state,
)
from quorum.store.relations import RELATIONS

TODAY = date(2026, 6, 1)
RUBRIC = next(one for one in rubrics() if one.id == "due-diligence")


def rating(rater: str, value: float, day: str = "2026-01-01", **columns: Any) -> dict[str, Any]:
    made = {
        "rating_id": f"{rater}-{day}", "initiative": "rba", "rubric": "due-diligence",
        "edition": 1, "rater_id": rater, "rater": rater.title(), "mine": False,
        "rated_on": date.fromisoformat(day), "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "supersedes": None, "evidence": [], "criterion": "governance", "value": value,
        "rationale": "Because",
    }  # fmt: skip
    return {**made, **columns}


def ratings(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=RATINGS)


# Ratings ------------------------------------------------------------------------------------------


def test_the_published_table_is_a_rating_like_any_other_whose_rater_is_the_manual():
    found = published_ratings(published())
    assert found.height == 30
    assert found["rater"].unique().to_list() == ["CFIT manual"]
    assert found.schema == RATINGS


def test_the_median_of_several_raters_has_its_range_and_their_number():
    found = summary(current(ratings(rating("a", 1), rating("b", 2), rating("c", 4))))
    assert found.select("median", "low", "high", "raters").row(0) == (2.0, 1.0, 4.0, 3)


def test_the_median_of_two_lies_between_them():
    assert summary(current(ratings(rating("a", 1), rating("b", 1.5))))["median"][0] == 1.25


@pytest.mark.parametrize(
    ("whose", "raters"), [("all", ["manual", "a", "b"]), ("published", ["manual"]), ("ours", ["b"])]
)
def test_ratings_are_those_of_all_of_the_published_table_or_of_ones_own(whose, raters):
    latest = ratings(rating("manual", 1), rating("a", 2), rating("b", 3, mine=True))
    assert initiatives.given_by(latest, whose)["rater_id"].to_list() == raters


def test_only_the_latest_rating_of_a_rater_counts():
    found = current(ratings(rating("a", 1, "2024-01-01"), rating("a", 3, "2026-01-01")))
    assert found["value"].to_list() == [3.0]


def test_a_rating_that_was_superseded_does_not_count_even_if_its_date_is_later():
    old = rating("a", 1, "2026-02-01")
    new = rating("a", 3, "2026-01-15", supersedes=old["rating_id"])
    assert current(ratings(old, new))["value"].to_list() == [3.0]


def test_a_shared_rating_counts_while_its_revision_is_not_shared():
    # The revision is not in the frame: this member does not see it.
    assert current(ratings(rating("a", 1)))["value"].to_list() == [1.0]


def test_a_rating_is_superseded_by_its_own_rater_only():
    """Raters choose identifiers: what another supersedes under the same one is its own copy."""
    found = ratings(
        rating("a", 4, "2024-05-01", rating_id="x"),
        rating("b", 0, "2024-05-01", rating_id="y", supersedes="x"),
    )
    latest = current(found)
    assert latest.select("rater", "value").rows() == [("A", 4.0), ("B", 0.0)]
    assert history(found, latest)["state"].to_list() == ["current", "current"]
    assert over_time(found).select("low", "high", "raters").rows() == [(0.0, 4.0, 2)]


def test_two_raters_under_one_identifier_are_two_ratings():
    found = ratings(
        rating("a", 4, "2024-05-01", rating_id="x"),
        rating("b", 0, "2024-05-01", rating_id="x"),
        rating("b", 1, "2024-08-01", rating_id="z", supersedes="x"),
    )
    latest = current(found)
    assert latest.select("rater", "value").rows() == [("A", 4.0), ("B", 1.0)]
    assert history(found, latest).select("rater", "state").rows() == [
        ("B", "current"), ("A", "current"), ("B", "revised"),
    ]  # fmt: skip
    assert over_time(found).select("low", "high", "raters").rows() == [(0.0, 4.0, 2), (1.0, 4.0, 2)]


def test_a_rater_counts_once_for_each_initiative_and_rubric():
    found = current(
        ratings(rating("a", 1), rating("a", 2, initiative="epeat", rating_id="x"),
                rating("a", 3, rubric="accountability", rating_id="y"))
    )  # fmt: skip
    assert found.height == 3


def test_stored_ratings_become_one_row_per_criterion_and_unknown_rubrics_are_left_out():
    scores = {
        "reach": {"value": 2.5, "rationale": "Wide"},
        "support": {"value": 0, "rationale": "<b>None</b>"},
    }
    row = {
        "id": "r1", "organisation_id": "o1", "initiative": "rba", "rubric": "due-diligence",
        "edition": 1, "rated_on": TODAY, "scores": json.dumps(scores),
        "evidence": ["https://a.org"], "supersedes": None, "shared_with": [], "shared_until": None,
        "created_at": datetime(2026, 6, 1, tzinfo=UTC),
    }  # fmt: skip
    rows = pl.DataFrame(
        [row, {**row, "id": "r2", "rubric": "not-shared"}], schema=RELATIONS["initiative_rating"]
    )
    found = long_ratings(rows, rubrics(), {"o1": "North"}, "o1")
    assert found.select("rating_id", "rater", "mine", "criterion", "value", "rationale").rows() == [
        ("r1", "North", True, "reach", 2.5, "Wide"),
        ("r1", "North", True, "support", 0.0, "<b>None</b>"),
    ]


def test_a_criterion_may_be_called_like_anything_that_a_rating_has():
    labels = [
        "Evidence", "Id", "Value", "Edition", "Rubric", "Criterion", "Rater", "Mine", "Scores",
        "Rationale", "Supersedes", "Initiative",
    ]  # fmt: skip
    codes = [code_of(label) for label in labels]
    assert codes[:3] == ["evidence", "id", "value"]
    criteria = [
        {"code": code, "label": label, "question": ""}
        for code, label in zip(codes, labels, strict=True)
    ]
    own = from_row(
        {
            "family": "f", "edition": 1, "title": "Ours", "source": "",
            "criteria": json.dumps(criteria), "valid_from": TODAY, "valid_until": None,
        }
    )  # fmt: skip
    scores = {
        code: {"value": number / 2, "rationale": f"{code} it is"}
        for number, code in enumerate(codes[:8])
    }
    row = {
        "id": "r1", "organisation_id": "o1", "initiative": "rba", "rubric": "f", "edition": 1,
        "rated_on": TODAY, "scores": json.dumps(scores), "evidence": ["https://a.org"],
        "supersedes": None, "created_at": datetime(2026, 6, 1, tzinfo=UTC),
    }  # fmt: skip
    rows = pl.DataFrame([row], schema=RELATIONS["initiative_rating"])
    found = long_ratings(rows, [own], {"o1": "North"}, "o1")
    assert found.schema == RATINGS
    assert found.select("criterion", "value", "rationale").rows() == [
        (code, number / 2, f"{code} it is") for number, code in enumerate(codes[:8])
    ]
    assert found.select("rating_id", "rater", "rubric", "edition", "evidence").unique().rows() == [
        ("r1", "North", "f", 1, ["https://a.org"])
    ]


def test_a_rater_who_left_is_still_named_as_such():
    row = ratings(rating("a", 1))
    assert row["rater"][0] == "A"
    rows = pl.DataFrame(schema=RELATIONS["initiative_rating"])
    assert long_ratings(rows, rubrics(), {}, "o1").schema == RATINGS


def test_disagreement_is_a_sentence_with_the_raters_on_both_ends():
    latest = current(ratings(rating("a", 1), rating("b", 1), rating("c", 3)))
    found = disagreements(latest, RUBRIC)
    assert found.select("sentence", "lowest", "highest").row(0) == (
        "Raters differ by 2 stars on governance.", "A, B", "C",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(1, 1.5, "half a star"), (1, 2, "1 star"), (1, 2.5, "1.5 stars"), (0, 4, "4 stars")],
)
def test_the_width_of_a_disagreement_is_said_in_stars(low, high, words):
    latest = current(ratings(rating("a", low), rating("b", high)))
    assert disagreements(latest, RUBRIC, 0.5)["sentence"][0] == (
        f"Raters differ by {words} on governance."
    )


def test_agreement_and_smaller_differences_are_not_disagreements():
    assert disagreements(current(ratings(rating("a", 2), rating("b", 2))), RUBRIC, 0).is_empty()
    assert disagreements(current(ratings(rating("a", 2), rating("b", 2.5))), RUBRIC, 1).is_empty()


# What is due --------------------------------------------------------------------------------------


def states(latest: pl.DataFrame, due: dict[str, list[Due]] | None = None) -> dict[str, str]:
    found = standings(["rba", "jac"], latest, RUBRIC, due or {}, TODAY)
    return dict(found.select("initiative", "state").rows())


def test_what_nobody_rated_is_unrated_and_stands_first():
    assert states(ratings(rating("a", 1))) == {"jac": "unrated", "rba": "current"}
    assert list(states(ratings(rating("a", 1)))) == ["jac", "rba"]


@pytest.mark.parametrize(
    ("day", "state"), [("2024-06-01", "current"), ("2024-05-31", "due"), ("2026-06-01", "current")]
)
def test_a_rating_older_than_24_months_is_due_again(day, state):
    assert states(ratings(rating("a", 1, day)))["rba"] == state


def test_a_flagged_criterion_is_due_until_somebody_rates_it_after_the_flags_day():
    flag = {"rba": [Due("governance", date(2026, 3, 1), "The rules changed.")]}
    old, new = rating("a", 1, "2026-02-28"), rating("b", 2, "2026-03-01")
    assert states(ratings(old), flag)["rba"] == "due"
    assert states(ratings(old, new), flag)["rba"] == "current"
    later = {"rba": [Due("governance", date(2026, 6, 2), "The rules will change.")]}
    assert states(ratings(old), later)["rba"] == "current"


def test_epeat_is_due_in_2026_and_says_why():
    latest = current(published_ratings(published()))
    due = {one.id: one.due for one in published().initiatives}
    found = standings(["epeat"], latest, RUBRIC, due, TODAY)
    assert found["state"].to_list() == ["due"]
    assert found["why"][0].startswith("Standards was last rated on 2025-06-01. New criteria")


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        (date(2026, 3, 31), 1, date(2026, 2, 28)), (date(2028, 2, 29), 24, date(2026, 2, 28)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)), (date(2026, 6, 1), 24, date(2024, 6, 1)),
    ],
)  # fmt: skip
def test_so_many_months_before_a_day(day, months, before):
    assert months_before(day, months) == before


# Over time ----------------------------------------------------------------------------------------


def test_change_over_time_takes_each_raters_rating_of_the_day():
    found = over_time(
        ratings(rating("a", 1, "2024-01-10"), rating("b", 3, "2025-01-10"),
                rating("a", 2, "2026-01-10"))
    )  # fmt: skip
    assert found.select("day", "median", "low", "high", "raters").rows() == [
        (date(2024, 1, 10), 1.0, 1.0, 1.0, 1),
        (date(2025, 1, 10), 2.0, 1.0, 3.0, 2),
        (date(2026, 1, 10), 2.5, 2.0, 3.0, 2),
    ]


def test_of_one_quarter_the_last_day_stands_for_all():
    found = over_time(ratings(rating("a", 1, "2026-01-10"), rating("b", 3, "2026-03-31")))
    assert found["day"].to_list() == [date(2026, 3, 31)]


def test_a_correction_of_the_same_day_replaces_what_it_corrects():
    old = rating("a", 1, "2026-01-10")
    new = rating(
        "a", 4, "2026-01-10", rating_id="new", supersedes=old["rating_id"],
        created_at=datetime(2026, 1, 11, tzinfo=UTC),
    )  # fmt: skip
    assert over_time(ratings(old, new)).select("median", "raters").rows() == [(4.0, 1)]


def test_the_history_keeps_what_was_revised():
    rows = ratings(rating("a", 1, "2025-01-01"), rating("a", 2, "2026-01-01"))
    found = history(rows, current(rows))
    assert found.select("value", "state").rows() == [(2.0, "current"), (1.0, "revised")]


# Bad input ----------------------------------------------------------------------------------------


def faults(value: float | None = 2, why: str = "Because", **changed: Any) -> list[str]:
    given: dict[str, Any] = {
        "values": {"reach": value}, "rationales": {"reach": why}, "evidence": [],
        "rated_on": TODAY, "today": TODAY,
    }  # fmt: skip
    return problems_of_rating(RUBRIC, **{**given, **changed})


def test_a_sound_rating_has_no_fault():
    assert faults() == []
    assert faults(0) == [] and faults(4) == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (4.5, "Reach is rated 4.5: choose 0 to 4 stars."),
        (-1, "Reach is rated -1: choose 0 to 4 stars."),
        (2.3, "Reach is rated 2.3: choose a half step, such as 2 or 2.5."),
        (None, "Rate at least one criterion."),
    ],
)
def test_stars_out_of_range_or_off_the_half_step_are_said(value, said):
    assert faults(value) == [said]


@pytest.mark.parametrize("why", ["", "  \n ", "a b"])
def test_a_missing_rationale_is_said(why):
    assert faults(2.5, why) == ["Say why Reach gets 2.5 stars: the rationale is missing."]


def test_a_day_in_the_future_or_outside_the_edition_is_said():
    assert faults(rated_on=date(2026, 6, 2)) == [
        "The rating is dated 2026-06-02, which is in the future."
    ]
    assert faults(rated_on=date(2024, 12, 31)) == [
        "On 2024-12-31 edition 1 of “Due diligence of initiatives” was not in use. Choose the "
        "edition of that day, or another day."
    ]
    assert faults(rated_on=None) == ["Say on which day this rating was true."]


@pytest.mark.parametrize("link", ["a.org", "javascript:alert(1)", "https://a.org/ x", "https://"])
def test_evidence_that_is_no_link_is_said(link):
    assert faults(evidence=[link]) == [
        f"“{link}” is not a link: begin with https:// and leave out spaces."
    ]


def test_a_criterion_of_another_rubric_is_said():
    assert "This rubric has no criterion “colour”." in faults(
        values={"colour": 2.0}, rationales={"colour": "Because"}
    )


def link_faults(**changed: Any) -> list[str]:
    sound = {"initiative": "rba", "supplier_id": "s1", "source": "List"}
    return problems_of_link({**sound, **changed}, TODAY)


def test_a_link_says_what_is_missing_or_contradicts():
    assert link_faults() == []
    assert link_faults(initiative=None) == ["Choose the initiative."]
    assert link_faults(supplier_id=None) == ["Choose the supplier."]
    assert link_faults(valid_from=TODAY, valid_until=date(2026, 5, 1)) == [
        "It ends on 2026-05-01, before it begins on 2026-06-01. Check the two dates."
    ]


def test_an_expired_certificate_is_said_unless_the_past_is_meant():
    ended = {"valid_until": date(2026, 5, 31)}
    assert link_faults(**ended) == [
        "It expired on 2026-05-31. Store it only if the record of the past is meant."
    ]
    assert link_faults(**ended, expired_is_meant=True) == []
    assert link_faults(valid_until=TODAY) == []


# Who belongs to what ------------------------------------------------------------------------------


def links(*rows: tuple[str, str, str | None, str | None, str | None]) -> pl.DataFrame:
    """initiative, supplier, place, valid from, valid until."""
    return pl.DataFrame(
        [
            {
                "id": str(number), "initiative": initiative, "supplier_id": supplier,
                "place_key": place, "valid_from": start and date.fromisoformat(start),
                "valid_until": end and date.fromisoformat(end),
            }
            for number, (initiative, supplier, place, start, end) in enumerate(rows)
        ],
        schema={
            "id": pl.String, "initiative": pl.String, "supplier_id": pl.String,
            "place_key": pl.String, "valid_from": pl.Date, "valid_until": pl.Date,
        },
    )  # fmt: skip


SUPPLIERS = pl.DataFrame({"id": ["s1", "s2", "s3"], "name": ["Aurora", "Birch", "Cedar"]})


def test_a_link_is_valid_on_its_last_day_and_expired_after_it():
    found = with_state(
        links(("rba", "s1", None, None, "2026-06-01"), ("rba", "s1", None, None, "2026-05-31"),
              ("rba", "s1", None, "2026-06-02", None), ("rba", "s1", None, None, None)),
        TODAY,
    )  # fmt: skip
    assert found["state"].to_list() == ["valid", "expired", "not yet", "valid"]
    assert found["days_left"].to_list() == [0, -1, None, None]


def test_coverage_counts_suppliers_once_and_leaves_out_what_expired():
    found = coverage(
        links(("rba", "s1", None, None, None), ("rba", "s1", "p1", None, None),
              ("rba", "s2", "p2", None, None), ("tco", "s3", None, None, "2026-01-01"),
              ("rba", "s9", None, None, None)),
        ["s1", "s2", "s3"], TODAY,
    )  # fmt: skip
    assert found.select("initiative", "suppliers", "sites").rows() == [("rba", 2, 2)]
    assert found["share"][0] == pytest.approx(2 / 3)


def test_suppliers_without_any_valid_link_are_listed_with_when_the_last_ended():
    found = uncovered(
        SUPPLIERS,
        links(("rba", "s1", None, None, None), ("rba", "s2", None, None, "2026-01-01")),
        TODAY,
    )
    assert found.rows() == [("s2", "Birch", date(2026, 1, 1)), ("s3", "Cedar", None)]


def test_what_expires_within_half_a_year_comes_with_the_next_first():
    found = expiries(
        links(("rba", "s1", None, None, "2026-09-01"), ("rba", "s2", None, None, "2026-06-10"),
              ("rba", "s3", None, None, "2027-06-10"), ("rba", "s3", None, None, "2026-05-10")),
        TODAY,
    )  # fmt: skip
    assert found["id"].to_list() == ["1", "0"]


# Figures ------------------------------------------------------------------------------------------

NAMES = {"rba": "RBA", "jac": "<b>JAC</b>"}


def test_the_matrix_shows_median_raters_and_range_and_knows_what_was_clicked():
    found = summary(current(ratings(rating("a", 1), rating("b", 4))))
    figure = charts.rating_matrix(found, NAMES, {"governance": "Governance"}, "Source.")
    squares, spread = figure.data
    assert list(squares.customdata) == ["rba|governance", "jac|governance"]
    assert list(squares.text) == ["2.5<br>(2)", "–"]
    assert list(spread.text) == ["1–4", ""]
    assert squares.hovertext[1] == "&lt;b&gt;JAC&lt;/b&gt;<br>Governance: not rated"


def test_a_name_in_the_matrix_stands_above_its_row_so_that_a_phone_has_room_for_the_ranges():
    found = summary(current(ratings(rating("a", 0.5), rating("b", 2.5))))
    figure = charts.rating_matrix(found, NAMES, {"governance": "Governance"}, "")
    names = [(one.text, one.x, one.y) for one in figure.layout.annotations]
    assert names == [("RBA", 0, -0.5), ("&lt;b&gt;JAC&lt;/b&gt;", 0, 0.5)]
    assert figure.layout.margin.l < 10
    assert figure.data[1].text[0] == "0.5–2.5"


def radar(*rows: dict[str, Any]):
    found = summary(current(ratings(*rows)))
    return charts.rating_radar(
        found, {"rba": "RBA", "jac": "JAC"},
        {"governance": "Governance", "reach": "Reach", "support": "Support"}, "",
    )  # fmt: skip


BOTH = (
    rating("a", 1), rating("b", 3), rating("a", 2, initiative="jac", rating_id="j"),
    rating("a", 4, initiative="jac", rating_id="j", criterion="reach"),
    rating("a", 1, rating_id="a-2026-01-01", criterion="support"),
)  # fmt: skip


def test_the_radar_has_median_raters_and_range_beside_each_axis():
    axis = radar(*BOTH).layout.polar.angularaxis
    words = [re.sub("</?span[^>]*>", "", text) for text in axis.ticktext]
    assert words == [
        "<b>Governance</b><br>● RBA 2 (2) 1–3<br>■ JAC 2 (1)",
        "<b>Reach</b><br>● –<br>■ 4 (1)",
        "<b>Support</b><br>● 1 (1)<br>■ –",
    ]


def test_the_radar_draws_the_range_of_raters_as_a_bar_from_the_lowest_to_the_highest():
    bars = [one for one in radar(*BOTH).data if one.mode == "lines"]
    assert [(list(one.r), list(one.theta)) for one in bars] == [([1.0, 3.0], [-2.5, -2.5])]


def test_no_outline_of_the_radar_hides_another_and_no_legend_is_needed():
    figure = radar(*BOTH)
    first, second = (one for one in figure.data if one.mode == "lines+markers")
    assert list(first.r) == [2.0, None, 1.0, 2.0] and list(second.r) == [2.0, 4.0, None, 2.0]
    assert not set(first.theta) & set(second.theta)
    assert not figure.layout.showlegend


def test_every_figure_of_initiatives_has_its_words():
    rows = ratings(rating("a", 1), rating("a", 1, initiative="jac", rating_id="j"))
    found, labels = summary(current(rows)), {"governance": "Governance"}
    figures = {
        "matrix": charts.rating_matrix(found, NAMES, labels, ""),
        "radar": charts.rating_radar(found, NAMES, labels, ""),
        "trend": charts.rating_trend(over_time(rows).filter(initiative="rba"), labels, TODAY, ""),
        "coverage": charts.initiative_coverage(
            pl.DataFrame({"initiative": ["rba"], "suppliers": [2], "sites": [1]}), NAMES, 3, ""
        ),
    }
    assert {name: figure.layout.meta["alt"] for name, figure in figures.items()} == {
        "matrix": "Stars of 2 rated initiatives by criterion, 0 unrated. Highest on average: RBA, "
        "<b>JAC</b>.",
        "radar": "RBA: Governance 1, 1 rater. <b>JAC</b>: Governance 1, 1 rater",
        "trend": "Governance from 1 on 2026-01-01 to 1 on 2026-01-01",
        "coverage": "RBA: 2 of 3, 1 site",
    }


HOSTILE = '<a href="https://evil.example">RBA</a> & <b>Sons</b> $x$'


def test_markup_in_names_of_initiatives_and_criteria_is_shown_and_not_obeyed():
    rows = ratings(rating("a", 1), rating("b", 4))
    found, names, labels = summary(current(rows)), {"rba": HOSTILE}, {"governance": HOSTILE}
    covered = pl.DataFrame({"initiative": ["rba"], "suppliers": [2], "sites": [1]})
    for figure in (
        charts.rating_matrix(found, names, labels, HOSTILE),
        charts.rating_radar(found, names, labels, HOSTILE),
        charts.rating_trend(over_time(rows), labels, TODAY, HOSTILE),
        charts.initiative_coverage(covered, names, 3, HOSTILE),
    ):
        drawn = figure.to_dict()
        drawn["layout"].pop("meta")  # plain text for a screen reader
        assert "<a " not in str(drawn) and "<b>Sons" not in str(drawn)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_more_stars_are_darker_and_their_text_can_be_read():
    steps = [half / 2 for half in range(9)]
    shades = [luminance(charts.star_fill(step)) for step in steps]
    assert shades == sorted(shades, reverse=True) and len(set(shades)) == 9
    for step, shade in zip(steps, shades, strict=True):
        light, dark = sorted((shade, luminance(charts.star_text(step))), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_an_empty_set_of_ratings_is_no_error():
    none = pl.DataFrame(schema=RATINGS)
    assert summary(current(none)).is_empty()
    assert over_time(none).is_empty()
    assert disagreements(none, RUBRIC).is_empty()
    assert initiatives.under(none, RUBRIC).is_empty()
