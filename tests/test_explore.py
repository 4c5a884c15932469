from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from quorum import charts, explore
from quorum.definitions.datasets import datasets, read_dataset
from quorum.explore import OTHER, Measure, Question

LINES = datasets()["spend"]
POINTS = datasets()["dimensions"]
SITES = datasets()["sites"]
ROWS = Measure("rows")
SUM = Measure("amount", "sum")
EUR = (("currency", ("EUR",)),)


@pytest.fixture
def spend() -> pl.DataFrame:
    return pl.DataFrame(
        [
            ("s1", "Lumenta", 2024, 100.0, "EUR", "Screens", date(2025, 3, 1)),
            ("s1", "Lumenta", 2025, 50.0, "EUR", "Laptops", date(2025, 8, 1)),
            ("s2", "Brightquay", 2024, 30.0, "EUR", "Screens", None),
            ("s2", "Brightquay", 2024, 900.0, "SEK", None, None),
        ],
        schema=["supplier_id", "supplier", "year", "amount", "currency", "category",
                "contract_end"],
        orient="row",
    ).with_columns(organisation=pl.lit("North"), organisation_id=pl.lit("n"))  # fmt: skip


def asked(**parts) -> Question:
    return Question("spend", **{"show": (SUM,), "only": EUR, **parts})


# Links


def test_a_question_comes_back_from_its_link_as_it_was():
    question = asked(
        by=("contract_end", "supplier"), per="month", chart="line",
        days=(("contract_end", date(2025, 1, 1), None),),
        only=(("currency", ("EUR",)), ("category", ("a&b=c, d", "")),),
    )  # fmt: skip
    assert explore.read_query(explore.to_query(question), datasets()) == (question, [])
    stored = explore.from_text(explore.to_text(question))
    assert explore.read_query(stored, datasets()) == (question, [])


def test_only_what_differs_from_the_default_is_in_the_link():
    assert explore.to_query(Question("spend")) == {"data": ["spend"], "show": ["rows"]}


def test_a_link_to_a_dataset_that_is_gone_says_which_there_are():
    question, problems = explore.read_query({"data": ["<b>gone"]}, datasets())
    assert question is None
    assert problems[0].startswith("The link asks for the dataset “<b>gone”, which is not there")
    assert "Spend" in problems[0]


def test_a_link_to_a_column_that_is_gone_leaves_it_out_and_says_so():
    query = {"data": ["spend"], "by": ["colour"], "show": ["weight.sum"], "only_size": ["1"]}
    question, problems = explore.read_query(query, datasets())
    assert question == Question("spend")
    assert [p.split("”")[0] for p in problems] == [
        "The link asks for “colour", "The link asks for “weight", "The link asks for “size",
    ]  # fmt: skip


def test_a_link_with_a_chart_a_period_or_a_day_that_is_none_says_so():
    query = {"data": ["spend"], "chart": ["pie"], "per": ["day"], "from_contract_end": ["soon"]}
    question, problems = explore.read_query(query, datasets())
    assert question == Question("spend")
    assert problems == [
        "The link asks for the period “day”, which is not there.",
        "“soon” is no date: write it like 2026-03-31.",
        "The link asks for the chart “pie”, which is not there.",
    ]


def test_a_third_dimension_is_left_out_and_named():
    query = {"data": ["spend"], "by": ["year", "supplier", "category"]}
    question, problems = explore.read_query(query, datasets())
    assert question.by == ("year", "supplier")
    assert problems == ["A chart has at most two dimensions: Category are left out."]


def test_a_link_that_names_nothing_asks_nothing():
    assert explore.read_query({"saved": ["x"]}, datasets()) == (None, [])


