"""The pages Explore and Board: a chart at once, explained where it cannot be, with one's own
rights."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

from components import datasets as readers
from quorum.definitions import current
from quorum.definitions.datasets import datasets, ready_made


def answers(world):
    """Codes that a finished assessment may have."""
    return [block.answers[0].code for block in current().blocks]


@pytest.fixture
def data(world):
    """North has two suppliers assessed, sites and spend; South shares an assessment with it."""
    lumenta = world.supplier("Lumenta")
    bright = world.supplier("<b>Brightquay</b>", country="NL")
    world.assessment("north editor", lumenta, answers(world))
    world.assessment("north editor", bright, answers(world)[:2])
    shared = world.assessment("south admin", lumenta, answers(world)[:3])
    world.share("south admin", "assessment", [shared])
    world.site_list("north editor", lumenta, ["Plant A", "Plant B"])
    world.spend("north editor", lumenta, {2024: 100, 2025: 50})
    world.spend("south admin", lumenta, {2025: 7_000})
    return world


def texts(app):
    found = [*app.markdown, *app.caption, *app.info, *app.error, *app.success]
    return " ".join(element.value for element in found).replace("\\", "")


def figures(app):
    """The traces of all figures on the page."""
    return [
        json.loads(chart.proto.spec)["data"] for chart in app.get("plotly_chart")
    ]  # fmt: skip


def save(world, actor, question, **columns):
    chart_id = str(uuid.uuid4())
    row = {"id": chart_id, "name": "Our chart", "question": question, **columns}
    world[actor].store.insert("saved_chart", row)
    return chart_id


def test_nobody_explores_without_signing_in(open_page):
    app = open_page(None, "explore")
    assert not app.get("plotly_chart")


@pytest.mark.parametrize("actor", ["north admin", "north editor", "north viewer", "south admin"])
def test_a_chart_appears_at_once(data, open_page, actor):
    app = open_page(actor, "explore")
    assert not app.exception and not app.error
    assert len(app.get("plotly_chart")) == 1
    assert not app.query_params
    assert app.subheader[1].value == "Number of suppliers by country of seat"


def test_an_empty_store_says_so_and_offers_questions(world, open_page):
    app = open_page("north admin", "explore")
    assert not app.exception
    assert "There is nothing here yet that you may see" in texts(app)
    assert app.button(key="explore-ask-countries").label.startswith("→ Which countries")


@pytest.mark.parametrize("code", datasets())
@pytest.mark.both_doors
def test_every_dataset_gives_the_columns_of_its_description(data, open_page, code, monkeypatch):
    found = {}

    def kept(session, dataset):
        found[dataset.code] = readers.READERS[dataset.reader](session)
        return found[dataset.code]

    monkeypatch.setattr(readers, "frame", kept)
    app = open_page("north admin", "explore", data=code, by=datasets()[code].dimensions[0].code)
    assert not app.exception
    if code not in found:  # the frame was remembered
        return
    schema = found[code].schema
    kinds = {
        "text": pl.String, "country": pl.String, "band": pl.String, "flag": pl.Boolean,
        "day": pl.Date, "year": pl.Int64, "whole": pl.Int64, "number": pl.Float64,
    }  # fmt: skip
    for column in datasets()[code].columns.values():
        assert schema[column.code] == kinds[column.kind], column.code
        assert not column.key or column.key in schema


@pytest.mark.both_doors
def test_spend_is_in_one_currency_and_only_what_the_member_may_see(data, open_page):
    app = open_page("north viewer", "explore", data="spend", by="supplier", show="amount.sum")
    assert app.query_params["only_currency"] == "EUR"
    assert figures(app)[0][0]["text"] == ["150"]
    app = open_page("south admin", "explore", data="spend", by="supplier", show="amount.sum")
    assert figures(app)[0][0]["text"] == ["7,000"]


@pytest.mark.both_doors
def test_outsiders_see_nothing_of_it(data, open_page):
    for code in ("assessments", "answers", "sites", "site_lists", "spend", "receipts"):
        app = open_page("east admin", "explore", data=code)
        assert not app.exception and not app.get("plotly_chart")
        assert "There is nothing here yet that you may see" in texts(app)


@pytest.mark.both_doors
def test_sites_that_only_an_old_list_names_are_not_counted_unless_asked_for(data, open_page):
    lumenta = data["north editor"].store.rows("supplier").filter(name="Lumenta")["id"][0]
    data.site_list("north editor", lumenta, ["Old A", "Old B", "Old C"], as_of="2012-12-31",
                   rows=[{"name": name, "address": f"{name} road 1", "country": "CN",
                          "place_key": f"{n:032d}"}
                         for n, name in enumerate(["Old A", "Old B", "Old C"], 40)])  # fmt: skip
    app = open_page("north viewer", "explore")
    app.button(key="explore-ask-site_suppliers").click().run()
    assert figures(app)[0][0]["text"] == ["2"]
    assert "Data of 2026-01-01." in texts(app)
    app.multiselect(key="explore-sites-only_on_newest").set_value([]).run()
    assert figures(app)[0][0]["text"] == ["5"]
    assert "Data of 2012-12-31 to 2026-01-01." in texts(app)


@pytest.mark.both_doors
def test_spend_in_another_currency_is_named_and_one_click_away(data, open_page):
    lumenta = data["south admin"].store.rows("supplier").filter(name="Lumenta")["id"][0]
    lines = [
        {"supplier_id": lumenta, "year": year, "amount": 900, "currency": "DKK"}
        for year in range(2020, 2025)
    ]
    given = {"key": str(uuid.uuid4()), "file_name": "dkk.csv", "rows": lines}
    added = data["south admin"].store.call("import_spend", given)
    rows = data["south admin"].store.rows("spend", filters={"import_id": added["import_id"]})
    data.share("south admin", "spend", rows["id"].to_list())
    app = open_page("north viewer", "explore")
    app.button(key="explore-ask-spend_years").click().run()
    assert app.query_params["only_currency"] == "EUR"  # of five of seven lines it is DKK
    assert "Left out: spend lines in DKK (South)." in texts(app)
    app.button(key="explore-in-DKK").click().run()
    assert app.query_params["only_currency"] == "DKK"
    assert figures(app)[0][0]["hovertext"][0] == "2020"


def test_a_pick_changes_the_address_and_the_chart(data, open_page):
    app = open_page("north viewer", "explore")
    app.selectbox(key="explore-data").set_value("dimensions").run()
    assert app.query_params["data"] == "dimensions"
    app.selectbox(key="explore-dimensions-by1").set_value("dimension").run()
    app.selectbox(key="explore-dimensions-by2").set_value("").run()
    app.selectbox(key="explore-dimensions-chart").set_value("box").run()
    assert app.query_params["by"] == "dimension" and app.query_params["chart"] == "box"
    assert len(app.get("plotly_chart")) == 1


@pytest.mark.parametrize("part", ["measure", "by1", "chart", "aggregation"])
def test_an_option_that_is_not_offered_any_more_is_no_pick(data, open_page, part):
    app = open_page("north viewer", "explore", data="spend", by="year", show="amount.sum")
    before = dict(app.query_params)
    stale = app.selectbox(key=f"explore-spend-{part}")
    stale.options.append("Number: suppliers")
    stale.set_value("Number: suppliers").run()
    assert not app.exception and dict(app.query_params) == before


def test_what_a_browser_still_says_of_the_dataset_before_changes_nothing(data, open_page):
    app = open_page("north viewer", "explore", data="suppliers", by="country", show="rows")
    app.selectbox(key="explore-data").set_value("site_lists")
    app.selectbox(key="explore-suppliers-measure").set_value("supplier").run()
    assert not app.exception
    assert app.query_params["data"] == "site_lists" and app.query_params["by"] == "as_of"


def test_a_filter_takes_no_value_that_it_does_not_offer(data, open_page):
    app = open_page("north viewer", "explore", data="sites", by="country", show="rows",
                    only_supplier="Lumenta")  # fmt: skip
    chosen = app.multiselect(key="explore-sites-only_supplier")
    chosen.options.append("High")
    chosen.set_value(["Lumenta", "High"]).run()
    assert not app.exception and app.query_params["only_supplier"] == "Lumenta"


def test_a_wrong_combination_is_explained_and_can_be_shown_otherwise(data, open_page):
    app = open_page("north viewer", "explore", data="sites", by="supplier", chart="map")
    assert not app.get("plotly_chart")
    assert "A map needs a country as its dimension" in texts(app)
    app.button(key="explore-as-bar").click().run()
    assert app.query_params["chart"] == "bar"
    assert len(app.get("plotly_chart")) == 1


def folds(app):
    return [fold.label for fold in app.expander]


def unescaped(text):
    return text.replace("\\", "")


def marked(app):
    """The ready-made questions that are marked as the one that is answered."""
    found = [unescaped(button.label) for button in app.expander[0].button]
    return [label for label in found if label.startswith("✓")]


def test_a_ready_made_question_is_one_click_and_its_answer_takes_the_place_of_the_list(
    data, open_page
):
    app = open_page("north viewer", "explore")
    assert app.subheader[0].value == "Questions to start from"
    assert "Questions to start from" not in folds(app)
    app.button(key="explore-ask-strengths").click().run()
    assert not app.exception
    assert app.query_params["data"] == "dimensions"
    assert len(app.get("plotly_chart")) == 1
    assert folds(app)[:2] == ["Questions to start from", "Change data, chart or filters"]
    assert unescaped(app.subheader[0].value) == "Where are suppliers strong, where weak?"
    assert marked(app) == ["✓ **Where are suppliers strong, where weak?**"]


def test_a_question_changed_by_a_pick_is_no_ready_made_one_any_more(data, open_page):
    app = open_page("north viewer", "explore")
    app.button(key="explore-ask-spend_years").click().run()
    assert app.query_params["only_currency"] == "EUR"  # settled, and still this question
    assert unescaped(app.subheader[0].value) == "Is our spend growing?"
    app.selectbox(key="explore-spend-by2").set_value("").run()
    assert marked(app) == []
    assert unescaped(app.subheader[0].value) == "Total spend (EUR) by year"


@pytest.mark.parametrize("one", ready_made(), ids=lambda one: one.code)
def test_every_ready_made_question_is_answered_or_says_why_not(data, open_page, one):
    app = open_page("north viewer", "explore")
    app.button(key=f"explore-ask-{one.code}").click().run()
    assert not app.exception and not app.error


def test_a_map_is_drawn(data, open_page):
    app = open_page("north viewer", "explore", data="sites", by="country", chart="map")
    assert figures(app)[0][1]["hovertext"] == ["China: 2"]


def test_a_box_offers_no_total_that_it_does_not_show(data, open_page):
    app = open_page("north viewer", "explore", data="spend", by="year", show="amount.sum",
                    chart="box")  # fmt: skip
    assert not [one for one in app.selectbox if one.label == "As"]
    app.selectbox(key="explore-spend-chart").set_value("bar").run()
    assert [one.value for one in app.selectbox if one.label == "As"] == ["sum"]


def test_counts_by_two_dimensions_can_be_shown_as_shares(data, open_page):
    app = open_page("north viewer", "explore", data="dimensions", by="dimension", show="rows")
    app.selectbox(key="explore-dimensions-by2").set_value("band").run()
    app.selectbox(key="explore-dimensions-aggregation").set_value("share").run()
    assert app.query_params["show"] == "rows.share" and not app.exception
    assert figures(app)[0][-1]["text"] == [" n = 3", " n = 2", " n = 1"]


def test_filters_stand_in_the_address_and_can_be_taken_away(data, open_page):
    app = open_page("north viewer", "explore", data="sites", by="country", show="rows")
    app.multiselect(key="explore-sites-filter").set_value(["supplier"]).run()
    app.multiselect(key="explore-sites-only_supplier").set_value(["Lumenta"]).run()
    assert app.query_params["only_supplier"] == "Lumenta"
    app.multiselect(key="explore-sites-filter").set_value([]).run()
    assert "only_supplier" not in app.query_params


def test_a_link_to_what_is_gone_is_explained(data, open_page):
    app = open_page("north viewer", "explore", data="weather")
    assert "The link asks for the dataset" in texts(app) and "weather" in texts(app)
    app = open_page("north viewer", "explore", data="sites", by="colour", show="rows")
    assert "which is not there or not any more: it is left out" in app.error[0].value.replace(
        "\\", ""
    )


def test_ten_thousand_categories_are_drawn_as_twenty_and_filtered_by_the_most_frequent(
    data, open_page
):
    store = data["north editor"].store
    supplier = store.rows("supplier")["id"][0]
    lines = [
        {"supplier_id": supplier, "year": 2025, "amount": n + 1, "currency": "EUR",
         "category": f"<i>{n:05d}</i>"}
        for n in range(10_000)
    ]  # fmt: skip
    given = {"key": str(uuid.uuid4()), "file_name": "many.csv", "rows": lines}
    store.call("import_spend", given)
    app = open_page(
        "north viewer", "explore", data="spend", by="category", show="amount.sum",
        only_category="<i>09999</i>",
    )  # fmt: skip
    assert len(app.multiselect(key="explore-spend-only_category").options) <= 301
    assert figures(app)[0][0]["text"] == ["10,000"]
    app.multiselect(key="explore-spend-only_category").set_value([]).run()
    assert not app.exception
    assert len(figures(app)[0][0]["text"]) == 20 + len(["Not known"])
    assert "Category: the 20 largest of 10,000 are drawn. The other 9,980 make " in texts(app)
    app.button(key="explore-all").click().run()
    assert app.query_params["chart"] == "table" and not app.exception


def test_a_column_that_holds_nothing_is_named_and_no_empty_chart_is_shown(data, open_page):
    app = open_page("north viewer", "explore", data="sites", by="sector", show="rows")
    assert not app.exception and not app.get("plotly_chart")
    assert "Sector is not known in any of the 2 rows that you may see" in texts(app)
    app = open_page("north viewer", "explore", data="sites", by="country", show="workers.sum")
    assert not app.exception and not app.get("plotly_chart")
    assert "No row that you may see has a value for" in texts(app)


def test_a_filter_on_what_the_reader_may_not_see_finds_nothing(data, open_page):
    app = open_page("north viewer", "explore", data="spend", by="year", show="amount.sum",
                    only_currency="EUR", only_organisation="South")  # fmt: skip
    assert "No row that you may see fits the filters" in texts(app)


def test_markup_in_names_stays_text(data, open_page):
    app = open_page("north viewer", "explore", data="assessments", by="supplier", show="rows")
    assert "<b>Brightquay" not in str(figures(app))


def test_the_figures_stand_in_a_table_as_well(data, open_page):
    app = open_page("north viewer", "explore", data="suppliers", by="supplier", show="rows",
                    chart="table")  # fmt: skip
    shown = app.dataframe[0].value
    assert list(shown["by1"]) == ["<b>Brightquay</b>", "Lumenta"]
    assert list(shown.columns) == ["by1"]
    assert "The same figures as a table" not in folds(app)


def test_the_name_that_is_suggested_says_the_filter(data, open_page):
    app = open_page("north editor", "explore", data="sites", by="country", show="rows",
                    only_supplier="Lumenta")  # fmt: skip
    assert [one.value for one in app.text_input if one.label == "Name"] == [
        "Number of sites of suppliers by country, only Supplier: Lumenta"
    ]


# Saved charts


@pytest.mark.both_doors
def test_an_editor_saves_a_chart_once_and_finds_it_on_the_board(data, open_page):
    app = open_page("north editor", "explore", data="sites", by="country", show="rows")
    app.checkbox(key="explore-save-pinned").check()
    next(b for b in app.button if b.label == "Save this chart").click().run()
    assert not app.exception and "Saved." in texts(app)
    stored = data["north viewer"].store.rows("saved_chart").row(0, named=True)
    assert stored["question"] == "data=sites&by=country&show=rows"
    assert stored["pinned"]
    assert data.owner("select shared_with from saved_chart") == [([],)]
    board = open_page("north viewer", "board")
    assert len(board.get("plotly_chart")) == 1
    assert "Number of sites of suppliers by country" in texts(board)


def test_a_viewer_has_no_save_button_but_the_link(data, open_page):
    app = open_page("north viewer", "explore")
    assert not [b for b in app.button if b.label == "Save this chart"]
    assert "The link in the address keeps this chart" in texts(app)


@pytest.mark.both_doors
def test_a_shared_chart_answers_with_the_rights_of_the_reader(data, open_page):
    question = "data=spend&by=supplier&show=amount.sum&only_currency=EUR"
    chart_id = save(data, "north editor", question, shared_with=[data.consortium_id])
    mine = open_page("north viewer", "explore", saved=chart_id)
    assert figures(mine)[0][0]["text"] == ["150"]
    theirs = open_page("south admin", "explore", saved=chart_id)
    assert figures(theirs)[0][0]["text"] == ["7,000"]
    assert "You see what your own rights give" in texts(theirs)


@pytest.mark.both_doors
def test_a_link_to_a_chart_that_is_not_shared_says_no_more_than_that(data, open_page):
    chart_id = save(data, "north editor", "data=sites&show=rows")
    for saved_id in (chart_id, str(uuid.uuid4())):
        app = open_page("south admin", "explore", saved=saved_id)
        assert "not there, or that is not shared with you" in texts(app)
        assert "Our chart" not in texts(app)


def test_a_saved_chart_whose_dataset_is_gone_is_explained_on_the_board(data, open_page):
    save(data, "north editor", "data=weather&show=rows", pinned=True)
    app = open_page("north viewer", "board")
    assert not app.exception
    assert "The link asks for the dataset" in texts(app)


def test_a_saved_chart_whose_column_is_gone_is_explained_and_not_drawn_as_something_else(
    data, open_page
):
    save(data, "north editor", "data=sites&by=colour&show=rows", pinned=True, name="<b>Hue</b>")
    app = open_page("north viewer", "board")
    assert not app.exception and not app.get("plotly_chart")
    assert "The link asks for “colour” of Production sites" in texts(app)
    assert "<b>Hue</b>" in texts(app)


def test_the_board_is_empty_until_something_is_saved(world, open_page):
    app = open_page("north viewer", "board")
    assert "No saved chart yet" in texts(app)


@pytest.mark.both_doors
def test_the_board_shows_others_charts_without_a_way_to_change_them(data, open_page):
    save(data, "north editor", "data=suppliers&by=country&show=rows", pinned=True,
         shared_with=[data.consortium_id])  # fmt: skip
    theirs = open_page("south admin", "board")
    assert "Saved by North" in texts(theirs)
    assert not [b for b in theirs.button if b.label == "Delete"]
    assert [b for b in open_page("north editor", "board").button if b.label == "Delete"]
    assert "No saved chart yet" in texts(open_page("east admin", "board"))


@pytest.mark.both_doors
def test_an_editor_deletes_a_chart(data, open_page):
    chart_id = save(data, "north editor", "data=suppliers&show=rows")
    app = open_page("north editor", "board")
    app.button(key=f"chart-{chart_id[:8]}-delete").click().run()
    assert not app.exception
    assert data["north viewer"].store.rows("saved_chart").is_empty()


@pytest.mark.both_doors
def test_a_rename_while_a_colleague_was_faster_offers_both(data, open_page):
    chart_id = save(data, "north editor", "data=suppliers&show=rows")
    key = f"chart-{chart_id[:8]}"
    app = open_page("north editor", "board")
    app.button(key=f"{key}-edit").click().run()
    change = {"name": "Faster", "shared_with": [data.consortium_id]}
    data["north admin"].store.update("saved_chart", change, {"id": chart_id})
    app.text_input(key=f"{key}-name").set_value("Slower")
    app.button(key=f"{key}-save").click().run()
    assert "Faster" in str(app.table[0].value) and "Slower" in str(app.table[0].value)
    assert app.table[0].value.iloc[1].to_list() == ["Shared with", "Nobody", "Nordic ICT buyers"]
    app.button(key=f"{key}-mine").click().run()
    assert data["north viewer"].store.rows("saved_chart")["name"].to_list() == ["Slower"]


# Files


def test_files_are_made_outside_of_the_run_and_say_where_they_come_from(
    data, open_page, monkeypatch
):
    made = {}

    def kept(label, content, **settings):
        made[settings["file_name"].rsplit(".", 1)[1]] = content

    monkeypatch.setattr("components.explore.st.download_button", kept)
    open_page("north viewer", "explore", data="spend", by="year", show="amount.sum")
    with ThreadPoolExecutor() as pool:
        files = {kind: pool.submit(make).result() for kind, make in made.items()}
    assert files["csv"].decode("utf-8-sig") == (
        "Year,Total spend (EUR)\r\n2024,100.0\r\n2025,50.0\r\n"
    )
    assert files["xlsx"][:2] == b"PK"
    page = files["html"].decode()
    assert "<script src=" not in page and "<link" not in page
    assert "?data=spend&amp;by=year&amp;show=amount.sum&amp;only_currency=EUR" in page
    for words in ("Total spend (EUR) by year", "north viewer, North", "<dt>Currency</dt><dd>EUR"):
        assert words in page
