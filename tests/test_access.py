"""Who may read and write what: every actor, every table, every command, both sides.

Below, a cell names the rows that the actor reaches. In the tables of contributions each letter is
one row (with what hangs on it):

    n  North's, private        N  North's, shared with the consortium      d  North's draft
    s  South's, private        S  South's, shared with the consortium
    x  South's, shared until yesterday
    b  South's, shared as a size class (spend only)   a  South's, for sums only (spend only)
    w  West's, private         W  West's, shared until West was removed from the consortium
    e  East's, private; East is outside

In those of dialogues it is the event that a row belongs to, of which a guest sees one:

    D  North's, with guests (B: its part among buyers)     P  North's and South's, only planned
    Q  South's, under the Chatham House Rule               O  East's, in another consortium

Seats: a, S, r, d of those who sit in D; f in P, q in Q, o in O. Commitments: r of the guest's
supplier and p of another one in D; o in O. Two guests sit in D: `rep` speaks for the supplier r,
`dealer` is a reseller.

A member is known by a letter as well: a, e, v are North's admin, editor and viewer; S, W, E the
admins of the others, and their organisations beside North, N. `.` is no row, `!` is refused before
any row is looked at, `+` is an insert that succeeds, `-` one that a policy refuses.
"""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors

from quorum.store import NotAllowed, Store
from quorum.store.embedded import Engine, _with_user
from quorum.store.relations import FUNCTIONS as TABLES
from quorum.store.relations import RELATIONS
from tests.conftest import World, emptied, small_world
from tests.test_dialogue_store import ask, guest, invite, note, plan, sit_down, stranger

ACTORS = [
    "admin", "editor", "viewer", "south", "west", "east", "rep", "dealer", "newcomer", "nobody",
    "anon",
]  # fmt: skip

