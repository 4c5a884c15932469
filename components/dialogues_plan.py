"""Planning a dialogue: suppliers and a day, the agenda, and changing them afterwards."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any
from uuid import uuid4
from zoneinfo import available_timezones

import polars as pl
import streamlit as st

from components import data, dialogues, dialogues_rule, edits, filters
from components.messages import plain, problem
from components.picture import level_words, picture
from components.session import Session
from components.tables import table
from quorum import clocks
from quorum import dialogues as domain
from quorum.definitions.dialogues import audience_names, definition
from quorum.initiatives import is_link
from quorum.language import _, ngettext
from quorum.store import Conflict, Row, StoreError

KEY = "plan"
MOST_MINUTES = 14 * 24 * 60  # the store refuses longer events


# Whom to invite -----------------------------------------------------------------------------------


def candidates(session: Session, consortium_id: str, least_mature_first: bool) -> pl.DataFrame:
    """domain.candidates as this consortium makes them, with the level in words."""
    return data.cached(session, _candidates, consortium_id, least_mature_first)


def _candidates(session: Session, consortium_id: str, least_mature_first: bool) -> pl.DataFrame:
    made = data.commitments(session).filter(pl.col("consortium_id") == consortium_id)
    found = domain.candidates(
        picture(session, consortium_id), made, least_mature_first=least_mature_first
    )
    level = level_words()
    return found.with_columns(
        level=pl.when("differ").then(pl.format(_("{}, members differ"), level)).otherwise(level)
    )


def choose_suppliers(session: Session, consortium_id: str, key: str) -> list[str]:
    """The suppliers that are invited: picked in the table of candidates, or by name."""
    least = st.toggle(_("Least mature first"), key=f"{key}-least")
    found = candidates(session, consortium_id, least)
    names = filters.told_apart(dict(found.select("supplier_id", "supplier").iter_rows()))
    columns: dict[str, Any] = {
        "supplier": _("Supplier"),
        "members": st.column_config.NumberColumn(
            _("Members"), help=_("Seen to buy from it, to have assessed it, or to list its sites")
        ),
        "level": st.column_config.TextColumn(
            _("Overall level"),
            width=185,
            help=_("From the lowest to the highest that any member's latest assessment allows"),
        ),
        "still_open": st.column_config.NumberColumn(
            _("Open"), help=_("Commitments that are neither verified nor dropped")
        ),
        "overdue": st.column_config.NumberColumn(
            _("Overdue"), help=_("Of the open ones, those whose day has passed")
        ),
        "contracts": st.column_config.NumberColumn(
            _("Contracts"), help=_("Ending within twelve months, of those whose end is shared")
        ),
        "next_end": dialogues.day_column(_("First of them")),
        "assessed_on": dialogues.day_column(_("Assessed on")),
    }
    _picked(found, columns, f"{key}-table-{least}", f"{key}-chosen", found["supplier_id"].to_list())
    st.caption(
        _("– means unknown: nobody shares it with you. It does not mean none. Tick rows to invite.")
    )
    chosen = st.multiselect(
        _("Suppliers to invite"), list(names), format_func=lambda one: names.get(one, ""),
        key=f"{key}-chosen", placeholder=_("Tick them in the table, or search here"),
    )  # fmt: skip
    _about_contracts(found.filter(pl.col("supplier_id").is_in(chosen)))
    return [one for one in chosen if one in names]


def _picked(
    frame: pl.DataFrame, columns: Mapping[str, Any], key: str, chosen: str, ids: list[str]
) -> None:
    """The table with ticks; a tick adds to the choice `chosen`, taking it away takes it out."""

    def ticked() -> None:
        rows = {ids[n] for n in st.session_state[key]["selection"]["rows"] if n < len(ids)}
        before = st.session_state.get(f"{key}-before", set())
        kept = [one for one in st.session_state.get(chosen, []) if one not in before - rows]
        new = [one for one in ids if one in rows - before and one not in kept]
        st.session_state[chosen] = [*kept, *new]
        st.session_state[f"{key}-before"] = rows

    st.dataframe(
        frame.select(list(columns)), column_config=dict(columns), hide_index=True, key=key,
        on_select=ticked, selection_mode="multi-row", height=min(36 * (frame.height + 1) + 2, 320),
        placeholder="–", alt=_("Suppliers, with what speaks for inviting each"), lazy=False,
    )  # fmt: skip


def _about_contracts(chosen: pl.DataFrame) -> None:
    ends = chosen["next_end"].drop_nulls()
    if ends.len():
        st.caption(
            plain(
                _(
                    "A contract with one of them ends on {day}: a date well before it gives "
                    "buyers something to ask with."
                ).format(day=ends.min())
            )
        )


# When ---------------------------------------------------------------------------------------------


@cache
def zones() -> list[str]:
    """The time zones that a person may choose, by name."""
    named = [one for one in available_timezones() if "/" in one and not one.startswith("Etc/")]
    return [*sorted(named), "UTC"]


def here() -> str:
    """The zone of the browser, where it says so."""
    said = st.context.timezone
    return said if said in zones() else "Europe/Brussels"


def when(
    key: str, day: date, clock: time, zone: str, minutes: int
) -> tuple[datetime, datetime, str] | None:
    """Fields for day, time, zone and length: beginning, end, zone; None where that is no time, and
    the page says why."""
    with filters.row():
        day = st.date_input(
            _("Day"), day, min_value=date(2020, 1, 1), format="YYYY-MM-DD", key=f"{key}-day"
        )
        clock = st.time_input(_("Begins at"), clock, step=900, key=f"{key}-clock")
        names = zones()
        zone = st.selectbox(
            _("Time zone"), names, index=names.index(zone) if zone in names else 0,
            key=f"{key}-zone",
        )  # fmt: skip
        lasts = st.number_input(
            _("Lasts, minutes"), 5, MOST_MINUTES, minutes, step=5, key=f"{key}-lasts-{minutes}"
        )
    try:
        begins = clocks.moment(day, clock, zone)
    except clocks.TimeTwice as twice:
        choices = twice.choices
        which = st.radio(
            plain(str(twice)), list(choices), index=None, key=f"{key}-which",
            format_func=lambda one: choices[one],
        )  # fmt: skip
        if which is None:
            return None
        begins = clocks.moment(day, clock, zone, "second" if which == "second" else "first")
    except clocks.ClockError as refusal:
        problem(str(refusal))
        return None
    return begins, begins + timedelta(minutes=int(lasts)), zone


# A new one ----------------------------------------------------------------------------------------


def plan_form(session: Session) -> None:
    """The form for a new event of one of the member's consortia."""
    names = data.consortium_names(session)
    consortium_id = next(iter(names))
    if len(names) > 1:
        consortium_id = st.selectbox(
            _("Consortium"), list(names), format_func=lambda one: names.get(one, ""),
            key=f"{KEY}-consortium",
        )  # fmt: skip
    st.markdown(f"**{_('Whom to invite')}**")
    chosen = choose_suppliers(session, consortium_id, KEY)
    still_open = domain.still_open(
        data.commitments(session).filter(pl.col("consortium_id") == consortium_id),
        date.today(), chosen,
    )  # fmt: skip
    if still_open.height:
        st.caption(plain(dialogues.still_open_words(still_open)))
    st.markdown(f"**{_('Agenda')}**")
    templates = {one.code: one for one in definition().templates}
    code = st.selectbox(
        _("Template"), list(templates), format_func=lambda one: templates[one].title,
        key=f"{KEY}-template", help=_("You can change every stage afterwards."),
    )  # fmt: skip
    st.caption(plain(templates[code].description))
    planned = templates[code].agenda(still_open=not still_open.is_empty())
    st.markdown(f"**{_('What, when and where')}**")
    title = st.text_input(_("Title"), max_chars=200, key=f"{KEY}-title").strip()
    aim = st.text_area(_("Aim"), max_chars=2000, height=80, key=f"{KEY}-aim").strip()
    total = sum(one["minutes"] for one in planned)
    times = when(KEY, _in_four_weeks(date.today()), time(10), here(), total)
    if times is not None:
        show_agenda(_as_frame(planned), times[0], times[2], f"{KEY}-agenda")
    with filters.row():
        place = st.text_input(_("Place"), max_chars=500, key=f"{KEY}-place").strip()
        address = st.text_input(
            _("Link of the video meeting"), max_chars=500, key=f"{KEY}-link",
            placeholder="https://",
        ).strip()  # fmt: skip
    chatham = st.toggle(_("Chatham House Rule"), key=f"{KEY}-chatham")
    st.caption(plain(dialogues.chatham_words()))
    votes = st.number_input(
        _("Votes each person has, per board"), 1, 20, 3, key=f"{KEY}-votes", width=260
    )
    if not st.button(_("Plan the event"), type="primary", key=f"{KEY}-send"):
        return
    if times is None:
        problem(_("Choose a time that exists, above."))
        return
    said = domain.problems_of_plan(
        title, chosen, times[0], times[1], [one["minutes"] for one in planned], address
    )
    if chatham and not said:
        said = _named(session, consortium_id, chosen, title, aim, place)
    for sentence in said:
        problem(sentence)
    if said:
        return
    key = st.session_state.setdefault(f"{KEY}-key", str(uuid4()))
    try:
        made = data.call(
            session, "plan_dialogue", key=key, consortium_id=consortium_id, title=title, aim=aim,
            starts_at=times[0].isoformat(), ends_at=times[1].isoformat(), time_zone=times[2],
            place=place, link=address or None, chatham=chatham, votes_each=int(votes),
            suppliers=chosen, stages=planned,
        )  # fmt: skip
    except StoreError as refusal:
        problem(str(refusal))
        return
    for name in [n for n in st.session_state if str(n).startswith(f"{KEY}-")]:
        del st.session_state[name]
    dialogues.open_event(str(made))


