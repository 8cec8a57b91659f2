"""A data package beside what an audit has proved: asked for, and told to people."""

from pathlib import Path

import click

from federation.cli.context import Run
from federation.config.disk import blaming
from federation.flows.dataset.checking import PackageCheck, PackageVerdict


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
    with blaming(folder):
        return PackageCheck(folder)


def print_package(run: Run, packed: PackageVerdict) -> None:
    """What can be said of it, and what cannot."""
    t, out = run.t, run.out
    where = {"path": packed.package, "files": packed.files, "rows": packed.rows}
    if not packed.complete:
        out.line(t("dataset.check-incomplete", **where))
    if packed.damaged:
        out.line(t("dataset.check-damaged", names=", ".join(packed.damaged), **where))
    if not packed.proved:
        out.line(t("dataset.check-unproved", digest=packed.map, **where))
    if packed.differing:
        names = ", ".join(packed.differing)
        out.line(t("dataset.check-differing", names=names, **where))
    if packed.holds:
        said = "rows" if packed.compared else "files"
        out.line(
            t(
                f"dataset.check-{said}",
                compared=packed.compared,
                digest=packed.map,
                **where,
            )
        )
