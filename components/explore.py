"""Exploring on a page: picks that live in the address, the answer, files, saved charts.

The address is the one place where the question stands: a pick writes it, a run reads it, and so
every view is a link and the browser's back goes back.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import uuid4

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from components import data, datasets, edits, maps, messages
from components.links import link
from components.messages import plain
from components.session import Session
from components.tables import table
from quorum import charts, explore
from quorum.definitions.datasets import CHARTS, ROWS, Column, Dataset, ReadyMade, ready_made
from quorum.definitions.datasets import datasets as known_datasets
from quorum.explore import Answer, Question
from quorum.exports.figures import HTML, to_html
from quorum.exports.tables import CSV, XLSX, About, TooManyRows, file_name, to_csv, to_xlsx
from quorum.language import _, ngettext
from quorum.store import Row, StoreError

Asked = tuple[tuple[str, tuple[str, ...]], ...]  # a question as a cache key takes it
_NOW = "explore-now"  # the question of this run, for the callbacks of its picks
_OPEN = "explore-filters"  # columns whose filter stands open though nothing is chosen yet


# The question -------------------------------------------------------------------------------------


def from_address(session: Session) -> tuple[Question, list[str], Row | None]:
    """The question that the address asks, what of it could not be read, and the saved chart that
    it came from."""
    query = {key: st.query_params.get_all(key) for key in st.query_params}
    asked = not nothing_asked()
    saved, problems = None, []
    if "data" not in query and (saved_id := (query.get("saved") or [""])[0]):
        saved = saved_chart(session, saved_id)
        if saved is None:
            problems = [
                _(
                    "The link opens a saved chart that is not there, or that is not shared with "
                    "you. Ask whoever sent it, or start below."
                )
            ]
        else:
            query = explore.from_text(saved["question"])
    question, unread = explore.read_query(query, known_datasets())
    problems += unread
    if question is None:
        question = explore.start(next(iter(known_datasets().values())))
    dataset = known_datasets()[question.dataset]
    if explore.open_units(question, dataset):
        question = explore.settled(question, dataset, datasets.frame(session, dataset))
    if asked and saved is None and not problems:
        _write(question)
    st.session_state[_NOW] = question
    return question, problems, saved


def nothing_asked() -> bool:
    """Whether the address is empty: somebody has just come, and sees a first chart."""
    return not {"data", "saved"} & set(st.query_params)


def reads(*asked: str) -> list[str]:
    """The relations behind these datasets. Where one is not known (yet) it may be any: then all but
    the sites, which are many and seldom what is asked for."""
    known = known_datasets()
    if asked and all(name in known for name in asked):
        return [name for one in asked for name in datasets.RELATIONS[known[one].reader]]
    return [
        name
        for one in known.values()
        for name in datasets.RELATIONS[one.reader]
        if name != "production_site"
    ]


def as_key(question: Question) -> Asked:
    return tuple((key, tuple(values)) for key, values in explore.to_query(question).items())


def _asked(key: Asked) -> tuple[Question, Dataset]:
    question, __ = explore.read_query(dict(key), known_datasets())
    assert question is not None  # the key was made from a question
    return question, known_datasets()[question.dataset]


def _write(question: Question) -> None:
    query = explore.to_query(question)
    if {key: st.query_params.get_all(key) for key in st.query_params} != query:
        st.query_params.from_dict(query)
    # Of two picks in one message the second adds to the first.
    st.session_state[_NOW] = question


# Cached work --------------------------------------------------------------------------------------


def _answered(session: Session, key: Asked, whole: bool) -> Answer:
    question, dataset = _asked(key)
    return explore.answer(datasets.frame(session, dataset), question, dataset, whole=whole)


def answer(session: Session, question: Question, *, whole: bool = False) -> Answer:
    """The answer that the member's rights give; `whole`: every group, for files."""
    return data.cached(session, _answered, as_key(question), whole)


def _drawn(session: Session, key: Asked) -> go.Figure:
    question, dataset = _asked(key)
    found = data.cached(session, _answered, key, False)
    figure = explore.figure(found.frame, question, dataset, dates(found, dataset))
    assert figure is not None  # a table is not drawn
    return figure


