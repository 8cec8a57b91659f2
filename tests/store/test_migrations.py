"""Every module's tables are made once, and a change is a new step."""

import contextlib
import importlib
import pkgutil
import sqlite3

import pytest
import sqlite_utils

import federation.store
from federation.store import alarms, migrations
from federation.store.db import Database
from federation.store.enginechoice import FILE_NAME


def applied(db):
    with db.view() as view:
        return view.execute(
            "SELECT migration_set, name FROM _sqlite_migrations ORDER BY id"
        ).fetchall()


def test_opening_again_applies_nothing(tmp_path):
    first = Database.open(tmp_path)
    before = applied(first)
    first.close()
    again = Database.open(tmp_path)
    assert applied(again) == before
    assert before
    again.close()


def test_a_new_step_keeps_the_rows(tmp_path, monkeypatch):
    first = Database.open(tmp_path)
    with first.transaction() as tx:
        alarms.raise_alarm(tx, "code", "subject", "detail", 1)
    first.close()
    step = ("0002-test", "ALTER TABLE alarm ADD COLUMN seen INTEGER;")
    monkeypatch.setattr(alarms, "MIGRATIONS", (*alarms.MIGRATIONS, step))
    again = Database.open(tmp_path)
    assert ("federation.alarms", "0002-test") in applied(again)
    with again.view() as view:
        assert len(alarms.list_alarms(view)) == 1
    again.close()


def test_a_step_that_fails_leaves_nothing_of_itself(tmp_path, monkeypatch):
    Database.open(tmp_path).close()
    step = ("0002-test", "CREATE TABLE extra (a INTEGER) STRICT;\nSELECT no_such;")
    monkeypatch.setattr(alarms, "MIGRATIONS", (*alarms.MIGRATIONS, step))
    with pytest.raises(Exception, match="no_such"):
        Database.open(tmp_path)
    monkeypatch.undo()
    again = Database.open(tmp_path)
    with again.view() as view:
        found = view.execute(
            "SELECT name FROM sqlite_schema WHERE name = 'extra'"
        ).fetchall()
    assert found == []
    again.close()


def test_a_new_database_has_all_of_its_tables_or_none(tmp_path, monkeypatch):
    step = ("0002-test", "SELECT no_such;")
    monkeypatch.setattr(alarms, "MIGRATIONS", (*alarms.MIGRATIONS, step))
    with pytest.raises(Exception, match="no_such"):
        Database.open(tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / FILE_NAME)) as made:
        assert made.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)


@pytest.mark.parametrize("name", migrations.SETS)
def test_every_table_is_strict(name):
    database = sqlite_utils.Database(memory=True)
    for called, (count, kind) in migrations.aggregates_of(name).items():
        database.conn.create_aggregate(called, count, kind)
    for _, script in migrations.scripts_of(name):
        database.executescript(script)
    assert database.table_names()
    assert all(database[table].strict for table in database.table_names())


def test_every_module_with_tables_is_listed():
    for module in pkgutil.iter_modules(federation.store.__path__):
        found = importlib.import_module(f"federation.store.{module.name}")
        listed = [name for names in migrations.SETS.values() for name in names]
        assert listed.count(module.name) == hasattr(found, "MIGRATIONS"), module.name


def test_no_further_step_calls_an_aggregate_which_postgresql_lacks():
    calling = {
        (name, step)
        for name in migrations.SETS
        for step, script in migrations.scripts_of(name)
        for called in migrations.aggregates_of(name)
        if f"{called}(" in script
    }
    assert calling == {("claims", "0005-by-bundle")}
