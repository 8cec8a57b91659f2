"""How a command writes: by itself where nobody does, else through the running node.

Rule: one process writes (a lock on the data folder). A command that gets the lock is a
node for as long as it takes: it asks its partners before it signs, as `serve` does. A
command that finds it held hands its work to the node that holds it (`remote.py`).
Either way a command sees the same desk, and asks it with the values of
`web/requests/`.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from random import Random
from typing import TYPE_CHECKING, TypeVar

from federation.cli.context import Run
from federation.errors import ConflictError
from federation.web.requests.records import GoAlone
from federation.web.requests.request import Desk, Request

if TYPE_CHECKING:
    from federation.flows.verify.workers import Workers

A = TypeVar("A")


def hand_in(
    run: Run, request: Request[A], *, alone: bool = False, signs: bool = True
) -> A:
    """What a request is answered, of a command that has only one.

    Args:
        run: Of the command.
        request: What to do.
        alone: See `open_desk`.
        signs: See `open_desk`.

    Raises:
        FederationError: what was answered instead, or the desk cannot be opened.
    """

    async def ask() -> A:
        async with open_desk(run, alone=alone, signs=signs) as desk:
            return await desk.run(request)

    return asyncio.run(ask())


@contextlib.asynccontextmanager
async def open_desk(
    run: Run,
    *,
    alone: bool = False,
    signs: bool = True,
    lend: Callable[["Workers"], None] | None = None,
) -> AsyncIterator[Desk]:
    """The desk of this home: ours, or that of the node that runs.

    Args:
        run: Of the command.
        alone: Sign without having asked the partners; the operator's word.
        signs: Without it our logs are left as they are, see `Node.open`.
        lend: Is given the workers of a node of ours, started: thousands of rows will
            be read and handed in.

    Raises:
        ConflictError: Another command, not a node, holds the lock.
        FederationError: The node cannot be opened, see `open_resources`.
    """
    # Imported here: help, and a command that only shows, need not pay for a node.
    from federation.cli.remote import connect  # noqa: PLC0415  # start-up time
    from federation.node.api import NodeDesk  # noqa: PLC0415  # start-up time
    from federation.node.node import Node  # noqa: PLC0415  # start-up time
    from federation.node.resources import (  # noqa: PLC0415  # start-up time
        Clocks,
        open_resources,
    )

    with contextlib.ExitStack() as stack:
        try:
            resources = stack.enter_context(open_resources(run.home, run.settings))
        except ConflictError:
            if not run.home.control.exists():
                raise
            async with connect(run.home.control, run.t.language) as desk:
                if alone:
                    await desk.run(GoAlone())
                yield desk
            return
        clocks = Clocks(wall=run.clock, steady=time.monotonic)
        node = Node(resources, clocks, Random(), alone=alone)  # noqa: S311 - jitter, no secret
        async with node.open(signs=signs):
            if lend is not None:
                lend(node.lend_workers())
            yield NodeDesk(node)
            # Nobody will follow the log when this command is gone.
            while await node.merge_once() or await node.follow_official():
                pass
            await node.index_photos()
