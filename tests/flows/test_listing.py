"""What an election does not have is told by its list, else by its regions."""

import pytest

from federation.flows.listing import find_unlisted, find_unlisted_regions
from federation.profiles import load_profiles
from federation.records.register import Register
from federation.store import registers

KNOWN = "3171011001001"


def doubts(node, election, *codes):
    with node.db.view() as view:
        found = find_unlisted(view, election, codes)
    return {code: doubt.code for code, doubt in found.items()}


def test_without_a_list_nobody_knows_which_city_an_overseas_code_means(node):
    found = doubts(node, "pemilu-2024", "9901010001001", "99AB010001001", KNOWN)
    assert found == dict.fromkeys(("9901010001001", "99AB010001001"), "region")
    assert doubts(node, "pilpres-2019", "9901010001001") == {}


@pytest.fixture
def listed(node):
    register = Register("pemilu-2024")
    register.add(KNOWN)
    register.add("99AB010001001")
    with node.db.transaction() as tx:
        registers.save_register(tx, register, "a test")
    return node


@pytest.mark.parametrize(
    "code",
    [
        *("3171011001002", "3171011001901", "3171011002001", "9901010001001"),
        *("99AB010001002", "0000000000000"),
    ],
)
def test_a_list_knows_all_that_there_is(listed, code):
    assert doubts(listed, "pemilu-2024", code, KNOWN) == {code: "unlisted"}
    assert doubts(listed, "pemilu-2024", "99AB010001001", KNOWN) == {}


@pytest.mark.parametrize(
    ("code", "election", "expected"),
    [
        ("3171011001999", "pemilu-2024", ""),  # how many TPS there are is not known
        ("3171010001001", "pemilu-2024", "region"),  # a code of BPS
        ("2871011001001", "pemilu-2024", "region"),  # no such province
        ("3171011099001", "pemilu-2024", "region"),  # no such kelurahan
        ("3199011001001", "pemilu-2024", "region"),  # no such kota
        ("9901010001001", "pemilu-2024", "region"),  # of which list?
        ("9901010001001", "pilkada-2024", "region"),  # nobody votes abroad
        ("9171011099001", "pilpres-2019", ""),  # its list has gaps
        ("9171010001001", "pilpres-2019", "region"),
        ("2871010001001", "pilkades-2030", ""),  # nothing is known of it
    ],
)
def test_without_a_list_the_regions_decide(node, code, election, expected):
    assert doubts(node, election, code).get(code, "") == expected


def test_the_list_of_one_election_says_nothing_of_another(listed):
    assert doubts(listed, "pilkada-2024", "3171011001002") == {}


def test_nothing_is_asked_of_no_station(node):
    assert doubts(node, "pemilu-2024") == {}


def test_regions_are_known_for_every_election_that_is_shipped(node, tmp_path):
    for election in load_profiles(tmp_path):
        assert doubts(node, election, "2871010001001")


def region_doubts(node, election, *codes):
    with node.db.view() as view:
        found = find_unlisted_regions(view, election, codes)
    return {code: doubt.code for code, doubt in found.items()}


def test_without_a_list_of_stations_the_regions_of_an_election_decide(node):
    good = ("31", "3171", "317101", "3171011001", "99", "99AB", "99AB01")
    bad = ("999999", "00", "3199", "317199", "3171019999", "99AB010002")
    found = region_doubts(node, "pemilu-2024", *good, *bad)
    assert found == dict.fromkeys(bad, "region")
    assert region_doubts(node, "pilkada-2024", "99", "31") == {"99": "region"}
    assert region_doubts(node, "somewhere-else", *good, *bad) == {}


def test_a_region_is_one_where_a_list_of_stations_or_of_regions_has_it(listed):
    good = ("31", "3171", "317101", "3171011001", "32", "99", "99AB", "99AB010001")
    assert region_doubts(listed, "pemilu-2024", *good) == {}
    found = region_doubts(listed, "pemilu-2024", "9901", "990101", "999999", "00")
    assert found == {
        **dict.fromkeys(("9901", "990101"), "unlisted"),
        **dict.fromkeys(("999999", "00"), "region"),
    }
