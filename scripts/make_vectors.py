"""Write `docs/reference/vectors`: golden bytes for people who write their own client.

Run it after a change of a form: `python scripts/make_vectors.py`. A test compares what
it makes with what is there, and opens every file with the code that nodes run. All
keys are made from fixed seeds that stand in `keys.json`: they are public, for tests.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from federation.records.keychain import (
    encode_keys,
    first_statement,
)
from federation.records.keysigning import sign_statement
from federation.records.logclosed import LogClosed
from federation.records.receipt import format_receipt
from federation.records.result import Part, TpsResult
from federation.records.sealed import record_id, seal
from federation.records.tps import parse_tps
from federation.records.withdrawal import Withdrawal
from federation.tlog.checkpoint import Checkpoint, format_checkpoint, sign_checkpoint
from federation.tlog.cosignature import add_signatures, cosign
from federation.tlog.fork import format_evidence
from federation.tlog.keys import ALG_COSIGNATURE, ALG_ED25519, Signer
from federation.tlog.merkle import (
    HashReader,
    hash_leaf,
    prove_consistency,
    prove_inclusion,
    prove_prefix,
    root_at,
    root_of,
)
from federation.tlog.note import parse_note, sign_note
from federation.tlog.policy import (
    Policy,
    PolicyLog,
    Witness,
    WitnessGroup,
    format_policy,
)
from federation.tlog.proof import Proof, format_proof
from federation.tlog.tile import Bundle, Tile, encode_bundle, format_tile_path

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs/reference/vectors"
ORG: Final = "monitor.example"
ELECTION: Final = "pemilu-2024"
ORIGIN: Final = f"{ORG}/{ELECTION}"
COSIGNED_AT: Final = 1_707_920_000
MAKER: Final = "python scripts/make_vectors.py"

_NAMES: Final = {
    "identity": (f"{ORG}/identity", ALG_ED25519),
    "log": (ORIGIN, ALG_ED25519),
    "records": (f"{ORG}/records", ALG_ED25519),
    "node": (f"{ORG}/node", ALG_ED25519),
    "mirror": (f"{ORG}/mirror", ALG_COSIGNATURE),
    "witness-1": ("witness-1.example/mirror", ALG_COSIGNATURE),
    "witness-2": ("witness-2.example/mirror", ALG_COSIGNATURE),
}


def seed_of(role: str) -> bytes:
    """The 32-byte seed of a test key: anyone can compute it."""
    return hashlib.sha256(f"public test key: {role}".encode()).digest()


SIGNERS: Final = {
    role: Signer.from_seed(name, seed_of(role), alg)
    for role, (name, alg) in _NAMES.items()
}


def make_vectors() -> dict[str, bytes]:
    """The bytes of every file by its path below `docs/reference/vectors`."""
    leaves = make_leaves()
    checkpoint = _sign(leaves)
    return {
        "keys.json": _json(_make_keys()),
        "notes.json": _json(_make_notes()),
        "records.json": _json(_make_records(leaves)),
        "proofs.json": _json(_make_proofs(leaves)),
        "receipt.tlog-proof": _make_proof(leaves, checkpoint),
        "receipt.txt": _make_receipt(leaves, checkpoint),
        "fork.txt": _make_fork(leaves),
        "trust.txt": _make_policy(),
        **_make_log(leaves, checkpoint),
    }


def make_leaves() -> list[bytes]:
    """The five leaves of the small log; the first is its key statement."""
    roles = ("log", "records", "node", "mirror")
    statement = first_statement(
        ORIGIN,
        SIGNERS["identity"].key,
        [(role, SIGNERS[role].key) for role in roles],  # type: ignore[misc]  # each is a Role
        "2024-02-14T00:00:00Z",
    )
    return [
        sign_statement(statement, SIGNERS["identity"]),
        *(seal(one, SIGNERS["records"]) for one in _make_statements()),
    ]


def _make_statements() -> list[TpsResult | Withdrawal | LogClosed]:
    tps = parse_tps("3171010001001")
    return [
        TpsResult(
            org=ORG,
            election=ELECTION,
            contest="ppwp",
            tps=tps,
            round="reguler",
            form="plano",
            source="observer",
            review="reviewed",
            recorded_at="2024-02-14T13:05:00Z",
            observed_at="2024-02-14T07:30:00Z",
            candidates={"01": 41, "02": 127, "03": 33},
            figures={"suara_sah": 201, "suara_tidak_sah": 4, "suara_total": 205},
            ref="lembar-17",
            revision=1,
            note="difoto ulang: sudut kiri — jelas",
        ),
        TpsResult(
            org=ORG,
            election=ELECTION,
            contest="pdpr",
            tps=tps,
            round="reguler",
            form="salinan",
            source="citizen",
            review="unreviewed",
            recorded_at="2024-02-14T15:00:00Z",
            parties={"1": Part(caleg={"100211": 3}, jumlah=9, partai=6)},
        ),
        Withdrawal(
            org=ORG,
            election=ELECTION,
            contest="pdpr",
            tps=tps,
            round="reguler",
            official=0,
            reason="salah TPS",
            recorded_at="2024-02-15T01:00:00Z",
        ),
        LogClosed(
            org=ORG,
            election=ELECTION,
            origin=ORIGIN,
            reason="pemilu selesai",
            recorded_at="2024-06-01T00:00:00Z",
        ),
    ]


def _sign(leaves: list[bytes]) -> bytes:
    """The signed checkpoint of these leaves, cosigned by both witnesses."""
    checkpoint = Checkpoint(ORIGIN, len(leaves), root_of(_hashes(leaves)))
    text = format_checkpoint(checkpoint)
    lines = [
        cosign(text, SIGNERS[role], COSIGNED_AT) for role in ("witness-1", "witness-2")
    ]
    return add_signatures(sign_checkpoint(checkpoint, SIGNERS["log"]), lines)


def _hashes(leaves: list[bytes]) -> list[bytes]:
    return [hash_leaf(leaf) for leaf in leaves]


def _reader(leaves: list[bytes]) -> HashReader:
    hashes = _hashes(leaves)
    return lambda level, index: root_of(hashes[index << level : (index + 1) << level])


def _make_log(leaves: list[bytes], checkpoint: bytes) -> dict[str, bytes]:
    width = len(leaves)
    return {
        "log/checkpoint": checkpoint,
        "log/keys": encode_keys(leaves[:1]),
        f"log/{format_tile_path(Tile(0, 0, width))}": b"".join(_hashes(leaves)),
        f"log/{format_tile_path(Bundle(0, width))}": encode_bundle(leaves),
    }


def _make_keys() -> dict[str, Any]:
    return {
        "warning": "public test keys: whoever trusts them trusts everybody",
        "keys": [
            {
                "role": role,
                "seed": seed_of(role).hex(),
                "key_id": signer.key.key_id.hex(),
                "vkey": str(signer.key),
            }
            for role, signer in SIGNERS.items()
        ],
    }


def _make_notes() -> dict[str, Any]:
    signer = SIGNERS["node"]
    good = sign_note("Teks apa saja.\n\nJuga — dengan baris kosong.\n".encode(), signer)
    flipped = good.replace(b"Teks", b"teks")
    bad: dict[str, tuple[bytes, str]] = {
        "another text": (flipped, "signature"),
        "unknown key only": (sign_note(b"x\n", SIGNERS["log"]), "signature"),
        "no empty line": (good.replace(b"\n\n\xe2", b"\n\xe2"), "format"),
        "hyphen for the dash": (
            good.replace("\n— ".encode(), b"\n- "),
            "format",
        ),
        "no final LF": (good[:-1], "format"),
        "a line after the signatures": (good + b"\n", "format"),
        "base64 without padding": (good.replace(b"=\n", b"\n"), "format"),
        "a space too many": (good.replace(b"/node ", b"/node  "), "format"),
        "CR LF": (good.replace(b"\n", b"\r\n"), "format"),
        "control character": (good.replace(b"Teks", b"T\x1beks"), "format"),
    }
    return {
        "vkey": str(signer.key),
        "valid": [
            {"name": "one signature", "note": good.decode()},
            {
                "name": "another key signed too",
                "note": sign_note(b"x\n", SIGNERS["log"], signer).decode(),
            },
        ],
        "invalid": [
            {"name": name, "note": note.decode(), "error": error}
            for name, (note, error) in bad.items()
        ],
    }


def _make_records(leaves: list[bytes]) -> dict[str, Any]:
    good = leaves[1]
    other = Signer.from_seed("stranger.example/records", seed_of("records"))
    text = parse_note(good).text
    bad: dict[str, tuple[bytes, str]] = {
        "one vote more": (good.replace(b":127", b":128"), "signature"),
        "a space": (good.replace(b":127", b": 127"), "format"),
        "members in another order": (
            good.replace(b'"01":41,"02":127', b'"02":127,"01":41'),
            "format",
        ),
        "an escape for a letter": (good.replace(b"lembar", b"lemb\\u0061r"), "format"),
        "a fraction": (good.replace(b":127", b":127.0"), "record"),
        "a member twice": (
            good.replace(b'"form":"plano"', b'"form":"plano","form":"plano"'),
            "format",
        ),
        "an unknown member": (_reseal(text, b'{"abc":1,', b"{"), "record"),
        "a negative count": (_reseal(text, b":-127", b":127"), "record"),
        "a TPS with full-width digits": (
            _reseal(text, "31710100010\uff10\uff11".encode(), b"3171010001001"),
            "record",
        ),
        "another organisation": (
            _reseal(text, b"stranger.example", b"monitor.example"),
            "record",
        ),
        "another election": (_reseal(text, b"pemilu-2019", b"pemilu-2024"), "record"),
        "two signatures": (sign_note(text, SIGNERS["records"], other), "signature"),
        "another key": (sign_note(text, other), "signature"),
        "the log's key": (sign_note(text, SIGNERS["log"]), "signature"),
    }
    return {
        "identity": str(SIGNERS["identity"].key),
        "valid": [
            {
                "index": index,
                "record": record_id(parse_note(leaf).text),
                "leaf_hash": hash_leaf(leaf).hex(),
                "leaf": leaf.decode(),
            }
            for index, leaf in enumerate(leaves)
        ],
        "invalid": [
            {"name": name, "index": 1, "leaf": leaf.decode(), "error": error}
            for name, (leaf, error) in bad.items()
        ],
    }


def _reseal(text: bytes, new: bytes, old: bytes) -> bytes:
    """A changed text under a good signature: what is wrong is the text alone."""
    return sign_note(text.replace(old, new, 1), SIGNERS["records"])


def _make_proofs(leaves: list[bytes]) -> dict[str, Any]:
    read, sizes = _reader(leaves), range(1, len(leaves) + 1)
    return {
        "roots": [root_at(size, read).hex() for size in range(len(leaves) + 1)],
        "inclusion": [
            {
                "index": index,
                "size": size,
                "proof": [one.hex() for one in prove_inclusion(index, size, read)],
            }
            for size in sizes
            for index in range(size)
        ],
        "consistency": [
            {
                "old": old,
                "new": new,
                "proof": [one.hex() for one in prove_consistency(old, new, read)],
            }
            for new in sizes
            for old in range(1, new + 1)
        ],
    }


def _make_proof(leaves: list[bytes], checkpoint: bytes) -> bytes:
    path = prove_inclusion(1, len(leaves), _reader(leaves))
    return format_proof(Proof(1, tuple(path), checkpoint))


def _make_receipt(leaves: list[bytes], checkpoint: bytes) -> bytes:
    """The same proof with the record and the keys of the log in it."""
    path = prove_inclusion(1, len(leaves), _reader(leaves))
    return format_receipt(leaves[1], leaves[:1], 1, path, checkpoint)


def _make_fork(leaves: list[bytes]) -> bytes:
    """Evidence against this log: at size 3 it once signed another third leaf."""
    hashes, log = _hashes(leaves), SIGNERS["log"]
    other = Checkpoint(ORIGIN, 3, root_of([*hashes[:2], hash_leaf(b"another")]))
    new = Checkpoint(ORIGIN, len(leaves), root_of(hashes))
    proof = prove_prefix(3, len(leaves), _reader(leaves))
    return format_evidence(
        sign_checkpoint(other, log), sign_checkpoint(new, log), proof
    )


def _make_policy() -> bytes:
    names = ("witness-1", "witness-2")
    return format_policy(
        Policy(
            (PolicyLog(SIGNERS["log"].key),),
            tuple(Witness(name, SIGNERS[name].key) for name in names),
            (WitnessGroup("two", 2, names),),
            "two",
        )
    )


def _json(value: dict[str, Any]) -> bytes:
    made = {"made_by": MAKER, **value}
    return (json.dumps(made, indent=1, ensure_ascii=False) + "\n").encode()


def main() -> None:
    """Write every file."""
    for name, data in make_vectors().items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


if __name__ == "__main__":
    main()
