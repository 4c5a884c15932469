"""Links that invite, memberships, and what ends with them."""

import hashlib
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from streamlit.testing.v1 import AppTest

from quorum.store import NotAllowed, Refused, Store
from quorum.store.accounts import Accounts
from tests.conftest import World

Open = Callable[..., AppTest]
NOT_VALID = "This link is not valid any more. Ask whoever sent it for a new one."


def colleague_link(world: World, role: str = "editor", days: int = 7) -> str:
    arguments = {"role": role, "note": "for Bo", "days": days}
    return str(world["north admin"].store.call("invite_colleague", arguments))


def organisation_link(world: World, actor: str = "north admin", role: str = "member") -> str:
    arguments = {"consortium_id": world.consortium_id, "role": role, "note": "", "days": 7}
    return str(world[actor].store.call("invite_organisation", arguments))


def newcomer(world: World) -> Store:
    """Somebody with an account and no organisation."""
    address = f"{uuid.uuid4()}@example.org"
    found = world.owner("insert into auth.users (email) values (%s) returning id::text", address)
    return world.engine.store({"sub": found[0][0], "role": "authenticated"})


def redeem(store: Store, token: str, organisation: str = "") -> None:
    store.call(
        "redeem_invitation",
        {
            "token": token, "person_name": "Bo", "email": "bo@example.org",
            "organisation_name": organisation, "country": "FI", "kind": "city",
        },
    )  # fmt: skip


def opened(world: World, token: str) -> str | None:
    """What somebody who is not signed in is told a link is for."""
    found = Accounts(world.engine).invitation_for(token)
    return None if found is None else found["organisation"]


# The link -----------------------------------------------------------------------------------------


def test_of_twenty_who_use_one_link_at_once_exactly_one_gets_in(world: World) -> None:
    token = colleague_link(world)
    racers = [newcomer(world) for _ in range(20)]

    def race(store: Store) -> str:
        try:
            redeem(store, token)
        except Refused as refusal:
            return str(refusal)
        return "in"

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(race, racers))
    assert sorted(outcomes) == [NOT_VALID] * 19 + ["in"]
    assert world.owner("select count(*) from organisation_role where role = 'editor'") == [(2,)]


@pytest.mark.parametrize("why", ["wrong", "empty", "used", "expired", "revoked"])
def test_a_link_that_does_not_work_never_says_why(world: World, why: str) -> None:
    token = colleague_link(world)
    if why == "wrong":
        token = "f" * 64
    elif why == "empty":
        token = ""
    elif why == "used":
        redeem(newcomer(world), token)
    elif why == "expired":
        world.owner("update invitation set expires_at = now()")
    else:
        invitation = world["north admin"].store.rows("invitation")["id"][0]
        world["north admin"].store.call("revoke_invitation", {"invitation_id": invitation})
    with pytest.raises(Refused) as refusal:
        redeem(newcomer(world), token)
    with pytest.raises(Refused) as no_account:
        Accounts(world.engine).create("bo@example.org", "lakes and light", token)
    assert (str(refusal.value), str(no_account.value)) == (NOT_VALID, NOT_VALID)
    assert opened(world, token) is None


def test_a_link_is_stored_as_a_hash_only(world: World) -> None:
    token = colleague_link(world)
    assert len(token) == 64
    stored = world.owner("select token_hash, row_to_json(i)::text from invitation i")[0]
    assert stored[0] == hashlib.sha256(token.encode()).digest()
    assert token not in stored[1]
    everything = world.owner("select string_agg(e::text, ' ') from audit_event e")[0][0]
    assert token not in everything


def test_nobody_reads_the_hash_and_only_admins_see_their_open_links(world: World) -> None:
    colleague_link(world)
    seen = {name: actor.store.rows("invitation").height for name, actor in world.actors.items()}
    assert {name for name, rows in seen.items() if rows} == {"north admin"}
    assert "token_hash" not in world["north admin"].store.rows("invitation").columns


def test_a_link_lasts_a_month_at_most(world: World) -> None:
    colleague_link(world, days=5000)
    assert world.owner("select expires_at <= now() + interval '30 days' from invitation") == [
        (True,)
    ]


