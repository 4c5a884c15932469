"""The parts of a supplier's profile."""

from datetime import date
from typing import Any
from uuid import uuid4

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from components import (
    assessments,
    data,
    edits,
    leverage_used,
    maps,
    messages,
    risks,
    sharing,
    suppliers,
    trail,
)
from components import dialogues as about_dialogues
from components.links import link
from components.messages import plain
from components.picture import level_words, picture
from components.session import Session
from components.tables import table
from quorum import audit, charts, dialogues, leverage, profile, readiness, scoring, sites
from quorum.countries import display_name
from quorum.importers.spend import FIRST_YEAR, currencies
from quorum.language import _, ngettext
from quorum.overview import Picture
from quorum.risks import nothing_known, of_supplier
from quorum.store import AlreadyThere, Row, StoreError
from quorum.suppliers import identifier_names, kind_names

LATELY = 20  # changes that are shown


def of(session: Session, supplier_id: str) -> Picture:
    """What the member sees of the supplier."""
    return data.cached(session, _of, supplier_id)


def _of(session: Session, supplier_id: str) -> Picture:
    return profile.of(picture(session), supplier_id)


def working(session: Session, supplier_id: str) -> pl.DataFrame:
    return data.cached(session, _working, supplier_id)


def _working(session: Session, supplier_id: str) -> pl.DataFrame:
    found = profile.working_with(of(session, supplier_id), data.organisation_names(session))
    words = {"lines": _("Each line"), "class": _("Size class of each year")}
    return found.with_columns(
        level=level_words(),
        spend=pl.col("spend").replace_strict(words, default=None, return_dtype=pl.String),
    )


# Who it is ----------------------------------------------------------------------------------------


def header(session: Session, row: Row) -> None:
    """Kind, country, numbers, parent, children and former names; for editors a way to edit."""
    register = data.register(session)
    country = display_name(row["country"]) if row["country"] else _("country not known")
    st.markdown(plain(f"{kind_names()[row['kind']]} · {country}"))
    names = identifier_names()
    numbers = [f"{label}: {row[column]}" for column, label in names.items() if row[column]]
    if row["website"]:
        numbers.append(str(row["website"]))
    st.caption(plain(" · ".join(numbers) if numbers else _("No LEI, VAT or registry number yet.")))
    former = register.filter(pl.col("merged_into") == row["id"])["name"].to_list()
    if former:
        st.caption(plain(_("Also entered as: {names}").format(names=", ".join(former))))
    relatives = register.filter(
        (pl.col("parent_id") == row["id"]) & pl.col("merged_into").is_null()
    ).select("id", label=pl.format(_("Part of it: {}"), "name"))
    if row["parent_id"]:
        parent = register.filter(pl.col("id") == row["parent_id"])
        relatives = pl.concat(
            [parent.select("id", label=pl.format(_("Part of {}"), "name")), relatives]
        )
    if not relatives.is_empty():
        with st.container(horizontal=True):
            for relative, label in relatives.iter_rows():
                link("supplier", label, supplier=relative)
    if session.principal.may_edit:
        suppliers.edit(session, row)


def figures(session: Session, supplier_id: str) -> None:
    """Level, members, sites, own spend."""
    level, own = data.cached(session, _in_short, supplier_id)
    with st.container(horizontal=True):
        st.metric(_("Overall level"), level or "–", width=220)
        st.metric(_("Members seen with it"), working(session, supplier_id).height, width=180)
        st.metric(_("Production sites"), f"{distinct(session, supplier_id).height:,}", width=150)
        if own.height:
            year, currency, amount = own.select("year", "currency", "own").row(0)
            label = _("Our spend {year}, {currency}").format(year=year, currency=currency)
            st.metric(label, f"{amount:,.0f}", width=200)


