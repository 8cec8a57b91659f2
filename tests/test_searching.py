"""tests/searching.py: what is searched for is found in whatever form it stands."""

import base64
import bz2
import gzip
import html
import json
import struct
import zipfile
import zlib
from io import BytesIO
from urllib.parse import quote

import pytest
import zstandard

from tests.searching import Search, found_in

NAME, PLACE = "Mak Uwo & Zulkifli", "120.754318"
WORDS = (NAME, PLACE)


def zipped(name, data):
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr(name, data)
    return packed.getvalue()


PLANTED = {
    "plain": f"dari {NAME}, kata",
    "large": NAME.upper(),
    "json": json.dumps({"n": NAME}),
    "json, each letter": "".join(f"\\u{ord(one):04x}" for one in NAME),
    "address": f"/x?q={quote(NAME)}",
    "address, each letter": "".join(f"%{one:02X}" for one in NAME.encode()),
    "form": NAME.replace(" ", "+"),
    "page": f"<p>{html.escape(NAME)}</p>",
    "hex": NAME.encode().hex(),
    "hex, large": NAME.encode().hex().upper(),
    "hex dump": NAME.encode().hex(" "),
    **{
        f"base64 at {at}": base64.b64encode(b"x" * at + NAME.encode() + b"yz")
        for at in range(3)
    },
    "base64 for addresses": base64.urlsafe_b64encode(b"~~" + NAME.encode() + b"?"),
    "utf-16, little": NAME.encode("utf-16-le"),
    "utf-16, big": NAME.encode("utf-16-be"),
    "zip": zipped("a", zstandard.compress(json.dumps(NAME).encode())),
    "zip, the name of a file": zipped(NAME, b""),
    "gzip behind something": b"HTTP/1.1 200 OK" + gzip.compress(NAME.encode()),
    "deflate": zlib.compress(b"x" * 9 + NAME.encode()),
    "deflate, hardly": zlib.compress(NAME.encode(), 1),
    "deflate, as well as can be": zlib.compress(NAME.encode(), 9),
    "zstandard": b"abc" + zstandard.compress(NAME.encode()) + b"def",
    "gzip that is cut off": gzip.compress(NAME.encode() + bytes(999))[:-8],
    "gzip in zip": zipped("a", gzip.compress(NAME.encode())),
}


@pytest.mark.parametrize("form", PLANTED)
def test_a_word_is_found_in_each_form(form):
    data = PLANTED[form]
    assert found_in(data if isinstance(data, bytes) else data.encode(), WORDS) == [NAME]


@pytest.mark.parametrize("form", ["<d", ">d"])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_is_found_as_eight_bytes(form, sign):
    assert found_in(b"x" + struct.pack(form, sign * float(PLACE)), WORDS) == [PLACE]


def test_what_is_not_there_is_not_found():
    for data in (
        b"",
        b"PK",
        b"Mak Uw",
        bytes(999),
        zlib.compress(b"Zulkif"),
        b"\x78\x9c",
    ):
        assert found_in(data, WORDS) == []
    # What no program here writes is not looked into.
    assert found_in(bz2.compress(NAME.encode()), WORDS) == []


def test_a_search_says_where_it_found_what_and_how_much_it_looked_through():
    search = Search(WORDS)
    for where in ("first", "second"):
        assert search.look(b"nothing", where) == []
        assert search.look(NAME.encode(), where) == [NAME]
    assert search.found == [("first", [NAME]), ("second", [NAME])]
    assert (search.searched, search.things) == (2 * (7 + len(NAME)), 4)
