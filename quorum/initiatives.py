"""Initiatives compared: what raters think of them, who belongs to them, what their evidence covers.

Ratings are one long frame, a row per rating and criterion (RATINGS); the published table is in it
under the manual's name. Stars run from 0 to 4 in half steps.
Source of the criteria and of the published stars: quorum/definitions/initiatives.toml.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

import polars as pl

from quorum.definitions.rubrics import MOST_STARS, STEP, Due, Published, Rubric
from quorum.language import _, ngettext
from quorum.store.relations import DAY, MOMENT, NUMBER, TEXT, TEXTS, WHOLE

MANUAL = "manual"  # the rater of the published table
STALE_MONTHS = 24
AHEAD_DAYS = 180

RATINGS: dict[str, pl.DataType] = {
    "rating_id": TEXT, "initiative": TEXT, "rubric": TEXT, "edition": WHOLE, "rater_id": TEXT,
    "rater": TEXT, "mine": pl.Boolean(), "rated_on": DAY, "created_at": MOMENT, "supersedes": TEXT,
    "evidence": TEXTS, "criterion": TEXT, "value": NUMBER, "rationale": TEXT,
}  # fmt: skip
ONE = ["rater_id", "rating_id"]  # names a rating: its identifier is its rater's own


# Ratings as one frame -----------------------------------------------------------------------------


def published_ratings(table: Published) -> pl.DataFrame:
    """The published table as RATINGS, the rater being the manual."""
    rows: list[dict[str, Any]] = [
        {
            "rating_id": f"{MANUAL}-{one.id}", "initiative": one.id, "rubric": table.rubric,
            "edition": table.edition, "rater_id": MANUAL, "rater": table.rater, "mine": False,
            "rated_on": table.rated_on,
            "created_at": datetime(2025, 1, 1, tzinfo=UTC), "supersedes": None, "evidence": [],
            "criterion": criterion, "value": stars,
            "rationale": _("Section 2.4 of the manual says why."),
        }
        for one in table.initiatives
        for criterion, stars in one.stars.items()
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=RATINGS)


def long_ratings(
    rows: pl.DataFrame, rubrics: Iterable[Rubric], names: Mapping[str, str], mine: str
) -> pl.DataFrame:
    """Rows of the relation "initiative_rating" as RATINGS; criteria in the rubric's order.

    `names`: organisation -> name; `mine`: the member's organisation. Ratings under a rubric that
    is not in `rubrics` (not shared with the member) are left out.
    """
    parts = [pl.DataFrame(schema=RATINGS)]
    for rubric in rubrics:
        chosen = rows.filter(rubric=rubric.id, edition=rubric.edition)
        if chosen.is_empty():
            continue
        cell = pl.Struct({"value": NUMBER, "rationale": TEXT})
        decoded = chosen.rename({"id": "rating_id", "organisation_id": "rater_id"}).with_columns(
            pl.col("scores").str.json_decode(pl.Struct(dict.fromkeys(rubric.labels, cell))),
            rater=pl.col("rater_id").replace_strict(
                dict(names), default=_("a former member"), return_dtype=TEXT
            ),
            mine=pl.col("rater_id") == mine,
        )
        parts += [_of_criterion(decoded, code) for code in rubric.labels]
    return pl.concat(parts)


def _of_criterion(decoded: pl.DataFrame, code: str) -> pl.DataFrame:
    """RATINGS of one criterion. Its code never becomes the name of a column: members choose codes,
    and one of them may be "evidence" or "id"."""
    cell = pl.col("scores").struct.field(code).struct
    return (
        decoded.with_columns(
            criterion=pl.lit(code), value=cell.field("value"), rationale=cell.field("rationale")
        )
        .drop_nulls("value")
        .select(list(RATINGS))
    )


def under(ratings: pl.DataFrame, rubric: Rubric) -> pl.DataFrame:
    """Those given under this edition."""
    return ratings.filter(rubric=rubric.id, edition=rubric.edition)


def current(ratings: pl.DataFrame) -> pl.DataFrame:
    """Each rater's latest rating of each initiative under each rubric, as far as it is visible."""
    who = ["rater_id", "initiative", "rubric"]
    heads = ratings.select("rating_id", *who, "rated_on", "created_at", "supersedes").unique(ONE)
    replaced = heads.select("rater_id", rating_id="supersedes").drop_nulls()
    latest = (
        heads.join(replaced, on=ONE, how="anti")
        .sort("rated_on", "created_at", "rating_id")
        .unique(who, keep="last")
    )
    return ratings.join(latest, on=ONE, how="semi", maintain_order="left")


