"""What a known risk is, and which of them bear on a supplier."""

import re
from datetime import date
from typing import Any

import polars as pl
import pytest

from quorum import risks
from quorum.store.relations import RELATIONS
from tests.conftest import ROOT

TODAY = date(2026, 6, 1)
GIVEN = {
    "supplier_id": "aurora", "country": "VN", "kind": "wages", "stage": "assembly",
    "text": "Paid late", "source": "Audit", "link": None, "seen_on": TODAY,
}  # fmt: skip


def known(*rows: dict[str, Any]) -> pl.DataFrame:
    """Risks, at Aurora in Vietnam unless they say otherwise."""
    filled = [
        {"organisation_id": "north", "supplier": "Aurora", **GIVEN, "id": f"r{n}", **row}
        for n, row in enumerate(rows)
    ]
    schema = {name: RELATIONS["risk"][name] for name in RELATIONS["risk"]}
    kept = {**schema, "supplier": pl.String()}
    return pl.DataFrame([{**dict.fromkeys(kept), **row} for row in filled], schema=kept)


def anywhere(country: str, **columns: Any) -> dict[str, Any]:
    return {"supplier_id": None, "supplier": None, "country": country, **columns}


def codes(column: str) -> set[str]:
    """What the store allows in a column."""
    text = (ROOT / "sql" / "0014_risks.sql").read_text("utf-8")
    (listed,) = re.findall(rf"check \({column} in \(([^)]*)\)\)", text)
    return set(re.findall(r"'(\w*)'", listed))


def test_there_are_seven_kinds_and_five_stages_and_the_store_knows_the_same() -> None:
    assert len(risks.kind_names()) == 7
    assert len(risks.stage_names()) == 6  # with that for several or none
    assert set(risks.kind_names()) == set(risks.kind_explanations()) == codes("kind")
    assert set(risks.stage_names()) == codes("stage")
    assert risks.source().endswith("sections 2.2 and 3.1")


def test_a_whole_finding_has_no_problem() -> None:
    assert risks.problems_of_risk(GIVEN, TODAY) == []
    assert risks.problems_of_risk({**GIVEN, "country": None}, TODAY) == []
    assert risks.problems_of_risk({**GIVEN, "supplier_id": None}, TODAY) == []


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"supplier_id": None, "country": None},
            "Say where: choose the supplier, or a country if it concerns everybody who produces "
            "there.",
        ),
        ({"kind": None}, "Choose what kind of risk it is."),
        ({"text": " x "}, "Write down what is known, in 3 characters at least."),
        (
            {"source": ""},
            "Name the source: who says so, such as a report, an audit or a newspaper.",
        ),
        (
            {"link": "javascript:alert(1)"},
            "The web address of the source must begin with https:// or http://, without spaces.",
        ),
        (
            {"link": "https://example.org/a b"},
            "The web address of the source must begin with https:// or http://, without spaces.",
        ),
        ({"seen_on": None}, "Give the date of the source: not later than today."),
        ({"seen_on": date(2026, 6, 2)}, "Give the date of the source: not later than today."),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(changed: dict[str, Any], sentence: str) -> None:
    assert risks.problems_of_risk({**GIVEN, **changed}, TODAY) == [sentence]


def test_on_a_supplier_bear_its_own_risks_and_those_of_its_countries() -> None:
    found = known(
        {"seen_on": date(2024, 1, 1)},
        {"seen_on": date(2026, 1, 1), "country": None},
        anywhere("VN", seen_on=date(2026, 5, 1)),
        anywhere("PL"),
        {"supplier_id": "birch"},
    )
    assert risks.of_supplier(found, "aurora", ["VN", None])["id"].to_list() == ["r1", "r0", "r2"]
    assert risks.of_supplier(found, "aurora", [])["id"].to_list() == ["r1", "r0"]
    assert risks.of_supplier(found, "cedar", ["PL"])["id"].to_list() == ["r3"]


def test_where_it_is_reads_as_one_phrase() -> None:
    found = risks.worded(known({}, {"country": None, "stage": ""}, anywhere("PL")))
    assert found.select("where", "kind_name", "stage_name", "country_name").rows() == [
        ("Aurora, Vietnam", "Inadequate wages", "Assembly", "Vietnam"),
        ("Aurora", "Inadequate wages", None, None),
        ("Poland, whoever produces there", "Inadequate wages", "Assembly", "Poland"),
    ]


def test_no_risks_are_an_empty_table() -> None:
    assert risks.worded(risks.of_supplier(known(), "aurora", ["VN"])).is_empty()
