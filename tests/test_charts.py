from datetime import date
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from quorum import charts

SOURCE = "Assessments of three members, March 2026."
DIMENSIONS = {"Awareness": charts.Zones(4, 7, 10), "Actions": charts.Zones(4, 7, 15)}


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def texts(figure) -> list[str]:
    return [annotation.text for annotation in figure.layout.annotations]


@pytest.fixture
def matrix() -> pl.DataFrame:
    return pl.DataFrame(
        [
            ("s1", "Lumenta", "Awareness", 8, 8, "high", "high"),
            ("s1", "Lumenta", "Actions", 3, 4, "low", "medium"),
            ("s2", "Brightquay", "Awareness", 2, 2, "low", "low"),
            ("s2", "Brightquay", "Actions", None, None, None, None),
        ],
        schema=[
            "supplier_id", "supplier", "dimension", "points", "points_high", "band", "band_high",
        ],
        orient="row",
    )  # fmt: skip


def test_bands_grow_darker_from_low_to_high_so_that_greyscale_keeps_their_order():
    shades = [luminance(charts.BAND_FILL[band]) for band in charts.BANDS]
    assert shades == sorted(shades, reverse=True)
    assert all(a / b > 1.7 for a, b in pairwise(shades))


@pytest.mark.parametrize("band", charts.BANDS)
def test_text_on_a_band_reaches_the_contrast_that_reading_needs(band):
    assert contrast(charts.BAND_FILL[band], charts.BAND_TEXT[band]) >= 4.5


@pytest.mark.parametrize("page", ["#ffffff", "#040607"])
def test_the_edge_of_marks_and_the_lines_stand_out_on_both_pages(page):
    assert contrast(charts.EDGE, page) >= 3
    assert min(contrast(line, page) for line in charts.LINES) >= 3


def test_text_of_a_themed_figure_is_readable_on_its_page():
    figure = charts.coverage_bar(24, 9, 7, SOURCE)
    for theme, page in (("light", "#ffffff"), ("dark", "#040607")):
        assert contrast(charts.themed(figure, theme).layout.font.color, page) >= 7


def test_text_in_a_bar_without_fill_takes_the_colour_of_the_theme():
    figure = charts.themed(charts.coverage_bar(24, 9, 7, SOURCE), "dark")
    assert figure.data[2].insidetextfont.color == charts.INK["dark"]


def test_bands_by_dimension_says_band_and_count_in_words():
    frame = pl.DataFrame(
        {"dimension": ["Awareness"] * 3, "band": ["low", "high", None], "suppliers": [5, 4, 1]}
    )
    figure = charts.bands_by_dimension(frame, SOURCE)
    assert [(bar.name, list(bar.x), list(bar.text)) for bar in figure.data] == [
        ("Low", [5], ["Low 5"]),
        ("High", [4], ["High 4"]),
        ("Not assessed", [1], ["1"]),
    ]
    assert figure.layout.meta["alt"] == "Awareness: Low 5, High 4, Not assessed 1"
    assert figure.layout.showlegend


def test_bands_by_dimension_has_no_legend_where_every_part_names_itself():
    frame = pl.DataFrame({"dimension": ["A"] * 2, "band": ["low", "high"], "suppliers": [5, 4]})
    assert not charts.bands_by_dimension(frame, SOURCE).layout.showlegend


def test_the_matrix_puts_the_least_ready_supplier_on_top_and_hands_out_ids(matrix):
    figure = charts.band_matrix(matrix, SOURCE)
    assert list(figure.layout.yaxis.ticktext) == ["Lumenta", "Brightquay"]
    cells = {
        (bar.customdata[i], int(bar.base[i] + 0.48)): bar.text[i]
        for bar in figure.data
        for i in range(len(bar.text))
    }
    assert cells == {
        ("s1", 0): "High 8",
        ("s1", 1): "Low–Medium<br>3–4",
        ("s2", 0): "Low 2",
        ("s2", 1): "Not<br>assessed",
    }


def test_only_the_cell_between_two_bands_is_hatched(matrix):
    figure = charts.band_matrix(matrix, SOURCE)
    hatched = [bar.text[0] for bar in figure.data if bar.marker.pattern.shape]
    assert hatched == ["Low–Medium<br>3–4"]


