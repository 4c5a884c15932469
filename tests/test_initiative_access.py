"""Who may see and do what with initiatives, rubrics, ratings and memberships: both sides."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from quorum.store import AlreadyThere, Invalid, NotAllowed, Refused, StoreError
from tests.conftest import World, emptied, small_world
from tests.supabase_server import SupabaseServer

RELATIONS = ("initiative", "rubric", "initiative_rating", "initiative_link")


@pytest.fixture(scope="module", params=["embedded", "supabase"])
def shared(request: pytest.FixtureRequest) -> Iterator[World]:
    """The small world behind each of the two doors in turn."""
    server = request.getfixturevalue("engine" if request.param == "embedded" else "supabase")
    yield small_world(emptied(server))
    if isinstance(server, SupabaseServer):
        server.hang_up()


@pytest.fixture
def world(shared: World) -> Iterator[World]:
    """One world for the module; each test adds rows of its own and looks for those."""
    yield shared


def score(value: object = 2.5, rationale: object = "Audits are published") -> dict[str, Any]:
    return {"reach": {"value": value, "rationale": rationale}}


def row(relation: str, world: World, **columns: Any) -> dict[str, Any]:
    identifier = str(uuid.uuid4())
    made: dict[str, dict[str, Any]] = {
        "initiative": {"name": "Fair Cables", "kind": "industry"},
        "rubric": {
            "family": identifier, "edition": 1, "title": "Ours", "source": "",
            "criteria": [{"code": "reach", "label": "Reach", "question": ""}],
            "valid_from": "2026-01-01",
        },
        "initiative_rating": {
            "initiative": "rba", "rubric": "due-diligence", "edition": 1, "rated_on": "2026-06-01",
            "scores": score(), "evidence": ["https://example.org/report"],
        },
        "initiative_link": {
            "initiative": "rba", "supplier_id": supplier(world), "standing": "member",
            "source": "Annual report",
        },
    }  # fmt: skip
    return {"id": identifier, **made[relation], **columns}


def supplier(world: World) -> str:
    found = world.owner("select id::text from supplier limit 1")
    return str(found[0][0]) if found else world.supplier()


def added(world: World, actor: str, relation: str, **columns: Any) -> str:
    made = row(relation, world, **columns)
    world[actor].store.insert(relation, made)
    return str(made["id"])


def sees(world: World, actor: str, relation: str, identifier: str) -> bool:
    return world[actor].store.rows(relation, filters={"id": identifier}).height == 1


OTHERS = ("south admin", "west admin", "east admin")


@pytest.mark.parametrize("relation", RELATIONS)
def test_what_an_editor_adds_is_seen_by_colleagues_and_by_nobody_else(world, relation):
    made = added(world, "north editor", relation)
    for colleague in ("north admin", "north editor", "north viewer"):
        assert sees(world, colleague, relation, made)
    for other in OTHERS:
        assert not sees(world, other, relation, made)


@pytest.mark.parametrize("relation", RELATIONS)
def test_what_is_shared_is_seen_by_members_and_not_by_those_outside_or_removed(world, relation):
    made = added(world, "north editor", relation)
    world.share("north editor", relation, [made])
    assert sees(world, "south admin", relation, made)
    assert not sees(world, "west admin", relation, made)
    assert not sees(world, "east admin", relation, made)


@pytest.mark.parametrize("relation", RELATIONS)
def test_what_is_revoked_is_seen_by_the_owner_alone_again(world, relation):
    made = added(world, "north editor", relation)
    receipt = world.share("north editor", relation, [made])
    world["north admin"].store.call("revoke_sharing", {"sharing_id": receipt})
    assert not sees(world, "south admin", relation, made)
    assert sees(world, "north viewer", relation, made)


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_sharing_past_its_last_day_shows_nothing(world, relation):
    made = added(world, "north editor", relation)
    world.share("north editor", relation, [made])
    world.owner(f"update {relation} set shared_until = current_date - 1 where id = %s", made)
    assert not sees(world, "south admin", relation, made)


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_viewer_adds_shares_and_deletes_nothing(world, relation):
    made = added(world, "north editor", relation)
    with pytest.raises(NotAllowed):
        added(world, "north viewer", relation)
    with pytest.raises(NotAllowed):
        world.share("north viewer", relation, [made])
    with pytest.raises(NotAllowed):
        world["north viewer"].store.delete(relation, {"id": made})


@pytest.mark.parametrize("relation", RELATIONS)
def test_nobody_shares_or_deletes_what_belongs_to_others(world, relation):
    made = added(world, "north editor", relation)
    world.share("north editor", relation, [made])
    with pytest.raises(Refused, match="of your own organisation"):
        world.share("south admin", relation, [made])
    with pytest.raises(NotAllowed):
        world["south admin"].store.delete(relation, {"id": made})


@pytest.mark.parametrize("relation", RELATIONS)
def test_what_is_shared_is_deleted_only_after_the_sharing_ended(world, relation):
    made = added(world, "north editor", relation)
    receipt = world.share("north editor", relation, [made])
    with pytest.raises(NotAllowed):
        world["north editor"].store.delete(relation, {"id": made})
    world["north editor"].store.call("revoke_sharing", {"sharing_id": receipt})
    world["north editor"].store.delete(relation, {"id": made})
    assert not sees(world, "north editor", relation, made)


@pytest.mark.parametrize("relation", RELATIONS)
def test_they_are_shared_as_records_or_not_at_all(world, relation):
    made = added(world, "north editor", relation)
    with pytest.raises(Refused, match="This level does not exist"):
        world.share("north editor", relation, [made], level="band")


@pytest.mark.parametrize("relation", RELATIONS)
def test_the_owner_is_not_the_callers_to_write(world, relation):
    owner = world["south admin"].organisation_id
    with pytest.raises(NotAllowed):
        added(world, "north editor", relation, organisation_id=owner)


@pytest.mark.parametrize("relation", RELATIONS)
def test_two_organisations_may_choose_one_identifier_and_learn_nothing_of_it(world, relation):
    made = added(world, "north editor", relation)
    added(world, "south admin", relation, id=made)
    assert world["south admin"].store.rows(relation, filters={"id": made}).height == 1


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_repeated_submit_is_stored_once(world, relation):
    made = row(relation, world)
    world["north editor"].store.insert(relation, made)
    with pytest.raises(AlreadyThere):
        world["north editor"].store.insert(relation, made)


@pytest.mark.parametrize("relation", RELATIONS)
def test_every_change_is_in_the_owners_trail_and_in_nobody_elses(world, relation):
    made = added(world, "north editor", relation)
    found = world["north admin"].store.rows("audit_event", filters={"item_id": made})
    assert found.select("action", "relation").rows() == [("insert", relation)]
    assert world["south admin"].store.rows("audit_event", filters={"item_id": made}).is_empty()


@pytest.mark.parametrize("relation", RELATIONS)
def test_sharing_tells_the_screens_of_members_and_not_of_others(world, relation):
    made = added(world, "north editor", relation)

    def versions() -> dict[str, str]:
        return {name: world[name].store.call("pulse")["version"] for name in OTHERS}

    before = versions()
    world.share("north editor", relation, [made])
    after = versions()
    assert [name for name in OTHERS if before[name] != after[name]] == ["south admin"]


# Ratings ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "scores",
    [
        score(4.5), score(-0.5), score(2.3), score("3"), score(None), score([2]), score(True),
        score(2, ""), score(2, "   "), score(2, None), {}, {"reach": 2}, {"reach": {"value": 2}},
        {"reach": {"rationale": "Because"}}, {"reach": [{"value": 2, "rationale": "Because"}]},
        {**score(), "standards": {"value": 9, "rationale": "Because"}},
    ],
    ids=lambda scores: json.dumps(scores),
)  # fmt: skip
def test_stars_out_of_range_off_the_half_step_or_without_a_reason_are_not_stored(world, scores):
    with pytest.raises(Invalid):
        added(world, "north editor", "initiative_rating", scores=scores)


@pytest.mark.parametrize("value", [0, 0.5, 1, 2.5, 4])
def test_half_steps_from_nought_to_four_are_stored(world, value):
    made = added(world, "north editor", "initiative_rating", scores=score(value))
    found = world["north editor"].store.rows("initiative_rating", filters={"id": made})
    assert json.loads(found["scores"][0])["reach"]["value"] == value


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://a.org/ x", "a.org", ""])
def test_evidence_that_is_no_link_is_not_stored(world, link):
    with pytest.raises(Invalid):
        added(world, "north editor", "initiative_rating", evidence=[link])


def test_a_rating_is_never_changed_only_superseded_and_the_old_one_stays(world):
    old = added(world, "north editor", "initiative_rating")
    with pytest.raises(NotAllowed):
        world["north editor"].store.update(
            "initiative_rating", {"rated_on": "2026-07-01"}, {"id": old}
        )
    new = added(world, "north editor", "initiative_rating", supersedes=old)
    assert sees(world, "north viewer", "initiative_rating", old)
    with pytest.raises(NotAllowed):
        world["north editor"].store.delete("initiative_rating", {"id": old})
    assert sees(world, "north viewer", "initiative_rating", new)


def test_of_two_colleagues_who_revise_one_rating_the_second_is_told(world):
    old = added(world, "north editor", "initiative_rating")
    added(world, "north editor", "initiative_rating", supersedes=old)
    with pytest.raises(AlreadyThere):
        added(world, "north admin", "initiative_rating", supersedes=old)


def test_a_rating_supersedes_neither_anothers_nor_one_of_something_else(world):
    old = added(world, "north editor", "initiative_rating")
    world.share("north editor", "initiative_rating", [old])
    with pytest.raises(NotAllowed):
        added(world, "south admin", "initiative_rating", supersedes=old)
    with pytest.raises(NotAllowed):
        added(world, "north editor", "initiative_rating", supersedes=old, initiative="epeat")


# Rubrics ----------------------------------------------------------------------------------------


def test_editions_that_overlap_are_refused_with_a_sentence(world):
    family = str(uuid.uuid4())
    added(world, "north editor", "rubric", family=family, valid_until="2026-06-30")
    with pytest.raises(Refused, match="Another edition of this rubric holds on some of these days"):
        added(world, "north editor", "rubric", family=family, edition=2, valid_from="2026-06-30")
    added(world, "north editor", "rubric", family=family, edition=2, valid_from="2026-07-01")


def test_an_edition_is_ended_and_otherwise_stays_as_it_is(world):
    made = added(world, "north editor", "rubric")
    world["north editor"].store.update("rubric", {"valid_until": "2026-12-31"}, {"id": made})
    with pytest.raises(NotAllowed):
        world["north editor"].store.update("rubric", {"title": "Other"}, {"id": made})


def test_two_criteria_with_one_code_are_refused(world):
    twice = [{"code": "reach", "label": "Reach"}, {"code": "reach", "label": "Range"}]
    with pytest.raises(Refused, match="the same code"):
        added(world, "north editor", "rubric", criteria=twice)


@pytest.mark.parametrize(
    "criteria", [[{"code": "Re ach", "label": "x"}], [{"code": "reach"}], ["reach"]], ids=str
)
def test_criteria_without_code_or_label_are_not_stored(world, criteria):
    with pytest.raises(StoreError):
        added(world, "north editor", "rubric", criteria=json.dumps(criteria))


def test_a_rubric_that_was_used_cannot_be_deleted(world):
    made = added(world, "north editor", "rubric")
    added(world, "north editor", "initiative_rating", rubric=made)
    with pytest.raises(NotAllowed):
        world["north editor"].store.delete("rubric", {"id": made})


# Initiatives and links --------------------------------------------------------------------------


def test_an_initiative_is_corrected_by_its_owner_and_by_nobody_else(world):
    made = added(world, "north editor", "initiative")
    world.share("north editor", "initiative", [made])
    world["north editor"].store.update("initiative", {"name": "Fairer Cables"}, {"id": made}, 1)
    for other in ("north viewer", "south admin"):
        with pytest.raises(NotAllowed):
            world[other].store.update("initiative", {"name": "Mine"}, {"id": made})


def test_an_initiative_that_was_rated_cannot_be_deleted(world):
    made = added(world, "north editor", "initiative")
    added(world, "north editor", "initiative_rating", initiative=made)
    with pytest.raises(NotAllowed):
        world["north editor"].store.delete("initiative", {"id": made})


@pytest.mark.parametrize(
    "columns",
    [
        {"valid_from": "2026-06-01", "valid_until": "2026-05-31"}, {"source": " "},
        {"link": "javascript:alert(1)"}, {"site_name": "Plant 1"}, {"standing": "friend"},
    ],
    ids=str,
)  # fmt: skip
def test_a_link_with_a_value_that_does_not_fit_is_not_stored(world, columns):
    with pytest.raises(Invalid):
        added(world, "north editor", "initiative_link", **columns)


def links(world: World, number: int = 2) -> list[dict[str, Any]]:
    made = [row("initiative_link", world) for _number in range(number)]
    return [{key: value for key, value in one.items() if key != "id"} for one in made]


def test_a_file_of_links_is_stored_whole_and_once(world):
    key = str(uuid.uuid4())
    arguments = {"key": key, "rows": links(world)}
    answer = world["north editor"].store.call("import_initiative_links", arguments)
    assert answer["imported"] == 2
    assert world["north editor"].store.call("import_initiative_links", arguments) == answer
    assert all(sees(world, "north viewer", "initiative_link", one) for one in answer["items"])
    assert not any(sees(world, "south admin", "initiative_link", one) for one in answer["items"])


def test_a_file_with_one_bad_row_stores_nothing(world):
    before = world.owner("select count(*) from initiative_link")
    bad = [*links(world), {**links(world)[0], "source": ""}]
    with pytest.raises(Invalid):
        world["north editor"].store.call(
            "import_initiative_links", {"key": str(uuid.uuid4()), "rows": bad}
        )
    assert world.owner("select count(*) from initiative_link") == before


@pytest.mark.parametrize("actor", ["north viewer"])
def test_a_viewer_imports_no_links(world, actor):
    with pytest.raises(NotAllowed):
        world[actor].store.call(
            "import_initiative_links", {"key": str(uuid.uuid4()), "rows": links(world)}
        )


def test_an_import_owns_what_it_stores_whatever_the_rows_say(world):
    theirs = {**links(world)[0], "organisation_id": world["south admin"].organisation_id}
    answer = world["north editor"].store.call(
        "import_initiative_links", {"key": str(uuid.uuid4()), "rows": [theirs]}
    )
    assert not sees(world, "south admin", "initiative_link", answer["items"][0])


def test_an_empty_import_is_refused_with_a_sentence(world):
    with pytest.raises(StoreError, match="holds no row"):
        world["north editor"].store.call(
            "import_initiative_links", {"key": str(uuid.uuid4()), "rows": "[]"}
        )


def test_leaving_the_consortium_ends_the_sharing_of_all_kinds(world):
    made = {relation: added(world, "south admin", relation) for relation in RELATIONS}
    for relation, item in made.items():
        world.share("south admin", relation, [item])
    world["south admin"].store.call("leave_consortium", {"consortium_id": world.consortium_id})
    assert not any(sees(world, "north admin", r, item) for r, item in made.items())
