"""Private keys on disk.

Rule: a private key lies in a file that only its owner can read (0600), in a folder
that only its owner can enter (0700), and is refused otherwise, with the command that
mends it. No key is ever overwritten. The identity key lies apart and is encrypted:
whoever takes over a running node must not be able to name new keys for it.
"""

import hashlib
import hmac
import os
import stat
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from federation.config.disk import (
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    create_file,
    make_folder,
    read_bounded,
    refused,
)
from federation.config.home import Home
from federation.config.pkcs8 import (
    KeyKind,
    decode_private_key,
    encode_private_key,
    encrypt_private_key,
)
from federation.errors import ConfigError, FormatError
from federation.records.companion import OwnCompanions
from federation.text import Sentence
from federation.tlog.keys import (
    ALG_COSIGNATURE,
    ALG_ED25519,
    ALG_ML_DSA_44,
    Signer,
    VerifierKey,
)

MIN_PASSPHRASE: Final = 12
SECRET_BYTES: Final = 32
_MAX_KEY_BYTES: Final = 16_384
_CHECK_DIGITS: Final = 16


@dataclass(frozen=True)
class NodeKeys:
    """The private keys that a running node holds; the identity is not among them.

    `companions`: of the logs whose key has one, by origin.
    """

    log: dict[str, Signer]
    records: Signer
    node: Signer
    mirror: Signer
    companions: dict[str, OwnCompanions] = field(default_factory=dict)


def load_signer(path: Path, name: str, alg: int = ALG_ED25519) -> Signer:
    """The private key in a file.

    Args:
        path: a PKCS#8 PEM file.
        name: the name it signs under.
        alg: what it signs.

    Raises:
        ConfigError: it is missing, readable by others, or no such key.
    """
    return Signer.from_seed(name, _load_seed(path, None, _kind(alg)), alg)


def save_signer(path: Path, seed: bytes, alg: int = ALG_ED25519) -> None:
    """Write a private key (32 bytes) to a new file.

    Raises:
        ConflictError: there is one already.
        ConfigError: it cannot be written, or its folder is open to others.
    """
    _make_private(path.parent)
    create_file(path, encode_private_key(seed, _kind(alg)), PRIVATE_FILE)


def load_identity(
    path: Path, org: str, passphrase: str, alg: int = ALG_ED25519
) -> Signer:
    """The identity key of our organisation, or its companion.

    Raises:
        ConfigError: it is missing, readable by others, not encrypted, or the
            passphrase is wrong.
    """
    seed = _load_seed(path, passphrase, _kind(alg))
    return Signer.from_seed(f"{org}/identity", seed, alg)


def check_identity(path: Path) -> None:
    """Refuse what `load_identity` would refuse whatever the passphrase is.

    Asked before the passphrase is: nobody types that for a file that is not there.

    Raises:
        ConfigError: it is missing, or readable by others.
    """
    read_private(path)


def save_identity(
    path: Path, seed: bytes, passphrase: str, salt: bytes, alg: int = ALG_ED25519
) -> None:
    """Write the identity key (32 bytes), or its companion, to a new file, encrypted.

    Raises:
        ConflictError: there is one already.
        ConfigError: the passphrase is too short, it cannot be written, or its folder
            is open to others.
    """
    if len(passphrase) < MIN_PASSPHRASE:
        reason = Sentence("machine.passphrase-short", least=MIN_PASSPHRASE)
        raise ConfigError(str(path), "", reason)
    _make_private(path.parent)
    data = encrypt_private_key(seed, passphrase, salt, _kind(alg))
    create_file(path, data, PRIVATE_FILE)


def load_node_keys(home: Home, org: str, origins: Iterable[str]) -> NodeKeys:
    """The keys a node needs to sign for these logs.

    Raises:
        ConfigError: one is missing, readable by others, or no such key.
    """
    return NodeKeys(
        log={origin: load_signer(home.log_key(origin), origin) for origin in origins},
        records=load_signer(home.role_key("records"), f"{org}/records"),
        node=load_signer(home.role_key("node"), f"{org}/node"),
        mirror=load_signer(home.role_key("mirror"), f"{org}/mirror", ALG_COSIGNATURE),
    )


def check_named(path: Path, key: VerifierKey, named: Collection[VerifierKey]) -> None:
    """Refuse a key that no statement of our identity names for its part.

    A damaged file can still hold a key, another one: what it signed nobody would
    believe, and it would stand in the logs of others.

    Raises:
        ConfigError: it is none of them.
    """
    if key not in named:
        raise ConfigError(str(path), "", Sentence("machine.key-not-named", key=key))


