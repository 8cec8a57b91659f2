"""store/registers.py"""

import pytest

from federation.records.register import Register
from federation.records.tps import TpsId, format_tps
from federation.store import mapstate, registers, rollup
from federation.store.mapkey import encode_key
from federation.store.mapstate import MapInputs

ELECTION = "pemilu-2024"
VILLAGES = {"1371011001": 3, "1371011002": 1, "1101012001": 2, "99AB010001": 1}


def small(election=ELECTION):
    register = Register(election)
    for village, last in VILLAGES.items():
        for number in range(1, last + 1):
            register.add(format_tps(village, number), 100 + number)
    register.add(TpsId("1371011001901"))
    register.names.update({"13": "SUMATERA BARAT", "1371011001": "BELAKANG PONDOK"})
    return register


@pytest.fixture
def view(db):
    with db.transaction() as tx:
        registers.save_register(tx, small(), "kp24")
    with db.view() as view:
        yield view


def test_counts_are_kept_for_every_region(view):
    codes = list(small().codes())
    for region in ("", "13", "1371", "137101", "1371011001", "99AB010001", "12"):
        wanted = sum(code.startswith(region) for code in codes)
        assert registers.count(view, ELECTION, region) == wanted
    assert registers.count(view, "pilpres-2019") == 0


def test_it_says_what_it_is(view):
    assert registers.read_source(view, ELECTION) == (small().digest(), "kp24", 8)
    assert registers.register_digest(view, ELECTION) == small().digest()
    assert registers.is_known(view, ELECTION)
    assert registers.read_source(view, "pilpres-2019") is None
    assert registers.register_digest(view, "pilpres-2019") == ""
    assert not registers.is_known(view, "pilpres-2019")


def test_a_station_is_in_it_or_not(view):
    asked = [*small().codes(), "1371011001004", "1371011009001", "1371011001900"]
    assert registers.among(view, ELECTION, asked) == set(small().codes())
    assert registers.look_up(view, ELECTION, "99AB010001001")[:2] == (True, True)
    assert registers.look_up(view, ELECTION, "1371011001902") == (True, False, None)
    nothing = registers.look_up(view, "pilpres-2019", "1371011001001")
    assert nothing == (False, False, None)


def test_voters_are_those_of_the_station(view):
    assert registers.look_up(view, ELECTION, "1371011001002").voters == 102
    assert registers.look_up(view, ELECTION, "1371011001901").voters is None
    assert registers.look_up(view, ELECTION, "1371011001003").voters == 103
    assert registers.look_up(view, ELECTION, "1371011001009").voters is None
    assert registers.look_up(view, ELECTION, "1371011009001").voters is None


def test_names_and_children(view):
    assert registers.names(view, ELECTION, ["13", "1371011001", "11"]) == {
        "13": "SUMATERA BARAT",
        "1371011001": "BELAKANG PONDOK",
    }
    assert registers.children(view, ELECTION, "") == {
        "11": "",
        "13": "SUMATERA BARAT",
        "99": "",
    }
    assert list(registers.children(view, ELECTION, "137101")) == [
        "1371011001",
        "1371011002",
    ]
    assert registers.children(view, ELECTION, "1371011001") == {}


def test_a_new_register_replaces_the_old_one_whole(db):
    with db.transaction() as tx:
        registers.save_register(tx, small(), "old")
        registers.save_register(tx, small("pilpres-2019"), "other")
    again = Register(ELECTION)
    again.add(TpsId("3171011001001"))
    with db.transaction() as tx:
        registers.save_register(tx, again, "new")
    with db.view() as view:
        assert list(registers.list_codes(view, ELECTION)) == ["3171011001001"]
        assert registers.count(view, ELECTION, "13") == 0
        assert registers.names(view, ELECTION, ["13"]) == {}
        assert registers.count(view, "pilpres-2019") == 8


def test_a_replacement_that_fails_leaves_the_old_register(db):
    with db.transaction() as tx:
        registers.save_register(tx, small(), "old")

    def fail():
        with db.transaction() as tx:
            registers.save_register(tx, Register(ELECTION), "new")
            raise OSError("the disk failed")

    with pytest.raises(OSError, match="the disk failed"):
        fail()
    with db.view() as view:
        assert registers.register_digest(view, ELECTION) == small().digest()
        assert registers.count(view, ELECTION) == 8


