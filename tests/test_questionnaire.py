"""The definition files: what the 2025 questionnaire holds, and what a faulty file is told."""

import re

import pytest

from quorum.definitions import (
    QUESTIONNAIRES,
    DefinitionError,
    Points,
    UnknownQuestionnaire,
    current,
    questionnaire,
    questionnaires,
    read_questionnaire,
)

NAME = "ict-human-rights-2025"
# without the comment at its head, which speaks of the keys too
FILE = re.sub(r"\A(#.*\n)+", "", (QUESTIONNAIRES / f"{NAME}.toml").read_text("utf-8"))

# block, answer, manufacturer, reseller: the table of the design, by hand
POINTS = [
    ("awareness_transparency", "tier1_only", 0, 0),
    ("awareness_transparency", "assembly_locations", 0, 1),
    ("awareness_transparency", "key_component_makers", 1, 2),
    ("awareness_transparency", "raw_materials", 1, 2),
    ("awareness_transparency", "raw_material_suppliers", 2, 3),
    ("awareness_transparency", "supply_chain_mapping", 1, 2),
    ("awareness_transparency", "end_to_end", 5, 5),
    ("awareness_risks", "risks_unfamiliar", 0, 0),
    ("awareness_risks", "risks_cursory", 1, 1),
    ("awareness_risks", "risks_fair", 3, 3),
    ("awareness_risks", "risks_good", 5, 5),
    ("policies", "policy_none", 0, 0),
    ("policies", "policy_basic", 2, 2),
    ("policies", "policy_detailed", 4, 4),
    ("policies", "policy_due_diligence", 7, 7),
    ("actions", "actions_none", 0, 0),
    ("actions", "code_verification", 3, 3),
    ("actions", "complaints_procedure", 2, 2),
    ("actions", "digital_tools", 2, 2),
    ("actions", "dedicated_staff", 1, 2),
    ("actions", "initiatives", 3, 3),
    ("actions", "stakeholder_consultation", 3, 3),
]


def broken(old: str, new: str, count: int = 1) -> str:
    """The 2025 file with `old` changed to `new`."""
    assert old in FILE
    return FILE.replace(old, new, count)


def refused(content: str, sentence: str) -> None:
    with pytest.raises(DefinitionError, match=re.escape(sentence)):
        read_questionnaire(content, NAME)


def test_every_answer_has_the_points_of_the_source_for_both_kinds_of_respondent() -> None:
    assert [
        (block.code, answer.code, answer.points["manufacturer"].low, answer.points["reseller"].low)
        for block in current().blocks
        for answer in block.answers
    ] == POINTS


def test_other_respondents_score_as_manufacturers() -> None:
    for answer in current().answers:
        assert answer.points["other"] == answer.points["manufacturer"]


def test_one_figure_only_is_a_range() -> None:
    ranges = {
        (answer.code, kind): (points.low, points.high)
        for answer in current().answers
        for kind, points in answer.points.items()
        if points.high != points.low
    }
    assert ranges == {
        ("raw_material_suppliers", "manufacturer"): (2, 3),
        ("raw_material_suppliers", "other"): (2, 3),
    }


def test_reconstructed_figures_say_how_certain_they_are() -> None:
    lost = {
        (answer.code, kind): points.certainty
        for answer in current().answers
        for kind, points in answer.points.items()
        if points.reconstructed and kind != "other"
    }
    assert lost == {
        ("tier1_only", "manufacturer"): "sure",
        ("tier1_only", "reseller"): "sure",
        ("assembly_locations", "manufacturer"): "likely",
        ("key_component_makers", "manufacturer"): "sure",
        ("raw_materials", "manufacturer"): "sure",
        ("raw_material_suppliers", "manufacturer"): "likely",
        ("supply_chain_mapping", "manufacturer"): "likely",
        ("end_to_end", "manufacturer"): "likely",
        ("end_to_end", "reseller"): "likely",
    }


def test_a_printed_figure_has_no_certainty() -> None:
    assert current().answer("risks_good").points["reseller"] == Points(5, 5, "printed", None)


def test_blocks_have_the_rules_and_caps_of_the_source() -> None:
    assert [(block.code, block.dimension, block.rule, block.cap) for block in current().blocks] == [
        ("awareness_transparency", "awareness", "several", 5),
        ("awareness_risks", "awareness", "one", None),
        ("policies", "policies", "several", 10),
        ("actions", "actions", "several", None),
    ]


@pytest.mark.parametrize(
    ("dimension", "kind", "most"),
    [
        ("awareness", "manufacturer", 10),
        ("awareness", "reseller", 10),
        ("policies", "manufacturer", 10),
        ("policies", "reseller", 10),
        ("actions", "manufacturer", 14),
        ("actions", "other", 14),
        ("actions", "reseller", 15),
    ],
)
def test_a_dimension_has_a_most(dimension: str, kind: str, most: int) -> None:
    assert current().most_points(dimension, kind) == most


