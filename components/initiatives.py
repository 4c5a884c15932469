"""Initiatives on pages: what is derived from ratings and memberships, and the forms."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import uuid4

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from components import data, edits, filters, sharing
from components.downloads import downloads
from components.links import link
from components.messages import done, plain, problem
from components.session import Session
from components.tables import table
from quorum import charts, initiatives
from quorum.definitions import rubrics as definitions
from quorum.definitions.rubrics import Rubric, published
from quorum.language import _
from quorum.receipts import listed
from quorum.store import AlreadyThere, NotAllowed, Row, StoreError

NOT_RATED = -1.0  # on the slider, left of nought
# What the pages of ratings, and those of memberships, are made of, for `data.ahead`.
RELATIONS = (
    "organisation", "initiative", "rubric", "initiative_rating", "sharing", "sharing_item",
)  # fmt: skip
LINKED = (
    "supplier", "organisation", "initiative", "initiative_link", "assessment", "site_list", "spend",
    "sharing", "sharing_item",
)  # fmt: skip


# Rubrics ------------------------------------------------------------------------------------------


def rubric_options(session: Session) -> dict[str, str]:
    """`id/edition` to title, published ones first."""
    known = data.rubrics(session)
    several = {one.id for one in known if one.edition > 1}
    return {
        f"{one.id}/{one.edition}": _("{title}, edition {n}").format(title=one.title, n=one.edition)
        if one.id in several
        else one.title
        for one in known
    }


def rubric_of(session: Session, option: str) -> Rubric:
    """The rubric of an option; the first published one where it is not there any more."""
    known = data.rubrics(session)
    return next((one for one in known if f"{one.id}/{one.edition}" == option), known[0])


def rubric_choice(session: Session, key: str) -> str:
    """The edition that the page looks at, as an option of `rubric_options`."""
    options = filters.told_apart(rubric_options(session))
    chosen = st.selectbox(
        _("Rubric"), list(options), format_func=lambda one: options.get(one, ""), key=key,
        bind="query-params", width=260,
    )  # fmt: skip
    return chosen if chosen in options else next(iter(options))


def whose_names() -> dict[str, str]:
    return {
        "all": _("All that you may see"),
        "published": _("The published table"),
        "ours": _("Your organisation's"),
    }


def whose_choice(key: str) -> str:
    """Whose ratings the page looks at: one of initiatives.WHOSE."""
    names = whose_names()
    chosen = st.selectbox(
        _("Whose ratings"), list(names), key=key, format_func=lambda one: names.get(one, ""),
        bind="query-params", width=240,
    )  # fmt: skip
    return chosen if chosen in names else "all"


def view(options: dict[str, str], key: str) -> str:
    """Which part of the page is shown: only that part is worked out."""
    # Not a segmented control: the chosen part of one stays below 4.5:1 on the dark page.
    chosen = st.radio(
        _("View"), list(options), key=key, bind="query-params", horizontal=True,
        format_func=lambda one: options[one], label_visibility="collapsed",
    )  # fmt: skip
    return str(chosen)


# Derived, once per change -------------------------------------------------------------------------


def under(session: Session, option: str) -> pl.DataFrame:
    """All ratings seen that were given under the edition, old ones too. Large: ask for less."""
    return initiatives.under(data.ratings(session), rubric_of(session, option))


def latest(session: Session, option: str, whose: str = "all") -> pl.DataFrame:
    """Of each rater the latest."""
    if whose == "all":
        return initiatives.current(under(session, option))
    return initiatives.given_by(data.cached(session, latest, option), whose)


def is_rated(session: Session, option: str, key: str) -> bool:
    return key in data.cached(session, summary, option)["initiative"]


def own_rating(session: Session, option: str, key: str) -> dict[str, dict[str, Any]]:
    """The organisation's own rating that stands now: criterion -> row of RATINGS."""
    mine = data.cached(session, latest, option).filter(pl.col("initiative") == key, pl.col("mine"))
    return {row["criterion"]: row for row in mine.iter_rows(named=True)}


def summary(session: Session, option: str, whose: str = "all") -> pl.DataFrame:
    return initiatives.summary(data.cached(session, latest, option, whose))


def due_flags(rubric: Rubric) -> dict[str, tuple[definitions.Due, ...]]:
    """Initiative to what the data file wants rated again, under the rubric that it speaks of."""
    if rubric.id != published().rubric:
        return {}
    return {one.id: one.due for one in published().initiatives}


