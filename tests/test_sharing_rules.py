"""What becomes of a contribution when it is shared, revoked, past its day, or its owner leaves."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest

from quorum.store import Invalid, NotAllowed, Refused, Store
from tests.conftest import World


@pytest.fixture
def supplier(world: World) -> str:
    return world.supplier()


@pytest.fixture
def second_consortium(world: World) -> str:
    """South and East are in it; East coordinates."""
    made = world["east admin"].store.call(
        "create_consortium", {"key": str(uuid.uuid4()), "name": "Baltic buyers", "purpose": ""}
    )
    world.owner(
        "insert into membership (consortium_id, organisation_id, role) values (%s, %s, 'member')",
        made, world["south admin"].organisation_id,
    )  # fmt: skip
    return str(made)


def seen(world: World, actor: str, relation: str) -> set[str]:
    return set(world[actor].store.rows(relation)["id"])


def receipt(world: World, actor: str, sharing_id: str) -> dict[str, Any]:
    found = world[actor].store.rows("sharing", filters={"id": sharing_id})
    return dict(found.row(0, named=True))


def one_of_each(world: World, supplier: str) -> dict[str, str]:
    """An assessment, a site list and a spend line of South's."""
    return {
        "assessment": world.assessment("south admin", supplier, []),
        "site_list": world.site_list("south admin", supplier, ["Works"]),
        "spend": world.spend("south admin", supplier, {2025: 70000.0})[0],
    }


# Seeing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("relation", ["assessment", "site_list", "spend"])
def test_a_contribution_is_private_until_it_is_shared(
    world: World, supplier: str, relation: str
) -> None:
    item = one_of_each(world, supplier)[relation]
    assert seen(world, "north viewer", relation) == set()
    world.share("south admin", relation, [item])
    assert seen(world, "north viewer", relation) == {item}
    assert seen(world, "east admin", relation) == set()
    assert seen(world, "west admin", relation) == set()


def test_a_list_takes_its_sites_along(world: World, supplier: str) -> None:
    site_list = world.site_list("south admin", supplier, ["Works", "Mill"])
    sharing = world.share("south admin", "site_list", [site_list])
    north = world["north viewer"].store
    assert sorted(north.rows("production_site")["name"]) == ["Mill", "Works"]
    world["south admin"].store.call("revoke_sharing", {"sharing_id": sharing})
    assert north.rows("production_site").is_empty()


def test_a_revoked_contribution_is_gone_at_once_and_the_receipt_says_so(
    world: World, supplier: str
) -> None:
    item = world.assessment("south admin", supplier, [])
    sharing = world.share("south admin", "assessment", [item])
    world["south admin"].store.call("revoke_sharing", {"sharing_id": sharing})
    assert seen(world, "north viewer", "assessment") == set()
    assert receipt(world, "south admin", sharing)["ended_because"] == "revoked"


def test_revoking_one_of_two_receipts_keeps_the_other(
    world: World, supplier: str, second_consortium: str
) -> None:
    item = world.assessment("south admin", supplier, [])
    first = world.share("south admin", "assessment", [item])
    world.share("south admin", "assessment", [item], consortium_id=second_consortium)
    world["south admin"].store.call("revoke_sharing", {"sharing_id": first})
    assert seen(world, "north viewer", "assessment") == set()
    assert seen(world, "east admin", "assessment") == {item}


def test_a_removed_member_sees_nothing_at_once_and_is_not_seen_any_more(
    world: World, supplier: str
) -> None:
    theirs = world.assessment("south admin", supplier, [])
    world.share("south admin", "assessment", [theirs])
    mine = world.assessment("north admin", supplier, [])
    world.share("north admin", "assessment", [mine])
    assert seen(world, "south admin", "assessment") == {mine, theirs}
    world["north admin"].store.call(
        "remove_member",
        {
            "consortium_id": world.consortium_id,
            "organisation_id": world["south admin"].organisation_id,
        },
    )
    assert seen(world, "south admin", "assessment") == {theirs}
    assert seen(world, "north admin", "assessment") == {mine}


def test_leaving_ends_every_receipt_there_and_no_other(
    world: World, supplier: str, second_consortium: str
) -> None:
    item = world.assessment("south admin", supplier, [])
    here = world.share("south admin", "assessment", [item])
    there = world.share("south admin", "assessment", [item], consortium_id=second_consortium)
    world["south admin"].store.call("leave_consortium", {"consortium_id": world.consortium_id})
    assert receipt(world, "south admin", here)["ended_because"] == "left the consortium"
    assert receipt(world, "south admin", there)["ended_at"] is None
    assert seen(world, "north admin", "assessment") == set()
    assert seen(world, "east admin", "assessment") == {item}


