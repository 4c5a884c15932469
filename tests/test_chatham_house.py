"""Under the Chatham House Rule nobody finds out who said what, whatever a member may do.

First what the database holds, looked at as its owner. Then an attack: members in every position,
with SQL as the store lets them use it, look at everything after every single write, learn from
events whose authors they know, and guess in others. They guess no better than chance; where the
rule does not hold, or a leak is planted, the same attack succeeds.
"""

import json
import math
import random
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from quorum.store import Store
from quorum.store.embedded import Engine, _with_user
from quorum.store.relations import RELATIONS
from tests.conftest import World, emptied, small_world
from tests.test_backup import contents
from tests.test_dialogue_store import ask, invite, note, plan, sit_down, stranger

# Who may be the author, and who attacks: a host's facilitator, her colleague, a colleague of one
# author, a member without a seat, and somebody of the supplier.
AUTHORS = [
    "north clerk", "south admin", "harbour admin", "harbour editor", "tamsin guest", "ulrik guest",
]  # fmt: skip
ATTACKERS = ["north admin", "north editor", "south editor", "north viewer", "quill guest"]
GUESTS = {"quill guest": "supplier", "tamsin guest": "reseller", "ulrik guest": "supplier"}

TALK = {
    f"quorum.dialogue_{name}" for name in ("room", "key", "question", "note", "ballot")
}  # fmt: skip


@dataclass
class Cast:
    """The people of all events: who they are, what they reach."""

    world: World
    supplier: str
    ids: dict[str, str] = field(default_factory=dict)
    stores: dict[str, Store] = field(default_factory=dict)

    def event(self, *, chatham: bool, live: bool = True) -> str:
        """An event in which everybody but the viewer sits."""
        event = plan(self.world, self.supplier, chatham=chatham, votes_each=20)
        for name, store in self.stores.items():
            if name in GUESTS:
                supplier = self.supplier if GUESTS[name] == "supplier" else None
                link = invite(self.world, event, side=GUESTS[name], supplier_id=supplier)
                sit_down(store, link, name)
            elif name not in ("north admin", "north viewer"):
                store.call("take_seat", {"dialogue_id": event})
        if live:
            self.stores["north admin"].call("open_dialogue", {"dialogue_id": event})
        return event

    def close(self, event: str) -> None:
        self.stores["north admin"].call("close_dialogue", {"dialogue_id": event})

    def traits(self) -> dict[str, str]:
        """What leads to an author or their organisation, and to which one. Generous: an attacker
        does not know all of this."""
        found: dict[str, str] = {}
        for name in AUTHORS:
            found[self.ids[name]] = found[name] = found[name.title()] = name
            found[f"{name.replace(' ', '.')}@example.org"] = found[f"{name}@example.org"] = name
            for (seat,) in self.world.owner(
                "select id::text from dialogue_seat where person_id = %s", self.ids[name]
            ):
                found[seat] = name
        for organisation, name in self.world.owner("select id::text, name from organisation"):
            found[organisation] = found[name] = f"organisation {name}"
        return found


@pytest.fixture(scope="module")
def cast(engine: Engine) -> Cast:
    return assembled(engine)


def assembled(engine: Engine) -> Cast:
    """Everybody, in a store that was emptied."""
    world = small_world(emptied(engine))
    world.owner("delete from membership where left_at is not null")
    harbour = world.organisation("Harbour")
    world.owner(
        "insert into membership (consortium_id, organisation_id, role) values (%s, %s, 'member')",
        world.consortium_id, harbour,
    )  # fmt: skip
    world.person("north clerk", world["north admin"].organisation_id, "editor")
    world.person("south editor", world["south admin"].organisation_id, "editor")
    world.person("harbour admin", harbour, "admin")
    world.person("harbour editor", harbour, "editor")
    made = Cast(world, world.supplier())
    for name in [*AUTHORS, *ATTACKERS]:
        if name in GUESTS:
            made.ids[name], made.stores[name] = stranger(world, name)
        else:
            made.ids[name], made.stores[name] = world[name].id, world[name].store
    return made


