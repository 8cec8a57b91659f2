"""Where the processor's time of an exchange goes: for each side, for each photograph.

Rule: a shared machine changes how long all takes, and by less what it costs; so each
figure stands beside that of a plain copy of the same bytes, taken in the same run. The
parts that are known by themselves are measured alone, one after the other: they say
what cannot be saved, not what they cost amid all else.
"""

import hashlib
import os
import time
from pathlib import Path
from typing import Final, NamedTuple

from federation.feeds.signature import open_request
from tests.bench.node import cpu_seconds, family
from tests.bench.report import Figure, shown
from tests.bench.signing import SIGNER, URL, each

_PIECE: Final = 1 << 17
_TIMES: Final = 200


class Used(NamedTuple):
    """Processor seconds: of the event loop's thread, and of all others."""

    loop: float = 0.0
    others: float = 0.0

    def and_then(self, before: "Used", after: "Used") -> "Used":
        """With what was used between two moments."""
        return Used(
            self.loop + after.loop - before.loop,
            self.others + after.others - before.others,
        )


def used_by(pid: int) -> Used:
    """What a process and its children have used so far."""
    loop = _of_thread(pid)
    return Used(loop, sum(map(cpu_seconds, family(pid))) - loop)


class Account:
    """What both sides have used for so many photographs, by name."""

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self._sides: dict[str, Used] = {}
        self._number: dict[str, int] = {}

    def add(self, kind: str, number: int, **sides: Used) -> None:
        """Of one more run of this kind, for so many photographs."""
        self._number[kind] = self._number.get(kind, 0) + number
        for side, used in sides.items():
            name = f"{kind}, {side}"
            self._sides[name] = self._sides.get(name, Used()).and_then(Used(), used)

    def figures(self, folder: Path, size: int) -> list[Figure]:
        """Milliseconds for each photograph; `folder` is on the disk in question."""
        lines = []
        for kind, number in self._number.items():
            for name, used in self._sides.items():
                if name.rpartition(", ")[0] == kind:
                    lines.append(_line(name, used, number))
        return [*lines, *_parts(folder, size)]


def _line(name: str, used: Used, number: int) -> Figure:
    loop, others = (1000 * seconds / number for seconds in used)
    note = f"event loop {loop:.2f}, other threads {others:.2f}" if others else ""
    return shown(f"processor: {name}", loop + others, "ms", note)


def _parts(folder: Path, size: int) -> list[Figure]:
    data, now = os.urandom(size), int(time.time())
    headers = SIGNER.sign("GET", URL)
    signing = each(lambda: SIGNER.sign("GET", URL))
    opening = each(lambda: open_request("GET", URL, headers, now))
    summing = each(lambda: hashlib.sha256(data), _TIMES)
    writing = each(lambda: _write(folder / "written", data), _TIMES)
    return [
        shown("processor: a signature made", signing / 1000, "ms", "alone"),
        shown("processor: a signature verified", opening / 1000, "ms", "alone"),
        shown("processor: SHA-256", summing / 1000, "ms", "alone"),
        shown("processor: written and synced", writing / 1000, "ms", "alone"),
    ]


def _write(path: Path, data: bytes) -> None:
    with path.open("wb", buffering=0) as file:
        for at in range(0, len(data), _PIECE):
            file.write(data[at : at + _PIECE])
        os.fsync(file.fileno())


def _of_thread(pid: int) -> float:
    """Processor seconds of the first thread of a process: there the event loop runs."""
    fields = Path(f"/proc/{pid}/task/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
