"""What members know together, and what waits for one of them: on data small enough to count."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

import polars as pl
import pytest

from quorum import overview, profile, scoring
from quorum.overview import Need, Picture
from quorum.store import Consortium, Principal
from quorum.store.relations import FUNCTIONS, RELATIONS

TODAY = date(2026, 7, 1)
LOW = ["tier1_only", "risks_unfamiliar", "policy_none", "actions_none"]
HIGH = ["end_to_end", "risks_good", "policy_due_diligence", "code_verification", "initiatives",
        "complaints_procedure"]  # fmt: skip


def frame(relation: str, *rows: Mapping[str, object], **extra: pl.DataType) -> pl.DataFrame:
    schema = (RELATIONS | FUNCTIONS)[relation] | extra
    return pl.DataFrame([{**dict.fromkeys(schema), **row} for row in rows], schema=schema)


def suppliers(*names: str) -> pl.DataFrame:
    return frame("supplier", *({"id": n, "name": n.title(), "kind": "brand"} for n in names))


def assessed(*rows: tuple[str, str, str, list[str]], shared: str = "circle") -> pl.DataFrame:
    """supplier, organisation, day, answers."""
    found = frame(
        "assessment",
        *(
            {
                "id": str(n), "supplier_id": supplier, "organisation_id": organisation,
                "questionnaire": "ict-human-rights-2025", "respondent_kind": "manufacturer",
                "assessed_on": date.fromisoformat(day), "answers": answers, "shared_with": [shared],
                "updated_at": datetime(2026, 6, 1, tzinfo=UTC), "status": "final",
            }
            for n, (supplier, organisation, day, answers) in enumerate(rows)
        ),
        supplier=pl.String(),
        shared_with=pl.List(pl.String()),
    )  # fmt: skip
    return scoring.scores(found)


def spend(*rows: tuple[str, str, float], shared: str = "circle") -> pl.DataFrame:
    return frame(
        "spend",
        *(
            {
                "supplier_id": supplier, "organisation_id": organisation, "year": 2025,
                "amount": amount, "currency": "EUR", "shared_with": [shared], "import_id": "i",
                "created_at": datetime(2026, 5, 1, tzinfo=UTC),
            }
            for supplier, organisation, amount in rows
        ),
        shared_with=pl.List(pl.String()),
    )  # fmt: skip


def lists(*rows: tuple[str, str, str]) -> pl.DataFrame:
    return frame(
        "site_list",
        *(
            {
                "supplier_id": supplier, "supplier": supplier.title(), "title": "Sites",
                "organisation_id": organisation, "as_of": date.fromisoformat(day),
                "shared_with": ["circle"], "created_at": datetime(2026, 4, 1, tzinfo=UTC),
            }
            for supplier, organisation, day in rows
        ),
        supplier=pl.String(),
        shared_with=pl.List(pl.String()),
    )  # fmt: skip


def picture(**parts: pl.DataFrame) -> Picture:
    """North's picture."""
    return Picture(
        parts.get("suppliers", suppliers("aurora", "birch", "cedar")),
        parts.get("assessments", assessed()),
        parts.get("spend", spend()),
        parts.get("bands", frame("spend_bands")),
        parts.get("lists", lists()),
        "north",
        TODAY,
    )


def person(role: str = "editor", consortia: tuple[Consortium, ...] = ()) -> Principal:
    return Principal("p", "Ada", "", "north", "North", role, consortia, "t")


NOTHING = frame("assessment", supplier=pl.String())


def needs(known: Picture, **given: pl.DataFrame) -> list[Need]:
    return overview.needs(
        known,
        given.get("drafts", NOTHING),
        given.get("receipts", frame("sharing")),
        given.get("invitations", frame("invitation")),
    )


# The shared picture


def test_members_are_counted_once_however_they_work_with_a_supplier() -> None:
    known = picture(
        assessments=assessed(("aurora", "north", "2026-01-01", LOW)),
        spend=spend(("aurora", "north", 5), ("aurora", "south", 7)),
        lists=lists(("aurora", "south", "2026-01-01")),
    )
    found = overview.shared_suppliers(known)
    assert found.select("supplier", "members", "buyers", "assessors", "lists").rows() == [
        ("Aurora", 2, 2, 1, 1)
    ]


def test_a_size_class_tells_that_its_owner_buys() -> None:
    bands = frame("spend_bands", {"organisation_id": "west", "supplier_id": "birch", "year": 2025})
    found = overview.shared_suppliers(picture(bands=bands))
    assert found.select("supplier", "buyers", "bought_by_us").rows() == [("Birch", 1, False)]