def test_every_page_of_the_missing_makes_up_the_whole(view):
    for region in ("", "13", "1371011001", "99AB"):
        for limit in (1, 2, 3, 100):
            after, found = "", []
            while page := registers.list_missing(
                view, ELECTION, "ppwp", region, after, limit
            ):
                assert len(page) <= limit
                found += page
                after = page[-1].tps
            wanted = [c for c in small().codes() if c.startswith(region)]
            assert [one.tps for one in found] == wanted
    assert found[0].voters == 101


def test_missing_follows_the_area_of_the_contest(view):
    def codes(**area):
        found = registers.list_missing(view, ELECTION, "pdpd", **area)
        return {one.tps[:2] for one in found}

    assert codes(without=["99"]) == {"11", "13"}
    assert codes(only=["99", "11"]) == {"11", "99"}
    assert codes(only=["13"], without=["137101"]) == set()


@pytest.mark.parametrize("status", ["single", "agreed", "disputed", "unread"])
def test_a_station_with_a_result_is_not_missing_and_a_withdrawn_one_is(db, status):
    with db.transaction() as tx:
        registers.save_register(tx, small(), "kp24")
        number = mapstate.add_election(tx, ELECTION, MapInputs("", "", 1))
        for contest, tps, found in (
            ("ppwp", "1371011001001", status),
            ("ppwp", "99AB010001001", status),
            ("ppwp", "1371011001002", "missing"),  # withdrawn: a row, but no result
            ("pdpr", "1371011001003", status),
        ):
            key = encode_key(number, contest, tps)
            tx.execute(
                "INSERT INTO merged (key, seq, status, flags, row, slots)"
                " VALUES (?,1,?,0,?,?)",
                (key, found, b"", b""),
            )
    with db.view() as view:
        missing = {m.tps for m in registers.list_missing(view, ELECTION, "ppwp")}
    assert missing == set(small().codes()) - {"1371011001001", "99AB010001001"}


def test_one_bad_code_of_a_batch_of_thousands_is_found(view):
    codes = [f"13710110{n:02d}{m:03d}" for n in range(100) for m in range(1, 30)]
    found = registers.among(view, ELECTION, codes)
    assert found == set(codes) & set(small().codes())


def _merge_whole_map(db, register_digest):
    """A map in which every station of `small` has a result but one."""
    hole = "1371011002001"
    with db.transaction() as tx:
        registers.save_register(tx, small(), "kp24")
        number = mapstate.add_election(tx, ELECTION, MapInputs("", register_digest, 1))
        deltas = {}
        for tps in small().codes():
            if tps == hole:
                continue
            tx.execute(
                "INSERT INTO merged (key, seq, status, flags, row, slots)"
                " VALUES (?,1,'single',0,?,?)",
                (encode_key(number, "ppwp", tps), b"", b""),
            )
            for level in rollup.LEVELS:
                counters = deltas.setdefault(tps[:level], {"status.single": 0})
                counters["status.single"] += 1
        rollup.add(tx, ELECTION, "ppwp", deltas)
    return hole


@pytest.mark.parametrize("digest", [small().digest(), "the one before"])
def test_the_one_hole_is_found_whether_the_rollup_is_current_or_not(db, digest):
    hole = _merge_whole_map(db, digest)
    with db.view() as view:
        for region in ("", "13", "1371", "137101", hole[:10]):
            found = registers.list_missing(view, ELECTION, "ppwp", region)
            assert [one.tps for one in found] == [hole]
        assert registers.list_missing(view, ELECTION, "ppwp", "11") == []
        assert registers.list_missing(view, ELECTION, "ppwp", after=hole) == []


def test_complete_districts_are_not_read_to_find_a_hole(db, monkeypatch):
    _merge_whole_map(db, small().digest())
    read = []
    inner = registers._list_villages
    monkeypatch.setattr(
        registers, "_list_villages", lambda *a: read.append(a[2]) or inner(*a)
    )
    with db.view() as view:
        registers.list_missing(view, ELECTION, "ppwp")
    assert read == ["137101"]
