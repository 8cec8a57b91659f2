"""`federation move --to ADDRESS`: the database to a PostgreSQL server, or back.

Only with the node stopped. What was moved is compared, row by row, and examined as by
`federation doctor --deep` before federation.toml names it; until then nothing of the
node has changed. Ended anywhere, by whatever, it is run again: what it had not put
there it puts there, what it had is compared, and what was left to do last is done: the
file is put aside only when the server was seen to have every row of it, and never in
the place of one that an earlier move has put aside.
"""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from federation.cli.context import Run, command_options
from federation.cli.doctor import open_examined, print_findings
from federation.cli.help import Command
from federation.cli.output import NEGATIVE, OK
from federation.config.home import Home
from federation.config.rewrite import set_database
from federation.config.settings import check_database
from federation.errors import ConfigError, ConflictError, NotFoundError
from federation.files import sync_folder
from federation.flows.doctor import DoctorReport, examine
from federation.flows.move import PASSES, MovedRows, compare_rows, move_rows
from federation.store.db import Database
from federation.store.enginechoice import FILE_NAME, engine_at
from federation.store.lock import hold
from federation.store.upgrade import MOVED_NAME
from federation.text import Sentence

#: Back to the file in the data folder.
_FILE: Final = "file"
#: Where that file is made; what a killed move has left there goes.
_STAGE: Final = ".moving"


@click.command("move", cls=Command, help="move.help")
@click.option("--to", "place", required=True, metavar="ADDRESS", help="move.option-to")
@command_options
def move(run: Run, *, place: str) -> int:
    """Move, compare, examine, and only then go over to it."""
    home = run.home
    address = None if place == _FILE else place
    _check_place(home, address)
    with hold(home.lock):
        if _leaves_file(home, address) and (home.data / MOVED_NAME).exists():
            there = home.data / MOVED_NAME
            raise ConflictError(Sentence("move.kept-before", path=there))
        if address == home.database:
            return _finish(run, address)
        with _opened(home, address) as (source, target):
            rows = PASSES * sum(source.count_rows().values())
            with run.out.progress(rows, run.t("move.working")) as advance:
                moved = move_rows(source, target, advance)
            with open_examined(run, target) as examined:
                report = examine(examined, deep=True)
            if report.is_clean:
                _go_over(home, source, target, address)
    run.finish(Sentence("cli.done-unsaid"))
    value = {
        "to": target.engine.name,
        "rows": moved.rows,
        "digests": moved.digests,
        "resumed": moved.resumed,
        "clean": report.is_clean,
        "findings": report.findings,
    }
    run.out.show(value, lambda: _print(run, target.engine.name, moved, report))
    return OK if report.is_clean else NEGATIVE


def _check_place(home: Home, address: str | None) -> None:
    """Refuse what was typed if it is no address, or nothing here can speak to it.

    Raises:
        ConfigError: it is none.
    """
    try:
        check_database(address, "--to")
        engine_at(home.data, address)
    except ConfigError as error:
        raise ConfigError("--to", "", error.reason) from error


def _leaves_file(home: Home, address: str | None) -> bool:
    """Whether the file in the data folder is put aside when this move is done."""
    is_from_file = home.database is None or home.database == address
    return address is not None and is_from_file and (home.data / FILE_NAME).exists()


def _finish(run: Run, address: str | None) -> int:
    """Do what a move that was ended had left to do last.

    Raises:
        ConflictError: there is nothing left of any, or the server has not what the file
            has; nothing has changed.
        OSError: the server does not answer, or refuses us; nothing has changed.
    """
    home = run.home
    if not _leaves_file(home, address):
        raise ConflictError(Sentence("move.there-already"))
    name = engine_at(home.data, address).name
    moved = _compared(run, address)
    if moved is None:
        told = {"place": name, "path": home.data / FILE_NAME}
        raise ConflictError(Sentence("move.not-there", **told))
    _rename(home.data)
    run.finish(Sentence("cli.done-unsaid"))
    value = {
        "to": name,
        "rows": moved.rows,
        "digests": moved.digests,
        "resumed": moved.resumed,
    }
    run.out.show(value, lambda: run.out.line(run.t("move.finished", place=name)))
    return OK


def _compared(run: Run, address: str | None) -> MovedRows | None:
    """What the file and the server both have; None: they differ."""
    data = run.home.data
    with contextlib.closing(Database.open(data, readonly=True)) as source:
        try:
            target = Database.open(data, address, readonly=True)
        except NotFoundError:
            return None  # no tables of ours
        rows = (PASSES - 1) * sum(source.count_rows().values())
        with (
            contextlib.closing(target),
            run.out.progress(rows, run.t("move.working")) as advance,
        ):
            return compare_rows(source, target, advance)


@contextlib.contextmanager
def _opened(home: Home, address: str | None) -> Iterator[tuple[Database, Database]]:
    """Where the rows are, and where they go to.

    Both to be written; but a file that is there already, which a move that was ended
    may have put there, is only compared.
    """
    stage = home.data / _STAGE
    is_there = address is None and (home.data / FILE_NAME).exists()
    shutil.rmtree(stage, ignore_errors=True)
    folder = stage if address is None and not is_there else home.data
    with contextlib.closing(Database.open(home.data, home.database)) as source:
        try:
            with contextlib.closing(
                Database.open(folder, address, readonly=is_there)
            ) as target:
                yield source, target
        finally:
            shutil.rmtree(stage, ignore_errors=True)


def _go_over(
    home: Home, source: Database, target: Database, address: str | None
) -> None:
    """The settings name what was moved; an older file takes another name."""
    source.close()
    target.close()
    made = home.data / _STAGE / FILE_NAME
    if address is None and made.exists():
        made.replace(home.data / FILE_NAME)
        sync_folder(home.data)
    set_database(home.settings, address)
    if _leaves_file(home, address):
        # Whoever names it again by mistake would go on from an old state.
        _rename(home.data)


def _rename(folder: Path) -> None:
    """The file goes in a month (`store/upgrade.py`), counted from now."""
    before = folder / MOVED_NAME
    (folder / FILE_NAME).replace(before)
    before.touch()
    for ending in ("-wal", "-shm"):
        (folder / f"{FILE_NAME}{ending}").unlink(missing_ok=True)
    sync_folder(folder)


def _print(run: Run, place: str, moved: MovedRows, report: DoctorReport) -> None:
    t = run.t
    if moved.resumed:
        run.out.line(t("move.resumed", place=place))
    run.out.line(t("move.rows", rows=sum(moved.rows.values()), place=place))
    for election, digest in moved.digests.items():
        run.out.line(t("move.digest", election=election, digest=digest))
    if not report.is_clean:
        print_findings(run, report)
        run.out.line(t("move.not-clean", errors=report.errors))
        return
    run.out.line(t("move.done"))
    if (run.home.data / MOVED_NAME).exists():
        run.out.line(t("move.kept", copy=run.home.data / MOVED_NAME))
