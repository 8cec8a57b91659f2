"""`federation photos upload FOLDER --to URL`: photographs handed to a node elsewhere.

Rule: from any machine, without a home: a token and an address are enough. What the node
has taken in stands in a table, written line by line, with the entry by which a record
names it; what stands there is not sent again, so the same command goes on where this
one was stopped. A file that is refused holds none of the others up; a node without
room, or that does not answer, ends it.
"""

import asyncio
import csv
import hashlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, NamedTuple, Self, TextIO

import click
from yarl import URL

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.import_.photofolder import PhotoFolder
from federation.cli.import_.phototaking import read_original
from federation.cli.output import NEGATIVE, OK
from federation.cli.report import RefusalReport, ReportLine, print_left_out
from federation.config.keystore import read_handed
from federation.errors import FederationError, FormatError
from federation.flows.query.cells import harmless
from federation.records.result import Evidence
from federation.text import Sentence

if TYPE_CHECKING:
    from federation.cli.photos.sending import PhotoSender

_AT_ONCE: Final = 4
_MAX_TOKEN_BYTES: Final = 4096
_COLUMNS: Final = ("file", "original", "sha256", "size", "media_type", "likeness")
_LOCAL: Final = {"localhost", "127.0.0.1", "::1"}


class SentFile(NamedTuple):
    """A file by its path in the folder, and the SHA-256 of it as it was sent."""

    file: str
    original: str


class UploadTable:
    """What was taken in: a line for each, appended as soon as it was."""

    def __init__(self, path: Path) -> None:
        """Read what stands there.

        Raises:
            FormatError: it is another table.
            OSError: it cannot be read.
        """
        self._path, self.rows = path, set[SentFile]()
        self._file: TextIO | None = None
        self._whole = 0  # bytes: whoever was killed may have left a part of a line
        if path.exists():
            text = path.read_bytes()
            self._whole = text.rfind(b"\n") + 1
            lines = text[: self._whole].decode("utf-8", "replace").splitlines()
            rows = list(csv.reader(lines))
            if rows and tuple(rows[0]) != _COLUMNS:
                raise FormatError(Sentence("photoupload.other-table"), str(path))
            self.rows = {SentFile(*row[:2]) for row in rows[1:]}

    def __enter__(self) -> Self:
        self._file = self._path.open("a", encoding="utf-8", newline="")
        self._file.truncate(self._whole)
        if not self._whole:
            self._write(_COLUMNS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, row: SentFile, entry: Evidence) -> None:
        """Write that it was taken in."""
        self.rows.add(row)
        named = (entry.sha256, entry.size, entry.media_type, entry.likeness or "")
        self._write((*row, *named))

    def _write(self, cells: tuple[object, ...]) -> None:
        assert self._file is not None, "it is entered"
        csv.writer(self._file, lineterminator="\n").writerow(cells)
        self._file.flush()


@click.command("upload", cls=Command, help="photoupload.help")
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
@click.option("--to", "url", required=True, help="photoupload.option-to")
@click.option(
    "--token-file", required=True, type=click.Path(exists=True, dir_okay=False),
    help="photoupload.option-token-file",
)  # fmt: skip
@click.option(
    "--table", required=True, type=click.Path(dir_okay=False),
    help="photoupload.option-table",
)  # fmt: skip
@click.option("--report", type=click.Path(), help="import.option-report")
@command_options
def upload(
    run: Run, *, folder: str, url: str, token_file: str, table: str, report: str | None
) -> int:
    """Hand over the photographs of a folder."""
    target = URL(url)
    if target.scheme != "https" and target.host not in _LOCAL:
        # A token that is read on its way hands photographs in, and more.
        raise click.UsageError(run.t("photoupload.no-tls", url=url))
    token = read_handed(Path(token_file), _MAX_TOKEN_BYTES).decode().strip()
    found = PhotoFolder(Path(folder))
    if not found.files:
        raise FormatError(Sentence("photoimport.empty"), folder)
    with (
        RefusalReport(Path(report) if report else None) as refusals,
        UploadTable(Path(table)) as done,
    ):
        work = PhotoUpload(run, found, done, refusals)
        ended = asyncio.run(work.execute(url, token))
        run.out.show(work.value(), work.show)
    if ended is not None:
        raise ended
    return NEGATIVE if refusals.size else OK


class PhotoUpload:
    """One run of the command."""

    def __init__(
        self, run: Run, folder: PhotoFolder, table: UploadTable, report: RefusalReport
    ) -> None:
        """`table` is entered, and so is `report`."""
        self._run, self._folder, self._table = run, folder, table
        self._report = report
        self._taken = self._known = 0
        self._ended: FederationError | None = None

    async def execute(self, url: str, token: str) -> FederationError | None:
        """Hand them over; what ended it before the last one, if something did."""
        from federation.cli.photos.sending import (  # noqa: PLC0415  start-up time
            open_sender,
        )

        files, label = iter(self._folder.files), self._run.t("photoupload.progress")
        with self._run.out.progress(len(self._folder.files), label) as advance:
            async with open_sender(url, token, self._run.t.language) as sender:

                async def work() -> None:
                    for file in files:
                        if self._ended is not None:
                            return
                        await self._send(sender, file, advance)

                await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
        return self._ended

    async def _send(
        self, sender: "PhotoSender", file: str, advance: Callable[[int], None]
    ) -> None:
        try:
            data = await asyncio.to_thread(read_original, self._folder.folder / file)
            digest = hashlib.sha256(data).hexdigest()
            row = SentFile(str(harmless(file)), digest)
            if row in self._table.rows:
                self._known += 1
            else:
                self._table.add(row, await sender.send(data))
                self._taken += 1
        except FormatError as error:
            reason = self._run.t.say(error.what)
            self._report.add(ReportLine(file, 0, "", error.code, reason))
        except FederationError as error:
            self._ended = self._ended or error
            return
        advance(1)

    def value(self) -> dict[str, object]:
        """What came of it, for programs."""
        refused = self._report.size
        left = len(self._folder.files) - self._taken - self._known - refused
        return {
            "taken": self._taken,
            "known": self._known,
            "refused": refused,
            "left": left,
            "not_taken": [line._asdict() for line in self._report.shown],
        }

    def show(self) -> None:
        """The same for people."""
        t, out, value = self._run.t, self._run.out, self.value()
        rows = [
            (t(f"photoupload.{name}"), value[name])
            for name in ("taken", "known", "refused", "left")
            if value[name]
        ]
        out.table([t("photoimport.what"), t("photoimport.number")], rows, right=[1])
        print_left_out(self._run, self._report.shown)
