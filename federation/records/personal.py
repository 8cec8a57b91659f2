"""What free text may give away of a person: found, and put a mark in the place of.

Rule: a record is copied to every partner and cannot be taken back, so text in which one
of these patterns is found is not published. A pattern may be wrong about a word (the
word is named, so that it can be written otherwise); none of them proves that a text is
harmless. What each finds, how much it misses and what it takes for something else is
measured: docs/reference/personal-data.md.

    telephone   0812-0000-0000   +62 (812) 0000 000   (0451) 421000   O8l2…
                nol delapan satu dua … in words
    nik         16 digits of an identity or family card, also in groups
    bank        an account number behind the name of a bank, or behind "rekening"
    email       a@b.id   a (at) b.id   a at b dot id   a@b titik id
    plate       DN 1234 AB   DN-1234-AB   mobil dn 1234 ab
    position    -1.39512, 120.75431   1°23'42"S   1,39512 LS   6P58QV8W+2X
    account     @name   wa.me/62812…   t.me/name   x.com/name
    address     Jl. Mawar No. 12 RT 03/RW 05   Blok C2/12   tinggal di RT 3 RW 5
    name        `personnames.py`: Pak Budi, saksi Budi, a/n Budi, Budi Siregar

Each pattern is bounded in every repeat, and two neighbours never share a character
that both may repeat: a text of 4,000 characters costs each of them a fixed number of
steps a character. Beside each stand its tells: where none of them occurs the pattern
can find nothing and is not asked, which of most texts is true of all patterns.

Source: docs/reference/domain.md, "Privacy" (UU 27/2022)
"""

import re
import string
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import chain, product
from typing import Final, Literal, NamedTuple

from federation.records.occurring import Tells, alternatives, words
from federation.records.personnames import HOUSE, NAMES

PersonalKind = Literal[
    "telephone",
    "nik",
    "bank",
    "email",
    "plate",
    "position",
    "account",
    "address",
    "name",
]

#: What stands in the place of a word that was taken out; nothing is looked for in one.
MARKS: Final[dict[PersonalKind, str]] = {
    "telephone": "[nomor telepon]",
    "nik": "[nomor KTP]",
    "bank": "[nomor rekening]",
    "email": "[alamat surel]",
    "plate": "[nomor pelat]",
    "position": "[posisi]",
    "account": "[akun]",
    "address": "[alamat rumah]",
    "name": "[nama]",
}
#: Where the marks would not leave room: no finding is shorter.
SHORT: Final = "…"

# Between two digits. Letters that are written for a nought or a one.
_S: Final = r"[ ._~\-]"
_STEP: Final = r"(?:[ ./_~\-]| [\-/] )?"
_N: Final = "[0-9OoIl]"

# E-mail. Words with `at` and a plain dot between them may be a sentence in English.
# From the first letter only, or each letter would be a beginning.
_WORD: Final = r"(?<![\w.+\-])[\w.+\-]{1,64}"
_AT: Final = r"(?:@ ?| @ |\s?[(\[{](?:at|a|et)[)\]}]\s?)"
_DOT: Final = r"(?:\.| \. |\s?[(\[{](?:dot|titik)[)\]}]\s?|\s(?:dot|titik)\s)"
_LABEL: Final = r"[a-z0-9][\w\-]{0,62}"
_EMAIL: Final = (
    rf"(?i){_WORD}(?:{_AT}{_LABEL}(?:{_DOT}{_LABEL}){{0,3}}{_DOT}[a-z]{{2,24}}\b"
    rf"|\s(?:at|et)\s{_LABEL}(?:\s(?:dot|titik)\s{_LABEL}){{0,3}}"
    r"\s(?:dot|titik)\s[a-z]{2,24}\b)"
)

