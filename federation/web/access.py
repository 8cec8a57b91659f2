"""Who may do what, how often, and for how long a connection may be held.

    Authorization: Bearer <token>      scope "intake" or "control"

The scheme is taken in any case, with blanks around it. Without a token, or with one
that is not known: 401; with one of another scope: 403.

aiohttp closes a connection whose request head is not complete within
`keepalive_timeout` and has no deadline for a body or a slow reader: `deadlines` and
`Doorkeeper` add those. When all places are taken, the oldest connection gives way,
so that half-open sockets cannot lock out those who have something to say.

Source: RFC 6750 sections 2.1 and 3.1 (bearer tokens); RFC 9110 section 11.1;
docs/explanation/threats.md (half-open and endless connections)
"""

import asyncio
import contextlib
import errno
import hmac
import socket
from collections import OrderedDict
from collections.abc import AsyncIterator
from http import HTTPStatus

from aiohttp import hdrs, web

from federation.errors import NotFoundError
from federation.store import tokens
from federation.text import Sentence
from federation.text.cause import cause_of
from federation.web.problem import Handler, problem
from federation.web.site import SITE

HEAD_DEADLINE_S = 15.0
BODY_DEADLINE_S = 60.0
CONNECTION_AGE_S = 600.0
_CAUSES = {
    errno.EADDRINUSE: "port-used",
    errno.EACCES: "port-forbidden",
    errno.EPERM: "port-forbidden",
    errno.EADDRNOTAVAIL: "address-not-ours",
}
_SWEEP_S = 5.0
_HOW = {
    "intake": "`federation keys token add` on the node makes one",
    "control": "It is that of data/control.json on the node's machine",
}


class BadToken(web.HTTPUnauthorized):
    """No token, or none that this node knows."""


class Forbidden(web.HTTPForbidden):
    """A token that opens another door."""


async def require_token(request: web.Request, scope: str) -> None:
    """Return if the request carries a token of `scope`.

    Raises:
        BadToken: it carries none, or one that is not known here.
        Forbidden: its token is of another scope.
    """
    site = request.app[SITE]
    given = _read_token(request, scope)
    # Compared in constant time; the stored tokens are looked up by their digest. What
    # is not UTF-8 comes as lone surrogates, which no token holds.
    sent = given.encode(errors="surrogatepass")
    if hmac.compare_digest(sent, site.control_token.encode()):
        return
    try:
        token = await site.db.read(tokens.find_token, given)
    except NotFoundError:
        raise _refuse(
            "this node knows no such token: it was copied wrongly, removed, or made on "
            f"another node. {_HOW[scope]}",
            ', error="invalid_token"',
        ) from None
    if scope not in token.scopes:
        error = f'Bearer error="insufficient_scope", scope="{scope}"'
        raise Forbidden(
            text=f"this token is of scope {', '.join(token.scopes)}; {scope} is needed",
            headers={"WWW-Authenticate": error},
        )


def _read_token(request: web.Request, scope: str) -> str:
    """The token that the request carries.

    Raises:
        BadToken: it carries none.
    """
    header = request.headers.get("Authorization", "").strip()
    if not header:
        raise _refuse(
            "no token was sent: `Authorization: Bearer <token>` is needed. "
            f"{_HOW[scope]}"
        )
    scheme, *rest = header.split(maxsplit=1)
    # The name of a scheme is the same in any case (RFC 9110 section 11.1).
    if scheme.lower() != "bearer":
        raise _refuse(
            "`Authorization` has no token in the form `Bearer <token>`, but another "
            f"scheme. {_HOW[scope]}"
        )
    if not rest:
        raise _refuse(f"no token stands behind `Bearer`. {_HOW[scope]}")
    return rest[0]


def _refuse(reason: str, error: str = "") -> BadToken:
    challenge = f'Bearer realm="tps-federation"{error}'
    return BadToken(text=reason, headers={"WWW-Authenticate": challenge})


class Bucket:
    """So many events per key at once, refilled at a steady rate; bounded in memory."""

    def __init__(self, burst: int, refill_s: float, max_keys: int = 10_000) -> None:
        """One event more every `refill_s` seconds, never more than `burst` saved."""
        self._burst, self._refill_s, self._max_keys = burst, refill_s, max_keys
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, now: float) -> bool:
        """Whether `key` may do it once more at time `now` (seconds)."""
        level, then = self._levels.pop(key, (float(self._burst), now))
        # A clock that was set back takes nothing away.
        level = min(self._burst, level + max(0.0, now - then) / self._refill_s)
        allowed = level >= 1
        self._levels[key] = (level - 1 if allowed else level, now)
        if len(self._levels) > self._max_keys:
            self._levels.popitem(last=False)
        return allowed


@web.middleware
async def deadlines(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A request with a body has a minute to send it and be answered."""
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


BUSY: web.AppKey[set[object]] = web.AppKey("busy", set)


@web.middleware
async def mark_busy(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Remember which connections are being answered: they do not give way first."""
    busy = request.app[BUSY]
    busy.add(request.protocol)
    try:
        return await handler(request)
    finally:
        busy.discard(request.protocol)


def name_address(error: OSError, address: str) -> OSError:
    """The error of a socket, as one that names the address and its cause."""
    number = error.errno or errno.EADDRNOTAVAIL
    cause = _CAUSES.get(number)
    if isinstance(error, socket.gaierror):
        cause = "address-unknown"
    words = Sentence(f"machine.{cause}") if cause else cause_of(error)
    return OSError(number, words, address)


class Doorkeeper:
    """Counts the connections of a runner and closes those that have been too long."""

    def __init__(self, runner: web.AppRunner, max_connections: int) -> None:
        """`runner` is set up already; `max_connections` open at once."""
        assert runner.server is not None, "the runner is not set up"
        self._server, self._busy = runner.server, runner.app[BUSY]
        self._max = max_connections
        self._since: dict[object, float] = {}

    @contextlib.asynccontextmanager
    async def on(self, host: str, port: int) -> AsyncIterator[int]:
        """Listen on `host` and `port` (0: any free one); the port that it is.

        Raises:
            OSError: it cannot; `filename` is the address.
        """
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(self._admit, host, port, backlog=512)
        except OSError as error:
            raise name_address(error, f"{host}:{port}") from error
        sweep = asyncio.create_task(self._sweep())
        try:
            yield int(server.sockets[0].getsockname()[1])
        finally:
            sweep.cancel()
            server.close()
            await server.wait_closed()

    def _admit(self) -> asyncio.Protocol:
        """A new connection; where all places are taken, the oldest idle one goes."""
        open_now = self._server.connections
        if len(open_now) >= self._max:
            idle = (one for one in open_now if one not in self._busy)
            next(idle, open_now[0]).force_close()
        return self._server()

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP_S)
            open_now, now = self._server.connections, loop.time()
            self._since = {c: self._since.get(c, now) for c in open_now}
            for connection in open_now:
                if now - self._since[connection] > CONNECTION_AGE_S:
                    connection.force_close()
