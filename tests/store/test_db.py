"""One writer, many readers, and what of it survives."""

import asyncio
import errno
import threading

import pytest

from federation.errors import ConflictError, NotFoundError, VerificationError
from federation.store import alarms
from federation.store.db import Database
from federation.store.engine import CHUNK
from federation.store.enginechoice import FILE_NAME
from federation.store.nearness import FAR_S, NEAR_S
from federation.store.sqlite import journal_mode
from tests.engines import of_sqlite


def raise_one(tx, code="code"):
    alarms.raise_alarm(tx, code, "subject", "detail", 1)


def test_a_block_that_raises_leaves_nothing(db):
    def work():
        with db.transaction() as tx:
            raise_one(tx)
            raise ConflictError("no")

    with pytest.raises(ConflictError):
        work()
    with db.view() as view:
        assert alarms.list_alarms(view) == []


def test_what_a_transaction_kept_is_there_when_opened_again(tmp_path):
    first = Database.open(tmp_path)
    with first.transaction() as tx:
        raise_one(tx)
    first.close()
    again = Database.open(tmp_path)
    with again.view() as view:
        assert len(alarms.list_alarms(view)) == 1
    again.close()


def test_a_view_is_a_snapshot_and_cannot_write(db):
    with db.view() as view:
        assert alarms.list_alarms(view) == []
        with db.transaction() as tx:
            raise_one(tx)
        assert alarms.list_alarms(view) == []
        with pytest.raises(Exception, match=r"read-?only"):
            raise_one(view)
    with db.view() as view:
        assert len(alarms.list_alarms(view)) == 1


def test_a_view_inside_a_view_is_the_same_snapshot(db):
    with db.view() as outer:
        alarms.list_alarms(outer)
        with db.transaction() as tx:
            raise_one(tx)
        with db.view() as inner:
            assert alarms.list_alarms(inner) == []


def test_readonly_needs_a_database_and_writes_none(tmp_path):
    with pytest.raises(NotFoundError):
        Database.open(tmp_path / "nothing", readonly=True)
    assert not (tmp_path / "nothing").exists()


@of_sqlite
def test_readonly_reads_beside_a_writer(db, tmp_path):
    with db.transaction() as tx:
        raise_one(tx)
    reader = Database.open(tmp_path / "data", readonly=True)
    with reader.view() as view:
        assert len(alarms.list_alarms(view)) == 1
    reader.close()


async def test_reads_and_writes_have_threads_of_their_own(db):
    def name(*_):
        return threading.current_thread().name

    assert (await db.read(name)).startswith("store-reader")
    assert {await db.write(name), await db.run(name)} == {"store-writer_0"}


@of_sqlite
async def test_few_rows_are_read_here_but_while_the_disk_is_slow(db, monkeypatch):
    here = threading.current_thread().name
    now, disk = [100.0], [0]
    monkeypatch.setattr(db._nearness, "_clock", lambda: now[0])
    monkeypatch.setattr("federation.store.nearness._disk_reads", lambda: disk[0])

    def name(_, took=0.0, reads=0):
        now[0] += took
        disk[0] += reads
        return threading.current_thread().name

    assert await db.read_near(name) == here
    # A busy machine is no slow disk, and a quick one is none.
    assert await db.read_near(name, 10 * NEAR_S) == here
    assert await db.read_near(name, 0.1 * NEAR_S, 9) == here
    assert await db.read_near(name, 2 * NEAR_S, 1) == here
    assert (await db.read_near(name)).startswith("store-reader")
    now[0] += FAR_S
    assert await db.read_near(name) == here


async def test_where_readers_wait_for_the_writer_no_rows_are_read_here(db, monkeypatch):
    monkeypatch.setattr("federation.store.sqlite.never_waits", lambda _: False)
    name = await db.read_near(lambda _: threading.current_thread().name)
    assert name.startswith("store-reader")


async def test_writes_never_overlap(db):
    inside = 0

    def work(tx):
        nonlocal inside
        inside += 1
        assert inside == 1
        raise_one(tx, f"code-{threading.get_ident()}")
        inside -= 1

    await asyncio.gather(*(db.write(work) for _ in range(20)))
    rows = await db.read(alarms.list_alarms)
    assert [row.times for row in rows] == [20]


