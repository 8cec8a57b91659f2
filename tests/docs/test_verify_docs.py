"""The stranger's path, typed as the page says, against nodes that hold each other."""

import hashlib
import http.server
import os
import re
import shutil
import subprocess
import threading
import urllib.request
from pathlib import Path

import pytest

from federation.config.fingerprint import fingerprint
from federation.records.keychain import encode_keys
from federation.records.receipt import format_receipt
from federation.tlog.checkpoint import format_checkpoint, parse_checkpoint
from federation.tlog.cosignature import add_signatures, cosign
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
from tests.fakes import FakeOrg, Tree, flip_bit

PAGES = Path(__file__).resolve().parents[2] / "docs" / "how-to"
BLOCK = re.compile(r"```sh\n(.*?)```\n", re.DOTALL)
TOOLS = ("bash", "base32", "curl", "openssl", "sha256sum", "xxd")
ORGS = ("jagasuara.example", "jagapemilu.example", "kawalpemilu.example")
SUARA, PEMILU, KAWAL = ORGS
ENGLISH, INDONESIAN = "verify-without-us.md", "verify-without-us.id.md"
VERIFIED = "Signature Verified Successfully"
RECORDS = 7
HELD_AT = 1_707_920_040  # 2024-02-14 21:14 WIB
SIGNERS = {org: FakeOrg(org, "pilpres-2019") for org in ORGS}
RECORD = "a5" * 32  # the name under which the files below have it
RECEIPT = f"/v1/records/{RECORD}/receipt"


class Place:
    """What a stranger can reach: an address, fingerprints, and the id of a record."""

    def __init__(self, url: str, prints: dict[str, str], record: str) -> None:
        self.url, self.prints, self.record = url, prints, record

    @property
    def receipt_path(self) -> str:
        return f"/v1/records/{self.record}/receipt"

    def values(self) -> dict[str, str]:
        """What takes the place of the page's example values."""
        return {
            "node": self.url,
            "fingerprint": self.prints[SUARA],
            "record": self.record,
        }


def script(page: str, place: Place) -> str:
    """All blocks of the page, with the place's values for those of the example."""
    text = "".join(BLOCK.findall((PAGES / page).read_text(encoding="utf-8")))
    for name, value in place.values().items():
        text, count = re.subn(rf"(?m)^{name}=.*$", f"{name}={value}", text)
        assert count == 1, name
    for org in (PEMILU, KAWAL):
        text, count = re.subn(
            rf"(?m)^held {org} .*$", f"held {org} {place.prints[org]}", text
        )
        assert count == 1, org
    return text


def sentences(said: str) -> dict[str, str]:
    """Name of a conclusion → the line that the page prints when it holds."""
    history = f"{SUARA}/pilpres-2019"
    lines = {
        "en": {
            "keys": f"the keys are those of {SUARA}",
            "record": f"{SUARA} said this",
            "total": f"{SUARA} signed this total",
            "place": rf"it is entry \d+ of {history}, unchanged",
            "pemilu": f"{PEMILU} has held it since .* WIB",
            "kawal": f"{KAWAL} has held it since .* WIB",
        },
        "id": {
            "keys": f"kuncinya memang milik {SUARA}",
            "record": f"{SUARA} menyatakan ini",
            "total": f"{SUARA} menandatangani jumlah ini",
            "place": rf"catatan nomor \d+ dalam {history}, tidak berubah",
            "pemilu": f"{PEMILU} menyimpannya sejak .* WIB",
            "kawal": f"{KAWAL} menyimpannya sejak .* WIB",
        },
    }
    return lines[said]


@pytest.fixture
def stranger(tmp_path):
    """Types a page in an empty folder: exit code, conclusions reached, output."""
    for tool in TOOLS:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    count = 0

    def follow(place: Place, page: str = ENGLISH, *, strict: bool = False):
        nonlocal count
        count += 1
        folder = tmp_path / f"stranger-{count}"
        folder.mkdir()
        done = subprocess.run(
            ["bash", "-ec" if strict else "-c", script(page, place)],
            cwd=folder,
            env={**os.environ, "TZ": "UTC"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
            check=False,
        )
        output = done.stdout.decode(errors="replace")
        said = "id" if page == INDONESIAN else "en"
        found = {
            name
            for name, line in sentences(said).items()
            if re.search(rf"(?m)^{line}$", output)
        }
        return done.returncode, found, output

    return follow


ALL = {"keys", "record", "total", "place", "pemilu", "kawal"}


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.read()


def keys_path(org: str) -> str:
    origin = f"{org}/pilpres-2019"
    return f"/{hashlib.sha256(origin.encode()).hexdigest()}/keys"


class Mirror:
    """A server of these bytes at these paths."""

    def __init__(self, files: dict[str, bytes]) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = files.get(self.path)
                self.send_response(404 if body is None else 200)
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_: object) -> None:
                pass

        self.files = files
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(scope="module")
def files():
    """What a node serves of a history of seven that two others hold, by path."""
    return serving_of(7, 3)


def serving_of(size: int, index: int) -> dict[str, bytes]:
    tree = Tree(SIGNERS[SUARA])
    tree.grow(tree.owner.results(0, size - 1))
    text = parse_note(tree.note()).text
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


@pytest.fixture
def serve(files):
    """What serves these files with some of them changed, as a lying node would."""
    opened = []

    def changed(changes: dict[str, bytes], **prints: str) -> Place:
        opened.append(Mirror({**files, **changes}))
        of = {org: fingerprint(one.identity.key) for org, one in SIGNERS.items()}
        return Place(opened[-1].url, {**of, **prints}, RECORD)

    yield changed
    for one in opened:
        one.close()


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
        {"record", "place"},
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


@pytest.mark.parametrize("page", [ENGLISH, INDONESIAN])
def test_the_page_says_the_sentence_of_good_files(stranger, serve, page):
    code, found, output = stranger(serve({}), page, strict=True)
    assert (code, found) == (0, ALL), output
    assert output.count(VERIFIED) == 7
    assert output.count("14-02-2024 21:14 WIB") == 2


@pytest.mark.parametrize("part", DAMAGED)
def test_one_flipped_bit_takes_away_what_it_belongs_to(stranger, serve, files, part):
    damage, missing = DAMAGED[part]
    damaged = damage(files[RECEIPT])
    assert damaged != files[RECEIPT]
    _, found, output = stranger(serve({RECEIPT: damaged}))
    assert ALL - found == missing, output


def test_a_flipped_bit_in_a_partners_keys_takes_away_that_it_holds(
    stranger, serve, files
):
    path = keys_path(PEMILU)
    notes = flipped(decode_notes(files[path], 10), 0, b'"recorded_at":"20')
    _, found, output = stranger(serve({path: encode_notes(notes)}))
    assert ALL - found == {"pemilu"}, output


@pytest.mark.parametrize(
    ("org", "name"), [(SUARA, "keys"), (PEMILU, "pemilu"), (KAWAL, "kawal")]
)
def test_another_fingerprint_is_nobodys(stranger, serve, org, name):
    other = fingerprint(FakeOrg("other.example").identity.key)
    _, found, output = stranger(serve({}, **{org: other}))
    assert ALL - found == {name}, output


def test_a_receipt_that_is_not_there_proves_nothing(stranger, serve):
    _, found, output = stranger(serve({RECEIPT: b""}))
    assert not found, output


@pytest.mark.slow
def test_the_hashes_lead_to_the_total_from_every_place(stranger, serve):
    for size in (2, 3, 6, 7):
        for index in range(1, size):
            _, found, output = stranger(serve(serving_of(size, index)))
            assert found == ALL, f"{index} of {size}: {output}"
