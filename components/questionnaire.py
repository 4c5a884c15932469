"""Answering the questionnaire: begin a draft, fill it in, finish it, look at it.

A draft is stored at every step: whatever is typed or chosen goes to the database in the same run.
What cannot be stored as it stands (a contradiction, a link that is none) stays on the screen with
the reason, and everything else is stored. Two colleagues at one draft: parts that only one of them
changed are merged; where both changed the same part, the two versions stand side by side.
"""

from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote
from uuid import uuid4
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl
import streamlit as st

from components import data, messages
from components.links import go, link
from components.messages import plain, problem
from components.session import Session
from components.sharing import share_form, whose_mark
from quorum import answering, scoring
from quorum.answering import Form
from quorum.definitions import (
    Answer,
    Block,
    Questionnaire,
    UnknownQuestionnaire,
    current,
    questionnaire,
)
from quorum.language import _
from quorum.store import AlreadyThere, Conflict, StoreError
from quorum.store.relations import RELATIONS

FIRST_DAY = date(2000, 1, 1)
LONGEST_NOTE = 1500


@dataclass
class Stored:
    """An assessment as it stands in the store this moment."""

    row: dict[str, Any]
    contact_version: int | None  # None: nothing private is noted yet
    form: Form
    questions: Questionnaire

    @property
    def id(self) -> str:
        return str(self.row["id"])


@dataclass
class Held:
    """What this browser tab knows of an assessment that it edits."""

    base: Form  # as stored when this tab last looked
    mine: Form | None = None  # what the person typed, while two versions stand side by side


def _row(session: Session, relation: str, column: str, assessment_id: str) -> pl.DataFrame:
    return data.fresh(session, relation, {column: assessment_id})


def read(session: Session, assessment_id: str) -> Stored | None:
    """The assessment, or None where there is none that the member may see."""
    try:
        found = data.cached(session, _row, "assessment", "id", assessment_id)
    except StoreError:  # an address that somebody mistyped
        return None
    if found.is_empty():
        return None
    row = data.with_sharing(session, "assessment", found).row(0, named=True)
    private = data.cached(session, _row, "assessment_contact", "assessment_id", assessment_id)
    contact = None if private.is_empty() else private.row(0, named=True)
    try:
        questions = questionnaire(row["questionnaire"])
    except UnknownQuestionnaire:
        return None
    return Stored(
        row,
        None if contact is None else contact["version"],
        answering.form_of(questions, row, contact),
        questions,
    )


# Beginning ----------------------------------------------------------------------------------------


def begin(session: Session, supplier_id: str | None) -> None:
    """Who is asked, who answered, and when: the first step, which makes the draft."""
    questions = current()
    names = supplier_names(session)
    kinds = {kind.code: kind.text for kind in questions.respondent_kinds}
    if not names:
        messages.empty(
            _("The register has no supplier yet"),
            _("An assessment is about a supplier of the register: add the supplier first."),
        )
        link("suppliers", _("Add a supplier to the register"))
        return
    with st.form("begin", enter_to_submit=False):
        chosen = st.selectbox(
            _("Supplier"), list(names), format_func=lambda one: names.get(one, ""),
            index=list(names).index(supplier_id) if supplier_id in names else None,
            placeholder=_("Type a few letters of the name"),
        )  # fmt: skip
        kind = st.radio(
            _("Who answers? Points depend on it."), list(kinds), format_func=kinds.__getitem__,
            index=None, horizontal=True,
        )  # fmt: skip
        company = st.text_input(
            _("Company that answers, if it is not the supplier itself"), max_chars=200
        )
        contact = st.text_input(
            _("Contact there"), max_chars=500,
            help=_("Only your own organisation ever sees it: it is not shared."),
        )  # fmt: skip
        day = st.date_input(
            _("Day of the answers"), value="today", min_value=FIRST_DAY, max_value="today",
            format="YYYY-MM-DD",
        )  # fmt: skip
        pressed = st.form_submit_button(_("Begin"), type="primary")
    link("suppliers", _("The supplier is not in the list: add it to the register"))
    if not pressed:
        return
    if chosen is None or kind is None or not isinstance(day, date):
        problem(_("Choose the supplier, who answers, and the day. Nothing is stored yet."))
        return
    row = {
        "id": st.session_state.setdefault("assess-new", str(uuid4())),
        "supplier_id": chosen, "questionnaire": questions.id, "respondent_kind": kind,
        "company_name": company.strip(), "assessed_on": day, "status": "draft",
    }  # fmt: skip
    try:
        _insert_once(session, "assessment", row)
        if contact.strip():
            private = {"assessment_id": row["id"], "contact": contact.strip()}
            _insert_once(session, "assessment_contact", private)
    except StoreError as refusal:
        problem(str(refusal))
        return
    del st.session_state["assess-new"]
    go("assess", assessment=row["id"])


