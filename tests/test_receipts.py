"""Receipts in words."""

from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from quorum import receipts
from quorum.store.relations import RELATIONS

TODAY = date(2026, 6, 1)
NORDIC = {"c1": "Nordic ICT buyers"}


def sharings(*changes: dict[str, Any]) -> pl.DataFrame:
    row: dict[str, Any] = {
        "id": "r1", "organisation_id": "o1", "consortium_id": "c1", "relation": "assessment",
        "level": "record", "legal_basis": "Agreement", "title": "Three brands", "item_count": 3,
        "created_at": datetime(2026, 1, 5, tzinfo=UTC), "ends_on": date(2027, 1, 5),
        "ended_at": None, "ended_because": None,
    }  # fmt: skip
    known = RELATIONS["sharing"]
    return pl.DataFrame([{**row, **change} for change in changes]).select(
        pl.col(name).cast(kind) if name in row else pl.lit(None, kind).alias(name)
        for name, kind in known.items()
    )


def worded(*changes: dict[str, Any]) -> pl.DataFrame:
    return receipts.worded(sharings(*changes), NORDIC, TODAY)


def test_a_receipt_says_what_is_shared_with_whom_and_how() -> None:
    row = worded({}).row(0, named=True)
    assert receipts.sentence(row) == "3 assessments shared with Nordic ICT buyers, level: record."


def test_what_ends_next_stands_first_and_what_has_ended_last() -> None:
    ended = datetime(2026, 5, 1, tzinfo=UTC)
    found = worded(
        {"id": "revoked", "ended_at": ended, "ended_because": "revoked"},
        {"id": "late", "ends_on": date(2028, 1, 1)},
        {"id": "soon", "ends_on": date(2026, 6, 13)},
        {"id": "past", "ends_on": date(2026, 5, 31)},
    )
    assert found["id"].to_list() == ["soon", "late", "past", "revoked"]
    assert found["living"].to_list() == [True, True, False, False]
    assert found["ends_soon"].to_list() == [True, False, False, False]
    assert found["until"].to_list() == [
        "2026-06-13, in 12 days",
        "2028-01-01",
        "Ended 2026-05-31: its end date passed",
        "Ended 2026-05-01: revoked",
    ]


def test_the_last_day_of_a_receipt_still_counts() -> None:
    row = worded({"ends_on": TODAY}).row(0, named=True)
    assert (row["living"], row["until"]) == (True, "2026-06-01, today")


def test_a_consortium_that_was_left_has_no_name_any_more() -> None:
    left = {
        "consortium_id": "c2",
        "ended_at": datetime(2026, 2, 2, tzinfo=UTC),
        "ended_because": "left the consortium",
    }
    row = worded(left).row(0, named=True)
    assert row["consortium"] == "a consortium you have left"
    assert row["until"] == "Ended 2026-02-02: your organisation left the consortium"


def test_contributions_are_counted_in_words() -> None:
    assert receipts.counted("assessment", 1) == "1 assessment"
    assert receipts.counted("site_list", 2) == "2 site lists"
    assert receipts.counted("spend", 12000) == "12,000 spend lines"


def test_only_spend_can_be_shared_below_the_whole_record() -> None:
    codes = {r: [level.code for level in receipts.levels(r)] for r in receipts.SHARED_RELATIONS}
    assert codes == {
        "assessment": ["record"],
        "site_list": ["record"],
        "spend": ["record", "band", "aggregate"],
        "initiative": ["record"],
        "rubric": ["record"],
        "initiative_rating": ["record"],
        "initiative_link": ["record"],
        "leverage_use": ["record"],
        "risk": ["record"],
    }


def test_aggregate_only_says_that_nobody_sees_anything_yet() -> None:
    assert receipts.levels("spend")[2].sees == (
        "Counts in sums that Quorum will publish in a later version; until then nobody sees "
        "anything of it."
    )


def test_every_fact_of_the_law_names_its_source() -> None:
    assert all(
        f.source and f.link.startswith("https://eur-lex.europa.eu/") for f in receipts.facts()
    )


def test_no_receipts_are_an_empty_table() -> None:
    none = receipts.worded(pl.DataFrame(schema=RELATIONS["sharing"]), {}, TODAY)
    assert none.is_empty()
    assert {"what", "until", "living", "ends_soon"} <= set(none.columns)
