"""sources/workbook.py, sheet.py, known.py, package.py: Excel files, kind or hostile."""

import io
import zipfile
from pathlib import Path

import pytest

from federation.errors import FormatError
from federation.sources import known, package, sheet
from federation.sources.csv import Cells
from federation.sources.package import is_package
from federation.sources.row import Bad, Remark
from federation.sources.workbook import Workbook
from tests.sources import books

make, row, styles, MAIN = books.make, books.row, books.styles, books.MAIN
HERE = Path(__file__).parent / "workbooks"
HEADER = row(1, "kode", "01", "02")
CODE = "1371011001001"


@pytest.fixture
def read(tmp_path):
    """Makes a workbook and reads it; `sheet` and `is_header` are the reader's."""

    def work(sheets, *, sheet=None, is_header=None, **parts):
        if isinstance(sheets, str):
            sheets = {"Hasil": sheets}
        path = make(tmp_path / "f.xlsx", sheets, **parts)
        with Workbook(path, sheet) as book:
            if is_header:
                book.find_header(is_header)
            return book.header, list(book.rows())

    return work


def cells(rows):
    return [line.cells for line in rows if isinstance(line, Cells)]


def codes(rows):
    return [line.code for line in rows if isinstance(line, (Bad, Remark))]


def test_rows_have_the_numbers_of_the_sheet(read):
    header, rows = read(HEADER + row(2, CODE, 127, 27) + "<row r='5'/>" + row(9, CODE))
    assert header == ["kode", "01", "02"]
    assert rows == [Cells(2, [CODE, "127", "27"]), Cells(9, [CODE, "", ""])]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("<c><v>1371011001001</v></c>", CODE),
        ("<c><v>1.371011001001E12</v></c>", CODE),
        ("<c><v>127.0</v></c>", "127"),
        ("<c><v>12.5</v></c>", "12.5"),
        ('<c t="b"><v>1</v></c>', "TRUE"),
        ('<c t="b"><v>0</v></c>', "FALSE"),
        ('<c t="e"><v>#REF!</v></c>', "#REF!"),
        ('<c t="str"><f>A1</f><v>127</v></c>', "127"),
        ("<c><f>SUM(B1:C1)</f><v>154</v></c>", "154"),
        ('<c t="str"><f>""</f><v></v></c>', ""),
        ("<c><f>SUM(B1:C1)</f></c>", "=SUM(B1:C1)"),
        ('<c><f t="shared" si="0"/></c>', "=?"),
        ('<c t="d"><v>2019-04-17T20:15:02</v></c>', "2019-04-17 20:15:02"),
        ('<c s="1"><v>43572.84377314815</v></c>', "2019-04-17 20:15:02"),
        ('<c s="2"><v>43572</v></c>', "2019-04-17"),
        ('<c s="3"><v>7</v></c>', "7"),
        ('<c s="99"><v>7</v></c>', "7"),
        ('<c t="s"><v>0</v></c>', "tebal"),
        ('<c t="s"><v>1</v></c>', "tps"),
        (
            '<c t="inlineStr"><is><r><t>a</t></r><r><t> b</t></r><rPh/></is></c>',
            "a b",
        ),
        ('<c t="inlineStr"><is><t>_x000D_</t></is></c>', "\r"),
        ("<c/>", ""),
        ("<c><v></v></c>", ""),
    ],
)
def test_a_cell_is_what_a_person_reads_there(read, cell, text):
    texts = (
        f'<sst xmlns="{MAIN}"><si><r><t>te</t></r><r><t>bal</t></r></si>'
        "<si><t>tps</t><rPh sb='0' eb='1'><t>ティ</t></rPh></si></sst>"
    )
    _, rows = read(
        HEADER + row(2, CODE, cell),
        texts=texts,
        styles=styles(0, "dd/mm/yyyy hh:mm:ss", 14, "000"),
    )
    assert cells(rows) == [[CODE, text, ""]]


