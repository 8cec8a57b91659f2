"""The database: whether it is there and is one, and by which version its tables are.

What is in it is looked at by `flows/doctor`.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path

from federation.config.home import Home
from federation.errors import FederationError
from federation.flows.steps import CheckStep, failed, join, warned, well
from federation.node.diskroom import SILENT_S
from federation.node.house.house import House
from federation.records.timezones import tell_here
from federation.store.db import Database
from federation.store.engine import SqlError
from federation.store.enginechoice import FILE_NAME, engine_at
from federation.store.form import compare_steps
from federation.store.upgrade import (
    list_copies,
    program_version,
    tell_ways,
)
from federation.text import Sentence
from federation.text.cause import cause_of, tell_refusal
from federation.text.size import tell_size


async def see_database(house: House) -> CheckStep:
    """Whether this program can work with the database."""
    home = house.home
    path = name_of(home)
    if not is_there(home):
        return well("database", Sentence("steps.no-database", path=path), due=[])
    mend = Sentence("steps.mend-database")
    steps: list[tuple[list[str], list[str]]] = []
    weak: list[Sentence] = []

    def compare(db: Database) -> None:
        with db.view() as view:
            steps.append(compare_steps(view))
        weak.extend(db.list_weaknesses())
        held = db.see_writer()
        if held is not None and held.waits_s >= SILENT_S:
            seconds = f"{held.waits_s:.0f}"
            weak.append(Sentence("machine.standby-waited", seconds=seconds))

    refusal = read_refusal(home, compare)
    if refusal is not None:
        return failed("database", refusal, mend)
    ((due, unknown),) = steps
    facts = {"due": due, "unknown": unknown}
    if unknown:
        seen = Sentence("steps.schema-newer", path=path, version=program_version())
        return failed(
            "database",
            seen,
            tell_ways(file_of(home)),
            **facts,
        )
    copies = _tell_copies(home)
    if weak:
        told = Sentence("steps.database-weak", path=path, reason=join(weak))
        mend = Sentence("steps.mend-database-weak")
        return warned("database", join([told, *copies]), mend, **facts)
    seen = Sentence("steps.database", path=path)
    if due:
        seen = Sentence("steps.schema-older", path=path, count=len(due))
    return well("database", join([seen, *copies]), **facts)


def _tell_copies(home: Home) -> list[Sentence]:
    """What the database was lies beside it for a while: where, and for how long."""
    with contextlib.suppress(OSError):
        return [
            Sentence(
                "steps.copy-kept",
                copy=copy.path,
                size=tell_size(copy.size),
                made=tell_here(copy.made),
                until=tell_here(copy.until),
            )
            for copy in list_copies(home.data)
        ]
    return []


def is_there(home: Home) -> bool:
    """Whether there is a database; also where it cannot be asked: that is told then."""
    try:
        return engine_at(home.data, home.database).exists()
    except (FederationError, OSError):
        return True


def name_of(home: Home) -> str:
    """Where the database is, as people know it."""
    try:
        return engine_at(home.data, home.database).name
    except FederationError:
        return str(home.database)


def file_of(home: Home) -> Path | None:
    """The file that it is; None: it lies with a server."""
    return home.data / FILE_NAME if home.database is None else None


def read_refusal(home: Home, read: Callable[[Database], None]) -> Sentence | None:
    """Have something read of the database there; why it cannot be, if so."""
    damaged = Sentence("machine.database-damaged", path=name_of(home))
    try:
        with contextlib.closing(
            Database.open(home.data, home.database, readonly=True)
        ) as db:
            read(db)
    except FederationError as error:
        reason = error.args[0] if error.args else ""
        return reason if isinstance(reason, Sentence) else damaged
    except OSError as error:
        if home.database is not None:
            return tell_refusal(error)
        reason = cause_of(error)
        return Sentence("steps.folder-refused", folder=home.data, reason=reason)
    except SqlError:
        return damaged
    return None
