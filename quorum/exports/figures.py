"""A figure as one file that opens in any browser, without a request to anywhere."""

import html

import plotly.graph_objects as go

from quorum.charts import FONT, INK, PAGE, themed
from quorum.exports.tables import About
from quorum.language import _

HTML = "text/html"


def to_html(figure: go.Figure, about: About) -> bytes:
    """The figure with the script that draws it, and what the file says about itself."""
    drawn = themed(figure, "light").to_html(
        full_html=False,
        include_plotlyjs=True,
        include_mathjax=False,
        config={"displaylogo": False, "displayModeBar": False, "responsive": True},
    )
    said = figure.layout.meta or {}
    alt, foot = said.get("alt", ""), said.get("foot", "")
    facts = [
        (_("Made by"), about.author),
        (_("Made on"), about.made_on.isoformat()),
        (_("Link"), about.link),
        *about.filters.items(),
        *((_("Source"), source) for source in about.sources),
    ]
    rows = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>" for name, value in facts
    )
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(about.title)}</title>
<style>
body {{ font-family: {FONT}; color: {INK["light"]}; background: {PAGE["light"]};
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; line-height: 1.5; }}
h1 {{ font-size: 1.5rem; }}
dt {{ font-weight: 600; }}
dd {{ margin: 0 0 .5rem; overflow-wrap: anywhere; }}
</style>
</head>
<body>
<h1>{html.escape(about.title)}</h1>
<div role="img" aria-label="{html.escape(alt, quote=True)}">{drawn}</div>
<p>{html.escape(foot)}</p>
<p>{html.escape(alt)}</p>
<dl>{rows}</dl>
</body>
</html>
"""
    return page.encode()