def _named(
    session: Session, consortium_id: str, suppliers: list[str], title: str, aim: str, place: str
) -> list[str]:  # fmt: skip
    """What to think of before a plan is stored whose texts name somebody, once for each."""
    typed = {"title": title, "aim": aim, "place": place}
    texts = {words: typed[column] for column, words in _places().items()}
    who = dialogues_rule.planned_room(session, consortium_id, suppliers)
    return [said] if (said := dialogues_rule.second_thoughts(who, texts, f"{KEY}-named")) else []


def _in_four_weeks(today: date) -> date:
    """The Tuesday of that week: a day on which people meet."""
    then = today + timedelta(days=28)
    return then + timedelta(days=1 - then.weekday())


def _as_frame(planned: list[dict[str, Any]]) -> pl.DataFrame:
    return (
        pl.DataFrame(planned)
        .with_row_index("position")
        .with_columns(pl.col("position").cast(pl.Int64), id=pl.col("position").cast(pl.String))
    )


# The agenda ---------------------------------------------------------------------------------------


def show_agenda(
    stages: pl.DataFrame,
    starts_at: datetime,
    zone: str,
    key: str,
    *,
    choose: bool = False,
) -> str | None:
    """The stages with the time at which each is planned; with `choose` the one selected."""
    try:
        timed = domain.agenda(stages, starts_at, zone)
    except clocks.ClockError as refusal:
        problem(str(refusal))
        return None
    shown = timed.with_columns(
        time=pl.format("{} – {}", "begins", "ends"),
        who=pl.col("audience").replace_strict(audience_names(), return_dtype=pl.String),
    )
    columns = {
        "time": st.column_config.TextColumn(_("Time"), width=110),
        "title": st.column_config.TextColumn(_("Stage"), width=250),
        "minutes": _("Minutes"),
        "who": _("For"),
        "purpose": st.column_config.TextColumn(_("What it is for"), width="medium"),
    }
    return table(shown, columns, key, id_column="id" if choose else None)


