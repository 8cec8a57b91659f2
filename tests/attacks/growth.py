"""Input twice as large takes about twice as long, at every door.

Into good bytes one thing is put again and again, in the middle or behind: what decoders
trip over, a line of the bytes themselves, all of them. Measured at one, two and four
times the size, in processor time. What must hold: no door takes more than three times
as long for twice as much, where it takes long at all.

    make attack ARGS="growth --bytes 65536"
"""

# ruff: noqa: T201  an attack prints its figures

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NamedTuple

from tests.attacks.fuzz import TooSlow, bounded

BYTES = 1 << 16
SHORT_S = 0.3
RATIO = 3.0


class Grown(NamedTuple):
    """How long one thing took, at one, two and four times its size."""

    what: bytes
    where: str
    seconds: tuple[float, float, float]

    @property
    def is_steep(self) -> bool:
        """Whether the larger sizes take longer than in proportion."""
        _, two, four = self.seconds
        return four > SHORT_S and four > RATIO * two


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How large, and which."""
    parser.add_argument("--bytes", type=int, default=BYTES, help="the smallest size")
    parser.add_argument("--door", action="append", help="only these; alone: all")


def run(asked: argparse.Namespace) -> int:
    """All doors, or those that were asked for."""
    from tests.attacks._doors import doors  # noqa: PLC0415

    steep = 0
    print(f"{'door':32} {'shapes':>7} {'longest':>9} {'steep':>6}")
    for name, door in doors().items():
        if asked.door and name not in asked.door:
            continue
        grown = [grow(door.take, *one, asked.bytes) for one in shapes(door.seeds)]
        found = [one for one in grown if one.is_steep]
        steep += len(found)
        longest = max(one.seconds[-1] for one in grown)
        print(f"{name:32} {len(grown):7} {longest:7.2f} s {len(found):6}", flush=True)
        for one in found[:4]:
            took = " ".join(f"{second:.2f}" for second in one.seconds)
            print(f"    {one.what[:40]!r} {one.where}: {took} s", flush=True)
    print(f"{steep} shapes grow faster than their size")
    return min(steep, 1)


def shapes(seeds: list[bytes]) -> Iterator[tuple[bytes, bytes, bytes]]:
    """What stands before, what is repeated, what stands behind."""
    from tests.attacks._mutations import TOKENS  # noqa: PLC0415

    for seed in seeds[:2]:
        lines = [line + b"\n" for line in seed.split(b"\n") if line]
        middle = len(seed) // 2
        for unit in (*TOKENS, *lines[:3], *lines[-1:], seed):
            if unit:
                yield seed[:middle], unit, seed[middle:]
                yield seed, unit, b""


def grow(
    take: Callable[[bytes], object], before: bytes, unit: bytes, after: bytes, size: int
) -> Grown:
    """Time one shape at the three sizes; once more where it looks steep."""
    found = (0.0, 0.0, 0.0)
    for _ in range(2):
        times = [
            measure(take, before + unit * (factor * size // len(unit) + 1) + after)
            for factor in (1, 2, 4)
        ]
        found = times[0], times[1], times[2]
        one = Grown(unit, "behind" if not after else "in the middle", found)
        if not one.is_steep:
            break
    return Grown(unit, "behind" if not after else "in the middle", found)


def measure(take: Callable[[bytes], object], data: bytes) -> float:
    """Processor time of one call, whatever it says."""
    began = time.process_time()
    with suppress(Exception, TooSlow), bounded():
        take(data)
    return time.process_time() - began
