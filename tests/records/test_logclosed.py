"""Closings: they name the log that they end."""

import pytest
from msgspec import to_builtins

from federation.errors import RecordError
from federation.records.canonical import convert, decode_as, encode
from federation.records.logclosed import LogClosed

CLOSED = LogClosed(
    election="pemilu-2024",
    org="jagasuara.example",
    origin="jagasuara.example/pemilu-2024",
    reason="the election is over",
    recorded_at="2024-06-01T00:00:00Z",
    successor="jagasuara.example/pemilu-2024/2",
)


def test_a_closing_has_one_canonical_text():
    line = encode(CLOSED)
    assert line == (
        b'{"election":"pemilu-2024","org":"jagasuara.example",'
        b'"origin":"jagasuara.example/pemilu-2024","reason":"the election is over",'
        b'"recorded_at":"2024-06-01T00:00:00Z",'
        b'"successor":"jagasuara.example/pemilu-2024/2","type":"log-closed/1"}'
    )
    assert decode_as(line, LogClosed) == CLOSED


@pytest.mark.parametrize(
    "origin", ["", "jagasuara.example", "jagasuara.example/x/1", "a.example/x\n"]
)
@pytest.mark.parametrize("member", ["origin", "successor"])
def test_an_origin_is_the_name_of_a_log(member, origin):
    with pytest.raises(RecordError) as caught:
        convert(to_builtins(CLOSED) | {member: origin}, LogClosed)
    assert caught.value.field == member


def test_only_the_successor_may_be_absent():
    for member in ("election", "org", "origin", "reason", "recorded_at"):
        members = to_builtins(CLOSED)
        del members[member]
        with pytest.raises(RecordError, match=member):
            convert(members, LogClosed)
    members = to_builtins(CLOSED)
    del members["successor"]
    assert convert(members, LogClosed).origin == CLOSED.origin
