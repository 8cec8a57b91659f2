"""Who asks, and who may do what; who may read what: `records/readers.py`.

    Authorization: Bearer <token>      scope "intake", "reports" or "control"
    Signature-Input, Signature         a partner, by its node key (feeds/signature.py)
    Cookie: …federation-…=<secret>     somebody who is signed in (`sessions.py`)

The scheme is taken in any case, with blanks around it. Without a token, or with one
that is not known: 401; with one of another scope: 403. A signature that does not hold
is refused wherever it is sent, also where everybody may read (401, with the reason): so
a partner finds out at once that its clock is wrong, not when it needs what is not for
everybody.

Source: RFC 6750 sections 2.1 and 3.1 (bearer tokens); RFC 9110 section 11.1; RFC 9421
"""

import contextlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from aiohttp import BasicAuth, hdrs, web

from federation.errors import (
    FormatError,
    NotFoundError,
    RequestSignatureError,
    UnknownSignerError,
)
from federation.feeds.signature import SignedRequest, is_signed, open_request
from federation.records.readers import (
    THIS_MACHINE,
    Act,
    Caller,
    Insider,
    Nobody,
    Partner,
    Person,
    Sender,
    ThisMachine,
    may_do,
    may_see,
)
from federation.store import tokens
from federation.store.tokens import Token
from federation.text import Sentence, as_said
from federation.web.body import read_body
from federation.web.context import ENTITLED, SITE, WebContext
from federation.web.nonces import Nonces
from federation.web.origin import caller, is_local, own_address
from federation.web.problem import Handler
from federation.web.refusal import CAUSE, refusal
from federation.web.sessions import SIGNED_IN, WHY_NOT, BrowserSession

_SAYS_FOR_WHOM: Final = re.compile("public|private")
#: The longest body that is read before it is known whether its digest was signed.
MAX_SIGNED_BODY: Final = 1 << 16
#: What a request was signed by, where it was.
PARTNER: Final = web.RequestKey("partner", Partner)
NONCES: Final[web.AppKey[Nonces]] = web.AppKey("nonces", Nonces)


class BadToken(web.HTTPUnauthorized):
    """No token, or none that this node knows."""


class Forbidden(web.HTTPForbidden):
    """A token that opens another door."""


class NotAllowed(web.HTTPForbidden):
    """Whoever asks may not do what a page is for; people see a page that says so."""

    def __init__(self, why: Sentence | str) -> None:
        """`why`: for the person before the browser, and what to do."""
        super().__init__(text=str(why))
        self.why = why
        self[CAUSE] = as_said(why)


async def require_token(request: web.Request, scope: str) -> str:
    """The name of the token of `scope` that the request carries; "": this machine's.

    Raises:
        BadToken: it carries none, or one that is not known here.
        Forbidden: its token is of another scope.
    """
    site = request.app[SITE]
    given = _read_token(request, scope)
    if _is_own(site, given):
        request[ENTITLED] = True
        return ""
    token = await _find_token(site, given, scope)
    if scope not in token.scopes:
        error = f'Bearer error="insufficient_scope", scope="{scope}"'
        scopes = ", ".join(token.scopes)
        why = Sentence("refused.scope-needed", scopes=scopes, scope=scope)
        raise refusal(Forbidden, why, headers={"WWW-Authenticate": error})
    request[ENTITLED] = True
    return token.name


async def admit_sender(request: web.Request, given: str = "") -> Sender | ThisMachine:
    """Who hands reports in, by a token in the header, or by the one that is `given`.

    Raises:
        BadToken: there is none, or one that is not known here.
        Forbidden: its token is of another scope.
    """
    site = request.app[SITE]
    if hdrs.AUTHORIZATION in request.headers or not given:
        given = _read_token(request, "reports")
    request[ENTITLED] = True
    if _is_own(site, given):
        return THIS_MACHINE
    token = await _find_token(site, given, "reports")
    if not {"reports", "intake"} & set(token.scopes):
        raise _of_scope(token.scopes)
    return Sender(token.name, at=site.clock())


async def require_mail_token(request: web.Request) -> None:
    """Return if the request carries a token of scope `mail`, also as a password.

    Raises:
        BadToken: it carries none, or one that is not known here.
        Forbidden: its token is of another scope.
    """
    given = _read_password(request) or _read_token(request, "mail")
    site = request.app[SITE]
    if not _is_own(site, given):
        token = await _find_token(site, given, "mail")
        if "mail" not in token.scopes:
            raise _of_scope(token.scopes)
    request[ENTITLED] = True


def _read_password(request: web.Request) -> str:
    """What an address carries before its host, behind a name that is not asked for."""
    try:
        given = request.headers.get(hdrs.AUTHORIZATION, "")
        return str(BasicAuth.decode(given).password)
    except ValueError:
        return ""


async def _find_token(site: WebContext, given: str, scope: str) -> Token:
    """The token that is known here.

    Raises:
        BadToken: none is.
    """
    try:
        # Looked up by its digest, so no comparison tells how much of it is right.
        return await site.db.read(tokens.find_token, given)
    except NotFoundError:
        raise _refuse("unknown", scope, ', error="invalid_token"') from None


