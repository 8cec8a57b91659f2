"""kill -9 at random moments of whatever writes: nothing acknowledged is lost.

One home at a time lives through many kills: a node that takes records in under load,
an import of a table, a pull, the merging, an export, the founding of another home, and
a copy of the folder as a backup takes it while records come in. After each the home is
started again as a command does it, and then holds: every record that was acknowledged;
one root for each size that was ever signed or shown; the guard where the log is; a
`doctor` without a finding (every tenth time `--deep`); exports whole or absent. A copy
is clean and holds what was acknowledged before it was begun, or the doctor says that
it does not. Where several processes make the map, one of them is killed, or the one
that they are of: it goes on, or is begun again, and every map has the same digest.

Victims are forks of this process, which has the program loaded: a kill costs a third
of a second, not the start of a command.
"""

import argparse
import asyncio
import contextlib
import http.client
import io
import json
import mmap
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from federation.cli import run as command
from federation.cli.output import Output
from federation.config.home import Home
from federation.config.peers import Peer, format_peer
from federation.config.settings import load_settings
from federation.flows.merge import PartMerger, batch, merge_once
from federation.flows.ownlog import begin, ingest
from federation.flows.ownlog.sequence import settle
from federation.flows.pull import PullContext, extend, pull
from federation.flows.verify import workers as pool
from federation.node.resources import Resources, open_resources
from federation.records.merge import digest_rows
from federation.records.sealed import leaf_text, record_id
from federation.store import leaves as stored
from federation.store import logs
from federation.store.mapreading import map_digest
from federation.text import Text
from tests.fakes import FakeOrg, FakePeer, Tree
from tests.homes import ELECTION, make_home
from tests.remaking import remake
from tests.stories.nodes import free_port, station

