"""A photograph goes: noted, then its bytes deleted, then said, each durable in itself.

    note     the row that it is gone for good (`store/removals.py`)
    sweep    its bytes, the row of them; thumbnails, what came in part, its original; a
             store that keeps what is deleted has not swept what is to be said
    say      the signed statement, by whoever may sign (`node/removing.py`)

Rule: the row comes first, so that nothing brings back what is being deleted, and what
a crash leaves is swept at the next start. Signing comes last: a node that may not sign
yet deletes all the same. Whatever is done twice is done once.
"""

import asyncio
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec import UNSET

from federation.blobs.blobs import Blobs
from federation.flows.photos.held import drop_photo
from federation.flows.photos.partial import drop_partials
from federation.photos.originals import drop_original
from federation.records.canonical import format_time
from federation.records.removal import PhotoRemoval, RemovalGround
from federation.store import blobs as held
from federation.store import evidence, originals, removals, saidremovals, wanted
from federation.store.db import Database
from federation.store.removals import RemovedPhoto
from federation.store.saidremovals import SaidRemoval
from federation.store.view import Transaction, View

_BATCH: Final = 100
#: A disk that has failed so often in one sweep has failed as a whole.
_MOST_FAULTS: Final = 20
_LOOKED_UP: Final = 10_000
_DIGITS: Final = 64


class PhotoPlaces(NamedTuple):
    """Where a photograph may lie.

    Attributes:
        db: That says which are held.
        blobs: The bytes.
        thumbnails: The folder of what was made small of it.
        partial: The folder of what has come of it so far.
        originals: The folder of what came in; None: they are not kept.
    """

    db: Database
    blobs: Blobs
    thumbnails: Path
    partial: Path
    originals: Path | None


def note_gone(tx: Transaction, removed: RemovedPhoto) -> bool:
    """Write that a photograph is gone, and whether it was here; False: it was gone."""
    was_held = held.find_blob(tx, removed.digest) is not None
    # Where a partner asked, only who deleted something says so.
    is_due = removed.is_due and (was_held or not removed.honours)
    wanted.drop_wanted(tx, [removed.digest])
    noted = msgspec.structs.replace(removed, was_held=was_held, is_due=is_due)
    return removals.note_removed(tx, noted)


async def sweep(places: PhotoPlaces) -> int:
    """Delete all that is gone and may lie here still; how many photographs.

    Where the store keeps what is deleted, what somebody is to be told of is not swept:
    nobody is handed it, and it is tried again.

    Raises:
        OSError: a disk failed, or the object store; what is left is swept later. One
            that cannot be deleted keeps none of the others.
    """
    swept, after, faults = 0, "", list[OSError]()
    while left := await places.db.read(removals.list_unswept, after, _BATCH):
        after = left[-1].digest
        for removed in left:
            try:
                await _drop_all(places, removed.digest)
                if removed.is_due and (await places.blobs.traits()).keeps_deleted:
                    continue
                await places.db.write(removals.note_swept, removed.digest)
            except OSError as error:
                faults.append(error)
                if len(faults) > _MOST_FAULTS:
                    raise
            else:
                swept += 1
    if faults:
        raise faults[0]
    return swept


async def sweep_again(places: PhotoPlaces) -> int:
    """Delete what was put back beside us, by a backup perhaps; how many photographs.

    Looks through all that lies there: for once a day.

    Raises:
        OSError: a disk failed, or the object store.
    """
    found = await find_put_back(places)
    for digest in found:
        await _drop_all(places, digest)
    return len(found)


async def find_put_back(places: PhotoPlaces) -> list[str]:
    """The photographs that are removed, and of which something lies here all the same.

    Bytes, what was made small of them, what came in part, the original.

    Raises:
        OSError: a disk failed, or the object store.
    """
    found, names = set[str](), list[str]()
    async for digest, _ in places.blobs.list():
        names.append(digest)
        if len(names) == _LOOKED_UP:
            found |= await places.db.read(removals.removed_among, names)
            names.clear()
    found |= await places.db.read(removals.removed_among, names)
    traces = _list_traces(places)
    while names := await asyncio.to_thread(list, islice(traces, _LOOKED_UP)):
        found |= await places.db.read(_removed_of, names)
    return sorted(found)


def _list_traces(places: PhotoPlaces) -> Iterator[str]:
    """The digests that files beside the bytes are named by; also of originals."""
    for folder in (places.thumbnails, places.partial, places.originals):
        if folder is not None and folder.is_dir():
            for _, _, names in os.walk(folder, onerror=_raise):
                yield from (name[:_DIGITS] for name in names)


def _raise(error: OSError) -> None:
    raise error


def _removed_of(view: View, names: Iterable[str]) -> set[str]:
    """Which removed photographs these are of, or were made into."""
    asked = set(names)
    made = (originals.find_copy(view, name) for name in asked)
    copies = {copy.digest for copy in made if copy is not None}
    return removals.removed_among(view, asked | copies)


async def _drop_all(places: PhotoPlaces, digest: str) -> None:
    # The photo first: what is made of it while it lies there would stay.
    await drop_photo(places.db, places.blobs, digest)
    came_as = await places.db.read(originals.originals_of, digest)
    await asyncio.to_thread(_drop_traces, places, digest, came_as)


def _drop_traces(places: PhotoPlaces, digest: str, came_as: Iterable[str]) -> None:
    """Delete what a photograph was made of, what was made of it, what came of it."""
    if places.originals is not None:
        for original in came_as:
            drop_original(places.originals, original)
    drop_partials(places.partial, [digest])
    small = places.thumbnails
    for folder in (small, small / digest[:2]):
        for path in folder.glob(f"{digest}*"):
            path.unlink(missing_ok=True)


def statement_of(
    removed: RemovedPhoto, org: str, election: str, now: float
) -> PhotoRemoval:
    """What is signed about a photograph that is gone.

    Args:
        removed: The photograph.
        org: Our organisation.
        election: Of the log that it is signed into.
        now: Unix seconds.
    """
    return PhotoRemoval(
        election=election,
        ground=msgspec.convert(removed.ground, RemovalGround),
        org=org,
        recorded_at=format_time(now),
        sha256=removed.digest,
        answers=removed.honours or UNSET,
        # What somebody else wrote we do not sign again.
        reason=UNSET if removed.honours else removed.reason or UNSET,
    )


def elections_of(view: View, removed: RemovedPhoto) -> list[str]:
    """Where it should be said that a photograph is gone: the elections that name it.

    That of the statement that we honour first, then those in which we named it.
    """
    asked = [
        one.election
        for one in saidremovals.said_of(view, removed.digest)
        if one.record == removed.honours
    ]
    named = [one.log for one in evidence.find_evidence(view, removed.digest)]
    named.sort(key=lambda log: not log.is_own)
    return list(dict.fromkeys((*asked, *(log.election for log in named))))


def find_own(view: View, org: str, removed: RemovedPhoto) -> SaidRemoval | None:
    """Our statement about it, if a log of ours has it already."""
    for one in saidremovals.said_of(view, removed.digest):
        if one.org == org and one.answers == removed.honours:
            return one
    return None
