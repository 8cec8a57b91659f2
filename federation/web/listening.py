"""The sockets on which a node listens.

Rule: an address that cannot be had is named, with the cause.
"""

import asyncio
import errno
import socket

from federation.text import Sentence
from federation.text.cause import cause_of

#: Who knocks while all places are taken waits here, in the kernel.
BACKLOG = 4096
#: What the kernel keeps for a caller beyond what is on its way. It would take 4 MB of
#: each who reads nothing: some 300 of them stall every connection of the machine.
MOST_UNSENT_BYTES = 64 << 10
_CAUSES = {
    errno.EADDRINUSE: "port-used",
    errno.EACCES: "port-forbidden",
    errno.EPERM: "port-forbidden",
    errno.EADDRNOTAVAIL: "address-not-ours",
}


async def listen(host: str, port: int) -> list[socket.socket]:
    """A socket for each address that `host` means.

    Raises:
        OSError: not one can be had; `filename` is the address.
    """
    opened: list[socket.socket] = []
    try:
        failed = await _open_all(host, port, opened)
        if not opened and failed is not None:
            raise failed
    except OSError as error:
        for listener in opened:
            listener.close()
        raise name_address(error, f"{host}:{port}") from error
    return opened


async def _open_all(
    host: str, port: int, opened: list[socket.socket]
) -> OSError | None:
    """Add a socket for each address to `opened`; why this machine lacks one of them.

    Raises:
        OSError: the name means nothing, or one that this machine has cannot be had.
    """
    failed: OSError | None = None
    addresses = await asyncio.get_running_loop().getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    for family, _, _, _, address in dict.fromkeys(addresses):
        # Any free port means one port for all addresses.
        number = opened[0].getsockname()[1] if opened else port
        try:
            opened.append(_open(family, (address[0], number, *address[2:])))
        except OSError as error:
            # `localhost` means an address of IPv6 where there is no IPv6, too.
            if error.errno not in {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}:
                raise
            failed = error
    return failed


def _open(family: int, address: tuple[object, ...]) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # What a node that just stopped had is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        # Those that are accepted take it over.
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            listener.setsockopt(
                socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MOST_UNSENT_BYTES
            )
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)  # noqa: FBT003  its own name for it
    except OSError:
        listener.close()
        raise
    return listener


def name_address(error: OSError, address: str) -> OSError:
    """The error of a socket, as one that names the address and its cause."""
    number = error.errno or errno.EADDRNOTAVAIL
    cause = _CAUSES.get(number)
    if isinstance(error, socket.gaierror):
        cause = "address-unknown"
    words = Sentence(f"machine.{cause}") if cause else cause_of(error)
    return OSError(number, words, address)
