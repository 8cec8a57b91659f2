"""Two programs, one judgement: what the page finds, the command line finds."""

import hashlib
import random
import zipfile
from io import BytesIO

import pytest
import pytest_asyncio

from federation.config.fingerprint import fingerprint
from federation.feeds.bundle import write_bundle
from federation.feeds.resource import log_path
from federation.feeds.status import NO_DIGEST, StatusEntry, format_status
from federation.profiles import load_shipped
from federation.records.keychain import encode_keys
from federation.tlog.fork import format_evidence
from federation.tlog.keys import Signer
from federation.tlog.merkle import prove_prefix
from federation.tlog.tile import (
    Tile,
    bundles_of,
    decode_bundle,
    encode_bundle,
    format_tile_path,
    hash_reader,
    new_tiles,
)
from tests.browser.conftest import Scene
from tests.browser.engine import Engine, facts, judge_here
from tests.fakes import FakeOrg, FakePeer, Tree, flip_bit, self_signed
from tests.handed import bundle_of

# One browser for all: starting it takes longer than most tests.
pytestmark = pytest.mark.asyncio(loop_scope="session")

FLIPS = 220


@pytest.fixture(scope="module")
def profiles():
    return load_shipped()


@pytest_asyncio.fixture(loop_scope="session")
async def engine(tab):
    return await Engine(tab).begin()


@pytest.fixture
def agree(engine, profiles, tmp_path):
    """Judge cases in both; the verdicts, where both say the same."""

    async def judge(cases):
        reports = await engine.judge_all(cases)
        found = []
        for (files, typed), theirs in zip(cases, reports, strict=True):
            ours = await judge_here(files, typed, profiles, tmp_path)
            assert (theirs["verdict"], facts(theirs)) == (ours.verdict, facts(ours))
            found.append(ours.verdict)
        return found

    return judge


def items_of(scene: Scene) -> dict[str, bytes]:
    """The files of a data file with one history."""
    tree, org = scene.tree, scene.org
    keys = encode_keys(org.statements)
    entry = StatusEntry(
        about=NO_DIGEST,
        checkpoint=tree.note().decode(),
        keys=hashlib.sha256(keys).hexdigest(),
        origin=org.origin,
    )
    found = {
        "logs": format_status([entry]),
        log_path(org.origin, "keys"): keys,
        log_path(org.origin, "checkpoint"): scene.checkpoint(),
    }
    for tile in (*new_tiles(0, tree.size), *bundles_of(0, tree.size)):
        found[log_path(org.origin, format_tile_path(tile))] = tree.tile(tile)
    return found


@pytest.fixture
def pack(tmp_path):
    def write(items: dict[str, bytes]) -> bytes:
        path = tmp_path / "bundle.zip"
        write_bundle(path, sorted(items.items()))
        return path.read_bytes()

    return write


@pytest.mark.slow
async def test_a_good_data_file_is_proved_by_both(agree, pack):
    cases = []
    for records in (0, 4, 255, 256, 300, 600):
        scene = Scene(records)
        files = {"b.zip": pack(items_of(scene)), "t.txt": scene.trust_file()}
        cases.append((files, []))
        cases.append(({"b.zip": files["b.zip"]}, [scene.fingerprint]))
    assert await agree(cases) == ["proved"] * len(cases)


async def test_a_history_with_companion_keys_is_proved_by_both(agree, pack):
    scene = Scene(3)
    org = scene.org
    leaf = org.announce(org.companion_of("log"), org.companion_of("identity"))
    scene.tree.grow([leaf]).grow(org.results(3, 5))
    files = {"b.zip": pack(items_of(scene)), "t.txt": scene.trust_file()}
    assert await agree([(files, [])]) == ["proved"]


