"""Our about note can be damaged: the node starts, and shows no lower issue."""

import random

import msgspec
import pytest

from federation.config.settings import load_settings
from federation.node.about import renew_about
from federation.node.resources import open_resources
from federation.records.about import open_about
from federation.tlog.note import parse_note
from tests.homes import add_peer, make_home, serving
from tests.incidents import begin_incidents

ORG = "jagasuara.example"


class EarlierAbout(
    msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="about/1"
):
    """What the earlier version of `tests/install/test_earlier.py` takes: no more."""

    attribution: str
    audience: tuple[str, ...]
    contact: str
    identity: str
    issue: int
    licence: str
    logs: tuple[dict[str, str], ...]
    name: str
    org: str
    versions: tuple[int, ...]


def read_as_earlier(note):
    return msgspec.json.decode(parse_note(note).text[:-1], type=EarlierAbout)


def test_the_note_of_a_node_without_reports_is_read_by_an_earlier_version(tmp_path):
    home = make_home(tmp_path)
    add_peer(home, make_home(tmp_path, "kawalpemilu.example"))
    with open_resources(home, load_settings(home.settings)) as parts:
        assert read_as_earlier(renew_about(parts)).audience == ("kawalpemilu.example",)


def test_from_its_first_report_log_on_a_note_says_who_may_have_reports(tmp_path):
    home = make_home(tmp_path)
    add_peer(home, make_home(tmp_path, "kawalpemilu.example"))
    begin_incidents(home)
    with open_resources(home, load_settings(home.settings)) as parts:
        note = renew_about(parts)
        assert open_about(note, [parts.keys.node.key]).incidents == ()
        with pytest.raises(msgspec.ValidationError, match="incidents"):
            read_as_earlier(note)


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