def dates(found: Answer, dataset: Dataset) -> str:
    """Of when the data behind an answer are."""
    return explore.dates(found.first, found.last, dataset, date.today())


def _options(session: Session, dataset: str, column: str) -> list[str]:
    known = known_datasets()[dataset]
    return explore.options(datasets.frame(session, known), column)


# Picks --------------------------------------------------------------------------------------------


def picks(session: Session, question: Question) -> None:
    """What to see, in one row, and the filters below it; folded, so that the answer is in view."""
    with st.expander(_("Change data, chart or filters")):
        _picks(session, question)


def _picks(session: Session, question: Question) -> None:
    dataset = known_datasets()[question.dataset]
    names = {code: one.label for code, one in known_datasets().items()}
    by = {column.code: column.label for column in dataset.dimensions}
    show = {ROWS: _("Number: {rows}").format(rows=dataset.rows.lower())} | {
        column.code: column.label for column in dataset.measures
    }
    first = question.show[0]
    kinds = {"": _("Suggested: {chart}").format(
        chart=explore.chart_word(explore.suggest_chart(question, dataset)).lower()
    )} | {code: explore.chart_word(code) for code in CHARTS}  # fmt: skip
    none = _("(none)")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _select(dataset, _("Data"), "data", names, question.dataset)
        _select(dataset, _("Show"), "measure", show, first.column)
        if known := _aggregations(question, dataset):
            offered = dict.fromkeys((*known, first.aggregation))
            words = {code: explore.aggregation_word(code) for code in offered}
            _select(dataset, _("As"), "aggregation", words, first.aggregation)
        _select(dataset, _("By"), "by1", {"": none} | by, question.by[0] if question.by else "")
        if question.by:
            second = {code: label for code, label in by.items() if code != question.by[0]}
            chosen = question.by[1] if len(question.by) > 1 else ""
            _select(dataset, _("And by"), "by2", {"": none} | second, chosen)
        if any(dataset.columns[code].kind == "day" for code in question.by):
            periods = {code: explore.period_word(code) for code in explore.PERIODS}
            _select(dataset, _("Dates by"), "per", periods, question.per)
        _select(dataset, _("Chart"), "chart", kinds, question.chart)
        if explore.chart_of(question, dataset) in ("scatter", "radar") or len(question.show) > 1:
            _more_measures(question, dataset)
    _filters(session, question, dataset)


def _aggregations(question: Question, dataset: Dataset) -> tuple[str, ...]:
    """What can be made of the first measure; nothing to choose where a box shows all values."""
    first = question.show[0]
    if first.column == ROWS:
        return ("", explore.SHARE) if len(question.by) == 2 else ()
    if explore.chart_of(question, dataset) == "box":
        return ()
    return dataset.columns[first.column].aggregations


def _key(dataset: Dataset, part: str) -> str:
    """The key of a pick. Each dataset has its own: what a browser still says of the one before
    must not be taken for a pick of this one."""
    return "explore-data" if part == "data" else f"explore-{dataset.code}-{part}"


def _select(
    dataset: Dataset, label: str, part: str, options: Mapping[str, str], chosen: str
) -> None:
    key = _key(dataset, part)
    st.session_state[key] = chosen
    st.selectbox(
        label,
        list(options),
        format_func=lambda code: options.get(code, str(code)),
        key=key,
        on_change=_pick,
        args=(part, key, tuple(options)),
        # Two stand side by side on a phone, unless what is chosen would be cut.
        width=168 if len(options.get(chosen, "")) <= 15 else 264,
    )


def _more_measures(question: Question, dataset: Dataset) -> None:
    first = question.show[0]
    options = {
        measure.code: explore.measure_label(measure, dataset)
        for measure in (*explore.measures(dataset), *question.show)
        if measure != first
    }
    key = _key(dataset, "more")
    st.session_state[key] = [measure.code for measure in question.show[1:]]
    st.multiselect(
        _("And show"),
        list(options),
        format_func=lambda code: options.get(code, str(code)),
        key=key,
        max_selections=explore.MOST_MEASURES - 1,
        on_change=_pick,
        args=("more", key, tuple(options)),
        width=400,
    )


