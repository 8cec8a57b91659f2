"""Rows of an export on their way to a file or to standard output.

Rule: one snapshot from the first row to the last, so the file is exact for the cursor
that every row names. A file appears when it is whole: it is written beside its place
and renamed, so an interrupted export never looks like a finished one.
"""

from pathlib import Path
from typing import BinaryIO

from federation.cli.context import Run
from federation.config.disk import blaming
from federation.files import write_whole
from federation.flows.dataset.choose import open_form
from federation.flows.dataset.nist import ReportFacts
from federation.flows.query.table import RowStream
from federation.store.view import View


def write_rows(
    run: Run,
    view: View,
    begun: RowStream,
    form: str,
    out: BinaryIO,
    facts: ReportFacts | None = None,
) -> int:
    """Write all pages; how many rows there were.

    Raises:
        ConfigError: the form needs a package that is not installed.
        FormatError: there are more rows than the form can have.
    """
    count, table = 0, open_form(form, facts)
    out.write(table.open(begun.head()))
    with run.out.progress(None, run.t("export.working")) as advance:
        while not begun.done:
            page = begun.read(view)
            out.write(table.page(page))
            count += len(page.rows)
            advance(len(page.rows))
    out.writelines(table.close())
    return count


def write_rows_to(
    path: Path,
    run: Run,
    view: View,
    begun: RowStream,
    form: str,
    facts: ReportFacts | None = None,
) -> int:
    """Write all pages to a file that is there whole or not at all; how many rows.

    Raises:
        ConfigError: it cannot be written.
    """
    with blaming(path), write_whole(path) as out:
        return write_rows(run, view, begun, form, out, facts)
