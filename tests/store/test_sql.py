"""The SQL of the store is plain: PostgreSQL takes it, too, but for its placeholders.

What is not plain stands in `federation/store/sqlite.py`, each with its reason, and in
the steps that make the tables.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlite_utils.utils

import federation.store
from federation.store import driver

STORE = Path(federation.store.__file__).parent
FEDERATION = STORE.parent
#: Where an engine may show: SQLite in its own file, and the scripts of `MIGRATIONS`,
OF_SQLITE = "sqlite.py"
#: PostgreSQL in its own, and where ours is put into its words.
OF_POSTGRES = {
    "postgres.py",
    "postgrescatalog.py",
    "postgresconnection.py",
    "postgressettings.py",
    "postgreswatch.py",
    "postgreswriter.py",
    "scripts.py",
    "bulk.py",
}
#: What it writes is a file for other programs, which is SQLite on any engine of ours.
FOR_OTHERS = "datasetfile.py"
SCRIPTS = {"MIGRATIONS", "write_twice"}

WORDS = set(
    re.findall(
        r"\w+",
        """
        SELECT DISTINCT FROM JOIN LEFT ON AS WHERE AND OR NOT NULL IS IN EXISTS
        BETWEEN LIKE ESCAPE ORDER GROUP BY DESC LIMIT UNION ALL EXCEPT INTERSECT
        WITH VALUES INSERT INTO CONFLICT DO NOTHING UPDATE SET DELETE RETURNING CASE
        WHEN THEN ELSE END CREATE TEMP TABLE DROP BEGIN COMMIT ROLLBACK TO SAVEPOINT
        RELEASE
        """,
    )
)
FUNCTIONS = {"coalesce", "count", "length", "max", "min", "sum"}
#: By these a string is known to be SQL, or a part of some.
STARTS = re.compile(
    r"\b(SELECT|INSERT|REPLACE|UPDATE|DELETE|VALUES|WHERE|ORDER BY|AND|UNION|CREATE"
    r"|DROP|ALTER|PRAGMA|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|REINDEX|VACUUM"
    r"|ANALYZE|ATTACH|CAST)\b"
)
ONLY_SQLITE = {
    "INSERT OR": r"INSERT OR\b",
    "INSERT … SELECT … ON CONFLICT": r"INSERT\b(?=.*SELECT)(?!.*WHERE).*ON CONFLICT",
    "DO UPDATE of no named key": r"ON CONFLICT DO UPDATE",
    "IS as an equals sign": r"\bIS (NOT )?(?!NOT\b|NULL\b|DISTINCT\b)",
    "a numbered placeholder": r"\?\d",
    "a BLOB in words": r"\b[xX]'",
    "a name in quotes of its own": r"[`\[]",
    "a table or column of its own": r"\b(sqlite_|pragma_|rowid\b|oid\b)",
    "min or max of a row": r"\b(min|max)\(((?!SELECT)[^()]|\([^()]*\))*,",
    "a comparison added up": r"\bsum\(((?!CASE)[^()])*[=<>]",
    "a number as a condition": r"&\s*(\?|\w+\b)(?!\s*\))",
}


def texts(tree: ast.AST) -> Iterator[str]:
    """Every string of a module but its docstrings and scripts; `{}` is `x`."""
    for node in ast.iter_child_nodes(tree):
        if (
            isinstance(node, ast.AnnAssign)
            and getattr(node.target, "id", "") in SCRIPTS
        ):
            continue
        if isinstance(node, ast.FunctionDef) and node.name in SCRIPTS:
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.JoinedStr):
            parts = (getattr(part, "value", "x") for part in node.values)
            yield "".join(part if isinstance(part, str) else "x" for part in parts)
            yield from texts_of_fields(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        else:
            yield from texts(node)


def texts_of_fields(node: ast.JoinedStr) -> Iterator[str]:
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            yield from texts(part)


def not_plain(sql: str) -> list[str]:
    """What of a statement, or a part of one, only SQLite takes."""
    bare = re.sub(r"'[^']*'", "''", sql)
    words = set(re.findall(r"\b[A-Z]{2,}\b", bare)) - WORDS
    called = set(re.findall(r"\b(\w+)\(", bare)) - FUNCTIONS - words
    kinds = [name for name, form in ONLY_SQLITE.items() if re.search(form, sql)]
    return [*sorted(words), *sorted(called), *kinds]


def statements() -> dict[str, list[str]]:
    """The SQL of each module of the store."""
    return {
        path.name: [
            text for text in texts(ast.parse(path.read_text())) if STARTS.search(text)
        ]
        for path in sorted(STORE.glob("*.py"))
        if path.name not in {OF_SQLITE, FOR_OTHERS, *OF_POSTGRES}
    }


@pytest.mark.parametrize(("name", "found"), statements().items())
def test_the_sql_of_a_module_is_plain(name, found):
    assert {sql: not_plain(sql) for sql in found if not_plain(sql)} == {}


def test_the_walk_finds_the_statements():
    found = statements()
    assert sum(map(len, found.values())) > 150
    assert any("INSERT INTO claim" in sql for sql in found["claims.py"])
    assert any("DELETE FROM x" in sql for sql in found["maprows.py"])
    assert not any("WITHOUT ROWID" in sql for some in found.values() for sql in some)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT OR REPLACE INTO claim VALUES (?,?,?)",
        "REPLACE INTO claim VALUES (?,?,?)",
        "INSERT INTO a SELECT b FROM c ON CONFLICT DO NOTHING",
        "INSERT INTO a VALUES (?) ON CONFLICT DO UPDATE SET b = 1",
        "SELECT a FROM b WHERE c IS ?",
        "SELECT a FROM b WHERE c IS NOT ?",
        "SELECT a FROM b WHERE c = ?1",
        "SELECT coalesce(a, x'') FROM b",
        "SELECT [a] FROM b",
        "SELECT a FROM b ORDER BY rowid",
        "SELECT name FROM sqlite_schema WHERE type = 'table'",
        "SELECT name FROM pragma_table_info(?)",
        "UPDATE a SET b = max(b, ?) WHERE c = ?",
        "UPDATE a SET b = max(coalesce(b, 0), ?) WHERE c = ?",
        "SELECT a FROM b WHERE c & ?",
        " AND flags & ?",
        "SELECT iif(a, 1, 2) FROM b",
        "SELECT a FROM b WHERE c IN (SELECT value FROM json_each(?))",
        "SELECT CAST(a AS BLOB) FROM b",
        "SELECT lower(hex(randomblob(8)))",
        "SELECT a FROM b WHERE c GLOB ?",
        "PRAGMA quick_check",
        "BEGIN IMMEDIATE",
        "VACUUM",
        "CREATE TABLE a (b TEXT) STRICT",
    ],
)
def test_what_only_sqlite_takes_is_found(sql):
    assert STARTS.search(sql)
    assert not_plain(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO a (b) VALUES (?) ON CONFLICT (b) DO UPDATE SET c = excluded.c",
        "INSERT INTO a (b) VALUES (?) ON CONFLICT DO NOTHING",
        "SELECT max(a), min(coalesce(b, 0)) FROM c WHERE (d & ?) <> 0",
        "SELECT a FROM b WHERE c IS NOT NULL AND d = 'INSERT OR IGNORE'",
    ],
)
def test_what_both_take_is_let_through(sql):
    assert not_plain(sql.replace("'INSERT OR IGNORE'", "''")) == []


def test_sql_goes_through_the_view_or_the_transaction():
    outside = {
        str(path.relative_to(FEDERATION)): node.lineno
        for path in FEDERATION.rglob("*.py")
        if path.name not in {"db.py", "view.py", OF_SQLITE, *OF_POSTGRES}
        if path.parent.name != "feeds"  # theirs are those of HTTP
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr in {"connection", "_connection"}
    }
    assert outside == {}


def test_the_driver_is_known_to_two_files_and_the_one_that_chooses_it():
    """One opens the file, the other knows the numbers of its errors."""
    assert driver.sqlite3 is sqlite_utils.utils.sqlite3
    known = {
        path.name
        for path in FEDERATION.rglob("*.py")
        if re.search(r"import sqlite3\b", path.read_text())
    } - {"driver.py"}
    assert known == {OF_SQLITE, "refusal.py"}


def test_the_driver_of_the_server_is_known_to_five_files():
    known = {
        path.name
        for path in FEDERATION.rglob("*.py")
        if re.search(r"(?m)^\s*(import|from) psycopg\b", path.read_text())
    }
    files = ("address", "connection", "refusal", "watch", "writer")
    assert known == {f"postgres{name}.py" for name in files}
