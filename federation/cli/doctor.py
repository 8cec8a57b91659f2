"""`federation doctor`: whether what is stored here is what was signed.

Exit code 0: nothing differs. 1: something does, whatever it is. With `--deep`
everything is recomputed from the records: minutes for a whole country. Only reads, so
it may run beside a node; what it says is of the moment it began.
"""

import os
import tempfile
from collections import Counter
from pathlib import Path

import click

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.output import NEGATIVE, OK
from federation.config.founding import load_identity_key
from federation.flows.doctor import Patient, Report, examine
from federation.profiles import load_profiles
from federation.store.db import FILE_NAME
from federation.store.guard import Guard
from federation.store.reserve import lacks


@click.command("doctor", cls=Command, help="doctor.help")
@click.option("--deep", is_flag=True, help="doctor.option-deep")
@command_options
def doctor(run: Run, *, deep: bool) -> int:
    """Check, print what was found, answer with the exit code."""
    identities = {peer.org: peer.identity for peer in run.peers}
    identities[run.settings.org] = load_identity_key(run.home, run.settings.org)
    # The map is made again in a file of its own, beside the database: there is room
    # for it where the database has room to grow; on a read-only medium there is none.
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

        report = examine(
            Patient(
                db=run.open_database(),
                guard=Guard(run.home.guard),
                identities=identities,
                profiles=load_profiles(run.home.elections),
                scratch=Path(scratch),
                hidden={peer.org for peer in run.peers if peer.hidden},
                progress=progress,
            ),
            deep=deep,
        )
    run.out.show(report, lambda: _print(run, report))
    return OK if report.is_clean else NEGATIVE


def _data_bytes(folder: Path) -> int:
    """How large the database is: the map made again is no larger."""
    path = folder / FILE_NAME
    return path.stat().st_size if path.exists() else 0


def _print(run: Run, report: Report) -> None:
    t = run.t
    # Each kind of finding once per place: a damaged log has thousands of one kind.
    kinds = Counter((one.level, one.code, one.subject) for one in report.findings)
    rows = [
        (t(f"doctor.level-{level}"), t(f"doctor.found-{code}"), subject, count)
        for (level, code, subject), count in kinds.items()
    ]
    if rows:
        headers = [t(f"doctor.{name}") for name in ("level", "what", "where", "times")]
        run.out.table(headers, rows, right=(3,))
        run.out.line(t("doctor.details"))
    looked = "doctor.looked-deep" if report.is_deep else "doctor.looked"
    run.out.line(
        t(
            looked,
            logs=report.logs,
            records=report.leaves,
            stations=report.stations,
        )
    )
    run.out.line(
        t("doctor.clean")
        if report.is_clean
        else t("doctor.unclean", errors=report.errors)
    )