def supplier_names(session: Session) -> dict[str, str]:
    """Identifier to name of the living suppliers; the country tells namesakes apart."""
    return data.cached(session, _supplier_names)


def _supplier_names(session: Session) -> dict[str, str]:
    found = data.suppliers(session).with_columns(
        label=pl.when(pl.col("name").is_duplicated() & pl.col("country").is_not_null())
        .then(pl.format("{} ({})", "name", "country"))
        .otherwise("name")
    )
    return dict(found.select("id", "label").iter_rows())


def _insert_once(session: Session, relation: str, row: dict[str, Any]) -> None:
    """A second press of the same button finds the row there, which is fine."""
    try:
        data.insert(session, relation, row)
    except AlreadyThere:
        return


# Filling in ---------------------------------------------------------------------------------------


def edit(session: Session, stored: Stored) -> None:
    """The questionnaire as a form that is stored at every step.

    A finished assessment is stored as a whole instead, when its correction is complete: those it is
    shared with never see half of one.
    """
    held = _held(stored)
    typed = held.mine or _typed(stored, held.base)
    form, clashes = answering.merged(held.base, typed, stored.form)
    if clashes:
        held.mine = form
        _compare(session, stored, held)
        return
    _write_widgets(stored, answering.changes(typed, form))
    _write_widgets(stored, form, only_missing=True)
    held.base, held.mine = stored.form, None
    storable, problems = answering.storable(stored.questions, form, stored.form)
    if stored.row["status"] == "draft" and answering.changes(stored.form, storable):
        try:
            _save(session, stored, storable)
        except Conflict:
            st.rerun()  # a colleague was faster by a moment: look again, and merge
        except StoreError as refusal:
            problem(str(refusal))
        held.base = stored.form
    _standing(session, stored, form)
    _who(session, stored, problems)
    for block in stored.questions.blocks:
        _block(stored, block, form, problems)
    _last_questions(stored)
    scored = _scored(stored.questions, form)
    _finish(session, stored, form, scored, problems)
    _score_bar(stored, form["respondent_kind"], scored, bool(problems))


def _held(stored: Stored) -> Held:
    held: Held = st.session_state.setdefault(f"assess-{stored.id}", Held(stored.form))
    return held


def _save(session: Session, stored: Stored, form: Form, *, finish: bool = False) -> None:
    """Stores what differs from `stored`, which is then as it was stored.

    Raises Conflict when something else is stored by now, and what the store refuses.
    """
    changed = set(answering.changes(stored.form, form))
    if changed - set(answering.PRIVATE_FIELDS) or finish:
        values = answering.row_of(stored.questions, form, finished=finish)
        if finish:
            values["status"] = "final"
        data.update(session, "assessment", values, {"id": stored.id}, stored.row["version"])
        stored.row |= {"version": stored.row["version"] + 1, "updated_at": datetime.now(UTC)}
    if changed & set(answering.PRIVATE_FIELDS):
        _save_private(session, stored, {part: form[part] for part in answering.PRIVATE_FIELDS})
    stored.form = form


