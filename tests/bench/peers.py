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
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.pool import Pool
from pathlib import Path
from socket import create_connection
from typing import Final, NamedTuple

import pysqlite3 as sqlite3
from nacl.bindings import crypto_sign_open

from tests.bench import night
from tests.bench.bare import Bare, Signed, records_of
from tests.bench.busy import Busy, ours_s
from tests.bench.measure import Measure
from tests.bench.node import NEVER_S, START_S, Node, free_port
from tests.bench.round import WARM, pull, warm
from tests.bench.table import ROUNDS, Played, format_rounds

HOST: Final = "127.0.0.1"
HYPERCORE: Final = "hypercore@11.39.5"
BLOCK: Final = 256
COMMIT: Final = 10_000
PROCESSES: Final = 2
WITHIN_S: Final = 600.0
_SCRIPT: Final = Path(__file__).with_name("hypercore.mjs")


class Peer(NamedTuple):
    """How one brings all blocks, in order, into a new folder.

    `ready` is done before the clock starts.
    """

    name: str
    note: str
    fetch: Callable[[Path], Iterator[bytes]]
    ready: Callable[[Path], None] = Path.mkdir


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

    def run(self) -> str:
        """Play all rounds; the table in Markdown."""
        with contextlib.ExitStack() as stack:
            source, *nodes = self._fill(stack)
            records = records_of(source, 1 + WARM + self._records)[WARM:]
            bare, blocks = Bare(records), _cut(records)
            pool = multiprocessing.get_context("spawn").Pool(
                PROCESSES, _know, (records[0].public,)
            )
            stack.callback(pool.terminate)
            pool.map(len, [b""] * PROCESSES)  # both are there
            turns = [None, *self._open(stack, blocks)]
            rounds = []
            for count, node in enumerate(nodes):
                busy, measures = Busy(), list[Measure]()
                first = count % len(turns)
                for peer in turns[first:] + turns[:first]:
                    name = "ours" if peer is None else peer.name
                    self._say(f"round {count + 1} of {self._rounds}, {name}")
                    if peer is None:
                        measures.append(_play_ours(bare, node, source))
                    else:
                        place = self._folder / f"{name}-{count}"
                        measures.append(_play(bare, place, peer, pool, len(records)))
                rounds.append(Played(measures, busy.load, busy.others()))
        return format_rounds({"peers": rounds})

    def _fill(self, stack: contextlib.ExitStack) -> list[Node]:
        """A node whose log has the records, and those that will pull it."""
        nodes = []
        for name in ("b", *(f"d{count}" for count in range(self._rounds))):
            node = Node(f"{name}.example", self._folder / name, night.ELECTION)
            stack.callback(node.stop)
            node.set(interval_s=NEVER_S, reconcile_wait_s=1, deadline_s=3600)
            node.start()
            nodes.append(node)
        source, *others = nodes
        for node in others:
            node.meet_empty(source)
        register, rows = self._folder / "register.csv", self._folder / "b.ndjson"
        night.write_register(register, self._records + 1 + WARM)
        night.write_results(rows, source.org, night.order(source.org, self._records))
        self._say(f"{source.org} takes in {self._records:,} records")
        source.command("tps-list", "import", str(register))
        warm(source, others, self._records + 1)
        source.command("import", str(rows), "--contest", "ppwp")
        return nodes

    def _open(
        self, stack: contextlib.ExitStack, blocks: Sequence[bytes]
    ) -> Iterator[Peer]:
        """Those whose tools are here, each serving the blocks."""
        for name, tools, serve in (
            ("git", ("git",), _serve_git),
            ("rsync", ("rsync",), _serve_rsync),
            ("hypercore", ("node", "npm"), _serve_hypercore),
        ):
            missing = [tool for tool in tools if shutil.which(tool) is None]
            if missing:
                self._say(f"{name} is left out: no {' and no '.join(missing)} here")
                continue
            place = self._folder / name
            place.mkdir()
            try:
                yield serve(stack, place, blocks)
            except (OSError, subprocess.SubprocessError) as error:
                self._say(f"{name} is left out: {error}")


