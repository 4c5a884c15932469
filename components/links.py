"""Links from page to page, by the page's name.

The served script lies in `components/`, so a path relative to it would not find
`pages/`. A query is written as keywords: `link("supplier", name, supplier=supplier_id)`.
"""

import re
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote

import streamlit as st

from components.messages import plain

ARROW = ":material/arrow_forward:"
# Characters that an address may hold; what Markdown would end it with is percent-encoded.
_KEPT = "%/:?#[]@!$&'*+,;=-._~"
_ADDRESS = re.compile(r"https?://\S+")
PAGES = Path(__file__).resolve().parents[1] / "pages"


def page_path(name: str) -> str:
    """What st.page_link and st.switch_page take for the page with this name."""
    return str(PAGES / f"{name}.py")


def link(name: str, label: str, **query: str | None) -> None:
    """A link to a page. `label` is shown as it is; what is None in the query is left out."""
    if not Path(page_path(name)).exists():  # the shell declares only pages that are there
        return
    # The arrow tells a link from text: Streamlit writes both in the same colour.
    st.page_link(
        page_path(name),
        label=plain(label),
        icon=ARROW,
        query_params=_given(query),
    )


def web(address: str) -> str:
    """An address of the web as Markdown that opens it; what is no such address stays text."""
    if not _ADDRESS.fullmatch(address):
        return plain(address)
    return f"[{plain(address)}](<{quote(address, safe=_KEPT)}>)"


def go(name: str, **query: str | None) -> NoReturn:
    """Leaves for another page at once, e.g. after a row was clicked."""
    st.switch_page(page_path(name), query_params=_given(query))
    raise AssertionError("st.switch_page ends the run")  # for the type checker


def _given(query: dict[str, str | None]) -> dict[str, str]:
    return {key: value for key, value in query.items() if value is not None}
