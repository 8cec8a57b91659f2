"""Histories with something wrong in them, or twice: both programs say the same."""

import hashlib

import pytest

from federation.config.fingerprint import fingerprint
from federation.errors import ForkError
from federation.feeds.resource import log_path
from federation.feeds.status import NO_DIGEST, StatusEntry, format_status
from federation.records.evidence import format_fork
from federation.records.keychain import encode_keys
from federation.records.logclosed import LogClosed
from federation.records.sealed import seal
from federation.tlog.note import Note, encode_notes, format_note, parse_note, sign_note
from tests.browser.conftest import Scene
from tests.browser.test_agreement import agree, engine, items_of, pack, profiles
from tests.fakes import ELECTION, RECORDED_AT, FakeOrg, Tree, signer

# One browser for all: starting it takes longer than most tests.
pytestmark = pytest.mark.asyncio(loop_scope="session")

__all__ = ["agree", "engine", "pack", "profiles"]


def with_tree(scene: Scene, leaves: list[bytes]) -> Scene:
    scene.tree = Tree(scene.org, leaves)
    return scene


async def test_records_that_do_not_belong_where_they_stand(agree, pack):
    scene = Scene(0)
    org, other = scene.org, FakeOrg("kawalpemilu.example")
    first, good = org.statements[0], org.results(0, 3)
    closed = seal(
        LogClosed(
            election=ELECTION,
            org=org.org,
            origin=org.origin,
            reason="selesai",
            recorded_at=RECORDED_AT,
        ),
        org.records,
    )
    line = good[1].partition(b"\n\n")[0] + b"\n"
    unknown = sign_note(line.replace(b"tps-result/1", b"tps-result/9"), org.records)
    other_key = sign_note(line, signer(f"{org.org}/records-2"))
    cases = {
        "foreign": [first, good[0], other.result(5)],
        "bad-record": [first, good[0], other_key],
        "proved": [first, good[0], unknown, good[2]],
        "closed": [first, good[0], closed, good[1]],
        "keys": [good[0], first],
        "damaged": [first, b"not a note", good[0]],
        "twice": [first, good[0], good[0]],
    }
    verdicts = await agree(
        [
            (
                {"b.zip": pack(items_of(with_tree(scene, leaves)))},
                [scene.fingerprint],
            )
            for leaves in cases.values()
        ]
    )
    assert verdicts[0] == "foreign"
    assert verdicts[2] == verdicts[6] == "proved"
    assert verdicts[3] == "bad-record"
    assert verdicts[4] == "keys"


async def test_a_revoked_key_and_a_changed_identity(agree, pack):
    scene = Scene(3)
    org = scene.org
    newer = signer(f"{org.org}/records", 1)
    org.statements.append(
        org.restate(revoke=[(org.records.key, 3, "dicuri")])
        if newer.key == org.records.key
        else org.restate()
    )
    scene.tree.grow([org.statements[1]])
    files = {
        "b.zip": pack(items_of(scene)),
        "r": scene.receipt(3),
        "k": scene.receipt(1),
    }
    verdicts = await agree(
        [({name: one}, [scene.fingerprint]) for name, one in files.items()]
    )
    assert verdicts == ["proved", "revoked", "proved"]
    # What only the newer keys say holds for an older receipt as well.
    org.statements.pop()
    old = scene.receipt(3)
    assert await agree(
        [({"r": old, "b.zip": files["b.zip"]}, [scene.fingerprint])]
    ) == ["revoked"]


async def test_two_files_of_one_history(agree, pack):
    scene = Scene(300)
    big = pack(items_of(scene))
    scene.tree = scene.tree.truncate(270)
    small = pack(items_of(scene))
    scene.tree = scene.tree.fork(200, scene.org.results(400, 500))
    forked = pack(items_of(scene))
    note = scene.checkpoint(250)
    typed = [scene.fingerprint]
    cases = [
        ({"a.zip": big, "b.zip": small}, typed),
        ({"a.zip": big, "b.zip": forked}, typed),
        ({"a.zip": forked, "b.zip": small}, typed),
        ({"a.zip": big, "c": note}, typed),
        ({"a.zip": forked, "c": note}, typed),
    ]
    assert await agree(cases) == ["proved", "forked", "forked", "forked", "proved"]