def _play_ours(bare: Bare, node: Node, source: Node) -> Measure:
    held = node.sizes()[source.origin]
    assert held == 1 + WARM, "nobody has pulled the rest yet"
    source.wait_merged({source.origin: source.size()}, WITHIN_S)
    size, before, used = source.size() - held, bare.rate(), ours_s()
    began = time.perf_counter()
    turn = pull(node, source)
    took, used = time.perf_counter() - began, ours_s() - used
    node.wait_merged({source.origin: source.size()}, WITHIN_S)
    turn.join()
    node.stop()
    rates = before, bare.rate()
    return _measure("ours: a node pulls over HTTP", size, took, used, rates, _OURS)


def _play(bare: Bare, place: Path, peer: Peer, pool: Pool, wanted: int) -> Measure:
    peer.ready(place)
    before, used, began = bare.rate(), ours_s(), time.perf_counter()
    count = _keep(place / "kept.db", peer.fetch(place), pool)
    took, used = time.perf_counter() - began, ours_s() - used
    rates = before, bare.rate()
    assert count == wanted, f"{peer.name} brought {count:,} of {wanted:,} records"
    what = f"{peer.name} + verify + SQLite"
    return _measure(what, count, took, used, rates, peer.note)


def _measure(
    what: str,
    count: int,
    took: float,
    used: float,
    rates: tuple[float, float],
    note: str,
) -> Measure:
    bare = sum(rates) / 2
    return Measure(
        what=what,
        value=count / took / bare,
        unit="x bare",
        bare=bare,
        used_us=used / count * 1e6,
        note=note,
    )


_OURS: Final = "hashes, keys and rules too; a claim a record; in place, served on"


def _cut(records: Sequence[Signed]) -> list[bytes]:
    """Blocks of records: of each its length in four bytes, its signature and text."""
    return [
        b"".join(
            len(one.signed).to_bytes(4, "big") + one.signed
            for one in records[at : at + BLOCK]
        )
        for at in range(0, len(records), BLOCK)
    ]