def _in_short(session: Session, supplier_id: str) -> tuple[str | None, pl.DataFrame]:
    """The level in words, from the lowest to the highest of any member; own spend by year."""
    known = of(session, supplier_id)
    level = scoring.overall_of_consortium(known.assessments).select(level_words())
    own = leverage.own_by_year(known.spend, session.principal.organisation_id)
    return (level.item() if level.height else None), own


# Maturity -----------------------------------------------------------------------------------------


def maturity(session: Session, supplier_id: str) -> None:
    """Bands and points of each member's latest answers, how they differ, and the trend."""
    known = of(session, supplier_id).assessments
    if known.is_empty():
        messages.empty(
            _("No assessment of it yet that you see"),
            _("Its points, three bands and overall level will stand here, and how they develop."),
        )
    else:
        mine = assessments.picture(session).filter(pl.col("supplier_id") == supplier_id)
        columns = {
            "organisation": _("Assessed by"),
            "assessed_on": st.column_config.DateColumn(_("Date")),
            "overall_words": _("Overall level"),
            **{f"{code}_words": text for code, text in scoring.dimension_names().items()},
            "whose": _("Who sees it"),
        }
        table(mine, columns, f"profile-assessments-{supplier_id}")
        for sentence in mine["doubt"].drop_nulls().unique(maintain_order=True):
            st.caption(plain(sentence))
        assessments.one_supplier(session, supplier_id)
    with st.container(horizontal=True):
        if session.principal.may_edit:
            link("assess", _("Answer the questionnaire for it"), supplier=supplier_id)
        if known.height:
            link("assessments", _("Compare with other suppliers"))


# Production sites ---------------------------------------------------------------------------------


def distinct(session: Session, supplier_id: str) -> pl.DataFrame:
    return data.cached(session, _distinct, supplier_id)


def _distinct(session: Session, supplier_id: str) -> pl.DataFrame:
    rows = data.sites(session).filter(pl.col("supplier_id") == supplier_id)
    return sites.distinct_sites(rows, data.site_lists(session))


def _map(session: Session, supplier_id: str) -> go.Figure:
    places = distinct(session, supplier_id).rename({"site_id": "id"})
    frame = places.select("id", "name", "country", "latitude", "longitude")
    return charts.site_map(frame, _("Lists of production sites, as members brought them in."))


def production_sites(session: Session, supplier_id: str) -> None:
    """How many and where, on which lists."""
    lists = of(session, supplier_id).lists
    if lists.is_empty():
        messages.empty(
            _("No production site of it is known yet"),
            _("Sites and countries will stand here as soon as a member imports or shares a list."),
        )
    else:
        places = distinct(session, supplier_id)
        counts = places["country"].value_counts(sort=True).head(5)
        most = ", ".join(f"{display_name(code)} {n}" for code, n in counts.iter_rows())
        st.markdown(
            plain(
                ngettext("{n} site in {countries}: {most}", "{n} sites in {countries}: {most}",
                         places.height).format(
                    n=f"{places.height:,}",
                    countries=_countries(places["country"].n_unique()), most=most,
                )
            )
        )  # fmt: skip
        maps.draw(
            session, f"profile-map-{supplier_id}", _map, supplier_id, config=charts.MAP_CONFIG
        )
        shown = sharing.whose_words(session, lists)
        columns = {
            "title": _("List"),
            "as_of": st.column_config.DateColumn(_("Of")),
            "row_count": _("Sites"),
            "organisation": _("Brought in by"),
            "source": _("Source"),
            "whose": _("Who sees it"),
        }
        table(shown, columns, f"profile-lists-{supplier_id}")
    with st.container(horizontal=True):
        if not lists.is_empty():
            link("sites", _("All its sites, with filters and download"), supplier=supplier_id)
        if session.principal.may_edit:
            link("import_sites", _("Import a site list"), supplier=supplier_id)


def _countries(n: int) -> str:
    return ngettext("{n} country", "{n} countries", n).format(n=n)


# Known risks --------------------------------------------------------------------------------------


