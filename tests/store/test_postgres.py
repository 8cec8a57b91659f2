"""PostgreSQL behind the same store functions: what only it can do wrong."""

import contextlib
import errno
import os
import threading
import time

import psycopg
import pytest

from federation.errors import ConfigError, FencedError, HeldError, VerificationError
from federation.flows.doctor import ExaminationInput, examine
from federation.store import (
    alarms,
    form,
    migrations,
    postgrescatalog,
    postgreswriter,
    pulls,
    twice,
)
from federation.store.db import Database
from federation.store.engine import WRITER_LEASE_S, SqlError
from federation.store.enginechoice import engine_at
from federation.store.postgresrefusal import translated
from federation.store.refusal import (
    DoubtfulError,
    ServerLostError,
    UnreplicatedError,
)
from federation.text.cause import cause_of
from tests.waiting import wait_until

SAME = {
    "INTEGER": "bigint",
    "TEXT": "text",
    "BLOB": "bytea",
    "REAL": "double precision",
}


@pytest.fixture
def other(postgres_session, request):
    """The address of an empty database for one test."""
    name = f"other_{abs(hash(request.node.name))}"
    yield postgres_session.create(name)
    postgres_session.ask(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def on_postgres(postgres, tmp_path):
    opened = Database.open(tmp_path / "data", postgres)
    yield opened
    opened.close()


def raise_one(tx, code="code"):
    alarms.raise_alarm(tx, code, "subject", "detail", 1)


def codes(db):
    with db.view() as view:
        return [one.code for one in alarms.list_alarms(view)]


def test_every_table_has_the_same_columns_and_the_same_key_on_both(
    on_postgres, tmp_path
):
    sqlite = Database.open(tmp_path / "file")
    with sqlite.view() as one, on_postgres.view() as other:
        tables = [n for n in one.table_names() if not n.startswith("_sqlite")]
        assert other.table_names() == sorted([*tables, "applied_step"])
        for table in tables:
            made = one.execute(f"PRAGMA table_info({table})").fetchall()
            expected = {row[1]: SAME[row[2]] for row in made}
            asked = other.execute(postgrescatalog.COLUMNS, (table,)).fetchall()
            assert dict(asked) == expected, table
            assert other.primary_key(table) == one.primary_key(table), table
    sqlite.close()


def test_text_is_in_the_order_of_its_bytes_in_a_database_of_any_language(
    postgres_session, tmp_path
):
    # A database that sorts as people do has "a" before "B".
    postgres_session.ask(
        "CREATE DATABASE worded TEMPLATE template0"
        " LOCALE_PROVIDER icu ICU_LOCALE 'id' LOCALE 'C.UTF-8'"
    )
    db = Database.open(tmp_path, postgres_session.address("worded"))
    try:
        with db.transaction() as tx:
            for code in ("a", "B", "é", "A", "~"):
                raise_one(tx, code)
        with db.view() as view:
            rows = view.execute("SELECT code FROM alarm ORDER BY code")
            assert [code for (code,) in rows] == ["A", "B", "a", "~", "é"]
    finally:
        db.close()


def test_opening_again_applies_nothing_and_finds_the_schema_as_it_was_left(
    other, tmp_path
):
    assert not engine_at(tmp_path, other).exists()
    Database.open(tmp_path, other).close()
    assert engine_at(tmp_path, other).exists()
    again = Database.open(tmp_path, other)
    with again.view() as view:
        assert migrations.compare_steps(view) == ([], [])
        assert form.check_form(view, deep=True) == []
    again.close()


def test_a_step_that_fails_leaves_nothing_of_itself(other, tmp_path, monkeypatch):
    step = ("0009-test", "CREATE TABLE extra (a INTEGER) STRICT;\nSELECT no_such;")
    monkeypatch.setattr(alarms, "MIGRATIONS", (*alarms.MIGRATIONS, step))
    with pytest.raises(VerificationError, match="no_such"):
        Database.open(tmp_path, other)
    assert not engine_at(tmp_path, other).exists()


def test_a_step_that_would_leave_rows_behind_is_refused(
    on_postgres, postgres, tmp_path, monkeypatch
):
    with on_postgres.transaction() as tx:
        raise_one(tx)
    on_postgres.close()
    packed = "INSERT INTO packed SELECT pack_alarms(at, code) FROM alarm;"
    step = ("0009-test", f"CREATE TABLE packed (body BLOB) STRICT;\n{packed}")
    with monkeypatch.context() as newer:
        newer.setattr(alarms, "MIGRATIONS", (*alarms.MIGRATIONS, step))
        newer.setattr(alarms, "AGGREGATES", {"pack_alarms": (2, object)}, raising=False)
        with pytest.raises(NotImplementedError, match="pack_alarms"):
            Database.open(tmp_path / "data", postgres)
    with contextlib.closing(Database.open(tmp_path / "data", postgres)) as again:
        assert codes(again) == ["code"]


def test_what_a_newer_version_made_is_not_opened(other, tmp_path, monkeypatch):
    with monkeypatch.context() as newer:
        step = ("0009-test", "ALTER TABLE alarm ADD COLUMN seen INTEGER;")
        newer.setattr(alarms, "MIGRATIONS", (*alarms.MIGRATIONS, step))
        Database.open(tmp_path, other).close()
    with pytest.raises(OSError, match="newer version") as caught:
        Database.open(tmp_path, other)
    assert caught.value.errno == errno.ENOTSUP


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE alarm ADD COLUMN more TEXT",
        "DROP TRIGGER alarm_twice_new ON alarm",
        """CREATE OR REPLACE FUNCTION alarm_twice_new() RETURNS trigger
        LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$""",
        "DROP INDEX merged_seq",
        "ALTER TABLE alarm DISABLE TRIGGER alarm_twice_new",
        "UPDATE applied_step SET applied_at = '' WHERE name = '0001-create'",
    ],
)
def test_another_schema_is_found(on_postgres, statement):
    def change():
        with on_postgres.transaction() as tx:
            assert form.check_form(tx, deep=False) == []
            tx.execute(statement)
            assert form.check_form(tx, deep=False)
            raise KeyError

    with pytest.raises(KeyError):
        change()