@web.middleware
async def recognise(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse whoever signs badly, before anything is looked up.

    Raises:
        RequestSignatureError: a signature does not hold, with the reason.
    """
    if is_signed(request.headers):
        request[PARTNER] = await _open_signed(request)
    return await handler(request)


async def keep_from_others(request: web.Request, response: web.StreamResponse) -> None:
    """What a partner was answered is for no cache that others ask as well.

    Nor is a refusal: another asker may get what this one does not. A signal of
    `on_response_prepare`.
    """
    if response.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND}:
        response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
    elif PARTNER in request:
        cached = response.headers.get(hdrs.CACHE_CONTROL, "no-cache")
        if not _SAYS_FOR_WHOM.search(cached):
            response.headers[hdrs.CACHE_CONTROL] = f"private, {cached}"


async def _open_signed(request: web.Request) -> Partner:
    """The partner that signed this request, and what it may have.

    Raises:
        RequestSignatureError: it does not hold, or is nobody's here.
        HTTPTooManyRequests: it asks more often than is remembered.
    """
    site = request.app[SITE]
    address = own_address(request)
    if address is None:
        raise RequestSignatureError(Sentence("signature.nameless"))
    url = address.rstrip("/") + request.rel_url.raw_path_qs
    now = site.clock()
    signed = open_request(request.method, url, request.headers, now)
    partner = (await site.partners()).find(signed.key)
    if partner is None:
        # Nothing but that: whoever holds a key may call itself what it likes.
        site.desk.asked_by_stranger(signed.key, caller(request))
        name = Sentence("signature.unknown", name=signed.key.name)
        raise UnknownSignerError(name)
    await _check_body(request, signed)
    request.app[NONCES].spend(partner.org, signed, now)
    return partner


async def _check_body(request: web.Request, signed: SignedRequest) -> None:
    """Refuse a body that is not the one that was signed.

    Raises:
        RequestSignatureError: it is another, or longer than any that is signed.
    """
    if not (request.can_read_body or "Content-Digest" in request.headers):
        return
    try:
        body = await read_body(request, MAX_SIGNED_BODY)
    except FormatError:
        why = Sentence("signature.body-length", most=MAX_SIGNED_BODY)
        raise RequestSignatureError(why) from None
    signed.check_body(body)


def public_caller(request: web.Request) -> Caller:
    """Who asks for what everybody may ask for: a token that is unknown is none."""
    site = request.app[SITE]
    # Nearly nobody sends one, and to say what is wrong with none costs something.
    if hdrs.AUTHORIZATION in request.headers:
        with contextlib.suppress(BadToken):
            if _is_own(site, _read_token(request, "control")):
                return THIS_MACHINE
    partner: Partner | None = request.get(PARTNER)
    if partner is not None:
        return replace(partner, at=site.clock())
    session: BrowserSession | None = request.get(SIGNED_IN)
    if session is not None:
        return session.person
    return stranger_of(site)


def stranger_of(site: WebContext) -> Nobody:
    """A stranger who asks now."""
    return Nobody(site.settings.listen.show_partners, at=site.clock())


async def require(request: web.Request, act: Act) -> Caller:
    """Who asks, if they may do this; for pages of which everybody may know.

    What a page shows is asked for behind this: whoever may not do it learns nothing of
    what is there. For an answer to programs: `admit`.

    Raises:
        NotAllowed: nobody is signed in with this browser, or somebody of another role.
    """
    caller = await caller_of(request)
    if may_do(caller, act):
        return caller
    if isinstance(caller, Person):
        role = Sentence(f"people.role-{caller.role}")
        raise NotAllowed(Sentence("people.other-role", name=caller.name, role=role))
    raise NotAllowed(request.get(WHY_NOT) or Sentence("people.not-signed-in"))


async def admit(request: web.Request, act: Act) -> Caller:
    """Who asks, if they may do this; an answer to programs, of which no others know.

    Raises:
        HTTPNotFound: they may not.
    """
    caller = await caller_of(request)
    if not may_do(caller, act):
        raise web.HTTPNotFound
    request[ENTITLED] = True
    return caller


async def caller_of(request: web.Request) -> Caller:
    """Who asks, by what the request carries: ask the gate for whoever this is."""
    return public_caller(request)


async def known_caller(request: web.Request) -> Caller:
    """Who asks how this node is; an insider asks on its machine, or with any token.

    Raises:
        BadToken: the token that it sent is none that is known here.
    """
    caller = public_caller(request)
    if not isinstance(caller, Nobody):
        return caller
    insider = Insider(at=request.app[SITE].clock())
    if is_local(request, request.app[SITE].settings.listen):
        return insider
    if hdrs.AUTHORIZATION in request.headers:
        try:
            await require_token(request, "intake")
        except BadToken:
            # Where partners are shown to everybody, a token was never asked for.
            if not may_see(caller, "partners"):
                raise
        else:
            return insider
    return caller


def _is_own(site: WebContext, given: str) -> bool:
    """Whether it is the token of this machine; compared in constant time."""
    # What is not UTF-8 comes as lone surrogates, which no token holds.
    sent = given.encode(errors="surrogatepass")
    return hmac.compare_digest(sent, site.control_token.encode())


def _read_token(request: web.Request, scope: str) -> str:
    """The token that the request carries.

    Raises:
        BadToken: it carries none.
    """
    header = request.headers.get("Authorization", "").strip()
    if not header:
        raise _refuse("none", scope)
    scheme, *rest = header.split(maxsplit=1)
    # The name of a scheme is the same in any case (RFC 9110 section 11.1).
    if scheme.lower() != "bearer":
        raise _refuse("scheme", scope)
    if not rest:
        raise _refuse("empty", scope)
    return rest[0]


def _refuse(why: str, scope: str, error: str = "") -> BadToken:
    how = Sentence(f"refused.how-{scope}")
    challenge = f'Bearer realm="tps-federation"{error}'
    return refusal(
        BadToken,
        Sentence(f"refused.token-{why}", how=how),
        headers={"WWW-Authenticate": challenge},
    )


def _of_scope(scopes: Iterable[str]) -> Forbidden:
    return refusal(Forbidden, Sentence("refused.scope", scopes=", ".join(scopes)))
