"""Bytes of files on their way to whoever asked: a thread reads and sends them.

Rule: a large answer is sent by the thread that reads it, out of one buffer, for as long
as the caller takes it: asyncio would copy each piece up to three times on its way. Who
reads slowly is waited for in the event loop, and holds no thread. The head, and the
first bytes, go the usual way; from then on nobody else writes on that connection.

The thread has a descriptor of its own: that of the connection may be closed at any
moment, and its number be another's then. What is cut off is seen within a moment, and
keeps its place until then.
"""

import asyncio
import contextlib
import select
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from socket import IPPROTO_TCP, TCP_NOTSENT_LOWAT, socket
from typing import Final, Self, TypeVar, TypeVarTuple

from aiohttp import web

from federation.web.connections import HeldConnection

#: So many are sent to at the same time; no more buffers are filled.
_THREADS: Final = 8
#: What goes the usual way.
_FIRST_BYTES: Final = 1 << 13
#: What the system keeps beyond what is on the wire: it is lost where the caller is.
_UNSENT_BYTES: Final = 1 << 17
#: A thread stays with one caller no longer; and so long while nothing is taken.
_TURN_S: Final = 0.5
_PATIENCE_MS: Final = 20
#: So often it is seen that the connection was cut off.
_LOOK_S: Final = 0.2

_A = TypeVarTuple("_A")
_T = TypeVar("_T")


class ShortError(Exception):
    """There was less to be sent than was promised."""


SENDERS: Final[web.AppKey[ThreadPoolExecutor]] = web.AppKey(
    "senders", ThreadPoolExecutor
)


def senders() -> ThreadPoolExecutor:
    """The threads; none is started before there is something to be sent."""
    return ThreadPoolExecutor(_THREADS, "sender")


async def dismiss(app: web.Application) -> None:
    """Nobody is sent anything any more: a signal of `on_cleanup`."""
    app[SENDERS].shutdown(wait=False)


class Outlet:
    """The pieces of one answer; each is sent before the next is asked for."""

    def __init__(
        self, threads: ThreadPoolExecutor, pieces: Generator[memoryview]
    ) -> None:
        """`pieces` are asked for in threads; `sent`: so many bytes are on their way."""
        self._threads, self._pieces = threads, pieces
        self._left = memoryview(b"")
        self.sent, self._is_cut = 0, False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._run(self._pieces.close)

    async def begin(self) -> bool:
        """Have the first piece read; False: there is none.

        Raises:
            OSError: whatever the pieces come from failed.
        """
        await self._run(self._turn_page)
        return bool(self._left)

    async def run(
        self, request: web.Request, response: web.StreamResponse, length: int
    ) -> None:
        """Send all `length` bytes; it has begun, and the response is prepared.

        Raises:
            OSError: whatever the pieces come from failed.
            ConnectionResetError: the caller has gone, or was cut off.
            ShortError: there was less to be sent.
        """
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the caller has gone")
        first, self._left = bytes(self._left[:_FIRST_BYTES]), self._left[_FIRST_BYTES:]
        transport.set_write_buffer_limits(0)
        await response.write(first)
        await request.writer.drain()
        transport.set_write_buffer_limits()
        self.sent = len(first)
        with transport.get_extra_info("socket").dup() as wire:
            wire.setsockopt(IPPROTO_TCP, TCP_NOTSENT_LOWAT, _UNSENT_BYTES)
            try:
                while not await self._run(self._send, wire):
                    _took(request)
                    await _writable(wire)
                    if transport.is_closing():
                        raise ConnectionResetError("it was cut off")
            finally:
                self._is_cut = True
        if self.sent != length:
            raise ShortError
        await response.write_eof()

    async def _run(self, work: Callable[[*_A], _T], *given: *_A) -> _T:
        """In a thread; whoever is stopped meanwhile waits until that is done."""
        loop = asyncio.get_running_loop()
        done = loop.run_in_executor(self._threads, work, *given)
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            self._is_cut = True
            await asyncio.wait([done])
            if not done.cancelled():
                done.exception()  # nobody is left to hear it
            raise

    def _send(self, wire: socket) -> bool:
        """Send what is taken now; whether that was all."""
        taken = select.poll()
        taken.register(wire, select.POLLOUT)
        until = time.monotonic() + _TURN_S
        while not self._is_cut and time.monotonic() < until:
            if not self._left:
                self._turn_page()
                if not self._left:
                    return True
            try:
                count = wire.send(self._left)
            except BlockingIOError:
                if not taken.poll(_PATIENCE_MS):
                    break
            except OSError as error:
                raise ConnectionResetError(str(error)) from error
            else:
                self.sent += count
                self._left = self._left[count:]
        return False

    def _turn_page(self) -> None:
        self._left = memoryview(next(self._pieces, b""))


def _took(request: web.Request) -> None:
    connection = request.protocol
    if isinstance(connection, HeldConnection):
        connection.took()


async def _writable(wire: socket) -> None:
    """Return when it takes something again, or a moment later."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_writer(wire.fileno(), ready.set)
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_S):
                await ready.wait()
    finally:
        loop.remove_writer(wire.fileno())
