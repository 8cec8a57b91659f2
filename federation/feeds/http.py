"""A peer over HTTP: questions to its node, and what the answers mean.

    GET  <url>/<path of a resource>            /logs: If-None-Match, 304
    GET  <url>/<path of a resource>            Range: bytes=100-, 206 or all of it
    POST <url>/notify                          {"org":"jagasuara.example"}

Rule: the peer is hostile until its bytes are verified elsewhere. So here: no redirect,
no content encoding but Zstandard for full bundles, a deadline for each request, a cap
on every body that holds before and while it is read; what the connections keep out
stands in `sessions`. What comes in pieces has a deadline for each (`pieces`). Every
failure is a `PeerError` that says what it means (`answer`, `connection`); whoever asks
to wait is waited for within bounds (`retry`).

Source: docs/reference/protocol.md, "HTTP"; RFC 9110 section 13.1.2
"""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from typing import Final, NamedTuple, TypeVar

import aiohttp
from yarl import URL

from federation.errors import FormatError, PeerError
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
from federation.feeds.body import content_of
from federation.feeds.clockgauge import ClockGauge
from federation.feeds.connection import judge_failure
from federation.feeds.cutting import CuttingFeed
from federation.feeds.introduction import Introduction
from federation.feeds.pace import NO_PACE, Pace
from federation.feeds.pieces import read_pieces
from federation.feeds.resource import LOGS, Resource
from federation.feeds.rest import STATUSES, judge_rest
from federation.feeds.retry import MAX_TRIES, Waits
from federation.feeds.shape import Shape, is_cut, is_other
from federation.text import Sentence
from federation.tlog.packing import unpack

CONNECT_S: Final = 10.0
REQUEST_S: Final = 30.0

#: What is read ahead of a file that comes in pieces; twice as much at most waits.
_AHEAD_BYTES: Final = 1 << 18
#: The same where the pace is limited: what is read ahead is not paced.
_AHEAD_PACED_BYTES: Final = 1 << 16
_MAX_ETAG_CHARS: Final = 200
_T = TypeVar("_T")


class _Answer(NamedTuple):
    """`etag` and `body` are those of a 200 only."""

    status: int
    etag: str = ""
    body: bytes = b""


