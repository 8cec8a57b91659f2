"""Whose removal binds whom: who collected a photo, where nobody else stands by it."""

import hashlib

import pytest

from federation.flows.photos.asked import collectors, find_binding, follow_once
from federation.flows.photos.honour import (
    Honouring,
    find_kept,
    honour,
    honour_all,
)
from federation.flows.photos.honour import let_in as let_in_
from federation.flows.photos.index import index_all
from federation.flows.photos.removallist import list_removals, read_removal
from federation.records.admission import Rejected
from federation.records.canonical import encode
from federation.records.removal import PhotoRemoval
from federation.records.sealed import record_id, seal
from federation.store import blobs as held
from federation.store import (
    claims,
    evidence,
    logs,
    quarantine,
    removals,
    saidremovals,
    wanted,
)
from federation.tlog.merkle import hash_leaf
from tests.ownnode import ELECTION, fixed_signer
from tests.photographed import A, B, add_leaves, add_named, file_of, result

TPS, NOW = "3171010001001", 1_709_000_000
ONE, TWO = (hashlib.sha256(name.encode()).hexdigest() for name in "12")
C, D, US = "c.example", "d.example", "us.example"
ASKED = "ab" * 32


def removal(org, digest=ONE, **members) -> PhotoRemoval:
    return PhotoRemoval(
        election=ELECTION,
        ground=members.pop("ground", "request"),
        org=org,
        recorded_at="2024-03-01T00:00:00Z",
        sha256=digest,
        **members,
    )


def say(db, log, *statements) -> list[str]:
    """Removals at the end of a log, as if they had been admitted; their ids."""
    signer = fixed_signer(f"{log.org}/records")
    leaves = [seal(one, signer) for one in statements]
    with db.transaction() as tx:
        start = logs.log_by_id(tx, log.id).next_index
        logs.append_leaves(tx, log.id, start, leaves, list(map(hash_leaf, leaves)))
        size = start + len(leaves)
        tx.execute("UPDATE log SET size = ? WHERE id = ?", (size, log.id))
    return [record_id(encode(one) + b"\n") for one in statements]


def names(db, org, digest=ONE, *, own=False, derived_from=None):
    """The log of an organisation whose record names a photo."""
    log = add_named(db, org, [], own=own, size=0)
    cited = {} if derived_from is None else {"derived_from": derived_from}
    given = result(org, TPS, [file_of(digest)])
    members = {name: getattr(given, name) for name in given.__struct_fields__}
    add_leaves(db, log, [type(given)(**{**members, **cited})])
    with db.transaction() as tx:
        tx.execute("UPDATE log SET size = next_index WHERE id = ?", (log.id,))
    return log


def follow(db):
    index_all(db)
    found = set()
    while (followed := follow_once(db)).moved:
        found |= followed.digests
    return found


def settle(db, *honoured, org=US):
    """What is noted as gone once all is followed."""
    return honour(db, sorted(follow(db)), Honouring(org, honoured), NOW)


def gone(db, digest=ONE):
    with db.view() as view:
        return removals.find_removed(view, digest)


def here(db, *honoured, digest=ONE):
    with db.view() as view:
        return read_removal(view, digest, Honouring(US, honoured)).here


def test_who_collected_a_photo_asks_all_who_honour_it(db):
    (record,) = say(db, names(db, A), removal(A, reason="bukan formulir"))
    assert settle(db, A) == [ONE]
    found = gone(db)
    assert (found.org, found.honours, found.reason) == (A, record, "bukan formulir")
    assert here(db, A) == "going"
    with db.transaction() as tx:
        removals.note_swept(tx, ONE)
    assert here(db, A) == "removed"
    assert settle(db, A) == []


def test_a_partner_that_is_not_honoured_is_told_as_such_until_it_is(db):
    say(db, names(db, A), removal(A))
    assert settle(db) == []
    assert here(db) == "not-honoured"
    assert honour_all(db, Honouring(US, [A]), NOW) == [ONE]
    assert honour_all(db, Honouring(US, [A]), NOW) == []


def test_who_never_named_it_binds_nobody(db):
    names(db, A)
    say(db, names(db, B, TWO), removal(B))
    assert settle(db, A, B) == []
    assert here(db, A, B) == "not-theirs"