def identifiers(seed: object) -> Iterator[str]:
    """Identifiers as forms mint them, the same in every run."""
    chance = random.Random(seed)
    while True:
        yield str(uuid.UUID(int=chance.getrandbits(128), version=4))


def vote(store: Store, question: str, wanted: bool = True) -> None:
    store.call("vote", {"question_id": question, "wanted": wanted})


# What the database holds --------------------------------------------------------------------------


def test_rows_under_the_rule_cannot_carry_a_name(cast: Cast) -> None:
    event = cast.event(chatham=True)
    columns = {"author": "'Bo'", "affiliation": "'North'", "person_id": "gen_random_uuid()"}
    for relation, moment in (("question", "asked_at"), ("note", "noted_at")):
        place = "board" if relation == "question" else "audience"
        for column, value in {**columns, moment: "now()"}.items():
            with pytest.raises(psycopg.errors.CheckViolation, match=f"{relation}_of_nobody"):
                cast.world.owner(
                    f"insert into quorum.dialogue_{relation} (id, dialogue_id, chatham, {place},"
                    f" text, {column}) values (gen_random_uuid(), %s, true, 'shared', 'x y z',"
                    f" {value})", event,
                )  # fmt: skip
            # Nor does a row claim that the rule does not hold.
            with pytest.raises(psycopg.errors.ForeignKeyViolation):
                cast.world.owner(
                    f"insert into quorum.dialogue_{relation} (id, dialogue_id, chatham, {place},"
                    f" text, {column}) values (gen_random_uuid(), %s, false, 'shared', 'x y z',"
                    f" {value})", event,
                )  # fmt: skip


def test_talk_changes_nothing_but_the_tables_of_talk(cast: Cast) -> None:
    event = cast.event(chatham=True)
    address = cast.world.engine.owner_address
    made = identifiers(1)
    asked, noted = next(made), next(made)
    clerk, leader = cast.stores["north clerk"], cast.stores["north admin"]
    spoken: list[Callable[[], Any]] = [
        lambda: ask(clerk, event, id=asked, supplier_id=cast.supplier),
        lambda: ask(clerk, event, "Among us?", id=next(made), board="buyers"),
        lambda: ask(clerk, event, id=asked),
        lambda: clerk.call(
            "edit_question",
            {"id": asked, "version": 1, "stage_id": None, "supplier_id": None, "topic": "",
             "text": "Who makes them?"},
        ),
        lambda: vote(clerk, asked),
        lambda: vote(clerk, asked, False),
        lambda: note(clerk, event, id=noted),
        lambda: note(clerk, event, "Better.", id=noted, version=1),
        lambda: note(clerk, event, "Late.", id=noted, version=1),
        lambda: leader.call(
            "go_to", {"dialogue_id": event, "stage_id": None, "question_id": asked}
        ),
        lambda: leader.call("set_question_state", {"id": asked, "state": "answered"}),
        lambda: leader.call("merge_questions", {"kept": asked, "merged": [ask(clerk, event)]}),
        lambda: leader.call("strike_note", {"id": noted, "version": 2}),
        lambda: clerk.call("dialogue_board", {"dialogue_id": event, "seen": None}),
        lambda: clerk.call("dialogue_room", {"dialogue_id": event, "seen": None}),
        lambda: clerk.call("dialogue_notes", {"dialogue_id": event}),
    ]  # fmt: skip
    before = contents(address)
    for speak in spoken:
        speak()
        after = contents(address)
        assert {name for name in after if after[name] != before[name]} <= TALK
        before = after


@pytest.fixture
def closed(cast: Cast) -> tuple[str, list[str]]:
    """An event that is over, and what would lead to its questions and notes."""
    event = cast.event(chatham=True)
    made = identifiers(event)
    traces: list[str] = []
    for n, name in enumerate(AUTHORS):
        store = cast.stores[name]
        asked, noted = next(made), next(made)
        ask(store, event, f"Ask {n} of seven?", id=asked, supplier_id=cast.supplier)
        note(store, event, f"Note {n} of seven.", id=noted, question_id=asked)
        note(store, event, f"Note {n} of eight.", id=noted, version=1)
        vote(store, asked)
        traces += [asked, noted]
    cast.world.owner("analyze")
    cast.close(event)
    return event, traces


