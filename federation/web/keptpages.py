"""Pages that are the same for all strangers: which requests get a kept one.

Rule: a page is kept only for whoever is a stranger to this node by all that the request
carries (`is_for_strangers`), and given only to such; who is signed in, has a token or
signs as a partner gets a page of their own, which is never kept. What two strangers may
see otherwise is in the key: the address, the language, the name by which we were asked.

    ETag: "<SHA-256 of the page, 16 hex digits>"   Cache-Control: no-cache   → 304
    ETag: "<the same>-gz"   Content-Encoding: gzip, to whoever takes that

A page that is not kept has such a tag, too (`with_tag`).

Answers to programs that are the same for all are kept beside them, with the tags that
they have. Only what strangers get is packed: it holds no secret whose length could be
measured beside what an attacker had put there.

Source: RFC 9110 sections 8.8.3 (each encoding has a tag of its own), 12.5.3 and 13.1.2;
RFC 9111 section 5.2.2.4 (no-cache: kept, but asked about each time, so that nobody's
browser or proxy shows old figures)
"""

import re
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import replace
from enum import Enum
from functools import wraps
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, NamedTuple

from aiohttp import hdrs, web

from federation.records.readers import Nobody
from federation.web import access
from federation.web.context import SITE, WebContext
from federation.web.language import text_for_program
from federation.web.openapi import Query
from federation.web.pagecache import KeptPage, Make, PageStand, can_be_kept, tag_of
from federation.web.responses import WHOLE
from federation.web.sessions import SIGNED_IN, WHY_NOT, cookie_form

#: Longer questions are answered, not kept.
MAX_QUESTION: Final = 400
#: The longest name of a host, and its port.
_MAX_HOST: Final = 253 + len(":65535")
#: What may be asked of a page that is kept; each other parameter makes it a page of its
#: own, of which a stranger could make any number.
_QUERY: Final = frozenset(
    {
        *("after", "against", "basis", "candidate", "contest", "election", "format"),
        *("lang", "limit"),
        *(
            "map",
            "pattern",
            "picture",
            "region",
            "share",
            "sort",
            "status",
            "turnout",
            "whose",
        ),
    }
)
_TAKES_GZIP: Final = re.compile(
    r"(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=(?:0\.\d*[1-9]\d*|1(?:\.0*)?)\s*)?(?:,|$)"
)


class Shows(Enum):
    """What of the database an answer is made of: it is true until that is written."""

    ALL = "whatever there is"
    #: And when the map last changed, which is looked up once for all pages.
    MAP = "the map and the list of stations"
    #: Given again for a minute (`CountedPictures`); pages of them half of one more.
    PICTURES = "what is counted for pictures, the list of stations"


_HALF_S: Final = 30
_LIST_TABLES: Final = ("register", "register_region", "register_village")
#: Tables that a page of the map is read from; of `log` and `checkpoint` it has nothing
#: but what `last_change` has. A batch of the map moves its cursor, whatever else.
MAP_TABLES: Final = (
    *("merge_cursor", "merge_election", "merge_epoch", "merged", "recap", "rollup"),
    *("official_change", *_LIST_TABLES),
)


#: Of an answer that calls nobody by a name.
NO_NAMES: Final[Mapping[str, str]] = MappingProxyType({})


class GivenPage(NamedTuple):
    """Of a request: the kept page that it was answered with."""

    key: Hashable
    page: KeptPage
    shows: Shows
    has_names: bool
    takes_gzip: bool


GIVEN: Final[web.RequestKey[GivenPage]] = web.RequestKey("given", GivenPage)


def is_for_strangers(request: web.Request) -> bool:
    """Whether whoever asks is nobody to us, by all that the request carries."""
    if request.method not in {hdrs.METH_GET, hdrs.METH_HEAD}:
        return False
    if hdrs.AUTHORIZATION in request.headers:
        return False
    if any(key in request for key in (access.PARTNER, SIGNED_IN, WHY_NOT)):
        return False
    if hdrs.COOKIE in request.headers:
        form = cookie_form(request.app[SITE].settings)
        if {form.name, form.door} & request.cookies.keys():
            return False
    return isinstance(access.public_caller(request), Nobody)


