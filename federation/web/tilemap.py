"""A map of the provinces as tiles: each as large as the others, with its figure.

Rule: drawn by the node, as SVG of rectangles and words: no picture from elsewhere, no
script, no style but the sheet's. One table of places makes two drawings, the country in
one piece and, for a narrow screen, folded between Kalimantan and Sulawesi with the west
above the east. What has no place here (a province of another numbering) stands in a row
of its own below: nothing vanishes. The caller says what is shown in a tile, how dark it
is, where it leads to, and beside the map the same as a table: a drawing alone would
tell a reader who cannot see it nothing.

Where a tile stands is roughly where its province is: neighbours side by side, islands
apart where there is room, the order from west to east and from north to south kept.
That is what people look for on a map of the country; the area of a province is left out
on purpose, as few people live in the largest ones.

Source of the places: the coordinates of the capitals in `records/provinces.py`, moved
by hand to whole columns and rows until no two were in one place.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from federation.records.tps import OVERSEAS

SIDE: Final = 44  # of a tile, in units of the drawing
#: How far apart the two halves of the folded drawing are.
_STRAIT: Final = SIDE // 2
#: Where the drawing is folded for a narrow screen: no tile stands in this column.
_FOLD: Final = 7
_ROWS: Final = 6
#: How many shades there are beside the one for nothing.
SHADES: Final = 5


class TilePlace(NamedTuple):
    """Where a province stands, from the north-west, and how it is called for short."""

    column: int
    row: int
    short: str


PLACES: Final[dict[str, TilePlace]] = {
    # Sumatera, from the north-west to the south-east
    "11": TilePlace(0, 0, "Aceh"),
    "12": TilePlace(0, 1, "Sumut"),
    "14": TilePlace(1, 1, "Riau"),
    "21": TilePlace(2, 1, "Kepri"),
    "13": TilePlace(0, 2, "Sumbar"),
    "15": TilePlace(1, 2, "Jambi"),
    "19": TilePlace(3, 2, "Babel"),
    "17": TilePlace(0, 3, "Bengk."),
    "16": TilePlace(1, 3, "Sumsel"),
    "18": TilePlace(2, 3, "Lampg."),
    # Jawa, Bali, Nusa Tenggara: the southern coast is the lower row
    "36": TilePlace(2, 4, "Banten"),
    "31": TilePlace(3, 4, "DKI"),
    "33": TilePlace(4, 4, "Jateng"),
    "35": TilePlace(5, 4, "Jatim"),
    "32": TilePlace(3, 5, "Jabar"),
    "34": TilePlace(4, 5, "DIY"),
    "51": TilePlace(6, 5, "Bali"),
    "52": TilePlace(8, 5, "NTB"),
    "53": TilePlace(9, 5, "NTT"),
    # Kalimantan
    "65": TilePlace(6, 0, "Kaltara"),
    "61": TilePlace(4, 1, "Kalbar"),
    "64": TilePlace(6, 1, "Kaltim"),
    "62": TilePlace(5, 2, "Kalteng"),
    "63": TilePlace(6, 2, "Kalsel"),
    # Sulawesi
    "75": TilePlace(9, 0, "Goront."),
    "71": TilePlace(10, 0, "Sulut"),
    "72": TilePlace(8, 1, "Sulteng"),
    "76": TilePlace(8, 2, "Sulbar"),
    "73": TilePlace(8, 3, "Sulsel"),
    "74": TilePlace(9, 3, "Sultra"),
    # Maluku
    "82": TilePlace(11, 1, "Malut"),
    "81": TilePlace(11, 3, "Maluku"),
    # Papua: Barat Daya and Barat on the Bird's Head, Selatan at Merauke
    "96": TilePlace(12, 1, "PBD"),
    "92": TilePlace(13, 1, "Pabar"),
    "91": TilePlace(14, 1, "Papua"),
    "94": TilePlace(13, 2, "Pateng"),
    "95": TilePlace(14, 2, "Papeg"),
    "93": TilePlace(14, 3, "Pasel"),
    # No place of the country: apart from all others
    OVERSEAS: TilePlace(12, 5, "L.N."),
}


class TileValue(NamedTuple):
    """What is told of one province.

    Attributes:
        code: Of the province.
        name: In words.
        figure: What stands in the tile; short.
        said: The whole of it in words, for whoever points at the tile or hears it.
        shade: 0 (nothing) to `SHADES`.
        href: Where the tile leads to; "": nowhere.
        is_placed: Whether the code means the province of `PLACES`.
    """

    code: str
    name: str
    figure: str
    said: str
    shade: int
    href: str = ""
    is_placed: bool = True


class Shade(NamedTuple):
    """Of which figures, from the first to the last, this is the shade."""

    shade: int
    first: int
    last: int

    def has(self, figure: int) -> bool:
        """Whether this figure is one of them."""
        return self.first <= figure <= self.last


class DrawnTile(NamedTuple):
    """A value, and where it is drawn: the corner of its tile."""

    value: TileValue
    short: str
    x: int
    y: int


class TileDrawing(NamedTuple):
    """One drawing of all tiles; `width` and `height` in its own units."""

    width: int
    height: int
    tiles: tuple[DrawnTile, ...]


class TileMap(NamedTuple):
    """Both drawings, and what has no place in them."""

    wide: TileDrawing
    narrow: TileDrawing
    others: tuple[TileValue, ...]


def draw_tiles(values: Iterable[TileValue]) -> TileMap:
    """The map of these values, in the order of their codes."""
    placed: list[TileValue] = []
    others: list[TileValue] = []
    for value in sorted(values):
        is_here = value.is_placed and value.code in PLACES
        (placed if is_here else others).append(value)
    return TileMap(
        wide=_draw(placed, is_folded=False),
        narrow=_draw(placed, is_folded=True),
        others=tuple(others),
    )


def shades_of(most: int) -> list[Shade]:
    """Which shade is for which figures, up to the largest; the lightest first.

    Each begins where a third of its last figure ends: of counts a few are large and
    most are small, which equal steps would paint all alike.
    """
    ends: list[int] = []
    while most > 0 and len(ends) < SHADES:
        ends.insert(0, most)
        most //= 3
    first = SHADES - len(ends) + 1
    starts = [1, *(end + 1 for end in ends)]
    return [
        Shade(first + at, start, end)
        for at, (start, end) in enumerate(zip(starts, ends, strict=False))
    ]


def shade_of(value: int, shades: Iterable[Shade]) -> int:
    """How dark a figure is: one of these, 0 for none."""
    return next((one.shade for one in shades if one.has(value)), 0)


def used_shades(values: Sequence[int], shades: Iterable[Shade]) -> list[Shade]:
    """The key to a map of these figures: of each shade on it, from which to which."""
    inside = [(one.shade, [it for it in values if one.has(it)]) for one in shades]
    return [Shade(shade, min(some), max(some)) for shade, some in inside if some]


def _draw(values: Sequence[TileValue], *, is_folded: bool) -> TileDrawing:
    columns = _FOLD if is_folded else 1 + max(it.column for it in PLACES.values())
    height = (2 * _ROWS * SIDE + _STRAIT) if is_folded else _ROWS * SIDE
    tiles = []
    for value in values:
        column, row, short = PLACES[value.code]
        x, y = column * SIDE, row * SIDE
        if is_folded and column > _FOLD:
            x, y = x - (_FOLD + 1) * SIDE, y + _ROWS * SIDE + _STRAIT
        tiles.append(DrawnTile(value, short, x, y))
    return TileDrawing(columns * SIDE, height, tuple(tiles))
