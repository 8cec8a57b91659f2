"""Rows that nothing signed proves stand twice, and a difference is told."""

import sqlite3

import pytest

from federation.store import alarms, form, pulls, strays, tokens, twice
from federation.store.db import Database
from federation.store.enginechoice import FILE_NAME
from federation.text import Text
from tests.engines import of_sqlite


def writings(db, table):
    with db.view() as view:
        columns = ", ".join(twice._columns(view, table))
        return [
            view.execute(f"SELECT {columns} FROM {name}").fetchall()
            for name in (table, table + twice.ENDING)
        ]


def differing(db):
    with db.view() as view:
        return list(twice.find_differing(view))


def behind(db, statement, *values):
    """Change something as no program of ours does: without the triggers."""
    with db.transaction() as tx:
        tx.execute(statement, values)


def test_however_a_row_is_written_it_stands_twice(db):
    with db.transaction() as tx:
        alarms.raise_alarm(tx, "fork", "a.example", "detail", 1)
        alarms.raise_alarm(tx, "fork", "a.example", "again", 2)  # an upsert
        state = pulls.PeerTurn(org="a.example", failures=1, next_due=0.1)
        for second in range(3):  # INSERT OR REPLACE, and DELETE of the oldest
            turn = pulls.Turn(org="a.example", at=second, seconds=0.7, outcome="ok")
            pulls.save_turn(tx, state, turn)
        tokens.save_token(tx, "desk", "s" * 32, ("intake",), 1)
        tokens.save_token(tx, "other", "t" * 32, ("intake",), 1)
        tokens.remove_token(tx, "other")
    for table, rows in (("alarm", 1), ("peer_turn", 1), ("pull", 3), ("token", 1)):
        first, second = writings(db, table)
        assert first == second
        assert len(first) == rows
    assert differing(db) == []


def test_a_row_that_is_not_as_it_was_written_is_named(db):
    with db.transaction() as tx:
        alarms.raise_alarm(tx, "fork", "a.example", "detail", 1)
        alarms.raise_alarm(tx, "fork", "b.example", "detail", 1)
        alarms.raise_alarm(tx, "fork", "c.example", "detail", 1)
    behind(db, "UPDATE alarm_twice SET detail = 'other' WHERE subject = 'a.example'")
    behind(db, "DELETE FROM alarm_twice WHERE subject = 'b.example'")
    found = {one.key for one in differing(db)}
    assert found == {"fork, a.example", "fork, b.example"}
    with db.transaction() as tx:
        twice.drop_differing(tx, "alarm")
        assert [one.subject for one in alarms.list_alarms(tx)] == ["c.example"]
    assert differing(db) == []


def test_a_row_that_is_spared_keeps_both_of_its_writings(db):
    with db.transaction() as tx:
        for code in ("fork", "stalled"):
            alarms.raise_alarm(tx, code, "a.example", "first", 1)
    behind(db, "UPDATE alarm_twice SET detail = 'second'")
    with db.transaction() as tx:
        twice.drop_differing(tx, "alarm", but="stalled")
    first, second = writings(db, "alarm")
    assert [row[:3] for row in first] == [("stalled", "a.example", "first")]
    assert [row[:3] for row in second] == [("stalled", "a.example", "second")]


@pytest.mark.parametrize("second", [False, True])
def test_either_writing_can_be_made_to_stand(db, second):
    with db.transaction() as tx:
        alarms.raise_alarm(tx, "fork", "a.example", "first", 1)
    behind(db, "UPDATE alarm_twice SET detail = 'second'")
    with db.transaction() as tx:
        twice.take_one(tx, "alarm", second=second)
        [alarm] = alarms.list_alarms(tx)
    assert alarm.detail == ("second" if second else "first")
    assert differing(db) == []


@of_sqlite
def test_both_writings_have_the_same_columns_and_a_sentence(db):
    with db.view() as view:
        tables = twice.list_tables(view)
        for table in tables:
            both = [
                {row[1]: row[2] for row in view.execute(pragma)}
                for pragma in (
                    f"PRAGMA table_info({table})",
                    f"PRAGMA table_info({table}{twice.ENDING})",
                )
            ]
            assert both[0] == both[1], table
    assert {"token", "alarm", "log", "about", "peer_seen"} <= set(tables)
    for table in tables:
        for language in ("en", "id"):
            assert Text(language)(f"doctor.found-row-{table.replace('_', '-')}")


def test_an_older_database_is_written_twice_once_it_is_opened(tmp_path, monkeypatch):
    with monkeypatch.context() as older:
        steps = tuple(s for s in alarms.MIGRATIONS if not s[0].endswith("twice"))
        older.setattr(alarms, "MIGRATIONS", steps)
        first = Database.open(tmp_path)
        with first.transaction() as tx:
            alarms.raise_alarm(tx, "fork", "a.example", "detail", 1)
        with first.view() as view:
            assert "alarm" not in twice.list_tables(view)
        first.close()
    again = Database.open(tmp_path)
    assert writings(again, "alarm")[1] == [("fork", "a.example", "detail", 1, 1, 1)]
    with again.view() as view:
        assert form.check_form(view, deep=True) == []
    again.close()


@pytest.mark.parametrize(
    "statement",
    [
        "PRAGMA user_version = 4",
        "PRAGMA application_id = 4",
        "CREATE TABLE more (a)",
        "DROP TRIGGER alarm_twice_new",
        "UPDATE _sqlite_migrations SET applied_at = '' WHERE id = 3",
    ],
)
def test_another_header_or_schema_is_found(tmp_path, statement):
    Database.open(tmp_path).close()
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute(statement)
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    db = Database.open(tmp_path, readonly=True)
    with db.view() as view:
        assert form.check_form(view, deep=False)
    db.close()


def test_a_table_out_of_order_is_not_looked_through_for_ever(db, monkeypatch):
    monkeypatch.setattr(strays, "_next", lambda *_: 5)
    with db.view() as view:
        assert {number for _, number in strays.find_strays(view)} == {5}
