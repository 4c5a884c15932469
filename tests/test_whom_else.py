"""With whom else a row is shared is its owner's secret: no reader sees it, the owner sees all.

South is in three consortia: Nordic with North and Harbour, Baltic with East and Harbour, Quiet with
West. It shares one contribution of each kind, and a chart, with all three.
"""

import uuid
from datetime import date
from typing import Any

import polars as pl
import psycopg
import pytest
from psycopg import errors

from components import data
from components.session import Session
from quorum.store import Consortium, NotAllowed, Principal
from quorum.store.accounts import Session as Ticket
from quorum.store.embedded import Engine, _with_user
from quorum.store.relations import FUNCTIONS, RELATIONS
from tests.conftest import World, emptied, small_world
from tests.test_initiative_access import added

SHARED = (
    "assessment", "site_list", "spend", "initiative", "rubric", "initiative_rating",
    "initiative_link", "leverage_use", "risk",
)  # fmt: skip
HIDDEN = ("shared_with", "shared_until", "banded_with", "aggregated_with")


class Scene:
    def __init__(self, world: World) -> None:
        self.world = world
        harbour = world.organisation("Harbour")
        world.person("harbour admin", harbour, "admin")
        self.nordic = world.consortium_id
        self.baltic = self._consortium("Baltic buyers", "east admin", "harbour admin")
        self.quiet = self._consortium("Quiet circle", "west admin")
        world.owner(
            "insert into membership (consortium_id, organisation_id, role)"
            " values (%s, %s, 'member')", self.nordic, harbour,
        )  # fmt: skip
        supplier = world.supplier()
        south = world["south admin"].store
        (line,) = world.spend("south admin", supplier, {2025: 70_000.0})
        (self.mixed,) = world.spend("south admin", supplier, {2024: 80_000.0})
        self.items = {
            "assessment": world.assessment("south admin", supplier, []),
            "site_list": world.site_list("south admin", supplier, ["Works", "Mill"]),
            "spend": line,
            **{relation: added(world, "south admin", relation) for relation in SHARED[3:-2]},
            "leverage_use": self._use_of_leverage(supplier),
            "risk": self._risk(supplier),
        }
        ends = {self.nordic: "2030-01-01", self.baltic: "2029-01-01", self.quiet: "2028-01-01"}
        for consortium, day in ends.items():
            for relation, item in self.items.items():
                world.share("south admin", relation, [item], consortium_id=consortium, ends_on=day)
        for consortium, level in (
            (self.nordic, "record"), (self.baltic, "band"), (self.quiet, "aggregate"),
        ):  # fmt: skip
            world.share("south admin", "spend", [self.mixed], consortium_id=consortium, level=level)
        self.chart = str(uuid.uuid4())
        everybody = [self.nordic, self.baltic, self.quiet]
        south.insert(
            "saved_chart",
            {
                "id": self.chart, "name": "Spend", "question": "data=spend&show=rows",
                "shared_with": everybody,
            },
        )  # fmt: skip
        self.private = world.assessment("south admin", supplier, [])

    def _use_of_leverage(self, supplier: str) -> str:
        made = str(uuid.uuid4())
        self.world["south admin"].store.insert(
            "leverage_use",
            {
                "id": made, "supplier_id": supplier, "asked_on": "2026-06-01",
                "asked": "For all sites", "channel": "letter", "jointly": False,
            },
        )  # fmt: skip
        return made

    def _risk(self, supplier: str) -> str:
        made = str(uuid.uuid4())
        self.world["south admin"].store.insert(
            "risk",
            {
                "id": made, "supplier_id": supplier, "country": "VN", "kind": "wages",
                "text": "Unpaid overtime", "source": "A report", "seen_on": "2026-06-01",
            },
        )  # fmt: skip
        return made

    def _consortium(self, name: str, founder: str, *others: str) -> str:
        made = self.world[founder].store.call(
            "create_consortium", {"key": str(uuid.uuid4()), "name": name, "purpose": ""}
        )
        for actor in ("south admin", *others):
            self.world.owner(
                "insert into membership (consortium_id, organisation_id, role)"
                " values (%s, %s, 'member')", made, self.world[actor].organisation_id,
            )  # fmt: skip
        return str(made)

    def session(self, actor: str) -> Session:
        """The member outside of a page, where nothing is remembered."""
        one = self.world[actor]
        who = one.store.call("whoami")
        principal = Principal(
            one.id, "", one.email, one.organisation_id, "", "admin",
            tuple(Consortium(**c) for c in who["consortia"]), "ticket",
        )  # fmt: skip
        return Session("", Ticket("", one.id), principal, one.store, "", 0.0)

    def told(self, actor: str, relation: str, item: str = "") -> dict[str, Any]:
        """What the member reads about with whom an item is shared."""
        found = data.with_sharing(
            self.session(actor), relation, self.world[actor].store.rows(relation)
        )
        row = found.row(by_predicate=pl.col("id") == (item or self.items[relation]), named=True)
        return {column: row[column] for column in HIDDEN if column in row}

    def everything(self, actor: str) -> str:
        """Every cell of every relation and function that the member reads."""
        store = self.world[actor].store
        frames = [store.rows(relation) for relation in RELATIONS]
        frames += [store.call(function) for function in FUNCTIONS]
        return "\n".join(str(row) for frame in frames for row in frame.rows())


