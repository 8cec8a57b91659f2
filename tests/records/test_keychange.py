"""The next key statement: it continues the chain, and changes what was asked alone."""

import hashlib
import itertools

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from federation.errors import NotFoundError, RecordError, SignatureError
from federation.records.canonical import encode
from federation.records.keychain import (
    LAST,
    first_statement,
    open_chain,
)
from federation.records.keychange import (
    KeyChange,
    RevokedFrom,
    find_key,
    needs_standstill,
    next_statement,
    tell_changes,
)
from federation.records.keysigning import check_continues, sign_statement
from federation.tlog.keys import ALG_COSIGNATURE, ALG_ED25519, Signer
from federation.tlog.note import sign_note

ORG = "jagasuara.example"
ORIGIN = f"{ORG}/pemilu-2024"
WHEN = "2024-02-14T11:00:00Z"
ROLES = ("log", "records", "node", "mirror")


def signer(role, number):
    name = ORIGIN if role == "log" else f"{ORG}/{role}"
    alg = ALG_COSIGNATURE if role == "mirror" else ALG_ED25519
    return Signer.from_seed(name, bytes([number]) * 31 + role[:1].encode(), alg)


IDENTITY = Signer.from_seed(f"{ORG}/identity", b"i" * 32)


def begin():
    keys = [(role, signer(role, 1).key) for role in ROLES]
    note = sign_statement(first_statement(ORIGIN, IDENTITY.key, keys, WHEN), IDENTITY)
    return open_chain([note], IDENTITY.key)


def after(chain, size, change):
    statement = next_statement(chain, size, change, WHEN)
    note = sign_statement(statement, IDENTITY)
    return open_chain([*chain.notes, note], IDENTITY.key)


SOME = [
    roles for count in range(1, 5) for roles in itertools.combinations(ROLES, count)
]


