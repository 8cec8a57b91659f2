"""How the tables come to be: each module of this package owns its own.

Rule: a store module that has tables exports

    MIGRATIONS: tuple[tuple[str, str], ...] = (("0001-create", "CREATE TABLE …;"), …)

pairs of a name and a script of SQL statements, applied once each, in order, in one
transaction each. A released migration is never edited: a change is a new pair.
A statement ends with its line.
Tables are STRICT. Modules are named here as text and looked up when a database is
opened, so that this file stands below all of them.

What the steps made, the schema's own text, nothing signs: it is kept a second time, in
`schema_kept`, whenever a step was applied. Not compared with what the steps would make
today: another SQLite may write the same table in other words.
"""

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlite_utils import Database, Migrations

if TYPE_CHECKING:
    from sqlite3 import Connection, complete_statement
else:
    from sqlite_utils.utils import sqlite3  # pysqlite3 where it is installed

    complete_statement = sqlite3.complete_statement

# By the name under which a database remembers which of its steps were applied: that
# stays when a module gets another name.
MODULES = {
    "leaves": "leaves",
    "chains": "chains",
    "logs": "logs",
    "taken": "taken",
    "statements": "statements",
    "places": "recordindex",
    "claims": "claims",
    "rollup": "rollup",
    "registers": "registers",
    "pulls": "pulls",
    "alarms": "alarms",
    "tokens": "tokens",
    "migrations": "migrations",
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

# A step that was applied, and an object of the schema; an index that SQLite made by
# itself has no words. On which page a table begins SQLite checks itself, and VACUUM
# changes; what has none must not have got one.
_SCHEMA = (
    "SELECT 'step' AS kind, migration_set || ' ' || name AS name, applied_at AS body"
    " FROM _sqlite_migrations UNION ALL"
    " SELECT type, tbl_name || ' ' || name, coalesce(sql, '')"
    " || iif(type IN ('trigger', 'view'), rootpage, '') FROM sqlite_schema"
)


def migrate(database: Database) -> None:
    """Bring every table of every module up to date."""
    for name, module in MODULES.items():
        scripts: tuple[tuple[str, str], ...] = importlib.import_module(
            f"federation.store.{module}"
        ).MIGRATIONS
        steps = Migrations(f"federation.{name}")
        for step, script in scripts:
            steps(name=step)(_statements(script))
        steps.apply(database)
    _keep_schema(database)


def _keep_schema(database: Database) -> None:
    """Write the schema down where a step was applied since it was."""
    # Counted, not remembered: a crash behind the last step leaves it to the next start.
    (is_current,) = database.execute(
        "SELECT (SELECT count(*) FROM _sqlite_migrations)"
        " = (SELECT count(*) FROM schema_kept WHERE kind = 'step')"
    ).fetchone()
    if not is_current:
        with database.atomic():
            database.execute("DELETE FROM schema_kept")
            database.execute(f"INSERT INTO schema_kept {_SCHEMA}")


def changed_schema(connection: "Connection") -> list[str]:
    """The names of what is not in the schema as the steps left it."""
    if not keeps_schema(connection):
        return []
    kept = "SELECT kind, name, body FROM schema_kept"
    found = f"SELECT * FROM ({_SCHEMA})"  # noqa: S608  a constant
    rows = connection.execute(
        "SELECT DISTINCT CAST(name AS BLOB) FROM ("  # noqa: S608  constants
        f"SELECT * FROM ({found} EXCEPT {kept})"
        f" UNION ALL SELECT * FROM ({kept} EXCEPT {found}))"
    )
    return [bytes(name).decode("utf-8", "replace") for (name,) in rows]


def keep_whole_schema(connection: "Connection") -> bool:
    """Write the schema down again if it is the one that the steps make; whether it is.

    Then what was kept of it is what was damaged. Where it is not, nobody knows which of
    the two is right: another SQLite may have made it.
    """
    words = "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema"
    made = Database(memory=True)
    try:
        migrate(made)
        expected = set(made.execute(words).fetchall())
    finally:
        made.close()
    if set(connection.execute(words).fetchall()) != expected:
        return False
    connection.execute("DELETE FROM schema_kept")
    connection.execute(f"INSERT INTO schema_kept {_SCHEMA}")
    return True


def keeps_schema(connection: "Connection") -> bool:
    """Whether the steps were applied that keep the schema a second time."""
    # Asked of the steps, not of the schema: a table whose name is damaged is missed.
    rows = connection.execute(
        "SELECT count(*) FROM _sqlite_migrations"
        " WHERE migration_set = 'federation.migrations'"
    )
    return bool(rows.fetchone()[0])


def _statements(script: str) -> Callable[[Database], None]:
    def run(database: Database, /) -> None:
        # By lines: `executescript` looks at every prefix of the script, which takes
        # longer than all that it does.
        part = ""
        for line in script.splitlines(keepends=True):
            part += line
            if part.strip() and complete_statement(part):
                database.execute(part)
                part = ""
        if part.strip():
            database.execute(part)

    return run
