"""Reports of violations at a node that runs: found again, taken in, judged.

Rule: the index follows the logs, beside the map and after nothing; what is asked for is
done on the writer thread and answered when it is durable.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from msgspec import to_builtins
from msgspec.structs import replace

from federation.config.keystore import load_contributor_secret
from federation.flows.incidents.index import index_incidents
from federation.flows.incidents.state import (
    Saying,
    election_of_incident,
    state_incident,
)
from federation.flows.incidents.take import IncidentVerdict, take_incidents
from federation.flows.ownlog.verdict import Verdict
from federation.node.disk import Disk
from federation.node.gate import GATE_S, Gate
from federation.node.resources import Clocks, Resources
from federation.sources.incidentdraft import read_incident
from federation.store.view import Transaction
from federation.web.requests.incidents import (
    AddIncidents,
    IncidentVerdicts,
    StateIncident,
)

_WATCH_S: Final = 1.0
_STEP: Final = 250


class IncidentHost(Protocol):
    """What all of it needs of the node."""

    resources: Resources
    clocks: Clocks
    gate: Gate
    disk: Disk

    def news(self) -> None:
        """A log of ours has grown."""


class IncidentIndex:
    """Keeps up with the logs: which record speaks of which incident."""

    def __init__(self, host: IncidentHost) -> None:
        """`host` has its resources and disk already."""
        self._host, self._due = host, asyncio.Event()
        #: Reports of other systems are taken one at a time (`handedin.py`).
        self.handing_in = asyncio.Lock()

    def soon(self) -> None:
        """Something was stored that may speak of one."""
        self._due.set()

    async def index(self) -> None:
        """Note what is stored now."""
        db, now = self._host.resources.db, int(self._host.clocks.wall())
        while await db.run(index_incidents, db, now=now):
            pass

    async def index_reports(self) -> None:
        """Do so whenever something was stored."""
        while True:
            await self._due.wait()
            self._due.clear()
            while not self._host.disk.takes():  # noqa: ASYNC110  no disk sets an event
                await asyncio.sleep(_WATCH_S)
            await self.index()


async def add_incidents(
    node: IncidentHost,
    given: AddIncidents,
    also: Callable[[Transaction], None] | None = None,
) -> IncidentVerdicts:
    """Sign and log reports of ours; see `flows/incidents/take.py`.

    Raises:
        NotFoundError: no reports are kept for this election.
    """
    resources = node.resources
    log = resources.incidents_of(given.election)
    await node.gate.passed(log.origin, GATE_S)
    secret = load_contributor_secret(resources.home.contributor_secret)
    # Looking through the words of a thousand reports takes a while.
    rows = await asyncio.to_thread(lambda: list(map(read_incident, given.records)))
    verdicts: list[IncidentVerdict] = []
    # The writer thread has more to do: some seconds of work are a part at a time.
    for start in range(0, len(rows), _STEP):
        part = rows[start : start + _STEP]
        now = node.clocks.wall()
        taken = await node.disk.write(take_incidents, log, part, now, secret, also=also)
        verdicts += [_moved(verdict, start) for verdict in taken]
    if any(verdict.outcome == "logged" for verdict in verdicts):
        node.news()
    return IncidentVerdicts(verdicts=verdicts)


def _moved(verdict: IncidentVerdict, start: int) -> IncidentVerdict:
    return replace(verdict, row=verdict.row + start)


async def say_status(node: IncidentHost, given: StateIncident) -> Verdict:
    """Sign what we say of an incident.

    Raises:
        NotFoundError: it is not known here, or no reports are kept of its election.
        ConflictError: somebody of ours has said something else meanwhile, or it is not
            for this person to say.
    """
    resources = node.resources
    election = await resources.db.read(election_of_incident, given.incident)
    log = resources.incidents_of(election)
    await node.gate.passed(log.origin, GATE_S)
    members = {
        name: value for name, value in to_builtins(given).items() if value is not None
    }
    saying = Saying(members.pop("person"), members.pop("seen", None))
    verdict = await node.disk.write(
        state_incident, log, members, node.clocks.wall(), saying
    )
    if verdict.outcome == "logged":
        node.news()
    return verdict
