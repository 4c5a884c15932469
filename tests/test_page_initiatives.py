"""The pages of initiatives: what each member sees, rates, records and takes along."""

import json
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from components.links import web
from components.messages import plain
from quorum.definitions.rubrics import published
from quorum.initiatives import published_ratings
from quorum.store import Unavailable
from tests.conftest import World

Opener = Callable[..., AppTest]
PAGES = ("initiatives", "initiative", "rate", "certificates", "equivalence")
CODES = ("reach", "standards", "governance", "monitoring", "support", "transparency")


def metrics(app: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in app.metric}


def texts(app: AppTest) -> str:
    found = [*app.markdown, *app.caption, *app.warning, *app.info, *app.error, *app.success,
             *app.subheader]  # fmt: skip
    return "\n".join(one.value.replace("\\", "").replace("\u2060", "") for one in found)


def errors(app: AppTest) -> list[str]:
    return [one.value.replace("\\", "").replace("\u2060", "") for one in app.error]


def table(app: AppTest) -> pl.DataFrame:
    return pl.from_pandas(app.dataframe[0].value).with_columns(pl.col(pl.Datetime).dt.date())


def order(app: AppTest) -> list[str]:
    """The columns that the first table starts out with."""
    return list(app.dataframe[0].proto.column_order)


def choose(app: AppTest, **state: object) -> AppTest:
    """The page with these choices made in its widgets."""
    for key, value in state.items():
        app.session_state[key] = value
    return app.run()


def rate(world: World, actor: str, initiative: str, stars: float, **columns: Any) -> str:
    """A rating of all six criteria with the same stars."""
    made = str(uuid.uuid4())
    scores = {code: {"value": stars, "rationale": f"{actor} thinks so"} for code in CODES}
    row = {
        "id": made, "initiative": initiative, "rubric": "due-diligence", "edition": 1,
        "rated_on": "2026-06-01", "scores": scores, "evidence": [], **columns,
    }  # fmt: skip
    world[actor].store.insert("initiative_rating", row)
    return made


def certificate(world: World, actor: str, supplier_id: str, **columns: Any) -> str:
    made = str(uuid.uuid4())
    row = {
        "id": made, "initiative": "tco-certified", "supplier_id": supplier_id,
        "standing": "certificate", "source": "Public list", **columns,
    }  # fmt: skip
    world[actor].store.insert("initiative_link", row)
    return made


def marks(app: AppTest) -> dict[str, str]:
    """`initiative|criterion` -> text in its square, of the matrix on the page."""
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    return dict(zip(figure["data"][0]["customdata"], figure["data"][0]["text"], strict=True))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("actor", ["north admin", "north viewer", "west admin", "east admin"])
def test_every_page_opens_for_every_member(open_page: Opener, page: str, actor: str) -> None:
    assert not open_page(actor, page).exception


@pytest.mark.parametrize("page", PAGES)
def test_without_signing_in_nothing_is_shown(open_page: Opener, page: str) -> None:
    app = open_page(None, page)
    assert not app.metric and not app.dataframe


def unmarked(app: AppTest) -> str:
    return texts(app).replace("**", "")


def foot(app: AppTest) -> str:
    """The line of sources below a page."""
    return next(
        said
        for one in app.caption
        if (said := one.value.replace("\\", "").replace("\u2060", "")).startswith("Sources: ")
    )


# Compared -----------------------------------------------------------------------------------------


def test_a_new_member_sees_the_published_table_and_what_is_unrated(open_page: Opener) -> None:
    app = open_page("north viewer", "initiatives")
    assert metrics(app) == {
        "Initiatives": "7", "Rated": "5", "Unrated or due again": "3", "Widest range, stars": "–",
    }  # fmt: skip
    shown = marks(app)
    assert shown["rba|standards"] == "2.5<br>(1)"
    assert shown["ecovadis|monitoring"] == "1.5<br>(1)"
    assert shown["jac|reach"] == "–"


@pytest.mark.both_doors
def test_the_matrix_has_the_median_of_what_this_member_may_see(
    world: World, open_page: Opener
) -> None:
    north = rate(world, "north editor", "rba", 4)
    rate(world, "south admin", "rba", 0)
    assert marks(open_page("north viewer", "initiatives"))["rba|reach"] == "3.5<br>(2)"
    assert marks(open_page("south admin", "initiatives"))["rba|reach"] == "1.5<br>(2)"
    assert marks(open_page("east admin", "initiatives"))["rba|reach"] == "3<br>(1)"
    world.share("north editor", "initiative_rating", [north])
    assert marks(open_page("south admin", "initiatives"))["rba|reach"] == "3<br>(3)"