# What goes together


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (asked(only=()), "Amounts that differ in currency are never added up."),
        (asked(only=(("currency", ("EUR", "SEK")),)), "Amounts that differ in currency"),
        (asked(by=("currency",), only=(), chart="bar"), "Amounts in several units have no common"),
        (asked(by=("amount",)), "Spend is an amount, no dimension"),
        (asked(show=(Measure("amount", "distinct"),)), "Spend has no number of different ones"),
        (asked(show=(Measure("year", "sum"),)), "Year cannot be counted or added"),
        (asked(by=("supplier",), chart="line"), "A line needs a date"),
        (asked(by=("supplier",), chart="heatmap"), "A heatmap needs two dimensions"),
        (asked(by=("supplier",), chart="map"), "A map needs a country"),
        (asked(by=("supplier",), chart="scatter"), "A scatter plot needs two measures"),
        (asked(show=(SUM, ROWS), chart="bar"), "This chart shows one measure"),
        (asked(show=(ROWS,), chart="box"), "A box shows how amounts are spread"),
        (
            asked(by=("supplier",), show=(Measure("amount", "mean"),), chart="treemap"),
            "Areas add up",
        ),
        (asked(by=("supplier", "year"), chart="box"), "This chart has room for one dimension"),
        (asked(chart="radar"), "A radar needs a dimension"),
        (asked(by=("year",), show=(SUM, ROWS), chart="radar"), "A radar needs one measure"),
        (asked(only=(*EUR, ("contract_end", ("2025",)))), "Contract ends is a date"),
        (asked(days=(("year", date(2025, 1, 1), None),)), "Year is no date"),
        (
            asked(days=(("contract_end", date(2026, 1, 1), date(2025, 1, 1)),)),
            "Contract ends: the first day, 2026-01-01, is after the last, 2025-01-01",
        ),
    ],
)
def test_what_does_not_go_together_is_explained(question, sentence):
    assert explore.check(question, LINES)[0].startswith(sentence)


def test_points_have_no_total():
    question = Question("dimensions", show=(Measure("points", "sum"),))
    assert explore.check(question, POINTS) == [
        "Points has no total that makes sense. Choose: mean, median, lowest, highest, "
        "spread (highest less lowest)."
    ]


@pytest.mark.parametrize(
    ("question", "chart"),
    [
        (asked(by=("supplier",)), "bar"),
        (asked(by=("year",)), "line"),
        (asked(by=("year", "supplier")), "line"),
        (asked(by=("supplier", "category")), "heatmap"),
        (asked(by=("supplier",), show=(SUM, ROWS)), "scatter"),
        (asked(), "bar"),
        (asked(by=("currency",), only=()), "table"),
        (Question("dimensions", by=("assessed_on", "band")), "bar"),
    ],
)
def test_a_chart_is_suggested_that_suits_the_picks(question, chart):
    assert explore.suggest_chart(question, datasets()[question.dataset]) == chart


def test_every_suggestion_passes_the_check():
    for dataset in datasets().values():
        measures = explore.measures(dataset)
        for first in (None, *dataset.dimensions):
            for second in (None, *dataset.dimensions):
                by = tuple(dict.fromkeys(c.code for c in (first, second) if c))
                for show in ((measures[0],), (measures[-1],), tuple(measures[:2])):
                    question = Question(dataset.code, by, show)
                    for unit in explore.open_units(question, dataset):
                        question = question.with_only(unit, ("EUR",))
                    chart = explore.suggest_chart(question, dataset)
                    assert explore.check(replace(question, chart=chart), dataset) == []


def test_the_most_frequent_currency_is_chosen_where_none_is(spend):
    assert explore.settled(asked(only=()), LINES, spend).only == EUR
    assert explore.settled(asked(only=(), by=("currency",)), LINES, spend).only == ()
    assert explore.settled(asked(only=(), show=(ROWS,)), LINES, spend).only == ()


def test_the_members_own_most_frequent_currency_is_chosen_first(spend):
    whose = spend.with_columns(mine=pl.col("currency") == "SEK")
    assert explore.settled(asked(only=()), LINES, whose).values("currency") == ("SEK",)
    nobodys = spend.with_columns(mine=pl.lit(False))
    assert explore.settled(asked(only=()), LINES, nobodys).only == EUR


def test_lines_in_another_currency_are_named_with_their_buyer(spend):
    others = spend.with_columns(
        organisation=pl.Series(["North", "North", "South", "City of Brynhavn"])
    )
    found = explore.answer(others, asked(by=("year",)), LINES)
    assert found.notes == ("Left out: spend lines in SEK (City of Brynhavn).",)
    assert found.units == ("SEK",)
    screens = asked(by=("year",), only=(*EUR, ("category", ("Screens",))))
    assert explore.answer(others, screens, LINES).units == ()
    assert explore.answer(others, asked(show=(ROWS,)), LINES).units == ()


