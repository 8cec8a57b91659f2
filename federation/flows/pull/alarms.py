"""What a turn writes down for the operator: facts, and whose they are.

Rule: `feed-*` alarms name the peer and the log and accuse the feed alone; `stalled`
and `behind` name the log without accusing anyone; `fork` and `own-fork` stand on
evidence that is kept. Alarms that no longer hold are cleared by the turn that sees so.

    feed-mismatch  feed-refused  stalled  behind  rejected  keys-changed  fork
    own-fork  partner-full  too-many-logs  stored-damaged  crashed
"""

from collections.abc import Iterable, Sequence
from typing import Final

from federation.errors import (
    FederationError,
    ForkError,
    OtherKeyError,
    PeerError,
    ProofError,
)
from federation.flows.pull.context import MAX_GENERATIONS, LogOutcome, PulledLog
from federation.flows.pull.setapart import tell_set_apart
from federation.records.evidence import format_fork
from federation.records.readers import NOBODY, may_quote
from federation.store import alarms, logs
from federation.store.db import Database
from federation.store.logs import Log
from federation.store.view import Transaction, View
from federation.text import Sentence

_OF_FEED: Final = ("feed-mismatch", "feed-refused")


class Alarms:
    """The alarms of one turn with one peer."""

    def __init__(
        self,
        db: Database,
        org: str,
        now: int,
        *,
        accuses: bool = True,
        url: str | None = None,
    ) -> None:
        """`org` is the peer's, as is `url`; `now` Unix seconds; files are not accused.

        Whoever brought a file is told at once what is wrong with it; an alarm about
        it would stand until somebody took it away.
        """
        self._db, self._org, self.now, self._accuses = db, org, now, accuses
        self._url = url

    async def freeze(self, fork: ForkError) -> None:
        """Keep the evidence of a fork and stop that log for good."""
        await self._db.write(self._freeze, fork)

    async def blame_feed(
        self, origin: str, before: int, error: FederationError
    ) -> PulledLog:
        """The report of a log for which the feed is at fault, as far as is proved."""
        outcome: LogOutcome = "refused"
        reason = error.told
        # What did not come names its address already.
        if self._url and not isinstance(error, PeerError):
            reason = Sentence("machine.at", place=self._url, cause=reason)
        if isinstance(error, PeerError):
            outcome = "failed"
        elif isinstance(error, ProofError):
            outcome = "mismatch"
        elif isinstance(error, OtherKeyError) and origin.startswith(f"{self._org}/"):
            outcome = "other-key"
        log = await self._db.write(self._blame, origin, outcome, reason)
        return PulledLog(
            origin=origin,
            outcome=outcome,
            before=before,
            after=0 if log is None else log.size,
            reason=reason,
        )

    async def behind(self, origin: str, detail: Sentence) -> None:
        """The origin itself shows less than it has signed."""
        await self._db.write(alarms.raise_alarm, "behind", origin, detail, self.now)

    async def stalled(self, log: Log, reason: Sentence) -> None:
        """A log does not go on, and nothing proves whose fault that is."""
        await self._db.write(self._stall, log, reason)

    async def refused(self, before: Log, count: int) -> None:
        """Some of a log's new records do not count; they are kept, with the reason.

        `before`: the log before they came.
        """
        await self._db.write(self._refuse, before, count)

    async def full(self, log: Log, reason: Sentence) -> None:
        """A log stops: the organisation whose it is has taken all that it may."""
        await self._db.write(self._full, log, reason)

    async def beyond(self, origins: Sequence[str]) -> None:
        """A peer shows more logs of an organisation and election than are taken."""
        if not origins:
            await self._settle({("too-many-logs", self._org)})
            return
        # One that everybody may know: by a hidden one the alarm would come and go.
        named = next((name for name in origins if may_quote(NOBODY, name)), origins[0])
        detail = Sentence(
            "why.too-many-logs",
            count=len(origins),
            most=MAX_GENERATIONS,
            origin=named,
        )
        await self._db.write(
            alarms.raise_alarm, "too-many-logs", self._org, detail, self.now
        )

    async def damaged(self, subject: str, reason: Sentence) -> None:
        """Bytes of our own about a partner are not what was written."""
        await self._db.write(
            alarms.raise_alarm, "stored-damaged", subject, reason, self.now
        )

    async def crashed(self, subject: str, reason: Sentence) -> None:
        """Something about a log ended by a fault of ours."""
        await self._db.write(alarms.raise_alarm, "crashed", subject, reason, self.now)

    async def settle_room(self, log: Log, org: str) -> None:
        """Clear what no longer holds of a partner that may go on."""
        if log.stalled is not None:
            await self._db.write(logs.stall, log.id, None)
        await self._settle({("partner-full", org)})

    async def settle(self, log: Log) -> None:
        """Clear what no longer holds of a log that this peer has shown to be well."""
        if log.stalled is not None:
            await self._db.write(logs.stall, log.id, None)
        await self._settle(self._of_shown(log))

    async def settle_peer(self, same: Iterable[Log], *, is_well: bool) -> None:
        """Clear what no longer holds of a peer.

        Args:
            same: What it shows just as it is held here: nobody looks at it closer.
            is_well: Whether nothing was wrong with any of its logs.
        """
        named = {one for log in same for one in self._of_shown(log)}
        if is_well:
            named |= {(code, self._org) for code in _OF_FEED}
        await self._settle(named)

    def _of_shown(self, log: Log) -> set[tuple[str, str]]:
        """What does not hold of a log that this peer shows as far as it is known."""
        named = {(code, f"{self._org} {log.origin}") for code in _OF_FEED}
        # Also where its row says so already: the process may have ended in between.
        named.add(("stalled", log.origin))
        # A relay that has all of it says nothing of what the origin shows.
        return named | ({("behind", log.origin)} if log.org == self._org else set())

    async def _settle(self, named: set[tuple[str, str]]) -> None:
        # Looked up first: an idle turn must not cost a durable commit per log.
        standing = await self._db.read(alarms.list_alarms)
        mine = named & {(alarm.code, alarm.subject) for alarm in standing}
        if mine:
            await self._db.write(_clear, mine)

    def _full(self, tx: Transaction, log: Log, reason: Sentence) -> None:
        logs.stall(tx, log.id, reason)
        detail = Sentence("machine.at", place=log.origin, cause=reason)
        alarms.raise_alarm(tx, "partner-full", log.org, detail, self.now)

    def _refuse(self, tx: Transaction, before: Log, count: int) -> None:
        count -= tell_set_apart(tx, before, before.next_index, self.now)
        if count > 0:
            detail = Sentence("why.rejected", count=count)
            alarms.raise_alarm(tx, "rejected", before.origin, detail, self.now)

    def _freeze(self, tx: Transaction, fork: ForkError) -> None:
        log = logs.get_log(tx, fork.origin)
        logs.freeze(tx, log.id, format_fork(fork))
        code = "own-fork" if log.own else "fork"
        detail = Sentence("why.seen-at", org=self._org, cause=fork.told)
        alarms.raise_alarm(tx, code, fork.origin, detail, self.now)

    def _blame(
        self, tx: Transaction, origin: str, outcome: LogOutcome, reason: Sentence
    ) -> Log | None:
        log = find_log(tx, origin)
        if outcome == "failed" or not self._accuses:
            return log
        # A log that is not known here has whatever name the feed made up: one alarm
        # for all of them.
        subject = self._org if log is None else f"{self._org} {origin}"
        code = "feed-mismatch" if outcome == "mismatch" else "feed-refused"
        alarms.raise_alarm(tx, code, subject, reason, self.now)
        # The origin is the last to ask: when it cannot show its own log either,
        # nobody goes on here.
        if log is not None and log.org == self._org:
            self._stall(tx, log, reason)
        return log

    def _stall(self, tx: Transaction, log: Log, reason: Sentence) -> None:
        logs.stall(tx, log.id, reason)
        alarms.raise_alarm(tx, "stalled", log.origin, reason, self.now)


def _clear(tx: Transaction, named: Iterable[tuple[str, str]]) -> None:
    for code, subject in named:
        alarms.clear_alarm(tx, code, subject)


def find_log(view: View, origin: str) -> Log | None:
    """The log of this origin, if there is one."""
    return next((log for log in logs.list_logs(view) if log.origin == origin), None)
