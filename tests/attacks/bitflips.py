"""Single bits of a node's database are flipped: the doctor must notice each.

A small home in which every table has rows is damaged by one bit at a time, and
`federation doctor --deep` looks at it. Half of the bits are drawn over the whole file,
half evenly over the columns of the tables. A flip counts as

    noticed   SQLite or the doctor finds a difference
    free      nothing that is stored differs: unused bytes, bookkeeping of SQLite that
              it makes again; shown by comparing every value of every table, the
              schema and the header's fields, and by SQLite's own check
    UNNOTICED something differs, and the doctor is content
    CRASHED   the doctor ends with an error of its own

What must hold: none of the last two. With `--mend`, each database that is noticed is
mended as `federation doctor --mend` does, and nothing signed may be lost by it.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from sqlite_utils.utils import sqlite3

from federation.errors import FederationError
from federation.flows.doctor import DoctorReport, mend
from federation.store.claims import MAX_BYTES
from federation.store.db import Database
from federation.store.enginechoice import FILE_NAME
from federation.store.leaves import MAX_BUNDLE_BYTES
from federation.tlog.packing import unpack
from federation.tlog.tile import WIDTH
from tests.attacks._cells import Cell, find_cells
from tests.attacks._fullhome import OWN, FullHome, make_full_home

Contents = tuple[object, ...]


class _NoticedError(BaseException):
    """The first finding: no more is to be known."""


class Ward:
    """Where damaged copies of one database are examined, one after the other."""

    def __init__(self, folder: Path, *, is_whole: bool = True) -> None:
        """`is_whole`: do not stop looking at the first finding."""
        self.full: FullHome = make_full_home(folder)
        self.data = self.full.database.read_bytes()
        self.cells = list(find_cells(self.full.database))
        self.copy = folder / "copy"
        self._scratch = folder / "scratch"
        self._is_whole = is_whole
        self.contents = self._read(self.data)
        self.signed = read_signed(self._write(self.data))
        assert self._says() == "free", self.full.examine(self.copy, self._scratch)

    def flip(self, at: int, bit: int) -> str:
        """How the flip of one bit counts."""
        flipped = bytearray(self.data)
        flipped[at] ^= 1 << bit
        self._write(bytes(flipped))
        said = self._says()
        if said != "free" or self._read(bytes(flipped)) == self.contents:
            return said
        return "UNNOTICED"

    def _says(self) -> str:
        error = DoctorReport.error

        def stop(*_: object) -> None:
            raise _NoticedError

        if not self._is_whole:
            DoctorReport.error = stop  # type: ignore[method-assign]
        try:
            report = self.full.examine(self.copy, self._scratch)
        except _NoticedError:
            return "noticed"
        except Exception:  # noqa: BLE001  whatever it is, no finding was told
            return "CRASHED"
        finally:
            DoctorReport.error = error  # type: ignore[method-assign]
        return "free" if report.is_clean else "noticed"

    def _write(self, data: bytes) -> Path:
        shutil.rmtree(self.copy, ignore_errors=True)
        self.copy.mkdir()
        path = self.copy / FILE_NAME
        path.write_bytes(data)
        return path

    def mend(self, at: int, bit: int) -> str:
        """What is left to find once a noticed flip was mended: codes, or nothing.

        Raises:
            AssertionError: something signed was lost by mending.
        """
        flipped = bytearray(self.data)
        flipped[at] ^= 1 << bit
        path = self._write(bytes(flipped))
        try:
            damaged = read_signed(path)
        except (sqlite3.DatabaseError, FederationError, ValueError):
            return "file"
        folder = self._scratch.with_name("mending")
        try:
            db = Database.open(self.copy)
        except FederationError:
            return "file"
        try:
            mend(self.full.examined(db, folder), OWN)
        except FederationError:
            return "file"
        finally:
            db.close()
            shutil.rmtree(folder, ignore_errors=True)
        report = self.full.examine(self.copy, self._scratch)
        whole, mended = self.signed, read_signed(path)
        # What was whole before is there after it, but what is signed again, and the one
        # thing that the bit was in.
        assert whole & damaged <= mended, (at, bit, self.name(at))
        assert len(whole - mended) <= 1, (at, bit, self.name(at))
        return " ".join(sorted({e.code for e in report.findings if e.level == "error"}))

    def _read(self, data: bytes) -> Contents | None:
        """Everything that is stored; None where it cannot be read."""
        path = self._write(data)
        try:
            return read_contents(path)
        except (sqlite3.DatabaseError, FederationError, ValueError):
            return None
        finally:
            for ending in ("-wal", "-shm"):
                path.with_name(path.name + ending).unlink(missing_ok=True)

    def name(self, at: int) -> str:
        """Whose bytes these are."""
        for cell in self.cells:
            if at in cell.bytes:
                return f"{cell.table}.{cell.column}"
        return f"byte {at}" if at < 100 else "between the values"


def read_contents(path: Path) -> Contents:
    """Every value of every table, the schema, and what the header says of them."""
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    # Bytes that are no text differ from the text that was there: seen as they are.
    connection.text_factory = bytes
    try:
        pragmas = ("user_version", "application_id", "encoding", "integrity_check")
        found: list[object] = [
            connection.execute(f"PRAGMA {name}").fetchall() for name in pragmas
        ]
        schema = connection.execute("SELECT * FROM sqlite_schema").fetchall()
        found.append(schema)
        for kind, name, *_ in schema:
            if kind == b"table":
                table = name.decode()
                rows = connection.execute(f'SELECT * FROM "{table}"').fetchall()
                found.append([_unpacked(table, row) for row in rows])
        return tuple(found)
    finally:
        connection.close()


def read_signed(path: Path) -> frozenset[bytes]:
    """Everything that bears a signature: leaves, states, statements, confirmations."""
    connection = sqlite3.connect(path)
    connection.text_factory = bytes
    try:
        found = []
        for column, table in (
            ("note", "checkpoint"),
            ("note", "key_statement"),
            ("line", "cosignature"),
            ("first_line", "cosignature"),
            ("note", "about"),
        ):
            rows = connection.execute(f"SELECT {column} FROM {table}")
            found += [bytes(row[0]) for row in rows if row[0] is not None]
        for row in connection.execute("SELECT * FROM bundle"):
            found.append(repr(_unpacked("bundle", row)[3:]).encode())
        return frozenset(found)
    finally:
        connection.close()


def _unpacked(table: str, row: tuple[object, ...]) -> tuple[object, ...]:
    """A full bundle as the leaves in it: how they are packed is nobody's evidence.

    So are the claims of one.
    """
    if table == "claim_bundle":
        return (*row[:2], unpack(bytes(row[2]), MAX_BYTES))
    if table != "bundle" or row[2] != WIDTH:
        return tuple(map(repr, row))
    return (*row[:3], unpack(bytes(row[3]), MAX_BUNDLE_BYTES))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The bounds of the attack."""
    parser.add_argument("--flips", type=int, default=1_000, metavar="N")
    parser.add_argument(
        "--whole", action="store_true", help="look on after the first finding"
    )
    parser.add_argument("--mend", action="store_true", help="mend what is noticed")
    parser.add_argument("--seed", type=int, default=8, metavar="N")


