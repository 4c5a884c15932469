"""A demo store: a fictional consortium of public buyers, a year in.

The story stands in definitions/demo: consortium.toml, initiatives.toml for what its members think
of initiatives, dialogues.toml for what they talk about with suppliers, and risks.toml for the risks
they know of. It enters the store as members do it: through the public functions, under their own
claims, so that policies, receipts and the audit trail are real. Only accounts and moments of the
past are set by the owner. The same day gives the same demo.
"""

import tomllib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from itertools import product
from pathlib import Path
from random import Random
from typing import Any, LiteralString, cast

import polars as pl
import psycopg
from psycopg import sql
from stdnum.iso7064 import mod_97_10

from quorum import definitions
from quorum.clocks import moment
from quorum.definitions.dialogues import definition as dialogue_definition
from quorum.definitions.rubrics import published, rubrics
from quorum.language import _
from quorum.sites import place_key
from quorum.store import Refused
from quorum.store.embedded import EmbeddedStore, Engine, _configure

STORY = Path(__file__).parent / "definitions" / "demo"
ROUNDS = {"old": 960, "first": 380, "second": 50}  # days ago
BANDS = {"L": "low", "M": "medium", "H": "high"}
DIMENSIONS = ("awareness", "policies", "actions")
# Where the store keeps the moments that are set back to when they would have happened.
MOMENTS = (
    ("audit_event", "at"), ("organisation_role", "since"), ("membership", "joined_at"),
    ("invitation", "created_at"), ("invitation", "used_at"), ("assessment", "created_at"),
    ("assessment", "updated_at"), ("site_list", "created_at"), ("spend_import", "created_at"),
    ("spend", "created_at"), ("sharing", "created_at"), ("sharing", "ended_at"),
    ("initiative", "created_at"), ("rubric", "created_at"), ("initiative_rating", "created_at"),
    ("initiative_link", "created_at"), ("saved_chart", "created_at"), ("saved_chart", "updated_at"),
    ("dialogue", "created_at"), ("dialogue", "closed_at"), ("quorum.dialogue_question", "asked_at"),
    ("quorum.dialogue_note", "noted_at"), ("commitment", "created_at"),
    ("commitment_report", "created_at"), ("leverage_use", "created_at"), ("risk", "created_at"),
)  # fmt: skip
# Days ago on which ratings were entered: on the first of these after the day that they speak of.
RATED = (394, 255, 36)

Story = Mapping[str, Any]


def story() -> Story:
    """The content of consortium.toml; under `views` that of initiatives.toml, under `talks` that of
    dialogues.toml, under `findings` the findings of risks.toml."""
    told, views, talks, risks = (
        tomllib.loads((STORY / f"{name}.toml").read_text(encoding="utf-8"))
        for name in ("consortium", "initiatives", "dialogues", "risks")
    )
    return {**told, "views": views, "talks": talks, "findings": risks["findings"]}


