"""`federation import` of other shapes: workbooks, Kawal Pemilu, exports, folders."""

import json
import os
import threading
from pathlib import Path

import pytest

from tests.sources import books

SOURCES = Path(__file__).parent.parent / "sources"
HEADER = "kode_tps,01,02,sah\n"
CODE = "1371011001"


@pytest.fixture
def bring(federation):
    """Imports with --json; gives the exit code and what was said."""

    def run(*arguments):
        ended = federation("import", "--json", "--election", "pilpres-2019", *arguments)
        return ended.code, json.loads(ended.out) if ended.out else ended.err

    return run


def sheet(*numbers):
    lines = [books.row(1, "kode_tps", "01", "02", "sah")]
    for at, number in enumerate(numbers, start=2):
        code = int(f"{CODE}{number:03}")  # as Excel has it: a number
        lines.append(books.row(at, code, 100, 50, 150))
    return "".join(lines)


def table(*numbers):
    return HEADER + "".join(f"{CODE}{n:03},100,50,150\n" for n in numbers)


def counts(said):
    return {name: n for name, n in said["rows"].items() if n}


def test_a_workbook_is_read_as_its_csv_would_be(own_home, bring, tmp_path):
    path = books.make(tmp_path / "hasil.xlsx", {"Hasil": sheet(1, 2, 3)})
    code, said = bring(path)
    assert (code, said["formats"], counts(said)) == (0, {"xlsx": 1}, {"logged": 3})
    same = tmp_path / "hasil.csv"
    same.write_text(table(1, 2, 3))
    assert counts(bring(same)[1]) == {"held": 3}


def test_several_sheets_are_refused_by_name_and_one_is_read(own_home, bring, tmp_path):
    sheets = {"Padang": sheet(1), "Poso": sheet(2, 3)}
    path = books.make(tmp_path / "hasil.xlsx", sheets)
    code, said = bring(path)
    assert code == 2
    assert "'Padang', 'Poso'" in json.dumps(said)
    code, said = bring(path, "--sheet", "Poso")
    assert (code, counts(said)) == (0, {"logged": 2})


def test_a_formula_without_a_value_is_refused_with_its_cell(own_home, bring, tmp_path):
    lines = books.row(1, "kode_tps", "01", "02", "sah")
    lines += books.row(2, f"{CODE}001", 100, "<c><f>B2-50</f></c>", 150)
    code, said = bring(books.make(tmp_path / "hasil.xlsx", {"a": lines}))
    assert (code, counts(said)) == (1, {"refused": 1})
    [finding] = said["not_logged"]
    assert (finding["row"], finding["column"]) == (2, "02")
    assert any("C2" in one["reason"] for one in said["remarks"])


def test_a_workbook_comes_through_a_pipe(own_home, federation, tmp_path):
    data = books.make(tmp_path / "hasil.xlsx", {"a": sheet(1)}).read_bytes()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writing = threading.Thread(target=pipe.write_bytes, args=(data,), daemon=True)
    writing.start()
    ended = federation("import", "--json", "--election", "pilpres-2019", pipe)
    writing.join(5)
    assert (ended.code, counts(json.loads(ended.out))) == (0, {"logged": 1})


@pytest.mark.parametrize("language", ["en", "id"])
def test_a_workbook_with_a_password_is_told_in_the_readers_language(
    own_home, federation, tmp_path, language, monkeypatch
):
    monkeypatch.setenv("FEDERATION_LANG", language)
    path = tmp_path / "hasil.xlsx"
    envelope = b"\xd0\xcf\x11\xe0" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    path.write_bytes(envelope)
    ended = federation("import", "--election", "pilpres-2019", path)
    assert ended.code == 2
    assert {"en": "without a password", "id": "tanpa kata sandi"}[language] in ended.err