def run(asked: argparse.Namespace) -> int:
    """Flip, print, and 0 where nothing went unnoticed."""
    memory = Path("/dev/shm")
    below = memory if memory.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="federation-flips-", dir=below) as folder:
        ward = Ward(Path(folder), is_whole=asked.whole)
        chance = random.Random(asked.seed)
        found: Counter[str] = Counter()
        missed: Counter[str] = Counter()
        left: Counter[str] = Counter()
        began = time.monotonic()
        for at, bit in choose(ward, chance, asked.flips):
            said = ward.flip(at, bit)
            found[said] += 1
            if said == "noticed" and asked.mend:
                left[ward.mend(at, bit) or "nothing"] += 1
            if said.isupper():
                missed[f"{said} {ward.name(at)}"] += 1
        took = time.monotonic() - began
    names = ("noticed", "free", "UNNOTICED", "CRASHED")
    counts = "  ".join(f"{name.lower()} {found[name]:,}" for name in names)
    sys.stdout.write(
        f"{asked.flips:,} single bits of {len(ward.data):,} bytes:  {counts}"
        f"  ({1000 * took / asked.flips:.0f} ms each)\n"
    )
    for name, count in missed.most_common():
        sys.stdout.write(f"  {count:5} {name}\n")
    for name, count in left.most_common():
        sys.stdout.write(f"  {count:5} left to find after mending: {name}\n")
    return 1 if missed else 0


def choose(ward: Ward, chance: random.Random, count: int) -> Iterator[tuple[int, int]]:
    """Bits: every other one of the whole file, the others evenly over the columns."""
    columns: dict[tuple[str, str], list[Cell]] = {}
    for cell in ward.cells:
        columns.setdefault((cell.table, cell.column), []).append(cell)
    names = sorted(columns)
    for number in range(count):
        if number % 2:
            cell = chance.choice(columns[names[number // 2 % len(names)]])
            yield chance.choice(cell.bytes), chance.randrange(8)
        else:
            yield chance.randrange(len(ward.data)), chance.randrange(8)
