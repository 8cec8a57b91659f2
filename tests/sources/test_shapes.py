"""Tables as KoboToolbox, ODK Central and Google Forms write them; see shapes.py."""

import csv
import io
from xml.sax.saxutils import escape

import pytest

from tests.sources import books, shapes

tables = pytest.mark.parametrize("shape", shapes.TABLES, ids=lambda shape: shape.name)


@tables
def test_every_column_of_a_tools_export_is_known_or_left_out(read, shape):
    assert read(shape.text, shapes.ELECTION).columns == shape.columns


@tables
def test_a_tools_export_gives_exactly_these_results(read, shape):
    found = read(shape.text, shapes.ELECTION)
    assert found.bad == []
    defaults = {"contest", "form", "review", "round", "source"}
    assert [
        {name: value for name, value in draft.fields.items() if name not in defaults}
        for draft in found.drafts
    ] == shape.drafts


@tables
def test_a_tools_export_saved_as_a_workbook_gives_the_same(read, tmp_path, shape):
    delimiter = ";" if '";"' in shape.text else ","
    rows = csv.reader(io.StringIO(shape.text, newline=""), delimiter=delimiter)
    lines = "".join(_line(n, cells) for n, cells in enumerate(rows, start=1))
    path = books.make(tmp_path / "f.xlsx", {"Sheet1": lines})
    found = read(path.read_bytes(), shapes.ELECTION)
    assert found.bad == []
    assert found.columns == shape.columns
    assert [draft.fields["tps"] for draft in found.drafts] == [
        draft["tps"] for draft in shape.drafts
    ]
    assert [draft.fields["candidates"] for draft in found.drafts] == [
        draft["candidates"] for draft in shape.drafts
    ]


def _line(number, cells):
    text = "".join(
        f'<c t="inlineStr"><is><t>{escape(one)}</t></is></c>' if one else "<c/>"
        for one in cells
    )
    return f'<row r="{number}">{text}</row>'
