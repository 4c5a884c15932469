"""The words people read: all go through `_`, so that a second language is only a catalogue."""

import gettext
from pathlib import Path

_catalogue = gettext.translation(
    "quorum", localedir=Path(__file__).parent / "locale", languages=["en"], fallback=True
)


def _(text: str) -> str:
    """The text in the reader's language (English is the language of the source)."""
    return _catalogue.gettext(text)


def ngettext(one: str, many: str, number: int) -> str:
    """`one` or `many`, as the reader's language counts `number`."""
    return _catalogue.ngettext(one, many, number)
