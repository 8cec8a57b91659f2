"""The same leaves, merged by this checkout and by another: one map, byte for byte.

`make bench ARGS="same DIR"`: three organisations take in the streams of 2019 with this
program (`streams.py`). Then two new nodes, one of the program in DIR, one of ours, each
pull all three logs and merge them. Their digests are over every row of the map, so one
row that differs shows; their counts stand beside those that plain Python makes of the
files alone.
"""

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.bench.country import ELECTION, count_statuses
from tests.bench.node import Node
from tests.bench.report import Figure, shown
from tests.bench.streams import REGISTER, WITHIN_S, Streams, file_of, files_of

COUNTS: Final = ("status", "official")


class SameLeaves:
    """One run over the streams that begin with `stem`."""

    def __init__(
        self,
        folder: Path,
        data: Path,
        stem: str,
        say: Callable[[str], None],
        before: Path,
    ) -> None:
        """`before`: another checkout, with a `federation/` of its own."""
        self._folder, self._data, self._stem, self._say = folder, data, stem, say
        self._programs = {"before": before.resolve(), "now": None}

    is_complete = staticmethod(Streams.is_complete)

    def run(self) -> list[Figure]:
        """What both maps say; every process that was started is ended.

        Raises:
            AssertionError: the maps are not the same, or count otherwise than plain
                Python does; it says in what.
        """
        with contextlib.ExitStack() as stack:
            streams = Streams(self._folder, self._data, self._stem, self._say)
            origins = list(streams.open(stack).values())
            for node in origins:
                node.start()
            found, figures = dict[str, Any](), list[Figure]()
            for name, program in self._programs.items():
                took, found[name] = self._merge(name, program, origins, stack)
                count = sum(node.size() for node in origins)
                what = f"{name}: pulled and merged"
                figures.append(shown(what, took, "s", f"{count:,} records"))
        self._say("counting the files with plain Python")
        wanted = count_statuses(files_of(self._data, self._stem))
        different = differences(found["before"], found["now"], wanted)
        assert not different, "\n".join(different)
        figures.append(shown("digests of both maps", 1, "", found["now"]["digest"]))
        for kind in COUNTS:
            told = f"both maps and plain Python: {wanted[kind]}"
            figures.append(shown(kind, sum(wanted[kind].values()), "stations", told))
        return figures

    def _merge(
        self,
        name: str,
        program: Path | None,
        origins: Sequence[Node],
        stack: contextlib.ExitStack,
    ) -> tuple[float, Any]:
        """A new node of this program pulls and merges all; seconds, and its summary."""
        node = Node(f"{name}.example", self._folder / name, ELECTION, program)
        node.set(interval_s=2, reconcile_wait_s=1, deadline_s=3600)
        stack.callback(node.stop)
        register = file_of(self._data, self._stem, REGISTER)
        node.command("tps-list", "import", str(register))
        node.start()
        goal = {other.origin: other.size() for other in origins}
        self._say(f"{name}: pulls and merges {goal}")
        began = time.monotonic()
        node.meet(*origins)
        node.wait_merged(goal, WITHIN_S)
        took = time.monotonic() - began
        summary = node.get(f"/v1/summary?election={ELECTION}&contest=ppwp")
        node.stop()
        self._say(f"{name}: {summary['digest']} after {took:.0f} s")
        return took, summary


def differences(
    before: Mapping[str, Any],
    now: Mapping[str, Any],
    wanted: Mapping[str, Mapping[str, int]],
) -> list[str]:
    """In what two summaries differ from each other, and from what is `wanted`.

    Counts of nothing are no difference: a map names every status, plain Python only
    those that it met.
    """
    found = []
    if before["digest"] != now["digest"]:
        found.append(f"digest: {before['digest']} before, {now['digest']} now")
    for kind in COUNTS:
        for name, summary in (("before", before), ("now", now)):
            counted = {key: count for key, count in summary[kind].items() if count}
            if counted != wanted[kind]:
                found.append(f"{kind}: {name} {counted}, wanted {wanted[kind]}")
    return found
