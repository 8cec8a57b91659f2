import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.records.result import CONTESTS
from federation.store.mapkey import (
    decode_key,
    election_range,
    encode_key,
    region_range,
)

elections = st.integers(1, 2**15 - 1)
contests = st.sampled_from(CONTESTS)
codes = st.from_regex(r"(?:[0-9]{13}|99[0-9A-Z]{2}[0-9]{9})", fullmatch=True)
places = st.tuples(elections, contests, codes)


@given(places)
def test_a_key_says_which_row_it_is_of(place):
    key = encode_key(*place)
    assert decode_key(key) == place[1:]
    assert -(2**63) <= key < 2**63
    first, last = election_range(place[0])
    assert first <= key <= last


@given(places, places)
def test_keys_sort_as_election_contest_and_code_do(one, other):
    assert (encode_key(*one) < encode_key(*other)) is (one < other)


@given(elections, contests, codes, codes)
def test_a_region_is_one_range_of_keys(election, contest, code, other):
    for length in range(14):
        first, last = region_range(election, contest, code[:length])
        inside = first <= encode_key(election, contest, other) <= last
        assert inside is other.startswith(code[:length])


@given(contests, contests, codes)
def test_a_range_holds_no_other_contest(one, other, code):
    first, last = region_range(1, one, "")
    assert (first <= encode_key(1, other, code) <= last) is (one == other)


def test_overseas_codes_keep_the_order_of_their_letters():
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    codes = [
        f"99{one}{two}000000001" for one, two in itertools.product(letters, repeat=2)
    ]
    keys = [encode_key(1, "ppwp", code) for code in ["9899999999999", *codes]]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize("contest", ["", "ppwp2", "PPWP"])
def test_only_known_contests_have_a_place(contest):
    with pytest.raises(KeyError):
        encode_key(1, contest, "1" * 13)