def known_risks(session: Session, supplier_id: str) -> None:
    """What is recorded of it, and of the countries where its known sites are."""
    found = data.cached(session, _known_risks, supplier_id)
    if found.is_empty():
        text = _("No risk is recorded at it, or in a country where its known sites are.")
        st.caption(f"{text} {nothing_known()}")
    else:
        table(found, risks.columns(), f"profile-risks-{supplier_id}",
              height=360 if found.height > 10 else None)  # fmt: skip
    with st.container(horizontal=True):
        if (found["supplier_id"] == supplier_id).any():
            link("risks", _("Read them in full"), supplier=supplier_id)
        if session.principal.may_edit:
            link("risks", _("Record a risk"), supplier=supplier_id)


def _known_risks(session: Session, supplier_id: str) -> pl.DataFrame:
    countries = distinct(session, supplier_id)["country"].unique().to_list()
    return of_supplier(risks.risks(session), supplier_id, countries)


# Dialogues ----------------------------------------------------------------------------------------


def looking_back(session: Session, supplier_id: str) -> None:
    """What happened with the supplier in dialogues and by leverage, and what moved after each."""
    found = data.cached(session, _timeline, supplier_id)
    if found.is_empty():
        st.caption(
            _(
                "Dialogues with it, what it promised, and leverage that was used will stand here, "
                "with what moved afterwards."
            )
        )
    else:
        columns = {
            "day": st.column_config.DateColumn(_("Day"), format="YYYY-MM-DD"),
            "kind_name": _("What"),
            "text": st.column_config.TextColumn(_("In words"), width="large"),
            "state_name": _("State"),
            "organisation": _("Who"),
        }
        table(found, columns, f"profile-timeline-{supplier_id}",
              height=360 if found.height > 10 else None)  # fmt: skip
        _before_and_after(session, supplier_id)
    with st.container(horizontal=True):
        link("commitments", _("Its commitments"), supplier=supplier_id)
        link("leverage_used", _("Leverage used on it"), supplier=supplier_id)


def _timeline(session: Session, supplier_id: str) -> pl.DataFrame:
    """dialogues.timeline in words, the latest first."""
    found = dialogues.timeline(
        supplier_id,
        data.dialogues(session),
        data.dialogue_suppliers(session),
        data.commitments(session),
        data.rows(session, "commitment_report"),
        data.leverage_uses(session),
    )
    states = {
        "dialogue": about_dialogues.state_names(),
        "promised": {"open": ""},
        "reported": dialogues.state_names(),
        "asked": leverage_used.channel_names(),
        "outcome": leverage_used.outcome_names(),
    }
    words = [states[kind].get(state, state) for kind, state in found.select("kind", "state").rows()]
    return found.with_columns(
        kind_name=pl.col("kind").replace_strict(dialogues.event_names(), return_dtype=pl.String),
        state_name=pl.Series(words, dtype=pl.String),
        organisation=pl.col("organisation_id").replace_strict(
            data.organisation_names(session), default=None, return_dtype=pl.String
        ),
    ).reverse()


def moved(session: Session, supplier_id: str) -> pl.DataFrame:
    """dialogues.moved in words: before and after each dialogue that was held."""
    return data.cached(session, _moved, supplier_id)


