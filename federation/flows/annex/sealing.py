"""An annex sealed for the coordinator's key, and opened with it.

Rule: no cipher of our own. It is HPKE in its base mode, one message for each annex, as
the library `cryptography` makes it: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
ChaCha20-Poly1305. Each is made with a new key of its sender, which is then forgotten:
whoever has sealed cannot open. The head is sealed along (`info`), so an annex opens
only as that of its organisation, election and incident, with its last day.

What is sealed has a multiple of `STEP` bytes, with blanks behind it: its size does not
tell an anonymous report from one with three witnesses. Its randomness is the library's
own: nobody can hand it in, a test neither.

Source: RFC 9180, docs/adr/0028-the-node-cannot-read-what-it-seals.md
"""

import datetime as dt
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from federation.errors import VerificationError
from federation.flows.annex.contents import IncidentAnnex, parse_contents
from federation.store.annex import AnnexHead, SealedAnnex, bound_to
from federation.text import Sentence

STEP: Final = 1024
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


def last_day(now: float, days: int) -> str:
    """The day, in UTC, that is so many days after now: `AnnexHead.keep_until`."""
    day = dt.datetime.fromtimestamp(now, dt.UTC).date() + dt.timedelta(days=days)
    return day.isoformat()


def seal(contents: IncidentAnnex, head: AnnexHead, public: bytes) -> SealedAnnex:
    """The annex, which only the private half of this key opens; `public`: 32 bytes."""
    plain = msgspec.json.encode(contents)
    plain += b" " * (-len(plain) % STEP)
    return SealedAnnex(head, seal_bytes(plain, bound_to(head), public))


def seal_bytes(plain: bytes, bound: bytes, public: bytes) -> bytes:
    """What only the private half of this key opens, and only bound to the same."""
    key = X25519PublicKey.from_public_bytes(public)
    return _SUITE.encrypt(plain, key, bound)


def open_sealed(annex: SealedAnnex, private: bytes) -> IncidentAnnex:
    """What an annex says; `private`: 32 bytes.

    Raises:
        VerificationError: it was sealed for another key, or is not what was sealed.
    """
    return parse_contents(open_bytes(annex.sealed, bound_to(annex.head), private))


def open_bytes(sealed: bytes, bound: bytes, private: bytes) -> bytes:
    """What was sealed bound to these bytes; `private`: 32 bytes.

    Raises:
        VerificationError: for another key, or it is not what was sealed.
    """
    key = X25519PrivateKey.from_private_bytes(private)
    try:
        return _SUITE.decrypt(sealed, key, bound)
    except (InvalidTag, ValueError):
        raise VerificationError(Sentence("annex.not-opened")) from None
