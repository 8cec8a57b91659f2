"""Many rows at once in PostgreSQL: COPY, or arrays of columns in one statement.

Rule: what comes of it is what one statement for each row would do. A statement for many
rows has one of three forms, and is said of all of them at once:

    INSERT INTO t (a, b) VALUES (?,?) …          … SELECT * FROM unnest(?, ?) …
    UPDATE t SET a = ?, b = ? WHERE c = ?        … FROM unnest(?, ?, ?) AS given …
    DELETE FROM t WHERE a = ? AND b = ?          … USING unnest(?, ?) AS given …

Rows that are only added, `COPIED` of them and more, are copied: the server takes them
as they come, without planning a statement, and fills its pages and its log by many.

A statement of another form, or rows of which two have the same key where the later one
would win, are left to whoever executes them one by one: `None`.

Source: https://www.postgresql.org/docs/15/functions-array.html (unnest),
https://www.postgresql.org/docs/15/sql-copy.html
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

#: The types of a table's columns by their names, in the table's order.
ColumnTypes = Mapping[str, str]

#: Fewer rows than this go one by one.
LEAST: Final = 4
#: From so many rows on they are copied, where they are only added: it takes a question
#: and an answer more than a statement that the server knows already.
COPIED: Final = 32
#: So many rows are held, and said, at once.
MOST: Final = 5_000

_INSERT: Final = re.compile(
    r"\s*INSERT INTO (?P<table>\w+)(?: \((?P<columns>[\w, ]+)\))?"
    r"\s+VALUES \((?P<marks>[?, ]+)\)(?P<rest>.*)",
    re.DOTALL,
)
_CONFLICT: Final = re.compile(r"\s*ON CONFLICT \(([\w, ]+)\)\s+DO UPDATE\b")
_UPDATE: Final = re.compile(
    r"\s*UPDATE (?P<table>\w+) SET (?P<set>.*?) WHERE (?P<where>.*)", re.DOTALL
)
_DELETE: Final = re.compile(r"\s*DELETE FROM (?P<table>\w+) WHERE (?P<where>.*)")
_EQUAL: Final = re.compile(r"(\w+) ?= ?\?")


class ManyRows(NamedTuple):
    """A statement of many rows; its values are a list for each column of them.

    Attributes:
        sql: Its placeholders are `$1`, `$2` …
        key: The columns, by their places, of which no two rows may have the same;
            none: any may.
        copied: The statement that copies them; "": they are not only added.
        types: Of the columns that it copies.
    """

    sql: str
    key: tuple[int, ...]
    copied: str = ""
    types: tuple[str, ...] = ()

    def values(self, rows: Sequence[Sequence[Any]]) -> list[list[Any]] | None:
        """What it is given for these rows; None where two of them have one key."""
        if self.key:
            keys = {tuple(row[place] for place in self.key) for row in rows}
            if len(keys) < len(rows):
                return None
        return [list(column) for column in zip(*rows, strict=True)]


@lru_cache(maxsize=500)
def table_of(sql: str) -> str | None:
    """The table of a statement that may be said of many rows."""
    for form in (_INSERT, _UPDATE, _DELETE):
        if found := form.fullmatch(sql):
            return found["table"]
    return None


def of_many(sql: str, columns: ColumnTypes) -> ManyRows | None:
    """The same statement of many rows at once; None: it has another form.

    Args:
        sql: Of one row.
        columns: Of its table.
    """
    forms: tuple[tuple[re.Pattern[str], Callable[..., ManyRows | None]], ...] = (
        (_INSERT, _insert),
        (_UPDATE, _update),
        (_DELETE, _delete),
    )
    for form, make in forms:
        if found := form.fullmatch(sql):
            return make(found, columns)
    return None


def _insert(found: re.Match[str], columns: ColumnTypes) -> ManyRows | None:
    names = _names(found["columns"]) if found["columns"] else list(columns)
    rest = found["rest"]
    if len(names) != found["marks"].count("?") or "?" in rest:
        return None
    key: tuple[int, ...] = ()
    if " DO UPDATE" in rest:
        conflict = _CONFLICT.match(rest)
        if conflict is None:
            return None
        key = tuple(names.index(name) for name in _names(conflict[1]))
    listed, arrays = ", ".join(names), _arrays(names, columns)
    copied = f"COPY {found['table']} ({listed}) FROM STDIN (FORMAT BINARY)"
    return ManyRows(
        f"INSERT INTO {found['table']} ({listed})"  # noqa: S608  a statement of the store
        f" SELECT * FROM unnest({arrays}){rest}",
        key,
        "" if rest.strip() else copied,
        tuple(columns[name] for name in names),
    )


def _update(found: re.Match[str], columns: ColumnTypes) -> ManyRows | None:
    changed, asked = _equals(found["set"], ","), _equals(found["where"], " AND ")
    if not changed or not asked:
        return None
    names = [*changed, *asked]
    given = [f"given.c{number}" for number in range(len(names))]
    said = ", ".join(
        f"{name} = {value}" for name, value in zip(changed, given, strict=False)
    )
    where = _where(found["table"], asked, given[len(changed) :])
    return ManyRows(
        f"UPDATE {found['table']} SET {said}"  # noqa: S608  a statement of the store
        f" FROM {_given(names, columns)} WHERE {where}",
        tuple(range(len(changed), len(names))),
    )


def _delete(found: re.Match[str], columns: ColumnTypes) -> ManyRows | None:
    asked = _equals(found["where"], " AND ")
    if not asked:
        return None
    given = [f"given.c{number}" for number in range(len(asked))]
    where = _where(found["table"], asked, given)
    return ManyRows(
        f"DELETE FROM {found['table']} USING {_given(asked, columns)} WHERE {where}",  # noqa: S608  a statement of the store
        (),
    )


def _equals(text: str, between: str) -> list[str]:
    """The columns of `a = ?, b = ?`; none where it says anything else."""
    parts = [_EQUAL.fullmatch(part.strip()) for part in text.split(between)]
    names = [part[1] for part in parts if part is not None]
    return names if len(names) == len(parts) else []


def _where(table: str, names: list[str], given: list[str]) -> str:
    return " AND ".join(
        f"{table}.{name} = {value}" for name, value in zip(names, given, strict=True)
    )


def _given(names: list[str], columns: ColumnTypes) -> str:
    listed = ", ".join(f"c{number}" for number in range(len(names)))
    return f"unnest({_arrays(names, columns)}) AS given ({listed})"


def _arrays(names: list[str], columns: ColumnTypes) -> str:
    return ", ".join(
        f"${number}::{columns[name]}[]" for number, name in enumerate(names, 1)
    )


def _names(listed: str) -> list[str]:
    return [name.strip() for name in listed.split(",")]
