"""If a tender accepts these initiatives, what do they cover, and what is left to ask?"""

from datetime import date

import streamlit as st

from components import data, filters, initiatives
from components.messages import empty, foot, plain
from components.session import Session, require_session
from quorum.definitions.rubrics import STARS
from quorum.exports import equivalence as files
from quorum.initiatives import Note, equivalence, evidence_table
from quorum.language import _


def note(
    session: Session, option: str, accepted: tuple[str, ...], threshold: float, subject: str
) -> Note:
    names, who = data.initiative_names(session), session.principal
    rubric = initiatives.rubric_of(session, option)
    return equivalence(
        {key: names[key] for key in accepted}, data.cached(session, initiatives.latest, option),
        rubric, threshold, due=initiatives.due_flags(rubric), subject=subject,
        author=f"{who.name}, {who.organisation}", made_on=date.today(),
        sources=data.cached(session, initiatives.sources, option, accepted, None),
    )  # fmt: skip


def show(session: Session, made: Note) -> None:
    for lead in made.leads:
        st.markdown(f"- **{plain(lead.initiative)}:** {plain(lead.sentence)}")
    result = f"{plain(made.result)} " if len(made.accepted) > 1 else ""
    st.markdown(result + plain(made.reading))
    for verdict in made.verdicts:
        lines = [f"**{plain(verdict.criterion)}: {plain(verdict.word)}**"]
        lines += [plain(one.sentence) for one in verdict.evidence]
        if verdict.ask:
            lines.append(f"*{plain(_('Ask'))}:* {plain(verdict.ask)} ({plain(verdict.of_whom)})")
        st.markdown("  \n".join(lines))
    with st.expander(_("The figures as a table")):
        columns = {
            "criterion": _("Criterion"), "initiative": _("Initiative"), "verdict": _("Verdict"),
            "stars": _("Median, stars"), "low": _("Lowest"), "high": _("Highest"),
            "raters": _("Raters"), "newest": initiatives.day_column(_("Newest rating")),
            "due": _("Due again"), "ask": _("What remains"),
        }  # fmt: skip
        initiatives.shown_table(
            session, evidence_table(made), columns, made.title, "evidence", made.sources
        )
    with st.container(horizontal=True):
        st.download_button(
            _("Note to work on (docx)"), lambda: files.to_docx(made),
            files.file_name(made, "docx"), files.DOCX, key="note-docx", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            _("Note to file (pdf)"), lambda: files.to_pdf(made), files.file_name(made, "pdf"),
            files.PDF, key="note-pdf", on_click="ignore",
        )  # fmt: skip


def main() -> None:
    session = require_session()
    data.ahead(session, *initiatives.RELATIONS)
    st.title(_("Equivalent evidence"))
    st.markdown(
        _("If a tender accepts this as evidence, what does it cover, and what is left to ask?")
    )
    names = filters.told_apart(data.initiative_names(session))
    chosen = st.multiselect(
        _("Initiatives that the tender accepts"), list(names), key="equivalence_accepted",
        format_func=lambda one: names.get(one, ""), bind="query-params",
        placeholder=_("Choose one or more"),
    )  # fmt: skip
    with filters.row():
        option = initiatives.rubric_choice(session, "equivalence_rubric")
        threshold = st.select_slider(
            _("Covered from, in stars"), list(STARS), 2.5, key="equivalence_threshold",
            format_func=lambda one: f"{one:g}", bind="query-params", width=320,
        )  # fmt: skip
        subject = st.text_input(
            _("Tender or product (optional)"), key="equivalence_subject", max_chars=200, width=280
        )
    accepted = tuple(key for key in chosen if key in names)
    if accepted:
        made = data.cached(session, note, option, accepted, float(threshold), subject)
        show(session, made)
    else:
        empty(
            _("Choose what the tender accepts"),
            _(
                "Then stand here the criteria, by whose ratings each is covered, and the questions "
                "that remain for bidders; to take along as a document."
            ),
        )
    of_what = (accepted, None) if accepted else ()
    foot(
        data.cached(session, initiatives.sources, option, *of_what), date.today(),
        withheld=_("ratings that other members have not shared with you"),
    )  # fmt: skip


main()