def test_trend_draws_a_range_and_names_lines_where_they_end_without_overlap():
    frame = pl.DataFrame(
        {
            "date": [date(2025, 1, 1), date(2026, 1, 1)] * 2,
            "dimension": ["Awareness"] * 4,
            "points": [3, 5, 4, 5],
            "points_high": [3, 6, 4, 6],
            "organisation": ["Aarlund", "Aarlund", "Merrow", "Merrow"],
        }
    )
    figure = charts.trend(frame, {"Awareness": DIMENSIONS["Awareness"]}, SOURCE)
    assert [list(line.y) for line in figure.data] == [[3, 5.5], [4, 5.5]]
    assert list(figure.data[0].error_y.array) == [0, 0.5]
    ends = {
        a.text.split("</span> ")[1]: a.y for a in figure.layout.annotations if "</span>" in a.text
    }
    assert ends["Aarlund"] == 5.5
    assert ends["Merrow"] - ends["Aarlund"] == pytest.approx(10 * 17 / 140)


def test_assessors_stand_below_their_dimension_from_low_to_high_with_their_band():
    frame = pl.DataFrame(
        {
            "organisation": ["Merrow", "Aarlund"],
            "dimension": ["Actions", "Actions"],
            "points": [7, 3],
            "points_high": [7, 4],
        }
    )
    figure = charts.assessor_comparison(frame, DIMENSIONS, SOURCE)
    assert list(figure.layout.yaxis.ticktext) == ["<b>Actions</b>", "Aarlund", "Merrow"]
    assert list(figure.data[1].text) == [" Low–Medium 3–4", " High 7"]
    assert figure.layout.meta["alt"] == "Points that members gave: Actions from 3 to 7."


def test_coverage_counts_in_words():
    figure = charts.coverage_bar(24, 9, 7, SOURCE)
    assert figure.layout.meta["alt"] == "24 assessed, 9 stale, 7 never assessed."
    assert [bar.name for bar in figure.data] == ["Assessed 24", "Stale 9", "Never 7"]


def test_bars_are_sorted_and_leave_out_what_is_unknown():
    frame = pl.DataFrame({"who": ["a", "b", "c"], "n": [1.5, None, 1200.0]})
    figure = charts.bars(frame, "who", "n", "Members.", SOURCE)
    assert list(figure.data[0].text) == ["1,200", "1.5"]
    assert figure.layout.meta["alt"] == "c: 1,200; a: 1.5"


def test_a_share_names_both_ends_and_an_exact_share_only_one():
    frame = pl.DataFrame(
        {"label": ["2025", "2024"], "low": [1.2, 0.4], "high": [3.44, 0.4], "exact": [0.8, 0.4]}
    )
    figure = charts.share_ranges(frame, SOURCE)
    assert figure.layout.meta["alt"] == "2025: 1.2 % – 3.4 %; 2024: 0.4 %"
    exact, least, most = figure.data[:3]
    assert list(exact.x) == [0.8, 0.4]
    assert list(least.x) == pytest.approx([0.4, 0])
    assert list(most.x) == pytest.approx([2.24, 0])
    assert most.marker.pattern.shape == "/"


@pytest.fixture
def sites() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "id": ["a", "b", "c", "d"],
            "name": ["North works", "South works", "Hidden works", "Lost works"],
            "country": ["VN", "VN", "MY", "MY"],
            "latitude": [21.0, 10.8, None, None],
            "longitude": [105.8, 106.7, None, 101.0],
        }
    )


def test_the_map_dots_sites_and_rings_those_without_a_position(sites):
    outlines, dots, rings = charts.site_map(sites, SOURCE).data
    assert len(outlines.x) > 10_000
    assert list(dots.customdata) == ["a", "b"]
    assert list(dots.hovertext) == ["Vietnam", "Vietnam"]
    assert list(rings.text) == ["2"]
    assert list(rings.hovertext) == ["2 in Malaysia, position unknown"]


def test_the_map_says_in_words_what_it_shows(sites):
    alt = charts.site_map(sites, SOURCE).layout.meta["alt"]
    assert alt.startswith("Map of 4 production sites in 2 countries; most in ")


def test_two_sites_on_one_spot_are_one_mark_that_selects_neither(sites):
    together = sites.with_columns(latitude=pl.lit(10.8), longitude=pl.lit(106.7))
    dots = charts.site_map(together, SOURCE).data[1]
    assert list(dots.customdata) == [None]
    assert list(dots.text) == ["4 sites near here"]


# Answers


def named(figure) -> list[str]:
    """The names that stand beside marks."""
    return [one.text for one in figure.layout.annotations if one.font.size == 13]