ORG, PARTNER = "jagasuara.example", "jagapemilu.example"
ORIGIN = f"{ORG}/{ELECTION}"
NOW = 1_600_000_000
#: A home is given up for a fresh one after so many kills: checks stay quick.
LIFE = 50
DEEP_EVERY = 10
STEP = 64
PARTNER_LEAVES = 3_000
#: Of each of two organisations, where several processes merge them.
MERGED_ROWS = 400
LIMIT_S = 60.0
_TPS = re.compile(rb'"tps":"(\d{13})"')
#: How often each kind comes, and within which time of its beginning it is killed.
KINDS = {
    "serve": (4, 0.9),
    "import": (4, 1.2),
    "pull": (4, 0.4),
    "merge": (3, 0.4),
    "parts": (3, 0.4),
    "export": (3, 0.3),
    "copy": (2, 0.4),
    "init": (1, 0.8),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many, and by which chance."""
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=sorted(KINDS), help="only these")


def run(asked: argparse.Namespace) -> int:
    """Kill, check, count."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="federation-kills-") as folder:
        found = play(Path(folder), asked.kills, asked.seed, asked.kind)
    found["seconds"] = round(time.monotonic() - began, 1)
    print(json.dumps(found, indent=1))  # noqa: T201  the figures
    return 1 if found["failures"] else 0


def play(
    folder: Path, kills: int, seed: int, kind: str | None = None
) -> dict[str, Any]:
    """So many kills; counts by kind, and whatever did not hold."""
    chance = random.Random(seed)
    kinds = [kind] if kind else list(KINDS)
    weights = [KINDS[one][0] for one in kinds]
    count: dict[str, Counter[str]] = {one: Counter() for one in kinds}
    life, failures, number = None, list[str](), 0
    while sum(found["killed"] for found in count.values()) < kills and not failures:
        # Each kind at least once, however few there are.
        one = (
            kinds[number] if number < len(kinds) else chance.choices(kinds, weights)[0]
        )
        if number % LIFE == 0:
            if life is not None:
                shutil.rmtree(life.folder)
            life = Life(folder / f"life-{number}", chance)
        assert life is not None, "the first begins one"
        number += 1
        try:
            count[one][life.kill(one)] += 1
            life.check(deep=number % DEEP_EVERY == 0)
        except AssertionError as error:
            failures.append(f"{number} {one}: {error}")
    return {
        "kills": {one: dict(found) for one, found in count.items()},
        "failures": failures,
    } | Life.totals()


class Life:
    """A home, all that it has acknowledged, and every root that it has shown."""

    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self, folder: Path, chance: random.Random) -> None:
        folder.mkdir()
        self.folder, self._chance = folder, chance
        self.home = make_home(folder, ORG)
        self._port = free_port()
        text = self.home.settings.read_text().replace(
            "port = 0", f"port = {self._port}"
        )
        self.home.settings.write_text(text)
        self.acknowledged: set[str] = set()
        self.roots: dict[str, str] = {}
        self._stations: set[str] = set()
        self._row = 0
        self._exports = 0
        self._is_filled = False
        partner = FakeOrg(PARTNER, ELECTION)
        # What a partner has stays the same; the victim is where it was each time.
        self._tree = _tree(partner)
        self._peer = Peer(org=PARTNER, identity=partner.identity.key)
        with self.home.peers.open("a") as peers:
            peers.write("\n" + format_peer(self._peer))
        assert _in_child(lambda: _begin(self.home)) == "begun"

    @classmethod
    def totals(cls) -> dict[str, int]:
        """What all lives have seen."""
        return dict(cls.seen)

    def kill(self, kind: str) -> str:
        """Let one process of that kind begin, kill it; `killed` or `done` before."""
        return getattr(self, f"_{kind}")(self._chance.uniform(0, KINDS[kind][1]))

    def check(self, *, deep: bool) -> None:
        """Start again, and see that nothing is missing and nothing was invented."""
        known = {"ids": self.acknowledged, "tps": self._stations, "roots": self.roots}
        found = _in_child(lambda: _check(self.home, known))
        self.roots.update(found["roots"])
        checked = len(self.acknowledged) + len(self._stations)
        self.seen["acknowledged records looked for"] += checked
        self.seen["doctor --deep" if deep else "doctor"] += 1
        code, said = _in_child(lambda: _doctor(self.home, deep=deep))
        assert code == 0, said

    def _drafts(self, number: int) -> list[dict[str, Any]]:
        first, self._row = self._row, self._row + number
        return [station(row) for row in range(first, self._row)]

    def _serve(self, delay: float) -> str:
        pid = _fork(lambda: _command("serve", "--alone", "--home", self._where()))
        _wait_for(self.home.control.exists, pid)
        control = json.loads(self.home.control.read_text())
        headers = {"Authorization": f"Bearer {control['token']}"}
        headers["Content-Type"] = "application/json"
        with (
            _killing(pid, delay),
            contextlib.suppress(OSError, http.client.HTTPException),
        ):
            while True:
                rows = self._drafts(self._chance.choice([1, 5, 60, 600]))
                body = json.dumps({"election": ELECTION, "records": rows})
                asked = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
                asked.request("POST", "/v1/records", body, headers)
                got = asked.getresponse()
                said = json.loads(got.read())
                asked.close()
                assert got.status == 200, said
                self._acknowledge(said["verdicts"])
        return _ended(pid)

    def _acknowledge(self, verdicts: list[dict[str, Any]]) -> None:
        ids = {one["record"] for one in verdicts if one["outcome"] == "logged"}
        self.acknowledged |= ids
        self.seen["acknowledged"] += len(ids)

    def _import(self, delay: float) -> str:
        table = self.folder / "table.csv"
        rows = self._drafts(self._chance.choice([20, 300, 1500]))
        lines = [f"{d['tps']},{127},{27}" for d in rows]
        table.write_text("kode_tps,01,02\n" + "\n".join(lines) + "\n")
        words = ["import", str(table), "--alone", "--home", self._where()]
        words += ["--election", ELECTION, "--contest", "ppwp", "--allow-unlisted"]
        pid = _fork(lambda: _command(*words))
        with _killing(pid, delay):
            ended = _ended(pid)
        if ended == "done":
            # A command that ended well has acknowledged every row of its file.
            self._stations |= {one["tps"] for one in rows}
            self.seen["acknowledged"] += len(rows)
        return ended

    def _pull(self, delay: float) -> str:
        pid = _fork(lambda: _pull(self.home, self._peer, self._tree))
        with _killing(pid, delay):
            return _ended(pid)

    def _merge(self, delay: float) -> str:
        pid = _fork(lambda: _merge(self.home))
        with _killing(pid, delay):
            return _ended(pid)

    def _parts(self, delay: float) -> str:
        """Two processes merge for one; it is killed, or one of them before it."""
        if not self._is_filled:
            self._row += _in_child(lambda: _fill(self.home, self._peer, self._tree))
            self._is_filled = True
        lines, said = os.pipe()
        # Shared with the child: what it was at when it was killed stays in it.
        at_work = mmap.mmap(-1, 1)
        pid = _fork(lambda: _merge_parts(self.home, said, at_work))
        os.close(said)
        digests = set[str]()
        with os.fdopen(lines) as read:
            workers = [int(one) for one in read.readline().split()]
            assert workers, "it ended before they began"
            digests.add(read.readline())
            if self._chance.random() < 0.5:
                time.sleep(delay)
                self.seen["workers killed in mid-merge"] += at_work[0]
                os.kill(self._chance.choice(workers), signal.SIGKILL)
                self.seen["merging processes killed"] += 1
                # That of the map that was being made, and of one that was begun after.
                digests |= {read.readline(), read.readline()}
            with _killing(pid, delay):
                ended = _ended(pid)
            self.seen["parents killed in mid-merge"] += at_work[0]
            digests |= {line for line in read if line.endswith("\n")}
        digests.add(_in_child(lambda: _digest(self.home)) + "\n")
        assert len(digests) == 1, f"several maps of the same leaves: {digests}"
        return ended

    def _export(self, delay: float) -> str:
        self._exports += 1
        place = self.folder / f"export-{self._exports % 3}"
        form = ("bundle", "static", "out")[self._exports % 3]
        path = place / {"bundle": "all.zip", "static": "site", "out": "rows.csv"}[form]
        place.mkdir(exist_ok=True)
        before = path.read_bytes() if path.is_file() else None
        words = ["export", f"--{form}", str(path), "--home", self._where()]
        pid = _fork(lambda: _command(*words))
        with _killing(pid, delay):
            ended = _ended(pid)
        if form != "static" and path.exists() and path.read_bytes() != before:
            _check_whole(path, form)
        # What is left of it is in nobody's way.
        code, said = _in_child(lambda: _spoken(*words))
        assert code == 0, said
        if form == "static":
            for part in path.rglob(".*.part"):
                raise AssertionError(f"{part} was left behind")
        else:
            _check_whole(path, form)
            assert [one.name for one in place.iterdir()] == [path.name]
        return ended

    def _copy(self, delay: float) -> str:
        """A copy as a backup program takes it: file by file, under load."""
        # Known for sure before it begins.
        before = len(self.acknowledged)
        lines, said = os.pipe()
        pid = _fork(lambda: _take_in(self.home, self._row, said))
        os.close(said)
        copy = self.folder / "copy"
        with _killing(pid, 10 + delay):
            time.sleep(0.1 + delay)
            for name in ("data", "guard", "keys", "federation.toml", "peers.toml"):
                source, target = self.home.folder / name, copy / name
                copy.mkdir(exist_ok=True)
                if source.is_dir():
                    # A file that is gone meanwhile is not in a backup either.
                    with contextlib.suppress(shutil.Error):
                        shutil.copytree(source, target)
                else:
                    shutil.copy(source, target)
            os.kill(pid, signal.SIGKILL)
            ended = _ended(pid)
        with os.fdopen(lines, "rb") as read:
            told = read.read()
        batches = told[: told.rfind(b"\n") + 1].split()
        older = {*self.acknowledged}
        self.acknowledged |= {one.decode() for one in batches}
        self.seen["acknowledged"] += len(batches)
        self._row += 40_000
        assert len(older) == before
        code, _ = _in_child(lambda: _doctor(_home(copy), deep=True))
        if code == 0:
            known = {"ids": older, "tps": set(), "roots": {}}
            _in_child(lambda: _check(_home(copy), known, starts=False))
        self.seen["copies clean" if code == 0 else "copies found out"] += 1
        shutil.rmtree(copy)
        return ended

    def _init(self, delay: float) -> str:
        home = self.folder / "founded"
        secret = self.folder / "secret"
        if not secret.exists():
            secret.touch(mode=0o600)
            secret.write_text("only for this attack\n")
        words = ["init", "--home", str(home), "--yes", "--org", PARTNER, "--name", "P"]
        words += ["--contact", f"data@{PARTNER}", "--election", ELECTION]
        words += ["--passphrase-file", str(secret), "--port", "0"]
        home.mkdir()
        pid = _fork(lambda: _command(*words))
        with _killing(pid, delay):
            ended = _ended(pid)
        code, said = _in_child(lambda: _spoken(*words))
        # Founded whole by the first, or by the second that finds what the first left.
        assert code == 0 or (code == 6 and (home / "federation.toml").exists()), said
        assert _in_child(lambda: _begin(_home(home))) == "begun"
        shutil.rmtree(home)
        return ended

    def _where(self) -> str:
        return str(self.home.folder)


