"""Documents of KPU's that have no figures any more: what we copied from them is gone.

Rule: only where a figure of KPU's stands in our log is anything signed; whoever imports
a thousand documents that never had numbers withdraws nothing. A document of an earlier
time than the one that stands says nothing of it.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from federation.flows.ownlog.duplicates import Screen, newest_observed
from federation.flows.ownlog.ingest import append_statements
from federation.flows.ownlog.sequence import OwnLog
from federation.flows.ownlog.verdict import Verdict
from federation.records.canonical import format_time
from federation.records.claim import StatementSlot
from federation.records.ownstatement import OwnStatement
from federation.records.profile import ContestId, Round
from federation.records.tps import TpsCode
from federation.records.withdrawal import Withdrawal
from federation.store.db import Database
from federation.store.guard import Guard

#: What is signed of it, for readers of both languages.
REASON: Final = (
    "dokumen KPU tidak lagi memuat angka / KPU's document has no figures any more"
)


class EmptiedDocument(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """A document without numbers; `published`: when KPU says it, "" where it does not.

    As a record has a time: `YYYY-MM-DDTHH:MM:SSZ`.
    """

    contest: ContestId
    tps: TpsCode
    round: Round
    published: str = ""

    @property
    def slot(self) -> StatementSlot:
        """Where what was copied from it stands."""
        return StatementSlot(self.tps, self.contest, self.round, official=True)


def withdraw_emptied(
    db: Database,
    guard: Guard,
    log: OwnLog,
    documents: Sequence[EmptiedDocument],
    now: float,
) -> list[Verdict]:
    """Withdraw what stands of these; on the writer thread, at most `MAX_BATCH`.

    Returns:
        A verdict for each that is withdrawn, in their order.

    Raises:
        ConflictError: the log must not be signed, see `append_statements`, of which
            the other errors are, too.
    """
    slots = [OwnStatement(one.slot, 0, b"", "withdrawn") for one in documents]
    with db.view() as view:
        screen = Screen(view, log, slots)
    standing = {
        document.slot: _withdrawal(document, log, now)
        for document in documents
        if _stands(screen.history_of(document.slot), document.published)
    }
    if not standing:
        return []
    return append_statements(db, guard, log, list(standing.values()), now)


def _stands(history: Sequence[OwnStatement], published: str) -> bool:
    if not history or history[-1].review == "withdrawn":
        return False
    return not published or published >= newest_observed(history)


def _withdrawal(document: EmptiedDocument, log: OwnLog, now: float) -> Withdrawal:
    return Withdrawal(
        contest=document.contest,
        election=log.chain.election,
        official=1,
        org=log.chain.org,
        reason=REASON,
        recorded_at=format_time(now),
        round=document.round,
        tps=document.tps,
    )