def _moved(session: Session, supplier_id: str) -> pl.DataFrame:
    found = dialogues.moved(
        supplier_id,
        data.dialogues(session),
        data.dialogue_suppliers(session),
        data.assessments(session),
        data.site_lists(session),
        data.sites(session),
        data.commitments(session),
    )

    def level(end: str) -> pl.Expr:
        return pl.struct(overall=f"overall_{end}", high=f"overall_high_{end}").map_elements(
            lambda one: scoring.band_words(one["overall"], one["high"]) if one["overall"] else None,
            return_dtype=pl.String,
        )

    def change(before: pl.Expr, after: pl.Expr) -> pl.Expr:
        ends = [end.cast(pl.String).fill_null(_("unknown")) for end in (before, after)]
        return pl.format("{} → {}", *ends)

    doubts = [
        pl.when(~pl.col("same_assessor")).then(pl.lit(_("different assessors"))),
        pl.when(~pl.col("same_lister")).then(pl.lit(_("site lists of different members"))),
    ]
    return found.with_columns(
        level=change(level("before"), level("after")),
        points=change(pl.col("points_before"), pl.col("points_after")),
        sites=change(pl.col("sites_before"), pl.col("sites_after")),
        kept=pl.when(pl.col("made") > 0).then(
            pl.format(_("{} of {} verified"), "verified", "made")
        ),
        doubt=pl.concat_str(doubts, separator=", ", ignore_nulls=True).replace("", None),
    )  # fmt: skip


def _before_and_after(session: Session, supplier_id: str) -> None:
    found = moved(session, supplier_id)
    if found.is_empty():
        return
    st.markdown(f"**{_('Before and after each dialogue')}**")
    maps.draw(session, f"profile-moved-{supplier_id}", _movements, supplier_id)
    columns = {
        "title": _("Dialogue"),
        "day": st.column_config.DateColumn(_("Day"), format="YYYY-MM-DD"),
        "level": _("Overall level"),
        "points": _("Points"),
        "sites": _("Sites listed"),
        "kept": _("Commitments"),
        "doubt": _("Compare with care"),
    }
    with st.expander(_("The same figures as a table")):
        table(found, columns, f"profile-moved-table-{supplier_id}")
    st.caption(
        _(
            "Before is the last that was known on the day of the dialogue, after the first that "
            "became known later, up to the next dialogue. This shows what came after, and is no "
            "proof that it came because of the dialogue."
        )
    )


def _movements(session: Session, supplier_id: str) -> go.Figure:
    """profile.moved as a figure: overall points, production sites, commitments."""
    found = moved(session, supplier_id).with_columns(
        label=pl.format("{} {}", pl.col("day").dt.to_string("%Y-%m-%d"), "title")
    )
    points = found.select(
        "label", part=pl.lit(_("Points in all dimensions")), before="points_before",
        after="points_after", words=pl.format("{} ({})", "points", "level"),
        most=pl.lit(sum(zone.most for zone in readiness.zones().values())), sure="same_assessor",
    )  # fmt: skip
    listed = found.select(
        "label", part=pl.lit(_("Production sites listed")), before="sites_before",
        after="sites_after", words="sites",
        most=pl.max_horizontal(pl.col("sites_before").max(), pl.col("sites_after").max()),
        sure="same_lister",
    )  # fmt: skip
    kept = found.filter(pl.col("made") > 0).select(
        "label", part=pl.lit(_("Commitments verified")), before=pl.lit(0), after="verified",
        words="kept", most="made", sure=pl.lit(True),
    )  # fmt: skip
    numbers = pl.col("before", "after", "most").cast(pl.Float64)
    parts = [one.with_columns(numbers) for one in (points, listed, kept)]
    source = _("Assessments, site lists and commitments that you may see.")
    return charts.before_after(
        pl.concat(parts).with_columns(pl.col("sure").fill_null(True)), source
    )


# Leverage -----------------------------------------------------------------------------------------


def cells(session: Session, supplier_id: str) -> pl.DataFrame:
    return data.cached(session, _cells, supplier_id)


def _cells(session: Session, supplier_id: str) -> pl.DataFrame:
    known = of(session, supplier_id)
    turnover = data.turnover(session).filter(pl.col("supplier_id") == supplier_id)
    return leverage.collective(
        known.spend, known.bands, turnover, session.principal.organisation_id
    )