@pytest.mark.parametrize("dimension", ["awareness", "policies", "actions"])
@pytest.mark.parametrize(
    ("points", "band"),
    [(0, "low"), (3, "low"), (4, "medium"), (6, "medium"), (7, "high"), (15, "high")],
)
def test_bands_change_at_four_and_at_seven(dimension: str, points: int, band: str) -> None:
    assert current().dimension(dimension).band(points).code == band


def test_only_actions_at_three_carry_a_note_on_the_gap() -> None:
    noted = [
        (dimension.code, points)
        for dimension in current().dimensions
        for points in range(16)
        if dimension.gap_note(points)
    ]
    assert noted == [("actions", 3)]


def test_answers_that_ask_for_names_and_answers_that_stand_alone() -> None:
    answers = current().answers
    assert [answer.code for answer in answers if answer.names] == [
        "digital_tools",
        "initiatives",
        "stakeholder_consultation",
    ]
    assert [answer.code for answer in answers if answer.none] == [
        "tier1_only",
        "policy_none",
        "actions_none",
    ]


def test_the_current_questionnaire_is_the_one_that_came_into_use_last() -> None:
    assert current() is questionnaires()[-1]
    assert current() is questionnaire(NAME)


def test_an_unknown_questionnaire_is_named_with_those_that_exist() -> None:
    with pytest.raises(UnknownQuestionnaire, match=rf"“ict-1999”.*{NAME}"):
        questionnaire("ict-1999")


# Faulty files


def test_a_file_that_is_no_toml_is_refused_with_its_name() -> None:
    refused("id = ", f"{NAME}.toml: ")


def test_the_id_is_the_name_of_the_file() -> None:
    with pytest.raises(DefinitionError, match="the id and the name of the file are the same"):
        read_questionnaire(FILE, "another-name")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('code = "risks_fair"', 'code = "risks_good"', "answer code risks_good appears more than"),
        ('label = "Digital tools"', 'label = "Assembly sites"', "answer label assembly sites"),
        ('[[blocks]]\ncode = "policies"', '[[blocks]]\ncode = "actions"', "block actions appears"),
        ('dimension = "policies"', 'dimension = "polices"', "polices, which is no dimension"),
        ('dimension = "policies"', 'dimension = "actions"', "no block belongs to dimension polic"),
        ('rule = "one"', 'rule = "single"', 'rule is "several" or "one"'),
        ('help = "Name the tools."', 'none = true\nhelp = ""', "actions_none, digital_tools"),
        ('label = "Risks: not familiar"', 'label = "R"\nnone = true', "`none` has no meaning"),
        ('help = "Choose this alone."\n', "", "answer policy_none lacks help"),
        ("names = true", "name = true", "has name, which nothing reads"),
        ("cap = 5", "cap = 0", "its cap is below 1"),
        ("cap = 5", 'cap = "5"', "cap must be a whole number"),
        ("{ points = 5,", "{ points = 2.5,", "points must be a whole number"),
        ("{ points = 5,", "{ points = -5,", "points are 0 or more"),
        ("high = 3", "high = 1", "high is not below them"),
        ('high = 3, status = "reconstructed", certainty = "likely"', 'high = 3, status = "printed"',
         'only a figure that is no more than "likely" has a high'),
        (', certainty = "sure"', "", "a reconstructed figure, and no other, has a certainty"),
        ('status = "printed"', 'status = "guessed"', 'status is "printed" or "reconstructed"'),
        ("from = 4, to = 6", "from = 5, to = 6", "band medium starts at 5, expected 4"),
        ("from = 4, to = 6", "from = 3, to = 6", "band medium starts at 3, expected 4"),
        ("from = 7,", "from = 7, to = 9,", "the last band has no `to`"),
        ('band = "medium"', 'band = "middle"', "needs the bands low, medium, high"),
        ('scores_as = "manufacturer"', 'scores_as = "brand"', "which has no points of its own"),
        ('code = "other"', 'code = "others"', 'no kind of respondent "other"'),
        ('also = ["others"', 'also = ["brand"', "word for a kind of respondent brand"),
        ("in_use_since = 2025-01-01", 'in_use_since = "soon"', "in_use_since must be a day"),
        ("[open_question]", "[closed_question]", "the file lacks open_question"),
    ],
)  # fmt: skip
def test_a_faulty_file_is_told_what_is_wrong(old: str, new: str, sentence: str) -> None:
    refused(broken(old, new), sentence)
