"""A piece of work for the node, handed in by a command that is not about writing."""

import asyncio
from typing import Any

from federation.cli.context import Run


def hand_in(run: Run, command: str, arguments: dict[str, Any]) -> object:
    """What the node answered to one of the commands of `node/commands.py`.

    Nothing is signed by these: they do not wait for partners.

    Raises:
        FederationError: what the node answered instead.
    """
    # Imported here: showing a key or a table must not pay for the whole node.
    from federation.cli.writing import open_desk  # noqa: PLC0415  # start-up time

    async def ask() -> object:
        async with open_desk(run) as desk:
            return await desk.run(command, arguments)

    return asyncio.run(ask())
