"""What is made again from the leaves follows the logs: a batch of each that is ahead.

Rule: each log at a cursor of its own, in transactions of its own. A log whose stored
leaves are damaged stands still, and no other waits for it. A transaction takes a batch,
or what is done of it in `HOLDS_S`: who has something to store waits for no longer. Of
names of photographs a batch takes the longer the more there are: found by their
digests, they lie anywhere in a large file.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final

from federation.errors import FormatError, NotFoundError, RecordError
from federation.store import alarms, logs
from federation.store.db import Database
from federation.store.logs import Log
from federation.store.view import Transaction, View

ALARM: Final = "stored-damaged"
#: Seconds after which a transaction ends behind the slice that it is in.
HOLDS_S: Final = 0.25
#: Leaves that are looked at between two looks at the clock: four bundles.
_SLICE: Final = 1_024


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
        batch: At how many leaves of a log one transaction looks at most.
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
                    moved += self._follow(tx, log_id, limit or self.batch)
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

    def _follow(self, tx: Transaction, log_id: int, limit: int) -> int:
        """Over how many leaves the cursor of a log moved in this transaction."""
        until = monotonic() + HOLDS_S
        log = logs.log_by_id(tx, log_id)
        start = at = self.position(tx, log_id)
        goal = min(start + limit, self.end(tx, log))
        while at < goal:
            at = self.take(tx, log, at, min(_SLICE, goal - at))
            if monotonic() >= until:
                break
        return at - start

    def _is_ahead(self, view: View, log: Log) -> bool:
        return self.position(view, log.id) < self.end(view, log)
