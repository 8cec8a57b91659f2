"""A fork that a partner has proved is believed for its proof, and for nothing else."""

import pytest

from federation.errors import ForkError
from federation.flows.pull import import_forks
from federation.records.evidence import format_fork
from federation.records.keychain import (
    first_statement,
)
from federation.records.keysigning import sign_statement
from tests.fakes import signer

SIZE = 40


@pytest.fixture
async def heard(fakes, puller, suara, kawal):
    """We hold one side of suara's fork; kawal has heard both. Tree and evidence."""
    for owner in (suara, kawal):
        puller.trust(owner)
    tree = fakes.Tree(suara, suara.results(0, SIZE - 1))
    await puller.pull(fakes.FakePeer(suara.org).show(tree))
    other = tree.fork(20, suara.results(20, SIZE - 1, votes=7))
    assert other.size == tree.size
    proof = format_fork(ForkError(suara.origin, tree.note(), other.note()))
    return tree, other, proof


def partner(fakes, kawal, tree, evidence):
    peer = fakes.FakePeer(kawal.org).show(tree)
    peer.shown[tree.owner.origin].evidence = evidence
    return peer


async def test_the_proof_freezes_that_log_and_is_kept(
    fakes, puller, suara, kawal, heard
):
    tree, _, proof = heard
    feed = partner(fakes, kawal, tree, proof)
    origins = [suara.origin, "nobody.example/pemilu-2024"]
    found = await import_forks(puller.ctx, feed, kawal.org, origins, 1)
    assert found == [suara.origin]
    assert puller.log(suara).frozen == proof
    assert ("fork", suara.origin) in puller.alarms()
    # Once is enough: nothing is asked again.
    assert await import_forks(puller.ctx, feed, kawal.org, origins, 2) == []
    assert feed.count("fork") == 1


async def test_what_proves_nothing_accuses_nobody(fakes, puller, suara, kawal, heard):
    tree, other, proof = heard
    stranger = fakes.FakeOrg("jagapemilu.example")
    forged = fakes.Tree(stranger, stranger.results(0, SIZE - 1))
    again = fakes.Tree(stranger, stranger.results(0, SIZE - 1, votes=9))
    for evidence in (
        None,
        b"",
        b"garbage",
        proof[:-1],
        proof.replace(other.note(), tree.note()),
        format_fork(ForkError(stranger.origin, forged.note(), again.note())),
    ):
        feed = partner(fakes, kawal, tree, evidence)
        found = await import_forks(puller.ctx, feed, kawal.org, [suara.origin], 1)
        assert found == [], evidence
    assert puller.log(suara).frozen is None
    assert puller.alarms() == set()


@pytest.fixture
async def restated(fakes, puller, suara, kawal):
    """We hold suara's log with one statement; kawal saw two of version 2."""
    for owner in (suara, kawal):
        puller.trust(owner)
    tree = fakes.Tree(suara, suara.results(0, SIZE - 1))
    await puller.pull(fakes.FakePeer(suara.org).show(tree))
    one = suara.restate()
    return tree, one, suara.restate("2024-02-15T00:00:00Z")


async def test_two_key_statements_of_one_version_freeze_that_log_too(
    fakes, puller, suara, kawal, restated
):
    tree, one, two = restated
    proof = format_fork(ForkError(suara.origin, one, two))
    feed = partner(fakes, kawal, tree, proof)
    found = await import_forks(puller.ctx, feed, kawal.org, [suara.origin], 1)
    assert found == [suara.origin]
    assert puller.log(suara).frozen == proof
    assert ("fork", suara.origin) in puller.alarms()


def first_of(origin, owner, day):
    named = [
        ("log", signer(origin).key),
        ("records", owner.records.key),
        ("node", owner.node.key),
    ]
    at = f"2024-02-{day:02}T00:00:00Z"
    statement = first_statement(origin, owner.identity.key, named, at)
    return sign_statement(statement, owner.identity)


async def test_key_statements_that_prove_no_fork_accuse_nobody(
    fakes, puller, suara, kawal, restated
):
    tree, one, two = restated
    stranger = fakes.FakeOrg("jagapemilu.example")
    theirs = stranger.restate(), stranger.restate("2024-02-15T00:00:00Z")
    # Signed by suara's identity, about another log of suara's.
    elsewhere = [first_of(f"{suara.org}/pilpres-2019", suara, day) for day in (1, 2)]
    for old, new in (
        (one, one),
        (suara.statements[0], one),
        (one, two[:-2] + b"\n"),
        (one, two.replace(b"2024-02-15", b"2024-02-16")),
        theirs,
        elsewhere,
    ):
        proof = format_fork(ForkError(suara.origin, old, new))
        feed = partner(fakes, kawal, tree, proof)
        found = await import_forks(puller.ctx, feed, kawal.org, [suara.origin], 1)
        assert found == [], (old, new)
    assert puller.log(suara).frozen is None