@pytest.mark.both_doors
def test_the_published_table_can_be_seen_as_published_and_ours_as_ours(
    world: World, open_page: Opener
) -> None:
    rate(world, "north editor", "rba", 4)
    rate(world, "north editor", "jac", 1)
    app = open_page("north viewer", "initiatives")
    assert marks(app)["rba|governance"] == "3<br>(2)"
    app.selectbox("initiatives_whose").set_value("published").run()
    printed = {
        f"{one.id}|{code}": f"{one.stars[code]:g}<br>(1)" if one.stars else "–"
        for one in published().initiatives
        for code in CODES
    }
    assert marks(app) == printed
    assert metrics(app) == {
        "Initiatives": "7", "Rated": "5", "Unrated or due again": "3", "Widest range, stars": "–",
    }  # fmt: skip
    assert "Ratings of CFIT manual, 2025-06-01 to 2025-06-01." in foot(app)
    assert "Withheld" not in foot(app)
    app.selectbox("initiatives_whose").set_value("ours").run()
    assert {cell for key, cell in marks(app).items() if key.startswith("rba")} == {"4<br>(1)"}
    assert marks(app)["epeat|reach"] == "–"
    assert "Ratings of North, 2026-06-01 to 2026-06-01." in foot(app)
    choose(app, initiatives_view="due")
    assert "Your organisation has not rated it." in table(app)["why"].to_list()


def test_whose_ratings_are_shown_comes_from_the_address(open_page: Opener) -> None:
    app = open_page("north viewer", "initiatives", initiatives_whose="Your organisation's")
    assert "Your organisation has rated nothing under this rubric yet" in texts(app)
    assert app.selectbox("initiatives_whose").value == "ours"


def test_where_raters_differ_stands_in_a_sentence_with_the_names(
    world: World, open_page: Opener
) -> None:
    rate(world, "north editor", "rba", 4)
    app = choose(open_page("north viewer", "initiatives"), initiatives_view="differ")
    assert "RBA. Raters differ by 2 stars on governance. 2 by CFIT manual; 4 by North." in texts(
        app
    ).replace("**", "")


def test_what_is_to_be_rated_comes_with_the_reason(open_page: Opener) -> None:
    app = choose(open_page("north editor", "initiatives"), initiatives_view="due")
    shown = table(app)
    assert shown.select("name", "word").rows() == [
        ("JAC", "Not rated"), ("Electronics Watch", "Not rated"), ("EPEAT", "Due again"),
    ]  # fmt: skip
    assert "November 2025" in shown["why"][2]
    assert order(app) == ["name", "word", "newest"]
    said = unmarked(app)
    assert "JAC, Electronics Watch. Nobody whose ratings you see has rated it.\n" in said
    assert "EPEAT. Standards was last rated on 2025-06-01. New criteria came into force" in said


