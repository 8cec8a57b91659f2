"""Checkpoints of one log from several sources: one history, or two."""

import pytest

from federation.flows.audit.crosscheck import ShownNote, compare_sides
from federation.flows.audit.report import Findings


async def kinds_of(right, *notes: bytes) -> set[str]:
    """What is found in checkpoints that came without tiles, each from elsewhere."""
    findings = Findings()
    shown = [ShownNote(f"source {n}", note) for n, note in enumerate(notes)]
    await compare_sides([], shown, right, findings)
    return {finding.kind for finding in findings.ranked()}


@pytest.mark.parametrize("at", [1, 4])
async def test_two_roots_of_one_size_are_a_fork_also_without_tiles(small, b, at):
    other = small.fork(at, b.results(at, small.size, votes=7))
    assert other.size == small.size
    assert await kinds_of(b.chain, small.note(), other.note()) == {"forked"}
    between = small.note(3), small.note(2), small.note()
    assert await kinds_of(b.chain, small.note(), *between, other.note()) == {"forked"}


async def test_what_cannot_be_compared_without_tiles_accuses_nobody(small, a, b):
    other = small.fork(1, b.results(1, small.size, votes=7))
    assert await kinds_of(b.chain, small.note(), small.note()) == set()
    assert await kinds_of(b.chain, small.note(4), other.note()) == set()
    # What other keys have signed is not this log's.
    assert await kinds_of(a.chain, small.note(), other.note()) == set()