MATRIX = """
                           admin  editor viewer south  west east rep  dealer newcomer nobody anon
organisation       select  NS     NS     NS     NS     W    E    NS   N      .        .      !
                   insert  !      !      !      !      !    !    !    !      !        !      !
                   update  N      .      .      S      W    E    .    .      .        .      !
                   delete  !      !      !      !      !    !    !    !      !        !      !
person             select  aev    aev    aev    S      W    E    r    d      .        .      !
                   insert  !      !      !      !      !    !    !    !      !        !      !
                   update  a      e      v      S      W    E    r    d      .        .      !
                   delete  !      !      !      !      !    !    !    !      !        !      !
organisation_role  select  aev    aev    aev    S      W    E    .    .      .        .      !
                   insert  !      !      !      !      !    !    !    !      !        !      !
                   update  aev    .      .      S      W    E    .    .      .        .      !
                   delete  ev     .      .      .      .    .    .    .      .        .      !
consortium         select  C      C      C      C      .    O    .    .      .        .      !
                   insert  !      !      !      !      !    !    !    !      !        !      !
                   update  C      .      .      .      .    O    .    .      .        .      !
                   delete  !      !      !      !      !    !    !    !      !        !      !
membership         select  NSW    NSW    NSW    NSW    .    E    .    .      .        .      !
                   insert  !      !      !      !      !    !    !    !      !        !      !
                   update  !      !      !      !      !    !    !    !      !        !      !
                   delete  !      !      !      !      !    !    !    !      !        !      !
invitation         select  gn     g      .      .      .    e    .    .      .        .      !
                   insert  !      !      !      !      !    !    !    !      !        !      !
                   update  !      !      !      !      !    !    !    !      !        !      !
                   delete  !      !      !      !      !    !    !    !      !        !      !
supplier           select  pqr    pqr    pqr    pqr    pqr  pqr  pr   pr     .        .      !
                   insert  +      +      -      +      +    +    -    -      -        -      !
                   update  pqr    pqr    .      pqr    pqr  pqr  .    .      .        .      !
                   delete  !      !      !      !      !    !    !    !      !        !      !
supplier_merge     select  m      m      m      m      m    m    .    .      .        .      !
                   insert  !      !      !      !      !    !    !    !      !        !      !
                   update  !      !      !      !      !    !    !    !      !        !      !
                   delete  !      !      !      !      !    !    !    !      !        !      !
supplier_turnover  select  t      t      t      t      t    t    .    .      .        .      !
                   insert  +      +      -      +      +    +    -    -      -        -      !
                   update  t      t      .      t      t    t    .    .      .        .      !
                   delete  t      t      .      t      t    t    .    .      .        .      !
assessment         select  NSdn   NSdn   NSdn   NSsx   Ww   e    .    .      .        .      !
                   insert  +      +      -      +      +    +    -    -      -        -      !
                   update  Ndn    Ndn    .      Ssx    Ww   e    .    .      .        .      !
                   delete  dn     dn     .      s      Ww   e    .    .      .        .      !
assessment_contact select  Nd     Nd     Nd     Sx     W    .    .    .      .        .      !
                   insert  +      +      -      +      +    +    -    -      -        -      !
                   update  Nd     Nd     .      Sx     W    .    .    .      .        .      !
                   delete  !      !      !      !      !    !    !    !      !        !      !
site_list          select  NSn    NSn    NSn    NSsx   Ww   e    .    .      .        .      !
                   insert  !      !      !      !      !    !    !    !      !        !      !
                   update  Nn     Nn     .      Ssx    Ww   e    .    .      .        .      !
                   delete  n      n      .      s      Ww   e    .    .      .        .      !
production_site    select  NSn    NSn    NSn    NSsx   Ww   e    .    .      .        .      !
                   insert  !      !      !      !      !    !    !    !      !        !      !
                   update  !      !      !      !      !    !    !    !      !        !      !
                   delete  !      !      !      !      !    !    !    !      !        !      !
spend              select  NSn    NSn    NSn    NSabsx Ww   e    .    .      .        .      !
                   insert  !      !      !      !      !    !    !    !      !        !      !
                   update  !      !      !      !      !    !    !    !      !        !      !
                   delete  !      !      !      !      !    !    !    !      !        !      !
spend_band         select  z      z      z      z      z    z    .    .      .        .      !
                   insert  !      !      !      !      !    !    !    !      !        !      !
                   update  !      !      !      !      !    !    !    !      !        !      !
                   delete  !      !      !      !      !    !    !    !      !        !      !
spend_import       select  Nn     Nn     Nn     Sabsx  Ww   e    .    .      .        .      !
                   insert  !      !      !      !      !    !    !    !      !        !      !
                   update  !      !      !      !      !    !    !    !      !        !      !
                   delete  n      n      .      s      Ww   e    .    .      .        .      !
sharing            select  N      N      N      Sabx   W    .    .    .      .        .      !
                   insert  !      !      !      !      !    !    !    !      !        !      !
                   update  !      !      !      !      !    !    !    !      !        !      !
                   delete  !      !      !      !      !    !    !    !      !        !      !
sharing_item       select  N      N      N      Sabx   W    .    .    .      .        .      !
                   insert  !      !      !      !      !    !    !    !      !        !      !
                   update  !      !      !      !      !    !    !    !      !        !      !
                   delete  !      !      !      !      !    !    !    !      !        !      !
initiative         select  NSn    NSn    NSn    NSsx   Ww   e    .    .      .        .      !
                   insert  +      +      -      +      +    +    -    -      -        -      !
                   update  Nn     Nn     .      Ssx    Ww   e    .    .      .        .      !
                   delete  n      n      .      s      Ww   e    .    .      .        .      !
rubric             select  NSn    NSn    NSn    NSsx   Ww   e    .    .      .        .      !
                   insert  +      +      -      +      +    +    -    -      -        -      !
                   update  Nn     Nn     .      Ssx    Ww   e    .    .      .        .      !
                   delete  n      n      .      s      Ww   e    .    .      .        .      !
initiative_rating  select  NSn    NSn    NSn    NSsx   Ww   e    .    .      .        .      !
                   insert  +      +      -      +      +    +    -    -      -        -      !
                   update  !      !      !      !      !    !    !    !      !        !      !
                   delete  n      n      .      s      Ww   e    .    .      .        .      !
initiative_link    select  NSn    NSn    NSn    NSsx   Ww   e    .    .      .        .      !
                   insert  +      +      -      +      +    +    -    -      -        -      !
                   update  Nn     Nn     .      Ssx    Ww   e    .    .      .        .      !
                   delete  n      n      .      s      Ww   e    .    .      .        .      !
saved_chart        select  NSn    NSn    NSn    NSs    Ww   e    .    .      .        .      !
                   insert  +      +      -      +      +    +    -    -      -        -      !
                   update  Nn     Nn     .      Ss     Ww   e    .    .      .        .      !
                   delete  Nn     Nn     .      Ss     Ww   e    .    .      .        .      !
audit_event        select  N      N      N      S      W    E    .    .      .        .      !
                   insert  !      !      !      !      !    !    !    !      !        !      !
                   update  !      !      !      !      !    !    !    !      !        !      !
                   delete  !      !      !      !      !    !    !    !      !        !      !
dialogue           select  DPQ    DPQ    DPQ    DPQ    .    O    D    D      .        .      !
                   insert  !      !      !      !      !    !    !    !      !        !      !
                   update  DP     DP     .      PQ     .    O    .    .      .        .      !
                   delete  !      !      !      !      !    !    !    !      !        !      !
dialogue_host      select  DPQ    DPQ    DPQ    DPQ    .    O    D    D      .        .      !
                   insert  !      !      !      !      !    !    !    !      !        !      !
                   update  !      !      !      !      !    !    !    !      !        !      !
                   delete  !      !      !      !      !    !    !    !      !        !      !
dialogue_supplier  select  DPQ    DPQ    DPQ    DPQ    .    O    D    D      .        .      !
                   insert  !      !      !      !      !    !    !    !      !        !      !
                   update  !      !      !      !      !    !    !    !      !        !      !
                   delete  !      !      !      !      !    !    !    !      !        !      !
dialogue_stage     select  BDPQ   BDPQ   BDPQ   BDPQ   .    O    D    D      .        .      !
                   insert  +      +      -      +      -    +    -    -      -        -      !
                   update  BDP    BDP    .      PQ     .    O    .    .      .        .      !
                   delete  BDP    BDP    .      PQ     .    O    .    .      .        .      !
dialogue_seat      select  Sadfr  Sadfr  Sadfr  Sadfqr .    o    Sadr Sadr   .        .      !
                   insert  !      !      !      !      !    !    !    !      !        !      !
                   update  !      !      !      !      !    !    !    !      !        !      !
                   delete  !      !      !      !      !    !    !    !      !        !      !
commitment         select  pr     pr     pr     pr     .    o    r    .      .        .      !
                   insert  !      !      !      !      !    !    !    !      !        !      !
                   update  !      !      !      !      !    !    !    !      !        !      !
                   delete  !      !      !      !      !    !    !    !      !        !      !
commitment_report  select  pr     pr     pr     pr     .    o    r    .      .        .      !
                   insert  !      !      !      !      !    !    !    !      !        !      !
                   update  !      !      !      !      !    !    !    !      !        !      !
                   delete  !      !      !      !      !    !    !    !      !        !      !
leverage_use       select  NSn    NSn    NSn    NSsx   Ww   e    .    .      .        .      !
                   insert  +      +      -      +      +    +    -    -      -        -      !
                   update  Nn     Nn     .      Ssx    Ww   e    .    .      .        .      !
                   delete  n      n      .      s      Ww   e    .    .      .        .      !
risk               select  NSn    NSn    NSn    NSsx   Ww   e    .    .      .        .      !
                   insert  +      +      -      +      +    +    -    -      -        -      !
                   update  Nn     Nn     .      Ssx    Ww   e    .    .      .        .      !
                   delete  n      n      .      s      Ww   e    .    .      .        .      !
"""