async def test_strangers_are_told_from_pretenders_by_both(agree, tmp_path):
    scene, stranger = Scene(3), FakeOrg("kawalpemilu.example")
    false = FakeOrg(scene.org.org)
    false.identity = Signer.from_seed(false.identity.name, bytes(range(32)))
    false.statements = [self_signed(false)]  # by the stolen key of the log
    forger = FakeOrg(scene.org.org)
    forger.identity = false.identity
    forger.log = Signer.from_seed(forger.origin, bytes(range(1, 33)))
    forger.statements = [self_signed(forger)]
    trees = {
        "s": Tree(false).grow(false.results(0, 3)),
        "a": scene.tree,
        "b": Tree(stranger).grow(stranger.results(0, 3)),
        "f": Tree(forger).grow(forger.results(0, 3)),
    }

    def files(*names):
        found = {}
        for name in names:
            peer = FakePeer(name)
            for letter in name:
                peer.show(trees[letter])
            path = bundle_of(tmp_path / f"{name}.zip", peer)
            found[f"{name}.zip"] = path.read_bytes()
        return found

    mine, other = scene.fingerprint, fingerprint(false.identity.key)
    named = scene.trust_file().replace(b"quorum others", b"quorum none")
    trust = {"t.txt": named}
    cases = [
        (files("ab"), [mine]),
        (files("ab"), [mine, other]),
        (files("a", "b"), [mine]),
        (files("b"), [mine]),
        (files("a", "f"), [mine]),
        (files("f", "a"), [mine]),
        (files("ab") | trust, []),
        (files("bf") | trust, []),
        (files("a", "s"), [mine]),
    ]
    wrong = "wrong-key"
    assert await agree(cases) == [
        "proved", wrong, "proved", wrong, wrong, wrong, "proved", wrong, "forked",
    ]  # fmt: skip


async def test_whatever_is_done_to_a_record_has_the_same_name(agree, pack):
    scene = Scene(5)
    items = items_of(scene)
    [path] = [name for name in items if "entries" in name]
    leaves = decode_bundle(items[path])
    spoiled = []
    for at in range(len(leaves)):
        other = scene.org.result(700 + at)
        spoiled += [
            [*leaves[:at], *leaves[at + 1 :]],
            [*leaves[:at], leaves[at], *leaves[at:]],
            [*leaves[:at], other, *leaves[at + 1 :]],
            [*leaves[:at], leaves[at - 1], *leaves[at + 1 :]],
        ]
        for to in range(at):
            swapped = list(leaves)
            swapped[at], swapped[to] = swapped[to], swapped[at]
            spoiled.append(swapped)
    cases = [
        ({"b.zip": pack({**items, path: encode_bundle(one)})}, [scene.fingerprint])
        for one in spoiled
    ]
    assert set(await agree(cases)) == {"altered", "dropped", "duplicated", "swapped"}


@pytest.mark.slow
async def test_in_a_longer_history_too(agree, pack):
    scene = Scene(600)
    items = items_of(scene)
    leaves = list(scene.tree.leaves)
    cases = []
    for at in (0, 1, 255, 256, 300, 511, 512, 600):
        for changed in (
            [*leaves[:at], *leaves[at + 1 :]],
            [*leaves[:at], scene.org.result(800), *leaves[at + 1 :]],
            [*leaves[:at], leaves[at], *leaves[at:]],
        ):
            files = dict(items)
            for bundle in bundles_of(0, scene.tree.size):
                start = bundle.index * 256
                part = changed[start : start + 256]
                if bundle.index == 2:
                    part = changed[start:]
                path = log_path(scene.org.origin, format_tile_path(bundle))
                files[path] = encode_bundle(part)
            cases.append(({"b.zip": pack(files)}, [scene.fingerprint]))
    verdicts = await agree(cases)
    assert "proved" not in verdicts


@pytest.mark.slow
async def test_every_file_that_is_missing_or_damaged_is_told(agree, pack):
    scene = Scene(300)
    items = items_of(scene)
    chance = random.Random(3)
    cases, names = [], []
    for name, data in items.items():
        without = {key: one for key, one in items.items() if key != name}
        cases.append(({"b.zip": pack(without)}, [scene.fingerprint]))
        names += [f"no {name}", name, name, name]
        for _ in range(3):
            bit = chance.randrange(8 * len(data))
            flipped = {**items, name: flip_bit(data, bit)}
            cases.append(({"b.zip": pack(flipped)}, [scene.fingerprint]))
    cases.append(({"b.zip": pack({**items, "other.txt": b"hello"})}, []))
    verdicts = await agree(cases)
    good = {
        name for name, said in zip(names, verdicts, strict=False) if said == "proved"
    }
    # A line by an unknown key says nothing; without the list it is an excerpt.
    assert good <= {"no logs", log_path(scene.org.origin, "checkpoint")}