async def test_a_file_with_only_the_newer_records(agree, pack):
    scene = Scene(600)
    items = items_of(scene)
    hidden = [
        name
        for name in items
        if name.endswith(("tile/0/000", "tile/0/001", "entries/000", "entries/001"))
    ]
    partial = pack({name: one for name, one in items.items() if name not in hidden})
    gap = pack({name: one for name, one in items.items() if "entries/001" not in name})
    typed = [scene.fingerprint]
    verdicts = await agree([({"b.zip": partial}, typed), ({"b.zip": gap}, typed)])
    assert verdicts == ["proved", "missing"]


async def test_what_others_say_of_it(agree, pack):
    scene = Scene(5)
    note = parse_note(scene.checkpoint())
    own, first, second = note.signatures
    bad = first._replace(payload=first.payload[:-1] + b"x")
    notes = {
        "one": Note(note.text, (own, first)),
        "bad": Note(note.text, (own, bad, second)),
        "none": Note(note.text, (own,)),
        "unknown": Note(note.text, (own, first._replace(name="a.example/mirror"))),
    }
    keys = encode_keys(scene.org.statements)
    receipts = {
        name: scene.receipt(2, checkpoint=format_note(one))
        for name, one in notes.items()
    }
    trust = scene.trust_file()
    cases = [({"r": one, "t": trust}, []) for one in receipts.values()]
    cases += [({"r": one, "t": scene.trust_file(1)}, []) for one in receipts.values()]
    cases += [
        ({"c": format_note(one), "k": keys}, [scene.fingerprint])
        for one in notes.values()
    ]
    others = [encode_keys(one.statements) for one in scene.others]
    prints = [fingerprint(one.identity.key) for one in scene.others]
    cases += [
        ({"r": one, "k1": others[0], "k2": others[1]}, [scene.fingerprint, *prints])
        for one in receipts.values()
    ]
    verdicts = await agree(cases)
    assert verdicts[:4] == ["quorum", "cosignature", "quorum", "quorum"]
    assert verdicts[4:8] == ["proved", "cosignature", "quorum", "quorum"]


async def test_earlier_confirmations_and_evidence_in_a_data_file(agree, pack):
    scene = Scene(9)
    items = items_of(scene)
    hex_path = log_path(scene.org.origin, "")
    earlier = [scene.checkpoint(4), scene.checkpoint(6)]
    other = scene.tree.fork(3, scene.org.results(50, 60))
    typed = [scene.fingerprint]
    fork = format_fork(
        ForkError(scene.org.origin, scene.tree.note(5), other.note(5), ())
    )
    cases = [
        (
            {"b.zip": pack({**items, f"{hex_path}cosigned": encode_notes(earlier)})},
            typed,
        ),
        ({"b.zip": pack({**items, f"{hex_path}cosigned": b"\x00\x09cut"})}, typed),
        (
            {
                "b.zip": pack(
                    {**items, f"{hex_path}cosigned": encode_notes([other.note(5)])}
                )
            },
            typed,
        ),
        ({"b.zip": pack({**items, f"{hex_path}fork": fork})}, typed),
    ]
    assert await agree(cases) == ["proved", "cut-off", "forked", "forked"]


async def test_two_lists_of_keys(agree, pack, scene):
    org = scene.org
    twin = FakeOrg(org.org)
    twin.identity = signer("other.example/identity")
    one = encode_keys([*org.statements, org.restate(RECORDED_AT)])
    two = encode_keys([*org.statements, org.restate("2024-03-01T00:00:00Z")])
    typed = [scene.fingerprint]
    verdicts = await agree(
        [({"a": one, "b": two}, typed), ({"a": one, "r": scene.receipt()}, typed)]
    )
    assert verdicts == ["forked", "proved"]


async def test_a_list_that_names_other_keys(agree, pack, scene):
    items = items_of(scene)
    entry = StatusEntry(
        about=NO_DIGEST,
        checkpoint=scene.tree.note().decode(),
        keys=hashlib.sha256(b"other").hexdigest(),
        origin=scene.org.origin,
    )
    files = {"b.zip": pack({**items, "logs": format_status([entry])})}
    assert await agree([(files, [scene.fingerprint])]) == ["keys"]


@pytest.mark.parametrize("size", [0, 1])
async def test_the_smallest_histories(agree, pack, size):
    scene = Scene(0)
    scene.tree = scene.tree.truncate(size)
    await agree([({"b.zip": pack(items_of(scene))}, [scene.fingerprint])])