def standings(session: Session, option: str, whose: str = "all") -> pl.DataFrame:
    """What is unrated, due or current, with the names, in words."""
    names = data.initiative_names(session)
    rubric = rubric_of(session, option)
    words = {"unrated": _("Not rated"), "due": _("Due again"), "current": _("Rated")}
    return initiatives.standings(
        list(names),
        data.cached(session, latest, option, whose),
        rubric,
        due_flags(rubric),
        date.today(),
        whose,
    ).with_columns(
        name=pl.col("initiative").replace_strict(names, return_dtype=pl.String),
        word=pl.col("state").replace_strict(words, return_dtype=pl.String),
    )


def disagreements(session: Session, option: str, least: float, whose: str = "all") -> pl.DataFrame:
    names = data.initiative_names(session)
    found = initiatives.disagreements(
        data.cached(session, latest, option, whose), rubric_of(session, option), least
    )
    return found.filter(pl.col("initiative").is_in(list(names))).with_columns(
        name=pl.col("initiative").replace_strict(names, default="", return_dtype=pl.String),
        id=pl.format("{}|{}", "initiative", "criterion"),
    )


def wide(session: Session, option: str, whose: str = "all") -> pl.DataFrame:
    """A row per initiative, for the table beside the matrix: medians, widest range, raters."""
    names = data.initiative_names(session)
    found = {
        (row["initiative"], row["criterion"]): row
        for row in data.cached(session, summary, option, whose).iter_rows(named=True)
    }
    rows = []
    for key, name in names.items():
        cells = {
            code: found.get((key, code)) for code in rubric_of(session, option).labels
        }  # fmt: skip
        known = [one for one in cells.values() if one]
        rows.append(
            {
                "key": key, "name": name,
                **{code: one and one["median"] for code, one in cells.items()},
                "spread": max((one["high"] - one["low"] for one in known), default=None),
                "raters": max((one["raters"] for one in known), default=0),
                "newest": max((one["newest"] for one in known), default=None),
            }
        )  # fmt: skip
    stars = dict.fromkeys(rubric_of(session, option).labels, pl.Float64())
    return pl.DataFrame(
        rows,
        schema={
            "key": pl.String(), "name": pl.String(), **stars, "spread": pl.Float64(),
            "raters": pl.Int64(), "newest": pl.Date(),
        },
    )  # fmt: skip


def wide_columns(rubric: Rubric) -> dict[str, Any]:
    stars = {
        code: st.column_config.NumberColumn(label, format="%.2g", help=_("Median, out of 4"))
        for code, label in rubric.labels.items()
    }
    return {
        "name": _("Initiative"),
        **stars,
        "spread": st.column_config.NumberColumn(_("Widest range"), format="%.1f"),
        "raters": _("Raters"),
        "newest": day_column(_("Newest rating")),
    }


def day_column(label: str) -> Any:
    return st.column_config.DateColumn(label, format="YYYY-MM-DD")


def source_line(
    session: Session, option: str, keys: tuple[str, ...] | None = None, most: int | None = 4,
    whose: str = "all",
) -> str:  # fmt: skip
    """Whose ratings a figure or file shows, and of when: those of the initiatives `keys`, or of
    all. Of more than `most` raters it says how many more there are; None names every one."""
    found = data.cached(session, latest, option, whose)
    if keys is not None:
        found = found.filter(pl.col("initiative").is_in(keys))
    if found.is_empty():
        return _("No ratings yet.")
    raters = found["rater"].unique().sort().to_list()
    return _("Ratings of {raters}, {oldest} to {newest}.").format(
        raters=listed(raters, len(raters) if most is None else most),
        oldest=found["rated_on"].min(), newest=found["rated_on"].max(),
    )  # fmt: skip


def sources(
    session: Session, option: str, keys: tuple[str, ...] | None = None, most: int | None = 4,
    whose: str = "all",
) -> list[str]:  # fmt: skip
    """For foot lines and files; as in `source_line`. The published table stands there only where
    it rates one of the initiatives."""
    rubric = rubric_of(session, option)
    said = [rubric.source] if rubric.source else []
    found = data.cached(session, latest, option, whose).filter(rater_id=initiatives.MANUAL)
    if found.height and (keys is None or found["initiative"].is_in(keys).any()):
        said = [
            _("{source} (printed date: {date})").format(
                source=published().source, date=published().printed_date
            )
        ]
    return [*said, data.cached(session, source_line, option, keys, most, whose).rstrip(".")]


