"""What every import has in common: the file, what became of its rows, and the one button that
stores them all.

A page reads: `table = uploaded_table(...)`, `outcome = kept(..., table, ...)`, `preview(outcome,
...)`, `submit = commit(...)`, a call of the store, `conclude(...)`; at its top stands
`concluded(...)`, which shows what the last import did.
"""

import uuid
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import date
from typing import Any, NoReturn, TypeVar, cast

import polars as pl
import streamlit as st

from components.downloads import downloads
from components.messages import plain, problem
from components.session import current_session
from components.tables import table as show_table
from quorum.exports.tables import About
from quorum.importers.reading import Outcome, Table, UnreadableFile, read_table
from quorum.language import _, ngettext

Result = TypeVar("Result")

_TALLEST = 420  # pixels; longer tables scroll


def uploaded_table(key: str, types: Sequence[str] = ("xlsx", "csv")) -> Table | None:
    """The file that the person chooses, read once; None while there is none that can be read.

    Shows the choice of the sheet, what reading mended, and why a file cannot be read.
    """
    upload = st.file_uploader(
        _("Your file ({types})").format(types=", ".join(types)),
        type=list(types),
        key=f"{key}-file-{_state(key)['number']}",
    )
    if upload is None:
        return None
    # The choice of a sheet stands below the table that it decides on, so it is read from its key.
    chosen = f"{key}-sheet-{upload.file_id}"
    sheet = st.session_state.get(chosen)
    read = kept(key, "table", (upload.file_id, sheet), lambda: _read(upload, sheet))
    if isinstance(read, str):
        problem(read)
        return None
    if len(read.sheets) > 1:
        sheets = list(read.sheets)
        st.selectbox(
            _("Sheet"), sheets, index=sheets.index(read.sheet or sheets[0]), format_func=plain,
            key=chosen,
        )  # fmt: skip
    for sentence in read.mended:
        st.caption(plain(sentence))
    return read


def file_name(key: str) -> str:
    """The name of the chosen file; empty while there is none."""
    upload = st.session_state.get(f"{key}-file-{_state(key)['number']}")
    return "" if upload is None else str(upload.name)


def kept(key: str, name: str, inputs: Hashable, make: Callable[[], Result]) -> Result:
    """`make()`, worked out again only when `inputs` are others than last time.

    For what is read out of a file that is not stored yet: it belongs to this tab alone, and is
    gone when the import is concluded or the member signs out.
    """
    results = _state(key)["results"]
    if name not in results or results[name][0] != inputs:
        results[name] = (inputs, make())
    return cast(Result, results[name][1])


def preview(
    outcome: Outcome, accepted_columns: Mapping[str, Any], key: str, table: Table | None = None
) -> None:
    """What was accepted, mended and rejected, before anything is stored.

    `accepted_columns`: as in tables.table, of `outcome.accepted`. With `table`, the file that was
    read, the rejected rows can be downloaded as they stood in it, to be corrected and sent again.
    """
    rejected = outcome.rejected["row"].n_unique()
    _counts(outcome.accepted.height, outcome.mended.height, rejected)
    for note in outcome.notes:
        st.markdown(plain(note))
    names = (
        _("Accepted ({count})").format(count=f"{outcome.accepted.height:,}"),
        _("Mended ({count})").format(count=f"{outcome.mended.height:,}"),
        _("Rejected ({count})").format(count=f"{rejected:,}"),
    )
    # What stops people comes first.
    first = names[2] if rejected else names[0]
    accepted_tab, mended_tab, rejected_tab = st.tabs(names, default=first)
    with accepted_tab:
        _accepted(outcome.accepted, accepted_columns, key)
    with mended_tab:
        _mended(outcome.mended, key)
    with rejected_tab:
        _rejected(outcome.rejected, key, table)


def commit(label: str, key: str, inputs: Hashable, *, disabled: bool = False) -> str | None:
    """The button that stores everything; in the run in which it is pressed, the idempotency key.

    The key stays the same for the same `inputs`, so that a second press stores nothing twice.
    """
    submit = kept(key, "submit", inputs, lambda: str(uuid.uuid4()))
    pressed = st.button(label, key=f"{key}-commit", type="primary", disabled=disabled)
    return submit if pressed and not disabled else None


def conclude(key: str, answer: object) -> NoReturn:
    """Puts the file away and shows the page anew, where `concluded` gives `answer`."""
    number = _state(key)["number"]
    st.session_state[f"{key}-import"] = {"number": number + 1, "results": {}, "answer": answer}
    st.rerun()


