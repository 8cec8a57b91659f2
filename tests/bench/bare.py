"""What everything is measured against: PyNaCl verifying the same records, and no more.

Rule: one process, one thread, everything prepared before the clock starts; measured
right before and right after each figure, because a shared machine is never the same.
"""

import hashlib
import json
import time
from collections.abc import Sequence
from typing import NamedTuple, Self

from nacl.bindings import crypto_sign_open

from federation.records.canonical import encode
from federation.records.keychain import decode_keys
from federation.tlog.keys import Signer, parse_vkey
from federation.tlog.note import parse_note
from federation.tlog.tile import WIDTH, Bundle, decode_bundle, format_tile_path
from tests.bench import night
from tests.bench.node import Node

SECONDS = 0.5


class Signed(NamedTuple):
    """One record as libsodium wants it."""

    public: bytes
    signed: bytes


class Bare:
    """The rate at which records of one log verify, now."""

    def __init__(self, records: Sequence[Signed], rates: Sequence[float] = ()) -> None:
        """`rates` were found before, in the same run."""
        self._records = records
        self._at = 0
        self.rates = list(rates)

    @classmethod
    def made_up(cls) -> Self:
        """Over records as `night` makes them, before any log holds some."""
        signer = Signer.from_seed("b.example/records", bytes(32))
        told = {"type": "tps-result/1", "org": "b.example", "election": night.ELECTION}
        found = []
        for number in range(5_000):
            members = {**night.draft("b.example", number), **told}
            text = encode({**members, "recorded_at": "2024-02-14T13:05:00Z"}) + b"\n"
            found.append(Signed(signer.key.public, signer.sign(text) + text))
        return cls(found)

    def rate(self) -> float:
        """Records per second, over the half a second."""
        count, began = 0, time.perf_counter()
        size, at = len(self._records), self._at
        while True:
            for _ in range(500):
                record = self._records[at % size]
                crypto_sign_open(record.signed, record.public)
                at += 1
            count += 500
            elapsed = time.perf_counter() - began
            if elapsed >= SECONDS:
                self._at = at % size
                self.rates.append(count / elapsed)
                return count / elapsed


def read_leaves(node: Node, limit: int) -> list[bytes]:
    """The first leaves of a node's own log, from the files that auditors fetch."""
    name = hashlib.sha256(node.origin.encode()).hexdigest()
    size, leaves = node.size(), list[bytes]()
    for index in range(-(-min(size, limit) // WIDTH)):
        bundle = Bundle(index, min(WIDTH, size - index * WIDTH))
        path = f"/{name}/{format_tile_path(bundle)}"
        status, _, body = node.ask("GET", path)
        assert status == 200, path
        leaves += decode_bundle(body)
    return leaves


def records_of(node: Node, limit: int = 10_000) -> list[Signed]:
    """Records of a node's log, each with the key that its log names for it."""
    name = hashlib.sha256(node.origin.encode()).hexdigest()
    notes = decode_keys(node.ask("GET", f"/{name}/keys")[2])
    public = _record_key(notes)
    found = []
    for leaf in read_leaves(node, limit):
        note = parse_note(leaf)
        signature = note.signatures[0]
        if not signature.name.endswith("/records"):
            continue  # the key statement
        found.append(Signed(public, signature.payload + note.text))
    return found


def _record_key(notes: Sequence[bytes]) -> bytes:
    """The records key that the newest key statement names."""
    members = json.loads(notes[-1].partition(b"\n")[0])
    vkey = next(key["vkey"] for key in members["keys"] if key["role"] == "records")
    return parse_vkey(vkey).public
