"""Answering the questionnaire: begin, store at every step, merge, finish, correct; who may."""

import json
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from quorum.answering import form_of, is_web_address, merged, row_of, storable
from quorum.definitions import current
from tests.conftest import World

pytestmark = pytest.mark.both_doors
Open = Callable[..., AppTest]
COMPLETE = ["raw_materials", "risks_fair", "policy_basic", "initiatives"]


def draft(world: World, answers: list[str] | None = None, **columns: object) -> str:
    """A draft of North's editor about Aurora Devices."""
    supplier = columns.pop("supplier_id", None) or world.supplier()
    return world.assessment("north editor", str(supplier), answers or [], status="draft", **columns)


def stored(world: World, assessment_id: str) -> dict[str, object]:
    found = world["north editor"].store.rows("assessment", filters={"id": assessment_id})
    return found.row(0, named=True)


def said(page: AppTest) -> str:
    """Everything that the page says in words."""
    parts = [*page.markdown, *page.caption, *page.error, *page.warning, *page.info, *page.title]
    return "\n".join(one.value.replace("\\", "").replace("\u2060", "") for one in parts)


def bar(page: AppTest) -> str:
    """The line with the points so far."""
    return next(one for one in said(page).splitlines() if one.startswith("Awareness **"))


def choose(page: AppTest, assessment_id: str, *codes: str) -> AppTest:
    for code in codes:
        page.checkbox(key=f"{assessment_id}:answer:{code}").check()
    return page.run()


# Beginning


def test_an_editor_begins_a_draft_and_its_contact_is_kept_apart(
    open_page: Open, world: World
) -> None:
    supplier = world.supplier()
    page = open_page("north editor", "assess", supplier=supplier)
    assert page.selectbox[0].value == supplier
    page.radio[0].set_value("reseller")
    page.text_input[0].set_value("Aurora Nordic")
    page.text_input[1].set_value("Kari, kari@aurora.example")
    page.button(key="FormSubmitter:begin-Begin").click().run()
    assert not page.exception
    row = world.owner(
        "select supplier_id::text, respondent_kind, company_name, status, contact"
        " from assessment join assessment_contact on assessment_id = id"
    )
    assert row == [(supplier, "reseller", "Aurora Nordic", "draft", "Kari, kari@aurora.example")]


def test_beginning_without_a_supplier_or_kind_says_what_is_missing(
    open_page: Open, world: World
) -> None:
    world.supplier()
    page = open_page("north editor", "assess")
    page.button(key="FormSubmitter:begin-Begin").click().run()
    assert "Choose the supplier, who answers, and the day. Nothing is stored yet." in said(page)
    assert world.owner("select 1 from assessment") == []


def test_a_form_that_is_sent_twice_begins_one_draft(open_page: Open, world: World) -> None:
    supplier = world.supplier()
    page = open_page("north editor", "assess", supplier=supplier)
    minted = "5e2b7d32-6a4c-4f4c-9f8e-1f6c1b6a7d10"
    for _press in range(2):
        page.session_state["assess-new"] = minted
        page.query_params.clear()
        page.query_params["supplier"] = supplier
        page.run()
        page.radio[0].set_value("other")
        page.button(key="FormSubmitter:begin-Begin").click().run()
    assert world.owner("select id::text from assessment") == [(minted,)]


def test_an_empty_register_sends_the_editor_to_add_a_supplier(
    open_page: Open, world: World
) -> None:
    assert "The register has no supplier yet" in said(open_page("north editor", "assess"))


# Every step is stored


def test_a_chosen_answer_is_stored_at_once_and_the_points_follow(
    open_page: Open, world: World
) -> None:
    one = draft(world)
    page = open_page("north editor", "assess", assessment=one)
    assert bar(page).startswith("Awareness **not answered**")
    choose(page, one, "raw_materials", "raw_material_suppliers")
    assert stored(world, one)["answers"] == ["raw_materials", "raw_material_suppliers"]
    assert bar(page).startswith(
        "Awareness **3 to 4 of 10, Low or Medium** · Policies **not answered** "
        "· Actions **not answered** · Overall **once all are answered** · Draft saved "
    )
    assert (
        "Awareness is 3 to 4 points, and so Low or Medium: the printed copy of the source has "
        "lost the points for “Raw-material suppliers”." in said(page)
    )


def test_points_follow_the_kind_of_respondent(open_page: Open, world: World) -> None:
    one = draft(world, ["key_component_makers"])
    page = open_page("north editor", "assess", assessment=one)
    assert "Awareness **1 of 10, Low**" in bar(page)
    page.radio(key=f"{one}:respondent_kind").set_value("reseller").run()
    assert "Awareness **2 of 10, Low**" in bar(page)
    assert stored(world, one)["respondent_kind"] == "reseller"


