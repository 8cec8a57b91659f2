"""Who is let in, and who gives way when all places are taken.

Rule: a connection that waits for its caller or for news has no more than a share of the
places when others want one; where this node is at work, nobody is cut off. When all
places are taken, room is made before another connection is accepted:

1. heads that were not sent whole within `HEAD_GRACE_S`;
2. else the class that is most above its share: there the address that holds most of it,
   and of that address who has waited longest. Who waits for news is answered early.

So every class always has room for somebody new, and nobody's flood is paid for by other
addresses. The newcomer is never the one to go: it waits a little until somebody is not
young any more, and no longer. To wait for as long as all are young would keep good
callers out for as long as somebody floods. While all places are taken by work, new
connections wait in the kernel's queue.

Source: docs/explanation/threats.md (half-open and endless connections)
"""

import asyncio
import contextlib
import errno
import logging
import socket
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeAlias

from aiohttp import web

from federation.web.bucket import Bucket
from federation.web.connections import CONNECTION_AGE_S, HeldConnection, Waiting
from federation.web.listening import listen

HEAD_DEADLINE_S = 15.0
HEAD_GRACE_S = 3.0
YOUNG_S = 0.15
#: Answers that nobody has read yet, of all connections together.
MAX_UNREAD_BYTES = 64 << 20
_SWEEP_S = 0.25
_SCARCE_S = 1.0
_LOOK_S = 0.05
_STUCK_S = 10.0
_AT_ONCE = 8
_SCARCE: Final = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

_log = logging.getLogger(__name__)

AdmittedWork: TypeAlias = Callable[[], Coroutine[object, object, None]]

#: Of all places; the rest is for requests that are being answered.
SHARES: Final[Mapping[Waiting, float]] = {
    Waiting.HEAD: 1 / 4,
    Waiting.NEXT: 1 / 8,
    Waiting.BODY: 1 / 8,
    Waiting.ENTITLED: 1 / 8,
    Waiting.NEWS: 1 / 8,
    Waiting.READER: 1 / 8,
}


async def _keep_at(work: AdmittedWork) -> None:
    """Do it for ever: a door that fell shut would be seen by everybody but the node."""
    while True:
        try:
            await work()
        except Exception:  # noqa: BLE001  whatever it is, it must not end the door
            _log.exception("a fault of the door: it goes on")
        await asyncio.sleep(_SCARCE_S)