def test_a_schema_that_was_written_down_wrongly_is_written_down_again(on_postgres):
    with on_postgres.transaction() as tx:
        tx.execute("UPDATE schema_kept SET body = '' WHERE name = 'alarm code'")
        assert form.check_form(tx, deep=False)
        form.keep_schema(tx)
        assert form.check_form(tx, deep=False) == []


def test_a_row_that_is_not_as_it_was_written_is_named(on_postgres):
    with on_postgres.transaction() as tx:
        raise_one(tx)
        tx.execute("UPDATE alarm_twice SET detail = 'other'")
        assert [one.key for one in twice.find_differing(tx)] == ["code, subject"]


@pytest.fixture
def short_lease(monkeypatch):
    """Of one second, in place of several."""
    for name in ("_LOOK", "_END_STALLED"):
        said = getattr(postgreswriter, name)
        short = said.replace(f"secs => {WRITER_LEASE_S}", "secs => 1.0")
        assert short != said
        monkeypatch.setattr(postgreswriter, name, short)
    monkeypatch.setattr(postgreswriter, "RENEW_S", 1_000.0)
    monkeypatch.setattr(postgreswriter, "_AGAIN_S", 0.3)


def takes_over(folder, address):
    """A database that was opened to write, as soon as it can be."""

    def opened():
        with contextlib.suppress(HeldError):
            return Database.open(folder, address)
        return None

    return wait_until(opened, "it takes over")


def test_a_second_writer_is_told_who_writes(on_postgres, postgres, tmp_path):
    with pytest.raises(HeldError, match=f"process {os.getpid()} on ") as caught:
        Database.open(tmp_path / "second", postgres)
    assert caught.value.host == os.uname().nodename
    assert on_postgres.see_writer().is_writing
    reader = Database.open(tmp_path / "second", postgres, readonly=True)
    assert codes(reader) == []
    reader.close()


def test_one_that_ended_is_followed_at_once_and_one_of_this_folder_too(
    postgres, tmp_path
):
    first = Database.open(tmp_path / "data", postgres)
    first.close()
    assert not first_seen(postgres, tmp_path).is_writing
    second = Database.open(tmp_path / "second", postgres)
    # Whoever holds the lock of the same folder knows that this one is dead.
    again = Database.open(tmp_path / "second", postgres)
    assert again.see_writer().term == second.see_writer().term == 3
    with pytest.raises(FencedError), second.transaction() as tx:
        raise_one(tx)
    # It says nothing any more when it ends: the other goes on.
    second.close()
    with again.transaction() as tx:
        raise_one(tx, "kept")
    assert codes(again) == ["kept"]
    again.close()