@of_sqlite
def test_a_disk_that_is_full_is_an_os_error_and_undoes_the_block(db):
    with db.transaction() as tx:
        pages = tx.execute("PRAGMA page_count").fetchone()[0]
    db._writer.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(OSError) as raised, db.transaction() as tx:  # noqa: PT011, PT012  the number tells
        for number in range(1000):
            alarms.raise_alarm(tx, f"code-{number}", "s", "d" * 1000, 1)
    assert raised.value.errno == errno.ENOSPC
    db._writer.execute("PRAGMA max_page_count=1000000")
    with db.transaction() as tx:
        raise_one(tx)
    with db.view() as view:
        assert len(alarms.list_alarms(view)) == 1


def test_a_damaged_file_is_named_as_such(tmp_path):
    (tmp_path / FILE_NAME).write_bytes(b"this is no database" * 1000)
    with pytest.raises(VerificationError, match="damaged"):
        Database.open(tmp_path)


@of_sqlite
def test_a_second_writer_is_told_so(db, tmp_path):
    other = Database.open(tmp_path / "data")
    other._writer.execute("PRAGMA busy_timeout=10")
    with db.transaction(), pytest.raises(ConflictError), other.transaction():
        pass
    other.close()


@of_sqlite
def test_a_quick_transaction_goes_back_to_waiting_for_the_disk(db):
    with db.transaction(durable=False) as tx:
        assert tx.execute("PRAGMA synchronous").fetchone() == (1,)
    with db.transaction() as tx:
        assert tx.execute("PRAGMA synchronous").fetchone() == (2,)


@pytest.mark.parametrize("version", ["3.7.0", "3.40.1", "3.51.2"])
def test_a_library_with_the_wal_reset_bug_gets_the_rollback_journal(version):
    with pytest.warns(RuntimeWarning, match=version):
        assert journal_mode(version) == "DELETE"


@pytest.mark.parametrize("version", ["3.51.3", "3.53.4", "4.0.0"])
def test_a_library_without_it_gets_wal(version):
    assert journal_mode(version) == "WAL"


@pytest.mark.parametrize("count", [0, 1, CHUNK, CHUNK + 1, 2 * CHUNK + 1])
def test_rows_are_selected_among_any_number_of_values(db, count):
    codes = [f"{number:04}" for number in range(count)]
    with db.transaction() as tx:
        for code in codes:
            raise_one(tx, code)
        raise_one(tx, "another")
        rows = tx.select_among(
            "SELECT code FROM alarm WHERE subject = ? AND code IN ({marks})",
            "subject",
            among=iter(codes),
        )
        assert sorted(rows) == [(code,) for code in codes]


@of_sqlite
def test_each_table_knows_the_last_commit_that_wrote_it(db):
    with db.transaction() as tx:
        raise_one(tx)
    with db.transaction() as tx:
        tx.execute("SELECT * FROM alarm").fetchall()
    first = db.last_commit(["alarm"])
    assert (first, db.last_commit(["rollup"])) == (db.commits, 0)
    statement = "INSERT INTO rollup VALUES (?,?,?,?)"
    with db.transaction() as tx:
        tx.executemany(statement, [("e", "c", "1", b"")])
    assert (db.last_commit(["alarm"]), db.last_commit(["rollup"])) == (
        first,
        db.commits,
    )
    assert db.last_commit(["alarm", "rollup"]) == db.commits
    for statement in (
        "UPDATE OR IGNORE rollup SET region = '2'",
        "  delete from ROLLUP",
        "REPLACE INTO rollup VALUES ('e', 'c', '3', x'')",
        "INSERT OR REPLACE INTO rollup VALUES ('e', 'c', '3', x'')",
    ):
        with db.transaction() as tx:
            tx.execute(statement)
        assert db.last_commit(["rollup"]) == db.commits, statement


@of_sqlite
def test_a_statement_that_says_otherwise_what_it_writes_may_have_written_all(db):
    many = "WITH one AS (SELECT 1 AS x) SELECT x FROM one"
    with db.transaction() as tx:
        tx.execute(many).fetchall()
    assert db.last_commit(["alarm"]) == 0
    with db.transaction() as tx:
        tx.execute(f"{many[: many.index('SELECT x')]} DELETE FROM alarm WHERE 1 = 0")
        tx.execute("INSERT INTO rollup VALUES ('e', 'c', '1', x'')")
    assert db.last_commit(["alarm"]) == db.commits == 1
