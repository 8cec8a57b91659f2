"""The picture of a database that grows, as SVG: a small drawing for each question.

Drawn by the program's own charts (`federation/web/charts/`), whose figures are whole
numbers: what has decimals is drawn as hundredths and told as what it is.
"""

from collections.abc import Callable, Sequence
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

from federation.web.charts.lines import LineChart, Series, draw_lines

if TYPE_CHECKING:
    from tests.bench.grow import Mark

_WIDTH: Final = 420
_HEIGHT: Final = 300
_COLUMNS: Final = 2
_HEAD: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="t d">
<title id="t">Basis data yang tumbuh · A database that grows</title>
<desc id="d">{told}</desc>
<style>
  text {{ font: 12px system-ui, sans-serif; fill: #1f2328 }} .h {{ font-weight: 600 }}
  .grid {{ stroke: #d1d9e0; fill: none }} .line {{ fill: none; stroke-width: 2.5 }}
  .l0 {{ stroke: #0072b2 }} .l1 {{ stroke: #e69f00 }} .l2 {{ stroke: #57606a; stroke-dasharray: 7 4 }}
  @media (prefers-color-scheme: dark) {{
    text {{ fill: #f0f6fc }} .grid {{ stroke: #3d444d }}
    .l0 {{ stroke: #58a6ff }} .l1 {{ stroke: #e3b341 }} .l2 {{ stroke: #b1bac4 }}
  }}
</style>
"""  # noqa: E501  it is not Python


class _Panel(NamedTuple):
    """One drawing: its title, and how each of its lines follows from a mark.

    `hundredths`: its figures have decimals.
    """

    title: str
    lines: dict[str, Callable[["Mark"], float]]
    hundredths: bool = False


_PANELS: Final = (
    _Panel(
        "+1.000 : verifikasi polos · beside bare verification",
        {"kali · times": lambda mark: median(mark.more)},
        hundredths=True,
    ),
    _Panel(
        "Pertanyaan, milidetik · questions, milliseconds",
        {
            "satu TPS · one station": lambda mark: mark.tps_ms,
            "nasional · the nation": lambda mark: mark.nation_ms,
            "provinsi · a province": lambda mark: mark.province_ms,
        },
        hundredths=True,
    ),
    _Panel(
        "Memori terbanyak, MB · memory at most, MB",
        {
            "node yang mengambil · the node that pulls": lambda mark: _peak(
                mark, lambda name: name == _pulling(mark)
            ),
            "node lain · other nodes": lambda mark: _peak(
                mark,
                lambda name: name.endswith("serve") and name != _pulling(mark),
            ),
            "perintah impor · a command that imports": lambda mark: _peak(
                mark, lambda name: name.endswith("import")
            ),
        },
    ),
    _Panel(
        "Basis data, byte per rekaman · database, bytes a record",
        {"byte · bytes": lambda mark: mark.database / mark.held},
    ),
    _Panel(
        "Rekaman per detik · records a second",
        {
            "diambil, tersimpan · pulled, durable": (
                lambda mark: mark.pulled / mark.pulled_s
            ),
            "sampai digabung · until merged": (
                lambda mark: mark.pulled / (mark.pulled_s + mark.merged_s)
            ),
            "impor, tiga sekaligus · import, three at once": (
                lambda mark: mark.imported / mark.imported_s
            ),
        },
    ),
    _Panel(
        "Prosesor, µs per rekaman · processor, µs a record",
        {
            "diambil · pulled": lambda mark: mark.used_us["pulled"],
            "digabung · merged": lambda mark: mark.used_us["merged"],
            "impor · import": lambda mark: mark.used_us["imported"],
        },
    ),
)


def draw_growth(marks: Sequence["Mark"]) -> str:
    """The picture of these marks, at least two, each as far from the last."""
    last = marks[-1]
    told = f"{len(marks)} marks, the last at {last.held:,} records"
    rows = -(-len(_PANELS) // _COLUMNS)
    parts = [_HEAD.format(width=_WIDTH * _COLUMNS, height=_HEIGHT * rows, told=told)]
    for place, panel in enumerate(_PANELS):
        row, column = divmod(place, _COLUMNS)
        left, top = column * _WIDTH, row * _HEIGHT
        parts.append(f'<g transform="translate({left} {top})">')
        parts += _draw(panel, marks)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>\n"])


def _draw(panel: _Panel, marks: Sequence["Mark"]) -> list[str]:
    scale = 100 if panel.hundredths else 1

    def tell(figure: int) -> str:
        return f"{figure / scale:g}" if panel.hundredths else f"{figure:,}"

    series = [
        Series(name, [round(scale * of(mark)) for mark in marks])
        for name, of in panel.lines.items()
    ]
    ends = _millions(marks[0]), _millions(marks[len(marks) // 2]), _millions(marks[-1])
    chart = draw_lines(series, ends, tell)
    return [
        f'<text class="h" x="8" y="18">{panel.title}</text>',
        '<g transform="translate(0 22)">',
        *_axes(chart),
        *(
            f'<polyline class="line l{line.look}" points="{line.points}"/>'
            for line in chart.lines
        ),
        "</g>",
        *_legend(chart, tell),
    ]


def _axes(chart: LineChart) -> list[str]:
    return [
        *(
            f'<path class="grid" d="M46 {tick.at}H330"/>'
            f'<text x="42" y="{tick.at + 4}" text-anchor="end">{tick.words}</text>'
            for tick in chart.upward
        ),
        *(
            f'<text x="{tick.at}" y="206" text-anchor="{tick.anchor}">'
            f"{tick.words}</text>"
            for tick in chart.across
        ),
    ]


def _legend(chart: LineChart, tell: Callable[[int], str]) -> list[str]:
    return [
        f'<path class="line l{line.look}" d="M46 {242 + place * 17}h24"/>'
        f'<text x="78" y="{246 + place * 17}">{line.name}: {tell(line.last)}</text>'
        for place, line in enumerate(reversed(chart.lines))
    ]


def _millions(mark: "Mark") -> str:
    return f"{mark.held / 1e6:.2f} M"


def _pulling(mark: "Mark") -> str:
    """The first node's serving process: it was named first."""
    return next(name for name in mark.peak if name.endswith("serve"))


def _peak(mark: "Mark", is_meant: Callable[[str], bool]) -> int:
    return max((mb for name, mb in mark.peak.items() if is_meant(name)), default=0)
