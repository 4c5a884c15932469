"""Who reads a briefing, and what all of its readers may see of what its maker sees.

`for_reader` makes the cut. What was left out is counted for the maker only (`kept_back`): a number
of things that are not shared is itself something that not every reader may know.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

import polars as pl

from quorum import clocks, dialogues
from quorum.language import _, ngettext
from quorum.risks import of_supplier

# buyers: the members of the consortium. room: everybody in it, the supplier's people included.
Reader = Literal["buyers", "room"]
READERS: tuple[Reader, ...] = ("buyers", "room")
_CONSORTIA = pl.List(pl.String())


@dataclass(frozen=True)
class Sources:
    """What the maker sees, as components/data.py hands it out. Supplier ids as merged today.

    dialogue, supplier: a row of the relation. dialogues: the relation. suppliers: how many the
    dialogue has. stages: relation "dialogue_stage", of this dialogue. questions: of
    dialogue_board(). commitments, turnover: the relations. assessments (final and scored),
    site_lists, production_sites, spend, initiative_links, leverage_use, risks: contributions with
    `organisation` and `shared_with`; risks also with `supplier`, spend also with `banded_with` and
    `aggregated_with`. bands: spend_bands() with `shared_with` (see `attributed`). classes: relation
    "spend_band". initiatives: key, name, published, shared_with. organisations: identifier -> name.
    """

    dialogue: Mapping[str, Any]
    supplier: Mapping[str, Any]
    suppliers: int
    dialogues: pl.DataFrame
    stages: pl.DataFrame
    questions: Sequence[Mapping[str, Any]]
    commitments: pl.DataFrame
    assessments: pl.DataFrame
    site_lists: pl.DataFrame
    production_sites: pl.DataFrame
    spend: pl.DataFrame
    bands: pl.DataFrame
    classes: pl.DataFrame
    turnover: pl.DataFrame
    initiative_links: pl.DataFrame
    initiatives: pl.DataFrame
    leverage_use: pl.DataFrame
    risks: pl.DataFrame
    organisations: Mapping[str, str]
    consortium: str
    organisation_id: str
    author: str
    made_on: date


@dataclass(frozen=True)
class Cut:
    """What all readers may see; kept_back: sentences for the maker's screen, never for the paper.

    A number of things that are not shared is itself something that not every reader may know.
    """

    shown: Sources
    reader: Reader
    kept_back: tuple[str, ...]


# What all readers may see -------------------------------------------------------------------------


def attributed(bands: pl.DataFrame, consortia: Sequence[str]) -> pl.DataFrame:
    """spend_bands() with `shared_with`: the consortium each class came through, where that is sure.

    A class does not say with which consortium it is shared. To a member of one consortium only it
    came through that one; to a member of several nothing is sure, and the list is empty.
    """
    through = list(consortia) if len(consortia) == 1 else []
    return bands.with_columns(shared_with=pl.lit(through, _CONSORTIA))


def for_reader(sources: Sources, reader: Reader) -> Cut:
    """The sources cut down to this supplier, this consortium and what every reader may see."""
    ours = _this_supplier(sources)
    shown = _without_names(_talk(ours, reader))
    shown = _shared(shown) if reader == "buyers" else _nothing_of_members(shown)
    return Cut(shown, reader, _kept_back(ours, shown, reader))


def _this_supplier(sources: Sources) -> Sources:
    this = pl.col("supplier_id") == sources.supplier["id"]
    events = sources.dialogues.filter(pl.col("consortium_id") == sources.dialogue["consortium_id"])
    names = (
        "assessments", "site_lists", "spend", "bands", "turnover", "initiative_links",
        "leverage_use",
    )  # fmt: skip
    frames = {name: getattr(sources, name).filter(this) for name in names}
    lists = frames["site_lists"]["id"].implode()
    places = sources.production_sites.filter(pl.col("site_list_id").is_in(lists))
    return replace(
        sources,
        dialogues=events,
        stages=_timed(sources),
        questions=[
            one
            for one in sources.questions
            if one["supplier_id"] in (None, sources.supplier["id"])
            and one["merged_into"] is None
            and one["state"] in ("open", "asked")
        ],
        commitments=sources.commitments.filter(
            this, pl.col("dialogue_id").is_in(events["id"].implode())
        ),
        # A site goes with its list, whichever supplier a row of it names.
        production_sites=places,
        risks=_risks_at(sources, sources.risks, places),
        **frames,
    )


def _risks_at(sources: Sources, known: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Those at the supplier, and those of countries where these sites are."""
    return of_supplier(known, sources.supplier["id"], places["country"].unique().to_list())


