"""Private keys as PKCS#8, plain or under a passphrase.

Rule: the encrypted form is written here because the library fixes PBKDF2 at 2,048
rounds for it (measured), which a stolen file does not withstand. It is read by the
library, and by `openssl pkey -in identity.pem`: no form of our own.

    EncryptedPrivateKeyInfo = PBES2( PBKDF2-HMAC-SHA256, 600,000 rounds; AES-256-CBC )

Source: RFC 8018 appendix A, RFC 5958, RFC 8410
"""

import base64
import hashlib
import textwrap
import unicodedata
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from federation.errors import FormatError

# OWASP's figure for PBKDF2-HMAC-SHA256.
ROUNDS: Final = 600_000
SALT_BYTES: Final = 32

_SEQUENCE, _INTEGER, _OCTETS, _OID, _NULL = 0x30, 0x02, 0x04, 0x06, 0x05
_PBES2: Final = bytes.fromhex("2a864886f70d01050d")
_PBKDF2: Final = bytes.fromhex("2a864886f70d01050c")
_HMAC_SHA256: Final = bytes.fromhex("2a864886f70d0209")
_AES_256_CBC: Final = bytes.fromhex("60864801650304012a")


def encode_private_key(seed: bytes) -> bytes:
    """An Ed25519 private key (32 bytes) as unencrypted PEM."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def encrypt_private_key(seed: bytes, passphrase: str, salt: bytes) -> bytes:
    """An Ed25519 private key (32 bytes) as PEM under a passphrase.

    Args:
        seed: the private key.
        passphrase: any text; NFC is applied, so that every keyboard gives the same.
        salt: `SALT_BYTES` random bytes; they also give the start of the cipher.
    """
    key = Ed25519PrivateKey.from_private_bytes(seed)
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    derivation, start = salt[:16], salt[16:]
    secret = _passphrase_bytes(passphrase)
    aes_key = hashlib.pbkdf2_hmac("sha256", secret, derivation, ROUNDS, 32)
    padder = PKCS7(128).padder()
    cipher = Cipher(algorithms.AES(aes_key), modes.CBC(start)).encryptor()
    padded = padder.update(plain) + padder.finalize()
    encrypted = cipher.update(padded) + cipher.finalize()
    body = _encode_info(derivation, start, encrypted)
    lines = "\n".join(textwrap.wrap(base64.b64encode(body).decode("ascii"), 64))
    label = "ENCRYPTED PRIVATE KEY"
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n".encode()


def decode_private_key(pem: bytes, passphrase: str | None = None) -> bytes:
    """The 32 bytes of an Ed25519 private key.

    Args:
        pem: PKCS#8 in PEM.
        passphrase: None for a plain key; a plain key is refused where one is given.

    Raises:
        FormatError: not such a key, or the passphrase is wrong, missing or too much.
    """
    # The library takes an empty one for none and blames the key.
    if passphrase == "":
        raise FormatError("the passphrase is empty")
    secret = None if passphrase is None else _passphrase_bytes(passphrase)
    try:
        key = load_pem_private_key(pem, secret)
    except TypeError as error:
        needed = "is not encrypted" if secret is not None else "needs a passphrase"
        raise FormatError(f"the private key {needed}") from error
    except ValueError as error:
        what = "the passphrase is wrong" if secret is not None else "no private key"
        raise FormatError(what) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise FormatError("not an Ed25519 private key")
    return key.private_bytes_raw()


def _passphrase_bytes(passphrase: str) -> bytes:
    return unicodedata.normalize("NFC", passphrase).encode("utf-8")


def _encode_info(salt: bytes, start: bytes, encrypted: bytes) -> bytes:
    """EncryptedPrivateKeyInfo as DER."""
    pseudorandom = _der(_SEQUENCE, _der(_OID, _HMAC_SHA256), _der(_NULL))
    parameters = _der(
        _SEQUENCE,
        _der(_OCTETS, salt),
        _der(_INTEGER, ROUNDS.to_bytes(3, "big")),
        pseudorandom,
    )
    derivation = _der(_SEQUENCE, _der(_OID, _PBKDF2), parameters)
    cipher = _der(_SEQUENCE, _der(_OID, _AES_256_CBC), _der(_OCTETS, start))
    scheme = _der(_SEQUENCE, _der(_OID, _PBES2), _der(_SEQUENCE, derivation, cipher))
    return _der(_SEQUENCE, scheme, _der(_OCTETS, encrypted))


def _der(tag: int, *parts: bytes) -> bytes:
    """One DER element of at most 255 bytes: all that an Ed25519 key needs."""
    body = b"".join(parts)
    length = bytes([len(body)]) if len(body) < 128 else bytes([0x81, len(body)])
    return bytes([tag]) + length + body
