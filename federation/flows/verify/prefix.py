"""Who is to blame when two checkpoints do not fit together.

Rule: only proof blames an origin. The hashes between the two sizes are fetched from
the feed in doubt; if they lead to the newer signed root, what they say of the older
one is conclusive, whoever served them. If they do not, the feed is lying or damaged.

Source: docs/reference/protocol.md, "Pulling" step 6
"""

from federation.errors import ProofError
from federation.feeds.feed import Feed
from federation.text import Sentence
from federation.tlog.checkpoint import SignedCheckpoint
from federation.tlog.fork import find_fork
from federation.tlog.merkle import fold_prefix, prove_prefix
from federation.tlog.tile import Tile, hash_reader


class _MissingError(Exception):
    """A tile that has to be fetched before the proof can be read on."""

    def __init__(self, tile: Tile) -> None:
        super().__init__()
        self.tile = tile


async def check_grown(feed: Feed, old: SignedCheckpoint, new: SignedCheckpoint) -> None:
    """Refuse `new` unless the tree of `old` is how its tree begins.

    Args:
        feed: That showed `new`.
        old: Of the smaller size.
        new: Of the larger size.

    Raises:
        ForkError: the origin signed both, and one of them is another history.
        ProofError: the feed's tiles do not lead to `new`: its fault.
        FormatError: tiles of another length: its fault.
        PeerError: the feed did not deliver.
    """
    if old.size == 0:
        return
    hashes = await _fetch_hashes(feed, old, new)
    old_root, new_root = fold_prefix(old.size, new.size, hashes)
    if new_root != new.root:
        raise ProofError(Sentence("protocol.tiles-not-signed"))
    if old_root == old.root:
        return
    raise find_fork(old, new, hashes) or ProofError(
        Sentence("protocol.hashes-prove-nothing")
    )


async def _fetch_hashes(
    feed: Feed, old: SignedCheckpoint, new: SignedCheckpoint
) -> list[bytes]:
    fetched: dict[Tile, bytes] = {}

    def read(tile: Tile) -> bytes:
        try:
            return fetched[tile]
        except KeyError:
            raise _MissingError(tile) from None

    # Each round needs one tile more: two for every level, at the most.
    while True:
        try:
            return prove_prefix(old.size, new.size, hash_reader(read, new.size))
        except _MissingError as missing:
            fetched[missing.tile] = await feed.tile(new.origin, missing.tile)
