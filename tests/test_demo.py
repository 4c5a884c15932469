"""The demo: made once, all or nothing, fictional, and true to its story."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

import polars as pl
import psycopg
import pytest
from stdnum import lei
from stdnum.eu import vat

from quorum import demo, explore, scoring
from quorum.definitions import current as current_questionnaire
from quorum.definitions.datasets import datasets
from quorum.definitions.rubrics import Rubric, published, rubrics
from quorum.initiatives import (
    MANUAL,
    current,
    disagreements,
    expiries,
    long_ratings,
    problems_of_rating,
    published_ratings,
    standings,
    under,
    with_state,
)
from quorum.scoring import check_answers
from quorum.store import Refused, Store
from quorum.store.accounts import Accounts
from quorum.store.embedded import Engine
from quorum.suppliers import check_registry_number, suggested_pairs
from tests.conftest import World

TODAY = date(2026, 11, 21)


@pytest.fixture
def made(engine: Engine, request: pytest.FixtureRequest) -> Engine:
    """A store with the demo, for tests that only read: made anew where another test emptied it."""
    with psycopg.connect(engine.owner_address) as db:
        found = db.execute("select demo from auth.store").fetchone()
    if found != (True,):
        request.getfixturevalue("store")
        assert demo.ensure(engine)
    return engine


def member(engine: Engine, name: str) -> Store:
    return engine.store({"sub": demo.identifier("person", name), "role": "authenticated"})


def count(engine: Engine, table: str) -> int:
    with psycopg.connect(engine.owner_address) as db:
        found = db.execute(f"select count(*) from {table}").fetchone()
        return int(found[0]) if found else 0


# The story


def test_the_same_seed_tells_the_same_sites() -> None:
    told = demo.story()
    assert demo.sites(told, Random(7)) == demo.sites(told, Random(7))


def test_the_story_has_600_places() -> None:
    sites = demo.sites(demo.story(), Random(7))
    assert len({site["place_key"] for site in sites}) == 600


def test_the_identifiers_of_the_story_are_valid() -> None:
    for one in demo.story()["suppliers"]:
        assert "vat" not in one or vat.is_valid(one["vat"])
        number = one.get("registry_number", "")
        assert check_registry_number(number) == (number or None, None)
    assert lei.is_valid(demo.lei(1))
    assert demo.lei(1).startswith("DEMO")


@pytest.mark.parametrize("kind", ["manufacturer", "reseller"])
def test_every_set_of_answers_leads_to_the_band_that_it_stands_under(kind: str) -> None:
    sets = demo.story()["answers"]
    wanted = {"L": ("low", "low"), "M": ("medium", "medium"), "H": ("high", "high"),
              "R": ("medium", "high")}  # fmt: skip
    for dimension in demo.DIMENSIONS:
        for letter, alternatives in (sets[kind].get(dimension) or sets["any"][dimension]).items():
            for answers in alternatives:
                scored = scoring.scores(
                    pl.DataFrame(
                        {
                            "questionnaire": [current_questionnaire().id],
                            "respondent_kind": [kind],
                            "answers": [answers],
                        }
                    )
                )
                found = scored.select(f"{dimension}_band", f"{dimension}_band_high").row(0)
                assert found == wanted[letter], answers
                assert check_answers(current_questionnaire(), answers) == []


# In a store


def test_the_demo_is_made_once(made: Engine) -> None:
    assert not demo.ensure(made)
    assert count(made, "organisation") == 9


def test_a_store_with_organisations_of_its_own_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="organisations of its own"):
        demo.ensure(world.engine)
    assert not world.owner("select demo from auth.store")[0][0]


def test_a_demo_that_breaks_off_leaves_nothing_behind(
    store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_stage: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "_unfinished", broken)
    with pytest.raises(KeyboardInterrupt):
        demo.ensure(store)
    assert count(store, "organisation") == 0
    assert count(store, "auth.users") == 0


def test_members_of_the_demo_sign_in_with_one_click(made: Engine) -> None:
    names = {one.name: one.role for one in Accounts(made).demo_members()}
    assert len(names) == 14
    assert names["Ines Verhagel"] == "admin"
    assert names["Anouk Dellart"] == "viewer"


def test_a_member_sees_what_others_share_and_nothing_else(made: Engine) -> None:
    ines = member(made, "Ines Verhagel")
    seen = ines.rows("spend")["organisation_id"].unique().to_list()
    sharing = {demo.identifier("organisation", key) for key in ("leymark", "brynhavn", "lakemoor")}
    assert set(seen) == sharing
    classes = ines.call("spend_bands")["organisation_id"].unique().to_list()
    assert set(classes) == {
        demo.identifier("organisation", key) for key in ("vastermark", "aldert", "tannfeld")
    }


def test_who_is_outside_the_consortium_sees_the_register_and_nothing_else(made: Engine) -> None:
    harriet = member(made, "Harriet Stonebeck")
    assert harriet.rows("supplier").height == 43
    for relation in ("assessment", "site_list", "production_site", "spend", "sharing"):
        assert harriet.rows(relation).is_empty()


def test_the_demo_has_something_of_everything(made: Engine) -> None:
    ines = member(made, "Ines Verhagel")
    scored = scoring.scores(ines.rows("assessment").filter(pl.col("status") == "final"))
    living = ines.rows("supplier").filter(pl.col("merged_into").is_null())
    coverage = dict(
        scoring.coverage(living, scored, date.today())["coverage"].value_counts().iter_rows()
    )
    assert coverage == {"assessed": 19, "stale": 3, "never": 19}
    assert set(scored["overall"]) == {"low", "medium", "high"}
    trend = scoring.trend(scored).drop_nulls("overall_before")
    ranks = {"low": 0, "medium": 1, "high": 2}
    steps = [ranks[a] - ranks[b] for a, b in trend.select("overall", "overall_before").iter_rows()]
    assert {1, 0} <= set(steps)
    apart = scoring.disagreement(scored).filter(
        pl.col("overall_lowest") != pl.col("overall_highest")
    )
    assert apart.height == 4
    pairs = suggested_pairs(living, ines.rows("supplier_merge"))
    assert pairs.select("one", "other").rows() in (
        [("Poldermeer IT", "Poldermeer I.T. B.V.")],
        [("Poldermeer I.T. B.V.", "Poldermeer IT")],
    )


def test_receipts_tell_of_every_level_and_of_every_end(made: Engine) -> None:
    with psycopg.connect(made.owner_address) as db:
        levels = db.execute("select distinct relation, level from sharing").fetchall()
        ends = db.execute("select distinct ended_because from sharing").fetchall()
    assert ("spend", "band") in levels
    assert ("spend", "aggregate") in levels
    assert {end[0] for end in ends} == {None, "revoked", "end date"}


def test_what_happened_lies_in_the_past(made: Engine) -> None:
    with psycopg.connect(made.owner_address) as db:
        recent = db.execute(
            "select count(*) from audit_event where at > now() - interval '1 day'"
        ).fetchone()
    assert recent == (0,)


# Views of initiatives


def rating_days() -> Iterator[tuple[dict[str, Any], int, str]]:
    for one in demo.story()["views"]["ratings"]:
        for days_ago, stars in one["given"].items():
            yield one, int(days_ago), stars


def test_every_rating_of_the_story_could_have_been_entered_in_the_form() -> None:
    published_rubrics = {(one.id, one.edition): one for one in rubrics()}
    for one, days_ago, given in rating_days():
        rubric = published_rubrics.get((one.get("rubric", "due-diligence"), 1))
        if rubric is None:
            continue
        values = dict(
            zip(rubric.labels, (None if s == "." else float(s) for s in given.split()), strict=True)
        )
        why = dict.fromkeys(rubric.labels, "Because")
        rated_on = TODAY - timedelta(days=days_ago)
        assert problems_of_rating(rubric, values, why, [], rated_on, TODAY) == [], one


def test_each_revision_of_a_rating_is_later_than_the_one_before() -> None:
    for one in demo.story()["views"]["ratings"]:
        days = list(map(int, one["given"]))
        assert days == sorted(days, reverse=True)


def test_views_are_of_published_initiatives_or_invented_ones_and_links_of_invented_suppliers() -> (
    None
):
    told = demo.story()
    views = told["views"]
    named = {one["of"] for one in (*views["ratings"], *views["links"])}
    invented = {one["key"] for one in views["initiatives"]}
    assert named <= {one.id for one in published().initiatives} | invented
    assert {one["supplier"] for one in views["links"]} <= {one["key"] for one in told["suppliers"]}


def test_charts_of_the_story_can_be_read_and_drawn() -> None:
    for one in demo.story()["views"]["charts"]:
        question, problems = explore.read_query(explore.from_text(one["question"]), datasets())
        assert question is not None and not problems
        assert explore.check(question, datasets()[question.dataset]) == []


def views(engine: Engine, name: str) -> pl.DataFrame:
    """Each rater's latest rating that the member sees, the published table among them."""
    store = member(engine, name)
    names = dict(store.rows("organisation").select("id", "name").iter_rows())
    given = long_ratings(store.rows("initiative_rating"), rubrics(), names, "")
    return current(pl.concat([published_ratings(published()), given]))


