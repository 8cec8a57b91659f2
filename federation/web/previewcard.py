"""The small picture that goes with a shared address: 1200 x 630, as PNG.

Rule: pure: words and figures in, bytes out; nothing is read but the font that Pillow
carries in itself. Pillow is loaded with the first picture: a node that draws none has
nothing of it in its process, and photographs are opened in another. Words are cut to
their room and stripped of what no font shows, so that a name, whatever it holds, is ink
and nothing else.
"""

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Final, NamedTuple
from unicodedata import combining, normalize

if TYPE_CHECKING:
    from PIL import ImageDraw, ImageFont

SIZE: Final = (1200, 630)
#: Of so many candidates or organisations figures have room.
MAX_LINES: Final = 4
_PAPER, _CARD, _INK, _SOFT, _LINE, _TEAL, _DIFFERS = (
    *("#fbfbf8", "#ffffff", "#1c2321", "#56615e", "#d9dedb", "#1f5f5b"),
    "#b3541e",
)
_EDGE: Final = 64
_RIGHT: Final = SIZE[0] - _EDGE
_MOST_LETTERS: Final = 120


class CardFigure(NamedTuple):
    """A figure and what it counts; `is_apart`: in the colour of what differs."""

    number: str
    words: str
    is_apart: bool = False


class CardLine(NamedTuple):
    """A line with a bar: from 0 to `least` surely, to `most` at most; both 0 to 1."""

    words: str
    told: str
    least: float
    most: float


class PreviewCard(NamedTuple):
    """What the picture says.

    Attributes:
        title: Of the page.
        around: Where that is, and which contest.
        covered: The coverage in words; "": none is told.
        part: How much is covered, 0 to 1; None: not known.
        figures: At most four.
        lines: At most `MAX_LINES` are drawn.
        foot: Whose node it is, and as of when.
    """

    title: str
    around: str
    covered: str
    part: float | None
    figures: Sequence[CardFigure]
    lines: Sequence[CardLine]
    foot: str


def can_draw() -> bool:
    """Whether there is a font whose letters can be drawn in any size."""
    from PIL import features  # noqa: PLC0415  # only where pictures are drawn

    return bool(features.check("freetype2"))


def draw_card(card: PreviewCard) -> bytes:
    """The picture as PNG."""
    from PIL import Image, ImageDraw  # noqa: PLC0415  # only where pictures are drawn

    picture = Image.new("RGB", SIZE, _PAPER)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, SIZE[0], 14), fill=_TEAL)
    _write(pen, (_EDGE, 48), card.title, 60, _INK)
    _write(pen, (_EDGE, 128), card.around, 30, _SOFT)
    y = 196
    if card.covered:
        _write(pen, (_EDGE, y), card.covered, 38, _INK)
        y += 58
    if card.part is not None:
        _bar(pen, y, 22, (card.part, card.part))
        y += 50
    room = (_RIGHT - _EDGE) // max(1, len(card.figures))
    for place, figure in enumerate(card.figures):
        x = _EDGE + place * room
        colour = _DIFFERS if figure.is_apart else _INK
        _write(pen, (x, y), figure.number, 44, colour, room - 16)
        _write(pen, (x, y + 54), figure.words, 24, _SOFT, room - 16)
    y += 108 if card.figures else 0
    for line in card.lines[:MAX_LINES]:
        width = _width(line.told, 28)
        _write(pen, (_EDGE, y), line.words, 28, _INK, _RIGHT - _EDGE - width - 24)
        _write(pen, (_RIGHT - width, y), line.told, 28, _INK)
        _bar(pen, y + 38, 10, (line.least, line.most))
        y += 60
    _write(pen, (_EDGE, SIZE[1] - 52), card.foot, 24, _SOFT)
    out = BytesIO()
    # A few flat colours and their edges: a third of the bytes, and no difference seen.
    picture.quantize(64, method=Image.Quantize.FASTOCTREE).save(out, "PNG")
    return out.getvalue()


def _bar(
    pen: "ImageDraw.ImageDraw", y: int, height: int, parts: tuple[float, float]
) -> None:
    """A bar over the whole width: surely so much, and at most so much."""
    least, most = (min(max(part, 0.0), 1.0) for part in parts)
    whole = _RIGHT - _EDGE
    pen.rectangle((_EDGE, y, _RIGHT, y + height), fill=_LINE)
    for part, colour in ((most, _DIFFERS), (least, _TEAL)):
        if part > 0:
            end = _EDGE + max(1, round(whole * part))
            pen.rectangle((_EDGE, y, end, y + height), fill=colour)


def _write(
    pen: "ImageDraw.ImageDraw",
    at: tuple[int, int],
    words: str,
    size: int,
    colour: str,
    room: int | None = None,
) -> None:
    """Write a line, cut to its room."""
    text = clean(words)
    most = _RIGHT - at[0] if room is None else room
    if _width(text, size) > most:
        while text and _width(f"{text}...", size) > most:
            text = text[:-1]
        text = f"{text.rstrip()}..."
    pen.text(at, text, font=_font(size), fill=colour)


def clean(words: str) -> str:
    """The words as the font can show them, on one line: letters without accents."""
    told = words[:_MOST_LETTERS].replace("\N{EN DASH}", "-").replace("\u00b7", "|")
    bare = "".join(
        letter for letter in normalize("NFKD", told) if not combining(letter)
    )
    return "".join(
        letter if letter.isascii() and letter.isprintable() else "?"
        for letter in " ".join(bare.split())
    )


def _width(words: str, size: int) -> int:
    return int(_font(size).getlength(clean(words))) + 1


@cache
def _font(size: int) -> "ImageFont.FreeTypeFont":
    from PIL import ImageFont  # noqa: PLC0415  # only where pictures are drawn

    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont), "can_draw was asked"
    return font
