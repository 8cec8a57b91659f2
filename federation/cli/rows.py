"""Rows of an export on their way to a file or to standard output.

Rule: one snapshot from the first row to the last, so the file is exact for the cursor
that every row names. A file appears when it is whole: it is written beside its place
and renamed, so an interrupted export never looks like a finished one.
"""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from federation.cli.context import Run
from federation.errors import ConfigError
from federation.files import write_whole as write_whole_file
from federation.flows.query.cells import format_csv, format_ndjson
from federation.flows.query.export import Export
from federation.store.db import View
from federation.text.cause import blame_file


def write_rows(run: Run, view: View, begun: Export, form: str, out: BinaryIO) -> int:
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


def write_whole(path: Path, write: Callable[[BinaryIO], int]) -> int:
    """Write a file that is there whole or not at all; how many rows it has.

    Raises:
        ConfigError: it cannot be written.
    """
    try:
        with write_whole_file(path) as out:
            return write(out)
    except OSError as error:
        named, reason = blame_file(error, path)
        raise ConfigError(named, "", reason) from error
