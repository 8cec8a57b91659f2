"""How many connections are open, for what each of them waits, and which gives way.

Rule: a connection is judged by whom it waits for. One that waits for its caller (a
head, another request, a body, somebody to read) or for news has no more than a share of
the places when others want one; where this node is at work, nobody is cut off. When
all places are taken, room is made before another connection is accepted:

1. heads that were not sent whole within `HEAD_GRACE_S`;
2. else the class that is most above its share: there the address that holds most of it,
   and of that address who has waited longest. Who waits for news is answered early.

So every class always has room for somebody new, and nobody's flood is paid for by other
addresses. The newcomer is never the one to go: it waits a little until somebody is not
young any more, and no longer. To wait for as long as all are young would keep good
callers out for as long as somebody floods.

A place is free when the socket is closed, not when it was told to, and when nothing is
done for it any more: who asks and hangs up holds the place until the answer would be
there; if it waited for news, that is at once. While all places are taken by work, new
connections wait in the kernel's queue.

aiohttp closes a connection whose request head is not complete within
`keepalive_timeout` and has no deadline for a body or a slow reader: those are here.

Source: docs/explanation/threats.md (half-open and endless connections)
"""

import asyncio
import contextlib
import errno
import logging
import socket
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from enum import Enum
from functools import partial
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from aiohttp import hdrs, web

from federation.web.access import ENTITLED, Bucket
from federation.web.listening import listen
from federation.web.origin import address_of, caller
from federation.web.problem import Handler, problem

HEAD_DEADLINE_S = 15.0
HEAD_GRACE_S = 3.0
YOUNG_S = 0.15
BODY_DEADLINE_S = 60.0
CONNECTION_AGE_S = 600.0
#: Answers that nobody has read yet, of all connections together.
MAX_UNREAD_BYTES = 64 << 20
#: What is read of one caller before it is the next one's turn: as chunks of one byte,
#: the 256 KiB that asyncio takes are a tenth of a second of this process.
MOST_READ_BYTES = 4 << 10
_SWEEP_S = 0.25
_SCARCE_S = 1.0
_LOOK_S = 0.05
_STUCK_S = 10.0
_AT_ONCE = 8
_SCARCE: Final = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

_log = logging.getLogger(__name__)

AdmittedWork: TypeAlias = Callable[[], Coroutine[object, object, None]]


class Waiting(Enum):
    """For what a connection waits."""

    HEAD = "its first request"
    NEXT = "another request"
    BODY = "a body that anybody may send"
    ENTITLED = "a body that comes with a token"
    NEWS = "news"
    READER = "the caller to take the answer"
    NODE = "this node"


#: Of all places; the rest is for requests that are being answered.
SHARES: Final[Mapping[Waiting, float]] = {
    Waiting.HEAD: 1 / 4,
    Waiting.NEXT: 1 / 8,
    Waiting.BODY: 1 / 8,
    Waiting.ENTITLED: 1 / 8,
    Waiting.NEWS: 1 / 8,
    Waiting.READER: 1 / 8,
}