# Positions. Two shares of one are none; thousands have three digits and no sign.
_BETWEEN: Final = r"(?:\s{0,2}[,;/&]\s{0,2}|\s(?:dan|and)\s|\s{1,2})"
_DECIMALS: Final = r"[\-+]?[0-9]{1,3}[.,][0-9]{4,12}"
_CODE: Final = "23456789CFGHJMPQRVWX"
_SIDE: Final = r"(?:LS|LU|BT|BB|[NSEWU])\b"
_POSITION: Final = (
    rf"(?<![0-9.,])(?!0[.,][0-9]{{1,12}}{_BETWEEN}0[.,])"
    rf"(?:{_DECIMALS}{_BETWEEN}{_DECIMALS}"
    rf"|[\-+][0-9]{{1,2}}[.,][0-9]{{3,12}}{_BETWEEN}[0-9]{{2,3}}[.,][0-9]{{3,12}})"
    r"|(?i:\b(?:lat|lon|long|lng|latitude|longitude|lintang|bujur|koordinat|titik|geo)"
    r"\b)(?i:\W{0,3}(?:nya|gps|utara|selatan|timur|barat)\b)?\W{0,3}"
    rf"[0-9]{{1,3}}[.,][0-9]{{3,12}}(?:{_BETWEEN}[\-+]?[0-9]{{1,3}}[.,][0-9]{{3,12}})?"
    rf"|(?<![0-9.,])[0-9]{{1,3}}[.,][0-9]{{3,12}}\s?\u00b0?\s?{_SIDE}"
    rf"|\b(?:LS|LU|BT|[NSEW])\s?[0-9]{{1,3}}[.,][0-9]{{4,12}}"
    r"|[0-9]{1,3}\s?(?:\u00b0|(?i:derajat|deg)\b)\s?[0-9]{1,2}(?:[.,][0-9]{1,6})?\s?"
    r"(?:['\u2032\u2019]|(?i:menit|min)\b)"
    rf"(?:\s?[0-9]{{1,2}}(?:[.,][0-9]{{1,4}})?)?(?:\s?[\"\u2033\u201d])?(?:\s?{_SIDE})?"
    rf"|\b[{_CODE}]{{4}}(?:[{_CODE}]{{4}})?(?<![0-9]{{4}})\+[{_CODE}]{{2,3}}\b"
    r"|(?i:maps\.app\.goo\.gl|goo\.gl/maps|google\.[a-z.]{2,8}/maps"
    r"|maps\.google\.[a-z.]{2,8}/|openstreetmap\.org/|waze\.com/)\S*"
)

_UTM: Final = (
    r"(?i:\butm\b)\W{0,3}(?i:zona )?"
    r"([0-9]{1,2} ?[A-Z]?[ ,]{1,2}[0-9]{6}[ ,]{1,2}[0-9]{6,7})(?![0-9])"
)

_PAGE: Final = (
    r"(?i)\b(?:wa\.me|t\.me|telegram\.me|(?:instagram|facebook|fb|twitter|tiktok)\.com"
    r"|fb\.me|(?:api|chat)\.whatsapp\.com|(?<![\w.\-])x\.com)/\S+"
    r"|\b(?:ig|instagram|tiktok|telegram)\b\s?:?\s?@?"
    r"[a-z][a-z0-9]{0,30}?(?:[_0-9]|\.\w)[\w.]{0,60}"
)

# Digits as words.
_SPELLED: Final = (
    "(?:nol|kosong|satu|dua|tiga|empat|lima|enam|tujuh|delapan|lapan|sembilan)"
)
_DIGIT: Final = f"(?:{_SPELLED}|[0-9])"

