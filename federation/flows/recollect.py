"""What others have confirmed of a log of ours, out of files that one of them wrote.

Rule: of every size, not only of the newest: since when a record is held is said by the
earliest. A lost disk has taken the earlier checkpoints with it; one that comes back
with a confirmation is kept again, if our own key signed it and the records that we
hold lead to it.

Source: docs/reference/protocol.md, "Plain files and bundle files"
"""

import contextlib
from collections.abc import Sequence
from typing import Final

from federation.errors import FormatError, PeerError, SignatureError
from federation.feeds.feed import Feed
from federation.feeds.resource import checkpoint_of, cosigned_of
from federation.flows.cosign import save_collected
from federation.records.keychain import KeyChain
from federation.store import leaves, logs
from federation.store.db import Database, Transaction
from federation.tlog.checkpoint import (
    open_checkpoint,
    parse_checkpoint,
    strip_cosignatures,
)
from federation.tlog.keys import VerifierKey
from federation.tlog.merkle import root_at
from federation.tlog.note import decode_notes, parse_note

MAX_COSIGNED: Final = 1_000


async def recollect(
    db: Database, feed: Feed, chain: KeyChain, keys: Sequence[VerifierKey]
) -> None:
    """Keep the good cosignatures of a log of ours that are in the files.

    Args:
        db: Of this node.
        feed: The way into the files.
        chain: Of our log.
        keys: By which partners cosign; others say nothing.
    """
    notes = list[bytes]()
    with contextlib.suppress(PeerError, FormatError):
        notes += decode_notes(await feed.fetch(cosigned_of(chain.origin)), MAX_COSIGNED)
    with contextlib.suppress(PeerError):
        notes.append(await feed.fetch(checkpoint_of(chain.origin)))
    await db.write(_keep, chain, keys, notes)


def _keep(
    tx: Transaction,
    chain: KeyChain,
    keys: Sequence[VerifierKey],
    notes: Sequence[bytes],
) -> None:
    for note in notes:
        # One bad note hides no other.
        with contextlib.suppress(FormatError, SignatureError):
            _keep_checkpoint(tx, chain, note)
            save_collected(tx, chain.origin, note, keys)


def _keep_checkpoint(tx: Transaction, chain: KeyChain, note: bytes) -> None:
    """Keep an earlier checkpoint of ours that is not here any more.

    Raises:
        FormatError: not a checkpoint, or not of what we hold.
        SignatureError: our own key did not sign it.
    """
    size = parse_checkpoint(parse_note(note).text).size
    log = logs.get_log(tx, chain.origin)
    if not 0 < size < log.size or logs.root_of_size(tx, log.id, size) is not None:
        return
    key = chain.log_key(size)
    checkpoint = open_checkpoint(note, key)
    root = root_at(size, leaves.reader(tx, log.id, log.size))
    if (checkpoint.origin, checkpoint.root) != (chain.origin, root):
        raise FormatError("not a checkpoint of what we hold", chain.origin)
    logs.keep_earlier(tx, log.id, size, root, strip_cosignatures(note, key))
