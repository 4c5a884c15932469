"""One briefing per supplier for a joint supplier dialogue: what all of its readers may see.

Pure. `for_reader` cuts down what the maker sees to what every reader may see; everything after it
works on the cut alone. A reader's copy is the same whatever else the maker holds: what was left out
is named in words that do not depend on it, and counted for the maker only (`kept_back`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import accumulate
from typing import Any, Literal
from unicodedata import east_asian_width

import polars as pl
from babel.dates import format_date

from quorum import clocks, dialogues, initiatives, leverage, scoring, sites
from quorum.countries import display_name
from quorum.definitions import BAND_ORDER
from quorum.definitions.dialogues import topic_name
from quorum.language import _, ngettext
from quorum.overview import LIST_OLD_AFTER
from quorum.suppliers import kind_names

# buyers: the members of the consortium. room: everybody in it, the supplier's people included.
Reader = Literal["buyers", "room"]
READERS: tuple[Reader, ...] = ("buyers", "room")

MOST_QUESTIONS = 20  # of the shared board; of the buyers' board MOST_ROWS
MOST_ROWS = 8  # of a table: a briefing has two to four pages
LONGEST = 140  # letters of what people wrote

_CONSORTIA = pl.List(pl.String())


@dataclass(frozen=True)
class Sources:
    """What the maker sees, as components/data.py hands it out. Supplier ids as merged today.

    dialogue, supplier: a row of the relation. dialogues: the relation. suppliers: how many the
    dialogue has. stages: relation "dialogue_stage", of this dialogue. questions: of
    dialogue_board(). commitments, turnover: the relations. assessments (final and scored),
    site_lists, production_sites, spend, initiative_links, leverage_use: contributions with
    `organisation` and `shared_with`; spend also with `banded_with` and `aggregated_with`. bands:
    spend_bands() with `shared_with` (see `attributed`). classes: relation "spend_band".
    initiatives: key, name, published, shared_with. organisations: identifier -> name.
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


# Content ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Text:
    """small: how to read what stands above. item: one of a list."""

    text: str
    small: bool = False
    item: bool = False


@dataclass(frozen=True)
class Table:
    """widths: parts of the page's width. right: columns of numbers. bold: columns of names."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]
    right: tuple[int, ...] = ()
    bold: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Trend:
    """Overall levels over time: (day, lowest, highest) with 0 low, 1 medium, 2 high.

    The table that follows says the same: where nothing can be drawn, nothing is lost.
    """

    marks: tuple[tuple[date, int, int], ...]
    levels: tuple[str, ...]
    caption: str


Block = Text | Table | Trend


@dataclass(frozen=True)
class Section:
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Briefing:
    """The whole paper. facts, figures: label and value. kept_back: see `Cut`."""

    title: str
    readers: str
    facts: tuple[tuple[str, str], ...]
    figures: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    author: str
    foot: str
    made_on: date
    kept_back: tuple[str, ...]
    written: Mapping[str, str]
    """Place -> what people wrote for the dialogue, as printed: for `quorum.chatham.names_in`."""


def briefing(sources: Sources, reader: Reader) -> Briefing:
    """The paper on one supplier for these readers."""
    cut = for_reader(sources, reader)
    shown = cut.shown
    sections = [_agenda(shown)]
    if reader == "buyers":
        sections += [_maturity(shown), _sites(shown), _leverage(shown), _initiatives(shown)]
    else:
        sections += [_turnover(shown)]
    sections += [_commitments(shown), *_questions(shown, reader), _left_out(shown, reader)]
    made = {"day": shown.made_on.isoformat(), "consortium": shown.consortium}
    return Briefing(
        title=_("Briefing: {supplier}").format(supplier=_short(shown.supplier["name"], 120)),
        readers=_readers(shown, reader),
        facts=_facts(shown),
        figures=_figures(shown, reader),
        sections=tuple(one for one in sections if one.blocks),
        author=shown.author,
        foot=(
            _("Made by {author} for {consortium} on {day} with Quorum").format(
                author=_short(shown.author, 120), **made
            )
            if shown.author
            else _("Made for {consortium} on {day} with Quorum").format(**made)
        ),
        made_on=shown.made_on,
        kept_back=cut.kept_back,
        written=_written(shown),
    )


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
    return replace(
        sources,
        dialogues=events,
        stages=sources.stages.filter(pl.col("dialogue_id") == sources.dialogue["id"]),
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
        production_sites=sources.production_sites.filter(pl.col("site_list_id").is_in(lists)),
        **frames,
    )


def _talk(sources: Sources, reader: Reader) -> Sources:
    """Agenda and questions: the room has neither the buyers' board nor their stages."""
    if reader == "buyers":
        return sources
    for_all = sources.stages.filter(pl.col("audience") == "all")
    among_buyers = set(sources.stages["id"]) - set(for_all["id"])
    return replace(
        sources,
        stages=for_all,
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
    return replace(sources, questions=questions, author="")


def _shared(sources: Sources) -> Sources:
    """Contributions shared with the consortium; the maker's own no less than others'."""
    consortium = sources.dialogue["consortium_id"]

    def reached(column: str = "shared_with") -> pl.Expr:
        return pl.col(column).list.contains(consortium).fill_null(False)

    lists = sources.site_lists.filter(reached())
    own = sources.spend.filter(
        pl.col("organisation_id") == sources.organisation_id, reached("banded_with"), ~reached()
    )
    classes = _classes(own, sources.classes)
    return replace(
        sources,
        assessments=sources.assessments.filter(reached()),
        site_lists=lists,
        production_sites=sources.production_sites.filter(
            pl.col("site_list_id").is_in(lists["id"].implode())
        ),
        spend=sources.spend.filter(reached()),
        bands=pl.concat([sources.bands.filter(reached()).select(classes.columns), classes]),
        initiative_links=sources.initiative_links.filter(reached()),
        initiatives=sources.initiatives.filter(pl.col("published") | reached()),
        leverage_use=sources.leverage_use.filter(reached()),
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
        "leverage_use",
    )  # fmt: skip
    return replace(sources, **{name: getattr(sources, name).clear() for name in names})


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
    }[name].format(n=n)


