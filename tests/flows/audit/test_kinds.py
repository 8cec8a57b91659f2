"""Each thing that can be wrong has its own word, and its own exit code."""

import hashlib

import pytest

from federation.errors import ForkError, PeerError
from federation.feeds.resource import cosigned_of
from federation.flows.audit import EXITS, AuditSource, Trust
from federation.flows.audit.report import NOTES, Findings
from federation.records.evidence import format_fork
from federation.records.keychain import encode_keys
from federation.records.logclosed import LogClosed
from federation.records.receipt import format_receipt
from federation.records.sealed import seal
from federation.tlog.checkpoint import Checkpoint, sign_checkpoint
from federation.tlog.cosignature import add_signatures, cosign
from federation.tlog.keys import ALG_ED25519, Signer
from federation.tlog.merkle import prove_inclusion
from federation.tlog.note import encode_notes, parse_note, sign_note
from federation.tlog.policy import Policy, PolicyLog, Witness, WitnessGroup
from federation.tlog.tile import hash_reader
from tests.fakes import RECORDED_AT, FakeOrg, FakePeer, Tree, self_signed
from tests.flows.audit.conftest import NOW, audit_peer, run_audit, trust_in


def cosigned(note: bytes, *orgs: FakeOrg, time: int = NOW - 60) -> bytes:
    """The checkpoint as these have cosigned it."""
    text = parse_note(note).text
    return add_signatures(note, [cosign(text, one.mirror, time) for one in orgs])


def trust_file(log: FakeOrg, *witnesses: FakeOrg, quorum: int) -> Trust:
    """A trust file that names one log and asks for so many of these witnesses."""
    named = tuple(Witness(one.org, one.mirror.key) for one in witnesses)
    names = tuple(one.org for one in witnesses)
    group = WitnessGroup("enough", quorum, names)
    logs = (PolicyLog(log.log.key),)
    return Trust(policy=Policy(logs, named, (group,), "enough"))


def receipt_of(tree: Tree, index: int, note: bytes | None = None, **other) -> bytes:
    """The receipt of a leaf, in the whole tree."""
    path = prove_inclusion(index, tree.size, hash_reader(tree.tile, tree.size))
    leaf = other.get("leaf", tree.leaves[index])
    keys = other.get("keys", tree.owner.statements)
    return format_receipt(leaf, keys, index, path, note or tree.note())


def kinds(report) -> set[str]:
    return {one.kind for one in report.findings if one.level == "error"}


def spoil_only(what: str, change):
    """A host that hands over one thing as another."""
    return lambda name, _, data: change(data) if name == what else data


def test_every_kind_has_an_exit_code_of_its_own_in_the_order_of_gravity():
    codes = list(EXITS.values())
    assert codes == sorted(set(codes))
    assert not set(EXITS) & set(NOTES)


def test_findings_are_counted_beyond_those_that_are_kept():
    found = Findings()
    for index in range(250):
        found.add("altered", "x", "a/b", index)
    found.add("partial", "x", "a/b")
    assert (len(found.kept), found.counts["altered"]) == (101, 250)
    assert found.verdict() == ("altered", 24)


def test_the_gravest_finding_is_the_verdict():
    found = Findings()
    for kind in ("damaged", "dropped", "quorum", "extra-file"):
        found.add(kind, "x")
    assert found.verdict() == ("dropped", 25)
    assert [one.kind for one in found.ranked()][-1] == "extra-file"


def test_nothing_given_to_compare_keys_with_is_unpinned(small):
    report = audit_peer(FakePeer("x").show(small), Trust())
    assert (report.verdict, report.exit) == ("unpinned", 40)
    assert "keys" in report.not_proved


def test_the_keys_of_another_identity_are_wrong(small, a):
    report = audit_peer(FakePeer("x").show(small), trust_in(a))
    assert (report.verdict, report.exit) == ("wrong-key", 21)


def forged(org: FakeOrg) -> Tree:
    """A log in the name of this organisation, by an identity that somebody made up."""
    other = FakeOrg(org.org)
    name = org.identity.key.name
    other.identity = Signer.from_seed(name, bytes(32), ALG_ED25519)
    other.statements = [self_signed(other)]
    return Tree(other).grow(other.results(0, 4))


def test_a_forged_log_of_a_trusted_name_is_wrong(small, b):
    report = audit_peer(FakePeer("x").show(forged(b)), trust_in(b))
    assert report.verdict == "wrong-key"
    both = run_audit(
        AuditSource(name="x", feed=FakePeer("x").show(small)),
        AuditSource(name="y", feed=FakePeer("y").show(forged(b))),
        trust=trust_in(b),
    )
    assert "wrong-key" in kinds(both)
    assert {one.source for one in both.findings if one.kind == "wrong-key"} == {"y"}


