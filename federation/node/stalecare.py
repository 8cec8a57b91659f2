"""Alarms of what has grown too old (`flows/staleness.py`), as they come and go.

Rule: raised only of what was so at two looks in a row: a node that was off, or asleep,
finds everything old until its first turns with partners are over.
"""

from typing import Final, Protocol

from federation.flows.staleness import CODES, StaleAlarms, StaleInput, find_stale
from federation.node.peers import Peers
from federation.node.resources import Clocks, Resources
from federation.schedule import Duty, Result
from federation.store import alarms
from federation.store.view import Transaction, View

NAME: Final = "old confirmations"
INTERVAL_S: Final = 120.0


class StaleHost(Protocol):
    """What looking needs of the node."""

    resources: Resources
    clocks: Clocks
    peers: Peers


class StaleCare:
    """What one node sees grow old."""

    def __init__(self, host: StaleHost) -> None:
        """`host` has all of this before the first turn."""
        self._host = host
        self._before = set[tuple[str, str]]()

    def duty(self) -> Duty:
        """One look after another."""
        return Duty(
            name=NAME, run=self.turn, interval_s=INTERVAL_S, deadline_s=INTERVAL_S
        )

    async def turn(self) -> Result:
        """One look."""
        resources, now = self._host.resources, int(self._host.clocks.wall())
        asked = StaleInput(
            resources.settings.witness,
            [one for one in self._host.peers.by_org.values() if not one.paused],
            resources.guard.raised_at,
            now,
        )
        found = await resources.db.read(find_stale, asked)
        standing = await resources.db.read(_standing)
        told = {
            key: why
            for key, why in found.items()
            if key in self._before or key in standing
        }
        self._before = set(found)
        if told.keys() != standing:
            await resources.db.write(_tell, standing, told, now)
        return Result(outcome="ok")


def _standing(view: View) -> set[tuple[str, str]]:
    rows = alarms.list_alarms(view)
    return {(one.code, one.subject) for one in rows if one.code in CODES}


def _tell(
    tx: Transaction, standing: set[tuple[str, str]], told: StaleAlarms, now: int
) -> None:
    for code, subject in standing - told.keys():
        alarms.clear_alarm(tx, code, subject)
    for code, subject in told.keys() - standing:
        alarms.raise_alarm(tx, code, subject, told[code, subject], now)
