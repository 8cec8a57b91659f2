"""A piece of work for the node, handed in by a command that is not about writing."""

import asyncio
from typing import Any

from federation.cli.context import Run
from federation.text import Sentence


def hand_in(
    run: Run, command: str, arguments: dict[str, Any], unsaid: Sentence | None = None
) -> object:
    """What the node answered to one of the commands of `node/commands.py`.

    Nothing is signed by these: they do not wait for partners. `unsaid` is told where
    the outcome cannot be printed.

    Raises:
        FederationError: what the node answered instead.
    """
    # Imported here: showing a key or a table must not pay for the whole node.
    from federation.cli.writing import open_desk  # noqa: PLC0415  # start-up time

    async def ask() -> object:
        async with open_desk(run) as desk:
            return await desk.run(command, arguments)

    answer = asyncio.run(ask())
    run.finish(unsaid or Sentence("cli.done-unsaid"))
    return answer
