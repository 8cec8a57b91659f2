"""A second kind of key, by the commands: both sign, partners ask for both."""

import json

import pytest

from federation.config.home import companion_of
from federation.tlog.note import parse_note
from tests.stories.test_keys import change, follows, nodes

__all__ = ("nodes",)

pytestmark = [pytest.mark.slow, pytest.mark.long]


def lines_of(node, origin):
    """How many signatures a log's checkpoint has, as this node hands it out."""
    logs = {one["origin"]: one for one in node.ask("/logs")[1]["logs"]}
    return len(parse_note(logs[origin]["checkpoint"].encode()).signatures)


def test_both_keys_sign_are_replaced_and_dropped_and_the_partner_follows(
    nodes, tmp_path
):
    a, b = nodes
    key = companion_of(a.home.log_key(a.origin))
    a.take(1, 4)
    follows(a, b)
    assert lines_of(b, a.origin) == 1
    said = change(a, tmp_path / "added.json", "--post-quantum")
    assert len(said["changes"]) == 2
    assert key.stat().st_mode & 0o777 == 0o600
    assert companion_of(a.home.identity).stat().st_mode & 0o777 == 0o600
    a.take(4, 6)
    follows(a, b)
    assert lines_of(b, a.origin) == 2
    first = key.read_bytes()
    change(a, tmp_path / "log.json", "--replace", "log")
    assert key.read_bytes() != first
    a.take(6, 8)
    follows(a, b)
    change(a, tmp_path / "dropped.json", "--no-post-quantum")
    assert not key.exists()
    a.take(8, 10)
    follows(a, b)
    assert lines_of(b, a.origin) == 1
    for node in nodes:
        code, told = node.doctor()
        assert code == 0, told
        assert json.loads(told)["findings"] == []
