"""What a page reads and writes. The only cached function of the app lives here.

A result is cached for one browser session, under the member's ticket and the version counter: it
can neither reach another member nor outlive a colleague's edit by more than a look at the counter.
"""

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar, cast

import polars as pl
import streamlit as st
from plotly.graph_objects import Figure
from streamlit.runtime.scriptrunner import get_script_run_ctx

from components.session import Session
from quorum import charts, scoring
from quorum.definitions.rubrics import Rubric, from_row, published
from quorum.definitions.rubrics import rubrics as published_rubrics
from quorum.initiatives import long_ratings, published_ratings
from quorum.language import _
from quorum.store import Conflict, Row, Store
from quorum.store.relations import RELATIONS, WRITE_ONLY

Result = TypeVar("Result")


@st.cache_data(scope="session", ttl=600, max_entries=200, show_spinner=False)
def _cached(
    ticket: str, version: str, day: str, name: str, arguments: tuple[Any, ...],
    _session: Session, _make: Callable[..., Any],
) -> Any:  # fmt: skip
    """Reads nothing but its arguments: those with an underscore are fixed by the others."""
    return _make(_session, *arguments)


def cached(session: Session, make: Callable[..., Result], *arguments: Any) -> Result:
    """`make(session, *arguments)`, remembered until something the member may see has changed.

    `make` is a function of a module, never a lambda or a closure: it could carry along what the key
    does not name.
    """
    return cast(Result, _remembered(session, make, make, "", arguments))


def drawn(
    session: Session, make: Callable[..., Figure], theme: charts.Theme, *arguments: Any
) -> dict[str, Any]:
    """The figure `make(session, *arguments)` with the colours of `theme`, as plotly's JSON:
    remembered as that, because building a figure's objects again takes ten times as long."""

    def finished(session: Session, *arguments: Any) -> dict[str, Any]:
        return cast("dict[str, Any]", charts.themed(make(session, *arguments), theme).to_dict())

    return cast("dict[str, Any]", _remembered(session, make, finished, theme, arguments))


def _remembered(
    session: Session, make: Callable[..., Any], body: Callable[..., Any], variant: str,
    arguments: tuple[Any, ...],
) -> Any:  # fmt: skip
    """What `body` gives, which `make` and `variant` stand for."""
    if getattr(make, "__closure__", None) or "<" in make.__qualname__:
        raise TypeError(f"{make.__qualname__} is not a plain function of a module")
    if get_script_run_ctx() is None:
        # A download is made after the run has ended; there is no session to remember it in.
        return body(session, *arguments)
    # Streamlit calls every page's module "__main__": only the file tells two pages apart.
    source = getattr(getattr(make, "__code__", None), "co_filename", "")
    principal = session.principal
    key = (principal.ticket, principal.role, principal.organisation_id)
    return _cached(
        "|".join(key), session.version, date.today().isoformat(),
        f"{source} {make.__module__}.{make.__qualname__} {variant}", arguments, session, body,
    )  # fmt: skip


# What the rows of a contribution are read with: names, and with whom they are shared.
_BESIDE = ("supplier", "organisation", "sharing", "sharing_item")
_CONTRIBUTIONS = {"assessment", "site_list", "production_site", "spend", "initiative",
                  "initiative_link", "leverage_use", "risk"}  # fmt: skip


def _ahead(session: Session, relations: tuple[str, ...], said: str, dialogue_id: str) -> None:
    asked = {said: {"dialogue_id": dialogue_id, "seen": None}} if dialogue_id else {}
    session.store.ahead(relations, asked)


def ahead(session: Session, *relations: str, said: str = "", dialogue_id: str = "") -> None:
    """First line of a page that reads several relations: fetches them in one request where the
    store is reached over a network, and with contributions what they are read with. Functions of
    `relations.FUNCTIONS` and `VALUES` count as relations. `said`: the function of `relations.SAID`
    that the page asks about one event."""
    wanted = list(relations)
    if not _CONTRIBUTIONS.isdisjoint(wanted):
        wanted += _BESIDE
        if len(session.principal.consortia) > 1:
            wanted.append("shared_through")
    if "saved_chart" in wanted and session.principal.consortia:
        wanted.append("chart_consortia")
    cached(session, _ahead, tuple(dict.fromkeys(wanted)), said, dialogue_id)


# Reading: raw relations ---------------------------------------------------------------------------