def _save_private(session: Session, stored: Stored, private: dict[str, str]) -> None:
    if stored.contact_version is None:
        try:
            row = {"assessment_id": stored.id, **private}
            data.insert(session, "assessment_contact", row)
        except AlreadyThere as race:
            raise Conflict(str(race), {}) from race
    else:
        filters = {"assessment_id": stored.id}
        data.update(session, "assessment_contact", private, filters, stored.contact_version)
    stored.contact_version = (stored.contact_version or 0) + 1


def _compare(session: Session, stored: Stored, held: Held) -> None:
    """Both changed the same part: side by side, until the person has chosen."""
    mine = held.mine or stored.form
    names = _supplier_options(session, stored)
    words = [
        answering.described(stored.questions, form, names.get(form["supplier_id"], ""))
        for form in (mine, stored.form)
    ]
    who = _who_changed(session, stored.id)
    choice = messages.conflict(words[0], words[1], who, f"clash-{stored.id}")
    if choice is None:
        return
    held.base, held.mine = stored.form, None
    _write_widgets(stored, mine if choice == "mine" else stored.form)
    st.rerun()


def _who_changed(session: Session, assessment_id: str) -> str:
    trail = data.fresh(session, "audit_event", {"item_id": assessment_id}).sort("at")
    people = dict(data.rows(session, "person").select("id", "name").iter_rows())
    found = people.get(trail["person_id"][-1]) if trail.height else None
    return found or _("A colleague")


# Between the form and its widgets: a radio for a block with one answer, else a box per answer.


def _typed(stored: Stored, base: Form) -> Form:
    """The form as its widgets have it; where there is no widget (yet), as in `base`."""
    values = _widget_values(stored.questions, base)
    values = {
        name: st.session_state.get(f"{stored.id}:{name}", value) for name, value in values.items()
    }
    typed = {name: value for name, value in values.items() if name in answering.FIELDS}
    typed |= {name: text for name, text in values.items() if name.startswith(("note:", "link:"))}
    for block in stored.questions.blocks:
        part = f"block:{block.code}"
        if block.rule == "one":
            typed[part] = [values[part]] if values[part] else []
        else:
            typed[part] = [one.code for one in block.answers if values[f"answer:{one.code}"]]
    return typed


def _write_widgets(stored: Stored, parts: Form, *, only_missing: bool = False) -> None:
    """Puts parts of the form into their widgets, before these are drawn."""
    for name, value in _widget_values(stored.questions, parts).items():
        if not only_missing or f"{stored.id}:{name}" not in st.session_state:
            st.session_state[f"{stored.id}:{name}"] = value


def _widget_values(questions: Questionnaire, parts: Form) -> dict[str, Any]:
    values: dict[str, Any] = {
        part: value if part == "assessed_on" else value or ""
        for part, value in parts.items()
        if not part.startswith("block:")
    }
    for block in questions.blocks:
        codes = parts.get(f"block:{block.code}")
        if codes is None:
            continue
        if block.rule == "one":
            values[f"block:{block.code}"] = codes[0] if codes else None
        else:
            values |= {f"answer:{one.code}": one.code in codes for one in block.answers}
    return values


# What is drawn


def _standing(session: Session, stored: Stored, form: Form) -> None:
    """Whom it is about, whose it is, and how it is stored."""
    st.subheader(plain(_supplier_options(session, stored)[form["supplier_id"]]), anchor=False)
    kinds = {kind.code: kind.text for kind in stored.questions.respondent_kinds}
    summary = [kinds[form["respondent_kind"]], form["company_name"], form["assessed_on"]]
    st.markdown(plain(", ".join(str(one) for one in summary if one)))
    if stored.row["status"] == "final":
        whose_mark(session, stored.row, "assessment", f"mark-{stored.id}")
        st.markdown(
            _(
                "You are correcting a finished assessment. Your changes are stored together when "
                "you save the correction: until then everybody sees it as it was."
            )
        )
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(messages.whose_badge("private"))
        st.markdown(_("Stored at every step: you can stop at any time and go on later."))


