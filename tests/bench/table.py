"""The target table: medians of interleaved rounds, of one checkout or of two.

Rule: each round is a process of its own with new homes (`round.py`), and where two
checkouts are compared, both play each round, one after the other, the first of them in
turns: what else the machine does meets both. The rounds' code is always ours; only the
program that it drives is the other's. A figure whose rounds are more than `NOISY` apart
is not judged: how many of its rounds meet the target is told instead.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

import msgspec

from tests.bench.busy import Busy
from tests.bench.measure import Measure
from tests.bench.report import number

ROUNDS: Final = 3
#: Largest less least, as a part of the median.
NOISY: Final = 0.25
OURS: Final = Path(__file__).resolve().parents[2]


class Played(NamedTuple):
    """One round: what it measured, and how busy the machine was.

    `load`: of the minute before it. `others`: processors that others kept busy
    meanwhile, on average.
    """

    measures: list[Measure]
    load: float
    others: float


class Table:
    """`rounds` rounds of the checkouts: ours, or another folder's and ours."""

    def __init__(
        self,
        folder: Path,
        records: int,
        say: Callable[[str], None],
        *,
        against: Path | None = None,
        rounds: int = ROUNDS,
    ) -> None:
        """`against`: another checkout, with a `federation/` of its own."""
        self._folder, self._records, self._say = folder, records, say
        self._places = {"now": OURS}
        if against is not None:
            self._places = {"before": against.resolve(), "now": OURS}
        self._rounds = rounds

    def run(self) -> str:
        """Play all rounds; the table in Markdown."""
        played: dict[str, list[Played]] = {name: [] for name in self._places}
        for count in range(self._rounds):
            names = list(self._places)
            for name in names if count % 2 == 0 else reversed(names):
                self._say(f"round {count + 1} of {self._rounds}, {name}")
                try:
                    played[name].append(self._play(name, count))
                except RuntimeError as error:  # it said why; the others count
                    self._say(f"left out: {error}")
        return format_rounds(played)

    def _play(self, name: str, count: int) -> Played:
        """One round, in a process that finds the program of one checkout."""
        root = self._folder / name
        if not root.exists():
            root.mkdir()
            (root / "federation").symlink_to(self._places[name] / "federation")
            (root / "tests").symlink_to(OURS / "tests")
        homes = root / f"homes-{count}"
        homes.mkdir()
        words = [sys.executable, "-m", "tests.bench.round", str(homes)]
        words += ["--records", str(self._records)]
        if self._places[name] == OURS:
            words.append("--wired")
        busy = Busy()
        with subprocess.Popen(
            words,
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
            stdout=subprocess.PIPE,
        ) as process:
            try:
                said, _ = process.communicate()
            except BaseException:
                process.terminate()  # so that it ends its nodes
                raise
        if process.returncode:
            raise RuntimeError(f"{words}: exit {process.returncode}")
        measures = msgspec.json.decode(said, type=list[Measure])
        return Played(measures, busy.load, busy.others())


def format_rounds(played: dict[str, list[Played]]) -> str:
    """The table, and under it how busy the machine was in each round.

    Of two checkouts each cell has both: before → now.
    """
    lines = [f"| {' | '.join(_HEADS)} |", f"|{'---|' * len(_HEADS)}"]
    lines += [_line(rows) for rows in _rows(played)]
    for name, rounds in played.items():
        loads = ", ".join(f"{one.load:.1f}" for one in rounds)
        others = ", ".join(f"{one.others:.2f}" for one in rounds)
        lines.append(
            f"\n{name}: load before each round {loads}; of {os.cpu_count()} "
            f"processors others kept busy meanwhile {others}"
        )
    return "\n".join(lines)


def judge(measure: Measure, values: Sequence[float]) -> str:
    """Whether the median is where it should be, or why that cannot be said."""
    is_noisy = spread(values) > NOISY
    if measure.is_met(median(values)) is None:
        return "too noisy" if is_noisy else ""
    met = sum(bool(measure.is_met(value)) for value in values)
    if is_noisy:
        return f"too noisy to judge: {met} of {len(values)} rounds meet it"
    return "yes" if measure.is_met(median(values)) else "no"


def spread(values: Sequence[float]) -> float:
    """Largest less least, as a part of the median."""
    return (max(values) - min(values)) / median(values)


_HEADS: Final = (
    *("what", "median", "rounds", "spread", "bare around each"),
    *("µs of processor a record", "target", "met", "how"),
)


def _rows(played: dict[str, list[Played]]) -> list[list[list[Measure]]]:
    """For each figure its measures, by checkout and round."""
    found: dict[str, list[list[Measure]]] = {}
    for place, rounds in enumerate(played.values()):
        for one in rounds:
            for measure in one.measures:
                row = found.setdefault(measure.what, [[] for _ in played])
                row[place].append(measure)
    return list(found.values())


def _line(row: list[list[Measure]]) -> str:
    """One figure; its target is that of the checkout named last which has it."""
    told = next(one[0] for one in reversed(row) if one)
    values = [[measure.value for measure in one] for one in row]

    def tell(cell: Callable[[Sequence[float]], str]) -> str:
        """Of each checkout, or once where all say the same."""
        cells = [cell(one) if one else "–" for one in values]
        return " → ".join(cells) if any(cells) else ""

    bare = [[m.bare for m in one if m.bare is not None] for one in row]
    used = [[m.used_us for m in one if m.used_us is not None] for one in row]
    cells = (
        told.what,
        f"{tell(lambda one: number(median(one)))} {told.unit}".strip(),
        tell(lambda one: ", ".join(map(number, one))),
        tell(lambda one: f"{spread(one):.0%}"),
        " → ".join(", ".join(map(number, one)) for one in bare) if any(bare) else "",
        " → ".join(number(median(one)) for one in used if one),
        told.target(),
        tell(lambda one: judge(told, one)),
        told.note,
    )
    return f"| {' | '.join(cells)} |"
