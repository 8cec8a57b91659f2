"""What a form of our pages has sent, and the proof that it is one of ours.

Rule: nothing changes by GET; what a browser sends by POST is taken only if

    it comes from no page of another site   `Sec-Fetch-Site`, where a browser says it;
                                            else `Origin`, where that names a site
    it has the token of this very browser   made of the secret in its cookie, which no
                                            other page can read

The token alone would do. `Origin` is `null` on our own pages (they send no referrer),
and both headers are missing in what programs send: so they can refuse, and not let in.

A template puts the token in by `{{ parts.proof(form_token) }}`.

Source: WHATWG Fetch, "Origin header"; W3C Fetch Metadata; docs/adr/0024
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from aiohttp import hdrs, web

from federation.errors import FormatError
from federation.text import Sentence
from federation.web.body import read_body
from federation.web.context import SITE
from federation.web.refusal import CAUSE, refusal
from federation.web.sessions import SIGNED_IN, BrowserSession, cookie_form

FIELD: Final = "form_token"
MAX_FORM_BYTES: Final = 1 << 16
_MAX_FIELDS: Final = 4_000
_MEDIA: Final = "application/x-www-form-urlencoded"
_OWN: Final = frozenset({"same-origin", "none"})


class ForeignForm(web.HTTPForbidden):
    """What was sent is from no page of ours that this browser has open."""

    def __init__(self, why: Sentence) -> None:
        """`why`: for the person before the browser."""
        super().__init__(text=str(why))
        self.why = why
        self[CAUSE] = why


def form_token(request: web.Request) -> str:
    """The token that this browser's forms carry; "" where it has no cookie of ours."""
    return _token(_secret(request))


def token_of_door(secret: str) -> str:
    """The token of a form that goes out together with a new cookie."""
    return _token(secret)


async def read_form(request: web.Request) -> Mapping[str, str]:
    """The fields of a form that this browser has got from us, each once.

    Raises:
        ForeignForm: nothing proves that it is one of ours.
        FormatError: longer than `MAX_FORM_BYTES`, no text, or a field twice.
        HTTPUnsupportedMediaType: it is no form.
    """
    if is_of_another_site(request):
        raise ForeignForm(Sentence("people.foreign-form"))
    if request.content_type != _MEDIA:
        raise refusal(
            web.HTTPUnsupportedMediaType,
            Sentence("refused.content-type", media=_MEDIA),
        )
    fields = _parse(await read_body(request, MAX_FORM_BYTES))
    prove(request, fields.pop(FIELD, ""))
    return fields


def prove(request: web.Request, given: str) -> None:
    """Return if the token that came with a form is that of this very browser.

    Raises:
        ForeignForm: it is not.
    """
    secret = _secret(request)
    if not secret:
        raise ForeignForm(Sentence("people.no-cookie"))
    if not hmac.compare_digest(given.encode(), _token(secret).encode()):
        raise ForeignForm(Sentence("people.stale-form"))


def is_of_another_site(request: web.Request) -> bool:
    """Whether the browser says that a page of another site makes it send this."""
    if (told := request.headers.get("Sec-Fetch-Site")) is not None:
        return told not in _OWN
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is None or origin == "null":
        return False
    public = urlsplit(request.app[SITE].settings.listen.public_url or "")
    # Behind a proxy the name that was called need not be the one that is public.
    return origin not in {
        f"{public.scheme}://{public.netloc}",
        f"http://{request.host}",
        f"https://{request.host}",
    }


def _secret(request: web.Request) -> str:
    """What only this browser and this node know."""
    session: BrowserSession | None = request.get(SIGNED_IN)
    if session is not None:
        return session.secret
    return request.cookies.get(cookie_form(request.app[SITE].settings).door, "")


def _token(secret: str) -> str:
    if not secret:
        return ""
    key = secret.encode("utf-8", "surrogatepass")
    return hmac.new(key, b"a form of this browser", hashlib.sha256).hexdigest()


def _parse(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError:
        raise FormatError(Sentence("asked.no-form"), "body") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise FormatError(Sentence("asked.field-twice"), "body")
    return fields