def test_suppliers_of_most_members_come_first() -> None:
    known = picture(
        spend=spend(("aurora", "north", 1), ("birch", "north", 1), ("birch", "west", 1))
    )
    assert overview.shared_suppliers(known)["supplier"].to_list() == ["Birch", "Aurora"]


def test_the_level_is_a_range_where_members_differ() -> None:
    known = picture(
        assessments=assessed(
            ("aurora", "north", "2026-01-01", LOW), ("aurora", "south", "2026-01-02", HIGH)
        )
    )
    found = overview.shared_suppliers(known)
    assert found.select("overall", "overall_high", "differ").rows() == [("low", "high", True)]


def test_coverage_counts_only_suppliers_that_somebody_works_with() -> None:
    known = picture(
        assessments=assessed(
            ("aurora", "north", "2026-01-01", LOW), ("birch", "south", "2024-01-01", LOW)
        ),
        spend=spend(("cedar", "north", 3)),
        suppliers=suppliers("aurora", "birch", "cedar", "dune"),
    )
    counts = overview.coverage_counts(overview.shared_suppliers(known))
    assert counts == {"assessed": 1, "stale": 1, "never": 1}


def test_bands_count_current_assessments_at_the_lowest_band() -> None:
    known = picture(
        assessments=assessed(
            ("aurora", "north", "2026-01-01", LOW),
            ("aurora", "south", "2026-01-02", HIGH),
            ("birch", "south", "2024-01-01", HIGH),
        )
    )
    found = overview.bands_across(known, overview.shared_suppliers(known))
    assert found.filter(pl.col("dimension") == "Policies").rows() == [
        ("Policies", "low", 1), ("Policies", "medium", 0), ("Policies", "high", 0),
    ]  # fmt: skip


def test_one_consortium_sees_what_is_shared_with_it_and_ones_own() -> None:
    bands = frame("spend_bands", {"organisation_id": "west", "supplier_id": "cedar", "year": 2025})
    known = picture(
        spend=pl.concat(
            [spend(("aurora", "north", 1), shared="other"), spend(("birch", "south", 1))]
        ),
        bands=bands,
    )
    other = overview.shared_suppliers(overview.within(known, "other", ["west"]))
    assert set(other["supplier"]) == {"Aurora", "Cedar"}
    circle = overview.shared_suppliers(overview.within(known, "circle", []))
    assert set(circle["supplier"]) == {"Aurora", "Birch"}


def test_the_register_stands_with_what_needs_attention_first() -> None:
    known = picture(
        suppliers=suppliers("aurora", "birch", "cedar", "dune"),
        assessments=assessed(
            ("aurora", "south", "2026-01-01", HIGH), ("birch", "south", "2024-01-01", LOW)
        ),
        spend=spend(("cedar", "north", 3)),
    )
    rows = overview.register_rows(known, overview.shared_suppliers(known))
    assert rows.select("name", "attention").rows() == [
        ("Cedar", "You buy from it, no assessment"),
        ("Birch", "Assessment older than two years"),
        ("Aurora", None),
        ("Dune", None),
    ]


# What needs somebody


def test_nothing_waits_where_nothing_is() -> None:
    assert needs(picture()) == []


def test_the_unassessed_supplier_with_most_spend_is_named() -> None:
    known = picture(spend=spend(("aurora", "north", 3), ("birch", "north", 30)))
    (need,) = needs(known)
    assert (need.kind, need.count, need.page, need.query) == (
        "never", 2, "assess", {"supplier": "birch"},
    )  # fmt: skip
    assert need.text == (
        "You see no assessment of 2 suppliers that you buy from, Birch the largest of them."
    )


def test_a_colleagues_spend_does_not_wait_for_us() -> None:
    assert needs(picture(spend=spend(("aurora", "south", 3)))) == []


def test_the_oldest_stale_assessment_is_named() -> None:
    known = picture(assessments=assessed(("aurora", "north", "2024-06-30", LOW)))
    (need,) = needs(known)
    assert need.text == (
        "1 supplier was last assessed more than two years ago: Aurora, on 2024-06-30."
    )


def test_an_assessment_of_730_days_ago_is_not_stale() -> None:
    assert needs(picture(assessments=assessed(("aurora", "north", "2024-07-01", LOW)))) == []


@pytest.mark.parametrize(("ends_on", "waits"), [("2026-07-31", True), ("2026-08-01", False)])
def test_a_sharing_waits_from_thirty_days_before_its_end(ends_on: str, waits: bool) -> None:
    receipts = frame("sharing", {"ends_on": date.fromisoformat(ends_on)})
    assert bool(needs(picture(), receipts=receipts)) is waits