def _who(session: Session, stored: Stored, problems: dict[str, str]) -> None:
    names = _supplier_options(session, stored)
    kinds = {kind.code: kind.text for kind in stored.questions.respondent_kinds}
    with st.expander(_("Change supplier, respondent, contact or day")):
        st.selectbox(
            _("Supplier"), list(names), format_func=lambda one: names.get(one, ""),
            key=f"{stored.id}:supplier_id",
        )  # fmt: skip
        st.radio(
            _("Kind of respondent: points depend on it"), list(kinds),
            format_func=kinds.__getitem__, horizontal=True,
            key=f"{stored.id}:respondent_kind",
        )  # fmt: skip
        st.text_input(
            _("Company that answers, if it is not the supplier itself"), max_chars=200,
            key=f"{stored.id}:company_name",
        )  # fmt: skip
        st.text_input(_("Contact there (never shared)"), max_chars=500, key=f"{stored.id}:contact")
        st.date_input(
            _("Day of the answers"), min_value=FIRST_DAY, max_value="today",
            format="YYYY-MM-DD", key=f"{stored.id}:assessed_on",
        )  # fmt: skip
        _say(problems, "assessed_on")


def _supplier_options(session: Session, stored: Stored) -> dict[str, str]:
    """The register's names; an entry that was merged goes by the name of the one that stands."""
    names = supplier_names(session)
    written = stored.row["supplier_id"]
    if written not in names:
        entries = dict(data.register(session).select("id", "kept_id").iter_rows())
        names = {written: names.pop(entries.get(written, ""), _("Unknown supplier"))} | names
    return names


def _block(stored: Stored, block: Block, form: Form, problems: dict[str, str]) -> None:
    """One question: its answers, and for each that is chosen a note and a link."""
    kind = form["respondent_kind"]
    part = f"block:{block.code}"
    with _section(block.text, block.help):
        if block.rule == "one":
            texts = {answer.code: answer.text for answer in block.answers}
            st.radio(
                block.text, list(texts), format_func=texts.__getitem__, index=None,
                captions=[_small_print(answer, kind) for answer in block.answers],
                key=f"{stored.id}:{part}", label_visibility="collapsed",
            )  # fmt: skip
        for answer in block.answers:
            if block.rule == "several":
                with st.container(gap="xxsmall"):
                    st.checkbox(answer.text, key=f"{stored.id}:answer:{answer.code}")
                    st.caption(_small_print(answer, kind))
            if answer.code in form[part]:
                _evidence(stored, answer, problems)
        _say(problems, part)
        if note := reconstructed_note(block, kind, [answer.code for answer in block.answers]):
            st.caption(note)


def _small_print(answer: Answer, kind: str) -> str:
    points = answer.points[kind]
    return _("{help} Points: {points}.").format(
        help=answer.help, points=scoring.points_words(points.low, points.high)
    )


def reconstructed_note(block: Block, kind: str, codes: Container[str]) -> str | None:
    """Which points of these answers are ours, because the printed copy of the source lost them."""
    lost = [
        _("{answer} {points} ({certainty})").format(
            answer=answer.label,
            points=scoring.points_words(points.low, points.high),
            certainty=_("sure") if points.certainty == "sure" else _("likely"),
        )
        for answer in block.answers
        if (points := answer.points[kind]).reconstructed and answer.code in codes
    ]
    if not lost:
        return None
    return _(
        "The printed copy of the source has lost some points of this question. Reconstructed by "
        "us: {answers}."
    ).format(answers="; ".join(lost))


