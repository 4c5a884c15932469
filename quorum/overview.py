"""What the members know together about their suppliers, and what waits for one of them.

Pure: frames as components/data.py hands them out, frames or sentences out. Everything rests on what
the member may see; what others keep private is in no count.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

import polars as pl

from quorum import scoring
from quorum.language import _, ngettext
from quorum.store import Principal

ENDING_SOON = timedelta(days=30)
LIST_OLD_AFTER = timedelta(days=365)

SHARED: dict[str, pl.DataType] = {
    "supplier_id": pl.String(), "supplier": pl.String(), "kind": pl.String(),
    "country": pl.String(), "members": pl.Int64(), "buyers": pl.Int64(), "assessors": pl.Int64(),
    "lists": pl.Int64(), "coverage": pl.String(), "assessed_on": pl.Date(),
    "overall": pl.String(), "overall_high": pl.String(), "bought_by_us": pl.Boolean(),
    "differ": pl.Boolean(),
}  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """What one view rests on: the member's own contributions and those others share.

    suppliers: living entries. assessments: final and scored. spend: lines. bands: colleagues'
    size classes. lists: site lists. All with supplier_id and organisation_id.
    """

    suppliers: pl.DataFrame
    assessments: pl.DataFrame
    spend: pl.DataFrame
    bands: pl.DataFrame
    lists: pl.DataFrame
    organisation_id: str
    today: date


def within(picture: Picture, consortium_id: str, members: Iterable[str]) -> Picture:
    """The picture as one consortium makes it: own contributions, and what is shared with it.

    A size class does not say with whom it is shared: those of the consortium's `members` count.
    """
    ours = pl.col("organisation_id") == picture.organisation_id
    reached = ours | pl.col("shared_with").list.contains(consortium_id)
    return Picture(
        picture.suppliers,
        picture.assessments.filter(reached),
        picture.spend.filter(reached),
        picture.bands.filter(pl.col("organisation_id").is_in(list(members))),
        picture.lists.filter(reached),
        picture.organisation_id,
        picture.today,
    )


# The shared picture -------------------------------------------------------------------------------


def shared_suppliers(picture: Picture) -> pl.DataFrame:
    """The suppliers that some member is seen to work with, those of most members first: SHARED.

    members: organisations that buy from the supplier, assessed it or hold a list of its sites.
    coverage: assessed, stale or never. overall to overall_high: the consortium's range, of the
    latest assessment of each member. differ: whether two members' own levels differ.
    """
    known = _known(picture)
    bands = scoring.overall_of_consortium(picture.assessments)
    spread = scoring.disagreement(picture.assessments)
    return (
        known.join(
            picture.suppliers.select("kind", "country", supplier_id="id", supplier="name"),
            on="supplier_id",
        )
        .join(
            scoring.coverage(picture.suppliers, picture.assessments, picture.today).select(
                "supplier_id", "coverage", "assessed_on"
            ),
            on="supplier_id",
            how="left",
        )
        .join(bands.select("supplier_id", "overall", "overall_high"), on="supplier_id", how="left")
        .join(
            spread.select(
                "supplier_id", differ=pl.col("overall_lowest") != pl.col("overall_highest")
            ),
            on="supplier_id",
            how="left",
        )
        .with_columns(pl.col("differ").fill_null(False))
        .select(pl.col(name).cast(dtype) for name, dtype in SHARED.items())
        .sort("members", "buyers", "supplier", descending=[True, True, False])
    )


def _known(picture: Picture) -> pl.DataFrame:
    """Per supplier how many organisations are seen to do what, and whether we buy from it."""
    parts = {
        "buys": [picture.spend, picture.bands],
        "assessed": [picture.assessments],
        "lists": [picture.lists],
    }
    acts = pl.concat(
        [
            frame.select("supplier_id", "organisation_id", act=pl.lit(act))
            for act, frames in parts.items()
            for frame in frames
        ]
    )
    ours = (pl.col("act") == "buys") & (pl.col("organisation_id") == picture.organisation_id)

    def count(act: str) -> pl.Expr:
        return pl.col("organisation_id").filter(pl.col("act") == act).n_unique()

    return acts.group_by("supplier_id").agg(
        members=pl.col("organisation_id").n_unique(),
        buyers=count("buys"),
        assessors=count("assessed"),
        lists=count("lists"),
        bought_by_us=ours.any(),
    )


def register_rows(picture: Picture, shared: pl.DataFrame) -> pl.DataFrame:
    """Every living supplier, what needs attention first: columns of the relation, `parent` (name),
    `attention` (a word for why, or null) and those of `shared` (null where nobody is seen with it).
    """
    never, stale = (pl.col("coverage") == word for word in ("never", "stale"))
    reasons = (
        (pl.col("bought_by_us") & never, _("You buy from it, no assessment")),
        (stale, _("Assessment older than two years")),
        (pl.col("differ"), _("Members assess it differently")),
        (never, _("No assessment")),
        (pl.col("overall") == "low", _("Low overall level")),
    )
    rank, words = pl.lit(len(reasons)), pl.lit(None, dtype=pl.String)
    for place, (holds, word) in reversed(list(enumerate(reasons))):
        rank = pl.when(holds).then(pl.lit(place)).otherwise(rank)
        words = pl.when(holds).then(pl.lit(word)).otherwise(words)
    parents = picture.suppliers.select(parent_id="id", parent="name")
    return (
        picture.suppliers.join(parents, on="parent_id", how="left")
        .join(shared.drop("supplier", "kind", "country"), left_on="id", right_on="supplier_id",
              how="left")
        .with_columns(attention=words, rank=rank)
        .sort("rank", "members", "name", descending=[False, True, False], nulls_last=True)
        .drop("rank")
    )  # fmt: skip


def coverage_counts(shared: pl.DataFrame) -> dict[str, int]:
    """How many of these suppliers are assessed, stale, never assessed."""
    counts = dict(shared["coverage"].value_counts().iter_rows())
    return {word: counts.get(word, 0) for word in ("assessed", "stale", "never")}


def bands_across(picture: Picture, shared: pl.DataFrame) -> pl.DataFrame:
    """For charts.bands_by_dimension: dimension, band (null: not assessed), suppliers.

    A supplier that members see differently counts at the lowest band; only assessments that are
    not stale count.
    """
    current = shared.filter(pl.col("coverage") == "assessed").select("supplier_id")
    bands = scoring.overall_of_consortium(picture.assessments).join(current, on="supplier_id")
    names = scoring.dimension_names() | {"overall": _("Overall level, the lowest of the three")}
    rows = [
        (
            text,
            band,
            bands.filter(
                pl.col("overall" if code == "overall" else f"{code}_band").eq_missing(band)
            ).height,
        )
        for code, text in names.items()
        for band in ("low", "medium", "high")
    ]
    return pl.DataFrame(
        rows,
        schema={"dimension": pl.String, "band": pl.String, "suppliers": pl.Int64},
        orient="row",
    )


# What needs somebody ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Need:
    """Something that waits: one sentence and the one next action, a page with a query.

    for_whom: who can take the action: anybody, an editor, or an admin.
    """

    kind: str
    count: int
    text: str
    action: str
    page: str
    query: dict[str, str] = field(default_factory=dict)
    for_whom: str = "editor"


def needs(
    picture: Picture, drafts: pl.DataFrame, receipts: pl.DataFrame, invitations: pl.DataFrame
) -> list[Need]:
    """What waits for the organisation, the most urgent first.

    drafts: own unfinished assessments. receipts: relation "sharing", own. invitations: relation
    "invitation", as far as the person sees them.
    """
    shared = shared_suppliers(picture)
    found = [
        _ending(receipts, picture.today),
        _never(picture, shared),
        _stale(picture, shared),
        _differ(shared),
        _drafts(drafts),
        _old_lists(picture),
        _open(invitations, picture.today),
    ]
    return [need for need in found if need is not None]


def may_act(need: "Need | Step", principal: Principal) -> bool:
    """Whether the person can take the action; what they cannot do is not shown to them."""
    return {"anybody": True, "editor": principal.may_edit, "admin": principal.is_admin}[
        need.for_whom
    ]


def _ending(receipts: pl.DataFrame, today: date) -> Need | None:
    due = receipts.filter(
        pl.col("ended_at").is_null(), pl.col("ends_on").is_between(today, today + ENDING_SOON)
    )
    if due.is_empty():
        return None
    text = ngettext(
        "{n} sharing ends within 30 days, on {day}.",
        "{n} sharings end within 30 days, the first on {day}.",
        due.height,
    ).format(n=due.height, day=due["ends_on"].min())
    return Need("ending", due.height, text, _("Look at the receipts"), "sharing")


def _never(picture: Picture, shared: pl.DataFrame) -> Need | None:
    open_ones = shared.filter("bought_by_us", pl.col("coverage") == "never")
    if open_ones.is_empty():
        return None
    largest = _first(open_ones, picture.spend, picture.organisation_id)
    text = ngettext(
        "You buy from {name}, and see no assessment of it.",
        "You see no assessment of {n} suppliers that you buy from, {name} the largest of them.",
        open_ones.height,
    ).format(n=open_ones.height, name=largest["supplier"])
    query = {"supplier": largest["supplier_id"]}
    return Need("never", open_ones.height, text, _("Assess this supplier"), "assess", query)


def _first(open_ones: pl.DataFrame, spend: pl.DataFrame, organisation_id: str) -> dict[str, str]:
    """The supplier with the largest own spend; lines of one organisation are mostly in one
    currency, and an order is all that is needed here."""
    own = spend.filter(pl.col("organisation_id") == organisation_id)
    totals = own.group_by("supplier_id").agg(total=pl.col("amount").sum())
    ordered = open_ones.join(totals, on="supplier_id", how="left").sort(
        "total", "supplier", descending=[True, False], nulls_last=True
    )
    return ordered.row(0, named=True)


def _stale(picture: Picture, shared: pl.DataFrame) -> Need | None:
    own = picture.assessments.filter(pl.col("organisation_id") == picture.organisation_id)
    ours = shared.filter(
        pl.col("coverage") == "stale",
        pl.col("bought_by_us") | pl.col("supplier_id").is_in(own["supplier_id"].to_list()),
    ).sort("assessed_on", "supplier")
    if ours.is_empty():
        return None
    oldest = ours.row(0, named=True)
    text = ngettext(
        "{n} supplier was last assessed more than two years ago: {name}, on {day}.",
        "{n} suppliers were last assessed more than two years ago, first of them {name}, on {day}.",
        ours.height,
    ).format(n=ours.height, name=oldest["supplier"], day=oldest["assessed_on"])
    query = {"supplier": oldest["supplier_id"]}
    return Need("stale", ours.height, text, _("Assess this supplier"), "assess", query)


def _differ(shared: pl.DataFrame) -> Need | None:
    apart = shared.filter("differ")
    if apart.is_empty():
        return None
    first = apart.row(0, named=True)
    text = ngettext(
        "Members assess {name} differently.",
        "Members assess {n} suppliers differently, {name} among them.",
        apart.height,
    ).format(n=apart.height, name=first["supplier"])
    action = _("Compare the answers")
    query = {"supplier": first["supplier_id"]}
    return Need("differ", apart.height, text, action, "supplier", query, "anybody")


def _drafts(drafts: pl.DataFrame) -> Need | None:
    if drafts.is_empty():
        return None
    oldest = drafts.sort("updated_at").row(0, named=True)
    text = ngettext(
        "{n} questionnaire is begun and not finished: {name}, since {day}.",
        "{n} questionnaires are begun and not finished; the oldest is {name}, since {day}.",
        drafts.height,
    ).format(n=drafts.height, name=oldest["supplier"], day=oldest["updated_at"].date())
    action = _("Go on with this questionnaire")
    query = {"assessment": oldest["id"]}
    return Need("drafts", drafts.height, text, action, "assess", query)


def _old_lists(picture: Picture) -> Need | None:
    own = picture.lists.filter(pl.col("organisation_id") == picture.organisation_id)
    newest = own.group_by("supplier_id", "supplier").agg(pl.col("as_of").max())
    old = newest.filter(pl.col("as_of") < picture.today - LIST_OLD_AFTER).sort("as_of", "supplier")
    if old.is_empty():
        return None
    oldest = old.row(0, named=True)
    text = ngettext(
        "{n} of your site lists is older than a year: {name}, of {day}.",
        "{n} of your site lists are older than a year; the oldest is of {name}, of {day}.",
        old.height,
    ).format(n=old.height, name=oldest["supplier"], day=oldest["as_of"])
    query = {"supplier": oldest["supplier_id"]}
    return Need("old_lists", old.height, text, _("Import a newer list"), "import_sites", query)


def _open(invitations: pl.DataFrame, today: date) -> Need | None:
    waiting = invitations.filter(
        pl.col("used_at").is_null(),
        pl.col("revoked_at").is_null(),
        pl.col("expires_at").dt.date() >= today,
    ).sort("expires_at")
    if waiting.is_empty():
        return None
    first = waiting.row(0, named=True)
    page = "organisation" if first["consortium_id"] is None else "consortium"
    text = ngettext(
        "{n} invitation is not answered yet; it ends on {day}.",
        "{n} invitations are not answered yet; the first ends on {day}.",
        waiting.height,
    ).format(n=waiting.height, day=first["expires_at"].date())
    action = _("Look at the invitations")
    return Need("invitations", waiting.height, text, action, page, {}, "admin")


# The first hour -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One of the first things that a new organisation does; `action` leads to `page`."""

    text: str
    why: str
    action: str
    page: str
    done: bool
    for_whom: str = "editor"


