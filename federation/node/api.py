"""The desk of a running node: work that comes in over HTTP (see `web/context.py`)."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from federation.errors import FormatError, NotFoundError
from federation.flows.ownlog import ingest
from federation.flows.ownlog.ingest import MAX_BATCH, DraftMembers, UnreadRow, Verdict
from federation.node import commands
from federation.node.metrics import read_metrics
from federation.node.node import Node
from federation.store.alarms import Alarm
from federation.store.mapstate import last_seq


class NodeDesk:
    """Takes work in, in the order in which it comes."""

    def __init__(self, node: Node) -> None:
        """`node` is open."""
        self._node = node

    async def take_records(
        self,
        election: str,
        rows: Sequence[DraftMembers | bytes | UnreadRow],
        *,
        force: bool,
        restate: bool,
        unlisted: bool = False,
    ) -> list[Verdict]:
        """Sign and publish drafts and signed leaves; see `flows/ingest.append`."""
        node = self._node
        log = node.own_log(election)
        await node.gate.passed(log.origin, commands.GATE_S)
        verdicts: list[Verdict] = []
        for start in range(0, len(rows), MAX_BATCH):
            for verdict in await node.disk.write(
                ingest.append,
                log,
                rows[start : start + MAX_BATCH],
                node.clocks.wall(),
                force=force,
                restate=restate,
                unlisted=unlisted,
            ):
                row = verdict.row + start
                verdicts.append(msgspec.structs.replace(verdict, row=row))
        if any(verdict.outcome == "logged" for verdict in verdicts):
            node.news()
        return verdicts

    async def run(self, command: str, arguments: dict[str, Any]) -> object:
        """What another command of this machine asks.

        Raises:
            NotFoundError: there is no such command.
            FormatError: its arguments are not of the right form.
        """
        if command not in commands.COMMANDS:
            raise NotFoundError(f"no command {command!r}")
        kind, work = commands.COMMANDS[command]
        try:
            given = msgspec.convert(arguments, kind)
        except msgspec.ValidationError as error:
            raise FormatError(str(error), "body") from None
        return await work(self._node, given)

    def news(self, org: str) -> bool:
        """A partner has news: ask it now; others are nobody's business."""
        known = org in self._node.peers.by_org
        if known:
            self._node.schedule.notify(org)
        return known

    async def changed(self, election: str, since: int, timeout_s: float) -> None:
        """Return once the map is past change `since`, or after `timeout_s`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._past(election, since)

    async def _past(self, election: str, since: int) -> None:
        node = self._node
        while True:
            # Before the look: what is merged during it would else wake up nobody.
            seen = node.map_version
            if await node.resources.db.read(last_seq, election) > since:
                return
            async with node.map_changed:
                await node.map_changed.wait_for(lambda: node.map_version != seen)  # noqa: B023  awaited in this round

    def readiness(self) -> list[str]:
        """Why this node does not sign now."""
        return [*self._node.gate.reasons(), *self._node.disk.reasons()]

    def alarms(self) -> list[Alarm]:
        """What stands and may not be in the database."""
        return self._node.disk.alarms()

    async def metrics(self) -> Mapping[str, float]:
        """Gauges by Prometheus name."""
        resources = self._node.resources
        return await resources.db.read(read_metrics, resources.guard, self._node.disk)
