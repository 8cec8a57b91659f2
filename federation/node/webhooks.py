"""Programs of our organisation are told what changed in the map, in order.

Rule: each program has its own task, so that one that is gone holds nobody up. It is
told what stands behind its place in the map, and its place moves when it has said 2xx:
at least once, in the order of the cursor, with nothing that waits or grows. What it did
not take is tried again, later each time; the message is made anew then, and has another
id only if it says something else. Rows that changed twice meanwhile are told once.

    POST <url>   webhook-id, webhook-timestamp, webhook-signature
    {"type":"map.changed","timestamp":"2024-02-14T11:02:03Z","data":{…}}

Source: Standard Webhooks 1.0.0; docs/how-to/follow-changes.md
"""

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import msgspec
from aiohttp import ClientSession

from federation.config.home import Home
from federation.config.keystore import read_private
from federation.config.webhooks import Webhook
from federation.errors import ConfigError, FormatError
from federation.feeds.webhooksignature import parse_secrets, sign
from federation.flows.query.mapnews import read_news
from federation.flows.query.scope import ask
from federation.node.backoff import Backoff
from federation.node.posting import SessionOf, UndeliveredError, post
from federation.node.resources import Clocks, Resources
from federation.store import webhooks as store
from federation.store.alarms import find_details
from federation.text import Sentence

ALARM: Final = "webhook-failing"
#: So often in a row it may fail before somebody is told: it is started again sometimes.
PATIENCE: Final = 4
FIRST_WAIT_S: Final = 1.0
MAX_WAIT_S: Final = 600.0
#: What changes within so long after a message goes into one.
GATHER_S: Final = 1.0
#: How long nothing is looked for while nothing is merged.
_LOOK_S: Final = 60.0


class WebhookHost(Protocol):
    """What telling programs needs of the node."""

    resources: Resources
    clocks: Clocks
    map_changed: asyncio.Condition
    map_version: int

    def session(self, *, allow_private: bool) -> ClientSession:
        """The connections to others than partners."""

    async def alarm(self, code: str, subject: str, detail: Sentence | None) -> None:
        """Raise an alarm, or clear it where `detail` is None."""


class WebhookSender:
    """Brings one message to a program."""

    def __init__(
        self, home: Home, session_of: SessionOf, clock: Callable[[], float]
    ) -> None:
        """`clock` gives Unix seconds."""
        self._home, self._session_of, self._clock = home, session_of, clock

    async def send(self, hook: Webhook, kind: str, data: Mapping[str, Any]) -> None:
        """Sign it and hand it over; the same `data` is the same message.

        Raises:
            UndeliveredError: why not.
        """
        now = self._clock()
        encoded = msgspec.json.encode(data)
        digest = hashlib.sha256(f"{hook.name} {kind} ".encode() + encoded).hexdigest()
        body = msgspec.json.encode(
            {
                "type": kind,
                "timestamp": f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%SZ}",
                "data": msgspec.Raw(encoded),
            }
        )
        path = self._home.folder / hook.secret_file
        try:
            secrets = parse_secrets(await asyncio.to_thread(read_private, path))
        except ConfigError as error:
            raise UndeliveredError(error.told) from error
        except FormatError as error:
            why = Sentence("machine.at", place=str(path), cause=error.told)
            raise UndeliveredError(why) from error
        headers = sign(secrets, f"msg_{digest[:32]}", int(now), body)
        headers["Content-Type"] = "application/json"
        session = self._session_of(allow_private=hook.allow_private)
        await post(session, hook.url, body, headers, now)


class Webhooks:
    """What one node tells programs of its organisation."""

    def __init__(self, host: WebhookHost) -> None:
        """`host` has its resources and clocks already."""
        self._host = host
        self._backoff = Backoff(host.clocks.steady, FIRST_WAIT_S, MAX_WAIT_S)
        self._sender = WebhookSender(
            host.resources.home, host.session, host.clocks.wall
        )

    async def run(self) -> None:
        """Tell each program what changes, for ever."""
        hooks = self._host.resources.settings.webhooks
        tasks = [asyncio.create_task(self._follow(hook)) for hook in hooks]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _follow(self, hook: Webhook) -> None:
        elections = hook.elections or self._host.resources.settings.elections
        while True:
            version = self._host.map_version
            try:
                has_news = [await self._tell(hook, election) for election in elections]
            except UndeliveredError as error:
                await self._failed(hook.name, error.told)
                continue
            if any(has_news):
                await asyncio.sleep(GATHER_S)
            else:
                await self._changed_since(version)

    async def _tell(self, hook: Webhook, election: str) -> bool:
        """Tell it all that is new of an election; whether anything was.

        Raises:
            UndeliveredError: it did not take something; what it took before counts.
        """
        resources, has_news = self._host.resources, False
        asked = ask(resources.profiles, resources.settings.elections, election)
        while True:
            before = await resources.db.read(store.read_told, hook.name, election)
            org = resources.settings.org
            read = await resources.db.read(read_news, org, asked, before)
            if read.news is not None:
                data = msgspec.structs.asdict(read.news)
                await self._sender.send(hook, "map.changed", data)
                await self._arrived(hook.name)
                has_news = True
            if read.told != before:
                await resources.db.write(
                    store.save_told, hook.name, election, read.told
                )
            if read.news is None or not read.news.more:
                return has_news

    async def _changed_since(self, version: int) -> None:
        host = self._host
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_S), host.map_changed:
                await host.map_changed.wait_for(lambda: host.map_version != version)

    async def _failed(self, name: str, reason: Sentence) -> None:
        wait = self._backoff.put_off(name)
        if self._backoff.failures(name) >= PATIENCE:
            await self._host.alarm(ALARM, name, reason)
        await asyncio.sleep(wait)

    async def _arrived(self, name: str) -> None:
        self._backoff.forget(name)
        # Also where an earlier process has raised it.
        if name in await self._host.resources.db.read(find_details, ALARM):
            await self._host.alarm(ALARM, name, None)
