"""Whatever a host answers, the audit ends with a verdict, never with a better one."""

import shutil
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.feeds.folder import Folder
from federation.feeds.status import format_status
from federation.flows.audit import EXITS, AuditSource, Trust
from federation.flows.verify.workers import Workers
from federation.records.keychain import encode_keys
from federation.tlog.checkpoint import Checkpoint, sign_checkpoint
from federation.tlog.policy import Policy, Witness, WitnessGroup
from tests.fakes import FakeOrg, FakePeer, Tree
from tests.flows.audit.conftest import (
    audit_folder,
    audit_peer,
    run_audit,
    trust_in,
    write_folder,
)
from tests.flows.audit.test_kinds import cosigned

WHATS = ("logs", "keys", "checkpoint", "bundle", "tile")


def damage(data: bytes, how: int, at: int) -> bytes:
    """The bytes in one of several bad forms."""
    at %= len(data) + 1
    return [
        b"",
        data[:at],
        data[at:],
        data + data,
        data + b"\n",
        data[:at] + b"\x00" + data[at + 1 :],
        data[:at] + data[:at][::-1],
        bytes(len(data)),
        b"{" * 10_000,
    ][how]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(WHATS), st.integers(0, 8), st.integers(0, 10**6))
@pytest.mark.slow
def test_damaged_answers_are_a_verdict(what, how, at):
    one, other = FakeOrg("jagasuara.example"), FakeOrg("kawalpemilu.example")
    peer = FakePeer("x").show(Tree(one).grow(one.results(0, 3)))
    peer.show(Tree(other).grow(other.results(0, 1)))

    def spoil(name, origin, data):
        is_it = name.startswith(what) and origin in ("", one.origin)
        return damage(data, how, at) if is_it else data

    peer.spoil = spoil
    report = audit_peer(peer, trust_in(one, other))
    assert report.exit in {0, *EXITS.values()}
    if report.exit == 0:
        # The one damage that changed nothing.
        good = audit_peer(FakePeer("x", shown=dict(peer.shown)), trust_in(one, other))
        assert report == good


def test_one_log_that_fails_does_not_hide_the_others(small, grown, a, b):
    peer = FakePeer("x").show(small).show(grown)
    peer.spoil = lambda what, origin, data: (
        b"?" if origin == b.origin and what == "keys" else data
    )
    report = audit_peer(peer, trust_in(a, b))
    assert report.exit
    assert [(log.org, log.records) for log in report.logs] == [(a.org, 300)]


def test_nothing_at_all_is_not_proved(tmp_path, b):
    (tmp_path / "notes.txt").write_text("nothing")
    files = Folder(tmp_path)
    report = run_audit(AuditSource(name="x", files=files), trust=trust_in(b))
    assert report.verdict == "missing"
    assert audit_peer(FakePeer("x"), trust_in(b)).verdict == "missing"
    (tmp_path / "logs").write_bytes(format_status([]))
    assert audit_folder(tmp_path, trust_in(b)).verdict == "missing"


def test_a_signed_size_beyond_all_measure_plans_nothing(small, b):
    huge = Checkpoint(b.origin, 2**53 - 1, bytes(32))
    note = sign_checkpoint(huge, b.log)
    peer = FakePeer("x").show(small, note=note)
    assert audit_peer(peer, trust_in(b)).verdict == "checkpoint"
    assert not peer.count("tile")


def test_one_logs_files_under_the_name_of_another_prove_nothing(tmp_path, a, b):
    """Every file of a log is bound to it: by key, by root, or by its leaves."""
    one, other = Tree(a).grow(a.results(0, 4)), Tree(b).grow(b.results(0, 4))
    write_folder(tmp_path, one, other)
    folders = sorted(path for path in tmp_path.iterdir() if path.is_dir())
    for path in sorted(p for p in folders[0].rglob("*") if p.is_file()):
        true = path.read_bytes()
        shutil.copy(folders[1] / path.relative_to(folders[0]), path)
        assert audit_folder(tmp_path, trust_in(a, b)).exit, path
        path.write_bytes(true)


def test_a_log_key_that_a_newer_statement_revokes_signs_nothing(b):
    owner = FakeOrg(b.org)
    tree = Tree(owner).grow(owner.results(0, 4))
    old = encode_keys(owner.statements)
    told = owner.restate(revoke=[(owner.log.key, 4, "stolen")])
    owner.statements.append(told)
    peer = FakePeer("x").show(tree, keys=old)
    newer = AuditSource(name="k", document=encode_keys(owner.statements))
    report = run_audit(AuditSource(name="x", feed=peer), newer, trust=trust_in(owner))
    assert report.verdict == "checkpoint"


def test_a_cosignature_by_a_log_of_the_same_organisation_is_nobody_elses(small, b):
    peer = FakePeer("x").show(small, cosigned=cosigned(small.note(), b))
    report = audit_peer(peer, trust_in(b))
    assert report.logs[0].held == ()
    assert "no-cosignature" in report.counts


@pytest.mark.slow
def test_a_large_log_is_judged_in_other_processes_to_the_same_verdict(a):
    tree = Tree(a).grow(a.results(0, 2_300))
    bad = a.result(9).replace(b'"01":100', b'"01":900')
    tree.grow([bad, *a.results(2_300, 2_400)])
    peer = FakePeer("x").show(tree)
    here = audit_peer(peer, trust_in(a))
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        there = audit_peer(peer, trust_in(a), workers=Workers(executor))
    assert here == there
    assert (there.verdict, there.logs[0].refused) == ("bad-record", 1)
    assert [one.index for one in there.findings if one.level == "error"] == [2_301]


def test_how_many_must_lie_is_what_two_quorums_share():
    orgs = [FakeOrg(f"org{number}.example") for number in range(6)]
    named = tuple(Witness(one.org, one.mirror.key) for one in orgs)
    names = tuple(one.name for one in named)

    def shared(groups: list[WitnessGroup], quorum: str) -> int:
        return Trust(policy=Policy((), named, tuple(groups), quorum)).shared()

    for n in range(1, 7):
        for q in range(1, n + 1):
            assert shared([WitnessGroup("g", q, names[:n])], "g") == max(0, 2 * q - n)
    halves = [WitnessGroup("x", 2, names[:3]), WitnessGroup("y", 3, names[3:])]
    assert shared([*halves, WitnessGroup("all", 2, ("x", "y"))], "all") == 1 + 3
    assert shared([*halves, WitnessGroup("any", 1, ("x", "y"))], "any") == 0
    assert shared([], names[0]) == 1
    assert shared([], "none") == 0