OF_INITIATIVES = ("initiative", "rubric", "initiative_rating", "initiative_link")
SHARED_WHOLE = (*OF_INITIATIVES, "leverage_use", "risk")


class Scene:
    """The world with one row of each kind, and which letter each row has."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.letters: dict[str, dict[str, str]] = {relation: {} for relation in RELATIONS}
        self.supplier = world.supplier("Aurora Devices")
        self.spare_supplier = world.supplier("Borealis Devices")
        self.token = ""
        self.membership_of_south = ""
        self.claims: dict[str, dict[str, Any]] = {
            "newcomer": {"sub": str(uuid.uuid4()), "role": "authenticated"},
            "nobody": {},
            "anon": {},
        }
        self._people()
        self._register()
        self._contributions()
        self._dialogues()

    def _people(self) -> None:
        world = self.world
        names = {
            "admin": "north admin", "editor": "north editor", "viewer": "north viewer",
            "south": "south admin", "west": "west admin", "east": "east admin",
        }  # fmt: skip
        for (actor, name), letter in zip(names.items(), "aevSWE", strict=True):
            self.claims[actor] = {"sub": world[name].id, "role": "authenticated"}
            self.letters["person"][world[name].id] = letter
            self.letters["organisation_role"][world[name].id] = letter
            self.letters["organisation"][world[name].organisation_id] = (
                "N" if letter in "aev" else letter
            )
        self.letters["audit_event"] = self.letters["organisation"]
        self.letters["membership"] = self.letters["organisation"]
        world.owner("update membership set left_at = null")
        other = world["east admin"].store.call(
            "create_consortium", {"key": str(uuid.uuid4()), "name": "Elsewhere", "purpose": ""}
        )
        self.letters["consortium"] = {world.consortium_id: "C", other: "O"}
        self.membership_of_south = world.owner(
            "select id::text from membership where organisation_id = %s",
            world["south admin"].organisation_id,
        )[0][0]
        for name, letter in (("east admin", "e"), ("north admin", "n")):
            self.token = world[name].store.call(
                "invite_colleague", {"role": "viewer", "note": "", "days": 7}
            )
            found = world[name].store.rows("invitation")
            self.letters["invitation"][found["id"][0]] = letter

    def _register(self) -> None:
        world = self.world
        double = world.supplier("Aurora Device")
        self.letters["supplier"] = {self.supplier: "r", double: "q", self.spare_supplier: "p"}
        merge = world["south admin"].store.call(
            "merge_suppliers", {"kept": self.supplier, "merged": double, "reason": "One company"}
        )
        self.letters["supplier_merge"] = {merge: "m"}
        turnover = str(uuid.uuid4())
        world["south admin"].store.insert(
            "supplier_turnover",
            {"id": turnover, "supplier_id": self.supplier, "year": 2025, "amount": 1e9,
             "currency": "EUR", "source": "Annual report"},
        )  # fmt: skip
        self.letters["supplier_turnover"] = {turnover: "t"}
        self.letters["spend_band"] = dict(world.owner("select low::text, 'z' from spend_band"))

    def _contributions(self) -> None:
        for letter, actor in zip(
            "nNdsSxwWe", ["north"] * 3 + ["south"] * 3 + ["west"] * 2 + ["east"], strict=True
        ):
            self._contribution(f"{actor} admin", letter)
        for letter, level in (("b", "band"), ("a", "aggregate")):
            line = self._spend("south admin", letter)
            receipt = self.world.share("south admin", "spend", [line], level=level)
            self._note("sharing", receipt, letter)
        # Past its day, but not yet ended by anybody's look at the counter.
        owner = self.world.owner
        past = [i for i, letter in self.letters["sharing"].items() if letter == "x"]
        owner("update sharing set ends_on = current_date - 1 where id = any (%s::uuid[])", past)
        for relation in ("assessment", "site_list", "production_site", "spend", *SHARED_WHOLE):
            ids = [i for i, letter in self.letters[relation].items() if letter == "x"]
            owner(
                f"update {relation} set shared_until = current_date - 1"
                " where id = any (%s::uuid[])", ids,
            )  # fmt: skip
        self.world["north admin"].store.call(
            "remove_member",
            {
                "consortium_id": self.world.consortium_id,
                "organisation_id": self.world["west admin"].organisation_id,
            },
        )

    def _contribution(self, actor: str, letter: str) -> None:
        world = self.world
        status = "draft" if letter == "d" else "final"
        assessment = world.assessment(actor, self.supplier, [], status=status)
        self._note("assessment", assessment, letter)
        if letter not in "nswe":  # these are left for the actors to add a contact to
            world[actor].store.insert(
                "assessment_contact", {"assessment_id": assessment, "contact": "A name"}
            )
            self.letters["assessment_contact"][assessment] = letter
        if letter == "d":
            return
        site_list = world.site_list(actor, self.supplier, ["Works"])
        self._note("site_list", site_list, letter)
        site = world[actor].store.rows("production_site", filters={"site_list_id": site_list})
        self.letters["production_site"][site["id"][0]] = letter
        line = self._spend(actor, letter)
        shared_whole = [(relation, str(uuid.uuid4())) for relation in SHARED_WHOLE]
        for relation, item in shared_whole:
            world[actor].store.insert(relation, {"id": item, **new_row(self, relation, actor)})
            self._note(relation, item, letter)
        if letter != "x":  # a chart is shared without an end date
            chart = {"id": str(uuid.uuid4()), **new_row(self, "saved_chart", actor)}
            shared = {"shared_with": [world.consortium_id]} if letter in "NSW" else {}
            world[actor].store.insert("saved_chart", chart | shared)
            self._note("saved_chart", chart["id"], letter)
        if letter in "NSxW":
            for relation, item in (
                ("assessment", assessment), ("site_list", site_list), ("spend", line),
                *shared_whole,
            ):  # fmt: skip
                self._note("sharing", world.share(actor, relation, [item]), letter)

    def _spend(self, actor: str, letter: str) -> str:
        (line,) = self.world.spend(actor, self.supplier, {2025: 1000.0})
        self._note("spend", line, letter)
        found = self.world[actor].store.rows("spend", filters={"id": line})
        self._note("spend_import", found["import_id"][0], letter)
        return line

    def _dialogues(self) -> None:
        world, supplier, spare = self.world, self.supplier, self.spare_supplier
        (elsewhere,) = [i for i, letter in self.letters["consortium"].items() if letter == "O"]
        events = {
            "D": plan(world, supplier, suppliers=[supplier, spare]),
            "P": plan(world, supplier),
            "Q": plan(world, supplier, actor="south admin", chatham=True),
            "O": plan(world, supplier, actor="east admin", consortium_id=elsewhere),
        }
        self.events = events
        north, south, east = (world[f"{name} admin"].store for name in ("north", "south", "east"))
        south_id = world["south admin"].organisation_id
        north.call("add_host", {"dialogue_id": events["P"], "organisation_id": south_id})
        south.call("take_seat", {"dialogue_id": events["D"]})
        self.rep = guest(world, events["D"], supplier)
        token = invite(world, events["D"], side="reseller")
        _dealer, dealer = stranger(world, "dealer")
        sit_down(dealer, token, "dealer")
        for actor in ("rep", "dealer"):
            found = world.owner("select id::text from person where name = %s", actor.title())
            self.claims[actor] = {"sub": found[0][0], "role": "authenticated"}
            self.letters["person"][found[0][0]] = actor[0]
        for (link,) in world.owner("select id::text from invitation where dialogue_id is not null"):
            self.letters["invitation"][link] = "g"
        for letter, event in events.items():
            for relation in ("dialogue", "dialogue_host", "dialogue_supplier"):
                self.letters[relation][event] = letter
            for stage, audience in world.owner(
                "select id::text, audience from dialogue_stage where dialogue_id = %s", event
            ):
                among_buyers = letter == "D" and audience == "buyers"
                self.letters["dialogue_stage"][stage] = "B" if among_buyers else letter
        people = {"North Admin": "a", "South Admin": "S", "Rep": "r", "Dealer": "d"}
        for seat, event, name in world.owner(
            "select id::text, dialogue_id::text, initcap(name) from dialogue_seat"
        ):
            others = {events["P"]: "f", events["Q"]: "q", events["O"]: "o"}
            self.letters["dialogue_seat"][seat] = others.get(event) or people[name]
        for store, letter in ((north, "D"), (east, "O")):
            store.call("open_dialogue", {"dialogue_id": events[letter]})
        self.questions = [ask(self.rep, events["D"]), ask(self.rep, events["D"])]
        self.note = str(uuid.uuid4())
        note(self.rep, events["D"], id=self.note)
        for store, letter, event, promised, owner in (
            (south, "r", "D", supplier, south_id), (south, "p", "D", spare, south_id),
            (east, "o", "O", supplier, world["east admin"].organisation_id),
        ):  # fmt: skip
            self._commitment(store, letter, events[event], promised, owner)

    def _commitment(self, store: Store, letter: str, event: str, supplier: str, owner: str) -> None:
        made, report = str(uuid.uuid4()), str(uuid.uuid4())
        store.call(
            "capture_commitment",
            {"id": made, "dialogue_id": event, "supplier_id": supplier, "owner_id": owner,
             "text": "Publish all sites", "due_on": "2027-03-01"},
        )  # fmt: skip
        store.call(
            "report_commitment",
            {"id": report, "commitment_id": made, "version": 1, "state": "behind", "note": "",
             "evidence": None, "due_on": None},
        )  # fmt: skip
        self.letters["commitment"][made] = self.letters["commitment_report"][report] = letter

    def _note(self, relation: str, row: str, letter: str) -> None:
        self.letters[relation][row] = letter
        if relation == "sharing":
            self.letters["sharing_item"][row] = letter


@pytest.fixture(scope="module")
def scene(engine: Engine) -> Scene:
    return Scene(small_world(emptied(engine)))


@pytest.fixture(scope="module")
def door(scene: Scene) -> Iterator[psycopg.Connection[Any]]:
    """A connection with the app's own rights."""
    address = _with_user(scene.world.engine.owner_address, "authenticator")
    with psycopg.connect(address, autocommit=True) as db:
        yield db