def matrix(session: Session, option: str, whose: str = "all") -> go.Figure:
    return charts.rating_matrix(
        data.cached(session, summary, option, whose), data.initiative_names(session),
        rubric_of(session, option).labels,
        data.cached(session, source_line, option, None, 4, whose),
    )  # fmt: skip


def radar(session: Session, option: str, keys: tuple[str, ...], whose: str = "all") -> go.Figure:
    names = data.initiative_names(session)
    return charts.rating_radar(
        data.cached(session, summary, option, whose), {key: names[key] for key in keys},
        rubric_of(session, option).labels,
        data.cached(session, source_line, option, keys, 4, whose),
    )  # fmt: skip


def over_time(session: Session, option: str, key: str) -> pl.DataFrame:
    chosen = under(session, option).filter(initiative=key)
    labels = rubric_of(session, option).labels
    return initiatives.over_time(chosen).with_columns(
        label=pl.col("criterion").replace_strict(labels, return_dtype=pl.String)
    )


def trend(session: Session, option: str, key: str) -> go.Figure:
    return charts.rating_trend(
        data.cached(session, over_time, option, key), rubric_of(session, option).labels,
        date.today(), data.cached(session, source_line, option, (key,)),
    )  # fmt: skip


def history(
    session: Session, option: str, key: str, criterion: str | None, old: bool
) -> pl.DataFrame:
    """Ratings of one initiative with words for people, the newest first; `old`: revised too."""
    chosen = under(session, option).filter(initiative=key)
    found = initiatives.history(chosen, data.cached(session, latest, option))
    words = {"current": _("Current"), "revised": _("Revised since")}
    named = found.with_columns(
        label=pl.col("criterion").replace_strict(
            rubric_of(session, option).labels, return_dtype=pl.String
        ),
        word=pl.col("state").replace_strict(words, return_dtype=pl.String),
        links=pl.col("evidence").list.join(" "),
    )
    if not old:
        named = named.filter(state="current")
    return named.filter(criterion=criterion) if criterion else named


# Forms --------------------------------------------------------------------------------------------


def minted(key: str) -> str:
    """One identifier per form, so that a repeated submit is stored once."""
    return str(st.session_state.setdefault(f"{key}-id", str(uuid4())))


def _stored(session: Session, relation: str, row: dict[str, Any], key: str) -> bool:
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


def deleted(session: Session, relation: str, identifier: str, why_not: str) -> None:
    """Deletes one of the organisation's own rows, or says why it stays: `why_not` where the store
    refuses, and for anything else, such as a store that does not answer, its own sentence."""
    try:
        data.delete(session, relation, {"id": identifier})
    except NotAllowed:
        problem(why_not)
    except StoreError as failure:
        problem(str(failure))
    else:
        st.rerun()


def say_stored(key: str) -> None:
    """What the last submit did, once."""
    if said := st.session_state.pop(f"{key}-said", None):
        done(said)


def _again(key: str, sentence: str) -> None:
    st.session_state[f"{key}-said"] = sentence
    st.rerun()