def test_who_only_read_anothers_photo_binds_nobody(db):
    names(db, A)
    say(db, names(db, C, derived_from=ASKED), removal(C))
    assert settle(db, A, C) == []
    assert here(db, A, C) == "not-theirs"


def test_who_names_a_photo_of_another_first_deletes_nothing(db):
    """A lie: D claims to have collected it, and then removes it."""
    names(db, A)
    say(db, names(db, D), removal(D))
    assert settle(db, A, D) == []
    assert here(db, A, D) == "kept"
    with db.view() as view:
        [entry] = list_removals(view, Honouring(US, [A, D])).removals
    assert entry.kept_by == [A]


def test_where_two_collected_it_it_goes_when_both_have_removed_it(db):
    first = names(db, A)
    say(db, names(db, B), removal(B))
    assert settle(db, A, B) == []
    say(db, first, removal(A))
    assert settle(db, A, B) == [ONE]


def test_our_own_photo_of_the_same_digest_stays(db):
    names(db, US, own=True)
    say(db, names(db, A), removal(A))
    assert settle(db, A) == []
    assert here(db, A) == "kept"


def test_our_transcription_of_it_does_not_keep_it(db):
    names(db, US, own=True, derived_from=ASKED)
    say(db, names(db, A), removal(A))
    assert settle(db, A) == [ONE]


def test_our_own_photo_whose_record_is_not_signed_yet_stays(db):
    with db.transaction() as tx:
        held.save_blob(tx, ONE, 3, "image/jpeg", is_own=True, now=NOW)
    say(db, names(db, A), removal(A))
    assert settle(db, A) == []


def test_an_answer_binds_nobody_and_is_listed_beside_what_it_answers(db):
    (asked,) = say(db, names(db, A), removal(A))
    answering = names(db, B, TWO)
    (answer,) = say(db, answering, removal(B, answers=asked))
    (other,) = say(db, answering, removal(B, TWO, answers=asked))
    assert other
    assert settle(db, A, B) == [ONE]
    with db.view() as view:
        [entry] = [
            one
            for one in list_removals(view, Honouring(US, [A])).removals
            if one.digest == ONE
        ]
    [one] = entry.asked
    assert [(by.org, by.record) for by in one.honoured] == [(B, answer)]
    assert gone(db, TWO) is None


def test_what_was_refused_says_nothing(db):
    log = names(db, A)
    say(db, log, removal(A))
    with db.transaction() as tx:
        refused = [Rejected(1, "a bad signature", "signature")]
        quarantine.save_rejected(tx, log.id, refused)
    assert settle(db, A) == []
    assert gone(db) is None


def test_what_is_judged_again_is_followed_again(db):
    log = names(db, A)
    say(db, log, removal(A))
    with db.transaction() as tx:
        quarantine.save_rejected(tx, log.id, [Rejected(1, "no key", "signature")])
    assert settle(db, A) == []
    with db.transaction() as tx:
        quarantine.drop_verdicts(tx, log.id, 0, 2)
    assert settle(db, A) == [ONE]


def test_logs_that_are_not_for_everybody_ask_nobody(db):
    log = add_named(db, A, [], "incidents", size=0)
    say(db, log, removal(A))
    assert follow(db) == set()


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_batches_of_any_size_come_to_the_same(db, limit):
    log = names(db, A)
    say(db, log, removal(A), removal(A, TWO))
    add_leaves(db, log, [result(A, TPS, [file_of(TWO)])])
    say(db, log, removal(A, TWO, ground="other"))
    index_all(db)
    found = set()
    while (followed := follow_once(db, limit)).moved:
        found |= followed.digests
    assert found == {ONE, TWO}
    with db.view() as view:
        said = [
            one for digest in (ONE, TWO) for one in saidremovals.said_of(view, digest)
        ]
    assert sorted(one.place for one in said) == [1, 2, 4]


def test_a_log_that_is_damaged_here_keeps_no_request_of_another_waiting(db):
    broken, other = names(db, A), names(db, B, TWO)
    say(db, broken, removal(A))
    say(db, other, removal(B, TWO))
    index_all(db)
    with db.transaction() as tx:
        tx.execute("UPDATE bundle SET body = ? WHERE log_id = ?", (b"\0\1?", broken.id))
    assert follow_once(db).digests >= {TWO}


def test_nothing_is_followed_beyond_what_is_noted_of_its_evidence(db):
    say(db, names(db, A), removal(A))
    assert follow_once(db).moved == 0
    index_all(db)
    assert follow_once(db).moved == 2