# What tells rows apart, and a column that somebody may edit, where there is one.
KEYS = {
    "organisation_role": "person_id", "assessment_contact": "assessment_id", "spend_band": "low",
    "sharing_item": "sharing_id", "audit_event": "organisation_id",
    "membership": "organisation_id", "dialogue_host": "dialogue_id",
    "dialogue_supplier": "dialogue_id",
}  # fmt: skip
EDITED = {
    "organisation": "name", "person": "name", "organisation_role": "role", "consortium": "purpose",
    "supplier": "name", "supplier_turnover": "source", "assessment": "other_actions",
    "assessment_contact": "contact", "site_list": "title", "initiative": "description",
    "rubric": "valid_until", "initiative_link": "scope", "saved_chart": "name",
    "dialogue": "aim", "dialogue_stage": "purpose", "leverage_use": "outcome_text",
    "risk": "text",
}  # fmt: skip


def new_row(scene: Scene, relation: str, actor: str) -> dict[str, Any]:
    """A row that an editor may add, for the tables that take rows one by one."""
    own = {"admin": "n", "editor": "n", "viewer": "n", "south": "s", "west": "w", "east": "e"}
    own["forger"] = own["east"]
    match relation:
        case "supplier":
            return {"name": "Borealis", "kind": "brand"}
        case "supplier_turnover":
            return {
                "supplier_id": scene.supplier, "year": 2024, "amount": 1, "currency": "EUR",
                "source": "Report",
            }  # fmt: skip
        case "assessment":
            return {
                "supplier_id": scene.supplier, "questionnaire": "q", "respondent_kind": "reseller",
                "assessed_on": "2026-01-01",
            }  # fmt: skip
        case "assessment_contact":
            letters = scene.letters["assessment"]
            wanted = own.get(actor, "n")
            return {"assessment_id": next(i for i, k in letters.items() if k == wanted)}
        case "saved_chart":
            return {"name": "Spend", "question": "data=spend&show=rows"}
        case "initiative":
            return {"name": "Fair Cables", "kind": "industry"}
        case "rubric":
            return {
                "family": str(uuid.uuid4()), "edition": 1, "title": "Ours",
                "criteria": json.dumps([{"code": "reach", "label": "Reach"}]),
                "valid_from": "2026-01-01",
            }  # fmt: skip
        case "initiative_rating":
            return {
                "initiative": "rba", "rubric": "due-diligence", "edition": 1,
                "rated_on": "2026-01-01",
                "scores": json.dumps({"reach": {"value": 2.5, "rationale": "Seen"}}),
            }  # fmt: skip
        case "initiative_link":
            return {
                "initiative": "rba", "supplier_id": scene.supplier, "standing": "member",
                "source": "Report",
            }  # fmt: skip
        case "dialogue_stage":
            event = {"south": "Q", "east": "O", "forger": "O"}.get(actor, "D")
            return {
                "dialogue_id": scene.events[event], "position": 9, "title": "Wrap-up",
                "minutes": 10, "audience": "all",
            }  # fmt: skip
        case "leverage_use":
            return {
                "supplier_id": scene.supplier, "asked_on": "2026-01-01", "asked": "For site lists",
                "channel": "letter", "jointly": False,
            }  # fmt: skip
        case "risk":
            return {
                "supplier_id": scene.supplier, "country": "VN", "kind": "wages",
                "text": "Unpaid overtime", "source": "A report", "seen_on": "2026-01-01",
            }  # fmt: skip
        case _:
            return {KEYS.get(relation, "id"): next(iter(scene.letters[relation]))}


