"""The register: identifiers, finding entries, and finding them twice."""

import polars as pl
import pytest

from quorum import suppliers
from quorum.suppliers import check_lei, check_registry_number, check_vat

MERGES = {"kept_id": pl.String, "merged_id": pl.String, "undone": pl.Boolean}


def register(*rows: tuple[str, str], **columns: list[str | None]) -> pl.DataFrame:
    empty: list[str | None] = [None] * len(rows)
    return pl.DataFrame(
        {
            "id": [r[0] for r in rows],
            "name": [r[1] for r in rows],
            **{c: columns.get(c, empty) for c in ("lei", "vat", "registry_number", "merged_into")},
        },
        schema_overrides=dict.fromkeys(("lei", "vat", "registry_number", "merged_into"), pl.String),
    )


def test_an_empty_identifier_is_left_out() -> None:
    checked = suppliers.check_identifiers({"lei": " ", "vat": "", "registry_number": ""})
    assert set(checked.values()) == {(None, None)}


def test_an_lei_is_stored_without_blanks_and_in_capitals() -> None:
    assert check_lei("demo00quorum 000001 25").value == "DEMO00QUORUM00000125"


def test_an_lei_with_swapped_digits_is_refused_with_the_reason() -> None:
    assert "check digit" in (check_lei("DEMO00QUORUM00000152").problem or "")


def test_an_lei_of_the_wrong_length_says_how_long_it_is() -> None:
    assert "has 4 characters" in (check_lei("DEMO").problem or "")


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("de 999 999 995", "DE999999995"),
        ("NL999999990B99", "NL999999990B99"),
        ("GB 980 7806 84", "GB980780684"),
        ("NO 999 999 999 MVA", "NO999999999MVA"),
        ("EL094259216", "EL094259216"),
    ],
)
def test_a_vat_number_is_stored_with_its_country(given: str, stored: str) -> None:
    assert check_vat(given) == (stored, None)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("999999995", "begins with the letters of its country"),
        ("DE999999994", "check digit"),
        ("DE12", "form of a VAT number of DE"),
    ],
)
def test_a_wrong_vat_number_is_refused_with_the_reason(given: str, reason: str) -> None:
    checked = check_vat(given)
    assert checked.value is None
    assert reason in (checked.problem or "")


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("nl-kvk-99999991", "NL-KVK-99999991"),
        ("SE-BLR-999999-9981", "SE-BLR-9999999981"),
        ("ZA-CIP-2026/123", "ZA-CIP-2026/123"),
    ],
)
def test_a_registry_number_names_its_register(given: str, stored: str) -> None:
    assert check_registry_number(given) == (stored, None)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("12345678", "names its register first"),
        ("NL-KVK-1", "Chamber of Commerce (Netherlands)"),
        ("SE-BLR-9999999982", "check digit"),
    ],
)
def test_a_wrong_registry_number_is_refused_with_the_reason(given: str, reason: str) -> None:
    assert reason in (check_registry_number(given).problem or "")


def test_a_clash_names_the_entry_that_has_the_number() -> None:
    entries = register(("a", "Aurora Devices"), ("b", "Borealis"), vat=["DE1", None])
    row = {"vat": "DE1", "lei": None}
    assert [s for s in suppliers.clashes(entries, row, "b") if "“Aurora Devices”" in s]
    assert suppliers.clashes(entries, row, "a") == []


def test_a_search_finds_parts_of_names_in_any_order_without_accents() -> None:
    entries = register(("a", "Ångström Devices AB"), ("b", "Borealis"))
    assert suppliers.searched(entries, "devi angst", entries)["id"].to_list() == ["a"]


def test_a_search_finds_identifiers() -> None:
    entries = register(("a", "Aurora"), ("b", "Borealis"), vat=["DE999999995", None])
    assert suppliers.searched(entries, "9999999", entries)["id"].to_list() == ["a"]


def test_a_search_finds_a_supplier_under_a_name_that_was_merged_into_it() -> None:
    entries = register(("a", "Aurora"), ("b", "Old Name"), merged_into=[None, "a"])
    living = entries.filter(pl.col("merged_into").is_null())
    assert suppliers.searched(living, "old", entries)["id"].to_list() == ["a"]


def test_an_empty_search_finds_all() -> None:
    entries = register(("a", "Aurora"), ("b", "Borealis"))
    assert suppliers.searched(entries, "  ", entries).height == 2


def test_names_that_differ_in_the_legal_form_only_are_alike() -> None:
    entries = register(("a", "Aurora I.T. B.V."), ("b", "Borealis"))
    found = suppliers.similar("aurora it nv", entries)
    assert found.select("id", "score").rows() == [("a", 100.0)]


def test_a_pair_of_alike_names_is_suggested_once() -> None:
    entries = register(("a", "Aurora GmbH"), ("b", "Aurora"), ("c", "Borealis"))
    found = suppliers.suggested_pairs(entries, pl.DataFrame(schema=MERGES))
    assert found.rows() == [("a", "Aurora GmbH", "b", "Aurora", 100.0)]


def test_a_pair_whose_merge_was_undone_is_not_suggested_again() -> None:
    entries = register(("a", "Aurora GmbH"), ("b", "Aurora"))
    merges = pl.DataFrame([("b", "a", True)], schema=MERGES, orient="row")
    assert suppliers.suggested_pairs(entries, merges).is_empty()


def test_a_name_that_is_a_legal_form_is_compared_as_it_is() -> None:
    entries = register(("a", "AG"), ("b", "Co"))
    assert suppliers.suggested_pairs(entries, pl.DataFrame(schema=MERGES)).is_empty()
