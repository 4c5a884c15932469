"""What can be taken along from a dialogue: calendar, briefings, minutes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import polars as pl
import streamlit as st

from components import data, dialogues, dialogues_plan, dialogues_rule, filters
from components.messages import plain
from components.session import Session
from quorum import briefing as briefings
from quorum import minutes as records
from quorum.briefing import Briefing, Sources
from quorum.exports import briefing as briefing_files
from quorum.exports import calendar
from quorum.exports import minutes as minutes_files
from quorum.language import _, ngettext
from quorum.store import Row


def papers(session: Session, row: Row, now: Row) -> None:
    """The part "Papers"."""
    to_calendar(session, row)
    if row["chatham"] and now["seat"] is None and dialogues.may_sit_down(session, row):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(_("Under the Chatham House Rule papers are for those with a seat."))
            dialogues.take_a_seat(session, row, f"papers-{row['id']}-seat")
    if dialogues.is_buyer(session, row):
        _briefings(session, row, now)
    _minutes(session, row, now)


def to_calendar(session: Session, row: Row) -> None:
    """The event for any calendar, agenda included; under the rule without what names somebody."""
    buyer = dialogues.is_buyer(session, row)
    stages = dialogues_plan.as_told(session, row)
    left: list[str] = []
    if row["chatham"]:
        row, stages, left = dialogues_rule.plan_for_files(session, row, stages)
    suppliers = list(dialogues.supplier_names(session, row["id"]).values())
    hosts = list(dialogues.host_names(session, row["id"]).values())
    page = st.context.url or ""
    if page:
        page = f"{page}?dialogue={row['id']}"
    st.download_button(
        _("For my calendar (ics)"),
        lambda: calendar.dialogue_to_ics(
            row, stages, for_buyers=buyer, page=page, made_at=datetime.now(UTC),
            suppliers=suppliers, hosts=hosts,
        ),
        file_name=calendar.file_name(row["title"], datetime.now(UTC)), mime=calendar.ICS,
        on_click="ignore", key=f"ics-{row['id']}",
    )  # fmt: skip
    if left:
        st.caption(
            plain(
                _(
                    "Not in the calendar, because it names somebody or cannot be checked without a "
                    "seat: {what}."
                ).format(what=", ".join(left))
            )
        )


def reader_names() -> dict[str, str]:
    return {
        "buyers": _("Buyers: members of the consortium"),
        "room": _("Everybody in the room, suppliers included"),
    }


# Briefings ----------------------------------------------------------------------------------------


def sources(session: Session, row: Row, supplier_id: str, now: Row) -> Sources:
    """What a briefing on this supplier is made of. `now`: of dialogues_board.board."""
    entered = dialogues.as_merged(session, row["id"])
    who = session.principal
    mine = pl.col("organisation_id") == who.organisation_id
    initiatives = data.initiatives(session).select("key", "name", "published", "shared_with")
    return Sources(
        dialogue=row,
        supplier=data.suppliers(session).row(by_predicate=pl.col("id") == supplier_id, named=True),
        suppliers=len(entered),
        dialogues=data.dialogues(session),
        stages=dialogues.stages(session, row["id"]),
        questions=[
            {**one, "supplier_id": entered.get(one["supplier_id"], one["supplier_id"])}
            for one in now["questions"]
        ],
        commitments=data.commitments(session),
        assessments=data.assessments(session),
        site_lists=data.site_lists(session),
        production_sites=data.sites(session),
        spend=data.spend(session),
        bands=briefings.attributed(
            data.spend_bands(session).filter(~mine), [one.id for one in who.consortia]
        ),
        classes=data.rows(session, "spend_band", "low"),
        turnover=data.turnover(session),
        initiative_links=data.initiative_links(session),
        initiatives=initiatives,
        leverage_use=data.leverage_uses(session),
        risks=data.risks(session),
        organisations=data.organisation_names(session),
        consortium=row["consortium"] or "",
        organisation_id=who.organisation_id,
        author=f"{who.name}, {who.organisation}",
        made_on=date.today(),
    )


def _briefings(session: Session, row: Row, now: Row) -> None:
    st.markdown(f"**{_('Briefings, one per supplier')}**")
    st.caption(
        _(
            "Two to four pages with only what all of its readers may see. It says itself what was "
            "left out."
        )
    )
    living = set(data.suppliers(session)["id"])
    names = {
        one: name
        for one, name in dialogues.supplier_names(session, row["id"]).items()
        if one in living
    }
    with filters.row():
        supplier = st.selectbox(
            _("On which supplier"), list(names), index=0 if len(names) == 1 else None,
            format_func=lambda one: names.get(one, ""), key=f"briefing-{row['id']}-supplier",
        )  # fmt: skip
        readers = reader_names()
        reader = st.selectbox(
            _("For whom"), briefings.READERS, format_func=lambda one: readers[one],
            key=f"briefing-{row['id']}-reader",
        )  # fmt: skip
    if supplier is None:
        return
    key = f"briefing-{row['id']}-{supplier}-{reader}"
    known = sources(session, row, supplier, now)
    made = briefings.briefing(known, reader)
    if not dialogues_rule.may_leave(session, row, made.written, made.said_in):
        made = briefings.briefing(_without_names(session, row, known), reader)
        # What this reader cannot change, or nobody any more, need not be printed.
        if not dialogues_rule.passes(session, row, made.written, made.said_in):
            return
        if not st.checkbox(_("Leave these texts out"), key=f"{key}-out"):
            return
    if made.kept_back:
        st.caption(plain(_("Left out: {what}.").format(what="; ".join(made.kept_back))))
    _files(made, key)


def _without_names(session: Session, row: Row, known: Sources) -> Sources:
    """The same without the texts that name somebody."""
    event, stages, questions = row, known.stages, known.questions
    if row["chatham"]:
        event, stages, __ = dialogues_rule.plan_for_files(session, row, stages)
        questions = _unnamed_questions(session, row, questions)
    return replace(
        known,
        dialogue=event,
        stages=stages,
        questions=questions,
        commitments=dialogues_rule.commitments_for_files(session, known.commitments, row),
        leverage_use=dialogues_rule.uses_for_files(session, known.leverage_use, row),
    )


def _files(made: Briefing, key: str) -> None:
    with st.container(horizontal=True):
        st.download_button(
            _("Briefing to print (pdf)"), lambda: briefing_files.to_pdf(made),
            file_name=briefing_files.file_name(made, "pdf"), mime=briefing_files.PDF,
            on_click="ignore", key=f"{key}-pdf",
        )  # fmt: skip
        st.download_button(
            _("Briefing to work on (docx)"), lambda: briefing_files.to_docx(made),
            file_name=briefing_files.file_name(made, "docx"), mime=briefing_files.DOCX,
            on_click="ignore", key=f"{key}-docx",
        )  # fmt: skip


# Minutes ------------------------------------------------------------------------------------------


def _minutes(session: Session, row: Row, now: Row) -> None:
    st.markdown(f"**{_('Minutes')}**")
    if row["state"] not in ("live", "closed"):
        st.caption(
            _("Notes by stage, questions and commitments, as soon as the event is under way.")
        )
        return
    buyer = dialogues.is_buyer(session, row)
    reader: records.Reader = "room"
    if buyer:
        readers = reader_names()
        chosen = st.selectbox(
            _("Minutes for whom"), list(readers), format_func=lambda one: readers[one],
            key=f"minutes-{row['id']}-reader",
        )  # fmt: skip
        reader = "room" if chosen == "room" else "buyers"
    made = _made_minutes(session, row, now, reader)
    if not dialogues_rule.may_leave(session, row, made.written):
        if row["state"] != "closed" or not dialogues.seats(session, row["id"]).height:
            return
        # Nothing can be changed any more, but what names somebody need not be printed.
        if not st.checkbox(_("Leave these texts out"), key=f"minutes-{row['id']}-{reader}-out"):
            return
        named = dialogues_rule.cannot_leave(session, row, made.written)
        made = _made_minutes(session, row, now, reader, leave_out=len(named))
        if not dialogues_rule.may_leave(session, row, made.written):
            return
    with st.container(horizontal=True):
        st.download_button(
            _("Minutes (docx)"), lambda: minutes_files.to_docx(made),
            file_name=minutes_files.file_name(made, "docx"), mime=minutes_files.DOCX,
            on_click="ignore", key=f"minutes-{row['id']}-{reader}-docx",
        )  # fmt: skip
        st.download_button(
            _("Minutes (Markdown)"), lambda: minutes_files.to_markdown(made),
            file_name=minutes_files.file_name(made, "md"), mime=minutes_files.MARKDOWN,
            on_click="ignore", key=f"minutes-{row['id']}-{reader}-md",
        )  # fmt: skip


def named_in_minutes(session: Session, row: Row, now: Row) -> tuple[int, list[str]]:
    """Where the minutes for buyers, which hold every text of an event, name somebody."""
    written = _made_minutes(session, row, now, "buyers").written
    return dialogues_rule.naming(session, row, written)


def show_named(found: tuple[int, list[str]]) -> None:
    """What named_in_minutes found, to whoever is about to close an event."""
    n, sentences = found
    if not n:
        return
    st.warning(
        plain(
            ngettext(
                "{n} place names somebody. Once the event is closed it cannot be changed any "
                "more, and papers leave such a text out:",
                "{n} places name somebody. Once the event is closed they cannot be changed any "
                "more, and papers leave such texts out:",
                n,
            ).format(n=n)
        )
    )
    st.markdown("\n".join(f"- {plain(sentence)}" for sentence in sentences))


def _made_minutes(
    session: Session, row: Row, now: Row, reader: records.Reader, leave_out: int = 0
) -> records.Minutes:
    """The minutes; with `leave_out` (how many of their texts) without what names somebody."""
    notes = data.ask(session, "dialogue_notes", dialogue_id=row["id"])
    questions = list(now["questions"])
    stages = dialogues.stages(session, row["id"])
    commitments = data.commitments(session).filter(pl.col("dialogue_id") == row["id"])
    if leave_out:
        row, stages, __ = dialogues_rule.plan_for_files(session, row, stages)
        notes = _unnamed(session, row, notes, "text")
        questions = _unnamed_questions(session, row, questions)
        kept = [one["id"] for one in _unnamed(session, row, commitments.to_dicts(), "text")]
        commitments = commitments.filter(pl.col("id").is_in(kept))
    me = session.principal
    return records.minutes(
        row, dialogues.when(row), stages, notes, questions, commitments,
        data.rows(session, "dialogue_seat").filter(dialogue_id=row["id"]),
        dialogues.supplier_names(session, row["id"], as_entered=True),
        consortium=row["consortium"] or _("a consortium of buyers"),
        author=", ".join(filter(None, (me.name, me.organisation))), made_on=date.today(),
        reader=reader, left_out=leave_out,
    )  # fmt: skip


def _unnamed_questions(session: Session, row: Row, questions: Sequence[Row]) -> list[Row]:
    """Those that name nobody; without their topic where that does."""
    kept = _unnamed(session, row, questions, "text")
    topics = {one["id"] for one in _unnamed(session, row, kept, "topic")}
    return [one if one["id"] in topics else {**one, "topic": ""} for one in kept]


def _unnamed(session: Session, row: Row, found: Sequence[Row], column: str) -> list[Row]:
    """Those whose text names nobody."""
    named = dialogues_rule.cannot_leave(
        session, row, {one["id"]: one[column] or "" for one in found}
    )
    return [one for one in found if one["id"] not in named]