def test_a_workbook_of_the_years_from_1904_on_says_so(read):
    _, rows = read(
        HEADER + row(2, CODE, '<c s="0"><v>42110</v></c>'),
        styles=styles(14),
        book='<workbookPr date1904="1"/>',
    )
    assert cells(rows) == [[CODE, "2019-04-17", ""]]


def test_a_value_that_waits_to_be_calculated_is_none(read):
    # Programs write 0 beside a formula and leave it to Excel: nobody counted that 0.
    waiting = row(2, CODE, 127, "<c><f>B2-100</f><v>0</v></c>")
    _, rows = read(HEADER + waiting, book='<calcPr fullCalcOnLoad="1"/>')
    assert cells(rows) == [[CODE, "127", "=B2-100"]]
    assert codes(rows) == ["formulas"]
    assert "C2" in rows[-1].reason
    _, rows = read(HEADER + waiting, book='<calcPr calcId="191029"/>')
    assert cells(rows) == [[CODE, "127", "0"]]


def test_what_a_person_may_overlook_is_read_and_told(read):
    _, rows = read(
        HEADER + row(2, CODE, 1, more=' hidden="1"') + row(3, CODE, 2),
        head='<cols><col min="3" max="16384" hidden="1"/></cols>',
        tail='<mergeCell ref="A2:A3"/><mergeCell ref="B1:C1"/>',
    )
    assert len(cells(rows)) == 2
    said = {line.code: line.reason for line in rows if isinstance(line, Remark)}
    assert set(said) == {"hidden-rows", "hidden-columns", "merged"}
    assert "first are 2" in said["hidden-rows"]
    assert "'02'" in said["hidden-columns"]
    assert "A2:A3" in said["merged"]
    assert "B1:C1" not in said["merged"]


@pytest.mark.parametrize(
    ("sheets", "hidden", "chosen"),
    [
        ({"a": HEADER, "b": ""}, (), "a"),
        ({"a": "", "b": HEADER}, (), "b"),
        ({"a": "<row r='1'><c r='A1' s='3'/></row>", "b": HEADER}, (), "b"),
        ({"a": HEADER, "b": HEADER}, ("a",), "b"),
        ({"a": HEADER}, (), "a"),
    ],
)
def test_the_only_sheet_that_holds_anything_is_read(tmp_path, sheets, hidden, chosen):
    path = make(tmp_path / "f.xlsx", sheets, hidden=hidden)
    with Workbook(path) as book:
        assert book.sheet.name == chosen
        said = codes(book.rows())
    assert said == (["hidden-sheets"] if hidden else [])


@pytest.mark.parametrize(
    ("sheets", "hidden", "named", "why"),
    [
        ({"Padang": HEADER, "Poso": HEADER}, (), None, "'Padang', 'Poso'"),
        ({"Padang": HEADER}, ("Padang",), None, "--sheet"),
        ({"Padang": HEADER}, (), "padang", "no sheet 'padang'; there are 'Padang'"),
        ({"Padang": ""}, (), None, "no sheet of this workbook holds anything"),
        ({"Padang": ""}, (), "Padang", "no sheet of this workbook holds anything"),
        ({}, (), None, "no sheet"),
    ],
)
def test_a_sheet_that_is_not_clear_is_refused_by_names(
    tmp_path, sheets, hidden, named, why
):
    path = make(tmp_path / "f.xlsx", sheets, hidden=hidden)
    with pytest.raises(FormatError, match=why):
        Workbook(path, named)


@pytest.mark.parametrize("name", ["Poso", " Poso ", "Rekap & <Hasil>"])
def test_a_sheet_is_read_by_its_name(read, name):
    sheets = {"Padang": HEADER, name: HEADER + row(2, CODE, 5)}
    assert cells(read(sheets, sheet=name)[1]) == [[CODE, "5", ""]]


def is_header(cells):
    return "kode" in cells


def test_titles_above_the_header_are_told(read):
    above = row(1, "REKAPITULASI") + row(3, None, "Kota Padang")
    body = row(4, "kode", "01") + row(5, CODE, 3)
    header, rows = read(above + body, is_header=is_header)
    assert header == ["kode", "01"]
    assert cells(rows) == [[CODE, "3"]]
    assert rows[0].row == 4
    assert "'REKAPITULASI'; 'Kota Padang'" in rows[0].reason


