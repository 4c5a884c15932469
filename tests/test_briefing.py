"""A briefing on one supplier: what all of its readers may see, and nothing that only some may."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorum import scoring
from quorum.briefing import (
    MOST_QUESTIONS,
    READERS,
    Briefing,
    Sources,
    Table,
    Text,
    Trend,
    attributed,
    briefing,
    for_reader,
    local_time,
)
from quorum.chatham import names_in
from quorum.store.relations import FUNCTIONS, RELATIONS

TODAY = date(2026, 3, 2)
LOW = ["tier1_only", "risks_unfamiliar", "policy_none", "actions_none"]
MEDIUM = ["end_to_end", "policy_detailed", "code_verification", "complaints_procedure"]
HIGH = ["end_to_end", "risks_good", "policy_due_diligence", "code_verification", "initiatives",
        "complaints_procedure"]  # fmt: skip
NAMES = {"north": "City of North", "south": "Region South", "east": "East Hospitals"}
SHARED = {
    "shared_with": pl.List(pl.String()), "organisation": pl.String(), "supplier": pl.String(),
}  # fmt: skip


def frame(relation: str, *rows: Mapping[str, object], **extra: pl.DataType) -> pl.DataFrame:
    schema = (RELATIONS | FUNCTIONS)[relation] | extra
    return pl.DataFrame([{**dict.fromkeys(schema), **row} for row in rows], schema=schema)


def contributed(relation: str, *rows: Mapping[str, Any], **extra: pl.DataType) -> pl.DataFrame:
    """Rows of members, shared with the circle unless they say otherwise, about Aurora."""
    filled = [
        {
            "id": f"{relation}-{n}-{row.get('organisation_id')}", "supplier_id": "aurora",
            "shared_with": ["circle"], "supplier": "Aurora",
            "organisation": NAMES.get(str(row.get("organisation_id"))), **row,
        }
        for n, row in enumerate(rows)
    ]  # fmt: skip
    return frame(relation, *filled, **SHARED, **extra)


def assessments(*rows: tuple[str, str, list[str]], **columns: Any) -> pl.DataFrame:
    """organisation, day, answers."""
    found = contributed(
        "assessment",
        *(
            {
                "organisation_id": organisation, "assessed_on": date.fromisoformat(day),
                "answers": answers, "questionnaire": "ict-human-rights-2025",
                "respondent_kind": "manufacturer", "status": "final",
                "id": f"{organisation}-{day}-{columns.get('tag', '')}",
                **{k: v for k, v in columns.items() if k != "tag"},
            }
            for organisation, day, answers in rows
        ),
    )  # fmt: skip
    return scoring.scores(found)


LEVELS = {"banded_with": pl.List(pl.String()), "aggregated_with": pl.List(pl.String())}


def spend(*rows: tuple[str, float], **columns: Any) -> pl.DataFrame:
    """organisation, amount; in 2025 and EUR."""
    nothing: dict[str, Any] = {"banded_with": [], "aggregated_with": []}
    lines = (
        {"organisation_id": organisation, "amount": amount, "year": 2025, "currency": "EUR",
         **nothing, **columns}
        for organisation, amount in rows
    )  # fmt: skip
    return contributed("spend", *lines, **LEVELS)


def bands(*rows: tuple[str, float, float | None], through: str = "circle") -> pl.DataFrame:
    found = frame(
        "spend_bands",
        *(
            {
                "organisation_id": organisation, "supplier_id": "aurora", "year": 2025,
                "currency": "EUR", "low": low, "high": high,
            }
            for organisation, low, high in rows
        ),
    )  # fmt: skip
    return attributed(found, [through])


CLASSES = frame(
    "spend_band", {"low": 0.0, "high": 10_000.0}, {"low": 10_000.0, "high": 100_000.0},
    {"low": 100_000.0, "high": None},
)  # fmt: skip


def sites(*rows: tuple[str, str, str | None], of: str = "list") -> pl.DataFrame:
    """name, country, address."""
    return contributed(
        "production_site",
        *(
            {
                "id": f"{of}-{n}", "site_list_id": of, "name": name, "country": country,
                "address": address, "place_key": f"{of}{n:04d}", "organisation_id": "south",
            }
            for n, (name, country, address) in enumerate(rows)
        ),
    )  # fmt: skip


def a_list(title: str = "Sites 2025", **columns: Any) -> pl.DataFrame:
    row = {
        "id": "list", "organisation_id": "south", "title": title, "as_of": date(2025, 9, 1),
        "source": "Its website", "row_count": 2,
    }  # fmt: skip
    return contributed("site_list", {**row, **columns})


def risks(*rows: tuple[str, str | None, str], **columns: Any) -> pl.DataFrame:
    """organisation, country, what is known; at Aurora unless the columns say otherwise."""
    row = {"kind": "wages", "stage": "", "source": "A report", "seen_on": date(2025, 6, 1)}
    return contributed(
        "risk",
        *(
            {**row, "organisation_id": owner, "country": country, "text": text, **columns}
            for owner, country, text in rows
        ),
    )  # fmt: skip


def question(text: str, **columns: Any) -> dict[str, Any]:
    return {
        "id": text, "board": "shared", "stage_id": None, "supplier_id": None, "topic": None,
        "text": text, "merged_into": None, "state": "open", "votes": 0, "mine": False,
        "author": "Ada", "affiliation": "City of North", "version": 1, **columns,
    }  # fmt: skip


def dialogue(**columns: Any) -> dict[str, Any]:
    return {
        "id": "spring", "consortium_id": "circle", "title": "Spring dialogue",
        "aim": "Agree on site lists", "starts_at": datetime(2026, 3, 12, 8, 30, tzinfo=UTC),
        "ends_at": datetime(2026, 3, 12, 11, 0, tzinfo=UTC), "time_zone": "Europe/Brussels",
        "place": "Town hall, room 2", "link": None, "chatham": False, "state": "planned",
        "votes_each": 3, "stage_id": None, **columns,
    }  # fmt: skip


def events(*rows: Mapping[str, Any]) -> pl.DataFrame:
    kept = RELATIONS["dialogue"]
    return frame("dialogue", *({k: v for k, v in r.items() if k in kept} for r in rows))


def promise(text: str, state: str = "open", due: str = "2026-06-01", **columns: Any) -> Any:
    day = date.fromisoformat(due)
    return {
        "id": text, "dialogue_id": "autumn", "supplier_id": "aurora", "owner_id": "south",
        "text": text, "first_due_on": day, "due_on": day, "state": state, **columns,
    }  # fmt: skip


def stage(title: str, position: int, audience: str = "all") -> dict[str, Any]:
    return {
        "id": title, "dialogue_id": "spring", "position": position, "title": title,
        "purpose": "", "minutes": 30, "audience": audience,
    }  # fmt: skip


AUTUMN = dialogue(id="autumn", title="Autumn dialogue", state="closed")


def sources(**parts: Any) -> Sources:
    """City of North makes a briefing on Aurora for the spring dialogue of the circle."""
    event = parts.pop("dialogue", dialogue())
    empty = {
        "dialogues": events(event, AUTUMN),
        "stages": frame("dialogue_stage"),
        "commitments": frame("commitment"),
        "assessments": assessments(),
        "site_lists": contributed("site_list"),
        "production_sites": contributed("production_site"),
        "spend": spend(),
        "bands": bands(),
        "turnover": frame("supplier_turnover"),
        "initiative_links": contributed("initiative_link"),
        "leverage_use": contributed("leverage_use"),
        "risks": contributed("risk"),
    }
    initiatives = pl.DataFrame(
        {"key": ["rba"], "name": ["RBA"], "published": [True], "shared_with": [[]]},
        schema={"key": pl.String, "name": pl.String, "published": pl.Boolean,
                "shared_with": pl.List(pl.String)},
    )  # fmt: skip
    return Sources(
        **{
            "dialogue": event,
            "supplier": {"id": "aurora", "name": "Aurora", "kind": "brand", "country": "NO"},
            "suppliers": 1, "questions": [], "classes": CLASSES, "initiatives": initiatives,
            "organisations": NAMES, "consortium": "Nordic circle", "organisation_id": "north",
            "author": "Ada, City of North", "made_on": TODAY, **empty, **parts,
        }
    )  # fmt: skip


def section(made: Briefing, title: str) -> list[Any]:
    return next((list(one.blocks) for one in made.sections if one.title == title), [])


def words(made: Briefing) -> str:
    """Everything the paper says."""
    said = [made.title, made.readers, made.foot, made.author]
    said += [part for pair in (*made.facts, *made.figures) for part in pair]
    for one in made.sections:
        said.append(one.title)
        for block in one.blocks:
            if isinstance(block, Table):
                said += [*block.headers, *(cell for row in block.rows for cell in row)]
            else:
                said.append(block.text if isinstance(block, Text) else block.caption)
    return "\n".join(said)


def rows(made: Briefing, title: str, number: int = 0) -> list[tuple[str, ...]]:
    tables = [one for one in section(made, title) if isinstance(one, Table)]
    return list(tables[number].rows)


def says(made: Briefing, title: str) -> str:
    return " ".join(one.text for one in section(made, title) if isinstance(one, Text))


# Who may read what


CANARY = "Canary"
SECRET = 77_123.45
HIDDEN = {"shared_with": []}
ELSEWHERE = {"shared_with": ["ring"]}


def plant(known: Sources) -> Sources:
    """The same with everything beside it that buyers of the circle must not see."""
    more_lists, more_sites, more_spend, more_assessed = [], [], [], []
    for n, (owner, hidden) in enumerate([("north", HIDDEN), ("north", ELSEWHERE),
                                         ("south", ELSEWHERE)]):  # fmt: skip
        key = f"hidden{n}"
        more_lists.append(
            a_list(f"{CANARY} list", id=key, organisation_id=owner, source=CANARY, **hidden)
        )
        # The row itself claims more than its list.
        more_sites.append(sites((f"{CANARY} plant", "KP", CANARY), of=key))
        more_spend.append(spend((owner, SECRET), id=key, contract_end=date(2026, 4, 4), **hidden))
        more_assessed.append(assessments((owner, f"2025-11-{11 + n}", LOW), tag=key, **hidden))
    more_spend.append(spend(("north", SECRET), id="sums", aggregated_with=["circle"], **HIDDEN))
    more_spend.append(spend(("north", SECRET), id="ring", banded_with=["ring"], **HIDDEN))
    link = {"initiative": "rba", "standing": "certificate", "level": CANARY, "valid_until": TODAY}
    use = {"asked_on": TODAY, "asked": CANARY, "jointly": False, "outcome": "none_yet"}
    everywhere = {"supplier_id": None, "supplier": None}
    more_risks = [
        risks(("north", "VN", CANARY), id="r0", **HIDDEN),
        risks(("north", "PL", CANARY), id="r1", **ELSEWHERE, **everywhere),
        risks(("east", None, CANARY), id="r2", **ELSEWHERE),
        # Shared, but of a country that only the lists kept back name, and of another supplier.
        risks(("south", "KP", CANARY), id="r3", **everywhere),
        risks(("south", "VN", CANARY), id="r4", supplier_id="birch", supplier="Birch"),
    ]
    other = pl.DataFrame(
        {"key": ["own"], "name": [CANARY], "published": [False], "shared_with": [["ring"]]}
    )
    return replace(
        known,
        assessments=pl.concat([known.assessments, *more_assessed]),
        site_lists=pl.concat([known.site_lists, *more_lists]),
        production_sites=pl.concat([known.production_sites, *more_sites]),
        spend=pl.concat([known.spend, *more_spend]),
        bands=pl.concat([known.bands, bands(("east", 100_000, None), through="ring")]),
        initiative_links=pl.concat(
            [
                known.initiative_links,
                contributed("initiative_link", *({**link, "id": f"l{n}", **x, "organisation_id": o}
                            for n, (o, x) in enumerate([("north", HIDDEN), ("east", ELSEWHERE)]))),
            ]
        ),
        initiatives=pl.concat([known.initiatives, other]),
        leverage_use=pl.concat(
            [
                known.leverage_use,
                contributed("leverage_use", *({**use, "id": f"u{n}", **x, "organisation_id": o}
                            for n, (o, x) in enumerate([("north", HIDDEN), ("east", ELSEWHERE)]))),
            ]
        ),
        risks=pl.concat([known.risks, *more_risks]),
        questions=[
            *known.questions,
            question(f"{CANARY} for another?", supplier_id="birch", votes=9),
            question(f"{CANARY} merged?", merged_into="x", votes=9),
            question(f"{CANARY} dropped?", state="dropped", votes=9),
        ],
        commitments=pl.concat(
            [
                known.commitments,
                frame(
                    "commitment", promise(f"{CANARY} of another", supplier_id="birch"),
                    promise(f"{CANARY} to another consortium", dialogue_id="elsewhere"),
                ),
            ]
        ),
        dialogues=pl.concat(
            [known.dialogues, events(dialogue(id="elsewhere", consortium_id="ring", title=CANARY))]
        ),
    )  # fmt: skip


def full(**parts: Any) -> Sources:
    """Something of everything that the circle may see."""
    given: dict[str, Any] = {
        "stages": frame("dialogue_stage", stage("Baseline", 1), stage("Commitments", 3)),
        "questions": [question("Which sites?", votes=3), question("Whose audits?", votes=5)],
        "commitments": frame(
            "commitment", promise("Publish the list"), promise("Train staff", "verified"),
            promise("Share audits", "behind", "2026-02-01"),
        ),
        "assessments": assessments(
            ("north", "2024-02-01", LOW), ("north", "2025-10-01", MEDIUM),
            ("south", "2025-12-01", HIGH),
        ),
        "site_lists": a_list(),
        "production_sites": sites(("Plant A", "VN", "Road 1"), ("Plant B", "VN", None),
                                  ("Plant C", "PL", "Road 3")),
        "spend": spend(("south", 60_000.0)),
        "bands": bands(("east", 10_000, 100_000)),
        "turnover": frame(
            "supplier_turnover",
            {"id": "t", "supplier_id": "aurora", "year": 2025, "amount": 1_000_000.0,
             "currency": "EUR", "source": "Annual report"},
        ),
        "initiative_links": contributed(
            "initiative_link",
            {"initiative": "rba", "standing": "member", "level": "Full", "organisation_id": "south",
             "valid_until": date(2026, 12, 31)},
        ),
        "leverage_use": contributed(
            "leverage_use",
            {"organisation_id": "south", "asked_on": date(2025, 5, 5), "asked": "A site list",
             "jointly": True, "outcome": "promised"},
        ),
        "risks": pl.concat(
            [
                risks(("south", "VN", "Fees taken from migrants"), kind="forced_labour",
                      stage="assembly", source="Audit", seen_on=date(2025, 3, 1)),
                risks(("east", "PL", "Late pay in the region"), supplier_id=None, supplier=None),
            ]
        ),
    }  # fmt: skip
    return sources(**(given | parts))


def test_what_is_not_shared_with_the_consortium_changes_nothing_in_the_buyers_paper():
    plain, planted = briefing(full(), "buyers"), briefing(plant(full()), "buyers")
    assert replace(planted, kept_back=()) == replace(plain, kept_back=())
    assert CANARY not in words(planted)
    assert "77,123" not in words(planted)


def test_the_maker_alone_reads_how_much_was_left_out():
    assert briefing(full(), "buyers").kept_back == ()
    assert briefing(plant(full()), "buyers").kept_back == (
        "2 assessments of your organisation, not shared with this consortium",
        "1 assessment of other members, shared with you but not with this consortium",
        "2 site lists of your organisation, not shared with this consortium",
        "1 site list of other members, shared with you but not with this consortium",
        "3 lines of spend of your organisation, not shared with this consortium",
        "1 line of spend of other members, shared with you but not with this consortium",
        "1 membership or certificate of your organisation, not shared with this consortium",
        "1 membership or certificate of other members, shared with you but not with this "
        "consortium",
        "1 use of leverage of your organisation, not shared with this consortium",
        "1 use of leverage of other members, shared with you but not with this consortium",
        "2 known risks of your organisation, not shared with this consortium",
        "1 known risk of other members, shared with you but not with this consortium",
        "1 line of spend of your organisation that is shared for sums only",
        "size classes of 1 member: you are in several consortia, and they do not say which of "
        "them they are shared with",
    )


def test_the_rooms_paper_has_nothing_that_a_member_brought_in():
    bare = sources(**{
        name: getattr(full(), name) for name in ("stages", "questions", "commitments", "turnover")
    })  # fmt: skip
    plain, planted = briefing(bare, "room"), briefing(plant(full()), "room")
    assert replace(planted, kept_back=()) == replace(plain, kept_back=())
    assert {"Maturity", "Production sites", "Collective leverage"}.isdisjoint(
        one.title for one in planted.sections
    )


def test_the_rooms_cut_is_empty_of_contributions():
    shown = for_reader(plant(full()), "room").shown
    for name in ("assessments", "site_lists", "production_sites", "spend", "bands",
                 "initiative_links", "leverage_use", "risks"):  # fmt: skip
        assert getattr(shown, name).is_empty()


def test_the_buyers_board_and_stages_never_reach_the_room():
    known = full(
        stages=frame("dialogue_stage", stage("Baseline", 1), stage("Huddle", 2, "buyers")),
        questions=[
            question("Which sites?"),
            question("What do we threaten?", board="buyers"),
            question("Said in the huddle?", stage_id="Huddle"),
        ],
    )
    room = briefing(known, "room")
    without = full(
        stages=frame("dialogue_stage", stage("Baseline", 1)), questions=[question("Which sites?")]
    )
    assert replace(room, kept_back=()) == replace(briefing(without, "room"), kept_back=())
    assert room.kept_back[-3:] == (
        "2 questions of the buyers' board", "1 stage for buyers only",
        "3 commitments of other dialogues",
    )  # fmt: skip
    buyers = briefing(known, "buyers")
    assert rows(buyers, "Questions among buyers only")[0][0] == "What do we threaten?"


def test_the_paper_says_for_whom_it_is():
    assert briefing(full(), "buyers").readers == "For the members of Nordic circle only"
    assert briefing(full(), "room").readers == "For the buyers and the people of Aurora"
    assert briefing(full(suppliers=2), "room").readers == (
        "For the buyers and the people of Aurora, not for other suppliers"
    )


def test_the_room_reads_what_was_promised_in_this_dialogue_and_not_in_others():
    here = promise("Publish the list", dialogue_id="spring")
    elsewhere = promise(f"{CANARY} promised elsewhere"), promise(CANARY, "verified")
    both, alone = (
        full(commitments=frame("commitment", here, *others)) for others in (elsewhere, ())
    )
    assert replace(briefing(both, "room"), kept_back=()) == replace(
        briefing(alone, "room"), kept_back=()
    )
    assert briefing(both, "room").figures == (
        ("Questions on the board", "2"), ("Open commitments of this dialogue", "1"),
        ("Verified of all promised in it", "0 of 1 (0 %)"),
    )  # fmt: skip
    assert (
        rows(briefing(both, "buyers"), "Open commitments")[0][0] == f"{CANARY} promised elsewhere"
    )


def test_before_the_dialogue_the_room_is_not_told_that_nothing_was_ever_promised():
    made = briefing(full(), "room")
    assert says(made, "Open commitments of this dialogue") == (
        "It has promised nothing in this dialogue yet."
    )
    assert "What the supplier promised in other dialogues" in says(made, "What was left out")


def test_the_makers_own_data_counts_as_it_is_shared_and_not_as_the_maker_knows_it():
    as_class = spend(("north", 40_000.0), ("north", 37_123.45), shared_with=[],
                     banded_with=["circle"])  # fmt: skip
    made = briefing(full(spend=as_class, bands=bands()), "buyers")
    assert rows(made, "Collective leverage")[0] == (
        "2025", "EUR", "10,000", "100,000", "1", "1.0 % to 10.0 %",
    )  # fmt: skip
    assert made.kept_back == ()
    # Whoever makes it: to a colleague the same lines come as the class.
    theirs = full(spend=spend(), bands=bands(("north", 10_000, 100_000)), organisation_id="south")
    assert briefing(theirs, "buyers").sections == made.sections


def test_classes_that_may_come_through_another_consortium_are_left_out():
    unsure = attributed(bands(("east", 10_000, 100_000)).drop("shared_with"), ["circle", "ring"])
    made = briefing(full(bands=unsure), "buyers")
    assert rows(made, "Collective leverage")[0][2:5] == ("60,000", "60,000", "1")
    assert [one for one in made.kept_back if "size classes" in one]


def test_an_initiative_that_is_not_shared_is_not_named():
    link = {"initiative": "own", "standing": "member", "organisation_id": "south"}
    known = full(initiative_links=contributed("initiative_link", link))
    planted = plant(known)
    assert rows(briefing(planted, "buyers"), "Initiatives and certificates")[0][0] == (
        "An initiative that is not shared"
    )


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["north", "south", "east"]),
            st.sampled_from([[], ["ring"], ["circle"], ["ring", "circle"]]),
            st.sampled_from([[], ["ring"], ["circle"]]),
            st.sampled_from([[], ["circle"]]),
            st.integers(1, 200_000),
        ),
        max_size=8,
    )
)
@settings(max_examples=40, deadline=None)
def test_however_lines_are_shared_the_paper_rests_on_what_the_consortium_sees(lines):
    """The paper of any lines is the paper of those shared as records, and of classes."""
    frames = [
        spend((owner, float(amount)), id=str(n), shared_with=shared, banded_with=banded,
              aggregated_with=summed)
        for n, (owner, shared, banded, summed, amount) in enumerate(lines)
    ]  # fmt: skip
    classed: dict[str, float] = {}
    for owner, shared, banded, __, amount in lines:
        if owner == "north" and "circle" in banded and "circle" not in shared:
            classed[owner] = classed.get(owner, 0) + amount
    as_classes = [
        (owner, *next((low, high) for low, high in CLASSES.rows()
                      if total >= low and (high is None or total < high)))
        for owner, total in classed.items()
    ]  # fmt: skip
    seen = [
        spend((owner, float(amount)), id=str(n))
        for n, (owner, shared, __, __, amount) in enumerate(lines)
        if "circle" in shared
    ]
    given_all = full(spend=pl.concat([spend(), *frames]), bands=bands())
    given_seen = full(spend=pl.concat([spend(), *seen]), bands=bands(*as_classes))
    made, wanted = briefing(given_all, "buyers"), briefing(given_seen, "buyers")
    assert section(made, "Collective leverage") == section(wanted, "Collective leverage")


# Chatham House Rule


def ruled(**parts: Any) -> Sources:
    event = dialogue(chatham=True)
    old = {**AUTUMN, "chatham": True}
    promised = promise("Publish the list"), promise("Train staff", dialogue_id="spring")
    given = {"commitments": frame("commitment", *promised)}
    return full(dialogue=event, dialogues=events(event, old), **(given | parts))


@pytest.mark.parametrize("reader", READERS)
def test_under_the_chatham_house_rule_nobody_is_named(reader):
    made = briefing(ruled(), reader)
    assert made.author == "" and made.foot == ("Made for Nordic circle on 2026-03-02 with Quorum")
    assert "Ada" not in words(made)
    assert all(len(row) == 3 for row in rows(made, "Questions on the shared board, by votes"))
    title = next(one.title for one in made.sections if one.title.startswith("Open commitments"))
    assert all(len(row) == 3 for row in rows(made, title))
    assert "Chatham House Rule" in says(made, "What was left out")


def test_who_used_leverage_in_such_a_dialogue_is_not_named_either():
    used = {"organisation_id": "south", "asked_on": TODAY, "asked": "A list", "jointly": False,
            "outcome": "none_yet", "dialogue_id": "autumn"}  # fmt: skip
    made = briefing(ruled(leverage_use=contributed("leverage_use", used)), "buyers")
    assert rows(made, "Collective leverage", 1)[0][1] == "–"


def test_who_recorded_a_risk_is_not_named_in_the_paper_of_such_a_dialogue():
    recorded = rows(briefing(ruled(), "buyers"), "Production sites", 2)
    assert [row[-1] for row in recorded] == ["–", "–"]
    assert [row[-1] for row in rows(briefing(full(), "buyers"), "Production sites", 2)] == [
        "Region South", "East Hospitals",
    ]  # fmt: skip


def test_a_name_that_somebody_wrote_is_found_where_it_stands_in_the_paper():
    known = ruled(
        questions=[question("Which sites?", votes=2), question("Why did Ada Lund ask?")],
        stages=frame("dialogue_stage", stage("Baseline", 1)),
    )
    made = briefing(known, "room")
    assert list(made.written) == [
        "the title", "the aim", "the place", "the link", "stage 1 of the agenda",
        "open commitment 1", "question 1", "question 2",
    ]  # fmt: skip
    found = names_in(made.written, ["Ada Lund"], NAMES.values(), ["Aurora"])
    assert [one.place for one in found] == ["question 2"]


@pytest.mark.parametrize(
    ("column", "text", "place"),
    [("place", "Office of Ada Lund", "the place"),
     ("link", "https://meet.example/ada-lund", "the link")],
)  # fmt: skip
def test_where_the_dialogue_is_held_is_checked_as_well(column, text, place):
    known = ruled()
    made = briefing(replace(known, dialogue={**known.dialogue, column: text}), "room")
    assert text in dict(made.facts).values()
    found = names_in(made.written, ["Ada Lund"], NAMES.values(), ["Aurora"])
    assert [one.place for one in found] == [place]


def test_what_comes_from_another_dialogue_is_printed_with_the_dialogue_it_comes_from():
    use = {"organisation_id": "south", "asked_on": TODAY, "asked": "A list", "jointly": False,
           "outcome": "none_yet"}  # fmt: skip
    uses = contributed("leverage_use", {**use, "dialogue_id": "autumn"}, {**use, "asked": "More"})
    made = briefing(ruled(leverage_use=uses), "buyers")
    assert made.said_in == {
        "open commitment 1": "autumn", "open commitment 2": "spring",
        "use of leverage 1": "autumn",
    }  # fmt: skip
    assert [made.written[place] for place in made.said_in] == [
        "Publish the list", "Train staff", "A list",
    ]  # fmt: skip


def test_otherwise_a_question_says_where_it_comes_from():
    assert rows(briefing(full(), "room"), "Questions on the shared board, by votes")[0] == (
        "Whose audits?", "", "City of North", "5",
    )  # fmt: skip


# What it says


def test_the_head_of_the_paper():
    made = briefing(full(), "buyers")
    assert made.title == "Briefing: Aurora"
    assert made.facts == (
        ("Dialogue", "Spring dialogue"),
        ("When", "Thursday 12 March 2026, 09:30 to 12:00 (Europe/Brussels, UTC+01:00)"),
        ("Where", "Town hall, room 2"),
        ("Aim", "Agree on site lists"),
        ("Supplier", "Brand · Norway"),
    )
    assert made.figures == (
        ("Overall level", "Medium to High"), ("Production sites known", "3"),
        ("Open commitments", "2"), ("Verified of all promised", "1 of 3 (33 %)"),
    )  # fmt: skip
    assert made.foot == "Made by Ada, City of North for Nordic circle on 2026-03-02 with Quorum"


def test_a_night_in_which_clocks_change_shows_both_offsets():
    told = local_time(
        datetime(2026, 3, 28, 22, 0, tzinfo=UTC), datetime(2026, 3, 29, 2, 0, tzinfo=UTC),
        "Europe/Brussels",
    )  # fmt: skip
    assert told == (
        "Saturday 28 March 2026, 23:00 to Sunday 29 March 2026, 04:00 "
        "(Europe/Brussels, UTC+01:00, at the end UTC+02:00)"
    )


def test_an_unknown_zone_is_told_in_utc():
    start = datetime(2026, 3, 12, 8, 30, tzinfo=UTC)
    assert local_time(start, None, "Mars/Base") == "Thursday 12 March 2026, 08:30 (UTC, UTC+00:00)"


def test_maturity_is_told_with_its_range_its_trend_and_where_members_differ():
    made = briefing(full(), "buyers")
    assert "2 members assessed it, last on 2025-12-01" in says(made, "Maturity")
    assert "Members differ, from Medium to High." in says(made, "Maturity")
    levels, years, members = (rows(made, "Maturity", n) for n in range(3))
    assert levels[0] == ("Overall level", "Medium to High", "", "0", "1", "1")
    assert years == [
        ("2025", "2", "2", "0", "1", "1", "1", "0"), ("2024", "1", "1", "1", "0", "0", "0", "0"),
    ]  # fmt: skip
    assert [row[0] for row in members] == ["City of North", "Region South"]
    drawn = next(one for one in section(made, "Maturity") if isinstance(one, Trend))
    assert [(str(day), low, high) for day, low, high in drawn.marks] == [
        ("2024-02-01", 0, 0), ("2025-10-01", 1, 1), ("2025-12-01", 2, 2),
    ]  # fmt: skip


def test_a_level_that_lost_figures_leave_open_is_a_range():
    open_ended = ["raw_material_suppliers", "risks_cursory", "policy_detailed", "code_verification",
                  "complaints_procedure"]  # fmt: skip
    scored = assessments(("south", "2025-12-01", open_ended))
    assert scored["doubt"][0] is not None, "the questionnaire no longer has such an answer"
    assert "lost some points" in says(briefing(full(assessments=scored), "buyers"), "Maturity")


def test_an_old_assessment_says_so():
    made = briefing(full(assessments=assessments(("south", "2023-01-01", LOW))), "buyers")
    assert "more than two years ago" in says(made, "Maturity")
    assert "there is no trend yet" in says(made, "Maturity")


def test_sites_are_counted_by_country_with_what_is_not_known():
    made = briefing(full(), "buyers")
    assert rows(made, "Production sites")[:2] == [
        ("Vietnam", "2", "67 %", "50 %", "0 %"),
        ("Poland", "1", "33 %", "100 %", "0 %"),
    ]
    told = says(made, "Production sites")
    assert "3 sites in 2 countries, on 1 list of 2025-09-01." in told
    assert "Of the sites that are known, 33 % have no address, 100 % have no OS ID" in told
    assert "whether the lists are complete" in told


def test_known_risks_stand_with_the_sites_those_at_the_supplier_first():
    made = briefing(full(), "buyers")
    assert rows(made, "Production sites", 2) == [
        ("Vietnam", "Forced labour, Assembly", "Fees taken from migrants", "Audit, 2025-03-01",
         "Region South"),
        ("Poland, in general", "Inadequate wages", "Late pay in the region", "A report, 2025-06-01",
         "East Hospitals"),
    ]  # fmt: skip
    assert "Known risks in its countries: those at Aurora first" in says(made, "Production sites")


def test_of_many_risks_eight_stand_in_it():
    many = pl.concat([risks(("south", "VN", f"Risk {n}"), id=f"r{n}") for n in range(20)])
    made = briefing(full(risks=many), "buyers")
    assert len(rows(made, "Production sites", 2)) == 8
    assert says(made, "Production sites").endswith("12 more.")


def test_without_a_site_list_what_is_known_of_the_supplier_still_stands_in_it():
    known = full(site_lists=a_list().clear(), production_sites=sites())
    recorded = rows(briefing(known, "buyers"), "Production sites")
    assert [row[2] for row in recorded] == ["Fees taken from migrants"]


def test_no_recorded_risk_is_not_the_same_as_no_risk():
    assert says(briefing(full(risks=risks()), "buyers"), "Production sites").endswith(
        "No risk at it or in its countries is shared with Nordic circle. "
        "Nothing recorded is not the same as no risk."
    )


def test_collective_leverage_is_a_range_of_what_is_shared():
    made = briefing(full(), "buyers")
    assert rows(made, "Collective leverage")[0] == (
        "2025", "EUR", "70,000", "160,000", "2", "7.0 % to 16.0 %",
    )  # fmt: skip
    assert rows(made, "Collective leverage", 1)[0] == (
        "2025-05-05", "Region South", "A site list", "Jointly", "Promised",
    )  # fmt: skip


def test_an_open_ended_class_leaves_the_range_open():
    made = briefing(full(bands=bands(("east", 100_000, None))), "buyers")
    assert rows(made, "Collective leverage")[0][2:] == (
        "160,000",
        "open",
        "2",
        "at least 16.0 %",
    )


def test_initiatives_name_their_end():
    assert rows(briefing(full(), "buyers"), "Initiatives and certificates") == [
        ("RBA", "Member · Full", "The supplier", "2026-12-31", "Valid")
    ]


def test_open_commitments_come_overdue_first_with_the_progress_rate():
    made = briefing(full(), "buyers")
    assert rows(made, "Open commitments") == [
        ("Share audits", "Behind, overdue", "2026-02-01", "Region South"),
        ("Publish the list", "Open", "2026-06-01", "Region South"),
    ]
    assert says(made, "Open commitments") == "Verified so far: 1 of 3 (33 %) of what it promised."


def test_a_commitment_that_was_put_off_says_from_when():
    later = promise("Publish", first_due_on=date(2025, 12, 1))
    made = briefing(full(commitments=frame("commitment", later)), "buyers")
    assert rows(made, "Open commitments")[0][2] == "2026-06-01, first 2025-12-01"


def test_of_500_questions_the_most_wanted_stand_in_it():
    many = [question(f"Question {n}?", votes=n) for n in range(500)]
    made = briefing(full(questions=many), "room")
    assert [row[-1] for row in rows(made, "Questions on the shared board, by votes")] == [
        str(n) for n in range(499, 499 - MOST_QUESTIONS, -1)
    ]
    assert "480 more." in says(made, "Questions on the shared board, by votes")


def test_long_texts_are_cut_and_say_so():
    made = briefing(full(questions=[question("why " * 400)]), "room")
    text = rows(made, "Questions on the shared board, by votes")[0][0]
    assert len(text) <= 400 and text.endswith("…")


def test_wide_letters_count_twice():
    made = briefing(full(questions=[question("問" * 800)]), "room")
    assert len(rows(made, "Questions on the shared board, by votes")[0][0]) == 200


def test_an_empty_briefing_says_what_there_is_not():
    made = briefing(sources(), "buyers")
    for title, text in (
        ("Agenda", "There is no agenda yet."),
        ("Maturity", "No assessment of it is shared with Nordic circle."),
        (
            "Production sites",
            "No list of its production sites is shared with Nordic circle. No risk at it or in "
            "its countries is shared with Nordic circle. Nothing recorded is not the same as no "
            "risk.",
        ),
        ("Open commitments", "It has promised nothing in a dialogue yet."),
        ("Questions on the shared board, by votes", "No question stands on the board yet."),
    ):
        assert says(made, title) == text
    assert made.figures[0] == ("Overall level", "Not assessed")


def test_it_ends_with_what_was_left_out_and_names_no_number_of_it():
    for reader in READERS:
        for known in (sources(), plant(full())):
            last = briefing(known, reader).sections[-1]
            assert last.title == "What was left out"
            assert last == briefing(sources(), reader).sections[-1]