def test_an_ended_sharing_does_not_wait() -> None:
    ended = {"ends_on": date(2026, 7, 2), "ended_at": datetime(2026, 6, 1, tzinfo=UTC)}
    assert needs(picture(), receipts=frame("sharing", ended)) == []


def test_a_disagreement_leads_to_the_profile_and_waits_for_anybody() -> None:
    known = picture(
        assessments=assessed(
            ("aurora", "north", "2026-01-01", LOW), ("aurora", "south", "2026-01-02", HIGH)
        )
    )
    (need,) = needs(known)
    assert (need.page, need.query) == ("supplier", {"supplier": "aurora"})
    assert overview.may_act(need, person("viewer"))


def test_an_unfinished_questionnaire_leads_back_to_it() -> None:
    draft = {"id": "d", "supplier": "Aurora", "updated_at": datetime(2026, 6, 3, tzinfo=UTC)}
    (need,) = needs(picture(), drafts=frame("assessment", draft, supplier=pl.String()))
    assert need.text == "1 questionnaire is begun and not finished: Aurora, since 2026-06-03."
    assert need.query == {"assessment": "d"}
    assert not overview.may_act(need, person("viewer"))


def test_only_the_newest_own_list_of_a_supplier_grows_old() -> None:
    known = picture(
        lists=lists(
            ("aurora", "north", "2024-01-01"),
            ("aurora", "north", "2026-01-01"),
            ("birch", "north", "2025-06-30"),
            ("cedar", "south", "2020-01-01"),
        )
    )
    (need,) = needs(known)
    assert need.text == "1 of your site lists is older than a year: Birch, of 2025-06-30."


def test_an_open_invitation_waits_for_an_admin() -> None:
    later, before = datetime(2026, 7, 9, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    invitations = frame(
        "invitation",
        {"consortium_id": "c", "expires_at": later},
        {"consortium_id": "c", "expires_at": later, "used_at": before},
        {"consortium_id": "c", "expires_at": before},
    )
    (need,) = needs(picture(), invitations=invitations)
    assert (need.count, need.page) == (1, "consortium")
    assert not overview.may_act(need, person("editor"))
    assert overview.may_act(need, person("admin"))


# The first hour


def test_a_new_organisation_has_every_step_before_it() -> None:
    steps = overview.first_steps(picture(), person())
    assert [step.done for step in steps] == [False] * 5


def test_steps_that_were_taken_are_done() -> None:
    known = picture(spend=spend(("aurora", "north", 1)))
    circle = (Consortium("c", "Circle", "member"),)
    steps = overview.first_steps(known, person(consortia=circle))
    assert {step.page for step in steps if step.done} == {"suppliers", "import_spend", "consortium"}


# One supplier


def test_who_works_with_a_supplier_is_told_by_what_is_seen() -> None:
    bands = frame(
        "spend_bands",
        {"organisation_id": "west", "supplier_id": "aurora", "year": 2024},
        {"organisation_id": "west", "supplier_id": "aurora", "year": 2025},
        {"organisation_id": "west", "supplier_id": "birch", "year": 2025},
    )
    known = picture(
        assessments=assessed(("aurora", "south", "2026-01-01", LOW)),
        spend=spend(("aurora", "north", 1)),
        bands=bands,
        lists=lists(("aurora", "south", "2026-02-01")),
    )
    names = {"north": "North", "south": "South", "west": "West"}
    found = profile.working_with(profile.of(known, "aurora"), names)
    assert found.drop("organisation_id", "overall", "overall_high").rows() == [
        ("North", "lines", "2025", None, None, None),
        ("South", None, None, date(2026, 1, 1), 1, date(2026, 2, 1)),
        ("West", "class", "2024 to 2025", None, None, None),
    ]


def test_what_others_shared_lately_leaves_out_ones_own() -> None:
    known = picture(
        assessments=assessed(
            ("aurora", "south", "2026-01-01", LOW), ("aurora", "north", "2026-01-01", LOW)
        ),
        spend=spend(("aurora", "south", 1), ("aurora", "south", 2)),
        lists=lists(("aurora", "south", "2026-02-01")),
    )
    found = profile.shared_lately(profile.of(known, "aurora"), {"south": "South"})
    assert found.rows() == [
        (date(2026, 6, 1), "South", "assessed it, as of 2026-01-01"),
        (date(2026, 5, 1), "South", "brought in spend of 2025"),
        (date(2026, 4, 1), "South", "brought in the site list “Sites”"),
    ]
