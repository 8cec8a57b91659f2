"""Sheets of C.Hasil as a printer and the people of a station make them.

Every station of a contest is handed the same printed sheet: the same heading, grid and
names of candidates. What differs is written by hand: the number of the station, the
figures, the same in words, the signatures. Digits are drawn from strokes, each a little
different every time, as a hand does; no face is used that a machine would lack.

Two seeds make a sheet: what is printed follows from `layout`, what is written from
`hand`; `signers` is apart, for sheets that differ in their digits only.
"""

import random
from functools import lru_cache
from typing import Final, NamedTuple

from PIL import Image, ImageDraw, ImageFont

WIDTH: Final = 1_000
HEIGHT: Final = 1_400
LAYOUTS: Final = 8
_INK: Final = 40

# Strokes of a digit, in a box of 1 by 1.
_STROKES: Final[dict[str, tuple[tuple[tuple[float, float], ...], ...]]] = {
    "0": (((0.5, 0), (0.1, 0.3), (0.1, 0.7), (0.5, 1), (0.9, 0.7), (0.9, 0.3), (0.5, 0)),),  # noqa: E501
    "1": (((0.25, 0.25), (0.55, 0), (0.55, 1)),),
    "2": (((0.1, 0.25), (0.5, 0), (0.9, 0.25), (0.1, 1), (0.95, 1)),),
    "3": (((0.1, 0.1), (0.8, 0.1), (0.45, 0.45), (0.9, 0.7), (0.5, 1), (0.1, 0.9)),),
    "4": (((0.6, 1), (0.6, 0), (0.05, 0.7), (0.95, 0.7)),),
    "5": (((0.9, 0), (0.2, 0), (0.15, 0.45), (0.8, 0.5), (0.8, 0.9), (0.1, 1)),),
    "6": (((0.8, 0), (0.2, 0.5), (0.2, 0.9), (0.8, 0.95), (0.8, 0.55), (0.2, 0.6)),),
    "7": (((0.1, 0), (0.9, 0), (0.4, 1)), ((0.3, 0.5), (0.8, 0.5))),
    "8": (((0.5, 0.5), (0.1, 0.2), (0.5, 0), (0.9, 0.2), (0.1, 0.8), (0.5, 1), (0.9, 0.8), (0.5, 0.5)),),  # noqa: E501
    "9": (((0.85, 0.4), (0.2, 0.4), (0.2, 0.05), (0.85, 0.05), (0.8, 1)),),
    "X": (((0, 0), (1, 1)), ((1, 0), (0, 1))),
    "-": (((0, 0.5), (1, 0.5)),),
}  # fmt: skip
_NAMES: Final = (
    "PEMILIH DALAM DPT", "PENGGUNA HAK PILIH DPT", "PENGGUNA HAK PILIH DPTB",
    "PENGGUNA HAK PILIH DPK", "JUMLAH PENGGUNA HAK PILIH", "SURAT SUARA DITERIMA",
    "SURAT SUARA DIGUNAKAN", "SURAT SUARA DIKEMBALIKAN", "SURAT SUARA SISA",
    "PEMILIH DISABILITAS", "SUARA SAH", "SUARA TIDAK SAH", "SUARA SAH DAN TIDAK SAH",
)  # fmt: skip


class Written(NamedTuple):
    """What one station wrote on one page."""

    layout: int  # 0 … LAYOUTS - 1; the last two are pages on which nearly all is zero
    hand: int
    signers: int


class _Boxes(NamedTuple):
    """Where people write: digit boxes, lines of words, signatures; and the station."""

    digits: list[tuple[int, int, int]]  # left, top, edge
    words: list[tuple[int, int, int]]  # left, base line, length
    signatures: list[tuple[int, int, int, int]]
    station: tuple[int, int, int]


