"""The audit trail in words."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from quorum import audit, receipts
from quorum.store.relations import RELATIONS

# Without a trail of their own: see the rule "watched" of sql/checks.sql.
UNWATCHED = {"audit_event", "production_site", "sharing_item", "spend_band"}
START = datetime(2026, 6, 1, 12, tzinfo=UTC)
ANN = {"p1": "Ann"}


def events(*told: tuple[int, str, str, str, str | None]) -> pl.DataFrame:
    """(minute, action, relation, summary, item) of events that Ann caused, in the order given."""
    rows: list[dict[str, Any]] = [
        {
            "id": str(n), "organisation_id": "o1", "at": START + timedelta(minutes=minute),
            "person_id": "p1", "action": action, "relation": relation, "item_id": item,
            "summary": summary,
        }
        for n, (minute, action, relation, summary, item) in enumerate(told)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=RELATIONS["audit_event"])


def sharings(**columns: Any) -> pl.DataFrame:
    row = {
        "id": "r1", "organisation_id": "o1", "consortium_id": "c1", "relation": "assessment",
        "level": "record", "legal_basis": "Agreement", "title": "", "item_count": 3,
        "created_at": START, "ends_on": date(2027, 1, 1), "ended_at": None, "ended_because": None,
        **columns,
    }  # fmt: skip
    known = RELATIONS["sharing"]
    frame = pl.DataFrame([row]).select(
        pl.col(name).cast(kind) if name in row else pl.lit(None, kind).alias(name)
        for name, kind in known.items()
    )
    return receipts.worded(frame, {"c1": "Nordic ICT buyers"}, date(2026, 6, 1))


def told(frame: pl.DataFrame, names: dict[str, str] | None = None, **receipt: Any) -> list[str]:
    found = audit.worded(frame, ANN, names or {}, sharings(**receipt))
    return [f"{who} {what}" for who, what in found.select("who", "what").iter_rows()]


def test_sharing_is_one_act_and_its_effect_on_the_rows_is_left_out() -> None:
    found = told(
        events(
            (0, "insert", "sharing", "", "r1"),
            (0, "update", "assessment", "3 rows", None),
        )
    )
    assert found == ["Ann shared 3 assessments with Nordic ICT buyers (record)"]


def test_an_import_and_a_sharing_of_one_moment_are_two_acts() -> None:
    found = told(
        events(
            (0, "insert", "assessment", "3 rows", None),
            (0, "insert", "sharing", "", "r1"),
            (0, "update", "assessment", "3 rows", None),
        ),
        title="This year's",
    )
    assert found == [
        "Ann added 3 assessments",
        "Ann shared 3 assessments with Nordic ICT buyers (record): This year's",
    ]


def test_an_end_date_ends_a_sharing_without_anybody() -> None:
    found = told(
        events((0, "update", "sharing", "ended_at, ended_because", "r1")),
        ended_at=START, ended_because="end date",
    )  # fmt: skip
    assert found == [
        "Quorum ended the sharing of 3 assessments with Nordic ICT buyers, because its end date "
        "passed"
    ]


def test_a_revoked_sharing_names_who_revoked_it() -> None:
    found = told(
        events((0, "update", "sharing", "ended_at, ended_because", "r1")),
        ended_at=START, ended_because="revoked",
    )  # fmt: skip
    assert found == ["Ann ended the sharing of 3 assessments with Nordic ICT buyers"]


def test_a_change_says_which_columns_and_of_what() -> None:
    found = told(
        events((0, "update", "assessment", "answers, other_actions", "a1")),
        {"a1": "Aurora Devices, 2026-05-01"},
    )
    assert found == [
        "Ann changed an assessment (answers, other actions): Aurora Devices, 2026-05-01"
    ]


def test_an_imported_spend_file_is_told_as_its_lines() -> None:
    found = told(
        events(
            (0, "insert", "spend_import", "", "i1"),
            (0, "insert", "spend", "1200 rows", None),
        )
    )
    assert found == ["Ann added 1,200 spend lines"]


def test_a_contribution_that_changes_at_another_moment_is_told() -> None:
    found = told(
        events(
            (5, "update", "assessment", "answers", None), (0, "insert", "sharing", "", "r1")
        )
    )  # fmt: skip
    assert len(found) == 2


def test_links_are_told_by_what_became_of_them() -> None:
    found = told(
        events(
            (3, "update", "invitation", "revoked_at", "v1"),
            (2, "update", "invitation", "used_at", "v2"),
            (1, "insert", "invitation", "", "v1"),
        ),
        {"v1": "For Bo"},
    )
    assert found == [
        "Ann took back an invitation link: For Bo",
        "Ann used an invitation link",
        "Ann made an invitation link: For Bo",
    ]


def test_an_act_of_an_outsider_and_of_a_former_colleague_name_nobody() -> None:
    frame = events((1, "insert", "supplier", "", None), (0, "insert", "supplier", "", None))
    frame = frame.with_columns(person_id=pl.Series([None, "gone"], dtype=pl.String))
    assert told(frame) == [
        "Somebody outside your organisation added a supplier",
        "A former colleague added a supplier",
    ]


@pytest.mark.parametrize("relation", sorted(set(RELATIONS) - UNWATCHED))
@pytest.mark.parametrize("action", ["insert", "update", "delete"])
@pytest.mark.parametrize("summary", ["", "2 rows"])
def test_what_happens_to_any_watched_table_has_words_and_a_kind(
    relation: str, action: str, summary: str
) -> None:
    found = audit.worded(events((0, action, relation, summary, None)), ANN, {}, sharings())
    assert found.height == 1
    assert found["kind"][0]
    # Receipts and merges have words of their own, and are never deleted.
    assert relation in ("sharing", "supplier_merge") or "record" not in found["what"][0]


def test_every_watched_table_belongs_to_one_kind() -> None:
    kinds = [relation for relations in audit.KINDS.values() for relation in relations]
    assert len(kinds) == len(set(kinds))
    effects = {relation for rule in audit.FOLLOWS for relation in (rule.act, *rule.effects)}
    assert effects <= set(kinds)


def test_all_of_dialogues_is_one_kind_and_what_is_said_is_of_none() -> None:
    of_dialogues = ("dialogue", "commitment", "leverage_use")
    assert set(audit.KINDS["dialogues"]) == {r for r in RELATIONS if r.startswith(of_dialogues)}
    assert not {"dialogue_question", "dialogue_note", "dialogue_ballot"} & set(RELATIONS)


def test_a_kind_is_read_with_the_acts_that_explain_its_events() -> None:
    assert audit.relations_of("sites") == ["sharing", "site_list"]
    assert audit.relations_of(None) is None


def test_no_events_are_an_empty_table() -> None:
    assert told(events()) == []