def _uncut(block: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(block):
        end = at + 4 + int.from_bytes(block[at : at + 4], "big")
        yield block[at + 4 : end]
        at = end


_KEY: Final = bytearray()


def _know(public: bytes) -> None:
    """In each verifying process, once."""
    _KEY[:] = public


def _verify(block: bytes) -> int:
    """How many records it has.

    Raises:
        nacl.exceptions.BadSignatureError: one is not what was signed.
    """
    count, key = 0, bytes(_KEY)
    for signed in _uncut(block):
        crypto_sign_open(signed, key)
        count += 1
    return count


def _keep(path: Path, blocks: Iterator[bytes], pool: Pool) -> int:
    """Verify and store all, durable at the end; how many records there are."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE record (number INTEGER PRIMARY KEY, signed BLOB)")
    coming = deque[bytes]()

    def feed() -> Iterator[bytes]:
        for block in blocks:
            coming.append(block)
            yield block

    number, open_since = 0, 0
    with contextlib.closing(database):
        database.execute("BEGIN")
        for count in pool.imap(_verify, feed(), chunksize=4):
            rows = enumerate(_uncut(coming.popleft()), number)
            database.executemany("INSERT INTO record VALUES (?, ?)", rows)
            number += count
            if number - open_since >= COMMIT:
                database.execute("COMMIT")
                database.execute("BEGIN")
                open_since = number
        database.execute("COMMIT")
    return number


def _write_tree(folder: Path, blocks: Sequence[bytes]) -> list[str]:
    folder.mkdir()
    names = [f"{number:06}" for number in range(len(blocks))]
    for name, block in zip(names, blocks, strict=True):
        (folder / name).write_bytes(block)
    return names


def _start(
    stack: contextlib.ExitStack, words: Sequence[str | Path], port: int = 0
) -> subprocess.Popen[bytes]:
    """A program that serves until the run ends; with a port, once it listens there."""
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    stack.enter_context(process)
    stack.callback(process.terminate)
    until = time.monotonic() + START_S
    while port and process.poll() is None and time.monotonic() < until:
        with (
            contextlib.suppress(OSError),
            contextlib.closing(create_connection((HOST, port))),
        ):
            break
        time.sleep(0.05)
    return process


def _git(*words: str | Path) -> None:
    config = ("-c", "user.name=b.example", "-c", "user.email=data@b.example")
    words = ("git", *config, "-c", "gc.auto=0", "-c", "init.defaultBranch=main", *words)
    subprocess.run(words, check=True, capture_output=True)


def _serve_git(
    stack: contextlib.ExitStack, folder: Path, blocks: Sequence[bytes]
) -> Peer:
    tree, port = folder / "tree", free_port()
    names = _write_tree(tree, blocks)
    _git("init", tree)
    _git("-C", tree, "add", "--all")
    _git("-C", tree, "commit", "-m", "records")
    words = ["git", "daemon", "--export-all", f"--base-path={folder}"]
    words += [f"--listen={HOST}", f"--port={port}", str(folder)]
    _start(stack, words, port)

    def fetch(place: Path) -> Iterator[bytes]:
        bare = place / "bare"
        _git("init", "--bare", bare)
        _git("-C", bare, "fetch", f"git://{HOST}:{port}/tree", "main:main")
        asked = "".join(f"main:{name}\n" for name in names).encode()
        (place / "asked").write_bytes(asked)
        with (
            (place / "asked").open("rb") as lines,
            subprocess.Popen(
                ["git", "-C", bare, "cat-file", "--batch"],
                stdin=lines,
                stdout=subprocess.PIPE,
            ) as process,
        ):
            assert process.stdout is not None, "a pipe was asked for"
            while head := process.stdout.readline():
                size = int(head.split()[2])
                yield process.stdout.read(size + 1)[:-1]

    note = f"`git fetch` from `git daemon`, one commit, files of {BLOCK} records"
    return Peer("git", note, fetch)


def _serve_rsync(
    stack: contextlib.ExitStack, folder: Path, blocks: Sequence[bytes]
) -> Peer:
    names, port = _write_tree(folder / "tree", blocks), free_port()
    config = folder / "rsyncd.conf"
    config.write_text(
        f"use chroot = no\nuid = {os.getuid()}\ngid = {os.getgid()}\n"
        f"[tree]\npath = {folder / 'tree'}\n"
    )
    words = ["rsync", "--daemon", "--no-detach", f"--address={HOST}"]
    _start(stack, [*words, f"--port={port}", f"--config={config}"], port)

    def fetch(place: Path) -> Iterator[bytes]:
        url = f"rsync://{HOST}:{port}/tree/"
        words = ["rsync", "--archive", url, place / "tree"]
        subprocess.run(words, check=True, capture_output=True)
        for name in names:
            yield (place / "tree" / name).read_bytes()

    return Peer("rsync", f"from its daemon, files of {BLOCK} records", fetch)


def _serve_hypercore(
    stack: contextlib.ExitStack, folder: Path, blocks: Sequence[bytes]
) -> Peer:
    shutil.copy(_SCRIPT, folder)
    words = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", HYPERCORE]
    done = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise OSError(f"npm: {done.stderr.strip().splitlines()[-1:]}")
    framed = (len(block).to_bytes(4, "big") + block for block in blocks)
    (folder / "blocks").write_bytes(b"".join(framed))
    node = ["node", folder / _SCRIPT.name]
    words = [*node, "source", folder / "core", folder / "blocks"]
    served = _start(stack, words)
    assert served.stdout is not None, "a pipe was asked for"
    key, port = served.stdout.readline().split()
    pulling: dict[Path, subprocess.Popen[bytes]] = {}

    def ready(place: Path) -> None:
        place.mkdir()
        words = [*node, "pull", place / "core", key, port, str(len(blocks))]
        pipe = subprocess.PIPE
        process = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe)
        assert process.stderr is not None, "a pipe was asked for"
        assert process.stderr.readline() == b"ready\n", process.stderr.read()
        pulling[place] = process

    def fetch(place: Path) -> Iterator[bytes]:
        with pulling.pop(place) as process:
            assert process.stdin is not None, "a pipe was asked for"
            assert process.stdout is not None, "a pipe was asked for"
            process.stdin.write(b"go\n")
            process.stdin.flush()
            while head := process.stdout.read(4):
                yield process.stdout.read(int.from_bytes(head, "big"))

    return Peer("hypercore", f"{HYPERCORE}, blocks of {BLOCK} records", fetch, ready)