def concluded(key: str) -> Any:
    """The answer that the last import was concluded with; None before, and after `start_over`."""
    return _state(key)["answer"]


def start_over(key: str) -> None:
    """The button that takes the result away, for the next file."""
    if st.button(_("Import another file"), key=f"{key}-again"):
        _state(key)["answer"] = None
        st.rerun()


def _state(key: str) -> dict[str, Any]:
    state = st.session_state.setdefault(
        f"{key}-import", {"number": 0, "results": {}, "answer": None}
    )
    return cast(dict[str, Any], state)


def _read(upload: Any, sheet: str | None) -> Table | str:
    """The table, or the sentence that says why there is none."""
    try:
        with st.spinner(_("Reading the file…")):
            return read_table(upload.name, upload.getvalue(), sheet)
    except UnreadableFile as reason:
        return str(reason)


def _counts(accepted: int, mended: int, rejected: int) -> None:
    parts = [
        ngettext("{count} row can be imported", "{count} rows can be imported", accepted).format(
            count=f"{accepted:,}"
        ),
        ngettext("{count} value was mended", "{count} values were mended", mended).format(
            count=f"{mended:,}"
        ),
        ngettext("{count} row is rejected", "{count} rows are rejected", rejected).format(
            count=f"{rejected:,}"
        ),
    ]
    st.markdown("**" + plain(", ".join(parts)) + ".** " + plain(_("Nothing is stored yet.")))


def _accepted(rows: pl.DataFrame, columns: Mapping[str, Any], key: str) -> None:
    if rows.is_empty():
        st.markdown(plain(_("No row can be imported as it is. “Rejected” says why.")))
        return
    show_table(rows, columns, f"{key}-accepted", height=_height(rows))


def _mended(changes: pl.DataFrame, key: str) -> None:
    if changes.is_empty():
        st.markdown(plain(_("Nothing had to be changed to be read.")))
        return
    labels = {
        "row": _("Row"), "column": _("Column"), "before": _("In the file"), "after": _("Read as"),
        "why": _("Why"),
    }  # fmt: skip
    show_table(changes, labels, f"{key}-mended", height=_height(changes))
    downloads(changes, _about(_("Mended values of an import")), f"{key}-mended-file", labels)


def _rejected(faults: pl.DataFrame, key: str, table: Table | None) -> None:
    if faults.is_empty():
        st.markdown(plain(_("No row was rejected.")))
        return
    labels = {
        "row": _("Row"), "column": _("Column"), "value": _("Value"), "reason": _("Reason"),
        "remedy": _("What to do"),
    }  # fmt: skip
    wide = {
        name: st.column_config.TextColumn(labels[name], width="large")
        for name in ("reason", "remedy")
    }
    value = {"value": st.column_config.TextColumn(labels["value"], width="small")}
    show_table(faults, labels | value | wide, f"{key}-rejected", height=_height(faults))
    if table is None or faults["row"].null_count() == faults.height:
        downloads(faults, _about(_("Rejected rows")), f"{key}-rejected-file", labels)
    else:
        about = _about(_("Rejected rows to correct"))
        downloads(to_correct(table.frame, faults), about, f"{key}-rejected-file")
        st.caption(
            _(
                "The download has these rows as they stand in your file, with the reasons in one "
                "more column: correct them there and import that file."
            )
        )


def to_correct(rows: pl.DataFrame, faults: pl.DataFrame) -> pl.DataFrame:
    """The rejected rows as they stood in the file, and a first column with all that is wrong.

    `rows`: Table.frame. `faults`: Outcome.rejected.
    """
    why = _("Why this row was rejected")
    said = pl.concat_str(
        pl.col("column").fill_null(_("Row")), pl.lit(": "), "reason", pl.lit(" "), "remedy"
    )
    reasons = faults.group_by(__row__="row", maintain_order=True).agg(said.str.join(" | "))
    return (
        reasons.rename({"column": why})
        .join(rows.drop(why, strict=False), on="__row__", how="inner")
        .sort("__row__")
        .drop("__row__")
    )


def _height(rows: pl.DataFrame) -> int | None:
    return _TALLEST if rows.height > 10 else None


def _about(title: str) -> About:
    session = current_session()
    who = f"{session.principal.name}, {session.principal.organisation}" if session else ""
    return About(title, who, date.today(), st.context.url or "")
