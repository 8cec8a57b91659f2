"""A site in a bucket of an object store, for any reader that knows HTTP.

Rule: nothing is written over unseen. What never changes is made only where there is
nothing of its name (`If-None-Match: *`); where there is, the bytes are compared, and
others than ours end it. All else replaces only what was looked at (`If-Match`); where
somebody was faster, or nobody knows what became of a request, it is read again: ours is
well, another one ends the turn, and the next looks anew. Nor is the site of another
organisation: ours is known by the about note in it, or, until all is there, by the mark
`.federation-unfinished`, which both name an organisation. No store is trusted in this
that was not tried (`blobs/probe.py`). Only what nobody signs, and is made of the rest,
is written whatever is there (`mapfiles.py`).

    full tiles, entries, photographs, basis   a year, immutable
    partial tiles, what pages are made with   60 s
    checkpoint, news of the map               1 s
    what tells of the map                     2 s
    all else                                  no-cache: asked about each time

What a crowd asks for a cache must keep, and few keep what is `no-cache`: so only what
partners and auditors ask for is. A cache that knows both needs no rule for the rest:
for ten seconds more a copy is given while it is asked for anew
(`stale-while-revalidate`), for a week more where the store cannot be asked
(`stale-if-error`).

Several requests are on their way at once, so that a slow line does not make a country
slow; `sync` waits for all of them. A folder of the bucket is listed once, a thousand
names a request, and one at a time is kept. Of what changes the tag and the digest are
kept, so that a turn without news asks for little more than the checkpoints. The
library's calls are synchronous, in threads (docs/adr/0048-backups-in-a-bucket.md).

Source: RFC 9110 sections 13.1.1 and 13.1.2; RFC 9111 section 5.2.2; RFC 5861
"""

import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import obstore
from obstore.exceptions import AlreadyExistsError, PreconditionError

from federation.blobs.bucket import open_store
from federation.blobs.fault import refused, shown_address
from federation.blobs.probe import StoreTraits, is_probe, probe_store
from federation.errors import ConfigError, ConflictError, FormatError, RecordError
from federation.feeds.resource import ABOUT, CACHE_CONTROL, LOGS, Caching
from federation.flows.publish.outputfolder import SAYS, UNFINISHED
from federation.flows.publish.place import Written
from federation.records.about import open_about_unpinned
from federation.text import Sentence

if TYPE_CHECKING:
    from obstore import PutMode
    from obstore.store import ObjectStore

#: Requests on their way, and those that wait for them: a tile is at most 16 MB.
_THREADS: Final = 8
_WAITING: Final = 16
_PAGE: Final = 1000
_BRIEFLY: Final = "public, max-age=60"
_STALE: Final = ", stale-while-revalidate=10, stale-if-error=604800"
#: By the last part of a name, or how it ends; all else is asked about.
_CACHED: Final = dict.fromkeys(
    ("checkpoint", "news.json"), f"public, max-age=1{_STALE}"
)
_TEXT, _JSON = "text/plain; charset=utf-8", "application/json"
_MEDIA: Final = {
    **dict.fromkeys(("about", "checkpoint", "fork", "tps-federation"), _TEXT),
    **dict.fromkeys(("logs", "elections"), _JSON),
}
_MEDIA_BY_ENDING: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "json": _JSON,
    "geojson": "application/geo+json",
    "ndjson": "application/x-ndjson; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_BYTES: Final = "application/octet-stream"
#: The mark says below these words whose site it is; an older one says only them.
_SITE_OF: Final = b"The site of "
_MARK_BYTES: Final = 1024
_MD5: Final = re.compile(r"[0-9a-f]{32}")


class _FoundObject(NamedTuple):
    """What a store has of a name: its tag, and the bytes that were asked for."""

    tag: str
    size: int
    data: bytes


class _HeldObject(NamedTuple):
    """Of an object that changes: as it was when it was looked at, or written, last."""

    tag: str
    digest: bytes


class _ListedFolder(NamedTuple):
    """A folder: (size, tag) of each object right in it."""

    folder: str
    objects: Mapping[str, tuple[int, str]]
    has_folders: bool


