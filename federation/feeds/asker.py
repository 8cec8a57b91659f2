"""Questions to a node over HTTP, and what the answers mean.

Rule: the peer is hostile until its bytes are verified elsewhere. So here: no address
but of the Internet (unless allowed for it), no redirect, no cookie, no proxy from the
environment, no content encoding but the one asked for, a deadline for each request, a
cap on every body that holds before and while it is read, and on what comes around it
(`wire`). Every failure is a `PeerError` that says what it means (`answer`,
`connection`); whoever asks to wait is waited for within bounds (`retry`).
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple, Self

import aiohttp
from yarl import URL

from federation.errors import FormatError, PeerError
from federation.feeds.address import socket_maker
from federation.feeds.answer import (
    HEAD_BYTES,
    FeedRequest,
    Meaning,
    is_page,
    judge_answer,
    judge_other,
    judge_page,
    show,
)
from federation.feeds.connection import judge_failure
from federation.feeds.pace import Pace
from federation.feeds.retry import MAX_TRIES, Waits
from federation.feeds.shape import Shape, is_cut, is_other
from federation.feeds.wire import connector
from federation.text import Sentence
from federation.tlog.packing import unpack

CONNECT_S: Final = 10.0
REQUEST_S: Final = 30.0
MAX_PER_HOST: Final = 16

_MAX_ETAG_CHARS: Final = 200
# Policies of web sites are long, and say nothing to us.
_MAX_HEADER_BYTES: Final = 1 << 16
_MAX_HEADERS: Final = 1000
_HEADERS: Final = {"User-Agent": "tps-federation/1", "Accept-Encoding": "identity"}


class Sessions:
    """The connections to all peers: kept alive, and shared by all turns."""

    def __init__(self) -> None:
        """Open nothing yet. To be made, and closed, inside the event loop."""
        # Two pools: a connection that one peer was allowed to open to a private
        # address must never be reused for a peer that was not.
        self._public = _session(allow_private=False)
        self._private = _session(allow_private=True)

    def session(self, *, allow_private: bool) -> aiohttp.ClientSession:
        """The pool for peers that may, or may not, have private addresses."""
        return self._private if allow_private else self._public

    async def close(self) -> None:
        """Close every connection."""
        await self._public.close()
        await self._private.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class Answer(NamedTuple):
    """`etag` and `body` are those of a 200 only."""

    status: int
    etag: str = ""
    body: bytes = b""


class Asker:
    """Asks one node."""

    def __init__(  # noqa: PLR0913  # what a turn, a visit and an audit do differently
        self,
        session: aiohttp.ClientSession,
        org: str,
        url: str,
        *,
        pace: Pace | None = None,
        waits: Waits | None = None,
        deadline_s: float = REQUEST_S,
        wall: Callable[[], float] | None = None,
        is_typed: bool = False,
    ) -> None:
        """`url` is the node's, from the configuration; `deadline_s` per request.

        Args:
            session: See `Sessions`.
            org: Whose node it is, for errors.
            url: See above.
            pace: How fast it is asked.
            waits: How long it is waited for when it asks to wait; None: not at all.
            deadline_s: See above.
            wall: Unix seconds; None: what depends on them is not told.
            is_typed: Somebody typed `url`, so it is told what to type instead.
        """
        self._session, self._org, self._pace = session, org, pace
        self._waits, self._is_typed = waits, is_typed
        self._now = wall or _no_clock
        self._url = url.rstrip("/")
        self._deadline_s = deadline_s
        self._timeout = aiohttp.ClientTimeout(
            total=deadline_s,
            connect=min(CONNECT_S, deadline_s),
            sock_connect=min(CONNECT_S, deadline_s),
        )

    async def _ask(
        self, path: str, max_bytes: int, headers: dict[str, str], shape: Shape
    ) -> Answer:
        """A 200, or the 304 that was asked for; waits where the node asks to wait.

        Raises:
            PeerError: anything else.
        """
        waits = self._waits
        if waits is None:
            return await self._ask_once(path, max_bytes, headers, shape)
        tries = MAX_TRIES
        while True:
            await waits.ready()
            try:
                answer = await self._ask_once(path, max_bytes, headers, shape)
            except PeerError as error:
                if error.is_absent:
                    waits.answered()
                tries -= 1
                is_busy = error.cause == "busy" and tries > 0
                if is_busy and waits.allow(error.retry_after):
                    continue
                raise self._in_vain(path, error, waits.waited_s) from error
            waits.answered()
            return answer

    def _in_vain(self, path: str, error: PeerError, waited_s: float) -> PeerError:
        """The failure, and that it was waited for as long as it asked."""
        reason = error.reason
        if error.cause == "busy" and waited_s:
            seconds = f"{waited_s:.0f}"
            reason = Sentence("network.waited", reason=reason, seconds=seconds)
        url, status, wait_s = self._url + path, error.status, error.retry_after
        return PeerError(self._org, url, status, reason, error.cause, wait_s)

    async def _ask_once(
        self, path: str, max_bytes: int, headers: dict[str, str], shape: Shape
    ) -> Answer:
        if self._pace is not None:
            await self._pace.ready()
        try:
            async with self._session.get(
                URL(self._url + path, encoded=True),
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
            ) as answer:
                if answer.status == 304 and "If-None-Match" in headers:
                    return Answer(304)
                if answer.status != 200:
                    raise await self._refused(path, answer)
                body = await self._read(answer, path, max_bytes, shape)
                tag = answer.headers.get("ETag", "")[:_MAX_ETAG_CHARS]
                return Answer(200, tag, body)
        except FormatError as error:
            meaning = Meaning("wrong", Sentence("network.damaged", said=error.what))
            raise self._failed(path, 200, meaning) from error
        # asyncio.TimeoutError is an OSError; ValueError is an address or a header
        # that cannot be.
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise self._broken(path, error) from error

    async def _read(
        self, answer: aiohttp.ClientResponse, path: str, max_bytes: int, shape: Shape
    ) -> bytes:
        encoding = answer.headers.get("Content-Encoding", "identity")
        asked = answer.request_info.headers.get("Accept-Encoding", "")
        if encoding not in {"identity", asked}:
            said = Sentence("network.packed", encoding=show(encoding, 40))
            raise self._failed(path, 200, Meaning("garbled", said))
        body = b"".join(await self._read_parts(answer, path, max_bytes))
        # Only a length, or the last chunk, shows that the connection ended too early.
        has_end = bool({"Content-Length", "Transfer-Encoding"} & {*answer.headers})
        try:
            body = unpack(body, max_bytes) if encoding == "zstd" else body
        except FormatError:
            if has_end:
                raise
            raise aiohttp.ClientPayloadError from None
        self._check(path, body, shape, has_end=has_end)
        return body

    async def _read_parts(
        self, answer: aiohttp.ClientResponse, path: str, max_bytes: int
    ) -> list[bytes]:
        too_long = Sentence("network.too-long", count=max_bytes)
        parts, head = [], b""
        left = max_bytes
        async for part in answer.content.iter_any():
            left -= len(part)
            if self._pace is not None:
                self._pace.spend(len(part))
            if len(head) < HEAD_BYTES:
                head += part[: HEAD_BYTES - len(head)]
                if is_page(head):
                    raise self._failed(path, 200, judge_page(head))
            if left < 0 or (answer.content_length or 0) > max_bytes:
                raise self._failed(path, 200, Meaning("wrong", too_long))
            parts.append(part)
        return parts

    def _check(self, path: str, body: bytes, shape: Shape, *, has_end: bool) -> None:
        """Refuse what is evidently something else, or was cut off on the way."""
        if is_other(body, shape):
            raise self._failed(path, 200, judge_other(body))
        if not has_end and is_cut(body, shape):
            raise aiohttp.ClientPayloadError

    async def _refused(self, path: str, answer: aiohttp.ClientResponse) -> PeerError:
        """What an answer means that is not what was asked for."""
        head = b""
        if answer.status >= 400:
            # The status is what counts; a page that does not come is no page.
            with suppress(aiohttp.ClientError, OSError):
                head = await answer.content.read(HEAD_BYTES)
        asked = FeedRequest(self._url, path, is_typed=self._is_typed)
        headers, now = answer.headers, self._now()
        meaning = judge_answer(answer.status, headers, head, asked, now)
        return self._failed(path, answer.status, meaning)

    async def _post(self, path: str, body: str) -> None:
        """Hand over some JSON.

        Raises:
            PeerError: it was not taken.
        """
        try:
            async with self._session.post(
                URL(self._url + path, encoded=True),
                data=body,
                headers={"Content-Type": "application/json"},
                timeout=self._timeout,
                allow_redirects=False,
            ) as answer:
                if answer.status >= 300:
                    raise await self._refused(path, answer)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise self._broken(path, error) from error

    def _broken(self, path: str, error: Exception) -> PeerError:
        """What it means that no answer came, or not the whole of it."""
        url, now = self._url + path, self._now()
        meaning = judge_failure(error, url, seconds=self._deadline_s, now=now)
        return self._failed(path, None, meaning)

    def _failed(self, path: str, status: int | None, meaning: Meaning) -> PeerError:
        return PeerError(
            self._org,
            self._url + path,
            status,
            meaning.reason,
            meaning.cause,
            meaning.retry_after,
        )


def _session(*, allow_private: bool) -> aiohttp.ClientSession:
    make_socket = socket_maker(allow_private=allow_private)
    return aiohttp.ClientSession(
        connector=connector(make_socket, MAX_PER_HOST),
        headers=_HEADERS,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        max_field_size=_MAX_HEADER_BYTES,
        max_line_size=_MAX_HEADER_BYTES,
        max_headers=_MAX_HEADERS,
    )


def _no_clock() -> None:
    """Nobody said which time it is."""
