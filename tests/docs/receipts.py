"""Receipts as a lying node would serve them: in their form, with one thing turned."""

import hashlib
import http.server
import threading

from federation.config.fingerprint import fingerprint
from federation.records.keychain import (
    encode_keys,
)
from federation.records.keysigning import sign_statement
from federation.records.receipt import format_receipt
from federation.records.sealed import record_id
from federation.tlog.checkpoint import format_checkpoint, parse_checkpoint
from federation.tlog.cosignature import add_signatures, cosign
from federation.tlog.keys import Signer
from federation.tlog.merkle import prove_inclusion
from federation.tlog.note import (
    Note,
    decode_notes,
    encode_notes,
    format_note,
    parse_note,
)
from federation.tlog.proof import format_proof, parse_proof
from federation.tlog.tile import hash_reader
from tests.docs.places import KAWAL, ORGS, PEMILU, SUARA, receipt_path
from tests.fakes import FakeOrg, Tree, flip_bit
from tests.statements import next_statement

HELD_AT = 1_707_920_040  # 2024-02-14 21:14 WIB
SIGNERS = {org: FakeOrg(org, "pilpres-2019") for org in ORGS}
RECEIPT = "receipt"  # among the files; its path names a record


def record_of(receipt: bytes) -> str:
    """The id of the record that a receipt is about."""
    return record_id(parse_note(decode_notes(parse_proof(receipt).extra, 10)[0]).text)


def keys_path(org: str) -> str:
    origin = f"{org}/pilpres-2019"
    return f"/{hashlib.sha256(origin.encode()).hexdigest()}/keys"


def serving_of(size: int, index: int) -> dict[str, bytes]:
    """What a node serves of a history that two others hold, by path."""
    tree = Tree(SIGNERS[SUARA])
    return serving_tree(tree.grow(tree.owner.results(0, size - 1)), index)


def serving_renewed() -> tuple[dict[str, bytes], str]:
    """The same after identity and records key were replaced, and the new fingerprint.

    The record is the fourth, signed by the old key, which counts up to there.
    """
    owner = FakeOrg(SUARA, "pilpres-2019")
    tree = Tree(owner).grow(owner.results(0, 6))
    identity = Signer.from_seed(f"{SUARA}/identity", b"i" * 32)
    records = Signer.from_seed(f"{SUARA}/records", b"r" * 32)
    statement = next_statement(
        owner.chain,
        "2024-02-15T00:00:00Z",
        identity=identity.key,
        add=[("records", records.key, 5)],
        revoke=[(owner.records.key, 5, "the laptop was stolen")],
    )
    owner.statements.append(sign_statement(statement, owner.identity, identity))
    return serving_tree(tree, 3), fingerprint(identity.key)


def serving_tree(tree: Tree, index: int) -> dict[str, bytes]:
    """What a node serves of this history, which two others hold."""
    size, text = tree.size, parse_note(tree.note()).text
    lines = [cosign(text, SIGNERS[org].mirror, HELD_AT) for org in (PEMILU, KAWAL)]
    receipt = format_receipt(
        tree.leaves[index],
        tree.owner.statements,
        index,
        prove_inclusion(index, size, hash_reader(tree.tile, size)),
        add_signatures(tree.note(), lines),
    )
    keys = {keys_path(org): encode_keys(SIGNERS[org].statements) for org in ORGS}
    return {RECEIPT: receipt, **keys}


class Mirror:
    """A server of these bytes at these paths."""

    def __init__(self, files: dict[str, bytes], record: str) -> None:
        """The receipt among `files` is handed out for the record with this id."""
        receipt = {receipt_path(record): files[RECEIPT]}
        files = {**files, **receipt}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = files.get(self.path)
                self.send_response(404 if body is None else 200)
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def changed_proof(receipt: bytes, **changes: object) -> bytes:
    """The receipt with other values, in its form; nothing is signed anew."""
    return format_proof(parse_proof(receipt)._replace(**changes))


def flipped(notes: list[bytes], which: int, at: bytes, bit: int = 0) -> list[bytes]:
    """The notes with a bit turned in the byte behind `at` of one of them."""
    start = notes[which].index(at) + len(at)
    notes[which] = flip_bit(notes[which], 8 * start + bit)
    return notes


def flip_extra(receipt: bytes, which: int, at: bytes) -> bytes:
    notes = decode_notes(parse_proof(receipt).extra, 10)
    return changed_proof(receipt, extra=encode_notes(flipped(notes, which, at)))


def flip_hash(receipt: bytes, which: int) -> bytes:
    path = list(parse_proof(receipt).path)
    path[which] = flip_bit(path[which], 77)
    return changed_proof(receipt, path=tuple(path))


def flip_line(receipt: bytes, name: str, byte: int) -> bytes:
    """A bit turned in the signature under that name, or in what it is over."""
    proof = parse_proof(receipt)
    text, lines = parse_note(proof.checkpoint)
    lines = [
        one._replace(payload=flip_bit(one.payload, 8 * byte))
        if one.name == name
        else one
        for one in lines
    ]
    return changed_proof(receipt, checkpoint=format_note(Note(text, tuple(lines))))


def flip_root(receipt: bytes) -> bytes:
    text, lines = parse_note(parse_proof(receipt).checkpoint)
    found = parse_checkpoint(text)
    text = format_checkpoint(found._replace(root=flip_bit(found.root, 9)))
    return changed_proof(receipt, checkpoint=format_note(Note(text, lines)))


def other_size(receipt: bytes) -> bytes:
    text, lines = parse_note(parse_proof(receipt).checkpoint)
    text = format_checkpoint(parse_checkpoint(text)._replace(size=8))
    return changed_proof(receipt, checkpoint=format_note(Note(text, lines)))


# What is turned -> what the page then does not say.
DAMAGED = {
    "a figure of the record": (
        lambda one: flip_extra(one, 0, b'"01":10'),
        {"asked"},
    ),
    "the record's signature": (
        lambda one: flip_extra(one, 0, b"/records "),
        {"record", "place"},
    ),
    "the statement of the keys": (
        lambda one: flip_extra(one, 1, b'"recorded_at":"20'),
        {"keys"},
    ),
    "the lowest hash": (lambda one: flip_hash(one, 0), {"place"}),
    "the highest hash": (lambda one: flip_hash(one, -1), {"place"}),
    "one hash too few": (
        lambda one: changed_proof(one, path=parse_proof(one).path[:-1]),
        {"place"},
    ),
    "one hash too many": (
        lambda one: changed_proof(one, path=(*parse_proof(one).path, b"x" * 32)),
        {"place"},
    ),
    "the number of the record": (
        lambda one: changed_proof(one, index=2),
        {"place"},
    ),
    "a number beyond the end": (
        lambda one: changed_proof(one, index=11),
        {"place"},
    ),
    "the signed total": (flip_root, {"total", "place", "pemilu", "kawal"}),
    "how many entries there are": (other_size, {"total", "pemilu", "kawal"}),
    "the signature over the total": (
        lambda one: flip_line(one, f"{SUARA}/pilpres-2019", 20),
        {"total"},
    ),
    "the time of a partner's signature": (
        lambda one: flip_line(one, f"{PEMILU}/mirror", 7),
        {"pemilu"},
    ),
    "a partner's signature": (
        lambda one: flip_line(one, f"{KAWAL}/mirror", 30),
        {"kawal"},
    ),
}