@pytest.mark.parametrize("size", [0, 1, 2, 700])
@pytest.mark.parametrize("roles", SOME, ids="+".join)
def test_what_was_signed_stays_good_and_only_new_keys_sign_what_follows(roles, size):
    chain = begin()
    new = [(role, signer(role, 2).key) for role in roles]
    changed = after(chain, size, KeyChange(new=new, reason="diganti"))
    for at in {0, size // 2, size}:
        # Every checkpoint that the log has had is one of the key that signed it.
        assert changed.log_key(at) == chain.log_key(at)
    for at in {0, size // 2, max(size - 1, 0)} if size else ():
        assert set(changed.record_keys(at).values()) == {signer("records", 1).key}
    expected = {role: signer(role, 2 if role in roles else 1).key for role in ROLES}
    assert changed.log_key(size + 1) == changed.log_key(LAST) == expected["log"]
    for at in (size, LAST):
        assert set(changed.record_keys(at).values()) == {expected["records"]}
    assert changed.node_keys() == (expected["node"],)
    assert changed.mirror_keys() == (expected["mirror"],)
    told = list(tell_changes(*changed.statements))
    permanent = {"log", "records"} & set(roles)
    assert len(told) == len(roles) * 2
    assert sum(one.key == "change.revoked" for one in told) == len(permanent)
    assert needs_standstill(*changed.statements) == bool(permanent)


@pytest.mark.parametrize("start", range(6))
def test_a_stolen_records_key_is_not_believed_from_the_index_named(start):
    new = [("records", signer("records", 2).key)]
    changed = after(begin(), 5, KeyChange(new=new, reason="dicuri", start=start))
    old, fresh = signer("records", 1).key, signer("records", 2).key
    for at in range(8):
        expected = {
            key for key, valid in ((old, at < start), (fresh, at >= 5)) if valid
        }
        assert set(changed.record_keys(at).values()) == expected


def test_a_key_of_a_desk_signs_beside_ours_and_is_revoked_alone():
    desk = signer("records", 3).key
    with_desk = after(begin(), 5, KeyChange(added=[desk]))
    assert not needs_standstill(*with_desk.statements)
    assert set(with_desk.record_keys(5).values()) == {signer("records", 1).key, desk}
    named = find_key(with_desk, desk.key_id.hex())
    gone = after(
        with_desk, 9, KeyChange(revoked=[RevokedFrom(named, 7)], reason="pergi")
    )
    assert set(gone.record_keys(6).values()) == {signer("records", 1).key, desk}
    assert set(gone.record_keys(7).values()) == {signer("records", 1).key}
    with pytest.raises(NotFoundError):
        next_statement(
            gone, 9, KeyChange(revoked=[RevokedFrom(named, 7)], reason="x"), WHEN
        )


def test_replacing_twice_leaves_each_key_its_own_part_of_the_history():
    chain = begin()
    for number, size in ((2, 10), (3, 20), (4, 30)):
        new = [(role, signer(role, number).key) for role in ROLES]
        chain = after(chain, size, KeyChange(new=new, reason="diganti"))
    for number, first, last in ((1, 0, 10), (2, 11, 20), (3, 21, 30), (4, 31, LAST)):
        assert chain.log_key(first) == chain.log_key(last) == signer("log", number).key
    for number, first, last in ((1, 0, 9), (2, 10, 19), (3, 20, 29), (4, 30, LAST)):
        for at in (first, last):
            found = set(chain.record_keys(at).values())
            assert found == {signer("records", number).key}


@pytest.mark.parametrize(
    "change",
    [
        KeyChange(new=[("records", signer("records", 2).key)], reason="x", start=6),
        KeyChange(revoked=[RevokedFrom(signer("records", 1).key, 7)], reason="x"),
        KeyChange(new=[("records", signer("records", 1).key)], reason="x"),
        KeyChange(added=[signer("node", 1).key]),
    ],
    ids=["beyond", "revoked-beyond", "the-same-key", "of-another-role"],
)
def test_what_no_log_could_hold_is_refused(change):
    with pytest.raises(RecordError):
        next_statement(begin(), 5, change, WHEN)


def test_a_key_is_named_by_all_of_it_or_its_digits_and_by_nothing_else():
    chain, key = begin(), signer("records", 1).key
    assert find_key(chain, str(key)) == find_key(chain, key.key_id.hex()) == key
    for named in ("", key.key_id.hex()[:4], "00000000", f"{ORG}/records"):
        with pytest.raises(NotFoundError):
            find_key(chain, named)


STOLEN = signer("records", 3).key
HOSTILE = signer("records", 66).key


def with_stolen_revoked():
    chain = after(begin(), 4, KeyChange(added=[STOLEN]))
    gone = KeyChange(revoked=[RevokedFrom(STOLEN, 9)], reason="laptop")
    return after(chain, 9, gone)


def next_of(chain, **other):
    statement = next_statement(chain, 20, KeyChange(added=[HOSTILE]), WHEN)
    return replace(statement, **other)


def test_a_revocation_that_is_taken_back_or_moved_is_told():
    chain = with_stolen_revoked()
    before = chain.statements[-1]
    taken_back = next_of(chain, revoked=UNSET)
    told = {one.key: one for one in tell_changes(before, taken_back)}
    assert told.keys() == {"change.added-from", "change.believed"}
    assert needs_standstill(before, taken_back)
    [gone] = before.revoked
    moved = next_of(chain, revoked=(replace(gone, from_=900),))
    assert "change.revoked" in {one.key for one in tell_changes(before, moved)}
    assert needs_standstill(before, moved)


def test_what_is_signed_continues_a_note_of_the_same_identity():
    chain = with_stolen_revoked()
    after = next_of(chain)
    check_continues(chain.notes[-1], after, IDENTITY.key)
    stranger = Signer.from_seed(f"{ORG}/identity", b"x" * 32)
    # The hostile key is in what is said to come before: so nothing would be told of it.
    hidden = replace(chain.statements[-1], keys=after.keys)
    assert "change.added-from" not in {one.key for one in tell_changes(hidden, after)}
    body = encode(hidden) + b"\n"
    signature = chain.notes[-1].partition(b"\n\n")[2]
    forged = [sign_note(body, stranger), body + b"\n" + signature]
    for note in forged:
        previous = hashlib.sha256(note).hexdigest()
        with pytest.raises(SignatureError):
            check_continues(note, replace(after, previous=previous), IDENTITY.key)
    with pytest.raises(SignatureError):
        check_continues(chain.notes[-1], after, stranger.key)
    with pytest.raises(RecordError):
        check_continues(chain.notes[-2], after, IDENTITY.key)
