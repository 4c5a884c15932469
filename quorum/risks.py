"""Known risks to people where things are made: what one is, and which of them bear on a supplier.

Kinds and stages stand in definitions/risks.toml, with their source. Frames are those of the
relation "risk", supplier ids as merged today. A risk without a supplier concerns its country,
whoever produces there; one without a country concerns the supplier wherever it produces.
"""

import tomllib
from collections.abc import Collection, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from quorum.countries import display_name
from quorum.initiatives import is_link
from quorum.language import _

DEFINITION = Path(__file__).parent / "definitions" / "risks.toml"
ANY_STAGE = ""
SHORTEST = 3  # letters of a text and of a source; the store says so too


@cache
def _definition() -> dict[str, Any]:
    return tomllib.loads(DEFINITION.read_text(encoding="utf-8"))


def source() -> str:
    """Where the lists of kinds and stages come from."""
    return str(_definition()["source"])


def kind_names() -> dict[str, str]:
    """The seven kinds of risk, for people."""
    return {one["code"]: _(one["text"]) for one in _definition()["kinds"]}


def kind_explanations() -> dict[str, str]:
    """What each kind means, in a sentence."""
    return {one["code"]: _(one["about"]) for one in _definition()["kinds"]}


def stage_names() -> dict[str, str]:
    """The five stages of a product's life, for people, and the code for any of them."""
    stages = {one["code"]: _(one["text"]) for one in _definition()["stages"]}
    return {ANY_STAGE: _("Any, or unknown"), **stages}


def nothing_known() -> str:
    """What an empty list says, and what it does not."""
    return _("Nothing recorded is not the same as no risk.")


def problems_of_risk(values: Mapping[str, Any], today: date) -> list[str]:
    """What is wrong with a risk that a person entered, a sentence each."""
    said = []
    if not (values["supplier_id"] or values["country"]):
        said.append(
            _(
                "Say where: choose the supplier, or a country if it concerns everybody who "
                "produces there."
            )
        )
    if values["kind"] not in kind_names():
        said.append(_("Choose what kind of risk it is."))
    if len(values["text"].strip()) < SHORTEST:
        said.append(_("Write down what is known, in 3 characters at least."))
    if len(values["source"].strip()) < SHORTEST:
        said.append(_("Name the source: who says so, such as a report, an audit or a newspaper."))
    if values["link"] and not is_link(values["link"]):
        said.append(
            _("The web address of the source must begin with https:// or http://, without spaces.")
        )
    if values["seen_on"] is None or values["seen_on"] > today:
        said.append(_("Give the date of the source: not later than today."))
    return said


def of_supplier(
    risks: pl.DataFrame, supplier_id: str, countries: Collection[str | None]
) -> pl.DataFrame:
    """The risks known of the supplier, then those of the countries where its known sites are; of
    each the newest source first."""
    own = pl.col("supplier_id") == supplier_id
    around = pl.col("supplier_id").is_null() & pl.col("country").is_in(
        [one for one in countries if one]
    )
    return risks.filter(own | around).sort(
        pl.col("supplier_id").is_null(), "seen_on", "id", descending=[False, True, False]
    )


def worded(risks: pl.DataFrame) -> pl.DataFrame:
    """The same with kind_name, stage_name (null for any), country_name, and where: the supplier and
    the country as one phrase. risks: with `supplier`, null where the risk is of a country."""
    stages = {code: name for code, name in stage_names().items() if code != ANY_STAGE}
    country = pl.col("country").map_elements(display_name, return_dtype=pl.String)
    at_supplier = pl.concat_str(pl.col("supplier").fill_null("?"), "country_name",
                                separator=", ", ignore_nulls=True)  # fmt: skip
    return risks.with_columns(
        kind_name=pl.col("kind").replace_strict(kind_names(), return_dtype=pl.String),
        stage_name=pl.col("stage").replace_strict(stages, default=None, return_dtype=pl.String),
        country_name=country,
    ).with_columns(
        where=pl.when(pl.col("supplier_id").is_null())
        .then(pl.format(_("{}, whoever produces there"), "country_name"))
        .otherwise(at_supplier)
    )