# Contributions whose identifier a form mints, so that a repeated submit is stored once. It is
# unique within its owner only: a key across owners would tell one what another has.
MINTED = frozenset({"assessment", "initiative", "rubric", "initiative_rating", "initiative_link",
                     "leverage_use", "risk", "saved_chart"})  # fmt: skip


def of_one_owner(session: Session, found: pl.DataFrame, key: str = "id") -> pl.DataFrame:
    """Where several owners have rows under one identifier, those of one of them: the reader's own
    organisation, or else whoever came first.

    found: organisation_id, created_at and `key`; its order stays. Members do not write created_at,
    so a copy always comes later than what it copies. See docs/decisions/0011.
    """
    if found[key].n_unique() == found.height:
        return found
    others = pl.col("organisation_id") != session.principal.organisation_id
    earliest = pl.col("organisation_id").sort_by(others, "created_at", "organisation_id").first()
    return found.filter(pl.col("organisation_id") == earliest.over(key))


def _rows(session: Session, relation: str, order: tuple[str, ...]) -> pl.DataFrame:
    return fresh(session, relation, order=order)


def rows(session: Session, relation: str, *order: str) -> pl.DataFrame:
    """All rows of a relation that the member may see."""
    return cached(session, _rows, relation, order)


def fresh(
    session: Session,
    relation: str,
    filters: Row | None = None,
    *,
    order: tuple[str, ...] = (),
    limit: int | None = None,
) -> pl.DataFrame:
    """Rows as they stand this moment, for a form that is about to edit them, or for `cached`.

    Every row that a page reads comes through here, so that no identifier is there twice.
    """
    found = session.store.rows(relation, filters=filters, order=order, limit=limit)
    return of_one_owner(session, found) if relation in MINTED else found


def register(session: Session) -> pl.DataFrame:
    """Every entry of the register, merged ones too; `kept_id` is the one that stands for it."""
    return rows(session, "supplier", "name").with_columns(kept_id=pl.coalesce("merged_into", "id"))


def suppliers(session: Session) -> pl.DataFrame:
    """The living entries of the register, by name."""
    return rows(session, "supplier", "name").filter(pl.col("merged_into").is_null())


def organisations(session: Session) -> pl.DataFrame:
    """The member's organisation and its fellow members, by name."""
    return rows(session, "organisation", "name")


def organisation_names(session: Session) -> dict[str, str]:
    """Identifier to name, for the organisations the member may see."""
    return dict(organisations(session).select("id", "name").iter_rows())


def consortium_names(session: Session) -> dict[str, str]:
    """Identifier to name of the member's consortia."""
    return {c.id: c.name for c in session.principal.consortia}


# Reading: with whom it is shared ------------------------------------------------------------------

_ARRAY = pl.List(pl.String())
_LEVELS = {"shared_with": "record", "banded_with": "band", "aggregated_with": "aggregate"}


def with_sharing(session: Session, relation: str, found: pl.DataFrame) -> pl.DataFrame:
    """Rows of a relation and with whom they are shared, as far as the member may know it.

    Added: shared_with and shared_until (spend also banded_with and aggregated_with; a chart has
    shared_with alone). Of its own rows the organisation's receipts say it. Of others' rows only
    the member's own consortia are named, and until when is their owner's affair.
    """
    mine = pl.col("organisation_id") == session.principal.organisation_id
    through = [one.id for one in session.principal.consortia]
    # What others show to a member of one consortium came through that one.
    theirs = pl.when(~mine).then(pl.lit(through if len(through) == 1 else [], _ARRAY))
    item = "site_list_id" if relation == "production_site" else "id"
    if relation == "saved_chart":
        columns, standing = ["shared_with"], _chart_standing(session, found)
    else:
        kind = "site_list" if relation == "production_site" else relation
        columns = ["shared_with", "shared_until"]
        if relation == "spend":
            columns = [*_LEVELS, "shared_until"]
        standing = cached(session, _standing, kind)
    arrays = [pl.col(c).fill_null(pl.lit([], _ARRAY)) for c in columns if c != "shared_until"]
    return (
        found.join(
            standing.select("organisation_id", "item_id", *columns),
            left_on=["organisation_id", item],
            right_on=["organisation_id", "item_id"],
            how="left",
            maintain_order="left",
        )
        .with_columns(pl.coalesce("shared_with", theirs).alias("shared_with"))
        .with_columns(arrays)
    )


