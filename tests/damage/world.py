"""The undamaged base: three organisations, their logs, all that is published.

One log has 700 records: two full bundles and a partial one, two levels of hash tiles.
Each log is cosigned by both other organisations; a trust file names the three logs and
asks for two of three witnesses, and whoever owns a log is no witness of it: two of two.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache

from federation.config.fingerprint import fingerprint
from federation.feeds import resource
from federation.feeds.resource import ABOUT, LOGS, log_path
from federation.feeds.status import StatusEntry, format_status
from federation.profiles import load_shipped
from federation.records.about import About, OfferedLog, sign_about
from federation.records.admission import admit
from federation.records.claim import decode_claims
from federation.records.keychain import encode_keys
from federation.records.merge import (
    RULES_VERSION,
    digest_rows,
    encode_row,
    merge_tps,
)
from federation.records.publishedmap import PublishedMap, format_map
from federation.records.receipt import format_receipt
from federation.records.tps import TpsId
from federation.tlog.cosignature import add_signatures, cosign
from federation.tlog.keys import Signer, format_vkey
from federation.tlog.merkle import prove_inclusion
from federation.tlog.note import encode_notes, parse_note
from federation.tlog.tile import bundles_of, format_tile_path, hash_reader, new_tiles
from tests.fakes import ELECTION, FakeOrg, Tree, self_signed

HELD_AT = 1_707_920_040  # 14 February 2024, 21.14 WIB
RECORDS = 700
EARLIER = (300, 512)
ORGS = ("jagasuara.example", "kawalpemilu.example", "netgrit.example")
Files = dict[str, bytes]


def orgs() -> list[FakeOrg]:
    """The three organisations; the first owns the log that things are done to."""
    return [FakeOrg(name) for name in ORGS]


@cache
def owner() -> FakeOrg:
    """The organisation of the log of 700 records."""
    return orgs()[0]


@cache
def partners() -> tuple[FakeOrg, ...]:
    """The two that hold it."""
    return tuple(orgs()[1:])


@cache
def grown() -> Tree:
    """The log of 700 records."""
    return Tree(owner()).grow(owner().results(0, RECORDS - 1))


@cache
def small() -> tuple[Tree, ...]:
    """The partners' logs: one agrees with the first, one differs."""
    pairs = zip(partners(), (100, 99), strict=True)
    return tuple(Tree(one).grow(one.results(0, 4, votes)) for one, votes in pairs)


def renewed(*statements: bytes) -> FakeOrg:
    """The owner of the log, once more, with further key statements."""
    one = FakeOrg(ORGS[0])
    one.statements += statements
    return one


def forger() -> FakeOrg:
    """Somebody else in the owner's name, with keys of the same names."""
    one = FakeOrg(ORGS[0])
    for role in ("identity", "log", "records", "mirror", "node"):
        key = getattr(one, role).key
        seed = hashlib.sha256(f"forger {key.name}".encode()).digest()
        setattr(one, role, Signer.from_seed(key.name, seed, key.alg))
    one.statements = [self_signed(one)]
    return one


def cosigned(note: bytes, time: int = HELD_AT, by: Iterable[FakeOrg] = ()) -> bytes:
    """The checkpoint as these have cosigned it, or else everybody but its owner."""
    text = parse_note(note).text
    name = text.partition(b"/")[0].decode()
    others = by or [one for one in (owner(), *partners()) if one.org != name]
    return add_signatures(note, [cosign(text, one.mirror, time) for one in others])


def publish(tree: Tree | None = None) -> Files:
    """All files of the three logs; `tree` stands for the log of 700 records."""
    logs = (tree or grown(), *small())
    files = {ABOUT.path: _about(logs[0].owner)}
    entries = []
    for log in logs:
        of_log = _files_of(log)
        files |= {log_path(log.owner.origin, name): data for name, data in of_log}
        entries.append(_entry(log, files))
    files[LOGS.path] = format_status(entries)
    profile = load_shipped()[ELECTION]
    files[resource.basis_of(profile.digest).path] = profile.text
    files[resource.map_of(ELECTION).path] = format_map(map_of(logs))
    return files


def map_of(logs: Sequence[Tree]) -> PublishedMap:
    """The merged map of these logs, by the rules alone."""
    profile = load_shipped()[ELECTION]
    standing = defaultdict(list)
    for log in logs:
        chain = log.owner.chain
        for _, body in admit(log.leaves, 0, chain, profile).claims:
            for claim in decode_claims(body):
                placed = log.owner.origin, claim
                standing[claim.contest, claim.tps].append(placed)
    rows = [
        merge_tps(*key, found, in_register=profile.stands(key[0], TpsId(key[1])))
        for key, found in sorted(standing.items())
    ]
    return PublishedMap(
        digest=digest_rows(map(encode_row, rows)),
        election=ELECTION,
        profile=profile.digest,
        register="",
        rows=len(rows),
        rules=RULES_VERSION,
        vector={log.owner.origin: log.size for log in logs},
    )


def receipt(index: int = 300, tree: Tree | None = None, **other) -> bytes:
    """The receipt of a record of the log; `other`: what stands in it instead."""
    tree = tree or grown()
    read = hash_reader(tree.tile, tree.size)
    parts = {
        "leaf": tree.leaves[index],
        "keys": tree.owner.statements,
        "index": index,
        "path": prove_inclusion(index, tree.size, read),
        "checkpoint": cosigned(tree.note()),
    }
    return format_receipt(**{**parts, **other})


def trust_file(log: FakeOrg | None = None) -> bytes:
    """Three logs, three witnesses, two of them; `log` stands for the first."""
    known = (owner(), *partners())
    logs = (log or owner(), *partners())
    lines = [f"log {format_vkey(one.log.key)}" for one in logs]
    lines += [f"witness {one.org} {format_vkey(one.mirror.key)}" for one in known]
    lines += [f"group others 2 {' '.join(ORGS)}", "quorum others"]
    return "".join(f"{line}\n" for line in lines).encode()


def fingerprints() -> tuple[str, ...]:
    """Those of the three."""
    return tuple(fingerprint(one.identity.key) for one in (owner(), *partners()))


def _files_of(log: Tree) -> Iterable[tuple[str, bytes]]:
    yield "checkpoint", cosigned(log.note())
    yield "keys", encode_keys(log.owner.statements)
    yield "about", _about(log.owner)
    earlier = [cosigned(log.note(size)) for size in EARLIER if size < log.size]
    if earlier:
        yield "cosigned", encode_notes(earlier)
    for tile in (*new_tiles(0, log.size), *bundles_of(0, log.size)):
        yield format_tile_path(tile), log.tile(tile)


def _entry(log: Tree, files: Files) -> StatusEntry:
    origin = log.owner.origin
    named = {
        name: hashlib.sha256(files[log_path(origin, name)]).hexdigest()
        for name in ("about", "keys")
    }
    return StatusEntry(checkpoint=log.note().decode(), origin=origin, **named)


def _about(org: FakeOrg) -> bytes:
    said = About(
        attribution=org.org,
        audience=(),
        contact=f"data@{org.org}",
        identity=format_vkey(org.identity.key),
        issue=0,
        licence="CC-BY-4.0",
        logs=(OfferedLog(origin=org.origin, visibility="public"),),
        name=org.org,
        org=org.org,
        versions=(1,),
    )
    return sign_about(said, org.node)
