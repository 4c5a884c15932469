"""The organisation's audit trail, read from its newest end."""

from datetime import UTC, datetime, timedelta

import polars as pl

from components import data, sharing
from components.session import Session
from quorum import audit

# What acts are told with, for `data.ahead`.
RELATIONS = (
    "audit_event", "person", "supplier", "assessment", "site_list", "organisation", "membership",
    "invitation", "sharing", "initiative", "initiative_rating", "rubric", "saved_chart",
)  # fmt: skip


def trail(
    session: Session, person_id: str | None, kind: str | None, days: int | None, limit: int
) -> tuple[pl.DataFrame, bool]:
    """Acts in words (quorum.audit.worded), the newest first, and whether there are older ones.

    `days`: how far back; `limit`: how many events are read at most, however long the trail is.
    """
    return data.cached(session, _trail, person_id, kind, days, limit)


def _trail(
    session: Session, person_id: str | None, kind: str | None, days: int | None, limit: int
) -> tuple[pl.DataFrame, bool]:
    filters: dict[str, object] = {}
    if person_id is not None:
        filters["person_id"] = person_id
    if (relations := audit.relations_of(kind)) is not None:
        filters["relation"] = relations
    found = data.fresh(session, "audit_event", filters, order=("-at",), limit=limit)
    older = found.height == limit
    if older and found["at"][0] != found["at"][-1]:
        # The events of the oldest moment may not all be here: without its cause a consequence
        # would look like an act.
        found = found.filter(pl.col("at") > found["at"][-1])
    if days is not None:
        since = datetime.now(UTC) - timedelta(days=days)
        older = older and bool(found["at"].min() >= since)  # type: ignore[operator]
        found = found.filter(pl.col("at") >= since)
    told = audit.worded(found, people(session), _names(session), sharing.receipts_of(session))
    if kind is not None:
        told = told.filter(pl.col("kind_code") == kind)
    return told, older


def people(session: Session) -> dict[str, str]:
    """Colleagues' names by identifier."""
    return dict(data.rows(session, "person", "name").select("id", "name").iter_rows())


def _names(session: Session) -> dict[str, str]:
    """What the things are called that events are about."""
    suppliers = dict(data.register(session).select("id", "name").iter_rows())
    assessments = {
        row[0]: f"{suppliers.get(row[1], '')}, {row[2]}"
        for row in data.rows(session, "assessment")
        .select("id", "supplier_id", "assessed_on")
        .iter_rows()
    }
    lists = dict(data.rows(session, "site_list").select("id", "title").iter_rows())
    organisations = data.organisation_names(session)
    members = {
        row[0]: organisations[row[1]]
        for row in data.rows(session, "membership", "joined_at")
        .select("id", "organisation_id")
        .iter_rows()
        if row[1] in organisations
    }
    notes = {
        row[0]: row[1]
        for row in data.rows(session, "invitation", "expires_at").select("id", "note").iter_rows()
        if row[1]
    }
    initiatives = data.initiative_names(session)
    ratings = {
        row[0]: f"{initiatives.get(row[1], '')}, {row[2]}"
        for row in data.rows(session, "initiative_rating")
        .select("id", "initiative", "rated_on")
        .iter_rows()
    }
    rubrics = dict(data.rows(session, "rubric").select("id", "title").iter_rows())
    charts = dict(data.rows(session, "saved_chart").select("id", "name").iter_rows())
    lists |= initiatives | ratings | rubrics | charts
    named = suppliers | assessments | lists | organisations | members | notes
    return named | data.consortium_names(session) | people(session)
