"""What an answer may cost before it is one: its frame, weighed against what it brings.

Rule: heads, interim answers, sizes of chunks and whatever else stands around a body
are its frame. A frame has a fixed allowance, and more only for a body that has come;
every piece in which the network hands bytes over counts as some. So whoever sends a
thousand interim answers, chunks or packets of one byte, endless headers, extensions or
trailers is cut off after some thousandths of a second of this process's time, and
nobody else waits for that. Bytes are looked at a few at a time: within one piece of
what the system reads at once fit ten thousand interim answers.

Source: RFC 9110 section 15.2 (interim answers), RFC 9112 section 7.1 (chunks)
"""

import asyncio
import functools
import ssl
from collections.abc import Callable
from socket import SO_RCVBUF, SOL_SOCKET, socket
from typing import Any, Final

import aiohttp
from aiohttp.client_proto import ResponseHandler

from federation.feeds.address import AddrInfo

MAX_INTERIM: Final = 16
MAX_FRAME_BYTES: Final = 1 << 16
#: One byte of frame for so many of the body: chunks of a hundred bytes pass.
BODY_PER_FRAME: Final = 8
#: What each piece that the network hands over counts as.
PIECE_BYTES: Final = 32
#: What the system takes ahead of us of an answer that is longer.
_WINDOW_BYTES: Final = 1 << 19
_LOOK_BYTES: Final = 1 << 14
_OK: Final = 200


class FloodError(aiohttp.ClientError):
    """More was sent around an answer than any answer needs."""


class Weighed(ResponseHandler):
    """A connection on which each answer's frame is weighed."""

    _frame, _interim, _length, _is_cut = 0, 0, 0, False
    #: The body of the last answer went past the parser, which still waits for it.
    _has_stepped_aside = False
    certificates: dict[str, int]  # of all connections of one kind

    def set_response_params(self, **options: Any) -> None:  # noqa: ANN401  aiohttp's own
        """A question is about to be asked: its answer has its own allowance."""
        self._frame, self._interim, self._length, self._is_cut = 0, 0, 0, False
        self._has_stepped_aside = False
        super().set_response_params(**options)

    def data_received(self, data: bytes) -> None:
        """Take in a few bytes at a time, as long as they bring something."""
        if self._has_stepped_aside and data:
            # Behind the end, and nobody has asked for it.
            self._cut()
            return
        self._frame += PIECE_BYTES if data else 0
        at = 0
        while True:
            # Behind a head that is part of this there may be nothing but body.
            left = len(data) - at
            look = left if self._is_all_body(left) else min(left, _LOOK_BYTES)
            self._frame += look
            # Nothing: what was put off because its reader was slow is looked at now.
            super().data_received(data[at : at + look])
            if self._is_cut or self._is_flooded():
                self._cut()
                return
            at += look
            if at >= len(data):
                return

    def feed_data(self, data: Any, size: int = 0) -> None:  # noqa: ANN401  aiohttp's own
        """Take in the head of an answer, also of one that is followed by another."""
        message, _ = data
        self._interim += message.code < _OK
        length = "" if message.chunked else message.headers.get("Content-Length", "")
        self._length = int(length) if length.isdecimal() else 0
        if self._length > _WINDOW_BYTES and self.transport is not None:
            # Of what the system takes ahead of us, all comes twice after a kill.
            wire = self.transport.get_extra_info("socket")
            wire.setsockopt(SOL_SOCKET, SO_RCVBUF, _WINDOW_BYTES)
        if self._interim > MAX_INTERIM:
            self._is_cut = True
        if not self._is_cut:
            super().feed_data(data, size)

    def step_aside(self) -> None:
        """What comes next is a body, and goes to somebody else: see `body`."""
        self._has_stepped_aside = True
        self._drop_timeout()

    def has_passed(self, count: int) -> bool:
        """Whether so many bytes more of a body, which went past this, are no flood."""
        payload = self._payload
        assert payload is not None, "its head has come"
        payload.total_bytes += count
        self._frame += PIECE_BYTES + count
        return not self._is_flooded()

    def _is_all_body(self, count: int) -> bool:
        """Whether so many bytes are all of a body, by the length that its head says."""
        payload = self._payload
        return payload is not None and payload.total_bytes + count <= self._length

    def _is_flooded(self) -> bool:
        # Where the reader is slow, some of what has come is not told apart yet.
        if self._reading_paused:
            return False
        body = 0 if self._payload is None else self._payload.total_bytes
        return self._frame - body > MAX_FRAME_BYTES + body // BODY_PER_FRAME

    def _cut(self) -> None:
        transport, payload = self.transport, self._payload
        # What connection_lost would say of the end of the body is not the reason.
        self._payload, self._is_cut = None, True
        self._buffer.clear()
        self.set_exception(FloodError())
        if payload is not None:
            payload.set_exception(FloodError())
        if transport is not None:
            transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note until when the certificate holds that was just believed."""
        super().connection_made(transport)
        spoken: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        host = None if spoken is None else spoken.server_hostname
        shown = None if spoken is None else spoken.getpeercert()
        if host and shown and isinstance(ends := shown.get("notAfter"), str):
            self.certificates[host] = int(ssl.cert_time_to_seconds(ends))


class _Connector(aiohttp.TCPConnector):
    def __init__(self, certificates: dict[str, int], **options: Any) -> None:  # noqa: ANN401  aiohttp's own
        super().__init__(**options)
        # aiohttp has no option for this; a test holds that connections are weighed.
        self._factory = functools.partial(
            _weigh, loop=asyncio.get_running_loop(), certificates=certificates
        )


def _weigh(
    loop: asyncio.AbstractEventLoop, certificates: dict[str, int]
) -> ResponseHandler:
    made = Weighed(loop)
    made.certificates = certificates
    return made


def connector(
    make_socket: Callable[[AddrInfo], socket],
    limit_per_host: int,
    certificates: dict[str, int] | None = None,
) -> _Connector:
    """What opens connections that are weighed, over sockets that `make_socket` makes.

    To be made inside the event loop. Into `certificates` goes, for each host whose
    certificate was believed, until when it holds, in Unix seconds.
    """
    return _Connector(
        {} if certificates is None else certificates,
        limit=0,  # a peer that accepts and never answers must not hold back others
        limit_per_host=limit_per_host,
        ttl_dns_cache=60,
        socket_factory=make_socket,
    )
