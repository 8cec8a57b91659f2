"""`federation election`."""

import json

import pytest

from federation.cli.election import closing
from federation.config.home import Home
from federation.records.profile import parse_profile
from federation.store import cosignatures

PROFILE = {
    "contests": {"pkwkk": {"candidates": {"01": {"name": "A"}, "02": {"name": "B"}}}},
    "election": "pilkada-padang",
    "max_voters": 600,
    "name": {"en": "Padang", "id": "Padang"},
    "rounds": ["reguler"],
    "spare_per_mille": 20,
    "time_zone": "Asia/Jakarta",
    "version": 2,
    "voting_day": "2024-11-27",
}


def write(tmp_path, **changes):
    path = tmp_path / "profile.json"
    path.write_text(json.dumps(PROFILE | changes))
    return path


def test_a_profile_is_taken_in_and_listed_with_its_digest(
    federation, own_home, tmp_path
):
    path = write(tmp_path)
    ended = federation("election", "add", path, "--json")
    digest = parse_profile(path.read_bytes()).digest
    assert (ended.code, json.loads(ended.out)["digest"]) == (0, digest)
    kept = Home(own_home).elections / "pilkada-padang.json"
    assert kept.read_bytes() == path.read_bytes()
    listed = json.loads(federation("election", "list", "--json").out)["elections"]
    found = {one["election"]: one for one in listed}
    assert found["pilkada-padang"]["digest"] == digest
    assert found["pilkada-padang"]["taking_part"] is False
    assert found["pilpres-2019"]["taking_part"] is True
    assert found["pilpres-2019"]["file"] is None


def test_an_older_version_does_not_replace_a_newer_one(federation, tmp_path):
    assert federation("election", "add", write(tmp_path)).code == 0
    assert federation("election", "add", write(tmp_path, version=1)).code == 6
    assert federation("election", "add", write(tmp_path, version=3)).code == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"election": "pemilu-2024"}, 6),  # shipped
        ({"election": "../../etc/x"}, 3),
        ({"version": 0}, 3),
        ({"contests": {}}, 3),
        ({"warna": 1}, 3),
    ],
)
def test_a_profile_that_cannot_be_used_is_refused(
    federation, own_home, tmp_path, changes, code
):
    assert federation("election", "add", write(tmp_path, **changes)).code == code
    assert not list(Home(own_home).elections.glob("*"))


def test_a_file_that_is_no_profile_is_refused_with_its_name(federation, tmp_path):
    path = tmp_path / "x.json"
    path.write_text("{")
    ended = federation("election", "add", path)
    assert ended.code == 3
    assert "x.json" in ended.err


def test_closing_is_confirmed_and_final(federation, tmp_path):
    reason = ("--reason", "tahap selesai")
    assert federation("election", "close", "pemilu-2024", *reason).code == 2
    ended = federation("election", "close", "pemilu-2024", *reason, "--yes")
    assert ended.code == 0
    path = tmp_path / "r.csv"
    path.write_text("tps,01,02,03\n3171011001001,1,2,3\n")
    late = federation("import", path, "--election", "pemilu-2024", "--contest", "ppwp")
    assert late.code == 6
    path.write_text("tps,01,02\n3171011001001,1,2\n")
    assert federation("import", path, "--election", "pilpres-2019").code == 0


def test_an_election_of_others_cannot_be_closed(federation):
    ended = federation("election", "close", "pilkada-2024", "--reason", "x", "--yes")
    assert ended.code == 7


def test_closing_waits_for_whom_it_says_and_tells_who_holds_it(
    federation, own_home, monkeypatch
):
    """Only a node that runs can be fetched from: here one that is thought to."""
    asked = []

    def load_holders(view, origins):
        asked.append(list(origins))
        # Somebody holds all but the end at first.
        sizes = {"b.example": 1, "c.example": 0}
        return {origins[0]: sizes if len(asked) < 3 else dict.fromkeys(sizes, 99)}

    monkeypatch.setattr(cosignatures, "load_holders", load_holders)
    monkeypatch.setattr(closing, "_LOOK_S", 0.01)
    Home(own_home).control.touch()
    words = ("election", "close", "pilpres-2019", "--reason", "selesai", "--yes")
    ended = federation(*words, "--json")
    assert ended.code == 0, ended.err
    said = json.loads(ended.out)
    assert (said["holders"], said["held"]) == (["b.example", "c.example"], True)
    assert len([one for one in asked if one == [said["origin"]]]) >= 3


def test_closing_without_a_node_that_runs_does_not_wait(federation):
    words = ("election", "close", "pilpres-2019", "--reason", "selesai", "--yes")
    ended = federation(*words, "--wait", "86400")
    assert ended.code == 0, ended.err
    assert "0 of the" in ended.out
    assert "Leave the node running" in ended.out
