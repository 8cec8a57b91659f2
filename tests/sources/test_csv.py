"""sources/csv.py: cells out of tables, whatever people do to tables."""

import csv as std
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import FormatError
from federation.sources import csv, stream
from federation.sources.csv import Cells, CsvTable, find_delimiter
from federation.sources.row import Bad, Remark
from federation.sources.stream import SourceFile


@pytest.fixture
def rows(put):
    def work(content, delimiter=None):
        with SourceFile(put(content)) as source:
            return list(CsvTable(source, delimiter).rows())

    return work


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_parts_the_header(delimiter):
    assert find_delimiter(delimiter.join(["Kode TPS", "Suara Sah", "x"])) == delimiter


def test_a_delimiter_inside_quotes_does_not_count():
    assert find_delimiter('"a,b,c,d";"e,f"') == ";"


@pytest.mark.parametrize("cells", ["a" * 200_000, f"tps,{'a' * 200_000}"])
def test_a_header_without_end_is_refused(put, cells):
    with (
        SourceFile(put(f"{cells}\n1,2\n")) as source,
        pytest.raises(FormatError, match="header cannot be read"),
    ):
        CsvTable(source)


def test_excels_own_line_about_the_delimiter_is_obeyed_and_counted(rows):
    assert rows("sep=|\na|b\n1|2\n") == [Cells(3, ["1", "2"])]
    assert rows('"sep=;"\r\na;b\r\n1;2\r\n') == [Cells(3, ["1", "2"])]


def test_rows_are_counted_as_a_spreadsheet_counts_them(rows):
    assert rows('a,b\n1,2\n\n3,"x\ny"\n4,5') == [
        Cells(2, ["1", "2"]),
        Cells(4, ["3", "x\ny"]),
        Cells(5, ["4", "5"]),
    ]


def test_windows_line_ends_are_line_ends(rows):
    assert rows("a,b\r\n1,2\r\n") == [Cells(2, ["1", "2"])]


cell = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8)


@given(
    grid=st.lists(st.tuples(cell, cell), max_size=8), delimiter=st.sampled_from(",;\t|")
)
def test_what_the_standard_library_writes_is_read_back(
    tmp_path_factory, grid, delimiter
):
    out = io.StringIO()
    writer = std.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerows([("kode", "catatan"), *grid])
    path = tmp_path_factory.mktemp("csv") / "f"
    path.write_bytes(out.getvalue().encode())
    with SourceFile(path) as source:
        read = [line.cells for line in CsvTable(source).rows()]
    assert read == [list(row) for row in grid if any(map(str.strip, row))]


@pytest.mark.parametrize(
    ("spoilt", "left"),
    [
        ('1,"a\n2,b\n3,c\n', [["2", "b"], ["3", "c"]]),
        ('1,"a"x\n2,b\n', [["2", "b"]]),
        ('1,"a\n2,"b\n3,c\n', [["3", "c"]]),
        ('1,a\n2,"', [["1", "a"]]),
        ('1,"a\n' + "2,b\n" * 50, [["2", "b"]] * 50),
    ],
)
def test_a_quote_that_is_not_closed_costs_its_own_row_only(rows, spoilt, left):
    found = rows("x,y\n" + spoilt)
    assert [line.cells for line in found if isinstance(line, Cells)] == left
    bad = [line for line in found if isinstance(line, Bad)]
    assert {line.code for line in bad} == {"quotes"}
    numbers = [line.row for line in found]
    assert numbers == list(range(2, len(found) + 2))


def test_many_spoilt_quotes_take_linear_time(rows):
    found = rows("x,y\n" + '1,"a\n' * 3000)
    assert sum(isinstance(line, Bad) for line in found) >= 1499


@pytest.mark.parametrize("row", ["1", "1,2,3", "1,2,,x", "1,2, x", ",,,"])
def test_a_row_with_other_cells_than_the_header_is_refused(rows, row):
    found = rows(f"a,b\n{row}\n5,6\n")
    assert found[-1] == Cells(3, ["5", "6"])
    if row.strip(","):
        assert (found[0].row, found[0].code) == (2, "cells")