@pytest.fixture(scope="module")
def scene(engine: Engine) -> Scene:
    return Scene(small_world(emptied(engine)))


@pytest.mark.parametrize(
    ("actor", "consortia"),
    [
        ("south admin", {"nordic", "baltic", "quiet"}),
        ("harbour admin", {"nordic", "baltic"}),
        ("north viewer", {"nordic"}),
        ("east admin", {"baltic"}),
        ("west admin", {"quiet"}),
    ],
)
def test_no_cell_names_a_consortium_that_the_member_is_not_in(
    scene: Scene, actor: str, consortia: set[str]
) -> None:
    cells = scene.everything(actor)
    assert all(item in cells for item in scene.items.values())  # there is something to look through
    names = ("nordic", "baltic", "quiet")
    assert {name for name in names if getattr(scene, name) in cells} == consortia


@pytest.mark.parametrize("actor", ["north viewer", "harbour admin", "west admin"])
@pytest.mark.parametrize("relation", [*SHARED, "production_site", "saved_chart"])
@pytest.mark.parametrize("use", ["select {} from {}", "select 1 from {1} where {0} is not null"])
def test_the_columns_cannot_be_asked_for_by_any_member(
    scene: Scene, actor: str, relation: str, use: str
) -> None:
    address = _with_user(scene.world.engine.owner_address, "authenticator")
    has = {name for (name,) in scene.world.owner(
        "select column_name::text from information_schema.columns"
        " where table_schema = 'public' and table_name = %s", relation,
    )}  # fmt: skip
    columns = [column for column in HIDDEN if column in has]
    assert "shared_with" in columns
    with psycopg.connect(address) as db:
        for column in [*columns, "*"] if use.startswith("select {}") else columns:
            with pytest.raises(errors.InsufficientPrivilege), db.transaction():
                db.execute(
                    "select set_config('role', 'authenticated', true),"
                    " set_config('request.jwt.claims', %s, true)",
                    (f'{{"sub": "{scene.world[actor].id}"}}',),
                )
                db.execute(use.format(column, relation))


def test_a_member_of_two_consortia_learns_through_which_of_them_it_sees_each_item(
    scene: Scene,
) -> None:
    found = scene.world["harbour admin"].store.call("shared_through")
    south = scene.world["south admin"].organisation_id
    both = (scene.nordic, scene.baltic)
    expected = {(r, south, item, c) for r, item in scene.items.items() for c in both}
    assert found.height == 19
    assert set(found.rows()) == expected | {("spend", south, scene.mixed, scene.nordic)}


def test_a_member_of_one_consortium_learns_that_one(scene: Scene) -> None:
    found = scene.world["north viewer"].store.call("shared_through")
    assert sorted(found.select("relation", "item_id").rows()) == sorted(
        [*scene.items.items(), ("spend", scene.mixed)]
    )
    assert set(found["consortium_id"]) == {scene.nordic}


def test_the_owner_learns_nothing_of_its_own_there(scene: Scene) -> None:
    assert scene.world["south admin"].store.call("shared_through").is_empty()


@pytest.mark.parametrize("relation", SHARED)
def test_rows_say_as_much_as_their_reader_may_know(scene: Scene, relation: str) -> None:
    nothing = {"banded_with": [], "aggregated_with": []} if relation == "spend" else {}
    seen = {
        "south admin": (sorted([scene.nordic, scene.baltic, scene.quiet]), date(2028, 1, 1)),
        "harbour admin": (sorted([scene.nordic, scene.baltic]), None),
        "north viewer": ([scene.nordic], None),
        "east admin": ([scene.baltic], None),
        "west admin": ([scene.quiet], None),
    }
    for actor, (consortia, until) in seen.items():
        assert scene.told(actor, relation) == {
            "shared_with": consortia, "shared_until": until, **nothing,
        }  # fmt: skip


def test_the_owner_of_a_spend_line_sees_all_its_levels_and_a_reader_only_the_record(
    scene: Scene,
) -> None:
    assert scene.told("south admin", "spend", scene.mixed) == {
        "shared_with": [scene.nordic], "banded_with": [scene.baltic],
        "aggregated_with": [scene.quiet], "shared_until": date(2030, 1, 1),
    }  # fmt: skip
    for actor in ("north viewer", "harbour admin"):
        assert scene.told(actor, "spend", scene.mixed) == {
            "shared_with": [scene.nordic], "banded_with": [], "aggregated_with": [],
            "shared_until": None,
        }  # fmt: skip


