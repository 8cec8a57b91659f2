"""`python -m tests.bench.likeness`: which copies are found, and who is accused.

Prints the tables of docs/reference/likeness.md; `--picture FILE` draws the curve of it.
Another seed than the one by which the threshold was chosen shows whether it holds.
"""

import argparse
import sys
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations
from pathlib import Path
from typing import Final, NamedTuple

from federation.photos.likeness import LIKE
from tests.bench.likeness.contenders import Contender, contenders
from tests.bench.likeness.curve import draw_curve
from tests.bench.likeness.photos import KINDS, FormPhoto, groups_of, photos_of

_STEPS: Final = (0, 4, 8, 12, 16, 20, 22, 24, 28, 32, 40, 48, 64)


class Seen(NamedTuple):
    """A photo after it was looked at: no pixels any more."""

    form: str
    made: str
    kind: str
    bits: tuple[int, ...]  # of each contender


class Measured(NamedTuple):
    """Of one contender: how many pairs of photos are how far from each other.

    `copies`: of each kind and way of making; `others`: of two sheets, by how both were
    made.
    """

    copies: dict[tuple[str, str], Counter[int]]
    others: dict[str, Counter[int]]


def main() -> int:
    """Measure, print; 0 whatever was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.likeness")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--scale", type=int, default=20)
    parser.add_argument("--picture", type=Path)
    asked = parser.parse_args()
    seen = look(asked.seed, asked.scale)
    rivals = contenders()
    results = [measure(seen, rival, at) for at, rival in enumerate(rivals)]
    out = sys.stdout.write
    out(f"`python -m tests.bench.likeness {' '.join(sys.argv[1:])}`\n\n")
    out(_describe(seen, results[0]) + "\n\n")
    out(_table_of_rivals(rivals, results) + "\n\n")
    out(_table_of_steps(results[0]) + "\n")
    if asked.picture:
        asked.picture.write_text(draw_curve(results[0].copies, results[0].others, LIKE))
    return 0


def look(seed: int, scale: int) -> list[Seen]:
    """Make the photos and what each contender says of them, on two cores."""
    groups = [(seed, scale, group) for group in groups_of(scale)]
    with ProcessPoolExecutor(2) as pool:
        return [
            one for found in pool.map(_look_at, groups, chunksize=4) for one in found
        ]


def _look_at(group: tuple[int, int, tuple[str, int]]) -> list[Seen]:
    seed, _, which = group
    return [_seen(photo) for photo in photos_of(seed, which)]


def _seen(photo: FormPhoto) -> Seen:
    bits = tuple(rival.rule(photo.image) for rival in contenders())
    return Seen(photo.form, photo.made, photo.kind, bits)


def measure(seen: list[Seen], rival: Contender, at: int) -> Measured:
    """How far any two photos are from each other, by one contender.

    Args:
        seen: All photos.
        rival: The contender.
        at: Which of `bits` is its.
    """
    copies: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    others: dict[str, Counter[int]] = defaultdict(Counter)
    turns = [rival.turns(one.bits[at]) for one in seen]
    for (one, of_one), (two, of_two) in combinations(zip(seen, turns, strict=True), 2):
        bits = of_two[0]
        apart = min((turn ^ bits).bit_count() for turn in of_one)
        if one.form == two.form:
            if not one.kind:
                copies[two.kind, one.made][apart] += 1
        else:
            made = one.made if one.made == two.made else "of two kinds"
            others[made][apart] += 1
    return Measured(dict(copies), dict(others))


def _describe(seen: list[Seen], ours: Measured) -> str:
    pairs = sum(found.total() for found in ours.others.values())
    forms = len({one.form for one in seen})
    return (
        f"{len(seen):,} photos of {forms:,} forms; {pairs:,} pairs of different forms"
    )


def _table_of_rivals(rivals: list[Contender], results: list[Measured]) -> str:
    lines = ["| | " + " | ".join(rival.name for rival in rivals) + " |"]
    lines.append("|---" * (len(rivals) + 1) + "|")

    def add(what: str, cells: list[str]) -> None:
        lines.append(f"| {what} | " + " | ".join(cells) + " |")

    add("bits", [str(rival.bits) for rival in rivals])
    for made in sorted({made for found in results for made in found.others}):
        add(
            f"nearest two forms: {made}",
            [str(min(found.others[made])) for found in results],
        )
    # The most that accuses nobody.
    most = [min(map(min, found.others.values())) - 1 for found in results]
    add("accuses nobody up to", [str(top) if top >= 0 else "never" for top in most])
    for kind in KINDS:
        add(
            f"found there: {kind}",
            [
                f"{_share(found, kind, top):.1%}"
                for found, top in zip(results, most, strict=True)
            ],
        )
    return "\n".join(lines)


def _share(found: Measured, kind: str, most: int) -> float:
    counts = sum(
        (found.copies[key] for key in found.copies if key[0] == kind), Counter[int]()
    )
    near = sum(count for apart, count in counts.items() if apart <= most)
    return near / counts.total()


def _table_of_steps(ours: Measured) -> str:
    lines = [f"| at most | accused | {' | '.join(KINDS)} |"]
    lines.append("|---" * (len(KINDS) + 2) + "|")
    for most in _STEPS:
        accused = sum(
            count
            for found in ours.others.values()
            for apart, count in found.items()
            if apart <= most
        )
        shares = " | ".join(f"{_share(ours, kind, most):.1%}" for kind in KINDS)
        step = f"**{most}**" if most == LIKE else str(most)
        lines.append(f"| {step} | {accused:,} | {shares} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
