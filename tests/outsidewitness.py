"""A witness, and a log that asks one, that share no code with ours.

Written from the specifications (RFC 6962, C2SP signed-note, tlog-checkpoint,
tlog-cosignature, tlog-witness) with another library for the signatures.
"""

import base64
import contextlib
import hashlib

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)


def sha(data):
    return hashlib.sha256(data).digest()


def tree_hash(leaves):
    """MTH of RFC 6962 section 2.1."""
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return sha(b"\x00" + leaves[0])
    k = split(len(leaves))
    return sha(b"\x01" + tree_hash(leaves[:k]) + tree_hash(leaves[k:]))


def split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def proof(m, leaves, *, whole=True):
    """SUBPROOF of RFC 6962 section 2.1.2."""
    n = len(leaves)
    if m == n:
        return [] if whole else [tree_hash(leaves)]
    k = split(n)
    if m <= k:
        return [*proof(m, leaves[:k], whole=whole), tree_hash(leaves[k:])]
    return [*proof(m - k, leaves[k:], whole=False), tree_hash(leaves[:k])]


def is_consistent(first, second, first_hash, second_hash, path):
    """RFC 9162 section 2.1.4.2, for 0 < first < second."""
    path = list(path)
    if not path:
        return False
    if first & (first - 1) == 0:
        path.insert(0, first_hash)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = sha(b"\x01" + c + fr), sha(b"\x01" + c + sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = sha(b"\x01" + sr + c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and (fr, sr) == (first_hash, second_hash)


class Key:
    def __init__(self, name, alg):
        self.secret = Ed25519PrivateKey.from_private_bytes(sha(name.encode()))
        self.name, self.alg = name, bytes([alg])
        self.public = self.secret.public_key().public_bytes_raw()

    @property
    def id(self):
        return sha(self.name.encode() + b"\n" + self.alg + self.public)[:4]

    @property
    def vkey(self):
        return f"{self.name}+{self.id.hex()}+{b64(self.alg + self.public)}"

    def line(self, payload):
        return f"— {self.name} {b64(self.id + payload)}\n".encode()


def b64(data):
    return base64.b64encode(data).decode()


class OtherLog:
    """A log whose leaves are what one likes."""

    def __init__(self, origin):
        self.key, self.origin, self.leaves = Key(origin, 1), origin, []

    def note(self, size=None, leaves=None):
        told = (self.leaves if leaves is None else leaves)[:size]
        text = f"{self.origin}\n{len(told)}\n{b64(tree_hash(told))}\n".encode()
        return text + b"\n" + self.key.line(self.key.secret.sign(text))

    def offer(self, old, size=None, leaves=None):
        told = (self.leaves if leaves is None else leaves)[:size]
        path = proof(old, told) if 0 < old <= len(told) else []
        lines = [f"old {old}", *map(b64, path)]
        return "\n".join(lines).encode() + b"\n\n" + self.note(size, leaves)


def verify_cosignature(line, note, vkey):
    """The time in a line of a witness, if its signature over the note's text holds."""
    name, key_id, material = vkey.split("+", 2)
    dash, said, encoded = line.decode().rstrip("\n").split(" ")
    payload = base64.b64decode(encoded)
    assert (dash, said, payload[:4].hex()) == ("—", name, key_id)
    time = int.from_bytes(payload[4:12], "big")
    text = note[: note.index(b"\n\n") + 1]
    message = b"cosignature/v1\ntime %d\n%s" % (time, text)
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(material)[1:])
    public.verify(payload[12:], message)
    return time


class OtherWitness:
    """Answers `POST /add-checkpoint`; remembers what it was asked and said."""

    def __init__(self, name="witness.example/w1"):
        self.key, self.known, self.states = Key(name, 4), {}, {}
        self.statuses, self.time, self.lost_answers = [], 1_707_900_000, 0

    def trust(self, origin, vkey):
        self.known[origin] = base64.b64decode(vkey.split("+", 2)[2])[1:]

    def judge(self, body):
        head, _, note = body.partition(b"\n\n")
        text, _, lines = note.rpartition(b"\n\n")
        text += b"\n"
        origin, size, root = text.decode().split("\n")[:3]
        old, *path = head.decode().split("\n")
        old, size = int(old.removeprefix("old ")), int(size)
        root, path = base64.b64decode(root), list(map(base64.b64decode, path))
        if origin not in self.known:
            return 404, b""
        public = Ed25519PublicKey.from_public_bytes(self.known[origin])
        signature = base64.b64decode(lines.decode().split("\n")[0].split(" ")[2])[4:]
        try:
            public.verify(signature, text)
        except InvalidSignature:
            return 403, b""
        last, last_root = self.states.get(origin, (0, sha(b"")))
        if old > size:
            return 400, b""
        if old != last or (size == last and root != last_root):
            return 409, b"%d\n" % last
        if old not in {0, size} and not is_consistent(old, size, last_root, root, path):
            return 422, b""
        self.states[origin] = size, root
        message = b"cosignature/v1\ntime %d\n%s" % (self.time, text)
        signed = self.time.to_bytes(8, "big") + self.key.secret.sign(message)
        return 200, self.key.line(signed)

    async def _take(self, request):
        status, body = self.judge(await request.read())
        self.statuses.append(status)
        if self.lost_answers:
            self.lost_answers -= 1
            request.transport.abort()
        kind = "text/x.tlog.size" if status == 409 else "text/plain"
        return web.Response(status=status, body=body, content_type=kind)

    @contextlib.asynccontextmanager
    async def open(self):
        """The submission prefix, until the end of the block."""
        app = web.Application()
        app.router.add_post("/w/add-checkpoint", self._take)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/w"
        finally:
            await runner.cleanup()