def first_seen(postgres, tmp_path):
    reader = Database.open(tmp_path / "reader", postgres, readonly=True)
    with contextlib.closing(reader):
        return reader.see_writer()


def test_one_that_says_nothing_for_its_lease_is_fenced(
    short_lease, on_postgres, postgres, tmp_path
):
    with on_postgres.transaction() as tx:
        raise_one(tx, "first")
    second = takes_over(tmp_path / "second", postgres)
    with pytest.raises(FencedError, match="taken over"):  # noqa: SIM117  the block
        with on_postgres.transaction() as tx:
            raise_one(tx, "too late")
    assert on_postgres.fenced
    assert codes(second) == ["first"]
    second.close()


def test_whoever_waits_takes_nothing_over_from_one_that_has_just_committed(
    short_lease, postgres, tmp_path, monkeypatch
):
    monkeypatch.setattr(postgreswriter, "RENEW_S", 0.1)
    first = Database.open(tmp_path / "data", postgres)
    took, is_over = [], threading.Event()

    def stand_by():
        while not is_over.is_set():
            with contextlib.suppress(HeldError):
                took.append(Database.open(tmp_path / "second", postgres))
                return

    waiting = threading.Thread(target=stand_by)
    try:
        with first.transaction() as tx:
            raise_one(tx, "long")
            waiting.start()
            # Longer than a lease, and than who waits for the row; it works meanwhile.
            tx.execute("SELECT pg_sleep(2.5)").fetchall()
        time.sleep(1.0)
        assert took == []
        with first.transaction() as tx:
            raise_one(tx, "and goes on")
    finally:
        is_over.set()
        waiting.join()
        for one in (first, *took):
            one.close()


def test_one_that_writes_nothing_is_not_taken_over_from(
    short_lease, postgres, tmp_path, monkeypatch
):
    monkeypatch.setattr(postgreswriter, "RENEW_S", 0.1)
    idle = Database.open(tmp_path / "data", postgres)
    end = time.monotonic() + 2.5
    while time.monotonic() < end:
        with pytest.raises(HeldError):
            Database.open(tmp_path / "second", postgres)
    assert idle.commits == 0
    idle.close()


def test_one_that_stands_still_within_a_block_is_ended_and_keeps_nothing(
    short_lease, on_postgres, postgres, tmp_path
):
    with pytest.raises(OSError, match="does not answer"):  # noqa: PT012, SIM117
        with on_postgres.transaction() as tx:
            raise_one(tx, "too late")
            second = takes_over(tmp_path / "second", postgres)
            tx.execute("SELECT 1")
    on_postgres._writer.renewed_at = float("-inf")
    with pytest.raises(FencedError):
        on_postgres.renew()
    assert codes(second) == []
    second.close()


def test_a_block_that_lasts_longer_than_a_lease_keeps_it(
    short_lease, on_postgres, postgres, tmp_path
):
    tried = []

    def take():
        try:
            Database.open(tmp_path / "second", postgres).close()
        except HeldError as error:
            tried.append(error)

    with on_postgres.transaction() as tx:
        raise_one(tx, "of long work")
        other = threading.Thread(target=take)
        other.start()
        tx.execute("SELECT pg_sleep(2)")
    other.join()
    assert len(tried) == 1
    assert codes(on_postgres) == ["of long work"]


def end_connections(server):
    server.ask(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'federation'"
    )


def test_a_connection_that_was_lost_is_made_again_where_the_next_block_begins(
    on_postgres, postgres_session
):
    with on_postgres.transaction() as tx:
        raise_one(tx, "first")
    assert codes(on_postgres) == ["first"]
    end_connections(postgres_session)
    assert codes(on_postgres) == ["first"]


def test_who_writes_in_several_blocks_is_told_that_the_lock_was_lost_between_them(
    on_postgres, postgres_session
):
    with on_postgres.transaction() as tx:
        raise_one(tx, "first")
    end_connections(postgres_session)
    with pytest.raises(ServerLostError, match="does not answer"):  # noqa: SIM117  the block
        with on_postgres.transaction() as tx:
            raise_one(tx, "of the same work")
    with on_postgres.transaction() as tx:
        raise_one(tx, "second")
    assert codes(on_postgres) == ["first", "second"]


