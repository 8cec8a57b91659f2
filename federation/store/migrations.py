"""How the tables come to be: each module of this package owns its own.

Rule: a store module that has tables exports

    MIGRATIONS: tuple[tuple[str, str], ...] = (("0001-create", "CREATE TABLE …;"), …)

pairs of a name and a script of SQL statements, applied once each, in order; those that
are due, in one transaction: a new database waits once for its disk, not once for each.
What SQL cannot do to rows, an aggregate does that the module exports by its name, with
of how many values it is: `AGGREGATES`.
A released migration is never edited: a change is a new pair. A statement ends with its
line.
Tables are STRICT. Modules are named here as text and looked up when a database is
opened, so that this file stands below all of them.

What the steps made, the schema's own text, nothing signs: it is kept a second time, in
`schema_kept`, whenever a step was applied. Not compared with what the steps would make
today: another SQLite may write the same table in other words.
"""

import importlib
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from federation.store import sqlite

if TYPE_CHECKING:
    from sqlite3 import Connection, Cursor

    from sqlite_utils import Database

#: The modules whose steps these are, by the name under which a database remembers which
#: of them were applied: that stays when a module is renamed or divided. Then steps of
#: one name are one step.
SETS: Final = {
    "leaves": ("leaves",),
    "chains": ("keystatements", "cosignatures", "quarantine", "copies", "companions"),
    "logs": ("logs",),
    "taken": ("taken",),
    "statements": ("statements",),
    "places": ("recordindex",),
    "claims": ("claims", "mapstate", "maprows", "officialchanges"),
    "rollup": ("rollup",),
    "registers": ("registers",),
    "pulls": ("pulls",),
    "alarms": ("alarms", "notices", "observations", "strangers"),
    "tokens": ("tokens",),
    "people": ("people", "sessions", "actions"),
    "photos": ("blobs", "evidence", "likenesses"),
    "originals": ("originals",),
    "removals": ("removals",),
    "reading": ("leases", "photoanswers"),
    "saidremovals": ("saidremovals",),
    "incidents": ("incidents",),
    "recaps": ("recaps",),
    "outbox": ("outbox",),
    "agencyanswers": ("agencyanswers",),
    "wanted": ("wanted", "wantedcursors"),
    "webhooks": ("webhooks",),
    "migrations": ("migrations",),
}

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-schema-kept",
        """
        CREATE TABLE schema_kept (
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            body TEXT NOT NULL,
            PRIMARY KEY (kind, name)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
)


class Askable(Protocol):
    """What can be asked: a connection, a view of the database."""

    def execute(self, sql: str, /) -> "Cursor":
        """The rows of a statement."""


def migrate(connection: "Connection") -> None:
    """Bring every table of every module up to date; all of them, or none."""
    if _is_current(connection):
        return
    # Imported here: most starts find nothing due, and it takes as long as all the rest.
    from sqlite_utils import Database, Migrations  # noqa: PLC0415  # start-up time

    database = Database(connection, execute_plugins=False)
    with database.atomic():
        for name in SETS:
            add_aggregates(database, name)
            steps = Migrations(f"federation.{name}")
            for step, script in scripts_of(name):
                steps(name=step)(_step(script))
            steps.apply(database)
        _keep_schema(connection)


def scripts_of(name: str) -> list[tuple[str, str]]:
    """The steps of a set, in order, each with its script."""
    scripts: dict[str, str] = defaultdict(str)
    for module in SETS[name]:
        owner = importlib.import_module(f"federation.store.{module}")
        for step, script in owner.MIGRATIONS:
            scripts[step] += script
    return sorted(scripts.items())


def add_aggregates(database: "Database", name: str) -> None:
    """Let the steps of a set call what their modules export for them."""
    for module in SETS[name]:
        owner = importlib.import_module(f"federation.store.{module}")
        for called, (count, kind) in getattr(owner, "AGGREGATES", {}).items():
            database.conn.create_aggregate(called, count, kind)


def _is_current(database: Askable) -> bool:
    """Whether nothing is due. The library would look at each set for itself."""
    if not {"_sqlite_migrations", "schema_kept"} <= _tables(database):
        return False
    return not compare_steps(database)[0] and _is_schema_kept(database)


def compare_steps(database: Askable) -> tuple[list[str], list[str]]:
    """The steps of this program that were not applied, and applied ones of others.

    The second are those of a newer version. Both as "set name".
    """
    applied: set[tuple[str, str]] = set()
    if "_sqlite_migrations" in _tables(database):
        rows = database.execute("SELECT migration_set, name FROM _sqlite_migrations")
        applied = {(str(of), str(step)) for of, step in rows}
    steps = {
        (f"federation.{name}", step) for name in SETS for step, _ in scripts_of(name)
    }
    due, unknown = steps - applied, applied - steps
    return sorted(map(" ".join, due)), sorted(map(" ".join, unknown))


def _tables(database: Askable) -> set[str]:
    return {name for (name,) in database.execute(sqlite.TABLES)}


def count_steps(database: Askable) -> int:
    """How many steps have made it, of any version; 0: it has no tables of ours."""
    if "_sqlite_migrations" not in _tables(database):
        return 0
    rows = database.execute("SELECT count(*) FROM _sqlite_migrations")
    return int(rows.fetchone()[0])


def _keep_schema(database: Askable) -> None:
    """Write the schema down where a step was applied since it was."""
    if not _is_schema_kept(database):
        _write_schema(database)


def _is_schema_kept(database: Askable) -> bool:
    # Counted, not remembered: an older release could end between the two.
    (is_kept,) = database.execute(
        "SELECT (SELECT count(*) FROM _sqlite_migrations)"
        " = (SELECT count(*) FROM schema_kept WHERE kind = 'step')"
    ).fetchone()
    return bool(is_kept)


def changed_schema(database: Askable) -> list[str]:
    """The names of what is not in the schema as the steps left it."""
    if not keeps_schema(database):
        return []
    kept = "SELECT kind, name, body FROM schema_kept"
    now = f"SELECT * FROM ({sqlite.SCHEMA}) AS made"  # noqa: S608  a constant
    rows = database.execute(
        f"SELECT DISTINCT {sqlite.as_bytes('name')} FROM ("  # noqa: S608  constants
        f"SELECT * FROM ({now} EXCEPT {kept}) AS new"
        f" UNION ALL SELECT * FROM ({kept} EXCEPT {now}) AS old) AS differing"
    )
    return [bytes(name).decode("utf-8", "replace") for (name,) in rows]


def keep_whole_schema(database: Askable) -> bool:
    """Write the schema down again if it is the one that the steps make; whether it is.

    Then what was kept of it is what was damaged. Where it is not, nobody knows which of
    the two is right: another SQLite may have made it.
    """
    made = sqlite.open_scratch()
    try:
        migrate(made)
        expected = set(made.execute(sqlite.SCHEMA_MADE).fetchall())
    finally:
        made.close()
    if set(database.execute(sqlite.SCHEMA_MADE).fetchall()) != expected:
        return False
    _write_schema(database)
    return True


def keeps_schema(database: Askable) -> bool:
    """Whether the steps were applied that keep the schema a second time."""
    # Asked of the steps, not of the schema: a table whose name is damaged is missed.
    rows = database.execute(
        "SELECT count(*) FROM _sqlite_migrations"
        " WHERE migration_set = 'federation.migrations'"
    )
    return bool(rows.fetchone()[0])


def _write_schema(database: Askable) -> None:
    database.execute("DELETE FROM schema_kept")
    database.execute(f"INSERT INTO schema_kept {sqlite.SCHEMA}")


def _step(script: str) -> Callable[["Database"], None]:
    def run(database: "Database", /) -> None:
        for statement in sqlite.split_script(script):
            database.execute(statement)

    return run
