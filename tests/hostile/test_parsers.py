"""Every hostile input gets the error of the table from the function that reads it."""

import runpy
from pathlib import Path

import pytest

from federation.errors import FederationError
from federation.text import Text
from tests.indonesian import find_english

TABLE = runpy.run_path(str(Path(__file__).with_name("parsers.py")))


@pytest.mark.parametrize("case", TABLE["CASES"], ids=lambda case: " - ".join(case[:2]))
def test_hostile_bytes_get_their_error(case):
    door, name, data = case
    with pytest.raises(FederationError) as caught:
        TABLE["DOORS"][door](data)
    said = f"{type(caught.value).__name__}: {caught.value}"
    assert said == TABLE["ANSWERS"][door][name]
    told = Text("id").say(caught.value.told)
    assert find_english(told) == [], told


def test_what_the_bytes_were_made_from_is_good():
    """A table of refusals proves nothing where the original is refused as well."""
    good = {
        "note": TABLE["_NOTE"],
        "checkpoint": TABLE["_NOTE"],
        "vkey": TABLE["_VKEY"],
        "tile path": b"tile/0/000",
        "hash tile of width 2": bytes(64),
        "entry bundle of width 2": TABLE["_BUNDLE"],
        "status vector": TABLE["_STATUS"],
        "key chain": TABLE["encode_keys"]([TABLE["_STATEMENT"]]),
        "about note": TABLE["_about"](b"", b""),
        "published map": TABLE["_MAP"],
        "codes of a published register": TABLE["_CODES"],
        "fingerprint": b"232OB-JSJMJ-QVYGS-7ENO3-4VCHG-625KN-D63XZ-ZVUBX",
    }
    for door, data in good.items():
        TABLE["DOORS"][door](data)
