"""What can be done to published files: small functions, from bytes to other bytes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from federation.feeds.resource import log_path
from federation.tlog.tile import decode_bundle
from tests.damage import world
from tests.damage.world import Files

Change = Callable[[bytes], bytes]


@dataclass(frozen=True, kw_only=True)
class Given:
    """What somebody is handed, and what they know.

    `files` are a folder, or packed a data file; `second` the same from elsewhere;
    `documents` single texts. `pack` changes the packed file: there is no folder then.
    `options` are of `federation verify`, `log_key` and `older` of the program in Go.
    """

    files: Files = field(default_factory=dict)
    second: Files = field(default_factory=dict)
    documents: Files = field(default_factory=dict)
    pack: Change | None = None
    trust: bytes = b""
    fingerprints: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    log_key: str = ""
    older: tuple[bytes, ...] = ()


def flip(data: bytes, part: bytes, at: int = 0) -> bytes:
    """One bit turned round: the lowest of byte `at` of where `part` stands first."""
    place = data.index(part) + at
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def flip_at(place: int, bit: int = 0) -> Change:
    """One bit of this byte turned round; from the end where it is negative."""

    def change(data: bytes) -> bytes:
        found = bytearray(data)
        found[place] ^= 1 << bit
        return bytes(found)

    return change


def flip_line(data: bytes, name: bytes) -> bytes:
    """One bit of the signature in the line of this signer turned round."""
    # Not of its first characters, which say which key it is by.
    return flip(data, "— ".encode() + name + b" ", len(name) + 5 + 40)


def cut(data: bytes) -> bytes:
    """The first half."""
    return data[: len(data) // 2]


def change(files: Files, name: str, how: Change) -> Files:
    """One file of the log of 700 records changed."""
    path = log_path(world.owner().origin, name)
    return {**files, path: how(files[path])}


def without(files: Files, name: str) -> Files:
    """One file of the log of 700 records left out."""
    path = log_path(world.owner().origin, name)
    return {key: data for key, data in files.items() if key != path}


def join_records(leaves: Iterable[bytes]) -> bytes:
    """The bytes of a bundle, of more records as well than a bundle may have."""
    return b"".join(len(leaf).to_bytes(2) + leaf for leaf in leaves)


def change_records(
    files: Files, how: Callable[[list[bytes]], Sequence[bytes]]
) -> Files:
    """The records of the log changed, its hash tiles not.

    The bundles are filled anew; what there is too much of stands in the last one.
    """
    changed = list(how(list(world.grown().leaves)))
    names = ("tile/entries/000", "tile/entries/001", "tile/entries/002.p/188")
    parts = (changed[:256], changed[256:512], changed[512:])
    for name, part in zip(names, parts, strict=True):
        files = change(files, name, lambda _, part=part: join_records(part))
    return files


def change_bundle(files: Files, how: Callable[[list[bytes]], Sequence[bytes]]) -> Files:
    """The records of the second bundle, 256 to 511, changed; it may end elsewhere."""
    return change(
        files, "tile/entries/001", lambda data: join_records(how(decode_bundle(data)))
    )
