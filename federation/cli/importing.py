"""`federation import`: our own results out of files into our log.

Rule: a file is recognised by what it holds, and what was recognised is said. Good rows
go in whatever the bad ones are; importing the same file again logs nothing new. What
others handed over is taken in as theirs (`cli/taking.py`).
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from federation.cli.context import Run, command_options
from federation.cli.election import find_profile, pick_election
from federation.cli.help import Command
from federation.cli.intake import (
    OUTSIDE,
    REPEATED,
    WITHOUT_VOTES,
    Intake,
    Lister,
    Report,
    Send,
)
from federation.cli.output import NEGATIVE, OK
from federation.cli.taking import find_handed, take_handed
from federation.cli.writing import open_desk
from federation.errors import ConfigError, FormatError, RecordError
from federation.flows.ingest import Verdict
from federation.flows.listing import Doubt, find_unlisted
from federation.records.canonical import convert
from federation.records.profile import Profile
from federation.records.result import TpsResult, check_result, failed_rules
from federation.sources.mapping import join_options, load_mapping, parse_flags
from federation.sources.member import FORMS, REVIEWS, SOURCES
from federation.sources.recognise import FORMATS, Format, read_rows, recognise
from federation.sources.row import NO_NUMBERS, clip
from federation.sources.stream import Source
from federation.store.db import FILE_NAME

KPU_FORMATS = frozenset({"sirekap", "sirekap-one", "situng"})
ENDINGS = (".csv", ".tsv", ".txt", ".json", ".ndjson", ".jsonl", ".gz")
OUTCOMES = (
    "logged",
    "held",
    REPEATED,
    "stale",
    "kept-reviewed",
    "refused",
    NO_NUMBERS,
)
MAX_HEADERS_SHOWN = 3
MAX_REMARKS_SHOWN = 5


class Asked(msgspec.Struct, frozen=True, kw_only=True):
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


@click.command("import", cls=Command, help="import.help")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True))
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
    asked = msgspec.convert(given, Asked)
    handed = find_handed(run, asked.files)
    if handed:
        _check_options(run, asked)
        return take_handed(run, handed, dry_run=asked.dry_run)
    return Import(run, asked).execute()


def _check_options(run: Run, asked: Asked) -> None:
    """See that nothing was asked for that only results can have.

    Raises:
        click.UsageError: an option of results stands beside a bundle.
    """
    for name in Asked.__struct_fields__:
        if name not in {"files", "dry_run"} and getattr(asked, name):
            option = {"columns": "map", "kind": "format"}.get(name, name)
            said = run.t("import.for-results", option=f"--{option}")
            raise click.UsageError(said)


class Import:
    """One run of the command."""

    def __init__(self, run: Run, asked: Asked) -> None:
        """Check what can be checked before any file is opened.

        Raises:
            ConfigError: An option, or the mapping file, means nothing.
            NotFoundError: The election is not one of this node.
        """
        self._run, self._asked = run, asked
        self._election = pick_election(run, asked.election)
        self._profile = find_profile(run, self._election)
        if asked.delimiter is not None and len(asked.delimiter) != 1:
            raise ConfigError("--delimiter", "", "one character")
        flags = {
            "contest": asked.contest,
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
        self._kinds: Counter[str] = Counter()
        self._hint = asked.source is None and self._options.source != "kpu"

    def execute(self) -> int:
        """Import, print, and give the exit code."""
        path = Path(self._asked.report) if self._asked.report else None
        with Report(path) as report, contextlib.closing(self._intake(report)) as intake:
            asyncio.run(self._import(intake))
            value = self._summarise(intake, report)
            self._run.out.show(value, lambda: self._print(intake, report))
            return NEGATIVE if intake.counts["refused"] else OK

    def _intake(self, report: Report) -> Intake:
        allow = self._asked.allow_unlisted
        lister = _lister(self._run, self._election)
        return Intake(self._run.t, report, lister, allow_unlisted=allow)

    async def _import(self, intake: Intake) -> None:
        if self._asked.dry_run:
            await self._read(intake)
            await self._publish(intake, _checker(self._profile, self._run))
            return
        async with open_desk(self._run, alone=self._asked.alone) as desk:

            async def send(drafts: list[dict[str, Any]]) -> list[Verdict]:
                return await desk.take_records(
                    self._election,
                    drafts,
                    force=self._asked.force,
                    restate=self._asked.restate,
                    unlisted=self._asked.allow_unlisted,
                )

            await self._read(intake)
            await self._publish(intake, send)

    async def _read(self, intake: Intake) -> None:
        paths = list(_walk(self._asked.files))
        total = sum(path.stat().st_size for path in paths)
        with self._run.out.progress(total, self._run.t("import.progress")) as advance:
            for path in paths:
                try:
                    await self._read_file(path, intake, advance)
                except FormatError as error:
                    # One file that cannot be read must not hold up the others.
                    if len(paths) == 1:
                        raise
                    intake.refuse_file(str(path), error)
            await intake.settle()

    async def _publish(self, intake: Intake, send: Send) -> None:
        if outside := intake.counts[OUTSIDE]:
            # Before anything is signed: there is still time to stop.
            allowed = "allowed" if self._asked.allow_unlisted else "refused"
            rows = self._run.out.number(outside)
            self._run.out.note(self._run.t(f"import.outside-{allowed}", rows=rows))
        label = self._run.t("import.publishing")
        with self._run.out.progress(len(intake), label) as advance:
            await intake.publish(send, advance)

    async def _read_file(
        self, path: Path, intake: Intake, advance: Callable[[int], None]
    ) -> None:
        done = 0
        with Source(path) as source:
            kind = self._asked.kind or recognise(source)
            self._kinds[kind] += 1
            for row in read_rows(source, kind, self._options, self._profile):
                await intake.take(str(path), row)
                if source.done != done:
                    advance(source.done - done)
                    done = source.done

    def _summarise(self, intake: Intake, report: Report) -> dict[str, Any]:
        return {
            "election": self._election,
            "dry_run": self._asked.dry_run,
            "formats": dict(self._kinds),
            "rows": {name: intake.counts[name] for name in OUTCOMES},
            "implausible": intake.counts["implausible"],
            "without_votes": intake.counts[WITHOUT_VOTES],
            "outside_list": intake.counts[OUTSIDE],
            "flags": dict(sorted(intake.flags.items())),
            "columns": [
                {
                    "files": files,
                    "columns": [
                        {
                            "header": use.header,
                            "read_as": use.target or None,
                            "left_out": self._run.t.say(use.why) or None,
                        }
                        for use in uses
                    ],
                }
                for uses, files in intake.headers.items()
            ],
            "remarks": [one._asdict() for one in intake.remarks],
            "report": str(report.path) if report.path else None,
            "not_logged": [one._asdict() for one in report.shown],
        }

    def _print(self, intake: Intake, report: Report) -> None:
        out, t = self._run.out, self._run.t
        for kind, files in self._kinds.items():
            name = t(f"import.format-{kind}")
            out.line(t("import.recognised", format=name, files=out.number(files)))
        self._print_headers(intake)
        dry = self._asked.dry_run
        rows = [
            (t("import.taken" if dry else "import.logged"), intake.counts["logged"])
        ]
        rows += [
            (t(f"import.{name}"), intake.counts[name])
            for name in OUTCOMES[1:]
            if intake.counts[name]
        ]
        for name in ("implausible", WITHOUT_VOTES):
            if intake.counts[name]:
                rows.append((t(f"import.{name}"), intake.counts[name]))
        key = "import.would" if dry else "import.what"
        out.table([t(key), t("import.rows")], rows, right=[1])
        if dry:
            out.note(t("import.form-only"))
        for flag in ("suspected-echo", "several-refs", "time_past", "time_future"):
            if intake.flags[flag]:
                out.note(t(f"import.{flag}", rows=out.number(intake.flags[flag])))
        for one in intake.remarks[:MAX_REMARKS_SHOWN]:
            key = "import.remark-of-row" if one.row else "import.remark"
            out.note(t(key, file=one.file, row=one.row, reason=one.reason))
        if (more := intake.counts["remarks"] - MAX_REMARKS_SHOWN) > 0:
            out.note(t("import.more-remarks", number=out.number(more)))
        if self._hint and KPU_FORMATS & self._kinds.keys():
            out.note(t("import.kpu-hint"))
        self._print_findings(report, intake.counts[NO_NUMBERS])

    def _print_headers(self, intake: Intake) -> None:
        """What became of every column: read as what, left out why."""
        out, t = self._run.out, self._run.t
        for uses, files in list(intake.headers.items())[:MAX_HEADERS_SHOWN]:
            read = [
                t("import.read-as", header=clip(use.header), target=_plain(use.target))
                for use in uses
                if use.target
            ]
            whose = files[0] if len(intake.headers) > 1 else ""
            out.line(t("import.columns-read", columns=", ".join(read), file=whose))
            by_reason: dict[str, list[str]] = {}
            for use in uses:
                if not use.target:
                    reason = t.say(use.why)
                    by_reason.setdefault(reason, []).append(clip(use.header))
            for reason, headers in by_reason.items():
                names = ", ".join(headers)
                out.line(t("import.columns-left-out", columns=names, reason=reason))
        if (more := len(intake.headers) - MAX_HEADERS_SHOWN) > 0:
            out.line(t("import.more-headers", number=out.number(more)))

    def _print_findings(self, report: Report, without: int) -> None:
        out, t = self._run.out, self._run.t
        listed = [one for one in report.shown if one.code != NO_NUMBERS]
        if listed:
            names = ("file", "row", "column", "reason")
            headers = [t(f"import.{name}") for name in names]
            out.table(
                headers, [(one.file, one.row, one.column, one.reason) for one in listed]
            )
        for advice in dict.fromkeys(f"import.advice-{one.code}" for one in listed):
            if t.has(advice):
                out.note(t(advice))
        if report.path:
            out.note(t("import.reported", path=report.path))
        elif report.size - without > len(listed):
            rows = out.number(report.size - without - len(listed))
            out.note(t("import.more", rows=rows))


def _lister(run: Run, election: str) -> Lister:
    """What says which stations an election should not have, by what this node holds."""
    is_there = (run.home.data / FILE_NAME).exists()
    database = run.open_database() if is_there else None

    async def find(codes: Iterable[str]) -> dict[str, Doubt]:
        if database is None:
            return find_unlisted(None, election, codes)
        return await database.read(find_unlisted, election, codes)

    return find


def _plain(target: str) -> str:
    """How `--map` calls it."""
    return target.removeprefix("candidates.").removeprefix("figures.")


def _walk(names: Sequence[str]) -> Iterator[Path]:
    for name in names:
        path = Path(name)
        if path.is_dir():
            inside = (one for one in sorted(path.rglob("*")) if one.is_file())
            yield from (one for one in inside if one.name.endswith(ENDINGS))
        else:
            yield path


def _checker(profile: Profile, run: Run) -> Send:
    """What a dry run asks instead of the log: would this row be taken?"""
    members = {
        "type": "tps-result/1",
        "org": run.settings.org,
        "election": profile.election,
        "recorded_at": run.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
    }

    def check(row: int, draft: dict[str, Any]) -> Verdict:
        try:
            result = convert({**draft, **members}, TpsResult)
            check_result(result)
        except RecordError as error:
            return Verdict(row=row, outcome="refused", reason=str(error), code="record")
        return Verdict(row=row, outcome="logged", flags=failed_rules(result, profile))

    def send(drafts: list[dict[str, Any]]) -> Awaitable[list[Verdict]]:
        found = [check(row, draft) for row, draft in enumerate(drafts)]
        return asyncio.sleep(0, found)

    return send
