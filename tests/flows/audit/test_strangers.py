"""Whom the auditor named, whom not, and who pretends to be one of the named."""

import hashlib

import pytest

from federation.config.fingerprint import fingerprint
from federation.flows.audit import AuditSource, Trust
from federation.flows.audit.keyring import Keyring
from federation.records.keychain import encode_keys
from federation.tlog.keys import Signer
from tests.fakes import FakeOrg, FakePeer, Tree, self_signed
from tests.flows.audit.conftest import NOW, audit_peer, run_audit, trust_in
from tests.flows.audit.test_kinds import cosigned, receipt_of, trust_file


def levels(report) -> set[tuple[str, str]]:
    return {(one.level, one.kind) for one in report.findings}


@pytest.fixture
def forger() -> FakeOrg:
    """Somebody else who calls themselves jagasuara.example."""
    org = FakeOrg("jagasuara.example")
    org.identity = Signer.from_seed(org.identity.name, bytes(range(32)))
    org.log = Signer.from_seed(org.origin, bytes(range(1, 33)))
    org.statements = [self_signed(org)]
    return org


@pytest.fixture
def both(grown, small) -> FakePeer:
    return FakePeer("x").show(grown).show(small)


def test_one_fingerprint_proves_its_log_beside_those_of_strangers(both, a, b):
    report = audit_peer(both, trust_in(b))
    assert (report.verdict, report.exit) == ("proved", 0)
    assert ("note", "stranger") in levels(report)
    pinned = {log.org: log.pinned for log in report.logs}
    assert pinned == {a.org: "no", b.org: "fingerprint"}
    assert "keys" in report.not_proved


def test_a_fingerprint_that_fits_nothing_may_be_that_of_any_stranger(both, a, b):
    other = FakeOrg("netgrit.example")
    report = audit_peer(both, trust_in(b, other))
    assert (report.verdict, report.exit) == ("wrong-key", 21)


def test_strangers_alone_are_never_proved(grown, b):
    report = audit_peer(FakePeer("x").show(grown), trust_file(b, quorum=0))
    assert (report.verdict, report.exit) == ("wrong-key", 21)
    report = audit_peer(FakePeer("x").show(grown), trust_in(b))
    assert report.exit == 21


def test_whoever_takes_the_name_of_somebody_pinned_is_no_stranger(forger, grown, a):
    false = Tree(forger).grow(forger.results(0, 3))
    real = AuditSource(name="real", feed=FakePeer("real").show(grown))
    fake = AuditSource(name="fake", feed=FakePeer("fake").show(false))
    for sources in ((real, fake), (fake, real)):
        report = run_audit(*sources, trust=trust_in(a))
        assert (report.verdict, report.exit) == ("wrong-key", 21)
        blamed = {one.source for one in report.findings if one.kind == "wrong-key"}
        assert blamed == {"fake"}


def test_what_the_own_key_of_a_log_signed_beside_it_is_a_fork_whoever_brings_it(
    forger, grown, a
):
    forger.log = a.log
    forger.statements = [self_signed(forger)]
    false = Tree(forger).grow(forger.results(0, 299))
    real = AuditSource(name="real", feed=FakePeer("real").show(grown))
    fake = AuditSource(name="fake", feed=FakePeer("fake").show(false))
    report = run_audit(real, fake, trust=trust_in(a))
    assert (report.verdict, report.exit, len(report.evidence)) == ("forked", 20, 1)


def test_whoever_takes_the_name_of_a_log_in_the_trust_file_is_no_stranger(forger, a):
    false = Tree(forger).grow(forger.results(0, 3))
    report = audit_peer(FakePeer("x").show(false), trust_file(a, quorum=0))
    assert (report.verdict, report.exit) == ("wrong-key", 21)


def test_a_stranger_beside_a_log_of_the_trust_file_is_a_note(both, a, b):
    report = audit_peer(both, trust_file(a, quorum=0))
    assert (report.verdict, report.exit) == ("proved", 0)
    assert ("note", "stranger") in levels(report)


def test_what_strangers_say_to_hold_is_shown_with_their_fingerprint(grown, small, a, b):
    note = cosigned(grown.note(), b)
    peer = FakePeer("x").show(grown, cosigned=note).show(small)
    alone = audit_peer(peer, trust_in(a))
    [held] = next(log.held for log in alone.logs if log.org == a.org)
    assert (held.org, held.time, held.vouched) == (b.org, NOW - 60, False)
    assert held.fingerprint == fingerprint(b.identity.key)
    assert ("note", "no-cosignature") in levels(alone)
    [held] = next(
        log.held for log in audit_peer(peer, trust_in(a, b)).logs if log.org == a.org
    )
    assert (held.vouched, held.fingerprint) == (True, "")


def test_what_strangers_say_fills_no_quorum_and_is_not_fresh(grown, small, a, b):
    note = cosigned(grown.note(), b)
    peer = FakePeer("x").show(grown, cosigned=note).show(small)
    other = FakeOrg("netgrit.example")
    assert audit_peer(peer, trust_file(a, other, quorum=1)).verdict == "quorum"
    assert audit_peer(peer, trust_in(a), max_age_s=3600).verdict == "stale"


@pytest.fixture
def insider(a, b) -> FakeOrg:
    """B, whose fingerprint is known, signs in the name of A with its own key."""
    org = FakeOrg(a.org)
    org.identity = Signer.from_seed(org.identity.name, seed_of(b.identity))
    for number, name in enumerate(("log", "records", "mirror", "node"), 2):
        known = getattr(org, name)
        seed = bytes([number]) * 32
        setattr(org, name, Signer.from_seed(known.name, seed, known.key.alg))
    org.statements = [self_signed(org)]
    return org


