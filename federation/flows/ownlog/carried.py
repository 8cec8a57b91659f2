"""Photographs stay with what we say of a form, whoever sends its figures next.

Rule: a draft that names no photographs says nothing of them. So it is said with those
that stand beside our own result of that form; it would take them off the map else, and
out of the queue of those who read forms. What was said before, with photographs or
without, is recognised, so that a row that is sent again is held and no revision is
called another. Photographs of a record that cites a partner's are the partner's: our
own figures do not claim them. Taking photographs off: `federation photos remove`.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec
from msgspec import UNSET

from federation.errors import FormatError, RecordError
from federation.flows.ownlog.sequence import OwnLog
from federation.records.canonical import convert
from federation.records.claim import StatementSlot
from federation.records.ownstatement import OwnStatement, content_of
from federation.records.result import Evidence, TpsResult
from federation.records.sealed import text_of
from federation.store import claims, evidence, leaves, logs, statements
from federation.store.view import View

#: So many statements about one form are looked through, the newest.
_MOST: Final = 32
_DraftRow = dict[str, Any]


def carry_photos(
    view: View, log: OwnLog, rows: Sequence[Any], stamp: str, *, restate: bool
) -> list[Any]:
    """The same rows; drafts without photographs with those that stand beside them.

    Args:
        view: What is stored, the log being settled.
        log: Of the election.
        rows: As `ingest.append` takes them.
        stamp: For `recorded_at`.
        restate: What was said before is to be said again.
    """
    changed = list(rows)
    bare = {
        number: slot
        for number, row in enumerate(rows)
        if isinstance(row, dict)
        and "evidence" not in row
        and (slot := _slot(row)) is not None
    }
    if not bare or not _may_have_photos(view, log):
        return changed
    said = statements.said_at(view, log.log_id, [slot.tps for slot in bare.values()])
    histories = {slot: said.get(slot, [])[-_MOST:] for slot in bare.values()}
    filed = _find_filed(view, log, histories.values())
    for number, slot in bare.items():
        history = histories[slot]
        found = {
            one.index: _read_photos(view, log, one.index)
            for one in reversed(history)
            if one.index in filed
        }
        if found:
            row = _Carrier(rows[number], history, stamp, log)
            changed[number] = row.with_photos(found, restate=restate)
    return changed


def _slot(draft: _DraftRow) -> StatementSlot | None:
    """Where a draft stands, if it says that much."""
    tps, contest, round_ = (draft.get(name) for name in ("tps", "contest", "round"))
    if not (
        isinstance(tps, str) and isinstance(contest, str) and isinstance(round_, str)
    ):
        return None
    return StatementSlot(tps, contest, round_, draft.get("source") == "kpu")


def _may_have_photos(view: View, log: OwnLog) -> bool:
    """Whether any record of the log names one: most logs, and nearly all batches, none.

    What was signed a moment ago may not be indexed yet.
    """
    size = logs.get_log(view, log.origin).size
    is_behind = evidence.noted_up_to(view, log.log_id) < size
    return is_behind or evidence.has_evidence(view, log.log_id)


def _find_filed(
    view: View, log: OwnLog, histories: Iterable[Sequence[OwnStatement]]
) -> set[int]:
    """At which indexes our own results name photographs; all histories in one reading.

    To read one claim is to unpack all of its bundle.
    """
    places = [(log.log_id, said.index) for history in histories for said in history]
    return {
        index
        for (_, index), claim in claims.read_at(view, places)
        if claim.files and not claim.derived
    }


def _read_photos(view: View, log: OwnLog, index: int) -> tuple[Evidence, ...]:
    result = leaves.read_record(view, log.log_id, index).statement
    assert isinstance(result, TpsResult), "nothing else has files"
    assert result.evidence is not UNSET, "its claim has some"
    return result.evidence


class _Carrier:
    """A draft beside all that our log has said of its form."""

    def __init__(
        self, draft: _DraftRow, history: Sequence[OwnStatement], stamp: str, log: OwnLog
    ) -> None:
        self._draft, self._newest = draft, history[-1].index
        self._contents = {said.content for said in history}
        self._common = {
            "org": log.chain.org,
            "election": log.chain.election,
            "recorded_at": stamp,
        }

    def with_photos(
        self, found: dict[int, tuple[Evidence, ...]], *, restate: bool
    ) -> _DraftRow:
        """The draft as it is to be judged."""
        standing = found.get(self._newest)
        if not restate:
            for draft in (self._draft, *self._each(found)):
                if self._was_said(draft):
                    return draft
        return self._draft if standing is None else self._beside(standing)

    def _each(self, found: dict[int, tuple[Evidence, ...]]) -> Iterator[_DraftRow]:
        return map(self._beside, found.values())

    def _beside(self, photos: tuple[Evidence, ...]) -> _DraftRow:
        return {**self._draft, "evidence": msgspec.to_builtins(photos)}

    def _was_said(self, draft: _DraftRow) -> bool:
        try:
            text = text_of(convert({**draft, **self._common}, TpsResult))
        except (FormatError, RecordError):
            return False  # refused with its reason when it is opened
        return content_of(text) in self._contents
