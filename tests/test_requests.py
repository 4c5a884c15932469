"""How often a page asks a store that is reached over the network."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from streamlit.testing.v1 import AppTest

from quorum.store.supabase import SupabaseStore
from tests.conftest import ROOT, World
from tests.test_dialogue_store import plan
from tests.test_initiative_access import added
from tests.test_two_members import PAGES, asked, fill

Open = Callable[..., AppTest]
HIGH = ["end_to_end", "risks_good", "policy_due_diligence", "code_verification", "initiatives",
        "complaints_procedure"]  # fmt: skip
# Pages that show more when they are asked for one thing.
ONE = ["assess shared", "assess own", "assess draft", "initiative initiative", "explore data",
       "explore saved", "dialogue dialogue", "room dialogue"]  # fmt: skip
# What is said in an event at this moment is in no counter, so that is asked each time.
SAID = {"dialogue dialogue": ["dialogue_board"], "room dialogue": ["dialogue_room"]}


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The requests of whatever runs inside."""
    sent: list[str] = []
    once = SupabaseStore._once

    def noted(store: SupabaseStore, request: object) -> object:
        sent.append(str(request.path).rpartition("/")[2])
        return once(store, request)

    with monkeypatch.context() as patch:
        patch.setattr(SupabaseStore, "_once", noted)
        yield sent


@pytest.fixture
def which_door() -> str:
    return "supabase"


@pytest.fixture
def full(world: World) -> dict[str, str]:
    """A world in which every page has something to show to North, a member of two consortia; what
    a page can be asked for."""
    aurora = world.supplier("Aurora")
    fill(world, "north admin", "NORTH", aurora)
    shared = world.assessment("south admin", aurora, HIGH)
    world.share("south admin", "assessment", [shared])
    world.owner(
        "with made as (insert into consortium (name, purpose) values ('Baltic', '') returning id)"
        " insert into membership (consortium_id, organisation_id, role)"
        " select id, %s, 'coordinator' from made",
        world["north admin"].organisation_id,
    )
    world["north admin"].store.insert(
        "saved_chart",
        {
            "id": "00000000-0000-0000-0000-00000000c4a7", "name": "Ours", "pinned": True,
            "question": "data=spend&by=supplier&show=rows",
        },
    )  # fmt: skip
    own = dict(world["north admin"].store.rows("assessment", ["status", "id"], {
        "organisation_id": world["north admin"].organisation_id}).rows())  # fmt: skip
    return {
        "supplier": aurora, "shared": shared, "own": own["final"], "draft": own["draft"],
        "initiative": "rba", "data": "sites", "saved": "00000000-0000-0000-0000-00000000c4a7",
        "dialogue": plan(world, aurora),
    }  # fmt: skip


@pytest.mark.parametrize("page", [*PAGES, *ONE])
def test_a_cold_page_costs_three_requests_and_a_warm_one_one(
    world: World, full: dict[str, str], open_page: Open, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    # However slow the machine: one run looks once.
    monkeypatch.setattr("components.session._FRESH_SECONDS", 60)
    name, _, what = page.partition(" ")
    parameter = "assessment" if what in ("shared", "own", "draft") else what
    query = {parameter: full[what]} if what else asked(name, full["supplier"])
    open_page(None)  # whatever the process asks once: does the schema fit?
    app = AppTest.from_file(str(ROOT / "components" / "shell.py"), default_timeout=30)
    app.session_state["test_cookie"] = world.token("north admin")
    app.switch_page(f"../pages/{name}.py")
    for key, value in query.items():
        app.query_params[key] = value
    with counted(monkeypatch) as cold:
        app.run()
    assert not app.exception
    assert app.title, "nothing was shown"
    app.session_state["_quorum_session"].stale()
    with counted(monkeypatch) as warm:
        app.run()
    assert not app.exception
    assert cold[:2] == ["web_session", "look"]
    assert len(cold) <= 3, cold
    assert warm == ["look", *SAID.get(page, [])]


@pytest.mark.parametrize("name", ["initiatives", "certificates", "equivalence"])
def test_a_page_of_initiatives_fetches_what_it_is_made_of_in_one_request(
    world: World, open_page: Open, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    link = added(world, "south admin", "initiative_link")
    rating = added(world, "south admin", "initiative_rating")
    world.share("south admin", "initiative_link", [link])
    world.share("south admin", "initiative_rating", [rating])
    added(world, "north admin", "initiative")
    page = open_page("north admin")
    page.switch_page(f"../pages/{name}.py")
    with counted(monkeypatch) as cold:
        page.run()
    assert not page.exception
    assert cold.count("read_together") == 1
    assert set(cold) <= {"look", "read_together"}


# What was fetched ahead ---------------------------------------------------------------------------


def test_what_was_fetched_ahead_answers_as_the_database_would(
    world: World, full: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = world["north admin"].store
    lists = store.rows("site_list")["id"].to_list()
    questions = [
        ("supplier", None, {"id": full["supplier"]}, [], None),
        ("assessment", ["id", "status"], {"status": ["final", "draft", None]}, ["-id"], 2),
        ("assessment", None, {"assessed_on": "2026-06-01", "version": 1}, ["created_at"], None),
        ("supplier", ["id"], {"merged_into": None}, ["name"], 1),
        ("supplier", ["id"], {"merged_into": []}, [], None),
        ("production_site", ["name"], {"site_list_id": lists}, ["-name"], None),
        ("saved_chart", ["name"], {"pinned": True}, [], None),
        ("audit_event", None, {"relation": ["assessment", "spend"]}, ["-at"], 3),
        ("audit_event", None, {}, ["-at"], 200),
    ]
    asked = [store.rows(*question) for question in questions]
    store.ahead(list({relation for relation, *_rest in questions}))
    with counted(monkeypatch) as sent:
        held = [store.rows(*question) for question in questions]
    assert sent == []
    for question, one, other in zip(questions, asked, held, strict=True):
        assert one.equals(other), question


def test_what_changed_meanwhile_is_asked_for_again(world: World, full: dict[str, str]) -> None:
    north, south = world["north admin"].store, world["south admin"].store
    seen = north.call("look", {"session": None, "seen": None})["version"]
    north.ahead(["supplier"])
    south.update("supplier", {"name": "Borealis"}, {"id": full["supplier"]})
    assert north.rows("supplier")["name"].to_list() == ["Aurora"]
    assert north.call("look", {"session": None, "seen": seen})["version"] != seen
    assert north.rows("supplier")["name"].to_list() == ["Borealis"]