def seen_by(engine: Engine, name: str, initiative: str, rater: str) -> list[float]:
    found = views(engine, name).filter(initiative=initiative, rater=rater, rubric="due-diligence")
    return found["value"].to_list()


def test_every_reason_in_the_demo_says_that_it_is_fictional(made: Engine) -> None:
    mark = demo.story()["views"]["mark"]
    found = views(made, "Ines Verhagel").filter(pl.col("rater_id") != MANUAL)
    assert found.height > 100
    assert found["rationale"].str.ends_with(mark).all()


def test_raters_of_the_demo_differ_by_two_stars_revise_and_keep_some_to_themselves(
    made: Engine,
) -> None:
    rubric = rubrics_by_id()["due-diligence"]
    latest = under(views(made, "Ines Verhagel"), rubric)
    wide = disagreements(latest, rubric, 2.0)
    assert ("rba", "governance", 2.0) in wide.select("initiative", "criterion", "spread").rows()
    assert "jac" not in set(latest["initiative"])
    assert seen_by(made, "Katharina Obersteig", "jac", "Ministry of Works and Supply") != []
    # Its revision is not shared yet.
    assert seen_by(made, "Ines Verhagel", "rba", "City of Roccalena")[0] == 2.0
    assert seen_by(made, "Chiara Montevago", "rba", "City of Roccalena")[0] == 2.5
    assert set(views(made, "Harriet Stonebeck")["rater_id"]) == {MANUAL}