def _kept_back(ours: Sources, shown: Sources, reader: Reader) -> tuple[str, ...]:
    """What the maker sees and the paper does not say, counted."""
    whose = {
        True: _("{what} of your organisation, not shared with this consortium"),
        False: _("{what} of other members, shared with you but not with this consortium"),
    }
    said: list[str] = []
    for name in ("assessments", "site_lists", "spend", "initiative_links", "leverage_use"):
        before, after = getattr(ours, name), getattr(shown, name)
        if name == "spend" and reader == "buyers":
            before = before.filter(~_as_class_or_sum(ours))
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
    consortium = ours.dialogue["consortium_id"]
    levels = [
        pl.col(c).list.contains(consortium).fill_null(False)
        for c in ("banded_with", "aggregated_with")
    ]
    return (pl.col("organisation_id") == ours.organisation_id) & pl.any_horizontal(levels)


def _kept_back_of_spend(ours: Sources, reader: Reader) -> list[str]:
    if reader == "room":
        n = ours.bands["organisation_id"].n_unique()
        text = ngettext("size classes of {n} member", "size classes of {n} members", n)
        return [text.format(n=n)] if n else []
    consortium = ours.dialogue["consortium_id"]
    own = ours.spend.filter(pl.col("organisation_id") == ours.organisation_id)
    sums = own.filter(
        pl.col("aggregated_with").list.contains(consortium).fill_null(False),
        ~pl.col("banded_with").list.contains(consortium).fill_null(False),
        ~pl.col("shared_with").list.contains(consortium).fill_null(False),
    ).height
    unsure = ours.bands.filter(
        ~pl.col("shared_with").list.contains(consortium).fill_null(False)
    )["organisation_id"].n_unique()  # fmt: skip
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
    said = []
    if questions:
        text = ngettext(
            "{n} question of the buyers' board", "{n} questions of the buyers' board", questions
        )
        said.append(text.format(n=questions))
    if stages:
        text = ngettext("{n} stage for buyers only", "{n} stages for buyers only", stages)
        said.append(text.format(n=stages))
    return said


def _left_out(shown: Sources, reader: Reader) -> Section:
    """What no reader finds in it. These words must not depend on what was left out."""
    several = _("Questions and commitments of other suppliers.")
    if reader == "buyers":
        said = [
            _(
                "What members keep to themselves or share with other consortia only. This goes for "
                "the organisation that made this paper as for all others."
            ),
            _(
                "Spend that is shared for sums only, and the amounts behind size classes: a range "
                "stands for those."
            ),
        ]
    else:
        said = [
            _(
                "Everything that members contributed: assessments, site lists, spend, memberships "
                "and certificates, and what they asked of the supplier before."
            ),
            _("The buyers' board, and stages for buyers only."),
        ]
    said += [
        several,
        _("Suggested questions: here are those that people put on the board."),
        _("Risks by country and material: Quorum has no risk sheet to draw on yet."),
    ]
    if shown.dialogue["chatham"]:
        said.append(
            _(
                "Who asked what, who follows up, and who made this paper: the dialogue is held "
                "under the Chatham House Rule."
            )
        )
    return Section(_("What was left out"), tuple(Text(one, item=True) for one in said))


