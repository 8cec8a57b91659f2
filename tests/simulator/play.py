"""Runs by their seeds, and a failing one cut down to the moves that it needs."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from tests.attacks.crashimages import memory
from tests.simulator import adversary, cloned, drills, restored, weather
from tests.simulator.virtualtime import run_virtually
from tests.simulator.world import ORGS, Move, World, draw_moves

WORLDS: Final[Mapping[str, tuple[type[World], Mapping[str, int]]]] = {
    "adversary": (adversary.Adversary, adversary.WEIGHTS),
    "weather": (weather.Weather, weather.WEIGHTS),
    "restore": (restored.Restore, drills.WEIGHTS),
    "rebuild": (restored.Rebuild, drills.WEIGHTS),
    "clone": (cloned.Clone, drills.WEIGHTS),
}
MOVES: Final = 80


class Outcome(NamedTuple):
    """What was wrong, and how much was played: `counts` by what it is called."""

    faults: list[str]
    counts: dict[str, int]


def moves_of(game: str, seed: int) -> list[Move]:
    """The moves of a run."""
    (world, weights), chance = WORLDS[game], Random(f"{game} {seed}")
    moves = draw_moves(weights, MOVES, chance)
    for kind in world.once:
        [move] = draw_moves({kind: 1}, 1, chance)
        moves.insert(chance.randrange(MOVES // 4, MOVES * 3 // 4), move)
    return moves


def play(game: str, seed: int, moves: Sequence[Move]) -> Outcome:
    """One run, of these moves."""
    with tempfile.TemporaryDirectory(dir=memory()) as name:
        return run_virtually(_play(Path(name), game, seed, moves))


def shrink(game: str, seed: int, moves: Sequence[Move]) -> list[Move]:
    """Fewer moves by which this seed fails, too: none of them can be left out."""
    needed, at = list(moves), len(moves) - 1
    while at >= 0:
        fewer = needed[:at] + needed[at + 1 :]
        if play(game, seed, fewer).faults:
            needed = fewer
        at -= 1
    return needed


async def _play(folder: Path, game: str, seed: int, moves: Sequence[Move]) -> Outcome:
    world = WORLDS[game][0](folder, Random(f"{game} {seed} world"))
    try:
        for org in ORGS:
            await world.start(org)
        await world.play(moves)
        await world.heal()
        await world.judge()
    finally:
        world.close()
    counts = {"acknowledged": len(world.acknowledged), **world.counts}
    return Outcome(world.faults, counts)
