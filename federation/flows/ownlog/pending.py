"""What partners saw signed of a log of ours, and never fetched the records of.

Rule: who has lost disk and guard does not know what it signed last, and a partner that
was cut off before the records came has the signed total alone, which no status vector
shows. It is asked for before that partner counts as having answered. What our own key
has not signed says nothing.

Source: docs/reference/protocol.md, "The guard";
docs/adr/0047-what-partners-saw-signed.md
"""

from typing import Final

from federation.errors import FormatError, PeerError, SignatureError
from federation.feeds.feed import Feed
from federation.feeds.resource import pending_of
from federation.flows.ownlog.sequence import OwnLog
from federation.tlog.checkpoint import SignedCheckpoint
from federation.tlog.note import decode_notes

#: What is pending, and what that has displaced (`tlog/mirror.py`).
_MOST: Final = 2


async def fetch_pending(feed: Feed, log: OwnLog) -> list[SignedCheckpoint]:
    """What a partner has seen signed of our log, above what it holds.

    Raises:
        PeerError: it did not say.
        FormatError: it said something else.
    """
    try:
        notes = decode_notes(await feed.fetch(pending_of(log.origin)), _MOST)
    except PeerError as error:
        if error.is_absent:
            return []  # nothing is, or it is older than the question
        raise
    return [signed for note in notes if (signed := _open(log, note))]


def _open(log: OwnLog, note: bytes) -> SignedCheckpoint | None:
    try:
        signed = log.chain.open_checkpoint(note)
    except (FormatError, SignatureError):
        return None
    return signed if signed.origin == log.origin else None
