"""Every file that a selection of what is held here consists of.

Rule: the paths are those of a node (`feeds/resource.py`) and so are the bytes. They are
listed without their content, sorted, and each is read when its turn comes: memory does
not grow with the country. All within one view, so a checkpoint and its tiles belong
together.

    .well-known/tps-federation   <hex>/…   logs   v1/elections   v1/maps   v1/basis
    blob/<hex>                   where photographs are asked for (`photos.py`)

For somebody who has the beginning of a log (`since`, its size there), the entries and
the hashes of level 0 before it are left out, to whole tiles; what is above stays: it
is little, and the new tiles are proved with it. Maps and what they rest on are left
out with them. What the receiver has, an earlier bundle or a status vector says
(`read_sizes`); it only says what may be left out: whoever takes a bundle in checks that
it goes on from what is held there, and a file that lies costs its receiver a bundle too
small.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from federation.config.settings import Settings
from federation.errors import FormatError
from federation.feeds.bundle import BundleFile, is_bundle
from federation.feeds.resource import (
    ABOUT,
    ELECTIONS,
    LOGS,
    Caching,
    basis_of,
    caching_of,
    log_path,
    map_of,
)
from federation.feeds.status import parse_status
from federation.flows.cosign import read_cosigned
from federation.flows.publish.photos import PhotoShelf, list_photos
from federation.flows.publish.readable import (
    list_readable,
    read_checkpoint,
    read_pending,
    read_vector,
)
from federation.flows.query import state
from federation.flows.query.mapcache import MapCache
from federation.flows.query.published import published_basis
from federation.records.keychain import encode_keys
from federation.records.profile import Profile
from federation.records.publishedmap import format_map
from federation.records.readers import Nobody
from federation.store import keystatements, leaves, mapstate, registers
from federation.store.logs import Log
from federation.store.view import View
from federation.text import Sentence
from federation.tlog.checkpoint import read_unverified
from federation.tlog.tile import (
    WIDTH,
    Bundle,
    Tile,
    bundles_of,
    format_tile_path,
    new_tiles,
)


class Item(NamedTuple):
    """One file: its path, what reads it, and how long what was read stays so."""

    path: str
    read: Callable[[], bytes]
    cached: Caching = "brief"


@dataclass(frozen=True)
class Publisher:
    """Who publishes, by which rules the maps are made (by election), which photos.

    `follows`: it does so whenever a map moves; that map is then told as it was told
    last, since its digest needs all its rows.
    """

    settings: Settings
    profiles: Mapping[str, Profile]
    maps: MapCache = field(default_factory=MapCache)
    photos: PhotoShelf | None = None
    follows: bool = False

    def read_map(self, view: View, election: str) -> bytes:
        """The published map of an election that was merged before."""
        read = self.maps.read_last if self.follows else self.maps.read_map
        return format_map(read(view, election))


class Selection(NamedTuple):
    """What of it: `elections`, none named: all; `since`: sizes known, by origin.

    `at`: Unix seconds, when it is written; 0: without what is public from a time on.
    """

    elections: tuple[str, ...] = ()
    since: Mapping[str, int] = {}
    at: float = 0

    def list_logs(self, view: View) -> list[Log]:
        """The logs in it: files go from hand to hand, so those that all may read."""
        return list_readable(view, Nobody(at=self.at), self.elections)

    def start(self, log: Log) -> int:
        """The first tile of a log that is not known there, or else its last.

        Without any record of a log nobody can tell its files from such as were robbed
        of all of them.
        """
        return min(self.since.get(log.origin, 0), max(0, log.size - 1)) // WIDTH


def read_sizes(path: Path) -> dict[str, int]:
    """The size of each log that the file says is known, by origin.

    Raises:
        NotFoundError: a bundle file without a status vector: an excerpt.
        FormatError: neither a bundle file nor a status vector.
        OSError: it cannot be read.
    """
    if is_bundle(path):
        with BundleFile(path) as bundle:
            data = bundle.read(LOGS.path, LOGS.max_bytes)
    else:
        with path.open("rb") as file:
            # An editor, or a shell, ends the one line with a line feed.
            data = file.read(LOGS.max_bytes + 2).removesuffix(b"\n")
    try:
        vector = parse_status(data)
        checkpoints = [
            read_unverified(entry.checkpoint.encode()) for entry in vector.logs
        ]
    except FormatError as error:
        raise FormatError(Sentence("machine.not-since"), str(path)) from error
    return {checkpoint.origin: checkpoint.size for checkpoint in checkpoints}


def list_items(view: View, by: Publisher, selection: Selection) -> list[Item]:
    """Every file of a selection, in ascending order of their paths."""
    items = list_heads(view, by, selection)
    for log in selection.list_logs(view):
        start = selection.start(log)
        tiles = [
            tile for tile in new_tiles(0, log.size) if tile.level or tile.index >= start
        ]
        items += list_tiles(view, log, tiles, bundles_of(start * WIDTH, log.size))
    items += list_photo_items(view, by, selection)
    return sorted(items, key=lambda item: item.path)


def list_heads(view: View, by: Publisher, selection: Selection) -> list[Item]:
    """The files of a selection that are no tiles: few, however long the logs are."""
    stranger = Nobody(at=selection.at)
    items = [
        Item(LOGS.path, lambda: read_vector(view, stranger, selection.elections).body),
        *_list_node(view, by, selection),
    ]
    for log in selection.list_logs(view):
        items += list_log(view, log)
    # Two elections can have the same stations, and their register is one file.
    return list({item.path: item for item in items}.values())


def list_photo_items(view: View, by: Publisher, selection: Selection) -> list[Item]:
    """The photographs of a selection; none where none are asked for."""
    if by.photos is None:
        return []
    logs = selection.list_logs(view)
    listed = list_photos(view, by.photos, logs, selection.start)
    return [Item(path, read, "immutable") for path, read in listed]


def read_items(items: Iterable[Item]) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of each, read as they are asked for."""
    return ((item.path, item.read()) for item in items)


