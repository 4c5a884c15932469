"""The audit trail in words: who did what, and when.

The store notes each statement's effect as an event: a table, what was done to it, and how many
rows or which columns, never a value. One act of a person can leave several events of one moment;
here the act is named, and what merely followed from it is left out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from quorum import receipts
from quorum.language import _, ngettext


@dataclass(frozen=True)
class Follows:
    """An act, and the events that merely follow from it in the same transaction, which has one
    moment for all its events. `done`: to what the act was done, `how`: as what the effects show;
    None stands for any."""

    act: str
    effects: tuple[str, ...]
    done: str | None = None
    how: str | None = None


FOLLOWS = (
    Follows("sharing", receipts.SHARED_RELATIONS, how="update"),
    Follows("spend", ("spend_import",)),
    Follows("assessment", ("assessment_contact",)),
    Follows("supplier_merge", ("supplier",), how="update"),
    Follows("consortium", ("membership",), done="insert", how="insert"),
    Follows("membership", ("invitation",), done="insert", how="update"),
    Follows("organisation_role", ("person", "invitation"), done="insert"),
    Follows("organisation", ("organisation_role", "person", "membership"), done="insert"),
)

KINDS: dict[str, tuple[str, ...]] = {
    "sharing": ("sharing",),
    "assessments": ("assessment", "assessment_contact"),
    "sites": ("site_list",),
    "spend": ("spend", "spend_import"),
    "initiatives": ("initiative", "rubric", "initiative_rating", "initiative_link"),
    "dialogues": (
        "dialogue",
        "dialogue_host",
        "dialogue_supplier",
        "dialogue_stage",
        "dialogue_seat",
        "commitment",
        "commitment_report",
        "leverage_use",
    ),
    "risks": ("risk",),
    "suppliers": ("supplier", "supplier_merge", "supplier_turnover"),
    "people": ("person", "organisation_role", "organisation"),
    "consortium": ("consortium", "membership", "invitation"),
    "charts": ("saved_chart",),
}


def kind_names() -> dict[str, str]:
    """The kinds of event, for people."""
    return {
        "sharing": _("Sharing"),
        "assessments": _("Assessments"),
        "sites": _("Production sites"),
        "spend": _("Spend"),
        "initiatives": _("Initiatives"),
        "dialogues": _("Dialogues"),
        "risks": _("Known risks"),
        "suppliers": _("Register of suppliers"),
        "people": _("Organisation and people"),
        "consortium": _("Consortia and invitations"),
        "charts": _("Saved charts"),
    }


def relations_of(kind: str | None) -> list[str] | None:
    """The tables whose events tell of a kind, with those that explain them; None for all."""
    if kind is None:
        return None
    wanted = set(KINDS[kind])
    return sorted(wanted | {rule.act for rule in FOLLOWS if wanted & set(rule.effects)})


def worded(
    events: pl.DataFrame,
    people: Mapping[str, str],
    names: Mapping[str, str],
    sharings: pl.DataFrame,
) -> pl.DataFrame:
    """`events` (relation "audit_event") in words: at, who, what, kind (label), kind_code,
    person_id; in the order given.

    people: names of colleagues; names: of things by identifier; sharings: `receipts.worded`.
    """
    told = _without_consequences(events).join(
        _sharing_words(sharings),
        left_on="item_id",
        right_on="id",
        how="left",
        maintain_order="left",
    )
    phrases = told.select("action", "relation", "summary").unique()
    phrases = phrases.with_columns(
        phrase=pl.Series(
            [_phrase(*row) for row in phrases.iter_rows()], dtype=pl.String
        )
    )  # fmt: skip
    labels = kind_names()
    codes = {relation: code for code, relations in KINDS.items() for relation in relations}
    name = pl.col("item_id").replace_strict(dict(names), default=None, return_dtype=pl.String)
    sharing_words = pl.when(pl.col("action") == "insert").then("begun").otherwise("over")
    return (
        told.join(phrases, on=["action", "relation", "summary"], maintain_order="left")
        .with_columns(
            kind_code=pl.col("relation").replace_strict(
                codes, default=None, return_dtype=pl.String
            ),
            who=_who(people),
            what=pl.coalesce(
                pl.when(pl.col("relation") == "sharing").then(sharing_words),
                pl.format("{}: {}", "phrase", name),
                "phrase",
            ),
        )
        .with_columns(
            kind=pl.col("kind_code").replace_strict(labels, default=None, return_dtype=pl.String)
        )
        .select("at", "who", "what", "kind", "kind_code", "person_id")
    )


def _without_consequences(events: pl.DataFrame) -> pl.DataFrame:
    consequence = pl.lit(False)
    for rule in FOLLOWS:
        act, effect = pl.col("relation") == rule.act, pl.col("relation").is_in(rule.effects)
        if rule.done is not None:
            act &= pl.col("action") == rule.done
        if rule.how is not None:
            effect &= pl.col("action") == rule.how
        consequence |= act.any().over("at") & effect
    return events.filter(~consequence)


def _who(people: Mapping[str, str]) -> pl.Expr:
    return (
        pl.when(pl.col("by_itself"))
        .then(pl.lit(_("Quorum")))
        .when(pl.col("person_id").is_null())
        .then(pl.lit(_("Somebody outside your organisation")))
        .otherwise(
            pl.col("person_id").replace_strict(
                dict(people), default=_("A former colleague"), return_dtype=pl.String
            )
        )
    )


def _sharing_words(sharings: pl.DataFrame) -> pl.DataFrame:
    """Per receipt: id, begun, over (what is said of its beginning and end), by_itself."""
    begun = _("shared {} with {} ({}){}")
    over = _("ended the sharing of {} with {}{}")
    passed = _("ended the sharing of {} with {}, because its end date passed{}")
    title = pl.when(pl.col("title") == "").then(pl.lit("")).otherwise(pl.format(": {}", "title"))
    late = pl.col("ended_because") == "end date"
    return sharings.select(
        "id",
        begun=pl.format(
            begun, "what", "consortium", pl.col("level_name").str.to_lowercase(), title
        ),
        over=pl.when(late)
        .then(pl.format(passed, "what", "consortium", title))
        .otherwise(pl.format(over, "what", "consortium", title)),
        by_itself=late.fill_null(False),
    )


def _phrase(action: str, relation: str, summary: str) -> str:
    """What one event says, without the name of the thing."""
    rows = re.fullmatch(r"(\d+) rows", summary)
    number = int(rows[1]) if rows else 1
    said = _special(action, relation, summary)
    if said is not None:
        return said
    verb = {
        "insert": _("added {thing}"),
        "update": _("changed {thing}"),
        "delete": _("deleted {thing}"),
    }[action]
    phrase = verb.format(thing=_thing(relation, number))
    if action == "update" and summary and not rows:
        return _("{phrase} ({fields})").format(phrase=phrase, fields=summary.replace("_", " "))
    return phrase


def _special(action: str, relation: str, summary: str) -> str | None:
    one = {
        ("invitation", "insert"): _("made an invitation link"),
        ("membership", "insert"): _("joined a consortium"),
        ("organisation_role", "insert"): _("joined the organisation"),
        ("organisation_role", "update"): _("changed a colleague's role"),
        ("organisation_role", "delete"): _("let a colleague go"),
        ("organisation", "insert"): _("founded the organisation"),
        ("consortium", "insert"): _("founded a consortium"),
        ("supplier_merge", "insert"): _("merged two suppliers"),
        ("supplier_merge", "update"): _("undid a merge of suppliers"),
    }.get((relation, action))
    if one is not None:
        return one
    if (relation, action) == ("invitation", "update"):
        if "revoked_at" in summary:
            return _("took back an invitation link")
        return _("used an invitation link")
    if (relation, action) == ("membership", "update"):
        if "left_at" in summary:
            return _("ended a membership of a consortium")
        return _("changed a member's role in a consortium")
    return None


def _thing(relation: str, number: int) -> str:
    if relation in receipts.SHARED_RELATIONS:
        one = {
            "assessment": _("an assessment"),
            "site_list": _("a site list"),
            "spend": _("a spend line"),
            "initiative": _("an initiative"),
            "rubric": _("a rubric"),
            "initiative_rating": _("a rating"),
            "initiative_link": _("a membership or certificate"),
            "leverage_use": _("a use of leverage"),
            "risk": _("a known risk"),
        }[relation]
        return one if number == 1 else receipts.counted(relation, number)
    forms = {
        "assessment_contact": ngettext(
            "the contact of an assessment", "the contacts of {n} assessments", number
        ),
        "spend_import": ngettext("a spend file", "{n} spend files", number),
        "supplier": ngettext("a supplier", "{n} suppliers", number),
        "supplier_turnover": ngettext("a turnover figure", "{n} turnover figures", number),
        "sharing": ngettext("a receipt", "{n} receipts", number),
        "person": ngettext("an account", "{n} accounts", number),
        "organisation": ngettext("the organisation", "{n} organisations", number),
        "consortium": ngettext("the consortium", "{n} consortia", number),
        "invitation": ngettext("an invitation", "{n} invitations", number),
        "membership": ngettext("a membership", "{n} memberships", number),
        "dialogue": ngettext("an event", "{n} events", number),
        "dialogue_host": ngettext("who invites to an event", "{n} who invite to events", number),
        "dialogue_supplier": ngettext("a supplier of an event", "{n} suppliers of events", number),
        "dialogue_stage": ngettext("a stage of an agenda", "{n} stages of agendas", number),
        "dialogue_seat": ngettext("a seat in an event", "{n} seats in events", number),
        "commitment": ngettext("a commitment", "{n} commitments", number),
        "commitment_report": ngettext(
            "a report on a commitment", "{n} reports on commitments", number
        ),
        "saved_chart": ngettext("a saved chart", "{n} saved charts", number),
    }
    other = ngettext("a record", "{n} records", number)
    return forms.get(relation, other).format(n=f"{number:,}")
