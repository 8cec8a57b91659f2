"""Which network addresses a peer may have.

Rule: an address on the public Internet, unless the operator allowed private ones for
this peer. A peer's host name is resolved by whoever owns it, at any moment to anything:
only the address that a socket is about to connect to counts.

IPv6 is admitted by what is assigned (2000::/3), not refused by what is known to be
bad: `ipaddress.is_global` says yes to 64:ff9b::/96 and 2002::/16, in which an IPv4
address of the own network can be written.
"""

import errno
import ipaddress
import socket
from collections.abc import Callable
from typing import Final

_ASSIGNED: Final = ipaddress.ip_network("2000::/3")
_EMBEDDING: Final = (
    ipaddress.ip_network("2001::/32"),  # Teredo
    ipaddress.ip_network("2002::/16"),  # 6to4
)

# What asyncio calls one answer of getaddrinfo.
AddrInfo = tuple[
    int, int, int, str, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
]


class PrivateAddressError(PermissionError):
    """An address that this peer may not have."""

    def __init__(self, address: str) -> None:
        """`address`, as text."""
        self.address = address
        reason = f"{address} is not an address of the Internet: see allow_private"
        # With a number: aiohttp shows nothing of an error that has none.
        super().__init__(errno.EACCES, reason)


def is_public(host: str) -> bool:
    """Whether this IP address, as text, is one of the public Internet."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(str(address.ipv4_mapped))
        if address not in _ASSIGNED or any(address in net for net in _EMBEDDING):
            return False
    return address.is_global and not address.is_multicast


def socket_maker(*, allow_private: bool) -> Callable[[AddrInfo], socket.socket]:
    """What makes sockets for addresses that are allowed, and for no others."""

    def make(info: AddrInfo) -> socket.socket:
        """A socket for this address.

        Raises:
            PrivateAddressError: a private one. Like any failed connection: the next
                address of the same name is tried.
        """
        family, kind, protocol, _, where = info
        if not (allow_private or is_public(str(where[0]))):
            raise PrivateAddressError(str(where[0]))
        return socket.socket(family, kind, protocol)

    return make
