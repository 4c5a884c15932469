"""How much of our suppliers' business are we, together?"""

from datetime import date

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from components import data, filters, leverage
from components.downloads import downloads
from components.links import link, page_path
from components.maps import draw
from components.messages import empty, foot
from components.session import Session, require_session
from components.tables import table
from quorum import charts
from quorum.importers.spend import template
from quorum.language import _, ngettext
from quorum.leverage import collective, contracts_ahead, own_by_year, summary

DRAWN = 15  # suppliers in the figure
WITHHELD = _("what members share only as aggregate, until Quorum publishes sums")
LABELS = {
    "supplier": _("Supplier"), "year": _("Year"), "own_share": _("Our share"),
    "share_low": _("Together, at least"), "share_high": _("Together, at most"),
    "currency": _("Currency"), "own": _("Our spend"), "exact": _("Ours and shared lines"),
    "low": _("Spend together, at least"), "high": _("Spend together, at most (– is open)"),
    "members": _("Members in it"), "turnover_words": _("Turnover known"),
}  # fmt: skip
MONEY = ("own", "exact", "low", "high")
SHARES = ("own_share", "share_low", "share_high")


def cells(session: Session) -> pl.DataFrame:
    """`collective`, with names and the turnover in words."""
    found = collective(
        data.spend(session), data.spend_bands(session), data.turnover(session),
        session.principal.organisation_id,
    )  # fmt: skip
    names = data.suppliers(session).select(supplier_id="id", supplier="name")
    figure = pl.format(
        "{} {}, {} ({})", pl.col("turnover").map_elements(lambda x: f"{x:,.0f}", pl.String),
        "turnover_currency", "turnover_year", "turnover_source",
    )  # fmt: skip
    comparable = (pl.col("currency") == pl.col("turnover_currency")) & (
        pl.col("year") == pl.col("turnover_year")
    )
    return found.join(names, on="supplier_id", how="left", maintain_order="left").with_columns(
        turnover_words=pl.when(comparable)
        .then(figure)
        .otherwise(pl.format(_("not comparable: {}"), figure))
    )


def own(session: Session) -> pl.DataFrame:
    return own_by_year(data.spend(session), session.principal.organisation_id)


def narrowed(frame: pl.DataFrame, asked: tuple[str | None, ...]) -> pl.DataFrame:
    wanted = [
        pl.col(column).cast(pl.String) == value
        for column, value in zip(("supplier_id", "year", "currency"), asked, strict=True)
        if value
    ]
    return frame.filter(wanted) if wanted else frame


def drawable(found: pl.DataFrame) -> pl.DataFrame:
    """Cells whose range has two ends, both of them a share above nothing."""
    return found.filter((pl.col("share_high") > 0) & (pl.col("share_low") >= 0))


def ranges(session: Session, *asked: str | None) -> go.Figure:
    found = drawable(narrowed(data.cached(session, cells), asked)).sort(
        "share_high", descending=True
    )
    parts = ["supplier"]
    parts += ["year"] * (found["year"].n_unique() > 1)
    parts += ["currency"] * (found["currency"].n_unique() > 1)
    percent = pl.col("share_low", "share_high", "exact_share").clip(0) * 100
    frame = found.head(DRAWN).select(pl.concat_str(parts, separator=", ").alias("label"), percent)
    source = _("Members' spend as shared; turnover as its published source says.")
    columns = {"share_low": "low", "share_high": "high", "exact_share": "exact"}
    return charts.share_ranges(frame.rename(columns), source)


def choices(session: Session) -> dict[str, tuple[str, str | None, str | None]]:
    """The filters: name -> label, chosen value, chosen value in words."""
    known = data.cached(session, cells)
    years = [str(year) for year in known["year"].unique().sort(descending=True)]
    options = (
        ("supplier", _("Supplier"),
         dict(known.select("supplier_id", "supplier").unique().sort("supplier").rows())),
        ("year", _("Year"), {year: year for year in years}),
        ("currency", _("Currency"), {c: c for c in known["currency"].unique().sort()}),
    )  # fmt: skip
    answers = {}
    with filters.row():
        for name, label, values in options:
            chosen = filters.choice(label, values, f"leverage_{name}", arrives_as=name)
            answers[name] = (label, chosen, values.get(chosen or ""))
    return answers