def as_told(session: Session, row: Row) -> pl.DataFrame:
    """The agenda as the reader may know it, with places that fit its times: to guests what buyers
    do among themselves before one of their stages is one gap, of a length and nothing else."""
    stages = dialogues.stages(session, row["id"])
    if dialogues.is_buyer(session, row):
        return stages
    known = {one["id"]: one for one in stages.iter_rows(named=True)}
    gap = {"title": _("Buyers among themselves"), "purpose": "", "audience": "buyers"}
    new = {"title": "…", "purpose": "", "audience": "all"}  # added since the page was made
    told = [
        {**dict.fromkeys(stages.columns), **(known.get(one["id"], new) if one["id"] else gap),
         "id": one["id"] or f"gap {place}", "position": place, "minutes": one["minutes"]}
        for place, one in enumerate(data.ask(session, "dialogue_times", dialogue_id=row["id"]))
    ]  # fmt: skip
    return pl.DataFrame(told, schema=stages.schema)


def agenda(session: Session, row: Row) -> None:
    """The agenda of an event; hosts select a stage to change or move it, and add others."""
    stages = as_told(session, row)
    changes = dialogues.hosts(session, row) and not dialogues.is_over(row)
    key = f"agenda-{row['id']}"
    if stages.is_empty():
        st.info(_("The agenda is empty."))
        chosen = None
    else:
        chosen = show_agenda(stages, row["starts_at"], row["time_zone"], key, choose=True)
        over = domain.overrun(stages["minutes"], row["starts_at"], row["ends_at"])
        if over > 0 and changes:
            st.warning(
                plain(
                    ngettext(
                        "The agenda is {n} minute longer than the event.",
                        "The agenda is {n} minutes longer than the event.", over,
                    ).format(n=over)
                )
            )  # fmt: skip
    selected = stages.filter(pl.col("id") == (chosen or ""))
    if not changes:
        if selected.height:
            _stage_words(selected.row(0, named=True))
        elif stages.height:
            st.caption(_("Select a stage to read what it is for."))
        return
    if said := st.session_state.pop(f"{key}-problem", None):
        problem(said)
    if selected.height:
        _stage_actions(session, row, stages, selected.row(0, named=True))
    elif stages.height:
        st.caption(_("Select a stage to change, move or remove it."))
    fold = st.expander(_("Add a stage"), key=f"{key}-adding", on_change="rerun")
    if fold.open:
        with fold:
            _add_stage(session, row, stages)


