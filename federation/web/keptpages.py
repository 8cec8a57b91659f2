"""Pages that are the same for all strangers: which requests get a kept one.

Rule: a page is kept only for whoever is a stranger to this node by all that the request
carries (`is_for_strangers`), and given only to such; who is signed in, has a token or
signs as a partner gets a page of their own, which is never kept. What two strangers may
see otherwise is in the key: the address, the language, the name by which we were asked.

    ETag: "<SHA-256 of the page, 16 hex digits>"   Cache-Control: no-cache   → 304

Source: RFC 9110 sections 8.8.3 and 13.1.2; RFC 9111 section 5.2.2.4 (no-cache: kept,
but asked about each time, so that nobody's browser or proxy shows old figures)
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web

from federation.records.readers import Nobody
from federation.web import access
from federation.web.context import SITE
from federation.web.pagecache import Make, PageStand
from federation.web.sessions import SIGNED_IN, WHY_NOT, cookie_form

#: Longer questions are answered, not kept.
MAX_QUESTION: Final = 400
#: What may be asked of a page that is kept; each other parameter makes it a page of its
#: own, of which a stranger could make any number.
_QUERY: Final = frozenset(
    {"after", "contest", "election", "lang", "map", "region", "sort", "status"}
)


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
    request: web.Request, language: str, names: Mapping[str, str], make: Make
) -> web.StreamResponse:
    """The page that `make` answers with: kept, if all strangers get the same.

    Args:
        request: Who asks for what.
        language: In which the page is.
        names: What organisations are called on it.
        make: Answers with the page for this very request.
    """
    if not (is_for_strangers(request) and _is_usual(request)):
        return await make()
    site = request.app[SITE]
    # Before anything is read: a page is never taken for newer than it is.
    stand = PageStand(site.db.commits, names, site.clock() // 60)
    # By which name we were asked is in the key: a page could name us by it.
    asker = access.public_caller(request)
    key = (request.rel_url.raw_path_qs, language, request.host, asker)
    page = await site.pages.find(key, stand, make)
    if page is None:
        return await make()
    if any(known.value in {page.tag, "*"} for known in request.if_none_match or ()):
        spared = {hdrs.CONTENT_TYPE, hdrs.CONTENT_LENGTH}
        headers = {k: v for k, v in page.headers.items() if k not in spared}
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return web.Response(body=page.body, headers=page.headers)


def _is_usual(request: web.Request) -> bool:
    query = request.query
    return len(request.rel_url.raw_path_qs) <= MAX_QUESTION and (
        query.keys() <= _QUERY and len(query) == len(set(query))
    )
