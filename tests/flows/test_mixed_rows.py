"""One answer to each row, whoever makes its leaf, and whenever: good rows and bad ones.

What must not change is written down: `MIXED` is the digest of all answers and leaves as
they were when rows were signed one by one, before other processes made them (their keys
are fixed, and Ed25519 says the same each time).
"""

import hashlib
import os
import signal
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import msgspec
import pytest

from federation.flows.ownlog import ingest
from federation.flows.ownlog.signing import start_makers
from federation.flows.ownlog.verdict import UnreadRow
from federation.flows.verify.workers import Workers, open_workers
from federation.records.problem import Problem
from federation.records.sealed import seal
from federation.records.withdrawal import Withdrawal
from federation.store import leaves, logs
from federation.text import Sentence
from tests.ownnode import ELECTION, NOW, fixed_signer, row

ORG = "jagasuara.example"
#: Printed by `_digest` below at 7a8dc136, before leaves were made by the workers.
MIXED = "90d659e1816c58fe91735dcffbb97e92130b6ef832d373ad637cd1b5d6d28ee8"


def _draft(number, votes=100, **members):
    return row(f"3171011001{number:03d}", votes, 2, 3) | members


def _leaf(signer, **members):
    told = {
        "contest": "ppwp",
        "election": ELECTION,
        "official": 0,
        "org": ORG,
        "reason": "wrong station",
        "recorded_at": "2024-02-14T08:40:00Z",
        "round": "reguler",
        "tps": "3171011001101",
    }
    return seal(Withdrawal(**(told | members)), signer)


def mixed_rows(signer):
    """What people hand in, and what they should not."""
    photo = {"media_type": "image/jpeg", "sha256": "ab" * 32, "size": 9}
    good = _leaf(signer)
    odd = [
        _draft(1),
        _draft(2, -1),
        _draft(3, 1_000_000),
        _draft(4, org="else.example"),
        _draft(5, type="tps-result/1"),
        _draft(6, nothing=1),
        _draft(7, note="Cafe\u0301 di RT 3"),
        _draft(8, note="half \ud800"),
        _draft(9, note="a\x07b"),
        _draft(10, note="x" * 301),
        _draft(11, round="no"),
        _draft(12, tps="317101"),
        _draft(13, evidence=[photo] * 3),
        _draft(14, evidence=[photo | {"size": "9"}]),
        _draft(15, figures={"suara_sah": 7}),
        _draft(16, candidates={"04": 1}),
        _draft(17, ref="a", revision=3),
        _draft(17, 101, ref="a", revision=2),
        _draft(18),
        _draft(18),
        _draft(19),
        _draft(19, 7),
        _draft(20, 1.5),
        _draft(21, 1.0),
        _draft(22, 1 << 70),
        _draft(23, observed_at="2024-02-14T23:59:59Z"),
        _draft(24, observed_at="yesterday"),
        _draft(25, source="kpu", form="sirekap"),
        _draft(26, parties={"1": {"partai": 3}}),
        {},
        {"tps": None},
        {"region": "3171", "contest": "ppwp"},
        UnreadRow((Problem("tps", "tps", Sentence("member.draft")),)),
        good,
        good,
        good.replace(b"wrong", b"other"),
        _leaf(fixed_signer("kawal.example/records"), org="kawal.example"),
        bytes([good[0] ^ 1]) + good[1:],
        b"",
        good + b"\n\n",
    ]
    more = [_draft(number) for number in range(100, 190)]
    return [*more[:30], *odd, *more[30:], *odd[:9]]


def _digest(node, verdicts):
    """All answers, and all leaves that stand in the log now."""
    with node.db.view() as view:
        log = logs.get_log(view, node.log.origin)
        stored = leaves.read_leaves(view, log.id, 0, log.size)
    told = msgspec.json.encode(verdicts, enc_hook=str)
    return hashlib.sha256(b"\0".join([told, *stored])).hexdigest()


def _take(node, *, begins=False):
    given = {}
    rows = mixed_rows(node.log.records_signer)
    if begins:
        given["begun"] = ingest.begin(node.log, rows, NOW)
        assert given["begun"] is not None
    verdicts = ingest.append(node.db, node.guard, node.log, rows, NOW, **given)
    assert [one.row for one in verdicts] == list(range(len(rows)))
    return verdicts


