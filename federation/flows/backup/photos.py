"""Photographs beside backups: each once, for all files of a place.

    <place>/blobs/ab/<64 hex digits>

Rule: what was put there is what its name says, read again before it is. A photograph
that was removed for good here goes there, too, at the next backup: who asked that it be
shown no longer did not mean one disk.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from federation.blobs.blobs import MAX_BLOB_BYTES, Blobs
from federation.errors import NotFoundError
from federation.flows.photos.check import find_fault
from federation.store.blobs import HeldBlob, list_blobs
from federation.store.db import Database
from federation.store.removals import removed_among

PREFIXES: Final = tuple(f"{number:02x}" for number in range(256))
_PAGE: Final = 1000
#: Copied at the same time.
_AT_ONCE: Final = 8


class CopiedPhotos(NamedTuple):
    """Digests of those there are now, how many came, and how many are nowhere."""

    digests: list[str]
    new: int
    missing: int


class LookedPhotos(NamedTuple):
    """How many a database names, and how many of them are missing, or damaged."""

    number: int
    missing: int
    damaged: int


def _held(db: Database, prefix: str = "") -> Iterator[HeldBlob]:
    """What a database names, by digest; those whose digest begins so."""
    after = prefix
    while True:
        with db.view() as view:
            rows = list_blobs(view, after, _PAGE)
        for row in rows:
            if not row.digest.startswith(prefix):
                return
            yield row
        if not rows:
            return
        after = rows[-1].digest


async def copy_held(
    db: Database, source: Blobs, target: Blobs, told: Callable[[int], None]
) -> CopiedPhotos:
    """Copy what a database names and the target lacks; `told` counts them.

    What was removed here for good goes from the target. It is asked what it has by
    beginnings of digests, not for each photograph: an object store is far away.

    Raises:
        OSError: a disk is full or failed, or the object store.
    """
    digests, new, missing = [], 0, 0
    for prefix in PREFIXES:
        there = {digest: size async for digest, size in target.list(prefix)}
        with db.view() as view:
            going = removed_among(view, there)
        for digest in going:
            await target.delete(digest)
        lacking = []
        for row in _held(db, prefix):
            if there.get(row.digest) == row.size:
                digests.append(row.digest)
                told(1)
            else:
                lacking.append(row.digest)
        for start in range(0, len(lacking), _AT_ONCE):
            batch = lacking[start : start + _AT_ONCE]
            copying = (copy_one(source, target, digest) for digest in batch)
            for digest, is_there in zip(
                batch, await asyncio.gather(*copying), strict=True
            ):
                if is_there:
                    digests.append(digest)
                    new += 1
                    told(1)
                else:
                    missing += 1
    return CopiedPhotos(sorted(digests), new, missing)


async def copy_one(source: Blobs, target: Blobs, digest: str) -> bool:
    """Copy one; False: it is not in the source, or damaged there.

    Raises:
        OSError: a disk is full or failed.
    """
    try:
        data = await source.get(digest, 0, MAX_BLOB_BYTES + 1)
    except NotFoundError:
        return False
    if hashlib.sha256(data).hexdigest() != digest:
        return False
    await target.put(digest, data)
    return True


async def keep_only(target: Blobs, named: set[str]) -> int:
    """Delete all that is not named; how many.

    Raises:
        OSError: the disk failed.
    """
    count = 0
    for prefix in PREFIXES:
        there = [digest async for digest, _ in target.list(prefix)]
        for digest in there:
            if digest not in named:
                count += await target.delete(digest)
    return count


async def look_at(
    db: Database, beside: Blobs, told: Callable[[int], None]
) -> LookedPhotos:
    """Read again every photograph that a database names.

    Raises:
        OSError: the disk failed.
    """
    number, missing, damaged = 0, 0, 0
    for row in _held(db):
        fault = await find_fault(beside, row)
        number += 1
        missing += fault == "missing"
        damaged += fault == "damaged"
        told(1)
    return LookedPhotos(number, missing, damaged)