# Who, when and where ------------------------------------------------------------------------------


def _readers(shown: Sources, reader: Reader) -> str:
    if reader == "buyers":
        return _("For the members of {consortium} only").format(consortium=shown.consortium)
    if shown.suppliers > 1:
        return _("For the buyers and the people of {supplier}, not for other suppliers").format(
            supplier=_short(shown.supplier["name"], 120)
        )
    return _("For everybody in the room")


def _facts(shown: Sources) -> tuple[tuple[str, str], ...]:
    dialogue, supplier = shown.dialogue, shown.supplier
    who = [kind_names().get(supplier["kind"], "")]
    if supplier["country"]:
        who.append(display_name(supplier["country"]))
    if supplier.get("lei"):
        who.append(f"LEI {supplier['lei']}")
    facts = (
        (_("Dialogue"), _short(dialogue["title"], 200)),
        (_("When"), local_time(dialogue["starts_at"], dialogue["ends_at"], dialogue["time_zone"])),
        (_("Where"), _short(dialogue["place"] or "", 200)),
        (_("Link"), _short(dialogue["link"] or "", 200)),
        (_("Aim"), _short(dialogue["aim"] or "", 300)),
        (_("Supplier"), " · ".join(filter(None, who))),
    )
    return tuple((label, value) for label, value in facts if value)


def local_time(starts_at: datetime, ends_at: datetime | None, time_zone: str) -> str:
    """For example `Thursday 12 March 2026, 09:30 to 12:00 (Europe/Brussels, UTC+01:00)`.

    Aware moments; `time_zone`: an IANA name, or else times are in UTC. Where the clocks change in
    between, both ends say how far they are from UTC.
    """
    try:
        start = clocks.local(starts_at, time_zone)
    except clocks.UnknownZone:
        time_zone = "UTC"
        start = starts_at.astimezone(UTC)
    end = clocks.local(ends_at, time_zone) if ends_at else None
    day = format_date(start.date(), "EEEE d MMMM y", locale="en")
    text = f"{day}, {start:%H:%M}"
    offset = _offset(start)
    if end is not None:
        if end.date() != start.date():
            last = format_date(end.date(), "EEEE d MMMM y", locale="en")
            text = _("{start} to {day}, {time}").format(start=text, day=last, time=f"{end:%H:%M}")
        else:
            text = _("{start} to {time}").format(start=text, time=f"{end:%H:%M}")
        if _offset(end) != offset:
            offset = _("{before}, at the end {after}").format(before=offset, after=_offset(end))
    return f"{text} ({time_zone}, {offset})"


def _offset(moment: datetime) -> str:
    text = f"{moment:%z}"
    return f"UTC{text[:3]}:{text[3:5]}"


def _figures(shown: Sources, reader: Reader) -> tuple[tuple[str, str], ...]:
    due = dialogues.still_open(shown.commitments, shown.made_on).height
    last = (
        (_("Open commitments"), str(due)),
        (_("Verified of all promised"), _progress(shown.commitments) or "–"),
    )
    if reader == "room":
        return ((_("Agreed questions"), str(len(shown.questions))), *last)
    level = scoring.overall_of_consortium(shown.assessments)
    places = sites.distinct_sites(shown.production_sites, shown.site_lists)
    return (
        (
            _("Overall level"),
            _span(*level.select("overall", "overall_high").row(0))
            if level.height
            else scoring.band_name(None),
        ),
        (_("Production sites known"), f"{places.height:,}" if shown.site_lists.height else "–"),
        *last,
    )


def _agenda(shown: Sources) -> Section:
    rows = _agenda_rows(shown)
    if not rows:
        return Section(_("Agenda"), (Text(_("There is no agenda yet.")),))
    table = Table((_("Stage"), _("What for"), _("Minutes")), rows, (50, 100, 20), right=(2,))
    return Section(_("Agenda"), (table, *_more(shown.stages.height)))


def _agenda_rows(shown: Sources) -> tuple[tuple[str, str, str], ...]:
    stages = shown.stages.sort("position", "id").head(MOST_ROWS)
    return tuple(
        (_short(stage["title"], 70), _short(stage["purpose"] or "", 70), str(stage["minutes"]))
        for stage in stages.iter_rows(named=True)
    )


# Maturity -----------------------------------------------------------------------------------------