def test_where_many_are_due_again_the_table_keeps_their_reasons(
    world: World, open_page: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    rate(world, "north editor", "jac", 1, rated_on="2020-01-01")
    monkeypatch.setattr("quorum.initiatives.STALE_MONTHS", 0)
    app = choose(open_page("north viewer", "initiatives"), initiatives_view="due")
    assert order(app) == ["name", "word", "newest", "why"]
    assert texts(app).count("months ago") == 5


def test_a_radar_needs_two_initiatives(open_page: Opener) -> None:
    app = choose(open_page("north viewer", "initiatives"), initiatives_view="radar")
    assert len(app.get("plotly_chart")) == 1
    app.multiselect("initiatives_chosen").set_value(["rba"]).run()
    assert "Choose at least two initiatives" in texts(app)


def test_a_rubric_without_ratings_teaches_what_will_stand_there(open_page: Opener) -> None:
    app = choose(open_page("north viewer", "initiatives"), initiatives_rubric="accountability/1")
    assert "Nobody has rated under this rubric yet" in texts(app)


@pytest.mark.both_doors
def test_an_added_initiative_is_the_organisations_own_until_it_is_shared(
    world: World, open_page: Opener
) -> None:
    app = open_page("north editor", "initiatives")
    app.session_state["initiatives_adding"] = True
    app.run()
    app.text_input("initiative-new-name").set_value("<b>Fair *Cables*</b>")
    app.button("FormSubmitter:initiative-new-Add the initiative").click().run()
    assert not errors(app)
    assert metrics(app)["Initiatives"] == "8"
    assert "<b>Fair *Cables*</b>” is added." in texts(app)
    assert metrics(open_page("south admin", "initiatives"))["Initiatives"] == "7"
    made = world.owner("select id::text from initiative")[0][0]
    world.share("north editor", "initiative", [made])
    assert metrics(open_page("south admin", "initiatives"))["Initiatives"] == "8"


@pytest.mark.parametrize(
    ("name", "website", "said"),
    [
        ("", "", "Give the initiative a name of at least two characters."),
        ("rba", "", "“rba” is there already. Rate that one."),
        (
            "Fair",
            "fair.org",
            "The website is not a link: begin with https:// and leave out spaces.",
        ),
    ],
)
def test_what_is_wrong_with_an_added_initiative_is_said(
    world: World, open_page: Opener, name: str, website: str, said: str
) -> None:
    app = open_page("north editor", "initiatives")
    app.session_state["initiatives_adding"] = True
    app.run()
    app.text_input("initiative-new-name").set_value(name)
    app.text_input("initiative-new-website").set_value(website)
    app.button("FormSubmitter:initiative-new-Add the initiative").click().run()
    assert errors(app) == [said]
    assert world.owner("select count(*) from initiative") == [(0,)]


@pytest.mark.both_doors
def test_a_consortiums_own_rubric_can_be_rated_under_without_code(
    world: World, open_page: Opener
) -> None:
    made = str(uuid.uuid4())
    world["north editor"].store.insert(
        "rubric",
        {
            "id": made, "family": made, "edition": 1, "title": "Ours", "valid_from": "2026-01-01",
            "criteria": [{"code": "voice", "label": "Worker voice", "question": "Who is heard?"}],
        },
    )  # fmt: skip
    world["north editor"].store.insert(
        "initiative_rating",
        {
            "id": str(uuid.uuid4()), "initiative": "electronics-watch", "rubric": made,
            "edition": 1, "rated_on": "2026-06-01",
            "scores": {"voice": {"value": 3.5, "rationale": "Workers are asked"}},
        },
    )  # fmt: skip
    app = choose(open_page("north viewer", "initiatives"), initiatives_rubric=f"{made}/1")
    assert marks(app)["electronics-watch|voice"] == "3.5<br>(1)"
    assert "Ours" not in app.selectbox("initiatives_rubric").options[:2]
    assert "Ours" not in open_page("south admin", "initiatives").selectbox[0].options


@pytest.mark.parametrize("page", ["initiatives", "initiative", "explore"])
def test_no_name_of_a_criterion_closes_a_page_to_those_who_see_the_rating(
    world: World, open_page: Opener, page: str
) -> None:
    made, rated = str(uuid.uuid4()), str(uuid.uuid4())
    codes = ("evidence", "id", "value", "edition", "rubric", "criterion")
    criteria = [{"code": code, "label": code.title(), "question": {"de": "?"}} for code in codes]
    south = world["south admin"].store
    south.insert(
        "rubric",
        {"id": made, "family": made, "edition": 1, "title": "Ours", "valid_from": "2026-01-01",
         "criteria": criteria},
    )  # fmt: skip
    scores = {code: {"value": 2.5, "rationale": "Because"} for code in codes}
    south.insert(
        "initiative_rating",
        {"id": rated, "initiative": "rba", "rubric": made, "edition": 1, "rated_on": "2026-06-01",
         "scores": scores},
    )  # fmt: skip
    world.share("south admin", "rubric", [made])
    world.share("south admin", "initiative_rating", [rated])
    query = {"explore": {"data": "ratings"}, "initiative": {"initiative": "rba"}}.get(page, {})
    assert not open_page("north viewer", page, **query).exception
    if page == "initiatives":
        app = choose(open_page("north viewer", page), initiatives_rubric=f"{made}/1")
        assert not app.exception
        assert {code: marks(app)[f"rba|{code}"] for code in codes} == (
            dict.fromkeys(codes, "2.5<br>(1)")
        )
        app = choose(
            open_page("north editor", "rate"), rate_rubric=f"{made}/1", rate_key="electronics-watch"
        )
        assert not app.exception and "Evidence" in texts(app)


def test_an_edition_is_deleted_until_something_was_rated_under_it(
    world: World, open_page: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = str(uuid.uuid4())
    row = {
        "id": made, "family": made, "edition": 1, "title": "Ours", "valid_from": "2026-01-01",
        "criteria": [{"code": "voice", "label": "Worker voice", "question": ""}],
    }  # fmt: skip
    world["north editor"].store.insert("rubric", row)
    scores = {"voice": {"value": 1, "rationale": "Because"}}
    rating = rate(world, "north editor", "jac", 1, rubric=made, scores=scores)
    monkeypatch.setattr(
        "components.initiatives_forms.table",
        lambda *given, **named: made if given[2] == "rubrics-mine" else None,
    )
    app = open_page("north editor", "initiatives")
    app.session_state["initiatives_mine"] = True
    app.run()
    app.button(f"rubric-delete-{made}").click().run()
    assert "once something was rated under it" in errors(app)[0]
    world["north editor"].store.delete("initiative_rating", {"id": rating})
    app.button(f"rubric-delete-{made}").click().run()
    assert world.owner("select count(*) from rubric") == [(0,)]


def test_an_edition_that_overlaps_another_is_refused_in_words(
    world: World, open_page: Opener
) -> None:
    family = str(uuid.uuid4())
    criteria = [{"code": "voice", "label": "Worker voice", "question": ""}]
    world["north editor"].store.insert(
        "rubric",
        {"id": family, "family": family, "edition": 1, "title": "Ours", "criteria": criteria,
         "valid_from": "2026-01-01"},
    )  # fmt: skip
    app = open_page("north editor", "initiatives")
    app.session_state["initiatives_rubric_new"] = True
    app.run()
    app.selectbox("rubric-new-family").set_value(family).run()
    app.session_state["rubric-new-criteria"] = {
        "edited_rows": {"0": {"label": "Heard"}}, "added_rows": [], "deleted_rows": [],
    }  # fmt: skip
    app.button("rubric-new-add").click().run()
    assert errors(app) == [
        "Another edition of this rubric holds on some of these days. End it first, or begin later."
    ]


# One initiative -----------------------------------------------------------------------------------


def test_without_a_choice_the_profile_says_what_to_do(open_page: Opener) -> None:
    assert "Choose an initiative" in texts(open_page("north viewer", "initiative"))


def test_the_profile_shows_who_rated_what_and_why(world: World, open_page: Opener) -> None:
    rate(world, "north editor", "rba", 4)
    app = open_page("north viewer", "initiative", initiative="rba", criterion="governance")
    shown = table(app)
    assert shown.select("rater", "value", "rationale").rows() == [
        ("North", 4.0, "north editor thinks so"),
        ("CFIT manual", 2.0, "Section 2.4 of the manual says why."),
    ]
    assert "Raters differ by 2 stars on governance." in texts(app)


def test_a_colleagues_private_rating_stays_out_of_others_profiles(
    world: World, open_page: Opener
) -> None:
    rate(world, "north editor", "rba", 4)
    app = open_page("south admin", "initiative", initiative="rba", criterion="governance")
    assert table(app)["rater"].to_list() == ["CFIT manual"]


def test_a_revised_rating_stays_in_the_history(world: World, open_page: Opener) -> None:
    old = rate(world, "north editor", "jac", 1)
    rate(world, "north editor", "jac", 3, supersedes=old, rated_on="2026-07-01")
    app = open_page("north viewer", "initiative", initiative="jac", criterion="reach")
    assert table(app)["value"].to_list() == [3.0]
    assert order(app) == ["rater", "value", "rated_on", "rationale"]
    app.toggle("initiative_history").set_value(True).run()
    assert table(app).select("value", "word").rows() == [
        (3.0, "Current"), (1.0, "Revised since"),
    ]  # fmt: skip
    assert order(app) == ["rater", "value", "word", "rated_on", "rationale"]
    assert "label" in order(open_page("north viewer", "initiative", initiative="jac"))


def test_change_over_time_is_drawn_and_stands_in_a_table(world: World, open_page: Opener) -> None:
    rate(world, "north editor", "rba", 4)
    app = choose(open_page("north viewer", "initiative", initiative="rba"), initiative_view="time")
    shown = table(app).filter(label="Reach")
    assert shown.select("day", "median", "raters").rows() == [
        (date(2025, 6, 1), 3.0, 1), (date(2026, 6, 1), 3.5, 2),
    ]  # fmt: skip


def test_an_unrated_initiative_says_so(open_page: Opener) -> None:
    app = open_page("north viewer", "initiative", initiative="jac")
    assert "Nobody whose ratings you see has rated it" in texts(app)


def test_an_unknown_initiative_in_a_link_is_no_error(open_page: Opener) -> None:
    app = open_page("north viewer", "initiative", initiative="gone", rubric="x/9", criterion="y")
    assert not app.exception
    assert "Choose an initiative" in texts(app)


def test_the_source_line_names_only_who_rated_this_initiative(
    world: World, open_page: Opener
) -> None:
    rate(world, "north editor", "jac", 2)
    rate(world, "north editor", "rba", 2, rated_on="2026-05-01")
    said = foot(open_page("north viewer", "initiative", initiative="jac"))
    assert said.endswith(
        "; Ratings of North, 2026-06-01 to 2026-06-01. Withheld: ratings that other members have "
        "not shared with you."
    )
    assert "printed date" not in said  # of the published table, which does not rate JAC
    said = foot(open_page("north viewer", "initiative", initiative="rba"))
    assert "(printed date: 2024, with updates of 2025); Ratings of CFIT manual, North, " in said
    said = foot(open_page("north viewer", "initiative", initiative="electronics-watch"))
    assert "; No ratings yet." in said


def test_the_website_of_an_initiative_is_a_link(open_page: Opener) -> None:
    app = open_page("north viewer", "initiative", initiative="rba")
    assert any("](<https://www.responsiblebusiness.org>)" in one.value for one in app.markdown)


def test_a_link_to_a_page_is_told_from_text_by_its_arrow(open_page: Opener) -> None:
    app = open_page("north viewer", "initiative")
    made = app.get("page_link")[0].proto
    assert (made.label, made.icon) == ("Compare all initiatives", ":material/arrow_forward:")


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("https://a.org/x?y=1#z", "https://a.org/x?y=1#z"),
        ("https://a.org/(b)>[c](d)", "https://a.org/%28b%29%3E[c]%28d%29"),
        ("https://a.org/<script>\\", "https://a.org/%3Cscript%3E%5C"),
    ],
)
def test_an_address_of_the_web_ends_where_it_ends_whatever_is_in_it(
    address: str, target: str
) -> None:
    assert web(address).endswith(f"](<{target}>)")


