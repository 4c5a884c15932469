"""Where the two doors could drift apart: text, numbers, pages, sentences; see test_store.py too."""

import json
import threading
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
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
    StoreError,
    Unavailable,
    embedded,
    supabase,
)
from quorum.store.relations import FUNCTIONS, RELATIONS
from quorum.store.supabase import JSON_COLUMNS, key_of
from tests.conftest import World
from tests.test_dialogue_store import ask, note, plan

HARD_TEXTS = [
    'Kön, "Berg" & Co.',
    "back\\slash",
    "comma, (round) {curly} [square]",
    "eq.null",
    "null",
    "漢字 🏭",
    "line\nbreak\ttab",
    "it's 100 %; --",
    "*",
    " blanks ",
]


def entry(**columns: Any) -> dict[str, Any]:
    """A row for the register."""
    identifier = str(uuid.uuid4())
    return {"id": identifier, "name": "Aurora", "kind": "brand", "country": "SE", **columns}


def suppliers(world: World, n: int) -> None:
    """A register of n entries, S00001 and so on."""
    world.owner(
        "insert into supplier (name, kind, country)"
        " select 'S' || lpad(i::text, 5, '0'), 'brand', 'SE' from generate_series(1, %s) i",
        n,
    )


def lines(world: World, categories: list[str | None]) -> None:
    """North's spend: amounts 1, 2, 3... in these categories."""
    supplier = world.supplier()
    rows = [
        {"supplier_id": supplier, "year": 2025, "amount": i, "currency": "EUR", "category": c}
        for i, c in enumerate(categories, 1)
    ]
    given = {"key": str(uuid.uuid4()), "file_name": "f.csv", "rows": rows}
    world["north admin"].store.call("import_spend", given)


# Reading ------------------------------------------------------------------------------------------


def test_any_text_comes_back_as_it_was_and_is_found(both: World) -> None:
    store = both["north admin"].store
    lines(both, [*HARD_TEXTS, "", None])
    found = store.rows("spend", ["category"])["category"].to_list()
    assert sorted(map(repr, found)) == sorted(map(repr, [*HARD_TEXTS, "", None]))
    for text in [*HARD_TEXTS, "", None]:
        assert store.rows("spend", filters={"category": text})["category"].to_list() == [text]
    some = HARD_TEXTS[::2]
    several = store.rows("spend", filters={"category": [*some, "none of them", None]})
    assert sorted(several["category"]) == sorted(some)


def test_texts_in_a_list_come_back_as_they_were(both: World) -> None:
    supplier = both.supplier()
    store = both["north admin"].store
    for answers in (HARD_TEXTS, [""], []):
        identifier = str(uuid.uuid4())
        store.insert(
            "assessment",
            {
                "id": identifier, "supplier_id": supplier, "answers": answers,
                "questionnaire": "ict-human-rights-2025", "respondent_kind": "manufacturer",
                "assessed_on": date(2026, 6, 1), "status": "draft",
            },
        )  # fmt: skip
        found = store.rows("assessment", filters={"id": identifier})
        assert found["answers"].to_list() == [answers]
        assert found["assessed_on"].item() == date(2026, 6, 1)


def test_evidence_is_taken_as_text_or_as_a_mapping_and_comes_back_as_text(both: World) -> None:
    supplier = both.supplier()
    for given in ('{"1a": "x, \\"y\\""}', {"1a": 'x, "y"'}):
        made = both.assessment("north admin", supplier, ["a"], evidence=given)
        found = both["north admin"].store.rows("assessment", filters={"id": made})
        assert found["evidence"].item() == '{"1a": "x, \\"y\\""}'


def test_reasons_links_and_criteria_come_back_as_they_were(both: World) -> None:
    store = both["north admin"].store
    family = str(uuid.uuid4())
    criteria = [{"code": f"c{n}", "label": f"x{text}", "question": text}
                for n, text in enumerate(HARD_TEXTS)]  # fmt: skip
    store.insert(
        "rubric",
        {"id": family, "family": family, "edition": 1, "title": HARD_TEXTS[0],
         "source": HARD_TEXTS[7], "criteria": criteria, "valid_from": date(2026, 1, 1)},
    )  # fmt: skip
    scores = {
        f"c{n}": {"value": n % 9 / 2, "rationale": f"So: {text}"}
        for n, text in enumerate(HARD_TEXTS)
    }
    links = ["https://example.org/a?b=c,d&e=%7B%22", "http://example.org/{x}/\\"]
    old, new = str(uuid.uuid4()), str(uuid.uuid4())
    for identifier, before in ((old, None), (new, old)):
        store.insert(
            "initiative_rating",
            {"id": identifier, "initiative": "rba", "rubric": family, "edition": 1,
             "rated_on": date(2026, 6, 1), "scores": scores, "evidence": links,
             "supersedes": before},
        )  # fmt: skip
    assert json.loads(store.rows("rubric")["criteria"].item()) == criteria
    found = store.rows("initiative_rating", filters={"id": new})
    assert json.loads(found["scores"].item()) == scores
    assert found["evidence"].item().to_list() == links
    assert found.select("supersedes", "rated_on").row(0) == (old, date(2026, 6, 1))


