"""The fingerprint of an identity key, made to be read out on the telephone.

Rule: 160 bits, forty characters, eight groups of five. The last character of a group
is a check digit, so that a mistake is found in the group in which it was made, and
two groups told in the wrong order are found as well.

    bits    SHA-256(0x01 || public key)[:20]
    text    base32 (RFC 4648, A-Z 2-7), four characters a group
    digit   over GF(32) with x^5 = x^2 + 1, g = number of the group (0 to 7):
            ((((g + c0)x + c1)x + c2)x + c3)x    finds every wrong character and
            every two characters exchanged, as its five factors differ
    written GEZDB-… eight groups, "-" between
"""

import base64
import hashlib
import re
from typing import Final

from federation.errors import FormatError
from federation.text import Sentence
from federation.tlog.keys import VerifierKey

GROUPS: Final = 8
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BETWEEN: Final = re.compile(r"[ \t\n-]+")
# What is easily heard or typed for a letter of the alphabet; base32 has no 0, 1 and 8.
_MISREAD: Final = str.maketrans("018", "OIB")


def fingerprint(identity: VerifierKey) -> str:
    """The fingerprint of a key: eight groups of five characters.

    The name of the key is not part of it: it is the key that people compare.
    """
    digest = hashlib.sha256(b"\x01" + identity.public).digest()[:20]
    letters = base64.b32encode(digest).decode("ascii")
    groups = (letters[4 * g : 4 * g + 4] for g in range(GROUPS))
    return "-".join(group + _check_digit(g, group) for g, group in enumerate(groups))


def parse_fingerprint(text: str) -> str:
    """The fingerprint in its one written form, from what a person typed.

    Small letters, spaces instead of "-" or nothing between the groups, and 0, 1, 8
    for O, I, B are understood.

    Raises:
        FormatError: too short, too long, or with a mistake; it names the groups.
    """
    letters = _BETWEEN.sub("", text.strip()).translate(_MISREAD)
    # ASCII first: upper() makes two letters of some foreign ones.
    if not letters.isascii() or len(letters) != 5 * GROUPS:
        why = Sentence("keys.fingerprint-length", groups=GROUPS)
        raise FormatError(why, repr(text[:60]))
    letters = letters.upper()
    groups = [letters[5 * g : 5 * g + 5] for g in range(GROUPS)]
    wrong = [str(g + 1) for g, group in enumerate(groups) if not _holds(g, group)]
    if wrong:
        where = Sentence("keys.fingerprint-group", groups=", ".join(wrong))
        raise FormatError(Sentence("keys.fingerprint-wrong"), where)
    return "-".join(groups)


def differing(one: str, other: str) -> list[int]:
    """In which groups, from 1, two fingerprints in their written form differ."""
    pairs = zip(one.split("-"), other.split("-"), strict=True)
    return [number for number, (a, b) in enumerate(pairs, 1) if a != b]


def _holds(number: int, group: str) -> bool:
    known = all(letter in _ALPHABET for letter in group)
    return known and _check_digit(number, group[:4]) == group[4]


def _check_digit(number: int, group: str) -> str:
    """The check digit of four characters that stand as group `number` (from 0)."""
    value = number
    for letter in group:
        value = (value ^ _ALPHABET.index(letter)) << 1
        if value & 32:
            value ^= 0b100101
    return _ALPHABET[value]
