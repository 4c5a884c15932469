"""The spreadsheet of assessments that the product hands out: one row per supplier, one column per
answer of the questionnaire. What each column asks stands in its comment and on its second sheet.
"""

import io
from datetime import date

import xlsxwriter

from quorum.definitions import Answer, Block, Questionnaire, current
from quorum.language import _

FIRST_YEAR = 2000  # an older date is a slip of the pen: the questionnaire is of 2025
_ROWS = 1000  # that have lists to choose from


def headers() -> dict[str, str]:
    """The columns beside the answers: field and header, in the order of the template."""
    return {
        "supplier": _("Supplier"),
        "lei": _("LEI"),
        "respondent_kind": _("Kind of respondent"),
        "company_name": _("Company name"),
        "contact": _("Contact"),
        "assessed_on": _("Date"),
        "other_actions": _("Other actions"),
        "evidence_link": _("Link to evidence"),
    }


def example_supplier() -> str:
    """What stands in the first cell of the example row, which is never imported."""
    return _("EXAMPLE (this row is not imported)")


def template(questionnaire: Questionnaire | None = None) -> bytes:
    """An xlsx workbook to fill in: sheets "Assessments" (with an example) and how to fill it in."""
    questionnaire = questionnaire or current()
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False}) as workbook:
        _assessment_sheet(workbook, questionnaire)
        _help_sheet(workbook, questionnaire)
    return file.getvalue()


def _assessment_sheet(workbook: xlsxwriter.Workbook, questionnaire: Questionnaire) -> None:
    sheet = workbook.add_worksheet(_("Assessments"))
    fields = _template_columns(questionnaire)
    header = {"bold": True, "text_wrap": True, "valign": "bottom", "bottom": 1}
    # Two greys in turn show which answers belong to one question.
    shades = [
        workbook.add_format(header | {"bg_color": colour}) for colour in ("#EDEDED", "#DADADA")
    ]
    day = workbook.add_format({"num_format": "yyyy-mm-dd"})
    example = workbook.add_format({"italic": True, "font_color": "#595959"})
    blocks = [None, *questionnaire.blocks]
    for column, (key, text, block, comment) in enumerate(fields):
        sheet.write_string(0, column, text, shades[blocks.index(block) % 2])
        sheet.write_comment(0, column, comment, {"x_scale": 2, "y_scale": 1.5})
        sheet.set_column(column, column, 12 if block else 22, day if key == "assessed_on" else None)
        _validate(sheet, column, key, questionnaire)
    for column, text in enumerate(_example(fields, questionnaire)):
        sheet.write_string(1, column, text, example)
    sheet.set_row(0, 64)
    sheet.freeze_panes(1, 1)


_Column = tuple[str, str, Block | None, str]


def _template_columns(questionnaire: Questionnaire) -> list[_Column]:
    """Field or answer code, header, block and comment of every column, left to right."""
    comments = _field_help(questionnaire)
    fields: list[_Column] = [
        (field, header, None, comments[field]) for field, header in headers().items()
    ]
    answers: list[_Column] = [
        (answer.code, answer.label, block, f"{block.text}\n{answer.text} {answer.help}")
        for block in questionnaire.blocks
        for answer in block.answers
    ]
    last = [field for field in fields if field[0] in ("other_actions", "evidence_link")]
    return [*(field for field in fields if field not in last), *answers, *last]


def _field_help(questionnaire: Questionnaire) -> dict[str, str]:
    kinds = ", ".join(f"“{kind.text}”" for kind in questionnaire.respondent_kinds)
    return {
        "supplier": _("The supplier's name as in the register. Needed, unless the LEI is given."),
        "lei": _("Legal Entity Identifier, 20 letters and digits. It is surer than the name."),
        "respondent_kind": _("Who answered: {kinds}. Needed: points depend on it.").format(
            kinds=kinds
        ),
        "company_name": _("The company that answered. Left empty, the supplier itself."),
        "contact": _("Who answered there. Only your own organisation sees it."),
        "assessed_on": _("The day of the answers, as year-month-day. Needed."),
        "other_actions": f"{questionnaire.open_question.text} {questionnaire.open_question.help}",
        "evidence_link": _("A web address that supports the answers of this row."),
    }


def _validate(
    sheet: xlsxwriter.worksheet.Worksheet, column: int, key: str, questionnaire: Questionnaire
) -> None:
    rule: dict[str, object] | None = None
    if key == "respondent_kind":
        kinds = [kind.text for kind in questionnaire.respondent_kinds]
        rule = {"validate": "list", "source": kinds}
    elif key == "assessed_on":
        rule = {
            "validate": "date",
            "criteria": ">=",
            "value": date(FIRST_YEAR, 1, 1),
            "error_message": _("Write a day, for example 2025-03-31."),
        }
    elif answer := _answer(questionnaire, key):
        # Where names are asked they may stand in place of the x.
        rule = {"validate": "list", "source": ["x"], "show_error": not answer.names}
    if rule:
        sheet.data_validation(2, column, _ROWS, column, rule)


def _answer(questionnaire: Questionnaire, code: str) -> Answer | None:
    return next((answer for answer in questionnaire.answers if answer.code == code), None)


def _example(fields: list[_Column], questionnaire: Questionnaire) -> list[str]:
    values = {
        "supplier": example_supplier(),
        "respondent_kind": questionnaire.respondent_kinds[0].text,
        "company_name": _("Northwind Devices"),
        "contact": "sourcing@northwind.example",
        "assessed_on": "2025-03-31",
        "evidence_link": "https://northwind.example/report",
    }
    # The second answer of each block: the first one is often "nothing".
    marks = {block.answers[1].code: "x" for block in questionnaire.blocks}
    return [(values | marks).get(key, "") for key, *_rest in fields]


def _help_sheet(workbook: xlsxwriter.Workbook, questionnaire: Questionnaire) -> None:
    sheet = workbook.add_worksheet(_("How to fill this in"))
    bold = workbook.add_format({"bold": True})
    wrap = workbook.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 30, wrap)
    sheet.set_column(1, 1, 100, wrap)
    lines: list[tuple[str, str]] = [
        (questionnaire.title, ""),
        ("", _("Source: {source}").format(source=questionnaire.source)),
        ("", _("One row per supplier. Write x in the column of each answer that applies.")),
        ("", _("Keep the first row as it is. The example in row 2 is skipped; you may delete it.")),
        ("", ""),
        *((text, _field_help(questionnaire)[field]) for field, text in headers().items()),
    ]
    for block in questionnaire.blocks:
        lines += [("", ""), (block.text, block.help)]
        lines += [(answer.label, _answer_help(answer)) for answer in block.answers]
    headings = {questionnaire.title, *(block.text for block in questionnaire.blocks)}
    for row, (left, right) in enumerate(lines):
        sheet.write_string(row, 0, left, bold if left in headings else wrap)
        sheet.write_string(row, 1, right, wrap)


def _answer_help(answer: Answer) -> str:
    names = _("You may write the names in the cell instead of an x.") if answer.names else ""
    return " ".join(filter(None, (answer.text, answer.help, names)))
