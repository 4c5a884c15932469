"""What initiatives are rated on, and the initiatives that the manual describes.

Rubrics: one TOML file per edition under `rubrics/`, and rows of the relation "rubric" for an
organisation's own. Both become the same `Rubric`. `initiatives.toml` holds the published table.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from quorum.definitions import DefinitionError, _check_unique, _fields
from quorum.language import _

RUBRICS = Path(__file__).parent / "rubrics"
INITIATIVES = Path(__file__).parent / "initiatives.toml"
MOST_STARS = 4.0
STEP = 0.5
STARS = tuple(step * STEP for step in range(int(MOST_STARS / STEP) + 1))
MOST_CRITERIA = 12
KINDS = (
    "supplier_code", "industry", "multi_stakeholder", "certification", "platform", "monitoring",
    "other",
)  # fmt: skip


@dataclass(frozen=True)
class Criterion:
    """`question`: what a rater judges. `ask`: what a bidder is asked where evidence is thin."""

    code: str
    label_source: str
    question_source: str
    ask_source: str

    @property
    def label(self) -> str:
        return _(self.label_source)

    @property
    def question(self) -> str:
        return _(self.question_source) if self.question_source else ""

    @property
    def ask(self) -> str:
        return _(self.ask_source) if self.ask_source else self.question


@dataclass(frozen=True)
class Rubric:
    """One edition. `id` names all editions; `published` ones are data files, others are rows."""

    id: str
    edition: int
    title_source: str
    source: str
    in_use_since: date
    in_use_until: date | None
    criteria: tuple[Criterion, ...]
    published: bool = True

    @property
    def title(self) -> str:
        return _(self.title_source)

    @property
    def labels(self) -> dict[str, str]:
        """Code to label, in order."""
        return {one.code: one.label for one in self.criteria}

    def criterion(self, code: str) -> Criterion:
        return next(one for one in self.criteria if one.code == code)


@dataclass(frozen=True)
class Due:
    """Ratings of `criterion` from before `since` are due again."""

    criterion: str
    since: date
    why_source: str

    @property
    def why(self) -> str:
        return _(self.why_source)


@dataclass(frozen=True)
class Initiative:
    """An initiative that the manual describes; `stars` by criterion, empty where it is unrated."""

    id: str
    name: str
    full_name: str
    kind: str
    also: tuple[str, ...]
    description_source: str
    website: str
    stars: Mapping[str, float]
    due: tuple[Due, ...]

    @property
    def description(self) -> str:
        return _(self.description_source)


@dataclass(frozen=True)
class Published:
    """The comparative table: its rater, source and date, and its initiatives in printed order."""

    rater: str
    rubric: str
    edition: int
    source: str
    printed_date: str
    rated_on: date
    initiatives: tuple[Initiative, ...]


# Rubrics ------------------------------------------------------------------------------------------


@cache
def rubrics() -> tuple[Rubric, ...]:
    """Every published edition, by id and edition. Raises DefinitionError."""
    found = [read_rubric(file.read_text("utf-8"), file.stem) for file in RUBRICS.glob("*.toml")]
    return check_editions(found)


def read_rubric(content: str, name: str) -> Rubric:
    """The edition in a file called `name`.toml, where name is `id-edition`. Raises
    DefinitionError."""
    try:
        made = _rubric(tomllib.loads(content))
        if f"{made.id}-{made.edition}" != name:
            raise DefinitionError(
                f"it is edition {made.edition} of {made.id}: the file is called "
                f"{made.id}-{made.edition}.toml"
            )
    except (tomllib.TOMLDecodeError, DefinitionError) as error:
        raise DefinitionError(f"{name}.toml: {error}") from error
    return made


def from_row(row: Mapping[str, Any]) -> Rubric:
    """The edition in a row of the relation "rubric"; its id is the family."""
    criteria = json.loads(row["criteria"])
    return Rubric(
        row["family"], row["edition"], row["title"], row["source"], row["valid_from"],
        row["valid_until"],
        tuple(Criterion(c["code"], c["label"], _text(c.get("question")), "") for c in criteria),
        published=False,
    )  # fmt: skip


def _text(value: Any) -> str:
    """The store checks codes and labels; a question may be anything that JSON knows."""
    return value if isinstance(value, str) else ""


def check_editions(found: Iterable[Rubric]) -> tuple[Rubric, ...]:
    """The editions in order, of which on each day at most one holds. Raises DefinitionError."""
    ordered = sorted(found, key=lambda one: (one.id, one.in_use_since, one.edition))
    for earlier, later in pairwise(ordered):
        if earlier.id != later.id:
            continue
        if earlier.edition >= later.edition:
            raise DefinitionError(
                f"{later.id}: edition {later.edition} begins after edition {earlier.edition}; "
                "later editions have higher numbers"
            )
        if earlier.in_use_until is None or earlier.in_use_until >= later.in_use_since:
            raise DefinitionError(
                f"{later.id}: editions {earlier.edition} and {later.edition} overlap: end the "
                f"first before {later.in_use_since}"
            )
    return tuple(ordered)


def in_use(found: Iterable[Rubric], day: date) -> list[Rubric]:
    """The editions under which a rating of that day is given: of each rubric at most one."""
    return [
        one
        for one in found
        if one.in_use_since <= day and (one.in_use_until is None or day <= one.in_use_until)
    ]


def code_of(label: str, taken: Iterable[str] = ()) -> str:
    """A code for a criterion that a person named: letters, digits and _, different from `taken`."""
    words = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")
    base = (words if words[:1].isalpha() else f"c_{words}").strip("_")[:36] or "c"
    used, code, number = set(taken), base, 2
    while code in used:
        code, number = f"{base}_{number}", number + 1
    return code


def problems_of_rubric(title: str, labels: list[str], since: date | None) -> list[str]:
    """What is wrong with a rubric that a person entered, a sentence each."""
    said = []
    if len(title.strip()) < 2:
        said.append(_("Give the rubric a title."))
    if since is None:
        said.append(_("Say from which day the rubric is used."))
    if not labels:
        said.append(_("Name at least one criterion."))
    if len(labels) > MOST_CRITERIA:
        said.append(
            _("A rubric has {most} criteria at most; this one has {n}.").format(
                most=MOST_CRITERIA, n=len(labels)
            )
        )
    folded = [label.strip().casefold() for label in labels]
    twice = sorted({label for label in labels if folded.count(label.strip().casefold()) > 1})
    if twice:
        said.append(
            _("A criterion is named twice: {names}. Give each a name of its own.").format(
                names=", ".join(twice)
            )
        )
    if any(len(label) > 80 for label in labels):
        said.append(_("A criterion's name has 80 characters at most. Shorten it."))
    return said


# The published table ------------------------------------------------------------------------------


@cache
def published() -> Published:
    """The comparative table as the data file has it. Raises DefinitionError."""
    return read_published(INITIATIVES.read_text("utf-8"), rubrics())


def read_published(content: str, known: Iterable[Rubric]) -> Published:
    """The text of initiatives.toml, checked against its rubric. Raises DefinitionError."""
    try:
        made = _published(tomllib.loads(content))
        of = {(one.id, one.edition): one for one in known}.get((made.rubric, made.edition))
        if of is None:
            raise DefinitionError(f"there is no edition {made.edition} of rubric {made.rubric}")
        _check_unique("initiative", (one.id for one in made.initiatives))
        for one in made.initiatives:
            _check_initiative(one, of)
    except KeyError as missing:
        raise DefinitionError(f"initiatives.toml lacks {missing}") from missing
    except (tomllib.TOMLDecodeError, DefinitionError) as error:
        raise DefinitionError(f"initiatives.toml: {error}") from error
    return made


def initiative_kinds() -> dict[str, str]:
    """Code to words."""
    return {
        "supplier_code": _("Supplier code"),
        "industry": _("Industry alliance"),
        "multi_stakeholder": _("Multi-stakeholder initiative"),
        "certification": _("Certification or label"),
        "platform": _("Rating platform"),
        "monitoring": _("Monitoring organisation"),
        "other": _("Other"),
    }


# From tables to dataclasses -----------------------------------------------------------------------


def _typed(table: dict[str, Any], key: str, kind: type, where: str) -> Any:
    value = table.get(key)
    if value is not None and type(value) is not kind:
        raise DefinitionError(f"{where}: {key} must be {kind.__name__}")
    return value


def _rubric(table: dict[str, Any]) -> Rubric:
    plain = {k: v for k, v in table.items() if k not in ("edition", "criteria", "in_use_until")}
    _fields(plain, "the file", "id title source in_use_since")
    edition = _typed(table, "edition", int, "the file")
    if edition is None or edition < 1:
        raise DefinitionError("the file lacks edition, a whole number from 1")
    until = _typed(table, "in_use_until", date, "the file")
    if until is not None and until < table["in_use_since"]:
        raise DefinitionError("in_use_until lies before in_use_since")
    criteria = []
    for one in _typed(table, "criteria", list, "the file") or []:
        fields = _fields(one, "criterion", "code label question ask")
        criteria.append(
            Criterion(fields["code"], fields["label"], fields["question"], fields["ask"])
        )
    if not criteria:
        raise DefinitionError("the file lacks criteria")
    _check_unique("criterion", (one.code for one in criteria))
    _check_unique("label", (one.label_source.casefold() for one in criteria))
    return Rubric(
        table["id"], edition, table["title"], table["source"], table["in_use_since"], until,
        tuple(criteria),
    )  # fmt: skip


def _published(table: dict[str, Any]) -> Published:
    return Published(
        rater=table["rater"],
        rubric=table["rubric"],
        edition=table["edition"],
        source=table["source"],
        printed_date=table["printed_date"],
        rated_on=table["rated_on"],
        initiatives=tuple(_initiative(one) for one in table["initiatives"]),
    )


def _initiative(table: dict[str, Any]) -> Initiative:
    texts = {k: v for k, v in table.items() if k not in ("stars", "due", "also")}
    _fields(texts, "initiative", "id name full_name kind description", "website")
    return Initiative(
        id=table["id"],
        name=table["name"],
        full_name=table["full_name"],
        kind=table["kind"],
        also=tuple(table.get("also", ())),
        description_source=table["description"],
        website=table.get("website", ""),
        stars=dict(table.get("stars", {})),
        due=tuple(Due(d["criterion"], d["since"], d["why"]) for d in table.get("due", ())),
    )


def _check_initiative(one: Initiative, rubric: Rubric) -> None:
    where = f"initiative {one.id}"
    if one.kind not in KINDS:
        raise DefinitionError(f"{where}: there is no kind {one.kind}")
    if one.stars and set(one.stars) != set(rubric.labels):
        raise DefinitionError(f"{where}: rates {', '.join(one.stars)}, not all of {rubric.id}")
    for code, stars in one.stars.items():
        if stars not in STARS:
            raise DefinitionError(f"{where}: {code} is {stars}, not 0 to 4 in half steps")
    if unknown := [due.criterion for due in one.due if due.criterion not in rubric.labels]:
        raise DefinitionError(f"{where}: {rubric.id} has no criterion {', '.join(unknown)}")
