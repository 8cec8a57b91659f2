"""A data package beside what an audit has proved: asked for, and told to people."""

from pathlib import Path

import click

from federation.cli.context import Run
from federation.cli.output import Output
from federation.cli.verify.findings import say_line
from federation.config.disk import refused
from federation.flows.dataset.checking import PackageCheck, PackageVerdict
from federation.flows.dataset.packagefile import PACKAGE


def open_check(run: Run, folder: Path, *, has_map: bool) -> PackageCheck:
    """A check of the package in this folder.

    Raises:
        ConfigError: it cannot be read.
        FormatError: it is none of ours.
        click.UsageError: no map is to be made, with which it could be compared.
    """
    if not has_map:
        one, other = "--package", "--no-map"
        raise click.UsageError(run.t("export.not-together", one=one, other=other))
    try:
        return PackageCheck(folder)
    except OSError as error:
        raise refused(folder / PACKAGE, "read", error) from error


def print_package(out: Output, packed: PackageVerdict) -> None:
    """What was proved of it; what is wrong with it stands with the findings."""
    t = out.t
    told = {
        "path": packed.package,
        "files": packed.files,
        "rows": packed.rows,
        "compared": packed.compared,
        "digest": packed.map,
    }
    if packed.holds:
        said = "rows" if packed.compared else "files"
        say_line(out, t(f"dataset.check-{said}", **told))
    if packed.since:
        since = out.number(packed.since)
        say_line(out, t("dataset.check-older", path=packed.package, since=since))
