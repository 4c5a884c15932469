"""What can be taken along from a dialogue: calendar, briefings, minutes."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

import polars as pl
import streamlit as st

from components import data, dialogues, dialogues_plan, filters
from components.messages import plain, problem
from components.session import Session
from quorum import briefing as briefings
from quorum import chatham
from quorum import minutes as records
from quorum.briefing import Briefing, Sources
from quorum.exports import briefing as briefing_files
from quorum.exports import calendar
from quorum.exports import minutes as minutes_files
from quorum.language import _
from quorum.store import Row


def papers(session: Session, row: Row, now: Row) -> None:
    """The part "Papers"."""
    to_calendar(session, row)
    if dialogues.is_buyer(session, row):
        _briefings(session, row, now)
    _minutes(session, row, now)


def to_calendar(session: Session, row: Row) -> None:
    """The event for any calendar, agenda included."""
    buyer = dialogues.is_buyer(session, row)
    stages = dialogues.stages(session, row["id"])
    if not buyer:
        stages = dialogues_plan.without_gaps(stages)
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
    made = briefings.briefing(sources(session, row, supplier, now), reader)
    if not _may_leave(session, row, made.written):
        return
    if made.kept_back:
        st.caption(plain(_("Left out: {what}.").format(what="; ".join(made.kept_back))))
    _files(made, f"briefing-{row['id']}-{supplier}-{reader}")


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
    made = _made_minutes(session, row, now, reader, leave_out=False)
    if not _may_leave(session, row, made.written):
        if row["state"] != "closed" or not dialogues.seats(session, row["id"]).height:
            return
        # Nothing can be changed any more, but what names somebody need not be printed.
        if not st.checkbox(_("Leave these texts out"), key=f"minutes-{row['id']}-{reader}-out"):
            return
        made = _made_minutes(session, row, now, reader, leave_out=True)
        if not _may_leave(session, row, made.written):
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


def _made_minutes(
    session: Session, row: Row, now: Row, reader: records.Reader, *, leave_out: bool
) -> records.Minutes:
    """The minutes; with `leave_out` without notes, questions and promises that name somebody."""
    notes = data.ask(session, "dialogue_notes", dialogue_id=row["id"])
    questions = list(now["questions"])
    commitments = data.commitments(session).filter(pl.col("dialogue_id") == row["id"])
    before = len(notes) + len(questions) + commitments.height
    if leave_out:
        who = _room(session, row)
        notes = [one for one in notes if not _names(one["text"], who)]
        questions = [one for one in questions if not _names(one["text"], who)]
        kept = [one for one, text in commitments.select("id", "text").iter_rows()
                if not _names(text, who)]  # fmt: skip
        commitments = commitments.filter(pl.col("id").is_in(kept))
    me = session.principal
    return records.minutes(
        row, dialogues.when(row), dialogues.stages(session, row["id"]), notes, questions,
        commitments, dialogues.seats(session, row["id"]),
        dialogues.supplier_names(session, row["id"], as_entered=True),
        consortium=row["consortium"] or _("a consortium of buyers"),
        author=", ".join(filter(None, (me.name, me.organisation))), made_on=date.today(),
        reader=reader, left_out=before - len(notes) - len(questions) - commitments.height,
    )  # fmt: skip


# The Chatham House Rule ---------------------------------------------------------------------------


def _may_leave(session: Session, row: Row, written: Mapping[str, str]) -> bool:
    """Whether the texts may be taken along; where the rule forbids it, the page says why."""
    if not row["chatham"]:
        return True
    try:
        chatham.refuse(written, _room(session, row))
    except chatham.NamesSomebody as refusal:
        problem(str(refusal).split(refusal.found[0].sentence)[0])
        for found in refusal.found[:10]:
            begins = _("It begins: “{text}”").format(text=written[found.place][:60])
            more = "" if "“" in found.place else f" {begins}"
            st.markdown(f"- {plain(found.sentence + more)}")
        return False
    except ValueError as refusal:  # nobody is known to whoever was not in the room
        st.info(plain(refusal))
        return False
    return True


def _room(session: Session, row: Row) -> chatham.Room:
    """Whom no paper of this event may name."""
    seats = data.rows(session, "dialogue_seat").filter(pl.col("dialogue_id") == row["id"])
    entries = data.register(session).filter(
        pl.col("id").is_in(list(dialogues.supplier_names(session, row["id"])))
    )
    members = data.rows(session, "membership").filter(
        pl.col("consortium_id") == row["consortium_id"]
    )["organisation_id"]
    names = data.organisation_names(session)
    organisations = {names[one] for one in members if one in names} | set(
        dialogues.host_names(session, row["id"]).values()
    )
    return chatham.room(seats, sorted(organisations), entries)


def _names(text: str, who: chatham.Room) -> bool:
    return bool(chatham.names_in({"": text}, who.people, who.organisations, who.suppliers))
