"""Forms of initiatives, rubrics and ratings, and what all forms about initiatives share."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from uuid import uuid4

import polars as pl
import streamlit as st

from components import data, edits, sharing
from components.initiatives import day_column
from components.links import link
from components.messages import done, plain, problem
from components.session import Session
from components.tables import table
from quorum import initiatives
from quorum.definitions import rubrics as definitions
from quorum.definitions.rubrics import Rubric
from quorum.language import _
from quorum.store import AlreadyThere, Row, StoreError

NOT_RATED = -1.0  # on the slider, left of nought


# What forms share ---------------------------------------------------------------------------------


def minted(key: str) -> str:
    """One identifier per form, so that a repeated submit is stored once."""
    return str(st.session_state.setdefault(f"{key}-id", str(uuid4())))


def stored(session: Session, relation: str, row: dict[str, Any], key: str) -> bool:
    """Whether the row is in the store now; says why not. A repeated submit counts as stored."""
    try:
        data.insert(session, relation, row)
    except AlreadyThere:
        if data.fresh(session, relation, {"id": row["id"]}).is_empty():
            problem(_("A colleague stored this meanwhile. Open the page again to see it."))
            return False
    except StoreError as refusal:
        problem(str(refusal))
        return False
    st.session_state.pop(f"{key}-id", None)
    return True


def say_stored(key: str) -> None:
    """What the last submit did, once."""
    if said := st.session_state.pop(f"{key}-said", None):
        done(said)


def again(key: str, sentence: str) -> None:
    st.session_state[f"{key}-said"] = sentence
    st.rerun()


def folded(parts: Sequence[tuple[str, str, Callable[[Session], None]]], session: Session) -> None:
    """Forms behind a click each: (title, key, what shows it). A closed one costs nothing."""
    for title, key, part in parts:
        fold = st.expander(title, key=key, on_change="rerun")
        if fold.open:
            with fold:
                part(session)


def share_again(session: Session, relation: str, identifier: str, title: str) -> None:
    """Below what was just stored: sharing it."""
    st.subheader(_("Share it"))
    sharing.share_form(session, relation, [identifier], title, f"share-{identifier}")
    link("sharing", _("All receipts"))


# Initiatives --------------------------------------------------------------------------------------


def add_initiative(session: Session) -> None:
    """The form for an initiative that the manual does not describe."""
    key = "initiative-new"
    say_stored(key)
    kinds = definitions.initiative_kinds()
    with st.form(key, clear_on_submit=False):
        name = st.text_input(_("Name"), max_chars=200, key=f"{key}-name").strip()
        kind = st.selectbox(
            _("Kind"), list(kinds), format_func=lambda one: kinds[one], key=f"{key}-kind"
        )
        description = st.text_area(
            _("What it does"), max_chars=2000, key=f"{key}-description"
        ).strip()
        website = st.text_input(
            _("Website"), max_chars=500, key=f"{key}-website", placeholder="https://"
        ).strip()
        sent = st.form_submit_button(_("Add the initiative"), type="primary")
    if not sent:
        return
    if len(name) < 2:
        problem(_("Give the initiative a name of at least two characters."))
        return
    if website and not initiatives.is_link(website):
        problem(_("The website is not a link: begin with https:// and leave out spaces."))
        return
    if name.casefold() in {n.casefold() for n in data.initiatives(session)["name"]}:
        problem(_("“{name}” is there already. Rate that one.").format(name=name))
        return
    row = {"id": minted(key), "name": name, "kind": kind, "description": description,
           "website": website or None}  # fmt: skip
    if stored(session, "initiative", row, key):
        again(
            key,
            _("“{name}” is added. Only your organisation sees it until you share it.").format(
                name=name
            ),
        )


def correct_initiative(session: Session, row: dict[str, Any]) -> None:
    """The button and form for an initiative that the organisation itself added."""
    key, kinds = f"initiative-{row['key']}", definitions.initiative_kinds()

    def inputs(row: Row) -> dict[str, Any]:
        return {
            "name": st.text_input(_("Name"), row["name"], max_chars=200, key=f"{key}-name").strip(),
            "kind": st.selectbox(
                _("Kind"), list(kinds), list(kinds).index(row["kind"]), key=f"{key}-kind",
                format_func=lambda one: kinds[one],
            ),
            "description": st.text_area(
                _("What it does"), row["description"], max_chars=2000, key=f"{key}-description"
            ).strip(),
            "website": st.text_input(
                _("Website"), row["website"] or "", max_chars=500, key=f"{key}-website",
                placeholder="https://",
            ).strip() or None,
        }  # fmt: skip

    def words(row: Row) -> Row:
        return {**row, "kind": kinds[row["kind"]]}

    labels = {"name": _("Name"), "kind": _("Kind"), "description": _("What it does"),
              "website": _("Website")}  # fmt: skip
    edits.edit(session, "initiative", row, labels, inputs, key, _("Correct it"), words)


# Rubrics ------------------------------------------------------------------------------------------


def add_rubric(session: Session) -> None:
    """The form for a rubric of the consortium's own, or a new edition of one."""
    key = "rubric-new"
    say_stored(key)
    mine = data.rows(session, "rubric", "title", "-edition").filter(
        organisation_id=session.principal.organisation_id
    )
    families = dict(mine.select("family", "title").unique("family", maintain_order=True).rows())
    st.markdown(
        _("Every criterion is rated from 0 to 4 in half steps. An edition never changes later.")
    )
    family = st.selectbox(
        _("New edition of"), list(families), index=None, placeholder=_("A new rubric"),
        format_func=lambda one: families.get(one, ""), key=f"{key}-family",
    )  # fmt: skip
    title = st.text_input(
        _("Title"), families.get(family or "", ""), max_chars=200, key=f"{key}-title-{family}"
    ).strip()
    source = st.text_input(_("Based on"), max_chars=500, key=f"{key}-source").strip()
    since = st.date_input(_("In use from"), date.today(), format="YYYY-MM-DD", key=f"{key}-since")
    criteria = st.data_editor(
        pl.DataFrame({"label": [""] * 4, "question": [""] * 4}),
        column_config={"label": _("Criterion"), "question": _("What a rater judges")},
        num_rows="dynamic", hide_index=True, key=f"{key}-criteria", width="stretch",
    )  # fmt: skip
    if not st.button(_("Add the rubric"), type="primary", key=f"{key}-add"):
        return
    named = [
        (str(label or "").strip(), str(question or "").strip()[:500])
        for label, question in criteria.iter_rows()
        if str(label or "").strip()
    ]
    said = definitions.problems_of_rubric(title, [label for label, __ in named], since)
    for sentence in said:
        problem(sentence)
    if said:
        return
    codes: list[str] = []
    for label, __ in named:
        codes.append(definitions.code_of(label, codes))
    identifier = minted(key)
    edition = 1 + (mine.filter(family=family)["edition"].max() or 0) if family else 1  # type: ignore[operator]
    row = {
        "id": identifier, "family": family or identifier, "edition": edition, "title": title,
        "source": source, "valid_from": since,
        "criteria": [
            {"code": code, "label": label, "question": question}
            for code, (label, question) in zip(codes, named, strict=True)
        ],
    }  # fmt: skip
    if stored(session, "rubric", row, key):
        again(key, _("“{title}” can be used now. Share it so that others can.").format(title=title))