def test_a_file_of_memberships_keeps_its_texts_days_and_order(both: World) -> None:
    supplier, store = both.supplier(), both["north admin"].store
    rows = [
        {"initiative": "rba", "supplier_id": supplier, "standing": "member", "level": text,
         "valid_until": f"20{n + 30}-12-31", "source": f"A list {n}"}
        for n, text in enumerate(HARD_TEXTS)
    ]  # fmt: skip
    answer = store.call("import_initiative_links", {"key": str(uuid.uuid4()), "rows": rows})
    assert answer["imported"] == len(set(answer["items"])) == len(HARD_TEXTS)
    found = store.rows("initiative_link", order=["source"])
    assert found["level"].to_list() == HARD_TEXTS
    assert found["valid_until"].dt.year().to_list() == list(range(2030, 2040))
    assert found["site_name"].null_count() == len(HARD_TEXTS)


def test_a_chart_keeps_its_question_and_tells_a_faster_colleague_apart(both: World) -> None:
    store, chart = both["north admin"].store, str(uuid.uuid4())
    question = "data=spend&only_supplier=a%26b&only_supplier=%E6%BC%A2&show=rows"
    store.insert(
        "saved_chart",
        {"id": chart, "name": HARD_TEXTS[0], "question": question, "pinned": True,
         "shared_with": [both.consortium_id]},
    )  # fmt: skip
    shown = both["south admin"].store.rows("saved_chart").row(0, named=True)
    assert (shown["name"], shown["question"], shown["pinned"]) == (HARD_TEXTS[0], question, True)
    found = store.call("chart_consortia")
    assert found.schema == pl.Schema(FUNCTIONS["chart_consortia"])
    assert found["consortium_id"].to_list() == [both.consortium_id]
    store.update("saved_chart", {"name": "First"}, {"id": chart}, version=1)
    with pytest.raises(Conflict) as conflict:
        store.update("saved_chart", {"name": "Second"}, {"id": chart}, version=1)
    assert conflict.value.theirs["name"] == "First"


def test_money_is_exact_to_the_cent_at_thirteen_digits(both: World) -> None:
    amounts = {2020: 9999999999999.99, 2021: -9999999999999.99, 2022: 0.1, 2023: 1234567890123.45}
    both.spend("north admin", both.supplier(), amounts)
    found = both["north admin"].store.rows("spend", ["year", "amount"], order=["year"])
    assert dict(found.iter_rows()) == amounts


def test_moments_are_in_utc_to_the_microsecond(both: World) -> None:
    both.owner("update organisation_role set since = '2026-01-02 03:04:05.678901+02'")
    found = both["north admin"].store.rows("organisation_role")
    assert found["since"].unique().to_list() == [datetime(2026, 1, 2, 1, 4, 5, 678901, tzinfo=UTC)]


def test_moments_on_the_second_are_read_as_well(both: World) -> None:
    both.owner("update organisation_role set since = '2026-01-02 03:04:05+00'")
    found = both["north admin"].store.rows("organisation_role")
    assert found["since"].unique().to_list() == [datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)]


def test_a_dialogue_over_a_change_of_clocks_keeps_both_its_moments(both: World) -> None:
    plan(
        both, both.supplier(),
        starts_at="2026-10-24T22:00:00+02:00", ends_at="2026-10-25T08:00:00+01:00",
    )  # fmt: skip
    found = both["south admin"].store.rows("dialogue", ["starts_at", "ends_at"])
    assert found.rows() == [
        (datetime(2026, 10, 24, 20, tzinfo=UTC), datetime(2026, 10, 25, 7, tzinfo=UTC))
    ]


def test_an_order_may_rise_and_fall_and_puts_null_last_or_first(both: World) -> None:
    store = both["north admin"].store
    lines(both, ["b", None, "Z", "ä"])
    rising = store.rows("spend", ["category"], order=["category"])
    assert rising["category"].to_list() == ["Z", "b", "ä", None]
    falling = store.rows("spend", ["category"], order=["-category", "amount"])
    assert falling["category"].to_list() == [None, "ä", "b", "Z"]
    first = store.rows("spend", ["amount"], order=["-currency", "-category"], limit=2)
    assert first["amount"].to_list() == [2.0, 4.0]


