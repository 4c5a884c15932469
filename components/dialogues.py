"""Joint supplier dialogues on pages: which one is looked at, words and times, and its course."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import streamlit as st

from components import data
from components.links import go, link
from components.messages import plain, plain_lines, problem
from components.session import Session
from quorum import clocks, dialogues
from quorum.language import _, ngettext
from quorum.receipts import listed
from quorum.store import Row, StoreError

# What pages about dialogues rest on, for `data.ahead`.
RELATIONS = (
    "dialogue", "dialogue_host", "dialogue_supplier", "supplier", "organisation", "commitment",
)  # fmt: skip

# Words --------------------------------------------------------------------------------------------


def state_names() -> dict[str, str]:
    """The states of an event, for people."""
    return {
        "planned": _("Planned"),
        "live": _("Under way"),
        "closed": _("Held"),
        "cancelled": _("Cancelled"),
    }


def role_names() -> dict[str, str]:
    return {
        "facilitator": _("Facilitator"),
        "note_taker": _("Note taker"),
        "speaker": _("Speaker"),
        "participant": _("Participant"),
    }


def chatham_words() -> str:
    """The Chatham House mode in two sentences."""
    return _(
        "Questions, votes and notes are stored without any person, organisation or time, and when "
        "the event closes what could tie a vote to a person is destroyed. Who took part is seen "
        "only by those in the room, and papers are refused as long as a name stands in them."
    )


def when(row: Mapping[str, Any], here: str = "") -> str:
    """For example `Tue 2026-11-10, 09:00 to 12:00, Europe/Stockholm`; without the zone where the
    clocks of the reader's, `here`, show the same."""
    try:
        begins = clocks.local(row["starts_at"], row["time_zone"])
        ends = clocks.local(row["ends_at"], row["time_zone"])
    except clocks.ClockError:  # a zone that this machine does not know
        begins, ends = row["starts_at"], row["ends_at"]
        return f"{day_words(begins)}, {begins:%H:%M} – {ends:%H:%M} UTC"
    until = f"{ends:%H:%M}" if ends.date() == begins.date() else f"{day_words(ends)}, {ends:%H:%M}"
    words = _("{day}, {begins} to {ends}").format(
        day=day_words(begins), begins=f"{begins:%H:%M}", ends=until
    )
    if _same_clock(row, here):
        return words
    return _("{when}, {zone}").format(when=words, zone=row["time_zone"])


def _same_clock(row: Mapping[str, Any], zone: str) -> bool:
    """Whether both ends of the event have the same time of day there."""
    try:
        return bool(zone) and all(
            clocks.local(row[end], zone).utcoffset()
            == clocks.local(row[end], row["time_zone"]).utcoffset()
            for end in ("starts_at", "ends_at")
        )
    except clocks.ClockError:
        return False


def day_words(moment: date | datetime) -> str:
    """A day with its weekday, such as `Tue 2026-11-10`."""
    weekdays = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
    return f"{weekdays[moment.weekday()]} {moment:%Y-%m-%d}"


def day_column(label: str) -> Any:
    return st.column_config.DateColumn(label, format="YYYY-MM-DD")


# Reading ------------------------------------------------------------------------------------------


def asked_for(session: Session) -> Row | None:
    """The event that the address names: a row of data.dialogues."""
    wanted = st.query_params.get("dialogue")
    if not wanted:
        return None
    found = data.dialogues(session).filter(pl.col("id") == wanted)
    if found.is_empty():
        st.warning(
            _("No event has this address, or you do not take part in it. Copy the link again.")
        )
        return None
    return found.row(0, named=True)


def listing(session: Session) -> pl.DataFrame:
    """All events with what a table shows: when_words, state_name, suppliers, made, verified,
    still_open."""
    return data.cached(session, _listing, st.context.timezone or "")


def _listing(session: Session, here: str) -> pl.DataFrame:
    found = data.dialogues(session)
    named = (
        data.dialogue_suppliers(session)
        .group_by("dialogue_id")
        .agg(pl.col("supplier").drop_nulls().unique().sort())
    )
    counts = dialogues.progress(data.commitments(session), ("dialogue_id",)).select(
        "dialogue_id", "made", "verified",
        still_open=pl.sum_horizontal(*dialogues.STILL_OPEN),
    )  # fmt: skip
    whens = [when(row, here) for row in found.iter_rows(named=True)]
    names = found.select(dialogue_id="id").join(
        named, on="dialogue_id", how="left", maintain_order="left"
    )
    return found.join(
        counts, left_on="id", right_on="dialogue_id", how="left", maintain_order="left"
    ).with_columns(
        pl.col("made", "verified", "still_open").fill_null(0),
        when_words=pl.Series(whens, dtype=pl.String),
        suppliers=pl.Series(
            [listed(one or [], 3) for one in names["supplier"].to_list()], dtype=pl.String
        ),
        state_name=pl.col("state").replace_strict(state_names(), return_dtype=pl.String),
    )