def test_after_the_close_no_row_anywhere_leads_from_what_was_said_to_somebody(
    cast: Cast, closed: tuple[str, list[str]]
) -> None:
    _event, traces = closed
    traits = cast.traits()
    with psycopg.connect(cast.world.engine.owner_address) as db:
        tables = [name for (name,) in db.execute(
            "select c.oid::regclass::text from pg_class c join pg_namespace n"
            " on n.oid = c.relnamespace where c.relkind in ('r', 'm', 'p')"
            " and n.nspname !~ '^pg_toast|^information_schema$'"
        )]  # fmt: skip
        leading: Counter[str] = Counter()
        for table in tables:
            for (row,) in db.execute(f"select t::text from {table} t"):
                if any(trace in row or trace.replace("-", "") in row for trace in traces):
                    leading[table] += 1
                    assert not [trait for trait in traits if trait in row], row
    # There was something to find, and it lies where it should. What the planner remembers of it,
    # and only the owner reads, was searched like the rest.
    leading.pop("pg_statistic", None)
    assert leading == {
        "quorum.dialogue_question": len(AUTHORS), "quorum.dialogue_note": len(AUTHORS),
    }  # fmt: skip


def test_after_the_close_nothing_tells_one_row_from_another(
    cast: Cast, closed: tuple[str, list[str]]
) -> None:
    event, _traces = closed
    for relation in ("question", "note"):
        assert cast.world.owner(
            "select count(distinct xmin::text), count(distinct cmin::text), max(version),"
            f" count(*) from quorum.dialogue_{relation} where dialogue_id = %s", event,
        ) == [(1, 1, 1, len(AUTHORS))]  # fmt: skip


def test_after_the_close_key_and_ballots_are_gone_and_votes_are_counted(
    cast: Cast, closed: tuple[str, list[str]]
) -> None:
    event, _traces = closed
    owner = cast.world.owner
    assert owner("select count(*) from quorum.dialogue_key where dialogue_id = %s", event) == [(0,)]
    assert owner(
        "select count(b.*), sum(distinct q.votes) from quorum.dialogue_question q"
        " left join quorum.dialogue_ballot b on b.question_id = q.id where q.dialogue_id = %s",
        event,
    ) == [(0, 1)]
    # The planner was told to remember none of them.
    assert owner("select count(*) from pg_stats where tablename = 'dialogue_ballot'") == [(0,)]


def test_the_same_person_has_another_pseudonym_in_each_event(cast: Cast) -> None:
    for _turn in range(2):
        vote(cast.stores["south admin"], ask(cast.stores["south admin"], cast.event(chatham=True)))
    found = cast.world.owner("select pseudonym, question_id from quorum.dialogue_ballot")
    assert len({pseudonym for pseudonym, _question in found}) == len(found) >= 2


def test_where_rows_lie_says_nothing_of_when_they_were_written(cast: Cast) -> None:
    """Over many events: before the close they lie in order, afterwards in any."""
    length, events = 8, 40
    made = identifiers(3)
    # Into an empty table and through one connection, so that they lie in order: each connection
    # fills a page of its own, and all of them the space of rows that are gone.
    cast.world.owner("truncate quorum.dialogue_note")
    written: dict[str, list[str]] = {}
    for _event in range(events):
        event = cast.event(chatham=True)
        written[event] = [next(made) for _n in range(length)]
        for identifier in written[event]:
            cast.world.owner(
                "insert into quorum.dialogue_note (id, dialogue_id, chatham, audience, text)"
                " values (%s, %s, true, 'shared', repeat('x', 500))", identifier, event,
            )  # fmt: skip

    def agreeing() -> list[int]:
        """Of the pairs of each event, how many lie as they were written."""
        found = []
        for event, identifiers in written.items():
            lying = [i for (i,) in cast.world.owner(
                "select id::text from quorum.dialogue_note where dialogue_id = %s order by ctid",
                event,
            )]  # fmt: skip
            places = [lying.index(identifier) for identifier in identifiers]
            found.append(
                sum(places[i] < places[j] for i in range(length) for j in range(i + 1, length))
            )
        return found

    # Kendall: in order all pairs agree, in random order half of them, give or take. Five standard
    # deviations for all events together; seven, because its tail is longer, for how far each is
    # from the half, whichever way.
    half = length * (length - 1) / 4
    variance = length * (length - 1) * (2 * length + 5) / 72
    assert sum(count - half for count in agreeing()) == events * half
    for event in written:
        cast.close(event)
    closed = [count - half for count in agreeing()]
    assert abs(sum(closed)) < 5 * math.sqrt(events * variance)
    far = sum(one**2 for one in closed) / variance
    assert far < events + 7 * math.sqrt(2 * events)