@pytest.mark.parametrize("row", ["1,2,", "1,2,,,", "1,2, ,\t"])
def test_empty_cells_behind_the_last_column_are_none(rows, row):
    assert rows(f"a,b\n{row}\n5,6\n") == [Cells(2, ["1", "2"]), Cells(3, ["5", "6"])]


def test_a_cell_that_is_missing_below_a_column_without_name_is_empty(rows):
    assert rows("a,b,\n1,2\n") == [Cells(2, ["1", "2", ""])]


def test_a_row_that_may_be_cut_off_is_refused_and_told_so(rows):
    (bad,) = rows("kode,01,catatan\n7202011001001,20\n")
    assert (bad.row, bad.code, bad.reason.key) == (2, "cells", "file.cells-few")


ENDS = {"unix": "\n", "windows": "\r\n", "macintosh": "\r", "converted twice": "\r\r\n"}


@pytest.mark.parametrize("block", [4, 5, 1 << 18])
@pytest.mark.parametrize("last", ["", "end"])
@pytest.mark.parametrize("end", ENDS.values(), ids=list(ENDS))
def test_every_kind_of_line_end_gives_the_same_rows(
    rows, monkeypatch, end, last, block
):
    monkeypatch.setattr(stream, "BLOCK_BYTES", block)
    lines = ["a,b", "1,2", "", '3,"x', 'y"', "4,5"]
    text = end.join(lines) + (end if last else "")
    assert rows(text) == [
        Cells(2, ["1", "2"]),
        Cells(4, ["3", "x\ny"]),
        Cells(5, ["4", "5"]),
    ]


def test_line_ends_of_several_systems_in_one_file(rows):
    found = rows("a,b\r\n1,2\n3,4\r5,6\r\n\x1a")
    assert [line.row for line in found] == [2, 3, 4]
    assert [line.cells for line in found] == [["1", "2"], ["3", "4"], ["5", "6"]]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-32"])
def test_wide_letters_are_read_with_their_mark_and_without(rows, encoding):
    assert rows("kode;b\n1;é\n".encode(encoding)) == [Cells(2, ["1", "é"])]


def knows(cells):
    return len({"kode", "01", "02", "sah"}.intersection(cells)) >= 2


@pytest.mark.parametrize(
    ("text", "header_row", "said"),
    [
        ("REKAP,,\nPoso Kota,,\nkode,01,02\n1,2,3\n", 3, "1, 2"),
        ("REKAP\n\n  \nkode,01,02\n1,2,3\n", 4, "1"),
        ("REKAP; TPS, kecamatan\nkode;01;02\n1;2;3\n", 2, "1"),
        ('"REKAP\nPoso",,\nkode,01,02\n1,2,3\n', 2, "1"),
        ("REKAP,,\rkode,01,02\r1,2,3\r", 2, "1"),
        ("sep=;\nREKAP\nkode;01;02\n1;2;3\n", 3, "2"),
        ('Poso"s,,\nkode,01,02\n1,2,3\n', 2, "1"),
    ],
)
def test_title_rows_above_the_header_are_told_and_count_as_rows(
    put, text, header_row, said
):
    with SourceFile(put(text)) as source:
        table = CsvTable(source, is_header=knows)
        found = list(table.rows())
    assert (table.header, table.header_row) == (["kode", "01", "02"], header_row)
    assert found[-1] == Cells(header_row + 1, ["1", "2", "3"])
    assert [(one.code, one.reason.values["rows"]) for one in found[:-1]] == [
        ("title-rows", said)
    ]


@pytest.mark.parametrize(
    "text", ["\n\nkode,01\n1,2\n", ",,\n \nkode,01\n1,2\n", "\r\rkode,01\r1,2\r"]
)
@pytest.mark.parametrize("is_header", [None, knows, lambda _: False])
def test_blank_rows_above_the_header_are_passed_over_and_counted(put, text, is_header):
    with SourceFile(put(text)) as source:
        table = CsvTable(source, is_header=is_header)
        assert list(table.rows()) == [Cells(4, ["1", "2"])]
    assert table.header_row == 3


