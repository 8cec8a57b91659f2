"""What is too old is told: of ours, of a partner's word, of a partner's own history."""

import pytest

from federation.config.peers import Peer
from federation.config.witness import WitnessSettings
from federation.flows.staleness import StaleInput, find_stale
from federation.records.canonical import format_time
from federation.records.keychain import (
    first_statement,
)
from federation.records.keysigning import sign_statement
from federation.records.keystatement import Follows
from federation.store import cosignatures, keystatements, logs
from federation.tlog.keys import ALG_COSIGNATURE, Signer
from federation.tlog.merkle import hash_leaf
from tests.fakes import RECORDED_AT, FakeOrg, signer

NOW = 1_700_000_000
HOUR = 3_600
A, B = "a.example", "b.example"
OURS, OF_A = "own.example/pemilu-2024", f"{A}/pemilu-2024"


def peer(org, **given):
    key = Signer.from_seed(f"{org}/identity", bytes(32)).key
    return Peer(**{"org": org, "identity": key, "url": f"https://{org}"} | given)


def confirm(tx, log, org, size, hours_ago):
    seed = org.encode().ljust(32)
    key = Signer.from_seed(f"{org}/mirror", seed, ALG_COSIGNATURE).key
    at = NOW - hours_ago * HOUR
    cosignatures.save_cosignature(tx, log.id, size, b"line\n", key, at)


def hold(tx, origin, size, *, own):
    log = logs.add_log(tx, origin, own=own)
    new = [b"%d" % n for n in range(size)]
    logs.append_leaves(tx, log.id, 0, new, list(map(hash_leaf, new)))
    # As it is once it was signed, or wholly taken in.
    row = (size, b"note\n", log.id)
    tx.execute("UPDATE log SET size = ?, checkpoint = ? WHERE id = ?", row)
    return log


def find(tx, *peers, signed_hours_ago=7, quorum=2):
    asked = StaleInput(
        WitnessSettings(quorum=quorum),
        peers,
        lambda _: NOW - signed_hours_ago * HOUR,
        NOW,
    )
    return {key: str(why) for key, why in find_stale(tx, asked).items()}


@pytest.fixture
def tx(db):
    with db.transaction() as tx:
        yield tx


@pytest.fixture
def ours(tx):
    return hold(tx, OURS, 9, own=True)


def test_what_was_signed_long_ago_and_too_few_hold_is_told(tx, ours):
    confirm(tx, ours, A, 9, 0)
    confirm(tx, ours, B, 8, 0)
    told = find(tx, peer(A), peer(B))
    assert list(told) == [("not-held", OURS)]
    assert "1 of 2 others hold all of its 9 records" in told["not-held", OURS]
    assert find(tx, peer(A), peer(B), signed_hours_ago=5) == {}, "not long yet"
    assert find(tx, peer(A), peer(B), quorum=1) == {}
    confirm(tx, ours, B, 9, 0)
    assert find(tx, peer(A), peer(B)) == {}


def test_of_a_history_that_grows_all_the_time_somebody_must_confirm_something(tx):
    ours = hold(tx, OURS, 9, own=True)
    asked = (peer(A), peer(B))
    assert find(tx, *asked, signed_hours_ago=0) == {}, "nobody knows since when it is"
    owner = FakeOrg("own.example", "pemilu-2024")
    named = [("log", owner.log.key), ("records", owner.records.key)]
    told = OURS, owner.identity.key, named, format_time(NOW - 7 * HOUR)
    note = sign_statement(first_statement(*told), owner.identity)
    keystatements.save_keys(tx, ours.id, [note])
    told = find(tx, *asked, signed_hours_ago=0)
    assert list(told) == [("not-held", OURS)]
    assert "in the last 6 hours 0 of 2 others" in told["not-held", OURS]
    confirm(tx, ours, A, 7, 5)
    assert "1 of 2 others" in find(tx, *asked, signed_hours_ago=0)["not-held", OURS]
    confirm(tx, ours, B, 8, 5)
    assert find(tx, *asked, signed_hours_ago=0) == {}, "they follow, a little behind"


def test_no_more_are_asked_for_than_may_hold_it(tx):
    assert find(tx) == {}
    reports = hold(tx, f"{OURS}/incidents", 3, own=True)
    assert find(tx, peer(A)) == {}, "it is not let have our reports"
    let_in = peer(A, logs=("incidents",))
    assert list(find(tx, let_in)) == [("not-held", reports.origin)]
    confirm(tx, reports, A, 3, 0)
    assert find(tx, let_in) == {}


def test_a_partner_that_confirmed_and_has_stopped_is_told_by_name(tx, ours):
    confirm(tx, ours, A, 9, 5)
    confirm(tx, ours, B, 9, 7)
    told = find(tx, peer(A), peer(B))
    assert list(told) == [("confirmation-old", B)]
    assert OURS in told["confirmation-old", B]
    assert find(tx, peer(A)) == {}, "of whom is asked nothing, nothing is awaited"
    logs.close(tx, ours.id, 9)
    assert find(tx, peer(A), peer(B)) == {}, "nothing comes to it any more"


def test_a_history_that_nobody_has_seen_its_organisation_show_is_told(tx):
    theirs = hold(tx, OF_A, 4, own=False)
    assert find(tx, peer(A)) == {}, "nobody has confirmed it yet"
    confirm(tx, theirs, "own.example", 4, 8)
    told = find(tx, peer(A))
    assert list(told) == [("log-silent", OF_A)]
    assert "with 4 records" in told["log-silent", OF_A]
    confirm(tx, theirs, B, 4, 7)
    assert list(find(tx, peer(A))) == [("log-silent", OF_A)]
    # A clock that is far ahead hides no silence.
    confirm(tx, theirs, "c.example", 4, -24)
    assert list(find(tx, peer(A))) == [("log-silent", OF_A)]
    assert find(tx, peer(B)) == {}, "that of nobody whom we know"
    confirm(tx, theirs, B, 3, 1)
    assert find(tx, peer(A)) == {}, "a partner's word is a sign of life, too"


def test_of_a_history_that_has_ended_nobody_is_awaited(tx, ours):
    confirm(tx, ours, A, 8, 7)
    assert set(find(tx, peer(A))) == {("not-held", OURS), ("confirmation-old", A)}
    logs.freeze(tx, ours.id, b"evidence")
    assert find(tx, peer(A)) == {}, "nobody confirms what was signed twice"


@pytest.mark.parametrize(("origin", "own"), [(OURS, True), (OF_A, False)])
def test_of_a_history_that_another_continues_nobody_is_awaited(tx, origin, own):
    ended = hold(tx, origin, 9, own=own)
    confirm(tx, ended, "c.example", 8, 7)
    assert find(tx, peer(A), peer("c.example"))
    later = FakeOrg(ended.org)
    named = [("log", signer(f"{origin}/2").key), ("records", later.records.key)]
    follows = Follows(origin=origin, reason="lost", size=8)
    told = f"{origin}/2", later.identity.key, named, RECORDED_AT, follows
    note = sign_statement(first_statement(*told), later.identity)
    log = logs.add_log(tx, f"{origin}/2", own=own)
    keystatements.save_keys(tx, log.id, [note])
    assert find(tx, peer(A), peer("c.example")) == {}