@pytest.mark.parametrize("actor", ["north viewer", "north editor"])
def test_only_an_admin_invites_colleagues(world: World, actor: str) -> None:
    with pytest.raises(NotAllowed):
        world[actor].store.call("invite_colleague", {"role": "admin", "note": "", "days": 7})


@pytest.mark.parametrize("actor", ["south admin", "west admin", "east admin", "north editor"])
def test_only_a_coordinators_admin_invites_organisations(world: World, actor: str) -> None:
    with pytest.raises(NotAllowed):
        organisation_link(world, actor)


def test_a_colleague_gets_the_role_of_the_link(world: World) -> None:
    bo = newcomer(world)
    redeem(bo, colleague_link(world, "viewer"))
    assert bo.call("whoami")["role"] == "viewer"
    assert bo.call("whoami")["organisation"]["name"] == "North"


def test_an_invited_organisation_comes_with_its_first_admin(world: World) -> None:
    bo = newcomer(world)
    redeem(bo, organisation_link(world), "Harbour City")
    who = bo.call("whoami")
    assert (who["organisation"]["name"], who["role"]) == ("Harbour City", "admin")
    assert [c["name"] for c in who["consortia"]] == ["Nordic ICT buyers"]


def test_who_belongs_to_an_organisation_cannot_use_a_colleagues_link_and_does_not_spend_it(
    world: World,
) -> None:
    token = colleague_link(world)
    with pytest.raises(Refused, match="already belongs to an organisation"):
        redeem(world["east admin"].store, token)
    assert opened(world, token) == "North"


def test_a_member_cannot_join_twice_and_does_not_spend_the_link(world: World) -> None:
    token = organisation_link(world)
    with pytest.raises(Refused, match="already in this consortium"):
        redeem(world["south admin"].store, token)
    assert opened(world, token) == "North"


def test_a_viewer_cannot_take_their_organisation_into_a_consortium(world: World) -> None:
    token = organisation_link(world)
    viewer = world.person("east viewer", world["east admin"].organisation_id, "viewer")
    with pytest.raises(NotAllowed):
        redeem(viewer.store, token)
    assert opened(world, token) == "North"


def test_who_coordinates_no_more_leaves_no_open_link_behind(world: World) -> None:
    admin = world["north admin"].store
    south = admin.rows(
        "membership", filters={"organisation_id": world["south admin"].organisation_id}
    )["id"][0]
    admin.call("set_membership_role", {"membership_id": south, "role": "coordinator"})
    token = organisation_link(world, "south admin", "coordinator")
    admin.call("set_membership_role", {"membership_id": south, "role": "member"})
    assert opened(world, token) is None


# The page that a link opens -----------------------------------------------------------------------


def test_opening_a_link_uses_nothing_and_the_button_joins(open_page: Open, world: World) -> None:
    token = organisation_link(world)
    page = open_page("east admin", "join", token=token)
    assert not page.exception
    assert opened(world, token) == "North"
    assert [b.label for b in page.main.button] == ["Join Nordic ICT buyers with East"]
    page.main.button[0].click().run()
    assert opened(world, token) is None
    assert [c["name"] for c in world["east admin"].store.call("whoami")["consortia"]] == [
        "Nordic ICT buyers"
    ]


@pytest.mark.parametrize("actor", ["east admin", None])
def test_a_bad_link_looks_the_same_whether_wrong_or_used(
    open_page: Open, world: World, actor: str | None
) -> None:
    used = colleague_link(world)
    redeem(newcomer(world), used)
    seen = []
    for token in (used, "f" * 64):
        page = open_page(actor, "join", token=token)
        seen.append([t.value for t in (*page.title, *page.main.markdown)])
    assert seen[0] == seen[1]
    assert seen[0][0] == "This link is not valid any more"


def test_an_editor_is_told_who_can_accept(open_page: Open, world: World) -> None:
    world.person("east editor", world["east admin"].organisation_id, "editor")
    page = open_page("east editor", "join", token=organisation_link(world))
    assert not page.main.button
    assert "An admin of East can accept this\\. Send them the link\\." in [
        m.value for m in page.main.markdown
    ]


