"""Private keys as PKCS#8, plain or under a passphrase.

Rule: the encrypted form is written here because the library fixes PBKDF2 at 2,048
rounds for it (measured), which a stolen file does not withstand. It is read by the
library, and by `openssl pkey -in identity.pem`: no form of our own.

    EncryptedPrivateKeyInfo = PBES2( PBKDF2-HMAC-SHA256, 600,000 rounds; AES-256-CBC )

Source: RFC 8018 appendix A, RFC 5958, RFC 8410, RFC 9881
"""

import base64
import hashlib
import re
import textwrap
import unicodedata
from typing import Final, TypeAlias

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from federation.errors import FormatError
from federation.text import Sentence

# OWASP's figure for PBKDF2-HMAC-SHA256.
ROUNDS: Final = 600_000
SALT_BYTES: Final = 32

#: What a key is for: to sign, or to open what was sealed for it.
KeyKind: TypeAlias = (
    type[Ed25519PrivateKey] | type[MLDSA44PrivateKey] | type[X25519PrivateKey]
)

_BEGIN: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_LABELS: Final = frozenset({"PRIVATE KEY", "ENCRYPTED PRIVATE KEY"})
_SEQUENCE, _INTEGER, _OCTETS, _OID, _NULL = 0x30, 0x02, 0x04, 0x06, 0x05
_PBES2: Final = bytes.fromhex("2a864886f70d01050d")
_PBKDF2: Final = bytes.fromhex("2a864886f70d01050c")
_HMAC_SHA256: Final = bytes.fromhex("2a864886f70d0209")
_AES_256_CBC: Final = bytes.fromhex("60864801650304012a")


def encode_private_key(seed: bytes, kind: KeyKind = Ed25519PrivateKey) -> bytes:
    """A private key (32 bytes) as unencrypted PEM."""
    key = _load(seed, kind)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def encrypt_private_key(
    seed: bytes, passphrase: str, salt: bytes, kind: KeyKind = Ed25519PrivateKey
) -> bytes:
    """A private key (32 bytes) as PEM under a passphrase.

    Args:
        seed: the private key.
        passphrase: any text; NFC is applied, so that every keyboard gives the same.
        salt: `SALT_BYTES` random bytes; they also give the start of the cipher.
        kind: What the key is for.
    """
    key = _load(seed, kind)
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


def decode_private_key(
    pem: bytes, passphrase: str | None = None, kind: KeyKind = Ed25519PrivateKey
) -> bytes:
    """The 32 bytes of a private key.

    Args:
        pem: PKCS#8 in PEM.
        passphrase: None for a plain key; a plain key is refused where one is given.
        kind: What the key is for; another one is refused.

    Raises:
        FormatError: not such a key, or the passphrase is wrong, missing or too much.
    """
    # The library takes an empty one for none and blames the key.
    if passphrase == "":
        raise FormatError(Sentence("machine.key-no-passphrase"))
    _check_frame(pem)
    secret = None if passphrase is None else _passphrase_bytes(passphrase)
    try:
        key = load_pem_private_key(pem, secret)
    except TypeError as error:
        needed = "plain" if secret is not None else "encrypted"
        raise FormatError(Sentence(f"machine.key-{needed}")) from error
    except UnsupportedAlgorithm as error:
        raise FormatError(Sentence("machine.key-other-kind")) from error
    except (ValueError, InternalError) as error:
        # The second: OpenSSL has no words of its own for some damaged keys.
        # With a whole file and a passphrase only the passphrase is left.
        name = "wrong-passphrase" if secret is not None else "damaged"
        raise FormatError(Sentence(f"machine.key-{name}")) from error
    if not isinstance(key, kind):
        name = "key-no-annex" if kind is X25519PrivateKey else "key-other-kind"
        raise FormatError(Sentence(f"machine.{name}"))
    return key.private_bytes_raw()


def _load(
    seed: bytes, kind: KeyKind
) -> Ed25519PrivateKey | MLDSA44PrivateKey | X25519PrivateKey:
    # Of ML-DSA the file holds the seed as well, and not what is made of it.
    if issubclass(kind, MLDSA44PrivateKey):
        return kind.from_seed_bytes(seed)
    return kind.from_private_bytes(seed)


def _check_frame(pem: bytes) -> None:
    """See that there is a whole private key between its two lines.

    The library says of each of these that it "could not deserialize key data", and a
    file that is cut off would be blamed on the passphrase.

    Raises:
        FormatError: there is none, or not all of it.
    """
    if not pem.strip():
        raise FormatError(Sentence("machine.key-empty"))
    begin = _BEGIN.search(pem)
    if begin is None:
        name = "key-binary" if _is_der(pem) else "key-no-pem"
        raise FormatError(Sentence(f"machine.{name}"))
    label = begin[1].decode()
    if label not in _LABELS:
        is_public = "PUBLIC" in label or "CERTIFICATE" in label
        raise FormatError(
            Sentence("machine.key-public")
            if is_public
            else Sentence("machine.key-other-form", label=label)
        )
    body, end, _ = pem[begin.end() :].partition(f"-----END {label}-----".encode())
    if not end:
        raise FormatError(Sentence("machine.key-cut-off"))
    if not _is_whole(b"".join(body.split())):
        raise FormatError(Sentence("machine.key-damaged"))


def _is_whole(text: bytes) -> bool:
    """Whether it is Base64 of one DER element."""
    try:
        return _is_der(base64.b64decode(text, validate=True))
    except ValueError:
        return False


def _is_der(der: bytes) -> bool:
    """Whether it is a DER sequence that is as long as it says of itself."""
    if len(der) < 2 or der[0] != _SEQUENCE:
        return False
    if der[1] < 0x80:
        return len(der) == 2 + der[1]
    count = der[1] & 0x7F
    return len(der) == 2 + count + int.from_bytes(der[2 : 2 + count], "big")


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
    """One DER element of at most 255 bytes: all that a key of 32 bytes needs."""
    body = b"".join(parts)
    length = bytes([len(body)]) if len(body) < 128 else bytes([0x81, len(body)])
    return bytes([tag]) + length + body
