"""The field's definitions, read from the data files beside this module and checked on the way in.

Supplier questionnaires: one TOML file per version under `questionnaires/`. A file that contradicts
itself is a `DefinitionError` that names the file, the place and the remedy.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

from quorum.language import _

BAND_ORDER = ("low", "medium", "high")
QUESTIONNAIRES = Path(__file__).parent / "questionnaires"


class DefinitionError(ValueError):
    """A definition file that cannot be used, and why."""


class UnknownQuestionnaire(LookupError):
    """A questionnaire of which there is no definition file."""


@dataclass(frozen=True)
class Points:
    """What an answer is worth to one kind of respondent: `low` counts, `high` is possible too."""

    low: int
    high: int
    status: Literal["printed", "reconstructed"]
    certainty: Literal["sure", "likely"] | None

    @property
    def reconstructed(self) -> bool:
        return self.status == "reconstructed"


@dataclass(frozen=True)
class Answer:
    """One answer; `points` by the code of the respondent's kind, "other" included."""

    code: str
    label_source: str
    text_source: str
    help_source: str
    points: Mapping[str, Points]
    names: bool
    none: bool

    @property
    def label(self) -> str:
        """A few words, different for every answer: for column headers."""
        return _(self.label_source)

    @property
    def text(self) -> str:
        return _(self.text_source)

    @property
    def help(self) -> str:
        return _(self.help_source)


@dataclass(frozen=True)
class Block:
    """Answers under one question; `cap` is the most points that count, None for no limit."""

    code: str
    dimension: str
    text_source: str
    help_source: str
    rule: Literal["several", "one"]
    cap: int | None
    answers: tuple[Answer, ...]

    @property
    def text(self) -> str:
        return _(self.text_source)

    @property
    def help(self) -> str:
        return _(self.help_source)

    def most_points(self, kind: str) -> int:
        points = [answer.points[kind].high for answer in self.answers]
        most = max(points) if self.rule == "one" else sum(points)
        return most if self.cap is None else min(most, self.cap)


@dataclass(frozen=True)
class Band:
    """`code` low, medium or high: from `first` to `last` points, both included; None is open."""

    code: str
    first: int
    last: int | None
    meaning_source: str

    @property
    def meaning(self) -> str:
        return _(self.meaning_source)


@dataclass(frozen=True)
class Gap:
    """A number of points to which the source gives no band, and how we read it."""

    points: int
    note_source: str

    @property
    def note(self) -> str:
        return _(self.note_source)


@dataclass(frozen=True)
class Dimension:
    code: str
    text_source: str
    bands: tuple[Band, ...]
    gap: Gap | None

    @property
    def text(self) -> str:
        return _(self.text_source)

    def band(self, points: int) -> Band:
        """The band that `points` (0 or more) fall in."""
        return next(band for band in reversed(self.bands) if band.first <= points)

    def gap_note(self, points: int) -> str | None:
        """How we read `points` if the source gives them no band, else None."""
        return self.gap.note if self.gap and self.gap.points == points else None


@dataclass(frozen=True)
class RespondentKind:
    """Who answers; `also` are the words that spreadsheets use for it, in lower case."""

    code: str
    text_source: str
    scores_as: str
    also: tuple[str, ...]

    @property
    def text(self) -> str:
        return _(self.text_source)


@dataclass(frozen=True)
class OpenQuestion:
    """Asked after the last block, never scored."""

    code: str
    text_source: str
    help_source: str

    @property
    def text(self) -> str:
        return _(self.text_source)

    @property
    def help(self) -> str:
        return _(self.help_source)


@dataclass(frozen=True)
class Questionnaire:
    """One version of the supplier questionnaire with its points and bands."""

    id: str
    title_source: str
    source: str
    in_use_since: date
    respondent_kinds: tuple[RespondentKind, ...]
    ambiguous_kinds: tuple[str, ...]
    dimensions: tuple[Dimension, ...]
    blocks: tuple[Block, ...]
    open_question: OpenQuestion

    @property
    def title(self) -> str:
        return _(self.title_source)

    @property
    def answers(self) -> tuple[Answer, ...]:
        """All answers in the order in which they are asked."""
        return tuple(answer for block in self.blocks for answer in block.answers)

    def answer(self, code: str) -> Answer:
        return next(answer for answer in self.answers if answer.code == code)

    def dimension(self, code: str) -> Dimension:
        return next(dimension for dimension in self.dimensions if dimension.code == code)

    def most_points(self, dimension: str, kind: str) -> int:
        """The most points that a respondent of this kind can have in a dimension."""
        return sum(block.most_points(kind) for block in self.blocks if block.dimension == dimension)


@cache
def _all() -> Mapping[str, Questionnaire]:
    files = sorted(QUESTIONNAIRES.glob("*.toml"))
    found = [read_questionnaire(file.read_text("utf-8"), file.stem) for file in files]
    return {one.id: one for one in sorted(found, key=lambda one: (one.in_use_since, one.id))}


def questionnaires() -> list[Questionnaire]:
    """Every version, oldest first."""
    return list(_all().values())


