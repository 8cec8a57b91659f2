"""`federation doctor`: whether the house is well, and all that is stored was signed.

Exit code 0: nothing is wrong. 1: something is, whatever it is; of what is only warned,
0. With `--deep`
everything is recomputed from the records: minutes for a whole country. Only reads, so
it may run beside a node; what it says is of the moment it began. With `--mend`, and the
node stopped, it also makes whole what can be.
"""

import asyncio
import contextlib
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import SystemRandom
from typing import Final

import click
import msgspec

from federation.blobs.blobs import open_blobs
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.output import NEGATIVE, OK
from federation.cli.steps import print_steps
from federation.config.annexkey import load_annex_public
from federation.config.founding import load_identity_key
from federation.config.sealingkey import key_id
from federation.errors import ConfigError, FormatError, NotFoundError, VerificationError
from federation.flows.doctor import DoctorReport, ExaminationInput, examine, mend
from federation.flows.doctor.annexes import AnnexPlaces
from federation.flows.photos.remove import PhotoPlaces
from federation.flows.steps import CheckStep, failed, hindrance, not_tried, well
from federation.node.about import renew_about
from federation.node.guards import open_guard
from federation.node.house.database import is_there
from federation.node.house.examining import examine_house
from federation.node.house.house import look_around
from federation.node.resources import open_resources
from federation.profiles import load_profiles
from federation.store.annex import AnnexFolder
from federation.store.db import Database
from federation.store.enginechoice import FILE_NAME
from federation.store.lock import hold
from federation.store.reserve import lacks
from federation.text import Sentence

#: What has to be well before it can be looked whether the data is.
NEEDED: Final = ("settings", "peers-file", "folders")


@click.command("doctor", cls=Command, help="doctor.help")
@click.option("--deep", is_flag=True, help="doctor.option-deep")
@click.option("--online", is_flag=True, help="doctor.option-online")
@click.option("--mend", "mends", is_flag=True, help="doctor.option-mend")
@command_options
def doctor(run: Run, *, deep: bool, mends: bool, online: bool) -> int:
    """Check, print what was found, answer with the exit code."""
    house = look_around(run.folder, run.clock, SystemRandom())
    # With broken settings nobody knows what to mend by.
    mended = _mend(run) if mends and house.is_readable else None
    steps = asyncio.run(examine_house(house, online=online))
    step, report = _examine_data(run, steps, deep=deep or mends)
    steps.append(step)
    value = {"steps": steps, **msgspec.structs.asdict(report)}
    run.out.show(value, lambda: _print(run, steps, report, mended))
    return NEGATIVE if any(step.state == "failed" for step in steps) else OK


def _examine_data(
    run: Run, steps: Sequence[CheckStep], *, deep: bool
) -> tuple[CheckStep, DoctorReport]:
    """Whether what is stored is what was signed; all that differs is in the report."""
    report = DoctorReport(is_deep=deep)
    cause = hindrance(NEEDED, {step.code: step for step in steps})
    # What a newer version has made, this one cannot judge.
    if not cause and any(step.problem == "schema-newer" for step in steps):
        cause = "database"
    if not cause and not run.home.vkey(run.settings.org).exists():
        cause = "keys"  # who signed is judged by that file
    if cause:
        number = [step.code for step in steps].index(cause) + 1
        return not_tried("data", cause, number), report
    if not is_there(run.home):
        # Whoever looks at the wrong folder must not be told that all is well.
        seen = Sentence("steps.no-data")
        return failed("data", seen, Sentence("steps.mend-no-data")), report
    with open_examined(run, run.open_database()) as examined:
        report = examine(examined, deep=deep)
    if report.is_clean:
        return well("data", Sentence("steps.data")), report
    differs = Sentence("steps.data-differs", errors=report.errors)
    return failed("data", differs, Sentence("steps.mend-data")), report


def _mend(run: Run) -> DoctorReport:
    """What was found and mended, as far as it could be.

    Raises:
        ConflictError: the node, or another command, is at work.
    """
    home = run.home
    with (
        hold(home.lock),
        contextlib.closing(Database.open(home.data, home.database)) as db,
        open_examined(run, db) as examined,
    ):
        report = mend(examined, run.settings.org)
    # What keeps a node from starting is told by the examination that follows.
    with (
        contextlib.suppress(ConfigError, FormatError, NotFoundError, VerificationError),
        open_resources(home, run.settings) as resources,
    ):
        renew_about(resources)
    return report


def _annex_places(run: Run) -> AnnexPlaces:
    try:
        key = key_id(load_annex_public(run.home))
    except ConfigError:
        key = ""
    return AnnexPlaces(AnnexFolder(run.home.annex), key, run.settings.annex.days)