WHOSE = ("all", "published", "ours")


def given_by(latest: pl.DataFrame, whose: str) -> pl.DataFrame:
    """The ratings of all raters, of the published table, or of the member's organisation."""
    if whose == "published":
        return latest.filter(rater_id=MANUAL)
    return latest.filter("mine") if whose == "ours" else latest


def summary(latest: pl.DataFrame) -> pl.DataFrame:
    """Per initiative and criterion: median, low, high (stars), raters (count), oldest, newest.

    `latest`: of `current`. The median of an even number of raters can lie between half steps.
    """
    return (
        latest.group_by("initiative", "criterion")
        .agg(
            median=pl.col("value").median(),
            low=pl.col("value").min(),
            high=pl.col("value").max(),
            raters=pl.col("rater_id").n_unique().cast(WHOLE),
            oldest=pl.col("rated_on").min(),
            newest=pl.col("rated_on").max(),
        )
        .sort("initiative", "criterion")
    )


def disagreements(latest: pl.DataFrame, rubric: Rubric, least: float = 1.0) -> pl.DataFrame:
    """Where raters differ by `least` stars or more, the widest first.

    initiative, criterion, label, spread, low, high (stars), lowest, highest (names of raters),
    sentence.
    """
    at_low, at_high = (
        pl.col("rater").filter(pl.col("value") == end).sort().str.join(", ")
        for end in (pl.col("value").min(), pl.col("value").max())
    )
    found = (
        latest.group_by("initiative", "criterion")
        .agg(
            low=pl.col("value").min(), high=pl.col("value").max(), lowest=at_low, highest=at_high,
        )
        .with_columns(spread=pl.col("high") - pl.col("low"))
        .filter(pl.col("spread") >= max(least, STEP))
        .sort("spread", "initiative", "criterion", descending=[True, False, False])
    )  # fmt: skip
    labels = rubric.labels
    sentences = [
        _("Raters differ by {stars} on {criterion}.").format(
            stars=stars(spread), criterion=labels.get(code, code).lower()
        )
        for spread, code in found.select("spread", "criterion").iter_rows()
    ]
    return found.with_columns(
        label=pl.col("criterion").replace_strict(labels, default=None, return_dtype=TEXT),
        sentence=pl.Series(sentences, dtype=TEXT),
    )


def stars(number: float) -> str:
    """For example `half a star`, `1 star`, `2.5 stars`."""
    if number == 0.5:
        return _("half a star")
    return ngettext("{n} star", "{n} stars", 1 if number == 1 else 2).format(n=f"{number:g}")


# What needs rating --------------------------------------------------------------------------------


