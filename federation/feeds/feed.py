"""A feed: whatever can hand over a node's logs, and the status vector it begins with.

Rule: a feed carries bytes and vouches for nothing; whoever takes them verifies them.
Every failure to deliver is a `PeerError`. No network here: HTTP, a folder, a bundle
file and the fake of the tests all stand behind this one Protocol, held by one contract
(`tests/feeds/test_contract.py`).
"""

from collections.abc import AsyncGenerator
from typing import Protocol

from federation.feeds.resource import Resource
from federation.tlog.tile import Bundle, Tile


class Feed(Protocol):
    """One node, seen from outside. Every method may raise `PeerError`."""

    async def fetch(self, resource: Resource) -> bytes:
        """What is at a path, as a whole.

        Where it has more bytes than it may, the `PeerError` has the cause `wrong`.
        """
        ...

    def stream(self, resource: Resource, start: int = 0) -> AsyncGenerator[bytes]:
        """What is at a path, from byte `start` on, in pieces as they come.

        Whoever stops early closes it (`contextlib.aclosing`). Nothing comes where
        `start` is the end. It is less than what was asked for only if it ends with a
        `PeerError`, whose cause is `wrong` where there are fewer bytes than `start`, or
        more than there may be.
        """
        ...

    async def logs(self, etag: str | None) -> tuple[bytes, str] | None:
        """The status vector and its ETag; None when it still has this `etag`."""
        ...

    async def tile(
        self, origin: str, tile: Tile | Bundle, most: int | None = None
    ) -> bytes:
        """A hash tile or entry bundle, exactly as wide as asked for.

        Where it has more than `most` bytes, the `PeerError` has the cause `wrong`.
        """
        ...

    async def notify(self, org: str) -> None:
        """Say that `org` has news here."""
        ...
