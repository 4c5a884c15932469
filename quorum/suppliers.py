"""The register of suppliers: checking identifiers, finding entries, and finding them twice.

Numbers are checked with python-stdnum: length, form and check digit, never against a register.
Frames are those of the relation "supplier".
"""

import importlib
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from rapidfuzz import fuzz, process
from stdnum import exceptions, lei
from stdnum.eu import vat

from quorum.language import _
from quorum.sites import normalised

DEFINITION = Path(__file__).parent / "definitions" / "suppliers.toml"
SIMILAR = 88  # of 100: from here on two names are shown as perhaps the same

KINDS = ("brand", "manufacturer", "reseller", "other")
IDENTIFIERS = ("lei", "vat", "registry_number")


class Checked(NamedTuple):
    """`value`: the number as it is stored, or None; `problem`: why it cannot be, or None."""

    value: str | None
    problem: str | None


def kind_names() -> dict[str, str]:
    """The kinds of supplier, for people."""
    return {
        "brand": _("Brand"),
        "manufacturer": _("Manufacturer"),
        "reseller": _("Reseller"),
        "other": _("Other"),
    }


def identifier_names() -> dict[str, str]:
    return {"lei": _("LEI"), "vat": _("VAT number"), "registry_number": _("Registry number")}


@cache
def _definition() -> dict[str, Any]:
    return tomllib.loads(DEFINITION.read_text(encoding="utf-8"))


def legal_forms() -> frozenset[str]:
    """Words that say what kind of company it is, such as "ltd": lower case, without dots."""
    return frozenset(_definition()["legal_forms"])


# Identifiers --------------------------------------------------------------------------------------


def check_identifiers(given: Mapping[str, str]) -> dict[str, Checked]:
    """Each of IDENTIFIERS in `given`, as it would be stored or with what is wrong with it."""
    checks = {"lei": check_lei, "vat": check_vat, "registry_number": check_registry_number}
    return {name: checks[name](given.get(name, "")) for name in IDENTIFIERS}


def check_lei(text: str) -> Checked:
    """A Legal Entity Identifier (ISO 17442): 20 characters, the last two check the others."""
    given = re.sub(r"[\s-]", "", text).upper()
    if not given:
        return Checked(None, None)
    if not re.fullmatch(r"[A-Z0-9]{18}[0-9]{2}", given):
        return Checked(
            None,
            _(
                "An LEI has 18 letters or digits and two digits; “{given}” has {n} characters. "
                "Copy it again from its source."
            ).format(given=given, n=len(given)),
        )
    if not lei.is_valid(given):
        return Checked(None, _wrong_digit(_("LEI"), given))
    return Checked(given, None)


def check_vat(text: str) -> Checked:
    """A VAT number with the letters of its country: the European Union's, Britain's, Norway's,
    Switzerland's."""
    given = re.sub(r"[\s./-]", "", text).upper()
    if not given:
        return Checked(None, None)
    country = given[:2]
    elsewhere = _definition()["vat_elsewhere"]
    if country.lower() not in vat.MEMBER_STATES | {"el"} and country not in elsewhere:
        return Checked(
            None,
            _(
                "A VAT number begins with the letters of its country, such as NL; “{given}” does "
                "not. Elsewhere than in Europe use the registry number."
            ).format(given=given),
        )
    try:
        if country not in elsewhere:
            return Checked(str(vat.validate(given)), None)
        # Swiss numbers keep their letters, the others are checked without them.
        number = given if country == "CH" else given[2:]
        checked = _module(elsewhere[country]).validate(number)
        return Checked(checked if country == "CH" else f"{country}{checked}", None)
    except exceptions.InvalidChecksum:
        return Checked(None, _wrong_digit(_("VAT number"), given))
    except exceptions.ValidationError:
        return Checked(
            None,
            _("“{given}” does not have the form of a VAT number of {country}. Check it.").format(
                given=given, country=country
            ),
        )


def check_registry_number(text: str) -> Checked:
    """Business register and number as an org-id, e.g. NL-KVK-12345678. A register that we do not
    know is taken as it is."""
    given = re.sub(r"\s", "", text).upper()
    if not given:
        return Checked(None, None)
    parts = re.fullmatch(r"([A-Z]{2}-[A-Z0-9_]{2,12})-(.+)", given)
    if not parts or len(given) > 60:
        return Checked(
            None,
            _(
                "A registry number names its register first, such as NL-KVK-12345678 or "
                "SE-BLR-5560000000; “{given}” does not."
            ).format(given=given),
        )
    register, number = parts.groups()
    known = _definition()["registries"].get(register)
    if known is None:
        return Checked(given, None)
    if "form" in known:
        if re.fullmatch(known["form"], number):
            return Checked(given, None)
        return Checked(None, _wrong_form(given, known["name"]))
    try:
        return Checked(f"{register}-{_module(known['check']).validate(number)}", None)
    except exceptions.InvalidChecksum:
        return Checked(None, _wrong_digit(_("Registry number"), given))
    except exceptions.ValidationError:
        return Checked(None, _wrong_form(given, known["name"]))


def _module(name: str) -> Any:
    return importlib.import_module(f"stdnum.{name}")