class Doorkeeper:
    """Lets connections in, one after the other, and sees to it that there is room."""

    def __init__(
        self,
        runner: web.AppRunner,
        max_connections: int,
        **options: Any,  # noqa: ANN401  aiohttp types them
    ) -> None:
        """`runner` is set up already; `options` are aiohttp's for each connection."""
        assert runner.server is not None, "the runner is not set up"
        self._runner, self._server = runner, runner.server
        self._max, self._options = max_connections, options
        # Beyond one at a time: to look at everybody for each newcomer costs more.
        self._batch = max(1, max_connections // 16)
        self._connections: dict[HeldConnection, None] = {}
        self._left = asyncio.Event()
        # For half a second of a sudden crowd, and a tenth of the time of a long one.
        self._looks = Bucket(burst=10, refill_s=10 * _LOOK_S)

    def __len__(self) -> int:
        """How many places are taken; those that are closing still are."""
        return len(self._connections)

    def connections(self) -> list[HeldConnection]:
        """Whoever is in, in the order in which they came."""
        return list(self._connections)

    @contextlib.asynccontextmanager
    async def on(self, host: str, port: int) -> AsyncIterator[int]:
        """Listen on `host` and `port` (0: any free one); the port that it is.

        When the block ends, nobody is let in any more, what is being answered is
        answered as far as the runner gives it time, and everybody goes.

        Raises:
            OSError: it cannot; `filename` is the address.
        """
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(self._dismiss)
            stack.push_async_callback(self._runner.cleanup)
            stack.callback(self._hurry)
            listeners = await listen(host, port)
            for listener in listeners:
                stack.enter_context(listener)
            works: list[AdmittedWork] = [partial(self._admit, s) for s in listeners]
            for work in (*works, self._sweep):
                task = asyncio.create_task(_keep_at(work))
                stack.push_async_callback(asyncio.wait, [task])
                stack.callback(task.cancel)
            yield int(listeners[0].getsockname()[1])

    def _hurry(self) -> None:
        """Neither news nor a stranger's body is waited for any more."""
        for connection in self.connections():
            if connection.waits_for() in {Waiting.NEWS, Waiting.BODY}:
                connection.give_way()
            connection.is_leaving = True

    def _dismiss(self) -> None:
        for connection in self.connections():
            if connection.wire is not None:
                connection.wire.abort()

    def left(self, connection: HeldConnection) -> None:
        """Its place is free."""
        self._connections.pop(connection, None)
        self._left.set()

    async def _admit(self, listener: socket.socket) -> None:
        loop, number = asyncio.get_running_loop(), 0
        greeted: set[asyncio.Task[None]] = set()
        while True:
            await self._room()
            try:
                wire, _ = await loop.sock_accept(listener)
            except OSError as error:
                await self._not_accepted(error)
                continue
            connection = HeldConnection(self.left, self._server, **self._options)
            self._connections[connection] = None
            task = asyncio.create_task(self._greet(connection, wire))
            greeted.add(task)
            task.add_done_callback(greeted.discard)
            number += 1
            # What those who are in say is read before more are let in: a newcomer
            # whose head is on its way must not look as one that sends none.
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _greet(self, connection: HeldConnection, wire: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(lambda: connection, wire)
        except OSError:
            wire.close()
            self.left(connection)

    async def _room(self) -> None:
        """Return when a place is free."""
        while len(self._connections) >= self._max:
            self._left.clear()
            self._make_room()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._left.wait()

    async def _not_accepted(self, error: OSError) -> None:
        """The machine has no descriptor, or the caller was gone already."""
        if error.errno in _SCARCE:
            _log.error("no connection can be accepted: %s", error)
            self._make_room()
            await asyncio.sleep(_SCARCE_S)
        else:
            await asyncio.sleep(0)

    def _make_room(self) -> None:
        leaving = 0
        for connection in self._connections:
            if connection.is_leaving:
                leaving += 1
                if connection.waits_for() is Waiting.READER:
                    connection.give_way()  # it does not even take that it shall go
        if leaving >= self._batch:
            return
        now = asyncio.get_running_loop().time()
        chosen = self._choose(self._batch - leaving)
        old = [connection for connection in chosen if now - connection.since >= YOUNG_S]
        if not old and self._looks.take("", now):
            return
        for connection in old or chosen:
            connection.give_way()

    def _choose(self, number: int) -> Sequence[HeldConnection]:
        """So many that give way first, or fewer."""
        classes: defaultdict[Waiting, list[HeldConnection]] = defaultdict(list)
        for connection in self._connections:
            if not connection.is_leaving:
                classes[connection.waits_for()].append(connection)
        heads = classes[Waiting.HEAD]
        late = asyncio.get_running_loop().time() - HEAD_GRACE_S
        if heads and heads[0].since < late:
            return [head for head in heads[:number] if head.since < late]
        crowd = max(SHARES, key=lambda w: len(classes[w]) - SHARES[w] * self._max)
        held = Counter(connection.address for connection in classes[crowd])
        crowd_first = sorted(classes[crowd], key=lambda c: (-held[c.address], c.since))
        return crowd_first[:number]

    async def _sweep(self) -> None:
        """Cut off what took too long, or too much memory."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP_S)
            now = loop.time()
            for connection in self.connections():
                is_old = now - connection.began > CONNECTION_AGE_S
                is_stuck = connection.is_leaving and now - connection.since > _STUCK_S
                if connection.wire is not None and (is_old or is_stuck):
                    connection.wire.abort()
            self._forget_unread()

    def _forget_unread(self) -> None:
        """Keep answers that nobody reads within what the machine can bear."""
        sizes = {
            connection: connection.wire.get_write_buffer_size()
            for connection in self._connections
            if connection.wire is not None
        }
        unread = sum(sizes.values())
        if unread <= MAX_UNREAD_BYTES:
            return
        held: Counter[str] = Counter()
        for connection, size in sizes.items():
            held[connection.address] += size
        for connection in sorted(sizes, key=lambda c: (-held[c.address], c.since)):
            if unread <= MAX_UNREAD_BYTES:
                break
            if sizes[connection]:
                connection.give_way()
                unread -= sizes[connection]
