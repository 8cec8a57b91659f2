"""Who is to blame when two checkpoints do not fit together.

Rule: only proof blames an origin. The hashes between the two sizes are fetched from
the feed in doubt; if they lead to the newer signed root, what they say of the older
one is conclusive, whoever served them. If they do not, the feed is lying or damaged.

Source: docs/reference/protocol.md, "Pulling" step 6
"""

from collections.abc import Sequence

from federation.errors import ProofError
from federation.feeds.feed import Feed
from federation.tlog.checkpoint import Checkpoint, parse_checkpoint
from federation.tlog.fork import find_fork
from federation.tlog.keys import VerifierKey
from federation.tlog.merkle import fold_prefix, prove_prefix
from federation.tlog.note import parse_note
from federation.tlog.tile import Tile, hash_reader


class _MissingError(Exception):
    """A tile that has to be fetched before the proof can be read on."""

    def __init__(self, tile: Tile) -> None:
        super().__init__()
        self.tile = tile


async def check_grown(
    feed: Feed, old: bytes, new: bytes, log_keys: Sequence[VerifierKey]
) -> None:
    """Refuse `new` unless the tree of `old` is how its tree begins.

    Args:
        feed: That showed `new`.
        old: Verified checkpoint note of the smaller size.
        new: Verified checkpoint note of the larger size.
        log_keys: The keys that may have signed them.

    Raises:
        ForkError: the origin signed both, and one of them is another history.
        ProofError: the feed's tiles do not lead to `new`: its fault.
        FormatError: tiles of another length: its fault.
        PeerError: the feed did not deliver.
    """
    first = parse_checkpoint(parse_note(old).text)
    second = parse_checkpoint(parse_note(new).text)
    if first.size == 0:
        return
    hashes = await _fetch_hashes(feed, first.size, second)
    old_root, new_root = fold_prefix(first.size, second.size, hashes)
    if new_root != second.root:
        raise ProofError("tiles that do not lead to the signed root")
    if old_root == first.root:
        return
    fork = find_fork(old, new, hashes, log_keys)
    raise fork or ProofError("hashes that prove nothing")


async def _fetch_hashes(feed: Feed, old: int, new: Checkpoint) -> list[bytes]:
    fetched: dict[Tile, bytes] = {}

    def read(tile: Tile) -> bytes:
        try:
            return fetched[tile]
        except KeyError:
            raise _MissingError(tile) from None

    # Each round needs one tile more: two for every level, at the most.
    while True:
        try:
            return prove_prefix(old, new.size, hash_reader(read, new.size))
        except _MissingError as missing:
            fetched[missing.tile] = await feed.tile(new.origin, missing.tile)
