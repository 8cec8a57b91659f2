"""Which words and signs occur in a text: one look, by which costly patterns are spared.

Rule: what is asked for never seems to be missing. Letters are taken as a pattern takes
them that does not tell large from small; digits, and letters that are written for
digits, are one sign, with and without what may stand between them. So a pattern that
needs one of some tells can find nothing in a text in which none of them occurs.

A tell of letters alone is a whole word, and any other one a piece of what `_seen` makes
of the text:

    "budi"       the word, between anything that is no letter from A to Z
    " budi"      a word that begins so
    ".000"       a comma or a point, and three digits behind it
    "00000000"   eight digits, or O, o, I and l for some, whatever stands in between
                 of ` .,/()_~-`
    "@"          itself

What is asked with it: `personal.py`.
"""

import string
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

# Bytes, as their tables cost a tenth of those of characters; what Latin-1 has not is
# "?", which no tell holds.
_LETTERS: Final = bytes(
    ord(chr(byte).lower()) if chr(byte) in string.ascii_letters else ord(" ")
    for byte in range(256)
)
_SHAPE: Final = bytes.maketrans(b"123456789,", b"000000000.")
_DIGITS: Final = bytes.maketrans(b"123456789OoIl", b"0000000000000")
_GAPS: Final = b" .,/()_~-"
_ZEROS: Final = bytes.maketrans(b"123456789", b"000000000")
#: Longer ones are no keys, and seldom come twice.
_SHORT: Final = 64
# What else a pattern takes for an i that does not tell large from small.
_AS_I: Final = str.maketrans("\u0130\u0131", "ii")


class Tells:
    """Tells that are looked for at once."""

    def __init__(self, tells: Iterable[str]) -> None:
        told = frozenset(tells)
        self._words = frozenset(tell for tell in told if tell.isalpha())
        self._pieces = tuple(sorted(told - self._words))

    def occurring(self, text: str) -> frozenset[str]:
        """Those of them that occur in a text whose characters are the plain ones.

        No digit is told from another, and the keys of a platform differ in digits
        only: what occurs in one of them occurs in all.
        """
        if len(text) <= _SHORT and text.isascii():
            return _in_shape(self, text.encode().translate(_ZEROS))
        return self.look(text)

    def look(self, text: str) -> frozenset[str]:
        """The same, looked for."""
        words, seen = _seen(text)
        return self._words.intersection(words).union(
            filter(seen.__contains__, self._pieces)
        )


@lru_cache(maxsize=4096)
def _in_shape(tells: Tells, shape: bytes) -> frozenset[str]:
    return tells.look(shape.decode())


def _seen(text: str) -> tuple[list[str], str]:
    """The words of a text, and in lines: letters; digits; digits without gaps."""
    if not text.isascii():
        text = text.translate(_AS_I)
    raw = text.encode("latin-1", "replace")
    letters = raw.translate(_LETTERS)
    lines = b" %b\n%b\n%b" % (
        letters,
        raw.translate(_SHAPE),
        raw.translate(_DIGITS, _GAPS),
    )
    return letters.decode("latin-1").split(), lines.decode("latin-1")


def words(*texts: str) -> frozenset[str]:
    """Tells that are written one behind the other."""
    return frozenset(" ".join(texts).split())


def alternatives(pattern: str) -> frozenset[str]:
    """The words of which a pattern is one: each is a tell of it."""
    return frozenset(pattern.removeprefix("(?:").removesuffix(")").split("|"))