def test_what_is_private_stays_private_on_its_owners_row(scene: Scene) -> None:
    assert scene.told("south admin", "assessment", scene.private) == {
        "shared_with": [], "shared_until": None,
    }  # fmt: skip


def test_a_site_is_shared_as_its_list_is(scene: Scene) -> None:
    for actor, consortia, until in (
        ("south admin", sorted([scene.nordic, scene.baltic, scene.quiet]), date(2028, 1, 1)),
        ("harbour admin", sorted([scene.nordic, scene.baltic]), None),
        ("west admin", [scene.quiet], None),
    ):
        found = data.sites(scene.session(actor)).select("name", "shared_with", "shared_until")
        assert found.sort("name").rows() == [
            ("Mill", consortia, until), ("Works", consortia, until),
        ]  # fmt: skip


def test_a_chart_says_with_which_of_the_readers_consortia_it_is_shared(scene: Scene) -> None:
    for actor, consortia in (
        ("south admin", [scene.nordic, scene.baltic, scene.quiet]),
        ("harbour admin", [scene.nordic, scene.baltic]),
        ("north viewer", [scene.nordic]),
        ("west admin", [scene.quiet]),
    ):
        assert scene.told(actor, "saved_chart", scene.chart) == {"shared_with": sorted(consortia)}


def test_two_owners_with_one_identifier_are_told_apart(scene: Scene) -> None:
    world = scene.world
    south = scene.items["assessment"]
    supplier = world.supplier("Boreal")
    world["east admin"].store.insert(
        "assessment",
        {
            "id": south, "supplier_id": supplier, "questionnaire": "q", "status": "final",
            "respondent_kind": "reseller", "assessed_on": "2026-01-01", "answers": [],
        },
    )  # fmt: skip
    receipt = world.share("east admin", "assessment", [south], consortium_id=scene.baltic)
    reader = scene.session("harbour admin")
    both = world["harbour admin"].store.rows("assessment", filters={"id": south})
    found = data.with_sharing(reader, "assessment", both)
    assert dict(found.select("organisation_id", "shared_with").rows()) == {
        world["south admin"].organisation_id: sorted([scene.nordic, scene.baltic]),
        world["east admin"].organisation_id: [scene.baltic],
    }
    read = data.contributions(reader, "assessment").filter(id=south)
    assert read.select("organisation", "shared_with").rows() == [
        ("South", sorted([scene.nordic, scene.baltic]))
    ]
    world["east admin"].store.call("revoke_sharing", {"sharing_id": receipt})
    world["east admin"].store.delete("assessment", {"id": south})


# Receipts that end, in a store of their own -------------------------------------------------------


def test_what_is_hidden_because_a_receipt_is_past_its_day_is_not_named_either(world: World) -> None:
    item = world.assessment("south admin", world.supplier(), [])
    other = world["south admin"].store.call(
        "create_consortium", {"key": str(uuid.uuid4()), "name": "Quiet circle", "purpose": ""}
    )
    world.share("south admin", "assessment", [item])
    past = world.share("south admin", "assessment", [item], consortium_id=other)
    north = world["north viewer"].store
    assert north.call("shared_through")["item_id"].to_list() == [item]
    world.owner("update sharing set ends_on = current_date - 1 where id = %s", past)
    world.owner("update assessment set shared_until = current_date - 1")
    assert north.rows("assessment").is_empty()
    assert north.call("shared_through").is_empty()
    north.call("pulse")
    assert north.rows("assessment")["id"].to_list() == [item]
    assert north.call("shared_through")["item_id"].to_list() == [item]


def test_what_is_revoked_is_named_no_longer(world: World) -> None:
    item = world.assessment("south admin", world.supplier(), [])
    receipt = world.share("south admin", "assessment", [item])
    world["south admin"].store.call("revoke_sharing", {"sharing_id": receipt})
    assert world["north viewer"].store.call("shared_through").is_empty()


def test_an_import_is_deleted_only_when_none_of_its_lines_is_shared_any_more(world: World) -> None:
    lines = world.spend("south admin", world.supplier(), {2024: 1.0, 2025: 2.0})
    south = world["south admin"].store
    (file,) = south.rows("spend_import")["id"]
    for level in ("record", "band", "aggregate"):
        receipt = world.share("south admin", "spend", lines[:1], level=level)
        with pytest.raises(NotAllowed):
            south.delete("spend_import", {"id": file})
        south.call("revoke_sharing", {"sharing_id": receipt})
    south.delete("spend_import", {"id": file})
    assert south.rows("spend").is_empty()