@pytest.mark.slow
async def test_a_cut_or_flipped_zip_is_never_proved(engine, pack, scene):
    data = pack(items_of(scene))
    assert zipfile.is_zipfile(BytesIO(data))
    chance = random.Random(4)
    cut = [data[: chance.randrange(4, len(data))] for _ in range(40)]
    reports = await engine.judge_all([({"b": one}, [scene.fingerprint]) for one in cut])
    assert {one["verdict"] for one in reports} == {"cut-off"}
    flips = [flip_bit(data, chance.randrange(8 * len(data))) for _ in range(150)]
    cases = [({"b": one}, [scene.fingerprint]) for one in flips]
    for report, flipped in zip(await engine.judge_all(cases), flips, strict=True):
        # Dates and attributes mean nothing to anybody.
        if report["verdict"] == "proved":
            with zipfile.ZipFile(BytesIO(flipped)) as archive:
                assert archive.testzip() is None


@pytest.mark.slow
async def test_flips_of_a_receipt_are_judged_alike_and_never_proved(agree, scene):
    data, trust = scene.receipt(3), scene.trust_file()
    chance = random.Random(1)
    bits = [chance.randrange(8 * len(data)) for _ in range(FLIPS)]
    flipped = [flip_bit(data, bit) for bit in bits]
    cases = [({"r": one, "t": trust}, [scene.fingerprint]) for one in flipped]
    assert "proved" not in await agree(cases)


@pytest.mark.slow
async def test_other_documents_are_judged_alike(agree, scene):
    tree, org = scene.tree, scene.org
    other = tree.fork(3, [scene.org.result(90)])
    old, new = other.note(4), tree.note(6)
    hashes = prove_prefix(4, 6, hash_reader(tree.tile, 6))
    keys = encode_keys(org.statements)
    later = encode_keys([*org.statements, org.restate()])
    documents = {
        "keys": keys,
        "later": later,
        "record": tree.leaves[2],
        "checkpoint": scene.checkpoint(),
        "fork": format_evidence(old, new, hashes),
        "no-fork": format_evidence(tree.note(4), new, hashes),
    }
    chance = random.Random(2)
    cases = []
    for name, data in documents.items():
        for one in (data, *(_flips(data, chance, 25))):
            cases.append(({name: one, "k": keys}, [scene.fingerprint]))
            cases.append(({name: one, "t": scene.trust_file()}, []))
        cases.append(({name: data}, []))
    verdicts = await agree(cases)
    assert verdicts.count("forked") >= 2


def _flips(data, chance, count):
    return [flip_bit(data, chance.randrange(8 * len(data))) for _ in range(count)]


async def test_an_unused_tile_is_compared_as_well(agree, pack):
    scene = Scene(600)
    items = items_of(scene)
    for tile in (Tile(0, 0, 256), Tile(1, 0, 2), Tile(0, 2, 89)):
        path = log_path(scene.org.origin, format_tile_path(tile))
        spoiled = pack({**items, path: flip_bit(items[path], 77)})
        assert await agree([({"b.zip": spoiled}, [scene.fingerprint])]) == ["tile"]


async def test_an_excerpt_is_judged_receipt_by_receipt(agree, pack, tab):
    scene = Scene(6)
    hex_path = log_path(scene.org.origin, "")
    receipts = {
        f"receipts/{scene.org.origin}/{at}.txt": scene.receipt(at) for at in (1, 2, 4)
    }
    items = {
        **receipts,
        f"{hex_path}keys": encode_keys(scene.org.statements),
        f"{hex_path}checkpoint": scene.checkpoint(),
    }
    one = next(iter(receipts))
    spoiled = {**items, one: flip_bit(items[one], 8 * 900)}
    cases = [
        ({"b.zip": pack(items)}, [scene.fingerprint]),
        ({"b.zip": pack(items)}, []),
        ({"b.zip": pack(spoiled)}, [scene.fingerprint]),
        ({"b.zip": pack({**items, "note.txt": b"x"})}, [scene.fingerprint]),
    ]
    verdicts = await agree(cases)
    assert verdicts[:2] == ["proved", "unpinned"]
    assert verdicts[2] not in ("proved", "unpinned")
