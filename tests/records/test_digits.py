"""Digits of votes, turnout, and what is expected of them."""

import pytest

from federation.records.digits import (
    BENFORD_SECOND,
    DIGITS,
    LEAST,
    UNIFORM,
    last_digit,
    second_digit,
)
from federation.records.turnout import (
    ALL,
    COLUMNS,
    ROWS,
    count_voted,
    share_row,
    turnout_column,
)


def test_what_is_expected_is_as_published_and_adds_up_to_one():
    # Mebane (2006), table 1: the frequencies of second digits by Benford's law.
    published = (0.120, 0.114, 0.109, 0.104, 0.100, 0.097, 0.093, 0.090, 0.088, 0.085)
    assert tuple(round(share, 3) for share in BENFORD_SECOND) == published
    assert sum(BENFORD_SECOND) == pytest.approx(1)
    assert sum(UNIFORM) == pytest.approx(1)
    assert len(UNIFORM) == len(BENFORD_SECOND) == len(DIGITS)


def test_digits_are_those_that_are_written():
    for number in range(10_000):
        written = str(number)
        is_counted = number >= LEAST
        assert last_digit(number) == (int(written[-1]) if is_counted else None)
        assert second_digit(number) == (int(written[1]) if is_counted else None)


@pytest.mark.parametrize(
    ("figures", "voted"),
    [
        ({"pengguna_total_j": 140, "suara_total": 139}, 140),
        ({"suara_total": 139, "suara_sah": 130, "suara_tidak_sah": 8}, 139),
        ({"suara_sah": 130, "suara_tidak_sah": 8}, 138),
        ({"suara_sah": 130}, None),
        ({}, None),
    ],
)
def test_how_many_voted_is_read_and_never_guessed(figures, voted):
    assert count_voted(figures) == voted


def test_every_station_has_one_column_and_one_row():
    for voters in range(1, 60):
        for voted in range(2 * voters):
            column = turnout_column(voted, voters)
            assert 0 <= column < COLUMNS
            assert (column == ALL) == (voted == voters)
            assert (column == ALL + 1) == (voted > voters)
            if column < ALL:
                assert 5 * column <= 100 * voted / voters < 5 * (column + 1)
        for votes in range(voters + 1):
            assert 0 <= share_row(votes, voters) < ROWS
    assert share_row(19, 20) == share_row(20, 20) == ROWS - 1
