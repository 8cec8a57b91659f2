"""`federation verify`: what can be proved of these files, and what is wrong with them.

Exit code: the verdict, from the table of `flows/audit/report.py`; 0 is proved, and 1
that of a photo among them no record names exactly that file. Needs no home, no database
and no keys of its own, only files or an address, and what the auditor was told by other
means: fingerprints or a trust file. Of photos alone it asks the records of this home.
"""

import asyncio
import re
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import click
from msgspec import to_builtins
from msgspec.structs import replace

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.streams import drop_output, is_reader_gone, named
from federation.cli.verify.packages import open_check
from federation.cli.verify.photos import (
    GivenPhoto,
    judge_photos,
    look_up_photos,
    print_photos,
    read_photos,
    split_photos,
)
from federation.cli.verify.report import as_text, print_report
from federation.cli.verify.sources import open_sources
from federation.config.disk import replace_file
from federation.config.fingerprint import parse_fingerprint
from federation.errors import ConfigError, FormatError
from federation.flows.audit import (
    EXITS,
    AuditReport,
    PhotoSearch,
    PhotoVerdict,
    Trust,
    add_findings,
    audit,
)
from federation.flows.audit.maps import watch_nothing
from federation.flows.dataset.checking import PackageCheck, PackageVerdict
from federation.flows.verify.workers import open_workers
from federation.profiles import load_shipped
from federation.text import Sentence
from federation.text.cause import tell_refusal
from federation.tlog.policy import MAX_POLICY_BYTES, parse_policy

_FILE: Final = click.Path(dir_okay=False, path_type=Path)
_FOLDER: Final = click.Path(exists=True, file_okay=False, path_type=Path)
_GIVEN: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_PROCESSES: Final = 2
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_AGE: Final = re.compile(r"([0-9]{1,6})([smhd])")


class _AuditOptions(NamedTuple):
    """What was asked for, but the sources."""

    trust: Trust
    as_of: int | None
    max_age_s: int | None
    has_map: bool
    is_partial: bool


@click.command("verify", cls=Command, help="verify.help")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--trust", type=_GIVEN, help="verify.option-trust")
@click.option("--fingerprint", multiple=True, help="verify.option-fingerprint")
@click.option("--as-of", "as_of", default="", help="verify.option-as-of")
@click.option("--max-age", "max_age", default="", help="verify.option-max-age")
@click.option("--no-map", is_flag=True, help="verify.option-no-map")
@click.option("--partial", is_flag=True, help="verify.option-partial")
@click.option("--package", type=_FOLDER, help="verify.option-package")
@click.option("--evidence", type=_FILE, help="verify.option-evidence")
@command_options
def verify(  # noqa: PLR0913, PLR0917  one argument per option
    run: Run,
    sources: tuple[str, ...],
    trust: Path | None,
    fingerprint: tuple[str, ...],
    as_of: str,
    max_age: str,
    no_map: bool,  # noqa: FBT001  # click
    partial: bool,  # noqa: FBT001  # click
    package: Path | None,
    evidence: Path | None,
) -> int:
    """Verify, print what was found, answer with the verdict's exit code."""
    asked = _AuditOptions(
        trust=_read_trust(trust, fingerprint),
        as_of=_parse_time(run, as_of) if as_of else None,
        max_age_s=_parse_age(run, max_age) if max_age else None,
        has_map=not no_map,
        is_partial=partial,
    )
    names, others = split_photos(sources)
    photos = asyncio.run(read_photos(run, names)) if names else []
    if not others:
        return _answer_of_node(run, photos)
    check = open_check(run, package, has_map=not no_map) if package else None
    search = PhotoSearch([photo.sought for photo in photos]) if photos else None
    with run.out.progress(None, run.t("verify.working")) as advance:
        report = asyncio.run(_audit(run, others, asked, search, check, advance))
    if search is not None:
        report = replace(report, photos=judge_photos(photos, search))
    packed = check.judge(report) if check else None
    if packed is not None:
        found = packed.findings(is_alone=not report.exit)
        report = add_findings(report, found)
    _show(run, report, packed)
    if evidence is not None and report.evidence:
        _write_evidence(run, evidence, report.evidence[0])
    if report.exit or not report.photos:
        return report.exit
    return _exit_of(report.photos)


