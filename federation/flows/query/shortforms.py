"""Short forms of places that everybody writes and no list of stations has.

Rule: only what means one thing in the whole country: provinces, Jakarta's cities, and
what names of villages begin with. What a short form is for is looked for beside what
was typed, never in its place alone: `jabar` may be a part of another name.
"""

from collections.abc import Mapping, Sequence
from typing import Final

_SIDES: Final = {
    "bar": "barat",
    "ut": "utara",
    "sel": "selatan",
    "teng": "tengah",
    "tim": "timur",
}
_ISLANDS: Final = {
    "ja": ("jawa", ("bar", "teng", "tim")),
    "sum": ("sumatera", ("bar", "ut", "sel")),
    "kal": ("kalimantan", ("bar", "sel", "teng", "tim", "ut")),
    "sul": ("sulawesi", ("bar", "sel", "teng", "ut")),
    "jak": ("jakarta", ("bar", "sel", "tim", "ut")),
}
_SHORT_FORMS: Final[Mapping[str, tuple[str, ...]]] = {
    f"{short}{side}": (whole, _SIDES[side])
    for short, (whole, sides) in _ISLANDS.items()
    for side in sides
} | {
    "babel": ("bangka", "belitung"),
    "dki": ("jakarta",),
    "diy": ("yogyakarta",),
    "jakpus": ("jakarta", "pusat"),
    "jkt": ("jakarta",),
    "jogja": ("yogyakarta",),
    "jogjakarta": ("yogyakarta",),
    "yogya": ("yogyakarta",),
    "kaltara": ("kalimantan", "utara"),
    "kepri": ("kepulauan", "riau"),
    "kep": ("kepulauan",),
    "kp": ("kampung",),
    "kpg": ("kampung",),
    "malut": ("maluku", "utara"),
    "nad": ("aceh",),
    "ntb": ("nusa", "tenggara", "barat"),
    "ntt": ("nusa", "tenggara", "timur"),
    "sby": ("surabaya",),
    "sultra": ("sulawesi", "tenggara"),
    "tj": ("tanjung",),
    "tjg": ("tanjung",),
    "tg": ("tanjung",),
}


def write_out(words: Sequence[str]) -> list[str]:
    """The words, with short forms written out.

    Args:
        words: Folded.
    """
    return [part for word in words for part in _SHORT_FORMS.get(word, (word,))]