def test_an_answer_says_of_when_its_rows_are(spend):
    found = explore.answer(spend, asked(by=("supplier",)), LINES)
    assert (found.first, found.last) == (2024, 2025)
    bright = asked(by=("supplier",), only=(*EUR, ("supplier", ("Brightquay",))))
    assert explore.answer(spend, bright, LINES)[3:5] == (2024, 2024)


@pytest.mark.parametrize(
    ("first", "last", "code", "sentence"),
    [
        (2024, 2025, "spend", "Data of 2024 to 2025."),
        (2024, 2024, "spend", "Data of 2024."),
        (date(2012, 12, 31), date(2026, 1, 1), "sites", "Data of 2012-12-31 to 2026-01-01."),
        (None, None, "spend", ""),
        (None, None, "suppliers", "As of 2026-03-01."),
    ],
)
def test_the_dates_of_data_in_words(first, last, code, sentence):
    assert explore.dates(first, last, datasets()[code], date(2026, 3, 1)) == sentence


def test_the_dates_of_data_stand_in_the_source_line_of_the_figure(spend):
    question = asked(by=("supplier",))
    frame = explore.answer(spend, question, LINES).frame
    figure = explore.figure(frame, question, LINES, "Data of 2024 to 2025.")
    assert figure.layout.meta["foot"].endswith("are not in it. Data of 2024 to 2025.")


def test_a_pick_keeps_what_still_fits():
    question = asked(by=("year", "supplier"))
    assert explore.changed(question, LINES, "by1", "").by == ("supplier",)
    assert explore.changed(question, LINES, "by2", "year").by == ("year",)
    assert explore.changed(question, LINES, "measure", "rows").show == (ROWS,)
    mean = explore.changed(question, LINES, "aggregation", "mean")
    assert mean.show == (Measure("amount", "mean"),)
    assert explore.changed(mean, LINES, "measure", "supplier").show == (
        Measure("supplier", "distinct"),
    )
    assert explore.changed(question, LINES, "more", ["rows"]).show == (SUM, ROWS)
    assert explore.changed(question, LINES, "only_year", ["2024"]).values("year") == ("2024",)
    assert explore.changed(question, LINES, "days_contract_end", (None, None)).days == ()


# Answers


def test_spend_is_added_up_in_one_currency_the_largest_first(spend):
    found = explore.answer(spend, asked(by=("supplier",)), LINES)
    assert found.frame.rows() == [("Lumenta", 150.0), ("Brightquay", 30.0)]
    assert found.notes == ("Left out: spend lines in SEK (North).",) and found.problem == ""


def test_years_keep_their_order(spend):
    found = explore.answer(spend.reverse(), asked(by=("year", "supplier")), LINES)
    assert found.frame.rows() == [
        (2024, "Lumenta", 100.0), (2024, "Brightquay", 30.0), (2025, "Lumenta", 50.0),
        (2025, "Brightquay", None),
    ]  # fmt: skip


def test_currencies_stay_apart_in_a_table(spend):
    found = explore.answer(spend, asked(by=("currency",), only=()), LINES)
    assert found.frame.rows() == [("SEK", 900.0), ("EUR", 180.0)]


@pytest.mark.parametrize(
    ("aggregation", "value"),
    [("sum", 180.0), ("mean", 60.0), ("median", 50.0), ("lowest", 30.0), ("highest", 100.0)],
)
def test_each_aggregation_of_an_amount(spend, aggregation, value):
    question = asked(show=(Measure("amount", aggregation),))
    assert explore.answer(spend, question, LINES).frame.rows() == [(value,)]


def test_spread_is_the_highest_less_the_lowest_and_takes_two():
    frame = pl.DataFrame({"points": [3, 9, 4], "supplier": ["a", "a", "b"]})
    question = Question("dimensions", ("supplier",), (Measure("points", "spread"),))
    found = explore.answer(frame, question, POINTS)
    assert found.frame.rows() == [("a", 6.0)]
    assert found.notes == ("1 group is in the files but not drawn: it has no value to draw.",)
    alone = explore.answer(frame.filter(supplier="b"), question, POINTS)
    assert alone.problem == "A spread takes two values, and no group that you may see has two."


def test_squares_of_spreads_have_the_widest_on_top():
    rows = [
        ("a", "x", 1),
        ("a", "x", 2),
        ("a", "y", 9),
        ("a", "y", 9),
        ("b", "x", 3),
        ("b", "x", 8),
    ]
    frame = pl.DataFrame(rows, schema=["supplier", "dimension", "points"], orient="row")
    question = Question("dimensions", ("supplier", "dimension"), (Measure("points", "spread"),))
    found = explore.answer(frame, question, POINTS).frame
    assert found["by1"].to_list() == ["b", "a", "a"]


