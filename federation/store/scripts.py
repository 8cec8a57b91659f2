"""Our SQL in the words of PostgreSQL: placeholders, and the scripts that make tables.

Rule: there is one text, SQLite's; what another engine says otherwise is a short list of
words here. A statement is plain but for its placeholders; a script of `MIGRATIONS` also
names types, says STRICT, and makes the triggers of `twice.write_twice`:

    INTEGER, BLOB, REAL       BIGINT, BYTEA, DOUBLE PRECISION
    TEXT                      TEXT COLLATE "C": compared by its bytes in any database
    STRICT, WITHOUT ROWID     nothing: every table is
    CREATE TRIGGER … BEGIN    a function and its trigger, of one name
    INSERT OR REPLACE         ON CONFLICT of the table's key DO UPDATE

A test makes all tables on both and compares them, column for column.

Source: https://www.postgresql.org/docs/15/sql-commands.html
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import count
from typing import Final

from federation.store.sqlite import split_script

_MARK: Final = re.compile(r"'[^']*'|\?")
#: Sixteen hex digits, 61 of their 64 bits at random and none of a clock.
RANDOM_HEX: Final = "left(encode(sha256(uuid_send(gen_random_uuid())), 'hex'), 16)"
_WORDS: Final = tuple(
    (re.compile(form), word)
    for form, word in (
        (r"\)\s*STRICT(,\s*WITHOUT ROWID)?(?=\s*;)", ")"),
        (r"\bINTEGER\b", "BIGINT"),
        (r"\bBLOB\b", "BYTEA"),
        (r"\bREAL\b", "DOUBLE PRECISION"),
        (r"\bTEXT\b", 'TEXT COLLATE "C"'),
        (r"\blower\(hex\(randomblob\(8\)\)\)", RANDOM_HEX),
        # Its function goes, and it goes with that.
        (r"\bDROP TRIGGER (\w+)", r"DROP FUNCTION \1() CASCADE"),
    )
)
_TRIGGER: Final = re.compile(
    r"CREATE TRIGGER (\w+) AFTER (INSERT|UPDATE|DELETE) ON (\w+)"
    r"\s+BEGIN\s+(.*?)\s*END;",
    re.DOTALL,
)
_REPLACE: Final = re.compile(r"INSERT OR REPLACE INTO (\w+) \(([^)]*)\) (VALUES[^;]*);")


@lru_cache(maxsize=2000)
def numbered(sql: str) -> str:
    """A statement whose placeholders are `$1`, `$2` … instead of question marks."""
    numbers = count(1)
    return _MARK.sub(lambda m: f"${next(numbers)}" if m[0] == "?" else m[0], sql)


def translate_script(
    script: str, aggregates: Iterable[str], *, is_new: bool
) -> Iterator[str]:
    """The statements of a step's script.

    Args:
        script: As SQLite has it.
        aggregates: The functions that the steps of its set call and PostgreSQL lacks.
            What calls one brings rows of an earlier version along.
        is_new: No step was ever applied to the database: there are no such rows, and
            such a statement is left out.

    Raises:
        NotImplementedError: there may be such rows, and they would be left behind.
    """
    for statement in split_script(script):
        called = [name for name in aggregates if f"{name}(" in statement]
        if called and is_new:
            continue
        if called:
            msg = f"{called[0]} brings rows along, which PostgreSQL cannot do"
            raise NotImplementedError(msg)
        trigger = _TRIGGER.search(statement)
        if trigger is not None:
            yield from _make_trigger(*trigger.groups())
            continue
        for form, word in _WORDS:
            statement = form.sub(word, statement)  # noqa: PLW2901  word after word
        yield statement


def _make_trigger(name: str, event: str, table: str, body: str) -> Iterator[str]:
    body = _REPLACE.sub(_upsert, body)
    yield (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$BEGIN {body} RETURN NULL; END$$"
    )
    yield (
        f"CREATE TRIGGER {name} AFTER {event} ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {name}()"
    )


def _upsert(replace: re.Match[str]) -> str:
    table, columns, values = replace.groups()
    names = columns.split(", ")
    changed = ", ".join(f"{name} = excluded.{name}" for name in names)
    return (
        f"INSERT INTO {table} ({columns}) {values}"
        f" ON CONFLICT ON CONSTRAINT {table}_pkey DO UPDATE SET {changed};"
    )