async def answer_kept(
    request: web.Request,
    language: str,
    names: Mapping[str, str],
    make: Make,
    shows: Shows = Shows.ALL,
) -> web.StreamResponse:
    """The page that `make` answers with: kept, if all strangers get the same.

    Args:
        request: Who asks for what.
        language: In which the page is.
        names: What organisations are called on it.
        make: Answers with the page for this very request.
        shows: What the page is made of.
    """
    if not (is_for_strangers(request) and is_usual(request)):
        return await make(None)
    site = request.app[SITE]
    stand = await read_stand(site, names, shows)
    # By which name we were asked is in the key: a page could name us by it.
    asker = access.public_caller(request)
    if isinstance(asker, Nobody):
        # Not by its second: each would have a page of its own. What opens at a time is
        # in the map then, which is another one.
        asker = replace(asker, at=0)
    key = (request.rel_url.raw_path_qs, language, request.host, asker)
    # What is kept is whole, whatever the one who had it made has already.
    request[WHOLE] = True
    page = await site.pages.find(key, stand, make)
    if page is None:
        request[WHOLE] = False
        return await make(None)
    if not isinstance(page, KeptPage):
        return page
    has_names = names is not NO_NAMES
    given = GivenPage(key, page, shows, has_names, takes_gzip(request))
    request[GIVEN] = given
    return answer_with(request, given)


def takes_gzip(request: web.Request) -> bool:
    """Whether whoever asks can unpack it."""
    takes = request.headers.get(hdrs.ACCEPT_ENCODING, "").lower()
    return bool(_TAKES_GZIP.search(takes))


async def read_stand(
    site: WebContext, names: Mapping[str, str], shows: Shows
) -> PageStand:
    """How it stands now, before anything is read: no page is taken for newer."""
    minute = site.clock() // 60
    if shows is Shows.ALL:
        return PageStand(site.db.commits + site.pictures.made, names, minute)
    changes = await site.changes.read(site.db, site.settings, site.clock())
    if shows is Shows.PICTURES:
        commits = site.db.last_commit(_LIST_TABLES) + site.pictures.made
        return PageStand(commits, names, site.clock() // _HALF_S, changes)
    return PageStand(site.db.last_commit(MAP_TABLES), names, minute, changes)


def kept(
    handler: Callable[[web.Request, Query], Awaitable[web.StreamResponse]],
    shows: Shows = Shows.ALL,
) -> Callable[[web.Request, Query], Awaitable[web.StreamResponse]]:
    """The handler of an answer to programs that all strangers get the same."""

    @wraps(handler)
    async def handle(request: web.Request, query: Query) -> web.StreamResponse:
        language = text_for_program(request).language
        # A table names its sources besides.
        is_table = getattr(query, "format", "json") != "json"
        return await answer_kept(
            request,
            language,
            NO_NAMES,
            lambda _: handler(request, query),
            Shows.ALL if is_table else shows,
        )

    return handle


def answer_with(request: web.Request, given: GivenPage) -> web.Response:
    """A kept page as an answer to this reader: packed, or not at all if it has it."""
    page = given.page
    body, tag, headers = page.body, page.tag, dict(page.headers)
    if page.packed:
        vary = headers.get(hdrs.VARY)
        headers[hdrs.VARY] = ", ".join(filter(None, (vary, hdrs.ACCEPT_ENCODING)))
        if given.takes_gzip:
            body, tag = page.packed, f"{page.tag}-gz"
            headers[hdrs.CONTENT_ENCODING] = "gzip"
            headers[hdrs.ETAG] = f'"{tag}"'
    spared = _spared(request, headers, page.tag, tag)
    return spared or web.Response(body=body, headers=headers)


def with_tag(request: web.Request, answered: web.StreamResponse) -> web.StreamResponse:
    """A page that is not kept: a stranger who has it already is spared its bytes."""
    body = answered.body if isinstance(answered, web.Response) else None
    if not (isinstance(body, bytes) and can_be_kept(answered)):
        return answered
    if not is_for_strangers(request):
        return answered
    tag = tag_of(body)
    answered.headers[hdrs.ETAG] = f'"{tag}"'
    return _spared(request, answered.headers, tag) or answered


def _spared(
    request: web.Request, headers: Mapping[str, str], *tags: str
) -> web.Response | None:
    """What whoever knows one of these tags is answered; None: they know none."""
    known = request.if_none_match if hdrs.IF_NONE_MATCH in request.headers else None
    if not any(one.value in {*tags, "*"} for one in known or ()):
        return None
    of_body = {hdrs.CONTENT_TYPE, hdrs.CONTENT_LENGTH, hdrs.CONTENT_ENCODING}
    kept = {name: value for name, value in headers.items() if name not in of_body}
    return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=kept)


def is_usual(request: web.Request) -> bool:
    """Whether it asks for nothing of which there is no end."""
    query = request.query
    is_short = len(request.rel_url.raw_path_qs) <= MAX_QUESTION
    return (
        is_short
        and len(request.host) <= _MAX_HOST
        and (query.keys() <= _QUERY and len(query) == len(set(query)))
    )
