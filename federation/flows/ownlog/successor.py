"""How much of a log of ours that has ended counts: what partners hold of it, beside it.

Rule: a log ends where two histories of it were signed, or more was signed than is left.
The log that continues it names a size, and everybody counts the old one below that and
no further. So the size must lie where all copies are still alike: what a partner holds
is compared by its tiles, and what it says is believed only as far as it is proved, that
so many leaves are the same and that the next one is another.

Source: docs/reference/protocol.md, "Logs"
"""

from collections.abc import Iterable
from typing import NamedTuple

from federation.errors import ProofError
from federation.feeds.feed import Feed
from federation.feeds.resource import checkpoint_of
from federation.flows.ownlog.reconcile import LOST
from federation.flows.verify.prefix import read_tree
from federation.records.keychain import KeyChain
from federation.store import alarms, logs
from federation.store import leaves as stored
from federation.store.db import Database
from federation.store.logs import Log
from federation.store.view import View
from federation.text import Sentence
from federation.tlog.merkle import (
    HashReader,
    check_inclusion,
    common_size,
    fold_prefix,
    prove_inclusion,
    prove_prefix,
    root_at,
)


class PartnerCopy(NamedTuple):
    """What a partner holds of a log of ours: so many leaves, `alike` of them as here.

    Our key has signed its size, so that where it differs from ours two were signed.
    """

    org: str
    size: int
    alike: int


class _Alike(NamedTuple):
    """How many leaves are the same, and what proves it of the other tree."""

    size: int
    prefix: list[bytes]
    next_hash: bytes
    inclusion: list[bytes]


async def look_at_copy(
    db: Database, log: Log, chain: KeyChain, feed: Feed, org: str
) -> PartnerCopy:
    """What a partner holds of a log of ours, compared with what is here.

    Raises:
        PeerError: it did not deliver, or holds nothing of it.
        FormatError: it delivered something else.
        SignatureError: our key has not signed what it holds.
        ProofError: its tiles do not lead to what our key has signed.
    """
    theirs = chain.open_checkpoint(await feed.fetch(checkpoint_of(log.origin)))
    if theirs.origin != log.origin:
        raise ProofError(Sentence("chain.keys-of", origin=theirs.origin))
    common = min(log.size, theirs.size)
    with db.view() as view:
        ours = stored.reader(view, log.id, log.size)
        if theirs.size <= log.size and root_at(theirs.size, ours) == theirs.root:
            return PartnerCopy(org, theirs.size, theirs.size)

        def compare(read: HashReader) -> _Alike:
            size = common_size(common, ours, read)
            prefix = (
                prove_prefix(size, theirs.size, read) if 0 < size < theirs.size else []
            )
            if size == theirs.size:
                return _Alike(size, prefix, b"", [])
            inclusion = prove_inclusion(size, theirs.size, read)
            return _Alike(size, prefix, read(0, size), inclusion)

        alike = await read_tree(feed, log.origin, theirs.size, compare)
        _check_alike(alike, theirs.size, theirs.root, ours, log.size)
    return PartnerCopy(org, theirs.size, alike.size)


def _check_alike(
    alike: _Alike, size: int, root: bytes, ours: HashReader, our_size: int
) -> None:
    """Refuse a comparison that the signed root does not bear out.

    Raises:
        ProofError: whoever served the tiles has made it up.
    """
    unproved = ProofError(Sentence("protocol.tiles-not-signed"))
    if alike.size == size:
        raise unproved  # alike to its end, and another root
    check_inclusion(alike.size, size, alike.next_hash, alike.inclusion, root)
    if alike.size < our_size and alike.next_hash == ours(0, alike.size):
        raise unproved
    if alike.size:
        same, whole = fold_prefix(alike.size, size, alike.prefix)
        if whole != root or same != root_at(alike.size, ours):
            raise unproved


def undisputed_size(size: int, copies: Iterable[PartnerCopy]) -> int:
    """How many leaves of ours no copy contradicts.

    Args:
        size: Of our log, as it is here.
        copies: Of it.
    """
    other = [copy.alike for copy in copies if copy.alike < min(size, copy.size)]
    return min([size, *other])


def proposed_size(log: Log, copies: Iterable[PartnerCopy]) -> int:
    """The size that is to count: what no copy contradicts, and a partner holds.

    Of a log that is frozen nothing more goes to partners. Else they fetch the rest.
    """
    copies = list(copies)
    most = undisputed_size(log.size, copies)
    if log.frozen is None:
        return most
    held = [copy.alike for copy in copies if copy.size]
    return min(most, max(held, default=most))


def has_ended(view: View, log: Log) -> bool:
    """Whether a log of ours can never go on: also one that we have closed."""
    if log.frozen is not None or log.closed_at is not None:
        return True
    standing = alarms.list_alarms(view)
    return any((one.code, one.subject) == (LOST, log.origin) for one in standing)


def find_ended(
    view: View, origins: Iterable[str], *, are_all: bool = False
) -> list[Log]:
    """Those of these logs of ours that can never go on.

    `are_all`: each that has anything, as its identity key is lost.
    """
    named = set(origins)
    return [
        log
        for log in logs.list_logs(view)
        if log.origin in named
        and log.own
        and ((are_all and log.size) or has_ended(view, log))
    ]
