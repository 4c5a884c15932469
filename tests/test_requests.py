"""How often a page asks a store that is reached over the network."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from streamlit.testing.v1 import AppTest

from quorum.store.supabase import SupabaseStore
from tests.conftest import ROOT, World
from tests.test_initiative_access import added

Open = Callable[..., AppTest]
HIGH = ["end_to_end", "risks_good", "policy_due_diligence", "code_verification", "initiatives",
        "complaints_procedure"]  # fmt: skip


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The requests of whatever runs inside."""
    sent: list[str] = []
    once = SupabaseStore._once

    def noted(store: SupabaseStore, request: object) -> object:
        sent.append(str(request.path).rpartition("/")[2])  # type: ignore[attr-defined]
        return once(store, request)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(SupabaseStore, "_once", noted)
        yield sent


@pytest.fixture
def which_door() -> str:
    return "supabase"


def test_a_cold_overview_costs_three_requests_and_a_warm_one_one(
    world: World, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    aurora = world.supplier("Aurora")
    item = world.assessment("south admin", aurora, HIGH)
    world.share("south admin", "assessment", [item])
    world.assessment("north admin", aurora, HIGH)
    world.spend("north admin", aurora, {2025: 100.0})
    world.site_list("north admin", aurora, ["Works"])
    open_page(None)  # whatever the process asks once: does the schema fit?
    page = AppTest.from_file(str(ROOT / "components" / "shell.py"), default_timeout=30)
    page.session_state["test_cookie"] = world.token("north admin")
    with counted(monkeypatch) as cold:
        page.run()
    assert page.metric[0].value == "1"
    page.session_state["_quorum_session"].stale()
    with counted(monkeypatch) as warm:
        page.run()
    assert not page.exception
    assert cold == ["web_session", "look", "read_together"]
    assert warm == ["look"]


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