@lru_cache(maxsize=32)
def _face(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


@lru_cache(maxsize=LAYOUTS)
def _printed(layout: int) -> tuple[Image.Image, _Boxes]:
    chance = random.Random(f"printed {layout}")
    sheet = Image.new("L", (WIDTH, HEIGHT), 246)
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((28, 28, WIDTH - 28, HEIGHT - 28), outline=_INK, width=3)
    for edge in (
        (40, 40),
        (WIDTH - 70, 40),
        (40, HEIGHT - 70),
        (WIDTH - 70, HEIGHT - 70),
    ):
        draw.rectangle((*edge, edge[0] + 30, edge[1] + 30), fill=_INK)
    contest = ("PPWP", "DPR", "DPD", "DPRD PROV", "DPRD KAB/KO", "PPWP")[layout % 6]
    draw.text((180, 44), f"MODEL C.HASIL-{contest}", _INK, _face(34))
    draw.text((180, 90), "CATATAN HASIL PENGHITUNGAN PEROLEHAN SUARA", _INK, _face(22))
    draw.text(
        (180, 120), f"LEMBAR {layout + 1}  PEMILIHAN UMUM TAHUN 2024", _INK, _face(18)
    )
    boxes = _Boxes([], [], [], (820, 165, 40))
    for row, label in enumerate(("TPS", "KELURAHAN/DESA", "KECAMATAN")):
        draw.text((60, 168 + row * 30), f"{label}  :", _INK, _face(18))
    top = 270
    rows = (9, 13, 7, 11, 16, 10, 18, 14)[layout]
    edge = min(44, (HEIGHT - 430 - top) // rows - 14)
    for row in range(rows):
        y = top + row * (edge + 14)
        draw.line((40, y - 7, WIDTH - 40, y - 7), fill=_INK, width=1)
        name = (
            _NAMES[row % len(_NAMES)]
            if layout % 3
            else f"{row + 1:02}  NAMA CALON {chance.randint(100, 999)}"
        )
        draw.text((50, y + 6), name, _INK, _face(17))
        for column in range(3 if layout % 2 else 1):
            left = 420 + column * (3 * edge + 24) if layout % 2 else 760
            for place in range(3):
                box = (left + place * edge, y)
                draw.rectangle((*box, box[0] + edge, y + edge), outline=_INK, width=2)
                boxes.digits.append((*box, edge))
        if not layout % 2:
            boxes.words.append((400, y + edge - 8, 300))
    bottom = HEIGHT - 390
    for place in range(10):
        left, y = 50 + (place % 2) * 460, bottom + (place // 2) * 62
        draw.rectangle((left, y, left + 450, y + 60), outline=_INK, width=1)
        role = "SAKSI" if place > 6 else "KPPS"
        draw.text((left + 6, y + 20), f"{place + 1}. {role}", _INK, _face(16))
        boxes.signatures.append((left + 230, y + 6, 200, 48))
    return sheet, boxes


def sheet_of(written: Written) -> Image.Image:
    """The sheet on paper, 1,000 by 1,400, grey.

    Args:
        written: what is printed, and by whose hand it is filled.
    """
    printed, boxes = _printed(written.layout)
    sheet = printed.copy()
    draw = ImageDraw.Draw(sheet)
    hand = random.Random(f"hand {written.layout} {written.hand}")
    ink = hand.randint(30, 90)
    width = hand.choice((3, 4, 5))
    left, top, edge = boxes.station
    for place in range(3):
        _draw_digit(
            draw,
            hand,
            hand.choice("0123456789"),
            (left + place * edge, top, edge),
            ink,
            width,
        )
    signers = random.Random(f"signers {written.layout} {written.signers}")
    _draw_line(draw, signers, (220, 216, 240), 60, 3)
    _draw_line(draw, signers, (220, 246, 240), 60, 3)
    is_empty = written.layout >= LAYOUTS - 2
    blank = hand.choice("0X-") if is_empty else hand.choice("00X-")
    for place in range(0, len(boxes.digits), 3):
        figure = "".join(
            (blank, blank, "0" if is_empty else hand.choice("0123456789"))
            if is_empty or hand.random() < 0.3
            else (
                hand.choice("0012"),
                hand.choice("0123456789"),
                hand.choice("0123456789"),
            )
        )
        for digit, box in zip(figure, boxes.digits[place : place + 3], strict=True):
            _draw_digit(draw, hand, digit, box, ink, width)
    for line in boxes.words if not is_empty else boxes.words[:1]:
        _draw_line(draw, hand, line, ink, width - 1)
    for place, box in enumerate(boxes.signatures):
        if place < 7 or signers.random() < 0.6:
            _draw_signature(draw, signers, box)
    return sheet


def _draw_digit(
    draw: ImageDraw.ImageDraw,
    hand: random.Random,
    digit: str,
    box: tuple[int, int, int],
    ink: int,
    width: int,
) -> None:
    left, top, edge = box
    size = edge * hand.uniform(0.55, 0.75)
    x = left + (edge - size) / 2 + hand.uniform(-3, 3)
    y = top + (edge - size) / 2 + hand.uniform(-3, 3)
    slant = hand.uniform(-0.1, 0.25)
    for stroke in _STROKES[digit]:
        points = [
            (
                x + size * (a * 0.8 + slant * (1 - b) + hand.uniform(-0.06, 0.06)),
                y + size * (b + hand.uniform(-0.06, 0.06)),
            )
            for a, b in stroke
        ]
        draw.line(points, fill=ink, width=width, joint="curve")


def _draw_line(
    draw: ImageDraw.ImageDraw,
    hand: random.Random,
    line: tuple[int, int, int],
    ink: int,
    width: int,
) -> None:
    """Words in joined-up writing: up and down along a line, with gaps."""
    left, base, length = line
    x = float(left)
    end = left + length * hand.uniform(0.35, 1)
    while x < end:
        points = []
        for _ in range(hand.randint(6, 22)):
            points.append(
                (x, base - hand.choice((0, 2, 9, 10, 18)) + hand.uniform(-2, 2))
            )
            x += hand.uniform(3, 6)
        draw.line(points, fill=ink, width=max(2, width), joint="curve")
        x += hand.uniform(8, 16)


def _draw_signature(
    draw: ImageDraw.ImageDraw, hand: random.Random, box: tuple[int, int, int, int]
) -> None:
    left, top, width, height = box
    points = []
    x = left + hand.uniform(0, width * 0.3)
    for _ in range(hand.randint(5, 16)):
        points.append((x, top + hand.uniform(0, height)))
        x = min(left + width, max(left, x + hand.uniform(-12, 34)))
    draw.line(
        points, fill=hand.randint(20, 90), width=hand.choice((2, 3)), joint="curve"
    )