def _maturity(shown: Sources) -> Section:
    scored = shown.assessments
    if scored.is_empty():
        text = _("No assessment of it is shared with {consortium}.")
        return Section(_("Maturity"), (Text(text.format(consortium=shown.consortium)),))
    newest = scoring.latest(scored)
    return Section(
        _("Maturity"),
        (
            Text(_maturity_in_short(shown, newest)),
            _levels(scored, newest),
            *_doubts(newest),
            *_trend(scored),
            _assessors(newest),
            *_more(newest.height),
        ),
    )


def _span(low: str | None, high: str | None) -> str:
    """From the lowest to the highest band that any member's answers allow."""
    if low == high:
        return scoring.band_name(low)
    return _("{low} to {high}").format(low=scoring.band_name(low), high=scoring.band_name(high))


def _maturity_in_short(shown: Sources, newest: pl.DataFrame) -> str:
    whole = scoring.overall_of_consortium(newest).row(0, named=True)
    text = ngettext(
        "Overall level: {level}, the lowest of its three bands. {n} member assessed it, last on "
        "{day}.",
        "Overall level: {level}, the lowest of its three bands. {n} members assessed it, last on "
        "{day}.",
        whole["assessors"],
    ).format(
        level=_span(whole["overall"], whole["overall_high"]),
        n=whole["assessors"], day=whole["assessed_on"],
    )  # fmt: skip
    if scoring.freshness(shown.made_on, whole["assessed_on"]) == "stale":
        text += " " + _("That is more than two years ago, and tells of the past.")
    apart = scoring.disagreement(newest).row(0, named=True)
    if apart["overall_lowest"] != apart["overall_highest"]:
        text += " " + _("Members differ, from {low} to {high}.").format(
            low=scoring.band_name(apart["overall_lowest"]),
            high=scoring.band_name(apart["overall_highest"]),
        )
    spreads = {name: apart[f"{name}_spread"] or 0 for name in scoring.dimension_names()}
    widest = max(spreads, key=lambda name: spreads[name])
    if spreads[widest]:
        text += " " + _("They lie furthest apart on {dimension}: {low} to {high} points.").format(
            dimension=scoring.dimension_names()[widest].lower(),
            low=apart[f"{widest}_lowest"], high=apart[f"{widest}_highest"],
        )  # fmt: skip
    return text


def _levels(scored: pl.DataFrame, newest: pl.DataFrame) -> Table:
    """The consortium's picture, and how many members see each band, by the careful reading."""
    whole = scoring.overall_of_consortium(scored).row(0, named=True)
    rows = []
    for code, name in {"overall": _("Overall level"), **scoring.dimension_names()}.items():
        column = "overall" if code == "overall" else f"{code}_band"
        points = ""
        if code != "overall":
            ends = newest.select(
                pl.col(f"{code}_points").min(), pl.col(f"{code}_points_high").max()
            )
            points = scoring.points_words(*ends.row(0))
        counts = [newest.filter(pl.col(column) == band).height for band in BAND_ORDER]
        level = _span(whole[column], whole[f"{column}_high"])
        rows.append((name, level, points, *map(str, counts)))
    return Table(
        (
            _("Dimension"), _("Level"), _("Points"),
            *(_("Members: {band}").format(band=scoring.band_name(b)) for b in BAND_ORDER),
        ),
        tuple(rows), (42, 36, 26, 22, 22, 22), right=(3, 4, 5),
    )  # fmt: skip


def _doubts(newest: pl.DataFrame) -> list[Text]:
    unsure = newest.filter(pl.col("doubt").is_not_null()).height
    said = []
    if unsure:
        moved = newest.filter(pl.col("overall") != pl.col("overall_high")).height
        text = ngettext(
            "{n} of {all} newest assessments is a range: the printed copy of the source has lost "
            "some points.",
            "{n} of {all} newest assessments are ranges: the printed copy of the source has lost "
            "some points.",
            unsure,
        ).format(n=unsure, all=newest.height)
        if moved:
            text += " " + ngettext(
                "In {n} of them the overall level could be one or the other; members are counted "
                "at the lower one.",
                "In {n} of them the overall level could be one or the other; members are counted "
                "at the lower one.",
                moved,
            ).format(n=moved)
        said.append(text)
    said += newest["gap_note"].drop_nulls().unique(maintain_order=True).head(1).to_list()
    return [Text(one, small=True) for one in said]


