"""What the handlers share: the database, and a desk that hands in work.

Rule: a handler reads by itself (`db.read`) and changes nothing by itself: whatever
writes goes through the `Desk`, which the node implements, so that the web floor does
not know how records are signed or peers are pulled.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import web

from federation.config.settings import Settings
from federation.flows.ownlog.ingest import DraftMembers, UnreadRow, Verdict
from federation.flows.query.mapcache import MapCache
from federation.records.profile import Profile
from federation.store.alarms import Alarm
from federation.store.db import Database


class Desk(Protocol):
    """Where work is handed in; every method answers when the work is durable."""

    async def take_records(
        self,
        election: str,
        rows: Sequence[DraftMembers | bytes | UnreadRow],
        *,
        force: bool,
        restate: bool,
        unlisted: bool = False,
    ) -> Sequence[Verdict]:
        """Sign and publish drafts, and publish what this organisation signed elsewhere.

        One verdict for each row, in order.
        """

    async def run(self, command: str, arguments: dict[str, Any]) -> object:
        """What a command of this machine's operator asks; a JSON value."""

    def news(self, org: str) -> bool:
        """Somebody says `org` has news; whether that was worth waking up for."""

    async def changed(self, election: str, since: int, timeout_s: float) -> None:
        """Return once the map is past change `since`, or after `timeout_s`."""

    def readiness(self) -> list[str]:
        """Why this node is not ready, in words; empty when it is."""

    def alarms(self) -> Sequence[Alarm]:
        """What stands and may not be in the database."""

    async def metrics(self) -> Mapping[str, float]:
        """Counters and gauges by Prometheus name (with labels)."""


@dataclass(frozen=True, kw_only=True)
class WebContext:
    """The parts that handlers use."""

    db: Database
    settings: Settings
    profiles: Mapping[str, Profile]
    desk: Desk
    about: Callable[[], bytes]
    control_token: str
    clock: Callable[[], int]
    maps: MapCache = field(default_factory=MapCache)
    # One at a time of each, however many ask: most of the database's readers stay free
    # for short questions.
    large_answers: asyncio.Lock = field(default_factory=asyncio.Lock)
    export_pages: asyncio.Lock = field(default_factory=asyncio.Lock)


SITE = web.AppKey("site", WebContext)
