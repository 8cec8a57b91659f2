"""The code of a polling station (TPS) and what can be read from it.

Rule: a code is text, never a number, in the one form below; importers bring other
spellings into it (`format_tps`) before anything else sees them.

    3171010001001        99AB010001901
    ^^ province          99 = overseas; its two characters may be letters
      ^^ kabupaten/kota
        ^^ kecamatan
          ^^^^ kelurahan/desa
              ^^^ number of the TPS; 901 and up: special locations
"""

import re
from typing import Annotated, Final, NewType

from msgspec import Meta

from federation.errors import FormatError
from federation.text import Sentence

TpsId = NewType("TpsId", str)

# `$` alone would take a trailing newline, `\d` full-width digits. The form with a
# look-ahead means the same to Python and to ECMAScript (JSON Schema).
TPS_PATTERN: Final = r"^(?:[0-9]{13}|99[0-9A-Z]{2}[0-9]{9})$(?!\n)"
_KELURAHAN: Final = re.compile(r"[0-9]{10}|99[0-9A-Z]{2}[0-9]{6}")
_TPS: Final = re.compile(TPS_PATTERN)
TPS_LENGTH: Final = 13
SPECIAL_FROM: Final = 901
OVERSEAS: Final = "99"  # the province that is none

TpsCode = Annotated[TpsId, Meta(pattern=TPS_PATTERN)]


def parse_tps(text: str) -> TpsId:
    """The code, if it is one.

    Raises:
        FormatError: any other text, also full-width digits and a trailing newline.
    """
    if not _TPS.fullmatch(text):
        raise FormatError(Sentence("numbering.not-tps", code=repr(text[:40])))
    return TpsId(text)


def format_tps(kelurahan: str, number: int) -> TpsId:
    """The code of TPS `number` (1 … 999) in a kelurahan of ten characters.

    Raises:
        FormatError: the kelurahan or the number is not one.
    """
    if not _KELURAHAN.fullmatch(kelurahan):
        raise FormatError(Sentence("member.kelurahan", kelurahan=f"{kelurahan[:40]!r}"))
    if not 1 <= number <= 999:
        raise FormatError(Sentence("member.tps-number", number=number))
    return TpsId(f"{kelurahan}{number:03d}")


def regions_of(tps: str) -> tuple[str, ...]:
    """The regions that a station lies in, the nation ("") first, the kelurahan last."""
    return "", tps[:2], tps[:4], tps[:6], tps[:10]


def tps_number(tps: TpsId) -> int:
    """The number within the kelurahan, 0 … 999."""
    return int(tps[10:])


def is_overseas(tps: TpsId) -> bool:
    """Whether it lies outside Indonesia."""
    return tps.startswith(OVERSEAS)


def is_special(tps: TpsId) -> bool:
    """Whether it is a special location, such as a prison or a campus."""
    return tps_number(tps) >= SPECIAL_FROM
