"""What a fork does to what is shown: one organisation's, and only what was disputed."""

from federation.errors import ForkError
from federation.flows.cosign import cosign_held
from federation.flows.merge import merge_once
from federation.flows.pull import import_forks
from federation.flows.query.tps import tps
from federation.profiles import load_shipped
from federation.records.evidence import format_fork
from tests.fakes import ELECTION, FakeOrg, FakePeer, Tree, signer
from tests.flows.pull.conftest import NOW

FORKER, OTHER = "jagasuara.example", "kawal.example"


def marked(puller):
    """Of the stations 0 to 9 the organisations whose word is marked."""
    while merge_once(puller.db, load_shipped()):
        pass
    found = {}
    with puller.db.view() as view:
        for number in range(10):
            code = f"1101010001{number + 1:03}"
            answer = tps(view, load_shipped(), ELECTION, code)
            found[number] = {
                said.org
                for contest in answer.contests
                for said in contest.monitors
                if said.forked is True
            }
    return found


async def test_what_lies_behind_the_last_undisputed_size_is_marked_and_nothing_else(
    puller,
):
    forker, other = FakeOrg(FORKER), FakeOrg(OTHER)
    mirror = signer("jagapemilu.example/mirror", 0x04)
    tree = Tree(forker).grow(forker.results(0, 4))
    for owner in (forker, other):
        puller.trust(owner)
    await puller.pull(FakePeer(FORKER).show(tree))
    await puller.pull(FakePeer(OTHER).show(Tree(other).grow(other.results(0, 10))))
    await puller.db.write(cosign_held, mirror, (), NOW, 300)
    tree.grow(forker.results(4, 10))
    await puller.pull(FakePeer(FORKER).show(tree))
    await puller.db.write(cosign_held, mirror, (), NOW + 1, 300)
    assert not any(marked(puller).values())

    fork = tree.fork(6, forker.results(20, 22))
    evidence = format_fork(ForkError(forker.origin, fork.note(), tree.note(8)))
    feed = FakePeer(OTHER).show(tree, evidence=evidence)
    assert await import_forks(puller.ctx, feed, OTHER, [forker.origin], NOW) == [
        forker.origin
    ]
    # Held and confirmed before the dispute: five leaves, of which four are results.
    assert marked(puller) == {n: set() if n < 4 else {FORKER} for n in range(10)}


async def test_what_one_side_confirmed_after_they_parted_is_marked_all_the_same(puller):
    """Two copies signed side by side; the other partner heard the other one."""
    forker = FakeOrg(FORKER)
    ours, others = (signer(f"{org}/mirror", 0x04) for org in ("own.example", OTHER))
    puller.trust(forker)
    tree = Tree(forker).grow(forker.results(0, 4))
    await puller.pull(FakePeer(FORKER).show(tree))
    for mirror in (ours, others):
        await puller.db.write(cosign_held, mirror, (), NOW, 300)
    for later, end in enumerate((7, 10), 1):
        tree.grow(forker.results(tree.size - 1, end))
        await puller.pull(FakePeer(FORKER).show(tree))
        await puller.db.write(cosign_held, ours, (), NOW + later, 300)
    fork = tree.fork(5, forker.results(20, 24))
    evidence = format_fork(ForkError(forker.origin, fork.note(), tree.note(9)))
    feed = FakePeer(OTHER).show(tree, evidence=evidence)
    assert await import_forks(puller.ctx, feed, OTHER, [forker.origin], NOW)
    assert marked(puller) == {n: set() if n < 4 else {FORKER} for n in range(10)}
