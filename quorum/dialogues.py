"""Joint supplier dialogues: whom to invite, what to ask, when, and what came of it.

Pure. Frames are those of the relations dialogue, dialogue_stage, dialogue_supplier, commitment,
commitment_report and leverage_use, and of `quorum.overview.Picture`; all may be empty. Unknown is
null, never zero: what nobody shares is in no count.
Source: manual, section 3.4 (the dialogue of Leuven, where follow-up is what failed).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from quorum import clocks, scoring
from quorum.definitions import BAND_ORDER, questionnaires
from quorum.definitions.dialogues import REASONS, definition
from quorum.initiatives import is_link
from quorum.language import _, ngettext
from quorum.overview import Need, Picture, shared_suppliers
from quorum.risks import kind_names
from quorum.sites import identify
from quorum.store.relations import DAY, MOMENT, TEXT, WHOLE

STATES = ("open", "on_track", "behind", "done", "verified", "dropped")
TO_DO = ("open", "on_track", "behind")  # "done" says who promised; "verified" says who checked
STILL_OPEN = (*TO_DO, "done")
STANDINGS = ("overdue", "soon", "ahead", "undated", "to_verify", "verified", "dropped")
SOON_DAYS = 14
MOST_DAYS = 14  # of one dialogue, from begin to end
# Characters, quoted in a question: that has room for 1,000, and a promise may be as long itself.
LONGEST_PROMISE = 600

CANDIDATES: dict[str, pl.DataType] = {
    "supplier_id": TEXT, "supplier": TEXT, "kind": TEXT, "country": TEXT, "members": WHOLE,
    "coverage": TEXT, "assessed_on": DAY, "overall": TEXT, "overall_high": TEXT, "points": WHOLE,
    "points_high": WHOLE, "differ": pl.Boolean(), "contracts": WHOLE, "next_end": DAY,
    "still_open": WHOLE, "overdue": WHOLE,
}  # fmt: skip
SUGGESTIONS: dict[str, pl.DataType] = {
    "key": TEXT, "supplier_id": TEXT, "supplier": TEXT, "topic": TEXT, "reason": TEXT,
    "text": TEXT, "why": TEXT, "commitment_id": TEXT,
}  # fmt: skip
EVENTS: dict[str, pl.DataType] = {
    "day": DAY, "kind": TEXT, "text": TEXT, "state": TEXT, "dialogue_id": TEXT, "item_id": TEXT,
    "organisation_id": TEXT,
}  # fmt: skip
MOVED: dict[str, pl.DataType] = {
    "dialogue_id": TEXT, "title": TEXT, "day": DAY,
    "assessed_before": DAY, "overall_before": TEXT, "overall_high_before": TEXT,
    "points_before": WHOLE, "points_high_before": WHOLE,
    "assessed_after": DAY, "overall_after": TEXT, "overall_high_after": TEXT,
    "points_after": WHOLE, "points_high_after": WHOLE, "same_assessor": pl.Boolean(),
    "listed_before": DAY, "sites_before": WHOLE, "listed_after": DAY, "sites_after": WHOLE,
    "same_lister": pl.Boolean(), "made": WHOLE, "verified": WHOLE, "dropped": WHOLE,
}  # fmt: skip


# Whom to invite, and when -------------------------------------------------------------------------


def candidates(
    picture: Picture, commitments: pl.DataFrame, *, least_mature_first: bool = False
) -> pl.DataFrame:
    """Every supplier of the picture, with what speaks for inviting it: CANDIDATES.

    members: organisations seen to buy from it, to have assessed it or to hold a site list. coverage
    (assessed, stale, never) to points_high: the consortium's range, from the lowest to the highest
    that any member's latest assessment allows, its points those of all dimensions added up;
    assessed_on is the newest day. differ: whether members see it differently. contracts: distinct
    ones that end within twelve months, of those whose end is visible (null: no end is); next_end:
    the first of them. still_open, overdue: commitments, null where it never made one that is
    visible. Those of most members first, or the least mature: by the low end of the range, and
    within a level by the high end and then by the lowest points; unknown comes last.
    """
    today = picture.today
    stands = standing(commitments, today)
    promised = stands.group_by("supplier_id").agg(
        still_open=pl.col("state").is_in(STILL_OPEN).sum(),
        overdue=(pl.col("standing") == "overdue").sum(),
    )
    parts = [
        shared_suppliers(picture).select("supplier_id", "members", "differ"),
        scoring.coverage(picture.suppliers, picture.assessments, today).drop("assessed_on"),
        _levels(picture.assessments),
        _contracts(picture.spend, today),
        promised,
    ]
    found = picture.suppliers.select("kind", "country", supplier_id="id", supplier="name")
    for part in parts:
        found = found.join(part, on="supplier_id", how="left")
    level, level_high = (
        pl.col(end).replace_strict(
            {band: rank for rank, band in enumerate(BAND_ORDER)}, default=None, return_dtype=WHOLE
        )
        for end in ("overall", "overall_high")
    )
    by_members = (pl.col("members"), True), (pl.col("supplier"), False)
    by_level = (level, False), (level_high, False), (pl.col("points"), False), *by_members
    order = by_level if least_mature_first else by_members
    return (
        found.sort(
            [expression for expression, __ in order],
            descending=[descending for __, descending in order],
            nulls_last=True,
        )
        .with_columns(pl.col("differ").fill_null(False))
        .select(pl.col(name).cast(dtype) for name, dtype in CANDIDATES.items())
    )


def _points(suffix: str) -> pl.Expr:
    names = [f"{name}_points{suffix}" for name in scoring.dimension_names()]
    return pl.sum_horizontal(names, ignore_nulls=False).cast(WHOLE)


def _levels(assessments: pl.DataFrame) -> pl.DataFrame:
    """The consortium's picture of each supplier: of each member's latest assessment."""
    points = (
        scoring.latest(assessments)
        .with_columns(points=_points(""), points_high=_points("_high"))
        .group_by("supplier_id")
        .agg(pl.col("points").min(), pl.col("points_high").max())
    )
    return (
        scoring.overall_of_consortium(assessments)
        .select("supplier_id", "assessed_on", "overall", "overall_high")
        .join(points, on="supplier_id", how="left")
    )


def _contracts(spend: pl.DataFrame, today: date) -> pl.DataFrame:
    ahead = pl.col("contract_end").is_between(
        pl.lit(today), pl.lit(today, DAY).dt.offset_by("12mo")
    )
    return (
        spend.filter(pl.col("contract_end").is_not_null())
        .unique(["supplier_id", "organisation_id", "contract_reference", "contract_end"])
        .group_by("supplier_id")
        .agg(contracts=ahead.sum(), next_end=pl.col("contract_end").filter(ahead).min())
    )


# What to ask --------------------------------------------------------------------------------------


def suggestions(
    picture: Picture,
    commitments: pl.DataFrame,
    supplier_ids: Collection[str],
    asked: Collection[str] = (),
    risks: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Questions that what the members know suggests, by supplier, the most pressing first.

    With columns SUGGESTIONS. text: a sentence to ask, fit for the shared board; why: what it rests
    on, for buyers only. reason: one of definitions.dialogues.REASONS. key is the same each time, so
    that one may be put aside; those whose text is in `asked` are left out. Assessments and site
    lists count as long as they are not older than two years. risks: relation "risk"; those of a
    country alone are nobody's to answer for.
    """
    chosen = picture.suppliers.filter(pl.col("id").is_in(list(supplier_ids)))
    names: dict[str, str] = dict(chosen.select("id", "name").iter_rows())
    oldest = picture.today - timedelta(days=scoring.STALE_AFTER_DAYS)
    fresh = picture.assessments.filter(
        pl.col("supplier_id").is_in(list(names)), pl.col("assessed_on") >= oldest
    )
    rows = [
        *_about_promises(commitments, names, picture.today),
        *_about_lists(picture.lists, names, oldest),
        *_about_differences(fresh, names),
        *(_about_risks(risks, names) if risks is not None else ()),
        *_about_low_dimensions(fresh, names),
    ]
    order = list(REASONS)
    rows.sort(key=lambda row: (row["supplier"], row["supplier_id"], order.index(row["reason"])))
    return pl.DataFrame([row for row in rows if row["text"] not in asked], schema=SUGGESTIONS)


