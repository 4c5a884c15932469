"""The demo: made once, all or nothing, fictional, and true to its story."""

from datetime import date
from random import Random

import polars as pl
import psycopg
import pytest
from stdnum import lei
from stdnum.eu import vat

from quorum import demo, scoring
from quorum.definitions import current
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
                            "questionnaire": [current().id],
                            "respondent_kind": [kind],
                            "answers": [answers],
                        }
                    )
                )
                found = scored.select(f"{dimension}_band", f"{dimension}_band_high").row(0)
                assert found == wanted[letter], answers
                assert check_answers(current(), answers) == []


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