def test_different_things_are_counted_by_identifier_and_not_by_name():
    frame = pl.DataFrame(
        {"site_id": ["1", "2", "2"], "site": ["Plant", "Plant", "Plant"], "country": ["CN"] * 3}
    )
    question = Question("sites", ("country",), (Measure("site", "distinct"), ROWS))
    assert explore.answer(frame, question, SITES).frame.rows() == [("CN", 2, 3)]


def test_dates_are_put_together_by_year_quarter_or_month(spend):
    for per, days in (
        ("year", [date(2025, 1, 1)]),
        ("quarter", [date(2025, 1, 1), date(2025, 7, 1)]),
        ("month", [date(2025, 3, 1), date(2025, 8, 1)]),
    ):
        question = asked(by=("contract_end",), per=per, chart="line")
        found = explore.answer(spend, question, LINES)
        assert found.frame.drop_nulls("show1")["by1"].to_list() == days
        assert found.notes[:1] == (
            "1 group is in the files but not drawn: it has no value to draw.",
        )


def test_filters_keep_values_days_and_what_is_not_known(spend):
    rows = asked(show=(ROWS,), only=())
    for change, count in (
        ({"only": (("year", ("2024",)),)}, 3),
        ({"only": (("category", ("",)),)}, 1),
        ({"only": (("category", ("", "Laptops")),)}, 2),
        ({"days": (("contract_end", date(2025, 3, 1), date(2025, 3, 1)),)}, 1),
        ({"days": (("contract_end", date(2025, 3, 2), None),)}, 1),
    ):
        found = explore.answer(spend, replace(rows, **change), LINES)
        assert found.frame.rows() == [(count,)]


def test_what_is_not_known_has_a_place_of_its_own_behind_the_known(spend):
    found = explore.answer(spend, asked(by=("category",), show=(ROWS,), only=()), LINES)
    assert found.frame.rows() == [("Screens", 2), ("Laptops", 1), (None, 1)]
    words = explore.worded(found.frame, asked(by=("category",)), LINES)
    assert words["by1"].to_list() == ["Screens", "Laptops", "Not known"]


def test_of_ten_thousand_categories_the_largest_are_drawn_and_the_rest_is_said():
    frame = pl.DataFrame(
        {
            "supplier": [f"s{n:05d}" for n in range(10_000)],
            "amount": [float(10_000 - n) for n in range(10_000)],
            "currency": ["EUR"] * 10_000,
        }
    )
    found = explore.answer(frame, asked(by=("supplier",)), LINES)
    assert found.frame.height == 20
    assert found.frame.row(0) == ("s00000", 10_000.0)
    assert found.notes == (
        "Supplier: the 20 largest of 10,000 are drawn. The other 9,980 make 49,805,190 EUR "
        "together, more than those, and are left out: see all in the table, or filter.",
    )
    assert found.crowded
    assert explore.answer(frame, asked(by=("supplier",)), LINES, whole=True).frame.height == 10_000


def test_what_is_less_than_the_named_ones_becomes_other():
    frame = pl.DataFrame(
        {
            "supplier": [f"s{n:02d}" for n in range(23)],
            "amount": [100.0] * 20 + [5.0, 3.0, None],
            "currency": ["EUR"] * 23,
        }
    )
    found = explore.answer(frame, asked(by=("supplier",)), LINES)
    assert found.frame.height == 21 and found.frame.row(20) == (OTHER, 8.0)
    assert found.notes == ("Supplier: the 20 largest are named; 2 more are in “Other”.",)
    assert not found.crowded


def test_there_is_no_other_where_parts_do_not_add_up():
    frame = pl.DataFrame({"supplier": [f"s{n:02d}" for n in range(30)], "points": range(30)})
    question = Question("dimensions", ("supplier",), (Measure("points", "mean"),), chart="bar")
    found = explore.answer(frame, question, POINTS)
    assert found.frame["show1"].to_list() == [float(n) for n in range(29, 9, -1)]
    assert found.notes == ("Supplier: the 20 highest of 30. The files hold all of them.",)