def test_a_folder_is_read_whole_and_what_is_not_read_is_named(
    own_home, bring, tmp_path
):
    folder = tmp_path / "kiriman"
    (folder / "dalam").mkdir(parents=True)
    (folder / "a.CSV").write_text(table(1))
    (folder / "b.Dat").write_text(table(2))
    (folder / "HASIL").write_text(table(3))
    books.make(folder / "dalam" / "c.XLSX", {"a": sheet(4)})
    (folder / "foto.JPG").write_bytes(b"\xff\xd8\xff")
    (folder / "~$c.xlsx").write_bytes(b"x")
    code, said = bring(folder)
    assert (code, counts(said)) == (0, {"logged": 4})
    told = " ".join(one["reason"] for one in said["remarks"])
    assert "'foto.JPG'" in told
    assert "'~$c.xlsx'" in told


EXPORTS = [
    ("csv", what) for what in ("results", "disputed", "gaps", "coverage")
] + [("ndjson", what) for what in ("results", "coverage")]  # fmt: skip


@pytest.mark.parametrize(("form", "what"), EXPORTS)
def test_an_export_of_this_node_is_known_and_never_signed_again(
    own_home, federation, bring, tmp_path, form, what
):
    path = tmp_path / "hasil.csv"
    path.write_text(table(1, 2))
    assert counts(bring(path)[1]) == {"logged": 2}
    out = tmp_path / f"x.{form}"
    words = ("--format", form, "--what", what, "--out", out)
    assert federation("export", "--election", "pilpres-2019", *words).code == 0
    code, said = bring(out)
    assert code == 2
    assert "federation export --bundle" in json.dumps(said)
    if form == "csv":  # opened in a spreadsheet and saved as one
        header = out.read_text().splitlines()[0].split(",")
        again = books.make(tmp_path / "x.xlsx", {"x": books_row(header)})
        code, said = bring(again)
        assert code == 2
        assert "federation export --bundle" in json.dumps(said)


def books_row(names):
    cells = "".join(f'<c t="inlineStr"><is><t>{one}</t></is></c>' for one in names)
    return f'<row r="1">{cells}</row>'


def test_a_report_of_an_import_is_no_results(own_home, bring, tmp_path):
    bad, report = tmp_path / "bad.csv", tmp_path / "report.csv"
    bad.write_text(HEADER + f"{CODE}001,-1,2,3\n")
    assert bring(bad, "--report", report)[0] == 1
    code, said = bring(report)
    assert code == 2
    assert "report of an import" in json.dumps(said)


def document(**more):
    votes = {"pas1": 100, "pas2": 50, "sah": 150, "tSah": 2, "jum": 152}
    photo = {"c1": {"type": 1, "plano": 1}, "sum": votes, "ts": 1555510426000}
    body = {"sum": {**votes, "cakupan": 1}, "photos": {"http://x/1": photo}, "c1": None}
    return json.dumps({
        "id": 42324, "name": "X", "parentIds": [0], "depth": 4, "children": [],
        "data": {"1": {**body, "ts": 1555510426000}, "2": {"sum": {"pending": 1}}},
        **more,
    })  # fmt: skip


def test_documents_of_kawal_pemilu_are_read_with_a_table_of_codes(
    own_home, bring, tmp_path
):
    path, codes = tmp_path / "42324.json", tmp_path / "kel.csv"
    path.write_text(document())
    code, said = bring(path)
    assert code == 2
    assert "--kelurahan" in json.dumps(said)
    codes.write_text(f"id,kode_kelurahan\n42324,{CODE}\n")
    code, said = bring(path, "--kelurahan", codes)
    assert (code, said["formats"]) == (0, {"kawalpemilu": 1})
    assert counts(said) == {"logged": 1, "no-numbers": 1}
    path.rename(tmp_path / f"{CODE}.json")
    assert counts(bring(tmp_path / f"{CODE}.json")[1]) == {"held": 1, "no-numbers": 1}


def test_a_table_of_codes_that_cannot_be_read_is_told(own_home, bring, tmp_path):
    codes = tmp_path / "kel.csv"
    codes.write_text("id,nama\n1,x\n")
    code, said = bring(codes, "--kelurahan", codes)
    assert code == 2
    assert "`id` and `kode_kelurahan`" in json.dumps(said)
