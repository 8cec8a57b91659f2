import pickle
from itertools import repeat

import pytest

from federation.errors import FederationError
from federation.records.admission import CLOSED_CODE, admit
from federation.records.claim import decode_claims
from federation.records.logclosed import LogClosed
from federation.records.sealed import open_leaf, open_leaves, seal
from federation.tlog.note import sign_note
from tests.records import hostile


@pytest.fixture(scope="module")
def leaves(jaga):
    """A key statement and nine results, each at its own station."""
    results = [jaga.leaf(tps=f"31710100010{number:02d}") for number in range(1, 10)]
    return [jaga.note, *results]


def claims(admission):
    return [one for _, body in admission.claims for one in decode_claims(body)]


def indexes(admission):
    return [claim.index for claim in claims(admission)]


def closing(jaga):
    closed = LogClosed(
        election=jaga.election,
        org=jaga.org,
        origin=jaga.origin,
        reason="over",
        recorded_at="2024-06-01T00:00:00Z",
    )
    return seal(closed, jaga.records)


def test_good_leaves_are_admitted_with_their_claims_in_order(leaves, jaga, pemilu):
    found = admit(leaves, 0, jaga.chain, pemilu)
    assert (found.rejected, found.unknown, found.closed_at) == ([], [], None)
    assert indexes(found) == list(range(1, 10))
    assert {claim.rank for claim in claims(found)} == {1}


def test_the_place_of_the_first_leaf_is_the_callers(leaves, jaga, pemilu):
    found = admit(leaves[1:4], 70, jaga.chain, pemilu)
    assert indexes(found) == [70, 71, 72]


def test_a_successors_claims_name_its_generation(make_organisation, pemilu):
    again = make_organisation(generation=2)
    found = admit([again.leaf()], 1, again.chain, pemilu)
    assert claims(found)[0].rank == 2


def test_one_bad_leaf_is_named_and_the_rest_goes_on(
    leaves, jaga, make_organisation, pemilu
):
    foreign = make_organisation(org="kawal.example", seed=9).leaf()
    bad = {
        2: (b"", "format"),
        4: (leaves[4].replace(b'"01":44', b'"01":45'), "signature"),
        5: (leaves[5].replace(b'"01":44', b'"01":-4'), "record"),
        7: (foreign, "record"),
    }
    mixed = [bad[at][0] if at in bad else leaf for at, leaf in enumerate(leaves)]
    found = admit(mixed, 0, jaga.chain, pemilu)
    assert {one.index: one.code for one in found.rejected} == {
        index: code for index, (_, code) in bad.items()
    }
    assert all(one.reason for one in found.rejected)
    assert indexes(found) == [1, 3, 6, 8, 9]


def test_every_bit_of_a_leaf_counts(jaga, pemilu):
    leaf = jaga.leaf()
    for place in range(len(leaf)):
        for bit in range(8):
            flipped = bytearray(leaf)
            flipped[place] ^= 1 << bit
            found = admit([bytes(flipped)], 1, jaga.chain, pemilu)
            assert (found.claims, len(found.rejected)) == ([], 1)


def test_a_type_of_a_newer_version_is_named_not_refused(jaga, pemilu):
    text = (
        b'{"election":"pemilu-2024","org":"jagasuara.example",'
        b'"recorded_at":"2024-02-14T13:05:00Z","type":"turnout/1"}\n'
    )
    found = admit([sign_note(text, jaga.records)], 1, jaga.chain, pemilu)
    assert (found.claims, found.rejected, found.unknown) == ([], [], [1])


def test_nothing_counts_behind_the_leaf_that_closed_the_log(leaves, jaga, pemilu):
    closed = [*leaves[:3], closing(jaga), *leaves[3:5]]
    found = admit(closed, 0, jaga.chain, pemilu)
    assert found.closed_at == 3
    assert indexes(found) == [1, 2]
    assert [(one.index, one.code) for one in found.rejected] == [
        (4, CLOSED_CODE),
        (5, CLOSED_CODE),
    ]


def test_a_log_closed_in_an_earlier_run_stays_closed(leaves, jaga, pemilu):
    found = admit(leaves[3:5], 4, jaga.chain, pemilu, closed_at=3)
    assert (found.claims, found.closed_at) == ([], 3)
    assert [one.index for one in found.rejected] == [4, 5]
    again = admit([closing(jaga)], 3, jaga.chain, pemilu, closed_at=3)
    assert (again.rejected, again.closed_at) == ([], 3)


def test_cut_anywhere_the_runs_come_to_the_same(leaves, jaga, pemilu):
    closed = [*leaves[:6], closing(jaga), *leaves[6:]]
    whole = admit(closed, 0, jaga.chain, pemilu)
    for cut in range(len(closed) + 1):
        first = admit(closed[:cut], 0, jaga.chain, pemilu)
        rest = admit(closed[cut:], cut, jaga.chain, pemilu, first.closed_at)
        assert claims(first) + claims(rest) == claims(whole)
        assert first.rejected + rest.rejected == whole.rejected
        assert rest.closed_at == whole.closed_at


def test_an_admission_travels_between_processes(leaves, jaga, pemilu):
    found = admit([*leaves, b""], 0, jaga.chain, pemilu)
    chain, profile = pickle.loads(pickle.dumps((jaga.chain, pemilu)))
    assert pickle.loads(pickle.dumps(found)) == found
    assert admit([*leaves, b""], 0, chain, profile) == found


def test_leaves_read_and_verified_in_a_run_are_judged_one_by_one():
    chain = hostile.open_test_chain()
    leaves = [one.leaf for one in hostile.HOSTILE]
    together = open_leaves(leaves, chain, repeat(hostile.INDEX))
    for one, found in zip(hostile.HOSTILE, together, strict=True):
        assert isinstance(found, FederationError), one.name
        with pytest.raises(type(found)) as alone:
            open_leaf(one.leaf, chain, hostile.INDEX)
        assert str(found) == str(alone.value), one.name