def test_without_a_header_that_is_known_it_is_the_first_row(read):
    body = row(2, "a", "b") + row(3, 1, 2) + row(4, 3, 4)
    header, rows = read(body, is_header=is_header)
    assert header == ["a", "b"]
    assert rows == [Cells(3, ["1", "2"]), Cells(4, ["3", "4"])]
    many = "".join(row(n, "x") for n in range(1, 60))
    _, rows = read(many, is_header=is_header)
    assert [line.row for line in rows] == list(range(2, 60))


def test_a_row_that_is_wider_than_the_header_is_refused(read):
    _, rows = read(HEADER + row(2, CODE, 1, 2, 3) + row(3, CODE, 1, 2, " "))
    assert [(line.row, type(line)) for line in rows] == [(2, Bad), (3, Cells)]


def test_other_writers_write_other_xml(tmp_path):
    plain = HEADER + row(2, CODE, 127)
    path = make(tmp_path / "strict.xlsx", {"a": plain}, relations=books.STRICT)
    with Workbook(path) as book:
        assert cells(book.rows()) == [[CODE, "127", ""]]
    prefixed = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row><x:c t="inlineStr"><x:is>'
        "<x:t>kode</x:t></x:is></x:c></x:row><x:row><x:c><x:v>7</x:v></x:c></x:row>"
        "</x:sheetData></x:worksheet>"
    )
    path = make(tmp_path / "prefix.xlsx", {"a": ""}, replace_1=prefixed)
    with Workbook(path) as book:
        assert (book.header, list(book.rows())) == (["kode"], [Cells(2, ["7"])])
    wide = prefixed.encode("utf-16")
    path = make(tmp_path / "utf16.xlsx", {"a": ""}, replace_1=wide)
    with Workbook(path) as book:
        assert book.header == ["kode"]


def test_a_real_file_of_xlsxwriter_is_read():
    with Workbook(HERE / "xlsxwriter.xlsx") as book:
        book.find_header(lambda cells: "01" in cells)
        rows = list(book.rows())
    assert book.header[:4] == ["Kode TPS", "No", "01", "02"]
    assert cells(rows) == [
        [CODE, "7", "127", "27", "2019-04-17 20:15:02", "gab", "20:15:00",
         "=SUM(C3:D3)", "TRUE", "=1/0", "tebal"],
        ["1371011001002", "", "0.3", "154", *[""] * 6,
         "a\rb <&> _x000D_"],
    ]  # fmt: skip
    assert set(codes(rows)) == {
        *("titles", "hidden-sheets", "hidden-rows", "hidden-columns"),
        *("merged", "formulas"),
    }


def test_a_real_file_of_openpyxl_is_read():
    with Workbook(HERE / "openpyxl.xlsx") as book:
        rows = list(book.rows())
    assert cells(rows) == [
        [CODE, "1", "2", "2019-04-17 20:15:02", "=SUM(B2:C2)"],
        ["1371011001002", "3", "4", "2019-04-17", ""],
    ]


def test_a_real_file_of_libreoffice_is_read():
    with Workbook(HERE / "libreoffice.xlsx") as book:
        rows = list(book.rows())
    assert book.header == ["kode", "1", "2", "sah", "waktu", "petugas"]
    assert rows == [
        Cells(2, [CODE, "127", "27", "154", "2019-04-17 20:15:02", "Sri"]),
        Cells(3, ["1371011001002", "0", "154", "154", "2019-04-17", 'a "b" & <c>']),
        Cells(4, ["1371011001003", "", "", "", "20:15:00", ""]),
    ]


def test_progress_ends_at_the_size_of_the_file(tmp_path):
    path = make(tmp_path / "f.xlsx", {"a": HEADER + row(2, CODE)})
    with Workbook(path) as book:
        assert book.total == path.stat().st_size
        list(book.rows())
        assert book.done == book.total