def test_a_loss_that_only_the_end_of_a_block_has_found_is_told_by_the_next_one(
    on_postgres, postgres_session
):
    """Else what was read on an old primary is gone on from on the promoted one."""
    with on_postgres.view_of_writer() as view:
        assert alarms.list_alarms(view) == []
        end_connections(postgres_session)
    with pytest.raises(ServerLostError, match="does not answer"):  # noqa: SIM117  the block
        with on_postgres.transaction() as tx:
            raise_one(tx, "of the same work")
    with on_postgres.transaction() as tx:
        raise_one(tx, "second")
    assert codes(on_postgres) == ["second"]


def test_a_connection_lost_within_a_block_undoes_it_and_is_told(
    on_postgres, postgres_session
):
    with (  # noqa: PT012
        pytest.raises(OSError, match="does not answer") as caught,
        on_postgres.transaction() as tx,
    ):
        raise_one(tx)
        end_connections(postgres_session)
        raise_one(tx, "second")
    assert caught.value.errno == errno.EIO
    assert "does not answer" in str(cause_of(caught.value))
    assert not isinstance(caught.value, DoubtfulError)
    assert on_postgres.refused is caught.value
    assert codes(on_postgres) == []
    with on_postgres.transaction() as tx:
        raise_one(tx, "third")
    assert on_postgres.refused is None
    assert codes(on_postgres) == ["third"]


def test_a_commit_without_an_answer_is_doubtful(on_postgres, postgres_session):
    with pytest.raises(DoubtfulError), on_postgres.transaction() as tx:  # noqa: PT012
        raise_one(tx)
        end_connections(postgres_session)


def test_a_commit_whose_standby_was_not_waited_for_is_doubtful(
    on_postgres, postgres_session
):
    waiting = (
        "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        " AND application_name = 'federation'"
    )

    def cancel():
        ((pid,),) = wait_until(lambda: postgres_session.ask(waiting))
        postgres_session.ask(f"SELECT pg_cancel_backend({pid})")

    postgres_session.ask("ALTER SYSTEM SET synchronous_standby_names = 'far'")
    postgres_session.ask("SELECT pg_reload_conf()")
    try:
        named = "SHOW synchronous_standby_names"
        wait_until(lambda: postgres_session.ask(named) == [("far",)])
        canceller = threading.Thread(target=cancel)
        canceller.start()
        with (
            pytest.raises(UnreplicatedError) as caught,
            on_postgres.transaction() as tx,
        ):
            raise_one(tx)
        canceller.join()
        assert "standby" in str(cause_of(caught.value))
    finally:
        postgres_session.ask("ALTER SYSTEM RESET synchronous_standby_names")
        postgres_session.ask("SELECT pg_reload_conf()")
        wait_until(lambda: postgres_session.ask(named) == [("",)])
    # Here it is kept, and the next one that is waited for ends the doubt.
    with on_postgres.transaction() as tx:
        raise_one(tx, "next")
    assert codes(on_postgres) == ["code", "next"]


def test_a_server_that_is_not_there_is_named(tmp_path):
    address = f"postgresql://a@/none?host={tmp_path}"
    with pytest.raises(OSError, match="does not answer") as caught:
        Database.open(tmp_path, address)
    assert caught.value.filename == f"postgresql://{tmp_path}/none"


@pytest.mark.parametrize(
    ("user", "database", "number", "told"),
    [
        ("federation", "none-there", errno.ENOENT, "no database of this name"),
        ("nobody-there", "postgres", errno.EACCES, "does not let this user"),
    ],
)
def test_a_server_that_answers_and_refuses_is_not_told_as_one_that_is_silent(
    postgres_session, tmp_path, user, database, number, told
):
    address = postgres_session.address(database).replace("federation@", f"{user}@")
    with pytest.raises(OSError, match=told) as caught:
        Database.open(tmp_path, address)
    assert caught.value.errno == number
    assert not isinstance(caught.value, ServerLostError)


def test_of_several_servers_one_that_is_away_is_told_as_away(
    postgres_session, tmp_path
):
    both = f"{tmp_path},{postgres_session.folder}"
    address = f"postgresql://federation@/none-there?host={both}"
    with pytest.raises(ServerLostError):
        Database.open(tmp_path, address)