def _trend(scored: pl.DataFrame) -> list[Block]:
    days = scoring.trend(scored).drop_nulls("overall")
    if days["assessed_on"].n_unique() < 2:
        return [Text(_("All assessments are of one day: there is no trend yet."), small=True)]
    rank = {band: number for number, band in enumerate(BAND_ORDER)}
    marks = tuple(
        (day, rank[low], rank[high])
        for day, low, high in days.sort("assessed_on", "overall", "overall_high")
        .select("assessed_on", "overall", "overall_high")
        .iter_rows()
    )
    caption = _(
        "Overall level of each assessment by its day; a line joins the two levels that a range "
        "leaves open."
    )
    after, before = (
        pl.col(c).replace_strict(rank, default=None, return_dtype=pl.Int64)
        for c in ("overall", "overall_before")
    )
    years = (
        days.with_columns(year=pl.col("assessed_on").dt.year(), moved=after - before)
        .group_by("year")
        .agg(
            pl.len(),
            pl.col("organisation_id").n_unique().alias("members"),
            *((pl.col("overall") == band).sum().alias(band) for band in BAND_ORDER),
            (pl.col("moved") > 0).sum().alias("rose"),
            (pl.col("moved") < 0).sum().alias("fell"),
        )
        .sort("year", descending=True)
        .head(5)
    )
    table = Table(
        (
            _("Year"), _("Assessments"), _("Members"), *map(scoring.band_name, BAND_ORDER),
            _("Rose"), _("Fell"),
        ),
        tuple(tuple(map(str, row)) for row in years.iter_rows()),
        (22, 28, 24, 20, 20, 20, 18, 18), right=tuple(range(1, 8)),
    )  # fmt: skip
    levels = tuple(scoring.band_name(band) for band in BAND_ORDER)
    how = _("Rose, fell: against the assessment of the same member before.")
    return [Trend(marks, levels, caption), table, Text(how, small=True)]


def _assessors(newest: pl.DataFrame) -> Table:
    rank = {band: number for number, band in enumerate(BAND_ORDER)}
    order = pl.col("overall").replace_strict(rank, default=None, return_dtype=pl.Int64)
    names = scoring.dimension_names()
    rows = tuple(
        (
            _short(row["organisation"] or _("a former member"), 80),
            row["assessed_on"].isoformat(),
            scoring.band_words(row["overall"], row["overall_high"]),
            *(_band_and_points(row, code) for code in names),
        )
        for row in newest.sort(
            order, "assessed_on", "organisation", "id", descending=[False, True, False, False]
        )
        .head(MOST_ROWS)
        .iter_rows(named=True)
    )
    return Table(
        (_("Assessed by, the lowest first"), _("Date"), _("Overall"), *names.values()),
        rows, (44, 20, 28, 30, 24, 24),
    )  # fmt: skip


def _band_and_points(row: Mapping[str, Any], code: str) -> str:
    words = scoring.band_words(row[f"{code}_band"], row[f"{code}_band_high"])
    points = scoring.points_words(row[f"{code}_points"], row[f"{code}_points_high"])
    return f"{words} ({points})" if points else words


# Production sites ---------------------------------------------------------------------------------


def _sites(shown: Sources) -> Section:
    title = _("Production sites")
    lists = shown.site_lists.sort("as_of", "title", "id", descending=[True, False, False])
    if lists.is_empty():
        text = _("No list of its production sites is shared with {consortium}.")
        return Section(title, (Text(text.format(consortium=shown.consortium)),))
    places = sites.distinct_sites(shown.production_sites, lists)
    return Section(
        title,
        (
            Text(_sites_in_short(places, lists)),
            *_countries(places),
            Text(_unknown(shown, places, lists)),
            _lists(lists.head(3)),
            *_more(lists.height, 3),
        ),
    )


def _sites_in_short(places: pl.DataFrame, lists: pl.DataFrame) -> str:
    where = ngettext(
        "{sites} in {n} country", "{sites} in {n} countries", places["country"].n_unique()
    ).format(
        sites=ngettext("{n} site", "{n} sites", places.height).format(n=f"{places.height:,}"),
        n=places["country"].n_unique(),
    )
    oldest, newest = lists["as_of"].min(), lists["as_of"].max()
    when = (
        str(newest) if oldest == newest else _("{oldest} to {newest}").format(
            oldest=oldest, newest=newest
        )
    )  # fmt: skip
    on = ngettext("on {n} list of {days}", "on {n} lists of {days}", lists.height)
    return f"{where}, {on.format(n=lists.height, days=when)}."


