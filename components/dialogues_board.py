"""The question boards of a dialogue: asking, voting, finding, putting the same ones together."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import polars as pl
import streamlit as st

from components import data, dialogues, dialogues_rule, filters, messages
from components.messages import plain, plain_lines, problem
from components.picture import picture
from components.session import Session, current_session
from quorum import dialogues as domain
from quorum.definitions.dialogues import topic_names
from quorum.language import _, ngettext
from quorum.store import Row, StoreError

PAGE = 15  # questions shown at once: 500 stay quick
SUGGESTED = 6
_HELD = "_quorum_board"
# Topics, suppliers (as invited) and stages: identifier -> name.
Choices = tuple[dict[str, str], dict[str, str], dict[str, str]]
_DRAWING = "_quorum_board_drawing"


def state_names() -> dict[str, str]:
    """The states of a question, for people."""
    return {
        "open": _("Open"),
        "asked": _("Asked"),
        "answered": _("Answered"),
        "dropped": _("Dropped"),
    }


def board_names() -> dict[str, str]:
    return {"shared": _("Shared board"), "buyers": _("Buyers' board")}


# Reading ------------------------------------------------------------------------------------------


def board(session: Session, dialogue_id: str) -> dict[str, Any]:
    """Both boards as they stand this moment: dialogue_board(). What was read before is read again
    only if its counter has changed."""
    key = (dialogue_id, session.principal.ticket, session.principal.role)
    held_for, held = st.session_state.get(_HELD, (None, {}))
    seen = held.get("counter") if held_for == key else None
    found = data.ask(session, "dialogue_board", dialogue_id=dialogue_id, seen=seen)
    if "questions" in found:
        held = dict(found)
        st.session_state[_HELD] = (key, held)
    return dict(held)


@st.fragment(run_every=4)
def watch(dialogue_id: str) -> None:
    """Draws the page anew when somebody else wrote or voted; never in the run that draws it."""
    if st.session_state.get(_DRAWING):
        return
    session = current_session()
    held_for, held = st.session_state.get(_HELD, (None, {}))
    if session is None or held_for is None or held_for[0] != dialogue_id:
        return
    try:
        found = data.ask(session, "dialogue_board", dialogue_id=dialogue_id, seen=held["counter"])
    except StoreError:
        st.rerun()  # the page itself says why
    if "questions" in found:
        st.session_state[_HELD] = (held_for, dict(found))
        st.rerun()


def watched(dialogue_id: str) -> None:
    """Follows the boards of this event from now on."""
    st.session_state[_DRAWING] = True
    watch(dialogue_id)
    st.session_state[_DRAWING] = False


def found(questions: Sequence[Row], which: str, wanted: Row, words: str) -> list[Row]:
    """Questions of one board, most votes first, answered and dropped ones last; merged ones stand
    in the one that was kept. `wanted`: field -> value, or None for any."""
    order = list(state_names())
    looked_for = words.casefold().split()
    kept = [
        one
        for one in questions
        if one["board"] == which
        and not one["merged_into"]
        and all(value is None or one[name] == value for name, value in wanted.items())
        and all(word in one["text"].casefold() for word in looked_for)
    ]
    late = {"answered": 1, "dropped": 2}
    return sorted(
        kept, key=lambda one: (late.get(one["state"], 0), -one["votes"], order.index(one["state"]))
    )


# The page's part ----------------------------------------------------------------------------------


def boards(session: Session, row: Row, now: Row) -> None:
    """The part "Questions". `now`: of `board`."""
    buyer = dialogues.is_buyer(session, row)
    which = "shared"
    if buyer:
        names = board_names()
        which = str(
            st.radio(
                _("Board"), list(names), horizontal=True, key="dialogue_board", bind="query-params",
                format_func=lambda one: names[one], label_visibility="collapsed",
            )
        )  # fmt: skip
        st.caption(
            _("Seen by buyers only: guests do not know what stands here.")
            if which == "buyers"
            else _("Seen by everybody in the event, guests of suppliers included.")
        )
    if said := st.session_state.pop("board-problem", None):
        problem(said)
    open_now = not dialogues.is_over(row) and now["seat"] is not None
    here = [one for one in now["questions"] if one["board"] == which]
    choices = _choices(session, row)
    if open_now or f"ask-{row['id']}-{which}-id" in st.session_state:
        key = f"asking-{row['id']}-{which}"
        st.session_state.setdefault(key, not here)
        with st.expander(_("Write a question"), key=key, on_change="rerun"):
            _ask_form(session, row, which, open_now, choices)
    if not dialogues.is_over(row) and now["seat"] is None:
        st.caption(
            _("Take a seat (under Participants) to write and to vote.")
            if session.principal.may_edit or not buyer
            else _("You can read here. An editor or admin of your organisation can write and vote.")
        )
    _listed(session, row, now, which, open_now, choices)
    if open_now and now["leads"] and len(here) > 1:
        fold = st.expander(_("Put the same questions together"), key="board-merge",
                           on_change="rerun")  # fmt: skip
        if fold.open:
            with fold:
                _merge(session, row, now, which)
    if open_now and buyer:
        fold = st.expander(_("Suggested questions"), key="board-suggest", on_change="rerun")
        if fold.open:
            with fold:
                _suggested(session, row, now)


def _choices(session: Session, row: Row) -> Choices:
    stages = dialogues.stages(session, row["id"])
    return (
        topic_names(),
        dialogues.supplier_names(session, row["id"], as_entered=True),
        dict(stages.select("id", "title").iter_rows()),
    )


def _fields(choices: Choices, seen: Row, key: str) -> dict[str, Any]:
    topics, suppliers, stages = choices
    text = st.text_area(
        _("Question"), seen.get("text", ""), max_chars=1000, height=80, key=f"{key}-text"
    )
    values: dict[str, Any] = {"text": text.strip()}
    with filters.row():
        for name, label, options, other in (
            ("topic", _("Topic"), topics, _("No topic")),
            ("supplier_id", _("To which supplier"), suppliers, _("All of them")),
            ("stage_id", _("For which stage"), stages, _("Any")),
        ):
            before = seen.get(name)
            values[name] = st.selectbox(
                label, list(options), placeholder=other, key=f"{key}-{name}", width="stretch",
                index=list(options).index(before) if before in options else None,
                format_func=lambda one, options=options: options.get(one, ""),
            )  # fmt: skip
    return values


def _ask_form(session: Session, row: Row, which: str, open_now: bool, choices: Choices) -> None:
    """The form. It stays where the event is closed while somebody types: nothing is lost."""
    key = f"ask-{row['id']}-{which}"
    if unsent := st.session_state.get(f"{key}-unsent"):
        st.caption(_("This was not stored. Copy it if you need it."))
        st.code(unsent, language=None, wrap_lines=True)
    identifier = st.session_state.get(f"{key}-id")
    if not open_now and identifier is None:
        return
    if identifier is None:
        identifier = st.session_state[f"{key}-id"] = str(uuid4())
    with st.form(f"{key}-{identifier}", border=False):
        values = _fields(choices, {}, f"{key}-{identifier}")
        sent = st.form_submit_button(
            _("Add to the buyers' board") if which == "buyers" else _("Add to the shared board"),
            disabled=not open_now, type="primary",
        )  # fmt: skip
    if not open_now:
        st.caption(_("You cannot write here any more. Copy what you were typing if you need it."))
    if sent and open_now and not _names_somebody(session, row, values, key):
        try:
            _ask(session, row["id"], which, identifier, values)
        except StoreError as refusal:
            problem(str(refusal))
            st.session_state[f"{key}-unsent"] = values["text"]
        else:
            st.session_state.pop(f"{key}-unsent", None)
            del st.session_state[f"{key}-id"]
            st.rerun()


def _names_somebody(session: Session, row: Row, values: Row, key: str) -> bool:
    texts = {_("the question"): str(values["text"])}
    return dialogues_rule.asks_first(session, row, texts, f"{key}-named")


def _ask(session: Session, dialogue_id: str, which: str, identifier: str, values: Row) -> None:
    data.call(
        session, "ask_question", dialogue_id=dialogue_id, id=identifier, board=which,
        stage_id=values["stage_id"], supplier_id=values["supplier_id"],
        topic=values["topic"] or "", text=values["text"],
    )  # fmt: skip


def _listed(
    session: Session, row: Row, now: Row, which: str, open_now: bool, choices: Choices
) -> None:
    topics, suppliers, stages = choices
    if not any(one["board"] == which for one in now["questions"]):
        st.info(_("No question stands here yet. What do you want to hear from the suppliers?"))
        return
    with filters.row():
        wanted = {
            "topic": filters.choice(_("Topic"), topics, "board_topic"),
            "supplier_id": filters.choice(_("Supplier"), suppliers, "board_supplier"),
            "stage_id": filters.choice(_("Stage"), stages, "board_stage"),
            "state": filters.choice(_("State"), state_names(), "board_state"),
        }
        words = st.text_input(_("Words"), key="board_words", bind="query-params")
    shown = found(now["questions"], which, wanted, words or "")
    left = now["left"][which]
    count = ngettext("{n} question", "{n} questions", len(shown)).format(n=f"{len(shown):,}")
    if open_now:
        count += " · " + ngettext(
            "you have {n} of {m} vote left on this board",
            "you have {n} of {m} votes left on this board", row["votes_each"],
        ).format(n=left, m=row["votes_each"])  # fmt: skip
    st.markdown(plain(count))
    if not shown:
        st.info(_("No question fits these filters."))
        return
    pages = -(-len(shown) // PAGE)
    page = 1
    if pages > 1:
        key = f"board-page-{which}"
        st.session_state[key] = min(max(int(st.session_state.get(key, 1)), 1), pages)
        page = int(
            st.number_input(
                _("Page, of {n}").format(n=pages), 1, pages, key=key, width=160
            )
        )  # fmt: skip
    merged: dict[str, int] = {}
    for one in now["questions"]:
        if one["merged_into"]:
            merged[one["merged_into"]] = merged.get(one["merged_into"], 0) + 1
    sides = dialogues.who(session, row["id"])
    for one in shown[(page - 1) * PAGE : page * PAGE]:
        asked_by = domain.signed(one, sides)
        _question(session, row, now, one, asked_by, merged.get(one["id"], 0), open_now, choices)


def _question(
    session: Session, row: Row, now: Row, one: Row, asked_by: str, merged: int, open_now: bool,
    choices: Choices,
) -> None:  # fmt: skip
    topics, suppliers, stages = choices
    parts = [
        topics.get(one["topic"], one["topic"]),
        suppliers.get(one["supplier_id"], ""),
        stages.get(one["stage_id"], ""),
        state_names()[one["state"]] if one["state"] != "open" else "",
        asked_by,
        ngettext("stands for {n} more", "stands for {n} more", merged).format(n=merged)
        if merged
        else "",
    ]
    votes = ngettext("{n} vote", "{n} votes", one["votes"]).format(n=one["votes"])
    key = f"q-{one['id']}"
    with st.container(border=True, gap="xsmall"):
        st.markdown(plain_lines(one["text"]))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(plain(" · ".join([votes, *filter(None, parts)])), width="stretch")
            if open_now and one["state"] != "dropped":
                left = now["left"][one["board"]]
                label = _("Take my vote back") if one["mine"] else _("Vote")
                if st.button(label, key=f"{key}-vote", disabled=not one["mine"] and left == 0):
                    _vote(session, one)
            if (
                open_now
                and (one["own"] or now["leads"] or row["chatham"])
                and st.button(_("Edit"), key=f"{key}-edit")
            ):
                st.session_state["board-editing"] = dict(one)
                st.rerun()
            if open_now and now["leads"] and one["board"] == "buyers":
                with st.popover(_("Put on the shared board"), key=f"{key}-share"):
                    _share(session, row, one)
        editing = st.session_state.get("board-editing")
        if editing and editing["id"] == one["id"]:
            _edit(session, row, now, editing, open_now, choices)


def _share(session: Session, row: Row, one: Row) -> None:
    """A question that buyers agreed on goes where everybody in the event reads it."""
    st.markdown(
        _("Everybody in the event will read it, the suppliers' people included. Votes begin anew.")
        if row["chatham"]
        else _(
            "Everybody in the event will read it, the suppliers' people included, under your name "
            "and not under that of whoever wrote it. Votes begin anew."
        )
    )
    if st.button(_("Put it there"), type="primary", key=f"q-{one['id']}-shared"):
        try:
            data.call(session, "share_question", id=one["id"])
        except StoreError as refusal:
            st.session_state["board-problem"] = str(refusal)
        st.rerun()


def _vote(session: Session, one: Row) -> None:
    try:
        data.call(session, "vote", question_id=one["id"], wanted=not one["mine"])
    except StoreError as refusal:
        st.session_state["board-problem"] = str(refusal)
    st.rerun()


# Editing ------------------------------------------------------------------------------------------


def _edit(
    session: Session, row: Row, now: Row, seen: Row, open_now: bool, choices: Choices
) -> None:  # fmt: skip
    """The form for one question, filled as it was when it was opened."""
    clash = st.session_state.get("board-clash")
    if clash is not None:
        _settle(session, clash, seen, choices)
        return
    key = f"edit-{seen['id']}-{seen['version']}"
    with st.form(key):
        values = _fields(choices, seen, key)
        values["state"] = seen["state"]
        if now["leads"]:
            names = state_names()
            values["state"] = st.radio(
                _("State"), list(names), list(names).index(seen["state"]), horizontal=True,
                format_func=lambda one: names[one], key=f"{key}-state",
            )  # fmt: skip
        with st.container(horizontal=True):
            save = st.form_submit_button(_("Save"), type="primary", disabled=not open_now)
            cancel = st.form_submit_button(_("Cancel"))
    if cancel:
        del st.session_state["board-editing"]
        st.rerun()
    if save and not _names_somebody(session, row, values, key):
        _save(session, values, seen, seen["version"])


def _save(session: Session, values: Row, seen: Row, version: int) -> None:
    try:
        answer = data.call(
            session, "edit_question", id=seen["id"], version=version, text=values["text"],
            stage_id=values["stage_id"], supplier_id=values["supplier_id"],
            topic=values["topic"] or "",
        )  # fmt: skip
        if "conflict" in answer:
            st.session_state["board-clash"] = (values, answer["conflict"])
            st.rerun()
        if values["state"] != seen["state"]:
            data.call(session, "set_question_state", id=seen["id"], state=values["state"])
    except StoreError as refusal:
        problem(str(refusal))
        return
    st.session_state.pop("board-editing", None)
    st.rerun()


def _settle(session: Session, clash: tuple[Row, Row], seen: Row, choices: Choices) -> None:
    mine, theirs = clash
    topics, suppliers, stages = choices

    def worded(values: Row) -> dict[str, object]:
        return {
            _("Question"): values["text"],
            _("Topic"): topics.get(values["topic"] or "", values["topic"]),
            _("To which supplier"): suppliers.get(values["supplier_id"] or "", ""),
            _("For which stage"): stages.get(values["stage_id"] or "", ""),
        }

    choice = messages.conflict(worded(mine), worded(theirs), _("Somebody else"), "board-settle")
    if choice is None:
        return
    del st.session_state["board-clash"]
    if choice == "mine":
        _save(session, mine, seen, theirs["version"])
    else:
        st.session_state.pop("board-editing", None)
        st.rerun()


# Putting together, and suggesting -----------------------------------------------------------------


def _merge(session: Session, row: Row, now: Row, which: str) -> None:
    several = found(now["questions"], which, {}, "")
    texts = {
        one["id"]: f"{one['text'][:120]} ({one['votes']})"
        for one in several
        if one["state"] != "dropped"
    }
    st.caption(
        _("Votes go with them; who voted for two of them keeps one vote and gets the other back.")
    )
    chosen = st.multiselect(
        _("Questions that ask the same"), list(texts), key=f"merge-{which}",
        format_func=lambda one: texts.get(one, ""), placeholder=_("Search by a word"),
    )  # fmt: skip
    chosen = [one for one in chosen if one in texts]
    if len(chosen) < 2:
        st.caption(_("Choose two or more."))
        return
    kept = st.radio(
        _("Which one stays"), chosen, format_func=lambda one: plain(texts.get(one, "")),
        key=f"merge-{which}-kept",
    )  # fmt: skip
    if st.button(_("Put them together"), type="primary", key=f"merge-{which}-send"):
        dialogues.do(
            session, "merge_questions", kept=kept, merged=[one for one in chosen if one != kept]
        )


def suggestions(session: Session, dialogue_id: str, consortium_id: str) -> pl.DataFrame:
    """domain.suggestions for the suppliers of an event, from what its consortium knows."""
    return data.cached(session, _suggestions, dialogue_id, consortium_id)


def _suggestions(session: Session, dialogue_id: str, consortium_id: str) -> pl.DataFrame:
    made = data.commitments(session).filter(pl.col("consortium_id") == consortium_id)
    return domain.suggestions(
        picture(session, consortium_id), dialogues_rule.quotable(session, made),
        list(dialogues.supplier_names(session, dialogue_id)),
        risks=data.risks(session).filter(
            pl.col("mine") | pl.col("shared_with").list.contains(consortium_id)
        ),
    )  # fmt: skip


def _suggested(session: Session, row: Row, now: Row) -> None:
    """Questions that what the members know suggests; one click puts one on a board."""
    asked = [one["text"] for one in now["questions"]]
    left = suggestions(session, row["id"], row["consortium_id"]).filter(
        ~pl.col("text").is_in(asked)
    )
    reasons = domain.reason_names()
    with filters.row():
        supplier = filters.choice(
            _("Supplier"), dict(left.select("supplier_id", "supplier").unique().iter_rows()),
            "suggest_supplier",
        )  # fmt: skip
        reason = filters.choice(_("Why"), reasons, "suggest_reason")
    for column, value in (("supplier_id", supplier), ("reason", reason)):
        left = left.filter(pl.col(column) == value) if value else left
    if left.is_empty():
        st.caption(_("Nothing that the consortium knows suggests another question."))
        return
    entered = dialogues.as_entered(session, row["id"])
    for one in left.head(SUGGESTED).iter_rows(named=True):
        with st.container(border=True, gap="xsmall"):
            st.markdown(plain(one["text"]))
            st.caption(plain(f"{reasons[one['reason']]} · {one['supplier']} · {one['why']}"))
            with st.container(horizontal=True):
                for which, label in (
                    ("buyers", _("Add to the buyers' board")),
                    ("shared", _("Add to the shared board")),
                ):
                    if st.button(label, key=f"suggest-{one['key']}-{which}"):
                        _take_up(session, row, which, one, entered)
    if left.height > SUGGESTED:
        more = left.height - SUGGESTED
        st.caption(
            plain(
                ngettext(
                    "{n} more; filter by supplier or reason to see it.",
                    "{n} more; filter by supplier or reason to see them.", more,
                ).format(n=more)
            )
        )  # fmt: skip


def _take_up(session: Session, row: Row, which: str, one: Row, entered: Mapping[str, str]) -> None:
    values = {
        "text": one["text"][:1000], "topic": one["topic"], "stage_id": None,
        "supplier_id": entered.get(one["supplier_id"]),
    }  # fmt: skip
    if _names_somebody(session, row, values, f"suggest-{one['key']}"):
        return
    try:
        _ask(session, row["id"], which, str(uuid4()), values)
    except StoreError as refusal:
        st.session_state["board-problem"] = str(refusal)
    st.rerun()


def read_only(session: Session, row: Row, now: Row) -> None:
    """After the event: the questions of both boards by votes, as a table."""
    topics, suppliers, stages = _choices(session, row)
    kept = [
        one for which in board_names() for one in found(now["questions"], which, {}, "")
    ]  # fmt: skip
    kept.sort(key=lambda one: -one["votes"])
    if not kept:
        st.caption(_("No question was asked on the boards."))
        return
    frame = pl.DataFrame(
        [
            {
                "votes": one["votes"], "text": one["text"], "board": board_names()[one["board"]],
                "state": state_names()[one["state"]],
                "topic": topics.get(one["topic"], one["topic"]) or None,
                "supplier": suppliers.get(one["supplier_id"]),
                "stage": stages.get(one["stage_id"]),
            }
            for one in kept
        ],
        schema_overrides={"topic": pl.String, "supplier": pl.String, "stage": pl.String},
    )  # fmt: skip
    columns: dict[str, Any] = {
        "votes": _("Votes"), "text": st.column_config.TextColumn(_("Question"), width="large"),
        "state": _("State"), "topic": _("Topic"), "supplier": _("Supplier"), "stage": _("Stage"),
        "board": _("Board"),
    }  # fmt: skip
    dialogues_rule.event_table(
        session, row, frame, columns, _("Questions of {title}").format(title=row["title"]),
        f"asked-{row['id']}",
    )  # fmt: skip
