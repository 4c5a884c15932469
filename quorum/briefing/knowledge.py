"""The sections on what is known of a supplier: maturity, sites, leverage, initiatives.

They work on the cut alone (`readers.for_reader`)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from quorum import initiatives, leverage, risks, scoring, sites
from quorum.briefing.content import (
    MOST_ROWS,
    Block,
    Section,
    Table,
    Text,
    Trend,
    money,
    more,
    percent,
    percent_range,
    short,
)
from quorum.briefing.readers import Sources
from quorum.countries import display_name
from quorum.definitions import BAND_ORDER
from quorum.language import _, ngettext
from quorum.overview import LIST_OLD_AFTER

# Maturity -----------------------------------------------------------------------------------------


def maturity_section(shown: Sources) -> Section:
    scored = shown.assessments
    if scored.is_empty():
        text = _("No assessment of it is shared with {consortium}.")
        return Section(_("Maturity"), (Text(text.format(consortium=shown.consortium)),))
    newest = scoring.latest(scored)
    return Section(
        _("Maturity"),
        (
            Text(_maturity_in_short(shown, newest)),
            _levels(scored, newest),
            *_doubts(newest),
            *_trend(scored),
            _assessors(newest),
            *more(newest.height),
        ),
    )


def span(low: str | None, high: str | None) -> str:
    """From the lowest to the highest band that any member's answers allow."""
    if low == high:
        return scoring.band_name(low)
    return _("{low} to {high}").format(low=scoring.band_name(low), high=scoring.band_name(high))


def _maturity_in_short(shown: Sources, newest: pl.DataFrame) -> str:
    whole = scoring.overall_of_consortium(newest).row(0, named=True)
    text = ngettext(
        "Overall level: {level}, the lowest of its three bands. {n} member assessed it, last on "
        "{day}.",
        "Overall level: {level}, the lowest of its three bands. {n} members assessed it, last on "
        "{day}.",
        whole["assessors"],
    ).format(
        level=span(whole["overall"], whole["overall_high"]),
        n=whole["assessors"], day=whole["assessed_on"],
    )  # fmt: skip
    if scoring.freshness(shown.made_on, whole["assessed_on"]) == "stale":
        text += " " + _("That is more than two years ago, and tells of the past.")
    apart = scoring.disagreement(newest).row(0, named=True)
    if apart["overall_lowest"] != apart["overall_highest"]:
        text += " " + _("Members differ, from {low} to {high}.").format(
            low=scoring.band_name(apart["overall_lowest"]),
            high=scoring.band_name(apart["overall_highest"]),
        )
    spreads = {name: apart[f"{name}_spread"] or 0 for name in scoring.dimension_names()}
    widest = max(spreads, key=lambda name: spreads[name])
    if spreads[widest]:
        text += " " + _("They lie furthest apart on {dimension}: {low} to {high} points.").format(
            dimension=scoring.dimension_names()[widest].lower(),
            low=apart[f"{widest}_lowest"], high=apart[f"{widest}_highest"],
        )  # fmt: skip
    return text


def _levels(scored: pl.DataFrame, newest: pl.DataFrame) -> Table:
    """The consortium's picture, and how many members see each band, by the careful reading."""
    whole = scoring.overall_of_consortium(scored).row(0, named=True)
    rows = []
    for code, name in {"overall": _("Overall level"), **scoring.dimension_names()}.items():
        column = "overall" if code == "overall" else f"{code}_band"
        points = ""
        if code != "overall":
            ends = newest.select(
                pl.col(f"{code}_points").min(), pl.col(f"{code}_points_high").max()
            )
            points = scoring.points_words(*ends.row(0))
        counts = [newest.filter(pl.col(column) == band).height for band in BAND_ORDER]
        level = span(whole[column], whole[f"{column}_high"])
        rows.append((name, level, points, *map(str, counts)))
    return Table(
        (
            _("Dimension"), _("Level"), _("Points"),
            *(_("Members: {band}").format(band=scoring.band_name(b)) for b in BAND_ORDER),
        ),
        tuple(rows), (42, 36, 26, 22, 22, 22), right=(3, 4, 5),
    )  # fmt: skip


def _doubts(newest: pl.DataFrame) -> list[Text]:
    unsure = newest.filter(pl.col("doubt").is_not_null()).height
    said = []
    if unsure:
        moved = newest.filter(pl.col("overall") != pl.col("overall_high")).height
        text = ngettext(
            "{n} of {all} newest assessments is a range: the printed copy of the source has lost "
            "some points.",
            "{n} of {all} newest assessments are ranges: the printed copy of the source has lost "
            "some points.",
            unsure,
        ).format(n=unsure, all=newest.height)
        if moved:
            text += " " + ngettext(
                "In {n} of them the overall level could be one or the other; members are counted "
                "at the lower one.",
                "In {n} of them the overall level could be one or the other; members are counted "
                "at the lower one.",
                moved,
            ).format(n=moved)
        said.append(text)
    said += newest["gap_note"].drop_nulls().unique(maintain_order=True).head(1).to_list()
    return [Text(one, small=True) for one in said]