def become(db: psycopg.Connection[Any], actor: str, claims: dict[str, Any]) -> None:
    """For this transaction, as the embedded door does it."""
    role = "anon" if actor == "anon" else "authenticated"
    db.execute(
        "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true),"
        " set_config('request.jwt.claim.sub', %s, true)",
        (role, json.dumps(claims), claims.get("sub", "")),
    )


def attempt(
    db: psycopg.Connection[Any], scene: Scene, actor: str, statement: str, *values: Any
) -> tuple[str, list[str]]:
    """How it went, and the first column of the rows it reached. Nothing stays."""
    try:
        with db.transaction(force_rollback=True):
            become(db, actor, scene.claims[actor])
            done = db.execute(statement, values)
            if done.description:
                return "", [str(row[0]) for row in done.fetchall()]
            return "", [""] * done.rowcount
    except errors.InsufficientPrivilege as error:
        return "-" if "row-level security" in str(error) else "!", []
    except psycopg.DatabaseError as error:
        assert error.sqlstate in ("Q0001", "Q0002", "Q0004"), error  # a rule of the domain says no
        return "-", []


def reached(
    db: psycopg.Connection[Any], scene: Scene, relation: str, command: str, actor: str
) -> str:
    """A cell of the matrix."""
    letters = scene.letters[relation]
    key = KEYS.get(relation, "id")
    if command == "select":
        refused, found = attempt(db, scene, actor, f"select {key}::text from public.{relation}")
        return refused or "".join(sorted({letters.get(f, "?") for f in found})) or "."
    if command == "insert":
        row = new_row(scene, relation, actor)
        marks = ", ".join(["%s"] * len(row))
        insert = f"insert into public.{relation} ({', '.join(row)}) values ({marks})"
        return attempt(db, scene, actor, insert, *row.values())[0] or "+"
    edited = EDITED.get(relation, key)
    change = {
        "update": f"update public.{relation} set {edited} = {edited}",
        "delete": f"delete from public.{relation}",
    }[command]
    done = {
        letter: attempt(db, scene, actor, f"{change} where {key}::text = %s", row)
        for row, letter in letters.items()
    }
    if any(refused == "!" for refused, _ in done.values()):
        return "!"
    return "".join(sorted({letter for letter, (_, rows) in done.items() if rows})) or "."


def table(text: str, width: int) -> dict[str, dict[str, str]]:
    """A table as written above: line by line, actor by actor."""
    lines: dict[str, dict[str, str]] = {}
    name = ""
    for line in text.strip("\n").splitlines()[1:]:
        head = line[:width].split()
        name = name if line.startswith(" ") else head[0]
        cells = line[width:].split()
        lines[" ".join(dict.fromkeys([name, *head]))] = dict(zip(ACTORS, cells, strict=True))
    return lines


CELLS = table(MATRIX, 27)


def test_the_matrix_speaks_of_every_relation() -> None:
    assert {line.split()[0] for line in CELLS} == set(RELATIONS)


@pytest.mark.parametrize("line", CELLS)
def test_access_is_as_the_matrix_says(
    scene: Scene, door: psycopg.Connection[Any], line: str
) -> None:
    relation, command = line.split()
    assert {a: reached(door, scene, relation, command, a) for a in ACTORS} == CELLS[line]


