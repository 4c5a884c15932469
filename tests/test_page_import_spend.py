"""The page that takes in spend, from upload to stored, as a member sees it."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from tests import hostile
from tests.conftest import World

Opener = Callable[..., AppTest]

FILE = b"""supplier;amount;currency;year;contract end
Aurora Devices;1.250,50;EUR;2024;2031-05-01
Aurora Devices;-250,50;EUR;2024;
Aurora Device;10,00;EUR;2024;
Aurora Devices;ten;EUR;2024;
"""


def upload(app: AppTest, name: str, content: bytes) -> AppTest:
    app.file_uploader[0].set_value((name, content, "text/csv"))
    return app.run()


def texts(app: AppTest) -> str:
    found = [*app.markdown, *app.caption, *app.warning, *app.info, *app.error, *app.success]
    return "\n".join(one.value.replace("\\", "") for one in found)


def stored(world: World) -> list[tuple[object, ...]]:
    lines = world["north editor"].store.rows("spend", order=["amount"])
    return lines.select("supplier_id", "year", "amount", "currency").rows()


def test_spend_goes_from_upload_to_stored(world: World, open_page: Opener) -> None:
    supplier = world.supplier("Aurora Devices")
    app = upload(open_page("north editor", "import_spend"), "books.csv", FILE)
    assert "3 rows can be imported" in texts(app)
    assert "1 line is left out, because its supplier is not known yet." in texts(app)
    app.button(key="import-spend-commit").click().run()
    assert "2 lines of spend are stored." in texts(app)
    assert stored(world) == [
        (supplier, 2024, -250.5, "EUR"), (supplier, 2024, 1250.5, "EUR"),
    ]  # fmt: skip
    assert world["south admin"].store.rows("spend").is_empty()


def test_a_name_that_is_nearly_known_is_suggested_and_never_linked_unasked(
    world: World, open_page: Opener
) -> None:
    supplier = world.supplier("Aurora Devices")
    app = upload(open_page("north editor", "import_spend"), "books.csv", FILE)
    box = app.selectbox(key="import-spend-named-Aurora Device")
    assert box.value is None
    assert box.placeholder == "Perhaps Aurora Devices"
    box.set_value(supplier)
    app.run()
    app.button(key="import-spend-commit").click().run()
    assert [amount for _id, _year, amount, _currency in stored(world)] == [-250.5, 10.0, 1250.5]


def test_a_default_currency_and_year_fill_what_the_file_leaves_out(
    world: World, open_page: Opener
) -> None:
    supplier = world.supplier("Aurora Devices")
    content = b"supplier,amount\nAurora Devices,5\n"
    app = upload(open_page("north editor", "import_spend"), "books.csv", content)
    assert app.button(key="import-spend-commit").disabled
    app.selectbox(key="import-spend-currency").set_value("SEK")
    app.selectbox(key="import-spend-year").set_value(2023)
    app.run()
    app.button(key="import-spend-commit").click().run()
    assert stored(world) == [(supplier, 2023, 5.0, "SEK")]


def test_after_storing_levels_of_sharing_are_offered_and_a_rerun_stores_nothing_again(
    world: World, open_page: Opener
) -> None:
    world.supplier("Aurora Devices")
    app = upload(open_page("north editor", "import_spend"), "books.csv", FILE)
    app.button(key="import-spend-commit").click().run()
    assert app.radio(key="import-spend-share-level").options
    app.run()
    assert len(stored(world)) == 2


@pytest.mark.parametrize("content", [hostile.PDF, hostile.zip_bomb()], ids=["a PDF", "a zip bomb"])
def test_a_file_that_is_no_table_gets_a_sentence_and_stores_nothing(
    world: World, open_page: Opener, content: bytes
) -> None:
    app = upload(open_page("north editor", "import_spend"), "books.xlsx", content)
    assert len(app.error) == 1
    assert "books.xlsx" in texts(app)
    assert not app.exception
    assert stored(world) == []


def test_a_viewer_is_told_who_may_import(open_page: Opener) -> None:
    app = open_page("north viewer", "import_spend")
    assert not app.file_uploader
    assert "An editor or admin of your organisation can add and change." in texts(app)
