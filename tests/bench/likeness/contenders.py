"""What a photo looks like, by other rules than ours: what they are measured against.

All are as long as ours, or nearly. PDQ is measured where the package `pdqhash` is
installed; nothing else here needs more than Pillow.
"""

import importlib
from collections.abc import Callable, Iterable
from itertools import pairwise
from math import cos, pi
from operator import mul
from typing import Final, NamedTuple

from PIL import Image

from federation.photos.likeness import BITS, likeness_of, turned


class Contender(NamedTuple):
    """A rule: `rule` gives the bits of a grey photo, `turns` those of its quarters."""

    name: str
    bits: int
    rule: Callable[[Image.Image], int]
    turns: Callable[[int], tuple[int, ...]] = lambda bits: (bits,)


def contenders() -> list[Contender]:
    """Ours first; PDQ only where it is installed."""
    found = [
        Contender(
            "ours", BITS, lambda photo: int(likeness_of(photo) or "0", 16), turned
        ),
        Contender("waves 1–16 (pHash)", 256, _waves),
        Contender("neighbours (dHash)", 240, _neighbours),
        Contender("means of blocks", 256, _means),
    ]
    try:
        pdq, numpy = map(importlib.import_module, ("pdqhash", "numpy"))
    except ImportError:
        return found

    def rule(photo: Image.Image) -> int:
        bits, _ = pdq.compute(numpy.asarray(photo.convert("RGB")))
        return _packed(bool(bit) for bit in bits)

    return [*found, Contender("PDQ 0.2.8", 256, rule)]


def _packed(bits: Iterable[bool]) -> int:
    return sum(bit << at for at, bit in enumerate(bits))


def _waves(photo: Image.Image) -> int:
    """Waves of 1 to 16 half-waves against their median, of 64 by 64 means."""
    edge = 64
    greys = photo.resize((edge, edge), Image.Resampling.BOX).tobytes()
    lines = [greys[at : at + edge] for at in range(0, edge * edge, edge)]
    cosines = [
        [cos(pi * wave * (2 * at + 1) / (2 * edge)) for at in range(edge)]
        for wave in range(1, 17)
    ]
    along = [[sum(map(mul, wave, line)) for line in lines] for wave in cosines]
    waves = [sum(map(mul, wave, column)) for wave in cosines for column in along]
    middle = sorted(waves)[len(waves) // 2]
    return _packed(wave > middle for wave in waves)


def _neighbours(photo: Image.Image) -> int:
    """Whether each of 16 by 16 means is brighter than the one left of it."""
    greys = photo.resize((16, 16), Image.Resampling.BOX).tobytes()
    lines = [greys[at : at + 16] for at in range(0, 256, 16)]
    return _packed(left < right for line in lines for left, right in pairwise(line))


def _means(photo: Image.Image) -> int:
    """Whether each of 16 by 16 means is brighter than their median."""
    greys = photo.resize((16, 16), Image.Resampling.BOX).tobytes()
    middle: Final = sorted(greys)[len(greys) // 2]
    return _packed(grey > middle for grey in greys)