def test_what_is_shared_while_its_owner_is_removed_does_not_stay_seen(
    world: World, supplier: str
) -> None:
    for _round in range(5):
        world.owner("update membership set left_at = null")
        items = [world.assessment("south admin", supplier, []) for _ in range(3)]
        south, north = world["south admin"], world["north admin"]

        def share(item: str) -> None:
            with suppress(NotAllowed):
                world.share("south admin", "assessment", [item])

        def remove(north: Store = north.store, south: str = south.organisation_id) -> None:
            north.call(
                "remove_member",
                {"consortium_id": world.consortium_id, "organisation_id": south},
            )

        with ThreadPoolExecutor(4) as pool:
            jobs = [pool.submit(share, item) for item in items] + [pool.submit(remove)]
        for job in jobs:
            job.result()
        assert seen(world, "north admin", "assessment") == set()
        assert south.store.rows("sharing", filters={"ended_at": None}).is_empty()


# The last day -------------------------------------------------------------------------------------


def past_its_day(world: World, sharing: str) -> None:
    """Moves a receipt, and the rows it covers, to have ended yesterday."""
    world.owner("update sharing set ends_on = current_date - 1 where id = %s", sharing)
    for relation in ("assessment", "site_list", "production_site", "spend"):
        world.owner(
            f"update {relation} set shared_until = (select min(ends_on) from sharing"
            " where ended_at is null) where shared_until is not null"
        )


@pytest.mark.parametrize("relation", ["assessment", "site_list", "spend"])
def test_past_its_day_a_contribution_is_hidden_before_anybody_looks(
    world: World, supplier: str, relation: str
) -> None:
    item = one_of_each(world, supplier)[relation]
    past_its_day(world, world.share("south admin", relation, [item]))
    assert seen(world, "north viewer", relation) == set()


def test_a_look_at_the_counter_ends_receipts_past_their_day(world: World, supplier: str) -> None:
    item = world.assessment("south admin", supplier, [])
    sharing = world.share("south admin", "assessment", [item])
    past_its_day(world, sharing)
    world["east admin"].store.call("pulse")
    assert receipt(world, "south admin", sharing)["ended_because"] == "end date"
    assert world.owner("select shared_with from assessment") == [([],)]


def test_when_one_receipt_is_past_its_day_the_other_shows_again(
    world: World, supplier: str, second_consortium: str
) -> None:
    item = world.assessment("south admin", supplier, [])
    first = world.share("south admin", "assessment", [item])
    world.share("south admin", "assessment", [item], consortium_id=second_consortium)
    past_its_day(world, first)
    world["south admin"].store.call("pulse")
    assert seen(world, "north viewer", "assessment") == set()
    assert seen(world, "east admin", "assessment") == {item}


# Levels of spend ----------------------------------------------------------------------------------


def bands(world: World, actor: str) -> list[tuple[Any, ...]]:
    found = world[actor].store.call("spend_bands")
    return list(found.select("year", "currency", "low", "high").sort("year").rows())


def test_at_level_band_members_see_the_class_of_the_yearly_total_and_no_line(
    world: World, supplier: str
) -> None:
    lines = world.spend("south admin", supplier, {2024: 9999.99, 2025: 10000.0})
    world.share("south admin", "spend", lines, level="band")
    assert bands(world, "north viewer") == [
        (2024, "EUR", 0.0, 10000.0),
        (2025, "EUR", 10000.0, 50000.0),
    ]
    assert seen(world, "north viewer", "spend") == set()
    assert bands(world, "east admin") == []
    assert bands(world, "south admin") == []  # its own figures are exact, elsewhere


def test_only_lines_shared_as_bands_count_towards_the_class(world: World, supplier: str) -> None:
    shared = world.spend("south admin", supplier, {2025: 8000.0})
    world.spend("south admin", supplier, {2025: 90000.0})
    world.share("south admin", "spend", shared, level="band")
    assert bands(world, "north viewer") == [(2025, "EUR", 0.0, 10000.0)]