# The attack ---------------------------------------------------------------------------------------

KINDS = ["question", "note", "vote"]
Seen = dict[str, str]
Clue = tuple[Any, ...]


class Spy:
    """SQL with the rights of one member: everything that the store lets them read, in one go."""

    def __init__(self, db: psycopg.Connection[Any], person: str) -> None:
        self.db = db
        self.claims = json.dumps({"sub": person, "role": "authenticated"})
        parts = {name: f"({_rows(db, name)})" for name in RELATIONS}
        for name in ("shared_through", "spend_bands", "chart_consortia"):
            parts[name] = f"(select coalesce(jsonb_agg(x), '[]') from public.{name}() x)"
        parts |= {"pulse": "public.pulse()", "whoami": "public.whoami()"}
        for name in ("dialogue_board", "dialogue_room"):
            # Of their parts each by itself; the clock is no clue.
            parts[name] = f"public.{name}(%(event)s, null) - 'now'"
        for name in ("dialogue_notes", "dialogue_times"):
            parts[name] = f"public.{name}(%(event)s)"
        self.question = "select " + ", ".join(
            f'({value})::text as "{name}"' for name, value in parts.items()
        )

    def look(self, event: str) -> Seen:
        columns, values = self._ask(self.question, {"event": event})
        return dict(zip(columns, values, strict=True))

    def probe(self, kind: str, item: str, event: str) -> Seen:
        """What an edit answers that came too late, whatever it is."""
        call = {
            "question": "edit_question(%(item)s, -1, null, null, '', 'Mine now')",
            "note": "write_note(%(event)s, %(item)s, null, null, 'shared', 'Mine now', -1)",
            "vote": "vote(%(item)s, false)",
        }[kind]
        try:
            _columns, values = self._ask(f"select {call}::text", {"item": item, "event": event})
            return {"probe": values[0]}
        except psycopg.Error as error:
            return {"probe": json.dumps(error.diag.message_primary)}

    def _ask(self, query: str, values: dict[str, str]) -> tuple[list[str], Any]:
        with self.db.transaction(force_rollback=True):
            self.db.execute(
                "select set_config('role', 'authenticated', true),"
                " set_config('request.jwt.claims', %s, true)", (self.claims,),
            )  # fmt: skip
            done = self.db.execute(query, values)
            return [column.name for column in done.description or []], done.fetchone()


def _rows(db: psycopg.Connection[Any], relation: str) -> str:
    """A relation as members read it, in the order in which it lies, with the columns that the
    system keeps where they are readable."""
    (granted,) = db.execute(
        "select string_agg(quote_ident(attname), ', ') from pg_attribute"
        " where attrelid = %s::regclass and attnum > 0 and not attisdropped"
        " and has_column_privilege('authenticated', attrelid, attnum, 'select')", [relation],
    ).fetchone()  # fmt: skip
    (whole,) = db.execute(
        "select has_table_privilege('authenticated', %s, 'select')", [relation]
    ).fetchone()
    if whole:
        granted += ", ctid::text as c_, xmin::text as x_, xmax::text as m_"
    return (
        f"select coalesce(jsonb_agg(to_jsonb(x)), '[]') from (select {granted}"
        f" from public.{relation}) x"
    )