@pytest.mark.parametrize("line", CELLS)
def test_claims_that_name_another_organisation_change_nothing(
    scene: Scene, door: psycopg.Connection[Any], line: str
) -> None:
    relation, command = line.split()
    north = scene.world["north admin"]
    scene.claims["forger"] = {
        **scene.claims["east"], "role": "service_role", "organisation_id": north.organisation_id,
        "consortia": [scene.world.consortium_id], "user_role": "admin",
        "app_metadata": {"organisation_id": north.organisation_id, "role": "service_role"},
    }  # fmt: skip
    assert reached(door, scene, relation, command, "forger") == CELLS[line]["east"]


# Functions ----------------------------------------------------------------------------------------

# `+` answers, `-` refuses with a sentence, `!` may not be called at all; a number counts rows.
FUNCTIONS = """
                        admin  editor viewer south  west east rep  dealer newcomer nobody anon
found_organisation      -      -      -      -      -    -    -    -      -        -      !
create_consortium       +      -      -      +      +    +    -    -      -        -      !
invite_colleague        +      -      -      +      +    +    -    -      -        -      !
invite_organisation     +      -      -      -      -    -    -    -      -        -      !
revoke_invitation       +      -      -      -      -    -    -    -      -        -      !
invitation_for          +      +      +      +      +    +    +    +      +        +      +
redeem_invitation       -      -      -      -      -    -    +    +      +        -      !
set_membership_role     +      -      -      -      -    -    -    -      -        -      !
leave_consortium        -      -      -      +      -    -    -    -      -        -      !
remove_member           +      -      -      -      -    -    -    -      -        -      !
merge_suppliers         +      +      -      +      +    +    -    -      -        -      !
undo_merge              +      +      -      +      +    +    -    -      -        -      !
import_assessments      +      +      -      +      +    +    -    -      -        -      !
import_site_list        +      +      -      +      +    +    -    -      -        -      !
import_spend            +      +      -      +      +    +    -    -      -        -      !
import_initiative_links +      +      -      +      +    +    -    -      -        -      !
spend_bands             1      1      1      0      0    0    0    0      0        0      !
shared_through          9      9      9      9      0    0    0    0      0        0      !
chart_consortia         2      2      2      2      0    0    0    0      0        0      !
share                   +      +      -      +      -    -    -    -      -        -      !
revoke_sharing          +      +      -      -      -    -    -    -      -        -      !
whoami                  +      +      +      +      +    +    +    +      +        +      !
pulse                   +      +      +      +      +    +    +    +      +        +      !
schema_number           +      +      +      +      +    +    +    +      +        +      +
store_is_empty          +      +      +      +      +    +    +    +      +        +      +
web_session             +      +      +      +      +    +    +    +      +        +      +
begin_renewal           +      +      +      +      +    +    +    +      +        +      +
end_renewal             +      +      +      +      +    +    +    +      +        +      +
close_web_session       +      +      +      +      +    +    +    +      +        +      +
spend_sign_in_code      +      +      +      +      +    +    +    +      +        +      +
open_sign_in_code       +      +      +      +      +    +    +    +      +        -      !
open_web_session        +      +      +      +      +    +    +    +      +        -      !
look                    +      +      +      +      +    +    +    +      +        +      !
has_password            +      +      +      +      +    +    +    +      +        +      !
read_together           +      +      +      +      +    +    +    +      +        +      !
close_my_web_sessions   +      +      +      +      +    +    +    +      +        +      !
plan_dialogue           +      +      -      +      -    -    -    -      -        -      !
set_chatham             +      +      -      +      -    -    -    -      -        -      !
set_dialogue_suppliers  +      +      -      -      -    -    -    -      -        -      !
add_host                +      +      -      -      -    -    -    -      -        -      !
leave_host              +      +      -      +      -    -    -    -      -        -      !
invite_to_dialogue      +      +      -      -      -    -    -    -      -        -      !
take_seat               +      +      -      +      -    -    -    -      -        -      !
leave_seat              +      -      -      +      -    -    +    +      -        -      !
set_seat                +      +      -      -      -    -    -    -      -        -      !
open_dialogue           +      +      -      +      -    -    -    -      -        -      !
cancel_dialogue         +      +      -      +      -    -    -    -      -        -      !
close_dialogue          +      +      -      -      -    -    -    -      -        -      !
go_to                   +      +      -      -      -    -    -    -      -        -      !
ask_question            +      -      -      +      -    -    +    +      -        -      !
edit_question           +      -      -      -      -    -    +    -      -        -      !
set_question_state      +      +      -      -      -    -    -    -      -        -      !
share_question          +      +      -      -      -    -    -    -      -        -      !
merge_questions         +      +      -      -      -    -    -    -      -        -      !
vote                    +      -      -      +      -    -    +    +      -        -      !
write_note              +      -      -      +      -    -    +    +      -        -      !
strike_note             +      -      -      -      -    -    +    -      -        -      !
dialogue_board          +      +      +      +      -    -    +    +      -        -      !
dialogue_room           +      +      +      +      -    -    +    +      -        -      !
dialogue_notes          +      +      +      +      -    -    +    +      -        -      !
dialogue_times          +      +      +      +      -    -    +    +      -        -      !
capture_commitment      +      -      -      +      -    -    -    -      -        -      !
report_commitment       +      +      -      +      -    -    +    -      -        -      !
hand_over_commitment    +      +      -      +      -    -    -    -      -        -      !
"""
CALLS = table(FUNCTIONS, 24)
OF_AN_EVENT = ("take_seat", "leave_seat", "close_dialogue", "dialogue_notes", "dialogue_times")