def test_a_colleagues_link_tells_a_member_of_another_organisation_to_use_another_address(
    open_page: Open, world: World
) -> None:
    page = open_page("east admin", "join", token=colleague_link(world))
    assert not page.main.button
    assert any(m.value.startswith("Your account belongs to East already") for m in page.markdown)


# Memberships --------------------------------------------------------------------------------------


def test_leaving_ends_all_that_was_shared_there(world: World) -> None:
    supplier = world.supplier()
    listed = world.site_list("south admin", supplier, ["Mill", "Yard"])
    world.share("south admin", "site_list", [listed])
    north, south = world["north admin"].store, world["south admin"].store
    assert north.rows("production_site").height == 2
    south.call("leave_consortium", {"consortium_id": world.consortium_id})
    assert north.rows("production_site").is_empty()
    assert south.rows("production_site").height == 2
    assert south.rows("sharing")["ended_because"].to_list() == ["left the consortium"]


def test_a_removed_member_sees_nothing_at_once(world: World) -> None:
    supplier = world.supplier()
    world.share("north admin", "site_list", [world.site_list("north admin", supplier, ["Mill"])])
    north, south = world["north admin"].store, world["south admin"].store
    assert south.rows("production_site").height == 1
    removed = {
        "consortium_id": world.consortium_id,
        "organisation_id": world["south admin"].organisation_id,
    }
    north.call("remove_member", removed)
    assert south.rows("production_site").is_empty()
    assert south.rows("consortium").is_empty()
    assert south.rows("organisation")["name"].to_list() == ["South"]


@pytest.mark.parametrize("actor", ["south admin", "north editor", "east admin"])
def test_only_a_coordinators_admin_removes_members(world: World, actor: str) -> None:
    removed = {
        "consortium_id": world.consortium_id,
        "organisation_id": world["south admin"].organisation_id,
    }
    with pytest.raises(NotAllowed):
        world[actor].store.call("remove_member", removed)


def test_the_only_coordinator_cannot_leave(world: World) -> None:
    with pytest.raises(Refused, match="only coordinator"):
        world["north admin"].store.call(
            "leave_consortium", {"consortium_id": world.consortium_id}
        )  # fmt: skip


def test_the_only_admin_stays_admin(world: World) -> None:
    north = world["north admin"]
    which = {"organisation_id": north.organisation_id, "person_id": north.id}
    with pytest.raises(Refused, match="only admin"):
        north.store.update("organisation_role", {"role": "viewer"}, which)
    with pytest.raises(Refused, match="only admin"):
        north.store.delete("organisation_role", which)


def test_who_was_let_go_sees_nothing_at_once(world: World) -> None:
    world.supplier()
    editor = world["north editor"]
    assert editor.store.rows("supplier").height == 1
    which = {"organisation_id": editor.organisation_id, "person_id": editor.id}
    world["north admin"].store.delete("organisation_role", which)
    assert editor.store.rows("supplier").is_empty()
    assert editor.store.rows("organisation").is_empty()


# What the trail tells of others -------------------------------------------------------------------


def trail(world: World, actor: str) -> list[str]:
    return world[actor].store.rows("audit_event")["relation"].to_list()


def test_who_removes_a_member_learns_nothing_of_what_it_kept_to_itself(world: World) -> None:
    lines = world.spend("south admin", world.supplier(), {2024: 5, 2025: 6})
    world.share("south admin", "spend", lines, level="aggregate")
    removed = {
        "consortium_id": world.consortium_id,
        "organisation_id": world["south admin"].organisation_id,
    }
    world["north admin"].store.call("remove_member", removed)
    assert "membership" in trail(world, "north admin")
    assert not {"sharing", "spend"} & set(trail(world, "north admin"))
    # Shared, and ended: both stand in the trail of the owner.
    assert trail(world, "south admin").count("sharing") == 2


def test_whoever_notices_first_that_a_receipt_is_due_learns_nothing_of_it(world: World) -> None:
    lines = world.spend("north admin", world.supplier(), {2024: 5, 2025: 6})
    world.share("north admin", "spend", lines, level="aggregate")
    world.owner("update sharing set ends_on = current_date - 1")
    world["east admin"].store.call("pulse")
    assert world["north admin"].store.rows("sharing")["ended_because"].to_list() == ["end date"]
    assert not {"sharing", "spend"} & set(trail(world, "east admin"))
