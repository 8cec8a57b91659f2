"""What somebody hands over: the logs of a `FakePeer` as plain files."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from federation.feeds.bundle import write_bundle
from federation.feeds.resource import log_path
from federation.feeds.status import format_status
from federation.tlog.tile import WIDTH, bundles_of, format_tile_path, new_tiles
from tests.fakes import FakePeer

Items = Iterable[tuple[str, bytes]]


def items_of(peer: FakePeer, since: int = 0) -> list[tuple[str, bytes]]:
    """Path and bytes of every file, sorted; without what a receiver of `since` has."""
    return sorted(_items(peer, since))


def _items(peer: FakePeer, since: int) -> Iterator[tuple[str, bytes]]:
    yield "logs", peer.spoil("logs", "", format_status(peer.entries()))
    yield from peer.files.items()
    for origin, one in peer.shown.items():
        tree, first = one.tree, since // WIDTH
        note = one.cosigned or one.note or tree.note()
        yield (
            log_path(origin, "checkpoint"),
            peer.spoil("checkpoint", origin, note),
        )
        keys = peer._keys(origin)
        yield log_path(origin, "keys"), peer.spoil("keys", origin, keys)
        for name, data in (("about", one.about), ("fork", one.evidence)):
            if data is not None:
                yield log_path(origin, name), peer.spoil(name, origin, data)
        hashes = new_tiles(0, tree.size)
        for tile in [*hashes, *bundles_of(0, tree.size)]:
            if getattr(tile, "level", 0) == 0 and tile.index < first:
                continue
            path = format_tile_path(tile)
            data = peer.spoil(path, origin, tree.tile(tile))
            yield log_path(origin, path), data


def bundle_of(path: Path, peer: FakePeer, since: int = 0) -> Path:
    """The peer's logs as a bundle file."""
    write_bundle(path, items_of(peer, since))
    return path


def folder_of(path: Path, peer: FakePeer, since: int = 0) -> Path:
    """The peer's logs as a folder."""
    for name, data in items_of(peer, since):
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return path
