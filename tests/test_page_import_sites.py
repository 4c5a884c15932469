"""The page that takes in site lists, from upload to stored, as a member sees it."""

from collections.abc import Callable
from datetime import date

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from tests import hostile
from tests.conftest import SHARED_DATA, World

pytestmark = pytest.mark.both_doors

Opener = Callable[..., AppTest]

BRAND = b"""supplier_name,country,address
Foxglove Assembly,China,No 18 Teng Fei Road Qinhuangdao
Larkspur Plastics,USA,1400 State Docks Road Decatur Alabama
No Address Ltd,China,
"""
HUB = b"""country,name,address,sector
CHINA,WENZHOU WORKS,"NO.8 WEST ROAD, WENZHOU",Apparel
Bangladesh,Alder Embroidery,"Tangabari, Savar, Dhaka",Apparel
"""


def upload(app: AppTest, name: str, content: bytes) -> AppTest:
    app.file_uploader[0].set_value((name, content, "text/csv"))
    return app.run()


def describe(app: AppTest, supplier_id: str, day: date = date(2015, 12, 31)) -> AppTest:
    app.selectbox(key="import-sites-supplier").set_value(supplier_id)
    dates = [box for box in app.date_input if box.label.startswith("Date of the list")]
    dates[0].set_value(day)
    return app.run()


def texts(app: AppTest) -> str:
    found = [*app.markdown, *app.caption, *app.warning, *app.info, *app.error, *app.success]
    return "\n".join(one.value.replace("\\", "") for one in found)


def lists(world: World, actor: str = "north editor") -> pl.DataFrame:
    return world[actor].store.rows("site_list")


def test_a_brand_list_goes_from_upload_to_stored_with_the_guess_alone(
    world: World, open_page: Opener
) -> None:
    supplier = world.supplier()
    app = upload(open_page("north editor", "import_sites"), "brand_2015.csv", BRAND)
    assert "2 rows can be imported, 0 values were mended, 1 row is rejected." in texts(app)
    assert app.button(key="import-sites-commit").disabled
    app = describe(app, supplier)
    app.button(key="import-sites-commit").click().run()
    assert "2 sites are stored as “brand 2015”." in texts(app)
    stored = lists(world)
    assert stored.select("supplier_id", "title", "as_of", "file_name", "row_count").rows() == [
        (supplier, "brand 2015", date(2015, 12, 31), "brand_2015.csv", 2)
    ]
    sites = world["north editor"].store.rows("production_site", order=["name"])
    assert sites.select("name", "country").rows() == [
        ("Foxglove Assembly", "CN"), ("Larkspur Plastics", "US"),
    ]  # fmt: skip


def test_a_hub_list_goes_from_upload_to_stored_with_the_guess_alone(
    world: World, open_page: Opener
) -> None:
    supplier = world.supplier()
    app = upload(open_page("north editor", "import_sites"), "osh_list.csv", HUB)
    app = describe(app, supplier)
    app.button(key="import-sites-commit").click().run()
    sites = world["north editor"].store.rows("production_site", order=["name"])
    assert sites.select("name", "country", "sector").rows() == [
        ("Alder Embroidery", "BD", "Apparel"), ("WENZHOU WORKS", "CN", "Apparel"),
    ]  # fmt: skip


def test_nothing_is_stored_before_the_button_is_pressed(world: World, open_page: Opener) -> None:
    supplier = world.supplier()
    describe(upload(open_page("north editor", "import_sites"), "l.csv", HUB), supplier)
    assert lists(world).is_empty()


def test_after_storing_the_page_offers_to_share_and_to_go_on(
    world: World, open_page: Opener
) -> None:
    supplier = world.supplier()
    app = describe(upload(open_page("north editor", "import_sites"), "l.csv", HUB), supplier)
    app.button(key="import-sites-commit").click().run()
    assert "Share with Nordic ICT buyers" in [button.label for button in app.button]
    app.run()
    assert lists(world).height == 1  # a rerun stores nothing again
    app.button(key="import-sites-again").click().run()
    assert app.file_uploader[0].value is None


def test_a_list_that_is_there_already_is_named_but_may_be_stored(
    world: World, open_page: Opener
) -> None:
    supplier = world.supplier()
    app = describe(upload(open_page("north editor", "import_sites"), "l.csv", HUB), supplier)
    app.button(key="import-sites-commit").click().run()
    app.button(key="import-sites-again").click().run()
    app = describe(upload(app, "l.csv", HUB), supplier)
    assert "“l” of 2015-12-31 (North) has exactly the same sites" in texts(app)
    assert not app.button(key="import-sites-commit").disabled


def test_another_mapping_is_read_anew(world: World, open_page: Opener) -> None:
    app = upload(open_page("north editor", "import_sites"), "l.csv", b"a,b,c\nChina,Works,Road 1\n")
    assert "0 rows can be imported" in texts(app)
    for label, column in (("Country", "a"), ("Name", "b"), ("Address", "c")):
        box = next(s for s in app.selectbox if s.label == f"{label} (required)")
        box.set_value(column)
    app.run()
    assert "1 row can be imported" in texts(app)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("list.xlsx", hostile.PDF, "a PDF document"),
        ("list.xlsx", hostile.zip_bomb(), "list.xlsx"),
        ("list.csv", b"", "is empty"),
    ],
    ids=["a PDF", "a zip bomb", "an empty file"],
)
def test_a_file_that_is_no_table_gets_a_sentence_and_stores_nothing(
    world: World, open_page: Opener, name: str, content: bytes, sentence: str
) -> None:
    app = upload(open_page("north editor", "import_sites"), name, content)
    assert [sentence in one.value.replace("\\", "") for one in app.error] == [True]
    assert not app.exception
    assert "import-sites-commit" not in [button.key for button in app.button]
    assert lists(world).is_empty()


def test_a_viewer_is_told_who_may_import(open_page: Opener) -> None:
    app = open_page("north viewer", "import_sites")
    assert not app.file_uploader
    assert "An editor or admin of your organisation can add and change." in texts(app)


def test_an_editor_who_became_a_viewer_meanwhile_stores_nothing(
    world: World, open_page: Opener
) -> None:
    supplier = world.supplier()
    app = describe(upload(open_page("north editor", "import_sites"), "l.csv", HUB), supplier)
    world.owner(
        "update organisation_role set role = 'viewer' where person_id = %s",
        world["north editor"].id,
    )
    app.button(key="import-sites-commit").click().run()
    assert world["north admin"].store.rows("site_list").is_empty()


@pytest.mark.skipif(not (SHARED_DATA / "sites").exists(), reason="../shared/data/sites is absent")
@pytest.mark.parametrize("name", ["electronics_brand_2015.csv", "osh_list_5.csv"])
def test_a_published_list_is_read_with_the_guess_alone(open_page: Opener, name: str) -> None:
    content = (SHARED_DATA / "sites" / name).read_bytes()
    app = upload(open_page("north editor", "import_sites"), name, content)
    assert not app.exception
    accepted, rejected = {"electronics_brand_2015.csv": (777, 0), "osh_list_5.csv": (64, 0)}[name]
    assert f"{accepted} rows can be imported" in texts(app)
    assert f"{rejected} rows are rejected" in texts(app)
