"""The shipped profiles: what is known of the elections they are for."""

import json

import pytest

from federation.errors import ConfigError
from federation.profiles import load_profiles, load_shipped
from federation.records.result import ROUNDS

NATIONAL = {str(number) for number in (*range(1, 18), 24)}
OF_ACEH = {str(number) for number in range(18, 24)}
JAKARTA, ACEH = "3171010001001", "1101010001001"
YOGYAKARTA, OVERSEAS = "3401010001001", "99AB010001001"


@pytest.fixture(scope="module")
def profiles():
    return load_shipped()


def test_three_elections_are_shipped_under_their_own_names(profiles):
    assert list(profiles) == ["pemilu-2024", "pilkada-2024", "pilpres-2019"]
    assert all(name == profile.election for name, profile in profiles.items())
    assert all(profile.file.rounds == ROUNDS for profile in profiles.values())


@pytest.mark.parametrize(
    ("election", "raw", "canonical"),
    [
        ("pilpres-2019", "21", "01"),
        ("pilpres-2019", "22", "02"),
        ("pilpres-2019", "1", "01"),
        ("pemilu-2024", "100025", "01"),
        ("pemilu-2024", "100026", "02"),
        ("pemilu-2024", "100027", "03"),
        ("pemilu-2024", "03", "03"),
    ],
)
def test_every_source_names_the_same_pair(profiles, election, raw, canonical):
    assert profiles[election].alias("ppwp", raw, JAKARTA) == canonical


def test_where_the_contests_of_2024_are_held(profiles):
    pemilu = profiles["pemilu-2024"]
    held = {
        tps: {contest for contest in pemilu.contests if pemilu.stands(contest, tps)}
        for tps in (ACEH, JAKARTA, OVERSEAS)
    }
    assert held[ACEH] == {"ppwp", "pdpr", "pdpd", "pdprdp", "pdprdk"}
    assert held[JAKARTA] == held[ACEH] - {"pdprdk"}
    assert held[OVERSEAS] == {"ppwp", "pdpr"}


def test_local_parties_stand_in_aceh_alone_and_not_for_the_national_parliament(
    profiles,
):
    pemilu = profiles["pemilu-2024"]
    for contest in ("pdprdp", "pdprdk"):
        assert pemilu.ids(contest, ACEH) == NATIONAL | OF_ACEH
        assert pemilu.ids(contest, YOGYAKARTA) == NATIONAL
    for tps in (ACEH, JAKARTA, OVERSEAS):
        assert pemilu.ids("pdpr", tps) == NATIONAL
        assert pemilu.ids("ppwp", tps) == {"01", "02", "03"}
    assert pemilu.ids("pdpd", ACEH) is None


def test_yogyakarta_elects_no_governor_and_jakarta_no_mayor(profiles):
    pilkada = profiles["pilkada-2024"]
    assert not pilkada.stands("pkwkp", YOGYAKARTA)
    assert pilkada.stands("pkwkk", YOGYAKARTA)
    assert pilkada.stands("pkwkp", JAKARTA)
    assert not pilkada.stands("pkwkk", JAKARTA)
    assert not pilkada.stands("pkwkp", OVERSEAS)
    assert pilkada.ids("pkwkp", JAKARTA) is None


def test_the_most_votes_of_an_ordinary_polling_station(profiles):
    assert profiles["pilpres-2019"].max_votes("ppwp", JAKARTA) == 306
    assert profiles["pemilu-2024"].max_votes("pdpr", JAKARTA) == 306
    assert profiles["pilkada-2024"].max_votes("pkwkp", JAKARTA) == 615
    for profile in profiles.values():
        for province in ("94", "95"):
            tps = f"{province}02010001001"
            assert profile.max_votes(profile.contests[-1], tps) is None


def test_added_profiles_stand_beside_the_shipped_ones(tmp_path, profiles):
    own = json.loads(profiles["pilkada-2024"].text) | {"election": "pilkades-2026"}
    newer = json.loads(profiles["pilpres-2019"].text) | {"version": 3}
    (tmp_path / "own.json").write_text(json.dumps(own))
    (tmp_path / "newer.json").write_text(json.dumps(newer))
    (tmp_path / "notes.txt").write_text("not a profile")
    known = load_profiles(tmp_path)
    assert known.keys() == profiles.keys() | {"pilkades-2026"}
    assert known["pilpres-2019"].version == 3
    assert load_profiles(tmp_path / "nowhere").keys() == profiles.keys()


def test_a_broken_profile_is_named_by_its_file(tmp_path):
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(ConfigError, match=r"broken\.json"):
        load_profiles(tmp_path)
