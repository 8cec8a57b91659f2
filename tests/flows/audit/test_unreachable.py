"""What could not be asked or read is no verdict on a history, and hides none."""

import errno
import os

import pytest

from federation.config.fingerprint import fingerprint
from federation.errors import FormatError, NotFoundError, PeerError
from federation.feeds import folder as folder_module
from federation.feeds.resource import log_path
from federation.feeds.unreadable import unreadable as fault_of
from federation.flows.audit import AuditSource, Trust
from federation.flows.audit.report import EXITS, FOLLOWING, UNASKED, Findings, verdict
from federation.flows.audit.source import kind_of, tell
from federation.text import Sentence, Text
from federation.tlog.tile import bundles_of
from tests.fakes import FakeOrg, FakePeer, Tree
from tests.flows.audit.conftest import (
    audit_folder,
    audit_peer,
    run_audit,
    trust_in,
    write_folder,
)
from tests.flows.audit.test_kinds import cosigned, receipt_of, trust_file

UNASKED_CODES = [None, 301, 401, 403, 429, 500, 503]


def refusing(status, *whats):
    """A host that does not hand over these."""

    def spoil(what, _origin, data):
        if what.startswith(whats):
            raise PeerError("peer", what, status)
        return data

    return spoil


def show(tree, status, *whats):
    peer = FakePeer("peer").show(tree)
    peer.spoil = refusing(status, *whats)
    return peer


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (PeerError("a", "u", 404), "missing"),
        (PeerError("a", "u", 410), "missing"),
        (PeerError("a", "u", 200, "x"), "damaged"),
        (PeerError("a", "u", 200, "x", "cut-off"), "cut-off"),
        (PeerError("a", "u", 200, "cut off"), "damaged"),
        (PeerError("a", "u", None, "x", "wrong"), "damaged"),
        (PeerError("a", "u", None, "x", "unreadable"), UNASKED),
        (PeerError("a", "u", 200, "x", "page"), UNASKED),
        (PeerError("a", "u", 200, "x", "garbled"), UNASKED),
        (PeerError("a", "u", 204), UNASKED),
        *((PeerError("a", "u", code), UNASKED) for code in UNASKED_CODES),
        (NotFoundError("x"), "missing"),
        (FormatError("x"), "damaged"),
        (FormatError("x", cause="cut-off"), "cut-off"),
        (FormatError("x", "cut off.zip"), "damaged"),
        (fault_of(OSError(errno.EIO, "x"), "p"), UNASKED),
    ],
)
def test_only_who_says_so_lacks_something(error, kind):
    assert kind_of(error) == kind


@pytest.mark.parametrize("other", sorted(EXITS.keys() - {UNASKED}))
def test_it_outranks_what_may_follow_from_it_and_nothing_that_is_proved(other):
    for kinds in ([UNASKED, other], [other, UNASKED], [other, UNASKED, "missing"]):
        found = UNASKED if other in FOLLOWING else other
        assert verdict(kinds) == (found, EXITS[found])


def test_what_makes_the_verdict_is_told_first():
    findings = Findings()
    for kind in ("extra-file", "missing", UNASKED, "damaged", "forked"):
        findings.add(kind, "x")
    told = [one.kind for one in findings.ranked()]
    assert told == ["forked", "damaged", UNASKED, "missing", "extra-file"]


@pytest.mark.parametrize("status", UNASKED_CODES)
def test_a_node_that_cannot_be_asked_at_all_is_asked_once(small, b, status):
    peer = show(small, status, "logs")
    report = audit_peer(peer, trust_in(b))
    assert (report.verdict, report.exit) == (UNASKED, 5)
    assert dict(report.counts) == {UNASKED: 1}
    assert peer.asked == ["logs"]


@pytest.mark.parametrize("status", UNASKED_CODES)
@pytest.mark.parametrize("what", ["keys", "checkpoint", "bundle", "tile", "cosigned"])
def test_whatever_could_not_be_asked_for_is_not_missing(small, b, status, what):
    peer = show(small, status, what)
    peer.files[log_path(b.origin, "cosigned")] = b""
    report = audit_peer(peer, trust_in(b))
    assert report.verdict == UNASKED
    assert set(report.counts) <= {UNASKED, "no-cosignature"}


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("what", ["keys", "checkpoint", "bundle", "tile"])
def test_what_it_says_is_not_there_is_missing(small, b, status, what):
    report = audit_peer(show(small, status, what), trust_in(b))
    assert report.verdict == "missing"