def test_classes_follow_a_merge_of_suppliers(world: World, supplier: str) -> None:
    double = world.supplier("Aurora Device")
    lines = [
        *world.spend("south admin", supplier, {2025: 8000.0}),
        *world.spend("south admin", double, {2025: 8000.0}),
    ]
    world.share("south admin", "spend", lines, level="band")
    world["north admin"].store.call(
        "merge_suppliers", {"kept": supplier, "merged": double, "reason": ""}
    )
    assert bands(world, "north viewer") == [(2025, "EUR", 10000.0, 50000.0)]


def test_the_highest_class_has_no_upper_end(world: World, supplier: str) -> None:
    lines = world.spend("south admin", supplier, {2025: 25_000_000.0})
    world.share("south admin", "spend", lines, level="band")
    assert bands(world, "north viewer") == [(2025, "EUR", 25_000_000.0, None)]


def test_at_level_aggregate_nothing_is_seen(world: World, supplier: str) -> None:
    lines = world.spend("south admin", supplier, {2025: 70000.0})
    sharing = world.share("south admin", "spend", lines, level="aggregate")
    assert receipt(world, "south admin", sharing)["level"] == "aggregate"
    assert bands(world, "north viewer") == []
    assert seen(world, "north viewer", "spend") == set()


def test_a_class_past_its_day_is_not_seen(world: World, supplier: str) -> None:
    lines = world.spend("south admin", supplier, {2025: 70000.0})
    past_its_day(world, world.share("south admin", "spend", lines, level="band"))
    assert bands(world, "north viewer") == []


def test_one_level_at_a_time_for_one_consortium(world: World, supplier: str) -> None:
    lines = world.spend("south admin", supplier, {2025: 70000.0})
    first = world.share("south admin", "spend", lines, level="band")
    with pytest.raises(Refused, match=r"at another level\. Revoke that first"):
        world.share("south admin", "spend", lines)
    world["south admin"].store.call("revoke_sharing", {"sharing_id": first})
    world.share("south admin", "spend", lines)
    assert seen(world, "north viewer", "spend") == set(lines)


# What share() refuses -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"ends_on": date.today()}, "Choose an end date after today and within five years."),
        ({"ends_on": date.today() + timedelta(days=6 * 366)}, "within five years"),
        ({"ends_on": None}, "Choose an end date"),
        ({"legal_basis": "  "}, "the legal basis is missing"),
        ({"legal_basis": None}, "the legal basis is missing"),
        ({"level": "band"}, "This level does not exist for this kind"),
        ({"level": "everything"}, "This level does not exist"),
        ({"level": None}, "This level does not exist"),
        ({"items": []}, "Only finished contributions of your own"),
        ({"items": [str(uuid.uuid4())]}, "Only finished contributions of your own"),
    ],
)
def test_share_says_what_is_missing(
    world: World, supplier: str, arguments: dict[str, Any], sentence: str
) -> None:
    given = dict(arguments)
    items = given.pop("items", [world.assessment("south admin", supplier, [])])
    with pytest.raises(Refused, match=sentence):
        world.share("south admin", "assessment", items, **given)
    assert world["south admin"].store.rows("sharing").is_empty()


def test_drafts_are_not_shared(world: World, supplier: str) -> None:
    draft = world.assessment("south admin", supplier, [], status="draft")
    with pytest.raises(Refused, match="Only finished contributions"):
        world.share("south admin", "assessment", [draft])


def test_a_shared_assessment_does_not_become_a_draft_again(world: World, supplier: str) -> None:
    item = world.assessment("south admin", supplier, [])
    world.share("south admin", "assessment", [item])
    with pytest.raises(Invalid):
        world["south admin"].store.update("assessment", {"status": "draft"}, {"id": item})


def test_what_is_shared_is_not_deleted_before_it_is_revoked(world: World, supplier: str) -> None:
    item = world.assessment("south admin", supplier, [])
    sharing = world.share("south admin", "assessment", [item])
    south = world["south admin"].store
    with pytest.raises(NotAllowed):
        south.delete("assessment", {"id": item})
    south.call("revoke_sharing", {"sharing_id": sharing})
    south.delete("assessment", {"id": item})
    assert south.rows("assessment").is_empty()


def test_somebody_elses_contribution_is_not_shared_even_in_good_company(
    world: World, supplier: str
) -> None:
    mine = world.assessment("south admin", supplier, [])
    theirs = world.assessment("north admin", supplier, [])
    world.share("north admin", "assessment", [theirs])  # South sees it now
    with pytest.raises(Refused, match="Only finished contributions of your own"):
        world.share("south admin", "assessment", [mine, theirs])