def _standing(session: Session, relation: str) -> pl.DataFrame:
    """Per contribution of a relation: organisation_id, item_id, and the columns that say with whom
    it is shared, as far as anything but the one consortium of the member has to say it."""
    receipts = cached(session, _living_receipts).filter(relation=relation)
    if len(session.principal.consortia) > 1:
        others = cached(session, _shared_through).filter(relation=relation)
        receipts = pl.concat([receipts, others])
    return (
        receipts.sort("consortium_id")
        .group_by("organisation_id", "item_id", maintain_order=True)
        .agg(
            *(
                pl.col("consortium_id").filter(pl.col("level") == level).alias(column)
                for column, level in _LEVELS.items()
            ),
            pl.col("ends_on").min().alias("shared_until"),
        )
    )


_RECEIPTS = ("relation", "organisation_id", "item_id", "consortium_id", "level", "ends_on")


def _living_receipts(session: Session) -> pl.DataFrame:
    """The organisation's own: one row per contribution and receipt."""
    living = rows(session, "sharing").filter(
        pl.col("ended_at").is_null(), pl.col("ends_on") >= date.today()
    )
    items = rows(session, "sharing_item").select("item_id", id="sharing_id")
    return living.join(items, on="id").select(_RECEIPTS)


def _shared_through(session: Session) -> pl.DataFrame:
    """Others' contributions that the member sees, and through which of its consortia."""
    found = cast(pl.DataFrame, session.store.call("shared_through"))
    return found.with_columns(level=pl.lit("record"), ends_on=pl.lit(None, pl.Date())).select(
        _RECEIPTS
    )


def _chart_standing(session: Session, charts: pl.DataFrame) -> pl.DataFrame:
    """The same for charts, which have no receipts. Asked afresh: it belongs to what was read."""
    if charts.is_empty() or not session.principal.consortia:
        empty = dict.fromkeys(("organisation_id", "item_id"), pl.String())
        return pl.DataFrame(schema={**empty, "shared_with": _ARRAY})
    found = cast(pl.DataFrame, session.store.call("chart_consortia"))
    return (
        found.sort("consortium_id")
        .group_by("organisation_id", "item_id", maintain_order=True)
        .agg(pl.col("consortium_id").alias("shared_with"))
    )


# Reading: contributions, as merged suppliers stand today ------------------------------------------


def _as_merged(session: Session, found: pl.DataFrame) -> pl.DataFrame:
    """The rows under the entry that stands for their supplier today, with its name."""
    entries = register(session)
    names = entries.select(kept_id="id", supplier="name")
    kept = entries.select("id", "kept_id").join(names, on="kept_id", how="left")
    return (
        found.join(kept, left_on="supplier_id", right_on="id", how="left", maintain_order="left")
        .with_columns(supplier_id=pl.col("kept_id"))
        .drop("kept_id")
    )


def _contributions(session: Session, relation: str) -> pl.DataFrame:
    """The rows with the names of supplier and organisation, and `mine`."""
    found = with_sharing(session, relation, fresh(session, relation))
    named = organisations(session).select(organisation_id="id", organisation="name")
    return (
        _as_merged(session, found)
        .join(named, on="organisation_id", how="left", maintain_order="left")
        .with_columns(mine=pl.col("organisation_id") == session.principal.organisation_id)
    )


def contributions(session: Session, relation: str) -> pl.DataFrame:
    """Rows of a relation with an owner and a supplier, with their names and `mine`."""
    return cached(session, _contributions, relation)


def assessments(session: Session) -> pl.DataFrame:
    """Finished assessments that the member may see, scored, with `supplier`, `organisation`,
    `mine`."""
    return cached(session, _scored)


def _scored(session: Session) -> pl.DataFrame:
    return scoring.scores(contributions(session, "assessment").filter(status="final"))


def drafts(session: Session) -> pl.DataFrame:
    """Assessments of the member's organisation that are not finished."""
    return contributions(session, "assessment").filter("mine", status="draft")


def site_lists(session: Session) -> pl.DataFrame:
    """Site lists that the member may see, newest first."""
    return contributions(session, "site_list").sort("as_of", "title", descending=True)


def sites(session: Session) -> pl.DataFrame:
    """Rows of those lists, with `supplier`, `organisation`, `mine`."""
    return contributions(session, "production_site")


