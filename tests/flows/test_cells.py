"""Rows for spreadsheets and programs: exact, and harmless."""

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.flows.query.cells import format_csv, format_ndjson, harmless

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\n=1",
    "  =1",
    "\u00a0=1",
    "\ufeff=1",
    "\uff1d1",
    "\uff0b1",
    "\uff0d1",
    "\uff201",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_text_that_could_start_a_formula_gets_an_apostrophe(text):
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", "0012", "1371011001001", " a", "Mata Air"])
def test_other_text_stays_as_it_is(text):
    assert harmless(text) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Amplop;=HYPERLINK(1)", "Amplop;'=HYPERLINK(1)"),
        ("a; =1;b;\t@x", "a;' =1;b;'\t@x"),
        ('a;"=1+1"', 'a;\'"=1+1"'),
        ("a;\uff1d1;", "a;'\uff1d1;"),
        ("satu; dua;3-4;", "satu; dua;3-4;"),
    ],
)
def test_nor_does_one_start_behind_a_semicolon_at_which_indonesian_ones_part(
    text, written
):
    assert harmless(text) == written


def test_a_carriage_return_cannot_begin_a_row():
    written = format_csv([["a\r=1", "\r=1"]]).decode()
    assert written == "a =1,' =1\n"


def test_numbers_stay_numbers():
    assert format_csv([["a", 5, 0]]) == b"a,5,0\n"


# No lone surrogates: nothing that was decoded from UTF-8 has them.
text = st.text(st.characters(exclude_categories=["Cs"]))
cells = st.one_of(st.integers(0, 10**9), text)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(cells, min_size=2, max_size=5), max_size=5))
def test_every_cell_comes_back_from_csv(rows):
    written = format_csv(rows).decode()
    back = list(csv.reader(io.StringIO(written, newline="")))
    expected = [
        [harmless(c) if isinstance(c, str) else str(c) for c in r] for r in rows
    ]
    assert back == expected
    for row in back:
        assert not [cell for cell in row if cell[:1] in {"=", "+", "-", "@", "\t"}]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(text, cells, max_size=4), max_size=5))
def test_ndjson_is_one_exact_value_a_line(rows):
    lines = format_ndjson(rows).decode().split("\n")
    assert lines.pop() == ""
    assert [json.loads(line) for line in lines] == rows
