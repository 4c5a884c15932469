"""Rubrics and the published table: every printed number, and files that contradict themselves."""

from datetime import date

import pytest

from quorum.definitions import DefinitionError
from quorum.definitions.rubrics import (
    INITIATIVES,
    RUBRICS,
    Rubric,
    check_editions,
    code_of,
    from_row,
    in_use,
    initiative_kinds,
    problems_of_rubric,
    published,
    read_published,
    read_rubric,
    rubrics,
)

# Manual, table 1, as printed: "(*)" is half a star.
PRINTED = {
    "supplier-code": (1, 1.5, 1, 1, 1, 1),
    "rba": (3, 2.5, 2, 2.5, 3, 2),
    "tco-certified": (3, 3, 3, 2.5, 3, 2.5),
    "epeat": (3, 3, 2, 2, 2, 2),
    "ecovadis": (3, 1, 1, 1.5, 2, 1),
}
CRITERIA = ("reach", "standards", "governance", "monitoring", "support", "transparency")
CELLS = [
    (initiative, criterion, stars)
    for initiative, row in PRINTED.items()
    for criterion, stars in zip(CRITERIA, row, strict=True)
]


@pytest.mark.parametrize(("initiative", "criterion", "stars"), CELLS)
def test_the_published_table_has_the_printed_stars(initiative, criterion, stars):
    made = next(one for one in published().initiatives if one.id == initiative)
    assert made.stars[criterion] == stars


def test_the_published_table_has_its_source_date_and_rater():
    table = published()
    assert table.rater == "CFIT manual"
    assert table.source.endswith("table 1")
    assert (table.printed_date, table.rated_on) == ("2024, with updates of 2025", date(2025, 6, 1))


def test_jac_and_electronics_watch_are_described_and_not_rated():
    unrated = {one.id for one in published().initiatives if not one.stars}
    assert unrated == {"jac", "electronics-watch"}
    assert all(one.description for one in published().initiatives)


def test_epeats_standards_are_due_again_after_november_2025():
    flags = {one.id: [(d.criterion, d.since) for d in one.due] for one in published().initiatives}
    assert {key: flag for key, flag in flags.items() if flag} == {
        "epeat": [("standards", date(2025, 12, 1))]
    }


def test_there_are_two_published_rubrics_of_six_and_of_four_criteria():
    assert {one.id: tuple(one.labels) for one in rubrics()} == {
        "due-diligence": CRITERIA,
        "accountability": ("transparent", "scaled", "accountable", "social_impact"),
    }


def test_every_criterion_has_a_question_to_raters_and_one_to_bidders():
    assert all(c.question.endswith("?") and c.ask.endswith("?")
               for one in rubrics() for c in one.criteria)  # fmt: skip


def test_every_kind_of_initiative_has_a_name():
    assert {one.kind for one in published().initiatives} <= set(initiative_kinds())


def edition(number: int, since: str, until: str | None = None, id: str = "ours") -> Rubric:
    return Rubric(
        id, number, "Ours", "", date.fromisoformat(since), until and date.fromisoformat(until), ()
    )


def test_editions_that_overlap_are_refused_with_the_remedy():
    for until in (None, "2026-01-01"):
        with pytest.raises(DefinitionError, match="editions 1 and 2 overlap: end the first before"):
            check_editions([edition(1, "2025-01-01", until), edition(2, "2026-01-01")])


def test_editions_that_follow_each_other_are_in_use_one_at_a_time():
    both = check_editions([edition(2, "2026-01-01"), edition(1, "2025-01-01", "2025-12-31")])
    assert [one.edition for one in both] == [1, 2]
    assert [one.edition for one in in_use(both, date(2025, 12, 31))] == [1]
    assert [one.edition for one in in_use(both, date(2026, 1, 1))] == [2]
    assert in_use(both, date(2024, 12, 31)) == []


def test_a_later_edition_has_a_higher_number():
    with pytest.raises(DefinitionError, match="later editions have higher numbers"):
        check_editions([edition(2, "2025-01-01", "2025-12-31"), edition(1, "2026-01-01")])