def test_a_box_gives_quarters_and_the_median():
    frame = pl.DataFrame({"dimension": ["Awareness"] * 5, "points": [1, 2, 3, 4, 10]})
    question = Question("dimensions", ("dimension",), (Measure("points", "mean"),), chart="box")
    found = explore.answer(frame, question, POINTS).frame
    assert found.select("q1", "median", "q3", "count").rows() == [(2.0, 3.0, 4.0, 5)]


def test_groups_without_a_value_take_no_place_in_a_box_plot():
    frame = pl.DataFrame(
        {"supplier": [f"s{n:02d}" for n in range(43)], "points": [*range(15), *[None] * 28]}
    )
    question = Question("dimensions", ("supplier",), (Measure("points", "mean"),), chart="box")
    found = explore.answer(frame, question, POINTS)
    assert found.frame["by1"].to_list() == [f"s{n:02d}" for n in range(14, -1, -1)]
    assert found.notes == ("28 groups are in the files but not drawn: they have no value to draw.",)


# What is not there


def test_a_count_of_what_is_not_there_is_zero_in_squares():
    frame = pl.DataFrame({"supplier": ["a", "a", "b"], "dimension": ["x", "y", "x"]})
    question = Question("dimensions", ("supplier", "dimension"), chart="heatmap")
    found = explore.answer(frame, question, POINTS).frame
    assert sorted(found.rows()) == [("a", "x", 1), ("a", "y", 1), ("b", "x", 1), ("b", "y", 0)]


def test_a_mean_of_what_is_not_there_is_no_square():
    frame = pl.DataFrame(
        {"supplier": ["a", "a", "b"], "dimension": ["x", "y", "x"], "points": [1, 2, 3]}
    )
    question = Question("dimensions", ("supplier", "dimension"), (Measure("points", "mean"),))
    found = explore.answer(frame, replace(question, chart="heatmap"), POINTS).frame
    assert found.height == 3


def test_a_year_without_lists_is_zero_lists_and_not_a_slope():
    frame = pl.DataFrame({"as_of": [date(2021, 5, 1), date(2024, 2, 1), date(2024, 3, 1)]})
    for chart in ("line", "bar"):
        question = Question("site_lists", ("as_of",), chart=chart)
        found = explore.answer(frame, question, datasets()["site_lists"]).frame
        assert found.rows() == [
            (date(2021, 1, 1), 1), (date(2022, 1, 1), 0), (date(2023, 1, 1), 0),
            (date(2024, 1, 1), 2),
        ]  # fmt: skip


def test_a_line_of_amounts_breaks_where_a_year_has_none(spend):
    later = spend.with_columns(pl.col("year").replace({2025: 2026}))
    question = asked(by=("year",), chart="line")
    found = explore.answer(later, question, LINES).frame
    assert found.rows() == [(2024, 130.0), (2025, None), (2026, 50.0)]
    figure = explore.figure(found, question, LINES)
    assert np.isnan(figure.data[0].y).tolist() == [False, True, False]
    assert "Where a line breaks, there are no data." in figure.layout.meta["foot"]


# Shares


@pytest.fixture
def bands() -> pl.DataFrame:
    counted = {2024: {"low": 12, "medium": 3}, 2025: {"low": 28, "medium": 18, "high": 2}}
    rows = [
        (date(year, 3, 1), band)
        for year, bands in counted.items()
        for band, n in bands.items()
        for __ in range(n)
    ]
    return pl.DataFrame(rows, schema=["assessed_on", "band"], orient="row")


RISING = Question("dimensions", ("assessed_on", "band"), (Measure("rows", "share"),))


def test_shares_say_how_many_of_a_hundred_and_out_of_how_many(bands):
    found = explore.answer(bands, RISING, POINTS).frame
    assert [(day.year, band, round(share, 1), n) for day, band, share, n in found.rows()] == [
        (2024, "low", 80.0, 15), (2024, "medium", 20.0, 15), (2024, "high", 0.0, 15),
        (2025, "low", 58.3, 48), (2025, "medium", 37.5, 48), (2025, "high", 4.2, 48),
    ]  # fmt: skip
    assert explore.title(RISING, POINTS) == (
        "Share of assessed dimensions (%) by assessed on and band"
    )


