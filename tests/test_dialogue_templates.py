"""Templates, topics and prompts of dialogues: what the file says, and files that contradict."""

import pytest

from quorum import scoring
from quorum.definitions import DefinitionError, questionnaires
from quorum.definitions.dialogues import (
    DIALOGUES,
    REASONS,
    audience_names,
    definition,
    read,
    topic_names,
)

CONTENT = DIALOGUES.read_text("utf-8")
SMALL = """
source = "A source"
[[topics]]
code = "wages"
text = "Wages"
[[templates]]
code = "short"
title = "Short"
description = "A short one."
[[templates.stages]]
title = "Talk"
purpose = "To talk."
minutes = 20
audience = "all"
""" + "".join(
    f'[[prompts]]\nreason = "{reason}"\ntopic = "wages"\ntext = "What of {{supplier}}?"\n'
    for reason in REASONS
)


def test_the_source_is_named():
    assert definition().source.endswith("the dialogue of Leuven in November 2023")


def test_the_joint_dialogue_has_the_stages_of_leuven():
    joint = definition().template("joint")
    planned = [(one["title"], one["minutes"], one["audience"]) for one in joint.agenda(False)]
    assert planned == [
        ("Introduction and baseline", 45, "all"),
        ("Drafting questions for the brands", 75, "buyers"),
        ("Plenary with the manufacturers", 90, "all"),
        ("Focus group: transparency", 40, "all"),
        ("Focus group: sharing audit results", 40, "all"),
        ("Focus group: role of resellers", 40, "all"),
        ("Commitments and next date", 30, "all"),
    ]


@pytest.mark.parametrize("code", ["joint", "one_supplier"])
def test_an_agenda_begins_with_what_is_still_open_where_something_is(code):
    template = definition().template(code)
    with_it, without = template.agenda(True), template.agenda(False)
    assert with_it[0]["title"] == "What is still open"
    assert with_it[1:] == without
    assert "What is still open" not in {one["title"] for one in without}


def test_the_follow_up_takes_two_hours_and_always_begins_with_what_is_still_open():
    template = definition().template("follow_up")
    assert template.agenda(True) == template.agenda(False)
    assert template.agenda(False)[0]["title"] == "What is still open"
    assert sum(one["minutes"] for one in template.agenda(False)) == 120


def test_every_stage_says_what_it_is_for():
    stages = [stage for template in definition().templates for stage in template.stages]
    assert all(stage.title and stage.purpose.endswith(".") for stage in stages)
    assert {stage.audience for stage in stages} == set(audience_names())


def test_topics_have_words():
    names = topic_names()
    assert list(names)[:3] == ["transparency", "audit_results", "resellers"]
    assert names["living_wage"] == "Living wage"


def test_every_block_and_dimension_has_a_prompt_of_its_own():
    blocks = {block.code for version in questionnaires() for block in version.blocks}
    own = {(one.reason, one.of) for one in definition().prompts if one.of}
    assert own == {("differ", block) for block in blocks} | {
        ("low", dimension) for dimension in scoring.dimension_names()
    }


def test_what_has_no_prompt_of_its_own_gets_the_general_one():
    assert definition().prompt("differ", "policies").of == "policies"
    assert definition().prompt("differ", "a_block_of_next_year").of == ""
    assert definition().prompt("low").of == ""


def test_prompts_are_questions():
    assert all(one.text.endswith("?") for one in definition().prompts)


def test_the_small_file_is_sound():
    assert read(SMALL).template("short").agenda(True) == [
        {"title": "Talk", "purpose": "To talk.", "minutes": 20, "audience": "all"}
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('source = "A source"', "", "the file lacks source"),
        ("minutes = 20", "minutes = 0", "stage Talk: minutes must be a whole number from 1"),
        ("minutes = 20", 'minutes = "20"', "minutes must be a whole number"),
        ("minutes = 20", "minutes = true", "minutes must be a whole number"),
        ('audience = "all"', 'audience = "guests"', "audience is one of all, buyers"),
        ('audience = "all"', 'audience = "all"\nwhen = "later"', "when can only be still_open"),
        ('audience = "all"', 'audience = "all"\nwhen = "still_open"', "no stage that is always"),
        ('audience = "all"', 'audience = "all"\nwho = "me"', "who, which nothing reads"),
        ('purpose = "To talk."', "", "lacks purpose"),
        ("What of {supplier}?", "What of {buyer}?", "prompt overdue: nothing fills in {buyer}"),
        ("What of {supplier}?", "What of {}?", "nothing fills in {}"),
        ("What of {supplier}?", "What of {supplier?", "prompt overdue: "),
        ('topic = "wages"', 'topic = "pay"', "prompt overdue: there is no topic pay"),
        ('reason = "low"', 'reason = "high"', "prompt high: reason is one of"),
        ('reason = "low"', 'reason = "low"\nof = "policies"', "without `of` for low"),
        ('reason = "low"', 'reason = "differ"', "prompt differ appears more than once"),
        ("[[templates]]", "[[patterns]]", "patterns"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(old, new, said):
    assert old in SMALL
    with pytest.raises(DefinitionError) as refused:
        read(SMALL.replace(old, new, 1))
    assert str(refused.value).startswith("dialogues.toml: ")
    assert said in str(refused.value)


def test_a_stage_twice_and_a_late_look_back_are_refused():
    stage = SMALL[SMALL.index("[[templates.stages]]") : SMALL.index("[[prompts]]")]
    twice = SMALL.replace(stage, stage * 2)
    with pytest.raises(DefinitionError, match="template short: stage talk appears more than once"):
        read(twice)
    late = stage.replace("Talk", "Look back") + 'when = "still_open"\n'
    with pytest.raises(DefinitionError, match="what is still open comes first"):
        read(SMALL.replace(stage, stage + late))


def test_a_template_without_stages_is_refused():
    stage = SMALL[SMALL.index("[[templates.stages]]") : SMALL.index("[[prompts]]")]
    with pytest.raises(DefinitionError, match="template short has no stage"):
        read(SMALL.replace(stage, ""))
