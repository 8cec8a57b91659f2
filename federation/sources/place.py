"""Polling stations as people write them: a whole code, or a kelurahan and a number.

Rule: a code has 13 characters. Fewer are taken only where a separator or a column of
its own stands between the kelurahan and the number: `720211001001` is a code that lost
a digit as well as TPS 1 of another kelurahan, and a guess would sign the votes of a
wrong polling station. Abroad (99…) KPU's last three digits are no TPS number at all
(TPS 001 of Abu Dhabi is 9901010001002), so only whole codes are taken there.
"""

import re
from typing import Final

from federation.records.tps import TpsId
from federation.sources.blank import is_blank, space, tidy
from federation.sources.row import BadCell, clip
from federation.text import Sentence

# Whole codes; letters stand in those from abroad only.
_WHOLE: Final = re.compile(r"(?:[0-9]{10}|99[0-9A-Z]{2}[0-9]{6})[0-9]{3}")
_HOME: Final = re.compile(r"(?!99)[0-9]{10}")
_ABROAD: Final = re.compile(r"99[0-9A-Z]{2}[0-9]{6}")
# The Kemendagri spelling has dots; people also write blanks and hyphens.
_GROUPS: Final = r"([0-9]{2})[. -]?([0-9A-Z]{2})[. -]?([0-9]{2})[. -]?([0-9]{4})"
_KELURAHAN: Final = re.compile(_GROUPS)
_DIGITS: Final = (
    r"(?:TPS[ ._:#-]{0,3})?(?:(?:NO|NOMOR|NOMER|NUMBER)[ .:]{0,3})?([0-9]{1,3})"
)
_NUMBER: Final = re.compile(_DIGITS + r"(?:[.,]0{1,2})?")
_SEPARATOR: Final = r"(?: ?[./_,:-] ?| (?=[0-9TN])|(?=TPS))"
_PARTED: Final = re.compile(_GROUPS + _SEPARATOR + _DIGITS)
_PADDED: Final = re.compile(_GROUPS + r"([0-9]{3})")
_FLOAT: Final = re.compile(r"([0-9]{10,13})[.,]0{1,2}")  # a number made of a code
# A code that a spreadsheet shows as a number, all 13 digits of it.
_GROUPED: Final = re.compile(r"[0-9]([., ])[0-9]{3}\1[0-9]{3}\1[0-9]{3}\1[0-9]{3}")
_SPOILT: Final = re.compile(r"[0-9][.,]?[0-9]*E\+?[0-9]+")
_DECIMAL: Final = re.compile(r"([0-9]{10})[.,]([0-9]{1,2})")
# The first form that fits the cell, as it is or without separators, says why.
_FAULTS: Final = tuple(
    (re.compile(pattern), f"cell.{name}")
    for pattern, name in (
        (r"", "place-empty"),
        (_SPOILT.pattern, "place-spoilt"),
        (r"99[ -~]{9,}", "place-abroad"),
        (r"[0-9]{10}(?:[.,]0{1,2})?", "place-kelurahan"),
        (_GROUPS + _SEPARATOR + r"(?:TPS)?[ ._:#-]*0{1,3}", "place-zero"),
        (r"[ -~]*(?:POS|KSK)[ 0-9][ -~]*", "number-post"),
        (r"[0-9]{11,12}", "place-short"),
        (r"[0-9]{14,}", "place-long"),
        (r"(?![0-9]{13})[0-9]{2}[0-9A-Z]{2}[0-9]{9}", "place-letters"),
    )
)

