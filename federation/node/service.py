"""`serve`: the resources, the node and its web, from start to stop.

    lock → database → web answers → control.json → partners are asked → signing

`control.json` (0600) tells other commands of this machine where the node is and gives
them a token that is new at every start; it is gone when the node has stopped.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from importlib import metadata
from pathlib import Path
from random import Random

from federation.config.agencies import load_agencies
from federation.config.keystore import load_contributor_secret
from federation.files import placed, write_whole
from federation.flows.incidents.handedin import report_key
from federation.flows.query.mapcache import MapCache
from federation.node.annexes import AnnexCare
from federation.node.answering import answering
from federation.node.answers import read_answer_secret
from federation.node.api import NodeDesk
from federation.node.backups import backup_duties
from federation.node.comingphotos import (
    open_uploads,
    sweep_incoming,
    tidy_coming,
)
from federation.node.copycare import tidy_copy
from federation.node.duereports import DueReports
from federation.node.events import say
from federation.node.inmail import MailCare
from federation.node.node import Node
from federation.node.publishing import publishing_duties
from federation.node.resources import Clocks, Resources
from federation.text.cause import is_of_disk
from federation.web.context import WebContext

_SECRET_BYTES = 32
_AGAIN_S = 2.0


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
    incoming = open_uploads(resources)
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
        *sweep_incoming(incoming, clocks.wall),
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
        incoming=incoming,
        answer_secret=lambda agency: read_answer_secret(resources, agency),
        maps=maps,
        peers=lambda: node.peers.by_org,
    )
    listen = resources.settings.listen
    async with answering(site, listen.port) as (url, _):
        control = _control_file(resources.home.control, url, token)
        began = clocks.steady()
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
            yield url
        say("stopped", org=settings.org, ran_s=round(clocks.steady() - began))


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
