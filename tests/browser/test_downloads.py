"""What a download holds, made after the page has run."""

from collections.abc import Callable
from pathlib import Path

import fastexcel
import pytest
from playwright.sync_api import BrowserContext

from tests.browser.conftest import Server, figure, go, sign_in

pytestmark = pytest.mark.browser


def test_all_sites_can_be_taken_along_as_a_workbook(
    new_browser: Callable[..., BrowserContext], demo: Server, tmp_path: Path
) -> None:
    page = sign_in(new_browser(), demo, "Katharina Obersteig", "sites")
    shown = figure(page, "Sites")
    page.get_by_role("button", name="Download").first.click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Excel file (xlsx)").click()
    taken = tmp_path / "sites.xlsx"
    waiting.value.save_as(taken)
    rows = fastexcel.read_excel(taken.read_bytes()).load_sheet(0).to_polars()
    assert rows.height == shown
    assert go(page, demo).get_by_role("heading", level=1).inner_text() == "Overview"
