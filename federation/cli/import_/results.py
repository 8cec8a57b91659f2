"""`federation import` of our own results out of files into our log.

Rule: good rows go in whatever the bad ones are; importing the same file again logs
nothing new.
"""

import asyncio
import contextlib
import gc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from federation.cli.arguments import find_profile, pick_election
from federation.cli.client import open_desk
from federation.cli.context import Run
from federation.cli.import_.dryrun import make_checker
from federation.cli.import_.files import (
    SeenFile,
    check_report,
    find_changed,
    find_inputs,
    see,
)
from federation.cli.import_.intake import Intake, Send
from federation.cli.import_.mapping import load_mapping
from federation.cli.import_.options import ImportOptions
from federation.cli.import_.outcome import ImportOutcome
from federation.cli.import_.photofolder import PhotoFolder
from federation.cli.import_.photosbeside import PhotosBeside
from federation.cli.import_.phototaking import DryDesk, open_dry_desk
from federation.cli.import_.stations import StationList
from federation.cli.output import NEGATIVE, OK
from federation.cli.report import RefusalReport
from federation.errors import ConfigError, FormatError
from federation.flows.listing import REGION, UNLISTED
from federation.flows.ownlog.emptied import EmptiedDocument
from federation.flows.ownlog.verdict import Verdict
from federation.flows.verify.spread import spread_over
from federation.flows.verify.workers import Workers
from federation.sources.kelurahan import read_codes
from federation.sources.mapping import check_delimiter, join_options, parse_flags
from federation.sources.photonames import is_of_photos
from federation.sources.recognise import open_file, read_rows, recognise
from federation.sources.row import Remark
from federation.sources.stream import SourceFile
from federation.sources.words import name_contest
from federation.sources.workbook import Workbook
from federation.text import Sentence
from federation.web.requests.records import Batch, WithdrawEmptied
from federation.web.requests.request import Desk

if TYPE_CHECKING:
    from federation.sources.spread import Spread

#: Where a file is read is asked of the system: of each row it would be felt.
ROWS_OF_A_STEP: Final = 64
#: A file of so many bytes has a thousand rows, or two.
LARGE_BYTES: Final = 1 << 18