def standings(
    keys: Sequence[str],
    latest: pl.DataFrame,
    rubric: Rubric,
    due: Mapping[str, Sequence[Due]],
    today: date,
    whose: str = "all",
) -> pl.DataFrame:
    """What is unrated, due for re-rating, or current, in this order; `whose`: as in `given_by`.

    initiative, state (unrated | due | current), newest (date of the newest rating), why (a
    sentence, empty where it is current). `due`: initiative -> flags of the data file. A criterion
    that is `due_again` makes the initiative due.
    """
    newest = dict(latest.group_by("initiative").agg(pl.col("rated_on").max()).iter_rows())
    by_criterion = {
        (initiative, criterion): day
        for initiative, criterion, day in latest.group_by("initiative", "criterion")
        .agg(pl.col("rated_on").max())
        .iter_rows()
    }
    unrated = {
        "all": _("Nobody whose ratings you see has rated it."),
        "published": _("The published table does not rate it."),
        "ours": _("Your organisation has not rated it."),
    }[whose]
    rows: list[tuple[str, str, date | None, str]] = []
    for key in keys:
        state, why = "current", ""
        if key not in newest:
            state, why = "unrated", unrated
        elif newest[key] < months_before(today, STALE_MONTHS):
            state = "due"
            why = _("The newest rating is of {day}, more than {n} months ago.").format(
                day=newest[key].isoformat(), n=STALE_MONTHS
            )
        else:
            why = next(
                (
                    _("{criterion} was last rated on {day}. {reason}").format(
                        criterion=label, day=day.isoformat(), reason=reason
                    )
                    for code, label in rubric.labels.items()
                    if (day := by_criterion.get((key, code)))
                    and (reason := due_again(code, day, due.get(key, ()), today))
                ),
                "",
            )
            state = "due" if why else "current"
        rows.append((key, state, newest.get(key), why))
    order = {"unrated": 0, "due": 1, "current": 2}
    schema = {"initiative": TEXT, "state": TEXT, "newest": DAY, "why": TEXT}
    return pl.DataFrame(
        sorted(rows, key=lambda row: order[row[1]]), schema=schema, orient="row"
    )  # fmt: skip


def due_again(criterion: str, day: date, flags: Sequence[Due], today: date) -> str:
    """Why a criterion that was last rated on `day` is to be rated again; empty while it stands."""
    if day < months_before(today, STALE_MONTHS):
        return _("That is more than {n} months ago.").format(n=STALE_MONTHS)
    for flag in flags:
        if flag.criterion == criterion and day < flag.since <= today:
            return flag.why
    return ""


