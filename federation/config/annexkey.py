"""The key that annexes are sealed for: the node has one half, a coordinator the other.

Rule: whoever takes a node, or its disk, must not be able to read who reported what. So
the node holds the public key only, which seals; what opens lies apart, under a
passphrase of its own, like the identity key, and belongs off this machine.

    keys/annex.pub        64 hex digits: the public key (X25519), and their check
    identity/annex.pem    the private key, PKCS#8 under the passphrase (`pkcs8.py`)

How both are made and read: `sealingkey.py`.

Source: docs/adr/0028-the-node-cannot-read-what-it-seals.md
"""

from collections.abc import Callable
from typing import Final

from federation.config.founding import FoundingReport
from federation.config.home import Home
from federation.config.sealingkey import KeyWords, found_halves, load_public

_WORDS: Final = KeyWords(none="annex.no-key", damaged="annex.public-damaged")


def found_annex_key(
    home: Home, passphrase: str, random: Callable[[int], bytes]
) -> FoundingReport:
    """Make both halves, unless they exist; which were made.

    Args:
        home: Where.
        passphrase: Of the private half.
        random: Gives that many random bytes.

    Raises:
        ConfigError: as `sealingkey.found_halves`.
    """
    halves = home.annex_private, home.annex_public
    return found_halves(*halves, passphrase, random, _WORDS)


def load_annex_public(home: Home) -> bytes:
    """The public key that annexes are sealed for: 32 bytes.

    Raises:
        ConfigError: there is none, or it is damaged.
    """
    return load_public(home.annex_public, _WORDS)
