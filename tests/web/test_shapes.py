"""Rows that are drawn once say what rows drawn one by one would."""

import msgspec
from markupsafe import Markup, escape

from federation.flows.query.answers import Region
from federation.records.coverage import region_coverage
from federation.text import Text
from federation.web.shapes import (
    RowMarks,
    RowShape,
    draw_faces,
    draw_parts,
    draw_places,
)
from federation.web.tilemap import TileValue, draw_tiles

HOSTILE = """<script>"&' %s %(code)s 0each-code-0 {0}"""
mark = RowMarks()


def part(code, name, **counters):
    coverage = region_coverage({"status.agreed": 0, **counters}, 20)
    return Region(code=code, name=name, listed=True, coverage=coverage)


def test_what_no_row_fills_in_is_text_like_any_other():
    shape = RowShape(f"100 % {mark.code} {mark.other} %(code)s", "code")
    assert shape.fill(code=7) == f"100 % 7 {mark.other} %(code)s"
    # What is filled in is not looked through again.
    assert RowShape(mark.code, "code").fill(code=mark.code) == mark.code


def test_a_name_is_escaped_wherever_it_stands():
    t, figure = Text("en"), f'<a href="{mark.code}">{mark.count}</a>'
    figures = dict.fromkeys(("covered", "agreed", "disputed", "differs"), figure)
    row = (
        f"<{mark.code}|{mark.name}|{mark.again}|{mark.covered}|{mark.of}|{mark.share}>"
    )
    parts = [
        part("11", HOSTILE, **{"status.agreed": 3}),
        part("<b>", HOSTILE),
        msgspec.structs.replace(part("13", "Padang"), listed=False),
    ]
    names = [one.name for one in parts]
    drawn = draw_parts(t, row, f"/{mark.count}", mark.code, figures, parts, names)
    safe = escape(HOSTILE)
    assert isinstance(drawn, Markup)
    assert drawn == (
        f'<11|{safe}|11|<a href="11">3</a>|/20|15.0 %>'
        f"<&lt;b&gt;|{safe}|&lt;b&gt;|0|/20|0.0 %>"
        "<13|Padang||0||0.0 %>"
    )


def test_a_tile_says_what_it_was_told_with_its_markup_escaped():
    values = [
        TileValue("11", "Aceh", "12345", HOSTILE, 2, href="?a&b"),
        TileValue("12", "Sumut", "<", "no way", 0),
    ]
    tiles = draw_tiles(values).wide.tiles
    tile = f"{mark.shade}{mark.long} {mark.said} {mark.figure}"
    faces = draw_faces(tile, f"<{mark.href}>{mark.tile}", tiles)
    assert faces == {
        "11": f"<?a&amp;b>2 long {escape(HOSTILE)} 12345",
        "12": "0 no way &lt;",
    }
    assert draw_places(f"[{mark.y} {mark.face}]", tiles, faces) == "".join(
        f"[{one.y} {faces[one.value.code]}]" for one in tiles
    )