def list_tiles(
    view: View, log: Log, tiles: Iterable[Tile], bundles: Iterable[Bundle]
) -> Iterator[Item]:
    """These hashes and entries of a log, as files."""
    for tile in tiles:
        path = log_path(log.origin, format_tile_path(tile))
        read_tile = partial(leaves.read_tile, view, log.id, tile)
        yield Item(path, read_tile, caching_of(tile))
    for bundle in bundles:
        path = log_path(log.origin, format_tile_path(bundle))
        read_bundle = partial(leaves.read_bundle, view, log.id, bundle)
        yield Item(path, read_bundle, caching_of(bundle))


def list_log(view: View, log: Log) -> Iterator[Item]:
    """The files of a log that are no tiles."""

    def item(name: str, read: Callable[[], bytes]) -> Item:
        return Item(log_path(log.origin, name), read)

    yield item("checkpoint", partial(read_checkpoint, view, log.id))
    yield item("cosigned", partial(read_cosigned, view, log.id))
    yield item("keys", lambda: encode_keys(keystatements.read_keys(view, log.id)))
    if pending := read_pending(view, log.id):
        yield item("pending", lambda: pending)
    about = keystatements.read_about(view, log.org)
    if about is not None:
        yield item("about", lambda: about)
    evidence = log.frozen
    if evidence is not None:
        yield item("fork", lambda: evidence)


def _list_node(view: View, by: Publisher, selection: Selection) -> Iterator[Item]:
    about = keystatements.read_about(view, by.settings.org)
    if about is not None:
        yield Item(ABOUT.path, lambda: about)
    names = [
        name
        for name in by.settings.elections
        if not selection.elections or name in selection.elections
    ]
    yield Item(ELECTIONS.path, partial(_read_elections, view, by, names, selection))
    # Nobody can make a map again from a part of the records; a register is large.
    if any(map(selection.start, selection.list_logs(view))):
        return
    for name in names:
        yield from _list_map(view, by, name)


def _list_map(view: View, by: Publisher, election: str) -> Iterator[Item]:
    """The map of an election and what it rests on, as far as that is still here."""
    basis, profile = mapstate.read_basis(view, election), by.profiles.get(election)
    if basis is None or profile is None:
        return
    yield Item(map_of(election).path, partial(by.read_map, view, election))
    here = {profile.digest, registers.register_digest(view, election)}
    for digest in sorted(here & {basis.profile, basis.register} - {""}):
        resource = basis_of(digest)
        read = partial(published_basis, view, digest, [profile])
        yield Item(resource.path, read, resource.cached)


def _read_elections(
    view: View, by: Publisher, names: Sequence[str], selection: Selection
) -> bytes:
    elections = state.elections(
        view, Nobody(at=selection.at), by.profiles, names, by.settings
    )
    if selection.elections:
        kept = {log.origin for log in selection.list_logs(view)}
        frozen = [origin for origin in elections.frozen if origin in kept]
        elections = msgspec.structs.replace(elections, frozen=frozen)
    return msgspec.json.encode(elections)