def test_dots_at_one_place_are_a_ring_with_their_number_and_all_their_names():
    frame = pl.DataFrame(
        {"by1": ["Lumenta", "Brightquay", "Aurora"], "show1": [2, 2, 7], "show2": [1, 1, 5]}
    )
    figure = charts.dots(frame, "Policies", "Actions", "Points.", SOURCE)
    assert list(figure.data[0].text) == ["2", ""]
    assert list(figure.data[0].hovertext) == ["Lumenta<br>Brightquay", "Aurora"]
    assert named(figure) == ["Lumenta and 1 more", "Aurora"]
    assert "A ring with a number: so many at one place." in figure.layout.meta["foot"]


def test_few_dots_carry_their_names_and_many_only_the_outermost():
    few = pl.DataFrame({"by1": ["a", "b", "c", "d"], "show1": [1, 2, 3, 4], "show2": [1, 4, 2, 3]})
    assert named(charts.dots(few, "Along", "Up", "Unit.", SOURCE)) == ["a", "b", "c", "d"]
    many = pl.DataFrame(
        {"by1": [f"s{n}" for n in range(40)], "show1": range(40), "show2": range(40)}
    )
    assert named(charts.dots(many, "Along", "Up", "Unit.", SOURCE)) == ["s39", "s0"]


def test_no_name_beside_a_mark_covers_another_name_or_mark():
    mark, layout = charts.labels.Mark, charts.labels.Layout
    close = [mark(50, 50, 5, "Lumenta"), mark(70, 50, 5, "Brightquay")]
    first, second = charts.labels.beside(layout(close, 300, 300))
    assert (first["xanchor"], second["xanchor"]) == ("center", "left")
    crowd = layout([mark(50, 50, 5, "Lumenta")] * 3, 300, 300)
    assert [one is None for one in charts.labels.beside(crowd)] == [False, True, True]


def test_a_name_stands_where_there_is_room_on_a_phone_and_on_a_desk():
    mark, layout = charts.labels.Mark, charts.labels.Layout
    phone = layout([mark(150, 50, 5, "Lumenta")], 180, 100)  # none to the right
    desk = layout([mark(400, 50, 5, "Lumenta"), mark(370, 50, 5, "")], 800, 100)  # nor to the left
    assert charts.labels.beside(phone)[0]["xanchor"] == "right"
    assert charts.labels.beside(desk)[0]["xanchor"] == "left"
    assert charts.labels.beside(phone, desk)[0]["xanchor"] == "center"


def test_the_legend_of_dots_stands_above_the_name_of_the_axis():
    frame = pl.DataFrame({"by1": ["a", "b"], "by2": ["x", "y"], "show1": [1, 2], "show2": [1, 2]})
    figure = charts.dots(frame, "Along", "Up", "Unit.", SOURCE)
    axis = next(one for one in figure.layout.annotations if one.text == "↑ Up")
    assert (figure.layout.legend.y - 1) * 300 >= axis.yshift + 20


def test_a_name_of_two_lines_at_the_top_end_of_a_line_is_not_cut():
    frame = pl.DataFrame(
        {
            "x": [1, 2], "word": ["1", "2"], "by1": ["1", "2"], "show1": [1.0, 2.0],
            "by2": "Leymark Central Purchasing",
        }
    )  # fmt: skip
    figure = charts.lines(frame, "Unit.", SOURCE)
    assert figure.layout.annotations[0].text.count("<br>") == 1
    assert figure.layout.margin.t >= 19 + 8


def test_a_treemap_gives_each_group_a_colour_of_its_own_and_grey_to_what_is_no_group():
    names = [f"g{n}" for n in range(7)] + ["Other", "Not known"]
    frame = pl.DataFrame({"by1": names, "by2": "part", "show1": [1.0] * 9})
    figure = charts.areas(frame, "Unit.", SOURCE, ("Other", "Not known"))
    colours = list(figure.data[0].marker.colors)
    assert len(set(colours[:7])) == 7 and "#8a9699" not in colours[:7]
    assert colours[7:9] == ["#8a9699"] * 2
    assert colours[9:] == colours[:9]  # parts as their group


@pytest.mark.parametrize("colour", charts.answers.AREAS + charts.answers.CATEGORIES)
def test_text_on_a_category_reaches_the_contrast_that_reading_needs(colour):
    assert contrast(colour, charts.answers._text_on(colour)) >= 4.5


