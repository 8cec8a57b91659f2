"""Who writes to a PostgreSQL database: a lease of a few seconds, and a fence.

Rule: one row says who writes. Whoever wants to takes it, and with it the next term,
only from one that has ended, that lies in the very folder whose lock it holds itself
(so that it is dead, however it died), or that has not said for `WRITER_LEASE_S` that it
is there, by two looks `_AGAIN_S` apart. Every transaction that writes begins by saying
so, in its own term: one that finds another term there is fenced (`FencedError`),
before anything is written.

Two properties follow from that row being written first. Whoever takes over waits for
the transaction that runs, and then sees how it ended: nothing of an earlier term can
be committed behind it. And a transaction of hours keeps the lease as one of a
millisecond does. Only one that stands still in mid-transaction (a process that was
stopped, a machine that froze) is ended by whoever waits for it.

The times are those of the server's clock; of other clocks nothing depends, and of
that one only how soon somebody else may take over, never whether two may write.

    term, nonce    of who writes; the second, as a term that was taken on a server
                   that is lost may be taken again on the one in its place
    holder         by which kernel's lock (`lock.name_folder`)
    written        goes up with each transaction: whoever only reads sees by it that
                   there was one (`postgreswatch.py`)
    host, pid      for people

A table of an earlier version, with other columns, is made anew: nothing in it is
signed, and whoever still writes by it finds its row no more, and writes nothing.

Source: docs/adr/0067-a-lease-and-a-fence.md
"""

import contextlib
import os
import secrets
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, NamedTuple, cast

import psycopg

from federation.errors import FencedError, HeldError
from federation.store.engine import WRITER_LEASE_S, DatabaseWriter
from federation.store.lock import Writer
from federation.store.postgresaddress import RawConnection
from federation.text import Sentence

#: How often one that has nothing to write says so.
RENEW_S: Final = 1.0
#: How long one that wants to take over waits for a transaction that runs.
_PATIENCE_MS: Final = 1_000
#: Between two looks at one that is not heard of: it says it more often than that.
_AGAIN_S: Final = 2 * RENEW_S

TABLE: Final = "writer"
_COLUMNS: Final = {
    "one": "BIGINT PRIMARY KEY CHECK (one = 1)",
    "term": "BIGINT NOT NULL",
    "nonce": "BIGINT NOT NULL",
    "holder": 'TEXT COLLATE "C" NOT NULL',
    "host": 'TEXT COLLATE "C" NOT NULL',
    "pid": "BIGINT NOT NULL",
    "since": "TIMESTAMPTZ NOT NULL",
    "renewed_at": "TIMESTAMPTZ NOT NULL",
    "is_ended": "BOOLEAN NOT NULL",
    "written": "BIGINT NOT NULL",
}
#: Gives the names of the columns that it has; none: it is not there.
_MADE: Final = f"""SELECT attname::text FROM pg_attribute
    WHERE attrelid = to_regclass('{TABLE}') AND attnum > 0 AND NOT attisdropped"""  # noqa: S608  constants
_CREATE: Final = f"""CREATE TABLE IF NOT EXISTS {TABLE} (
    {", ".join(" ".join(column) for column in _COLUMNS.items())}
)"""
_TAKE: Final = f"""INSERT INTO {TABLE} AS held ({", ".join(_COLUMNS)})
    VALUES (1, 1, $1, $2, $3, $4, clock_timestamp(), clock_timestamp(), FALSE, 0)
    ON CONFLICT (one) DO UPDATE SET term = held.term + 1, nonce = excluded.nonce,
        holder = excluded.holder, host = excluded.host, pid = excluded.pid,
        since = clock_timestamp(), renewed_at = clock_timestamp(), is_ended = FALSE
    WHERE held.holder = excluded.holder OR held.is_ended OR held.renewed_at = $5
    RETURNING term"""  # noqa: S608  constants
#: Whether it can be had at once, or was not heard of for a lease; when it last was.
_LOOK: Final = f"""SELECT holder = $1 OR is_ended,
    renewed_at < clock_timestamp() - make_interval(secs => {WRITER_LEASE_S}), renewed_at
    FROM {TABLE}"""  # noqa: S608  constants
#: Of a client of ours that has begun to write and says nothing any more.
_END_STALLED: Final = f"""SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()
    AND datname = current_database()
    AND state_change < clock_timestamp() - make_interval(secs => {WRITER_LEASE_S})
    AND pid IN (SELECT pid FROM pg_locks
        WHERE relation = '{TABLE}'::regclass AND mode = 'RowExclusiveLock'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    )"""  # noqa: S608  constants
