"""Site lists through the browser: brought in by two organisations, seen by a third, not by a
fourth, and still there after a kill."""

import re
import signal
from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import (
    Server,
    choose,
    figure,
    go,
    settled,
    sign_in,
    type_date,
)
from tests.conftest import SHARED_DATA
from tests.hostile import zip_bomb

pytestmark = pytest.mark.browser
NewBrowser = Callable[..., BrowserContext]

SMALL = b"""facility name;Land;Adresse
Linden Boards;Deutschland;"Lindenweg 4, Halle"
Birke Kabel;Allemagne;"Birkenweg 9, Halle"
;Deutschland;"Ahornweg 2, Halle"
"""


def upload(page: Page, server: Server, name: str, content: bytes) -> None:
    go(page, server, "import_sites")
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": content}
    )
    settled(page)


def store_list(page: Page, supplier: str, day: str) -> str:
    """Fills in what the list is and stores it; the sentence that says how many sites."""
    choose(page, "Supplier whose list this is (required)", supplier)
    settled(page)
    type_date(page, "Date of the list (required)", day)
    page.get_by_role("button", name=re.compile(r"^Store [\d,]+ sites?$")).click()
    stored = page.get_by_text(re.compile(r"[\d,]+ sites? (is|are) stored as"))
    expect(stored).to_be_visible()
    return stored.inner_text()


def share_it(page: Page) -> None:
    page.get_by_role("combobox", name="Legal basis: why you may share this").click()
    page.get_by_role("option").first.click()
    page.get_by_role("button", name=re.compile("^Share with")).click()
    expect(page.get_by_text("Receipt", exact=True)).to_be_visible()


def found(page: Page, server: Server, words: str) -> int:
    """How many sites the page of production sites counts for a search."""
    go(page, server, f"sites?sites_search={quote(words)}")
    nothing = page.get_by_text("No site fits these filters").or_(
        page.get_by_text("No production site yet")
    )
    expect(nothing.or_(page.get_by_role("button", name="Download")).first).to_be_visible()
    return 0 if nothing.count() else figure(page, "Sites")


def test_a_list_is_previewed_stored_shared_seen_and_revoked(
    new_browser: NewBrowser, demo: Server
) -> None:
    editor = sign_in(new_browser(), demo, "Rasmus Egeholt")
    upload(editor, demo, "sites.csv", SMALL)
    expect(editor.get_by_text("2 rows can be imported")).to_be_visible()
    expect(editor.get_by_role("tab", name="Rejected (1)")).to_be_visible()
    assert store_list(editor, "Borrelis Systems", "2026-10-01").startswith("2 sites are stored")

    member = sign_in(new_browser(), demo, "Chiara Montevago")
    outsider = sign_in(new_browser(), demo, "Harriet Stonebeck")
    assert found(member, demo, "Linden Boards") == 0
    share_it(editor)
    assert found(member, demo, "Linden Boards") == 1
    assert found(outsider, demo, "Linden Boards") == 0


def test_a_bomb_gets_a_sentence_and_the_server_lives(new_browser: NewBrowser, demo: Server) -> None:
    page = sign_in(new_browser(), demo, "Rasmus Egeholt")
    upload(page, demo, "sites.xlsx", zip_bomb())
    expect(page.get_by_test_id("stAlert")).to_be_visible(timeout=8_000)
    expect(page.get_by_role("button", name=re.compile("^Store"))).to_have_count(0)
    upload(page, demo, "sites.xlsx", b"%PDF-1.7\n%not a workbook")
    expect(page.get_by_test_id("stAlert")).to_contain_text("PDF")
    expect(go(page, demo).get_by_role("heading", level=1)).to_have_text("Overview")


LISTS = [
    *(SHARED_DATA / "sites" / f"electronics_brand_{year}.csv" for year in range(2012, 2016)),
    *(SHARED_DATA / "sites" / f"osh_list_{n}.csv" for n in range(2, 10)),
]


@pytest.mark.slow
@pytest.mark.skipif(not LISTS[0].exists(), reason="the published lists in shared/data are not here")
def test_twelve_published_lists_are_loaded_by_two_members_and_outlive_a_kill(
    new_browser: NewBrowser, own_demo: Server
) -> None:
    loaders = [
        sign_in(new_browser(), own_demo, "Mette Sandvang"),
        sign_in(new_browser(), own_demo, "Chiara Montevago"),
    ]
    stored = 0
    for number, path in enumerate(LISTS):
        page = loaders[number % 2]
        upload(page, own_demo, path.name, path.read_bytes())
        sentence = store_list(page, "Borrelis Systems", f"2026-0{1 + number % 9}-01")
        stored += int(sentence.split()[0].replace(",", ""))
        share_it(page)
    assert stored == 3_140 + 412

    third = sign_in(new_browser(), own_demo, "Katharina Obersteig")
    outsider = sign_in(new_browser(), own_demo, "Harriet Stonebeck")
    before = found(third, own_demo, "Zhen Ding")
    assert before > 0
    assert found(outsider, own_demo, "Zhen Ding") == 0

    own_demo.stop(signal.SIGKILL)
    own_demo.start()
    assert found(go(third, own_demo), own_demo, "Zhen Ding") == before
    assert found(go(outsider, own_demo), own_demo, "Zhen Ding") == 0
