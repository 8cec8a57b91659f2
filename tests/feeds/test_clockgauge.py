"""How far another clock is, by what its answers say; nothing where they say nothing."""

from email.utils import formatdate

import pytest

from federation.feeds.clockgauge import MAX_WAY_S, ClockGauge

NOW = 1_700_000_000.0


def gauged(headers, asked_at=NOW, now=NOW + 0.2):
    gauge = ClockGauge()
    gauge.take(headers, asked_at, now)
    return gauge.ahead_s


@pytest.mark.parametrize("ahead", [-7200, -31, -1, 0, 1, 29, 7200, 10**8])
def test_it_is_right_to_a_second(ahead):
    for part in (0.0, 0.3, 0.999):
        date = formatdate(int(NOW + part + ahead), usegmt=True)
        found = gauged({"Date": date}, NOW + part, NOW + part + 0.1)
        assert abs(found - ahead) <= 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Date": ""},
        {"Date": "yesterday"},
        {"Date": "Mon, 99 Foo 2024 99:99:99 GMT"},
        {"Date": "Mon, 01 Jan 99999 00:00:00 GMT"},
        {"Date": formatdate(NOW, usegmt=True), "Age": "20"},
    ],
)
def test_what_says_nothing_is_not_known(headers):
    assert gauged(headers) is None


@pytest.mark.parametrize(
    ("asked_at", "now"),
    [(None, NOW), (NOW, None), (NOW, NOW + MAX_WAY_S + 1), (NOW, NOW - 3600)],
)
def test_a_slow_answer_and_a_clock_that_is_set_meanwhile_say_nothing(asked_at, now):
    date = {"Date": formatdate(NOW, usegmt=True)}
    assert gauged(date, asked_at, now) is None


def test_what_was_known_stays_until_more_is():
    gauge = ClockGauge()
    gauge.take({"Date": formatdate(NOW + 60, usegmt=True)}, NOW, NOW)
    gauge.take({}, NOW, NOW)
    assert round(gauge.ahead_s) in {60, 61}
