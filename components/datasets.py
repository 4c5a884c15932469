"""The rows that can be explored, one reader per dataset: what the member may see, and no more.

Readers take rows from components/data, so the member's rights hold; each gives the columns that its
description (quorum/definitions/datasets) names, and the identifiers that things are counted by.
"""

from collections.abc import Callable
from datetime import date

import polars as pl

from components import data
from components.contributions import relation_names
from components.dialogues import RELATIONS as OF_DIALOGUES
from components.dialogues import state_names as event_states
from components.dialogues_rule import ruled
from components.leverage_used import channel_names, outcome_names
from components.risks import risks
from components.session import Session
from quorum import clocks, dialogues, receipts, scoring
from quorum.definitions import questionnaires
from quorum.definitions.datasets import Dataset
from quorum.definitions.rubrics import published
from quorum.initiatives import ONE, current, state_names, with_state
from quorum.language import _
from quorum.sites import identify
from quorum.suppliers import kind_names

IDENTIFIERS = ("lei", "vat", "registry_number")


def frame(session: Session, dataset: Dataset) -> pl.DataFrame:
    """All rows of the dataset that the member may see."""
    return data.cached(session, READERS[dataset.reader])


# Readers ------------------------------------------------------------------------------------------


def _suppliers(session: Session) -> pl.DataFrame:
    register = data.suppliers(session)
    known = data.assessments(session)
    newest = scoring.latest(known, by=("supplier_id",)).select("supplier_id", "overall")
    assessed = known.group_by("supplier_id").agg(pl.len().cast(pl.Int64).alias("assessments"))
    named = (
        identify(data.sites(session))
        .group_by("supplier_id")
        .agg(pl.col("site_id").n_unique().cast(pl.Int64).alias("sites"))
    )
    names = _supplier_names(session)
    return (
        register.select(
            pl.col("id").alias("supplier_id"),
            pl.col("kind").replace(kind_names()),
            "country",
            pl.col("parent_id").replace_strict(names, default=None, return_dtype=pl.String)
            .alias("brand"),
            pl.any_horizontal(pl.col(IDENTIFIERS).is_not_null()).alias("has_identifier"),
        )
        .join(newest, on="supplier_id", how="left", maintain_order="left")
        .join(assessed, on="supplier_id", how="left", maintain_order="left")
        .join(named, on="supplier_id", how="left", maintain_order="left")
        .with_columns(
            _supplier(names),
            pl.col("assessments").fill_null(0),
            is_assessed=pl.col("assessments").is_not_null(),
            has_sites=pl.col("sites").is_not_null(),
        )
    )  # fmt: skip


def _assessments(session: Session) -> pl.DataFrame:
    found = data.assessments(session)
    key = ["organisation_id", "id"]
    newest = scoring.latest(found).select(key).with_columns(is_newest=pl.lit(True))
    kinds = {kind.code: kind.text for one in questionnaires() for kind in one.respondent_kinds}
    titles = {one.id: one.title for one in questionnaires()}
    return (
        found.join(newest, on=key, how="left", maintain_order="left")
        .with_columns(
            _supplier(_supplier_names(session)),
            _whose(),
            pl.col("is_newest").fill_null(False),
            pl.col("respondent_kind").replace(kinds),
            pl.col("questionnaire").alias("version"),
            pl.col("questionnaire").replace(titles),
        )
    )  # fmt: skip


def _dimensions(session: Session) -> pl.DataFrame:
    names = scoring.dimension_names()
    found = data.cached(session, _assessments)
    shared = [
        "supplier_id", "supplier", "organisation_id", "organisation", "whose", "assessed_on",
        "is_newest",
    ]  # fmt: skip
    return pl.concat(
        found.select(
            *shared,
            pl.lit(name).alias("dimension"),
            pl.lit(place, pl.Int64).alias("dimension_place"),
            pl.col(f"{code}_points").alias("points"),
            pl.col(f"{code}_band").alias("band"),
        )
        for place, (code, name) in enumerate(names.items())
    ).filter(pl.col("points").is_not_null())


def _answers(session: Session) -> pl.DataFrame:
    lines = pl.DataFrame(
        [
            (one.id, answer.code, answer.label, block.text, one.dimension(block.dimension).text)
            for one in questionnaires()
            for block in one.blocks
            for answer in block.answers
        ],
        schema=dict.fromkeys(
            ("version", "answers", "answer", "question", "dimension"), pl.String()
        ),
        orient="row",
    )
    return (
        data.cached(session, _assessments)
        .select(
            "supplier_id", "supplier", "organisation_id", "organisation", "whose", "assessed_on",
            "is_newest", "version", "answers",
        )
        .explode("answers")
        .join(lines, on=["version", "answers"], maintain_order="left")
        .drop("version", "answers")
    )  # fmt: skip


