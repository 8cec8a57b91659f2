"""Provinces as tiles: figure, shade and link follow the figures of the table."""

import pytest

from federation.flows.query.region import region
from federation.flows.query.scope import ask
from federation.records.provinces import PROVINCES
from federation.text import Text
from federation.web.resultmap import SHOWN, draw_results
from tests import sample_map as sample


@pytest.fixture
def provinces(sample_db):
    asked = ask({sample.ELECTION: sample.profile()}, [sample.ELECTION])
    with sample_db.view() as view:
        return region(view, asked).children


def drawn(provinces, shown, lang="id"):
    names = {one.code: one.name or one.code for one in provinces}
    return draw_results(Text(lang), provinces, shown, names, "/wilayah/{}".format)


@pytest.mark.parametrize("shown", SHOWN)
def test_every_province_has_one_tile_and_those_of_the_list_a_link(provinces, shown):
    found = drawn(provinces, shown)
    tiles = [tile.value for tile in found.drawn.wide.tiles]
    codes = [value.code for value in (*tiles, *found.drawn.others)]
    assert sorted(codes) == sorted({*PROVINCES, *(one.code for one in provinces)})
    linked = {value.code: value.href for value in tiles if value.href}
    assert linked == {one.code: f"/wilayah/{one.code}" for one in provinces}


def test_a_tile_of_coverage_is_full_only_where_every_station_is_covered(provinces):
    values = {
        tile.value.code: tile.value
        for tile in drawn(provinces, "coverage").drawn.wide.tiles
    }
    assert values["13"].figure == "75 %"
    assert values["13"].shade == 4
    assert values["72"].figure == "0 %"
    assert values["72"].shade == 0
    assert values["13"].said == "Sumatera Barat: tercakup 75 %"


@pytest.mark.parametrize("shown", ["disputed", "differs"])
def test_a_tile_of_differences_has_the_figure_of_its_row(provinces, shown):
    values = {
        tile.value.code: tile.value for tile in drawn(provinces, shown).drawn.wide.tiles
    }
    assert values["13"].figure == "1"
    assert values["13"].shade == 5
    assert values["11"].figure == ""
