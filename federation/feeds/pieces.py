"""The body of an answer in pieces, each of which must come in time.

Rule: a large file may take its time over a thin line, and nobody drips: so much must
have come within each deadline, which begins when the pace lets us read on. Nothing is
held but the piece that is handed on.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Final

import aiohttp

from federation.errors import FormatError
from federation.feeds.body import Content
from federation.feeds.pace import Pace
from federation.feeds.rest import Rest
from federation.text import Sentence

#: So much must have come within each deadline, or the end.
BLOCK_BYTES: Final = 1 << 14


async def read_pieces(
    content: Content,
    rest: Rest,
    pace: Pace,
    deadline_s: float,
    check: Callable[[bytes], None],
) -> AsyncGenerator[bytes]:
    """The rest of a file out of a body.

    Args:
        content: The body.
        rest: What of it was asked for.
        pace: How fast it is read.
        deadline_s: For each block.
        check: Is shown the first block, and raises what it does not like.

    Raises:
        FormatError: it has more bytes than it may, or less than are passed over.
        aiohttp.ClientError: it broke off.
        TimeoutError: a block did not come in time.
    """
    came = 0
    while True:
        await pace.ready(gives_way=True)
        async with asyncio.timeout(deadline_s):
            block = await _read_block(content)
        pace.spend(len(block))
        if not block:
            break
        if came == 0:
            check(block)
        passed = max(0, rest.skip - came)
        came += len(block)
        if came > rest.most:
            raise FormatError(Sentence("network.too-long", count=rest.most))
        if passed < len(block):
            yield block[passed:] if passed else block
    if came < rest.skip:
        raise FormatError(Sentence("network.too-short", start=rest.skip))
    if came < rest.least:
        raise aiohttp.ClientPayloadError


async def _read_block(content: Content) -> bytes:
    """A block, or what is there where that is more; less only at the end."""
    parts, left = [], BLOCK_BYTES
    while left > 0 and (part := await content.readany()):
        parts.append(part)
        left -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