def _countries(places: pl.DataFrame) -> list[Block]:
    if places.is_empty():
        return []
    known = [pl.col(c).fill_null("").str.strip_chars() != "" for c in ("address", "os_id")]
    counts = (
        places.group_by("country")
        .agg(pl.len().alias("sites"), known[0].sum().alias("address"), known[1].sum().alias("os"))
        .sort("sites", "country", descending=[True, False], nulls_last=True)
    )
    rest = counts.slice(MOST_ROWS)
    lines = [
        (display_name(code) if code else _("Country not known"), *numbers)
        for code, *numbers in counts.head(MOST_ROWS).iter_rows()
    ]
    if rest.height:
        n = rest.height
        name = ngettext("{n} other country", "{n} other countries", n).format(n=n)
        lines.append((name, *(rest[c].sum() for c in ("sites", "address", "os"))))
    rows = tuple(
        (
            name, f"{n:,}", _share(n, places.height), _share(address, n), _share(os_id, n),
        )
        for name, n, address, os_id in lines
    )  # fmt: skip
    headers = (_("Country"), _("Sites"), _("Share"), _("With address"), _("With OS ID"))
    return [Table(headers, rows, (60, 25, 25, 30, 30), right=(1, 2, 3, 4))]


def _unknown(shown: Sources, places: pl.DataFrame, lists: pl.DataFrame) -> str:
    said = []
    for column, text in (
        ("address", _("{share} have no address")),
        ("os_id", _("{share} have no OS ID")),
        ("latitude", _("{share} have no place on the map")),
    ):
        empty = places.filter(pl.col(column).cast(pl.String).fill_null("").str.strip_chars() == "")
        if empty.height:
            said.append(text.format(share=_share(empty.height, places.height)))
    parts = [_("Not known: whether the lists are complete.")]
    if said:
        parts.append(_("Of the sites that are known, {gaps}.").format(gaps=", ".join(said)))
    newest = lists["as_of"].max()
    if isinstance(newest, date) and newest < shown.made_on - LIST_OLD_AFTER:
        parts.append(_("The newest list is more than a year old."))
    return " ".join(parts)


def _lists(lists: pl.DataFrame) -> Table:
    rows = tuple(
        (
            _short(row["title"], 60),
            row["as_of"].isoformat() if row["as_of"] else "",
            f"{row['row_count'] or 0:,}",
            _short(row["source"] or "", 60),
            _short(row["organisation"] or _("a former member"), 80),
        )
        for row in lists.iter_rows(named=True)
    )
    headers = (_("List"), _("Of"), _("Rows"), _("Source"), _("Brought in by"))
    return Table(headers, rows, (48, 22, 16, 44, 40), right=(2,))


# Leverage -----------------------------------------------------------------------------------------


def _leverage(shown: Sources) -> Section:
    """What members buy together; every amount as it is shared, the maker's own too."""
    cells = leverage.collective(shown.spend, shown.bands, shown.turnover, "")
    blocks: list[Block] = []
    if cells.is_empty():
        text = _("No spend with it is shared with {consortium} as lines or size classes.")
        blocks.append(Text(text.format(consortium=shown.consortium)))
    else:
        years = cells.filter(pl.col("year").is_in(cells["year"].unique().top_k(3).implode()))
        rows = tuple(
            (
                str(row["year"]), row["currency"], _money(row["low"]),
                _("open") if row["high"] is None else _money(row["high"]), str(row["members"]),
                _share_range(row["share_low"], row["share_high"]),
            )
            for row in years.head(MOST_ROWS).iter_rows(named=True)
        )  # fmt: skip
        headers = (
            _("Year"), _("Currency"), _("Together, at least"), _("Together, at most"),
            _("Members in it"), _("Share of its turnover"),
        )  # fmt: skip
        blocks += [
            Table(headers, rows, (18, 22, 36, 36, 26, 32), right=(2, 3, 4, 5)),
            Text(
                _(
                    "Lines count to the unit, size classes as ranges. Currencies are never added, "
                    "nothing is converted, and who shares nothing is not in it."
                ),
                small=True,
            ),
        ]
    return Section(
        _("Collective leverage"),
        (*blocks, *_contracts(shown), *_turnover(shown).blocks, *_uses(shown)),
    )


def _contracts(shown: Sources) -> list[Text]:
    ahead = leverage.contracts_ahead(shown.spend, shown.made_on)
    if ahead.is_empty():
        return []
    text = ngettext(
        "{n} contract whose end is shared ends on {day}.",
        "{n} contracts whose ends are shared are still ahead, the first ends on {day}.",
        ahead.height,
    )
    return [Text(text.format(n=ahead.height, day=ahead["contract_end"].min()))]


