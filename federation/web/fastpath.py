"""A kept page given again without the whole way to it: no route, no middleware.

Rule: this decides nothing about who may have what. The whole way answers first: what it
gave a stranger from a kept page is remembered as *which page that was*, by all that the
answer can depend on (`_FastKey`), and its head as it was sent. A request with a header
that is not known here to be without influence (`_PASSED_OVER`) goes the whole way, as
does one whose page is to be made anew. So what is given here is what would be given
there, byte for byte but for `Date`, and it is asked as often whether it is still true.

An answer that is looked up by the key at the end of its path (`lookups.py`) is given
for other keys, too: of its head, what follows from the body is written anew.

Routes, middlewares and a response of aiohttp cost more than what is left of a request.

Memory: at most `MAX_KNOWN` addresses of at most `_MAX_ASKED` bytes, and as many paths
of look-ups; the bytes of pages stay the cache's own (`pagecache.py`).
"""

import re
from collections.abc import Awaitable, Callable, Hashable, Mapping
from http import HTTPStatus
from typing import Final, NamedTuple, TypeAlias

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.helpers import rfc822_formatted_time

from federation.errors import FederationError
from federation.web.connections import HeldConnection
from federation.web.context import SITE
from federation.web.keptpages import GIVEN, Shows, read_stand
from federation.web.lookups import LOOKED_UP, LookedUp, LookUp
from federation.web.openapi import CURSOR
from federation.web.origin import caller_in
from federation.web.readonly import LAG, format_lag