# Behind any of these the digits may stand as they like. Without them a list of votes
# has as many: groups count only where they are those of a card, with a day of birth.
_DAY: Final = "(?:0[1-9]|[1-7][0-9])"
_MONTH: Final = "(?:0[1-9]|1[0-2])"
_NIK: Final = (
    rf"(?<![0-9])[1-9][0-9]{_N}{{14}}(?![0-9])"
    r"|(?i:\b(?:n\.?i\.?k|ktp|k\.?k|kartu keluarga|nomor induk)\b)[^0-9\n]{0,20}"
    rf"([1-9](?:[ ._\-/]{{0,3}}{_N}){{15}})(?![0-9])"
    rf"|(?<![0-9])(?:[1-9][0-9]{{3}}{_S}[0-9]{{2}}{_DAY}{_S}{_MONTH}[0-9]{{2}}{_S}"
    rf"[0-9]{{4}}|[1-9][0-9]{{5}}{_S}{_DAY}{_MONTH}[0-9]{{2}}{_S}?[0-9]{{4}}"
    rf"|[1-9][0-9]{{5}}{_DAY}{_MONTH}[0-9]{{2}}{_S}[0-9]{{4}}"
    rf"|[1-9][0-9]{_S}[0-9]{{2}}{_S}[0-9]{{2}}{_S}{_DAY}{_S}?{_MONTH}{_S}?[0-9]{{2}}"
    rf"{_S}[0-9]{{4}}|[1-9][0-9]{{5}}{_DAY}{_S}{_MONTH}[0-9]{{6}}"
    rf"|[1-9](?:{_S}[0-9]){{15}})(?![0-9])"
    rf"|(?i:\b{_SPELLED}(?:[ ,.\-]{{1,2}}{_SPELLED}){{13,15}}\b)"
)

# Of other papers, behind their names.
_PAPERS: Final = (
    r"(?i:\b(?:paspor|passport))\b[^0-9A-Z\n]{0,12}\b([A-Z]{1,2} ?[0-9]{6,7})(?![0-9])"
    rf"|(?i:\bsim\b(?: [abc]\b)?)\W{{0,3}}([0-9](?:{_S}?[0-9]){{11,13}})(?![0-9])"
)

# The code of a polling station in Seruyan (6208) begins as a number from abroad does.
_MOBILE: Final = (
    r"(?<![0-9])(?!6208(?:0[0-9]|10)[12]0[0-9]{2}[ .\-/]?[0-9]{3}(?![0-9]))"
    rf"(?:\(?(?:\+|00)?62\)?{_STEP}\(?0?|\(?0)8[0-9]{{2,3}}\)?(?:{_STEP}[0-9])"
    r"{5,9}(?![0-9])"
    # In threes, in twos, one by one; threes of other lengths are a list of votes.
    rf"|(?<![0-9])(?:\+?62{_S}?8[0-9]|08[0-9]){_S}[0-9]{{3}}{_S}[0-9]{{3,4}}"
    rf"(?:{_S}[0-9]{{2,4}})?(?![0-9])"
    rf"|(?<![0-9])(?:\+?62{_S}?8|08)(?:{_S}[0-9]{{2}}){{4,5}}(?![0-9])"
    rf"|(?<![0-9])(?:\+?62{_S}?8|08)[._\-][0-9]{{4}}(?:[._\-][0-9]{{3,4}}){{2}}(?![0-9])"
    rf"|(?<![0-9])(?:\+?62{_S}?8|08)[0-9][._\-][0-9]{{4}}[._\-][0-9]{{4,5}}(?![0-9])"
    rf"|(?<![0-9])(?:\+?6{_S}?2|0){_S}8(?:{_S}[0-9]){{7,11}}(?![0-9])"
    rf"|(?<![0-9A-Za-z])(?=[0-9 .\-+]{{0,18}}[OoIl])(?:\+?62|[0Oo]){_S}?8"
    rf"(?:{_S}?{_N}){{7,11}}(?![0-9A-Za-z])"
    # Without its zero behind a word only: alone it may be the key of a row. A code of
    # the Moluccas is none.
    r"|(?<=[\s:(])(?!8[12][07][0-9]{3}[12]0[0-9]{2}(?![0-9]))8[1-9][0-9]{8,10}(?![0-9])"
    r"|(?i:\b(?:wa|whatsapp|hp|te?lp?|telepon|kontak|hub|hubungi)\b\W{0,3})"
    rf"(8[1-9][0-9](?:{_S}?[0-9]){{6,9}})(?![0-9])"
    r"|(?i:\b(?:nol|kosong|enam[ ,.\-]{1,2}dua)[ ,.\-]{0,2}(?:delapan|lapan|8)"
    rf"(?:[ ,.\-]{{0,2}}{_DIGIT}){{7,11}}\b)"
)
# Codes of towns; a subscriber's number begins with no 0 and no 1.
_LANDLINE: Final = (
    r"(?<![0-9])\(?(?:0|\+62[ \-]?)(?:(?:2[124]|31|61)\)?[ .\-]{0,2}[2-9][0-9]{2,3}"
    r"[ .\-]?[0-9]{4}|[2-79][0-9]{2}\)?[ .\-]{0,2}[2-9][0-9]{2,3}[ .\-]?[0-9]{2,4})"
    r"(?![0-9])"
)