def test_tiles_that_could_not_be_asked_for_are_not_wrong(grown, a):
    report = audit_peer(show(grown, 429, "tile", "bundle (0"), trust_in(a))
    assert report.verdict == UNASKED
    assert not {"tile", "altered"} & set(report.counts)


def test_tiles_that_are_not_there_are_not_wrong_either(small, b):
    report = audit_peer(show(small, 404, "tile", "bundle"), trust_in(b))
    assert report.verdict == "missing"
    assert "tile" not in report.counts


def test_records_that_lead_elsewhere_are_wrong_whatever_became_of_the_tiles(b):
    tree = Tree(b).grow(b.results(0, 4))
    other = Tree(b).grow(b.results(1, 4))
    peer = FakePeer("peer").show(tree)

    def spoil(what, _, data):
        if what.startswith("tile"):
            raise PeerError("peer", what, 429)
        return other.tile(other_bundle) if what.startswith("bundle") else data

    other_bundle = next(iter(bundles_of(0, other.size)))
    peer.spoil = spoil
    report = audit_peer(peer, trust_in(b))
    assert report.verdict == "tile"
    assert UNASKED in report.counts


def test_a_proved_fork_stays_one_beside_a_node_that_cannot_be_asked(b):
    one, other = Tree(b).grow(b.results(0, 4)), Tree(b).grow(b.results(5, 9))
    dead = show(one, 429, "logs")
    report = run_audit(
        AuditSource(name="dead", feed=dead),
        AuditSource(name="one", feed=FakePeer("one").show(one)),
        AuditSource(name="other", feed=FakePeer("other").show(other)),
        trust=trust_in(b),
    )
    assert report.verdict == "forked"
    assert report.counts[UNASKED] == 1


def test_damage_in_what_came_stays_the_verdict(grown, a):
    peer = FakePeer("peer").show(grown)

    def spoil(what, _, data):
        if what.startswith("bundle (1"):
            raise PeerError("peer", what, 503)
        if what.startswith("bundle (0"):
            return data.replace(b'"01":100', b'"01":101', 1)
        return data

    peer.spoil = spoil
    report = audit_peer(peer, trust_in(a))
    assert report.verdict == "altered"
    assert UNASKED in report.counts


def test_a_receipt_whose_holders_could_not_be_asked_for_is_open(grown, a, b):
    note = cosigned(grown.note(), b)
    receipt = AuditSource(name="receipt.txt", document=receipt_of(grown, 3, note))
    trust = trust_file(a, b, quorum=1)
    dead = AuditSource(name="dead", feed=show(grown, 429, "logs"))
    assert run_audit(receipt, trust=trust).verdict == "proved"
    assert run_audit(receipt, dead, trust=trust).verdict == UNASKED
    alone = AuditSource(name="receipt.txt", document=receipt_of(grown, 3))
    assert run_audit(alone, trust=trust).verdict == "quorum"
    assert run_audit(alone, dead, trust=trust).verdict == UNASKED


def test_strangers_beside_those_who_could_not_be_asked_are_no_wrong_key(small, b, a):
    known = Tree(a).grow(a.results(0, 2))
    peer = FakePeer("peer").show(small).show(known)
    peer.spoil = lambda what, origin, data: (
        refusing(429, "keys")(what, origin, data) if origin == a.origin else data
    )
    report = audit_peer(peer, trust_in(a))
    assert report.verdict == UNASKED
    assert "wrong-key" not in report.counts
    peer.spoil = lambda _what, _origin, data: data
    assert audit_peer(peer, trust_in(a)).verdict == "proved"


def test_a_wrong_key_of_somebody_who_was_named_stays_one(small, b):
    named = fingerprint(FakeOrg("other.example").identity.key)
    trust = Trust(fingerprints=frozenset([named]), owners={named: b.org})
    report = run_audit(
        AuditSource(name="dead", feed=show(small, 429, "logs")),
        AuditSource(name="good", feed=FakePeer("good").show(small)),
        trust=trust,
    )
    assert report.verdict == "wrong-key"


