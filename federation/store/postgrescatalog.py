"""What stands in the catalogs of a PostgreSQL database, and how its tables are made.

Rule: the steps are SQLite's text in PostgreSQL's words (`scripts.py`), all that are due
in one transaction. The table of who writes (`postgreswriter.py`) is no step's: it is
there before the first of them, and nothing here speaks of it.

Source: https://www.postgresql.org/docs/15/catalogs.html
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Final

from federation.store import postgreswriter
from federation.store.engine import AskedEngine, EngineConnection, StepSet
from federation.store.scripts import translate_script

#: The steps that were applied: migration_set, name.
STEPS: Final = "applied_step"
_CREATE_STEPS: Final = f"""CREATE TABLE IF NOT EXISTS {STEPS} (
    migration_set TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    applied_at TEXT COLLATE "C" NOT NULL DEFAULT CAST(clock_timestamp() AS TEXT),
    PRIMARY KEY (migration_set, name)
)"""
#: Gives the names of all tables but that of who writes.
TABLES: Final = (
    "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = current_schema()"  # noqa: S608  a constant
    f" AND tablename <> '{postgreswriter.TABLE}'"
)
#: Gives the name and the type of each column of a table.
COLUMNS: Final = (
    "SELECT attname, format_type(atttypid, NULL) FROM pg_catalog.pg_attribute"
    " WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped"
    " ORDER BY attnum"
)
_KEY: Final = (
    "SELECT attname FROM pg_catalog.pg_index"
    " JOIN pg_catalog.pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)"
    " WHERE indrelid = to_regclass(?) AND indisprimary"
    " ORDER BY array_position(indkey, attnum)"
)
_OBJECT: Final = ("kind", "name", "body")
#: What stands in the schema: columns, indexes, constraints, triggers and what they run;
#: without the name of the schema, which may be another where it is put back.
_MADE: Final = f"""
    SELECT 'column' AS kind, relname || ' ' || attname AS name, concat_ws(' ',
            attnum, format_type(atttypid, atttypmod), attcollation::regcollation,
            attnotnull, pg_get_expr(adbin, adrelid)) AS body
        FROM pg_catalog.pg_class JOIN pg_catalog.pg_attribute ON attrelid = pg_class.oid
        LEFT JOIN pg_catalog.pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
        AND relname <> '{postgreswriter.TABLE}' AND attnum > 0 AND NOT attisdropped
    UNION ALL SELECT 'index', indexname, replace(indexdef,
            ' ' || quote_ident(schemaname) || '.', ' ')
        FROM pg_catalog.pg_indexes WHERE schemaname = current_schema()
        AND tablename <> '{postgreswriter.TABLE}'
    UNION ALL SELECT 'constraint', conrelid::regclass || ' ' || conname,
            pg_get_constraintdef(oid)
        FROM pg_catalog.pg_constraint
        WHERE connamespace = current_schema()::regnamespace
        AND conrelid IS DISTINCT FROM to_regclass('{postgreswriter.TABLE}')
    UNION ALL SELECT 'trigger', tgname, replace(pg_get_triggerdef(pg_trigger.oid),
            ' ' || quote_ident(current_schema()) || '.', ' ') || tgenabled::text
        FROM pg_catalog.pg_trigger JOIN pg_catalog.pg_class ON pg_class.oid = tgrelid
        WHERE relnamespace = current_schema()::regnamespace AND NOT tgisinternal
    UNION ALL SELECT 'function', proname, prosrc FROM pg_catalog.pg_proc
        WHERE pronamespace = current_schema()::regnamespace
"""  # noqa: S608  constants


def _by_bytes(objects: str) -> str:
    """The same, compared as text is everywhere."""
    columns = ", ".join(f'{name} COLLATE "C" AS {name}' for name in _OBJECT)
    return f"SELECT {columns} FROM ({objects}) AS found"  # noqa: S608  constants


#: Each change of the tables is a step more.
SCHEMA_NUMBER: Final = f"SELECT count(*), max(applied_at) FROM {STEPS}"  # noqa: S608  a constant
#: Gives (kind, name, body) of the schema as any database has it that the steps made.
SCHEMA_MADE: Final = _by_bytes(_MADE)
#: The same, and each step that was applied.
SCHEMA: Final = _by_bytes(
    "SELECT 'step' AS kind, migration_set || ' ' || name AS name,"  # noqa: S608  constants
    f" applied_at AS body FROM {STEPS} UNION ALL {_MADE}"
)
#: Every index of the database; within a transaction, table by table.
REINDEX: Final = (
    "DO $$DECLARE one text; BEGIN FOR one IN "
    f"{TABLES} LOOP EXECUTE 'REINDEX TABLE ' || quote_ident(one);"
    " END LOOP; END$$"
)
#: How many bytes the tables take, with their indexes.
SIZE: Final = (
    "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)"
    " FROM pg_catalog.pg_class WHERE relkind = 'r'"
    " AND relnamespace = current_schema()::regnamespace"
)


def has_steps(asked: AskedEngine) -> bool:
    """Whether steps of ours were applied there."""
    found = asked.execute("SELECT to_regclass(?)::text", (STEPS,)).fetchone()
    return found is not None and found[0] is not None


def primary_key(asked: AskedEngine, table: str) -> list[str]:
    """The columns of a table's key, in its order."""
    rows = asked.execute(_KEY, (_quoted(table),))
    return [name for (name,) in rows]


def columns(asked: AskedEngine, table: str) -> list[str]:
    """All columns of a table, in its order."""
    return [name for name, _ in asked.execute(COLUMNS, (_quoted(table),))]


@contextlib.contextmanager
def changing_tables(
    connection: EngineConnection,
) -> Iterator[Callable[[StepSet], None]]:
    """One transaction; what it gives applies the steps of a set that are due."""

    def apply(steps: StepSet) -> None:
        name, scripts, aggregates = steps
        asked = f"SELECT name FROM {STEPS} WHERE migration_set = ?"  # noqa: S608  a constant
        done = {step for (step,) in connection.execute(asked, (name,))}
        for step, script in scripts:
            if step in done:
                continue
            for statement in translate_script(script, aggregates, is_new=is_new):
                connection.execute(statement)
            connection.execute(
                f"INSERT INTO {STEPS} (migration_set, name) VALUES (?,?)",  # noqa: S608  a constant
                (name, step),
            )

    with _all_or_nothing(connection):
        connection.execute(_CREATE_STEPS)
        any_step = f"SELECT 1 FROM {STEPS} LIMIT 1"  # noqa: S608  a constant
        is_new = connection.execute(any_step).fetchone() is None
        yield apply


@contextlib.contextmanager
def scratch(connection: EngineConnection) -> Iterator[EngineConnection]:
    """An empty schema within the transaction that runs; it is undone."""
    connection.execute("SAVEPOINT scratch")
    try:
        connection.execute("CREATE SCHEMA federation_scratch")
        connection.execute("SET LOCAL search_path = federation_scratch")
        yield connection
    finally:
        connection.execute("ROLLBACK TO scratch")
        connection.execute("RELEASE scratch")


@contextlib.contextmanager
def _all_or_nothing(connection: EngineConnection) -> Iterator[None]:
    """A transaction, or a part of the one that runs."""
    begin, end, undo = "BEGIN", "COMMIT", "ROLLBACK"
    if connection.in_transaction:
        begin, end = "SAVEPOINT steps", "RELEASE steps"
        undo = "ROLLBACK TO steps"
    connection.execute(begin)
    try:
        yield
        connection.execute(end)
    except BaseException:
        if connection.in_transaction:
            connection.execute(undo)
        raise


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
