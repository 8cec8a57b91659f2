"""What is of no region is told in the time of this machine, if it is one of ours."""

import time

import pytest

from federation.records.timezones import LAST, tell_here

AT = 1_707_920_040  # 2024-02-14 14:14 UTC


@pytest.fixture
def kept(monkeypatch):
    """A machine that keeps this time."""

    def keep(zone):
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield keep
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("WIB-7", "2024-02-14 21:14 WIB"),
        ("WITA-8", "2024-02-14 22:14 WITA"),
        ("WIT-9", "2024-02-14 23:14 WIT"),
        ("UTC0", "2024-02-14 21:14 WIB"),
        ("EST5", "2024-02-14 21:14 WIB"),
    ],
)
def test_a_moment_is_told_in_the_time_of_this_machine_with_its_name(kept, zone, told):
    kept(zone.replace("WIB-7", "WIB-7"))
    assert tell_here(AT) == told


def test_what_no_calendar_has_is_told_as_it_is(kept):
    kept("WIT-9")
    assert tell_here(LAST).endswith(" WIT")
    assert tell_here(LAST + 1) == str(LAST + 1)
    assert tell_here(2**63) == str(2**63)