def _filters(session: Session, question: Question, dataset: Dataset) -> None:
    used = [code for code, __ in question.only] + [code for code, *__ in question.days]
    remembered = st.session_state.get(_OPEN, {}).get(dataset.code, [])
    opened = list(dict.fromkeys([*used, *remembered]))
    names = {column.code: column.label for column in dataset.dimensions}
    names |= {code: dataset.columns[code].label for code in opened if code not in names}
    key = _key(dataset, "filter")
    st.session_state[key] = opened
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.multiselect(
            _("Only some: filter on"),
            list(names),
            format_func=lambda code: names.get(code, str(code)),
            key=key,
            on_change=_open_filters,
            args=(key, tuple(names)),
            placeholder=_("Nothing is filtered"),
            width=332,
        )
        for code in opened:
            if code in names:
                _filter(session, question, dataset, dataset.columns[code])


def _filter(session: Session, question: Question, dataset: Dataset, column: Column) -> None:
    if column.kind == "day":
        first, last = next(
            ((first, last) for code, first, last in question.days if code == column.code),
            (None, None),
        )
        for index, label, day in (
            (1, _("{label} from"), first), (2, _("{label} until"), last),
        ):  # fmt: skip
            key = _key(dataset, f"{column.code}-{index}")
            st.session_state[key] = day
            st.date_input(
                label.format(label=column.label), value=None, key=key, format="YYYY-MM-DD",
                min_value=date(1990, 1, 1), max_value=date(2100, 1, 1),
                on_change=_pick_days, args=(dataset.code, column.code), width=168,
            )  # fmt: skip
        return
    chosen = list(question.values(column.code))
    found = data.cached(session, _options, dataset.code, column.code)
    words = {
        value: explore.word(value or None, column) for value in dict.fromkeys([*found, *chosen])
    }
    key = _key(dataset, f"only_{column.code}")
    # Beyond the most frequent ones, others can be written.
    writable = len(found) >= 300
    st.session_state[key] = chosen
    st.multiselect(
        column.label,
        list(words),
        format_func=lambda value: words.get(value, str(value)),
        key=key,
        on_change=_pick,
        args=(f"only_{column.code}", key, None if writable else tuple(words)),
        accept_new_options=writable,
        placeholder=_("All"),
        width=300,
    )


def _pick(part: str, key: str, options: tuple[str, ...] | None) -> None:
    """Writes what was picked. A browser may be a click behind, and then says the words of an option
    that is not offered any more: such a value is no pick. `options` None: any text is one."""
    value = st.session_state[key]
    if options is not None:
        if isinstance(value, list):
            value = [one for one in value if one in options]
        elif value not in options:
            return
    question: Question = st.session_state[_NOW]
    if part == "data":
        _write(explore.start(known_datasets()[value]))
        return
    dataset = known_datasets()[question.dataset]
    if key == _key(dataset, part):
        _write(explore.changed(question, dataset, part, value))


def _pick_days(dataset_code: str, column: str) -> None:
    question: Question = st.session_state[_NOW]
    dataset = known_datasets()[question.dataset]
    if dataset.code != dataset_code:
        return
    keys = (_key(dataset, f"{column}-{index}") for index in (1, 2))
    chosen = tuple(st.session_state.get(key) for key in keys)
    _write(explore.changed(question, dataset, f"days_{column}", chosen))


def _open_filters(key: str, options: tuple[str, ...]) -> None:
    question: Question = st.session_state[_NOW]
    dataset = known_datasets()[question.dataset]
    if key != _key(dataset, "filter"):
        return
    wanted = [code for code in st.session_state[key] if code in options]
    st.session_state[_OPEN] = {question.dataset: wanted}
    for code, __ in question.only:
        if code not in wanted:
            question = explore.changed(question, dataset, f"only_{code}", ())
    for code, _first, _last in question.days:
        if code not in wanted:
            question = explore.changed(question, dataset, f"days_{code}", (None, None))
    _write(question)


# The answer ---------------------------------------------------------------------------------------


