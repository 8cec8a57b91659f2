"""Whom the auditor named, whom not, and who pretends to be one of the named."""

import pytest

from federation.config.fingerprint import fingerprint
from federation.flows.audit import Source, Trust
from federation.records.keychain import encode_keys
from federation.tlog.keys import Signer
from tests.fakes import FakeOrg, FakePeer, Tree, self_signed
from tests.flows.audit.conftest import NOW, audit_peer, run_audit, trust_in
from tests.flows.audit.test_kinds import cosigned, trust_file


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
    real = Source(name="real", feed=FakePeer("real").show(grown))
    fake = Source(name="fake", feed=FakePeer("fake").show(false))
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
    real = Source(name="real", feed=FakePeer("real").show(grown))
    fake = Source(name="fake", feed=FakePeer("fake").show(false))
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


def test_a_record_alone_by_a_key_that_was_revoked_anywhere_proves_nothing(a):
    owner = FakeOrg(a.org)
    leaf = owner.result(1)
    owner.statements.append(
        owner.restate(revoke=[(owner.records.key, 500, "stolen in the night")])
    )
    keys = Source(name="k", document=encode_keys(owner.statements))
    record = Source(name="r", document=leaf)
    report = run_audit(keys, record, trust=trust_in(a))
    assert (report.verdict, report.exit) == ("revoked", 31)


def test_nothing_named_leaves_everything_unpinned(both):
    report = audit_peer(both, Trust())
    assert (report.verdict, report.exit) == ("unpinned", 40)
