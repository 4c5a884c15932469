"""The store keeps the rules of sql/checks.sql, and each rule notices when it is broken."""

import uuid

import psycopg
import pytest

from quorum.receipts import SHARED_RELATIONS
from quorum.store.embedded import Engine
from quorum.store.migrate import Check, checks
from quorum.store.relations import RELATIONS
from tests.conftest import emptied, small_world
from tests.test_dialogue_store import ask, plan
from tests.test_initiative_access import RELATIONS as OF_INITIATIVES
from tests.test_initiative_access import added

CHECKS = {check.slug: check for check in checks()}

# One way to break each rule.
BREAKS = {
    "row_security": "alter table spend no force row level security",
    "nothing_for_strangers": "grant select (name) on organisation to anon",
    "no_table_powers": "grant truncate on assessment to authenticated",
    "members_do_not_reach_helpers": "grant select on quorum.submission to authenticated",
    "comments": "alter table site_list add column colour text",
    "keys_start_with_the_owner": "alter table assessment add unique (id)",
    "references_start_with_the_owner": """
        alter table sharing_item add column list uuid, add column owner uuid,
        add foreign key (owner, list) references site_list (organisation_id, id)""",
    "search_path": "create function leak() returns int language sql as 'select 1'",
    "functions_for_strangers": "grant execute on function public.spend_bands() to anon",
    "helpers_for_members": "grant execute on function quorum.watch(regclass) to authenticated",
    "views": "create view everything as select * from spend",
    "once_a_query": """create policy "Slow" on spend for select to authenticated
        using (organisation_id = quorum.my_organisation())""",
    "policies_name_their_role": 'create policy "All" on spend for select using (false)',
    "checked_updates": """create policy "Unchecked" on spend for update to authenticated
        using (false)""",
    "no_statistics": "alter table spend alter column amount set statistics 10",
    "watched": "drop trigger trace_update on spend",
    "the_trail_stands": "alter table audit_event disable trigger stands",
    "money_is_exact": "alter table supplier_turnover alter column amount type double precision",
    "owners_are_not_members": "alter function public.pulse() owner to authenticated",
    "no_making": "grant create on schema public to authenticated",
    "shared_as_receipts_say": "update spend set banded_with = array[gen_random_uuid()]",
    "sites_follow_their_list": "update production_site set shared_until = current_date",
    "receipts_of_members": "update membership set left_at = now()",
    "somebody_looks_after": "update membership set role = 'member'",
    "merges_are_flat": """
        update supplier set merged_into = (select id from supplier where merged_into is not null)
        where merged_into is null""",
    "whole_imports": "delete from spend",
    "sound_indexes": """
        alter table spend add constraint later check (year > 1990) not valid""",
    "whom_else": "grant select (id, shared_until) on production_site to authenticated",
    "chatham_house": """
        insert into quorum.dialogue_key select id, 'key' from dialogue where state = 'closed'""",
}


def test_rules_are_numbered_from_one_without_a_gap() -> None:
    assert [check.number for check in checks()] == list(range(1, len(checks()) + 1))


def test_every_rule_has_a_way_to_break_it() -> None:
    assert list(BREAKS) == list(CHECKS)