def explained(question: Question, sentences: Sequence[str]) -> None:
    """What does not go together, and the charts that these picks can be shown in."""
    dataset = known_datasets()[question.dataset]
    for sentence in sentences:
        st.info(plain(sentence))
    if explore.check(explore.changed(question, dataset, "chart", "table"), dataset):
        return  # it is not the chart that is wrong
    st.caption(_("These picks can be shown as:"))
    with st.container(horizontal=True):
        for chart in explore.possible_charts(question, dataset):
            st.button(
                explore.chart_word(chart), key=f"explore-as-{chart}", on_click=_write,
                args=(explore.changed(question, dataset, "chart", chart),),
            )  # fmt: skip


def show(session: Session, question: Question, key: str) -> Answer:
    """Draws the figure or the table, or says why there is none."""
    dataset = known_datasets()[question.dataset]
    found = answer(session, question)
    if found.problem:
        st.info(plain(found.problem))
        return found
    chart = explore.chart_of(question, dataset)
    if chart == "table":
        _table(found, question, dataset, f"{key}-table")
    else:
        config = charts.MAP_CONFIG if chart == "map" else charts.CONFIG
        maps.draw(session, f"{key}-figure", _drawn, as_key(question), config=config)
    for note in found.notes:
        st.caption(plain(note))
    return found


def left_out(question: Question, found: Answer) -> None:
    """Ways to what the chart leaves out: amounts in other units, such as another currency, and
    groups that it has no room for."""
    if not found.units and not found.crowded:
        return
    dataset = known_datasets()[question.dataset]
    with st.container(horizontal=True):
        for other in found.units[:6]:
            unit = explore.units(question, dataset)[0]
            st.button(
                _("Show {unit} instead").format(unit=plain(other)), key=f"explore-in-{other}",
                on_click=_write, args=(question.with_only(unit, (other,)),),
            )  # fmt: skip
        if found.crowded:
            st.button(
                _("Show all as a table"), key="explore-all",
                on_click=_write, args=(explore.changed(question, dataset, "chart", "table"),),
            )  # fmt: skip


def as_table(question: Question, found: Answer, key: str) -> None:
    """The figures of a chart as a table, for whoever would rather read them."""
    if explore.chart_of(question, known_datasets()[question.dataset]) == "table":
        return  # they stand there already
    fold = st.expander(_("The same figures as a table"), key=key, on_change="rerun")
    if fold.open:
        with fold:
            _table(found, question, known_datasets()[question.dataset], f"{key}-rows")


def _table(found: Answer, question: Question, dataset: Dataset, key: str) -> None:
    heads = explore.heads(found.frame, question, dataset)
    extra = {
        "low": _("5 % lie below"), "q1": _("A quarter lies below"), "median": _("Median"),
        "q3": _("A quarter lies above"), "high": _("5 % lie above"), "count": _("Values"),
    }  # fmt: skip
    if "q1" in found.frame.columns:
        heads = {name: label for name, label in heads.items() if name.startswith("by")} | extra
    shown = explore.worded(found.frame.head(explore.ROOM["table"][0]), question, dataset)
    columns: dict[str, Any] = {
        name: st.column_config.NumberColumn(label, format="localized")
        if not name.startswith("by")
        else label
        for name, label in heads.items()
    }
    table(shown, columns, key, height=420 if shown.height > 10 else None)
    if found.frame.height > shown.height:
        st.caption(
            _("The first {n} of {all} rows: the files hold all.").format(
                n=f"{shown.height:,}", all=f"{found.frame.height:,}"
            )
        )


def about(session: Session, question: Question, found: Answer) -> About:
    """What the files say about themselves."""
    dataset = known_datasets()[question.dataset]
    who = session.principal
    here = (st.context.url or "").partition("?")[0]
    of = f"{dataset.source}. {dates(found, dataset)}".strip()
    return About(
        explore.title(question, dataset), f"{who.name}, {who.organisation}", date.today(),
        f"{here}?{explore.to_text(question)}", explore.filters(question, dataset),
        [of, _("What {organisation} may see").format(organisation=who.organisation)],
    )  # fmt: skip