def _wrong_digit(what: str, given: str) -> str:
    return _(
        "{what} “{given}”: its check digit does not fit, so a digit is wrong or two have changed "
        "places. Copy it again from its source."
    ).format(what=what, given=given)


def _wrong_form(given: str, register: str) -> str:
    return _("“{given}” does not have the form of a number of the {register}.").format(
        given=given, register=register
    )


def clashes(register: pl.DataFrame, row: Mapping[str, Any], own_id: str | None) -> list[str]:
    """A sentence for each identifier of `row` that another entry of the register has already.

    `register`: all entries, merged ones too; `own_id`: the entry that is being edited.
    """
    others = register.filter(pl.col("id") != own_id) if own_id else register
    names = identifier_names()
    return [
        _(
            "Another entry has this {identifier}: “{name}”. Open that one, or merge the two if "
            "they are the same supplier."
        ).format(identifier=names[column], name=name)
        for column in IDENTIFIERS
        if row.get(column)
        for name in others.filter(pl.col(column) == row[column])["name"]
    ]


# Finding ------------------------------------------------------------------------------------------


def searched(suppliers: pl.DataFrame, text: str, register: pl.DataFrame) -> pl.DataFrame:
    """The suppliers in whose name or identifiers each word of `text` stands, in part or whole.

    A supplier is also found under the names of entries that were merged into it.
    """
    words = pl.select(normalised(pl.lit(text))).item().split()
    if not words:
        return suppliers
    aliases = (
        register.filter(pl.col("merged_into").is_not_null())
        .group_by("merged_into")
        .agg(aliases=pl.col("name").str.join(" "))
    )
    joined = suppliers.join(
        aliases, left_on="id", right_on="merged_into", how="left", maintain_order="left"
    )
    everything = normalised(
        pl.concat_str(
            ["name", "aliases", *IDENTIFIERS, pl.col("vat").str.slice(2)],
            separator=" ",
            ignore_nulls=True,
        )
    )
    found = pl.all_horizontal(everything.str.contains(word, literal=True) for word in words)
    return joined.filter(found).drop("aliases")


# The same supplier twice --------------------------------------------------------------------------


def similar(name: str, suppliers: pl.DataFrame, most: int = 5) -> pl.DataFrame:
    """The entries whose names are like `name`, the likest first: columns of `suppliers`, `score`
    (SIMILAR to 100)."""
    keys = _keys(suppliers["name"])
    wanted = _keys(pl.Series([name]))[0]
    scores = [_likeness(wanted, key) for key in keys]
    return (
        suppliers.with_columns(score=pl.Series(scores, dtype=pl.Float64()))
        .filter(pl.col("score") >= SIMILAR)
        .sort("score", "name", descending=[True, False])
        .head(most)
    )


PAIRS: dict[str, pl.DataType] = {
    "one_id": pl.String(), "one": pl.String(), "other_id": pl.String(), "other": pl.String(),
    "score": pl.Float64(),
}  # fmt: skip


def suggested_pairs(suppliers: pl.DataFrame, merges: pl.DataFrame) -> pl.DataFrame:
    """Entries that may be one supplier, with columns PAIRS, the likest first.

    suppliers: living entries. merges: relation "supplier_merge"; pairs whose merge was undone are
    not suggested again. Only names that begin with the same letter are compared.
    """
    entries = suppliers.sort("id").with_columns(
        key=pl.Series(_keys(suppliers.sort("id")["name"]), dtype=pl.String)
    )
    undone = {
        frozenset(pair)
        for pair in merges.filter("undone").select("kept_id", "merged_id").iter_rows()
    }
    found = [
        pair
        for (_letter,), block in entries.group_by(pl.col("key").str.slice(0, 1))
        for pair in _pairs(block)
        if frozenset((pair[0], pair[2])) not in undone
    ]
    return pl.DataFrame(found, schema=PAIRS, orient="row").sort(
        "score", "one", "other", descending=[True, False, False]
    )


def _pairs(block: pl.DataFrame) -> list[tuple[str, str, str, str, float]]:
    keys = block["key"].to_list()
    bare = [key.replace(" ", "") for key in keys]
    scores = np.maximum(
        process.cdist(keys, keys, scorer=fuzz.token_sort_ratio, score_cutoff=SIMILAR),
        process.cdist(bare, bare, scorer=fuzz.ratio, score_cutoff=SIMILAR),
    )
    rows = block.select("id", "name").rows()
    return [
        (*rows[one], *rows[other], float(scores[one, other]))
        for one, other in np.argwhere(np.triu(scores, 1) >= SIMILAR)
    ]


def _likeness(one: str, other: str) -> float:
    return max(
        fuzz.token_sort_ratio(one, other),
        fuzz.ratio(one.replace(" ", ""), other.replace(" ", "")),
    )


def _keys(names: pl.Series) -> list[str]:
    """Names without case, accents, punctuation and legal form; a name of nothing else keeps it."""
    forms = legal_forms()
    # Dots are taken out first: "B.V." is a form, "b v" would be two letters.
    plain = names.to_frame("name").select(
        normalised(pl.col("name").str.replace_all(".", "", literal=True))
    )
    return [
        " ".join(word for word in text.split() if word not in forms) or text
        for text in plain["name"]
    ]