def test_a_bar_of_shares_has_its_n_behind_it(bands):
    figure = explore.figure(explore.answer(bands, RISING, POINTS).frame, RISING, POINTS)
    assert list(figure.data[0].text) == ["80 %", "58 %"]
    assert list(figure.data[-1].text) == [" n = 15", " n = 48"]
    assert "2024: Low 80 %, Medium 20 % (n = 15)" in figure.layout.meta["alt"]


def test_shares_come_back_from_a_link_and_need_two_dimensions():
    assert explore.read_query(explore.to_query(RISING), datasets()) == (RISING, [])
    alone = replace(RISING, by=("band",))
    assert explore.check(alone, POINTS) == [
        "Shares need two dimensions: the bars, and the parts of each bar."
    ]
    assert explore.check(replace(RISING, chart="radar"), POINTS) == [
        "Shares are shown as bars, lines, a heatmap or a table: choose one of them."
    ]


def test_bands_over_time_are_suggested_as_shares_and_without_parts_as_counts():
    counts = Question("dimensions", ("assessed_on",))
    shares = explore.changed(counts, POINTS, "by2", "band")
    assert shares == RISING
    assert explore.changed(shares, POINTS, "by2", "").show == (ROWS,)
    assert explore.changed(shares, POINTS, "aggregation", "").show == (ROWS,)
    assert explore.changed(counts, POINTS, "by2", "supplier").show == (ROWS,)


def test_the_axes_of_a_radar_keep_the_order_of_the_rubric():
    frame = pl.DataFrame(
        {
            "criterion": ["Support", "Governance", "Reach"],
            "criterion_place": [5, 0, 3],
            "stars": [4.0, 1.0, 2.0],
        }
    )
    question = Question("ratings", ("criterion",), (Measure("stars", "median"),), chart="radar")
    found = explore.answer(frame, question, datasets()["ratings"]).frame
    assert found["by1"].to_list() == ["Governance", "Reach", "Support"]
    bars = explore.answer(frame, replace(question, chart="bar"), datasets()["ratings"]).frame
    assert bars["by1"].to_list() == ["Support", "Reach", "Governance"]


def test_the_sum_of_nothing_is_no_amount():
    frame = pl.DataFrame(
        {"supplier": ["a", "b"], "amount": [None, 1.0], "currency": ["EUR", "EUR"]}
    )
    found = explore.answer(frame, asked(by=("supplier",)), LINES)
    assert found.frame.rows() == [("b", 1.0)]
    assert found.notes == ("1 group is in the files but not drawn: it has no value to draw.",)


# No answer


def test_no_row_at_all_is_said(spend):
    found = explore.answer(spend.clear(), asked(only=(), show=(ROWS,)), LINES)
    assert found.problem == "There is nothing here yet that you may see."


def test_filters_that_nothing_fits_are_named(spend):
    found = explore.answer(spend, asked(only=(("organisation", ("South",)),)), LINES)
    assert found.problem.startswith("No row that you may see fits the filters (Buyer: South).")


def test_a_column_without_any_value_is_named(spend):
    empty = spend.with_columns(category=pl.lit(None, pl.String), amount=pl.lit(None, pl.Float64))
    by = explore.answer(empty, asked(by=("category",), show=(ROWS,)), LINES)
    assert by.problem.startswith("Category is not known in any of the 3 rows")
    measured = explore.answer(empty, asked(by=("year",)), LINES)
    assert measured.problem == (
        "No row that you may see has a value for Spend: choose another measure."
    )


def test_a_frame_without_a_column_of_its_description_is_a_problem_and_no_crash(spend):
    found = explore.answer(spend.drop("category"), asked(by=("category",)), LINES)
    assert found.problem.startswith("The data have no column category")


# Figures and words


def test_the_title_says_what_in_what_unit_by_what():
    assert explore.title(asked(by=("supplier", "year")), LINES) == (
        "Total spend (EUR) by supplier and year"
    )
    assert explore.title(
        Question("sites", ("country",), (Measure("site", "distinct"),)), SITES
    ) == ("Number of different production sites by country")
    points = Question("dimensions", ("dimension",), (Measure("points", "median"),), chart="box")
    assert explore.title(points, POINTS) == "Points by dimension"


CASES = {
    "bar": asked(by=("supplier", "category")),
    "line": asked(by=("year", "supplier")),
    "scatter": asked(by=("supplier",), show=(SUM, ROWS)),
    "box": asked(by=("supplier",)),
    "heatmap": asked(by=("supplier", "year")),
    "treemap": asked(by=("supplier", "category")),
    "radar": asked(by=("category", "supplier")),
}