# An amount of money is no account, nor is the code of a polling station.
_BANK: Final = (
    r"(?:\b(?:BCA|BRI|BNI|BSI|BTN|BPD|BJB|DKI|CIMB|SeaBank|Danamon|Permata"
    r"|Muamalat)\b|(?i:\bbank [a-z]{3,12}\b|\brek(?:ening)?\b|\bnorek\b|\bva\b"
    r"|\bvirtual account\b))"
    r"(?:[ .:(/]{1,3}(?!(?i:rp|tps|kode)\b)(?i:a[/.]n|[a-z]{1,12}))"
    r"{0,4}[ .:(=]{1,3}(?!(?:[0-9]{1,3}[.]){1,4}[0-9]{3}(?![.\-0-9]))"
    rf"([0-9](?:{_S}?[0-9]){{7,17}})(?![0-9])"
)

# By the codes of the regions: what else begins with letters is no plate.
_REGION: Final = (
    "(?:A[ABDEG]?|B[ABDEGHKLMNP]?|D[ABCDEGHKLMNPRSTW]?|E[ABD]?|F|G|H|K[BHTU]?|L|M|N|P[ABGST]?"
    "|R|S|T|W|Z)"
)
_PLATE: Final = (
    rf"(?<![\w\-]){_REGION}[ .\-]?[0-9]{{1,4}}[ .\-]?[A-Z]{{1,3}}\b(?![ \-.]?[0-9]|-\w)"
    r"|(?i:\b(?:plat|pelat|nopol|polisi|mobil|motor|kendaraan|truk|pikap|bus)\b"
    r"(?: (?:nomor|no|dinas|merah|hitam|plat|polisi))?[ :.]{0,3})"
    rf"((?i:\b{_REGION}[ .\-]?[0-9]{{3,4}}[ .\-]?[a-z]{{1,3}}\b))"
)

