"""Companion keys: announced by both kinds of identity key, dropped by no fewer."""

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from federation.errors import FederationError, RecordError, SignatureError
from federation.records.companion import (
    bind_companions,
    check_companions,
    find_companions,
    next_companions,
    sign_companions,
)
from federation.records.sealed import leaf_statement, open_leaf
from federation.tlog.checkpoint import Checkpoint, sign_checkpoint
from federation.tlog.keys import encode_base64
from tests.fakes import RECORDED_AT, FakeOrg


@pytest.fixture
def org():
    return FakeOrg("jagasuara.example")


@pytest.fixture
def keys(org):
    """Companions of its identity and of its log, twice."""
    return [org.companion_of(r, n) for n in (1, 2) for r in ("identity", "log")]


def bound(org, *indexes):
    """The companion keys by their first size, as a log binds that has these leaves."""
    placed = zip(indexes, org.companions, strict=True)
    return bind_companions(org.chain, placed).companions


def test_a_statement_is_a_leaf_that_binds_what_covers_it(org, keys):
    identity, log, *_ = keys
    leaf = org.announce(log, identity)
    assert open_leaf(leaf, org.chain, 5).statement == org.companions[0]
    assert find_companions(5, [org.result(1), leaf]) == [6]
    chain = bind_companions(org.chain, [(5, leaf_statement(leaf))])
    assert chain.companion_key(5) is None
    assert chain.companion_key(6) == chain.companion_key(10**9) == (log.key, 6)

    def note(size, companion=None):
        return sign_checkpoint(
            Checkpoint(org.origin, size, b"r" * 32), org.log, companion
        )

    assert chain.open_checkpoint(note(5)).companion is None
    assert chain.open_checkpoint(note(6, log)).companion == log.key
    with pytest.raises(SignatureError, match="post-quantum"):
        chain.open_checkpoint(note(6))


def test_they_are_replaced_and_dropped_by_those_who_were_announced(org, keys):
    identity, log, other, second = keys
    org.announce(log, identity)
    org.announce(second, identity)  # the log's alone
    org.announce(second, identity, other)  # the identity's: the old one first
    org.announce(None, other)
    org.announce(log, identity)  # and begun anew
    firsts = [(start, key and key.key) for start, key in bound(org, 3, 5, 7, 9, 11)]
    assert firsts == [
        (4, log.key), (6, second.key), (8, second.key), (10, None), (12, log.key)
    ]  # fmt: skip


@pytest.mark.parametrize("is_dropped", [True, False])
def test_nobody_with_the_old_kind_of_keys_alone_changes_what_was_announced(
    org, keys, is_dropped
):
    identity, log, other, second = keys
    org.announce(log, identity)
    org.announce(None if is_dropped else second, other)
    assert bound(org, 3, 5) == ((4, (log.key, 4)),)
    # Nor by leaving the signature out, or by beginning again.
    forged = replace(org.companions[1], signatures=org.companions[1].signatures[:1])
    again = sign_companions(
        next_companions(org.chain, None, (other.key, second.key), RECORDED_AT),
        org.identity,
        other,
    )
    for one in (forged, again):
        org.companions[1] = one
        assert bound(org, 3, 5) == ((4, (log.key, 4)),)


def test_what_is_not_signed_by_both_or_not_of_this_log_says_nothing(org, keys):
    identity, log, other, _ = keys
    org.announce(log, identity)
    good = org.companions[0]
    check_companions(good, None, org.chain)
    stranger = FakeOrg("kawalpemilu.example")
    first, second = good.signatures
    wrong = encode_base64(other.sign(good.message))
    for bad, error in [
        (replace(good, signatures=(first,)), SignatureError),
        (replace(good, signatures=(first, wrong)), SignatureError),
        (replace(good, signatures=(second, first)), SignatureError),
        (replace(good, signatures=(first, second, second)), SignatureError),
        (replace(good, signatures=(first, "!")), FederationError),
        (replace(good, by=str(stranger.identity.key)), SignatureError),
        (replace(good, recorded_at="2025-01-01T00:00:00Z"), SignatureError),
        (replace(good, log=UNSET), RecordError),
        (replace(good, version=2), RecordError),
        (replace(good, log=good.identity), RecordError),
        (replace(good, origin=f"{org.origin}/2"), RecordError),
        (replace(good, log=str(org.log.key)), FederationError),
    ]:
        with pytest.raises(error):
            check_companions(bad, None, org.chain)
        assert bind_companions(org.chain, [(1, bad)]).companions == ()
    with pytest.raises(RecordError):
        check_companions(good, None, stranger.chain)
