"""What every door to the store promises, whichever it is.

Each test runs behind both: the same actors, reached another way.
"""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Thread
from typing import Any

import polars as pl
import psycopg
import pytest

from quorum.store import (
    AlreadyThere,
    Conflict,
    Invalid,
    NotAllowed,
    Refused,
    Store,
    StoreError,
)
from quorum.store.relations import FUNCTIONS, RELATIONS
from tests.conftest import World

Member = Callable[[str], Store]


@pytest.fixture
def world(both: World) -> World:
    """The small world behind each door in turn."""
    return both


@pytest.fixture
def member(world: World) -> Member:
    """The store as an actor of the world reaches it through the door that is tested."""
    return lambda name: world[name].store


@pytest.fixture
def supplier(world: World) -> str:
    return world.supplier("Aurora Devices")


def an_assessment(supplier: str, **columns: Any) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()), "supplier_id": supplier, "questionnaire": "ict-human-rights-2025",
        "respondent_kind": "manufacturer", "assessed_on": date(2026, 6, 1), **columns,
    }  # fmt: skip


# rows ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("relation", RELATIONS)
def test_an_empty_answer_has_the_relations_columns(member: Member, relation: str) -> None:
    found = member("east admin").rows(relation, limit=0)
    assert found.schema == RELATIONS[relation]


def test_rows_hold_the_relations_types(member: Member, supplier: str) -> None:
    row = an_assessment(supplier, answers=["a", "b"], evidence={"a": {"note": "seen"}})
    member("north editor").insert("assessment", row)
    found = member("north viewer").rows("assessment")
    assert found.schema == RELATIONS["assessment"]
    stored = found.row(0, named=True)
    assert stored["id"] == row["id"]
    assert stored["assessed_on"] == date(2026, 6, 1)
    assert stored["answers"] == ["a", "b"]
    assert stored["evidence"] == '{"a": {"note": "seen"}}'
    assert stored["version"] == 1
    assert stored["created_at"].tzinfo is not None
    assert (datetime.now(UTC) - stored["created_at"]).total_seconds() < 60


def test_columns_are_those_asked_for_in_their_order(member: Member, supplier: str) -> None:
    found = member("north viewer").rows("supplier", ["name", "id"])
    assert found.columns == ["name", "id"]
    assert found.rows() == [("Aurora Devices", supplier)]


def test_a_filter_is_a_value_a_list_or_null(member: Member, world: World) -> None:
    world.supplier("B", country="NO")
    world.supplier("C", country=None)
    world.supplier("D", country="DK")
    store = member("north viewer")

    def names(**filters: Any) -> list[str]:
        return store.rows("supplier", filters=filters, order=["name"])["name"].to_list()

    assert names(country="NO") == ["B"]
    assert names(country=["NO", "DK"]) == ["B", "D"]
    assert names(country=[]) == []
    assert names(country=None) == ["C"]
    assert names(country="NO", kind="reseller") == []


def test_order_and_limit(member: Member, world: World) -> None:
    for name, country in (("A", "NO"), ("B", "DK"), ("C", "NO")):
        world.supplier(name, country=country)
    found = member("north viewer").rows("supplier", ["name"], order=["-country", "name"], limit=2)
    assert found["name"].to_list() == ["A", "C"]


def test_a_long_answer_comes_whole(member: Member, world: World) -> None:
    world.owner(
        "insert into supplier (name, kind) select 'S' || n, 'brand' from generate_series(1, 2500) n"
    )
    found = member("north viewer").rows("supplier", ["id"])
    assert found["id"].n_unique() == 2500


def test_an_unknown_relation_or_column_is_a_mistake_of_ours(member: Member) -> None:
    with pytest.raises(KeyError):
        member("north viewer").rows("organisations")
    with pytest.raises(KeyError):
        member("north viewer").rows("supplier", ["colour"])


# insert -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "O'Neill; drop table supplier --",
        'a "quoted" \\ back\\slash',
        "línea\nñandú 会社 🏭",
        "{x,y}",
        "null",
        " % %s ",
    ],
)
def test_text_comes_back_as_it_went_in(member: Member, supplier: str, text: str) -> None:
    store = member("north editor")
    row = an_assessment(
        supplier, other_actions=text, answers=[text], evidence={"a": {"note": text}}
    )
    store.insert("assessment", row)
    found = store.rows("assessment").row(0, named=True)
    assert found["other_actions"] == text
    assert found["answers"] == [text]
    assert pl.Series([found["evidence"]]).str.json_path_match("$.a.note")[0] == text


