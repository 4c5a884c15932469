"""Owners choose identifiers, so two of them can choose the same one: the first one's row counts.

North has something and shares it; South puts another under North's identifier and shares that.
Harbour, a third member, reads.
"""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from components import data, datasets, explore
from components.session import Session
from quorum import initiatives
from quorum.definitions import current
from quorum.store import Conflict, Consortium, NotAllowed, Principal
from quorum.store.accounts import Session as Ticket
from quorum.store.relations import RELATIONS
from tests.conftest import World

Opener = Callable[..., AppTest]
ANSWERS = [block.answers[0].code for block in current().blocks]
FIRST, SECOND = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def world(world: World) -> World:
    """With Harbour in it, another member of the consortium."""
    harbour = world.organisation("Harbour")
    world.person("harbour admin", harbour, "admin")
    world.owner(
        "insert into membership (consortium_id, organisation_id, role) values (%s, %s, 'member')",
        world.consortium_id, harbour,
    )  # fmt: skip
    return world


def session(world: World, actor: str = "harbour admin") -> Session:
    """The member outside of a page, where nothing is remembered."""
    one = world[actor]
    consortium = Consortium(world.consortium_id, "Nordic ICT buyers", "member")
    principal = Principal(
        one.id, "", one.email, one.organisation_id, "", "admin", (consortium,), "ticket"
    )
    return Session("", Ticket("", one.id), principal, one.store, "", 0.0)


def add(world: World, actor: str, relation: str, made: str = "", **columns: Any) -> str:
    """A row of the actor's, shared with the consortium."""
    made = made or str(uuid.uuid4())
    world[actor].store.insert(relation, {"id": made, **columns})
    world.share(actor, relation, [made])
    return made


def assess(world: World, actor: str, supplier: str, made: str = "") -> str:
    made = made or str(uuid.uuid4())
    world.assessment(actor, supplier, ANSWERS, id=made)
    world.share(actor, "assessment", [made])
    return made


def chart(world: World, actor: str, made: str, name: str) -> None:
    row = {"id": made, "name": name, "question": "data=suppliers", "pinned": True,
           "shared_with": [world.consortium_id]}  # fmt: skip
    world[actor].store.insert("saved_chart", row)


def rate(world: World, actor: str, value: float, made: str = "", **columns: Any) -> str:
    code = columns.pop("code", "reach")
    row = {
        "initiative": "rba", "rubric": "due-diligence", "edition": 1, "rated_on": "2026-06-01",
        "scores": {code: {"value": value, "rationale": f"{actor} thinks so"}}, **columns,
    }  # fmt: skip
    return add(world, actor, "initiative_rating", made, **row)


def rubric(world: World, actor: str, family: str, title: str, label: str, edition: int = 1) -> str:
    criteria = [{"code": "rights", "label": label, "question": ""}]
    return add(
        world, actor, "rubric", family=family, edition=edition, title=title, criteria=criteria,
        valid_from=f"202{edition}-01-01", valid_until=f"202{edition}-12-31",
    )  # fmt: skip


# The rule -----------------------------------------------------------------------------------------


def rows(*given: tuple[str, str, datetime, str]) -> pl.DataFrame:
    return pl.DataFrame(
        given, schema=["organisation_id", "id", "created_at", "family"], orient="row"
    )


def owners(found: pl.DataFrame) -> list[tuple[str, str]]:
    return found.select("organisation_id", "id").rows()


def test_of_two_owners_rows_under_one_identifier_the_earlier_counts(world: World) -> None:
    found = rows(
        ("south", "b", SECOND, "f"), ("east", "a", SECOND, "f"), ("north", "b", FIRST, "f")
    )
    assert owners(data.of_one_owner(session(world), found)) == [("east", "a"), ("north", "b")]


def test_nobodys_row_hides_the_readers_own(world: World) -> None:
    own = world["harbour admin"].organisation_id
    found = rows(("north", "b", FIRST, "f"), (own, "b", SECOND, "f"))
    assert owners(data.of_one_owner(session(world), found)) == [(own, "b")]


def test_all_rows_of_the_one_owner_stay_in_their_order(world: World) -> None:
    found = rows(
        ("north", "c", SECOND, "f"), ("south", "b", SECOND, "f"), ("north", "a", FIRST, "f"),
    )  # fmt: skip
    kept = data.of_one_owner(session(world), found, "family")
    assert owners(kept) == [("north", "c"), ("north", "a")]


def test_where_every_identifier_is_there_once_nothing_is_left_out(world: World) -> None:
    found = rows(("north", "a", FIRST, "f"), ("south", "b", SECOND, "f"))
    assert data.of_one_owner(session(world), found) is found