@pytest.mark.parametrize("n", [999, 1000, 1001, 2000, 2500, 8100])
def test_no_row_is_lost_or_twice_however_many_there_are(both: World, n: int) -> None:
    suppliers(both, n)
    found = both["north admin"].store.rows("supplier", ["name"], order=["name"])
    assert found["name"].to_list() == [f"S{i:05d}" for i in range(1, n + 1)]


def test_a_limit_holds_beyond_the_servers_pages(both: World) -> None:
    suppliers(both, 1400)
    store = both["north admin"].store
    names = [f"S{i:05d}" for i in range(1400, 0, -1)]
    for limit in (0, 1, 1000, 1001, 1500):
        found = store.rows("supplier", ["name"], order=["-name"], limit=limit)
        assert found["name"].to_list() == names[:limit]


def test_rows_of_many_owners_are_read_to_the_end(both: World) -> None:
    supplier = both.supplier()
    for actor, n in (("north admin", 1200), ("south admin", 1000)):
        list_id = both.site_list(actor, supplier, [f"{actor} {i}" for i in range(n)])
        both.share(actor, "site_list", [list_id])
    found = both["north admin"].store.rows("production_site", ["id", "name"])
    assert found.height == found["id"].n_unique() == 2200
    assert found["name"].str.starts_with("south").sum() == 1000


def test_a_table_of_a_function_has_its_types_and_all_its_rows(both: World) -> None:
    both.owner(
        "insert into supplier (name, kind, country)"
        " select 'S' || i, 'brand', 'SE' from generate_series(1, 1100) i"
    )
    south = both["south admin"]
    rows = [
        {"supplier_id": s, "year": 2025, "amount": 20000, "currency": "EUR"}
        for (s,) in both.owner("select id::text from supplier")
    ]
    south.store.call("import_spend", {"key": str(uuid.uuid4()), "file_name": "f.csv", "rows": rows})
    lines = south.store.rows("spend", ["id"])["id"].to_list()
    both.share("south admin", "spend", lines, level="band")
    found = both["north admin"].store.call("spend_bands")
    assert found.schema == pl.Schema(FUNCTIONS["spend_bands"])
    assert found["supplier_id"].n_unique() == found.height == 1100
    assert found.select("low", "high").unique().rows() == [(10000.0, 50000.0)]


def test_what_is_shared_in_over_a_thousand_rows_is_read_to_the_end(both: World) -> None:
    """Each row once: by its key the Supabase door finds where a page goes on."""
    north, south, consortium = both["north admin"], both["south admin"], both.consortium_id
    item = both.assessment("north admin", both.supplier(), [])
    sharing = both.share("north admin", "assessment", [item])
    both.owner(
        "insert into sharing_item (organisation_id, sharing_id, item_id)"
        " select %s, %s, gen_random_uuid() from generate_series(2, 2500)",
        north.organisation_id, sharing,
    )  # fmt: skip
    both.owner(
        "insert into saved_chart (organisation_id, name, question, shared_with)"
        " select %s, 'Chart ' || i, 'data=spend', array[%s, %s]::uuid[]"
        " from generate_series(1, 1100) i",
        north.organisation_id, consortium, consortium,
    )  # fmt: skip
    for function, n in (("shared_through", 2500), ("chart_consortia", 1100)):
        found = south.store.call(function)
        assert found.schema == pl.Schema(FUNCTIONS[function])
        assert found.height == found.select(key_of(function)).n_unique() == n
        assert found["consortium_id"].unique().to_list() == [consortium]


def test_a_filter_takes_many_values(both: World) -> None:
    suppliers(both, 400)
    store = both["north admin"].store
    all_of_them = store.rows("supplier", ["id"])["id"].to_list()
    found = store.rows("supplier", ["name"], {"id": all_of_them}, order=["name"])
    assert found["name"].to_list() == [f"S{i:05d}" for i in range(1, 401)]
    assert store.rows("supplier", ["name"], {"id": all_of_them}, ["name"], 2).height == 2
    assert store.rows("supplier", filters={"id": []}).height == 0


