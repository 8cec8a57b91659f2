"""What a copy costs at each quality, bytes and strokes: `python -m tests.bench.redraw`.

One page of a form is generated, photographed (tilted, out of focus, noisy, half in the
shade) and drawn anew. PSNR is that of grey, in which strokes are read, against the
photograph at the size of the copy. Prints a table; nothing is kept.
"""

import io
import math
import random
import sys
import time

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageStat

from federation.photos import draw

_SIZE = (2256, 3008)


def generate_page(seed=7):
    """A form of 60 rows as a telephone takes it."""
    choose = random.Random(seed)
    page = Image.new("RGB", _SIZE, (236, 232, 222))
    pen = ImageDraw.Draw(page)
    small, large = ImageFont.load_default(22), ImageFont.load_default(34)
    for row in range(60):
        top = 120 + row * 46
        pen.line((120, top, 2136, top), fill=(60, 60, 60), width=2)
        text = f"{row + 1}. JUMLAH SUARA SAH"
        pen.text((140, top + 6), text, font=small, fill=(30, 30, 30))
        for box in range(3):
            left = 1500 + box * 140
            pen.rectangle((left, top + 2, left + 110, top + 44), outline=(60, 60, 60))
            ink = choose.choice([(20, 30, 140), (20, 20, 20), (160, 20, 30)])
            digit = choose.choice("0123456789X")
            pen.text((left + 38, top + 2), digit, font=large, fill=ink)
    page = page.rotate(2, Image.Resampling.BICUBIC, fillcolor=(90, 80, 70))
    page = page.filter(ImageFilter.GaussianBlur(0.9))
    noise = [Image.effect_noise(_SIZE, 18) for _ in range(3)]
    page = ImageChops.add(page, Image.merge("RGB", noise), offset=-128)
    shade = (
        Image.linear_gradient("L").resize(_SIZE).point(lambda v: 160 + v * 95 // 255)
    )
    return ImageChops.multiply(page, Image.merge("RGB", [shade] * 3))


def measure(page, quality, subsampling):
    """Bytes, decibels of grey, seconds."""
    small = page.resize(draw._fit(page.size, draw.MOST_SIDE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    page.save(file, "PNG", compress_level=1)
    draw.QUALITY, draw.SUBSAMPLING = quality, subsampling
    start = time.perf_counter()
    drawn = draw.draw_anew(file.getvalue())
    took = time.perf_counter() - start
    with Image.open(io.BytesIO(drawn.data)) as copy:
        off = ImageChops.difference(copy.convert("L"), small.convert("L"))
    stat = ImageStat.Stat(off)
    noise = stat.sum2[0] / stat.count[0]
    return len(drawn.data), 10 * math.log10(255**2 / noise), took


def main():
    """Print the table."""
    page = generate_page()
    sys.stdout.write(
        "| chroma | quality | KiB | dB of grey | s |\n|---|---|---|---|---|\n"
    )
    for subsampling in ("4:4:4", "4:2:0"):
        for quality in (60, 70, 75, 80, 85, 90):
            size, decibels, took = measure(page, quality, subsampling)
            row = (subsampling, quality, size // 1024, f"{decibels:.1f}", f"{took:.2f}")
            sys.stdout.write(f"| {' | '.join(map(str, row))} |\n")


if __name__ == "__main__":
    main()
