"""`federation photos import DIR`: photographs beside the results of their stations.

Rule: what stands is not lost: photographs are put beside it (`ownlog/attach.py`), and
where nothing stands they stand there unread. To run it again changes nothing. A file
that is refused holds none of the others up, and stands in the report with its reason.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from federation.cli.arguments import find_profile, pick_election
from federation.cli.client import open_desk
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.import_.files import check_report
from federation.cli.import_.mapping import load_mapping
from federation.cli.import_.photofolder import PhotoFolder
from federation.cli.import_.phototaking import (
    DryDesk,
    PhotoTaker,
    RefusedPhoto,
    ShownPage,
    SlotKey,
    open_dry_desk,
)
from federation.cli.import_.stations import StationList
from federation.cli.output import NEGATIVE, OK
from federation.cli.photos.naming import NamedForms, PhotoNaming
from federation.cli.photos.pattern import NamePattern
from federation.cli.report import RefusalReport, ReportLine, print_left_out
from federation.errors import ConfigError, FormatError
from federation.flows.ownlog.verdict import Verdict
from federation.records.result import Evidence
from federation.sources.mapping import check_delimiter, join_options, parse_flags
from federation.sources.words import FORMS, name_contest
from federation.text import Sentence
from federation.web.requests.photos import AddEvidence, SlotPhotos
from federation.web.requests.request import Desk

#: Photographs whose results are signed together: what a kill leaves unsaid.
_CHUNK: Final = 100
_SOURCES: Final = ("citizen", "observer")


class PhotoImportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """As they were typed; None: not at all."""

    folder: str
    pattern: str | None
    names: str | None
    columns: tuple[str, ...]
    mapping: str | None
    delimiter: str | None
    sheet: str | None
    election: str | None
    contest: str | None
    round: str | None
    source: str | None
    form: str | None
    page: int | None
    allow_unlisted: bool
    report: str | None
    dry_run: bool
    alone: bool


@click.command("import", cls=Command, help="photoimport.help")
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
@click.option("--pattern", help="photoimport.option-pattern")
@click.option(
    "--names", type=click.Path(exists=True, dir_okay=False),
    help="photoimport.option-names",
)  # fmt: skip
@click.option("--map", "columns", multiple=True, help="import.option-map")
@click.option("--mapping", type=click.Path(), help="import.option-mapping")
@click.option("--delimiter", help="import.option-delimiter")
@click.option("--sheet", help="import.option-sheet")
@click.option("--election", help="import.option-election")
@click.option("--contest", help="import.option-contest")
@click.option("--round", help="import.option-round")
@click.option("--source", type=click.Choice(_SOURCES), help="import.option-source")
@click.option("--form", type=click.Choice(FORMS), help="import.option-form")
@click.option("--page", type=click.IntRange(1, 999), help="photoimport.option-page")
@click.option("--allow-unlisted", is_flag=True, help="import.option-allow-unlisted")
@click.option("--report", type=click.Path(), help="import.option-report")
@click.option("--dry-run", is_flag=True, help="import.option-dry-run")
@click.option("--alone", is_flag=True, help="import.option-alone")
@command_options
def import_photos(run: Run, **given: object) -> int | None:
    """Take in the photographs of a folder."""
    return PhotoImport(run, msgspec.convert(given, PhotoImportOptions)).execute()


class PhotoImport:
    """One run of the command."""

    def __init__(self, run: Run, given: PhotoImportOptions) -> None:
        """Check what can be checked before any file is opened.

        Raises:
            click.UsageError: It is not said once which photograph is of which station.
            ConfigError: An option, or the mapping file, means nothing.
            NotFoundError: The election is not one of this node.
        """
        if (given.pattern is None) == (given.names is None):
            raise click.UsageError(run.t("photoimport.one-way"))
        self._run, self._given = run, given
        self._pattern = _read_pattern(run, given.pattern)
        self._election = pick_election(run, given.election)
        flags = {
            "contest": given.contest and name_contest(given.contest),
            "round": given.round,
            "source": given.source,
            "form": given.form,
            "delimiter": given.delimiter,
            "columns": parse_flags(given.columns),
            "sheet": given.sheet,
            "photos": True,
        }
        check_delimiter(given.delimiter, "--delimiter")
        mapping = load_mapping(Path(given.mapping)) if given.mapping else None
        self._options = join_options(flags, mapping)
        self._report = Path(given.report) if given.report else None
        check_report(run, self._report, (given.names, given.mapping))
        self._counts: Counter[str] = Counter()
        profile = find_profile(run, self._election)
        self._naming = PhotoNaming(profile, self._options, given.page or 0)

    def execute(self) -> int:
        """Import, print, and give the exit code."""
        folder = PhotoFolder(Path(self._given.folder))
        if not folder.files:
            raise FormatError(Sentence("photoimport.empty"), self._given.folder)
        with RefusalReport(self._report) as report:
            forms = self._name(folder)
            asyncio.run(self._import(folder, forms, report))
            out = self._run.out
            out.show(self._value(report), lambda: self._print(report))
        return NEGATIVE if self._counts["refused"] + self._counts["not-logged"] else OK

    def _name(self, folder: PhotoFolder) -> NamedForms:
        given = self._given
        if self._pattern is not None:
            return self._naming.by_pattern(folder, self._pattern)
        assert given.names is not None
        return self._naming.by_table(folder, Path(given.names), given.sheet)

    async def _import(
        self, folder: PhotoFolder, forms: NamedForms, report: RefusalReport
    ) -> None:
        self._counts["unnamed"] = len(forms.unnamed)
        for line in forms.unnamed:
            report.skip(line._replace(reason=self._run.t.say(line.reason)))
        for line in forms.refused:
            self._refuse(report, line)
        await self._drop_unlisted(forms, report)
        if self._given.dry_run:
            async with open_dry_desk(self._run) as dry:
                await self._take(folder, forms, report, dry)
            return
        async with open_desk(self._run, alone=self._given.alone) as desk:
            await self._take(folder, forms, report, desk)

    async def _drop_unlisted(self, forms: NamedForms, report: RefusalReport) -> None:
        """Nothing is drawn of stations that the election should not have."""
        if self._given.allow_unlisted:
            return
        stations = StationList(self._run, self._election)
        codes = sorted({slot.tps for slot in forms.shown})
        for code, doubt in (await stations.find_unlisted(codes)).items():
            for slot in [slot for slot in forms.shown if slot.tps == code]:
                for page in forms.shown.pop(slot):
                    reason = self._run.t.say(doubt.reason)
                    line = ReportLine(page.file, 0, "", doubt.code, reason)
                    self._refuse(report, line)

    def _refuse(self, report: RefusalReport, line: ReportLine) -> None:
        self._counts["refused"] += 1
        report.add(line._replace(reason=self._run.t.say(line.reason)))

    async def _take(
        self,
        folder: PhotoFolder,
        forms: NamedForms,
        report: RefusalReport,
        desk: Desk | DryDesk,
    ) -> None:
        total = sum(map(len, forms.shown.values()))
        label = self._run.t("photoimport.progress")
        with self._run.out.progress(total, label) as advance:
            taker = PhotoTaker(folder, desk, advance)
            for chunk in _chunks(forms.shown):
                shown = [page for _, pages in chunk for page in pages]
                results = iter(await taker.take_all(shown))
                taken = [
                    (slot, self._sort_out(islice(results, len(pages)), report))
                    for slot, pages in chunk
                ]
                slots = [
                    SlotPhotos(**slot._asdict(), evidence=entries)
                    for slot, entries in taken
                    if entries
                ]
                if slots and not isinstance(desk, DryDesk):
                    await self._say(desk, slots, report)

    def _sort_out(
        self, results: Iterable[Evidence | RefusedPhoto], report: RefusalReport
    ) -> list[Evidence]:
        entries = []
        for result in results:
            if isinstance(result, RefusedPhoto):
                file, code, reason = result
                self._refuse(report, ReportLine(file, 0, "", code, reason))
            else:
                entries.append(result)
        self._counts["taken"] += len(entries)
        return entries

    async def _say(
        self, desk: Desk, slots: list[SlotPhotos], report: RefusalReport
    ) -> None:
        request = AddEvidence(
            election=self._election,
            slots=slots,
            form=self._options.form,  # type: ignore[arg-type]  # one of `FORMS`
            source=self._options.source,  # type: ignore[arg-type]  # one of `_SOURCES`
            unlisted=self._given.allow_unlisted,
        )
        for verdict in (await desk.run(request)).verdicts:
            self._count(verdict, slots[verdict.row], report)

    def _count(self, verdict: Verdict, slot: SlotPhotos, report: RefusalReport) -> None:
        if verdict.outcome in {"logged", "held"}:
            self._counts[verdict.outcome] += 1
            return
        self._counts["not-logged"] += 1
        where = f"{slot.tps} {slot.contest} {slot.round}"
        reason = self._run.t.word(f"import.reason-{verdict.outcome}", verdict.reason)
        code = verdict.code or verdict.outcome
        report.add(ReportLine(where, 0, "", code, reason))

    def _value(self, report: RefusalReport) -> dict[str, Any]:
        counts = self._counts
        return {
            "election": self._election,
            "dry_run": self._given.dry_run,
            "photos": {name: counts[name] for name in ("taken", "refused", "unnamed")},
            "results": {
                "logged": counts["logged"],
                "held": counts["held"],
                "refused": counts["not-logged"],
            },
            "report": str(report.path) if report.path else None,
            "not_taken": [line._asdict() for line in report.shown],
            "unnamed": [line._asdict() for line in report.skipped],
        }

    def _print(self, report: RefusalReport) -> None:
        out, t, counts = self._run.out, self._run.t, self._counts
        taken = "would" if self._given.dry_run else "taken"
        rows = [(t(f"photoimport.{taken}"), counts["taken"])]
        rows += [
            (t(f"photoimport.{name}"), counts[name])
            for name in ("refused", "unnamed", "logged", "held", "not-logged")
            if counts[name]
        ]
        heads = [t("photoimport.what"), t("photoimport.number")]
        out.table(heads, rows, right=[1])
        print_left_out(self._run, [*report.shown, *report.skipped])
        if report.path:
            out.note(t("photoimport.reported", path=report.path))
        elif more := report.more:
            out.note(t("photoimport.more", number=out.number(more)))


def _read_pattern(run: Run, typed: str | None) -> NamePattern | None:
    """The pattern, if one was typed.

    Raises:
        click.UsageError: it is none.
    """
    try:
        return None if typed is None else NamePattern(typed)
    except ConfigError as error:
        reason = run.t.say(error.reason)
        cause = run.t("machine.at", place=error.path, cause=reason)
        raise click.UsageError(cause) from None


def _chunks(
    shown: dict[SlotKey, list[ShownPage]],
) -> Iterator[list[tuple[SlotKey, list[ShownPage]]]]:
    """The forms, in the order of their stations, so many photographs at a time."""
    chunk: list[tuple[SlotKey, list[ShownPage]]] = []
    size = 0
    for slot in sorted(shown):
        chunk.append((slot, shown[slot]))
        size += len(shown[slot])
        if size >= _CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
