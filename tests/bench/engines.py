"""A file beside a server: what taking in and merging cost on each engine.

    make bench ARGS="engines --records 20000 --rounds 3"

The same drafts are taken in by the flows of a node (signed, appended, shown), a
thousand at a time, then merged; engine by engine in turns, each round in databases of
its own. What is said is processor time, of this process and of the server's, and the
time that passed beside it: both share this machine. The server is a private one with
its data in a folder; it waits for the disk as SQLite does.
"""

import contextlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from federation.flows.merge import merge_once
from federation.flows.ownlog import begin
from federation.flows.ownlog.ingest import append
from federation.profiles import load_shipped
from federation.store import mapreading
from federation.store.db import Database
from federation.store.folderguard import FolderGuard
from tests.bench import night
from tests.bench.node import cpu_seconds, family
from tests.bench.report import Figure, shown
from tests.ownnode import NOW, own_keys
from tests.postgresserver import PostgresServer, postgres_server

ORG: Final = "jagapemilu.example"
POSTED: Final = 1_000
_PARTS: Final = ("append", "merge")


class Cost(NamedTuple):
    """Seconds: of this process, of the server, and what passed."""

    here: float
    server: float
    passed: float

    @property
    def processor(self) -> float:
        """Of both."""
        return self.here + self.server


class Engines:
    """So many records, so many rounds, in `folder`."""

    def __init__(
        self, folder: Path, records: int, say: Callable[[str], None], *, rounds: int
    ) -> None:
        """`say` is told what is being done."""
        self._folder, self._say, self._rounds = folder, say, rounds
        self._drafts = [night.draft(ORG, number) for number in range(records)]
        self._costs = defaultdict[tuple[str, str], list[Cost]](list)
        self._digests = set[str]()

    def run(self) -> list[Figure]:
        """What each engine took, and how they compare."""
        with postgres_server(fsync=True) as server:
            for number in range(self._rounds):
                for engine in ("SQLite", "PostgreSQL"):
                    self._say(f"round {number + 1}: {engine}")
                    self._play(server, engine, number)
        assert len(self._digests) == 1, "the same map on both"
        return [line for part in _PARTS for line in self._lines(part)]

    def _play(self, server: PostgresServer, engine: str, number: int) -> None:
        folder = self._folder / f"{engine}-{number}"
        address = None
        if engine == "PostgreSQL":
            address = server.create(f"round_{number}")
        profiles = {night.ELECTION: load_shipped()[night.ELECTION]}
        with contextlib.closing(Database.open(folder, address)) as db:
            guard = FolderGuard(folder / "guard")
            log = begin.open_own(db, own_keys(ORG), profiles[night.ELECTION])
            with self._counted(server, engine, "append"):
                for at in range(0, len(self._drafts), POSTED):
                    rows = self._drafts[at : at + POSTED]
                    said = append(db, guard, log, rows, NOW, unlisted=True)
                    wrong = {one.outcome for one in said} - {"logged"}
                    assert not wrong, [one for one in said if one.outcome in wrong][:2]
            with self._counted(server, engine, "merge"):
                while merge_once(db, profiles):
                    pass
            with db.view() as view:
                assert mapreading.count_rows(view, night.ELECTION) == len(self._drafts)
                self._digests.add(mapreading.map_digest(view, night.ELECTION))

    @contextlib.contextmanager
    def _counted(
        self, server: PostgresServer, engine: str, part: str
    ) -> Iterator[None]:
        here, far, began = time.process_time(), _used(server), time.monotonic()
        yield
        cost = Cost(
            time.process_time() - here,
            _used(server) - far,
            time.monotonic() - began,
        )
        self._costs[engine, part].append(cost)

    def _lines(self, part: str) -> list[Figure]:
        lines, number = [], len(self._drafts)
        for engine in ("SQLite", "PostgreSQL"):
            costs = self._costs[engine, part]
            each = 1e6 / number
            here = median(cost.here for cost in costs) * each
            far = median(cost.server for cost in costs) * each
            passed = number / median(cost.passed for cost in costs)
            note = f"here {here:.0f}, server {far:.0f}; {passed:,.0f} records/s passed"
            lines.append(shown(f"{engine}: {part}", here + far, "µs a record", note))
        for name in ("processor", "passed"):
            one, other = (
                [getattr(cost, name) for cost in self._costs[engine, part]]
                for engine in ("SQLite", "PostgreSQL")
            )
            pairs = [file / far for file, far in zip(one, other, strict=True)]
            note = f"by {name}; {min(pairs):.2f} to {max(pairs):.2f}"
            lines.append(
                shown(f"PostgreSQL beside SQLite: {part}", median(pairs), "x", note)
            )
        return lines


def _used(server: PostgresServer) -> float:
    """Processor seconds of all of the server's processes, those that ended, too."""
    return sum(map(cpu_seconds, family(server.pid)))