def _suggestion(
    reason: str, supplier_id: str, supplier: str, why: str, of: str = "", **filled: Any
) -> dict[str, Any]:
    prompt = definition().prompt(reason, of)
    return {
        "key": ":".join((reason, supplier_id, filled.get("commitment_id") or of)).rstrip(":"),
        "supplier_id": supplier_id, "supplier": supplier, "topic": prompt.topic, "reason": reason,
        "text": prompt.text.format(supplier=supplier, **filled), "why": why,
        "commitment_id": filled.get("commitment_id"),
    }  # fmt: skip


def _about_promises(
    commitments: pl.DataFrame, names: Mapping[str, str], today: date
) -> list[dict[str, Any]]:
    rows = []
    for one in still_open(commitments, today, names).iter_rows(named=True):
        supplier, day = names[one["supplier_id"]], one["due_on"]
        match one["standing"]:
            case "overdue":
                why = ngettext(
                    "It was due on {day}, {n} day ago.", "It was due on {day}, {n} days ago.",
                    -one["days_left"],
                ).format(day=day, n=-one["days_left"])  # fmt: skip
            case "to_verify":
                why = _("It is said to be done, and nobody has verified it.")
            case "undated":
                why = _("It is open, without a date.")
            case _:
                why = _("It is open, and due on {day}.").format(day=day)
        rows.append(
            _suggestion(
                "overdue" if one["standing"] == "overdue" else "promised",
                one["supplier_id"], supplier, why,
                day=day, promise=shortened(one["text"], LONGEST_PROMISE), commitment_id=one["id"],
            )
        )  # fmt: skip
    return rows