def files(session: Session, question: Question, found: Answer, key: str) -> None:
    """Download the figure, and all of its groups as a table."""
    # Files are made when they are asked for, outside of the run: whatever is cached is read here.
    whole = answer(session, question, whole=True).frame
    dataset = known_datasets()[question.dataset]
    made = about(session, question, found)
    heads = explore.heads(whole, question, dataset)

    def rows() -> pl.DataFrame:
        return explore.worded(whole, question, dataset)

    def workbook() -> bytes:
        try:
            return to_xlsx(rows(), made, heads)
        except TooManyRows as refusal:
            return to_xlsx(pl.DataFrame({"by1": [str(refusal)]}), made, {"by1": _("Note")})

    def page() -> bytes:
        figure = explore.figure(found.frame, question, dataset, dates(found, dataset))
        assert figure is not None  # a table has no such button
        return to_html(figure, made)

    with st.popover(_("Download"), key=f"{key}-download"):
        if explore.chart_of(question, dataset) != "table":
            st.download_button(
                _("Figure (html)"), page,
                file_name=file_name(made, "html"), mime=HTML, key=f"{key}-html",
                on_click="ignore", width="stretch",
            )  # fmt: skip
        st.download_button(
            _("Excel file (xlsx)"), workbook, file_name=file_name(made, "xlsx"), mime=XLSX,
            key=f"{key}-xlsx", on_click="ignore", width="stretch",
        )  # fmt: skip
        st.download_button(
            _("Plain table (csv)"), lambda: to_csv(rows(), made, heads),
            file_name=file_name(made, "csv"), mime=CSV, key=f"{key}-csv", on_click="ignore",
            width="stretch",
        )  # fmt: skip


def starting_points(question: Question, *, folded: bool) -> None:
    """The ready-made questions, the one that is answered marked."""
    if folded:
        with st.expander(_("Questions to start from")):
            _starting_points(question)
        return
    st.subheader(_("Questions to start from"))
    _starting_points(question)


def _starting_points(question: Question) -> None:
    with st.container(horizontal=True, gap=None):
        for one in ready_made():
            chosen = explore.asks(question, one)
            with st.container(width=352):
                st.button(
                    f"✓ **{plain(one.text)}**" if chosen else f"→ {plain(one.text)}",
                    type="tertiary", wrap=True,
                    key=f"explore-ask-{one.code}", on_click=_ask, args=(one,),
                )  # fmt: skip


def heading(question: Question) -> None:
    """What is asked, in one line, and where it is ready-made what it teaches."""
    for one in ready_made():
        if explore.asks(question, one):
            st.subheader(plain(one.text), anchor=False)
            st.caption(plain(one.teaches))
            return
    st.subheader(plain(explore.title(question, known_datasets()[question.dataset])), anchor=False)


def _ask(one: ReadyMade) -> None:
    question, __ = explore.read_query(one.query, known_datasets())
    assert question is not None  # a test reads every one of them
    _write(question)


# Saved charts -------------------------------------------------------------------------------------


def saved_charts(session: Session) -> pl.DataFrame:
    """The charts that the member may see, with `organisation` and `mine`, by name."""
    return data.cached(session, _saved)


def _saved(session: Session) -> pl.DataFrame:
    names = data.organisations(session).select(organisation_id="id", organisation="name")
    return (
        data.with_sharing(session, "saved_chart", data.rows(session, "saved_chart", "name", "id"))
        .join(names, on="organisation_id", how="left", maintain_order="left")
        .with_columns(mine=pl.col("organisation_id") == session.principal.organisation_id)
    )


def saved_chart(session: Session, saved_id: str) -> Row | None:
    """One of them, or None where there is none that the member may see."""
    found = saved_charts(session).filter(id=saved_id)
    return found.row(0, named=True) if found.height else None


def question_of(saved: Row) -> tuple[Question | None, list[str]]:
    """The question that was saved, and what of it is not there any more."""
    return explore.read_query(explore.from_text(saved["question"]), known_datasets())


def opened_words(session: Session, saved: Row) -> str:
    """Whose chart this is, and whose rights the answer has."""
    if saved["mine"]:
        return _("“{name}”, saved by your organisation.").format(name=saved["name"])
    return _(
        "“{name}”, saved by {owner}. You see what your own rights give: {owner} and others may "
        "see other figures here."
    ).format(name=saved["name"], owner=saved["organisation"] or _("a former member"))