class Import:
    """One run of the command."""

    def __init__(self, run: Run, options: ImportOptions) -> None:
        """Check what can be checked before any file is opened.

        Raises:
            ConfigError: An option, or the mapping file, means nothing.
            FormatError: The table of kelurahan cannot be read.
            NotFoundError: The election is not one of this node.
        """
        self._run, self._given = run, options
        self._election = pick_election(run, options.election)
        self._profile = find_profile(run, self._election)
        self._stations = StationList(run, self._election)
        self._check_unpadded()
        flags = {
            "contest": options.contest and name_contest(options.contest),
            "round": options.round,
            "source": options.source,
            "form": options.form,
            "review": options.review,
            "delimiter": options.delimiter,
            "columns": parse_flags(options.columns),
            "unpadded": options.unpadded or None,
            "figures_only": options.figures_only or None,
            "sheet": options.sheet,
            "photos": bool(options.photos) or None,
        }
        mapping = load_mapping(Path(options.mapping)) if options.mapping else None
        self._options = join_options(flags, mapping)
        check_delimiter(options.delimiter, "--delimiter")
        self._check_photos()
        self._report = Path(options.report) if options.report else None
        inputs = (*options.files, options.mapping, options.kelurahan)
        check_report(run, self._report, inputs)
        self._codes: dict[str, str] = {}
        if options.kelurahan:
            with SourceFile(options.kelurahan) as source:
                self._codes = read_codes(source)
        self._kinds: Counter[str] = Counter()
        self._seen: list[SeenFile] = []
        self._beside: PhotosBeside | None = None
        self._spread: Spread | None = None
        self._hint = options.source is None and self._options.source != "kpu"

    def _check_unpadded(self) -> None:
        """See that the list of stations can say what a code without zeros means.

        Raises:
            click.UsageError: There is none, or it is not to decide.
        """
        if not self._given.unpadded:
            return
        if self._given.allow_unlisted:
            raise click.UsageError(self._run.t("import.unpadded-unlisted"))
        if not self._stations.has_list():
            reason = self._run.t("import.unpadded-list", election=self._election)
            raise click.UsageError(reason)

    def _check_photos(self) -> None:
        """See that photographs are named, and lie somewhere, or neither.

        Raises:
            click.UsageError: Only one of the two was said.
        """
        named = next(filter(is_of_photos, self._options.read), None)
        if named and not self._given.photos:
            raise click.UsageError(self._run.t("photoimport.map-without", target=named))

    def execute(self) -> int:
        """Import, print, and give the exit code."""
        show = self._run.out.show
        refused = self.take_in(lambda outcome: show(outcome.value(), outcome.print))
        return NEGATIVE if refused else OK

    def take_in(self, tell: Callable[[ImportOutcome], None]) -> int:
        """Import, tell what came of it, and give how much was refused."""
        # Before the report is opened, which a folder must not find among its files.
        paths, passed = find_inputs(self._given.files, self._report)
        with (
            RefusalReport(self._report) as report,
            contextlib.closing(self._intake(report)) as intake,
            _seldom_collecting(),
        ):
            asyncio.run(self._import(intake, paths, passed))
            if self._beside:
                self._beside.skip_unnamed(intake.skip_photo, paths)
            tell(
                ImportOutcome(
                    self._run,
                    intake,
                    report,
                    election=self._election,
                    kinds=dict(self._kinds),
                    photos=self._beside.counts if self._beside else None,
                    is_dry=self._given.dry_run,
                    is_hinted=self._hint,
                )
            )
            photos = self._beside.counts["refused"] if self._beside else 0
            return intake.counts["refused"] + photos

    def _intake(self, report: RefusalReport) -> Intake:
        allow = self._given.allow_unlisted
        t, stations = self._run.t, self._stations
        return Intake(t, report, stations, self._profile, allow_unlisted=allow)

    async def _import(
        self, intake: Intake, paths: list[Path], passed: list[tuple[str, Remark]]
    ) -> None:
        for name, remark in passed:
            await intake.take(name, remark)
        if self._given.dry_run:
            await self._read(paths, intake)
            check = make_checker(self._profile, self._run)
            async with open_dry_desk(self._run) as dry:
                await self._publish(intake, self._with_photos(check, dry, intake))
            return
        lend = self._borrow if _size_of(paths) >= LARGE_BYTES else None
        async with open_desk(self._run, alone=self._given.alone, lend=lend) as desk:

            async def send(drafts: list[dict[str, Any]]) -> list[Verdict]:
                batch = Batch(
                    election=self._election,
                    records=drafts,
                    force=self._given.force,
                    restate=self._given.restate,
                    unlisted=self._given.allow_unlisted,
                )
                return (await desk.run(batch)).verdicts

            async def empty(documents: list[EmptiedDocument]) -> list[Verdict]:
                emptied = WithdrawEmptied(election=self._election, documents=documents)
                return (await desk.run(emptied)).verdicts

            await self._read(paths, intake)
            await self._publish(intake, self._with_photos(send, desk, intake))
            await intake.withdraw(empty)

    def _borrow(self, workers: Workers) -> None:
        self._spread = partial(spread_over, workers)

    def _with_photos(self, send: Send, desk: Desk | DryDesk, intake: Intake) -> Send:
        """The same, but what rows name is taken in before they are sent."""
        if self._given.photos is None:
            return send
        folder = PhotoFolder(Path(self._given.photos))
        self._beside = PhotosBeside(self._run, folder, desk, self._election)
        return self._beside.wrap(send, intake.refuse_photo)

    async def _read(self, paths: list[Path], intake: Intake) -> None:
        total = _size_of(paths)
        with self._run.out.progress(total, self._run.t("import.progress")) as advance:
            for path in paths:
                try:
                    await self._read_file(path, intake, advance)
                except ConfigError as error:
                    raise self._place(error) from error
                except FormatError as error:
                    # One file that cannot be read must not hold up the others.
                    if len(paths) == 1:
                        if error.at:
                            raise
                        raise FormatError(error.what, str(path)) from error
                    intake.refuse_file(str(path), error)
            for file in await find_changed(self._seen, self._run.clock()):
                changed = FormatError(Sentence("import.changed"), file.name)
                if len(paths) == 1:
                    raise changed
                intake.drop_file(file.name, changed)
            await intake.settle()

    def _place(self, error: ConfigError) -> ConfigError:
        """Of an option that was not typed the mapping file, which says it instead."""
        name = error.path.removeprefix("--")
        if self._given.mapping is None or getattr(self._given, name, "") is not None:
            return error
        return ConfigError(self._given.mapping, f"defaults.{name}", error.reason)

    async def _publish(self, intake: Intake, send: Send) -> None:
        # Before anything is signed: there is still time to stop.
        allowed = "allowed" if self._given.allow_unlisted else "refused"
        for code in (UNLISTED, REGION):
            if intake.counts[code]:
                rows = self._run.out.number(intake.counts[code])
                self._run.out.note(self._run.t(f"import.{code}-{allowed}", rows=rows))
        if not self._stations.has_list():
            unlisted = self._run.t("import.no-list", election=self._election)
            self._run.out.note_once(unlisted)  # `watch` imports again and again
        label = self._run.t("import.publishing")
        with self._run.out.progress(len(intake), label) as advance:
            await intake.publish(send, advance)

    async def _read_file(
        self, path: Path, intake: Intake, advance: Callable[[int], None]
    ) -> None:
        done, before = 0, see(path)
        with open_file(path, self._options.sheet) as source:
            kind = self._given.kind or recognise(source)
            name = self._run.t.say(source.label)
            if before:
                self._seen.append(SeenFile(path, name, before, kind == "csv"))
            if not isinstance(source, Workbook):
                noted = {"no-workbook": self._given.sheet, "not-xlsx": kind == "xlsx"}
                for code in filter(noted.get, noted):
                    await intake.take(name, Remark(0, code, Sentence(f"import.{code}")))
            rows = read_rows(
                source,
                kind,
                self._options,
                self._profile,
                self._codes,
                spread=self._spread,
            )
            for number, row in enumerate(rows):
                if not number:  # before, nothing showed that it can be read as that
                    self._kinds[kind] += 1
                await intake.take(name, row)
                if number % ROWS_OF_A_STEP == 0 and source.done != done:
                    advance(source.done - done)
                    done = source.done
            if source.done != done:
                advance(source.done - done)


def _size_of(paths: Sequence[Path]) -> int:
    """Of the files among these; what is none, or is gone, counts nothing."""
    return sum(status.st_size for path in paths if (status := see(path)))


@contextlib.contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Look for cycles of objects seldom.

    Rows are made and forgotten by the thousand, and none is a cycle: walking over all
    of them as often as usual takes 6 % of an import.
    """
    before = gc.get_threshold()
    gc.set_threshold(20_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
