"""The page's own rules, against the tables that hold the node to the same ones."""

import base64
import json
import random

import pytest
import pytest_asyncio
from nacl.bindings import crypto_core_ed25519_add, crypto_core_ed25519_is_valid_point

from federation.config.fingerprint import fingerprint
from federation.records.keychain import encode_keys
from federation.records.sealed import open_leaf
from federation.tlog.keys import ALG_ED25519, VerifierKey, parse_vkey
from tests.browser.engine import Engine
from tests.conftest import PROJECT
from tests.fakes import signer
from tests.records import hostile
from tests.tlog.test_keys import SMALL_ORDER

# One browser for all: starting it takes longer than most tests.
pytestmark = pytest.mark.asyncio(loop_scope="session")

VECTORS = PROJECT / "docs" / "reference" / "vectors"
# What the node calls an error, and what the page does: a fraction where a number stands
# breaks its form and its bounds, and the two look in another order.
SORTS = {
    "FormatError": {"format", "record"},
    "RecordError": {"format", "record", "foreign"},
    "SignatureError": {"signature", "revoked", "keys"},
}


@pytest_asyncio.fixture(loop_scope="session")
async def engine(tab):
    return await Engine(tab).begin()


def read(name: str):
    return json.loads((VECTORS / name).read_text())


async def test_weak_and_twisted_keys_are_refused(engine):
    chance = random.Random(5)
    good = [signer(f"{n}.example/x").key.public for n in range(10)]
    twisted = [
        crypto_core_ed25519_add(good[0], point)
        for name, point in SMALL_ORDER.items()
        if "order 8" in name or name in ("order 2", "order 4")
    ]
    strange = [chance.randbytes(32) for _ in range(80)]
    points = [*good, *SMALL_ORDER.values(), *twisted, *strange]
    said = await engine.ask("return engine.isGoodPoint(bytes)", points)
    assert said == [crypto_core_ed25519_is_valid_point(one) for one in points]
    assert said.count(True) >= 10


async def test_a_signature_with_a_weak_half_is_refused(engine):
    vkey = str(signer("example.com/foo").key)
    halves = [point + bytes(32) for point in SMALL_ORDER.values()]
    said = await engine.ask(
        f'return engine.verify(await engine.parseVkey("{vkey}"), bytes, bytes)', halves
    )
    assert not any(said)


async def test_the_golden_notes(engine):
    notes = read("notes.json")
    body = f"""
        await engine.openNote(bytes, await engine.parseVkey("{notes["vkey"]}"));
        return true;"""
    given = [one["note"].encode() for one in (*notes["valid"], *notes["invalid"])]
    wanted = [True] * len(notes["valid"]) + [one["error"] for one in notes["invalid"]]
    assert await engine.ask(body, given) == wanted


async def test_the_golden_records_and_the_bad_ones(engine):
    records = read("records.json")
    keys = base64.b64encode((VECTORS / "log" / "keys").read_bytes()).decode()
    for leaf in (*records["valid"], *records["invalid"]):
        [said] = await engine.ask(
            _open_leaf(keys, leaf["index"]), [leaf["leaf"].encode()]
        )
        if "error" in leaf:
            assert said in SORTS[f"{leaf['error'].title()}Error"], leaf["name"]
        else:
            assert said == leaf["record"]


async def test_the_golden_receipt_and_fork(engine):
    identity = parse_vkey(read("records.json")["identity"])
    trust = (VECTORS / "trust.txt").read_bytes()
    files = {"r": (VECTORS / "receipt.txt").read_bytes(), "t": trust}
    report = await engine.judge(files, fingerprint(identity))
    assert (report["verdict"], len(report["documents"][0]["held"])) == ("proved", 2)
    keys = (VECTORS / "log" / "keys").read_bytes()
    files = {"f": (VECTORS / "fork.txt").read_bytes(), "k": keys}
    assert (await engine.judge(files, fingerprint(identity)))["verdict"] == "forked"


async def test_every_hostile_record_gets_the_same_sort_of_error(engine):
    chain = hostile.open_test_chain()
    keys = base64.b64encode(encode_keys(chain.notes)).decode()
    leaves = [one.leaf for one in hostile.HOSTILE]
    said = await engine.ask(_open_leaf(keys, hostile.INDEX), leaves)
    for one, sort in zip(hostile.HOSTILE, said, strict=True):
        assert sort in SORTS[one.error.partition(":")[0]], one.name


async def test_flips_of_a_record_are_never_taken(engine):
    chain = hostile.open_test_chain()
    keys = base64.b64encode(encode_keys(chain.notes)).decode()
    leaf = hostile._LEAF
    open_leaf(leaf, chain, hostile.INDEX)
    flips = [
        leaf[:at] + bytes([leaf[at] ^ 1 << bit]) + leaf[at + 1 :]
        for at in range(0, len(leaf), 2)
        for bit in (0, 5)
    ]
    said = await engine.ask(_open_leaf(keys, hostile.INDEX), flips)
    assert set(said) <= {"format", "record", "signature", "foreign"}


async def test_fingerprints_are_the_same(engine):
    keys = [
        VerifierKey("a.example/identity", ALG_ED25519, signer(str(n)).key.public)
        for n in range(20)
    ]
    body = """
        const vkey = new TextDecoder().decode(bytes);
        const text = await engine.fingerprint(await engine.parseVkey(vkey));
        const typed = text.toLowerCase().replaceAll("-", " ");
        return engine.parseFingerprint(typed) === text ? text : "lost";"""
    said = await engine.ask(body, [str(key).encode() for key in keys])
    assert said == [fingerprint(key) for key in keys]


def _open_leaf(keys: str, index: int) -> str:
    return f"""
        const keys = Uint8Array.from(atob("{keys}"), (one) => one.charCodeAt(0));
        const chain = await engine.openChain(engine.decodeNotes(keys, 1000));
        return (await engine.openLeaf(bytes, chain, {index})).record;"""
