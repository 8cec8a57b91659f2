"""Who asks, by which name, and on behalf of which site.

Rule: a node that listens on loopback answers under its own names only: `localhost` and
the addresses of loopback, the host of `listen.public_url`, those of `listen.hosts`.
Else a website could read it: its name leads to its own server first and to 127.0.0.1 a
moment later, and the reader's browser takes both for one site (DNS rebinding).

Behind a proxy of `listen.trusted_proxies` the caller is the rightmost address of
the header that `listen.forwarded` names (`X-Forwarded-For`, or `for=` of `Forwarded`)
that is no such proxy. The other is not read: of two headers that say the same, one is
always the stranger's own. What cannot be read (`for=unknown`, `for=_hidden`) ends the
search: then it is the proxy who asks.

    421  {"code":"misdirected","detail":"…",…}

Source: RFC 7239 sections 4 and 6; RFC 9110 sections 7.2 and 15.5.20; RFC 6454 section
7; docs/adr/0014
"""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from http import HTTPStatus
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from federation.config.settings import Listen
from federation.text import Sentence
from federation.web.context import SITE
from federation.web.problem import Handler, problem

Network = IPv4Network | IPv6Network
PROXIES: Final[web.AppKey[Sequence[Network]]] = web.AppKey("proxies", Sequence)
#: The header in which they name callers, in lower case.
NAMED_IN: Final[web.AppKey[str]] = web.AppKey("named-in", str)
#: Under which names this node answers; None: under any.
NAMES: Final[web.AppKey[frozenset[str] | None]] = web.AppKey("names")
_VALUE: Final = r"""(?:[!#$%&'*+.^_`|~\w:\[\]-]+|"(?:[^"\\]|\\.)*")"""
_ELEMENT_PAIR: Final = rf"[ \t]*[!#$%&'*+.^_`|~\w-]+={_VALUE}[ \t]*"
_ELEMENT: Final = re.compile(rf"{_ELEMENT_PAIR}(?:;{_ELEMENT_PAIR})*", re.ASCII)
_FOR: Final = re.compile(rf"(?:^|;)[ \t]*for=({_VALUE})", re.ASCII | re.IGNORECASE)
#: So many may stand in the quotes of one element.
_MOST_COMMAS: Final = 4
_FORWARDING: Final = ("Forwarded", "X-Forwarded-For", "X-Real-IP", hdrs.VIA)


def own_names(listen: Listen, *, always: bool = False) -> frozenset[str] | None:
    """The names under which a node with these settings answers; None: under any.

    `always`: those that are its own, also where it answers under any.
    """
    if not (always or is_loopback(listen.host)):
        return None
    public = urlsplit(listen.public_url).hostname if listen.public_url else None
    given = [listen.host, "localhost", *listen.hosts, *([public] if public else [])]
    return frozenset(name.strip("[]").lower().rstrip(".") for name in given)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that address."""
    address = _parse(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


@web.middleware
async def only_own_names(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer nothing to those who mean another site."""
    names, host = request.app[NAMES], request.headers.get(hdrs.HOST)
    # A program may leave it out; a browser never does.
    if names is None or host is None or _is_named(host, names):
        return await handler(request)
    return problem(
        request,
        HTTPStatus.MISDIRECTED_REQUEST,
        "misdirected",
        Sentence("refused.misdirected", host=f"{host[:100]!r}"),
    )


def own_address(request: web.Request) -> str | None:
    """The address of this node, as whoever asked must have known it; None: unknown.

    The one of the settings, whatever a proxy has made of it on the way; else the name
    that was called, if it is one of ours: who was asked by another name could be handed
    what was signed for that other.
    """
    public = request.app[SITE].settings.listen.public_url
    if public is not None:
        return public
    names = own_names(request.app[SITE].settings.listen, always=True)
    host, near = request.headers.get(hdrs.HOST, ""), _near(request)
    is_ours = _is_named(host, (names or frozenset()) | near)
    return f"http://{host}" if is_ours else None


def _near(request: web.Request) -> frozenset[str]:
    """The address of this machine that was called."""
    if request.transport is None:
        return frozenset()
    own = request.transport.get_extra_info("sockname")
    return frozenset({str(own[0])} if isinstance(own, tuple) else ())


def is_foreign(request: web.Request) -> bool:
    """Whether a page of another site makes the browser send this."""
    origin = request.headers.get(hdrs.ORIGIN)
    # By hand: a stranger's words need not be an address at all.
    return origin is not None and origin.partition("://")[2] != request.host


def is_local(request: web.Request, listen: Listen) -> bool:
    """Whether somebody on this machine asks, and no proxy for a stranger.

    A public node whose proxy is not named may have one that says nothing of callers.
    """
    if listen.public_url and not listen.trusted_proxies:
        return False
    if any(name in request.headers for name in _FORWARDING):
        return False
    return request.remote is not None and is_loopback(request.remote)


def caller(request: web.Request) -> str:
    """The address that this request is counted for."""
    return caller_in(request.app, request)


def caller_in(app: web.Application, request: web.BaseRequest) -> str:
    """The same, before it is known that the request is one of this application."""
    proxies = app.get(PROXIES, ())
    nearest = request.remote or ""
    if not _is_one_of(nearest, proxies):
        return _whole(nearest)
    header = app.get(NAMED_IN, "x-forwarded-for")
    given = ",".join(request.headers.getall(header, []))
    hops = _read_forwarded if header == "forwarded" else _read_list
    for hop in hops(given):
        address = _parse(_without_port(hop.strip()))
        if address is None:
            break
        if not _is_one_of(str(address), proxies):
            return _whole(str(address))
    return _whole(nearest)


def address_of(peer: object) -> str:
    """The address of a socket's other end, as callers are counted."""
    return _whole(str(peer[0])) if isinstance(peer, tuple) else ""


@lru_cache(maxsize=4_096)
def _whole(host: str) -> str:
    """Of IPv6 the network: whoever has one has 2^64 addresses."""
    address = _parse(host)
    if isinstance(address, IPv6Address) and not address.is_loopback:
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return host if address is None else str(address)


@lru_cache(maxsize=1024)
def _parse(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _read_list(given: str) -> Iterator[str]:
    """The entries, the last one first."""
    return reversed(given.split(","))


def _read_forwarded(given: str) -> Iterator[str]:
    """Of each proxy whom it names, the last one first; "": nobody who can be read.

    Read from the end, where our own proxy wrote: a quote that a caller opens before
    that and never closes must not swallow what the proxy said.
    """
    parts = given.split(",")
    while parts:
        element, named = "", []
        for _ in range(min(_MOST_COMMAS, len(parts))):
            element = f"{parts.pop()},{element}" if element else parts.pop()
            if _ELEMENT.fullmatch(element):
                named = _FOR.findall(element)
                break
        yield named[0].strip('"') if len(named) == 1 else ""


def _without_port(hop: str) -> str:
    """Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`."""
    if hop.startswith("["):
        return hop.partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def _is_one_of(host: str, networks: Sequence[Network]) -> bool:
    address = _parse(host)
    return address is not None and any(address in network for network in networks)


def _is_named(host: str, names: frozenset[str]) -> bool:
    try:
        parts = urlsplit(f"//{host}")
        name = (parts.hostname or "").rstrip(".")
    except ValueError:
        return False
    if parts.netloc != host or "@" in host:
        return False
    return name in names or (_parse(name) is not None and is_loopback(name))