def _sites(session: Session) -> pl.DataFrame:
    dates = data.site_lists(session).select("as_of", site_list_id="id")

    def first(column: str) -> pl.Expr:
        return pl.col(column).drop_nulls().first()

    return (
        identify(data.sites(session))
        .join(dates, on="site_list_id", how="left")
        .sort("as_of", "name", "id", descending=[True, False, False], nulls_last=True)
        .group_by("site_id", "supplier_id", maintain_order=True)
        .agg(
            first("name").alias("site"),
            first("country"),
            first("sector"),
            first("facility_type"),
            pl.col("as_of").max().alias("newest"),
            pl.col("latitude").is_not_null().any().alias("has_position"),
            pl.col("os_id").is_not_null().any().alias("has_os_id"),
            pl.col("site_list_id").n_unique().cast(pl.Int64).alias("lists"),
            pl.col("organisation_id").n_unique().cast(pl.Int64).alias("organisations"),
            pl.col("workers_min").max().alias("workers"),
        )
        .with_columns(
            _supplier(_supplier_names(session)),
            (pl.col("newest") == pl.col("newest").max().over("supplier_id"))
            .fill_null(False)
            .alias("on_newest"),
        )
    )


def _site_lists(session: Session) -> pl.DataFrame:
    return data.site_lists(session).with_columns(_supplier(_supplier_names(session)), _whose())


def _spend(session: Session) -> pl.DataFrame:
    return data.spend(session).with_columns(_supplier(_supplier_names(session)), _whose())


def _receipts(session: Session) -> pl.DataFrame:
    found = data.rows(session, "sharing", "-created_at")
    levels = {one.code: one.label for one in receipts.levels("spend")}
    return found.with_columns(
        pl.col("consortium_id")
        .replace_strict(data.consortium_names(session), default=None, return_dtype=pl.String)
        .alias("consortium"),
        pl.col("relation").replace(relation_names()),
        pl.col("level").replace(levels),
        pl.when(pl.col("ended_at").is_null() & (pl.col("ends_on") >= date.today()))
        .then(pl.lit(_("Running")))
        .otherwise(pl.lit(_("Ended")))
        .alias("state"),
        pl.col("created_at").dt.date(),
    )


def _ratings(session: Session) -> pl.DataFrame:
    known = data.rubrics(session)
    table = data.ratings(session)
    words = pl.DataFrame(
        [
            (one.id, one.edition, c.code, c.label, one.title, place)
            for one in known
            for place, c in enumerate(one.criteria)
        ],
        schema={"rubric": pl.String, "edition": pl.Int64, "criterion": pl.String,
                "label": pl.String, "title": pl.String, "criterion_place": pl.Int64},
        orient="row",
    )  # fmt: skip
    newest = current(table).select(ONE).unique().with_columns(is_current=pl.lit(True))
    return (
        table.join(words, on=["rubric", "edition", "criterion"], how="left")
        .join(newest, on=ONE, how="left")
        .select(
            pl.col("initiative").alias("initiative_id"),
            _initiative(session),
            pl.coalesce("label", "criterion").alias("criterion"),
            pl.coalesce("title", "rubric").alias("rubric"),
            "criterion_place", "rater_id", "rater", "rated_on",
            pl.col("is_current").fill_null(False),
            pl.col("value").alias("stars"),
        )
    )  # fmt: skip


def _memberships(session: Session) -> pl.DataFrame:
    found = with_state(data.contributions(session, "initiative_link"), date.today())
    standings = {"member": _("Member"), "certificate": _("Certificate")}
    return found.with_columns(
        pl.col("initiative").alias("initiative_id"),
        _initiative(session),
        _supplier(_supplier_names(session)),
        _whose(),
        pl.col("standing").replace(standings),
        pl.col("state").replace(state_names()),
        pl.col("site_country").alias("country"),
        pl.col("created_at").dt.date().alias("recorded_on"),
    )


def _dialogues(session: Session) -> pl.DataFrame:
    events = data.dialogues(session)
    days = [
        clocks.local(moment, zone).date()
        for moment, zone in events.select("starts_at", "time_zone").iter_rows()
    ]
    counts = dialogues.progress(data.commitments(session), ("dialogue_id", "supplier_id"))
    return (
        data.dialogue_suppliers(session)
        .drop("supplier")
        .join(
            events.with_columns(day=pl.Series(days, dtype=pl.Date)).select(
                "consortium", "state", "chatham", "day", dialogue_id="id", dialogue="title"
            ),
            on="dialogue_id",
        )
        .join(
            counts.select("dialogue_id", "supplier_id", "verified", commitments="made"),
            on=["dialogue_id", "supplier_id"],
            how="left",
        )
        .with_columns(
            _supplier(_supplier_names(session)),
            pl.col("commitments", "verified").fill_null(0).cast(pl.Int64),
            pl.col("state").replace(event_states()),
            year=pl.col("day").dt.year().cast(pl.Int64),
        )
    )


