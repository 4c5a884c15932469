"""The sections of the method page, told from the definitions."""

import polars as pl
import streamlit as st

from components import data
from components.contributions import relation_names
from components.messages import plain
from components.session import Session
from quorum import method, receipts, scoring
from quorum.definitions import Questionnaire
from quorum.language import _


def paragraphs(*texts: str) -> None:
    for text in texts:
        st.markdown(plain(text))


def bullets(*texts: str) -> None:
    st.markdown("\n".join(f"- {plain(text)}" for text in texts))


def reading_table(frame: pl.DataFrame, labels: dict[str, str]) -> None:
    """A small table to read from top to bottom: its cells wrap."""
    cells = pl.all().map_elements(plain, return_dtype=pl.String)
    st.table(frame.select(cells).select(pl.col(c).alias(plain(labels[c])) for c in labels))


def questionnaire(version: Questionnaire) -> None:
    st.subheader(_("Supplier questionnaire"))
    paragraphs(
        _("{title}, in use since {day}. Points depend on who answers.").format(
            title=version.title, day=version.in_use_since.isoformat()
        ),
        *method.borrowed_kinds(version),
        method.reconstructed(version),
    )
    for block in version.blocks:
        dimension = version.dimension(block.dimension).text
        with st.expander(plain(f"{block.text} ({dimension})")):
            st.caption(plain(method.rule(block)))
            columns = {
                "answer": _("Answer"), **method.scored_kinds(version), "origin": _("Figures")
            }  # fmt: skip
            reading_table(method.points_table(version, block), columns)
    st.caption(plain(_("Noted and never scored: {text}").format(text=version.open_question.text)))


def bands(version: Questionnaire) -> None:
    st.subheader(_("Bands and the overall level"))
    columns = {
        "dimension": _("Dimension"),
        "band": _("Band"),
        "points": _("Points"),
        "meaning": _("Meaning"),
    }
    reading_table(method.bands_table(version), columns)
    paragraphs(
        *(f"{dimension.text}: {note}" for dimension, note in method.gap_notes(version)),
        _(
            "The source has no rule that makes one level of three bands. Ours: the overall level "
            "is the lowest band, and it stands beside all three. A score is worked out from the "
            "answers each time it is shown, and never stored."
        ),
        _(
            "An assessment older than {n} days counts as stale. Members' assessments of one "
            "supplier are not averaged: the consortium's picture runs from the lowest to the "
            "highest band that any member's latest assessment allows."
        ).format(n=scoring.STALE_AFTER_DAYS),
    )


def levels() -> None:
    st.subheader(_("Who sees what"))
    paragraphs(
        _(
            "What an organisation enters is private until it is shared: with a named consortium, "
            "at a level, for a stated reason, until a day. The register of suppliers is common to "
            "all, and says nothing about who buys what."
        )
    )
    rows = [
        {"kind": name, "level": level.label, "sees": level.sees}
        for relation, name in relation_names().items()
        for level in receipts.levels(relation)
    ]
    columns = {"kind": _("Kind"), "level": _("Level"), "sees": _("What others see")}
    reading_table(pl.DataFrame(rows), columns)
    paragraphs(
        _(
            "Drafts, contacts and internal notes are never shared. The rules stand in the "
            "database: every page, chart, count and download asks it anew, as the member who looks."
        )
    )


def sites_and_leverage(session: Session) -> None:
    st.subheader(_("Which sites are the same"))
    paragraphs(
        _(
            "Rows of different lists are one site when they carry the same OS ID, or when country, "
            "name and address are the same but for case, accents and punctuation. Nothing is "
            "guessed: two spellings of a name stay two sites."
        )
    )
    st.subheader(_("What leverage figures mean"))
    edges = data.rows(session, "spend_band", "low")["low"].to_list()
    paragraphs(
        _(
            "Added up are your own spend, lines that members share as records, and the size "
            "classes that others share. With a class in it, a total is a range. It is a share of "
            "the supplier's turnover only where a turnover of that year and currency is known, "
            "with its source. Currencies and years are never mixed, and nothing is converted."
        ),
        _("The size classes begin at {edges}, in the currency of the lines.").format(
            edges=", ".join(f"{edge:,.0f}" for edge in edges)
        ),
        _(
            "What members share as aggregate only is in no figure yet, so every total is a lower "
            "view of the whole."
        ),
    )


def unknown() -> None:
    st.subheader(_("What Quorum does not know"))
    bullets(
        _("Whether an answer is true. Evidence notes and links help to judge; nobody has audited."),
        _("What members did not enter or do not share. No data is not zero."),
        _("Whether a supplier's list of sites is complete, or still right after its date."),
        _("Which part of what a reseller sells comes from which brand."),
        _("What somebody does with a table once it is downloaded."),
    )


def sources(version: Questionnaire) -> None:
    st.subheader(_("Sources"))
    facts = {fact.source: fact.link for fact in receipts.facts()}
    known = {
        version.source: "https://circularandfairictpact.com/",
        _("Open Supply Hub: identifiers of sites and the template for lists"): (
            "https://opensupplyhub.org/"
        ),
        **facts,
    }
    st.markdown("\n".join(f"- [{plain(title)}]({address})" for title, address in known.items()))
    st.caption(_("Facts and figures are theirs; the wording of questions and labels is our own."))
