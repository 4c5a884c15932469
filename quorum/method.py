"""How Quorum works things out, told from the definitions themselves so that it cannot go stale."""

import polars as pl

from quorum.definitions import Answer, Block, Dimension, Points, Questionnaire
from quorum.language import _, ngettext
from quorum.scoring import band_name


def scored_kinds(version: Questionnaire) -> dict[str, str]:
    """The kinds of respondent that have points of their own: code -> name."""
    return {
        kind.code: kind.text for kind in version.respondent_kinds if kind.scores_as == kind.code
    }


def borrowed_kinds(version: Questionnaire) -> list[str]:
    """A sentence for each kind of respondent that is scored like another one."""
    names = {kind.code: kind.text for kind in version.respondent_kinds}
    return [
        _("“{kind}” is scored like “{other}”.").format(kind=kind.text, other=names[kind.scores_as])
        for kind in version.respondent_kinds
        if kind.scores_as != kind.code
    ]


def points_table(version: Questionnaire, block: Block) -> pl.DataFrame:
    """The answers under one question: text, the points of each scored kind (text), origin."""
    kinds = scored_kinds(version)
    return pl.DataFrame(
        [
            {"answer": answer.text}
            | {code: _points(answer.points[code]) for code in kinds}
            | {"origin": _origin(version, answer)}
            for answer in block.answers
        ],
        schema={"answer": pl.String, **dict.fromkeys(kinds, pl.String), "origin": pl.String},
    )


def _points(points: Points) -> str:
    if points.low == points.high:
        return str(points.low)
    return _("{low} to {high}").format(low=points.low, high=points.high)


def _origin(version: Questionnaire, answer: Answer) -> str:
    """Which of the figures stand in the source, and which we had to work out."""
    kinds = scored_kinds(version)
    ours = [code for code in kinds if answer.points[code].reconstructed]
    if not ours:
        return _("printed")
    sure = all(answer.points[code].certainty == "sure" for code in ours)
    said = _("reconstructed, sure") if sure else _("reconstructed, likely")
    if len(ours) < len(kinds):
        names = ", ".join(kinds[code] for code in ours)
        return _("{said} ({kinds})").format(said=said, kinds=names)
    return said


def rule(block: Block) -> str:
    """How the answers under a question become points."""
    if block.rule == "one":
        return _("One answer; its points count.")
    if block.cap is None:
        return _("Several answers; their points are added, without a limit.")
    return _("Several answers; their points are added, up to {cap}.").format(cap=block.cap)


def bands_table(version: Questionnaire) -> pl.DataFrame:
    """A row per dimension and band: dimension, band, points (text), meaning."""
    return pl.DataFrame(
        [
            {
                "dimension": dimension.text,
                "band": band_name(band.code),
                "points": _span(band.first, band.last),
                "meaning": band.meaning,
            }
            for dimension in version.dimensions
            for band in dimension.bands
        ]
    )


def _span(first: int, last: int | None) -> str:
    if last is None:
        return _("{first} and more").format(first=first)
    return _("{first} to {last}").format(first=first, last=last)


def gap_notes(version: Questionnaire) -> list[tuple[Dimension, str]]:
    """Scores that the source gives no band, and how they are read."""
    return [(one, one.gap.note) for one in version.dimensions if one.gap is not None]


def reconstructed(version: Questionnaire) -> str:
    """How many figures were worked out anew, and what that means for a score."""
    figures = [
        answer.points[code] for answer in version.answers for code in scored_kinds(version)
    ]  # fmt: skip
    ours = sum(points.reconstructed for points in figures)
    ranges = sum(points.low < points.high for points in figures)
    lost = ngettext(
        "The printed copy of the source has lost {n} of its {all} figures; we worked it out from "
        "what is left of the line, and mark it as reconstructed.",
        "The printed copy of the source has lost {n} of its {all} figures; we worked them out from "
        "what is left of the line, and mark them as reconstructed.",
        ours,
    ).format(n=ours, all=len(figures))
    doubt = ngettext(
        "For one of them two figures are possible: then the score is a range, its low end counts, "
        "and the reason stands beside it.",
        "For {n} of them two figures are possible: then the score is a range, its low end counts, "
        "and the reason stands beside it.",
        ranges,
    ).format(n=ranges)
    return f"{lost} {doubt}" if ranges else lost
