"""Rows become leaves: signed here, or handed in signed, and each verified once.

Rule: nothing that is not verified goes on, our own signatures too: a wrong one would
stand in the log for ever. Signing and verifying take longer than all the rest, so large
batches are made in other processes, and those of a row that waits for its turn before
it comes (`begin_rows`). A leaf is decoded once, from the text that is signed; what its
maker says of it (of which slot it speaks, what the map reads in it) is believed, as it
is a process of ours. What comes back of it from the disk is hashed (`sequence.py`).

Source: docs/adr/0057-leaves-are-made-by-the-workers.md
"""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import suppress
from itertools import repeat
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec
from msgspec import UNSET

from federation.decoding import REFUSALS
from federation.errors import FormatError, RecordError, SignatureError
from federation.flows.verify.workers import Workers
from federation.records.admission import to_claim
from federation.records.canonical import convert
from federation.records.claim import Claim
from federation.records.keychain import KeyChain
from federation.records.kinds import Statement, kind_of, kind_of_draft, type_name
from federation.records.ownstatement import OwnStatement, said_of
from federation.records.problem import find_strangers
from federation.records.profile import Profile
from federation.records.result import TpsResult
from federation.records.sealed import (
    LeafError,
    Sealed,
    SealedLeaf,
    leaf_statement,
    leaf_text,
    open_leaves,
    parse_statement,
    seal_members,
    seal_statement,
)
from federation.text import Sentence
from federation.tlog.keys import Signer

_log = logging.getLogger(__name__)

#: So many rows go to another process at once; fewer altogether are made in this one.
CHUNK_ROWS = 500

#: What no draft says: it is said of all alike.
_BY_THE_NODE: Final = frozenset({"type", "org", "election", "recorded_at"})

DraftMembers: TypeAlias = Mapping[str, Any]
#: A draft, a whole statement, or a leaf that was signed elsewhere.
RowToMake: TypeAlias = DraftMembers | Statement | bytes
RowsToMake: TypeAlias = Sequence[tuple[int, RowToMake]]


class Opened(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A row that is signed and verified; it has no place in the log yet.

    Attributes:
        row: Its number.
        leaf: That it became.
        record: The record's id.
        said: What it says of a slot, by index 0; None: nothing of any.
        claim: What the map reads in it, by index 0; None: nothing.
        observed_at: When its form was photographed, as it says; "": it does not.
        is_result: It is a result of a station.
        is_strange: Not all that it names stands there (`records/problem.py`).
    """

    row: int
    leaf: bytes
    record: str
    said: OwnStatement | None
    claim: Claim | None
    observed_at: str = ""
    is_result: bool = False
    is_strange: bool = False

    @property
    def statement(self) -> Statement:
        """What it says, decoded again: asked of few."""
        return leaf_statement(self.leaf)


class Refused(NamedTuple):
    """A row that is no leaf of this log, and why."""

    row: int
    error: LeafError


class Making(NamedTuple):
    """How rows become leaves of one log; handed to other processes as it is.

    `index` is the next one: keys must be valid there. `stamp` is the `recorded_at` of
    drafts. `profile`: of the election, by which claims are made.
    """

    chain: KeyChain
    index: int  # type: ignore[assignment]  # the log's word; tuple.index is unused
    signer: Signer
    stamp: str
    profile: Profile


# What crosses back: `Opened` of many as one value, and why others are none.
_MadeElsewhere: TypeAlias = tuple[bytes, list[Refused]]

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(list[Opened]).decode


class _Job(NamedTuple):
    """Rows that others make, who they are, and the pool that was asked."""

    makers: Workers
    executor: Executor
    future: Future[_MadeElsewhere]


class BegunRows:
    """Rows that are made, or being made; `results` waits for the last of them."""

    def __init__(
        self, making: Making, parts: Sequence[tuple[RowsToMake, _Job | None]]
    ) -> None:
        self.making = making
        self._parts = parts

    def results(self) -> list[Opened | Refused]:
        """A leaf, or a refusal, for each row, in any order."""
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
                opened, refused = made
                return [*_decode(opened), *refused]
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


def start_makers(makers: Workers) -> None:
    """Start processes that will have rows to make; returns at once.

    Starting takes as long as a thousand signatures: who reads a large file first, which
    takes one processor, lets them start on another one meanwhile.
    """
    for _ in range(makers.count):
        makers.executor.submit(_is_there)


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
            done.append(_opened(number, given, sealed, making))
        else:
            done.append(Refused(number, sealed))
    return done


def _opened(number: int, leaf: bytes, sealed: Sealed, making: Making) -> Opened:
    statement, profile = sealed.statement, making.profile
    observed_at = getattr(statement, "observed_at", UNSET)
    strangers = (
        find_strangers(statement, profile) if isinstance(statement, TpsResult) else []
    )
    return Opened(
        number,
        leaf,
        sealed.record,
        said_of(statement, sealed.text, 0),
        to_claim(sealed._replace(index=0), profile, making.chain.rank),
        "" if observed_at is UNSET else observed_at,
        isinstance(statement, TpsResult),
        bool(strangers),
    )


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
    if isinstance(row, Mapping):
        return _seal_draft(row, making)
    if not isinstance(row, bytes):
        return seal_statement(row, making.signer)
    statement = parse_statement(leaf_text(row)[:-1])
    if not kind_of(statement).is_handed_in:
        raise RecordError(Sentence("member.type-not-taken"), "type")
    return row


def _seal_draft(draft: DraftMembers, making: Making) -> SealedLeaf:
    if not _BY_THE_NODE.isdisjoint(draft):
        raise RecordError(Sentence("member.draft"))
    struct = kind_of_draft(draft).struct
    members = {
        **draft,
        "org": making.chain.org,
        "election": making.chain.election,
        "recorded_at": making.stamp,
        "type": type_name(struct),
    }
    # Members that are a statement say its very line, which is decoded by the rules of
    # its type; only what is none is asked, as values, what is wrong with it.
    with suppress(FormatError, RecordError, TypeError, *REFUSALS):
        return seal_members(members, making.signer)
    return seal_statement(convert(members, struct), making.signer)


def _submit(makers: Workers, rows: RowsToMake, making: Making) -> _Job | None:
    executor = makers.executor
    try:
        future = executor.submit(_make_elsewhere, rows, making)
    except RuntimeError:  # broken, or closed with the node
        makers.replace(executor)
        return None  # as above: slower, but it goes on
    return _Job(makers, executor, future)


def _make_elsewhere(rows: RowsToMake, making: Making) -> _MadeElsewhere:
    # What is asked of a row is said here, and the statement itself does not cross.
    made = make_rows(rows, making)
    opened = [one for one in made if isinstance(one, Opened)]
    return _encode(opened), [one for one in made if isinstance(one, Refused)]


def _is_there() -> bool:
    # To be asked this, a process has loaded all that it makes leaves with.
    return True
