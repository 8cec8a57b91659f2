"""Original photographs beside backups, each sealed for the backup key, once.

    <place>/originals/<id of the backup key>/ab/<64 hex digits>

Rule: an original says where, when and by which telephone it was taken, so it leaves the
home only sealed: without a backup key none does. Its name is the digest of what is
sealed, which opens under no other name. Of a key of before nothing is sealed anew: what
it opens stays as long as a backup names it.
"""

import hashlib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from federation.blobs.blobs import Blobs, is_digest
from federation.errors import NotFoundError, VerificationError
from federation.flows.annex.sealing import open_bytes, seal_bytes
from federation.flows.backup.photos import PREFIXES
from federation.photos.originals import keep_original
from federation.store.db import Database
from federation.store.originals import find_copy
from federation.store.removals import removed_among
from federation.store.view import View
from federation.text import Sentence

_BOUND: Final = b"federation/original/v1\n"
#: More than an original has.
_MOST_BYTES: Final = 1 << 27


class SavedOriginals(NamedTuple):
    """Digests of those there are now, and how many of them came."""

    digests: list[str]
    new: int


class FoundOriginals(NamedTuple):
    """How many a backup names, and how many of them are missing, or damaged."""

    number: int
    missing: int
    damaged: int


def folder_of(key: str) -> str:
    """Where those lie that this key opens, below a place of backups."""
    return f"originals/{key}"


async def save_originals(
    db: Database,
    folder: Path,
    target: Blobs,
    public: bytes,
    told: Callable[[int], None],
) -> SavedOriginals:
    """Seal those that the target lacks; what was removed for good goes from it.

    Args:
        db: Says which are removed.
        folder: Of the originals.
        target: Those of this key.
        public: The backup key, 32 bytes.
        told: Called with how many are done.

    Raises:
        OSError: a disk is full or failed, or the object store.
    """
    digests, new = [], 0
    for prefix in PREFIXES:
        there = {digest: size async for digest, size in target.list(prefix)}
        with db.view() as view:
            going = {digest for digest in there if _is_removed(view, digest)}
        for digest in going:
            await target.delete(digest)
        for path in sorted((folder / prefix).glob(f"{prefix}*")):
            if not is_digest(path.name) or path.name in going:
                continue
            if path.name not in there:
                sealed = seal_bytes(path.read_bytes(), _bound(path.name), public)
                await target.put(path.name, sealed)
                new += 1
            digests.append(path.name)
            told(1)
    return SavedOriginals(digests, new)


async def look_at_originals(
    digests: Iterator[str],
    beside: Blobs,
    private: bytes | None,
    told: Callable[[int], None],
) -> FoundOriginals:
    """Whether each is there; with the key, also whether it is what its name says.

    Raises:
        OSError: the disk failed, or the object store.
    """

    async def look(digest: str) -> None:
        if private is not None:
            await _open(beside, digest, private)
        elif await beside.size(digest) is None:
            raise NotFoundError(Sentence("blobs.not-here", digest=digest))

    return await _count(digests, look, told)


async def restore_originals(
    digests: Iterator[str],
    beside: Blobs,
    private: bytes,
    folder: Path,
    told: Callable[[int], None],
) -> FoundOriginals:
    """Put them back, opened, into a folder.

    Raises:
        OSError: a disk is full or failed, or the object store.
    """

    async def restore(digest: str) -> None:
        keep_original(folder, digest, await _open(beside, digest, private))

    return await _count(digests, restore, told)


async def _count(
    digests: Iterator[str],
    take: Callable[[str], Awaitable[None]],
    told: Callable[[int], None],
) -> FoundOriginals:
    """Take each; those of which that says that they are missing or damaged."""
    number, missing, damaged = 0, 0, 0
    for digest in digests:
        number += 1
        try:
            await take(digest)
        except NotFoundError:
            missing += 1
        except VerificationError:
            damaged += 1
        told(1)
    return FoundOriginals(number, missing, damaged)


async def _open(beside: Blobs, digest: str, private: bytes) -> bytes:
    """The original itself.

    Raises:
        NotFoundError: it is not there.
        VerificationError: it is not what its name says.
    """
    if not is_digest(digest):
        raise NotFoundError(Sentence("blobs.not-here", digest=digest))
    sealed = await beside.get(digest, 0, _MOST_BYTES)
    data = open_bytes(sealed, _bound(digest), private)
    if hashlib.sha256(data).hexdigest() != digest:
        raise VerificationError(Sentence("annex.not-opened"))
    return data


def _bound(digest: str) -> bytes:
    return _BOUND + digest.encode()


def _is_removed(view: View, original: str) -> bool:
    copy = find_copy(view, original)
    return copy is not None and bool(removed_among(view, [copy.digest]))