def months_before(day: date, months: int) -> date:
    """The same day so many months ago; the last of the month where there is no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in range(day.day, 27, -1):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    return date(year, month + 1, day.day)


# Change over time ---------------------------------------------------------------------------------


def over_time(ratings: pl.DataFrame) -> pl.DataFrame:
    """Per initiative, criterion and day on which something changed: median, low, high, raters.

    Each rater counts with the rating that held on that day. Of the days of one quarter the last
    stands for all.
    """
    heads = ratings.unique(ONE).select(*ONE, "initiative", "rated_on", "created_at", "supersedes")
    corrected = heads.select("rater_id", rating_id="supersedes", by="rated_on").drop_nulls()
    held = (
        heads.join(corrected, on=ONE, how="left")
        .filter(pl.col("by").is_null() | (pl.col("by") > pl.col("rated_on")))
        .sort("rated_on", "created_at", "rating_id")
        .with_columns(until=pl.col("rated_on").shift(-1).over("rater_id", "initiative"))
    )
    days = (
        held.select("initiative", day="rated_on")
        .group_by("initiative", pl.col("day").dt.truncate("1q").alias("quarter"))
        .agg(pl.col("day").max())
    )
    return (
        days.join(held, on="initiative")
        .filter(
            pl.col("rated_on") <= pl.col("day"),
            pl.col("until").is_null() | (pl.col("until") > pl.col("day")),
        )
        .select("day", *ONE)
        .join(ratings.select(*ONE, "initiative", "criterion", "value"), on=ONE)
        .group_by("initiative", "criterion", "day")
        .agg(
            median=pl.col("value").median(),
            low=pl.col("value").min(),
            high=pl.col("value").max(),
            raters=pl.len().cast(WHOLE),
        )
        .sort("initiative", "criterion", "day")
    )


def history(ratings: pl.DataFrame, latest: pl.DataFrame) -> pl.DataFrame:
    """RATINGS with `state`: current, or revised where the same rater has a later one."""
    now = latest.select(ONE).unique().with_columns(state=pl.lit("current"))
    return (
        ratings.join(now, on=ONE, how="left", maintain_order="left")
        .with_columns(pl.col("state").fill_null("revised"))
        .sort("rated_on", "created_at", descending=True, maintain_order=True)
    )


# Bad input ----------------------------------------------------------------------------------------


def problems_of_rating(
    rubric: Rubric,
    values: Mapping[str, float | None],
    rationales: Mapping[str, str],
    evidence: Sequence[str],
    rated_on: date | None,
    today: date,
) -> list[str]:
    """What is wrong with a rating that a person entered, a sentence each; empty when it is sound.

    `values`: code of the criterion -> stars, None where it is not rated.
    """
    said = []
    given = {code: value for code, value in values.items() if value is not None}
    if not given:
        said.append(_("Rate at least one criterion."))
    for code, value in given.items():
        label = rubric.labels.get(code)
        if label is None:
            said.append(_("This rubric has no criterion “{code}”.").format(code=code))
            continue
        if not 0 <= value <= MOST_STARS:
            said.append(
                _("{criterion} is rated {value:g}: choose 0 to {most:g} stars.").format(
                    criterion=label, value=value, most=MOST_STARS
                )
            )
        elif value % STEP:
            said.append(
                _("{criterion} is rated {value:g}: choose a half step, such as 2 or 2.5.").format(
                    criterion=label, value=value
                )
            )
        if len("".join(rationales.get(code, "").split())) < 3:
            said.append(
                _("Say why {criterion} gets {stars}: the rationale is missing.").format(
                    criterion=label, stars=stars(value)
                )
            )
    said += _problems_of_day(rubric, rated_on, today)
    for link in evidence:
        if not is_link(link):
            said.append(
                _("“{text}” is not a link: begin with https:// and leave out spaces.").format(
                    text=link
                )
            )
    return said


def _problems_of_day(rubric: Rubric, rated_on: date | None, today: date) -> list[str]:
    if rated_on is None:
        return [_("Say on which day this rating was true.")]
    if rated_on > today:
        return [
            _("The rating is dated {day}, which is in the future.").format(day=rated_on.isoformat())
        ]
    until = rubric.in_use_until
    if rated_on < rubric.in_use_since or (until is not None and rated_on > until):
        return [
            _(
                "On {day} edition {n} of “{title}” was not in use. Choose the edition of that day, "
                "or another day."
            ).format(day=rated_on.isoformat(), n=rubric.edition, title=rubric.title)
        ]
    return []


def is_link(text: str) -> bool:
    """An address of the web without blanks."""
    return text.startswith(("https://", "http://")) and len(text) > 10 and not set(text) & set(
        " \t\r\n"
    )  # fmt: skip


def scores(
    values: Mapping[str, float | None], rationales: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """A sound rating as the relation "initiative_rating" stores it."""
    return {
        code: {"value": value, "rationale": rationales[code].strip()}
        for code, value in values.items()
        if value is not None
    }


def problems_of_link(link: Mapping[str, Any], today: date) -> list[str]:
    """What is wrong with a link that a person entered. An expired certificate is named, since it
    may only be stored as what it is: history."""
    said = []
    if not link.get("initiative"):
        said.append(_("Choose the initiative."))
    if not link.get("supplier_id"):
        said.append(_("Choose the supplier."))
    start, end = link.get("valid_from"), link.get("valid_until")
    if start and end and end < start:
        said.append(
            _("It ends on {end}, before it begins on {start}. Check the two dates.").format(
                end=end.isoformat(), start=start.isoformat()
            )
        )
    elif end and end < today and not link.get("expired_is_meant"):
        said.append(expired_sentence(end))
    if len((link.get("source") or "").strip()) < 2:
        said.append(_("Say where this was found: the source is missing."))
    if link.get("link") and not is_link(link["link"]):
        said.append(
            _("“{text}” is not a link: begin with https:// and leave out spaces.").format(
                text=link["link"]
            )
        )
    return said


def expired_sentence(end: date) -> str:
    return _("It expired on {day}. Store it only if the record of the past is meant.").format(
        day=end.isoformat()
    )


# Who belongs to what ------------------------------------------------------------------------------


def with_state(links: pl.DataFrame, today: date) -> pl.DataFrame:
    """The links with `state` (valid | expired | not yet) and `days_left` (null without an end)."""
    return links.with_columns(
        state=pl.when(pl.col("valid_until") < today)
        .then(pl.lit("expired"))
        .when(pl.col("valid_from") > today)
        .then(pl.lit("not yet"))
        .otherwise(pl.lit("valid")),
        days_left=(pl.col("valid_until") - today).dt.total_days(),
    )


def state_names() -> dict[str, str]:
    return {"valid": _("Valid"), "expired": _("Expired"), "not yet": _("Not yet valid")}


def coverage(links: pl.DataFrame, base: Sequence[str], today: date) -> pl.DataFrame:
    """Per initiative with a valid link: suppliers of `base` and their share of it, and sites.

    initiative, suppliers, share (0-1, null for an empty base), sites (places named), the most
    suppliers first. A supplier counts through itself or through one of its sites.
    """
    valid = with_state(links, today).filter(
        pl.col("state") == "valid", pl.col("supplier_id").is_in(list(base))
    )
    return (
        valid.group_by("initiative")
        .agg(
            suppliers=pl.col("supplier_id").n_unique().cast(WHOLE),
            sites=pl.col("place_key").drop_nulls().n_unique().cast(WHOLE),
        )
        .with_columns(share=pl.col("suppliers") / (len(set(base)) or None))
        .sort("suppliers", "initiative", descending=[True, False])
    )


def uncovered(suppliers: pl.DataFrame, links: pl.DataFrame, today: date) -> pl.DataFrame:
    """The suppliers (id, name) without any valid link; `last_until`: when their last one ended."""
    known = with_state(links, today)
    valid = known.filter(pl.col("state") == "valid")["supplier_id"].unique().implode()
    ended = known.group_by(id="supplier_id").agg(last_until=pl.col("valid_until").max())
    return (
        suppliers.filter(~pl.col("id").is_in(valid))
        .select("id", "name")
        .join(ended, on="id", how="left", maintain_order="left")
        .sort("last_until", "name", descending=[True, False], nulls_last=True)
    )


def expiries(links: pl.DataFrame, today: date, ahead: int = AHEAD_DAYS) -> pl.DataFrame:
    """Valid links that end within `ahead` days, the next first."""
    return (
        with_state(links, today)
        .filter(pl.col("state") == "valid", pl.col("days_left") <= ahead)
        .sort("valid_until", "id")
    )


# Or equivalent ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Evidence:
    """What raters think of one initiative on one criterion; stars None where nobody rated it.

    `given`: stars and who gave them, the fewest first. `due`: why it is to be rated again, empty
    where it stands. `split`: whether some raters lie below the threshold and others not.
    """

    initiative: str
    stars: float | None = None
    given: tuple[tuple[float, tuple[str, ...]], ...] = ()
    newest: date | None = None
    oldest: date | None = None
    due: str = ""
    enough: bool = False  # the median reaches the threshold
    split: bool = False

    @property
    def covers(self) -> bool:
        return self.enough and not self.due

    @property
    def word(self) -> str:
        if self.stars is None:
            return _("Not rated")
        if self.due:
            return _("Due again")
        return _("Covered") if self.covers else _("Not covered")

    @property
    def raters(self) -> str:
        """Who gave how many stars; only who, where all gave the same."""
        if len(self.given) == 1:
            return ", ".join(self.given[0][1])
        return "; ".join(f"{', '.join(names)} {value:g}" for value, names in self.given)

    @property
    def sentence(self) -> str:
        if self.stars is None:
            return _("{initiative}: nobody has rated it").format(initiative=self.initiative)
        days = (
            str(self.newest)
            if self.newest == self.oldest
            else _("{oldest} to {newest}").format(oldest=self.oldest, newest=self.newest)
        )
        said = (
            _("{initiative}: {stars:g} of 4, by {raters} ({days})")
            if len(self.given) == 1
            else _("{initiative}: {stars:g} of 4, the median of {raters} ({days})")
        ).format(initiative=self.initiative, stars=self.stars, raters=self.raters, days=days)
        if self.split:
            said += ". " + _("Raters disagree")
        if self.due:
            said += ". " + _("Due again: {reason}").format(reason=self.due.rstrip("."))
        return said


@dataclass(frozen=True)
class Verdict:
    """One criterion: covered by all of the accepted initiatives, by some, or by none."""

    criterion: str
    question: str
    state: Literal["all", "some", "none"]
    ask: str  # what remains to be asked; empty where nothing does
    of_whom: str  # whom to ask
    evidence: tuple[Evidence, ...]

    @property
    def word(self) -> str:
        if self.state == "some":
            names = ", ".join(one.initiative for one in self.evidence if one.covers)
            return _("Covered by {names}").format(names=names)
        return _("Covered") if self.state == "all" else _("Not covered")


@dataclass(frozen=True)
class Lead:
    """The answer for one accepted initiative, over all criteria."""

    initiative: str
    covered: int
    asked: tuple[str, ...]  # criteria that remain to be asked
    of: int  # criteria there are
    rated: bool
    split: tuple[str, ...]  # criteria that count as covered though raters disagree
    due: tuple[str, ...]  # criteria that are to be rated again

    @property
    def sentence(self) -> str:
        """What follows the initiative's name."""
        if not self.rated:
            return _("not rated, ask all {n}").format(n=self.of)
        said = [_("{n} of {all} covered").format(n=self.covered, all=self.of)]
        if self.asked:
            said.append(
                _("ask {n}: {names}").format(n=len(self.asked), names=", ".join(self.asked))
            )
        if self.due:
            said.append(_("due again: {names}").format(names=", ".join(self.due)))
        if self.split:
            said.append(_("covered though raters disagree: {names}").format(
                names=", ".join(self.split)))  # fmt: skip
        return "; ".join(said)


