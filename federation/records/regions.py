"""Which regions an election has, so that a code that cannot be one is told as such.

Rule: only what the list of the election knows is said. A list that is known to lack
regions (`complete` is false) refuses by the form of a code alone. No register of
polling stations is needed; `federation/profiles/` holds the lists and reads them.

    7202011001     72 province, 7202 kabupaten/kota, 720201 kecamatan, 7202011001
          ^        kelurahan/desa: its first digit is 1 (kelurahan), 2 (desa) or, in
                   Papua, 3 (desa adat); a code of BPS, the bureau of statistics, has
                   the last digit of its kecamatan there, most often 0

Overseas (`99`) is not in the lists: KPU's codes and those of other registers collide
there (docs/reference/domain.md), so that no list can say which of them exist. Their
form says a little: KPU has one code for each city, `99` and two characters, and
`010001` after it; a code of another form is of another numbering.

As stored: the codes as numbers, ascending, each written as its distance from the one
before, in decimal, separated by blanks, deflated.
"""

import zlib
from collections.abc import Iterable
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

from federation.errors import FormatError
from federation.records.tps import OVERSEAS
from federation.text import Sentence

KELURAHAN_DIGITS: Final = "123"  # of the seventh place: kelurahan, desa, desa adat
_LENGTH: Final = 10
_OVERSEAS_REST: Final = "010001"


class Regions(NamedTuple):
    """The regions of an election in its country; `abroad`: votes are cast there too."""

    election: str
    kelurahan: frozenset[str]
    above: frozenset[str]
    abroad: bool
    complete: bool

    def knows(self, kelurahan: str) -> bool:
        """Whether this code of ten characters is one of the election's kelurahan."""
        return kelurahan in self.kelurahan

    def lists(self, code: str) -> bool:
        """Whether this code, of two to ten characters, is one of its regions."""
        return code in self.above or code in self.kelurahan


def gather_regions(
    election: str, kelurahan: Iterable[str], *, abroad: bool, complete: bool
) -> Regions:
    """The regions of an election, by the codes of its kelurahan."""
    known = frozenset(kelurahan)
    kecamatan = {code[:6] for code in known}
    kabupaten = {code[:4] for code in kecamatan}
    above = frozenset(kecamatan | kabupaten | {code[:2] for code in kabupaten})
    return Regions(election, known, above, abroad, complete)


def why_impossible(code: str, regions: Regions) -> Sentence | None:
    """Why this election cannot have the region of a code; None: it can.

    Args:
        code: Of a region, two to ten characters, or of a TPS, thirteen.
        regions: Of the election.
    """
    kelurahan = code[:_LENGTH]
    if regions.lists(kelurahan):
        return None
    if kelurahan.startswith(OVERSEAS):
        return _why_not_abroad(code, regions)
    if kelurahan[:2] not in regions.above:
        return _say("region-province", code, regions, region=kelurahan[:2])
    if kelurahan[6:7] not in KELURAHAN_DIGITS:
        return _say("region-bps", code, regions, digit=kelurahan[6:7])
    return _why_unlisted(code, regions) if regions.complete else None


def is_kpu_overseas(code: str) -> bool:
    """Whether KPU's numbering of 2024 can have this code, of two or more characters.

    Where it cannot, the code is of another one; where it can, it may still be: of
    Kawal Pemilu's 304 codes 96 have this form, and mean other places.
    """
    rest = code[4:_LENGTH]
    return code.startswith(OVERSEAS) and rest == _OVERSEAS_REST[: len(rest)]


def _why_not_abroad(code: str, regions: Regions) -> Sentence | None:
    if not regions.abroad:
        return _say("region-abroad", code, regions)
    if regions.complete and not is_kpu_overseas(code):
        return _say("region-not-kpu", code, regions)
    return None


def _why_unlisted(code: str, regions: Regions) -> Sentence:
    for length, name in ((4, "region-kabupaten"), (6, "region-kecamatan")):
        if code[:length] not in regions.above:
            return _say(name, code, regions, region=code[:length])
    return _say("region-kelurahan", code, regions, region=code[:_LENGTH])


def _say(name: str, code: str, regions: Regions, **values: str) -> Sentence:
    return Sentence(
        f"numbering.{name}", code=code[:40], election=regions.election, **values
    )


def encode_regions(kelurahan: Iterable[str]) -> bytes:
    """The codes of kelurahan, which are digits alone, as they are stored."""
    numbers = sorted({int(code) for code in kelurahan})
    distances = (after - before for before, after in pairwise([0, *numbers]))
    return zlib.compress(" ".join(map(str, distances)).encode(), 9)


def decode_regions(data: bytes) -> frozenset[str]:
    """The codes that were stored as `data`.

    Raises:
        FormatError: not such a list.
    """
    try:
        distances = map(int, zlib.decompress(data).split())
        codes = frozenset(map(str, accumulate(distances)))
    except (zlib.error, ValueError) as error:
        raise FormatError(Sentence("numbering.region-list")) from error
    return codes
