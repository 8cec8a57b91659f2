"""A partner that is pinned and hostile: 31 ways to be so, each a mode with a name.

Rule: a mode is one function that may answer a request in its own way; what it leaves
is answered truly, out of logs that the partner's own keys have signed. Runs as a
process of its own, so that what it costs is not taken for what the node pays:

    python -m tests.attacks._hostile MODE ORG ELECTION     prints its port
"""

import asyncio
import gzip
import hashlib
import json
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from itertools import count
from random import Random

import zstandard
from msgspec.structs import replace

from federation.errors import FederationError
from federation.feeds.status import NO_DIGEST, StatusEntry, format_status
from federation.records.keychain import (
    encode_keys,
    first_statement,
)
from federation.records.keysigning import sign_statement
from federation.records.keystatement import Follows, format_origin
from federation.tlog.note import sign_note
from federation.tlog.tile import WIDTH, Bundle, encode_bundle, parse_tile_path
from tests.fakes import RECORDED_AT, FakeOrg, Tree, signer

GIANT = 65_535
_OK = b"HTTP/1.1 200 OK\r\n"
_FLOOD = 1 << 18


class Generated(Tree):
    """A log whose leaves are made when they are asked for: as many as one likes."""

    def __init__(self, owner: FakeOrg, size: int, leaf: Callable[[int], bytes]) -> None:
        self._leaf = leaf
        super().__init__(owner)
        self.grow_by(size)

    def grow_by(self, number: int) -> None:
        start = len(self._levels[0])
        first = self.leaves[0]
        for at in range(start, start + number, WIDTH):
            end = min(at + WIDTH, start + number)
            self.grow([self._leaf(index) for index in range(at, end)])
            self.leaves = [first]

    @property
    def size(self) -> int:
        return len(self._levels[0])

    def tile(self, tile):
        if not isinstance(tile, Bundle):
            return super().tile(tile)
        start = tile.index * WIDTH
        indexes = range(start, start + tile.width)
        return encode_bundle([self._at(index) for index in indexes])

    def _at(self, index: int) -> bytes:
        return self.leaves[0] if index == 0 else self._leaf(index)


def giant(index: int) -> bytes:
    """65,535 bytes that do not pack, and that no key has signed."""
    return Random(index).randbytes(GIANT)


def tiny(index: int) -> bytes:
    return b"%d" % index


