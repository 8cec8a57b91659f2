"""What a camera, a scanner's app and a messenger make of a sheet.

Everything here takes its chance as an argument, so that a seed makes the same photo
again. Sizes are of real things on a smaller scale: 1,440 by 1,920 for a camera.
"""

import io
import random
from functools import lru_cache
from typing import Final

from PIL import Image, ImageChops, ImageEnhance, ImageFilter

_SHOT: Final = (1_440, 1_920)
_SCAN: Final = (1_240, 1_736)


def shoot(
    sheet: Image.Image, chance: random.Random, grain: random.Random | None = None
) -> Image.Image:
    """A telephone's photo: table, perspective, light, a shadow, blur, noise.

    Args:
        sheet: What is photographed.
        chance: Of where the camera is, of the light and the table.
        grain: Of the noise, where it is another than `chance`.
    """
    width, height = _SHOT
    ground = Image.new("L", _SHOT, chance.randint(30, 190))
    if chance.random() < 0.6:
        ground = Image.blend(
            ground, _noise(chance.randrange(4), 60).resize(_SHOT), 0.25
        )
    margin = chance.uniform(0.0, 0.09)
    slip = chance.uniform(0.005, 0.05)

    def corner(x: float, y: float) -> tuple[float, float]:
        inset = (margin + chance.uniform(-slip, slip)) * width
        return (
            (inset if x == 0 else width - inset) + chance.uniform(-slip, slip) * width,
            (inset if y == 0 else height - inset)
            + chance.uniform(-slip, slip) * height,
        )

    corners = [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)]
    back = _perspective(corners, sheet.size)
    page = sheet.transform(
        _SHOT, Image.Transform.PERSPECTIVE, back, Image.Resampling.BILINEAR
    )
    mask = Image.new("L", sheet.size, 255).transform(
        _SHOT, Image.Transform.PERSPECTIVE, back
    )
    ground.paste(page, (0, 0), mask)
    lit = ImageChops.multiply(ground, _light(chance, _SHOT))
    if chance.random() < 0.4:
        lit = ImageChops.multiply(lit, _shadow(chance, _SHOT))
    lit = lit.filter(ImageFilter.GaussianBlur(chance.uniform(0.3, 1.6)))
    return _reencoded(_noisy(lit, grain or chance, 5), chance.randint(85, 95))


def scan(sheet: Image.Image, chance: random.Random) -> Image.Image:
    """A scanner's app: cut out along the edges, flat, white, hardly moved."""
    width, height = sheet.size
    slip = 0.002

    def near(x: int, y: int) -> tuple[float, float]:
        return (
            x + chance.uniform(-slip, slip) * width,
            y + chance.uniform(-slip, slip) * height,
        )

    corners = [near(0, 0), near(0, height), near(width, height), near(width, 0)]
    quad = tuple(value for point in corners for value in point)
    page = sheet.transform(
        _SCAN, Image.Transform.QUAD, quad, Image.Resampling.BICUBIC, fillcolor=246
    )
    page = ImageEnhance.Contrast(page).enhance(chance.uniform(1.0, 1.3))
    return _reencoded(_noisy(page, chance, 2), chance.randint(80, 92))


def send(photo: Image.Image, chance: random.Random) -> Image.Image:
    """What a messenger makes of it, sent twice: smaller and coarser."""
    for edge in (1_600, 1_280):
        photo = photo.copy()
        photo.thumbnail((edge, edge), Image.Resampling.BILINEAR)
        photo = _reencoded(photo, chance.randint(60, 75))
    return photo


def crop(photo: Image.Image, chance: random.Random, share: float) -> Image.Image:
    """Cut off at the edges: `share` of the width, and of the height, is gone."""
    width, height = photo.size
    left, top = (share * chance.random() * width, share * chance.random() * height)
    box = (left, top, left + (1 - share) * width, top + (1 - share) * height)
    return _reencoded(photo.crop(tuple(round(edge) for edge in box)), 85)  # type: ignore[arg-type]


