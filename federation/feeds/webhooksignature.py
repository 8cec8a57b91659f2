"""A message to a program, signed as Standard Webhooks says.

    webhook-id: msg_4f0c…          the same each time this message is sent
    webhook-timestamp: 1707912000  when it is sent, Unix seconds
    webhook-signature: v1,K5oZ… v1,9aQm…

Rule: HMAC-SHA256 over `<id>.<timestamp>.<body>`, one signature for each secret, so that
a secret can be changed while both sides know the old one. A secret is `whsec_` and
Base64 of 24 to 64 random bytes; a file has one on each line, at most four.

Source: Standard Webhooks 1.0.0, "Signature scheme" (www.standardwebhooks.com)
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

from federation.errors import FormatError
from federation.text import Sentence

PREFIX: Final = "whsec_"
MIN_BYTES: Final = 24
MAX_BYTES: Final = 64
MAX_SECRETS: Final = 4


def parse_secrets(data: bytes) -> tuple[bytes, ...]:
    """The secrets in the bytes of a file, the newest first.

    Raises:
        FormatError: there is none, there are too many, or one is not of that form.
    """
    lines = data.decode("ascii", "replace").split()
    if not 1 <= len(lines) <= MAX_SECRETS:
        raise FormatError(Sentence("webhooks.no-secret"))
    return tuple(_parse(line, number) for number, line in enumerate(lines, 1))


def sign(
    secrets: Sequence[bytes], message: str, sent_at: int, body: bytes
) -> dict[str, str]:
    """The headers that prove who sent this body, when, and as which message."""
    signed = f"{message}.{sent_at}.".encode() + body
    macs = [hmac.digest(secret, signed, hashlib.sha256) for secret in secrets]
    return {
        "webhook-id": message,
        "webhook-timestamp": str(sent_at),
        "webhook-signature": " ".join(
            f"v1,{base64.b64encode(mac).decode()}" for mac in macs
        ),
    }


def _parse(line: str, number: int) -> bytes:
    try:
        secret = base64.b64decode(line.removeprefix(PREFIX), validate=True)
    except ValueError:  # also of letters that no Base64 has
        secret = b""
    if not line.startswith(PREFIX) or not MIN_BYTES <= len(secret) <= MAX_BYTES:
        where = Sentence("webhooks.line", number=number)
        raise FormatError(Sentence("webhooks.no-secret"), where)
    return secret