def zipped(*names, content="x"):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name in names:
            file.writestr(name, content)
    return out.getvalue()


def spoilt():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("[Content_Types].xml", "<Types/>" * 50)
        file.writestr("_rels/.rels", "<Relationships/>" * 50)
    data = bytearray(out.getvalue())
    data[120:130] = b"\xff" * 10
    return bytes(data)


def misnamed():
    """A part that says its name is UTF-8, and has a byte in it that is not."""
    data = bytearray(zipped("[Content_Types].xml", "_rels/.rels"))
    local, central = (data.rindex(mark) for mark in (b"PK\x03\x04", b"PK\x01\x02"))
    data[local + 7] |= 0x08
    data[central + 9] |= 0x08
    data[local + 30] = 0xFF
    return bytes(data)


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (OLE + b"\0" * 600, "before 2007"),
        (OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "password"),
        (OLE + b"\0" * (3 << 20) + "EncryptedPackage".encode("utf-16-le"), "password"),
        (zipped("mimetype", "content.xml", "meta.xml"), "OpenDocument"),
        (zipped("Index/Document.iwa", "Metadata/x.plist"), "Numbers"),
        (zipped("hasil.csv", "foto/1.jpg"), "'hasil.csv', 'foto/1.jpg'"),
        (zipped("[Content_Types].xml"), "no workbook with sheets"),
        (b"PK\x03\x04 cut off", "damaged"),
        (zipped("[Content_Types].xml")[:-30], "damaged"),
        (spoilt(), "damaged"),
        (misnamed(), "damaged"),
    ],
)
def test_what_is_no_workbook_of_today_is_named_with_what_to_do(tmp_path, content, why):
    path = tmp_path / "hasil.xlsx"
    path.write_bytes(content)
    with path.open("rb") as file:
        assert is_package(file)
        assert file.tell() == 0
    with pytest.raises(FormatError, match=why) as caught:
        Workbook(path)
    assert str(path) in str(caught.value)
    assert hasattr(caught.value.what, "key")


@pytest.mark.parametrize("main", ["xl/workbook.bin", "word/document.xml"])
def test_other_files_of_office_are_named(tmp_path, main):
    rels = (
        "<Relationships><Relationship Id='r' Target='" + main + "'"
        " Type='x/officeDocument'/></Relationships>"
    )
    path = tmp_path / "f.xlsx"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("[Content_Types].xml", "<Types/>")
        out.writestr("_rels/.rels", rels)
        out.writestr(main, "x")
    with pytest.raises(FormatError, match=r"xlsb|no workbook"):
        Workbook(path)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"PK", b"%PDF"])
def test_other_files_are_none_of_ours(tmp_path, content):
    path = tmp_path / "f"
    path.write_bytes(content)
    with path.open("rb") as file:
        assert not is_package(file)


LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    f'<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c t="inlineStr"><is><t>&b;</t>'
    "</is></c></row></sheetData></worksheet>"
)
OUTSIDE = LAUGHS.replace('"aaaaaaaaaa"', 'SYSTEM "file:///etc/passwd"')


def rows_xml(rows):
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