# Where somebody lives: a street alone is none, nor is a quarter of thirty houses.
_RTRW: Final = (
    r"(?i:RT ?/ ?RW\.? ?:? ?[0-9]{1,3} ?[/\-] ?[0-9]{1,3}"
    r"|RT\.? ?:? ?[0-9]{1,3}[ ,/.\-]{0,3}(?:RW\.? ?:? ?[0-9]{1,3})?)"
)
_STREET: Final = (
    r"(?:jl|jln|jalan|gg|gang|lorong|lrg|lr|perum|perumahan|kompleks?|komp)"
)
_COUNTED: Final = (
    "orang|unit|buah|lembar|km|meter|hari|kali|jam|menit|januari|februari|maret|april"
    "|mei|juni|juli|agustus|september|oktober|november|desember|baliho|spanduk|wib|wita"
)
_NO_STREET: Final = (
    "tps|km|no|rt|rw|jam|pukul|tgl|tanggal|sekitar|kira|ada|dari|sejak|selama|sampai|dan"
    "|urut|nomor|pasal|paslon|calon|caleg|sehat|santai|di|ke|yang|yg|lebih|kurang|dengan"
)
_ADDRESS: Final = (
    rf"\b(?i:{_STREET})\b\.? ?(?:(?!(?i:tps|paslon|calon|caleg|urut|nomor|pasal|no)\b)"
    r"[\w.'\u2019\-]{1,20}[ ,]{1,2}){1,5}(?i:no|nomor|nmr)\b[ .:]{0,2}"
    rf"[0-9]{{1,4}}[A-Za-z]?\b(?:[ ,]{{1,2}}{_RTRW})?"
    rf"|\b(?i:{_STREET})\b\.? ?(?:(?!(?i:tps|km|no|rt|rw)\b)[A-Z][\w.'\u2019\-]{{1,20}}"
    rf" ){{1,3}}[0-9]{{1,3}}[A-Z]?\b(?![.,:/\-]?[0-9]| (?i:{_COUNTED})\b)"
    rf"(?:[ ,]{{1,2}}{_RTRW})?"
    rf"|\b(?i:jln?)\b\.? ?(?:(?!(?i:{_NO_STREET})\b)[a-z][\w.'\u2019\-]{{1,20}} )"
    rf"{{1,2}}[0-9]{{1,3}}[A-Za-z]?\b(?![.,:/\-]?[0-9]| (?i:{_COUNTED})\b)"
    r"|\b(?i:rt\.? ?:? ?[0-9]{1,3}"
    r"(?: ?/ ?[0-9]{1,3}|[ ,/.\-]{0,3}rw\.? ?:? ?[0-9]{1,3})?"
    r"[ ,]{1,2}no[ .]{0,2}[0-9]{1,3}[a-z]?)\b"
    r"|\b(?i:apartemen|rusunawa|rusun)\b(?: [\w.\-]{1,20}){1,6}?"
    r" (?i:unit|kamar|no)[ .]{0,2}[0-9]{1,4}\b"
    r"|\b(?i:blok) [A-Z]{1,2} ?\-?[0-9]{0,3}(?:[ /,]{1,2}|\-)"
    r"(?i:no\b[ .]{0,2})?[0-9]{1,3}\b"
    r"|(?i:\b(?:alamat(?:nya)?|beralamat|tinggal|domisili|berdomisili|kediaman"
    r"|rumah (?:saya|saksi|pelapor|terlapor|beliau))\b)(?:[^.\n\[]|(?i:no)\.){0,40}?"
    rf"\b({_RTRW})"
    rf"|(?i:\brumah\b)[^.\n\[]{{0,30}}?\b((?i:no|nomor)\b[ .]{{0,2}}"
    rf"[0-9]{{1,3}}[A-Za-z]?[ ,]{{1,2}}{_RTRW})"
)

# Tells of each pattern (`occurring.py`): whatever it finds has one of them.
_TELLS_EMAIL: Final = words("@ at et a")
_TELLS_POSITION: Final = words(".000 + \u00b0 derajat deg") | {
    "goo gl", "google ", "streetmap org", "waze com",
}  # fmt: skip
_TELLS_PAGE: Final = words("me com ig instagram tiktok telegram")
_TELLS_NIK: Final = words("0" * 16) | alternatives(_SPELLED)
_TELLS_BANK: Final = words(
    "bca bri bni bsi btn bpd bjb dki cimb seabank danamon permata muamalat",
    "bank rek rekening norek va virtual",
)
_TELLS_TELEPHONE: Final = frozenset(("0" * 8, " nol", " kosong", "enam"))
_TELLS_ADDRESS: Final = words(
    "jl jln jalan gg gang lorong lrg lr perum perumahan kompleks komplek komp blok",
    "rt apartemen rusunawa rusun",
    "alamat alamatnya beralamat tinggal domisili berdomisili kediaman rumah",
)
_TELLS_PLATE: Final = frozenset(
    "".join(code).lower()
    for code in product(string.ascii_uppercase, ("", *string.ascii_uppercase))
    if re.fullmatch(_REGION, "".join(code))
)


