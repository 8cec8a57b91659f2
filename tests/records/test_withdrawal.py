"""Withdrawals: they name one slot completely and say why."""

import pytest
from msgspec import to_builtins

from federation.errors import RecordError
from federation.records.canonical import convert, decode_as, encode
from federation.records.withdrawal import Withdrawal

WITHDRAWAL = Withdrawal(
    contest="pdpr",
    election="pemilu-2024",
    official=0,
    org="jagasuara.example",
    reason="wrong polling station",
    recorded_at="2024-02-15T01:00:00Z",
    round="psu",
    tps="3171010001001",
)


def test_a_withdrawal_has_one_canonical_text():
    line = encode(WITHDRAWAL)
    assert line == (
        b'{"contest":"pdpr","election":"pemilu-2024","official":0,'
        b'"org":"jagasuara.example","reason":"wrong polling station",'
        b'"recorded_at":"2024-02-15T01:00:00Z","round":"psu",'
        b'"tps":"3171010001001","type":"withdrawal/1"}'
    )
    assert decode_as(line, Withdrawal) == WITHDRAWAL


@pytest.mark.parametrize("member", sorted(to_builtins(WITHDRAWAL)))
def test_every_member_is_required(member):
    members = to_builtins(WITHDRAWAL)
    del members[member]
    if member == "type":
        # A struct of one type needs no tag to be made; its bytes always have it.
        with pytest.raises(RecordError):
            decode_as(encode(members | {"type": "withdrawal/2"}), Withdrawal)
        return
    with pytest.raises(RecordError, match=member):
        convert(members, Withdrawal)


@pytest.mark.parametrize("official", [2, -1, "1", True, None, 1.0])
def test_official_is_one_or_zero(official):
    line = encode(to_builtins(WITHDRAWAL) | {"official": official})
    with pytest.raises(RecordError):
        decode_as(line, Withdrawal)
