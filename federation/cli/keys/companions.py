"""Companion keys beside those that `federation keys statement` changes.

Rule: the companion of an identity key lies beside it and under the same passphrase.
Whoever signs asks for no further file.
"""

from collections.abc import Sequence
from pathlib import Path
from secrets import token_bytes
from typing import NamedTuple, Self

from federation.cli.context import Run
from federation.config.companionchange import (
    PreparedCompanions,
    prepare_companions,
    sign_prepared,
)
from federation.config.home import companion_of
from federation.config.keychange import KeyChangeFile
from federation.config.keystore import load_identity, save_identity
from federation.config.pkcs8 import SALT_BYTES
from federation.errors import ConflictError
from federation.records.canonical import format_time
from federation.records.keychain import KeyChain
from federation.text import Sentence
from federation.tlog.keys import ALG_ML_DSA_44, Signer


class Identity(NamedTuple):
    """An identity key that was opened, and what opens its companion."""

    signer: Signer
    path: Path
    org: str
    passphrase: str

    @classmethod
    def load(cls, path: Path, org: str, passphrase: str) -> Self:
        """The key in this file.

        Raises:
            ConfigError: it cannot be used, or the passphrase is wrong.
        """
        return cls(load_identity(path, org, passphrase), path, org, passphrase)

    def companion(self) -> Signer:
        """Its companion, which is there.

        Raises:
            ConfigError: it is not, or cannot be used.
        """
        path = companion_of(self.path)
        return load_identity(path, self.org, self.passphrase, ALG_ML_DSA_44)

    def ensure_companion(self) -> Signer:
        """The same, made if it is not there."""
        path = companion_of(self.path)
        if not path.exists():
            salt = token_bytes(SALT_BYTES)
            save_identity(path, token_bytes(32), self.passphrase, salt, ALG_ML_DSA_44)
        return self.companion()


def prepare_for(
    run: Run, chain: KeyChain, *, wanted: bool | None, is_replaced: bool
) -> list[PreparedCompanions]:
    """What is to be said of a log's companions, if anything.

    Raises:
        FederationError: as `companionchange.prepare_companions`.
    """
    one = prepare_companions(
        run.home,
        chain,
        token_bytes,
        format_time(run.now().timestamp()),
        wanted=wanted,
        is_replaced=is_replaced,
    )
    return [] if one is None else [one]


def sign_companions(
    change: KeyChangeFile, identities: Sequence[Identity]
) -> tuple[PreparedCompanions, ...]:
    """Those of the file, signed; by the identity key, where it changes old and new.

    Raises:
        ConflictError: a new identity key, which no statement of the file would name; or
            a companion that is not the one that was named before.
        ConfigError: a key cannot be used or made.
    """
    if len(identities) > 1 and not change.statements:
        raise ConflictError(Sentence("change.identity-unnamed"))
    old, new = identities[0], identities[-1]
    signed = (
        sign_prepared(one, new.signer, old.companion, new.ensure_companion)
        for one in change.companions
    )
    return tuple(one for one in signed if one is not None)
