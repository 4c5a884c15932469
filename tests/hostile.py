"""Files that are odd, and files that are made to hurt, as bytes."""

import io
import struct
import zipfile
from collections.abc import Iterable, Mapping

import xlsxwriter

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n" + bytes(range(256))
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
OLD_XLS = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000)
LOCKED_XLSX = OLD_XLS + "EncryptedPackage".encode("utf-16-le")
WEB_PAGE = b"<html><body><table><tr><td>name</td></tr></table></body></html>"


def sheet_xml(rows: Iterable[str], after: str = "") -> str:
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(rows)}</sheetData>{after}</worksheet>'


def raw_workbook(sheet: str | bytes, extra: Mapping[str, str | bytes] | None = None) -> bytes:
    """An xlsx whose only sheet, "Sheet", is the XML given, however wrong that is."""
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="application/'
        'vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r" '
        f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>'
        '<sheet name="Sheet" sheetId="1" r:id="s"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="s" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="t" Type="{_RELATIONS}/sharedStrings" Target="sharedStrings.xml"/>'
        "</Relationships>",
        "xl/worksheets/sheet1.xml": sheet,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        for name, text in (parts | dict(extra or {})).items():
            book.writestr(name, text)
    return buffer.getvalue()


def workbook(
    sheets: Mapping[str, list[list[object]]],
    hidden: Iterable[str] = (),
    merged: Iterable[str] = (),
) -> bytes:
    """An ordinary xlsx: rows of cells per sheet; `merged` are ranges of the first sheet."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, value in enumerate(row):
                    if hasattr(value, "year"):
                        sheet.write_datetime(number, column, value, day)
                    elif isinstance(value, str):
                        sheet.write_string(number, column, value)
                    else:
                        sheet.write(number, column, value)
            if name in hidden:
                sheet.hide()
            else:
                sheet.activate()
            if merged and name not in hidden:
                for area in merged:
                    sheet.merge_range(area, "merged")
                merged = ()
    return buffer.getvalue()


def zip_bomb() -> bytes:
    """60 MB of blanks in a workbook of some 300 KB."""
    return raw_workbook(b"<worksheet>" + b" " * 60_000_000 + b"</worksheet>")


def lying_zip_bomb() -> bytes:
    """A bomb whose table of contents says that it unpacks to a thousand bytes."""
    content = bytearray(zip_bomb())
    at = content.index(b"PK\x01\x02")
    while at != -1:
        size = struct.unpack_from("<I", content, at + 24)[0]
        if size > 1_000_000:
            struct.pack_into("<I", content, at + 24, 1_000)
        at = content.find(b"PK\x01\x02", at + 4)
    return bytes(content)


def many_parts() -> bytes:
    return raw_workbook(sheet_xml([]), {f"xl/media/{n}.xml": "" for n in range(2_500)})


def entity_bomb() -> bytes:
    """Entities that refer to entities: a gigabyte of text when they are followed."""
    levels = "".join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' if n else '<!ENTITY e0 "lol">' for n in range(10)
    )
    return raw_workbook(
        sheet_xml([]),
        {"xl/workbook.xml": f"<!DOCTYPE w [{levels}]><workbook>&e9;</workbook>"},
    )


def long_shared_text(length: int, cells: int) -> bytes:
    """One text of `length` characters that `cells` cells point to: each gets a copy of it."""
    rows = (f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, cells + 1))
    return raw_workbook(
        sheet_xml(rows),
        {"xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}"><si><t>{"x" * length}</t></si></sst>'},
    )


def far_apart() -> bytes:
    """Two cells in opposite corners of the largest sheet there can be: 17,000 million between."""
    return raw_workbook(
        sheet_xml(
            [
                '<row r="1"><c r="A1"><v>1</v></c></row>',
                '<row r="1048576"><c r="XFD1048576"><v>2</v></c></row>',
            ]
        )
    )


def tall_workbook(rows: int) -> bytes:
    return raw_workbook(
        sheet_xml(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(1, rows + 1))
    )


def uncomputed_formulas() -> bytes:
    """name and country in row 1; row 2 has a formula with a result, row 3 one without."""
    text = '<c r="{0}" t="inlineStr"><is><t>{1}</t></is></c>'
    return raw_workbook(
        sheet_xml(
            [
                f'<row r="1">{text.format("A1", "name")}{text.format("B1", "country")}</row>',
                f'<row r="2">{text.format("A2", "Works")}'
                '<c r="B2" t="str"><f>"N"&amp;"L"</f><v>NL</v></c></row>',
                f'<row r="3">{text.format("A3", "Plant")}<c r="B3"><f>B2</f></c></row>',
            ]
        )
    )


def tall_csv(rows: int) -> bytes:
    return b"name,country\n" + b"Works,NL\n" * rows


def archive(parts: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as book:
        for name, text in parts.items():
            book.writestr(name, text)
    return buffer.getvalue()
