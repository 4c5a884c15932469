"""Frame in, plotly figure out: one look for every chart, on screen and in exported files.

A builder does not know whether its figure will stand on a light or a dark page: marks are
mid-tones that stand out on both, and `themed` gives the text its colour at the end ("light" also
for files and print). Names stand above their bars, so that a figure works at 390 pixels as well.

What a figure shows in words, for those who do not see it, is `figure.layout.meta["alt"]`; what it
draws, in which unit and from which source, is `meta["foot"]`, for the page to show below it.
Texts in frames may come from people: all of them go through `look.safe`.
"""

from quorum.charts.amounts import bars, share_ranges
from quorum.charts.answers import areas, boxes, category_bars, dots, lines, radar, squares
from quorum.charts.look import (
    BAND_FILL,
    BAND_TEXT,
    BANDS,
    CONFIG,
    DRAWN_SITES,
    EDGE,
    FONT,
    INK,
    LINES,
    MAP_CONFIG,
    PAGE,
    Theme,
    Zones,
    number,
    themed,
)
from quorum.charts.maturity import (
    assessor_comparison,
    band_matrix,
    bands_by_dimension,
    before_after,
    coverage_bar,
    trend,
)
from quorum.charts.places import OUTLINES, country_map, site_map
from quorum.charts.ratings import (
    initiative_coverage,
    rating_matrix,
    rating_radar,
    rating_trend,
    star_fill,
    star_text,
)

__all__ = [
    "BANDS",
    "BAND_FILL",
    "BAND_TEXT",
    "CONFIG",
    "DRAWN_SITES",
    "EDGE",
    "FONT",
    "INK",
    "LINES",
    "MAP_CONFIG",
    "OUTLINES",
    "PAGE",
    "Theme",
    "Zones",
    "areas",
    "assessor_comparison",
    "band_matrix",
    "bands_by_dimension",
    "bars",
    "before_after",
    "boxes",
    "category_bars",
    "country_map",
    "coverage_bar",
    "dots",
    "initiative_coverage",
    "lines",
    "number",
    "radar",
    "rating_matrix",
    "rating_radar",
    "rating_trend",
    "share_ranges",
    "site_map",
    "squares",
    "star_fill",
    "star_text",
    "themed",
    "trend",
]
