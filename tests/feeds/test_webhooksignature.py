"""A message is signed as Standard Webhooks says, byte for byte."""

import base64

import pytest

from federation.errors import FormatError
from federation.feeds.webhooksignature import parse_secrets, sign

# The example of the libraries of Standard Webhooks, which all of them test.
SECRET = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE, SENT_AT = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_published_example_gets_the_published_signature():
    assert sign(parse_secrets(SECRET + b"\n"), MESSAGE, SENT_AT, BODY) == {
        "webhook-id": MESSAGE,
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    }


def test_while_a_secret_is_changed_both_sign():
    newer = b"whsec_" + base64.b64encode(bytes(32))
    headers = sign(parse_secrets(newer + b"\n" + SECRET), MESSAGE, SENT_AT, BODY)
    first, second = headers["webhook-signature"].split(" ")
    assert first != second == SIGNATURE


@pytest.mark.parametrize("part", ["message", "sent_at", "body", "secret"])
def test_whatever_is_changed_changes_the_signature(part):
    given = {
        "secrets": parse_secrets(SECRET),
        "message": MESSAGE,
        "sent_at": SENT_AT,
        "body": BODY,
    }
    other = {
        "message": {"message": MESSAGE + "x"},
        "sent_at": {"sent_at": SENT_AT + 1},
        "body": {"body": BODY + b" "},
        "secret": {"secrets": (bytes(32),)},
    }[part]
    assert sign(**given | other)["webhook-signature"] != SIGNATURE


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\n\n", b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b"whsec_", b"whsec_!!!"),
        b"whsec_" + base64.b64encode(bytes(23)),
        b"whsec_" + base64.b64encode(bytes(65)),
        b"\n".join([SECRET] * 5),
        SECRET + b"\nwhsec_\xff",
    ],
    ids=["nothing", "blank", "bare", "empty", "no-base64", "23", "65", "five", "2nd"],
)
def test_what_is_no_secret_is_refused_with_how_to_make_one(data):
    with pytest.raises(FormatError, match="openssl rand"):
        parse_secrets(data)
