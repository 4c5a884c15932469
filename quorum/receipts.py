"""What an organisation shares, with whom, how, why and until when, in words.

A receipt is a row of the relation "sharing". Functions here turn receipts into text and order them
by what needs attention; what a level shows to others is decided in sql/, not here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from quorum.language import _, ngettext
from quorum.store.relations import DAY, TEXT, WHOLE

ENDING_SOON = timedelta(days=30)
SHARED_RELATIONS = (
    "assessment", "site_list", "spend", "initiative", "rubric", "initiative_rating",
    "initiative_link", "leverage_use", "risk",
)  # fmt: skip


@dataclass(frozen=True)
class Level:
    """How much of a contribution others see."""

    code: str  # record | band | aggregate
    label: str
    sees: str


@dataclass(frozen=True)
class Fact:
    """A fact of the law that bears on sharing, and the text it stands in."""

    text: str
    source: str
    link: str


def levels(relation: str) -> list[Level]:
    """The levels at which a kind of contribution can be shared, the fullest first."""
    whole = {
        "assessment": _(
            "All members see the answers, evidence and scores, and that they are yours. "
            "Contact and internal note are never shared."
        ),
        "site_list": _("All members see every site of the list, its source, and that it is yours."),
        "spend": _(
            "All members see each line: supplier, year, amount, category, contract, and that it "
            "is yours."
        ),
        "initiative": _("All members see the initiative that you added, and can rate it too."),
        "rubric": _("All members see the rubric that you added, and can rate under it too."),
        "initiative_rating": _(
            "All members see the stars, your reasons and your links, and that they are yours."
        ),
        "initiative_link": _(
            "All members see the supplier or site, the level, scope and dates, your source, and "
            "that the record is yours."
        ),
        "leverage_use": _(
            "All members see what you asked of which supplier, when and with whom, what came of "
            "it, and that it was you."
        ),
        "risk": _(
            "All members see the risk, at which supplier or in which country, your source and its "
            "date, and that the record is yours."
        ),
    }
    record = Level("record", _("Record"), whole[relation])
    if relation != "spend":
        return [record]
    return [
        record,
        Level(
            "band",
            _("Band only"),
            _(
                "All members see the size class that your yearly total with a supplier falls in, "
                "such as 50,000 to 250,000, and never the amount."
            ),
        ),
        Level(
            "aggregate",
            _("Aggregate only"),
            _(
                "Counts in sums that Quorum will publish in a later version; until then nobody "
                "sees anything of it."
            ),
        ),
    ]


def legal_bases() -> list[str]:
    """What organisations often name as the reason why they may share; any other text will do."""
    return [
        _("Agreement between the members of the consortium"),
        _("The supplier agreed to it in writing"),
        _("The supplier published it itself"),
        _("A contract clause lets us share it with other public buyers"),
        _("It is public already, for example in an award notice"),
    ]


def facts() -> list[Fact]:
    """What the law says about such sharing, in short. Facts and not advice."""
    guidelines = _("Guidelines on horizontal co-operation agreements, 2023 (OJ C 259)")
    guidelines_link = (
        "https://eur-lex.europa.eu/legal-content/EN/TXT/?uri=CELEX:52023XC0721%2801%29"
    )
    directive = _("Directive 2014/24/EU on public procurement, Article 21")
    directive_link = "https://eur-lex.europa.eu/eli/dir/2014/24/oj"
    return [
        Fact(
            _("EU competition law names no kind of information exchange that is always safe."),
            guidelines, guidelines_link,
        ),
        Fact(
            _("Figures that are added up, or that lie in the past, carry less risk."),
            guidelines, guidelines_link,
        ),
        Fact(
            _(
                "Buying together is unlikely to be a problem where the buyers together stay below "
                "15 % of the market they buy on and of the market they sell on."
            ),
            guidelines, guidelines_link,
        ),
        Fact(
            _(
                "What a supplier has designated as confidential is not to be disclosed. Its saying "
                "so does not settle by itself whether it is."
            ),
            directive, directive_link,
        ),
    ]  # fmt: skip


def counted(relation: str, number: int) -> str:
    """For example `3 assessments`."""
    forms = {
        "assessment": ngettext("{n} assessment", "{n} assessments", number),
        "site_list": ngettext("{n} site list", "{n} site lists", number),
        "spend": ngettext("{n} spend line", "{n} spend lines", number),
        "initiative": ngettext("{n} initiative", "{n} initiatives", number),
        "rubric": ngettext("{n} rubric", "{n} rubrics", number),
        "initiative_rating": ngettext("{n} rating", "{n} ratings", number),
        "initiative_link": ngettext(
            "{n} membership or certificate", "{n} memberships and certificates", number
        ),
        "leverage_use": ngettext("{n} use of leverage", "{n} uses of leverage", number),
        "risk": ngettext("{n} known risk", "{n} known risks", number),
    }
    return forms[relation].format(n=f"{number:,}")


def level_name(level: str) -> str:
    """A level as a word or two."""
    return {one.code: one.label for one in levels("spend")}[level]


def worded(sharings: pl.DataFrame, consortia: Mapping[str, str], today: date) -> pl.DataFrame:
    """`sharings` (relation "sharing") in words, living ones first, the next to end on top.

    Added: consortium (name; of one that was left, a phrase), what (`3 assessments`), level_name,
    living, days_left (null once ended), ends_soon, until (a phrase). Ended ones follow, the last
    to end first.
    """
    return (
        sharings.with_columns(
            living=pl.col("ended_at").is_null() & (pl.col("ends_on") >= today),
            consortium=pl.col("consortium_id").replace_strict(
                dict(consortia), default=_("a consortium you have left"), return_dtype=TEXT
            ),
            what=_row_text(lambda row: counted(row["relation"], row["item_count"])),
            level_name=_row_text(lambda row: level_name(row["level"])),
            ended_on=pl.coalesce(
                pl.col("ended_at").dt.date(),
                pl.when(pl.col("ends_on") < today).then(pl.col("ends_on")),
            ),
        )
        .with_columns(
            days_left=pl.when("living").then((pl.col("ends_on") - today).dt.total_days()),
        )
        .with_columns(
            ends_soon=pl.col("living") & (pl.col("days_left") <= ENDING_SOON.days),
            until=_row_text(_until),
        )
        .sort(
            [~pl.col("living"), "days_left", "ended_on", "created_at"],
            descending=[False, False, True, True],
            nulls_last=True,
        )
        .drop("ended_on")
        .cast({"ends_on": DAY, "days_left": WHOLE})
    )


def _row_text(say: Any) -> pl.Expr:
    return pl.struct(pl.all()).map_elements(say, return_dtype=TEXT, skip_nulls=False)


def _until(row: dict[str, Any]) -> str:
    if not row["living"]:
        return _("Ended {day}: {reason}").format(
            day=row["ended_on"].isoformat(), reason=_reason(row["ended_because"])
        )
    if row["days_left"] == 0:
        return _("{day}, today").format(day=row["ends_on"].isoformat())
    if row["days_left"] <= ENDING_SOON.days:
        return ngettext(
            "{day}, in {n} day", "{day}, in {n} days", row["days_left"]
        ).format(day=row["ends_on"].isoformat(), n=row["days_left"])  # fmt: skip
    return str(row["ends_on"].isoformat())


def _reason(because: str | None) -> str:
    return {
        "revoked": _("revoked"),
        "left the consortium": _("your organisation left the consortium"),
    }.get(because or "", _("its end date passed"))


def sentence(receipt: Mapping[str, Any]) -> str:
    """A row of `worded` as one sentence, for the receipt itself."""
    said = _("{what} shared with {consortium}, level: {level}.")
    return said.format(
        what=receipt["what"], consortium=receipt["consortium"], level=receipt["level_name"].lower()
    )


def ending_sentence(receipt: Mapping[str, Any]) -> str:
    """What happens when a row of `worded` is revoked; asked before it is done."""
    return _(
        "This ends the sharing of {what} with {consortium}: from that moment its members see "
        "nothing of it in Quorum. What they have downloaded before stays with them."
    ).format(what=receipt["what"], consortium=receipt["consortium"])


def listed(names: Sequence[str], most: int = 3) -> str:
    """A few names and how many more there are, for the title of a receipt."""
    shown = ", ".join(names[:most])
    more = len(names) - most
    if more <= 0:
        return shown
    return ngettext("{names} and {n} more", "{names} and {n} more", more).format(
        names=shown, n=f"{more:,}"
    )
