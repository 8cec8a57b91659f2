"""Which record names which photo: derived from the leaves, whatever came between."""

import hashlib
import itertools

import pytest

from federation.flows.photos.index import BATCH, index_all, index_once
from federation.records.readers import NOBODY, THIS_MACHINE, Partner, Person, may_view
from federation.store import alarms, blobs, claims, evidence, logs
from federation.store.evidence import MAX_OF_LOG
from tests.photographed import A, B, add_leaves, add_named, file_of, result

TPS, OTHER = "3171010001001", "3171010001002"
ONE, TWO, THREE = (hashlib.sha256(name.encode()).hexdigest() for name in "123")


def photo(db, digest, caller=THIS_MACHINE, *, is_public=False):
    with db.view() as view:
        return evidence.read_photo(view, digest, caller, is_public=is_public)


def take_in(db, digest, *, is_own=True):
    with db.transaction() as tx:
        blobs.save_blob(tx, digest, 1000, "image/jpeg", is_own=is_own, now=0)


def test_entries_are_what_the_record_says(db):
    files = [file_of(ONE, page=2), file_of(TWO, size=7), file_of(ONE, page=3)]
    log = add_named(db, A, [(TPS, files), (OTHER, None)])
    index_all(db)
    with db.view() as view:
        found = evidence.evidence_of_tps(view, log.election, TPS)
        assert [row.entry.digest for row in found] == [ONE, TWO, ONE]
        assert [row.entry.page for row in found] == [2, None, 3]
        assert [row.entry.size for row in found] == [1000, 7, 1000]
        assert {row.entry.media_type for row in found} == {"image/jpeg"}
        (claim,) = claims.read_claims(view, log.id, 0, 1, 1)
        assert {row.entry.record for row in found} == {claim.record}
        assert {row.log.org for row in found} == {A}
        assert evidence.evidence_of_tps(view, log.election, OTHER) == []
        assert evidence.evidence_of_tps(view, "other-2024", TPS) == []
        assert len(evidence.find_evidence(view, ONE)) == 2


def test_batches_of_any_size_come_to_the_same(db):
    rows = [(TPS, [file_of(ONE)] if n % 3 else None) for n in range(600)]
    log = add_named(db, A, rows)

    def read():
        with db.view() as view:
            return evidence.list_evidence(view, log.id, 0, 600)

    index_all(db)
    whole = read()
    assert [entry.leaf for entry in whole] == [n for n in range(600) if n % 3]
    for limit in (1, 7, 255, 256, 257, 599, 600, BATCH):
        with db.transaction() as tx:
            evidence.clear_evidence(tx)
        moved = 0
        while step := index_once(db, limit):
            moved += step
        assert moved == 600
        assert read() == whole


def test_what_comes_later_is_noted_behind_and_nothing_twice(db):
    log = add_named(db, A, [(TPS, [file_of(ONE)])])
    index_all(db)
    add_leaves(db, log, [result(A, OTHER, [file_of(TWO)])])
    assert index_once(db) == 1
    assert index_once(db) == 0
    assert photo(db, TWO).orgs == {A}


def test_own_leaves_count_below_the_signed_size(db):
    log = add_named(db, A, [(TPS, [file_of(ONE)])], own=True, size=0)
    index_all(db)
    assert photo(db, ONE).orgs == frozenset()
    with db.transaction() as tx:
        tx.execute("UPDATE log SET size = 1 WHERE id = ?", (log.id,))
    index_all(db)
    assert photo(db, ONE).orgs == {A}


def test_records_judged_again_are_noted_again_without_a_gap(db):
    log = add_named(db, A, [(TPS, [file_of(ONE)]), (TPS, [file_of(TWO)])])
    index_all(db)
    with db.transaction() as tx:
        # The second is not admitted any more.
        claims.replace_claims(tx, log.id, 1, 2, [])
    assert photo(db, TWO).orgs == {A}
    index_all(db)
    assert photo(db, TWO).orgs == frozenset()
    assert photo(db, ONE).orgs == {A}


def test_a_log_that_is_damaged_here_keeps_no_other_waiting_and_is_told(db):
    broken = add_named(db, A, [(TPS, [file_of(ONE)])])
    add_named(db, B, [(TPS, [file_of(TWO)])])
    with db.transaction() as tx:
        tx.execute("UPDATE bundle SET body = ? WHERE log_id = ?", (b"\0\1?", broken.id))
    assert index_once(db, now=5) == 1
    assert index_once(db, now=6) == 0
    assert photo(db, TWO).orgs == {B}
    with db.view() as view:
        (told,) = alarms.list_alarms(view)
    assert (told.code, told.subject) == ("stored-damaged", broken.origin)


def test_leaves_that_are_dropped_name_nothing(db):
    log = add_named(db, A, [(TPS, [file_of(ONE)]), (TPS, [file_of(TWO)])])
    index_all(db)
    with db.transaction() as tx:
        tx.execute("UPDATE log SET size = 1 WHERE id = ?", (log.id,))
        logs.drop_above(tx, log.id, 1)
    assert photo(db, TWO).orgs == frozenset()
    assert photo(db, ONE).orgs == {A}
    assert index_once(db) == 0


