"""records/register.py"""

import hashlib
import random
import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import FormatError
from federation.records.register import (
    UNKNOWN_VOTERS,
    Register,
    decode_register,
    encode_register,
    format_register_digest,
)
from federation.records.tps import format_tps

stations = st.dictionaries(
    st.builds(
        format_tps,
        st.sampled_from(["1371011001", "1371011002", "1101012001", "99AB010001"]),
        st.integers(1, 999),
    ),
    st.none() | st.integers(0, 999_999),
    max_size=40,
)


def register_of(entries, order=None):
    register = Register("pemilu-2024")
    for tps in order or entries:
        assert register.add(tps, entries[tps])
    return register


@given(stations, st.integers())
def test_the_digest_is_of_the_sorted_codes_whatever_the_order(entries, seed):
    order = list(entries)
    random.Random(seed).shuffle(order)
    register = register_of(entries, order)
    text = "".join(f"{tps}\n" for tps in sorted(entries))
    assert register.digest() == hashlib.sha256(text.encode()).hexdigest()
    assert register.digest() == format_register_digest(sorted(entries))
    assert list(register.codes()) == sorted(entries)
    assert register.size == len(entries)


@given(stations)
def test_each_station_keeps_its_voters(entries):
    found = {
        tps: None if voters == UNKNOWN_VOTERS else voters
        for village in register_of(entries).villages()
        for tps, voters in zip(village.codes(), village.voters, strict=True)
    }
    assert found == entries


@given(stations)
def test_every_region_has_the_stations_below_it(entries):
    counts = register_of(entries).count_regions()
    assert counts[""] == len(entries)
    for region, count in counts.items():
        assert count == sum(tps.startswith(region) for tps in entries)


def test_a_station_counts_once():
    register = Register("pemilu-2024")
    assert register.add(format_tps("1371011001", 2), 100)
    assert register.add(format_tps("1371011001", 1), 100)
    assert not register.add(format_tps("1371011001", 2), 200)
    assert register.size == 2
    assert list(next(register.villages()).voters) == [100, 100]


ranges = st.lists(
    st.tuples(st.integers(1, 999), st.integers(1, 999)).map(sorted),
    max_size=6,
)


@given(st.lists(ranges, max_size=3))
def test_ranges_give_each_of_their_numbers_once(lists):
    register, one_by_one = Register("pemilu-2024"), Register("pemilu-2024")
    for pairs in lists:
        register.add_ranges("1371011001", pairs)
        for first, last in pairs:
            for number in range(first, last + 1):
                one_by_one.add(format_tps("1371011001", number))
    assert list(register.codes()) == list(one_by_one.codes())
    assert register.size == one_by_one.size
    assert encode_register(register) == encode_register(one_by_one)


def test_a_register_that_is_too_large_is_refused_before_it_is_held(monkeypatch):
    monkeypatch.setattr("federation.records.register.MAX_STATIONS", 1000)
    register = Register("pemilu-2024")
    register.add_ranges("1371011001", [(1, 999), (1, 999), (500, 999)])
    with pytest.raises(FormatError, match=r"more than 1000 .*\(1371011002\)"):
        register.add_ranges("1371011002", [(1, 2)])
    assert register.size == len(list(register.codes())) == 999
    assert register.add(format_tps("1371011002", 1))
    with pytest.raises(FormatError, match=r"more than 1000 .*\(1371011002003\)"):
        register.add(format_tps("1371011002", 3))
    assert not register.add(
        format_tps("1371011002", 1)
    )  # one that is there is none more
    with pytest.raises(FormatError, match="more than 1000"):
        decode_register(wire([["1371011001", list(range(1, 999)), [-1] * 998]] * 2
                             + [["1371011002", [1, 2, 3], [-1] * 3]]))  # fmt: skip


@given(stations, st.dictionaries(st.sampled_from(["13", "1371"]), st.text(max_size=9)))
def test_bytes_give_the_same_register_back(entries, names):
    register = register_of(entries)
    register.names.update(names)
    again = decode_register(encode_register(register))
    assert list(again.villages()) == list(register.villages())
    assert (again.election, again.names) == (register.election, register.names)


def wire(villages):
    return zlib.compress(msgspec.msgpack.encode(["pemilu-2024", {}, villages]))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not zlib",
        zlib.compress(b"not msgpack"),
        zlib.compress(b"\x93\xa1\xff\x80\x90"),  # a text that is not UTF-8
        zlib.compress(b"\x91" * 100_000),  # nested too deep
        encode_register(Register("pemilu-2024"))[:-3],
        wire([["1371011001", [1], []]]),
        wire([["1371011001", [0], [1]]]),
        wire([["1371011001", [1000], [1]]]),
        wire([["1371011001", [1], [-2]]]),
        wire([["1371011001", [1], [1_000_000]]]),
        wire([["13710110", [1], [1]]]),
        wire([["1371011001", ["1"], [1]]]),
    ],
)
def test_damaged_bytes_are_refused(data):
    with pytest.raises(FormatError):
        decode_register(data)


def test_bytes_that_unfold_beyond_the_bound_are_refused(monkeypatch):
    monkeypatch.setattr("federation.records.register.MAX_WIRE_BYTES", 1000)
    register = register_of({format_tps("1371011001", n): None for n in range(1, 999)})
    with pytest.raises(FormatError):
        decode_register(encode_register(register))
