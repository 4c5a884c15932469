"""Which column of a file holds which field: a first guess that the person confirms or corrects."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rapidfuzz import fuzz, process

SURE = 93  # rapidfuzz ratio, 0-100: a typing error or a plural; county is not country (92)


@dataclass(frozen=True)
class Field:
    """A field that an importer reads: its name in templates and code, and what people are told."""

    name: str
    label: str
    help: str
    required: bool = False


def guess(columns: Sequence[str], fields: Iterable[str]) -> dict[str, str | None]:
    """The column that most likely holds each field, or None; no column is guessed twice.

    Headings are compared with the synonyms in `columns.toml`, first exactly and in the order of
    that file (so "facility name" wins over "supplier name"), then nearly.
    """
    fields = list(fields)
    free: dict[str, str] = {}
    for column in columns:
        free.setdefault(folded(column), column)
    guessed: dict[str, str | None] = dict.fromkeys(fields)
    for field in fields:
        match = next((word for word in _synonyms(field) if word in free), None)
        if match is not None:
            guessed[field] = free.pop(match)
    for field in fields:
        if guessed[field] is None and free:
            guessed[field] = free.pop(_nearest(field, list(free)) or "", None)
    return guessed


def is_heading(text: str) -> bool:
    """Is this text a heading that some field is known by?"""
    return folded(text) in _headings()


def folded(heading: str) -> str:
    """A heading for comparing: without case, accents and punctuation."""
    # Splits camelCase, so that supplierName is two words.
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading)
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", spaced.casefold())
        if not unicodedata.combining(letter)
    )
    return " ".join(re.findall(r"\w+", plain.replace("_", " ")))


def _nearest(field: str, headings: list[str]) -> str | None:
    """The heading that is nearly one of the field's synonyms; short words are alike by chance."""
    best: tuple[float, str] | None = None
    for synonym in _synonyms(field):
        if len(synonym) < 5:
            continue
        found = process.extractOne(synonym, headings, scorer=fuzz.ratio, score_cutoff=SURE)
        if found and (best is None or found[1] > best[0]):
            best = (found[1], found[0])
    return best[1] if best else None


@cache
def _words() -> dict[str, list[str]]:
    path = Path(__file__).with_name("columns.toml")
    fields: dict[str, list[str]] = tomllib.loads(path.read_text(encoding="utf-8"))
    return fields


@cache
def _synonyms(field: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(folded, (field, *_words().get(field, [])))))


@cache
def _headings() -> frozenset[str]:
    return frozenset(word for field in _words() for word in _synonyms(field))
