"""For whom a fingerprint and a trust file vouch, and for whom not: in both programs."""

import hashlib

import pytest

from federation.config.fingerprint import fingerprint
from federation.records.keychain import encode_keys
from federation.records.keystatement import first_statement
from federation.tlog.fork import format_evidence
from federation.tlog.keys import Signer
from federation.tlog.merkle import prove_prefix
from federation.tlog.tile import hash_reader
from tests.browser.conftest import Scene
from tests.browser.test_agreement import agree, engine, items_of, pack, profiles
from tests.damage import world
from tests.fakes import RECORDED_AT, FakeOrg, Tree, self_signed, sign_statement

# One browser for all: starting it takes longer than most tests.
pytestmark = pytest.mark.asyncio(loop_scope="session")

__all__ = ["agree", "engine", "pack", "profiles"]

OTHER = "kawalpemilu.example"


def scene_of(org: FakeOrg) -> Scene:
    scene = Scene(0)
    scene.org = org
    scene.tree = Tree(org).grow(org.results(0, 4))
    return scene


def in_another_name(name: str) -> FakeOrg:
    """A history in this name, by the identity key of another organisation."""
    fake = FakeOrg(name)
    for role in ("log", "records", "mirror", "node"):
        key = getattr(fake, role).key
        seed = hashlib.sha256(f"evil {key.name}".encode()).digest()
        setattr(fake, role, Signer.from_seed(key.name, seed, key.alg))
    theirs = FakeOrg(OTHER).identity.key
    seed = hashlib.sha256(f"{theirs.name} 1".encode()).digest()
    fake.identity = Signer.from_seed(f"{name}/identity", seed, theirs.alg)
    fake.statements = [self_signed(fake)]
    return fake


def naming(log: FakeOrg, others: FakeOrg) -> bytes:
    """A key statement of strangers that names somebody's public log key."""
    keys = [
        ("log", log.log.key),
        ("records", log.records.key),
        ("records", others.records.key),
        ("mirror", others.mirror.key),
    ]
    said = first_statement(log.origin, others.identity.key, keys, RECORDED_AT)
    return sign_statement(said, others.identity)


async def test_a_fingerprint_vouches_for_the_organisation_it_was_given_for(agree, pack):
    scene, evil = Scene(4), scene_of(in_another_name("jagasuara.example"))
    theirs = scene_of(FakeOrg(OTHER))
    files = {
        name: {f"{name}.zip": pack(items_of(one))}
        for name, one in (("good", scene), ("evil", evil), ("theirs", theirs))
    }
    mine, other = scene.fingerprint, evil.fingerprint
    assert theirs.fingerprint == other
    named = [f"{scene.org.org}={mine}", f"{OTHER}={other}"]
    cases = {
        "named": (files["good"] | files["theirs"], named),
        "swapped": (files["good"], [f"{OTHER}={mine}"]),
        "in my name": (files["evil"], named),
        "beside its own": (files["evil"] | files["theirs"], named),
        "two bear it": (files["evil"] | files["theirs"], [other]),
        "beside mine": (files["good"] | files["evil"], named),
        "two of a log": (files["good"] | files["evil"], [mine, other]),
        "other order": (files["evil"] | files["good"], [mine, other]),
    }
    verdicts = dict(zip(cases, await agree(list(cases.values())), strict=True))
    assert verdicts.pop("named") == "proved"
    assert set(verdicts.values()) == {"wrong-key"}, verdicts


async def test_a_longer_list_of_keys_does_not_win(agree):
    scene, evil = Scene(4), in_another_name("jagasuara.example")
    evil.statements.append(evil.restate())
    other = fingerprint(evil.identity.key)
    files = {
        "r.txt": scene.receipt(),
        "keys": encode_keys(evil.statements),
    }
    cases = [
        (files, [scene.fingerprint, other]),
        (files, [f"{scene.org.org}={scene.fingerprint}"]),
    ]
    assert await agree(cases) == ["wrong-key", "wrong-key"]


async def test_naming_a_log_key_vouches_for_no_other_key(agree, pack):
    scene, bad = Scene(600), world.forger()
    trust = {"t.txt": scene.trust_file()}
    stranger = naming(scene.org, bad)
    receipt = scene.receipt(5, keys=[stranger])
    forged = bad.result(5, votes=9999)
    items = items_of(scene)
    [keys] = [name for name in items if name.endswith("/keys")]
    old = ("tile/0/000", "entries/000")
    part = {name: one for name, one in items.items() if not name.endswith(old)}
    whole = {"b.zip": pack(items)}
    partial = {"p.zip": pack({**part, keys: encode_keys([stranger])})}
    launder = {"receipt.txt": receipt, "forged.txt": forged}
    cases = [
        ({"receipt.txt": receipt} | trust, []),
        (launder | trust, []),
        (launder | trust | whole, []),
        (partial | trust | {"forged.txt": forged}, []),
        (whole | trust, []),
    ]
    verdicts = await agree(cases)
    assert verdicts[0] == verdicts[-1] == "proved"
    assert "proved" not in verdicts[1:-1]


async def test_the_first_record_proves_the_keys(agree, engine):
    scene = Scene(4)
    trust, keys = scene.trust_file(), encode_keys(scene.org.statements)
    record = scene.tree.leaves[2]
    more = {"t.txt": trust, "keys": keys, "record": record}
    cases = [
        ({"r.txt": scene.receipt(0)} | more, []),
        ({"r.txt": scene.receipt(1)} | more, []),
    ]
    assert await agree(cases) == ["proved", "unpinned"]


async def test_an_excerpt_without_receipts_is_missing_something(engine, pack):
    scene = Scene(4)
    kept = ("/keys", "/checkpoint")
    items = {name: one for name, one in items_of(scene).items() if name.endswith(kept)}
    for files in (items, {"read-me.txt": b"nothing"}):
        report = await engine.judge({"b.zip": pack(files)}, scene.fingerprint)
        assert report["verdict"] == "missing"


async def test_what_is_typed_names_the_organisation(engine):
    scene = Scene(0)
    text = scene.fingerprint
    typed = [
        text,
        f"Jagasuara.example = {text.lower().replace('-', ' ')}",
        f"jagasuara={text}",
        f"={text}",
        f"a.example=b.example={text}",
        "jagasuara.example=",
        "jagasuara.example",
    ]
    ask = "return engine.parseOwned(new TextDecoder().decode(bytes))"
    found = await engine.ask(ask, [one.encode() for one in typed])
    assert found == [text, f"jagasuara.example={text}", "", "", "", "", ""]


async def test_evidence_by_keys_that_nobody_vouches_for_accuses_nobody_by_name(
    tab, put
):
    scene = scene_of(world.forger())
    tree = scene.tree
    other = tree.fork(3, [scene.org.result(90)])
    hashes = prove_prefix(4, 5, hash_reader(tree.tile, 5))
    evidence = format_evidence(other.note(4), tree.note(5), hashes)
    keys = encode_keys(scene.org.statements)
    await tab.type_fingerprint(Scene(0).fingerprint)
    report = await tab.give(put("fork.txt", evidence), put("keys", keys))
    assert {one["kind"] for one in report["findings"]} >= {"forked", "wrong-key"}
    said = await tab.text()
    assert "in the name of jagasuara.example" in said
    assert "This proves that jagasuara.example" not in said
