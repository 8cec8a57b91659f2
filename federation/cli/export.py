"""`federation export`: all rows of one sort, to a file or to standard output.

Rule: one snapshot from the first row to the last, so the file is exact for the cursor
that every row names. A file appears when it is whole: it is written beside its place
and renamed, so an interrupted export never looks like a finished one.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import click

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.views import ask_for, which
from federation.errors import ConfigError
from federation.flows.query.export import WHATS, Export, What
from federation.store.db import View
from federation.web.cells import format_csv, format_ndjson


@click.command("export", cls=Command, help="export.help")
@click.option(
    "--format", "form", type=click.Choice(["csv", "ndjson"]), default="csv",
    help="export.option-format", show_default=True,
)  # fmt: skip
@click.option(
    "--what", type=click.Choice(WHATS), default="results",
    help="export.option-what", show_default=True,
)  # fmt: skip
@click.option("--region", default="", help="views.option-region")
@click.option(
    "--out", "path", type=click.Path(dir_okay=False, path_type=Path),
    help="export.option-out",
)  # fmt: skip
@which
@command_options
def export(  # noqa: PLR0913, PLR0917  one argument per option
    run: Run,
    form: str,
    what: What,
    region: str,
    path: Path | None,
    election: str,
    contest: str,
) -> None:
    """Write an export."""
    asked = ask_for(run, election, contest)
    with run.open_database().view() as view:
        begun = Export(view, run.settings, asked, what, region)
        if path is None:
            _write(run, view, begun, form, sys.stdout.buffer)
            return
        count = _write_file(run, path, lambda out: _write(run, view, begun, form, out))
    said = {"rows": count, "path": str(path), "cursor": begun.cursor}
    text = run.t("export.done", count=count, path=path, cursor=begun.cursor)
    run.out.show(said, lambda: run.out.note(text))


def _write(run: Run, view: View, begun: Export, form: str, out: BinaryIO) -> int:
    """Write all pages; how many rows there were."""
    count, heading = 0, True
    if form == "ndjson":
        out.write(format_ndjson([begun.head()]))
    with run.out.progress(None, run.t("export.working")) as advance:
        while not begun.done:
            page = begun.read(view)
            if form == "ndjson":
                named = (dict(zip(page.columns, row, strict=True)) for row in page.rows)
                out.write(format_ndjson(named))
            else:
                out.write(format_csv([page.columns, *page.rows][not heading :]))
                heading = False
            count += len(page.rows)
            advance(len(page.rows))
    return count


def _write_file(run: Run, path: Path, write: Callable[[BinaryIO], int]) -> int:
    """Write a file that is there whole or not at all; how many rows it has.

    Raises:
        ConfigError: it cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as out:
            count = write(out)
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    except OSError as error:
        reason = run.t("export.cannot-write", reason=error.strerror or str(error))
        raise ConfigError(str(path), "", reason) from error
    finally:
        part.unlink(missing_ok=True)
    return count