def clues(spy: str, before: Seen, after: Seen, traits: dict[str, str]) -> set[Clue]:
    """What changed in a spy's eyes, and whom it names."""
    found: set[Clue] = set()

    def said(channel: str, value: Any) -> None:
        text = json.dumps(list(value.values()) if isinstance(value, dict) else value)
        found.update(
            (spy, channel, "names", whom) for trait, whom in traits.items() if trait in text
        )

    def changed(channel: str, old: Any, new: Any) -> None:
        if old != new:
            number = isinstance(new, int) and isinstance(old, int)
            found.add((spy, channel, new - old if number else "changed"))
            said(channel, new)

    for channel, old, value in _different(before, after):
        if not isinstance(value, list):
            changed(channel, old, value)
            continue
        known = {_key(row): row for row in old or []}
        for place, row in enumerate(value):
            if (key := _key(row)) not in known:
                found |= {(spy, channel, "new"), (spy, channel, "place", place)}
                said(channel, row)
            else:
                for column in row:
                    changed(f"{channel}.{column}", known[key][column], row[column])
        if len(value) < len(known):
            found.add((spy, channel, "gone"))
    return found


def _different(before: Seen, after: Seen) -> Iterator[tuple[str, Any, Any]]:
    """Lists of rows, and single values, that are not what they were."""
    for name, text in after.items():
        if text != before.get(name):
            old, new = json.loads(before.get(name, "null")), json.loads(text)
            if isinstance(new, dict):
                yield from ((f"{name}.{key}", (old or {}).get(key), new[key]) for key in new)
            else:
                yield name, old, new


def _key(row: Any) -> str:
    return str(row.get("id") if isinstance(row, dict) and "id" in row else json.dumps(row))


@dataclass
class Write:
    """One write: what kind, whose, and what the spies noticed."""

    kind: str
    author: str
    clues: set[Clue]


def learn(known: list[Write]) -> Callable[[Write], str]:
    """Whoever is named, alone, is the author. Otherwise Bayes: how often the clues that tell most
    came with each author tells who is behind a new write."""
    told: dict[Clue, Counter[str]] = defaultdict(Counter)
    authors = Counter(write.author for write in known)
    for write in known:
        for clue in write.clues:
            told[clue][write.author] += 1

    def telling(clue: Clue) -> float:
        """How far the clue is from coming with each author alike."""
        share = told[clue].total() / len(known)
        expected = {author: share * n for author, n in authors.items()}
        return sum((told[clue][author] - n) ** 2 / n for author, n in expected.items())

    best = {clue: told[clue] for clue in sorted(told, key=lambda c: (-telling(c), str(c)))[:8]}

    def likely(author: str, write: Write) -> float:
        total = math.log(authors[author] + 1)
        for clue, counted in best.items():
            share = (counted[author] + 1) / (authors[author] + 2)
            total += math.log(share if clue in write.clues else 1 - share)
        return total

    def guess(write: Write) -> str:
        named = {clue[3] for clue in write.clues if clue[2] == "names" and clue[3] in AUTHORS}
        return max(named if len(named) == 1 else AUTHORS, key=lambda a: likely(a, write))

    return guess


def guessed(writes: list[Write], kind: str, spies: list[str]) -> tuple[int, int]:
    """How many authors of the second half the spies find who know those of the first, of how
    many."""
    seen = [
        Write(w.kind, w.author, {c for c in w.clues if c[0] in spies})
        for w in writes if w.kind == kind
    ]  # fmt: skip
    half = len(seen) // 2
    guess = learn(seen[:half])
    return sum(guess(write) == write.author for write in seen[half:]), len(seen) - half


def luck(found: int, of: int) -> float:
    """The probability of finding as many or more by chance."""
    p = 1 / len(AUTHORS)
    return sum(math.comb(of, k) * p**k * (1 - p) ** (of - k) for k in range(found, of + 1))


