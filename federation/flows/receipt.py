"""A receipt for one record that is held here, our own or a partner's.

Rule: the checkpoint in it is the earliest that others confirmed, as well as they ever
did (`holders.covering_size`), with the first cosignature of each: so it says since
when the record is held unchanged, and stays the same once two have confirmed it. The
path is read from the stored hashes: a receipt costs the same in a log of any length.

Source: docs/reference/protocol.md, "Receipts"
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from federation.errors import FormatError, NotFoundError
from federation.flows.cosign import read_first_held
from federation.records.claim import Claim
from federation.records.receipt import format_receipt
from federation.store import chains, claims, contents, holders, leaves, logs, places
from federation.store.db import View
from federation.store.logs import Log
from federation.tlog.merkle import prove_inclusion

_RECORD: Final = re.compile("[0-9a-f]{64}")
_NEVER: Final = 1 << 62
_STEP: Final = 4096


class Held(NamedTuple):
    """Who confirmed that it holds a record, and the Unix time that it first said."""

    org: str
    time: int


def make_receipt(view: View, origin: str, index: int) -> bytes:
    """The receipt of the record at `index` of a log.

    Raises:
        NotFoundError: no such public log is held here, or the record is not (yet) in
            what its organisation has signed.
        FormatError: it is larger than a receipt may be.
    """
    log = _signed_log(view, origin, index)
    size = _covering_size(view, log, index)
    return format_receipt(
        contents.read_leaf(view, log.id, index),
        chains.read_keys(view, log.id),
        index,
        prove_inclusion(index, size, leaves.reader(view, log.id, size)),
        read_first_held(view, log.id, size),
    )


def held_since(view: View, origin: str, index: int) -> list[Held]:
    """Who else the receipt of this record names, the earliest first.

    Raises:
        NotFoundError: as `make_receipt`.
    """
    log = _signed_log(view, origin, index)
    size = _covering_size(view, log, index)
    found = holders.first_times(view, log.id, log.org, size)
    return sorted(
        (Held(org, time) for org, time in found.items()),
        key=lambda held: (held.time, held.org),
    )


def find_record(view: View, record: str) -> tuple[str, Claim]:
    """The log of the record with this id, and what it claims at its first place there.

    Whether it still stands or was replaced; in a signed part of a log if in any.

    Raises:
        FormatError: not a record id.
        NotFoundError: no record of a polling station with this id is held here.
    """
    if not _RECORD.fullmatch(record):
        raise FormatError("a record id is 64 hex digits", "record")
    unsigned: tuple[str, Claim] | None = None
    for log in logs.list_logs(view):
        if log.visibility != "public":
            continue
        for claim in _places(view, log, record):
            if claim.index < log.size:
                return log.origin, claim
            unsigned = log.origin, claim
    if unsigned is None:
        raise NotFoundError(f"no record {record}")
    return unsigned


def file_name(claim: Claim) -> str:
    """What the file of a receipt is called: station, contest, organisation, index."""
    return f"receipt-{claim.tps}-{claim.contest}-{claim.org}-{claim.index}.txt"


def _places(view: View, log: Log, record: str) -> Iterator[Claim]:
    for index in places.find(view, log.id, record):
        at = claims.read_claims(view, log.id, index, index + 1, 1)
        yield from (claim for claim in at if claim.record == record)
    # What came since the last merge, or was judged again since.
    start = places.noted_up_to(view, log.id)
    while rest := claims.read_claims(view, log.id, start, _NEVER, _STEP):
        yield from (claim for claim in rest if claim.record == record)
        start = rest[-1].index + 1


def _signed_log(view: View, origin: str, index: int) -> Log:
    log = logs.get_log(view, origin)
    if log.visibility != "public":
        raise NotFoundError(f"no log {origin}")
    if not 0 <= index < log.size:
        raise NotFoundError(f"{origin} has signed nothing at index {index} yet")
    return log


def _covering_size(view: View, log: Log, index: int) -> int:
    """The size of the checkpoint to be shown; the newest where nobody confirmed any."""
    held = holders.covering_size(view, log.id, log.org, index, log.size + 1)
    return log.size if held is None else held
