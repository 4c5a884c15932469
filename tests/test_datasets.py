"""Datasets and ready-made questions are data; a file that contradicts itself says where."""

import pytest

from quorum import explore
from quorum.definitions import DefinitionError
from quorum.definitions.datasets import (
    AGGREGATIONS,
    datasets,
    read_dataset,
    read_questions,
    ready_made,
)

GOOD = """
label = "Things"
about = "A row is a thing."
rows = "Things"
source = "Somewhere"
reader = "things"
position = 1
start = { by = ["colour"], show = ["rows"] }
[columns]
colour = { label = "Colour", type = "text", dimension = true }
"""


def test_every_file_is_read_in_the_order_of_its_position():
    assert list(datasets())[:3] == ["suppliers", "assessments", "dimensions"]
    positions = [one.position for one in datasets().values()]
    assert positions == sorted(set(positions))


def test_a_dataset_is_a_label_columns_and_a_start():
    one = read_dataset(GOOD, "things")
    assert (one.code, one.label, [c.code for c in one.dimensions]) == (
        "things", "Things", ["colour"],
    )  # fmt: skip


@pytest.mark.parametrize("code", datasets())
def test_the_first_chart_of_every_dataset_can_be_drawn(code):
    dataset = datasets()[code]
    question = explore.start(dataset)
    for unit in explore.open_units(question, dataset):
        question = question.with_only(unit, ["EUR"])
    assert explore.check(question, dataset) == []


@pytest.mark.parametrize("one", ready_made(), ids=lambda one: one.code)
def test_every_ready_made_question_can_be_read_and_drawn(one):
    question, problems = explore.read_query(one.query, datasets())
    assert question is not None and problems == []
    dataset = datasets()[question.dataset]
    for unit in explore.open_units(question, dataset):
        question = question.with_only(unit, ["EUR"])
    assert explore.check(question, dataset) == []


def test_there_are_a_dozen_ready_made_questions_and_each_teaches_something():
    assert len(ready_made()) >= 12
    assert all(one.text.endswith("?") and one.teaches.endswith(".") for one in ready_made())
    assert len({one.teaches for one in ready_made()}) == len(ready_made())


def test_ready_made_questions_show_every_kind_of_chart():
    assert {one.query["chart"][0] for one in ready_made()} == {
        "bar", "line", "scatter", "box", "heatmap", "treemap", "radar", "map", "table",
    }  # fmt: skip


def test_amounts_of_money_name_the_column_of_their_currency():
    assert datasets()["spend"].columns["amount"].unit_from == "currency"


def test_all_rows_have_a_date_but_those_of_the_register_which_stand_as_they_are_today():
    assert [code for code, one in datasets().items() if not one.dated] == ["suppliers"]


def test_sites_are_those_of_each_suppliers_newest_list_unless_somebody_asks_for_more():
    asked = [explore.start(datasets()["sites"])]
    asked += [explore.read_query(one.query, datasets())[0] for one in ready_made()]
    of_sites = [one for one in asked if one.dataset == "sites"]
    assert len(of_sites) == 3
    assert all(one.values("on_newest") == ("yes",) for one in of_sites)


def test_points_and_stars_are_never_added_up():
    for code, column in (("dimensions", "points"), ("ratings", "stars")):
        assert "sum" not in datasets()[code].columns[column].aggregations


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (('label = "Things"', ""), "the file lacks label"),
        (('reader = "things"', 'reader = "t"\nraeder = "x"'), "has raeder, which nothing reads"),
        (('type = "text"', 'type = "colour"'), "column colour has the type colour"),
        (("dimension = true", "dimension = false"), "neither dimension nor measure"),
        (("dimension = true", 'aggregations = ["sum"]'), "is no amount"),
        (("dimension = true", 'aggregations = ["total"]'), "has the aggregation total"),
        (("dimension = true", 'aggregations = ["distinct"]'), "needs a plural"),
        (
            ('type = "text", dimension = true', 'type = "number", unit_from = "currency", '
             'aggregations = ["sum"]'),
            "refers to currency, which is no column",
        ),
        (('by = ["colour"]', "by = [1]"), "by must be text"),
        (("position = 1", 'position = 1\ndated = "day"'), "dated is day, which is no column"),
        (("position = 1", 'position = 1\ndated = "colour"'), "dated is colour, which is no column"),
        (("[columns]", "[columns"), "is not valid TOML"),
    ],
)  # fmt: skip
def test_a_file_that_contradicts_itself_says_what_and_where(change, sentence):
    with pytest.raises(DefinitionError, match=sentence.replace("(", r"\(")) as error:
        read_dataset(GOOD.replace(*change), "things")
    assert str(error.value).startswith("things")


def test_a_question_without_a_lesson_is_refused():
    with pytest.raises(DefinitionError, match="question colours lacks teaches"):
        read_questions('[questions.colours]\ntext = "?"\nquery = {data = "things"}', "q.toml")


def test_every_aggregation_has_a_word():
    assert all(explore.aggregation_word(one) != one for one in AGGREGATIONS)