def _stage_fields(seen: Row) -> dict[str, Any]:
    """The fields of a stage, filled from `seen`; their values by column."""
    audiences = audience_names()
    key = f"stage-{seen.get('id', 'new')}-{seen.get('version', 0)}"
    return {
        "title": st.text_input(
            _("Title of the stage"), seen["title"], max_chars=200, key=f"{key}-t"
        ).strip(),
        "purpose": st.text_area(
            _("What it is for"), seen["purpose"], max_chars=1000, height=80, key=f"{key}-p"
        ).strip(),
        "minutes": int(
            st.number_input(_("Minutes"), 1, 1440, seen["minutes"], step=5, key=f"{key}-m")
        ),
        "audience": st.radio(
            _("For"), list(audiences), list(audiences).index(seen["audience"]), horizontal=True,
            format_func=lambda one: audiences[one], key=f"{key}-a",
            help=_("Guests neither see nor follow a stage for buyers only."),
        ),
    }  # fmt: skip


def _stage_labels() -> dict[str, str]:
    return {
        "title": _("Title of the stage"), "purpose": _("What it is for"),
        "minutes": _("Minutes"), "audience": _("For"),
    }  # fmt: skip


def _stage_places() -> dict[str, str]:
    """Column -> what its text is called where it names somebody."""
    return {"title": _("the title of the stage"), "purpose": _("what the stage is for")}


def _stage_words(row: Row) -> None:
    """Title and purpose of a stage, whole: the table cuts long ones off."""
    st.markdown(f"**{plain(row['title'])}**")
    if row["purpose"]:
        st.markdown(plain(row["purpose"]))


def _stage_actions(session: Session, event: Row, stages: pl.DataFrame, row: Row) -> None:
    order: list[str] = stages["id"].to_list()
    place = order.index(row["id"])
    with st.container(border=True, gap="small"):
        _stage_words(row)
        key = f"stage-{row['id']}"
        form = edits.Form(
            "dialogue_stage", _stage_labels(), _stage_fields,
            dialogues_rule.checked(session, event, _stage_places(), f"{key}-named"),
            words=lambda stage: {**stage, "audience": audience_names()[stage["audience"]]},
        )  # fmt: skip
        edits.edit_with(session, row, form, key, _("Change this stage"))
        with st.container(horizontal=True):
            earlier = st.button(_("Move up"), key=f"up-{row['id']}", disabled=place == 0)
            later = st.button(
                _("Move down"), key=f"down-{row['id']}", disabled=place == len(order) - 1
            )
            remove = st.button(_("Remove"), key=f"remove-{row['id']}")
        if earlier or later:
            other = place - 1 if earlier else place + 1
            order[place], order[other] = order[other], order[place]
            reorder(session, stages, order)
        if remove:
            _changed(session, row["dialogue_id"], "delete", {"id": row["id"]})


