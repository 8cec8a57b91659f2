"""What a larger tree says of companion keys, looked up before any of it is stored.

Rule: a checkpoint that the companion we know has not signed is believed only if the
leaves that it adds hold a statement that replaces or drops that companion, signed as
such statements are. So whoever has the keys of the old kind alone brings nothing in,
also no leaf that pages could show before its checkpoint is held. It is rare, and then
the leaves are fetched twice.
"""

from typing import NamedTuple

from federation.errors import FormatError, RecordError
from federation.feeds.feed import Feed
from federation.flows.pull.room import Budget
from federation.records.companion import (
    CompanionKeys,
    bind_companions,
    find_companions,
)
from federation.records.keychain import KeyChain
from federation.records.sealed import leaf_statement
from federation.store.companions import read_companions
from federation.store.db import Database
from federation.store.logs import Log
from federation.tlog.checkpoint import SignedCheckpoint
from federation.tlog.merkle import hash_leaf
from federation.tlog.mirror import Authenticated
from federation.tlog.tile import WIDTH, Bundle, decode_bundle


class Announced(NamedTuple):
    """Where statements are looked for: at a feed, in the leaves that a goal adds."""

    feed: Feed
    log: Log
    goal: SignedCheckpoint
    hashes: Authenticated


async def check_announced(
    db: Database, chain: KeyChain, where: Announced, budget: Budget
) -> None:
    """Refuse a goal unless what is held, or what it adds, says that it is signed so.

    Raises:
        SignatureError: the companion that the log has at that size did not sign it.
        PeerError: the feed did not deliver.
        FormatError: not a bundle.
        ProofError: a bundle with other leaves than the signed ones.
    """
    feed, log, goal, hashes = where
    held = await db.read(lambda view: list(read_companions(view, log.id)))
    found = list[tuple[int, CompanionKeys]]()
    for index in range(log.next_index // WIDTH, -(-goal.size // WIDTH)):
        if budget.is_spent:
            break
        first = index * WIDTH
        bundle = Bundle(index, min(WIDTH, goal.size - first))
        data = await feed.tile(log.origin, bundle)
        leaves = decode_bundle(data, bundle.width)
        hashes.check_bundle(index, list(map(hash_leaf, leaves)))
        for at in find_companions(first, leaves):
            if at >= log.next_index and (said := _read(leaves[at - first])):
                found.append((at, said))
    bind_companions(chain, [*held, *found]).open_checkpoint(goal.note)


def _read(leaf: bytes) -> CompanionKeys | None:
    try:
        statement = leaf_statement(leaf)
    except (FormatError, RecordError):
        return None
    return statement if isinstance(statement, CompanionKeys) else None
