"""The map of tiles: every province has its place, and nothing vanishes."""

import random
import re

from federation.profiles import load_regions, load_shipped
from federation.records.provinces import PROVINCES, is_province
from federation.records.tps import OVERSEAS
from federation.web.page import static_file
from federation.web.tilemap import (
    PLACES,
    SHADES,
    SIDE,
    TileValue,
    draw_tiles,
    shade_of,
    shades_of,
    used_shades,
)

#: WCAG 2.2, success criterion 1.4.3.
LEAST_CONTRAST = 4.5


def value(code, figure="1", **more):
    return TileValue(code, code, figure, f"{code}: {figure}", 1, **more)


def test_every_province_of_every_list_of_ours_has_a_place_a_name_and_a_point():
    for election in load_shipped():
        regions = load_regions(election)
        codes = {code for code in regions.above if len(code) == 2}
        assert codes <= PLACES.keys()
        assert codes == PROVINCES.keys()
    assert OVERSEAS in PLACES


def test_no_two_tiles_lie_on_each_other_and_all_lie_in_the_drawing():
    drawn = draw_tiles(map(value, PLACES))
    for drawing in (drawn.wide, drawn.narrow):
        corners = {(one.x, one.y) for one in drawing.tiles}
        assert len(corners) == len(PLACES)
        assert all(one.x + SIDE <= drawing.width for one in drawing.tiles)
        assert all(one.y + SIDE <= drawing.height for one in drawing.tiles)
    # So a tile is some 40 pixels wide on the narrowest of telephones.
    assert drawn.narrow.width // SIDE <= 7


def test_west_is_left_of_east_and_north_above_south():
    # As far apart as an island: neighbours may stand in one column.
    for one, here in PROVINCES.items():
        for other, there in PROVINCES.items():
            if here.longitude + 8 < there.longitude:
                assert PLACES[one].column <= PLACES[other].column, (one, other)
            if here.latitude > there.latitude + 5:
                assert PLACES[one].row <= PLACES[other].row, (one, other)


def test_a_short_name_fits_its_tile():
    assert max(len(place.short) for place in PLACES.values()) <= 7


def test_what_has_no_place_stands_below_and_nothing_vanishes():
    chance = random.Random(1)
    for _ in range(50):
        codes = chance.sample([f"{n:02}" for n in range(100)], 60)
        values = [value(code, is_placed=chance.random() < 0.8) for code in codes]
        drawn = draw_tiles(values)
        for drawing in (drawn.wide, drawn.narrow):
            shown = [one.value for one in drawing.tiles]
            assert sorted([*shown, *drawn.others]) == sorted(values)
            assert all(one.is_placed and one.code in PLACES for one in shown)


def test_a_code_that_another_register_gives_another_province_has_no_place():
    assert is_province("94", "PAPUA TENGAH")
    assert is_province("91", "P A P U A")
    assert is_province("34", "D I Yogyakarta")
    assert is_province("19", "Bangka Belitung")
    assert is_province("31", "")
    assert not is_province("94", "PAPUA")
    assert not is_province("20", "")
    assert is_province(OVERSEAS, "LUAR NEGERI")


def test_each_figure_has_one_shade_and_the_largest_the_darkest():
    for most in (0, 1, 2, 3, 7, 80, 81, 1_000, 123_456):
        shades = shades_of(most)
        assert shade_of(0, shades) == 0
        seen = [shade_of(figure, shades) for figure in range(1, min(most, 2_000) + 1)]
        assert seen == sorted(seen)
        assert all(1 <= shade <= SHADES for shade in seen)
        if most:
            assert shade_of(most, shades) == SHADES


def test_the_key_names_the_figures_that_are_on_the_map():
    figures = [0, 5, 5, 10, 80]
    shades = shades_of(80)
    used = used_shades(figures, shades)
    assert [(one.first, one.last) for one in used] == [(5, 5), (10, 10), (80, 80)]
    assert [one.shade for one in used] == [shade_of(n, shades) for n in (5, 10, 80)]


def test_words_can_be_read_on_every_shade_by_day_and_by_night():
    sheet = static_file("tilemap.css")[0].decode()
    light, dark = sheet.split("@media (prefers-color-scheme: dark)")
    for mode in (light, dark.split("\n}\n")[0]):
        colours = dict(re.findall(r"--(s\d|on\d): (#[0-9a-f]{3,6})", mode))
        assert len(colours) == 2 * (SHADES + 1)
        for shade in range(SHADES + 1):
            on, fill = colours[f"on{shade}"], colours[f"s{shade}"]
            assert contrast(on, fill) >= LEAST_CONTRAST, (shade, on, fill)


def contrast(one, other):
    """Source: WCAG 2.2, "contrast ratio" and "relative luminance"."""
    light, dark = sorted(map(luminance, (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour):
    digits = colour[1:]
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
