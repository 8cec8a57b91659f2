"""What a server shows of itself when a secure connection begins.

Rule: a certificate that is not believed is looked at once more, without believing it,
only to say what stands in it; nothing is sent over that connection.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from typing import Final, NamedTuple

from cryptography import x509

from federation.feeds.address import AddrInfo

MOST_NAMES: Final = 20
_ISSUER: Final = (
    x509.NameOID.ORGANIZATION_NAME,
    x509.NameOID.COMMON_NAME,
)


class TlsSeen(NamedTuple):
    """A secure connection that was made.

    Attributes:
        version: "TLSv1.3".
        names: whom the certificate is for, at most 20 of them.
        issuer: who issued it, as it says.
        begins: from when it is valid, Unix seconds.
        ends: until when, Unix seconds.
    """

    version: str
    names: tuple[str, ...]
    issuer: str
    begins: int
    ends: int


async def look_at_tls(
    make_socket: Callable[[AddrInfo], socket.socket],
    info: AddrInfo,
    host: str,
    *,
    deadline_s: float,
    is_believed: bool = True,
) -> TlsSeen:
    """What the server at this address shows for `host`.

    Args:
        make_socket: As `address.socket_maker` gives it.
        info: Where it is.
        host: The name that the certificate has to be for.
        deadline_s: Until when all of it has to be done, in seconds.
        is_believed: Whether the certificate is verified.

    Raises:
        ssl.SSLError: no secure connection, or its certificate is not believed.
        OSError: no connection at all.
    """
    context = trusted_context()
    if not is_believed:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    async with asyncio.timeout(deadline_s):
        connected = await connect(make_socket, info)
        try:
            _, writer = await asyncio.open_connection(
                sock=connected, ssl=context, server_hostname=host
            )
        except BaseException:
            connected.close()
            raise
    try:
        spoken: ssl.SSLObject = writer.get_extra_info("ssl_object")
        return _read(spoken.getpeercert(binary_form=True) or b"", spoken.version())
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def connect(
    make_socket: Callable[[AddrInfo], socket.socket], info: AddrInfo
) -> socket.socket:
    """A connection to this address; whoever gets it closes it.

    Raises:
        OSError: there is none.
    """
    made = make_socket(info)
    made.settimeout(0)
    try:
        await asyncio.get_running_loop().sock_connect(made, info[4])
    except BaseException:
        made.close()
        raise
    return made


def trusted_context() -> ssl.SSLContext:
    """A context that believes whom this machine believes, as all requests do."""
    return ssl.create_default_context()


def _read(der: bytes, version: str | None) -> TlsSeen:
    certificate = x509.load_der_x509_certificate(der)
    try:
        names = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value
        shown = [str(name.value) for name in names]
    except (x509.ExtensionNotFound, ValueError):
        shown = []
    issuers = [
        str(part.value)
        for oid in _ISSUER
        for part in certificate.issuer.get_attributes_for_oid(oid)
    ]
    return TlsSeen(
        version or "",
        tuple(shown[:MOST_NAMES]),
        ", ".join(issuers),
        int(certificate.not_valid_before_utc.timestamp()),
        int(certificate.not_valid_after_utc.timestamp()),
    )