@pytest.mark.parametrize(
    ("xml", "why"),
    [
        (LAUGHS, "document type"),
        (OUTSIDE, "document type"),
        ("<worksheet><sheetData><row", "damaged"),
        ("not XML", "damaged"),
        (b"\xff\xfe\x00", "damaged"),
        # Encodings that expat asks Python for: it has none, or none for XML.
        ('<?xml version="1.0" encoding="UTF-1000"?><worksheet/>', "damaged"),
        ('<?xml version="1.0" encoding="shift_jis"?><worksheet/>', "damaged"),
        ('<?xml version="1.0" encoding="undefined"?><worksheet/>', "damaged"),
        ('<?xml version="1.0" encoding="punycode"?><worksheet/>', "damaged"),
        (rows_xml(row(5, "a") + row(5, "b")), "damaged"),
        (rows_xml(row(5, "a") + row(2, "b")), "damaged"),
        (rows_xml(row(1_048_577, "a")), "damaged"),
        (rows_xml('<row r="1"><c r="XFE1"><v>1</v></c></row>'), "damaged"),
        (rows_xml('<row r="1"><c r="B1"/><c r="A1"><v>1</v></c></row>'), "damaged"),
        (rows_xml('<row r="1"><c t="s"><v>0</v></c></row>'), "damaged"),
        (rows_xml('<row r="1"><c t="s"><v>-1</v></c></row>'), "damaged"),
        (rows_xml(row(1, "x" * 32_768)), "damaged"),
        (
            rows_xml("<row r='1'>" + "<c><v>1</v></c>" * 2_001 + "</row>"),
            "2001 columns",
        ),
    ],
)
def test_a_hostile_sheet_is_refused(tmp_path, xml, why):
    path = make(tmp_path / "f.xlsx", {"a": ""}, replace_1=xml)
    with pytest.raises(FormatError, match=why), Workbook(path) as book:
        list(zip(book.header, book.rows(), strict=False))


def test_an_element_far_to_the_right_costs_nothing(read):
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    _, rows = read(HEADER + far)
    assert (rows[0].row, rows[0].code) == (1_048_576, "cells")


def test_what_unfolds_beyond_the_bounds_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(package, "FREE_BYTES", 1 << 20)
    path = make(tmp_path / "f.xlsx", {"a": " " * (3 << 20) + HEADER})
    with pytest.raises(FormatError, match="unpacks to more than"):
        Workbook(path)


def test_a_small_part_that_is_not_small_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(package, "MAX_SMALL", 1 << 10)
    path = make(tmp_path / "f.xlsx", {"a": HEADER}, book=" " * 2_000)
    with pytest.raises(FormatError, match="unpacks to more than"):
        Workbook(path)


def test_more_texts_than_the_bound_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(known, "MAX_TEXTS", 2)
    texts = f'<sst xmlns="{MAIN}">{"<si><t>a</t></si>" * 3}</sst>'
    path = make(tmp_path / "f.xlsx", {"a": HEADER}, texts=texts)
    with pytest.raises(FormatError, match="million characters"):
        Workbook(path)


def test_more_parts_than_the_bound_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(package, "MAX_PARTS", 3)
    path = make(tmp_path / "f.xlsx", {"a": HEADER})
    with pytest.raises(FormatError, match="more than 3 parts"):
        Workbook(path)


def test_what_is_noted_is_bounded(read, monkeypatch):
    monkeypatch.setattr(sheet, "MAX_NOTED", 3)
    hidden = "".join(row(n, CODE, more=' hidden="1"') for n in range(2, 12))
    _, rows = read(HEADER + hidden)
    assert len(cells(rows)) == 10
    assert "2, 3, 4" in rows[-1].reason


@pytest.mark.parametrize("part", ["_rels/.rels", "xl/workbook.xml", "xl/styles.xml"])
def test_every_part_may_be_missing_or_damaged(tmp_path, part):
    whole = make(tmp_path / "w.xlsx", {"a": HEADER}, styles=styles(0))
    for spoil in (None, b"<", b"<a/>"):
        path = tmp_path / "f.xlsx"
        with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w") as new:
            for name in old.namelist():
                content = spoil if name == part else old.read(name)
                if content is not None:
                    new.writestr(name, content)
        if part == "xl/styles.xml" and spoil != b"<":
            with Workbook(path) as book:
                assert book.header == ["kode", "01", "02"]
        else:
            with pytest.raises(FormatError):
                Workbook(path)


def test_a_damaged_byte_anywhere_gives_rows_or_an_error_of_ours(tmp_path):
    data = (HERE / "openpyxl.xlsx").read_bytes()
    path = tmp_path / "f.xlsx"
    for at in range(0, len(data), 11):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        try:
            with Workbook(path) as book:
                list(book.rows())
        except FormatError:
            pass
    for at in range(0, len(data), 97):
        path.write_bytes(data[:at])
        with pytest.raises(FormatError):
            Workbook(path)