def test_the_rule_covers_every_contribution_whose_identifier_a_member_may_choose(
    world: World,
) -> None:
    """Site lists, their sites and spend are not among them: the store mints their identifiers."""
    chosen = world.owner(
        "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid"
        " join pg_attribute o on o.attrelid = c.oid and o.attname = 'organisation_id'"
        " where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attname = 'id'"
        " and has_column_privilege('authenticated', c.oid, a.attnum, 'insert')"
    )
    assert {one for (one,) in chosen} == data.MINTED
    assert all({"id", "organisation_id", "created_at"} <= set(RELATIONS[r]) for r in data.MINTED)


@pytest.mark.parametrize("relation", sorted(data.MINTED))
def test_when_a_row_was_entered_no_member_may_say(world: World, relation: str) -> None:
    found = world.owner(
        "select has_column_privilege('authenticated', %s, 'created_at', 'insert'),"
        " has_column_privilege('authenticated', %s, 'created_at', 'update')",
        f"public.{relation}", f"public.{relation}",
    )  # fmt: skip
    assert found == [(False, False)]


# Hidden, relabelled, doubled ----------------------------------------------------------------------


def both(world: World, relation: str, **columns: Any) -> None:
    """A row of North's, and South's under its identifier."""
    made = add(world, "north admin", relation, **columns)
    add(world, "south admin", relation, made, **columns)


def test_no_reader_finds_an_identifier_twice(world: World) -> None:
    supplier = world.supplier()
    assess(world, "south admin", supplier, assess(world, "north admin", supplier))
    both(world, "initiative", name="Fair Cables", kind="industry")
    both(world, "initiative_link", initiative="rba", supplier_id=supplier, standing="member",
         source="Public list")  # fmt: skip
    both(world, "leverage_use", supplier_id=supplier, asked_on="2026-06-01", asked="For all sites",
         channel="letter", jointly=False)  # fmt: skip
    both(world, "risk", supplier_id=supplier, country=None, kind="wages", stage="",
         text="Paid late", source="Audit", link=None, seen_on="2026-05-01")  # fmt: skip
    rate(world, "south admin", 0, rate(world, "north admin", 4))
    made = str(uuid.uuid4())
    chart(world, "north admin", made, "Ours")
    chart(world, "south admin", made, "AAA")
    for actor in ("harbour admin", "north viewer"):
        reader = session(world, actor)
        found = {
            "assessment": data.assessments(reader),
            "initiative": data.initiatives(reader).filter(~pl.col("published")),
            "initiative_link": data.initiative_links(reader),
            "leverage_use": data.leverage_uses(reader),
            "risk": data.risks(reader),
            "initiative_rating": data.rows(reader, "initiative_rating"),
            "saved_chart": explore.saved_charts(reader),
        }
        north = world["north admin"].organisation_id
        whose = {name: one["organisation_id"].to_list() for name, one in found.items()}
        assert whose == {name: [north] for name in found}


def test_the_store_holds_both_and_each_owner_reads_its_own(world: World) -> None:
    supplier = world.supplier()
    made = assess(world, "south admin", supplier, assess(world, "north admin", supplier))
    assert world.owner("select count(*) from assessment where id = %s", made) == [(2,)]
    for actor in ("north admin", "south admin"):
        assert data.assessments(session(world, actor))["mine"].to_list() == [True]


def test_a_copied_assessment_counts_once_in_what_is_explored(world: World) -> None:
    supplier = world.supplier()
    assess(world, "south admin", supplier, assess(world, "north admin", supplier))
    reader = session(world)
    assert datasets.READERS["assessments"](reader)["organisation"].to_list() == ["North"]
    assert datasets.READERS["suppliers"](reader)["assessments"].to_list() == [1]
    assert datasets.READERS["dimensions"](reader).height == 3


def test_a_rating_is_not_superseded_by_another_raters(world: World) -> None:
    good = rate(world, "north admin", 4)
    # A private copy is all that the store asks for before South's rating may supersede it.
    copy = {"initiative": "rba", "rubric": "due-diligence", "edition": 1, "rated_on": "2026-06-01",
            "scores": {"reach": {"value": 0, "rationale": "A copy"}}}  # fmt: skip
    world["south admin"].store.insert("initiative_rating", {"id": good, **copy})
    rate(world, "south admin", 0, supersedes=good)
    reader = session(world)
    found = initiatives.current(data.ratings(reader)).filter(pl.col("rater") != "CFIT manual")
    assert sorted(found.select("rater", "value").rows()) == [("North", 4.0), ("South", 0.0)]
    explored = datasets.READERS["ratings"](reader).filter(pl.col("rater") != "CFIT manual")
    assert sorted(explored.select("rater", "stars", "is_current").rows()) == [
        ("North", 4.0, True), ("South", 0.0, True),
    ]  # fmt: skip


