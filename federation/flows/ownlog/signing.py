"""Rows become leaves: signed here, or handed in signed, and each verified once.

Rule: nothing that is not verified goes on, our own signatures too: a wrong one would
stand in the log for ever. Verifying takes longer than all the rest, so that large
batches are verified in another process while this one goes on signing.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from itertools import repeat
from typing import Any, NamedTuple, TypeAlias

from federation.errors import FormatError, RecordError, SignatureError
from federation.records.keychain import KeyChain
from federation.records.kinds import Statement, kind_of
from federation.records.sealed import (
    LeafError,
    Sealed,
    leaf_text,
    open_leaves,
    parse_statement,
    record_id,
)
from federation.text import Sentence

CHUNK_ROWS = 500
Refusals: TypeAlias = list[tuple[int, LeafError]]


class Signed(NamedTuple):
    """A leaf, and the statement that it was made of, where it was made here."""

    leaf: bytes
    statement: Statement | None


class Opened(NamedTuple):
    """A row that is signed and verified; its index is not its place in the log yet."""

    row: int
    leaf: bytes
    sealed: Sealed


class Refused(NamedTuple):
    """A row that is no leaf of this log, and why."""

    row: int
    error: LeafError


class Opener(NamedTuple):
    """How rows become leaves of one log.

    `index` is the next one: keys must be valid there. `verifier` runs `verify_leaves`
    elsewhere.
    """

    chain: KeyChain
    index: int  # type: ignore[assignment]  # the log's word; tuple.index is unused
    sign: Callable[[Any], Signed]
    verifier: Executor | None


def open_rows(opener: Opener, rows: Sequence[Any]) -> list[Opened | Refused]:
    """A leaf, or a refusal, for each row, in their order."""
    parts = [
        range(at, min(at + CHUNK_ROWS, len(rows)))
        for at in range(0, len(rows), CHUNK_ROWS)
    ]
    elsewhere = opener.verifier if len(parts) > 1 else None
    pending: list[tuple[list[Opened | Refused], Future[Refusals] | None]] = []
    for numbers in parts:
        chunk = [_sign_row(opener, rows, number) for number in numbers]
        pending.append((chunk, _submit(elsewhere, opener, chunk)))
    return [row for chunk, job in pending for row in _collect(opener, chunk, job)]


def verify_leaves(
    leaves: Sequence[tuple[int, bytes]], chain: KeyChain, index: int
) -> Refusals:
    """The (row, error) of each leaf that may not stand at `index`; in any process."""
    opened = open_leaves([leaf for _, leaf in leaves], chain, repeat(index))
    return [
        (row, result)
        for (row, _), result in zip(leaves, opened, strict=True)
        if not isinstance(result, Sealed)
    ]


def _submit(
    verifier: Executor | None, opener: Opener, chunk: list[Opened | Refused]
) -> Future[Refusals] | None:
    if verifier is None:
        return None
    try:
        return verifier.submit(
            verify_leaves, _leaves(chunk), opener.chain, opener.index
        )
    except RuntimeError:
        return None  # a worker was killed, or the node stops: what has begun is done


def _collect(
    opener: Opener, chunk: list[Opened | Refused], job: Future[Refusals] | None
) -> Iterator[Opened | Refused]:
    refusals: dict[int, LeafError] | None = None
    if job is not None:
        try:
            refusals = dict(job.result())
        except (BrokenExecutor, CancelledError):
            refusals = None  # as above: slower, but it goes on
    if refusals is None:
        refusals = dict(verify_leaves(_leaves(chunk), opener.chain, opener.index))
    for row in chunk:
        error = refusals.get(row.row)
        yield row if error is None else Refused(row.row, error)


def _leaves(chunk: list[Opened | Refused]) -> list[tuple[int, bytes]]:
    return [(row.row, row.leaf) for row in chunk if isinstance(row, Opened)]


def _sign_row(opener: Opener, rows: Sequence[Any], number: int) -> Opened | Refused:
    try:
        return _opened(opener, number, opener.sign(rows[number]))
    except (FormatError, RecordError, SignatureError) as error:
        return Refused(number, error)


def _opened(opener: Opener, number: int, signed: Signed) -> Opened:
    text = leaf_text(signed.leaf)
    statement = signed.statement
    # Only ASCII is sure to have been signed as it was given: seal applies NFC.
    if statement is None or not text.isascii():
        statement = parse_statement(text[:-1])
    if signed.statement is None and not kind_of(statement).is_handed_in:
        raise RecordError(Sentence("member.type-not-taken"), "type")
    sealed = Sealed(opener.index, record_id(text), statement, text)
    return Opened(number, signed.leaf, sealed)
