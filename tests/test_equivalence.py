"""The "or equivalent" note: what is covered, by whose rating, what remains, and its two files."""

import io
from datetime import UTC, date, datetime

import polars as pl
import pytest
from docx import Document

from quorum import initiatives
from quorum.definitions.rubrics import published, rubrics
from quorum.exports.equivalence import file_name, to_docx, to_pdf
from quorum.initiatives import current, equivalence, evidence_table, published_ratings

RUBRIC = next(one for one in rubrics() if one.id == "due-diligence")
TODAY = date(2026, 6, 1)
DUE = {one.id: one.due for one in published().initiatives}
HOSTILE = '=HYPERLINK("http://x") <b>#eval("1")</b> *x* \x00\u202eabc'


def note(
    *keys: str, threshold: float = 2.5, ratings: pl.DataFrame | None = None,
    made_on: date = TODAY, **names: str,
):  # fmt: skip
    accepted = {key: names.get(key.replace("-", "_"), key) for key in keys}
    latest = current(published_ratings(published()) if ratings is None else ratings)
    return equivalence(
        accepted, latest, RUBRIC, threshold, due=DUE, author="Ada, North", made_on=made_on,
        sources=[published().source],
    )  # fmt: skip


def states(made) -> dict[str, str]:
    return {verdict.criterion: verdict.state for verdict in made.verdicts}


def test_a_criterion_is_covered_where_the_median_reaches_the_threshold():
    assert states(note("tco-certified", threshold=3)) == {
        "Reach": "all", "Standards": "all", "Governance": "all", "Monitoring": "none",
        "Support": "all", "Transparency": "none",
    }  # fmt: skip


def test_since_a_bidder_needs_only_one_initiative_only_what_all_cover_is_covered():
    made = note("rba", "tco-certified", threshold=2.5)
    assert states(made)["Governance"] == "some"
    assert made.covered == 4
    assert made.result == "4 of 6 criteria are covered whichever of them a bidder brings."


def test_what_remains_is_asked_of_those_whose_evidence_does_not_cover_it():
    made = note("rba", "tco-certified", rba="RBA")
    governance = next(one for one in made.verdicts if one.criterion == "Governance")
    assert governance.of_whom == "Bidders who bring RBA"
    assert governance.ask.startswith("How do workers")


def test_what_none_covers_is_asked_of_every_bidder():
    made = note("ecovadis", "supplier-code")
    assert {one.of_whom for one in made.verdicts if one.criterion != "Reach"} == {"Every bidder"}


def test_the_threshold_is_the_persons_own():
    assert [note("rba", threshold=t).covered for t in (0, 2, 2.5, 3, 4)] == [6, 6, 4, 2, 0]


def test_an_unrated_initiative_covers_nothing_and_says_so():
    made = note("jac", jac="JAC")
    assert made.covered == 0
    assert made.verdicts[0].evidence[0].sentence == "JAC: nobody has rated it"


def test_evidence_names_stars_raters_and_dates():
    mine = published_ratings(published()).filter(initiative="rba").with_columns(
        rating_id=pl.lit("r1"), rater_id=pl.lit("o1"), rater=pl.lit("North"),
        value=pl.lit(4.0), rated_on=pl.lit(date(2026, 5, 1)),
        created_at=pl.lit(datetime(2026, 5, 1), pl.Datetime("us")).dt.replace_time_zone("UTC"),
    )  # fmt: skip
    both = pl.concat([published_ratings(published()), mine.select(list(initiatives.RATINGS))])
    made = note("rba", ratings=both, rba="RBA")
    assert made.verdicts[0].evidence[0].sentence == (
        "RBA: 3.5 of 4, the median of CFIT manual 3; North 4 (2025-06-01 to 2026-05-01)"
    )


def rated(**stars: float) -> pl.DataFrame:
    """Ratings of TCO Certified's governance, rater -> stars."""
    row = published_ratings(published()).filter(initiative="tco-certified", criterion="governance")
    return pl.concat(
        row.with_columns(
            rating_id=pl.lit(who), rater_id=pl.lit(who), rater=pl.lit(who), value=pl.lit(value)
        )
        for who, value in stars.items()
    )


def governance(made):
    return next(one for one in made.verdicts if one.criterion == "Governance").evidence[0]


def test_where_raters_lie_on_both_sides_of_the_threshold_it_says_who_gave_what():
    found = governance(note("tco-certified", ratings=rated(Tannfeld=1.0, Brynhavn=3.0, Manual=3.0)))
    assert found.covers and found.split
    assert found.sentence == (
        "tco-certified: 3 of 4, the median of Tannfeld 1; Brynhavn, Manual 3 "
        "(2025-06-01). Raters disagree"
    )


@pytest.mark.parametrize(
    ("low", "high", "split"), [(1.0, 2.5, True), (1.0, 2.0, False), (2.5, 4.0, False)]
)
def test_raters_disagree_only_where_some_reach_the_threshold_and_some_do_not(low, high, split):
    assert governance(note("tco-certified", ratings=rated(a=low, b=high))).split is split


