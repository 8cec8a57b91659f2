"""Why there was no answer: what the network, the name server or TLS says, as a cause.

Rule: each failure of a library becomes one cause that a person can act on; none of its
own words are repeated, for they are those of programmers. Where this machine's clock
may be what is wrong, the time that it shows is told.
"""

import errno
import socket
import ssl
from typing import Final

import aiohttp
from yarl import URL

from federation.feeds.address import PrivateAddressError
from federation.feeds.answer import Meaning, show
from federation.feeds.wire import FloodError
from federation.records.timezones import tell_here
from federation.text import Sentence

# OpenSSL's numbers of what is wrong with a certificate (x509_vfy.h).
_CERTIFICATES: Final = {
    9: "tls-not-yet",
    10: "tls-expired",
    18: "tls-self-signed",
    19: "tls-issuer",
    20: "tls-issuer",
    21: "tls-issuer",
    23: "tls-revoked",
    62: "tls-host",
    64: "tls-host",
}
_BY_CLOCK: Final = frozenset({9, 10})
_ERRNOS: Final = {
    errno.ECONNREFUSED: "no-listener",
    errno.ECONNRESET: "broke-off",
    errno.ECONNABORTED: "broke-off",
    errno.EPIPE: "broke-off",
    errno.ENETUNREACH: "no-way",
    errno.EHOSTUNREACH: "no-way",
    errno.ENETDOWN: "no-way",
    errno.EHOSTDOWN: "no-way",
    errno.EADDRNOTAVAIL: "no-way",
    errno.EACCES: "forbidden",
    errno.EPERM: "forbidden",
    errno.EMFILE: "no-handles",
    errno.ENFILE: "no-handles",
}
_UNKNOWN_NAME: Final = frozenset(
    {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
)
_PLAIN: Final = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNEXPECTED_MESSAGE")


def judge_failure(
    error: BaseException, url: str, *, seconds: float, now: float | None = None
) -> Meaning:
    """What it means that no answer came.

    Args:
        error: What the client raised.
        url: What was asked.
        seconds: Within which the answer had to be there.
        now: Unix seconds, as this machine's clock says.
    """
    host, port = _host_of(url)
    if isinstance(error, TimeoutError):
        is_open = not isinstance(error, aiohttp.ConnectionTimeoutError)
        name = "too-slow" if is_open else "too-slow-to-connect"
        reason = Sentence(f"network.{name}", host=host, seconds=f"{seconds:g}")
        return Meaning("silent", reason)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return judge_name(error.os_error, host)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return judge_certificate(error.certificate_error, host, now)
    for kinds, meaning in _OTHERS:
        if isinstance(error, kinds):
            return meaning
    # What aiohttp raises has the system's error as its cause.
    return judge_socket(error.__cause__ or error, host, port)


_OTHERS: Final[tuple[tuple[tuple[type[Exception], ...], Meaning], ...]] = (
    ((FloodError,), Meaning("garbled", Sentence("network.flood"))),
    (
        (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError),
        Meaning("silent", Sentence("network.broke-off")),
    ),
    (
        (aiohttp.ClientResponseError,),
        Meaning("garbled", Sentence("network.no-http")),
    ),
    (
        (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError, ValueError),
        Meaning("silent", Sentence("network.no-address")),
    ),
)


def judge_certificate(error: Exception, host: str, now: float | None) -> Meaning:
    """What it means that a certificate was not believed."""
    code = getattr(error, "verify_code", 0)
    reason = Sentence(f"network.{_CERTIFICATES.get(code, 'tls-other')}", host=host)
    if code in _BY_CLOCK and now is not None:
        clock = tell_here(now)
        reason = Sentence("network.by-clock", reason=reason, clock=clock)
    return Meaning("tls", reason)


def judge_name(error: OSError, host: str) -> Meaning:
    """What it means that the address of a name was not found."""
    name = "no-name" if error.errno in _UNKNOWN_NAME else "no-name-server"
    return Meaning("silent", Sentence(f"network.{name}", host=host))


def judge_socket(error: BaseException, host: str, port: int) -> Meaning:
    """What it means that a connection was not made, or broke."""
    if isinstance(error, PrivateAddressError):
        return Meaning("silent", Sentence("network.private", address=error.address))
    if isinstance(error, ssl.SSLError):
        is_plain = error.reason in _PLAIN
        name = "tls-none" if is_plain else "tls-broken"
        return Meaning("tls", Sentence(f"network.{name}", host=host, port=port))
    if isinstance(error, TimeoutError):
        return Meaning("silent", Sentence("network.too-slow-to-connect", host=host))
    number = getattr(error, "errno", None)
    name = _ERRNOS.get(number or 0, "no-connection")
    return Meaning("silent", Sentence(f"network.{name}", host=host, port=port))


def _host_of(url: str) -> tuple[str, int]:
    try:
        address = URL(url, encoded=True)
        return show(address.raw_host or url), address.port or 0
    except ValueError:
        return show(url), 0
