"""A circle is believed only as its signer signed it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.config.circle import format_circle, open_circle, sign_circle
from federation.config.fingerprint import fingerprint
from federation.config.peers import Peer
from federation.errors import ConfigError, FederationError, FormatError, SignatureError
from federation.tlog.keys import Signer

SIGNER = Signer.from_seed("a.example/identity", bytes([1]) * 32)
OTHER = Signer.from_seed("b.example/identity", bytes([2]) * 32)
MEMBERS = (
    Peer(org="a.example", identity=SIGNER.key, name="A", url="https://a.example"),
    Peer(org="b.example", identity=OTHER.key, name='B "\\'),
)
TEXT = format_circle("Pemantau", SIGNER.key, MEMBERS)
SIGNED = sign_circle(TEXT, SIGNER)


def test_what_is_signed_is_opened():
    circle = open_circle(SIGNED, fingerprint(SIGNER.key))
    assert circle.name == "Pemantau"
    assert circle.signer == SIGNER.key
    assert circle.members == MEMBERS


def test_comments_may_stand_in_it():
    text = "# thirty of us\n\n" + TEXT
    assert open_circle(sign_circle(text, SIGNER), None).members == MEMBERS


def test_another_fingerprint_is_refused():
    with pytest.raises(SignatureError, match=r"a\.example/identity signed it"):
        open_circle(SIGNED, fingerprint(OTHER.key))


@settings(max_examples=200)
@given(st.integers(0, len(SIGNED) * 8 - 1))
def test_no_bit_can_be_changed(bit):
    data = bytearray(SIGNED)
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(FederationError):
        open_circle(bytes(data), fingerprint(SIGNER.key))


def test_nobody_signs_in_anothers_name():
    with pytest.raises(SignatureError):
        sign_circle(TEXT, OTHER)
    forged = SIGNED[: SIGNED.rindex("—".encode())]
    stolen = sign_circle(format_circle("x", OTHER.key, ()), OTHER)
    forged += stolen[stolen.rindex("—".encode()) :]
    with pytest.raises(SignatureError):
        open_circle(forged, None)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("circle/1", "circle/2", "type: holds a value that is not one of"),
        (
            'name = "A"\n',
            'name = "A"\npaused = true\n',
            "member[1].paused: there is no",
        ),
        ('org = "b.example"', 'org = "c.example"', "member[2].identity: is the key of"),
        ("[[member]]", "[[peer]]", "peer: there is no such key"),
    ],
)
def test_a_list_that_is_none_is_not_signed(old, new, reason):
    with pytest.raises(ConfigError) as caught:
        sign_circle(TEXT.replace(old, new), SIGNER)
    assert str(caught.value).startswith(f"circle: {reason}")


def test_an_organisation_is_listed_once():
    text = format_circle("x", SIGNER.key, (*MEMBERS, MEMBERS[0]))
    with pytest.raises(ConfigError, match="listed twice"):
        sign_circle(text, SIGNER)


def test_only_an_identity_key_signs():
    key = Signer.from_seed("a.example/records", bytes(32))
    with pytest.raises(ConfigError, match="is not an identity key"):
        sign_circle(format_circle("x", key.key, ()), key)


@pytest.mark.parametrize("data", [b"", b"\n\n", TEXT.encode(), b"x" * 1_000_001])
def test_what_is_no_circle_is_refused(data):
    with pytest.raises(FormatError):
        open_circle(data, None)
