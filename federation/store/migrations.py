"""How the tables come to be: each module of this package owns its own.

Rule: a store module that has tables exports

    MIGRATIONS: tuple[tuple[str, str], ...] = (("0001-create", "CREATE TABLE …;"), …)

pairs of a name and a script of SQL statements, applied once each, in order; those that
are due, in one transaction: a new database waits once for its disk, not once for each.
What SQL cannot do to rows, an aggregate does that the module exports by its name, with
of how many values it is: `AGGREGATES`. PostgreSQL lacks those (`scripts.py`): a further
step needs other words.
A released migration is never edited: a change is a new pair. A statement ends with its
line.
Tables are STRICT; `scripts.py` puts them into PostgreSQL's words. Modules are named
here as text and looked up when a database is opened, so that this file stands below all
of them.

What the steps made, the schema's own text, nothing signs: it is kept a second time, in
`schema_kept`, whenever a step was applied. Not compared with what the steps would make
today: another SQLite may write the same table in other words.
"""

import importlib
from collections import defaultdict
from typing import Any, Final

from federation.store.engine import AskedEngine, EngineConnection

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
    "removals": ("removals", "hiddenphotos"),
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


def migrate(connection: EngineConnection) -> None:
    """Bring every table of every module up to date; all of them, or none."""
    if _is_current(connection):
        return
    with connection.engine.changing_tables(connection) as apply:
        for name in SETS:
            apply((f"federation.{name}", scripts_of(name), aggregates_of(name)))
        _keep_schema(connection)


def scripts_of(name: str) -> list[tuple[str, str]]:
    """The steps of a set, in order, each with its script."""
    scripts: dict[str, str] = defaultdict(str)
    for module in SETS[name]:
        owner = importlib.import_module(f"federation.store.{module}")
        for step, script in owner.MIGRATIONS:
            scripts[step] += script
    return sorted(scripts.items())


def aggregates_of(name: str) -> dict[str, tuple[int, type[Any]]]:
    """What the steps of a set call, by name: of how many values, and what makes one."""
    aggregates: dict[str, tuple[int, type[Any]]] = {}
    for module in SETS[name]:
        owner = importlib.import_module(f"federation.store.{module}")
        aggregates |= getattr(owner, "AGGREGATES", {})
    return aggregates


def _is_current(database: AskedEngine) -> bool:
    """Whether nothing is due. The library would look at each set for itself."""
    if not {database.engine.steps, "schema_kept"} <= _tables(database):
        return False
    return not compare_steps(database)[0] and _is_schema_kept(database)


def compare_steps(database: AskedEngine) -> tuple[list[str], list[str]]:
    """The steps of this program that were not applied, and applied ones of others.

    The second are those of a newer version. Both as "set name".
    """
    applied: set[tuple[str, str]] = set()
    table = database.engine.steps
    if table in _tables(database):
        rows = database.execute(f"SELECT migration_set, name FROM {table}")  # noqa: S608  a constant
        applied = {(str(of), str(step)) for of, step in rows}
    steps = {
        (f"federation.{name}", step) for name in SETS for step, _ in scripts_of(name)
    }
    due, unknown = steps - applied, applied - steps
    return sorted(map(" ".join, due)), sorted(map(" ".join, unknown))


def _tables(database: AskedEngine) -> set[str]:
    return {name for (name,) in database.execute(database.engine.tables)}


def count_steps(database: AskedEngine) -> int:
    """How many steps have made it, of any version; 0: it has no tables of ours."""
    table = database.engine.steps
    if table not in _tables(database):
        return 0
    rows = database.execute(f"SELECT count(*) FROM {table}")  # noqa: S608  a constant
    return int(rows.fetchone()[0])


def _keep_schema(database: AskedEngine) -> None:
    """Write the schema down where a step was applied since it was."""
    if not _is_schema_kept(database):
        _write_schema(database)


def _is_schema_kept(database: AskedEngine) -> bool:
    # Counted, not remembered: an older release could end between the two.
    (is_kept,) = database.execute(
        f"SELECT (SELECT count(*) FROM {database.engine.steps})"  # noqa: S608  a constant
        " = (SELECT count(*) FROM schema_kept WHERE kind = 'step')"
    ).fetchone()
    return bool(is_kept)


def changed_schema(database: AskedEngine) -> list[str]:
    """The names of what is not in the schema as the steps left it."""
    if not keeps_schema(database):
        return []
    kept = "SELECT kind, name, body FROM schema_kept"
    engine = database.engine
    now = f"SELECT * FROM ({engine.schema}) AS made"  # noqa: S608  a constant
    rows = database.execute(
        f"SELECT DISTINCT {engine.as_bytes('name')} FROM ("  # noqa: S608  constants
        f"SELECT * FROM ({now} EXCEPT {kept}) AS new"
        f" UNION ALL SELECT * FROM ({kept} EXCEPT {now}) AS old) AS differing"
    )
    return [bytes(name).decode("utf-8", "replace") for (name,) in rows]


def keep_whole_schema(database: AskedEngine) -> bool:
    """Write the schema down again if it is the one that the steps make; whether it is.

    Then what was kept of it is what was damaged. Where it is not, nobody knows which of
    the two is right: another SQLite may have made it.
    """
    asked = database.engine.schema_made
    with database.engine.scratch(database) as made:
        migrate(made)
        expected = set(made.execute(asked).fetchall())
    if set(database.execute(asked).fetchall()) != expected:
        return False
    _write_schema(database)
    return True


def keeps_schema(database: AskedEngine) -> bool:
    """Whether the steps were applied that keep the schema a second time."""
    # Asked of the steps, not of the schema: a table whose name is damaged is missed.
    rows = database.execute(
        f"SELECT count(*) FROM {database.engine.steps}"  # noqa: S608  a constant
        " WHERE migration_set = 'federation.migrations'"
    )
    return bool(rows.fetchone()[0])


def _write_schema(database: AskedEngine) -> None:
    database.execute("DELETE FROM schema_kept")
    database.execute(f"INSERT INTO schema_kept {database.engine.schema}")