def test_our_own_statement_stands_again_in_a_database_that_was_lost(db):
    log = names(db, US, own=True)
    (record,) = say(db, log, removal(US, ground="wrong-photo"))
    with db.transaction() as tx:
        held.save_blob(tx, ONE, 3, "image/jpeg", is_own=True, now=NOW)
    assert settle(db) == [ONE]
    found = gone(db)
    assert (found.ground, found.statement) == ("wrong-photo", record)
    assert (found.is_due, found.was_held, found.is_swept) == (False, True, False)
    assert found.removed_at == 1_709_251_200


def test_our_own_answer_stands_again_too(db):
    (asked,) = say(db, names(db, A), removal(A))
    ours = names(db, US, TWO, own=True)
    (answer,) = say(db, ours, removal(US, answers=asked))
    assert settle(db, A) == [ONE]
    found = gone(db)
    assert (found.org, found.honours, found.statement) == (A, asked, answer)


def test_what_was_said_before_the_row_knew_it_is_not_said_twice(db):
    log = names(db, US, own=True)
    with db.transaction() as tx:
        removals.note_removed(
            tx,
            removals.RemovedPhoto(
                digest=ONE,
                ground="request",
                reason="",
                org=US,
                removed_at=NOW,
                is_due=True,
            ),
        )
    (record,) = say(db, log, removal(US))
    settle(db)
    assert (gone(db).is_due, gone(db).statement) == (False, record)


def test_removing_takes_no_claim_away(db):
    log = names(db, A)
    say(db, log, removal(A))
    settle(db, A)
    with db.view() as view:
        assert len(claims.read_claims(view, log.id, 0, 9, 9)) == 1
        assert collectors(view, ONE) == {A}
        assert find_binding(view, ONE, [A]).org == A


def test_who_says_it_a_thousand_times_hides_nobody(db):
    """A lie, many times: what the collector asks is heard all the same."""
    liar = names(db, D, TWO)
    say(db, liar, *(removal(D, reason=f"{n}") for n in range(1_100)))
    say(db, names(db, A), removal(A))
    assert settle(db, A, D) == [ONE]
    assert gone(db).org == A


def let_in(db, **policies):
    """What may come after all; policies by the first letter of a partner."""
    follow(db)
    by_org = {f"{letter}.example": policy for letter, policy in policies.items()}
    with db.transaction() as tx:
        found = find_kept(tx, NOW).digests
        return [digest for digest in found if let_in_(tx, digest, by_org, NOW)]


def test_who_is_heard_before_the_collector_keeps_nothing_from_anybody(db):
    """The same lie, told to who has not heard of the photo yet."""
    say(db, names(db, D), removal(D))
    assert settle(db, A, D) == [ONE]
    assert let_in(db, a="all") == []
    names(db, A)
    assert let_in(db, a="all", d="none") == [ONE]
    assert gone(db) is None
    assert here(db, A, D) == "kept"
    with db.view() as view:
        assert [one.digest for one in wanted.list_wanted(view)] == [ONE]
    assert settle(db, A, D) == []
    assert honour_all(db, Honouring(US, [A, D]), NOW) == []


def test_what_both_have_removed_does_not_come_again(db):
    first = names(db, D)
    say(db, first, removal(D))
    assert settle(db, D) == [ONE]
    say(db, names(db, A), removal(A))
    assert let_in(db, a="all", d="all") == []
    assert gone(db).org == D


@pytest.mark.parametrize("lost", [saidremovals.clear_said, evidence.clear_evidence])
def test_what_is_not_known_for_the_moment_lets_nothing_in(db, lost):
    say(db, names(db, A), removal(A))
    settle(db, A)
    with db.transaction() as tx:
        lost(tx)
        [row] = removals.list_unheld(tx)
        assert not let_in_(tx, ONE, {}, NOW)
        assert removals.find_removed(tx, ONE) == row


def test_what_lay_here_stays_gone(db):
    log = names(db, D)
    with db.transaction() as tx:
        held.save_blob(tx, ONE, 3, "image/jpeg", is_own=False, now=NOW)
    say(db, log, removal(D))
    assert settle(db, D) == [ONE]
    names(db, A)
    assert let_in(db, a="all") == []
    assert gone(db).is_due
