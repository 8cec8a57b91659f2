"""How long the commands take that people type first, beside Python doing nothing."""

import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Final

from tests.bench.report import Figure, at_most

ROUNDS: Final = 9
_TARGETS_MS: Final = {"--help": 80, "status": 180}


def measure(home: Path) -> list[Figure]:
    """Each command as a whole process, all in turn; `home` is that of a node."""
    asked: dict[str, list[str]] = {
        "bare": ["-c", "pass"],
        "--help": ["-m", "federation", "--help"],
        "status": ["-m", "federation", "status", "--home", str(home)],
    }
    found: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(ROUNDS):
        for name, arguments in asked.items():
            began = time.perf_counter()
            subprocess.run(
                [sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL
            )
            found[name].append((time.perf_counter() - began) * 1000)
    bare = median(found["bare"])
    return [
        at_most(
            f"`federation {name}`",
            median(found[name]),
            "ms",
            target,
            f"{median(found[name]) / bare:.1f} x Python doing nothing, {bare:.0f} ms; "
            f"median of {ROUNDS} in turn",
        )
        for name, target in _TARGETS_MS.items()
    ]
