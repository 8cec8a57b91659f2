"""A key that seals, in two halves: the public one lies in `keys/`, the other elsewhere.

Rule: the private half lies under a passphrase of its own, like the identity key, and
belongs off this machine. A public key that is damaged would seal for nobody: hence its
check. Nothing that exists is replaced: what was sealed for a key opens with no other.

    64 hex digits: the public key (X25519)
    16 hex digits: its check, by which people name it
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from federation.config.disk import PRIVATE_FILE, create_file, make_folder, refused
from federation.config.founding import FoundingReport
from federation.config.keystore import MIN_PASSPHRASE, read_private
from federation.config.pkcs8 import (
    SALT_BYTES,
    decode_private_key,
    encrypt_private_key,
)
from federation.errors import ConfigError, FormatError
from federation.text import Sentence

_SEED_BYTES: Final = 32
_ID_DIGITS: Final = 16


class KeyWords(NamedTuple):
    """The keys of two sentences: there is no public half; it is damaged."""

    none: str
    damaged: str


def key_id(public: bytes) -> str:
    """16 hex digits by which people and annexes name a public key."""
    return hashlib.sha256(public).hexdigest()[:_ID_DIGITS]


def public_of(private: bytes) -> bytes:
    """The public half of a private key; both 32 bytes."""
    key = X25519PrivateKey.from_private_bytes(private)
    return key.public_key().public_bytes_raw()


def found_halves(
    private: Path,
    public: Path,
    passphrase: str,
    random: Callable[[int], bytes],
    words: KeyWords,
) -> FoundingReport:
    """Make both halves, unless they exist; which were made.

    Args:
        private: The file of the private half, which the passphrase opens.
        public: That of the public half.
        passphrase: Of the private half.
        random: Gives that many random bytes.
        words: What is said of a public half that is amiss.

    Raises:
        ConfigError: the passphrase is too short or wrong, a file cannot be written, the
            halves do not belong together, or the private one is away while the public
            one is damaged or gone.
    """
    report = FoundingReport()

    def make_private() -> None:
        if len(passphrase) < MIN_PASSPHRASE:
            reason = Sentence("machine.passphrase-short", least=MIN_PASSPHRASE)
            raise ConfigError(str(private), "", reason)
        make_folder(private.parent)
        salt, seed = random(SALT_BYTES), random(_SEED_BYTES)
        pem = encrypt_private_key(seed, passphrase, salt, X25519PrivateKey)
        create_file(private, pem, PRIVATE_FILE)

    # The private one first: a public one alone would seal what nobody can open.
    report.ensure(private, make_private)
    key = public_of(load_sealing_key(private, passphrase))
    make_folder(public.parent)
    report.ensure(public, lambda: create_file(public, _format_public(key)))
    if load_public(public, words) != key:
        reason = Sentence("machine.halves", public=public)
        raise ConfigError(str(private), "", reason)
    return report


def load_public(path: Path, words: KeyWords) -> bytes:
    """The public half in a file: 32 bytes.

    Raises:
        ConfigError: there is none, or it is damaged.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(str(path), "", Sentence(words.none)) from error
    except OSError as error:
        raise refused(path, "read", error) from error
    try:
        key = bytes.fromhex(data[: 2 * _SEED_BYTES].decode("ascii"))
    except ValueError:
        key = b""
    if data != _format_public(key):
        raise ConfigError(str(path), "", Sentence(words.damaged))
    return key


def load_sealing_key(path: Path, passphrase: str) -> bytes:
    """The private half in a file: 32 bytes.

    Raises:
        ConfigError: it is missing, readable by others, no such key, or the passphrase
            is wrong.
    """
    data = read_private(path)
    try:
        return decode_private_key(data, passphrase, X25519PrivateKey)
    except FormatError as error:
        raise ConfigError(str(path), "", error.what) from error


def _format_public(key: bytes) -> bytes:
    return f"{key.hex()}\n{key_id(key)}\n".encode()
