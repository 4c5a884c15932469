"""The page of leverage: own figures, what colleagues share, and what stays unseen."""

import uuid
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import World

Opener = Callable[..., AppTest]


def metrics(app: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in app.metric}


def texts(app: AppTest) -> str:
    found = [*app.markdown, *app.caption, *app.warning, *app.info, *app.error, *app.success]
    return "\n".join(one.value.replace("\\", "") for one in found)


def turnover(world: World, supplier_id: str, amount: float, currency: str = "EUR") -> None:
    world["north editor"].store.insert(
        "supplier_turnover",
        {
            "id": str(uuid.uuid4()), "supplier_id": supplier_id, "year": 2024, "amount": amount,
            "currency": currency, "source": "Annual report 2024",
        },
    )  # fmt: skip


def row(app: AppTest, *columns: str) -> tuple[object, ...]:
    shown = app.dataframe[0].value
    assert len(shown) == 1
    return tuple(shown[column].to_list()[0] for column in columns)


def test_without_spend_the_page_teaches(open_page: Opener) -> None:
    app = open_page("north viewer", "leverage")
    assert "No spend yet" in texts(app)
    assert not app.exception


def test_own_figures_stand_with_their_share_of_turnover(world: World, open_page: Opener) -> None:
    aurora = world.supplier()
    world.spend("north editor", aurora, {2024: 1000})
    turnover(world, aurora, 200_000)
    app = open_page("north viewer", "leverage")
    assert metrics(app) == {"Our spend 2024, EUR": "1,000", "Suppliers": "1", "Members in it": "1"}
    assert row(app, "own", "low", "high", "own_share", "turnover_words") == (
        1000.0, 1000.0, 1000.0, 0.005, "200,000 EUR, 2024 (Annual report 2024)",
    )  # fmt: skip


def test_records_and_bands_of_colleagues_make_a_range(world: World, open_page: Opener) -> None:
    aurora = world.supplier()
    world.spend("north editor", aurora, {2024: 1000})
    shared = world.spend("south admin", aurora, {2024: 12_345})
    world.share("south admin", "spend", shared, level="band")
    exact = world.spend("south admin", aurora, {2024: 500})
    world.share("south admin", "spend", exact)
    turnover(world, aurora, 1_000_000)
    app = open_page("north viewer", "leverage")
    assert row(app, "own", "low", "high", "members", "share_low", "share_high") == (
        1000.0, 11_500.0, 51_500.0, 2, 0.0115, 0.0515,
    )  # fmt: skip
    assert "12,345" not in texts(app)
    assert "12345" not in str(app.dataframe[0].value)


@pytest.mark.parametrize("level", ["aggregate", None])
def test_what_is_shared_as_aggregate_or_not_at_all_looks_the_same_to_others(
    world: World, open_page: Opener, level: str | None
) -> None:
    aurora = world.supplier()
    world.spend("north editor", aurora, {2024: 1000})
    lines = world.spend("south admin", aurora, {2024: 777})
    if level:
        world.share("south admin", "spend", lines, level=level)
    app = open_page("north viewer", "leverage")
    assert row(app, "low", "high", "members") == (1000.0, 1000.0, 1)
    withheld = "Withheld: what members share only as aggregate, until Quorum publishes sums."
    assert withheld in texts(app)


@pytest.mark.parametrize("actor", ["west admin", "east admin"])
def test_who_is_not_in_the_consortium_sees_nothing(
    world: World, open_page: Opener, actor: str
) -> None:
    aurora = world.supplier()
    lines = world.spend("south admin", aurora, {2024: 777})
    world.share("south admin", "spend", lines)
    assert "No spend yet" in texts(open_page(actor, "leverage"))