@contextlib.contextmanager
def open_examined(run: Run, db: Database) -> Iterator[ExaminationInput]:
    """What the house knows of how a database of this node is judged."""
    identities = {peer.org: peer.identity for peer in run.peers}
    identities[run.settings.org] = load_identity_key(run.home, run.settings.org)
    # What follows is made again in a file of its own, beside the database: there is
    # room for it where the database has room to grow; on a read-only medium is none.
    # On a full disk, too, it is made elsewhere.
    data = run.home.data
    is_roomy = os.access(data, os.W_OK) and not lacks(data, _data_bytes(data))
    beside = data if is_roomy else None
    with (
        tempfile.TemporaryDirectory(prefix="doctor-", dir=beside) as scratch,
        run.out.progress(None, run.t("doctor.working")) as advance,
    ):
        shown = 0

        def progress(done: int, _: int) -> None:
            nonlocal shown
            advance(done - shown)
            shown = done

        yield ExaminationInput(
            db=db,
            guard=open_guard(run.home),
            identities=identities,
            profiles=load_profiles(run.home.elections),
            scratch=Path(scratch),
            now=int(run.clock()),
            photos=PhotoPlaces(
                db,
                open_blobs(run.home.blobs, run.home.folder),
                run.home.thumbnails,
                run.home.partial,
                run.home.originals,
            ),
            annexes=_annex_places(run),
            hidden={peer.org for peer in run.peers if peer.hidden},
            progress=progress,
        )


def _data_bytes(folder: Path) -> int:
    """How large the database is: the map made again is no larger."""
    path = folder / FILE_NAME
    return path.stat().st_size if path.exists() else 0


def _print_extent(run: Run, report: DoctorReport) -> None:
    looked = "doctor.looked-deep" if report.is_deep else "doctor.looked"
    logs, records, stations = report.logs, report.leaves, report.stations
    run.out.line(run.t(looked, logs=logs, records=records, stations=stations))
    if report.photos:
        run.out.line(run.t("doctor.looked-photos", photos=report.photos))


def _print(
    run: Run,
    steps: Sequence[CheckStep],
    report: DoctorReport,
    mended: DoctorReport | None,
) -> None:
    t = run.t
    print_steps(run, t("steps.title-house"), steps)
    _print_data(run, steps, report, mended)
    # Last, so that nobody goes away with what is well.
    for state in ("warning", "failed"):
        names = [t(f"steps.name-{one.code}") for one in steps if one.state == state]
        if names:
            name = "house-failed" if state == "failed" else "house-warned"
            run.out.line(t(f"steps.{name}", names=", ".join(names)))


def print_findings(run: Run, report: DoctorReport) -> None:
    """Each kind of finding once per place: a damaged log has thousands of one kind."""
    t = run.t
    kinds = Counter((f.level, f.code, f.subject) for f in report.findings)
    rows = [
        (t(f"doctor.level-{level}"), t(f"doctor.found-{code}"), subject, count)
        for (level, code, subject), count in kinds.items()
    ]
    if rows:
        headers = [t(f"doctor.{name}") for name in ("level", "what", "where", "times")]
        run.out.table(headers, rows, right=(3,))
        run.out.line(t("doctor.details"))


def _print_data(
    run: Run,
    steps: Sequence[CheckStep],
    report: DoctorReport,
    mended: DoctorReport | None,
) -> None:
    """What was found in what is stored, and what was mended of it."""
    t = run.t
    if mended is not None:
        left = {(finding.code, finding.subject) for finding in report.findings}
        gone = {
            f"{t(f'doctor.found-{finding.code}')} ({finding.subject})"
            for finding in mended.findings
            if finding.level == "error" and (finding.code, finding.subject) not in left
        }
        what = "; ".join(sorted(gone))
        key = "doctor.mended" if what else "doctor.mended-nothing"
        run.out.line(t(key, what=what))
    print_findings(run, report)
    if steps[-1].after or steps[-1].problem == "no-data":
        return
    _print_extent(run, report)
    if report.is_clean:
        run.out.line(t("doctor.clean"))
        return
    wrong = [finding.code for finding in report.findings if finding.level == "error"]
    # Of the guard no row is made again, and moving the data away loses what is here.
    guards = sum(code.startswith("guard-") for code in wrong)
    if guards == len(wrong) == wrong.count("guard-unreachable"):
        run.out.line(t("doctor.unclean-unreachable"))
        return
    if guards == len(wrong):
        run.out.line(t("doctor.unclean-guard", errors=guards))
        return
    run.out.line(t("doctor.unclean", errors=report.errors))
    if mended is None:
        run.out.line(t("doctor.mend"))