def test_amounts_are_exact_to_the_cent(member: Member, world: World, supplier: str) -> None:
    amounts = {2021: 0.01, 2022: 0.1 + 0.2, 2023: 9_999_999_999_999.99, 2024: -1234567.89}
    world.spend("north editor", supplier, amounts)
    found = member("north editor").rows("spend", ["amount"], order=["year"])
    assert found["amount"].to_list() == [0.01, 0.3, 9_999_999_999_999.99, -1234567.89]


def test_the_same_row_twice_is_already_there(member: Member, supplier: str) -> None:
    row = an_assessment(supplier)
    member("north editor").insert("assessment", row)
    with pytest.raises(AlreadyThere):
        member("north editor").insert("assessment", row)
    assert member("north editor").rows("assessment").height == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"respondent_kind": "wholesaler"},
        {"assessed_on": "last summer"},
        {"assessed_on": None},
        {"id": "not an identifier"},
        {"company_name": "x" * 201},
        {"company_name": "nul \x00 inside"},
        {"evidence": "no json"},
    ],
)
def test_a_value_that_does_not_fit_is_invalid_and_nothing_is_stored(
    member: Member, supplier: str, wrong: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        member("north editor").insert("assessment", an_assessment(supplier, **wrong))
    assert member("north editor").rows("assessment").is_empty()


@pytest.mark.parametrize("actor", ["north viewer"])
def test_whoever_may_not_insert_is_told_so(member: Member, supplier: str, actor: str) -> None:
    with pytest.raises(NotAllowed):
        member(actor).insert("assessment", an_assessment(supplier))


def test_a_reference_to_nothing_is_not_allowed(member: Member) -> None:
    with pytest.raises(NotAllowed):
        member("north editor").insert("assessment", an_assessment(str(uuid.uuid4())))


@pytest.mark.parametrize("column", ["organisation_id", "created_at", "version"])
def test_columns_that_the_store_writes_are_not_allowed(
    member: Member, world: World, supplier: str, column: str
) -> None:
    value = {"organisation_id": world["north editor"].organisation_id, "version": 7}.get(
        column, "2020-01-01T00:00:00Z"
    )
    with pytest.raises(NotAllowed):
        member("north editor").insert("assessment", an_assessment(supplier, **{column: value}))


# update -------------------------------------------------------------------------------------------


def test_an_update_counts_the_version_up(member: Member, supplier: str) -> None:
    store = member("north editor")
    store.update("supplier", {"name": "Aurora", "country": None}, {"id": supplier}, version=1)
    found = store.rows("supplier", ["name", "country", "version"])
    assert found.rows() == [("Aurora", None, 2)]


def test_an_update_that_saw_an_older_version_is_a_conflict_with_theirs(
    member: Member, supplier: str
) -> None:
    member("south admin").update("supplier", {"name": "Theirs"}, {"id": supplier}, version=1)
    with pytest.raises(Conflict) as conflict:
        member("north editor").update("supplier", {"name": "Mine"}, {"id": supplier}, version=1)
    assert conflict.value.theirs["name"] == "Theirs"
    assert conflict.value.theirs["version"] == 2
    assert set(conflict.value.theirs) == set(RELATIONS["supplier"])
    assert member("north editor").rows("supplier")["name"].to_list() == ["Theirs"]


def test_sharing_is_not_an_edit(member: Member, world: World, supplier: str) -> None:
    item = world.assessment("north editor", supplier, [])
    world.share("north editor", "assessment", [item])
    member("north editor").update("assessment", {"company_name": "A"}, {"id": item}, version=1)


@pytest.mark.parametrize("actor", ["north viewer", "south admin", "east admin"])
def test_an_update_that_reaches_no_row_is_not_allowed(
    member: Member, world: World, supplier: str, actor: str
) -> None:
    item = world.assessment("north editor", supplier, [])
    world.share("north editor", "assessment", [item])
    with pytest.raises(NotAllowed):
        member(actor).update("assessment", {"company_name": "x"}, {"id": item})
    with pytest.raises(NotAllowed):
        member(actor).update("assessment", {"company_name": "x"}, {"id": item}, version=1)


def test_an_update_with_a_value_that_does_not_fit_is_invalid(member: Member, supplier: str) -> None:
    with pytest.raises(Invalid):
        member("north editor").update("supplier", {"kind": "wholesaler"}, {"id": supplier})


def test_a_number_that_another_supplier_has_is_already_there(member: Member, world: World) -> None:
    world.supplier("A", lei="5493001KJTIIGC8Y1R12")
    other = world.supplier("B")
    with pytest.raises(AlreadyThere):
        member("north editor").update("supplier", {"lei": "5493001KJTIIGC8Y1R12"}, {"id": other})


# delete -------------------------------------------------------------------------------------------


def test_a_delete_takes_what_hangs_on_the_row(member: Member, world: World, supplier: str) -> None:
    site_list = world.site_list("north editor", supplier, ["Works"])
    member("north editor").delete("site_list", {"id": site_list})
    assert member("north editor").rows("site_list").is_empty()
    assert member("north editor").rows("production_site").is_empty()


@pytest.mark.parametrize("actor", ["north viewer", "south admin"])
def test_a_delete_that_reaches_no_row_is_not_allowed(
    member: Member, world: World, supplier: str, actor: str
) -> None:
    item = world.assessment("north editor", supplier, [])
    with pytest.raises(NotAllowed):
        member(actor).delete("assessment", {"id": item})
    assert member("north editor").rows("assessment").height == 1


# call ---------------------------------------------------------------------------------------------


def test_a_function_answers_a_value(member: Member, world: World) -> None:
    who = member("north viewer").call("whoami")
    assert who["role"] == "viewer"
    assert who["organisation"]["name"] == "North"
    assert who["consortia"] == [
        {"id": world.consortium_id, "name": "Nordic ICT buyers", "role": "coordinator"}
    ]


def test_a_function_that_gives_a_table_keeps_its_columns_when_empty(member: Member) -> None:
    found = member("north viewer").call("spend_bands")
    assert found.schema == FUNCTIONS["spend_bands"]
    assert found.is_empty()


def test_a_refusal_is_the_functions_own_sentence(member: Member, supplier: str) -> None:
    with pytest.raises(Refused) as refusal:
        member("north editor").call(
            "import_spend", {"key": str(uuid.uuid4()), "file_name": "x.csv", "rows": []}
        )
    assert str(refusal.value) == (
        "The file holds no line that can be stored. Mend the rejected rows and import again."
    )


def test_an_import_with_one_bad_row_stores_none(member: Member, supplier: str) -> None:
    good = {"supplier_id": supplier, "year": 2025, "amount": 1, "currency": "EUR"}
    with pytest.raises(Invalid):
        member("north editor").call(
            "import_spend",
            {
                "key": str(uuid.uuid4()), "file_name": "x.csv",
                "rows": [good] * 10 + [{**good, "year": 20250}],
            },
        )  # fmt: skip
    assert member("north editor").rows("spend").is_empty()
    assert member("north editor").rows("spend_import").is_empty()


@pytest.mark.parametrize("function", ["import_spend", "import_site_list", "import_assessments"])
def test_the_same_submit_at_once_is_one_import_with_one_answer(
    member: Member, supplier: str, function: str
) -> None:
    rows: dict[str, dict[str, Any]] = {
        "import_spend": {"supplier_id": supplier, "year": 2025, "amount": 1, "currency": "EUR"},
        "import_site_list": {
            "name": "Works", "address": "Road 1", "country": "CN", "place_key": "0" * 32
        },
        "import_assessments": {
            "supplier_id": supplier, "questionnaire": "q", "respondent_kind": "reseller",
            "assessed_on": "2026-01-01",
        },
    }  # fmt: skip
    details: dict[str, dict[str, Any]] = {
        "import_spend": {"file_name": "spend.csv"},
        "import_site_list": {
            "supplier_id": supplier, "title": "List", "source": "", "as_of": "2026-01-01",
            "file_name": "",
        },
        "import_assessments": {},
    }  # fmt: skip
    arguments = {"key": str(uuid.uuid4()), "rows": [rows[function]] * 5, **details[function]}
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: member("north editor").call(function, arguments), range(8))
        )
    assert answers == answers[:1] * 8
    assert answers[0]["imported"] == 5
    relation = {
        "import_spend": "spend", "import_site_list": "production_site",
        "import_assessments": "assessment",
    }[function]  # fmt: skip
    assert member("north editor").rows(relation).height == 5


