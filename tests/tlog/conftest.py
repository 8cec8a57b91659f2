"""What the tests of the log share: a reference, a small log, test keys, the vectors."""

import functools
import hashlib
import os
from pathlib import Path

import pytest

from federation.tlog.checkpoint import Checkpoint, sign_checkpoint
from federation.tlog.keys import ALG_COSIGNATURE, Signer
from federation.tlog.merkle import Frontier, hash_leaf
from federation.tlog.tile import WIDTH, Tile, tile_root
from tests.tlog import reference as tlog_reference

ORIGIN = "test.example/pemilu-2024"


@pytest.fixture(scope="session")
def reference():
    return tlog_reference


@pytest.fixture(scope="session")
def vectors():
    """The folder of published vectors, which lives outside the project."""
    root = Path(__file__).parents[2]
    shared = root / os.environ.get("FEDERATION_SHARED", "../shared")
    if not (shared / "vectors").is_dir():
        pytest.skip(f"no published vectors at {shared}: set FEDERATION_SHARED")
    return shared / "vectors"


@pytest.fixture(scope="session")
def log_signer():
    return Signer.from_seed(ORIGIN, b"\x01" * 32)


@pytest.fixture(scope="session")
def cosigners():
    return [
        Signer.from_seed(f"mirror{n}.example/mirror", bytes((n,)) * 32, ALG_COSIGNATURE)
        for n in (2, 3, 4)
    ]


class Log:
    """A log of synthetic leaf hashes that a test can cut, fork and damage."""

    def __init__(self, size, salt=b"", forked_at=None):
        self._levels = {}
        self.hashes = [
            hash_leaf(
                b"%d" % n + (salt if forked_at is None or n >= forked_at else b"")
            )
            for n in range(size)
        ]

    def level(self, level):
        """The hashes at a tile level, over full tiles below."""
        if level == 0:
            return self.hashes
        if level not in self._levels:
            below = self.level(level - 1)
            self._levels[level] = [
                tile_root(b"".join(below[at : at + WIDTH]))
                for at in range(0, len(below) // WIDTH * WIDTH, WIDTH)
            ]
        return self._levels[level]

    def read_tile(self, tile: Tile):
        first = tile.index * WIDTH
        hashes = self.level(tile.level)[first : first + tile.width]
        assert len(hashes) == tile.width
        return b"".join(hashes)

    def frontier(self, size):
        frontier = Frontier()
        full = size // WIDTH
        for root in self.level(1)[:full]:
            frontier.append_subtree(root, 8)
        for one in self.hashes[full * WIDTH : size]:
            frontier.append(one)
        return frontier

    def checkpoint(self, size):
        return Checkpoint(ORIGIN, size, self.frontier(size).root())

    def sign(self, size, signer):
        return sign_checkpoint(self.checkpoint(size), signer)

    def read_node(self, level, index):
        start, end = index << level, (index + 1) << level
        assert end <= len(self.hashes)
        frontier = Frontier()
        for one in self.hashes[start:end]:
            frontier.append(one)
        return frontier.root()


@pytest.fixture(scope="session")
def make_log():
    return functools.cache(Log)


def flip(data, bit):
    """The bytes with one bit turned over."""
    damaged = bytearray(data)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


@pytest.fixture(scope="session", name="flip")
def _flip():
    return flip


@pytest.fixture(scope="session")
def digest():
    return lambda n: hashlib.sha256(b"%d" % n).digest()