def _answer_of_node(run: Run, photos: list[GivenPhoto]) -> int:
    """What the records of this node say of these photos."""
    try:
        home = run.home.folder
    except ConfigError as error:
        raise click.UsageError(run.t("verify.photo-where")) from error
    with run.open_database().view() as view:
        verdicts = look_up_photos(run, view, photos)

    def human() -> None:
        run.out.line(run.t("verify.photo-home", home=home))
        print_photos(run.out, verdicts)

    run.out.show({"photos": verdicts}, human)
    return _exit_of(verdicts)


def _exit_of(verdicts: Iterable[PhotoVerdict]) -> int:
    """0: each is named by a record, this very file; 1: one is not."""
    return int(not all(one.named for one in verdicts))


def _show(run: Run, report: AuditReport, packed: PackageVerdict | None) -> None:
    """Print it; where that cannot be done, two histories stay what was found."""
    try:
        value = as_text(report)
        told = value if packed is None else {**to_builtins(value), "package": packed}
        run.out.show(told, lambda: print_report(run.out, report, packed))
        with named(sys.stdout):
            sys.stdout.flush()
    except OSError as error:
        if report.exit != EXITS["forked"]:
            raise
        drop_output()
        if not is_reader_gone(error):
            detail = run.t.say(tell_refusal(error))
            run.out.note(run.t("errors.machine", detail=detail))


def _write_evidence(run: Run, path: Path, evidence: str) -> None:
    """Write it, or say why not: two histories are what was found, whatever is full."""
    try:
        replace_file(path, evidence.encode())
    except ConfigError as error:
        run.out.note(run.t.say(error.told))
    else:
        run.out.note(run.t("verify.evidence", path=path))


async def _audit(
    run: Run,
    sources: list[str],
    asked: _AuditOptions,
    search: PhotoSearch | None,
    check: PackageCheck | None,
    advance: Callable[[int], Any],
) -> AuditReport:
    async with AsyncExitStack() as stack:
        opened = open_sources(run, sources, stack)
        # Processes are started when a large log comes, not before.
        workers = open_workers(_PROCESSES)
        stack.callback(workers.close)
        return await audit(
            opened,
            asked.trust,
            profiles=load_shipped(),
            workers=workers,
            # Its files have no names: whatever ends this process, nothing is left.
            scratch=Path(tempfile.gettempdir()) if asked.has_map else None,
            now=int(run.clock()),
            as_of=asked.as_of,
            max_age_s=asked.max_age_s,
            partial=asked.is_partial,
            photos=search,
            watching=check.watch if check else watch_nothing,
            held=check.map if check else None,
            progress=advance,
        )


def _read_trust(path: Path | None, fingerprints: tuple[str, ...]) -> Trust:
    policy = None
    if path is not None:
        with path.open("rb") as file:
            data = file.read(MAX_POLICY_BYTES + 1)
        try:
            policy = parse_policy(data)
        except FormatError as error:
            what = Sentence("machine.at", place=str(path), cause=error.what)
            raise FormatError(what, error.at) from error
    owners = dict(_parse_owned(text) for text in fingerprints)
    named = {print_: org for print_, org in owners.items() if org}
    return Trust(policy=policy, fingerprints=frozenset(owners), owners=named)


def _parse_owned(text: str) -> tuple[str, str]:
    """A fingerprint, and the organisation before it: ORGANISATION=FINGERPRINT."""
    org, _, print_ = text.rpartition("=")
    return parse_fingerprint(print_), org.strip()


def _parse_time(run: Run, text: str) -> int:
    """Unix seconds of a time with its zone.

    Raises:
        click.UsageError: not a time, or one without a zone.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise click.UsageError(run.t("verify.bad-time", text=text))
    return int(moment.timestamp())


def _parse_age(run: Run, text: str) -> int:
    """Seconds of an age: 90s, 30m, 2h, 1d.

    Raises:
        click.UsageError: not an age.
    """
    match = _AGE.fullmatch(text)
    if match is None:
        raise click.UsageError(run.t("verify.bad-age", text=text))
    return int(match[1]) * _UNITS[match[2]]
