"""`federation move --to ADDRESS`: the database to a PostgreSQL server, or back.

Only with the node stopped. What was moved is counted, compared and examined as by
`federation doctor --deep` before federation.toml names it; until then nothing of the
node has changed, and a move that was ended can be begun again.
"""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from federation.cli.context import Run, command_options
from federation.cli.doctor import open_examined
from federation.cli.help import Command
from federation.cli.output import NEGATIVE, OK
from federation.config.rewrite import set_database
from federation.config.settings import check_database
from federation.errors import ConflictError
from federation.files import sync_folder
from federation.flows.doctor import DoctorReport, examine
from federation.flows.move import MovedRows, check_empty, move_rows
from federation.store.db import FILE_NAME, Database
from federation.store.lock import hold
from federation.text import Sentence

#: Back to the file in the data folder.
_FILE: Final = "file"
#: Where that file is made; what a killed move has left there goes.
_STAGE: Final = ".moving"
_BEFORE: Final = "before-move.db"


@click.command("move", cls=Command, help="move.help")
@click.option("--to", "place", required=True, metavar="ADDRESS", help="move.option-to")
@command_options
def move(run: Run, *, place: str) -> int:
    """Move, compare, examine, and only then go over to it."""
    home = run.home
    address = None if place == _FILE else place
    check_database(address, "--to")
    if address == home.database:
        raise ConflictError(Sentence("move.there-already"))
    with hold(home.lock), _opened(run, address) as (source, target):
        check_empty(target)
        rows = sum(source.count_rows().values())
        with run.out.progress(rows, run.t("move.working")) as advance:
            moved = move_rows(source, target, advance)
        with open_examined(run, target) as examined:
            report = examine(examined, deep=True)
        if report.is_clean:
            _go_over(run, source, target, address)
    run.finish(Sentence("cli.done-unsaid"))
    value = {
        "to": target.engine.name,
        "rows": moved.rows,
        "digests": moved.digests,
        "clean": report.is_clean,
        "findings": report.findings,
    }
    run.out.show(value, lambda: _print(run, target.engine.name, moved, report))
    return OK if report.is_clean else NEGATIVE


@contextlib.contextmanager
def _opened(run: Run, address: str | None) -> Iterator[tuple[Database, Database]]:
    """Where the rows are, and where they go to; both to be written."""
    home = run.home
    stage = home.data / _STAGE
    file = home.data / FILE_NAME
    if address is None and file.exists():
        raise ConflictError(Sentence("move.file-there", path=file))
    shutil.rmtree(stage, ignore_errors=True)
    folder = stage if address is None else home.data
    with contextlib.closing(Database.open(home.data, home.database)) as source:
        try:
            with contextlib.closing(Database.open(folder, address)) as target:
                yield source, target
        finally:
            shutil.rmtree(stage, ignore_errors=True)


def _go_over(run: Run, source: Database, target: Database, address: str | None) -> None:
    """The settings name what was moved; an older file takes another name."""
    home = run.home
    source.close()
    target.close()
    if address is None:
        (home.data / _STAGE / FILE_NAME).replace(home.data / FILE_NAME)
        sync_folder(home.data)
    set_database(home.settings, address)
    if address is not None and home.database is None:
        # Whoever names it again by mistake would go on from an old state.
        _rename(home.data)


def _rename(folder: Path) -> None:
    (folder / FILE_NAME).replace(folder / _BEFORE)
    for ending in ("-wal", "-shm"):
        (folder / f"{FILE_NAME}{ending}").unlink(missing_ok=True)
    sync_folder(folder)


def _print(run: Run, place: str, moved: MovedRows, report: DoctorReport) -> None:
    t = run.t
    run.out.line(t("move.rows", rows=sum(moved.rows.values()), place=place))
    for election, digest in moved.digests.items():
        run.out.line(t("move.digest", election=election, digest=digest))
    if not report.is_clean:
        run.out.line(t("move.not-clean", errors=report.errors))
        return
    run.out.line(t("move.done"))
