"""What an organisation has to share: choosing from it, and what a receipt covers of it."""

from typing import Any

import polars as pl
import streamlit as st

from components import data, risks, sharing
from components.session import Session
from quorum import receipts, scoring
from quorum.language import _, ngettext


def relation_names() -> dict[str, str]:
    """The kinds of contribution, for people."""
    return {
        "assessment": _("Assessments"),
        "site_list": _("Site lists"),
        "spend": _("Spend"),
        "initiative_rating": _("Ratings of initiatives"),
        "initiative_link": _("Memberships and certificates"),
        "initiative": _("Initiatives"),
        "rubric": _("Rubrics"),
        "leverage_use": _("Uses of leverage"),
        "risk": _("Known risks"),
    }


# What is not shared yet ---------------------------------------------------------------------------


def _unshared(session: Session, relation: str) -> pl.DataFrame:
    """The organisation's contributions that some consortium of its does not see, with `label`."""
    frames = {
        "assessment": lambda: data.assessments(session).with_columns(label=_assessment_label()),
        "site_list": lambda: data.site_lists(session).with_columns(label=_list_label()),
        "spend": lambda: data.spend(session).with_columns(label="supplier"),
    }
    found = frames[relation]() if relation in frames else _labelled(session, relation)
    return sharing.unshared(session, found).sort("label", nulls_last=True)


def _labelled(session: Session, relation: str) -> pl.DataFrame:
    """The organisation's own rows of any other relation, each with `label`."""
    if relation == "leverage_use":
        return data.leverage_uses(session).filter("mine").with_columns(label=_use_label())
    if relation == "risk":
        return risks.risks(session).filter("mine").with_columns(label=_risk_label())
    names = data.initiative_names(session)
    named = pl.col("initiative").replace_strict(names, default="?", return_dtype=pl.String)
    labels = {
        "initiative": pl.col("name"),
        "rubric": pl.format("{}, {}", "title", "edition"),
        "initiative_rating": pl.format("{}, {}", named, "rated_on"),
        "initiative_link": pl.format("{}, {}", pl.col("supplier").fill_null("?"), named),
    }
    linked = relation == "initiative_link"
    found = (
        data.initiative_links(session)
        if linked
        else data.with_sharing(session, relation, data.rows(session, relation))
    )
    return found.filter(organisation_id=session.principal.organisation_id).with_columns(
        mine=True, label=labels[relation]
    )


def _assessment_label() -> pl.Expr:
    band = pl.col("overall").map_elements(
        scoring.band_name, return_dtype=pl.String, skip_nulls=False
    )
    return pl.format("{}, {}, {}", pl.col("supplier").fill_null("?"), "assessed_on", band)


def _list_label() -> pl.Expr:
    sites = pl.col("row_count").map_elements(
        lambda n: ngettext("{n} site", "{n} sites", n).format(n=f"{n:,}"), return_dtype=pl.String
    )
    return pl.format("{} ({}), {}", "title", pl.col("supplier").fill_null("?"), sites)


def _use_label() -> pl.Expr:
    return pl.format("{}, {}, {}", pl.col("supplier").fill_null("?"), "asked_on", "asked")


def _risk_label() -> pl.Expr:
    return pl.format("{}, {}: {}", "where", "seen_on", "kind_name")


def share_more(session: Session) -> None:
    """Chooses a kind, then contributions that are not shared yet, and shares them."""
    names = relation_names()
    relation = st.radio(
        _("What to share"), list(names), index=None, format_func=lambda one: names[one],
        horizontal=True, key="share_more",
    )  # fmt: skip
    if relation is None:
        return
    left = data.cached(session, _unshared, relation)
    key = f"share_{relation}"
    if left.is_empty():
        sharing.last_receipt(session, key)
        st.caption(
            _("Nothing is left to share here: all that you have is shared, or you have none.")
        )
        return
    items, title = (_lines if relation == "spend" else _records)(left, key)
    sharing.share_form(session, relation, items, title, key)


def _records(left: pl.DataFrame, key: str) -> tuple[list[str], str]:
    labels = dict(left.select("id", "label").iter_rows())
    chosen = st.multiselect(
        _("Which of them ({n} not shared yet)").format(n=left.height),
        list(labels),
        format_func=lambda one: labels.get(one, ""),
        key=f"{key}_items",
    )
    chosen = [one for one in chosen if one in labels]
    return chosen, receipts.listed([labels[one] for one in chosen])


def _lines(left: pl.DataFrame, key: str) -> tuple[list[str], str]:
    """Spend by supplier and year: lines are too many to be chosen one by one."""
    suppliers = left["supplier"].drop_nulls().unique().sort().to_list()
    years = left["year"].unique().sort(descending=True).to_list()
    some = st.multiselect(_("Suppliers"), suppliers, key=f"{key}_suppliers")
    when = st.multiselect(_("Years"), years, default=years, key=f"{key}_years")
    chosen = left.filter(pl.col("supplier").is_in(some), pl.col("year").is_in(when))
    title = _("{suppliers}, {years}").format(
        suppliers=receipts.listed(some), years=", ".join(map(str, sorted(when)))
    )
    return chosen["id"].to_list(), title


# What a receipt covers ----------------------------------------------------------------------------


def covered(session: Session, sharing_id: str, relation: str) -> pl.DataFrame:
    """What a receipt covers, as far as it is still there: a row each, of spend one per supplier,
    year and currency."""
    return data.cached(session, _covered, sharing_id, relation)


def _covered(session: Session, sharing_id: str, relation: str) -> pl.DataFrame:
    items = data.fresh(session, "sharing_item", {"sharing_id": sharing_id})["item_id"]
    frames = {
        "assessment": data.assessments,
        "site_list": data.site_lists,
        "spend": data.spend,
    }
    mine = frames[relation](session) if relation in frames else _labelled(session, relation)
    found = mine.filter(pl.col("id").is_in(items.to_list()), "mine")
    if relation == "assessment":
        band = pl.col("overall").map_elements(scoring.band_name, return_dtype=pl.String)
        return found.select("supplier", "assessed_on", overall=band).sort("supplier")
    if relation == "site_list":
        return found.select("title", "supplier", "as_of", "row_count").sort("title")
    if relation not in frames:
        return found.select("label").sort("label")
    return (
        found.group_by("supplier", "year", "currency")
        .agg(lines=pl.len().cast(pl.Int64), amount=pl.col("amount").sum())
        .sort("supplier", "year", "currency")
        .select("supplier", "year", "lines", "amount", "currency")
    )


def day_column(label: str) -> Any:
    """A column of days: without it a table shows the hour too."""
    return st.column_config.DateColumn(label, format="YYYY-MM-DD")


def covered_columns(relation: str) -> dict[str, Any]:
    """Labels for the columns of `covered`."""
    columns: dict[str, dict[str, Any]] = {
        "assessment": {
            "supplier": _("Supplier"),
            "assessed_on": day_column(_("Assessed on")),
            "overall": _("Overall level"),
        },
        "site_list": {
            "title": _("List"),
            "supplier": _("Supplier"),
            "as_of": day_column(_("As of")),
            "row_count": _("Sites"),
        },
        "spend": {
            "supplier": _("Supplier"),
            "year": st.column_config.NumberColumn(_("Year"), format="%d"),
            "lines": _("Lines"),
            "amount": st.column_config.NumberColumn(_("Amount"), format="localized"),
            "currency": _("Currency"),
        },
    }
    return columns.get(relation, {"label": relation_names()[relation]})
