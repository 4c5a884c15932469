"""Countries: what people call them, as ISO 3166-1 alpha-2, and whether a point lies in one."""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from babel import Locale
from babel.core import get_global
from rapidfuzz import process

from quorum.language import _

Ring = np.ndarray[Any, np.dtype[np.float64]]  # corners x [longitude, latitude]
Outlines = dict[str, list[Ring]]

# Coastlines at the scale of a world map run up to some 25 km beside the real ones.
NEAR = 0.25  # degrees


@dataclass(frozen=True)
class Recognised:
    """alpha_2: the country. exact: a code, or a name that CLDR gives; else an uncommon spelling."""

    alpha_2: str
    exact: bool


@lru_cache(maxsize=2_000)
def recognise(text: str) -> Recognised | None:
    """The country that a text names: a code, a name in a language of the Union, a known spelling.

    None when it is no country that we know, or when several are called so.
    """
    name = _folded(text)
    if name in _data()["ambiguous"]:
        return None
    if code := _codes().get(text.strip().upper()):
        return Recognised(code, True)
    # Loading the names of all languages takes a tenth of a second; English mostly does.
    for names in (_names(("en",)), _names(tuple(_data()["languages"]))):
        if found := names.get(name) or names.get(name.removeprefix("the ")):
            return Recognised(found, True)
    code = _spellings().get(name) or _spellings().get(name.removeprefix("the "))
    return Recognised(code, False) if code else None


def nearest(text: str) -> str | None:
    """The English name of the country that was probably meant: for a remedy, never used unasked."""
    if codes := _data()["ambiguous"].get(_folded(text)):
        return _(" or ").join(map(display_name, codes))
    names = _names(("en",)) | _spellings()
    found = process.extractOne(_folded(text), list(names), score_cutoff=80)
    return display_name(names[found[0]]) if found else None


def display_name(alpha_2: str, language: str = "en") -> str:
    """The country's name for people, such as "Vietnam" for VN; the code itself when unknown."""
    return str(Locale.parse(language).territories.get(alpha_2, alpha_2))


@cache
def all_countries() -> tuple[str, ...]:
    """The alpha-2 codes of all countries, sorted."""
    banned = set(_data()["not_countries"])
    codes = (str(code) for code in Locale("en").territories)
    return tuple(sorted(code for code in codes if len(code) == 2 and code not in banned))


def by_name() -> dict[str, str]:
    """Every country, code to name, in the order of names: for a list to choose from."""
    named = ((code, display_name(code)) for code in all_countries())
    return dict(sorted(named, key=itemgetter(1)))


def read_outlines(geojson: dict[str, Any]) -> Outlines:
    """The rings of each country, as arrays of [longitude, latitude], from a GeoJSON collection.

    Features name their country by alpha-2 (property `alpha_2`, `iso_a2`, `country` or the id) or
    by ISO numeric code (the id, as in world-atlas). Holes are rings too: even-odd rule.
    """
    outlines: Outlines = {}
    for feature in geojson["features"]:
        code = _code_of(feature)
        geometry = feature.get("geometry") or {}
        if code and geometry.get("type") in ("Polygon", "MultiPolygon"):
            whole = geometry["coordinates"]
            polygons = whole if geometry["type"] == "MultiPolygon" else [whole]
            rings = [np.asarray(ring, dtype=float) for polygon in polygons for ring in polygon]
            outlines.setdefault(code, []).extend(rings)
    return outlines


def outside(sites: pl.DataFrame, outlines: Outlines) -> pl.Series:
    """Whether each point lies outside its country, by more than the outlines are coarse.

    sites: country (alpha-2), latitude, longitude. Null where there is no point or no outline.
    """
    answer = np.full(sites.height, -1, dtype=np.int8)
    rows = sites.select("country", "latitude", "longitude").with_row_index("index").drop_nulls()
    for (country,), points in rows.partition_by("country", as_dict=True).items():
        rings = outlines.get(str(country))
        if rings:
            places = points.select("longitude", "latitude").to_numpy()
            answer[points["index"].to_numpy()] = ~_inside_or_near(places, rings)
    return pl.Series("outside", answer).replace_strict(
        {-1: None, 0: False, 1: True}, return_dtype=pl.Boolean
    )