def save_contributor_secret(path: Path, secret: bytes) -> None:
    """Write the secret of the contributors' pseudonyms to a new file.

    Raises:
        ConflictError: there is one already.
        ConfigError: it cannot be written.
    """
    _make_private(path.parent)
    create_file(path, _format_secret(secret), PRIVATE_FILE)


def load_contributor_secret(path: Path) -> bytes:
    """The secret of the contributors' pseudonyms, 32 bytes.

    Raises:
        ConfigError: it is missing, readable by others, not 64 hex digits, or damaged.
    """
    data = read_private(path)
    text = data[: 2 * SECRET_BYTES].decode("ascii", "replace")
    if len(text) == 2 * SECRET_BYTES and set(text) <= set("0123456789abcdef"):
        secret = bytes.fromhex(text)
        # Files of earlier versions have one line, and nothing to compare it with.
        if data in (_format_secret(secret), f"{text}\n".encode(), text.encode()):
            return secret
    raise ConfigError(str(path), "", Sentence("machine.secret-damaged"))


def _format_secret(secret: bytes) -> bytes:
    """The secret, and in a second line 16 digits of its SHA-256.

    With another secret every person gets another pseudonym, and nobody notices: any 64
    digits are a secret.
    """
    check = hashlib.sha256(secret).hexdigest()[:_CHECK_DIGITS]
    return f"{secret.hex()}\n{check}\n".encode()


def pseudonym(secret: bytes, org: str, election: str, contributor: str) -> str:
    """The `contributor` member for a person: 64 hex digits.

    The same person gets another one in another election or organisation, so that
    nobody can be followed from one to the other.
    """
    message = f"{org}\n{election}\n{contributor}".encode()
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


def read_private(path: Path) -> bytes:
    """The bytes of a file that only its owner can read.

    Raises:
        ConfigError: missing, unreadable, too large, or open to others.
    """
    try:
        path.stat()  # of a file that is not there, its folder is not what to mend
        check_private(path.parent, PRIVATE_FOLDER)
        check_private(path, PRIVATE_FILE)
    except OSError as error:
        raise refused(path, "read", error) from error
    return read_bounded(path, _MAX_KEY_BYTES)


def check_private(path: Path, mode: int) -> None:
    """Refuse a file or folder that others than its owner may use.

    Raises:
        ConfigError: its mode gives a right that `mode` does not, or it belongs to
            somebody else; the reason holds the command that mends it.
        OSError: it is not there.
    """
    status = path.stat()
    _judge_mode(status, path, mode)
    _judge_owner(status, path)


def read_handed(path: Path, most: int, *, any_owner: bool = False) -> bytes:
    """The first `most` bytes of a secret that lies somewhere else than a key.

    A file has to be as private as a key is. What is no file (a pipe, `/dev/fd/3`) has
    no other readers: its bytes are gone when they are read. With `any_owner` it may be
    another user's, whom a superuser acts for.

    Raises:
        ConfigError: a file that is open to others.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        # Of what is open: a name could lead elsewhere a moment later.
        status = os.fstat(file.fileno())
        if stat.S_ISREG(status.st_mode):
            _judge_mode(status, path, PRIVATE_FILE)
            if not any_owner:
                _judge_owner(status, path)
        return file.read(most)


def _judge_mode(status: os.stat_result, path: Path, mode: int) -> None:
    open_to = stat.S_IMODE(status.st_mode) & ~mode
    if open_to:
        octal = f"{stat.S_IMODE(status.st_mode):04o}"
        command = f"chmod {mode:04o} {path}"
        reason = Sentence("machine.open-to-others", mode=octal, command=command)
        raise ConfigError(str(path), "", reason)


def _judge_owner(status: os.stat_result, path: Path) -> None:
    if status.st_uid not in (os.geteuid(), 0):
        reason = Sentence("machine.not-ours", user=status.st_uid)
        raise ConfigError(str(path), "", reason)


def _make_private(folder: Path) -> None:
    """Make the folder of a key, or refuse one that is open to others."""
    make_folder(folder)
    try:
        check_private(folder, PRIVATE_FOLDER)
    except OSError as error:
        raise refused(folder, "read", error) from error


def _kind(alg: int) -> KeyKind:
    return MLDSA44PrivateKey if alg == ALG_ML_DSA_44 else Ed25519PrivateKey


def _load_seed(path: Path, passphrase: str | None, kind: KeyKind) -> bytes:
    try:
        return decode_private_key(read_private(path), passphrase, kind)
    except FormatError as error:
        raise ConfigError(str(path), "", error.what) from error
