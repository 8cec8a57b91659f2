"""sources/stored.py: numbers, dates and odd characters as a person reads them."""

import pytest

from federation.sources.stored import (
    name_place,
    read_format,
    split_place,
    unescape,
    word_moment,
    word_number,
)


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ("127", "127"),
        ("127.0", "127"),
        ("1.371011001001E+12", "1371011001001"),
        ("1371011001001", "1371011001001"),
        ("9999999999999", "9999999999999"),
        ("154.00000000000003", "154"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("12.5", "12.5"),
        ("-3", "-3"),
        ("0", "0"),
        ("1E+15", "1E+15"),
        ("nan", "nan"),
        ("inf", "inf"),
        ("", ""),
        ("abc", "abc"),
        ("1_0", "1_0"),  # a number to Python
    ],
)
def test_a_whole_number_is_its_digits(stored, read):
    assert word_number(stored) == read


@pytest.mark.parametrize(
    ("number", "code", "form"),
    [
        (0, None, ""),
        (14, None, "d"),
        (20, None, "t"),
        (22, None, "dt"),
        (58, None, "d"),
        (2, None, ""),
        (164, "dd/mm/yyyy hh:mm", "dt"),
        (165, "yyyy\\-mm\\-dd", "d"),
        (166, "[h]:mm", "t"),
        (167, "[$-421]dd mmmm yyyy;@", "d"),
        (168, "mmm", "d"),
        (169, "000", ""),
        (170, '"Rp" #,##0', ""),
        (171, '#,##0 "suara"', ""),
        (172, "[Red]-#,##0", ""),
        (173, "General", ""),
        (174, "\\d0", ""),
        (175, "_-* #,##0_s", ""),
        (14, "0", ""),
    ],
)
def test_a_format_shows_a_day_or_a_time_by_its_letters(number, code, form):
    assert read_format(number, code) == form


@pytest.mark.parametrize(
    ("stored", "form", "since_1904", "read"),
    [
        ("43572.84377314815", "dt", False, "2019-04-17 20:15:02"),
        ("42110.84377314815", "dt", True, "2019-04-17 20:15:02"),
        ("43572", "d", False, "2019-04-17"),
        ("43572", "dt", False, "2019-04-17 00:00:00"),
        ("43572.5", "d", False, "2019-04-17 12:00:00"),
        ("0.84375", "t", False, "20:15:00"),
        ("61", "d", False, "1900-03-01"),
        ("60", "d", False, None),
        ("1.5", "t", False, None),
        ("-1", "d", True, None),
        ("1e300", "d", False, None),
        ("nan", "d", False, None),
        ("inf", "d", False, None),
        ("x", "d", False, None),
    ],
)
def test_a_date_is_what_its_format_shows(stored, form, since_1904, read):
    assert word_moment(stored, form, since_1904=since_1904) == read


def test_characters_that_xml_cannot_hold_are_themselves_again():
    assert unescape("a_x000D_b_x005F_x000D_") == "a\rb_x000D_"
    assert unescape("_xD83D_ _x12_") == "_xD83D_ _x12_"


@pytest.mark.parametrize("column", [0, 25, 26, 701, 702, 16_383])
def test_the_name_of_a_cell_leads_back_to_it(column):
    assert split_place(name_place(column, 7)) == (column, 7)


def test_columns_are_named_as_a_spreadsheet_does():
    assert (name_place(0, 1), name_place(26, 2)) == ("A1", "AA2")
    assert split_place("XFD1048576") == (16_383, 1_048_576)
    assert split_place("A") is split_place("7") is split_place("a1") is None


@pytest.mark.parametrize(
    ("number", "code", "is_other"),
    [
        *((9, None, True), (10, None, True), (11, None, True), (3, None, False)),
        *((164, "0%", True), (164, "#,##0,", True), (164, "0.00E+00", True)),
        *((164, "0.0,,", True), (164, '0"%"', False), (164, "#,##0", False)),
        (164, "_(* #,##0_);_(* (#,##0);_(* -_);_(@_)", False),
    ],
)
def test_a_format_that_shows_another_number_is_known(number, code, is_other):
    assert read_format(number, code).startswith("#") == is_other
