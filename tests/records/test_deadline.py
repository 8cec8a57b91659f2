"""Until when a violation can be reported: golden, and for whatever day and place."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import RecordError
from federation.profiles import load_shipped
from federation.records.deadline import (
    ReportingRule,
    check_calendar,
    counts,
    day_off,
    find_deadline,
    first_known,
)
from federation.records.timezones import WIB, WIT, WITA, zone_of
from federation.text import Text

PROFILES = load_shipped()
PEMILU, PILKADA = (PROFILES[f"{name}-2024"].reporting for name in ("pemilu", "pilkada"))
RULES = st.sampled_from([profile.reporting for profile in PROFILES.values()])
PLACES = st.sampled_from(["", "11", "3273011001001", "5103", "9471", "99AB010001001"])
START = datetime(2018, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 9 * 365 * 86_400).map(
    lambda seconds: START + timedelta(seconds=seconds)
)
BANDUNG, DENPASAR, JAYAPURA = "3273", "5171", "9171"


def written(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def until(rule, known, place=BANDUNG):
    found = find_deadline(
        rule, place, reported_at="2030-01-01T00:00:00Z", known_at=known
    )
    return found.last_day.isoformat()


@pytest.mark.parametrize(
    ("rule", "known", "last"),
    [
        # Voting day, a Wednesday: 15 16 · 19 20 21 22 23
        (PEMILU, "2024-02-14T05:00:00Z", "2024-02-23"),
        # Before Lebaran: 5 · (6–15 off) 16 17 18 19 · 22 23
        (PEMILU, "2024-04-04T05:00:00Z", "2024-04-23"),
        # Over the new year: 22 · (23–26 off) 27 28 29 · (30–1 off) 2 3 4
        (PEMILU, "2023-12-21T05:00:00Z", "2024-01-04"),
        # On a Saturday it is counted from Monday on.
        (PEMILU, "2024-01-06T05:00:00Z", "2024-01-16"),
        # 18 · (19 Good Friday) 22 23 24 25 26 · 29
        (PROFILES["pilpres-2019"].reporting, "2019-04-17T05:00:00Z", "2019-04-29"),
        (PILKADA, "2024-11-27T05:00:00Z", "2024-12-04"),
        (PILKADA, "2024-12-27T05:00:00Z", "2025-01-03"),
    ],
)
def test_the_last_day_is_counted_from_the_day_after_it_was_known(rule, known, last):
    assert until(rule, known) == last


def test_the_day_of_knowing_is_the_one_of_the_region():
    late = "2024-01-08T15:30:00Z"  # 22.30 WIB, 23.30 WITA, 00.30 WIT of the 9th
    assert until(PEMILU, late, BANDUNG) == "2024-01-17"
    assert until(PEMILU, late, DENPASAR) == "2024-01-17"
    assert until(PEMILU, late, JAYAPURA) == "2024-01-18"


def test_it_ends_with_the_last_second_of_the_day_in_the_region():
    found = find_deadline(PEMILU, JAYAPURA, reported_at="2024-01-08T05:00:00Z")
    assert found.ends.isoformat() == "2024-01-17T23:59:59+09:00"
    assert not found.is_past(found.ends)
    assert found.is_past(found.ends + timedelta(seconds=1))
    assert str(found.zone) == "WIT"


def test_without_known_at_it_is_counted_from_the_report_and_said_so():
    reported = find_deadline(PEMILU, BANDUNG, reported_at="2024-01-08T05:00:00Z")
    known = find_deadline(
        PEMILU,
        BANDUNG,
        reported_at="2024-01-10T05:00:00Z",
        known_at="2024-01-08T05:00:00Z",
    )
    assert (reported.is_assumed, known.is_assumed) == (True, False)
    assert reported.last_day == known.last_day
    now = datetime(2024, 1, 8, 6, tzinfo=UTC)
    assert "counted from the report" in " ".join(reported.tell(now))
    assert "counted from the report" not in " ".join(known.tell(now))


def test_the_days_left_are_those_that_count():
    found = find_deadline(PEMILU, BANDUNG, reported_at="2024-01-05T05:00:00Z")
    left = {
        day: found.days_left(datetime(2024, 1, day, 6, tzinfo=UTC))
        for day in (4, 5, 6, 7, 8, 15, 16, 17, 20)
    }
    expected = {4: 7, 5: 7, 6: 7, 7: 7, 8: 6, 15: 1, 16: 0, 17: -1, 20: -4}
    assert left == expected


@pytest.mark.parametrize(
    ("day", "english", "indonesian"),
    [
        (8, "6 working day(s) left, until 2024-01-16 (WIB)", "sisa 6 hari kerja"),
        (16, "today is the last day", "hari ini hari terakhir"),
        (17, "the deadline passed on 2024-01-16 (WIB)", "batas waktu lewat"),
    ],
)
def test_how_long_there_is_is_said_in_both_languages(day, english, indonesian):
    found = find_deadline(PEMILU, BANDUNG, reported_at="2024-01-05T05:00:00Z")
    told = found.tell(datetime(2024, 1, day, 6, tzinfo=UTC))
    assert told[0].startswith(english)
    assert Text("id").say(told[0]).startswith(indonesian)


def test_the_last_office_day_of_calendar_days_is_told_where_it_is_another():
    sunday = find_deadline(PILKADA, BANDUNG, reported_at="2024-12-01T05:00:00Z")
    assert (sunday.last_day, sunday.office_day) == (
        date(2024, 12, 8),
        date(2024, 12, 6),
    )
    now = datetime(2024, 12, 2, tzinfo=UTC)
    assert "for the last time on 2024-12-06" in " ".join(sunday.tell(now))
    lebaran = find_deadline(PILKADA, BANDUNG, reported_at="2024-04-06T05:00:00Z")
    assert lebaran.office_day is None
    assert "closed on all of these days" in " ".join(lebaran.tell(now))


def test_days_whose_holidays_are_not_listed_are_counted_and_said_to_be():
    beyond = find_deadline(PEMILU, BANDUNG, reported_at="2024-12-24T05:00:00Z")
    # 27 30 31 · 1 2 3 · 6: New Year's Day is in no list, so the day comes too early.
    assert (beyond.last_day.isoformat(), beyond.is_certain) == ("2025-01-06", False)
    assert "only weekends" in " ".join(beyond.tell(datetime(2024, 12, 27, tzinfo=UTC)))
    within = find_deadline(PEMILU, BANDUNG, reported_at="2024-12-10T05:00:00Z")
    assert within.is_certain


@given(RULES, PLACES, MOMENTS, MOMENTS)
def test_who_knows_later_has_no_less_time(rule, place, one, other):
    first, second = sorted((one, other))
    earlier = find_deadline(rule, place, reported_at=written(first))
    later = find_deadline(rule, place, reported_at=written(second))
    assert earlier.last_day <= later.last_day
    assert earlier.days_left(first) >= earlier.days_left(second)


@given(RULES, PLACES, MOMENTS)
def test_as_many_days_count_as_the_rule_says_and_no_day_off_is_one(rule, place, moment):
    found = find_deadline(rule, place, reported_at=written(moment))
    between = [
        found.known + timedelta(days=n)
        for n in range(1, (found.last_day - found.known).days + 1)
    ]
    counted = [day for day in between if counts(rule, day)]
    assert len(counted) == rule.days == found.days_left(moment)
    assert counted[-1] == found.last_day
    if rule.counted == "working":
        assert all(day_off(rule.calendar, day) is None for day in counted)
        assert all(day.weekday() < 5 for day in counted)
        assert found.office_day == found.last_day
    else:
        assert counted == between


@given(RULES, PLACES, MOMENTS)
def test_the_days_left_fall_one_by_one_and_are_none_on_the_last(rule, place, moment):
    found = find_deadline(rule, place, reported_at=written(moment))
    lefts = [found.days_left(moment + timedelta(days=n)) for n in range(25)]
    assert all(before - after in (0, 1) for before, after in pairwise(lefts))
    assert found.days_left(found.ends) == 0
    assert found.days_left(found.ends + timedelta(seconds=1)) == -1


@given(RULES, PLACES, MOMENTS)
def test_what_became_known_before_the_first_day_is_too_late(rule, place, moment):
    today = find_deadline(rule, place, reported_at=written(moment)).known
    first = first_known(rule, today)
    at = datetime.combine(first, datetime.min.time(), zone_of(place)).astimezone(UTC)
    last = find_deadline(rule, place, reported_at=written(at)).last_day
    before = at - timedelta(days=1)
    assert find_deadline(rule, place, reported_at=written(before)).last_day < today
    assert last >= today


def test_office_days_are_counted_over_weekends_and_holidays():
    # The last day is Tuesday 23 April; offices are closed from the 6th to the 15th.
    found = find_deadline(PEMILU, BANDUNG, reported_at="2024-04-04T05:00:00Z")
    left = [
        found.office_days_left(datetime(2024, 4, day, 5, tzinfo=UTC))
        for day in (5, 15, 18, 19, 21, 22, 23, 24)
    ]
    assert left == [6, 6, 3, 2, 2, 1, 0, 0]


def test_how_it_stands_names_the_last_moment_in_the_time_of_the_region():
    found = find_deadline(PILKADA, JAYAPURA, reported_at="2024-11-27T05:00:00Z")
    now = found.at(datetime(2024, 12, 2, 5, tzinfo=UTC))
    assert (now.ends, now.zone) == ("2024-12-04T23:59:59+09:00", "WIT")
    assert (now.days_left, now.is_past, now.is_assumed) == (2, False, True)
    assert found.at(found.ends + timedelta(seconds=1)).is_past


@pytest.mark.parametrize(
    ("codes", "zone"),
    [
        ("11 12 13 14 15 16 17 18 19 21 31 32 33 34 35 36 61 62 99", WIB),
        ("51 52 53 63 64 65 71 72 73 74 75 76", WITA),
        ("81 82 91 92 93 94 95 96", WIT),
    ],
)
def test_each_province_keeps_its_time(codes, zone):
    assert {zone_of(code) for code in codes.split()} == {zone}
    assert {zone_of(code + "01010001001") for code in codes.split()} == {zone}
    assert zone_of("") == WIB


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda p: p.election)
def test_shipped_calendars_name_their_law_and_their_sources(profile):
    rule = profile.reporting
    assert "Pasal" in rule.law
    assert rule.days == 7
    assert rule.counted == ("calendar" if "pilkada" in profile.election else "working")
    assert rule.calendar.first <= profile.file.voting_day <= rule.calendar.last
    assert profile.file.voting_day in rule.calendar.holidays


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"last": "2018-01-01"}, "reporting.calendar.last"),
        ({"holidays": {"2031-01-01": "x"}}, "reporting.calendar.holidays"),
        ({"joint_leave": {"2018-08-31": "x"}}, "reporting.calendar.joint_leave"),
        (
            {"holidays": {"2019-01-01": "x"}, "joint_leave": {"2019-01-01": "x"}},
            "reporting.calendar",
        ),
    ],
)
def test_a_calendar_that_says_two_things_of_a_day_is_refused(changes, field):
    good = PROFILES["pilpres-2019"].reporting.calendar
    check_calendar(good, "reporting.calendar")
    bad = msgspec.structs.replace(good, **changes)
    with pytest.raises(RecordError) as refused:
        check_calendar(bad, "reporting.calendar")
    assert refused.value.field == field


@pytest.mark.parametrize("day", ["2024-02-30", "2024-1-1", "1 Januari 2024"])
def test_a_day_of_a_calendar_is_a_real_one(day):
    members = msgspec.to_builtins(PEMILU)
    members["calendar"]["holidays"][day] = "x"
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(members, ReportingRule)