def reorder(session: Session, stages: pl.DataFrame, order: list[str]) -> None:
    """Gives the stages the places of `order`. A stage that a colleague changed stays as it is."""
    now = {row["id"]: row for row in stages.iter_rows(named=True)}
    agenda_key = f"agenda-{now[order[0]]['dialogue_id']}-problem"
    try:
        for place, one in enumerate(order, start=1):
            if now[one]["position"] != place:
                data.update(
                    session, "dialogue_stage", {"position": place}, {"id": one},
                    version=now[one]["version"],
                )  # fmt: skip
    except Conflict:
        st.session_state[agenda_key] = _(
            "A colleague changed the agenda at the same moment. It is shown as it is now."
        )
    except StoreError as refusal:
        st.session_state[agenda_key] = str(refusal)
    st.rerun()


def _changed(session: Session, dialogue_id: str, how: str, row: Row) -> None:
    try:
        if how == "delete":
            data.delete(session, "dialogue_stage", row)
        else:
            data.insert(session, "dialogue_stage", row)
    except StoreError as refusal:
        st.session_state[f"agenda-{dialogue_id}-problem"] = str(refusal)
    st.rerun()


def _add_stage(session: Session, row: Row, stages: pl.DataFrame) -> None:
    key = f"stage-new-{row['id']}"
    identifier = st.session_state.setdefault(f"{key}-id", str(uuid4()))
    blank = {"id": identifier, "title": "", "purpose": "", "minutes": 30, "audience": "all"}
    with st.form(f"{key}-{identifier}"):
        values = _stage_fields(blank)
        sent = st.form_submit_button(_("Add at the end"), type="primary")
    if not sent:
        return
    if len(values["title"]) < 2:
        problem(_("Give the stage a title."))
        return
    texts = {place: values[column] for column, place in _stage_places().items()}
    if dialogues_rule.asks_first(session, row, texts, f"{key}-named"):
        return
    last: Any = stages["position"].max() if stages.height else 0
    del st.session_state[f"{key}-id"]
    new = {"id": identifier, "dialogue_id": row["id"], "position": last + 1, **values}
    _changed(session, row["id"], "insert", new)


def begin_with_open(session: Session, row: Row) -> None:
    """What earlier events left open, and for hosts a button that puts it first on the agenda."""
    found = dialogues.earlier_open(session, row)
    if found.is_empty():
        return
    stages = dialogues.stages(session, row["id"])
    stage = next(
        one for template in definition().templates for one in template.stages
        if one.only_still_open
    )  # fmt: skip
    st.markdown(f"**{plain(stage.title)}**")
    st.markdown(plain(dialogues.still_open_words(found)))
    columns = {
        "supplier": _("Supplier"),
        "text": st.column_config.TextColumn(_("Promised"), width="large"),
        "due_on": dialogues.day_column(_("Due")), "word": _("State"),
        "dialogue": _("In"), "owner": _("Followed up by"),
    }  # fmt: skip
    words = domain.standing_names()
    shown = found.with_columns(
        word=pl.col("standing").replace_strict(words, return_dtype=pl.String)
    )
    table(shown, columns, f"still-open-{row['id']}", height=320 if found.height > 8 else None)
    planned = not stages.is_empty() and stages["title"][0] == stage.title
    if planned:
        st.caption(_("The agenda begins with it."))
        return
    if not dialogues.hosts(session, row) or dialogues.is_over(row):
        return
    if st.button(_("Begin the agenda with it"), key=f"begin-{row['id']}"):
        key = f"begin-{row['id']}-id"
        new = {
            "id": st.session_state.setdefault(key, str(uuid4())), "dialogue_id": row["id"],
            "position": 0, "title": stage.title, "purpose": stage.purpose,
            "minutes": stage.minutes, "audience": stage.audience,
        }  # fmt: skip
        if stages.height and stages["position"][0] == 0:
            _make_room(session, stages)
        del st.session_state[key]
        _changed(session, row["id"], "insert", new)


def _make_room(session: Session, stages: pl.DataFrame) -> None:
    """Leaves the place 0 free; a stage that a colleague just moved is left where it is."""
    for place, row in enumerate(stages.iter_rows(named=True), start=1):
        try:
            data.update(
                session, "dialogue_stage", {"position": place}, {"id": row["id"]},
                version=row["version"],
            )  # fmt: skip
        except StoreError:
            continue


