"""Where the records of the claims stand, noted behind them: so an id finds its record.

Rule: in the transaction of a batch, for every log of the election, hidden ones too: a
receipt is of what somebody signed, not of what the map shows. What the batch has read
is not read again.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from federation.records.claim import Claim, ClaimPlace
from federation.store import claims, logs, recordindex
from federation.store.view import Transaction

_NEVER: Final = 1 << 62


class ClaimPage(NamedTuple):
    """All claims of leaves [start, end) of a log, by its number."""

    log_id: int
    start: int
    end: int
    claims: list[Claim]


def note_places(
    tx: Transaction, election: str, limit: int, pages: Iterable[ClaimPage]
) -> None:
    """Note the next records of each log of the election, at most `limit` of each.

    Args:
        tx: The transaction.
        election: Whose logs.
        limit: Of what must be read.
        pages: What was read.
    """
    read = {page.log_id: page for page in pages}
    for log in logs.list_logs(tx):
        if log.election == election:
            start, page = recordindex.noted_up_to(tx, log.id), read.get(log.id)
            found: Sequence[Claim | ClaimPlace]
            if page is not None and page.start <= start < page.end:
                found, end = page.claims, page.end
            else:
                found = claims.read_places(tx, log.id, start, _NEVER, limit)
                end = found[-1].index + 1 if found else start
            if end > start:
                records = (
                    (one.index, one.record) for one in found if one.index >= start
                )
                recordindex.note(tx, log.id, records, end)
