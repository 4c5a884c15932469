import re
from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from components.messages import JOINER, plain, plain_lines, whose_badge, whose_text

# What Markdown and Streamlit would act upon. Seen in a browser: each is shown as it is.
PAYLOADS = [
    "**bold** _it_ ~~s~~ `code`",
    "[a](https://evil.example)",
    "![i](https://evil.example/x.png)",
    "<b>h</b><script>alert(1)</script><img src=x onerror=alert(1)>",
    "$x^2$ and $$y$$",
    "costs $5 and $6",
    ":material/home: :tada: :streamlit: :+1:",
    ":red[text] :blue-background[x] :shimmer[y] :small[z]",
    ':color[x]{foreground="#fff"}',
    "# head",
    "> quote",
    "- item",
    "1. item",
    "---",
    "a -> b <- c <-> d >= e <= f ~= g -- h",
    "https://evil.example/x",
    "WWW.evil.example",
    "mail me@evil.example now",
    "&lt;b&gt; &#36;",
    "back\\slash \\",
    "| a | b |",
    "~~~x",
    "```x",
    "[x]: https://e.example",
]


def shown(text: str) -> str:
    """What Markdown shows of escaped text: backslashes and joiners are gone."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text).replace(JOINER, "")


@pytest.mark.parametrize("text", PAYLOADS)
def test_plain_text_is_shown_as_it_was_written(text):
    assert shown(plain(text)) == text


@pytest.mark.parametrize("text", PAYLOADS)
def test_every_sign_that_markdown_knows_is_escaped(text):
    assert not re.search(
        r"(?<!\\)(?:\\\\)*[*_`<>\[\]$#~|:&!{}]", re.sub(r"\\[^\w\s]", "", plain(text))
    )


@pytest.mark.parametrize("text", PAYLOADS)
def test_nothing_is_left_that_is_replaced_after_escaping(text):
    after = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", plain(text))
    assert not re.search(r":[a-z+-]|->|<-|>=|<=|~=|(?<=\s)--(?=\s)|\w@\w|://|www\.", after, re.I)


def test_plain_text_is_one_line():
    assert plain(" a\n# b\t c ") == "a \\# b c"


def test_names_with_letters_of_any_language_stay_untouched():
    assert plain("Müller Łódź 株式会社") == "Müller Łódź 株式会社"


@pytest.mark.parametrize(
    ("level", "words"),
    [
        ("private", "Private"),
        ("record", "Shared with Nordic ICT buyers"),
        ("band", "Band only, Nordic ICT buyers"),
        ("aggregate", "Aggregate only, Nordic ICT buyers"),
        ("published", "Published"),
    ],
)
def test_the_mark_says_whose_it_is(level, words):
    assert whose_text(level, ["Nordic ICT buyers"]) == words


def test_a_consortium_cannot_break_out_of_the_mark():
    badge = whose_badge("record", ["x] [y](https://evil.example)"])
    assert re.findall(r"(?<!\\)\]", badge) == ["]"]


def script() -> None:
    from components.messages import conflict, empty, foot, problem, whose

    problem("Row 2, column *country*: [Atlantis](x) is no country.")
    empty("No sites", "Sites will stand here.", example_file=("Example", "sites.csv", b"name"))
    foot(["Lists of 3 members."], "2026-02-28", "aggregate-only spend")
    import datetime

    whose("record", ["Nordic *ICT*"], why="Consent", until=datetime.date(2026, 12, 31), key="w")
    import streamlit as st

    st.text(
        conflict({"Name": "A", "Country": "DE"}, {"Name": "*B*", "Country": "DE"}, "Ola", key="c")
    )


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_function(script).run()


def test_a_problem_is_a_sentence_without_markup(page):
    assert shown(page.error[0].value) == "Row 2, column *country*: [Atlantis](x) is no country."
    assert not page.exception


def test_the_foot_line_names_sources_date_and_what_is_withheld(page):
    assert shown(page.caption[0].value) == (
        "Sources: Lists of 3 members. As of 2026-02-28. Withheld: aggregate-only spend."
    )


def test_a_conflict_shows_only_fields_that_differ(page):
    table = page.table[0].value
    assert [[shown(cell) for cell in row] for row in table.to_numpy().tolist()] == [
        ["Name", "A", "*B*"]
    ]


def test_choosing_a_version_is_told_once(page):
    page.button(key="c-mine").click().run()
    assert page.text[0].value == "mine"
    page.run()
    assert page.text[0].value == "None"


def test_the_mark_opens_who_sees_it_why_and_until_when(page):
    said = [shown(element.value) for element in page.markdown]
    assert "All members of Nordic *ICT* see the whole record." in said
    assert "Legal basis: Consent" in said
    assert f"Until {date(2026, 12, 31)}" in said


def tables_and_files() -> None:
    import datetime

    import polars as pl
    import streamlit as st

    from components.downloads import downloads
    from components.maps import show, site_map
    from components.tables import table
    from quorum.charts import coverage_bar
    from quorum.exports.tables import About

    frame = pl.DataFrame({"id": ["x1"], "supplier": ["Lumenta"], "spend": [2.0]})
    chosen = table(frame, {"supplier": "Supplier", "spend": "Spend (EUR)"}, "t", id_column="id")
    about = About("Suppliers", "Ines", datetime.date(2026, 3, 1), "")
    downloads(frame, about, "d", {"supplier": "Supplier"})
    show(coverage_bar(1, 2, 3, "Lists."), "c")
    sites = pl.DataFrame(
        {"id": ["s"], "name": ["W"], "country": ["VN"], "latitude": [10.0], "longitude": [106.0]}
    )
    st.text(f"{chosen} {site_map(sites, 'Lists.', 'm', selectable=True)}")


def test_identifiers_of_rows_stay_on_the_server():
    page = AppTest.from_function(tables_and_files).run()
    assert not page.exception
    assert page.dataframe[0].value.columns.tolist() == ["supplier", "spend"]
    assert page.text[0].value == "None None"


def test_lines_stay_lines_and_nothing_in_them_is_formatted() -> None:
    written = "One\n- two\n\n  # three\r\n"
    assert plain_lines(written) == "One  \n\\- two  \n  \n\\# three"
    assert plain_lines("") == ""