@pytest.mark.parametrize(
    ("words", "told", "lost"),
    [
        ("fe_sendauth: no password supplied", "does not let this user", False),
        ("server is in hot standby mode", "is a standby", True),
        ("server does not support SSL, but SSL was required", "not encrypted", True),
        ("Connection refused", "does not answer", True),
    ],
)
def test_what_answers_and_cannot_be_used_says_why(words, told, lost):
    """A standby may become a primary: whoever waits for one goes on waiting."""
    said = f'connection to server at "127.0.0.1", port 1 failed: {words}'
    with pytest.raises(OSError, match=told) as caught, translated("postgresql://d/x"):
        raise psycopg.OperationalError(said)
    assert isinstance(caught.value, ServerLostError) is lost


def test_what_the_driver_says_is_told_by_its_first_line(tmp_path):
    with pytest.raises(ServerLostError) as caught:
        Database.open(tmp_path, f"postgresql://a@/none?host={tmp_path}")
    told = str(cause_of(caught.value))
    assert "No such file or directory" in told
    assert "\t" not in told


def test_a_snapshot_goes_on_behind_a_part_of_which_a_statement_failed(db):
    with db.view() as view:
        for _ in range(2):
            with (
                pytest.raises(SqlError, match="no_such_table"),
                view.apart(),
            ):
                view.execute("SELECT * FROM no_such_table").fetchall()
        with view.apart():
            assert view.execute("SELECT count(*) FROM alarm").fetchone() == (0,)
    with db.transaction() as tx:
        raise_one(tx, "before")
        with pytest.raises(SqlError), tx.apart():
            tx.executemany("INSERT INTO no_such_table VALUES (?)", [(1,), (2,)])
        with pytest.raises(SqlError), tx.apart():
            list(tx.walk("SELECT * FROM no_such_table"))
    assert codes(db) == ["before"]


def test_the_doctor_tells_of_each_thing_that_cannot_be_read(
    other, postgres_session, tmp_path
):
    with contextlib.closing(Database.open(tmp_path / "data", other)) as db:
        for table in ("recap", "official_change"):
            with db.transaction() as tx:
                tx.execute(f"ALTER TABLE {table} RENAME TO {table}_elsewhere")
        with db.transaction() as tx:
            raise_one(tx)
            tx.execute("DELETE FROM alarm_twice")
        examined = ExaminationInput(
            db=db, guard=None, identities={}, profiles={}, scratch=tmp_path / "scratch"
        )
        report = examine(examined, deep=True)
    found = {(one.code, one.subject) for one in report.findings}
    assert {("damaged", "recaps"), ("damaged", "official")} <= found
    assert ("row-alarm", "alarm") in found


def test_a_server_that_goes_while_the_doctor_looks_is_no_damage(
    on_postgres, postgres_session
):
    with pytest.raises(ServerLostError), on_postgres.view() as view, view.apart():  # noqa: PT012
        end_connections(postgres_session)
        view.execute("SELECT 1").fetchall()


def test_a_server_that_goes_while_a_partners_row_is_read_is_no_damage(
    on_postgres, postgres_session
):
    with pytest.raises(ServerLostError), on_postgres.view() as view:  # noqa: PT012
        end_connections(postgres_session)
        pulls.load_seen(view, "a.example")


OLDER = [
    "ALTER TABLE writer DROP COLUMN written",
    "ALTER TABLE writer DROP COLUMN written; ALTER TABLE writer RENAME term TO epoch",
]


@pytest.mark.parametrize("older", OLDER)
def test_a_table_of_who_writes_of_an_earlier_version_is_made_anew(
    other, postgres_session, tmp_path, older
):
    database = other.partition("@/")[2].partition("?")[0]
    with contextlib.closing(Database.open(tmp_path / "data", other)) as first:
        postgres_session.ask(older, database)
        # It is told who writes, and takes nothing from one that does.
        assert first_seen(other, tmp_path).who.pid == os.getpid()
        # Its lease does not run out here, however slow the machine is.
        lasts = "UPDATE writer SET renewed_at = clock_timestamp() + interval '1 hour'"
        postgres_session.ask(lasts, database)
        with pytest.raises(HeldError, match=f"process {os.getpid()} on "):
            Database.open(tmp_path / "second", other)
        with contextlib.closing(Database.open(tmp_path / "data", other)) as again:
            write_one(again)
            assert codes(again) == ["code"]
            with pytest.raises(FencedError):
                write_one(first)