@dataclass(frozen=True)
class Note:
    """An answer to "may a tender accept this as evidence, and what is left to ask?"."""

    subject: str
    accepted: tuple[str, ...]
    threshold: float
    rubric: str
    verdicts: tuple[Verdict, ...]
    sources: tuple[str, ...]
    author: str
    made_on: date

    @property
    def title(self) -> str:
        return _("Equivalent evidence: {names}").format(names=", ".join(self.accepted))

    @property
    def covered(self) -> int:
        return sum(one.state == "all" for one in self.verdicts)

    @property
    def leads(self) -> tuple[Lead, ...]:
        """One for each accepted initiative, in their order."""
        return tuple(
            self._lead(name, [(one.criterion, one.evidence[place]) for one in self.verdicts])
            for place, name in enumerate(self.accepted)
        )

    def _lead(self, name: str, found: Sequence[tuple[str, Evidence]]) -> Lead:
        return Lead(
            name, sum(one.covers for __, one in found),
            tuple(label for label, one in found if not one.covers), len(found),
            any(one.stars is not None for __, one in found),
            tuple(label for label, one in found if one.covers and one.split),
            tuple(label for label, one in found if one.due),
        )  # fmt: skip

    @property
    def reading(self) -> str:
        """How to read it: the rule, in a few sentences."""
        return _(
            "A criterion counts as covered where the median of the ratings seen is at least "
            "{threshold:g} of 4 stars and they are not due again. A bidder needs only one of the "
            "accepted initiatives, or an equivalent: so only what all of them cover needs no "
            "further question."
        ).format(threshold=self.threshold)

    @property
    def result(self) -> str:
        return _("{n} of {all} criteria are covered whichever of them a bidder brings.").format(
            n=self.covered, all=len(self.verdicts)
        )