def in_figures(session: Session, found: pl.DataFrame, asked: tuple[str | None, ...]) -> None:
    ours = summary(narrowed(data.cached(session, own), asked))
    members = found["organisations"].explode().drop_nulls().n_unique()
    years = "–".join(str(year) for year in sorted({*ours.years[:1], *ours.years[-1:]}))
    figures = [
        (_("Our spend {years}, {currency}").format(years=years, currency=currency), f"{total:,.0f}")
        for currency, total in ours.own.items()
    ][:2]
    figures += [
        (_("Suppliers"), f"{found['supplier_id'].n_unique():,}"),
        (_("Members in it"), f"{members:,}"),
    ]
    filters.figures(figures)
    if len(ours.own) > 2:
        rest = ", ".join(
            f"{total:,.0f} {currency}" for currency, total in list(ours.own.items())[2:]
        )
        st.caption(_("Also {amounts}. Currencies are never added.").format(amounts=rest))


def view(session: Session) -> None:
    chosen = choices(session)
    asked = tuple(value for _label, value, _words in chosen.values())
    found = narrowed(data.cached(session, cells), asked)
    if found.is_empty():
        st.info(_("No figure fits these filters. Clear one of them to see more."))
        return
    in_figures(session, found, asked)
    drawn = drawable(found)
    if drawn.height:
        draw(session, "leverage-ranges", ranges, *asked)
        if drawn.height > DRAWN:
            st.caption(_("The {n} largest; the table has all.").format(n=DRAWN))
    unknown = found.filter(pl.col("share_low").is_null()).height
    if unknown:
        st.caption(
            ngettext(
                "{n} figure has no share: no turnover of the same year and currency is known.",
                "{n} figures have no share: no turnover of the same year and currency is known.",
                unknown,
            ).format(n=f"{unknown:,}")
        )
    columns = {
        name: st.column_config.NumberColumn(label, format="localized") if name in MONEY
        else st.column_config.NumberColumn(label, format="percent") if name in SHARES
        else st.column_config.NumberColumn(label, format="%d") if name == "year"
        else label
        for name, label in LABELS.items()
    }  # fmt: skip
    # Whole units are enough to read; downloads have the cents.
    shown = found.with_columns(pl.col(MONEY).round(0)).with_row_index("row")
    picked = table(
        shown, columns, "leverage", id_column="row",
        height=420 if found.height > 10 else None, hidden=("exact",),
    )  # fmt: skip
    if picked is not None:
        one = found.row(int(picked), named=True)
        name = one["supplier"]
        link("supplier", _("Profile of {name}").format(name=name), supplier=one["supplier_id"])
    sources = [_("Your spend and what members share with you"), _("Turnover as published")]
    words = {label: text for label, _value, text in chosen.values()}
    about = filters.about(session, _("Leverage"), words, sources)
    downloads(found, about, "leverage", LABELS)
    foot(sources, as_of=date.today().isoformat(), withheld=WITHHELD)
    link("method", _("How ranges are added up"))


def contracts(session: Session) -> None:
    """When leverage is highest: contracts of one's own, and those shared line by line."""
    ahead = contracts_ahead(data.spend(session), date.today())
    if ahead.is_empty():
        st.caption(_("No line names a contract that ends in future."))
        return
    columns = {
        "contract_end": st.column_config.DateColumn(_("Ends")), "supplier": _("Supplier"),
        "organisation": _("Buyer"), "contract_reference": _("Contract"),
    }  # fmt: skip
    table(ahead, columns, "contracts", height=420 if ahead.height > 10 else None)


def main() -> None:
    session = require_session()
    data.ahead(session, "spend", "spend_bands", "supplier_turnover")
    st.title(_("Leverage"))
    st.markdown(_("How much of our suppliers' business are we, together?"))
    if data.cached(session, cells).is_empty():
        empty(
            _("No spend yet"),
            _(
                "Here stand your own spend per supplier and year, its share of the supplier's "
                "turnover, and what you and your fellow members are together, as a range."
            ),
            _("Import spend"),
            page_path("import_spend"),
            (_("Example file (xlsx)"), "spend-example.xlsx", template("xlsx")),
        )
    else:
        view(session)
    for title, name, part in (
        (_("Contracts that end next"), "leverage_contracts", contracts),
        (_("Our files of spend"), "leverage_files", leverage.files),
        (_("Suppliers' turnover"), "leverage_turnover", leverage.turnovers),
    ):
        fold = st.expander(title, key=name, bind="query-params")
        if fold.open:
            with fold:
                part(session)


main()