class _PersonalPattern(NamedTuple):
    """A pattern, and its tells. What it keeps in a group is the finding, else all."""

    kind: PersonalKind
    text: str
    tells: frozenset[str]

    @property
    def pattern(self) -> re.Pattern[str]:
        """Compiled when it is asked first: most commands meet no text that asks it."""
        return _compiled(self.text)


_compiled: Final = cache(re.compile)


# From the surest to the least sure: an e-mail may hold what looks like an account.
_ROWS: Final[tuple[tuple[PersonalKind, str, frozenset[str]], ...]] = (
    ("email", _EMAIL, _TELLS_EMAIL),
    ("position", _POSITION, _TELLS_POSITION),
    ("position", _UTM, words("utm")),
    ("account", _PAGE, _TELLS_PAGE),
    ("nik", _NIK, _TELLS_NIK),
    ("nik", _PAPERS, words("paspor passport sim")),
    ("bank", _BANK, _TELLS_BANK),
    ("telephone", f"{_MOBILE}|{_LANDLINE}", _TELLS_TELEPHONE),
    ("address", _ADDRESS, _TELLS_ADDRESS),
    ("plate", _PLATE, _TELLS_PLATE),
    ("account", r"(?<![\w@])@(?!(?i:rp))[A-Za-z][\w.]{2,30}", words("@")),
    *(("name", pattern, tells) for pattern, tells in NAMES),
)
_PATTERNS: Final = tuple(_PersonalPattern(*row) for row in _ROWS)
_TELLS: Final = Tells(chain.from_iterable(one.tells for one in _PATTERNS))

# In these nothing is looked for: a program's name of a row, in which digits may stand
# in any order, and the marks.
_SILENT: Final = re.compile(
    r"(?i:\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b)|"
    + "|".join(re.escape(mark) for mark in (*MARKS.values(), SHORT))
)
_DASHES_IN_NAME: Final = 4
# What a plate's pattern would take for one: the words of this work.
_NO_PLATE: Final = re.compile(
    r"D[ABC][ .\-]?[0-9][ .\-]?[A-Z]{2,3}"
    r"|.{1,7}[0-9][ .\-]?(?:KPU|PPS|PPK|TPS|KWK|DPR|DPD|PWP|RT|RW|WIB|WIT|KG|KM|ADM)"
)
# Behind these one letter and a number are the name of a paper or a place.
_PAPER: Final = re.compile(
    r"(?i)\b(?:form|formulir|model|lampiran|surat|blok|gedung|kelas|ruang|bagian"
    r"|huruf|kategori)\.? ?\Z"
)
_SIGNS: Final = dict.fromkeys(
    map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-"
) | dict.fromkeys(map(ord, "\u3002\uff61"), ".")
# So many characters before a finding are looked at; so often what stands beside one.
_BEFORE: Final = 24
_TURNS: Final = 24


class Personal(NamedTuple):
    """What was found, the word that shows it, and where: `text[start:end]`."""

    kind: PersonalKind
    word: str
    start: int
    end: int


def find_personal(text: str) -> Personal | None:
    """The surest thing in a text that may be somebody's; None where nothing is."""
    plain = _plain(text)
    spans = list(_spoken(plain))
    for sought in _PATTERNS:
        for span in spans:
            for start, end in _find(sought, plain, span):
                return Personal(sought.kind, text[start:end], start, end)
    return None


