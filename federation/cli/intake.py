"""One import: rows in, batches out, everything counted, nothing lost in silence.

Rule: every row of a file ends in exactly one of the counts. What was not logged stands
in the report with file, row, column, code and reason, while the good rows go in.
"""

import asyncio
import csv
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple, Self, TextIO

from federation.errors import FormatError
from federation.flows.ingest import MAX_BATCH, Verdict
from federation.records.result import RULES
from federation.sources.row import NO_NUMBERS, Bad, Draft, Row, Said
from federation.web.cells import harmless

Send = Callable[[list[dict[str, Any]]], Awaitable[list[Verdict]]]

MAX_SHOWN = 10
_TURN_ROWS = 100
COLUMNS = ("file", "row", "column", "code", "reason")


class Finding(NamedTuple):
    """A line of the report."""

    file: str
    row: int
    column: str
    code: str
    reason: str


class Report:
    """The lines about rows that were not logged: all into a file, the first for people.

    A context manager: the file is written while the import runs, so that an import
    that was interrupted leaves what it had found.
    """

    def __init__(self, path: Path | None) -> None:
        """`path` None: nothing is written."""
        self.path = path
        self.shown: list[Finding] = []
        self.size = 0
        self._file: TextIO | None = None
        self._write: Callable[[tuple[str, ...]], object] | None = None

    def __enter__(self) -> Self:
        if self.path is not None:
            self._file = self.path.open("w", encoding="utf-8", newline="")
            self._write = csv.writer(self._file, lineterminator="\n").writerow
            self._write(COLUMNS)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, finding: Finding) -> None:
        """Note one row that was not logged."""
        self.size += 1
        if len(self.shown) < MAX_SHOWN:
            self.shown.append(finding)
        if self._write is not None:
            # Cells come from a stranger's file: a spreadsheet must not run them.
            self._write(tuple(harmless(str(cell)) for cell in finding))


class Intake:
    """Gathers drafts into batches and counts what becomes of every row."""

    def __init__(self, send: Send, report: Report) -> None:
        """`send` takes at most `MAX_BATCH` drafts and gives a verdict on each."""
        self.counts: Counter[str] = Counter()
        self.flags: Counter[str] = Counter()
        self.remarks: list[Finding] = []
        self._send, self._report = send, report
        self._drafts: list[dict[str, Any]] = []
        self._places: list[tuple[str, int]] = []
        self._sending: asyncio.Task[None] | None = None

    async def take(self, file: str, row: Row) -> None:
        """One row of `file`, in its order."""
        if isinstance(row, Draft):
            self._drafts.append(row.fields)
            self._places.append((file, row.row))
            if len(self._drafts) == MAX_BATCH:
                await self._hand_over()
            elif self._sending and len(self._drafts) % _TURN_ROWS == 0:
                # Reading never waits: the batch on its way must have turns, too.
                await asyncio.sleep(0)
        elif isinstance(row, Bad):
            self.counts["refused"] += 1
            self._report.add(Finding(file, row.row, row.column, row.code, row.reason))
        else:
            self._note(file, row)

    def _note(self, file: str, said: Said) -> None:
        if said.code == NO_NUMBERS:
            self.counts[NO_NUMBERS] += 1
            self._report.add(Finding(file, said.row, "", said.code, said.reason))
        elif len(self.remarks) < 1000:
            self.remarks.append(Finding(file, said.row, "", said.code, said.reason))

    def refuse_file(self, file: str, error: FormatError) -> None:
        """Note a file that could not be read at all, or not to its end."""
        self.counts["refused"] += 1
        self._report.add(Finding(file, 0, "", "file", str(error)))

    async def flush(self) -> None:
        """Send what was gathered, and wait for every verdict.

        Raises:
            FederationError: A batch as a whole could not be logged.
        """
        await self._hand_over()
        await self._settle()

    async def _hand_over(self) -> None:
        """Send what was gathered: the next batch is read while this one is signed."""
        await self._settle()
        if self._drafts:
            batch = self._send_batch(self._drafts, self._places)
            self._sending = asyncio.create_task(batch)
            self._drafts, self._places = [], []

    async def _settle(self) -> None:
        """Wait for the batch on its way: there is never more than one."""
        sending, self._sending = self._sending, None
        if sending is not None:
            await sending

    async def _send_batch(
        self, drafts: list[dict[str, Any]], places: list[tuple[str, int]]
    ) -> None:
        for verdict in await self._send(drafts):
            file, row = places[verdict.row]
            self._count(verdict, file, row)

    def _count(self, verdict: Verdict, file: str, row: int) -> None:
        self.counts[verdict.outcome] += 1
        if verdict.outcome not in ("logged", "held"):
            code = verdict.code or verdict.outcome
            self._report.add(Finding(file, row, "", code, verdict.reason))
        if verdict.flags:
            self.flags.update(verdict.flags)
            self.counts["implausible"] += not _RULES.isdisjoint(verdict.flags)


_RULES = frozenset(RULES)
