"""How the tables come to be: each module of this package owns its own.

Rule: a store module that has tables exports

    MIGRATIONS: tuple[tuple[str, str], ...] = (("0001-create", "CREATE TABLE …;"), …)

pairs of a name and a script of SQL statements, applied once each, in order, in one
transaction each. A released migration is never edited: a change is a new pair.
Tables are STRICT. Modules are named here as text and looked up when a database is
opened, so that this file stands below all of them.
"""

import importlib
from collections.abc import Callable

from sqlite_utils import Database, Migrations

MODULES = (
    "leaves",
    "chains",
    "logs",
    "taken",
    "statements",
    "places",
    "claims",
    "rollup",
    "registers",
    "pulls",
    "alarms",
    "tokens",
)


def migrate(database: Database) -> None:
    """Bring every table of every module up to date."""
    for name in MODULES:
        qualified = f"federation.store.{name}"
        scripts: tuple[tuple[str, str], ...] = importlib.import_module(
            qualified
        ).MIGRATIONS
        steps = Migrations(f"federation.{name}")
        for step, script in scripts:
            steps(name=step)(_statements(script))
        steps.apply(database)


def _statements(script: str) -> Callable[[Database], None]:
    def run(database: Database, /) -> None:
        database.executescript(script)

    return run