def _ranges(session: Session, supplier_id: str) -> go.Figure:
    drawn = _drawable(cells(session, supplier_id)).select(
        label=pl.col("year").cast(pl.String),
        low=pl.col("share_low").clip(0) * 100,
        high=pl.col("share_high").clip(0) * 100,
        exact=pl.col("exact_share").clip(0) * 100,
    )
    source = _("Members' spend as shared; turnover as its published source says.")
    return charts.share_ranges(drawn, source)


def _drawable(found: pl.DataFrame) -> pl.DataFrame:
    return found.filter((pl.col("share_high") > 0) & (pl.col("share_low") >= 0))


def buying(session: Session, supplier_id: str) -> None:
    """Own spend, what is shared of others', and the share of turnover, as a range."""
    found = cells(session, supplier_id)
    if found.is_empty():
        messages.empty(
            _("No spend with it is seen"),
            _("What you buy from it, alone and together, and its share of the turnover."),
        )
    else:
        if not _drawable(found).is_empty():
            maps.draw(session, f"profile-share-{supplier_id}", _ranges, supplier_id)
        money = {
            "own": _("Ours"),
            "exact": _("Exact: ours and shared lines"),
            "low": _("Together, at least"),
            "high": _("Together, at most (– is open)"),
        }
        shares = {"share_low": _("Share, at least"), "share_high": _("Share, at most")}
        columns: dict[str, Any] = {
            "year": st.column_config.NumberColumn(_("Year"), format="%d"),
            "currency": _("Currency"),
            **{
                name: st.column_config.NumberColumn(label, format="localized")
                for name, label in money.items()
            },
            **{
                name: st.column_config.NumberColumn(label, format="percent")
                for name, label in shares.items()
            },
            "members": _("Members in it"),
        }
        whole = found.with_columns(pl.col(list(money)).round(0))
        table(whole, columns, f"profile-leverage-{supplier_id}")
        st.caption(
            _("Currencies are never added. Spend that members share for totals only is in none.")
        )
    with st.container(horizontal=True):
        if found.height:
            link("leverage", _("Leverage on all suppliers"))
        if session.principal.may_edit:
            link("import_spend", _("Import spend"))


def turnover(session: Session, supplier_id: str) -> None:
    """Published turnover, which all members see; editors add and correct it."""
    known = (
        data.turnover(session)
        .filter(pl.col("supplier_id") == supplier_id)
        .sort("year", descending=True)
    )
    if known.is_empty():
        st.caption(_("No turnover is known yet. With one, spend becomes a share."))
    editing = session.principal.may_edit
    labels = {"amount": _("Turnover"), "currency": _("Currency"), "source": _("Source"),
              "link": _("Web address of the source")}  # fmt: skip
    for row in known.iter_rows(named=True):
        text = _("{year}: {amount} {currency} ({source})").format(
            year=row["year"], amount=f"{row['amount']:,.0f}", currency=row["currency"],
            source=row["source"],
        )  # fmt: skip
        st.markdown(plain(text))
        if editing:
            edits.edit(
                session, "supplier_turnover", row, labels, _turnover_fields, f"turnover-{row['id']}"
            )
    if editing:
        _add_turnover(session, supplier_id)


def _turnover_fields(row: Row) -> dict[str, Any]:
    key = f"turnover-field-{row.get('id', 'new')}"
    codes = sorted(currencies())
    with st.container(horizontal=True):
        amount = st.number_input(
            _("Turnover in whole units (required)"), 0.0, 1e13 - 1, row.get("amount"), step=1.0,
            format="%.0f", key=f"{key}-amount", width=240,
        )  # fmt: skip
        currency = st.selectbox(
            _("Currency (required)"), codes, key=f"{key}-currency", width=150,
            index=codes.index(str(row.get("currency") or "EUR")),
        )  # fmt: skip
        source = st.text_input(
            _("Source (required)"), row.get("source") or "", max_chars=300, key=f"{key}-source",
            placeholder=_("Annual report 2025, page 12"), width=300,
        )  # fmt: skip
        address = st.text_input(
            _("Web address of the source"), row.get("link") or "", max_chars=500,
            key=f"{key}-link", width=300,
        )  # fmt: skip
    return {
        "amount": amount,
        "currency": currency,
        "source": source.strip(),
        "link": address.strip() or None,
    }


