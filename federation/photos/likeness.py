"""What a photo looks like, in 256 bits that copies of it nearly share.

Rule: a likeness accuses nobody. It says which photos to lay side by side; what a file
is only its SHA-256 says. Two photos are like each other where at most `LIKE` bits
differ, however either is turned; the number was measured so that forms of two stations,
also such as differ in their digits only, never are (docs/reference/likeness.md).

The photo is squeezed to 128 by 128 means of its greys. Of its cosine transform the
signs of 16 by 16 waves are kept, of 48 to 63 half-waves on each side, as wide as the
strokes of a hand: coarser ones tell of the table, the light and the printed grid, which
all forms share. Turned by a quarter, a photo has the same waves, some with the other
sign, so that the other three likenesses are made of the first (`turned`).

All of it is whole numbers: the same greys give the same bits on any machine.
`distance` and `turned` need neither a photo nor Pillow. Why it is not PDQ:
docs/adr/0021-a-likeness-of-our-own.md
"""

from functools import lru_cache
from itertools import starmap
from math import cos, pi
from operator import mul
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL import Image

LIKE: Final = 22
"""The most bits in which two photos that are like each other differ."""
BITS: Final = 256
#: Parts by which alike ones are looked up: more than half of LIKE, see `bands_of`.
BANDS: Final = 12

_EDGE: Final = 128
_WAVES: Final = range(48, 64)
_SIDE: Final = len(_WAVES)
_UNIT: Final = 1 << 12
_BOX: Final = 4  # Image.Resampling.BOX, said without loading Pillow
# The waves of paper without writing, of the night or a lens cap are those of the
# camera's noise: half of all stay below 90. Of forms, also dark ones, it was 130.
_FLAT: Final = 100 * _UNIT * _UNIT


def likeness_of(image: "Image.Image") -> str:
    """The likeness of a photo the right way up: 64 hexadecimal digits.

    Empty where there is nothing to be seen: many such photos would be alike.

    Args:
        image: Of any size and mode; is not changed.
    """
    grey = image.convert("L").resize((_EDGE, _EDGE), _BOX)
    waves = _transformed(grey.tobytes())
    if sorted(map(abs, waves))[BITS // 2] < _FLAT:
        return ""
    return f"{sum(1 << at for at, wave in enumerate(waves) if wave > 0):064x}"


def distance(one: str, other: str) -> int:
    """In how many bits two photos differ, one of them turned so that they fit best.

    Args:
        one: 64 hexadecimal digits.
        other: As `one`; the order makes no difference.
    """
    bits = int(other, 16)
    return min((turn ^ bits).bit_count() for turn in turned(int(one, 16)))


@lru_cache(maxsize=8)
def turned(likeness: int) -> tuple[int, int, int, int]:
    """The likeness of a photo, then of the same turned by one, two, three quarters."""
    across = _transposed(likeness)
    return (
        likeness,
        across ^ _ODD_ROWS,
        likeness ^ _ODD_ROWS ^ _ODD_COLUMNS,
        across ^ _ODD_COLUMNS,
    )


def _transposed(likeness: int) -> int:
    return sum(
        1 << (at % _SIDE * _SIDE + at // _SIDE)
        for at in range(BITS)
        if likeness >> at & 1
    )


# Waves that a mirror turns over: those with an odd number of half-waves.
_ODD: Final = tuple(at for at, wave in enumerate(_WAVES) if wave % 2)
_ODD_ROWS: Final = sum(1 << (row * _SIDE + at) for row in _ODD for at in range(_SIDE))
_ODD_COLUMNS: Final = sum(
    1 << (at * _SIDE + row) for row in _ODD for at in range(_SIDE)
)


@lru_cache(maxsize=1)
def _cosines() -> tuple[tuple[int, ...], ...]:
    """16 by 128, a row for each wave; rounded far above a machine's last bit."""
    return tuple(
        tuple(
            round(_UNIT * cos(pi * wave * (2 * at + 1) / (2 * _EDGE)))
            for at in range(_EDGE)
        )
        for wave in _WAVES
    )


def _transformed(grey: bytes) -> list[int]:
    """The 256 waves of 128 by 128 greys; those from top to bottom count first."""
    lines = [grey[at : at + _EDGE] for at in range(0, _EDGE * _EDGE, _EDGE)]
    # 128 by 16, turned to 16 by 128, so that both passes run along a line.
    along = [[sum(map(mul, wave, line)) for line in lines] for wave in _cosines()]
    return [
        sum(starmap(mul, zip(wave, column, strict=True)))
        for wave in _cosines()
        for column in along
    ]


def bands_of(likeness: str) -> list[int]:
    """The `BANDS` parts of a likeness: of two that are alike one part hardly differs.

    `LIKE` bits over `BANDS` parts leave at least one part with at most one bit of them.
    So whoever looks for all that are alike looks up `probes_of`, and need not look at
    every photo that there is. Each part is of bits from all over the likeness.
    """
    bits = f"{int(likeness, 16):0{BITS}b}"
    return [int(bits[at::BANDS], 2) for at in range(BANDS)]


def probes_of(likeness: str) -> list[list[int]]:
    """For each part the values, of which one that is alike has one at least there.

    Not counting that it may be turned: ask for each of `turned`.
    """
    return [
        [part, *(part ^ 1 << bit for bit in range(len(range(at, BITS, BANDS))))]
        for at, part in enumerate(bands_of(likeness))
    ]
