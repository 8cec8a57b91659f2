"""Our own audit and the program of others, on the same damaged folders."""

import asyncio
import hashlib
from dataclasses import dataclass

import pytest

from federation.config.fingerprint import fingerprint
from federation.feeds.files import FileFeed
from federation.feeds.folder import Folder
from federation.feeds.status import NO_DIGEST, StatusEntry, format_status
from federation.flows.audit import AuditSource, Trust, audit
from federation.profiles import load_shipped
from federation.records.keychain import encode_keys
from federation.tlog.checkpoint import sign_checkpoint
from federation.tlog.keys import Signer
from federation.tlog.tile import decode_bundle, encode_bundle
from tests.fakes import FakeOrg, flip_bit

PROFILES = load_shipped()


@dataclass
class Case:
    """A folder, its log, and what a test does to them."""

    published: object
    tree: object

    def records(self, change):
        leaves = change(self.tree.leaves[256:512])
        self.published.save("tile/entries/001", encode_bundle(leaves))

    def change(self, name, how):
        self.published.change(name, how)

    def sign(self, signer):
        note = sign_checkpoint(self.tree.checkpoint(), signer)
        self.published.save("checkpoint", note)

    def grow(self, *leaves):
        self.tree.grow(list(leaves))
        self.published.write(self.tree)


def _half(data):
    return data[: len(data) // 2 - 5]


def _strange(case):
    owner, stranger = case.tree.owner, FakeOrg("kawalpemilu.example")
    case.grow(stranger.result(700), owner.result(701))


def _forged(case):
    owner = case.tree.owner
    case.grow(owner.result(700).replace(b'"01":100', b'"01":900'))


def _elsewhere(case):
    case.grow(FakeOrg(case.tree.owner.org, "pilpres-2019").result(700))


def _revoked(case):
    owner = case.tree.owner
    key = Signer.from_seed(f"{owner.org}/records", bytes(range(32))).key
    added, revoked = [("records", key, 601)], [(owner.records.key, 601, "lost")]
    owner.statements.append(owner.restate(add=added, revoke=revoked))
    case.published.save("keys", encode_keys(owner.statements))
    case.grow(owner.statements[-1], owner.result(700))


def _unlisted(case):
    owner = case.tree.owner
    owner.statements.append(owner.restate())
    case.published.save("keys", encode_keys(owner.statements))


DAMAGES = {
    "nothing": lambda _: None,
    "a figure": lambda case: case.records(
        lambda all_: [*all_[:9], all_[9].replace(b'"01":100', b'"01":101'), *all_[10:]]
    ),
    "a record less": lambda case: case.records(lambda all_: [*all_[:9], *all_[10:]]),
    "a record in the next one's place": lambda case: case.records(
        lambda all_: [*all_[:9], all_[8], *all_[10:]]
    ),
    "a record twice": lambda case: case.change(
        "tile/entries/002.p/89",
        lambda data: (
            encode_bundle(decode_bundle(data)[:9])
            + encode_bundle(decode_bundle(data)[8:])
        ),
    ),
    "two exchanged": lambda case: case.records(
        lambda all_: [*all_[:8], all_[9], all_[8], *all_[10:]]
    ),
    "half a bundle": lambda case: case.change("tile/entries/001", _half),
    "no bundle": lambda case: case.published.path("tile/entries/000").unlink(),
    "half a tile": lambda case: case.change("tile/0/001", _half),
    "no tile": lambda case: case.published.path("tile/0/001").unlink(),
    "a bit of a full tile": lambda case: case.change(
        "tile/0/001", lambda data: flip_bit(data, 4000)
    ),
    "a bit of a partial tile": lambda case: case.change(
        "tile/0/002.p/89", lambda data: flip_bit(data, 400)
    ),
    "a bit of the root": lambda case: case.change(
        "checkpoint", lambda data: data.replace(b"\n601\n", b"\n600\n")
    ),
    "a stranger's checkpoint": lambda case: case.sign(
        Signer.from_seed(case.tree.owner.origin, bytes(32))
    ),
    "no checkpoint": lambda case: case.published.path("checkpoint").unlink(),
    "half the keys": lambda case: case.change("keys", _half),
    "a record of others": _strange,
    "a record of another election": _elsewhere,
    "a forged record": _forged,
    "a revoked key": _revoked,
    "a key statement that the log does not hold": _unlisted,
}


def our_verdict(published, tree):
    owner = tree.owner
    entry = StatusEntry(
        about=NO_DIGEST,
        checkpoint=tree.note().decode(),
        keys=hashlib.sha256(encode_keys(owner.statements)).hexdigest(),
        origin=owner.origin,
    )
    (published.folder / "logs").write_bytes(format_status([entry]))
    files = Folder(published.folder)
    source = AuditSource(name="folder", feed=FileFeed(files, "folder"), files=files)
    trust = Trust(fingerprints=frozenset([fingerprint(owner.identity.key)]))
    report = asyncio.run(
        audit(
            [source],
            trust,
            profiles=PROFILES,
            workers=None,
            scratch=None,
            now=1_707_915_900,
        )
    )
    found = [(one.kind, one.index, one.detail) for one in report.findings]
    return (report.verdict, report.exit), found


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES)
def test_both_say_the_same_of(published, tree, damage):
    DAMAGES[damage](Case(published, tree))
    theirs = asyncio.run(published.check())
    ours, found = our_verdict(published, tree)
    assert ours == (theirs.verdict, theirs.exit), (found, theirs.text)
    # What a revoked key signed is set apart by its owner, and no fault.
    is_sound = damage in {"nothing", "a revoked key"}
    assert (theirs.verdict == "proved") == is_sound
