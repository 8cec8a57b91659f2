"""How many bytes a full sync moves, as they pass on the wire.

Rule: counted in between, by a proxy that only copies, with the client that nodes use:
so request and answer heads count too, and so does any encoding.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from federation.feeds.http import HttpFeed
from federation.feeds.resource import keys_of
from federation.feeds.sessions import Sessions
from federation.feeds.status import parse_status
from federation.tlog.checkpoint import parse_checkpoint
from federation.tlog.mirror import plan_extension
from federation.tlog.note import parse_note
from federation.tlog.tile import bundles_of, decode_bundle
from tests.bench.node import Node


class Counted:
    """Bytes that passed, both ways."""

    def __init__(self) -> None:
        self.size = 0


@contextlib.asynccontextmanager
async def counting(port: int) -> AsyncIterator[tuple[str, Counted]]:
    """The address of a proxy to a port of this machine, and its count."""
    counted = Counted()

    async def copy(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(1 << 16):
                counted.size += len(data)
                to.write(data)
                await to.drain()
        except ConnectionError:
            return
        finally:
            to.close()

    async def pair(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(copy(reader, ours), copy(theirs, writer))

    pairs = set[asyncio.Task[None]]()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pairs.add(asyncio.create_task(pair(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        address = server.sockets[0].getsockname()
        yield f"http://127.0.0.1:{address[1]}", counted
    for one in pairs:
        one.cancel()
    await asyncio.gather(*pairs, return_exceptions=True)


async def measure(node: Node) -> tuple[int, int]:
    """Bytes on the wire for all of a node's own log, and bytes of its leaves."""
    async with counting(node.port) as (url, counted), Sessions() as sessions:
        session = sessions.session(allow_private=True)
        feed = HttpFeed(session, node.org, url)
        answer = await feed.logs(None)
        assert answer is not None, "asked without an ETag"
        entries = {one.origin: one for one in parse_status(answer[0]).logs}
        entry = entries[node.origin]
        new = parse_checkpoint(parse_note(entry.checkpoint.encode()).text)
        await feed.fetch(keys_of(node.origin))
        for tile in plan_extension(0, new).tiles:
            await feed.tile(node.origin, tile)
        raw = 0
        for bundle in bundles_of(0, new.size):
            data = await feed.tile(node.origin, bundle)
            raw += sum(map(len, decode_bundle(data, bundle.width)))
    return counted.size, raw
