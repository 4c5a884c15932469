"""The minutes of a dialogue: what was said by stage, what was asked, what was promised.

Pure. Under the Chatham House Rule they carry no person and no organisation: neither who wrote a
note, nor who took part, follows up, or made the paper.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import polars as pl

from quorum import dialogues
from quorum.definitions.dialogues import topic_name
from quorum.language import _, ngettext

# buyers: the members of the consortium. room: everybody in it.
Reader = Literal["buyers", "room"]
Row = Mapping[str, Any]
Sides = Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class Table:
    """widths: parts of the page's width."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]


@dataclass(frozen=True)
class Section:
    """A heading, paragraphs below it, and a table where there is one."""

    title: str
    paragraphs: tuple[str, ...] = ()
    table: Table | None = None


@dataclass(frozen=True)
class Minutes:
    """written: place -> what people wrote, as printed: for `quorum.chatham.refuse`."""

    title: str
    facts: tuple[str, ...]
    sections: tuple[Section, ...]
    author: str
    foot: str
    made_on: date
    written: Mapping[str, str]


def minutes(
    dialogue: Row,
    when: str,
    stages: pl.DataFrame,
    notes: Sequence[Row],
    questions: Sequence[Row],
    commitments: pl.DataFrame,
    seats: pl.DataFrame,
    suppliers: Mapping[str, str],
    *,
    consortium: str,
    author: str,
    made_on: date,
    reader: Reader,
    left_out: int = 0,
) -> Minutes:
    """The minutes for these readers.

    dialogue: a row of the relation; when: its time in words; stages: its agenda. notes: of
    dialogue_notes(); questions: of dialogue_board(). commitments: of this dialogue, with `supplier`
    and `owner`. seats: as far as they are seen, those that were given up too. suppliers: identifier
    as invited -> name. left_out: how many texts the caller took out because they name somebody.
    """
    named = not dialogue["chatham"]
    ordered = stages.sort("position", "id")
    if reader == "room":
        ordered = ordered.filter(pl.col("audience") == "all")
        hidden = set(stages["id"]) - set(ordered["id"])
        notes = [n for n in notes if n["audience"] == "shared" and n["stage_id"] not in hidden]
        questions = [q for q in questions if q["board"] == "shared" and q["stage_id"] not in hidden]
    facts = [when, dialogue["place"], dialogue["aim"]]
    facts.append(_("Suppliers: {names}").format(names=", ".join(suppliers.values())))
    facts.append(
        _("For all who were in the room.") if reader == "room" else _("For the buyers only.")
    )
    if not named:
        facts.append(
            _(
                "Held under the Chatham House Rule: what was said may be used, who said it is "
                "not revealed."
            )
        )
    if left_out:
        facts.append(
            ngettext(
                "{n} text was left out, because it named somebody.",
                "{n} texts were left out, because they named somebody.",
                left_out,
            ).format(n=left_out)
        )
    promises = reader == "buyers" or all_see_promises(suppliers, seats)
    if not promises:
        commitments = commitments.clear()
    asked = _stands_for(questions)
    sections = [
        *(_participants(seats) if named else ()),
        *_said(ordered, notes, asked, dialogues.sides(seats) if named else None),
        *_asked(questions, suppliers),
        *(_promised(commitments, named) if promises else [_not_for_all()]),
    ]
    made = {"consortium": consortium, "day": made_on.isoformat()}
    return Minutes(
        title=_("Minutes: {title}").format(title=dialogue["title"]),
        facts=tuple(one.strip() for one in facts if one and one.strip()),
        sections=tuple(sections),
        author=author if named else "",
        foot=_("Made by {author} for {consortium} on {day} with Quorum").format(
            author=author, **made
        )
        if named
        else _("Made for {consortium} on {day} with Quorum").format(**made),
        made_on=made_on,
        written=_written(dialogue, ordered, notes, questions, commitments, asked),
    )


def _participants(seats: pl.DataFrame) -> list[Section]:
    present = seats.filter("active").sort("affiliation", "name")
    if present.is_empty():
        return []
    rows = tuple((one["name"], one["affiliation"] or "–") for one in present.iter_rows(named=True))
    table = Table((_("Name"), _("Organisation")), rows, (85, 85))
    return [Section(_("Participants"), (), table)]


def _said(
    stages: pl.DataFrame, notes: Sequence[Row], asked: Mapping[str, str], sides: Sides | None
) -> list[Section]:
    """sides: of dialogues.sides; None where nobody is named."""
    places: list[tuple[str | None, str]] = [
        (one["id"], one["title"]) for one in stages.iter_rows(named=True)
    ]
    known = {place for place, __ in places}
    rest = [note for note in notes if note["stage_id"] not in known]
    sections = []
    for place, title in places:
        here = [note for note in notes if note["stage_id"] == place]
        if here:
            sections.append(Section(title, tuple(_lines(here, asked, sides))))
    if rest:
        sections.append(Section(_("Without a stage"), tuple(_lines(rest, asked, sides))))
    return sections


def _stands_for(questions: Sequence[Row]) -> dict[str, str]:
    """Question -> its text; of one that was merged, the text of the one that stays."""
    texts = {one["id"]: one["text"] for one in questions}
    return {
        one["id"]: texts[one["merged_into"] or one["id"]]
        for one in questions
        if not one["merged_into"] or one["merged_into"] in texts
    }


