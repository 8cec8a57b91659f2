"""ML-DSA-44: signatures that also a quantum computer does not forge.

Rule: pure ML-DSA, no pre-hash, the empty context, private keys as their 32 bytes of
seed. What is signed begins in a way that nothing else does (`companion.py`,
`records/companion.py`), so that no context is needed to keep one from the other.

Sizes in bytes: public key 1,312, signature 2,420 (Ed25519: 32 and 64).

Source: https://doi.org/10.6028/NIST.FIPS.204
"""

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from federation.errors import FormatError
from federation.text import Sentence

if TYPE_CHECKING:
    from types import ModuleType

    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

PUBLIC_BYTES: Final = 1_312
SIGNATURE_BYTES: Final = 2_420


def public_of(seed: bytes) -> bytes:
    """The public key of the private key with this seed, 32 bytes."""
    private = _library().MLDSA44PrivateKey.from_seed_bytes(seed)
    return bytes(private.public_key().public_bytes_raw())


def sign(seed: bytes, message: bytes) -> bytes:
    """The signature over exactly `message`; another one each time."""
    return bytes(_library().MLDSA44PrivateKey.from_seed_bytes(seed).sign(message))


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` over `message` is good under a checked public key."""
    if len(signature) != SIGNATURE_BYTES:
        return False
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  # as below

    try:
        _load(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def check_public(public: bytes) -> None:
    """Refuse what is no public key.

    Raises:
        FormatError: of another size than 1,312 bytes.
    """
    if len(public) != PUBLIC_BYTES:
        raise FormatError(
            Sentence("protocol.public-size", count=len(public), right=PUBLIC_BYTES)
        )


@lru_cache(maxsize=64)
def _load(public: bytes) -> "MLDSA44PublicKey":
    key: MLDSA44PublicKey = _library().MLDSA44PublicKey.from_public_bytes(public)
    return key


@cache
def _library() -> "ModuleType":
    """Loaded when a companion key is used: most commands meet none."""
    from cryptography.hazmat.primitives.asymmetric import mldsa  # noqa: PLC0415  # start-up time

    return mldsa
