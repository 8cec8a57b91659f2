"""A static site: the paths of a node as plain files, for any web server, or a bucket.

Rule: a reader never finds a checkpoint whose tiles are not there yet. What never
changes is written first, what names it last, each file whole at once; one that is there
is complete, so it is not written again. Where it is written: `place.py`.

    what not all may see any longer goes → tiles, entries → keys, about, maps …
    → checkpoints → cosigned → logs → what tells of the map (`mapfiles.py`, in a
    bucket) → old partials

Partial tiles of the size before stay for one more turn: whoever has just read the old
checkpoint still asks for them. No turn is proportional to what was there before:
what was published before this process began is compared a part in each turn (`SPAN`),
and so many new tiles that a turn is over before they are there are taken up by the
next, in a snapshot of its own.
"""

import re
from collections.abc import Callable, Iterator
from itertools import chain, groupby, islice
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
from federation.flows.publish.photos import viewable_among
from federation.flows.publish.place import SitePlace, Written
from federation.records.readers import Nobody
from federation.store import hiddenphotos, leaves
from federation.store.logs import Log
from federation.store.view import View
from federation.text import Sentence
from federation.tlog.checkpoint import Checkpoint, read_unverified
from federation.tlog.tile import (
    WIDTH,
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
#: So many leaves, with what lies above them, are looked at together.
SPAN: Final = WIDTH * WIDTH
#: So many photographs that fewer may see are looked for among those that are there;
#: where there are more, all of these are asked about.
_MOST_HIDDEN: Final = 1000
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
        # Of each log: up to where what was there at first is compared, and its size.
        self._compared: dict[str, tuple[int, int]] = {}
        # Of each log: up to where its new tiles are there that nothing names yet.
        self._reached: dict[str, int] = {}
        # By which rules, and up to which place of those that fewer may see, the
        # photographs there were looked at.
        self._looked: tuple[bool, list[str]] | None = None
        self._hidden_up_to = 0
        #: Whether the last turn has left something to the next.
        self.has_more = False

    def write(
        self,
        view: View,
        by: Publisher,
        selection: Selection,
        advance: Callable[[int], None] = lambda _: None,
        is_over: Callable[[], bool] = lambda: False,
    ) -> Written:
        """Bring the place up to date with this view, or a part of it (`has_more`).

        Args:
            view: One snapshot for all of it.
            by: Who publishes.
            selection: Of what is held; `since` has no meaning here.
            advance: Called with the number of files dealt with; what it raises ends
                the turn between two files.
            is_over: Asked between two parts: whether the rest is for another turn.

        Raises:
            ConfigError: somebody else's site is there, or other things.
            ConflictError: the place has more of a log than is held here, another
                history, or another tile of it; or somebody else writes there.
            OSError: the disk is full or failed, or the object store; the next turn
                goes on.
        """
        self._place.restart()
        self._place.begin(by.settings.org)
        # First: it waits for nothing that is to be written.
        self._remove_hidden(view, by, selection)
        readable = selection.list_logs(view)
        before = {log.origin: self._read_size(view, log) for log in readable}
        self.has_more = False
        for log in readable:
            self._compare_tiles(view, log, before[log.origin], advance)
        for log in readable:
            if not self._write_tiles(view, log, before[log.origin], advance, is_over):
                # All else names them.
                self.has_more = True
                return self._place.written
        self._write_photos(view, by, selection, advance)
        beside = self._beside(view, selection.elections)
        heads = [Item(NO_JEKYLL, bytes), Item(PAGE, page)]
        self._write_heads([*heads, *list_heads(view, by, selection), *beside], advance)
        self._reached.clear()  # the checkpoints say it now
        if self._map_files is not None:
            elections = selection.elections or by.settings.elections
            given = view, self._place, elections, advance, is_over
            self.has_more |= self._map_files.write(*given)
        for path in list_old(self._place.names(FOLDER), beside):
            self._place.remove(path)
        for log in readable:
            self._remove_old(log, before[log.origin])
        self._place.end()
        return self._place.written

    def count(self, view: View, selection: Selection) -> int:
        """How many tiles are looked at until all is there, for a bar."""
        total = 0
        for log in selection.list_logs(view):
            before = self._read_size(view, log)
            ends = [(before, log.size)]
            if log.origin not in self._compared:
                ends.append((0, before))
            total += sum(len(new_tiles(*end)) + len(bundles_of(*end)) for end in ends)
        return total

    def _compare_tiles(
        self, view: View, log: Log, before: int, advance: Callable[[int], None]
    ) -> None:
        """Compare a part of what an earlier process has published; all of it in turn.

        It comes first: nothing is published above what somebody has changed.
        """
        start, size = self._compared.get(log.origin, (0, before))
        items = _list_full(view, log, start, end := _end_of_span(start, size))
        if log.origin not in self._compared:
            # They go a turn later.
            items = chain(items, _list_partial(view, log, 0, size))
        for item in items:
            self._place.keep(item.path, item.read, item.cached)
            advance(1)
        self._place.sync()
        self._compared[log.origin] = end, size
        self.has_more |= end < size

    def _write_tiles(
        self,
        view: View,
        log: Log,
        before: int,
        advance: Callable[[int], None],
        is_over: Callable[[], bool],
    ) -> bool:
        """Have the new tiles of a log written; whether all of them are there."""
        end = max(before, self._reached.get(log.origin, 0))
        while end < log.size:
            start, end = end, _end_of_span(end, log.size)
            items = _list_full(view, log, start, end)
            if end == log.size:
                items = chain(items, _list_partial(view, log, before, end))
                # They go some day though the checkpoint may come to name others.
                self._sizes.get(log.origin, set()).add(end)
            for item in items:
                self._place.add(item.path, item.read, item.cached)
                advance(1)
            self._place.sync()
            self._reached[log.origin] = end
            if end < log.size and is_over():
                return False
        return True

    def _write_heads(self, heads: list[Item], advance: Callable[[int], None]) -> None:
        # Stable, so that of one stage all stand together.
        for _, together in groupby(sorted(heads, key=_stage), _stage):
            for item in together:
                self._put_changed(item)
                advance(1)
            self._place.sync()

    def _write_photos(
        self,
        view: View,
        by: Publisher,
        selection: Selection,
        advance: Callable[[int], None],
    ) -> None:
        """Those that are asked for, and no others; as they are where none are."""
        if by.photos is None:
            return
        items = list_photo_items(view, by, selection)
        there = self._list_photos()
        for path in there - {item.path for item in items}:
            self._place.remove(path)
        for item in items:
            if item.path not in there:
                self._place.add(item.path, item.read, item.cached)
            advance(1)
        self._place.sync()

    def _remove_hidden(self, view: View, by: Publisher, selection: Selection) -> None:
        """Remove those that not all may see any longer.

        All that is there is asked about once, and by other rules; then what fewer may
        see since then is.
        """
        is_public = by.settings.photos.public
        rules = is_public, [log.origin for log in selection.list_logs(view)]
        last = hiddenphotos.last_place(view)
        since = hiddenphotos.list_hidden(view, self._hidden_up_to, _MOST_HIDDEN + 1)
        is_known = self._looked == rules and len(since) <= _MOST_HIDDEN
        if is_known and not since:
            return
        there, caller = iter(self._list_photos()), Nobody(at=selection.at)
        while digests := {path[len(PHOTOS) + 1 :] for path in islice(there, 1000)}:
            if is_known:
                digests.intersection_update(since)
            shown = viewable_among(view, digests, caller, is_public=is_public)
            for digest in digests - shown:
                self._place.remove(blob_of(digest).path)
        self._looked, self._hidden_up_to = rules, last

    def _list_photos(self) -> set[str]:
        """What is there; what has no such name was never ours."""
        return set(filter(_PHOTO.fullmatch, self._place.names(PHOTOS)))

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


def _end_of_span(start: int, size: int) -> int:
    return min(size, (start // SPAN + 1) * SPAN)


def _list_full(view: View, log: Log, start: int, end: int) -> Iterator[Item]:
    """The tiles and bundles that are full at `end` and were not at `start`."""
    tiles = [tile for tile in new_tiles(start, end) if tile.width == WIDTH]
    bundles = [one for one in bundles_of(start, end) if one.width == WIDTH]
    return list_tiles(view, log, tiles, bundles)


def _list_partial(view: View, log: Log, start: int, end: int) -> Iterator[Item]:
    """The partial ones of a tree of size `end` that one of `start` has not."""
    known = tiles_of(start)
    tiles = [tile for tile in tiles_of(end) if tile not in known]
    bundles = bundles_of(end - 1, end) if end % WIDTH and end != start else []
    return list_tiles(view, log, tiles, bundles)


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