#: Every transaction that writes changes it, with all else that it changes.
STATE: Final = f"SELECT term, nonce, written FROM {TABLE}"  # noqa: S608  a constant
_MINE: Final = f"SELECT 1 FROM {TABLE} WHERE {{mine}}"  # noqa: S608  constants
_RENEW: Final = f"""UPDATE {TABLE} SET renewed_at = clock_timestamp() WHERE one IN
    (SELECT one FROM {TABLE} WHERE {{mine}} FOR UPDATE SKIP LOCKED)"""  # noqa: S608  constants
#: How long a COMMIT here has waited for a synchronous standby, by the server's word.
_WAITS: Final = """SELECT coalesce(max(extract(epoch FROM
    clock_timestamp() - query_start)), 0)::float8 FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event = 'SyncRep'"""
_WHO: Final = f"""SELECT host, pid, extract(epoch FROM since)::float8, {{term}},
    extract(epoch FROM clock_timestamp() - renewed_at)::float8, is_ended
    FROM {TABLE}"""  # noqa: S608  constants


class WriterLease(NamedTuple):
    """What a connection writes by."""

    term: int
    nonce: int

    @property
    def _is_mine(self) -> str:
        # Whole numbers, made here: together with BEGIN it is one message, which takes
        # no values.
        return f"term = {self.term} AND nonce = {self.nonce}"

    def begin(self, raw: RawConnection) -> "psycopg.Cursor[tuple[Any, ...]]":
        """Begin a transaction that writes, behind every earlier one.

        Raises:
            FencedError: somebody else has taken over; nothing is begun.
            psycopg.Error: it could not be; nothing is begun.
        """
        cursor = raw.cursor()
        try:
            cursor.execute(
                f"BEGIN; UPDATE {TABLE} SET renewed_at = clock_timestamp(),"  # noqa: S608  constants, whole numbers
                f" written = written + 1 WHERE {self._is_mine} AND NOT is_ended",
                prepare=False,
            )
            cursor.nextset()
            if cursor.rowcount == 1:
                return cursor
        except psycopg.Error:
            _undo(raw)
            raise
        _undo(raw)
        raise _fenced(raw)

    def renew(self, raw: RawConnection) -> None:
        """Say that it is there, unless a transaction says so just now.

        Raises:
            FencedError: somebody else has taken over.
            psycopg.Error: it cannot be said.
        """
        row = raw.execute(_MINE.format(mine=self._is_mine)).fetchone()
        if row is None:
            raise _fenced(raw)
        raw.execute(_RENEW.format(mine=self._is_mine))

    def end(self, raw: RawConnection) -> None:
        """Let others take over at once; where that cannot be said, they wait."""
        with contextlib.suppress(psycopg.Error):
            # Nothing is lost with it, so no standby is waited for.
            raw.execute("SET synchronous_commit = local")
            raw.execute(f"UPDATE {TABLE} SET is_ended = TRUE WHERE {self._is_mine}")  # noqa: S608  constants, whole numbers