@pytest.mark.parametrize("chart", CASES)
def test_every_chart_says_its_source_its_unit_and_itself_in_words(spend, chart):
    question = replace(CASES[chart], chart=chart)
    assert explore.check(question, LINES) == []
    figure = explore.figure(explore.answer(spend, question, LINES).frame, question, LINES)
    foot = figure.layout.meta["foot"]
    assert "Source: Own spend and lines shared whole" in foot
    assert "(EUR)" in foot and "Only Currency: EUR." in foot
    assert len(figure.layout.meta["alt"]) > 40


def test_a_map_draws_countries_and_names_them():
    frame = pl.DataFrame(
        {"site_id": ["1", "2", "3"], "site": "Plant", "country": ["CN", "CN", "VN"]}
    )
    question = Question("sites", ("country",), (Measure("site", "distinct"),), chart="map")
    figure = explore.figure(explore.answer(frame, question, SITES).frame, question, SITES)
    assert list(figure.data[1].hovertext) == ["China: 2", "Vietnam: 1"]
    assert "China: 2; Vietnam: 1" in figure.layout.meta["alt"]


def test_a_table_has_no_column_that_is_one_in_each_row():
    question = Question("suppliers", ("supplier", "country"), chart="table")
    frame = pl.DataFrame({"supplier": ["a", "b"], "country": ["SE", "NL"]})
    register = datasets()["suppliers"]
    alone = explore.answer(frame, question, register).frame
    assert list(explore.heads(alone, question, register)) == ["by1", "by2"]
    twice = explore.answer(pl.concat([frame, frame.head(1)]), question, register).frame
    assert list(explore.heads(twice, question, register)) == ["by1", "by2", "show1"]


def test_the_name_of_a_question_says_its_filters():
    assert explore.full_title(asked(by=("year",)), LINES) == (
        "Total spend (EUR) by year, only Currency: EUR"
    )
    assert explore.full_title(Question("spend"), LINES) == "Number of spend lines"


def test_a_table_has_no_figure(spend):
    question = asked(by=("supplier",), chart="table")
    assert explore.figure(explore.answer(spend, question, LINES).frame, question, LINES) is None


def test_bands_are_drawn_in_their_order_and_hue():
    frame = pl.DataFrame(
        {"supplier": ["a", "a", "b"], "band": ["high", "low", "low"], "points": [9, 1, 1]}
    )
    question = Question("dimensions", ("supplier", "band"), chart="bar")
    figure = explore.figure(explore.answer(frame, question, POINTS).frame, question, POINTS)
    assert [bar.name for bar in figure.data[:2]] == ["Low", "High"]
    assert figure.data[0].marker.color == "#bfe0df"


def test_markup_in_names_is_shown_and_not_obeyed(spend):
    rows = spend.with_columns(supplier=pl.lit("<b>Bold</b><a href='x'>"))
    for chart, question in CASES.items():
        asks = replace(question, chart=chart)
        figure = explore.figure(explore.answer(rows, asks, LINES).frame, asks, LINES)
        figure.layout.meta = None  # the text alternative is an attribute, and no markup
        text = figure.to_json().replace("\\u003c", "<").replace("\\u003e", ">")
        assert "<b>Bold" not in text and "<a" not in text


def test_a_hundred_thousand_dots_are_arrays_and_not_lists():
    n = 100_000
    frame = pl.DataFrame({"by1": [""] * n, "show1": range(n), "show2": range(n)})
    figure = charts.dots(frame, "Along", "Up", "Unit.", "Source.")
    assert figure.data[0].type == "scattergl" and figure.data[0].hovertext is None
    assert isinstance(figure.data[0].x, np.ndarray)


def test_a_number_as_first_dimension_draws_a_line():
    dataset = read_dataset(
        """
label = "T"
about = "T"
rows = "T"
source = "T"
reader = "t"
position = 1
start = { by = ["size"], show = ["rows"] }
[columns]
size = { label = "Size", type = "whole", dimension = true }
""",
        "t",
    )
    question = Question("t", ("size",), chart="line")
    found = explore.answer(pl.DataFrame({"size": [3, 1, 1]}), question, dataset)
    assert found.frame.rows() == [(1, 2), (3, 1)]
    assert explore.figure(found.frame, question, dataset) is not None
