"""Good bytes made bad: one to six changes of the kinds that happen, or are made.

Seeded: the same number gives the same bytes, on every machine.
"""

# ruff: noqa: E501  a row of a table stays on one line

import re
from collections.abc import Callable, Sequence
from random import Random

MAX_BYTES = 1 << 18
_NUMBER = re.compile(rb"[0-9]+")

#: What somebody who knows the decoders would put anywhere.
TOKENS: tuple[bytes, ...] = (
    b"\0", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\\ud800", b"\xef\xbb\xbf", b"\xe2\x80\xae",
    b"\r\n", b"\n\n", b"\t", b" ", b'"', b"'", b"\\", b"{", b"}", b"[", b"]", b",", b":",
    b"null", b"true", b"NaN", b"Infinity", b"-0", b"1.0", b"1e5", b"1e999", b"-1",
    b"0e99999999999999999999", b"1e-99999999999999999999", b"9" * 5000, b"[" * 3000,
    b'{"a":' * 3000, b"(" * 3000, b"<a>" * 3000, b"\xef\xbc\x91", b"2024-02-30T25:61:61Z",
    b"0001-01-01T00:00:00+23:59", b"9999-12-31T23:59:59-23:59", b"=1+1", b"\xe2\x80\x94 ",
    b"&#0;", b"&lt", b"<![CDATA[", b"%s%n{0}", b"../../etc/passwd", b"/dev/zero", b"A1:XFD1048576",
)  # fmt: skip
NUMBERS: tuple[bytes, ...] = (
    b"0", b"1", b"-1", b"00", b"255", b"256", b"999", b"1000", b"65535", b"65536",
    b"999999", b"1000000", b"2147483648", b"4294967296", b"9007199254740991",
    b"9007199254740992", b"18446744073709551616", b"99999999999999999999999999", b"9" * 400,
)  # fmt: skip

Change = Callable[[bytearray, Random], None]


def _place(data: bytearray, random: Random) -> int:
    return random.randrange(len(data) + 1)


def _span(data: bytearray, random: Random) -> slice:
    start = _place(data, random)
    return slice(start, start + random.choice((1, 2, 4, 16, 100, 1000)))


def flip_bit(data: bytearray, random: Random) -> None:
    """One bit turned round."""
    if data:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def set_byte(data: bytearray, random: Random) -> None:
    """One byte made any other."""
    if data:
        data[random.randrange(len(data))] = random.randrange(256)


def truncate(data: bytearray, random: Random) -> None:
    """Cut off somewhere."""
    del data[_place(data, random) :]


def remove(data: bytearray, random: Random) -> None:
    """Some bytes gone."""
    del data[_span(data, random)]


def insert_bytes(data: bytearray, random: Random) -> None:
    """Some bytes more."""
    at = _place(data, random)
    data[at:at] = random.randbytes(random.choice((1, 2, 8)))


def insert_token(data: bytearray, random: Random) -> None:
    """Something in between that decoders trip over."""
    at = _place(data, random)
    data[at:at] = random.choice(TOKENS)


def replace_with_token(data: bytearray, random: Random) -> None:
    """The same in the place of what stood there."""
    data[_span(data, random)] = random.choice(TOKENS)


def repeat(data: bytearray, random: Random) -> None:
    """A block there many times."""
    block = bytes(data[_span(data, random)])
    at = _place(data, random)
    data[at:at] = block * random.choice((1, 2, 10, 300))


def swap_lines(data: bytearray, random: Random) -> None:
    """Two lines in each other's place."""
    lines = bytes(data).split(b"\n")
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    data[:] = b"\n".join(lines)


def change_number(data: bytearray, random: Random) -> None:
    """A number another one, up to where machines count no further."""
    if found := list(_NUMBER.finditer(data)):
        one = random.choice(found)
        data[one.start() : one.end()] = random.choice(NUMBERS)


CHANGES: tuple[Change, ...] = (
    flip_bit, set_byte, truncate, remove, insert_bytes, insert_token, replace_with_token,
    repeat, swap_lines, change_number, change_number, replace_with_token,
)  # fmt: skip


def mutate(seeds: Sequence[bytes], random: Random) -> bytes:
    """One of these, spoilt; now and then with the end of another."""
    data = bytearray(random.choice(seeds))
    if random.random() < 0.1:
        other = random.choice(seeds)
        data[_place(data, random) :] = other[random.randrange(len(other) + 1) :]
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        random.choice(CHANGES)(data, random)
        del data[MAX_BYTES:]
    return bytes(data)