def _evidence(stored: Stored, answer: Answer, problems: dict[str, str]) -> None:
    note, address = st.columns([3, 2], gap="small")
    note.text_area(
        _("Which ones? Name them") if answer.names else _("Note: what supports this answer"),
        max_chars=LONGEST_NOTE, height=68, key=f"{stored.id}:note:{answer.code}",
    )  # fmt: skip
    address.text_input(
        _("Link to the evidence (https://…)"), max_chars=answering.LONGEST_LINK,
        key=f"{stored.id}:link:{answer.code}",
    )  # fmt: skip
    _say(problems, f"link:{answer.code}")


def _last_questions(stored: Stored) -> None:
    question = stored.questions.open_question
    with _section(question.text, question.help):
        st.text_area(
            question.text, max_chars=5000, key=f"{stored.id}:other_actions",
            label_visibility="collapsed",
        )  # fmt: skip
    with _section(_("Internal note"), _("For your colleagues alone: it is never shared.")):
        st.text_area(
            _("Internal note"), max_chars=5000, key=f"{stored.id}:internal_note",
            label_visibility="collapsed",
        )  # fmt: skip


def _section(title: str, help: str) -> Any:
    made = st.container(border=True)
    made.subheader(title, anchor=False)
    made.markdown(help)
    return made


def _say(problems: dict[str, str], part: str) -> None:
    if part in problems:
        problem(
            _("{problem} Until then this stays as it was stored.").format(problem=problems[part])
        )


def _finish(
    session: Session, stored: Stored, form: Form, scored: dict[str, Any], problems: dict[str, str]
) -> None:
    missing = answering.missing(stored.questions, form)
    draft = stored.row["status"] == "draft"
    with _section(_("Finish"), _whether_complete(missing)):
        for sentence in [*missing, *answering.unnamed(stored.questions, form)]:
            st.markdown(f"- {plain(sentence)}")
        _why(scored)
        with st.container(horizontal=True):
            name = _("Finish this assessment") if draft else _("Save the correction")
            pressed = st.button(name, type="primary", key=f"finish-{stored.id}")
            if draft:
                _delete(session, stored)
            elif st.button(_("Leave it as it was"), key=f"leave-{stored.id}"):
                _close(stored)
        if not pressed:
            return
        if missing or problems:
            problem(
                _("It cannot be finished yet: the sentences above and at the questions say why.")
            )
            return
        try:
            _save(session, stored, form, finish=True)
        except Conflict:
            st.rerun()
        except StoreError as refusal:
            problem(str(refusal))
            return
    st.session_state[f"finished-{stored.id}"] = True
    _close(stored)


def _whether_complete(missing: list[str]) -> str:
    if missing:
        return _("Still missing:")
    return _(
        "Every question has an answer. A finished assessment stays private until you share it."
    )


def _why(scored: dict[str, Any]) -> None:
    for reason in (scored["doubt"], scored["gap_note"]):
        if reason:
            st.caption(plain(reason))


def _delete(session: Session, stored: Stored) -> None:
    with st.popover(_("Delete this draft"), key=f"delete-{stored.id}"):
        st.markdown(_("Its answers, notes and contact are gone for good."))
        if not st.button(_("Delete for good"), key=f"sure-{stored.id}"):
            return
        try:
            data.delete(session, "assessment", {"id": stored.id})
        except StoreError as refusal:
            problem(str(refusal))
            return
    _forget_form(stored)
    go("assessments")


def _close(stored: Stored) -> None:
    """Ends editing: the next run shows the finished assessment."""
    _forget_form(stored)
    st.session_state.pop(f"correct-{stored.id}", None)
    st.rerun()


def _forget_form(stored: Stored) -> None:
    own = f"{stored.id}:"
    for key in [key for key in st.session_state if str(key).startswith(own)]:
        del st.session_state[key]
    st.session_state.pop(f"assess-{stored.id}", None)


# The score ----------------------------------------------------------------------------------------


