"""An address of an object that says by itself who lets its holder use it, and for what.

Rule: the method, the object, the time until which it holds and every header that is
named are part of what is signed: a store refuses a request that differs in one of them.
The secret signs and is never part of it. The library signs no headers but `host`, so
such an address would let anything through.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_SERVICE: Final = "s3"
#: That no client names in `Host`.
_PORTS: Final = {"http": 80, "https": 443}
#: What a region is called where a store has none.
DEFAULT_REGION: Final = "us-east-1"


@dataclass(frozen=True)
class StoreKey:
    """Who signs: the name and secret of a key of a store; `session`: of a borrowed one.

    Attributes:
        name: Of the key; it stands in each address.
        secret: Never leaves this machine.
        region: That the store says it is in.
        session: A borrowed key goes with it, in each address; "" for any other.
    """

    name: str
    secret: str = field(repr=False)
    region: str = DEFAULT_REGION
    session: str = field(default="", repr=False)


def read_store_key(environment: Mapping[str, str]) -> StoreKey | None:
    """The key that an environment names; None: it names none, or not all of it."""
    name = environment.get("AWS_ACCESS_KEY_ID", "")
    secret = environment.get("AWS_SECRET_ACCESS_KEY", "")
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    if not (name and secret):
        return None
    session = environment.get("AWS_SESSION_TOKEN", "")
    return StoreKey(name, secret, region or DEFAULT_REGION, session)


def presign(
    method: str,
    url: str,
    headers: Mapping[str, str],
    key: StoreKey,
    *,
    now: int,
    lifetime_s: int,
) -> str:
    """The address of an object by which whoever holds it may do this one thing.

    Args:
        method: `PUT`, say.
        url: Of the object, without a query; its path is not encoded yet. Its host is
            signed as clients send it: in small letters, without a port that goes
            without saying.
        headers: Those that must come with it, as they are; `Host` is added.
        key: Who lets them.
        now: Unix seconds.
        lifetime_s: For how long, in seconds: at most a week.
    """
    parts = urlsplit(url)
    moment = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{moment[:8]}/{key.region}/{_SERVICE}/aws4_request"
    signed = {name.lower(): value.strip() for name, value in headers.items()}
    host = _sent_host(parts)
    signed = dict(sorted((signed | {"host": host}).items()))
    names, path = ";".join(signed), quote(parts.path, safe="/-_.~")
    query = {
        "X-Amz-Algorithm": _ALGORITHM,
        "X-Amz-Credential": f"{key.name}/{scope}",
        "X-Amz-Date": moment,
        "X-Amz-Expires": str(lifetime_s),
        "X-Amz-SignedHeaders": names,
    }
    if key.session:
        query["X-Amz-Security-Token"] = key.session
    asked = "&".join(
        f"{name}={quote(value, safe='-_.~')}" for name, value in sorted(query.items())
    )
    lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
    request = f"{method}\n{path}\n{asked}\n{lines}\n{names}\nUNSIGNED-PAYLOAD"
    digest = hashlib.sha256(request.encode()).hexdigest()
    told = f"{_ALGORITHM}\n{moment}\n{scope}\n{digest}"
    signature = _sign(_signing_key(key, moment[:8]), told).hex()
    return f"{parts.scheme}://{host}{path}?{asked}&X-Amz-Signature={signature}"


def _sent_host(parts: SplitResult) -> str:
    name = parts.hostname or ""
    if ":" in name:
        name = f"[{name}]"
    if parts.port in {None, _PORTS.get(parts.scheme)}:
        return name
    return f"{name}:{parts.port}"


def _signing_key(key: StoreKey, day: str) -> bytes:
    signing = f"AWS4{key.secret}".encode()
    for part in (day, key.region, _SERVICE, "aws4_request"):
        signing = _sign(signing, part)
    return signing


def _sign(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
