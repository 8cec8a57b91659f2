"""Our totals brought to each witness from outside, on the schedule.

Rule: each witness has a duty of its own, so that one that is gone holds nobody up; a
new total makes all of them due. A log that is refused holds back no other of ours. One
that is refused is told at once, a witness that is not reached when it has not been for
several turns: it is started again sometimes.
"""

from typing import Final, Protocol

from aiohttp import ClientSession

from federation.config.witness import OutsideWitness
from federation.errors import PeerError
from federation.feeds.witness import WitnessReply, offer_checkpoint
from federation.flows import submission
from federation.flows.submission import Submission, WitnessError
from federation.node.disk import Disk
from federation.node.resources import Clocks, Resources
from federation.schedule import OF_DISK, Duty, Result
from federation.store import alarms
from federation.text import Sentence, as_said

ALARM: Final = "witness-failing"
#: So often in a row it may not be reached before somebody is told.
PATIENCE: Final = 3
DEADLINE_S: Final = 120.0


class SubmittingHost(Protocol):
    """What bringing needs of the node."""

    resources: Resources
    clocks: Clocks
    disk: Disk

    def session(self, *, allow_private: bool) -> ClientSession:
        """The connections to others than partners."""

    async def alarm(self, code: str, subject: str, detail: Sentence | None) -> None:
        """Raise an alarm, or clear it where `detail` is None."""


def duty_name(witness: OutsideWitness) -> str:
    """What its duty is called; no organisation's name has a blank."""
    return f"witness {witness.key.name}"


class Submitting:
    """What one node brings to witnesses."""

    def __init__(self, host: SubmittingHost) -> None:
        """`host` has its resources and clocks already."""
        self._host = host
        self._failures: dict[str, int] = {}

    @property
    def witnesses(self) -> tuple[OutsideWitness, ...]:
        """Those of the settings."""
        return self._host.resources.settings.witness.outside

    def duties(self) -> list[Duty]:
        """One for each."""
        interval_s = self._host.resources.settings.sync.interval_s
        return [
            Duty(
                name=duty_name(witness),
                run=lambda witness=witness: self.turn(witness),  # type: ignore[misc]  # bound now
                interval_s=interval_s,
                deadline_s=DEADLINE_S,
            )
            for witness in self.witnesses
        ]

    async def turn(self, witness: OutsideWitness) -> Result:
        """Bring a witness what it has not signed."""
        host, key = self._host, witness.key
        if not host.disk.takes("data"):
            return Result(outcome=OF_DISK)
        db, now = host.resources.db, int(host.clocks.wall())
        refused: Sentence | None = None
        try:
            for due in await db.read(submission.list_due, key, now):
                try:
                    await self._bring(witness, due)
                except WitnessError as error:
                    refused = refused or error.told
        except PeerError as error:
            return await self._failed(key.name, error.reason or error.told)
        if refused is not None:
            return await self._failed(key.name, refused, is_refusal=True)
        self._failures.pop(key.name, None)
        if key.name in await db.read(alarms.find_details, ALARM):
            await host.alarm(ALARM, key.name, None)
        return Result(outcome="ok")

    async def _bring(self, witness: OutsideWitness, due: Submission) -> None:
        db = self._host.resources.db
        reply = await self._offer(witness, due)
        size = submission.read_size(reply)
        if size is not None:
            # It signed another size last: a lost answer, say. Proved from there, once.
            again = await db.read(submission.prove_from, due.origin, size)
            if again is not None and again.body != due.body:
                due, reply = again, await self._offer(witness, again)
        await db.write(submission.save_lines, due, reply, witness.key)

    async def _offer(self, witness: OutsideWitness, due: Submission) -> WitnessReply:
        session = self._host.session(allow_private=witness.allow_private)
        name, now = witness.key.name, self._host.clocks.wall()
        return await offer_checkpoint(session, name, witness.url, due.body, now)

    async def _failed(
        self, name: str, reason: Sentence | str, *, is_refusal: bool = False
    ) -> Result:
        failures = self._failures[name] = self._failures.get(name, 0) + 1
        if is_refusal or failures >= PATIENCE:
            await self._host.alarm(ALARM, name, as_said(reason))
        return Result(outcome="failed", reason=str(reason), is_failed=True)