@pytest.mark.parametrize("actor", ["east admin", "west admin"])
def test_only_a_member_shares_with_a_consortium(world: World, supplier: str, actor: str) -> None:
    item = world.assessment(actor, supplier, [])
    with pytest.raises(NotAllowed):
        world.share(actor, "assessment", [item])


def test_an_unknown_consortium_is_refused_like_a_hidden_one(world: World, supplier: str) -> None:
    item = world.assessment("east admin", supplier, [])
    said = []
    for consortium in (world.consortium_id, str(uuid.uuid4())):
        with pytest.raises(NotAllowed) as refusal:
            world.share("east admin", "assessment", [item], consortium_id=consortium)
        said.append(str(refusal.value))
    assert said[0] == said[1]


def test_a_viewer_shares_and_revokes_nothing(world: World, supplier: str) -> None:
    item = world.assessment("north admin", supplier, [])
    sharing = world.share("north admin", "assessment", [item])
    with pytest.raises(NotAllowed):
        world.share("north viewer", "assessment", [item])
    with pytest.raises(NotAllowed):
        world["north viewer"].store.call("revoke_sharing", {"sharing_id": sharing})


def test_nobody_revokes_for_another_organisation(world: World, supplier: str) -> None:
    item = world.assessment("south admin", supplier, [])
    sharing = world.share("south admin", "assessment", [item])
    with pytest.raises(Refused, match="already ended"):
        world["north admin"].store.call("revoke_sharing", {"sharing_id": sharing})
    assert seen(world, "north admin", "assessment") == {item}


def test_a_receipt_may_be_revoked_twice_and_keeps_its_first_end(
    world: World, supplier: str
) -> None:
    item = world.assessment("north admin", supplier, [])
    sharing = world.share("north admin", "assessment", [item])
    world["north admin"].store.call("revoke_sharing", {"sharing_id": sharing})
    first = receipt(world, "north admin", sharing)
    world["north editor"].store.call("revoke_sharing", {"sharing_id": sharing})
    assert receipt(world, "north admin", sharing) == first
    assert first["ended_because"] == "revoked"


def test_a_receipt_that_ended_otherwise_is_not_revoked(world: World, supplier: str) -> None:
    item = world.assessment("north admin", supplier, [])
    sharing = world.share("north admin", "assessment", [item])
    world.owner("update sharing set ended_at = now(), ended_because = 'end date'")
    with pytest.raises(Refused, match="already ended"):
        world["north admin"].store.call("revoke_sharing", {"sharing_id": sharing})


def test_what_is_already_shared_is_not_shared_twice(world: World, supplier: str) -> None:
    old = world.assessment("south admin", supplier, [])
    new = world.assessment("south admin", supplier, [])
    world.share("south admin", "assessment", [old])
    with pytest.raises(Refused, match="All of this is already shared"):
        world.share("south admin", "assessment", [old])
    sharing = world.share("south admin", "assessment", [old, new])
    assert receipt(world, "south admin", sharing)["item_count"] == 1


def test_a_repeated_submit_leaves_one_receipt(world: World, supplier: str) -> None:
    item = world.assessment("south admin", supplier, [])
    sharing = world.share("south admin", "assessment", [item])
    again = world["south admin"].store.call(
        "share",
        {
            "sharing_id": sharing, "relation": "assessment", "items": [item],
            "consortium_id": world.consortium_id, "level": "record",
            "legal_basis": "Consortium agreement", "ends_on": "2030-01-01", "title": "",
        },
    )  # fmt: skip
    assert again == {"sharing_id": sharing, "shared": 1}
    assert world["south admin"].store.rows("sharing").height == 1


def test_two_organisations_receipts_with_one_identifier_end_apart(
    world: World, supplier: str
) -> None:
    same = str(uuid.uuid4())
    for actor in ("north admin", "south admin"):
        item = world.assessment(actor, supplier, [])
        world[actor].store.call(
            "share",
            {
                "sharing_id": same, "relation": "assessment", "items": [item],
                "consortium_id": world.consortium_id, "level": "record",
                "legal_basis": "Consortium agreement", "ends_on": "2030-01-01", "title": "",
            },
        )  # fmt: skip
    world["south admin"].store.call("revoke_sharing", {"sharing_id": same})
    assert receipt(world, "south admin", same)["ended_because"] == "revoked"
    assert receipt(world, "north admin", same)["ended_at"] is None
    assert len(seen(world, "south admin", "assessment")) == 2