def test_a_trust_file_pins_by_the_log_key_and_the_first_record(small, grown, a):
    trust = trust_file(small.owner, a, quorum=1)
    peer = FakePeer("x").show(small, cosigned=cosigned(small.note(), a))
    report = audit_peer(peer, trust)
    assert (report.verdict, report.logs[0].pinned) == ("proved", "trust-file")
    assert report.logs[0].quorum == "met"
    other = audit_peer(FakePeer("x").show(grown), trust)
    assert other.verdict == "wrong-key"


def test_keys_that_are_not_the_first_record_are_refused(b):
    tree = Tree(b, b.results(0, 4))
    report = audit_peer(FakePeer("x").show(tree), trust_in(b))
    assert (report.verdict, report.exit) == ("keys", 22)


def test_a_changed_key_statement_does_not_hold(small, b):
    keys = encode_keys(b.statements).replace(b"2024-02-14T13", b"2024-02-14T14")
    report = audit_peer(FakePeer("x").show(small, keys=keys), trust_in(b))
    assert report.verdict == "keys"


def test_a_checkpoint_that_another_key_signed_is_refused(small, b):
    mallory = FakeOrg("mallory.example")
    text = parse_note(small.note()).text
    note = sign_note(text, mallory.log)
    report = audit_peer(FakePeer("x").show(small, note=note), trust_in(b))
    assert (report.verdict, report.exit) == ("checkpoint", 23)


def test_a_wrong_hash_tile_is_named_and_the_records_are_judged_all_the_same(grown, a):
    for what in ("tile (0, 0, 256)", "tile (0, 1, 44)", "tile (1, 0, 1)"):
        peer = FakePeer("x").show(grown)
        peer.spoil = spoil_only(what, lambda data: bytes(32) + data[32:])
        report = audit_peer(peer, trust_in(a))
        assert (report.verdict, report.exit) == ("tile", 28), what
        assert report.logs[0].records == 300


def test_tiles_that_lead_nowhere_prove_nothing(grown, a):
    other = Checkpoint(a.origin, 300, hashlib.sha256(b"another").digest())
    peer = FakePeer("x").show(grown, note=sign_checkpoint(other, a.log))
    report = audit_peer(peer, trust_in(a))
    assert (report.verdict, report.logs[0].records) == ("tile", 0)


def test_a_record_altered_with_all_tiles_is_named_by_its_signature(small, b):
    leaf = small.leaves[2].replace(b'"01":100', b'"01":900')
    forged = Tree(b, [*small.leaves[:2], leaf, *small.leaves[3:]])
    report = audit_peer(FakePeer("x").show(forged, note=small.note()), trust_in(b))
    assert report.verdict == "altered"
    assert ("altered", 2) in {(one.kind, one.index) for one in report.findings}


def test_a_receipt_for_another_place_is_refused(small, b):
    good = receipt_of(small, 2)
    bad = receipt_of(small, 2, leaf=small.leaves[3])
    for data, verdict in ((good, "proved"), (bad, "receipt")):
        report = run_audit(AuditSource(name="r", document=data), trust=trust_in(b))
        assert report.verdict == verdict
    assert report.exit == 29


def test_a_record_of_another_organisation_is_foreign(small, a, b):
    tree = Tree(b, [*small.leaves, a.result(77)])
    report = audit_peer(FakePeer("x").show(tree), trust_in(b))
    assert (report.verdict, report.exit) == ("foreign", 30)


def revoked_from(owner: FakeOrg, start: int, *more: bytes) -> Tree:
    """A log whose records key was revoked from an index on, and went on signing."""
    told = owner.restate(revoke=[(owner.records.key, start, "laptop dicuri")])
    tree = Tree(owner, [owner.statements[0], *owner.results(0, 2), told, *more])
    owner.statements.append(told)
    return tree


def test_what_its_owner_set_apart_is_a_remark_with_the_reason_and_the_count(b):
    owner = FakeOrg(b.org)
    tree = revoked_from(owner, 2, *owner.results(2, 4))
    report = audit_peer(FakePeer("x").show(tree), trust_in(b))
    assert (report.verdict, report.exit) == ("proved", 0)
    [log], [apart] = report.logs, [f for f in report.findings if f.kind == "set-apart"]
    assert (log.records, log.refused, log.set_apart) == (3, 0, 3)
    assert (apart.level, apart.index) == ("note", 2)
    assert "3 records, reason: laptop dicuri" in apart.detail