class HttpFeed(CuttingFeed):
    """A `Feed` over HTTP."""

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
        introduction: Introduction | None = None,
        gauge: ClockGauge | None = None,
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
            introduction: By which it is told who asks; None: a stranger does.
            gauge: By which its clock is compared with ours.
        """
        self._session, self._org, self._pace = session, org, pace or NO_PACE
        self._waits, self._is_typed = waits, is_typed
        self._now = wall or _no_clock
        self._introduction, self._gauge = introduction, gauge
        self._ahead = _AHEAD_PACED_BYTES if self._pace.is_limited else _AHEAD_BYTES
        self._url = url.rstrip("/")
        self._deadline_s = deadline_s
        self._timeout = aiohttp.ClientTimeout(
            total=deadline_s,
            connect=min(CONNECT_S, deadline_s),
            sock_connect=min(CONNECT_S, deadline_s),
        )
        self._piecewise = aiohttp.ClientTimeout(
            total=None,
            connect=min(CONNECT_S, deadline_s),
            sock_connect=min(CONNECT_S, deadline_s),
            sock_read=deadline_s,
        )

    async def fetch(self, resource: Resource) -> bytes:
        """What is at a path.

        Raises:
            PeerError: it did not come.
        """
        return (await self._patiently(lambda: self._ask(resource))).body

    async def stream(self, resource: Resource, start: int = 0) -> AsyncGenerator[bytes]:
        """What is at a path from `start` on, in pieces.

        Raises:
            PeerError: it did not come, or not the whole of it.
        """
        path = f"/{resource.path}"
        answer = await self._patiently(lambda: self._begin(resource, start))
        try:
            async with answer:
                headers, most = answer.headers, resource.max_bytes
                rest = judge_rest(answer.status, headers, start, most)
                if rest is None:
                    return
                self._check_plain(answer, path)
                came = read_pieces(
                    content_of(answer, self._ahead),
                    rest,
                    self._pace,
                    self._deadline_s,
                    lambda head: self._check_page(path, head),
                )
                async with aclosing(came) as pieces:
                    async for piece in pieces:
                        yield piece
        except FormatError as error:
            raise self._wrong(resource.path, error) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise self._broken(path, error) from error

    async def logs(self, etag: str | None) -> tuple[bytes, str] | None:
        """The status vector and its ETag; None when nothing changed.

        Raises:
            PeerError: it did not come.
        """
        try:
            answer = await self._patiently(lambda: self._ask(LOGS, etag))
        except PeerError as error:
            if error.cause != "unbelieved" or self._introduction is None:
                raise
            # By now it was refused, so it is asked as by a stranger.
            answer = await self._patiently(lambda: self._ask(LOGS, etag))
        else:
            if self._introduction is not None:
                self._introduction.believed()
        return None if answer.status == 304 else (answer.body, answer.etag)

    async def notify(self, org: str) -> None:
        """Say that `org` has news.

        Raises:
            PeerError: the peer did not take it.
        """
        path, body = "/notify", json.dumps({"org": org}).encode()
        headers = {"Content-Type": "application/json"}
        if self._introduction is not None:
            headers |= self._introduction.sign_post(self._url + path, body)
        try:
            async with self._session.post(
                URL(self._url + path, encoded=True),
                data=body,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
            ) as answer:
                if answer.status >= 300:
                    raise await self._refused(path, answer)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise self._broken(path, error) from error

    async def _patiently(self, ask: Callable[[], Awaitable[_T]]) -> _T:
        """The answer to a question; waits where the node asks to wait.

        Raises:
            PeerError: there is none.
        """
        waits = self._waits
        if waits is None:
            return await ask()
        tries = MAX_TRIES
        while True:
            await waits.ready()
            try:
                answer = await ask()
            except PeerError as error:
                if error.is_absent:
                    waits.answered()
                tries -= 1
                is_busy = error.cause == "busy" and tries > 0
                if is_busy and waits.allow(error.retry_after):
                    continue
                raise self._in_vain(error, waits.waited_s) from error
            waits.answered()
            return answer

    def _in_vain(self, error: PeerError, waited_s: float) -> PeerError:
        """The failure, and that it was waited for as long as it asked."""
        reason = error.reason
        if error.cause == "busy" and waited_s:
            seconds = f"{waited_s:.0f}"
            reason = Sentence("network.waited", reason=reason, seconds=seconds)
        status, wait_s = error.status, error.retry_after
        return PeerError(self._org, error.url, status, reason, error.cause, wait_s)

    async def _ask(self, resource: Resource, etag: str | None = None) -> _Answer:
        """A 200, or the 304 that was asked for.

        Raises:
            PeerError: anything else.
        """
        await self._pace.ready()
        path = f"/{resource.path}"
        headers = {"Accept-Encoding": "zstd"} if resource.is_packed else {}
        headers |= self._say_who(resource)
        if etag is not None:
            headers["If-None-Match"] = etag
        asked_at = self._now()
        try:
            async with self._session.get(
                URL(self._url + path, encoded=True),
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,  # it could name what only we can reach
            ) as answer:
                if self._gauge is not None:
                    self._gauge.take(answer.headers, asked_at, self._now())
                if answer.status == 304 and etag is not None:
                    return _Answer(304)
                if answer.status != 200:
                    raise await self._refused(path, answer)
                body = await self._read(answer, path, resource)
                tag = answer.headers.get("ETag", "")[:_MAX_ETAG_CHARS]
                return _Answer(200, tag, body)
        except FormatError as error:
            raise self._wrong(resource.path, error) from error
        # asyncio.TimeoutError is an OSError; ValueError is an address or a header
        # that cannot be.
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise self._broken(path, error) from error

    async def _read(
        self, answer: aiohttp.ClientResponse, path: str, resource: Resource
    ) -> bytes:
        max_bytes = resource.max_bytes
        encoding = answer.headers.get("Content-Encoding", "identity")
        if not (resource.is_packed and encoding == "zstd"):
            self._check_plain(answer, path)
        body = b"".join(await self._read_parts(answer, path, max_bytes))
        # Only a length, or the last chunk, shows that the connection ended too early.
        has_end = bool({"Content-Length", "Transfer-Encoding"} & {*answer.headers})
        try:
            body = unpack(body, max_bytes) if encoding == "zstd" else body
        except FormatError:
            if has_end:
                raise
            raise aiohttp.ClientPayloadError from None
        self._check(path, body, resource.shape, has_end=has_end)
        return body

    async def _read_parts(
        self, answer: aiohttp.ClientResponse, path: str, max_bytes: int
    ) -> list[bytes]:
        too_long = Sentence("network.too-long", count=max_bytes)
        parts, head = [], b""
        left = max_bytes
        async for part in answer.content.iter_any():
            left -= len(part)
            self._pace.spend(len(part))
            if len(head) < HEAD_BYTES:
                head += part[: HEAD_BYTES - len(head)]
                if is_page(head):
                    raise self._failed(path, 200, judge_page(head))
            # Only now: a page for people is told as one, however long it is.
            if left < 0 or (answer.content_length or 0) > max_bytes:
                raise self._failed(path, 200, Meaning("wrong", too_long))
            parts.append(part)
        return parts

    async def _begin(self, resource: Resource, start: int) -> aiohttp.ClientResponse:
        """An answer of which the body is to come; whoever gets it closes it.

        Raises:
            PeerError: anything else.
        """
        await self._pace.ready()
        path = f"/{resource.path}"
        headers = {"Range": f"bytes={start}-"} if start else {}
        try:
            answer = await self._session.get(
                URL(self._url + path, encoded=True),
                headers=headers | self._say_who(resource),
                timeout=self._piecewise,
                allow_redirects=False,
                read_bufsize=self._ahead,
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise self._broken(path, error) from error
        if answer.status in (STATUSES if start else {200}):
            return answer
        async with answer:
            raise await self._refused(path, answer)

    def _say_who(self, resource: Resource) -> dict[str, str]:
        """The header fields that say who asks, where that matters."""
        if self._introduction is None:
            return {}
        return self._introduction.sign_get(f"{self._url}/{resource.path}", resource)

    def _check_page(self, path: str, head: bytes) -> None:
        if is_page(head[:HEAD_BYTES]):
            raise self._failed(path, 200, judge_page(head[:HEAD_BYTES]))

    def _check_plain(self, answer: aiohttp.ClientResponse, path: str) -> None:
        encoding = answer.headers.get("Content-Encoding", "identity")
        if encoding != "identity":
            reason = Sentence("network.packed", encoding=show(encoding, 40))
            raise self._failed(path, 200, Meaning("garbled", reason))

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
        if meaning.cause == "unbelieved" and self._introduction is not None:
            self._introduction.refused(meaning.reason)
        return self._failed(path, answer.status, meaning)

    def _broken(self, path: str, error: Exception) -> PeerError:
        """What it means that no answer came, or not the whole of it."""
        url, now = self._url + path, self._now()
        meaning = judge_failure(error, url, seconds=self._deadline_s, now=now)
        return self._failed(path, None, meaning)

    def _wrong(self, path: str, error: FormatError) -> PeerError:
        reason = Sentence("network.damaged", said=error.what)
        return self._failed(f"/{path}", 200, Meaning(error.cause, reason))

    def _failed(self, path: str, status: int | None, meaning: Meaning) -> PeerError:
        return PeerError(
            self._org,
            self._url + path,
            status,
            meaning.reason,
            meaning.cause,
            meaning.retry_after,
        )


def _no_clock() -> None:
    """Nobody said which time it is."""