class OutputBucket:
    """The objects below an address, by their paths; see `SitePlace`."""

    def __init__(
        self,
        address: str,
        given: Mapping[str, str] | None = None,
        *,
        opened: "ObjectStore | None" = None,
    ) -> None:
        """Nothing is asked yet.

        Args:
            address: `s3://bucket/below`.
            given: What a file says of the store and who asks (`blobs/bucket.py`).
            opened: The store, where it is open already.

        Raises:
            OSError: it is no address.
        """
        url = address.rstrip("/")
        self.address = shown_address(url)
        self._store = opened or open_store(url, given)
        self._threads = ThreadPoolExecutor(_THREADS, "publish")
        self._coming: deque[Future[int | None]] = deque()
        self._held: dict[str, _HeldObject] = {}
        self._listing: _ListedFolder | None = None
        self._is_marked = False
        # Until one is found that is none: of what is encrypted some tags are not.
        self._are_tags_md5 = True
        self._traits: StoreTraits | None = None
        self._files = self._bytes = self._removed = 0

    @property
    def written(self) -> Written:
        """What was done since it was last asked to count."""
        return Written(self._files, self._bytes, self._removed)

    def check(self, private: Iterable[Path]) -> Sentence | None:  # noqa: ARG002  no folder of this machine
        """Refuse a store that does not keep its word; what is there: see `begin`.

        Returns:
            What the store may hold, when it was tried; None: it was before.

        Raises:
            ConfigError: it may hold no site.
            OSError: it cannot be reached, or refuses who asks.
        """
        is_new = self._traits is None
        if self._traits is None:
            self._traits = probe_store(self._store, self.address)
        told = self._traits.tell()
        if not self._traits.takes_sites:
            raise ConfigError(self.address, "", told)
        return told if is_new else None

    def restart(self) -> None:
        """A turn begins; what an earlier one has left on its way is over first."""
        wait(self._coming)
        self._coming.clear()
        self._listing = None
        self._files = self._bytes = self._removed = 0

    def begin(self, org: str) -> None:
        """Say that this is ours and not whole, unless our site is there.

        Raises:
            ConfigError: somebody else's site is there, or other objects.
        """
        self._refuse_others(org)
        self._is_marked = self.has(UNFINISHED)
        if not (self._is_marked or self.has(LOGS.path)):
            mark = SAYS + _SITE_OF + org.encode() + b"\n"
            if self._put(UNFINISHED, mark, _BRIEFLY, "create") is None:
                # Somebody began meanwhile: perhaps we, by a request sent twice.
                self._listing = None
                self._refuse_others(org)
            self._is_marked = True

    def end(self) -> None:
        """All is there; the mark stays where nothing else says whose it is."""
        self.sync()
        if self._is_marked and self._read_owner() is not None:
            self._delete(UNFINISHED)
            self._is_marked = False

    def has(self, name: str) -> bool:
        """Whether this object is there, as its folder was listed in this turn."""
        return name in self._list(name.rpartition("/")[0]).objects

    def read(self, name: str, max_bytes: int) -> bytes | None:
        """The first bytes of an object as it is now; None where there is none."""
        known, found = self._held.get(name), self._get(name, max_bytes)
        if known is not None and (found is None or found.tag != known.tag):
            # Somebody else was here: nothing that was known of it is.
            self._held.clear()
        if found is None:
            return None
        self._held[name] = _hold(found)
        return found.data

    def is_same(self, name: str, data: bytes) -> bool:
        """Whether an object is there, with these bytes."""
        held = self._held.get(name)
        if held is None:
            found = self._get(name, len(data))
            if found is None:
                return False
            held = self._held[name] = _hold(found)
        return held.digest == hashlib.sha256(data).digest()

    def add(self, name: str, read: Callable[[], bytes], cached: Caching) -> None:
        """Have an object that never changes made, unless it is there."""
        there = self._list(name.rpartition("/")[0]).objects.get(name)
        data = read()
        if there is not None and there == (len(data), _tag_of(data)):
            return
        self._send(self._create, name, data, cached)

    def keep(self, name: str, read: Callable[[], bytes], cached: Caching) -> None:
        """Have an object compared by size and MD5; another one is read first."""
        there = self._list(name.rpartition("/")[0]).objects.get(name)
        if there is None:
            self.add(name, read, cached)
            return
        data, (size, tag) = read(), there
        is_told = self._are_tags_md5 and _MD5.fullmatch(tag)
        if size != len(data) or (is_told and tag != _tag_of(data)):
            self._send(self._compare, name, data, cached)

    def put(self, name: str, data: bytes) -> None:
        """Have an object made, or swapped for the one that was looked at."""
        self._send(self._swap, name, data)

    def replace(self, name: str, data: bytes) -> None:
        """Have an object made of what nobody signs, whatever is there."""
        self._send(self._overwrite, name, data)

    def sync(self) -> None:
        """All that was given is there."""
        while self._coming:
            self._count(self._coming.popleft().result())

    def remove(self, name: str) -> None:
        """Remove an object, if it is there."""
        self._delete(name)
        self._removed += 1

    def names(self, folder: str) -> Iterator[str]:
        """Every object below a folder, in no order."""
        with refused(self.address):
            above = folder.rstrip("/")
            for page in obstore.list(self._store, above, chunk_size=_PAGE):
                yield from (one["path"] for one in page if one["path"] != above)

    def _send(self, work: Callable[..., int | None], *given: object) -> None:
        """Have it done behind us; what came of an earlier one is told here."""
        while len(self._coming) >= _WAITING:
            self._count(self._coming.popleft().result())
        self._coming.append(self._threads.submit(work, *given))

    def _count(self, size: int | None) -> None:
        if size is not None:
            self._files += 1
            self._bytes += size

    def _create(self, name: str, data: bytes, cached: Caching) -> int | None:
        """Bytes written; None: it is there already.

        Raises:
            ConflictError: another one is.
        """
        how = CACHE_CONTROL[cached] if cached == "immutable" else _BRIEFLY
        if self._put(name, data, how, "create") is not None:
            return len(data)
        found = self._get(name, len(data))
        if found is None or (found.size, found.data) != (len(data), data):
            told = {"place": self.address, "path": name}
            raise ConflictError(Sentence("blobs.bucket-differs", **told))
        return None

    def _compare(self, name: str, data: bytes, cached: Caching) -> int | None:
        """Bytes written; None: it is there, whatever its tag is.

        Raises:
            ConflictError: another one is.
        """
        found = self._get(name, len(data))
        if found is None or (found.size, found.data) != (len(data), data):
            return self._create(name, data, cached)
        self._are_tags_md5 = False
        return None

    def _refuse_others(self, org: str) -> None:
        """Refuse what is not ours: another's site, or objects that nobody signs for.

        Raises:
            ConfigError: who has this address, as far as it says.
        """
        root = self._list("")
        names = {name for name in root.objects if not is_probe(name)}
        if not (names or root.has_folders):
            return
        mark = self.read(UNFINISHED, _MARK_BYTES) if UNFINISHED in names else None
        said = self._read_owner(), _parse_mark(mark)
        owners = [owner for owner in said if owner is not None]
        for other in owners:
            if other not in {org, ""}:
                told = Sentence("blobs.bucket-foreign", org=other, ours=org)
                raise ConfigError(self.address, "", told)
        if not owners:
            is_site = {LOGS.path, UNFINISHED} & names
            key = "blobs.bucket-unowned" if is_site else "blobs.bucket-other"
            raise ConfigError(self.address, "", Sentence(key))

    def _read_owner(self) -> str | None:
        """The organisation that the about note here names; None: none, or damaged."""
        data = self.read(ABOUT.path, ABOUT.max_bytes)
        try:
            return None if data is None else open_about_unpinned(data).org
        except (FormatError, RecordError):
            return None

    def _overwrite(self, name: str, data: bytes) -> int:
        self._held.pop(name, None)
        self._put(name, data, CACHE_CONTROL["brief"] + _STALE, "overwrite")
        return len(data)

    def _swap(self, name: str, data: bytes) -> int | None:
        """Bytes written; None: they were, by a request of which nobody had heard.

        Raises:
            ConflictError: somebody else has written it meanwhile.
        """
        held = self._held.pop(name, None)
        mode: PutMode = "create" if held is None else {"e_tag": held.tag}
        last = name.rpartition("/")[2]
        is_seen = last.rpartition(".")[2] in _MEDIA_BY_ENDING
        how = CACHE_CONTROL["conditional"] if not is_seen else _BRIEFLY + _STALE
        how = _CACHED.get(last, how)
        digest = hashlib.sha256(data).digest()
        tag = self._put(name, data, how, mode)
        if tag is not None:
            self._held[name] = _HeldObject(tag, digest)
            return len(data)
        found = self._get(name, len(data))
        if found is None or (found.size, found.data) != (len(data), data):
            # Whoever was here may have written more than this.
            self._held.clear()
            told = {"place": self.address, "path": name}
            raise ConflictError(Sentence("blobs.bucket-moved", **told))
        self._held[name] = _HeldObject(found.tag, digest)
        return None

    def _put(self, name: str, data: bytes, cached: str, mode: "PutMode") -> str | None:
        """The tag of what was written; None: the store has something else there."""
        with refused(f"{self.address}/{name}"):
            try:
                done = obstore.put(
                    self._store,
                    name,
                    data,
                    attributes={"Cache-Control": cached, "Content-Type": _media(name)},
                    mode=mode,
                    use_multipart=False,
                )
            except (AlreadyExistsError, PreconditionError, FileNotFoundError):
                return None
        return done["e_tag"] or ""

    def _get(self, name: str, max_bytes: int) -> _FoundObject | None:
        """The object, with at most so many of its bytes; None: there is none."""
        with refused(f"{self.address}/{name}"):
            try:
                got = obstore.get(self._store, name)
                size, tag = got.meta["size"], got.meta["e_tag"] or ""
                if size > max_bytes:
                    # No store has a range of nothing.
                    part = obstore.get_range(
                        self._store, name, start=0, end=max_bytes or 1
                    )
                    return _FoundObject(tag, size, part.to_bytes()[:max_bytes])
                data = bytes(got.bytes())
            except FileNotFoundError:
                return None
        return _FoundObject(tag, size, data)

    def _delete(self, name: str) -> None:
        self._held.pop(name, None)
        with refused(f"{self.address}/{name}"):
            try:
                obstore.delete(self._store, name)
            except FileNotFoundError:
                return

    def _list(self, folder: str) -> _ListedFolder:
        """What is right in a folder; only the last one is kept."""
        if self._listing is None or self._listing.folder != folder:
            with refused(f"{self.address}/{folder}"):
                found = obstore.list_with_delimiter(self._store, folder or None)
            objects = {
                one["path"]: (one["size"], (one["e_tag"] or "").strip('"'))
                for one in found["objects"]
                if one["path"] != folder  # so some stores show a folder that is empty
            }
            has_folders = bool(found["common_prefixes"])
            self._listing = _ListedFolder(folder, objects, has_folders)
        return self._listing


def _hold(found: _FoundObject) -> _HeldObject:
    """What is kept of it; of one that is longer than what was asked for, no digest."""
    is_whole = found.size == len(found.data)
    digest = hashlib.sha256(found.data).digest() if is_whole else b""
    return _HeldObject(found.tag, digest)


def _parse_mark(data: bytes | None) -> str | None:
    """Whose site was begun; "": an older mark, which does not say; None: no mark."""
    if data is None or not data.startswith(SAYS):
        return None
    named = data.removeprefix(SAYS)
    if not named:
        return ""
    if not named.startswith(_SITE_OF):
        return None
    return named.removeprefix(_SITE_OF).decode(errors="replace").strip() or None


def _tag_of(data: bytes) -> str:
    """The tag that most stores give to what comes in one piece: its MD5, no proof.

    Where a store has another one, the object is sent again, and then compared.
    """
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _media(name: str) -> str:
    """The media type of a file of a site, as a node tells it."""
    last = name.rpartition("/")[2]
    if name.startswith("v1/maps/"):
        return _JSON
    ending = last.rpartition(".")[2] if "." in last else ""
    return _MEDIA.get(last) or _MEDIA_BY_ENDING.get(ending, _BYTES)