def _timed(sources: Sources) -> pl.DataFrame:
    """The stages with when each begins, worked out before those of the buyers are cut."""
    dialogue = sources.dialogue
    stages = sources.stages.filter(pl.col("dialogue_id") == dialogue["id"])
    try:
        return dialogues.agenda(stages, dialogue["starts_at"], dialogue["time_zone"])
    except clocks.UnknownZone:
        return dialogues.agenda(stages, dialogue["starts_at"], "UTC")


def _talk(sources: Sources, reader: Reader) -> Sources:
    """Agenda, questions and promises: the room has neither the buyers' board nor their stages.

    What the supplier promised elsewhere its people see by their seats there, and whether those in
    this room had one nobody can tell: a seat does not say whose account it is.
    """
    if reader == "buyers":
        return sources
    for_all = sources.stages.filter(pl.col("audience") == "all")
    among_buyers = set(sources.stages["id"]) - set(for_all["id"])
    return replace(
        sources,
        stages=for_all,
        commitments=sources.commitments.filter(dialogue_id=sources.dialogue["id"]),
        questions=[
            one
            for one in sources.questions
            if one["board"] == "shared" and one["stage_id"] not in among_buyers
        ],
    )


def _without_names(sources: Sources) -> Sources:
    """Under the Chatham House Rule no paper says who asked, who follows up, or who made it."""
    ruled = sources.dialogues.filter("chatham")["id"].implode()
    sources = replace(
        sources,
        commitments=sources.commitments.with_columns(
            owner_id=pl.when(~pl.col("dialogue_id").is_in(ruled)).then("owner_id")
        ),
        leverage_use=sources.leverage_use.with_columns(
            organisation=pl.when(~pl.col("dialogue_id").is_in(ruled).fill_null(False)).then(
                "organisation"
            )
        ),
    )
    if not sources.dialogue["chatham"]:
        return sources
    nobody = {"author": None, "affiliation": None}
    questions = [{**one, **nobody} for one in sources.questions]
    # A risk does not say in which dialogue its owner heard of it: it may have been in this one.
    risks = sources.risks.with_columns(organisation=pl.lit(None, pl.String))
    return replace(sources, questions=questions, risks=risks, author="")


def _reached(sources: Sources, column: str = "shared_with") -> pl.Expr:
    """Whether a contribution is shared with the consortium of the dialogue."""
    return pl.col(column).list.contains(sources.dialogue["consortium_id"]).fill_null(False)


def _shared(sources: Sources) -> Sources:
    """Contributions shared with the consortium; the maker's own no less than others'."""

    def reached(column: str = "shared_with") -> pl.Expr:
        return _reached(sources, column)

    lists = sources.site_lists.filter(reached())
    places = sources.production_sites.filter(pl.col("site_list_id").is_in(lists["id"].implode()))
    own = sources.spend.filter(
        pl.col("organisation_id") == sources.organisation_id, reached("banded_with"), ~reached()
    )
    classes = _classes(own, sources.classes)
    return replace(
        sources,
        assessments=sources.assessments.filter(reached()),
        site_lists=lists,
        production_sites=places,
        spend=sources.spend.filter(reached()),
        bands=pl.concat([sources.bands.filter(reached()).select(classes.columns), classes]),
        initiative_links=sources.initiative_links.filter(reached()),
        initiatives=sources.initiatives.filter(pl.col("published") | reached()),
        leverage_use=sources.leverage_use.filter(reached()),
        # A country that only a list kept back names is not one of the paper's.
        risks=_risks_at(sources, sources.risks.filter(reached()), places),
    )


def _classes(lines: pl.DataFrame, classes: pl.DataFrame) -> pl.DataFrame:
    """Lines as colleagues see them where classes are shared: each year's total as its class.

    The same rule as spend_bands() in sql/0006_spend.sql.
    """
    return (
        lines.group_by("organisation_id", "supplier_id", "year", "currency")
        .agg(total=pl.col("amount").sum().round(2))
        .join(classes.select("low", "high"), how="cross")
        .filter(
            pl.col("total") >= pl.col("low"),
            pl.col("high").is_null() | (pl.col("total") < pl.col("high")),
        )
        .drop("total")
        .select("organisation_id", "supplier_id", "year", "currency", "low", "high")
    )