def spend(session: Session) -> pl.DataFrame:
    """The organisation's own spend lines and those shared as records."""
    return contributions(session, "spend")


def _bands(session: Session) -> pl.DataFrame:
    names = organisations(session).select(organisation_id="id", organisation="name")
    found = cast(pl.DataFrame, session.store.call("spend_bands"))
    return found.join(names, on="organisation_id", how="left", maintain_order="left")


def spend_bands(session: Session) -> pl.DataFrame:
    """Colleagues' yearly totals as size classes, where that is what they share."""
    return cached(session, _bands)


def turnover(session: Session) -> pl.DataFrame:
    """Published turnover of suppliers, under the entry that stands for each today."""
    return _as_merged(session, rows(session, "supplier_turnover", "-year")).drop("supplier")


def risks(session: Session) -> pl.DataFrame:
    """Known risks that the member may see, the newest source first, with `supplier` (null for
    those of a country), `organisation`, `mine`."""
    return contributions(session, "risk").sort("seen_on", "created_at", descending=True)


# Reading: initiatives -----------------------------------------------------------------------------


def rubrics(session: Session) -> tuple[Rubric, ...]:
    """Every edition under which the member can rate or read: published ones first."""
    return cached(session, _rubrics)


def _rubrics(session: Session) -> tuple[Rubric, ...]:
    first = published().rubric
    known = sorted(published_rubrics(), key=lambda one: (one.id != first, one.id, one.edition))
    return (*known, *(from_row(row) for row in _added_rubrics(session).iter_rows(named=True)))


def _added_rubrics(session: Session) -> pl.DataFrame:
    """Members' own editions. Ratings name the family and the edition, and later editions of a
    family are made by whoever made the first."""
    return of_one_owner(session, rows(session, "rubric", "title", "edition"), "family")


def initiatives(session: Session) -> pl.DataFrame:
    """The published initiatives in printed order, then those that members added, by name.

    key, id (null for published ones), name, full_name, also, kind, description, website, published,
    mine, organisation, organisation_id, shared_with, shared_until, version.
    """
    return cached(session, _initiatives)


def _initiatives(session: Session) -> pl.DataFrame:
    printed = pl.DataFrame(
        [
            {
                "key": one.id, "name": one.name, "full_name": one.full_name, "also": list(one.also),
                "kind": one.kind, "description": one.description, "website": one.website or None,
                "published": True, "mine": False,
            }
            for one in published().initiatives
        ],
        schema_overrides={"website": pl.String, "also": pl.List(pl.String)},
    )  # fmt: skip
    mine = pl.col("organisation_id") == session.principal.organisation_id
    named = organisations(session).select(organisation_id="id", organisation="name")
    added = (
        with_sharing(session, "initiative", fresh(session, "initiative", order=("name",)))
        .join(named, on="organisation_id", how="left", maintain_order="left")
        .with_columns(key="id", full_name="name", published=False, mine=mine)
        .sort("name", "created_at")
        .drop("created_at")
    )
    return pl.concat([printed, added], how="diagonal")


def initiative_names(session: Session) -> dict[str, str]:
    """Key to name, in the order of `initiatives`; names that occur twice are told apart."""
    found = initiatives(session).select("key", "name", "published").rows()
    seen = Counter(name for __, name, __ in found)
    return {
        key: f"{name} ({key[:8]})" if seen[name] > 1 and not printed else name
        for key, name, printed in found
    }


def ratings(session: Session) -> pl.DataFrame:
    """All ratings that the member may see, the published table among them: initiatives.RATINGS."""
    return cached(session, _ratings)


def _ratings(session: Session) -> pl.DataFrame:
    # An edition that came after the rating is not the one under which it was given.
    since = _added_rubrics(session).select("edition", rubric="family", since="created_at")
    found = (
        rows(session, "initiative_rating")
        .join(since, on=["rubric", "edition"], how="left", maintain_order="left")
        .filter(pl.col("since").is_null() | (pl.col("created_at") >= pl.col("since")))
    )
    given = long_ratings(
        found, rubrics(session), organisation_names(session), session.principal.organisation_id
    )
    return pl.concat([published_ratings(published()), given])


def initiative_links(session: Session) -> pl.DataFrame:
    """Memberships and certificates that the member may see, with `supplier`, `organisation`,
    `mine`."""
    return contributions(session, "initiative_link")


# Reading: dialogues -------------------------------------------------------------------------------