def shortened(text: str, most: int) -> str:
    """The text in one line of so many characters at most."""
    words = " ".join(text.split())
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def _about_lists(
    lists: pl.DataFrame, names: Mapping[str, str], oldest: date
) -> list[dict[str, Any]]:
    newest = dict(lists.group_by("supplier_id").agg(pl.col("as_of").max()).iter_rows())
    rows = []
    for supplier_id, supplier in names.items():
        if supplier_id not in newest:
            why = _("No list of its production sites is visible.")
            rows.append(_suggestion("no_list", supplier_id, supplier, why))
        elif (day := newest[supplier_id]) < oldest:
            why = _("The newest list that is visible is of {day}.").format(day=day)
            rows.append(_suggestion("old_list", supplier_id, supplier, why, day=day))
    return rows


def _about_differences(fresh: pl.DataFrame, names: Mapping[str, str]) -> list[dict[str, Any]]:
    rows = []
    found = scoring.disagreement(fresh).select("supplier_id", "organisations", "answers_differing")
    for supplier_id, organisations, codes in found.iter_rows():
        for block, text, labels in _blocks_of(codes):
            why = ngettext(
                "Of {n} member, only some noted: {answers}.",
                "Of {n} members who assessed it, only some noted: {answers}.",
                organisations,
            ).format(n=organisations, answers=", ".join(f"“{label}”" for label in labels))
            rows.append(
                _suggestion("differ", supplier_id, names[supplier_id], why, block, question=text)
            )
    return rows


def _blocks_of(codes: Collection[str]) -> list[tuple[str, str, list[str]]]:
    """The blocks that these answers belong to: code, text, labels of the answers."""
    blocks: dict[str, tuple[str, dict[str, str]]] = {}
    for version in questionnaires():
        for block in version.blocks:
            if labels := {one.code: one.label for one in block.answers if one.code in codes}:
                blocks[block.code] = (block.text, blocks.get(block.code, ("", {}))[1] | labels)
    return [(code, text, list(labels.values())) for code, (text, labels) in blocks.items()]


