"""Whatever is counted opens: a figure and its list can never say different things."""

import itertools

import pytest
from msgspec import UNSET

from federation.errors import FormatError
from federation.flows.query import stations as listing
from federation.flows.query.region import read_line, region
from federation.flows.query.scope import ask
from federation.flows.query.stations import StationFilter, stations
from federation.records.coverage import OFFICIAL
from federation.records.merge import FLAGS, STATUSES
from federation.records.tally import count_added
from tests import sample_map as sample

ORGS = (sample.ANA, sample.BUDI, sample.CITRA, "nobody.example")
#: Every figure of a page, each with the question that opens it.
FIGURES = [
    *(StationFilter(status=one) for one in STATUSES),
    *(StationFilter(official=one) for one in OFFICIAL),
    *(StationFilter(flag=one) for one in FLAGS),
    *(
        StationFilter(**{kind: org})
        for kind in ("org", "only", "lacks")
        for org in ORGS
    ),
    StationFilter(outside="1"),
    *(StationFilter(covered=one) for one in listing.COVERED),
]


def scope(contest="ppwp"):
    return ask({sample.ELECTION: sample.profile()}, [sample.ELECTION], "", contest)


def codes(answer):
    return [station.tps for station in answer.stations]


def every_region(view, asked):
    todo = [""]
    while todo:
        code = todo.pop()
        yield code
        todo += [child.code for child in region(view, asked, code).children]


@pytest.mark.parametrize("contest", ["ppwp", "pdpr"])
def test_each_figure_of_each_region_is_as_long_as_the_list_that_it_opens(
    sample_db, contest
):
    asked, opened = scope(contest), 0
    with sample_db.view() as view:
        for code in every_region(view, asked):
            seen = read_line(view, asked, code).coverage
            for which in FIGURES:
                answer = stations(view, asked, which, code)
                assert answer.total == which.count_in(seen)
                assert len(answer.stations) == answer.total, (code, which)
                assert codes(answer) == sorted(codes(answer))
                assert all(tps.startswith(code) for tps in codes(answer))
                opened += answer.total
    assert opened > 20


@pytest.mark.parametrize("contest", ["ppwp", "pdpr"])
def test_what_is_covered_opens_as_many_stations_as_the_headline_and_the_votes_say(
    sample_db, contest
):
    asked, opened = scope(contest), 0
    with sample_db.view() as view:
        for code in every_region(view, asked):
            line = read_line(view, asked, code)
            seen = stations(view, asked, StationFilter(covered="any"), code)
            assert len(seen.stations) == line.coverage.covered
            assert {one.status for one in seen.stations}.isdisjoint({"missing"})
            opened += len(seen.stations)
            if line.tally:
                read = stations(view, asked, StationFilter(covered="figures"), code)
                left = line.tally.not_added or 0
                assert len(read.stations) == count_added(line.tally) + left
                assert all(one.groups for one in read.stations)
    assert opened >= 5


@pytest.mark.parametrize("limit", [1, 2, 3])
@pytest.mark.parametrize("sort", ["", "apart"])
def test_pages_make_the_whole_list_whatever_their_length(sample_db, limit, sort):
    asked = scope()
    with sample_db.view() as view:
        for which in FIGURES:
            whole = stations(view, asked, which, sort=sort)
            got, after = [], ""
            while True:
                page = stations(view, asked, which, "", after, limit, sort)
                assert len(page.stations) <= limit
                got += page.stations
                if page.next is UNSET:
                    break
                after = page.next
            assert got == whole.stations, which


def test_of_two_figures_those_are_listed_that_both_count(sample_db):
    asked = scope()
    with sample_db.view() as view:
        for one, other in itertools.combinations(FIGURES, 2):
            both = StationFilter(**{**one.given, **other.given})
            if len(both.given) != 2 or both.status == "missing":
                continue
            first, second = (
                set(codes(stations(view, asked, which))) for which in (one, other)
            )
            answer = stations(view, asked, both)
            assert set(codes(answer)) == first & second, both
            assert answer.total == len(first & second)


def test_of_no_figure_all_are_counted_of_which_anything_is_said(sample_db):
    with sample_db.view() as view:
        answer = stations(view, scope(), listing.EVERY)
        assert answer.total == len(answer.stations) > 0


def test_of_very_many_it_is_not_told_how_many_two_figures_count(sample_db, monkeypatch):
    asked = scope()
    both = StationFilter(status="disputed", org=sample.ANA)
    with sample_db.view() as view:
        assert stations(view, asked, both).total == 1
        monkeypatch.setattr(listing, "MAX_COUNTED", 0)
        assert stations(view, asked, both).total is UNSET


def test_a_page_that_looked_at_enough_goes_on_behind_it(sample_db, monkeypatch):
    monkeypatch.setattr(listing, "MAX_DISTRICTS", 1)
    asked = scope()
    with sample_db.view() as view:
        whole, after = [], ""
        for _ in range(9):
            page = stations(view, asked, listing.EVERY, "", after)
            whole += codes(page)
            if page.next is UNSET:
                break
            after = page.next
        monkeypatch.undo()
        assert whole == codes(stations(view, asked, listing.EVERY))


def test_those_furthest_apart_come_first_kpus_figures_too(sample_db):
    with sample_db.view() as view:
        answer = stations(
            view, scope(), StationFilter(org=sample.ANA), "", "", 100, "apart"
        )
    spreads = [listing.spread_of(station) for station in answer.stations]
    assert spreads == sorted(spreads, reverse=True)
    assert answer.stations[0].tps == sample.DISPUTED
    assert [group.orgs for group in answer.stations[0].kpu] == [[sample.ANA]]


def test_too_many_are_not_put_in_another_order_and_that_is_said(sample_db, monkeypatch):
    monkeypatch.setattr(listing, "MAX_SORTED", 1)
    with sample_db.view() as view:
        answer = stations(view, scope(), StationFilter(org=sample.ANA), sort="apart")
    assert answer.sort == ""
    assert codes(answer) == sorted(codes(answer))


@pytest.mark.parametrize("sort", ["", "apart"])
@pytest.mark.parametrize("after", ["1", "x", "13710110010 1", sample.FAR_GAP + "1"])
def test_a_place_in_the_list_that_is_no_station_is_refused(sample_db, after, sort):
    with sample_db.view() as view, pytest.raises(FormatError):
        stations(view, scope(), StationFilter(org=sample.ANA), "", after, 5, sort)


def test_names_are_told_of_the_regions_around_what_is_shown(sample_db):
    with sample_db.view() as view:
        answer = stations(view, scope(), StationFilter(status="disputed"))
    assert answer.names["1371011001"] == sample.NAMES["1371011001"]
    assert answer.names["137101"] == sample.NAMES["137101"]
