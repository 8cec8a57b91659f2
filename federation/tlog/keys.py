r"""Names, identifiers and texts of keys, and the one way to verify with them.

Rule: every public key enters the package through `check_public_key`, every text
through `parse_vkey`; whatever is not in its one canonical form is refused. Signatures
are verified by libsodium alone, the strictest of the common verifiers, so that what
one node admits every auditor's tool admits. Keys of the kind 0x06 stand beside Ed25519
keys and never in their place: whoever takes one says so (`companion.py`).

A key as text (vkey), by the C2SP specification signed-note v1:

    example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k
    name            key id   base64(alg || public key)

    key id = SHA-256(name || "\n" || alg || public key)[:4]
"""

import binascii
import hashlib
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

# The function behind `nacl.bindings.crypto_sign_open`, which would make room for the
# message, have it copied there, and copy it once more: see `verify`.
from nacl._sodium import ffi, lib  # type: ignore[import-not-found]  # made by cffi
from nacl.bindings import (
    crypto_core_ed25519_is_valid_point,
    crypto_sign,
    crypto_sign_seed_keypair,
)

from federation.errors import FormatError
from federation.text import Sentence
from federation.tlog import mldsa

ALG_ED25519: Final = 0x01
ALG_COSIGNATURE: Final = 0x04
ALG_ML_DSA_44: Final = 0x06

_ALGORITHMS: Final = (ALG_ED25519, ALG_COSIGNATURE)
# What a key name is made of: no control character, Unicode space, plus or surrogate.
# Listed here because Unicode tables change between Python versions and the verdict on
# a name must not.
_NAME: Final = re.compile(
    "[^\x00-\x20+\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ud800-\udfff]+"
)


_open: Final = lib.crypto_sign_open
_NOWHERE: Final = ffi.NULL


@dataclass(frozen=True)
class VerifierKey:
    """A public key with the name it signs under; `str()` of it is its vkey."""

    name: str
    alg: int
    public: bytes

    @cached_property
    def key_id(self) -> bytes:
        """The four bytes that stand before a signature made with this key."""
        material = b"%s\n%c%s" % (self.name.encode(), self.alg, self.public)
        return hashlib.sha256(material).digest()[:4]

    def __str__(self) -> str:
        return format_vkey(self)


class Signer:
    """A private key. Its representation never shows the secret."""

    __slots__ = ("_secret", "key")

    def __init__(self, key: VerifierKey, secret: bytes) -> None:
        """`secret`: libsodium's 64 bytes, or a seed of ML-DSA; by `from_seed`."""
        self.key = key
        self._secret = secret

    @classmethod
    def from_seed(cls, name: str, seed: bytes, alg: int = ALG_ED25519) -> "Signer":
        """The signer whose private key is these 32 bytes.

        Raises:
            FormatError: the name, the algorithm or the seed's length is not allowed.
        """
        check_key_name(name)
        if alg not in (*_ALGORITHMS, ALG_ML_DSA_44):
            raise FormatError(Sentence("protocol.algorithm", alg=f"{alg:#04x}"))
        if len(seed) != 32:
            raise FormatError(Sentence("protocol.seed-size", count=len(seed)))
        if alg == ALG_ML_DSA_44:
            return cls(VerifierKey(name, alg, mldsa.public_of(seed)), seed)
        public, secret = crypto_sign_seed_keypair(seed)
        return cls(VerifierKey(name, alg, public), secret)

    @property
    def name(self) -> str:
        """The name this key signs under."""
        return self.key.name

    def sign(self, message: bytes) -> bytes:
        """The signature over exactly `message`: 64 bytes, of ML-DSA-44 2,420."""
        if self.key.alg == ALG_ML_DSA_44:
            return mldsa.sign(self._secret, message)
        return crypto_sign(message, self._secret)[:64]

    def __repr__(self) -> str:
        return f"<Signer {self.key}>"


def verify_by(key: VerifierKey, message: bytes, signature: bytes) -> bool:
    """Whether `signature` over `message` is good under this key, of whatever kind."""
    if key.alg == ALG_ML_DSA_44:
        return mldsa.verify(key.public, message, signature)
    return verify(key.public, message, signature)


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` over `message` is good under a checked Ed25519 key.

    Source: RFC 8032 section 5.1.7, as narrowed by libsodium.
    """
    # libsodium reads 32 and 64 bytes whatever the objects' lengths are.
    if len(public) != 32 or len(signature) != 64:
        return False
    signed = signature + message
    # Nowhere to write the message to: it is verified, not copied.
    return bool(_open(_NOWHERE, _NOWHERE, signed, len(signed), public) == 0)


def check_public_key(public: bytes) -> None:
    """Refuse whatever no honest key generator makes.

    Under a key of small order OpenSSL accepts forged signatures; a key that is not
    canonical is two keys to two verifiers.

    Raises:
        FormatError: not 32 bytes, not canonical, or not in the prime-order group.
    """
    if len(public) != 32:
        raise FormatError(Sentence("protocol.public-size", count=len(public), right=32))
    if not _is_valid_point(public):
        raise FormatError(Sentence("protocol.weak-key"))


@lru_cache(maxsize=1024)
def _is_valid_point(public: bytes) -> bool:
    # As slow as a signature, and every statement of a chain lists the same keys again.
    return bool(crypto_core_ed25519_is_valid_point(public))


def check_key_name(name: str) -> None:
    """Refuse a name that could not stand in a signature line.

    Raises:
        FormatError: empty, or with a space, a control character or a plus.

    Source: C2SP signed-note v1 section Format
    """
    if not _NAME.fullmatch(name):
        raise FormatError(Sentence("protocol.key-name"))


def format_vkey(key: VerifierKey) -> str:
    """The key as text."""
    material = encode_base64(bytes((key.alg,)) + key.public)
    return f"{key.name}+{key.key_id.hex()}+{material}"


def parse_vkey(text: str, *, alg: int | None = None) -> VerifierKey:
    """The key that a vkey stands for.

    Args:
        text: From anyone.
        alg: Of which kind it must be; None: 0x01 or 0x04.

    Raises:
        FormatError: not canonical, a wrong key id, another algorithm, or a public key
            that `check_public_key` refuses.

    Source: C2SP signed-note v1 section Verifier keys
    """
    # Base64 may hold a plus, a name may not: hence at most two splits.
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise FormatError(Sentence("protocol.vkey"))
    name, _, encoded = parts
    check_key_name(name)
    material = decode_base64(encoded)
    if not material or material[0] not in (_ALGORITHMS if alg is None else (alg,)):
        raise FormatError(Sentence("protocol.vkey-algorithm", name=name))
    if material[0] == ALG_ML_DSA_44:
        mldsa.check_public(material[1:])
    else:
        check_public_key(material[1:])
    key = VerifierKey(name, material[0], material[1:])
    if format_vkey(key) != text:
        raise FormatError(Sentence("protocol.vkey-id", name=name))
    return key


def encode_base64(data: bytes) -> str:
    """Standard base64 with padding, on one line.

    Source: RFC 4648 section 4
    """
    return binascii.b2a_base64(data, newline=False).decode()


def decode_base64(text: str) -> bytes:
    """The bytes of canonical base64.

    Raises:
        FormatError: any other spelling: no padding, spaces, stray low bits.

    Source: RFC 4648 section 3.5
    """
    try:
        data = binascii.a2b_base64(text.encode(), strict_mode=True)
    except ValueError:
        raise FormatError(Sentence("protocol.not-base64")) from None
    # Strict mode still takes stray bits below the last full byte.
    if encode_base64(data) != text:
        raise FormatError(Sentence("protocol.base64-form"))
    return data
