"""The three streams of 2019 in three logs, and all of them in one map.

plano photos   → kawalpemilu.example, which pulls the others
copies         → jagasuara.example
Situng         → jagapemilu.example (as KPU's)
"""

import contextlib
from collections.abc import Callable
from pathlib import Path

from tests.bench.country import ELECTION, FILES
from tests.bench.node import Node

WITHIN_S = 7_200.0
FIRST = "kawalpemilu"
STREAMS = {
    FIRST: ("a-plano.csv", "--form", "plano"),
    "jagasuara": ("b-salinan.csv", "--form", "salinan"),
    "jagapemilu": ("c-situng.ndjson", "--source", "kpu"),
}
REGISTER = "register.csv"


class Streams:
    """Three nodes on files of `data` that begin with `stem`."""

    def __init__(
        self, folder: Path, data: Path, stem: str, say: Callable[[str], None]
    ) -> None:
        """`stem`: nation or sample; `say` is told what is being done."""
        self._folder, self._data, self._stem, self._say = folder, data, stem, say

    @staticmethod
    def is_complete(data: Path, stem: str) -> bool:
        """Whether all files of this stem are there."""
        names = [REGISTER, *(name for name, *_ in STREAMS.values())]
        return all(_find(data, stem, name) is not None for name in names)

    def open(self, stack: contextlib.ExitStack) -> dict[str, Node]:
        """The nodes by name, each with its own records; none is serving."""
        nodes = {}
        for org in STREAMS:
            node = nodes[org] = Node(f"{org}.example", self._folder / org, ELECTION)
            node.set(interval_s=2, reconcile_wait_s=1, deadline_s=3600)
            stack.callback(node.stop)
        register = file_of(self._data, self._stem, REGISTER)
        nodes[FIRST].command("tps-list", "import", str(register))
        for org, (name, *options) in STREAMS.items():
            path = file_of(self._data, self._stem, name)
            self._say(f"{org} imports {path}")
            nodes[org].command("import", str(path), *options)
        return nodes

    def share(self, nodes: dict[str, Node]) -> None:
        """The first node pulls and merges the others; all are serving afterwards."""
        for node in nodes.values():
            node.start()
        first, *others = nodes.values()
        goal = {node.origin: node.size() for node in nodes.values()}
        self._say(f"{first.org} pulls {goal}")
        first.meet(*others)
        for origin, size in goal.items():
            first.wait_stored(origin, size, WITHIN_S)
        first.wait_merged(goal, WITHIN_S)


def files_of(data: Path, stem: str) -> dict[str, Path]:
    """The register and the streams, by the names that `country.py` gives them."""
    names = zip(
        FILES, (REGISTER, *(name for name, *_ in STREAMS.values())), strict=True
    )
    return {name: file_of(data, stem, file) for name, file in names}


def file_of(data: Path, stem: str, name: str) -> Path:
    """The same of a run whose files are all there."""
    path = _find(data, stem, name)
    assert path is not None, f"{stem}-{name}: see `is_complete`"
    return path


def _find(data: Path, stem: str, name: str) -> Path | None:
    """The file of this name, packed or not."""
    paths = (data / f"{stem}-{name}{end}" for end in ("", ".gz"))
    return next((path for path in paths if path.is_file()), None)