def _inside_or_near(
    points: np.ndarray[Any, np.dtype[np.float64]], rings: list[Ring]
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    x, y = points[:, 0], points[:, 1]
    inside = np.zeros(len(points), dtype=bool)
    near = np.zeros(len(points), dtype=bool)
    for ring in rings:
        low, high = ring.min(axis=0) - NEAR, ring.max(axis=0) + NEAR
        close = np.flatnonzero((x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1]))
        # A thousand points at a time: a ring of 1,000 corners makes tables of a million numbers.
        for some in np.array_split(close, len(close) // 1_000 + 1):
            crossings, distance = _crossings_and_distance(x[some], y[some], ring)
            inside[some] ^= crossings % 2 == 1
            near[some] |= distance <= NEAR
    result: np.ndarray[Any, np.dtype[np.bool_]] = inside | near
    return result


def _crossings_and_distance(x: Any, y: Any, ring: Ring) -> tuple[Any, Any]:
    """How often a ray to the east crosses the ring, and how far (degrees) its nearest edge is."""
    if not len(x):
        return np.zeros(0, dtype=int), np.zeros(0)
    start, end = ring[:-1], ring[1:]
    x, y = x[:, None], y[:, None]
    rise = end[:, 1] - start[:, 1]
    straddles = (start[:, 1] > y) != (end[:, 1] > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        meets = start[:, 0] + (y - start[:, 1]) / rise * (end[:, 0] - start[:, 0])
    crossings = np.sum(straddles & (x < meets), axis=1)
    run = end[:, 0] - start[:, 0]
    length = np.maximum(run**2 + rise**2, 1e-18)
    along = np.clip(((x - start[:, 0]) * run + (y - start[:, 1]) * rise) / length, 0, 1)
    gap = np.hypot(x - start[:, 0] - along * run, y - start[:, 1] - along * rise)
    return crossings, gap.min(axis=1)


def _code_of(feature: dict[str, Any]) -> str | None:
    properties = feature.get("properties") or {}
    named = [properties.get(key) for key in ("alpha_2", "iso_a2", "country", "code")]
    for code in (*named, feature.get("id")):
        if code is None:
            continue
        text = str(code).upper()
        if text in all_countries():
            return text
        if text.isdigit() and (aliases := get_global("territory_aliases").get(text.zfill(3))):
            return str(aliases[0])
    return None


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("countries.toml").read_text(encoding="utf-8"))


@cache
def _codes() -> dict[str, str]:
    """alpha-2 and alpha-3 codes; CLDR keeps the latter as aliases."""
    known = all_countries()
    codes = {
        alias: targets[0]
        for alias, targets in get_global("territory_aliases").items()
        if len(alias) == 3 and alias.isalpha() and len(targets) == 1 and targets[0] in known
    }
    return codes | {code: code for code in known}


@cache
def _names(languages: tuple[str, ...]) -> dict[str, str]:
    """Folded name -> code; a name that two languages give to two countries belongs to neither."""
    found: dict[str, set[str]] = {}
    for language in languages:
        territories = Locale.parse(language).territories
        for code in all_countries():
            if code in territories:
                found.setdefault(_folded(territories[code]), set()).add(code)
    return {name: next(iter(codes)) for name, codes in found.items() if len(codes) == 1}


@cache
def _spellings() -> dict[str, str]:
    return {
        _folded(spelling): code
        for code, spellings in _data()["spellings"].items()
        for spelling in spellings
    }


def _folded(text: str) -> str:
    """No case, accents or punctuation; "&" reads "and", "St." reads "saint"."""
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(letter)
    )
    plain = re.sub(r"\bst\b\.?", "saint", plain.replace("&", " and "))
    plain = re.sub(r"['’`]", " ", plain)
    # Dots inside abbreviations vanish (u.s.a. = usa), all other punctuation parts words.
    plain = re.sub(r"(?<=\b\w)\.(?=\w\b)|(?<=\b\w)\.(?=\s|$)", "", plain)
    return " ".join(re.findall(r"\w+", plain))