def _nothing_of_members(sources: Sources) -> Sources:
    names = (
        "assessments", "site_lists", "production_sites", "spend", "bands", "initiative_links",
        "leverage_use", "risks",
    )  # fmt: skip
    return replace(sources, **{name: getattr(sources, name).clear() for name in names})


# What the maker is told ---------------------------------------------------------------------------


def _counted(name: str, n: int) -> str:
    """For example `2 assessments`."""
    return {
        "assessments": ngettext("{n} assessment", "{n} assessments", n),
        "site_lists": ngettext("{n} site list", "{n} site lists", n),
        "spend": ngettext("{n} line of spend", "{n} lines of spend", n),
        "initiative_links": ngettext(
            "{n} membership or certificate", "{n} memberships or certificates", n
        ),
        "leverage_use": ngettext("{n} use of leverage", "{n} uses of leverage", n),
        "risks": ngettext("{n} known risk", "{n} known risks", n),
    }[name].format(n=n)


def _kept_back(ours: Sources, shown: Sources, reader: Reader) -> tuple[str, ...]:
    """What the maker sees and the paper does not say, counted."""
    whose = {
        True: _("{what} of your organisation, not shared with this consortium"),
        False: _("{what} of other members, shared with you but not with this consortium"),
    }
    said: list[str] = []
    for name in ("assessments", "site_lists", "spend", "initiative_links", "leverage_use", "risks"):
        before, after = getattr(ours, name), getattr(shown, name)
        if name == "spend" and reader == "buyers":
            before = before.filter(~_as_class_or_sum(ours))
        if name == "risks" and reader == "buyers":
            before = before.filter(~_reached(ours))
        missing = before.filter(~pl.col("id").is_in(after["id"].implode()))
        if reader == "room":
            if missing.height:
                what = _counted(name, missing.height)
                said.append(_("{what} of members").format(what=what))
            continue
        own = missing.filter(pl.col("organisation_id") == ours.organisation_id).height
        for mine, n in ((True, own), (False, missing.height - own)):
            if n:
                said.append(whose[mine].format(what=_counted(name, n)))
    return (*said, *_kept_back_of_spend(ours, reader), *_kept_back_of_talk(ours, shown))


def _as_class_or_sum(ours: Sources) -> pl.Expr:
    """Own lines that the consortium sees as classes or in sums: counted by themselves."""
    levels = [_reached(ours, c) for c in ("banded_with", "aggregated_with")]
    return (pl.col("organisation_id") == ours.organisation_id) & pl.any_horizontal(levels)


def _kept_back_of_spend(ours: Sources, reader: Reader) -> list[str]:
    if reader == "room":
        n = ours.bands["organisation_id"].n_unique()
        text = ngettext("size classes of {n} member", "size classes of {n} members", n)
        return [text.format(n=n)] if n else []
    own = ours.spend.filter(pl.col("organisation_id") == ours.organisation_id)
    sums = own.filter(
        _reached(ours, "aggregated_with"), ~_reached(ours, "banded_with"), ~_reached(ours)
    ).height
    unsure = ours.bands.filter(~_reached(ours))["organisation_id"].n_unique()
    said: list[str] = []
    if sums:
        text = ngettext(
            "{n} line of spend of your organisation that is shared for sums only",
            "{n} lines of spend of your organisation that are shared for sums only",
            sums,
        )
        said.append(text.format(n=sums))
    if unsure:
        text = ngettext(
            "size classes of {n} member: you are in several consortia, and they do not say which "
            "of them they are shared with",
            "size classes of {n} members: you are in several consortia, and they do not say which "
            "of them they are shared with",
            unsure,
        )
        said.append(text.format(n=unsure))
    return said


def _kept_back_of_talk(ours: Sources, shown: Sources) -> list[str]:
    questions = len(ours.questions) - len(shown.questions)
    stages = ours.stages.height - shown.stages.height
    promises = ours.commitments.height - shown.commitments.height
    said = []
    if questions:
        text = ngettext(
            "{n} question of the buyers' board", "{n} questions of the buyers' board", questions
        )
        said.append(text.format(n=questions))
    if stages:
        text = ngettext("{n} stage for buyers only", "{n} stages for buyers only", stages)
        said.append(text.format(n=stages))
    if promises:
        text = ngettext(
            "{n} commitment of another dialogue", "{n} commitments of other dialogues", promises
        )
        said.append(text.format(n=promises))
    return said
