"""The web of a node at its address, from start to stop; of a reader's as well.

app → short way for kept pages → door → port
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from federation.node.descriptors import places
from federation.web.app import FAST, make_app
from federation.web.below import answer_below, base_path
from federation.web.context import WebContext
from federation.web.doorkeeper import HEAD_DEADLINE_S, Doorkeeper
from federation.web.page import ready_templates

_SHUTDOWN_S: Final = 5.0
_SETTLED_S: Final = 1.0


@contextlib.asynccontextmanager
async def answering(site: WebContext, port: int) -> AsyncIterator[tuple[str, int]]:
    """Answer until the end of the block; how this machine reaches it, and the port.

    `port`: on the host of the settings; 0: any that is free.

    Raises:
        OSError: the port is taken.
    """
    app = make_app(site)
    runner = web.AppRunner(app, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    listen = site.settings.listen
    assert runner.server is not None, "just set up"
    answer_below(app, runner.server, base_path(listen.public_url))
    app[FAST].lead(runner.server)
    door = Doorkeeper(
        runner,
        places(site.settings.limits.max_connections),
        keepalive_timeout=HEAD_DEADLINE_S,
        access_log=None,
        logger=_web_log(),
        lingering_time=2.0,
        # Bodies with a Content-Encoding are refused, not unpacked.
        auto_decompress=False,
    )
    async with door.on(listen.host, port) as bound:
        warming = asyncio.create_task(_ready_pages(site))
        try:
            yield f"http://{_reachable(listen.host)}:{bound}", bound
        finally:
            warming.cancel()


async def _ready_pages(site: WebContext) -> None:
    """Have what draws pages ready for who comes first; not while all else begins."""
    await asyncio.sleep(_SETTLED_S)
    await site.pages.beside(ready_templates)


def _web_log() -> logging.Logger:
    log = logging.getLogger(f"{__name__}.web")
    log.addFilter(_is_ours)
    return log


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether what is logged is a fault of this node.

    Who sends what is no HTTP has got the answer, and who hangs up wants none; twenty
    lines for each of them would fill the disk.
    """
    error = record.exc_info[1] if record.exc_info else None
    # So aiohttp says that the caller was gone before the body was asked for.
    is_gone = isinstance(error, RuntimeError) and str(error) == "Connection closed."
    is_theirs = isinstance(
        error, HttpProcessingError | web.RequestPayloadError | ConnectionError
    )
    return not (is_gone or is_theirs)


def _reachable(host: str) -> str:
    """The address under which this machine reaches itself."""
    if host in {"0.0.0.0", ""}:  # noqa: S104  compared, not bound
        return "127.0.0.1"
    return f"[{'::1' if host == '::' else host}]" if ":" in host else host
