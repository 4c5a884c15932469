"""Every page, as people have it before them: readable by machines, on a phone, in the dark."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import ROOT, Server, go, sign_in

pytestmark = pytest.mark.browser
NewBrowser = Callable[..., BrowserContext]

PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py") if path.stem != "join")

# Streamlit's own frame, which a page cannot mend: the navigation nests sections in lists in a way
# of its own.
NOT_OURS = {"exclude": [["[data-testid='stSidebarNav']"]]}


def serious(page: Page) -> list[str]:
    found: list[dict[str, Any]] = Axe().run(page, context=NOT_OURS).response["violations"]
    return [
        f"{v['id']}: {v['help']}: {[n['html'][:120] for n in v['nodes'][:3]]}"
        for v in found
        if v["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_fault_that_axe_finds(
    new_browser: NewBrowser, demo: Server, scheme: str
) -> None:
    page = sign_in(new_browser(color_scheme=scheme), demo, "admin")
    faults = {}
    for name in PAGES:
        go(page, demo, name)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_text("This app has encountered an error")).to_have_count(0)
        if found := serious(page):
            faults[name] = found
    assert faults == {}


def test_no_page_is_wider_than_a_phone(new_browser: NewBrowser, demo: Server) -> None:
    page = sign_in(new_browser(width=390, height=844), demo, "editor")
    wide = {}
    for name in PAGES:
        go(page, demo, name)
        width = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
        if width > 390:
            wide[name] = width
    assert wide == {}