def seed_of(signer: Signer) -> bytes:
    return hashlib.sha256(f"{signer.name} {signer.key.alg}".encode()).digest()


def test_a_key_that_was_named_vouches_for_one_name_only(insider, small, grown, a, b):
    assert fingerprint(insider.identity.key) == fingerprint(b.identity.key)
    false = AuditSource(name="f", feed=FakePeer("f").show(Tree(insider)))
    own = AuditSource(name="o", feed=FakePeer("o").show(small))
    real = AuditSource(name="r", feed=FakePeer("r").show(grown))
    for sources in ((false, own), (own, false), (real, false), (false, real, own)):
        report = run_audit(*sources, trust=trust_in(a, b))
        assert (report.verdict, report.exit) == ("wrong-key", 21)


def test_a_fingerprint_with_a_name_vouches_for_nobody_else(insider, grown, a, b):
    owners = {fingerprint(one.identity.key): one.org for one in (a, b)}
    trust = Trust(fingerprints=frozenset(owners), owners=owners)
    false = AuditSource(name="f", feed=FakePeer("f").show(Tree(insider)))
    real = AuditSource(name="r", feed=FakePeer("r").show(grown))
    assert run_audit(false, trust=trust).exit == 21
    report = run_audit(real, false, trust=trust)
    blamed = {one.source for one in report.findings if one.kind == "wrong-key"}
    assert (report.exit, blamed) == (21, {"f"})
    assert run_audit(real, trust=trust).exit == 0


def test_the_longer_of_two_chains_does_not_win(insider, grown, a, b):
    insider.statements.append(insider.restate())
    false = AuditSource(name="f", feed=FakePeer("f").show(Tree(insider)))
    real = AuditSource(name="r", feed=FakePeer("r").show(grown))
    report = run_audit(real, false, trust=trust_in(a, b))
    pinned = {log.source: log.pinned for log in report.logs}
    assert (report.exit, pinned) == (21, {"r": "no", "f": "no"})


def test_a_receipt_with_other_keys_in_it_vouches_for_nobody(forger, grown, a):
    """The log's public key stands in everybody's trust file: anyone can name it."""
    forger.log = a.log
    forger.records = Signer.from_seed(forger.records.name, bytes(range(3, 35)))
    forger.statements = [self_signed(forger)]
    exchanged = receipt_of(grown, 0, keys=forger.statements)
    record = AuditSource(name="forged", document=forger.result(99))
    report = run_audit(
        AuditSource(name="r", document=exchanged), record, trust=trust_file(a, quorum=0)
    )
    assert report.exit != 0
    assert "no" in {one.pinned for one in report.documents if one.source == "forged"}
    honest = AuditSource(name="h", document=receipt_of(grown, 5))
    forger.statements.append(
        forger.restate(revoke=[(forger.records.key, 0, "so that nothing counts")])
    )
    exchanged = receipt_of(grown, 0, keys=forger.statements)
    report = run_audit(
        AuditSource(name="r", document=exchanged), honest, trust=trust_file(a, quorum=0)
    )
    good = next(one for one in report.documents if one.source == "h")
    assert (good.holds, good.pinned) == (True, "trust-file")
    blamed = {one.source for one in report.findings if one.kind == "wrong-key"}
    assert blamed == {"r", "h"}, "being longer makes no chain better"


def test_the_receipt_of_the_first_key_statement_proves_the_keys(grown, a):
    keys = AuditSource(name="k", document=encode_keys(a.statements))
    record = AuditSource(name="r", document=grown.leaves[5])
    first = AuditSource(name="0", document=receipt_of(grown, 0))
    trust = trust_file(a, quorum=0)
    assert run_audit(keys, record, first, trust=trust).exit == 0
    assert run_audit(keys, record, trust=trust).verdict == "unpinned"


def test_a_part_of_a_log_vouches_for_nobodys_keys(forger, grown, a):
    forger.log = a.log
    forger.records = Signer.from_seed(forger.records.name, bytes(range(3, 35)))
    forger.statements = [self_signed(forger)]
    keyring = Keyring(trust_file(a, quorum=0))
    keyring.add("part", forger.chain)
    assert keyring.pin(forger.chain, a.log.key, None) == "trust-file"
    assert keyring.all_pinned() == []
    assert keyring.pin(forger.chain, a.log.key, grown.leaves[0]) == "no"
    keyring.add("whole", a.chain)
    assert keyring.pin(a.chain, a.log.key, grown.leaves[0]) == "trust-file"
    assert keyring.all_pinned() == [a.chain]
    assert keyring.longest(a.origin) == a.chain


def test_a_record_alone_by_a_key_that_was_revoked_anywhere_proves_nothing(a):
    owner = FakeOrg(a.org)
    leaf = owner.result(1)
    owner.statements.append(
        owner.restate(revoke=[(owner.records.key, 500, "stolen in the night")])
    )
    keys = AuditSource(name="k", document=encode_keys(owner.statements))
    record = AuditSource(name="r", document=leaf)
    report = run_audit(keys, record, trust=trust_in(a))
    assert (report.verdict, report.exit) == ("revoked", 31)


def test_nothing_named_leaves_everything_unpinned(both):
    report = audit_peer(both, Trust())
    assert (report.verdict, report.exit) == ("unpinned", 40)
