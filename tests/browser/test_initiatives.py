"""Three organisations rate one initiative in a browser, share, disagree and compare; an outsider
sees none of it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Server, go, settled, sign_in

pytestmark = pytest.mark.browser
NewBrowser = Callable[..., BrowserContext]

# Who rates JAC, with how many stars on governance. In the demo nobody shares a rating of it.
RATERS = {
    "Rasmus Egeholt": ("1", "We found nobody who speaks for workers."),
    "Lieve Callens": ("2.5", "A panel is heard, and decides nothing."),
    "Chiara Montevago": ("4", "Half of the votes are not the companies'."),
}
READER, OUTSIDER = "Anouk Dellart", "Harriet Stonebeck"


def rate(page: Page, server: Server, stars: str, why: str) -> None:
    """Rates governance of JAC; the left end of the slider is "not rated", and each key half a
    star."""
    go(page, server, "rate?initiative=jac")
    slider = page.get_by_role("slider", name="Stars for Governance")
    slider.focus()
    for _half in range(int(float(stars) * 2) + 1):
        slider.press("ArrowRight")
    expect(page.get_by_test_id("stSliderThumbValue").filter(has_text=stars)).to_be_visible()
    page.get_by_role("textbox", name="Why, for Governance").fill(why)
    page.get_by_role("button", name="Store the rating").click()
    expect(page.get_by_text("Your rating of JAC is stored.")).to_be_visible()
    settled(page)


def share(page: Page) -> None:
    if page.get_by_role("combobox", name="With which consortium").count():
        page.get_by_role("combobox", name="With which consortium").click()
        page.get_by_role("option", name="Responsible ICT Buyers' Circle").click()
        settled(page)
    page.get_by_role("combobox", name="Legal basis: why you may share this").click()
    page.get_by_role("option").first.click()
    page.get_by_role("button", name=re.compile("^Share with")).click()
    expect(page.get_by_text("Receipt", exact=True)).to_be_visible()


def profile(page: Page, server: Server) -> Page:
    return go(page, server, "initiative?initiative=jac&criterion=governance")


def test_three_rate_one_initiative_share_disagree_and_compare(
    new_browser: NewBrowser, own_demo: Server
) -> None:
    reader = sign_in(new_browser(), own_demo, READER)
    outsider = sign_in(new_browser(), own_demo, OUTSIDER)
    unrated = "Nobody whose ratings you see has rated it under this rubric."
    for name, (stars, why) in RATERS.items():
        page = sign_in(new_browser(), own_demo, name)
        rate(page, own_demo, stars, why)
        if name == next(iter(RATERS)):
            expect(profile(reader, own_demo).get_by_text(unrated)).to_be_visible()
        share(page)

    # Compared: the words, the reasons behind them, and the square of the matrix.
    said = profile(reader, own_demo).get_by_text("Raters differ by 3 stars on governance.")
    expect(said).to_contain_text("1 by City of Brynhavn; 4 by City of Roccalena")
    go(reader, own_demo, "initiatives")
    matrix = reader.get_by_role("figure", name=re.compile("Stars of 8 rated initiatives"))
    square = matrix.locator("text", has_text=re.compile(r"^2\.5\(3\)$"))
    expect(square).to_be_visible()
    expect(matrix.locator("text", has_text=re.compile("^1–4$"))).to_be_visible()
    # Plotly lies over its marks, so it is the place that is clicked; it may lie below the window.
    square.scroll_into_view_if_needed()
    spot = square.bounding_box()
    assert spot is not None
    reader.mouse.click(spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2)
    expect(reader.get_by_role("heading", name="Initiative profile")).to_be_visible()
    expect(settled(reader).get_by_text("Raters differ by 3 stars on governance.")).to_be_visible()
    go(reader, own_demo, "initiatives?initiatives_view=Where+raters+differ")
    expect(reader.get_by_text("JAC.", exact=True)).to_be_visible()

    # Outside of the consortium there is the published table, which leaves JAC out.
    expect(profile(outsider, own_demo).get_by_text(unrated)).to_be_visible()
    go(outsider, own_demo, "initiatives")
    expect(
        outsider.get_by_role("figure", name=re.compile("Stars of 5 rated initiatives"))
    ).to_be_visible()
    expect(outsider.get_by_text("City of Brynhavn")).to_have_count(0)