def test_epeat_stays_due_in_the_demo_because_nobody_rated_its_new_standards(made: Engine) -> None:
    rubric = rubrics_by_id()["due-diligence"]
    latest = under(views(made, "Ines Verhagel"), rubric)
    due = {one.id: one.due for one in published().initiatives}
    states = standings(["epeat", "jac", "rba"], latest, rubric, due, TODAY)
    assert states.select("initiative", "state").rows() == [
        ("jac", "unrated"), ("epeat", "due"), ("rba", "current"),
    ]  # fmt: skip


def test_certificates_of_the_demo_are_valid_running_out_and_expired(made: Engine) -> None:
    links = member(made, "Ines Verhagel").rows("initiative_link")
    states = dict(with_state(links, date.today())["state"].value_counts().iter_rows())
    assert states == {"valid": 20, "expired": 3}
    assert expiries(links, date.today(), 30).height == 1
    assert links["place_key"].drop_nulls().n_unique() == 2
    assert member(made, "Chiara Montevago").rows("initiative_link").height == 24


def test_boards_of_the_demo_show_what_is_shared_with_each(made: Engine) -> None:
    boards = {
        name: member(made, name).rows("saved_chart")["pinned"].sum()
        for name in ("Ines Verhagel", "Lieve Callens", "Harriet Stonebeck")
    }
    assert boards == {"Ines Verhagel": 3, "Lieve Callens": 4, "Harriet Stonebeck": 0}