def call(scene: Scene, function: str, actor: str) -> tuple[str, list[Any]]:
    """A call that only the actor's rights can make fail, and its values."""
    world = scene.world
    own = {"south": "s", "west": "w", "east": "e"}.get(actor, "n")
    line = next(i for i, letter in scene.letters["spend"].items() if letter == own)
    receipt = next(i for i, letter in scene.letters["sharing"].items() if letter == "N")
    spend = [{"supplier_id": scene.supplier, "year": 2025, "amount": 1, "currency": "EUR"}]
    site = [{"name": "Works", "address": "Road 1", "country": "CN", "place_key": "0" * 32}]
    letters, event = scene.letters, scene.events["D"]
    seat = next(i for i, letter in letters["dialogue_seat"].items() if letter == "r")
    promise = next(i for i, letter in letters["commitment"].items() if letter == "r")
    south = world["south admin"].organisation_id
    values: dict[str, list[Any]] = {
        "found_organisation": ["Late", "SE", "city", "Somebody", "somebody@example.org"],
        "create_consortium": [uuid.uuid4(), "Another", ""],
        "invite_colleague": ["viewer", "", 7],
        "invite_organisation": [world.consortium_id, "member", "", 7],
        "revoke_invitation": [
            next(i for i, letter in scene.letters["invitation"].items() if letter == "n")
        ],
        "invitation_for": ["no such token"],
        "redeem_invitation": [scene.token, "Somebody", "somebody@example.org", "", "", ""],
        "set_membership_role": [scene.membership_of_south, "coordinator"],
        "leave_consortium": [world.consortium_id],
        "remove_member": [world.consortium_id, world["south admin"].organisation_id],
        "merge_suppliers": [scene.supplier, scene.spare_supplier, "The same"],
        "undo_merge": list(scene.letters["supplier_merge"]),
        "import_assessments": [uuid.uuid4(), "[]"],
        "import_site_list": [
            uuid.uuid4(), scene.supplier, "List", "", "2026-01-01", "", json.dumps(site),
        ],
        "import_spend": [uuid.uuid4(), "", json.dumps(spend)],
        "import_initiative_links": [
            uuid.uuid4(), json.dumps([new_row(scene, "initiative_link", actor)]),
        ],
        "share": [
            uuid.uuid4(), "spend", [line], world.consortium_id, "record", "Agreement",
            "2029-01-01", "",
        ],
        "revoke_sharing": [receipt],
        "web_session": ["a guess"],
        "begin_renewal": ["a guess", 1, 10],
        "end_renewal": ["a guess", 1, "sealed"],
        "close_web_session": ["a guess"],
        "spend_sign_in_code": ["a guess"],
        "open_sign_in_code": ["a name", "sealed", 60],
        "open_web_session": ["a name", "sealed", 30],
        "close_my_web_sessions": [None],
        "look": [None, None],
        "read_together": ['{"spend_bands": ["year"], "supplier": ["id"]}', 10],
        "plan_dialogue": [
            uuid.uuid4(), world.consortium_id, "Dialogue", "", "2027-01-01 10:00+01",
            "2027-01-01 12:00+01", "Europe/Stockholm", "", None, False, 3, [scene.supplier], "[]",
        ],
        "set_chatham": [scene.events["P"], True],
        "set_dialogue_suppliers": [event, [scene.supplier, scene.spare_supplier]],
        "add_host": [event, south],
        "leave_host": [scene.events["P"]],
        "invite_to_dialogue": [event, "guest", None, "", 7],
        "set_seat": [seat, "speaker", True],
        "open_dialogue": [scene.events["P"]],
        "cancel_dialogue": [scene.events["P"]],
        "go_to": [event, None, None],
        "ask_question": [event, uuid.uuid4(), "shared", None, None, "", "Who makes it?"],
        "edit_question": [scene.questions[0], 1, None, None, "", "Who makes it?"],
        "set_question_state": [scene.questions[0], "asked"],
        "share_question": [scene.questions[0]],
        "merge_questions": [scene.questions[0], scene.questions[1:]],
        "vote": [scene.questions[0], True],
        "write_note": [event, uuid.uuid4(), None, None, "shared", "They listed sites.", None],
        "strike_note": [scene.note, 1],
        "dialogue_board": [event, None],
        "dialogue_room": [event, None],
        "capture_commitment": [
            uuid.uuid4(), event, scene.supplier, south, "Publish all sites", "2027-03-01",
        ],
        "report_commitment": [uuid.uuid4(), promise, 2, "on_track", "", None, None],
        "hand_over_commitment": [promise, south],
    }  # fmt: skip
    # What takes an event and nothing else.
    return function, values.get(function, [event] if function in OF_AN_EVENT else [])


def test_the_table_speaks_of_every_function(scene: Scene) -> None:
    found = scene.world.owner(
        "select proname from pg_proc where pronamespace = 'public'::regnamespace"
    )
    assert {name for (name,) in found} == set(CALLS)


@pytest.mark.parametrize("function", CALLS)
def test_functions_answer_as_the_table_says(
    scene: Scene, door: psycopg.Connection[Any], function: str
) -> None:
    def outcome(actor: str) -> str:
        name, values = call(scene, function, actor)
        marks = ", ".join(_mark(v) for v in values)
        refused, rows = attempt(door, scene, actor, f"select * from {name}({marks})", *values)
        return refused or (str(len(rows)) if name in TABLES else "+")

    assert {actor: outcome(actor) for actor in ACTORS} == CALLS[function]


def _mark(value: Any) -> str:
    """Its type comes from the function, as over HTTP; only a list has to say what it is."""
    return "%s::uuid[]" if isinstance(value, list) else "%s"


def test_a_size_class_is_all_that_is_seen_of_banded_spend(scene: Scene) -> None:
    bands = scene.world["north viewer"].store.call("spend_bands")
    assert bands.rows() == [
        (scene.world["south admin"].organisation_id, scene.supplier, 2025, "EUR", 0.0, 10000.0)
    ]