def test_rows_that_are_walked_are_fetched_as_they_are_asked_for(on_postgres):
    with on_postgres.transaction() as tx:
        rows = [("e", "c", f"{number:05}", b"x") for number in range(2_500)]
        tx.executemany("INSERT INTO rollup VALUES (?,?,?,?)", rows)
    with (
        on_postgres.view() as view,
        contextlib.closing(
            view.walk(
                "SELECT region FROM rollup WHERE contest = ? ORDER BY region", ("c",)
            )
        ) as walked,
    ):
        assert next(walked) == ("00000",)
        # Another statement in between, as whoever reads map rows does.
        assert view.execute("SELECT count(*) FROM rollup").fetchone() == (2_500,)
        assert sum(1 for _ in walked) == 2_499


def test_what_is_written_is_counted_by_its_table(on_postgres):
    with on_postgres.transaction() as tx:
        raise_one(tx)
    with on_postgres.transaction() as tx:
        tx.execute("SELECT * FROM alarm").fetchall()
    assert on_postgres.commits == on_postgres.last_commit(["alarm"]) == 1
    assert on_postgres.last_commit(["rollup"]) == 0


def test_how_the_server_is_set_is_told_where_it_may_lose_something(
    on_postgres,
):
    keys = {one.key for one in on_postgres.list_weaknesses()}
    # As the tests' own server is started: it waits for nothing.
    weak = {"fsync", "full-page-writes", "alone"}
    assert keys == {f"machine.server-{name}" for name in weak}


def test_an_address_that_says_what_nobody_knows_is_told_as_that(tmp_path):
    with pytest.raises(ConfigError, match="sslmod"):
        engine_at(tmp_path, "postgresql://a@/none?sslmod=require")


def test_one_that_is_in_a_block_is_waited_for_and_not_ended(postgres, tmp_path):
    Database.open(tmp_path / "data", postgres).close()
    with psycopg.connect(postgres) as busy:
        busy.execute("UPDATE writer SET renewed_at = renewed_at")
        with pytest.raises(HeldError):
            Database.open(tmp_path / "second", postgres)
        busy.execute("SELECT 1")
    Database.open(tmp_path / "second", postgres).close()


def test_nobody_of_another_database_is_ended(
    short_lease, postgres, postgres_session, tmp_path
):
    Database.open(tmp_path / "data", postgres).close()
    # A copy, in which each table has the same number.
    postgres_session.ask("CREATE DATABASE twin TEMPLATE tables")
    twin = postgres_session.address("twin")
    try:
        with (
            psycopg.connect(twin) as stalled,
            contextlib.closing(psycopg.connect(postgres)) as stalled_here,
        ):
            stalled.execute("UPDATE writer SET renewed_at = renewed_at")
            stalled_here.execute("UPDATE writer SET renewed_at = renewed_at")
            time.sleep(1.5)
            takes_over(tmp_path / "second", postgres).close()
            stalled.execute("SELECT 1")
    finally:
        postgres_session.ask("DROP DATABASE twin WITH (FORCE)")


def test_a_commit_that_waits_for_its_standby_is_told_while_it_waits(
    on_postgres, postgres, postgres_session, tmp_path
):
    named = "SHOW synchronous_standby_names"
    postgres_session.ask("ALTER SYSTEM SET synchronous_standby_names = 'far'")
    postgres_session.ask("SELECT pg_reload_conf()")
    wait_until(lambda: postgres_session.ask(named) == [("far",)])
    waiting = threading.Thread(target=write_one, args=(on_postgres,))
    try:
        waiting.start()
        wait_until(lambda: on_postgres.waits_s > 0.5, "it waits")
        assert not on_postgres.is_silent
        reader = Database.open(tmp_path / "reader", postgres, readonly=True)
        with contextlib.closing(reader):
            assert reader.see_writer().waits_s > 0.5
            assert (reader.waits_s, reader.is_silent) == (0, False)
    finally:
        postgres_session.ask("ALTER SYSTEM RESET synchronous_standby_names")
        postgres_session.ask("SELECT pg_reload_conf()")
        waiting.join()
    wait_until(lambda: on_postgres.waits_s == 0, "it waits no more")


def write_one(db):
    with db.transaction() as tx:
        raise_one(tx)


def test_a_server_that_is_silent_is_known_before_anybody_writes(
    on_postgres, monkeypatch
):
    assert not on_postgres.is_silent

    def lost():
        raise psycopg.OperationalError("none there")

    monkeypatch.setattr(on_postgres._writer._renewal, "_connect", lost)
    wait_until(lambda: on_postgres.is_silent, "it is known")
    # It was a connection alone: whoever writes is answered, and all is well.
    on_postgres.renew()
    assert not on_postgres.is_silent