def test_a_rating_keeps_the_words_of_the_rubric_under_which_it_was_given(world: World) -> None:
    family = str(uuid.uuid4())
    rubric(world, "north admin", family, "Ours", "Human rights are respected")
    rate(world, "north admin", 4, rubric=family, code="rights")
    rubric(world, "south admin", family, "AAA", "Human rights are violated")
    reader = session(world)
    assert [one.title for one in data.rubrics(reader) if one.id == family] == ["Ours"]
    explored = datasets.READERS["ratings"](reader).filter(rater="North")
    assert explored.select("rubric", "criterion", "stars").rows() == [
        ("Ours", "Human rights are respected", 4.0)
    ]


def test_later_editions_are_made_by_whoever_made_the_first(world: World) -> None:
    family = str(uuid.uuid4())
    rubric(world, "north admin", family, "Ours", "Human rights are respected")
    rubric(world, "south admin", family, "Theirs", "Human rights are violated", edition=2)
    rubric(world, "north admin", family, "Ours, again", "Rights", edition=2)
    found = [one for one in data.rubrics(session(world)) if one.id == family]
    assert [(one.title, one.edition) for one in found] == [("Ours", 1), ("Ours, again", 2)]


def test_a_rubric_that_came_after_a_rating_lends_it_no_words(world: World) -> None:
    """North's own is not shared, so nobody else knows what its rating was about."""
    family = str(uuid.uuid4())
    rate(world, "north admin", 4, rubric=family, code="rights")
    rubric(world, "south admin", family, "AAA", "Human rights are violated")
    rate(world, "south admin", 1, rubric=family, code="rights")
    found = data.ratings(session(world)).filter(rubric=family)
    assert found.select("rater", "value").rows() == [("South", 1.0)]


def test_an_initiative_is_called_what_its_first_owner_calls_it(
    world: World, open_page: Opener
) -> None:
    made = add(world, "north admin", "initiative", name="Good Alliance", kind="industry")
    add(world, "south admin", "initiative", made, name="AAA Greenwash", kind="industry")
    rate(world, "north admin", 4, initiative=made)
    reader = session(world)
    assert data.initiative_names(reader)[made] == "Good Alliance"
    explored = datasets.READERS["ratings"](reader).filter(rater="North")
    assert explored["initiative"].to_list() == ["Good Alliance"]
    app = open_page("harbour admin", "initiative", initiative=made)
    assert app.subheader[0].value == "Good Alliance"


# Pages --------------------------------------------------------------------------------------------


@pytest.mark.both_doors
def test_the_page_of_a_supplier_opens_with_one_assessment(world: World, open_page: Opener) -> None:
    supplier = world.supplier()
    assess(world, "south admin", supplier, assess(world, "north admin", supplier))
    app = open_page("harbour admin", "supplier", supplier=supplier)
    assert not app.exception
    points = [one.label for one in app.expander if "How the points" in one.label]
    assert points == ["How the points of North come about"]


@pytest.mark.both_doors
def test_the_board_draws_a_pinned_chart_once(world: World, open_page: Opener) -> None:
    world.supplier()
    made = str(uuid.uuid4())
    chart(world, "north admin", made, "Ours")
    chart(world, "south admin", made, "AAA")
    app = open_page("harbour admin", "board")
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1
    assert "AAA" not in " ".join(one.value for one in app.markdown)


@pytest.mark.parametrize("actor", ["north admin", "harbour admin"])
def test_an_assessment_opens_as_its_first_owner_wrote_it(
    world: World, open_page: Opener, actor: str
) -> None:
    aurora, other = world.supplier("Aurora"), world.supplier("Other")
    made = assess(world, "south admin", other, assess(world, "north admin", aurora))
    app = open_page(actor, "assess", assessment=made)
    assert not app.exception
    shown = " ".join(one.value for one in [*app.title, *app.subheader, *app.markdown])
    assert "Aurora" in shown and "Other" not in shown


@pytest.mark.both_doors
def test_a_conflict_shows_what_a_colleague_wrote_and_nobody_elses_row(world: World) -> None:
    aurora = world.supplier()
    mine = add(world, "north admin", "initiative_link", initiative="rba", supplier_id=aurora,
               standing="member", source="Public list")  # fmt: skip
    for version, actor in enumerate(("south admin", "harbour admin"), start=1):
        add(world, actor, "initiative_link", mine, initiative="rba", supplier_id=aurora,
            standing="member", source=f"Copy {version}")  # fmt: skip
    editor = session(world, "north editor")
    data.update(editor, "initiative_link", {"source": "By a colleague"}, {"id": mine}, 1)
    with pytest.raises(Conflict) as conflict:
        data.update(editor, "initiative_link", {"source": "Mine"}, {"id": mine}, 1)
    assert conflict.value.theirs["source"] == "By a colleague"
    world.owner("delete from sharing_item where item_id = %s", mine)
    world.owner(
        "delete from initiative_link where organisation_id = %s",
        world["north admin"].organisation_id,
    )
    with pytest.raises(NotAllowed):
        data.update(editor, "initiative_link", {"source": "Mine"}, {"id": mine}, 2)