# Columns ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "column", ["organisation_id", "shared_with", "shared_until", "version", "created_at"]
)
def test_nobody_writes_who_owns_an_assessment_or_who_sees_it(
    scene: Scene, door: psycopg.Connection[Any], column: str
) -> None:
    update = f"update assessment set {column} = default"
    insert = f"insert into assessment ({column}) values (null)"
    assert attempt(door, scene, "admin", update)[0] == "!"
    assert attempt(door, scene, "admin", insert)[0] == "!"


@pytest.mark.parametrize("relation", ["site_list", "production_site", "spend", *SHARED_WHOLE])
@pytest.mark.parametrize("column", ["organisation_id", "shared_with", "shared_until"])
def test_nobody_writes_who_owns_or_sees_other_contributions(
    scene: Scene, door: psycopg.Connection[Any], relation: str, column: str
) -> None:
    update = f"update {relation} set {column} = default"
    insert = f"insert into {relation} ({column}) values (null)"
    assert attempt(door, scene, "admin", update)[0] == "!"
    assert attempt(door, scene, "admin", insert)[0] == "!"


@pytest.mark.parametrize("column", ["token_hash", "*"])
def test_nobody_reads_the_hash_of_a_link(
    scene: Scene, door: psycopg.Connection[Any], column: str
) -> None:
    assert attempt(door, scene, "admin", f"select {column} from invitation")[0] == "!"


@pytest.mark.parametrize("actor", ["admin", "nobody", "anon"])
def test_no_member_reads_what_the_store_keeps_for_itself(
    scene: Scene, door: psycopg.Connection[Any], actor: str
) -> None:
    tables = scene.world.owner(
        "select schemaname || '.' || tablename from pg_tables"
        " where schemaname in ('auth', 'quorum')"
    )
    reads = {t: attempt(door, scene, actor, f"select count(*) from {t}")[0] for (t,) in tables}
    assert reads == {t: "!" for (t,) in tables}


def test_the_apps_login_reads_nothing_without_a_member(
    scene: Scene, door: psycopg.Connection[Any]
) -> None:
    for relation in RELATIONS:
        with pytest.raises(errors.InsufficientPrivilege), door.transaction():
            door.execute(f"select from public.{relation}")


@pytest.mark.parametrize("role", ["postgres", "service_role"])
def test_the_apps_login_cannot_become_anything_greater(
    scene: Scene, door: psycopg.Connection[Any], role: str
) -> None:
    with pytest.raises(errors.InsufficientPrivilege), door.transaction():
        door.execute(f"set local role {role}")


# The audit trail ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "insert into audit_event (organisation_id, action, relation)"
        " select id, 'x', 'y' from organisation",
        "update audit_event set summary = ''",
        "delete from audit_event",
        "truncate audit_event",
    ],
)
def test_no_member_changes_the_audit_trail(
    scene: Scene, door: psycopg.Connection[Any], statement: str
) -> None:
    assert attempt(door, scene, "admin", statement)[0] == "!"


@pytest.mark.parametrize(
    "statement",
    ["update audit_event set summary = ''", "delete from audit_event", "truncate audit_event"],
)
def test_not_even_the_owner_of_the_store_changes_the_audit_trail(
    scene: Scene, statement: str
) -> None:
    with pytest.raises(psycopg.DatabaseError, match="The audit trail cannot be changed"):
        scene.world.owner(statement)


def test_the_audit_trail_names_columns_and_never_their_values(scene: Scene) -> None:
    trail = scene.world["south admin"].store.rows("audit_event", ["action", "relation", "summary"])
    assert "1000" not in trail.write_csv()
    assert "Works" not in trail.write_csv()


def test_the_audit_trail_does_not_name_a_person_of_another_organisation(scene: Scene) -> None:
    # North's admin removed West from the consortium.
    filters = {"action": "update", "relation": "membership"}
    removals = scene.world["west admin"].store.rows("audit_event", filters=filters)
    assert set(removals["person_id"]) == {None}


# Hidden and absent are the same -------------------------------------------------------------------


def test_a_hidden_row_and_an_absent_one_are_refused_alike(scene: Scene) -> None:
    store = scene.world["north admin"].store
    hidden = next(i for i, letter in scene.letters["assessment"].items() if letter == "s")
    answers = []
    for row in (hidden, str(uuid.uuid4())):
        with pytest.raises(NotAllowed) as update:
            store.update("assessment", {"company_name": "x"}, {"id": row}, version=1)
        with pytest.raises(NotAllowed) as delete:
            store.delete("assessment", {"id": row})
        with pytest.raises(NotAllowed) as contact:
            store.insert("assessment_contact", {"assessment_id": row})
        answers.append((str(update.value), str(delete.value), str(contact.value)))
    assert answers[0] == answers[1]


def test_an_identifier_that_another_uses_is_free(
    scene: Scene, door: psycopg.Connection[Any]
) -> None:
    hidden = next(i for i, letter in scene.letters["assessment"].items() if letter == "s")
    insert = (
        "insert into assessment (id, supplier_id, questionnaire, respondent_kind, assessed_on)"
        " values (%s, %s, 'q', 'other', '2026-01-01')"
    )
    assert attempt(door, scene, "admin", insert, hidden, scene.supplier)[0] == ""


def test_a_receipt_may_have_the_identifier_of_anothers_receipt(
    scene: Scene, door: psycopg.Connection[Any]
) -> None:
    theirs = next(i for i, letter in scene.letters["sharing"].items() if letter == "S")
    mine = next(i for i, letter in scene.letters["spend"].items() if letter == "n")
    share = (
        "select share(%s, 'spend', %s::uuid[], %s, 'record', 'Agreement', '2029-01-01', '')"
        " ->> 'shared'"
    )
    values = (theirs, [mine], scene.world.consortium_id)
    assert attempt(door, scene, "admin", share, *values) == ("", ["1"])