def test_who_names_a_photo_a_hundred_thousand_times_hides_nobody(db):
    add_named(db, A, [(TPS, [file_of(ONE)])] * (MAX_OF_LOG + 50))
    add_named(db, B, [(TPS, [file_of(ONE)])], own=True)
    index_all(db)
    assert photo(db, ONE).orgs == {A, B}
    with db.view() as view:
        for found in (
            evidence.find_evidence(view, ONE),
            evidence.evidence_of_tps(view, "pemilu-2024", TPS),
        ):
            assert [row.log.org for row in found] == [A] * MAX_OF_LOG + [B]
            assert found[-2].entry.leaf == MAX_OF_LOG + 49


PARTNER = Partner(org="p.example", asked=A, logs=frozenset(), sees_photos=True)
FULL = Partner(
    org="p.example", asked=A, logs=frozenset({"incidents"}), sees_photos=True
)
CALLERS = {
    "stranger": NOBODY,
    "partner": PARTNER,
    "partner-of-the-log": FULL,
    "viewer": Person("x", "viewer"),
    "machine": THIS_MACHINE,
}
IN_PUBLIC = {
    (where, who)
    for where, who in itertools.product(("public", "both"), CALLERS)
    if who != "stranger"
}
IN_INCIDENTS = {
    ("incidents", who) for who in ("partner-of-the-log", "viewer", "machine")
}


@pytest.mark.parametrize("where", ["public", "incidents", "both"])
@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("is_public", [False, True])
def test_a_record_that_may_not_be_read_shows_its_photo_to_nobody(
    where, who, is_public, db
):
    for visibility in ("public", "incidents"):
        if where in {visibility, "both"}:
            add_named(db, A, [(TPS, [file_of(ONE)])], visibility, own=True)
    index_all(db)
    take_in(db, ONE)
    told = photo(db, ONE, CALLERS[who], is_public=is_public)
    expected = (where, who) in IN_PUBLIC | IN_INCIDENTS
    if is_public and where != "incidents":
        expected = True
    assert may_view(CALLERS[who], told) is expected


def let(*orgs, photos=False):
    """A partner of B's node whom the audiences of these name."""
    return Partner(org=FRIEND, asked=B, sees_photos=photos, audiences=frozenset(orgs))


C, FRIEND = "c.example", "friend.example"


def test_whoever_names_another_s_photo_opens_it_to_nobody(db):
    """C read the digest in A's record, and names A's photo for its friend."""
    add_named(db, A, [(TPS, [file_of(ONE)])])
    index_all(db)
    take_in(db, ONE, is_own=False)
    assert may_view(let(A), photo(db, ONE, let(A)))
    assert not may_view(let(C), photo(db, ONE, let(C)))
    add_named(db, C, [(TPS, [file_of(ONE)])])
    index_all(db)
    assert not may_view(let(C), photo(db, ONE, let(C)))
    assert may_view(let(A, C), photo(db, ONE, let(A, C)))


def test_whoever_names_our_photo_does_not_get_it_by_that(db):
    add_named(db, B, [(TPS, [file_of(ONE)])], own=True)
    add_named(db, FRIEND, [(TPS, [file_of(ONE)])])
    index_all(db)
    take_in(db, ONE)
    assert not may_view(let(FRIEND), photo(db, ONE, let(FRIEND)))
    assert may_view(let(photos=True), photo(db, ONE, let(photos=True)))


def test_whoever_reads_a_partner_s_photo_does_not_make_it_its_own(db):
    add_named(db, A, [(TPS, [file_of(ONE)])])
    add_named(db, B, [(TPS, [file_of(ONE)])], own=True, cites=TWO)
    index_all(db)
    take_in(db, ONE, is_own=False)
    told = photo(db, ONE, let(photos=True), is_public=True)
    assert not may_view(let(photos=True), told)
    assert not may_view(NOBODY, photo(db, ONE, NOBODY, is_public=True))
    assert may_view(let(A), photo(db, ONE, let(A)))


def test_a_photo_in_a_log_that_is_not_for_the_caller_is_not_opened_by_another(db):
    add_named(db, A, [(TPS, [file_of(ONE)])], "incidents")
    add_named(db, C, [(TPS, [file_of(ONE)])])
    index_all(db)
    take_in(db, ONE, is_own=False)
    assert not may_view(let(C), photo(db, ONE, let(C)))
    assert may_view(let(A, C), photo(db, ONE, let(A, C)))


def test_a_photo_that_is_only_cited_is_for_ourselves(db):
    add_named(db, C, [(TPS, [file_of(ONE)])], cites=TWO)
    index_all(db)
    take_in(db, ONE, is_own=False)
    assert not may_view(let(A, C, photos=True), photo(db, ONE, let(A, C, photos=True)))
    assert may_view(Person("x", "viewer"), photo(db, ONE))
    assert not may_view(THIS_MACHINE, photo(db, TWO))


class Spy:
    """A connection that writes down what is asked of it."""

    def __init__(self, connection):
        self.connection, self.asked = connection, []

    def execute(self, sql, values=()):
        self.asked.append((sql, values))
        return self.connection.execute(sql, values)


@pytest.mark.of_file
def test_who_cites_a_photo_a_million_times_makes_no_question_slower(db, monkeypatch):
    """A stranger may ask: no record that cites another's is looked at for that."""
    with db.view() as view:
        spy = Spy(view._connection)
        monkeypatch.setattr(view, "_connection", spy)
        evidence.read_photo(view, ONE, NOBODY, is_public=False)
        asked = [one for one in spy.asked if "is_derived" in one[0]]
        plans = [
            spy.connection.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
            for sql, values in asked
        ]
    assert plans
    for plan in plans:
        told = " ".join(row[3] for row in plan)
        assert "evidence_claimed (digest=? AND log_id=?)" in told