def _commitments(session: Session) -> pl.DataFrame:
    found = dialogues.standing(data.commitments(session), date.today())
    return _unattributed(session, found, "owner_id", "owner").with_columns(
        _supplier(_supplier_names(session)),
        pl.col("state").replace(dialogues.state_names()),
        pl.col("standing").replace(dialogues.standing_names()),
        made_on=pl.col("created_at").dt.date(),
        is_verified=pl.col("state") == "verified",
        moved_days=pl.col("moved_days").cast(pl.Int64),
    )


def _leverage_use(session: Session) -> pl.DataFrame:
    found = data.leverage_uses(session)
    return _unattributed(session, found, "organisation_id", "organisation").with_columns(
        _supplier(_supplier_names(session)),
        _whose(),
        pl.col("channel").replace(channel_names()),
        pl.col("outcome").replace(outcome_names()),
        days_to_outcome=(pl.col("outcome_on") - pl.col("asked_on")).dt.total_days().cast(pl.Int64),
    )


def _unattributed(session: Session, found: pl.DataFrame, *names: str) -> pl.DataFrame:
    """Without these names where the Chatham House Rule holds: every answer can be taken along."""
    of_those = pl.col("dialogue_id").is_in(list(ruled(session))).fill_null(False)
    return found.with_columns(pl.when(~of_those).then(pl.col(names)))


def _risks(session: Session) -> pl.DataFrame:
    of_country = pl.col("supplier_id").is_null()
    return risks(session).with_columns(
        _supplier(_supplier_names(session)),
        _whose(),
        kind="kind_name",
        stage="stage_name",
        scope=pl.when(of_country)
        .then(pl.lit(_("Whoever produces there")))
        .otherwise(pl.lit(_("One supplier"))),
        year=pl.col("seen_on").dt.year().cast(pl.Int64),
    )


def _initiative(session: Session) -> pl.Expr:
    added = data.rows(session, "initiative").select("id", "name").iter_rows()
    names = {one.id: one.name for one in published().initiatives} | dict(added)
    # Rated by a colleague who does not share what it is called.
    unknown = _("An initiative that is not shared with you")
    return (
        pl.col("initiative")
        .replace_strict(names, default=unknown, return_dtype=pl.String)
        .alias("initiative")
    )


# A new dataset is a file in quorum/definitions/datasets and a line here.
READERS: dict[str, Callable[[Session], pl.DataFrame]] = {
    "suppliers": _suppliers,
    "assessments": _assessments,
    "dimensions": _dimensions,
    "answers": _answers,
    "sites": _sites,
    "site_lists": _site_lists,
    "spend": _spend,
    "receipts": _receipts,
    "ratings": _ratings,
    "memberships": _memberships,
    "dialogues": _dialogues,
    "commitments": _commitments,
    "leverage_use": _leverage_use,
    "risks": _risks,
}

# What each of them reads, so that a page can fetch it ahead.
RELATIONS: dict[str, tuple[str, ...]] = {
    "suppliers": ("supplier", "assessment", "production_site"),
    "assessments": ("assessment",),
    "dimensions": ("assessment",),
    "answers": ("assessment",),
    "sites": ("production_site", "site_list"),
    "site_lists": ("site_list",),
    "spend": ("spend",),
    "receipts": ("sharing",),
    "ratings": ("initiative", "rubric", "initiative_rating"),
    "memberships": ("initiative", "initiative_link"),
    "dialogues": OF_DIALOGUES,
    "commitments": OF_DIALOGUES,
    "leverage_use": ("leverage_use", *OF_DIALOGUES),
    "risks": ("risk",),
}


# What they share ----------------------------------------------------------------------------------


def _supplier_names(session: Session) -> dict[str, str]:
    """Identifier to name of each living supplier; two of one name are told apart, because charts
    put together what has the same name."""
    return data.cached(session, _told_apart)


def _told_apart(session: Session) -> dict[str, str]:
    register = data.suppliers(session).select("id", "name", "country")
    named = register.with_columns(
        pl.when(pl.len().over("name") > 1)
        .then(pl.format("{} ({})", "name", pl.col("country").fill_null("?")))
        .otherwise("name")
        .alias("told")
    ).with_columns(
        pl.when(pl.len().over("told") > 1)
        .then(pl.format("{} {}", "told", pl.col("id").str.slice(0, 4)))
        .otherwise("told")
        .alias("told")
    )
    return dict(named.select("id", "told").iter_rows())


def _supplier(names: dict[str, str]) -> pl.Expr:
    return (
        pl.col("supplier_id")
        .replace_strict(names, default=None, return_dtype=pl.String)
        .alias("supplier")
    )


def _whose() -> pl.Expr:
    return (
        pl.when("mine").then(pl.lit(_("Own"))).otherwise(pl.lit(_("Shared with us"))).alias("whose")
    )