def identifier(kind: str, key: str) -> str:
    """The id of an organisation, person, supplier or view of the story: always the same."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:quorum:demo:{kind}:{key}"))


def ensure(engine: Engine, today: date | None = None) -> bool:
    """Makes the store a demo: True if it did, False where it was one already. All or nothing.

    Raises Refused for a store that holds organisations of its own.
    """
    with psycopg.connect(engine.owner_address) as db:
        db.execute("select pg_advisory_xact_lock(hashtext('quorum.demo'))")
        if _answer(db, "select demo from auth.store"):
            return False
        if _answer(db, "select exists (select from organisation)"):
            raise Refused(
                _(
                    "This store holds organisations of its own, so no demo is made in it. "
                    "Name an empty folder for the demo."
                )
            )
        _configure(db)
        _tell(_Stage(db, story(), today or date.today()))
        db.execute("update auth.store set demo = true")
    return True


def _answer(db: psycopg.Connection[Any], question: LiteralString) -> Any:
    found = db.execute(question).fetchone()
    return found[0] if found else None


@dataclass
class _Stage:
    """One transaction in which members act, one after the other."""

    db: psycopg.Connection[Any]
    story: Story
    today: date
    dice: Random = field(default_factory=lambda: Random(20251))  # noqa: S311
    consortia: dict[str, str] = field(default_factory=dict)  # key -> id, once founded
    events: dict[str, str] = field(default_factory=dict)  # key -> id, once planned

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Any]]:
        yield self.db

    def member(self, organisation: str, role: str = "editor") -> EmbeddedStore:
        """The store as a member of the organisation: its editor, where it has one."""
        people = self.organisation(organisation)["people"]
        person = next((p for p in people if p["role"] == role), people[0])
        claims = {"sub": identifier("person", person["name"]), "role": "authenticated"}
        # The store asks its engine for a connection and nothing else: here always the same one.
        return EmbeddedStore(cast(Engine, self), claims)

    def seat(self, organisation: str, event: str, role: str = "editor") -> None:
        """A member of the organisation takes a seat in the event, or keeps the one they have."""
        self.member(organisation, role).call("take_seat", {"dialogue_id": event})

    def owner(self, statement: LiteralString | sql.Composed, *values: Any) -> list[tuple[Any, ...]]:
        self.db.execute(
            "select set_config('role', 'none', true), set_config('request.jwt.claims', '', true),"
            " set_config('request.jwt.claim.sub', '', true)"
        )
        done = self.db.execute(statement, values)
        return done.fetchall() if done.description else []

    def happened(self, days_ago: int) -> None:
        """What was done since the last call was done that many days ago."""
        # All of this transaction carries the same moment. Replication mode is the owner's way past
        # the triggers that keep the trail as it is.
        since = {"days": days_ago, "minutes": self.dice.randrange(0, 300)}
        moved = [
            sql.SQL("update {table} set {column} = now() - {since} where {column} = now()").format(
                table=sql.Identifier(*table.split(".")), column=sql.Identifier(column),
                since=sql.Literal(timedelta(**since)),
            )
            for table, column in MOMENTS
        ]  # fmt: skip
        role = "set local session_replication_role = {}"
        statements = [
            sql.SQL(role).format("replica"), *moved, sql.SQL(role).format("origin"),
        ]  # fmt: skip
        self.owner(sql.SQL("; ").join(statements))  # one way there and back, not twenty

    def day(self, days_ago: int) -> str:
        return (self.today - timedelta(days=days_ago)).isoformat()

    def organisation(self, key: str) -> Story:
        return next(o for o in self.story["organisations"] if o["key"] == key)

    def share(
        self, owner: str, relation: str, items: Sequence[str], title: str, **how: Any
    ) -> str | None:
        """A receipt of the owner's for the consortium `to` (circle), for `days` more days."""
        if not items:
            return None
        to, level, days = how.get("to", "circle"), how.get("level", "record"), how.get("days", 430)
        basis = "group_basis" if to == "group" else how.get("basis", "legal_basis")
        sharing = str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
        self.member(owner).call(
            "share",
            {
                "sharing_id": sharing, "relation": relation, "items": list(items),
                "consortium_id": self.consortia[to], "level": level,
                "legal_basis": self.story["words"][basis], "ends_on": self.day(-days),
                "title": title,
            },
        )  # fmt: skip
        return sharing

    def own(self, organisation: str, relation: str) -> pl.DataFrame:
        """What an organisation has itself, without what others share with it."""
        owner = {"organisation_id": identifier("organisation", organisation)}
        return self.member(organisation).rows(relation, filters=owner)

    def key(self) -> str:
        return str(uuid.UUID(int=self.dice.getrandbits(128), version=4))


def _tell(stage: _Stage) -> None:
    _organisations(stage)
    _register(stage)
    _consortium(stage, "circle")
    for name in ("old", "first"):
        _round(stage, name)
    _site_lists(stage)
    _spend(stage)
    _consortium(stage, "group")
    _round(stage, "second")
    _share_with_group(stage)
    _added(stage)
    _ratings(stage)
    _links(stage)
    _charts(stage)
    for event in stage.story["talks"]["events"]:
        _event(stage, event)
    _leverage_used(stage)
    _known_risks(stage)
    _what_ended(stage)
    _unfinished(stage)
    stage.owner("select 1")  # leave the last member's role


# Who is here --------------------------------------------------------------------------------------


def _organisations(stage: _Stage) -> None:
    for one in stage.story["organisations"]:
        organisation = identifier("organisation", one["key"])
        stage.owner(
            "insert into organisation (id, name, country, kind) values (%s, %s, %s, %s)",
            organisation, one["name"], one["country"], one["kind"],
        )  # fmt: skip
        for person in one["people"]:
            user = identifier("person", person["name"])
            email = f"{person['name'].lower().replace(' ', '.')}@{one['key']}.example"
            stage.owner("insert into auth.users (id, email) values (%s, %s)", user, email)
            stage.owner(
                "insert into person (id, name, email) values (%s, %s, %s)",
                user, person["name"], email,
            )  # fmt: skip
            stage.owner(
                "insert into organisation_role (organisation_id, person_id, role)"
                " values (%s, %s, %s)",
                organisation, user, person["role"],
            )  # fmt: skip
    stage.happened(405)