def tilt(photo: Image.Image, chance: random.Random, degrees: float) -> Image.Image:
    """Turned by a few degrees, as somebody sets it straight; the corners are filled."""
    turned = photo.rotate(
        degrees * chance.choice((-1, 1)),
        Image.Resampling.BILINEAR,
        fillcolor=chance.choice((0, 255)),
    )
    return _reencoded(turned, 85)


def turn(photo: Image.Image, chance: random.Random) -> Image.Image:
    """Turned by a quarter or half."""
    quarter = chance.choice(
        (
            Image.Transpose.ROTATE_90,
            Image.Transpose.ROTATE_180,
            Image.Transpose.ROTATE_270,
        )
    )
    return _reencoded(photo.transpose(quarter), 85)


def brighten(photo: Image.Image, chance: random.Random) -> Image.Image:
    """Brighter or darker, with more or less contrast."""
    photo = ImageEnhance.Brightness(photo).enhance(chance.choice((0.7, 0.8, 1.2, 1.35)))
    photo = ImageEnhance.Contrast(photo).enhance(chance.choice((0.7, 0.85, 1.2, 1.4)))
    return _reencoded(photo, 85)


def _reencoded(photo: Image.Image, quality: int) -> Image.Image:
    kept = io.BytesIO()
    photo.save(kept, "JPEG", quality=quality)
    again = Image.open(kept)
    again.load()
    return again


@lru_cache(maxsize=16)
def _noise(which: int, sigma: int) -> Image.Image:
    chance = random.Random(f"noise {which} {sigma}")
    edge = 512
    bell = [min(255, max(0, round(chance.gauss(128, sigma)))) for _ in range(1 << 16)]
    return Image.frombytes(
        "L", (edge, edge), bytes(chance.choices(bell, k=edge * edge))
    )


def _noisy(photo: Image.Image, chance: random.Random, sigma: int) -> Image.Image:
    tile = _noise(chance.randrange(4), sigma)
    whole = Image.new("L", photo.size)
    start_x, start_y = -chance.randrange(512), -chance.randrange(512)
    for x in range(start_x, photo.width, 512):
        for y in range(start_y, photo.height, 512):
            whole.paste(tile, (x, y))
    return ImageChops.add(photo, whole, 1, -128)


def _light(chance: random.Random, size: tuple[int, int]) -> Image.Image:
    small = Image.new("L", (2, 2))
    small.putdata([chance.randint(150, 255) for _ in range(4)])
    return small.resize(size, Image.Resampling.BILINEAR)


def _shadow(chance: random.Random, size: tuple[int, int]) -> Image.Image:
    small = Image.new("L", (24, 32), 255)
    x, y = chance.randint(-6, 18), chance.randint(-6, 26)
    small.paste(
        chance.randint(110, 190),
        (x, y, x + chance.randint(8, 16), y + chance.randint(8, 30)),
    )
    return small.filter(ImageFilter.GaussianBlur(2)).resize(
        size, Image.Resampling.BILINEAR
    )


def _perspective(
    corners: list[tuple[float, float]], size: tuple[int, int]
) -> tuple[float, ...]:
    """Eight numbers that lead from a point of the photo back to the sheet."""
    sheet = [(0, 0), (size[0], 0), size, (0, size[1])]
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(corners, sheet, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    return tuple(_solved(rows))


def _solved(rows: list[list[float]]) -> list[float]:
    """Gauss and Jordan, with the largest pivot: n rows of n + 1 numbers."""
    count = len(rows)
    for place in range(count):
        best = max(range(place, count), key=lambda row: abs(rows[row][place]))
        rows[place], rows[best] = rows[best], rows[place]
        rows[place] = [value / rows[place][place] for value in rows[place]]
        for other in range(count):
            if other != place and rows[other][place]:
                factor = rows[other][place]
                rows[other] = [
                    value - factor * pivot
                    for value, pivot in zip(rows[other], rows[place], strict=True)
                ]
    return [row[-1] for row in rows]
