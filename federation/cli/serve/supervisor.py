"""The service manager that started this process is told how it goes (sd_notify).

Rule: it is told only what holds: `READY` when the node answers, `WATCHDOG` when the
event loop and the thread that writes have both just done something. A node whose one
writer hangs is no node, and is started anew. Whoever does not listen stops nothing.

One datagram of lines `NAME=value` to the socket that the environment names; a few lines
of our own, since the library for it is C. systemd speaks it, Podman, and others.

Source: https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html,
https://www.freedesktop.org/software/systemd/man/latest/sd_watchdog_enabled.html
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final, Self

#: How often the state is told where no watchdog asks for it more often.
STATUS_S: Final = 30.0
#: A datagram that a full socket does not take is not waited for.
_SEND_S: Final = 1.0


class Supervisor:
    """The way to it; without one, nothing is sent."""

    def __init__(self, address: str, watchdog_s: float | None) -> None:
        """`address`: a path, "@" before one that lies in no folder, or "" for none."""
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self.watchdog_s = watchdog_s

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], process: int) -> Self:
        """As the environment says it to the process of that number."""
        address = environ.get("NOTIFY_SOCKET", "")
        if not address.startswith(("/", "@")):
            return cls("", None)
        usec, meant = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID")
        is_watched = usec.isdecimal() and int(usec) > 0
        if not is_watched or meant not in {None, str(process)}:
            return cls(address, None)
        return cls(address, int(usec) / 1e6)

    def tell(self, **fields: str | int) -> None:
        """Send it these fields, in one datagram; a value is one line."""
        if not self._address:
            return
        lines = (f"{name}={' '.join(str(v).split())}" for name, v in fields.items())
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way,
        ):
            way.settimeout(_SEND_S)
            way.sendto("\n".join(lines).encode(), self._address)

    @contextlib.asynccontextmanager
    async def watching(self, look: Callable[[], Awaitable[str]]) -> AsyncIterator[None]:
        """The process is ready for the block, and says so again and again.

        Args:
            look: How it goes, in a sentence; whatever must work for the process to be
                alive has worked when it returns.
        """
        if not self._address:
            yield
            return
        self.tell(READY=1, STATUS=await look())
        beating = asyncio.create_task(self._beat(look))
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
            self.tell(STOPPING=1)

    async def _beat(self, look: Callable[[], Awaitable[str]]) -> None:
        # Half of the time that it waits: one that comes late does not end the process.
        every_s = min(STATUS_S, (self.watchdog_s or 2 * STATUS_S) / 2)
        while True:
            await asyncio.sleep(every_s)
            status = await look()
            if self.watchdog_s is None:
                self.tell(STATUS=status)
            else:
                self.tell(WATCHDOG=1, STATUS=status)
