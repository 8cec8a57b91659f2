"""A name fits a pattern in one way, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.cli.photos.pattern import NamePattern
from federation.errors import ConfigError, PhotoError

TPS = "7202011001004"


@pytest.mark.parametrize(
    ("pattern", "name", "members", "page"),
    [
        ("{tps}_{page}.jpg", f"{TPS}_1.jpg", {"tps": TPS}, 1),
        ("{tps}_{page}.jpg", f"{TPS}_012.JPEG", {"tps": TPS}, 12),
        ("{tps}_{page}", "72.02.01.1001-004_3.heic", {"tps": TPS}, 3),
        ("{tps}.jpg", "below/7202011001 TPS 4.PNG", {"tps": TPS}, 0),
        ("{kelurahan}/{number}_{page}.jpg", "7202011001/4_2.jpg", {"tps": TPS}, 2),
        ("{any}_{tps}_{page}.jpg", f"IMG_2024_{TPS}_2.jpg", {"tps": TPS}, 2),
        ("{tps}-{contest}.jpg", f"{TPS}-PDPR.jpg", {"tps": TPS, "contest": "pdpr"}, 0),
        ("{tps} {round}", f"{TPS} PSU.jpg", {"tps": TPS, "round": "psu"}, 0),
        ("C.HASIL ({tps}).jpg", f"c.hasil ({TPS}).jpg", {"tps": TPS}, 0),
    ],
)
def test_what_stands_in_a_name_is_read_as_in_a_table(pattern, name, members, page):
    form = NamePattern(pattern).read(name)
    assert (form.members, form.page) == (members, page)


@pytest.mark.parametrize(
    "name", [f"{TPS}.jpg", f"{TPS}_x.jpg", f"{TPS}_1.txt", f"{TPS}_1234.jpg", "_1.jpg"]
)
def test_what_does_not_fit_is_none(name):
    assert NamePattern("{tps}_{page}.jpg").read(name) is None


@pytest.mark.parametrize(
    "name", ["720201100100_1.jpg", "x_1.jpg", "7202011001_004_.jpg", "99_1_1.jpg"]
)
def test_what_fits_and_is_no_station_is_refused(name):
    pattern = NamePattern("{tps}_{any}.jpg")
    with pytest.raises(PhotoError):
        pattern.read(name)


@pytest.mark.parametrize(
    "pattern", ["", "{page}", "{tps}{tps}", "{who}{tps}", "{kelurahan}", "{}", "{tps"]
)
def test_what_is_no_pattern_is_refused(pattern):
    with pytest.raises(ConfigError):
        NamePattern(pattern)


@given(st.text(max_size=60))
def test_whatever_a_file_is_called_it_gets_an_answer(name):
    for pattern in ("{tps}_{page}.jpg", "{any}{tps}{any}"):
        try:
            form = NamePattern(pattern).read(name)
        except PhotoError:
            continue
        assert form is None or len(form.members["tps"]) == 13
