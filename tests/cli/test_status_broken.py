"""`federation status` works when a file of settings is broken."""

import json
import re

import pytest

BREAKS = {
    "settings": ("federation.toml", "interval_s = = 3\n", "settings", "is not TOML"),
    "settings key": ("federation.toml", "\nintervall = 3\n", "settings", "intervall"),
    "peers": ("peers.toml", "[[peer]\n", "peers-file", "line 1"),
    "peers key": ("peers.toml", '[[peer]]\norgg = "b.example"\n', "peers-file", "orgg"),
}


@pytest.mark.parametrize("what", BREAKS)
def test_the_broken_file_is_named_and_the_rest_is_told(federation, own_home, what):
    name, text, code, words = BREAKS[what]
    table = own_home / "r.csv"
    table.write_text("tps,01,02,03\n3171011001009,1,2,3\n")
    which = ("--election", "pemilu-2024", "--contest", "ppwp")
    assert federation("import", table, *which).code == 0
    whole = federation("status", "--json")
    assert whole.code == 0
    path = own_home / name
    before = path.read_text() if name != "peers.toml" else ""
    path.write_text(text + before if "key" not in what else before + text)
    ended = federation("status", "--json")
    assert ended.code == 3
    told = json.loads(ended.out)
    [wrong] = [one for one in told["config"] if one["state"] == "failed"]
    assert wrong["code"] == code
    assert words in wrong["seen"]
    assert str(path) in wrong["seen"]
    assert wrong["mend"]
    assert told["org"] == "jagasuara.example"
    assert told["logs"] == json.loads(whole.out)["logs"]
    for language, known in (("en", "all the same"), ("id", "tetap diketahui")):
        said = federation("status", "--lang", language)
        assert said.code == 3
        assert known in said.out
        assert "jagasuara.example/pemilu-2024" in said.out
    assert federation("doctor").code == 1


def test_without_settings_this_is_no_node(federation, own_home):
    (own_home / "federation.toml").unlink()
    ended = federation("status")
    assert (ended.code, ended.out) == (3, "")
    assert "federation init" in ended.err


def test_broken_settings_before_the_first_start_leave_nothing_known(
    federation, own_home
):
    (own_home / "federation.toml").write_text("x")
    ended = federation("status", "--json")
    assert ended.code == 3
    assert list(json.loads(ended.out)) == ["config"]


def test_readers_are_told_of_where_the_database_server_does_not_answer(
    federation, own_home
):
    settings = own_home / "federation.toml"
    # Port 9 of this machine: nothing listens there.
    lost = 'database = "postgresql://nobody@127.0.0.1:9/none"'
    text = settings.read_text()
    settings.write_text(re.sub("(?m)^# database = .*$", lost, text))
    reader = ("--reader", "http://127.0.0.1:9")
    ended = federation("status", *reader, "--json")
    [told] = json.loads(ended.out)["readers"]
    assert told == {"url": reader[1], "lag_s": None, "is_ready": False}
    assert json.loads(ended.err)["error"]["exit"] == ended.code == 74
    assert "127.0.0.1:9/none" in ended.err
    for language, words in (("en", "no answer"), ("id", "tidak menjawab")):
        said = federation("status", *reader, "--lang", language)
        assert (said.code, words in said.out) == (74, True)
    assert federation("status").out == ""
