"""Photographs put beside what we say of a form: nothing of it is lost, or said anew.

Rule: what stands is said again with the photographs added, as it was reviewed, by the
same hand and of the same time; where nothing stands they stand there alone, unread. One
photograph may show several pages, and a page have several: an entry is a file and a
page. What is beside the result already adds nothing, so to attach twice is to attach
once. Read and written on the writer's thread: nobody corrects a figure in between.

The number of a revision is not said again: another content under it would contradict
what its platform sent. The platform's next revision counts as before.
"""

from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec
from msgspec import UNSET

from federation.errors import FormatError
from federation.flows.ownlog.ingest import OwnLog, append
from federation.flows.ownlog.sequence import settle
from federation.flows.ownlog.verdict import UnreadRow, Verdict
from federation.records.claim import StatementSlot
from federation.records.problem import Problem
from federation.records.result import MOST_FILES, Evidence, TpsResult
from federation.records.tps import parse_tps
from federation.store import leaves, statements
from federation.store.db import Database
from federation.store.guard import Guard
from federation.store.view import View
from federation.text import Sentence

#: What a draft does not say.
_NOT_SAID: Final = frozenset({"type", "org", "election", "recorded_at", "revision"})
FormKind = Literal["plano", "salinan", "unknown"]
_Members = dict[str, Any]


class NewEvidence(NamedTuple):
    """Photographs of one form: whose it is, as a record says it, and what they are."""

    tps: str
    contest: str
    round: str
    evidence: Sequence[Evidence]


class _OwnResult(NamedTuple):
    """What we say of a slot: a result, its index in the log and its id."""

    result: TpsResult
    index: int  # type: ignore[assignment]  # the log's word; tuple.index is unused
    record: str


def attach_evidence(  # noqa: PLR0913  as `append`
    db: Database,
    guard: Guard,
    log: OwnLog,
    rows: Sequence[NewEvidence],
    now: float,
    *,
    form: FormKind = "unknown",
    source: str = "observer",
    unlisted: bool = False,
) -> list[Verdict]:
    """Sign and log each row's photographs beside what stands; on the writer thread.

    Args:
        db: The database.
        guard: The guard files.
        log: Of the election.
        rows: At most `MAX_BATCH`, one for each slot.
        now: Unix time in seconds.
        form: Of what does not stand yet, or stands without saying it.
        source: Of what does not stand yet.
        unlisted: Log stations that the election should not have, and flag them.

    Returns:
        A verdict for each row, in their order; `held` where nothing is added.

    Raises:
        ConflictError, VerificationError, OSError, KeptError, DoubtError: as `append`.
    """
    # What a crash left half written is finished first: it may be what stands.
    settle(db, guard, log.origin)
    alone: _Members = {"form": form, "review": "unreviewed", "source": source}
    drafts: dict[int, _Members | UnreadRow] = {}
    verdicts: list[Verdict] = []
    with db.view() as view:
        standing = _read_standing(view, log, rows)
        for number, row in enumerate(rows):
            stands = standing.get(_slot(row))
            draft = _draft_of(row, stands, alone)
            if draft is not None:
                drafts[number] = draft
                continue
            assert stands is not None, "what is new is something"
            verdicts.append(
                Verdict(
                    row=number, outcome="held", record=stands.record,
                    index=stands.index, reason=Sentence("intake.held"),
                )
            )  # fmt: skip
    numbers = list(drafts)
    given = list(drafts.values())
    # What stands was compared: what was said before that need not stand now.
    said = append(db, guard, log, given, now, restate=True, unlisted=unlisted)
    verdicts += (
        msgspec.structs.replace(verdict, row=numbers[verdict.row]) for verdict in said
    )
    return sorted(verdicts, key=lambda verdict: verdict.row)


def _slot(row: NewEvidence) -> StatementSlot:
    return StatementSlot(row.tps, row.contest, row.round, False)  # noqa: FBT003  a row


def _read_standing(
    view: View, log: OwnLog, rows: Sequence[NewEvidence]
) -> dict[StatementSlot, _OwnResult]:
    """What stands of ours in these slots, if a result does."""
    history = statements.said_at(view, log.log_id, [row.tps for row in rows])
    found: dict[StatementSlot, _OwnResult] = {}
    for slot in {_slot(row) for row in rows} & history.keys():
        index = history[slot][-1].index
        sealed = leaves.read_record(view, log.log_id, index)
        if isinstance(sealed.statement, TpsResult):
            found[slot] = _OwnResult(sealed.statement, index, sealed.record)
    return found


def _draft_of(
    row: NewEvidence, stands: _OwnResult | None, alone: _Members
) -> _Members | UnreadRow | None:
    """What is to be said; None: what stands says it."""
    try:
        parse_tps(row.tps)
    except FormatError as error:
        return UnreadRow((Problem("tps", error.code, error.what),))
    held: Sequence[Evidence] = ()
    if stands is not None and stands.result.evidence is not UNSET:
        held = stands.result.evidence
    files = add_files(held, row.evidence)
    if files == list(held):
        return None
    if len(files) > MOST_FILES:
        why = Sentence("intake.many-files", most=MOST_FILES)
        return UnreadRow((Problem("evidence", "value", why),))
    place: _Members = {"tps": row.tps, "contest": row.contest, "round": row.round}
    draft = {**alone, **place} if stands is None else _say_again(stands.result, alone)
    return {**draft, "evidence": msgspec.to_builtins(files)}


def _say_again(result: TpsResult, alone: _Members) -> _Members:
    members: _Members = msgspec.to_builtins(result)
    draft = {name: value for name, value in members.items() if name not in _NOT_SAID}
    if draft["form"] == "unknown":
        draft["form"] = alone["form"]
    return draft


def add_files(held: Sequence[Evidence], new: Sequence[Evidence]) -> list[Evidence]:
    """The files of both, in their order; one whose page was unknown gets its page."""
    files = list(held)
    for file in new:
        same = [at for at, other in enumerate(files) if other.sha256 == file.sha256]
        pages = {files[at].page: at for at in same}
        if file.page in pages or (same and file.page is UNSET):
            continue
        if UNSET in pages:
            files[pages[UNSET]] = file
        else:
            files.append(file)
    return files
