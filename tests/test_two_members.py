"""Two members in one process, by turns on every page: nothing private of one reaches the other.

Each organisation's private rows carry a word of its own, in every text field. Whatever a page sends
to the browser is searched for the other's word, as the bytes that go over the wire.
"""

import struct
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import ROOT, World

Open = Callable[..., AppTest]

PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py") if path.stem != "join")
MEMBERS = {"north admin": "CANARYNORTH", "south admin": "CANARYSOUTH", "east admin": "CANARYEAST"}
AMOUNTS = {"north admin": 7654321.25, "south admin": 8765432.25, "east admin": 6543218.25}


@pytest.fixture
def supplier(world: World) -> str:
    """A supplier about which each of the three has everything there is, all of it private."""
    supplier = world.supplier("Aurora Devices")
    for actor, word in MEMBERS.items():
        fill(world, actor, word, supplier)
    return supplier


def fill(world: World, actor: str, word: str, supplier: str) -> None:
    store = world[actor].store
    for status in ("final", "draft"):
        item = world.assessment(
            actor, supplier, ["A1"], status=status, company_name=f"{word} company",
            other_actions=f"{word} actions", evidence={"A1": {"note": f"{word} note"}},
        )  # fmt: skip
        store.insert(
            "assessment_contact",
            {
                "assessment_id": item, "contact": f"{word} contact",
                "internal_note": f"{word} internal",
            },
        )  # fmt: skip
    world.site_list(
        actor, supplier, [f"{word} works"], title=f"{word} list", source=f"{word} source",
        file_name=f"{word}.csv",
    )  # fmt: skip
    store.call(
        "import_spend",
        {
            "key": str(uuid.uuid4()),
            "file_name": f"{word}.csv",
            "rows": [
                {
                    "supplier_id": supplier, "year": 2025, "amount": AMOUNTS[actor],
                    "currency": "EUR", "category": f"{word} category",
                    "contract_reference": f"{word} reference", "contract_end": "2027-01-01",
                },
            ],
        },
    )  # fmt: skip
    store.insert(
        "risk",
        {
            "supplier_id": supplier, "country": "VN", "kind": "wages", "text": f"{word} risk",
            "source": f"{word} audit", "seen_on": "2026-01-01",
            "link": f"https://example.org/{word}",
        },
    )  # fmt: skip
    store.call("invite_colleague", {"role": "viewer", "note": f"{word} invitation", "days": 7})


def sent(app: AppTest) -> bytes:
    """Everything the page has on the screen, as it goes to the browser."""

    def parts(node: Any) -> Iterator[bytes]:
        proto = getattr(node, "proto", None)
        if proto is not None and hasattr(proto, "SerializeToString"):
            yield proto.SerializeToString()
        for child in getattr(node, "children", {}).values():
            yield from parts(child)

    return b"\0".join(parts(app._tree))


def betrays(app: AppTest, actor: str) -> list[str]:
    """What of the actor's private rows is on this screen."""
    screen = sent(app)
    amount = AMOUNTS[actor]
    marks = {
        MEMBERS[actor]: MEMBERS[actor].encode(),
        "address": actor.replace(" ", ".").encode() + b"@",
        "amount as text": f"{amount:.0f}".encode(),
        "amount with separators": f"{amount:,.0f}".encode(),
        "amount as a number": struct.pack("<d", amount),
    }
    return [name for name, mark in marks.items() if mark in screen]


def others(actor: str) -> list[str]:
    return [other for other in MEMBERS if other != actor]


def asked(name: str, supplier: str) -> dict[str, str]:
    return {"supplier": supplier} if name in ("supplier", "assess") else {}


@pytest.mark.parametrize("name", PAGES)
def test_members_who_take_turns_on_a_page_see_nothing_of_each_other(
    world: World, open_page: Open, supplier: str, name: str
) -> None:
    screens = {actor: open_page(actor, name, **asked(name, supplier)) for actor in MEMBERS}
    for _turn in range(2):
        for actor, screen in screens.items():
            screen.run()
            assert not screen.exception
            assert {other: betrays(screen, other) for other in others(actor)} == {
                other: [] for other in others(actor)
            }


def test_the_search_finds_what_is_there(world: World, open_page: Open, supplier: str) -> None:
    """Else the test above would prove nothing."""
    for name in ("sites", "risks", "supplier", "organisation"):
        page = open_page("north admin", name, **asked(name, supplier))
        assert "CANARYNORTH" in betrays(page, "north admin"), name


def test_a_member_who_is_removed_sees_nothing_more_of_what_was_shared(
    world: World, open_page: Open, supplier: str
) -> None:
    lists = world["north admin"].store.rows("site_list")
    (mine,) = lists.filter(organisation_id=world["north admin"].organisation_id)["id"]
    world.share("north admin", "site_list", [mine])
    screen = open_page("south admin", "sites")
    assert "CANARYNORTH" in betrays(screen, "north admin")
    world.owner(
        "update membership set left_at = now() where organisation_id = %s",
        world["south admin"].organisation_id,
    )
    screen.session_state["_quorum_session"].stale()
    screen.run()
    assert betrays(screen, "north admin") == []


@pytest.fixture
def jar(monkeypatch: pytest.MonkeyPatch, open_page: Open) -> dict[str, str]:
    """The cookies of the one browser of these tests."""
    cookies: dict[str, str] = {}
    monkeypatch.setattr("components.session.cookies", lambda: cookies)
    return cookies


@pytest.mark.parametrize("name", ["sites", "supplier", "leverage", "assessments", "overview"])
@pytest.mark.parametrize("signed_out", [True, False], ids=["after sign-out", "by another cookie"])
def test_whoever_signs_in_next_in_the_same_tab_sees_nothing_of_the_last(
    world: World, open_page: Open, jar: dict[str, str], supplier: str, name: str, signed_out: bool
) -> None:
    jar["quorum_session"] = world.token("north admin")
    screen = open_page(None, name, **asked(name, supplier))
    assert screen.sidebar.caption[0].value == "north admin · North"
    if signed_out:
        screen.button(key="sign_out").click().run()
        assert betrays(screen, "north admin") == []
    jar["quorum_session"] = world.token("south admin")
    screen.run()
    assert screen.sidebar.caption[0].value == "south admin · South"
    assert betrays(screen, "north admin") == []