@pytest.fixture(scope="module")
def address(engine: Engine) -> str:
    """The owner's address of a store with one of each contribution, shared and private."""
    world = small_world(emptied(engine))
    world.owner("delete from membership where left_at is not null")
    supplier, double = world.supplier("Aurora Devices"), world.supplier("Aurora Device")
    south = world["south admin"].store
    south.call("merge_suppliers", {"kept": supplier, "merged": double, "reason": ""})
    for _turn in ("private", "shared"):
        item = world.assessment("south admin", supplier, [])
        site_list = world.site_list("south admin", supplier, ["Works", "Mill"])
        lines = world.spend("south admin", supplier, {2023: 1.0, 2024: 2.0, 2025: 3.0})
    world.share("south admin", "assessment", [item])
    world.share("south admin", "site_list", [site_list])
    for line, level in zip(lines, ("record", "band", "aggregate"), strict=True):
        world.share("south admin", "spend", [line], level=level)
    for relation in OF_INITIATIVES:
        added(world, "south admin", relation)
        world.share("south admin", relation, [added(world, "south admin", relation)])
    uses = [str(uuid.uuid4()), str(uuid.uuid4())]
    for use in uses:
        south.insert(
            "leverage_use",
            {"id": use, "supplier_id": supplier, "asked_on": "2026-03-01", "asked": "A site list",
             "channel": "letter", "jointly": False},
        )  # fmt: skip
    world.share("south admin", "leverage_use", uses[:1])
    risks = [str(uuid.uuid4()), str(uuid.uuid4())]
    for risk in risks:
        south.insert(
            "risk",
            {"id": risk, "country": "VN", "kind": "wages", "text": "Unpaid overtime",
             "source": "A report", "seen_on": "2026-03-01"},
        )  # fmt: skip
    world.share("south admin", "risk", risks[:1])
    dialogue = plan(world, supplier, actor="south admin", chatham=True)
    for text in ("Who makes it?", "Where?"):
        question = ask(south, dialogue, text)
        south.call("vote", {"question_id": question, "wanted": True})
    south.call("close_dialogue", {"dialogue_id": dialogue})
    return engine.owner_address


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda c: f"{c.number:02d}_{c.slug}")
def test_the_store_keeps_the_rule(address: str, check: Check) -> None:
    with psycopg.connect(address) as db:
        assert db.execute(check.query).fetchall() == []


@pytest.mark.parametrize("slug", BREAKS)
def test_the_rule_notices_when_it_is_broken(address: str, slug: str) -> None:
    with psycopg.connect(address) as db:
        db.execute("set local session_replication_role = replica")  # past the triggers
        db.execute(BREAKS[slug])
        assert db.execute(CHECKS[slug].query).fetchall() != []
        db.rollback()


@pytest.mark.parametrize("change", ["array[gen_random_uuid()]", "'{}'"])
@pytest.mark.parametrize("relation", SHARED_RELATIONS)
def test_of_every_kind_it_is_noticed_who_sees_it_without_a_receipt_or_not_in_spite_of_one(
    address: str, relation: str, change: str
) -> None:
    with psycopg.connect(address) as db:
        db.execute("set local session_replication_role = replica")
        db.execute(f"update {relation} set shared_with = {change}")
        found = db.execute(CHECKS["shared_as_receipts_say"].query).fetchall()
        assert {one.split()[0] for (one,) in found} == {relation}
        db.rollback()


TYPES = {
    "uuid": "String", "text": "String", "character": "String", "jsonb": "String",
    "bigint": "Int64", "integer": "Int64", "numeric": "Float64", "double precision": "Float64",
    "date": "Date", "timestamp with time zone": "Datetime(time_unit='us', time_zone='UTC')",
    "boolean": "Boolean", "uuid[]": "List(String)", "text[]": "List(String)",
}  # fmt: skip

# Columns that are in the database and go no further, with the reason.
KEPT_BACK = {
    ("dialogue_seat", "person_id"),  # the account behind a seat
    ("invitation", "token_hash"),  # whoever reads it could recognise a link
    ("supplier_merge", "moved"),  # how a merge is undone
    ("sharing", "created_by"),  # the audit trail says who
}
# With whom and until when a row is shared is for its owner to know (rule whom_else).
SHARED = {"shared_with", "banded_with", "aggregated_with", "shared_until"}


def test_relations_are_the_tables_of_the_store_column_by_column(engine: Engine) -> None:
    with psycopg.connect(engine.owner_address) as db:
        found = db.execute(
            """select c.relname, t.attname, split_part(format_type(t.atttypid, null), '(', 1)
            from pg_class c join pg_attribute t on t.attrelid = c.oid
            where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
              and t.attnum > 0 and not t.attisdropped"""
        ).fetchall()
    stored = {
        (r, c): TYPES[kind] for r, c, kind in found if (r, c) not in KEPT_BACK and c not in SHARED
    }
    assert stored == {(r, c): str(t) for r, row in RELATIONS.items() for c, t in row.items()}
