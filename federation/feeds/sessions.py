"""The connections to all peers, and what none of them may do.

Rule: no address but of the Internet (unless it is allowed for a peer), no cookie, no
proxy from the environment, no content encoding but the one asked for; headers and all
else around an answer are bounded (`wire`).
"""

from typing import Final, Self

import aiohttp

from federation.feeds.address import socket_maker
from federation.feeds.wire import connector

MAX_PER_HOST: Final = 16

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
        # Until when the certificate of each host holds, as seen last; Unix seconds.
        self.certificates: dict[str, int] = {}
        self._public = _session(self.certificates, allow_private=False)
        self._private = _session(self.certificates, allow_private=True)

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


def _session(
    certificates: dict[str, int], *, allow_private: bool
) -> aiohttp.ClientSession:
    make_socket = socket_maker(allow_private=allow_private)
    return aiohttp.ClientSession(
        connector=connector(make_socket, MAX_PER_HOST, certificates),
        headers=_HEADERS,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        max_field_size=_MAX_HEADER_BYTES,
        max_line_size=_MAX_HEADER_BYTES,
        max_headers=_MAX_HEADERS,
    )
