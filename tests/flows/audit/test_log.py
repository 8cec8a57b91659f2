"""What happened to a record is named, at every place of a log."""

import pytest

from federation.tlog.tile import WIDTH
from tests.fakes import FakePeer, Tree
from tests.flows.audit.conftest import audit_peer, trust_in


def rebundled(tree: Tree, leaves: list[bytes], *, shift: bool):
    """What a host serves that keeps the signed tiles but has these leaves instead.

    With `shift` the bundles are filled anew; without, each keeps what is left of it.
    """
    if shift:
        parts = [leaves[at : at + WIDTH] for at in range(0, len(leaves), WIDTH)]
    else:
        parts = leaves

    def spoil(what: str, origin: str, data: bytes) -> bytes:
        if origin != tree.owner.origin or not what.startswith("bundle"):
            return data
        index = int(what[8 : what.index(",")])
        here = parts[index] if index < len(parts) else []
        return b"".join(len(one).to_bytes(2) + one for one in here)

    return spoil


def bundled(leaves: list[bytes]) -> list[list[bytes]]:
    return [leaves[at : at + WIDTH] for at in range(0, len(leaves), WIDTH)]


def audit_spoilt(tree: Tree, leaves: list[bytes]):
    peer = FakePeer("host").show(tree)
    peer.spoil = rebundled(tree, leaves, shift=True)
    return audit_peer(peer, trust_in(tree.owner))


def errors(report) -> list[tuple[str, int | None]]:
    return [(one.kind, one.index) for one in report.findings if one.level == "error"]


def places(tree: Tree) -> list[int]:
    if tree.size < 10:
        return list(range(tree.size))
    return [0, 1, 2, 100, 254, 255, 256, 257, tree.size - 2, tree.size - 1]


@pytest.fixture(scope="module", params=["small", "grown"])
def tree(request) -> Tree:
    return request.getfixturevalue(request.param)


def test_whole_logs_are_proved(grown, small):
    peer = FakePeer("host").show(grown).show(small)
    report = audit_peer(peer, trust_in(grown.owner, small.owner))
    assert (report.verdict, report.exit) == ("proved", 0)
    assert [(log.size, log.records) for log in report.logs] == [(300, 300), (5, 5)]


def test_an_altered_record_is_named(tree):
    other = tree.owner.result(7_000, 999)
    for index in places(tree):
        leaves = [*tree.leaves[:index], other, *tree.leaves[index + 1 :]]
        report = audit_spoilt(tree, leaves)
        assert errors(report) == [("altered", index)]
        assert report.exit == 24


def test_a_dropped_record_is_named(tree):
    for index in places(tree):
        leaves = [*tree.leaves[:index], *tree.leaves[index + 1 :]]
        report = audit_spoilt(tree, leaves)
        assert errors(report) == [("dropped", index)], index
        assert report.exit == 25


def test_a_duplicated_record_is_named(tree):
    for index in places(tree):
        leaf = tree.leaves[index]
        leaves = [*tree.leaves[:index], leaf, *tree.leaves[index:]]
        report = audit_spoilt(tree, leaves)
        assert errors(report) == [("duplicated", index)], index
        assert report.exit == 26


def test_swapped_records_are_named(tree):
    for low, high in zip(places(tree), places(tree)[1:], strict=False):
        leaves = list(tree.leaves)
        leaves[low], leaves[high] = leaves[high], leaves[low]
        report = audit_spoilt(tree, leaves)
        assert set(errors(report)) == {("swapped", low)}, (low, high)
        assert report.exit == 27


def test_a_record_in_place_of_another_is_both_dropped_and_duplicated(tree):
    leaves = list(tree.leaves)
    leaves[3] = leaves[1]
    report = audit_spoilt(tree, leaves)
    assert set(errors(report)) == {("dropped", 3), ("duplicated", 1)}
