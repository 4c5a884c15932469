"""Whether a text names somebody: exports of a dialogue under the Chatham House Rule are refused so.

What was said may be used; who said it, their affiliation and any other participant's may not be
revealed. So names of people in the room, of buyer organisations and of resellers always stop a
text, and so does every e-mail address. The suppliers that the dialogue is about do not: a question
to a brand names the brand.

The search is for slips of honest people, in words as people write them. It is no proof against
somebody who wants to give a name away, by a description, a nickname or an anagram.
Words that name nobody: quorum/definitions/names.toml.
"""

import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

import polars as pl

from quorum.countries import recognise
from quorum.language import _, ngettext
from quorum.sites import _LETTERS
from quorum.suppliers import legal_forms

NAMES = Path(__file__).parent / "definitions" / "names.toml"

Kind = Literal["person", "organisation", "address"]

_MARKS = "\u0300-\u036f\u00ad\u200b-\u200d\u2060\ufeff"  # accents apart from their letter; unseen
_SYLLABLES = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"  # written without blanks
_WORD = re.compile(
    rf"(?<![^\W_])[^\W\d_](?:\.[^\W\d_])+(?![^\W_])"  # R.V.O
    rf"|[{_SYLLABLES}]|(?:(?![{_SYLLABLES}])[^\W\d_]|[{_MARKS}])+|\d+"
)
_ADDRESS = re.compile(r"[\w.+'’-]+@\w[\w-]*(?:\.[\w-]+)*")
_BETWEEN = re.compile(r"[\s.,'’‘\-‐‑&/_]{0,3}")  # what stands between the words of one name
_SENTENCE_ENDS = re.compile(r"[.!?:;•\n]")
_LONGEST_NAME = 8  # words before and after the one that was recognised
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae"})


@dataclass(frozen=True)
class Found:
    """`written` stands in the text called `place`, from `start` to `end` (characters)."""

    place: str
    start: int
    end: int
    written: str
    kind: Kind

    @property
    def sentence(self) -> str:
        what = {
            "person": _("“{written}” in {place} names a participant."),
            "organisation": _("“{written}” in {place} names an organisation in the room."),
            "address": _("“{written}” in {place} is an e-mail address."),
        }[self.kind]
        return what.format(written=self.written, place=self.place)


@dataclass(frozen=True)
class Room:
    """Who must not be named, and the suppliers that may be."""

    people: tuple[str, ...]
    organisations: tuple[str, ...]
    suppliers: tuple[str, ...]


class NamesSomebody(ValueError):
    """A text that may not leave; `found` says where, and so does the message."""

    def __init__(self, found: Sequence[Found]) -> None:
        super().__init__(
            " ".join(
                [
                    ngettext(
                        "Under the Chatham House Rule this cannot be exported: a text names "
                        "somebody. Change the text, then export again.",
                        "Under the Chatham House Rule this cannot be exported: somebody is named "
                        "in {n} places. Change the texts, then export again.",
                        len(found),
                    ).format(n=len(found)),
                    *(one.sentence for one in found),
                ]
            )
        )
        self.found = tuple(found)


class RoomUnknown(ValueError):
    """Nobody is known to have been in the room, so no text can be checked."""


def room(seats: pl.DataFrame, organisations: Iterable[str], suppliers: pl.DataFrame) -> Room:
    """Whom a dialogue's texts must not name.

    seats: of the dialogue (relation dialogue_seat), those who left included. organisations: names
    of the members of the consortium. suppliers: the register's rows of those the dialogue is about;
    a reseller among them counts as an organisation in the room, and an affiliation that is only the
    name of a brand among them is no secret.
    """
    resells = pl.col("kind") == "reseller"
    brands = suppliers.filter(~resells.fill_null(False))["name"].to_list()
    known = {_phrase(name) for name in brands}
    affiliations = [
        name for name in seats["affiliation"].drop_nulls() if _phrase(name) not in known
    ]
    named = [*organisations, *suppliers.filter(resells)["name"], *affiliations]
    return Room(
        tuple(dict.fromkeys(seats["name"].drop_nulls())),
        tuple(dict.fromkeys(name for name in named if name.strip())),
        tuple(dict.fromkeys(brands)),
    )


def refuse(texts: Mapping[str, str], who: Room) -> None:
    """Raises NamesSomebody if one of the texts (place -> text) names somebody.

    Whoever has no seat sees no participants of such a dialogue, and cannot check: RoomUnknown.
    """
    if not who.people:
        raise RoomUnknown(
            _(
                "Under the Chatham House Rule only somebody with a seat can export this: to others "
                "the participants are not known, and no text can be checked for their names."
            )
        )
    if found := names_in(texts, who.people, who.organisations, who.suppliers):
        raise NamesSomebody(found)


