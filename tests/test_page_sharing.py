"""The sharing page, the form and the mark, as each role sees them."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.conftest import World

pytestmark = pytest.mark.both_doors

Open = Callable[..., AppTest]


def texts(page: AppTest) -> list[str]:
    """What stands on the page, without the marks that keep it from being read as Markdown."""
    parts = (*page.main.markdown, *page.main.caption, *page.main.error)
    return [part.value.replace("\\", "") for part in parts]


def buttons(page: AppTest) -> list[str]:
    return [b.label.replace("\\", "") for b in page.main.button]


def press(page: AppTest, label: str) -> AppTest:
    found = [b for b in page.main.button if b.label.replace("\\", "") == label]
    return found[0].click().run()


def receipts(page: AppTest) -> pl.DataFrame:
    return pl.from_pandas(page.dataframe[0].value)


def select_row(page: AppTest, monkeypatch: pytest.MonkeyPatch, number: int) -> AppTest:
    """AppTest cannot click into a table: the table answers as if a row had been clicked."""

    def clicked(frame: pl.DataFrame, *_a: Any, id_column: str | None = None, **_k: Any) -> Any:
        return None if id_column is None else frame[id_column][number]

    monkeypatch.setattr("components.tables.table", clicked)
    return page.run()


# The page -----------------------------------------------------------------------------------------


def test_who_shares_nothing_learns_what_will_stand_here(open_page: Open) -> None:
    page = open_page("north admin", "sharing")
    assert not page.exception
    assert "**You share nothing yet**" in texts(page)
    assert not page.dataframe


def test_receipts_stand_with_the_next_to_end_on_top(open_page: Open, world: World) -> None:
    one, two = world.supplier("Aurora"), world.supplier("Boreal")
    late = world.assessment("north admin", one, ["policy_basic"])
    soon = world.assessment("north admin", two, ["policy_basic"])
    world.share("north admin", "assessment", [late], title="late")
    ends = date.today() + timedelta(days=10)
    world.share("north admin", "assessment", [soon], title="soon", ends_on=ends)
    page = open_page("north admin", "sharing")
    assert not page.exception
    assert receipts(page)["title"].to_list() == ["soon", "late"]
    assert receipts(page)["until"].to_list() == [f"{ends}, in 10 days", "2030-01-01"]
    assert [(m.label, m.value) for m in page.metric] == [
        ("Receipts in force", "2"),
        ("Contributions shared", "2"),
        ("Ending within 30 days", "1"),
    ]


def test_ended_receipts_are_shown_with_the_reason(open_page: Open, world: World) -> None:
    item = world.assessment("north admin", world.supplier(), ["policy_basic"])
    receipt = world.share("north admin", "assessment", [item])
    world["north admin"].store.call("revoke_sharing", {"sharing_id": receipt})
    page = open_page("north admin", "sharing")
    page = page.radio(key="sharing_state").set_value("ended").run()
    assert receipts(page)["until"].to_list() == [f"Ended {date.today()}: revoked"]


def test_nobody_sees_the_receipts_of_another_organisation(open_page: Open, world: World) -> None:
    item = world.assessment("north admin", world.supplier(), ["policy_basic"])
    world.share("north admin", "assessment", [item])
    for actor in ("south admin", "west admin", "east admin"):
        page = open_page(actor, "sharing")
        assert "**You share nothing yet**" in texts(page)
        assert not page.dataframe


def test_a_viewer_reads_and_changes_nothing(
    open_page: Open, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = world.assessment("north admin", world.supplier(), ["policy_basic"])
    world.share("north admin", "assessment", [item])
    page = open_page("north viewer", "sharing")
    assert receipts(page).height == 1
    assert [s.value for s in page.subheader] == []
    page = select_row(page, monkeypatch, 0)
    assert "1 assessment shared with Nordic ICT buyers, level: record." in texts(page)
    assert "End this sharing" not in buttons(page)


def test_revoking_asks_once_and_then_ends_it(
    open_page: Open, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = world.assessment("north admin", world.supplier(), ["policy_basic"])
    world.share("north admin", "assessment", [item])
    page = select_row(open_page("north editor", "sharing"), monkeypatch, 0)
    page = press(page, "End this sharing")
    assert world["south admin"].store.rows("assessment").height == 1
    assert {"End it now", "Keep sharing"} <= set(buttons(page))
    page = press(page, "Keep sharing")
    page = press(press(page, "End this sharing"), "End it now")
    assert world["south admin"].store.rows("assessment").is_empty()


def test_ending_what_has_just_ended_by_itself_says_so(
    open_page: Open, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = world.assessment("north admin", world.supplier(), ["policy_basic"])
    receipt = world.share("north admin", "assessment", [item])
    page = select_row(open_page("north editor", "sharing"), monkeypatch, 0)
    page = press(page, "End this sharing")
    # The page still shows the receipt as it was a moment ago.
    page.session_state["_quorum_session"].checked = float("inf")
    world.owner(
        "update sharing set ended_at = now(), ended_because = 'end date' where id = %s", receipt
    )
    page = press(page, "End it now")
    assert "This receipt has already ended." in texts(page)


# Sharing more -------------------------------------------------------------------------------------


def choose(page: AppTest, kind: str, items: list[str]) -> AppTest:
    page.radio(key="share_more").set_value(kind)
    page.run()
    return page.multiselect(key=f"share_{kind}_items").set_value(items).run()


def test_an_assessment_is_shared_and_the_receipt_shown(open_page: Open, world: World) -> None:
    item = world.assessment("north editor", world.supplier("Aurora"), ["policy_basic"])
    page = choose(open_page("north editor", "sharing"), "assessment", [item])
    assert not page.exception
    page.selectbox(key="share_assessment-basis").select_index(0)
    page = press(page, "Share with Nordic ICT buyers")
    assert "**Receipt**" in texts(page)
    assert "1 assessment shared with Nordic ICT buyers, level: record." in texts(page)
    assert "Aurora, 2026-06-01, Not assessed" in texts(page)
    year = date.today() + timedelta(days=365)
    assert f"Shared on {date.today()}. Until {year}." in texts(page)
    assert world["south admin"].store.rows("assessment")["id"].to_list() == [item]
    assert world["east admin"].store.rows("assessment").is_empty()


def test_sharing_without_a_legal_basis_is_refused(open_page: Open, world: World) -> None:
    item = world.assessment("north editor", world.supplier(), ["policy_basic"])
    page = choose(open_page("north editor", "sharing"), "assessment", [item])
    page = press(page, "Share with Nordic ICT buyers")
    assert "Say why this may be shared: the legal basis is missing." in texts(page)
    assert world["south admin"].store.rows("assessment").is_empty()


def test_what_is_shared_already_is_not_offered_again(open_page: Open, world: World) -> None:
    supplier = world.supplier()
    shared = world.site_list("north admin", supplier, ["Mill"], title="Shared")
    world.share("north admin", "site_list", [shared])
    left = world.site_list("north admin", supplier, ["Mill"], title="Left")
    page = open_page("north admin", "sharing")
    page = page.radio(key="share_more").set_value("site_list").run()
    assert page.multiselect(key="share_site_list_items").options == [
        "Left (Aurora Devices), 1 site"
    ]
    page = page.multiselect(key="share_site_list_items").set_value([left]).run()
    assert "1 site list: Left (Aurora Devices), 1 site" in texts(page)


def test_spend_is_chosen_by_supplier_and_year_and_shared_as_bands(
    open_page: Open, world: World
) -> None:
    world.spend("north admin", world.supplier("Aurora"), {2024: 60_000, 2025: 20_000})
    world.spend("north admin", world.supplier("Boreal"), {2025: 5_000})
    page = open_page("north admin", "sharing")
    page = page.radio(key="share_more").set_value("spend").run()
    page.multiselect(key="share_spend_suppliers").set_value(["Aurora"])
    page = page.multiselect(key="share_spend_years").set_value([2024]).run()
    assert "1 spend line: Aurora, 2024" in texts(page)
    page.radio(key="share_spend-level").set_value("band")
    page.selectbox(key="share_spend-basis").select_index(1)
    page = press(page, "Share with Nordic ICT buyers")
    assert "1 spend line shared with Nordic ICT buyers, level: band only." in texts(page)
    bands = world["south admin"].store.call("spend_bands")
    assert bands.select("year", "low", "high").rows() == [(2024, 50_000.0, 250_000.0)]
    assert world["south admin"].store.rows("spend").is_empty()


def test_how_much_of_spend_is_shared_has_to_be_chosen(open_page: Open, world: World) -> None:
    world.spend("north admin", world.supplier("Aurora"), {2025: 20_000})
    page = open_page("north admin", "sharing")
    page = page.radio(key="share_more").set_value("spend").run()
    page = page.multiselect(key="share_spend_suppliers").set_value(["Aurora"]).run()
    page.selectbox(key="share_spend-basis").select_index(1)
    page = press(page, "Share with Nordic ICT buyers")
    assert "Choose what members may see." in texts(page)
    assert world["north admin"].store.rows("sharing").is_empty()


def test_aggregate_only_is_stored_and_shows_nothing_to_others(
    open_page: Open, world: World
) -> None:
    world.spend("north admin", world.supplier("Aurora"), {2025: 20_000})
    page = open_page("north admin", "sharing")
    page = page.radio(key="share_more").set_value("spend").run()
    page = page.multiselect(key="share_spend_suppliers").set_value(["Aurora"]).run()
    page.radio(key="share_spend-level").set_value("aggregate")
    page.selectbox(key="share_spend-basis").select_index(1)
    page = press(page, "Share with Nordic ICT buyers")
    assert "1 spend line shared with Nordic ICT buyers, level: aggregate only." in texts(page)
    assert world["south admin"].store.rows("spend").is_empty()
    assert world["south admin"].store.call("spend_bands").is_empty()


def test_who_is_in_no_consortium_learns_what_to_do(open_page: Open, world: World) -> None:
    item = world.assessment("east admin", world.supplier(), ["policy_basic"])
    page = choose(open_page("east admin", "sharing"), "assessment", [item])
    assert not page.exception
    assert "**Nobody to share with yet**" in texts(page)


# The mark -----------------------------------------------------------------------------------------


def marks() -> None:
    import streamlit as st

    from components import data, sharing
    from components.session import require_session

    session = require_session()
    for number, row in enumerate(data.assessments(session).iter_rows(named=True)):
        sharing.whose_mark(session, row, "assessment", f"mark-{number}")
    st.text(sharing.whose_words(session, data.assessments(session))["whose"].to_list())


@pytest.fixture
def open_marks(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], AppTest]:
    monkeypatch.setattr(
        "components.session.cookies",
        lambda: {"quorum_session": st.session_state.get("test_cookie", "")},
    )

    def opened(actor: str) -> AppTest:
        app = AppTest.from_function(marks, default_timeout=30)
        app.session_state["test_cookie"] = world.token(actor)
        return app.run()

    return opened


def test_the_mark_of_something_private_says_so(
    open_marks: Callable[[str], AppTest], world: World
) -> None:
    world.assessment("north admin", world.supplier(), ["policy_basic"])
    page = open_marks("north admin")
    assert texts(page) == ["Only your organisation sees this."]
    assert page.text[0].value == "['Private']"


def test_the_owners_mark_says_who_sees_it_why_and_until_when(
    open_marks: Callable[[str], AppTest], world: World
) -> None:
    supplier = world.supplier()
    items = [world.assessment("north admin", supplier, ["policy_basic"]) for _n in range(2)]
    world.share("north admin", "assessment", items)
    page = open_marks("north admin")
    assert (
        page.text[0].value == "['Shared with Nordic ICT buyers', 'Shared with Nordic ICT buyers']"
    )
    assert texts(page)[:3] == [
        "**Nordic ICT buyers**  \nAll members see the answers, evidence and scores, and that they "
        "are yours. Contact and internal note are never shared.",
        "Legal basis: Consortium agreement",
        "Until 2030-01-01.",
    ]
    together = "Its receipt covers 2 contributions: ending it ends the sharing of all of them."
    assert together in texts(page)
    assert "End this sharing" in buttons(page)


def test_a_fellow_members_mark_names_the_owner_and_cannot_end_anything(
    open_marks: Callable[[str], AppTest], world: World
) -> None:
    item = world.assessment("north admin", world.supplier(), ["policy_basic"])
    world.share("north admin", "assessment", [item])
    page = open_marks("south admin")
    assert texts(page) == ["North shares this with Nordic ICT buyers."]
    assert buttons(page) == []


def test_a_mark_never_names_a_consortium_that_the_reader_is_not_in(
    open_marks: Callable[[str], AppTest], world: World
) -> None:
    other = world["north admin"].store.call(
        "create_consortium",
        {"key": "00000000-0000-4000-8000-000000000001", "name": "Quiet circle", "purpose": ""},
    )
    item = world.assessment("north admin", world.supplier(), ["policy_basic"])
    world.share("north admin", "assessment", [item])
    world.share("north admin", "assessment", [item], consortium_id=other)
    assert "Quiet circle" in str(texts(open_marks("north admin")))
    assert "Quiet circle" not in str(texts(open_marks("south admin")))
    assert open_marks("south admin").text[0].value == "['Shared with Nordic ICT buyers']"