def test_in_the_name_of_a_revoked_key_only_what_it_signed_is_set_apart(b):
    owner = FakeOrg(b.org)
    forged = owner.result(7).replace(b'"01":100', b'"01":900')
    stranger = FakeOrg(b.org)
    stranger.records = Signer.from_seed(owner.records.name, bytes(range(9, 41)))
    for leaf in (forged, stranger.result(7)):
        tree = revoked_from(FakeOrg(b.org), 3, leaf)
        report = audit_peer(FakePeer("x").show(tree), trust_in(b))
        assert report.exit in {31, 32}
        assert [f.index for f in report.findings if f.level == "error"] == [4]
        assert report.logs[0].set_apart == 0


def test_a_receipt_of_what_its_owner_set_apart_proves_nothing_and_says_why(b):
    owner = FakeOrg(b.org)
    receipt = receipt_of(revoked_from(owner, 3, owner.result(7)), 4)
    report = run_audit(AuditSource(name="r", document=receipt), trust=trust_in(b))
    assert (report.verdict, report.exit) == ("revoked", 31)
    assert "set apart by its owner" in report.findings[0].detail
    assert "laptop dicuri" in report.findings[0].detail


def test_a_record_by_a_key_before_it_is_valid_is_told_apart(b):
    owner = FakeOrg(b.org)
    newer = Signer.from_seed(owner.records.name, bytes(range(9, 41)))
    told = owner.restate(add=[("records", newer.key, 9)])
    tree = Tree(owner, [owner.statements[0], *owner.results(0, 2), told])
    owner.statements.append(told)
    owner.records = newer
    tree.grow(owner.results(2, 3))
    report = audit_peer(FakePeer("x").show(tree), trust_in(b))
    assert (report.verdict, report.exit) == ("revoked", 31)
    assert [one.index for one in report.findings if one.level == "error"] == [4]


def test_a_record_that_was_logged_and_does_not_hold_is_bad(small, b):
    leaf = b.result(9).replace(b'"01":100', b'"01":900')
    tree = Tree(b, [*small.leaves, leaf])
    report = audit_peer(FakePeer("x").show(tree), trust_in(b))
    assert (report.verdict, report.exit) == ("bad-record", 32)
    assert (report.logs[0].records, report.logs[0].refused) == (5, 1)


def test_a_record_after_the_close_is_bad(small, b):
    closed = LogClosed(
        org=b.org,
        election=b.election,
        recorded_at=RECORDED_AT,
        origin=b.origin,
        reason="done",
    )
    tree = Tree(b, [*small.leaves, seal(closed, b.records), b.result(9)])
    report = audit_peer(FakePeer("x").show(tree), trust_in(b))
    assert report.verdict == "bad-record"


def test_a_bad_line_by_a_known_holder_is_told(small, a, b):
    text = parse_note(small.note()).text
    line = cosign(text, a.mirror, NOW)
    wrong = line._replace(payload=line.payload[:-1] + bytes([line.payload[-1] ^ 1]))
    note = add_signatures(small.note(), [wrong])
    peer = FakePeer("x").show(small, cosigned=note)
    report = audit_peer(peer, trust_file(b, a, quorum=1))
    assert kinds(report) == {"cosignature", "quorum"}
    assert (report.verdict, report.exit) == ("cosignature", 34)


def test_fewer_holders_than_asked_for_are_no_quorum(small, a, b):
    third = FakeOrg("third.example")
    peer = FakePeer("x").show(small, cosigned=cosigned(small.note(), a))
    report = audit_peer(peer, trust_file(b, a, third, quorum=2))
    assert (report.verdict, report.exit) == ("quorum", 35)
    assert [one.org for one in report.logs[0].held] == [a.org]


def test_old_confirmations_are_stale_and_later_ones_do_not_count(small, a, b):
    peer = FakePeer("x").show(small, cosigned=cosigned(small.note(), a))
    trust = trust_file(b, a, quorum=1)
    assert audit_peer(peer, trust, max_age_s=61).exit == 0
    assert audit_peer(peer, trust, max_age_s=59).verdict == "stale"


def test_a_confirmation_from_the_future_makes_nothing_fresh(small, a, b):
    third = FakeOrg("third.example")
    for ahead, is_stale in ((3_600, False), (2 * 86_400, True)):
        note = cosigned(small.note(), a, time=NOW + ahead)
        peer = FakePeer("x").show(small, cosigned=note)
        trust = trust_file(b, a, third, quorum=1)
        report = audit_peer(peer, trust, max_age_s=3_600)
        assert (report.verdict == "stale") is is_stale
        assert [one.ahead for one in report.logs[0].held] == [is_stale]
        old = cosigned(note, third, time=NOW - 60)
        peer = FakePeer("x").show(small, cosigned=old)
        assert audit_peer(peer, trust, max_age_s=3_600).exit == 0
    assert audit_peer(peer, trust, as_of=NOW - 61).verdict == "quorum"
    assert audit_peer(peer, trust, as_of=NOW - 60).exit == 0