def _consortium(stage: _Stage, key: str) -> None:
    one = next(c for c in stage.story["consortia"] if c["key"] == key)
    founder = stage.member(one["coordinator"], "admin")
    stage.consortia[key] = founder.call(
        "create_consortium",
        {"key": identifier("form", key), "name": one["name"], "purpose": one["purpose"]},
    )
    for member in one["members"]:
        token = founder.call(
            "invite_organisation",
            {
                "consortium_id": stage.consortia[key], "role": "member",
                "note": stage.organisation(member)["name"], "days": 30,
            },
        )  # fmt: skip
        stage.member(member, "admin").call(
            "redeem_invitation",
            {
                "token": token, "person_name": None, "email": None, "organisation_name": None,
                "country": None, "kind": None,
            },
        )  # fmt: skip
    stage.happened(one["founded_days_ago"])


# What they share ----------------------------------------------------------------------------------


def lei(number: int) -> str:
    """A Legal Entity Identifier with right check digits (ISO 17442) and an issuer that is none."""
    stem = f"DEMO00QUORUM{number:06d}"
    return f"{stem}{mod_97_10.calc_check_digits(stem)}"


def _register(stage: _Stage) -> None:
    editor = stage.member("leymark")
    for number, one in enumerate(stage.story["suppliers"], start=1):
        known = one["kind"] in ("brand", "manufacturer") and "merged_into" not in one
        parent = one.get("parent")
        editor.insert(
            "supplier",
            {
                "id": identifier("supplier", one["key"]), "name": one["name"], "kind": one["kind"],
                "country": one["country"], "lei": lei(number) if known else None,
                "vat": one.get("vat"), "registry_number": one.get("registry_number"),
                "parent_id": identifier("supplier", parent) if parent else None,
            },
        )  # fmt: skip
        _turnover(stage, one)
    for one in stage.story["suppliers"]:
        if "merged_into" in one:
            editor.call(
                "merge_suppliers",
                {
                    "kept": identifier("supplier", one["merged_into"]),
                    "merged": identifier("supplier", one["key"]),
                    "reason": one["merged_because"],
                },
            )
    stage.happened(402)


def _turnover(stage: _Stage, supplier: Story) -> None:
    for years_ago, millions in supplier.get("turnover", {}).items():
        year = stage.today.year - int(years_ago)
        stage.member("leymark").insert(
            "supplier_turnover",
            {
                "supplier_id": identifier("supplier", supplier["key"]), "year": year,
                "amount": millions * 1_000_000, "currency": "EUR",
                "source": stage.story["words"]["turnover_source"].format(year=year),
            },
        )  # fmt: skip


def _round(stage: _Stage, name: str) -> None:
    """One round of questionnaires: each organisation enters its answers at once and shares them."""
    for number, organisation in enumerate(o["key"] for o in stage.story["organisations"]):
        days_ago = ROUNDS[name] - 2 * number
        rows = [
            _assessment(stage, supplier, supplier[name][organisation], days_ago)
            for supplier in stage.story["suppliers"]
            if organisation in supplier.get(name, {})
        ]
        if rows:
            editor = stage.member(organisation)
            editor.call("import_assessments", {"key": stage.key(), "rows": rows})
            entered = editor.rows("assessment", ["id"], {"assessed_on": stage.day(days_ago)})
            # Before the circle was founded nobody could be given anything.
            entered_ago = min(days_ago, 396)
            _share_round(stage, organisation, name, entered["id"].to_list())
            stage.happened(entered_ago)


def _share_round(stage: _Stage, organisation: str, name: str, items: list[str]) -> None:
    if (organisation, name) in {
        ("roccalena", "second"), ("brynhavn", "old"), ("aldert", "second"), ("tannfeld", "second"),
    }:  # fmt: skip
        return  # kept private, or shared further below
    ends = {("leymark", "first"): 25, ("brynhavn", "first"): 18}.get((organisation, name), 430)
    title = _("Questionnaires of {month}").format(month=stage.day(ROUNDS[name])[:7])
    stage.share(organisation, "assessment", items, title, days=ends)


