"""`federation import`: our own results out of files into our log.

Rule: a file is recognised by what it holds, and what was recognised is said. Good rows
go in whatever the bad ones are; importing the same file again logs nothing new. What
others handed over is taken in as theirs (`cli/taking.py`).
"""

import asyncio
import contextlib
import gc
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from federation.cli.client import open_desk
from federation.cli.context import Run, command_options
from federation.cli.election import find_profile, pick_election
from federation.cli.help import Command
from federation.cli.inputs import (
    SeenFile,
    check_report,
    find_changed,
    find_inputs,
    see,
)
from federation.cli.intake import Intake, RefusalReport, Send
from federation.cli.mapping import load_mapping
from federation.cli.outcome import ImportOutcome
from federation.cli.output import NEGATIVE, OK, tell
from federation.cli.stations import StationList
from federation.cli.taking import find_handed, take_handed
from federation.errors import ConfigError, FormatError, RecordError
from federation.flows.listing import REGION, UNLISTED
from federation.flows.ownlog.verdict import Verdict
from federation.records.canonical import convert
from federation.records.profile import Profile
from federation.records.result import TpsResult, check_result, failed_rules
from federation.sources.kelurahan import read_codes
from federation.sources.mapping import check_delimiter, join_options, parse_flags
from federation.sources.recognise import (
    FORMATS,
    Format,
    open_file,
    read_rows,
    recognise,
)
from federation.sources.row import Remark
from federation.sources.stream import SourceFile
from federation.sources.words import FORMS, REVIEWS, SOURCES, name_contest
from federation.sources.workbook import Workbook
from federation.text import Sentence
from federation.web.requests import Batch


class ImportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The options of one run."""

    files: tuple[str, ...]
    election: str | None
    contest: str | None
    round: str | None
    source: str | None
    form: str | None
    review: str | None
    delimiter: str | None
    columns: tuple[str, ...]
    mapping: str | None
    kind: Format | None
    report: str | None
    dry_run: bool
    restate: bool
    force: bool
    alone: bool
    allow_unlisted: bool
    unpadded: bool
    figures_only: bool
    sheet: str | None
    kelurahan: str | None


@click.command("import", cls=Command, help="import.help")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, allow_dash=True)
)
@click.option("--election", help="import.option-election")
@click.option("--contest", help="import.option-contest")
@click.option("--round", help="import.option-round")
@click.option("--source", type=click.Choice(SOURCES), help="import.option-source")
@click.option("--form", type=click.Choice(FORMS), help="import.option-form")
@click.option("--review", type=click.Choice(REVIEWS), help="import.option-review")
@click.option("--map", "columns", multiple=True, help="import.option-map")
@click.option("--mapping", type=click.Path(), help="import.option-mapping")
@click.option("--delimiter", help="import.option-delimiter")
@click.option(
    "--format", "kind", type=click.Choice(FORMATS), help="import.option-format"
)
@click.option("--sheet", help="import.option-sheet")
@click.option(
    "--kelurahan", type=click.Path(exists=True), help="import.option-kelurahan"
)
@click.option("--unpadded", is_flag=True, help="import.option-unpadded")
@click.option("--figures-only", is_flag=True, help="import.option-figures-only")
@click.option("--allow-unlisted", is_flag=True, help="import.option-allow-unlisted")
@click.option("--report", type=click.Path(), help="import.option-report")
@click.option("--dry-run", is_flag=True, help="import.option-dry-run")
@click.option("--restate", is_flag=True, help="import.option-restate")
@click.option("--force", is_flag=True, help="import.option-force")
@click.option("--alone", is_flag=True, help="import.option-alone")
@command_options
def import_results(run: Run, **given: object) -> int | None:
    """Read the files, log what is new, say what became of every row."""
    asked = msgspec.convert(given, ImportOptions)
    handed = find_handed(run, asked.files)
    if handed:
        _check_options(run, asked)
        return take_handed(run, handed, dry_run=asked.dry_run)
    return Import(run, asked).execute()


def _check_options(run: Run, asked: ImportOptions) -> None:
    """See that nothing was asked for that only results can have.

    Raises:
        click.UsageError: an option of results stands beside a bundle.
    """
    for name in ImportOptions.__struct_fields__:
        if name not in {"files", "dry_run"} and getattr(asked, name):
            option = {"columns": "map", "kind": "format"}.get(name, name)
            said = run.t("import.for-results", option=f"--{option}")
            raise click.UsageError(said)


class Import:
    """One run of the command."""

    def __init__(self, run: Run, asked: ImportOptions) -> None:
        """Check what can be checked before any file is opened.

        Raises:
            ConfigError: An option, or the mapping file, means nothing.
            FormatError: The table of kelurahan cannot be read.
            NotFoundError: The election is not one of this node.
        """
        self._run, self._asked = run, asked
        self._election = pick_election(run, asked.election)
        self._profile = find_profile(run, self._election)
        self._stations = StationList(run, self._election)
        self._check_unpadded()
        flags = {
            "contest": asked.contest and name_contest(asked.contest),
            "round": asked.round,
            "source": asked.source,
            "form": asked.form,
            "review": asked.review,
            "delimiter": asked.delimiter,
            "columns": parse_flags(asked.columns),
            "unpadded": asked.unpadded or None,
            "figures_only": asked.figures_only or None,
            "sheet": asked.sheet,
        }
        mapping = load_mapping(Path(asked.mapping)) if asked.mapping else None
        self._options = join_options(flags, mapping)
        check_delimiter(asked.delimiter, "--delimiter")
        self._report = Path(asked.report) if asked.report else None
        inputs = (*asked.files, asked.mapping, asked.kelurahan)
        check_report(run, self._report, inputs)
        self._codes: dict[str, str] = {}
        if asked.kelurahan:
            with SourceFile(asked.kelurahan) as source:
                self._codes = read_codes(source)
        self._kinds: Counter[str] = Counter()
        self._seen: list[SeenFile] = []
        self._hint = asked.source is None and self._options.source != "kpu"

    def _check_unpadded(self) -> None:
        """See that the list of stations can say what a code without zeros means.

        Raises:
            click.UsageError: There is none, or it is not to decide.
        """
        if not self._asked.unpadded:
            return
        if self._asked.allow_unlisted:
            raise click.UsageError(self._run.t("import.unpadded-unlisted"))
        if not self._stations.has_list():
            said = self._run.t("import.unpadded-list", election=self._election)
            raise click.UsageError(said)

    def execute(self) -> int:
        """Import, print, and give the exit code."""
        # Before the report is opened, which a folder must not find among its files.
        paths, passed = find_inputs(self._asked.files, self._report)
        with (
            RefusalReport(self._report) as report,
            contextlib.closing(self._intake(report)) as intake,
            _seldom_collecting(),
        ):
            asyncio.run(self._import(intake, paths, passed))
            outcome = ImportOutcome(
                self._run,
                intake,
                report,
                election=self._election,
                kinds=dict(self._kinds),
                is_dry=self._asked.dry_run,
                is_hinted=self._hint,
            )
            self._run.out.show(outcome.value(), outcome.print)
            return NEGATIVE if intake.counts["refused"] else OK

    def _intake(self, report: RefusalReport) -> Intake:
        allow = self._asked.allow_unlisted
        t, stations = self._run.t, self._stations
        return Intake(t, report, stations, self._profile, allow_unlisted=allow)

    async def _import(
        self, intake: Intake, paths: list[Path], passed: list[tuple[str, Remark]]
    ) -> None:
        for name, said in passed:
            await intake.take(name, said)
        if self._asked.dry_run:
            await self._read(paths, intake)
            await self._publish(intake, _checker(self._profile, self._run))
            return
        async with open_desk(self._run, alone=self._asked.alone) as desk:

            async def send(drafts: list[dict[str, Any]]) -> list[Verdict]:
                batch = Batch(
                    election=self._election,
                    records=drafts,
                    force=self._asked.force,
                    restate=self._asked.restate,
                    unlisted=self._asked.allow_unlisted,
                )
                return (await desk.run(batch)).verdicts

            await self._read(paths, intake)
            await self._publish(intake, send)

    async def _read(self, paths: list[Path], intake: Intake) -> None:
        total = sum(found.st_size for path in paths if (found := see(path)))
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
            for one in await find_changed(self._seen, self._run.clock()):
                changed = FormatError(Sentence("import.changed"), one.name)
                if len(paths) == 1:
                    raise changed
                intake.drop_file(one.name, changed)
            await intake.settle()

    def _place(self, error: ConfigError) -> ConfigError:
        """Of an option that was not typed the mapping file, which says it instead."""
        name = error.path.removeprefix("--")
        if self._asked.mapping is None or getattr(self._asked, name, "") is not None:
            return error
        return ConfigError(self._asked.mapping, f"defaults.{name}", error.reason)

    async def _publish(self, intake: Intake, send: Send) -> None:
        # Before anything is signed: there is still time to stop.
        allowed = "allowed" if self._asked.allow_unlisted else "refused"
        for code in (UNLISTED, REGION):
            if intake.counts[code]:
                rows = self._run.out.number(intake.counts[code])
                self._run.out.note(self._run.t(f"import.{code}-{allowed}", rows=rows))
        if not self._stations.has_list():
            self._run.out.note(self._run.t("import.no-list", election=self._election))
        label = self._run.t("import.publishing")
        with self._run.out.progress(len(intake), label) as advance:
            await intake.publish(send, advance)

    async def _read_file(
        self, path: Path, intake: Intake, advance: Callable[[int], None]
    ) -> None:
        done, before = 0, see(path)
        with open_file(path, self._options.sheet) as source:
            kind = self._asked.kind or recognise(source)
            name = self._run.t.say(source.label)
            if before:
                self._seen.append(SeenFile(path, name, before, kind == "csv"))
            if not isinstance(source, Workbook):
                asked = {"no-workbook": self._asked.sheet, "not-xlsx": kind == "xlsx"}
                for code in filter(asked.get, asked):
                    await intake.take(name, Remark(0, code, Sentence(f"import.{code}")))
            rows = read_rows(source, kind, self._options, self._profile, self._codes)
            for number, row in enumerate(rows):
                if not number:  # before, nothing showed that it can be read as that
                    self._kinds[kind] += 1
                await intake.take(name, row)
                if source.done != done:
                    advance(source.done - done)
                    done = source.done


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


def _checker(profile: Profile, run: Run) -> Send:
    """What a dry run asks instead of the log: would this row be taken?"""
    members = {
        "org": run.settings.org,
        "election": profile.election,
        "recorded_at": run.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
    }

    def check(row: int, draft: dict[str, Any]) -> Verdict:
        try:
            result = convert({**draft, **members}, TpsResult)
            check_result(result)
        except RecordError as error:
            return Verdict(
                row=row, outcome="refused", reason=tell(run.t, error), code="record"
            )
        return Verdict(row=row, outcome="logged", flags=failed_rules(result, profile))

    def send(drafts: list[dict[str, Any]]) -> Awaitable[list[Verdict]]:
        found = [check(row, draft) for row, draft in enumerate(drafts)]
        return asyncio.sleep(0, found)

    return send