def names_in(
    texts: Mapping[str, str],
    people: Iterable[str],
    organisations: Iterable[str],
    suppliers: Iterable[str] = (),
) -> list[Found]:
    """Where the texts (place -> text) name somebody, in the order of the texts.

    Compared are whole words without regard to case and accents, with a possessive s. A person is
    found by any of the names alone, by initials and surname, in any order; an organisation by its
    name, with or without its legal form, by an acronym that is part of the name as given, and by
    what is left of the name without ordinary words such as "City of". A name that is a word as well
    (Will, Price) counts alone only where a capital letter makes a name of it. Where the name of one
    of the `suppliers` contains such a part, naming the supplier is not naming the other.
    """
    persons = _People(people)
    bodies, spared = _Bodies(organisations), _Bodies(suppliers)
    found = []
    for place, text in texts.items():
        words = _words(text)
        brands = [(start, end) for start, end, __ in spared.spans(words, text)]
        spans: list[tuple[int, int, Kind]] = [
            (*match.span(), "address") for match in _ADDRESS.finditer(text)
        ]
        for start, end, whole in persons.spans(words, text):
            if not _spared((start, end), whole, brands):
                spans.append((start, end, "person"))
        for start, end, whole in bodies.spans(words, text):
            if not _spared((start, end), whole, brands):
                spans.append((start, end, "organisation"))
        found += [
            Found(place, start, end, text[start:end], kind) for start, end, kind in _outer(spans)
        ]
    return found


def _spared(span: tuple[int, int], whole: bool, brands: list[tuple[int, int]]) -> bool:
    """Whether it is only a part of a supplier's name. A whole name has to be shorter than that."""
    return any(
        start <= span[0] and span[1] <= end and not (whole and (start, end) == span)
        for start, end in brands
    )


def _outer(spans: list[tuple[int, int, Kind]]) -> Iterator[tuple[int, int, Kind]]:
    """Without those that lie within another one."""
    reached = 0
    for start, end, kind in sorted(spans, key=lambda span: (span[0], -span[1], span[2])):
        if end > reached:
            yield start, end, kind
            reached = end


# Words --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Word:
    """`forms`: folded spellings; `opens`: it begins a sentence, where any word has a capital."""

    start: int
    end: int
    forms: frozenset[str]
    capital: bool
    upper: bool
    letter: bool  # a single letter, or several with dots between them
    opens: bool

    @property
    def all_forms(self) -> frozenset[str]:
        """With those that are left without a possessive s."""
        return self.forms | {
            form[:-1] for form in self.forms if len(form) > 3 and form.endswith("s")
        }


@cache
def _lists() -> dict[str, frozenset[str]]:
    return {key: frozenset(words) for key, words in tomllib.loads(NAMES.read_text("utf-8")).items()}


def _is(kind: str, forms: Iterable[str]) -> bool:
    return not _lists()[kind].isdisjoint(forms)


def _plain(text: str) -> str:
    """Lower case, letters only taken apart from their accents; nothing unseen."""
    return "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
        if letter.isalnum()
    )


@lru_cache(maxsize=20_000)
def _forms(text: str) -> frozenset[str]:
    """The spellings of a word: Müller is muller and mueller."""
    composed = unicodedata.normalize("NFC", text).casefold()
    return frozenset({_plain(composed), _plain(composed.translate(_UMLAUTS))} - {""})


def _words(text: str) -> list[_Word]:
    found: list[_Word] = []
    end = 0
    for match in _WORD.finditer(text):
        raw, gap = match.group(), text[end : match.start()]
        if not (forms := _forms(raw)):
            continue
        opens = not found or bool(_SENTENCE_ENDS.search(gap))
        letters = [letter for letter in raw if letter.isalpha()]
        found.append(
            _Word(
                *match.span(), forms, bool(letters) and letters[0].isupper(),
                bool(letters) and all(letter.isupper() for letter in letters),
                (len(letters) == 1 and not re.match(f"[{_SYLLABLES}]", raw)) or "." in raw, opens,
            )
        )  # fmt: skip
        end = match.end()
    return found


def _without_titles(words: list[_Word]) -> list[_Word]:
    """Titles go before a name, or after one that is complete: Anna Ing keeps her surname."""
    kept = list(words)
    while len(kept) > 1 and _is("titles", kept[0].forms):
        kept.pop(0)
    while len(kept) > 2 and _is("titles", kept[-1].forms):
        kept.pop()
    return kept


def _adjacent(one: _Word, other: _Word, text: str) -> bool:
    return _BETWEEN.fullmatch(text, one.end, other.start) is not None