def test_a_header_in_the_first_row_stays_the_header_whatever_follows(put):
    with SourceFile(put("kode,01\nkode,02\n")) as source:
        table = CsvTable(source, is_header=knows)
        assert list(table.rows()) == [Cells(2, ["kode", "02"])]


def test_a_header_that_comes_again_is_told_and_is_no_row(rows):
    found = rows("kode,sah\n1,2\nkode,sah\n3,4\n")
    assert [(one.row, type(one)) for one in found] == [
        (2, Cells),
        (3, Remark),
        (4, Cells),
    ]
    assert found[1].code == "header-again"


def test_a_row_equal_to_a_header_of_numbers_stays_a_row(rows):
    assert rows("1,2\n1,2\n") == [Cells(2, ["1", "2"])]


def test_a_header_is_not_looked_for_without_end(put):
    text = "x,y\n" * csv.TITLE_ROWS + "kode,01\n1,2\n"
    with SourceFile(put(text)) as source:
        table = CsvTable(source, is_header=knows)
        assert table.header == ["x", "y"]
        assert len(list(table.rows())) == csv.TITLE_ROWS + 1


@pytest.mark.parametrize("is_header", [None, lambda cells: "01" in cells])
def test_a_header_over_two_lines_is_one_row(put, is_header):
    with SourceFile(put('"Kode\nTPS",01\n1,2\n')) as source:
        table = CsvTable(source, is_header=is_header)
        assert table.header == ["Kode\nTPS", "01"]
        assert list(table.rows()) == [Cells(2, ["1", "2"])]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('1,"a', "quote-open"),
        ('1,"a"x', "quote-behind"),
        ("1," + "x" * 140_000, "cell-long"),
        ('1,"a' + "\n2,b" * 50, "quote-open-within"),
    ],
)
def test_spoilt_quotes_are_told_in_words_of_ours(rows, text, key):
    bad = rows(f"x,y\n{text}\n")[0]
    assert bad.reason.values["reason"].key == f"file.{key}"


def test_a_cell_of_ten_megabytes_costs_its_row_only(rows, monkeypatch):
    monkeypatch.setattr(stream, "MAX_LINE_BYTES", 1 << 16)
    found = rows("a,b\n1," + "x" * (10 << 20) + "\n2,3\n")
    assert [type(line) for line in found] == [Bad, Cells]
    assert (found[0].row, found[0].code) == (2, "long")


def test_a_cell_beyond_the_readers_own_bound_is_refused(rows):
    found = rows("a,b\n1," + "x" * 140_000 + "\n2,3\n")
    assert (found[0].row, found[0].code) == (2, "quotes")
    assert found[1] == Cells(3, ["2", "3"])


def test_letters_of_windows_are_read_and_said_once(rows):
    found = rows("a,b\n1,Kelurahan Jos\xe9\n2,Caf\xe9\n".encode("cp1252"))
    assert [type(line) for line in found] == [Remark, Cells, Cells]
    assert found[0].code == "latin-1"
    assert found[1].cells[1] == "Kelurahan José"


@pytest.mark.parametrize(
    "content", ["", "\n\n", ",,\n;;\n", "sep=;\n", "x" * 2_000_000]
)
def test_a_file_without_a_header_is_refused(put, content):
    with SourceFile(put(content)) as source, pytest.raises(FormatError):
        CsvTable(source)


def test_a_header_with_a_spoilt_quote_is_refused(put):
    why = "header cannot be read"
    with (
        SourceFile(put('"a,b\n1,2\n')) as source,
        pytest.raises(FormatError, match=why),
    ):
        CsvTable(source)


def test_no_row_spans_more_lines_than_the_bound(rows):
    inside = "\n" * (csv.MAX_SPAN - 2)
    assert len(rows(f'a,b\n1,"{inside}"\n')) == 1
    longer = rows(f'a,b\n1,"{inside}\n\n"\n')
    assert longer[0].code == "quotes"
