"""Workbooks made by hand, part by part: what other programs write, and damage."""

import zipfile
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT = "http://purl.oclc.org/ooxml/officeDocument/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def row(number: int, *cells: object, more: str = "") -> str:
    """A row: text as text, numbers as numbers, XML (`<c …>`) as it is, None absent."""
    written = []
    for at, cell in enumerate(cells):
        place = f"{chr(65 + at)}{number}"
        if isinstance(cell, str) and cell.startswith("<c"):
            written.append(cell.replace("<c", f'<c r="{place}"', 1))
        elif isinstance(cell, str):
            text = f"<is><t>{escape(cell)}</t></is>"
            written.append(f'<c r="{place}" t="inlineStr">{text}</c>')
        elif cell is not None:
            written.append(f'<c r="{place}"><v>{cell}</v></c>')
    return f'<row r="{number}"{more}>{"".join(written)}</row>'


def make(
    path: Path,
    sheets: dict[str, str],
    *,
    head: str = "",
    tail: str = "",
    book: str = "",
    hidden: tuple[str, ...] = (),
    relations: str = OFFICE,
    **parts: str | bytes,
) -> Path:
    """A workbook at `path`: name of a sheet → its rows.

    `head` and `tail` stand before and after the rows of each sheet, `book` in the list
    of sheets; `styles` and `texts` are parts, `replace_…` exchange one by its number.
    """
    listed, links, files = [], [], {}
    for n, (name, rows) in enumerate(sheets.items(), start=1):
        state = ' state="hidden"' if name in hidden else ""
        listed.append(
            f'<sheet name={quoteattr(name)} sheetId="{n}"{state} r:id="rId{n}"/>'
        )
        target = f"worksheets/sheet{n}.xml"
        links.append((f"rId{n}", "worksheet", target))
        files[f"xl/{target}"] = (
            f'<worksheet xmlns="{MAIN}">{head}<sheetData>{rows}</sheetData>{tail}'
            "</worksheet>"
        )
    for name, kind in (("texts", "sharedStrings"), ("styles", "styles")):
        if name in parts:
            links.append((kind, kind, f"/xl/{kind}.xml"))
            files[f"xl/{kind}.xml"] = parts.pop(name)
    files["xl/_rels/workbook.xml.rels"] = _link(links, relations)
    files["_rels/.rels"] = _link(
        [("r", "officeDocument", "xl/workbook.xml")], relations
    )
    files["[Content_Types].xml"] = "<Types/>"
    files["xl/workbook.xml"] = (
        f'<?xml version="1.0"?><workbook xmlns="{MAIN}" xmlns:r="{relations}">{book}'
        f"<sheets>{''.join(listed)}</sheets></workbook>"
    )
    for name, content in parts.items():
        files[f"xl/worksheets/sheet{name.removeprefix('replace_')}.xml"] = content
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in files.items():
            out.writestr(name, content)
    return path


def _link(links: list[tuple[str, str, str]], relations: str) -> str:
    each = "".join(
        f'<Relationship Id="{name}" Type="{relations}/{kind}" Target="{target}"/>'
        for name, kind, target in links
    )
    return f'<Relationships xmlns="{PACKAGE}">{each}</Relationships>'


def styles(*formats: str | int) -> str:
    """Styles 0, 1, …: a format's code, or the number of one that Excel knows."""
    codes = "".join(
        f'<numFmt numFmtId="{200 + n}" formatCode={quoteattr(one)}/>'
        for n, one in enumerate(formats)
        if isinstance(one, str)
    )
    cells = "".join(
        f'<xf numFmtId="{200 + n if isinstance(one, str) else one}"/>'
        for n, one in enumerate(formats)
    )
    return (
        f'<styleSheet xmlns="{MAIN}"><numFmts>{codes}</numFmts>'
        f'<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>{cells}</cellXfs>'
        "</styleSheet>"
    )
