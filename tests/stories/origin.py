"""A `FakePeer` behind a real address: an origin or relay that may lie."""

import asyncio
import threading

from aiohttp import web

from federation.errors import PeerError
from tests.fakes import FakePeer


class Origin:
    """A server in a thread of its own; what it hands out is up to the peer."""

    def __init__(self, peer: FakePeer) -> None:
        self.peer = peer
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        assert self._ready.wait(60)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10)

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._listen())

    async def _listen(self) -> None:
        app = web.Application()
        app.add_routes(
            [
                web.get("/logs", self._logs),
                web.get("/{log}/{path:.+}", self._part),
                web.post("/notify", self._noted),
            ]
        )
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._ready.set()
        await self._ended.wait()
        await runner.cleanup()

    async def _logs(self, request: web.Request) -> web.Response:
        found = await self.peer.logs(request.headers.get("If-None-Match"))
        if found is None:
            return web.Response(status=304)
        return web.Response(body=found[0], headers={"ETag": found[1]})

    async def _part(self, request: web.Request) -> web.Response:
        try:
            return web.Response(body=await self.peer.serve(request.path[1:]))
        except PeerError as error:
            raise web.HTTPNotFound from error

    async def _noted(self, _: web.Request) -> web.Response:
        return web.Response(status=202)