def test_without_any_trust_it_is_unreachable_not_unpinned(small, b):
    report = audit_peer(show(small, 429, "bundle"), Trust())
    assert report.verdict == UNASKED
    assert "unpinned" in report.counts


def test_other_sources_are_judged_all_the_same(small, b):
    report = run_audit(
        AuditSource(name="dead", feed=show(small, 403, "logs")),
        AuditSource(name="good", feed=FakePeer("good").show(small)),
        trust=trust_in(b),
    )
    assert report.verdict == UNASKED
    assert [(log.source, log.records) for log in report.logs] == [("good", small.size)]


@pytest.fixture
def unreadable(monkeypatch):
    """Files whose path holds this text fail with this number when they are read."""
    true = folder_module._read

    def fail(text, number):
        def read(where, path, max_bytes):
            if text in path:
                raise OSError(number, os.strerror(number))
            return true(where, path, max_bytes)

        monkeypatch.setattr(folder_module, "_read", read)

    return fail


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EACCES, "this user may not"),
        (errno.EPERM, "this user may not"),
        (errno.EIO, "does not give its bytes back"),
        (errno.ENODEV, "no longer there"),
        (errno.ESTALE, "no longer there"),
        (errno.EMFILE, "too many files"),
        (errno.EOVERFLOW, "the system says: Value too large"),
    ],
)
@pytest.mark.parametrize("what", ["logs", "keys", "checkpoint", "tile/entries"])
def test_a_file_that_cannot_be_read_is_neither_missing_nor_damaged(
    tmp_path, small, unreadable, number, said, what
):
    write_folder(tmp_path, small)
    b = small.owner
    unreadable(what, number)
    report = audit_folder(tmp_path, trust_in(b))
    assert report.verdict == UNASKED
    found = next(one for one in report.findings if one.kind == UNASKED)
    assert said in found.detail
    assert what in found.detail
    assert "answer" not in found.detail
    assert "Errno" not in found.detail
    assert Text("id").say(found.detail) != found.detail


def test_a_file_that_is_not_there_is_missing(tmp_path, small, b):
    write_folder(tmp_path, small)
    (tmp_path / log_path(b.origin, "keys")).unlink()
    assert audit_folder(tmp_path, trust_in(b)).verdict == "missing"


def test_a_folder_of_records_that_is_closed_hides_nothing_as_missing(
    tmp_path, small, b, monkeypatch
):
    write_folder(tmp_path, small)
    (tmp_path / "lost+found").mkdir()
    true_scan, true_read = folder_module._scan, folder_module._read

    def scan(folder):
        if folder.name in {"entries", "lost+found"}:
            raise PermissionError(errno.EACCES, "x")
        return true_scan(folder)

    def read(where, path, max_bytes):
        if "/entries/" in path:
            raise PermissionError(errno.EACCES, "x")
        return true_read(where, path, max_bytes)

    monkeypatch.setattr(folder_module, "_scan", scan)
    monkeypatch.setattr(folder_module, "_read", read)
    report = audit_folder(tmp_path, trust_in(b))
    assert report.verdict == UNASKED
    assert any("tile/entries/" in one.detail for one in report.findings)
    extra = [one.detail for one in report.findings if one.kind == "extra-file"]
    assert extra == ["lost+found/"]


def test_changed_line_ends_are_told_as_what_they_are(tmp_path, small, b):
    write_folder(tmp_path, small)
    path = tmp_path / log_path(b.origin, "keys")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    report = audit_folder(tmp_path, trust_in(b))
    assert report.verdict == "damaged"
    assert any("CR LF" in one.detail for one in report.findings)


def test_a_cause_is_told_with_its_address_in_both_languages():
    reason = Sentence("network.login")
    said = tell(PeerError("a.example", "https://a.example/logs", 401, reason))
    assert said.startswith("https://a.example/logs answered 401: it asks for a login")
    assert "menjawab 401: situs itu meminta kata sandi" in Text("id").say(said)