# Who is in a consortium ---------------------------------------------------------------------------


def test_the_only_coordinator_does_not_leave_others_alone(world: World) -> None:
    with pytest.raises(Refused, match="Make another member coordinator first"):
        world["north admin"].store.call("leave_consortium", {"consortium_id": world.consortium_id})


def test_two_coordinators_cannot_demote_each_other_at_once(world: World) -> None:
    world.owner("update membership set role = 'coordinator'")
    ids = dict(world.owner("select organisation_id::text, id::text from membership"))
    actors = [world["north admin"], world["south admin"]]

    def demote(me: int) -> str:
        try:
            actors[me].store.call(
                "set_membership_role",
                {"membership_id": ids[actors[1 - me].organisation_id], "role": "member"},
            )
        except NotAllowed:
            return "refused"
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(demote, (0, 1))) == ["done", "refused"]


def test_a_link_dies_with_its_makers_right_to_invite(world: World) -> None:
    world.owner("update membership set role = 'coordinator'")
    token = world["south admin"].store.call(
        "invite_organisation",
        {"consortium_id": world.consortium_id, "role": "member", "note": "", "days": 7},
    )
    world["south admin"].store.call("leave_consortium", {"consortium_id": world.consortium_id})
    with pytest.raises(Refused, match="not valid any more"):
        redeem(world, "east admin", token)


def redeem(world: World, actor: str, token: str) -> None:
    world[actor].store.call(
        "redeem_invitation",
        {
            "token": token, "person_name": "", "email": "", "organisation_name": "",
            "country": "", "kind": "",
        },
    )  # fmt: skip


def test_twenty_racers_for_one_link_give_one_winner(world: World) -> None:
    token = world["north admin"].store.call(
        "invite_organisation",
        {"consortium_id": world.consortium_id, "role": "member", "note": "", "days": 7},
    )
    racers = []
    for n in range(20):
        organisation = world.organisation(f"Racer {n}")
        world.person(f"racer {n}", organisation, "admin")
        racers.append(f"racer {n}")

    def race(actor: str) -> str:
        try:
            redeem(world, actor, token)
        except Refused as refusal:
            return str(refusal)
        return "in"

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(race, racers))
    assert answers.count("in") == 1
    assert len(set(answers)) == 2  # all others get the same sentence


def test_wrong_late_used_and_revoked_links_are_answered_alike(world: World) -> None:
    north = world["north admin"].store
    invitation = {
        "consortium_id": world.consortium_id, "role": "member", "note": "", "days": 7
    }  # fmt: skip
    late, used, revoked = (north.call("invite_organisation", invitation) for _ in range(3))
    for token, change in (
        (late, "expires_at = now()"), (used, "used_at = now()"), (revoked, "revoked_at = now()"),
    ):  # fmt: skip
        world.owner(
            f"update invitation set {change}"
            " where token_hash = sha256(convert_to(%s, 'UTF8'))", token,
        )  # fmt: skip
    said = set()
    for token in ("no such link", late, used, revoked):
        with pytest.raises(Refused) as refusal:
            redeem(world, "east admin", token)
        said.add(str(refusal.value))
        assert north.call("invitation_for", {"token": token}) is None
    assert len(said) == 1


def test_nobody_invites_into_a_consortium_they_do_not_coordinate(world: World) -> None:
    for actor in ("south admin", "west admin", "east admin", "north editor"):
        with pytest.raises(NotAllowed):
            world[actor].store.call(
                "invite_organisation",
                {"consortium_id": world.consortium_id, "role": "member", "note": "", "days": 7},
            )


def test_an_organisation_keeps_an_admin(world: World) -> None:
    north = world["north admin"]
    with pytest.raises(Refused, match="only admin"):
        north.store.delete("organisation_role", {"person_id": north.id})
    with pytest.raises(Refused, match="only admin"):
        north.store.update("organisation_role", {"role": "viewer"}, {"person_id": north.id})


def test_a_colleague_who_was_let_go_sees_nothing(world: World, supplier: str) -> None:
    world.assessment("north admin", supplier, [])
    editor = world["north editor"]
    world["north admin"].store.delete("organisation_role", {"person_id": editor.id})
    assert editor.store.rows("assessment").is_empty()
    assert editor.store.rows("supplier").is_empty()
    assert editor.store.call("whoami") == {}