def test_a_key_belongs_to_one_organisation(member: Member, supplier: str) -> None:
    arguments = {
        "key": str(uuid.uuid4()), "file_name": "",
        "rows": [{"supplier_id": supplier, "year": 2025, "amount": 1, "currency": "EUR"}],
    }  # fmt: skip
    north = member("north editor").call("import_spend", arguments)
    south = member("south admin").call("import_spend", arguments)
    assert north["import_id"] != south["import_id"]


def test_a_consortium_is_founded_once_a_submit(member: Member) -> None:
    arguments = {"key": str(uuid.uuid4()), "name": "Alpine buyers", "purpose": ""}
    with ThreadPoolExecutor(6) as pool:
        made = set(
            pool.map(lambda _: member("east admin").call("create_consortium", arguments), range(6))
        )
    assert made == set(member("east admin").rows("consortium")["id"])
    assert member("east admin").rows("membership")["role"].to_list() == ["coordinator"]
    assert member("north admin").call("create_consortium", arguments) not in made


# Many at once -------------------------------------------------------------------------------------


def test_what_twenty_editors_were_told_is_stored_is_stored(
    member: Member, world: World, supplier: str
) -> None:
    """Each appends to one text; on a conflict it looks again. No word is lost or there twice."""
    item = world.assessment("north editor", supplier, [])

    def edit(editor: int) -> list[str]:
        store = member("north editor")
        acknowledged = []
        for turn in range(3):
            word = f"{editor}-{turn}"
            while True:
                now = store.rows("assessment", filters={"id": item}).row(0, named=True)
                try:
                    store.update(
                        "assessment",
                        {"other_actions": f"{now['other_actions']} {word}".strip()},
                        {"id": item},
                        version=now["version"],
                    )
                except Conflict:
                    continue
                acknowledged.append(word)
                break
        return acknowledged

    with ThreadPoolExecutor(20) as pool:
        acknowledged = [word for words in pool.map(edit, range(20)) for word in words]
    stored = member("north editor").rows("assessment").row(0, named=True)
    assert sorted(stored["other_actions"].split()) == sorted(acknowledged)
    assert stored["version"] == 1 + 60


