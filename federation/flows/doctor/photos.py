"""Photographs: what is held lies there, and what names them is what the leaves say.

Rule: a folder or store is looked through by the first two digits of the names, so that
memory does not grow with it. Sizes are compared always, bytes with `--deep`. A name
that has no row is what a crash left, or somebody put there: nobody is handed it.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from federation.blobs.blobs import Blobs
from federation.flows.doctor.report import DoctorReport
from federation.flows.photos.check import find_fault
from federation.flows.photos.held import drop_photo
from federation.flows.photos.index import BATCH, read_entries
from federation.flows.photos.remove import (
    PhotoPlaces,
    find_put_back,
    sweep,
    sweep_again,
)
from federation.photos.likeness import BITS, bands_of
from federation.store import blobs as held
from federation.store import evidence, likenesses, logs
from federation.store.blobs import HeldBlob
from federation.store.db import Database
from federation.store.following import end_of
from federation.store.removals import list_unswept, removed_among
from federation.store.view import View
from federation.text import Sentence, as_said
from federation.text.cause import cause_of, place_of

PREFIXES: Final = tuple(f"{number:02x}" for number in range(256))
#: So long a record may take to come behind its photo; so many are told one by one.
UNCITED_S: Final = 7 * 86_400
MOST_UNCITED: Final = 100
_PAGE: Final = 1000
_DIGITS: Final = BITS // 4


def check_photos(view: View, blobs: Blobs, report: DoctorReport) -> None:
    """Every photo that is held lies there; with `is_deep`, is what it should be."""
    try:
        _check_all(view, blobs, report)
    except OSError as error:
        report.error("photo-store", place_of(error), cause_of(error))


def _check_all(view: View, blobs: Blobs, report: DoctorReport) -> None:
    for prefix in PREFIXES:
        rows = list(_rows(view, prefix))
        asyncio.run(_check(view, blobs, prefix, rows, report))


def check_totals(view: View, report: DoctorReport) -> None:
    """What was counted of photographs is what counting gives."""
    for is_own, whose in ((True, "us"), (False, "partners")):
        counted = held.count_blobs(view, is_own=is_own)
        there = held.count_again(view, is_own=is_own)
        if counted != there:
            told = {"number": counted.number, "size": counted.size}
            told |= {"rows": there.number, "bytes": there.size}
            report.error("photo-total", whose, Sentence("examined.photo-total", **told))


def check_evidence(view: View, report: DoctorReport) -> None:
    """What is noted of which record names which photo follows from the leaves."""
    _check_parts(view, report)
    for log in logs.list_logs(view):
        noted, start = evidence.noted_up_to(view, log.id), 0
        if noted > end_of(log):
            report.error(
                "photo-names",
                log.origin,
                Sentence("examined.noted-beyond", noted=noted),
            )
            noted = end_of(log)
        while start < noted:
            expected, end = read_entries(view, log, start, BATCH)
            end = min(end, noted)
            expected = [entry for entry in expected if entry.leaf < end]
            if evidence.list_evidence(view, log.id, start, end) != expected:
                report.error(
                    "photo-names",
                    log.origin,
                    Sentence("examined.records", start=start, end=end),
                )
            alike = {entry.likeness for entry in expected if entry.likeness}
            for one in alike:
                if not likenesses.is_noted(view, log.id, one, bands_of(one)):
                    report.error("photo-likeness", log.origin, as_said(one))
            start = end


def check_uncited(view: View, now: int, report: DoctorReport) -> None:
    """Whether a record came for each photo of ours that was taken in days ago.

    A program hands in a photo first, and then a record that names it, which may have
    been refused. Nobody is handed such a photo, and it is deleted by nobody but people.

    Args:
        view: A snapshot.
        now: Unix time in seconds.
        report: Where it is told.
    """
    own = [log for log in logs.list_logs(view) if log.own]
    if any(evidence.noted_up_to(view, log.id) < log.size for log in own):
        return  # what was said lately is not noted yet
    found: list[str] = []
    after = ""
    while rows := held.list_blobs(view, after, _PAGE):
        old = [r.digest for r in rows if r.is_own and r.held_at <= now - UNCITED_S]
        found += sorted(set(old) - evidence.named_among(view, old))
        after = rows[-1].digest
    for digest in found[:MOST_UNCITED]:
        report.note("photo-uncited", digest, Sentence("examined.week-ago"))
    if len(found) > MOST_UNCITED:
        report.note(
            "photo-uncited", "photos", Sentence("examined.in-all", count=len(found))
        )


def _check_parts(view: View, report: DoctorReport) -> None:
    """Every part by which a likeness is found is a part of it."""
    for part, value, likeness in likenesses.list_likenesses(view):
        if len(likeness) != _DIGITS or bands_of(likeness)[part : part + 1] != [value]:
            report.error(
                "photo-likeness",
                "photos",
                Sentence("examined.part", part=part, likeness=likeness),
            )


def check_going(view: View, report: DoctorReport) -> None:
    """What is handed to nobody any more is gone: a disk or a store may keep it."""
    for removed in list_unswept(view, "", MOST_UNCITED):
        why = Sentence("examined.photo-going", day=_day(removed.removed_at))
        report.note("photo-going", removed.digest, why)


def _day(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"


def check_removed(places: PhotoPlaces, report: DoctorReport) -> None:
    """Nothing lies here of a photo that is removed for good."""
    try:
        for digest in asyncio.run(find_put_back(places)):
            report.error("photo-removed", digest, Sentence("examined.removed-here"))
    except OSError as error:
        report.error("photo-store", place_of(error), cause_of(error))


async def mend_photos(places: PhotoPlaces) -> None:
    """Delete what is removed, and forget what is damaged, so that it is fetched again.

    Of ours the row says that it is damaged, and stays: the bytes are put again from
    where the photo came from, or by a partner that has it.

    Raises:
        OSError: the disk, or the object store, did not answer.
    """
    db, blobs = places.db, places.blobs
    await sweep(places)
    await sweep_again(places)
    after = ""
    while rows := await db.read(held.list_blobs, after, _PAGE):
        for row in rows:
            await _mend(db, blobs, row)
        after = rows[-1].digest


async def _mend(db: Database, blobs: Blobs, row: HeldBlob) -> None:
    if await find_fault(blobs, row) is None:
        size = await blobs.size(row.digest)
        if size is not None and (size != row.size or row.is_damaged):
            kind, own = row.media_type, row.is_own
            await db.write(
                held.save_blob, row.digest, size, kind, is_own=own, now=row.held_at
            )
    elif row.is_own:
        await db.write(held.mark_damaged, row.digest)
    else:
        await drop_photo(db, blobs, row.digest)


async def _check(
    view: View, blobs: Blobs, prefix: str, rows: list[HeldBlob], report: DoctorReport
) -> None:
    found = {digest: size async for digest, size in blobs.list(prefix)}
    for row in rows:
        report.photos += 1
        size = found.pop(row.digest, None)
        whose = "own" if row.is_own else "of-partner"
        if size is None:
            report.error(
                f"photo-missing-{whose}",
                row.digest,
                Sentence("examined.bytes", size=row.size),
            )
        elif size != row.size:
            told = Sentence("examined.bytes-had", size=size, had=row.size)
            report.error(f"photo-damaged-{whose}", row.digest, told)
        elif report.is_deep and await find_fault(blobs, row):
            report.error(
                f"photo-damaged-{whose}", row.digest, Sentence("examined.other-bytes")
            )
    # What is to go, goes by itself; what was removed is told by `check_removed`.
    passed = {*held.list_going(view), *removed_among(view, found)}
    for digest in found.keys() - passed:
        report.note(
            "photo-stray", digest, Sentence("examined.bytes", size=found[digest])
        )


def _rows(view: View, prefix: str) -> Iterator[HeldBlob]:
    after = prefix
    while rows := held.list_blobs(view, after, _PAGE):
        for row in rows:
            if not row.digest.startswith(prefix):
                return
            yield row
        after = rows[-1].digest