def _tree(partner: FakeOrg) -> Tree:
    if not _trees:
        _trees.append(Tree(partner).grow(partner.results(0, PARTNER_LEAVES)))
    return _trees[0]


_trees: list[Tree] = []


def _home(folder: Path) -> Home:
    return Home.of(folder, load_settings(folder / "federation.toml"))


@contextlib.contextmanager
def _opened(home: Home):
    with open_resources(home, load_settings(home.settings)) as parts:
        yield parts


def _begin(home: Home) -> str:
    with _opened(home) as parts:
        for log in parts.own.values():
            begin.introduce(parts.db, parts.guard, log)
    return "begun"


def _check(home: Home, known: dict[str, Any], *, starts: bool = True) -> dict[str, Any]:
    """What a start makes of the folder holds all that was acknowledged."""
    with _opened(home) as parts:
        log = parts.log_of(ELECTION)
        if starts:
            settle(parts.db, parts.guard, log.origin)
        with parts.db.view() as view:
            state = logs.get_log(view, log.origin)
            leaves = stored.read_leaves(view, state.id, 0, state.size)
            kept = {
                str(size): root.hex()
                for size, root, _ in logs.list_checkpoints(view, state.id)
            }
        held = {record_id(leaf_text(leaf)) for leaf in leaves}
        spoken = set(_TPS.findall(b"".join(leaves)))
        lost = (known["ids"] - held) | {
            t for t in known["tps"] if t.encode() not in spoken
        }
        assert not lost, f"{len(lost)} acknowledged records are lost"
        forked = [n for n, root in known["roots"].items() if kept.get(n, root) != root]
        assert not forked, f"two roots of {forked}"
        if starts:
            gone = known["roots"].keys() - kept.keys()
            assert not gone, f"signed sizes that are forgotten: {gone}"
            assert state.next_index == state.size, "settled"
            guard = parts.guard.read(log.origin)
            assert guard is not None
            assert guard[0] == state.size, "the guard is where the log is"
            _merge_all(parts)
        return {"roots": kept}