def equivalence(
    accepted: Mapping[str, str],
    latest: pl.DataFrame,
    rubric: Rubric,
    threshold: float,
    *,
    due: Mapping[str, Sequence[Due]],
    subject: str = "",
    author: str = "",
    made_on: date,
    sources: Sequence[str] = (),
) -> Note:
    """Which criteria the accepted initiatives (key -> name) cover, by whose rating.

    `latest`: of `current`, under `rubric`. `threshold` in stars, 0 to 4. `due`: initiative ->
    flags, as in `standings`; evidence that is due again on `made_on` covers nothing.
    """
    found = _evidence(accepted, latest, threshold, due, made_on)
    verdicts = []
    for one in rubric.criteria:
        evidence = tuple(
            found.get((key, one.code), Evidence(name)) for key, name in accepted.items()
        )
        thin = [e.initiative for e in evidence if not e.covers]
        state: Literal["all", "some", "none"] = (
            "all" if not thin else "none" if len(thin) == len(evidence) else "some"
        )
        of_whom = {
            "all": "",
            "some": _("Bidders who bring {names}").format(names=", ".join(thin)),
            "none": _("Every bidder"),
        }[state]
        ask = "" if state == "all" else one.ask or one.label
        verdicts.append(Verdict(one.label, one.question, state, ask, of_whom, evidence))
    return Note(
        subject.strip(), tuple(accepted.values()), threshold,
        _("{title}, edition {n}").format(title=rubric.title, n=rubric.edition), tuple(verdicts),
        tuple(sources) or (rubric.source,), author, made_on,
    )  # fmt: skip