def _turnover(shown: Sources) -> Section:
    """Published turnover: everybody may see it."""
    known = shown.turnover.sort(
        ["year", "amount", "currency", "source"], descending=[True, True, False, False]
    ).head(3)
    return Section(
        _("Published turnover"),
        tuple(
            Text(
                _("Published turnover {year}: {amount} {currency} ({source}).").format(
                    year=row["year"], amount=_money(row["amount"]), currency=row["currency"],
                    source=_short(row["source"] or _("no source named"), 120),
                )
            )
            for row in known.iter_rows(named=True)
        ),
    )  # fmt: skip


def _uses(shown: Sources) -> list[Block]:
    used = shown.leverage_use.sort("asked_on", "id", descending=[True, False])
    outcomes = {
        "none_yet": _("Nothing yet"), "refused": _("Refused"), "promised": _("Promised"),
        "partly": _("Partly"), "done": _("Done"),
    }  # fmt: skip
    rows = tuple(
        (
            row["asked_on"].isoformat(),
            _short(row["organisation"] or "–", 80),
            _short(row["asked"], 100),
            _("Jointly") if row["jointly"] else _("Alone"),
            outcomes.get(row["outcome"], row["outcome"]),
        )
        for row in used.head(4).iter_rows(named=True)
    )
    if not rows:
        return []
    headers = (_("Asked on"), _("By"), _("What was asked"), _("How"), _("Outcome"))
    return [Table(headers, rows, (20, 36, 76, 16, 22), bold=()), *_more(used.height, 4)]


# Initiatives --------------------------------------------------------------------------------------


def _initiatives(shown: Sources) -> Section:
    title = _("Initiatives and certificates")
    links = initiatives.with_state(shown.initiative_links, shown.made_on).unique(
        ["initiative", "standing", "level", "place_key", "valid_until"],
        keep="first", maintain_order=True,
    )  # fmt: skip
    if links.is_empty():
        text = _("No membership or certificate of it is shared with {consortium}.")
        return Section(title, (Text(text.format(consortium=shown.consortium)),))
    names = dict(shown.initiatives.select("key", "name").iter_rows())
    kinds = {"member": _("Member"), "certificate": _("Certificate")}
    # What ran out comes last; before it what ends first.
    ordered = links.sort(
        pl.col("state") == "expired", "valid_until", "initiative", "id", nulls_last=True
    )
    rows = tuple(
        (
            _short(names.get(row["initiative"], _("An initiative that is not shared")), 80),
            " · ".join(filter(None, (kinds.get(row["standing"]), _short(row["level"] or "", 60)))),
            _short(row["site_name"] or _("The supplier"), 80),
            row["valid_until"].isoformat() if row["valid_until"] else _("No end known"),
            initiatives.state_names()[row["state"]],
        )
        for row in ordered.head(MOST_ROWS).iter_rows(named=True)
    )
    headers = (_("Initiative"), _("Standing"), _("Of what"), _("Until"), _("State"))
    return Section(
        title, (Table(headers, rows, (36, 36, 56, 22, 20)), *_more(links.height))
    )  # fmt: skip


# Commitments and questions ------------------------------------------------------------------------


def _progress(commitments: pl.DataFrame) -> str | None:
    """Verified of all that were promised, those dropped included; None where none was."""
    if commitments.is_empty():
        return None
    made, verified = dialogues.progress(commitments, by=()).select("made", "verified").row(0)
    return _("{n} of {all} ({share})").format(n=verified, all=made, share=_share(verified, made))


def _commitments(shown: Sources) -> Section:
    title = _("Open commitments")
    known = shown.commitments
    progress = _progress(known)
    if progress is None:
        return Section(title, (Text(_("It has promised nothing in a dialogue yet.")),))
    still = dialogues.still_open(known, shown.made_on)
    owned = still["owner_id"].is_not_null().any()
    rows: list[tuple[str, ...]] = []
    for row in still.head(MOST_ROWS).iter_rows(named=True):
        owner = _short(shown.organisations.get(row["owner_id"] or "", ""), 80)
        cells = (_short(row["text"]), _state(row), _due(row))
        rows.append((*cells, owner) if owned else cells)
    first = Text(_("Verified so far: {progress} of what it promised.").format(progress=progress))
    if not rows:
        return Section(title, (first, Text(_("Nothing is open."))))
    headers = (_("What it promised"), _("State"), _("Due"))
    table = (
        Table((*headers, _("Followed up by")), tuple(rows), (90, 26, 27, 27), bold=())
        if owned
        else Table(headers, tuple(rows), (106, 34, 30), bold=())
    )
    return Section(title, (first, table, *_more(still.height)))


def _state(row: Mapping[str, Any]) -> str:
    state = dialogues.state_names()[row["state"]]
    return _("{state}, overdue").format(state=state) if row["standing"] == "overdue" else state