def _trend(scored: pl.DataFrame) -> list[Block]:
    days = scoring.trend(scored).drop_nulls("overall")
    if days["assessed_on"].n_unique() < 2:
        return [Text(_("All assessments are of one day: there is no trend yet."), small=True)]
    rank = {band: number for number, band in enumerate(BAND_ORDER)}
    marks = tuple(
        (day, rank[low], rank[high])
        for day, low, high in days.sort("assessed_on", "overall", "overall_high")
        .select("assessed_on", "overall", "overall_high")
        .iter_rows()
    )
    caption = _(
        "Overall level of each assessment by its day; a line joins the two levels that a range "
        "leaves open."
    )
    after, before = (
        pl.col(c).replace_strict(rank, default=None, return_dtype=pl.Int64)
        for c in ("overall", "overall_before")
    )
    years = (
        days.with_columns(year=pl.col("assessed_on").dt.year(), moved=after - before)
        .group_by("year")
        .agg(
            pl.len(),
            pl.col("organisation_id").n_unique().alias("members"),
            *((pl.col("overall") == band).sum().alias(band) for band in BAND_ORDER),
            (pl.col("moved") > 0).sum().alias("rose"),
            (pl.col("moved") < 0).sum().alias("fell"),
        )
        .sort("year", descending=True)
        .head(5)
    )
    table = Table(
        (
            _("Year"), _("Assessments"), _("Members"), *map(scoring.band_name, BAND_ORDER),
            _("Rose"), _("Fell"),
        ),
        tuple(tuple(map(str, row)) for row in years.iter_rows()),
        (22, 28, 24, 20, 20, 20, 18, 18), right=tuple(range(1, 8)),
    )  # fmt: skip
    levels = tuple(scoring.band_name(band) for band in BAND_ORDER)
    how = _("Rose, fell: against the assessment of the same member before.")
    return [Trend(marks, levels, caption), table, Text(how, small=True)]


def _assessors(newest: pl.DataFrame) -> Table:
    rank = {band: number for number, band in enumerate(BAND_ORDER)}
    order = pl.col("overall").replace_strict(rank, default=None, return_dtype=pl.Int64)
    names = scoring.dimension_names()
    rows = tuple(
        (
            short(row["organisation"] or _("a former member"), 80),
            row["assessed_on"].isoformat(),
            scoring.band_words(row["overall"], row["overall_high"]),
            *(_band_and_points(row, code) for code in names),
        )
        for row in newest.sort(
            order, "assessed_on", "organisation", "id", descending=[False, True, False, False]
        )
        .head(MOST_ROWS)
        .iter_rows(named=True)
    )
    return Table(
        (_("Assessed by, the lowest first"), _("Date"), _("Overall"), *names.values()),
        rows, (44, 20, 28, 30, 24, 24),
    )  # fmt: skip


def _band_and_points(row: Mapping[str, Any], code: str) -> str:
    words = scoring.band_words(row[f"{code}_band"], row[f"{code}_band_high"])
    points = scoring.points_words(row[f"{code}_points"], row[f"{code}_points_high"])
    return f"{words} ({points})" if points else words


# Sites --------------------------------------------------------------------------------------------


def sites_section(shown: Sources) -> Section:
    title = _("Production sites")
    lists = shown.site_lists.sort("as_of", "title", "id", descending=[True, False, False])
    if lists.is_empty():
        text = _("No list of its production sites is shared with {consortium}.")
        return Section(title, (Text(text.format(consortium=shown.consortium)), *_risks(shown)))
    places = sites.distinct_sites(shown.production_sites, lists)
    return Section(
        title,
        (
            Text(_sites_in_short(places, lists)),
            *_countries(places),
            Text(_unknown(shown, places, lists)),
            _lists(lists.head(3)),
            *more(lists.height, 3),
            *_risks(shown),
        ),
    )


def _sites_in_short(places: pl.DataFrame, lists: pl.DataFrame) -> str:
    where = ngettext(
        "{sites} in {n} country", "{sites} in {n} countries", places["country"].n_unique()
    ).format(
        sites=ngettext("{n} site", "{n} sites", places.height).format(n=f"{places.height:,}"),
        n=places["country"].n_unique(),
    )
    oldest, newest = lists["as_of"].min(), lists["as_of"].max()
    when = (
        str(newest) if oldest == newest else _("{oldest} to {newest}").format(
            oldest=oldest, newest=newest
        )
    )  # fmt: skip
    on = ngettext("on {n} list of {days}", "on {n} lists of {days}", lists.height)
    return f"{where}, {on.format(n=lists.height, days=when)}."


