"""Which record names which photograph: written behind the logs, as the map is.

Rule: behind a cursor for each log, from claims that have files: their leaves were
verified when they were admitted, so signatures are not looked at again; and from
recapitulations, whose photos are of a region and of no form of a station. Of a log for
partners, which has no claims, from its reports: those photos are of no form, so no
contest is named and none looks like another's. Who may see a row is asked of the gate.
"""

from collections.abc import Iterable
from itertools import groupby
from typing import Final, NamedTuple

from msgspec import UNSET, UnsetType

from federation.flows.recap.index import read_recaps
from federation.photos.likeness import bands_of
from federation.records.canonical import decode_as
from federation.records.claim import Claim
from federation.records.incident import Incident
from federation.records.kinds import INCIDENT
from federation.records.recap import Recap
from federation.records.result import Evidence
from federation.records.sealed import (
    leaf_files,
    leaf_statement,
    leaf_text,
    record_id,
)
from federation.store import (
    claims,
    evidence,
    leaves,
    likenesses,
    quarantine,
    recaps,
)
from federation.store.evidence import EvidenceEntry
from federation.store.following import LogFollower, end_of
from federation.store.logs import Log
from federation.store.view import Transaction, View
from federation.tlog.tile import WIDTH

BATCH: Final = 10_000


def read_entries(
    view: View, log: Log, start: int, limit: int
) -> tuple[list[EvidenceEntry], int]:
    """What the next `limit` claims or leaves of a log name, and the index behind."""
    if INCIDENT.stands_in(log.visibility):
        end = min(start + limit, end_of(log))
        return _of_reports(view, log, start, end), end
    found, end = claims.read_with_files(view, log.id, start, end_of(log), limit)
    entries: list[EvidenceEntry] = []
    # A bundle at a time: to read one leaf of it is to unpack all.
    for _, group in groupby(found, lambda claim: claim.index // WIDTH):
        together = list(group)
        first, last = together[0].index, together[-1].index
        lines = leaves.read_leaves(view, log.id, first, last + 1)
        for claim in together:
            entries += _entries(claim, lines[claim.index - first])
    return sorted([*entries, *_of_recaps(view, log, start, end)]), end


def _of_recaps(view: View, log: Log, start: int, end: int) -> list[EvidenceEntry]:
    """The photographs of documents that say the sums of a region."""
    # Looked through once for both where they were noted before.
    is_noted = recaps.noted_up_to(view, log.id) >= end
    if is_noted:
        found = recaps.list_recaps(view, log.id, start, end)
    else:
        found = read_recaps(view, log, start, end)
    entries = list[EvidenceEntry]()
    for one in found:
        files = decode_as(one.body, Recap).evidence
        at = _Named(
            one.index, one.contest, one.region, "", one.record, is_derived=False
        )
        entries += _files(at, files, is_form=False)
    return entries


def _of_reports(view: View, log: Log, start: int, end: int) -> list[EvidenceEntry]:
    refused = quarantine.list_uncounted(view, log.id, start, end)
    entries = list[EvidenceEntry]()
    for index, leaf in enumerate(leaves.read_leaves(view, log.id, start, end), start):
        said = None if index in refused else leaf_statement(leaf)
        if isinstance(said, Incident):
            record = record_id(leaf_text(leaf))
            at = _Named(index, "", said.place, "", record, is_derived=False)
            entries += _files(at, said.evidence, is_form=False)
    return entries


def _bands(entries: Iterable[EvidenceEntry]) -> dict[str, list[int]]:
    return {one.likeness: bands_of(one.likeness) for one in entries if one.likeness}


def _entries(claim: Claim, leaf: bytes) -> list[EvidenceEntry]:
    at = _Named(
        claim.index, claim.contest, claim.tps, claim.round, claim.record, claim.derived
    )
    return _files(at, leaf_files(leaf), is_form=True)


class _Named(NamedTuple):
    """Where a photo is named; see `EvidenceEntry`."""

    leaf: int
    contest: str
    tps: str
    round: str
    record: str
    is_derived: bool


def _files(
    at: _Named, files: tuple[Evidence, ...] | UnsetType, *, is_form: bool
) -> list[EvidenceEntry]:
    # By their order, for each of all records: by name it takes twice as long.
    return [
        EvidenceEntry(
            at.leaf,
            place,
            file.sha256,
            at.contest,
            at.tps,
            at.round,
            at.record,
            file.size,
            file.media_type,
            None if file.page is UNSET else file.page,
            file.likeness if is_form and file.likeness else "",
            at.is_derived,
        )
        for place, file in enumerate(() if files is UNSET else files)
    ]


def _end(_view: View, log: Log) -> int:
    return end_of(log)


def _take(tx: Transaction, log: Log, start: int, limit: int) -> int:
    entries, end = read_entries(tx, log, start, limit)
    evidence.replace_evidence(tx, log.id, start, end, entries)
    likenesses.note_likenesses(tx, log.id, _bands(entries))
    return end


PHOTO_NAMES: Final = LogFollower(evidence.noted_up_to, _end, _take, BATCH)
index_once = PHOTO_NAMES.step
index_all = PHOTO_NAMES.catch_up
is_behind = PHOTO_NAMES.is_behind
