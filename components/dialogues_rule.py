"""The Chatham House Rule where something is written and where it leaves: whom no text may name, and
what becomes of one that does.

Who writes a name is told before it is stored. What people wrote for an event under the rule is
checked against that event's own room, whichever paper or file it stands in. Who was not in the room
cannot check, and takes no such text along.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import polars as pl
import streamlit as st

from components import data, dialogues
from components.initiatives import shown_table
from components.messages import plain, problem
from components.session import Session
from components.tables import table
from quorum import chatham
from quorum.chatham import Found
from quorum.language import _
from quorum.store import Row

_NAMED = 10  # places that are listed: whoever has read these knows what to look for

# Checking -----------------------------------------------------------------------------------------


def room(session: Session, event: Row) -> chatham.Room:
    """Whom no text of this event may name."""
    seats = data.rows(session, "dialogue_seat").filter(pl.col("dialogue_id") == event["id"])
    organisations = _members(session, event["consortium_id"]) | set(
        dialogues.host_names(session, event["id"]).values()
    )
    suppliers = dialogues.supplier_names(session, event["id"])
    return chatham.room(seats, sorted(organisations), _entries(session, suppliers))


def planned_room(
    session: Session, consortium_id: str, suppliers: Collection[str]
) -> chatham.Room:  # fmt: skip
    """The same for an event that is still being planned: of people only who plans it."""
    me = session.principal
    seats = pl.DataFrame({"name": [me.name], "affiliation": [me.organisation]})
    return chatham.room(
        seats, sorted(_members(session, consortium_id)), _entries(session, suppliers)
    )


def _members(session: Session, consortium_id: str) -> set[str]:
    """Names of the organisations of a consortium."""
    members = data.rows(session, "membership").filter(pl.col("consortium_id") == consortium_id)
    names = data.organisation_names(session)
    return {names[one] for one in members["organisation_id"] if one in names}


def _entries(session: Session, suppliers: Collection[str]) -> pl.DataFrame:
    return data.register(session).filter(pl.col("id").is_in(list(suppliers)))


def second_thoughts(who: chatham.Room, texts: Mapping[str, str], key: str) -> str:
    """What to tell somebody who is about to store texts (place -> text) that name somebody.

    Empty where they name nobody, and for texts of which it was said before: whoever sends the same
    ones again means them, since the search also finds words that name nobody. What was said lies
    under `key` in the session.
    """
    found = _named(who, texts)
    if not found or st.session_state.get(key) == dict(texts):
        st.session_state.pop(key, None)
        return ""
    st.session_state[key] = dict(texts)
    advice = _(
        "Under the Chatham House Rule nobody is named. Change it; or send it once more as it is, "
        "and papers and files will leave it out."
    )
    return " ".join([*(one.sentence for one in found[:_NAMED]), advice])


def before_storing(session: Session, event: Row, texts: Mapping[str, str], key: str) -> str:
    """second_thoughts for an event; empty for one without the rule."""
    return second_thoughts(room(session, event), texts, key) if event["chatham"] else ""


def asks_first(session: Session, event: Row, texts: Mapping[str, str], key: str) -> bool:
    """Whether the page says before_storing instead of storing anything."""
    if said := before_storing(session, event, texts, key):
        problem(said)
    return bool(said)


def checked(
    session: Session, event: Row, places: Mapping[str, str], key: str
) -> Callable[[dict[str, Any]], Row | None]:  # fmt: skip
    """asks_first as the check of an edits.Form. places: column of a text -> its place."""

    def check(typed: dict[str, Any]) -> Row | None:
        texts = {place: typed[column] for column, place in places.items()}
        return None if asks_first(session, event, texts, key) else typed

    return check


def cannot_leave(session: Session, event: Row, texts: Mapping[str, str]) -> set[str]:
    """Which of the texts (place -> text) of an event under the rule cannot leave: those that name
    somebody; all, where nobody is known who must not be named."""
    who = room(session, event)
    if not who.people:
        return {place for place, text in texts.items() if text}
    return {one.place for one in _named(who, texts)}


def _named(who: chatham.Room, texts: Mapping[str, str]) -> list[Found]:
    return chatham.names_in(texts, who.people, who.organisations, who.suppliers)


def _checked(
    session: Session, row: Row, written: Mapping[str, str], said_in: Mapping[str, str]
) -> tuple[list[Found], str]:
    """Where the paper of an event names somebody, and why that cannot be known."""
    found: dict[tuple[str, int, int], Found] = {}
    for event in ruled(session).values():
        if event["id"] == row["id"]:
            texts = written
        else:
            here = [place for place, one in said_in.items() if one == event["id"]]
            texts = {one: written[one] for one in here if written[one] not in _instead().values()}
        try:
            if texts:
                chatham.refuse(texts, room(session, event))
        except chatham.NamesSomebody as refusal:
            found |= {(one.place, one.start, one.end): one for one in refusal.found}
        except chatham.RoomUnknown as refusal:  # to whoever was not in the room
            return [], str(refusal) if event["id"] == row["id"] else _from_another_room(event)
    return list(found.values()), ""


def _from_another_room(event: Row) -> str:
    return _(
        "What was promised or asked in “{title}” stands in it, which was held under the Chatham "
        "House Rule: only somebody who was in that room can check these texts for names."
    ).format(title=event["title"])


def ruled(session: Session) -> dict[str, Row]:
    """The events under the rule, by identifier."""
    found = data.dialogues(session).filter("chatham")
    return {one["id"]: one for one in found.iter_rows(named=True)}


def passes(
    session: Session, row: Row, written: Mapping[str, str], said_in: Mapping[str, str]
) -> bool:
    """Whether a paper of the event may be taken along."""
    return _checked(session, row, written, said_in) == ([], "")


def may_leave(
    session: Session, row: Row, written: Mapping[str, str],
    said_in: Mapping[str, str] | None = None,
) -> bool:  # fmt: skip
    """The same; where the rule forbids it, the page says why.

    written: place -> text. said_in: of these, what may come from another event -> that event.
    """
    found, unknown = _checked(session, row, written, said_in or {})
    if unknown:
        st.info(plain(unknown))
    elif found:
        refusal = chatham.NamesSomebody(found)
        problem(str(refusal).split(found[0].sentence)[0])
        for sentence in _places(found, written):
            st.markdown(f"- {plain(sentence)}")
    return not unknown and not found


def naming(session: Session, event: Row, texts: Mapping[str, str]) -> tuple[int, list[str]]:
    """In how many places the texts (place -> text) of an event name somebody, as far as the reader
    knows who is in the room, and sentences on the first of them."""
    found = _named(room(session, event), texts)
    return len(found), _places(found, texts)


def _places(found: Sequence[Found], written: Mapping[str, str]) -> list[str]:
    """Where the texts name somebody, each with how it begins where its place does not say so."""
    said = []
    for one in found[:_NAMED]:
        begins = _("It begins: “{text}”").format(text=written[one.place][:60])
        said.append(one.sentence if "“" in one.place else f"{one.sentence} {begins}")
    return said


# Leaving out --------------------------------------------------------------------------------------


def _instead() -> dict[str, str]:
    """What stands in place of wording that cannot leave."""
    return {
        "promised": _("Promised under the Chatham House Rule; the wording is left out."),
        "asked": _("Asked under the Chatham House Rule; the wording is left out."),
    }


def plan_for_files(
    session: Session, row: Row, stages: pl.DataFrame
) -> tuple[Row, pl.DataFrame, list[str]]:
    """Event and agenda without what names somebody, and what was left out of them, in words.

    A title becomes fixed words; aim, place, link and what a stage is for become empty.
    """
    words = {
        "title": _("the title"), "aim": _("the aim"), "place": _("the place"),
        "link": _("the link"),
    }  # fmt: skip
    titles = dict(stages.select("id", "title").iter_rows())
    purposes = {f"for {one}": text for one, text in stages.select("id", "purpose").iter_rows()}
    texts = {name: row[name] or "" for name in words} | titles | purposes
    named = cannot_leave(session, row, texts)
    fixed: dict[str, Any] = {"title": _("A dialogue with suppliers"), "link": None}
    kept = {**row, **{name: fixed.get(name, "") for name in words if name in named}}
    stage = pl.lit(_("A stage of the agenda"))
    gone = list(named)
    agenda = stages.with_columns(
        title=pl.when(pl.col("id").is_in(gone)).then(stage).otherwise("title"),
        purpose=pl.when(~pl.format("for {}", "id").is_in(gone)).then("purpose").fill_null(""),
    )
    left = [text for name, text in words.items() if name in named]
    if not named.isdisjoint(titles):
        left.append(_("titles of the agenda"))
    return kept, agenda, left


def commitments_for_files(
    session: Session, found: pl.DataFrame, row: Row | None = None
) -> pl.DataFrame:
    """Commitments as a file may hold them: of those made under the rule neither who follows up, nor
    the wording where it names somebody. row: the event whose paper holds them all."""
    held_back = data.cached(session, _held_back)
    if row is not None and row["chatham"]:
        texts = dict(found.select("id", "text").iter_rows())
        held_back = held_back | cannot_leave(session, row, texts)
    of_those = pl.col("dialogue_id").is_in(list(ruled(session)))
    instead = pl.lit(_instead()["promised"])
    owner = [one for one in ("owner_id", "owner") if one in found.columns]
    return found.with_columns(
        pl.when(~of_those).then(pl.col(owner)),
        text=pl.when(pl.col("id").is_in(list(held_back))).then(instead).otherwise("text"),
    )


def quotable(session: Session, found: pl.DataFrame) -> pl.DataFrame:
    """The commitments whose wording may be taken to another event."""
    return found.filter(~pl.col("id").is_in(list(data.cached(session, _held_back))))


def _held_back(session: Session) -> frozenset[str]:
    """The commitments whose wording cannot leave."""
    known = data.commitments(session)
    found: set[str] = set()
    for event in ruled(session).values():
        texts = dict(known.filter(dialogue_id=event["id"]).select("id", "text").iter_rows())
        if texts:
            found |= cannot_leave(session, event, texts)
    return frozenset(found)


def uses_for_files(
    session: Session, found: pl.DataFrame, row: Row | None = None
) -> pl.DataFrame:  # fmt: skip
    """Uses of leverage likewise: of what was asked in an event under the rule neither by whom and
    together with whom, nor wording that names somebody."""
    named: set[tuple[str, str]] = set()
    for event in ruled(session).values():
        whole = row is not None and event["id"] == row["id"]
        for column in ("asked", "outcome_text"):
            here = found if whole else found.filter(dialogue_id=event["id"])
            texts = dict(here.select("id", column).iter_rows())
            if texts:
                named |= {(column, one) for one in cannot_leave(session, event, texts)}
    of_those = pl.col("dialogue_id").is_in(list(ruled(session))).fill_null(False)
    instead = pl.lit(_instead()["asked"])
    return found.with_columns(
        pl.when(~of_those).then(pl.col("organisation", "together_with")),
        *(
            pl.when(pl.col("id").is_in([one for name, one in named if name == column]))
            .then(instead)
            .otherwise(column)
            .alias(column)
            for column in ("asked", "outcome_text")
        ),
    )


def event_table(
    session: Session, row: Row, frame: pl.DataFrame, columns: dict[str, Any], title: str, key: str
) -> None:
    """A table of what came of an event; under the rule without a file, which the minutes are."""
    if not row["chatham"]:
        shown_table(session, frame, columns, title, key)
        return
    table(frame, columns, key, height=420 if frame.height > 11 else None)
    st.caption(
        _(
            "Under the Chatham House Rule there is no file of this table: take the minutes along, "
            "under Papers, which are checked for names."
        )
    )