def _add_turnover(session: Session, supplier_id: str) -> None:
    number = st.session_state.setdefault("profile-turnover", 0)
    new_id = st.session_state.setdefault(f"profile-turnover-{number}", str(uuid4()))
    with st.form(f"profile-turnover-form-{number}"):
        year = st.number_input(
            _("Year (required)"), FIRST_YEAR, date.today().year, None, step=1, width=150,
            key=f"turnover-field-{new_id}-year",
        )  # fmt: skip
        values = _turnover_fields({"id": new_id})
        asked = st.form_submit_button(_("Add this turnover"), key="profile-turnover-add")
    if not asked:
        return
    if not (year and values["amount"] and len(values["source"]) >= 2):
        messages.problem(_("Year, turnover and source are required. Fill them in and add again."))
        return
    if values["link"] and not values["link"].startswith(("https://", "http://")):
        messages.problem(_("The web address must begin with https:// or http://."))
        return
    try:
        data.insert(
            session, "supplier_turnover",
            {"id": new_id, "supplier_id": supplier_id, "year": year, **values},
        )  # fmt: skip
    except AlreadyThere:
        messages.problem(
            _("There is a turnover for {year} already: edit that one.").format(year=year)
        )
    except StoreError as refusal:
        messages.problem(str(refusal))
    else:
        st.session_state["profile-turnover"] = number + 1
        st.rerun()


# Who, and what lately -----------------------------------------------------------------------------


def members(session: Session, supplier_id: str) -> None:
    """Who is seen to work with it: only from what is shared, or one's own."""
    found = working(session, supplier_id)
    if found.is_empty():
        st.caption(_("Nobody is seen to work with it: nothing about it is yours or shared."))
        return
    columns = {
        "organisation": _("Organisation"),
        "spend": _("Spend that you see"),
        "years": _("Years"),
        "assessed_on": st.column_config.DateColumn(_("Assessed on")),
        "level": st.column_config.TextColumn(_("Overall level"), width=140),
        "lists": _("Site lists"),
        "listed_on": st.column_config.DateColumn(_("Newest list")),
    }
    table(found, columns, f"profile-members-{supplier_id}")


def lately(session: Session, supplier_id: str) -> None:
    """What others have shared, and what one's own organisation did, the newest first."""
    found = data.cached(session, _lately, supplier_id)
    if found.is_empty():
        st.caption(_("Nothing has changed that you can see."))
        return
    columns = {
        "day": st.column_config.DateColumn(_("Day")),
        "who": _("Who"),
        "what": _("What"),
    }
    table(found, columns, f"profile-lately-{supplier_id}")


def _lately(session: Session, supplier_id: str) -> pl.DataFrame:
    known = of(session, supplier_id)
    theirs = profile.shared_lately(known, data.organisation_names(session))
    ours = pl.col("organisation_id") == session.principal.organisation_id
    named = {
        **dict(known.suppliers.select("id", "name").iter_rows()),
        **dict(known.lists.filter(ours).select("id", "title").iter_rows()),
        **dict(
            known.assessments.filter(ours)
            .select("id", pl.col("assessed_on").cast(pl.String))
            .iter_rows()
        ),
    }
    events = data.fresh(
        session, "audit_event", {"item_id": list(named)}, order=("-at",), limit=LATELY
    )
    told = audit.worded(events, trail.people(session), named, sharing.receipts_of(session))
    own = told.select(day=pl.col("at").dt.date(), who="who", what="what").cast(
        pl.Schema(profile.CHANGES)
    )
    return pl.concat([theirs, own]).sort("day", descending=True, maintain_order=True).head(LATELY)