def dialogues(session: Session) -> pl.DataFrame:
    """The events that the member or guest may see, by their beginning; with `consortium` (null for
    guests), `hosted` (whether the member's organisation invites)."""
    return cached(session, _dialogues)


def _dialogues(session: Session) -> pl.DataFrame:
    mine = rows(session, "dialogue_host").filter(
        pl.col("organisation_id") == session.principal.organisation_id
    )
    return rows(session, "dialogue", "starts_at", "id").with_columns(
        consortium=pl.col("consortium_id").replace_strict(
            consortium_names(session), default=None, return_dtype=pl.String
        ),
        hosted=pl.col("id").is_in(mine["dialogue_id"].to_list()),
    )


def dialogue_suppliers(session: Session) -> pl.DataFrame:
    """dialogue_id, supplier_id as merged today, supplier, and entered_id: as it was invited, which
    is what the store's functions take."""
    return cached(session, _dialogue_suppliers)


def _dialogue_suppliers(session: Session) -> pl.DataFrame:
    found = rows(session, "dialogue_supplier").with_columns(entered_id="supplier_id")
    return _as_merged(session, found).sort("supplier", "entered_id")


def commitments(session: Session) -> pl.DataFrame:
    """Commitments that the member or guest may see, with `supplier`, `owner`, `dialogue`,
    `consortium_id` and `mine` (whether the member's organisation follows it up)."""
    return cached(session, _commitments)


def _commitments(session: Session) -> pl.DataFrame:
    named = organisations(session).select(owner_id="id", owner="name")
    events = rows(session, "dialogue").select("consortium_id", dialogue_id="id", dialogue="title")
    return (
        _as_merged(session, rows(session, "commitment", "due_on", "id"))
        .join(named, on="owner_id", how="left", maintain_order="left")
        .join(events, on="dialogue_id", how="left", maintain_order="left")
        .with_columns(
            # To people of its supplier who were not in it, an event is no more than that.
            pl.col("dialogue").fill_null(_("An earlier event")),
            mine=pl.col("owner_id") == session.principal.organisation_id,
        )
    )


def leverage_uses(session: Session) -> pl.DataFrame:
    """Uses of leverage that the member may see, the latest first, with `supplier`,
    `organisation`, `mine`."""
    found = contributions(session, "leverage_use")
    return found.sort("asked_on", "created_at", descending=True)


def ask(session: Session, function: str, **arguments: Any) -> Any:
    """Asks a function that only reads what is said in an event, at this moment: it is in no
    counter of the member, so nothing of it may be remembered."""
    return session.store.call(function, arguments)


# Reading: the member's own account ----------------------------------------------------------------


def _has_password(session: Session) -> bool:
    return bool(session.store.call("has_password"))


def has_password(session: Session) -> bool:
    """Whether the member signs in with a password; demo members do not, and who comes by code or
    through an identity provider may not."""
    return cached(session, _has_password)


# Writing ------------------------------------------------------------------------------------------


def _store(session: Session) -> Store:
    session.stale()
    return session.store


def insert(session: Session, relation: str, row: Row) -> None:
    """Adds a row. Raises what quorum.store names."""
    _store(session).insert(relation, row)


def update(
    session: Session, relation: str, values: Row, filters: Row, version: int | None = None
) -> None:
    """Changes rows; with `version` only what nobody changed since. Raises Conflict, NotAllowed."""
    try:
        _store(session).update(relation, values, _own(session, relation, filters), version)
    except Conflict as conflict:
        if relation in WRITE_ONLY:  # what the member sets, it also wants to compare
            found = pl.DataFrame([conflict.theirs], schema=RELATIONS[relation], orient="row")
            conflict.theirs = with_sharing(session, relation, found).row(0, named=True)
        raise


def delete(session: Session, relation: str, filters: Row) -> None:
    """Removes rows. Raises NotAllowed."""
    _store(session).delete(relation, _own(session, relation, filters))


def _own(session: Session, relation: str, filters: Row) -> Row:
    """What a row to be changed is found by. Others' rows could not be changed, but in a conflict
    one under the same identifier would be shown as what a colleague wrote."""
    if relation not in MINTED:
        return filters
    return {**filters, "organisation_id": session.principal.organisation_id}


def call(session: Session, function: str, **arguments: Any) -> Any:
    """Asks a function of the store, e.g. to share. Raises Refused with the sentence to show."""
    return _store(session).call(function, arguments)