def _scored(questions: Questionnaire, form: Form) -> dict[str, Any]:
    row = {
        "questionnaire": questions.id,
        "respondent_kind": form["respondent_kind"],
        "answers": answering.chosen(questions, form),
    }
    schema = {name: RELATIONS["assessment"][name] for name in row}
    return scoring.scores(pl.DataFrame([row], schema=schema)).row(0, named=True)


def _score_bar(stored: Stored, kind: str, scored: dict[str, Any], unsaved: bool) -> None:
    """Points and bands so far, in sight wherever the person is on the page."""
    parts = [
        f"{dimension.text} **{plain(_so_far(stored.questions, dimension.code, kind, scored))}**"
        for dimension in stored.questions.dimensions
    ]
    overall = scoring.band_words(scored["overall"], scored["overall_high"])
    if scored["overall"] is None:
        overall = _("once all are answered")
    parts.append(_("Overall") + f" **{plain(overall)}**")
    parts.append(plain(_saved(stored, unsaved)))
    st.bottom.markdown(" · ".join(parts))


def _so_far(questions: Questionnaire, dimension: str, kind: str, scored: dict[str, Any]) -> str:
    points = scored[f"{dimension}_points"]
    if points is None:
        return _("not answered")
    return _("{points} of {most}, {band}").format(
        points=scoring.points_words(points, scored[f"{dimension}_points_high"]),
        most=questions.most_points(dimension, kind),
        band=scoring.band_words(scored[f"{dimension}_band"], scored[f"{dimension}_band_high"]),
    )


def _saved(stored: Stored, unsaved: bool) -> str:
    if stored.row["status"] == "final":
        return _("Not saved yet")
    at = clock(stored.row["updated_at"])
    if unsaved:
        return _("Draft saved {time}, but not all of it: see the question").format(time=at)
    return _("Draft saved {time}").format(time=at)


def clock(moment: datetime) -> str:
    """The time of day where the reader is."""
    try:
        zone = ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    return moment.astimezone(zone).strftime("%H:%M")


# Looking at it ------------------------------------------------------------------------------------


def show(session: Session, stored: Stored) -> None:
    """A finished assessment, or a colleague's draft for those who may only read."""
    mine = stored.row["organisation_id"] == session.principal.organisation_id
    st.subheader(plain(_supplier_options(session, stored)[stored.row["supplier_id"]]), anchor=False)
    st.markdown(plain(_who_assessed(session, stored)))
    whose_mark(session, stored.row, "assessment", f"mark-{stored.id}")
    scored = _scored(stored.questions, stored.form)
    _figures(stored, scored)
    _why(scored)
    _answers(stored)
    if stored.form["other_actions"]:
        st.markdown(f"**{stored.questions.open_question.text}**")
        st.markdown(plain(stored.form["other_actions"]))
    if mine:
        _private(stored)
    with st.container(horizontal=True):
        link("supplier", _("Supplier profile"), supplier=stored.row["supplier_id"])
        link("assessments", _("All assessments of it"), supplier=stored.row["supplier_id"])
    if mine and session.principal.may_edit and stored.row["status"] == "final":
        _correct(session, stored)
        if st.session_state.pop(f"finished-{stored.id}", False):
            messages.done(_("Finished and stored."))
        st.subheader(_("Share it"), anchor=False)
        share_form(
            session, "assessment", [stored.id], _title(session, stored), f"share-{stored.id}"
        )
    messages.foot(
        [stored.questions.source], stored.row["assessed_on"],
        _("contact and internal note, which only the organisation that assessed sees"),
    )  # fmt: skip
    link("method", _("How points and bands are worked out"))


def _who_assessed(session: Session, stored: Stored) -> str:
    kinds = {kind.code: kind.text for kind in stored.questions.respondent_kinds}
    owner = data.organisation_names(session).get(stored.row["organisation_id"], _("another member"))
    said = _("Answered by {company} ({kind}) on {day}; assessed by {organisation}.")
    if stored.row["status"] == "draft":
        said = _("Draft of {organisation}: answers of {company} ({kind}) on {day}.")
    return said.format(
        company=stored.row["company_name"] or _("the supplier itself"),
        kind=kinds.get(stored.row["respondent_kind"], ""),
        day=stored.row["assessed_on"],
        organisation=owner,
    )