def questionnaire(id: str) -> Questionnaire:
    """The version called `id`; raises UnknownQuestionnaire."""
    try:
        return _all()[id]
    except KeyError:
        known = ", ".join(_all())
        raise UnknownQuestionnaire(
            _("There is no questionnaire “{id}”. There are: {known}.").format(id=id, known=known)
        ) from None


def current() -> Questionnaire:
    """The version that new assessments use."""
    return questionnaires()[-1]


def read_questionnaire(content: str, name: str) -> Questionnaire:
    """A questionnaire out of the text of its file, called `name`.toml; raises DefinitionError."""
    try:
        made = _questionnaire(tomllib.loads(content))
        _check_questionnaire(made, name)
    except (tomllib.TOMLDecodeError, DefinitionError) as error:
        raise DefinitionError(f"{name}.toml: {error}") from error
    return made


# From tables to dataclasses. A key that nobody reads is most likely a misspelt one: refused.


_TYPES: dict[str, type] = {
    "in_use_since": date,
    **dict.fromkeys(("none", "names"), bool),
    **dict.fromkeys(("points", "high", "cap", "from", "to"), int),
    **dict.fromkeys(("open_question", "gap"), dict),
    **dict.fromkeys(
        ("respondent_kinds", "ambiguous_kinds", "also", "dimensions", "bands", "blocks", "answers"),
        list,
    ),
}
_TYPE_NAMES = {
    str: "text between quotation marks",
    date: "a day, such as 2025-01-01",
    bool: "true or false",
    int: "a whole number",
    dict: "a table of keys and values",
    list: "a list",
}


def _fields(
    table: Any, where: str, needed: str, optional: str = "", tables: str = ""
) -> dict[str, Any]:
    """`table`, if it has all keys of `needed` and `tables`, and none but `optional` besides."""
    if not isinstance(table, dict):
        raise DefinitionError(f"{where} must be a table of keys and values")
    where = f"{where} {table['code']}" if "code" in table else where
    if missing := [key for key in f"{needed} {tables}".split() if key not in table]:
        raise DefinitionError(f"{where} lacks {', '.join(missing)}")
    if unknown := [key for key in table if key not in f"{needed} {optional} {tables}".split()]:
        raise DefinitionError(f"{where} has {', '.join(unknown)}, which nothing reads: misspelt?")
    for key, value in table.items():
        expected = dict if key in tables.split() else _TYPES.get(key, str)
        if type(value) is not expected:
            raise DefinitionError(f"{where}: {key} must be {_TYPE_NAMES[expected]}")
    return table


def _questionnaire(table: dict[str, Any]) -> Questionnaire:
    fields = _fields(
        table,
        "the file",
        "id title source in_use_since respondent_kinds dimensions blocks open_question",
        "ambiguous_kinds",
    )
    kinds = tuple(_kind(kind) for kind in fields["respondent_kinds"])
    _check_kinds(kinds, fields.get("ambiguous_kinds", []))
    return Questionnaire(
        id=fields["id"],
        title_source=fields["title"],
        source=fields["source"],
        in_use_since=fields["in_use_since"],
        respondent_kinds=kinds,
        ambiguous_kinds=tuple(fields.get("ambiguous_kinds", ())),
        dimensions=tuple(_dimension(dimension) for dimension in fields["dimensions"]),
        blocks=tuple(_block(block, kinds) for block in fields["blocks"]),
        open_question=_open_question(fields["open_question"]),
    )


def _open_question(table: Any) -> OpenQuestion:
    fields = _fields(table, "open_question", "code text help")
    return OpenQuestion(fields["code"], fields["text"], fields["help"])


def _kind(table: Any) -> RespondentKind:
    fields = _fields(table, "kind of respondent", "code text", "scores_as also")
    code = fields["code"]
    also = tuple(fields.get("also", ()))
    return RespondentKind(code, fields["text"], fields.get("scores_as", code), also)


def _dimension(table: Any) -> Dimension:
    fields = _fields(table, "dimension", "code text bands", "gap")
    where = f"dimension {fields['code']}"
    gap = fields.get("gap")
    if gap is not None:
        gap = _fields(gap, f"the gap of {where}", "points note")
    return Dimension(
        code=fields["code"],
        text_source=fields["text"],
        bands=tuple(_band(band, where) for band in fields["bands"]),
        gap=None if gap is None else Gap(gap["points"], gap["note"]),
    )


def _band(table: Any, where: str) -> Band:
    fields = _fields(table, f"a band of {where}", "band from meaning", "to")
    return Band(fields["band"], fields["from"], fields.get("to"), fields["meaning"])


def _block(table: Any, kinds: tuple[RespondentKind, ...]) -> Block:
    fields = _fields(table, "block", "code dimension text help rule answers", "cap")
    return Block(
        code=fields["code"],
        dimension=fields["dimension"],
        text_source=fields["text"],
        help_source=fields["help"],
        rule=fields["rule"],
        cap=fields.get("cap"),
        answers=tuple(_answer(answer, kinds) for answer in fields["answers"]),
    )