def test_notes_links_and_private_words_are_stored(open_page: Open, world: World) -> None:
    one = draft(world, ["initiatives"])
    page = open_page("north editor", "assess", assessment=one)
    page.text_area(key=f"{one}:note:initiatives").set_value("TCO Certified")
    page.text_input(key=f"{one}:link:initiatives").set_value("https://aurora.example/tco")
    page.text_area(key=f"{one}:other_actions").set_value("Buys less")
    page.text_area(key=f"{one}:internal_note").set_value("Ask again in May")
    page.run()
    row = stored(world, one)
    assert json.loads(str(row["evidence"])) == {
        "initiatives": {"note": "TCO Certified", "link": "https://aurora.example/tco"}
    }
    assert row["other_actions"] == "Buys less"
    assert world.owner("select internal_note from assessment_contact") == [("Ask again in May",)]


def test_nothing_is_written_when_nothing_changed(open_page: Open, world: World) -> None:
    one = draft(world, ["initiatives"])
    open_page("north editor", "assess", assessment=one).run().run()
    assert stored(world, one)["version"] == 1


def test_an_answer_that_excludes_others_is_refused_beside_them_and_nothing_is_lost(
    open_page: Open, world: World
) -> None:
    one = draft(world, ["policy_basic"])
    page = open_page("north editor", "assess", assessment=one)
    choose(page, one, "policy_none", "initiatives")
    assert (
        "“Nothing in writing” cannot stand beside “General commitment” under “Commitments in "
        "writing”: keep it alone, or take it away. Until then this stays as it was stored."
        in said(page)
    )
    assert page.checkbox(key=f"{one}:answer:policy_none").value
    assert stored(world, one)["answers"] == ["policy_basic", "initiatives"]
    page.checkbox(key=f"{one}:answer:policy_basic").uncheck().run()
    assert not page.error
    assert stored(world, one)["answers"] == ["policy_none", "initiatives"]


def test_a_link_that_is_none_is_refused_and_the_rest_is_stored(
    open_page: Open, world: World
) -> None:
    one = draft(world, ["policy_basic"])
    page = open_page("north editor", "assess", assessment=one)
    page.text_input(key=f"{one}:link:policy_basic").set_value("javascript:alert(1)")
    page.text_area(key=f"{one}:note:policy_basic").set_value("Code of conduct")
    page.run()
    assert "“javascript:alert(1)” is no web address that can be opened" in said(page)
    assert json.loads(str(stored(world, one)["evidence"])) == {
        "policy_basic": {"note": "Code of conduct", "link": ""}
    }
    assert page.text_input(key=f"{one}:link:policy_basic").value == "javascript:alert(1)"


