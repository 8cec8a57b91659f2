"""Who is to blame when two checkpoints do not fit together.

Rule: only proof blames an origin. The hashes between the two sizes are fetched from
the feed in doubt; if they lead to the newer signed root, what they say of the older
one is conclusive, whoever served them. If they do not, the feed is lying or damaged.

Source: docs/reference/protocol.md, "Pulling" step 6
"""

from collections.abc import Callable
from typing import TypeVar

from federation.errors import ProofError
from federation.feeds.feed import Feed
from federation.text import Sentence
from federation.tlog.checkpoint import SignedCheckpoint
from federation.tlog.fork import find_fork
from federation.tlog.merkle import HashReader, fold_prefix, prove_prefix
from federation.tlog.tile import Tile, hash_reader

T = TypeVar("T")


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
    hashes = await read_tree(
        feed, new.origin, new.size, lambda read: prove_prefix(old.size, new.size, read)
    )
    old_root, new_root = fold_prefix(old.size, new.size, hashes)
    if new_root != new.root:
        raise ProofError(Sentence("protocol.tiles-not-signed"))
    if old_root == old.root:
        return
    raise find_fork(old, new, hashes) or ProofError(
        Sentence("protocol.hashes-prove-nothing")
    )


async def read_tree(
    feed: Feed, origin: str, size: int, use: Callable[[HashReader], T]
) -> T:
    """What `use` makes of the tree of a log that a feed shows; no hash is verified.

    Each round needs one tile more: `use` is called once for each, and once again.

    Raises:
        FormatError: tiles of another length: the feed's fault.
        PeerError: the feed did not deliver.
    """
    fetched: dict[Tile, bytes] = {}

    def read(tile: Tile) -> bytes:
        try:
            return fetched[tile]
        except KeyError:
            raise _MissingError(tile) from None

    while True:
        try:
            return use(hash_reader(read, size))
        except _MissingError as missing:
            fetched[missing.tile] = await feed.tile(origin, missing.tile)
