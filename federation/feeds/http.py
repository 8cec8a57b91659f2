"""A peer over HTTP.

Rule: the peer is hostile until its bytes are verified elsewhere. So here: no address
but of the Internet (unless allowed for it), no redirect, no cookie, no proxy from the
environment, no content encoding but Zstandard for full bundles, a deadline for each
request, and a cap on every body that holds before and while it is read, and unpacked.
Every failure is a `PeerError`.

    GET  <url>/<path of feeds/feed.py>         /logs: If-None-Match, 304
    POST <url>/notify                          {"org":"jagasuara.example"}

Source: docs/reference/protocol.md, "HTTP"; RFC 9110 section 13.1.2
"""

import asyncio
import json
from typing import Final, Self

import aiohttp
from yarl import URL

from federation.errors import FormatError, PeerError
from federation.feeds.address import socket_maker
from federation.feeds.feed import (
    ABOUT_PATH,
    ELECTIONS_PATH,
    LOGS_PATH,
    MAX_ABOUT_BYTES,
    MAX_BASIS_BYTES,
    MAX_CHECKPOINT_BYTES,
    MAX_COSIGNED_BYTES,
    MAX_ELECTIONS_BYTES,
    MAX_FORK_BYTES,
    MAX_KEYS_BYTES,
    MAX_MAP_BYTES,
    MAX_STATUS_BYTES,
    basis_path,
    full,
    log_path,
    map_path,
    max_bytes_of,
    truncate,
)
from federation.feeds.pace import Pace
from federation.tlog.packing import unpack
from federation.tlog.tile import WIDTH, Bundle, Tile, format_tile_path

CONNECT_S: Final = 10.0
REQUEST_S: Final = 30.0
MAX_PER_HOST: Final = 16

_MAX_ETAG_CHARS: Final = 200
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


