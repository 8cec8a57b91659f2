"""What cannot be of a report: told by its record, a profile and a list alone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.profiles import load_regions, load_shipped
from federation.records.canonical import format_time
from federation.records.incidentdoubt import (
    INCIDENT_TIMES,
    doubt_times,
    election_begins,
    flag_incident,
    latest_time,
)
from federation.records.regions import gather_regions
from federation.text import Text
from tests.fakes import RECORDED_AT
from tests.records.test_incident import make_incident

DAY = "2024-02-14"
FIRST, LAST = "2022-06-01T00:00:00Z", "2024-02-14T12:00:00Z"
REGIONS = gather_regions("pemilu-2024", ["3171011001"], abroad=True, complete=True)


@pytest.mark.parametrize(
    ("voting_day", "first"),
    [
        ("2024-02-14", "2022-06-01T00:00:00Z"),  # its stages began on 14 June 2022
        ("2019-04-17", "2017-08-01T00:00:00Z"),  # on 17 August 2017
        ("2024-11-27", "2023-03-01T00:00:00Z"),
        ("2029-08-31", "2027-12-01T00:00:00Z"),
        ("2029-09-01", "2028-01-01T00:00:00Z"),
    ],
)
def test_an_election_begins_in_the_month_twenty_before_voting_day(voting_day, first):
    assert election_begins(voting_day) == first


@pytest.mark.parametrize("name", INCIDENT_TIMES)
@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("1970-01-01T00:00:00Z", "time_past"),
        ("2022-05-31T23:59:59Z", "time_past"),
        (FIRST, None),
        ("2024-02-13T22:00:00Z", None),
        (LAST, None),
        ("2024-02-14T12:00:01Z", "time_future"),
        ("9999-12-31T23:59:59Z", "time_future"),
    ],
)
def test_each_time_of_a_report_lies_within_the_election_and_before_now(
    name, told, code
):
    problems = doubt_times({name: told, "ref": "1970"}, FIRST, LAST)
    assert [(one.at, one.code) for one in problems] == ([(name, code)] if code else [])
    for one in problems:
        assert told in one.reason
        assert told in Text("id").say(one.reason) != str(one.reason)


def test_all_that_is_wrong_is_told_and_nothing_of_what_is_not_known():
    told = dict.fromkeys(INCIDENT_TIMES, "1970-01-01T00:00:00Z")
    assert len(doubt_times(told, FIRST, LAST)) == len(INCIDENT_TIMES)
    assert doubt_times(told, "", LAST) == []


@given(st.integers(-(10**9), 10**9))
def test_a_clock_may_be_a_quarter_of_an_hour_ahead_and_no_second_more(seconds):
    moment = datetime(2024, 2, 14, 12, tzinfo=UTC) + timedelta(seconds=seconds)
    now = format_time(moment.timestamp())
    for ahead, is_well in ((0, True), (900, True), (901, False)):
        told = format_time(moment.timestamp() + ahead)
        assert (doubt_times({"known_at": told}, "", latest_time(now)) == []) is is_well


@pytest.mark.parametrize(
    ("members", "flags"),
    [
        ({}, ()),
        ({"region": "999999"}, ("region",)),
        ({"region": "32"}, ("region",)),
        ({"region": "99"}, ()),
        ({"region": "9901"}, ()),
        ({"tps": "3271011001001"}, ("region",)),
        ({"tps": "3171011001001"}, ()),
        ({"known_at": "2024-02-14T13:20:00Z"}, ()),
        ({"known_at": "2024-02-14T13:20:01Z"}, ("time_future",)),
        ({"happened_at": "2014-02-13T22:00:00Z"}, ("time_past",)),
        (
            {
                "happened_at": "2014-02-13T22:00:00Z",
                "reported_at": "2034-01-01T00:00:00Z",
            },
            ("time_future", "time_past"),
        ),
    ],
)  # fmt: skip
def test_a_signed_report_is_flagged_by_what_it_says_itself(members, flags):
    assert RECORDED_AT == "2024-02-14T13:05:00Z"
    assert flag_incident(make_incident(**members), DAY, REGIONS) == flags


def test_of_an_election_that_nobody_knows_only_the_future_is_told():
    report = make_incident(
        region="00", happened_at="1970-01-01T00:00:00Z", known_at="2034-01-01T00:00:00Z"
    )
    assert flag_incident(report, "", None) == ("time_future",)


def test_every_region_of_a_shipped_election_can_be_reported_from():
    for election in load_shipped():
        regions = load_regions(election)
        assert all(map(regions.lists, regions.above))
        for code in sorted(regions.above)[::97]:
            assert flag_incident(make_incident(region=code), DAY, regions) == ()
