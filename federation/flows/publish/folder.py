"""A static site: the paths of a node as plain files, for any web server, or a bucket.

Rule: a reader never finds a checkpoint whose tiles are not there yet. What never
changes is written first, what names it last, each file whole at once; one that is there
is complete, so it is not written again. Where it is written: `place.py`.

    tiles, entries → keys, about, maps … → checkpoints → cosigned → logs → what tells
    of the map (`mapfiles.py`, in a bucket) → old partials

Partial tiles of the size before stay for one more turn: whoever has just read the old
checkpoint still asks for them. No write is proportional to what was there before,
but for the first of a process, which looks at every file.
"""

import re
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Final

from federation.errors import ConflictError, FormatError
from federation.feeds.resource import LOGS, blob_of, checkpoint_of, log_path
from federation.flows.publish.beside import FOLDER, BesideMaker, list_old
from federation.flows.publish.items import (
    Item,
    Publisher,
    Selection,
    list_heads,
    list_photo_items,
    list_tiles,
)
from federation.flows.publish.mapfiles import MapFiles
from federation.flows.publish.place import SitePlace, Written
from federation.store import leaves
from federation.store.db import View
from federation.store.logs import Log
from federation.text import Sentence
from federation.tlog.checkpoint import Checkpoint, read_unverified
from federation.tlog.tile import (
    Bundle,
    Tile,
    bundles_of,
    format_tile_path,
    new_tiles,
    tiles_of,
)
from federation.verifier import page

#: What names the tiles and so is written after them, in this order.
LATE: Final = ("checkpoint", "cosigned", LOGS.path)
#: The page that checks all of it in a browser lies beside it.
PAGE: Final = "verify.html"
#: The folder of photographs.
PHOTOS: Final = blob_of("").path.rstrip("/")
_PHOTO: Final = re.compile(rf"{PHOTOS}/[0-9a-f]{{64}}")
#: An empty file: GitHub Pages leaves out `.well-known` where it is missing.
NO_JEKYLL: Final = ".nojekyll"