#: Codes: what it is, an example, what is read.
PLACES: Final[tuple[tuple[str, str, str], ...]] = (
    ("whole code", "7202011001004", "7202011001004"),
    ("dots of Kemendagri", "72.02.01.1001.004", "7202011001004"),
    ("dots and a hyphen", "72.02.01.1001-004", "7202011001004"),
    ("dots and TPS", "72.02.01.1001 TPS 4", "7202011001004"),
    ("blanks", "72 02 01 1001 004", "7202011001004"),
    ("hyphen before the number", "7202011001-4", "7202011001004"),
    ("slash before the number", "7202011001/4", "7202011001004"),
    ("underscore before the number", "7202011001_004", "7202011001004"),
    ("blank before the number", "7202011001 4", "7202011001004"),
    ("TPS before the number", "7202011001 TPS 4", "7202011001004"),
    ("a dot before three digits", "7202011001.004", "7202011001004"),
    ("a number made of the code", "7202011001004.0", "7202011001004"),
    ("a number with marks for thousands", "7.202.011.001.004", "7202011001004"),
    ("abroad, whole", "99AB010001001", "99AB010001001"),
)
#: Numbers beside a kelurahan: an example, what is read.
NUMBERS: Final[tuple[tuple[str, int], ...]] = (
    *(("4", 4), ("004", 4), ("4.0", 4), ("901", 901), ("TPS 4", 4), ("TPS-004", 4)),
    *(("TPS_6", 6), ("TPS.4", 4), ("tps4", 4), ("TPS No. 5", 5), ("TPS Nomor 5", 5)),
    *(("No. 5", 5), ("TPS #5", 5), ("TPS: 5", 5)),
)  # fmt: skip


def parse_place(text: str, column: str = "", *, unpadded: bool = False) -> TpsId:
    """The TPS code in one cell.

    Args:
        text: Of the cell.
        column: Is named in the refusal.
        unpadded: The file writes kelurahan and number without anything between, and
            the number not padded: 11 and 12 digits are taken, too. Whether that
            polling station exists is for the caller to see.

    Raises:
        BadCell: There is none, or it could be another.
    """
    if _WHOLE.fullmatch(text):
        return TpsId(text)
    plain = _plain(text)
    match = _FLOAT.fullmatch(plain)
    if match and len(match[1]) == 13:
        plain = match[1]
    elif grouped := _GROUPED.fullmatch(plain):
        plain = plain.replace(grouped[1], "")
    if _WHOLE.fullmatch(plain):
        return TpsId(plain)
    joined = _join_groups(plain, unpadded=unpadded)
    if joined is None:
        raise BadCell("tps", _why_no_place(plain, clip(text)), column)
    return joined


def _plain(text: str) -> str:
    # Word processors make a dash of a hyphen.
    return space(text).upper().replace("\N{EN DASH}", "-")


def _join_groups(plain: str, *, unpadded: bool) -> TpsId | None:
    """The code in a spelling with separators; None where it is not certain."""
    if plain.startswith("99") or not plain.isascii() or _DECIMAL.fullmatch(plain):
        return None
    match = _PADDED.fullmatch(plain)
    if match:
        code = "".join(match.groups())
    elif parted := _PARTED.fullmatch(plain):
        code = "".join(parted.groups()[:4]) + parted[5].zfill(3)
    elif unpadded and re.fullmatch(r"[0-9]{11,12}", plain):
        code = plain[:10] + plain[10:].zfill(3)
    else:
        return None
    return TpsId(code) if _WHOLE.fullmatch(code) and int(code[10:]) else None


def _why_no_place(plain: str, shown: str) -> Sentence:
    decimal = _DECIMAL.fullmatch(plain)
    if decimal and int(decimal[2]) and not plain.startswith("99"):
        code = {"kelurahan": decimal[1], "number": decimal[2].zfill(3)}
        return Sentence("cell.place-decimal", value=shown, **code)
    bare = _bare(plain)
    for form, key in _FAULTS:
        if form.fullmatch(plain) or form.fullmatch(bare):
            value = clip(bare[:10]) if key == "cell.place-letters" else shown
            return Sentence(key, value=value, length=len(bare))
    key = "cell.place-not" if plain.isascii() else "cell.place-plain"
    return Sentence(key, value=shown)


def _bare(plain: str) -> str:
    return re.sub(r"(?<=[0-9A-Z])[. -](?=[0-9A-Z])", "", plain)


