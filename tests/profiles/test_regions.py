"""The shipped codes of regions, held against the data that they come from."""

import runpy
from pathlib import Path

import pytest

from federation.profiles import load_regions
from federation.records.regions import why_impossible

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_regions.py"


@pytest.fixture(scope="module")
def script():
    return runpy.run_path(str(SCRIPT))


def test_the_shipped_list_is_what_the_script_makes(script, shared):
    home = [c for c in script["read_2024"](shared / "data") if c[:2] != "99"]
    regions = load_regions("pemilu-2024")
    assert regions is not None
    assert regions.kelurahan == frozenset(home)
    assert len(home) == 83_731
    assert script["FILE"].read_bytes() == script["encode_regions"](home)


@pytest.mark.slow  # reads the register of the country
def test_no_kelurahan_of_2019_and_of_kpu_is_refused(script, shared):
    for election, read in (
        ("pilpres-2019", "read_2019"),
        ("pemilu-2024", "read_sirekap"),
    ):
        regions = load_regions(election)
        assert regions is not None
        for code in script[read](shared / "data"):
            assert why_impossible(code, regions) is None


@pytest.mark.parametrize("code", ["9103013007", "9103183002"])
def test_a_desa_adat_has_a_3_and_is_known(code):
    regions = load_regions("pilkada-2024")
    assert regions is not None
    assert regions.knows(code)


def test_each_election_says_only_what_its_list_knows():
    made_up = "3171011999001"
    for election, impossible in (
        ("pemilu-2024", True),
        ("pilkada-2024", True),
        ("pilpres-2019", False),
    ):
        regions = load_regions(election)
        assert regions is not None
        assert (why_impossible(made_up, regions) is not None) is impossible
        assert why_impossible("7202010001001", regions) is not None
    assert load_regions("pilkades-2026") is None
    assert load_regions("pemilu-2024") is load_regions("pemilu-2024")