@pytest.mark.parametrize("text", ["javascript:alert(1)", "https://a b", "see their *site*", "//a"])
def test_what_is_no_address_of_the_web_stays_text(text: str) -> None:
    assert web(text) == plain(text)


def own_initiative(world: World, open_page: Opener) -> tuple[str, AppTest]:
    made = str(uuid.uuid4())
    world["north editor"].store.insert(
        "initiative", {"id": made, "name": "Fair Cables", "kind": "industry"}
    )
    app = open_page("north editor", "initiative", initiative=made)
    app.session_state["initiative_own"] = True
    return made, app.run()


@pytest.mark.both_doors
def test_an_own_initiative_is_corrected_and_a_faster_colleague_is_not_overwritten(
    world: World, open_page: Opener
) -> None:
    made, app = own_initiative(world, open_page)
    key = f"initiative-{made}"
    app.button(f"{key}-edit").click().run()
    app.text_input(f"{key}-name").set_value("Fairer Cables")
    app.button(f"{key}-save").click().run()
    assert world.owner("select name, version from initiative") == [("Fairer Cables", 2)]
    app.button(f"{key}-edit").click().run()
    world["north admin"].store.update("initiative", {"kind": "platform"}, {"id": made}, 2)
    app.selectbox(f"{key}-kind").set_value("monitoring")
    app.button(f"{key}-save").click().run()
    words = pl.from_pandas(app.table[0].value.astype(str)).rows()
    assert words == [("Kind", "Monitoring organisation", "Rating platform")]
    app.button(f"{key}-theirs").click().run()
    assert world.owner("select kind from initiative") == [("platform",)]


