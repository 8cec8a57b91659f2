"""An object store on loopback: as much of S3 as puts, ranges, lists and deletes ask."""

import re
from xml.sax.saxutils import escape

from aiohttp import web

from federation.web.ranges import parse_range

EVERYTHING = frozenset({"DELETE", "GET", "HEAD", "POST", "PUT"})
TIME = "2024-02-14T08:40:00.000Z"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
HTTP_TIME = "Wed, 14 Feb 2024 08:40:00 GMT"


class FakeS3:
    """What lies in its one bucket, who asked, and what it refuses with."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.signed: list[str] = []
        #: Methods that get no further.
        self.refuses: frozenset[str] = frozenset()
        #: With a status, and the name that a store has for what is wrong.
        self.refusal = 403, "AccessDenied"
        #: It writes over what is there, whatever it is told.
        self.writes_over = False
        self.version: str | None = None

    def app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 25, middlewares=[self._refuse])
        app.router.add_get("/bucket", self._list)
        app.router.add_put("/bucket/{key:.+}", self._put)
        app.router.add_get("/bucket/{key:.+}", self._get)
        app.router.add_post("/bucket", self._delete)
        return app

    @web.middleware
    async def _refuse(self, request: web.Request, handler) -> web.StreamResponse:
        if request.method not in self.refuses:
            return await handler(request)
        status, code = self.refusal
        text = f"{_HEAD}<Error><Code>{code}</Code><Resource>/</Resource></Error>"
        return web.Response(status=status, text=text, content_type="application/xml")

    def _key(self, request: web.Request) -> str:
        self.signed.append(request.headers.get("Authorization", ""))
        return request.match_info.get("key", "")

    async def _put(self, request: web.Request) -> web.Response:
        key = self._key(request)
        is_told = request.headers.get("If-None-Match") == "*"
        if is_told and key in self.objects and not self.writes_over:
            return web.Response(
                status=412, text="<Error><Code>PreconditionFailed</Code></Error>"
            )
        self.objects[key] = await request.read()
        headers = {"ETag": '"e"'}
        if self.version is not None:
            headers["x-amz-version-id"] = self.version
        return web.Response(headers=headers)

    async def _get(self, request: web.Request) -> web.Response:
        body = self.objects.get(self._key(request))
        if body is None:
            return web.Response(
                status=404, text="<Error><Code>NoSuchKey</Code></Error>"
            )
        part = parse_range(request.headers.get("Range", ""), len(body))
        headers = {"ETag": '"e"', "Last-Modified": HTTP_TIME}
        if part is None:
            # Of nothing aiohttp would not say that it is nothing.
            headers["Content-Length"] = str(len(body))
            return web.Response(body=body, headers=headers)
        if part.is_empty:
            return web.Response(status=416)
        said = f"bytes {part.start}-{part.end - 1}/{len(body)}"
        headers["Content-Range"] = said
        return web.Response(
            status=206, body=body[part.start : part.end], headers=headers
        )

    async def _delete(self, request: web.Request) -> web.Response:
        self._key(request)
        keys = re.findall(r"<Key>([^<]+)</Key>", await request.text())
        for key in keys:
            self.objects.pop(key, None)
        gone = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
        return web.Response(
            text=f"<DeleteResult>{gone}</DeleteResult>", content_type="application/xml"
        )

    async def _list(self, request: web.Request) -> web.Response:
        self._key(request)
        prefix = request.query.get("prefix", "")
        found = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(body)}</Size>"
            f"<LastModified>{TIME}</LastModified><ETag>e</ETag></Contents>"
            for key, body in sorted(self.objects.items())
            if key.startswith(prefix)
        )
        text = f"<ListBucketResult><IsTruncated>false</IsTruncated>{found}"
        return web.Response(
            text=f"{text}</ListBucketResult>", content_type="application/xml"
        )