# Changing an event --------------------------------------------------------------------------------


def change(session: Session, row: Row) -> None:
    """For hosts: title, aim, place, link and votes; time; suppliers; the rule of the event."""
    labels = {
        "title": _("Title"), "aim": _("Aim"), "place": _("Place"),
        "link": _("Link of the video meeting"), "votes_each": _("Votes each person has, per board"),
    }  # fmt: skip
    key = f"dialogue-{row['id']}"
    what = edits.Form(
        "dialogue", labels, _fields, dialogues_rule.checked(session, row, _places(), f"{key}-named")
    )
    edits.edit_with(session, row, what, key, _("Change title, aim, place, link or votes"))
    time = edits.Form(
        "dialogue", {"when": _("When")}, _times, checked=_moved,
        words=lambda one: {"when": dialogues.when(one)},
    )  # fmt: skip
    edits.edit_with(session, row, time, f"time-{row['id']}", _("Move it to another time"))
    for title, key, part in (
        (_("Other suppliers"), f"suppliers-{row['id']}", _other_suppliers),
        (_("Chatham House Rule"), f"chatham-{row['id']}", _rule),
    ):
        fold = st.expander(title, key=key, on_change="rerun")
        if fold.open:
            with fold:
                part(session, row)


def _places() -> dict[str, str]:
    """Column -> what its text is called where it names somebody."""
    return {"title": _("the title"), "aim": _("the aim"), "place": _("the place")}


def _fields(seen: Row) -> dict[str, Any]:
    key = f"dialogue-{seen['id']}-{seen['version']}"
    address = st.text_input(
        _("Link of the video meeting"), seen["link"] or "", max_chars=500, key=f"{key}-link",
        placeholder="https://",
    ).strip()  # fmt: skip
    if address and not is_link(address):
        problem(_("The link does not begin with https://, or has spaces in it."))
    return {
        "title": st.text_input(_("Title"), seen["title"], max_chars=200, key=f"{key}-t").strip(),
        "aim": st.text_area(_("Aim"), seen["aim"], max_chars=2000, key=f"{key}-aim").strip(),
        "place": st.text_input(_("Place"), seen["place"], max_chars=500, key=f"{key}-p").strip(),
        "link": address or None,
        "votes_each": int(
            st.number_input(
                _("Votes each person has, per board"), 1, 20, seen["votes_each"], key=f"{key}-v"
            )
        ),
    }


def _times(seen: Row) -> dict[str, Any]:
    begins = clocks.local(seen["starts_at"], seen["time_zone"])
    lasts = int((seen["ends_at"] - seen["starts_at"]).total_seconds()) // 60
    key = f"move-{seen['id']}-{seen['version']}"
    return {"times": when(key, begins.date(), begins.time(), seen["time_zone"], max(lasts, 5))}


def _moved(typed: dict[str, Any]) -> Row | None:
    if typed["times"] is None:  # the fields say why
        return None
    starts_at, ends_at, zone = typed["times"]
    return {"starts_at": starts_at, "ends_at": ends_at, "time_zone": zone}


def _other_suppliers(session: Session, row: Row) -> None:
    key = f"others-{row['id']}"
    if f"{key}-chosen" not in st.session_state:
        known = set(data.suppliers(session)["id"])
        st.session_state[f"{key}-chosen"] = [
            one for one in dialogues.supplier_names(session, row["id"]) if one in known
        ]
    chosen = choose_suppliers(session, row["consortium_id"], key)
    if st.button(_("Store these suppliers"), type="primary", key=f"{key}-send"):
        entered = dialogues.as_entered(session, row["id"])
        dialogues.do(
            session, "set_dialogue_suppliers", dialogue_id=row["id"],
            suppliers=[entered.get(one, one) for one in chosen],
        )  # fmt: skip


def _rule(session: Session, row: Row) -> None:
    st.markdown(plain(dialogues.chatham_words()))
    if not row["chatham"]:
        texts = {place: row[column] for column, place in _places().items()}
        for sentence in dialogues_rule.naming(session, row, texts)[1]:
            st.markdown(f"- {plain(sentence)}")
    label = _("Hold it without the rule") if row["chatham"] else _("Hold it under this rule")
    if st.button(label, key=f"rule-{row['id']}"):
        dialogues.do(session, "set_chatham", dialogue_id=row["id"], chatham=not row["chatham"])
