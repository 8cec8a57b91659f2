"""Rows become leaves: signed here, or handed in signed, and each verified once.

Rule: nothing that is not verified goes on, our own signatures too: a wrong one would
stand in the log for ever. Signing and verifying take longer than all the rest, so large
batches are made in other processes, and those of a row that waits for its turn before
it comes (`begin_rows`). A leaf is decoded once, from the text that is signed; what its
maker says of it is believed, as it is a process of ours. What comes back of it from the
disk is hashed (`sequence.py`).

Source: docs/adr/0057-leaves-are-made-by-the-workers.md
"""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from itertools import repeat
from typing import Any, NamedTuple, TypeAlias

from federation.errors import FormatError, RecordError, SignatureError
from federation.flows.verify.workers import Workers
from federation.records.canonical import convert
from federation.records.keychain import KeyChain
from federation.records.kinds import Statement, kind_of, kind_of_draft
from federation.records.sealed import (
    LeafError,
    Sealed,
    SealedLeaf,
    leaf_text,
    open_leaves,
    parse_statement,
    restore_leaf,
    seal_statement,
)
from federation.text import Sentence
from federation.tlog.keys import Signer

_log = logging.getLogger(__name__)

#: So many rows go to another process at once; fewer altogether are made in this one.
CHUNK_ROWS = 500

DraftMembers: TypeAlias = Mapping[str, Any]
#: A draft, a whole statement, or a leaf that was signed elsewhere.
RowToMake: TypeAlias = DraftMembers | Statement | bytes
RowsToMake: TypeAlias = Sequence[tuple[int, RowToMake]]


class Opened(NamedTuple):
    """A row that is signed and verified; its index is not its place in the log yet."""

    row: int
    leaf: bytes
    sealed: Sealed


class Refused(NamedTuple):
    """A row that is no leaf of this log, and why."""

    row: int
    error: LeafError


class Making(NamedTuple):
    """How rows become leaves of one log; handed to other processes as it is.

    `index` is the next one: keys must be valid there. `stamp` is the `recorded_at` of
    drafts.
    """

    chain: KeyChain
    index: int  # type: ignore[assignment]  # the log's word; tuple.index is unused
    signer: Signer
    stamp: str


# What crosses back: the leaf and the record's id, or why there is none.
_MadeElsewhere: TypeAlias = tuple[int, bytes, str] | tuple[int, LeafError]


class _Job(NamedTuple):
    """Rows that others make, who they are, and the pool that was asked."""

    makers: Workers
    executor: Executor
    future: Future[list[_MadeElsewhere]]


class BegunRows:
    """Rows that are made, or being made; `results` waits for the last of them."""

    def __init__(
        self, making: Making, parts: Sequence[tuple[RowsToMake, _Job | None]]
    ) -> None:
        self.making = making
        self._parts = parts

    def results(self) -> list[Opened | Refused]:
        """A leaf, or a refusal, for each row, in their order."""
        return [row for part in self._parts for row in self._collect(*part)]

    def _collect(self, rows: RowsToMake, job: _Job | None) -> list[Opened | Refused]:
        if job is not None:
            try:
                made = job.future.result()
            except CancelledError:
                pass  # the node stops: what has begun is done
            except BrokenExecutor:
                # A worker was killed, out of memory perhaps. Slower, but it goes on.
                _log.warning("a process that makes leaves ended; making them here")
                job.makers.replace(job.executor)
            else:
                job.makers.is_warm = True
                return [_restore(one, self.making.index) for one in made]
        return make_rows(rows, self.making)


def begin_rows(making: Making, rows: RowsToMake, makers: Workers | None) -> BegunRows:
    """Begin to make leaves of all rows; returns at once if others make them.

    Args:
        making: Of the log.
        rows: Each with its number.
        makers: Processes that make large batches; None: this one, when asked.
    """
    if makers is None or len(rows) <= CHUNK_ROWS:
        return BegunRows(making, [(rows, None)])
    parts = [rows[at : at + CHUNK_ROWS] for at in range(0, len(rows), CHUNK_ROWS)]
    return BegunRows(making, [(part, _submit(makers, part, making)) for part in parts])


def make_rows(rows: RowsToMake, making: Making) -> list[Opened | Refused]:
    """Each row as a verified leaf, or why it is none; in any process.

    All are made, then all are verified, as `open_leaves` says.
    """
    made = [(number, _try(row, making)) for number, row in rows]
    leaves = [leaf for _, leaf in made if not isinstance(leaf, Exception)]
    opened = iter(open_leaves(leaves, making.chain, repeat(making.index)))
    done: list[Opened | Refused] = []
    for number, leaf in made:
        if isinstance(leaf, Exception):
            done.append(Refused(number, leaf))
            continue
        sealed = next(opened)
        if isinstance(sealed, Sealed):
            given = leaf.leaf if isinstance(leaf, SealedLeaf) else leaf
            done.append(Opened(number, given, sealed))
        else:
            done.append(Refused(number, sealed))
    return done


def is_valid_at(making: Making, index: int) -> bool:
    """Whether what was made for one index can stand at another: by the same keys."""
    key = making.signer.key
    valid = making.chain.records_key_ranges.get((key.name, key.key_id))
    return valid is not None and all(
        valid.start <= at < valid.end for at in (making.index, index)
    )


def _try(row: RowToMake, making: Making) -> bytes | SealedLeaf | LeafError:
    try:
        return _make(row, making)
    except (FormatError, RecordError, SignatureError) as error:
        return error


def _make(row: RowToMake, making: Making) -> bytes | SealedLeaf:
    if not isinstance(row, bytes):
        statement = _statement(row, making) if isinstance(row, Mapping) else row
        return seal_statement(statement, making.signer)
    statement = parse_statement(leaf_text(row)[:-1])
    if not kind_of(statement).is_handed_in:
        raise RecordError(Sentence("member.type-not-taken"), "type")
    return row


def _statement(draft: DraftMembers, making: Making) -> Statement:
    members = {
        **draft,
        "org": making.chain.org,
        "election": making.chain.election,
        "recorded_at": making.stamp,
    }
    if len(members) != len(draft) + 3 or "type" in draft:
        raise RecordError(Sentence("member.draft"))
    statement: Statement = convert(members, kind_of_draft(draft).struct)
    return statement


def _submit(makers: Workers, rows: RowsToMake, making: Making) -> _Job | None:
    executor = makers.executor
    try:
        future = executor.submit(_make_elsewhere, rows, making)
    except RuntimeError:  # broken, or closed with the node
        makers.replace(executor)
        return None  # as above: slower, but it goes on
    return _Job(makers, executor, future)


def _make_elsewhere(rows: RowsToMake, making: Making) -> list[_MadeElsewhere]:
    return [
        (one.row, one.error)
        if isinstance(one, Refused)
        else (one.row, one.leaf, one.sealed.record)
        for one in make_rows(rows, making)
    ]


def _restore(made: _MadeElsewhere, index: int) -> Opened | Refused:
    # Statements cross as the text that says them: decoding that costs a third of what
    # it takes to send the values, and receive them.
    if len(made) == 2:
        return Refused(*made)
    number, leaf, record = made
    return Opened(number, leaf, restore_leaf(leaf, record, index))
