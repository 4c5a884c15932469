"""Dialogues: whom to invite, what to ask, what is still open, and times as clocks change."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from quorum import dialogues, scoring
from quorum.overview import Picture
from quorum.store.relations import FUNCTIONS, RELATIONS

TODAY = date(2026, 7, 1)
LOW = ["tier1_only", "risks_unfamiliar", "policy_none", "actions_none"]
HIGH = ["end_to_end", "risks_good", "policy_due_diligence", "code_verification", "initiatives",
        "complaints_procedure"]  # fmt: skip
BRUSSELS = "Europe/Brussels"


def frame(relation: str, *rows: Mapping[str, object], **extra: pl.DataType) -> pl.DataFrame:
    schema = (RELATIONS | FUNCTIONS)[relation] | extra
    return pl.DataFrame([{**dict.fromkeys(schema), **row} for row in rows], schema=schema)


def day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def suppliers(*names: str) -> pl.DataFrame:
    return frame("supplier", *({"id": n, "name": n.title(), "kind": "brand"} for n in names))


def assessed(*rows: tuple[str, str, str, list[str]]) -> pl.DataFrame:
    """supplier, organisation, day, answers."""
    found = [
        {
            "id": str(n), "supplier_id": supplier, "organisation_id": organisation,
            "questionnaire": "ict-human-rights-2025", "respondent_kind": "manufacturer",
            "assessed_on": day(on), "answers": answers, "status": "final",
        }
        for n, (supplier, organisation, on, answers) in enumerate(rows)
    ]  # fmt: skip
    return scoring.scores(frame("assessment", *found))


def lists(*rows: tuple[str, str, str, str]) -> pl.DataFrame:
    """id, supplier, organisation, day."""
    names = ("id", "supplier_id", "organisation_id", "as_of")
    return frame(
        "site_list",
        *(dict(zip(names, (*row[:3], day(row[3])), strict=True)) for row in rows),
    )


def sites(**counts: int) -> pl.DataFrame:
    """list -> how many sites; lists share their first ones."""
    return frame(
        "production_site",
        *(
            {"site_list_id": one, "place_key": f"{n:032x}"}
            for one, many in counts.items()
            for n in range(many)
        ),
    )


def spend(*rows: tuple[str, str, str | None, str | None]) -> pl.DataFrame:
    """supplier, organisation, contract, its end."""
    names = ("supplier_id", "organisation_id", "contract_reference", "contract_end")
    return frame(
        "spend",
        *(
            dict(zip(names, (*row[:3], day(row[3])), strict=True)) | {"amount": 1.0, "year": 2025}
            for row in rows
        ),
    )


def picture(**parts: pl.DataFrame) -> Picture:
    return Picture(
        parts.get("suppliers", suppliers("aurora", "birch", "cedar")),
        parts.get("assessments", assessed()),
        parts.get("spend", spend()),
        frame("spend_bands"),
        parts.get("lists", lists()),
        "north",
        TODAY,
    )


def commitments(*rows: Mapping[str, object]) -> pl.DataFrame:
    plain = {
        "supplier_id": "aurora", "supplier": "Aurora", "dialogue_id": "first", "owner_id": "north",
        "text": "Publish the list of sites", "state": "open",
        "created_at": datetime(2026, 3, 5, 12, tzinfo=UTC),
    }  # fmt: skip
    made = []
    for n, row in enumerate(rows):
        one = {"id": f"c{n}", **plain, **row}
        one["due_on"] = day(one.get("due_on"))
        one["first_due_on"] = day(one.get("first_due_on")) or one["due_on"]
        made.append(one)
    return frame("commitment", *made, supplier=pl.String())


def dialogue(**given: object) -> dict[str, object]:
    return {
        "id": "first", "title": "First", "starts_at": datetime(2026, 3, 5, 9, tzinfo=UTC),
        "ends_at": datetime(2026, 3, 5, 15, tzinfo=UTC), "time_zone": BRUSSELS, "state": "closed",
        **given,
    }  # fmt: skip


NONE = commitments()


# Whom to invite


def test_without_anything_there_are_no_candidates() -> None:
    found = dialogues.candidates(picture(suppliers=suppliers()), NONE)
    assert found.is_empty()
    assert found.schema == pl.Schema(dialogues.CANDIDATES)


def test_what_nobody_shares_is_unknown_and_not_zero() -> None:
    found = dialogues.candidates(picture(suppliers=suppliers("aurora")), NONE)
    assert found.row(0, named=True) == {
        "supplier_id": "aurora", "supplier": "Aurora", "kind": "brand", "country": None,
        "members": None, "coverage": "never", "assessed_on": None, "overall": None,
        "overall_high": None, "points": None, "points_high": None, "differ": False,
        "contracts": None, "next_end": None, "still_open": None, "overdue": None,
    }  # fmt: skip


def test_those_of_most_members_come_first() -> None:
    known = picture(
        assessments=assessed(("birch", "south", "2026-01-01", LOW)),
        spend=spend(("birch", "north", None, None), ("cedar", "north", None, None)),
    )
    found = dialogues.candidates(known, NONE)
    assert found.select("supplier", "members").rows() == [
        ("Birch", 2), ("Cedar", 1), ("Aurora", None),
    ]  # fmt: skip


def test_a_supplier_has_the_level_that_its_members_see_together() -> None:
    """The latest assessment of one member does not decide for the others."""
    known = picture(
        suppliers=suppliers("aurora"),
        assessments=assessed(
            ("aurora", "north", "2025-01-01", HIGH),
            ("aurora", "south", "2025-06-01", HIGH),
            ("aurora", "south", "2026-01-01", LOW),
        ),
    )
    found = dialogues.candidates(known, NONE).row(0, named=True)
    whole = scoring.overall_of_consortium(known.assessments).row(0, named=True)
    assert found["assessed_on"] == date(2026, 1, 1)
    assert (found["overall"], found["overall_high"]) == ("low", "high")
    assert (found["overall"], found["overall_high"]) == (whole["overall"], whole["overall_high"])
    assert (found["points"], found["points_high"]) == (0, 25)
    assert found["differ"]


def test_of_two_suppliers_with_one_low_end_the_one_that_all_see_there_comes_first() -> None:
    known = picture(
        assessments=assessed(
            ("aurora", "north", "2026-01-01", LOW), ("aurora", "south", "2026-02-01", HIGH),
            ("birch", "north", "2026-01-01", LOW), ("birch", "south", "2026-02-01", LOW),
        ),
    )  # fmt: skip
    found = dialogues.candidates(known, NONE, least_mature_first=True)
    assert found.select("supplier", "overall", "overall_high").rows() == [
        ("Birch", "low", "low"), ("Aurora", "low", "high"), ("Cedar", None, None),
    ]  # fmt: skip


def test_points_are_those_of_all_dimensions() -> None:
    known = picture(
        suppliers=suppliers("aurora"), assessments=assessed(("aurora", "north", "2026-01-01", HIGH))
    )
    found = dialogues.candidates(known, NONE).row(0, named=True)
    # awareness 5 + 5, policies 7, actions 3 + 3 + 2
    assert (found["points"], found["points_high"], found["overall"]) == (25, 25, "high")


def test_without_an_answer_in_a_dimension_there_are_no_points() -> None:
    known = picture(
        suppliers=suppliers("aurora"),
        assessments=assessed(("aurora", "north", "2026-01-01", ["end_to_end", "risks_good"])),
    )
    found = dialogues.candidates(known, NONE).row(0, named=True)
    assert (found["points"], found["overall"], found["coverage"]) == (None, None, "assessed")


def test_on_demand_the_least_mature_come_first_and_the_unknown_last() -> None:
    known = picture(
        assessments=assessed(
            ("aurora", "north", "2026-01-01", HIGH), ("cedar", "north", "2026-01-01", LOW)
        ),
        spend=spend(("birch", "north", None, None), ("birch", "south", None, None)),
    )
    found = dialogues.candidates(known, NONE, least_mature_first=True)
    assert found["supplier"].to_list() == ["Cedar", "Aurora", "Birch"]


def test_contracts_that_end_within_twelve_months_are_counted_once_each() -> None:
    known = picture(
        spend=spend(
            ("aurora", "north", "A", "2026-07-01"),  # today
            ("aurora", "north", "A", "2026-07-01"),  # the same, another line
            ("aurora", "south", "A", "2027-07-01"),  # the last day that counts
            ("aurora", "south", "B", "2027-07-02"),
            ("aurora", "south", "C", "2026-06-30"),
            ("birch", "north", "D", "2030-01-01"),
            ("cedar", "north", "E", None),
        )
    )
    found = dialogues.candidates(known, NONE).sort("supplier")
    assert found.select("contracts", "next_end").rows() == [
        (2, date(2026, 7, 1)), (0, None), (None, None),
    ]  # fmt: skip


def test_overdue_and_open_commitments_are_counted() -> None:
    made = commitments(
        {"due_on": "2026-06-30"},
        {"due_on": "2026-07-01"},
        {"due_on": "2026-01-01", "state": "done"},
        {"due_on": "2026-01-01", "state": "verified"},
        {"due_on": "2026-01-01", "state": "verified", "supplier_id": "birch"},
    )
    found = dialogues.candidates(picture(), made).sort("supplier")
    assert found.select("still_open", "overdue").rows() == [(3, 1), (0, 0), (None, None)]


# What to ask


def suggested(known: Picture, made: pl.DataFrame = NONE, **given: object) -> list[tuple]:
    found = dialogues.suggestions(known, made, ["aurora"], **given)
    return found.select("reason", "topic", "text", "why").rows()


RECENT = lists(("l", "aurora", "north", "2026-01-01"))


def test_nothing_is_suggested_for_nobody() -> None:
    found = dialogues.suggestions(picture(), NONE, [])
    assert found.is_empty()
    assert found.schema == pl.Schema(dialogues.SUGGESTIONS)


def test_a_missing_site_list_is_asked_for() -> None:
    assert suggested(picture()) == [
        (
            "no_list", "transparency",
            "Will Aurora give buyers a list of the sites where its products are made, with "
            "addresses, and renew it every year?",
            "No list of its production sites is visible.",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(("on", "expected"), [("2024-07-01", []), ("2024-06-30", ["old_list"])])
def test_a_site_list_is_old_after_two_years(on: str, expected: list[str]) -> None:
    known = picture(
        lists=lists(("l", "aurora", "south", on), ("m", "aurora", "north", "2020-01-01"))
    )
    found = suggested(known)
    assert [row[0] for row in found] == expected
    assert all("is of 2024-06-30" in row[2] for row in found)


def test_answers_that_contradict_are_asked_about_once_per_block() -> None:
    known = picture(
        lists=RECENT,
        assessments=assessed(
            ("aurora", "north", "2026-01-01", ["end_to_end", "risks_good", "policy_detailed",
                                               "code_verification", "digital_tools"]),
            ("aurora", "south", "2026-02-01", ["end_to_end", "risks_fair", "policy_detailed",
                                               "code_verification", "digital_tools"]),
        ),
    )  # fmt: skip
    assert suggested(known) == [
        (
            "differ", "due_diligence",
            "Buyers have heard different things about how well Aurora knows the human rights risks "
            "of its products. Can buyers have its latest risk assessment?",
            "Of 2 members who assessed it, only some noted: “Risks: fair grasp”, “Risks: good "
            "grasp”.",
        )
    ]  # fmt: skip


def test_an_assessment_older_than_two_years_contradicts_nobody() -> None:
    known = picture(
        lists=RECENT,
        assessments=assessed(
            ("aurora", "north", "2024-06-30", LOW), ("aurora", "south", "2026-01-01", HIGH)
        ),
    )
    assert suggested(known) == []


def test_a_known_risk_is_asked_about_by_its_kind_alone() -> None:
    columns = {name: RELATIONS["risk"][name] for name in ("supplier_id", "kind", "text", "seen_on")}
    risks = pl.DataFrame(
        [
            ("aurora", "wages", "Paid late", date(2026, 1, 1)),
            ("aurora", "wages", "Paid late", date(2025, 1, 1)),
            ("aurora", "child_labour", "Seen", date(2024, 1, 1)),
            ("birch", "wages", "Paid late", date(2026, 1, 1)),
            (None, "wages", "Paid late", date(2026, 1, 1)),
        ],
        schema=columns, orient="row",
    )  # fmt: skip
    assert suggested(picture(lists=RECENT), risks=risks) == [
        (
            "risk", "due_diligence",
            "What does Aurora know about this risk where its products are made: inadequate wages? "
            "What does it do about it, and what shows that it helps?",
            "2 findings are recorded, the newest of 2026-01-01.",
        ),
        (
            "risk", "due_diligence",
            "What does Aurora know about this risk where its products are made: child labour? "
            "What does it do about it, and what shows that it helps?",
            "1 finding is recorded, of 2024-01-01.",
        ),
    ]  # fmt: skip


def test_low_dimensions_are_asked_about() -> None:
    known = picture(
        lists=RECENT,
        assessments=assessed(
            ("aurora", "north", "2026-01-01",
             ["end_to_end", "risks_good", "policy_basic", "code_verification", "initiatives"])
        ),
    )  # fmt: skip
    assert suggested(known) == [
        (
            "low", "due_diligence",
            "Which commitment to human rights will Aurora put in writing within a year, and who in "
            "its management answers for it?",
            "Policies: Low, in the latest assessment, of 2026-01-01.",
        )
    ]  # fmt: skip


def test_open_and_overdue_commitments_are_asked_about() -> None:
    made = commitments(
        {"id": "later", "due_on": "2026-12-31"},
        {"id": "late", "due_on": "2026-06-30", "text": " Write a {plan} \n for wages "},
        {"id": "done", "due_on": "2026-01-01", "state": "done"},
        {"id": "over", "due_on": "2026-01-01", "state": "dropped"},
        {"id": "other", "due_on": "2026-01-01", "supplier_id": "birch"},
    )
    found = dialogues.suggestions(picture(lists=RECENT), made, ["aurora"])
    assert found.select("reason", "commitment_id", "key", "why").rows() == [
        ("overdue", "late", "overdue:aurora:late", "It was due on 2026-06-30, 1 day ago."),
        ("promised", "done", "promised:aurora:done",
         "It is said to be done, and nobody has verified it."),
        ("promised", "later", "promised:aurora:later", "It is open, and due on 2026-12-31."),
    ]  # fmt: skip
    assert found["text"][0] == (
        "By 2026-06-30 Aurora was to have kept this commitment: “Write a {plan} for wages”. What "
        "has been done, what is missing, and by when will it be there?"
    )


def test_a_question_about_a_long_promise_fits_on_the_board() -> None:
    made = commitments({"due_on": "2026-06-30", "text": "very " * 199 + "long"})
    (text,) = dialogues.suggestions(picture(lists=RECENT), made, ["aurora"])["text"]
    assert "…”" in text
    assert len(text) < 1000


def test_what_stands_on_the_board_is_not_suggested_again() -> None:
    ((__, __, text, __),) = suggested(picture())
    assert suggested(picture(), asked=[text]) == []


def test_every_reason_has_a_name() -> None:
    assert list(dialogues.reason_names()) == list(dialogues.REASONS)


# Following up


@pytest.mark.parametrize(
    ("state", "due_on", "expected"),
    [
        ("open", "2026-06-30", ("overdue", -1)),
        ("open", "2026-07-01", ("soon", 0)),
        ("behind", "2026-07-15", ("soon", 14)),
        ("on_track", "2026-07-16", ("ahead", 15)),
        ("open", None, ("undated", None)),
        ("done", "2026-06-01", ("to_verify", -30)),
        ("verified", "2026-06-01", ("verified", None)),
        ("dropped", "2026-06-01", ("dropped", None)),
    ],
)
def test_how_a_commitment_stands(state: str, due_on: str | None, expected: tuple) -> None:
    found = dialogues.standing(commitments({"state": state, "due_on": due_on}), TODAY)
    assert found.select("standing", "days_left").row(0) == expected


def test_it_is_known_by_how_much_a_date_was_put_off() -> None:
    made = commitments({"first_due_on": "2026-03-01", "due_on": "2026-03-31"})
    assert dialogues.standing(made, TODAY)["moved_days"].to_list() == [30]


def test_no_commitments_stand_nowhere() -> None:
    assert dialogues.standing(NONE, TODAY).is_empty()
    assert dialogues.still_open(NONE, TODAY).is_empty()
    assert dialogues.progress(NONE).is_empty()


def test_every_state_and_standing_has_a_name() -> None:
    assert tuple(dialogues.state_names()) == dialogues.STATES
    assert tuple(dialogues.standing_names()) == dialogues.STANDINGS


def test_the_next_agenda_begins_with_the_overdue_ones() -> None:
    made = commitments(
        {"id": "checked", "due_on": "2026-01-01", "state": "verified"},
        {"id": "said done", "due_on": "2026-05-01", "state": "done"},
        {"id": "undated", "due_on": None},
        {"id": "late", "due_on": "2026-06-01"},
        {"id": "later", "due_on": "2026-06-02", "supplier_id": "birch"},
    )
    assert dialogues.still_open(made, TODAY)["id"].to_list() == [
        "late", "later", "said done", "undated",
    ]  # fmt: skip
    assert dialogues.still_open(made, TODAY, ["birch"])["id"].to_list() == ["later"]


def test_dropped_commitments_stay_in_the_rate() -> None:
    made = commitments(
        {"state": "verified"}, {"state": "dropped"}, {"state": "done"}, {"state": "open"},
        {"state": "verified", "supplier_id": "birch", "dialogue_id": "second"},
    )  # fmt: skip
    found = dialogues.progress(made)
    assert found.columns == ["supplier_id", "made", *dialogues.STATES, "rate"]
    assert found.rows() == [
        ("aurora", 4, 1, 0, 0, 1, 1, 1, 0.25),
        ("birch", 1, 0, 0, 0, 0, 1, 0, 1.0),
    ]
    by_both = dialogues.progress(made, ("dialogue_id", "supplier_id"))
    assert by_both.select("dialogue_id", "supplier_id", "rate").rows() == [
        ("first", "aurora", 0.25), ("second", "birch", 1.0),
    ]  # fmt: skip


def test_the_rate_of_no_commitments_is_unknown() -> None:
    assert dialogues.progress(NONE, ()).select("made", "rate").row(0) == (0, None)
    assert dialogues.progress(commitments({}), ()).select("made", "rate").row(0) == (1, 0.0)


def test_a_commitment_needs_words_supplier_owner_and_date() -> None:
    assert dialogues.problems_of_commitment("Publish", "a", "n", TODAY, TODAY) == []
    assert len(dialogues.problems_of_commitment(" a ", None, "", None, TODAY)) == 4
    (said,) = dialogues.problems_of_commitment("Publish", "a", "n", date(2026, 6, 30), TODAY)
    assert said == "It is due on 2026-06-30, which is over. Choose a later day."


def test_the_inbox_names_what_waits_for_the_organisation() -> None:
    made = commitments(
        {"id": "late", "due_on": "2026-06-20"},
        {"id": "later", "due_on": "2026-06-30"},
        {"id": "soon", "due_on": "2026-07-15"},
        {"id": "ahead", "due_on": "2026-07-16"},
        {"id": "done", "due_on": "2026-06-01", "state": "done"},
        {"id": "south", "due_on": "2026-06-01", "owner_id": "south"},
    )
    planned = frame(
        "dialogue",
        dialogue(id="near", title="Near", state="planned", hosted=True,
                 starts_at=datetime(2026, 7, 14, 22, 30, tzinfo=UTC),
                 ends_at=datetime(2026, 7, 15, 1, tzinfo=UTC)),
        dialogue(id="far", title="Far", state="planned",
                 starts_at=datetime(2026, 7, 15, 22, 30, tzinfo=UTC),
                 ends_at=datetime(2026, 7, 16, 1, tzinfo=UTC)),
        dialogue(id="off", state="cancelled", starts_at=datetime(2026, 7, 2, tzinfo=UTC)),
        dialogue(id="now", title="Now", state="live", starts_at=datetime(2026, 7, 1, 9, tzinfo=UTC),
                 ends_at=datetime(2026, 7, 1, 15, tzinfo=UTC), hosted=True),
        dialogue(),
        hosted=pl.Boolean(),
    )  # fmt: skip
    found = dialogues.inbox(made, planned, "north", TODAY)
    assert [(need.kind, need.count, need.query) for need in found] == [
        ("commitments_overdue", 2, {"commitment": "late"}),
        ("live", 1, {"dialogue": "now"}),
        ("dialogue_ahead", 1, {"dialogue": "near"}),
        ("commitments_soon", 1, {"commitment": "soon"}),
    ]
    assert [need.text for need in found] == [
        "2 commitments that you follow up are overdue, the longest that of Aurora, since "
        "2026-06-20.",
        "“Now” is under way.",
        "“Near” begins on 2026-07-15 at 00:30.",  # by the clocks of Brussels
        "1 commitment that you follow up is due by 2026-07-15: Aurora.",
    ]


def test_an_empty_inbox() -> None:
    assert dialogues.inbox(NONE, frame("dialogue", hosted=pl.Boolean()), "north", TODAY) == []


def test_hosts_are_told_of_events_that_are_over_and_were_not_closed() -> None:
    # They end on the last of June at 23:30 and at 00:30 by the clocks of Brussels.
    late, later = (datetime(2026, 6, 30, hour, 30, tzinfo=UTC) for hour in (21, 22))
    held = frame(
        "dialogue",
        dialogue(id="open", title="Open", state="live", ends_at=late, hosted=True),
        dialogue(id="theirs", title="Theirs", state="live", ends_at=late, hosted=False),
        dialogue(id="past", title="Past", state="planned", ends_at=late, hosted=True),
        dialogue(id="night", title="Night", state="live", ends_at=later, hosted=True),
        dialogue(id="gone", state="cancelled", ends_at=late, hosted=True),
        hosted=pl.Boolean(),
    )
    found = {need.query["dialogue"]: need for need in dialogues.inbox(NONE, held, "north", TODAY)}
    assert {one: (need.kind, need.for_whom) for one, need in found.items()} == {
        "night": ("live", "anybody"), "open": ("dialogue_open", "editor"),
        "past": ("dialogue_past", "editor"),
    }  # fmt: skip
    assert found["open"].text.startswith("“Open” ended on 2026-06-30 and is still open. Close it:")
    assert found["past"].text.startswith("“Past” was planned until 2026-06-30")


# Looking back


HELD = frame(
    "dialogue",
    dialogue(),
    dialogue(id="second", title="Second", starts_at=datetime(2026, 6, 5, 9, tzinfo=UTC)),
    dialogue(id="next", title="Next", state="planned", starts_at=datetime(2026, 9, 1, tzinfo=UTC)),
    dialogue(id="off", title="Off", state="cancelled", starts_at=datetime(2026, 4, 1, tzinfo=UTC)),
    dialogue(id="elsewhere", title="Without Aurora"),
)
INVITED = frame(
    "dialogue_supplier",
    *({"dialogue_id": one, "supplier_id": "aurora"} for one in ("first", "second", "next", "off")),
    {"dialogue_id": "elsewhere", "supplier_id": "birch"},
)


def moved(**parts: pl.DataFrame) -> list[dict[str, object]]:
    return dialogues.moved(
        "aurora", parts.get("held", HELD), INVITED, parts.get("assessments", assessed()),
        parts.get("lists", lists()), parts.get("sites", sites()), parts.get("made", NONE),
    ).to_dicts()  # fmt: skip


def test_without_observations_there_is_no_before_and_no_after() -> None:
    first, second = moved()
    assert (first["title"], first["day"]) == ("First", date(2026, 3, 5))
    assert second["title"] == "Second"
    known = {name for name, value in first.items() if value is not None}
    assert known == {"dialogue_id", "title", "day", "made", "verified", "dropped"}


def test_levels_before_and_after_are_never_carried_over_another_dialogue() -> None:
    first, second = moved(
        assessments=assessed(
            ("aurora", "north", "2025-01-01", HIGH),
            ("aurora", "north", "2026-03-05", LOW),  # the day itself is before
            ("aurora", "north", "2026-06-06", HIGH),  # after the second, so not after the first
            ("aurora", "north", "2026-06-20", LOW),  # not the first one after
            ("birch", "north", "2026-04-01", HIGH),
        )
    )
    assert (first["assessed_before"], first["points_before"]) == (date(2026, 3, 5), 0)
    assert (first["assessed_after"], first["overall_after"]) == (None, None)
    assert first["same_assessor"] is None
    assert (second["assessed_before"], second["overall_before"]) == (date(2026, 3, 5), "low")
    assert (second["assessed_after"], second["points_after"]) == (date(2026, 6, 6), 25)
    assert second["same_assessor"] is True


def test_it_is_said_when_somebody_else_assessed_afterwards() -> None:
    first, __ = moved(
        assessments=assessed(
            ("aurora", "north", "2026-01-01", LOW), ("aurora", "south", "2026-04-01", HIGH)
        )
    )
    assert (first["overall_before"], first["overall_after"]) == ("low", "high")
    assert first["same_assessor"] is False


def test_sites_of_lists_of_one_day_are_counted_once() -> None:
    first, second = moved(
        lists=lists(
            ("a", "aurora", "north", "2026-01-01"), ("b", "aurora", "south", "2026-01-01"),
            ("c", "aurora", "north", "2026-06-05"), ("d", "aurora", "north", "2026-07-01"),
            ("e", "birch", "north", "2026-01-01"),
        ),
        sites=sites(a=3, b=5, c=4, e=9),
    )  # fmt: skip
    assert (first["listed_before"], first["sites_before"]) == (date(2026, 1, 1), 5)
    assert (first["listed_after"], first["sites_after"]) == (date(2026, 6, 5), 4)
    assert first["same_lister"] is False
    assert (second["sites_before"], second["sites_after"], second["same_lister"]) == (4, 0, True)


def test_commitments_are_counted_for_the_dialogue_they_were_made_in() -> None:
    first, second = moved(
        made=commitments(
            {"state": "verified"}, {"state": "dropped"}, {"state": "open"},
            {"state": "verified", "supplier_id": "birch"},
        )
    )  # fmt: skip
    assert [first[n] for n in ("made", "verified", "dropped")] == [3, 1, 1]
    assert [second[n] for n in ("made", "verified", "dropped")] == [0, 0, 0]


def test_a_supplier_without_a_dialogue_has_nothing_to_look_back_on() -> None:
    found = dialogues.moved(
        "aurora", frame("dialogue"), frame("dialogue_supplier"), assessed(), lists(), sites(), NONE
    )
    assert found.is_empty()
    assert found.schema == pl.Schema(dialogues.MOVED)


def test_the_timeline_has_what_happened_by_day() -> None:
    made = commitments({"id": "c"}, {"id": "x", "supplier_id": "birch"})
    reports = frame(
        "commitment_report",
        {"id": "r", "commitment_id": "c", "state": "done", "note": "It is online",
         "dialogue_id": "first", "created_at": datetime(2026, 5, 1, 10, tzinfo=UTC)},
        {"id": "s", "commitment_id": "c", "state": "verified", "note": "Seen"},
        {"id": "t", "commitment_id": "x", "state": "done",
         "created_at": datetime(2026, 5, 1, 10, tzinfo=UTC)},
    )  # fmt: skip
    used = frame(
        "leverage_use",
        {"id": "u", "supplier_id": "aurora", "organisation_id": "south", "asked": "A list",
         "asked_on": date(2026, 1, 10), "channel": "letter", "outcome": "refused",
         "outcome_text": "Not now", "outcome_on": date(2026, 2, 1)},
        {"id": "v", "supplier_id": "aurora", "organisation_id": "north", "asked": "Wages",
         "asked_on": date(2026, 3, 5), "channel": "dialogue", "outcome": "none_yet"},
        {"id": "w", "supplier_id": "birch", "organisation_id": "north",
         "asked_on": date(2026, 3, 5), "outcome": "none_yet"},
    )  # fmt: skip
    found = dialogues.timeline("aurora", HELD, INVITED, made, reports, used)
    assert found.select("day", "kind", "text", "state", "item_id", "organisation_id").rows() == [
        (date(2026, 1, 10), "asked", "A list", "letter", "u", "south"),
        (date(2026, 2, 1), "outcome", "Not now", "refused", "u", "south"),
        (date(2026, 3, 5), "dialogue", "First", "closed", "first", None),
        (date(2026, 3, 5), "promised", "Publish the list of sites", "open", "c", "north"),
        (date(2026, 3, 5), "asked", "Wages", "dialogue", "v", "north"),
        (date(2026, 4, 1), "dialogue", "Off", "cancelled", "off", None),
        (date(2026, 5, 1), "reported", "It is online", "done", "c", "north"),
        (date(2026, 6, 5), "dialogue", "Second", "closed", "second", None),
        (date(2026, 9, 1), "dialogue", "Next", "planned", "next", None),
    ]


def test_an_empty_timeline() -> None:
    found = dialogues.timeline(
        "aurora", frame("dialogue"), frame("dialogue_supplier"), NONE, frame("commitment_report"),
        frame("leverage_use"),
    )  # fmt: skip
    assert found.is_empty()
    assert found.schema == pl.Schema(dialogues.EVENTS)


# The agenda ---------------------------------------------------------------------------------------


def stages(*minutes: int) -> pl.DataFrame:
    return frame(
        "dialogue_stage",
        *({"id": f"s{n}", "position": 10 - n, "minutes": m} for n, m in enumerate(minutes)),
    )


def test_the_agenda_has_clock_times() -> None:
    found = dialogues.agenda(stages(30, 45), datetime(2026, 7, 1, 7, 30, tzinfo=UTC), BRUSSELS)
    assert found.select("id", "begins", "ends", "begins_at").rows() == [
        ("s1", "09:30", "10:15", datetime(2026, 7, 1, 7, 30, tzinfo=UTC)),
        ("s0", "10:15", "10:45", datetime(2026, 7, 1, 8, 15, tzinfo=UTC)),
    ]


def test_an_agenda_over_a_change_of_clocks_says_which_time_is_meant() -> None:
    begins = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    found = dialogues.agenda(stages(30, 60), begins, BRUSSELS)
    assert found.select("begins", "ends").rows() == [
        ("02:30 CEST", "02:30 CET"), ("02:30 CET", "03:00 CET"),
    ]  # fmt: skip


def test_an_empty_agenda() -> None:
    found = dialogues.agenda(stages(), datetime(2026, 7, 1, tzinfo=UTC), BRUSSELS)
    assert found.is_empty()
    assert {"begins_at", "ends_at", "begins", "ends"} <= set(found.columns)


def test_a_plan_needs_title_supplier_agenda_and_time_for_it() -> None:
    begins = datetime(2026, 7, 1, 7, tzinfo=UTC)
    ends = begins + timedelta(hours=2)

    def problems(**changed: object) -> list[str]:
        sound = {"title": "Joint", "supplier_ids": ["a"], "starts_at": begins, "ends_at": ends,
                 "minutes": [60, 60]}  # fmt: skip
        return dialogues.problems_of_plan(**(sound | changed))

    assert problems() == []
    assert problems(supplier_ids=[]) == ["Choose at least one supplier to talk with."]
    assert problems(ends_at=begins) == ["It ends before it begins. Check the two times."]
    assert problems(minutes=[]) == ["The agenda is empty: begin with a template, or add a stage."]
    assert problems(minutes=[60, 61]) == [
        "The agenda is 1 minute longer than the dialogue. Shorten a stage, or end later."
    ]
    assert problems(title=" ") == ["Give the dialogue a title."]
    assert problems(ends_at=begins + timedelta(days=15)) == [
        "A dialogue lasts 14 days at most. Plan a second one."
    ]
    assert len(problems(link="javascript:alert(1)")) == 1


# In the room


BEGAN = datetime(2026, 7, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("passed", "seconds", "words"),
    [
        (timedelta(0), 600, "10:00"),
        (timedelta(seconds=-5), 600, "10:00"),
        (timedelta(seconds=1, milliseconds=900), 599, "9:59"),
        (timedelta(minutes=10), 0, "0:00"),
        (timedelta(minutes=10, seconds=59), -59, "0:00"),
        (timedelta(minutes=11), -60, "1 minute over"),
        (timedelta(minutes=12, seconds=30), -150, "2 minutes over"),
    ],
)
def test_the_time_left_in_a_stage(passed: timedelta, seconds: int, words: str) -> None:
    assert dialogues.time_left(10, BEGAN, BEGAN + passed) == seconds
    assert dialogues.time_left_words(seconds) == words


def test_a_stage_that_has_not_begun_has_no_time_left() -> None:
    assert dialogues.time_left(10, None, BEGAN) is None
    assert dialogues.time_left_words(None) == ""