def join_place(kelurahan: str, number: str, columns: tuple[str, str]) -> TpsId:
    """The TPS code of a kelurahan's code and a number beside it.

    One of the two may be the whole code; the other then has to fit.

    Raises:
        BadCell: One of the two is not what it should be; it names its column.
    """
    place = kelurahan if _HOME.fullmatch(kelurahan) else _read_kelurahan(kelurahan)
    match = _NUMBER.fullmatch(number) or _NUMBER.fullmatch(_plain(number))
    if match and int(match[1]) and _HOME.fullmatch(place):
        return TpsId(f"{place}{match[1].zfill(3)}")
    return _join_whole(place, kelurahan, number, columns)


def check_beside(place: TpsId, name: str, cell: str, header: str) -> None:
    """See that a part of the place beside its code is that of the code.

    Raises:
        BadCell: It is another.
    """
    text = cell.strip()
    if is_blank(text):
        return
    try:
        parts = (text, "1") if name == "kelurahan" else (place[:10], text)
        other = join_place(*parts, (header, header))
    except BadCell:
        return  # a key of their own database, or a word: it says no other place
    if other[:10] != place[:10] or (name == "number" and other != place):
        shown = Sentence(
            "row.two-places", tps=place, column=clip(header), other=clip(text)
        )
        raise BadCell("tps", shown, header)


def _read_kelurahan(text: str) -> str:
    """Its ten characters; or the thirteen of a whole code; else the cell tidied."""
    plain = _plain(text)
    number = _FLOAT.fullmatch(plain)
    plain = number[1] if number else plain
    match = _KELURAHAN.fullmatch(plain)
    if match and (match[2].isdecimal() or match[1] == "99"):
        return "".join(match.groups())
    return _whole(plain) or plain


def _whole(text: str) -> TpsId | None:
    """A whole code, however it is spelt."""
    try:
        return parse_place(text)
    except BadCell:
        return None


def _join_whole(
    place: str, kelurahan: str, number: str, columns: tuple[str, str]
) -> TpsId:
    """The slow half of `join_place`: a whole code beside the other, or the reason."""
    whole = _whole(number)
    if whole is not None:
        if place in ("", whole) or (len(place) == 10 and whole.startswith(place)):
            return whole
        other = Sentence("cell.contradiction", value=clip(whole), other=clip(kelurahan))
        raise BadCell("tps", other, columns[1])
    match = _NUMBER.fullmatch(_plain(number)) if _WHOLE.fullmatch(place) else None
    if (match and place.startswith("99")) or _ABROAD.fullmatch(place):
        shown = clip(f"{place} {tidy(number)}")
        raise BadCell("tps", Sentence("cell.place-abroad", value=shown), columns[1])
    if match:
        if int(match[1]) == int(place[10:]):
            return TpsId(place)
        shown = clip(str(int(match[1])))
        other = Sentence("cell.contradiction-number", value=clip(place), other=shown)
        raise BadCell("tps", other, columns[1])
    if not _HOME.fullmatch(place):
        raise BadCell("tps", _why_no_kelurahan(place, clip(kelurahan)), columns[0])
    raise BadCell("tps", _why_no_number(number), columns[1])


def _why_no_kelurahan(plain: str, shown: str) -> Sentence:
    if not plain:
        return Sentence("cell.kelurahan-empty")
    if _SPOILT.fullmatch(plain):
        return Sentence("cell.place-spoilt", value=shown)
    if not plain.isascii():
        return Sentence("cell.place-plain", value=shown)
    bare = _bare(plain)
    if bare.isdecimal() and len(bare) != 10:
        return Sentence("cell.kelurahan-length", value=shown, length=len(bare))
    if re.fullmatch(r"[0-9]{2}[0-9A-Z]{2}[0-9]{6}", bare):
        return Sentence("cell.place-letters", value=shown)
    return Sentence("cell.kelurahan-not", value=shown)


def _why_no_number(number: str) -> Sentence:
    if re.match(r"(POS|KSK)\b", _plain(number)):
        return Sentence("cell.number-post", value=clip(number))
    return Sentence("cell.number-not", value=clip(number))