def _merge_all(parts: Resources) -> None:
    while merge_once(parts.db, parts.profiles):
        pass


def _pull(home: Home, peer: Peer, tree: Tree) -> None:
    extend.STEP_LEAVES = STEP
    with _opened(home) as parts:
        with parts.db.view() as view:
            held = [x for x in logs.list_logs(view) if not x.own]
        # Begun again once all is there: the origin shows more each time.
        size = min(tree.size, (held[0].next_index if held else 0) + STEP * 12)
        while True:
            _pull_once(parts, peer, tree.truncate(size))


def _pull_once(parts: Resources, peer: Peer, tree: Tree) -> None:
    context = PullContext(
        db=parts.db,
        profiles=parts.profiles,
        peers={peer.org: peer},
        own={log.origin: log.chain for log in parts.own.values()},
        workers=None,
        clock=time.monotonic,
        # The map follows each step: the kill meets either, or both.
        stored=lambda: merge_once(parts.db, parts.profiles, STEP),
    )
    asyncio.run(pull(context, peer, FakePeer(peer.org).show(tree), NOW))


def _fill(home: Home, peer: Peer, tree: Tree) -> int:
    """Records of a partner, and own ones of stations that it has, too; how many."""
    with _opened(home) as parts:
        _pull_once(parts, peer, tree.truncate(MERGED_ROWS))
        rows = [station(number) for number in range(MERGED_ROWS)]
        log = parts.log_of(ELECTION)
        ingest.append(parts.db, parts.guard, log, rows, NOW, unlisted=True)
    return MERGED_ROWS


def _merge(home: Home) -> None:
    with _opened(home) as parts:
        while True:
            remake(parts.db, ELECTION, parts.profiles[ELECTION])
            while merge_once(parts.db, parts.profiles, limit=100):
                pass


