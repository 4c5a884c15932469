"""Figures of initiatives: stars out of 4."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl

from quorum.charts import look
from quorum.charts.look import BAR, CLEAR, EDGE, LINES, LOWER, QUIET, SYMBOLS
from quorum.language import _, ngettext

MOST_STARS = 4
_STAR_FILL = (
    "#eaf5f5", "#d6ebeb", "#bfe0df", "#a0d0d0", "#7dbdbf", "#5aa9ab", "#287b81", "#17666d",
    "#0f5e63",
)  # fmt: skip  # from 0 to 4 in half steps: one hue, and the order holds in greyscale
_WHITE_FROM = 3.0  # stars, from which text on the fill is white


def star_fill(value: float) -> str:
    """The colour of so many stars; a median between two half steps has that of the lower."""
    return _STAR_FILL[min(int(value * 2), 8)]


def star_text(value: float) -> str:
    return "#ffffff" if int(value * 2) / 2 >= _WHITE_FROM else "#0b2225"


def rating_matrix(
    frame: pl.DataFrame, names: Mapping[str, str], labels: Mapping[str, str], source: str
) -> go.Figure:
    """Initiatives by criteria; a click selects the initiative.

    `frame`: initiative (key), criterion (code), median, low, high (stars), raters (count).
    `names`: key -> name, `labels`: code -> label, both in the order in which they stand; an
    initiative without a row is drawn as not rated. `customdata` is `key|code`.
    """
    keys, codes = list(names), list(labels)
    known = {
        (row["initiative"], row["criterion"]): row
        for row in frame.filter(
            pl.col("initiative").is_in(keys), pl.col("criterion").is_in(codes)
        ).iter_rows(named=True)
    }
    cells = [(key, code, known.get((key, code))) for key in keys for code in codes]
    x = np.array([codes.index(code) for __, code, __row in cells], dtype=float)
    y = np.array([keys.index(key) for key, __, __row in cells], dtype=float)
    hover = [
        f"{look.safe(names[key])}<br>{look.safe(labels[code])}: {look.safe(_rating_words(row))}"
        for key, code, row in cells
    ]
    figure = go.Figure()
    figure.add_scatter(
        x=x, y=y + 0.06, mode="markers+text",
        marker={
            "symbol": "square", "size": 38,
            "color": [star_fill(row["median"]) if row else CLEAR for *__, row in cells],
            "line": {"color": [EDGE if row else QUIET for *__, row in cells], "width": 1},
        },
        text=[
            f"{_stars(row['median'])}<br>({row['raters']})" if row else "–" for *__, row in cells
        ],
        textposition="middle center",
        textfont={
            "color": [star_text(row["median"]) if row else EDGE for *__, row in cells], "size": 13,
        },
        customdata=[f"{key}|{code}" for key, code, __ in cells],
        selected={"marker": {"opacity": 1}}, unselected={"marker": {"opacity": 1}},
        hovertext=hover, hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=x, y=y + 0.4, mode="text", text=[_spread(row) for *__, row in cells],
        # At 390 pixels a column of six is 58 wide, and "0.5–2.5" in this size 40.
        textposition="middle center", textfont={"size": 11}, hoverinfo="skip",
    )  # fmt: skip
    look.named_rows(figure, list(names.values()))
    figure.update_xaxes(
        side="top", tickangle=-65, tickvals=np.arange(len(codes)),
        ticktext=[look.safe(look.short(label, 14)) for label in labels.values()],
        range=[-0.5, len(codes) - 0.5], showgrid=False,
    )  # fmt: skip
    rated = {key for key, __ in known}
    best = frame.group_by("initiative").agg(pl.col("median").mean()).sort("median", "initiative")
    highest = [names[key] for key in reversed(best["initiative"].to_list()) if key in names][:3]
    alt = _("Stars of {rated} rated initiatives by criterion, {unrated} unrated.").format(
        rated=len(rated), unrated=len(keys) - len(rated)
    )
    if highest:
        alt += " " + _("Highest on average: {names}.").format(names=", ".join(highest))
    unit = _(
        "Stars out of 4: the median, in brackets how many rated, and below it the range where "
        "they differ."
    )
    return look.finished(figure, len(keys), alt, unit, source, row=88, top=100, right=36)


def rating_radar(
    frame: pl.DataFrame, names: Mapping[str, str], labels: Mapping[str, str], source: str
) -> go.Figure:
    """Two to four initiatives on all criteria, one outline each.

    `frame` as in `rating_matrix`. Beside each axis stand median, raters and range of each outline.
    The outlines are turned a little against each other, so that none hides another. A criterion
    that nobody rated leaves a gap in the outline.
    """
    codes = list(labels)
    found = {(row["initiative"], row["criterion"]): row for row in frame.iter_rows(named=True)}
    step = 360 / max(len(codes), 1)
    turns = [
        [step * place + 5 * (index - (len(names) - 1) / 2) for place in range(len(codes))]
        for index in range(len(names))
    ]
    figure = go.Figure()
    for index, key in enumerate(names):  # below all outlines
        for code, angle in zip(codes, turns[index], strict=True):
            row = found.get((key, code))
            if row is not None and row["low"] < row["high"]:
                figure.add_scatterpolar(
                    r=[row["low"], row["high"]], theta=[angle, angle], mode="lines",
                    line={"color": LINES[index % len(LINES)], "width": 7}, opacity=0.6,
                    hoverinfo="skip",
                )  # fmt: skip
    said = []
    for index, (key, name) in enumerate(names.items()):
        rows = [found.get((key, code)) for code in codes]
        colour, turned = LINES[index % len(LINES)], turns[index]
        values = [row and row["median"] for row in rows]
        figure.add_scatterpolar(
            r=[*values, values[0]], theta=[*turned, turned[0]], mode="lines+markers",
            name=look.safe(name),
            line={
                "color": colour, "width": 2, "dash": ("solid", "dash", "dot", "dashdot")[index % 4],
            },
            marker={"symbol": SYMBOLS[index % len(SYMBOLS)], "size": 9},
            connectgaps=False,
            hovertext=[
                f"{look.safe(name)}<br>{look.safe(label)}: {look.safe(_rating_words(row))}"
                for label, row in zip((*labels.values(), *labels.values()), (*rows, rows[0]),
                                      strict=False)
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        )  # fmt: skip
        said.append(
            f"{name}: "
            + "; ".join(
                f"{label} {_rating_words(row)}"
                for label, row in zip(labels.values(), rows, strict=True)
            )
        )
    figure.update_polars(
        bgcolor=CLEAR,
        radialaxis={
            "range": [0, MOST_STARS], "tickvals": [1, 2, 3, 4], "angle": 90 - step / 2,
            "tickangle": 90 - step / 2, "tickfont": {"size": 11},
            "gridcolor": QUIET, "linecolor": QUIET,
        },
        angularaxis={
            "tickvals": [step * place for place in range(len(codes))],
            # There is room for the names at the uppermost axis, and at no other on a phone.
            "ticktext": [
                "<br>".join(
                    [f"<b>{look.safe(look.short(label, 14))}</b>",
                     *_at_axis([found.get((key, code)) for key in names],
                               [] if place else list(names.values()))]
                )
                for place, (code, label) in enumerate(labels.items())
            ],
            "tickfont": {"size": 12},
            "rotation": 90, "direction": "clockwise", "gridcolor": QUIET, "linecolor": QUIET,
        },
        domain={"x": [0.24, 0.76], "y": [0.19, 0.81]},
    )  # fmt: skip
    unit = _(
        "Stars out of 4: the median, in brackets how many rated, and the range where they differ, "
        "drawn as a broad bar."
    )
    return look.finished(figure, 1, ". ".join(said), unit, source, row=520, top=10)


def _at_axis(rows: Sequence[Mapping[str, Any] | None], names: Sequence[str]) -> list[str]:
    """For each outline its mark, its name where there are `names`, and its numbers, such as
    "■ TCO Certified 3 (5) 1–3"."""
    said = []
    for place, row in enumerate(rows):
        mark = f'<span style="color:{LINES[place % len(LINES)]}">{look.GLYPHS[place]}</span>'
        numbers = f"{_stars(row['median'])} ({row['raters']}) {_spread(row)}" if row else "–"
        named = [look.safe(look.short(names[place]))] if names else []
        said.append(" ".join([mark, *named, numbers]).rstrip())
    return said


def rating_trend(
    frame: pl.DataFrame, labels: Mapping[str, str], until: date, source: str
) -> go.Figure:
    """How the stars of one initiative changed, one panel per criterion.

    `frame`: criterion (code), day, median, low, high (stars), raters. A median holds until the
    next day on which something changed, the last one `until`; the shade is the range of the
    raters.
    """
    figure = go.Figure()
    figure.set_subplots(rows=len(labels), cols=1, shared_xaxes=True, vertical_spacing=0.06)
    first, last = look.padded(pl.concat([frame["day"], pl.Series([until])]))
    said = []
    for number, (code, label) in enumerate(labels.items(), start=1):
        panel = frame.filter(pl.col("criterion") == code).sort("day")
        held = pl.concat([panel, panel.tail(1).with_columns(day=pl.lit(until))])
        for end, fill in (("low", None), ("high", "tonexty")):
            figure.add_scatter(
                x=held["day"].to_numpy(), y=held[end].to_numpy(), mode="lines", hoverinfo="skip",
                fill=fill,
                line={"shape": "hv", "width": 0, "color": EDGE},
                fillcolor="rgba(43,138,143,0.22)", row=number, col=1,
            )  # fmt: skip
        figure.add_scatter(
            x=held["day"].to_numpy(), y=held["median"].to_numpy(), mode="lines",
            line={"shape": "hv", "color": EDGE, "width": 2}, hoverinfo="skip", row=number, col=1,
        )  # fmt: skip
        figure.add_scatter(
            x=panel["day"].to_numpy(), y=panel["median"].to_numpy(), mode="markers",
            marker={"size": 8, "color": EDGE},
            text=[look.safe(_rating_words(row)) for row in panel.iter_rows(named=True)],
            hovertemplate="%{text}<br>%{x|%d %b %Y}<extra></extra>", row=number, col=1,
        )  # fmt: skip
        if panel.height:
            latest = panel.row(-1, named=True)
            figure.add_annotation(
                x=1, xref="x domain", xanchor="left", xshift=4, y=latest["median"],
                yref=look.axis_name("y", number), text=_stars(latest["median"]), showarrow=False,
            )  # fmt: skip
            start = panel.row(0, named=True)
            said.append(
                _("{criterion} from {first} on {day} to {last} on {end}").format(
                    criterion=label, first=_stars(start["median"]), day=start["day"],
                    last=_stars(latest["median"]), end=latest["day"],
                )
            )  # fmt: skip
        look.panel_title(figure, number, label)
        figure.update_yaxes(
            range=[-0.2, MOST_STARS + 0.2], tickvals=[0, 2, 4], row=number, col=1,
        )  # fmt: skip
    figure.update_xaxes(
        range=[first, last], showgrid=False, nticks=4, tickangle=0, tickformat="%b\n%Y"
    )
    unit = _("Stars out of 4: the median, and shaded the range of the raters.")
    return look.finished(
        figure, len(labels), "; ".join(said), unit, source, row=104, top=28, axis=42, left=20,
        right=36,
    )  # fmt: skip


def initiative_coverage(
    frame: pl.DataFrame, names: Mapping[str, str], base: int, source: str
) -> go.Figure:
    """How many suppliers of the base belong to each initiative or hold its certificate.

    `frame`: initiative (key), suppliers, sites (counts), the widest first. `base`: how many
    suppliers there are.
    """
    labels = [names.get(key, key) for key in frame["initiative"]]
    words = [
        _("{n} of {base}").format(n=suppliers, base=base)
        + ("" if not sites else ngettext(", {n} site", ", {n} sites", sites).format(n=f"{sites:,}"))
        for suppliers, sites in frame.select("suppliers", "sites").iter_rows()
    ]
    counts = frame["suppliers"].to_numpy()
    y = np.arange(len(labels)) + LOWER
    figure = go.Figure()
    figure.add_bar(
        orientation="h", x=counts, y=y, width=BAR, marker=look.band_fill("medium"), hoverinfo="skip"
    )
    figure.add_scatter(
        x=counts, y=y, mode="text", text=[f" {text}" for text in words],
        textposition="middle right", hoverinfo="skip", cliponaxis=False,
    )  # fmt: skip
    look.named_rows(figure, labels)
    figure.update_xaxes(visible=False, range=[0, 1.5 * max(base, 1)])
    alt = "; ".join(f"{a}: {b}" for a, b in zip(labels, words, strict=True))
    unit = _("Suppliers with a valid membership or certificate, themselves or through a site.")
    return look.finished(figure, len(labels), alt, unit, source)


def _stars(value: float) -> str:
    """For example 2, 2.5 or, a median between half steps, 2.25."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _spread(row: Mapping[str, Any] | None) -> str:
    if row is None or row["low"] == row["high"]:
        return ""
    return f"{_stars(row['low'])}–{_stars(row['high'])}"


def _rating_words(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return _("not rated")
    raters = ngettext("{n} rater", "{n} raters", row["raters"]).format(n=row["raters"])
    if row["low"] == row["high"]:
        return f"{_stars(row['median'])}, {raters}"
    return _("{median}, from {low} to {high}, {raters}").format(
        median=_stars(row["median"]), low=_stars(row["low"]), high=_stars(row["high"]),
        raters=raters,
    )  # fmt: skip
