"""What lies beside the records: the names of files, the about note, the page.

Rule: none of it says anything of a record, and names decide nothing that hashes could.
A bundle made with `--since` begins at some entry bundle and has no leaf hashes below it
either; where those are there, the records are missing. A file that no part of an audit
names is told, not judged. The about note is signed by the node's key, and must be;
profiles and registers are named by their digests; the page that checks in a browser is
a program, so one that is not ours, of this version, is told: it could say anything.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Final

from federation.decoding import parse_any_json
from federation.errors import FormatError, NotFoundError, UnreadableError
from federation.feeds.bundle import RECEIPTS
from federation.feeds.files import MAX_PATH_CHARS, Files
from federation.feeds.resource import (
    ABOUT,
    BY_DIGEST,
    ELECTIONS,
    LOGS,
    Resource,
    map_of,
)
from federation.flows.audit.keyring import BAD, Keyring
from federation.flows.audit.source import Reader
from federation.records.about import open_about, open_about_unpinned
from federation.text import Sentence
from federation.tlog.tile import WIDTH, Bundle, Tile, parse_tile_path
from federation.verifier import page

PAGE_PATH: Final = "verify.html"
_MAX_PAGE_BYTES: Final = 1 << 22
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_OF_LOG: Final = frozenset({"about", "checkpoint", "cosigned", "fork", "keys"})
# What is written beside the data for people, and what this audit reads elsewhere.
_NAMED: Final = frozenset(
    {ABOUT.path, ELECTIONS.path, LOGS.path, PAGE_PATH, ".nojekyll"}
)
# Figures of a static site (`flows/publish/beside.py`): they are signed by nobody.
_FIGURES: Final = re.compile(
    r"laporan/(?:style\.css|tilemap\.css"
    r"|[a-z0-9-]+/(?:index\.html|en\.html|statistics\.(?:json|csv|ndjson|geojson)))"
)
_BY_DIGEST: Final = tuple(named_by("").path for named_by in BY_DIGEST)
_FOLDERS: Final = (map_of("").path, *_BY_DIGEST, RECEIPTS)


def _is_known(name: str) -> bool:
    """Whether a file has its place there, beside the logs."""
    return (
        name in _NAMED
        or name.startswith(_FOLDERS)
        or _FIGURES.fullmatch(name) is not None
    )


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
            elif not _is_known(name):
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
        unasked = list(self.extra)
        for log, rests in self._of_log.items():
            size = known.get(log)
            unasked += (
                f"{log}/{rest}"
                for rest in rests
                if size is None or not _is_of_log(rest, size)
            )
        return sorted(unasked)


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


async def check_about(reader: Reader, keyring: Keyring) -> None:
    """Note an about note that the node it speaks of, if that is known, did not sign."""
    note = await reader.ask(ABOUT)
    # A node may say nothing of itself; an empty file is one that was damaged.
    if note is None or (not note and not reader.is_file):
        return
    try:
        about = open_about_unpinned(note)
        keys = keyring.node_keys(about.org)
        if keys:
            open_about(note, keys)
    except BAD as error:
        reader.add(
            "damaged", detail=Sentence("audited.about-because", error=error.told)
        )


def check_basis(reader: Reader, files: Files) -> None:
    """Note a profile or register that is not what its name says.

    The list of elections says again, unsigned, what the maps say: it must be whole.
    """
    try:
        parse_any_json(files.read(ELECTIONS.path, ELECTIONS.max_bytes))
    except NotFoundError:
        pass
    except UnreadableError as error:
        reader.blame(error)
    except FormatError as error:
        reader.add(
            "damaged",
            detail=Sentence("machine.at", place=ELECTIONS.path, cause=error.told),
        )
    for named_by in BY_DIGEST:
        _check_names(reader, files, named_by(""))


def _check_names(reader: Reader, files: Files, folder: Resource) -> None:
    for path in files.names():
        if not path.startswith(folder.path):
            continue
        try:
            data = files.read(path, folder.max_bytes)
        except (FormatError, NotFoundError) as error:
            reader.blame(error)
            continue
        if hashlib.sha256(data).hexdigest() != path.removeprefix(folder.path):
            reader.add("damaged", detail=Sentence("audited.not-its-name", path=path))


def check_page(reader: Reader, files: Files) -> None:
    """Note a page that checks, but is not the one that comes with this program."""
    try:
        given = files.read(PAGE_PATH, _MAX_PAGE_BYTES)
    except NotFoundError:
        return
    except FormatError as error:
        reader.blame(error)
        return
    if given != page():
        reader.add("extra-file", detail=Sentence("audited.other-page", path=PAGE_PATH))
