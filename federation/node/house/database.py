"""The database: whether it is there and is one, and by which version its tables are.

What is in it is looked at by `flows/doctor`.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path

from federation.errors import FederationError
from federation.flows.steps import CheckStep, failed, well
from federation.node.house.house import House
from federation.store.db import FILE_NAME, Database
from federation.store.form import compare_steps
from federation.store.refusal import SQL_ERRORS
from federation.store.upgrade import program_version, tell_ways
from federation.text import Sentence
from federation.text.cause import cause_of


async def see_database(house: House) -> CheckStep:
    """Whether this program can work with the database."""
    path = house.home.data / FILE_NAME
    if not path.exists():
        return well("database", Sentence("steps.no-database", path=path), due=[])
    mend = Sentence("steps.mend-database")
    steps: list[tuple[list[str], list[str]]] = []

    def compare(db: Database) -> None:
        with db.view() as view:
            steps.append(compare_steps(view))

    refusal = read_refusal(house.home.data, compare)
    if refusal is not None:
        return failed("database", refusal, mend)
    ((due, unknown),) = steps
    facts = {"due": due, "unknown": unknown}
    if unknown:
        seen = Sentence("steps.schema-newer", path=path, version=program_version())
        return failed(
            "database",
            seen,
            tell_ways(path),
            **facts,
        )
    if due:
        seen = Sentence("steps.schema-older", path=path, count=len(due))
        return well("database", seen, **facts)
    return well("database", Sentence("steps.database", path=path), **facts)


def read_refusal(folder: Path, read: Callable[[Database], None]) -> Sentence | None:
    """Have something read of the database there; why it cannot be, if so."""
    path = folder / FILE_NAME
    damaged = Sentence("machine.database-damaged", path=path)
    try:
        with contextlib.closing(Database.open(folder, readonly=True)) as db:
            read(db)
    except FederationError as error:
        reason = error.args[0] if error.args else ""
        return reason if isinstance(reason, Sentence) else damaged
    except OSError as error:
        return Sentence("steps.folder-refused", folder=path, reason=cause_of(error))
    except SQL_ERRORS:
        return damaged
    return None