def _evidence(
    accepted: Mapping[str, str],
    latest: pl.DataFrame,
    threshold: float,
    due: Mapping[str, Sequence[Due]],
    today: date,
) -> dict[tuple[str, str], Evidence]:
    """Initiative and criterion -> what was rated."""
    rated = latest.filter(pl.col("initiative").is_in(list(accepted)))
    given: dict[tuple[str, str], list[tuple[float, tuple[str, ...]]]] = {}
    for key, code, value, raters in (
        rated.group_by("initiative", "criterion", "value")
        .agg(pl.col("rater").unique().sort())
        .sort("value")
        .iter_rows()
    ):
        given.setdefault((key, code), []).append((value, tuple(raters)))
    made = {}
    for row in summary(rated).iter_rows(named=True):
        key, code = row["initiative"], row["criterion"]
        made[key, code] = Evidence(
            accepted[key], row["median"], tuple(given[key, code]), row["newest"], row["oldest"],
            due_again(code, row["newest"], due.get(key, ()), today),
            row["median"] >= threshold, row["low"] < threshold <= row["high"],
        )  # fmt: skip
    return made


def evidence_table(note: Note) -> pl.DataFrame:
    """A row per criterion and initiative: verdict, stars, low, high, raters, newest, due, ask."""
    return pl.DataFrame(
        [
            {
                "criterion": verdict.criterion, "verdict": one.word,
                "initiative": one.initiative, "stars": one.stars,
                "low": one.given[0][0] if one.given else None,
                "high": one.given[-1][0] if one.given else None,
                "raters": one.raters, "newest": one.newest, "due": one.due,
                "ask": "" if one.covers else verdict.ask,
            }
            for verdict in note.verdicts
            for one in verdict.evidence
        ],
        schema={
            "criterion": TEXT, "verdict": TEXT, "initiative": TEXT, "stars": NUMBER, "low": NUMBER,
            "high": NUMBER, "raters": TEXT, "newest": DAY, "due": TEXT, "ask": TEXT,
        },
    )  # fmt: skip
