"""Questions to datasets: as the query of a link, checked, answered in polars, drawn.

A question names a dataset, up to two dimensions (`by`), measures (`show`), filters and a chart.
`read_query` says what of a link it could not read, `check` what does not go together, and `answer`
what the data do not hold.
"""

from quorum.explore.answers import ROOM, Answer, answer, options
from quorum.explore.drawing import figure, full_title, title
from quorum.explore.question import (
    LONGEST,
    MOST_MEASURES,
    OTHER,
    PERIODS,
    SHARE,
    Measure,
    Question,
    asks,
    changed,
    from_text,
    measures,
    open_units,
    read_query,
    settled,
    start,
    to_query,
    to_text,
    units,
)
from quorum.explore.rules import chart_of, check, possible_charts, suggest_chart
from quorum.explore.words import (
    aggregation_word,
    chart_word,
    dates,
    filters,
    heads,
    labels,
    measure_label,
    period_word,
    word,
    worded,
)

__all__ = [
    "LONGEST",
    "MOST_MEASURES",
    "OTHER",
    "PERIODS",
    "ROOM",
    "SHARE",
    "Answer",
    "Measure",
    "Question",
    "aggregation_word",
    "answer",
    "asks",
    "changed",
    "chart_of",
    "chart_word",
    "check",
    "dates",
    "figure",
    "filters",
    "from_text",
    "full_title",
    "heads",
    "labels",
    "measure_label",
    "measures",
    "open_units",
    "options",
    "period_word",
    "possible_charts",
    "read_query",
    "settled",
    "start",
    "suggest_chart",
    "title",
    "to_query",
    "to_text",
    "units",
    "word",
    "worded",
]