def _due(row: Mapping[str, Any]) -> str:
    if row["due_on"] is None:
        return _("No date")
    if not row["moved_days"]:
        return str(row["due_on"])
    return _("{day}, first {before}").format(day=row["due_on"], before=row["first_due_on"])


def _questions(shown: Sources, reader: Reader) -> list[Section]:
    """The boards apart: what is among buyers must not be read out by mistake."""
    boards = {"shared": _("Agreed questions")}
    if reader == "buyers":
        boards["buyers"] = _("Questions among buyers only")
    found = []
    for board, title in boards.items():
        ordered = _most_wanted(shown, board)
        most = MOST_QUESTIONS if board == "shared" else MOST_ROWS
        if ordered or board == "shared":
            found.append(Section(title, tuple(_question_blocks(shown, ordered, most))))
    return found


def _most_wanted(shown: Sources, board: str) -> list[Mapping[str, Any]]:
    return sorted(
        (one for one in shown.questions if one["board"] == board),
        key=lambda one: (-(one["votes"] or 0), one["text"], one["id"]),
    )


def _question_blocks(
    shown: Sources, ordered: Sequence[Mapping[str, Any]], most: int
) -> list[Block]:
    if not ordered:
        return [Text(_("No question stands on the board yet."))]
    named = not shown.dialogue["chatham"]
    rows = [
        (
            _short(one["text"]),
            _topic(one),
            *([_short(one["affiliation"] or one["author"] or "", 80)] if named else []),
            str(one["votes"] or 0),
        )
        for one in ordered[:most]
    ]
    if named:
        headers = (_("Question"), _("Topic"), _("From"), _("Votes"))
        table = Table(headers, tuple(rows), (103, 24, 31, 12), right=(3,), bold=())
    else:
        heads = (_("Question"), _("Topic"), _("Votes"))
        table = Table(heads, tuple(rows), (130, 28, 12), right=(2,), bold=())
    return [table, *_more(len(ordered), most)]


def _topic(question: Mapping[str, Any]) -> str:
    return _short(topic_name(question["topic"]), 60)


def _written(shown: Sources) -> dict[str, str]:
    """Titles, questions and promises that the paper prints, each under its place in it."""
    dialogue = shown.dialogue
    found = {
        _("the title"): _short(dialogue["title"], 200),
        _("the aim"): _short(dialogue["aim"] or "", 300),
    }
    for n, row in enumerate(_agenda_rows(shown), 1):
        found[_("stage {n} of the agenda").format(n=n)] = f"{row[0]}. {row[1]}"
    open_ones = dialogues.still_open(shown.commitments, shown.made_on)["text"]
    for n, text in enumerate(open_ones.head(MOST_ROWS), 1):
        found[_("open commitment {n}").format(n=n)] = _short(text)
    places = (
        ("shared", MOST_QUESTIONS, _("question {n}")),
        ("buyers", MOST_ROWS, _("question {n} among buyers")),
    )
    for board, most, place in places:
        for n, one in enumerate(_most_wanted(shown, board)[:most], 1):
            found[place.format(n=n)] = f"{_short(one['text'])} {_topic(one)}".strip()
    return found


# Words --------------------------------------------------------------------------------------------


def _more(count: int, shown: int = MOST_ROWS) -> list[Text]:
    n = count - shown
    return [Text(ngettext("{n} more.", "{n} more.", n).format(n=n), small=True)] if n > 0 else []


def _short(text: str, most: int = LONGEST) -> str:
    """One line of at most `most` letters; Chinese, Japanese and Korean ones are as wide as two."""
    line = " ".join(text.split())
    ends = accumulate(2 if east_asian_width(letter) in "WF" else 1 for letter in line)
    fitting = sum(end <= most for end in ends)
    return line if fitting == len(line) else line[: fitting - 1].rstrip() + "…"


def _share(part: int, whole: int) -> str:
    """A share in percent; what is not all and not nothing never reads 100 % or 0 %."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if 0 < percent < 1:
        return _("under 1 %")
    if 99 < percent < 100:
        return _("over 99 %")
    return f"{percent:.0f} %"


def _share_range(low: float | None, high: float | None) -> str:
    if low is None:
        return "–"
    ends = [f"{100 * end:.1f} %" for end in (low, high) if end is not None]
    if high is None:
        return _("at least {low}").format(low=ends[0])
    return ends[0] if ends[0] == ends[1] else _("{low} to {high}").format(low=ends[0], high=ends[1])


def _money(amount: float) -> str:
    return f"{amount:,.0f}"
