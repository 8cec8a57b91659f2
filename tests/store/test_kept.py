"""What is kept of a database is what would be read again, whoever has written."""

import pytest

from federation.flows.query import tps
from federation.store import kept
from federation.store.db import Database
from tests import sample_map as sample

#: As `tps.tps` reads it beside the rows of the station themselves.
AGAIN = "PRAGMA data_version", "merged", "superseded"
PROFILES = {sample.ELECTION: sample.profile()}


def read_station(db, code=sample.AGREED):
    with db.view() as view:
        return tps.tps(view, PROFILES, sample.ELECTION, code)


def write(db, *statements):
    with db.transaction() as tx:
        for statement in statements:
            tx.execute(statement)


class Statements:
    """What one connection of a database is asked."""

    def __init__(self, db):
        self.asked = []
        with db.view() as view:
            view._connection.set_trace_callback(self.asked.append)

    def of(self, read):
        self.asked.clear()
        read()
        return [said for said in self.asked if said not in {"BEGIN", "ROLLBACK"}]


@pytest.mark.of_file
def test_a_station_of_a_village_costs_three_statements_more(sample_db):
    """What is alike for all stations is asked once until somebody writes."""
    statements = Statements(sample_db)
    first = statements.of(lambda: read_station(sample_db))
    again = statements.of(lambda: read_station(sample_db))
    assert len(first) > 2 * len(AGAIN)
    assert len(again) == len(AGAIN)
    assert all(name in said for name, said in zip(AGAIN, again, strict=True))
    write(sample_db, "UPDATE register SET source=source||'!'")
    assert statements.of(lambda: read_station(sample_db)) == first


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE merge_election SET seq=seq+1",
        "DELETE FROM cosignature",
        "UPDATE register_region SET name=name||'!' WHERE name<>''",
        "DELETE FROM register_village",
        "UPDATE log SET origin=origin||'x'",
    ],
)
def test_what_was_written_is_in_the_next_answer(sample_db, change):
    """By one that keeps what it reads, and one that was opened only now."""
    before = [read_station(sample_db, code) for code in sample.REGISTER]
    for statements in ([change], []):
        write(sample_db, *statements)
        now = []
        for code in sample.REGISTER:
            try:
                now.append(read_station(sample_db, code))
            except Exception as error:  # noqa: BLE001  compared with the other's
                now.append(repr(error))
        with sample_db.view_of_writer() as view:  # keeps nothing
            for code, told in zip(sample.REGISTER, now, strict=True):
                try:
                    anew = tps.tps(view, PROFILES, sample.ELECTION, code)
                except Exception as error:  # noqa: BLE001  as above
                    anew = repr(error)
                assert told == anew
    assert now != before


@pytest.mark.of_file
def test_another_process_is_seen_in_the_next_snapshot(sample_db):
    beside = Database.open(sample_db.folder, readonly=True, is_followed=True)
    try:
        with beside.view() as view:
            before = tps.tps(view, PROFILES, sample.ELECTION, sample.AGREED)
            write(sample_db, "UPDATE merge_election SET seq=seq+1")
            # A snapshot has what it has, however often it is asked.
            same = tps.tps(view, PROFILES, sample.ELECTION, sample.AGREED)
        assert same == before
        assert read_station(beside) == read_station(sample_db) != before
    finally:
        beside.close()


def test_questions_without_end_fill_no_memory(sample_db, monkeypatch):
    monkeypatch.setattr(kept, "MAX_KEPT", 5)
    with sample_db.view() as view:
        for number in range(30):
            assert view.keep(lambda _, asked: asked, number) == number
        assert len(view._kept._values) <= 5