# People -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Part:
    """A name of the person `person`; `given`: a first name."""

    person: int
    given: bool


class _People:
    """The names of people, ready to be looked for."""

    def __init__(self, names: Iterable[str]) -> None:
        self.parts: dict[str, list[_Part]] = defaultdict(list)
        self.initials: list[set[str]] = []
        self.particles: list[set[str]] = []
        for person, name in enumerate(dict.fromkeys(names)):
            self._learn(person, name)

    def _learn(self, person: int, name: str) -> None:
        text = re.sub(r"\(.*?\)|@\S*", " ", name)
        words = _without_titles(_words(text))
        comma = text.find(",")
        if any(word.start < comma for word in words) and any(word.start > comma for word in words):
            # Peeters, Anna: what is before the comma goes to the end.
            words.sort(key=lambda word: word.start < comma)
        names = [
            word
            for word in words
            if not _is("particles", word.forms) and (not word.letter or len(words) == 1)
        ]
        chosen = names or [word for word in words if not word.letter]
        self.initials.append({form[0] for word in words for form in word.forms})
        self.particles.append(
            {form for word in words if word not in chosen for form in word.forms if len(form) > 1}
        )
        alone = bool(names)  # a name of particles only, such as Van Le, counts as a whole only
        for place, word in enumerate(chosen):
            given = not alone or place < len(chosen) - 1
            for form in word.forms:
                self.parts[form].append(_Part(person, given))
        for joined in self._joined(words, chosen):
            self.parts[joined].append(_Part(person, False))

    @staticmethod
    def _joined(words: list[_Word], chosen: list[_Word]) -> Iterator[str]:
        """Names that are also written in one: O'Brien, van den Berg, and the whole name."""
        if len(words) < 2 or not chosen:
            return
        surname = words.index(chosen[-1])
        begin = surname
        while begin > 0 and words[begin - 1] not in chosen:
            begin -= 1
        pieces = [words[begin : surname + 1], words, [*words[begin:], *words[:begin]]]
        for spelling in (min, max):  # without and with umlauts written out
            for piece in pieces:
                if len(piece) > 1:
                    yield "".join(spelling(word.forms, key=len) for word in piece)

    def spans(self, words: list[_Word], text: str) -> Iterator[tuple[int, int, bool]]:
        """start, end, whether it is more than a name alone."""
        for place, word in enumerate(words):
            for part in {part for form in word.all_forms for part in self.parts.get(form, ())}:
                first, last = self._extent(words, place, part.person, text)
                together = self._together(words[first : last + 1], word, part.person, text)
                if together or self._alone(word, part):
                    yield words[first].start, words[last].end, together

    def _belongs(self, word: _Word, person: int) -> bool:
        return (
            self._is_part(word, person)
            or not self.particles[person].isdisjoint(word.forms)
            or self._is_initial(word, person)
        )

    def _is_part(self, word: _Word, person: int) -> bool:
        return any(part.person == person for form in word.all_forms for part in self._of(form))

    def _of(self, form: str) -> list[_Part]:
        return self.parts.get(form, [])

    def _is_initial(self, word: _Word, person: int) -> bool:
        initials = self.initials[person]
        return word.letter and word.capital and any(form[0] in initials for form in word.forms)

    def _extent(
        self, words: list[_Word], place: int, person: int, text: str
    ) -> tuple[int, int]:  # fmt: skip
        """The first and the last word of the name that stands around this place."""
        first = last = place
        while (
            first > max(place - _LONGEST_NAME, 0)
            and _adjacent(words[first - 1], words[first], text)
            and (self._belongs(words[first - 1], person) or _is("titles", words[first - 1].forms))
        ):
            first -= 1
        while (
            last + 1 < min(place + _LONGEST_NAME, len(words))
            and _adjacent(words[last], words[last + 1], text)
            and self._belongs(words[last + 1], person)
        ):
            last += 1
        return first, last

    def _together(self, run: list[_Word], word: _Word, person: int, text: str) -> bool:
        """Whether the words around make a name of it: another name, an initial, a title."""
        for other in run:
            if other is word:
                continue
            if self._is_part(other, person) and other.forms.isdisjoint(word.forms):
                return True
            if _is("titles", other.forms) and (other.capital or word.capital):
                return True
            # "A grant" is none, "A. grant" and "A Grant" are.
            if self._is_initial(other, person) and (
                word.capital or "." in text[other.start : other.end + 1]
            ):
                return True
        return False

    @staticmethod
    def _alone(word: _Word, part: _Part) -> bool:
        forms = word.all_forms
        if not _is("everyday", forms) and not _is("particles", forms) and max(map(len, forms)) > 2:
            return True
        return word.capital and not (part.given and word.opens)


