"""Sharing, as every page offers it: the form, the receipt, the mark that says who sees what."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import polars as pl
import streamlit as st

from components import data, messages
from components.links import link
from components.messages import Level, plain
from components.session import Session
from quorum import receipts
from quorum.language import _, ngettext
from quorum.store import Row, StoreError

_LEVELS: tuple[Level, ...] = ("record", "band", "aggregate")  # the fullest first
_COLUMN_OF = {"record": "shared_with", "band": "banded_with", "aggregate": "aggregated_with"}


# Reading ------------------------------------------------------------------------------------------


def receipts_of(session: Session) -> pl.DataFrame:
    """The organisation's receipts in words (quorum.receipts.worded), the next to end on top."""
    return data.cached(session, _receipts)


def _receipts(session: Session) -> pl.DataFrame:
    found = data.rows(session, "sharing")
    return receipts.worded(found, data.consortium_names(session), date.today())


def _living_items(session: Session) -> pl.DataFrame:
    """What the living receipts cover: one row per contribution and receipt."""
    living = _receipts(session).filter("living")
    items = data.rows(session, "sharing_item")
    return items.select("sharing_id", "item_id").join(living, left_on="sharing_id", right_on="id")


def shared_count(session: Session) -> int:
    """How many contributions somebody else sees today; one in two consortia counts once."""
    return _living_items(session)["item_id"].n_unique()


def unshared(session: Session, contributions: pl.DataFrame) -> pl.DataFrame:
    """Those of the organisation's own contributions that some consortium of its does not see."""
    mine = contributions.filter(pl.col("organisation_id") == session.principal.organisation_id)
    columns = [c for c in _COLUMN_OF.values() if c in mine.columns]
    reached = pl.concat_list(columns) if columns else pl.lit([], pl.List(pl.String))
    wanted = [c.id for c in session.principal.consortia]
    if not wanted:
        return mine
    return mine.filter(~pl.all_horizontal(reached.list.contains(one) for one in wanted))


# The form -----------------------------------------------------------------------------------------


def share_form(
    session: Session, relation: str, items: Sequence[str], title: str, key: str
) -> str | None:
    """Shares these contributions of the member's organisation; shows the receipt afterwards.

    `relation`: assessment, site_list or spend; `items`: their identifiers; `title`: what they are,
    in words, for the receipt; `key`: of this form on the page. Returns the receipt's identifier in
    the run in which it was made.
    """
    last_receipt(session, key)
    if not session.principal.may_edit:
        st.caption(_("An editor or admin of your organisation can share this."))
        return None
    if not session.principal.consortia:
        messages.empty(
            _("Nobody to share with yet"),
            _(
                "Your organisation is in no consortium. Found one and invite others, or ask a "
                "coordinator of theirs for an invitation."
            ),
        )
        link("consortium", _("Found a consortium"))
        return None
    if not items:
        st.caption(_("Choose what to share first."))
        return None
    return _form(session, relation, items, title, key)


def _form(
    session: Session, relation: str, items: Sequence[str], title: str, key: str
) -> str | None:
    names = data.consortium_names(session)
    consortium_id = next(iter(names))
    if len(names) > 1:
        consortium_id = st.selectbox(
            _("With which consortium"),
            list(names),
            format_func=lambda one: names.get(one, ""),
            key=f"{key}-consortium",
        )
    levels = receipts.levels(relation)
    with st.form(f"{key}-form"):
        st.markdown(plain(f"{receipts.counted(relation, len(items))}: {title}"))
        level: str | None = levels[0].code
        if len(levels) > 1:
            # Nothing is chosen beforehand: a figure shown by mistake cannot be taken back.
            level = st.radio(
                _("What members see"),
                [one.code for one in levels],
                index=None,
                format_func=lambda code: next(o.label for o in levels if o.code == code),
                captions=[one.sees for one in levels],
                key=f"{key}-level",
            )
        else:
            st.caption(levels[0].sees)
        basis = st.selectbox(
            _("Legal basis: why you may share this"),
            receipts.legal_bases(),
            index=None,
            accept_new_options=True,
            placeholder=_("Choose, or write your own"),
            key=f"{key}-basis",
        )
        ends_on = st.date_input(
            _("Until"),
            value=date.today() + timedelta(days=365),
            min_value=date.today() + timedelta(days=1),
            max_value=date.today() + timedelta(days=5 * 365),
            format="YYYY-MM-DD",
            help=_("The last day on which members see it. You can end it earlier at any time."),
            key=f"{key}-until",
        )
        asked = st.form_submit_button(
            _("Share with {consortium}").format(consortium=plain(names[consortium_id])),
            type="primary",
            key=f"{key}-share",
        )
    legal_facts()
    if not asked:
        return None
    if level is None:
        messages.problem(_("Choose what members may see."))
        return None
    sharing_id = _minted(key, (relation, tuple(items), consortium_id, level))
    try:
        data.call(
            session, "share", sharing_id=sharing_id, relation=relation, items=list(items),
            consortium_id=consortium_id, level=level, legal_basis=basis or "",
            ends_on=ends_on, title=title,
        )  # fmt: skip
    except StoreError as refusal:
        messages.problem(str(refusal))
        return None
    del st.session_state[f"{key}-minted"]
    st.session_state[f"{key}-receipt"] = sharing_id
    st.rerun()


def _minted(key: str, content: tuple[Any, ...]) -> str:
    """One identifier for one content, so that a repeated submit shares it once."""
    known = st.session_state.get(f"{key}-minted")
    if known is None or known[0] != content:
        known = (content, str(uuid4()))
        st.session_state[f"{key}-minted"] = known
    return str(known[1])