def folded(parts: Sequence[tuple[str, str, Callable[[Session], None]]], session: Session) -> None:
    """Forms behind a click each: (title, key, what shows it). A closed one costs nothing."""
    for title, key, part in parts:
        fold = st.expander(title, key=key, on_change="rerun")
        if fold.open:
            with fold:
                part(session)


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
    if _stored(session, "initiative", row, key):
        _again(
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


def correct_link(session: Session, row: dict[str, Any]) -> None:
    """The button and form for a membership or certificate that the organisation recorded."""
    key, kinds = f"link-{row['id']}", link_kinds()

    def inputs(row: Row) -> dict[str, Any]:
        def text(column: str, label: str, most: int) -> str | None:
            value = st.text_input(label, row[column] or "", max_chars=most, key=f"{key}-{column}")
            return value.strip() or None

        def day(column: str, label: str) -> date | None:
            chosen = st.date_input(
                label, row[column], min_value=date(1990, 1, 1), format="YYYY-MM-DD",
                key=f"{key}-{column}",
            )  # fmt: skip
            return chosen if isinstance(chosen, date) else None

        return {
            "standing": st.radio(
                _("Standing"), list(kinds), list(kinds).index(row["standing"]), horizontal=True,
                format_func=lambda one: kinds[one], key=f"{key}-standing",
            ),
            "level": text("level", _("Level"), 200), "scope": text("scope", _("Scope"), 500),
            "valid_from": day("valid_from", _("Valid from")),
            "valid_until": day("valid_until", _("Valid until")),
            "source": text("source", _("Source"), 500) or "",
            "link": text("link", _("Link to the source"), 500),
        }  # fmt: skip

    def words(row: Row) -> Row:
        return {**row, "standing": kinds[row["standing"]]}

    labels = {
        "standing": _("Standing"), "level": _("Level"), "scope": _("Scope"),
        "valid_from": _("Valid from"), "valid_until": _("Valid until"), "source": _("Source"),
        "link": _("Link to the source"),
    }  # fmt: skip
    edits.edit(session, "initiative_link", row, labels, inputs, key, _("Correct it"), words)


def link_kinds() -> dict[str, str]:
    return {"certificate": _("Holds its certificate"), "member": _("Is a member")}


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
    if _stored(session, "rubric", row, key):
        _again(
            key, _("“{title}” can be used now. Share it so that others can.").format(title=title)
        )


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
        deleted(
            session, "rubric", chosen,
            _("It cannot be deleted while it is shared, or once something was rated under it."),
        )  # fmt: skip
    sharing.share_form(session, "rubric", [chosen], row["title"], f"rubric-share-{chosen}")


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
    if _stored(session, "initiative_rating", row, form):
        st.session_state["rate-done"] = row["id"]
        st.rerun()


def link_form(session: Session) -> None:
    """The form for one membership or certificate."""
    key = "certificate-new"
    say_stored(key)
    names = data.initiative_names(session)
    suppliers = filters.told_apart(dict(data.suppliers(session).select("id", "name").rows()))
    kinds = link_kinds()
    whose = st.selectbox(
        _("Supplier"), list(suppliers), index=None, key=f"{key}-supplier",
        format_func=lambda one: suppliers.get(one, ""), placeholder=_("Search the register"),
    )  # fmt: skip
    places = _places(session, whose)
    with st.form(key):
        site = st.selectbox(
            _("Production site"), list(places), index=None, key=f"{key}-site-{whose}",
            format_func=lambda one: places[one]["label"], placeholder=_("The supplier itself"),
        )  # fmt: skip
        initiative = st.selectbox(
            _("Initiative"), list(names), index=None, format_func=lambda one: names.get(one, ""),
            key=f"{key}-initiative",
        )  # fmt: skip
        standing = st.radio(
            _("Standing"), list(kinds), format_func=lambda one: kinds[one], horizontal=True,
            key=f"{key}-standing",
        )  # fmt: skip
        level = st.text_input(_("Level"), max_chars=200, key=f"{key}-level",
                              placeholder=_("Such as Gold, or full member"))  # fmt: skip
        scope = st.text_input(_("Scope"), max_chars=500, key=f"{key}-scope",
                              placeholder=_("What it covers: products, activities"))  # fmt: skip
        start, end = st.columns(2)
        valid_from = start.date_input(_("Valid from"), None, min_value=date(1990, 1, 1),
                                      format="YYYY-MM-DD", key=f"{key}-from")  # fmt: skip
        valid_until = end.date_input(_("Valid until"), None, min_value=date(1990, 1, 1),
                                     format="YYYY-MM-DD", key=f"{key}-until")  # fmt: skip
        source = st.text_input(_("Source"), max_chars=500, key=f"{key}-source",
                               placeholder=_("Where you found it"))  # fmt: skip
        address = st.text_input(_("Link to the source"), max_chars=500, key=f"{key}-link",
                                placeholder="https://")  # fmt: skip
        past = st.checkbox(_("It has expired, and is meant as a record of the past"),
                           key=f"{key}-past")  # fmt: skip
        sent = st.form_submit_button(_("Record it"), type="primary")
    if not sent:
        return
    row = {
        "initiative": initiative, "supplier_id": whose, "standing": standing,
        "level": level.strip() or None, "scope": scope.strip() or None, "valid_from": valid_from,
        "valid_until": valid_until, "source": source.strip(), "link": address.strip() or None,
    }  # fmt: skip
    faults = initiatives.problems_of_link({**row, "expired_is_meant": past}, date.today())
    for sentence in faults:
        problem(sentence)
    if faults:
        return
    place = places[site]["row"] if site else {}
    if _stored(session, "initiative_link", {"id": minted(key), **row, **place}, key):
        _again(key, _("Recorded. Only your organisation sees it until you share it."))


def _places(session: Session, supplier_id: str | None) -> dict[str, dict[str, Any]]:
    """The supplier's known production sites by place: label and the columns of a link."""
    if supplier_id is None:
        return {}
    found = (
        data.sites(session).filter(supplier_id=supplier_id)
        .unique("place_key", maintain_order=True).sort("name")
    )  # fmt: skip
    return {
        row["place_key"]: {
            "label": f"{row['name']} ({row['country']})",
            "row": {
                "site_name": row["name"], "site_address": row["address"],
                "site_country": row["country"], "place_key": row["place_key"],
            },
        }
        for row in found.iter_rows(named=True)
    }  # fmt: skip


# Who belongs to what ------------------------------------------------------------------------------


def links(session: Session) -> pl.DataFrame:
    """Memberships and certificates with words for people."""
    names = data.initiative_names(session)
    kinds = {"certificate": _("Certificate"), "member": _("Member")}
    found = initiatives.with_state(data.initiative_links(session), date.today())
    return sharing.whose_words(session, found).with_columns(
        name=pl.col("initiative").replace_strict(
            names, default=_("An initiative not shared with you"), return_dtype=pl.String
        ),
        kind=pl.col("standing").replace_strict(kinds, return_dtype=pl.String),
        word=pl.col("state").replace_strict(initiatives.state_names(), return_dtype=pl.String),
    )


def link_columns() -> dict[str, Any]:
    return {
        "supplier": _("Supplier"), "site_name": _("Site"), "name": _("Initiative"),
        "organisation": _("Recorded by"), "kind": _("Standing"), "level": _("Level"),
        "scope": _("Scope"), "word": _("State"),
        "valid_until": day_column(_("Valid until")), "days_left": _("Days left"),
        "source": _("Source"), "whose": _("Who sees it"),
    }  # fmt: skip


def base(session: Session) -> pl.DataFrame:
    """The supply base: suppliers (id, name) on which there is any contribution that the member
    sees; the whole register while there is none."""
    known: set[str] = set()
    for frame in (
        data.assessments(session), data.site_lists(session), data.spend(session),
        data.initiative_links(session),
    ):  # fmt: skip
        known |= set(frame["supplier_id"].drop_nulls())
    living = data.suppliers(session).select("id", "name")
    return living.filter(pl.col("id").is_in(list(known))) if known else living


def coverage(session: Session) -> pl.DataFrame:
    names = data.initiative_names(session)
    found = initiatives.coverage(
        data.initiative_links(session), data.cached(session, base)["id"].to_list(), date.today()
    )
    return found.with_columns(
        name=pl.col("initiative").replace_strict(names, default="?", return_dtype=pl.String),
        percent=pl.col("share") * 100,
    )


def coverage_figure(session: Session) -> go.Figure:
    found = data.cached(session, coverage)
    return charts.initiative_coverage(
        found, dict(found.select("initiative", "name").rows()),
        data.cached(session, base).height,
        _("Memberships and certificates that you see, {day}.").format(day=date.today()),
    )  # fmt: skip


def uncovered(session: Session) -> pl.DataFrame:
    return initiatives.uncovered(
        data.cached(session, base), data.initiative_links(session), date.today()
    )


def shown_table(
    session: Session, frame: pl.DataFrame, columns: dict[str, Any], title: str, key: str,
    said: Sequence[str] = (), *, id_column: str | None = None, hidden: tuple[str, ...] = (),
    chosen_filters: Mapping[str, str | None] | None = None, file: pl.DataFrame | None = None,
) -> str | None:  # fmt: skip
    """A table with its download; the id of the row that is selected.

    `said`: its sources. `hidden`: columns that the reader can show, and that the file has.
    `chosen_filters`: for the file, label -> what was chosen. `file`: what the download holds in
    place of the frame, of the same columns.
    """
    chosen = table(
        frame, columns, key, id_column=id_column, hidden=hidden,
        height=420 if frame.height > 11 else None,
    )  # fmt: skip
    labels = {
        name: one if isinstance(one, str) else str(one["label"]) for name, one in columns.items()
    }
    about = filters.about(session, title, chosen_filters or {}, said or [_("Records of members")])
    downloads(frame if file is None else file, about, key, labels)
    return chosen


def share_again(session: Session, relation: str, identifier: str, title: str) -> None:
    """Below what was just stored: sharing it."""
    st.subheader(_("Share it"))
    sharing.share_form(session, relation, [identifier], title, f"share-{identifier}")
    link("sharing", _("All receipts"))