def _countries(places: pl.DataFrame) -> list[Block]:
    if places.is_empty():
        return []
    known = [pl.col(c).fill_null("").str.strip_chars() != "" for c in ("address", "os_id")]
    counts = (
        places.group_by("country")
        .agg(pl.len().alias("sites"), known[0].sum().alias("address"), known[1].sum().alias("os"))
        .sort("sites", "country", descending=[True, False], nulls_last=True)
    )
    rest = counts.slice(MOST_ROWS)
    lines = [
        (display_name(code) if code else _("Country not known"), *numbers)
        for code, *numbers in counts.head(MOST_ROWS).iter_rows()
    ]
    if rest.height:
        n = rest.height
        name = ngettext("{n} other country", "{n} other countries", n).format(n=n)
        lines.append((name, *(rest[c].sum() for c in ("sites", "address", "os"))))
    rows = tuple(
        (
            name, f"{n:,}", percent(n, places.height), percent(address, n), percent(os_id, n),
        )
        for name, n, address, os_id in lines
    )  # fmt: skip
    headers = (_("Country"), _("Sites"), _("Share"), _("With address"), _("With OS ID"))
    return [Table(headers, rows, (60, 25, 25, 30, 30), right=(1, 2, 3, 4))]


def _unknown(shown: Sources, places: pl.DataFrame, lists: pl.DataFrame) -> str:
    said = []
    for column, text in (
        ("address", _("{share} have no address")),
        ("os_id", _("{share} have no OS ID")),
        ("latitude", _("{share} have no place on the map")),
    ):
        empty = places.filter(pl.col(column).cast(pl.String).fill_null("").str.strip_chars() == "")
        if empty.height:
            said.append(text.format(share=percent(empty.height, places.height)))
    parts = [_("Not known: whether the lists are complete.")]
    if said:
        parts.append(_("Of the sites that are known, {gaps}.").format(gaps=", ".join(said)))
    newest = lists["as_of"].max()
    if isinstance(newest, date) and newest < shown.made_on - LIST_OLD_AFTER:
        parts.append(_("The newest list is more than a year old."))
    return " ".join(parts)


def _lists(lists: pl.DataFrame) -> Table:
    rows = tuple(
        (
            short(row["title"], 60),
            row["as_of"].isoformat() if row["as_of"] else "",
            f"{row['row_count'] or 0:,}",
            short(row["source"] or "", 60),
            short(row["organisation"] or _("a former member"), 80),
        )
        for row in lists.iter_rows(named=True)
    )
    headers = (_("List"), _("Of"), _("Rows"), _("Source"), _("Brought in by"))
    return Table(headers, rows, (48, 22, 16, 44, 40), right=(2,))


def _risks(shown: Sources) -> list[Block]:
    """Known risks at the supplier and in the countries of the sites that are shown."""
    if shown.risks.is_empty():
        text = _("No risk at it or in its countries is shared with {consortium}.")
        none = f"{text.format(consortium=shown.consortium)} {risks.nothing_known()}"
        return [Text(none)]
    rows = tuple(
        (
            _risk_country(row),
            ", ".join(filter(None, (row["kind_name"], row["stage_name"]))),
            short(row["text"], 80),
            f"{short(row['source'], 40)}, {row['seen_on']}",
            short(row["organisation"] or "–", 40),
        )
        for row in risks.worded(shown.risks.head(MOST_ROWS)).iter_rows(named=True)
    )
    headers = (
        _("Country"), _("Risk and stage"), _("What is known"), _("Source and date"),
        _("Recorded by"),
    )  # fmt: skip
    how = _(
        "Known risks in its countries: those at {supplier} first, then those of a country in "
        "general."
    )
    return [
        Text(how.format(supplier=short(shown.supplier["name"], 120))),
        Table(headers, rows, (20, 36, 52, 36, 26)),
        *more(shown.risks.height),
    ]


def _risk_country(risk: Mapping[str, Any]) -> str:
    """The country; with a word where the risk is not one of this supplier's own."""
    if not risk["country"]:
        return "–"
    name = display_name(risk["country"])
    return name if risk["supplier_id"] else _("{country}, in general").format(country=name)


# Leverage -----------------------------------------------------------------------------------------


