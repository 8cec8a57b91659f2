"""Below a path of an existing site: `https://example.org/federation/`.

Rule: inside of the node there is no such path. A proxy may take it away
(`/federation/tps/…` comes as `/tps/…`) or leave it where it is; then it is taken away
here, before anything else sees the request. So each address has one form: what routes,
links, rules of access and signed targets are about. The path is that of
`listen.public_url`; a header of the request (`X-Forwarded-Prefix`) never says it.

Links are relative (`page.py`, `further.py`), for which `/federation` without the slash
at its end is one folder too high: it leads to the one with it.

A path that begins as one of the node's own does (`/v1/…`) cannot be told from it: that
one only a proxy can take away.

Source: RFC 3986 section 5.2 (relative references)
"""

from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.http import RawRequestMessage
from yarl import URL

_NAME: Final = "below"


def base_path(public_url: str | None) -> str:
    """The path that the node is known by, without `/` at the end; "": none."""
    return urlsplit(public_url or "").path.rstrip("/")


def answer_below(app: web.Application, server: web.Server, base: str) -> None:
    """Take `base` away from the paths of all requests that come with it.

    `server`: the one of `app`, before it has let anybody in.
    """
    if not base or _first(base) in _own_first_parts(app):
        return
    make = server.request_factory

    def make_below(message: RawRequestMessage, *rest: Any) -> web.BaseRequest:  # noqa: ANN401  aiohttp's own
        return make(_without(message, base), *rest)

    server.request_factory = make_below


def home_below(base: str) -> list[web.RouteDef]:
    """The route of the path without the slash at its end."""

    async def lead_home(request: web.Request) -> web.StreamResponse:
        query = request.rel_url.raw_query_string
        there = f"{base.rpartition('/')[2]}/{f'?{query}' if query else ''}"
        raise web.HTTPPermanentRedirect(URL(there, encoded=True))

    return [web.get(base, lead_home, name=_NAME)] if base else []


def _without(message: RawRequestMessage, base: str) -> RawRequestMessage:
    if not message.path.startswith(f"{base}/"):
        return message
    path = message.path[len(base) :]
    alone, _, query = path.partition("#")[0].partition("?")
    # As aiohttp makes it: what begins with `//` is a path, too, and no host.
    url = URL.build(path=alone, query_string=query, encoded=True)
    return message._replace(path=path, url=url)


def _first(path: str) -> str:
    return path.split("/", 2)[1]


def _own_first_parts(app: web.Application) -> set[str]:
    """How the node's own paths begin."""
    resources = app.router.resources()
    return {_first(one.canonical) for one in resources if one.name != _NAME}
