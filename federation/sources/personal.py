"""What free text may give away of a person, found before it is signed.

Rule: a record is copied to every partner and cannot be taken back, so text in which one
of these patterns is found is not published. A pattern may be wrong about a word (the
word is named, so that it can be written otherwise); none of them proves that a text is
harmless.

    telephone   0812-0000-0000   +62 812 0000 000   (0451) 421000
    nik         16 digits, also in groups
    email       a@b.id   a (at) b.id
    plate       DN 1234 AB
    position    -1.39512, 120.75431   1°23'42"S
    account     @name   wa.me/62812…   t.me/name
    name        a title and a name behind it: Pak Budi, Ibu Siti, H. Ahmad, Sdr. Ali

Source: docs/reference/domain.md, "Privacy" (UU 27/2022)
"""

import re
from typing import Final, Literal, NamedTuple

Kind = Literal["telephone", "nik", "email", "plate", "position", "name", "account"]

_GAP: Final = r"[ .\u00a0-]?"
_TITLE: Final = (
    r"(?i:bapak|bpk|pak|ibu|bu|sdr|sdri|saudara|saudari|mas|mbak|bang|kak|haji|hajjah"
    r"|ustadz|ustaz|ust|drs|dra|dr|ir|hj|h|kades|lurah|camat|ketua kpps|tn|ny|nn)"
)
_EMAIL: Final = r"(?i)[\w.+-]+(?:@|\s?[(\[]at[)\]]\s?)[\w-]+(?:\.[\w-]+)+"
_DECIMALS: Final = r"[-+]?[0-9]{1,3}[.,][0-9]{4,}"
_POSITION: Final = (
    rf"(?i){_DECIMALS}\s*[,; ]\s*{_DECIMALS}"
    r"|[0-9]{1,3}\s?\u00b0\s?[0-9]{1,2}\s?['\u2032\u2019]"
    r"|(?:maps\.app\.goo\.gl|goo\.gl/maps|google\.[a-z.]+/maps)\S*"
)
_PAGE: Final = r"(?i)(?:wa\.me|t\.me|instagram\.com|facebook\.com)/\S+"
_NIK: Final = rf"(?<![0-9])[1-9][0-9](?:{_GAP}[0-9]){{14}}(?![0-9])"
_MOBILE: Final = rf"(?<![0-9])(?:\+?62{_GAP}|0)8(?:{_GAP}[0-9]){{7,11}}(?![0-9])"
_LANDLINE: Final = (
    rf"(?<![0-9])\(?(?:\+?62{_GAP}|0)[2-9][0-9]{{1,2}}\)?{_GAP}"
    rf"[0-9](?:{_GAP}[0-9]){{5,7}}(?![0-9])"
)
# From the surest to the least sure: an e-mail may hold what looks like an account.
_PATTERNS: Final[tuple[tuple[Kind, re.Pattern[str]], ...]] = (
    ("email", re.compile(_EMAIL)),
    ("position", re.compile(_POSITION)),
    ("account", re.compile(_PAGE)),
    ("nik", re.compile(_NIK)),
    ("telephone", re.compile(f"{_MOBILE}|{_LANDLINE}")),
    ("plate", re.compile(r"\b[A-Z]{1,2} ?[0-9]{1,4} ?[A-Z]{1,3}\b")),
    ("account", re.compile(r"(?<![\w@])@[A-Za-z][\w.]{2,}")),
    ("name", re.compile(rf"\b{_TITLE}(?:\. ?| +)[A-Z][A-Za-z'\u2019]+")),
)
# What a plate's pattern would take for one: the words of this work.
_NO_PLATE: Final = re.compile(r"(?:TPS|RT|RW|C|DC|DA|DB|KM|NO|PK) ?[0-9].*")


class Personal(NamedTuple):
    """What was found, and the word that shows it."""

    kind: Kind
    word: str


def find_personal(text: str) -> Personal | None:
    """The first thing in a text that may be somebody's; None where nothing is."""
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            word = match[0].strip()
            if kind == "plate" and _NO_PLATE.fullmatch(word):
                continue
            return Personal(kind, word)
    return None
