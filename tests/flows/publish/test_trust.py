"""The trust file: only compared identities, each counts once, a quorum that holds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.config.fingerprint import fingerprint
from federation.errors import ProofError
from federation.flows.publish.trust import KnownOrg, make_trust
from federation.records.keychain import (
    first_statement,
)
from federation.records.keysigning import sign_statement
from federation.store.db import Database
from federation.tlog.checkpoint import read_unverified
from federation.tlog.cosignature import add_signatures, cosign
from federation.tlog.keys import ALG_COSIGNATURE, Signer
from federation.tlog.note import parse_note
from federation.tlog.policy import NO_QUORUM, parse_policy
from tests.fakes import FakeOrg, Tree, signer
from tests.flows.publish.conftest import NOW, OURS, hold
from tests.policies import check_policy

ORGS = (OURS, "kawalpemilu.example", "jagapemilu.example")


@pytest.fixture
def owners(db):
    found = [FakeOrg(org) for org in ORGS]
    for owner in found:
        hold(db, Tree(owner).grow(owner.results(1, 5)))
    return found


def known(*owners):
    return [KnownOrg(one.org, one.org.upper(), one.identity.key) for one in owners]


def make(db, owners, quorum=1, elections=()):
    with db.view() as view:
        return make_trust(view, known(*owners), quorum, elections)


def cosigned(owner, *by):
    """A checkpoint of this owner's log, confirmed by these."""
    note = Tree(owner).grow(owner.results(1, 5)).note()
    text = parse_note(note).text
    return add_signatures(note, [cosign(text, one.mirror, NOW) for one in by])


def test_it_reads_as_the_policy_that_was_meant(db, owners):
    made = make(db, owners)
    policy = parse_policy(made.data)
    assert policy == made.policy
    assert [one.key for one in policy.logs] == [
        one.log.key for one in sorted(owners, key=lambda o: o.org)
    ]
    assert {one.name: one.key for one in policy.witnesses} == {
        one.org: one.mirror.key for one in owners
    }


@pytest.mark.parametrize("quorum", [0, 1, 2, 3])
def test_the_quorum_is_met_by_that_many_and_by_no_fewer(db, owners, quorum):
    policy = make(db, owners, quorum).policy
    for count in range(3):
        note = cosigned(owners[0], *owners[1 : 1 + count])
        if count < min(quorum, 2):  # there are two others, not three
            with pytest.raises(ProofError):
                check_policy(policy, note)
        else:
            found, _ = check_policy(policy, note)
            assert found.checkpoint == read_unverified(note)


def test_an_organisation_with_two_keys_counts_once(db, owners):
    other = owners[1]
    second = FakeOrg(other.org, "pilpres-2019")
    second.mirror = signer(f"{other.org}/mirror", ALG_COSIGNATURE)
    hold(db, Tree(second))
    # The same organisation, an election later, with a new mirror key.
    newer = FakeOrg(other.org, "pilkada-2024")
    newer.statements = [_with_other_mirror(newer)]
    hold(db, Tree(newer))
    policy = make(db, owners, quorum=2).policy
    assert [one.name for one in policy.witnesses if other.org in one.name] == [
        f"{other.org}/1",
        f"{other.org}/2",
    ]
    both = {f"{other.org}/1", f"{other.org}/2"}
    assert not policy.is_met(both)
    assert policy.is_met({OURS, f"{other.org}/2"})


def _first(owner, *more):
    """The first key statement of an owner, with a log and a records key and these."""
    named = [("log", owner.log.key), ("records", owner.records.key), *more]
    statement = first_statement(
        owner.origin, owner.identity.key, named, "2024-02-14T13:05:00Z"
    )
    return sign_statement(statement, owner.identity)


def _with_other_mirror(owner):
    mirror = Signer.from_seed(f"{owner.org}/mirror", b"7" * 32, ALG_COSIGNATURE)
    return _first(owner, ("mirror", mirror.key))


def test_nobody_is_trusted_whose_identity_was_not_compared(db, owners):
    stranger = FakeOrg("asing.example")
    hold(db, Tree(stranger))
    impostor = FakeOrg(ORGS[1])
    impostor.identity = signer("someone/else")
    with db.view() as view:
        made = make_trust(view, known(owners[0], impostor, owners[2]), 1)
    assert sorted(made.left_out) == sorted([stranger.origin, owners[1].origin])
    keys = {one.key for one in [*made.policy.logs, *made.policy.witnesses]}
    assert not keys & {owners[1].log.key, owners[1].mirror.key, stranger.log.key}
    for origin in made.left_out:
        assert origin.encode() in made.data


def test_every_key_that_ever_signed_a_log_is_listed_the_newest_first(db, owners):
    owner = owners[0]
    new = Signer.from_seed(owner.origin, b"8" * 32)
    owner.statements.append(
        owner.restate(add=[("log", new.key, 7)], revoke=[(owner.log.key, 7, "old")])
    )
    hold(db, Tree(owner).grow(owner.results(1, 9)))
    listed = [one.key for one in make(db, owners).policy.logs]
    at = listed.index(new.key)
    assert listed[at + 1] == owner.log.key


def test_alone_nobody_needs_to_confirm(db):
    owner = FakeOrg(OURS)
    hold(db, Tree(owner))
    made = make(db, [owner])
    assert (made.policy.quorum, made.policy.groups) == (NO_QUORUM, ())
    check_policy(made.policy, Tree(owner).note())


def test_without_any_log_it_is_still_a_trust_file(db):
    made = make(db, [FakeOrg(OURS)])
    assert parse_policy(made.data) == ((), (), (), NO_QUORUM)


def test_people_find_names_and_fingerprints_above_the_keys(db, owners):
    text = make(db, owners).data.decode()
    for owner in owners:
        line = next(
            one for one in text.splitlines() if fingerprint(owner.identity.key) in one
        )
        assert line == f"# {owner.org.upper()}, {owner.org}: " + fingerprint(
            owner.identity.key
        )


@pytest.mark.parametrize(
    ("quorum", "said"),
    [
        (0, "Nobody else needs to confirm"),
        (1, "1 of 3 must confirm"),
        (1, "not prevented"),
        (2, "if 1 of them"),
        (9, "2 of 3 must confirm"),
    ],
)
def test_the_file_says_what_its_quorum_is_worth(db, owners, quorum, said):
    assert said in make(db, owners, quorum).data.decode()


@pytest.fixture(scope="module")
def lonely(tmp_path_factory):
    found = Database.open(tmp_path_factory.mktemp("lonely"))
    hold(found, Tree(FakeOrg(OURS)))
    yield found
    found.close()


@settings(max_examples=60, deadline=None)
@given(name=st.text(max_size=40), quorum=st.integers(0, 300))
def test_no_name_of_an_organisation_becomes_a_line_of_the_file(lonely, name, quorum):
    owner = FakeOrg(OURS)
    with lonely.view() as view:
        made = make_trust(view, [KnownOrg(OURS, name, owner.identity.key)], quorum)
    policy = parse_policy(made.data)
    assert policy == made.policy
    assert [one.key for one in policy.logs] == [owner.log.key]