class HttpFeed:
    """A `Feed` over HTTP."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        org: str,
        url: str,
        *,
        pace: Pace | None = None,
        deadline_s: float = REQUEST_S,
    ) -> None:
        """`url` is the node's, from the configuration; `deadline_s` per request."""
        self._session, self._org, self._pace = session, org, pace
        self._url = url.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(
            total=deadline_s,
            connect=min(CONNECT_S, deadline_s),
            sock_connect=min(CONNECT_S, deadline_s),
        )

    async def about(self) -> bytes:
        """The node's own about note.

        Raises:
            PeerError: it did not come.
        """
        return await self._get(f"/{ABOUT_PATH}", MAX_ABOUT_BYTES)

    async def logs(self, etag: str | None) -> tuple[bytes, str] | None:
        """The status vector and its ETag; None when nothing changed.

        Raises:
            PeerError: it did not come.
        """
        known = {} if etag is None else {"If-None-Match": etag}
        status, tag, body = await self._ask(f"/{LOGS_PATH}", MAX_STATUS_BYTES, known)
        if status == 304 and etag is not None:
            return None
        if status != 200:
            raise self._failed(f"/{LOGS_PATH}", status)
        return body, tag

    async def checkpoint(self, origin: str) -> bytes:
        """The note of a log's checkpoint, with cosignatures.

        Raises:
            PeerError: it did not come.
        """
        return await self._get(_path(origin, "checkpoint"), MAX_CHECKPOINT_BYTES)

    async def tile(self, origin: str, tile: Tile | Bundle) -> bytes:
        """A hash tile or bundle; where the partial one is gone, cut from the full one.

        Raises:
            PeerError: it did not come.
        """
        path = _path(origin, format_tile_path(tile))
        # Only full bundles are stored packed; a node never packs for a request.
        is_packed = isinstance(tile, Bundle) and tile.width == WIDTH
        headers = {"Accept-Encoding": "zstd"} if is_packed else {}
        status, _, body = await self._ask(path, max_bytes_of(tile), headers)
        if status == 404 and tile.width < WIDTH:
            whole = full(tile)
            path = _path(origin, format_tile_path(whole))
            status, _, body = await self._ask(path, max_bytes_of(whole), {})
            if status == 200:
                body = self._truncate(path, body, tile)
        if status != 200:
            raise self._failed(path, status)
        return body

    async def keys(self, origin: str) -> bytes:
        """A log's key statements.

        Raises:
            PeerError: they did not come.
        """
        return await self._get(_path(origin, "keys"), MAX_KEYS_BYTES)

    async def log_about(self, origin: str) -> bytes:
        """The about note of the organisation behind a log.

        Raises:
            PeerError: it did not come.
        """
        return await self._get(_path(origin, "about"), MAX_ABOUT_BYTES)

    async def fork(self, origin: str) -> bytes:
        """The evidence that an origin signed two histories.

        Raises:
            PeerError: it did not come.
        """
        return await self._get(_path(origin, "fork"), MAX_FORK_BYTES)

    async def cosigned(self, origin: str) -> bytes:
        """Earlier checkpoints of a log that others cosigned.

        Raises:
            PeerError: they did not come.
        """
        return await self._get(_path(origin, "cosigned"), MAX_COSIGNED_BYTES)

    async def elections(self) -> bytes:
        """What the node's maps rest on.

        Raises:
            PeerError: it did not come; a peer of plain files has none.
        """
        return await self._get(f"/{ELECTIONS_PATH}", MAX_ELECTIONS_BYTES)

    async def map(self, election: str) -> bytes:
        """The map that the node publishes.

        Raises:
            PeerError: it did not come.
        """
        return await self._get(f"/{map_path(election)}", MAX_MAP_BYTES)

    async def basis(self, digest: str) -> bytes:
        """A profile or register by its digest.

        Raises:
            PeerError: it did not come.
        """
        return await self._get(f"/{basis_path(digest)}", MAX_BASIS_BYTES)

    async def notify(self, org: str) -> None:
        """Say that `org` has news.

        Raises:
            PeerError: the peer did not take it.
        """
        url = self._url + "/notify"
        try:
            async with self._session.post(
                URL(url, encoded=True),
                data=json.dumps({"org": org}),
                headers={"Content-Type": "application/json"},
                timeout=self._timeout,
                allow_redirects=False,
            ) as answer:
                if answer.status >= 300:
                    raise self._failed("/notify", answer.status)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise self._failed("/notify", None, error) from error

    async def _get(self, path: str, max_bytes: int) -> bytes:
        status, _, body = await self._ask(path, max_bytes, {})
        if status != 200:
            raise self._failed(path, status)
        return body

    async def _ask(
        self, path: str, max_bytes: int, headers: dict[str, str]
    ) -> tuple[int, str, bytes]:
        """Status, ETag and (of a 200 only) body."""
        if self._pace is not None:
            await self._pace.ready()
        try:
            async with self._session.get(
                URL(self._url + path, encoded=True),
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
            ) as answer:
                if answer.status != 200:
                    return answer.status, "", b""
                body = await self._read(answer, path, max_bytes)
                return 200, answer.headers.get("ETag", "")[:_MAX_ETAG_CHARS], body
        # asyncio.TimeoutError is an OSError; ValueError is an address or a header
        # that cannot be.
        except (aiohttp.ClientError, FormatError, OSError, ValueError) as error:
            raise self._failed(path, None, error) from error

    async def _read(
        self, answer: aiohttp.ClientResponse, path: str, max_bytes: int
    ) -> bytes:
        encoding = answer.headers.get("Content-Encoding", "identity")
        asked = answer.request_info.headers.get("Accept-Encoding", "")
        if encoding not in {"identity", asked}:
            raise self._failed(path, 200, "a content encoding nobody asked for")
        if (answer.content_length or 0) > max_bytes:
            raise self._failed(path, 200, f"more than {max_bytes} bytes")
        parts = []
        left = max_bytes
        async for part in answer.content.iter_any():
            left -= len(part)
            if self._pace is not None:
                self._pace.spend(len(part))
            if left < 0:
                raise self._failed(path, 200, f"more than {max_bytes} bytes")
            parts.append(part)
        body = b"".join(parts)
        return unpack(body, max_bytes) if encoding == "zstd" else body

    def _truncate(self, path: str, body: bytes, tile: Tile | Bundle) -> bytes:
        try:
            return truncate(body, tile)
        except FormatError as error:
            raise self._failed(path, 200, error) from error

    def _failed(
        self, path: str, status: int | None, reason: Exception | str = ""
    ) -> PeerError:
        said = reason if isinstance(reason, str) else _said(reason)
        return PeerError(self._org, self._url + path, status, said)


def _session(*, allow_private: bool) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        limit=0,  # a peer that accepts and never answers must not hold back others
        limit_per_host=MAX_PER_HOST,
        ttl_dns_cache=60,
        socket_factory=socket_maker(allow_private=allow_private),
    )
    return aiohttp.ClientSession(
        connector=connector,
        headers=_HEADERS,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )


def _path(origin: str, rest: str) -> str:
    return f"/{log_path(origin, rest)}"


def _said(error: Exception) -> str:
    if isinstance(error, asyncio.TimeoutError):
        return "too slow"
    return str(error)[:200] or type(error).__name__