def test_holders_are_known_by_the_pinned_keys_of_the_other_logs(small, grown, a, b):
    note = cosigned(small.note(), a)
    peer = FakePeer("x").show(small, cosigned=note).show(grown)
    report = audit_peer(peer, trust_in(a, b))
    held = {log.org: [one.org for one in log.held] for log in report.logs}
    assert held == {a.org: [], b.org: [a.org]}
    alone = audit_peer(peer, trust_in(b))
    assert not any(one.vouched for log in alone.logs for one in log.held)


def test_an_earlier_cosigned_checkpoint_counts_as_of_its_time(grown, a, b):
    earlier = cosigned(grown.note(200), b, time=NOW - 500)
    peer = FakePeer("x").show(grown, cosigned=cosigned(grown.note(), b))
    peer.files[cosigned_of(a.origin).path] = encode_notes([earlier])
    report = audit_peer(peer, trust_file(a, b, quorum=1), as_of=NOW - 400)
    assert (report.verdict, report.logs[0].held_size) == ("proved", 200)


def test_an_earlier_checkpoint_of_another_history_is_a_fork(grown, a):
    other = grown.fork(100, a.results(5_000, 5_100))
    peer = FakePeer("x").show(grown)
    peer.files[cosigned_of(a.origin).path] = encode_notes([other.note()])
    report = audit_peer(peer, trust_in(a))
    assert (report.verdict, report.exit) == ("forked", 20)
    assert len(report.evidence) == 1


def test_a_bundle_that_ends_within_a_record_is_cut_off(small, b):
    peer = FakePeer("x").show(small)
    peer.spoil = spoil_only("bundle (0, 5)", lambda data: data[:-7])
    report = audit_peer(peer, trust_in(b))
    assert (report.verdict, report.exit) == ("cut-off", 37)


@pytest.mark.parametrize("what", ["keys", "checkpoint", "bundle (0, 5)"])
def test_what_is_not_there_is_missing(small, b, what):
    peer = FakePeer("x").show(small)

    def gone(name, _origin, data):
        if name == what:
            raise PeerError("x", what, 404)
        return data

    peer.spoil = gone
    report = audit_peer(peer, trust_in(b))
    assert (report.verdict, report.exit) == ("missing", 38)


def test_a_status_vector_that_is_none_is_damaged(small, b):
    peer = FakePeer("x").show(small)
    peer.spoil = spoil_only("logs", lambda data: data + b" ")
    assert audit_peer(peer, trust_in(b)).verdict == "damaged"


def test_evidence_of_a_fork_that_is_published_is_believed_for_its_proof(small, b):
    other = small.fork(2, b.results(50, 53))
    proof = format_fork(ForkError(b.origin, small.note(), other.note()))
    report = audit_peer(FakePeer("x").show(small, evidence=proof), trust_in(b))
    assert (report.verdict, report.evidence) == ("forked", (proof.decode(),))


def test_a_second_key_statement_of_one_version_is_a_fork(b):
    owner = FakeOrg(b.org)
    one, other = owner.restate(), owner.restate("2024-02-14T14:00:00Z")
    tree = Tree(owner, [owner.statements[0], one, other])
    owner.statements.append(one)
    report = audit_peer(FakePeer("x").show(tree), trust_in(b))
    assert report.verdict == "forked"


def test_an_address_without_a_list_is_no_node(small, b):
    peer = FakePeer("x").show(small)

    def gone(name, _origin, data):
        if name == "logs":
            raise PeerError("x", name, 404)
        return data

    peer.spoil = gone
    assert audit_peer(peer, trust_in(b)).verdict == "unreachable"


def test_a_fork_is_proved_by_another_source_where_only_the_keys_did_not_come(small, b):
    closed = FakePeer("x").show(small.fork(2, b.results(50, 53)))

    def refuse(name, _origin, data):
        if name == "keys":
            raise PeerError("x", name, 403)
        return data

    closed.spoil = refuse
    sources = (
        AuditSource(name="x", feed=closed),
        AuditSource(name="y", feed=FakePeer("y").show(small)),
    )
    report = run_audit(*sources, trust=trust_in(b))
    assert (report.verdict, len(report.evidence)) == ("forked", 1)
