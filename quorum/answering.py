"""An assessment while a person fills it in: its parts, what may be stored, who changed what.

A form is a flat mapping of parts, so that each can be compared, merged and kept by itself:
the fields of FIELDS, "block:<code>" (codes of the chosen answers, in the questionnaire's order),
"note:<answer>" and "link:<answer>" (texts).
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from quorum.definitions import Questionnaire
from quorum.language import _, ngettext
from quorum.scoring import check_answers

Form = dict[str, Any]

SHARED_FIELDS = ("supplier_id", "respondent_kind", "company_name", "assessed_on", "other_actions")
PRIVATE_FIELDS = ("contact", "internal_note")
FIELDS = (*SHARED_FIELDS, *PRIVATE_FIELDS)
LONGEST_LINK = 1000


def form_of(
    questionnaire: Questionnaire, row: Mapping[str, Any], contact: Mapping[str, Any] | None
) -> Form:
    """The parts of a stored assessment (relations "assessment", "assessment_contact")."""
    form: Form = {field: row[field] for field in SHARED_FIELDS}
    form |= {field: (contact or {}).get(field, "") for field in PRIVATE_FIELDS}
    for block in questionnaire.blocks:
        form[f"block:{block.code}"] = [
            answer.code for answer in block.answers if answer.code in row["answers"]
        ]
    evidence = json.loads(row["evidence"] or "{}")
    for answer in questionnaire.answers:
        # A member can store any object past our form: what is no note and link is none.
        one = evidence.get(answer.code)
        for name in ("note", "link"):
            text = one.get(name) if isinstance(one, dict) else None
            form[f"{name}:{answer.code}"] = text if isinstance(text, str) else ""
    return form


def row_of(questionnaire: Questionnaire, form: Form, *, finished: bool = False) -> dict[str, Any]:
    """The columns of relation "assessment" that a form gives.

    A draft keeps the evidence of answers that are not chosen (any more), so that choosing them
    again brings it back; a `finished` one says nothing about them.
    """
    answers = chosen(questionnaire, form)
    evidence = {
        answer.code: {
            "note": _text(form, f"note:{answer.code}"),
            "link": _text(form, f"link:{answer.code}"),
        }
        for answer in questionnaire.answers
        if answer.code in answers or not finished
    }
    return {
        **{field: form[field] for field in SHARED_FIELDS},
        "answers": answers,
        "evidence": {code: one for code, one in evidence.items() if any(one.values())},
    }


def chosen(questionnaire: Questionnaire, form: Form) -> list[str]:
    """Codes of the chosen answers, in the order in which they are asked."""
    return [code for block in questionnaire.blocks for code in form.get(f"block:{block.code}", [])]


def storable(
    questionnaire: Questionnaire, typed: Form, stored: Form
) -> tuple[Form, dict[str, str]]:
    """`typed`, with the parts that may not be stored as they are in `stored`; and why, by part."""
    problems = {
        f"block:{block.code}": sentence
        for block in questionnaire.blocks
        for sentence in check_answers(questionnaire, typed.get(f"block:{block.code}", []))
    }
    problems |= {
        part: _not_a_link(str(text))
        for part, text in typed.items()
        if part.startswith("link:") and text and not is_web_address(str(text))
    }
    if typed["assessed_on"] is None:
        problems["assessed_on"] = _("The day of the answers is missing: choose one.")
    kept = {part: stored.get(part, "") for part in problems}
    return typed | kept, problems


def is_web_address(text: str) -> bool:
    """Whether it may become a link: http or https, with a host, and nothing that hides."""
    return len(text) <= LONGEST_LINK and bool(
        re.fullmatch(r"https?://[^\s/@\\]+(?:[/?#][^\s\\]*)?", text, re.IGNORECASE)
    )


def _not_a_link(text: str) -> str:
    shown = text if len(text) <= 60 else text[:60] + "…"
    return _(
        "“{text}” is no web address that can be opened: it must begin with https:// or http://. "
        "Correct it, or write it into the note."
    ).format(text=shown)


def missing(questionnaire: Questionnaire, form: Form) -> list[str]:
    """Sentences about what must be answered before the assessment can be finished."""
    return check_answers(questionnaire, chosen(questionnaire, form), complete=True)


def unnamed(questionnaire: Questionnaire, form: Form) -> list[str]:
    """Sentences about answers that claim tools, initiatives or stakeholders and name none.

    They do not stop anybody: the points count, but colleagues will ask.
    """
    labels = [
        answer.label
        for answer in map(questionnaire.answer, chosen(questionnaire, form))
        if answer.names and not _text(form, f"note:{answer.code}")
    ]
    if not labels:
        return []
    return [
        ngettext("“{answers}” names none yet.", "{answers} name none yet.", len(labels)).format(
            answers=labels[0] if len(labels) == 1 else ", ".join(f"“{label}”" for label in labels)
        )
    ]


# Two colleagues at one draft


def changes(before: Form, after: Form) -> Form:
    """The parts of `after` that are others than in `before`."""
    parts = dict.fromkeys([*before, *after])
    return {part: after.get(part) for part in parts if _value(before, part) != _value(after, part)}


def merged(base: Form, mine: Form, theirs: Form) -> tuple[Form, list[str]]:
    """`theirs` with all that I changed since `base`; and the parts that both of us changed."""
    my_changes = changes(base, mine)
    clashes = [
        part
        for part in my_changes
        if part in changes(base, theirs) and _value(mine, part) != _value(theirs, part)
    ]
    return theirs | my_changes, clashes


def described(questionnaire: Questionnaire, form: Form, supplier: str) -> dict[str, str]:
    """A form in words, label -> value, to show two versions of it side by side."""
    kinds = {kind.code: kind.text for kind in questionnaire.respondent_kinds}
    words = {
        _("Supplier"): supplier,
        _("Kind of respondent"): kinds.get(form["respondent_kind"], ""),
        _("Company that answered"): _text(form, "company_name"),
        _("Contact"): _text(form, "contact"),
        _("Day of the answers"): str(form["assessed_on"] or ""),
    }
    for block in questionnaire.blocks:
        words[block.text] = _labels(questionnaire, form.get(f"block:{block.code}", []))
    for answer in questionnaire.answers:
        words[_("Note: {answer}").format(answer=answer.label)] = _text(form, f"note:{answer.code}")
        words[_("Link: {answer}").format(answer=answer.label)] = _text(form, f"link:{answer.code}")
    words[questionnaire.open_question.text] = _text(form, "other_actions")
    words[_("Internal note")] = _text(form, "internal_note")
    return words


def _labels(questionnaire: Questionnaire, codes: Iterable[str]) -> str:
    return "; ".join(questionnaire.answer(code).label for code in codes)


def _text(form: Form, part: str) -> str:
    return str(form.get(part) or "").strip()


def _value(form: Form, part: str) -> Any:
    value = form.get(part)
    return value.strip() if isinstance(value, str) else value or None