def attacked(cast: Cast, *, chatham: bool, events: int, seed: int) -> list[Write]:
    """Events in which each author asks, notes and votes once, in random order, while all spies look
    on after every write."""
    chance = random.Random(seed)
    made = identifiers(seed)
    writes: list[Write] = []
    address = _with_user(cast.world.engine.owner_address, "authenticator")
    with psycopg.connect(address, autocommit=True) as db:
        spies = {name: Spy(db, cast.ids[name]) for name in ATTACKERS}
        for _event in range(events):
            event = cast.event(chatham=chatham)
            traits = cast.traits()
            questions = [ask(cast.stores["north admin"], event, id=next(made))]
            here: dict[str, Write] = {}
            before = {name: spy.look(event) for name, spy in spies.items()}
            turns = [(kind, author) for kind in KINDS for author in AUTHORS]
            for kind, author in chance.sample(turns, len(turns)):
                store, item = cast.stores[author], next(made)
                if kind == "question":
                    ask(store, event, f"Question {item[:8]}?", id=item)
                    questions.append(item)
                elif kind == "note":
                    note(store, event, f"Note {item[:8]}.", id=item)
                else:
                    item = chance.choice(questions)
                    vote(store, item)
                write = Write(kind, author, set())
                after = {name: spy.look(event) for name, spy in spies.items()}
                for name, spy in spies.items():
                    write.clues |= clues(name, before[name], after[name], traits)
                    write.clues |= clues(name, {}, spy.probe(kind, item, event), traits)
                before = after
                writes.append(write)
                if kind != "vote":
                    here[item] = write
            cast.close(event)
            for name, spy in spies.items():
                seen = spy.look(event)
                listed = json.loads(seen["dialogue_board"])["questions"]
                for rows in (listed, json.loads(seen["dialogue_notes"])):
                    for place, row in enumerate(rows):
                        if row["id"] in here:
                            here[row["id"]].clues.add((name, "over", "place", place))
    return writes


@pytest.fixture(scope="module")
def crowd(engine: Engine) -> Cast:
    """The cast of the attacks: in a store without the events of the tests above."""
    return assembled(engine)


@pytest.fixture(scope="module")
def under_the_rule(crowd: Cast) -> list[Write]:
    return attacked(crowd, chatham=True, events=8, seed=4)


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_finds_the_author_better_than_by_chance(
    under_the_rule: list[Write], kind: str
) -> None:
    for spies in ([name] for name in ATTACKERS):
        assert luck(*guessed(under_the_rule, kind, spies)) > 1e-4, spies
    assert luck(*guessed(under_the_rule, kind, ATTACKERS)) > 1e-4


def test_nor_are_all_writes_together_traced_better_than_by_chance(
    under_the_rule: list[Write],
) -> None:
    each = [guessed(under_the_rule, kind, ATTACKERS) for kind in KINDS]
    assert luck(sum(found for found, _of in each), sum(of for _found, of in each)) > 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_speaks_the_spies_notice_the_same(under_the_rule: list[Write], kind: str) -> None:
    """Without statistics: which things change, and by how much, does not depend on the author."""
    noticed: dict[str, set[Clue]] = defaultdict(set)
    for write in under_the_rule:
        if write.kind == kind:
            assert not [clue for clue in write.clues if "names" in clue]
            noticed[write.author] |= {c for c in write.clues if c[2] != "place"}
    assert set(noticed) == set(AUTHORS)
    assert all(clues == noticed[AUTHORS[0]] for clues in noticed.values())
    assert noticed[AUTHORS[0]]


def test_without_the_rule_the_same_attack_finds_every_author(crowd: Cast) -> None:
    writes = attacked(crowd, chatham=False, events=2, seed=5)
    for kind in ("question", "note"):
        for spies in ([name] for name in ATTACKERS):
            found, of = guessed(writes, kind, spies)
            assert found == of == 6


def test_a_counter_that_ticks_for_the_voters_organisation_would_be_found(crowd: Cast) -> None:
    owner = crowd.world.owner
    owner(
        "create function quorum.leak() returns trigger language plpgsql security definer as"
        " $$ begin perform quorum.count_changes(array[quorum.my_organisation()]);"
        " return null; end $$"
    )
    owner("create trigger leak after insert on quorum.dialogue_ballot for each row"
          " execute function quorum.leak()")  # fmt: skip
    try:
        writes = attacked(crowd, chatham=True, events=6, seed=6)
    finally:
        owner("drop function quorum.leak() cascade")
    assert (
        luck(*guessed(writes, "vote", ATTACKERS)) < 0.01 < luck(*guessed(writes, "note", ATTACKERS))
    )