class StaticSite:
    """A place that follows what is held; one object for as long as it is written."""

    def __init__(
        self,
        place: SitePlace,
        beside: BesideMaker = lambda _view, _elections: [],
        map_files: MapFiles | None = None,
    ) -> None:
        """Nothing is written yet; see `SitePlace.check`.

        Args:
            place: Where.
            beside: What stands there beside the records.
            map_files: What tells of the map there; None: nothing does.
        """
        self._place, self._beside = place, beside
        self._map_files = map_files
        self._sizes: dict[str, set[int]] = {}
        #: Whether the last turn has left something of the map to the next.
        self.has_more = False

    def write(
        self,
        view: View,
        by: Publisher,
        selection: Selection,
        advance: Callable[[int], None] = lambda _: None,
    ) -> Written:
        """Bring the place up to date with this view.

        Args:
            view: One snapshot for all of it.
            by: Who publishes.
            selection: Of what is held; `since` has no meaning here.
            advance: Called with the number of files dealt with; what it raises ends
                the turn between two files.

        Raises:
            ConfigError: somebody else's site is there, or other things.
            ConflictError: the place has more of a log than is held here, another
                history, or another tile of it; or somebody else writes there.
            OSError: the disk is full or failed, or the object store; the next turn
                goes on.
        """
        self._place.restart()
        self._place.begin(by.settings.org)
        readable = selection.list_logs(view)
        before = {log.origin: self._read_size(view, log) for log in readable}
        for log in readable:
            self._write_tiles(view, log, before[log.origin], advance)
        self._write_photos(list_photo_items(view, by, selection), advance)
        heads = [Item(NO_JEKYLL, bytes), Item(PAGE, page)]
        heads += list_heads(view, by, selection)
        beside = self._beside(view, selection.elections)
        heads += beside
        # Stable, so that of one stage all stand together.
        heads.sort(key=_stage)
        for _, together in groupby(heads, _stage):
            for item in together:
                self._put_changed(item)
                advance(1)
            self._place.sync()
        if self._map_files is not None:
            elections = selection.elections or by.settings.elections
            given = view, self._place, elections, advance
            self.has_more = self._map_files.write(*given)
        for path in list_old(self._place.names(FOLDER), beside):
            self._place.remove(path)
        for log in readable:
            self._remove_old(log, before[log.origin])
        self._place.end()
        return self._place.written

    def count(self, view: View, selection: Selection) -> int:
        """How many tiles a turn looks at, for a bar."""
        return sum(
            len(tiles) + len(bundles)
            for log in selection.list_logs(view)
            for tiles, bundles in self._wanted(log, self._read_size(view, log))
        )

    def _wanted(
        self, log: Log, before: int
    ) -> tuple[tuple[list[Tile], list[Bundle]], tuple[list[Tile], list[Bundle]]]:
        """What of a log a turn looks at: what is named there already, what is new.

        The former only once: it was written before the checkpoint that names it.
        """
        named = 0 if log.origin in self._sizes else before
        new = new_tiles(before, log.size), bundles_of(before, log.size)
        return (new_tiles(0, named), bundles_of(0, named)), new

    def _write_tiles(
        self, view: View, log: Log, before: int, advance: Callable[[int], None]
    ) -> None:
        named, new = self._wanted(log, before)
        for item in list_tiles(view, log, *named):
            self._place.keep(item.path, item.read, item.cached)
            advance(1)
        for item in list_tiles(view, log, *new):
            self._place.add(item.path, item.read, item.cached)
            advance(1)
        self._place.sync()

    def _write_photos(self, items: list[Item], advance: Callable[[int], None]) -> None:
        """Those that are there; what is not to be shown any longer goes."""
        # What has no such name was never ours.
        there = set(filter(_PHOTO.fullmatch, self._place.names(PHOTOS)))
        for path in there - {item.path for item in items}:
            self._place.remove(path)
        for item in items:
            if item.path not in there:
                self._place.add(item.path, item.read, item.cached)
            advance(1)
        self._place.sync()

    def _read_size(self, view: View, log: Log) -> int:
        """The size of a log in the place; 0 where it is not there yet, or damaged.

        Raises:
            ConflictError: it is larger than what is held here, or another history.
        """
        kept = checkpoint_of(log.origin)
        written = _parse(self._place.read(kept.path, kept.max_bytes))
        if written is None or written.origin != log.origin:
            return 0
        if written.size > log.size:
            raise ConflictError(
                Sentence(
                    "held.folder-larger",
                    folder=self._place.address,
                    written=written.size,
                    origin=log.origin,
                    held=log.size,
                ),
                written.size,
            )
        if leaves.frontier(view, log.id, written.size).root() != written.root:
            told = {"folder": self._place.address, "origin": log.origin}
            raise ConflictError(Sentence("held.folder-other", **told))
        return written.size

    def _put_changed(self, item: Item) -> None:
        if item.cached == "immutable":
            # It may be large.
            if not self._place.has(item.path):
                self._place.add(item.path, item.read, item.cached)
            return
        data = item.read()
        if not self._place.is_same(item.path, data):
            self._place.put(item.path, data)

    def _remove_old(self, log: Log, before: int) -> None:
        """Remove partial tiles of sizes that nobody can have read lately."""
        keep = {before, log.size}
        kept = {path for size in keep for path in _partials(log, size)}
        seen = self._sizes.get(log.origin)
        if seen is None:
            old = self._list_partials(log)
        else:
            old = {path for size in seen for path in _partials(log, size)}
        for path in old - kept:
            self._place.remove(path)
        self._sizes[log.origin] = keep

    def _list_partials(self, log: Log) -> set[str]:
        """Every partial tile in the place."""
        tiles = self._place.names(log_path(log.origin, "tile"))
        return {path for path in tiles if path.rpartition("/")[0].endswith(".p")}


def _partials(log: Log, size: int) -> Iterator[str]:
    """The paths of the partial tiles of a tree of this size."""
    partial: list[Tile | Bundle] = [*tiles_of(size)]
    partial += [bundle for bundle in bundles_of(size - 1, size) if size % 256]
    for tile in partial:
        yield log_path(log.origin, format_tile_path(tile))


def _parse(data: bytes | None) -> Checkpoint | None:
    try:
        return None if data is None else read_unverified(data)
    except FormatError:
        return None  # damaged: as if it were not there, all is written again


def _stage(item: Item) -> int:
    """When a file that is no tile is written; the earlier ones do not name the later.

    A smaller checkpoint than `cosigned` knows would look like a history taken back.
    """
    name = item.path.rpartition("/")[2]
    return LATE.index(name) if name in LATE else -1
