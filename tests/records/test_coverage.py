from hypothesis import given
from hypothesis import strategies as st

from federation.records.claim import Claim
from federation.records.coverage import (
    Share,
    contribution,
    counters_of,
    kind_of,
    region_coverage,
)
from federation.records.merge import merge_tps

A, B, C = (f"{name}.example" for name in "abc")


def station(*monitors, official=(), in_register=True, withdrawn=()):
    """The row of a station with equal votes of these organisations."""

    def claim(org, kind="votes", *, kpu=False):
        return f"{org}/e", Claim(
            index=0,
            kind=kind,
            org=org,
            official=kpu,
            contest="ppwp",
            tps="1" * 13,
            round="reguler",
            record="",
            votes='{"01":1}',
            complete=True,
        )

    claims = [
        *(claim(org) for org in monitors),
        *(claim(org, kpu=True) for org in official),
        *(claim(org, kind="withdrawal") for org in withdrawn),
    ]
    return merge_tps("ppwp", "1" * 13, claims, in_register=in_register)


def total(*rows):
    counters = {}
    for row in rows:
        for name, count in contribution(row).items():
            counters[name] = counters.get(name, 0) + count
    return counters


def test_sharing_shows_what_each_adds_and_what_each_gains():
    rows = [station(A), station(A, B), station(B, C), station(B), station(A, B, C)]
    found = region_coverage(total(*rows), register_count=10)
    assert (found.register, found.covered, found.missing) == (10, 5, 5)
    assert found.orgs == {
        A: Share(tps=3, adds=1, gains=2),
        B: Share(tps=4, adds=1, gains=1),
        C: Share(tps=2, adds=0, gains=3),
    }
    assert found.status == {
        "missing": 5,
        "unread": 0,
        "single": 2,
        "agreed": 3,
        "disputed": 0,
    }


def test_kpu_covers_nothing_and_is_counted_beside():
    rows = [station(official=[A]), station(B, official=[A]), station(B)]
    found = region_coverage(total(*rows), register_count=3)
    assert (found.covered, found.missing, list(found.orgs)) == (2, 1, [B])
    assert found.official == {"none": 1, "matches": 1, "differs": 0}


def test_what_was_withdrawn_is_missing_again():
    found = region_coverage(total(station(withdrawn=[A]), station(B)), 2)
    assert (found.covered, found.missing, list(found.orgs)) == (1, 1, [B])


def test_stations_outside_the_register_are_counted_beside():
    rows = [station(A), station(A, in_register=False), station(B, in_register=False)]
    found = region_coverage(total(*rows), register_count=1)
    assert (found.register, found.covered, found.outside) == (1, 1, 2)
    assert list(found.orgs) == [A]
    assert found.flags == {}
    assert total(station(withdrawn=[A], in_register=False)) == {}


def test_without_a_register_what_is_covered_is_all_there_is():
    found = region_coverage(total(station(A), station(B)), register_count=0)
    assert (found.register, found.covered, found.missing) == (2, 2, 0)


def test_an_empty_region_is_all_missing():
    found = region_coverage({}, register_count=7)
    assert (found.covered, found.missing, found.status["missing"]) == (0, 7, 7)


orgs = st.lists(st.sampled_from([A, B, C]), unique=True)
rows = st.builds(station, st.sampled_from([A, B, C])) | st.builds(
    lambda monitors, official, inside: station(
        *monitors, official=official, in_register=inside
    ),
    st.lists(st.sampled_from([A, B, C]), unique=True, min_size=1),
    orgs,
    st.booleans(),
)


@given(st.lists(rows, max_size=8), st.integers(0, 20))
def test_parts_always_add_up_to_the_whole(found, register_count):
    inside = [row for row in found if "outside_register" not in row.flags]
    result = region_coverage(total(*found), register_count)
    assert result.covered + result.missing == result.register
    assert sum(result.status.values()) == result.register
    assert result.covered == sum(row.status != "missing" for row in inside)
    for share in result.orgs.values():
        assert share.tps + share.gains == result.covered
        assert 0 <= share.adds <= share.tps


@given(rows)
def test_rows_of_one_kind_add_the_same(row):
    assert contribution(row) == dict.fromkeys(counters_of(kind_of(row)), 1)