@pytest.mark.parametrize(
    ("text", "opens"),
    [
        ("https://aurora.example", True),
        ("HTTP://aurora.example/a?b=c#d", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//aurora.example", False),
        ("https://", False),
        ("https://a b", False),
        ("https://bank.example@evil.example", False),
        ("https://aurora.example/" + "x" * 1000, False),
    ],
)
def test_only_web_addresses_become_links(text: str, opens: bool) -> None:
    assert is_web_address(text) is opens


def test_reconstructed_points_have_a_note_at_the_question(open_page: Open, world: World) -> None:
    page = open_page("north editor", "assess", assessment=draft(world))
    notes = [one for one in said(page).splitlines() if "Reconstructed by us" in one]
    assert len(notes) == 1
    assert "Raw-material suppliers 2 to 3 (likely)" in notes[0]


# Two colleagues


def test_what_a_colleague_changed_elsewhere_in_the_draft_is_merged(
    open_page: Open, world: World
) -> None:
    one = draft(world)
    page = open_page("north editor", "assess", assessment=one)
    world["north admin"].store.update("assessment", {"answers": ["policy_basic"]}, {"id": one})
    choose(page, one, "initiatives")
    assert not page.warning
    assert stored(world, one)["answers"] == ["policy_basic", "initiatives"]
    assert page.checkbox(key=f"{one}:answer:policy_basic").value


def clash(open_page: Open, world: World) -> tuple[AppTest, str]:
    """Editor and admin have both changed the company's name."""
    one = draft(world)
    page = open_page("north editor", "assess", assessment=one)
    world["north admin"].store.update("assessment", {"company_name": "Theirs"}, {"id": one})
    page.text_input(key=f"{one}:company_name").set_value("Mine").run()
    return page, one


def test_the_same_part_changed_twice_stands_side_by_side_and_nothing_is_overwritten(
    open_page: Open, world: World
) -> None:
    page, one = clash(open_page, world)
    assert "north admin saved this record while you were editing it." in said(page)
    versions = page.table[0].value.values.tolist()
    assert versions == [["Company that answered", "Mine", "Theirs"]]
    assert stored(world, one)["company_name"] == "Theirs"
    page.run()
    assert "saved this record" in said(page)


@pytest.mark.parametrize(("choice", "kept"), [("mine", "Mine"), ("theirs", "Theirs")])
def test_the_version_that_is_chosen_is_kept(
    open_page: Open, world: World, choice: str, kept: str
) -> None:
    page, one = clash(open_page, world)
    page.button(key=f"clash-{one}-{choice}").click().run()
    page.run()
    assert not page.exception
    assert not page.warning
    assert stored(world, one)["company_name"] == kept
    assert page.text_input(key=f"{one}:company_name").value == kept


def test_merging_keeps_both_changes_and_names_what_clashes() -> None:
    base = {"company_name": "", "contact": "", "block:policies": []}
    mine = base | {"company_name": "A", "contact": "Kari"}
    theirs = base | {"company_name": "B", "block:policies": ["policy_none"]}
    assert merged(base, mine, theirs) == (
        {"company_name": "A", "contact": "Kari", "block:policies": ["policy_none"]},
        ["company_name"],
    )


def test_the_same_change_made_twice_is_no_clash() -> None:
    base, both = {"company_name": ""}, {"company_name": "A "}
    assert merged(base, both, {"company_name": "A"})[1] == []


# Finishing


def test_an_assessment_with_an_open_question_cannot_be_finished(
    open_page: Open, world: World
) -> None:
    one = draft(world, COMPLETE[:3])
    page = open_page("north editor", "assess", assessment=one)
    assert "- “Steps taken” has no answer yet: choose one." in said(page)
    page.button(key=f"finish-{one}").click().run()
    assert "It cannot be finished yet" in said(page)
    assert stored(world, one)["status"] == "draft"


def test_a_complete_assessment_is_finished_and_can_be_shared(open_page: Open, world: World) -> None:
    one = draft(world, COMPLETE)
    page = open_page("north editor", "assess", assessment=one)
    assert "“Joint initiatives” names none yet." in said(page)
    page.button(key=f"finish-{one}").click().run()
    assert not page.exception
    assert stored(world, one)["status"] == "final"
    assert [(one.label, one.value) for one in page.metric] == [
        ("Awareness", "Medium"), ("Policies", "Low"), ("Actions", "Low"), ("Overall", "Low"),
    ]  # fmt: skip
    assert "The source gives 3 points for actions no band." in said(page)
    assert page.success[0].value == "Finished and stored\\."
    assert "Share with Nordic ICT buyers" in [button.label for button in page.button]


def test_finishing_forgets_the_evidence_of_answers_that_are_not_chosen(
    open_page: Open, world: World
) -> None:
    evidence = {code: {"note": "n", "link": ""} for code in ("policy_basic", "policy_detailed")}
    one = draft(world, COMPLETE, evidence=evidence)
    page = open_page("north editor", "assess", assessment=one)
    page.button(key=f"finish-{one}").click().run()
    assert list(json.loads(str(stored(world, one)["evidence"]))) == ["policy_basic"]


def test_a_draft_keeps_the_evidence_of_an_answer_that_was_taken_away() -> None:
    questions = current()
    row = {
        "supplier_id": "s", "respondent_kind": "other", "company_name": "", "assessed_on": None,
        "other_actions": "", "answers": [],
        "evidence": '{"policy_basic": {"note": "n", "link": ""}}',
    }  # fmt: skip
    form = form_of(questions, row, None)
    assert row_of(questions, form)["evidence"] == {"policy_basic": {"note": "n", "link": ""}}
    assert row_of(questions, form, finished=True)["evidence"] == {}


def test_a_missing_day_is_not_stored() -> None:
    questions = current()
    row = {
        "supplier_id": "s", "respondent_kind": "other", "company_name": "",
        "assessed_on": "2026-01-01", "other_actions": "", "answers": [], "evidence": "{}",
    }  # fmt: skip
    before = form_of(questions, row, None)
    kept, problems = storable(questions, before | {"assessed_on": None}, before)
    assert kept["assessed_on"] == "2026-01-01"
    assert list(problems) == ["assessed_on"]


def test_deleting_a_draft_asks_first(open_page: Open, world: World) -> None:
    one = draft(world)
    page = open_page("north editor", "assess", assessment=one)
    assert "Its answers, notes and contact are gone for good." in said(page)
    page.button(key=f"sure-{one}").click().run()
    assert not page.exception
    assert world.owner("select 1 from assessment") == []
    assert page.title[0].value == "Assessments"


# Correcting


def test_a_private_assessment_is_reopened_as_a_draft(open_page: Open, world: World) -> None:
    one = world.assessment("north editor", world.supplier(), COMPLETE)
    page = open_page("north editor", "assess", assessment=one)
    page.button(key=f"reopen-{one}").click().run()
    assert stored(world, one)["status"] == "draft"
    assert page.checkbox(key=f"{one}:answer:policy_basic").value


def test_a_shared_assessment_is_corrected_as_a_whole(open_page: Open, world: World) -> None:
    one = world.assessment("north editor", world.supplier(), COMPLETE)
    world.share("north editor", "assessment", [one])
    page = open_page("north editor", "assess", assessment=one)
    page.button(key=f"reopen-{one}").click().run()
    choose(page, one, "policy_detailed")
    assert stored(world, one)["answers"] == COMPLETE
    assert bar(page).endswith("Not saved yet")
    page.button(key=f"finish-{one}").click().run()
    assert not page.exception
    assert "policy_detailed" in stored(world, one)["answers"]
    assert stored(world, one)["status"] == "final"
    assert [one.value for one in page.metric][1] == "Medium"


def test_a_correction_can_be_left(open_page: Open, world: World) -> None:
    one = world.assessment("north editor", world.supplier(), COMPLETE)
    world.share("north editor", "assessment", [one])
    page = open_page("north editor", "assess", assessment=one)
    page.button(key=f"reopen-{one}").click().run()
    choose(page, one, "policy_detailed")
    page.button(key=f"leave-{one}").click().run()
    assert stored(world, one)["version"] == 1
    assert page.title[0].value == "Assessment"


# Who may


def test_a_viewer_cannot_begin(open_page: Open, world: World) -> None:
    world.supplier()
    page = open_page("north viewer", "assess")
    assert "An editor or admin of your organisation can add and change." in said(page)
    assert not page.selectbox


def test_a_viewer_reads_a_draft_of_colleagues_and_its_contact(
    open_page: Open, world: World
) -> None:
    one = draft(world, ["policy_basic"])
    world["north editor"].store.insert(
        "assessment_contact", {"assessment_id": one, "contact": "Kari"}
    )
    page = open_page("north viewer", "assess", assessment=one)
    assert "Contact (never shared): Kari" in said(page)
    assert not page.checkbox
    assert not [button for button in page.button if button.key != "sign_out"]


def test_a_fellow_member_reads_what_is_shared_but_never_the_contact(
    open_page: Open, world: World
) -> None:
    one = world.assessment(
        "north editor", world.supplier(), COMPLETE,
        evidence={"policy_basic": {"note": "*Code*", "link": "javascript:alert(1)"},
                  "initiatives": {"note": "", "link": "https://aurora.example/)x"}},
    )  # fmt: skip
    world["north editor"].store.insert(
        "assessment_contact", {"assessment_id": one, "contact": "Kari", "internal_note": "Hm"}
    )
    world.share("north editor", "assessment", [one])
    page = open_page("south admin", "assess", assessment=one)
    words = said(page)
    assert "assessed by North." in words
    assert "Kari" not in words
    assert "Hm" not in words
    assert "javascript" not in words
    assert "[evidence](<https://aurora.example/%29x>)" in words
    assert not [button for button in page.button if button.key != "sign_out"]


def test_what_a_member_stored_past_the_form_breaks_nobodys_page(
    open_page: Open, world: World
) -> None:
    supplier = world.supplier()
    odd = world.assessment(
        "north editor", supplier, [*COMPLETE, "no such answer"],
        evidence={"policy_basic": "text", "initiatives": {"note": 3, "link": ["x"]}},
    )  # fmt: skip
    unknown = world.assessment("north editor", supplier, [], questionnaire="of-2099")
    world.share("north editor", "assessment", [odd, unknown])
    for one in (odd, unknown):
        assert not open_page("south admin", "assess", assessment=one).exception
    listed = open_page("south admin", "assessments", supplier=supplier)
    assert not listed.exception
    assert listed.dataframe[-1].value["supplier"].tolist() == ["Aurora Devices"]


@pytest.mark.parametrize("actor", ["south admin", "west admin", "east admin"])
def test_what_is_not_shared_looks_like_what_is_not_there(
    open_page: Open, world: World, actor: str
) -> None:
    hidden = draft(world)
    absent = "5e2b7d32-6a4c-4f4c-9f8e-1f6c1b6a7d10"
    pages = [
        said(open_page(actor, "assess", assessment=one)) for one in (hidden, absent, "no-uuid")
    ]
    assert "This assessment is not there, or not shared with you." in pages[0]
    assert pages[0] == pages[1] == pages[2]
