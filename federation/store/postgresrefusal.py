"""What PostgreSQL refuses, as an error that says what a person can do about it.

Rule: as `refusal.py` has it for SQLite; what is left is a fault of ours. A server that
does not answer is as a disk that does not: nothing is kept, what is asked again is
answered when it is back. A COMMIT of which no answer came may have been done; so may
one that was, but without the standby that it has to wait for: the server says so by a
WARNING, and that is no success to us.

Source: https://www.postgresql.org/docs/15/errcodes-appendix.html
"""

import contextlib
import errno
import os
import re
from collections.abc import Iterator, Sequence
from typing import Final

import psycopg

from federation.errors import (
    DatabaseBusyError,
    RecoveryConflictError,
    VerificationError,
)
from federation.store.engine import SqlError
from federation.store.refusal import (
    LostDoubtError,
    ServerLostError,
    UnreplicatedError,
)
from federation.text import Sentence, quote

#: Classes of states, or whole ones, and the number that a machine has for the same.
_NUMBERS: Final = {
    "53100": errno.ENOSPC,
    "53200": errno.ENOMEM,
    "28": errno.EACCES,
    "42501": errno.EACCES,
}
#: Another one writes: lock_not_available, deadlock_detected.
_BUSY: Final = frozenset({"55P03", "40P01"})
#: serialization_failure: of a snapshot that only reads, a standby breaks it off.
_BROKEN_OFF: Final = "40001"
#: data_corrupted, index_corrupted.
_DAMAGED: Final = frozenset({"XX001", "XX002"})
#: undefined_table, undefined_column.
_LACKING: Final = frozenset({"42P01", "42703"})
#: invalid_catalog_name, invalid_schema_name, read_only_sql_transaction.
_TOLD: Final = {
    "3D000": (errno.ENOENT, "no-such-database"),
    "3F000": (errno.ENOENT, "no-such-database"),
    "25006": (errno.EROFS, "database-standby"),
}

#: What a server, or libpq itself, says to whoever calls, without a state. Its words in
#: English, and the state that they have; in another language they are quoted.
_AT_THE_DOOR: Final = tuple(
    (re.compile(rf"(?:FATAL: +|fe_sendauth: ){words}"), state)
    for words, state in (
        (r'database "[^"]*" does not exist', "3D000"),
        (r'role "[^"]*" (does not exist|is not permitted)', "28000"),
        (r"(password|\w+) authentication failed", "28P01"),
        (r"no password supplied", "28P01"),
        (r"no pg_hba\.conf entry", "28000"),
        (r"permission denied for database", "42501"),
    )
)
#: What answers, but is not to be written to as it is now: that may pass, as where one
#: is to be promoted, so it counts as lost.
_OPEN: Final = (
    ("server is in hot standby mode", "standby"),
    ("server does not support SSL", "without-tls"),
)


@contextlib.contextmanager
def translated(name: str) -> Iterator[None]:
    """No error of PostgreSQL leaves the block where a person can act on it.

    Raises:
        VerificationError: the database is damaged, or lacks a table.
        ConflictError: another process writes.
        OSError: the server, or its machine, refuses something; `filename` is the name.
    """
    try:
        yield
    except (SqlError, psycopg.Error) as error:
        said = _said(error)
        meant = None if said is None else _meaning(said, name)
        if meant is None:
            raise
        raise meant from error


@contextlib.contextmanager
def committing(name: str, warnings: Sequence[str]) -> Iterator[None]:
    """Around a COMMIT: an error that leaves open what was kept says so.

    Args:
        name: Of the database.
        warnings: What the server warned of within the block is put here.

    Raises:
        DoubtfulError: nobody knows whether it is committed where it has to be.
        UnreplicatedError: it is here, and perhaps not on a standby that has to have it.
    """
    try:
        yield
    except (SqlError, psycopg.Error) as error:
        said = _said(error)
        # Without a state nobody answered.
        if said is not None and _is_lost(said):
            words = _tell_lost(said)
            raise LostDoubtError(errno.EIO, words, name) from error
        raise
    if warnings:
        told = Sentence("machine.not-on-standby", words=quote(warnings[0]))
        raise UnreplicatedError(errno.EIO, told, name)


def _said(error: SqlError | psycopg.Error) -> psycopg.Error | None:
    """The library's own error; None of another engine's."""
    said = error.__cause__ if isinstance(error, SqlError) else error
    return said if isinstance(said, psycopg.Error) else None


def _is_lost(error: psycopg.Error) -> bool:
    """Whether there is no server that answers: it went, is starting or ending."""
    state = _state(error)
    if not state:
        return isinstance(error, psycopg.OperationalError)
    return state.startswith(("08", "57P"))


def _state(error: psycopg.Error) -> str:
    """The server's state for it; "" where nobody answered, or says none."""
    if error.sqlstate is not None:
        return error.sqlstate
    # Of several servers each has a line; while one of them is away it is that.
    lines = str(error).splitlines()
    each = [line for line in lines if line.startswith("- ")] or lines[:1]
    for form, state in _AT_THE_DOOR:
        if each and all(form.search(line) for line in each):
            return state
    return ""


def _meaning(error: psycopg.Error, name: str) -> Exception | None:
    """The error that a person can act on; None where it is a fault of ours."""
    state = _state(error)
    if state == _BROKEN_OFF:
        return RecoveryConflictError(Sentence("machine.read-broken-off", path=name))
    if state in _BUSY:
        return DatabaseBusyError(Sentence("machine.database-busy", path=name))
    if state in _DAMAGED:
        words = _words(error)
        return VerificationError(
            Sentence("machine.server-damaged", path=name, words=words)
        )
    if state in _LACKING:
        lacked = quote(error.diag.message_primary or "")
        words = Sentence("machine.database-lacks", path=name, name=lacked)
        return VerificationError(words)
    return _refused(error, state, name)


def _refused(error: psycopg.Error, state: str, name: str) -> OSError | None:
    """What the server, or its machine, does not do."""
    number = _NUMBERS.get(state) or _NUMBERS.get(state[:2])
    if number == errno.EACCES:
        told = Sentence("machine.server-refuses", words=_words(error))
        return OSError(number, told, name)
    if number is not None:
        return OSError(number, os.strerror(number), name)
    if state in _TOLD:
        return OSError(_TOLD[state][0], Sentence(f"machine.{_TOLD[state][1]}"), name)
    if _is_lost(error) or state.startswith(("53", "58")):
        return ServerLostError(errno.EIO, _tell_lost(error), name)
    return None


def _tell_lost(error: psycopg.Error) -> Sentence:
    said = str(error)
    name = next((name for words, name in _OPEN if words in said), "lost")
    return Sentence(f"machine.server-{name}", words=_words(error))


def _words(error: psycopg.Error) -> Sentence:
    # Of several lines the first says what it is, the others what to try.
    said = error.diag.message_primary or (str(error).strip() or "?").splitlines()[0]
    return quote(said)
