"""Access over HTTP with real tokens: what a stranger, a forger and each member reach.

The matrix is that of test_access.py. Here each attempt is a request of its own, sent past our door
as an attacker would, and the server rolls it back.
"""

import base64
import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest

from quorum.store import NotAllowed, SignedOut, Unavailable
from quorum.store.relations import RELATIONS
from tests.conftest import World, emptied, small_world
from tests.supabase_server import PUBLISHABLE_KEY, SupabaseServer
from tests.test_access import CELLS, EDITED, KEYS, Scene, new_row


@pytest.fixture(scope="module")
def scene(supabase: SupabaseServer) -> Iterator[Scene]:
    yield Scene(small_world(emptied(supabase)))
    supabase.hang_up()


@pytest.fixture(scope="module")
def http(supabase: SupabaseServer) -> Iterator[httpx.Client]:
    headers = {"apikey": PUBLISHABLE_KEY, "x-roll-back": "yes"}
    with httpx.Client(base_url=f"{supabase.url}/rest/v1", headers=headers) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


# The matrix ---------------------------------------------------------------------------------------


def header(server: SupabaseServer, scene: Scene, actor: str) -> dict[str, str]:
    if actor == "anon":
        return {}
    return bearer(server.token({**scene.claims[actor], "role": "authenticated"}))


def outcome(answer: httpx.Response) -> str:
    """Empty when it was carried out, else the matrix's sign for why not."""
    if answer.is_success:
        return ""
    error = answer.json()
    if error["code"] == "42501" and "row-level security" not in error["message"]:
        return "!"
    assert error["code"] in ("42501", "Q0001", "Q0002", "Q0004"), error
    return "-"


def reached(
    http: httpx.Client, who: dict[str, str], scene: Scene, relation: str, command: str, actor: str
) -> str:
    """A cell of the matrix."""
    letters = scene.letters[relation]
    key = KEYS.get(relation, "id")
    if command == "select":
        answer = http.get(f"/{relation}", params={"select": f"{key}::text"}, headers=who)
        found = [row[key] for row in answer.json()] if answer.is_success else []
        return outcome(answer) or "".join(sorted({letters.get(f, "?") for f in found})) or "."
    if command == "insert":
        return (
            outcome(http.post(f"/{relation}", json=new_row(scene, relation, actor), headers=who))
            or "+"
        )
    column = EDITED.get(relation, key)
    stored = scene.world.owner(f"select {key}::text, {column}::text from public.{relation}")
    counted = {**who, "Prefer": "return=minimal,count=exact"}
    done: dict[str, str] = {}
    for row, value in stored:
        match = {key: f"eq.{row}"}
        answer = (
            http.patch(f"/{relation}", params=match, json={column: value}, headers=counted)
            if command == "update"
            else http.delete(f"/{relation}", params=match, headers=counted)
        )
        touched = answer.headers.get("content-range", "").rpartition("/")[2]
        done[letters.get(row, "?")] = outcome(answer) or ("" if touched == "0" else "+")
    if "!" in done.values():
        return "!"
    return "".join(sorted({letter for letter, how in done.items() if how == "+"})) or "."


@pytest.mark.parametrize("line", CELLS)
def test_access_over_http_is_as_the_matrix_says(
    http: httpx.Client, supabase: SupabaseServer, scene: Scene, line: str
) -> None:
    relation, command = line.split()
    found = {
        actor: reached(http, header(supabase, scene, actor), scene, relation, command, actor)
        for actor in CELLS[line]
    }
    assert found == CELLS[line]