def my_rubrics(session: Session) -> None:
    """The organisation's own editions: ending one, sharing one."""
    mine = data.rows(session, "rubric", "title", "-edition").filter(
        organisation_id=session.principal.organisation_id
    )
    if mine.is_empty():
        st.caption(_("Your organisation has added no rubric."))
        return
    chosen = table(
        sharing.whose_words(session, data.with_sharing(session, "rubric", mine)),
        {"title": _("Title"), "edition": _("Edition"), "valid_from": day_column(_("In use from")),
         "valid_until": day_column(_("Until")), "whose": _("Who sees it")},
        "rubrics-mine", id_column="id",
    )  # fmt: skip
    if not chosen:
        st.caption(_("Select a row to end or share an edition."))
        return
    row = mine.row(by_predicate=pl.col("id") == chosen, named=True)
    until = st.date_input(
        _("Last day of use"), row["valid_until"], min_value=row["valid_from"], format="YYYY-MM-DD",
        key=f"rubric-until-{chosen}",
    )  # fmt: skip
    with st.container(horizontal=True):
        end = st.button(_("End it on this day"), key=f"rubric-end-{chosen}", disabled=until is None)
        delete = st.button(_("Delete this edition"), key=f"rubric-delete-{chosen}")
    if end:
        try:
            data.update(session, "rubric", {"valid_until": until}, {"id": chosen})
        except StoreError as refusal:
            problem(str(refusal))
        else:
            st.rerun()
    if delete:
        edits.deleted(
            session, "rubric", chosen,
            _("It cannot be deleted while it is shared, or once something was rated under it."),
        )  # fmt: skip
    sharing.share_form(session, "rubric", [chosen], row["title"], f"rubric-share-{chosen}")


