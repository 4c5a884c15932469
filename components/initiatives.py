"""Initiatives on pages: the choices above them, and what is derived from ratings."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from components import data, filters
from components.downloads import downloads
from components.session import Session
from components.tables import table
from quorum import charts, initiatives
from quorum.definitions import rubrics as definitions
from quorum.definitions.rubrics import Rubric, published
from quorum.language import _
from quorum.receipts import listed

# What the pages are made of, for `data.ahead`.
RELATIONS = (
    "organisation", "initiative", "rubric", "initiative_rating", "sharing", "sharing_item",
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


# Tables -------------------------------------------------------------------------------------------


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
