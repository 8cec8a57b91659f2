"""A federation without a network: organisations with fixed keys, peers, a clock.

`FakePeer` is a `Feed` over trees in memory. What makes it hostile is said in one
place, `spoil`, a function over everything that it hands out; what makes an origin
hostile is said by its trees (`fork`, `truncate`).
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from federation.errors import FormatError, NotFoundError, PeerError
from federation.feeds.resource import Resource
from federation.feeds.shape import JSON
from federation.feeds.status import NO_DIGEST, StatusEntry, format_status
from federation.records.companion import (
    CompanionKeys,
    next_companions,
    sign_companions,
)
from federation.records.keychain import (
    encode_keys,
    first_statement,
    open_chain,
)
from federation.records.keysigning import sign_statement
from federation.records.result import TpsResult
from federation.records.sealed import seal
from federation.records.tps import format_tps
from federation.tlog.checkpoint import Checkpoint, sign_checkpoint
from federation.tlog.keys import (
    ALG_COSIGNATURE,
    ALG_ED25519,
    ALG_ML_DSA_44,
    Signer,
)
from federation.tlog.merkle import hash_leaf, root_at
from federation.tlog.tile import (
    WIDTH,
    Bundle,
    Tile,
    encode_bundle,
    hash_reader,
    parse_tile_path,
    tile_root,
)
from tests.statements import next_statement

ELECTION = "pemilu-2024"
RECORDED_AT = "2024-02-14T13:05:00Z"


class FixedClock:
    """Seconds that pass when the test says so, or when someone sleeps."""

    def __init__(self, now: float = 1_707_915_900.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def signer(name: str, alg: int = ALG_ED25519) -> Signer:
    return Signer.from_seed(
        name, hashlib.sha256(f"{name} {alg}".encode()).digest(), alg
    )


class FakeOrg:
    """An organisation and the keys of its log of one election."""

    def __init__(self, org: str, election: str = ELECTION) -> None:
        self.org, self.election = org, election
        self.origin = f"{org}/{election}"
        self.identity = signer(f"{org}/identity")
        self.log = signer(self.origin)
        self.records = signer(f"{org}/records")
        self.mirror = signer(f"{org}/mirror", ALG_COSIGNATURE)
        self.node = signer(f"{org}/node")
        named = [
            ("log", self.log.key),
            ("records", self.records.key),
            ("mirror", self.mirror.key),
            ("node", self.node.key),
        ]
        first = first_statement(self.origin, self.identity.key, named, RECORDED_AT)
        self.statements = [sign_statement(first, self.identity)]
        self.companions = list[CompanionKeys]()
        #: That signs checkpoints as well, once it was announced.
        self.companion: Signer | None = None

    def companion_of(self, role: str, seed: int = 1) -> Signer:
        """A companion key of this organisation: of its identity, or of its log."""
        name = self.origin if role == "log" else f"{self.org}/{role}"
        return Signer.from_seed(name, bytes([seed] * 32), ALG_ML_DSA_44)

    def announce(self, log: Signer | None, *signers: Signer) -> bytes:
        """The leaf that names this companion of the log's key, or none any more.

        `signers`: companions of the identity key, the one before first; the last one
        is that which is named.
        """
        before = self.companions[-1] if self.companions else None
        named = None if log is None else (signers[-1].key, log.key)
        statement = next_companions(self.chain, before, named, RECORDED_AT)
        signed = sign_companions(statement, self.identity, *signers)
        self.companions.append(signed)
        self.companion = log
        return seal(signed, self.records)

    @property
    def chain(self):
        return open_chain(self.statements, self.identity.key)

    def restate(self, recorded_at: str = RECORDED_AT, **changes) -> bytes:
        """A further key statement, not yet shown."""
        following = next_statement(self.chain, recorded_at, **changes)
        return sign_statement(following, self.identity)

    def result(self, number: int, votes: int = 100, **members) -> bytes:
        """A leaf: the result of the `number`th station."""
        village, station = divmod(number, 900)
        return seal(
            TpsResult(
                org=self.org,
                election=self.election,
                recorded_at=RECORDED_AT,
                contest="ppwp",
                tps=format_tps(f"{1101010001 + village:010d}", station + 1),
                round="reguler",
                form="salinan",
                source="observer",
                review="reviewed",
                candidates={"01": votes, "02": 50, "03": 25},
                **members,
            ),
            self.records,
        )

    def results(self, start: int, end: int, votes: int = 100) -> list[bytes]:
        return [self.result(number, votes) for number in range(start, end)]


def self_signed(owner: FakeOrg) -> bytes:
    """The first key statement of an organisation, by whatever identity it has now."""
    named = [("log", owner.log.key), ("records", owner.records.key)]
    first = first_statement(owner.origin, owner.identity.key, named, RECORDED_AT)
    return sign_statement(first, owner.identity)


class Tree:
    """The leaves of a log, and every hash above them."""

    def __init__(self, owner: FakeOrg, leaves: list[bytes] | None = None) -> None:
        self.owner = owner
        self.leaves = list[bytes]()
        self._levels = [list[bytes]()]
        self.grow([owner.statements[0]] if leaves is None else leaves)

    @property
    def size(self) -> int:
        return len(self.leaves)

    def grow(self, leaves: list[bytes]) -> "Tree":
        self.leaves += leaves
        self._levels[0] += map(hash_leaf, leaves)
        level = 0
        while len(self._levels[level]) >= WIDTH:
            if len(self._levels) == level + 1:
                self._levels.append([])
            below, above = self._levels[level], self._levels[level + 1]
            for at in range(len(above), len(below) // WIDTH):
                hashes = below[at * WIDTH : (at + 1) * WIDTH]
                above.append(tile_root(b"".join(hashes)))
            level += 1
        return self

    def fork(self, at: int, leaves: list[bytes]) -> "Tree":
        """Another history, by the same keys: these leaves from index `at` on."""
        return Tree(self.owner, [*self.leaves[:at], *leaves])

    def truncate(self, size: int) -> "Tree":
        """The tree as it was at `size`: a restored backup, a stale relay."""
        return Tree(self.owner, self.leaves[:size])

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        size = self.size if size is None else size
        root = root_at(size, hash_reader(self.tile, size))
        return Checkpoint(self.owner.origin, size, root)

    def note(self, size: int | None = None) -> bytes:
        owner = self.owner
        return sign_checkpoint(self.checkpoint(size), owner.log, owner.companion)

    def tile(self, tile: Tile | Bundle) -> bytes:
        start, end = tile.index * WIDTH, tile.index * WIDTH + tile.width
        if isinstance(tile, Bundle):
            leaves = self.leaves[start:end]
            if len(leaves) != tile.width:
                raise NotFoundError("beyond the tree")
            return encode_bundle(leaves)
        if tile.level >= len(self._levels) or end > len(self._levels[tile.level]):
            raise NotFoundError("beyond the tree")
        return b"".join(self._levels[tile.level][start:end])


@dataclass
class Shown:
    """A log as a peer shows it: its tree, and perhaps other bytes than its own."""

    tree: Tree
    note: bytes | None = None
    keys: bytes | None = None
    about: bytes | None = None
    cosigned: bytes | None = None
    evidence: bytes | None = None


Spoil = Callable[[str, str, bytes], bytes]  # what, origin, true bytes -> bytes


@dataclass
class FakePeer:
    """A node, in memory: a `Feed`."""

    org: str
    shown: dict[str, Shown] = field(default_factory=dict)
    spoil: Spoil = lambda _what, _origin, data: data
    asked: list[str] = field(default_factory=list)
    before: Callable[[str], object] = lambda _what: None
    extra: list[StatusEntry] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    def show(self, tree: Tree, **others: bytes) -> "FakePeer":
        self.shown[tree.owner.origin] = Shown(tree, **others)
        return self

    def entries(self) -> list[StatusEntry]:
        found = []
        for origin, one in self.shown.items():
            about = one.about
            found.append(
                StatusEntry(
                    about=hashlib.sha256(about).hexdigest() if about else NO_DIGEST,
                    checkpoint=(one.note or one.tree.note()).decode(),
                    keys=hashlib.sha256(self._keys(origin)).hexdigest(),
                    origin=origin,
                )
            )
        return [*found, *self.extra]

    async def fetch(self, resource):
        """What is shown of a log, or what lies in `files`."""
        origin, (folder, _, name) = resource.origin, resource.path.rpartition("/")
        data = self.files.get(resource.path)
        if origin in self.shown and data is None:
            data = self._of_log(origin, name)
        if data is None:
            raise PeerError(self.org, f"fake:{resource.path}", 404)
        if len(data) > resource.max_bytes:
            raise PeerError(self.org, f"fake:{resource.path}", 200, "too large")
        return self._give(name if origin else folder.removeprefix("v1/"), origin, data)

    async def stream(self, resource, start=0):
        """What is shown at a path, from `start` on, in pieces of a hundred bytes."""
        data = await self.fetch(resource)
        if start > len(data):
            raise PeerError(self.org, "fake:", 200, "too short", "wrong")
        for at in range(start, len(data), 100):
            yield data[at : at + 100]

    async def serve(self, path: str) -> bytes:
        """What it hands over at a path of the protocol."""
        log, _, name = path.partition("/")
        named = {hashlib.sha256(o.encode()).hexdigest(): o for o in self.shown}
        origin = named.get(log, "")
        if name.startswith("tile/"):
            return await self.tile(origin, parse_tile_path(name))
        return await self.fetch(Resource(path, 1 << 26, JSON, origin=origin))

    async def logs(self, etag):
        body = self._give("logs", "", format_status(self.entries()))
        tag = f'"{hashlib.sha256(body).hexdigest()}"'
        return None if tag == etag else (body, tag)

    async def tile(self, origin, tile, most=None):
        what = f"{'bundle' if isinstance(tile, Bundle) else 'tile'} {tuple(tile)}"
        try:
            data = self._tree(origin).tile(tile)
        except NotFoundError as error:
            self.asked.append(f"{what} of {origin}")
            raise PeerError(self.org, "fake:", 404) from error
        if most is not None and len(data) > most:
            self.asked.append(f"too large: {what} of {origin}")
            raise PeerError(self.org, "fake:", 200, "too large", "wrong")
        return self._give(what, origin, data)

    async def notify(self, org):
        self._give("notify", org, b"")

    def count(self, what: str) -> int:
        return sum(one.startswith(what) for one in self.asked)

    def _of_log(self, origin: str, name: str) -> bytes | None:
        shown = self.shown[origin]
        if name == "checkpoint":
            return shown.cosigned or shown.note or shown.tree.note()
        if name == "keys":
            return self._keys(origin)
        return {"about": shown.about, "fork": shown.evidence}.get(name)

    def _keys(self, origin: str) -> bytes:
        shown = self.shown[origin]
        if shown.keys is not None:
            return shown.keys
        return encode_keys(shown.tree.owner.statements)

    def _tree(self, origin: str) -> Tree:
        if origin not in self.shown:
            raise NotFoundError(origin)
        return self.shown[origin].tree

    def _give(self, what: str, origin: str, data: bytes) -> bytes:
        self.asked.append(f"{what} of {origin}" if origin else what)
        self.before(what)
        return self.spoil(what, origin, data)


def app_of(peer: FakePeer) -> web.Application:
    """The peer over HTTP, at the paths of the protocol."""

    async def answer(request: web.Request) -> web.Response:
        path = request.path.removeprefix("/")
        if path == "logs":
            found = await peer.logs(request.headers.get("If-None-Match"))
            if found is None:
                return web.Response(status=304)
            return web.Response(body=found[0], headers={"ETag": found[1]})
        try:
            return web.Response(body=await peer.serve(path))
        except (PeerError, FormatError):
            return web.Response(status=404)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    return app


def flip_bit(data: bytes, bit: int) -> bytes:
    """The bytes with one bit turned round."""
    at, shift = divmod(bit, 8)
    return data[:at] + bytes([data[at] ^ 1 << shift]) + data[at + 1 :]


__all__ = [
    "FakeOrg",
    "FakePeer",
    "FixedClock",
    "Tree",
    "app_of",
    "flip_bit",
    "self_signed",
    "signer",
]
