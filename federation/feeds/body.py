"""The body of an answer, handed on as the network brings it.

Rule: behind a head that says how long the body is, nothing is left to be told apart
until its end. So from there on it goes past aiohttp's parser, which copies each byte
twice and sets a timer for each piece; what the frame of an answer may cost is weighed
as ever (`wire`). Behind its last byte the connection is aiohttp's again, and serves for
the next question. A body without a length comes the usual way.
"""

import asyncio
from collections import deque
from typing import Protocol

import aiohttp

from federation.feeds.wire import FloodError, Weighed


class Content(Protocol):
    """A body as it comes."""

    async def readany(self) -> bytes:
        """What is there, as soon as there is something; nothing: it has ended.

        Raises:
            aiohttp.ClientError: it broke off.
        """


def content_of(answer: aiohttp.ClientResponse, ahead: int) -> Content:
    """The body of an answer, of which nothing was read yet.

    Args:
        answer: Its head has come; it is not packed.
        ahead: Of twice as many bytes at most is the system asked at once; where so many
            wait to be read, no more are taken.
    """
    length, connection = answer.content_length, answer.connection
    wire = None if connection is None else connection.protocol
    if length is None or not isinstance(wire, Weighed) or wire.transport is None:
        return answer.content
    come = []
    while piece := answer.content.read_nowait():
        come.append(piece)
    left = length - sum(map(len, come))
    return _Body(wire, wire.transport, answer.content, come, left, ahead)


class _Body(asyncio.Protocol):
    def __init__(
        self,
        wire: Weighed,
        transport: asyncio.Transport,
        content: aiohttp.StreamReader,
        come: list[bytes],
        left: int,
        ahead: int,
    ) -> None:
        """So many bytes are `left` to come behind those that have."""
        self._wire, self._transport, self._content = wire, transport, content
        self._pieces, self._size = deque(come), sum(map(len, come))
        self._left, self._most = left, 2 * ahead
        self._waiter: asyncio.Future[None] | None = None
        self._error: Exception | None = None
        self._is_paused = False
        if left:
            wire.step_aside()
            transport.set_protocol(self)
            # A socket's has one; behind TLS it does nothing.
            transport.max_size = 2 * ahead  # type: ignore[attr-defined]

    async def readany(self) -> bytes:
        """See `Content.readany`."""
        while not self._pieces:
            if self._error is not None:
                raise self._error
            if not self._left:
                return b""
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        piece = self._pieces.popleft()
        self._size -= len(piece)
        if self._is_paused and self._size < self._most:
            self._is_paused = False
            self._transport.resume_reading()
        return piece

    def data_received(self, data: bytes) -> None:
        """More of it."""
        if self._error is not None:
            return
        piece = data[: self._left]
        self._left -= len(piece)
        if not self._wire.has_passed(len(piece)):
            self._fail(FloodError())
            self._transport.abort()
            return
        self._pieces.append(piece)
        self._size += len(piece)
        if not self._left:
            if len(piece) < len(data):
                self._wire.force_close()  # nobody asked for more
            self._transport.set_protocol(self._wire)
            self._content.feed_eof()
        elif self._size >= self._most and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Nothing more comes: the transport is closed then."""
        self._wire.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has broken off."""
        self._wire.connection_lost(exc)
        self._fail(aiohttp.ClientPayloadError())

    def pause_writing(self) -> None:
        """Of the question, which has gone by now."""
        self._wire.pause_writing()

    def resume_writing(self) -> None:
        """See `pause_writing`."""
        self._wire.resume_writing()

    def _fail(self, error: Exception) -> None:
        self._error = self._error or error
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
