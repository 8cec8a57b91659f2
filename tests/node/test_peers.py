import pytest

from federation.errors import ConfigError
from federation.node.peers import Peers
from tests.homes import add_peer, make_home


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path)


@pytest.fixture
def other(tmp_path):
    return make_home(tmp_path, "kawalpemilu.example")


def watch(home):
    faults = []
    return Peers(home.peers, faults.append), faults


def test_a_change_of_the_file_takes_effect_at_the_next_look(home, other):
    partners, faults = watch(home)
    assert not partners.refresh()
    add_peer(home, other, "http://127.0.0.1:9")
    assert partners.refresh()
    assert list(partners.by_org) == partners.reachable == ["kawalpemilu.example"]
    assert faults == [None]


def test_a_broken_file_leaves_the_partners_as_they_were_and_says_so(home, other):
    add_peer(home, other, "http://127.0.0.1:9")
    partners, faults = watch(home)
    good = home.peers.read_text()
    home.peers.write_text(good + "\n[[peer]]\norgg = 1\n")
    assert not partners.refresh()
    assert list(partners.by_org) == ["kawalpemilu.example"]
    assert "orgg" in faults[-1]
    home.peers.write_text(good)
    assert not partners.refresh()
    assert faults[-1] is None


def test_a_file_that_is_gone_for_a_moment_leaves_the_partners_as_they_were(home, other):
    add_peer(home, other, "http://127.0.0.1:9")
    partners, faults = watch(home)
    beside = home.peers.rename(home.peers.with_suffix(".bak"))
    assert not partners.refresh()
    assert list(partners.by_org) == ["kawalpemilu.example"]
    assert "peers.toml" in faults[-1]
    beside.rename(home.peers)
    assert not partners.refresh()
    assert faults[-1] is None


def test_a_broken_file_at_the_start_is_refused(home):
    home.peers.write_text("[[peer]]\n")
    with pytest.raises(ConfigError, match=r"peers\.toml"):
        watch(home)


def test_partners_without_an_address_or_paused_are_not_asked(home, other):
    add_peer(home, other)
    partners, _ = watch(home)
    assert partners.reachable == []
    text = home.peers.read_text()
    home.peers.write_text(f'{text}url = "http://127.0.0.1:9"\npaused = true\n')
    assert partners.refresh()
    assert partners.reachable == []


def test_a_hidden_partner_stays_known_and_leaves_the_map(home, other):
    add_peer(home, other)
    home.peers.write_text(home.peers.read_text() + "hidden = true\n")
    partners, _ = watch(home)
    assert partners.hidden == {"kawalpemilu.example"}


def test_without_a_file_there_are_no_partners(home):
    home.peers.unlink()
    partners, _ = watch(home)
    assert partners.by_org == {}
