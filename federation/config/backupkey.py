"""The key that backups seal private keys for: the node has the public half only.

Rule: a backup is made by the clock, when nobody types a passphrase; so what is secret
of it is sealed for a public key, and whoever steals a backup, or the node, opens
nothing. The private half is made at a place that its owner names, a stick, say.

    keys/backup.pub    64 hex digits: the public key (X25519), and their check
    FILE               the private key, PKCS#8 under a passphrase (`pkcs8.py`)
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from federation.config.founding import FoundingReport
from federation.config.home import Home
from federation.config.sealingkey import KeyWords, found_halves, load_public

_WORDS: Final = KeyWords(none="backup.no-key", damaged="backup.public-damaged")


def found_backup_key(
    home: Home, private: Path, passphrase: str, random: Callable[[int], bytes]
) -> FoundingReport:
    """Make both halves, unless they exist; which were made.

    Args:
        home: Where the public half lies.
        private: The file of the private half.
        passphrase: Of the private half.
        random: Gives that many random bytes.

    Raises:
        ConfigError: as `sealingkey.found_halves`.
    """
    return found_halves(private, home.backup_public, passphrase, random, _WORDS)


def load_backup_public(home: Home) -> bytes | None:
    """The public key that backups seal for, 32 bytes; None: there is none.

    Raises:
        ConfigError: it is damaged.
    """
    if not home.backup_public.exists():
        return None
    return load_public(home.backup_public, _WORDS)
