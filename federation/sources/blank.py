"""What stands around a value in a cell, and what people write for "nothing here".

Rule: only what cannot change a value is taken off: blanks, marks that nobody sees, the
guards that keep a spreadsheet from spoiling a code (`="…"`, `'…`). The one mark that
shows digits in reverse order stays where it is, and the cell is refused for it.

Nothing here is not zero. A word that may mean either (`nihil`, `kosong`, `nil`) is in
no table: it is refused where a number is wanted.
"""

import re
from typing import Final

# Written by programs and by people for a value that is not there; in any case.
NOTHING: Final[tuple[str, ...]] = (
    *("", "-", "--", "\N{EN DASH}", "\N{EM DASH}", "\N{MINUS SIGN}"),
    *("n/a", "na", "n.a.", "#n/a", "<na>", "nan", "nat", "n/a."),
    *("null", "(null)", "[null]", "none", "undefined", "\\n", "(blank)"),
    *("tidak terbaca", "tak terbaca", "belum diisi", "belum ada", "unreadable"),
)  # fmt: skip
#: For a look-up without a call: the spellings of `NOTHING` that are common.
BLANK: Final = frozenset(
    spelling
    for word in NOTHING
    for spelling in (word, word.upper(), word.capitalize(), word.title())
) | {"NaN", "NaT"}  # fmt: skip

#: Around a value: what it is called, an example, what is read.
GUARDS: Final[tuple[tuple[str, str, str], ...]] = (
    ("blanks", " 127\t", "127"),
    ("blanks of a page (U+00A0), thin ones (U+2009), wide ones (U+3000)",
     "\N{NO-BREAK SPACE}127\N{IDEOGRAPHIC SPACE}", "127"),
    ("marks without width (U+200B, U+FEFF) and of direction (U+200E, U+202D)",
     "\N{ZERO WIDTH NO-BREAK SPACE}127\N{POP DIRECTIONAL FORMATTING}", "127"),
    ("a formula that is text", '="127"', "127"),
    ("an apostrophe", "'127", "127"),
    ("quotes", '"127"', "127"),
)  # fmt: skip

# Marks without width that `str.strip` leaves. Not U+202E and U+202B: behind the first
# a person sees 721 where a program reads 127.
_UNSEEN: Final = (
    "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202c\u202d"
    "\u2060\u2066\u2068\u2069\ufeff"
)
_BLANKS: Final = (
    " \t\n\r\x0b\x0c\x85\u00a0\u1680\u2028\u2029\u202f\u205f\u3000"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
)
_AROUND: Final = _BLANKS + _UNSEEN
_GUARDED: Final = re.compile(
    r"""=\s*"([^"]*)" | "([^"]*)" | '([^']*)' | ['\u2019`]([^'"\u2019`]*)""", re.VERBOSE
)
_WITHIN: Final = re.compile(f"[{re.escape(_AROUND)}]+")
_SEEN_AS_NOTHING: Final = str.maketrans("", "", _UNSEEN)


def tidy(text: str) -> str:
    """`text` without what stands around it and without a guard."""
    text = text.strip(_AROUND)
    match = _GUARDED.fullmatch(text)
    if match:
        text = next(part for part in match.groups() if part is not None)
        return text.strip(_AROUND)
    return text


def space(text: str) -> str:
    """`text` tidied, each run of blanks within it as one plain blank."""
    text = tidy(text)
    if text.isascii() and "  " not in text and text.isprintable():
        return text
    return _WITHIN.sub(_plain_blank, text)


def _plain_blank(match: re.Match[str]) -> str:
    # Where only marks without width stand between two letters, nothing is seen there.
    return " " if match[0].translate(_SEEN_AS_NOTHING) else ""


def is_blank(text: str) -> bool:
    """Whether a cell says that there is nothing."""
    return text in BLANK or tidy(text).lower() in _NOTHING


_NOTHING: Final = frozenset(NOTHING)