def is_buyer(session: Session, row: Row) -> bool:
    """Whether the person sees the event as a member of its consortium, and not as a guest."""
    return row["consortium_id"] in {one.id for one in session.principal.consortia}


def hosts(session: Session, row: Row) -> bool:
    """Whether the person may plan it: an editor of an organisation that invites."""
    return bool(row["hosted"] and session.principal.may_edit)


def is_over(row: Row) -> bool:
    return row["state"] in ("closed", "cancelled")


def supplier_names(
    session: Session, dialogue_id: str, *, as_entered: bool = False
) -> dict[str, str]:
    """Suppliers of the event, by name. `as_entered`: by the identifier under which each was
    invited, which the store's functions take."""
    column = "entered_id" if as_entered else "supplier_id"
    found = data.dialogue_suppliers(session).filter(pl.col("dialogue_id") == dialogue_id)
    return {one: name or "?" for one, name in found.select(column, "supplier").iter_rows()}


def as_merged(session: Session, dialogue_id: str) -> dict[str, str]:
    """Each supplier of the event: identifier as invited -> the one that stands for it today."""
    found = data.dialogue_suppliers(session).filter(pl.col("dialogue_id") == dialogue_id)
    return dict(found.select("entered_id", "supplier_id").iter_rows())


def as_entered(session: Session, dialogue_id: str) -> dict[str, str]:
    """The other way round: the store's functions take suppliers as they were invited."""
    return {kept: one for one, kept in as_merged(session, dialogue_id).items()}


def stages(session: Session, dialogue_id: str) -> pl.DataFrame:
    """The agenda in order: relation "dialogue_stage"."""
    return data.rows(session, "dialogue_stage", "position", "id").filter(
        pl.col("dialogue_id") == dialogue_id
    )


def seats(session: Session, dialogue_id: str) -> pl.DataFrame:
    """Who takes part, as far as the person may know, facilitators first."""
    order = {role: place for place, role in enumerate(role_names())}
    return (
        data.rows(session, "dialogue_seat", "name", "id")
        .filter(pl.col("dialogue_id") == dialogue_id, "active")
        .sort(pl.col("role").replace_strict(order, return_dtype=pl.Int64), maintain_order=True)
    )


def who(session: Session, dialogue_id: str) -> dict[tuple[str, str], str]:
    """dialogues.sides of everybody who has or had a seat, as far as the person may know."""
    found = data.rows(session, "dialogue_seat").filter(pl.col("dialogue_id") == dialogue_id)
    return dialogues.sides(found)


def host_names(session: Session, dialogue_id: str) -> dict[str, str]:
    """The organisations that invite, by identifier."""
    names = data.organisation_names(session)
    found = data.rows(session, "dialogue_host").filter(pl.col("dialogue_id") == dialogue_id)
    unknown = _("an organisation that has left")
    named = {one: names.get(one, unknown) for one in found["organisation_id"]}
    return dict(sorted(named.items(), key=lambda item: item[1]))


def earlier_open(session: Session, row: Row) -> pl.DataFrame:
    """What the suppliers of this event promised in earlier ones and is still open: of
    dialogues.still_open."""
    return data.cached(session, _earlier_open, row["id"], row["consortium_id"])


def _earlier_open(session: Session, dialogue_id: str, consortium_id: str) -> pl.DataFrame:
    earlier = data.commitments(session).filter(
        pl.col("consortium_id") == consortium_id, pl.col("dialogue_id") != dialogue_id
    )
    return dialogues.still_open(earlier, date.today(), supplier_names(session, dialogue_id))


# Its course ---------------------------------------------------------------------------------------


def do(session: Session, function: str, **arguments: Any) -> None:
    """Calls a function of the store and draws the page anew, or says why it was refused."""
    try:
        data.call(session, function, **arguments)
    except StoreError as refusal:
        problem(str(refusal))
    else:
        st.rerun()


def may_sit_down(session: Session, row: Row) -> bool:
    """Whether a seat is theirs for the asking: an editor of a member, before the event is over."""
    return is_buyer(session, row) and session.principal.may_edit and not is_over(row)


def take_a_seat(session: Session, row: Row, key: str) -> None:
    if st.button(_("Take a seat"), key=key, type="primary"):
        do(session, "take_seat", dialogue_id=row["id"])


