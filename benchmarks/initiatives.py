"""What the pages of initiatives and charts cost when there is much of everything.

    .venv/bin/python -m benchmarks.initiatives [rounds]

60 initiatives, each rated by 40 members in each of ten years (24,000 ratings of six criteria), and
5,000 memberships and certificates of 500 suppliers, all of it shared with the member who looks. As
in page_switch.py: warm reruns over the websocket, taking turns with an empty page of an unmodified
Streamlit app in the same run. The bar: each page's warm rerun takes at most 1.5 times that of the
empty page.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import urlencode

import psycopg

from benchmarks.page_switch import BAR, EMPTY, Times, compare, slowest
from benchmarks.serving import bare, quorum, tab
from quorum.definitions.rubrics import published, rubrics
from quorum.store.accounts import Accounts
from quorum.store.embedded import Engine

INITIATIVES, RATERS, YEARS, SUPPLIERS, LINKS = 60, 40, 10, 500, 5_000
PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "initiatives": ("initiatives", {}),
    "initiatives, radar": ("initiatives", {"initiatives_view": "Two to four"}),
    "initiatives, differences": ("initiatives", {"initiatives_view": "Where raters differ"}),
    "initiatives, due": ("initiatives", {"initiatives_view": "To be rated"}),
    "initiative": ("initiative", {"initiative_key": "RBA"}),
    "initiative, history": ("initiative", {"initiative_key": "RBA", "initiative_history": "true"}),
    "initiative, over time": (
        "initiative", {"initiative_key": "RBA", "initiative_view": "Over time"},
    ),
    "initiative, members": (
        "initiative", {"initiative_key": "RBA", "initiative_view": "Who belongs"},
    ),
    "rate": ("rate", {"rate_key": "RBA"}),
    "certificates": ("certificates", {}),
    "certificates, running out": ("certificates", {"certificates_view": "Running out"}),
    "certificates, without": ("certificates", {"certificates_view": "Without any"}),
    "certificates, all": ("certificates", {"certificates_view": "All records"}),
    "equivalence": ("equivalence", {"equivalence_accepted": ["RBA", "TCO Certified", "EPEAT"]}),
    "board": ("board", {}),
    "explore, ratings": ("explore", {"data": "ratings", "by": ["initiative", "criterion"],
        "show": "stars.spread", "only_is_current": "yes", "chart": "heatmap"}),
    "explore, memberships": ("explore", {"data": "memberships", "by": ["initiative", "state"],
        "show": "rows"}),
}  # fmt: skip
CHARTS = {
    "Spread": "data=ratings&by=initiative&by=criterion&show=stars.spread&only_is_current=yes"
    "&chart=heatmap",
    "States": "data=memberships&by=initiative&by=state&show=rows&chart=bar",
    "Years": "data=ratings&by=rated_on&by=criterion&show=stars.mean&chart=line",
    "Suppliers": "data=memberships&by=supplier&show=initiative.distinct&chart=bar",
}
FILL: tuple[LiteralString, ...] = (
    "insert into organisation (name, country, kind)"
    " select 'Rater ' || lpad(n::text, 2, '0'), 'SE', 'city' from generate_series(1, {raters}) n",
    "insert into auth.users (id, email)"
    " select gen_random_uuid(), 'member' || n || '@example.org'"
    " from generate_series(1, {raters}) n",
    "insert into person (id, name, email) select id, split_part(email, '@', 1), email"
    " from auth.users",
    "insert into organisation_role (organisation_id, person_id, role)"
    " select o.id, u.id, 'admin' from"
    " (select id, row_number() over (order by name) n from organisation) o"
    " join (select id, row_number() over (order by email) n from auth.users) u using (n)",
    "insert into consortium (name, purpose) values ('Benchmark', '')",
    "insert into membership (consortium_id, organisation_id, role)"
    " select c.id, o.id, 'coordinator' from consortium c cross join organisation o",
    "insert into supplier (id, name, kind, country)"
    " select gen_random_uuid(), 'Supplier ' || n, 'brand', 'SE'"
    " from generate_series(1, {suppliers}) n",
    "insert into initiative (organisation_id, name, kind, description, shared_with, shared_until)"
    " select (select id from organisation order by name limit 1), 'Initiative ' || n, 'industry',"
    " '', array(select id from consortium), '2090-01-01' from generate_series(1, {added}) n",
    # One chain of revisions for each rater and initiative; identifiers follow from what they name.
    # A quarter of the initiatives was last rated years ago.
    """insert into initiative_rating (id, organisation_id, initiative, rubric, edition, rated_on,
        scores, supersedes, shared_with, shared_until)
      select md5(o.id::text || k.key || y)::uuid, o.id, k.key, 'due-diligence', 1,
        make_date(2016 + y - 3 * (mod(hashtext(k.key), 4) = 0)::int,
          1 + (random() * 11)::int, 1 + (random() * 27)::int),
        (select jsonb_object_agg(c, jsonb_build_object('value', round(random() * 8) / 2,
           'rationale', 'What our visits and their reports have shown us so far, year ' || y || c))
         from unnest(%(codes)s::text[]) c where o.id is not null and k.key is not null and y > 0),
        case when y > 1 then md5(o.id::text || k.key || (y - 1))::uuid end,
        array(select id from consortium), '2090-01-01'
      from organisation o
      cross join (select unnest(%(published)s::text[]) key
        union all select id::text from initiative) k
      cross join generate_series(1, {years}) y""",
    """insert into initiative_link (organisation_id, initiative, supplier_id, standing, level,
        valid_from, valid_until, source, shared_with, shared_until)
      select o.id, k.key, s.id, 'certificate', 'Level ' || mod(i, 4), '2024-01-01',
        current_date + 100 * mod(s.n, 9)::int - 190, 'Public list',
        array(select id from consortium), '2090-01-01'
      from generate_series(1, {links}) i
      join (select id, row_number() over (order by name) - 1 as n from organisation) o
        on o.n = mod(i, {raters})
      join (select id, row_number() over (order by name) - 1 as n from supplier) s
        on s.n = mod(i, {suppliers})
      join (select key, row_number() over (order by key) - 1 as n
        from (select unnest(%(published)s::text[]) key
          union all select id::text from initiative) every) k
        on k.n = mod(i, {initiatives})""",
    """insert into sharing (id, organisation_id, consortium_id, relation, level, legal_basis, title,
        item_count, ends_on)
      select gen_random_uuid(), i.organisation_id, (select id from consortium), i.relation,
        'record', 'Agreement', 'All', count(*), '2090-01-01'
      from (select 'initiative' as relation, organisation_id from initiative
        union all select 'initiative_rating', organisation_id from initiative_rating
        union all select 'initiative_link', organisation_id from initiative_link) i
      group by i.organisation_id, i.relation""",
    """insert into sharing_item (organisation_id, sharing_id, item_id)
      select s.organisation_id, s.id, i.id from sharing s
      join (select 'initiative' as relation, organisation_id, id from initiative
        union all select 'initiative_rating', organisation_id, id from initiative_rating
        union all select 'initiative_link', organisation_id, id from initiative_link) i
        using (organisation_id, relation)""",
    "insert into saved_chart (organisation_id, name, question, pinned)"
    " select (select id from organisation order by name limit 1), name, question, true"
    " from unnest(%(names)s::text[], %(questions)s::text[]) t (name, question)",
    "analyze",
)


def filled(engine: Engine) -> str:
    """Fills the store; the cookie of the first rater's admin."""
    known = [one.id for one in published().initiatives]
    codes = next(list(one.labels) for one in rubrics() if one.id == published().rubric)
    sizes = {
        "raters": RATERS, "added": INITIATIVES - len(known), "years": YEARS, "links": LINKS,
        "suppliers": SUPPLIERS, "initiatives": INITIATIVES,
    }  # fmt: skip
    values = {"codes": codes, "published": known, "names": list(CHARTS),
              "questions": list(CHARTS.values())}  # fmt: skip
    with psycopg.connect(engine.owner_address) as db:
        db.execute("set session_replication_role = replica")  # the trail is not what is measured
        for statement in FILL:
            db.execute(statement.format(**sizes), values if "%(" in statement else None)
        counted = db.execute(
            "select (select count(*) from initiative_rating),"
            " (select count(*) from initiative_link)"
        ).fetchone()
        found = db.execute(
            "select person_id::text from organisation_role join organisation o"
            " on o.id = organisation_id order by o.name limit 1"
        ).fetchone()
    assert counted == (INITIATIVES * RATERS * YEARS, LINKS), counted
    assert found
    accounts = Accounts(engine)
    token = accounts.open_session(accounts.open_code(found[0], "benchmark"), "benchmark")
    return f"quorum_session={token}"


def main(rounds: int) -> bool:
    with tempfile.TemporaryDirectory(prefix="quorum") as root:
        store = Path(root) / "store"
        engine = Engine(store)
        cookie = filled(engine)
        engine.close()
        with quorum(store) as ours, bare(EMPTY, Path(root)) as theirs:

            def compared(name: str, rounds: int) -> Times:
                page, query = PAGES[name]
                with tab(ours.address, cookie) as mine, tab(theirs.address) as empty:
                    return compare(mine, empty, page, urlencode(query, doseq=True), rounds)

            worst = slowest(PAGES, compared, rounds)
        Engine(store)._server.stop()
    return worst > BAR


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10))
