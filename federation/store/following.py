"""What is made again from the leaves follows the logs: a batch of each that is ahead.

Rule: each log at a cursor of its own, in transactions of its own. A log whose stored
leaves are damaged stands still, and no other waits for it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from federation.errors import FormatError, NotFoundError, RecordError
from federation.store import alarms, logs
from federation.store.db import Database
from federation.store.logs import Log
from federation.store.view import Transaction, View

ALARM: Final = "stored-damaged"


def end_of(log: Log) -> int:
    """Below which index a log may be followed.

    Of our own below the signed size: a crash may still take back the leaves above it.
    Mirrored ones as soon as they are stored.
    """
    return log.size if log.own else log.next_index


@dataclass(frozen=True)
class LogFollower:
    """One thing that is made again from the logs.

    Attributes:
        position: Below which index a log (by its number) was looked through.
        end: Below which index it is to be; 0 for a log that is not followed.
        take: Note what the leaves from an index on say, and move the cursor, at most
            so many leaves; the index behind them. May raise what a damaged leaf does.
        batch: How many leaves of a log are looked at in one transaction.
    """

    position: Callable[[View, int], int]
    end: Callable[[View, Log], int]
    take: Callable[[Transaction, Log, int, int], int]
    batch: int

    def is_behind(self, view: View) -> bool:
        """Whether a log has leaves that were not looked at yet."""
        return any(self._is_ahead(view, log) for log in logs.list_logs(view))

    def step(
        self, db: Database, limit: int | None = None, now: int | None = None
    ) -> int:
        """Note the next leaves of each log that is ahead; call it until it gives 0.

        Args:
            db: Its writer thread is the caller's.
            limit: So many leaves of each log in place of `batch`.
            now: Unix seconds, for the alarm about a damaged log; None: raise none.

        Returns:
            Over how many leaves the cursors moved.
        """
        moved = 0
        with db.view() as view:
            # Asked on a view first: being up to date must not cost a write.
            ahead = [
                log.id for log in logs.list_logs(view) if self._is_ahead(view, log)
            ]
        for log_id in ahead:
            try:
                with db.transaction() as tx:
                    start = self.position(tx, log_id)
                    log = logs.log_by_id(tx, log_id)
                    moved += self.take(tx, log, start, limit or self.batch) - start
            except (FormatError, RecordError, NotFoundError) as error:
                if now is not None:
                    with db.transaction() as tx:
                        origin = logs.log_by_id(tx, log_id).origin
                        alarms.raise_alarm(tx, ALARM, origin, error.told, now)
        return moved

    def catch_up(self, db: Database) -> None:
        """Note all that is stored: for a command that looks at it next."""
        while self.step(db):
            pass

    def _is_ahead(self, view: View, log: Log) -> bool:
        return self.position(view, log.id) < self.end(view, log)
