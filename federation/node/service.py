"""`serve`: the resources, the node and its web, from start to stop.

    lock → database → web answers → control.json → partners are asked → signing

`control.json` (0600) tells other commands of this machine where the node is and gives
them a token that is new at every start; it is gone when the node has stopped.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from importlib import metadata
from pathlib import Path
from random import Random

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from federation.config.agencies import load_agencies
from federation.config.keystore import load_contributor_secret
from federation.files import placed, write_whole
from federation.flows.incidents.handedin import report_key
from federation.flows.query.mapcache import MapCache
from federation.node.annexes import AnnexCare
from federation.node.answers import read_answer_secret
from federation.node.api import NodeDesk
from federation.node.backups import backup_duties
from federation.node.comingphotos import tidy_coming
from federation.node.copycare import tidy_copy
from federation.node.descriptors import places
from federation.node.duereports import DueReports
from federation.node.events import say
from federation.node.inmail import MailCare
from federation.node.node import Node
from federation.node.publishing import publishing_duties
from federation.node.resources import Clocks, Resources
from federation.text.cause import is_of_disk
from federation.web.app import FAST, make_app
from federation.web.below import answer_below, base_path
from federation.web.context import WebContext
from federation.web.doorkeeper import HEAD_DEADLINE_S, Doorkeeper
from federation.web.page import ready_templates

_SHUTDOWN_S = 5.0
_SECRET_BYTES = 32
_AGAIN_S = 2.0
_SETTLED_S = 1.0


@contextlib.asynccontextmanager
async def serve(
    resources: Resources, clocks: Clocks, random: Random, token: str, *, alone: bool
) -> AsyncIterator[str]:
    """The node at work until the end of the block; the URL on which it answers.

    The secrets of sessions come out of `random`: outside of tests, the system's own.

    Raises:
        ConfigError: peers.toml cannot be used.
        OSError: the port is taken.
    """
    node = Node(resources, clocks, random, alone=alone)
    await node.renew_about()
    maps = MapCache()
    publishing = publishing_duties(resources, clocks.wall, maps)
    annexes = AnnexCare(resources, node.disk, clocks.wall)
    mail = MailCare(resources, node.disk, clocks.wall)
    due = DueReports(resources, node.disk, clocks.wall)
    node.own_duties = (
        *publishing,
        *backup_duties(resources, clocks.wall),
        annexes.duty(),
        mail.duty(),
        node.referrals.duty(),
        due.duty(),
        tidy_coming(resources.home.coming, clocks.wall),
        tidy_copy(resources.home.data, clocks.wall),
    )
    node.photographs.has_duties = True
    node.is_served = True
    secret = resources.home.contributor_secret
    site = WebContext(
        db=resources.db,
        blobs=resources.blobs,
        settings=resources.settings,
        profiles=resources.profiles,
        desk=NodeDesk(node),
        about=lambda: node.about,
        partners=node.partners.book,
        control_token=token,
        clock=lambda: int(clocks.wall()),
        new_secret=lambda: random.randbytes(_SECRET_BYTES).hex(),
        report_key=lambda: report_key(load_contributor_secret(secret)),
        agencies=lambda: load_agencies(resources.home.agencies),
        has_annex_key=resources.home.annex_public.exists,
        coming=resources.home.coming,
        answer_secret=lambda agency: read_answer_secret(resources, agency),
        maps=maps,
        peers=lambda: node.peers.by_org,
    )
    app = make_app(site)
    runner = web.AppRunner(app, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    listen = resources.settings.listen
    assert runner.server is not None, "just set up"
    answer_below(app, runner.server, base_path(listen.public_url))
    app[FAST].lead(runner.server)
    door = Doorkeeper(
        runner,
        places(resources.settings.limits.max_connections),
        keepalive_timeout=HEAD_DEADLINE_S,
        access_log=None,
        logger=_web_log(),
        lingering_time=2.0,
        # Bodies with a Content-Encoding are refused, not unpacked.
        auto_decompress=False,
    )
    async with door.on(listen.host, listen.port) as port:
        url = f"http://{_reachable(listen.host)}:{port}"
        control = _control_file(resources.home.control, url, token)
        began = clocks.steady()
        warming = asyncio.create_task(_ready_pages(site))
        async with control, node.open():
            settings = resources.settings
            say(
                "started",
                address=url,
                public_url=settings.listen.public_url or "",
                org=settings.org,
                version=metadata.version("tps-federation"),
                elections=" ".join(settings.elections),
                partners=len(node.peers.by_org),
                asked=len(node.peers.reachable),
            )
            try:
                yield url
            finally:
                warming.cancel()
        say("stopped", org=settings.org, ran_s=round(clocks.steady() - began))


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


@contextlib.asynccontextmanager
async def _control_file(path: Path, url: str, token: str) -> AsyncIterator[None]:
    """The file is there, whole and private, for the block; on a full disk, later."""
    writing: asyncio.Task[None] | None = None
    try:
        _write_control(path, url, token)
    except OSError as error:
        if not is_of_disk(error):
            raise
        writing = asyncio.create_task(_write_control_later(path, url, token))
    try:
        yield
    finally:
        if writing is not None:
            writing.cancel()
        path.unlink(missing_ok=True)  # noqa: ASYNC240  a name, at the very end


async def _write_control_later(path: Path, url: str, token: str) -> None:
    while True:
        await asyncio.sleep(_AGAIN_S)
        with contextlib.suppress(OSError):
            _write_control(path, url, token)
            return


def _write_control(path: Path, url: str, token: str) -> None:
    # Private from its first byte: never a moment in which others could read it.
    with placed(path), write_whole(path, 0o600) as file:
        file.write(json.dumps({"url": url, "token": token}).encode())


def _reachable(host: str) -> str:
    """The address under which this machine reaches itself."""
    if host in {"0.0.0.0", ""}:  # noqa: S104  compared, not bound
        return "127.0.0.1"
    return f"[{'::1' if host == '::' else host}]" if ":" in host else host
