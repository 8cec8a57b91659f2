"""Many rows said at once leave what one statement for each would have left."""

import pytest

from federation.store import bulk

COLUMNS = {"a": "bigint", "b": "text", "c": "bytea"}
#: Statement by statement, with rows of which some are there already.
MANY = [
    (
        (
            "INSERT INTO observation (what, subject, value, at) VALUES (?,?,?,?)"
            " ON CONFLICT (what, subject) DO UPDATE"
            " SET value = excluded.value, at = excluded.at"
        ),
        [("w", f"s{n % 7}", n, n) for n in range(9)],  # twice the same key: the later
    ),
    (
        (
            "INSERT INTO observation (what, subject, value, at) VALUES (?,?,?,?)"
            " ON CONFLICT (what, subject) DO UPDATE"
            " SET value = excluded.value WHERE excluded.at > observation.at"
        ),
        [("w", f"s{n}", n, n * (-1) ** n) for n in range(9)],
    ),
    (
        (
            "INSERT INTO observation (what, subject, value, at) VALUES (?,?,?,?)"
            " ON CONFLICT (what, subject) DO NOTHING"
        ),
        [("w", f"s{n % 7}", n, n) for n in range(9)],
    ),
    (
        "INSERT INTO observation VALUES (?,?,?,?)",
        [("new", f"s{n}", n, n) for n in range(9)],
    ),
    (
        "UPDATE observation SET value = ?, at = ? WHERE what = ? AND subject = ?",
        [(n, -n, "w", f"s{n % 3}") for n in range(6)],
    ),
    (
        "UPDATE observation SET value=? WHERE subject=?",
        [(n, f"s{n}") for n in range(6)],
    ),
    (
        "UPDATE observation SET value = ? WHERE subject = ? AND (value <> ?)",
        [(n, f"s{n}", 2) for n in range(6)],
    ),
    (
        "DELETE FROM observation WHERE what = ? AND subject = ?",
        [("w", f"s{n}") for n in range(6)],
    ),
    (
        (
            "INSERT INTO session (digest, name, opened_at, seen_at, ended)"
            " VALUES (?,?,?,?,?)"
        ),
        [(bytes([n, 0, 255]), "Ä'\\", n, n, None if n % 2 else "x") for n in range(6)],
    ),
    (  # enough of them to be copied
        (
            "INSERT INTO session (digest, name, opened_at, seen_at, ended)"
            " VALUES (?,?,?,?,?)"
        ),
        [
            (bytes([n, 0, 255]), "Ä'\\\n", n, -n, None if n % 2 else "")
            for n in range(bulk.COPIED + 3)
        ],
    ),
    (
        (
            "INSERT INTO session (digest, name, opened_at, seen_at, ended)"
            " VALUES (?,?,?,?,?) ON CONFLICT (digest) DO NOTHING"
        ),
        [(bytes([n % 40]), "x", n, n, None) for n in range(bulk.COPIED + 30)],
    ),
]


@pytest.mark.parametrize(("sql", "rows"), MANY, ids=map(str, range(len(MANY))))
def test_it_leaves_what_one_by_one_leaves(db, sql, rows):
    left = []
    for at_once in (False, True):
        with db.transaction() as tx:
            for table in ("observation", "session"):
                tx.execute(f"DELETE FROM {table}")
            for number in range(5):
                given = ("w", f"s{number}", 100, 0)
                tx.execute("INSERT INTO observation VALUES (?,?,?,?)", given)
            if at_once:
                tx.executemany(sql, rows)
            else:
                for row in rows:
                    tx.execute(sql, row)
            left.append(
                [
                    sorted(tx.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
                    for table in ("observation", "session")
                    for name in (table, f"{table}_twice")
                ]
            )
    assert left[0] == left[1]
    assert left[0][0] == left[0][1]


@pytest.mark.parametrize(
    ("sql", "said", "key", "copied"),
    [
        (
            "INSERT INTO t (a, b) VALUES (?,?)",
            "INSERT INTO t (a, b) SELECT * FROM unnest($1::bigint[], $2::text[])",
            (),
            "COPY t (a, b) FROM STDIN (FORMAT BINARY)",
        ),
        (
            "INSERT INTO t VALUES (?, ?, ?) ON CONFLICT (b, a) DO UPDATE SET c = b",
            (
                "INSERT INTO t (a, b, c) SELECT * FROM"
                " unnest($1::bigint[], $2::text[], $3::bytea[])"
                " ON CONFLICT (b, a) DO UPDATE SET c = b"
            ),
            (1, 0),
            "",
        ),
        (
            "UPDATE t SET b=?, c = ? WHERE a=?",
            (
                "UPDATE t SET b = given.c0, c = given.c1"
                " FROM unnest($1::text[], $2::bytea[], $3::bigint[])"
                " AS given (c0, c1, c2)"
                " WHERE t.a = given.c2"
            ),
            (2,),
            "",
        ),
        (
            "DELETE FROM t WHERE a=? AND b=?",
            (
                "DELETE FROM t USING unnest($1::bigint[], $2::text[]) AS given (c0, c1)"
                " WHERE t.a = given.c0 AND t.b = given.c1"
            ),
            (),
            "",
        ),
    ],
)
def test_each_form_is_said_of_arrays_and_what_only_adds_is_copied(
    sql, said, key, copied
):
    assert bulk.table_of(sql) == "t"
    found = bulk.of_many(sql, COLUMNS)
    assert found[:3] == (said, key, copied)
    assert not copied or found.types == ("bigint", "text")


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t (a, b) VALUES (?, 1)",
        "INSERT INTO t (a) VALUES (?) ON CONFLICT (a) DO UPDATE SET b = ?",
        "INSERT INTO t (a) SELECT a FROM u WHERE b = ?",
        "UPDATE t SET a = a + ? WHERE b = ?",
        "UPDATE t SET a = ? WHERE b > ?",
        "DELETE FROM t WHERE a = ? OR b = ?",
        "SELECT a FROM t WHERE b = ?",
    ],
)
def test_any_other_form_is_left_to_go_row_by_row(sql):
    assert bulk.of_many(sql, COLUMNS) is None


def test_rows_of_one_key_are_left_to_go_row_by_row():
    many = bulk.ManyRows("", (0,))
    assert many.values([(1, "a"), (1, "b")]) is None
    assert many.values([(1, "a"), (2, "a")]) == [[1, 2], ["a", "a"]]