def _answer(table: Any, kinds: tuple[RespondentKind, ...]) -> Answer:
    scored = " ".join(sorted({kind.scores_as for kind in kinds}))
    fields = _fields(table, "answer", "code label text help", "names none", scored)
    where = f"answer {fields['code']}"
    return Answer(
        code=fields["code"],
        label_source=fields["label"],
        text_source=fields["text"],
        help_source=fields["help"],
        points={kind.code: _points(fields[kind.scores_as], where) for kind in kinds},
        names=fields.get("names", False),
        none=fields.get("none", False),
    )


def _points(table: Any, where: str) -> Points:
    where = f"the points of {where}"
    fields = _fields(table, where, "points status", "high certainty")
    points = Points(
        low=fields["points"],
        high=fields.get("high", fields["points"]),
        status=fields["status"],
        certainty=fields.get("certainty"),
    )
    if points.status not in ("printed", "reconstructed"):
        raise DefinitionError(f'{where}: status is "printed" or "reconstructed"')
    if points.reconstructed != (points.certainty in ("sure", "likely")):
        raise DefinitionError(
            f'{where}: a reconstructed figure, and no other, has a certainty: "sure" or "likely"'
        )
    if not 0 <= points.low <= points.high:
        raise DefinitionError(f"{where}: points are 0 or more, and high is not below them")
    if points.high > points.low and points.certainty != "likely":
        raise DefinitionError(f'{where}: only a figure that is no more than "likely" has a high')
    return points


# What the parts must say to one another.


def _check_questionnaire(made: Questionnaire, name: str) -> None:
    if made.id != name:
        raise DefinitionError(f"its id is {made.id}: the id and the name of the file are the same")
    _check_unique("answer code", (answer.code for answer in made.answers))
    _check_unique("answer label", (answer.label_source.casefold() for answer in made.answers))
    _check_unique("block", (block.code for block in made.blocks))
    _check_unique("dimension", (dimension.code for dimension in made.dimensions))
    for dimension in made.dimensions:
        _check_bands(dimension)
    for block in made.blocks:
        _check_block(block, {dimension.code for dimension in made.dimensions})
    if empty := {one.code for one in made.dimensions} - {block.dimension for block in made.blocks}:
        raise DefinitionError(f"no block belongs to dimension {', '.join(sorted(empty))}")


def _check_unique(what: str, codes: Iterable[str]) -> None:
    if twice := [code for code, number in Counter(codes).items() if number > 1]:
        raise DefinitionError(f"{what} {', '.join(twice)} appears more than once")


def _check_kinds(kinds: tuple[RespondentKind, ...], ambiguous: list[str]) -> None:
    codes = [kind.code for kind in kinds]
    _check_unique("kind of respondent", codes)
    words = [word for kind in kinds for word in kind.also]
    _check_unique("word for a kind of respondent", [*words, *ambiguous])
    if "other" not in codes:
        raise DefinitionError('there is no kind of respondent "other", for all who fit no kind')
    scored = {kind.code for kind in kinds if kind.scores_as == kind.code}
    for kind in kinds:
        if kind.scores_as not in scored:
            raise DefinitionError(
                f"kind {kind.code} scores as {kind.scores_as}, which has no points of its own"
            )


def _check_bands(dimension: Dimension) -> None:
    where = f"dimension {dimension.code}"
    if tuple(band.code for band in dimension.bands) != BAND_ORDER:
        raise DefinitionError(f"{where} needs the bands {', '.join(BAND_ORDER)}, in this order")
    expected: int | None = 0
    for band in dimension.bands:
        if expected is None or band.first != expected:
            raise DefinitionError(
                f"{where}: band {band.code} starts at {band.first}, expected {expected}; "
                "bands start at 0 and leave no hole and no overlap"
            )
        if band.last is not None and band.last < band.first:
            raise DefinitionError(f"{where}: band {band.code} ends before it starts")
        expected = None if band.last is None else band.last + 1
    if expected is not None:
        raise DefinitionError(f"{where}: the last band has no `to`, it is open")


def _check_block(block: Block, dimensions: set[str]) -> None:
    where = f"block {block.code}"
    if block.dimension not in dimensions:
        raise DefinitionError(f"{where} belongs to {block.dimension}, which is no dimension")
    if block.rule not in ("several", "one"):
        raise DefinitionError(f'{where}: rule is "several" or "one"')
    if block.cap is not None and block.cap < 1:
        raise DefinitionError(f"{where}: its cap is below 1, no answer would count")
    nones = [answer for answer in block.answers if answer.none]
    if len(nones) > 1:
        codes = ", ".join(answer.code for answer in nones)
        raise DefinitionError(f"{where} has more than one `none` answer: {codes}")
    if nones and block.rule == "one":
        raise DefinitionError(f"{where} allows one answer: `none` has no meaning there")
    if any(points.high for answer in nones for points in answer.points.values()):
        raise DefinitionError(f"{where}: its `none` answer must have 0 points")