MAX_KNOWN: Final = 4_096
#: Of a target and of all headers that tell something, together.
_MAX_ASKED: Final = 1_000
_TELLING: Final = (b"host", b"accept-language", b"accept-encoding", b"if-none-match")
_NOTHING: Final = -1
#: What no kept page depends on. Those of proxies say whose connection it is, which is
#: read here as it is on the whole way.
_PASSED_OVER: Final = (
    *(b"accept", b"cache-control", b"connection", b"dnt", b"origin", b"pragma"),
    *(b"priority", b"referer", b"save-data", b"upgrade-insecure-requests"),
    *(b"user-agent", b"sec-ch-ua", b"sec-ch-ua-mobile", b"sec-ch-ua-platform"),
    *(b"sec-gpc", b"sec-fetch-dest", b"sec-fetch-mode", b"sec-fetch-site"),
    *(b"sec-fetch-user", b"forwarded", b"via", b"x-forwarded-for"),
    *(b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip"),
)
_PLACES: Final = {
    **{name: place for place, name in enumerate(_TELLING)},
    **dict.fromkeys(_PASSED_OVER, _NOTHING),
}
#: No tag or one, as browsers send it back; of several the whole way knows.
_TAG: Final = re.compile(rb'(?:(?:W/)?("[\x21\x23-\x7e]*"))?')
#: Written for each answer, or of its connection.
_OF_THE_MOMENT: Final = frozenset({hdrs.DATE, hdrs.CONNECTION, LAG})
_HARMFUL: Final = re.compile(r"[\r\n\0]")
#: What of a head follows from what was looked up.
_OF_THE_ANSWER: Final = {
    hdrs.CONTENT_LENGTH: "%(length)d",
    hdrs.ETAG: '"%(tag)b"',
    CURSOR: "%(cursor)b",
}

_FastKey: TypeAlias = tuple[str, bytes, bytes, bytes]
_Handle: TypeAlias = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class _Remembered(NamedTuple):
    """Which page was given, what it is made of, and to whom."""

    key: Hashable
    shows: Shows
    has_names: bool
    takes_gzip: bool


class _KnownLookUp(NamedTuple):
    """How answers below a path are looked up.

    `heads`: as they were sent, what follows from an answer left out; by whether it is
    worth packing and whether its reader has it already.
    """

    look_up: LookUp
    heads: dict[tuple[bool, bool], bytes]


#: Of a request: by what its answer is remembered.
_ASKED: Final[web.RequestKey[_FastKey]] = web.RequestKey("asked", tuple)


class FastPath:
    """What the requests of one application led to."""

    def __init__(self, app: web.Application) -> None:
        """Nothing is remembered yet; the application has all its signals already."""
        self._app, self._site = app, app[SITE]
        self._known: dict[_FastKey, _Remembered] = {}
        self._look_ups: dict[_FastKey, _KnownLookUp] = {}
        # Last of all: it sees the head as it is sent.
        app.on_response_prepare.append(self._remember)

    def __len__(self) -> int:
        """How many addresses, and paths of look-ups, are remembered."""
        return len(self._known) + len(self._look_ups)

    def lead(self, server: web.Server) -> None:
        """Have all requests come here first; before the server has let anybody in."""
        handle: _Handle = server.request_handler

        async def first(request: web.BaseRequest) -> web.StreamResponse:
            try:
                ready = await self._answer(request)
            except ConnectionError:
                raise  # nobody is there any more
            except (FederationError, OSError):
                ready = None  # the whole way meets it again, and says it in words
            return ready or await handle(request)

        server.request_handler = first

    async def _answer(self, request: web.BaseRequest) -> "_ReadyAnswer | None":
        """What there is for this request; None: it goes the whole way.

        Raises:
            ConnectionResetError: the caller has gone.
        """
        connection, read = request.protocol, _read(request)
        if read is None or not isinstance(connection, HeldConnection):
            return None
        asked, tag = read
        request[_ASKED] = asked
        if (known := self._known.get(asked)) is None:
            return await self._look_up(request, connection, asked, tag)
        # Requests can come without end while no answer is read: one answer at a time.
        await request.writer.drain()
        names = (await self._site.partners()).names if known.has_names else {}
        stand = await read_stand(self._site, names, known.shows)
        page = self._site.pages.look(known.key, stand)
        if page is None or connection.is_gone or connection.is_leaving:
            return None
        is_packed = known.takes_gzip and bool(page.packed)
        is_known = tag in _tags(page.tag, is_packed=is_packed)
        head = page.heads.get((is_packed, is_known))
        if head is None:
            return None
        body = page.packed if is_packed else page.body
        return self._give(request, connection, head, b"" if is_known else body)

    async def _look_up(
        self,
        request: web.BaseRequest,
        connection: HeldConnection,
        asked: _FastKey,
        tag: bytes,
    ) -> "_ReadyAnswer | None":
        below, key = _split(asked)
        known = self._look_ups.get(below)
        if known is None or not known.look_up.keys.fullmatch(key):
            return None
        await request.writer.drain()
        found = await known.look_up.find(key)
        if connection.is_gone or connection.is_leaving:
            return None
        tags = _tags(found.tag, is_packed=bool(found.packed))
        is_known = tag in tags
        head = known.heads.get((found.is_packable, is_known))
        if head is None:
            return None
        body = found.packed or found.body
        of_answer = {
            b"length": len(body),
            b"tag": tags[-1][1:-1],
            b"cursor": found.cursor.encode(),
        }
        return self._give(
            request, connection, head % of_answer, b"" if is_known else body
        )

    def _give(
        self,
        request: web.BaseRequest,
        connection: HeldConnection,
        head: bytes,
        body: bytes,
    ) -> "_ReadyAnswer":
        connection.begin(request, caller_in(self._app, request))
        connection.end()
        if (behind := self._site.behind()) is not None:
            said = format_lag(behind.lag_s).encode()
            head = b"%b%b: %b\r\n" % (head, LAG.encode(), said)
        return _ReadyAnswer(head, body)

    async def _remember(
        self, request: web.Request, response: web.StreamResponse
    ) -> None:
        """Keep which page it is, and its head: a signal of `on_response_prepare`."""
        asked, given = request.get(_ASKED), request.get(GIVEN)
        if asked is None or not response.keep_alive:
            return
        if given is None:
            self._remember_look_up(asked, request.get(LOOKED_UP), response)
            return
        is_packed = given.takes_gzip and bool(given.page.packed)
        head = _format_head(response)
        tags = _tags(given.page.tag, is_packed=is_packed)
        if not (head and _is_for_all(response, tags)):
            return
        is_known = response.status == HTTPStatus.NOT_MODIFIED
        given.page.heads[is_packed, is_known] = head.encode()
        if len(self._known) >= MAX_KNOWN and asked not in self._known:
            del self._known[next(iter(self._known))]
        self._known[asked] = _Remembered(
            given.key, given.shows, given.has_names, given.takes_gzip
        )

    def _remember_look_up(
        self, asked: _FastKey, found: LookedUp | None, response: web.StreamResponse
    ) -> None:
        if found is None:
            return
        is_packable = bool(found.page.packed)
        is_packed = found.look_up.takes_gzip and is_packable
        head = _format_head(response, _OF_THE_ANSWER)
        tags = _tags(found.page.tag, is_packed=is_packed)
        if not (head and _is_for_all(response, tags)):
            return
        below, _ = _split(asked)
        if len(self._look_ups) >= MAX_KNOWN and below not in self._look_ups:
            del self._look_ups[next(iter(self._look_ups))]
        known = self._look_ups.setdefault(below, _KnownLookUp(found.look_up, {}))
        is_known = response.status == HTTPStatus.NOT_MODIFIED
        known.heads[is_packable, is_known] = head.encode()


class _ReadyAnswer(web.StreamResponse):
    """Bytes of which aiohttp makes and changes nothing."""

    def __init__(self, head: bytes, body: bytes) -> None:
        """`head`: without the line of the date and the one that ends it."""
        super().__init__()
        self._data = b"%bDate: %b\r\n\r\n%b" % (head, _date(), body)

    @property
    def keep_alive(self) -> bool:
        """The connection stays open: others go the whole way."""
        return True

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """All of it is sent.

        Raises:
            ConnectionResetError: the caller has gone.
        """
        if request.transport is None or request.transport.is_closing():
            raise ConnectionResetError("the caller has gone")
        request.transport.write(self._data)
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing is left to send."""


def _read(request: web.BaseRequest) -> tuple[_FastKey, bytes] | None:
    """What is asked for, and the tag that is known already; None: who knows.

    The tag is b"" where none was sent.
    """
    is_plain = request.method == hdrs.METH_GET and request.version == HttpVersion11
    told = _sort(request) if is_plain and request.keep_alive else None
    if told is None:
        return None
    host, language, encoding, tag = told
    found = _TAG.fullmatch(tag)
    if found is None or len(request.raw_path) + sum(map(len, told)) > _MAX_ASKED:
        return None
    return (request.raw_path, host, language, encoding), found[1] or b""


def _sort(request: web.BaseRequest) -> list[bytes] | None:
    """The headers that tell something, in their order; None: there are others."""
    told = [b""] * len(_TELLING)
    for name, value in request.raw_headers:
        place = _PLACES.get(name.lower())
        if place == _NOTHING:
            continue
        # Unknown, twice, or empty, which could mean something else than none.
        if place is None or told[place] or not value:
            return None
        told[place] = value
    return told


def _split(asked: _FastKey) -> tuple[_FastKey, str]:
    """What is asked, without the last part of its path, and that part."""
    below, _, key = asked[0].rpartition("/")
    return (below, *asked[1:]), key


def _tags(said: str, *, is_packed: bool) -> tuple[bytes, ...]:
    tag = said.encode()
    return (b'"%b"' % tag, b'"%b-gz"' % tag) if is_packed else (b'"%b"' % tag,)


def _is_for_all(response: web.StreamResponse, tags: tuple[bytes, ...]) -> bool:
    """Whether it is that page still, with nothing in its head for this asker alone."""
    tag = response.headers.get(hdrs.ETAG, "").encode()
    said = response.headers.get(hdrs.CACHE_CONTROL, "")
    is_own = hdrs.SET_COOKIE in response.headers or "private" in said
    return not (is_own or "no-store" in said or tag not in tags)


def _format_head(
    response: web.StreamResponse, anew: Mapping[str, str] | None = None
) -> str:
    """The lines of a head as it is sent; "": aiohttp would not send it.

    `anew`: what stands in the place of values, by name; then it is to be formatted.
    """
    lines = [f"HTTP/1.1 {response.status} {response.reason}"]
    for name, said in response.headers.items():
        if name in _OF_THE_MOMENT:
            continue
        value = said if anew is None else anew.get(name, said.replace("%", "%%"))
        lines.append(f"{name}: {value}")
    if any(map(_HARMFUL.search, lines)):
        return ""
    return "".join(f"{line}\r\n" for line in lines)


def _date() -> bytes:
    return rfc822_formatted_time().encode()
