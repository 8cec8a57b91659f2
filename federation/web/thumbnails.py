"""A photograph made small, for the pages of those who may see photographs here.

Rule: for people of ours and this machine alone: a partner that may have a photo is
handed the photo (`blobs.py`), never what we made of it. For all others it is not there.
It counts as a look at the photo: a face is known by less, and a photo that people see
in a list is not one that nobody wants.

    GET /foto/<hex>/kecil
"""

from http import HTTPStatus

from aiohttp import hdrs, web

from federation.blobs.blobs import DIGEST_PATTERN
from federation.errors import NotFoundError, PhotoError
from federation.records.readers import Person, may_do
from federation.text import Sentence
from federation.web.access import caller_of
from federation.web.blobs import SAFELY, view_blob
from federation.web.context import SITE
from federation.web.feed import PRIVATELY


def routes() -> list[web.RouteDef]:
    """The one path."""
    return [web.get(f"/foto/{{digest:{DIGEST_PATTERN}}}/kecil", get_thumbnail)]


async def get_thumbnail(request: web.Request) -> web.Response:
    """A photo, small.

    Raises:
        NotFoundError: it is not here for this caller, or is no picture.
    """
    site, digest = request.app[SITE], request.match_info["digest"]
    caller = await caller_of(request)
    if not may_do(caller, "see"):
        raise NotFoundError(Sentence("blobs.not-here", digest=digest))
    viewed = await view_blob(site, digest, caller)
    headers = {
        **SAFELY,
        hdrs.ETAG: f'"{digest}-kecil"',
        hdrs.CACHE_CONTROL: PRIVATELY,
    }
    try:
        data = await site.desk.thumbnail(digest)
    except PhotoError:
        raise NotFoundError(Sentence("blobs.no-picture", digest=digest)) from None
    if request.method == hdrs.METH_GET:
        if isinstance(caller, Person):
            site.desk.photo_shown(digest, caller)
        if not viewed.held.is_own:
            site.desk.photo_used(viewed.held)
    return web.Response(
        body=data, content_type="image/jpeg", headers=headers, status=HTTPStatus.OK
    )
