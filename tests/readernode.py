"""A reader (`serve --read-only`) at work in the process of the tests."""

import asyncio
import contextlib
import re
from random import Random

import aiohttp

from federation.config.settings import load_settings
from federation.node.readonly import ReaderPlace, ReaderService
from federation.store.watch import OtherTablesError
from tests.homes import AS_IT_IS, clocks

#: What a page of a reader has and the node's has not, or has for another reason.
_OF_READER = re.compile(
    rb'<script src="[^"]*live\.js[^>]*></script>|<p class="lag".*?</p>'
)


def without_lag(page):
    """The words of a page as the node draws it, without what asks how old it is."""
    return b" ".join(_OF_READER.sub(b" ", page).split())


class ReadNode:
    """A reader, and a client for it; `running` ends when it does."""

    def __init__(self, service, session, running):
        self.service, self._session, self.running = service, session, running

    @property
    def reader(self):
        """What follows the database now; another once it has begun anew."""
        return self.service._reader

    async def get(self, path, method="GET", **options):
        url = self.service.url + path
        async with self._session.request(method, url, **options) as answer:
            return answer.status, await answer.read(), answer.headers


@contextlib.asynccontextmanager
async def reading(home, max_lag_s=10.0):
    """A reader of this home, until the end of the block."""
    stop, up = asyncio.Event(), asyncio.Event()
    settings = load_settings(home.settings)
    place = ReaderPlace(0, max_lag_s)
    service = ReaderService(home, settings, clocks(), Random(2), place)
    running = asyncio.create_task(service.run(stop, up))
    session = aiohttp.ClientSession(auto_decompress=False, headers=AS_IT_IS)
    async with session:
        waiting = asyncio.create_task(up.wait())
        await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not up.is_set():
            await running
        try:
            yield ReadNode(service, session, running)
        finally:
            stop.set()
            with contextlib.suppress(OtherTablesError):
                await running