def test_an_initiative_that_was_rated_stays_and_says_why(world: World, open_page: Opener) -> None:
    made, app = own_initiative(world, open_page)
    rating = rate(world, "north editor", made, 2)
    app.button(f"delete-{made}").click().run()
    assert "It cannot be deleted while it is shared, rated or linked" in errors(app)[0]
    world["north editor"].store.delete("initiative_rating", {"id": rating})
    app.button(f"delete-{made}").click().run()
    assert world.owner("select count(*) from initiative") == [(0,)]


def test_a_store_that_does_not_answer_is_not_mistaken_for_a_refusal(
    world: World, open_page: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, app = own_initiative(world, open_page)

    def lost(*given: object) -> None:
        raise Unavailable("The store does not answer. Try again.")

    monkeypatch.setattr("components.data.delete", lost)
    app.button(f"delete-{made}").click().run()
    assert errors(app) == ["The store does not answer. Try again."]


def reading(open_page: Opener, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The profile with the first rating of the table selected."""
    first = "components.initiatives.table"
    monkeypatch.setattr(first, lambda *given, **named: "0" if named["id_column"] else None)
    return open_page("north editor", "initiative", initiative="jac", criterion="reach")


def test_a_rating_is_taken_back_while_nobody_else_sees_it(
    world: World, open_page: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    rating = rate(world, "north editor", "jac", 1)
    receipt = world.share("north editor", "initiative_rating", [rating])
    app = reading(open_page, monkeypatch)
    app.button(f"back-{rating}").click().run()
    assert errors(app) == [
        "A rating stays while it is shared, and once it was revised. End its sharing first."
    ]
    world["north editor"].store.call("revoke_sharing", {"sharing_id": receipt})
    app.button(f"back-{rating}").click().run()
    assert world.owner("select count(*) from initiative_rating") == [(0,)]
    assert not app.exception


# Rating -------------------------------------------------------------------------------------------


def fill(app: AppTest, initiative: str, **stars: tuple[float, str]) -> AppTest:
    form = f"rate-{initiative}-due-diligence-1-None"
    for code, (value, why) in stars.items():
        app.select_slider(f"{form}-{code}-stars").set_value(value)
        app.text_area(f"{form}-{code}-why").set_value(why)
    return app.button(f"FormSubmitter:{form}-Store the rating").click().run()


def test_a_viewer_is_told_who_can_rate(open_page: Opener) -> None:
    app = open_page("north viewer", "rate", initiative="jac")
    assert "An editor or admin of your organisation" in texts(app)
    assert not app.select_slider


@pytest.mark.both_doors
def test_a_rating_is_stored_with_its_reasons_and_can_be_shared_at_once(
    world: World, open_page: Opener
) -> None:
    app = fill(open_page("north editor", "rate", initiative="jac"), "jac", reach=(2.5, "27 firms"))
    assert "Your rating of JAC is stored." in texts(app)
    stored = world["north viewer"].store.rows("initiative_rating")
    assert json.loads(stored["scores"][0]) == {"reach": {"value": 2.5, "rationale": "27 firms"}}
    assert any("Share with Nordic ICT buyers" in one.label for one in app.button)


def test_a_rating_without_reason_or_stars_is_refused_in_words(
    world: World, open_page: Opener
) -> None:
    app = fill(open_page("north editor", "rate", initiative="jac"), "jac", reach=(2.5, " "))
    assert errors(app) == ["Say why Reach gets 2.5 stars: the rationale is missing."]
    app = fill(open_page("north editor", "rate", initiative="jac"), "jac")
    assert errors(app) == ["Rate at least one criterion."]
    assert world.owner("select count(*) from initiative_rating") == [(0,)]


def test_evidence_that_is_no_link_is_refused_in_words(open_page: Opener) -> None:
    app = open_page("north editor", "rate", initiative="jac")
    app.text_area("rate-jac-due-diligence-1-None-evidence").set_value("see their site")
    app = fill(app, "jac", reach=(2, "Because"))
    assert errors(app) == [
        "“see their site” is not a link: begin with https:// and leave out spaces."
    ]


@pytest.mark.both_doors
def test_revising_starts_from_the_rating_that_stands(world: World, open_page: Opener) -> None:
    old = rate(world, "north editor", "jac", 1)
    app = open_page("north admin", "rate", initiative="jac")
    assert "This revises your organisation's rating of 2026-06-01" in texts(app)
    form = f"rate-jac-due-diligence-1-{old}"
    assert app.select_slider(f"{form}-reach-stars").value == 1
    app.select_slider(f"{form}-reach-stars").set_value(2)
    app.button(f"FormSubmitter:{form}-Store the revised rating").click().run()
    rows = world["north viewer"].store.rows("initiative_rating", order=["created_at"])
    assert rows["supersedes"].to_list() == [None, old]


@pytest.mark.both_doors
def test_of_two_who_revise_at_once_the_second_is_told_and_nothing_is_lost(
    world: World, open_page: Opener
) -> None:
    old = rate(world, "north editor", "jac", 1)
    app = open_page("north admin", "rate", initiative="jac")
    # The colleague's rating comes after this form was drawn, and before it is sent.
    app.session_state["_quorum_session"].checked = 1e12
    rate(world, "north editor", "jac", 4, supersedes=old)
    form = f"rate-jac-due-diligence-1-{old}"
    app.button(f"FormSubmitter:{form}-Store the revised rating").click().run()
    assert errors(app) == ["A colleague stored this meanwhile. Open the page again to see it."]
    assert world.owner("select count(*) from initiative_rating") == [(2,)]


# Members and certificates -------------------------------------------------------------------------


@pytest.mark.both_doors
def test_coverage_expiries_and_gaps_of_the_supply_base(world: World, open_page: Opener) -> None:
    aurora, birch = world.supplier("Aurora Devices"), world.supplier("Birch Networks")
    soon = (date.today() + timedelta(days=30)).isoformat()
    certificate(world, "north editor", aurora, valid_until=soon)
    certificate(world, "north editor", birch, valid_until="2024-01-01")
    app = open_page("north viewer", "certificates")
    assert metrics(app) == {
        "Suppliers": "2", "With at least one": "1", "Without any": "1",
        "Running out in 180 days": "1",
    }  # fmt: skip
    assert table(app).select("name", "suppliers", "percent").rows() == [("TCO Certified", 1, 50.0)]
    app = choose(open_page("north viewer", "certificates"), certificates_view="ahead")
    assert table(app)["word"].to_list() == ["Valid", "Expired"]
    app = choose(open_page("north viewer", "certificates"), certificates_view="without")
    assert table(app).select("name", "last_until").rows() == [("Birch Networks", date(2024, 1, 1))]


@pytest.mark.both_doors
def test_records_of_others_are_seen_when_they_are_shared(world: World, open_page: Opener) -> None:
    made = certificate(world, "north editor", world.supplier("Aurora Devices"))
    assert "Nothing is recorded yet" in texts(open_page("south admin", "certificates"))
    world.share("north editor", "initiative_link", [made])
    app = choose(open_page("south admin", "certificates"), certificates_view="all")
    assert table(app).select("supplier", "organisation", "whose").rows() == [
        ("Aurora Devices", "North", "Shared with Nordic ICT buyers")
    ]
    assert order(app)[:4] == ["supplier", "site_name", "name", "organisation"]


def open_link_form(open_page: Opener, supplier_id: str) -> AppTest:
    app = open_page("north editor", "certificates")
    app.session_state["certificates_adding"] = True
    app.run()
    app.selectbox("certificate-new-supplier").set_value(supplier_id).run()
    app.selectbox("certificate-new-initiative").set_value("tco-certified")
    return app


def send(app: AppTest) -> AppTest:
    return app.button("FormSubmitter:certificate-new-Record it").click().run()


@pytest.mark.both_doors
def test_a_certificate_is_recorded_by_form(world: World, open_page: Opener) -> None:
    supplier = world.supplier("Aurora Devices")
    app = open_link_form(open_page, supplier)
    app.text_input("certificate-new-source").set_value("Public list")
    app.text_input("certificate-new-level").set_value("=1+1 <i>Gold</i>")
    send(app)
    assert errors(app) == []
    stored = world["north viewer"].store.rows("initiative_link")
    assert stored.select("supplier_id", "initiative", "level").rows() == [
        (supplier, "tco-certified", "=1+1 <i>Gold</i>")
    ]


def test_an_expired_certificate_is_stored_only_as_the_past(world: World, open_page: Opener) -> None:
    app = open_link_form(open_page, world.supplier("Aurora Devices"))
    app.text_input("certificate-new-source").set_value("Public list")
    app.date_input("certificate-new-until").set_value(date(2024, 1, 1))
    send(app)
    assert errors(app) == [
        "It expired on 2024-01-01. Store it only if the record of the past is meant."
    ]
    app.checkbox("certificate-new-past").check()
    send(app)
    assert errors(app) == []
    assert world.owner("select valid_until from initiative_link") == [(date(2024, 1, 1),)]


def test_a_record_without_source_is_refused_in_words(world: World, open_page: Opener) -> None:
    app = send(open_link_form(open_page, world.supplier("Aurora Devices")))
    assert errors(app) == ["Say where this was found: the source is missing."]


@pytest.mark.both_doors
def test_an_own_record_is_corrected(
    world: World, open_page: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = certificate(world, "north editor", world.supplier("Aurora Devices"), level="Silver")
    monkeypatch.setattr(
        "components.initiatives.table",
        lambda *given, **named: made if named["id_column"] else None,
    )
    app = choose(open_page("north editor", "certificates"), certificates_view="all")
    app.button(f"link-{made}-edit").click().run()
    app.text_input(f"link-{made}-level").set_value("Gold")
    app.date_input(f"link-{made}-valid_until").set_value(date(2031, 5, 1))
    app.button(f"link-{made}-save").click().run()
    assert not app.exception and not errors(app)
    assert world.owner("select level, valid_until, version from initiative_link") == [
        ("Gold", date(2031, 5, 1), 2)
    ]
    app.button(f"del-{made}").click().run()
    assert world.owner("select count(*) from initiative_link") == [(0,)]


def test_a_viewer_has_no_form(open_page: Opener) -> None:
    assert not open_page("north viewer", "certificates").expander


# Or equivalent ------------------------------------------------------------------------------------


def test_the_note_says_what_is_covered_by_whom_and_what_remains(open_page: Opener) -> None:
    app = open_page("north viewer", "equivalence")
    assert "Choose what the tender accepts" in texts(app)
    app.multiselect("equivalence_accepted").set_value(["rba", "tco-certified"]).run()
    assert "RBA: 4 of 6 covered; ask 2: Governance, Transparency" in unmarked(app)
    assert "TCO Certified: 6 of 6 covered\n" in unmarked(app)
    assert "RBA: 2 of 4, by CFIT manual (2025-06-01)" in texts(app)
    assert "(Bidders who bring RBA)" in texts(app)
    assert "Governance: Covered by TCO Certified" in unmarked(app)
    app.select_slider("equivalence_threshold").set_value(3.0).run()
    assert "TCO Certified: 4 of 6 covered; ask 2: Monitoring, Transparency" in unmarked(app)


def test_the_note_says_what_is_due_again_and_asks_it(open_page: Opener) -> None:
    app = open_page("north viewer", "equivalence")
    app.multiselect("equivalence_accepted").set_value(["epeat", "jac"]).run()
    assert "EPEAT: 1 of 6 covered; ask 5: Standards, " in unmarked(app)
    assert "; due again: Standards\n" in unmarked(app)
    assert "JAC: not rated, ask all 6\n" in unmarked(app)
    assert "Due again: New criteria came into force in November 2025" in unmarked(app)


@pytest.mark.both_doors
def test_the_note_rests_on_what_this_member_may_see(world: World, open_page: Opener) -> None:
    rate(world, "north editor", "jac", 4)
    for actor, said in (("north viewer", "6 of 6 covered"), ("south admin", "not rated, ask all")):
        app = open_page(actor, "equivalence")
        app.multiselect("equivalence_accepted").set_value(["jac"]).run()
        assert f"JAC: {said}" in unmarked(app)


def test_the_note_names_every_rater_of_what_is_accepted_and_nobody_else(
    world: World, open_page: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = published_ratings(published())
    six = [
        table.filter(initiative="rba").with_columns(
            initiative=pl.lit("jac"), rating_id=pl.lit(f"r{n}"), rater_id=pl.lit(f"o{n}"),
            rater=pl.lit(f"Town {n}"),
        )
        for n in range(1, 7)
    ]  # fmt: skip
    monkeypatch.setattr("components.data.ratings", lambda session: pl.concat([table, *six]))
    app = open_page("north viewer", "equivalence")
    app.multiselect("equivalence_accepted").set_value(["jac"]).run()
    assert (
        "Ratings of Town 1, Town 2, Town 3, Town 4, Town 5, Town 6, 2025-06-01 to 2025-06-01."
        in foot(app)
    )
    app.multiselect("equivalence_accepted").set_value(["rba"]).run()
    assert "Ratings of CFIT manual, 2025-06-01 to 2025-06-01." in foot(app)