class HeldConnection(web.RequestHandler):
    """A connection, and what is known of it."""

    def __init__(
        self,
        door: "Doorkeeper",
        server: web.Server,
        **options: Any,  # noqa: ANN401  aiohttp types them
    ) -> None:
        """Not connected yet; `options` are aiohttp's."""
        loop = asyncio.get_running_loop()
        super().__init__(server, loop=loop, **options)
        self._door, self._time = door, loop.time
        self.wire: asyncio.Transport | None = None
        self.address = ""
        self.began = self.since = loop.time()
        self.request: web.BaseRequest | None = None
        self.poll: asyncio.Timeout | None = None
        self.is_answering = self.is_sending = self.is_leaving = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The wire is there."""
        assert isinstance(transport, asyncio.Transport)
        self.wire = transport
        self.address = address_of(transport.get_extra_info("peername"))
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """The wire is gone: only now is the place free, unless we are at work."""
        super().connection_lost(exc)
        self._stop_waiting()
        if not self.is_answering:
            self._door.left(self)

    def resume_writing(self) -> None:
        """The caller took what was sent so far."""
        self.since = self._time()
        super().resume_writing()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """To what is no HTTP: the answer of aiohttp, without its versions.

        Raises:
            ConnectionResetError: nobody is there any more who could be answered.
        """
        if self.transport is None:
            raise ConnectionResetError("the caller has gone")
        answer = super().handle_error(request, status, exc, message)
        answer.headers[hdrs.SERVER] = "tps-federation"
        return answer

    def begin(self, request: web.Request) -> None:
        """A whole head came; behind a proxy it tells whose connection this is."""
        self.request, self.is_answering, self.is_sending = request, True, False
        self.address, self.since = caller(request), self._time()
        # asyncio's own, not in its types: how much one reading takes. Of a first head
        # all is taken: who is refused with some of it unread never sees the answer.
        self.wire.max_size = MOST_READ_BYTES  # type: ignore[union-attr]

    def end(self) -> None:
        """It is answered, or will not be; parts of it may still be on the wire."""
        self.is_answering = self.is_sending = False
        self.since = self._time()
        if self.is_gone:
            self._door.left(self)

    @property
    def is_gone(self) -> bool:
        """Whether it was there and is not any more."""
        return self.wire is not None and self.transport is None

    def waits_for(self) -> Waiting:
        """Its class."""
        request, found = self.request, Waiting.NODE
        if self.wire is None:
            found = Waiting.NODE
        elif self.poll is not None:
            found = Waiting.NEWS
        elif self.wire.get_write_buffer_size():
            found = Waiting.READER
        elif request is None:
            found = Waiting.HEAD
        elif not request.content.is_eof():
            is_entitled = request.get(ENTITLED, False)
            found = Waiting.ENTITLED if is_entitled else Waiting.BODY
        elif not self.is_answering:
            found = Waiting.NEXT
        elif self.is_sending:
            found = Waiting.READER
        return found

    def give_way(self) -> None:
        """Leave the place: at once, or with an answer that waits for no more news.

        Who is told so again is cut off.
        """
        if self.poll is not None and not self.is_leaving:
            self._stop_waiting()
            self.since = self._time()
        elif self.wire is not None:
            # Closing would wait for whoever reads nothing.
            self.wire.abort()
        self.is_leaving = True

    def _stop_waiting(self) -> None:
        if self.poll is not None and not self.poll.expired():
            self.poll.reschedule(self._time())


@web.middleware
async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Remember what each connection is about."""
    visit = request.protocol
    if not isinstance(visit, HeldConnection):
        return await handler(request)
    visit.begin(request)
    try:
        # Requests can come without end while no answer is read: one answer at a time.
        await request.writer.drain()
        # Who sent it and hung up is known to have gone only now, and gets no work.
        await asyncio.sleep(0)
        if visit.is_gone:
            raise ConnectionResetError("the caller has gone")
        return await handler(request)
    finally:
        visit.end()


async def mark_sending(request: web.Request, response: web.StreamResponse) -> None:
    """From now on its caller has to read: a signal of `on_response_prepare`."""
    visit = request.protocol
    if isinstance(visit, HeldConnection):
        visit.is_sending = True
        if visit.is_leaving:
            response.force_close()


