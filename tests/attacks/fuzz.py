"""Spoilt bytes at every door: parsers, settings, tables, requests, whole commands.

Each case is good bytes with one to six changes (`_mutations.py`): bits, cuts, splices,
repeats, swapped lines, other numbers, what decoders trip over. What must hold: nothing
comes through but an error that is declared, or an exit code that the command's page
lists; no case takes longer than ten seconds, or makes the process larger by 400 MB.

`--guided` lets atheris choose the changes by the branches that they reach, where it is
installed (`pip install atheris`; it is no part of `requirements-dev.txt`: it has no
builds for every system that this project is developed on).

    make attack ARGS="fuzz --cases 20000 --door verify --door import"
"""

# ruff: noqa: T201  an attack prints its figures

import argparse
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import NamedTuple

CASES = 300
CASE_S = 10
CASE_MB = 400


class TooSlow(BaseException):
    """A case that took too long; nothing may catch it."""


class Tally(NamedTuple):
    """What became of the cases of one door."""

    cases: int
    taken: int
    slowest_s: float
    faults: list[str]
    codes: Counter[int]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many, which, where from."""
    parser.add_argument("--cases", type=int, default=CASES, help="a door")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--door", action="append", help="only these; alone: all")
    parser.add_argument("--keep", type=Path, help="a folder for what fell")
    parser.add_argument(
        "--processes", type=int, default=0, help="cases of a command in its own process"
    )
    parser.add_argument("--guided", action="store_true", help="with atheris")


def run(asked: argparse.Namespace) -> int:
    """All doors, or those that were asked for."""
    if asked.guided:
        return _guided(asked)
    faults = 0
    print(f"{'door':32} {'cases':>7} {'taken':>7} {'slowest':>9} {'faults':>7}")
    for name, play in plays(asked.door, processes=asked.processes):
        found = fuzz(name, play, asked.cases, asked.seed, asked.keep)
        faults += len(found.faults)
        show(name, found)
    if not asked.door or "http" in asked.door:
        faults += _http(asked)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{faults} faults; the process was never larger than {peak} MB")
    return min(faults, 1)


def show(name: str, found: Tally) -> None:
    """One line, and the first of what fell."""
    print(
        f"{name:32} {found.cases:7} {found.taken:7} {found.slowest_s:7.2f} s"
        f" {len(found.faults):7}",
        flush=True,
    )
    if name in {"verify", "import"}:
        print(
            "    exit " + ", ".join(f"{c}: {n}" for c, n in sorted(found.codes.items()))
        )
    for fault in list(dict.fromkeys(found.faults))[:5]:
        print(f"    {fault}", flush=True)


Case = tuple[bytes, Callable[[], object]]
Play = Callable[[Random], Case]


def plays(
    wanted: list[str] | None = None, *, processes: int = 0
) -> Iterator[tuple[str, Play]]:
    """By name: what makes one case of a door, and what plays it."""
    from tests.attacks._commands import COMMANDS, play, play_process  # noqa: PLC0415  not before atheris
    from tests.attacks._doors import doors  # noqa: PLC0415
    from tests.attacks._mutations import mutate  # noqa: PLC0415

    for name, door in doors().items():
        if wanted and name not in wanted:
            continue

        def of_door(random: Random, door=door) -> Case:
            data = mutate(door.seeds, random)
            return data, lambda: door.take(data)

        yield name, of_door
    for name, (words_of, codes) in COMMANDS.items():
        if wanted and name not in wanted:
            continue

        def of_command(random: Random, words_of=words_of, codes=codes) -> Case:
            words = words_of(random)
            as_json = random.random() < 0.9
            if processes:
                return b"", lambda: play_process(words, codes)
            return b"", lambda: play(words, codes, as_json=as_json)

        yield name, of_command


def fuzz(
    name: str, play: Play, cases: int, seed: int, keep: Path | None = None
) -> Tally:
    """Play this many cases of one door."""
    from federation.errors import FederationError  # noqa: PLC0415

    taken, slowest, faults, codes = 0, 0.0, [], Counter[int]()
    for number in range(cases):
        data, do = play(Random(f"{name} {seed} {number}"))
        size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        try:
            with bounded():
                code = do()
            taken += 1
            codes.update([code] if type(code) is int else [])
        except FederationError:
            pass
        except (Exception, TooSlow) as error:  # noqa: BLE001  what is looked for
            faults.append(tell(error))
            if keep is not None:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{name.replace(' ', '-')}-{seed}-{number}").write_bytes(data)
        slowest = max(slowest, time.perf_counter() - began)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - size
        if grown > CASE_MB * 1024:
            faults.append(f"case {number}: {grown // 1024} MB more")
    return Tally(cases, taken, slowest, faults, codes)


@contextmanager
def bounded() -> Iterator[None]:
    """The block ends in time, or with `TooSlow`."""

    def end(_number: int, _frame: object) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, CASE_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def tell(error: BaseException) -> str:
    """What came through, and from where."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [one for one in frames if "/federation/" in one.filename] or frames
    place = f"{ours[-1].filename.rpartition('/federation/')[2]}:{ours[-1].lineno}"
    return f"{type(error).__name__}: {str(error)[:200]!r} at {place}"


def _http(asked: argparse.Namespace) -> int:
    """A node that runs, and spoilt requests to it; how many faults."""
    from tests.attacks._http import serving  # noqa: PLC0415
    from tests.attacks._mutations import mutate  # noqa: PLC0415

    with serving() as node:
        seeds = node.seeds()

        def of_http(random: Random) -> Case:
            data = mutate(seeds, random)
            return data, lambda: node.take(data)

        found = fuzz("http", of_http, asked.cases, asked.seed, asked.keep)
        show("http", found)
        node.check()
    return len(found.faults)


def _guided(asked: argparse.Namespace) -> int:
    """Each door in a process of its own: atheris ends the process that it is in."""
    from tests.attacks._doors import doors  # noqa: PLC0415

    failed = 0
    for name, door in doors().items():
        if asked.door and name not in asked.door:
            continue
        with tempfile.TemporaryDirectory() as corpus:
            for number, seed in enumerate(door.seeds):
                (Path(corpus) / str(number)).write_bytes(seed)
            ended = subprocess.run(
                [sys.executable, "-m", "tests.attacks._guided", name, corpus,
                 f"-runs={asked.cases}", f"-seed={asked.seed}", f"-timeout={CASE_S}",
                 "-rss_limit_mb=2048", "-max_len=65536",
                 f"-artifact_prefix={asked.keep or corpus}/"],
                capture_output=True, check=False,
            )  # fmt: skip
        failed += ended.returncode != 0
        said = (ended.stdout + ended.stderr).decode(errors="replace")
        done = re.search(r"Done ([0-9]+) runs", said)
        print(f"{name:32} {done[1] if done else 'fell':>9}", flush=True)
        if ended.returncode:
            print(said[-3000:], flush=True)
    print(f"{failed} doors fell")
    return min(failed, 1)
