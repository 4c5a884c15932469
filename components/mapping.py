"""The step of an import in which the person says which column of the file holds what."""

from collections.abc import Sequence

import polars as pl
import streamlit as st

from components.messages import plain
from quorum.importers import mapping
from quorum.importers.mapping import Field
from quorum.importers.reading import Table
from quorum.language import _, ngettext

_SAMPLE = 32  # characters


def columns(table: Table, fields: Sequence[Field], key: str) -> dict[str, str | None]:
    """Field -> column of the file, or None: guessed, and corrected by the person.

    Required fields and those that were found stand in view; the others wait behind a click.
    """
    headings = [name for name in table.frame.columns if name != "__row__"]
    guessed = mapping.guess(headings, [field.name for field in fields])
    samples = {name: _sample(table.frame[name]) for name in headings}
    shown = [field for field in fields if field.required or guessed[field.name]]
    rest = [field for field in fields if field not in shown]
    # Another file, or another sheet of it, has other columns: its boxes start from its own guess.
    form = f"{key}-{abs(hash(tuple(headings))):x}"
    with st.container(horizontal=True):
        chosen = {field.name: _box(field, guessed[field.name], samples, form) for field in shown}
    if rest:
        label = ngettext("{n} more field", "{n} more fields", len(rest)).format(n=len(rest))
        with st.expander(label), st.container(horizontal=True):
            chosen |= {field.name: _box(field, None, samples, form) for field in rest}
    _say_if_twice(chosen, fields)
    return {field.name: chosen[field.name] for field in fields}


def _box(field: Field, guessed: str | None, samples: dict[str, str], form: str) -> str | None:
    label = _("{field} (required)") if field.required else "{field}"
    names = list(samples)
    return st.selectbox(
        label.format(field=plain(field.label)),
        names,
        index=names.index(guessed) if guessed else None,
        format_func=lambda name: samples.get(name, name),
        placeholder=_("No column"),
        help=field.help,
        key=f"{form}-{field.name}",
        width=252,
    )


def _sample(column: pl.Series) -> str:
    """The heading, and the first value below it."""
    first = column.drop_nulls().head(1).to_list()
    if not first:
        return _("{column} (empty)").format(column=column.name)
    value = " ".join(str(first[0]).split())
    short = value if len(value) <= _SAMPLE else value[: _SAMPLE - 1] + "…"
    return _("{column} (e.g. {value})").format(column=column.name, value=short)


def _say_if_twice(chosen: dict[str, str | None], fields: Sequence[Field]) -> None:
    labels = {field.name: field.label for field in fields}
    holders: dict[str, list[str]] = {}
    for name, column in chosen.items():
        if column:
            holders.setdefault(column, []).append(labels[name])
    for column, named in holders.items():
        if len(named) > 1:
            sentence = _("The column {column} is read as {fields}. Is that meant?")
            st.warning(plain(sentence.format(column=column, fields=_(" and ").join(named))))