def legal_facts() -> None:
    """What the law says, for those who want to read it before they decide."""
    with st.expander(_("What the law says, in short")):
        for fact in receipts.facts():
            st.markdown(f"{plain(fact.text)} ([{plain(fact.source)}]({fact.link}))")
        st.caption(
            _(
                "Facts to start from, not legal advice. In Quorum no supplier has access, and "
                "nothing is shared until you say so here."
            )
        )


# Receipts -----------------------------------------------------------------------------------------


def last_receipt(session: Session, key: str) -> None:
    """What the form `key` has shared last, until it is closed."""
    made = st.session_state.get(f"{key}-receipt")
    if made is None:
        return
    found = receipts_of(session).filter(pl.col("id") == made)
    with st.container(border=True, gap="small"):
        st.markdown(f"**{plain(_('Receipt'))}**")
        if not found.is_empty():
            receipt(found.row(0, named=True))
        with st.container(horizontal=True):
            link("sharing", _("All receipts"))
            if st.button(_("Close"), key=f"{key}-close", type="tertiary"):
                del st.session_state[f"{key}-receipt"]
                st.rerun()


def receipt(row: Row) -> None:
    """A receipt: what, with whom, how, why, until when. `row`: of `receipts_of`."""
    st.markdown(plain(receipts.sentence(row)))
    if row["title"]:
        st.markdown(plain(row["title"]))
    st.markdown(plain(_("Legal basis: {why}").format(why=row["legal_basis"])))
    shared = _("Shared on {day}.").format(day=row["created_at"].date().isoformat())
    until = _("Until {until}.") if row["living"] else "{until}."
    st.markdown(plain(f"{shared} {until.format(until=row['until'])}"))


def revoke(session: Session, row: Row, key: str) -> None:
    """The button that ends a receipt; it asks once. `row`: of `receipts_of`."""
    if not (session.principal.may_edit and row["living"]):
        return
    asking = f"{key}-asking"
    if not st.session_state.get(asking):
        st.button(_("End this sharing"), key=f"{key}-revoke", on_click=_set, args=(asking, True))
        return
    st.markdown(plain(receipts.ending_sentence(row)))
    with st.container(horizontal=True):
        sure = st.button(_("End it now"), key=f"{key}-sure", type="primary")
        st.button(_("Keep sharing"), key=f"{key}-keep", on_click=_set, args=(asking, False))
    if not sure:
        return
    _set(asking, False)
    try:
        data.call(session, "revoke_sharing", sharing_id=row["id"])
    except StoreError as refusal:
        messages.problem(str(refusal))
    else:
        st.rerun()


def _set(name: str, value: bool) -> None:
    st.session_state[name] = value


# The mark -----------------------------------------------------------------------------------------


def standing(session: Session, row: Mapping[str, Any]) -> tuple[Level, list[str]]:
    """The fullest level at which a contribution is shared today, and the consortia that see it so.

    Only consortia of the member's own organisation are named.
    """
    names = data.consortium_names(session)
    until = row.get("shared_until")
    if until is None or until >= date.today():
        for level in _LEVELS:
            reached = [names[c] for c in row.get(_COLUMN_OF[level]) or () if c in names]
            if reached:
                return level, sorted(reached)
    return "private", []


def whose_words(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with a column `whose`: the mark in words, for a table."""
    columns = [c for c in (*_COLUMN_OF.values(), "shared_until") if c in frame.columns]
    different = frame.select(columns).unique()
    words = [
        messages.whose_text(*standing(session, row)) for row in different.iter_rows(named=True)
    ]
    marks = different.with_columns(whose=pl.Series(words, dtype=pl.String))
    return frame.join(marks, on=columns, how="left", nulls_equal=True, maintain_order="left")


def whose_mark(session: Session, row: Mapping[str, Any], relation: str, key: str) -> None:
    """The small mark beside a contribution; a click opens who sees it, why and until when.

    `row`: with id, organisation_id and the columns of data.with_sharing.
    """
    level, names = standing(session, row)
    with st.popover(messages.whose_badge(level, names), type="tertiary", key=f"{key}-whose"):
        if row["organisation_id"] != session.principal.organisation_id:
            _theirs(session, row, names)
        elif level == "private":
            st.markdown(_("Only your organisation sees this."))
        else:
            _mine(session, row, relation, key)


def _theirs(session: Session, row: Mapping[str, Any], names: Sequence[str]) -> None:
    owner = data.organisation_names(session).get(row["organisation_id"], _("another member"))
    shares = _("{organisation} shares this with {consortia}.")
    st.markdown(plain(shares.format(organisation=owner, consortia=", ".join(names))))


def _mine(session: Session, row: Mapping[str, Any], relation: str, key: str) -> None:
    covering = data.cached(session, _living_items).filter(
        (pl.col("item_id") == row["id"]) & (pl.col("relation") == relation)
    )
    for one in covering.iter_rows(named=True):
        sees = {level.code: level.sees for level in receipts.levels(relation)}[one["level"]]
        st.markdown(f"**{plain(one['consortium'])}**  \n{plain(sees)}")
        st.markdown(plain(_("Legal basis: {why}").format(why=one["legal_basis"])))
        st.markdown(plain(_("Until {until}.").format(until=one["until"])))
        if one["item_count"] > 1:
            together = ngettext(
                "Its receipt covers {n} contribution.",
                "Its receipt covers {n} contributions: ending it ends the sharing of all of them.",
                one["item_count"],
            )
            st.caption(together.format(n=f"{one['item_count']:,}"))
        revoke(session, {**one, "id": one["sharing_id"]}, f"{key}-{one['sharing_id']}")
