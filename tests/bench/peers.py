"""Others beside ours: the same records, verified one by one, durable in SQLite.

    ours       a node pulls a log over HTTP: verified and durable (`round.py`)
    git        `git fetch` from `git daemon`; files of 256 records, one commit
    rsync      `rsync` from its daemon; the same files
    hypercore  blocks of 256 records over TCP, pulled by a program of its own (npm)

Rule: the records are the leaves of our log. What git, rsync and hypercore bring is
verified by two processes, as ours is: each signature, with the same libsodium by the
same PyNaCl, while what was verified before is stored, a row a record, in commits of
10,000 with `synchronous=FULL`. None of the three checks more than that: no hashes of a
log, no rules, no claims; hypercore verifies its own blocks besides. Each begins with
nothing, and ends when all is committed. All play each round, in turns; a tool that is
not here is told and left out.
"""

import contextlib
import multiprocessing
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import pysqlite3 as sqlite3
from nacl.bindings import crypto_sign_open

from federation.tlog.note import parse_note
from tests.bench import night
from tests.bench.bare import Bare, read_leaves, record_key_of, records_of
from tests.bench.busy import Busy, ours_s
from tests.bench.measure import Measure
from tests.bench.node import NEVER_S, Node, free_port
from tests.bench.table import ROUNDS, Played, format_rounds

HYPERCORE: Final = "hypercore@11.39.5"
BLOCK: Final = 256
COMMIT: Final = 10_000
PROCESSES: Final = 2
WITHIN_S: Final = 600.0
_SCRIPT: Final = Path(__file__).with_name("hypercore.mjs")
_READY: Final = 0.05


class Peer(NamedTuple):
    """How one brings all blocks, in order, into a new folder."""

    name: str
    note: str
    fetch: Callable[[Path], Iterator[bytes]]


class Peers:
    """One run: `records` of one organisation."""

    def __init__(
        self,
        folder: Path,
        records: int,
        say: Callable[[str], None],
        rounds: int = ROUNDS,
    ) -> None:
        """`say` is told what is being done, and what is missing."""
        self._folder, self._records, self._say = folder, records, say
        self._rounds = rounds
        self._public = b""

    def run(self) -> str:
        """Play all rounds; the table in Markdown."""
        with contextlib.ExitStack() as stack:
            source = self._fill(stack)
            bare = Bare(records_of(source))
            self._public = record_key_of(source)
            blocks = _cut(read_leaves(source, self._records))
            peers = list(self._open(stack, blocks))
            rounds = []
            for count in range(self._rounds):
                busy, measures = Busy(), list[Measure]()
                turns = [None, *peers]
                for peer in turns[count % len(turns) :] + turns[: count % len(turns)]:
                    name = "ours" if peer is None else peer.name
                    self._say(f"round {count + 1} of {self._rounds}, {name}")
                    place = self._folder / f"{name}-{count}"
                    measures.append(
                        self._play_ours(stack, bare, place, source)
                        if peer is None
                        else self._play(bare, place, peer)
                    )
                rounds.append(Played(measures, busy.load, busy.others()))
        return format_rounds({"peers": rounds})

    def _fill(self, stack: contextlib.ExitStack) -> Node:
        """A node whose log has the records."""
        source = Node("b.example", self._folder / "b", night.ELECTION)
        stack.callback(source.stop)
        register, rows = self._folder / "register.csv", self._folder / "b.ndjson"
        night.write_register(register, self._records)
        night.write_results(rows, source.org, night.order(source.org, self._records))
        source.command("tps-list", "import", str(register))
        self._say(f"{source.org} takes in {self._records:,} records")
        source.command("import", str(rows), "--contest", "ppwp")
        source.start()
        return source

    def _open(
        self, stack: contextlib.ExitStack, blocks: Sequence[bytes]
    ) -> Iterator[Peer]:
        """Those whose tools are here, each serving the blocks."""
        tree = self._folder / "tree"
        _write_tree(tree, blocks)
        for name, tools, begin in (
            ("git", ("git",), _serve_git),
            ("rsync", ("rsync",), _serve_rsync),
            ("hypercore", ("node", "npm"), _serve_hypercore),
        ):
            missing = [tool for tool in tools if shutil.which(tool) is None]
            if missing:
                self._say(f"{name} is left out: no {' and no '.join(missing)} here")
                continue
            try:
                yield begin(stack, self._folder, tree, blocks)
            except (OSError, subprocess.SubprocessError) as error:
                self._say(f"{name} is left out: {error}")

    def _play_ours(
        self, stack: contextlib.ExitStack, bare: Bare, place: Path, source: Node
    ) -> Measure:
        node = Node("d.example", place, night.ELECTION)
        stack.callback(node.stop)
        node.set(interval_s=NEVER_S, reconcile_wait_s=1, deadline_s=3600)
        node.start()
        size, before, used = source.size(), bare.rate(), ours_s()
        began = time.perf_counter()
        adding = stack.enter_context(node.meeting(source))
        node.wait_stored(source.origin, size, WITHIN_S)
        took, used = time.perf_counter() - began, ours_s() - used
        adding.wait()
        node.wait_merged({source.origin: size}, WITHIN_S)
        node.stop()
        return _measure("ours: a node pulls over HTTP", size, took, used,
                        (before + bare.rate()) / 2, "more is verified and kept")  # fmt: skip

    def _play(self, bare: Bare, place: Path, peer: Peer) -> Measure:
        place.mkdir()
        before, used, began = bare.rate(), ours_s(), time.perf_counter()
        count = _keep(place / "kept.db", peer.fetch(place), self._public)
        took, used = time.perf_counter() - began, ours_s() - used
        rate = (before + bare.rate()) / 2
        assert count == self._records, f"{peer.name} brought {count:,} records"
        return _measure(
            f"{peer.name}, verified, in SQLite", count, took, used, rate, peer.note
        )