def test_writers_who_wait_for_each_other_both_succeed(member: Member, world: World) -> None:
    first, second = world.supplier("A"), world.supplier("B")
    with psycopg.connect(world.engine.owner_address) as other:
        other.execute("update supplier set website = 'https://b' where id = %s", [second])
        mine = Thread(
            target=member("north editor").update,
            args=("supplier", {"country": "NO"}, {"id": [first, second]}),
        )
        mine.start()
        while not world.owner("select 1 from pg_locks where not granted"):
            pass
        try:
            other.execute("update supplier set website = 'https://a' where id = %s", [first])
        except psycopg.errors.DeadlockDetected:
            # On a slow machine the other one is told to give way, and tries again as well.
            other.rollback()
            mine.join()
            other.execute("update supplier set website = 'https://b' where id = %s", [second])
            other.execute("update supplier set website = 'https://a' where id = %s", [first])
        other.commit()
        mine.join()
    found = member("north viewer").rows("supplier", ["name", "country", "website"], order=["name"])
    assert found.rows() == [("A", "NO", "https://a"), ("B", "NO", "https://b")]


# Merging suppliers --------------------------------------------------------------------------------


def merged(store: Store) -> dict[str, str | None]:
    """Name of each supplier that was merged, and of the one it points to."""
    found = store.rows("supplier", ["id", "name", "merged_into"])
    names = dict(found.select("id", "name").iter_rows())
    return {
        name: names[into] for name, into in found.select("name", "merged_into").iter_rows() if into
    }


def merge(store: Store, kept: str, double: str) -> str:
    return str(store.call("merge_suppliers", {"kept": kept, "merged": double, "reason": "One"}))


def test_a_merge_and_its_undo(member: Member, world: World) -> None:
    a, b = world.supplier("A"), world.supplier("B")
    store = member("north editor")
    done = merge(store, a, b)
    assert merged(store) == {"B": "A"}
    store.call("undo_merge", {"merge_id": done})
    assert merged(store) == {}
    with pytest.raises(Refused):
        store.call("undo_merge", {"merge_id": done})


