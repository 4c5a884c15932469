"""Importing many assessments: the preview, which supplier is meant, all or nothing, who may."""

from collections.abc import Callable

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from components.importing import to_correct
from quorum.importers.assessment_sheet import template
from tests.conftest import World
from tests.test_import_assessments import MINIMUM, filled_in

Open = Callable[..., AppTest]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KEY = "import-assessments"


def row(supplier: str, **fields: str) -> dict[str, str]:
    return {
        "Supplier": supplier, "Kind of respondent": "Reseller", "Date": "2025-04-01",
        **MINIMUM, **fields,
    }  # fmt: skip


def upload(page: AppTest, content: bytes, name: str = "assessments.xlsx") -> AppTest:
    page.file_uploader[0].set_value((name, content, XLSX))
    return page.run()


def said(page: AppTest) -> str:
    parts = [*page.markdown, *page.caption, *page.error, *page.warning, *page.info, *page.success]
    return "\n".join(one.value.replace("\\", "").replace("\u2060", "") for one in parts)


def count(world: World) -> int:
    return int(world.owner("select count(*) from assessment")[0][0])


def test_a_filled_in_sheet_is_previewed_then_stored_as_a_whole(
    open_page: Open, world: World
) -> None:
    world.supplier("Aurora")
    world.supplier("Birch")
    page = open_page("north editor", "import_assessments")
    upload(page, filled_in([row("Aurora", Contact="Kari"), row("Birch")]))
    assert not page.exception
    assert "2 rows can be imported, 2 values were mended, 0 rows are rejected" in said(page)
    assert "Nothing is stored yet." in said(page)
    assert count(world) == 0
    page.button(key=f"{KEY}-commit").click().run()
    assert not page.exception
    assert "2 assessments are stored. Only your organisation sees them" in said(page)
    assert world.owner(
        "select s.name, status, answers, assessed_on::text, contact from assessment a"
        " join supplier s on s.id = supplier_id"
        " left join assessment_contact on assessment_id = a.id order by 1"
    ) == [
        ("Aurora", "final", ["tier1_only", "risks_unfamiliar", "policy_none", "actions_none"],
         "2025-04-01", "Kari"),
        ("Birch", "final", ["tier1_only", "risks_unfamiliar", "policy_none", "actions_none"],
         "2025-04-01", None),
    ]  # fmt: skip
    assert "Share with Nordic ICT buyers" in [button.label for button in page.button]


def test_the_same_submit_stores_once(open_page: Open, world: World) -> None:
    supplier = world.supplier()
    key = "5e2b7d32-6a4c-4f4c-9f8e-1f6c1b6a7d10"
    rows = [
        {"supplier_id": supplier, "questionnaire": "ict-human-rights-2025",
         "respondent_kind": "other", "assessed_on": "2025-01-01", "answers": ["policy_none"]},
    ]  # fmt: skip
    store = world["north editor"].store
    first = store.call("import_assessments", {"key": key, "rows": rows})
    again = store.call("import_assessments", {"key": key, "rows": rows})
    assert first == again
    assert (first["imported"], len(first["items"])) == (1, 1)
    assert count(world) == 1


def test_rejected_rows_are_named_and_the_others_can_be_imported(
    open_page: Open, world: World
) -> None:
    world.supplier("Aurora")
    page = open_page("north editor", "import_assessments")
    upload(page, filled_in([row("Aurora"), row("Aurora", **{"General commitment": "x"})]))
    assert "1 row can be imported" in said(page)
    rejected = page.dataframe[2].value
    assert rejected["row"].tolist() == [4]
    assert rejected["reason"][0].startswith("“Nothing in writing” cannot stand beside")
    page.button(key=f"{KEY}-commit").click().run()
    assert count(world) == 1


def test_a_supplier_that_the_register_lacks_must_be_chosen_first(
    open_page: Open, world: World
) -> None:
    aurora = world.supplier("Aurora Devices")
    page = open_page("north editor", "import_assessments")
    upload(page, filled_in([row("Aurora Device")]))
    assert page.button(key=f"{KEY}-commit").disabled
    box = page.selectbox(key=f"{KEY}-supplier-Aurora Device")
    assert box.value is None  # a suggestion is never taken without the person
    assert box.placeholder == "Perhaps Aurora Devices"
    assert box.options[0] == "Aurora Devices"
    box.set_value(aurora).run()
    page.button(key=f"{KEY}-commit").click().run()
    assert world.owner("select supplier_id::text from assessment") == [(aurora,)]