@pytest.mark.parametrize("line", [line for line in CELLS if line.endswith("select")])
def test_claims_that_name_another_organisation_change_nothing(
    http: httpx.Client, supabase: SupabaseServer, scene: Scene, line: str
) -> None:
    relation, command = line.split()
    north = scene.world["north admin"]
    claims = {
        "sub": scene.claims["east"]["sub"], "organisation_id": north.organisation_id,
        "consortia": [scene.world.consortium_id], "user_role": "admin", "person_id": north.id,
        "app_metadata": {"organisation_id": north.organisation_id, "role": "service_role"},
        "user_metadata": {"sub": north.id}, "user_id": north.id, "email": north.email,
    }  # fmt: skip
    who = bearer(supabase.token(claims))
    assert reached(http, who, scene, relation, command, "east") == CELLS[line]["east"]


@pytest.mark.parametrize("actor", ["admin", "rep", "newcomer"])
def test_what_is_said_and_who_said_it_is_reached_through_no_other_door(
    http: httpx.Client, supabase: SupabaseServer, scene: Scene, actor: str
) -> None:
    who = header(supabase, scene, actor)
    tries = [
        http.get(f"/dialogue_{name}", headers={**who, **profile})
        for name in ("room", "key", "question", "note", "ballot")
        for profile in ({}, {"Accept-Profile": "quorum"})
    ]
    tries.append(http.get("/dialogue_seat", params={"select": "person_id"}, headers=who))
    for function, given in (
        ("forget_voters", {"dialogue": scene.events["D"]}),
        ("my_pseudonym", {"dialogue": scene.events["D"]}),
        (
            "withdraw_links",
            {"dialogue": scene.events["D"], "organisation": None, "suppliers": None},
        ),
    ):
        for profile in ({}, {"Content-Profile": "quorum"}):
            tries.append(http.post(f"/rpc/{function}", json=given, headers={**who, **profile}))
    assert not [answer for answer in tries if answer.is_success]
    assert not [answer for answer in tries if "Who makes it?" in answer.text]


# Tokens that are none -----------------------------------------------------------------------------


def unsigned(claims: dict[str, Any]) -> str:
    """A token that says it needs no signature."""
    parts = [{"alg": "none", "typ": "JWT"}, claims]
    coded = (base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts)
    return ".".join([*coded, ""])


def forgeries(server: SupabaseServer, person: str) -> dict[str, str]:
    later = int(time.time()) + 3600
    good = {"sub": person, "role": "authenticated", "aud": "authenticated", "exp": later}
    boss = {**good, "role": "service_role"}
    head, body, _signature = server.token(good).split(".")
    other_body = jwt.encode(boss, "x" * 40, algorithm="HS256").split(".")[1]
    return {
        "expired": server.token({**good, "exp": later - 7200}),
        "another secret": server.token(good, secret="y" * 40),
        "a service role made by hand": server.token(boss, secret="y" * 40),
        "signed with the publishable key": server.token(boss, secret=PUBLISHABLE_KEY * 2),
        "no algorithm": unsigned(boss),
        "no algorithm, with a signature": unsigned(boss) + "c2lnbmF0dXJl",
        "no signature": f"{head}.{body}.",
        "a body exchanged": f"{head}.{other_body}.{_signature}",
        "rubbish": "rubbish",
    }


KINDS = list(forgeries(SupabaseServer(None), ""))


@pytest.mark.parametrize("kind", KINDS)
def test_a_forged_token_reads_writes_and_calls_nothing(
    http: httpx.Client, supabase: SupabaseServer, scene: Scene, kind: str
) -> None:
    north = scene.world["north admin"]
    who = bearer(forgeries(supabase, north.id)[kind])
    before = scene.world.owner("select count(*) from supplier")
    tries = [
        *(http.get(f"/{relation}", headers=who) for relation in RELATIONS),
        http.post("/supplier", json={"name": "Forged", "kind": "brand"}, headers=who),
        http.patch(f"/organisation?id=eq.{north.organisation_id}", json={"name": "F"}, headers=who),
        http.delete("/spend_import?id=not.is.null", headers=who),
        http.post("/rpc/whoami", json={}, headers=who),
    ]
    assert {answer.status_code for answer in tries} == {401}
    assert not any(north.organisation_id in answer.text for answer in tries)
    assert scene.world.owner("select count(*) from supplier") == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_that_is_refused_and_not_replaced_ends_the_sign_in(
    supabase: SupabaseServer, scene: Scene, kind: str
) -> None:
    token = forgeries(supabase, scene.world["north admin"].id)[kind]
    store = supabase.opened_with(lambda _refused: token)
    # What is not even shaped like a token, this server takes for none at all.
    ended = NotAllowed if kind in ("no algorithm", "no signature", "rubbish") else SignedOut
    with pytest.raises(ended, match=r"^(Your sign-in has ended|You may not do this)\."):
        store.rows("organisation")
    with pytest.raises(ended):
        store.call("create_consortium", {"key": str(uuid.uuid4()), "name": "X", "purpose": ""})


