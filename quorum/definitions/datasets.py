"""What can be asked: a description of each dataset, and ready-made questions.

One TOML file per dataset under `datasets/`: its columns, with label, unit and type, which of them
can be a dimension, and how a measure may be aggregated. A file that contradicts itself is a
DefinitionError that names the file, the place and the remedy.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from quorum.definitions import DefinitionError
from quorum.language import _

DATASETS = Path(__file__).parent / "datasets"
QUESTIONS = Path(__file__).parent / "questions.toml"

# text: names; country: ISO 3166-1 alpha-2; band: low, medium, high; flag: true or false; day: a
# date; year: a whole number that is no amount; whole and number: amounts.
TYPES = ("text", "country", "band", "flag", "day", "year", "whole", "number")
AMOUNTS = ("whole", "number")
DATES = ("day", "year")
ORDERED = ("day", "year", "band", "whole", "number")
# distinct: how many different ones; spread: the highest less the lowest.
AGGREGATIONS = ("sum", "mean", "median", "lowest", "highest", "spread", "distinct")
CHARTS = ("bar", "line", "scatter", "box", "heatmap", "treemap", "radar", "map", "table")
ROWS = "rows"  # the measure that every dataset has: how many rows

Made = TypeVar("Made")


@dataclass(frozen=True)
class Column:
    """One column of a dataset.

    `unit`: what its amounts are in; `unit_from`: the column that names the unit of each row, such
    as its currency, and amounts with different units are never put together; `key`: the column
    that tells things of the same name apart, for counting them; `place`: the column of the frame
    that gives values an order of their own, as a questionnaire gives its dimensions.
    """

    code: str
    label_source: str
    kind: str
    dimension: bool
    aggregations: tuple[str, ...]
    plural_source: str
    unit_source: str
    unit_from: str
    key: str
    place: str = ""

    @property
    def label(self) -> str:
        return _(self.label_source)

    @property
    def plural(self) -> str:
        """What is counted when different ones are, such as "suppliers"."""
        return _(self.plural_source)

    @property
    def unit(self) -> str:
        return _(self.unit_source) if self.unit_source else ""

    @property
    def ordered(self) -> bool:
        return self.kind in ORDERED


@dataclass(frozen=True)
class Dataset:
    """What can be asked about one kind of thing. `start` is the query of the first chart; `dated`
    the column that says of when a row is, empty where rows are as they stand today."""

    code: str
    label_source: str
    about_source: str
    rows_source: str
    source_source: str
    reader: str
    page: str
    position: int
    columns: Mapping[str, Column]
    start: Mapping[str, tuple[str, ...]]
    dated: str = ""

    @property
    def label(self) -> str:
        return _(self.label_source)

    @property
    def about(self) -> str:
        """What a row is, and where rows come from."""
        return _(self.about_source)

    @property
    def rows(self) -> str:
        """What is counted when rows are counted, such as "Spend lines"."""
        return _(self.rows_source)

    @property
    def source(self) -> str:
        """A line for the foot of a figure."""
        return _(self.source_source)

    @property
    def dimensions(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns.values() if column.dimension)

    @property
    def measures(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns.values() if column.aggregations)


@dataclass(frozen=True)
class ReadyMade:
    """A question that somebody may want to ask, and what it teaches about asking."""

    code: str
    text_source: str
    teaches_source: str
    query: Mapping[str, tuple[str, ...]]

    @property
    def text(self) -> str:
        return _(self.text_source)

    @property
    def teaches(self) -> str:
        return _(self.teaches_source)


@cache
def datasets() -> Mapping[str, Dataset]:
    """Every dataset by its code, in the order of `position`."""
    found = [
        read_dataset(file.read_text("utf-8"), file.stem) for file in sorted(DATASETS.glob("*.toml"))
    ]
    ordered = sorted(found, key=lambda one: (one.position, one.code))
    return {one.code: one for one in ordered}


@cache
def ready_made() -> tuple[ReadyMade, ...]:
    """The ready-made questions, in the order of the file."""
    return read_questions(QUESTIONS.read_text("utf-8"), QUESTIONS.name)


def read_dataset(content: str, name: str) -> Dataset:
    """The dataset that a file describes; raises DefinitionError."""
    return _read(content, name, lambda table: _dataset(table, name))


def read_questions(content: str, name: str) -> tuple[ReadyMade, ...]:
    """The ready-made questions of a file; raises DefinitionError."""
    return _read(content, name, _questions)


def _read(content: str, name: str, make: Callable[[dict[str, Any]], Made]) -> Made:
    try:
        return make(tomllib.loads(content))
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(
            _("{name} is not valid TOML: {error}.").format(name=name, error=error)
        ) from error
    except DefinitionError as error:
        raise DefinitionError(
            _("{name}: {error}. Correct the file, then start again.").format(name=name, error=error)
        ) from None


def _dataset(table: dict[str, Any], name: str) -> Dataset:
    _keys(
        table, _("the file"), "label about rows source reader position columns start", "page dated"
    )
    columns = {code: _column(code, one) for code, one in _table(table, "columns").items()}
    if not columns:
        raise DefinitionError(_("there is no column"))
    for column in columns.values():
        for other in (column.unit_from, column.key):
            if other and other not in columns and not _hidden(other, column):
                raise DefinitionError(
                    _("column {column} refers to {other}, which is no column of the file").format(
                        column=column.code, other=other
                    )
                )
    dated = table.get("dated", "")
    if dated and (dated not in columns or columns[dated].kind not in DATES):
        raise DefinitionError(
            _("dated is {dated}, which is no column of days or years").format(dated=dated)
        )
    return Dataset(
        code=name,
        label_source=table["label"],
        about_source=table["about"],
        rows_source=table["rows"],
        source_source=table["source"],
        reader=table["reader"],
        page=table.get("page", ""),
        position=table["position"],
        columns=columns,
        start=_query(_table(table, "start"), _("the start")),
        dated=dated,
    )


def _hidden(other: str, column: Column) -> bool:
    """A key is an identifier of the frame: counted, never shown, so it needs no description."""
    return other == column.key


def _column(code: str, table: Any) -> Column:
    where = _("column {code}").format(code=code)
    _keys(table, where, "label type", "plural unit unit_from key place dimension aggregations")
    aggregations = tuple(table.get("aggregations", ()))
    if table["type"] not in TYPES:
        raise DefinitionError(
            _("{where} has the type {type}; there are: {known}").format(
                where=where, type=table["type"], known=", ".join(TYPES)
            )
        )
    for one in aggregations:
        if one not in AGGREGATIONS:
            raise DefinitionError(
                _("{where} has the aggregation {one}; there are: {known}").format(
                    where=where, one=one, known=", ".join(AGGREGATIONS)
                )
            )
        if one != "distinct" and table["type"] not in AMOUNTS:
            raise DefinitionError(
                _("{where} is no amount: it can only be counted (distinct)").format(where=where)
            )
    if "distinct" in aggregations and not table.get("plural"):
        raise DefinitionError(
            _("{where} is counted (distinct), so it needs a plural").format(where=where)
        )
    if not aggregations and not table.get("dimension", False):
        raise DefinitionError(_("{where} is neither dimension nor measure").format(where=where))
    return Column(
        code=code,
        label_source=table["label"],
        kind=table["type"],
        dimension=table.get("dimension", False),
        aggregations=aggregations,
        plural_source=table.get("plural", ""),
        unit_source=table.get("unit", ""),
        unit_from=table.get("unit_from", ""),
        key=table.get("key", ""),
        place=table.get("place", ""),
    )


def _questions(table: dict[str, Any]) -> tuple[ReadyMade, ...]:
    _keys(table, _("the file"), "questions")
    return tuple(_ready_made(code, one) for code, one in _table(table, "questions").items())


def _ready_made(code: str, table: Any) -> ReadyMade:
    where = _("question {code}").format(code=code)
    _keys(table, where, "text teaches query")
    return ReadyMade(code, table["text"], table["teaches"], _query(_table(table, "query"), where))


def _query(table: dict[str, Any], where: str) -> Mapping[str, tuple[str, ...]]:
    for key, value in table.items():
        many = value if isinstance(value, list) else [value]
        if not all(isinstance(one, str) for one in many):
            raise DefinitionError(_("{where}: {key} must be text").format(where=where, key=key))
    return {
        key: tuple(value) if isinstance(value, list) else (value,) for key, value in table.items()
    }


def _table(table: dict[str, Any], key: str) -> dict[str, Any]:
    found = table[key]
    if not isinstance(found, dict):
        raise DefinitionError(_("{key} must be a table of keys and values").format(key=key))
    return found


def _keys(table: Any, where: str, needed: str, optional: str = "") -> None:
    """Raises DefinitionError unless all of `needed` and none but `optional` besides are there."""
    if not isinstance(table, dict):
        raise DefinitionError(_("{where} must be a table of keys and values").format(where=where))
    if missing := [key for key in needed.split() if key not in table]:
        raise DefinitionError(
            _("{where} lacks {keys}").format(where=where, keys=", ".join(missing))
        )
    if unknown := [key for key in table if key not in f"{needed} {optional}".split()]:
        raise DefinitionError(
            _("{where} has {keys}, which nothing reads: misspelt?").format(
                where=where, keys=", ".join(unknown)
            )
        )
