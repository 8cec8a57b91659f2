"""The files of one import: which are meant, and whether they hold still meanwhile.

Rule: half a file is half a number. A file that somebody still writes to is not taken:
what it says of itself (size, time) before it is opened must be true when everything
was read. One that was replaced by another is whole, since it was read as it was.

The report of an import is none of its files: it would be written over what it is about.
"""

import asyncio
import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import click

from federation.cli.context import Run
from federation.errors import FormatError
from federation.sources.folder import find_files, is_folder
from federation.sources.folder import tell as tell_passed
from federation.sources.pipe import STDIN
from federation.sources.row import Remark
from federation.text import Sentence

# A table that was written just now and ends within a line may not be at its end.
QUIET_S: Final = 2.0


class SeenFile(NamedTuple):
    """A file as it was before it was opened; `in_lines`: half of it looks whole."""

    path: Path
    name: str
    status: os.stat_result
    in_lines: bool


def find_inputs(
    names: Iterable[str], report: Path | None
) -> tuple[list[Path], list[tuple[str, Remark]]]:
    """The files that are meant; of a folder, what is not read, by name.

    Raises:
        FormatError: Nothing that was named can be read.
    """
    given = list(names)
    files: list[Path] = []
    passed: list[tuple[str, Remark]] = []
    for name in given:
        path = Path(name)
        if not is_folder(path):
            files.append(path)
            continue
        inside, others = find_files(path)
        passed += [(name, remark) for remark in tell_passed(others, path)]
        own = [file for file in inside if is_same(file, report)]
        why = Sentence("import.own-report")
        passed += [(str(file), Remark(0, "own-report", why)) for file in own]
        inside = [file for file in inside if file not in own]
        files += inside
        if not inside and len(given) == 1:
            raise FormatError(Sentence("import.nothing-inside"), name)
    return files, passed


def check_report(run: Run, report: Path | None, inputs: Iterable[str | None]) -> None:
    """See that the report is not written over what is read.

    Raises:
        click.UsageError: It is one of these files, by whatever name.
    """
    for name in inputs:
        if name is not None and is_same(Path(name), report):
            raise click.UsageError(run.t("import.report-of-input", file=name))


def is_same(path: Path, report: Path | None) -> bool:
    """Whether this is the file of the report."""
    if report is None:
        return False
    try:
        status = os.fstat(0) if str(path) == STDIN else path.stat()
        there = report.stat()
    except OSError:  # no report yet, or a file that is told of when it is opened
        return False
    return stat.S_ISREG(status.st_mode) and os.path.samestat(status, there)


def see(path: Path) -> os.stat_result | None:
    """How a file is now; None for what is no regular file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None


async def find_changed(seen: Sequence[SeenFile], now: float) -> list[SeenFile]:
    """Those that are no longer what they were before they were opened."""
    await asyncio.sleep(max((_wait_of(file, now) for file in seen), default=0.0))
    return [file for file in seen if _has_changed(file)]


def _wait_of(seen: SeenFile, now: float) -> float:
    """How long it takes to see that nobody goes on with its last line."""
    left = QUIET_S - (now - seen.status.st_mtime)
    if not seen.in_lines or left <= 0 or not seen.status.st_size:
        return 0.0
    try:
        with seen.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            is_ended = file.read(1) in b"\r\n"
    except OSError:
        return 0.0
    return 0.0 if is_ended else min(left, QUIET_S)


def _has_changed(file: SeenFile) -> bool:
    now, then = see(file.path), file.status
    if now is None or not os.path.samestat(now, then):
        return False
    return (now.st_size, now.st_mtime_ns) != (then.st_size, then.st_mtime_ns)
