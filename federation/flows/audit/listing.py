"""The files of a folder or bundle by name: what is left out, what nobody asked for.

Rule: names decide nothing that hashes could. A bundle made with `--since` begins at
some entry bundle and has no leaf hashes below it either; where those are there, the
records are missing. A file that no part of an audit names is told, not judged.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Final

from federation.errors import FormatError
from federation.feeds.bundle import RECEIPTS
from federation.feeds.files import MAX_PATH_CHARS
from federation.feeds.resource import ABOUT, ELECTIONS, LOGS, basis_of, map_of
from federation.tlog.tile import WIDTH, Bundle, Tile, parse_tile_path

_HEX: Final = re.compile(r"[0-9a-f]{64}")
_OF_LOG: Final = frozenset({"about", "checkpoint", "cosigned", "fork", "keys"})
# What is written beside the data for people, and what this audit reads elsewhere.
_NAMED: Final = frozenset(
    {ABOUT.path, ELECTIONS.path, LOGS.path, "verify.html", ".nojekyll"}
)
_FOLDERS: Final = (map_of("").path, basis_of("").path, RECEIPTS)


class Listing:
    """The names of all files of a source."""

    def __init__(self, names: Iterable[str]) -> None:
        self._of_log: dict[str, list[str]] = {}
        self.extra = list[str]()
        #: Folders of a log that could not be looked into.
        self.closed = list[str]()
        for name in names:
            log, _, rest = name.partition("/")
            if name.endswith("/") and len(name) < MAX_PATH_CHARS and _HEX.match(log):
                self.closed.append(name)
            elif rest and _HEX.fullmatch(log):
                self._of_log.setdefault(log, []).append(rest)
            elif name not in _NAMED and not name.startswith(_FOLDERS):
                self.extra.append(name)

    def first_leaf(self, origin: str, size: int) -> int:
        """Where the records of a log begin: above 0 in a bundle made with `--since`."""
        bundles, tiles = set[int](), set[int]()
        for rest in self._of_log.get(_hex(origin), ()):
            tile = _tile(rest)
            if isinstance(tile, Bundle):
                bundles.add(tile.index)
            elif tile is not None and tile.level == 0:
                tiles.add(tile.index)
        # Nothing new, and no edge to be shown again: the bundle has neither.
        nothing = 0 if tiles or size % WIDTH else size // WIDTH
        first = min(bundles, default=nothing)
        return 0 if any(index < first for index in tiles) else first * WIDTH

    def unasked(self, sizes: dict[str, int]) -> list[str]:
        """The files that nothing names.

        Args:
            sizes: Of the logs that the source lists, by origin.
        """
        known = {_hex(origin): size for origin, size in sizes.items()}
        found = list(self.extra)
        for log, rests in self._of_log.items():
            size = known.get(log)
            found += (
                f"{log}/{rest}"
                for rest in rests
                if size is None or not _is_of_log(rest, size)
            )
        return sorted(found)


def _is_of_log(rest: str, size: int) -> bool:
    if rest in _OF_LOG:
        return True
    tile = _tile(rest)
    if tile is None:
        return False
    level = 0 if isinstance(tile, Bundle) else tile.level
    # A narrower one is of an earlier size: the beginning of what is compared.
    return tile.index * WIDTH + tile.width <= size >> 8 * level


def _tile(rest: str) -> Tile | Bundle | None:
    try:
        return parse_tile_path(rest)
    except FormatError:
        return None


def _hex(origin: str) -> str:
    return hashlib.sha256(origin.encode()).hexdigest()
