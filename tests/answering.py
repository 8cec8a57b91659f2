"""A program of an agency that answers: it signs by the page, with nothing of ours."""

import base64
import hashlib
import hmac
import json
import secrets
import time

SECRET = "5f" * 32
AGENCY = """
[[agency]]
key = "program"
name = "Program"
kind = "bawaslu"
webhook = "https://agency.example/masuk"
webhook_key = "keys/program.secret"
"""


def share_secret(home, secret=SECRET):
    """The file with the secret, as an operator writes it."""
    path = home.keys / "program.secret"
    path.touch(0o600)
    path.write_text(secret + "\n")


def sign(
    url,
    body,
    *,
    secret=SECRET,
    key="program",
    ago=0,
    nonce=None,
    tag="tps-federation-answer",
    window=60,
):
    """The header fields of a POST of this body, signed so many seconds ago."""
    created = int(time.time()) - ago
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    digest = f"sha-256=:{digest}:"
    params = (
        '("@method" "@target-uri" "content-digest")'
        f';created={created};keyid="{key}";alg="hmac-sha256"'
        f';expires={created + window};nonce="{nonce or secrets.token_hex(16)}"'
        f';tag="{tag}"'
    )
    base = (
        f'"@method": POST\n"@target-uri": {url}\n"content-digest": {digest}\n'
        f'"@signature-params": {params}'
    )
    mac = base64.b64encode(hmac.digest(secret.encode(), base.encode(), "sha256"))
    return {
        "Content-Type": "application/json",
        "Content-Digest": digest,
        "Signature-Input": f"federation={params}",
        "Signature": f"federation=:{mac.decode()}:",
    }


def an_answer(incident, **changes):
    """What it says of an incident."""
    usual = {
        "agency": "program",
        "id": "putusan-1",
        "incident": incident,
        "status": "registered",
        "reference": "012/LP/2019",
    }
    return json.dumps(usual | changes).encode()
