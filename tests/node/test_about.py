"""Our about note can be damaged: the node starts, and shows no lower issue."""

import random

import pytest

from federation.config.settings import load_settings
from federation.node.about import renew_about
from federation.node.resources import open_resources
from federation.records.about import open_about
from tests.homes import make_home, serving

ORG = "jagasuara.example"


@pytest.fixture
def parts(tmp_path):
    home = make_home(tmp_path)
    with open_resources(home, load_settings(home.settings)) as opened:
        yield opened


def issue(parts, note):
    return open_about(note, [parts.keys.node.key]).issue


def behind(parts, statement, *values):
    with parts.db.transaction() as tx:
        tx.execute(statement, values)


def test_a_flipped_bit_of_the_note_is_signed_again_above_its_issue(parts, caplog):
    shown = issue(parts, renew_about(parts))
    for bit in random.Random(7).sample(range(8 * 300), 60):
        note = bytearray(renew_about(parts))
        note[bit // 8] ^= 1 << bit % 8
        behind(parts, "UPDATE about SET note = ?", bytes(note))
        again = renew_about(parts)
        assert issue(parts, again) == shown + 1, f"bit {bit}"
        assert renew_about(parts) == again
        shown += 1
    assert "damaged and is signed again" in caplog.text


@pytest.mark.parametrize("table", ["about", "about_twice"])
@pytest.mark.parametrize("bit", [0, 1, 40, 61])
def test_a_flipped_bit_of_its_number_gives_no_lower_one(parts, table, bit):
    shown = issue(parts, renew_about(parts))
    number = shown ^ (1 << bit)
    if table == "about":  # without the trigger, which writes both
        behind(parts, "DROP TRIGGER about_twice_changed")
    behind(parts, f"UPDATE {table} SET issue = ?", number)
    assert issue(parts, renew_about(parts)) == shown + 1


def test_a_row_that_is_gone_is_remembered_by_its_other_writing(parts):
    shown = issue(parts, renew_about(parts))
    behind(parts, "DROP TRIGGER about_twice_gone")
    behind(parts, "DELETE FROM about")
    assert issue(parts, renew_about(parts)) == shown + 1


async def test_a_node_with_a_damaged_note_serves(tmp_path):
    home = make_home(tmp_path)
    with open_resources(home, load_settings(home.settings)) as parts:
        renew_about(parts)
        behind(parts, "UPDATE about SET note = x'00'")
        key = parts.keys.node.key
    async with serving(home) as node:
        status, body, _ = await node.get("/.well-known/tps-federation")
    assert status == 200
    assert open_about(body, [key]).issue == 2