def test_a_chain_of_merges_stays_flat_and_comes_apart_in_reverse(
    member: Member, world: World
) -> None:
    a, b, c = world.supplier("A"), world.supplier("B"), world.supplier("C")
    store = member("north editor")
    first, second = merge(store, b, a), merge(store, c, b)
    assert merged(store) == {"A": "C", "B": "C"}
    with pytest.raises(Refused, match="undo the later merge"):
        store.call("undo_merge", {"merge_id": first})
    store.call("undo_merge", {"merge_id": second})
    assert merged(store) == {"A": "B"}
    store.call("undo_merge", {"merge_id": first})
    assert merged(store) == {}


def test_merges_into_one_supplier_come_apart_in_any_order(member: Member, world: World) -> None:
    a, b, c = world.supplier("A"), world.supplier("B"), world.supplier("C")
    store = member("north editor")
    first = merge(store, c, a)
    merge(store, c, b)
    store.call("undo_merge", {"merge_id": first})
    assert merged(store) == {"B": "C"}


def test_a_supplier_is_not_merged_with_itself_or_twice(member: Member, world: World) -> None:
    a, b, c = world.supplier("A"), world.supplier("B"), world.supplier("C")
    store = member("north editor")
    merge(store, b, a)
    for kept, double in ((c, c), (c, a), (a, c), (c, str(uuid.uuid4()))):
        with pytest.raises(Refused, match="two different suppliers"):
            merge(store, kept, double)


def test_two_who_merge_the_same_pair_at_once_make_one_merge(member: Member, world: World) -> None:
    a, b = world.supplier("A"), world.supplier("B")

    def attempt(pair: tuple[str, str]) -> bool:
        try:
            merge(member("north editor"), *pair)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, [(a, b), (b, a)] * 2)) == 1
    assert len(merged(member("north editor"))) == 1


# The counter --------------------------------------------------------------------------------------


def version(store: Store) -> str:
    return str(store.call("pulse")["version"])


def test_the_counter_moves_for_those_who_may_see_the_change_and_nobody_else(
    member: Member, world: World, supplier: str
) -> None:
    item = world.assessment("south admin", supplier, [])
    actors = ["north viewer", "south admin", "west admin", "east admin"]

    def moved(change: Callable[[], Any]) -> list[str]:
        before = {actor: version(member(actor)) for actor in actors}
        change()
        return [actor for actor in actors if version(member(actor)) != before[actor]]

    edit = {"company_name": "Aurora"}
    assert moved(lambda: member("south admin").update("assessment", edit, {"id": item})) == [
        "south admin"
    ]
    assert moved(lambda: world.share("south admin", "assessment", [item])) == [
        "north viewer",
        "south admin",
    ]
    assert moved(lambda: member("south admin").update("assessment", edit, {"id": item})) == [
        "north viewer",
        "south admin",
    ]
    assert moved(lambda: world.assessment("east admin", supplier, [])) == ["east admin"]


def test_the_register_moves_everybodys_counter(member: Member, supplier: str) -> None:
    before = version(member("east admin"))
    member("north editor").update("supplier", {"name": "Aurora"}, {"id": supplier})
    assert version(member("east admin")) != before


# Errors -------------------------------------------------------------------------------------------


def test_no_sentence_tells_of_the_machinery(member: Member, world: World, supplier: str) -> None:
    north = member("north viewer")
    attempts: list[Callable[[], Any]] = [
        lambda: north.insert("assessment", an_assessment(supplier)),
        lambda: north.update("supplier", {"name": "x"}, {"id": supplier}),
        lambda: north.rows("supplier", filters={"id": "no identifier"}),
        lambda: north.call("leave_consortium", {"consortium_id": world.consortium_id}),
        lambda: north.call("no_such_function"),
        lambda: north.call("pulse", {"no_such": "argument"}),
    ]
    for attempt in attempts:
        with pytest.raises(StoreError) as failure:
            attempt()
        said = str(failure.value).lower()
        assert said.endswith(".")
        for word in (
            "policy",
            "relation",
            "column",
            "select",
            "postgres",
            "psycopg",
            "function",
            '"',
        ):
            assert word not in said