FILE = (RUBRICS / "accountability-1.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("edition = 1", "edition = 0", "lacks edition"),
        ("edition = 1", "edition = 2", "the file is called accountability-2.toml"),
        ('code = "scaled"', 'code = "transparent"', "criterion transparent appears more than once"),
        ('label = "Scaled"', 'label = "transparent"', "label transparent appears more than once"),
        ('label = "Scaled"', 'lable = "Scaled"', "lacks label"),
        ("in_use_since = 2025-01-01", 'in_use_since = "2025"', "in_use_since must be a day"),
        (
            "in_use_since = 2025-01-01",
            "in_use_since = 2025-01-01\nin_use_until = 2024-01-01",
            "in_use_until lies before in_use_since",
        ),
        ("[[criteria]]", "[[criteria", "accountability-1.toml"),
    ],
)
def test_a_rubric_file_that_contradicts_itself_is_refused(before, after, said):
    with pytest.raises(DefinitionError, match=said.replace("(", r"\(")):
        read_rubric(FILE.replace(before, after, 1), "accountability-1")


TABLE = INITIATIVES.read_text("utf-8")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("reach = 1.0", "reach = 4.5", "reach is 4.5, not 0 to 4 in half steps"),
        ("reach = 1.0", "reach = 1.3", "reach is 1.3, not 0 to 4 in half steps"),
        ("reach = 1.0\n", "", "not all of due-diligence"),
        ('kind = "platform"', 'kind = "club"', "there is no kind club"),
        ('id = "epeat"', 'id = "rba"', "initiative rba appears more than once"),
        ('criterion = "standards"', 'criterion = "colour"', "has no criterion colour"),
        ("edition = 1", "edition = 7", "there is no edition 7 of rubric due-diligence"),
        ('rater = "CFIT manual"', "", "lacks 'rater'"),
    ],
)
def test_a_published_table_that_contradicts_itself_is_refused(before, after, said):
    with pytest.raises(DefinitionError, match=said):
        read_published(TABLE.replace(before, after, 1), rubrics())


def test_an_organisations_own_rubric_is_like_a_published_one():
    row = {
        "family": "f1", "edition": 2, "title": "<b>Ours</b>", "source": "",
        "criteria": '[{"code": "voice", "label": "Worker voice", "question": "Who is heard?"}]',
        "valid_from": date(2026, 1, 1), "valid_until": None,
    }  # fmt: skip
    made = from_row(row)
    assert (made.id, made.edition, made.published, made.title) == ("f1", 2, False, "<b>Ours</b>")
    assert made.labels == {"voice": "Worker voice"}
    assert made.criterion("voice").ask == "Who is heard?"


@pytest.mark.parametrize(
    ("label", "code"),
    [("Worker voice", "worker_voice"), ("4th tier", "c_4th_tier"), ("<b>", "b"), ("労働", "c")],
)
def test_a_criterion_gets_a_code_from_its_name(label, code):
    assert code_of(label) == code


def test_criteria_whose_names_give_one_code_are_told_apart():
    assert code_of("Voice!", ["voice", "voice_2"]) == "voice_3"


@pytest.mark.parametrize(
    ("title", "labels", "since", "said"),
    [
        ("", ["Reach"], date(2026, 1, 1), "Give the rubric a title."),
        ("Ours", [], date(2026, 1, 1), "Name at least one criterion."),
        ("Ours", ["Reach"], None, "Say from which day the rubric is used."),
        (
            "Ours", ["Reach", " reach"], date(2026, 1, 1),
            "A criterion is named twice:  reach, Reach. Give each a name of its own.",
        ),
        (
            "Ours", [f"C{n}" for n in range(13)], date(2026, 1, 1),
            "A rubric has 12 criteria at most; this one has 13.",
        ),
        (
            "Ours", ["x" * 81], date(2026, 1, 1),
            "A criterion's name has 80 characters at most. Shorten it.",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_rubric_is_said(title, labels, since, said):
    assert problems_of_rubric(title, labels, since) == [said]
