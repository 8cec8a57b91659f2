"""The curve of docs/reference/likeness.md, drawn as SVG."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

_LEFT: Final = 56
_TOP: Final = 40
_WIDTH: Final = 660
_HEIGHT: Final = 240
_MOST: Final = 96
_HEAD: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 360" role="img" aria-labelledby="t d">
<title id="t">Salinan yang ditemukan · Copies that are found</title>
<desc id="d">Copies of a photo lie within {like} bits of it; photos of two different forms lie further apart, also where they differ in their digits only.</desc>
<style>
  text {{ font: 13px system-ui, sans-serif; fill: #1f2328 }} .h {{ font-weight: 600 }}
  .axis {{ stroke: #818b98; fill: none }} .like {{ stroke: #cf222e; stroke-dasharray: 4 4 }}
  .a {{ stroke: #0072b2 }} .b {{ stroke: #e69f00 }} .c {{ stroke: #57606a; stroke-dasharray: 7 4 }}
  .a, .b, .c {{ fill: none; stroke-width: 2.5 }}
  @media (prefers-color-scheme: dark) {{
    text {{ fill: #f0f6fc }} .axis {{ stroke: #9198a1 }} .like {{ stroke: #ff7b72 }}
    .a {{ stroke: #58a6ff }} .b {{ stroke: #e3b341 }} .c {{ stroke: #b1bac4 }}
  }}
</style>
<text class="h" x="{left}" y="22">Bagian yang berbeda paling banyak sekian bit · share at most so many bits apart</text>
"""  # noqa: E501  it is not Python
_COPIES: Final = (
    "sent twice by a messenger",
    "brighter or darker",
    "turned by a quarter",
)
_DIGITS: Final = " digits only"


def draw_curve(
    copies: Mapping[tuple[str, str], Counter[int]],
    others: Mapping[str, Counter[int]],
    like: int,
) -> str:
    """The picture.

    Args:
        copies: How many copies of each kind are how many bits from their photo.
        others: How many pairs of two forms are how many bits apart.
        like: Where the line is drawn.
    """
    same = _sum(copies[key] for key in copies if key[0] in _COPIES)
    digits = _sum(others[made] for made in others if made.endswith(_DIGITS))
    rest = _sum(others[made] for made in others if not made.endswith(_DIGITS))
    parts = [_HEAD.format(like=like, left=_LEFT)]
    bottom, right = _TOP + _HEIGHT, _LEFT + _WIDTH
    parts.append(f'<path class="axis" d="M{_LEFT} {_TOP}V{bottom}H{right}"/>')
    parts += [
        _text(_LEFT - 8, _y(share / 100) + 4, f"{share} %", "end")
        for share in (0, 50, 100)
    ]
    parts += [
        _text(_x(apart), bottom + 18, str(apart), "middle")
        for apart in range(0, _MOST + 1, 16)
    ]
    line = f'x1="{_x(like)}" x2="{_x(like)}" y1="{_TOP}" y2="{bottom}"'
    parts.append(f'<line class="like" {line}/>')
    parts.append(_text(_x(like) + 6, _TOP + 12, f"{like}: mirip · alike", "start"))
    lines = {
        "dikirim ulang, lebih terang, diputar · sent on, brighter, turned": same,
        "formulir lain, hanya angka berbeda · other forms, only digits differ": digits,
        "formulir lain · other forms": rest,
    }
    for which, (name, counts) in enumerate(lines.items()):
        css = "abc"[which]
        parts.append(f'<path class="{css}" d="{_line(counts)}"/>')
        y = bottom + 40 + which * 17
        parts.append(f'<path class="{css}" d="M{_LEFT} {y - 4}h28"/>')
        parts.append(_text(_LEFT + 36, y, name, "start"))
    return "\n".join(parts) + "\n</svg>\n"


def _sum(several: object) -> Counter[int]:
    return sum(several, Counter())  # type: ignore[call-overload]


def _line(counts: Counter[int]) -> str:
    whole, seen, points = counts.total(), 0, []
    for apart in range(_MOST + 1):
        seen += counts[apart]
        points.append(f"{_x(apart)} {_y(seen / whole)}")
    return "M" + "L".join(points)


def _x(apart: int) -> float:
    return round(_LEFT + apart * _WIDTH / _MOST, 1)


def _y(share: float) -> float:
    return round(_TOP + (1 - share) * _HEIGHT, 1)


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>'