# Organisations ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Pattern:
    """Words that follow each other; `whole`: the whole name; `capitals`: as written in capitals."""

    words: tuple[frozenset[str], ...]
    whole: bool
    capitals: bool = False


def _bare(words: list[_Word]) -> list[_Word]:
    """Without the legal form at either end, articles and the like; all, if nothing else is left."""
    kept = list(words)
    while kept and not legal_forms().isdisjoint(kept[-1].forms):
        kept.pop()
    while kept and not legal_forms().isdisjoint(kept[0].forms):
        kept.pop(0)
    return [word for word in kept if not _is("particles", word.forms)] or words


def _phrase(name: str) -> tuple[frozenset[str], ...]:
    return tuple(word.forms for word in _bare(_words(name)))


class _Bodies:
    """The names of organisations, ready to be looked for."""

    def __init__(self, names: Iterable[str]) -> None:
        self.patterns: dict[str, list[_Pattern]] = defaultdict(list)
        for name in dict.fromkeys(names):
            self._learn(name)

    def _learn(self, name: str) -> None:
        acronyms = re.findall(r"\(([^()]*)\)", name)
        full = re.sub(r"\([^()]*\)", " ", name)
        segments = re.split(r"[,;/|–—]|\s-\s", full)
        for text in [full, *acronyms, *(segments if len(segments) > 1 else [])]:
            words = _bare(_words(text))
            if len(words) > 1:
                self._add(words, whole=True)
            elif words:
                self._add_one(words[0], whole=True)
            if len(words) > 1:
                self._learn_parts(words)

    def _learn_parts(self, words: list[_Word]) -> None:
        runs: list[list[_Word]] = [[]]
        for word in words:
            if _is("ordinary", word.forms) or all(form.isdigit() for form in word.forms):
                runs.append([])
            else:
                runs[-1].append(word)
        runs = [run for run in runs if run and not _is_country(run)]
        for run in runs:
            if len(run) > 1:
                self._add(run, whole=False)
        telling = [word for run in runs for word in run]
        shouted = all(word.upper for word in words)
        for word in telling:
            if word.upper and not shouted and len(min(word.forms)) > 1:
                self._add([word], whole=False, capitals=True)
        long = [word for word in telling if max(map(len, word.forms)) >= 4]
        for word in long[:1] or telling[:1]:
            if not _is_country([word]):
                self._add_one(word, whole=False)

    def _add_one(self, word: _Word, whole: bool) -> None:
        """An acronym that is a word as well counts in capitals only."""
        is_word = any(_is(kind, word.forms) for kind in ("everyday", "ordinary", "particles"))
        short = max(map(len, word.forms)) <= 2
        self._add([word], whole, capitals=(is_word or short) and word.upper)

    def _add(self, words: Sequence[_Word], whole: bool, capitals: bool = False) -> None:
        pattern = _Pattern(tuple(word.forms for word in words), whole, capitals)
        for form in pattern.words[0]:
            self.patterns[form].append(pattern)

    def spans(self, words: list[_Word], text: str) -> Iterator[tuple[int, int, bool]]:
        """start, end, whether it is the whole name."""
        for place, word in enumerate(words):
            for pattern in {p for form in word.all_forms for p in self.patterns.get(form, ())}:
                last = _follow(pattern.words, words, place, text)
                if last is None or (pattern.capitals and not word.upper):
                    continue
                if len(pattern.words) == 1 and not pattern.capitals and not _tells(word):
                    continue
                yield word.start, words[last].end, pattern.whole


def _is_country(words: Sequence[_Word]) -> bool:
    return recognise(" ".join(min(word.forms) for word in words)) is not None


def _tells(word: _Word) -> bool:
    """Whether the word is a name by itself, or made one by a capital letter in a sentence."""
    if any(_is(kind, word.all_forms) for kind in ("everyday", "ordinary", "particles")):
        return word.capital and not word.opens
    return True


def _follow(
    wanted: tuple[frozenset[str], ...], words: list[_Word], place: int, text: str
) -> int | None:
    """The place of the last word, if those wanted follow each other from `place` on; articles and
    the like may stand between them, and the last may have a possessive s."""
    at = place
    for number, forms in enumerate(wanted):
        last = number == len(wanted) - 1
        if number:
            at += 1
            while at < len(words) and _is("particles", words[at].forms):
                if not _adjacent(words[at - 1], words[at], text):
                    return None
                at += 1
            if at >= len(words) or not _adjacent(words[at - 1], words[at], text):
                return None
        if forms.isdisjoint(words[at].all_forms if last else words[at].forms):
            return None
    return at