def save_form(session: Session, question: Question, saved: Row | None) -> None:
    """Keep the question under a name."""
    if not session.principal.may_edit:
        st.caption(_("The link in the address keeps this chart; an editor can save it for all."))
        return
    dataset = known_datasets()[question.dataset]
    with st.popover(_("Save"), key="explore-save"):
        if "explore-save-id" not in st.session_state:
            st.session_state["explore-save-id"] = str(uuid4())
        with st.form("explore-save-form", border=False):
            suggested = saved["name"] if saved else explore.full_title(question, dataset)[:200]
            name = st.text_input(_("Name"), suggested, max_chars=200, key=None)
            values = _sharing_inputs(session, {"shared_with": [], "pinned": False}, "explore-save")
            asked = st.form_submit_button(_("Save this chart"), type="primary")
        if asked:
            _save(session, name, question, values)


def _sharing_inputs(session: Session, row: Row, key: str) -> dict[str, Any]:
    names = data.consortium_names(session)
    shared = st.multiselect(
        _("Share with"),
        list(names),
        [one for one in row["shared_with"] if one in names],
        format_func=lambda one: names.get(one, ""),
        placeholder=_("Nobody: private to your organisation"),
        help=_(
            "Members see the question and its filters, never your data: each gets the answer of "
            "their own rights."
        ),
        key=f"{key}-shared",
    )
    pinned = st.checkbox(_("Pin to the board"), row["pinned"], key=f"{key}-pinned")
    return {"shared_with": shared, "pinned": pinned}


def _save(session: Session, name: str, question: Question, values: Row) -> None:
    if not name.strip():
        messages.problem(_("Give the chart a name, so that it can be found again."))
        return
    text = explore.to_text(question)
    if len(text) > explore.LONGEST:
        messages.problem(_("The filters hold too much to be saved: choose fewer values."))
        return
    saved_id = st.session_state["explore-save-id"]
    row = {"id": saved_id, "name": name.strip(), "question": text, **values}
    try:
        data.insert(session, "saved_chart", row)
    except StoreError as refusal:
        messages.problem(str(refusal))
        return
    del st.session_state["explore-save-id"]
    st.session_state["explore-saved"] = saved_id
    st.rerun()


def said_saved() -> None:
    """The link to what was saved a moment ago."""
    saved_id = st.session_state.pop("explore-saved", None)
    if saved_id:
        messages.done(_("Saved. Whoever may see it finds it on the board."))
        link("board", _("Open the board"))


def whose(session: Session, saved: Row) -> str:
    """The mark in a line of text."""
    names = data.consortium_names(session)
    shared = [names[one] for one in saved["shared_with"] if one in names]
    return messages.whose_badge("record" if shared else "private", shared)


def manage(session: Session, saved: Row) -> None:
    """Rename, share, pin or delete one of the organisation's charts."""
    key = f"chart-{saved['id'][:8]}"

    def inputs(row: Row) -> dict[str, Any]:
        name = st.text_input(_("Name"), row["name"], max_chars=200, key=f"{key}-name")
        return {"name": name.strip(), **_sharing_inputs(session, row, key)}

    def words(row: Row) -> Row:
        names, left = data.consortium_names(session), _("a consortium that you have left")
        shared = ", ".join(sorted(names.get(one, left) for one in row["shared_with"]))
        pinned = _("Yes") if row["pinned"] else _("No")
        return {**row, "shared_with": shared or _("Nobody"), "pinned": pinned}

    labels = {"name": _("Name"), "pinned": _("Pinned"), "shared_with": _("Shared with")}
    with st.container(horizontal=True):
        edits.edit(
            session, "saved_chart", saved, labels, inputs, key, _("Rename, share or pin"), words
        )
        st.button(_("Delete"), key=f"{key}-delete", on_click=_delete, args=(session, saved["id"]))


def _delete(session: Session, saved_id: str) -> None:
    try:
        data.delete(session, "saved_chart", {"id": saved_id})
    except StoreError as refusal:
        st.session_state["board-problem"] = str(refusal)


def counted(number: int) -> str:
    return ngettext("{n} saved chart", "{n} saved charts", number).format(n=number)
