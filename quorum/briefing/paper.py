"""The briefing itself: who, when and where, the sections in their order, what was left out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

import polars as pl
from babel.dates import format_date

from quorum import clocks, dialogues, scoring, sites
from quorum.briefing.content import (
    MOST_QUESTIONS,
    MOST_ROWS,
    PROMISE,
    USUAL,
    Block,
    Briefing,
    Section,
    Table,
    Text,
    more,
    percent,
    short,
)
from quorum.briefing.knowledge import (
    initiatives_section,
    leverage_section,
    maturity_section,
    sites_section,
    span,
    turnover_section,
    uses_shown,
)
from quorum.briefing.readers import Reader, Sources, for_reader
from quorum.countries import display_name
from quorum.definitions.dialogues import topic_name
from quorum.language import _
from quorum.suppliers import kind_names


def briefing(sources: Sources, reader: Reader) -> Briefing:
    """The paper on one supplier for these readers."""
    cut = for_reader(sources, reader)
    shown = cut.shown
    sections = [_agenda(shown)]
    if reader == "buyers":
        sections += [
            maturity_section(shown),
            sites_section(shown),
            leverage_section(shown),
            initiatives_section(shown),
        ]
    else:
        sections += [turnover_section(shown)]
    sections += [_commitments(shown, reader), *_questions(shown, reader), _left_out(shown, reader)]
    written, said_in = _written(shown)
    made = {"day": shown.made_on.isoformat(), "consortium": shown.consortium}
    return Briefing(
        title=_("Briefing: {supplier}").format(supplier=short(shown.supplier["name"], 120)),
        readers=_readers(shown, reader),
        facts=_facts(shown),
        figures=_figures(shown, reader),
        sections=tuple(one for one in sections if one.blocks),
        author=shown.author,
        foot=(
            _("Made by {author} for {consortium} on {day} with Quorum").format(
                author=short(shown.author, 120), **made
            )
            if shown.author
            else _("Made for {consortium} on {day} with Quorum").format(**made)
        ),
        made_on=shown.made_on,
        kept_back=cut.kept_back,
        written=written,
        said_in=said_in,
    )


# Who, when and where ------------------------------------------------------------------------------


def _readers(shown: Sources, reader: Reader) -> str:
    if reader == "buyers":
        return _("For the members of {consortium} only").format(consortium=shown.consortium)
    # Not for everybody in the room: guests who speak for nobody do not see commitments.
    text = (
        _("For the buyers and the people of {supplier}, not for other suppliers")
        if shown.suppliers > 1
        else _("For the buyers and the people of {supplier}")
    )
    return text.format(supplier=short(shown.supplier["name"], 120))


def _facts(shown: Sources) -> tuple[tuple[str, str], ...]:
    dialogue, supplier = shown.dialogue, shown.supplier
    who = [kind_names().get(supplier["kind"], "")]
    if supplier["country"]:
        who.append(display_name(supplier["country"]))
    if supplier.get("lei"):
        who.append(f"LEI {supplier['lei']}")
    facts = (
        (_("Dialogue"), short(dialogue["title"], 200)),
        (_("When"), local_time(dialogue["starts_at"], dialogue["ends_at"], dialogue["time_zone"])),
        (_("Where"), short(dialogue["place"] or "", 200)),
        (_("Link"), short(dialogue["link"] or "", 200)),
        (_("Aim"), short(dialogue["aim"] or "", 300)),
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
    verified = _progress(shown.commitments) or "–"
    if reader == "room":
        return (
            (_("Questions on the board"), str(len(shown.questions))),
            (_("Open commitments of this dialogue"), str(due)),
            (_("Verified of all promised in it"), verified),
        )
    level = scoring.overall_of_consortium(shown.assessments)
    places = sites.distinct_sites(shown.production_sites, shown.site_lists)
    return (
        (
            _("Overall level"),
            span(*level.select("overall", "overall_high").row(0))
            if level.height
            else scoring.band_name(None),
        ),
        (_("Production sites known"), f"{places.height:,}" if shown.site_lists.height else "–"),
        (_("Open commitments"), str(due)),
        (_("Verified of all promised"), verified),
    )


def _agenda(shown: Sources) -> Section:
    rows = _agenda_rows(shown)
    if not rows:
        return Section(_("Agenda"), (Text(_("There is no agenda yet.")),))
    headers = (_("Begins"), _("Stage"), _("What for"), _("Minutes"))
    table = Table(headers, rows, (18, 48, 86, 18), right=(3,), bold=(1,))
    return Section(_("Agenda"), (table, *more(shown.stages.height)))


def _agenda_rows(shown: Sources) -> tuple[tuple[str, str, str, str], ...]:
    stages = shown.stages.sort("position", "id").head(MOST_ROWS)
    return tuple(
        (
            stage["begins"],
            short(stage["title"], 70),
            short(stage["purpose"] or "", 200),
            str(stage["minutes"]),
        )
        for stage in stages.iter_rows(named=True)
    )


# Commitments and questions ------------------------------------------------------------------------


def _progress(commitments: pl.DataFrame) -> str | None:
    """Verified of all that were promised, those dropped included; None where none was."""
    if commitments.is_empty():
        return None
    made, verified = dialogues.progress(commitments, by=()).select("made", "verified").row(0)
    return _("{n} of {all} ({share})").format(n=verified, all=made, share=percent(verified, made))


def _commitments(shown: Sources, reader: Reader) -> Section:
    title = _("Open commitments") if reader == "buyers" else _("Open commitments of this dialogue")
    known = shown.commitments
    progress = _progress(known)
    if progress is None:
        nothing = (
            _("It has promised nothing in a dialogue yet.")
            if reader == "buyers"
            else _("It has promised nothing in this dialogue yet.")
        )
        return Section(title, (Text(nothing),))
    still = dialogues.still_open(known, shown.made_on)
    owned = still["owner_id"].is_not_null().any()
    rows: list[tuple[str, ...]] = []
    for row in still.head(MOST_ROWS).iter_rows(named=True):
        owner = short(shown.organisations.get(row["owner_id"] or "", ""), 80)
        cells = (short(row["text"], PROMISE), _state(row), _due(row))
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
    return Section(title, (first, table, *more(still.height)))


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
    boards = {"shared": _("Questions on the shared board, by votes")}
    if reader == "buyers":
        boards["buyers"] = _("Questions among buyers only")
    found = []
    for board, title in boards.items():
        printed = _printed(shown, board)
        if printed or board == "shared":
            rest = sum(one["board"] == board for one in shown.questions) - len(printed)
            found.append(Section(title, tuple(_question_blocks(shown, printed, rest))))
    return found


def _printed(shown: Sources, board: str) -> list[Mapping[str, Any]]:
    """The questions with most votes: whole, so the longer they are the fewer."""
    most = MOST_QUESTIONS if board == "shared" else MOST_ROWS
    ordered = sorted(
        (one for one in shown.questions if one["board"] == board),
        key=lambda one: (-(one["votes"] or 0), one["text"], one["id"]),
    )[:most]
    letters = accumulate(len(short(one["text"])) for one in ordered)
    return [one for one, sofar in zip(ordered, letters, strict=True) if sofar <= most * USUAL]


def _question_blocks(
    shown: Sources, printed: Sequence[Mapping[str, Any]], rest: int
) -> list[Block]:
    if not printed:
        return [Text(_("No question stands on the board yet."))]
    named = not shown.dialogue["chatham"]
    rows = [
        (
            short(one["text"]),
            _topic(one),
            *([short(one["affiliation"] or one["author"] or "", 80)] if named else []),
            str(one["votes"] or 0),
        )
        for one in printed
    ]
    if named:
        headers = (_("Question"), _("Topic"), _("From"), _("Votes"))
        table = Table(headers, tuple(rows), (103, 24, 31, 12), right=(3,), bold=())
    else:
        heads = (_("Question"), _("Topic"), _("Votes"))
        table = Table(heads, tuple(rows), (130, 28, 12), right=(2,), bold=())
    return [table, *more(rest, 0)]


def _topic(question: Mapping[str, Any]) -> str:
    return short(topic_name(question["topic"]), 60)


# What is not in it, and what people wrote that is -------------------------------------------------


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
            _(
                "Risks that no member recorded, and risks by material: Quorum holds what members "
                "know of suppliers and countries, and no risk sheet of a whole product."
            ),
        ]
    else:
        said = [
            _(
                "Everything that members contributed: assessments, site lists, known risks, spend, "
                "memberships and certificates, and what they asked of the supplier before."
            ),
            _("The buyers' board, and stages for buyers only."),
            _(
                "What the supplier promised in other dialogues: its people in this room may be "
                "others than those who were there."
            ),
        ]
    said += [
        several,
        _("Suggested questions: here are those that people put on the board."),
    ]
    if shown.dialogue["chatham"]:
        said.append(
            _(
                "Who asked what, who follows up, and who made this paper: the dialogue is held "
                "under the Chatham House Rule."
            )
        )
        said.append(_("What names somebody in the room: such a text is changed or left out."))
    return Section(_("What was left out"), tuple(Text(one, item=True) for one in said))


def _written(shown: Sources) -> tuple[dict[str, str], dict[str, str]]:
    """What people wrote for dialogues, each under its place in the paper; see `Briefing`."""
    dialogue = shown.dialogue
    found = {
        _("the title"): short(dialogue["title"], 200),
        _("the aim"): short(dialogue["aim"] or "", 300),
        _("the place"): short(dialogue["place"] or "", 200),
        _("the link"): short(dialogue["link"] or "", 200),
    }
    said_in = {}
    for n, row in enumerate(_agenda_rows(shown), 1):
        found[_("stage {n} of the agenda").format(n=n)] = f"{row[1]}. {row[2]}"
    open_ones = dialogues.still_open(shown.commitments, shown.made_on).head(MOST_ROWS)
    for n, (text, event) in enumerate(open_ones.select("text", "dialogue_id").iter_rows(), 1):
        place = _("open commitment {n}").format(n=n)
        found[place], said_in[place] = short(text, PROMISE), event
    for n, (text, event) in enumerate(
        uses_shown(shown).select("asked", "dialogue_id").iter_rows(), 1
    ):
        if event is not None:
            place = _("use of leverage {n}").format(n=n)
            found[place], said_in[place] = short(text, 100), event
    places = (("shared", _("question {n}")), ("buyers", _("question {n} among buyers")))
    for board, place in places:
        for n, one in enumerate(_printed(shown, board), 1):
            found[place.format(n=n)] = f"{short(one['text'])} {_topic(one)}".strip()
    return found, said_in