def _lines(notes: Iterable[Row], asked: Mapping[str, str], sides: Sides | None) -> Iterable[str]:
    for note in notes:
        said = note["text"]
        if question := asked.get(note["question_id"]):
            said = _("On “{question}”: {note}").format(question=question, note=said)
        if sides is not None and note["author"]:
            # The organisation stands in the list of participants.
            side = sides.get((note["author"], note["affiliation"]))
            said = f"{said} ({', '.join(filter(None, (note['author'], side)))})"
        if note["audience"] == "buyers":
            said = _("Among buyers: {note}").format(note=said)
        yield said


def _kept(questions: Sequence[Row]) -> list[Row]:
    """Those that stand in the table of questions."""
    return [one for one in questions if not one["merged_into"] and one["state"] != "dropped"]


def _asked(questions: Sequence[Row], suppliers: Mapping[str, str]) -> list[Section]:
    kept = sorted(_kept(questions), key=lambda one: -one["votes"])
    if not kept:
        return []
    states = {"open": _("Not asked"), "asked": _("Asked"), "answered": _("Answered")}
    rows = tuple(
        (
            str(one["votes"]), one["text"], topic_name(one["topic"]),
            suppliers.get(one["supplier_id"] or "", ""), states[one["state"]],
        )
        for one in kept
    )  # fmt: skip
    headers = (_("Votes"), _("Question"), _("Topic"), _("To"), _("State"))
    return [Section(_("Questions"), (), Table(headers, rows, (14, 82, 28, 26, 20)))]


def all_see_promises(suppliers: Mapping[str, str], seats: pl.DataFrame) -> bool:
    """Whether everybody in the room sees the commitments in the database too: buyers do, and guests
    those of the one supplier for which they speak."""
    guests = seats.filter(pl.col("active"), pl.col("side") != "buyer")
    speaks = guests["supplier_id"].is_in(list(suppliers)).fill_null(False)
    return len(suppliers) == 1 and speaks.all()


def _not_for_all() -> Section:
    """Fixed words: they must not depend on what was promised."""
    said = _(
        "Left out: commitments are seen by the buyers and by the people of the supplier that made "
        "them, and not everybody in the room is one of these."
    )
    return Section(_("Commitments"), (said,))


def _promised(commitments: pl.DataFrame, named: bool) -> list[Section]:
    if commitments.is_empty():
        nothing = _("No commitment was written down.")
        return [Section(_("Commitments"), (nothing,))]
    words = dialogues.state_names()
    rows = []
    for one in commitments.sort("supplier", "due_on", "id").iter_rows(named=True):
        row = (
            one["supplier"] or "?", one["text"], one["due_on"].isoformat(), words[one["state"]],
        )  # fmt: skip
        rows.append((*row, one["owner"] or "–") if named else row)
    headers = (_("Supplier"), _("Promised"), _("Due"), _("State"))
    made = dialogues.progress(commitments, ()).row(0, named=True)
    said = ngettext(
        "{verified} of {n} commitment is verified.", "{verified} of {n} commitments are verified.",
        made["made"],
    ).format(verified=made["verified"], n=made["made"])  # fmt: skip
    if named:
        table = Table((*headers, _("Followed up by")), tuple(rows), (28, 68, 22, 24, 28))
    else:
        table = Table(headers, tuple(rows), (32, 86, 24, 28))
    return [Section(_("Commitments"), (said,), table)]


def _written(
    dialogue: Row, stages: pl.DataFrame, notes: Sequence[Row], questions: Sequence[Row],
    commitments: pl.DataFrame, asked: Mapping[str, str],
) -> dict[str, str]:  # fmt: skip
    """Every text of people in the paper. A question that was dropped or merged is in it where a
    note answers it."""
    found = {_("the title"): dialogue["title"], _("the aim"): dialogue["aim"] or "",
             _("the place"): dialogue["place"] or ""}  # fmt: skip
    for n, one in enumerate(stages.iter_rows(named=True), 1):
        found[_("stage {n} of the agenda").format(n=n)] = one["title"]
    titles = dict(stages.select("id", "title").iter_rows())
    for n, note in enumerate(notes, 1):
        where = titles.get(note["stage_id"], _("no stage"))
        place = _("note {n} ({stage}: “{beginning}”)").format(
            n=n, stage=where, beginning=note["text"][:40]
        )
        found[place] = note["text"]
    answered = {asked.get(note["question_id"]) for note in notes}
    kept = {one["id"] for one in _kept(questions)}
    for n, question in enumerate(questions, 1):
        text = question["text"]
        if question["id"] in kept or text in answered:
            place = _("question {n} (“{beginning}”)").format(n=n, beginning=text[:40])
            found[place] = text
        if question["id"] in kept and (topic := topic_name(question["topic"])):
            place = _("the topic of question {n} (“{beginning}”)").format(n=n, beginning=text[:40])
            found[place] = topic
    for n, text in enumerate(commitments["text"], 1):
        place = _("commitment {n} (“{beginning}”)").format(n=n, beginning=text[:40])
        found[place] = text
    return found
