"""The golden vectors are current, and say what the code that nodes run says."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from federation.errors import FederationError, ForkError
from federation.records.keychain import decode_keys, open_chain
from federation.records.sealed import open_leaf
from federation.tlog.checkpoint import open_checkpoint
from federation.tlog.fork import check_evidence
from federation.tlog.keys import Signer, parse_vkey
from federation.tlog.merkle import check_consistency, check_inclusion, hash_leaf
from federation.tlog.note import open_note, parse_note
from federation.tlog.policy import parse_policy
from federation.tlog.proof import check_proof, parse_proof
from federation.tlog.tile import decode_bundle
from scripts import make_vectors
from tests.policies import check_policy

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs/reference/vectors"


@pytest.fixture(scope="module")
def made():
    return make_vectors.make_vectors()


def load(name):
    return json.loads((FOLDER / name).read_text())


@pytest.fixture(scope="module")
def keys():
    return {one["role"]: parse_vkey(one["vkey"]) for one in load("keys.json")["keys"]}


@pytest.fixture(scope="module")
def leaves():
    return decode_bundle((FOLDER / "log/tile/entries/000.p/5").read_bytes(), 5)


@pytest.fixture(scope="module")
def chain(keys):
    notes = decode_keys((FOLDER / "log/keys").read_bytes())
    return open_chain(notes, keys["identity"])


def test_what_the_script_makes_is_what_is_there(made):
    there = {
        path.relative_to(FOLDER).as_posix(): path.read_bytes()
        for path in FOLDER.rglob("*")
        if path.is_file() and path.name != "README.md"
    }
    assert there.keys() == made.keys()
    for name, data in made.items():
        assert there[name] == data, f"{name}: run python scripts/make_vectors.py"
        assert f"`{name.partition('/')[0]}" in (FOLDER / "README.md").read_text()


def test_every_key_is_that_of_its_seed():
    for one in load("keys.json")["keys"]:
        key = parse_vkey(one["vkey"])
        signer = Signer.from_seed(key.name, bytes.fromhex(one["seed"]), key.alg)
        assert (signer.key, key.key_id.hex()) == (key, one["key_id"])


def verdict(function, *args):
    try:
        function(*args)
    except FederationError as error:
        return error.code
    return None


def test_every_note_gets_its_verdict():
    notes = load("notes.json")
    key = parse_vkey(notes["vkey"])
    for one in notes["valid"]:
        assert verdict(open_note, one["note"].encode(), [key]) is None, one["name"]
    for one in notes["invalid"]:
        got = verdict(open_note, one["note"].encode(), [key])
        assert got == one["error"], one["name"]


def test_every_record_gets_its_verdict(chain, leaves):
    records = load("records.json")
    assert parse_vkey(records["identity"]) == chain.identity
    assert [one["leaf"].encode() for one in records["valid"]] == leaves
    for one in records["valid"]:
        leaf = one["leaf"].encode()
        assert open_leaf(leaf, chain, one["index"]).record == one["record"]
        assert hash_leaf(leaf).hex() == one["leaf_hash"]
    for one in records["invalid"]:
        got = verdict(open_leaf, one["leaf"].encode(), chain, one["index"])
        assert got == one["error"], one["name"]


def test_every_record_verifies_with_another_implementation(keys, leaves):
    for index, leaf in enumerate(leaves):
        note = parse_note(leaf)
        role = "records" if index else "identity"
        public = Ed25519PublicKey.from_public_bytes(keys[role].public)
        public.verify(note.signatures[0].payload, note.text)


def test_every_proof_checks(leaves):
    proofs = load("proofs.json")
    roots = [bytes.fromhex(one) for one in proofs["roots"]]

    def hashes(one):
        return [bytes.fromhex(text) for text in one["proof"]]

    assert len(proofs["inclusion"]) == len(proofs["consistency"]) == 15
    for one in proofs["inclusion"]:
        leaf_hash = hash_leaf(leaves[one["index"]])
        root = roots[one["size"]]
        check_inclusion(one["index"], one["size"], leaf_hash, hashes(one), root)
    for one in proofs["consistency"]:
        old, new = one["old"], one["new"]
        check_consistency(old, new, roots[old], roots[new], hashes(one))


def test_the_log_its_receipt_its_trust_file_and_the_evidence_hold(keys, leaves, chain):
    note = (FOLDER / "log/checkpoint").read_bytes()
    checkpoint = open_checkpoint(note, chain.log_key(5))
    assert checkpoint.root.hex() == load("proofs.json")["roots"][5]
    tile = (FOLDER / "log/tile/0/000.p/5").read_bytes()
    assert tile == b"".join(map(hash_leaf, leaves))
    proof = parse_proof((FOLDER / "receipt.tlog-proof").read_bytes())
    assert check_proof(proof, leaves[1], keys["log"]) == checkpoint.checkpoint
    policy = parse_policy((FOLDER / "trust.txt").read_bytes())
    assert check_policy(policy, proof.checkpoint)[0] == checkpoint
    fork = check_evidence((FOLDER / "fork.txt").read_bytes(), [keys["log"]])
    assert isinstance(fork, ForkError)
    assert fork.origin == checkpoint.origin
