"""Which rows are one production site, and what changed between two lists."""

from datetime import date

import polars as pl

from quorum.sites import changes, distinct_sites, identify, place_key


def places(*rows: tuple[str, str, str]) -> list[str]:
    frame = pl.DataFrame(rows, schema=["country", "name", "address"], orient="row")
    return place_key(frame).to_list()


def rows_of(*rows: tuple[str, str | None, str]) -> pl.DataFrame:
    """Rows as (row, OS ID, place key)."""
    return pl.DataFrame(rows, schema=["row", "os_id", "place_key"], orient="row")


def site_ids(frame: pl.DataFrame) -> dict[str, str]:
    return dict(identify(frame).select("row", "site_id").iter_rows())


def test_case_accents_punctuation_and_blanks_make_no_other_place() -> None:
    keys = places(
        ("SE", "Åbo Möbel, Ltd.", "Østergatan 1-3"),
        ("SE", "ABO MOBEL LTD", "ostergatan  1 3"),
    )
    assert keys[0] == keys[1]
    assert len(keys[0]) == 32


def test_legal_form_country_and_the_border_between_name_and_address_matter() -> None:
    keys = places(
        ("SE", "Abo", "1 Road"),
        ("SE", "Abo Ltd", "1 Road"),
        ("NO", "Abo", "1 Road"),
        ("SE", "Abo 1", "Road"),
    )
    assert len(set(keys)) == 4


def test_other_scripts_have_places_of_their_own() -> None:
    assert len(set(places(("CN", "东莞厂", "路一号"), ("CN", "深圳厂", "路一号")))) == 2


def test_a_place_key_is_the_same_for_ever() -> None:
    assert places(("NL", "Good Works", "1 Canal Street")) == ["04af116b020af44798a4235b654b19b0"]


def test_rows_with_one_os_id_or_one_place_are_one_site() -> None:
    frame = rows_of(("a", "OS1", "p1"), ("b", "OS1", "p2"), ("c", None, "p2"), ("d", None, "p3"))
    assert site_ids(frame) == {"a": "OS1", "b": "OS1", "c": "OS1", "d": "p3"}


def test_sameness_carries_on_from_row_to_row_whatever_their_order() -> None:
    frame = rows_of(
        ("a", "OS3", "p1"), ("b", "OS2", "p1"), ("c", "OS2", "p2"), ("d", "OS1", "p2"),
        ("e", "OS9", "p9"), ("f", None, "p1"),
    )  # fmt: skip
    expected = {"a": "OS1", "b": "OS1", "c": "OS1", "d": "OS1", "e": "OS9", "f": "OS1"}
    assert site_ids(frame) == expected
    assert site_ids(frame.reverse()) == expected
    assert identify(frame)["row"].to_list() == list("abcdef")


SITES = pl.DataFrame(
    [
        ("o1", "l1", "s1", "Works", "1 Road", "NL", None, None, None, None, "p1"),
        ("o2", "l2", "s2", "WORKS", "1 Road", "NL", 52.0, 5.0, "OS1", "Cables", "p1"),
        ("o2", "l2", "s2", "Works B", "1b Road", "NL", None, None, "OS1", None, "p2"),
        ("o1", "l1", None, "Plant", "2 Road", "BE", None, None, None, None, "p3"),
    ],
    schema={
        "organisation_id": pl.String, "site_list_id": pl.String, "supplier_id": pl.String,
        "name": pl.String, "address": pl.String, "country": pl.String, "latitude": pl.Float64,
        "longitude": pl.Float64, "os_id": pl.String, "sector": pl.String, "place_key": pl.String,
    },
    orient="row",
)  # fmt: skip
LISTS = pl.DataFrame({"id": ["l1", "l2"], "as_of": [date(2025, 5, 1), date(2024, 5, 1)]})


def test_each_site_is_told_once_by_its_newest_list_with_how_many_know_it() -> None:
    sites = distinct_sites(SITES, LISTS)
    assert sites.select("site_id", "name", "country", "latitude", "sector").rows() == [
        ("p3", "Plant", "BE", None, None),
        ("OS1", "Works", "NL", 52.0, "Cables"),
    ]
    assert sites.select("organisations", "suppliers", "lists", "rows", "newest").rows() == [
        (1, 0, 1, 1, date(2025, 5, 1)),
        (2, 2, 2, 3, date(2025, 5, 1)),
    ]


def test_no_sites_are_no_sites() -> None:
    assert distinct_sites(SITES.clear(), LISTS).height == 0
    assert identify(SITES.clear()).height == 0
    assert changes(SITES.clear(), SITES.clear()).height == 0


def test_between_two_lists_sites_are_added_dropped_or_kept() -> None:
    older = SITES.filter(pl.col("place_key").is_in(["p1", "p3"]) & pl.col("os_id").is_null())
    newer = SITES.filter(pl.col("os_id").is_not_null()).vstack(
        SITES.tail(1).with_columns(pl.lit("New").alias("name"), pl.lit("p4").alias("place_key"))
    )
    assert changes(older, newer).rows() == [
        ("added", "p4", "New", "2 Road", "BE"),
        ("dropped", "p3", "Plant", "2 Road", "BE"),
        ("kept", "OS1", "WORKS", "1 Road", "NL"),
    ]
