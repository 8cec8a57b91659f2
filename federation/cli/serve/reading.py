"""`federation serve --read-only`: a reader, until it is asked to stop."""

import asyncio
import os
import time
from dataclasses import replace
from random import SystemRandom

from federation.cli.context import Run
from federation.cli.ending import on_request
from federation.cli.serve.supervisor import Supervisor
from federation.config.home import Home
from federation.config.settings import check_database
from federation.node.heap import keep_started
from federation.node.readonly import ReaderPlace, ReaderService
from federation.node.resources import Clocks


def read_only(
    run: Run, database: str | None, port: int | None, max_lag_s: float
) -> None:
    """Answer of what the node of this home writes, and write nothing.

    Args:
        run: Of the command.
        database: Of a server from which is read; None: what the settings name, of
            several servers a standby.
        port: None: that of the settings.
        max_lag_s: With more than so many seconds it is not ready.
    """
    # What was founded is asked of the database: a reader opens no folder of keys.
    settings = run.stated_settings()
    home = Home.of(run.folder, settings)
    if database is not None:
        check_database(database, "--database")
        home = replace(home, database=database)
    service = ReaderService(
        home,
        settings,
        Clocks(wall=run.clock, steady=time.monotonic),
        SystemRandom(),
        ReaderPlace(settings.listen.port if port is None else port, max_lag_s),
    )
    supervisor = Supervisor.from_environ(run.environ, os.getpid())
    asyncio.run(_serve(run, service, supervisor))
    run.out.line(run.t("serve.reader-stopped"))


async def _serve(run: Run, service: ReaderService, supervisor: Supervisor) -> None:
    stop, up = asyncio.Event(), asyncio.Event()
    on_request(stop.set)
    running = asyncio.create_task(service.run(stop, up))
    answering = asyncio.create_task(up.wait())
    await asyncio.wait((running, answering), return_when=asyncio.FIRST_COMPLETED)
    answering.cancel()
    if not up.is_set():
        await running
        return
    settings, url = service.settings, service.url
    run.out.show(
        {"url": url, "org": settings.org, "read_only": True},
        lambda: run.out.line(run.t("serve.reader-up", name=settings.name, url=url)),
    )
    # A file or a pipe is told as soon as a terminal.
    run.out.stdout.flush()
    keep_started()

    async def look() -> str:
        lag = f"{service.lag():.1f}"
        return run.t("serve.reader-status", url=service.url, lag=lag)

    async with supervisor.watching(look):
        await running