def rubrics_by_id() -> dict[str, Rubric]:
    return {one.id: one for one in rubrics()}


# Dialogues ----------------------------------------------------------------------------------------


def test_the_demo_held_one_dialogue_and_plans_the_next_under_the_chatham_house_rule(
    made: Engine,
) -> None:
    found = member(made, "Elin Norrgard").rows("dialogue", order=("starts_at",))
    assert found["state"].to_list() == ["closed", "planned"]
    assert found["chatham"].to_list() == [False, True]
    assert member(made, "Harriet Stonebeck").rows("dialogue").is_empty()


def test_the_first_member_of_the_demo_has_a_seat_in_the_coming_dialogue(made: Engine) -> None:
    """Under the rule only those with a seat can export its papers."""
    store = member(made, "Mette Sandvang")
    event = store.rows("dialogue", filters={"chatham": True})["id"][0]
    seats = store.rows("dialogue_seat", filters={"dialogue_id": event})
    assert {"Mette Sandvang", "Rasmus Egeholt"} <= set(seats["name"])


def test_commitments_of_the_demo_are_kept_late_dropped_and_open(made: Engine) -> None:
    found = member(made, "Elin Norrgard").rows("commitment")
    assert sorted(found["state"]) == [
        "behind", "dropped", "on_track", "open", "verified", "verified",
    ]  # fmt: skip
    moved = found.filter(pl.col("due_on") != pl.col("first_due_on"))
    assert moved["state"].to_list() == ["on_track"]
    overdue = found.filter(pl.col("due_on") < date.today(), state="behind")
    assert overdue.height == 1


def test_questions_of_the_demo_have_votes_and_under_the_rule_no_author(made: Engine) -> None:
    store = member(made, "Ines Verhagel")
    for event in store.rows("dialogue").iter_rows(named=True):
        board = store.call("dialogue_board", {"dialogue_id": event["id"], "seen": None})
        assert any(question["votes"] for question in board["questions"])
        assert {question["author"] is None for question in board["questions"]} == {event["chatham"]}


def test_what_was_said_and_done_in_the_demo_lies_on_its_day(made: Engine) -> None:
    store = member(made, "Ines Verhagel")
    held = store.rows("dialogue", filters={"state": "closed"}).row(0, named=True)
    reports = store.rows("commitment_report")
    assert held["created_at"] < held["starts_at"]
    assert (reports["created_at"].dt.date() > held["starts_at"].date()).all()
    with psycopg.connect(made.owner_address) as db:
        days = db.execute("select distinct noted_at::date from quorum.dialogue_note").fetchall()
    assert days == [(held["closed_at"].date(),)]


def test_uses_of_leverage_in_the_demo_are_shared_or_kept(made: Engine) -> None:
    assert member(made, "Ines Verhagel").rows("leverage_use").height == 3
    assert member(made, "Elin Norrgard").rows("leverage_use").height == 2


def test_known_risks_of_the_demo_are_shared_or_kept_and_of_its_own_suppliers(made: Engine) -> None:
    risks = member(made, "Ines Verhagel").rows("risk")
    assert (risks.height, member(made, "Elin Norrgard").rows("risk").height) == (5, 4)
    assert risks["kind"].n_unique() == 5
    assert risks["supplier_id"].is_not_null().all()
    assert risks["source"].str.ends_with("(fictional)").all()
    assert (risks["created_at"].dt.date() > risks["seen_on"]).all()
