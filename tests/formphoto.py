"""Photographs of forms, drawn for the tests that look at them."""

import io

from PIL import Image, ImageDraw, ImageFont

MEDIA_TYPE = "image/jpeg"


def draw_form(tps: str, votes: dict[str, int], width: int = 1200) -> bytes:
    """A JPEG of a sheet with the code of a station and a line for each candidate."""
    height = width * 13 // 10
    sheet = Image.new("RGB", (width, height), (214, 208, 192))
    pen = ImageDraw.Draw(sheet)
    edge = width // 24
    pen.rectangle((edge, edge, width - edge, height - edge), fill=(250, 249, 244))
    font = ImageFont.load_default(width // 28)
    pen.text((2 * edge, 2 * edge), f"MODEL C.HASIL-PPWP   TPS {tps}", "black", font)
    lines = [*votes.items(), ("SUARA SAH", sum(votes.values()))]
    for row, (who, count) in enumerate(lines):
        top = 4 * edge + row * 2 * edge
        pen.rectangle(
            (2 * edge, top, width - 2 * edge, top + 2 * edge), outline="black"
        )
        pen.text((2.4 * edge, top + edge // 2), who, "black", font)
        pen.text(
            (width - 6 * edge, top + edge // 2), f"{count:>4}", (20, 30, 120), font
        )
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=85)
    return out.getvalue()