def _title(session: Session, stored: Stored) -> str:
    return _("Assessment of {supplier}, {day}").format(
        supplier=_supplier_options(session, stored)[stored.row["supplier_id"]],
        day=stored.row["assessed_on"],
    )


def _figures(stored: Stored, scored: dict[str, Any]) -> None:
    kind = stored.row["respondent_kind"]
    columns = st.columns(len(stored.questions.dimensions) + 1)
    for column, dimension in zip(columns, stored.questions.dimensions, strict=False):
        band = scoring.band_words(
            scored[f"{dimension.code}_band"], scored[f"{dimension.code}_band_high"]
        )
        column.metric(dimension.text, band)
        column.caption(plain(_so_far_points(stored.questions, dimension.code, kind, scored)))
    columns[-1].metric(_("Overall"), scoring.band_words(scored["overall"], scored["overall_high"]))
    columns[-1].caption(_("The lowest of the three"))


def _so_far_points(
    questions: Questionnaire, dimension: str, kind: str, scored: dict[str, Any]
) -> str:
    points = scored[f"{dimension}_points"]
    if points is None:
        return _("No answer")
    return _("{points} of {most} points").format(
        points=scoring.points_words(points, scored[f"{dimension}_points_high"]),
        most=questions.most_points(dimension, kind),
    )


def _answers(stored: Stored) -> None:
    """Every chosen answer with what it counts, its note and its link; then what a cap takes off."""
    kind, codes = stored.row["respondent_kind"], stored.row["answers"]
    for block in stored.questions.blocks:
        lines = scoring.explain(stored.questions, kind, codes).filter(pl.col("block") == block.code)
        st.markdown(f"**{block.text}**")
        if lines.is_empty():
            st.markdown(_("No answer yet."))
        for line in lines.iter_rows(named=True):
            st.markdown("- " + _answer_line(stored, line))
        if note := reconstructed_note(block, kind, codes):
            st.caption(note)


def _answer_line(stored: Stored, line: dict[str, Any]) -> str:
    points = scoring.points_words(line["points"], line["points_high"])
    counted = _("Points: {points}.").format(points=points)
    parts = [f"{plain(line['text'])} **{plain(counted)}**"]
    note = stored.form.get(f"note:{line['code']}", "")
    address = stored.form.get(f"link:{line['code']}", "")
    if note:
        parts.append(plain(note))
    if answering.is_web_address(address):
        # The address is escaped where it is a link, so that nothing in it ends the link.
        parts.append(f"[{plain(_('evidence'))}](<{_escaped(address)}>)")
    return "  \n".join(parts)


def _escaped(address: str) -> str:
    """An address inside Markdown's angle brackets."""
    return quote(address, safe="%/:?#[]@!$&'*+,;=~-._")


def _private(stored: Stored) -> None:
    for label, part in ((_("Contact"), "contact"), (_("Internal note"), "internal_note")):
        if text := stored.form[part]:
            st.markdown(plain(_("{label} (never shared): {text}").format(label=label, text=text)))


def _correct(session: Session, stored: Stored) -> None:
    """A private one becomes a draft again; one that colleagues see is corrected in one step."""
    if not st.button(_("Reopen and correct"), key=f"reopen-{stored.id}"):
        return
    if stored.row["shared_with"]:
        st.session_state[f"correct-{stored.id}"] = True
        st.rerun()
    try:
        version = stored.row["version"]
        data.update(session, "assessment", {"status": "draft"}, {"id": stored.id}, version)
    except StoreError as refusal:
        problem(str(refusal))
        return
    st.rerun()


def correcting(stored: Stored) -> bool:
    """Whether the member has reopened this finished assessment."""
    return bool(st.session_state.get(f"correct-{stored.id}"))