def _merge_parts(home: Home, said: int, at_work: mmap.mmap) -> None:
    """Make the map again and again by two processes; tell them, and each digest.

    `at_work`: its one byte is 1 while rows are merged.
    """
    # So that a batch has several strips, of which some are under way.
    batch.STRIP_ROWS = 50
    pool.POOL_FROM_LEAVES = pool.WARM_FROM_LEAVES = 1
    workers = pool.open_workers(2)
    merger = PartMerger(workers, part_rows=25)
    # Both have begun before they are told.
    for begun in [workers.executor.submit(time.sleep, 0.2) for _ in range(2)]:
        begun.result()
    pids = " ".join(map(str, workers.executor._processes))
    os.write(said, pids.encode() + b"\n")
    with _opened(home) as parts:
        while True:
            remake(parts.db, ELECTION, parts.profiles[ELECTION])
            at_work[0] = 1
            while merge_once(parts.db, parts.profiles, limit=200, merger=merger):
                pass
            at_work[0] = 0
            digest = _read_digest(parts)
            assert digest != digest_rows(()), "something is merged"
            os.write(said, digest.encode() + b"\n")


def _digest(home: Home) -> str:
    with _opened(home) as parts:
        _merge_all(parts)
        return _read_digest(parts)


def _read_digest(parts: Resources) -> str:
    with parts.db.view() as view:
        return map_digest(view, ELECTION)


def _take_in(home: Home, row: int, said: int) -> None:
    """Take in small batches until killed; each record is told when acknowledged."""
    with _opened(home) as parts:
        log = parts.log_of(ELECTION)
        while True:
            rows = [station(number) for number in range(row, row + 20)]
            row += 20
            given = ingest.append(parts.db, parts.guard, log, rows, NOW, unlisted=True)
            ids = [one.record for one in given if one.outcome == "logged"]
            os.write(said, (" ".join(ids) + "\n").encode())


def _doctor(home: Home, *, deep: bool) -> tuple[int, str]:
    words = ["doctor", "--home", str(home.folder), "--json"]
    return _spoken(*words, *(["--deep"] if deep else []))


def _check_whole(path: Path, form: str) -> None:
    if form == "bundle":
        with zipfile.ZipFile(path) as found:
            assert found.testzip() is None, f"{path} is damaged"
            assert "logs" in found.namelist()
    else:
        text = path.read_bytes()
        assert text.endswith(b"\n"), f"{path} is cut off"


def _spoken(*words: str) -> tuple[int, str]:
    """A command's exit code, and what it said."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
        code = command(list(words), Output(Text("en"), is_json="--json" in words))
    return code, told.getvalue()[-2000:]


def _command(*words: str) -> None:
    code, said = _spoken(*words)
    assert code == 0, said


def _fork(work: Callable[[], object]) -> int:
    """A process that does this, and ends with 0 if it ends by itself."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.alarm(int(LIMIT_S))  # whatever becomes of us, it ends
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        work()
        code = 0
    except BaseException:  # noqa: BLE001  told where somebody looks
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)


def _in_child(work: Callable[[], Any]) -> Any:
    """What it gives, from a process of its own: this one stays without threads."""
    read, write = os.pipe()

    def tell() -> None:
        try:
            said = {"said": work()}
        except AssertionError as error:
            said = {"failed": str(error)}
        os.write(write, json.dumps(said).encode())

    pid = _fork(tell)
    os.close(write)
    with os.fdopen(read, "rb") as lines:
        said = lines.read()
    os.waitpid(pid, 0)
    assert said, "a check ended by an error"
    found = json.loads(said)
    assert "failed" not in found, found["failed"]
    return found["said"]


@contextlib.contextmanager
def _killing(pid: int, delay: float):
    """In the block, after `delay`, that process is killed, whatever we wait for."""

    def kill(*_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    before = signal.signal(signal.SIGALRM, kill)
    signal.setitimer(signal.ITIMER_REAL, max(delay, 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        kill()


def _ended(pid: int) -> str:
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, "it hung"
        return "killed"
    assert os.WEXITSTATUS(status) == 0, "it ended by an error"
    return "done"


def _wait_for(said: Callable[[], object], pid: int) -> None:
    until = time.monotonic() + LIMIT_S
    while not said():
        assert os.waitpid(pid, os.WNOHANG) == (0, 0), "it ended before it was killed"
        assert time.monotonic() < until, "it does not begin"
        time.sleep(0.005)