def leverage_section(shown: Sources) -> Section:
    """What members buy together; every amount as it is shared, the maker's own too."""
    cells = leverage.collective(shown.spend, shown.bands, shown.turnover, "")
    blocks: list[Block] = []
    if cells.is_empty():
        text = _("No spend with it is shared with {consortium} as lines or size classes.")
        blocks.append(Text(text.format(consortium=shown.consortium)))
    else:
        years = cells.filter(pl.col("year").is_in(cells["year"].unique().top_k(3).implode()))
        rows = tuple(
            (
                str(row["year"]), row["currency"], money(row["low"]),
                _("open") if row["high"] is None else money(row["high"]), str(row["members"]),
                percent_range(row["share_low"], row["share_high"]),
            )
            for row in years.head(MOST_ROWS).iter_rows(named=True)
        )  # fmt: skip
        headers = (
            _("Year"), _("Currency"), _("Together, at least"), _("Together, at most"),
            _("Members in it"), _("Share of its turnover"),
        )  # fmt: skip
        blocks += [
            Table(headers, rows, (18, 22, 36, 36, 26, 32), right=(2, 3, 4, 5)),
            Text(
                _(
                    "Lines count to the unit, size classes as ranges. Currencies are never added, "
                    "nothing is converted, and who shares nothing is not in it."
                ),
                small=True,
            ),
        ]
    return Section(
        _("Collective leverage"),
        (*blocks, *_contracts(shown), *turnover_section(shown).blocks, *_uses(shown)),
    )


def _contracts(shown: Sources) -> list[Text]:
    ahead = leverage.contracts_ahead(shown.spend, shown.made_on)
    if ahead.is_empty():
        return []
    text = ngettext(
        "{n} contract whose end is shared ends on {day}.",
        "{n} contracts whose ends are shared are still ahead, the first ends on {day}.",
        ahead.height,
    )
    return [Text(text.format(n=ahead.height, day=ahead["contract_end"].min()))]


def turnover_section(shown: Sources) -> Section:
    """Published turnover: everybody may see it."""
    known = shown.turnover.sort(
        ["year", "amount", "currency", "source"], descending=[True, True, False, False]
    ).head(3)
    return Section(
        _("Published turnover"),
        tuple(
            Text(
                _("Published turnover {year}: {amount} {currency} ({source}).").format(
                    year=row["year"], amount=money(row["amount"]), currency=row["currency"],
                    source=short(row["source"] or _("no source named"), 120),
                )
            )
            for row in known.iter_rows(named=True)
        ),
    )  # fmt: skip


def uses_shown(shown: Sources) -> pl.DataFrame:
    """The latest uses of leverage, those that the paper lists."""
    return shown.leverage_use.sort("asked_on", "id", descending=[True, False]).head(4)


def _uses(shown: Sources) -> list[Block]:
    outcomes = {
        "none_yet": _("Nothing yet"), "refused": _("Refused"), "promised": _("Promised"),
        "partly": _("Partly"), "done": _("Done"),
    }  # fmt: skip
    rows = tuple(
        (
            row["asked_on"].isoformat(),
            short(row["organisation"] or "–", 80),
            short(row["asked"], 100),
            _("Jointly") if row["jointly"] else _("Alone"),
            outcomes.get(row["outcome"], row["outcome"]),
        )
        for row in uses_shown(shown).iter_rows(named=True)
    )
    if not rows:
        return []
    headers = (_("Asked on"), _("By"), _("What was asked"), _("How"), _("Outcome"))
    return [
        Table(headers, rows, (20, 36, 76, 16, 22), bold=()),
        *more(shown.leverage_use.height, 4),
    ]


# Initiatives --------------------------------------------------------------------------------------


def initiatives_section(shown: Sources) -> Section:
    title = _("Initiatives and certificates")
    links = initiatives.with_state(shown.initiative_links, shown.made_on).unique(
        ["initiative", "standing", "level", "place_key", "valid_until"],
        keep="first", maintain_order=True,
    )  # fmt: skip
    if links.is_empty():
        text = _("No membership or certificate of it is shared with {consortium}.")
        return Section(title, (Text(text.format(consortium=shown.consortium)),))
    names = dict(shown.initiatives.select("key", "name").iter_rows())
    kinds = {"member": _("Member"), "certificate": _("Certificate")}
    # What ran out comes last; before it what ends first.
    ordered = links.sort(
        pl.col("state") == "expired", "valid_until", "initiative", "id", nulls_last=True
    )
    rows = tuple(
        (
            short(names.get(row["initiative"], _("An initiative that is not shared")), 80),
            " · ".join(filter(None, (kinds.get(row["standing"]), short(row["level"] or "", 60)))),
            short(row["site_name"] or _("The supplier"), 80),
            row["valid_until"].isoformat() if row["valid_until"] else _("No end known"),
            initiatives.state_names()[row["state"]],
        )
        for row in ordered.head(MOST_ROWS).iter_rows(named=True)
    )
    headers = (_("Initiative"), _("Standing"), _("Of what"), _("Until"), _("State"))
    return Section(
        title, (Table(headers, rows, (36, 36, 56, 22, 20)), *more(links.height))
    )  # fmt: skip