@contextlib.asynccontextmanager
async def for_news(request: web.Request) -> AsyncIterator[None]:
    """The block waits for news: it ends early where others need the place."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(None) as poll:
            visit = request.protocol
            if not isinstance(visit, HeldConnection):
                yield
                return
            visit.poll = poll
            if visit.is_gone or visit.is_leaving:
                poll.reschedule(asyncio.get_running_loop().time())
            try:
                yield
            finally:
                visit.poll = None


@web.middleware
async def deadlines(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A request with a body has a minute to send it and be answered.

    Raises:
        ConnectionResetError: the caller has gone, or gave way.
    """
    if not request.can_read_body:
        return await handler(request)
    # Nothing is unpacked here: a few bytes could become more than the body's limit.
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity") != "identity":
        return problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "media-type",
            "a body is taken as it is, without Content-Encoding",
        )
    try:
        async with asyncio.timeout(BODY_DEADLINE_S):
            return await handler(request)
    except TimeoutError:
        return problem(
            HTTPStatus.REQUEST_TIMEOUT, "too-slow", "the request took too long to send"
        )
    except RuntimeError as error:
        # So aiohttp says that the caller was gone before the body was asked for.
        if str(error) != "Connection closed.":
            raise
        raise ConnectionResetError(str(error)) from error


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
        self._visits: dict[HeldConnection, None] = {}
        self._left = asyncio.Event()
        # For half a second of a sudden crowd, and a tenth of the time of a long one.
        self._looks = Bucket(burst=10, refill_s=10 * _LOOK_S)

    def __len__(self) -> int:
        """How many places are taken; those that are closing still are."""
        return len(self._visits)

    def visits(self) -> list[HeldConnection]:
        """Whoever is in, in the order in which they came."""
        return list(self._visits)

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
            works: list[AdmittedWork] = [partial(self._admit, one) for one in listeners]
            for work in (*works, self._sweep):
                task = asyncio.create_task(_keep_at(work))
                stack.push_async_callback(asyncio.wait, [task])
                stack.callback(task.cancel)
            yield int(listeners[0].getsockname()[1])

    def _hurry(self) -> None:
        """Neither news nor a stranger's body is waited for any more."""
        for visit in self.visits():
            visit.is_leaving = True
            if visit.waits_for() in {Waiting.NEWS, Waiting.BODY}:
                visit.give_way()

    def _dismiss(self) -> None:
        for visit in self.visits():
            if visit.wire is not None:
                visit.wire.abort()

    def left(self, visit: HeldConnection) -> None:
        """Its place is free."""
        self._visits.pop(visit, None)
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
            visit = HeldConnection(self, self._server, **self._options)
            self._visits[visit] = None
            task = asyncio.create_task(self._greet(visit, wire))
            greeted.add(task)
            task.add_done_callback(greeted.discard)
            number += 1
            # What those who are in say is read before more are let in: a newcomer
            # whose head is on its way must not look as one that sends none.
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _greet(self, visit: HeldConnection, wire: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(lambda: visit, wire)
        except OSError:
            wire.close()
            self.left(visit)

    async def _room(self) -> None:
        """Return when a place is free."""
        while len(self._visits) >= self._max:
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
        for visit in self._visits:
            if visit.is_leaving:
                leaving += 1
                if visit.waits_for() is Waiting.READER:
                    visit.give_way()  # it does not even take that it shall go
        if leaving >= self._batch:
            return
        now = asyncio.get_running_loop().time()
        chosen = self._choose(self._batch - leaving)
        old = [one for one in chosen if now - one.since >= YOUNG_S]
        if not old and self._looks.take("", now):
            return
        for one in old or chosen:
            one.give_way()

    def _choose(self, number: int) -> Sequence[HeldConnection]:
        """So many that give way first, or fewer."""
        classes: defaultdict[Waiting, list[HeldConnection]] = defaultdict(list)
        for visit in self._visits:
            if not visit.is_leaving:
                classes[visit.waits_for()].append(visit)
        heads = classes[Waiting.HEAD]
        late = asyncio.get_running_loop().time() - HEAD_GRACE_S
        if heads and heads[0].since < late:
            return [one for one in heads[:number] if one.since < late]
        crowd = max(SHARES, key=lambda one: len(classes[one]) - SHARES[one] * self._max)
        held = Counter(one.address for one in classes[crowd])
        crowd_first = sorted(
            classes[crowd], key=lambda one: (-held[one.address], one.since)
        )
        return crowd_first[:number]

    async def _sweep(self) -> None:
        """Cut off what took too long, or too much memory."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP_S)
            now = loop.time()
            for visit in self.visits():
                is_old = now - visit.began > CONNECTION_AGE_S
                is_stuck = visit.is_leaving and now - visit.since > _STUCK_S
                if visit.wire is not None and (is_old or is_stuck):
                    visit.wire.abort()
            self._forget_unread()

    def _forget_unread(self) -> None:
        """Keep answers that nobody reads within what the machine can bear."""
        sizes = {
            visit: visit.wire.get_write_buffer_size()
            for visit in self._visits
            if visit.wire is not None
        }
        unread = sum(sizes.values())
        if unread <= MAX_UNREAD_BYTES:
            return
        held: Counter[str] = Counter()
        for visit, size in sizes.items():
            held[visit.address] += size
        for visit in sorted(sizes, key=lambda one: (-held[one.address], one.since)):
            if unread <= MAX_UNREAD_BYTES:
                break
            if sizes[visit]:
                visit.give_way()
                unread -= sizes[visit]
