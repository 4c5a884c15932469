"""A demo store: a fictional consortium of public buyers, a year in.

The story stands in definitions/demo/consortium.toml. It enters the store as members do it: through
the public functions, under their own claims, so that policies, receipts and the audit trail are
real. Only accounts and moments of the past are set by the owner. The same day gives the same demo.
"""

import tomllib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from random import Random
from typing import Any, LiteralString, cast

import polars as pl
import psycopg
from psycopg import sql
from stdnum.iso7064 import mod_97_10

from quorum import definitions
from quorum.language import _
from quorum.sites import place_key
from quorum.store import Refused
from quorum.store.embedded import EmbeddedStore, Engine, _configure

STORY = Path(__file__).parent / "definitions" / "demo" / "consortium.toml"
ROUNDS = {"old": 960, "first": 380, "second": 50}  # days ago
BANDS = {"L": "low", "M": "medium", "H": "high"}
DIMENSIONS = ("awareness", "policies", "actions")
# Where the store keeps the moments that are set back to when they would have happened.
MOMENTS = (
    ("audit_event", "at"), ("organisation_role", "since"), ("membership", "joined_at"),
    ("invitation", "created_at"), ("invitation", "used_at"), ("assessment", "created_at"),
    ("assessment", "updated_at"), ("site_list", "created_at"), ("spend_import", "created_at"),
    ("spend", "created_at"), ("sharing", "created_at"), ("sharing", "ended_at"),
)  # fmt: skip

Story = Mapping[str, Any]


def story() -> Story:
    """The content of consortium.toml."""
    return tomllib.loads(STORY.read_text(encoding="utf-8"))


def identifier(kind: str, key: str) -> str:
    """The id of an organisation, person or supplier of the story: always the same."""
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
        self.owner("set local session_replication_role = replica")
        since = {"days": days_ago, "minutes": self.dice.randrange(0, 300)}
        for table, column in MOMENTS:
            statement = sql.SQL("update {} set {} = now() - %s where {} = now()").format(
                sql.Identifier(table), sql.Identifier(column), sql.Identifier(column)
            )
            self.owner(statement, timedelta(**since))
        self.owner("set local session_replication_role = origin")

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


# What differs, and what is not done ---------------------------------------------------------------


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
