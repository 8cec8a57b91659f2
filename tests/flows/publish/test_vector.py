"""The status vector: readable by everybody, whatever is held here."""

import pytest

from federation.feeds.resource import LOGS
from federation.feeds.status import parse_status
from federation.flows.publish import readable
from federation.flows.publish.readable import read_vector
from federation.records.readers import NOBODY
from federation.store import logs
from federation.store.db import Database

OTHERS = ["b.example", "c.example"]


@pytest.fixture
def db(tmp_path):
    db = Database.open(tmp_path)
    with db.transaction() as tx:
        for org in OTHERS:
            for generation in ("", "/2", "/3"):
                _add(tx, f"{org}/pemilu-2024{generation}", own=False)
        _add(tx, "z.example/pemilu-2024", own=True)
    yield db
    db.close()


def _add(tx, origin, *, own):
    log = logs.add_log(tx, origin, own=own)
    tx.execute("UPDATE log SET checkpoint = ? WHERE id = ?", (b"a note\n" * 20, log.id))


def origins(vector):
    return [entry.origin for entry in parse_status(vector.body).logs]


@pytest.mark.parametrize("bound", ["MAX_LOGS", "LOGS"])
def test_a_vector_stays_readable_however_many_logs_are_held(db, monkeypatch, bound):
    with db.view() as view:
        whole = read_vector(view, NOBODY)
        assert (len(origins(whole)), whole.whole) == (7, ())
        short = LOGS._replace(max_bytes=len(whole.body) * 4 // 7)
        fits = 4 if bound == "MAX_LOGS" else short
        monkeypatch.setattr(readable, bound, fits)
        found = read_vector(view, NOBODY)
    assert len(found.body) <= len(whole.body)
    # Our own, then the first generation of everybody's, then the later ones.
    shown = origins(found)
    assert {"z.example/pemilu-2024", *(f"{org}/pemilu-2024" for org in OTHERS)} <= {
        *shown
    }
    assert "c.example/pemilu-2024/3" in found.whole
    assert len(shown) + len(found.whole) == 7
    if bound == "LOGS":
        assert len(found.body) <= short.max_bytes


def test_a_damaged_log_is_left_out_of_the_vector_and_named(db):
    with db.transaction() as tx:
        tx.execute(
            "UPDATE log SET checkpoint = ? WHERE origin = 'b.example/pemilu-2024'",
            (b"\xff\0",),
        )
    with db.view() as view:
        found = read_vector(view, NOBODY)
        assert logs.damaged_logs(view) == []
    assert found.damaged == ("b.example/pemilu-2024",)
    assert "b.example/pemilu-2024" not in origins(found)
    assert len(origins(found)) == 6


@pytest.mark.of_file  # a server keeps no text that is none
def test_a_log_whose_row_cannot_be_read_is_left_out_of_the_vector(db):
    with db.transaction() as tx:
        tx.execute(
            "UPDATE log SET stalled = CAST(? AS TEXT)"
            " WHERE origin = 'c.example/pemilu-2024'",
            (b"\xff",),
        )
    with db.view() as view:
        found = read_vector(view, NOBODY)
        assert len(logs.damaged_logs(view)) == 1
    assert found.damaged == ()
    assert "c.example/pemilu-2024" not in origins(found)
    assert len(origins(found)) == 6