def test_an_expired_token_is_replaced_once_and_nobody_notices(
    supabase: SupabaseServer, scene: Scene
) -> None:
    north = scene.world["north admin"]
    old = supabase.token({"sub": north.id, "exp": int(time.time()) - 60})
    held = [old]
    asked: list[str] = []

    def access_token(refused: str) -> str:
        if refused:
            asked.append(refused)
            held[0] = supabase.token({"sub": north.id})
        return held[0]

    store = supabase.opened_with(access_token)
    assert store.call("whoami")["person"]["id"] == north.id
    assert store.rows("organisation", filters={"id": north.organisation_id}).height == 1
    assert asked == [old]
    assert store.requests == 3


def test_without_a_token_there_is_nothing(supabase: SupabaseServer, scene: Scene) -> None:
    store = supabase.opened_with(lambda _refused: "")
    for relation in RELATIONS:
        with pytest.raises(NotAllowed, match=r"^You may not do this\.$"):
            store.rows(relation)
    assert store.call("invitation_for", {"token": "a guess"}) is None


def test_a_token_for_nobody_sees_nothing(supabase: SupabaseServer, scene: Scene) -> None:
    store = supabase.store({"sub": str(uuid.uuid4())})
    assert {relation: store.rows(relation).height for relation in RELATIONS} == dict.fromkeys(
        RELATIONS, 0
    )


def test_a_wrong_key_is_told_apart_from_a_wrong_token(
    supabase: SupabaseServer, scene: Scene
) -> None:
    token = supabase.token({"sub": scene.world["north admin"].id})
    store = supabase.opened_with(lambda _refused: token, key="sb_publishable_wrong")
    with pytest.raises(Unavailable, match="refuses the key of this installation"):
        store.rows("organisation")


def test_a_real_sign_in_opens_the_store(supabase: SupabaseServer, scene: Scene) -> None:
    email = f"{uuid.uuid4().hex}@example.org"
    auth = f"{supabase.url}/auth/v1"
    key = {"apikey": PUBLISHABLE_KEY}
    given = {"email": email, "password": "a few plain words"}
    made = httpx.post(f"{auth}/signup", json=given, headers=key).json()
    world: World = scene.world
    world.owner(
        "insert into person (id, name, email) values (%s, 'New', %s)", made["user"]["id"], email
    )
    world.owner(
        "insert into organisation_role values (%s, %s, 'viewer')",
        world["east admin"].organisation_id, made["user"]["id"],
    )  # fmt: skip
    signed_in = httpx.post(f"{auth}/token?grant_type=password", json=given, headers=key).json()
    store = supabase.opened_with(lambda _refused: signed_in["access_token"])
    assert store.call("whoami")["organisation"]["name"] == "East"
    assert store.call("pulse")["signed_in"] is True
    httpx.post(f"{auth}/logout?scope=global", headers={**key, **bearer(signed_in["access_token"])})
    world.owner("delete from organisation_role where person_id = %s", made["user"]["id"])
    world.owner("delete from person where id = %s", made["user"]["id"])
