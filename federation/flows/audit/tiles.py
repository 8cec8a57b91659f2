"""The hash tiles of one log: shown to lead to the signed root, or which of them do not.

Rule: the root is what was signed; a tile is right because it leads there. Where the
few tiles that should do not, the same hashes are sought in the tiles below them, then
in the records themselves: whatever leads to the signed root shows which tile is wrong,
and the records are judged all the same. Memory: 32 bytes for every 256 records.

Source: C2SP tlog-tiles v0.1
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence

from federation.errors import FormatError, PeerError, ProofError
from federation.flows.audit.report import UNASKED
from federation.flows.audit.source import Reader, kind_of
from federation.text import Sentence
from federation.tlog.checkpoint import Checkpoint
from federation.tlog.merkle import Frontier, hash_leaf, root_of
from federation.tlog.mirror import Authenticated, plan_extension
from federation.tlog.tile import (
    WIDTH,
    Bundle,
    Tile,
    decode_bundle,
    format_tile_path,
    split_hashes,
    tiles_over,
)

_HashesOf = Callable[[Bundle], Awaitable[list[bytes]]]


class Tiles:
    """The hash tiles of a log of one size, in one source."""

    def __init__(self, reader: Reader, checkpoint: Checkpoint) -> None:
        self._reader, self._checkpoint = reader, checkpoint
        self._origin, self.size = checkpoint.origin, checkpoint.size
        self._plan = plan_extension(0, checkpoint)
        self._is_rebuilt = False

    async def prove(self) -> Authenticated | None:
        """The hashes that lead to the signed root; None where none do, and findings."""
        fetched: dict[Tile, bytes] = {}
        for tile in self._plan.tiles:
            data = await self._fetch(tile)
            if data is not None:
                fetched[tile] = data
        shown = self._open(fetched)
        if shown is not None:
            await self._check_above(shown)
            return shown
        candidates = [fetched]
        for hashes_of in (self._from_tile, self._from_bundle):
            candidates.append(await self._rebuild(hashes_of))
            shown = self._open(candidates[-1]) or self._open(_agreed(candidates))
            if shown is not None:
                break
        if shown is None:
            # Wrong are only hashes that are all here, and lead elsewhere; what did
            # not come is told already.
            if len(fetched) == len(self._plan.tiles) or self._is_rebuilt:
                detail = Sentence("audited.hashes-lead")
                self._reader.add("tile", self._origin, detail=detail)
            return None
        self._name_wrong(fetched, shown)
        await self._check_above(shown)
        return shown

    async def unproved(self) -> Authenticated:
        """The hashes of the records as they are here, which lead nowhere."""
        built = await self._rebuild(self._from_bundle)
        roots, last = self._take_apart(built)
        return Authenticated(roots, self.size // WIDTH, last)

    async def leaf_hashes(self, index: int, shown: Authenticated) -> list[bytes] | None:
        """The signed leaf hashes of a bundle, from its tile; None where it is wrong."""
        width = min(WIDTH, self.size - index * WIDTH)
        if width <= 0 or index < 0:
            return None
        if width < WIDTH:
            return shown.edge_hashes
        try:
            hashes = await self._from_tile(Bundle(index, width))
            shown.check_bundle(index, hashes)
        except (PeerError, FormatError, ProofError):
            return None
        return hashes

    async def compare(self, index: int, leaf_hashes: Sequence[bytes]) -> None:
        """Note a tile of leaf hashes that is not that of these verified leaves."""
        tile = Tile(0, index, len(leaf_hashes))
        data = await self._fetch(tile)
        if data is not None and data != b"".join(leaf_hashes):
            self._wrong(tile)

    async def _check_above(self, shown: Authenticated) -> None:
        """Note every tile above the second level that is not the one it must be."""
        roots = (shown.bundle_root(index) for index in range(self.size // WIDTH))
        for tile, right in tiles_over(filter(None, roots), 1):
            if tile.level < 2:
                continue
            data = await self._fetch(tile)
            if data is not None and data != right:
                self._wrong(tile)

    async def _rebuild(self, hashes_of: _HashesOf) -> dict[Tile, bytes]:
        """The planned tiles, as what lies below them gives them."""
        roots = list[bytes]()
        last = b""
        is_whole = True
        for index in range(-(-self.size // WIDTH)):
            width = min(WIDTH, self.size - index * WIDTH)
            try:
                hashes = await hashes_of(Bundle(index, width))
            except (PeerError, FormatError) as error:
                if self._reader.feed.has_given_up(self._origin):
                    return {}
                is_whole &= kind_of(error) not in {UNASKED, "missing"}
                # Any bytes that are not it: they will not lead to the root.
                hashes = [bytes(32)] * width
            if width == WIDTH:
                roots.append(root_of(hashes))
            else:
                last = b"".join(hashes)
        self._is_rebuilt |= is_whole
        built = {tile: _slice(roots, tile) for tile in self._plan.spine}
        if self._plan.last is not None:
            built[self._plan.last] = last
        return built

    def _open(self, tiles: dict[Tile, bytes]) -> Authenticated | None:
        if any(tile not in tiles for tile in self._plan.tiles):
            return None
        try:
            return self._plan.open(Frontier(), [], tiles)
        except (ProofError, FormatError):
            return None

    def _name_wrong(self, fetched: dict[Tile, bytes], shown: Authenticated) -> None:
        for tile, data in fetched.items():
            if tile == self._plan.last:
                right = b"".join(shown.edge_hashes)
            else:
                places = range(tile.index * WIDTH, tile.index * WIDTH + tile.width)
                right = b"".join(shown.bundle_root(at) or b"" for at in places)
            # The last tile of leaf hashes is compared with its bundle, as all are.
            if data != right and tile.level:
                self._wrong(tile)

    def _take_apart(
        self, tiles: dict[Tile, bytes]
    ) -> tuple[dict[int, bytes], list[bytes]]:
        plan = self._plan
        roots = {
            tile.index * WIDTH + at: root
            for tile in plan.spine
            for at, root in enumerate(split_hashes(tiles[tile], tile.width))
        }
        last = plan.last
        return roots, [] if last is None else split_hashes(tiles[last], last.width)

    async def _from_tile(self, bundle: Bundle) -> list[bytes]:
        tile = Tile(0, bundle.index, bundle.width)
        data = await self._reader.feed.tile(self._origin, tile)
        return split_hashes(data, bundle.width)

    async def _from_bundle(self, bundle: Bundle) -> list[bytes]:
        data = await self._reader.feed.tile(self._origin, bundle)
        return [hash_leaf(leaf) for leaf in decode_bundle(data, bundle.width)]

    async def _fetch(self, tile: Tile) -> bytes | None:
        try:
            data = await self._reader.feed.tile(self._origin, tile)
        except PeerError as error:
            self._reader.blame(error, self._origin)
            return None
        # A feed out of files hands them over however long they are.
        if len(data) == 32 * tile.width:
            return data
        kind = "cut-off" if len(data) < 32 * tile.width else "damaged"
        detail = Sentence(
            "audited.path-bytes", path=format_tile_path(tile), size=len(data)
        )
        self._reader.add(kind, self._origin, detail=detail)
        return None

    def _wrong(self, tile: Tile) -> None:
        detail = Sentence("audited.path-leads", path=format_tile_path(tile))
        self._reader.add("tile", self._origin, detail=detail)


def _agreed(candidates: Iterable[dict[Tile, bytes]]) -> dict[Tile, bytes]:
    """Hash by hash, what most of these say: damage in several places is not alike."""
    written: dict[Tile, list[bytes]] = {}
    for tiles in candidates:
        for tile, data in tiles.items():
            if len(data) == 32 * tile.width:
                written.setdefault(tile, []).append(data)
    return {tile: b"".join(_most(tile, of_tile)) for tile, of_tile in written.items()}


def _most(tile: Tile, written: Sequence[bytes]) -> Iterable[bytes]:
    for at in range(0, 32 * tile.width, 32):
        hashes = [data[at : at + 32] for data in written]
        yield max(hashes, key=hashes.count)


def _slice(roots: Sequence[bytes], tile: Tile) -> bytes:
    start = tile.index * WIDTH
    return b"".join(roots[start : start + tile.width])