def _about_risks(risks: pl.DataFrame, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """One question per supplier and kind. It names the kind only: what is known, and who says so,
    is for buyers to decide to tell."""
    found = (
        risks.filter(pl.col("supplier_id").is_in(list(names)))
        .group_by("supplier_id", "kind")
        .agg(pl.len(), pl.col("seen_on").max())
        .sort("seen_on", "kind", descending=[True, False])
    )
    rows = []
    for supplier_id, kind, n, day in found.iter_rows():
        why = ngettext(
            "{n} finding is recorded, of {day}.",
            "{n} findings are recorded, the newest of {day}.", n,
        ).format(n=n, day=day)  # fmt: skip
        risk = kind_names()[kind].lower()
        rows.append(_suggestion("risk", supplier_id, names[supplier_id], why, kind, risk=risk))
    return rows


def _about_low_dimensions(fresh: pl.DataFrame, names: Mapping[str, str]) -> list[dict[str, Any]]:
    rows = []
    for one in scoring.latest(fresh, by=("supplier_id",)).iter_rows(named=True):
        for code, text in scoring.dimension_names().items():
            if one[f"{code}_band"] != BAND_ORDER[0]:
                continue
            why = _("{dimension}: {band}, in the latest assessment, of {day}.").format(
                dimension=text,
                band=scoring.band_words(one[f"{code}_band"], one[f"{code}_band_high"]),
                day=one["assessed_on"],
            )
            supplier_id = one["supplier_id"]
            rows.append(
                _suggestion("low", supplier_id, names[supplier_id], why, code, question=text)
            )
    return rows


def reason_names() -> dict[str, str]:
    return {
        "overdue": _("Overdue commitment"),
        "no_list": _("No site list"),
        "differ": _("Members noted different answers"),
        "risk": _("Known risk"),
        "old_list": _("Old site list"),
        "low": _("Low level"),
        "promised": _("Open commitment"),
    }


# Following up -------------------------------------------------------------------------------------


def state_names() -> dict[str, str]:
    """The states of a commitment, in order."""
    return {
        "open": _("Open"),
        "on_track": _("On track"),
        "behind": _("Behind"),
        "done": _("Done, not verified"),
        "verified": _("Verified"),
        "dropped": _("Dropped"),
    }


def standing_names() -> dict[str, str]:
    return {
        "overdue": _("Overdue"),
        "soon": _("Due soon"),
        "ahead": _("Due later"),
        "undated": _("Without a date"),
        "to_verify": _("To be verified"),
        "verified": _("Verified"),
        "dropped": _("Dropped"),
    }


def standing(commitments: pl.DataFrame, today: date) -> pl.DataFrame:
    """The commitments with `standing` (one of STANDINGS), `days_left` and `moved_days`.

    days_left: whole days from today to the due date, negative afterwards; null without a date, and
    for what is verified or dropped. moved_days: by how much the date was put off since the
    commitment was made. What is said to be done is no longer overdue: it waits for its check.
    """
    days = (pl.col("due_on") - pl.lit(today, DAY)).dt.total_days()
    state = pl.col("state")
    to_do = state.is_in(TO_DO)
    return commitments.with_columns(
        standing=pl.when(state.is_in(["verified", "dropped"]))
        .then(state)
        .when(state == "done")
        .then(pl.lit("to_verify"))
        .when(to_do & pl.col("due_on").is_null())
        .then(pl.lit("undated"))
        .when(to_do & (days < 0))
        .then(pl.lit("overdue"))
        .when(to_do & (days <= SOON_DAYS))
        .then(pl.lit("soon"))
        .when(to_do)
        .then(pl.lit("ahead")),
        days_left=pl.when(state.is_in(STILL_OPEN)).then(days),
        moved_days=(pl.col("due_on") - pl.col("first_due_on")).dt.total_days(),
    )


def still_open(
    commitments: pl.DataFrame, today: date, supplier_ids: Iterable[str] | None = None
) -> pl.DataFrame:
    """What the next dialogue begins with: of `standing`, what is neither verified nor dropped.

    The overdue ones first, then by due date. supplier_ids: of these suppliers only.
    """
    found = standing(commitments, today).filter(pl.col("state").is_in(STILL_OPEN))
    if supplier_ids is not None:
        found = found.filter(pl.col("supplier_id").is_in(list(supplier_ids)))
    return found.sort(
        pl.col("standing") != "overdue", "due_on", "created_at", "id", nulls_last=True
    )


def progress(commitments: pl.DataFrame, by: Sequence[str] = ("supplier_id",)) -> pl.DataFrame:
    """Per `by` (such as supplier_id, dialogue_id or both): made, each of STATES, rate.

    rate: verified / made, 0 to 1, where made counts every commitment ever made: what is dropped
    stays in it. With an empty `by` one row for all; its rate is null where nothing was promised.
    """
    counts = [
        pl.len().cast(WHOLE).alias("made"),
        *((pl.col("state") == state).sum().cast(WHOLE).alias(state) for state in STATES),
    ]
    if by:
        counted = commitments.group_by(list(by)).agg(counts).sort(*by)
    else:
        counted = commitments.select(counts)
    return counted.with_columns(
        rate=pl.when(pl.col("made") > 0).then(pl.col("verified") / pl.col("made"))
    )


def problems_of_commitment(
    text: str, supplier_id: str | None, owner_id: str | None, due_on: date | None, today: date
) -> list[str]:
    """What is wrong with a commitment that a person entered, a sentence each."""
    said = []
    if len("".join(text.split())) < 3:
        said.append(_("Write down what was promised."))
    if not supplier_id:
        said.append(_("Choose the supplier that promised it."))
    if not owner_id:
        said.append(_("Choose the organisation that follows it up."))
    if due_on is None:
        said.append(_("Say by which day: a commitment without a date is never overdue."))
    elif due_on < today:
        said.append(_("It is due on {day}, which is over. Choose a later day.").format(day=due_on))
    return said


def inbox(
    commitments: pl.DataFrame, dialogues: pl.DataFrame, organisation_id: str, today: date
) -> list[Need]:
    """What waits for the organisation, the most urgent first: for overview.needs.

    commitments: with `supplier` (name); those that the organisation follows up count. dialogues:
    with `hosted`; those under way, those that begin within 14 days by the calendar of their own
    zone, and for hosts those that are over by it and were never closed or opened.
    """
    mine = standing(commitments.filter(pl.col("owner_id") == organisation_id), today)
    found = [
        _overdue(mine.filter(pl.col("standing") == "overdue")),
        *_dialogues_ahead(dialogues, today),
        _soon(mine.filter(pl.col("standing") == "soon")),
    ]
    return [need for need in found if need is not None]


def _overdue(late: pl.DataFrame) -> Need | None:
    if late.is_empty():
        return None
    first = late.sort("due_on", "supplier").row(0, named=True)
    text = ngettext(
        "{n} commitment that you follow up is overdue: {supplier}, since {day}.",
        "{n} commitments that you follow up are overdue, the longest that of {supplier}, since "
        "{day}.",
        late.height,
    ).format(n=late.height, supplier=first["supplier"], day=first["due_on"])
    query = {"commitment": first["id"]}
    return Need("commitments_overdue", late.height, text, _("Follow it up"), "commitments", query)


def _soon(due: pl.DataFrame) -> Need | None:
    if due.is_empty():
        return None
    first = due.sort("due_on", "supplier").row(0, named=True)
    text = ngettext(
        "{n} commitment that you follow up is due by {day}: {supplier}.",
        "{n} commitments that you follow up are due within 14 days, first that of {supplier} by "
        "{day}.",
        due.height,
    ).format(n=due.height, supplier=first["supplier"], day=first["due_on"])
    query = {"commitment": first["id"]}
    return Need("commitments_soon", due.height, text, _("Follow it up"), "commitments", query)


def _dialogues_ahead(dialogues: pl.DataFrame, today: date) -> list[Need]:
    found = []
    for one in dialogues.sort("starts_at", "id").iter_rows(named=True):
        begins = clocks.local(one["starts_at"], one["time_zone"])
        query = {"dialogue": one["id"]}
        ended = clocks.local(one["ends_at"], one["time_zone"]).date()
        if ended < today:
            if one["hosted"] and one["state"] in ("live", "planned"):
                found.append(_left_open(one, ended))
        elif one["state"] == "live":
            text = _("“{title}” is under way.").format(title=one["title"])
            found.append(Need("live", 1, text, _("Go in"), "dialogue", query, "anybody"))
        elif one["state"] == "planned" and 0 <= (begins.date() - today).days <= SOON_DAYS:
            text = _("“{title}” begins on {day} at {time}.").format(
                title=one["title"], day=begins.date(), time=f"{begins:%H:%M}"
            )
            found.append(
                Need("dialogue_ahead", 1, text, _("Prepare it"), "dialogue", query, "anybody")
            )
    return found


def _left_open(one: Mapping[str, Any], ended: date) -> Need:
    """An event that is over, except in the store."""
    query = {"dialogue": one["id"]}
    if one["state"] == "live":
        text = _(
            "“{title}” ended on {day} and is still open. Close it: only then are the votes "
            "counted, and who cast them destroyed."
        ).format(title=one["title"], day=ended)
        return Need("dialogue_open", 1, text, _("Close it"), "dialogue", query)
    text = _(
        "“{title}” was planned until {day} and was never opened. Move it to another time, or "
        "cancel it."
    ).format(title=one["title"], day=ended)
    return Need("dialogue_past", 1, text, _("Look at it"), "dialogue", query)


# Looking back -------------------------------------------------------------------------------------


def event_names() -> dict[str, str]:
    return {
        "dialogue": _("Dialogue"),
        "promised": _("Commitment made"),
        "reported": _("Commitment reported on"),
        "asked": _("Leverage used"),
        "outcome": _("What came of it"),
    }


def timeline(
    supplier_id: str,
    dialogues: pl.DataFrame,
    dialogue_suppliers: pl.DataFrame,
    commitments: pl.DataFrame,
    reports: pl.DataFrame,
    leverage_uses: pl.DataFrame,
) -> pl.DataFrame:
    """What happened with one supplier, by day, with columns EVENTS.

    kind: one of event_names(). state: of the dialogue, of the report, or the outcome. A commitment
    stands on the day of its dialogue, an outcome on the day it is known for; what carries no day is
    left out rather than put anywhere. item_id: of the dialogue, commitment or leverage use.
    """
    held = _dialogues_of(supplier_id, dialogues, dialogue_suppliers)
    promised = commitments.filter(pl.col("supplier_id") == supplier_id)
    used = leverage_uses.filter(pl.col("supplier_id") == supplier_id)
    nobody = pl.lit(None, TEXT)
    parts = [
        held.select(
            "day", "state", "dialogue_id", kind=pl.lit("dialogue"), text="title",
            item_id="dialogue_id", organisation_id=nobody,
        ),
        promised.join(_days(dialogues), on="dialogue_id").select(
            "day", "text", "dialogue_id", kind=pl.lit("promised"), state=pl.lit("open"),
            item_id="id", organisation_id="owner_id",
        ),
        reports.drop("dialogue_id").join(
            promised.select("dialogue_id", "owner_id", commitment_id="id"), on="commitment_id"
        ).select(
            "state", "dialogue_id", day=pl.col("created_at").dt.date(), kind=pl.lit("reported"),
            text="note", item_id="commitment_id", organisation_id="owner_id",
        ),
        used.select(
            "dialogue_id", "organisation_id", day="asked_on", kind=pl.lit("asked"), text="asked",
            state="channel", item_id="id",
        ),
        used.filter(pl.col("outcome") != "none_yet").select(
            "dialogue_id", "organisation_id", day="outcome_on", kind=pl.lit("outcome"),
            text="outcome_text", state="outcome", item_id="id",
        ),
    ]  # fmt: skip
    order = list(event_names())
    columns = [pl.col(name).cast(dtype) for name, dtype in EVENTS.items()]
    return (
        pl.concat([part.select(columns) for part in parts])
        .drop_nulls("day")
        .sort("day", pl.col("kind").cast(pl.Enum(order)), "item_id", maintain_order=True)
    )


def moved(
    supplier_id: str,
    dialogues: pl.DataFrame,
    dialogue_suppliers: pl.DataFrame,
    assessments: pl.DataFrame,
    lists: pl.DataFrame,
    sites: pl.DataFrame,
    commitments: pl.DataFrame,
) -> pl.DataFrame:
    """How things stood before and after each dialogue that was held, by day: MOVED.

    Before is the last that was known on the day of the dialogue or earlier, after the first that
    became known later, up to the day of the next dialogue, to which it is the before. Nothing is
    carried on or filled in: where there was no assessment or site list in that time, there is
    null. same_assessor: whether both assessments are of one organisation and questionnaire;
    same_lister: whether both site lists come from the same organisations; if not, a change may be
    one of sources. made, verified, dropped: commitments of that dialogue as they stand today.
    It shows what came after, and never that it came because of the dialogue.

    assessments: scored. lists: id, supplier_id, organisation_id, as_of. sites: site_list_id, os_id,
    place_key; lists of one day count as one.
    """
    held = _dialogues_of(supplier_id, dialogues, dialogue_suppliers).filter(
        pl.col("state").is_in(["live", "closed"])
    )
    scored = assessments.filter(pl.col("supplier_id") == supplier_id)
    levels = (
        scoring.latest(scored, by=("assessed_on",))
        .sort("assessed_on")
        .with_columns(points=_points(""), points_high=_points("_high"))
        .to_dicts()
    )
    counts = _sites_by_day(lists.filter(pl.col("supplier_id") == supplier_id), sites).to_dicts()
    results = {
        row["dialogue_id"]: row
        for row in progress(
            commitments.filter(pl.col("supplier_id") == supplier_id), ("dialogue_id",)
        ).to_dicts()
    }
    days: list[date] = held["day"].to_list()
    rows = []
    for row in held.to_dicts():
        day = row["day"]
        until = min((other for other in days if other > day), default=date.max)
        before, after = _around(levels, "assessed_on", day, until)
        listed, relisted = _around(counts, "as_of", day, until)
        kept = results.get(row["dialogue_id"], {})
        rows.append(
            {
                "dialogue_id": row["dialogue_id"], "title": row["title"], "day": day,
                **_level(before, "before"), **_level(after, "after"),
                "same_assessor": _same(before, after, "organisation_id", "questionnaire"),
                "listed_before": listed.get("as_of"), "sites_before": listed.get("sites"),
                "listed_after": relisted.get("as_of"), "sites_after": relisted.get("sites"),
                "same_lister": _same(listed, relisted, "owners"),
                **{name: kept.get(name, 0) for name in ("made", "verified", "dropped")},
            }
        )  # fmt: skip
    return pl.DataFrame(rows, schema=MOVED)


Observation = dict[str, Any]


def _around(
    observed: list[Observation], when: str, day: date, until: date
) -> tuple[Observation, Observation]:
    """The last one up to `day` and the first one after it, up to `until`; empty where none is."""
    before = [one for one in observed if one[when] <= day]
    after = [one for one in observed if day < one[when] <= until]
    return (before[-1] if before else {}), (after[0] if after else {})


def _level(one: Observation, end: str) -> Observation:
    names = ("overall", "overall_high", "points", "points_high")
    return {f"assessed_{end}": one.get("assessed_on")} | {
        f"{name}_{end}": one.get(name) for name in names
    }


def _same(one: Observation, other: Observation, *names: str) -> bool | None:
    if not one or not other:
        return None
    return all(one[name] == other[name] for name in names)


def _sites_by_day(lists: pl.DataFrame, sites: pl.DataFrame) -> pl.DataFrame:
    """as_of, sites (distinct ones of all lists of that day), owners; by day."""
    named = identify(
        sites.join(lists.select(site_list_id="id"), on="site_list_id", how="semi")
    ).select("site_list_id", "site_id")
    return (
        lists.select("as_of", "organisation_id", site_list_id="id")
        .join(named, on="site_list_id", how="left")
        .group_by("as_of")
        .agg(
            sites=pl.col("site_id").drop_nulls().n_unique().cast(WHOLE),
            owners=pl.col("organisation_id").unique().sort(),
        )
        .sort("as_of")
    )


def _days(dialogues: pl.DataFrame) -> pl.DataFrame:
    """dialogue_id, day: the calendar day of each in its own zone."""
    rows = [
        (one, clocks.local(starts_at, zone).date())
        for one, starts_at, zone in dialogues.select("id", "starts_at", "time_zone").iter_rows()
    ]
    return pl.DataFrame(rows, schema={"dialogue_id": TEXT, "day": DAY}, orient="row")


def _dialogues_of(
    supplier_id: str, dialogues: pl.DataFrame, dialogue_suppliers: pl.DataFrame
) -> pl.DataFrame:
    invited = dialogue_suppliers.filter(pl.col("supplier_id") == supplier_id)
    return (
        dialogues.join(invited.select(id="dialogue_id").unique(), on="id", how="semi")
        .select("title", "state", dialogue_id="id")
        .join(_days(dialogues), on="dialogue_id")
        .sort("day", "dialogue_id")
    )


# The agenda ---------------------------------------------------------------------------------------


def agenda(stages: pl.DataFrame, starts_at: datetime, time_zone: str) -> pl.DataFrame:
    """The stages by position with when each is planned: begins_at, ends_at (UTC), begins, ends.

    begins, ends: as the clocks of the zone show it, such as 09:30; with the zone's letters where
    the clocks change on the way. Raises UnknownZone.
    """
    ordered = stages.sort("position", "id")
    minutes = [0, *ordered["minutes"].cum_sum().to_list()]
    moments = [starts_at.astimezone(UTC) + timedelta(minutes=each) for each in minutes]
    shown = [clocks.local(each, time_zone) for each in moments]
    form = "%H:%M" if len({each.utcoffset() for each in shown}) == 1 else "%H:%M %Z"
    clock = [f"{each:{form}}" for each in shown]
    return ordered.with_columns(
        pl.Series("begins_at", moments[:-1], dtype=MOMENT),
        pl.Series("ends_at", moments[1:], dtype=MOMENT),
        pl.Series("begins", clock[:-1], dtype=TEXT),
        pl.Series("ends", clock[1:], dtype=TEXT),
    )


def overrun(minutes: Iterable[int], starts_at: datetime, ends_at: datetime) -> int:
    """By how many minutes the stages are longer than the event; negative where time is left."""
    return sum(minutes) - int((ends_at - starts_at).total_seconds()) // 60


def problems_of_plan(
    title: str,
    supplier_ids: Collection[str],
    starts_at: datetime,
    ends_at: datetime,
    minutes: Collection[int],
    link: str = "",
) -> list[str]:
    """What is wrong with a dialogue as planned, a sentence each. minutes: of each stage."""
    said = []
    if len(title.strip()) < 2:
        said.append(_("Give the dialogue a title."))
    if not supplier_ids:
        said.append(_("Choose at least one supplier to talk with."))
    if ends_at <= starts_at:
        said.append(_("It ends before it begins. Check the two times."))
    elif ends_at - starts_at > timedelta(days=MOST_DAYS):
        said.append(_("A dialogue lasts {n} days at most. Plan a second one.").format(n=MOST_DAYS))
    elif not minutes:
        said.append(_("The agenda is empty: begin with a template, or add a stage."))
    elif (over := overrun(minutes, starts_at, ends_at)) > 0:
        said.append(
            ngettext(
                "The agenda is {n} minute longer than the dialogue. Shorten a stage, or end later.",
                "The agenda is {n} minutes longer than the dialogue. Shorten a stage, or end "
                "later.",
                over,
            ).format(n=over)
        )
    if link and not is_link(link):
        said.append(
            _("“{text}” is not a link: begin with https:// and leave out spaces.").format(text=link)
        )
    return said


# In the room --------------------------------------------------------------------------------------


def side_names() -> dict[str, str]:
    """On whose side somebody takes part, for people."""
    return {
        "buyer": _("Buyer"),
        "supplier": _("Supplier"),
        "reseller": _("Reseller"),
        "guest": _("Guest"),
    }


def sides(seats: pl.DataFrame) -> dict[tuple[str, str], str]:
    """Name and affiliation of those who are no buyers -> their side, for people: on whose side
    somebody speaks is no matter of what they call their company."""
    words = side_names()
    found = seats.filter(pl.col("side") != "buyer")
    named: dict[tuple[str, str], set[str]] = {}
    for name, affiliation, side in found.select("name", "affiliation", "side").iter_rows():
        named.setdefault((name, affiliation), set()).add(words[side].lower())
    return {one: ", ".join(sorted(several)) for one, several in named.items()}


def signed(said: Mapping[str, Any], known: Mapping[tuple[str, str], str]) -> str:
    """Who says it, of which organisation; of guests also on whose side they are. Empty where
    nobody's name is kept with it. known: of `sides`."""
    named = ", ".join(filter(None, (said["author"], said["affiliation"])))
    side = known.get((said["author"], said["affiliation"]))
    return f"{named} ({side})" if side else named


def time_left(minutes: int, began_at: datetime | None, now: datetime) -> int | None:
    """Whole seconds until the stage's minutes are over, negative afterwards; None before it began.

    A clock that is behind the store's never shows more than the whole stage.
    """
    if began_at is None:
        return None
    passed = max((now - began_at).total_seconds(), 0)
    return int(minutes * 60 - passed // 1)


def time_left_words(seconds: int | None) -> str:
    """For example `12:05`, `0:00`, or `3 minutes over`; nothing before the stage began."""
    if seconds is None:
        return ""
    if seconds > -60:
        whole = max(seconds, 0)
        return f"{whole // 60}:{whole % 60:02d}"
    over = -seconds // 60
    return ngettext("{n} minute over", "{n} minutes over", over).format(n=over)
