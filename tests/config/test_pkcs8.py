"""Private keys are PKCS#8 that any tool reads, slow to guess when encrypted."""

import base64
import hashlib
import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from federation.config.pkcs8 import (
    ROUNDS,
    decode_private_key,
    encode_private_key,
    encrypt_private_key,
)
from federation.errors import FormatError

SEED = bytes(range(32))
SALT = bytes(range(32, 64))
PASSPHRASE = "kuda laut pagi hari"


@pytest.fixture(scope="module")
def encrypted():
    return encrypt_private_key(SEED, PASSPHRASE, SALT)


def test_a_plain_key_is_read_back():
    assert decode_private_key(encode_private_key(SEED)) == SEED


def test_an_encrypted_key_is_read_back(encrypted):
    assert decode_private_key(encrypted, PASSPHRASE) == SEED


def test_the_encrypted_bytes_never_change(encrypted):
    assert hashlib.sha256(encrypted).hexdigest() == GOLDEN


def test_guessing_costs_at_least_600_000_rounds(encrypted):
    assert ROUNDS >= 600_000
    assert ROUNDS.to_bytes(3, "big") in body(encrypted)


def test_the_key_is_not_in_the_encrypted_file(encrypted):
    assert SEED not in body(encrypted)


def test_another_salt_gives_other_bytes(encrypted):
    other = encrypt_private_key(SEED, PASSPHRASE, bytes(32))
    assert body(other)[-64:] != body(encrypted)[-64:]


def test_a_composed_and_a_decomposed_letter_are_one_passphrase():
    pem = encrypt_private_key(SEED, "caf\u00e9 caf\u00e9", SALT)
    assert decode_private_key(pem, "cafe\u0301 cafe\u0301") == SEED


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl on this machine")
def test_openssl_reads_the_encrypted_key(encrypted, tmp_path):
    (tmp_path / "key.pem").write_bytes(encrypted)
    (tmp_path / "pass").write_text(PASSPHRASE)
    command = ["openssl", "pkey", "-in", "key.pem", "-passin", "file:pass", "-text"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    private = done.stdout.partition("priv:")[2].partition("pub:")[0]
    assert bytes.fromhex("".join(private.split()).replace(":", "")) == SEED


def test_a_wrong_passphrase_is_refused(encrypted):
    with pytest.raises(FormatError, match="the passphrase is wrong"):
        decode_private_key(encrypted, PASSPHRASE + " ")


def test_an_encrypted_key_needs_its_passphrase(encrypted):
    with pytest.raises(FormatError, match="needs a passphrase"):
        decode_private_key(encrypted)


def test_an_identity_that_lies_open_is_refused():
    with pytest.raises(FormatError, match="is not encrypted"):
        decode_private_key(encode_private_key(SEED), PASSPHRASE)


def body_of(pem):
    return base64.b64decode(b"".join(pem.split(b"\n")[1:-2]))


BEGIN, END = b"-----BEGIN PRIVATE KEY-----\n", b"-----END PRIVATE KEY-----\n"
PLAIN = encode_private_key(SEED)


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
@pytest.mark.parametrize(
    ("pem", "reason"),
    [
        pytest.param(b"", "is empty", id="nothing"),
        pytest.param(b" \n\n", "is empty", id="blanks"),
        pytest.param(b"\x00", "holds no private key", id="a zero"),
        pytest.param(b"PRIVATE KEY\n", "holds no private key", id="text"),
        pytest.param(BEGIN, "is cut off", id="first line"),
        pytest.param(PLAIN[:60], "is cut off", id="half"),
        pytest.param(PLAIN[: PLAIN.index(b"-----END") + 9], "is cut off", id="end"),
        pytest.param(BEGIN + END, "is damaged", id="no lines between"),
        pytest.param(BEGIN + b"not base64!\n" + END, "is damaged", id="no base64"),
        pytest.param(BEGIN + PLAIN[28:60] + b"\n" + END, "is damaged", id="a part"),
        pytest.param(body_of(PLAIN), "in binary form", id="DER"),
        pytest.param(
            PLAIN.replace(b"PRIVATE", b"PUBLIC"), "holds a public key", id="public"
        ),
        pytest.param(
            PLAIN.replace(b"PRIVATE KEY", b"CERTIFICATE"),
            "holds a public key or a cert",
            id="certificate",
        ),
        pytest.param(
            PLAIN.replace(b"PRIVATE", b"OPENSSH PRIVATE"),
            r"another form \(OPENSSH PRIVATE KEY\)",
            id="ssh",
        ),
    ],
)
def test_what_is_no_key_is_told_apart_whatever_the_passphrase(pem, reason, passphrase):
    with pytest.raises(FormatError, match=reason):
        decode_private_key(pem, passphrase)


def test_an_encrypted_key_that_is_cut_off_is_not_blamed_on_the_passphrase(encrypted):
    for at in (len(encrypted) // 2, len(encrypted) - 20):
        with pytest.raises(FormatError, match="is cut off"):
            decode_private_key(encrypted[:at], PASSPHRASE)
    lines = encrypted.split(b"\n")
    without_a_line = b"\n".join(lines[:2] + lines[3:])
    with pytest.raises(FormatError, match="is damaged"):
        decode_private_key(without_a_line, PASSPHRASE)


def test_a_key_with_lines_of_windows_or_text_around_it_is_read():
    assert decode_private_key(PLAIN.replace(b"\n", b"\r\n")) == SEED
    assert decode_private_key(b"\xef\xbb\xbf" + PLAIN) == SEED
    assert decode_private_key(b"my key:\n" + PLAIN) == SEED


def test_a_key_for_something_else_is_refused():
    pem = X25519PrivateKey.from_private_bytes(SEED).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    with pytest.raises(FormatError, match="not an Ed25519 private key"):
        decode_private_key(pem)


def body(pem):
    return base64.b64decode(b"".join(pem.split(b"\n")[1:-2]))


GOLDEN = "fb7d7f681a40e76b9d86b9d3e70d5703a91b1dacd95c95f57fefd06877355872"
