import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.store import rollup
from federation.store.db import Database

E, P = "pemilu-2024", "ppwp"


def add(db, deltas, contest=P, election=E):
    with db.transaction() as tx:
        rollup.add(tx, election, contest, deltas)


def test_differences_are_added_to_what_was_there(db):
    add(db, {"": {"sum.01": 5, "status.single": 1}, "13": {"sum.01": 5}})
    add(db, {"": {"sum.01": -2, "status.agreed": 1}})
    with db.view() as view:
        assert rollup.read_region(view, E, P, "") == {
            "status.agreed": 1,
            "status.single": 1,
            "sum.01": 3,
        }
        assert rollup.read_region(view, E, P, "13") == {"sum.01": 5}


def test_what_nobody_counted_is_empty(db):
    add(db, {"13": {"sum.01": 5}})
    with db.view() as view:
        for election, contest, region in [
            (E, P, "14"),
            (E, "pdpd", "13"),
            ("x", P, "13"),
        ]:
            assert rollup.read_region(view, election, contest, region) == {}
        assert rollup.list_children(view, E, P, "14") == {}


def test_a_counter_that_came_back_to_zero_is_gone(db):
    add(db, {"13": {"sum.01": 5, "sum.02": 1}})
    add(db, {"13": {"sum.01": -5}})
    with db.view() as view:
        assert rollup.read_region(view, E, P, "13") == {"sum.02": 1}


def test_children_are_the_regions_right_below(db):
    codes = ["", "13", "1371", "137101", "137102", "1372", "14", "9A", "99AB", "99AB01"]
    add(db, {code: {"n": number} for number, code in enumerate(codes, 1)})
    add(db, {"15": {"n": 1}}, contest="pdpd")

    def children(region):
        with db.view() as view:
            return list(rollup.list_children(view, E, P, region))

    assert children("") == ["13", "14", "9A"]
    assert children("13") == ["1371", "1372"]
    assert children("1371") == ["137101", "137102"]
    assert children("99AB") == ["99AB01"]


def test_a_village_is_not_kept(db):
    with db.view() as view, pytest.raises(AssertionError, match="sum_region"):
        rollup.read_region(view, E, P, "1371011001")


def test_clearing_an_election_leaves_the_others(db):
    add(db, {"": {"n": 1}})
    add(db, {"": {"n": 2}}, election="pilpres-2019")
    with db.transaction() as tx:
        rollup.clear(tx, E)
    with db.view() as view:
        assert list(rollup.list_regions(view, E)) == []
        assert list(rollup.list_regions(view, "pilpres-2019")) == [(P, "", {"n": 2})]


def add_and_fail(db, deltas):
    with db.transaction() as tx:
        rollup.add(tx, E, P, deltas)
        raise OSError("the disk failed")


def test_a_failed_batch_adds_nothing(db):
    add(db, {"": {"n": 1}})
    with pytest.raises(OSError, match="disk"):
        add_and_fail(db, {"": {"n": 5}})
    with db.view() as view:
        assert rollup.read_region(view, E, P, "") == {"n": 1}


counters = st.dictionaries(st.sampled_from("abc"), st.integers(-(2**40), 2**40))


@settings(max_examples=10, deadline=None)
@given(batches=st.lists(st.dictionaries(st.sampled_from(["", "13", "1371"]), counters)))
def test_counters_are_the_sum_of_all_differences(tmp_path_factory, batches):
    db = Database.open(tmp_path_factory.mktemp("sum"))
    expected = {}
    for deltas in batches:
        add(db, deltas)
        for region, changes in deltas.items():
            for name, change in changes.items():
                place = region, name
                expected[place] = expected.get(place, 0) + change
    with db.view() as view:
        found = {
            (region, name): count
            for _, region, here in rollup.list_regions(view, E)
            for name, count in here.items()
        }
    assert found == {place: count for place, count in expected.items() if count}
    db.close()