def find_all(text: str, *, by_tells: bool = True) -> list[Personal]:
    """All things in a text that may be somebody's, by their places; they never overlap.

    What stands beside a finding is looked at again without it, until nothing is left;
    what still shows something after `_TURNS` of that is a finding as a whole.
    `by_tells=False` asks each pattern of each text and finds the same: by it that is
    held, and measured what the tells save.
    """
    plain = _plain(text)
    found: list[Personal] = []
    spans = list(_spoken(plain))
    turn = 0
    while spans:
        left: list[tuple[int, int]] = []
        for begin, stop in spans:
            kind, places = _surest(plain, (begin, stop), by_tells=by_tells)
            if places and turn == _TURNS:
                places = [(begin, stop)]
            found += (Personal(kind, text[a:b], a, b) for a, b in places)
            if places:
                edges = [begin, *chain.from_iterable(places), stop]
                beside = zip(edges[::2], edges[1::2], strict=True)
                left += ((a, b) for a, b in beside if a < b)
        spans = left
        turn += 1
    return sorted(found, key=lambda one: one.start)


def redact(text: str, most: int) -> str:
    """The text with a mark in the place of each finding; what is clean stays as it is.

    Nothing is found in what comes out. It has at most `most` characters where the text
    has: all marks are the shortest one where they would not fit otherwise.
    """
    found = find_all(text)
    marked = _marked(text, found, MARKS)
    if len(marked) > max(most, len(text)):
        return _marked(text, found, dict.fromkeys(MARKS, SHORT))
    return marked


def _marked(text: str, found: list[Personal], marks: dict[PersonalKind, str]) -> str:
    parts: list[str] = []
    at = 0
    for one in found:
        parts += text[at : one.start], marks[one.kind]
        at = one.end
    return "".join((*parts, text[at:]))


def _plain(text: str) -> str:
    """The same places, with the plain character for one that only looks otherwise."""
    if text.isascii():
        return text
    return "".join(map(_plain_char, text.translate(_SIGNS)))


def _plain_char(char: str) -> str:
    plain = unicodedata.normalize("NFKC", char)
    if len(plain) != 1:
        return char
    return str(unicodedata.decimal(plain)) if plain.isdecimal() else plain


def _spoken(text: str) -> Iterator[tuple[int, int]]:
    """The parts of a text in which something is looked for; none of them is empty."""
    begin = 0
    if "[" in text or SHORT in text or text.count("-") >= _DASHES_IN_NAME:
        for silent in _SILENT.finditer(text):
            if begin < silent.start():
                yield begin, silent.start()
            begin = silent.end()
    if begin < len(text):
        yield begin, len(text)


def _surest(
    text: str, span: tuple[int, int], *, by_tells: bool
) -> tuple[PersonalKind, list[tuple[int, int]]]:
    """All places of the surest pattern that shows any in a part of a text."""
    told = _TELLS.occurring(text[slice(*span)]) if by_tells else frozenset[str]()
    if told or not by_tells:
        for sought in _PATTERNS:
            if by_tells and sought.tells.isdisjoint(told):
                continue
            if places := list(_find(sought, text, span)):
                return sought.kind, places
    return "name", []


def _find(
    sought: _PersonalPattern, text: str, span: tuple[int, int]
) -> Iterator[tuple[int, int]]:
    """The places at which one pattern finds something in a part of a text."""
    begin, stop = span
    part = text[begin:stop]
    for match in sought.pattern.finditer(part):
        start, end = match.span(match.lastindex or 0)
        word = part[start:end]
        before = part[max(0, start - _BEFORE) : start]
        start += len(word) - len(word.lstrip())
        end -= len(word) - len(word.rstrip())
        whole = part[max(0, match.start() - _BEFORE) : match.start()]
        if not _is_of_work(sought.kind, (whole, before), part[start:end]):
            yield begin + start, begin + end


def _is_of_work(kind: PersonalKind, before: tuple[str, str], word: str) -> bool:
    if kind == "plate":
        is_paper = any(_PAPER.search(text) for text in before)
        return is_paper or _NO_PLATE.fullmatch(word) is not None
    return kind == "name" and any(HOUSE.search(text) for text in before)