def test_rows_of_an_unknown_supplier_can_be_left_out(open_page: Open, world: World) -> None:
    world.supplier("Aurora")
    page = open_page("north editor", "import_assessments")
    upload(page, filled_in([row("Aurora"), row("Zzz")]))
    page.selectbox(key=f"{KEY}-supplier-Zzz").set_value("leave out").run()
    assert page.button(key=f"{KEY}-commit").label == "Import 1 assessment"
    page.button(key=f"{KEY}-commit").click().run()
    assert count(world) == 1


def test_a_supplier_added_meanwhile_is_found(open_page: Open, world: World) -> None:
    page = open_page("north editor", "import_assessments")
    upload(page, filled_in([row("Aurora")]))
    assert page.button(key=f"{KEY}-commit").disabled
    world["north admin"].store.insert(
        "supplier", {"id": "5e2b7d32-6a4c-4f4c-9f8e-1f6c1b6a7d10", "name": "Aurora",
                     "kind": "brand", "country": "SE"},
    )  # fmt: skip
    page.session_state["_quorum_session"].stale()
    page.run()
    assert not page.button(key=f"{KEY}-commit").disabled


def test_a_second_assessment_of_the_same_day_is_pointed_out(open_page: Open, world: World) -> None:
    world.assessment(
        "north editor", world.supplier("Aurora"), ["policy_none"], assessed_on="2025-04-01"
    )
    page = open_page("north editor", "import_assessments")
    upload(page, filled_in([row("Aurora")]))
    assert "Your organisation has already assessed Aurora on the same day." in said(page)
    assert not page.button(key=f"{KEY}-commit").disabled


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.xlsx", b"%PDF-1.7 not a workbook", "a PDF document"),
        ("a.csv", b"", "is empty"),
        ("a.xlsx", b"PK\x03\x04 broken", "a.xlsx"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_stores_nothing(
    open_page: Open, world: World, name: str, content: bytes, sentence: str
) -> None:
    page = open_page("north editor", "import_assessments")
    upload(page, content, name)
    assert not page.exception
    assert sentence in page.error[0].value.replace("\\", "").replace("\u2060", "")
    assert count(world) == 0


def test_an_empty_template_has_nothing_to_import(open_page: Open) -> None:
    page = open_page("north editor", "import_assessments")
    upload(page, template())
    assert "0 rows can be imported" in said(page)
    assert f"{KEY}-commit" not in [button.key for button in page.button]


def test_a_text_of_the_file_is_never_read_as_markdown(open_page: Open, world: World) -> None:
    world.supplier("Aurora")
    page = open_page("north editor", "import_assessments")
    upload(page, filled_in([row("**[x](http://evil)**")]))
    raw = "\n".join(one.value for one in page.markdown)
    assert "**[x]" not in raw


def test_a_viewer_is_told_who_can_import(open_page: Open) -> None:
    page = open_page("north viewer", "import_assessments")
    assert "An editor or admin of your organisation can add and change." in said(page)
    assert not page.file_uploader


def test_the_next_file_starts_anew(open_page: Open, world: World) -> None:
    world.supplier("Aurora")
    page = open_page("north editor", "import_assessments")
    upload(page, filled_in([row("Aurora")]))
    page.button(key=f"{KEY}-commit").click().run()
    page.button(key=f"{KEY}-again").click().run()
    assert page.file_uploader[0].value is None


def test_rejected_rows_come_back_with_all_reasons() -> None:
    rows = pl.DataFrame({"Supplier": ["A", "B"], "__row__": [2, 3]})
    faults = pl.DataFrame(
        {
            "row": [3, 3, None], "column": ["Supplier", None, None], "value": ["B", None, None],
            "reason": ["It is odd.", "It repeats.", "No columns."],
            "remedy": ["Correct it.", "Leave it out.", "Use the template."],
        }
    )  # fmt: skip
    assert to_correct(rows, faults).rows() == [
        ("Supplier: It is odd. Correct it. | Row: It repeats. Leave it out.", "B")
    ]
