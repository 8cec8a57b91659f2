"""Whose record another was read or copied from: both organisations are credited.

Rule: `derived_from` stands in the signed record only, so the leaf is opened: for
one station at a time. Who transcribed a transcription credits the first of them.
"""

from collections.abc import Iterable

from msgspec import UNSET

from federation.errors import FormatError, NotFoundError, RecordError
from federation.flows.query.answers import CitedRecord
from federation.records.claim import Claim
from federation.records.readers import NOBODY, may_read
from federation.records.result import TpsResult
from federation.store import claims, leaves, logs, mapstate, recordindex
from federation.store.mapreading import MergedTps
from federation.store.view import View

_STEPS = 4  # of a transcription of a transcription: nobody should, somebody might


def cited_by(
    view: View, merged: MergedTps, origin: str, claim: Claim
) -> CitedRecord | None:
    """What a claim was read or copied from, as far as it is held here; None: nothing.

    Args:
        view: The snapshot.
        merged: The station in the contest of the claim.
        origin: Of the log of the claim.
        claim: That may cite another.
    """
    found: CitedRecord | None = None
    for _ in range(_STEPS):
        record = _cites(view, origin, claim) if claim.derived else ""
        if not record:
            break
        held = _find(view, merged, record)
        if held is None:
            return found or CitedRecord(record=record)
        origin, claim = held
        found = CitedRecord(record=record, org=claim.org, photos=len(claim.files))
    return found


def _cites(view: View, origin: str, claim: Claim) -> str:
    """The id of the record that this one cites; "" where its leaf says none."""
    try:
        log_id = logs.get_log(view, origin).id
        statement = leaves.read_record(view, log_id, claim.index).statement
    except (FormatError, NotFoundError, RecordError):
        return ""  # what is damaged here is told elsewhere, and cites nobody
    if not isinstance(statement, TpsResult) or statement.derived_from is UNSET:
        return ""
    return statement.derived_from


def _find(view: View, merged: MergedTps, record: str) -> tuple[str, Claim] | None:
    """A record of any public log: it mostly stands at the same station."""
    for origin, claim in merged.claims:
        if claim.record == record:
            return origin, claim
    for log in logs.list_logs(view):
        # What is public from a time on is in the map from then on.
        if may_read(NOBODY, log) or log.origin in mapstate.vector(view, log.election):
            for claim in _noted(view, log.id, recordindex.find(view, log.id, record)):
                if claim.record == record:
                    return log.origin, claim
    return None


def _noted(view: View, log_id: int, indexes: Iterable[int]) -> Iterable[Claim]:
    for index in indexes:
        claim = claims.read_claim(view, log_id, index)
        if claim is not None:
            yield claim
