"""What free text may give away of a person, found before it is signed.

Rule: a record is copied to every partner and cannot be taken back, so text in which one
of these patterns is found is not published. A pattern may be wrong about a word (the
word is named, so that it can be written otherwise); none of them proves that a text is
harmless.

    telephone   0812-0000-0000   +62 (812) 0000 000   (0451) 421000   81200000000
    nik         16 digits, also in groups
    email       a@b.id   a (at) b.id   a at b dot id
    plate       DN 1234 AB   DN-1234-AB
    position    -1.39512, 120.75431   1°23'42"S   6P58QV8W+2X
    account     @name   wa.me/62812…   t.me/name   x.com/name
    name        a title and a name behind it: Pak Budi, Ibu Siti, H. Ahmad, Sdr. Ali;
                a/n Budi, nama: Budi, saksi Budi

Source: docs/reference/domain.md, "Privacy" (UU 27/2022)
"""

import re
from typing import Final, Literal, NamedTuple

from federation.sources.row import clip
from federation.text import Sentence

PersonalKind = Literal[
    "telephone", "nik", "email", "plate", "position", "name", "account"
]

_GAP: Final = r"[ .\u00a0-]?"
_TITLE: Final = (
    r"(?i:bapak|bpk|pak|ibu|bu|sdr|sdri|saudara|saudari|mas|mbak|bang|kak|haji|hajjah"
    r"|ustadz|ustaz|ust|drs|dra|dr|ir|hj|h|kades|lurah|camat|ketua kpps|tn|ny|nn)"
)
# Words with `at` and a plain dot between them may be a sentence in English. Bounded and
# from the first letter only, or each letter would be a beginning.
_WORD: Final = r"(?<![\w.+-])[\w.+-]{1,64}"
_AT: Final = r"\s?[(\[{]at[)\]}]\s?"
_EMAIL: Final = (
    rf"(?i){_WORD}(?:(?:@|{_AT})[\w-]+(?:(?:\.|\s?[(\[{{]dot[)\]}}]\s?|\sdot\s)[\w-]+)+"
    r"|\sat\s[\w-]+(?:\sdot\s[\w-]+)+)"
)
_BETWEEN: Final = r"\s*[,;/ ]\s*"
_DECIMALS: Final = r"[-+]?[0-9]{1,3}[.,][0-9]{4,}"
_CODE: Final = "23456789CFGHJMPQRVWX"
_POSITION: Final = (
    # Two shares of one are no position; thousands have three digits and no sign.
    rf"(?<![0-9.,])(?!0[.,][0-9]+{_BETWEEN}0[.,])"
    rf"(?:{_DECIMALS}{_BETWEEN}{_DECIMALS}"
    rf"|[-+][0-9]{{1,2}}[.,][0-9]{{3,}}{_BETWEEN}[0-9]{{2,3}}[.,][0-9]{{3,}})"
    r"|(?i:\b(?:lat|lon|long|lng|latitude|longitude)\b)\W{0,3}[0-9]{1,3}[.,][0-9]{3,}"
    r"|[0-9]{1,3}\s?\u00b0\s?[0-9]{1,2}\s?['\u2032\u2019]"
    rf"|\b[{_CODE}]{{4}}(?:[{_CODE}]{{4}})?(?<![0-9]{{4}})\+[{_CODE}]{{2,3}}\b"
    r"|(?i:maps\.app\.goo\.gl|goo\.gl/maps|google\.[a-z.]+/maps)\S*"
)
_PAGE: Final = (
    r"(?i)\b(?:wa\.me|t\.me|(?:instagram|facebook|fb|twitter|tiktok)\.com|fb\.me"
    r"|(?<![\w.-])x\.com)/\S+"
    r"|\b(?:ig|instagram|tiktok|telegram)\b\s?:?\s@?[a-z]\w*?(?:[_0-9]|\.\w)[\w.]*"
)
# Whoever writes a number of an identity card may write O for its zeros.
_NIK: Final = rf"(?<![0-9])[1-9][0-9](?:{_GAP}[0-9Oo]){{14}}(?![0-9])"
_STEP: Final = r"(?:[ .\u00a0/-]| [-/] )?"
_MOBILE: Final = (
    rf"(?<![0-9])(?:\(?\+?62\)?{_STEP}\(?|\(?0)8[0-9]{{2,3}}\)?(?:{_STEP}[0-9]){{5,9}}"
    rf"(?![0-9])|(?<![0-9])(?:\+?62{_GAP}|0)8(?:{_GAP}[0-9]){{7,11}}(?![0-9])"
    # Without its zero behind a word only: alone it may be the key of a row. A code of
    # the Moluccas is none.
    r"|(?<=[\s:(])(?!8[12][07][0-9]{3}[12]0[0-9]{2}(?![0-9]))8[1-9][0-9]{8,10}(?![0-9])"
    r"|(?i:\b(?:wa|hp|telp?|telepon)\b\W{0,3})8[1-9][0-9](?:[ .-]?[0-9]){6,9}(?![0-9])"
)
_LANDLINE: Final = (
    rf"(?<![0-9])\(?(?:\+?62{_GAP}|0)[2-9][0-9]{{1,2}}\)?{_GAP}"
    rf"[0-9](?:{_GAP}[0-9]){{5,7}}(?![0-9])"
)
_SENDERS: Final = (
    "Partai|Paslon|Pasangan|Calon|Capres|Dari|Tanpa|Tidak|Nomor|Mandat|Hadir|Luar|Dalam"
    "|Buruh|Demokrat|Garuda|Gelora|Gerindra|Golkar|Hanura|Nas[Dd]em|Perindo|Ummat"
)
# From the surest to the least sure: an e-mail may hold what looks like an account.
_PATTERNS: Final[tuple[tuple[PersonalKind, re.Pattern[str]], ...]] = (
    ("email", re.compile(_EMAIL)),
    ("position", re.compile(_POSITION)),
    ("account", re.compile(_PAGE)),
    ("nik", re.compile(_NIK)),
    ("telephone", re.compile(f"{_MOBILE}|{_LANDLINE}")),
    ("plate", re.compile(r"\b[A-Z]{1,2}[ -]?[0-9]{1,4}[ -]?[A-Z]{1,3}\b")),
    ("account", re.compile(r"(?<![\w@])@[A-Za-z][\w.]{2,}")),
    ("name", re.compile(rf"\b{_TITLE}(?:\. ?| +)(?!(?:RT|RW)\b)[A-Z][A-Za-z'\u2019]+")),
    # What says that a name follows; whoever sends a witness is a party, not a person.
    (
        "name",
        re.compile(
            r"\b(?i:a[/.]n\.?|atas nama|(?:nama(?: lengkap)?|ketua(?: kpps)?) ?:|saksi)"
            rf" ?(?!(?:{_SENDERS})\b)[A-Z][a-z\u2019]+"
        ),
    ),
)
# A program's name of a row, in which digits may stand in any order.
_UUID: Final = re.compile(r"(?i)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
# What a plate's pattern would take for one: the words of this work.
_NO_PLATE: Final = re.compile(
    r"(?:TPS|RT|RW|C|DC|DA|DB|KM|NO|PK|SK)[ -]?[0-9].*|.*[0-9][ -]?(?:KPU|PPS|PPK|TPS)"
)
# A key of a database may look like the plate of a car, or like two decimals.
_IN_KEYS: Final = frozenset({"plate", "position"})
#: Members that hold a key: of the organisation's own system, of an agency's.
_KEYS: Final = frozenset({"ref", "reference"})
# Behind these one letter and a number are the name of a paper.
_PAPER: Final = re.compile(r"(?i)\b(?:form|formulir|model|lampiran|surat)\.?\s*\Z")


class Personal(NamedTuple):
    """What was found, and the word that shows it."""

    kind: PersonalKind
    word: str


def find_personal(text: str) -> Personal | None:
    """The first thing in a text that may be somebody's; None where nothing is."""
    text = _UUID.sub(" ", text)
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            word = match[0].strip()
            if kind == "plate" and _is_of_work(text[: match.start()], word):
                continue
            return Personal(kind, word)
    return None


def why_personal(member: str, text: str) -> Sentence | None:
    """Why a text may not be signed as this member (`note`, `ref`); None: it may."""
    personal = find_personal(text)
    if personal is None or (member in _KEYS and personal.kind in _IN_KEYS):
        return None
    kind = Sentence(f"personal.{personal.kind}")
    return Sentence("row.personal", word=clip(personal.word), kind=kind)


def _is_of_work(before: str, word: str) -> bool:
    return _NO_PLATE.fullmatch(word) is not None or _PAPER.search(before) is not None