# Ratings ------------------------------------------------------------------------------------------


def rating_form(session: Session, key: str, rubric: Rubric, before: dict[str, Any]) -> None:
    """The form for a rating. `before`: criterion -> row of RATINGS that is being revised."""
    revised = next(iter(before.values()), None)
    form = f"rate-{key}-{rubric.id}-{rubric.edition}-{revised and revised['rating_id']}"
    said = {NOT_RATED: _("Not rated"), **{one: f"{one:g}" for one in definitions.STARS}}
    values: dict[str, float | None] = {}
    reasons: dict[str, str] = {}
    with st.form(form):
        rated_on = st.date_input(
            _("Date of the rating"), date.today(), format="YYYY-MM-DD", key=f"{form}-day", width=200
        )
        for one in rubric.criteria:
            old = before.get(one.code, {})
            st.markdown(f"**{plain(one.label)}**  \n{plain(one.question)}")
            stars, why = st.columns([2, 3])
            value = stars.select_slider(
                _("Stars for {criterion}").format(criterion=plain(one.label)), list(said),
                old.get("value", NOT_RATED), format_func=lambda star: said[star],
                key=f"{form}-{one.code}-stars",
            )  # fmt: skip
            values[one.code] = None if value == NOT_RATED else float(value)
            reasons[one.code] = why.text_area(
                _("Why, for {criterion}").format(criterion=plain(one.label)),
                old.get("rationale", ""), max_chars=4000, height=96, key=f"{form}-{one.code}-why",
            )  # fmt: skip
        evidence = st.text_area(
            _("Evidence: links, one a line"), "\n".join(revised["evidence"] if revised else ()),
            key=f"{form}-evidence", placeholder="https://", height=80,
        )  # fmt: skip
        label = _("Store the revised rating") if revised else _("Store the rating")
        sent = st.form_submit_button(label, type="primary")
    if not sent:
        return
    links = [line.strip() for line in evidence.splitlines() if line.strip()]
    faults = initiatives.problems_of_rating(rubric, values, reasons, links, rated_on, date.today())
    if len(links) > 20:
        faults.append(_("A rating carries 20 links at most. Take some out."))
    for sentence in faults:
        problem(sentence)
    if faults:
        return
    row = {
        "id": minted(form), "initiative": key, "rubric": rubric.id, "edition": rubric.edition,
        "rated_on": rated_on, "scores": initiatives.scores(values, reasons), "evidence": links,
        "supersedes": revised["rating_id"] if revised else None,
    }  # fmt: skip
    if stored(session, "initiative_rating", row, form):
        st.session_state["rate-done"] = row["id"]
        st.rerun()