def test_every_row_is_answered_as_when_each_was_signed_by_itself(node):
    verdicts = _take(node)
    outcomes = {one.outcome for one in verdicts}
    assert outcomes == {"logged", "held", "stale", "refused"}
    assert all(one.reason and one.code for one in verdicts if one.outcome == "refused")
    assert _digest(node, verdicts) == MIXED


@pytest.mark.parametrize("begins", [False, True])
@pytest.mark.parametrize(
    "pool",
    [ThreadPoolExecutor, pytest.param(ProcessPoolExecutor, marks=pytest.mark.slow)],
)
def test_whoever_makes_the_leaves_the_answers_are_the_same(
    node, pool, begins, monkeypatch
):
    monkeypatch.setattr("federation.flows.ownlog.signing.CHUNK_ROWS", 20)
    with pool(2) as makers:
        node.log = node.log._replace(makers=Workers(makers))
        verdicts = _take(node, begins=begins)
    assert _digest(node, verdicts) == MIXED


@pytest.mark.parametrize("when", ["before", "between"])
def test_makers_that_are_gone_cost_time_and_nothing_else(node, when, monkeypatch):
    monkeypatch.setattr("federation.flows.ownlog.signing.CHUNK_ROWS", 20)
    pool = ThreadPoolExecutor(1)
    node.log = node.log._replace(makers=Workers(pool))
    if when == "before":
        pool.shutdown()
        assert _digest(node, _take(node, begins=True)) == MIXED
        return
    rows = mixed_rows(node.log.records_signer)
    pool.submit(time.sleep, 0.2)  # so that none has begun
    begun = ingest.begin(node.log, rows, NOW)
    pool.shutdown(cancel_futures=True)
    verdicts = ingest.append(node.db, node.guard, node.log, rows, NOW, begun=begun)
    assert _digest(node, verdicts) == MIXED


def test_makers_that_were_started_before_make_the_first_rows(node, monkeypatch):
    monkeypatch.setattr("federation.flows.ownlog.signing.CHUNK_ROWS", 2)
    makers = open_workers(1)
    node.log = node.log._replace(makers=makers)
    try:
        start_makers(makers)
        there = list(makers.executor._processes)
        assert len(there) == 1
        assert _logged(node, *(_draft(number) for number in range(1, 6))) == 5
        assert (list(makers.executor._processes), makers.is_warm) == (there, True)
    finally:
        makers.close()


@pytest.mark.slow
def test_after_makers_were_killed_others_make_the_next_batch(node, monkeypatch):
    monkeypatch.setattr("federation.flows.ownlog.signing.CHUNK_ROWS", 2)
    makers = open_workers(1)
    node.log = node.log._replace(makers=makers)
    try:
        killed = makers.executor
        killed.submit(os.getpid).result()
        for pid in list(killed._processes):
            os.kill(pid, signal.SIGKILL)
        assert _logged(node, *(_draft(number) for number in range(1, 6))) == 5
        assert makers.executor is not killed
        monkeypatch.setattr("federation.flows.ownlog.signing.make_rows", None)
        assert _logged(node, *(_draft(number) for number in range(6, 11))) == 5
        assert makers.is_warm
    finally:
        makers.close()


def _logged(node, *rows):
    found = ingest.append(node.db, node.guard, node.log, rows, NOW)
    return sum(one.outcome == "logged" for one in found)


def test_a_draft_beside_which_photographs_were_put_is_made_again(node):
    photo = {"media_type": "image/jpeg", "sha256": "ab" * 32, "size": 9}
    ingest.append(node.db, node.guard, node.log, [_draft(1, evidence=[photo])], NOW)
    rows = [_draft(1, 101), _draft(2)]
    begun = ingest.begin(node.log, rows, NOW)
    found = ingest.append(node.db, node.guard, node.log, rows, NOW, begun=begun)
    assert [one.outcome for one in found] == ["logged", "logged"]
    with node.db.view() as view:
        log = logs.get_log(view, node.log.origin)
        carried, plain = leaves.read_leaves(view, log.id, log.size - 2, log.size)
    assert (b"ab" * 32 in carried, b"ab" * 32 in plain) == (True, False)
