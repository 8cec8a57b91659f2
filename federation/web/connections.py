"""A connection: for what it waits, how long it may, and how it gives way.

Rule: a connection is judged by whom it waits for (`doorkeeper.py`): for its caller (a
head, another request, a body, somebody to read), for news, or for this node at work.
A place is free when the socket is closed, not when it was told to, and when nothing is
done for it any more: who asks and hangs up holds the place until the answer would be
there; if it waited for news, that is at once.

aiohttp closes a connection whose request head is not complete within
`keepalive_timeout` and has no deadline for a body or a slow reader: those are here.

Source: docs/explanation/threats.md (half-open and endless connections)
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from enum import Enum
from http import HTTPStatus
from typing import Any

from aiohttp import hdrs, web

from federation.text import Sentence
from federation.web.context import ENTITLED
from federation.web.origin import address_of, caller
from federation.web.problem import Handler, problem

BODY_DEADLINE_S = 60.0
#: No connection is older: who is still there comes again.
CONNECTION_AGE_S = 600.0
#: What is read of one caller before it is the next one's turn: as chunks of one byte,
#: the 256 KiB that asyncio takes are a tenth of a second of this process.
MOST_READ_BYTES = 4 << 10


_DEADLINE = web.RequestKey("deadline", asyncio.Timeout)


class Waiting(Enum):
    """For what a connection waits."""

    HEAD = "its first request"
    NEXT = "another request"
    BODY = "a body that anybody may send"
    ENTITLED = "a body that comes with a token"
    NEWS = "news"
    READER = "the caller to take the answer"
    NODE = "this node"


class HeldConnection(web.RequestHandler):
    """A connection, and what is known of it."""

    def __init__(
        self,
        on_left: Callable[["HeldConnection"], None],
        server: web.Server,
        **options: Any,  # noqa: ANN401  aiohttp types them
    ) -> None:
        """Not connected yet; `on_left` is told when the place is free.

        `options` are aiohttp's.
        """
        loop = asyncio.get_running_loop()
        super().__init__(server, loop=loop, **options)
        self._on_left, self._time = on_left, loop.time
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
            self._on_left(self)

    def took(self) -> None:
        """The caller took something of what is sent."""
        self.since = self._time()

    def resume_writing(self) -> None:
        """The caller took what was sent so far."""
        self.took()
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

    def begin(self, request: web.BaseRequest, address: str) -> None:
        """A whole head came; behind a proxy it tells whose connection this is."""
        self.request, self.is_answering, self.is_sending = request, True, False
        self.address, self.since = address, self._time()
        # asyncio's own, not in its types: how much one reading takes. Of a first head
        # all is taken: who is refused with some of it unread never sees the answer.
        self.wire.max_size = MOST_READ_BYTES  # type: ignore[union-attr]

    def end(self) -> None:
        """It is answered, or will not be; parts of it may still be on the wire."""
        self.is_answering = self.is_sending = False
        self.since = self._time()
        if self.is_gone:
            self._on_left(self)

    @property
    def is_gone(self) -> bool:
        """Whether it was there and is not any more."""
        return self.wire is not None and self.transport is None

    def waits_for(self) -> Waiting:
        """Its class."""
        request, waiting = self.request, Waiting.NODE
        if self.wire is None:
            waiting = Waiting.NODE
        elif self.poll is not None:
            waiting = Waiting.NEWS
        elif self.wire.get_write_buffer_size():
            waiting = Waiting.READER
        elif request is None:
            waiting = Waiting.HEAD
        elif not request.content.is_eof():
            is_entitled = request.get(ENTITLED, False)
            waiting = Waiting.ENTITLED if is_entitled else Waiting.BODY
        elif not self.is_answering:
            waiting = Waiting.NEXT
        elif self.is_sending:
            waiting = Waiting.READER
        return waiting

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
    connection = request.protocol
    if not isinstance(connection, HeldConnection):
        return await handler(request)
    connection.begin(request, caller(request))
    try:
        # Requests can come without end while no answer is read: one answer at a time.
        await request.writer.drain()
        # Who sent it and hung up is known to have gone only now, and gets no work.
        await asyncio.sleep(0)
        if connection.is_gone:
            raise ConnectionResetError("the caller has gone")
        return await handler(request)
    finally:
        connection.end()


async def mark_sending(request: web.Request, response: web.StreamResponse) -> None:
    """From now on its caller has to read: a signal of `on_response_prepare`."""
    connection = request.protocol
    if isinstance(connection, HeldConnection):
        connection.is_sending = True
        if connection.is_leaving:
            response.force_close()


@contextlib.asynccontextmanager
async def for_news(request: web.Request) -> AsyncIterator[None]:
    """The block waits for news: it ends early where others need the place."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(None) as poll:
            connection = request.protocol
            if not isinstance(connection, HeldConnection):
                yield
                return
            connection.poll = poll
            if connection.is_gone or connection.is_leaving:
                poll.reschedule(asyncio.get_running_loop().time())
            try:
                yield
            finally:
                connection.poll = None


def time_left(request: web.Request) -> float:
    """In how many seconds the connection of a request will be too old."""
    connection = request.protocol
    if not isinstance(connection, HeldConnection):
        return CONNECTION_AGE_S
    return CONNECTION_AGE_S - (asyncio.get_running_loop().time() - connection.began)


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
            request,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "media-type",
            Sentence("refused.encoded"),
        )
    try:
        async with asyncio.timeout(BODY_DEADLINE_S) as limit:
            request[_DEADLINE] = limit
            return await handler(request)
    except TimeoutError:
        return problem(
            request,
            HTTPStatus.REQUEST_TIMEOUT,
            "too-slow",
            Sentence("refused.too-slow"),
        )
    except RuntimeError as error:
        # So aiohttp says that the caller was gone before the body was asked for.
        if str(error) != "Connection closed.":
            raise
        raise ConnectionResetError(str(error)) from error


def extend_deadline(request: web.Request, seconds: float) -> None:
    """Give whoever was let in so long from now, in the place of a minute."""
    limit = request.get(_DEADLINE)
    if limit is not None:
        limit.reschedule(asyncio.get_running_loop().time() + seconds)
