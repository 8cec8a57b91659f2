"""A receipt for one record that is held here, our own or a partner's.

Rule: it goes from hand to hand, so it is of a log that everybody may read; one of a
report of a violation is made for the papers that an agency gets, and for nobody else.
The checkpoint in it is the earliest that others confirmed, as well as they ever did
(`covering_size`), with the first cosignature of each: so it says since when the
record is held unchanged, and stays the same once a quorum has confirmed it. The path is
read from the stored hashes: a receipt costs the same in a log of any length.

Source: docs/reference/protocol.md, "Receipts"
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from federation.config.witness import DEFAULT_QUORUM
from federation.errors import FormatError, NotFoundError
from federation.flows.cosign import read_first_held
from federation.records.claim import Claim
from federation.records.readers import NOBODY, Caller, may_read
from federation.records.receipt import format_receipt
from federation.records.tps import parse_tps
from federation.store import (
    claims,
    cosignatures,
    keystatements,
    leaves,
    logs,
    mapreading,
    recordindex,
)
from federation.store.logs import Log
from federation.store.view import View
from federation.text import Sentence
from federation.tlog.merkle import prove_inclusion

_RECORD: Final = re.compile("[0-9a-f]{64}")
_NEVER: Final = 1 << 62
_STEP: Final = 4096


class Confirmation(NamedTuple):
    """Who confirmed that it holds a record, and the Unix time that it first said."""

    org: str
    time: int


class Issued(NamedTuple):
    """A receipt, and what it says.

    Attributes:
        origin: of the log.
        claim: what the record says, in the members that merging needs.
        size: of the signed history that it leads to.
        held: who else confirmed that history, the earliest first.
        data: the bytes of the receipt.
    """

    origin: str
    claim: Claim
    size: int
    held: list[Confirmation]
    data: bytes

    @property
    def name(self) -> str:
        """What its file is called."""
        return file_name(self.claim)


def make_receipt(
    view: View,
    origin: str,
    index: int,
    caller: Caller = NOBODY,
    quorum: int = DEFAULT_QUORUM,
) -> bytes:
    """The receipt of the record at `index` of a log that the caller may read.

    `quorum`: so many others are to have confirmed it, if they ever did.

    Raises:
        NotFoundError: no such log is held here for the caller, or the record is not
            (yet) in what its organisation has signed.
        FormatError: it is larger than a receipt may be.
    """
    return _make(view, *_cover(view, origin, index, caller, quorum), index)


def issue(
    view: View,
    origin: str,
    claim: Claim,
    caller: Caller = NOBODY,
    quorum: int = DEFAULT_QUORUM,
) -> Issued:
    """The receipt of the record that claims this, with what it says.

    `quorum`: as `make_receipt`.

    Raises:
        NotFoundError: as `make_receipt`.
        FormatError: as `make_receipt`.
    """
    log, size = _cover(view, origin, claim.index, caller, quorum)
    times = cosignatures.first_times(view, log.id, log.org, size)
    held = sorted((time, org) for org, time in times.items())
    return Issued(
        origin=origin,
        claim=claim,
        size=size,
        held=[Confirmation(org, time) for time, org in held],
        data=_make(view, log, size, claim.index),
    )


def find_record(view: View, record: str, caller: Caller = NOBODY) -> tuple[str, Claim]:
    """The log of the record with this id, and what it claims at its first place there.

    Whether it still stands or was replaced; in a signed part of a log if in any.

    Raises:
        FormatError: not a record id.
        NotFoundError: no record of a polling station with this id is held here.
    """
    if not _RECORD.fullmatch(record):
        raise FormatError(Sentence("receipt.not-id"), "record")
    unsigned: tuple[str, Claim] | None = None
    for log in logs.list_logs(view):
        if not may_read(caller, log):
            continue
        for claim in _places(view, log, record):
            if claim.index < log.size:
                return log.origin, claim
            unsigned = log.origin, claim
    if unsigned is None:
        raise NotFoundError(Sentence("receipt.no-record", record=record))
    return unsigned


def find_station(
    view: View, election: str, code: str, contest: str = "", org: str = ""
) -> list[tuple[str, Claim]]:
    """What stands about a station, signed, each with its log.

    Args:
        view: The snapshot.
        election: Of the map.
        code: Of the station.
        contest: Only of this one, if given.
        org: Only by this organisation, if given.

    Raises:
        FormatError: not the code of a station.
        NotFoundError: nobody has said such a thing.
    """
    station = parse_tps(code)
    sizes = {log.origin: log.size for log in logs.list_logs(view)}
    standing = [
        (origin, claim)
        for merged in mapreading.read_tps(view, election, station)
        if contest in {"", merged.contest}
        for origin, claim in merged.claims
        if org in {"", claim.org} and claim.index < sizes[origin]
    ]
    if not standing:
        why = Sentence("receipt.nothing-said", station=station, election=election)
        raise NotFoundError(why)
    return standing


def file_name(claim: Claim) -> str:
    """What the file of a receipt is called: station, contest, organisation, index."""
    return f"receipt-{claim.tps}-{claim.contest}-{claim.org}-{claim.index}.txt"


def _places(view: View, log: Log, record: str) -> Iterator[Claim]:
    for index in recordindex.find(view, log.id, record):
        at = claims.read_claim(view, log.id, index)
        if at is not None and at.record == record:
            yield at
    # What came since the last merge, or was judged again since.
    start = recordindex.noted_up_to(view, log.id)
    while rest := claims.read_claims(view, log.id, start, _NEVER, _STEP):
        yield from (claim for claim in rest if claim.record == record)
        start = rest[-1].index + 1


def _cover(
    view: View, origin: str, index: int, caller: Caller, quorum: int
) -> tuple[Log, int]:
    """The log, and the size of its checkpoint that is to be shown for an index.

    The newest where nobody confirmed any.
    """
    log = logs.get_log(view, origin)
    if not may_read(caller, log):
        raise NotFoundError(Sentence("held.no-log", log=origin))
    if not 0 <= index < log.size:
        raise NotFoundError(Sentence("held.not-signed-yet", origin=origin, index=index))
    held = cosignatures.covering_size(
        view, log.id, log.org, index, log.size + 1, quorum
    )
    return log, log.size if held is None else held


def _make(view: View, log: Log, size: int, index: int) -> bytes:
    return format_receipt(
        leaves.read_leaf(view, log.id, index),
        keystatements.read_keys(view, log.id),
        index,
        prove_inclusion(index, size, leaves.reader(view, log.id, size)),
        read_first_held(view, log.id, size),
    )