def test_the_supabase_door_knows_every_primary_key_and_every_column_of_json(world: World) -> None:
    primary = dict(
        world.owner(
            "select c.conrelid::regclass::text, array(select a.attname::text"
            " from unnest(c.conkey) with ordinality k (number, place) join pg_attribute a"
            " on a.attrelid = c.conrelid and a.attnum = k.number order by k.place)"
            " from pg_constraint c"
            " where c.contype = 'p' and c.connamespace = 'public'::regnamespace"
        )
    )
    for relation in RELATIONS:
        assert list(key_of(relation)) == primary[relation], relation
    json_columns = {
        (relation, name)
        for relation, name in world.owner(
            "select table_name, column_name from information_schema.columns"
            " where table_schema = 'public' and data_type in ('json', 'jsonb')"
        )
        if name in RELATIONS.get(relation, {})
    }
    assert json_columns == JSON_COLUMNS
    for function in FUNCTIONS:
        assert key_of(function), function
        assert set(key_of(function)) <= set(FUNCTIONS[function])
    other_identifiers = world.owner(
        "select table_name from information_schema.columns where table_schema = 'public'"
        " and column_name = 'id' and data_type <> 'uuid'"
    )
    assert other_identifiers == []  # large relations are read in quarters of the identifiers


# Writing ------------------------------------------------------------------------------------------


def test_a_value_that_does_not_fit_is_refused(both: World) -> None:
    store = both["north admin"].store
    for wrong in (
        {"country": "Sweden"},
        {"kind": "a kind of its own"},
        {"name": ""},
        {"name": "nul \x00"},
        {"name": "half of a pair \ud800"},
        {"name": None},
        {"id": "no uuid"},
    ):
        with pytest.raises(
            Invalid, match=r"^A value does not fit\. Check the form and try again\.$"
        ):
            store.insert("supplier", entry(**wrong))
    assert store.rows("supplier").is_empty()


def test_a_filter_that_does_not_fit_is_refused(both: World) -> None:
    with pytest.raises(Invalid, match="A value does not fit"):
        both["north admin"].store.rows("supplier", filters={"id": "no uuid"})


@pytest.mark.parametrize(
    "amount", [float("nan"), float("inf"), float("-inf"), "NaN", "Infinity", 1e13, Decimal("NaN")]
)
def test_an_amount_that_is_no_number_is_refused(both: World, amount: Any) -> None:
    store, supplier = both["north admin"].store, both.supplier()
    line = {"supplier_id": supplier, "year": 2025, "amount": amount, "currency": "EUR"}
    given = {"key": str(uuid.uuid4()), "file_name": "f.csv", "rows": [line]}
    turnover = {"id": str(uuid.uuid4()), "supplier_id": supplier, "year": 2025, "amount": amount,
                "currency": "EUR", "source": "Annual report"}  # fmt: skip
    for write in (
        lambda: store.call("import_spend", given),
        lambda: store.insert("supplier_turnover", turnover),
    ):
        with pytest.raises(Invalid, match=r"^A value does not fit\. Check the form"):
            write()
    assert both.owner("select count(*) from spend") == [(0,)]
    assert both.owner("select count(*) from supplier_turnover") == [(0,)]


@pytest.mark.parametrize(
    ("code", "kind", "sentence"),
    [
        ("Q0001", Refused, "x"),
        ("Q0004", NotAllowed, "x"),
        ("23505", AlreadyThere, "This is already there."),
        ("42501", NotAllowed, "You may not do this."),
        ("23514", Invalid, "A value does not fit."),
        ("22P02", Invalid, "A value does not fit."),
        ("54000", Invalid, "A value does not fit."),  # too long for an index, too deep
        ("55P03", Unavailable, "The database does not answer."),
        ("57014", Unavailable, "The database does not answer."),
        ("58030", Unavailable, "The database does not answer."),
        ("XX000", StoreError, "The database refused this."),
    ],
)
def test_a_code_of_postgresql_means_the_same_through_either_door(
    code: str, kind: type[StoreError], sentence: str
) -> None:
    class Raised(psycopg.errors.lookup(code) if code[0] != "Q" else psycopg.Error):  # type: ignore[misc]
        sqlstate = code
        diag = SimpleNamespace(message_primary="x")

    with pytest.raises(kind, match=sentence) as raised, embedded._plain_errors():
        raise Raised("x")
    there = supabase._by_code(code, "x")
    assert type(raised.value) is type(there) is kind
    assert str(raised.value) == str(there)


def test_a_reference_to_nothing_is_not_told_from_one_that_is_hidden(both: World) -> None:
    with pytest.raises(NotAllowed, match=r"^You may not do this\.$"):
        both["north admin"].store.insert("supplier", entry(parent_id=str(uuid.uuid4())))


def test_a_column_that_nobody_writes_is_refused(both: World) -> None:
    north = both["north admin"]
    with pytest.raises(NotAllowed, match=r"^You may not do this\.$"):
        north.store.update("organisation", {"version": 9}, {"id": north.organisation_id})


