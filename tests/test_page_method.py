"""The method page is told from the definitions."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from quorum import definitions, method

Open = Callable[..., AppTest]


@pytest.mark.parametrize("actor", ["north admin", "north viewer", "east admin"])
def test_everybody_reads_the_method(open_page: Open, actor: str) -> None:
    page = open_page(actor, "method")
    assert not page.exception
    assert [s.value for s in page.subheader] == [
        "Supplier questionnaire",
        "Bands and the overall level",
        "Who sees what",
        "Which sites are the same",
        "What leverage figures mean",
        "What Quorum does not know",
        "Sources",
    ]


def test_every_answer_stands_with_its_points_and_their_origin() -> None:
    current = definitions.current()
    block = next(block for block in current.blocks if block.code == "awareness_transparency")
    rows = method.points_table(current, block).rows()
    assert [row[1:] for row in rows] == [
        ("0", "0", "reconstructed, sure"),
        ("0", "1", "reconstructed, likely (Brand or manufacturer)"),
        ("1", "2", "reconstructed, sure (Brand or manufacturer)"),
        ("1", "2", "reconstructed, sure (Brand or manufacturer)"),
        ("2 to 3", "3", "reconstructed, likely (Brand or manufacturer)"),
        ("1", "2", "reconstructed, likely (Brand or manufacturer)"),
        ("5", "5", "reconstructed, likely"),
    ]


def test_caps_are_said_in_words() -> None:
    rules = {block.code: method.rule(block) for block in definitions.current().blocks}
    assert rules == {
        "awareness_transparency": "Several answers; their points are added, up to 5.",
        "awareness_risks": "One answer; its points count.",
        "policies": "Several answers; their points are added, up to 10.",
        "actions": "Several answers; their points are added, without a limit.",
    }


def test_the_reader_is_told_how_much_is_reconstructed() -> None:
    assert method.reconstructed(definitions.current()).startswith(
        "The printed copy of the source has lost 9 of its 44 figures;"
    )


def test_bands_leave_no_hole() -> None:
    table = method.bands_table(definitions.current())
    assert (
        table.select("band", "points").rows()
        == [
            ("Low", "0 to 3"),
            ("Medium", "4 to 6"),
            ("High", "7 and more"),
        ]
        * 3
    )
