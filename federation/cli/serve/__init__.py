"""`federation serve`: run this organisation's node until it is asked to stop."""

import asyncio
import logging
import secrets
import time
from random import SystemRandom

import click

from federation.cli.context import Run, command_options
from federation.cli.ending import on_request
from federation.cli.help import Command
from federation.cli.serve.seldom import Seldom
from federation.node.heap import keep_small
from federation.node.resources import Clocks, Resources, open_resources
from federation.node.service import serve as serve_node


@click.command("serve", cls=Command, help="serve.help")
@click.option("--alone", is_flag=True, help="serve.help-alone")
@command_options
def serve(run: Run, alone: bool) -> None:  # noqa: FBT001  # click passes flags so
    """Answer, ask partners, merge; until Ctrl-C."""
    # Of our own handler only: whoever logs elsewhere decides for himself how much.
    to_stderr = logging.StreamHandler()
    to_stderr.addFilter(Seldom(time.monotonic))
    logging.basicConfig(
        level=logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        handlers=[to_stderr],
    )
    keep_small()
    with open_resources(run.home, run.settings) as resources:
        asyncio.run(_serve(run, resources, alone=alone))


async def _serve(run: Run, resources: Resources, *, alone: bool) -> None:
    stop = asyncio.Event()
    on_request(stop.set)
    clocks = Clocks(wall=run.clock, steady=time.monotonic)
    token = secrets.token_urlsafe(32)
    async with serve_node(resources, clocks, SystemRandom(), token, alone=alone) as url:
        run.out.show(
            {"url": url, "org": resources.settings.org},
            lambda: run.out.line(
                run.t("serve.up", name=resources.settings.name, url=url)
            ),
        )
        await stop.wait()
    run.out.line(run.t("serve.stopped"))