def first_steps(picture: Picture, principal: Principal) -> list[Step]:
    """What a new organisation does first, in order, with what is done already."""

    def own(frame: pl.DataFrame) -> bool:
        return not frame.filter(pl.col("organisation_id") == picture.organisation_id).is_empty()

    assessed, listed, bought = map(own, (picture.assessments, picture.lists, picture.spend))
    return [
        Step(
            _("Find your suppliers in the register"),
            _("The register is common to all: see whether yours are there, and add the others."),
            _("Open the register"),
            "suppliers",
            assessed or listed or bought,
        ),
        Step(
            _("Answer the questionnaire for one of them"),
            _("You see its points, its three bands, and what they rest on."),
            _("Begin a questionnaire"),
            "assess",
            assessed,
        ),
        Step(
            _("Import a list of production sites"),
            _("As the supplier published it, or in the template of Open Supply Hub."),
            _("Choose a site list"),
            "import_sites",
            listed,
        ),
        Step(
            _("Import what you spend"),
            _("A file from your ledger shows where you matter to a supplier."),
            _("Choose a file of spend"),
            "import_spend",
            bought,
        ),
        Step(
            _("Found a consortium, or join one"),
            _("Nothing of yours is seen by others before you share it."),
            _("Look at consortia"),
            "consortium",
            bool(principal.consortia),
            "admin",
        ),
    ]