class Renewal:
    """A thread that says, once a second, that whoever writes is there.

    On a connection of its own: the one that writes may wait for the guard, or for
    whoever computes, and is not dead. It stands still when its process does.
    """

    def __init__(
        self,
        lease: WriterLease,
        connect: Callable[[], RawConnection],
        told: Callable[[float | None], None],
    ) -> None:
        """From now on.

        Args:
            lease: Of whoever writes.
            connect: Makes a connection as the library has it.
            told: Called each time that it has been said, with the seconds that a COMMIT
                has waited for a standby by now; with None when it could not be said.
        """
        self._lease, self._connect, self._told = lease, connect, told
        self._is_over, self._has_moved = threading.Event(), threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="store-renewal", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Say nothing more; who waits for a server that is silent is left to it."""
        self._is_over.set()
        self._thread.join(RENEW_S)

    def follow(self) -> None:
        """Say it where whoever writes is now: it has connected anew."""
        self._has_moved.set()

    def _run(self) -> None:
        raw: RawConnection | None = None
        while not self._is_over.wait(RENEW_S):
            if self._has_moved.is_set():
                self._has_moved.clear()
                if raw is not None:
                    raw.close()
            try:
                if raw is None or raw.closed:
                    raw = self._connect()
                    # Nothing is lost with it, so no standby is waited for.
                    raw.execute("SET synchronous_commit = local")
                self._lease.renew(raw)
                waits_s = see_wait(raw)
            except FencedError:
                break  # whoever writes next is told
            except psycopg.Error:
                self._told(None)
                continue  # of a server that is gone whoever writes is told
            self._told(waits_s)
        if raw is not None:
            raw.close()


def take(raw: RawConnection, holder: str) -> WriterLease:
    """Be the one that writes, from now on.

    Args:
        raw: A connection that is in no transaction.
        holder: The name of the lock that is held (`lock.name_folder`).

    Raises:
        HeldError: another process writes.
        psycopg.Error: it cannot be found out.
    """
    _create(raw, holder)
    heard_at = _find_free(raw, holder)
    nonce = secrets.randbits(62)
    values = nonce, holder, os.uname().nodename, os.getpid(), heard_at
    with raw.transaction():
        raw.execute(f"SET LOCAL lock_timeout = {_PATIENCE_MS}")
        # One that stands still here would keep whoever writes from writing.
        raw.execute(
            f"SET LOCAL idle_in_transaction_session_timeout = {2 * _PATIENCE_MS}"
        )
        try:
            with raw.transaction():
                row = raw.execute(_TAKE, values).fetchone()
        except psycopg.errors.LockNotAvailable:
            row = None
            raw.execute(_END_STALLED)
    if row is None:
        raise _held(raw)
    return WriterLease(row[0], nonce)


def _made(raw: RawConnection) -> set[str]:
    return {name for (name,) in raw.execute(_MADE)}


def _create(raw: RawConnection, holder: str) -> None:
    """Make the table; in place of one of an earlier version, if nobody writes by that.

    Raises:
        HeldError: another process writes.
    """
    made = _made(raw)
    if made == _COLUMNS.keys():
        return
    if made:
        _find_free(raw, holder)
    # Of two that make it at once one is first, and either is well served.
    with (
        contextlib.suppress(
            psycopg.errors.UniqueViolation, psycopg.errors.DuplicateTable
        ),
        raw.transaction(),
    ):
        if made:
            raw.execute(f"DROP TABLE IF EXISTS {TABLE}")
        raw.execute(_CREATE)


def _find_free(raw: RawConnection, holder: str) -> datetime | None:
    """When whoever writes was last heard of, if that is too long ago; None: at once.

    It only reads: a row that is locked by who waits is one that nobody can write.

    Raises:
        HeldError: another process writes.
    """
    seen = raw.execute(_LOOK, (holder,)).fetchone()
    if seen is None:
        return None  # nobody ever wrote
    is_free, is_late, heard_at = seen
    if is_free:
        return None
    if is_late:
        # Once more: one whose transaction took longer than a lease (it waited for a
        # standby, say) was not heard of meanwhile, and says so as soon as it is done.
        time.sleep(_AGAIN_S)
        again = raw.execute(_LOOK, (holder,)).fetchone()
        if again == seen:
            return cast("datetime", heard_at)
    raise _held(raw)


def _held(raw: RawConnection) -> HeldError:
    held = see(raw)
    who = Writer(0, "?", 0) if held is None else held.who
    words = {} if held is None else held.tell()
    told = Sentence("machine.database-held", **words)
    return HeldError(told, who.pid, who.host, who.since)


def see(raw: RawConnection) -> DatabaseWriter | None:
    """Who writes, or wrote last; None: nobody ever did.

    Raises:
        psycopg.Error: it cannot be found out.
    """
    made = _made(raw)
    if not made:
        return None
    # An earlier version named it otherwise.
    row = raw.execute(_WHO.format(term="term" if "term" in made else "0")).fetchone()
    if row is None:
        return None
    host, pid, since, term, age_s, is_ended = row
    who = Writer(int(pid), str(host), int(since))
    return DatabaseWriter(who, int(term), float(age_s), bool(is_ended), see_wait(raw))


def see_wait(raw: RawConnection) -> float:
    """How many seconds a COMMIT has waited for a standby by now; 0: none waits.

    Raises:
        psycopg.Error: it cannot be found out.
    """
    row = raw.execute(_WAITS).fetchone()
    return 0.0 if row is None else float(row[0])


def _fenced(raw: RawConnection) -> FencedError:
    held = see(raw)
    if held is None:
        return FencedError(Sentence("held.fenced-unsaid"))
    return FencedError(Sentence("held.fenced", **held.tell()))


def _undo(raw: RawConnection) -> None:
    with contextlib.suppress(psycopg.Error):
        if not raw.closed and raw.info.transaction_status != 0:
            raw.execute("ROLLBACK")