def test_a_map_of_countries_names_the_five_largest_and_says_what_a_circle_stands_for():
    frame = pl.DataFrame(
        {
            "code": ["CN", "BR", "US", "ZA", "AU", "SE"],
            "by1": ["China", "Brazil", "United States", "South Africa", "Australia", "Sweden"],
            "show1": [777, 100, 90, 80, 70, 60],
        }
    )
    figure = charts.country_map(frame, "Sites by country.", SOURCE)
    assert named(figure) == ["China", "Brazil", "United States", "South Africa", "Australia"]
    assert figure.layout.meta["foot"].startswith(
        "Sites by country. The area of a circle is its figure; the largest: China 777, Brazil 100, "
        "United States 90, South Africa 80, Australia 70."
    )


def test_more_places_than_can_be_told_apart_become_neighbourhoods_that_lose_no_site():
    random = np.random.default_rng(1)
    spots = pl.DataFrame(
        {
            "id": [f"s{i}" for i in range(5000)],
            "name": "Works",
            "country": "CN",
            "latitude": random.uniform(22, 24, 5000),
            "longitude": random.uniform(112, 115, 5000),
        }
    )
    marks = charts.places._neighbourhoods(spots, cell=0.2)
    assert marks.height < charts.DRAWN_SITES
    assert marks["count"].sum() == 5000


def test_a_map_asks_nobody_for_anything(sites):
    figure = charts.site_map(sites, SOURCE)
    assert {trace.type for trace in figure.data} == {"scatter"}
    assert "http" not in figure.to_json()


HOSTILE = '<a href="https://evil.example">Lumenta</a> & <b>Sons</b>'


def test_before_and_after_stand_where_their_values_are_and_the_unknown_nowhere():
    rows = [
        ("Points", "2026-03-02 Spring", "4 → 6", 4.0, 6.0, 24.0, True),
        ("Points", "2026-10-05 Autumn", "unknown → 12", None, 12.0, 24.0, True),
        ("Sites", "2026-03-02 Spring", "10 → 5", 10.0, 5.0, 10.0, False),
    ]
    names = ["part", "label", "words", "before", "after", "most", "sure"]
    figure = charts.before_after(pl.DataFrame(rows, schema=names, orient="row"), SOURCE)
    marks = [(one.marker.symbol, one.x[0]) for one in figure.data]
    assert marks == [
        ("circle-open", pytest.approx(1 / 6)), ("circle", 0.25), ("circle", 0.5),
        ("circle-open", 1.0), ("circle", 0.5),
    ]  # fmt: skip
    between = [(s.x0, s.x1, s.line.dash) for s in figure.layout.shapes if s.line.width == 4]
    assert between == [(pytest.approx(1 / 6), 0.25, "solid"), (1.0, 0.5, "dot")]
    assert "Points, 2026-10-05 Autumn: unknown → 12" in figure.layout.meta["alt"]
    assert texts(figure)[0] == "<b>Points</b>"


def test_markup_in_a_name_is_shown_not_obeyed(matrix, sites):
    frame = pl.DataFrame({"who": [HOSTILE], "n": [1]})
    range_ = pl.DataFrame({"label": [HOSTILE], "low": [1.0], "high": [2.0], "exact": [0.5]})
    figures = [
        charts.bars(frame, "who", "n", "Members.", HOSTILE),
        charts.share_ranges(range_, HOSTILE),
        charts.before_after(
            pl.DataFrame(
                {
                    "part": HOSTILE,
                    "label": HOSTILE,
                    "words": HOSTILE,
                    "before": [1.0],
                    "after": 2.0,
                    "most": 3.0,
                    "sure": True,
                }
            ),
            HOSTILE,
        ),
        charts.band_matrix(matrix.with_columns(supplier=pl.lit(HOSTILE)), HOSTILE),
        charts.site_map(sites.with_columns(name=pl.lit(HOSTILE)), HOSTILE),
    ]
    for figure in figures:
        data = figure.to_dict()
        data["layout"].pop("meta")  # plain text of the page and for a screen reader
        assert "<a " not in str(data)
        assert "<b>Sons" not in str(data)


@pytest.mark.parametrize("rows", [0, 1])
def test_builders_take_empty_and_single_rows(matrix, sites, rows):
    figures = [
        charts.band_matrix(matrix.head(rows), SOURCE),
        charts.site_map(sites.head(rows), SOURCE),
        charts.bars(
            pl.DataFrame({"w": ["a"], "n": [0.0]}).head(rows), "w", "n", "Members.", SOURCE
        ),
    ]
    assert all(figure.layout.meta["alt"] for figure in figures[:2])
    assert all(SOURCE in figure.layout.meta["foot"] for figure in figures)