def test_evidence_that_is_due_again_covers_nothing_and_is_asked():
    found = note("epeat", epeat="EPEAT").verdicts[1]
    assert (found.criterion, found.state, found.of_whom) == ("Standards", "none", "Every bidder")
    assert found.evidence[0].sentence == (
        "EPEAT: 3 of 4, by CFIT manual (2025-06-01). Due again: New criteria came into force in "
        "November 2025; the manual expects a better rating under them"
    )
    assert found.ask.startswith("Which human rights conventions")
    before = note("epeat", made_on=date(2025, 11, 30)).verdicts[1]
    assert before.state == "all" and "Due again" not in before.evidence[0].sentence


def test_evidence_older_than_24_months_is_due_again():
    assert note("tco-certified", made_on=date(2027, 6, 1)).covered == 6
    made = note("tco-certified", made_on=date(2027, 6, 2))
    assert made.covered == 0
    assert (
        made.verdicts[0].evidence[0].sentence.endswith("Due again: That is more than 24 months ago")
    )


def leads(made) -> list[str]:
    return [f"{one.initiative}: {one.sentence}" for one in made.leads]


def test_the_note_begins_with_one_line_for_each_accepted_initiative():
    names = {"tco_certified": "TCO Certified", "epeat": "EPEAT", "jac": "JAC"}
    assert leads(note("tco-certified", "epeat", "jac", **names)) == [
        "TCO Certified: 6 of 6 covered",
        "EPEAT: 1 of 6 covered; ask 5: Standards, Governance, Monitoring, Support, Transparency; "
        "due again: Standards",
        "JAC: not rated, ask all 6",
    ]


def test_the_line_says_what_is_covered_though_raters_disagree():
    many = rated(a=1.0, b=3.0, c=3.0)
    assert leads(note("tco-certified", ratings=many)) == [
        "tco-certified: 1 of 6 covered; ask 5: Reach, Standards, Monitoring, Support, "
        "Transparency; covered though raters disagree: Governance"
    ]


def test_a_criterion_that_some_cover_names_them():
    made = note("rba", "tco-certified", "jac", rba="RBA", tco_certified="TCO Certified", jac="JAC")
    words = {one.criterion: one.word for one in made.verdicts}
    assert words["Reach"] == "Covered by RBA, TCO Certified"
    assert words["Governance"] == "Covered by TCO Certified"


def test_the_table_beside_the_note_says_the_same():
    found = evidence_table(note("rba", "tco-certified")).filter(criterion="Governance")
    assert found.select("initiative", "stars", "low", "high", "verdict").rows() == [
        ("rba", 2.0, 2.0, 2.0, "Not covered"), ("tco-certified", 3.0, 3.0, 3.0, "Covered"),
    ]  # fmt: skip
    assert found["ask"].to_list()[1] == ""
    again = evidence_table(note("epeat", "jac")).filter(criterion="Standards")
    assert again["verdict"].to_list() == ["Due again", "Not rated"]
    assert again["due"].to_list()[0].startswith("New criteria came into force")


def document_text(content: bytes) -> str:
    document = Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    foot = [line.text for line in document.sections[0].footer.paragraphs]
    return "\n".join([line.text for line in document.paragraphs] + cells + foot)


def test_the_docx_holds_the_result_the_evidence_the_questions_and_the_sources():
    made = note("rba", "tco-certified", rba="RBA", tco_certified="TCO Certified")
    text = document_text(to_docx(made))
    for part in (
        "Equivalent evidence: RBA, TCO Certified", "TCO Certified: 6 of 6 covered",
        "RBA: 4 of 6 covered; ask 2: Governance, Transparency", made.result, made.reading,
        "RBA: 2 of 4, by CFIT manual (2025-06-01)", "(Bidders who bring RBA)",
        published().source, "Made by Ada, North on 2026-06-01 with Quorum",
        "Rubric: Due diligence of initiatives, edition 1",
    ):  # fmt: skip
        assert part in text


def test_the_pdf_is_a_pdf_with_the_notes_title():
    content = to_pdf(note("rba"))
    assert content.startswith(b"%PDF-")
    assert b"Equivalent evidence: rba" in content.replace(b"\\", b"")


def test_markup_formulas_and_control_characters_in_names_stay_text():
    made = note("rba", rba=HOSTILE)
    text = document_text(to_docx(made))
    assert '=HYPERLINK("http://x") <b>#eval("1")</b> *x* abc: 2 of 4' in text
    assert to_pdf(made).startswith(b"%PDF-")


def test_no_relation_in_the_docx_leads_outside():
    document = Document(io.BytesIO(to_docx(note("rba", rba=HOSTILE))))
    assert not [one for one in document.part.rels.values() if one.is_external]


def test_a_note_with_nothing_left_to_ask_says_so():
    assert "Nothing: every criterion is covered." in document_text(
        to_docx(note("rba", threshold=1))
    )


@pytest.mark.parametrize("name", ["../../etc/passwd", "x" * 300, "名前"])
def test_the_name_of_the_file_is_safe_whatever_the_initiative_is_called(name):
    made = file_name(note("rba", rba=name), "pdf")
    assert made.startswith("equivalent-evidence") and made.endswith("-2026-06-01.pdf")
    assert "/" not in made and len(made) < 100


def test_the_dates_of_the_published_table_are_in_utc():
    assert published_ratings(published())["created_at"][0].tzinfo is not None
    assert published_ratings(published())["created_at"][0] <= datetime.now(UTC)
