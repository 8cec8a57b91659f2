"""`federation backup verify`: a backup put back into a scratch folder, and examined."""

from collections import Counter

import click

from federation.cli.backup.given import (
    key_options,
    open_private,
    open_typed,
    print_manifest,
)
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.output import NEGATIVE, OK
from federation.flows.backup import BackupReport, examine_backup


@click.command("verify", cls=Command, help="backup.help-verify")
@click.argument("file", metavar="FILE")
@key_options
@command_options
def verify(
    run: Run,
    *,
    file: str,
    key_file: str | None,
    passphrase_file: str | None,
    store_access: str | None,
) -> int:
    """Look at all of it; exit code `NEGATIVE` where something is wrong or missing."""
    with open_typed(file, store_access) as backup:
        private = open_private(run, backup, key_file, passphrase_file)
        with run.out.progress(None, run.t("backup.examining")) as told:
            report = examine_backup(backup, private, run.clock(), told)
    run.out.show(report, lambda: _print(run, report))
    return OK if report.is_good else NEGATIVE


def _print(run: Run, report: BackupReport) -> None:
    t, out = run.t, run.out
    print_manifest(run, report.manifest, report.size)
    if report.secrets is not None:
        out.line(t("backup.opened", count=report.secrets))
    if not report.manifest.photo_store:
        out.line(t("backup.photos-beside", count=report.photos))
    if report.originals:
        out.line(t("backup.originals-beside", count=report.originals))
    if count := report.originals_missing + report.originals_damaged:
        out.line(t("backup.originals-missing", count=count))
    for name in ("missing", "damaged"):
        if count := getattr(report, f"photos_{name}"):
            out.line(t(f"backup.photos-{name}", count=count))
    found = Counter(
        (one.code, one.subject)
        for one in report.examined.findings
        if one.level == "error"
    )
    for (code, subject), count in found.items():
        what = t(f"doctor.found-{code}")
        out.line(t("backup.found", what=what, subject=subject, count=count))
    examined = {"records": report.examined.leaves, "stations": report.examined.stations}
    out.line(t("backup.examined", **examined))
    out.line(t("backup.good" if report.is_good else "backup.not-good"))
