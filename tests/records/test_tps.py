"""Codes of polling stations: one form, and what is read from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import FormatError
from federation.records.tps import (
    format_tps,
    is_overseas,
    is_special,
    parse_tps,
    regions_of,
    tps_number,
)

DIGITS = st.text("0123456789", min_size=10, max_size=10)


@pytest.mark.parametrize(
    "text", ["3171010001001", "0000000000000", "9901010001001", "99AB010001901"]
)
def test_a_code_of_the_form_is_itself(text):
    assert parse_tps(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "317101000100",
        "31710100010011",
        "3171010001001\n",
        " 3171010001001",
        "３１７１０１０００１００１",  # noqa: RUF001  full-width digits are the point
        "317101000100١",  # noqa: RUF001  so is this digit
        "31AB010001001",
        "99ab010001001",
        "99AB01000100A",
        "99ABC10001001",
        "31.71.01.0001",
    ],
)
def test_any_other_text_is_refused(text):
    with pytest.raises(FormatError):
        parse_tps(text)


@given(DIGITS, st.integers(1, 999))
def test_a_formatted_code_parses_and_has_its_number(kelurahan, number):
    tps = format_tps(kelurahan, number)
    assert parse_tps(tps) == tps
    assert tps_number(tps) == number
    assert regions_of(tps)[-1] == kelurahan
    assert is_special(tps) == (number >= 901)


@pytest.mark.parametrize(
    ("kelurahan", "number"),
    [
        ("317101000", 1),
        ("31710100011", 1),
        ("31AB010001", 1),
        ("3171010001\n", 1),
        ("3171010001", 0),
        ("3171010001", -1),
        ("3171010001", 1000),
    ],
)
def test_a_code_is_made_only_of_a_kelurahan_and_a_number(kelurahan, number):
    with pytest.raises(FormatError):
        format_tps(kelurahan, number)


def test_regions_go_from_the_nation_to_the_kelurahan():
    regions = regions_of(parse_tps("1371011001007"))
    assert regions == ("", "13", "1371", "137101", "1371011001")


def test_only_99_is_overseas():
    assert is_overseas(parse_tps("99AB010001001"))
    assert not is_overseas(parse_tps("3199010001001"))