def _assessment(stage: _Stage, supplier: Story, bands: str, days_ago: int) -> Story:
    kind = "reseller" if supplier["kind"] == "reseller" else "manufacturer"
    sets = stage.story["answers"]
    answers = [
        code
        for dimension, band in zip(DIMENSIONS, bands, strict=True)
        for code in stage.dice.choice(
            (sets[kind] if dimension in sets[kind] else sets["any"])[dimension][band]
        )
    ]
    notes = stage.story["evidence"]
    return {
        "supplier_id": identifier("supplier", supplier["key"]),
        "questionnaire": definitions.current().id,
        "respondent_kind": kind,
        "company_name": supplier["name"],
        "contact": _("Sustainability desk of {name}").format(name=supplier["name"]),
        "assessed_on": stage.day(days_ago),
        "answers": answers,
        "evidence": {code: {"note": notes[code]} for code in answers if code in notes},
        "status": "final",
    }


def _site_lists(stage: _Stage) -> None:
    brands = [s for s in stage.story["suppliers"] if s.get("lists")]
    pool = sites(stage.story, stage.dice)
    share = -(-len(pool) // len(brands))
    for place, brand in enumerate(brands):
        # A brand's own sites, and some where others have their goods made too.
        own = pool[place * share : (place + 1) * share]
        known = own + stage.dice.sample(pool[: place * share] or own, 12)
        seen: set[str] = set()
        for turn, (owner, days_ago, percent) in enumerate(brand["lists"], start=1):
            last = turn == len(brand["lists"])
            chosen = [
                site
                for site in {s["place_key"]: s for s in known}.values()
                if stage.dice.random() * 100 < percent or (last and site["place_key"] not in seen)
            ]
            seen |= {site["place_key"] for site in chosen}
            _site_list(stage, brand, owner, days_ago, chosen)


def _site_list(stage: _Stage, brand: Story, owner: str, days_ago: int, rows: list[Any]) -> None:
    words = stage.story["words"]
    month = stage.day(days_ago)[:7]
    listed = stage.member(owner).call(
        "import_site_list",
        {
            "key": stage.key(), "supplier_id": identifier("supplier", brand["key"]),
            "title": _("{name}: production sites {month}").format(name=brand["name"], month=month),
            "source": words["list_source" if days_ago % 4 else "list_source_handed_over"],
            "as_of": stage.day(days_ago), "file_name": f"{brand['key']}-{month}.csv", "rows": rows,
        },
    )  # fmt: skip
    if owner != "roccalena" and (owner, brand["key"]) != ("tannfeld", "fendrilo"):
        title = _("Sites of {name}, {month}").format(name=brand["name"], month=month)
        stage.share(owner, "site_list", [listed["site_list_id"]], title)
    stage.happened(max(min(days_ago - 9, 390), 1))


def sites(told: Story, dice: Random) -> list[dict[str, Any]]:
    """The production sites of the story as rows of production_site, each once, with place keys."""
    words = told["sites"]
    names = list(product(words["first_words"], words["second_words"], words["legal"]))
    weights = [weight for *_park, weight in words["parks"]]
    made = [
        _site(words, dice, " ".join(name), dice.choices(words["parks"], weights)[0])
        for name in dice.sample(names, words["count"])
    ]
    keys = place_key(pl.DataFrame(made).select("name", "address", "country"))
    return [{**site, "place_key": key} for site, key in zip(made, keys, strict=True)]


def _site(words: Story, dice: Random, name: str, park: Sequence[Any]) -> dict[str, Any]:
    place, country, latitude, longitude, _weight = park
    workers = dice.choice([40, 90, 150, 300, 600, 1200, 3500])
    # Day 000 of a year: no real identifier looks like that.
    os_id = f"{country}2000000{''.join(dice.choices('ABCDEFGHJKMNPQRSTVWXYZ23456789', k=6))}"
    return {
        "name": name,
        "address": f"{dice.randrange(1, 400)} {dice.choice(words['streets'])}, {place}",
        "country": country,
        "latitude": round(latitude + dice.uniform(-0.09, 0.09), 5),
        "longitude": round(longitude + dice.uniform(-0.09, 0.09), 5),
        "os_id": os_id if dice.random() < 0.45 else None,
        "sector": "Electronics",
        "product_type": "|".join(dice.sample(words["products"], dice.randrange(1, 3))),
        "processing_type": dice.choice(words["processes"]),
        "parent_company": dice.choice(words["owners"]) if dice.random() < 0.3 else None,
        "workers_min": workers if dice.random() < 0.7 else None,
        "workers_max": workers * 2,
    }


def _spend(stage: _Stage) -> None:
    """Three years of each organisation's spend, a file a year."""
    for one in stage.story["organisations"]:
        growth = {supplier: stage.dice.uniform(0.85, 1.2) for supplier in one["buys"]}
        for years_ago in (3, 2, 1):
            year = stage.today.year - years_ago
            lines = [
                line
                for supplier, thousands in one["buys"].items()
                for line in _lines(
                    stage, one, supplier, year,
                    thousands * 1000 * one["rate"] * growth[supplier] ** (3 - years_ago),
                )
            ]  # fmt: skip
            if not lines:
                continue
            editor = stage.member(one["key"])
            answer = editor.call(
                "import_spend",
                {"key": stage.key(), "file_name": f"spend-{year}.csv", "rows": lines},
            )
            items = editor.rows("spend", ["id"], {"import_id": answer["import_id"]})["id"].to_list()
            if one["spend_level"] != "none":
                title = _("Spend {year}").format(year=year)
                stage.share(
                    one["key"], "spend", items, title, level=one["spend_level"],
                    basis="spend_basis",
                )  # fmt: skip
            stage.happened(270 if years_ago == 1 else 385)


def _lines(stage: _Stage, buyer: Story, supplier: str, year: int, total: float) -> list[Story]:
    parts = [stage.dice.uniform(0.5, 1) for _part in range(stage.dice.randrange(1, 4))]
    until = stage.dice.choice([28, 75, 160, 260, 420, 600, 900])
    last = year == stage.today.year - 1
    return [
        {
            "supplier_id": identifier("supplier", supplier), "year": year,
            "amount": round(total * part / sum(parts), 2), "currency": buyer["currency"],
            "category": stage.dice.choice(stage.story["words"]["categories"]),
            "contract_reference": f"{buyer['key'][:3].upper()}-{year}-{number:02d}",
            "contract_end": stage.day(-until) if last and number == 1 else None,
        }
        for number, part in enumerate(parts, start=1)
    ]  # fmt: skip


# What they think of initiatives -------------------------------------------------------------------


def _key(stage: _Stage, kind: str, key: str) -> str:
    """What ratings and links name: a published key as it is, one of the story by its identifier."""
    views = stage.story["views"]
    own = [views["rubric"]] if kind == "rubric" else views["initiatives"]
    return identifier(kind, key) if key in {one["key"] for one in own} else key


def _added(stage: _Stage) -> None:
    """Initiatives and a rubric of the members' own."""
    views = stage.story["views"]
    for one in views["initiatives"]:
        made = identifier("initiative", one["key"])
        columns = {name: one[name] for name in ("name", "kind", "description", "website")
                   if name in one}  # fmt: skip
        stage.member(one["by"]).insert("initiative", {"id": made, **columns})
        if one["shared"]:
            stage.share(one["by"], "initiative", [made], one["name"], basis="rating_basis")
    rubric = views["rubric"]
    editions = [identifier(rubric["key"], str(n)) for n, _one in enumerate(rubric["editions"], 1)]
    for number, (made, one) in enumerate(zip(editions, rubric["editions"], strict=True), start=1):
        criteria = [dict(zip(("code", "label", "question"), c, strict=True))
                    for c in one["criteria"]]  # fmt: skip
        stage.member(rubric["by"]).insert(
            "rubric",
            {
                "id": made, "family": identifier("rubric", rubric["key"]), "edition": number,
                "title": rubric["title"], "source": rubric["source"], "criteria": criteria,
                "valid_from": stage.day(one["from"]),
                "valid_until": stage.day(one["until"]) if "until" in one else None,
            },
        )  # fmt: skip
    stage.share(rubric["by"], "rubric", editions, rubric["title"], basis="rating_basis")
    stage.happened(395)


def _ratings(stage: _Stage) -> None:
    """Ratings and their revisions, each organisation's shared together."""
    told = stage.story["views"]["ratings"]
    for entered_ago in RATED:
        for owner in (one["key"] for one in stage.story["organisations"]):
            shared = []
            for one in (one for one in told if one["by"] == owner):
                days = list(map(int, one["given"]))
                for turn, days_ago in enumerate(days):
                    if entered_ago != next(ago for ago in RATED if ago <= days_ago):
                        continue
                    made = _rating(stage, one, days_ago, days[turn - 1] if turn else None)
                    if turn < one.get("shared", len(days)):
                        shared.append(made)
            title = _("Ratings of {month}").format(month=stage.day(entered_ago)[:7])
            stage.share(owner, "initiative_rating", shared, title, basis="rating_basis")
        stage.happened(entered_ago)


def _rating(stage: _Stage, told: Story, days_ago: int, before: int | None) -> str:
    rubric, edition = told.get("rubric", published().rubric), told.get("edition", 1)

    def minted(days: int) -> str:
        return identifier("rating", f"{told['by']} {told['of']} {rubric} {days}")

    stage.member(told["by"]).insert(
        "initiative_rating",
        {
            "id": minted(days_ago), "initiative": _key(stage, "initiative", told["of"]),
            "rubric": _key(stage, "rubric", rubric), "edition": edition,
            "rated_on": stage.day(days_ago), "evidence": told.get("evidence", []),
            "scores": _scores(stage, rubric, edition, told["given"][str(days_ago)]),
            "supersedes": minted(before) if before else None,
        },
    )  # fmt: skip
    return minted(days_ago)


def _scores(stage: _Stage, rubric: str, edition: int, given: str) -> dict[str, dict[str, Any]]:
    views = stage.story["views"]
    if rubric == views["rubric"]["key"]:
        codes = [code for code, *_words in views["rubric"]["editions"][edition - 1]["criteria"]]
    else:
        known = next(one for one in rubrics() if (one.id, one.edition) == (rubric, edition))
        codes = list(known.labels)
    scores = {}
    for code, word in zip(codes, given.split(), strict=True):
        if word != ".":
            stars = float(word)
            size = "few" if stars < 2 else "some" if stars < 3 else "many"
            reasons = views["reasons"].get(code, views["reasons"]["other"])[size]
            why = f"{stage.dice.choice(reasons)} {views['mark']}"
            scores[code] = {"value": stars, "rationale": why}
    return scores


def _links(stage: _Stage) -> None:
    """Memberships and certificates of the demo's suppliers, a file for each organisation."""
    views = stage.story["views"]
    for owner in dict.fromkeys(one["by"] for one in views["links"]):
        rows = [_link(stage, one) for one in views["links"] if one["by"] == owner]
        answer = stage.member(owner).call(
            "import_initiative_links", {"key": stage.key(), "rows": rows}
        )
        if owner not in views["links_kept"]:
            title = _("Memberships and certificates")
            stage.share(owner, "initiative_link", answer["items"], title, basis="link_basis")
    stage.happened(18)


def _link(stage: _Stage, told: Story) -> Story:
    supplier = identifier("supplier", told["supplier"])
    place = {}
    if "site" in told:
        known = stage.own(told["by"], "production_site").filter(supplier_id=supplier).sort("name")
        site = known.row(told["site"], named=True)
        place = {
            "site_name": site["name"], "site_address": site["address"],
            "site_country": site["country"], "place_key": site["place_key"],
        }  # fmt: skip
    return {
        "initiative": _key(stage, "initiative", told["of"]), "supplier_id": supplier,
        "standing": told.get("standing", "certificate"), "level": told.get("level"),
        "scope": told.get("scope"), "valid_from": stage.day(told["from"]),
        "valid_until": stage.day(-told["until"]) if "until" in told else None,
        "source": stage.story["views"]["link_source"], **place,
    }  # fmt: skip


def _charts(stage: _Stage) -> None:
    """Charts that members keep, some of them on everybody's board."""
    for one in stage.story["views"]["charts"]:
        stage.member(one["by"]).insert(
            "saved_chart",
            {
                "id": identifier("chart", one["name"]), "name": one["name"],
                "question": one["question"], "pinned": one["pinned"],
                "shared_with": [] if one["to"] == "nobody" else [stage.consortia[one["to"]]],
            },
        )  # fmt: skip
    stage.happened(15)


# What differs, and what is not done ---------------------------------------------------------------


# What they talk about with suppliers --------------------------------------------------------------


def _event(stage: _Stage, told: Story) -> None:
    """A dialogue: planned, prepared, and where its day has passed, held and followed up."""
    days_ago = told.get("days_ago", -told.get("in_days", 0))
    # On the Tuesday of that week.
    days_ago += date.fromisoformat(stage.day(days_ago)).weekday() - 1
    event = stage.events[told["key"]] = _plan(stage, told, days_ago)
    stage.happened(days_ago + told["planned"])
    for number, question in enumerate(told["questions"]):
        _question(stage, event, question, identifier("question", f"{told['key']} {number}"))
    stage.happened(days_ago + told["written"])
    if days_ago < 0:
        return
    host = stage.member(told["host"])
    host.call("open_dialogue", {"dialogue_id": event})
    stages = host.rows("dialogue_stage", filters={"dialogue_id": event}, order=("position",))["id"]
    for number, note in enumerate(told["notes"]):
        stage.member(note["from"]).call(
            "write_note",
            {
                "dialogue_id": event, "id": identifier("note", f"{told['key']} {number}"),
                "stage_id": stages[note["stage"]], "question_id": None, "text": note["text"],
                "audience": note.get("audience", "shared"), "version": None,
            },
        )  # fmt: skip
    for promise in told["commitments"]:
        stage.member(promise["owner"]).call(
            "capture_commitment",
            {
                "id": identifier("commitment", promise["key"]), "dialogue_id": event,
                "supplier_id": identifier("supplier", promise["supplier"]),
                "owner_id": identifier("organisation", promise["owner"]), "text": promise["text"],
                "due_on": stage.day(days_ago - promise["due"]),
            },
        )  # fmt: skip
    host.call("close_dialogue", {"dialogue_id": event})
    stage.happened(days_ago)
    for promise in told["commitments"]:
        for number, report in enumerate(promise.get("reports", [])):
            _report(stage, promise["key"], number, report, days_ago)


def _plan(stage: _Stage, told: Story, days_ago: int) -> str:
    template = dialogue_definition().template(told["template"])
    agenda = template.agenda(still_open=days_ago < 0)
    starts_at = moment(date.fromisoformat(stage.day(days_ago)), time(told["hour"]), told["zone"])
    minutes = sum(one["minutes"] for one in agenda)
    event = stage.member(told["host"]).call(
        "plan_dialogue",
        {
            "key": identifier("form", told["key"]), "title": told["title"], "aim": told["aim"],
            "consortium_id": stage.consortia[told["consortium"]], "starts_at": starts_at,
            "ends_at": starts_at + timedelta(minutes=minutes), "time_zone": told["zone"],
            "place": told["place"], "link": told.get("link"), "chatham": told["chatham"],
            "votes_each": 3, "suppliers": [identifier("supplier", s) for s in told["suppliers"]],
            "stages": agenda,
        },
    )  # fmt: skip
    for organisation in told["hosts"]:
        stage.member(told["host"]).call(
            "add_host",
            {"dialogue_id": event, "organisation_id": identifier("organisation", organisation)},
        )
    for organisation in told["seats"]:
        if organisation != told["host"]:
            stage.seat(organisation, event)
    for organisation in told.get("admins", []):
        stage.seat(organisation, event, "admin")
    return str(event)


def _question(stage: _Stage, event: str, told: Story, question: str) -> None:
    stage.seat(told["from"], event)
    supplier = told.get("supplier")
    stage.member(told["from"]).call(
        "ask_question",
        {
            "dialogue_id": event, "id": question, "board": told.get("board", "shared"),
            "stage_id": None, "topic": told["topic"], "text": told["text"],
            "supplier_id": identifier("supplier", supplier) if supplier else None,
        },
    )  # fmt: skip
    for organisation in told["votes"]:
        stage.member(organisation).call("vote", {"question_id": question, "wanted": True})


def _report(stage: _Stage, key: str, number: int, told: Story, held_days_ago: int) -> None:
    due = told.get("due")
    stage.member(told["from"]).call(
        "report_commitment",
        {
            "id": identifier("report", f"{key} {number}"), "version": number + 1,
            "commitment_id": identifier("commitment", key), "state": told["state"],
            "note": told["note"], "evidence": told.get("evidence"),
            "due_on": stage.day(held_days_ago - due) if due else None,
        },
    )  # fmt: skip
    stage.happened(told["days_ago"])


def _leverage_used(stage: _Stage) -> None:
    for told in stage.story["talks"]["uses"]:
        known = told.get("outcome_days_ago")
        use = identifier("use", told["key"])
        event = told.get("event")
        stage.member(told["owner"]).insert(
            "leverage_use",
            {
                "id": use, "supplier_id": identifier("supplier", told["supplier"]),
                "asked_on": stage.day(told["days_ago"]), "asked": told["asked"],
                "channel": told["channel"], "jointly": "together_with" in told,
                "together_with": told.get("together_with", ""),
                "dialogue_id": stage.events[event] if event else None,
                "outcome": told["outcome"], "outcome_text": told.get("outcome_text", ""),
                "outcome_on": stage.day(known) if known is not None else None,
            },
        )  # fmt: skip
        if told.get("shared"):
            stage.share(told["owner"], "leverage_use", [use], told["asked"])
        stage.happened(known if known is not None else told["days_ago"])


def _known_risks(stage: _Stage) -> None:
    for told in stage.story["findings"]:
        risk = identifier("risk", told["key"])
        stage.member(told["owner"]).insert(
            "risk",
            {
                "id": risk, "supplier_id": identifier("supplier", told["supplier"]),
                "country": told.get("country"), "kind": told["kind"], "stage": told["stage"],
                "text": told["text"], "source": told["source"], "link": told.get("link"),
                "seen_on": stage.day(told["days_ago"]),
            },
        )  # fmt: skip
        if told.get("shared"):
            stage.share(told["owner"], "risk", [risk], told["text"])
        stage.happened(told["recorded"])


def _share_with_group(stage: _Stage) -> None:
    """The devices group sees more of its three members than the circle does."""
    for one in stage.story["organisations"]:
        if "group_spend_level" in one:
            lines = stage.own(one["key"], "spend")["id"].to_list()
            stage.share(
                one["key"], "spend", lines, _("Spend of three years"), to="group",
                level=one["group_spend_level"], days=300,
            )  # fmt: skip
    for owner in ("aldert", "tannfeld"):
        newest = stage.own(owner, "assessment").filter(
            pl.col("assessed_on") == pl.col("assessed_on").max()
        )
        items = newest["id"].to_list()
        stage.share(owner, "assessment", items, _("This year's answers"), to="group", days=300)
        if owner == "tannfeld":
            stage.share(owner, "assessment", items, _("This year's answers"))
    fendrilo = pl.col("supplier_id") == identifier("supplier", "fendrilo")
    lists = stage.own("tannfeld", "site_list").filter(fendrilo)["id"].to_list()
    stage.share("tannfeld", "site_list", lists, _("Sites of Fendrilo"), to="group", days=300)
    stage.happened(30)


def _what_ended(stage: _Stage) -> None:
    """One receipt that was revoked, and one whose day has passed."""

    def receipt(owner: str) -> str:
        found = stage.own(owner, "sharing").filter(pl.col("relation") == "assessment")
        return str(found.sort("created_at")["id"][0])

    stage.member("aldert", "admin").call("revoke_sharing", {"sharing_id": receipt("aldert")})
    stage.happened(90)
    due = receipt("works")
    stage.owner("update sharing set ends_on = current_date - 30 where id = %s", due)
    stage.owner("select quorum.end_due_sharings()")
    stage.happened(29)


def _unfinished(stage: _Stage) -> None:
    """Drafts that somebody has begun, and invitations that nobody has answered."""
    for owner, supplier, kind, days_ago, answers in (
        ("brynhavn", "dalbrink", "reseller", 41, ["tier1_only"]),
        ("aldert", "jorvenna", "manufacturer", 26, ["key_component_makers", "risks_fair"]),
        ("leymark", "avelune_central", "manufacturer", 12,
         ["key_component_makers", "raw_materials", "risks_fair", "policy_basic"]),
    ):  # fmt: skip
        stage.member(owner).insert(
            "assessment",
            {
                "id": identifier("draft", supplier), "respondent_kind": kind,
                "supplier_id": identifier("supplier", supplier), "answers": answers,
                "questionnaire": definitions.current().id, "assessed_on": stage.day(days_ago),
                "status": "draft",
            },
        )  # fmt: skip
        stage.happened(days_ago)
    stage.member("leymark", "admin").call(
        "invite_organisation",
        {
            "consortium_id": stage.consortia["circle"], "role": "member",
            "note": stage.organisation("grenmoor")["name"], "days": 24,
        },
    )  # fmt: skip
    stage.member("brynhavn", "admin").call(
        "invite_colleague", {"role": "viewer", "note": _("New colleague in purchasing"), "days": 9}
    )
    stage.happened(5)
