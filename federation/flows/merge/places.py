"""Where the records of the claims stand, noted behind them: so an id finds its record.

Rule: in the transaction of a batch, for every log of the election, hidden ones too: a
receipt is of what somebody signed, not of what the map shows.
"""

from typing import Final

from federation.store import claims, logs, recordindex
from federation.store.db import Transaction

_NEVER: Final = 1 << 62


def note_places(tx: Transaction, election: str, limit: int) -> None:
    """Note the next records of each log of the election, at most `limit` of each."""
    for log in logs.list_logs(tx):
        if log.election == election:
            start = recordindex.noted_up_to(tx, log.id)
            page = claims.read_places(tx, log.id, start, _NEVER, limit)
            if page:
                records = ((place.index, place.record) for place in page)
                recordindex.note(tx, log.id, records, page[-1].index + 1)