class Request:
    """What was asked, and the way back."""

    def __init__(self, reader, writer, path: str, head: dict[str, str]) -> None:
        self.reader, self.path, self.head = reader, path, head
        self._writer = writer

    async def send(self, *parts: bytes) -> None:
        self._writer.write(b"".join(parts))
        await self._writer.drain()

    async def flood(self, part: bytes) -> None:
        """The same for ever, as fast as it is taken."""
        part *= max(1, _FLOOD // len(part))
        while True:
            await self.send(part)

    async def drip(self, part: bytes) -> None:
        """The same for ever, a little every fifth of a second."""
        while True:
            await self.send(part)
            await asyncio.sleep(0.2)

    async def answer(self, body: bytes, *headers: str, status: str = "200 OK") -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
        await self.send("\r\n".join([*lines, "", ""]).encode(), body)

    async def hang(self) -> None:
        await asyncio.sleep(3600)

    def reset(self) -> None:
        raw = self._writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.close()


Mode = Callable[["Partner", Request], Awaitable[bool]]
MODES: dict[str, Mode] = {}


def mode(ask: Callable[["Partner", Request], Awaitable[None]], path: str = "/logs"):
    """A mode that answers one path in its own way."""

    async def answered(partner: "Partner", request: Request) -> bool:
        if request.path != path:
            return False
        await ask(partner, request)
        return True

    MODES[ask.__name__.replace("_", "-")] = answered
    return ask


def of_elections(ask):
    return mode(ask, "/v1/elections")


class Partner:
    """An organisation with keys, and the logs that it shows."""

    def __init__(self, name: str, org: str, election: str, node: str) -> None:
        self.name, self.node = name, node
        self.owner = FakeOrg(org, election)
        self.trees: dict[str, Tree] = {self.owner.origin: Tree(self.owner)}
        self.keys: dict[str, bytes] = {}
        self.turn = count(1)
        set_up = SET_UPS.get(name)
        if set_up is not None:
            set_up(self)
        self._named = {
            hashlib.sha256(origin.encode()).hexdigest(): origin for origin in self.trees
        }

    def keys_of(self, origin: str) -> bytes:
        given = self.keys.get(origin)
        return given or encode_keys(self.trees[origin].owner.statements)

    def vector(self) -> bytes:
        return format_status(
            StatusEntry(
                about=NO_DIGEST,
                checkpoint=tree.note().decode(),
                keys=hashlib.sha256(self.keys_of(origin)).hexdigest(),
                origin=origin,
            )
            for origin, tree in self.trees.items()
        )

    async def serve(self, reader, writer) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                first, *rest = head.decode().split("\r\n")
                pairs = (line.partition(": ") for line in rest if line)
                given = {name.lower(): value for name, _, value in pairs}
                length = int(given.get("content-length", "0"))
                await reader.readexactly(length)
                path = first.split()[1]
                request = Request(reader, writer, path, given)
                ask = MODES[self.name]
                if not await ask(self, request):
                    await self.tell(request)
        except (OSError, EOFError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def tell(self, request: Request) -> None:
        """The true answer, as far as there is one."""
        if request.path == "/logs":
            body = self.vector()
            tag = hashlib.sha256(body).hexdigest()
            if request.head.get("if-none-match") == f'"{tag}"':
                await request.send(b"HTTP/1.1 304 Not Modified\r\n\r\n")
                return
            await request.answer(body, f'ETag: "{tag}"')
            return
        name, _, what = request.path.removeprefix("/").partition("/")
        origin = self._named.get(name)
        try:
            body = self._read(origin, what) if origin else None
        except FederationError:
            body = None
        if body is None:
            await request.answer(b"", status="404 Not Found")
        else:
            await request.answer(body)

    def _read(self, origin: str, what: str) -> bytes | None:
        tree = self.trees[origin]
        if what == "checkpoint":
            return tree.note()
        if what == "keys":
            return self.keys_of(origin)
        if what.startswith("tile/"):
            return tree.tile(parse_tile_path(what))
        return None


# --- answers that are no HTTP, or too much of it ---------------------------------


@mode
async def interim_flood(_, request):
    """Interim answers without end."""
    await request.flood(b"HTTP/1.1 100 Continue\r\n\r\n")


@mode
async def early_hints(_, request):
    """Interim answers with headers, without end."""
    await request.flood(b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=a\r\n\r\n")


@mode
async def one_byte_chunks(_, request):
    """A body in chunks of one byte, without end."""
    await request.send(_OK, b'Transfer-Encoding: chunked\r\n\r\na\r\n{"logs":[]\r\n')
    await request.flood(b"1\r\n \r\n")


@mode
async def chunk_extensions(_, request):
    """A chunk whose extensions have no end."""
    await request.send(_OK, b"Transfer-Encoding: chunked\r\n\r\n1")
    await request.flood(b";a=b")


@mode
async def extended_chunks(_, request):
    """Small chunks, each with long extensions."""
    await request.send(_OK, b"Transfer-Encoding: chunked\r\n\r\n")
    await request.flood(b"1;" + b"a" * 200 + b"\r\n \r\n")


@mode
async def trailers(_, request):
    """Trailers without end."""
    await request.send(_OK, b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n")
    await request.flood(b"A: b\r\n")


@mode
async def endless_headers(_, request):
    """Headers without end."""
    await request.send(_OK)
    await request.flood(b"A: b\r\n")


@mode
async def giant_header(_, request):
    """One header without end."""
    await request.send(_OK, b"A: ")
    await request.flood(b"b")


@mode
async def many_headers(_, request):
    """The most headers that are taken, as long as they may be, in every answer."""
    line = b"A: " + b"b" * 60_000 + b"\r\n"
    await request.send(_OK, line * 900, b"Content-Length: 11\r\n\r\n", b'{"logs":[]}')


@mode
async def slow_head(_, request):
    """A head, byte by byte."""
    await request.send(_OK, b"A: ")
    await request.drip(b"b")


@mode
async def slow_body(_, request):
    """A body, byte by byte."""
    await request.send(_OK, b'Content-Length: 100000\r\n\r\n{"logs":[')
    await request.drip(b" ")


@mode
async def silent(_, request):
    """No answer."""
    await request.hang()


@mode
async def reset(_, request):
    """A connection that is cut in the middle."""
    await request.send(_OK, b'Content-Length: 100\r\n\r\n{"logs":[')
    request.reset()


@mode
async def endless_body(_, request):
    """A body without length and end."""
    await request.send(_OK, b'\r\n{"logs":[')
    await request.flood(b" ")


@mode
async def length_too_large(_, request):
    """A length that the body never reaches."""
    await request.send(_OK, b'Content-Length: 100\r\n\r\n{"logs":[]}')
    await request.hang()


@mode
async def length_too_small(_, request):
    """More than the length says: answers to what nobody asked."""
    more = _OK + b'Content-Length: 11\r\n\r\n{"logs":[]}'
    await request.send(_OK, b'Content-Length: 11\r\n\r\n{"logs":[]}')
    await request.flood(more)


@mode
async def redirect(partner, request):
    """A new address each time: the node's own."""
    where = f"Location: {partner.node}/logs?{next(partner.turn)}"
    await request.answer(b"", where, status="302 Found")


@mode
async def not_modified(_, request):
    """304 that was not asked for."""
    await request.send(b"HTTP/1.1 304 Not Modified\r\n\r\n")


@mode
async def switching(_, request):
    """Another protocol, and then whatever it is."""
    await request.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")
    await request.flood(b"x")


@mode
async def gzip_bomb(_, request):
    """Two hundred megabytes in two hundred kilobytes."""
    body = gzip.compress(b" " * 200_000_000, 1)
    await request.answer(body, "Content-Encoding: gzip")


@mode
async def wait_for_years(partner, request):
    """429 with a wait of years, and word of news all the while."""
    await request.answer(b"", "Retry-After: 99999999", status="429 Too Many")


@mode
async def notify_flood(partner, request):
    """A failure each turn, and word of news all the while."""
    await request.answer(b"", status="500 Oh")


# --- bodies that cost more than they bring ---------------------------------------


@mode
async def deep_json(_, request):
    """Sixteen megabytes of brackets."""
    await request.answer(b"[" * ((1 << 24) - 1))


@mode
async def endless_vector(partner, request):
    """A vector of ten thousand logs that nobody knows, another each turn."""
    turn = next(partner.turn)
    note = partner.trees[partner.owner.origin].note().decode()
    rows = (
        StatusEntry(
            about=NO_DIGEST,
            checkpoint=note,
            keys=NO_DIGEST,
            origin=f"o{at}.{turn}.example/{partner.owner.election}",
        )
        for at in range(10_000)
    )
    await request.answer(format_status(rows))


@of_elections
async def not_utf8(_, request):
    """A byte that is no UTF-8 in an answer of JSON."""
    await request.answer(b'{"elections":[],"frozen":["\xff"]}')


@of_elections
async def frozen_flood(partner, request):
    """A hundred thousand forks that cannot be proved."""
    origins = [partner.owner.origin] * 30_000
    await request.answer(json.dumps({"elections": [], "frozen": origins}).encode())


async def _true(_partner, _request) -> bool:
    return False


async def _bombs(_, request) -> bool:
    if "/tile/entries/" not in request.path or ".p/" in request.path:
        return False
    body = zstandard.ZstdCompressor().compress(b"\0" * (256 * 65_537))
    await request.answer(body, "Content-Encoding: zstd")
    return True


async def _no_tiles(partner, request) -> bool:
    if "/tile/" not in request.path:
        return False
    await request.answer(b"x" * 32, status="404 Not Found")
    partner.trees[partner.owner.origin].grow([b"x"])
    return True


async def _growing(partner, request) -> bool:
    if request.path == "/logs":
        partner.trees[partner.owner.origin].grow_by(1)
    return False


MODES |= {
    "zstd-bomb": _bombs,
    "no-tiles": _no_tiles,
    "giant-leaves": _true,
    "tiny-leaves": _true,
    "signed-giants": _true,
    "growing-giants": _growing,
    "successors": _true,
    "long-chains": _true,
}


def _generated(size: int, leaf: Callable[[int], bytes]):
    def set_up(partner: Partner) -> None:
        owner = partner.owner
        partner.trees = {owner.origin: Generated(owner, size, leaf)}

    return set_up


def _signed_giants(partner: Partner) -> None:
    owner = partner.owner

    def leaf(index: int) -> bytes:
        line = {
            "election": owner.election,
            "org": owner.org,
            "recorded_at": RECORDED_AT,
            "text": Random(index).randbytes(32_000).hex(),
            "type": "essay/1",
        }
        text = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        return sign_note(text, owner.records)

    partner.trees = {owner.origin: Generated(owner, 6_000, leaf)}


class _Successor(FakeOrg):
    """The same organisation with a log of a later generation."""

    def __init__(self, org: str, election: str, generation: int) -> None:
        super().__init__(org, election)
        self.origin = format_origin(org, election, generation=generation)
        self.log = signer(self.origin)
        named = [("log", self.log.key), ("records", self.records.key)]
        before = format_origin(org, election, generation=generation - 1)
        first = first_statement(self.origin, self.identity.key, named, RECORDED_AT)
        first = _following(first, before)
        self.statements = [sign_statement(first, self.identity)]


def _following(statement, before: str):
    return replace(statement, follows=Follows(origin=before, reason="lost", size=1))


def _successors(partner: Partner, most: int = 999) -> None:
    org, election = partner.owner.org, partner.owner.election
    for generation in range(2, most + 1):
        owner = _Successor(org, election, generation)
        partner.trees[owner.origin] = Tree(owner)


def _long_chains(partner: Partner, most: int = 16, length: int = 900) -> None:
    _successors(partner, most)
    for origin, tree in partner.trees.items():
        owner = tree.owner
        notes = list(owner.statements)
        statement = owner.chain.statements[-1]
        for version in range(2, length):
            statement = _next(statement, version, notes[-1])
            notes.append(sign_statement(statement, owner.identity))
        partner.keys[origin] = encode_keys(notes)


def _next(statement, version: int, before: bytes):
    digest = hashlib.sha256(before).hexdigest()
    return replace(statement, version=version, previous=digest)


SET_UPS: dict[str, Callable[[Partner], None]] = {
    "giant-leaves": _generated(12_000, giant),
    "tiny-leaves": _generated(400_000, tiny),
    "growing-giants": _generated(200, giant),
    "signed-giants": _signed_giants,
    "zstd-bomb": _generated(20_000, tiny),
    "no-tiles": _generated(1_000, tiny),
    "successors": _successors,
    "long-chains": _long_chains,
}
NOTIFIERS = frozenset({"wait-for-years", "notify-flood", "interim-flood"})


async def _notify(partner: Partner) -> None:
    """Tell the node that there is news, as fast as anybody may."""
    host, _, port = partner.node.removeprefix("http://").partition(":")
    body = json.dumps({"org": partner.owner.org}).encode()
    head = (
        "POST /notify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    while True:
        try:
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(head.encode() + body)
            await writer.drain()
            writer.close()
        except OSError:
            pass
        await asyncio.sleep(0.2)


async def serve(name: str, org: str, election: str, node: str) -> None:
    partner = Partner(name, org, election, node)
    server = await asyncio.start_server(partner.serve, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    async with asyncio.TaskGroup() as tasks:
        if name in NOTIFIERS:
            tasks.create_task(_notify(partner))
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        raise SystemExit


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
