"""What has had its time: counted from the voting day, by election, and never early."""

import hashlib

import pytest

from federation.flows.photos import retention
from federation.flows.photos.index import index_all
from federation.flows.photos.remove import note_gone
from federation.flows.photos.retention import expired, find_expired, make_terms
from federation.store import blobs as held
from federation.store import removals
from tests.ownnode import ELECTION, small_profile
from tests.photographed import A, add_named, file_of

DAY = 86_400
VOTED = 1_707_868_800  # 2024-02-14T00:00:00Z
#: The voting day is over everywhere on earth two days after it began in UTC.
DUE = VOTED + 2 * DAY + 30 * DAY
PROFILES = {ELECTION: small_profile()}
TPS = "3171010001001"
ONE, TWO = (hashlib.sha256(name.encode()).hexdigest() for name in "12")


@pytest.fixture
def terms():
    return make_terms({ELECTION: 30}, PROFILES)


def hold(db, digest=ONE, *, is_own=True, at=VOTED):
    with db.transaction() as tx:
        held.save_blob(tx, digest, 9, "image/jpeg", is_own=is_own, now=at)


def gone_at(db, terms, now, after=""):
    with db.view() as view:
        return [blob.digest for blob in find_expired(view, terms, now, after).expired]


@pytest.mark.parametrize("is_own", [True, False])
def test_a_photo_goes_on_its_day_and_not_before(db, terms, is_own):
    add_named(db, A, [(TPS, [file_of(ONE)])])
    index_all(db)
    hold(db, is_own=is_own)
    assert gone_at(db, terms, DUE - 1) == []
    assert gone_at(db, terms, DUE) == [ONE]


def test_an_election_that_is_not_named_is_kept_for_ever(db):
    add_named(db, A, [(TPS, [file_of(ONE)])])
    index_all(db)
    hold(db)
    others = make_terms({"pilpres-2019": 1}, PROFILES)
    assert gone_at(db, others, 1 << 40) == []
    assert gone_at(db, make_terms({}, PROFILES), 1 << 40) == []


def test_what_no_record_names_counts_from_when_it_came_by_the_longest_term(db):
    hold(db, at=VOTED)
    two = make_terms({ELECTION: 30, "pilpres-2019": 90}, PROFILES)
    assert gone_at(db, two, VOTED + 90 * DAY - 1) == []
    assert gone_at(db, two, VOTED + 90 * DAY) == [ONE]


def test_pages_come_to_the_same_as_the_whole(db, terms, monkeypatch):
    monkeypatch.setattr(retention, "PAGE", 1)
    for digest in (ONE, TWO):
        hold(db, digest)
    found, after = [], ""
    while True:
        with db.view() as view:
            page = find_expired(view, terms, 1 << 40, after)
        found += [blob.digest for blob in page.expired]
        after = page.after
        if not after:
            break
    assert found == sorted((ONE, TWO))


def test_it_goes_without_a_word_and_does_not_come_back(db, terms):
    add_named(db, A, [(TPS, [file_of(ONE)])])
    index_all(db)
    hold(db)
    with db.transaction() as tx:
        [blob] = find_expired(tx, terms, DUE).expired
        assert note_gone(tx, expired(blob, A, DUE))
        found = removals.find_removed(tx, ONE)
    assert (found.ground, found.is_due, found.was_held) == ("expired", False, True)
    with db.view() as view:
        assert removals.is_removed(view, ONE)
