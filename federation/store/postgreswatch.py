"""What another process writes to a PostgreSQL database, as one that only reads sees it.

Rule: one row is looked at, however much was written: that of who writes
(`postgreswriter.py`), which every transaction changes with all else that it changes. A
standby has it when it has the rest; LISTEN is not to be had on one. How far a standby
is behind is known by the server alone: it has applied all that came, or what it has
applied is as old as that row says.

A standby whose primary is gone without a word (a cable, a machine that stands still)
believes it for `wal_receiver_timeout`, and so do we: the age of the row says nothing
then. It grows as well while one transaction runs for hours, and when whoever writes was
killed: nothing lacks then; and the row has the primary's clock, the age the standby's.

Where the server that was read from does not answer for `PATIENCE_S`, another one of
the address is looked for: a database in another place, of which nothing is read on.

Source: https://www.postgresql.org/docs/15/functions-admin.html (9.27.3),
https://www.postgresql.org/docs/15/monitoring-stats.html (pg_stat_wal_receiver)
"""

import time
from collections.abc import Callable
from typing import Final

import psycopg

from federation.store import postgresrefusal
from federation.store.engine import WatchedState, WriterWord
from federation.store.postgresaddress import RawConnection, Server, server_of
from federation.store.postgreswriter import TABLE

#: So long one waits for the same server before another one is asked.
PATIENCE_S: Final = 5.0

#: Of one database among all that there ever were: of which server, and which of its.
_WHICH: Final = """SELECT (pg_control_system()).system_identifier, oid::bigint
    FROM pg_database WHERE datname = current_database()"""
#: A table that is put back from a dump has another number. What came is known first: by
#: then no more can have been applied.
_LOOK: Final = f"""SELECT to_regclass('merge_epoch')::oid::bigint,
    term, nonce, written, CASE
        WHEN NOT pg_is_in_recovery() THEN 0
        WHEN pg_last_wal_receive_lsn() <= pg_last_wal_replay_lsn()
            AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN 0
        ELSE age END::float8,
    extract(epoch FROM renewed_at)::float8,
    CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn()::text END,
    age::float8, is_ended,
    pg_is_in_recovery() AND NOT EXISTS (SELECT FROM pg_stat_wal_receiver)
    FROM {TABLE}, LATERAL (
        SELECT greatest(0, extract(epoch FROM clock_timestamp() - renewed_at)) AS age
    ) AS told"""  # noqa: S608  constants


class PostgresWatch:
    """Looks at a database of a server; from one thread at a time."""

    def __init__(
        self,
        name: str,
        connect: Callable[[Server | None], RawConnection],
        server: Server | None,
    ) -> None:
        """Nothing is asked yet.

        Args:
            name: Of the database, for people.
            connect: Makes a connection as the library has it, to a server, or to
                whichever of the address there is.
            server: The one that is read from.
        """
        self._name, self._connect, self._server = name, connect, server
        self._raw: RawConnection | None = None
        self._which: tuple[Server, int, int] | None = None
        self._lost_at: float | None = None

    def look(self) -> WatchedState:
        """How the database is now; None of it is kept.

        Raises:
            FederationError: its tables are not there, or it is damaged.
            OSError: the server does not answer, or refuses us.
        """
        with postgresrefusal.translated(self._name):
            if self._raw is None or self._raw.closed:
                self._raw = self._open()
            row = self._raw.execute(_LOOK).fetchone()
        if row is None:  # one that was opened to write has it from the beginning
            return WatchedState((self._which, 0), (), 0.0)
        table, *number = row[:4]
        behind_s, renewed_at, received, age_s, is_ended, is_cut_off = row[4:]
        of_writer = (*number, renewed_at)
        word = WriterWord(of_writer, received, float(age_s), is_ended, is_cut_off)
        return WatchedState((self._which, table), tuple(number), float(behind_s), word)

    def _open(self) -> RawConnection:
        now = time.monotonic()
        if self._lost_at is None:
            self._lost_at = now
        try:
            raw = self._connect(self._server)
        except psycopg.OperationalError:
            if time.monotonic() - self._lost_at < PATIENCE_S:
                raise
            raw = self._connect(None)
        try:
            raw.execute("SET default_transaction_read_only = on")
            which = raw.execute(_WHICH).fetchone()
        except BaseException:
            raw.close()
            raise
        assert which is not None, "no server has the database that it is asked in"
        self._which, self._lost_at = (server_of(raw), *which), None
        return raw

    def close(self) -> None:
        """Let go of it."""
        if self._raw is not None:
            self._raw.close()
