"""Sites of many lists as one picture, on rows that can be read at a glance."""

from datetime import date

import polars as pl

from quorum.site_lists import Figures, earlier_imports, figures, matching, namings, picture
from quorum.sites import identify
from quorum.store.relations import RELATIONS

SCHEMA = RELATIONS["production_site"] | {
    "supplier": pl.String(), "organisation": pl.String(), "mine": pl.Boolean(),
    "shared_with": pl.List(pl.String()),
}  # fmt: skip
LISTS = pl.DataFrame(
    {
        "id": ["old", "new"], "supplier_id": ["aurora", "borealis"], "title": ["Sites", "Plants"],
        "as_of": [date(2024, 1, 1), date(2025, 1, 1)],
    }
)  # fmt: skip


def row(
    key: str, owner: str, site_list: str, supplier: str, **columns: object
) -> dict[str, object]:
    return {
        "id": f"{key}-{owner}", "organisation_id": owner, "organisation": owner.title(),
        "mine": owner == "north", "site_list_id": site_list, "supplier_id": supplier,
        "supplier": supplier.title(), "name": key.title(), "address": "Main Road 1",
        "country": "CN", "place_key": key, "shared_with": [], **columns,
    }  # fmt: skip


def rows(*given: dict[str, object]) -> pl.DataFrame:
    return identify(pl.DataFrame(list(given), schema=SCHEMA))


SITES = rows(
    row("ash", "north", "old", "aurora", sector="Boards"),
    row("ash", "south", "new", "borealis", shared_with=["nordic"], name="ASH"),
    row("cedar", "south", "new", "borealis", shared_with=["nordic"], name="Çedar", country="TR"),
)


def test_a_site_is_shown_whole_when_one_of_its_rows_fits() -> None:
    found = matching(namings(SITES), supplier_id="aurora")
    assert sorted(found["organisation_id"]) == ["north", "south"]
    assert figures(found) == Figures(sites=1, countries=1, suppliers=2, lists=2)


def test_one_row_must_fit_all_that_is_asked() -> None:
    assert matching(namings(SITES), supplier_id="aurora", organisation="south").is_empty()


def test_ours_and_theirs() -> None:
    assert matching(namings(SITES), organisation="ours")["site_id"].unique().to_list() == ["ash"]
    assert sorted(matching(namings(SITES), organisation="theirs")["site_id"].unique()) == [
        "ash", "cedar",
    ]  # fmt: skip


def test_words_are_found_whatever_their_accents_and_order() -> None:
    assert matching(namings(SITES), words="road CEDAR")["site_id"].to_list() == ["cedar"]
    assert matching(namings(SITES), words="road oak").is_empty()


def test_the_picture_takes_each_text_from_the_newest_list_that_has_it() -> None:
    found = picture(SITES, LISTS)
    assert found.select("site_id", "name", "sector", "newest", "organisation_names", "mine").rows(
    ) == [
        ("ash", "ASH", "Boards", date(2025, 1, 1), ["North", "South"], True),
        ("cedar", "Çedar", None, date(2025, 1, 1), ["South"], False),
    ]  # fmt: skip


def test_the_mark_is_that_of_ones_own_rows_where_there_are_any() -> None:
    assert picture(SITES, LISTS).select("site_id", "shared_with").rows() == [
        ("ash", []), ("cedar", ["nordic"]),
    ]  # fmt: skip


def test_a_list_of_the_same_places_is_an_earlier_import() -> None:
    accepted = pl.DataFrame({"place_key": ["cedar", "ash"]})
    found = earlier_imports(accepted, SITES, LISTS, supplier_id=None, title="", as_of=None)
    assert found.select("id", "same_content").rows() == [("new", True)]


def test_a_list_of_the_same_supplier_title_and_day_is_an_earlier_import() -> None:
    accepted = pl.DataFrame({"place_key": ["oak"]})
    found = earlier_imports(
        accepted, SITES, LISTS, supplier_id="aurora", title=" sites", as_of=date(2024, 1, 1)
    )
    assert found.select("id", "same_content").rows() == [("old", False)]


def test_another_list_is_no_earlier_import() -> None:
    accepted = pl.DataFrame({"place_key": ["ash", "oak"]})
    found = earlier_imports(
        accepted, SITES, LISTS, supplier_id="aurora", title="Sites", as_of=date(2025, 1, 1)
    )
    assert found.is_empty()
