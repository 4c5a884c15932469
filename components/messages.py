"""What the product says: empty pages, problems, conflicts, marks, foot lines.

Every text that comes from a person or a file passes through `plain` before Streamlit reads it as
Markdown; the functions here do that themselves.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Literal

import polars as pl
import streamlit as st

from quorum.language import _

Level = Literal["private", "record", "band", "aggregate", "published"]

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
# Streamlit replaces some things in text that is already escaped: `:material/x:`, `:tada:`,
# arrows such as `->`, and bare addresses of pages and mailboxes. An invisible joiner inside
# keeps them apart without changing what is seen.
JOINER = "\u2060"
_REPLACED_LATER = re.compile(
    r"(?<=:)(?=[\w+/-])"  # icons, emoji, directives
    r"|(?<=[<>~=-])(?=[<>=-])"  # arrows and dashes
    r"|(?<=[\w])(?=@)|(?<=@)(?=[\w])"  # mail addresses
    r"|(?<=:)(?=//)|(?<=\bwww)(?=\.)",  # page addresses
    re.IGNORECASE,
)


def plain(text: object) -> str:
    """`text` so that Markdown, labels and badges show it as it is, in one line.

    Nothing in it is formatted, linked, fetched, typeset or replaced by an icon.
    """
    one_line = " ".join(str(text).split())
    return _PUNCTUATION.sub(r"\\\1", _REPLACED_LATER.sub(JOINER, one_line))


def plain_lines(text: object) -> str:
    """As `plain`, for what may have several lines: each stays a line, and blank ones part
    paragraphs."""
    return "  \n".join(map(plain, str(text).strip().splitlines()))


def problem(sentence: str) -> None:
    """What went wrong, where, and what to do."""
    st.error(plain(sentence))


def done(sentence: str) -> None:
    st.success(plain(sentence))


def empty(
    title: str,
    what_will_stand_here: str,
    action_label: str | None = None,
    page: Any = None,
    example_file: tuple[str, str, bytes] | None = None,
) -> None:
    """An empty page that teaches: what will stand here, and the one next action.

    `page`: what st.page_link takes. `example_file`: label of the button, file name, content.
    """
    with st.container(border=True, gap="small"):
        st.markdown(f"**{plain(title)}**")
        st.markdown(plain(what_will_stand_here))
        if action_label and page is not None:
            st.page_link(page, label=plain(action_label))
        if example_file:
            label, name, content = example_file
            st.download_button(plain(label), content, file_name=name, on_click="ignore")


def conflict(
    mine: Mapping[str, object], theirs: Mapping[str, object], changed_by: str, key: str
) -> Literal["mine", "theirs"] | None:
    """Two versions of one record side by side, and the choice between them.

    `mine` and `theirs`: label of a field -> value, the same labels in both. Only fields that
    differ are shown. Returns what was chosen, in the run in which it was.
    """
    st.warning(
        plain(
            _(
                "{name} saved this record while you were editing it. Nothing is overwritten: "
                "compare the two versions and choose one."
            ).format(name=changed_by)
        )
    )
    differing = [label for label in mine if mine[label] != theirs.get(label)]
    st.table(
        pl.DataFrame(
            {
                _("Field"): [plain(label) for label in differing],
                _("Yours"): [_value(mine[label]) for label in differing],
                _("Stored now"): [_value(theirs.get(label)) for label in differing],
            },
            schema_overrides={_("Yours"): pl.String, _("Stored now"): pl.String},
        )
    )
    with st.container(horizontal=True):
        if st.button(_("Save my version"), key=f"{key}-mine", type="primary"):
            return "mine"
        if st.button(_("Keep the stored version"), key=f"{key}-theirs"):
            return "theirs"
    return None


def whose_text(level: Level, consortia: Sequence[str] = ()) -> str:
    """The mark in words, for a column of a table."""
    names = ", ".join(consortia)
    words = {
        "private": _("Private"),
        "record": _("Shared with {names}").format(names=names),
        "band": _("Band only, {names}").format(names=names),
        "aggregate": _("Aggregate only, {names}").format(names=names),
        "published": _("Published"),
    }
    return words[level].removesuffix(", ")


def whose_badge(level: Level, consortia: Sequence[str] = ()) -> str:
    """The mark as Markdown, to stand in a line of text."""
    colour = "gray" if level == "private" else "blue"
    return f":{colour}-badge[{plain(whose_text(level, consortia))}]"


def whose(
    level: Level,
    consortia: Sequence[str] = (),
    *,
    why: str | None = None,
    until: date | None = None,
    on_revoke: Callable[[], None] | None = None,
    key: str,
) -> None:
    """The mark; a click opens who sees it, why, until when, and ends the sharing."""
    sees = {
        "private": _("Only your organisation sees this."),
        "record": _("All members of {names} see the whole record."),
        "band": _("Members of {names} see a band, not the figure."),
        "aggregate": _("Stored, but shown to nobody else: it only ever enters a total."),
        "published": _("Anybody may see this."),
    }[level].format(names=", ".join(consortia))
    with st.popover(whose_badge(level, consortia), type="tertiary", key=f"{key}-whose"):
        st.markdown(plain(sees))
        if why:
            st.markdown(plain(_("Legal basis: {why}").format(why=why)))
        if until:
            st.markdown(plain(_("Until {day}").format(day=until.isoformat())))
        if on_revoke:
            st.button(_("End this sharing"), key=f"{key}-revoke", on_click=on_revoke)


def foot(
    sources: Sequence[str],
    as_of: date | str | None = None,
    withheld: str | None = None,
    method: tuple[str, Any] | None = None,
) -> None:
    """The last line of a view: where its data come from, of when, and what it leaves out.

    `method`: label and page of the explanation, as st.page_link takes it.
    """
    named = "; ".join(source.rstrip(".") for source in sources)
    parts = [_("Sources: {sources}.").format(sources=named)] if sources else []
    if as_of:
        parts.append(_("As of {day}.").format(day=as_of))
    if withheld:
        parts.append(_("Withheld: {what}.").format(what=withheld.rstrip(".")))
    st.caption(plain(" ".join(parts)))
    if method:
        st.page_link(method[1], label=plain(method[0]))


def _value(value: object) -> str:
    if value is None or value == "":
        return _("(empty)")
    return plain(", ".join(map(str, value)) if isinstance(value, list | tuple) else value)
