"""Published files and texts, each damaged in one way; what somebody is then handed."""

from collections.abc import Callable
from functools import cache
from typing import Final

from msgspec.structs import replace

from federation.config.fingerprint import fingerprint
from federation.feeds.resource import LOGS, basis_of, log_path, map_of
from federation.records.keychain import encode_keys
from federation.records.logclosed import LogClosed
from federation.records.publishedmap import format_map, parse_map
from federation.records.receipt import parse_receipt
from federation.records.sealed import seal
from federation.tlog.fork import format_evidence
from federation.tlog.keys import Signer
from federation.tlog.merkle import prove_prefix
from federation.tlog.note import parse_note, sign_note
from federation.tlog.tile import hash_reader
from tests.damage import world
from tests.damage.spoil import (
    Given,
    change,
    flip,
    flip_at,
)
from tests.damage.world import Files
from tests.fakes import ELECTION, RECORDED_AT, FakeOrg, Tree

ORIGIN: Final = world.ORGS[0].encode() + b"/" + ELECTION.encode()
MIRROR: Final = world.ORGS[1].encode() + b"/mirror"


@cache
def base() -> Files:
    return world.publish()


def given(**parts: object) -> Given:
    """Files, read by somebody with the trust file."""
    return Given(**{"files": base(), "trust": world.trust_file(), **parts})


def known(**parts: object) -> Given:
    """The same, read by somebody who knows three fingerprints instead."""
    return given(trust=b"", fingerprints=world.fingerprints(), **parts)


def document(data: bytes, **parts: object) -> Given:
    """One text, and the trust file."""
    return given(files={}, documents={"document.txt": data}, **parts)


def changed(name: str, how: Callable[[bytes], bytes]) -> Given:
    return given(files=change(base(), name, how))


def published(tree: Tree) -> Given:
    """A log that its own organisation signed like this, and others cosigned."""
    return given(files=world.publish(tree))


def in_record(data: bytes, index: int = 300) -> bytes:
    """One bit in the votes of a record turned round: of 300, or of the one there."""
    leaf = world.grown().leaves[index]
    part = leaf if leaf in data else data
    return flip(data, part, part.index(b'"01":') + 6)  # of 100, the first nought


def in_length(index: int, bit: int) -> Callable[[bytes], bytes]:
    """One bit, 0 to 15, in the length of a record turned round."""

    def how(data: bytes) -> bytes:
        place = data.index(world.grown().leaves[index]) - 1 - bit // 8
        return flip_at(place, bit % 8)(data)

    return how


def rebuilt() -> Given:
    """A record altered, and every tile above it made again; what is signed is not."""
    tree = world.grown()
    leaf = in_record(tree.leaves[300])
    other = Tree(tree.owner, [*tree.leaves[:300], leaf, *tree.leaves[301:]])
    files = world.publish(other) | {LOGS.path: base()[LOGS.path]}
    for name in ("checkpoint", "cosigned"):
        path = log_path(tree.owner.origin, name)
        files[path] = base()[path]
    return given(files=files)


def grown_by(*leaves: bytes, owner: FakeOrg | None = None) -> Tree:
    """The log, and these records behind, signed for by their log."""
    owner = owner or world.owner()
    return Tree(owner, [*world.grown().leaves, *leaves])


@cache
def forked_log() -> Tree:
    """Another history of 700 records, by the same keys, from 400 on."""
    return world.grown().fork(400, world.owner().results(1000, 1300))


def evidence(older: Tree) -> bytes:
    """A checkpoint of 512 records of a history, beside that of 700."""
    tree = world.grown()
    hashes = prove_prefix(512, 700, hash_reader(tree.tile, 700))
    return format_evidence(older.note(512), tree.note(), hashes)


@cache
def revoked_log() -> Tree:
    """A key was revoked from 700 on, and signed record 701 all the same."""
    old, new = world.owner(), Signer.from_seed(f"{world.ORGS[0]}/records", bytes(32))
    told = old.restate(
        add=[("records", new.key, 700)], revoke=[(old.records.key, 700, "stolen")]
    )
    return grown_by(told, old.result(800), owner=world.renewed(told))


def closed_log() -> Tree:
    owner = world.owner()
    closed = LogClosed(
        election=owner.election,
        org=owner.org,
        origin=owner.origin,
        reason="done",
        recorded_at=RECORDED_AT,
    )
    return grown_by(seal(closed, owner.records), owner.result(800))


def two_statements() -> Given:
    """Two key statements of one version, each shown to somebody else."""
    owner = world.owner()
    one, other = owner.restate(), owner.restate("2024-02-14T14:00:00Z")
    shown = [
        world.publish(grown_by(told, owner=world.renewed(told)))
        for told in (one, other)
    ]
    return given(files=shown[0], second=shown[1])


def spaced() -> bytes:
    """A record signed as it stands, but not in its one form."""
    owner = world.owner()
    text = parse_note(owner.result(800)).text.replace(b",", b", ", 1)
    return sign_note(text, owner.records)


def lying_map(**lies: object) -> Given:
    files = base()
    said = parse_map(files[map_of(ELECTION).path])
    return given(
        files=files | {map_of(ELECTION).path: format_map(replace(said, **lies))}
    )


def other_profile() -> Given:
    files = base()
    path = basis_of(parse_map(files[map_of(ELECTION).path]).profile).path
    return given(files=files | {path: flip(files[path], b'"pemilu', 3)})


def listed(how: Callable[[bytes], bytes]) -> Given:
    return given(files=base() | {LOGS.path: how(base()[LOGS.path])})


def unlisted() -> Files:
    """All files but the list of logs."""
    return {path: data for path, data in base().items() if path != LOGS.path}


def keys_digest(data: bytes) -> bytes:
    """One bit of the first digit in the digest of a log's keys turned round."""
    place = data.index(b'"keys":"') + 8
    while not data[place : place + 1].isdigit():
        place += 1
    return flip_at(place)(data)


def in_directory(at: int) -> Callable[[bytes], bytes]:
    """One bit in the directory of a ZIP turned round, `at` bytes from a file's name."""
    name = log_path(world.owner().origin, "tile/0/002.p/188").encode()
    return lambda data: flip_at(data.rindex(name) + at)(data)


def receipt_leaf() -> bytes:
    return world.receipt(leaf=in_record(world.grown().leaves[300]))


def receipt_path() -> bytes:
    path = parse_receipt(world.receipt()).proof.path
    return world.receipt(path=[flip_at(9)(path[0]), *path[1:]])


def key_statement(data: bytes) -> bytes:
    return flip(data, b"2024-02-14T13", 12)


def receipt_keys() -> bytes:
    return world.receipt(keys=[key_statement(world.owner().statements[0])])


def with_keys(data: bytes) -> Given:
    """One text and, beside it, the log's key file; three fingerprints are known."""
    documents = {"document.txt": data, "keys": encode_keys(world.owner().statements)}
    return Given(documents=documents, fingerprints=world.fingerprints())


def held_by_one() -> bytes:
    return world.cosigned(world.grown().note(), by=world.partners()[:1])


def swapped(one: int, other: int) -> Callable[[list[bytes]], list[bytes]]:
    def how(leaves: list[bytes]) -> list[bytes]:
        found = list(leaves)
        found[one], found[other] = found[other], found[one]
        return found

    return how


def stranger() -> Given:
    return Given(files=base(), fingerprints=(fingerprint(world.forger().identity.key),))


def forged_log() -> Tree:
    owner = world.forger()
    return Tree(owner).grow(owner.results(0, 699))