def heading(session: Session, row: Row) -> None:
    """What it is, when and where, how it stands, who invites."""
    marks = [f":gray-badge[{plain(state_names()[row['state']])}]"]
    if row["chatham"]:
        marks.append(f":blue-badge[{plain(_('Chatham House Rule'))}]")
    st.markdown(f"**{plain(when(row))}** {' '.join(marks)}")
    place = [row["place"]] if row["place"] else []
    suppliers = listed(list(supplier_names(session, row["id"]).values()), 5)
    inviting = listed(list(host_names(session, row["id"]).values()), 5)
    parts = [
        *place,
        _("with {suppliers}").format(suppliers=suppliers),
        _("{hosts} invite").format(hosts=inviting)
        if len(host_names(session, row["id"])) > 1
        else _("{hosts} invites").format(hosts=inviting),
    ]
    st.caption(plain(" · ".join(parts)))
    if row["aim"]:
        st.markdown(plain_lines(row["aim"]))
    if row["link"] and not is_over(row):
        st.link_button(_("Join the video meeting"), row["link"])


def course(session: Session, row: Row, leads: bool, before_closing: Callable[[], None]) -> None:
    """Into the room; for hosts and facilitators: open, close, cancel. Closing asks once, and shows
    what `before_closing` draws."""
    asking = f"closing-{row['id']}"
    with st.container(horizontal=True, vertical_alignment="center"):
        if row["state"] in ("planned", "live"):
            link("room", _("Go to the live page"), dialogue=row["id"])
        if leads and row["state"] == "planned":
            ahead = row["starts_at"] - datetime.now(UTC) > timedelta(days=1)
            label = _("Open the event")
            if st.button(label, key=f"open-{row['id']}", type="secondary" if ahead else "primary"):
                if not ahead:
                    do(session, "open_dialogue", dialogue_id=row["id"])
                st.session_state[asking] = "open_dialogue"
            if hosts(session, row) and st.button(_("Cancel the event"), key=f"cancel-{row['id']}"):
                st.session_state[asking] = "cancel_dialogue"
        if (
            leads
            and row["state"] == "live"
            and st.button(_("Close the event"), key=f"close-{row['id']}")
        ):
            st.session_state[asking] = "close_dialogue"
    function = st.session_state.get(asking)
    if function == "open_dialogue" and row["state"] != "planned":
        function = None
    if function and leads and not is_over(row):
        with st.container(border=True, gap="small"):
            st.markdown(plain(" ".join(_what_ends(row, function))))
            if function == "close_dialogue":
                before_closing()
            _sure(session, row, function, asking)


def _sure(session: Session, row: Row, function: str, asking: str) -> None:
    with st.container(horizontal=True):
        label = {
            "open_dialogue": _("Open it now"),
            "cancel_dialogue": _("Cancel it now"),
            "close_dialogue": _("Close it now"),
        }[function]
        sure = st.button(label, key=f"sure-{row['id']}", type="primary")
        if st.button(_("Leave it as it is"), key=f"unsure-{row['id']}"):
            del st.session_state[asking]
            st.rerun()
    if sure:
        del st.session_state[asking]
        do(session, function, dialogue_id=row["id"])


def closing_words(chatham: bool) -> list[str]:
    """What closing an event ends and what it does not, in sentences; wherever it can be closed."""
    said = [
        _(
            "This closes the event for everybody: questions, votes and notes stay as they are. "
            "What somebody is typing at this moment is not stored. Commitments can still be "
            "added and followed up."
        )
    ]
    return [*said, *([_forgotten()] if chatham else []), _("It cannot be opened again.")]


def _forgotten() -> str:
    return _(
        "The key behind the votes and each single vote are destroyed, only their number stays; "
        "notes and questions are written anew in random order. This cannot be undone."
    )


def _what_ends(row: Row, function: str) -> list[str]:
    if function == "open_dialogue":
        return [
            _("It is planned for {when}.").format(when=when(row)),
            _(
                "Once it is open, notes and commitments can be written; an open event is closed in "
                "the end, and does not become a planned one again."
            ),
        ]
    if function == "close_dialogue":
        return closing_words(row["chatham"])
    said = [_("This cancels the event, and its open invitation links stop working.")]
    return [*said, *([_forgotten()] if row["chatham"] else []), _("It cannot be opened again.")]


def still_open_words(found: pl.DataFrame) -> str:
    """How much is still open of earlier events, as a sentence."""
    late = found.filter(pl.col("standing") == "overdue").height
    said = ngettext(
        "{n} commitment of earlier events is still open", "{n} commitments of earlier events are "
        "still open", found.height,
    ).format(n=found.height)  # fmt: skip
    if late:
        said += ngettext(", {n} of them overdue", ", {n} of them overdue", late).format(n=late)
    return said + "."


def open_event(dialogue_id: str) -> None:
    go("dialogue", dialogue=dialogue_id)