def test_turnover_in_another_currency_gives_no_share(world: World, open_page: Opener) -> None:
    aurora = world.supplier()
    world.spend("north editor", aurora, {2024: 1000})
    turnover(world, aurora, 200_000, "USD")
    app = open_page("north viewer", "leverage")
    assert row(app, "turnover_words") == (
        "not comparable: 200,000 USD, 2024 (Annual report 2024)",
    )  # fmt: skip
    assert "1 figure has no share: no turnover of the same year and currency is known." in texts(
        app
    )


def test_years_can_be_looked_at_one_by_one(world: World, open_page: Opener) -> None:
    world.spend("north editor", world.supplier(), {2023: 5, 2024: 1000})
    app = open_page("north viewer", "leverage")
    app.selectbox(key="leverage_year").set_value("2023").run()
    assert row(app, "year", "own") == (2023, 5.0)
    assert metrics(app)["Our spend 2023, EUR"] == "5"


def form(app: AppTest, **values: object) -> AppTest:
    labels = {
        "supplier": "Supplier (required)", "year": "Year (required)",
        "amount": "Turnover in whole units (required)", "currency": "Currency (required)",
        "source": "Source (required)",
    }  # fmt: skip
    widgets = {w.label: w for w in (*app.selectbox, *app.number_input, *app.text_input)}
    for name, value in values.items():
        widgets[labels[name]].set_value(value)
    next(b for b in app.button if b.label == "Add this turnover").click()
    return app.run()


def test_a_turnover_needs_a_year_and_a_source(world: World, open_page: Opener) -> None:
    aurora = world.supplier()
    app = open_page("north editor", "leverage", leverage_turnover="true")
    app = form(app, supplier=aurora, amount=1000.0, currency="EUR")
    assert "Still missing: the year, the source." in texts(app)
    assert world["north editor"].store.rows("supplier_turnover").is_empty()


def test_a_turnover_is_stored_once_and_a_second_figure_for_the_year_is_refused(
    world: World, open_page: Opener
) -> None:
    entry = {"supplier": world.supplier("Aurora Devices"), "year": 2024, "amount": 1000.0,
             "currency": "EUR", "source": "Annual report"}  # fmt: skip
    app = open_page("north editor", "leverage", leverage_turnover="true")
    app = form(app, **entry)
    app = form(app, **entry)
    assert "There is a turnover of Aurora Devices for 2024 already. Remove it first." in texts(app)
    assert world["north editor"].store.rows("supplier_turnover")["amount"].to_list() == [1000.0]


def test_a_viewer_reads_turnover_and_adds_none(open_page: Opener) -> None:
    app = open_page("north viewer", "leverage", leverage_turnover="true")
    assert "No turnover is known yet." in texts(app)
    assert "Add this turnover" not in [button.label for button in app.button]


def test_a_line_seen_as_record_in_one_consortium_and_as_band_in_another_counts_once(
    world: World, open_page: Opener
) -> None:
    aurora = world.supplier()
    lines = world.spend("south admin", aurora, {2024: 12_000})
    world.share("south admin", "spend", lines)
    other = world.owner(
        "insert into consortium (name, purpose) values ('Second', '') returning id::text"
    )[0][0]
    for actor in ("north admin", "south admin"):
        world.owner(
            "insert into membership (consortium_id, organisation_id, role)"
            " values (%s, %s, 'member')",
            other, world[actor].organisation_id,
        )  # fmt: skip
    world.share("south admin", "spend", lines, consortium_id=other, level="band")
    app = open_page("north viewer", "leverage")
    assert row(app, "low", "high", "members") == (12_000.0, 12_000.0, 1)


def test_a_file_of_which_something_is_shared_cannot_be_deleted(
    world: World, open_page: Opener
) -> None:
    lines = world.spend("north editor", world.supplier(), {2024: 5})
    world.share("north editor", "spend", lines, level="band")
    app = open_page("north editor", "leverage", leverage_files="true")
    shown = app.dataframe[1].value
    assert list(zip(shown["file_name"], shown["shared"], strict=True)) == [("spend.csv", 1)]
    assert "Choose a file in the table to share or delete it." in texts(app)