@pytest.mark.parametrize("version", [None, 1])
def test_an_update_that_a_policy_hides_is_refused_aloud(both: World, version: int | None) -> None:
    south = both["south admin"].organisation_id
    with pytest.raises(NotAllowed, match=r"^You may not change this, or it is not there any more"):
        both["north admin"].store.update("organisation", {"name": "Ours"}, {"id": south}, version)
    assert both.owner("select name from organisation where id = %s", south) == [("South",)]


@pytest.mark.parametrize("nothing", [[], [None]])
def test_a_list_of_nothing_changes_and_deletes_nothing(both: World, nothing: list[Any]) -> None:
    store = both["north admin"].store
    store.insert("supplier", entry())
    with pytest.raises(NotAllowed):
        store.update("supplier", {"name": "All of them"}, {"id": nothing})
    with pytest.raises(NotAllowed):
        store.delete("assessment", {"id": nothing})
    assert store.rows("supplier")["name"].to_list() == ["Aurora"]


# Functions ----------------------------------------------------------------------------------------


def test_a_rule_of_the_domain_speaks_its_own_sentence(both: World) -> None:
    north = both["north admin"]
    with pytest.raises(Refused, match=r"^This is the only admin\. Make a colleague admin first\.$"):
        north.store.delete("organisation_role", {"person_id": north.id})
    with pytest.raises(Refused, match=r"^Choose a role: admin, editor or viewer\.$"):
        north.store.call("invite_colleague", {"role": "owner", "note": "", "days": 7})
    with pytest.raises(NotAllowed, match=r"^Only an admin of your organisation may do this\.$"):
        both["north viewer"].store.call(
            "invite_colleague", {"role": "admin", "note": "", "days": 7}
        )


def test_what_is_said_comes_back_letter_by_letter_and_conflicts_alike(both: World) -> None:
    north = both["north admin"].store
    event = plan(both, both.supplier())
    north.call("open_dialogue", {"dialogue_id": event})
    for text in HARD_TEXTS:
        said = f"{text} at last"
        asked, noted = ask(north, event, said), str(uuid.uuid4())
        note(north, event, said, id=noted)
        assert note(north, event, "Late", id=noted, version=7) == {
            "conflict": {"text": said.strip(), "version": 1}
        }
        board = north.call("dialogue_board", {"dialogue_id": event, "seen": None})
        texts = {question["id"]: question["text"] for question in board["questions"]}
        assert texts[asked] == said.strip()
    for wrong in ({"id": "no uuid"}, {"text": "nul \x00"}):
        with pytest.raises(Invalid):
            ask(north, event, **wrong)


@pytest.mark.slow
def test_a_large_import_is_stored_at_once_and_only_once(both: World) -> None:
    supplier = both.supplier()
    store = both["north admin"].store
    rows = [
        {"supplier_id": supplier, "year": 2025, "amount": i + 0.01, "currency": "EUR",
         "category": HARD_TEXTS[i % 10]}
        for i in range(20000)
    ]  # fmt: skip
    given = {"key": str(uuid.uuid4()), "file_name": "large.csv", "rows": rows}
    answer = store.call("import_spend", given)
    assert answer["imported"] == 20000
    assert store.call("import_spend", given) == answer
    found = store.rows("spend", ["amount", "category"], order=["amount"])
    assert found["amount"].to_list() == [i + 0.01 for i in range(20000)]
    assert found["category"].to_list() == [HARD_TEXTS[i % 10] for i in range(20000)]


def test_an_import_with_one_bad_row_stores_nothing(both: World) -> None:
    supplier = both.supplier()
    store = both["north admin"].store
    good = {"supplier_id": supplier, "year": 2025, "amount": 1, "currency": "EUR"}
    given = {"key": str(uuid.uuid4()), "file_name": "f.csv", "rows": [good, {**good, "year": 1}]}
    with pytest.raises(Invalid):
        store.call("import_spend", given)
    assert store.rows("spend").is_empty()
    assert store.rows("spend_import").is_empty()


def test_of_equal_submits_at_once_one_is_stored_and_all_get_its_answer(both: World) -> None:
    supplier = both.supplier()
    north = both["north admin"]
    rows = [{"supplier_id": supplier, "year": 2025, "amount": 1, "currency": "EUR"}]
    given = {"key": str(uuid.uuid4()), "file_name": "f.csv", "rows": rows}
    answers: list[str] = []

    def submit() -> None:
        claims = {"sub": north.id, "role": "authenticated"}
        answers.append(json.dumps(both.engine.store(claims).call("import_spend", given)))

    racers = [threading.Thread(target=submit) for _ in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1
    assert north.store.rows("spend").height == 1
